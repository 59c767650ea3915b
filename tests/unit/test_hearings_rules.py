"""Clocks, seats, materials, the floor, the record and its report of hearings, without a server."""

import typing
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from chinese_calendar import is_workday
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kaimen.hearings.domain import refusals as no
from kaimen.hearings.domain.hearings import (
    PERMITTED,
    Action,
    Hearing,
    Phase,
    SeatGroup,
    Seating,
    Side,
    check_announcement,
    check_plan,
    check_roster,
    check_window,
    group_of,
    must_be_ahead,
    must_be_holdable,
    must_permit,
    phase,
    resume,
)
from kaimen.hearings.domain.materials import Delivery, Document, Timeliness, check_delivery, missing, timeliness
from kaimen.hearings.domain.packs import PACKS, due_dates
from kaimen.hearings.domain.proceedings import (
    Disposition,
    Line,
    Passage,
    Point,
    RecordVersion,
    SignOff,
    Turn,
    begin,
    by_side,
    check_report,
    check_sign_off,
    digest_of,
    end,
    is_settled,
    outstanding,
    remaining,
    seconds_of,
    write,
)
from kaimen.kit.recruiting.rules import Terms
from kaimen.kit.refusals import Refusal
from kaimen.kit.workdays import Workdays

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STARTS = datetime(2026, 9, 15, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
AT = STARTS - 60 * DAY
RULES = UUID(int=9)
CONSUMERS = SeatGroup(
    id=UUID(int=1), name="消费者组", side="消费者", role="participant", terms=Terms(seats=4), consumers=True,
    recruitment_id=RULES,
)  # fmt: skip
OPERATORS = SeatGroup(
    id=UUID(int=2), name="经营者组", side="经营者", role="participant", terms=Terms(seats=6, method="invited"),
    recruitment_id=RULES,
)  # fmt: skip
OBSERVERS = SeatGroup(
    id=UUID(int=3), name="旁听组", side="", role="observer", terms=Terms(seats=10, method="first_come"),
    recruitment_id=RULES,
)  # fmt: skip
HEARING = Hearing(
    id=UUID(int=10), version=1, unit="区发展改革委", catalogue_item=None, profile="major_decision", title="听证会",
    matters="水价", draft_url="https://example.cn/draft", explanation_url="https://example.cn/why",
    standing="announced", starts_at=STARTS, ends_at=STARTS + 3 * HOUR, place="会议室", presider="主持人",
    recorder="记录人", speaking_minutes=5, sides=(Side(name="消费者", why="付费"), Side(name="经营者", why="收费")),
    groups=(CONSUMERS, OPERATORS, OBSERVERS), steps=PACKS["major_decision"].order, opens_at=AT + DAY,
    closes_at=AT + 15 * DAY, entropy=(), accessibility="", reason="", sequence=3, created_at=AT, changed_at=AT,
    announced_at=AT,
)  # fmt: skip
PRICE = replace(HEARING, profile="price", steps=PACKS["price"].order)
MILESTONES = ("list_published_at", "delivered_at", "held_at", "confirmed_at", "reported_at", "archived_at")
ORDER: tuple[Phase, ...] = (
    "planned", "announced", "signup_open", "signup_closed", "selecting", "list_published", "materials_delivered",
    "held", "record_confirmed", "reported", "archived",
)  # fmt: skip


def seating(group: SeatGroup, **changes: Any) -> Seating:
    usual: dict[str, Any] = {"name": group.name, "state": "open", "opens_at": AT + DAY, "closes_at": AT + 15 * DAY}
    return Seating(**{**usual, **changes})


def settled(consumers: int = 4, operators: int = 6, observers: int = 0) -> list[Seating]:
    counts = ((CONSUMERS, consumers), (OPERATORS, operators), (OBSERVERS, observers))
    return [seating(group, state="settled", seated=seated) for group, seated in counts]


def expect(refused: type[Refusal] | None, call: Callable[[], object]) -> None:
    if refused is None:
        call()
    else:
        with pytest.raises(refused):
            call()


# -- clocks


@pytest.mark.parametrize(
    ("starts_on", "latest", "planned"),
    [
        # Spring Festival 2026: off 02-15 (Sun) to 02-23 (Mon); Saturdays 02-14 and 02-28 worked. In the order notice,
        # draw, list, materials.
        (
            date(2026, 3, 10),
            [date(2026, 2, 8), date(2026, 2, 18), date(2026, 2, 23), date(2026, 2, 23)],
            [date(2026, 2, 6), date(2026, 2, 14), date(2026, 2, 14), date(2026, 2, 14)],
        ),
        (
            date(2026, 2, 26),
            [date(2026, 1, 27), date(2026, 2, 6), date(2026, 2, 11), date(2026, 2, 11)],
            [date(2026, 1, 26), date(2026, 2, 5), date(2026, 2, 10), date(2026, 2, 10)],
        ),
        # National Day 2025: off 10-01 (Wed) to 10-08 (Wed); Sunday 09-28 and Saturday 10-11 worked.
        (
            date(2025, 10, 16),
            [date(2025, 9, 16), date(2025, 9, 26), date(2025, 10, 1), date(2025, 10, 1)],
            [date(2025, 9, 15), date(2025, 9, 25), date(2025, 9, 30), date(2025, 9, 30)],
        ),
        (
            date(2025, 10, 28),
            [date(2025, 9, 28), date(2025, 10, 8), date(2025, 10, 13), date(2025, 10, 13)],
            [date(2025, 9, 26), date(2025, 9, 30), date(2025, 10, 11), date(2025, 10, 11)],
        ),
        # National Day 2026: off 10-01 (Thu) to 10-07 (Wed); Sunday 09-20 and Saturday 10-10 worked.
        (
            date(2026, 10, 20),
            [date(2026, 9, 20), date(2026, 9, 30), date(2026, 10, 5), date(2026, 10, 5)],
            [date(2026, 9, 18), date(2026, 9, 29), date(2026, 9, 30), date(2026, 9, 30)],
        ),
    ],
)
def test_dates_of_price_hearings_around_holidays(
    starts_on: date, latest: list[date], planned: list[date | None]
) -> None:
    """The floor falls on rest days as it may; what is planned for is the last working day before."""
    dues = due_dates(PACKS["price"], starts_on, Workdays())
    assert [due.kind for due in dues] == ["notice", "draw", "list", "materials"]
    assert [due.latest_on for due in dues] == latest
    assert [due.plan_on for due in dues] == planned
    assert [due.binding for due in dues] == [True, False, True, True]


def test_dates_of_a_major_decision_have_no_draw() -> None:
    dues = due_dates(PACKS["major_decision"], date(2026, 9, 15), Workdays())
    assert [(due.kind, due.latest_on, due.plan_on) for due in dues] == [
        ("notice", date(2026, 9, 14), date(2026, 8, 14)),  # 08-16 is a Sunday
        ("list", date(2026, 9, 14), date(2026, 9, 7)),
        ("materials", date(2026, 9, 8), date(2026, 9, 7)),
    ]


def test_plan_is_unknown_while_the_notice_of_its_year_is_not_out() -> None:
    """2027 is not known to the calendar; what falls into 2026 still is. 2026-12-20 is a Sunday."""
    dues = due_dates(PACKS["price"], date(2027, 1, 20), Workdays())
    assert [(due.latest_on, due.plan_on) for due in dues] == [
        (date(2026, 12, 21), date(2026, 12, 18)),
        (date(2026, 12, 31), date(2026, 12, 30)),
        (date(2027, 1, 5), None),
        (date(2027, 1, 5), None),
    ]


@given(st.sampled_from(sorted(PACKS)), st.dates(date(2004, 3, 1), date(2026, 12, 31)))
def test_plan_never_comes_after_its_floor_and_never_on_a_rest_day(profile: Any, starts_on: date) -> None:
    for clock, due in zip(PACKS[profile].clocks, due_dates(PACKS[profile], starts_on, Workdays()), strict=True):
        assert (starts_on - due.latest_on).days == clock.days
        assert due.plan_on is not None
        assert due.plan_on <= starts_on - timedelta(days=clock.plan_days) <= due.latest_on
        assert is_workday(due.plan_on)
        skipped = (starts_on - timedelta(days=clock.plan_days) - due.plan_on).days
        assert not any(is_workday(due.plan_on + timedelta(days=days)) for days in range(1, skipped + 1))


def test_clock_that_is_not_binding_never_blocks() -> None:
    price = PACKS["price"]
    late = date(2026, 9, 15)
    assert [clock.kind for clock in price.clocks if not clock.blocks(late, late)] == ["draw"]


def test_every_clock_names_its_source_in_both_languages() -> None:
    sources = [(clock.source_zh, clock.source_en) for pack in PACKS.values() for clock in pack.clocks]
    assert len(sources) == 7
    assert [zh for zh, en in sources if "读" not in zh or "read" not in en] == []


# -- the phase


@pytest.mark.parametrize(
    ("changes", "seatings", "at", "expected"),
    [
        ({"standing": "planned"}, [], AT, "planned"),
        ({"standing": "postponed", "list_published_at": AT}, settled(), AT, "postponed"),
        ({"standing": "cancelled", "held_at": AT}, [], AT, "cancelled"),
        ({}, [], AT, "announced"),
        ({}, [seating(CONSUMERS)], AT, "announced"),
        ({}, [seating(CONSUMERS)], AT + DAY, "signup_open"),
        ({}, [seating(CONSUMERS)], AT + 15 * DAY, "signup_closed"),
        ({}, [seating(CONSUMERS, state="closed")], AT, "signup_closed"),
        ({}, [seating(CONSUMERS, state="closed", drawing=True)], AT + DAY, "selecting"),
        ({}, [seating(CONSUMERS, state="settled")], AT + DAY, "selecting"),
        ({}, [seating(CONSUMERS, state="cancelled")], AT + 20 * DAY, "announced"),
        # Those who are invited may be settled before the public can sign up: that is not yet a selection.
        ({}, [seating(CONSUMERS), seating(OPERATORS, state="settled")], AT, "announced"),
        ({}, [seating(CONSUMERS), seating(OPERATORS, state="settled")], AT + DAY, "signup_open"),
        ({}, [seating(CONSUMERS), seating(OPERATORS, state="settled")], AT + 15 * DAY, "selecting"),
        ({}, [seating(OPERATORS)], AT + DAY, "announced"),
        ({}, [seating(OPERATORS, state="settled")], AT + DAY, "selecting"),
        # Observers still sign up while the consumers' seats are drawn.
        ({}, [seating(CONSUMERS, state="settled"), seating(OBSERVERS)], AT + 2 * DAY, "signup_open"),
        ({"list_published_at": AT}, settled(), AT, "list_published"),
        ({"list_published_at": AT, "delivered_at": AT}, settled(), AT, "materials_delivered"),
        ({"delivered_at": AT, "held_at": AT}, settled(), AT, "held"),
        ({"held_at": AT, "confirmed_at": AT}, settled(), AT, "record_confirmed"),
        ({"confirmed_at": AT, "reported_at": AT}, settled(), AT, "reported"),
        ({"reported_at": AT, "archived_at": AT}, settled(), AT, "archived"),
    ],
)
def test_phase_follows_from_what_has_happened(
    changes: dict[str, Any], seatings: list[Seating], at: datetime, expected: Phase
) -> None:
    assert phase(replace(HEARING, **changes), seatings, at) == expected


def any_seating(group: SeatGroup) -> st.SearchStrategy[Seating]:
    return st.builds(
        lambda state, opens, days, seated, drawing: seating(
            group,
            state=state,
            opens_at=AT + opens * DAY,
            closes_at=AT + (opens + days) * DAY,
            seated=seated,
            drawing=drawing and state == "closed",
        ),
        st.sampled_from(["open", "closed", "settled", "cancelled"]),
        st.integers(0, 10),
        st.integers(1, 10),
        st.integers(0, 3),
        st.booleans(),
    )


any_seatings = st.tuples(any_seating(CONSUMERS), any_seating(OPERATORS), any_seating(OBSERVERS))


@given(any_seatings, st.integers(0, 25), st.integers(0, 25), st.integers(0, 6), st.integers(0, 6))
def test_phase_never_goes_back_in_time_or_by_a_milestone(
    seatings: tuple[Seating, ...], day: int, later: int, reached: int, more: int
) -> None:
    def index(milestones: int, days: int) -> int:
        hearing = replace(HEARING, **dict.fromkeys(MILESTONES[:milestones], AT))
        return ORDER.index(phase(hearing, seatings, AT + days * DAY))

    assert index(reached, day) <= index(reached, day + later) <= index(min(6, reached + more), day + later)


@given(any_seatings, st.integers(0, 25), st.integers(0, 2))
def test_resumed_hearing_goes_on_where_it_was_but_delivers_again(
    seatings: tuple[Seating, ...], day: int, reached: int
) -> None:
    before = replace(HEARING, **dict.fromkeys(MILESTONES[:reached], AT))
    at = AT + day * DAY
    starts = STARTS + 30 * DAY
    postponed = replace(before, standing="postponed")
    after = resume(postponed, starts_at=starts, ends_at=starts + HOUR, place="礼堂", reason="台风", at=at)
    was = ORDER.index(phase(before, seatings, at))
    assert phase(after, seatings, at) == ORDER[min(was, ORDER.index("list_published"))]
    assert (after.sequence, after.reason, after.place, after.changed_at) == (4, "台风", "礼堂", at)


@pytest.mark.parametrize(
    ("hearing", "starts_at", "at", "refused"),
    [
        (replace(PRICE, standing="postponed"), STARTS + 30 * DAY, STARTS, None),
        (replace(PRICE, standing="postponed"), STARTS + 29 * DAY, STARTS, no.NoticeTooLate),
        (replace(PRICE, standing="postponed"), STARTS, STARTS, no.HearingInPast),
        (PRICE, STARTS + 30 * DAY, STARTS, no.WrongState),
        (replace(HEARING, standing="postponed", list_published_at=STARTS - 2 * DAY), STARTS - DAY, AT, None),
        (replace(HEARING, standing="postponed", list_published_at=STARTS - DAY), STARTS - DAY, AT, no.ListTooLate),
    ],
)
def test_resumed_hearing_keeps_its_clocks_anew(
    hearing: Hearing, starts_at: datetime, at: datetime, refused: type[Refusal] | None
) -> None:
    expect(refused, lambda: resume(
        hearing, starts_at=starts_at, ends_at=starts_at + HOUR, place="礼堂", reason="延期", at=at
    ))  # fmt: skip


def test_resumed_hearing_needs_a_place() -> None:
    starts = STARTS + 30 * DAY
    with pytest.raises(no.PlaceMissing):
        resume(
            replace(HEARING, standing="postponed"), starts_at=starts, ends_at=starts + HOUR, place="", reason="", at=AT
        )


def test_every_action_has_its_phases_and_all_others_are_refused() -> None:
    assert set(PERMITTED) == set(typing.get_args(Action))
    assert set(ORDER) | {"postponed", "cancelled"} == set(typing.get_args(Phase))
    for action, phases in PERMITTED.items():
        for each in typing.get_args(Phase):
            expect(None if each in phases else no.WrongState, lambda a=action, p=each: must_permit(a, p))


def test_what_is_over_or_cancelled_cannot_be_called_off_again() -> None:
    before_held = {"announced", "signup_open", "signup_closed", "selecting", "list_published", "materials_delivered"}
    assert PERMITTED["postpone"] == before_held
    assert PERMITTED["cancel"] == before_held | {"postponed"}
    assert [action for action, phases in PERMITTED.items() if phases & {"archived", "cancelled"}] == []


@pytest.mark.parametrize(
    ("changes", "at", "refused"),
    [
        ({}, STARTS - MINUTE, None),
        ({}, STARTS, no.HearingBegun),
        ({"held_at": STARTS}, STARTS, no.WrongState),
        ({"standing": "postponed"}, AT, no.WrongState),
        ({"standing": "cancelled"}, AT, no.WrongState),
    ],
)
def test_hearing_is_ahead_until_it_begins(changes: dict[str, Any], at: datetime, refused: type[Refusal] | None) -> None:
    expect(refused, lambda: must_be_ahead(replace(HEARING, **changes), at))


# -- plan, announcement, roster, holding


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, None),
        ({"ends_at": STARTS}, no.EndBeforeStart),
        ({"starts_at": AT}, no.HearingInPast),
        ({"starts_at": datetime(2100, 1, 1, tzinfo=UTC), "ends_at": datetime(2100, 1, 2, tzinfo=UTC)}, no.BadDate),
        ({"ends_at": datetime(2100, 1, 1, tzinfo=UTC)}, no.BadDate),
        ({"opens_at": datetime(1999, 12, 31, tzinfo=UTC)}, no.BadDate),
        ({"closes_at": datetime(2100, 1, 1, tzinfo=UTC)}, no.BadDate),
        ({"opens_at": None, "closes_at": None}, None),
        ({"steps": HEARING.steps[::-1]}, no.StepsOutOfOrder),
        ({"steps": HEARING.steps[:-1]}, no.StepsOutOfOrder),
        ({"steps": (replace(HEARING.steps[0], key="welcome"), *HEARING.steps)}, None),
        ({"sides": ()}, no.NoSides),
        ({"groups": ()}, no.NoGroups),
        ({"groups": (CONSUMERS, OPERATORS, replace(OBSERVERS, name="消费者组"))}, no.GroupRepeated),
        ({"groups": (CONSUMERS, OPERATORS, replace(OBSERVERS, side="消费者"))}, no.ObserverTakesNoSide),
        ({"groups": (CONSUMERS, OPERATORS, replace(OPERATORS, name="专家组", side="专家"))}, no.UnknownSide),
        ({"groups": (CONSUMERS, OBSERVERS)}, no.SideWithoutSeat),
        ({"groups": (CONSUMERS, replace(OPERATORS, terms=Terms(seats=0, method="invited")))}, no.SideWithoutSeat),
        ({"profile": "price"}, None),
        (
            {"profile": "price", "groups": (CONSUMERS, replace(OPERATORS, terms=Terms(seats=7, method="invited")))},
            no.TooFewConsumers,
        ),
        ({"groups": (CONSUMERS, replace(OPERATORS, terms=Terms(seats=7, method="invited")))}, None),
        # Observers are no participants, whoever they are.
        (
            {
                "profile": "price",
                "groups": (
                    CONSUMERS,
                    replace(OPERATORS, terms=Terms(seats=7, method="invited")),
                    replace(OBSERVERS, consumers=True),
                ),
            },
            no.TooFewConsumers,
        ),
    ],
)
def test_plan_seats_every_side(changes: dict[str, Any], refused: type[Refusal] | None) -> None:
    expect(refused, lambda: check_plan(replace(HEARING, **changes), AT))


