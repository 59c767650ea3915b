"""Seats: who gets one, who waits, who is offered what somebody gave back. Pure; the store only holds the counts.

The waiting-list rule, as it is printed on the page: seats go to those who wait in order of arrival. A party gets
all its seats or none. A party that is too large for the seats at hand may be passed at most three times by later,
smaller ones; then seats are kept for it until they suffice. So nobody starves, and few seats stand empty.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.opendays.domain.events import Event, Session
from kaimen.opendays.domain.refusals import (
    NoOffer,
    NotAdmitted,
    NotCancellable,
    OfferExpired,
    PartyTooLarge,
    RegisteredElsewhere,
    RegistrationClosed,
    RegistrationNotOpen,
    SessionFull,
)

MAY_BE_PASSED = 3
OFFER_LASTS = timedelta(hours=24)

RegistrationState = Literal[
    "confirmed", "waitlisted", "entered", "offered", "checked_in", "no_show", "withdrawn", "lapsed"
]
LIVE: tuple[RegistrationState, ...] = ("confirmed", "waitlisted", "entered", "offered", "checked_in")
SEATED: tuple[RegistrationState, ...] = ("confirmed", "offered", "checked_in")


class Waiting(msgspec.Struct, frozen=True):
    """One registration on the waiting list, in order of arrival."""

    id: UUID
    seats: int
    passed: int


class Admission(msgspec.Struct, frozen=True):
    """What a new registration gets; `passed` names the waiting parties that it was allowed to pass."""

    state: Literal["confirmed", "waitlisted", "entered"]
    passed: tuple[UUID, ...] = ()


class Offers(msgspec.Struct, frozen=True):
    """Whom free seats are offered to, and whom that passed over."""

    offered: tuple[UUID, ...]
    passed: tuple[UUID, ...]


def must_accept_registrations(
    event: Event, session: Session, at: datetime, *, by_staff: bool, entering: bool = False
) -> None:
    """Raises why this session takes no registration now. Staff at the door may enter people until it ends; into a
    draw (`entering`) nobody comes after its pool has closed."""
    if event.state != "published" or session.state != "scheduled":
        raise RegistrationClosed
    if event.registration.mode != "here" or session.capacity is None:
        raise RegisteredElsewhere(note=event.registration.note or event.registration.url or event.registration.contact)
    if not session.has_opened(at) and not by_staff:
        raise RegistrationNotOpen
    if at >= (session.ends_at if by_staff and not entering else session.closes_at):
        raise RegistrationClosed
    if entering and event.pool_closed_at is not None:
        raise RegistrationClosed


def seats_for(session: Session, party_size: int) -> int:
    """Seats that a party needs. Raises PartyTooLarge when it could never be seated."""
    if session.seat_unit == "group":
        if party_size > session.party_limit:
            raise PartyTooLarge(field="party_size", limit=session.party_limit)
        return 1
    limit = min(session.party_limit, session.public_seats)
    if party_size > limit:
        raise PartyTooLarge(field="party_size", limit=limit)
    return party_size


def admit(session: Session, queue: Sequence[Waiting], seats: int) -> Admission:
    """Decide on one arrival at a locked session. Raises SessionFull when the waiting list is full too."""
    if session.is_drawn:
        return Admission("entered")
    blocked = [waiting for waiting in queue if waiting.seats <= session.free or waiting.passed >= MAY_BE_PASSED]
    if seats <= session.free and not blocked:
        return Admission("confirmed", tuple(waiting.id for waiting in queue))
    if session.waiting >= session.waitlist_limit:
        raise SessionFull
    return Admission("waitlisted")


def pass_over(queue: Iterable[Waiting], passed: Iterable[UUID]) -> list[Waiting]:
    """The queue after those in `passed` have been passed once more."""
    names = set(passed)
    return [msgspec.structs.replace(w, passed=w.passed + 1) if w.id in names else w for w in queue]


def next_offers(free: int, queue: Sequence[Waiting]) -> Offers:
    """Share `free` seats among those who wait, by the rule above."""
    offered: list[UUID] = []
    skipped: list[Waiting] = []
    passed: dict[UUID, int] = {}
    for waiting in queue:
        if any(earlier.passed + passed.get(earlier.id, 0) >= MAY_BE_PASSED for earlier in skipped):
            break
        if waiting.seats > free:
            skipped.append(waiting)
            continue
        free -= waiting.seats
        offered.append(waiting.id)
        for earlier in skipped:
            passed[earlier.id] = passed.get(earlier.id, 0) + 1
    return Offers(tuple(offered), tuple(name for name, times in passed.items() for _ in range(times)))


def offer_expires_at(session: Session, at: datetime) -> datetime:
    """24 hours to answer, but never beyond the start of the session."""
    return min(at + OFFER_LASTS, session.starts_at)


def must_have_offer(state: RegistrationState, expires_at: datetime | None, at: datetime) -> None:
    if state == "lapsed" or (state == "offered" and expires_at is not None and expires_at <= at):
        raise OfferExpired
    if state != "offered":
        raise NoOffer


def must_be_cancellable(state: RegistrationState, session: Session, at: datetime) -> None:
    if state not in ("confirmed", "waitlisted", "entered", "offered") or at >= session.ends_at:
        raise NotCancellable


def must_be_admitted(state: RegistrationState) -> None:
    if state not in ("confirmed", "checked_in"):
        raise NotAdmitted(state=state)


class Movement(msgspec.Struct, frozen=True):
    """One line of the seat ledger: how it changed capacity, held and taken seats."""

    capacity: int
    held: int
    taken: int


def replay(movements: Iterable[Movement]) -> Movement:
    """The counters that a session must have, from its ledger alone."""
    capacity = held = taken = 0
    for movement in movements:
        capacity += movement.capacity
        held += movement.held
        taken += movement.taken
    return Movement(capacity, held, taken)
