"""Scheduling: create, change, submit, approve, publish, postpone, cancel."""

import datetime as dt
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.contracts import opendays as contract
from kaimen.kit import lots, units
from kaimen.kit.clock import SHANGHAI, day_start, local_date
from kaimen.kit.texts import BadText, clean_text, clean_url
from kaimen.kit.work import APPROVING, Forbidden
from kaimen.opendays.app.desk import Desk
from kaimen.opendays.app.drawing import check_sources, pass_on_entries, publish_rules
from kaimen.opendays.app.registrations import announce_state, offer_free_seats
from kaimen.opendays.domain import drawing
from kaimen.opendays.domain import events as domain
from kaimen.opendays.domain.events import Event, HoldKind, Policy, RegistrationTerms, SeatUnit, Session, Step
from kaimen.opendays.domain.refusals import BadDate, EndBeforeStart, UnknownSession
from kaimen.opendays.domain.seats import SEATED, Movement

Instant = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=200)]
Count = Annotated[int, Meta(ge=0, le=100_000)]
Sources = Annotated[tuple[lots.Source, ...], Meta(max_length=10)]
YEARS = range(2000, 2101)

MOVING_SESSION_FIELDS = ("starts_at", "ends_at", "all_day", "state")
"""Changes of these send people elsewhere: SEQUENCE grows (RFC 5546 2.1.4)."""


class SessionDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """场次 as a unit writes it: either `starts_at` and `ends_at`, or only `date` with `time_text` (下午)."""

    id: UUID | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    date: dt.date | None = None
    time_text: Annotated[str, Meta(max_length=50)] = ""
    capacity: int | None = None
    capacity_min: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    seat_unit: SeatUnit = "person"
    holds: dict[HoldKind, Count] = {}
    party_limit: Annotated[int, Meta(ge=1, le=1000)] = 10
    waitlist_limit: Count = 200
    policy: Policy = "first_come"
    registration_opens_at: Instant | None = None
    registration_closes_at: Instant | None = None


class EventDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """政府开放活动 as a unit writes it. A draft may still lack what publication needs. `entropy`: the public numbers
    that decide the draw, for sessions whose policy it is."""

    title: str
    theme: Words = ""
    unit: Words = ""
    organiser: Words = ""
    summary: Annotated[str, Meta(max_length=5000)] = ""
    place: Words = ""
    accessibility: Annotated[tuple[Words, ...], Meta(max_length=20)] | Words = ()
    interactive_steps: tuple[Step, ...] = ()
    staff: Annotated[tuple[Words, ...], Meta(max_length=20)] = ()
    audience: Words = ""
    capacity_text: Words = ""
    registration: RegistrationTerms = RegistrationTerms()
    online: bool = False
    tentative: bool = False
    campaign: Annotated[int, Meta(ge=2000, le=2100)] | None = None
    entropy: Sources = ()
    sessions: Annotated[tuple[SessionDraft, ...], Meta(max_length=200)] = ()


class EventChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only the fields that change; `sessions` replaces the whole list, sessions are recognised by `id`."""

    title: str | UnsetType = UNSET
    theme: Words | UnsetType = UNSET
    organiser: Words | UnsetType = UNSET
    summary: Annotated[str, Meta(max_length=5000)] | UnsetType = UNSET
    place: Words | UnsetType = UNSET
    accessibility: Annotated[tuple[Words, ...], Meta(max_length=20)] | Words | UnsetType = UNSET
    interactive_steps: tuple[Step, ...] | UnsetType = UNSET
    staff: Annotated[tuple[Words, ...], Meta(max_length=20)] | UnsetType = UNSET
    audience: Words | UnsetType = UNSET
    capacity_text: Words | UnsetType = UNSET
    registration: RegistrationTerms | UnsetType = UNSET
    online: bool | UnsetType = UNSET
    tentative: bool | UnsetType = UNSET
    campaign: Annotated[int, Meta(ge=2000, le=2100)] | UnsetType | None = UNSET
    entropy: Sources | UnsetType = UNSET
    sessions: Annotated[tuple[SessionDraft, ...], Meta(max_length=200)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=500)] = ""


class Postponement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and, where it is known already, until when."""

    reason: Annotated[str, Meta(max_length=500)]
    sessions: tuple[SessionDraft, ...] = ()


