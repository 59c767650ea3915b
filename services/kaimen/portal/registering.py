"""A citizen's own pages: register, find, cancel, answer an offer, fill in the questionnaire, show the ticket."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, FormMultiDict
from litestar.params import FromPath

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.ids import normalise_code
from kaimen.kit.refusals import Refusal
from kaimen.portal.answers import Confirmation, Event, FieldFault, Problem, Registration, SeatDraw
from kaimen.portal.portal import Portal, see
from kaimen.portal.public import event_context
from kaimen.portal.services import OPENDAYS, ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import WISHES

PROOF_COOKIE = "__Host-kaimen-r-"
PROOF_DAYS = 7
"""How long after the visit this browser may still open its registration: the questionnaire comes then."""


def faults_of(problem: Problem) -> list[FieldFault]:
    """Each fault for the summary; a refusal that names no field is one fault of the whole form."""
    return list(problem.errors) or [FieldFault("", problem.detail, problem.detail_en)]


def fault_of(no: Refusal) -> FieldFault:
    return FieldFault(no.field or "", no.detail("zh"), no.detail("en"))


def number(text: str, least: int = 0) -> int | None:
    """What was typed as a whole number, or None."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 8 and int(text) >= least else None


def registration_body(form: FormMultiDict, **more: str) -> tuple[dict[str, Any], list[FieldFault]]:
    """What opendays takes, and what a person must put right first."""
    faults: list[FieldFault] = []

    def need(field: str, zh: str, en: str) -> None:
        faults.append(FieldFault(field, zh, en))

    name, phone = str(form.get("name", "")).strip(), str(form.get("phone", "")).strip()
    party = number(str(form.get("party_size", "1")), 1)
    minors = number(str(form.get("minors", "") or "0"))
    if not name:
        need("name", "请填写姓名或称呼。", "Give a name to call you by.")
    if not phone:
        need("phone", "请填写电话号码。", "Give a phone number.")
    if party is None:
        need("party_size", "人数应为 1 以上的整数。", "The number of people must be 1 or more.")
    if minors is None or (party is not None and minors > party):
        need("minors", "未成年人数不能多于总人数。", "There cannot be more minors than people.")
    answers = {key.removeprefix("answer_"): str(text) for key, text in form.items() if key.startswith("answer_")}
    body = {
        "name": name,
        "phone": phone,
        "email": str(form.get("email", "")).strip(),
        "party_size": party,
        "minors": minors,
        "answers": {key: text for key, text in answers.items() if text.strip()},
        "needs": str(form.get("needs", "")),
        **more,
    }
    return body, faults


def further_wishes(form: FormMultiDict) -> dict[str, str]:
    """Field → session, for the wishes after the first one; fields left empty in between do not count."""
    fields = [f"wish_{place}" for place in range(2, len(WISHES) + 2)]
    return {field: text for field in fields if (text := str(form.get(field, "")).strip())}


def at_wishes(faults: list[FieldFault], wishes: dict[str, str]) -> list[FieldFault]:
    """Faults at the fields of the page: preferences[1] is the second field that was filled."""
    filled = list(wishes) or ["wish_2"]
    named = {f"preferences[{place}]": field for place, field in enumerate(filled)} | {"preferences": filled[0]}
    return [FieldFault(named.get(fault.field, fault.field), fault.detail, fault.detail_en) for fault in faults]


