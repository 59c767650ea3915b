"""Every no of a public draw, in two languages."""

from kaimen.kit.refusals import Kind, refusal

NoSuchDraw = refusal("kit.no-such-draw", Kind.MISSING, "此处没有抽签。", "Nothing is drawn here.")
NotYetPublished = refusal(
    "kit.not-yet-published", Kind.MISSING, "该文件尚未公布。", "This document has not been published yet."
)
BadDrawRules = refusal("kit.bad-draw-rules", Kind.INVALID, "抽签规则有误：{zh}", "These rules cannot be followed: {en}")
RulesTooLate = refusal(
    "kit.rules-too-late",
    Kind.INVALID,
    "规则须在报名截止前至少 {days} 天公布。",
    "Rules must be published at least {days} days before sign-up closes.",
)
_STATES = {
    "ruled": "规则已公布",
    "closed": "名单已定",
    "computing": "计算中",
    "committed": "已承诺",
    "drawn": "已抽出",
    "void": "作废",
}
WrongDrawState = refusal(
    "kit.wrong-draw-state",
    Kind.CONFLICT,
    "抽签处于“{state}”状态，不能进行此操作。",
    "The draw is {state}; that cannot be done now.",
    _STATES,
)
SignUpStillOpen = refusal("kit.sign-up-still-open", Kind.CONFLICT, "报名尚未截止。", "Sign-up has not closed yet.")
NotCommitted = refusal(
    "kit.not-committed",
    Kind.CONFLICT,
    "承诺尚未公布，不能录入公开数字。",
    "The commitment must be published before the public numbers are entered.",
)
BadNumbers = refusal("kit.bad-public-numbers", Kind.INVALID, "公开数字有误：{zh}", "The public numbers are wrong: {en}")
NumbersDiffer = refusal(
    "kit.public-numbers-differ",
    Kind.CONFLICT,
    "与另一人录入的公开数字不一致，请核对。",
    "Another person typed other numbers; check them.",
)
SecondDrawNeedsReason = refusal(
    "kit.second-draw-needs-reason",
    Kind.CONFLICT,
    "已有抽签结果；再次抽签须书面说明理由，原结果保留公开。",
    "There is a result already; a second draw needs a written reason, and the first stays public.",
)
QuotasContradict = refusal("kit.quotas-contradict", Kind.CONFLICT, "配额无法满足：{zh}", "The quotas contradict: {en}")
PoolTooSmall = refusal(
    "kit.pool-too-small",
    Kind.CONFLICT,
    "报名 {people} 人，名额 {seats} 个，无需抽签，全部入选。",
    "{people} people for {seats} seats: nothing is drawn, all are in.",
)
NotInDraw = refusal(
    "kit.not-in-draw", Kind.MISSING, "抽签名册中没有这个化名。", "Nobody of that pseudonym is in the pool."
)
NobodyLeft = refusal(
    "kit.nobody-to-replace", Kind.CONFLICT, "目前没有空缺需要递补。", "No seat is vacant; nothing is to be filled."
)
