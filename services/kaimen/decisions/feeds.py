"""The feed of decisions alone; the gathered feeds are the calendar service's."""

from typing import Any

from litestar import Response, get

from kaimen.decisions.app.calendar import entries_of, entry_of
from kaimen.decisions.store.repository import CatalogueFilter, Repository
from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.feed import respond
from kaimen.kit.http import OnEdge
from kaimen.kit.ical import Feed
from kaimen.kit.service import Resources
from kaimen.kit.work import Work

_MOST = 10_000


def handlers(resources: Resources) -> list[Any]:
    settings = resources.settings

    @get("/feed.ics", opt=allow(PUBLIC))
    async def feed(edge: OnEdge) -> Response[bytes]:
        """重大行政决策日历 (iCalendar, RFC 5545)."""

        async def run(work: Work) -> Response[bytes]:
            store = Repository(work.connection, resources.vault)
            catalogues = await store.catalogues(CatalogueFilter(limit=_MOST, drafts_of=None))
            issued = await store.issued_items(_MOST)
            issues = await store.issues([item.id for item in issued])
            head = Feed(
                name="重大行政决策",
                description="决策事项目录的公布期限，决策文件的出台",
                url=f"{settings.public_url}/decisions",
                source_url=f"{settings.public_url}/api/decisions/v1/feed.ics",
            )
            entries = [entry for catalogue in catalogues for entry in entries_of(catalogue)]
            entries += [entry_of(item, issues[item.id][-1]) for item in issued]
            return respond(head, entries, work.at, settings)

        return await edge.read(run)

    return [feed]