async def create_event(desk: Desk, draft: EventDraft, *, may_be_past: bool = False, source: str = "") -> Event:
    """A new draft for `draft.unit` or, without one, for the actor's own unit."""
    work = desk.work
    unit, street_code = await units.acting_for(work, draft.unit)
    event_id = work.new_id()
    event = Event(
        id=event_id,
        version=1,
        state="draft",
        unit=unit,
        street_code=street_code,
        reason="",
        writers=(work.actor.subject,),
        approved_by=None,
        source=source,
        sequence=0,
        created_at=work.at,
        changed_at=work.at,
        published_at=None,
        sessions=tuple(_new_session(desk, event_id, session, number) for number, session in enumerate(draft.sessions)),
        **_texts(draft),
    )
    domain.check_sessions(event.sessions, work.at, may_be_past=may_be_past)
    await desk.store.add_event(event)
    await work.record("create", f"event:{event.id}", after="draft")
    return event


async def change_event(desk: Desk, event: Event, change: EventChange) -> Event:
    """Apply `change`. A draft under review returns to draft; a published event stays public and tells its readers."""
    desk.work.actor.must_act_for(event.unit)
    domain.must_be_changeable(event)
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    drafts: Sequence[SessionDraft] | None = given.pop("sessions", None)
    reason = given.pop("reason")
    before = event
    texts = {name: value for name, value in _texts(replace_fields(event, given)).items() if name in given}
    event = replace(event, **texts)
    drawing.must_keep_terms(before, event)
    if drafts is not None:
        event = await _change_sessions(desk, event, drafts)
    if event == before:
        return event
    if event.published_at is None:
        writers = tuple(sorted({*event.writers, desk.work.actor.subject}))
        event = replace(event, state="draft", writers=writers, approved_by=None, reason=reason)
        await _save(desk, event)
        return await desk.event(event.id)
    moved = tuple(name for name in ("place", "online", "tentative") if getattr(event, name) != getattr(before, name))
    moved += _moved_sessions(before, event)
    if moved:
        event = replace(event, sequence=event.sequence + 1)
        if any(name in ("place", "online", "tentative") for name in moved):
            event = await _mark_sessions(desk, event, sequence=1)
    else:
        event = await _mark_sessions(desk, event, sequence=0)
    event = replace(event, reason=reason, changed_at=desk.work.at)
    event = await _save(desk, event)
    desk.announce(event, contract.EventRevised, moved=moved)
    await desk.work.record("change", f"event:{event.id}", reason=reason)
    return event


async def submit_event(desk: Desk, event: Event) -> Event:
    desk.work.actor.must_act_for(event.unit)
    if not event.sessions:
        raise BadText(field="sessions", least=1, most=200)
    return await _step(desk, event, "submit")


async def return_event(desk: Desk, event: Event, reason: str) -> Event:
    _must_approve_for(desk, event)
    return await _step(desk, event, "return", reason=reason, approved_by=None)


async def approve_event(desk: Desk, event: Event) -> Event:
    """Four eyes (ID2): an approver who wrote no part of it."""
    _must_approve_for(desk, event)
    domain.move(event, "approve")
    domain.must_not_be_writer(event, desk.work.actor.subject)
    return await _step(desk, event, "approve", approved_by=desk.work.actor.subject)


async def publish_event(desk: Desk, event: Event) -> Event:
    desk.work.actor.must_act_for(event.unit)
    domain.move(event, "publish")
    domain.must_be_publishable(event, desk.work.at)
    await publish_rules(desk, event)
    event = await _step(desk, event, "publish", published_at=desk.work.at)
    desk.announce(event, contract.EventPublished)
    await _set_end_timers(desk, event)
    return event


async def postpone_event(desk: Desk, event: Event, given: Postponement) -> Event:
    """With new sessions: moved, and people keep their places. Without: postponed until a date is known."""
    desk.work.actor.must_act_for(event.unit)
    step = "reschedule" if given.sessions else "postpone"
    domain.move(event, step, reason=given.reason)
    if given.sessions:
        event = await _change_sessions(desk, event, given.sessions)
    else:
        event = await _set_session_states(desk, event, "postponed")
    event = replace(event, sequence=event.sequence + 1)
    event = await _step(desk, event, step, reason=given.reason)
    desk.announce(event, contract.EventPostponed)
    await _set_end_timers(desk, event)
    return event


