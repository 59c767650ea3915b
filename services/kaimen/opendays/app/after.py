"""What comes after the visit: questions and suggestions with public replies, the questionnaire, the report."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import opendays as contract
from kaimen.kit.clock import local_date
from kaimen.kit.ids import normalise_code
from kaimen.kit.people import Proof, ProofNeeded
from kaimen.kit.texts import clean_text
from kaimen.kit.work import version_at
from kaimen.kit.workdays import first_day_of
from kaimen.kit.workdays.store import workdays
from kaimen.opendays.app.desk import PURPOSE, Desk
from kaimen.opendays.app.registrations import announce_change
from kaimen.opendays.domain.events import Event, move
from kaimen.opendays.domain.refusals import (
    NotAdmitted,
    TooEarlyToReport,
    UnknownRegistration,
    UnknownSuggestion,
)

Outcome = Literal["adopted", "partly", "not_adopted", "answered"]


class NewSuggestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question (OD2: it gets an answer clock) or a suggestion raised on site; without a name."""

    kind: Literal["question", "suggestion"]
    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The unit's public reply."""

    reply: Annotated[str, Meta(min_length=1, max_length=5000)]
    outcome: Outcome


class Questionnaire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """问卷: satisfaction 1 to 5, and a comment that only the unit reads; with the manage token or the phone number."""

    manage_token: str = ""
    phone: Annotated[str, Meta(max_length=32)] = ""
    satisfaction: Annotated[int, Meta(ge=1, le=5)]
    comment: Annotated[str, Meta(max_length=2000)] = ""


class Comment(msgspec.Struct, frozen=True):
    """What somebody wrote beside their answer."""

    satisfaction: int
    text: str
    answered_at: datetime


class QuestionnaireResult(msgspec.Struct, frozen=True):
    """What the questionnaire of an event has brought: `average` of 1 to 5 with two decimals, null without answers."""

    answers: int
    average: str | None
    comments: list[Comment]


class NewReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """活动报告. `participants` is what staff counted; empty means: as checked in."""

    held_on: date | None = None
    summary: Annotated[str, Meta(max_length=5000)] = ""
    participants: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    sign_shown: bool = False


async def add_suggestion(desk: Desk, event: Event, given: NewSuggestion) -> dict[str, Any]:
    """Staff write down what was asked or suggested; a question is due 5 working days later (row 33)."""
    desk.work.actor.must_act_for(event.unit)
    text = clean_text(given.text, "text", least=1, most=2000)
    due_on = None
    if given.kind == "question":
        due_on = await answer_due_on(desk, desk.work.at)
    id = desk.work.new_id()
    await desk.store.add_suggestion(id, event.id, given.kind, text, desk.work.at, due_on)
    suggestion = await desk.store.suggestion(id)
    assert suggestion is not None
    return suggestion


async def answer_due_on(desk: Desk, received_at: datetime) -> date | None:
    """None while the holiday notice of a year that is needed is missing."""
    return (await workdays(desk.work)).plus(local_date(received_at), desk.settings.answer_working_days)


async def renew_due_dates(desk: Desk, year: int) -> None:
    """The holiday notice of `year` has come or changed: open questions that it can reach are due by it; what is
    answered stays as it was."""
    for question in await desk.store.open_questions(first_day_of(year)):
        due_on = await answer_due_on(desk, question["received_at"])
        if due_on != question["due_on"]:
            await desk.store.move_due_date(question["id"], due_on)
            before, after = str(question["due_on"] or ""), str(due_on or "")
            await desk.work.record("renew-due-date", f"suggestion:{question['id']}", before=before, after=after)


async def reply_to_suggestion(desk: Desk, suggestion_id: UUID, given: Reply) -> dict[str, Any]:
    suggestion = await desk.store.suggestion(suggestion_id)
    if suggestion is None:
        raise UnknownSuggestion
    event = await desk.event(suggestion["event_id"])
    desk.work.actor.must_act_for(event.unit)
    text = clean_text(given.reply, "reply", least=1, most=5000)
    by = desk.work.actor.subject
    replied_at = await desk.store.reply(suggestion_id, text, given.outcome, desk.work.at, by)
    await desk.work.record("reply", f"suggestion:{suggestion_id}", before=suggestion["outcome"], after=given.outcome)
    desk.work.emit(
        contract.SuggestionReplied(suggestion_id, event.id, given.outcome),
        aggregate_id=suggestion_id,
        version=version_at(replied_at),
    )
    changed = await desk.store.suggestion(suggestion_id)
    assert changed is not None
    return changed


