"""The units' desk for the yearly catalogue: begin, have checked and consented to, publish, revise, explain."""

import asyncio
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, Unauthenticated, allow
from kaimen.portal.answers import FieldFault, SignedIn
from kaimen.portal.decision_answers import Catalogue, Catalogues, Coverage, Difference
from kaimen.portal.decision_words import DECISION_DONE
from kaimen.portal.desk import staff
from kaimen.portal.form_fields import as_seen
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import faults_of, number
from kaimen.portal.services import DECISIONS, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
DROPPED = "reasons."
STEPS: dict[str, tuple[str, ...]] = {
    "check": ("checked_on",),
    "consent": ("consented_on", "consented_by"),
    "publish": ("empty_reason",),
    "revise": ("reason", "consented_on", "consented_by"),
    "close": (),
}
"""What a catalogue goes through, and what is typed for each step."""


async def decider(portal: Portal, request: Request[Any, Any, Any]) -> tuple[Visitor, SignedIn]:
    """Staff, and the reviewer of legality."""
    visitor = await portal.visitor(request)
    if visitor.signed_in is None:
        raise Unauthenticated
    if visitor.signed_in.role == "justice":
        return visitor, visitor.signed_in
    return await staff(portal, request)


def of_dropped(fault: FieldFault) -> FieldFault:
    """`reasons.<id>` stands at the reason of that item of last year."""
    field = fault.field
    if field.startswith(DROPPED):
        field = f"why-{field.removeprefix(DROPPED)}"
    return FieldFault(field, fault.detail, fault.detail_en)


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    @get("/desk/decisions", opt=allow(PUBLIC))
    async def desk(
        request: Request[Any, Any, Any],
        year: Annotated[int | None, Q(name="year", ge=2000, le=2099)] = None,
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """决策工作台."""
        visitor, me = await decider(portal, request)
        return await desk_page(visitor, me, year or portal.today.year, done=done)

    async def desk_page(
        visitor: Visitor,
        me: SignedIn,
        year: int,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        own = {"unit": me.unit} if me.unit and me.role in ("unit_editor", "unit_lead") else {"year": str(year)}
        units, found, coverage = await asyncio.gather(
            portal.units(visitor),
            services.get(f"{DECISIONS}/catalogues", Catalogues, visitor.caller, params={"limit": "200", **own}),
            services.get(f"{DECISIONS}/catalogues/coverage", Coverage, visitor.caller, params={"year": str(year)}),
        )
        return portal.page(
            visitor, "desk_decisions.html", status=status, personal=True, units=units, year=year,
            catalogues=sorted(found.items, key=lambda each: (-each.year, each.unit)), coverage=coverage,
            given=dict(form or {}), faults=faults or [], done=DECISION_DONE.get(done, ""),
        )  # fmt: skip

    @post("/desk/decisions", opt=allow(PUBLIC))
    async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
        """建立目录."""
        visitor, me = await staff(portal, request)
        form = await portal.read_form(visitor)
        year = number(str(form.get("year", "")), 2000)
        if year is None or year > 2099:
            fault = FieldFault("year", "请填写年份。", "Give the year.")
            return await desk_page(visitor, me, portal.today.year, form=form, faults=[fault], status=422)
        unit = str(form.get("unit", "")) if me.role == "office" else me.unit or ""
        try:
            body = {"unit": unit, "year": year}
            made = await services.post(f"{DECISIONS}/catalogues", Catalogue, visitor.caller, body)
        except ServiceRefused as no:
            faults = [FieldFault(each.field or "year", each.detail, each.detail_en) for each in faults_of(no.problem)]
            return await desk_page(visitor, me, year, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/catalogues/{made.id}?done=begun")

    async def catalogue_page(
        visitor: Visitor,
        catalogue_id: UUID,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        path = f"{DECISIONS}/catalogues/{catalogue_id}"
        catalogue, difference = await asyncio.gather(
            services.get(path, Catalogue, visitor.caller),
            services.get(f"{path}/difference", Difference, visitor.caller),
        )
        return portal.page(
            visitor, "desk_catalogue.html", status=status, personal=True, catalogue=catalogue, difference=difference,
            given=dict(form or {}), faults=[of_dropped(each) for each in faults or []], today=portal.today,
            done=DECISION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/decisions/catalogues/{catalogue_id:uuid}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any], catalogue_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """一份目录的办理页."""
        visitor, _ = await decider(portal, request)
        return await catalogue_page(visitor, catalogue_id, done=done)

    @post("/desk/decisions/catalogues/{catalogue_id:uuid}/step/{step:str}", opt=allow(PUBLIC))
    async def take_step(
        request: Request[Any, Any, Any], catalogue_id: FromPath[UUID], step: FromPath[str]
    ) -> Response[Any]:
        """合法性审核、同意、公布、调整、年度结束."""
        visitor, _ = await decider(portal, request)
        form = await portal.read_form(visitor)
        if step not in STEPS:
            return see(f"/desk/decisions/catalogues/{catalogue_id}")
        body = {name: str(form.get(name, "")) for name in STEPS[step]} or None
        try:
            path = f"{DECISIONS}/catalogues/{catalogue_id}/{step}"
            await services.post(path, Catalogue, visitor.caller, body, headers=as_seen(form))
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await catalogue_page(visitor, catalogue_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/catalogues/{catalogue_id}?done={quote(step)}")

    @post("/desk/decisions/catalogues/{catalogue_id:uuid}/dropped/{item_id:uuid}", opt=allow(PUBLIC))
    async def explain(
        request: Request[Any, Any, Any], catalogue_id: FromPath[UUID], item_id: FromPath[UUID]
    ) -> Response[Any]:
        """说明未延续的原因."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        body = {"item": str(item_id), "reason": str(form.get(f"why-{item_id}", ""))}
        try:
            path = f"{DECISIONS}/catalogues/{catalogue_id}/reasons"
            await services.post(path, Catalogue, visitor.caller, body)
        except ServiceRefused as no:
            faults = [FieldFault(f"why-{item_id}", each.detail, each.detail_en) for each in faults_of(no.problem)]
            return await catalogue_page(visitor, catalogue_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/decisions/catalogues/{catalogue_id}?done=explained#dropped")

    return [desk, begin, show, take_step, explain]
