"""What the open month hears from others, and what its own clock tells it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from kaimen.contracts.envelope import Envelope
from kaimen.contracts.opendays import (
    EventCancelled,
    EventHeld,
    EventPostponed,
    EventPublished,
    EventReported,
    EventRevised,
    OpenEvent,
    ReportFigures,
)
from kaimen.kit import units
from kaimen.kit.bus import Subscription, has_read_all
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.openmonth.app import campaigns
from kaimen.openmonth.app.desk import Desk

EVENTS = (
    "opendays.event.published.v1",
    "opendays.event.revised.v1",
    "opendays.event.postponed.v1",
    "opendays.event.cancelled.v1",
    "opendays.event.held.v1",
    "opendays.event.reported.v1",
)
EventSaid = EventPublished | EventRevised | EventPostponed | EventCancelled | EventHeld | EventReported


async def take(work: Work, envelope: Envelope) -> None:
    await take_many(work, [envelope])


async def take_many(work: Work, envelopes: Sequence[Envelope]) -> None:
    """The last picture of each event, and the figures of its report."""
    latest: dict[UUID, OpenEvent] = {}
    figures: dict[UUID, ReportFigures] = {}
    for envelope in envelopes:
        said = envelope.fact()
        assert isinstance(said, EventSaid)
        event = said.event
        known = latest.get(event.event_id)
        if known is None or event.version >= known.version:
            latest[event.event_id] = event
        if isinstance(said, EventReported):
            figures[event.event_id] = said.figures
    await Desk(work).store.save_events(latest.values(), figures)


READER = Subscription("opendays", "openmonth-events", EVENTS, take, take_many)
READ_AGAIN = timedelta(seconds=5)


def subscriptions(resources: Resources) -> list[Subscription]:
    return [units.subscription("openmonth"), READER]


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""

    async def freeze(work: Work, subject: str) -> None:
        """A worker that comes late first hears what it has missed: an archive is never rewritten."""
        if resources.bus is None or not await has_read_all(resources.bus, READER):
            await work.set_timer(campaigns.FREEZE, subject, work.at + READ_AGAIN)
            return
        await campaigns.freeze(Desk(work), int(subject))

    return {campaigns.FREEZE: freeze}
