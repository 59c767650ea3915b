"""The report on opinions received and adopted: written by some, approved by others, published in versions."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.adoption.app import answering, deadlines
from kaimen.adoption.app import consulting as announcing
from kaimen.adoption.app.desk import Desk, page_of
from kaimen.adoption.domain import consultations as consulting
from kaimen.adoption.domain import reports as domain
from kaimen.adoption.domain.clusters import NOTHING, ConcentrationRule, add
from kaimen.adoption.domain.consultations import CHANNELS, Consultation, Extension, Passage
from kaimen.adoption.domain.opinions import must_be_publishable
from kaimen.adoption.domain.refusals import (
    DecisionGoesOn,
    DecisionWasRemoved,
    FourEyes,
    NotApproved,
    NotComplete,
    NothingNamed,
    ReportExists,
    ReportFixed,
    StillOpen,
    UnknownItem,
    UnknownReport,
    WrongState,
)
from kaimen.adoption.domain.reports import ChannelLine, Contents, FinalPassage, Group, Participation, Report
from kaimen.adoption.store.repository import ClockFilter
from kaimen.contracts import adoption as contract
from kaimen.contracts.adoption import Channel, Tally
from kaimen.kit import units
from kaimen.kit.clock import local_date
from kaimen.kit.refusals import FieldError, Refusal
from kaimen.kit.texts import clean_reason, clean_text, clean_url

Words = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(max_length=20_000)]
Whole = Annotated[int, Meta(ge=0, le=10_000_000)]


class TallyDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """意见数 by what became of them; they must add up to `received`."""

    received: Whole = 0
    adopted: Whole = 0
    partly: Whole = 0
    not_adopted: Whole = 0
    already_covered: Whole = 0
    out_of_scope: Whole = 0
    withdrawn: Whole = 0
    duplicate: Whole = 0


class ParticipationDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """座谈会、走访、调查等. `counted`: opinions that were answered there and are not in the list of opinions."""

    kind: Channel
    title: Words
    held_on: date
    people: Whole = 0
    counted: TallyDraft = TallyDraft()
    page: Annotated[str, Meta(max_length=500)] = ""


class FinalDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """条款 of the document as issued, under the same key as in the draft. Without text: one of the draft that the
    document does not have, for the sake of its `note`."""

    key: Annotated[str, Meta(min_length=1, max_length=30)]
    heading: Words = ""
    text: Long = ""
    note: Annotated[str, Meta(max_length=500)] = ""


class ReportDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """意见收集和采纳情况, on one consultation or, with `item`, on all that a decision was asked of the public."""

    consultation: UUID | None = None
    item: UUID | None = None
    title: Words = ""
    basis: Annotated[str, Meta(max_length=2000)] = ""
    summary: Long = ""
    participations: Annotated[tuple[ParticipationDraft, ...], Meta(max_length=200)] = ()
    not_used: Annotated[tuple[Channel, ...], Meta(max_length=13)] = ()
    final: Annotated[tuple[FinalDraft, ...], Meta(max_length=500)] = ()
    final_url: Annotated[str, Meta(max_length=500)] = ""
    dropped: bool = False


class ReportChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only the fields that change."""

    title: Words | UnsetType = UNSET
    basis: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    summary: Long | UnsetType = UNSET
    participations: Annotated[tuple[ParticipationDraft, ...], Meta(max_length=200)] | UnsetType = UNSET
    not_used: Annotated[tuple[Channel, ...], Meta(max_length=13)] | UnsetType = UNSET
    final: Annotated[tuple[FinalDraft, ...], Meta(max_length=500)] | UnsetType = UNSET
    final_url: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    dropped: bool | UnsetType = UNSET


class ConsultationLine(msgspec.Struct, frozen=True, kw_only=True):
    """征求意见, as the report names it."""

    id: UUID
    title: str
    opens_on: date
    closes_on: date
    shortened_reason: str
    extensions: tuple[Extension, ...]
    received: int
    page: str


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """条款对照: the passage in the draft and in the document as issued (null: not there), and the numbers of the groups
    that caused the change. `note`: the unit's own reason."""

    key: str
    heading: str
    before: str | None
    after: str | None
    groups: tuple[int, ...]
    note: str


