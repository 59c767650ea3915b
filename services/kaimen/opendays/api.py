"""Open days over HTTP."""

import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.params import FromPath, JSONBody, MultipartBody, QueryParameter

from kaimen.contracts.contacts import ContactsWanted
from kaimen.contracts.opendays import THEMES
from kaimen.kit import lots
from kaimen.kit.auth import APPROVERS, PUBLIC, SERVICES, STAFF, allow
from kaimen.kit.clock import SHANGHAI
from kaimen.kit.combine import Combiner
from kaimen.kit.db import Unavailable
from kaimen.kit.db import queries as kit_queries
from kaimen.kit.draws.api import Numbers, document_handlers
from kaimen.kit.draws.procedure import TYPISTS
from kaimen.kit.draws.store import Draw
from kaimen.kit.http import (
    KeyReused,
    OnEdge,
    Page,
    Reason,
    cursor_of,
    file_in,
    first_instant,
    json_bytes,
    json_response,
    limit_of,
    read_cursor,
    refuse_nul,
    seal_answer,
    unseal_answer,
)
from kaimen.kit.people import Proof
from kaimen.kit.problems import Malformed
from kaimen.kit.refusals import Refusal
from kaimen.kit.service import Resources
from kaimen.kit.tables import write_xlsx
from kaimen.kit.units import Units
from kaimen.kit.work import SYSTEM, Actor, Work
from kaimen.opendays.app import after, drawing, events, imports, registrations, subscriptions
from kaimen.opendays.app.desk import Desk, OpenDaysSettings
from kaimen.opendays.app.registrations import Arrival, CheckIn, NewRegistration, Result, RosterLine
from kaimen.opendays.domain.events import (
    Event,
    HoldKind,
    Phase,
    Policy,
    RegistrationTerms,
    SeatUnit,
    Step,
    phase,
    publish_checklist,
)
from kaimen.opendays.domain.refusals import BadTicket, UnknownRegistration, UnknownReport
from kaimen.opendays.domain.seats import RegistrationState
from kaimen.opendays.store.repository import EventFilter

T = TypeVar("T")
Q = QueryParameter


LANES = 4
"""Batches under way at once: a session always takes the same lane, so that order of arrival holds."""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """场次. `seats_left` is what a newcomer could get; `waiting` how many are on the waiting list."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    date: dt.date
    all_day: bool
    time_text: str
    state: str
    capacity: int | None
    capacity_min: int | None
    seat_unit: SeatUnit
    holds: dict[HoldKind, int]
    party_limit: int
    waitlist_limit: int
    policy: Policy
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    registration_open: bool
    seats_left: int | None
    waiting: int
    sequence: int


class Missing(msgspec.Struct, frozen=True):
    """What publication still needs, and where."""

    field: str
    detail: str
    detail_en: str


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """政府开放活动, for the public and, with `missing` and `version`, for its unit. `entropy`: the public numbers that
    decide the draw of its drawn sessions."""

    id: UUID
    version: int
    state: Phase
    title: str
    theme: str
    unit: str
    organiser: str
    summary: str
    place: str
    street_code: str | None
    accessibility: tuple[str, ...]
    interactive_steps: tuple[Step, ...]
    staff: tuple[str, ...]
    audience: str
    capacity_text: str
    registration: RegistrationTerms
    online: bool
    tentative: bool
    campaign: int | None
    reason: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    published_at: datetime | None
    entropy: tuple[lots.Source, ...]
    sessions: tuple[SessionView, ...]
    missing: list[Missing] | None = None


class RegistrationView(msgspec.Struct, frozen=True, kw_only=True):
    """报名, found by its code. The name is masked; the ticket is shown to its holder, `checked_in_by` to staff.

    For an entry into a draw: `pseudonym`, its name in the public pool, `wishes`, the dearest first, and `drawn_at`.
    """

    code: str
    state: RegistrationState
    name: str
    party_size: int
    ahead: int | None
    offer_expires_at: datetime | None
    checked_in_at: datetime | None
    checked_in_by: str | None
    ticket: str | None
    event_id: UUID
    event_title: str
    event_state: str
    unit: str
    place: str
    contact: str
    session: SessionView
    pseudonym: str | None
    wishes: tuple[SessionView, ...]
    drawn_at: datetime | None


class DrawView(msgspec.Struct, frozen=True, kw_only=True):
    """抽签: how far it is. `sessions`: public seats of each, as in the rules; `entries`: of the pool or, before it
    closes, so far; hashes, `seed` and `numbers` are empty until they exist; `typed`: how many people have typed the
    public numbers."""

    state: str
    rules_sha256: str
    verifier_sha256: str
    entropy: tuple[lots.Source, ...]
    sessions: dict[str, int]
    ruled_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    entries: int
    pool_root: str
    committed_at: datetime | None
    commitment: str
    typed: int
    drawn_at: datetime | None
    numbers: str
    seed: str


class AtTheDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scanned ticket, or a code read aloud."""

    ticket: str = ""
    code: str = ""


