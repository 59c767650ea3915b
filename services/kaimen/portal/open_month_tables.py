"""The open month as tables: sessions by day, the heat of units, themes and days, the figures as bars."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

import msgspec

from kaimen.portal.bars import WIDTH, Bar, Shape
from kaimen.portal.open_month_answers import Board, Campaign, Cell, Figures, Line, ProgrammeLine, Report
from kaimen.portal.open_month_words import HEAT

OTHER = ""
"""The theme of all events that name none of the six."""
COLUMN, HEIGHT = 20, 100
Place = str | date | None
"""What a column of a heat table stands for: a theme, a day, or no day yet."""


class DayGroup(msgspec.Struct, frozen=True):
    """Sessions of one day; those without a day have None, and come last."""

    day: date | None
    lines: tuple[ProgrammeLine, ...]


class Count(msgspec.Struct, frozen=True):
    """Events in one place of a heat table; `level` is their place in HEAT."""

    events: int
    level: int


class HeatRow(msgspec.Struct, frozen=True):
    name: str
    counts: tuple[Count, ...]
    total: int


class Heat(msgspec.Struct, frozen=True):
    """`columns` are themes or days; `totals` count each event once a column."""

    columns: tuple[Place, ...]
    rows: tuple[HeatRow, ...]
    totals: tuple[int, ...]


class Column(msgspec.Struct, frozen=True):
    """One day of the plot, from the bottom up: what was held, then the rest. y grows downwards, as in SVG."""

    day: date
    x: int
    events: int
    held: int
    held_y: float
    held_height: float
    rest_y: float
    rest_height: float


class Plot(msgspec.Struct, frozen=True):
    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        return len(self.columns) * COLUMN


def by_day(lines: Iterable[ProgrammeLine]) -> list[DayGroup]:
    """From lines in order of time."""
    return [DayGroup(day, tuple(found)) for day, found in groupby(lines, key=lambda line: line.day)]


def days_of(lines: Iterable[ProgrammeLine]) -> dict[date, int]:
    """How many sessions each day has, in order of days."""
    counts: dict[date, int] = {}
    for line in lines:
        if line.day is not None:
            counts[line.day] = counts.get(line.day, 0) + 1
    return dict(sorted(counts.items()))


def window_of(campaign: Campaign) -> list[date]:
    span = (campaign.closes_on - campaign.opens_on).days
    return [campaign.opens_on + timedelta(days=day) for day in range(span + 1)]


def level_of(events: int) -> int:
    return sum(events >= least for least, _, _ in HEAT) - 1


def themes_heat(board: Board) -> Heat:
    """Units that have events × the six themes, and one column for all others if there are any."""
    named = tuple(theme.theme for theme in board.themes if theme.is_named)
    has_other = any(theme.events for theme in board.themes if not theme.is_named)
    columns = (*named, OTHER) if has_other else named
    return _heat(board.cells, columns, lambda cell: cell.theme if cell.theme in named else OTHER)


def days_heat(board: Board, campaign: Campaign, theme: str = "") -> Heat:
    """Units × the days of the window, and others on which there is something; of one theme, or of all."""
    cells = [cell for cell in board.cells if not theme or cell.theme == theme]
    found = {cell.day for cell in cells}
    days = sorted({*window_of(campaign), *(day for day in found if day is not None)})
    columns: tuple[date | None, ...] = (*days, None) if None in found else tuple(days)
    return _heat(cells, columns, lambda cell: cell.day)


def _heat(cells: Iterable[Cell], columns: Sequence[Place], column_of: Callable[[Cell], Place]) -> Heat:
    places = {column: place for place, column in enumerate(columns)}
    rows: dict[str, list[set[UUID]]] = {}
    for cell in cells:
        rows.setdefault(cell.unit, [set() for _ in columns])[places[column_of(cell)]].update(cell.events)
    return Heat(
        columns=tuple(columns),
        rows=tuple(_heat_row(unit, found) for unit, found in sorted(rows.items())),
        totals=tuple(len(set[UUID]().union(*column)) for column in zip(*rows.values(), strict=True)),
    )


def _heat_row(unit: str, found: Sequence[set[UUID]]) -> HeatRow:
    counts = tuple(Count(len(events), level_of(len(events))) for events in found)
    return HeatRow(unit, counts, len(set[UUID]().union(*found)))


def figures_bar(figures: Figures, most: int) -> Bar:
    """Counted, held without counting, and not held, in proportion to `most` events."""
    parts = (
        ("adopted", figures.counted),
        ("partly", figures.held - figures.counted),
        ("left", figures.events - figures.held),
    )
    shapes: list[Shape] = []
    x = 0.0
    for name, count in parts:
        if count and most:
            width = round(WIDTH * count / most, 2)
            shapes.append(Shape(name, round(x, 2), width))
            x += width
    return Bar(tuple(shapes), WIDTH)


def with_bars(lines: Sequence[Line]) -> list[tuple[Line, Bar]]:
    most = max((line.figures.events for line in lines), default=0)
    return [(line, figures_bar(line.figures, most)) for line in lines]


def days_plot(report: Report, campaign: Campaign) -> Plot:
    """A column for each day of the window, and for others on which there was something."""
    figures = {date.fromisoformat(line.name): line.figures for line in report.days}
    most = max((found.events for found in figures.values()), default=0)
    days = sorted({*window_of(campaign), *figures})
    return Plot(tuple(_column(day, place, figures.get(day), most) for place, day in enumerate(days)))


def _column(day: date, place: int, figures: Figures | None, most: int) -> Column:
    events, held = (figures.events, figures.held) if figures else (0, 0)
    full = round(HEIGHT * events / most, 2) if most else 0.0
    part = round(HEIGHT * held / most, 2) if most else 0.0
    return Column(
        day=day, x=place * COLUMN, events=events, held=held, held_y=round(HEIGHT - part, 2), held_height=part,
        rest_y=round(HEIGHT - full, 2), rest_height=round(full - part, 2),
    )  # fmt: skip


def not_counted(report: Report) -> dict[str, int]:
    """How many events each reason keeps out of row 45."""
    reasons: dict[str, int] = {}
    for row in report.rows:
        if row.why_not:
            reasons[row.why_not] = reasons.get(row.why_not, 0) + 1
    return reasons