@pytest.mark.parametrize(
    ("hearing", "days", "refused"),
    [
        (HEARING, 1, None),
        (HEARING, 0, no.NoticeTooLate),
        (PRICE, 30, None),
        (PRICE, 29, no.NoticeTooLate),
        (replace(HEARING, draft_url=""), 1, no.DraftNotPublic),
        (replace(HEARING, explanation_url=""), 1, no.DraftNotPublic),
        (replace(HEARING, place=""), 1, no.PlaceMissing),
    ],
)
def test_announcement_shows_draft_and_place_in_time(hearing: Hearing, days: int, refused: type[Refusal] | None) -> None:
    expect(refused, lambda: check_announcement(hearing, date(2026, 9, 15) - timedelta(days=days)))


def test_late_notice_says_when_the_last_day_was() -> None:
    with pytest.raises(no.NoticeTooLate) as caught:
        check_announcement(PRICE, date(2026, 8, 17))
    assert caught.value.detail("zh") == "应至少提前 30 日公告，最迟为 2026-08-16。"
    assert caught.value.detail("en") == "It must be announced at least 30 days before; the last day was 2026-08-16."


def test_hearing_day_is_the_day_in_shanghai() -> None:
    assert replace(HEARING, starts_at=datetime(2026, 9, 14, 16, tzinfo=UTC)).starts_on == date(2026, 9, 15)
    assert replace(HEARING, starts_at=datetime(2026, 9, 14, 15, 59, tzinfo=UTC)).starts_on == date(2026, 9, 14)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, None),
        ({"opens_at": None}, no.WindowMissing),
        ({"closes_at": None}, no.WindowMissing),
        ({"closes_at": None, "groups": (OPERATORS, OBSERVERS)}, no.WindowMissing),
        ({"opens_at": None, "closes_at": None, "groups": (OPERATORS,)}, None),
    ],
)
def test_seats_for_which_anybody_may_sign_up_need_a_window(
    changes: dict[str, Any], refused: type[Refusal] | None
) -> None:
    expect(refused, lambda: check_window(replace(HEARING, **changes)))


