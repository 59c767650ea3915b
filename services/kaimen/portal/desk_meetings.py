"""The units' desk for decision meetings: plan, recruit, verify, draw, invite, record who came and what was said."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, Unauthenticated, allow
from kaimen.kit.clock import SHANGHAI
from kaimen.kit.draws.procedure import TYPISTS
from kaimen.portal.answers import FieldFault, SignedIn
from kaimen.portal.applying import application_body, placed
from kaimen.portal.desk import staff
from kaimen.portal.draw_lines import read_quotas, read_sources
from kaimen.portal.meeting_answers import (
    Counters,
    Meeting,
    Meetings,
    Receipt,
    Recruitment,
    StaffApplication,
    StaffApplications,
    Statement,
)
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import faults_of, number
from kaimen.portal.services import REPRESENTATIVES, ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import DONE

Q = QueryParameter


def instant(day: str, clock: str) -> str | None:
    """A day and a time of day in Shanghai as an instant, or None when they are none."""
    try:
        return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SHANGHAI).isoformat()
    except ValueError:
        return None


def moment(typed: str) -> str | None:
    """What a datetime-local field says, as an instant in Shanghai."""
    day, _, clock = typed.partition("T")
    return instant(day, clock)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


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

    async def insider(request: Request[Any, Any, Any]) -> tuple[Visitor, SignedIn]:
        """Staff, presiders and notaries: who takes part in a draw."""
        visitor = await portal.visitor(request)
        if visitor.signed_in is None:
            raise Unauthenticated
        if visitor.signed_in.role in ("presider", "notary"):
            return visitor, visitor.signed_in
        return await staff(portal, request)

    @get("/desk/meetings", opt=allow(PUBLIC))
    async def desk(request: Request[Any, Any, Any], done: Annotated[str, Q(name="done")] = "") -> Response[bytes]:
        """决策会议工作台: the unit's meetings, and how the year stands."""
        visitor, me = await insider(request)
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
        people = [each for r in meeting.recruitments or () for each in await applications(visitor, r.id)]
        seated = [each for each in people if each.state in ("invited", "confirmed", "attended", "absent")]
        return portal.page(
            visitor, "desk_meeting.html", status=status, personal=True, meeting=meeting, seated=seated,
            given=dict(given or {}), faults=faults or [], done=DONE.get(done, ""), now=portal.clock.now(),
        )  # fmt: skip

    async def applications(visitor: Visitor, recruitment_id: UUID) -> tuple[StaffApplication, ...]:
        path = f"{REPRESENTATIVES}/recruitments/{recruitment_id}/applications"
        return (await services.get(path, StaffApplications, visitor.caller)).items

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

    async def recruitment_page(
        visitor: Visitor,
        recruitment_id: UUID,
        *,
        given: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        path = f"{REPRESENTATIVES}/recruitments/{recruitment_id}"
        recruitment = await services.get(path, Recruitment, visitor.caller)
        meeting = await services.get(f"{REPRESENTATIVES}/meetings/{recruitment.meeting_id}", Meeting, visitor.caller)
        me = visitor.signed_in
        people: tuple[StaffApplication, ...] = ()
        if me is not None and me.is_staff:
            people = await applications(visitor, recruitment_id)
        return portal.page(
            visitor, "desk_recruitment.html", status=status, personal=True, recruitment=recruitment, meeting=meeting,
            people=people, may_type=me is not None and me.role in TYPISTS, given=dict(given or {}),
            faults=placed(faults or [], recruitment), done=DONE.get(done, ""), now=portal.clock.now(),
            seal=portal.seals.new(),
        )  # fmt: skip

    @get("/desk/recruitments/{recruitment_id:uuid}", opt=allow(PUBLIC))
    async def show_recruitment(
        request: Request[Any, Any, Any], recruitment_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """招募的办理页: verify, close, commit, draw, fill."""
        visitor, _ = await insider(request)
        return await recruitment_page(visitor, recruitment_id, done=done)

    async def step(
        visitor: Visitor,
        recruitment_id: UUID,
        form: FormMultiDict,
        path: str,
        answer: Any,
        body: Any,
        done: str,
    ) -> Response[Any]:
        try:
            await services.post(f"{REPRESENTATIVES}/{path}", answer, visitor.caller, body)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await recruitment_page(visitor, recruitment_id, given=form, faults=faults, status=no.problem.status)
        return see(f"/desk/recruitments/{recruitment_id}?done={done}")

    @post("/desk/recruitments/{recruitment_id:uuid}/step/{name:str}", opt=allow(PUBLIC))
    async def take_step(
        request: Request[Any, Any, Any], recruitment_id: FromPath[UUID], name: FromPath[str]
    ) -> Response[Any]:
        """截止、计算承诺、递补."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        if name not in ("close", "commit", "replace"):
            return see(f"/desk/recruitments/{recruitment_id}")
        path = f"recruitments/{recruitment_id}/{name}"
        return await step(visitor, recruitment_id, form, path, Recruitment, None, f"draw-{name}")

    @post("/desk/recruitments/{recruitment_id:uuid}/numbers", opt=allow(PUBLIC))
    async def type_numbers(request: Request[Any, Any, Any], recruitment_id: FromPath[UUID]) -> Response[Any]:
        """录入公开数字."""
        visitor, _ = await insider(request)
        form = await portal.read_form(visitor)
        typed = {
            name.removeprefix("number-"): str(text).strip() for name, text in form.items() if name.startswith("number-")
        }
        body = {"entropy": {name: text for name, text in typed.items() if text}}
        path = f"recruitments/{recruitment_id}/draw"
        return await step(visitor, recruitment_id, form, path, Recruitment, body, "draw-numbers")

    @post("/desk/recruitments/{recruitment_id:uuid}/again", opt=allow(PUBLIC))
    async def draw_again(request: Request[Any, Any, Any], recruitment_id: FromPath[UUID]) -> Response[Any]:
        """再次抽签."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        entropy, faults = read_sources(str(form.get("entropy", "")))
        body: dict[str, Any] = {"reason": str(form.get("again_reason", "")), "entropy": entropy}
        if typed := str(form.get("quotas", "")).strip():
            body["quotas"], more = read_quotas(typed)
            faults += more
        if faults:
            return await recruitment_page(visitor, recruitment_id, given=form, faults=faults, status=422)
        path = f"recruitments/{recruitment_id}/redraw"
        return await step(visitor, recruitment_id, form, path, Recruitment, body, "draw-again")

    @post("/desk/recruitments/{recruitment_id:uuid}/selection", opt=allow(PUBLIC))
    async def select(request: Request[Any, Any, Any], recruitment_id: FromPath[UUID]) -> Response[Any]:
        """遴选、推荐、邀请或公证抽签的结果: a line each, the reason after a bar."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        chosen = [line.partition("|") for line in lines(str(form.get("selected", "")))]
        body = {
            "selected": [name.strip() for name, _, _ in chosen],
            "reserves": lines(str(form.get("reserves", ""))),
            "reasons": {name.strip(): reason.strip() for name, _, reason in chosen if reason.strip()},
            "certificate_no": str(form.get("certificate_no", "")),
            "file_sha256": str(form.get("file_sha256", "")).strip().lower(),
            "notary": str(form.get("notary", "")),
        }
        path = f"recruitments/{recruitment_id}/selection"
        return await step(visitor, recruitment_id, form, path, Recruitment, body, "selection")

    @post("/desk/recruitments/{recruitment_id:uuid}/verify/{code:str}", opt=allow(PUBLIC))
    async def verify(
        request: Request[Any, Any, Any], recruitment_id: FromPath[UUID], code: FromPath[str]
    ) -> Response[Any]:
        """核验: as claimed, or not eligible with the reason."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        body = {"eligible": form.get("do") != "reject", "reason": str(form.get("reason", ""))}
        path = f"applications/{code if code.isalnum() else '-'}/verify"
        return await step(visitor, recruitment_id, form, path, StaffApplication, body, "verified")

    @post("/desk/recruitments/{recruitment_id:uuid}/applications", opt=allow(PUBLIC))
    async def enter(request: Request[Any, Any, Any], recruitment_id: FromPath[UUID]) -> Response[Any]:
        """录入电话、窗口、纸质报名和推荐、邀请的代表."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        path = f"{REPRESENTATIVES}/recruitments/{recruitment_id}"
        recruitment = await services.get(path, Recruitment, visitor.caller)
        more = {"channel": str(form.get("channel", "phone")), "kind": str(form.get("kind", "citizen"))}
        body = application_body(form, recruitment, **more)
        return await step(
            visitor, recruitment_id, form, f"recruitments/{recruitment_id}/applications", Receipt, body, "entered"
        )

    return [
        desk, new_meeting, plan, show_meeting, end, change, ask_call, publish_call, attendance, statement, reply,
        show_recruitment, take_step, type_numbers, draw_again, select, verify, enter,
    ]  # fmt: skip
