"""Adoption, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.adoption import api, consumers, feeds
from kaimen.adoption.app import watching
from kaimen.adoption.app.desk import AdoptionSettings, Desk
from kaimen.adoption.store.repository import CONSTRAINTS
from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.kit.work import Work

SERVICE = Service(
    name="adoption",
    title="意见征集与采纳公开",
    settings=AdoptionSettings,
    publishes=(
        "adoption.consultation.opened.v1",
        "adoption.consultation.extended.v1",
        "adoption.consultation.closed.v1",
        "adoption.report.published.v1",
        "adoption.deadline.started.v1",
        "adoption.deadline.recomputed.v1",
        "adoption.deadline.warned.v1",
        "adoption.deadline.breached.v1",
        "adoption.deadline.met.v1",
        "adoption.calendar.changed.v1",
    ),
    consumes=(
        "accounts.unit.registered.v1",
        "calendar.year.loaded.v1",
        "decisions.item.changed.v1",
        "decisions.document.issued.v1",
        "hearings.hearing.held.v1",
        "hearings.report.published.v1",
    ),
    constraints=CONSTRAINTS,
)


def create_app(resources: Resources) -> Litestar:
    settings = resources.settings
    assert isinstance(settings, AdoptionSettings)

    async def measure(work: Work) -> None:
        await watching.measure(Desk(work, resources.vault, settings))

    handlers = [*api.handlers(resources), *feeds.handlers(resources)]
    return create_service_app(resources, handlers, measure=measure)


def create_consumers(resources: Resources) -> list[Subscription]:
    return consumers.subscriptions(resources)


def create_jobs(resources: Resources) -> Mapping[str, Job]:
    return consumers.jobs(resources)
