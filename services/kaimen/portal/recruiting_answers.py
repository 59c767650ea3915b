"""What services that recruit answer, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import datetime
from uuid import UUID

import msgspec


class Occasion(msgspec.Struct, frozen=True):
    """For what people are recruited; `page` is its public page."""

    id: UUID
    unit: str
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    page: str


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
    occasion: Occasion
    name: str
    topics: tuple[str, ...]
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
        return self.method in ("draw", "panel", "external", "first_come")

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
    recruitment_name: str
    method: str
    occasion: Occasion
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
