"""The words for what openmonth names in codes."""

from kaimen.portal.words import N_

CAMPAIGN_STATES: dict[str, tuple[str, str, str]] = {
    "planned": ("slate", "✎", N_("筹备中，未公布")),
    "published": ("green", "●", N_("已公布")),
    "frozen": ("slate", "■", N_("已归档")),
}
CLASH_KINDS: dict[str, tuple[str, str, str]] = {
    "venue": ("red", "✕", N_("场地冲突")),
    "staff": ("amber", "!", N_("人员冲突")),
    "density": ("slate", "≡", N_("同类过密")),
}
WHY_NOT: dict[str, str] = {
    "not_held": N_("尚未举办"),
    "online": N_("线上举办"),
    "outside_window": N_("不在活动期间"),
    "no_sign": N_("没有标识留证"),
}
DOCUMENTS: dict[str, str] = {"programme": N_("活动安排"), "board": N_("活动看板")}
HEAT: tuple[tuple[int, str, str], ...] = (
    (0, "–", N_("没有")),
    (1, "◔", N_("1 项")),
    (2, "◑", N_("2–3 项")),
    (4, "●", N_("4 项以上")),
)
"""From how many events on, its sign and its words."""
OPEN_MONTH_DONE: dict[str, str] = {
    "begun": N_("开放月已建立，公布前只有工作人员能看到。"),
    "changed": N_("开放月已更改。"),
    "published": N_("开放月已公布，市民现在可以看到。"),
    "sign": N_("标识照片已留存。"),
    "imported": N_("已全部导入为草稿，请逐项提交审核。"),
}
