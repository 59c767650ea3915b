"""Rows to domain objects and back; nothing is decided here."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from kaimen.kit import lots
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.refusals import Refusal
from kaimen.kit.rows import as_json
from kaimen.kit.search import search_terms
from kaimen.opendays.domain.drawing import Entry, Placing
from kaimen.opendays.domain.events import Event, HoldKind, RegistrationTerms, Session
from kaimen.opendays.domain.refusals import (
    AlreadyEntered,
    AlreadyRegistered,
    CapacityBelowTaken,
    EndBeforeStart,
    OverlappingRegistration,
    WriterApproves,
)
from kaimen.opendays.domain.seats import Movement, RegistrationState, Waiting

queries = load_queries("kaimen.opendays.store")

CONSTRAINTS: dict[str, type[Refusal]] = {
    "events_four_eyes": WriterApproves,
    "sessions_ends_after_start": EndBeforeStart,
    "sessions_not_oversold": CapacityBelowTaken,
    "registrations_person_once": AlreadyRegistered,
    "registrations_one_place_at_a_time": OverlappingRegistration,
    "registrations_entered_once": AlreadyEntered,
    "questionnaire_once": AlreadyRegistered,
}


class Fullness(msgspec.Struct, frozen=True):
    """How many sessions of a unit have no seat left, and how many sign-ups wait for one."""

    unit: str
    full: int
    waiting: int


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A stored registration; `personal` is sealed and vanishes when its retention ends.

    Only for entries into a draw: `pseudonym`, the name in the public pool, `wishes`, sessions with the dearest first,
    and `drawn_at`, when the draw gave them a seat or a place in the line.
    """

    id: UUID
    session_id: UUID
    event_id: UUID
    code: str
    state: RegistrationState
    position: int
    party_size: int
    seats: int
    hold: str | None
    channel: str
    person: bytes | None
    personal: bytes | None
    manage_hash: bytes
    created_at: datetime
    changed_at: datetime
    entered_by: str | None = None
    offer_expires_at: datetime | None = None
    checked_in_at: datetime | None = None
    checked_in_by: str | None = None
    pseudonym: str | None = None
    wishes: Sequence[UUID] | None = None
    drawn_at: datetime | None = None


class Place(msgspec.Struct, frozen=True):
    """A time for which somebody is registered; `is_entry`: by the draw of that event, or in it."""

    session_id: UUID
    event_id: UUID
    starts_at: datetime
    ends_at: datetime
    is_entry: bool


class PrivateFeed(msgspec.Struct, frozen=True):
    """A private calendar feed: of which person, a pseudonym, and the hash of the token that opens it."""

    id: UUID
    person: bytes
    token_sha256: str


class EventFilter(msgspec.Struct, frozen=True):
    """Which events to list; None means: any."""

    from_at: datetime | None = None
    to_at: datetime | None = None
    unit: str | None = None
    theme: str | None = None
    campaign: int | None = None
    state: str | None = None
    text: str | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50


def person_number(person: bytes) -> int:
    """The first 63 bits of a pseudonym, for the range that the exclusion constraint compares."""
    return int.from_bytes(person[:8], "big") >> 1


