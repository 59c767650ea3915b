"""What decisions and hearings said, kept for the reports."""

from datetime import date

from kaimen.adoption.app import deadlines, reporting
from kaimen.adoption.app.desk import Desk
from kaimen.adoption.domain.clusters import NOTHING, tally
from kaimen.adoption.domain.reports import Participation
from kaimen.contracts.decisions import PublicItem
from kaimen.contracts.hearings import HearingHeld, HearingReportPublished
from kaimen.kit.clock import local_date


async def hear_item(desk: Desk, item: PublicItem, said_on: date) -> None:
    await desk.store.save_item(item)
    if item.state == "removed":
        await deadlines.drop(desk, item, said_on)


async def hear_hearing(desk: Desk, said: HearingHeld | HearingReportPublished) -> None:
    """A hearing of a decision is one of its forms of taking part: who came, then what became of each point."""
    hearing = said.hearing
    if hearing.catalogue_item is None:
        return
    await desk.store.item(hearing.catalogue_item, lock=True)
    if isinstance(said, HearingHeld):
        people, counted = said.present, NOTHING
    else:
        people = await desk.store.people_heard(hearing.hearing_id)
        counted = tally((point.disposition, 1) for point in said.points)
    held = Participation(
        kind="hearing",
        title=hearing.title,
        held_on=local_date(hearing.starts_at),
        people=people,
        counted=counted,
        page=hearing.page,
        source="hearings",
    )
    is_new = await desk.store.save_heard(hearing.hearing_id, hearing.catalogue_item, hearing.version, held)
    if isinstance(said, HearingHeld):
        # Who came is said once, and may be heard after the report.
        is_new = await desk.store.save_people(hearing.hearing_id, said.present) or is_new
    if is_new:
        await reporting.reread(desk, hearing.catalogue_item)
    await deadlines.start_late(desk, hearing.catalogue_item)
