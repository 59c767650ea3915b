"""Unit × theme × day: what there is, and what is missing."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import msgspec

from kaimen.contracts.opendays import THEMES, OpenEvent
from kaimen.openmonth.domain.clashes import Kind, Warning, clashes
from kaimen.openmonth.domain.occasions import days_of, is_live, occasions, theme_of


class Cell(msgspec.Struct, frozen=True):
    """Events of one unit and theme on one day; those without a day have none."""

    unit: str
    theme: str
    day: date | None
    count: int
    events: tuple[UUID, ...]


class ThemeCoverage(msgspec.Struct, frozen=True):
    """How many events a theme has, from how many units."""

    theme: str
    is_named: bool
    events: int
    units: int


class UnitCoverage(msgspec.Struct, frozen=True):
    """How many events a unit has; `missing`: the named themes that it has none for."""

    unit: str
    events: int
    missing: tuple[str, ...]


class Board(msgspec.Struct, frozen=True):
    """`gaps`: named themes without any event. `without`: units without any."""

    cells: tuple[Cell, ...]
    themes: tuple[ThemeCoverage, ...]
    gaps: tuple[str, ...]
    units: tuple[UnitCoverage, ...]
    without: tuple[str, ...]
    warnings: tuple[Warning, ...]


class Wanted(msgspec.Struct, frozen=True):
    """Which warnings of a board: of one kind, of one unit, `limit` of them after the first `offset`. None: any."""

    kind: Kind | None = None
    unit: str | None = None
    limit: int | None = None
    offset: int = 0


class BoardPart(Board, frozen=True, kw_only=True):
    """A board with the wanted warnings. `warned` counts all that there are, `fitting` those of that kind and unit."""

    warned: int
    fitting: int


def part_of(whole: Board, wanted: Wanted) -> BoardPart:
    fitting = [
        warning
        for warning in whole.warnings
        if wanted.kind in (None, warning.kind)
        and (wanted.unit is None or any(named.unit == wanted.unit for named in warning.events))
    ]
    until = None if wanted.limit is None else wanted.offset + wanted.limit
    shown = {**msgspec.structs.asdict(whole), "warnings": tuple(fitting[wanted.offset : until])}
    return BoardPart(**shown, warned=len(whole.warnings), fitting=len(fitting))


def board(events: Iterable[OpenEvent], units: Sequence[str]) -> Board:
    """What takes place, against the six named themes and all units (which may be fewer than those of the events)."""
    live = [event for event in events if is_live(event)]
    by_theme: dict[str, list[OpenEvent]] = {theme: [] for theme in THEMES}
    by_unit: dict[str, list[OpenEvent]] = {unit: [] for unit in units}
    for event in live:
        by_theme.setdefault(theme_of(event.theme), []).append(event)
        by_unit.setdefault(event.unit, []).append(event)
    return Board(
        cells=tuple(_cells(live)),
        themes=tuple(
            ThemeCoverage(theme, theme in THEMES, len(found), len({event.unit for event in found}))
            for theme, found in by_theme.items()
        ),
        gaps=tuple(theme for theme in THEMES if not by_theme[theme]),
        units=tuple(UnitCoverage(unit, len(found), _missing(found)) for unit, found in sorted(by_unit.items())),
        without=tuple(sorted(unit for unit, found in by_unit.items() if not found)),
        warnings=tuple(clashes(occasions(live))),
    )


def _cells(live: Iterable[OpenEvent]) -> list[Cell]:
    found: dict[tuple[str, str, date | None], list[UUID]] = {}
    for event in live:
        for day in days_of(event) or [None]:
            found.setdefault((event.unit, theme_of(event.theme), day), []).append(event.event_id)
    cells = [Cell(*key, len(ids), tuple(sorted(ids))) for key, ids in found.items()]
    return sorted(cells, key=lambda cell: (cell.unit, cell.theme, cell.day or date.max))


def _missing(events: Iterable[OpenEvent]) -> tuple[str, ...]:
    has = {theme_of(event.theme) for event in events}
    return tuple(theme for theme in THEMES if theme not in has)
