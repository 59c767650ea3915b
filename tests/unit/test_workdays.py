"""Working days by holiday notices: worked cases, every day of twenty years, and files that would count wrongly."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest
from chinese_calendar import constants
from hypothesis import given
from hypothesis import strategies as st

from kaimen.contracts.calendar import NoticeDay
from kaimen.kit.refusals import Refusal
from kaimen.kit.workdays import (
    BASE_YEARS,
    BadWorkingDays,
    BeyondCalendar,
    Notice,
    Workdays,
    read_notice,
)

DATA = Path(__file__).resolve().parents[1] / "data"
CASES = json.loads((DATA / "workday_cases.json").read_text("utf-8"))
YEARS = range(2022, 2027)
DAY = timedelta(days=1)
FIXED = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}


def file_of(year: int) -> dict[str, Any]:
    return json.loads((DATA / "holidays" / f"{year}.json").read_text("utf-8"))


def read(file: dict[str, Any], **how: Any) -> Notice:
    return read_notice(json.dumps(file).encode(), **how)


def refused(file: dict[str, Any], **how: Any) -> list[str]:
    """The type of the refusal, and all places at fault."""
    with pytest.raises(Refusal) as no:
        read(file, **how)
    assert all(fault.zh and fault.en for fault in no.value.errors)
    return [no.value.type, *(fault.field for fault in no.value.errors)]


def made_up(year: int, *days: tuple[str, bool], version: int = 1) -> Notice:
    listed = tuple(NoticeDay(date.fromisoformat(day), is_off, "") for day, is_off in days)
    return Notice(year=year, version=version, papers=(), source="", sha256="", days=listed)


BASE = Workdays()
LOADED = Workdays(read(file_of(year)) for year in YEARS)


# -- worked cases


@pytest.mark.parametrize("case", CASES["cases"], ids=[case["id"] for case in CASES["cases"]])
@pytest.mark.parametrize("known", [BASE, LOADED], ids=["base", "loaded"])
def test_period_ends_as_worked_out_by_hand(known: Workdays, case: dict[str, Any]) -> None:
    start, due = date.fromisoformat(case["start_date"]), date.fromisoformat(case["due_date"])
    deadline = known.deadline(start, case["n_working_days"])
    assert (deadline.due_on, deadline.not_before, deadline.provisional) == (due, due, False)
    assert [str(day) for day in deadline.counted] == case["counted_days"]
    assert known.plus(start, case["n_working_days"]) == due
    assert known.count(start, due) == case["n_working_days"]


@pytest.mark.parametrize("case", CASES["must_not_answer"], ids=lambda case: case["id"])
def test_no_date_is_promised_across_a_missing_notice(case: dict[str, Any]) -> None:
    """Nine days are used by 31 December, 1 January is statutory: 2 January may be worked, and nothing before it."""
    start = date.fromisoformat(case["start_date"])
    deadline = LOADED.deadline(start, case["n_working_days"])
    assert (deadline.due_on, deadline.provisional, deadline.not_before) == (None, True, date(2027, 1, 2))
    assert (len(deadline.counted), max(deadline.counted)) == (9, date(2026, 12, 31))
    assert LOADED.count(start, date(2027, 1, 4)) is None


def test_cases_hold_no_kind_that_is_not_tested() -> None:
    kinds = {case["kind"] for case in CASES["cases"] + CASES["must_not_answer"]}
    assert kinds == {"add_working_days"}
    assert {case["kind"] for case in CASES["calendar_day_cases"]} == {"consultation_min_end"}


@pytest.mark.parametrize("case", CASES["calendar_day_cases"], ids=lambda case: case["id"])
def test_thirty_days_are_calendar_days_whatever_is_worked(case: dict[str, Any]) -> None:
    """The period runs over make-up days and holidays alike, and its last day may be either."""
    opened, last = date.fromisoformat(case["opened_on"]), date.fromisoformat(case["first_lawful_last_day"])
    assert opened + timedelta(days=case["min_days"]) == last
    assert LOADED.is_working_day(last) is chinese_calendar.is_workday(last)
    assert LOADED.count(opened, last) != case["min_days"]


def test_new_years_eve_of_2024_was_worked() -> None:
    assert (LOADED.is_working_day(date(2024, 2, 9)), BASE.is_working_day(date(2024, 2, 9))) == (True, True)


# -- what is known


@pytest.mark.parametrize("known", [BASE, LOADED], ids=["base", "loaded"])
def test_every_day_of_twenty_years_is_as_the_oracle_has_it(known: Workdays) -> None:
    days = [date.fromordinal(day) for day in range(date(2007, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    assert len(days) == 7305
    assert [day for day in days if known.is_working_day(day) is not chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize("day", [date(2003, 12, 31), date(2027, 1, 1), date.min, date.max])
def test_year_without_notice_is_unknown(day: date) -> None:
    assert (BASE.is_working_day(day), LOADED.is_working_day(day)) == (None, None)


def test_loaded_notice_decides_its_whole_year_and_days_that_it_lists_beyond() -> None:
    known = Workdays([made_up(2027, ("2026-12-26", False), ("2026-12-31", True), ("2027-01-01", True))])
    assert [known.is_working_day(date(2026, 12, day)) for day in (24, 26, 31)] == [True, True, False]
    assert [known.is_working_day(date(2027, 1, day)) for day in (1, 2, 4)] == [False, False, True]
    assert known.is_working_day(date(2028, 1, 3)) is None
    # National Day is not listed in this notice of a year that the base knows: the notice decides.
    assert Workdays([made_up(2026)]).is_working_day(date(2026, 10, 1)) is True


def test_latest_version_decides_whatever_the_order() -> None:
    versions = [made_up(2027, ("2027-01-04", version == 2), version=version) for version in (1, 2)]
    for notices in (versions, versions[::-1]):
        assert Workdays(notices).is_working_day(date(2027, 1, 4)) is False


def test_later_year_decides_a_day_that_two_notices_list() -> None:
    notices = [made_up(2028, ("2027-12-31", True)), made_up(2027, ("2027-12-31", False))]
    assert Workdays(notices).is_working_day(date(2027, 12, 31)) is False


@pytest.mark.parametrize("days", [0, -1, 401, 10**9])
def test_period_of_no_days_or_too_many_is_refused(days: int) -> None:
    with pytest.raises(BadWorkingDays):
        BASE.deadline(date(2026, 1, 1), days)


@pytest.mark.parametrize("start", [date.max, date.max - timedelta(days=300)])
def test_period_at_the_end_of_all_calendars_is_refused(start: date) -> None:
    with pytest.raises(BeyondCalendar):
        BASE.deadline(start, 400)
    assert (BASE.count(start, date.max), BASE.count(date.max, start)) == ((0, 0) if start == date.max else (None, None))


def test_period_in_a_year_before_all_notices_is_provisional() -> None:
    """The measure of 2024 does not reach back: every day may have been worked."""
    deadline = BASE.deadline(date(1999, 9, 30), 3)
    assert (deadline.due_on, deadline.not_before, deadline.counted) == (None, date(1999, 10, 3), ())


# -- properties


starts = st.dates(date(2007, 1, 1), date(2025, 1, 1))
lengths = st.integers(1, 200)


@given(starts, lengths)
def test_period_ends_on_a_working_day_and_count_takes_it_back(start: date, days: int) -> None:
    deadline = LOADED.deadline(start, days)
    assert deadline.due_on is not None
    assert LOADED.is_working_day(deadline.due_on)
    assert (deadline.counted[-1], len(deadline.counted)) == (deadline.due_on, days)
    assert LOADED.count(start, deadline.due_on) == days
    assert LOADED.count(deadline.due_on, start) == -days
    assert LOADED.count(start, deadline.due_on - DAY) == days - 1


@given(starts, lengths, st.integers(0, 60), st.integers(0, 60))
def test_later_start_and_more_days_never_end_earlier(start: date, days: int, later: int, more: int) -> None:
    due_on = LOADED.plus(start, days)
    assert due_on is not None
    for other in (LOADED.plus(start + timedelta(days=later), days), LOADED.plus(start, days + more)):
        assert other is not None
        assert other >= due_on


@st.composite
def conceivable_notices(draw: st.DrawFn) -> Notice:
    """Any days of 2027 off, any weekend days worked; only what the measure fixes by date is off in all of them."""
    days = [date(2027, 1, 1) + timedelta(days=after) for after in range(365)]
    fixed = [day for day in days if (day.month, day.day) in FIXED]
    free = [day for day in days if day not in fixed]
    off = draw(st.sets(st.sampled_from([day for day in free if day.weekday() < 5]), max_size=60))
    worked = draw(st.sets(st.sampled_from([day for day in free if day.weekday() >= 5])))
    listed = [(str(day), True) for day in [*fixed, *off]] + [(str(day), False) for day in worked]
    return made_up(2027, *listed)


@given(st.dates(date(2026, 11, 1), date(2027, 6, 1)), st.integers(1, 100), conceivable_notices())
def test_earliest_end_holds_under_every_conceivable_notice(start: date, days: int, notice: Notice) -> None:
    before = LOADED.deadline(start, days)
    after = Workdays([*(read(file_of(year)) for year in YEARS), notice]).deadline(start, days)
    assert after.due_on is None or before.not_before <= after.due_on
    assert before.due_on in (None, after.due_on)
    assert before.not_before <= after.not_before
    if before.provisional:
        assert after.counted[: len(before.counted)] == before.counted


def test_earliest_end_is_reached_by_a_notice_that_works_every_weekend() -> None:
    """The bound cannot be better without an almanac."""
    days = [date(2027, 1, 1) + timedelta(days=after) for after in range(365)]
    fixed = [(str(day), True) for day in days if (day.month, day.day) in FIXED]
    weekends = [(str(day), False) for day in days if day.weekday() >= 5 and (day.month, day.day) not in FIXED]
    known = Workdays([made_up(2027, *fixed, *weekends)])
    assert known.plus(date(2026, 12, 18), 150) == BASE.deadline(date(2026, 12, 18), 150).not_before


# -- files


@pytest.mark.parametrize("year", YEARS)
def test_published_files_are_read_whole(year: int) -> None:
    bytes_ = (DATA / "holidays" / f"{year}.json").read_bytes()
    notice = read_notice(bytes_, year=year, source="https://example.cn")
    assert (notice.year, notice.version, notice.source, len(notice.sha256)) == (year, 0, "https://example.cn", 64)
    assert {(str(day.day), day.is_off, day.label) for day in notice.days} == {
        (day["date"], day["isOffDay"], day["name"]) for day in file_of(year)["days"]
    }
    assert all(paper.startswith("http") for paper in notice.papers)
    assert notice.papers


def _matters(day: dict[str, Any]) -> bool:
    return (date.fromisoformat(day["date"]).weekday() < 5) == day["isOffDay"]


@pytest.mark.parametrize(
    ("year", "place"),
    [(year, place) for year in YEARS for place, day in enumerate(file_of(year)["days"]) if _matters(day)],
)
def test_file_without_one_of_its_days_is_refused(year: int, place: int) -> None:
    file = file_of(year)
    del file["days"][place]
    assert refused(file)[0].startswith("kit.notice-")


@pytest.mark.parametrize("year", YEARS)
def test_file_without_a_weekend_day_off_counts_as_before_or_is_refused(year: int) -> None:
    whole = read(file_of(year))
    days = [date(year, 1, 1) + timedelta(days=after) for after in range(365)]
    for place, day in enumerate(file_of(year)["days"]):
        if not _matters(day):
            file = file_of(year)
            del file["days"][place]
            try:
                known = Workdays([read(file)])
            except Refusal:
                continue
            assert [known.is_working_day(day) for day in days] == [Workdays([whole]).is_working_day(d) for d in days]


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("holiday", ["元旦", "春节", "清明", "劳动", "端午", "国庆", "中秋"])
def test_file_without_a_holiday_is_refused(year: int, holiday: str) -> None:
    file = file_of(year)
    file["days"] = [day for day in file["days"] if holiday not in day["name"]]
    assert refused(file, amendment=True)[0] == "kit.notice-holiday-missing"


def test_file_of_a_notice_that_is_not_out_is_refused() -> None:
    assert refused(file_of(2027)) == ["kit.notice-not-out"]
    assert refused(file_of(2027), amendment=True) == ["kit.notice-not-out"]


def test_file_of_another_year_is_refused() -> None:
    assert refused(file_of(2025), year=2026) == ["kit.notice-of-other-year"]
    wrong, _ = refused(file_of(2025) | {"year": 2026})[:2]
    assert wrong == "kit.notice-day-of-other-year"


@pytest.mark.parametrize(
    ("day", "is_off", "kind"),
    [
        ("2025-10-08", True, "kit.notice-day-repeated"),
        ("2025-10-08", False, "kit.notice-day-repeated"),
        ("2024-12-16", True, "kit.notice-day-of-other-year"),
        ("2026-01-06", True, "kit.notice-day-of-other-year"),
        ("2025-10-09", False, "kit.notice-make-up-on-weekday"),
        ("2025-10-10", True, "kit.notice-holiday-with-gap"),
        ("2025-10-18", False, "kit.notice-does-not-add-up"),
        ("2025-10-09", True, "kit.notice-does-not-add-up"),
    ],
)
def test_file_with_one_day_more_is_refused(day: str, is_off: bool, kind: str) -> None:
    file = file_of(2025)
    file["days"].append({"name": "国庆节、中秋节", "date": day, "isOffDay": is_off})
    assert refused(file)[0] == kind


@pytest.mark.parametrize(("year", "day"), [(2022, "2022-05-01"), (2023, "2023-10-01"), (2026, "2026-05-02")])
def test_statutory_day_must_be_listed_off_even_on_a_weekend(year: int, day: str) -> None:
    """Without it every day would still count rightly, but the file is not whole."""
    file = file_of(year)
    file["days"] = [listed for listed in file["days"] if listed["date"] != day]
    with pytest.raises(Refusal) as no:
        read(file, amendment=True)
    assert f"{day} is a statutory day off and is not listed as one." in [fault.en for fault in no.value.errors]


def test_every_fault_of_a_file_is_named() -> None:
    file = file_of(2025)
    file["days"] = [day for day in file["days"] if day["name"] != "端午节"]
    file["days"][2:2] = [file["days"][1]]
    places = refused(file)
    assert places[0] == "kit.notice-day-repeated"
    assert places[1:] == ["days[1].date", "days[2].date", "days", "days"]


def test_amendment_lifts_the_balance_and_nothing_else() -> None:
    """As on 2020-01-27, when the Spring Festival became longer: make-up days turned into days off."""
    file = file_of(2023)
    for day in file["days"]:
        if day["date"] in ("2023-01-28", "2023-01-29"):
            day["isOffDay"] = True
    assert refused(file) == ["kit.notice-does-not-add-up", "days"]
    amended = Workdays([read(file, amendment=True)])
    assert [amended.is_working_day(date(2023, 1, day)) for day in (27, 28, 29, 30)] == [False, False, False, True]
    assert refused({**file, "days": file["days"][1:] * 2}, amendment=True)[0] == "kit.notice-day-repeated"


def _of_oracle(year: int) -> dict[str, Any]:
    """The notice for a year as the oracle knows it; what it has at New Year belongs to the year that begins."""

    def belongs(day: date) -> bool:
        return year == day.year + ((day.month, day.day) >= (12, 17))

    names = {holiday.value: holiday.chinese for holiday in constants.Holiday}
    off = [{"date": str(d), "name": names[n], "isOffDay": True} for d, n in constants.holidays.items() if belongs(d)]
    on = [{"date": str(d), "name": names[n], "isOffDay": False} for d, n in constants.workdays.items() if belongs(d)]
    return {"year": year, "papers": [], "days": off + on}


@pytest.mark.parametrize("year", range(2008, BASE_YEARS.stop))
def test_balance_holds_for_every_notice_since_the_holidays_are_what_they_are(year: int) -> None:
    """Except 2015, with a day for the 70th anniversary of the victory, and 2020, which was amended."""
    try:
        read(_of_oracle(year))
        faults = []
    except Refusal as no:
        faults = [fault.en for fault in no.errors]
    assert any("weekdays off" in fault for fault in faults) == (year in (2015, 2020))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: [],
        lambda file: {**file, "year": "2025"},
        lambda file: {**file, "year": 2007},
        lambda file: {**file, "year": 10**6},
        lambda file: {key: value for key, value in file.items() if key != "days"},
        lambda file: {key: value for key, value in file.items() if key != "papers"},
        lambda file: {**file, "days": [{"name": "元旦", "date": "2025-1-1", "isOffDay": True}]},
        lambda file: {**file, "days": [{"name": "", "date": "2025-01-01", "isOffDay": True}]},
        lambda file: {**file, "days": [{"name": "元旦", "date": "2025-01-01"}]},
        lambda file: {**file, "days": [{"name": "元旦", "date": "2025-01-01", "isOffDay": 1}]},
    ],
)
def test_what_is_no_notice_is_refused(spoil: Callable[[dict[str, Any]], Any]) -> None:
    assert refused(spoil(file_of(2025))) == ["kit.notice-unreadable"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"null", b'{"year": 2025, "papers": [], "days": "\xc3"}'])
def test_bytes_that_are_no_json_are_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as no:
        read_notice(data)
    assert no.value.type == "kit.notice-unreadable"
