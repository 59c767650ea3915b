"""What representatives hear from others, and what their own clocks tell them."""

from collections.abc import Mapping

from kaimen.kit import units
from kaimen.kit.bus import Subscription
from kaimen.kit.jobs import Job
from kaimen.kit.recruiting import timers
from kaimen.kit.recruiting.procedure import Recruiting
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.kit.workdays import store as years
from kaimen.representatives.app import attending
from kaimen.representatives.app.desk import Desk, RepresentativesSettings


def subscriptions(resources: Resources) -> list[Subscription]:
    settings = resources.settings
    assert isinstance(settings, RepresentativesSettings)

    async def renew_due_dates(work: Work, year: int) -> None:
        await attending.renew_due_dates(Desk(work, resources.vault, settings), year)

    return [units.subscription("representatives"), years.subscription("representatives", renew_due_dates)]


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""
    settings = resources.settings
    assert isinstance(settings, RepresentativesSettings)

    def recruiting(work: Work) -> Recruiting:
        return Desk(work, resources.vault, settings).recruiting

    return timers.jobs(resources, recruiting)
