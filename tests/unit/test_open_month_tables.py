"""The open month as the portal's pages lay it out: days, heat, bars, columns; and a word for every refusal."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kaimen.openmonth.domain import refusals
from kaimen.portal.open_month import WantedClashes
from kaimen.portal.open_month_answers import Board, Campaign, Cell, Figures, Line, ProgrammeLine, Report, ThemeCoverage
from kaimen.portal.open_month_tables import (
    by_day,
    days_heat,
    days_of,
    days_plot,
    figures_bar,
    level_of,
    themes_heat,
    with_bars,
)
from kaimen.portal.words import PROBLEMS

MONDAY, TUESDAY = date(2026, 8, 3), date(2026, 8, 4)
CAMPAIGN = Campaign(
    version=1, year=2026, name="政府开放月", theme="", opens_on=MONDAY, closes_on=date(2026, 8, 5), sign_url="",
    state="published",
)  # fmt: skip


def line(day: date | None) -> ProgrammeLine:
    return ProgrammeLine(
        event_id=UUID(int=1), title="活动", unit="区教育局", theme="", day=day, starts_at=None, ends_at=None,
        all_day=True, time_text="", place="", audience="", capacity_text="", mode="here", contact="", online=False,
        tentative=False, state="published", reason="",
    )  # fmt: skip


def cell(unit: str, theme: str, day: date | None, *events: int) -> Cell:
    return Cell(unit, theme, day, len(events), tuple(UUID(int=event) for event in events))


def board(*cells: Cell, themes: tuple[str, ...] = ()) -> Board:
    found = [ThemeCoverage("民生保障", True, 1, 1), *(ThemeCoverage(theme, False, 1, 1) for theme in themes)]
    return Board(cells=cells, themes=tuple(found), gaps=(), units=(), without=(), warnings=())


def figures(**counts: int) -> Figures:
    return Figures(**{**dict.fromkeys(Figures.__struct_fields__, 0), **counts})


def report(**days: Figures) -> Report:
    lines = tuple(Line(name.replace("d", "2026-08-"), found) for name, found in days.items())
    return Report(figures=figures(), units=(), themes=(), days=lines, met=(), not_met=(), rows=())


def test_lines_of_a_day_stand_together_and_those_without_one_come_last() -> None:
    lines = [line(MONDAY), line(MONDAY), line(TUESDAY), line(None)]
    assert [(group.day, len(group.lines)) for group in by_day(lines)] == [(MONDAY, 2), (TUESDAY, 1), (None, 1)]
    assert days_of(lines) == {MONDAY: 2, TUESDAY: 1}
    assert by_day([]) == []


@pytest.mark.parametrize(("events", "level"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (400, 3)])
def test_heat_grows_with_events(events: int, level: int) -> None:
    assert level_of(events) == level


def test_event_of_two_days_counts_once_for_its_theme_and_once_a_day() -> None:
    found = board(cell("甲", "民生保障", MONDAY, 1, 2), cell("甲", "民生保障", TUESDAY, 1), cell("乙", "", None, 3))
    (first, second) = themes_heat(board(*found.cells, themes=("",))).rows
    assert [(row.name, [count.events for count in row.counts], row.total) for row in (first, second)] == [
        ("乙", [0, 1], 1),
        ("甲", [2, 0], 2),
    ]
    heat = days_heat(found, CAMPAIGN)
    assert heat.columns == (MONDAY, TUESDAY, date(2026, 8, 5), None)
    assert [(row.name, [count.events for count in row.counts], row.total) for row in heat.rows] == [
        ("乙", [0, 0, 0, 1], 1),
        ("甲", [2, 1, 0, 0], 2),
    ]
    assert heat.totals == (2, 1, 0, 1)


def test_heat_of_one_theme_has_its_events_alone_and_days_outside_the_window() -> None:
    early = date(2026, 7, 20)
    found = board(cell("甲", "民生保障", early, 1), cell("乙", "营商环境", MONDAY, 2))
    heat = days_heat(found, CAMPAIGN, "民生保障")
    assert ([row.name for row in heat.rows], heat.columns[0], len(heat.columns)) == (["甲"], early, 4)
    assert days_heat(found, CAMPAIGN, "没有的主题").rows == ()


def test_bar_adds_up_to_its_events() -> None:
    bar = figures_bar(figures(events=4, held=3, counted=1), 8)
    assert [(shape.name, shape.x, shape.width) for shape in bar.shapes] == [
        ("adopted", 0, 12.5), ("partly", 12.5, 25), ("left", 37.5, 12.5),
    ]  # fmt: skip
    assert with_bars([Line("甲", figures())])[0][1].shapes == ()


def test_plot_has_a_column_for_each_day_of_the_window() -> None:
    plot = days_plot(report(d03=figures(events=4, held=1), d05=figures(events=2, held=2)), CAMPAIGN)
    drawn = [(each.events, each.held_height, each.rest_height, each.rest_y) for each in plot.columns]
    assert drawn == [(4, 25, 75, 0), (0, 0, 0, 100), (2, 50, 0, 50)]
    assert plot.width == 60
    assert [each.events for each in days_plot(report(), CAMPAIGN).columns] == [0, 0, 0]


def test_month_is_frozen_in_september_or_after_a_longer_window() -> None:
    def closing(day: date) -> date:
        given: dict[str, Any] = {name: getattr(CAMPAIGN, name) for name in CAMPAIGN.__struct_fields__}
        return Campaign(**{**given, "closes_on": day}).frozen_on

    assert closing(date(2026, 8, 31)) == date(2026, 9, 1)
    assert closing(date(2026, 9, 10)) == date(2026, 9, 11)


def test_page_of_warnings_asks_for_no_more_than_it_shows() -> None:
    assert WantedClashes().params == {"limit": "50", "offset": "0"}
    wanted = WantedClashes(theme="民生保障", kind="venue", unit="区教育局", page=3)
    assert wanted.params == {"limit": "50", "offset": "100", "kind": "venue", "unit": "区教育局"}


def test_every_refusal_of_the_open_month_is_explained() -> None:
    known = {value.type for value in vars(refusals).values() if isinstance(value, type) and hasattr(value, "type")}
    of_month = {each for each in known if each.startswith("openmonth.")}
    assert len(of_month) >= 13
    assert of_month <= set(PROBLEMS)
