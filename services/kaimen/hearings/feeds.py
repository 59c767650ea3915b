"""The feed of hearings alone; the gathered feeds are the calendar service's."""

from typing import Any

from litestar import Response, get

from kaimen.hearings.app.calendar import entries_of
from kaimen.hearings.store.repository import HearingFilter, Repository
from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.feed import respond
from kaimen.kit.http import OnEdge
from kaimen.kit.ical import Feed
from kaimen.kit.service import Resources
from kaimen.kit.work import Work


def handlers(resources: Resources) -> list[Any]:
    settings = resources.settings

    @get("/feed.ics", opt=allow(PUBLIC))
    async def feed(edge: OnEdge) -> Response[bytes]:
        """听证会日历 (iCalendar, RFC 5545)."""

        async def run(work: Work) -> Response[bytes]:
            hearings = await Repository(work.connection, resources.vault).hearings(HearingFilter(limit=10_000))
            head = Feed(
                name="听证会",
                description="听证公告、报名截止、听证会和听证报告",
                url=f"{settings.public_url}/hearings",
                source_url=f"{settings.public_url}/api/hearings/v1/feed.ics",
            )
            entries = [entry for hearing in hearings for entry in entries_of(hearing)]
            return respond(head, entries, work.at, settings)

        return await edge.read(run)

    return [feed]