async def seat_draw(portal: Portal, visitor: Visitor, event: Event) -> SeatDraw | None:
    """The draw of a public event's seats, if it has one."""
    if not event.is_drawn or event.published_at is None:
        return None
    try:
        return await portal.services.get(f"{OPENDAYS}/events/{event.id}/draw", SeatDraw, visitor.public)
    except ServiceRefused as no:
        if no.problem.status == 404:
            return None
        raise


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def event_page(
        visitor: Visitor,
        event_id: UUID,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        context = await event_context(portal, visitor, event_id)
        sessions = [session for session in context["event"].sessions if session.registration_open]
        with_room = [session for session in sessions if session.seats_left] or sessions
        drawn = [session for session in sessions if session.policy == "draw"]
        given = dict(form) if form else {"session": str(with_room[0].id) if with_room else ""}
        return portal.page(
            visitor, "event.html", status=status, personal=form is not None, given=given, faults=faults or [],
            open_sessions=sessions, seal=portal.seals.new(), retention_days=portal.settings.retention_days,
            drawn_sessions=drawn, wishes=list(enumerate(WISHES, 2))[: max(0, len(drawn) - 1)],
            draw=await seat_draw(portal, visitor, context["event"]), **context,
        )  # fmt: skip

    @get("/open-days/{event_id:uuid}", opt=allow(PUBLIC))
    async def show_event(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[bytes]:
        """活动详情, with the form."""
        return await event_page(await portal.visitor(request), event_id)

    @post("/open-days/{event_id:uuid}", opt=allow(PUBLIC))
    async def register(request: Request[Any, Any, Any], event_id: FromPath[UUID]) -> Response[Any]:
        """报名. The once-only key in the form makes a repetition harmless."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        await portal.limiter.take("portal-register", visitor.address, per_minute=30)
        body, faults = registration_body(form, channel="web", language=visitor.language)
        wishes = further_wishes(form)
        body["preferences"] = list(wishes.values())
        session_id = _uuid(str(form.get("session", "")))
        if session_id is None:
            faults.insert(0, FieldFault("session", "请选择场次。", "Choose a session."))
        if faults:
            return await event_page(visitor, event_id, form=form, faults=faults, status=422)
        try:
            key = portal.seals.key_of(form)
            confirmed = await services.post(
                f"{OPENDAYS}/sessions/{session_id}/registrations",
                Confirmation,
                visitor.public,
                body,
                headers={"Idempotency-Key": key},
            )
        except ServiceRefused as no:
            faults = at_wishes(faults_of(no.problem), wishes)
            return await event_page(visitor, event_id, form=form, faults=faults, status=no.problem.status)
        except Refusal as no:
            return await event_page(visitor, event_id, form=form, faults=[fault_of(no)], status=409)
        answer = see(f"/r/{confirmed.code}")
        answer.set_cookie(await proof_for(visitor, confirmed))
        return answer

    async def proof_for(visitor: Visitor, confirmed: Confirmation) -> Cookie:
        """The manage token for this browser, until some days after the visit; it never stands in an address."""
        kept = await services.get(f"{OPENDAYS}/registrations/{confirmed.code}", Registration, visitor.public)
        lasts = (kept.session.ends_at - portal.clock.now()).total_seconds() + PROOF_DAYS * 86400
        return Cookie(
            PROOF_COOKIE + confirmed.code, value=confirmed.manage_token, path="/", max_age=max(86400, int(lasts)),
            secure=True, httponly=True, samesite="lax",
        )  # fmt: skip

    def proof(visitor: Visitor, code: str) -> str:
        return visitor.request.cookies.get(PROOF_COOKIE + normalise_code(code), "")

    async def own(visitor: Visitor, code: str) -> Registration:
        await portal.limiter.take("portal-lookup", visitor.address, per_minute=30)
        return await services.get(
            f"{OPENDAYS}/registrations/{quote(code, safe='')}",
            Registration,
            visitor.public,
            manage_token=proof(visitor, code),
        )

    async def own_page(
        visitor: Visitor, code: str, template: str, *, faults: list[FieldFault] | None = None, status: int = 200
    ) -> Response[bytes]:
        kept = await own(visitor, code)
        address = f"{portal.settings.public_url}/t/{kept.ticket}" if kept.ticket else ""
        return portal.page(
            visitor, template, status=status, personal=True, kept=kept, ticket_address=address,
            is_holder=bool(proof(visitor, code)), faults=faults or [], now=portal.clock.now(),
        )  # fmt: skip

    async def act(visitor: Visitor, code: str, path: str, template: str) -> Response[Any]:
        """Change a registration with the proof at hand: this browser's token, or the phone number."""
        form = await portal.read_form(visitor)
        await portal.limiter.take("portal-lookup", visitor.address, per_minute=30)
        given = {"manage_token": proof(visitor, code), "phone": str(form.get("phone", ""))}
        try:
            await services.post(
                f"{OPENDAYS}/registrations/{quote(code, safe='')}/{path}", Registration, visitor.public, given
            )
        except ServiceRefused as no:
            if no.problem.status == 404:
                raise
            return await own_page(visitor, code, template, faults=faults_of(no.problem), status=no.problem.status)
        return see(f"/r/{quote(code, safe='')}")

    @get("/my", opt=allow(PUBLIC))
    async def my(request: Request[Any, Any, Any]) -> Response[bytes]:
        """查询我的报名."""
        return portal.page(await portal.visitor(request), "my.html", faults=[], typed="")

    @post("/my", opt=allow(PUBLIC))
    async def find(request: Request[Any, Any, Any]) -> Response[Any]:
        """By code; the code goes into the path, where no search engine and no referrer sees it."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        typed = str(form.get("code", "")).strip()
        code = normalise_code(typed)[:20]
        try:
            if not code.isalnum():
                raise _NoCode(field="code")
            await own(visitor, code)
        except ServiceRefused as no:
            if no.problem.status != 404:
                raise
            fault = FieldFault("code", no.problem.detail, no.problem.detail_en)
            return portal.page(visitor, "my.html", status=404, personal=True, faults=[fault], typed=typed)
        except _NoCode:
            fault = FieldFault("code", "请填写报名编号，如 7K3M9Q2XVA。", "Enter a code such as 7K3M9Q2XVA.")
            return portal.page(visitor, "my.html", status=422, personal=True, faults=[fault], typed=typed)
        return see(f"/r/{code}")

    @get("/r/{code:str}", opt=allow(PUBLIC))
    async def result(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """报名结果."""
        return await own_page(await portal.visitor(request), code, "registration.html")

    @get("/r/{code:str}/cancel", opt=allow(PUBLIC))
    async def ask_cancel(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """确认取消."""
        return await own_page(await portal.visitor(request), code, "cancel.html")

    @post("/r/{code:str}/cancel", opt=allow(PUBLIC))
    async def cancel(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
        """取消报名."""
        return await act(await portal.visitor(request), code, "cancel", "cancel.html")

    @get("/r/{code:str}/offer", opt=allow(PUBLIC))
    async def show_offer(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """候补名额: accept or decline, and until when."""
        return await own_page(await portal.visitor(request), code, "offer.html")

    @post("/r/{code:str}/offer/{answer:str}", opt=allow(PUBLIC))
    async def answer_offer(
        request: Request[Any, Any, Any], code: FromPath[str], answer: FromPath[str]
    ) -> Response[Any]:
        """接受或放弃候补名额."""
        visitor = await portal.visitor(request)
        path = "offer/accept" if answer == "accept" else "offer/decline"
        return await act(visitor, code, path, "offer.html")

    @get("/r/{code:str}/questionnaire", opt=allow(PUBLIC))
    async def show_questionnaire(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """满意度问卷."""
        return await own_page(await portal.visitor(request), code, "questionnaire.html")

    @post("/r/{code:str}/questionnaire", opt=allow(PUBLIC))
    async def answer_questionnaire(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
        """提交问卷."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        satisfaction = number(str(form.get("satisfaction", "")), 1)
        if satisfaction is None:
            fault = FieldFault("satisfaction", "请选择满意程度。", "Choose how satisfied you are.")
            return await own_page(visitor, code, "questionnaire.html", faults=[fault], status=422)
        given = {
            "manage_token": proof(visitor, code),
            "satisfaction": satisfaction,
            "comment": str(form.get("comment", "")),
        }
        try:
            await services.tell(f"{OPENDAYS}/registrations/{quote(code, safe='')}/questionnaire", visitor.public, given)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await own_page(visitor, code, "questionnaire.html", faults=faults, status=no.problem.status)
        return see(f"/r/{quote(code, safe='')}/thanks")

    @get("/r/{code:str}/thanks", opt=allow(PUBLIC))
    async def thanks(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """问卷已提交."""
        return portal.page(await portal.visitor(request), "thanks.html", personal=True, code=code)

    return [
        show_event, register, my, find, result, ask_cancel, cancel, show_offer, answer_offer, show_questionnaire,
        answer_questionnaire, thanks,
    ]  # fmt: skip


class _NoCode(Refusal):
    """Nothing that could be a code was typed."""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
