"""Registering, waiting, offers, cancelling, check-in.

Many callers come at once, so arrivals are decided in batches: the sessions' locks, one transaction, one decision
after the other in order of arrival.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import opendays as contract
from kaimen.contracts.contacts import Contact, Contacts, Language
from kaimen.kit.clock import SHANGHAI
from kaimen.kit.ids import normalise_code
from kaimen.kit.people import BadPhone, Proof, ProofNeeded, clean_email, hash_token, mask_name, parse_phone
from kaimen.kit.refusals import Refusal
from kaimen.kit.texts import clean_text
from kaimen.kit.work import Actor, version_at
from kaimen.opendays.app import subscriptions
from kaimen.opendays.app.calendar import entry_of
from kaimen.opendays.app.desk import PURPOSE, Desk
from kaimen.opendays.domain import drawing
from kaimen.opendays.domain import seats as domain
from kaimen.opendays.domain.events import Event, HoldKind, Session, is_public
from kaimen.opendays.domain.refusals import (
    AlreadyCheckedIn,
    AlreadyEntered,
    AlreadyRegistered,
    BadTicket,
    ChannelNotYours,
    NoSuchHold,
    NoSuchQuestion,
    OverlappingRegistration,
    TicketOfOtherSession,
    UnknownRegistration,
    UnknownSession,
)
from kaimen.opendays.domain.seats import Movement
from kaimen.opendays.store.repository import Place, Registration

Channel = Literal["web", "phone", "counter", "paper"]


class NewRegistration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """报名. `needs` asks for an arrangement (轮椅位), never for a condition. Children are counted, not named.

    Messages go to `email` where one is given, else to the phone, in `language`. `preferences`: where seats are drawn,
    further sessions that would do as well, the dearest first."""

    name: Annotated[str, Meta(max_length=50)]
    phone: Annotated[str, Meta(max_length=32)]
    party_size: Annotated[int, Meta(ge=1, le=1000)] = 1
    minors: Annotated[int, Meta(ge=0, le=1000)] = 0
    answers: dict[str, Annotated[str, Meta(max_length=500)]] = {}
    needs: Annotated[str, Meta(max_length=200)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    language: Language = "zh"
    channel: Channel = "web"
    hold: HoldKind | None = None
    preferences: Annotated[tuple[UUID, ...], Meta(max_length=20)] = ()


class Personal(msgspec.Struct, frozen=True):
    """What is sealed, and deleted when its time is over."""

    name: str
    phone: str
    minors: int = 0
    answers: dict[str, str] = {}
    needs: str = ""
    email: str = ""
    language: Language = "zh"


class Confirmation(msgspec.Struct, frozen=True):
    """The answer to a registration. `position` counts from 1 on the waiting list; `ticket` only for a seat;
    `pseudonym`: the name under which an entry will stand in the public pool of the draw."""

    id: UUID
    code: str
    state: domain.RegistrationState
    position: int | None
    ticket: str | None
    manage_token: str
    pseudonym: str | None = None


class Arrival(msgspec.Struct, frozen=True):
    """One registration on its way into a session, with who brings it."""

    actor: Actor
    session_id: UUID
    wanted: NewRegistration
    traceparent: str | None = None


class Result(msgspec.Struct, frozen=True):
    """A registration as its holder may see it, with how many wait ahead."""

    registration: Registration
    session: Session
    event: Event
    ahead: int | None
    ticket: str | None
    masked_name: str


class _Room:
    """One locked session while a batch is decided: its counters, its queue, and what changed. `of_event`: where
    somebody wishes further, the event's sessions."""

    def __init__(
        self,
        session: Session,
        arrivals: int,
        event: Event,
        queue: list[domain.Waiting],
        of_event: Mapping[UUID, Session],
    ) -> None:
        self.before = self.session = session
        self.position = arrivals
        self.event = event
        self.queue = queue
        self.of_event = of_event
        self.arrived = 0

    @property
    def change(self) -> tuple[UUID, int, int, int]:
        now, before = self.session, self.before
        return now.id, now.taken - before.taken, now.waiting - before.waiting, self.arrived


