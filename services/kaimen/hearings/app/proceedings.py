"""The hearing itself: who is there, who speaks for how long, the record and its sign-off, the report."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import hearings as contract
from kaimen.hearings.app.desk import Desk, Participant, picture
from kaimen.hearings.domain import hearings as rule
from kaimen.hearings.domain import proceedings as domain
from kaimen.hearings.domain.hearings import Hearing
from kaimen.hearings.domain.proceedings import Answer, Line, Passage, Point, RecordVersion, SignOff, Turn
from kaimen.hearings.domain.refusals import (
    NoRecord,
    NotAParticipant,
    NotYourRecord,
    RecordBegun,
    UnknownSpeaker,
    UnknownStep,
)
from kaimen.hearings.store.repository import Report
from kaimen.kit.people import Proof
from kaimen.kit.texts import clean_text

OFFICIALS = ("presider", "sponsor", "expert", "recorder")
"""Who speaks beside the participants; they have no side, and no limit of time."""
WRITTEN = "written"
"""The step of what observers hand in: they may not speak, but write."""
Name = Annotated[str, Meta(min_length=1, max_length=50)]


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is there, by pseudonym. It may be put right until the record is begun."""

    present: Annotated[tuple[Name, ...], Meta(max_length=1000)]
    observers: Annotated[tuple[Name, ...], Meta(max_length=1000)] = ()


class Floor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who has the floor now: a participant's pseudonym, `presider`, `sponsor`, `expert`, `recorder`; "" for nobody."""

    speaker: Annotated[str, Meta(max_length=50)] = ""
    step: Annotated[str, Meta(max_length=30)] = ""


class LineDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """笔录的一条. `is_point`: an opinion that the report must answer."""

    step: Annotated[str, Meta(max_length=30)]
    speaker: Name
    text: Annotated[str, Meta(min_length=1, max_length=5000)]
    is_point: bool = False


class RecordDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """听证笔录, as a whole: each writing is a new version. `absences`: why somebody did not come, by pseudonym;
    `recording_ref`: where sound or video is kept, if there is any."""

    lines: Annotated[tuple[LineDraft, ...], Meta(max_length=2000)]
    recording_ref: Annotated[str, Meta(max_length=200)] = ""
    absences: dict[Name, Annotated[str, Meta(max_length=500)]] = {}


class SignOffDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """笔录确认. A participant answers with the code of the application and a proof; staff enter a paper by `pseudonym`.
    `text`: the objection, or why somebody refused or was not there."""

    answer: Answer
    version: Annotated[int, Meta(ge=1)]
    text: Annotated[str, Meta(max_length=2000)] = ""
    code: Annotated[str, Meta(max_length=50)] = ""
    pseudonym: Annotated[str, Meta(max_length=50)] = ""
    manage_token: Annotated[str, Meta(max_length=200)] = ""
    phone: Annotated[str, Meta(max_length=32)] = ""


class PassageDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """草案修改处: where, and the text before and after."""

    where: Annotated[str, Meta(max_length=200)]
    before: Annotated[str, Meta(max_length=5000)] = ""
    after: Annotated[str, Meta(max_length=5000)] = ""


class PointDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """意见处理: what became of the point in line `no` of the record."""

    no: Annotated[int, Meta(ge=1)]
    disposition: domain.Disposition
    reason: Annotated[str, Meta(max_length=5000)] = ""
    passage: PassageDraft | None = None


class ReportDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """听证报告: what happened in short, and exactly one disposition for each point."""

    summary: Annotated[str, Meta(max_length=5000)] = ""
    points: Annotated[tuple[PointDraft, ...], Meta(max_length=2000)]


async def hold(desk: Desk, hearing: Hearing, given: Opening) -> Hearing:
    """The hearing begins, with those who are there. Raises ListNotPublished, MaterialsMissing, NotHeldYet, …"""
    if hearing.held_at is None and hearing.standing == "announced":
        missing = await desk.missing(hearing) if hearing.list_published_at else []
        rule.must_be_holdable(hearing, await desk.seatings(hearing), desk.work.at, len(missing))
    await desk.may("hold", hearing)
    if await desk.store.records(hearing.id):
        raise RecordBegun
    participants = await desk.seated(hearing, "participant")
    watching = await desk.seated(hearing, "observer")
    _must_be_among(given.present, participants, "present")
    _must_be_among(given.observers, watching, "observers")
    await desk.recruiting.record_attendance(hearing.id, {*given.present, *given.observers})
    saved = await desk.save(replace(hearing, held_at=hearing.held_at or desk.work.at))
    await desk.record("hold", saved)
    desk.announce(
        contract.HearingHeld(
            picture(saved), saved.starts_on, len(participants), len(set(given.present)), len(set(given.observers))
        ),
        saved,
    )
    return saved


