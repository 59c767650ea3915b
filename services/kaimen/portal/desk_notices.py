"""The desk for messages: what was sent and what was not, sending again, and where units want to be told."""

import asyncio
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.answers import FieldFault, SignedIn
from kaimen.portal.consultation_form import typed_of
from kaimen.portal.desk import staff
from kaimen.portal.filters import Filter
from kaimen.portal.notice_answers import Addresses, Message, Messages, NoticesOverview
from kaimen.portal.notice_words import MESSAGE_KINDS, MESSAGE_STATES, NOTICES_DONE
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import faults_of, number
from kaimen.portal.services import NOTICES, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
SHOWN = "20"
OFFICE = "office"
"""What notices calls the district office, which is no unit."""


class Sought(Filter, frozen=True):
    """Which lines of the log staff look at; empty means all."""

    state: str = ""
    kind: str = ""
    unit: str = ""
    cursor: str = ""


def sought_by(me: SignedIn, state: str, kind: str, unit: str, cursor: str) -> Sought:
    """Only the office chooses a unit; what there is not, is not sought."""
    return Sought(
        state=state if state in MESSAGE_STATES else "",
        kind=kind if kind in MESSAGE_KINDS else "",
        unit=unit[:50] if me.role == OFFICE else "",
        cursor=cursor,
    )


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def log_page(
        visitor: Visitor,
        sought: Sought,
        *,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        of_unit = {"unit": sought.unit} if sought.unit else {}
        overview, found, units = await asyncio.gather(
            services.get(f"{NOTICES}/overview", NoticesOverview, visitor.caller, params=of_unit),
            services.get(f"{NOTICES}/messages", Messages, visitor.caller, params={**sought.params, "limit": SHOWN}),
            portal.units(visitor),
        )
        return portal.page(
            visitor, "desk_notices.html", status=status, personal=True, overview=overview, found=found.items,
            next=found.next, units=units, sought=sought, faults=faults or [], done=NOTICES_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/notices", opt=allow(PUBLIC))
    async def show_log(
        request: Request[Any, Any, Any],
        in_state: Annotated[str, Q(name="state")] = "",
        kind: Annotated[str, Q(name="kind")] = "",
        unit: Annotated[str, Q(name="unit")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """通知工作台: channels, counts, and the log."""
        visitor, me = await staff(portal, request)
        return await log_page(visitor, sought_by(me, in_state, kind, unit, cursor), done=done)

    @post("/desk/notices/{message_id:uuid}/replay", opt=allow(PUBLIC))
    async def replay(request: Request[Any, Any, Any], message_id: FromPath[UUID]) -> Response[Any]:
        """重发: with what is true when it is sent."""
        visitor, me = await staff(portal, request)
        typed = typed_of(await portal.read_form(visitor))
        sought = sought_by(me, *(typed.get(name, "") for name in Sought.__struct_fields__))
        try:
            await services.post(f"{NOTICES}/messages/{message_id}/replay", Message, visitor.caller)
        except ServiceRefused as no:
            if no.problem.status != 409:
                raise
            return await log_page(visitor, sought, faults=faults_of(no.problem), status=409)
        given = {**sought.params, "done": "replayed"}
        return see(f"/desk/notices?{urlencode(given)}")

    async def addresses_page(
        visitor: Visitor,
        unit: str,
        *,
        made: Addresses | None = None,
        typed: dict[str, str] | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        """`made`: what was just saved, if it holds a secret that is shown this once."""
        units = await portal.units(visitor)
        kept = made or await services.get(path_of(unit), Addresses, visitor.caller)
        return portal.page(
            visitor, "desk_notice_addresses.html", status=status, personal=True, kept=kept, units=units, unit=unit,
            given=typed or {}, faults=faults or [], done=NOTICES_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/notices/addresses", opt=allow(PUBLIC))
    async def show_addresses(
        request: Request[Any, Any, Any],
        unit: Annotated[str, Q(name="unit")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """通知地址, masked."""
        visitor, me = await staff(portal, request)
        return await addresses_page(visitor, _unit_of(me, unit), done=done)

    @post("/desk/notices/addresses", opt=allow(PUBLIC))
    async def change_addresses(request: Request[Any, Any, Any]) -> Response[Any]:
        """更改通知地址, all of them. The answer to a new webhook shows its secret."""
        visitor, me = await staff(portal, request)
        typed = typed_of(await portal.read_form(visitor))
        unit = _unit_of(me, typed.get("unit", ""))
        lines = _numbered_lines(typed.get("emails", ""))
        body = {"emails": [line for _, line in lines], "webhook": typed.get("webhook", "").strip()}
        try:
            version = number(typed.get("version", ""))
            saved = await services.put(path_of(unit), Addresses, visitor.caller, body, version=str(version))
        except ServiceRefused as no:
            if no.problem.status in (403, 404):
                raise
            faults = _at_lines(faults_of(no.problem), [number for number, _ in lines])
            return await addresses_page(visitor, unit, typed=typed, faults=faults, status=no.problem.status)
        if saved.secret:
            return await addresses_page(visitor, unit, made=saved, done="addresses")
        given = {"unit": unit, "done": "addresses"} if me.role == OFFICE else {"done": "addresses"}
        return see(f"/desk/notices/addresses?{urlencode(given)}")

    return [show_log, replay, show_addresses, change_addresses]


def path_of(unit: str) -> str:
    return f"{NOTICES}/addresses/{quote(unit, safe='')}"


def _unit_of(me: SignedIn, wanted: str) -> str:
    """Whose addresses are meant: the office chooses, its own are the first."""
    return (wanted or OFFICE) if me.role == OFFICE else me.unit or ""


def _numbered_lines(text: str) -> list[tuple[int, str]]:
    """What is written on which line; empty lines count, and are left out."""
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _at_lines(faults: list[FieldFault], numbers: list[int]) -> list[FieldFault]:
    """`emails[1]`, as notices calls the second address, is a line of the field `emails`."""
    named = {f"emails[{place}]": number for place, number in enumerate(numbers)}
    return [
        FieldFault("emails", f"第 {named[each.field]} 行：{each.detail}", f"Line {named[each.field]}: {each.detail_en}")
        if each.field in named
        else each
        for each in faults
    ]
