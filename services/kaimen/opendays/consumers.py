"""What open days hear from others, and what their own clocks tell them."""

from collections.abc import Mapping
from uuid import UUID

from kaimen.kit import units
from kaimen.kit.bus import Subscription
from kaimen.kit.jobs import Job
from kaimen.kit.logs import log
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.kit.workdays import store as years
from kaimen.opendays.app import after, drawing, events, registrations
from kaimen.opendays.app.desk import Desk, OpenDaysSettings
from kaimen.opendays.domain.drawing import WON_WITHIN
from kaimen.opendays.store.repository import Repository


def subscriptions(resources: Resources) -> list[Subscription]:
    settings = resources.settings
    assert isinstance(settings, OpenDaysSettings)

    async def renew_due_dates(work: Work, year: int) -> None:
        await after.renew_due_dates(Desk(work, resources.vault, settings), year)

    return [units.subscription("opendays"), years.subscription("opendays", renew_due_dates)]


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""
    settings = resources.settings
    assert isinstance(settings, OpenDaysSettings)

    def desk(work: Work) -> Desk:
        return Desk(work, resources.vault, settings)

    async def hold_event(work: Work, subject: str) -> None:
        await events.hold_event(desk(work), UUID(subject))

    async def archive_event(work: Work, subject: str) -> None:
        await events.archive_event(desk(work), UUID(subject))

    async def expire_offer(work: Work, subject: str) -> None:
        await registrations.expire_offer(desk(work), UUID(subject))

    async def forget_personal(work: Work, subject: str) -> None:
        await Repository(work.connection).forget_personal(UUID(subject), work.at - WON_WITHIN)
        await work.record("forget-personal", f"event:{subject}")

    async def close_draw(work: Work, subject: str) -> None:
        await drawing.close_when_due(desk(work), UUID(subject))

    async def forget_winners(work: Work, subject: str) -> None:
        await Repository(work.connection).forget_winners(UUID(subject), work.at - WON_WITHIN)
        await work.record("forget-winners", f"event:{subject}")

    async def check_seats(work: Work, subject: str) -> None:
        """OD7: counters, rows and ledger must agree; the check comes back every night."""
        for wrong in await Repository(work.connection).wrong_counts():
            log.error("seats disagree", subject=str(wrong))
        await work.set_timer("check-seats", subject, events.next_night(work.at))

    return {
        "hold-event": hold_event,
        "archive-event": archive_event,
        "expire-offer": expire_offer,
        "forget-personal": forget_personal,
        "close-draw": close_draw,
        "forget-winners": forget_winners,
        "check-seats": check_seats,
    }
