"""Accounts, put together."""

from collections.abc import Mapping
from datetime import timedelta

from litestar import Litestar

from kaimen.accounts import api
from kaimen.accounts.app import AccountsSettings
from kaimen.accounts.domain import IDLE, SIGN_IN_TAKES
from kaimen.accounts.store.repository import Repository
from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.kit.work import Work

SERVICE = Service(
    name="accounts",
    title="身份与单位",
    settings=AccountsSettings,
    publishes=("accounts.unit.registered.v1",),
    nightly=("forget-sessions",),
)


def create_app(resources: Resources) -> Litestar:
    return create_service_app(resources, api.handlers(resources))


def create_consumers(_: Resources) -> list[Subscription]:
    return []


def create_jobs(_: Resources) -> Mapping[str, Job]:
    async def forget_sessions(work: Work, subject: str) -> None:
        await Repository(work.connection).forget(work.at - SIGN_IN_TAKES, work.at - IDLE)
        await work.set_timer("forget-sessions", subject, work.at + timedelta(hours=1))

    return {"forget-sessions": forget_sessions}
