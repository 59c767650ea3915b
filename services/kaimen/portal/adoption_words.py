"""The words for what adoption names in codes: consultations, opinions, reports, clocks."""

from kaimen.portal.words import N_

CONSULTATION_STATES: dict[str, tuple[str, str, str]] = {
    "draft": ("slate", "✎", N_("草稿")),
    "scheduled": ("brand", "○", N_("已公告，尚未开始")),
    "open": ("green", "●", N_("征求意见中")),
    "closed": ("amber", "◷", N_("已截止，意见办理中")),
    "digested": ("green", "✓", N_("已公布采纳情况")),
}
OWN_OPINION_STATES: dict[str, tuple[str, str, str]] = {
    "received": ("brand", "○", N_("已经收到")),
    "grouped": ("amber", "◷", N_("已归类，待答复")),
    "answered": ("green", "✓", N_("已答复")),
    "withdrawn": ("slate", "✕", N_("已撤回")),
    "duplicate": ("slate", "–", N_("与另一条重复")),
}
ADOPTION_OUTCOMES: dict[str, tuple[str, str, str]] = {
    "adopted": ("green", "✓", N_("采纳")),
    "partly": ("brand", "◐", N_("部分采纳")),
    "not_adopted": ("slate", "–", N_("不采纳")),
    "already_covered": ("green", "✓", N_("已有规定")),
    "out_of_scope": ("slate", "–", N_("不属征求意见范围")),
}
TALLY: dict[str, tuple[str, str, str]] = {
    **ADOPTION_OUTCOMES,
    "withdrawn": ("slate", "✕", N_("撤回")),
    "duplicate": ("slate", "–", N_("重复")),
}
"""Everything that becomes of opinions; together they are those received."""
NOTICE_CHANNELS: dict[str, str] = {
    "website": N_("政府网站"),
    "new_media": N_("政务新媒体"),
    "press_conference": N_("新闻发布会"),
    "reading_room": N_("政府信息查阅场所"),
    "newspaper": N_("报刊"),
    "radio": N_("广播"),
    "television": N_("电视"),
}
FORMS_OF_PARTICIPATION: dict[str, str] = {
    "forum": N_("座谈会"),
    "hearing": N_("听证会"),
    "field_visit": N_("实地走访"),
    "poll": N_("民意调查"),
    "questionnaire": N_("问卷调查"),
    "written": N_("书面征求意见"),
}
OPINION_CHANNELS: dict[str, str] = {**NOTICE_CHANNELS, **FORMS_OF_PARTICIPATION}
WAYS: dict[str, str] = {
    "page": N_("在本页提交"),
    "email": N_("电子邮件"),
    "post": N_("邮寄"),
    "phone": N_("电话"),
    "counter": N_("现场窗口"),
}
SUBMITTERS: dict[str, str] = {
    "individual": N_("个人"),
    "organisation": N_("组织"),
    "enterprise": N_("企业"),
    "expert": N_("专家"),
    "deputy": N_("人大代表、政协委员"),
    "unknown": N_("不详"),
}
VISIBILITIES: dict[str, tuple[str, str, str]] = {
    "pending": ("slate", "◌", N_("未定是否公开")),
    "shown": ("green", "✓", N_("已公开")),
    "withheld": ("slate", "–", N_("不公开")),
}
ASIDES: dict[str, str] = {"withdrawn": N_("本人撤回"), "duplicate": N_("与另一条重复")}
OPINION_FILTERS: dict[str, str] = {
    "waiting": N_("待归类"),
    "grouped": N_("已归类"),
    "aside": N_("不单独处理"),
    "pending": N_("未定是否公开"),
    "shown": N_("已公开"),
}
OPINION_COLUMNS: dict[str, str] = {
    "text": N_("意见内容"),
    "channel": N_("渠道"),
    "received_on": N_("日期"),
    "passage": N_("条款"),
    "submitter_kind": N_("提出人类别"),
    "contact": N_("联系方式"),
}
REPORT_STATES: dict[str, tuple[str, str, str]] = {
    "drafting": ("amber", "✎", N_("起草中")),
    "approved": ("brand", "◉", N_("已审核，待公布")),
    "published": ("green", "✓", N_("已公布")),
}
CLOCK_DUTIES: dict[str, str] = {
    "report": N_("公布意见收集和采纳情况"),
    "disclosure": N_("主动公开采纳情况的法定外限"),
}
DEADLINE_STATES: dict[str, tuple[str, str, str]] = {
    "running": ("brand", "◷", N_("计时中")),
    "met": ("green", "✓", N_("按期公布")),
    "breached": ("red", "!", N_("逾期未公布")),
    "met_late": ("red", "!", N_("逾期后公布")),
    "dropped": ("slate", "–", N_("终止")),
}
PROVISIONAL: tuple[str, str, str] = ("amber", "?", N_("待国务院办公厅通知"))
"""A due day that waits for a year's holiday notice."""
DEADLINE_FILTERS: dict[str, str] = {
    "running": N_("计时中"),
    "breached": N_("逾期未公布"),
    "met_late": N_("逾期后公布"),
    "met": N_("按期公布"),
    "provisional": N_("待国务院办公厅通知"),
    "dropped": N_("终止"),
}
ADOPTION_DONE: dict[str, str] = {
    "saved": N_("已保存。"),
    "planned": N_("征求意见草稿已保存。"),
    "opened": N_("征求意见公告已发布。"),
    "extended": N_("期限已延长，公告同时更新。"),
    "entered": N_("意见已录入。"),
    "imported": N_("意见已全部导入。"),
    "grouped": N_("意见已归组。"),
    "removed": N_("已移出该组。"),
    "answered": N_("答复已保存，报告公布时公开。"),
    "dissolved": N_("该组已解散，意见重新待归类。"),
    "aside": N_("已标记为不单独处理。"),
    "taken-back": N_("已重新待归类。"),
    "moderated": N_("是否公开已保存。"),
    "attached": N_("附件已归入。"),
    "detached": N_("附件已删除。"),
    "begun": N_("报告已起草，请补全。"),
    "approve": N_("报告已审核，可以公布。"),
    "send-back": N_("报告已退回修改。"),
    "publish": N_("采纳情况已公布，时限停止计算。"),
    "correct": N_("已开始更正，公布前仍显示原来的版本。"),
}
