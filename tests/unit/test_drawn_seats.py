"""Seats by a draw (OD4): what it means for each entry, held against every pool that Hypothesis can think of."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kaimen.kit import lots
from kaimen.kit.refusals import Refusal
from kaimen.opendays.domain import refusals as no
from kaimen.opendays.domain.drawing import (
    FIXED_BY_RULES,
    Entry,
    must_fit,
    must_keep_draw,
    place_entries,
    pool_of,
    wished_sessions,
)
from kaimen.opendays.domain.events import Event, RegistrationTerms, Session, publish_checklist
from kaimen.opendays.domain.seats import must_accept_registrations

AT = datetime(2026, 8, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = lots.Source("ssq", "双色球", "sorted-ints")
SESSIONS = tuple(
    Session(
        id=UUID(int=number),
        event_id=UUID(int=99),
        starts_at=AT + (20 + number) * DAY,
        ends_at=AT + (20 + number) * DAY + timedelta(hours=2),
        capacity=6,
        policy="draw",
        registration_closes_at=AT + 9 * DAY,
        created_at=AT,
        changed_at=AT,
    )
    for number in (1, 2, 3)
)
BY_ID = {session.id: session for session in SESSIONS}
EVENT = Event(
    id=UUID(int=99),
    version=4,
    state="published",
    unit="区教育局",
    organiser="",
    title="走进校园",
    theme="民生保障",
    summary="",
    place="公园路100号",
    street_code=None,
    accessibility=("无障碍坡道",),
    interactive_steps=("qa",),
    staff=("科室负责人",),
    audience="",
    capacity_text="",
    registration=RegistrationTerms(contact="021-59732890"),
    online=False,
    tentative=False,
    campaign=None,
    reason="",
    writers=("writer",),
    approved_by="lead",
    source="",
    sequence=0,
    created_at=AT,
    changed_at=AT,
    published_at=AT,
    sessions=SESSIONS,
    entropy=(SOURCE,),
)
RULES = lots.OrderRules(
    id="99",
    title="走进校园",
    sessions={str(session.id): 6 for session in SESSIONS},
    closes_at="2026-08-12T09:00:00+08:00",
    entropy=(SOURCE,),
    verifier_sha256="0" * 64,
)
wishes = st.lists(st.sampled_from([session.id for session in SESSIONS]), min_size=1, max_size=3, unique=True)
pools = st.lists(st.tuples(st.integers(1, 6), wishes, st.booleans()), max_size=20).map(
    lambda parties: [
        Entry(UUID(int=1000 + n), f"P{n:02}", seats, wished[0], wished, won)
        for n, (seats, wished, won) in enumerate(parties)
    ]
)


def drawn(entries: list[Entry], entropy: str) -> dict:
    pool = lots.order_pool(RULES, pool_of(entries, set(BY_ID)))
    return lots.uniform_order(RULES, pool, lots.order_commit(RULES, pool), entropy)


@given(pools, st.text("0123456789", min_size=1), st.data())
def test_everybody_still_there_is_placed_once_and_nobody_else(
    entries: list[Entry], numbers: str, data: st.DataObject
) -> None:
    made = drawn(entries, f"ssq={numbers}/")
    gone = data.draw(st.sets(st.sampled_from([entry.pseudonym for entry in entries]))) if entries else set()
    busy = data.draw(st.sets(st.sampled_from([entry.id for entry in entries]))) if entries else set()
    live = data.draw(st.sets(st.sampled_from(sorted(BY_ID)), min_size=1))
    here = {entry.pseudonym: entry for entry in entries if entry.pseudonym not in gone}
    placings = place_entries(made["order"], made["assigned"], here, live, busy)
    assert [placing.entry.pseudonym for placing in placings] == [name for name in made["order"] if name in here]
    taken: Counter[UUID] = Counter()
    for placing in placings:
        if placing.state == "confirmed":
            assert str(placing.session_id) == made["assigned"][placing.entry.pseudonym]
            assert placing.session_id in live
            assert placing.entry.id not in busy
            taken[placing.session_id] += placing.entry.seats
        else:
            assert placing.session_id == placing.entry.session_id
    assert all(seats <= 6 for seats in taken.values())


@given(pools, st.text("0123456789", min_size=1))
def test_who_has_won_before_comes_after_all_others(entries: list[Entry], numbers: str) -> None:
    order = drawn(entries, f"ssq={numbers}/")["order"]
    won = [next(entry.won_before for entry in entries if entry.pseudonym == name) for name in order]
    assert won == sorted(won)


@given(pools)
def test_pool_leaves_out_wishes_for_cancelled_sessions(entries: list[Entry]) -> None:
    live = {SESSIONS[1].id, SESSIONS[2].id}
    parties = pool_of(entries, live)
    assert [party.wants for party in parties] == [
        tuple(str(id) for id in entry.wishes if id in live) for entry in entries
    ]


def refused(first: Session, *further: UUID, entering: bool = True) -> tuple[type[Refusal], str | None]:
    with pytest.raises(Refusal) as raised:
        wished_sessions(first, further, BY_ID, entering=entering)
    return type(raised.value), raised.value.field


def test_wishes_are_drawn_sessions_of_the_event_each_once() -> None:
    a, b, c = SESSIONS
    assert wished_sessions(a, [c.id, b.id], BY_ID, entering=True) == (a, c, b)
    assert wished_sessions(a, [], {}, entering=False) == (a,)
    assert refused(a, b.id, UUID(int=7)) == (no.WishOfOtherEvent, "preferences[1]")
    assert refused(a, b.id, b.id) == (no.WishRepeated, "preferences[1]")
    assert refused(a, a.id) == (no.WishRepeated, "preferences[0]")
    assert refused(a, b.id, entering=False) == (no.WishNotDrawn, "preferences")
    served, cancelled = replace(b, policy="first_come"), replace(c, state="cancelled")
    changed = {**BY_ID, b.id: served, c.id: cancelled}
    for id, meant in ((b.id, no.WishNotDrawn), (c.id, no.RegistrationClosed)):
        with pytest.raises(meant):
            wished_sessions(a, [id], changed, entering=True)


def test_party_fits_every_wish_or_none() -> None:
    a, b, _ = SESSIONS
    must_fit((a, b), 6)
    with pytest.raises(no.PartyTooLarge):
        must_fit((a, replace(b, holds={"media": 1})), 6)
    must_fit((replace(a, seat_unit="group", capacity=1),), 6)


def test_nobody_enters_once_the_pool_is_closed_whatever_their_clock_says() -> None:
    closed = replace(EVENT, pool_closed_at=AT + 9 * DAY)
    at = AT + 9 * DAY - timedelta(microseconds=1)
    must_accept_registrations(EVENT, SESSIONS[0], at, by_staff=False, entering=True)
    for event, moment, by_staff in ((closed, at, False), (EVENT, AT + 9 * DAY, False), (EVENT, AT + 9 * DAY, True)):
        with pytest.raises(no.RegistrationClosed):
            must_accept_registrations(event, SESSIONS[0], moment, by_staff=by_staff, entering=True)
    must_accept_registrations(closed, SESSIONS[0], AT + 10 * DAY, by_staff=True)


CHANGED = {
    "policy": "first_come",
    "capacity": 7,
    "holds": {"media": 1},
    "seat_unit": "group",
    "registration_closes_at": AT + 10 * DAY,
    "starts_at": AT + 9 * DAY,
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_published_rules_say_is_not_changed(name: str) -> None:
    changed = replace(SESSIONS[1], **{name: CHANGED[name]})
    with pytest.raises(no.DrawFixed) as raised:
        must_keep_draw(EVENT, (SESSIONS[0], changed, SESSIONS[2]))
    assert raised.value.field == f"sessions[1].{name}"
    assert set(CHANGED) - {"starts_at"} == set(FIXED_BY_RULES)
    must_keep_draw(replace(EVENT, published_at=None), (SESSIONS[0], changed, SESSIONS[2]))
    must_keep_draw(EVENT, (SESSIONS[0], SESSIONS[2]))


def test_draft_whose_draw_is_complete_may_be_published() -> None:
    draft = replace(EVENT, state="approved", published_at=None)
    assert publish_checklist(draft, AT) == []
    assert [error.field for error in publish_checklist(draft, AT + 3 * DAY)] == [
        f"sessions[{number}].registration_closes_at" for number in range(3)
    ]
