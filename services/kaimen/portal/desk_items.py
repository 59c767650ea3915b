"""The units' desk for a decision: its terms, where it may go and what is missing, its file, facets and document."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.answers import FieldFault
from kaimen.portal.consultation_form import typed_of
from kaimen.portal.decision_answers import Catalogue, ComparedItem, Difference, Item, Paper
from kaimen.portal.decision_form import (
    PAPER_FORMS,
    facet_body,
    issue_body,
    item_as_typed,
    item_body,
    paper_as_typed,
    paper_body,
    paper_prefix,
    prefixed,
)
from kaimen.portal.decision_words import DECISION_DONE, FACETS
from kaimen.portal.desk import staff
from kaimen.portal.desk_decisions import decider
from kaimen.portal.form_fields import as_seen
from kaimen.portal.outcome_answers import ReportDesk, ReportLine, Reports
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import faults_of
from kaimen.portal.services import ADOPTION, DECISIONS, ServiceAway, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
NEEDS_REASON = ("returned", "suspended", "removed", "archived")


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def form_page(
        visitor: Visitor,
        catalogue_id: UUID,
        given: dict[str, str],
        *,
        item: Item | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        path = f"{DECISIONS}/catalogues/{catalogue_id}"
        catalogue, difference = await asyncio.gather(
            services.get(path, Catalogue, visitor.caller),
            services.get(f"{path}/difference", Difference, visitor.caller),
        )
        return portal.page(
            visitor, "desk_item_form.html", status=status, personal=True, catalogue=catalogue, item=item, given=given,
            former=_former(difference), faults=prefixed(faults or [], ""),
        )  # fmt: skip

    @get("/desk/decisions/catalogues/{catalogue_id:uuid}/items/new", opt=allow(PUBLIC))
    async def new(request: Request[Any, Any, Any], catalogue_id: FromPath[UUID]) -> Response[bytes]:
        """提出决策事项."""
        visitor, _ = await staff(portal, request)
        return await form_page(visitor, catalogue_id, {"participation": "on"})

    @post("/desk/decisions/catalogues/{catalogue_id:uuid}/items/new", opt=allow(PUBLIC))
    async def add(request: Request[Any, Any, Any], catalogue_id: FromPath[UUID]) -> Response[Any]:
        """录入决策事项."""
        visitor, _ = await staff(portal, request)
        given = typed_of(await portal.read_form(visitor))
        body = {**item_body(given), "catalogue": str(catalogue_id)}
        try:
            made = await services.post(f"{DECISIONS}/items", Item, visitor.caller, body)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await form_page(visitor, catalogue_id, given, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/items/{made.id}?done=entered")

    async def one(visitor: Visitor, item_id: UUID) -> Item:
        return await services.get(f"{DECISIONS}/items/{item_id}", Item, visitor.caller)

    @get("/desk/decisions/items/{item_id:uuid}/edit", opt=allow(PUBLIC))
    async def ask_change(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Response[bytes]:
        """修改事项."""
        visitor, _ = await staff(portal, request)
        item = await one(visitor, item_id)
        typed = {**item_as_typed(item), "version": str(item.version)}
        return await form_page(visitor, item.catalogue_id, typed, item=item)

    @post("/desk/decisions/items/{item_id:uuid}/edit", opt=allow(PUBLIC))
    async def change(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Response[Any]:
        """保存修改: at once before it is published, afterwards with the next revision."""
        visitor, _ = await staff(portal, request)
        given = typed_of(await portal.read_form(visitor))
        item = await one(visitor, item_id)
        before = item_body(item_as_typed(item))
        body = {name: value for name, value in item_body(given).items() if value != before[name]}
        try:
            path = f"{DECISIONS}/items/{item_id}"
            await services.patch(path, Item, visitor.caller, body, version=given.get("version", ""))
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await form_page(
                visitor, item.catalogue_id, given, item=item, faults=faults, status=no.problem.status
            )
        return see(f"/desk/decisions/items/{item_id}?done=saved")

    async def report_on(visitor: Visitor, item: Item) -> ReportLine | None:
        """The report on its opinions, if somebody began one; none while adoption is away."""
        try:
            params = {"item": str(item.id), "limit": "1"}
            found = await services.get(f"{ADOPTION}/reports", Reports, visitor.caller, params=params)
        except ServiceAway:
            return None
        return next(iter(found.items), None)

    async def item_page(
        visitor: Visitor,
        item_id: UUID,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        paper: Paper | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        item = await one(visitor, item_id)
        typed: dict[str, str] = {}
        for filed in item.papers or ():
            typed |= paper_as_typed(filed.paper)
        return portal.page(
            visitor, "desk_item.html", status=status, personal=True, item=item, typed=typed, given=dict(form or {}),
            faults=faults or [], paper_forms=PAPER_FORMS, needs_reason=NEEDS_REASON, today=portal.today, read=paper,
            report=await report_on(visitor, item),
            done=DECISION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/decisions/items/{item_id:uuid}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any], item_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """一项决策的办理页."""
        visitor, _ = await decider(portal, request)
        return await item_page(visitor, item_id, done=done)

    @post("/desk/decisions/items/{item_id:uuid}/lead", opt=allow(PUBLIC))
    async def lead(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Response[Any]:
        """状态变更."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        to = str(form.get("to", ""))
        body = {"to": to, "reason": str(form.get(f"reason-{to}", ""))}
        try:
            path = f"{DECISIONS}/items/{item_id}/transitions"
            await services.post(path, Item, visitor.caller, body, headers=as_seen(form))
        except ServiceRefused as no:
            faults = [_of_transition(each, to) for each in faults_of(no.problem)]
            return await item_page(visitor, item_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/items/{item_id}?done=led")

    @post("/desk/decisions/items/{item_id:uuid}/papers/{kind:str}", opt=allow(PUBLIC))
    async def file_paper(
        request: Request[Any, Any, Any], item_id: FromPath[UUID], kind: FromPath[str]
    ) -> Response[Any]:
        """归入材料; and 查看不同意见, which is recorded, so it is asked for by a form."""
        visitor, _ = await decider(portal, request)
        form = await portal.read_form(visitor)
        if kind not in PAPER_FORMS:
            return see(f"/desk/decisions/items/{item_id}")
        path = f"{DECISIONS}/items/{item_id}/papers/{kind}"
        try:
            if form.get("do") == "read":
                return await item_page(visitor, item_id, paper=await services.get(path, Paper, visitor.caller))
            await services.put(path, Item, visitor.caller, paper_body(kind, form))
        except ServiceRefused as no:
            faults = prefixed(faults_of(no.problem), paper_prefix(kind))
            return await item_page(visitor, item_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/items/{item_id}?done=filed#paper-{kind}")

    @post("/desk/decisions/items/{item_id:uuid}/facets/{facet:str}", opt=allow(PUBLIC))
    async def set_facet(
        request: Request[Any, Any, Any], item_id: FromPath[UUID], facet: FromPath[str]
    ) -> Response[Any]:
        """页面要素."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        if facet not in FACETS:
            return see(f"/desk/decisions/items/{item_id}")
        try:
            path = f"{DECISIONS}/items/{item_id}/facets/{facet}"
            await services.put(path, Item, visitor.caller, facet_body(facet, form))
        except ServiceRefused as no:
            faults = prefixed(faults_of(no.problem), f"f-{facet}-")
            return await item_page(visitor, item_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/items/{item_id}?done=facet#facet-{facet}")

    @post("/desk/decisions/items/{item_id:uuid}/issue", opt=allow(PUBLIC))
    async def issue(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Response[Any]:
        """文件出台: the day of issue follows from its dates; nobody chooses it."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        try:
            path = f"{DECISIONS}/items/{item_id}/issue"
            await services.post(path, Item, visitor.caller, issue_body(form))
        except ServiceRefused as no:
            faults = prefixed(faults_of(no.problem), "i-")
            return await item_page(visitor, item_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/items/{item_id}?done=issued")

    @post("/desk/decisions/items/{item_id:uuid}/report", opt=allow(PUBLIC))
    async def begin_report(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Response[Any]:
        """起草意见收集和采纳情况, also where the public was asked in other ways than by a consultation."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        try:
            begun = await services.post(f"{ADOPTION}/reports", ReportDesk, visitor.caller, {"item": str(item_id)})
        except ServiceRefused as no:
            faults = [FieldFault("", each.detail, each.detail_en) for each in faults_of(no.problem)]
            return await item_page(visitor, item_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/reports/{begun.line.report_id}?done=begun")

    return [new, add, ask_change, change, show, lead, file_paper, set_facet, issue, begin_report]


def _former(difference: Difference) -> list[ComparedItem]:
    """Last year's items, of which a new one may continue one."""
    return [
        *(each.former for each in difference.dropped),
        *(each.former for each in difference.kept),
        *difference.finished,
    ]


def _of_transition(fault: FieldFault, to: str) -> FieldFault:
    """A missing condition stands where it is mended: `papers.draft` at the form of that paper."""
    parts = fault.field.split(".")
    if parts[0] == "papers" and len(parts) > 1:
        return FieldFault(f"paper-{parts[1]}", fault.detail, fault.detail_en)
    field = f"reason-{to}" if parts[0] == "reason" else ""
    return FieldFault(field, fault.detail, fault.detail_en)
