"""The feed of decision meetings alone; the gathered feeds are the calendar service's."""

from typing import Any

from litestar import Response, get

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.feed import respond
from kaimen.kit.http import OnEdge
from kaimen.kit.ical import Feed
from kaimen.kit.recruiting.store import Store as Recruitments
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.representatives.app.calendar import entries_of
from kaimen.representatives.store.repository import MeetingFilter, Repository


def handlers(resources: Resources) -> list[Any]:
    settings = resources.settings

    @get("/feed.ics", opt=allow(PUBLIC))
    async def feed(edge: OnEdge) -> Response[bytes]:
        """决策会议日历 (iCalendar, RFC 5545)."""

        async def run(work: Work) -> Response[bytes]:
            store = Repository(work.connection)
            meetings = await store.meetings(MeetingFilter(limit=10_000))
            recruitments = await Recruitments(work.connection).recruitments([meeting.id for meeting in meetings])
            entries = [
                entry
                for meeting in meetings
                for entry in entries_of(meeting, [r for r in recruitments if r.occasion_id == meeting.id])
            ]
            head = Feed(
                name="决策会议 · 公众代表列席",
                description="邀请公众代表列席的决策会议和报名时间",
                url=f"{settings.public_url}/meetings",
                source_url=f"{settings.public_url}/api/representatives/v1/feed.ics",
            )
            return respond(head, entries, work.at, settings)

        return await edge.read(run)

    return [feed]
