"""The calendar over HTTP: feeds, entries, one search over everything, holiday notices and deadlines by working days."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, delete, get, post
from litestar.params import FromPath, QueryParameter

from kaimen.calendar.app import private
from kaimen.calendar.app.feeds import Shelf
from kaimen.calendar.app.search import find, read_place, write_place
from kaimen.calendar.app.years import known_years
from kaimen.calendar.domain import FeedKey, FoundKind, NoSuchFeed
from kaimen.calendar.store.repository import EntryFilter, Repository, SearchPlace
from kaimen.contracts.calendar import EntryKind
from kaimen.kit.auth import PUBLIC, STAFF, allow
from kaimen.kit.clock import local_date
from kaimen.kit.feed import HEADERS, MEDIA_TYPE
from kaimen.kit.http import OnEdge, Page, cursor_of, first_instant, json_response, limit_of, read_cursor, refuse_nul
from kaimen.kit.ical import etag
from kaimen.kit.problems import Malformed
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.kit.workdays import MOST_DAYS
from kaimen.kit.workdays.store import workdays

Q = QueryParameter


class DeadlineView(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a period. `due_on` is null while a year's holiday notice is missing: work to `not_before` then.

    `counted_days`: the working days of the period, when `provisional` only those that are known for sure."""

    start: date
    working_days: int
    due_on: date | None
    counted_days: tuple[date, ...]
    provisional: bool
    not_before: date


def handlers(resources: Resources) -> list[Any]:
    @get("/entries", opt=allow(PUBLIC))
    async def list_entries(
        edge: OnEdge,
        from_: Annotated[date | None, Q(name="from")] = None,
        to: Annotated[date | None, Q(name="to")] = None,
        q: Annotated[str | None, Q(name="q", max_length=100)] = None,
        kind: Annotated[EntryKind | None, Q(name="kind")] = None,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """查找日程: entries from the day `from` (today) to the day `to`, included (a year on)."""
        refuse_nul(q, unit, cursor)
        today = local_date(resources.clock.now())
        wanted = EntryFilter(
            from_at=first_instant(from_ or today, "from"),
            to_at=first_instant(to or today + timedelta(days=366), "to") + timedelta(days=1),
            kind=kind,
            unit=unit,
            text=q or None,
            after=read_cursor(cursor),
            limit=limit_of(limit) + 1,
        )

        async def run(work: Work) -> Page:
            found = await Repository(work.connection).list_entries(wanted)
            last = found[limit - 1] if len(found) > limit else None
            return Page(found[:limit], cursor_of(last.starts_at, last.entry_id) if last else None)

        return json_response(await edge.read(run))

    @get("/search", opt=allow(PUBLIC))
    async def search(
        edge: OnEdge,
        q: Annotated[str, Q(name="q", min_length=1, max_length=100)],
        kind: Annotated[FoundKind | None, Q(name="kind")] = None,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        limit: Annotated[int, Q(name="limit")] = 20,
        cursor: Annotated[str | None, Q(name="cursor", max_length=200)] = None,
    ) -> Response[bytes]:
        """全站查找: every public page that holds all words of `q`, past and to come; matches in the title first, then
        the nearest in time."""
        refuse_nul(q, unit, cursor)
        after, most = _read_place(cursor), limit_of(limit)

        async def run(work: Work) -> Page:
            results, place = await find(work, q, kind, unit, after, most)
            return Page(results, write_place(place) if place else None)

        return json_response(await edge.read(run))

    @get("/years", opt=allow(PUBLIC))
    async def list_years(edge: OnEdge) -> Response[bytes]:
        """放假通知: for which years it is known which days are worked, and from where."""
        return json_response(await edge.read(known_years))

    @get("/deadline", opt=allow(PUBLIC))
    async def compute_deadline(
        edge: OnEdge,
        start: Annotated[date, Q(name="start")],
        working_days: Annotated[int, Q(name="working_days", ge=1, le=MOST_DAYS)],
    ) -> Response[bytes]:
        """期限计算: the end of so many working days; day 1 is the first one after `start`."""

        async def run(work: Work) -> DeadlineView:
            deadline = (await workdays(work)).deadline(start, working_days)
            return DeadlineView(
                start=deadline.start,
                working_days=deadline.days,
                due_on=deadline.due_on,
                counted_days=deadline.counted,
                provisional=deadline.provisional,
                not_before=deadline.not_before,
            )

        return json_response(await edge.read(run))

    @post("/feeds", opt=allow(STAFF))
    async def grant_feed(edge: OnEdge) -> Response[bytes]:
        """我的工作日历: a new private address, shown this once."""
        return await edge.create(lambda work: private.grant(work, resources.settings.public_url))

    @get("/feeds", opt=allow(STAFF))
    async def list_feeds(edge: OnEdge) -> Response[bytes]:
        """我的工作日历, without their addresses."""

        async def run(work: Work) -> Page:
            return Page(await private.list_own(work), None)

        return json_response(await edge.read(run))

    @delete("/feeds/{feed_id:uuid}", opt=allow(STAFF), status_code=204)
    async def revoke_feed(edge: OnEdge, feed_id: FromPath[UUID]) -> None:
        """停用一个地址."""
        await edge.change(lambda work: private.revoke(work, feed_id))

    return [grant_feed, list_feeds, revoke_feed, list_entries, search, list_years, compute_deadline]


def _read_place(cursor: str | None) -> SearchPlace | None:
    try:
        return read_place(cursor)
    except (ValueError, OverflowError):
        raise Malformed(what="cursor", field="cursor") from None


def feed_handlers(shelf: Shelf) -> list[Any]:
    """Feeds at their fixed addresses: from memory, without SQL or rendering."""

    @get("/calendar/{path:path}", opt=allow(PUBLIC), sync_to_thread=False, include_in_schema=False)
    def feed(path: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        name = path.lstrip("/")
        body = shelf.body(FeedKey(name.removesuffix(".ics"))) if name.endswith(".ics") else None
        if body is None:
            raise NoSuchFeed
        headers = {**HEADERS, "ETag": body.tag}
        if body.changed_at is not None:
            headers["Last-Modified"] = f"{body.changed_at:%a, %d %b %Y %H:%M:%S} GMT"
        octets = body.octets
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            octets = body.packed
        return Response(octets, media_type=MEDIA_TYPE, headers=headers)

    @get("/robots.txt", opt=allow(PUBLIC), sync_to_thread=False, include_in_schema=False, media_type=MediaType.TEXT)
    def robots() -> str:
        return "User-agent: *\nAllow: /calendar/\n"

    return [feed, robots]


PRIVATE_HEADERS = {
    "Content-Disposition": "inline",
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}


def private_feed_handlers(resources: Resources) -> list[Any]:
    """Feeds behind a token, each read from the database: what they hold concerns one reader."""

    @get("/calendar/me/{name:str}", opt=allow(PUBLIC), include_in_schema=False)
    async def private_feed(edge: OnEdge, name: FromPath[str]) -> Response[bytes]:
        await edge.limiter.take("private-feed", edge.address, per_minute=60)
        token = name.removesuffix(".ics")
        if token == name:
            raise NoSuchFeed
        octets = await edge.read(lambda work: private.body(work, resources.settings, token))
        return Response(octets, media_type=MEDIA_TYPE, headers={**PRIVATE_HEADERS, "ETag": etag(octets)})

    return [private_feed]
