"""What openmonth answers, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from kaimen.portal.answers import ImportOutcome

Day = date


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """政府开放月 of one year; `state` is planned, published or frozen."""

    version: int
    year: int
    name: str
    theme: str
    opens_on: date
    closes_on: date
    sign_url: str
    state: str

    @property
    def frozen_on(self) -> date:
        """The day at whose beginning openmonth freezes it: 1 September, or the day after a window that ends later."""
        return max(date(self.year, 9, 1), self.closes_on + timedelta(days=1))


class Campaigns(msgspec.Struct, frozen=True):
    items: tuple[Campaign, ...]


class ProgrammeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One session, or an event that has none yet."""

    event_id: UUID
    title: str
    unit: str
    theme: str
    day: Day | None
    starts_at: datetime | None
    ends_at: datetime | None
    all_day: bool
    time_text: str
    place: str
    audience: str
    capacity_text: str
    mode: str
    contact: str
    online: bool
    tentative: bool
    state: str
    reason: str

    @property
    def is_unsure(self) -> bool:
        """Whether it may still move."""
        return self.tentative and self.state == "published"


class Programme(msgspec.Struct, frozen=True):
    items: tuple[ProgrammeLine, ...]


class Cell(msgspec.Struct, frozen=True):
    """Events of one unit and theme on one day."""

    unit: str
    theme: str
    day: date | None
    count: int
    events: tuple[UUID, ...]


class ThemeCoverage(msgspec.Struct, frozen=True):
    theme: str
    is_named: bool
    events: int
    units: int


class UnitCoverage(msgspec.Struct, frozen=True):
    """`missing`: named themes that the unit has no event for."""

    unit: str
    events: int
    missing: tuple[str, ...]


class Named(msgspec.Struct, frozen=True):
    """One side of a clash: an event, or a row of the file that is imported."""

    event_id: UUID | None
    row: int | None
    title: str
    unit: str


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """Why two events disturb each other; `kind` is venue, staff or density."""

    kind: str
    day: Day
    tentative: bool
    events: tuple[Named, ...]
    reason: str
    reason_en: str

    @property
    def detail(self) -> str:
        return self.reason

    @property
    def detail_en(self) -> str:
        return self.reason_en


class Board(msgspec.Struct, frozen=True):
    """`gaps`: named themes without any event; `without`: units without any. Of `warned` warnings `fitting` were
    asked for; `warnings` are one page of them."""

    cells: tuple[Cell, ...]
    themes: tuple[ThemeCoverage, ...]
    gaps: tuple[str, ...]
    units: tuple[UnitCoverage, ...]
    without: tuple[str, ...]
    warnings: tuple[Clash, ...]
    warned: int = 0
    fitting: int = 0


class Figures(msgspec.Struct, frozen=True):
    events: int
    held: int
    postponed: int
    cancelled: int
    counted: int
    reported: int
    registered: int
    checked_in: int
    suggestions: int
    replies: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One event; `why_not`: why it is not counted for row 45, else empty."""

    event_id: UUID
    title: str
    unit: str
    theme: str
    days: tuple[date, ...]
    state: str
    why_not: str


class Line(msgspec.Struct, frozen=True):
    """Figures of one unit, theme or day; `met`: whether a unit has met row 45."""

    name: str
    figures: Figures
    met: bool = False


class Report(msgspec.Struct, frozen=True):
    figures: Figures
    units: tuple[Line, ...]
    themes: tuple[Line, ...]
    days: tuple[Line, ...]
    met: tuple[str, ...]
    not_met: tuple[str, ...]
    rows: tuple[Row, ...]


class Sign(msgspec.Struct, frozen=True):
    """A photo on file."""

    number: int
    sha256: str
    filed_at: datetime


class SignLine(msgspec.Struct, frozen=True, kw_only=True):
    """An event and the evidence that it showed the sign; `reported`: its report says so."""

    event_id: UUID
    title: str
    unit: str
    days: tuple[date, ...]
    state: str
    online: bool
    photo: Sign | None
    reported: bool
    is_missing: bool


class Signs(msgspec.Struct, frozen=True):
    items: tuple[SignLine, ...]


class ArchivedDocument(msgspec.Struct, frozen=True):
    document: str
    sha256: str
    octets: int
    frozen_at: datetime


class Archive(msgspec.Struct, frozen=True):
    items: tuple[ArchivedDocument, ...]


class MonthImport(ImportOutcome, frozen=True, kw_only=True):
    """What opendays made of a file, and what its rows are in the way of."""

    clashes: tuple[Clash, ...]
