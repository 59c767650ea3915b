"""The words for what the services name in codes. Chinese is the source; the catalogue has the English."""


def N_(text: str) -> str:
    """Mark `text` for the catalogue."""
    return text


EVENT_STATES: dict[str, tuple[str, str, str]] = {
    "draft": ("slate", "✎", N_("草稿")),
    "submitted": ("amber", "◷", N_("待审核")),
    "approved": ("brand", "◉", N_("已审核，待发布")),
    "published": ("brand", "○", N_("已发布")),
    "signup_open": ("green", "●", N_("可报名")),
    "full": ("amber", "◐", N_("已满，可候补")),
    "signup_closed": ("slate", "■", N_("报名截止")),
    "held": ("slate", "✓", N_("已举办")),
    "reported": ("slate", "✓", N_("已公布报告")),
    "archived": ("slate", "✓", N_("已归档")),
    "postponed": ("amber", "↷", N_("延期")),
    "cancelled": ("red", "✕", N_("已取消")),
}
"""Colour, sign and word of each state: never the colour alone."""

REGISTRATION_STATES: dict[str, tuple[str, str, str]] = {
    "confirmed": ("green", "✓", N_("报名成功")),
    "waitlisted": ("amber", "◷", N_("候补中")),
    "entered": ("brand", "◌", N_("待抽签")),
    "offered": ("amber", "!", N_("有名额，待您确认")),
    "checked_in": ("green", "✓", N_("已签到")),
    "no_show": ("slate", "–", N_("未到场")),
    "withdrawn": ("slate", "✕", N_("已取消")),
    "lapsed": ("slate", "✕", N_("已失效")),
}

OUTCOMES: dict[str, tuple[str, str, str]] = {
    "adopted": ("green", "✓", N_("采纳")),
    "partly": ("brand", "◐", N_("部分采纳")),
    "not_adopted": ("slate", "–", N_("不采纳")),
    "answered": ("green", "✓", N_("已答复")),
}

