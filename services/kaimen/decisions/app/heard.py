"""What others say about items: it becomes a step on the page, fills the facets that it publishes, and where it is the
report on the opinions it ends the procedure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from kaimen.contracts.adoption import (
    ConsultationClosed,
    ConsultationExtended,
    ConsultationOpened,
    DeadlineBreached,
    DeadlineMet,
    DeadlineRecomputed,
    DeadlineStarted,
    DeadlineWarned,
    PublicClock,
    PublicConsultation,
    ReportPublished,
)
from kaimen.contracts.envelope import Envelope
from kaimen.contracts.hearings import (
    HearingAnnounced,
    HearingHeld,
    HearingReportPublished,
    HearingRevised,
    PublicHearing,
    RecordConfirmed,
    RosterPublished,
)
from kaimen.contracts.representatives import (
    DecisionMeeting,
    MeetingAnnounced,
    MeetingAttended,
    MeetingRevised,
    StatementReplied,
)
from kaimen.decisions.app import facets
from kaimen.decisions.app.desk import Desk
from kaimen.decisions.app.procedure import publish_adoption
from kaimen.decisions.domain.facets import Entry, Facet
from kaimen.decisions.domain.steps import Step, StepKind, StepState
from kaimen.kit.clock import local_date

OfHearing = HearingAnnounced | HearingRevised | RosterPublished | HearingHeld | RecordConfirmed | HearingReportPublished
OfMeeting = MeetingAnnounced | MeetingRevised | MeetingAttended
OfConsultation = ConsultationOpened | ConsultationExtended | ConsultationClosed
OfDeadline = DeadlineStarted | DeadlineRecomputed | DeadlineWarned | DeadlineBreached | DeadlineMet
Detail = dict[str, str | int]


class Told(msgspec.Struct, frozen=True):
    """What a fact says: of one source, about these items, and what it publishes of each."""

    source_id: UUID
    steps: Mapping[UUID, Sequence[Step]]
    published: Mapping[UUID, Sequence[Entry]] = {}
    has_report: bool = False


async def take(desk: Desk, envelope: Envelope) -> None:
    """Raises TypeError for a fact that none of the subscriptions should bring."""
    told = _read(envelope)
    # Everything that changes an item locks it first, the items of one message in one order.
    items = {id: await desk.store.item(id, lock=True) for id in sorted(told.steps)}
    changed = await desk.store.take_steps(told.source_id, envelope.version, told.steps)
    for item_id in sorted(changed):
        for entry in told.published.get(item_id, ()) if item_id in items else ():
            await facets.fill(desk, item_id, entry)
        item = items.get(item_id) or await desk.store.item(item_id, lock=True)
        if item is None:
            continue
        item = await desk.touch(item)
        if told.has_report and item_id in items:
            await publish_adoption(desk, item)


def _read(envelope: Envelope) -> Told:
    fact = envelope.fact()
    if isinstance(fact, OfHearing):
        return _of_hearing(fact, envelope)
    if isinstance(fact, OfMeeting):
        return _of_meeting(fact, envelope)
    if isinstance(fact, StatementReplied):
        return _of_statement(fact, envelope)
    if isinstance(fact, OfConsultation):
        return _of_consultation(fact, envelope)
    if isinstance(fact, ReportPublished):
        return _of_report(fact, envelope)
    if isinstance(fact, OfDeadline):
        return _of_deadline(fact.clock, envelope)
    raise TypeError(envelope.subject)


def _about(item_id: UUID | None, *steps: Step) -> dict[UUID, Sequence[Step]]:
    return {} if item_id is None else {item_id: steps}


def _of_hearing(fact: OfHearing, envelope: Envelope) -> Told:
    hearing = fact.hearing
    steps = [_hearing(hearing, envelope)]
    match fact:
        case RosterPublished():
            people = sum(side.seats for side in fact.participants)
            steps.append(_milestone(hearing, envelope, "hearing_roster", "published", {"participants": people}))
        case HearingHeld():
            figures: Detail = {
                "participants": fact.participants, "present": fact.present, "observers": fact.observers,
            }  # fmt: skip
            steps.append(_milestone(hearing, envelope, "hearing_held", "held", figures, fact.held_on))
        case RecordConfirmed():
            steps.append(_milestone(hearing, envelope, "hearing_record", "confirmed", {"sha256": fact.sha256}))
        case HearingReportPublished():
            points: Detail = {"points": len(fact.points)}
            steps.append(_milestone(hearing, envelope, "hearing_report", "published", points, fact.published_on))
    return Told(hearing.hearing_id, _about(hearing.catalogue_item, *steps))


def _hearing(hearing: PublicHearing, envelope: Envelope) -> Step:
    return Step(
        kind="hearing",
        source_id=hearing.hearing_id,
        version=envelope.version,
        state=hearing.standing,
        title=hearing.title,
        on=local_date(hearing.starts_at),
        at=hearing.starts_at,
        page=hearing.page,
        detail={"place": hearing.place, "reason": hearing.reason},
    )


def _milestone(
    hearing: PublicHearing, envelope: Envelope, kind: StepKind, state: StepState, detail: Detail, on: date | None = None
) -> Step:
    return Step(
        kind=kind,
        source_id=hearing.hearing_id,
        version=envelope.version,
        state=state,
        title=hearing.title,
        on=on or local_date(envelope.time),
        at=envelope.time,
        page=hearing.page,
        detail=detail,
    )


def _of_meeting(fact: OfMeeting, envelope: Envelope) -> Told:
    meeting = fact.meeting
    steps = [_meeting(meeting, envelope)]
    named = {item.catalogue_item: item for item in meeting.items if item.catalogue_item is not None}
    if not isinstance(fact, MeetingAttended):
        return Told(meeting.meeting_id, {id: steps for id in named})
    attended = Step(
        kind="meeting_attended",
        source_id=meeting.meeting_id,
        version=envelope.version,
        state="attended",
        title=meeting.title,
        on=fact.held_on,
        at=meeting.ends_at,
        page=_meeting_page(meeting.meeting_id),
        detail={"invited": fact.invited, "present": fact.present},
    )
    # Representatives are there only for what suits the public.
    heard = {id for id, item in named.items() if item.suitable_for_public}
    entry = _published("attendance", _meeting_page(meeting.meeting_id), local_date(envelope.time))
    return Told(
        meeting.meeting_id,
        {id: [*steps, attended] if id in heard else steps for id in named},
        {id: [entry] for id in heard},
    )


def _meeting(meeting: DecisionMeeting, envelope: Envelope) -> Step:
    return Step(
        kind="meeting",
        source_id=meeting.meeting_id,
        version=envelope.version,
        state=meeting.standing,
        title=meeting.title,
        on=local_date(meeting.starts_at),
        at=meeting.starts_at,
        page=_meeting_page(meeting.meeting_id),
        detail={"place": meeting.place, "reason": meeting.reason},
    )


def _meeting_page(id: UUID) -> str:
    return f"/meetings/{id}"


def _of_statement(fact: StatementReplied, envelope: Envelope) -> Told:
    page = _meeting_page(fact.meeting_id)
    step = Step(
        kind="statement",
        source_id=fact.statement_id,
        version=envelope.version,
        state=fact.outcome,
        title="",
        on=fact.replied_on,
        at=envelope.time,
        page=page,
    )
    about = _about(fact.catalogue_item, step)
    return Told(fact.statement_id, about, {id: [_published("attendance", page, fact.replied_on)] for id in about})


def _of_consultation(fact: OfConsultation, envelope: Envelope) -> Told:
    consultation = fact.consultation
    detail: Detail = {
        "channels": len(consultation.channels),
        "shortened_reason": consultation.shortened_reason,
        "draft_url": consultation.draft_url,
        "explanation_url": consultation.explanation_url,
        "background_url": consultation.background_url,
    }
    if isinstance(fact, ConsultationExtended):
        detail["extended_reason"] = fact.reason
    if isinstance(fact, ConsultationClosed):
        detail["received"] = fact.received
        if fact.handled is not None:
            detail["handled"] = int(fact.handled)
    step = Step(
        kind="consultation",
        source_id=consultation.consultation_id,
        version=envelope.version,
        state="closed" if isinstance(fact, ConsultationClosed) else "opened",
        title=consultation.title,
        on=consultation.opens_on,
        until_on=consultation.closes_on,
        page=consultation.page,
        detail=detail,
    )
    about = _about(consultation.catalogue_item, step)
    entries = list(_of_notice(consultation, local_date(envelope.time)))
    return Told(consultation.consultation_id, about, {id: entries for id in about})


def _of_notice(consultation: PublicConsultation, on: date) -> Iterable[Entry]:
    """What the notice publishes; an extension says the same again."""
    urls: tuple[tuple[Facet, str], ...] = (
        ("draft", consultation.draft_url),
        ("explanation", consultation.explanation_url),
        ("background", consultation.background_url),
    )
    return [_published(facet, url, on) for facet, url in urls if url]


def _of_report(fact: ReportPublished, envelope: Envelope) -> Told:
    tally = fact.tally
    step = Step(
        kind="report",
        source_id=fact.report_id,
        version=envelope.version,
        state="dropped" if fact.dropped else "published" if fact.number == 1 else "corrected",
        title=fact.title,
        on=fact.published_on,
        at=envelope.time,
        page=fact.page,
        detail={
            "number": fact.number, "received": tally.received, "adopted": tally.adopted, "partly": tally.partly,
            "not_adopted": tally.not_adopted, "already_covered": tally.already_covered,
            "out_of_scope": tally.out_of_scope, "reason": fact.reason,
        },
    )  # fmt: skip
    about = _about(fact.catalogue_item, step)
    entry = _published("opinions", fact.page, fact.published_on)
    return Told(fact.report_id, about, {id: [entry] for id in about}, has_report=not fact.dropped)


def _of_deadline(clock: PublicClock, envelope: Envelope) -> Told:
    step = Step(
        kind="deadline",
        source_id=clock.clock_id,
        version=envelope.version,
        state=clock.state,
        title=clock.title,
        on=clock.due_on or clock.not_before,
        page=clock.page,
        detail={
            "clock": clock.kind,
            "working_days": clock.working_days,
            "provisional": int(clock.due_on is None),
        },
    )
    return Told(clock.clock_id, _about(clock.catalogue_item, step))


def _published(facet: Facet, url: str, on: date) -> Entry:
    return Entry(facet=facet, state="published", url=url, published_on=on)