class PublishedReport(msgspec.Struct, frozen=True, kw_only=True):
    """意见收集和采纳情况, whole, as it is published: `number` counts its versions, each names the hash of the one
    before. `tally` counts every opinion over all channels once (CO1). `rule`: when a group counts as concentrated."""

    report_id: UUID
    number: int
    unit: str
    catalogue_item: UUID | None
    title: str
    dropped: bool
    basis: str
    summary: str
    correction: str
    consultations: tuple[ConsultationLine, ...]
    participations: tuple[Participation, ...]
    channels: tuple[ChannelLine, ...]
    tally: Tally
    rule: ConcentrationRule
    groups: tuple[Group, ...]
    passages: tuple[Side, ...]
    final_url: str
    document_title: str
    document_no: str
    issued_on: date | None
    due_on: date | None
    published_at: datetime | None
    previous_sha256: str
    page: str


async def begin(desk: Desk, draft: ReportDraft) -> Report:
    """Raises NothingNamed, UnknownItem, ReportExists, and what is wrong with a text."""
    work = desk.work
    unit, item, consultations, subject = await _subject(desk, draft)
    await units.acting_for(work, unit)
    if item is not None and await desk.store.report_of_item(item) is not None:
        raise ReportExists
    if any(each.report_id for each in consultations):
        raise ReportExists
    given = {name: getattr(draft, name) for name in ReportChange.__struct_fields__}
    fields = _clean({**given, "title": draft.title or domain.title_on(subject)})
    report = Report(
        id=work.new_id(),
        version=1,
        unit=unit,
        catalogue_item=item,
        consultations=tuple(each.id for each in consultations),
        state="drafting",
        number=0,
        correction="",
        authors=(work.actor.subject,),
        approved_by="",
        approved_at=None,
        published_at=None,
        created_at=work.at,
        changed_at=work.at,
        **fields,
    )
    domain.check_participations(report.participations, desk.today)
    domain.check_final(report.final, _drafted(consultations))
    await desk.store.add_report(report)
    for each in consultations:
        await desk.save(replace(each, report_id=report.id))
    await _record(desk, "begin-report", report)
    if item is not None:
        await deadlines.start_late(desk, item)
    return report


async def change(desk: Desk, report: Report, change: ReportChange) -> Report:
    """Raises ReportFixed once it is approved."""
    if report.state != "drafting":
        raise ReportFixed
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    authors = tuple(dict.fromkeys((*report.authors, desk.work.actor.subject)))
    changed = replace(await _gathered(desk, report), **_clean(given), authors=authors)
    domain.check_participations(changed.participations, desk.today)
    domain.check_final(changed.final, _drafted(await _consultations(desk, changed)))
    return await _save(desk, changed, "change-report")


async def approve(desk: Desk, report: Report) -> Report:
    """审核, by somebody who wrote none of it. Raises FourEyes, NotComplete with every fault, StillOpen."""
    if report.state != "drafting":
        raise WrongState(state=report.state)
    report = await _gathered(desk, report)
    if await wrote_in(desk, report):
        raise FourEyes
    await _must_be_complete(desk, await contents_of(desk, report))
    approved = replace(report, state="approved", approved_by=desk.work.actor.subject, approved_at=desk.work.at)
    return await _save(desk, approved, "approve-report")


async def send_back(desk: Desk, report: Report, reason: str) -> Report:
    """退回修改. Raises WrongState."""
    if report.state != "approved":
        raise WrongState(state=report.state)
    reason = clean_reason(reason)
    back = replace(report, state="drafting", approved_by="", approved_at=None)
    return await _save(desk, back, "send-back-report", reason)


async def publish(desk: Desk, report: Report) -> Report:
    """公布. What is published is frozen with its hash; the clocks of the decision stop. Raises NotApproved,
    NotComplete."""
    if report.state != "approved":
        raise NotApproved
    contents = await contents_of(desk, report)
    await _must_be_complete(desk, contents)
    published = replace(report, state="published", number=report.number + 1, published_at=desk.work.at)
    body = await document_of(desk, replace(contents, report=published))
    octets = msgspec.json.encode(body)
    digest = hashlib.sha256(octets).hexdigest()
    saved = await _save(desk, published, "publish-report", report.correction or None)
    await desk.store.add_version(saved, octets, digest, body.tally, desk.work.actor.subject)
    await _after_publication(desk, saved, body, digest)
    return saved


