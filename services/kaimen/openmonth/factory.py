"""The open month, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.openmonth import api, consumers
from kaimen.openmonth.app.desk import OpenMonthSettings
from kaimen.openmonth.store.repository import CONSTRAINTS

SERVICE = Service(
    name="openmonth",
    title="政府开放月",
    settings=OpenMonthSettings,
    publishes=(
        "openmonth.campaign.opened.v1",
        "openmonth.campaign.revised.v1",
        "openmonth.sign.shown.v1",
        "openmonth.campaign.frozen.v1",
    ),
    consumes=("accounts.unit.registered.v1", *consumers.EVENTS),
    constraints=CONSTRAINTS,
)


def create_app(resources: Resources) -> Litestar:
    return create_service_app(resources, api.handlers(resources))


def create_consumers(resources: Resources) -> list[Subscription]:
    return consumers.subscriptions(resources)


def create_jobs(resources: Resources) -> Mapping[str, Job]:
    return consumers.jobs(resources)
