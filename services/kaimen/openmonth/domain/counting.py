"""The month's figures, and row 45: at least one event of a unit held offline in the window with the sign shown."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.opendays import EventState, OpenEvent, ReportFigures
from kaimen.openmonth.domain.campaigns import Campaign
from kaimen.openmonth.domain.occasions import days_of, is_held, theme_of

WhyNot = Literal["", "not_held", "online", "outside_window", "no_sign"]


class Fact(msgspec.Struct, frozen=True):
    """What is known of an event: its last picture, the figures of its report, and whether a photo shows the sign."""

    event: OpenEvent
    figures: ReportFigures | None
    has_photo: bool

    @property
    def sign_shown(self) -> bool:
        return self.has_photo or (self.figures is not None and self.figures.sign_shown)


class Figures(msgspec.Struct, frozen=True):
    """Counts. `events`: all that were announced. `counted`: those of row 45. People and words: as reported."""

    events: int = 0
    held: int = 0
    postponed: int = 0
    cancelled: int = 0
    counted: int = 0
    reported: int = 0
    registered: int = 0
    checked_in: int = 0
    suggestions: int = 0
    replies: int = 0


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One event with what it adds to the figures. `page`: where the public reads it. `why_not`: why it is not counted
    for row 45, else empty."""

    event_id: UUID
    title: str
    unit: str
    theme: str
    days: tuple[date, ...]
    state: EventState
    figures: Figures
    why_not: WhyNot
    page: str


class Line(msgspec.Struct, frozen=True):
    """Figures of one unit, theme or day, and the events whose rows they are the sum of."""

    name: str
    figures: Figures
    events: tuple[UUID, ...]


class UnitLine(msgspec.Struct, frozen=True):
    """A unit's line; `met`: whether it has met row 45."""

    name: str
    figures: Figures
    events: tuple[UUID, ...]
    met: bool


class Report(msgspec.Struct, frozen=True):
    """The figures of the month; every one is the sum of `rows`. An event of several days stands in the line of each.
    `met` and `not_met`: units by row 45."""

    figures: Figures
    units: tuple[UnitLine, ...]
    themes: tuple[Line, ...]
    days: tuple[Line, ...]
    met: tuple[str, ...]
    not_met: tuple[str, ...]
    rows: tuple[Row, ...]


def why_not_counted(fact: Fact, campaign: Campaign) -> WhyNot:
    """Empty when the event counts for row 45."""
    if not is_held(fact.event):
        return "not_held"
    if fact.event.online:
        return "online"
    if not any(campaign.opens_on <= day <= campaign.closes_on for day in days_of(fact.event)):
        return "outside_window"
    return "" if fact.sign_shown else "no_sign"


def report(campaign: Campaign, facts: Iterable[Fact], units: Sequence[str]) -> Report:
    """From the events of the campaign and all units that there are."""
    rows = sorted((_row(fact, campaign) for fact in facts), key=lambda row: (row.unit, row.days, str(row.event_id)))
    by_unit: dict[str, list[Row]] = {unit: [] for unit in units}
    by_theme: dict[str, list[Row]] = {}
    by_day: dict[str, list[Row]] = {}
    for row in rows:
        by_unit.setdefault(row.unit, []).append(row)
        by_theme.setdefault(row.theme, []).append(row)
        for day in row.days:
            by_day.setdefault(day.isoformat(), []).append(row)
    lines = [_line(name, found) for name, found in sorted(by_unit.items())]
    unit_lines = [UnitLine(line.name, line.figures, line.events, line.figures.counted > 0) for line in lines]
    return Report(
        figures=_sum(rows),
        units=tuple(unit_lines),
        themes=tuple(_line(name, found) for name, found in sorted(by_theme.items())),
        days=tuple(_line(name, found) for name, found in sorted(by_day.items())),
        met=tuple(line.name for line in unit_lines if line.met),
        not_met=tuple(line.name for line in unit_lines if not line.met),
        rows=tuple(rows),
    )


def _row(fact: Fact, campaign: Campaign) -> Row:
    event, told = fact.event, fact.figures
    why_not = why_not_counted(fact, campaign)
    return Row(
        event_id=event.event_id,
        title=event.title,
        unit=event.unit,
        theme=theme_of(event.theme),
        days=tuple(days_of(event)),
        state=event.state,
        figures=Figures(
            events=1,
            held=int(is_held(event)),
            postponed=int(event.state == "postponed"),
            cancelled=int(event.state == "cancelled"),
            counted=int(not why_not),
            reported=int(told is not None),
            registered=told.registered if told else 0,
            checked_in=told.checked_in if told else 0,
            suggestions=told.suggestions if told else 0,
            replies=told.replies if told else 0,
        ),
        why_not=why_not,
        page=f"/open-days/{event.event_id}",
    )


def _line(name: str, rows: Sequence[Row]) -> Line:
    return Line(name, _sum(rows), tuple(row.event_id for row in rows))


def _sum(rows: Iterable[Row]) -> Figures:
    counts = [msgspec.structs.astuple(row.figures) for row in rows]
    return Figures(*(sum(column) for column in zip(*counts, strict=True)))
