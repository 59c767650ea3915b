"""A citizen's application, to attend a meeting or to take part in a hearing: conditions first, then the
form; the chance, the result, the answer."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, FormMultiDict
from litestar.params import FromPath

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.ids import normalise_code
from kaimen.kit.refusals import Refusal
from kaimen.portal.answers import FieldFault
from kaimen.portal.hearing_answers import Deliveries, Delivery, Hearing, Record
from kaimen.portal.portal import Portal, see
from kaimen.portal.recruiters import find, send
from kaimen.portal.recruiting_answers import Application, Receipt, Recruitment
from kaimen.portal.registering import fault_of, faults_of, number
from kaimen.portal.services import HEARINGS, ServiceRefused
from kaimen.portal.visitor import Visitor

PROOF_COOKIE = "__Host-kaimen-a-"
PROOF_SECONDS = 200 * 86400
"""How long this browser may open its application: until the meeting and its replies are over."""
FEATURE = "feature-"
UNANSWERED = FieldFault("answer", "请选择一项意见。", "Choose one of the answers.")
STEPS: dict[str, str] = {
    "confirm": "invitations/{code}/confirm",
    "decline": "invitations/{code}/decline",
    "withdraw": "applications/{code}/withdraw",
}


def application_body(form: FormMultiDict, recruitment: Recruitment, **more: Any) -> dict[str, Any]:
    """What representatives takes. Features come numbered, since their names are Chinese."""
    features = {feature: str(form.get(f"{FEATURE}{number}", "")) for number, feature in enumerate(recruitment.quotas)}
    return {
        "name": str(form.get("name", "")).strip(),
        "phone": str(form.get("phone", "")).strip(),
        "email": str(form.get("email", "")).strip(),
        "features": {feature: value for feature, value in features.items() if value},
        "household": str(form.get("household", "")),
        "meets_conditions": "meets_conditions" in form,
        "works_for_sponsor": "works_for_sponsor" in form,
        "publish_name": "publish_name" in form,
        **more,
    }


def placed(faults: list[FieldFault], recruitment: Recruitment) -> list[FieldFault]:
    """Faults at the fields of the form: `features.性别` stands at `feature-0`."""
    numbers = {f"features.{feature}": f"{FEATURE}{number}" for number, feature in enumerate(recruitment.quotas)}
    return [FieldFault(numbers.get(f.field, f.field), f.detail, f.detail_en) for f in faults]


def _dialled(phone: str) -> str:
    """What may stand in a header of what somebody typed as a phone number."""
    return "".join(letter for letter in phone if letter in "+-() 0123456789")


def proof_token(visitor: Visitor, code: str) -> str:
    """What shows that the application is this browser's own; "" in any other."""
    return visitor.request.cookies.get(PROOF_COOKIE + normalise_code(code), "")


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def form_page(
        visitor: Visitor,
        recruitment_id: UUID,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        service, recruitment = await find(services, f"recruitments/{recruitment_id}", Recruitment, visitor.public)
        role = await role_of(visitor, recruitment) if service == HEARINGS else ""
        return portal.page(
            visitor, "apply.html", status=status, personal=form is not None, recruitment=recruitment,
            occasion=recruitment.occasion, given=dict(form or {}), faults=placed(faults or [], recruitment),
            seal=portal.seals.new(), role=role,
        )  # fmt: skip

    async def role_of(visitor: Visitor, recruitment: Recruitment) -> str:
        """Whether one applies as a participant of the hearing or as an observer."""
        hearing = await services.get(f"{HEARINGS}/hearings/{recruitment.occasion.id}", Hearing, visitor.public)
        groups = {group.recruitment.id: group for group in hearing.groups or () if group.recruitment}
        return groups[recruitment.id].role

    @get("/recruitments/{recruitment_id:uuid}/apply", opt=allow(PUBLIC))
    async def show_form(request: Request[Any, Any, Any], recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """代表报名: the conditions, then the form."""
        return await form_page(await portal.visitor(request), recruitment_id)

    @post("/recruitments/{recruitment_id:uuid}/apply", opt=allow(PUBLIC))
    async def apply(request: Request[Any, Any, Any], recruitment_id: FromPath[UUID]) -> Response[Any]:
        """报名. The once-only key in the form makes a repetition harmless."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        await portal.limiter.take("portal-apply", visitor.address, per_minute=30)
        path = f"recruitments/{recruitment_id}"
        service, recruitment = await find(services, path, Recruitment, visitor.public)
        try:
            key = {"Idempotency-Key": portal.seals.key_of(form)}
            body = application_body(form, recruitment, language=visitor.language)
            receipt = await services.post(f"{service}/{path}/applications", Receipt, visitor.public, body, headers=key)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await form_page(visitor, recruitment_id, form=form, faults=faults, status=no.problem.status)
        except Refusal as no:
            return await form_page(visitor, recruitment_id, form=form, faults=[fault_of(no)], status=409)
        answer = see(f"/a/{receipt.code}")
        answer.set_cookie(
            Cookie(
                PROOF_COOKIE + receipt.code, value=receipt.manage_token, path="/", max_age=PROOF_SECONDS, secure=True,
                httponly=True, samesite="lax",
            )
        )  # fmt: skip
        return answer

    async def status_page(
        visitor: Visitor,
        code: str,
        *,
        phone: str = "",
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        """The application, for who can show that it is theirs; else the question for the phone number."""
        await portal.limiter.take("portal-lookup", visitor.address, per_minute=30)
        dialled = _dialled(phone)
        kept: Application | None = None
        service = ""
        try:
            service, kept = await find(
                services,
                f"applications/{quote(code, safe='')}",
                Application,
                visitor.public,
                manage_token=proof_token(visitor, code),
                headers={"X-Phone": dialled} if dialled else {},
            )
        except ServiceRefused as no:
            if no.problem.status != 403:
                raise
            if phone:
                faults = [FieldFault("phone", no.problem.detail, no.problem.detail_en)]
        delivered: tuple[Delivery, ...] = ()
        record: Record | None = None
        if kept is not None and service == HEARINGS:
            delivered, record = await hearing_papers(visitor, code, dialled)
        return portal.page(
            visitor, "application.html", status=status, personal=True, kept=kept, code=code, faults=faults or [],
            is_holder=bool(proof_token(visitor, code)), now=portal.clock.now(), delivered=delivered, record=record,
            is_hearing=service == HEARINGS, given=dict(form or {}),
        )  # fmt: skip

    async def hearing_papers(visitor: Visitor, code: str, phone: str) -> tuple[tuple[Delivery, ...], Record | None]:
        """What a participant of a hearing was sent, and the record that is read back to them."""
        path = f"{HEARINGS}/applications/{quote(code, safe='')}"
        proof = {"manage_token": proof_token(visitor, code), "headers": {"X-Phone": phone} if phone else {}}
        found = await services.get(f"{path}/materials", Deliveries, visitor.public, **proof)
        try:
            return found.items, await services.get(f"{path}/record", Record, visitor.public, **proof)
        except ServiceRefused as no:
            if no.problem.status not in (403, 404, 409):
                raise
            return found.items, None

    @get("/a/{code:str}", opt=allow(PUBLIC))
    async def show(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """我的报名: state, chance, result."""
        return await status_page(await portal.visitor(request), code)

    @post("/a/{code:str}", opt=allow(PUBLIC))
    async def show_with_phone(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """The same from another browser, with the phone number. It changes nothing, and is kept by nobody."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        return await status_page(visitor, code, phone=str(form.get("phone", "")).strip())

    @post("/a/{code:str}/{step:str}", opt=allow(PUBLIC))
    async def answer(request: Request[Any, Any, Any], code: FromPath[str], step: FromPath[str]) -> Response[Any]:
        """确认、放弃、撤回; for a hearing also 签收材料 and 确认笔录."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        phone = str(form.get("phone", "")).strip()
        proof = {"manage_token": proof_token(visitor, code), "phone": phone}
        try:
            if step == "sign" and "answer" not in form:
                return await status_page(visitor, code, phone=phone, form=form, faults=[UNANSWERED], status=422)
            if step == "sign":
                await sign_record(visitor, code, proof, form)
            elif step == "receipt":
                body = {**proof, "waiver": str(form.get("waiver", "")).strip()}
                await services.tell(f"{HEARINGS}/applications/{quote(code, safe='')}/receipt", visitor.public, body)
            elif step in STEPS:
                path = STEPS[step].format(code=quote(code, safe=""))
                await send(services, path, Application, visitor.public, proof)
        except ServiceRefused as no:
            if no.problem.status == 404:
                raise
            faults = faults_of(no.problem)
            return await status_page(visitor, code, phone=phone, form=form, faults=faults, status=no.problem.status)
        if phone and not proof_token(visitor, code):
            # A redirect would ask for the number once more, and say nothing of what was done.
            return await status_page(visitor, code, phone=phone)
        return see(f"/a/{quote(code, safe='')}")

    async def sign_record(visitor: Visitor, code: str, proof: dict[str, str], form: FormMultiDict) -> None:
        """Confirm the record that was read back, object to it, or refuse."""
        path = f"{HEARINGS}/applications/{quote(code, safe='')}"
        kept = await services.get(
            path,
            Application,
            visitor.public,
            manage_token=proof["manage_token"],
            headers={"X-Phone": _dialled(proof["phone"])},
        )
        body = {
            **proof,
            "code": code,
            "version": number(str(form.get("version", "")), 1) or 1,
            "answer": str(form["answer"]),
            "text": str(form.get("text", "")),
        }
        await services.tell(f"{HEARINGS}/hearings/{kept.occasion.id}/confirm", visitor.public, body)

    return [show_form, apply, show, show_with_phone, answer]
