"""Words for what the calendar and the search show."""

from kaimen.portal.words import N_

FOUND_KINDS: dict[str, str] = {
    "openday": N_("开放活动"),
    "meeting": N_("决策会议"),
    "hearing": N_("听证会"),
    "consultation": N_("征求意见"),
    "decision": N_("决策事项"),
    "report": N_("采纳情况"),
    "campaign": N_("政府开放月"),
}
ENTRY_KINDS: dict[str, str] = {
    "openday": N_("开放活动"),
    "meeting": N_("决策会议"),
    "hearing": N_("听证会"),
    "consultation": N_("征求意见"),
    "adoption": N_("采纳情况"),
    "deadline": N_("期限"),
}
ENTRY_STATUS: dict[str, tuple[str, str, str]] = {
    "TENTATIVE": ("amber", "?", N_("时间暂定")),
    "CANCELLED": ("red", "✕", N_("已取消")),
}
"""Of what takes place as it is written nothing is said."""
