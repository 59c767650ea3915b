"""The units' desk for reports on opinions: write, preview, have approved, publish, correct."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal import report_form
from kaimen.portal.adoption_answers import Consultation
from kaimen.portal.adoption_words import ADOPTION_DONE
from kaimen.portal.answers import FieldFault
from kaimen.portal.consultations import Wanted
from kaimen.portal.desk import staff
from kaimen.portal.desk_consultations import one_consultation
from kaimen.portal.form_fields import as_seen
from kaimen.portal.outcome_answers import ReportDesk, Reports
from kaimen.portal.outcomes import page_of
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import faults_of
from kaimen.portal.report_form import ReportForm
from kaimen.portal.services import ADOPTION, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LIST_LIMIT = "50"
WITH_REASON = ("send-back", "correct")
STEPS = ("approve", "publish", *WITH_REASON)


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    @get("/desk/reports", opt=allow(PUBLIC))
    async def desk(
        request: Request[Any, Any, Any],
        unit: Annotated[str, Q(name="unit")] = "",
        in_state: Annotated[str, Q(name="state")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """采纳情况报告: those that the unit writes and has published."""
        visitor, me = await staff(portal, request)
        wanted = Wanted("", unit[:50] if me.role == "office" else me.unit or "", in_state, cursor)
        params = {**wanted.params, "limit": LIST_LIMIT}
        units, found = await asyncio.gather(
            portal.units(visitor), services.get(f"{ADOPTION}/reports", Reports, visitor.caller, params=params)
        )
        return portal.page(
            visitor, "desk_reports.html", personal=True, wanted=wanted, units=units, found=found.items,
            next=found.next,
        )  # fmt: skip

    async def draft_of(visitor: Visitor, report_id: UUID) -> ReportDesk:
        return await services.get(f"{ADOPTION}/reports/{report_id}/draft", ReportDesk, visitor.caller)

    async def latest_of(visitor: Visitor, desk: ReportDesk) -> Consultation | None:
        """The consultation whose draft became the document."""
        latest = max(desk.document.consultations, key=lambda each: each.opens_on, default=None)
        return await one_consultation(portal, visitor, latest.id) if latest else None

    async def report_page(
        visitor: Visitor,
        report_id: UUID,
        *,
        filled: ReportForm | None = None,
        given: dict[str, str] | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        desk = await draft_of(visitor, report_id)
        form = filled or report_form.form_of(desk, await latest_of(visitor, desk))
        return portal.page(
            visitor, "desk_report.html", status=status, personal=True, desk=desk, line=desk.line, filled=form,
            given=given or {}, places=report_form.mending_places(desk.faults, desk), counts=report_form.COUNTS,
            spare=report_form.SPARE_ROWS, faults=report_form.placed(faults or [], form),
            done=ADOPTION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/reports/{report_id:uuid}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any], report_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """一份报告的办理页."""
        visitor, _ = await staff(portal, request)
        return await report_page(visitor, report_id, done=done)

    @post("/desk/reports/{report_id:uuid}", opt=allow(PUBLIC))
    async def save(request: Request[Any, Any, Any], report_id: FromPath[UUID]) -> Response[Any]:
        """保存报告."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        filled = report_form.read_form(form)
        given = {"version": str(form.get("version", ""))}
        if form.get("do") == "fill":
            return await report_page(visitor, report_id, filled=report_form.with_draft(filled), given=given)
        body, faults = report_form.body_of(filled)
        if faults:
            return await report_page(visitor, report_id, filled=filled, given=given, faults=faults, status=422)
        try:
            path = f"{ADOPTION}/reports/{report_id}"
            await services.patch(path, ReportDesk, visitor.caller, body, version=given["version"])
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await report_page(
                visitor, report_id, filled=filled, given=given, faults=faults, status=no.problem.status
            )
        return see(f"/desk/reports/{report_id}?done=saved")

    @post("/desk/reports/{report_id:uuid}/step/{step:str}", opt=allow(PUBLIC))
    async def take_step(
        request: Request[Any, Any, Any], report_id: FromPath[UUID], step: FromPath[str]
    ) -> Response[Any]:
        """审核、退回、公布、更正: of the version that one has read."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        if step not in STEPS:
            return see(f"/desk/reports/{report_id}")
        body = {"reason": str(form.get("reason", ""))} if step in WITH_REASON else None
        try:
            path = f"{ADOPTION}/reports/{report_id}/{step}"
            await services.post(path, ReportDesk, visitor.caller, body, headers=as_seen(form))
        except ServiceRefused as no:
            found = faults_of(no.problem)
            faults = [each if each.field == "reason" else FieldFault("", each.detail, each.detail_en) for each in found]
            given = {"reason": str(form.get("reason", ""))}
            return await report_page(visitor, report_id, given=given, faults=faults, status=no.problem.status)
        return see(f"/desk/reports/{report_id}?done={step}")

    @get("/desk/reports/{report_id:uuid}/preview", opt=allow(PUBLIC))
    async def preview(
        request: Request[Any, Any, Any],
        report_id: FromPath[UUID],
        groups: Annotated[int | None, QueryParameter(name="groups", ge=1, le=10_000)] = None,
    ) -> Response[bytes]:
        """预览: what would be published now."""
        visitor, _ = await staff(portal, request)
        desk = await draft_of(visitor, report_id)
        return portal.page(
            visitor, "desk_report_preview.html", personal=True, desk=desk,
            shown=await page_of(
                portal, visitor, desk.document, f"/desk/reports/{report_id}/preview", groups=groups
            ),
        )  # fmt: skip

    return [desk, show, save, take_step, preview]