@pytest.mark.parametrize(
    ("hearing", "seatings", "days", "refused"),
    [
        (HEARING, settled(), 1, None),
        (HEARING, settled(consumers=1, operators=6), 1, None),
        (HEARING, settled(), 0, no.ListTooLate),
        (PRICE, settled(), 15, None),
        (PRICE, settled(), 14, no.ListTooLate),
        (PRICE, settled(consumers=3, operators=5), 15, no.TooFewConsumers),
        (PRICE, settled(consumers=4, operators=6, observers=10), 15, None),
        (HEARING, settled(consumers=0), 1, no.SideEmpty),
        (HEARING, settled(operators=0, observers=10), 1, no.SideEmpty),
        (HEARING, settled()[:2], 1, no.SelectionNotFinished),
        (HEARING, [*settled()[:2], seating(OBSERVERS, state="cancelled", seated=1)], 1, no.SelectionNotFinished),
        (
            replace(HEARING, groups=(CONSUMERS, replace(OPERATORS, recruitment_id=None))),
            settled(),
            1,
            no.RulesNotPublished,
        ),
    ],
)
def test_list_is_published_in_time_with_every_side(
    hearing: Hearing, seatings: list[Seating], days: int, refused: type[Refusal] | None
) -> None:
    expect(refused, lambda: check_roster(hearing, seatings, date(2026, 9, 15) - timedelta(days=days)))


