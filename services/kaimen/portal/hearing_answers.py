"""What hearings answers, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from kaimen.portal.recruiting_answers import Recruitment, Source


class Side(msgspec.Struct, frozen=True):
    name: str
    why: str


class Step(msgspec.Struct, frozen=True):
    key: str
    title_zh: str
    title_en: str
    minutes: int
    voice: str


class Due(msgspec.Struct, frozen=True):
    kind: str
    latest_on: date
    plan_on: date | None
    binding: bool
    source_zh: str
    source_en: str


class Terms(msgspec.Struct, frozen=True):
    method: str
    seats: int
    eligibility: tuple[str, ...] = ()
    criteria: str = ""
    quotas: dict[str, dict[str, tuple[int, int]]] = {}
    contact: str = ""


class Group(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    side: str
    role: str
    consumers: bool
    terms: Terms
    recruitment: Recruitment | None


class RosterLine(msgspec.Struct, frozen=True):
    pseudonym: str
    name: str
    group: str
    side: str
    how: str
    state: str


class SignOffCounts(msgspec.Struct, frozen=True):
    version: int
    sha256: str
    confirmed: int
    objected: int
    refused: int
    absent: int
    outstanding: int

    @property
    def participants(self) -> int:
        return self.confirmed + self.objected + self.refused + self.absent + self.outstanding


class Passage(msgspec.Struct, frozen=True):
    where: str
    before: str
    after: str


class ReportedPoint(msgspec.Struct, frozen=True):
    no: int
    speaker: str
    side: str
    text: str
    disposition: str
    reason: str
    passage: Passage | None


class Report(msgspec.Struct, frozen=True):
    summary: str
    record_version: int
    record_sha256: str
    published_at: datetime
    points: tuple[ReportedPoint, ...]


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int
    state: str
    unit: str
    catalogue_item: UUID | None
    profile: str
    profile_title_zh: str
    profile_title_en: str
    title: str
    matters: str
    draft_url: str
    explanation_url: str
    starts_at: datetime
    ends_at: datetime
    place: str
    presider: str
    recorder: str
    speaking_minutes: int
    sides: tuple[Side, ...]
    steps: tuple[Step, ...]
    opens_at: datetime | None
    closes_at: datetime | None
    entropy: tuple[Source, ...]
    accessibility: str
    reason: str
    clocks: tuple[Due, ...]
    announced_at: datetime | None
    list_published_at: datetime | None
    delivered_at: datetime | None
    held_at: datetime | None
    confirmed_at: datetime | None
    reported_at: datetime | None
    archived_at: datetime | None
    archive_ref: str
    groups: tuple[Group, ...] | None = None
    roster: tuple[RosterLine, ...] | None = None
    awaiting_materials: int | None = None
    record: SignOffCounts | None = None
    report: Report | None = None


class Hearings(msgspec.Struct, frozen=True):
    items: tuple[Hearing, ...]
    next: str | None


class Document(msgspec.Struct, frozen=True):
    title: str
    url: str
    sha256: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    pseudonym: str
    documents: tuple[Document, ...]
    way: str
    delivered_on: date | None
    receipt: str
    waiver: str
    acknowledged_at: datetime | None
    stands: str


class Deliveries(msgspec.Struct, frozen=True):
    items: tuple[Delivery, ...]


class Line(msgspec.Struct, frozen=True):
    no: int
    step: str
    speaker: str
    text: str
    is_point: bool


class SignOff(msgspec.Struct, frozen=True):
    pseudonym: str
    version: int
    answer: str
    text: str
    way: str
    at: datetime


class Record(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    sha256: str
    written_at: datetime
    recording_ref: str
    lines: tuple[Line, ...]
    sign_offs: tuple[SignOff, ...]
    outstanding: tuple[str, ...]
    versions: tuple[str, ...]


class Turn(msgspec.Struct, frozen=True):
    speaker: str
    side: str
    step: str
    began_at: datetime
    ended_at: datetime | None


class Speaker(msgspec.Struct, frozen=True):
    speaker: str
    name: str
    side: str
    seconds: int
    remaining: int

    @property
    def spoken(self) -> str:
        return minutes(self.seconds)

    @property
    def left(self) -> str:
        return minutes(self.remaining)


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    state: str
    at: datetime
    speaking_minutes: int
    turn: Turn | None
    speakers: tuple[Speaker, ...]
    by_side: dict[str, int]
    turns: int

    @property
    def speaking(self) -> Speaker | None:
        """The participant who has the floor; None for presider, sponsor and the like, or for nobody."""
        return next((each for each in self.speakers if self.turn and each.speaker == self.turn.speaker), None)


def minutes(seconds: int) -> str:
    """3:05, or −0:20 when somebody is over time."""
    sign, seconds = ("−", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 60}:{seconds % 60:02}"
