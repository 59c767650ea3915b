"""The waiting-list rule, held against every queue that Hypothesis can think of."""

import random
import string
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kaimen.kit.crypto import Vault
from kaimen.kit.refusals import Refusal
from kaimen.opendays.app.tickets import TicketPress
from kaimen.opendays.domain.events import Session
from kaimen.opendays.domain.refusals import BadTicket, OfferExpired, PartyTooLarge, SessionFull
from kaimen.opendays.domain.seats import (
    MAY_BE_PASSED,
    Movement,
    Waiting,
    admit,
    must_have_offer,
    next_offers,
    offer_expires_at,
    pass_over,
    replay,
    seats_for,
)

AT = datetime(2026, 8, 3, 1, tzinfo=UTC)
SESSION = Session(
    id=UUID(int=1),
    event_id=UUID(int=2),
    starts_at=AT + timedelta(days=9),
    ends_at=AT + timedelta(days=9, hours=2),
    capacity=10,
    created_at=AT,
    changed_at=AT,
)

queues = st.lists(st.tuples(st.integers(1, 12), st.integers(0, MAY_BE_PASSED)), max_size=25).map(
    lambda parties: [Waiting(UUID(int=n), seats, passed) for n, (seats, passed) in enumerate(parties)]
)


@given(st.integers(0, 40), queues)
def test_offers_share_no_more_seats_than_are_free_and_keep_the_order(free: int, queue: list[Waiting]) -> None:
    offers = next_offers(free, queue)
    seats = {waiting.id: waiting.seats for waiting in queue}
    assert sum(seats[name] for name in offers.offered) <= free
    assert list(offers.offered) == [waiting.id for waiting in queue if waiting.id in offers.offered]
    assert len(set(offers.offered)) == len(offers.offered)
    assert set(offers.offered) & set(offers.passed) == set()


@given(st.integers(0, 40), queues)
def test_offers_pass_nobody_more_than_three_times(free: int, queue: list[Waiting]) -> None:
    offers = next_offers(free, queue)
    for place, waiting in enumerate(queue):
        later = sum(other.id in offers.offered for other in queue[place + 1 :])
        passes = offers.passed.count(waiting.id)
        assert passes == (0 if waiting.id in offers.offered else later)
        assert waiting.passed + passes <= MAY_BE_PASSED


@given(st.integers(0, 40), queues)
def test_offers_leave_out_only_who_does_not_fit_or_stands_behind_one_passed_three_times(
    free: int, queue: list[Waiting]
) -> None:
    offers = next_offers(free, queue)
    seats = {waiting.id: waiting.seats for waiting in queue}
    left = free - sum(seats[name] for name in offers.offered)
    kept_for_somebody = False
    for waiting in queue:
        if waiting.id in offers.offered:
            continue
        assert waiting.seats > left or kept_for_somebody
        kept_for_somebody |= waiting.passed + offers.passed.count(waiting.id) >= MAY_BE_PASSED


@given(st.integers(1, 12), st.lists(st.integers(-12, 12).filter(bool), max_size=60))
def test_nobody_is_overtaken_more_than_three_times_in_a_whole_life(capacity: int, moves: list[int]) -> None:
    """Positive: a party of that size arrives. Negative: that many seats are given back and offered on."""
    session = replace(SESSION, capacity=capacity, waitlist_limit=1000)
    queue: list[Waiting] = []
    overtaken: dict[UUID, int] = {}
    for number, move in enumerate(moves):
        if move > 0:
            seats = min(move, capacity)
            admission = admit(session, queue, seats)
            if admission.state == "confirmed":
                for waiting in queue:
                    overtaken[waiting.id] += 1
                queue = pass_over(queue, admission.passed)
                session = replace(session, taken=session.taken + seats)
            else:
                queue.append(Waiting(UUID(int=number), seats, 0))
                overtaken[queue[-1].id] = 0
                session = replace(session, waiting=session.waiting + 1)
        else:
            session = replace(session, taken=max(0, session.taken + move))
            offers = next_offers(session.free, queue)
            for place, waiting in enumerate(queue):
                if waiting.id not in offers.offered:
                    overtaken[waiting.id] += sum(other.id in offers.offered for other in queue[place + 1 :])
            given_now = sum(waiting.seats for waiting in queue if waiting.id in offers.offered)
            queue = [waiting for waiting in pass_over(queue, ()) if waiting.id not in offers.offered]
            for name in offers.passed:
                queue = pass_over(queue, [name])
            session = replace(session, taken=session.taken + given_now, waiting=len(queue))
        assert 0 <= session.taken <= capacity
        assert [overtaken[waiting.id] for waiting in queue] == [waiting.passed for waiting in queue]
        assert max(overtaken.values(), default=0) <= MAY_BE_PASSED


