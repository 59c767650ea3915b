"""Facts of `decisions`. Every fact about an item carries the whole public picture of it, so that a reader needs no
earlier message. Items that are withheld by law appear in counts only."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.registry import fact

Category = Literal["public_policy", "plan", "resources_culture", "construction", "other"]
ItemState = Literal[
    "listed",
    "drafting",
    "consulting",
    "reviewing",
    "ready",
    "deliberated",
    "issued",
    "adoption_published",
    "archived",
    "returned",
    "suspended",
    "removed",
]
IssueBasis = Literal["imprint", "publication", "signature"]


OVER: frozenset[ItemState] = frozenset({"issued", "adoption_published", "archived", "removed"})
"""States of a decision on which nobody is asked any more."""


class PublicItem(msgspec.Struct, frozen=True, kw_only=True):
    """重大行政决策事项, as the public sees it. `reason`: why it was removed, returned or suspended, else empty.
    `participation`: whether the public is asked in any way, so that a report on its opinions is owed."""

    item_id: UUID
    version: int
    catalogue_id: UUID
    year: int
    unit: str
    co_sponsors: tuple[str, ...]
    title: str
    category: Category
    planned_period: str
    participation: bool
    hearing_planned: bool
    enterprise_related: bool
    state: ItemState
    reason: str
    page: str


@fact("decisions.catalogue.published.v1")
class CataloguePublished(msgspec.Struct, frozen=True, kw_only=True):
    """目录公布 or 调整 (row 36): `revision` 0 is the first. `late_days`: calendar days after 31 May, of the first."""

    catalogue_id: UUID
    version: int
    unit: str
    year: int
    revision: int
    consented_on: date
    published_on: date
    late_days: int
    items: tuple[UUID, ...]
    withheld: int


@fact("decisions.item.changed.v1")
class ItemChanged(msgspec.Struct, frozen=True):
    """决策事项变动: listed, changed, or in another state."""

    item: PublicItem


@fact("decisions.document.issued.v1")
class DocumentIssued(msgspec.Struct, frozen=True, kw_only=True):
    """决策文件出台. `issued_on` = min(imprint_on, published_on), else `signed_on`; `basis` says which one it was."""

    item: PublicItem
    title: str
    document_no: str
    url: str
    signed_on: date
    imprint_on: date | None
    published_on: date | None
    issued_on: date
    basis: IssueBasis


@fact("decisions.calendar.changed.v1")
class DecisionEntriesChanged(msgspec.Struct, frozen=True):
    """决策日历更新: all entries of one catalogue or item, as they are now."""

    source_id: UUID
    entries: tuple[CalendarEntry, ...]
