"""Which day is worked, and when a period of working days ends. Make-up days count, statutory days off do not."""

from collections.abc import Iterable
from datetime import date, timedelta
from importlib.metadata import version

import chinese_calendar
import msgspec
from chinese_calendar import constants

from kaimen.contracts.calendar import NoticeDay
from kaimen.kit.refusals import Kind, refusal

MOST_DAYS = 400
BASE_YEARS = range(min(constants.holidays).year, max(constants.holidays).year + 1)
"""Years whose days are known without any loaded notice."""
BASE_SOURCE = f"chinesecalendar {version('chinesecalendar')}"

BadWorkingDays = refusal(
    "kit.bad-working-days",
    Kind.INVALID,
    "工作日数应在 1 到 {most} 之间。",
    "The number of working days must be between 1 and {most}.",
)
BeyondCalendar = refusal(
    "kit.beyond-calendar", Kind.INVALID, "该日期超出日历范围。", "This date lies at the end of all calendars."
)

_DAY = timedelta(days=1)
_FIXED_DAYS_OFF = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
_FIXED_SINCE = 2025


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one year's notice. `papers` are addresses of the notice itself, `source` says where the data were
    taken from, `sha256` is of the file's bytes in hexadecimal. `days` are those that differ from the plain week, and
    those of a weekend that belong to a holiday; a few may lie in the year before or after."""

    year: int
    version: int
    papers: tuple[str, ...]
    source: str
    sha256: str
    days: tuple[NoticeDay, ...]


class Deadline(msgspec.Struct, frozen=True):
    """The end of a period of `days` working days; `start` itself is not counted.

    `due_on` is None when the notice of a year that is needed is missing. `not_before` is then the earliest conceivable
    end, otherwise the end. `counted` are the working days of the period, when provisional only those known for sure."""

    start: date
    days: int
    due_on: date | None
    not_before: date
    counted: tuple[date, ...]

    @property
    def provisional(self) -> bool:
        return self.due_on is None


class Workdays:
    """What is known of working days: chinesecalendar, and on top of it the latest version of each notice in `notices`.

    A notice decides all days of its year, and the days that it lists in its neighbours; where two notices list the same
    day, that of the later year decides. Never changes."""

    def __init__(self, notices: Iterable[Notice] = ()) -> None:
        latest: dict[int, Notice] = {}
        for notice in sorted(notices, key=lambda notice: notice.version):
            latest[notice.year] = notice
        self._years = frozenset(latest)
        self._listed = {day.day: day.is_off for year in sorted(latest) for day in latest[year].days}

    def is_working_day(self, day: date) -> bool | None:
        """None for a day whose year's notice is missing."""
        if day in self._listed:
            return not self._listed[day]
        if day.year in self._years:
            return day.weekday() < 5
        if day.year in BASE_YEARS:
            return chinese_calendar.is_workday(day)
        return None

    def deadline(self, start: date, days: int) -> Deadline:
        """`days` working days, of which day 1 is the first one strictly after `start` (Civil Code Art. 201).

        While a notice is missing, every day of its year counts as worked except those that the measure of 2024 (in
        force since 2025) makes days off by their date: 1 January, 1 and 2 May, 1 to 3 October. Holidays of the lunar
        year and of the solar terms would need an almanac; leaving them out keeps the answer a lower bound. So does
        every notice that names days of its own year only. One may also move the last days of the December before, as
        that of 2019 did: until it is out, those days count as the year before left them.
        Raises BadWorkingDays for less than 1 or more than 400 days, BeyondCalendar where the year 10000 would be
        needed."""
        if not 1 <= days <= MOST_DAYS:
            raise BadWorkingDays(most=MOST_DAYS)
        try:
            return self._deadline(start, days)
        except OverflowError:
            raise BeyondCalendar from None

    def plus(self, start: date, days: int) -> date | None:
        """The end of that period, None when a notice is missing. Raises like `deadline`."""
        return self.deadline(start, days).due_on

    def count(self, after: date, until: date) -> int | None:
        """The working days after `after`, up to and including `until`; None when the notice of a year between is
        missing. For an `until` before `after`: minus those between, `after` included and `until` not."""
        if until < after:
            backwards = self.count(until, after)
            return None if backwards is None else -backwards
        found = 0
        for ordinal in range(after.toordinal() + 1, until.toordinal() + 1):
            working = self.is_working_day(date.fromordinal(ordinal))
            if working is None:
                return None
            found += working
        return found

    def _deadline(self, start: date, days: int) -> Deadline:
        counted: list[date] = []
        day = start
        while len(counted) < days:
            day += _DAY
            working = self.is_working_day(day)
            if working is None:
                earliest = self._earliest(day, days - len(counted))
                return Deadline(start, days, None, earliest, tuple(counted))
            if working:
                counted.append(day)
        return Deadline(start, days, day, day, tuple(counted))

    def _earliest(self, first: date, days: int) -> date:
        """The day on which `days` are used up at the earliest, counted from `first`, itself included."""
        day = first
        while (days := days - self.may_be_worked(day)) > 0:
            day += _DAY
        return day

    def may_be_worked(self, day: date) -> bool:
        """Whether it is worked or, where its year's notice is missing, conceivably is."""
        working = self.is_working_day(day)
        if working is None:
            return day.year < _FIXED_SINCE or (day.month, day.day) not in _FIXED_DAYS_OFF
        return working