async def correct(desk: Desk, report: Report, reason: str) -> Report:
    """更正: the published version stays; a new one is written, approved by somebody else and published beside it."""
    if report.state != "published":
        raise WrongState(state=report.state)
    reason = clean_reason(reason)
    must_be_publishable([("reason", reason)])
    await desk.store.keep_published_groups(report.consultations)
    again = replace(
        await _gathered(desk, report),
        state="drafting",
        correction=reason,
        authors=(desk.work.actor.subject,),
        approved_by="",
        approved_at=None,
    )
    return await _save(desk, again, "correct-report", reason)


async def reread(desk: Desk, item: UUID) -> None:
    """A hearing said more than whoever approved the report on this decision has read: they read it again. What is
    published stays as it is."""
    await desk.store.consultations_of(item)
    report = await desk.store.report_of_item(item, lock=True)
    if report is not None and report.state != "published":
        unread = replace(report, state="drafting", approved_by="", approved_at=None)
        await _save(desk, unread, "reread-report", "听证情况有更新")


async def own_report(desk: Desk, id: UUID) -> Report:
    """For staff who may act for its unit. Raises UnknownReport, Forbidden, NotYourUnit."""
    report = await desk.store.report(id)
    if report is None or not (report.number or desk.work.actor.sees_drafts_of(report.unit)):
        raise UnknownReport
    desk.work.actor.must_act_for(report.unit)
    return report


async def locked_report(desk: Desk, id: UUID) -> Report:
    """The same, locked after its consultations: so does everybody who writes in them."""
    await desk.store.lock_consultations((await own_report(desk, id)).consultations)
    report = await desk.store.report(id, lock=True)
    assert report is not None, "reports are never deleted"
    return report


async def contents_of(desk: Desk, report: Report) -> Contents:
    """Everything that the report rests on, as it is now."""
    heard = await desk.store.heard(report.catalogue_item) if report.catalogue_item else []
    uses: list[contract.ChannelUse] = []
    groups: list[Group] = []
    by_channel: dict[Channel, Tally] = {}
    waiting = 0
    for consultation in await _consultations(desk, report):
        uses.extend(consultation.channels)
        matrix = await answering.matrix(desk, consultation)
        # All of a group may have been withdrawn since.
        groups.extend(group for group in matrix.groups if group.size)
        waiting += matrix.waiting
        for channel, tally in (await answering.tallies(desk, consultation)).items():
            by_channel[channel] = add(by_channel.get(channel, NOTHING), tally)
    return Contents(
        report=report,
        uses=tuple(dict.fromkeys(uses)),
        participations=tuple(sorted((*heard, *report.participations), key=lambda each: each.held_on)),
        groups=tuple(groups),
        by_channel=by_channel,
        unanswered=waiting,
    )


async def faults_of(desk: Desk, contents: Contents) -> list[Refusal]:
    """Why it cannot be published yet."""
    faults, report = domain.faults(contents), contents.report
    for each in await _consultations(desk, report):
        if consulting.phase(each, desk.work.at) in ("scheduled", "open"):
            faults.append(StillOpen(closes_on=each.closes_on, field="consultations"))
    item = await desk.store.item(report.catalogue_item) if report.catalogue_item else None
    if item is not None and report.dropped != (item.state == "removed"):
        faults.append((DecisionGoesOn if report.dropped else DecisionWasRemoved)(field="dropped"))
    return faults


async def document_of(desk: Desk, contents: Contents) -> PublishedReport:
    """The report as its readers get it; before publication: as it would be now."""
    report = contents.report
    consultations = await _consultations(desk, report)
    received = await desk.store.received(report.consultations)
    clock = None
    if report.catalogue_item is not None:
        wanted = ClockFilter(item=report.catalogue_item, kind="report", limit=1)
        clock = next(iter(await desk.store.clocks(wanted)), None)
    versions = await desk.store.versions(report.id)
    return PublishedReport(
        report_id=report.id,
        number=report.number,
        unit=report.unit,
        catalogue_item=report.catalogue_item,
        title=report.title,
        dropped=report.dropped,
        basis=report.basis,
        summary=report.summary,
        correction=report.correction,
        consultations=tuple(_line(each, received.get(each.id, 0)) for each in consultations),
        participations=contents.participations,
        channels=domain.channel_lines(contents),
        tally=contents.total,
        rule=desk.rule,
        groups=contents.groups,
        passages=_sides(consultations, report, contents.groups),
        final_url=report.final_url,
        document_title=clock.title if clock else "",
        document_no=clock.document_no if clock else "",
        issued_on=clock.started_on if clock else None,
        due_on=clock.due_on if clock else None,
        published_at=report.published_at,
        previous_sha256=versions[-1].sha256 if versions else "",
        page=f"/outcomes/{report.id}",
    )