any_groups = st.lists(
    st.builds(
        lambda side, role, consumers: replace(CONSUMERS, side=side, role=role, consumers=consumers),
        st.sampled_from("甲乙"),
        st.sampled_from(["participant", "observer"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(lambda groups: [replace(group, name=f"组{number}") for number, group in enumerate(groups)])


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(PACKS)),
    any_groups,
    st.sampled_from(["甲", "乙", "甲乙"]),
    st.sampled_from([0, 1, 14, 15, 40]),
    st.booleans(),
    st.data(),
)
def test_no_list_is_ever_published_with_an_empty_side(
    profile: Any, groups: list[SeatGroup], sides: str, days: int, orderly: bool, data: st.DataObject
) -> None:
    """Not even where observers were given a side. `orderly`: every selection has finished, so that lists do pass."""
    hearing = replace(
        HEARING,
        profile=profile,
        groups=tuple(groups),
        sides=tuple(Side(name=side, why="") for side in sides),
        **{name: data.draw(st.sampled_from([None, AT]), label=name) for name in MILESTONES},
    )
    states = st.just("settled") if orderly else st.sampled_from(["open", "closed", "settled", "cancelled"])
    seatings = [
        seating(group, state=data.draw(states), seated=data.draw(st.integers(0, 3)))
        for group in groups
        if orderly or data.draw(st.booleans())
    ]
    try:
        check_roster(hearing, seatings, hearing.starts_on - timedelta(days=days))
    except Refusal:
        return
    seated: dict[str, int] = defaultdict(int)
    consumers = 0
    for group in groups:
        [found] = [each for each in seatings if each.name == group.name]
        assert found.state == "settled"
        if group.role == "participant":
            seated[group.side] += found.seated
            consumers += found.seated * group.consumers
    assert {side: seated[side] for side in sides if seated[side] == 0} == {}
    assert days >= (15 if profile == "price" else 1)
    assert profile != "price" or consumers * 5 >= sum(seated.values()) * 2


LISTED = replace(HEARING, list_published_at=AT, delivered_at=AT)


@pytest.mark.parametrize(
    ("hearing", "at", "missing_count", "refused"),
    [
        (LISTED, STARTS, 0, None),
        (LISTED, STARTS - MINUTE, 0, no.NotHeldYet),
        (LISTED, STARTS, 1, no.MaterialsMissing),
        (replace(LISTED, delivered_at=None), STARTS, 0, no.WrongState),
        (replace(LISTED, list_published_at=None), STARTS, 0, no.ListNotPublished),
        (replace(LISTED, groups=(replace(CONSUMERS, recruitment_id=None),)), STARTS, 0, no.RulesNotPublished),
    ],
)
def test_hearing_begins_when_all_that_goes_before_is_done(
    hearing: Hearing, at: datetime, missing_count: int, refused: type[Refusal] | None
) -> None:
    expect(refused, lambda: must_be_holdable(hearing, settled(), at, missing_count))


def test_hearing_does_not_begin_when_a_side_has_given_up_its_seats() -> None:
    ready = replace(HEARING, list_published_at=AT, delivered_at=AT)
    expect(None, lambda: must_be_holdable(ready, settled(), STARTS, 0))
    expect(no.SideEmpty, lambda: must_be_holdable(ready, settled(operators=0), STARTS, 0))


def test_group_is_found_by_its_id() -> None:
    assert group_of(HEARING, UUID(int=2)) == OPERATORS
    with pytest.raises(no.UnknownGroup):
        group_of(HEARING, UUID(int=99))


# -- materials

HEARD_ON = date(2026, 9, 15)
TODAY = date(2026, 9, 15)
CLOCK = PACKS["major_decision"].clock("materials")
DELIVERY = Delivery(
    id=UUID(int=1), pseudonym="P1", documents=(Document(title="草案", url="https://example.cn", sha256="0" * 64),),
    way="in_person", delivered_on=date(2026, 9, 1), receipt="本人签收", waiver="", recorded_at=AT,
)  # fmt: skip


def acknowledged(at: datetime | None) -> Delivery:
    return replace(DELIVERY, way="page", delivered_on=None, receipt="", acknowledged_at=at)


@pytest.mark.parametrize(
    ("profile", "days", "waiver", "expected"),
    [
        ("major_decision", 8, "", "in_time"),
        ("major_decision", 7, "", "at_the_limit"),
        ("major_decision", 6, "", None),
        ("major_decision", 6, "waivers/1.pdf", "waived"),
        ("major_decision", 7, "waivers/1.pdf", "at_the_limit"),
        ("major_decision", 0, "waivers/1.pdf", "waived"),
        ("major_decision", -1, "waivers/1.pdf", None),
        ("price", 16, "", "in_time"),
        ("price", 15, "", "at_the_limit"),
        ("price", 14, "", None),
    ],
)
def test_materials_come_seven_days_before_or_with_a_waiver(
    profile: Any, days: int, waiver: str, expected: Timeliness | None
) -> None:
    delivery = replace(DELIVERY, delivered_on=HEARD_ON - timedelta(days=days), waiver=waiver)
    clock = PACKS[profile].clock("materials")
    if expected is None:
        assert timeliness(delivery, HEARD_ON, clock) == "too_late"
        with pytest.raises(no.DeliveryTooLate):
            check_delivery(delivery, HEARD_ON, clock, HEARD_ON + DAY)
    else:
        assert check_delivery(delivery, HEARD_ON, clock, HEARD_ON + DAY) == expected


@pytest.mark.parametrize(
    ("delivery", "refused"),
    [
        (DELIVERY, None),
        (replace(DELIVERY, documents=()), no.DocumentsMissing),
        (replace(DELIVERY, delivered_on=None), no.DeliveryUndated),
        (replace(DELIVERY, receipt=""), no.NoReceipt),
        (replace(DELIVERY, way="post", receipt=""), no.NoReceipt),
        (replace(DELIVERY, delivered_on=TODAY + DAY), no.DeliveryInFuture),
        (acknowledged(None), None),
    ],
)
def test_delivery_is_proved(delivery: Delivery, refused: type[Refusal] | None) -> None:
    expect(refused, lambda: check_delivery(delivery, HEARD_ON + 30 * DAY, CLOCK, TODAY))


def test_page_counts_on_the_shanghai_day_of_its_acknowledgement() -> None:
    """One minute decides between the eighth and the seventh day, and midnight is Shanghai's."""
    assert timeliness(acknowledged(None), HEARD_ON, CLOCK) == "awaited"
    assert timeliness(acknowledged(datetime(2026, 9, 7, 15, 59, tzinfo=UTC)), HEARD_ON, CLOCK) == "in_time"
    assert timeliness(acknowledged(datetime(2026, 9, 7, 16, tzinfo=UTC)), HEARD_ON, CLOCK) == "at_the_limit"
    assert timeliness(acknowledged(datetime(2026, 9, 8, 16, tzinfo=UTC)), HEARD_ON, CLOCK) == "too_late"


def test_missing_are_those_whom_nothing_reached_in_time() -> None:
    late = date(2026, 9, 9)
    deliveries = [
        replace(DELIVERY, pseudonym="P1"),
        replace(DELIVERY, pseudonym="P2", delivered_on=late),
        replace(DELIVERY, pseudonym="P3", delivered_on=late, waiver="waivers/3.pdf"),
        replace(acknowledged(None), pseudonym="P4"),
        replace(DELIVERY, pseudonym="P5", delivered_on=late),
        replace(DELIVERY, pseudonym="P5"),
        replace(DELIVERY, pseudonym="elsewhere"),
    ]
    assert missing(["P6", "P5", "P4", "P3", "P2", "P1"], deliveries, HEARD_ON, CLOCK) == ["P6", "P4", "P2"]
    assert missing([], deliveries, HEARD_ON, CLOCK) == []


# -- the floor


def turn(speaker: str, began: int, side: str = "", ended: int | None = None) -> Turn:
    """`began` and `ended`: seconds after the start."""
    return Turn(
        speaker=speaker,
        side=side or speaker,
        step="statements",
        began_at=STARTS + timedelta(seconds=began),
        ended_at=None if ended is None else STARTS + timedelta(seconds=ended),
    )


def test_new_speaker_ends_the_former_turn() -> None:
    turns = begin(begin((), turn("P1", 0)), turn("P2", 60))
    assert turns == (turn("P1", 0, ended=60), turn("P2", 60))
    assert end(turns, STARTS + 2 * MINUTE) == (turn("P1", 0, ended=60), turn("P2", 60, ended=120))


@pytest.mark.parametrize(
    ("turns", "new", "refused"),
    [
        ((turn("P1", 0),), turn("P1", 60), no.SpeakerBusy),
        ((turn("P1", 0, ended=60),), turn("P1", 60), None),
        ((turn("P1", 0, ended=60),), turn("P2", 59), no.TurnTooEarly),
        ((turn("P1", 10),), turn("P2", 9), no.TurnTooEarly),
    ],
)
def test_nobody_speaks_twice_at_once(turns: tuple[Turn, ...], new: Turn, refused: type[Refusal] | None) -> None:
    expect(refused, lambda: begin(turns, new))


@pytest.mark.parametrize("turns", [(), (turn("P1", 0, ended=60),)])
def test_floor_that_nobody_has_cannot_be_ended(turns: tuple[Turn, ...]) -> None:
    with pytest.raises(no.NobodySpeaking):
        end(turns, STARTS + HOUR)


def test_ledger_counts_the_turn_that_is_under_way_and_what_is_overdrawn() -> None:
    turns = (
        turn("P1", 0, "甲", ended=200),
        turn("P2", 200, "乙", ended=230),
        turn("P1", 230, "甲", ended=360),
        turn("P3", 400, "甲"),
    )
    at = STARTS + timedelta(seconds=410)
    assert seconds_of(turns, at) == {"P1": 330, "P2": 30, "P3": 10}
    assert by_side(turns, at) == {"甲": 340, "乙": 30}
    assert remaining(turns, ["P1", "P2", "P4"], 5, at) == {"P1": -30, "P2": 270, "P4": 300}


@given(
    st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 10**9), st.booleans()), max_size=20),
    st.integers(0, 10**9),
)
def test_ledger_loses_no_time(moves: list[tuple[str, int, bool]], rest: int) -> None:
    """Whoever speaks and whenever, the floor is one: speakers and sides add up to it, to a second for each turn."""
    turns: tuple[Turn, ...] = ()
    now, spoken = STARTS, timedelta()
    for speaker, microseconds, stops in moves:
        try:
            turns = begin(turns, Turn(speaker=speaker, side="甲" if speaker < "C" else "乙", step="", began_at=now))
        except no.SpeakerBusy:
            assert turns[-1].speaker == speaker
        now += timedelta(microseconds=microseconds)
        spoken += timedelta(microseconds=microseconds)
        if stops:
            turns = end(turns, now)
    if turns and turns[-1].ended_at is None:
        spoken += timedelta(microseconds=rest)
    now += timedelta(microseconds=rest)
    seconds = seconds_of(turns, now)
    assert sum(seconds.values()) == sum(by_side(turns, now).values())
    assert 0 <= spoken.total_seconds() - sum(seconds.values()) < max(1, len(turns))
    assert [each for each in turns[:-1] if each.ended_at is None] == []