class CopyYear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    year: Annotated[int, msgspec.Meta(ge=2000, le=2100)]


class SuggestionView(msgspec.Struct, frozen=True):
    """A question or suggestion with its public reply."""

    id: UUID
    event_id: UUID
    kind: str
    text: str
    received_at: datetime
    due_on: date | None
    reply: str | None
    outcome: str | None
    replied_at: datetime | None


class ReportView(msgspec.Struct, frozen=True):
    """活动报告."""

    event_id: UUID
    held_on: date
    summary: str
    participants: int
    registered: int
    checked_in: int
    no_show: int
    walk_in: int
    suggestions: int
    replies: int
    satisfaction: str | None
    sign_shown: bool
    published_at: datetime


def view(event: Event, actor: Actor, at: datetime) -> EventView:
    shared = {name: getattr(event, name) for name in EventView.__struct_fields__ if hasattr(event, name)}
    missing = None
    if actor.sees_drafts_of(event.unit) and event.published_at is None:
        missing = [Missing(error.field, error.zh, error.en) for error in publish_checklist(event, at)]
    sessions = tuple(session_view(session, event, at) for session in event.sessions)
    return EventView(**{**shared, "state": phase(event, at), "sessions": sessions}, missing=missing)


def session_view(session: Any, event: Event, at: datetime) -> SessionView:
    shared = {name: getattr(session, name) for name in SessionView.__struct_fields__ if hasattr(session, name)}
    here = event.registration.mode == "here" and session.capacity is not None
    return SessionView(
        **shared,
        date=session.starts_at.astimezone(SHANGHAI).date(),
        registration_open=here and event.state == "published" and session.is_open(at),
        seats_left=max(0, session.free) if here else None,
    )


def registration_view(result: Result, at: datetime, *, for_staff: bool = False) -> RegistrationView:
    kept = result.registration
    by_id = {session.id: session for session in result.event.sessions}
    return RegistrationView(
        code=kept.code,
        state=kept.state,
        name=result.masked_name,
        party_size=kept.party_size,
        ahead=result.ahead,
        offer_expires_at=kept.offer_expires_at,
        checked_in_at=kept.checked_in_at,
        checked_in_by=kept.checked_in_by if for_staff else None,
        ticket=result.ticket,
        event_id=result.event.id,
        event_title=result.event.title,
        event_state=result.event.state,
        unit=result.event.unit,
        place=result.event.place,
        contact=result.event.registration.contact,
        session=session_view(result.session, result.event, at),
        pseudonym=kept.pseudonym,
        wishes=tuple(session_view(by_id[id], result.event, at) for id in kept.wishes or ()),
        drawn_at=kept.drawn_at,
    )