def _must_be_among(names: Sequence[str], seated: Sequence[Participant], field: str) -> None:
    known = {each.pseudonym for each in seated}
    for number, name in enumerate(names):
        if name not in known:
            raise NotAParticipant(pseudonym=name, field=f"{field}[{number}]")


async def give_floor(desk: Desk, hearing: Hearing, given: Floor) -> None:
    """The next speaker begins, and the one before ends; with nobody named the floor is free."""
    await desk.may("floor", hearing)
    turns = await desk.store.turns(hearing.id)
    if given.speaker:
        side = await _side_of(desk, hearing, given.speaker)
        _must_be_a_step(hearing, given.step)
        turn = Turn(speaker=given.speaker, side=side, step=given.step, began_at=desk.work.at)
        ledger = domain.begin(turns, turn)
    else:
        ledger = domain.end(turns, desk.work.at)
    for number in range(max(0, len(turns) - 1), len(ledger)):
        await desk.store.save_turn(hearing.id, number, ledger[number])


async def _side_of(desk: Desk, hearing: Hearing, speaker: str) -> str:
    if speaker in OFFICIALS:
        return ""
    for each in await desk.seated(hearing, "participant"):
        if each.pseudonym == speaker and each.application.state == "attended":
            return each.group.side
    raise UnknownSpeaker(speaker=speaker, field="speaker")


def _must_be_a_step(hearing: Hearing, key: str, field: str = "step", *more: str) -> None:
    if key not in {step.key for step in hearing.steps} | set(more):
        raise UnknownStep(step=key, field=field)


async def write_record(desk: Desk, hearing: Hearing, given: RecordDraft) -> RecordVersion:
    """A new version: what others have said to the one before counts no more. Who was absent is noted at once."""
    await desk.may("record", hearing)
    participants = await desk.seated(hearing, "participant")
    speakers = {each.pseudonym for each in participants if each.application.state == "attended"} | set(OFFICIALS)
    observers = {each.pseudonym for each in await desk.seated(hearing, "observer")}
    lines = []
    for number, draft in enumerate(given.lines):
        place = f"lines[{number}]"
        _must_be_a_step(hearing, draft.step, f"{place}.step", WRITTEN)
        if draft.speaker not in (speakers | observers if draft.step == WRITTEN else speakers):
            raise UnknownSpeaker(speaker=draft.speaker, field=f"{place}.speaker")
        text = clean_text(draft.text, f"{place}.text", least=1, most=5000)
        lines.append(Line(no=number + 1, step=draft.step, speaker=draft.speaker, text=text, is_point=draft.is_point))
    former = await desk.store.records(hearing.id)
    recording = clean_text(given.recording_ref, "recording_ref")
    record = domain.write(former[-1] if former else None, lines, recording, desk.work.at)
    await desk.store.add_record(hearing.id, record, desk.work.actor.subject)
    await desk.record("write-record", hearing)
    for each in participants:
        if each.application.state == "absent":
            why = clean_text(given.absences.get(each.pseudonym, "未出席"), "absences", least=1, most=500)
            noted = SignOff(
                pseudonym=each.pseudonym, version=record.number, answer="absent", text=why, way="paper", at=desk.work.at
            )
            await desk.store.save_sign_off(hearing.id, noted)
    return record


