"""The item page (row 37): six facets that are required when they exist, three at discretion, and whether their links
still lead anywhere."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from kaimen.contracts.decisions import ItemState
from kaimen.decisions.domain.items import Item
from kaimen.decisions.domain.refusals import PersonalDataInText
from kaimen.kit.people import PERSONAL_DATA, personal_data

Facet = Literal[
    "draft", "explanation", "background", "opinions", "attendance", "result", "risk_assessment", "expert_review",
    "effect_evaluation",
]  # fmt: skip
FacetState = Literal["published", "not_yet", "not_applicable", "withheld"]
LinkState = Literal["none", "unchecked", "ok", "unreachable", "dead"]
Answer = Literal["ok", "unreachable", "dead", "private"]
"""What an address answered: `private`: it does not lead to the public internet."""

FACETS: tuple[Facet, ...] = (
    "draft", "explanation", "background", "opinions", "attendance", "result", "risk_assessment", "expert_review",
    "effect_evaluation",
)  # fmt: skip
REQUIRED: tuple[Facet, ...] = FACETS[:6]
ASK_OK_AGAIN, ASK_FAILING_AGAIN = timedelta(days=7), timedelta(hours=1)
DEAD_AFTER = timedelta(days=3)
"""How long an address may give no answer before it counts as dead."""

_FROM: Mapping[Facet, ItemState] = {
    "draft": "consulting",
    "explanation": "consulting",
    "background": "consulting",
    "attendance": "deliberated",
    "opinions": "issued",
    "result": "issued",
}
_ORDER: tuple[ItemState, ...] = (
    "listed", "drafting", "consulting", "reviewing", "ready", "deliberated", "issued", "adoption_published", "archived",
)  # fmt: skip


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """要素. `reason`: why it does not apply or is withheld. `by_event`: others said it, nobody typed it.
    `failing_since`: since when its address has not answered."""

    facet: Facet
    state: FacetState
    url: str = ""
    published_on: date | None = None
    reason: str = ""
    by_event: bool = False
    link: LinkState = "none"
    checked_at: datetime | None = None
    failing_since: datetime | None = None

    @property
    def is_shown(self) -> bool:
        """Whether a reader finds it: it is published and its link is not known to be dead."""
        return self.state == "published" and self.link != "dead"


def must_be_publishable(text: str, field: str) -> None:
    """For what the public reads. Raises PersonalDataInText."""
    found = personal_data(text)
    if found is not None:
        zh, en = PERSONAL_DATA[found]
        raise PersonalDataInText(field=field, what=zh, what_en=en)


def entries_of(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """All nine, in order; what nobody has said anything about is not there yet."""
    known = {entry.facet: entry for entry in entries}
    return tuple(known.get(facet, Entry(facet=facet, state="not_yet")) for facet in FACETS)


class Completeness(msgspec.Struct, frozen=True):
    """完整度 (DC1): required facets that are published, of those that apply now; `share` (0 to 1) is null when none
    does. Of the facets at discretion only what is published counts."""

    published: int
    applicable: int
    share: float | None
    optional_published: int


def applicable(item: Item, entries: Iterable[Entry]) -> frozenset[Facet]:
    """The required facets that should be public at the item's stage, or are public already. What does not apply or is
    withheld, with its reason, leaves both sides."""
    stage = _ORDER.index(item.stage) if item.stage in _ORDER else -1
    due: set[Facet] = {facet for facet in REQUIRED if _ORDER.index(_FROM[facet]) <= stage}
    if not item.terms.participation:
        due.discard("opinions")
    for entry in entries:
        if entry.facet in REQUIRED and entry.state == "published":
            due.add(entry.facet)
        elif entry.state in ("not_applicable", "withheld"):
            due.discard(entry.facet)
    return frozenset(due)


def completeness(item: Item, entries: Iterable[Entry]) -> Completeness:
    known = list(entries)
    due = applicable(item, known)
    shown = {entry.facet for entry in known if entry.is_shown}
    published = len(due & shown)
    share = round(published / len(due), 4) if due else None
    return Completeness(published, len(due), share, len(shown - set(REQUIRED)))


def judge(entry: Entry, answer: Answer, at: datetime) -> Entry:
    """The entry after its address was asked. 404 and 410 are dead at once, silence after three days."""
    if answer == "ok":
        return replace(entry, link="ok", checked_at=at, failing_since=None)
    failing_since = entry.failing_since or at
    is_dead = answer == "dead" or at - failing_since >= DEAD_AFTER
    return replace(entry, link="dead" if is_dead else "unreachable", checked_at=at, failing_since=failing_since)


def ask_again_after(entry: Entry) -> timedelta:
    """A dead link is asked every week, too: it may have come back."""
    return ASK_FAILING_AGAIN if entry.link == "unreachable" else ASK_OK_AGAIN
