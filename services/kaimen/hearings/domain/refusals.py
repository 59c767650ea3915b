"""Every no of this service, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownHearing = refusal("hearings.unknown-hearing", Kind.MISSING, "没有这次听证会。", "There is no such hearing.")
UnknownGroup = refusal(
    "hearings.unknown-group", Kind.INVALID, "听证会没有这个组别。", "The hearing has no such group of seats."
)
_STATES = {
    "planned": "筹备中",
    "announced": "已公告",
    "signup_open": "报名中",
    "signup_closed": "报名截止",
    "selecting": "遴选中",
    "list_published": "名单已公布",
    "materials_delivered": "材料已送达",
    "held": "已举行",
    "record_confirmed": "笔录已确认",
    "reported": "报告已公布",
    "archived": "已归档",
    "postponed": "延期",
    "cancelled": "已取消",
}
WrongState = refusal(
    "hearings.wrong-state",
    Kind.CONFLICT,
    "当前处于“{state}”状态，不能进行此操作。",
    "It is {state}; that cannot be done now.",
    _STATES,
)

EndBeforeStart = refusal(
    "hearings.end-before-start", Kind.INVALID, "结束时间应晚于开始时间。", "It must end after it starts."
)
HearingInPast = refusal(
    "hearings.hearing-in-past", Kind.INVALID, "听证会时间已经过去。", "The hearing would start in the past."
)
BadDate = refusal(
    "hearings.bad-date",
    Kind.INVALID,
    "日期应在 2000 年至 2100 年之间。",
    "The date must lie between the years 2000 and 2100.",
)
StepsOutOfOrder = refusal(
    "hearings.steps-out-of-order",
    Kind.INVALID,
    "听证程序应包含并依次进行：{steps}。",
    "The proceedings must contain these steps, in this order: {steps}.",
)
NoSides = refusal(
    "hearings.no-sides",
    Kind.INVALID,
    "请先列明与决策有利害关系的各方。",
    "Say first which sides have an interest in the decision.",
)
NoGroups = refusal(
    "hearings.no-groups", Kind.INVALID, "听证会至少有一个组别。", "A hearing has at least one group of seats."
)
GroupRepeated = refusal(
    "hearings.group-repeated", Kind.INVALID, "组别“{group}”重复。", "The group {group} is there twice."
)
UnknownSide = refusal(
    "hearings.unknown-side",
    Kind.INVALID,
    "组别“{group}”所属的“{side}”不在利益方清单中。",
    "The group {group} speaks for {side}, which is not among the sides.",
)
ObserverTakesNoSide = refusal(
    "hearings.observer-takes-no-side",
    Kind.INVALID,
    "旁听组“{group}”不代表任何一方。",
    "{group} are observers; they speak for no side.",
)
SideWithoutSeat = refusal(
    "hearings.side-without-seat",
    Kind.INVALID,
    "“{side}”没有听证参加人席位；利害关系各方都应有代表参加。",
    "{side} has no participant's seat; every interested side must have one.",
)
TooFewConsumers = refusal(
    "hearings.too-few-consumers",
    Kind.CONFLICT,
    "消费者参加人为 {consumers} 人，共 {all} 人；不得少于 {of} 分之 {least}。",
    "{consumers} of {all} participants are consumers; at least {least} in {of} must be.",
)

DraftNotPublic = refusal(
    "hearings.draft-not-public",
    Kind.CONFLICT,
    "公告前应公布决策草案及其说明。",
    "The draft and its explanation must be public before the hearing is announced.",
)
PlaceMissing = refusal(
    "hearings.place-missing", Kind.CONFLICT, "公告应写明地点。", "An announcement must name the place."
)
NoticeTooLate = refusal(
    "hearings.notice-too-late",
    Kind.CONFLICT,
    "应至少提前 {days} 日公告，最迟为 {latest}。",
    "It must be announced at least {days} days before; the last day was {latest}.",
)
WindowMissing = refusal(
    "hearings.window-missing",
    Kind.INVALID,
    "组别“{group}”接受报名，应写明报名起止时间。",
    "{group} takes applications and needs an opening and a closing time.",
)
NoticeBinds = refusal(
    "hearings.notice-binds",
    Kind.CONFLICT,
    "公告已经发出，此项不能再改；改期请办理延期，其他变更请取消后重新公告。",
    "The notice is out and binds this; to change the day postpone, for anything else cancel and announce anew.",
)
HearingBegun = refusal(
    "hearings.hearing-begun", Kind.CONFLICT, "听证会的开始时间已到。", "The hearing's starting time has come."
)

RulesNotPublished = refusal(
    "hearings.rules-not-published",
    Kind.CONFLICT,
    "组别“{group}”的遴选办法尚未公布。",
    "The selection rules of {group} have not been published.",
)
SelectionNotFinished = refusal(
    "hearings.selection-not-finished",
    Kind.CONFLICT,
    "组别“{group}”的遴选尚未完成。",
    "The selection of {group} has not finished.",
)
SideEmpty = refusal(
    "hearings.side-empty",
    Kind.CONFLICT,
    "“{side}”没有一名听证参加人；请先递补或推荐。",
    "{side} has no participant; fill the seat first.",
)
ListTooLate = refusal(
    "hearings.list-too-late",
    Kind.CONFLICT,
    "名单应至少提前 {days} 日公布，最迟为 {latest}；请延期举行。",
    "The list must be published at least {days} days before, by {latest}; postpone the hearing.",
)
ListNotPublished = refusal(
    "hearings.list-not-published",
    Kind.CONFLICT,
    "听证参加人名单尚未公布。",
    "The list of participants has not been published.",
)

NotAParticipant = refusal(
    "hearings.not-a-participant",
    Kind.INVALID,
    "“{pseudonym}”不是本次听证会的参加人。",
    "{pseudonym} is no participant of this hearing.",
)
DocumentsMissing = refusal(
    "hearings.documents-missing", Kind.INVALID, "请列明送达的材料。", "Say which documents were delivered."
)
DeliveryUndated = refusal(
    "hearings.delivery-undated", Kind.INVALID, "请填写送达日期。", "Say on which day it was delivered."
)
NoReceipt = refusal(
    "hearings.no-receipt",
    Kind.INVALID,
    "请填写签收人或邮件号。",
    "Say who signed for it, or the tracking number.",
)
DeliveryInFuture = refusal(
    "hearings.delivery-in-future", Kind.INVALID, "送达日期不能晚于今日。", "It cannot have been delivered after today."
)
DeliveryTooLate = refusal(
    "hearings.delivery-too-late",
    Kind.CONFLICT,
    "材料应至少在举行前 {days} 日送达；晚于此期限且在举行之前送达的，须有参加人的书面同意。",
    "Materials must arrive at least {days} days before; later, but before the hearing, needs a written waiver.",
)
MaterialsMissing = refusal(
    "hearings.materials-missing",
    Kind.CONFLICT,
    "还有 {missing} 名参加人未按期收到材料。",
    "{missing} participants have not received the materials in time.",
)
NotHeldYet = refusal("hearings.not-held-yet", Kind.CONFLICT, "听证会尚未开始。", "The hearing has not begun yet.")

SpeakerBusy = refusal("hearings.speaker-busy", Kind.CONFLICT, "“{speaker}”正在发言。", "{speaker} is speaking already.")
NobodySpeaking = refusal("hearings.nobody-speaking", Kind.CONFLICT, "现在无人发言。", "Nobody is speaking.")
TurnTooEarly = refusal(
    "hearings.turn-too-early",
    Kind.INVALID,
    "时间早于上一次发言。",
    "That would be before the former turn.",
)

NoRecord = refusal("hearings.no-record", Kind.CONFLICT, "还没有听证笔录。", "There is no record yet.")
RecordEmpty = refusal("hearings.record-empty", Kind.INVALID, "笔录不能为空。", "A record has at least one line.")
LinesMisnumbered = refusal(
    "hearings.lines-misnumbered",
    Kind.INVALID,
    "笔录各条应从 1 起连续编号。",
    "The lines of a record are numbered from 1 without a gap.",
)
StaleRecord = refusal(
    "hearings.stale-record",
    Kind.STALE,
    "笔录已有第 {latest} 版，请核对后重新确认。",
    "The record is now at version {latest}; read that one and answer again.",
)
NotYourRecord = refusal(
    "hearings.not-your-record",
    Kind.FORBIDDEN,
    "只能由参加人本人确认；书面签字由工作人员录入。",
    "Only the participant can answer here; staff enter what was signed on paper.",
)
ObjectionEmpty = refusal("hearings.objection-empty", Kind.INVALID, "请写明异议。", "Say what the objection is.")
ReasonMissing = refusal(
    "hearings.reason-missing",
    Kind.INVALID,
    "拒绝签字或未到场，应注明原因。",
    "A refusal or an absence is noted with its reason.",
)

UnknownPoint = refusal(
    "hearings.unknown-point", Kind.INVALID, "笔录中没有第 {no} 条意见。", "The record has no point {no}."
)
PointAnsweredTwice = refusal(
    "hearings.point-answered-twice", Kind.INVALID, "第 {no} 条意见答复了两次。", "Point {no} is answered twice."
)
UnansweredPoint = refusal(
    "hearings.unanswered-point", Kind.INVALID, "第 {no} 条意见没有答复。", "Point {no} has no answer."
)
ReasonForDisposition = refusal(
    "hearings.reason-for-disposition",
    Kind.INVALID,
    "第 {no} 条意见未采纳、部分采纳或不属本次听证范围，应说明理由。",
    "Point {no} is not adopted, adopted in part or out of scope, and needs a reason.",
)
PassageNeeded = refusal(
    "hearings.passage-needed",
    Kind.INVALID,
    "第 {no} 条意见已采纳，应指明草案中修改的内容。",
    "Point {no} is adopted and must link the passage that changed.",
)

GroupUnclear = refusal(
    "hearings.group-unclear",
    Kind.INVALID,
    "请写明报名的组别。",
    "Say for which group of seats.",
)
AlreadyReceived = refusal(
    "hearings.already-received", Kind.CONFLICT, "材料均已送达。", "The materials have arrived already."
)
NothingDelivered = refusal(
    "hearings.nothing-delivered", Kind.CONFLICT, "目前没有发给您的材料。", "No materials were sent to you."
)
RecordBegun = refusal(
    "hearings.record-begun",
    Kind.CONFLICT,
    "笔录已经开始，出席情况不能再改。",
    "The record has begun; who was there stands.",
)
UnknownSpeaker = refusal(
    "hearings.unknown-speaker",
    Kind.INVALID,
    "“{speaker}”不是到场的参加人、主持人、承办单位、专家或记录员。",
    "{speaker} is neither a participant who is there nor presider, sponsor, expert or recorder.",
)
UnknownStep = refusal(
    "hearings.unknown-step", Kind.INVALID, "程序中没有“{step}”这一环节。", "The proceedings have no step {step}."
)