async def register(desk: Desk, arrivals: Sequence[Arrival]) -> list[Confirmation | Refusal]:
    """Decide on `arrivals` in order. Each gets its confirmation or its refusal; the others are not touched by it."""
    prepared = [_prepare(desk, arrival) for arrival in arrivals]
    rooms = await _open_rooms(desk, arrivals)
    places = await _places(desk, [entry[1] for entry in prepared if not isinstance(entry, Refusal)], rooms)
    outcomes: list[Confirmation | Refusal] = []
    new: list[tuple[Registration, Session]] = []
    origins: list[str | None] = []
    lines: list[tuple[UUID, str, UUID | None, Movement]] = []
    passed: list[UUID] = []
    for arrival, entry in zip(arrivals, prepared, strict=True):
        room = rooms.get(arrival.session_id)
        try:
            if isinstance(entry, Refusal):
                raise entry
            if room is None:
                raise UnknownSession
            personal, person = entry
            seats, admission, wished = _decide(desk, room, arrival, places.get(person, []))
        except Refusal as no:
            outcomes.append(no)
            continue
        session = room.session
        registration, token = _new_registration(
            desk, room.event, wished, arrival, personal, person, seats, room.position, admission.state
        )
        is_entry = admission.state == "entered"
        places.setdefault(person, []).extend(
            Place(each.id, room.event.id, each.starts_at, each.ends_at, is_entry) for each in wished
        )
        passed += admission.passed
        new.append((registration, session))
        origins.append(arrival.traceparent)
        if admission.state == "confirmed":
            held = -seats if arrival.wanted.hold else 0
            lines.append((session.id, "registered", registration.id, Movement(0, held, seats)))
        elif admission.state == "waitlisted" and session.free > 0:
            room.queue.append(domain.Waiting(registration.id, seats, 0))
        ticket = _ticket(desk, registration)
        position = session.waiting if admission.state == "waitlisted" else None
        outcomes.append(
            Confirmation(
                registration.id, registration.code, registration.state, position, ticket, token, registration.pseudonym
            )
        )
    if new:
        changed = [room for room in rooms.values() if room.arrived]
        await desk.store.add_registrations(desk.work.at, new)
        for room in changed:
            # Before the seats are counted: a seat that leaves a hold is never held and taken at once.
            if room.session.holds != room.before.holds:
                await desk.store.set_holds(room.session)
        await desk.store.count_all_seats([room.change for room in changed])
        await desk.store.add_all_movements(desk.work.at, lines)
        await desk.store.add_passes(passed)
        for (registration, _), origin in zip(new, origins, strict=True):
            desk.work.traceparent = origin
            announce_change(desk, registration)
        desk.work.traceparent = None
        await subscriptions.follow(desk, [registration.person for registration, _ in new])
    return outcomes


async def _open_rooms(desk: Desk, arrivals: Sequence[Arrival]) -> dict[UUID, _Room]:
    locked = await desk.store.lock_sessions({arrival.session_id for arrival in arrivals})
    # After the locks: an event whose pool closed meanwhile says so.
    events = await desk.store.events_without_sessions({session.event_id for session, _ in locked.values()})
    wishing = {arrival.session_id for arrival in arrivals if arrival.wanted.preferences} & set(locked)
    of_events: Mapping[UUID, Mapping[UUID, Session]] = {}
    if wishing:
        of_events = await desk.store.sessions_of({locked[name][0].event_id for name in wishing})
    return {
        session.id: _Room(
            session,
            count,
            events[session.event_id],
            await desk.store.queue(session.id) if session.waiting and session.free > 0 else [],
            of_events.get(session.event_id, {}),
        )
        for session, count in locked.values()
    }


async def _places(desk: Desk, persons: list[bytes], rooms: dict[UUID, _Room]) -> dict[bytes, list[Place]]:
    if not persons or not rooms:
        return {}
    sessions = [session for room in rooms.values() for session in (room.session, *room.of_event.values())]
    first = min(session.starts_at for session in sessions)
    last = max(session.ends_at for session in sessions)
    drawn = {room.event.id for room in rooms.values() if room.session.is_drawn}
    return await desk.store.places_of(persons, first, last, drawn)


