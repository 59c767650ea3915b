"""The public draw of an event's seats (OD4): rules with publication, pool and commitment when sign-up closes, seats
when two people have typed the public numbers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kaimen.kit import lots
from kaimen.kit.draws.procedure import checked_rules, verifier_sha256
from kaimen.kit.draws.store import Draw
from kaimen.kit.texts import clean_text
from kaimen.opendays.app.desk import Desk
from kaimen.opendays.app.registrations import announce_state, offer_free_seats
from kaimen.opendays.domain import drawing as domain
from kaimen.opendays.domain.drawing import WON_WITHIN, Placing
from kaimen.opendays.domain.events import Event, Session
from kaimen.opendays.domain.refusals import WrongState
from kaimen.opendays.domain.seats import Movement

_SOURCES_ALONE = lots.OrderRules(
    id="-", title="-", sessions={"-": 0}, closes_at="2000-01-01T00:00:00Z", entropy=(), verifier_sha256="0" * 64
)
"""Rules in which nothing but their sources can be wrong."""


def draw_subject(event_id: UUID) -> str:
    """What the draw of an event is called."""
    return f"event:{event_id}"


def check_sources(sources: Sequence[lots.Source]) -> tuple[lots.Source, ...]:
    """The sources of a draft. Raises BadDrawRules for those that no rules could name."""
    named = tuple(
        msgspec.structs.replace(source, name=clean_text(source.name, f"entropy[{number}].name", least=1))
        for number, source in enumerate(sources)
    )
    if named:
        checked_rules(msgspec.structs.replace(_SOURCES_ALONE, entropy=named))
    return named


async def publish_rules(desk: Desk, event: Event) -> None:
    """Of an event whose seats, or some of them, are drawn. Raises BadDrawRules, RulesTooLate."""
    if not event.drawn_sessions:
        return
    closes_at = event.drawn_sessions[0].closes_at
    rules = checked_rules(domain.order_rules(event, verifier_sha256()))
    await desk.draws.publish_rules(draw_subject(event.id), "order", rules, closes_at)
    await desk.work.set_timer("close-draw", str(event.id), closes_at)


async def pass_on_entries(desk: Desk, event: Event, cancelled: Session, kept: Collection[UUID]) -> None:
    """A session is cancelled: who entered for it stays in the draw with the next wish among `kept` sessions."""
    if not cancelled.is_drawn:
        return
    await desk.store.session(cancelled.id, lock=True)
    live = {session.id for session in event.drawn_sessions} & set(kept)
    moves = {}
    for entry in await desk.store.entries(event.id, desk.work.at):
        further = next((id for id in entry.wishes if id in live), None)
        if entry.session_id == cancelled.id and further is not None:
            moves[entry.id] = (further, entry.seats)
    for id in await desk.store.busy([(id, further) for id, (further, _) in moves.items()]):
        del moves[id]
    moved = await desk.store.move_entries([(id, further) for id, (further, _) in moves.items()], desk.work.at)
    for id, changed_at in moved.items():
        further, seats = moves[id]
        announce_state(desk, id, further, event.id, "entered", seats, changed_at)


async def close_when_due(desk: Desk, event_id: UUID) -> None:
    """The timer at the closing time: from now on everybody can see who is in the draw, and nobody the outcome."""
    event = await desk.store.event(event_id, for_change=True)
    if event is None or event.state == "cancelled":
        return
    draw = await desk.draws.locked(draw_subject(event_id))
    if draw.state != "ruled":
        return
    closes_at = max(session.closes_at for session in event.sessions if session.is_drawn)
    if closes_at > desk.work.at:
        await desk.work.set_timer("close-draw", str(event_id), closes_at)
        return
    # With all locks held nobody is half-way in; who comes later finds the pool closed.
    await desk.store.lock_sessions([session.id for session in event.sessions if session.is_drawn])
    entries = await desk.store.entries(event_id, desk.work.at - WON_WITHIN)
    live = {session.id for session in event.drawn_sessions}
    closed = await desk.draws.close(draw, domain.pool_of(entries, live))
    await desk.draws.commit_order(closed)
    await desk.store.close_pool(event_id, desk.work.at)


async def read_draw(desk: Desk, event_id: UUID) -> Draw:
    """Raises NoSuchDraw for an event where nothing is drawn, UnknownEvent for one that is not public."""
    await desk.event(event_id)
    return await desk.draws.latest(draw_subject(event_id))


async def draws_of(desk: Desk, event_id: UUID) -> list[Draw]:
    """The one draw of an event, or none. Raises UnknownEvent for one that is not public."""
    await desk.event(event_id)
    return await desk.draws.store.all_of(draw_subject(event_id))


async def type_numbers(desk: Desk, event_id: UUID, values: dict[str, str]) -> Draw:
    """One of two people types the public numbers; with the second one the seats are given."""
    event = await desk.event(event_id, for_change=True)
    if event.state not in ("published", "postponed"):
        raise WrongState(state=event.state)
    draw = await desk.draws.type_numbers(await desk.draws.locked(draw_subject(event_id)), event.unit, values)
    if draw.state == "drawn":
        await _give_seats(desk, event, draw)
    return draw


async def _give_seats(desk: Desk, event: Event, draw: Draw) -> None:
    """Everybody in the pool gets the seat that was drawn for them, or a place in the line; what is free then, since
    somebody withdrew meanwhile, is offered to that line at once."""
    made: dict[str, Any] = msgspec.json.decode(draw.drawn or b"")
    rooms = await desk.store.lock_sessions([session.id for session in event.sessions if session.is_drawn])
    live = {id for id, (session, _) in rooms.items() if session.state != "cancelled"}
    entries = {entry.pseudonym: entry for entry in await desk.store.entries(event.id, desk.work.at)}
    moves = [
        (entries[pseudonym].id, UUID(session_id))
        for pseudonym, session_id in made["assigned"].items()
        if pseudonym in entries and UUID(session_id) != entries[pseudonym].session_id
    ]
    busy = await desk.store.busy(moves)
    placings = domain.place_entries(made["order"], made["assigned"], entries, live, busy)
    changed_at = await _save_placings(desk, placings, {id: arrivals for id, (_, arrivals) in rooms.items()})
    offered = {id for session_id in sorted(live) for id in await offer_free_seats(desk, session_id)}
    for placing in placings:
        entry = placing.entry
        if entry.id not in offered:
            announce_state(
                desk, entry.id, placing.session_id, event.id, placing.state, entry.seats, changed_at[entry.id]
            )
    await desk.work.set_timer("forget-winners", str(event.id), desk.work.at + WON_WITHIN)


async def _save_placings(desk: Desk, placings: Sequence[Placing], arrivals: dict[UUID, int]) -> dict[UUID, datetime]:
    """Rows, counters and ledger; positions follow on whoever was there, in drawn order. When each row changed."""
    if not placings:
        return {}
    arrived = dict.fromkeys(arrivals, 0)
    taken, waiting = dict(arrived), dict(arrived)
    positions = []
    for placing in placings:
        arrived[placing.session_id] += 1
        positions.append(arrivals[placing.session_id] + arrived[placing.session_id])
        taken[placing.session_id] += placing.entry.seats if placing.state == "confirmed" else 0
        waiting[placing.session_id] += placing.state == "waitlisted"
    changed_at = await desk.store.place_entries(list(zip(placings, positions, strict=True)), desk.work.at)
    await desk.store.count_all_seats([(id, taken[id], waiting[id], arrived[id]) for id in sorted(arrivals)])
    seated = [placing for placing in placings if placing.state == "confirmed"]
    lines = [(each.session_id, "drawn", each.entry.id, Movement(0, 0, each.entry.seats)) for each in seated]
    await desk.store.add_all_movements(desk.work.at, lines)
    return changed_at