async def cancel_event(desk: Desk, event: Event, reason: str) -> Event:
    """Everybody who is registered is withdrawn, and told by event; feeds keep a tombstone."""
    desk.work.actor.must_act_for(event.unit)
    domain.move(event, "cancel", reason=reason)
    for session in event.sessions:
        await _withdraw_everybody(desk, session)
    event = await _set_session_states(desk, event, "cancelled")
    event = replace(event, sequence=event.sequence + 1)
    event = await _step(desk, event, "cancel", reason=reason)
    desk.announce(event, contract.EventCancelled)
    await desk.work.set_timer("forget-personal", str(event.id), desk.work.at + desk.retention)
    await desk.work.drop_timer("close-draw", str(event.id))
    return event


async def hold_event(desk: Desk, event_id: UUID) -> None:
    """The last session has ended (a timer says so; the clock decides)."""
    event = await desk.store.event(event_id, for_change=True)
    if event is None or event.state != "published":
        return
    ends_at = max(session.ends_at for session in event.sessions)
    if ends_at > desk.work.at:
        await desk.work.set_timer("hold-event", str(event.id), ends_at)
        return
    event = await _step(desk, event, "hold")
    desk.announce(event, contract.EventHeld)
    await desk.work.set_timer("forget-personal", str(event.id), ends_at + desk.retention)


async def archive_event(desk: Desk, event_id: UUID) -> None:
    """A reported event rests once nothing personal is left of it (a timer says so; the state decides)."""
    event = await desk.store.event(event_id, for_change=True)
    if event is not None and event.state == "reported":
        await _step(desk, event, "archive")


async def copy_event(desk: Desk, event: Event, year: int) -> Event:
    """Last year's event as a new draft, its days shifted to the same weekday of `year` (52 or 104 … weeks later).
    Public numbers are not copied: those are known by now."""
    desk.work.actor.must_act_for(event.unit)
    first = min((session.starts_at.astimezone(SHANGHAI).date() for session in event.sessions), default=None)
    weeks = round((date(year, first.month, min(first.day, 28)) - first).days / 7) if first else 0
    shift = timedelta(weeks=weeks)

    def moved(at: datetime | None) -> datetime | None:
        return at + shift if at else None

    sessions = tuple(
        SessionDraft(
            starts_at=None if session.all_day else moved(session.starts_at),
            ends_at=None if session.all_day else moved(session.ends_at),
            date=(session.starts_at + shift).astimezone(SHANGHAI).date() if session.all_day else None,
            time_text=session.time_text,
            capacity=session.capacity,
            capacity_min=session.capacity_min,
            seat_unit=session.seat_unit,
            holds=session.holds,
            party_limit=session.party_limit,
            waitlist_limit=session.waitlist_limit,
            policy=session.policy,
            registration_opens_at=moved(session.registration_opens_at),
            registration_closes_at=moved(session.registration_closes_at),
        )
        for session in event.sessions
        if session.state != "cancelled"
    )
    apart = ("sessions", "campaign", "tentative", "entropy")
    names = [name for name in EventDraft.__struct_fields__ if name not in apart]
    texts = {name: getattr(event, name) for name in names}
    campaign = year if event.campaign else None
    return await create_event(desk, EventDraft(**texts, sessions=sessions, campaign=campaign, tentative=True))


def next_night(at: datetime) -> datetime:
    """03:00 Asia/Shanghai after `at`."""
    return day_start(local_date(at) + timedelta(days=1)) + timedelta(hours=3)


def _must_approve_for(desk: Desk, event: Event) -> None:
    actor = desk.work.actor
    actor.must_act_for(event.unit)
    if actor.role not in APPROVING or (actor.role == "unit_lead" and not desk.settings.unit_leads_approve):
        raise Forbidden


async def _step(desk: Desk, event: Event, step: str, *, reason: str = "", **changes: Any) -> Event:
    before = event.state
    event = replace(
        event, state=domain.move(event, step, reason=reason), reason=reason, changed_at=desk.work.at, **changes
    )
    event = await _save(desk, event)
    await desk.work.record(step, f"event:{event.id}", before=before, after=event.state, reason=reason or None)
    return event


async def _save(desk: Desk, event: Event) -> Event:
    event = replace(event, version=event.version + 1)
    await desk.store.save_event(event)
    return event


