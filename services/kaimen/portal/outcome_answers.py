"""What adoption answers of what became of opinions: groups, reports and clocks, as far as the pages show them. Fields
that a newer service adds are ignored."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from kaimen.portal.adoption_answers import Change, ChannelUse, Extension


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    received: int = 0
    adopted: int = 0
    partly: int = 0
    not_adopted: int = 0
    already_covered: int = 0
    out_of_scope: int = 0
    withdrawn: int = 0
    duplicate: int = 0

    @property
    def parts(self) -> list[tuple[str, int]]:
        """What became of the opinions, in the order in which it is always told."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "received"]


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    report_id: UUID
    version: int
    state: str
    number: int
    unit: str
    catalogue_item: UUID | None
    title: str
    summary: str
    dropped: bool
    correction: str
    tally: Tally | None
    published_at: datetime | None


class Reports(msgspec.Struct, frozen=True):
    items: tuple[ReportLine, ...]
    next: str | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int = 0
    no: int
    consultation_id: UUID
    summary: str
    passage: str
    size: int
    concentrated: bool
    outcome: str | None
    reason: str
    change: Change | None
    channels: dict[str, int]


class Rule(msgspec.Struct, frozen=True):
    least: int
    share: float

    @property
    def percent(self) -> str:
        return f"{self.share * 100:g}"


class Participation(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    title: str
    held_on: date
    people: int
    counted: Tally
    page: str = ""
    source: str = "typed"


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    name: str
    used: bool
    uses: tuple[ChannelUse, ...]
    people: int
    tally: Tally


class ConsultationLine(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    opens_on: date
    closes_on: date
    shortened_reason: str
    extensions: tuple[Extension, ...]
    received: int
    page: str


class Side(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    heading: str
    before: str | None
    after: str | None
    groups: tuple[int, ...]
    note: str


class PublishedReport(msgspec.Struct, frozen=True, kw_only=True):
    report_id: UUID
    number: int
    unit: str
    catalogue_item: UUID | None
    title: str
    dropped: bool
    basis: str
    summary: str
    correction: str
    consultations: tuple[ConsultationLine, ...]
    participations: tuple[Participation, ...]
    channels: tuple[ChannelLine, ...]
    tally: Tally
    rule: Rule
    groups: tuple[Group, ...]
    passages: tuple[Side, ...]
    final_url: str
    document_title: str
    document_no: str
    issued_on: date | None
    due_on: date | None
    published_at: datetime | None

    @property
    def ordered_groups(self) -> list[Group]:
        """Concentrated ones first, then as they are numbered."""
        places = {each.id: place for place, each in enumerate(self.consultations)}
        return sorted(self.groups, key=lambda each: (not each.concentrated, places[each.consultation_id], each.no))

    @property
    def anchors(self) -> dict[UUID, str]:
        """Where each group stands on the page. Numbers count within a consultation; those of the latest one, whose
        draft became the document, have the short names."""
        latest = max(self.consultations, key=lambda each: each.opens_on, default=None)
        places = {each.id: place for place, each in enumerate(self.consultations, 1)}
        return {
            each.id: f"group-{each.no}"
            if latest is not None and each.consultation_id == latest.id
            else f"group-{places[each.consultation_id]}-{each.no}"
            for each in self.groups
        }


class Version(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    sha256: str
    published_at: datetime
    correction: str


class Versions(msgspec.Struct, frozen=True):
    items: tuple[Version, ...]


class Fault(msgspec.Struct, frozen=True):
    type: str
    field: str
    detail: str
    detail_en: str


class ReportDesk(msgspec.Struct, frozen=True, kw_only=True):
    line: ReportLine
    document: PublishedReport
    not_used: tuple[str, ...]
    final_url: str
    faults: tuple[Fault, ...]
    versions: tuple[Version, ...]
    approvable: bool


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    received: int
    answered: int
    waiting: int
    aside: dict[str, int]
    tally: Tally
    rule: Rule
    threshold: int
    groups: tuple[Group, ...]

    @property
    def ungrouped(self) -> int:
        """Opinions that are in no group; `waiting` are all those without an answer."""
        return self.received - sum(self.aside.values()) - sum(each.size for each in self.groups)

    def group(self, id: UUID) -> Group | None:
        return next((each for each in self.groups if each.id == id), None)


class Resumption(msgspec.Struct, frozen=True):
    on: date
    reason: str
    decided_by: str


class Suspension(msgspec.Struct, frozen=True):
    from_on: date
    to_on: date
    legal_basis: str
    decided_by: str
    resumed: Resumption | None = None

    @property
    def took_effect(self) -> bool:
        return self.resumed is None or self.from_on < self.resumed.on


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int
    kind: str
    state: str
    unit: str
    catalogue_item: UUID
    title: str
    document_no: str
    url: str
    started_on: date
    working_days: int
    due_on: date | None
    provisional: bool
    not_before: date
    original_due_on: date | None
    suspensions: tuple[Suspension, ...]
    days_left: int | None
    late_days: int | None
    met_on: date | None
    breached_on: date | None
    counted: tuple[date, ...]

    @property
    def was_suspended(self) -> bool:
        """Whether any suspension took effect, so that the original day is another."""
        return any(each.took_effect for each in self.suspensions)

    def resumable(self, today: date) -> list[Suspension]:
        """The suspensions that can be ended before their last day."""
        open_ = [each for each in self.suspensions if each.resumed is None and today <= each.to_on]
        return open_ if self.state == "running" else []

    @property
    def late(self) -> int:
        """Working days after the last one, whether it was met meanwhile or not."""
        return self.late_days or 0


class Clocks(msgspec.Struct, frozen=True):
    items: tuple[Clock, ...]
    next: str | None
