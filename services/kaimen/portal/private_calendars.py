"""One's own calendar: a private address for a citizen's registrations, or for what a unit does and owes."""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.ids import normalise_code
from kaimen.portal.desk import staff
from kaimen.portal.portal import Feed, Portal, see
from kaimen.portal.registering import PROOF_COOKIE
from kaimen.portal.services import CALENDAR, OPENDAYS
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import N_


class PrivateFeed(msgspec.Struct, frozen=True):
    """A private address; `url` is there only when it was just made."""

    url: str = ""
    id: UUID | None = None
    unit: str | None = None
    created_at: datetime | None = None


class PrivateFeeds(msgspec.Struct, frozen=True):
    items: tuple[PrivateFeed, ...]


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def feed_of(visitor: Visitor, made: PrivateFeed, title: str) -> Feed:
        return portal.feed(urlsplit(made.url).path, portal.renderer.text(visitor, title))

    def proof(visitor: Visitor, code: str) -> dict[str, str]:
        return {"manage_token": visitor.request.cookies.get(PROOF_COOKIE + normalise_code(code), "")}

    def path_of(code: str) -> str:
        return f"{OPENDAYS}/registrations/{quote(code, safe='')}/feed"

    @post("/r/{code:str}/calendar", opt=allow(PUBLIC))
    async def grant(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[bytes]:
        """我的日历: its address, shown this once."""
        visitor = await portal.visitor(request)
        await portal.read_form(visitor)
        await portal.limiter.take("portal-lookup", visitor.address, per_minute=30)
        made = await services.post(path_of(code), PrivateFeed, visitor.public, proof(visitor, code))
        feed = feed_of(visitor, made, N_("我的开门日历"))
        return portal.page(visitor, "own_calendar.html", personal=True, code=code, feed=feed)

    @post("/r/{code:str}/calendar/revoke", opt=allow(PUBLIC))
    async def revoke(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
        """停用我的日历."""
        visitor = await portal.visitor(request)
        await portal.read_form(visitor)
        await portal.limiter.take("portal-lookup", visitor.address, per_minute=30)
        await services.tell(f"{path_of(code)}/revoke", visitor.public, proof(visitor, code))
        return see(f"/r/{quote(code, safe='')}")

    async def work_page(visitor: Visitor, made: PrivateFeed | None) -> Response[bytes]:
        kept = await services.get(f"{CALENDAR}/feeds", PrivateFeeds, visitor.caller)
        feed = feed_of(visitor, made, N_("我的工作日历")) if made else None
        return portal.page(visitor, "desk_calendar.html", personal=True, kept=kept.items, feed=feed)

    @get("/desk/calendar", opt=allow(PUBLIC))
    async def own_feeds(request: Request[Any, Any, Any]) -> Response[bytes]:
        """我的工作日历."""
        visitor, _ = await staff(portal, request)
        return await work_page(visitor, None)

    @post("/desk/calendar", opt=allow(PUBLIC))
    async def grant_work(request: Request[Any, Any, Any]) -> Response[bytes]:
        """A new address, shown this once."""
        visitor, _ = await staff(portal, request)
        await portal.read_form(visitor)
        return await work_page(visitor, await services.post(f"{CALENDAR}/feeds", PrivateFeed, visitor.caller))

    @post("/desk/calendar/{feed_id:uuid}/revoke", opt=allow(PUBLIC))
    async def revoke_work(request: Request[Any, Any, Any], feed_id: FromPath[UUID]) -> Response[Any]:
        """停用一个地址."""
        visitor, _ = await staff(portal, request)
        await portal.read_form(visitor)
        await services.delete(f"{CALENDAR}/feeds/{feed_id}", visitor.caller)
        return see("/desk/calendar")

    return [grant, revoke, own_feeds, grant_work, revoke_work]