def replace_fields(event: Event, given: dict[str, Any]) -> EventDraft:
    """The event's texts with `given` on top, as a draft to be checked like a new one."""
    names = [name for name in EventDraft.__struct_fields__ if name != "sessions"]
    return EventDraft(**{name: given.get(name, getattr(event, name)) for name in names})


def _texts(draft: EventDraft) -> dict[str, Any]:
    accessibility = (draft.accessibility,) if isinstance(draft.accessibility, str) else draft.accessibility
    return {
        "title": clean_text(draft.title, "title", least=1),
        "theme": clean_text(draft.theme, "theme"),
        "organiser": clean_text(draft.organiser, "organiser"),
        "summary": clean_text(draft.summary, "summary", most=5000),
        "place": clean_text(draft.place, "place"),
        "accessibility": tuple(
            clean_text(text, f"accessibility[{n}]") for n, text in enumerate(accessibility) if text.strip()
        ),
        "interactive_steps": tuple(dict.fromkeys(draft.interactive_steps)),
        "staff": tuple(clean_text(text, f"staff[{n}]") for n, text in enumerate(draft.staff) if text.strip()),
        "audience": clean_text(draft.audience, "audience"),
        "capacity_text": clean_text(draft.capacity_text, "capacity_text"),
        "registration": _terms(draft.registration),
        "online": draft.online,
        "tentative": draft.tentative,
        "campaign": draft.campaign,
        "entropy": check_sources(draft.entropy),
    }


def _terms(terms: RegistrationTerms) -> RegistrationTerms:
    return replace(
        terms,
        url=clean_url(terms.url, "registration.url"),
        note=clean_text(terms.note, "registration.note", most=500),
        contact=clean_text(terms.contact, "registration.contact"),
    )


def _new_session(desk: Desk, event_id: UUID, draft: SessionDraft, number: int) -> Session:
    starts_at, ends_at, all_day = _times(draft, number)
    return Session(
        id=desk.work.new_id(),
        event_id=event_id,
        created_at=desk.work.at,
        changed_at=desk.work.at,
        **_session_fields(draft, starts_at, ends_at, all_day),
    )


def _times(draft: SessionDraft, number: int) -> tuple[datetime, datetime, bool]:
    """Raises EndBeforeStart when neither both instants nor a date are given, BadDate when one is out of reach."""
    place = f"sessions[{number}]"
    for name in ("starts_at", "ends_at", "date", "registration_opens_at", "registration_closes_at"):
        given = getattr(draft, name)
        if given is not None and given.year not in YEARS:
            raise BadDate(field=f"{place}.{name}")
    if draft.starts_at and draft.ends_at:
        return draft.starts_at, draft.ends_at, False
    if draft.date and not draft.starts_at and not draft.ends_at:
        return day_start(draft.date), day_start(draft.date + timedelta(days=1)), True
    raise EndBeforeStart(field=f"{place}.starts_at")


def _session_fields(draft: SessionDraft, starts_at: datetime, ends_at: datetime, all_day: bool) -> dict[str, Any]:
    return {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "all_day": all_day,
        "time_text": clean_text(draft.time_text, "sessions.time_text", most=50),
        "capacity": draft.capacity,
        "capacity_min": draft.capacity_min,
        "seat_unit": draft.seat_unit,
        "holds": {kind: seats for kind, seats in draft.holds.items() if seats},
        "party_limit": draft.party_limit,
        "waitlist_limit": draft.waitlist_limit,
        "policy": draft.policy,
        "registration_opens_at": draft.registration_opens_at,
        "registration_closes_at": draft.registration_closes_at,
    }


