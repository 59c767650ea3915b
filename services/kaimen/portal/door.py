"""At the door: the roster of a session, check-in by code or ticket, and entries for people without a smartphone."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.refusals import Refusal
from kaimen.portal.answers import CheckIn, Confirmation, Event, Events, FieldFault, Problem, Registration, Roster
from kaimen.portal.desk import staff
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import fault_of, faults_of, registration_body
from kaimen.portal.services import OPENDAYS, ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import DONE, HOLDS

Q = QueryParameter


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def event_of(visitor: Visitor, session_id: UUID, event_id: str) -> Event | None:
        """The event of a session: named in the link, else sought among the visitor's own."""
        if event_id:
            return await services.get(f"{OPENDAYS}/events/{UUID(event_id)}", Event, visitor.caller)
        me = visitor.signed_in
        params = {"limit": "200", **({"unit": me.unit} if me and me.unit and me.role != "office" else {})}
        found = await services.get(f"{OPENDAYS}/events", Events, visitor.caller, params=params)
        return next((event for event in found.items if event.session(session_id)), None)

    async def session_page(
        visitor: Visitor,
        session_id: UUID,
        event_id: str,
        *,
        faults: list[FieldFault] | None = None,
        given: FormMultiDict | None = None,
        welcome: CheckIn | None = None,
        refused: Problem | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        roster = await services.get(f"{OPENDAYS}/sessions/{session_id}/roster", Roster, visitor.caller)
        event = await event_of(visitor, session_id, event_id)
        session = event.session(session_id) if event else None
        seated = [line for line in roster.items if line.state in ("confirmed", "offered", "checked_in")]
        counts = {
            "seated": sum(line.party_size for line in seated),
            "here": sum(line.party_size for line in seated if line.state == "checked_in"),
            "waiting": sum(line.state == "waitlisted" for line in roster.items),
        }
        return portal.page(
            visitor, "desk_session.html", status=status, personal=True, roster=roster.items, event=event,
            session=session, session_id=session_id, counts=counts, faults=faults or [], given=dict(given or {}),
            welcome=welcome, refused=refused, done=DONE.get(done, ""), seal=portal.seals.new(),
        )  # fmt: skip

    @get("/desk/sessions/{session_id:uuid}", opt=allow(PUBLIC))
    async def show_session(
        request: Request[Any, Any, Any],
        session_id: FromPath[UUID],
        event: Annotated[UUID | None, Q(name="event")] = None,
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """签到名单."""
        visitor, _ = await staff(portal, request)
        return await session_page(visitor, session_id, str(event or ""), done=done)

    @get("/desk/sessions/{session_id:uuid}/roster.xlsx", opt=allow(PUBLIC))
    async def sheet(request: Request[Any, Any, Any], session_id: FromPath[UUID]) -> Response[bytes]:
        """签到名单, as a spreadsheet."""
        visitor, _ = await staff(portal, request)
        return await services.pass_file(f"{OPENDAYS}/sessions/{session_id}/roster.xlsx", visitor.caller)

    @post("/desk/sessions/{session_id:uuid}/check-in", opt=allow(PUBLIC))
    async def check_in(
        request: Request[Any, Any, Any],
        session_id: FromPath[UUID],
        event: Annotated[UUID | None, Q(name="event")] = None,
    ) -> Response[Any]:
        """签到, by code or scanned ticket. Answered at once: a repetition only says that they are in already."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        given = _at_the_door(str(form.get("code", "")))
        try:
            welcome = await services.post(f"{OPENDAYS}/sessions/{session_id}/checkins", CheckIn, visitor.caller, given)
        except ServiceRefused as no:
            return await session_page(visitor, session_id, str(event or ""), refused=no.problem)
        return await session_page(visitor, session_id, str(event or ""), welcome=welcome)

    @post("/desk/sessions/{session_id:uuid}/registrations", opt=allow(PUBLIC))
    async def enter(
        request: Request[Any, Any, Any],
        session_id: FromPath[UUID],
        event: Annotated[UUID | None, Q(name="event")] = None,
    ) -> Response[Any]:
        """录入电话、窗口、纸质报名和现场名额: the same queue and the same ledger."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        body, faults = registration_body(form, channel=str(form.get("channel", "phone")))
        if str(form.get("hold", "")) in HOLDS:
            body["hold"] = str(form["hold"])
        if not faults:
            try:
                key = portal.seals.key_of(form)
                await services.post(
                    f"{OPENDAYS}/sessions/{session_id}/registrations",
                    Confirmation,
                    visitor.caller,
                    body,
                    headers={"Idempotency-Key": key},
                )
                return see(f"/desk/sessions/{session_id}?event={event or ''}&done=entered".replace("event=&", ""))
            except ServiceRefused as no:
                faults = faults_of(no.problem)
            except Refusal as no:
                faults = [fault_of(no)]
        return await session_page(visitor, session_id, str(event or ""), faults=faults, given=form, status=422)

    async def ticket_page(
        visitor: Visitor, ticket: str, *, welcome: CheckIn | None = None, refused: Problem | None = None
    ) -> Response[bytes]:
        kept: Registration | None = None
        if visitor.signed_in is not None and visitor.signed_in.is_staff:
            try:
                kept = await services.get(f"{OPENDAYS}/tickets/{ticket}", Registration, visitor.caller)
            except ServiceRefused as no:
                refused = refused or no.problem
        return portal.page(
            visitor, "ticket.html", personal=True, ticket=ticket, kept=kept, welcome=welcome, refused=refused
        )

    @get("/t/{ticket:str}", opt=allow(PUBLIC))
    async def show_ticket(request: Request[Any, Any, Any], ticket: FromPath[str]) -> Response[bytes]:
        """扫码打开的页面: changes nothing."""
        return await ticket_page(await portal.visitor(request), _clean(ticket))

    @post("/t/{ticket:str}", opt=allow(PUBLIC))
    async def admit(request: Request[Any, Any, Any], ticket: FromPath[str]) -> Response[Any]:
        """签到. Answered at once: a repetition only says that they are in already."""
        visitor, _ = await staff(portal, request)
        await portal.read_form(visitor)
        text = _clean(ticket)
        try:
            kept = await services.get(f"{OPENDAYS}/tickets/{text}", Registration, visitor.caller)
            path = f"{OPENDAYS}/sessions/{kept.session.id}/checkins"
            welcome = await services.post(path, CheckIn, visitor.caller, {"ticket": text})
        except ServiceRefused as no:
            return await ticket_page(visitor, text, refused=no.problem)
        return await ticket_page(visitor, text, welcome=welcome)

    return [show_session, sheet, check_in, enter, show_ticket, admit]


def _at_the_door(typed: str) -> dict[str, str]:
    """A scanner types the whole address of the ticket; a person reads out the code."""
    text = _clean(typed.strip().rstrip("/").rsplit("/", 1)[-1])
    return {"ticket": text} if len(text) > 40 else {"code": text}


def _clean(text: str) -> str:
    """Letters, digits and hyphens only: nothing that could bend the path of a call."""
    return "".join(letter for letter in text if letter.isascii() and (letter.isalnum() or letter == "-"))[:400]
