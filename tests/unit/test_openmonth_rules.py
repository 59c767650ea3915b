"""Rules of the open month: what is in each other's way, what is missing, what counts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from kaimen.contracts.opendays import THEMES, EventState, Marks, OpenEvent, OpenSession, ReportFigures
from kaimen.kit.tables import write_csv
from kaimen.openmonth.app.desk import OpenMonthSettings
from kaimen.openmonth.app.imports import Upload, ask
from kaimen.openmonth.domain.board import Wanted, board, part_of
from kaimen.openmonth.domain.campaigns import Campaign, check_window
from kaimen.openmonth.domain.clashes import Warning, clashes
from kaimen.openmonth.domain.counting import Fact, Figures, report, why_not_counted
from kaimen.openmonth.domain.occasions import LIVE, Occasion, Slot, occasions
from kaimen.openmonth.domain.refusals import (
    BadWindow,
    OpenDaysAway,
    WindowFixed,
)

NOON = datetime(2026, 8, 20, 4, tzinfo=UTC)
MARKS = Marks(0, NOON, NOON)
STATES: tuple[EventState, ...] = ("published", "held", "reported", "archived", "postponed", "cancelled")
CAMPAIGN = Campaign(
    id=UUID(int=1), version=1, year=2026, name="政府开放月", theme="", opens_on=date(2026, 8, 1),
    closes_on=date(2026, 8, 31), sign_url="", state="published", created_at=NOON, changed_at=NOON,
)  # fmt: skip


def slot(start: float, hours: float = 2, **more: Any) -> Slot:
    """`start`: hours after noon."""
    return Slot(NOON + timedelta(hours=start), NOON + timedelta(hours=start + hours), **more)


def occasion(number: int, *slots: Slot, **more: Any) -> Occasion:
    named = {"title": f"活动{number}", "unit": f"单位{number}"}
    return Occasion(ref=UUID(int=number), slots=slots, **{**named, **more})


def event(number: int, **more: Any) -> OpenEvent:
    starts_at = more.pop("starts_at", NOON)
    session = OpenSession(
        UUID(int=number + 10_000), starts_at, starts_at + timedelta(hours=2), False, "", "scheduled", 10, None, None,
        "first_come", MARKS,
    )  # fmt: skip
    made = OpenEvent(
        event_id=UUID(int=number), version=1, state="published", title=f"活动{number}", unit="区教育局",
        theme="民生保障", summary="", place="", street_code=None, accessibility=(), interactive_steps=(), staff=(),
        audience="",
        capacity_text="", mode="here", registration_note="", contact="", online=False, tentative=False, campaign=2026,
        reason="", marks=MARKS, sessions=(session,),
    )  # fmt: skip
    return replace(made, **more)


def pairs(found: list[Warning]) -> list[tuple[str, set[int], bool]]:
    return [
        (each.kind, {named.event_id.int for named in each.events if named.event_id}, each.tentative) for each in found
    ]


# Clashes


def test_same_venue_at_overlapping_times_is_told_in_two_languages_and_names_both() -> None:
    first = occasion(1, slot(0), place="公园路 100 号")
    (warning,) = clashes([first, occasion(2, slot(1), place="公园路１００号(暂定)", tentative=True)])
    assert pairs([warning]) == [("venue", {1, 2}, True)]
    for said in (warning.reason, warning.reason_en):
        assert all(word in said for word in ("活动1", "活动2", "单位1", "单位2", "12:00–14:00", "13:00–15:00"))
    assert "同一场地" in warning.reason
    assert "the same venue" in warning.reason_en


@pytest.mark.parametrize(
    "other",
    [
        occasion(2, slot(2), place="甲"),  # begins when the other ends
        occasion(2, slot(1), place="乙"),
        occasion(2, slot(1), place="甲", online=True),
        occasion(2, place="甲"),
        occasion(1, slot(1), place="甲"),  # another session of the same event
    ],
)
def test_no_clash_of_venues(other: Occasion) -> None:
    assert clashes([occasion(1, slot(0), place="甲"), other]) == []


def test_places_that_nobody_has_named_do_not_clash() -> None:
    assert clashes([occasion(1, slot(0)), occasion(2, slot(0))]) == []


def test_same_post_at_overlapping_times_clashes_also_online() -> None:
    one, other = occasion(1, slot(0), staff=("副区长", "科长")), occasion(2, slot(1), staff=("副区长",), online=True)
    (warning,) = clashes([one, other])
    assert (warning.kind, "副区长" in warning.reason, "科长" in warning.reason) == ("staff", True, False)


def test_a_day_without_a_time_may_clash_and_is_marked() -> None:
    day = Slot(NOON - timedelta(hours=12), NOON + timedelta(hours=12), all_day=True)
    assert pairs(clashes([occasion(1, day, place="甲"), occasion(2, slot(3), place="甲")])) == [("venue", {1, 2}, True)]


def test_density_is_one_street_and_theme_on_one_day() -> None:
    here = {"street_code": "310118104", "theme": "民生保障"}
    found = clashes([occasion(1, slot(-4), **here), occasion(2, slot(4), **here), occasion(3, slot(24), **here)])
    assert pairs(found) == [("density", {1, 2}, False)]
    assert clashes([occasion(1, slot(0), street_code="1"), occasion(2, slot(0), street_code="1")]) == []


@given(state=st.sampled_from(STATES))
def test_only_what_takes_place_is_in_the_way(state: EventState) -> None:
    events = [event(1, place="甲"), event(2, place="甲", state=state, theme="")]
    assert bool(clashes(occasions(events))) == (state in LIVE)


@dataclass
class Visits:
    """Events at one venue: for each, when its sessions begin and how long they last."""

    sessions: list[list[tuple[int, int]]]

    @property
    def occasions(self) -> list[Occasion]:
        return [
            occasion(n, *(slot(start, hours) for start, hours in each), place="甲")
            for n, each in enumerate(self.sessions, 1)
        ]


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=3), max_size=8).map(Visits),
    st.randoms(use_true_random=False),
)
def test_everybody_in_the_way_is_named_and_nobody_else(visits: Visits, random: Any) -> None:
    listed = visits.occasions
    overlapping = {
        frozenset((one.ref, other.ref))
        for one in listed
        for other in listed
        if one.ref != other.ref
        and any(a.starts_at < b.ends_at and b.starts_at < a.ends_at for a in one.slots for b in other.slots)
    }
    found = clashes(listed)
    named = [frozenset(each.event_id for each in warning.events) for warning in found]
    assert set(named) <= overlapping
    assert {ref for pair in named for ref in pair} == {ref for pair in overlapping for ref in pair}
    assert len(named) == len(set(named)) <= sum(len(each.slots) for each in listed)
    shuffled = list(listed)
    random.shuffle(shuffled)
    assert clashes(shuffled) == found


# Board


def test_board_counts_cells_gaps_and_units() -> None:
    events = [
        event(1), event(2), event(3, theme="公共监管", unit="区市场局"), event(4, theme="自选主题"),
        event(5, theme="一网通办", state="cancelled"), event(6, sessions=()),
    ]  # fmt: skip
    made = board(events, ["区教育局", "夏阳街道"])
    cells = {(cell.unit, cell.theme, cell.day): cell.count for cell in made.cells}
    day = date(2026, 8, 20)
    assert cells == {
        ("区教育局", "民生保障", day): 2,
        ("区教育局", "民生保障", None): 1,
        ("区教育局", "自选主题", day): 1,
        ("区市场局", "公正监管", day): 1,
    }
    assert made.gaps == ("一网通办", "一网统管", "营商环境", "公共安全")
    assert made.without == ("夏阳街道",)
    assert {unit.unit: unit.events for unit in made.units} == {"区教育局": 4, "区市场局": 1, "夏阳街道": 0}


@given(st.lists(st.tuples(st.sampled_from((*THEMES, "别的")), st.sampled_from(STATES), st.sampled_from("甲乙丙"))))
def test_board_neither_loses_nor_invents_an_event(given_: list[tuple[str, EventState, str]]) -> None:
    events = [event(n, theme=theme, state=state, unit=unit) for n, (theme, state, unit) in enumerate(given_)]
    made = board(events, ["甲", "乙", "丙", "丁"])
    live = {each.event_id for each in events if each.state in LIVE}
    assert {id for cell in made.cells for id in cell.events} == live
    assert sum(theme.events for theme in made.themes) == sum(unit.events for unit in made.units) == len(live)
    assert set(made.gaps) == set(THEMES) - {each.theme for each in events if each.state in LIVE}
    assert "丁" in made.without


@pytest.mark.parametrize(
    ("wanted", "fitting", "shown"),
    [
        (Wanted(), 4, 4),
        (Wanted(kind="venue"), 3, 3),
        (Wanted(kind="staff"), 0, 0),
        (Wanted(unit="乙"), 2, 2),
        (Wanted(kind="density", unit="乙"), 0, 0),
        (Wanted(limit=3), 4, 3),
        (Wanted(limit=3, offset=3), 4, 1),
        (Wanted(offset=4), 4, 0),
    ],
)
def test_part_of_a_board_counts_what_it_leaves_out(wanted: Wanted, fitting: int, shown: int) -> None:
    day = [NOON + timedelta(hours=2 * number) for number in range(4)]
    events = [
        *(event(n, place="公园路", unit=unit, theme=f"主题{n}") for n, unit in enumerate("甲甲乙乙")),
        *(event(n, street_code="310118001", unit="丙", starts_at=day[n - 8]) for n in (8, 9)),
    ]
    whole = board(events, [])
    part = part_of(whole, wanted)
    assert (len(whole.warnings), part.warned, part.fitting, len(part.warnings)) == (4, 4, fitting, shown)
    assert list(part.warnings) == [each for each in whole.warnings if each in part.warnings]
    assert (part.cells, part.gaps) == (whole.cells, whole.gaps)


def test_parts_of_a_board_are_together_all_of_it() -> None:
    whole = board([event(n, place="公园路") for n in range(8)], [])
    parts = [part_of(whole, Wanted(limit=3, offset=first)).warnings for first in (0, 3, 6)]
    assert [len(part) for part in parts] == [3, 3, 1]
    assert sum(parts, ()) == whole.warnings


# Counting


@pytest.mark.parametrize(
    ("changes", "photo", "attested", "why_not"),
    [
        ({"state": "held"}, True, False, ""),
        ({"state": "reported"}, False, True, ""),
        ({"state": "held"}, False, False, "no_sign"),
        ({"state": "held", "online": True}, True, True, "online"),
        ({"state": "published"}, True, False, "not_held"),
        ({"state": "cancelled"}, True, False, "not_held"),
        ({"state": "held", "starts_at": datetime(2026, 7, 31, 15, 59, tzinfo=UTC)}, True, False, "outside_window"),
        ({"state": "held", "starts_at": datetime(2026, 7, 31, 16, tzinfo=UTC)}, True, False, ""),
        ({"state": "held", "starts_at": datetime(2026, 8, 31, 15, 59, tzinfo=UTC)}, True, False, ""),
        ({"state": "held", "starts_at": datetime(2026, 8, 31, 16, tzinfo=UTC)}, True, False, "outside_window"),
    ],
)
def test_row_45_counts_offline_events_held_in_the_window_with_the_sign(
    changes: dict[str, Any], photo: bool, attested: bool, why_not: str
) -> None:
    figures = ReportFigures(1, 1, 0, 0, 0, 0, attested)
    assert why_not_counted(Fact(event(1, **changes), figures, photo), CAMPAIGN) == why_not


FACTS = st.builds(
    Fact,
    st.builds(
        event,
        st.integers(1, 5000),
        state=st.sampled_from(STATES),
        unit=st.sampled_from(("甲", "乙")),
        theme=st.sampled_from(("民生保障", "公共监管", "公正监管")),
        online=st.booleans(),
        starts_at=st.integers(0, 60).map(lambda days: NOON + timedelta(days=days - 30)),
    ),
    st.none() | st.builds(ReportFigures, *[st.integers(0, 99)] * 6, st.booleans()),
    st.booleans(),
)


@given(st.lists(FACTS, unique_by=lambda fact: fact.event.event_id))
def test_every_figure_is_the_sum_of_its_rows(facts: list[Fact]) -> None:
    made = report(CAMPAIGN, facts, ["甲", "乙", "丙"])
    rows = {row.event_id: row for row in made.rows}
    assert len(rows) == len(facts)
    for line in (*made.units, *made.themes, *made.days):
        sums = [sum(astuple(rows[id].figures)[n] for id in line.events) for n in range(len(astuple(Figures())))]
        assert list(astuple(line.figures)) == sums
    for lines in (made.units, made.themes):
        assert sum(line.figures.registered for line in lines) == made.figures.registered
    assert made.figures.registered == sum(fact.figures.registered for fact in facts if fact.figures)
    assert set(made.met) == {row.unit for row in made.rows if not row.why_not}
    assert sorted((*made.met, *made.not_met)) == ["丙", "乙", "甲"]


# Campaigns


@pytest.mark.parametrize(
    ("opens_on", "closes_on"),
    [("2026-08-02", "2026-08-01"), ("2025-12-31", "2026-08-01"), ("2026-08-01", "2027-01-01")],
)
def test_window_lies_within_its_year(opens_on: str, closes_on: str) -> None:
    with pytest.raises(BadWindow):
        check_window(replace(CAMPAIGN, opens_on=date.fromisoformat(opens_on), closes_on=date.fromisoformat(closes_on)))


def test_window_is_fixed_by_publication() -> None:
    longer = replace(CAMPAIGN, closes_on=date(2026, 9, 15))
    with pytest.raises(WindowFixed):
        check_window(longer, CAMPAIGN)
    check_window(replace(longer, state="planned"), replace(CAMPAIGN, state="planned"))


def test_archive_is_frozen_on_the_first_of_september_or_after_a_longer_window() -> None:
    assert CAMPAIGN.frozen_at == datetime(2026, 8, 31, 16, tzinfo=UTC)
    assert replace(CAMPAIGN, closes_on=date(2026, 8, 15)).frozen_at == CAMPAIGN.frozen_at
    assert replace(CAMPAIGN, closes_on=date(2026, 9, 15)).frozen_at == datetime(2026, 9, 15, 16, tzinfo=UTC)


# Tables


def test_csv_cells_cannot_become_formulas() -> None:
    body = write_csv(("a", "b"), [("=1+1", None), ("@x", 3)])
    assert body.decode("utf-8-sig").splitlines() == ["a,b", "'=1+1,", "'@x,3"]


async def test_import_says_so_when_open_days_are_away() -> None:
    upload = Upload(content=b"x", filename="x.csv", year=2025, unit="", headers={})
    with pytest.raises(OpenDaysAway):
        await ask(upload, OpenMonthSettings(opendays_url="http://127.0.0.1:9"), dry_run=True)
