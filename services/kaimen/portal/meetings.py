"""Decision meetings for everybody: which there are, who sits in them, what became of what was said."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.meeting_answers import Counters, Meeting, Meetings
from kaimen.portal.portal import Feed, Portal
from kaimen.portal.recruiters import lines_of
from kaimen.portal.services import REPRESENTATIVES
from kaimen.portal.visitor import Visitor

PAST_SHOWN = timedelta(days=120)


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def meetings_feed(visitor: Visitor) -> Feed:
        title = portal.renderer.text(visitor, "决策会议和代表报名")
        return portal.feed("/calendar/meetings.ics", title)

    @get("/meetings", opt=allow(PUBLIC))
    async def list_meetings(request: Request[Any, Any, Any]) -> Response[bytes]:
        """决策会议."""
        visitor = await portal.visitor(request)
        today = portal.today
        found, counters = await asyncio.gather(
            services.get(
                f"{REPRESENTATIVES}/meetings",
                Meetings,
                visitor.public,
                params={"from": (today - PAST_SHOWN).isoformat(), "limit": "200"},
            ),
            services.get(f"{REPRESENTATIVES}/counters", Counters, visitor.public, params={"year": str(today.year)}),
        )
        now = portal.clock.now()
        coming = [meeting for meeting in found.items if meeting.ends_at > now]
        past = [meeting for meeting in reversed(found.items) if meeting.ends_at <= now]
        district, *units = counters.items
        return portal.page(
            visitor, "meetings.html", coming=coming, past=past, district=district, units=units, year=today.year,
            met=sum(unit.met for unit in units), feeds=[meetings_feed(visitor)],
        )  # fmt: skip

    @get("/meetings/{meeting_id:uuid}", opt=allow(PUBLIC))
    async def show_meeting(request: Request[Any, Any, Any], meeting_id: FromPath[UUID]) -> Response[bytes]:
        """一次决策会议: agenda, sign-up, draw, list, statements and replies."""
        visitor = await portal.visitor(request)
        meeting = await services.get(f"{REPRESENTATIVES}/meetings/{meeting_id}", Meeting, visitor.public)
        recruitments = meeting.recruitments or ()
        lists = {each.id: await lines_of(services, REPRESENTATIVES, each.id, visitor.public) for each in recruitments}
        return portal.page(
            visitor, "meeting.html", meeting=meeting, lists=lists, now=portal.clock.now(),
            feeds=[meetings_feed(visitor)],
        )  # fmt: skip

    return [list_meetings, show_meeting]