# -- the record

LINES = (
    Line(no=1, step="presentation", speaker="承办单位", text="介绍草案"),
    Line(no=2, step="statements", speaker="P1", text="水价过高", is_point=True),
    Line(no=3, step="statements", speaker="P2", text="应分档", is_point=True),
)
RECORD = write(None, LINES, "档案 2026-17", AT)


def sign_off(**changes: Any) -> SignOff:
    usual: dict[str, Any] = {
        "pseudonym": "P1", "version": 1, "answer": "confirmed", "text": "", "way": "page", "at": AT,
    }  # fmt: skip
    return SignOff(**{**usual, **changes})


def test_versions_of_a_record_are_numbered_and_sealed() -> None:
    later = write(RECORD, LINES[:2], "档案 2026-17", AT + HOUR)
    assert (RECORD.number, later.number) == (1, 2)
    assert RECORD.sha256 == digest_of(LINES, "档案 2026-17") != later.sha256
    assert RECORD.sha256 != digest_of(LINES, "")
    # sha256sum of ["r",[{"is_point":false,"no":1,"speaker":"承办单位","step":"presentation","text":"介绍草案"}]]
    assert digest_of(LINES[:1], "r") == "db37034aa73f35829f459d232ff00543be88746cc76bab5cf48030bc8d0a22b6"