async def answer_questionnaire(desk: Desk, code: str, given: Questionnaire) -> None:
    """Once per registration, by somebody who was there."""
    registration = await desk.store.registration(code=normalise_code(code))
    if registration is None:
        raise UnknownRegistration
    proof = Proof(given.manage_token, given.phone)
    if not proof.fits(desk.vault, PURPOSE, registration.person, registration.manage_hash):
        raise ProofNeeded
    if registration.state != "checked_in":
        raise NotAdmitted(state=registration.state)
    event = await desk.event(registration.event_id)
    comment = clean_text(given.comment, "comment", most=2000)
    id = desk.work.new_id()
    sealed = desk.vault.seal(comment, unit=event.unit, place=_place_of_comment(id)) if comment else None
    await desk.store.add_questionnaire(id, event.id, registration.id, given.satisfaction, sealed, desk.work.at)


async def read_questionnaire(desk: Desk, event: Event) -> QuestionnaireResult:
    """For the unit's own staff; comments until their retention ends."""
    desk.work.actor.must_act_for(event.unit)
    figures = await desk.store.satisfaction(event.id)
    comments = [
        Comment(row["satisfaction"], _open_comment(desk, event, row), row["answered_at"])
        for row in await desk.store.comments(event.id)
    ]
    average = figures["average"]
    return QuestionnaireResult(figures["answers"], str(average) if average is not None else None, comments)


def _open_comment(desk: Desk, event: Event, row: dict[str, Any]) -> str:
    return desk.vault.open(row["comment"], str, unit=event.unit, place=_place_of_comment(row["id"]))


def _place_of_comment(id: UUID) -> str:
    return f"questionnaire_answers/{id}/comment"


async def report_event(desk: Desk, event: Event, given: NewReport) -> Event:
    """Publish the report: figures from the rows, the sign as staff attest it. Who was not seen becomes a no-show."""
    desk.work.actor.must_act_for(event.unit)
    live = [session for session in event.sessions if session.state == "scheduled"]
    if event.state == "published" and live and max(session.ends_at for session in live) <= desk.work.at:
        # The clock decides; the timer that says so may be a few seconds late.
        event = replace(event, state=move(event, "hold"))
    if event.state == "published":
        raise TooEarlyToReport
    after = move(event, "report")
    for absent in await desk.store.mark_no_shows([session.id for session in event.sessions], desk.work.at):
        registration = await desk.store.registration(id=absent["id"])
        assert registration is not None
        announce_change(desk, registration)
    counts = await desk.store.count_registrations(event.id)
    suggestions = await desk.store.suggestions(event.id)
    replies = sum(suggestion["reply"] is not None for suggestion in suggestions)
    satisfaction = await desk.store.satisfaction(event.id)
    await desk.store.add_report(
        {
            "event_id": event.id,
            "held_on": given.held_on or local_date(max(session.starts_at for session in event.sessions)),
            "summary": clean_text(given.summary, "summary", most=5000),
            "participants": counts["people_in"] if given.participants is None else given.participants,
            "registered": counts["registered"],
            "checked_in": counts["checked_in"],
            "no_show": counts["no_show"],
            "walk_in": counts["walk_in"],
            "suggestions": len(suggestions),
            "replies": replies,
            "satisfaction": satisfaction["average"],
            "sign_shown": given.sign_shown,
            "published_at": desk.work.at,
            "published_by": desk.work.actor.subject,
        }
    )
    event = replace(event, state=after, version=event.version + 1, changed_at=desk.work.at)
    await desk.store.save_event(event)
    await desk.work.record("report", f"event:{event.id}", before="held", after="reported")
    await desk.work.set_timer("archive-event", str(event.id), desk.work.at + desk.retention)
    figures = contract.ReportFigures(
        registered=counts["registered"],
        checked_in=counts["checked_in"],
        no_show=counts["no_show"],
        walk_in=counts["walk_in"],
        suggestions=len(suggestions),
        replies=replies,
        sign_shown=given.sign_shown,
    )
    desk.announce(event, contract.EventReported, figures=figures)
    return event
