"""Every no of a recruitment, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownRecruitment = refusal("kit.unknown-recruitment", Kind.MISSING, "没有这次招募。", "There is no such recruitment.")
UnknownApplication = refusal(
    "kit.unknown-application", Kind.MISSING, "没有找到这个报名编号。", "No application has this code."
)
BadSignUpWindow = refusal(
    "kit.bad-sign-up-window",
    Kind.INVALID,
    "报名应先开始后截止，并在递补时间 {until} 之前截止。",
    "Sign-up must open before it closes, and close by {until}, when vacancies are filled.",
)
PublicNumbersNeeded = refusal(
    "kit.public-numbers-needed",
    Kind.INVALID,
    "抽签须事先写明采用哪些公开数字。",
    "A draw must name beforehand the public numbers that it will use.",
)
QuotasNeedDraw = refusal(
    "kit.quotas-need-draw",
    Kind.INVALID,
    "只有抽签才使用配额和公开数字。",
    "Only a draw uses quotas and public numbers.",
)
SignUpNotOpen = refusal("kit.sign-up-not-open", Kind.CONFLICT, "报名尚未开始。", "Sign-up has not opened yet.")
SignUpClosed = refusal("kit.sign-up-closed", Kind.CONFLICT, "报名已经截止。", "Sign-up has closed.")
InvitationOnly = refusal(
    "kit.invitation-only",
    Kind.CONFLICT,
    "本次人选由推荐或邀请产生，不接受公开报名。",
    "These people are recommended or invited; there is no open sign-up.",
)
AlreadyApplied = refusal(
    "kit.already-applied",
    Kind.CONFLICT,
    "该电话已报名，每人只能报名一次。",
    "This phone number has applied already.",
)
NotEligible = refusal(
    "kit.not-eligible",
    Kind.INVALID,
    "请确认符合全部报名条件。",
    "Confirm that you meet every condition.",
)
FeatureMissing = refusal("kit.feature-missing", Kind.INVALID, "请填写“{feature}”。", "Say your {feature}.")
FeatureOutsideRules = refusal(
    "kit.feature-outside-rules",
    Kind.INVALID,
    "“{feature}”没有“{value}”这一项。",
    "The rules know no {feature} “{value}”.",
)
TookPartLately = refusal(
    "kit.took-part-lately",
    Kind.CONFLICT,
    "您在近 {months} 个月内已参加，请把机会让给他人。",
    "You took part within the last {months} months; others come first.",
)
ChannelForStaff = refusal(
    "kit.channel-for-staff",
    Kind.FORBIDDEN,
    "电话、窗口、纸质和推荐报名由工作人员录入。",
    "Applications by phone, counter, paper or recommendation are entered by staff.",
)
NoInvitation = refusal("kit.no-invitation", Kind.CONFLICT, "目前没有发给您的邀请。", "There is no invitation for you.")
InvitationExpired = refusal("kit.invitation-expired", Kind.GONE, "确认期限已过。", "The time to confirm is over.")
NotWithdrawable = refusal(
    "kit.not-withdrawable",
    Kind.CONFLICT,
    "该报名已不能撤回。",
    "This application can no longer be withdrawn.",
)
WrongSelectionMethod = refusal(
    "kit.wrong-selection-method",
    Kind.CONFLICT,
    "本次招募的方式是“{method}”，不能这样产生人选。",
    "This recruitment works by {method}; nobody can be chosen this way.",
)
SelectionIncomplete = refusal(
    "kit.selection-incomplete",
    Kind.INVALID,
    "选定人数应为 1 到 {seats}，均须是合格报名者，并逐一说明理由。",
    "Choose 1 to {seats} people, all of them eligible applicants, each with a reason.",
)
CertificateNeeded = refusal(
    "kit.certificate-needed",
    Kind.INVALID,
    "导入公证抽签结果须有公证书编号和文件摘要。",
    "A notary's result needs the certificate number and the hash of the file.",
)
SeatsTaken = refusal(
    "kit.seats-taken",
    Kind.CONFLICT,
    "名额已满或尚有候补人选，不能另行推荐。",
    "All seats are taken, or reserves are left; nobody can be recommended now.",
)
_STATES = {
    "open": "报名中",
    "closed": "报名截止",
    "settled": "人选已定",
    "cancelled": "已取消",
}
WrongRecruitmentState = refusal(
    "kit.wrong-recruitment-state",
    Kind.CONFLICT,
    "招募处于“{state}”状态，不能进行此操作。",
    "The recruitment is {state}; that cannot be done now.",
    _STATES,
)
OccasionOver = refusal(
    "kit.occasion-over",
    Kind.CONFLICT,
    "已结束、已取消或不再邀请公众，不能进行此操作。",
    "It is over, cancelled or no longer open to the public; that cannot be done now.",
)
NotOnList = refusal("kit.not-on-list", Kind.INVALID, "“{pseudonym}”不在名单上。", "{pseudonym} is not on the list.")