@pytest.mark.parametrize(
    ("changes", "queue", "seats", "answer"),
    [
        ({}, [], 10, "confirmed"),
        ({"taken": 9}, [], 1, "confirmed"),
        ({"taken": 9}, [], 2, "waitlisted"),
        ({"taken": 9, "holds": {"media": 1}}, [], 1, "waitlisted"),
        ({"taken": 8}, [(3, 0)], 2, "confirmed"),
        ({"taken": 8}, [(3, 3)], 2, "waitlisted"),
        ({"taken": 8}, [(2, 0)], 2, "waitlisted"),
        ({"taken": 10, "waiting": 200}, [], 1, SessionFull),
        ({"taken": 10, "waiting": 5, "policy": "draw"}, [], 1, "entered"),
    ],
)
def test_admission_of_one_arrival(changes: dict, queue: list[tuple[int, int]], seats: int, answer: object) -> None:
    waiting = [Waiting(UUID(int=n), size, passed) for n, (size, passed) in enumerate(queue)]
    try:
        admission = admit(replace(SESSION, **changes), waiting, seats)
    except Refusal as no:
        assert type(no) is answer
    else:
        assert admission.state == answer
        assert admission.passed == (tuple(w.id for w in waiting) if answer == "confirmed" else ())


@pytest.mark.parametrize(
    ("changes", "party", "answer"),
    [
        ({}, 10, 10),
        ({}, 11, PartyTooLarge),
        ({"party_limit": 3}, 4, PartyTooLarge),
        ({"holds": {"guests": 6}}, 5, PartyTooLarge),
        ({"seat_unit": "group", "capacity": 1}, 10, 1),
        ({"seat_unit": "group"}, 11, PartyTooLarge),
    ],
)
def test_party_needs_seats(changes: dict, party: int, answer: object) -> None:
    try:
        assert seats_for(replace(SESSION, **changes), party) == answer
    except PartyTooLarge:
        assert answer is PartyTooLarge


def test_offer_ends_after_a_day_or_when_the_session_starts() -> None:
    day = timedelta(days=1)
    assert offer_expires_at(SESSION, AT) == AT + day
    assert offer_expires_at(SESSION, SESSION.starts_at - day / 2) == SESSION.starts_at


def test_offer_is_gone_at_its_last_instant() -> None:
    must_have_offer("offered", AT, AT - timedelta(microseconds=1))
    with pytest.raises(OfferExpired):
        must_have_offer("offered", AT, AT)


movements = st.lists(st.builds(Movement, *[st.integers(-50, 50)] * 3), max_size=40)


@given(movements, movements)
def test_replay_of_a_ledger_is_the_sum_of_its_parts(first: list[Movement], second: list[Movement]) -> None:
    one, other, both = replay(first), replay(second), replay(first + second)
    assert both == Movement(one.capacity + other.capacity, one.held + other.held, one.taken + other.taken)
    assert replay(reversed(first)) == one
    assert replay([]) == Movement(0, 0, 0)


def test_ticket_says_what_was_written() -> None:
    press = TicketPress(Vault(bytes(32), "opendays"))
    registration, session = uuid4(), uuid4()
    said = press.read(f" {press.issue(registration, session, 4, AT).lower()}\n")
    assert (said.registration_id, said.is_for(session), said.party_size) == (registration, True, 4)
    assert said.issued_day == (AT.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def test_ticket_with_any_edit_is_refused() -> None:
    press = TicketPress(Vault(bytes(32), "opendays"))
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    ticket = press.issue(uuid4(), uuid4(), 2, AT)
    accepted = tried = 0
    while tried < 20_000:
        edited = _edit(ticket, dice)
        if edited.strip().upper() == ticket:
            continue
        tried += 1
        try:
            press.read(edited)
            accepted += 1
        except BadTicket:
            pass
    assert accepted == 0


def test_ticket_of_another_key_is_refused() -> None:
    ticket = TicketPress(Vault(bytes([1]) * 32, "opendays")).issue(uuid4(), uuid4(), 2, AT)
    with pytest.raises(BadTicket):
        TicketPress(Vault(bytes(32), "opendays")).read(ticket)


def _edit(text: str, dice: random.Random) -> str:
    """One to four characters replaced, put in, taken out or swapped."""
    letters = list(text)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(letters))
        match dice.randrange(4):
            case 0:
                letters[at] = dice.choice(string.printable)
            case 1:
                letters.insert(at, dice.choice(string.printable))
            case 2:
                del letters[at]
            case _:
                other = dice.randrange(len(letters))
                letters[at], letters[other] = letters[other], letters[at]
    return "".join(letters)