async def forget_contacts(desk: Desk, subject: UUID) -> None:
    """The timer's part: nobody needs to ask back any more. `subject`: a consultation or, set by an earlier version of
    this service, a report on some."""
    report = await desk.store.report(subject)
    for consultation in report.consultations if report else (subject,):
        await desk.store.forget_contacts(consultation)
        await desk.store.forget_attachments(consultation)


async def _subject(desk: Desk, draft: ReportDraft) -> tuple[str, UUID | None, list[Consultation], str]:
    """Unit, decision, consultations and title of what the report is about."""
    item = draft.item
    if draft.consultation is not None:
        consultation = await desk.own_consultation(draft.consultation, lock=False)
        if item not in (None, consultation.catalogue_item):
            raise NothingNamed(field="item")
        item = consultation.catalogue_item
        if item is None:
            consultation = await desk.own_consultation(draft.consultation)
            consulting.must_permit("work_on", consultation, desk.work.at)
            return consultation.unit, None, [consultation], consultation.title
    if item is None:
        raise NothingNamed(field="consultation")
    known = await desk.store.item(item, lock=True)
    if known is None:
        raise UnknownItem(field="item")
    return known.unit, item, await desk.store.consultations_of(item), known.title


async def _gathered(desk: Desk, report: Report) -> Report:
    """With all consultations of its decision: one may have been announced in the moment when the report was begun."""
    if report.catalogue_item is None:
        return report
    consultations = await desk.store.consultations_of(report.catalogue_item)
    for each in consultations:
        if each.report_id is None:
            await desk.save(replace(each, report_id=report.id))
    return replace(report, consultations=tuple(each.id for each in consultations))


async def _consultations(desk: Desk, report: Report) -> list[Consultation]:
    found = [await desk.store.consultation(id) for id in report.consultations]
    return [each for each in found if each is not None]


async def wrote_in(desk: Desk, report: Report) -> bool:
    """Whether the actor wrote the report, or had a hand in the answers since the last publication."""
    actor = desk.work.actor.subject
    return actor in report.authors or actor in await desk.store.handlers_of(report.consultations)


async def _must_be_complete(desk: Desk, contents: Contents) -> None:
    """Raises NotComplete with every fault, or PersonalDataInText."""
    faults = await faults_of(desk, contents)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise NotComplete(errors=[FieldError(no.field or "", no.detail("zh"), no.detail("en")) for no in faults])
    must_be_publishable(domain.texts_of(contents.report, contents.groups))


async def _after_publication(desk: Desk, report: Report, body: PublishedReport, digest: str) -> None:
    assert report.published_at is not None
    for each in await _consultations(desk, report):
        if each.digested_at is None:
            await desk.save(replace(each, digested_at=desk.work.at))
        else:
            await announcing.tell_received(desk, each)
        await _forget_in_time(desk, each.id, each.digested_at)
    await desk.store.forget_handlers(report.consultations)
    fact = contract.ReportPublished(
        report_id=report.id,
        number=report.number,
        unit=report.unit,
        catalogue_item=report.catalogue_item,
        consultations=report.consultations,
        title=report.title,
        tally=body.tally,
        concentrated=sum(group.concentrated for group in body.groups),
        dropped=report.dropped,
        published_on=local_date(report.published_at),
        reason=report.correction,
        sha256=digest,
        page=body.page,
    )
    desk.work.emit(fact, aggregate_id=report.id, version=report.version)
    if report.catalogue_item is not None and not report.dropped:
        await deadlines.meet(desk, report.catalogue_item)