@pytest.mark.parametrize(
    ("lines", "refused"),
    [((), no.RecordEmpty), (LINES[1:], no.LinesMisnumbered), ((*LINES, LINES[2]), no.LinesMisnumbered)],
)
def test_record_has_lines_numbered_from_one(lines: tuple[Line, ...], refused: type[Refusal]) -> None:
    with pytest.raises(refused):
        write(None, lines, "", AT)


@pytest.mark.parametrize(
    ("changes", "latest", "signer", "refused"),
    [
        ({}, RECORD, "P1", None),
        ({}, None, "P1", no.NoRecord),
        ({}, RECORD, "P2", no.NotYourRecord),
        ({}, RECORD, None, no.NotYourRecord),
        ({"way": "paper"}, RECORD, None, None),
        ({"way": "paper"}, RECORD, "P1", no.NotYourRecord),
        ({"pseudonym": "P9"}, RECORD, "P9", no.NotAParticipant),
        ({}, write(RECORD, LINES, "", AT), "P1", no.StaleRecord),
        ({"answer": "objected", "text": "第2条不是我说的"}, RECORD, "P1", None),
        ({"answer": "objected", "text": " "}, RECORD, "P1", no.ObjectionEmpty),
        ({"answer": "refused"}, RECORD, "P1", no.ReasonMissing),
        ({"answer": "absent", "way": "paper"}, RECORD, None, no.ReasonMissing),
        ({"answer": "absent", "way": "paper", "text": "提前离场"}, RECORD, None, None),
    ],
)
def test_each_answers_for_themselves_on_what_was_last_written(
    changes: dict[str, Any], latest: RecordVersion | None, signer: str | None, refused: type[Refusal] | None
) -> None:
    expect(refused, lambda: check_sign_off(sign_off(**changes), latest, {"P1", "P2"}, signer))


