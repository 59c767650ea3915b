"""Every no of this service, in two languages."""

from kaimen.kit.refusals import Kind, refusal

UnknownCatalogue = refusal("decisions.unknown-catalogue", Kind.MISSING, "没有这份目录。", "There is no such catalogue.")
UnknownRevision = refusal(
    "decisions.unknown-revision", Kind.MISSING, "这份目录没有第 {number} 次公布的文本。", "It has no revision {number}."
)
UnknownItem = refusal("decisions.unknown-item", Kind.MISSING, "没有这个决策事项。", "There is no such item.")
UnknownPaper = refusal("decisions.unknown-paper", Kind.MISSING, "没有这份材料。", "There is no such paper.")
NotPublicThen = refusal(
    "decisions.not-public-then",
    Kind.MISSING,
    "该事项在此时尚未公布。",
    "The item was not public at that time.",
)

CatalogueExists = refusal(
    "decisions.catalogue-exists",
    Kind.CONFLICT,
    "该单位当年的目录已经建立。",
    "The unit has a catalogue of this year already.",
)
WrongCatalogueState = refusal(
    "decisions.wrong-catalogue-state",
    Kind.CONFLICT,
    "目录当前处于“{state}”状态，不能进行此操作。",
    "The catalogue is {state}; that cannot be done now.",
)
NotChecked = refusal(
    "decisions.not-checked",
    Kind.CONFLICT,
    "目录尚未经合法性审核。",
    "The catalogue's legality has not been checked.",
)
NotConsented = refusal(
    "decisions.not-consented",
    Kind.CONFLICT,
    "目录公布前应经同意（条例第三条）。",
    "The catalogue needs consent before it is published (713 Art. 3).",
)
NothingToPublish = refusal(
    "decisions.nothing-to-publish",
    Kind.CONFLICT,
    "目录没有事项；本年度确无事项的，请说明原因。",
    "The catalogue has no item; if there is none this year, say why.",
)
NothingToRevise = refusal(
    "decisions.nothing-to-revise",
    Kind.CONFLICT,
    "没有待公布的调整。",
    "There is no change waiting to be published.",
)
DroppedWithoutReason = refusal(
    "decisions.dropped-without-reason",
    Kind.CONFLICT,
    "上年度未办结的 {count} 个事项既未延续，也未说明原因。",
    "{count} unfinished items of last year are neither continued nor explained.",
)
NotOfLastYear = refusal(
    "decisions.not-of-last-year",
    Kind.INVALID,
    "该事项不在本单位上年度公布的目录中。",
    "That is no item of the unit's published catalogue of last year.",
)
ContinuedTwice = refusal(
    "decisions.continued-twice",
    Kind.CONFLICT,
    "上年度的该事项已由另一事项延续。",
    "Another item continues that one of last year already.",
)

DateInFuture = refusal("decisions.date-in-future", Kind.INVALID, "日期不能晚于今日。", "The date lies in the future.")
BadDate = refusal(
    "decisions.bad-date",
    Kind.INVALID,
    "日期应在 2000 年至 2100 年之间。",
    "The date must lie between the years 2000 and 2100.",
)
DatesOutOfOrder = refusal(
    "decisions.dates-out-of-order",
    Kind.INVALID,
    "该日期不能早于 {earliest}。",
    "This date cannot be earlier than {earliest}.",
)

AlreadyPublic = refusal(
    "decisions.already-public",
    Kind.CONFLICT,
    "已公布的事项不能改为不公开；如不再实施，请移出目录并说明原因。",
    "What is public cannot be withheld any more; to drop it, remove it with a reason.",
)
ItemClosed = refusal(
    "decisions.item-closed",
    Kind.CONFLICT,
    "事项当前处于“{state}”状态，不能再改。",
    "The item is {state}; it changes no more.",
)
NotListed = refusal(
    "decisions.not-listed",
    Kind.CONFLICT,
    "事项尚未随目录公布，程序不能开始。",
    "The item has not been published with its catalogue; its procedure cannot begin.",
)
WrongTransition = refusal(
    "decisions.wrong-transition",
    Kind.CONFLICT,
    "事项不能从“{state}”转为“{to}”。",
    "The item cannot go from {state} to {to}.",
)
OnlyByIssue = refusal(
    "decisions.only-by-issue",
    Kind.CONFLICT,
    "出台请录入文件的日期和文号。",
    "To issue it, record the document with its dates and number.",
)
OnlyByReport = refusal(
    "decisions.only-by-report",
    Kind.CONFLICT,
    "意见采纳情况公布后，事项自动转入此状态。",
    "The item comes there by itself when the report on its opinions is published.",
)
ConditionsMissing = refusal(
    "decisions.conditions-missing",
    Kind.CONFLICT,
    "还有 {count} 项条件未满足，不能转为“{to}”。",
    "{count} conditions are not met; the item cannot become {to} yet.",
)

PaperFieldMissing = refusal(
    "decisions.paper-field-missing", Kind.INVALID, "这类材料应填写此项。", "This kind of paper needs this."
)
PaperFieldUnused = refusal(
    "decisions.paper-field-unused", Kind.INVALID, "这类材料没有此项。", "This kind of paper does not have this."
)
NotYourPaper = refusal(
    "decisions.not-your-paper",
    Kind.FORBIDDEN,
    "司法行政部门只录入合法性审查意见。",
    "The legality reviewer files legality reviews only.",
)

BadLink = refusal(
    "decisions.bad-link",
    Kind.INVALID,
    "请填写网址（https://…）或本站地址（/…）。",
    "Give a web address (https://…) or one of this site (/…).",
)
DeadLink = refusal(
    "decisions.dead-link",
    Kind.INVALID,
    "该地址没有内容（404 或 410）。",
    "There is nothing at this address (404 or 410).",
)
LinkNotPublic = refusal(
    "decisions.link-not-public",
    Kind.INVALID,
    "该地址不在公共互联网上。",
    "This address is not on the public internet.",
)
FacetUrlMissing = refusal(
    "decisions.facet-url-missing", Kind.INVALID, "已公布的内容应填写地址。", "What is published needs its address."
)
