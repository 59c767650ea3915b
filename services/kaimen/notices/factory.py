"""Notices, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.notices import api, consumers
from kaimen.notices.app import watching
from kaimen.notices.app.settings import NoticesSettings

SERVICE = Service(
    name="notices",
    title="通知",
    settings=NoticesSettings,
    consumes=(
        "accounts.unit.registered.v1",
        *(subject for subjects in consumers.HEARD.values() for subject in subjects),
    ),
    nightly=("forget-messages",),
)


def create_app(resources: Resources) -> Litestar:
    return create_service_app(resources, api.handlers(resources), measure=watching.measure)


def create_consumers(resources: Resources) -> list[Subscription]:
    return consumers.subscriptions(resources)


def create_jobs(resources: Resources) -> Mapping[str, Job]:
    return consumers.jobs(resources)