STEPS: dict[str, str] = {"qa": N_("现场答疑"), "forum": N_("座谈交流"), "questionnaire": N_("问卷调查")}
MODES: dict[str, str] = {
    "here": N_("在本平台报名"),
    "external": N_("在其他平台报名"),
    "phone": N_("电话报名"),
    "invited": N_("定向邀请，不接受公开报名"),
    "unknown": N_("报名方式待定"),
}
CHANNELS: dict[str, str] = {"web": N_("网站"), "phone": N_("电话"), "counter": N_("窗口"), "paper": N_("纸质")}
HOLDS: dict[str, str] = {
    "guests": N_("嘉宾"),
    "media": N_("媒体"),
    "accessible": N_("无障碍位"),
    "walk_in": N_("现场名额"),
}
KINDS: dict[str, str] = {"question": N_("提问"), "suggestion": N_("建议")}
POLICIES: dict[str, str] = {"first_come": N_("先到先得"), "draw": N_("超额抽签")}
WISHES: tuple[str, ...] = (N_("第二志愿"), N_("第三志愿"), N_("第四志愿"), N_("第五志愿"), N_("第六志愿"))
"""After the first: as many as a page offers."""
SEAT_UNITS: dict[str, str] = {"person": N_("人"), "group": N_("组（家庭）")}
MEETING_STATES: dict[str, tuple[str, str, str]] = {
    "planned": ("slate", "○", N_("已公布")),
    "recruiting": ("green", "●", N_("代表报名中")),
    "selecting": ("amber", "◷", N_("正在产生代表")),
    "list_published": ("brand", "◉", N_("名单已公布")),
    "notified": ("brand", "◉", N_("代表已确认")),
    "attended": ("slate", "–", N_("已举行，无代表到场")),
    "statements_recorded": ("amber", "◷", N_("发言待答复")),
    "counted": ("green", "✓", N_("发言均已答复")),
    "no_public": ("slate", "–", N_("不邀请公众代表")),
    "cancelled": ("red", "✕", N_("已取消")),
}
APPLICATION_STATES: dict[str, tuple[str, str, str]] = {
    "applied": ("brand", "○", N_("已报名，待核验")),
    "verified": ("green", "✓", N_("已核验")),
    "rejected": ("slate", "–", N_("不符合条件")),
    "withdrawn": ("slate", "✕", N_("已撤回")),
    "excluded": ("slate", "–", N_("未列入名册")),
    "pooled": ("brand", "◌", N_("已列入名册，待抽签")),
    "reserve": ("brand", "◷", N_("候补")),
    "invited": ("amber", "!", N_("受邀，待确认")),
    "confirmed": ("green", "✓", N_("已确认参加")),
    "declined": ("slate", "✕", N_("已放弃")),
    "lapsed": ("slate", "✕", N_("逾期未确认")),
    "attended": ("green", "✓", N_("已出席")),
    "absent": ("slate", "–", N_("未到场")),
}
EXCLUSIONS: dict[str, str] = {
    "unverified": N_("截止时未完成核验"),
    "ineligible": N_("不符合报名条件"),
    "conflict": N_("在承办单位工作，须回避"),
    "household": N_("同一住户已有人先报名"),
}
HEARING_STATES: dict[str, tuple[str, str, str]] = {
    "planned": ("slate", "○", N_("筹备中")),
    "announced": ("brand", "○", N_("已公告")),
    "signup_open": ("green", "●", N_("报名中")),
    "signup_closed": ("slate", "–", N_("报名已截止")),
    "selecting": ("amber", "◷", N_("正在产生参加人")),
    "list_published": ("brand", "◉", N_("名单已公布")),
    "materials_delivered": ("brand", "◉", N_("材料已送达")),
    "held": ("amber", "◷", N_("已举行，笔录待确认")),
    "record_confirmed": ("amber", "◷", N_("笔录已确认，报告待公布")),
    "reported": ("green", "✓", N_("报告已公布")),
    "archived": ("green", "✓", N_("已归档")),
    "postponed": ("amber", "!", N_("已延期")),
    "cancelled": ("red", "✕", N_("已取消")),
}
SEAT_ROLES: dict[str, str] = {"participant": N_("听证参加人"), "observer": N_("旁听人员")}
CLOCK_KINDS: dict[str, str] = {
    "notice": N_("发布公告"),
    "draw": N_("抽签"),
    "list": N_("公布名单"),
    "materials": N_("送达材料"),
}
DISPOSITIONS: dict[str, tuple[str, str, str]] = {
    "adopted": ("green", "✓", N_("采纳")),
    "partly": ("brand", "◐", N_("部分采纳")),
    "not_adopted": ("slate", "–", N_("不采纳")),
    "already_covered": ("green", "✓", N_("草案已有规定")),
    "out_of_scope": ("slate", "–", N_("不属听证事项")),
}
SIGN_OFF_ANSWERS: dict[str, tuple[str, str, str]] = {
    "confirmed": ("green", "✓", N_("确认无误")),
    "objected": ("amber", "!", N_("有异议")),
    "refused": ("slate", "–", N_("拒绝签字")),
    "absent": ("slate", "–", N_("未出席")),
}
SPEAKERS: dict[str, str] = {
    "presider": N_("主持人"),
    "sponsor": N_("承办单位"),
    "expert": N_("专家"),
    "recorder": N_("记录员"),
}
DELIVERY_WAYS: dict[str, str] = {"in_person": N_("当面"), "post": N_("邮寄"), "page": N_("网页签收")}
TIMELINESS: dict[str, tuple[str, str, str]] = {
    "awaited": ("brand", "◷", N_("待签收")),
    "in_time": ("green", "✓", N_("按期")),
    "at_the_limit": ("amber", "!", N_("恰在期限")),
    "waived": ("amber", "!", N_("逾期，本人书面同意")),
    "too_late": ("red", "✕", N_("逾期")),
}
METHODS: dict[str, str] = {
    "draw": N_("公开抽签"),
    "panel": N_("按公布的标准遴选"),
    "pool": N_("从年度代表库中产生"),
    "recommended": N_("推荐"),
    "invited": N_("邀请"),
    "external": N_("公证处抽签"),
    "first_come": N_("先到先得"),
}
DRAW_STATES: dict[str, tuple[str, str, str]] = {
    "ruled": ("brand", "○", N_("规则已公布")),
    "closed": ("amber", "◷", N_("名册已冻结")),
    "computing": ("amber", "◷", N_("正在计算")),
    "committed": ("brand", "◉", N_("承诺已公布，等待公开数字")),
    "drawn": ("green", "✓", N_("已抽签")),
    "void": ("slate", "–", N_("未抽签")),
}
DRAW_STEPS: dict[str, str] = {
    "rules": N_("公布规则"),
    "closed": N_("冻结名册"),
    "committed": N_("公布承诺"),
    "drawn": N_("抽签结果"),
}
NUMBER_FORMS: dict[str, str] = {
    "sorted-ints": N_("整数，由小到大，用点隔开，例如 3.9.14"),
    "ints": N_("整数，按开出的顺序，用点隔开"),
    "decimal2": N_("两位小数，例如 3456.78"),
    "hex": N_("小写十六进制"),
    "digits": N_("一串数字，例如 047"),
}
LEVELS: dict[str, str] = {"district": N_("区政府会议"), "unit": N_("单位会议")}
MEETING_KINDS: dict[str, str] = {
    "executive": N_("常务会议"),
    "plenary": N_("全体会议"),
    "office": N_("办公会议"),
    "other": N_("其他会议"),
}
REPRESENTATIVE_KINDS: dict[str, str] = {
    "citizen": N_("市民代表"),
    "stakeholder": N_("利益相关方"),
    "expert": N_("专家"),
    "media": N_("媒体"),
    "deputy": N_("人大代表、政协委员"),
    "lawyer": N_("律师"),
}
ROLES: dict[str, str] = {
    "citizen": N_("市民"),
    "unit_editor": N_("经办人"),
    "unit_lead": N_("单位负责人"),
    "office": N_("区政府办公室"),
    "justice": N_("司法局"),
    "presider": N_("主持人"),
    "notary": N_("公证员"),
}
FIELDS: dict[str, str] = {
    "title": N_("活动名称"),
    "theme": N_("主题领域"),
    "unit": N_("单位"),
    "organiser": N_("承办方"),
    "summary": N_("活动介绍"),
    "place": N_("地点"),
    "accessibility": N_("无障碍条件"),
    "interactive_steps": N_("互动环节"),
    "staff": N_("到场人员（职务）"),
    "audience": N_("面向对象"),
    "capacity_text": N_("人数说明"),
    "registration": N_("报名方式"),
    "entropy": N_("公开数字"),
    "sessions": N_("场次"),
    "name": N_("姓名或称呼"),
    "phone": N_("手机号码"),
    "party_size": N_("人数"),
    "answers": N_("问题"),
    "needs": N_("需要的安排"),
    "reason": N_("原因"),
    "file": N_("文件"),
}
DONE: dict[str, str] = {
    "saved": N_("已保存。"),
    "submit": N_("已提交审核。"),
    "approve": N_("已审核通过，可以发布。"),
    "return": N_("已退回修改。"),
    "publish": N_("已发布，市民现在可以看到。"),
    "postpone": N_("已延期，报名者将收到通知。"),
    "cancel": N_("已取消，报名者将收到通知。"),
    "copied": N_("已复制为草稿，请核对日期。"),
    "report": N_("报告已公布。"),
    "suggestion": N_("已记录。"),
    "reply": N_("答复已公开。"),
    "entered": N_("报名已录入。"),
    "draw": N_("公开数字已录入。"),
    "released": N_("报名已取消，名额已退回。"),
    "imported": N_("已全部导入为草稿。"),
    "meeting-planned": N_("会议已公布。"),
    "meeting-cancel": N_("会议已取消。"),
    "meeting-no-public": N_("已公布：本次会议不邀请公众代表。"),
    "call": N_("招募公告和规则已公布。"),
    "verified": N_("核验结果已保存。"),
    "draw-close": N_("报名已截止，名册已冻结并公布。"),
    "draw-commit": N_("正在计算，完成后自动公布承诺。"),
    "draw-numbers": N_("公开数字已录入。"),
    "draw-replace": N_("空缺已全部递补。"),
    "draw-again": N_("再次抽签的规则已公布，原结果保留公开。"),
    "selection": N_("代表名单已公布。"),
    "attendance": N_("列席情况已登记。"),
    "statement": N_("发言已记录并公开。"),
    "hearing-planned": N_("听证会草稿已保存。"),
    "hearing-announce": N_("听证公告已发布，遴选办法同时公开。"),
    "hearing-open": N_("报名已开始。"),
    "hearing-close": N_("报名已截止，各组名册已冻结。"),
    "hearing-commit": N_("正在计算，完成后自动公布承诺。"),
    "hearing-replace": N_("空缺已全部递补。"),
    "hearing-publish-list": N_("参加人名单已公布。"),
    "hearing-deliver": N_("送达已记录。"),
    "hearing-hold": N_("到场情况已登记。"),
    "hearing-record": N_("笔录已保存为新的一版，请参加人确认。"),
    "hearing-sign": N_("书面确认已录入。"),
    "hearing-report": N_("听证报告已公布。"),
    "hearing-archive": N_("已归档。"),
    "hearing-postpone": N_("延期已公布，参加人将收到通知。"),
    "hearing-cancel": N_("听证会已取消。"),
}
PROBLEMS: dict[str, str] = {
    "opendays.not-publishable": N_("发布前须具备：互动环节、到场人员职务、地点、联系方式、无障碍条件、有名额的场次。"),
    "opendays.writer-approves": N_("写稿和审核须是两个人，请本单位负责人或区政府办公室中的另一位审核。"),
    "opendays.already-registered": N_("同一电话在同一场次只能报名一次。请用编号查询已有的报名。"),
    "opendays.already-entered": N_("抽签每人一次。要改志愿，请先用编号取消，再重新报名。"),
    "opendays.draw-fixed": N_("抽签的规则在发布时公开，此后名额、截止时间和公开数字不再改动，任何人才能核对结果。"),
    "opendays.overlapping-registration": N_("同一电话不能报名时间重叠的两个场次。"),
    "opendays.session-full": N_("名额与候补都已满，请选择其他场次。"),
    "opendays.registration-closed": N_("报名已截止，或活动已延期、取消。"),
    "opendays.offer-expired": N_("候补名额须在期限内确认，逾期自动给下一位。"),
    "opendays.already-checked-in": N_("每张票只能签到一次，以首次签到为准。"),
    "opendays.bad-ticket": N_("票码不是本平台签发的，或者不完整。"),
    "openmonth.unknown-campaign": N_("每年一个开放月，公布后才对外显示。请核对年份。"),
    "openmonth.campaign-exists": N_("每年只有一个开放月。请打开这一年已有的开放月修改。"),
    "openmonth.bad-window": N_("活动期间须在同一年内，结束日期不早于开始日期，通常为8月1日至8月31日。"),
    "openmonth.window-fixed": N_("公布之后市民已按期间安排行程，期间不再改动；名称、主题和标识仍可修改。"),
    "openmonth.wrong-campaign-state": N_("只能公布筹备中的开放月；归档后不再修改和导入，但仍可补交标识照片。"),
    "openmonth.not-archived": N_("开放月在9月1日（或活动期间结束的次日）自动归档，此前没有档案。"),
    "openmonth.unknown-document": N_("档案保存两份文件：活动安排和活动看板。"),
    "openmonth.unknown-event": N_("活动不属于这一年的开放月，或尚未公布。请在活动中填写开放月年份并发布。"),
    "openmonth.not-taking-place": N_("延期或取消的活动没有现场，不能留证。改期举办后再上传。"),
    "openmonth.not-begun": N_("照片证明标识在活动现场展示，须在活动开始后拍摄上传。"),
    "kit.no-photo": N_("请选择一张现场照片后再上传。"),
    "kit.photo-too-large": N_("照片不超过 5 MB。可在手机上选择较小的尺寸后再上传。"),
    "kit.wrong-photo-format": N_("只接受 JPEG 和 PNG 照片，以文件内容为准，改后缀没有用。"),
    "kit.too-many-pixels": N_("照片不超过 5000 万像素。请缩小后再上传。"),
    "kit.broken-photo": N_("照片没有传完整或已损坏。请重新导出后再上传。"),
    "openmonth.no-sign": N_("该活动还没有上传标识照片。"),
    "openmonth.other-year": N_("表格中有其他年份的活动。请只保留这一年的行，再重新预览。"),
    "openmonth.opendays-away": N_("保存活动的服务暂时没有回应。过一会再点一次，不会重复导入。"),
    "notices.unknown-message": N_("没有这条通知，或者它属于其他单位。发送记录保存一年多，之后删除。"),
    "notices.not-replayable": N_("只有发送失败或已放弃发送的通知可以重发，其余的会自动处理。"),
    "notices.webhook-not-https": N_("推送地址须以 https:// 开头，并且不含用户名和密码，内容才不会被途中的人读到。"),
    "kit.bad-email": N_("请核对电子邮箱的写法，例如 name@example.com。也可以不填，改收短信。"),
    "kit.stale-version": N_("您打开页面之后，内容已被他人更改。请刷新后再改。"),
    "kit.too-many-requests": N_("短时间内请求过多，请过一分钟再试。"),
    "kit.forbidden": N_("您的身份不能进行此操作。"),
    "kit.not-your-unit": N_("只能处理本单位的事项。"),
    "kit.unauthenticated": N_("请先登录。"),
    "portal.form-expired": N_("表单打开太久，或提交过快。请在新的表单中重新提交。"),
    "portal.wrong-origin": N_("为保护您的信息，只接受从本站页面提交的表单。"),
    "door.service-away": N_("相应的服务正在恢复，请稍后再试，已提交的内容不会丢失。"),
}
