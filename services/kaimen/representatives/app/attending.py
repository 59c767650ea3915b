"""Answering an invitation, being there, speaking, and the public reply."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import representatives as contract
from kaimen.kit.clock import local_date
from kaimen.kit.ids import normalise_code
from kaimen.kit.people import Proof, ProofNeeded
from kaimen.kit.texts import clean_text
from kaimen.kit.workdays import add_working_days
from kaimen.representatives.app.desk import Desk, picture
from kaimen.representatives.app.meetings import save_attended
from kaimen.representatives.app.recruiting import PURPOSE
from kaimen.representatives.domain import recruiting as domain
from kaimen.representatives.domain.meetings import Meeting
from kaimen.representatives.domain.recruiting import SEATED, Application
from kaimen.representatives.domain.refusals import (
    NobodyPresent,
    NotARepresentative,
    NotHeldYet,
    UnknownApplication,
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


async def holder(desk: Desk, code: str, proof: Proof) -> Application:
    """One's own application. Raises UnknownApplication or ProofNeeded; staff of the unit need no proof."""
    application = await desk.store.application(code=normalise_code(code))
    if application is None:
        raise UnknownApplication
    if not proof.fits(desk.vault, PURPOSE, application.person, application.manage_hash):
        meeting = await desk.meeting(application.meeting_id)
        if not desk.work.actor.sees_drafts_of(meeting.unit):
            raise ProofNeeded
    return application


async def withdraw(desk: Desk, application: Application) -> Application:
    """Before the list; afterwards an invitation is declined instead."""
    domain.must_be_withdrawable(application)
    recruitment, _ = await desk.recruitment(application.recruitment_id)
    # Who stands in a frozen pool stays in it, as the published documents say; a seat drawn for them is passed on.
    return await _become(desk, application, "withdrawn" if recruitment.state == "open" else "declined")


async def confirm_invitation(desk: Desk, application: Application) -> Application:
    domain.must_be_invited(application, desk.work.at)
    return application if application.state == "confirmed" else await _become(desk, application, "confirmed")


async def decline_invitation(desk: Desk, application: Application) -> Application:
    """The seat is vacant at once; vacancies are filled together, 48 hours before the meeting."""
    domain.must_be_invited(application, desk.work.at)
    return await _become(desk, application, "declined")


async def lapse_invitation(desk: Desk, application_id: UUID) -> None:
    """A timer says that an invitation may have lapsed; the row decides."""
    application = await desk.store.application(id=application_id)
    if application is None or application.state != "invited" or application.confirm_by is None:
        return
    if application.confirm_by > desk.work.at:
        await desk.work.set_timer("lapse-invitation", str(application_id), application.confirm_by)
        return
    await _become(desk, application, "lapsed")


async def _become(desk: Desk, application: Application, state: domain.ApplicationState) -> Application:
    changed = replace(application, state=state, confirm_by=None, changed_at=desk.work.at)
    await desk.store.save_application(changed)
    await desk.work.drop_timer("lapse-invitation", str(application.id))
    await desk.work.record(state, f"application:{application.id}", before=application.state, after=state)
    desk.announce_application(changed)
    return changed


async def record_attendance(desk: Desk, meeting: Meeting, given: AttendanceList) -> Meeting:
    """Who was there. It may be put right until the first statement is taken down."""
    if meeting.standing != "planned":
        raise WrongState(state=meeting.standing)
    if meeting.starts_at > desk.work.at:
        raise NotHeldYet
    if await desk.store.statements(meeting.id):
        raise WrongState(state="statements_recorded")
    seated = {
        each.pseudonym: each for each in await desk.store.applications_of_meeting(meeting.id) if each.state in SEATED
    }
    for number, name in enumerate(given.present):
        if name not in seated:
            raise NotARepresentative(pseudonym=name, field=f"present[{number}]")
    at = desk.work.at
    present = set(given.present)
    came = [
        replace(each, state="attended" if name in present else "absent", confirm_by=None, changed_at=at)
        for name, each in seated.items()
    ]
    await desk.store.save_states(came, at)
    for application in came:
        await desk.work.drop_timer("lapse-invitation", str(application.id))
        desk.announce_application(application)
    saved = await save_attended(desk, meeting)
    await desk.work.record("attendance", f"meeting:{meeting.id}", after=f"{len(present)} present")
    held_on = local_date(meeting.starts_at)
    desk.work.emit(
        contract.MeetingAttended(picture(saved), held_on, len(seated), len(present)),
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
        for each in await desk.store.applications_of_meeting(meeting.id)
        if each.state == "attended"
    }
    application = present.get(given.representative)
    if application is None:
        raise NotARepresentative(pseudonym=given.representative, field="representative")
    recruitment, _ = await desk.recruitment(application.recruitment_id)
    if given.item not in recruitment.items:
        raise UnknownItem(field="item")
    summary = clean_text(given.summary, "summary", least=1, most=2000)
    due_on = add_working_days(local_date(meeting.starts_at), desk.settings.reply_working_days)
    id = desk.work.new_id()
    await desk.store.add_statement(id, application, given.item, summary, desk.work.at, due_on)
    await desk.work.record("take-statement", f"meeting:{meeting.id}")
    desk.work.emit(
        contract.StatementRecorded(id, meeting.id, given.item, meeting.unit, due_on), aggregate_id=id, version=1
    )
    return await read_statement(desk, id)


async def reply_to_statement(desk: Desk, id: UUID, given: Reply) -> Statement:
    statement = await read_statement(desk, id)
    meeting = await desk.own_meeting(statement.meeting_id)
    reason = clean_text(given.reason, "reason", least=1, most=5000)
    await desk.store.reply(id, given.outcome, reason, desk.work.at, desk.work.actor.subject)
    await desk.work.record("reply", f"statement:{id}", before=statement.outcome, after=given.outcome)
    item = next(item for item in meeting.items if item.id == statement.item_id)
    desk.work.emit(
        contract.StatementReplied(
            id, meeting.id, item.id, item.catalogue_item, given.outcome, local_date(desk.work.at)
        ),
        aggregate_id=id,
        version=int(desk.work.at.timestamp() * 1_000_000),
    )
    return await read_statement(desk, id)


async def read_statement(desk: Desk, id: UUID) -> Statement:
    """Raises UnknownStatement."""
    statement = await desk.store.statement(id)
    if statement is None:
        raise UnknownStatement
    return statement
