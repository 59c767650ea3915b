"""The desk of a recruitment, the same for representatives and participants of hearings: verify, draw, choose, fill."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, Unauthenticated, allow
from kaimen.kit.draws.procedure import TYPISTS
from kaimen.portal.answers import FieldFault, SignedIn
from kaimen.portal.applying import application_body, placed
from kaimen.portal.desk import staff
from kaimen.portal.form_fields import lines, read_quotas, read_sources
from kaimen.portal.portal import Portal, see
from kaimen.portal.recruiters import applications, find, send
from kaimen.portal.recruiting_answers import Receipt, Recruitment, StaffApplication
from kaimen.portal.registering import faults_of
from kaimen.portal.services import ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import DONE

Q = QueryParameter


async def insider(portal: Portal, request: Request[Any, Any, Any]) -> tuple[Visitor, SignedIn]:
    """Staff, presiders and notaries: who takes part in a draw."""
    visitor = await portal.visitor(request)
    if visitor.signed_in is None:
        raise Unauthenticated
    if visitor.signed_in.role in ("presider", "notary"):
        return visitor, visitor.signed_in
    return await staff(portal, request)


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def recruitment_page(
        visitor: Visitor,
        recruitment_id: UUID,
        *,
        given: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        service, recruitment = await find(services, f"recruitments/{recruitment_id}", Recruitment, visitor.caller)
        me = visitor.signed_in
        people: tuple[StaffApplication, ...] = ()
        if me is not None and me.is_staff:
            people = await applications(services, service, recruitment_id, visitor.caller)
        return portal.page(
            visitor, "desk_recruitment.html", status=status, personal=True, recruitment=recruitment,
            people=people, may_type=me is not None and me.role in TYPISTS, given=dict(given or {}),
            faults=placed(faults or [], recruitment), done=DONE.get(done, ""), now=portal.clock.now(),
            seal=portal.seals.new(),
        )  # fmt: skip

    @get("/desk/recruitments/{recruitment_id:uuid}", opt=allow(PUBLIC))
    async def show_recruitment(
        request: Request[Any, Any, Any], recruitment_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """招募的办理页: verify, close, commit, draw, fill."""
        visitor, _ = await insider(portal, request)
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
            await send(services, path, answer, visitor.caller, body)
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
        visitor, _ = await insider(portal, request)
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
        """录入电话、窗口、纸质报名和推荐、邀请的人选."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        _, recruitment = await find(services, f"recruitments/{recruitment_id}", Recruitment, visitor.caller)
        more = {"channel": str(form.get("channel", "phone")), "kind": str(form.get("kind", "citizen"))}
        more["recommended_by"] = str(form.get("recommended_by", ""))
        body = application_body(form, recruitment, **more)
        return await step(
            visitor, recruitment_id, form, f"recruitments/{recruitment_id}/applications", Receipt, body, "entered"
        )

    return [show_recruitment, take_step, type_numbers, draw_again, select, verify, enter]
