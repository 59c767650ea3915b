"""Every no of this service, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownEvent = refusal("opendays.unknown-event", Kind.MISSING, "没有这个活动。", "There is no such event.")
UnknownSession = refusal("opendays.unknown-session", Kind.MISSING, "没有这个场次。", "There is no such session.")
UnknownRegistration = refusal(
    "opendays.unknown-registration", Kind.MISSING, "没有找到这个报名编号。", "No registration has this code."
)
UnknownSuggestion = refusal(
    "opendays.unknown-suggestion", Kind.MISSING, "没有这条建议。", "There is no such suggestion."
)
UnknownReport = refusal("opendays.unknown-report", Kind.MISSING, "活动尚无报告。", "The event has no report yet.")

SessionInPast = refusal(
    "opendays.session-in-past", Kind.INVALID, "场次时间已经过去。", "The session would start in the past."
)
BadDate = refusal(
    "opendays.bad-date",
    Kind.INVALID,
    "日期应在 2000 年至 2100 年之间。",
    "The date must lie between the years 2000 and 2100.",
)
EndBeforeStart = refusal(
    "opendays.end-before-start", Kind.INVALID, "结束时间应晚于开始时间。", "A session must end after it starts."
)
SessionsOverlap = refusal(
    "opendays.sessions-repeat",
    Kind.INVALID,
    "同一活动的两个场次时间完全相同。",
    "Two sessions of the event are the same.",
)
BadWindow = refusal(
    "opendays.bad-registration-window",
    Kind.INVALID,
    "报名时间应早于活动开始，且开始早于截止。",
    "The registration window must open before it closes, and close no later than the session ends.",
)
BadCapacity = refusal(
    "opendays.bad-capacity",
    Kind.INVALID,
    "名额应为 1 到 100000，且不少于最少人数。",
    "The capacity must be between 1 and 100,000, and no less than the least number.",
)
HoldsExceedCapacity = refusal(
    "opendays.holds-exceed-capacity",
    Kind.INVALID,
    "预留名额之和超过总名额。",
    "The holds add up to more than the capacity.",
)
CapacityBelowTaken = refusal(
    "opendays.capacity-below-taken",
    Kind.CONFLICT,
    "名额不能少于已报名和已发放的人数。",
    "The capacity cannot be less than the seats that are taken, offered or held.",
)
NotPublishable = refusal(
    "opendays.not-publishable", Kind.CONFLICT, "尚不满足发布条件。", "The event may not be published yet."
)
_STATES = {
    "draft": "草稿",
    "submitted": "待审核",
    "approved": "已审核",
    "published": "已发布",
    "signup_open": "可报名",
    "full": "已满",
    "signup_closed": "报名截止",
    "held": "已举办",
    "reported": "已公布报告",
    "archived": "已归档",
    "postponed": "延期",
    "cancelled": "已取消",
}
WrongState = refusal(
    "opendays.wrong-state",
    Kind.CONFLICT,
    "活动处于“{state}”状态，不能进行此操作。",
    "The event is {state}; that cannot be done now.",
    _STATES,
)
WriterApproves = refusal(
    "opendays.writer-approves",
    Kind.FORBIDDEN,
    "拟稿人不能审核自己的活动，请由另一人审核。",
    "Whoever wrote the event cannot approve it; another person must.",
)

RegisteredElsewhere = refusal(
    "opendays.registered-elsewhere",
    Kind.CONFLICT,
    "该活动不在本平台报名：{note}",
    "Registration for this event is not here: {note}",
)
RegistrationNotOpen = refusal(
    "opendays.registration-not-open", Kind.CONFLICT, "报名尚未开始。", "Registration has not opened yet."
)
RegistrationClosed = refusal(
    "opendays.registration-closed", Kind.CONFLICT, "报名已经截止。", "Registration has closed."
)
SessionFull = refusal(
    "opendays.session-full", Kind.CONFLICT, "名额和候补均已满。", "The session and its waiting list are full."
)
AlreadyRegistered = refusal(
    "opendays.already-registered",
    Kind.CONFLICT,
    "该电话已报名本场次。",
    "This phone number is already registered for the session.",
)
OverlappingRegistration = refusal(
    "opendays.overlapping-registration",
    Kind.CONFLICT,
    "该电话已报名时间重叠的另一场次。",
    "This phone number is registered for another session at the same time.",
)
AlreadyEntered = refusal(
    "opendays.already-entered",
    Kind.CONFLICT,
    "该电话已参加本活动的抽签，每人一次；要改志愿，请先取消再报名。",
    "This phone number is in the draw already, once a person; to change the wishes, cancel and enter again.",
)
WishOfOtherEvent = refusal(
    "opendays.wish-of-other-event",
    Kind.INVALID,
    "志愿中的场次不属于本活动。",
    "A wished session does not belong to this event.",
)
WishNotDrawn = refusal(
    "opendays.wish-not-drawn",
    Kind.INVALID,
    "只有参加抽签的报名，才能填写其他抽签场次为志愿。",
    "Only an entry into the draw has further wishes, and only for drawn sessions.",
)
WishRepeated = refusal(
    "opendays.wish-repeated", Kind.INVALID, "同一场次只能填写一次。", "Each session can be wished for once."
)
DrawFixed = refusal(
    "opendays.draw-fixed",
    Kind.CONFLICT,
    "抽签规则已公布，名额、报名截止时间、分配方式和公开数字不能再改；可以改期或取消。",
    "The rules of the draw are public: seats, closing time, policy and numbers stay; it can be moved or cancelled.",
)
PartyTooLarge = refusal(
    "opendays.party-too-large",
    Kind.INVALID,
    "同行人数超过上限（{limit}）。",
    "The party is larger than allowed ({limit}).",
)
NoSuchHold = refusal(
    "opendays.no-such-hold", Kind.CONFLICT, "该类预留名额已用完或不存在。", "No seat is left in that hold."
)
ChannelNotYours = refusal(
    "opendays.channel-for-staff",
    Kind.FORBIDDEN,
    "电话、窗口和纸质报名由工作人员录入。",
    "Phone, counter and paper registrations are entered by staff.",
)
NotCancellable = refusal(
    "opendays.not-cancellable",
    Kind.CONFLICT,
    "该报名已经结束或签到，不能取消。",
    "The registration can no longer be cancelled.",
)
NoOffer = refusal(
    "opendays.no-offer", Kind.CONFLICT, "目前没有给您的候补名额。", "There is no offer for this registration."
)
OfferExpired = refusal("opendays.offer-expired", Kind.GONE, "候补名额的确认期限已过。", "The offer has expired.")

BadTicket = refusal("opendays.bad-ticket", Kind.INVALID, "票码无效。", "The ticket is not valid.")
TicketOfOtherSession = refusal(
    "opendays.ticket-of-other-session", Kind.CONFLICT, "此票属于另一场次。", "The ticket is for another session."
)
AlreadyCheckedIn = refusal(
    "opendays.already-checked-in",
    Kind.CONFLICT,
    "已于 {at} 由 {by} 签到。",
    "Already checked in at {at} by {by}.",
)
NotAdmitted = refusal(
    "opendays.not-admitted",
    Kind.CONFLICT,
    "该报名未获名额（{state}）。",
    "The registration holds no seat ({state}).",
    {
        "waitlisted": "候补",
        "entered": "待抽签",
        "offered": "待确认",
        "no_show": "未到场",
        "withdrawn": "已取消报名",
        "lapsed": "已过期",
        "confirmed": "已确认",
        "checked_in": "已签到",
    },
)
TooEarlyToReport = refusal(
    "opendays.too-early-to-report", Kind.CONFLICT, "活动尚未结束。", "The event has not ended yet."
)

BadImport = refusal("opendays.bad-import", Kind.INVALID, "导入文件有误：{zh}", "The file cannot be imported: {en}")
NoSuchQuestion = refusal(
    "opendays.bad-answers",
    Kind.INVALID,
    "请回答所有必答问题。",
    "Answer every required question, and only those asked.",
)
