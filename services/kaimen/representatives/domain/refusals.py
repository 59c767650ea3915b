"""Every no of this service, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownMeeting = refusal("representatives.unknown-meeting", Kind.MISSING, "没有这次会议。", "There is no such meeting.")
UnknownItem = refusal(
    "representatives.unknown-agenda-item", Kind.INVALID, "会议没有这项议题。", "The meeting has no such agenda item."
)
UnknownRecruitment = refusal(
    "representatives.unknown-recruitment", Kind.MISSING, "没有这次招募。", "There is no such recruitment."
)
UnknownApplication = refusal(
    "representatives.unknown-application", Kind.MISSING, "没有找到这个报名编号。", "No application has this code."
)
UnknownStatement = refusal(
    "representatives.unknown-statement", Kind.MISSING, "没有这条发言。", "There is no such statement."
)
UnknownUnit = refusal(
    "representatives.unknown-unit", Kind.INVALID, "没有名为“{unit}”的单位。", "There is no unit called {unit}."
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
WrongState = refusal(
    "representatives.wrong-state",
    Kind.CONFLICT,
    "当前处于“{state}”状态，不能进行此操作。",
    "It is {state}; that cannot be done now.",
)
NotHeldYet = refusal("representatives.not-held-yet", Kind.CONFLICT, "会议尚未开始。", "The meeting has not begun yet.")
NotSuitable = refusal(
    "representatives.item-not-suitable",
    Kind.CONFLICT,
    "该议题不适宜邀请公众代表。",
    "This item is not suitable for representatives.",
)
BadWindow = refusal(
    "representatives.bad-sign-up-window",
    Kind.INVALID,
    "报名应先开始后截止，并在会议开始 48 小时之前截止。",
    "Sign-up must open before it closes, and close 48 hours before the meeting.",
)
NoEntropy = refusal(
    "representatives.public-numbers-needed",
    Kind.INVALID,
    "抽签须事先写明采用哪些公开数字。",
    "A draw must name beforehand the public numbers that it will use.",
)
QuotasNotForMethod = refusal(
    "representatives.quotas-need-draw",
    Kind.INVALID,
    "只有抽签才使用配额和公开数字。",
    "Only a draw uses quotas and public numbers.",
)

SignUpNotOpen = refusal(
    "representatives.sign-up-not-open", Kind.CONFLICT, "报名尚未开始。", "Sign-up has not opened yet."
)
SignUpClosed = refusal("representatives.sign-up-closed", Kind.CONFLICT, "报名已经截止。", "Sign-up has closed.")
InvitationOnly = refusal(
    "representatives.invitation-only",
    Kind.CONFLICT,
    "本次代表由推荐或邀请产生，不接受公开报名。",
    "These representatives are recommended or invited; there is no open sign-up.",
)
AlreadyApplied = refusal(
    "representatives.already-applied",
    Kind.CONFLICT,
    "该电话已报名本次招募。",
    "This phone number has applied already.",
)
NotEligible = refusal(
    "representatives.not-eligible",
    Kind.INVALID,
    "请确认符合全部报名条件。",
    "Confirm that you meet every condition.",
)
FeatureMissing = refusal("representatives.feature-missing", Kind.INVALID, "请填写“{feature}”。", "Say your {feature}.")
FeatureOutside = refusal(
    "representatives.feature-outside-rules",
    Kind.INVALID,
    "“{feature}”没有“{value}”这一项。",
    "The rules know no {feature} “{value}”.",
)
TakenPartLately = refusal(
    "representatives.took-part-lately",
    Kind.CONFLICT,
    "您在近 {months} 个月内已列席，请把机会让给他人。",
    "You took part within the last {months} months; others come first.",
)
ChannelNotYours = refusal(
    "representatives.channel-for-staff",
    Kind.FORBIDDEN,
    "电话、窗口、纸质和推荐报名由工作人员录入。",
    "Applications by phone, counter, paper or recommendation are entered by staff.",
)
NoInvitation = refusal(
    "representatives.no-invitation", Kind.CONFLICT, "目前没有发给您的邀请。", "There is no invitation for you."
)
InvitationExpired = refusal(
    "representatives.invitation-expired", Kind.GONE, "确认期限已过。", "The time to confirm is over."
)
NotWithdrawable = refusal(
    "representatives.not-withdrawable",
    Kind.CONFLICT,
    "该报名已不能撤回。",
    "This application can no longer be withdrawn.",
)

WrongMethod = refusal(
    "representatives.wrong-method",
    Kind.CONFLICT,
    "本次招募的方式是“{method}”，不能这样产生代表。",
    "This recruitment works by {method}; representatives cannot be chosen this way.",
)
SelectionIncomplete = refusal(
    "representatives.selection-incomplete",
    Kind.INVALID,
    "选定人数应为 1 到 {seats}，均须是合格报名者，并逐一说明理由。",
    "Choose 1 to {seats} people, all of them eligible applicants, each with a reason.",
)
CertificateNeeded = refusal(
    "representatives.certificate-needed",
    Kind.INVALID,
    "导入公证抽签结果须有公证书编号和文件摘要。",
    "A notary's result needs the certificate number and the hash of the file.",
)
NotARepresentative = refusal(
    "representatives.not-a-representative",
    Kind.INVALID,
    "“{pseudonym}”不是本次会议的代表。",
    "{pseudonym} is no representative at this meeting.",
)
NobodyPresent = refusal(
    "representatives.nobody-present",
    Kind.CONFLICT,
    "请先登记列席情况。",
    "Record first who was present.",
)