async def _forget_in_time(desk: Desk, consultation: UUID, digested_at: datetime | None) -> None:
    """Contacts go so many days after the first publication, as their owners were told; after that, those that were
    entered for a correction go as many days after it."""
    days, now = timedelta(days=desk.settings.contact_days), desk.work.at
    if digested_at is None or digested_at + days <= now:
        await desk.work.set_timer("forget-contacts", str(consultation), now + days)


def _line(consultation: Consultation, received: int) -> ConsultationLine:
    return ConsultationLine(
        id=consultation.id,
        title=consultation.title,
        opens_on=consultation.opens_on,
        closes_on=consultation.closes_on,
        shortened_reason=consultation.shortened_reason,
        extensions=consultation.extensions,
        received=received,
        page=page_of(consultation),
    )


def _latest(consultations: Iterable[Consultation]) -> Consultation | None:
    """Whose draft became the document."""
    return max(consultations, key=lambda each: each.opens_on, default=None)


def _drafted(consultations: Iterable[Consultation]) -> dict[str, Passage]:
    latest = _latest(consultations)
    return {each.key: each for each in latest.passages} if latest else {}


def _sides(consultations: list[Consultation], report: Report, groups: tuple[Group, ...]) -> tuple[Side, ...]:
    """Passages of the latest draft beside those of the document; nothing before the document's text is given."""
    latest = _latest(consultations)
    drafted = _drafted(consultations) if report.final else {}
    issued: dict[str, FinalPassage] = {each.key: each for each in report.final}
    sides = []
    for key in dict.fromkeys((*drafted, *issued)):
        before, after = drafted.get(key), issued.get(key)
        if before is None and after is not None and not after.text:
            # Another draft has come since it was said to be deleted.
            continue
        sides.append(
            Side(
                key=key,
                heading=(after.heading if after else "") or (before.heading if before else ""),
                before=before.text if before else None,
                after=after.text if after and after.text else None,
                groups=tuple(
                    group.no
                    for group in groups
                    if latest and group.change and group.change.passage == key and group.consultation_id == latest.id
                ),
                note=after.note if after else "",
            )
        )
    return tuple(sides)


async def _save(desk: Desk, report: Report, action: str, reason: str | None = None) -> Report:
    saved = replace(report, version=report.version + 1, changed_at=desk.work.at)
    await desk.store.save_report(saved)
    await _record(desk, action, saved, reason)
    return saved


async def _record(desk: Desk, action: str, report: Report, reason: str | None = None) -> None:
    await desk.record(action, f"report:{report.id}", reason)


def _clean(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, as the report keeps it. Raises what is wrong with a text or an address."""
    cleaned = dict(given)
    for name, least, most in (("title", 1, 200), ("basis", 0, 2000), ("summary", 0, 20_000)):
        if name in given:
            cleaned[name] = clean_text(given[name], name, least=least, most=most)
    if "final_url" in given:
        cleaned["final_url"] = clean_url(given["final_url"], "final_url")
    if "not_used" in given:
        cleaned["not_used"] = tuple(sorted(set(given["not_used"]), key=CHANNELS.index))
    if "participations" in given:
        cleaned["participations"] = tuple(
            _participation(each, f"participations[{n}]") for n, each in enumerate(given["participations"])
        )
    if "final" in given:
        cleaned["final"] = tuple(_final(each, f"final[{n}]") for n, each in enumerate(given["final"]))
        consulting.check_keys([each.key for each in cleaned["final"]], "final")
    return cleaned


def _participation(draft: ParticipationDraft, place: str) -> Participation:
    return Participation(
        kind=draft.kind,
        title=clean_text(draft.title, f"{place}.title", least=1),
        held_on=draft.held_on,
        people=draft.people,
        counted=Tally(**{name: getattr(draft.counted, name) for name in Tally.__struct_fields__}),
        page=clean_url(draft.page, f"{place}.page"),
    )


def _final(draft: FinalDraft, place: str) -> FinalPassage:
    return FinalPassage(
        key=clean_text(draft.key, f"{place}.key", least=1, most=30),
        heading=clean_text(draft.heading, f"{place}.heading"),
        text=clean_text(draft.text, f"{place}.text", most=20_000),
        note=clean_text(draft.note, f"{place}.note", most=500),
    )
