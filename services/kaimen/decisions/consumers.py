"""What decisions hear from others, and what their own clocks tell them."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from kaimen.contracts.envelope import Envelope
from kaimen.decisions.app import facets, heard
from kaimen.decisions.app.desk import DecisionsSettings, Desk
from kaimen.decisions.app.links import ask
from kaimen.decisions.domain.facets import Entry
from kaimen.kit import units
from kaimen.kit.bus import Subscription
from kaimen.kit.db import Unavailable
from kaimen.kit.jobs import Job
from kaimen.kit.logs import log
from kaimen.kit.service import Resources
from kaimen.kit.work import SYSTEM, Work
from kaimen.kit.workdays import store as workdays

HEARINGS = (
    "hearings.hearing.announced.v1",
    "hearings.hearing.revised.v1",
    "hearings.roster.published.v1",
    "hearings.hearing.held.v1",
    "hearings.record.confirmed.v1",
    "hearings.report.published.v1",
)
REPRESENTATIVES = (
    "representatives.meeting.announced.v1",
    "representatives.meeting.revised.v1",
    "representatives.meeting.attended.v1",
    "representatives.statement.replied.v1",
)
ADOPTION = (
    "adoption.consultation.opened.v1",
    "adoption.consultation.extended.v1",
    "adoption.consultation.closed.v1",
    "adoption.report.published.v1",
    "adoption.deadline.started.v1",
    "adoption.deadline.recomputed.v1",
    "adoption.deadline.warned.v1",
    "adoption.deadline.breached.v1",
    "adoption.deadline.met.v1",
)


def subscriptions(resources: Resources) -> list[Subscription]:
    async def take(work: Work, envelope: Envelope) -> None:
        await heard.take(Desk(work, resources.vault), envelope)

    return [
        units.subscription("decisions"),
        workdays.subscription("decisions"),
        Subscription("hearings", "decisions-hearings", HEARINGS, take),
        Subscription("representatives", "decisions-representatives", REPRESENTATIVES, take),
        Subscription("adoption", "decisions-adoption", ADOPTION, take),
    ]


def jobs(resources: Resources) -> Mapping[str, Job]:
    """Timer kinds of this service."""
    settings = resources.settings
    assert isinstance(settings, DecisionsSettings)
    asking: set[asyncio.Task[None]] = resources.keep("links-asked", set)

    async def check_link(work: Work, subject: str) -> None:
        """An address may take seconds to answer: it is asked after this transaction, and the answer kept in another."""
        due = await facets.due_link(Desk(work, resources.vault), subject)
        if due is None:
            return

        async def begin() -> None:
            task = asyncio.create_task(follow(*due))
            asking.add(task)
            task.add_done_callback(asking.discard)

        work.after_commit(begin)

    async def follow(item_id: UUID, entry: Entry) -> None:
        answer = await ask(entry.url, settings)
        try:
            async with resources.workshop.open(SYSTEM) as work:
                await facets.keep_answer(Desk(work, resources.vault), item_id, entry, answer)
        except Unavailable:
            log.warning("answer of a link lost", item=str(item_id), facet=entry.facet)

    return {facets.CHECK_LINK: check_link}
