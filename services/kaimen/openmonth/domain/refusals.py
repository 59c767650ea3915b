"""Every no of this service, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownCampaign = refusal(
    "openmonth.unknown-campaign", Kind.MISSING, "没有这一年的政府开放月。", "There is no campaign of that year."
)
CampaignExists = refusal(
    "openmonth.campaign-exists",
    Kind.CONFLICT,
    "这一年的政府开放月已经建立。",
    "There is a campaign of that year already.",
)
BadWindow = refusal(
    "openmonth.bad-window",
    Kind.INVALID,
    "起止日期应在当年之内，且开始不晚于结束。",
    "The window must lie within the year and not end before it begins.",
)
WindowFixed = refusal(
    "openmonth.window-fixed",
    Kind.CONFLICT,
    "开放月公布后不能再更改起止日期。",
    "The window cannot change once the campaign is published.",
)
_STATES = {
    "planned": "筹备中",
    "published": "已公布",
    "frozen": "已归档",
}
WrongCampaignState = refusal(
    "openmonth.wrong-campaign-state",
    Kind.CONFLICT,
    "开放月当前处于“{state}”状态，不能进行此操作。",
    "The campaign is {state}; that cannot be done now.",
    _STATES,
)
NotArchived = refusal(
    "openmonth.not-archived", Kind.MISSING, "这一年的开放月尚未归档。", "This campaign is not archived yet."
)
UnknownDocument = refusal(
    "openmonth.unknown-document", Kind.MISSING, "档案中没有这份文件。", "The archive has no such document."
)
UnknownEvent = refusal(
    "openmonth.unknown-event", Kind.MISSING, "这一年的开放月没有这项活动。", "The campaign has no such event."
)

NotTakingPlace = refusal(
    "openmonth.not-taking-place",
    Kind.CONFLICT,
    "活动已延期或取消，不能留存标识照片。",
    "The event is postponed or cancelled: there is no sign to show.",
)
NotBegun = refusal(
    "openmonth.not-begun",
    Kind.CONFLICT,
    "活动尚未开始，不能留存标识照片。",
    "The event has not begun: there is no sign to show yet.",
)
NoSign = refusal(
    "openmonth.no-sign", Kind.MISSING, "该活动没有标识照片。", "There is no photo of the sign at this event."
)

OtherYear = refusal(
    "openmonth.other-year",
    Kind.INVALID,
    "有活动不在 {year} 年，未导入任何一行。",
    "Some events are not in {year}; no row was kept.",
)
OpenDaysAway = refusal(
    "openmonth.opendays-away",
    Kind.UNAVAILABLE,
    "开放活动服务暂时没有回应，请稍后用同一请求重试。",
    "The service of open days does not answer; repeat the same request later.",
)
