"""What adoption hears from others, and what its own clocks tell it."""

from collections.abc import Mapping
from uuid import UUID

from kaimen.adoption.app import consulting, deadlines, listening, reporting
from kaimen.adoption.app.desk import AdoptionSettings, Desk
from kaimen.contracts.decisions import DocumentIssued, ItemChanged
from kaimen.contracts.envelope import Envelope
from kaimen.contracts.hearings import HearingHeld, HearingReportPublished
from kaimen.kit import units
from kaimen.kit.bus import Subscription
from kaimen.kit.clock import local_date
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.kit.workdays import store as workdays


def subscriptions(resources: Resources) -> list[Subscription]:
    async def hear_decisions(work: Work, envelope: Envelope) -> None:
        said, said_on = envelope.fact(), local_date(envelope.time)
        assert isinstance(said, ItemChanged | DocumentIssued)
        await listening.hear_item(_desk(resources, work), said.item, said_on)
        if isinstance(said, DocumentIssued):
            await deadlines.start(_desk(resources, work), said, said_on)

    async def hear_hearings(work: Work, envelope: Envelope) -> None:
        said = envelope.fact()
        assert isinstance(said, HearingHeld | HearingReportPublished)
        await listening.hear_hearing(_desk(resources, work), said)

    async def year_loaded(work: Work, year: int) -> None:
        await deadlines.recompute(_desk(resources, work), year)

    return [
        units.subscription("adoption"),
        workdays.subscription("adoption", year_loaded),
        Subscription(
            "decisions",
            "adoption-decisions",
            ("decisions.item.changed.v1", "decisions.document.issued.v1"),
            hear_decisions,
        ),
        Subscription(
            "hearings",
            "adoption-hearings",
            ("hearings.hearing.held.v1", "hearings.report.published.v1"),
            hear_hearings,
        ),
    ]


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""

    async def close_consultation(work: Work, subject: str) -> None:
        await consulting.close_in_time(_desk(resources, work), UUID(subject))

    async def look_at_clock(work: Work, subject: str) -> None:
        await deadlines.look(_desk(resources, work), UUID(subject))

    async def forget_contacts(work: Work, subject: str) -> None:
        await reporting.forget_contacts(_desk(resources, work), UUID(subject))

    return {
        "close-consultation": close_consultation,
        "look-at-clock": look_at_clock,
        "forget-contacts": forget_contacts,
    }


def _desk(resources: Resources, work: Work) -> Desk:
    settings = resources.settings
    assert isinstance(settings, AdoptionSettings)
    return Desk(work, resources.vault, settings)
