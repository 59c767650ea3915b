"""What representatives answers, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import date, datetime
from uuid import UUID

import msgspec


class LiveStream(msgspec.Struct, frozen=True):
    planned: bool = False
    url: str = ""
    replay: str = ""


class AgendaItem(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    catalogue_item: UUID | None = None
    suitable_for_public: bool = True
    unsuitable_reason: str = ""
    live_stream: LiveStream = LiveStream()


class Source(msgspec.Struct, frozen=True):
    """A public number; `form` says how it is written."""

    id: str
    name: str
    form: str
    fallback: tuple[str, ...] = ()


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    state: str
    reason: str
    rules_sha256: str
    entropy: tuple[Source, ...]
    seats: int
    panels: int
    ruled_at: datetime
    closed_at: datetime | None
    pool_size: int | None
    pool_root: str
    committed_at: datetime | None
    commitment: str
    lowest_ppm: int | None
    optimum_ppm: int | None
    drawn_at: datetime | None
    seed: str
    numbers: str
    panel_number: int | None
    replacements: int
    progress: str
    typed: int

    @property
    def is_moving(self) -> bool:
        """Whether somebody who watches should look again soon."""
        return self.state in ("computing", "committed")

    @property
    def lowest_percent(self) -> str:
        return percent(self.lowest_ppm or 0)

    @property
    def optimum_percent(self) -> str:
        return percent(self.optimum_ppm or 0)


class Recruitment(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    meeting_id: UUID
    items: tuple[UUID, ...]
    method: str
    state: str
    taking_applications: bool
    seats: int
    quotas: dict[str, dict[str, tuple[int, int]]]
    opens_at: datetime
    closes_at: datetime
    eligibility: tuple[str, ...]
    criteria: str
    rotation_months: int
    one_per_household: bool
    contact: str
    certificate: dict[str, str]
    counts: dict[str, int]
    excluded: dict[str, int]
    draws: tuple[Draw, ...]

    @property
    def draw(self) -> Draw | None:
        """The latest one."""
        return self.draws[-1] if self.draws else None

    @property
    def applicants(self) -> int:
        return sum(times for state, times in self.counts.items() if state != "withdrawn")

    @property
    def is_open_to_all(self) -> bool:
        return self.method in ("draw", "panel", "external")

    @property
    def steps(self) -> list[tuple[str, bool]]:
        """What has been done, in the order of a draw; each name with whether it is done."""
        draw = self.draw
        if draw is None:
            return []
        return [
            ("rules", True),
            ("closed", draw.closed_at is not None),
            ("committed", draw.committed_at is not None),
            ("drawn", draw.drawn_at is not None or self.state == "settled"),
        ]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    item: UUID
    representative: str
    summary: str
    said_at: datetime
    due_on: date | None
    outcome: str | None
    reason: str | None
    replied_at: datetime | None


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int
    state: str
    unit: str
    level: str
    title: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    place: str
    agenda_fixed: bool
    reason: str
    items: tuple[AgendaItem, ...]
    invited: int
    confirmed: int
    present: int
    statements_taken: int
    replies: int
    attended_at: datetime | None
    recruitments: tuple[Recruitment, ...] | None = None
    statements: tuple[Statement, ...] | None = None

    def item(self, id: UUID) -> AgendaItem | None:
        return next((item for item in self.items if item.id == id), None)


class Meetings(msgspec.Struct, frozen=True):
    items: tuple[Meeting, ...]
    next: str | None


class Counter(msgspec.Struct, frozen=True):
    unit: str
    level: str
    target: int
    counted: int
    open: int
    coming: int
    invited: int
    forecast: int
    met: bool
    on_track: bool


class Counters(msgspec.Struct, frozen=True):
    items: tuple[Counter, ...]


class ListLine(msgspec.Struct, frozen=True):
    pseudonym: str
    name: str
    kind: str
    how: str
    state: str
    reason: str


class Lines(msgspec.Struct, frozen=True):
    items: tuple[ListLine, ...]


class Receipt(msgspec.Struct, frozen=True):
    code: str
    pseudonym: str
    manage_token: str
    state: str


class Opening(msgspec.Struct, frozen=True):
    pseudonym: str
    features: dict[str, str]
    salt: str


class Application(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    pseudonym: str
    state: str
    exclusion: str
    reason: str
    confirm_by: datetime | None
    in_panels: int | None
    panels: int | None
    opening: Opening | None
    recruitment_id: UUID
    meeting_id: UUID
    meeting_title: str
    meeting_starts_at: datetime
    meeting_place: str
    unit: str
    contact: str

    @property
    def chance(self) -> str:
        """In percent, with one decimal."""
        return percent(1_000_000 * (self.in_panels or 0) // (self.panels or 1))


class StaffApplication(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    pseudonym: str
    state: str
    kind: str
    channel: str
    name: str
    phone: str
    features: dict[str, str]
    verified: dict[str, str] | None
    conflict: bool
    exclusion: str
    reason: str
    confirm_by: datetime | None
    created_at: datetime


class StaffApplications(msgspec.Struct, frozen=True):
    items: tuple[StaffApplication, ...]


def percent(ppm: int) -> str:
    """Parts per million as percent with one decimal, without floating point."""
    return f"{ppm // 10_000}.{ppm // 1000 % 10}%"
