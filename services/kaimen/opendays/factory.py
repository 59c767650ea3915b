"""Open days, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.opendays import api, consumers, feeds
from kaimen.opendays.app import watching
from kaimen.opendays.app.desk import OpenDaysSettings
from kaimen.opendays.store.repository import CONSTRAINTS

SERVICE = Service(
    name="opendays",
    title="政府开放活动",
    settings=OpenDaysSettings,
    publishes=(
        "opendays.event.published.v1",
        "opendays.event.revised.v1",
        "opendays.event.postponed.v1",
        "opendays.event.cancelled.v1",
        "opendays.event.held.v1",
        "opendays.event.reported.v1",
        "opendays.registration.changed.v1",
        "opendays.suggestion.replied.v1",
        "opendays.feed.changed.v1",
        "opendays.calendar.changed.v1",
    ),
    consumes=("accounts.unit.registered.v1", "calendar.year.loaded.v1"),
    constraints=CONSTRAINTS,
    nightly=("check-seats",),
    holds_draws=True,
)


def create_app(resources: Resources) -> Litestar:
    handlers = [*api.handlers(resources), *feeds.handlers(resources)]
    return create_service_app(resources, handlers, measure=watching.measure)


def create_consumers(resources: Resources) -> list[Subscription]:
    return consumers.subscriptions(resources)


def create_jobs(resources: Resources) -> Mapping[str, Job]:
    return consumers.jobs(resources)
