"""The calendar, put together."""

import asyncio
from collections.abc import Mapping

from litestar import Litestar

from kaimen.calendar import api, consumers
from kaimen.calendar.app.feeds import CalendarSettings, Shelf
from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.kit.tasks import keep

SERVICE = Service(
    name="calendar",
    title="日历",
    settings=CalendarSettings,
    publishes=("calendar.year.loaded.v1",),
    consumes=(
        "accounts.unit.registered.v1",
        "opendays.calendar.changed.v1",
        "opendays.registration.changed.v1",
        "opendays.feed.changed.v1",
        "representatives.calendar.changed.v1",
        "hearings.calendar.changed.v1",
        "decisions.calendar.changed.v1",
        "adoption.calendar.changed.v1",
        *(subject for subjects in consumers.PAGES.values() for subject in subjects),
    ),
    nightly=("turn-day",),
)


def create_app(resources: Resources) -> Litestar:
    shelf = shelf_of(resources)
    following: list[asyncio.Task[None]] = []

    async def fill() -> None:
        async with resources.workshop.open_for_reading() as work:
            await shelf.refresh(work)
        following.append(asyncio.create_task(keep("feeds", consumers.follow_changes(resources, shelf))))

    async def leave() -> None:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    return create_service_app(
        resources,
        api.handlers(resources),
        root_handlers=[*api.feed_handlers(shelf), *api.private_feed_handlers(resources)],
        on_start=[fill],
        on_stop=[leave],
    )


def create_consumers(resources: Resources) -> list[Subscription]:
    return consumers.subscriptions(resources)


def create_jobs(resources: Resources) -> Mapping[str, Job]:
    return consumers.jobs(resources)


def shelf_of(resources: Resources) -> Shelf:
    """The one shelf of this process."""
    settings = resources.settings
    assert isinstance(settings, CalendarSettings)
    return resources.keep("shelf", lambda: Shelf(settings))
