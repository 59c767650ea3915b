"""What hearings hear from others, and what their own clocks tell them."""

from collections.abc import Mapping

from kaimen.hearings.app.desk import Desk, HearingsSettings
from kaimen.kit import units
from kaimen.kit.bus import Subscription
from kaimen.kit.jobs import Job
from kaimen.kit.recruiting import timers
from kaimen.kit.recruiting.procedure import Recruiting
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.kit.workdays import store as years


def subscriptions(_: Resources) -> list[Subscription]:
    return [units.subscription("hearings"), years.subscription("hearings")]


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""
    settings = resources.settings
    assert isinstance(settings, HearingsSettings)

    def recruiting(work: Work) -> Recruiting:
        return Desk(work, resources.vault, settings).recruiting

    return timers.jobs(resources, recruiting)
