"""What representatives hear from others, and what their own clocks tell them."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from kaimen.contracts.accounts import UnitRegistered
from kaimen.contracts.envelope import Envelope
from kaimen.kit.bus import Subscription
from kaimen.kit.draws import computing
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.representatives.app import attending, recruiting
from kaimen.representatives.app.desk import Desk, RepresentativesSettings
from kaimen.representatives.store.repository import Repository


def subscriptions(_: Resources) -> list[Subscription]:
    return [Subscription("accounts", "representatives-units", ("accounts.unit.registered.v1",), _save_unit)]


async def _save_unit(work: Work, envelope: Envelope) -> None:
    unit = envelope.fact()
    assert isinstance(unit, UnitRegistered)
    await Repository(work.connection).save_unit(unit.short_name, unit.full_name, unit.kind, unit.code, unit.version)


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""
    settings = resources.settings
    assert isinstance(settings, RepresentativesSettings)

    def at_desk(use_case: Callable[[Desk, UUID], Awaitable[None]]) -> Job:
        async def run(work: Work, subject: str) -> None:
            await use_case(Desk(work, resources.vault, settings), UUID(subject))

        return run

    async def forget_unselected(work: Work, subject: str) -> None:
        await Repository(work.connection).forget_unselected(UUID(subject))
        await work.record("forget-personal", f"recruitment:{subject}")

    async def forget_representatives(work: Work, subject: str) -> None:
        await Repository(work.connection).forget_representatives(UUID(subject))
        await work.record("forget-personal", f"meeting:{subject}")

    return {
        "close-sign-up": at_desk(recruiting.close_when_due),
        "fill-vacancies": at_desk(recruiting.fill_when_due),
        "lapse-invitation": at_desk(attending.lapse_invitation),
        "forget-unselected": forget_unselected,
        "forget-representatives": forget_representatives,
        **dict([computing.job(resources)]),
    }
