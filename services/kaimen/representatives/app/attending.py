"""Being there, speaking, and the public reply."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from kaimen.contracts import representatives as contract
from kaimen.kit.clock import local_date
from kaimen.kit.recruiting.refusals import NotOnList
from kaimen.kit.texts import clean_text
from kaimen.kit.work import version_at
from kaimen.kit.workdays import first_day_of
from kaimen.kit.workdays.store import workdays
from kaimen.representatives.app.desk import Desk, picture
from kaimen.representatives.app.meetings import save_attended
from kaimen.representatives.domain.meetings import Meeting
from kaimen.representatives.domain.refusals import (
    NobodyPresent,
    NotHeldYet,
    UnknownItem,
    UnknownStatement,
    WrongState,
)
from kaimen.representatives.store.repository import Statement

Outcome = Literal["adopted", "partly", "not_adopted", "answered"]
Name = Annotated[str, Meta(min_length=1, max_length=50)]


class AttendanceList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pseudonyms of those who came; all other invited representatives were absent."""

    present: Annotated[tuple[Name, ...], Meta(max_length=1000)]


class NewStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a representative said on an item, in summary; public, without a name."""

    representative: Name
    item: UUID
    summary: Annotated[str, Meta(min_length=1, max_length=2000)]


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Taken up or not, and why: both are public."""

    outcome: Outcome
    reason: Annotated[str, Meta(min_length=1, max_length=5000)]


async def record_attendance(desk: Desk, meeting: Meeting, given: AttendanceList) -> Meeting:
    """Who was there. It may be put right until the first statement is taken down."""
    if meeting.standing != "planned":
        raise WrongState(state=meeting.standing)
    if meeting.starts_at > desk.work.at:
        raise NotHeldYet
    if await desk.store.statements(meeting.id):
        raise WrongState(state="statements_recorded")
    seats = await desk.recruiting.record_attendance(meeting.id, given.present)
    saved = await save_attended(desk, meeting)
    await desk.work.record("attendance", f"meeting:{meeting.id}", after=f"{len(set(given.present))} present")
    held_on = local_date(meeting.starts_at)
    desk.work.emit(
        contract.MeetingAttended(picture(saved), held_on, seats, len(set(given.present))),
        aggregate_id=meeting.id,
        version=saved.version,
    )
    return saved


async def take_statement(desk: Desk, meeting: Meeting, given: NewStatement) -> Statement:
    """A public reply is due ten working days after the meeting."""
    if meeting.attended_at is None:
        raise NobodyPresent
    present = {
        each.pseudonym: each
        for each in await desk.recruiting.store.applications_of_occasion(meeting.id)
        if each.state == "attended"
    }
    application = present.get(given.representative)
    if application is None:
        raise NotOnList(pseudonym=given.representative, field="representative")
    recruitment, _ = await desk.recruiting.recruitment(application.recruitment_id)
    if given.item not in recruitment.items:
        raise UnknownItem(field="item")
    summary = clean_text(given.summary, "summary", least=1, most=2000)
    due_on = await reply_due_on(desk, meeting.starts_at)
    id = desk.work.new_id()
    await desk.store.add_statement(id, application, given.item, summary, desk.work.at, due_on)
    await desk.work.record("take-statement", f"meeting:{meeting.id}")
    desk.work.emit(
        contract.StatementRecorded(id, meeting.id, given.item, meeting.unit, due_on), aggregate_id=id, version=1
    )
    return await read_statement(desk, id)


async def reply_due_on(desk: Desk, held_at: datetime) -> date | None:
    """None while the holiday notice of a year that is needed is missing."""
    return (await workdays(desk.work)).plus(local_date(held_at), desk.settings.reply_working_days)


async def renew_due_dates(desk: Desk, year: int) -> None:
    """The holiday notice of `year` has come or changed: open replies that it can reach are due by it; what is answered
    stays as it was."""
    for waiting in await desk.store.unanswered(first_day_of(year)):
        due_on = await reply_due_on(desk, waiting.held_at)
        if due_on != waiting.due_on:
            await desk.store.move_due_date(waiting.id, due_on)
            before, after = str(waiting.due_on or ""), str(due_on or "")
            await desk.work.record("renew-due-date", f"statement:{waiting.id}", before=before, after=after)


async def reply_to_statement(desk: Desk, id: UUID, given: Reply) -> Statement:
    statement = await read_statement(desk, id)
    meeting = await desk.own_meeting(statement.meeting_id)
    reason = clean_text(given.reason, "reason", least=1, most=5000)
    replied_at = await desk.store.reply(id, given.outcome, reason, desk.work.at, desk.work.actor.subject)
    await desk.work.record("reply", f"statement:{id}", before=statement.outcome, after=given.outcome)
    item = next(item for item in meeting.items if item.id == statement.item_id)
    desk.work.emit(
        contract.StatementReplied(
            id, meeting.id, item.id, item.catalogue_item, given.outcome, local_date(desk.work.at)
        ),
        aggregate_id=id,
        version=version_at(replied_at),
    )
    return await read_statement(desk, id)


async def read_statement(desk: Desk, id: UUID) -> Statement:
    """Raises UnknownStatement."""
    statement = await desk.store.statement(id)
    if statement is None:
        raise UnknownStatement
    return statement
