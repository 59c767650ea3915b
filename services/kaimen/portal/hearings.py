"""Public hearings for everybody: notice, seats, list, the clock in the hall, report."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.hearing_answers import Floor, Hearing, Hearings, minutes
from kaimen.portal.portal import Feed, Portal, see
from kaimen.portal.services import HEARINGS
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import N_

Q = QueryParameter
PAST_SHOWN = timedelta(days=365)
WATCH_SECONDS = 2
SHEETS = {"notice": N_("听证公告"), "roster": N_("听证参加人名单"), "report": N_("听证报告")}


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def hearings_feed(visitor: Visitor) -> Feed:
        return portal.feed("/calendar/hearings.ics", portal.renderer.text(visitor, "听证会"))

    async def hearing_of(visitor: Visitor, hearing_id: UUID) -> Hearing:
        return await services.get(f"{HEARINGS}/hearings/{hearing_id}", Hearing, visitor.caller)

    @get("/hearings", opt=allow(PUBLIC))
    async def list_hearings(request: Request[Any, Any, Any]) -> Response[bytes]:
        """听证会."""
        visitor = await portal.visitor(request)
        params = {"from": (portal.today - PAST_SHOWN).isoformat(), "limit": "200"}
        found = await services.get(f"{HEARINGS}/hearings", Hearings, visitor.public, params=params)
        now = portal.clock.now()
        # What is postponed has not been held, even when its first day has passed.
        coming = [each for each in found.items if each.ends_at > now or each.state == "postponed"]
        past = [each for each in reversed(found.items) if each not in coming]
        return portal.page(visitor, "hearings.html", coming=coming, past=past, feeds=[hearings_feed(visitor)])

    @get("/hearings/{hearing_id:uuid}", opt=allow(PUBLIC))
    async def show(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[bytes]:
        """一次听证会: notice, clocks with their sources, seats, list, record's sign-off, report."""
        visitor = await portal.visitor(request)
        hearing = await hearing_of(visitor, hearing_id)
        return portal.page(
            visitor, "hearing.html", hearing=hearing, now=portal.clock.now(), feeds=[hearings_feed(visitor)],
            personal=hearing.announced_at is None,
        )  # fmt: skip

    @get("/hearings/{hearing_id:uuid}/clock", opt=allow(PUBLIC))
    async def clock(
        request: Request[Any, Any, Any], hearing_id: FromPath[UUID], live: Annotated[bool, Q(name="live")] = False
    ) -> Response[bytes]:
        """发言计时: for the screen in the hall."""
        visitor = await portal.visitor(request)
        hearing = await hearing_of(visitor, hearing_id)
        floor = await services.get(f"{HEARINGS}/hearings/{hearing_id}/floor", Floor, visitor.caller)
        answer = portal.page(
            visitor, "hearing_clock.html", hearing=hearing, floor=floor, live=live,
            sides={side: minutes(seconds) for side, seconds in floor.by_side.items() if side},
        )  # fmt: skip
        if live and floor.state == "held":
            # The hall's screen follows by itself, without a script.
            answer.headers["Refresh"] = str(WATCH_SECONDS)
        return answer

    @get("/hearings/{hearing_id:uuid}/{sheet:str}", opt=allow(PUBLIC))
    async def print_sheet(
        request: Request[Any, Any, Any], hearing_id: FromPath[UUID], sheet: FromPath[str]
    ) -> Response[bytes]:
        """公告、名单、报告 on paper."""
        visitor = await portal.visitor(request)
        if sheet not in SHEETS:
            return see(f"/hearings/{hearing_id}")
        hearing = await hearing_of(visitor, hearing_id)
        return portal.page(
            visitor, "hearing_sheet.html", hearing=hearing, sheet=sheet, title=SHEETS[sheet], today=portal.today,
            personal=hearing.announced_at is None,
        )  # fmt: skip

    return [list_hearings, show, clock, print_sheet]
