"""Decisions, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.decisions import api, consumers, feeds
from kaimen.decisions.app.desk import DecisionsSettings
from kaimen.decisions.store.repository import CONSTRAINTS
from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service

SERVICE = Service(
    name="decisions",
    title="重大行政决策",
    settings=DecisionsSettings,
    publishes=(
        "decisions.catalogue.published.v1",
        "decisions.item.changed.v1",
        "decisions.document.issued.v1",
        "decisions.calendar.changed.v1",
    ),
    consumes=(
        "accounts.unit.registered.v1",
        "calendar.year.loaded.v1",
        *consumers.HEARINGS,
        *consumers.REPRESENTATIVES,
        *consumers.ADOPTION,
    ),
    constraints=CONSTRAINTS,
)


def create_app(resources: Resources) -> Litestar:
    return create_service_app(resources, [*api.handlers(resources), *feeds.handlers(resources)])


def create_consumers(resources: Resources) -> list[Subscription]:
    return consumers.subscriptions(resources)


def create_jobs(resources: Resources) -> Mapping[str, Job]:
    return consumers.jobs(resources)