def test_new_version_makes_former_answers_void() -> None:
    people = ["P3", "P1", "P2"]
    answers = [
        sign_off(pseudonym="P1"),
        sign_off(pseudonym="P2", answer="objected", text="不实"),
        sign_off(pseudonym="P3", answer="absent", text="因病", way="paper"),
    ]
    assert outstanding(people, answers[:1], 1) == ["P3", "P2"]
    assert not is_settled(people, answers[:2], 1)
    assert is_settled(people, answers, 1)
    assert outstanding(people, answers, 2) == people
    assert not is_settled(people, answers, 2)
    assert is_settled(people, [*answers, *(replace(each, version=2) for each in answers)], 2)


def test_record_of_nobody_is_never_settled() -> None:
    assert not is_settled([], [], 1)


# -- the report

CHANGE = Passage(where="第三条", before="每吨 5 元", after="每吨 4 元")


def test_report_answers_each_point_once() -> None:
    answer = {2: Point(no=2, disposition="adopted", passage=CHANGE), 3: Point(no=3, disposition="already_covered")}
    check_report(LINES, [answer[3], answer[2]])
    check_report(LINES[:1], [])
    for points, refused in (
        ([answer[2]], no.UnansweredPoint),
        ([answer[2], answer[3], answer[2]], no.PointAnsweredTwice),
        ([answer[2], answer[3], Point(no=1, disposition="already_covered")], no.UnknownPoint),
        ([answer[2], answer[3], Point(no=4, disposition="already_covered")], no.UnknownPoint),
    ):
        with pytest.raises(refused):
            check_report(LINES, points)


