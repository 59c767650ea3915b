"""What adoption answers, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import date, datetime
from uuid import UUID

import msgspec


class Passage(msgspec.Struct, frozen=True):
    key: str
    text: str
    heading: str = ""


class Way(msgspec.Struct, frozen=True):
    kind: str
    address: str = ""


class ChannelUse(msgspec.Struct, frozen=True):
    channel: str
    name: str
    place: str
    from_on: date
    to_on: date


class Extension(msgspec.Struct, frozen=True):
    closed_before_on: date
    closes_on: date
    reason: str
    at: datetime


class Consultation(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int
    state: str
    unit: str
    catalogue_item: UUID | None
    title: str
    summary: str
    passages: tuple[Passage, ...]
    draft_url: str
    explanation: str
    explanation_url: str
    background_url: str
    ways: tuple[Way, ...]
    channels: tuple[ChannelUse, ...]
    opens_on: date
    closes_on: date
    days: int
    shortened_reason: str
    extensions: tuple[Extension, ...]
    announced_at: datetime | None
    closed_at: datetime | None
    received: int
    report_id: UUID | None
    report: str

    def passage(self, key: str) -> Passage | None:
        return next((each for each in self.passages if each.key == key), None)


class Consultations(msgspec.Struct, frozen=True):
    items: tuple[Consultation, ...]
    next: str | None


class Attachment(msgspec.Struct, frozen=True):
    """附件. `size`: octets."""

    number: int
    name: str
    kind: str
    size: int
    added_at: datetime

    @property
    def kilobytes(self) -> int:
        return max(1, self.size // 1024)


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What the public sees of an opinion, and, for its own staff, the rest."""

    no: int
    received_on: date
    channel: str
    passage: str
    text: str
    version: int = 0
    shortened: bool = False
    note: str = ""
    submitter_kind: str = ""
    group: UUID | None = None
    aside: str | None = None
    aside_reason: str = ""
    duplicate_of: int | None = None
    withdrawn_by_author: bool = False
    visibility: str = "shown"
    visibility_reason: str = ""
    public_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    contact: str | None = None


class Opinions(msgspec.Struct, frozen=True):
    items: tuple[Opinion, ...]
    next: str | None


class Receipt(msgspec.Struct, frozen=True):
    receipt: str
    no: int


class Change(msgspec.Struct, frozen=True):
    passage: str
    before: str = ""
    after: str = ""


class OwnOpinion(msgspec.Struct, frozen=True, kw_only=True):
    no: int
    consultation_id: UUID
    consultation: str
    unit: str
    closes_on: date
    received_on: date
    passage: str
    text: str
    state: str
    visibility: str
    visibility_reason: str
    public_text: str
    aside_reason: str
    duplicate_of: int | None
    group_summary: str
    group_size: int
    outcome: str | None
    reason: str
    change: Change | None
    attachments: tuple[Attachment, ...]
    report: str

    @property
    def can_withdraw(self) -> bool:
        """Once it is answered, it is too late."""
        return self.state in ("received", "grouped")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    dry_run: bool
    rows: int
    by_channel: dict[str, int]
    ignored: tuple[str, ...]
    first: int | None
    last: int | None
    errors: tuple["RowProblem", ...]


class RowProblem(msgspec.Struct, frozen=True):
    row: int
    column: str
    detail: str
    detail_en: str


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    no: int
    text: str
    score: int
    shared: tuple[str, ...]
    same: tuple[int, ...]


class ProposedGroup(msgspec.Struct, frozen=True):
    opinions: tuple[Candidate, ...]


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    looked_at: int
    next: int | None
    groups: tuple[ProposedGroup, ...]


class Cluster(msgspec.Struct, frozen=True):
    id: UUID
    no: int