def _decide(
    desk: Desk, room: _Room, arrival: Arrival, places: Sequence[Place]
) -> tuple[int, domain.Admission, tuple[Session, ...]]:
    """Seats, admission and wished sessions of one arrival; the room then counts it. Raises why not."""
    own_staff = _is_own_staff(arrival, room.event)
    entering = room.session.is_drawn and arrival.wanted.hold is None
    wished = drawing.wished_sessions(room.session, arrival.wanted.preferences, room.of_event, entering=entering)
    _must_be_free(places, wished, entering=entering)
    _must_answer(room.event, arrival.wanted)
    domain.must_accept_registrations(room.event, room.session, desk.work.at, by_staff=own_staff, entering=entering)
    seats = domain.seats_for(room.session, arrival.wanted.party_size)
    if entering:
        drawing.must_fit(wished, arrival.wanted.party_size)
    room.session, admission = _take(room.session, room.queue, seats, arrival.wanted.hold)
    room.queue = domain.pass_over(room.queue, admission.passed)
    room.position += 1
    room.arrived += 1
    return seats, admission, wished


def _prepare(desk: Desk, arrival: Arrival) -> tuple[Personal, bytes] | Refusal:
    wanted = arrival.wanted
    phone = parse_phone(wanted.phone)
    if phone is None:
        return BadPhone(field="phone")
    try:
        personal = Personal(
            name=clean_text(wanted.name, "name", least=1, most=50),
            phone=phone,
            minors=wanted.minors,
            answers={key: clean_text(text, f"answers.{key}", most=500) for key, text in wanted.answers.items()},
            needs=clean_text(wanted.needs, "needs"),
            email=clean_email(wanted.email),
            language=wanted.language,
        )
    except Refusal as no:
        return no
    return personal, desk.vault.pseudonym(PURPOSE, phone)


def _is_own_staff(arrival: Arrival, event: Event) -> bool:
    """Whether the unit's own staff enter this. Raises UnknownSession for a draft that the actor may not see, and
    ChannelNotYours or NotYourUnit for what only they may enter: other channels and held seats."""
    own = arrival.actor.sees_drafts_of(event.unit)
    if not own and not is_public(event):
        raise UnknownSession
    if arrival.wanted.channel != "web" or arrival.wanted.hold:
        if not arrival.actor.is_staff:
            raise ChannelNotYours(field="channel")
        arrival.actor.must_act_for(event.unit)
    return own


def _must_be_free(places: Sequence[Place], wished: Sequence[Session], *, entering: bool) -> None:
    event_id = wished[0].event_id
    if entering and any(place.is_entry and place.event_id == event_id for place in places):
        raise AlreadyEntered(field="phone")
    if {place.session_id for place in places} & {session.id for session in wished}:
        raise AlreadyRegistered(field="phone")
    for session in wished:
        if any(place.starts_at < session.ends_at and session.starts_at < place.ends_at for place in places):
            raise OverlappingRegistration(field="phone")


def _must_answer(event: Event, wanted: NewRegistration) -> None:
    asked = {question.key for question in event.registration.questions}
    required = {question.key for question in event.registration.questions if question.required}
    answered = {key for key, text in wanted.answers.items() if text.strip()}
    if not required <= answered or not set(wanted.answers) <= asked:
        raise NoSuchQuestion(field="answers")


def _take(
    session: Session, queue: Sequence[domain.Waiting], seats: int, hold: HoldKind | None
) -> tuple[Session, domain.Admission]:
    if hold is not None:
        if session.holds.get(hold, 0) < seats:
            raise NoSuchHold(field="hold")
        holds = {**session.holds, hold: session.holds[hold] - seats}
        return replace(session, holds=holds, taken=session.taken + seats), domain.Admission("confirmed")
    admission = domain.admit(session, queue, seats)
    if admission.state == "confirmed":
        return replace(session, taken=session.taken + seats), admission
    if admission.state == "waitlisted":
        return replace(session, waiting=session.waiting + 1), admission
    return session, admission


