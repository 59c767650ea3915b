"""A holiday notice as a file: JSON of the form that NateScarlet/holiday-cn publishes, read and doubted.

A file with a day too few would make every later deadline wrong without a sound. So the days off must add up to what
the measure on holidays (全国年节及纪念日放假办法) grants.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta

from kaimen.contracts.calendar import NoticeDay
from kaimen.kit.refusals import FieldError, Kind, Refusal, refusal
from kaimen.kit.workdays.calendar import Notice

NoticeUnreadable = refusal(
    "kit.notice-unreadable",
    Kind.INVALID,
    "不是放假通知数据（JSON：year、papers、days）：{what}",
    "This is no holiday notice (JSON: year, papers, days): {what}",
)
NoticeNotOut = refusal(
    "kit.notice-not-out",
    Kind.INVALID,
    "{year}年没有任何日期：国务院办公厅的通知尚未发布。",
    "There are no days for {year}: the notice is not out.",
)
NoticeOfOtherYear = refusal(
    "kit.notice-of-other-year",
    Kind.INVALID,
    "这是{year}年的通知，不是{wanted}年的。",
    "This is the notice for {year}, not for {wanted}.",
)
DayOfOtherYear = refusal(
    "kit.notice-day-of-other-year",
    Kind.INVALID,
    "{day}不属于{year}年的通知。",
    "{day} does not belong to the notice for {year}.",
)
DayRepeated = refusal("kit.notice-day-repeated", Kind.INVALID, "{day}列出多次。", "{day} is listed more than once.")
MakeUpOnWeekday = refusal(
    "kit.notice-make-up-on-weekday",
    Kind.INVALID,
    "{day}是星期一至星期五，不能是调休上班日。",
    "{day} is no Saturday or Sunday and cannot be worked to make up for another day.",
)
HolidayMissing = refusal(
    "kit.notice-holiday-missing", Kind.INVALID, "缺少节日：{holiday}。", "A holiday is missing: {holiday}."
)
HolidayWithGap = refusal(
    "kit.notice-holiday-with-gap",
    Kind.INVALID,
    "{label}的假期不连续：缺少{day}。",
    "The days off of {label} have a gap: {day} is missing.",
)
StatutoryDayMissing = refusal(
    "kit.notice-statutory-day-missing",
    Kind.INVALID,
    "{day}是法定节假日，却没有列为放假。",
    "{day} is a statutory day off and is not listed as one.",
)
DaysDoNotAddUp = refusal(
    "kit.notice-does-not-add-up",
    Kind.INVALID,
    "工作日放假{off}天，周末上班{worked}天，相差{balance}天；应相差{wanted}天，可能漏列日期。",
    "{off} weekdays off less {worked} weekend days worked make {balance}; they must make {wanted}. A day may be "
    "missing.",
)

_HOLIDAYS = ("元旦", "春节", "清明", "劳动", "端午", "国庆", "中秋")
_FIRST_YEAR, _LAST_YEAR = 2008, 2100
"""Earlier measures had other holidays."""
_GAPS_NAMED = 10


class _Day(msgspec.Struct, frozen=True, rename={"is_off": "isOffDay"}):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    date: date
    is_off: bool


class _File(msgspec.Struct, frozen=True):
    year: Annotated[int, Meta(ge=_FIRST_YEAR, le=_LAST_YEAR)]
    papers: Annotated[tuple[str, ...], Meta(max_length=20)]
    days: Annotated[tuple[_Day, ...], Meta(max_length=200)]


def read_notice(data: bytes, *, year: int | None = None, source: str = "", amendment: bool = False) -> Notice:
    """The notice in `data`, with version 0: whoever keeps it counts its versions. `year`: the one that is expected.

    An `amendment` may grant more or fewer days than the measure (on 2020-01-27 the Spring Festival became longer); all
    other checks stay. Raises NoticeUnreadable, NoticeOfOtherYear, NoticeNotOut, or the first fault of the days; its
    `errors` then hold all of them, each at its place."""
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoticeUnreadable(what=str(error)) from None
    if year is not None and file.year != year:
        raise NoticeOfOtherYear(year=file.year, wanted=year, field="year")
    if not file.days:
        raise NoticeNotOut(year=file.year, field="days")
    faults = [*_strange_days(file), *_missing_days(file), *([] if amendment else _balance(file))]
    if faults:
        first = faults[0]
        first.errors = [FieldError(each.field or "days", each.detail("zh"), each.detail("en")) for each in faults]
        raise first
    return Notice(
        year=file.year,
        version=0,
        papers=file.papers,
        source=source,
        sha256=hashlib.sha256(data).hexdigest(),
        days=tuple(NoticeDay(day.date, day.is_off, day.name) for day in sorted(file.days, key=lambda day: day.date)),
    )


def first_day_of(year: int) -> date:
    """The earliest day that a notice for `year` can list: it may reach fifteen days into the year before."""
    return date(year - 1, 12, 17)


def _strange_days(file: _File) -> Iterator[Refusal]:
    """Days that cannot stand in this notice. It may reach a few days into its neighbours, around New Year."""
    first, last = first_day_of(file.year), date(file.year + 1, 1, 5)
    times = Counter(day.date for day in file.days)
    for place, day in enumerate(file.days):
        field = f"days[{place}].date"
        if not first <= day.date <= last:
            yield DayOfOtherYear(day=day.date, year=file.year, field=field)
        if times[day.date] > 1:
            yield DayRepeated(day=day.date, field=field)
        if not day.is_off and day.date.weekday() < 5:
            yield MakeUpOnWeekday(day=day.date, field=field)


def _missing_days(file: _File) -> Iterator[Refusal]:
    off: dict[str, set[date]] = defaultdict(set)
    for day in file.days:
        if day.is_off:
            off[day.name].add(day.date)
    for holiday in _HOLIDAYS:
        if not any(holiday in label for label in off):
            yield HolidayMissing(holiday=holiday)
    all_off = {day for days in off.values() for day in days}
    for label, days in off.items():
        for gap in _gaps(days, all_off):
            yield HolidayWithGap(label=label, day=gap)
    for day in _statutory_days(file.year):
        if day not in all_off:
            yield StatutoryDayMissing(day=day)


def _gaps(days: set[date], all_off: set[date]) -> Iterator[date]:
    """The first few days between the first and the last of `days` that are not off, under no other name either: the
    Mid-Autumn Festival may lie inside the days of the National Day."""
    first, last = min(days), max(days)
    between = (first + timedelta(days=after) for after in range((last - first).days))
    return islice((day for day in between if day not in all_off), _GAPS_NAMED)


def _statutory_days(year: int) -> list[date]:
    """Those with a fixed date in the measure of 2013; that of 2024 adds 2 May."""
    fixed = [(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)] + ([(5, 2)] if year >= 2025 else [])
    return [date(year, month, day) for month, day in sorted(fixed)]


def _balance(file: _File) -> Iterator[Refusal]:
    """Each statutory day is made a weekday off, and each further weekday off is worked on a weekend day: the difference
    is what the measure grants, 11 days by that of 2013 and 13 by that of 2024."""
    off = sum(day.is_off and day.date.weekday() < 5 for day in file.days)
    worked = sum(not day.is_off and day.date.weekday() >= 5 for day in file.days)
    wanted = 13 if file.year >= 2025 else 11
    if off - worked != wanted:
        yield DaysDoNotAddUp(off=off, worked=worked, balance=off - worked, wanted=wanted)
