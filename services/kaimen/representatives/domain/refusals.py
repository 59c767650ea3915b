"""Every no of this service, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownMeeting = refusal("representatives.unknown-meeting", Kind.MISSING, "没有这次会议。", "There is no such meeting.")
UnknownItem = refusal(
    "representatives.unknown-agenda-item", Kind.INVALID, "会议没有这项议题。", "The meeting has no such agenda item."
)
UnknownStatement = refusal(
    "representatives.unknown-statement", Kind.MISSING, "没有这条发言。", "There is no such statement."
)

EndBeforeStart = refusal(
    "representatives.end-before-start", Kind.INVALID, "结束时间应晚于开始时间。", "It must end after it starts."
)
MeetingInPast = refusal(
    "representatives.meeting-in-past", Kind.INVALID, "会议时间已经过去。", "The meeting would start in the past."
)
BadDate = refusal(
    "representatives.bad-date",
    Kind.INVALID,
    "日期应在 2000 年至 2100 年之间。",
    "The date must lie between the years 2000 and 2100.",
)
NoAgenda = refusal(
    "representatives.no-agenda", Kind.INVALID, "会议至少有一项议题。", "A meeting has at least one item."
)
_STATES = {
    "planned": "计划中",
    "recruiting": "报名中",
    "selecting": "遴选中",
    "list_published": "名单已公布",
    "notified": "已通知",
    "attended": "已列席",
    "statements_recorded": "意见已记录",
    "counted": "已计次",
    "no_public": "无公众列席",
    "cancelled": "已取消",
}
WrongState = refusal(
    "representatives.wrong-state",
    Kind.CONFLICT,
    "当前处于“{state}”状态，不能进行此操作。",
    "It is {state}; that cannot be done now.",
    _STATES,
)
NotHeldYet = refusal("representatives.not-held-yet", Kind.CONFLICT, "会议尚未开始。", "The meeting has not begun yet.")
NotSuitable = refusal(
    "representatives.item-not-suitable",
    Kind.CONFLICT,
    "该议题不适宜邀请公众代表。",
    "This item is not suitable for representatives.",
)

NobodyPresent = refusal(
    "representatives.nobody-present",
    Kind.CONFLICT,
    "请先登记列席情况。",
    "Record first who was present.",
)
