"""What the clocks of a recruitment do."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from kaimen.kit.draws import computing
from kaimen.kit.jobs import Job
from kaimen.kit.recruiting.procedure import Recruiting
from kaimen.kit.recruiting.store import Store
from kaimen.kit.service import Resources
from kaimen.kit.work import Work


def jobs(resources: Resources, recruiting: Callable[[Work], Recruiting]) -> Mapping[str, Job]:
    """Timer kinds of every service that recruits."""

    def step(use_case: Callable[[Recruiting, UUID], Awaitable[None]]) -> Job:
        async def run(work: Work, subject: str) -> None:
            await use_case(recruiting(work), UUID(subject))

        return run

    async def forget_unselected(work: Work, subject: str) -> None:
        await Store(work.connection).forget_unselected(UUID(subject))
        await work.record("forget-personal", f"recruitment:{subject}")

    async def forget_selected(work: Work, subject: str) -> None:
        await Store(work.connection).forget_selected(UUID(subject))
        await work.record("forget-personal", f"occasion:{subject}")

    return {
        "close-sign-up": step(Recruiting.close_when_due),
        "fill-vacancies": step(Recruiting.fill_when_due),
        "lapse-invitation": step(Recruiting.lapse),
        "forget-unselected": forget_unselected,
        "forget-selected": forget_selected,
        **dict([computing.job(resources)]),
    }
