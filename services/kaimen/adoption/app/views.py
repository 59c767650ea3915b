"""What readers get of consultations, opinions, reports and clocks."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.adoption.app import deadlines, reporting
from kaimen.adoption.app.desk import Desk, page_of
from kaimen.adoption.app.reporting import PublishedReport
from kaimen.adoption.domain import clocks as clocking
from kaimen.adoption.domain.attachments import Attachment
from kaimen.adoption.domain.clocks import Clock, ClockKind, ClockState, Suspension
from kaimen.adoption.domain.clusters import Change
from kaimen.adoption.domain.consultations import Consultation, Extension, Passage, Phase, Way, phase
from kaimen.adoption.domain.opinions import Aside, Opinion, SubmitterKind, Visibility, is_shortened
from kaimen.adoption.domain.reports import Group, Report, State
from kaimen.adoption.store.repository import Version
from kaimen.contracts.adoption import Channel, ChannelUse, Outcome, Tally
from kaimen.kit.refusals import Refusal
from kaimen.kit.tables import write_csv
from kaimen.kit.workdays.store import workdays

CSV_COLUMNS = (
    "group", "consultation", "passage", "summary", "opinions", "concentrated", "outcome", "reason", "changed_passage",
    "before", "after",
)  # fmt: skip


class ConsultationView(msgspec.Struct, frozen=True, kw_only=True):
    """征求意见. `received`: opinions of all channels so far. `days`: its length, the first day not counted. `report`:
    the page of the published report, else empty."""

    id: UUID
    version: int
    state: Phase
    unit: str
    catalogue_item: UUID | None
    title: str
    summary: str
    passages: tuple[Passage, ...]
    draft_url: str
    explanation: str
    explanation_url: str
    background_url: str
    ways: tuple[Way, ...]
    channels: tuple[ChannelUse, ...]
    opens_on: date
    closes_on: date
    days: int
    shortened_reason: str
    extensions: tuple[Extension, ...]
    announced_at: datetime | None
    closed_at: datetime | None
    received: int
    report_id: UUID | None
    report: str
    page: str


class PublicOpinion(msgspec.Struct, frozen=True, kw_only=True):
    """意见, as staff let the public read it. `shortened`: words were left out, for the reason in `note`."""

    no: int
    received_on: date
    channel: Channel
    passage: str
    text: str
    shortened: bool
    note: str


class OpinionView(msgspec.Struct, frozen=True, kw_only=True):
    """意见, for staff. `contact` is read one opinion at a time, and each reading is recorded; in lists it is null."""

    no: int
    version: int
    received_on: date
    channel: Channel
    passage: str
    text: str
    submitter_kind: SubmitterKind
    group: UUID | None
    aside: Aside | None
    aside_reason: str
    duplicate_of: int | None
    withdrawn_by_author: bool
    visibility: Visibility
    visibility_reason: str
    public_text: str
    attachments: tuple[Attachment, ...]
    contact: str | None = None


class OwnOpinion(msgspec.Struct, frozen=True, kw_only=True):
    """我的意见 (CO3): what was written, in which group it is, what became of that group, and what was changed for it.
    Outcome and reason are there once the report is published. `state`: received, grouped, answered, withdrawn or
    duplicate."""

    no: int
    consultation_id: UUID
    consultation: str
    unit: str
    closes_on: date
    received_on: date
    passage: str
    text: str
    state: str
    visibility: Visibility
    visibility_reason: str
    public_text: str
    aside_reason: str
    duplicate_of: int | None
    group_summary: str
    group_size: int
    outcome: Outcome | None
    reason: str
    change: Change | None
    attachments: tuple[Attachment, ...]
    report: str


class Fault(msgspec.Struct, frozen=True):
    """What still keeps a report from being published."""

    type: str
    field: str
    detail: str
    detail_en: str


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """采纳情况, in lists. `tally` is null before the first publication."""

    report_id: UUID
    version: int
    state: State
    number: int
    unit: str
    catalogue_item: UUID | None
    title: str
    summary: str
    dropped: bool
    correction: str
    tally: Tally | None
    published_at: datetime | None
    page: str


class ReportDesk(msgspec.Struct, frozen=True, kw_only=True):
    """采纳情况 as staff work on it: `document` is what would be published now, `faults` what it still needs.
    `approvable`: the reader wrote none of it, and nothing is missing."""

    line: ReportLine
    document: PublishedReport
    not_used: tuple[Channel, ...]
    final_url: str
    faults: tuple[Fault, ...]
    versions: tuple[Version, ...]
    approvable: bool


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """时限. `days_left`: working days after today up to the day to work to, negative when it is over. `counted`: the
    working days of the period, so that anybody can count them again."""

    id: UUID
    version: int
    kind: ClockKind
    state: ClockState
    unit: str
    catalogue_item: UUID
    title: str
    document_no: str
    url: str
    started_on: date
    working_days: int
    due_on: date | None
    provisional: bool
    not_before: date
    original_due_on: date | None
    suspensions: tuple[Suspension, ...]
    days_left: int | None
    late_days: int | None
    met_on: date | None
    breached_on: date | None
    counted: tuple[date, ...]
    page: str


async def received_by_now(desk: Desk, consultations: Sequence[Consultation]) -> dict[UUID, int]:
    """Opinions of each; while its report is corrected the public reads how many that report says there were (CO7)."""
    counted = await desk.store.received([each.id for each in consultations])
    public = [each.id for each in consultations if not desk.work.actor.sees_drafts_of(each.unit)]
    return counted | await desk.store.published_counts(public)


def consultation_view(desk: Desk, consultation: Consultation, received: int) -> ConsultationView:
    own = {name: getattr(consultation, name) for name in _CONSULTATION_FIELDS}
    published = consultation.digested_at is not None and consultation.report_id is not None
    return ConsultationView(
        **own,
        state=phase(consultation, desk.work.at),
        received=received,
        report=f"/outcomes/{consultation.report_id}" if published else "",
        page=page_of(consultation),
    )


async def opinion_views(desk: Desk, opinions: Sequence[Opinion], contact: str | None = None) -> list[OpinionView]:
    attachments = await desk.store.attachments([each.id for each in opinions])
    views = []
    for each in opinions:
        shared = {name: getattr(each, name) for name in _OPINION_FIELDS}
        those = attachments.get(each.id, ())
        views.append(OpinionView(**shared, group=each.cluster_id, attachments=those, contact=contact))
    return views


async def opinion_view(desk: Desk, opinion: Opinion, contact: str | None = None) -> OpinionView:
    return (await opinion_views(desk, [opinion], contact))[0]


def public_opinion(opinion: Opinion) -> PublicOpinion:
    return PublicOpinion(
        no=opinion.no,
        received_on=opinion.received_on,
        channel=opinion.channel,
        passage=opinion.passage,
        text=opinion.public_text,
        shortened=is_shortened(opinion),
        note=opinion.visibility_reason,
    )


async def own_opinion(desk: Desk, opinion: Opinion, consultation: Consultation) -> OwnOpinion:
    """Nothing of an answer is told before the report that contains it is public, and while it is being corrected, all
    is as it was published."""
    published = consultation.digested_at is not None
    answer = await _published_answer(desk, consultation, opinion) if published else None
    cluster = await desk.store.cluster(opinion.cluster_id) if opinion.cluster_id and not answer else None
    counts = await desk.store.counts(consultation.id) if cluster else []
    live_size = sum(count.number for count in counts if count.cluster_id == opinion.cluster_id)
    aside = opinion.aside if answer is None else None
    state = "answered" if answer else aside or ("grouped" if cluster else "received")
    return OwnOpinion(
        no=opinion.no,
        consultation_id=consultation.id,
        consultation=consultation.title,
        unit=consultation.unit,
        closes_on=consultation.closes_on,
        received_on=opinion.received_on,
        passage=opinion.passage,
        text=opinion.text,
        state=state,
        visibility=opinion.visibility,
        visibility_reason=opinion.visibility_reason,
        public_text=opinion.public_text,
        aside_reason=opinion.aside_reason if aside else "",
        duplicate_of=opinion.duplicate_of if aside else None,
        group_summary=answer.summary if answer else cluster.summary if cluster else "",
        group_size=answer.size if answer else live_size,
        outcome=answer.outcome if answer else None,
        reason=answer.reason if answer else "",
        change=answer.change if answer else None,
        attachments=(await desk.store.attachments([opinion.id])).get(opinion.id, ()),
        report=f"/outcomes/{consultation.report_id}" if published else "",
    )


async def _published_answer(desk: Desk, consultation: Consultation, opinion: Opinion) -> Group | None:
    report = await desk.store.report(consultation.report_id) if consultation.report_id else None
    if report is None or opinion.withdrawn_by_author:
        return None
    group_id = opinion.cluster_id if report.state == "published" else opinion.published_cluster
    body = await desk.store.version(report.id, report.number) if group_id else None
    groups = msgspec.json.decode(body, type=_PublishedGroups).groups if body else ()
    return next((group for group in groups if group.id == group_id), None)


class _PublishedGroups(msgspec.Struct, frozen=True):
    groups: tuple[Group, ...]


class _PublishedHead(msgspec.Struct, frozen=True):
    title: str
    summary: str
    dropped: bool
    correction: str


async def report_lines(desk: Desk, reports: Sequence[Report]) -> list[ReportLine]:
    """As the reader may see them: while one is corrected, the public goes on reading what was published."""
    tallies = await desk.store.latest_tallies([each.id for each in reports])
    shown = [await _as_published(desk, each) for each in reports]
    return [report_line(each, tallies.get(each.id)) for each in shown]


async def _as_published(desk: Desk, report: Report) -> Report:
    if report.state == "published" or desk.work.actor.sees_drafts_of(report.unit):
        return report
    body = await desk.store.version(report.id, report.number)
    assert body is not None, "only its unit finds a report before its publication"
    head = msgspec.json.decode(body, type=_PublishedHead)
    return replace(report, state="published", **msgspec.structs.asdict(head))


def report_line(report: Report, tally: Tally | None) -> ReportLine:
    shared = {name: getattr(report, name) for name in _REPORT_FIELDS}
    return ReportLine(**shared, report_id=report.id, tally=tally, page=f"/outcomes/{report.id}")


async def report_desk(desk: Desk, report: Report) -> ReportDesk:
    contents = await reporting.contents_of(desk, report)
    faults = await reporting.faults_of(desk, contents)
    tallies = await desk.store.latest_tallies([report.id])
    wrote = await reporting.wrote_in(desk, report)
    return ReportDesk(
        line=report_line(report, tallies.get(report.id)),
        document=await reporting.document_of(desk, contents),
        not_used=report.not_used,
        final_url=report.final_url,
        faults=tuple(_fault(no) for no in faults),
        versions=tuple(await desk.store.versions(report.id)),
        approvable=report.state == "drafting" and not faults and not wrote,
    )


async def clock_view(desk: Desk, clock: Clock) -> ClockView:
    return (await clock_views(desk, [clock]))[0]


async def clock_views(desk: Desk, clocks: Sequence[Clock]) -> list[ClockView]:
    calendar = await workdays(desk.work)
    today = desk.today
    views = []
    for clock in clocks:
        picture = deadlines.picture(clock, today)
        until = clock.met_on or clock.dropped_on or today
        late = calendar.count(clock.due_on, until) if clock.due_on and until > clock.due_on else 0
        views.append(
            ClockView(
                id=clock.id,
                version=clock.version,
                kind=clock.kind,
                state=picture.state,
                unit=clock.unit,
                catalogue_item=clock.catalogue_item,
                title=clock.title,
                document_no=clock.document_no,
                url=clock.url,
                started_on=clock.started_on,
                working_days=clock.working_days,
                due_on=clock.due_on,
                provisional=clock.due_on is None,
                not_before=clock.not_before,
                original_due_on=clock.original_due_on,
                suspensions=clock.suspensions,
                days_left=None if clock.met_on or clock.dropped_on else clocking.days_left(clock, today, calendar),
                late_days=late,
                met_on=clock.met_on,
                breached_on=clock.breached_on,
                counted=clocking.counted(clock, calendar),
                page=picture.page,
            )
        )
    return views


def report_csv(report: PublishedReport) -> bytes:
    """One line for each group."""
    titles = {each.id: each.title for each in report.consultations}
    rows = []
    for group in report.groups:
        change = group.change or Change(passage="")
        cells = (
            group.no, titles[group.consultation_id], group.passage, group.summary, group.size, group.concentrated,
            group.outcome, group.reason, change.passage, change.before, change.after,
        )  # fmt: skip
        rows.append(cells)
    return write_csv(CSV_COLUMNS, rows)


def _fault(no: Refusal) -> Fault:
    return Fault(f"/problems/{no.type}", no.field or "", no.detail("zh"), no.detail("en"))


_CONSULTATION_FIELDS = tuple(
    name for name in ConsultationView.__struct_fields__ if name in {*Consultation.__struct_fields__, "days"}
)
_OPINION_FIELDS = tuple(name for name in OpinionView.__struct_fields__ if name in Opinion.__struct_fields__)
_REPORT_FIELDS = tuple(name for name in ReportLine.__struct_fields__ if name in Report.__struct_fields__)