@pytest.mark.parametrize(
    ("disposition", "reason", "passage", "refused"),
    [
        ("adopted", "", CHANGE, None),
        ("adopted", "有理", None, no.PassageNeeded),
        ("adopted", "", replace(CHANGE, after=CHANGE.before), no.PassageNeeded),
        ("adopted", "", replace(CHANGE, where=""), no.PassageNeeded),
        ("adopted", "", replace(CHANGE, before=""), None),
        ("adopted", "", replace(CHANGE, after=""), None),
        ("partly", "财力有限", CHANGE, None),
        ("partly", "", CHANGE, no.ReasonForDisposition),
        ("partly", "财力有限", None, no.PassageNeeded),
        ("not_adopted", "于法无据", None, None),
        ("not_adopted", "  ", None, no.ReasonForDisposition),
        ("out_of_scope", "非本次事项", None, None),
        ("out_of_scope", "", None, no.ReasonForDisposition),
        ("already_covered", "", None, None),
    ],
)
def test_disposition_gives_its_reason_and_shows_what_changed(
    disposition: Disposition, reason: str, passage: Passage | None, refused: type[Refusal] | None
) -> None:
    point = Point(no=2, disposition=disposition, reason=reason, passage=passage)
    expect(refused, lambda: check_report(LINES[:2], [point]))
