"""Seats by a public draw (OD4): what an entry may wish for, what stays as published, who ends up where. Pure.

Parties come together or not at all; they are served in a public order, each with the first of its wishes that still
has seats for all of it; whom a draw gave a seat within a year goes last (`kit.lots.order`).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.kit import lots
from kaimen.kit.clock import SHANGHAI
from kaimen.opendays.domain.events import Event, Session
from kaimen.opendays.domain.refusals import (
    DrawFixed,
    PartyTooLarge,
    RegistrationClosed,
    WishNotDrawn,
    WishOfOtherEvent,
    WishRepeated,
)
from kaimen.opendays.domain.seats import seats_for

WON_WITHIN = timedelta(days=365)
"""So long, after a draw gave somebody a seat, others go first."""
FIXED_BY_RULES = ("policy", "capacity", "holds", "seat_unit", "registration_closes_at")


class Entry(msgspec.Struct, frozen=True):
    """One entry into a draw. `session_id` is the dearest wish that still takes place."""

    id: UUID
    pseudonym: str
    seats: int
    session_id: UUID
    wishes: Sequence[UUID]
    won_before: bool = False


class Placing(msgspec.Struct, frozen=True):
    """Where an entry ends up."""

    entry: Entry
    session_id: UUID
    state: Literal["confirmed", "waitlisted"]


def wished_sessions(
    first: Session, further: Sequence[UUID], of_event: Mapping[UUID, Session], *, entering: bool
) -> tuple[Session, ...]:
    """The sessions that a registration names, the dearest first. Raises the refusal with the wish that is wrong."""
    if further and not entering:
        raise WishNotDrawn(field="preferences")
    wished = [first]
    for number, id in enumerate(further):
        field = f"preferences[{number}]"
        session = of_event.get(id)
        if session is None:
            raise WishOfOtherEvent(field=field)
        if not session.is_drawn:
            raise WishNotDrawn(field=field)
        if id in {each.id for each in wished}:
            raise WishRepeated(field=field)
        if session.state != "scheduled":
            raise RegistrationClosed(field=field)
        wished.append(session)
    return tuple(wished)


def must_fit(wished: Sequence[Session], party_size: int) -> None:
    """Raises PartyTooLarge when one of the sessions could never seat the whole party."""
    for session in wished:
        if seats_for(session, party_size) > session.free:
            raise PartyTooLarge(field="party_size", limit=session.free)


def must_keep_draw(event: Event, wanted: Sequence[Session]) -> None:
    """Raises DrawFixed when `wanted` changes what published rules say of a session. Leaving one out cancels it, and
    another date changes nobody's chance, as long as sign-up closes before it."""
    if event.published_at is None:
        return
    before = {session.id: session for session in event.sessions}
    for number, session in enumerate(wanted):
        old = before.get(session.id)
        if old is None or not old.is_drawn:
            if session.is_drawn:
                raise DrawFixed(field=f"sessions[{number}].policy")
        elif event.entropy:
            changed = [name for name in FIXED_BY_RULES if getattr(session, name) != getattr(old, name)]
            if not changed and session.starts_at <= session.closes_at:
                changed = ["starts_at"]
            if changed:
                raise DrawFixed(field=f"sessions[{number}].{changed[0]}")


def must_keep_terms(before: Event, after: Event) -> None:
    """Raises DrawFixed when the numbers or the way of sign-up change after the rules were published."""
    if before.published_at is None or not before.drawn_sessions:
        return
    if after.entropy != before.entropy:
        raise DrawFixed(field="entropy")
    if after.registration.mode != before.registration.mode:
        raise DrawFixed(field="registration.mode")


def order_rules(event: Event, verifier_sha256: str) -> lots.OrderRules:
    """The rules of the draw of an event whose checklist is empty."""
    drawn = event.drawn_sessions
    return lots.OrderRules(
        id=str(event.id),
        title=event.title,
        sessions={str(session.id): session.public_seats for session in drawn},
        closes_at=drawn[0].closes_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        entropy=event.entropy,
        verifier_sha256=verifier_sha256,
    )


def pool_of(entries: Sequence[Entry], live: Collection[UUID]) -> list[lots.Party]:
    """The entries as they stand in the public pool: wishes for cancelled sessions are left out."""
    return [
        lots.Party(entry.pseudonym, entry.seats, tuple(str(id) for id in entry.wishes if id in live), entry.won_before)
        for entry in entries
    ]


def place_entries(
    order: Sequence[str],
    assigned: Mapping[str, str],
    entries: Mapping[str, Entry],
    live: Collection[UUID],
    busy: Collection[UUID],
) -> list[Placing]:
    """What the draw means for each of `entries`, in drawn order: its seat or, without one, a place in the line for
    its dearest wish.

    Left out: who has withdrawn since the pool closed. No seat: where the session was cancelled since, and for the
    `busy`, who hold another place at the time of the session that they were drawn into.
    """
    placings = []
    for pseudonym in order:
        entry = entries.get(pseudonym)
        if entry is None:
            continue
        given = UUID(assigned[pseudonym]) if pseudonym in assigned else None
        if given is not None and given in live and entry.id not in busy:
            placings.append(Placing(entry, given, "confirmed"))
        else:
            placings.append(Placing(entry, entry.session_id, "waitlisted"))
    return placings
