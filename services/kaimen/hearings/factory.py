"""Hearings, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.hearings import api, consumers, feeds
from kaimen.hearings.app.desk import HearingsSettings
from kaimen.hearings.store.repository import CONSTRAINTS
from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service

SERVICE = Service(
    name="hearings",
    title="听证会",
    settings=HearingsSettings,
    publishes=(
        "hearings.hearing.announced.v1",
        "hearings.hearing.revised.v1",
        "hearings.recruitment.opened.v1",
        "hearings.recruitment.settled.v1",
        "hearings.application.changed.v1",
        "hearings.roster.published.v1",
        "hearings.materials.delivered.v1",
        "hearings.hearing.held.v1",
        "hearings.record.confirmed.v1",
        "hearings.report.published.v1",
        "hearings.calendar.changed.v1",
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
