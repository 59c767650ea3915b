"""The units' desk: write, submit, approve, publish, postpone, cancel, report, answer."""

import asyncio
import base64
import binascii
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, Unauthenticated, allow
from kaimen.kit.work import Forbidden
from kaimen.portal import events_form
from kaimen.portal.answers import (
    Event,
    Events,
    FieldFault,
    ImportOutcome,
    QuestionnaireResult,
    Report,
    SeatDraw,
    SignedIn,
    Suggestion,
)
from kaimen.portal.events_form import EventForm
from kaimen.portal.portal import Portal, see
from kaimen.portal.public import event_context
from kaimen.portal.registering import faults_of, number, seat_draw
from kaimen.portal.services import OPENDAYS, ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import DONE

Q = QueryParameter
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("todo", ("draft", "submitted", "approved", "postponed")),
    ("live", ("published", "signup_open", "full", "signup_closed")),
    ("report", ("held",)),
    ("past", ("reported", "archived", "cancelled")),
)
IMPORT_KEPT_BYTES = 2 * 1024 * 1024
"""A previewed file of this size travels in the page; a larger one is chosen again."""


async def staff(portal: Portal, request: Request[Any, Any, Any]) -> tuple[Visitor, SignedIn]:
    """The visitor as staff. Raises Unauthenticated for nobody, Forbidden for a citizen."""
    visitor = await portal.visitor(request)
    if visitor.signed_in is None:
        raise Unauthenticated
    if not visitor.signed_in.is_staff:
        raise Forbidden
    return visitor, visitor.signed_in


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def list_events(visitor: Visitor, **params: str) -> tuple[Event, ...]:
        found: list[Event] = []
        asked = {**params, "limit": "200"}
        while True:
            page = await services.get(f"{OPENDAYS}/events", Events, visitor.caller, params=asked)
            found += page.items
            if page.next is None or len(found) >= 1000:
                return tuple(found)
            asked["cursor"] = page.next

    @get("/desk", opt=allow(PUBLIC))
    async def desk(
        request: Request[Any, Any, Any],
        unit: Annotated[str, Q(name="unit")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """工作台: the unit's events by what has to be done next."""
        visitor, me = await staff(portal, request)
        chosen = unit if me.role == "office" else me.unit or ""
        params = {"unit": chosen} if chosen else {}
        found, waiting, units = await asyncio.gather(
            list_events(visitor, **params), list_events(visitor, state="submitted"), portal.units(visitor)
        )
        queue = [event for event in waiting if me.role == "office" or event.unit == me.unit] if me.approves else []
        waiting_ids = {event.id for event in queue}
        groups = [
            (name, [event for event in found if event.state in states and event.id not in waiting_ids])
            for name, states in GROUPS
        ]
        return portal.page(
            visitor, "desk.html", personal=True, groups=groups, queue=queue, units=units, chosen=chosen,
            done=DONE.get(done, ""),
        )  # fmt: skip

    async def form_page(
        visitor: Visitor,
        filled: EventForm,
        *,
        event: Event | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        units, themes = await asyncio.gather(portal.units(visitor), portal.themes(visitor))
        placed = [FieldFault(events_form.field_id(f.field), f.detail, f.detail_en) for f in faults or []]
        return portal.page(
            visitor, "desk_form.html", status=status, personal=True, filled=filled, event=event, faults=placed,
            units=units, themes=themes, flagged=events_form.flagged_days(filled.rows), done=DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/events/new", opt=allow(PUBLIC))
    async def new_event(request: Request[Any, Any, Any]) -> Response[bytes]:
        """新建活动."""
        visitor, me = await staff(portal, request)
        return await form_page(visitor, events_form.empty_form(me.unit or ""))

    async def save(visitor: Visitor, event: Event | None) -> Response[Any]:
        form = await portal.read_form(visitor)
        filled = events_form.read_event_form(form)
        if str(form.get("do", "save")) != "save":
            return await form_page(visitor, filled, event=event)
        draft, faults = events_form.draft_of(filled)
        if faults:
            return await form_page(visitor, filled, event=event, faults=faults, status=422)
        try:
            if event is None:
                body = {**draft, "unit": filled.unit}
                saved = await services.post(f"{OPENDAYS}/events", Event, visitor.caller, body)
            else:
                body = {**draft, "reason": str(form.get("reason", ""))}
                path = f"{OPENDAYS}/events/{event.id}"
                saved = await services.patch(path, Event, visitor.caller, body, version=filled.version)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await form_page(visitor, filled, event=event, faults=faults, status=no.problem.status)
        return see(f"/desk/events/{saved.id}?done=saved")

    @post("/desk/events/new", opt=allow(PUBLIC))
    async def create_event(request: Request[Any, Any, Any]) -> Response[Any]:
        """保存新活动, or add or remove a row."""
        visitor, _ = await staff(portal, request)
        return await save(visitor, None)

    @get("/desk/events/{event_id:uuid}/edit", opt=allow(PUBLIC))
    async def edit_event(
        request: Request[Any, Any, Any], event_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """修改活动."""
        visitor, _ = await staff(portal, request)
        event = await one_event(visitor, event_id)
        return await form_page(visitor, events_form.form_of(event), event=event, done=done)

    @post("/desk/events/{event_id:uuid}/edit", opt=allow(PUBLIC))
    async def change_event(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[Any]:
        """保存修改."""
        visitor, _ = await staff(portal, request)
        return await save(visitor, await one_event(visitor, event_id))

    async def one_event(visitor: Visitor, event_id: UUID) -> Event:
        return await services.get(f"{OPENDAYS}/events/{event_id}", Event, visitor.caller)

    async def event_page(
        visitor: Visitor,
        event_id: UUID,
        *,
        faults: list[FieldFault] | None = None,
        given: FormMultiDict | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        context = await event_context(portal, visitor, event_id)
        placed = [FieldFault(_number_field(f.field), f.detail, f.detail_en) for f in faults or []]
        asked = await services.get(f"{OPENDAYS}/events/{event_id}/questionnaire", QuestionnaireResult, visitor.caller)
        rows = events_form.form_of(context["event"]).rows
        return portal.page(
            visitor, "desk_event.html", status=status, personal=True, faults=placed, given=dict(given or {}),
            done=DONE.get(done, ""), rows=rows, asked=asked, flagged=events_form.flagged_days(rows),
            this_year=portal.today.year, today=portal.today, draw=await seat_draw(portal, visitor, context["event"]),
            **context,
        )  # fmt: skip

    @get("/desk/events/{event_id:uuid}", opt=allow(PUBLIC))
    async def show_event(
        request: Request[Any, Any, Any], event_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """活动的办理页: checklist, next step, sessions, suggestions, report."""
        visitor, _ = await staff(portal, request)
        return await event_page(visitor, event_id, done=done)

    async def act(
        request: Request[Any, Any, Any], event_id: UUID, step: str, answer: Any = Event, **more: Any
    ) -> Response[Any]:
        """One step of the event's life; a refusal is shown on its page."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        path = f"{OPENDAYS}/events/{event_id}/{step}"
        body = more.pop("body")(form) if "body" in more else None
        try:
            await services.post(path, answer, visitor.caller, body)
        except ServiceRefused as no:
            return await event_page(
                visitor, event_id, faults=faults_of(no.problem), given=form, status=no.problem.status
            )
        return see(f"/desk/events/{event_id}?done={step}")

    @post("/desk/events/{event_id:uuid}/step/{step:str}", opt=allow(PUBLIC))
    async def take_step(
        request: Request[Any, Any, Any], event_id: FromPath[UUID], step: FromPath[str]
    ) -> Response[Any]:
        """提交、审核、退回、发布、取消."""
        if step in ("submit", "approve", "publish"):
            return await act(request, event_id, step)
        if step in ("return", "cancel"):
            return await act(request, event_id, step, body=lambda form: {"reason": str(form.get("reason", ""))})
        return see(f"/desk/events/{event_id}")

    @post("/desk/events/{event_id:uuid}/postpone", opt=allow(PUBLIC))
    async def postpone(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[Any]:
        """延期: with new days, or until they are known."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        given: dict[str, Any] = {"reason": str(form.get("reason", ""))}
        if form.get("until") == "known":
            event = await one_event(visitor, event_id)
            given["sessions"], faults = events_form.moved_sessions(event, events_form.read_event_form(form).rows)
            if faults:
                return await event_page(visitor, event_id, faults=faults, given=form, status=422)
        try:
            await services.post(f"{OPENDAYS}/events/{event_id}/postpone", Event, visitor.caller, given)
        except ServiceRefused as no:
            return await event_page(
                visitor, event_id, faults=faults_of(no.problem), given=form, status=no.problem.status
            )
        return see(f"/desk/events/{event_id}?done=postpone")

    @post("/desk/events/{event_id:uuid}/copy", opt=allow(PUBLIC))
    async def copy(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[Any]:
        """复制到另一年; the form then flags days that are no working days."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        year = number(str(form.get("year", "")), 2000) or portal.today.year
        try:
            made = await services.post(f"{OPENDAYS}/events/{event_id}/copy", Event, visitor.caller, {"year": year})
        except ServiceRefused as no:
            return await event_page(visitor, event_id, faults=faults_of(no.problem), status=no.problem.status)
        return see(f"/desk/events/{made.id}/edit?done=copied")

    @post("/desk/events/{event_id:uuid}/report", opt=allow(PUBLIC))
    async def report(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[Any]:
        """公布活动报告."""

        def body(form: FormMultiDict) -> dict[str, Any]:
            return {
                "held_on": str(form.get("held_on", "")) or None,
                "summary": str(form.get("report_summary", "")),
                "participants": number(str(form.get("participants", ""))),
                "sign_shown": "sign_shown" in form,
            }

        return await act(request, event_id, "report", Report, body=body)

    @post("/desk/events/{event_id:uuid}/draw", opt=allow(PUBLIC))
    async def type_numbers(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[Any]:
        """录入公开数字: the second person's makes the draw."""

        def body(form: FormMultiDict) -> dict[str, dict[str, str]]:
            typed = {name: str(text).strip() for name, text in form.multi_items() if name.startswith("number-")}
            return {"entropy": {name.removeprefix("number-"): text for name, text in typed.items() if text}}

        return await act(request, event_id, "draw", SeatDraw, body=body)

    @post("/desk/events/{event_id:uuid}/suggestions", opt=allow(PUBLIC))
    async def add_suggestion(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[Any]:
        """记录提问或建议."""

        def body(form: FormMultiDict) -> dict[str, str]:
            return {"kind": str(form.get("kind", "question")), "text": str(form.get("text", ""))}

        answer = await act(request, event_id, "suggestions", Suggestion, body=body)
        return see(f"/desk/events/{event_id}?done=suggestion") if answer.status_code == 303 else answer

    @post("/desk/events/{event_id:uuid}/suggestions/{suggestion_id:uuid}", opt=allow(PUBLIC))
    async def reply(
        request: Request[Any, Any, Any], event_id: FromPath[UUID], suggestion_id: FromPath[UUID]
    ) -> Response[Any]:
        """公开答复."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        given = {"reply": str(form.get("reply", "")), "outcome": str(form.get("outcome", "answered"))}
        try:
            await services.post(f"{OPENDAYS}/suggestions/{suggestion_id}/reply", Suggestion, visitor.caller, given)
        except ServiceRefused as no:
            return await event_page(visitor, event_id, faults=faults_of(no.problem), status=no.problem.status)
        return see(f"/desk/events/{event_id}?done=reply")

    @get("/desk/import", opt=allow(PUBLIC))
    async def ask_import(request: Request[Any, Any, Any]) -> Response[bytes]:
        """导入."""
        visitor, me = await staff(portal, request)
        return await import_page(visitor, {"unit": me.unit or ""})

    async def import_page(
        visitor: Visitor,
        given: dict[str, str],
        *,
        outcome: ImportOutcome | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        return portal.page(
            visitor, "desk_import.html", status=status, personal=True, given=given, outcome=outcome,
            faults=faults or [], units=await portal.units(visitor),
        )  # fmt: skip

    @post("/desk/import", opt=allow(PUBLIC))
    async def import_file(request: Request[Any, Any, Any]) -> Response[Any]:
        """导入: first the preview of every row, then all of them or none."""
        visitor, me = await staff(portal, request)
        form = await portal.read_form(visitor)
        name, content = await uploaded(form)
        unit = str(form.get("unit", "")) if me.role == "office" else me.unit or ""
        campaign = str(form.get("campaign", "")).strip()
        given = {"unit": unit, "campaign": campaign, "name": name}
        if not content:
            fault = FieldFault("file", "请选择一个文件。", "Choose a file.")
            return await import_page(visitor, given, faults=[fault], status=422)
        for_real = form.get("do") == "import"
        params = {"unit": unit, "dry_run": "false" if for_real else "true"}
        if campaign.isdecimal():
            params["campaign"] = campaign
        try:
            outcome = await services.send_file(
                f"{OPENDAYS}/imports", ImportOutcome, visitor.caller, name, content, params
            )
        except ServiceRefused as no:
            return await import_page(visitor, given, faults=faults_of(no.problem), status=no.problem.status)
        if for_real:
            return see(f"/desk?done=imported&unit={quote(unit) if me.role == 'office' else ''}")
        if len(content) <= IMPORT_KEPT_BYTES:
            given["kept"] = base64.b64encode(content).decode()
        return await import_page(visitor, given, outcome=outcome)

    return [
        desk, new_event, create_event, edit_event, change_event, show_event, take_step, postpone, copy, report,
        type_numbers, add_suggestion, reply, ask_import, import_file,
    ]  # fmt: skip


def _number_field(field: str) -> str:
    """entropy.ssq, as opendays calls it, is the field number-ssq of the page."""
    return f"number-{field.removeprefix('entropy.')}" if field.startswith("entropy.") else field


async def uploaded(form: FormMultiDict) -> tuple[str, bytes]:
    """Name and content of the chosen file, or of the one that the preview kept; empty without either."""
    upload = form.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        return upload.filename, await upload.read()
    try:
        return str(form.get("name", "")), base64.b64decode(str(form.get("kept", "")), validate=True)
    except binascii.Error:
        return "", b""
