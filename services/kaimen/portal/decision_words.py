"""The words for what decisions names in codes: catalogues, items, their papers, facets and steps."""

from kaimen.portal.words import N_

CATALOGUE_STATES: dict[str, tuple[str, str, str]] = {
    "collecting": ("slate", "✎", N_("征集事项中")),
    "legality_checked": ("brand", "○", N_("已经合法性审核")),
    "consented": ("brand", "◉", N_("已经同意，待公布")),
    "published": ("green", "✓", N_("已公布")),
    "revised": ("green", "✓", N_("已公布，有调整")),
    "closed": ("slate", "■", N_("年度已结束")),
}
ITEM_STATES: dict[str, tuple[str, str, str]] = {
    "listed": ("slate", "○", N_("已列入目录")),
    "drafting": ("brand", "✎", N_("起草")),
    "consulting": ("green", "●", N_("征求意见")),
    "reviewing": ("brand", "◷", N_("审查")),
    "ready": ("brand", "◉", N_("待审议")),
    "deliberated": ("brand", "◉", N_("已审议")),
    "issued": ("amber", "◷", N_("已出台，采纳情况待公布")),
    "adoption_published": ("green", "✓", N_("已出台，采纳情况已公布")),
    "archived": ("green", "✓", N_("已归档")),
    "returned": ("amber", "↩", N_("已退回修改")),
    "suspended": ("amber", "‖", N_("暂停")),
    "removed": ("slate", "✕", N_("移出目录")),
}
ISSUED_ALONE = ("green", "✓", N_("已出台"))
"""Of an item on which no report is owed."""
CATEGORIES: dict[str, str] = {
    "public_policy": N_("公共政策和措施"),
    "plan": N_("规划"),
    "resources_culture": N_("资源保护和文化"),
    "construction": N_("公共建设项目"),
    "other": N_("其他重大事项"),
}
FACETS: dict[str, str] = {
    "draft": N_("决策草案"),
    "explanation": N_("草案说明"),
    "background": N_("决策背景"),
    "opinions": N_("意见收集和采纳情况"),
    "attendance": N_("公众代表列席情况"),
    "result": N_("决策结果"),
    "risk_assessment": N_("风险评估"),
    "expert_review": N_("专家论证"),
    "effect_evaluation": N_("效果评估"),
}
FACET_STATES: dict[str, tuple[str, str, str]] = {
    "published": ("green", "✓", N_("已公开")),
    "not_yet": ("slate", "○", N_("还没有")),
    "not_applicable": ("slate", "–", N_("不涉及")),
    "withheld": ("slate", "■", N_("依法不公开")),
}
LINKS: dict[str, tuple[str, str, str]] = {
    "unchecked": ("slate", "…", N_("链接待核查")),
    "ok": ("green", "✓", N_("链接有效")),
    "unreachable": ("amber", "?", N_("链接暂时打不开")),
    "dead": ("red", "✕", N_("链接失效")),
}
DECISION_STEPS: dict[str, str] = {
    "consultation": N_("公开征求意见"),
    "hearing": N_("听证会"),
    "hearing_roster": N_("听证参加人名单公布"),
    "hearing_held": N_("听证会举行"),
    "hearing_record": N_("听证笔录确认"),
    "hearing_report": N_("听证报告公布"),
    "meeting": N_("决策会议"),
    "meeting_attended": N_("公众代表列席"),
    "statement": N_("列席发言的答复"),
    "report": N_("意见收集和采纳情况"),
    "deadline": N_("时限"),
    "document": N_("决策文件出台"),
}
STEP_STATES: dict[str, tuple[str, str, str]] = {
    "opened": ("green", "●", N_("已公告")),
    "closed": ("slate", "■", N_("已截止")),
    "announced": ("brand", "○", N_("已公告")),
    "postponed": ("amber", "!", N_("已延期")),
    "cancelled": ("red", "✕", N_("已取消")),
    "published": ("green", "✓", N_("已公布")),
    "held": ("slate", "✓", N_("已举行")),
    "confirmed": ("green", "✓", N_("已确认")),
    "planned": ("brand", "○", N_("已公布")),
    "no_public": ("slate", "–", N_("不邀请公众代表")),
    "attended": ("green", "✓", N_("已列席")),
    "adopted": ("green", "✓", N_("采纳")),
    "partly": ("brand", "◐", N_("部分采纳")),
    "not_adopted": ("slate", "–", N_("不采纳")),
    "answered": ("green", "✓", N_("已答复")),
    "corrected": ("green", "✎", N_("已更正")),
    "dropped": ("slate", "–", N_("终止")),
    "running": ("brand", "◷", N_("计时中")),
    "met": ("green", "✓", N_("按期公布")),
    "breached": ("red", "!", N_("逾期未公布")),
    "met_late": ("red", "!", N_("逾期后公布")),
    "issued": ("green", "✓", N_("已出台")),
}
ISSUE_BASES: dict[str, str] = {
    "imprint": N_("印发日期"),
    "publication": N_("发布日期"),
    "signature": N_("成文日期"),
}
PAPERS: dict[str, str] = {
    "draft": N_("决策草案"),
    "explanation": N_("草案说明"),
    "background": N_("决策背景"),
    "expert_review": N_("专家论证意见"),
    "risk_assessment": N_("风险评估报告"),
    "legality_review": N_("合法性审查意见"),
    "fair_competition_review": N_("公平竞争审查"),
    "enterprise_consultation": N_("听取行业和企业代表意见"),
    "deliberation": N_("集体讨论记录"),
    "party_report": N_("向党委请示报告"),
    "effect_evaluation": N_("效果评估"),
}
PAPER_FIELDS: dict[str, str] = {
    "experts": N_("专家人数"),
    "independent": N_("专家与事项没有直接利害关系"),
    "signed": N_("已署名、盖章"),
    "risk_points": N_("风险点"),
    "plans": N_("防控措施"),
    "result": N_("评估结果"),
    "received_on": N_("送审收到日期"),
    "asked_for_by": N_("请于何日前出具意见"),
    "opinion_on": N_("出具意见日期"),
    "opinion": N_("审查意见"),
    "held_on": N_("召开日期"),
    "sectors": N_("有关行业"),
    "enterprises": N_("企业代表人数"),
    "meeting": N_("会议"),
    "head_spoke_last": N_("行政首长最后发表意见"),
    "dissent": N_("不同意见（不公开，加密保存）"),
    "reported_on": N_("请示报告日期"),
}
RISK_RESULTS: dict[str, str] = {"controllable": N_("风险可控"), "uncontrollable": N_("风险不可控")}
LEGALITY_OPINIONS: dict[str, str] = {
    "lawful": N_("合法"),
    "changes": N_("应当修改"),
    "unlawful": N_("不合法"),
}
DELIBERATIONS: dict[str, str] = {"executive": N_("常务会议"), "plenary": N_("全体会议")}
ITEM_FLAGS: dict[str, str] = {
    "participation": N_("公众参与"),
    "hearing_planned": N_("拟举行听证会"),
    "expert_required": N_("需要专家论证"),
    "risk_required": N_("需要风险评估"),
    "market_activity": N_("涉及市场主体经济活动"),
    "enterprise_related": N_("涉企事项"),
}
DECISION_DONE: dict[str, str] = {
    "saved": N_("已保存。"),
    "begun": N_("目录已建立，请录入事项。"),
    "check": N_("合法性审核已记录。"),
    "consent": N_("同意已记录，可以公布。"),
    "publish": N_("目录已公布。"),
    "revise": N_("调整已公布，原来的文本仍可查看。"),
    "close": N_("年度已结束，不再增加事项。"),
    "explained": N_("未延续的原因已保存。"),
    "entered": N_("事项已录入。"),
    "led": N_("状态已变更。"),
    "filed": N_("材料已归入。"),
    "facet": N_("页面要素已更新。"),
    "issued": N_("文件已录入，时限开始计算。"),
}
