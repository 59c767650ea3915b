"""The month table: six weeks at most, Monday first, each day with what happens on it."""

import calendar
import re
from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from kaimen.portal.answers import Event, FieldFault

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_DAY = re.compile(r"20\d\d-\d\d-\d\d")
NO_DAY = FieldFault("", "没有这一天，请写成 2026-08-01 的样子。", "There is no such day; write it like 2026-08-01.")
NO_MONTH = FieldFault("month", "没有这个月，请写成 2026-08 的样子。", "There is no such month; write it like 2026-08.")


class Day(msgspec.Struct, frozen=True):
    on: date
    in_month: bool
    events: int


class Month(msgspec.Struct, frozen=True):
    """`first` is its first day; `weeks` are rows of seven days."""

    first: date
    weeks: tuple[tuple[Day, ...], ...]
    is_empty: bool

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def last(self) -> date:
        return last_day(self.first)

    @property
    def before(self) -> str:
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        return f"{self.last + timedelta(days=1):%Y-%m}"


def read_month(text: str) -> date | None:
    """First day of the month in "2026-08", or None."""
    match = _MONTH.fullmatch(text)
    return date(int(match[1]), int(match[2]), 1) if match else None


def read_day(text: str) -> date | None:
    """The day in "2026-08-01", of the years that `read_month` reads, or None."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def last_day(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def month_of(first: date, events: Iterable[Event]) -> Month:
    """The month that begins on `first` with the number of events on each of its days."""
    counts: dict[date, int] = {}
    for event in events:
        for day in {session.date for session in event.live_sessions}:
            counts[day] = counts.get(day, 0) + 1
    weeks = tuple(
        tuple(Day(day, day.month == first.month, counts.get(day, 0)) for day in week)
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    )
    is_empty = not any(day.events for week in weeks for day in week if day.in_month)
    return Month(first, weeks, is_empty)
