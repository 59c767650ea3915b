"""Every no of this service, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownConsultation = refusal(
    "adoption.unknown-consultation", Kind.MISSING, "没有这次征求意见。", "There is no such consultation."
)
UnknownOpinion = refusal("adoption.unknown-opinion", Kind.MISSING, "没有这条意见。", "There is no such opinion.")
UnknownCluster = refusal("adoption.unknown-cluster", Kind.MISSING, "没有这组意见。", "There is no such group.")
UnknownReport = refusal("adoption.unknown-report", Kind.MISSING, "没有这份采纳情况。", "There is no such report.")
UnknownClock = refusal("adoption.unknown-clock", Kind.MISSING, "没有这个时限。", "There is no such clock.")
UnknownItem = refusal(
    "adoption.unknown-item", Kind.INVALID, "目录中没有这个决策事项。", "The catalogue has no such decision."
)
NothingNamed = refusal(
    "adoption.nothing-named",
    Kind.INVALID,
    "请指明征求意见或决策事项。",
    "Name the consultation or the decision that the report is about.",
)
_STATES = {
    "draft": "草稿",
    "scheduled": "已公告",
    "open": "征求意见中",
    "closed": "已截止",
    "digested": "已公布采纳情况",
    "drafting": "起草中",
    "approved": "已审核",
    "published": "已公布",
}
WrongState = refusal(
    "adoption.wrong-state",
    Kind.CONFLICT,
    "当前处于“{state}”状态，不能进行此操作。",
    "It is {state}; that cannot be done now.",
    _STATES,
)

# Consultations
DraftMissing = refusal(
    "adoption.draft-missing",
    Kind.CONFLICT,
    "公告应附决策草案（正文或链接）。",
    "The notice must contain the draft, as text or as an address (713 Art. 15).",
)
ExplanationMissing = refusal(
    "adoption.explanation-missing",
    Kind.CONFLICT,
    "公告应附草案说明。",
    "The notice must contain the explanation of the draft (713 Art. 15).",
)
NoWay = refusal(
    "adoption.no-way",
    Kind.CONFLICT,
    "公告应写明提出意见的途径。",
    "The notice must say how to comment (713 Art. 15).",
)
NoChannel = refusal(
    "adoption.no-channel",
    Kind.CONFLICT,
    "公告应至少通过一种便于社会公众知晓的渠道发布。",
    "The notice must appear in at least one public channel (713 Art. 15, row 38).",
)
BadPeriod = refusal(
    "adoption.bad-period",
    Kind.INVALID,
    "截止日期应不早于开始日期，且都在 2000 年至 2100 年之间。",
    "It must not end before it begins, and both days must lie between 2000 and 2100.",
)
PeriodTooShort = refusal(
    "adoption.period-too-short",
    Kind.CONFLICT,
    "期限少于 30 日，应在公告中说明理由（最早可于 {earliest} 截止）。",
    "Less than 30 days need an explanation in the notice itself (713 Art. 15); the earliest last day is {earliest}.",
)
OpensInPast = refusal(
    "adoption.opens-in-past",
    Kind.CONFLICT,
    "开始日期已经过去。",
    "It would begin in the past; the public would have fewer days than the notice says.",
)
NeverShortened = refusal(
    "adoption.never-shortened",
    Kind.CONFLICT,
    "公告后期限只能延长，不能缩短（现为 {closes_on}）。",
    "Once announced it can only be extended, never shortened (now until {closes_on}).",
)
DecisionIsOver = refusal(
    "adoption.decision-is-over",
    Kind.CONFLICT,
    "这项决策已经出台或不再推进，不能再征求意见。",
    "This decision has been issued or given up; the public is asked before.",
)
NoticeBinds = refusal(
    "adoption.notice-binds",
    Kind.CONFLICT,
    "公告后不能再更改此项。",
    "This cannot be changed any more, since the notice is out.",
)
StillOpen = refusal(
    "adoption.still-open",
    Kind.CONFLICT,
    "征求意见到 {closes_on} 为止，尚未结束。",
    "It runs until the end of {closes_on}.",
)
NotOpen = refusal(
    "adoption.not-open",
    Kind.CONFLICT,
    "现在不在征求意见期内（{opens_on} 至 {closes_on}）。",
    "Opinions are taken from {opens_on} to {closes_on}.",
)
PassageRepeated = refusal(
    "adoption.passage-repeated", Kind.INVALID, "条款编号“{key}”重复。", "The passage {key} is there twice."
)
UnknownPassage = refusal(
    "adoption.unknown-passage", Kind.INVALID, "草案没有条款“{key}”。", "The draft has no passage {key}."
)
ChannelRepeated = refusal(
    "adoption.channel-repeated", Kind.INVALID, "渠道“{name}”重复。", "The channel {name} is there twice."
)
NotForNotices = refusal(
    "adoption.not-for-notices",
    Kind.INVALID,
    "此项是参与方式，不是公告渠道。",
    "This is a form of taking part, not a channel of the notice.",
)
NotAForm = refusal(
    "adoption.not-a-form",
    Kind.INVALID,
    "此项是公告渠道，不是参与方式。",
    "This is a channel of the notice, not a form of taking part.",
)

# Opinions
ReceivedOutside = refusal(
    "adoption.received-outside",
    Kind.INVALID,
    "收到日期应在征求意见期内（{opens_on} 至 {closes_on}）且不晚于今天。",
    "It must have been received within the period ({opens_on} to {closes_on}) and not after today.",
)
ChannelIsForStaff = refusal(
    "adoption.channel-is-for-staff",
    Kind.FORBIDDEN,
    "该渠道的意见由工作人员录入。",
    "Opinions from this channel are entered by staff.",
)
BadImport = refusal(
    "adoption.bad-import",
    Kind.INVALID,
    "文件有 {count} 处错误，没有导入任何意见。",
    "The file has {count} faults; nothing was imported.",
)
AlreadySetAside = refusal(
    "adoption.already-set-aside",
    Kind.CONFLICT,
    "意见 {no} 已撤回或作为重复意见处理。",
    "Opinion {no} was withdrawn or is a duplicate.",
)
DuplicateOfItself = refusal(
    "adoption.duplicate-of-itself",
    Kind.INVALID,
    "重复意见应指向另一条未作重复处理的意见。",
    "A duplicate must name another opinion that is itself none.",
)
PersonalDataInText = refusal(
    "adoption.personal-data-in-text",
    Kind.INVALID,
    "拟公开的文字中含有{what}，请删去后再公开。",
    "A text that would be public contains a {what_en}; take it out first.",
)

# Groups and answers
InAnotherGroup = refusal(
    "adoption.in-another-group",
    Kind.CONFLICT,
    "意见 {no} 已归入第 {group} 组。",
    "Opinion {no} is in group {group} already.",
)
NotInGroup = refusal(
    "adoption.not-in-group", Kind.INVALID, "意见 {no} 不在该组。", "Opinion {no} is not in this group."
)
GroupEmpty = refusal("adoption.group-empty", Kind.INVALID, "一组至少有一条意见。", "A group has at least one opinion.")
ReasonForOutcome = refusal(
    "adoption.reason-for-outcome",
    Kind.INVALID,
    "未采纳、部分采纳、不属范围的意见和较为集中的意见应说明理由。",
    "A reason is needed for what is not or partly adopted or out of scope, and for every concentrated group (row 39).",
)
ReportFixed = refusal(
    "adoption.report-fixed",
    Kind.CONFLICT,
    "采纳情况已审核，如需更改请先退回或更正。",
    "The report is approved; send it back or correct it before anything changes.",
)

# Reports
ReportExists = refusal(
    "adoption.report-exists",
    Kind.CONFLICT,
    "该事项已有采纳情况报告。",
    "There is a report on this already; correct that one.",
)
Unanswered = refusal(
    "adoption.unanswered",
    Kind.CONFLICT,
    "还有 {count} 条意见没有处理结果。",
    "Opinions that have no answer yet: {count}.",
)
TotalsDiffer = refusal(
    "adoption.totals-differ",
    Kind.INVALID,
    "收到 {received} 条，各处理结果合计 {sum} 条，两者应相等。",
    "{received} were received, but the outcomes add up to {sum} (received = adopted + partly + not adopted + already"
    " covered + out of scope + withdrawn + duplicate).",
)
ChannelUnaccounted = refusal(
    "adoption.channel-unaccounted",
    Kind.CONFLICT,
    "请逐一写明各渠道的情况：{names}（未采用的请勾选）。",
    "Say of every channel what came of it, or that it was not used: {names_en}.",
)
ChannelWasUsed = refusal(
    "adoption.channel-was-used",
    Kind.CONFLICT,
    "渠道“{name}”已采用，不能列为未采用。",
    "The channel {name_en} was used; it cannot be listed as unused.",
)
FourEyes = refusal(
    "adoption.four-eyes",
    Kind.FORBIDDEN,
    "起草报告，或录入、归并、标记、答复过其中意见的人，不能审核该报告。",
    "Whoever wrote the report, or entered, grouped, set aside or answered opinions in it, cannot approve it.",
)
DecisionGoesOn = refusal(
    "adoption.decision-goes-on",
    Kind.CONFLICT,
    "该决策事项没有移出目录，报告不能写明不再推进；请先在决策事项中移出并说明原因。",
    "The decision is still in its catalogue; remove it there, with the reason, before its report says so.",
)
DecisionWasRemoved = refusal(
    "adoption.decision-was-removed",
    Kind.CONFLICT,
    "该决策事项已移出目录，报告应写明不再推进。",
    "The decision was removed from its catalogue; its report must say so.",
)
NotApproved = refusal("adoption.not-approved", Kind.CONFLICT, "报告尚未审核。", "The report has not been approved yet.")
NotComplete = refusal(
    "adoption.not-complete", Kind.CONFLICT, "报告还不完整，见各项说明。", "The report is not complete; see each point."
)

# Attachments
UnknownAttachment = refusal(
    "adoption.unknown-attachment", Kind.MISSING, "没有这份附件。", "There is no such attachment."
)
WrongAttachment = refusal(
    "adoption.wrong-attachment",
    Kind.INVALID,
    "附件应为 PDF、Word（.docx）、Excel（.xlsx）、纯文本或 JPEG、PNG 图片，且不含宏。",
    "An attachment must be a PDF, a DOCX, an XLSX, plain text, a JPEG or a PNG, without macros.",
)
BrokenAttachment = refusal(
    "adoption.broken-attachment", Kind.INVALID, "附件已损坏，无法打开。", "The attachment cannot be read."
)
AttachmentTooLarge = refusal(
    "adoption.attachment-too-large",
    Kind.INVALID,
    "附件不能为空，也不能超过 {limit} MB。",
    "An attachment must not be empty, nor larger than {limit} MB.",
)
TooManyAttachments = refusal(
    "adoption.too-many-attachments",
    Kind.CONFLICT,
    "一条意见最多 {most} 份附件。",
    "An opinion has at most {most} attachments.",
)
NoRoomForAttachments = refusal(
    "adoption.no-room-for-attachments",
    Kind.CONFLICT,
    "本次征求意见的附件空间已用完，请通过公告所列的其他途径送交材料。",
    "There is no room for more attachments here; send the material by another way that the notice names.",
)

NotItsWords = refusal(
    "adoption.not-its-words",
    Kind.INVALID,
    "公开的文字只能删减、遮盖原文，不能改写；需要说明的放在【】中。",
    "What is shown may leave out or black out words of the opinion, not change them; remarks go into 【】.",
)
WithdrawnByAuthor = refusal(
    "adoption.withdrawn-by-author",
    Kind.CONFLICT,
    "这条意见已由本人撤回，不能恢复或公开。",
    "Its author withdrew this opinion; it can be neither restored nor shown.",
)
BadDayOfParticipation = refusal(
    "adoption.bad-day-of-participation",
    Kind.INVALID,
    "参与活动的日期应在 2000 年之后、今天之前（含今天）。",
    "A form of taking part was held after the year 2000 and not after today.",
)
NothingToDelete = refusal(
    "adoption.nothing-to-delete",
    Kind.INVALID,
    "请填写条文；只有草案中有的条款才能留空，表示删去。",
    "Give the text: only a passage of the draft may be left empty, as one that was deleted.",
)
ChangeWithoutEffect = refusal(
    "adoption.change-without-effect",
    Kind.INVALID,
    "修改前后的文字相同。",
    "The words before and after the change are the same.",
)
ChangeThoughRefused = refusal(
    "adoption.change-though-refused",
    Kind.INVALID,
    "未采纳、已有规定和不属范围的意见没有修改处；有修改的请选采纳或部分采纳。",
    "What is not adopted, covered already or out of scope changes nothing; choose adopted or partly adopted.",
)

# Clocks
LegalBasisNeeded = refusal(
    "adoption.legal-basis-needed",
    Kind.INVALID,
    "中止时限应写明法律依据和决定机关。",
    "A suspension needs its legal basis and who decided it.",
)
ClockClosed = refusal(
    "adoption.clock-closed",
    Kind.CONFLICT,
    "该时限已经办结、逾期或不再计时，不能中止，也不能恢复计时。",
    "This clock has been met, breached or dropped; it can be neither suspended nor resumed.",
)
SuspensionOverlaps = refusal(
    "adoption.suspension-overlaps",
    Kind.CONFLICT,
    "与已有的中止期间重叠。",
    "It overlaps a suspension that there is already.",
)
SuspendedTooLate = refusal(
    "adoption.suspended-too-late",
    Kind.INVALID,
    "中止应在期限届满之前开始，即不晚于 {work_to}。",
    "A suspension must begin before the period is over, on {work_to} at the latest.",
)
BadSuspension = refusal(
    "adoption.bad-suspension",
    Kind.INVALID,
    "中止的起止日期应先后有序，且起始日不早于出台日。",
    "A suspension must not end before it begins, nor begin before the document was issued.",
)
ResumptionUnexplained = refusal(
    "adoption.resumption-unexplained",
    Kind.INVALID,
    "恢复计时应写明原因和决定机关。",
    "A resumption needs its reason and who decided it.",
)
UnknownSuspension = refusal(
    "adoption.unknown-suspension",
    Kind.INVALID,
    "该时限没有自 {from_on} 起的中止。",
    "This clock has no suspension that begins on {from_on}.",
)
AlreadyResumed = refusal(
    "adoption.already-resumed",
    Kind.CONFLICT,
    "自 {from_on} 起的中止已经恢复计时，不能再次更改。",
    "The suspension that begins on {from_on} has been resumed; that cannot be changed again.",
)
SuspensionOver = refusal(
    "adoption.suspension-over",
    Kind.CONFLICT,
    "该中止已于 {to_on} 结束，已过的日子不再恢复计时。",
    "This suspension ended on {to_on}; days that have passed as suspended stay so.",
)
BadResumption = refusal(
    "adoption.bad-resumption",
    Kind.INVALID,
    "恢复计时的日期应在 {earliest} 至 {to_on} 之间；已过的中止日不再恢复计时。",
    "Counting must be resumed from {earliest} to {to_on}; days that have passed as suspended stay so.",
)