async def draw_view(desk: Desk, event_id: UUID, draw: Draw) -> DrawView:
    rules = msgspec.json.decode(draw.rules, type=lots.OrderRules)
    pool: list[Any] | None = msgspec.json.decode(draw.pool) if draw.pool is not None else None
    commitment = msgspec.json.decode(draw.commitment) if draw.commitment else {}
    made = msgspec.json.decode(draw.drawn) if draw.drawn else {}
    return DrawView(
        state=draw.state,
        rules_sha256=lots.digest("rules", msgspec.json.decode(draw.rules)),
        verifier_sha256=rules.verifier_sha256,
        entropy=rules.entropy,
        sessions=rules.sessions,
        ruled_at=draw.ruled_at,
        closes_at=datetime.fromisoformat(rules.closes_at),
        closed_at=draw.closed_at,
        entries=await desk.store.count_entries(event_id) if pool is None else len(pool),
        pool_root=commitment.get("pool_root", ""),
        committed_at=draw.committed_at,
        commitment=commitment.get("commitment", ""),
        typed=len(await desk.draws.typed(draw)),
        drawn_at=draw.drawn_at,
        numbers=made.get("entropy", ""),
        seed=made.get("seed", ""),
    )


class _Keyed(msgspec.Struct, frozen=True):
    """An arrival with its Idempotency-Key, if it brought one."""

    arrival: Arrival
    key: str | None
    scope: str
    digest: bytes


def _proof_of(request: Request[Any, Any, Any], given: Proof | None) -> Proof:
    """From the body, or the header in which programs put it."""
    given = given or Proof()
    return Proof(given.manage_token or request.headers.get("x-manage-token", ""), given.phone)


