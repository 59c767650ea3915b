"""The feed of open days alone; the gathered feeds are the calendar service's."""

from typing import Any

from litestar import Response, get

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.feed import respond
from kaimen.kit.http import OnEdge
from kaimen.kit.ical import Feed
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.opendays.app.calendar import entries_of
from kaimen.opendays.store.repository import EventFilter, Repository


def handlers(resources: Resources) -> list[Any]:
    settings = resources.settings

    @get("/feed.ics", opt=allow(PUBLIC))
    async def feed(edge: OnEdge) -> Response[bytes]:
        """政府开放活动日历 (iCalendar, RFC 5545)."""

        async def run(work: Work) -> Response[bytes]:
            store = Repository(work.connection)
            found = await store.list_events(EventFilter(limit=10_000), work.at, all_units=False, own_unit=None)
            entries = [entry for event, _ in found for entry in entries_of(event)]
            address = f"{settings.public_url}/api/opendays/v1/feed.ics"
            head = Feed(
                name="政府开放活动",
                description="各单位的政府开放活动",
                url=f"{settings.public_url}/",
                source_url=address,
            )
            return respond(head, entries, work.at, settings)

        return await edge.read(run)

    return [feed]
