"""The units' desk for decision meetings: plan, call for representatives, record who came and what was said."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.answers import FieldFault
from kaimen.portal.desk import staff
from kaimen.portal.desk_recruiting import insider
from kaimen.portal.form_fields import instant, lines, moment, read_quotas, read_sources
from kaimen.portal.meeting_answers import Counters, Meeting, Meetings, Statement
from kaimen.portal.portal import Portal, see
from kaimen.portal.recruiters import applications
from kaimen.portal.recruiting_answers import Recruitment
from kaimen.portal.registering import faults_of, number
from kaimen.portal.services import REPRESENTATIVES, ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import DONE

Q = QueryParameter


def agenda_of(form: FormMultiDict) -> list[dict[str, Any]]:
    """One item a line of the field; lines of the second field are kept from the public, with the reason after a bar."""
    items: list[dict[str, Any]] = [{"title": title} for title in lines(str(form.get("items", "")))]
    for line in lines(str(form.get("closed_items", ""))):
        title, _, reason = line.partition("|")
        items.append({"title": title.strip(), "suitable_for_public": False, "unsuitable_reason": reason.strip()})
    return items


def meeting_body(form: FormMultiDict) -> tuple[dict[str, Any], list[FieldFault]]:
    """What representatives takes for a new meeting, and what a person must put right first."""
    day, start, end = (str(form.get(name, "")) for name in ("day", "start", "end"))
    starts_at, ends_at = instant(day, start), instant(day, end)
    faults = []
    if starts_at is None or ends_at is None:
        faults.append(FieldFault("day", "请填写会议日期和起止时间。", "Give the day of the meeting and its hours."))
    body = {
        "unit": str(form.get("unit", "")),
        "level": "district" if form.get("level") == "district" else "unit",
        "title": str(form.get("title", "")),
        "kind": str(form.get("kind", "office")),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "place": str(form.get("place", "")),
        "agenda_fixed": "agenda_fixed" in form,
        "items": agenda_of(form),
    }
    return body, faults


def call_body(form: FormMultiDict) -> tuple[dict[str, Any], list[FieldFault]]:
    """What representatives takes for a call."""
    quotas, faults = read_quotas(str(form.get("quotas", "")))
    entropy, more = read_sources(str(form.get("entropy", "")))
    faults += more
    seats = number(str(form.get("seats", "")), 1)
    opens_at, closes_at = moment(str(form.get("opens", ""))), moment(str(form.get("closes", "")))
    if seats is None:
        faults.append(FieldFault("seats", "名额应为 1 以上的整数。", "The number of seats must be 1 or more."))
    if opens_at is None or closes_at is None:
        faults.append(FieldFault("opens", "请填写报名起止时间。", "Say when sign-up opens and closes."))
    method = str(form.get("method", "draw"))
    body = {
        "method": method,
        "seats": seats,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "eligibility": lines(str(form.get("eligibility", ""))),
        "criteria": str(form.get("criteria", "")),
        "quotas": quotas if method == "draw" else {},
        "entropy": entropy if method == "draw" else [],
        "rotation_months": number(str(form.get("rotation_months", "12"))) or 0,
        "one_per_household": "one_per_household" in form,
        "contact": str(form.get("contact", "")),
    }
    return body, faults


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    @get("/desk/meetings", opt=allow(PUBLIC))
    async def desk(request: Request[Any, Any, Any], done: Annotated[str, Q(name="done")] = "") -> Response[bytes]:
        """决策会议工作台: the unit's meetings, and how the year stands."""
        visitor, me = await insider(portal, request)
        own = me.unit if me.role in ("unit_editor", "unit_lead") else None
        params = {"limit": "200", "from": f"{portal.today.year}-01-01", **({"unit": own} if own else {})}
        year = {"year": str(portal.today.year)}
        found, counters = await asyncio.gather(
            services.get(f"{REPRESENTATIVES}/meetings", Meetings, visitor.caller, params=params),
            services.get(f"{REPRESENTATIVES}/counters", Counters, visitor.caller, params=year),
        )
        shown = [counter for counter in counters.items if own in (None, counter.unit)]
        return portal.page(
            visitor, "desk_meetings.html", personal=True, meetings=found.items, counters=shown, year=portal.today.year,
            done=DONE.get(done, ""),
        )  # fmt: skip

    async def form_page(
        visitor: Visitor, given: FormMultiDict | None = None, faults: list[FieldFault] | None = None, status: int = 200
    ) -> Response[bytes]:
        return portal.page(
            visitor, "desk_meeting_form.html", status=status, personal=True, given=dict(given or {}),
            faults=faults or [], units=await portal.units(visitor),
        )  # fmt: skip

    @get("/desk/meetings/new", opt=allow(PUBLIC))
    async def new_meeting(request: Request[Any, Any, Any]) -> Response[bytes]:
        """公布会议."""
        visitor, _ = await staff(portal, request)
        return await form_page(visitor)

    @post("/desk/meetings/new", opt=allow(PUBLIC))
    async def plan(request: Request[Any, Any, Any]) -> Response[Any]:
        """公布会议."""
        visitor, me = await staff(portal, request)
        form = await portal.read_form(visitor)
        body, faults = meeting_body(form)
        if me.role != "office":
            body |= {"unit": me.unit or "", "level": "unit"}
        if faults:
            return await form_page(visitor, form, faults, 422)
        try:
            made = await services.post(f"{REPRESENTATIVES}/meetings", Meeting, visitor.caller, body)
        except ServiceRefused as no:
            return await form_page(visitor, form, faults_of(no.problem), no.problem.status)
        return see(f"/desk/meetings/{made.id}?done=meeting-planned")

    async def meeting_page(
        visitor: Visitor,
        meeting_id: UUID,
        *,
        given: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        meeting = await services.get(f"{REPRESENTATIVES}/meetings/{meeting_id}", Meeting, visitor.caller)
        people = [
            each
            for recruitment in meeting.recruitments or ()
            for each in await applications(services, REPRESENTATIVES, recruitment.id, visitor.caller)
        ]
        seated = [each for each in people if each.state in ("invited", "confirmed", "attended", "absent")]
        return portal.page(
            visitor, "desk_meeting.html", status=status, personal=True, meeting=meeting, seated=seated,
            given=dict(given or {}), faults=faults or [], done=DONE.get(done, ""), now=portal.clock.now(),
        )  # fmt: skip

    @get("/desk/meetings/{meeting_id:uuid}", opt=allow(PUBLIC))
    async def show_meeting(
        request: Request[Any, Any, Any], meeting_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """会议的办理页."""
        visitor, _ = await staff(portal, request)
        return await meeting_page(visitor, meeting_id, done=done)

    async def act(
        request: Request[Any, Any, Any], meeting_id: UUID, path: str, answer: Any, body: Any, done: str
    ) -> Response[Any]:
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        try:
            await services.post(f"{REPRESENTATIVES}/{path}", answer, visitor.caller, body(form))
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await meeting_page(visitor, meeting_id, given=form, faults=faults, status=no.problem.status)
        return see(f"/desk/meetings/{meeting_id}?done={done}")

    @post("/desk/meetings/{meeting_id:uuid}/end/{how:str}", opt=allow(PUBLIC))
    async def end(request: Request[Any, Any, Any], meeting_id: FromPath[UUID], how: FromPath[str]) -> Response[Any]:
        """取消，或不邀请公众代表."""
        step = "no-public" if how == "no-public" else "cancel"
        path = f"meetings/{meeting_id}/{step}"
        return await act(
            request, meeting_id, path, Meeting, lambda form: {"reason": str(form.get("reason", ""))}, f"meeting-{step}"
        )

    @post("/desk/meetings/{meeting_id:uuid}/edit", opt=allow(PUBLIC))
    async def change(request: Request[Any, Any, Any], meeting_id: FromPath[UUID]) -> Response[Any]:
        """修改时间地点，填写直播和回看."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        meeting = await services.get(f"{REPRESENTATIVES}/meetings/{meeting_id}", Meeting, visitor.caller)
        day, start, end = (str(form.get(name, "")) for name in ("day", "start", "end"))
        body: dict[str, Any] = {
            "place": str(form.get("place", "")),
            "agenda_fixed": "agenda_fixed" in form,
            "reason": str(form.get("change_reason", "")),
            "items": [
                {
                    "id": str(item.id),
                    "title": item.title,
                    "catalogue_item": str(item.catalogue_item) if item.catalogue_item else None,
                    "suitable_for_public": item.suitable_for_public,
                    "unsuitable_reason": item.unsuitable_reason,
                    "live_stream": {
                        "planned": bool(form.get(f"live{place}")),
                        "url": str(form.get(f"live{place}", "")),
                        "replay": str(form.get(f"replay{place}", "")),
                    },
                }
                for place, item in enumerate(meeting.items)
            ],
        }
        starts_at, ends_at = instant(day, start), instant(day, end)
        if starts_at and ends_at:
            body |= {"starts_at": starts_at, "ends_at": ends_at}
        try:
            path = f"{REPRESENTATIVES}/meetings/{meeting_id}"
            await services.patch(path, Meeting, visitor.caller, body, version=str(form.get("version", "")))
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await meeting_page(visitor, meeting_id, given=form, faults=faults, status=no.problem.status)
        return see(f"/desk/meetings/{meeting_id}?done=saved")

    async def call_page(
        visitor: Visitor,
        meeting_id: UUID,
        given: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        meeting = await services.get(f"{REPRESENTATIVES}/meetings/{meeting_id}", Meeting, visitor.caller)
        return portal.page(
            visitor, "desk_call.html", status=status, personal=True, meeting=meeting, given=dict(given or {}),
            is_new=given is None, faults=faults or [],
        )  # fmt: skip

    @get("/desk/meetings/{meeting_id:uuid}/call", opt=allow(PUBLIC))
    async def ask_call(request: Request[Any, Any, Any], meeting_id: FromPath[UUID]) -> Response[bytes]:
        """招募公告."""
        visitor, _ = await staff(portal, request)
        return await call_page(visitor, meeting_id)

    @post("/desk/meetings/{meeting_id:uuid}/call", opt=allow(PUBLIC))
    async def publish_call(request: Request[Any, Any, Any], meeting_id: FromPath[UUID]) -> Response[Any]:
        """公布招募公告和规则."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        body, faults = call_body(form)
        if faults:
            return await call_page(visitor, meeting_id, form, faults, 422)
        try:
            path = f"{REPRESENTATIVES}/meetings/{meeting_id}/recruitments"
            made = await services.post(path, Recruitment, visitor.caller, body)
        except ServiceRefused as no:
            return await call_page(visitor, meeting_id, form, faults_of(no.problem), no.problem.status)
        return see(f"/desk/recruitments/{made.id}?done=call")

    @post("/desk/meetings/{meeting_id:uuid}/attendance", opt=allow(PUBLIC))
    async def attendance(request: Request[Any, Any, Any], meeting_id: FromPath[UUID]) -> Response[Any]:
        """登记列席."""
        return await act(
            request, meeting_id, f"meetings/{meeting_id}/attendance", Meeting,
            lambda form: {"present": [str(name) for name in form.getall("present", [])]}, "attendance",
        )  # fmt: skip

    @post("/desk/meetings/{meeting_id:uuid}/statements", opt=allow(PUBLIC))
    async def statement(request: Request[Any, Any, Any], meeting_id: FromPath[UUID]) -> Response[Any]:
        """记录发言."""
        return await act(
            request, meeting_id, f"meetings/{meeting_id}/statements", Statement,
            lambda form: {name: str(form.get(name, "")) for name in ("representative", "item", "summary")}, "statement",
        )  # fmt: skip

    @post("/desk/meetings/{meeting_id:uuid}/statements/{statement_id:uuid}", opt=allow(PUBLIC))
    async def reply(
        request: Request[Any, Any, Any], meeting_id: FromPath[UUID], statement_id: FromPath[UUID]
    ) -> Response[Any]:
        """公开答复."""
        return await act(
            request, meeting_id, f"statements/{statement_id}/reply", Statement,
            lambda form: {"outcome": str(form.get("outcome", "answered")), "reason": str(form.get("answer", ""))},
            "reply",
        )  # fmt: skip

    return [
        desk, new_meeting, plan, show_meeting, end, change, ask_call, publish_call, attendance, statement, reply,
    ]  # fmt: skip
