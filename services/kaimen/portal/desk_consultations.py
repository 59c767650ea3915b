"""The units' desk for consultations: draft, announce, extend, enter and import opinions, begin the report."""

import asyncio
import base64
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.contracts.decisions import OVER
from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.refusals import Refusal
from kaimen.portal.adoption_answers import Consultation, Consultations, Imported, Receipt
from kaimen.portal.adoption_words import ADOPTION_DONE
from kaimen.portal.answers import FieldFault, SignedIn
from kaimen.portal.consultation_form import (
    AFTER_NOTICE,
    as_typed,
    consultation_body,
    needs_of,
    placed,
    split_passages,
    typed_of,
)
from kaimen.portal.consultations import Wanted
from kaimen.portal.decision_answers import Item, Items
from kaimen.portal.desk import IMPORT_KEPT_BYTES, staff, uploaded
from kaimen.portal.outcome_answers import Matrix, ReportDesk
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import fault_of, faults_of
from kaimen.portal.services import ADOPTION, DECISIONS, ServiceAway, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LIST_LIMIT = "50"
NO_FILE = FieldFault("file", "请选择一个文件。", "Choose a file.")


async def one_consultation(portal: Portal, visitor: Visitor, id: UUID) -> Consultation:
    return await portal.services.get(f"{ADOPTION}/consultations/{id}", Consultation, visitor.caller)


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    @get("/desk/consultations", opt=allow(PUBLIC))
    async def desk(
        request: Request[Any, Any, Any],
        unit: Annotated[str, Q(name="unit")] = "",
        in_state: Annotated[str, Q(name="state")] = "",
        q: Annotated[str, Q(name="q")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """征集工作台: the unit's consultations, drafts among them."""
        visitor, me = await staff(portal, request)
        wanted = Wanted(q[:100], unit[:50] if me.role == "office" else me.unit or "", in_state, cursor)
        params = {**wanted.params, "limit": LIST_LIMIT}
        units, found = await asyncio.gather(
            portal.units(visitor),
            services.get(f"{ADOPTION}/consultations", Consultations, visitor.caller, params=params),
        )
        return portal.page(
            visitor, "desk_consultations.html", personal=True, wanted=wanted, units=units, found=found.items,
            next=found.next, done=ADOPTION_DONE.get(done, ""), today=portal.today,
        )  # fmt: skip

    async def items_of(visitor: Visitor, me: SignedIn) -> list[Item]:
        """Decisions on which the public may be asked; none while decisions is away."""
        own = {"unit": me.unit} if me.unit and me.role != "office" else {}
        try:
            found = await services.get(f"{DECISIONS}/items", Items, visitor.caller, params={"limit": "200", **own})
        except ServiceAway:
            return []
        public = [each for each in found.items if each.listed_on is not None and not each.confidential_basis]
        return [each for each in public if each.state not in OVER]

    async def form_page(
        visitor: Visitor,
        me: SignedIn,
        given: dict[str, str],
        *,
        consultation: Consultation | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        units, items = await asyncio.gather(portal.units(visitor), items_of(visitor, me))
        return portal.page(
            visitor, "desk_consultation_form.html", status=status, personal=True, given=given,
            consultation=consultation, binds=consultation is not None and consultation.announced_at is not None,
            faults=placed(faults or [], given), units=units, items=items, today=portal.today,
            preview=split_passages(given.get("draft", "")) if given.get("do") == "preview" else None,
        )  # fmt: skip

    @get("/desk/consultations/new", opt=allow(PUBLIC))
    async def new(request: Request[Any, Any, Any], item: Annotated[str, Q(name="item")] = "") -> Response[bytes]:
        """起草征求意见."""
        visitor, me = await staff(portal, request)
        usual = {"way-page": "on", "channels": "政府网站 | 区政府网站", "catalogue_item": item}
        return await form_page(visitor, me, usual)

    @post("/desk/consultations/new", opt=allow(PUBLIC))
    async def plan(request: Request[Any, Any, Any]) -> Response[Any]:
        """保存草稿, not public yet."""
        visitor, me = await staff(portal, request)
        given = typed_of(await portal.read_form(visitor))
        if given.get("do") == "preview":
            return await form_page(visitor, me, given)
        body, faults = consultation_body(given)
        body["unit"] = given.get("unit", "") if me.role == "office" else me.unit or ""
        body["catalogue_item"] = given.get("catalogue_item") or None
        if faults:
            return await form_page(visitor, me, given, faults=faults, status=422)
        try:
            made = await services.post(f"{ADOPTION}/consultations", Consultation, visitor.caller, body)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await form_page(visitor, me, given, faults=faults, status=no.problem.status)
        return see(f"/desk/consultations/{made.id}?done=planned")

    @get("/desk/consultations/{consultation_id:uuid}/edit", opt=allow(PUBLIC))
    async def ask_change(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[bytes]:
        """修改: a draft as a whole, after the notice what it does not bind."""
        visitor, me = await staff(portal, request)
        found = await one_consultation(portal, visitor, consultation_id)
        return await form_page(visitor, me, {**as_typed(found), "version": str(found.version)}, consultation=found)

    @post("/desk/consultations/{consultation_id:uuid}/edit", opt=allow(PUBLIC))
    async def change(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """保存修改."""
        visitor, me = await staff(portal, request)
        typed = typed_of(await portal.read_form(visitor))
        found = await one_consultation(portal, visitor, consultation_id)
        binds = found.announced_at is not None
        given = {**as_typed(found), **typed} if binds else typed
        if given.get("do") == "preview":
            return await form_page(visitor, me, given, consultation=found)
        body, faults = consultation_body(given)
        body["catalogue_item"] = given.get("catalogue_item") or None
        if faults:
            return await form_page(visitor, me, given, consultation=found, faults=faults, status=422)
        before, _ = consultation_body(as_typed(found))
        before["catalogue_item"] = str(found.catalogue_item) if found.catalogue_item else None
        body = {name: value for name, value in body.items() if value != before[name]}
        if binds:
            body = {name: value for name, value in body.items() if name in AFTER_NOTICE}
        try:
            path = f"{ADOPTION}/consultations/{consultation_id}"
            await services.patch(path, Consultation, visitor.caller, body, version=given.get("version", ""))
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await form_page(visitor, me, given, consultation=found, faults=faults, status=no.problem.status)
        return see(f"/desk/consultations/{consultation_id}?done=saved")

    async def hub(
        visitor: Visitor,
        consultation_id: UUID,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        outcome: Imported | None = None,
        kept: dict[str, str] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        found = await one_consultation(portal, visitor, consultation_id)
        matrix = None
        if found.state not in ("draft", "scheduled"):
            matrix = await services.get(f"{ADOPTION}/consultations/{consultation_id}/matrix", Matrix, visitor.caller)
        return portal.page(
            visitor, "desk_consultation.html", status=status, personal=True, consultation=found, matrix=matrix,
            needs=needs_of(found, portal.today), given=dict(form or {}), faults=faults or [], outcome=outcome,
            kept=kept or {}, seal=portal.seals.new(), today=portal.today, done=ADOPTION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/consultations/{consultation_id:uuid}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any], consultation_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """一次征求意见的办理页."""
        visitor, _ = await staff(portal, request)
        return await hub(visitor, consultation_id, done=done)

    @post("/desk/consultations/{consultation_id:uuid}/open", opt=allow(PUBLIC))
    async def announce(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """发布征求意见公告."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        try:
            path = f"{ADOPTION}/consultations/{consultation_id}/open"
            await services.post(path, Consultation, visitor.caller)
        except ServiceRefused as no:
            faults = [FieldFault("", each.detail, each.detail_en) for each in faults_of(no.problem)]
            return await hub(visitor, consultation_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/consultations/{consultation_id}?done=opened")

    @post("/desk/consultations/{consultation_id:uuid}/extend", opt=allow(PUBLIC))
    async def extend(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """延长期限."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        body = {"closes_on": str(form.get("closes_on", "")), "reason": str(form.get("reason", ""))}
        try:
            path = f"{ADOPTION}/consultations/{consultation_id}/extend"
            await services.post(path, Consultation, visitor.caller, body)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await hub(visitor, consultation_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/consultations/{consultation_id}?done=extended")

    @post("/desk/consultations/{consultation_id:uuid}/enter", opt=allow(PUBLIC))
    async def enter(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """录入一条意见, from paper, a forum, the telephone."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        fields = ("text", "passage", "channel", "submitter_kind", "contact")
        body: dict[str, Any] = {name: str(form.get(name, "")) for name in fields}
        body["received_on"] = str(form.get("received_on", "")) or None
        try:
            key = {"Idempotency-Key": portal.seals.key_of(form)}
            path = f"{ADOPTION}/consultations/{consultation_id}/opinions"
            await services.post(path, Receipt, visitor.caller, body, headers=key)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await hub(visitor, consultation_id, form=form, faults=faults, status=no.problem.status)
        except Refusal as no:
            return await hub(visitor, consultation_id, form=form, faults=[fault_of(no)], status=409)
        return see(f"/desk/consultations/{consultation_id}?done=entered#enter")

    @post("/desk/consultations/{consultation_id:uuid}/import", opt=allow(PUBLIC))
    async def import_file(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """导入意见: first what would happen, then all rows or none."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        name, content = await uploaded(form)
        for_real = form.get("do") == "import"
        kept = {"name": name}
        if not content:
            return await hub(visitor, consultation_id, form=form, faults=[NO_FILE], status=422)
        if len(content) <= IMPORT_KEPT_BYTES:
            kept["kept"] = base64.b64encode(content).decode()
        path = f"{ADOPTION}/consultations/{consultation_id}/opinions/import"
        params = {"dry_run": "false" if for_real else "true"}
        try:
            key = {"Idempotency-Key": portal.seals.key_of(form)} if for_real else {}
            outcome = await services.send_file(path, Imported, visitor.caller, name, content, params, headers=key)
        except ServiceRefused as no:
            faults = [FieldFault("file", each.detail, each.detail_en) for each in faults_of(no.problem)]
            return await hub(visitor, consultation_id, form=form, faults=faults, status=no.problem.status)
        except Refusal as no:
            return await hub(visitor, consultation_id, form=form, faults=[fault_of(no)], status=409)
        if for_real:
            return see(f"/desk/consultations/{consultation_id}?done=imported")
        return await hub(visitor, consultation_id, form=form, outcome=outcome, kept=kept)

    @post("/desk/consultations/{consultation_id:uuid}/report", opt=allow(PUBLIC))
    async def begin_report(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """起草意见收集和采纳情况."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        try:
            body = {"consultation": str(consultation_id)}
            begun = await services.post(f"{ADOPTION}/reports", ReportDesk, visitor.caller, body)
        except ServiceRefused as no:
            faults = [FieldFault("", each.detail, each.detail_en) for each in faults_of(no.problem)]
            return await hub(visitor, consultation_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/reports/{begun.line.report_id}?done=begun")

    return [
        desk, new, plan, ask_change, change, show, announce, extend, enter, import_file, begin_report,
    ]  # fmt: skip