def _new_registration(
    desk: Desk,
    event: Event,
    wished: Sequence[Session],
    arrival: Arrival,
    personal: Personal,
    person: bytes,
    seats: int,
    position: int,
    state: domain.RegistrationState,
) -> tuple[Registration, str]:
    token = desk.work.new_token()
    id = desk.work.new_id()
    entered = state == "entered"
    registration = Registration(
        id=id,
        session_id=wished[0].id,
        event_id=event.id,
        code=desk.work.new_code(),
        state=state,
        position=position,
        party_size=arrival.wanted.party_size,
        seats=seats,
        hold=arrival.wanted.hold,
        channel=arrival.wanted.channel,
        person=person,
        personal=desk.vault.seal(personal, unit=event.unit, place=f"registrations/{id}/personal"),
        manage_hash=hash_token(token),
        created_at=desk.work.at,
        changed_at=desk.work.at,
        entered_by=arrival.actor.subject if arrival.actor.is_staff else None,
        pseudonym=desk.work.new_code(8) if entered else None,
        wishes=[session.id for session in wished] if entered else None,
    )
    return registration, token


def _ticket(desk: Desk, registration: Registration) -> str | None:
    if registration.state not in ("confirmed", "checked_in"):
        return None
    return desk.tickets.issue(
        registration.id, registration.session_id, registration.party_size, registration.created_at
    )


def _changes_at(desk: Desk, registration: Registration) -> datetime:
    """Now, but always later than the change before, which another host's clock may have dated: readers take the fact
    with the largest version for the last."""
    return max(desk.work.at, registration.changed_at + timedelta(microseconds=1))


def announce_change(desk: Desk, registration: Registration) -> None:
    announce_state(
        desk,
        registration.id,
        registration.session_id,
        registration.event_id,
        registration.state,
        registration.seats,
        registration.changed_at,
        registration.offer_expires_at,
    )


def announce_state(
    desk: Desk,
    id: UUID,
    session_id: UUID,
    event_id: UUID,
    state: domain.RegistrationState,
    seats: int,
    changed_at: datetime,
    offer_expires_at: datetime | None = None,
) -> None:
    """Say that a registration reached `state`, where only these of its fields are at hand."""
    desk.work.emit(
        contract.RegistrationChanged(id, session_id, event_id, state, seats, offer_expires_at),
        aggregate_id=id,
        version=version_at(changed_at),
    )


async def read_registration(desk: Desk, code: str, proof: Proof) -> Result:
    """By look-up code. The ticket is shown to the holder of the manage token, and to staff, alone."""
    registration = await desk.store.registration(code=normalise_code(code))
    if registration is None:
        raise UnknownRegistration
    found = await desk.store.session(registration.session_id)
    event = await desk.store.event(registration.event_id)
    assert found is not None
    assert event is not None
    ahead = None
    if registration.state == "waitlisted":
        ahead = await desk.store.count_ahead(registration.session_id, registration.position)
    personal = open_personal(desk, event, registration)
    return Result(
        registration=registration,
        session=found[0],
        event=event,
        ahead=ahead,
        ticket=_ticket(desk, registration) if _may_see_ticket(desk, registration, event, proof) else None,
        masked_name=mask_name(personal.name) if personal else "",
    )


def _may_see_ticket(desk: Desk, registration: Registration, event: Event, proof: Proof) -> bool:
    """A phone number is known to others too; the manage token is not."""
    holder = _is_holder(desk, registration, Proof(proof.manage_token))
    return holder or desk.work.actor.sees_drafts_of(event.unit)


def _is_holder(desk: Desk, registration: Registration, proof: Proof) -> bool:
    return proof.fits(desk.vault, PURPOSE, registration.person, registration.manage_hash)


def open_personal(desk: Desk, event: Event, registration: Registration) -> Personal | None:
    """The sealed data, or None after its retention has ended."""
    if registration.personal is None:
        return None
    place = f"registrations/{registration.id}/personal"
    return desk.vault.open(registration.personal, Personal, unit=event.unit, place=place)


async def cancel_registration(desk: Desk, code: str, proof: Proof) -> Result:
    """Give the place back; it is offered to those who wait. Cancelling twice is refused."""
    registration, session = await _held_by(desk, code, proof)
    domain.must_be_cancellable(registration.state, session, desk.work.at)
    await _release(desk, registration, session, "withdrawn")
    return await read_registration(desk, registration.code, proof)


async def decline_offer(desk: Desk, code: str, proof: Proof) -> Result:
    """The seat goes on at once."""
    registration, session = await _held_by(desk, code, proof)
    domain.must_have_offer(registration.state, registration.offer_expires_at, desk.work.at)
    await _release(desk, registration, session, "withdrawn")
    return await read_registration(desk, registration.code, proof)