class Repository:
    """Open days within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def add_event(self, event: Event) -> None:
        await self._db.execute(queries.insert_event, *_event_values(event))
        for session in event.sessions:
            await self.add_session(session)

    async def save_event(self, event: Event) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        if await self._db.fetchval(queries.update_event, *_event_values(event)) is None:
            raise LookupError(event.id)

    async def event(self, event_id: UUID, *, for_change: bool = False) -> Event | None:
        query = queries.read_event_for_change if for_change else queries.read_event
        row = await self._db.fetchrow(query, event_id)
        if row is None:
            return None
        sessions = await self._db.fetch(queries.read_sessions, [event_id])
        return _event(row, tuple(_session(session) for session in sessions))

    async def events_without_sessions(self, event_ids: Collection[UUID]) -> dict[UUID, Event]:
        """What registering needs to know of events; `sessions` is empty."""
        return {row["id"]: _event(row, ()) for row in await self._db.fetch(queries.read_events, list(event_ids))}

    async def sessions_of(self, event_ids: Collection[UUID]) -> dict[UUID, dict[UUID, Session]]:
        """The sessions of each of these events, by their id."""
        found: dict[UUID, dict[UUID, Session]] = {event_id: {} for event_id in event_ids}
        for row in await self._db.fetch(queries.read_sessions, list(event_ids)):
            found[row["event_id"]][row["id"]] = _session(row)
        return found

    async def list_events(
        self, wanted: EventFilter, at: datetime, *, all_units: bool, own_unit: str | None
    ) -> list[tuple[Event, datetime]]:
        """Events in order of their first session, each with that instant."""
        after_at, after_id = wanted.after or (None, None)
        rows = await self._db.fetch(
            queries.list_events,
            at, all_units, own_unit, wanted.from_at, wanted.to_at, wanted.unit, wanted.theme, wanted.campaign,
            wanted.state, search_terms(wanted.text) if wanted.text else None, wanted.text, after_at, after_id,
            wanted.limit,
        )  # fmt: skip
        by_event: dict[UUID, list[Session]] = {row["id"]: [] for row in rows}
        for session in await self._db.fetch(queries.read_sessions, list(by_event)):
            by_event[session["event_id"]].append(_session(session))
        return [(_event(row, tuple(by_event[row["id"]])), row["first_at"]) for row in rows]

    async def add_session(self, session: Session) -> None:
        await self._db.execute(queries.insert_session, *_session_values(session))
        if session.capacity:
            await self.add_movements(
                session.id, session.created_at, [("opened", None, Movement(session.capacity, session.held, 0))]
            )

    async def save_session(self, session: Session) -> None:
        await self._db.execute(queries.update_session, *_session_values(session))

    async def remove_session(self, session_id: UUID) -> None:
        await self._db.execute(queries.delete_session, session_id)

    async def session(self, session_id: UUID, *, lock: bool = False) -> tuple[Session, int] | None:
        """The session and how many have arrived so far; with `lock`, nobody else decides meanwhile."""
        row = await self._db.fetchrow(queries.lock_session if lock else queries.read_session, session_id)
        return (_session(row), row["arrivals"]) if row else None

    async def lock_sessions(self, session_ids: Collection[UUID]) -> dict[UUID, tuple[Session, int]]:
        """The guard against overselling: whoever holds these locks decides alone. Each with its count of arrivals."""
        rows = await self._db.fetch(queries.lock_sessions, list(session_ids))
        return {row["id"]: (_session(row), row["arrivals"]) for row in rows}

    async def count_seats(self, session_id: UUID, *, taken: int = 0, waiting: int = 0, arrivals: int = 0) -> None:
        await self.count_all_seats([(session_id, taken, waiting, arrivals)])

    async def count_all_seats(self, changes: Sequence[tuple[UUID, int, int, int]]) -> None:
        """Per session: how taken, waiting and arrivals change."""
        await self._db.execute(queries.count_seats, *(list(column) for column in zip(*changes, strict=True)))

    async def set_holds(self, session: Session) -> None:
        await self._db.execute(queries.set_holds, session.id, as_json(session.holds), session.held)

    async def add_movements(
        self, session_id: UUID, at: datetime, lines: Sequence[tuple[str, UUID | None, Movement]]
    ) -> None:
        await self.add_all_movements(at, [(session_id, *line) for line in lines])

    async def add_all_movements(self, at: datetime, lines: Sequence[tuple[UUID, str, UUID | None, Movement]]) -> None:
        if lines:
            await self._db.execute(
                queries.add_ledger,
                [session_id for session_id, _, _, _ in lines],
                at,
                [cause for _, cause, _, _ in lines],
                [registration for _, _, registration, _ in lines],
                [movement.capacity for _, _, _, movement in lines],
                [movement.held for _, _, _, movement in lines],
                [movement.taken for _, _, _, movement in lines],
            )

    async def movements(self, session_id: UUID) -> list[Movement]:
        return [Movement(**row) for row in await self._db.fetch(queries.read_ledger, session_id)]

    async def wrong_counts(self) -> list[UUID]:
        """Sessions whose counters, registrations and ledger disagree; none, unless there is a fault."""
        return [row["id"] for row in await self._db.fetch(queries.find_wrong_counts)]

    async def places_of(
        self, persons: Sequence[bytes], starts_at: datetime, ends_at: datetime, event_ids: Collection[UUID]
    ) -> dict[bytes, list[Place]]:
        """Where each of `persons` is registered between the two instants or entered in one of the events."""
        numbers = [person_number(person) for person in persons]
        places: dict[bytes, list[Place]] = {}
        asked = (numbers, starts_at, ends_at, list(persons), list(event_ids))
        for row in await self._db.fetch(queries.find_live_of_persons, *asked):
            place = Place(**{name: row[name] for name in Place.__struct_fields__})
            places.setdefault(row["person"], []).append(place)
        return places

    async def add_registrations(self, at: datetime, new: Sequence[tuple[Registration, Session]]) -> None:
        columns = [
            (
                r.id, s.id, s.event_id, s.starts_at, s.ends_at, r.code, r.state, r.position, r.party_size, r.seats,
                r.hold, r.channel, r.person, person_number(r.person) if r.person else None, r.personal, r.manage_hash,
                r.entered_by, r.pseudonym, _array(r.wishes),
            )
            for r, s in new
        ]  # fmt: skip
        await self._db.execute(queries.insert_registrations, at, *(list(c) for c in zip(*columns, strict=True)))

    async def registration(self, *, code: str | None = None, id: UUID | None = None) -> Registration | None:
        row = await (
            self._db.fetchrow(queries.read_registration_by_code, code)
            if code is not None
            else self._db.fetchrow(queries.read_registration, id)
        )
        return Registration(**row) if row else None

    async def registrations_by_id(self, ids: Collection[UUID]) -> list[Registration]:
        return [Registration(**row) for row in await self._db.fetch(queries.read_registrations, list(ids))]

    async def registrations(self, session_id: UUID) -> list[Registration]:
        return [Registration(**row) for row in await self._db.fetch(queries.list_registrations, session_id)]

    async def save_registration(self, registration: Registration) -> None:
        await self._db.execute(
            queries.change_registration, registration.id, registration.state, registration.changed_at,
            registration.offer_expires_at, registration.checked_in_at, registration.checked_in_by,
        )  # fmt: skip

    async def queue(self, session_id: UUID) -> list[Waiting]:
        return [Waiting(**row) for row in await self._db.fetch(queries.read_queue, session_id)]

    async def count_ahead(self, session_id: UUID, position: int) -> int:
        return int(await self._db.fetchval(queries.count_ahead, session_id, position) or 0)

    async def add_private_feed(self, feed: PrivateFeed, at: datetime) -> None:
        await self._db.execute(queries.insert_private_feed, feed.id, feed.person, feed.token_sha256, at)

    async def lock_persons(self, persons: Collection[bytes]) -> None:
        """Nobody else tells meanwhile what they are registered for; what others committed is seen from now on."""
        await self._db.execute(queries.lock_persons, sorted({person_number(person) for person in persons}))

    async def tell_private_feed(self, id: UUID, at: datetime) -> datetime:
        """When its readers are told: `at`, or later than the time before."""
        (row,) = await self._db.fetch(queries.tell_private_feed, id, at)
        return row["told_at"]

    async def private_feeds(self, persons: Collection[bytes]) -> list[PrivateFeed]:
        """Those of these persons that were not revoked."""
        return [PrivateFeed(**row) for row in await self._db.fetch(queries.list_private_feeds, list(persons))]

    async def revoke_private_feed(self, id: UUID, at: datetime) -> None:
        await self._db.execute(queries.revoke_private_feed, id, at)

    async def registrations_of(self, person: bytes) -> list[UUID]:
        return [row["id"] for row in await self._db.fetch(queries.registrations_of_person, person)]

    async def add_passes(self, passed: Sequence[UUID]) -> None:
        if passed:
            await self._db.execute(queries.add_passes, list(passed))

    async def offer_seats(self, registrations: Sequence[UUID], expires_at: datetime, at: datetime) -> None:
        await self._db.execute(queries.offer_seats, list(registrations), expires_at, at)

    async def mark_no_shows(self, sessions: Sequence[UUID], at: datetime) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._db.fetch(queries.mark_no_shows, list(sessions), at)]

    async def withdraw_all(self, session_id: UUID, at: datetime) -> list[dict[str, Any]]:
        """Withdraw everybody who is not in yet; gives id, seats, `state_before` and `changed_at` of each."""
        return [dict(row) for row in await self._db.fetch(queries.withdraw_live, session_id, at)]

    async def move_registrations(self, session: Session) -> None:
        await self._db.execute(queries.move_registrations, session.id, session.starts_at, session.ends_at)

    async def forget_personal(self, event_id: UUID, drawn_after: datetime) -> None:
        """Names, phone numbers, and what people wrote in questionnaires. Pseudonyms of phone numbers too, but for
        those whom a draw gave a seat after that instant."""
        await self._db.execute(queries.forget_personal, event_id, drawn_after)
        await self._db.execute(queries.forget_comments, event_id)

    async def forget_winners(self, event_id: UUID, drawn_until: datetime) -> None:
        """What `forget_personal` has kept."""
        await self._db.execute(queries.forget_winners, event_id, drawn_until)

    async def close_pool(self, event_id: UUID, at: datetime) -> None:
        await self._db.execute(queries.close_pool, event_id, at)

    async def count_entries(self, event_id: UUID) -> int:
        return int(await self._db.fetchval(queries.count_entries, event_id) or 0)

    async def entries(self, event_id: UUID, won_since: datetime) -> list[Entry]:
        """Who is in the draw of an event now, by pseudonym; they have won before if since that instant."""
        return [Entry(**row) for row in await self._db.fetch(queries.read_entries, event_id, won_since)]

    async def busy(self, moves: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
        """Of registrations that would move to these sessions: those whose owner holds another place at that time."""
        if not moves:
            return set()
        return {row["id"] for row in await self._db.fetch(queries.find_busy, *map(list, zip(*moves, strict=True)))}

    async def place_entries(self, placings: Sequence[tuple[Placing, int]], at: datetime) -> dict[UUID, datetime]:
        """Keep what the draw gave, each with its position in its session; when each registration changed."""
        rows = await self._db.fetch(
            queries.place_entries,
            at,
            [placing.entry.id for placing, _ in placings],
            [placing.session_id for placing, _ in placings],
            [placing.state for placing, _ in placings],
            [position for _, position in placings],
        )
        return {row["id"]: row["changed_at"] for row in rows}

    async def move_entries(self, moves: Sequence[tuple[UUID, UUID]], at: datetime) -> dict[UUID, datetime]:
        """Entries to other sessions, before they are drawn; when each of them changed."""
        if not moves:
            return {}
        rows = await self._db.fetch(queries.move_entries, at, *map(list, zip(*moves, strict=True)))
        return {row["id"]: row["changed_at"] for row in rows}

    async def count_registrations(self, event_id: UUID) -> dict[str, int]:
        (row,) = await self._db.fetch(queries.count_registrations, event_id)
        return dict(row)

    async def add_suggestion(
        self, id: UUID, event_id: UUID, kind: str, text: str, at: datetime, due_on: date | None
    ) -> None:
        await self._db.execute(queries.insert_suggestion, id, event_id, kind, text, at, due_on)

    async def suggestions(self, event_id: UUID) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._db.fetch(queries.list_suggestions, event_id)]

    async def suggestion(self, id: UUID) -> dict[str, Any] | None:
        row = await self._db.fetchrow(queries.read_suggestion, id)
        return dict(row) if row else None

    async def reply(self, id: UUID, reply: str, outcome: str, at: datetime, by: str) -> datetime:
        """When: `at`, or later than the reply before."""
        (row,) = await self._db.fetch(queries.reply_to_suggestion, id, reply, outcome, at, by)
        return row["replied_at"]

    async def open_questions(self, due_from: date) -> list[dict[str, Any]]:
        """Id, receipt and due date of what waits for a reply: due from that day on, or on a day not known yet."""
        return [dict(row) for row in await self._db.fetch(queries.list_open_questions, due_from)]

    async def move_due_date(self, id: UUID, due_on: date | None) -> None:
        await self._db.execute(queries.move_due_date, id, due_on)

    async def add_questionnaire(
        self, id: UUID, event_id: UUID, registration_id: UUID, satisfaction: int, comment: bytes | None, at: datetime
    ) -> None:
        await self._db.execute(queries.insert_questionnaire, id, event_id, registration_id, satisfaction, comment, at)

    async def fullness(self, at: datetime) -> list[Fullness]:
        """Of each unit with sessions that are to come and take sign-ups here."""
        rows = await self._db.fetch(queries.count_full_sessions, at)
        return [Fullness(row["unit"], row["full_sessions"], row["waiting"]) for row in rows]

    async def satisfaction(self, event_id: UUID) -> dict[str, Any]:
        (row,) = await self._db.fetch(queries.average_satisfaction, event_id)
        return dict(row)

    async def comments(self, event_id: UUID) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._db.fetch(queries.list_comments, event_id)]

    async def add_report(self, values: dict[str, Any]) -> None:
        await self._db.execute(queries.insert_report, *values.values())

    async def report(self, event_id: UUID) -> dict[str, Any] | None:
        row = await self._db.fetchrow(queries.read_report, event_id)
        return dict(row) if row else None


def _array(ids: Sequence[UUID] | None) -> str | None:
    """As PostgreSQL writes an array: within a column of arrays there can be none of another length."""
    return None if ids is None else "{" + ",".join(map(str, ids)) + "}"


def _event_values(event: Event) -> tuple[Any, ...]:
    words = " ".join((event.title, event.summary, event.place, event.unit, event.organiser))
    return (
        event.id, event.version, event.state, event.unit, event.organiser, event.title, event.theme, event.summary,
        event.place, event.street_code, list(event.accessibility), list(event.interactive_steps), list(event.staff),
        event.audience, event.capacity_text, as_json(event.registration), event.online, event.tentative, event.campaign,
        event.reason, list(event.writers), event.approved_by, event.source, event.sequence, event.created_at,
        event.changed_at, event.published_at, search_terms(words), as_json(event.entropy),
    )  # fmt: skip


def _event(row: Any, sessions: tuple[Session, ...]) -> Event:
    apart = ("sessions", "registration", "entropy")
    values = {name: row[name] for name in Event.__struct_fields__ if name not in apart}
    for name in ("accessibility", "interactive_steps", "staff", "writers"):
        values[name] = tuple(values[name])
    terms = msgspec.json.decode(row["registration"], type=RegistrationTerms)
    entropy = msgspec.json.decode(row["entropy"], type=tuple[lots.Source, ...])
    return Event(**values, registration=terms, entropy=entropy, sessions=sessions)


def _session_values(session: Session) -> tuple[Any, ...]:
    return (
        session.id, session.event_id, session.starts_at, session.ends_at, session.all_day, session.time_text,
        session.state, session.capacity, session.seat_unit, as_json(session.holds), session.held, session.party_limit,
        session.waitlist_limit, session.policy, session.registration_opens_at, session.registration_closes_at,
        session.sequence, session.created_at, session.changed_at, session.capacity_min,
    )  # fmt: skip


def _session(row: Any) -> Session:
    values = {name: row[name] for name in Session.__struct_fields__ if name != "holds"}
    return Session(**values, holds=msgspec.json.decode(row["holds"], type=dict[HoldKind, int]))
