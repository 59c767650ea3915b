"""The desk for the open month: the office opens, changes and publishes it; units import entries and file photos."""

import asyncio
import base64
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.refusals import Refusal
from kaimen.portal.answers import FieldFault, SignedIn
from kaimen.portal.consultation_form import typed_of
from kaimen.portal.desk import IMPORT_KEPT_BYTES, staff, uploaded
from kaimen.portal.form_fields import as_seen
from kaimen.portal.open_month import AS_IT_IS
from kaimen.portal.open_month_answers import Board, Campaign, Campaigns, MonthImport, Report, Sign, Signs
from kaimen.portal.open_month_words import OPEN_MONTH_DONE
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import fault_of, faults_of, number
from kaimen.portal.services import OPENMONTH, ServiceAway, ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import PROBLEMS

Q = QueryParameter
LARGEST_UPLOAD = 12 * 1024 * 1024
"""As much as the door lets through: what is too large for the service gets the service's own answer."""
SIGNS_SHOWN = 50
CLASHES_SHOWN = 20
TEXTS = ("name", "theme", "sign_url")
WINDOW = ("opens_on", "closes_on")
NO_FILE = FieldFault("file", "请选择一个文件。", "Choose a file.")
AWAY = FieldFault("file", PROBLEMS["openmonth.opendays-away"], "The service of open days does not answer. Try again.")


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows again after a form that was refused, or previewed."""

    typed: dict[str, str] = {}
    faults: tuple[FieldFault, ...] = ()
    outcome: MonthImport | None = None
    kept: dict[str, str] = {}
    status: int = 200


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def desk_page(visitor: Visitor, answered: Answered, *, done: str = "") -> Response[bytes]:
        found = await services.get(f"{OPENMONTH}/campaigns", Campaigns, visitor.caller)
        return portal.page(
            visitor, "desk_open_months.html", status=answered.status, personal=True, campaigns=found.items,
            given=answered.typed, faults=answered.faults, next_year=_next_year(found, portal.today.year),
            done=OPEN_MONTH_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/open-month", opt=allow(PUBLIC))
    async def desk(request: Request[Any, Any, Any]) -> Response[bytes]:
        """开放月工作台."""
        visitor, _ = await staff(portal, request)
        return await desk_page(visitor, Answered())

    @post("/desk/open-month", opt=allow(PUBLIC))
    async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
        """建立开放月."""
        visitor, _ = await staff(portal, request)
        typed = typed_of(await portal.read_form(visitor))
        year = number(typed.get("year", ""), 2000)
        if year is None or year > 2099:
            fault = FieldFault("year", "请填写四位数字的年份。", "Give the year with four digits.")
            return await desk_page(visitor, Answered(typed=typed, faults=(fault,), status=422))
        days = {name: typed[name] for name in WINDOW if typed.get(name)}
        body = {"year": year, **{name: typed.get(name, "") for name in TEXTS}, **days}
        try:
            made = await services.post(f"{OPENMONTH}/campaigns", Campaign, visitor.caller, body)
        except ServiceRefused as no:
            return await desk_page(visitor, _refused(no, typed, otherwise="year"))
        return see(f"/desk/open-month/{made.year}?done=begun")

    async def month_page(
        visitor: Visitor, me: SignedIn, year: int, answered: Answered, *, unit: str = "", done: str = ""
    ) -> Response[bytes]:
        path = f"{OPENMONTH}/campaigns/{year}"
        chosen = unit if me.role == "office" else me.unit or ""
        shown = {"limit": str(CLASHES_SHOWN), **({"unit": chosen[:50]} if chosen else {})}
        campaign, signs, board, report, units = await asyncio.gather(
            services.get(path, Campaign, visitor.caller),
            services.get(f"{path}/signs", Signs, visitor.caller),
            services.get(f"{path}/board", Board, visitor.caller, params=shown, headers=AS_IT_IS),
            services.get(f"{path}/report", Report, visitor.caller),
            portal.units(visitor),
        )
        lines = [line for line in signs.items if chosen in ("", line.unit)]
        return portal.page(
            visitor, "desk_open_month.html", status=answered.status, personal=True, campaign=campaign, chosen=chosen,
            units=units, signs=lines[:SIGNS_SHOWN], signs_more=max(0, len(lines) - SIGNS_SHOWN), board=board,
            missing=sum(line.is_missing for line in lines), report=report,
            mine=next((line for line in report.units if line.name == chosen), None),
            covered=next((line for line in board.units if line.unit == chosen), None),
            clashes=board.warnings, clashing=board.fitting, given=answered.typed, faults=answered.faults,
            outcome=answered.outcome, kept=answered.kept, seal=portal.seals.new(), today=portal.today,
            done=OPEN_MONTH_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/open-month/{year:int}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any],
        year: FromPath[int],
        unit: Annotated[str, Q(name="unit")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """一年开放月的办理页: coverage, signs, import; for the office also its dates and its publication."""
        visitor, me = await staff(portal, request)
        return await month_page(visitor, me, year, Answered(), unit=unit, done=done)

    @post("/desk/open-month/{year:int}/change", opt=allow(PUBLIC))
    async def change(request: Request[Any, Any, Any], year: FromPath[int]) -> Response[Any]:
        """更改名称、主题、期间和标识."""
        visitor, me = await staff(portal, request)
        typed = typed_of(await portal.read_form(visitor))
        days = {name: typed[name] for name in WINDOW if typed.get(name)}
        body = {**{name: typed.get(name, "") for name in TEXTS}, **days}
        try:
            path = f"{OPENMONTH}/campaigns/{year}"
            await services.patch(path, Campaign, visitor.caller, body, version=typed.get("version", ""))
        except ServiceRefused as no:
            return await month_page(visitor, me, year, _refused(no, typed))
        return see(f"/desk/open-month/{year}?done=changed")

    @post("/desk/open-month/{year:int}/publish", opt=allow(PUBLIC))
    async def publish(request: Request[Any, Any, Any], year: FromPath[int]) -> Response[Any]:
        """公布开放月."""
        visitor, me = await staff(portal, request)
        form = await portal.read_form(visitor)
        try:
            path = f"{OPENMONTH}/campaigns/{year}/publish"
            await services.post(path, Campaign, visitor.caller, headers=as_seen(form))
        except ServiceRefused as no:
            return await month_page(visitor, me, year, _refused(no, {}))
        return see(f"/desk/open-month/{year}?done=published")

    @post(
        "/desk/open-month/{year:int}/events/{event_id:uuid}/sign",
        opt=allow(PUBLIC),
        request_max_body_size=LARGEST_UPLOAD,
    )
    async def file_sign(
        request: Request[Any, Any, Any], year: FromPath[int], event_id: FromPath[UUID]
    ) -> Response[Any]:
        """上传标识照片."""
        visitor, me = await staff(portal, request)
        form = await portal.read_form(visitor)
        unit, field = str(form.get("unit", "")), f"photo-{event_id}"
        content = await _photo(form, field)
        path = f"{OPENMONTH}/campaigns/{year}/events/{event_id}/sign"
        try:
            key = {"Idempotency-Key": portal.seals.key_of(form)}
            await services.send_file(path, Sign, visitor.caller, "photo", content, {}, headers=key)
        except ServiceRefused as no:
            return await month_page(visitor, me, year, _refused(no, {}, at=field), unit=unit)
        except Refusal as no:
            return await month_page(visitor, me, year, _expired(no), unit=unit)
        return see(f"/desk/open-month/{year}?{urlencode({'done': 'sign', 'unit': unit})}#signs")

    @post("/desk/open-month/{year:int}/import", opt=allow(PUBLIC), request_max_body_size=LARGEST_UPLOAD)
    async def import_file(request: Request[Any, Any, Any], year: FromPath[int]) -> Response[Any]:
        """导入活动: first what would happen and what is in the way of what, then all rows or none."""
        visitor, me = await staff(portal, request)
        form = await portal.read_form(visitor)
        name, content = await uploaded(form)
        unit = str(form.get("unit", "")) if me.role == "office" else me.unit or ""
        if not content:
            return await month_page(visitor, me, year, Answered(faults=(NO_FILE,), status=422), unit=unit)
        for_real = form.get("do") == "import"
        params = {"unit": unit, "dry_run": "false" if for_real else "true"}
        try:
            key = {"Idempotency-Key": portal.seals.key_of(form)} if for_real else {}
            path = f"{OPENMONTH}/campaigns/{year}/imports"
            outcome = await services.send_file(path, MonthImport, visitor.caller, name, content, params, headers=key)
        except ServiceRefused as no:
            return await month_page(visitor, me, year, _refused(no, {}, at="file"), unit=unit)
        except ServiceAway:
            return await month_page(visitor, me, year, Answered(faults=(AWAY,), status=503), unit=unit)
        except Refusal as no:
            return await month_page(visitor, me, year, _expired(no), unit=unit)
        if for_real:
            return see(f"/desk/open-month/{year}?{urlencode({'done': 'imported', 'unit': unit})}")
        kept = {"name": name, "unit": unit}
        if len(content) <= IMPORT_KEPT_BYTES:
            kept["kept"] = base64.b64encode(content).decode()
        return await month_page(visitor, me, year, Answered(outcome=outcome, kept=kept), unit=unit)

    return [desk, begin, show, change, publish, file_sign, import_file]


def _refused(no: ServiceRefused, typed: dict[str, str], *, at: str = "", otherwise: str = "") -> Answered:
    """The faults `at` one field, or each at its own; those that name none stand at `otherwise`."""
    faults = [
        FieldFault(at or fault.field or otherwise, fault.detail, fault.detail_en) for fault in faults_of(no.problem)
    ]
    # A page that says 413 waits for the rest of its body first (kit.http), and this one has been read to its end.
    status = 422 if no.problem.status == 413 else no.problem.status
    return Answered(typed=typed, faults=tuple(faults), status=status)


def _expired(no: Refusal) -> Answered:
    return Answered(faults=(fault_of(no),), status=409)


async def _photo(form: FormMultiDict, field: str) -> bytes:
    """Empty when none was chosen: openmonth then says so."""
    upload = form.get(field)
    return await upload.read() if isinstance(upload, UploadFile) else b""


def _next_year(found: Campaigns, this_year: int) -> int:
    """The first year from this one on that has no campaign yet."""
    years = {campaign.year for campaign in found.items}
    return next(year for year in range(this_year, 2101) if year not in years)
