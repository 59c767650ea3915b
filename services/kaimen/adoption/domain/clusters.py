"""Groups of opinions that say the same, made by people, and the answer to each."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.adoption.domain.opinions import Aside
from kaimen.adoption.domain.refusals import ChangeThoughRefused, ChangeWithoutEffect, ReasonForOutcome
from kaimen.contracts.adoption import Outcome, Tally

OUTCOMES: tuple[Outcome, ...] = ("adopted", "partly", "not_adopted", "already_covered", "out_of_scope")
_EXPLAINED: frozenset[Outcome] = frozenset({"partly", "not_adopted", "out_of_scope"})
_NONE_ASIDE: Mapping[Aside, int] = {}
NOTHING = Tally(
    received=0, adopted=0, partly=0, not_adopted=0, already_covered=0, out_of_scope=0, withdrawn=0, duplicate=0
)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed in the draft: the passage, and its words before and after."""

    passage: str
    before: str = ""
    after: str = ""


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """意见组. `no` counts within its consultation. `by_hand`: concentrated because somebody says so, whatever the
    rule. `answered_by`: the subject of whoever answered last."""

    id: UUID
    consultation_id: UUID
    no: int
    version: int
    summary: str
    passage: str
    by_hand: bool
    outcome: Outcome | None = None
    reason: str = ""
    change: Change | None = None
    created_by: str
    answered_by: str = ""
    created_at: datetime
    changed_at: datetime


class ConcentrationRule(msgspec.Struct, frozen=True):
    """When a group counts as 较为集中: at least `least` opinions and `share` (0 to 1) of those received in the same
    consultation. The notice names no number, so this one is printed in the report (seed 二(四))."""

    least: int = 3
    share: float = 0.05

    def threshold(self, received: int) -> int:
        """How many opinions make a group concentrated."""
        return max(self.least, math.ceil(received * self.share))

    def applies(self, size: int, received: int) -> bool:
        return size >= self.threshold(received)


Standing = Literal["unanswered", "answered"]


def check_answer(outcome: Outcome, reason: str, *, concentrated: bool, field: str = "reason") -> None:
    """Raises ReasonForOutcome (CO2)."""
    if not reason and (concentrated or outcome in _EXPLAINED):
        raise ReasonForOutcome(field=field)


def check_change(outcome: Outcome, change: Change | None) -> None:
    """Raises ChangeThoughRefused, ChangeWithoutEffect."""
    if change is None:
        return
    if outcome not in ("adopted", "partly"):
        raise ChangeThoughRefused(field="outcome")
    if change.before == change.after:
        raise ChangeWithoutEffect(field="change.after")


def tally(groups: Iterable[tuple[Outcome | None, int]], aside: Mapping[Aside, int] = _NONE_ASIDE) -> Tally:
    """Counts by outcome; groups without one count as received only, so that the sum shows what is missing (CO1)."""
    counts: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
    unanswered = 0
    for outcome, size in groups:
        if outcome is None:
            unanswered += size
        else:
            counts[outcome] += size
    withdrawn, duplicate = aside.get("withdrawn", 0), aside.get("duplicate", 0)
    received = sum(counts.values()) + unanswered + withdrawn + duplicate
    return Tally(received=received, withdrawn=withdrawn, duplicate=duplicate, **counts)


def add(first: Tally, second: Tally) -> Tally:
    return Tally(**{name: getattr(first, name) + getattr(second, name) for name in Tally.__struct_fields__})


def sum_of(counted: Tally) -> int:
    """Everything that became of opinions; equal to `received` once all are answered."""
    return sum(getattr(counted, name) for name in Tally.__struct_fields__ if name != "received")
