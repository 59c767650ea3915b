"""Every no of this service, in two languages."""

from collections.abc import Mapping

from kaimen.kit.refusals import Kind, refusal

CATALOGUE_WORDS: Mapping[str, str] = {
    "collecting": "征集事项中",
    "legality_checked": "已经合法性审核",
    "consented": "已经同意，待公布",
    "published": "已公布",
    "revised": "已公布，有调整",
    "closed": "年度已结束",
}
ITEM_WORDS: Mapping[str, str] = {
    "listed": "已列入目录",
    "drafting": "起草",
    "consulting": "征求意见",
    "reviewing": "审查",
    "ready": "待审议",
    "deliberated": "已审议",
    "issued": "已出台",
    "adoption_published": "已出台，采纳情况已公布",
    "archived": "已归档",
    "returned": "已退回修改",
    "suspended": "暂停",
    "removed": "移出目录",
}


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
    CATALOGUE_WORDS,
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
ChangesWaiting = refusal(
    "decisions.changes-waiting",
    Kind.CONFLICT,
    "还有 {count} 项新增或修改待公布，请先公布调整，再结束年度。",
    "{count} changes wait to be published; publish them with a revision before the year is closed.",
)
ReasonPublished = refusal(
    "decisions.reason-published",
    Kind.CONFLICT,
    "该事项未延续的原因已经公布，不能改写。",
    "Why this item is not continued has been published; it is not rewritten.",
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
    "这一天（{day}）不能早于 {earliest}。",
    "This date ({day}) cannot be earlier than {earliest}.",
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
    ITEM_WORDS,
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
    "The item cannot go from “{state}” to “{to}”.",
    ITEM_WORDS,
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
    "{count} conditions are not met; the item cannot become “{to}” yet.",
    ITEM_WORDS,
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
ReviewedByOthers = refusal(
    "decisions.reviewed-by-others",
    Kind.CONFLICT,
    "合法性审查意见由区司法局或者区政府办公室录入，承办单位不能替换；有异议的，请与其联系。",
    "The legality review was filed by 区司法局 or the district office; the unit it concerns cannot replace it.",
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
    "公众打不开该地址：没有内容，或者须登录、无权查看。",
    "The public cannot open this address: there is nothing, or one must sign in or is not let in.",
)
LinkNotPublic = refusal(
    "decisions.link-not-public",
    Kind.INVALID,
    "该地址不在公共互联网上。",
    "This address is not on the public internet.",
)
PersonalDataInText = refusal(
    "decisions.personal-data-in-text",
    Kind.INVALID,
    "拟公开的文字中含有{what}，请删去后再公开。",
    "A text that would be public contains a {what_en}; take it out first.",
)
FacetUrlMissing = refusal(
    "decisions.facet-url-missing", Kind.INVALID, "已公布的内容应填写地址。", "What is published needs its address."
)