async def sign_off(desk: Desk, hearing: Hearing, given: SignOffDraft) -> Hearing:
    """One participant confirms, objects or refuses; with the last answer the record is confirmed."""
    await desk.may("confirm", hearing)
    participants = [each.pseudonym for each in await desk.seated(hearing, "participant")]
    pseudonym, way, signer = await _signer(desk, hearing, given)
    text = clean_text(given.text, "text", most=2000)
    said = SignOff(
        pseudonym=pseudonym, version=given.version, answer=given.answer, text=text, way=way, at=desk.work.at
    )  # fmt: skip
    records = await desk.store.records(hearing.id)
    latest = records[-1] if records else None
    domain.check_sign_off(said, latest, participants, signer)
    assert latest is not None
    await desk.store.save_sign_off(hearing.id, said)
    await desk.record(f"sign-off-{given.answer}", hearing)
    sign_offs = [each for each in await desk.store.sign_offs(hearing.id) if each.version == latest.number]
    if not domain.is_settled(participants, sign_offs, latest.number):
        return hearing
    saved = await desk.save(replace(hearing, confirmed_at=desk.work.at))
    counts = {answer: sum(each.answer == answer for each in sign_offs) for answer in _ANSWERS}
    desk.announce(contract.RecordConfirmed(picture(saved), latest.number, latest.sha256, **counts), saved)
    return saved


_ANSWERS: tuple[Answer, ...] = ("confirmed", "objected", "refused", "absent")


async def _signer(
    desk: Desk, hearing: Hearing, given: SignOffDraft
) -> tuple[str, Literal["page", "paper"], str | None]:
    """Whose answer it is, how it was given, and who gave it. Raises NotYourRecord for another person's answer."""
    if not given.code:
        if not desk.work.actor.sees_drafts_of(hearing.unit):
            raise NotYourRecord
        return given.pseudonym, "paper", None
    application = await desk.recruiting.holder(given.code, Proof(given.manage_token, given.phone))
    if application.occasion_id != hearing.id or given.pseudonym not in ("", application.pseudonym):
        raise NotYourRecord
    own = Proof(given.manage_token, given.phone).fits(
        desk.vault, desk.person_purpose, application.person, application.manage_hash
    )
    # Staff may look at an application without a proof; to answer in somebody's name they enter the paper.
    if not own:
        raise NotYourRecord
    return application.pseudonym, "page", application.pseudonym


async def publish_report(desk: Desk, hearing: Hearing, given: ReportDraft) -> Hearing:
    """听证报告, public with each point and what became of it. Raises UnansweredPoint and the like."""
    await desk.may("report", hearing)
    records = await desk.store.records(hearing.id)
    if not records:
        raise NoRecord
    record = records[-1]
    points = tuple(_point(draft, f"points[{number}]") for number, draft in enumerate(given.points))
    domain.check_report(record.lines, points)
    summary = clean_text(given.summary, "summary", most=5000)
    ordered = tuple(sorted(points, key=lambda point: point.no))
    report = Report(record.number, summary, ordered, desk.work.at)
    await desk.store.add_report(hearing.id, report, desk.work.actor.subject)
    saved = await desk.save(replace(hearing, reported_at=desk.work.at))
    await desk.record("report", saved)
    sides = {each.pseudonym: each.group.side for each in await desk.seated(saved, "participant")}
    said = _reported(record, ordered, sides)
    desk.announce(contract.HearingReportPublished(picture(saved), desk.today, said), saved)
    desk.announce_entries(saved)
    return saved


def _reported(
    record: RecordVersion, points: Sequence[Point], sides: Mapping[str, str]
) -> tuple[contract.ReportedPoint, ...]:
    lines = {line.no: line for line in record.lines}
    return tuple(
        contract.ReportedPoint(
            no=point.no,
            side=sides.get(lines[point.no].speaker, ""),
            text=lines[point.no].text,
            disposition=point.disposition,
            reason=point.reason,
            passage=point.passage.where if point.passage else "",
            before=point.passage.before if point.passage else "",
            after=point.passage.after if point.passage else "",
        )
        for point in points
    )


def _point(draft: PointDraft, place: str) -> Point:
    passage = draft.passage
    return Point(
        no=draft.no,
        disposition=draft.disposition,
        reason=clean_text(draft.reason, f"{place}.reason", most=5000),
        passage=Passage(
            where=clean_text(passage.where, f"{place}.passage.where"),
            before=clean_text(passage.before, f"{place}.passage.before", most=5000),
            after=clean_text(passage.after, f"{place}.passage.after", most=5000),
        )
        if passage
        else None,
    )


async def archive(desk: Desk, hearing: Hearing, ref: str) -> Hearing:
    """归档: the process record is filed (713 Art. 33)."""
    await desk.may("archive", hearing)
    ref = clean_text(ref, "archive_ref", least=1)
    saved = await desk.save(replace(hearing, archived_at=desk.work.at, archive_ref=ref))
    await desk.record("archive", saved)
    return saved
