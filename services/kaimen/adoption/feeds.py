"""The feed of consultations and adoption alone; the gathered feeds are the calendar service's."""

from typing import Any

from litestar import Response, get

from kaimen.adoption.app.calendar import entries_of_clock, entries_of_consultation
from kaimen.adoption.store.repository import ClockFilter, ConsultationFilter, Repository
from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.clock import local_date
from kaimen.kit.feed import respond
from kaimen.kit.http import OnEdge
from kaimen.kit.ical import Feed
from kaimen.kit.service import Resources
from kaimen.kit.work import Work


def handlers(resources: Resources) -> list[Any]:
    settings = resources.settings

    @get("/feed.ics", opt=allow(PUBLIC))
    async def feed(edge: OnEdge) -> Response[bytes]:
        """征求意见和采纳日历 (iCalendar, RFC 5545)."""

        async def run(work: Work) -> Response[bytes]:
            store = Repository(work.connection, resources.vault)
            consultations = await store.consultations(ConsultationFilter(limit=10_000))
            clocks = await store.clocks(ClockFilter(limit=10_000))
            head = Feed(
                name="征求意见和采纳情况",
                description="征求意见的起止日期、采纳情况公开的截止日期和结果",
                url=f"{settings.public_url}/consultations",
                source_url=f"{settings.public_url}/api/adoption/v1/feed.ics",
            )
            entries = [entry for each in consultations for entry in entries_of_consultation(each)]
            entries += [entry for clock in clocks for entry in entries_of_clock(clock, local_date(work.at))]
            return respond(head, entries, work.at, settings)

        return await edge.read(run)

    return [feed]