async def _change_sessions(desk: Desk, event: Event, drafts: Sequence[SessionDraft]) -> Event:
    """Bring the event's sessions to `drafts`: changed ones keep their id, missing ones are cancelled or, before
    publication, removed. Freed or added seats go to those who wait."""
    at = desk.work.at
    known = {session.id: session for session in event.sessions}
    wanted: list[Session] = []
    for number, draft in enumerate(drafts):
        if draft.id is not None and draft.id not in known:
            raise UnknownSession(field=f"sessions[{number}].id")
        old = known.get(draft.id) if draft.id else None
        if old is None:
            wanted.append(_new_session(desk, event.id, draft, number))
            continue
        locked = await desk.store.session(old.id, lock=True)
        assert locked is not None
        old = known[old.id] = locked[0]
        state = "scheduled" if old.state == "postponed" else old.state
        new = replace(old, state=state, **_session_fields(draft, *_times(draft, number)))
        if new != old:
            moved = any(getattr(new, name) != getattr(old, name) for name in MOVING_SESSION_FIELDS)
            new = replace(new, sequence=old.sequence + moved, changed_at=at)
        wanted.append(new)
    kept = {session.id for session in wanted}
    unchanged = [session for session in wanted if known.get(session.id) == session]
    domain.check_sessions(
        [session for session in wanted if session not in unchanged], at, may_be_past=bool(event.source)
    )
    drawing.must_keep_draw(event, wanted)
    for session in wanted:
        old = known.get(session.id)
        if old is None:
            await desk.store.add_session(session)
        elif old != session:
            await _save_session(desk, event, old, session)
    for session in event.sessions:
        if session.id not in kept:
            if event.published_at is None:
                await desk.store.remove_session(session.id)
            elif session.state != "cancelled":
                await pass_on_entries(desk, event, session, kept)
                await _withdraw_everybody(desk, session)
                gone = replace(session, state="cancelled", sequence=session.sequence + 1, changed_at=at)
                await desk.store.save_session(gone)
                wanted.append(gone)
            else:
                wanted.append(session)
    return replace(event, sessions=tuple(sorted(wanted, key=lambda session: (session.starts_at, session.id))))


async def _save_session(desk: Desk, event: Event, old: Session, session: Session) -> None:
    await desk.store.save_session(session)
    seats = Movement((session.capacity or 0) - (old.capacity or 0), session.held - old.held, 0)
    if seats != Movement(0, 0, 0):
        await desk.store.add_movements(session.id, desk.work.at, [("resized", None, seats)])
    if (session.starts_at, session.ends_at) != (old.starts_at, old.ends_at):
        await desk.store.move_registrations(session)
    await offer_free_seats(desk, session.id)


async def _mark_sessions(desk: Desk, event: Event, *, sequence: int) -> Event:
    """A change of the whole event shows in each of its calendar entries."""
    sessions = []
    for session in event.sessions:
        if session.changed_at != desk.work.at:
            session = replace(session, sequence=session.sequence + sequence, changed_at=desk.work.at)
            await desk.store.save_session(session)
        sessions.append(session)
    return replace(event, sessions=tuple(sessions))


async def _set_session_states(desk: Desk, event: Event, state: Literal["postponed", "cancelled"]) -> Event:
    sessions = []
    for session in event.sessions:
        if session.state != "cancelled":
            session = replace(session, state=state, sequence=session.sequence + 1, changed_at=desk.work.at)
            await desk.store.save_session(session)
        sessions.append(session)
    return replace(event, sessions=tuple(sessions))


def _moved_sessions(before: Event, after: Event) -> tuple[str, ...]:
    old = {session.id: session for session in before.sessions}
    return tuple(
        f"sessions.{session.id}"
        for session in after.sessions
        if session.id not in old
        or any(getattr(session, name) != getattr(old[session.id], name) for name in MOVING_SESSION_FIELDS)
    )


async def _withdraw_everybody(desk: Desk, session: Session) -> None:
    locked = await desk.store.session(session.id, lock=True)
    assert locked is not None
    taken = waiting = 0
    for gone in await desk.store.withdraw_all(session.id, desk.work.at):
        taken += gone["seats"] if gone["state_before"] in SEATED else 0
        waiting += gone["state_before"] == "waitlisted"
        announce_state(desk, gone["id"], session.id, session.event_id, "withdrawn", gone["seats"], gone["changed_at"])
    await desk.store.count_seats(session.id, taken=-taken, waiting=-waiting)
    if taken:
        await desk.store.add_movements(session.id, desk.work.at, [("cancelled", None, Movement(0, 0, -taken))])


async def _set_end_timers(desk: Desk, event: Event) -> None:
    ends = [session.ends_at for session in event.sessions if session.state == "scheduled"]
    if ends and event.state == "published":
        await desk.work.set_timer("hold-event", str(event.id), max(ends))
    elif event.state == "postponed":
        await desk.work.drop_timer("hold-event", str(event.id))