async def accept_offer(desk: Desk, code: str, proof: Proof) -> Result:
    registration, _ = await _held_by(desk, code, proof)
    domain.must_have_offer(registration.state, registration.offer_expires_at, desk.work.at)
    accepted = replace(
        registration, state="confirmed", offer_expires_at=None, changed_at=_changes_at(desk, registration)
    )
    await desk.store.save_registration(accepted)
    await desk.work.drop_timer("expire-offer", str(registration.id))
    announce_change(desk, accepted)
    return await read_registration(desk, registration.code, proof)


async def expire_offer(desk: Desk, registration_id: UUID) -> None:
    """A timer says that an offer may have expired; the row decides."""
    registration = await desk.store.registration(id=registration_id)
    if registration is None or registration.state != "offered":
        return
    locked = await desk.store.session(registration.session_id, lock=True)
    registration = await desk.store.registration(id=registration_id)
    assert locked is not None
    assert registration is not None
    if registration.state != "offered" or registration.offer_expires_at is None:
        return
    if registration.offer_expires_at > desk.work.at:
        await desk.work.set_timer("expire-offer", str(registration.id), registration.offer_expires_at)
        return
    await _release(desk, registration, locked[0], "lapsed")


async def offer_free_seats(desk: Desk, session_id: UUID) -> tuple[UUID, ...]:
    """Offer what is free to those who wait, until the session starts; whom. The session must not be locked by
    others."""
    locked = await desk.store.session(session_id, lock=True)
    assert locked is not None
    session = locked[0]
    if session.state != "scheduled" or session.waiting == 0 or session.free <= 0 or session.starts_at <= desk.work.at:
        return ()
    queue = await desk.store.queue(session_id)
    offers = domain.next_offers(session.free, queue)
    if not offers.offered:
        return ()
    expires_at = domain.offer_expires_at(session, desk.work.at)
    await desk.store.offer_seats(offers.offered, expires_at, desk.work.at)
    await desk.store.add_passes(offers.passed)
    seats = {waiting.id: waiting.seats for waiting in queue}
    taken = sum(seats[name] for name in offers.offered)
    await desk.store.count_seats(session_id, taken=taken, waiting=-len(offers.offered))
    lines = [("offered", name, Movement(0, 0, seats[name])) for name in offers.offered]
    await desk.store.add_movements(session_id, desk.work.at, lines)
    for name in offers.offered:
        await desk.work.set_timer("expire-offer", str(name), expires_at)
    for registration in await desk.store.registrations_by_id(offers.offered):
        announce_change(desk, registration)
    return offers.offered


async def _held_by(desk: Desk, code: str, proof: Proof) -> tuple[Registration, Session]:
    """The registration, its session locked. Raises ProofNeeded unless the caller holds the manage token or the phone
    number, or works for the unit."""
    registration = await desk.store.registration(code=normalise_code(code))
    if registration is None:
        raise UnknownRegistration
    registration, session = await _locked(desk, registration)
    if not _is_holder(desk, registration, proof):
        event = await desk.store.event(registration.event_id)
        assert event is not None
        if not desk.work.actor.sees_drafts_of(event.unit):
            raise ProofNeeded
    return registration, session


async def _locked(desk: Desk, registration: Registration) -> tuple[Registration, Session]:
    """The registration as it is once its session is locked; while one waits, a draw may move it to another."""
    while True:
        locked = await desk.store.session(registration.session_id, lock=True)
        again = await desk.store.registration(id=registration.id)
        assert locked is not None
        assert again is not None
        if again.session_id == locked[0].id:
            return again, locked[0]
        registration = again


async def _release(
    desk: Desk, registration: Registration, session: Session, state: Literal["withdrawn", "lapsed"]
) -> None:
    """End a registration and pass on what it held."""
    seated = registration.state in domain.SEATED
    waiting = registration.state == "waitlisted"
    gone = replace(registration, state=state, offer_expires_at=None, changed_at=_changes_at(desk, registration))
    await desk.store.save_registration(gone)
    await desk.work.drop_timer("expire-offer", str(registration.id))
    await desk.store.count_seats(session.id, taken=-registration.seats if seated else 0, waiting=-1 if waiting else 0)
    if seated:
        freed = Movement(0, 0, -registration.seats)
        await desk.store.add_movements(session.id, desk.work.at, [(state, registration.id, freed)])
    announce_change(desk, gone)
    await offer_free_seats(desk, session.id)


