"""What notices hear, and their clock."""

from collections.abc import Mapping
from datetime import timedelta

from kaimen.contracts.envelope import Envelope
from kaimen.kit import units
from kaimen.kit.bus import Subscription
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.notices.app.addresses import Addresses
from kaimen.notices.app.hearing import CIRCULATE, SEND, Listener, wake
from kaimen.notices.app.sending import Sender
from kaimen.notices.app.settings import NoticesSettings
from kaimen.notices.store.repository import Repository

HEARD: Mapping[str, tuple[str, ...]] = {
    "opendays": (
        "opendays.event.published.v1",
        "opendays.event.revised.v1",
        "opendays.event.postponed.v1",
        "opendays.event.cancelled.v1",
        "opendays.registration.changed.v1",
        "opendays.suggestion.replied.v1",
    ),
    "representatives": (
        "representatives.meeting.announced.v1",
        "representatives.meeting.revised.v1",
        "representatives.application.changed.v1",
        "representatives.recruitment.settled.v1",
    ),
    "hearings": (
        "hearings.hearing.announced.v1",
        "hearings.hearing.revised.v1",
        "hearings.application.changed.v1",
        "hearings.recruitment.settled.v1",
    ),
    "adoption": (
        "adoption.deadline.started.v1",
        "adoption.deadline.recomputed.v1",
        "adoption.deadline.warned.v1",
        "adoption.deadline.breached.v1",
        "adoption.deadline.met.v1",
        "adoption.report.published.v1",
    ),
}


def subscriptions(resources: Resources) -> list[Subscription]:
    addresses = Addresses(resources.vault, _settings(resources))

    async def take(work: Work, envelope: Envelope) -> None:
        await Listener(work, addresses).take(envelope)

    return [
        units.subscription("notices"),
        *(Subscription(service, f"notices-{service}", subjects, take) for service, subjects in HEARD.items()),
    ]


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""
    settings = _settings(resources)
    sender = Sender(resources)
    resources.at_close.append(sender.close)

    async def send(work: Work, subject: str) -> None:
        await sender.run_due(work)

    async def circulate(work: Work, subject: str) -> None:
        await sender.circulate(work, subject)

    async def forget(work: Work, subject: str) -> None:
        await Repository(work.connection).forget(work.at - timedelta(days=settings.keep_days))
        # Also for a clock that was set forward: what is due is looked for once a day in any case.
        await wake(work)
        await work.set_timer("forget-messages", subject, work.at + timedelta(days=1))

    return {SEND: send, CIRCULATE: circulate, "forget-messages": forget}


def _settings(resources: Resources) -> NoticesSettings:
    assert isinstance(resources.settings, NoticesSettings)
    return resources.settings
