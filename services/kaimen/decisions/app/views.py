"""What a reader is shown of catalogues and items. It stands here, not at the edge, because what the public saw is kept
byte for byte in the transaction that changed it (DC3)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.contracts.decisions import Category, IssueBasis, ItemState
from kaimen.decisions.domain.catalogues import (
    Catalogue,
    CatalogueState,
    Difference,
    due_on,
    is_overdue,
    late_days,
)
from kaimen.decisions.domain.facets import (
    REQUIRED,
    Completeness,
    Entry,
    Facet,
    FacetState,
    LinkState,
    applicable,
    completeness,
    entries_of,
)
from kaimen.decisions.domain.guards import Gap
from kaimen.decisions.domain.issue import Issue
from kaimen.decisions.domain.items import Item, Terms
from kaimen.decisions.domain.papers import Paper
from kaimen.decisions.domain.steps import Step, in_order
from kaimen.decisions.store.repository import FiledPaper, Revision
from kaimen.kit.clock import local_date


class FacetView(msgspec.Struct, frozen=True, kw_only=True):
    """要素 of the item page. `required`: row 37 asks for it when it exists; `applies`: it counts now. `link`: whether
    its address answered when it was last asked."""

    facet: Facet
    required: bool
    applies: bool
    state: FacetState
    url: str
    published_on: date | None
    reason: str
    link: LinkState
    checked_at: datetime | None


class MovedIssue(msgspec.Struct, frozen=True):
    """出台日期更正: a correction that changed the day of issue, and why."""

    from_on: date
    to_on: date
    reason: str


class IssueView(msgspec.Struct, frozen=True, kw_only=True):
    """决策文件. `basis` says which date made `issued_on`. `corrections`: how often its record was put right; `reason`
    says why, the last time. `moved`: those that changed the day, from which clocks may still count."""

    title: str
    document_no: str
    url: str
    signed_on: date
    imprint_on: date | None
    published_at: datetime | None
    issued_on: date
    basis: IssueBasis
    corrections: int
    reason: str
    moved: tuple[MovedIssue, ...] = ()


class PaperView(msgspec.Struct, frozen=True):
    """A filed paper, for staff; the dissent itself is read apart."""

    paper: Paper
    has_dissent: bool


class NextView(msgspec.Struct, frozen=True):
    """A state to which the item can be led, and what is missing before; `issued` is reached by recording the
    document."""

    to: ItemState
    missing: tuple[Gap, ...]


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """决策事项. Null in lists: `steps`. Null for the public: everything from `confidential_basis` on. `state_since`:
    when it came into its state; `reason`: why it was returned, suspended or removed. `listed_in`: the revision that
    published it, for `listing_reason`."""

    id: UUID
    version: int
    catalogue_id: UUID
    unit: str
    year: int
    state: ItemState
    state_since: datetime
    reason: str
    title: str
    category: Category
    co_sponsors: tuple[str, ...]
    planned_period: str
    participation: bool
    hearing_planned: bool
    expert_required: bool
    risk_required: bool
    market_activity: bool
    enterprise_related: bool
    continues: UUID | None
    listed_on: date | None
    listed_in: int | None
    listing_reason: str
    archive_ref: str
    page: str
    facets: tuple[FacetView, ...]
    completeness: Completeness
    issued: IssueView | None
    steps: tuple[Step, ...] | None = None
    confidential_basis: str | None = None
    exploratory_risk: str | None = None
    pending: Terms | None = None
    papers: tuple[PaperView, ...] | None = None
    next: tuple[NextView, ...] | None = None


class RevisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A published text of the catalogue; `sha256` is that of the document at `…/revisions/{number}`."""

    number: int
    reason: str
    consented_on: date
    consented_by: str
    published_on: date
    sha256: str


class CatalogueView(msgspec.Struct, frozen=True, kw_only=True):
    """目录. `due_on`: 31 May (row 36); `late_days`: of the first publication, null before. `withheld`: how many items
    are kept back by law; the public sees only that number. Null in lists: `items`, `withheld` and `revisions`.
    `open_changes`: how many items wait for publication, for staff."""

    id: UUID
    version: int
    unit: str
    year: int
    state: CatalogueState
    legality_checked_on: date | None
    consented_on: date | None
    consented_by: str
    published_on: date | None
    revision: int
    empty_reason: str
    due_on: date
    late_days: int | None
    overdue: bool
    page: str
    items: tuple[ItemView, ...] | None = None
    withheld: int | None = None
    revisions: tuple[RevisionView, ...] | None = None
    open_changes: int | None = None


class ListedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item in the text of a revision."""

    item_id: UUID
    title: str
    category: Category
    co_sponsors: tuple[str, ...]
    planned_period: str
    participation: bool
    hearing_planned: bool
    enterprise_related: bool
    continues: UUID | None
    state: ItemState
    state_reason: str
    listed_in: int


class RevisionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The text of one publication of a catalogue, as it is frozen."""

    catalogue_id: UUID
    unit: str
    year: int
    revision: int
    reason: str
    legality_checked_on: date
    consented_on: date
    consented_by: str
    published_on: date
    empty_reason: str
    items: tuple[ListedItem, ...]
    withheld: int


class ComparedItem(msgspec.Struct, frozen=True):
    """One side of a comparison."""

    id: UUID
    year: int
    title: str
    state: ItemState
    page: str


class KeptView(msgspec.Struct, frozen=True):
    """延续."""

    item: ComparedItem
    former: ComparedItem


class DroppedView(msgspec.Struct, frozen=True):
    """未延续; `reason` "" before publication: nobody has said why."""

    former: ComparedItem
    reason: str


class AddedView(msgspec.Struct, frozen=True):
    """新增; `reason`: of the revision that added it, "" for the first publication."""

    item: ComparedItem
    reason: str


class DifferenceView(msgspec.Struct, frozen=True, kw_only=True):
    """年度对比 with the unit's catalogue of the year before; null `former_id`: there was none, and nothing compares.
    `finished`: last year's items that needed no successor. Items that are withheld are in none of the lists."""

    catalogue_id: UUID
    former_id: UUID | None
    added: tuple[AddedView, ...]
    kept: tuple[KeptView, ...]
    dropped: tuple[DroppedView, ...]
    finished: tuple[ComparedItem, ...]


class UnitCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a unit has published; `days_overdue`: how late an unpublished one is today, else 0."""

    unit: str
    state: Literal["published", "missing"]
    catalogue_id: UUID | None
    published_on: date | None
    revision: int | None
    late_days: int | None
    overdue: bool
    days_overdue: int


class CoverageView(msgspec.Struct, frozen=True, kw_only=True):
    """目录公布情况 (DC5) of all units that are known; `state` of each is published or missing."""

    year: int
    due_on: date
    published: int
    in_time: int
    missing: int
    units: tuple[UnitCoverage, ...]


def item_page(item: Item) -> str:
    """Its address on the portal."""
    return f"/decisions/{item.id}"


def catalogue_page(catalogue: Catalogue) -> str:
    return f"/decisions/catalogues/{catalogue.id}"


def item_view(item: Item, entries: Iterable[Entry], issues: Sequence[Issue], **more: Any) -> ItemView:
    """`issues`: all records of its document, the latest last; `more`: `steps`, and what only staff see."""
    known = list(entries)
    due = applicable(item, known)
    issued = _issue_view(issues)
    if (steps := more.get("steps")) is not None:
        documents = [_document_step(item, issues)] if issues else []
        more["steps"] = in_order([*steps, *documents])
    return ItemView(
        **{name: getattr(item, name) for name in ItemView.__struct_fields__ if name in _OF_ITEM},
        **{name: getattr(item.terms, name) for name in ItemView.__struct_fields__ if name in _OF_TERMS},
        page=item_page(item),
        facets=tuple(_facet_view(entry, entry.facet in due) for entry in entries_of(known)),
        completeness=completeness(item, known),
        issued=issued,
        **more,
    )


_FOR_STAFF = {"confidential_basis", "exploratory_risk", "pending"}
_OF_ITEM = set(Item.__struct_fields__) - _FOR_STAFF
_OF_TERMS = set(Terms.__struct_fields__) - _FOR_STAFF


def for_staff(view: ItemView, item: Item, papers: Iterable[FiledPaper], following: Iterable[NextView]) -> ItemView:
    """The same with what is not public."""
    return replace(
        view,
        continues=item.terms.continues,
        confidential_basis=item.terms.confidential_basis,
        exploratory_risk=item.terms.exploratory_risk,
        pending=item.pending,
        papers=tuple(PaperView(filed.paper, filed.has_dissent) for filed in papers),
        next=tuple(following),
    )


def _facet_view(entry: Entry, applies: bool) -> FacetView:
    return FacetView(
        facet=entry.facet,
        required=entry.facet in REQUIRED,
        applies=applies,
        state=entry.state,
        url=entry.url,
        published_on=entry.published_on,
        reason=entry.reason,
        link=entry.link,
        checked_at=entry.checked_at,
    )


def _issue_view(issues: Sequence[Issue]) -> IssueView | None:
    if not issues:
        return None
    latest = issues[-1]
    shared = {name: getattr(latest, name) for name in IssueView.__struct_fields__ if hasattr(latest, name)}
    moved = tuple(
        MovedIssue(before.issued_on, after.issued_on, after.reason)
        for before, after in pairwise(issues)
        if before.issued_on != after.issued_on
    )
    return IssueView(**shared, corrections=latest.number - 1, moved=moved)


def _document_step(item: Item, issues: Sequence[Issue]) -> Step:
    latest = issues[-1]
    return Step(
        kind="document",
        source_id=item.id,
        version=latest.number,
        state="issued" if latest.number == 1 else "corrected",
        title=latest.title,
        on=latest.issued_on,
        page=latest.url,
        detail={"number": latest.number, "document_no": latest.document_no, "basis": latest.basis},
    )


def catalogue_view(catalogue: Catalogue, today: date, **more: Any) -> CatalogueView:
    own = set(Catalogue.__struct_fields__)
    published_on = catalogue.published_on
    return CatalogueView(
        **{name: getattr(catalogue, name) for name in CatalogueView.__struct_fields__ if name in own},
        due_on=catalogue.due_on,
        late_days=None if published_on is None else late_days(published_on, catalogue.year),
        overdue=is_overdue(published_on, catalogue.year, today),
        page=catalogue_page(catalogue),
        **more,
    )


def revision_view(revision: Revision) -> RevisionView:
    shared = {name: getattr(revision, name) for name in RevisionView.__struct_fields__ if hasattr(revision, name)}
    return RevisionView(**shared, published_on=local_date(revision.published_at))


def revision_document(
    catalogue: Catalogue, items: Sequence[Item], reason: str, today: date, not_public: Collection[UUID]
) -> RevisionDocument:
    """The text that is published today. `not_public`: what none of the items may be seen to continue."""
    assert catalogue.legality_checked_on is not None
    assert catalogue.consented_on is not None
    listed = [item for item in items if item.listed_on is not None]
    return RevisionDocument(
        catalogue_id=catalogue.id,
        unit=catalogue.unit,
        year=catalogue.year,
        revision=catalogue.revision,
        reason=reason,
        legality_checked_on=catalogue.legality_checked_on,
        consented_on=catalogue.consented_on,
        consented_by=catalogue.consented_by,
        published_on=today,
        empty_reason=catalogue.empty_reason,
        items=tuple(_listed_item(item, not_public) for item in listed if not item.is_withheld),
        withheld=sum(item.is_withheld for item in listed),
    )


def _listed_item(item: Item, not_public: Collection[UUID]) -> ListedItem:
    assert item.listed_in is not None
    shared = {name: getattr(item.terms, name) for name in ListedItem.__struct_fields__ if hasattr(item.terms, name)}
    listed = ListedItem(**shared, item_id=item.id, state=item.state, state_reason=item.reason, listed_in=item.listed_in)
    return replace(listed, continues=None) if listed.continues in not_public else listed


def difference_view(catalogue_id: UUID, former_id: UUID | None, difference: Difference) -> DifferenceView:
    return DifferenceView(
        catalogue_id=catalogue_id,
        former_id=former_id,
        added=tuple(AddedView(_compared(item), item.listing_reason) for item in difference.added),
        kept=tuple(KeptView(_compared(each.item), _compared(each.former)) for each in difference.kept),
        dropped=tuple(DroppedView(_compared(each.former), each.reason) for each in difference.dropped),
        finished=tuple(_compared(item) for item in difference.finished),
    )


def _compared(item: Item) -> ComparedItem:
    return ComparedItem(item.id, item.year, item.terms.title, item.state, item_page(item))


def coverage_view(units: Iterable[str], published: dict[str, Catalogue], year: int, today: date) -> CoverageView:
    """`published`: the public catalogues of the year, by unit."""
    lines = tuple(_covered(unit, published.get(unit), year, today) for unit in units)
    return CoverageView(
        year=year,
        due_on=due_on(year),
        published=sum(line.state == "published" for line in lines),
        in_time=sum(line.late_days == 0 for line in lines),
        missing=sum(line.state == "missing" for line in lines),
        units=lines,
    )


def _covered(unit: str, catalogue: Catalogue | None, year: int, today: date) -> UnitCoverage:
    published_on = catalogue.published_on if catalogue else None
    overdue = is_overdue(published_on, year, today)
    return UnitCoverage(
        unit=unit,
        state="missing" if published_on is None else "published",
        catalogue_id=catalogue.id if catalogue else None,
        published_on=published_on,
        revision=catalogue.revision if catalogue else None,
        late_days=None if published_on is None else late_days(published_on, year),
        overdue=overdue,
        days_overdue=late_days(today, year) if overdue else 0,
    )
