"""Representatives, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.representatives import api, consumers, feeds
from kaimen.representatives.app.desk import RepresentativesSettings
from kaimen.representatives.store.repository import CONSTRAINTS

SERVICE = Service(
    name="representatives",
    title="公众代表列席",
    settings=RepresentativesSettings,
    publishes=(
        "representatives.meeting.announced.v1",
        "representatives.meeting.revised.v1",
        "representatives.meeting.attended.v1",
        "representatives.recruitment.opened.v1",
        "representatives.recruitment.settled.v1",
        "representatives.application.changed.v1",
        "representatives.statement.recorded.v1",
        "representatives.statement.replied.v1",
        "representatives.calendar.changed.v1",
    ),
    consumes=("accounts.unit.registered.v1", "calendar.year.loaded.v1"),
    constraints=CONSTRAINTS,
    recruits=True,
)


def create_app(resources: Resources) -> Litestar:
    return create_service_app(resources, [*api.handlers(resources), *feeds.handlers(resources)])


def create_consumers(resources: Resources) -> list[Subscription]:
    return consumers.subscriptions(resources)


def create_jobs(resources: Resources) -> Mapping[str, Job]:
    return consumers.jobs(resources)