async def read_contacts(desk: Desk, ids: Sequence[UUID]) -> Contacts:
    """For `notices`: whom these registrations concern, and how they stand."""
    found = await desk.store.registrations_by_id(ids)
    events = {each.event_id: await desk.store.event(each.event_id) for each in found}
    return Contacts(tuple(_contact(desk, events[each.event_id], each) for each in found))


def _contact(desk: Desk, event: Event | None, registration: Registration) -> Contact:
    assert event is not None
    session = next(each for each in event.sessions if each.id == registration.session_id)
    personal = open_personal(desk, event, registration) or Personal(name="", phone="")
    return Contact(
        id=registration.id,
        name=personal.name,
        phone=personal.phone,
        email=personal.email,
        language=personal.language,
        code=registration.code,
        state=registration.state,
        changed_at=registration.changed_at,
        until=registration.offer_expires_at,
        postponed=session.state == "postponed" or event.state == "postponed",
        reason=event.reason,
        entry=entry_of(event, session),
        page=f"/r/{registration.code}",
        ticket=_ticket(desk, registration) or "",
    )


class CheckIn(msgspec.Struct, frozen=True):
    """The welcome at the door."""

    registration_id: UUID
    code: str
    name: str
    party_size: int
    checked_in_at: datetime
    needs: str


async def check_in(desk: Desk, session_id: UUID, *, ticket: str = "", code: str = "") -> CheckIn:
    """By signed ticket or by short code. Raises AlreadyCheckedIn (when, by whom) for the second try: first scan by
    server time wins."""
    locked = await desk.store.session(session_id, lock=True)
    if locked is None:
        raise UnknownSession
    event = await desk.event(locked[0].event_id)
    desk.work.actor.must_act_for(event.unit)
    if ticket:
        said = desk.tickets.read(ticket)
        if not said.is_for(session_id):
            raise TicketOfOtherSession
        registration = await desk.store.registration(id=said.registration_id)
    else:
        registration = await desk.store.registration(code=normalise_code(code))
    if registration is None:
        raise BadTicket if ticket else UnknownRegistration
    if registration.session_id != session_id:
        raise TicketOfOtherSession
    domain.must_be_admitted(registration.state)
    if registration.state == "checked_in":
        assert registration.checked_in_at is not None
        at = registration.checked_in_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        raise AlreadyCheckedIn(at=at, by=registration.checked_in_by)
    actor = desk.work.actor
    now = replace(
        registration,
        state="checked_in",
        checked_in_at=desk.work.at,
        checked_in_by=actor.name or actor.role,
        changed_at=_changes_at(desk, registration),
    )
    await desk.store.save_registration(now)
    announce_change(desk, now)
    personal = open_personal(desk, event, now)
    return CheckIn(
        registration_id=now.id,
        code=now.code,
        name=personal.name if personal else "",
        party_size=now.party_size,
        checked_in_at=desk.work.at,
        needs=personal.needs if personal else "",
    )


class RosterLine(msgspec.Struct, frozen=True):
    """One line of the list at the door."""

    position: int
    code: str
    state: domain.RegistrationState
    name: str
    phone: str
    party_size: int
    minors: int
    needs: str
    channel: str
    answers: dict[str, str]
    checked_in_at: datetime | None


async def read_roster(desk: Desk, session_id: UUID) -> tuple[Event, Session, list[RosterLine]]:
    """Everybody of a session, for the unit's own staff; reading it is recorded."""
    found = await desk.store.session(session_id)
    if found is None:
        raise UnknownSession
    event = await desk.event(found[0].event_id)
    desk.work.actor.must_act_for(event.unit)
    lines = []
    for registration in await desk.store.registrations(session_id):
        personal = open_personal(desk, event, registration) or Personal(name="", phone="")
        lines.append(
            RosterLine(
                registration.position,
                registration.code,
                registration.state,
                personal.name,
                personal.phone,
                registration.party_size,
                personal.minors,
                personal.needs,
                registration.channel,
                personal.answers,
                registration.checked_in_at,
            )
        )
    await desk.work.record("read-roster", f"session:{session_id}")
    return event, found[0], lines
