"""What decisions answers, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import date, datetime
from uuid import UUID

import msgspec


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    facet: str
    required: bool
    applies: bool
    state: str
    url: str
    published_on: date | None
    reason: str
    link: str
    checked_at: datetime | None


class Completeness(msgspec.Struct, frozen=True):
    published: int
    applicable: int
    share: float | None
    optional_published: int


class MovedIssue(msgspec.Struct, frozen=True):
    """A correction that changed the day of issue."""

    from_on: date
    to_on: date
    reason: str


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    document_no: str
    url: str
    signed_on: date
    imprint_on: date | None
    published_at: datetime | None
    issued_on: date
    basis: str
    corrections: int
    reason: str
    moved: tuple[MovedIssue, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    source_id: UUID
    state: str
    title: str
    on: date
    at: datetime | None = None
    until_on: date | None = None
    page: str = ""
    detail: dict[str, str | int] = {}


class Gap(msgspec.Struct, frozen=True):
    """A condition that is not met."""

    field: str
    zh: str
    en: str


class Next(msgspec.Struct, frozen=True):
    to: str
    missing: tuple[Gap, ...]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    category: str
    co_sponsors: tuple[str, ...]
    planned_period: str
    participation: bool
    hearing_planned: bool
    expert_required: bool
    risk_required: bool
    market_activity: bool
    enterprise_related: bool
    confidential_basis: str
    continues: UUID | None
    exploratory_risk: str


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    filed_on: date
    url: str = ""
    note: str = ""
    experts: int | None = None
    independent: bool | None = None
    signed: bool | None = None
    risk_points: tuple[str, ...] | None = None
    plans: tuple[str, ...] | None = None
    result: str | None = None
    received_on: date | None = None
    asked_for_by: date | None = None
    opinion_on: date | None = None
    opinion: str | None = None
    held_on: date | None = None
    sectors: tuple[str, ...] | None = None
    enterprises: int | None = None
    meeting: str | None = None
    head_spoke_last: bool | None = None
    dissent: str | None = None
    reported_on: date | None = None


class FiledPaper(msgspec.Struct, frozen=True):
    paper: Paper
    has_dissent: bool


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A decision; from `confidential_basis` on only for its own staff."""

    id: UUID
    version: int
    catalogue_id: UUID
    unit: str
    year: int
    state: str
    state_since: datetime
    reason: str
    title: str
    category: str
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
    facets: tuple[Facet, ...]
    completeness: Completeness
    issued: Issue | None
    steps: tuple[Step, ...] | None = None
    confidential_basis: str | None = None
    exploratory_risk: str | None = None
    pending: Terms | None = None
    papers: tuple[FiledPaper, ...] | None = None
    next: tuple[Next, ...] | None = None

    @property
    def owes_report(self) -> bool:
        """Whether a report on opinions is expected: the public was to be asked, or was asked all the same."""
        asked = ("consultation", "hearing_held", "report")
        return self.participation or any(
            step.kind in asked or step.detail.get("clock") == "report" for step in self.steps or ()
        )

    def facet(self, name: str) -> Facet:
        return next(each for each in self.facets if each.facet == name)

    def paper(self, kind: str) -> FiledPaper | None:
        return next((each for each in self.papers or () if each.paper.kind == kind), None)


class Items(msgspec.Struct, frozen=True):
    items: tuple[Item, ...]
    next: str | None


class PageVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Since when the public saw a version of an item's page."""

    version: int
    at: datetime
    sha256: str


class PageVersions(msgspec.Struct, frozen=True):
    items: tuple[PageVersion, ...]


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    reason: str
    consented_on: date
    consented_by: str
    published_on: date
    sha256: str


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's catalogue of a year; in lists without `items`, `withheld` and `revisions`."""

    id: UUID
    version: int
    unit: str
    year: int
    state: str
    legality_checked_on: date | None
    consented_on: date | None
    consented_by: str
    published_on: date | None
    revision: int
    empty_reason: str
    due_on: date
    late_days: int | None
    overdue: bool
    items: tuple[Item, ...] | None = None
    withheld: int | None = None
    revisions: tuple[Revision, ...] | None = None
    open_changes: int | None = None


class Catalogues(msgspec.Struct, frozen=True):
    items: tuple[Catalogue, ...]
    next: str | None


class ListedItem(msgspec.Struct, frozen=True, kw_only=True):
    item_id: UUID
    title: str
    category: str
    co_sponsors: tuple[str, ...]
    planned_period: str
    participation: bool
    hearing_planned: bool
    enterprise_related: bool
    state: str
    state_reason: str
    listed_in: int


class RevisionText(msgspec.Struct, frozen=True, kw_only=True):
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
    id: UUID
    year: int
    title: str
    state: str


class Added(msgspec.Struct, frozen=True):
    item: ComparedItem
    reason: str


class Kept(msgspec.Struct, frozen=True):
    item: ComparedItem
    former: ComparedItem


class Dropped(msgspec.Struct, frozen=True):
    former: ComparedItem
    reason: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    catalogue_id: UUID
    former_id: UUID | None
    added: tuple[Added, ...]
    kept: tuple[Kept, ...]
    dropped: tuple[Dropped, ...]
    finished: tuple[ComparedItem, ...]


class UnitCoverage(msgspec.Struct, frozen=True, kw_only=True):
    unit: str
    state: str
    catalogue_id: UUID | None
    published_on: date | None
    revision: int | None
    late_days: int | None
    overdue: bool
    days_overdue: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    year: int
    due_on: date
    published: int
    in_time: int
    missing: int
    units: tuple[UnitCoverage, ...]