def handlers(resources: Resources) -> list[Any]:
    """The endpoints of this service."""
    settings = resources.settings
    assert isinstance(settings, OpenDaysSettings)

    def at_desk(use_case: Callable[[Desk], Awaitable[T]]) -> Callable[[Work], Awaitable[T]]:
        async def run(work: Work) -> T:
            return await use_case(Desk(work, resources.vault, settings))

        return run

    def with_event(
        edge: OnEdge, event_id: UUID, use_case: Callable[[Desk, Event], Awaitable[Event]]
    ) -> Awaitable[Response[bytes]]:
        """Lock the event, hold the request against its version, change it, show it."""

        async def run(desk: Desk) -> Response[bytes]:
            event = await desk.event(event_id, for_change=True)
            edge.if_match(event.version)
            event = await use_case(desk, event)
            event = await desk.event(event.id)
            return json_response(view(event, edge.actor, desk.work.at), version=event.version)

        return edge.change(at_desk(run))

    async def register_batch(_: int, batch: Sequence[_Keyed]) -> list[Response[bytes] | Exception]:
        async with resources.workshop.open(SYSTEM) as work:
            desk = Desk(work, resources.vault, settings)
            if any(keyed.key is not None for keyed in batch):
                # Before the keys are read: a repetition that runs elsewhere must have committed by then.
                await desk.store.lock_sessions({keyed.arrival.session_id for keyed in batch})
            answered = await _answered(resources, work, batch)
            first_with: dict[tuple[str, str | None], _Keyed] = {
                (keyed.scope, keyed.key): keyed for keyed in reversed(batch) if keyed.key is not None
            }
            fresh = [
                keyed
                for keyed in batch
                if keyed.key is None
                or (first_with[keyed.scope, keyed.key] is keyed and (keyed.scope, keyed.key) not in answered)
            ]
            results = await registrations.register(desk, [keyed.arrival for keyed in fresh])
            responses: dict[int, Response[bytes] | Exception] = {}
            for keyed, result in zip(fresh, results, strict=True):
                if isinstance(result, Refusal):
                    responses[id(keyed)] = result
                    continue
                body = msgspec.json.encode(result)
                responses[id(keyed)] = json_bytes(body, 201)
                if keyed.key is not None:
                    sealed = seal_answer(resources, keyed.key, body)
                    await work.connection.execute(
                        kit_queries.add_answers, keyed.scope, [keyed.key], [keyed.digest], [201], [sealed], work.at
                    )
        return [_answer_for(keyed, answered, responses, first_with) for keyed in batch]

    arrivals: Combiner[int, _Keyed, Response[bytes]] = Combiner(register_batch, hopeless=(Unavailable,))

    @get("/themes", opt=allow(PUBLIC), sync_to_thread=False)
    def list_themes() -> Response[bytes]:
        """主题领域: the six themes of the notice."""
        return json_response({"items": list(THEMES), "next": None})

    @get("/units", opt=allow(PUBLIC))
    async def list_units(edge: OnEdge) -> Response[bytes]:
        """可举办活动的单位, by short name."""

        async def run(desk: Desk) -> Page:
            return Page(sorted(await Units(desk.work.connection).codes()), None)

        return json_response(await edge.read(at_desk(run)))

    @post("/events", opt=allow(STAFF))
    async def create_event(edge: OnEdge, data: JSONBody[events.EventDraft]) -> Response[bytes]:
        """新建活动草稿."""

        async def run(desk: Desk) -> EventView:
            event = await events.create_event(desk, data)
            return view(event, edge.actor, desk.work.at)

        return await edge.create(at_desk(run))

    @get("/events", opt=allow(PUBLIC))
    async def list_events(
        edge: OnEdge,
        from_: Annotated[date | None, Q(name="from")] = None,
        to: Annotated[date | None, Q(name="to")] = None,
        unit: Annotated[str | None, Q(name="unit")] = None,
        theme: Annotated[str | None, Q(name="theme")] = None,
        campaign: Annotated[int | None, Q(name="campaign", ge=2000, le=2100)] = None,
        phase_: Annotated[Phase | None, Q(name="state")] = None,
        q: Annotated[str | None, Q(name="q", max_length=100)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """活动列表, by first session. Days are Shanghai days, `to` included. Drafts: own unit's staff only."""
        refuse_nul(unit, theme, q)
        wanted = EventFilter(
            from_at=first_instant(from_, "from") if from_ else None,
            to_at=first_instant(to, "to") + timedelta(days=1) if to else None,
            unit=unit,
            theme=theme,
            campaign=campaign,
            state=phase_,
            text=q or None,
            after=read_cursor(cursor),
            limit=limit_of(limit) + 1,
        )

        async def run(desk: Desk) -> Page:
            actor = edge.actor
            own = actor.unit if actor.is_staff else None
            found = await desk.store.list_events(wanted, desk.work.at, all_units=actor.role == "office", own_unit=own)
            items = [view(event, actor, desk.work.at) for event, _ in found[:limit]]
            more = len(found) > limit
            return Page(items, cursor_of(found[limit - 1][1], found[limit - 1][0].id) if more else None)

        return json_response(await edge.read(at_desk(run)))

    @get("/events/{event_id:uuid}", opt=allow(PUBLIC))
    async def read_event(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """活动详情."""

        async def run(desk: Desk) -> Response[bytes]:
            event = await desk.event(event_id)
            return json_response(view(event, edge.actor, desk.work.at), version=event.version)

        return await edge.read(at_desk(run))

    @patch("/events/{event_id:uuid}", opt=allow(STAFF))
    async def change_event(
        edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[events.EventChange]
    ) -> Response[bytes]:
        """修改活动. With If-Match, a change made meanwhile by somebody else is refused (412)."""
        return await with_event(edge, event_id, lambda desk, event: events.change_event(desk, event, data))

    @post("/events/{event_id:uuid}/submit", opt=allow(STAFF), status_code=200)
    async def submit(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """提交审核."""
        return await with_event(edge, event_id, events.submit_event)

    @post("/events/{event_id:uuid}/return", opt=allow(APPROVERS), status_code=200)
    async def give_back(edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
        """退回修改, with a reason."""
        return await with_event(edge, event_id, lambda desk, event: events.return_event(desk, event, data.reason))

    @post("/events/{event_id:uuid}/approve", opt=allow(APPROVERS), status_code=200)
    async def approve(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """审核通过, by somebody who wrote no part of it."""
        return await with_event(edge, event_id, events.approve_event)

    @post("/events/{event_id:uuid}/publish", opt=allow(STAFF), status_code=200)
    async def publish(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """发布. Refused with the checklist of what row 43 still asks for."""
        return await with_event(edge, event_id, events.publish_event)

    @post("/events/{event_id:uuid}/postpone", opt=allow(STAFF), status_code=200)
    async def postpone(edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[events.Postponement]) -> Response[bytes]:
        """延期或改期."""
        return await with_event(edge, event_id, lambda desk, event: events.postpone_event(desk, event, data))

    @post("/events/{event_id:uuid}/cancel", opt=allow(STAFF), status_code=200)
    async def cancel(edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
        """取消活动."""
        return await with_event(edge, event_id, lambda desk, event: events.cancel_event(desk, event, data.reason))

    @post("/events/{event_id:uuid}/report", opt=allow(STAFF))
    async def report(edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[after.NewReport]) -> Response[bytes]:
        """发布活动报告."""

        async def run(desk: Desk) -> ReportView:
            event = await desk.event(event_id, for_change=True)
            await after.report_event(desk, event, data)
            return await read_report_view(desk, event_id)

        return await edge.create(at_desk(run))

    @get("/events/{event_id:uuid}/report", opt=allow(PUBLIC))
    async def read_report(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """活动报告."""

        async def run(desk: Desk) -> ReportView:
            await desk.event(event_id)
            return await read_report_view(desk, event_id)

        return json_response(await edge.read(at_desk(run)))

    async def read_report_view(desk: Desk, event_id: UUID) -> ReportView:
        row = await desk.store.report(event_id)
        if row is None:
            raise UnknownReport
        average = row.pop("satisfaction")
        return ReportView(**row, satisfaction=str(average) if average is not None else None)

    @post("/events/{event_id:uuid}/copy", opt=allow(STAFF))
    async def copy(edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[CopyYear]) -> Response[bytes]:
        """复制到另一年, as a draft on the same weekdays."""

        async def run(desk: Desk) -> EventView:
            event = await events.copy_event(desk, await desk.event(event_id), data.year)
            return view(event, edge.actor, desk.work.at)

        return await edge.create(at_desk(run))

    @post("/events/{event_id:uuid}/suggestions", opt=allow(STAFF))
    async def add_suggestion(
        edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[after.NewSuggestion]
    ) -> Response[bytes]:
        """记录现场提问或建议."""

        async def run(desk: Desk) -> SuggestionView:
            return SuggestionView(**await after.add_suggestion(desk, await desk.event(event_id), data))

        return await edge.create(at_desk(run))

    @get("/events/{event_id:uuid}/suggestions", opt=allow(PUBLIC))
    async def list_suggestions(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """现场提问和建议, with replies."""

        async def run(desk: Desk) -> Page:
            await desk.event(event_id)
            return Page([SuggestionView(**row) for row in await desk.store.suggestions(event_id)], None)

        return json_response(await edge.read(at_desk(run)))

    @post("/suggestions/{suggestion_id:uuid}/reply", opt=allow(STAFF), status_code=200)
    async def reply(edge: OnEdge, suggestion_id: FromPath[UUID], data: JSONBody[after.Reply]) -> Response[bytes]:
        """公开答复."""

        async def run(desk: Desk) -> SuggestionView:
            return SuggestionView(**await after.reply_to_suggestion(desk, suggestion_id, data))

        return json_response(await edge.change(at_desk(run)))

    @get("/events/{event_id:uuid}/draw", opt=allow(PUBLIC))
    async def read_draw(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """抽签: rules, how many are in it, and the hashes that fix it before anybody knows the outcome."""

        async def run(desk: Desk) -> DrawView:
            return await draw_view(desk, event_id, await drawing.read_draw(desk, event_id))

        return json_response(await edge.read(at_desk(run)))

    @post("/events/{event_id:uuid}/draw", opt=allow(TYPISTS), status_code=200)
    async def draw(edge: OnEdge, event_id: FromPath[UUID], data: JSONBody[Numbers]) -> Response[bytes]:
        """录入公开数字. Two people type them, each alone; with the second one the seats are given."""

        async def run(desk: Desk) -> DrawView:
            return await draw_view(desk, event_id, await drawing.type_numbers(desk, event_id, data.entropy))

        return json_response(await edge.change(at_desk(run)))

    def draws_of(work: Work, event_id: UUID) -> Awaitable[list[Draw]]:
        return at_desk(lambda desk: drawing.draws_of(desk, event_id))(work)

    @post("/sessions/{session_id:uuid}/registrations", opt=allow(PUBLIC))
    async def register(
        request: Request[Any, Any, Any], edge: OnEdge, session_id: FromPath[UUID], data: JSONBody[NewRegistration]
    ) -> Response[bytes]:
        """报名. 201 with state confirmed, waitlisted (with position) or entered (into the draw)."""
        await edge.limiter.take("register", edge.address, per_minute=120)
        key = edge.idempotency_key
        digest = hashlib.sha256(await request.body()).digest() if key else b""
        return await arrivals.submit(
            session_id.int % LANES,
            _Keyed(
                Arrival(edge.actor, session_id, data, edge.traceparent),
                key,
                edge.idempotency_scope if key else "",
                digest,
            ),
        )

    @get("/registrations/{code:str}", opt=allow(PUBLIC))
    async def read_registration(edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """查询报名. The manage token, in `X-Manage-Token`, also shows the ticket."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)
        token = request.headers.get("x-manage-token", "")

        async def run(desk: Desk) -> RegistrationView:
            return registration_view(await registrations.read_registration(desk, code, Proof(token)), desk.work.at)

        return json_response(await edge.read(at_desk(run)))

    def with_proof(
        edge: OnEdge,
        code: str,
        proof: Proof | None,
        use_case: Callable[..., Awaitable[Result]],
        request: Request[Any, Any, Any],
    ) -> Awaitable[Response[bytes]]:
        refuse_nul(code)
        shown = _proof_of(request, proof)

        async def run(desk: Desk) -> Response[bytes]:
            result = await use_case(desk, code, shown)
            return json_response(registration_view(result, desk.work.at))

        return edge.change(at_desk(run))

    @post("/registrations/{code:str}/cancel", opt=allow(PUBLIC), status_code=200)
    async def cancel_registration(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """取消报名."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        return await with_proof(edge, code, data, registrations.cancel_registration, request)

    @post("/registrations/{code:str}/offer/accept", opt=allow(PUBLIC), status_code=200)
    async def accept_offer(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """接受候补名额."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        return await with_proof(edge, code, data, registrations.accept_offer, request)

    @post("/registrations/{code:str}/offer/decline", opt=allow(PUBLIC), status_code=200)
    async def decline_offer(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """放弃候补名额."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        return await with_proof(edge, code, data, registrations.decline_offer, request)

    @post("/registrations/{code:str}/feed", opt=allow(PUBLIC))
    async def grant_feed(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """我的日历: the address of a private feed of everything that this person is registered for."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)
        proof = _proof_of(request, data)

        async def run(desk: Desk) -> subscriptions.Subscription:
            return await subscriptions.grant(desk, code, proof, settings.public_url)

        return await edge.create(at_desk(run))

    @post("/registrations/{code:str}/feed/revoke", opt=allow(PUBLIC), status_code=204)
    async def revoke_feeds(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> None:
        """停用我的日历: every address that was given out."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)
        proof = _proof_of(request, data)
        await edge.change(at_desk(lambda desk: subscriptions.revoke(desk, code, proof)))

    @post("/registrations/{code:str}/questionnaire", opt=allow(PUBLIC), status_code=204)
    async def questionnaire(edge: OnEdge, code: FromPath[str], data: JSONBody[after.Questionnaire]) -> None:
        """填写问卷, once, after having been there."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)
        await edge.change(at_desk(lambda desk: after.answer_questionnaire(desk, code, data)))

    @get("/events/{event_id:uuid}/questionnaire", opt=allow(STAFF))
    async def read_questionnaire(edge: OnEdge, event_id: FromPath[UUID]) -> Response[bytes]:
        """问卷结果, for the unit: how many answered, the average, and what they wrote."""

        async def run(desk: Desk) -> after.QuestionnaireResult:
            return await after.read_questionnaire(desk, await desk.event(event_id))

        return json_response(await edge.read(at_desk(run)))

    @post("/sessions/{session_id:uuid}/checkins", opt=allow(STAFF))
    async def check_in(edge: OnEdge, session_id: FromPath[UUID], data: JSONBody[AtTheDoor]) -> Response[bytes]:
        """签到, by ticket or code."""
        if bool(data.ticket) == bool(data.code):
            raise BadTicket(field="ticket") if data.ticket else UnknownRegistration(field="code")

        async def run(desk: Desk) -> CheckIn:
            return await registrations.check_in(desk, session_id, ticket=data.ticket, code=data.code)

        return await edge.create(at_desk(run))

    @get("/tickets/{ticket:str}", opt=allow(STAFF))
    async def read_ticket(edge: OnEdge, ticket: FromPath[str]) -> Response[bytes]:
        """扫码: whose ticket this is, before check-in. Changes nothing."""

        async def run(desk: Desk) -> RegistrationView:
            said = desk.tickets.read(ticket)
            kept = await desk.store.registration(id=said.registration_id)
            if kept is None:
                raise BadTicket
            result = await registrations.read_registration(desk, kept.code, Proof())
            edge.actor.must_act_for(result.event.unit)
            return registration_view(result, desk.work.at, for_staff=True)

        return json_response(await edge.read(at_desk(run)))

    @get("/sessions/{session_id:uuid}/roster", opt=allow(STAFF))
    async def roster(edge: OnEdge, session_id: FromPath[UUID]) -> Response[bytes]:
        """签到名单."""

        async def run(desk: Desk) -> Page:
            _, _, lines = await registrations.read_roster(desk, session_id)
            return Page(lines, None)

        return json_response(await edge.read(at_desk(run)))

    @get("/sessions/{session_id:uuid}/roster.xlsx", opt=allow(STAFF))
    async def roster_sheet(edge: OnEdge, session_id: FromPath[UUID]) -> Response[bytes]:
        """签到名单, as a spreadsheet."""

        async def run(desk: Desk) -> bytes:
            event, _, lines = await registrations.read_roster(desk, session_id)
            return write_xlsx(event.title, ROSTER_COLUMNS, [_roster_row(line) for line in lines], desk.work.at)

        sheet = await edge.read(at_desk(run))
        return Response(
            sheet,
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            headers={
                "Content-Disposition": f'attachment; filename="roster-{session_id}.xlsx"',
                "Cache-Control": "no-store",
            },
        )

    @post("/imports", opt=allow(STAFF), status_code=200, request_max_body_size=12 * 1024 * 1024)
    async def import_file(
        edge: OnEdge,
        data: MultipartBody[dict[str, Any]],
        dry_run: Annotated[bool, Q(name="dry_run")] = False,
        unit: Annotated[str, Q(name="unit")] = "",
        campaign: Annotated[int | None, Q(name="campaign", ge=2000, le=2100)] = None,
    ) -> Response[bytes]:
        """导入活动 (XLSX, CSV, ICS): all rows or none. `dry_run` shows what would happen."""
        upload = file_in(data)
        if upload is None:
            raise Malformed(what="a file is needed", field="file")
        content, name = await upload.read(), upload.filename

        async def run(desk: Desk) -> imports.ImportOutcome:
            return await imports.import_events(desk, content, name, unit=unit, campaign=campaign, dry_run=dry_run)

        if dry_run:
            return json_response(await edge.read(at_desk(run)))
        return await edge.create(at_desk(run), upload=content)

    @post("/internal/contacts", opt=allow(SERVICES), status_code=200, include_in_schema=False)
    async def read_contacts(edge: OnEdge, data: JSONBody[ContactsWanted]) -> Response[bytes]:
        """Whom registrations concern: for the service that writes to people."""
        return json_response(await edge.read(at_desk(lambda desk: registrations.read_contacts(desk, data.ids))))

    return [
        list_themes, list_units, create_event, list_events, read_event, change_event, submit, give_back, approve,
        publish, postpone, cancel, report, read_report, copy, add_suggestion, list_suggestions, reply, read_draw,
        draw, *document_handlers("/events/{subject_id:uuid}/draw", draws_of), register, read_registration,
        cancel_registration, accept_offer, decline_offer, grant_feed, revoke_feeds,
        questionnaire, read_questionnaire, check_in, read_ticket,
        roster, roster_sheet, import_file, read_contacts,
    ]  # fmt: skip


ROSTER_COLUMNS = ("序号", "编号", "状态", "姓名", "电话", "人数", "其中未成年人", "需要的安排", "报名渠道", "签到时间")
_STATE_WORDS = {
    "confirmed": "已报名", "waitlisted": "候补", "entered": "待抽签", "offered": "候补待确认", "checked_in": "已签到",
    "no_show": "未到", "withdrawn": "已取消", "lapsed": "已失效",
}  # fmt: skip
_CHANNEL_WORDS = {"web": "网站", "phone": "电话", "counter": "窗口", "paper": "纸质"}


def _roster_row(line: RosterLine) -> tuple[Any, ...]:
    checked_in = line.checked_in_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if line.checked_in_at else ""
    return (
        line.position, line.code, _STATE_WORDS[line.state], line.name, line.phone, line.party_size, line.minors,
        line.needs, _CHANNEL_WORDS[line.channel], checked_in,
    )  # fmt: skip


def _answer_for(
    keyed: _Keyed,
    answered: dict[tuple[str, str | None], Response[bytes] | Exception],
    responses: dict[int, Response[bytes] | Exception],
    first_with: dict[tuple[str, str | None], _Keyed],
) -> Response[bytes] | Exception:
    """The answer to one arrival: an earlier one with its key, its own, or that of its twin in the same batch."""
    if keyed.key is None:
        return responses[id(keyed)]
    first = first_with[keyed.scope, keyed.key]
    if (keyed.scope, keyed.key) in answered:
        return answered[keyed.scope, keyed.key]
    return responses[id(first)] if first.digest == keyed.digest else KeyReused()


async def _answered(
    resources: Resources, work: Work, batch: Sequence[_Keyed]
) -> dict[tuple[str, str | None], Response[bytes] | Exception]:
    """The stored answers of those in the batch who ask again."""
    found: dict[tuple[str, str | None], Response[bytes] | Exception] = {}
    scopes = {keyed.scope for keyed in batch if keyed.key is not None}
    for scope in scopes:
        asked = {keyed.key: keyed for keyed in batch if keyed.scope == scope and keyed.key is not None}
        for row in await work.connection.fetch(kit_queries.read_answers, scope, list(asked)):
            try:
                body = unseal_answer(resources, row, asked[row["key"]].digest)
                found[scope, row["key"]] = json_bytes(body, row["status"])
            except Refusal as no:
                found[scope, row["key"]] = no
    return found
