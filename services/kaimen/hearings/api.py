"""Hearings over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from kaimen.hearings.app import materials, planning, proceedings, seating
from kaimen.hearings.app.desk import Desk, HearingsSettings
from kaimen.hearings.domain import materials as delivering
from kaimen.hearings.domain import proceedings as speaking
from kaimen.hearings.domain.hearings import Hearing, Phase, SeatRole, Side, group_of
from kaimen.hearings.domain.packs import Due, Profile, Step, due_dates
from kaimen.hearings.domain.proceedings import Line, Point
from kaimen.hearings.domain.refusals import GroupUnclear, NoRecord, NotYourRecord
from kaimen.hearings.store.repository import HearingFilter
from kaimen.kit import lots
from kaimen.kit.auth import PUBLIC, STAFF, allow
from kaimen.kit.draws.api import Numbers
from kaimen.kit.draws.procedure import TYPISTS, published
from kaimen.kit.draws.refusals import NoSuchDraw, NotYetPublished
from kaimen.kit.http import (
    OnEdge,
    Page,
    Reason,
    cursor_of,
    first_instant,
    json_bytes,
    json_response,
    limit_of,
    read_cursor,
    refuse_nul,
)
from kaimen.kit.people import Proof
from kaimen.kit.recruiting.api import RecruitmentView, proof_of, recruitment_view
from kaimen.kit.recruiting.api import handlers as recruitment_handlers
from kaimen.kit.recruiting.procedure import Receipt, Recruiting
from kaimen.kit.recruiting.rules import Application, ApplicationState, Method, Terms
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.kit.workdays import Workdays
from kaimen.kit.workdays.store import workdays

T = TypeVar("T")
Q = QueryParameter


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """席位组, with how far its recruitment is (null before the notice)."""

    id: UUID
    name: str
    side: str
    role: SeatRole
    consumers: bool
    terms: Terms
    recruitment: RecruitmentView | None


class RosterLine(msgspec.Struct, frozen=True):
    """参加人, as published: the name is masked unless its owner consented."""

    pseudonym: str
    name: str
    group: str
    side: str
    how: Method
    state: ApplicationState


class SignOffCounts(msgspec.Struct, frozen=True):
    """How the participants answered the latest version of the record."""

    version: int
    sha256: str
    confirmed: int
    objected: int
    refused: int
    absent: int
    outstanding: int


class ReportedPoint(msgspec.Struct, frozen=True):
    """A point, who made it (by pseudonym, or presider, sponsor, expert), and what became of it."""

    no: int
    speaker: str
    side: str
    text: str
    disposition: speaking.Disposition
    reason: str
    passage: speaking.Passage | None


class ReportView(msgspec.Struct, frozen=True):
    """听证报告."""

    hearing_id: UUID
    summary: str
    record_version: int
    record_sha256: str
    published_at: datetime
    points: tuple[ReportedPoint, ...]


class HearingView(msgspec.Struct, frozen=True, kw_only=True):
    """听证会, with everything that became public around it. `clocks`: what is due when, and by which source.
    `awaiting_materials`: participants whom nothing has reached in time yet. In lists the last five are null."""

    id: UUID
    version: int
    state: Phase
    unit: str
    catalogue_item: UUID | None
    profile: Profile
    profile_title_zh: str
    profile_title_en: str
    title: str
    matters: str
    draft_url: str
    explanation_url: str
    starts_at: datetime
    ends_at: datetime
    place: str
    presider: str
    recorder: str
    speaking_minutes: int
    sides: tuple[Side, ...]
    steps: tuple[Step, ...]
    opens_at: datetime | None
    closes_at: datetime | None
    entropy: tuple[lots.Source, ...]
    accessibility: str
    reason: str
    clocks: tuple[Due, ...]
    announced_at: datetime | None
    list_published_at: datetime | None
    delivered_at: datetime | None
    held_at: datetime | None
    confirmed_at: datetime | None
    reported_at: datetime | None
    archived_at: datetime | None
    archive_ref: str
    groups: tuple[GroupView, ...] | None = None
    roster: tuple[RosterLine, ...] | None = None
    awaiting_materials: int | None = None
    record: SignOffCounts | None = None
    report: ReportView | None = None


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """送达, for staff and for whom it reached."""

    id: UUID
    pseudonym: str
    documents: tuple[delivering.Document, ...]
    way: delivering.Way
    delivered_on: date | None
    receipt: str
    waiver: str
    acknowledged_at: datetime | None
    stands: delivering.Timeliness


class Delivered(msgspec.Struct, frozen=True):
    """What was just recorded: how many, and how many of them keep only the floor of the clock."""

    state: Phase
    delivered: int
    at_the_limit: int
    waived: int
    awaiting_materials: int


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """听证笔录, for staff and participants: the latest version, and what was said to each version."""

    version: int
    sha256: str
    written_at: datetime
    recording_ref: str
    lines: tuple[Line, ...]
    sign_offs: tuple[speaking.SignOff, ...]
    outstanding: tuple[str, ...]
    versions: tuple[str, ...]


class Speaker(msgspec.Struct, frozen=True):
    """How long somebody has spoken, and how long they still may; negative: over time."""

    speaker: str
    name: str
    side: str
    seconds: int
    remaining: int


class FloorView(msgspec.Struct, frozen=True, kw_only=True):
    """发言计时. `turn`: who speaks now, since when; `at`: the instant of this answer."""

    state: Phase
    at: datetime
    speaking_minutes: int
    turn: speaking.Turn | None
    speakers: tuple[Speaker, ...]
    by_side: dict[str, int]
    turns: int


class Filing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the process record is kept."""

    archive_ref: Annotated[str, msgspec.Meta(max_length=200)]


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """收到材料, with the proof; `waiver`: what the participant writes to agree to less time."""

    manage_token: Annotated[str, msgspec.Meta(max_length=200)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=32)] = ""
    waiver: Annotated[str, msgspec.Meta(max_length=200)] = ""


def hearing_view(hearing: Hearing, state: Phase, known: Workdays, **more: Any) -> HearingView:
    own = set(Hearing.__struct_fields__) - {"groups"}
    shared = {name: getattr(hearing, name) for name in HearingView.__struct_fields__ if name in own}
    pack = hearing.pack
    return HearingView(
        **shared,
        state=state,
        profile_title_zh=pack.title_zh,
        profile_title_en=pack.title_en,
        clocks=due_dates(pack, hearing.starts_on, known),
        **more,
    )


async def whole(desk: Desk, hearing: Hearing) -> HearingView:
    """The hearing with its groups, and what of roster, record and report is public."""
    occasion = desk.occasion_of(hearing)
    found = {each.id: each for each in await desk.recruiting.store.recruitments([hearing.id])}
    groups = []
    for group in hearing.groups:
        recruitment = found.get(group.recruitment_id) if group.recruitment_id else None
        view = await recruitment_view(desk.recruiting, recruitment, occasion) if recruitment else None
        groups.append(
            GroupView(
                id=group.id,
                name=group.name,
                side=group.side,
                role=group.role,
                consumers=group.consumers,
                terms=group.terms,
                recruitment=view,
            )
        )
    return hearing_view(
        hearing,
        await desk.phase(hearing),
        await workdays(desk.work),
        groups=tuple(groups),
        roster=await _roster(desk, hearing),
        awaiting_materials=len(await desk.missing(hearing)) if hearing.list_published_at else None,
        record=await _counts(desk, hearing),
        report=await _report(desk, hearing),
    )


async def _roster(desk: Desk, hearing: Hearing) -> tuple[RosterLine, ...] | None:
    if hearing.list_published_at is None:
        return None
    occasion = desk.occasion_of(hearing)
    return tuple(
        RosterLine(
            each.pseudonym,
            desk.recruiting.public_name(occasion, each.application),
            each.group.name,
            each.group.side,
            each.application.how,
            each.application.state,
        )
        for each in await desk.seated(hearing, "participant")
    )


async def _counts(desk: Desk, hearing: Hearing) -> SignOffCounts | None:
    if hearing.held_at is None:
        return None
    records = await desk.store.records(hearing.id)
    if not records:
        return None
    latest = records[-1]
    answers = [each.answer for each in await desk.store.sign_offs(hearing.id) if each.version == latest.number]
    participants = len(await desk.seated(hearing, "participant"))
    return SignOffCounts(
        latest.number, latest.sha256, answers.count("confirmed"), answers.count("objected"), answers.count("refused"),
        answers.count("absent"), participants - len(answers),
    )  # fmt: skip


async def _report(desk: Desk, hearing: Hearing) -> ReportView | None:
    report = await desk.store.report(hearing.id)
    if report is None:
        return None
    record = (await desk.store.records(hearing.id))[report.record_version - 1]
    lines = {line.no: line for line in record.lines}
    sides = {each.pseudonym: each.group.side for each in await desk.seated(hearing, "participant")}

    def shown(point: Point) -> ReportedPoint:
        line = lines[point.no]
        return ReportedPoint(
            point.no, line.speaker, sides.get(line.speaker, ""), line.text, point.disposition, point.reason,
            point.passage,
        )  # fmt: skip

    points = tuple(shown(point) for point in report.points)
    return ReportView(hearing.id, report.summary, record.number, record.sha256, report.published_at, points)


async def floor_view(desk: Desk, hearing: Hearing) -> FloorView:
    at = desk.work.at
    turns = await desk.store.turns(hearing.id)
    occasion = desk.occasion_of(hearing)
    there = [each for each in await desk.seated(hearing, "participant") if each.application.state == "attended"]
    names = [each.pseudonym for each in there]
    spoken = speaking.seconds_of(turns, at)
    left = speaking.remaining(turns, names, hearing.speaking_minutes, at)
    return FloorView(
        state=await desk.phase(hearing),
        at=at,
        speaking_minutes=hearing.speaking_minutes,
        turn=turns[-1] if turns and turns[-1].ended_at is None else None,
        speakers=tuple(
            Speaker(
                each.pseudonym,
                desk.recruiting.public_name(occasion, each.application),
                each.group.side,
                spoken.get(each.pseudonym, 0),
                left[each.pseudonym],
            )
            for each in there
        ),
        by_side=speaking.by_side(turns, at),
        turns=len(turns),
    )


async def record_view(desk: Desk, hearing: Hearing) -> RecordView:
    """Raises NoRecord."""
    records = await desk.store.records(hearing.id)
    if not records:
        raise NoRecord
    latest = records[-1]
    sign_offs = await desk.store.sign_offs(hearing.id)
    participants = [each.pseudonym for each in await desk.seated(hearing, "participant")]
    return RecordView(
        version=latest.number,
        sha256=latest.sha256,
        written_at=latest.written_at,
        recording_ref=latest.recording_ref,
        lines=latest.lines,
        sign_offs=tuple(sign_offs),
        outstanding=tuple(speaking.outstanding(participants, sign_offs, latest.number)),
        versions=tuple(each.sha256 for each in records),
    )


async def delivery_views(desk: Desk, hearing: Hearing, pseudonym: str | None = None) -> list[DeliveryView]:
    clock = hearing.pack.clock("materials")
    return [
        DeliveryView(
            id=each.id,
            pseudonym=each.pseudonym,
            documents=each.documents,
            way=each.way,
            delivered_on=delivering.counts_on(each),
            receipt=each.receipt,
            waiver=each.waiver,
            acknowledged_at=each.acknowledged_at,
            stands=delivering.timeliness(each, hearing.starts_on, clock),
        )
        for each in await desk.store.deliveries(hearing)
        if pseudonym in (None, each.pseudonym)
    ]


async def _transcript(desk: Desk, hearing: Hearing, group: str | None) -> bytes:
    """Of the draw of one group, which must be named where several groups are drawn. Raises UnknownGroup,
    GroupUnclear, NoSuchDraw, NotYetPublished."""
    chosen = group_of(hearing, group).recruitment_id if group is not None else None
    recruitments = await desk.recruiting.store.recruitments([hearing.id])
    drawn = [
        draw
        for recruitment, draw in await seating.drawn_recruitments(desk, recruitments)
        if group is None or recruitment.id == chosen
    ]
    if not drawn:
        raise NoSuchDraw
    if len(drawn) > 1:
        raise GroupUnclear(field="group")
    return published(drawn[0], "transcript")


def handlers(resources: Resources) -> list[Any]:
    """The endpoints of this service."""
    settings = resources.settings
    assert isinstance(settings, HearingsSettings)

    def at_desk(use_case: Callable[[Desk], Awaitable[T]]) -> Callable[[Work], Awaitable[T]]:
        async def run(work: Work) -> T:
            return await use_case(Desk(work, resources.vault, settings))

        return run

    def change(
        edge: OnEdge, id: UUID, use_case: Callable[[Desk, Hearing], Awaitable[Any]], status: int = 200
    ) -> Awaitable[Response[bytes]]:
        """Lock one's own hearing, hold the request against its version, change it, show it."""

        async def run(desk: Desk) -> Response[bytes]:
            hearing = await desk.own_hearing(id)
            edge.if_match(hearing.version)
            await use_case(desk, hearing)
            hearing = await desk.hearing(id)
            return json_response(await whole(desk, hearing), status, version=hearing.version)

        return edge.change(at_desk(run))

    @post("/hearings", opt=allow(STAFF))
    async def plan(edge: OnEdge, data: JSONBody[planning.HearingDraft]) -> Response[bytes]:
        """筹备听证会: a draft, for its unit alone until the notice."""

        async def run(desk: Desk) -> HearingView:
            return await whole(desk, await planning.plan_hearing(desk, data))

        return await edge.create(at_desk(run))

    @get("/hearings", opt=allow(PUBLIC))
    async def list_hearings(
        edge: OnEdge,
        from_: Annotated[date | None, Q(name="from")] = None,
        to: Annotated[date | None, Q(name="to")] = None,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """听证会列表, by beginning. Days are Shanghai days, `to` included. Staff see their unit's drafts too."""
        refuse_nul(unit, cursor)
        wanted = HearingFilter(
            first_instant(from_, "from") if from_ else None,
            first_instant(to, "to") + timedelta(days=1) if to else None,
            unit,
            read_cursor(cursor),
            limit_of(limit) + 1,
            edge.actor.drafts_shown,
        )

        async def run(desk: Desk) -> Page:
            found = await desk.store.hearings(wanted)
            last = found[limit - 1] if len(found) > limit else None
            known = await workdays(desk.work)
            items = [hearing_view(each, await desk.phase(each), known) for each in found[:limit]]
            return Page(items, cursor_of(last.starts_at, last.id) if last else None)

        return json_response(await edge.read(at_desk(run)))

    @get("/hearings/{hearing_id:uuid}", opt=allow(PUBLIC))
    async def read(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """听证会: notice, rules, clocks, list, record's sign-off, report."""

        async def run(desk: Desk) -> Response[bytes]:
            hearing = await desk.hearing(hearing_id)
            return json_response(await whole(desk, hearing), version=hearing.version)

        return await edge.read(at_desk(run))

    @patch("/hearings/{hearing_id:uuid}", opt=allow(STAFF))
    async def revise(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[planning.HearingChange]
    ) -> Response[bytes]:
        """修改: a draft as a whole, afterwards place, presider and the like."""
        return await change(edge, hearing_id, lambda desk, hearing: planning.change_hearing(desk, hearing, data))

    @post("/hearings/{hearing_id:uuid}/announce", opt=allow(STAFF), status_code=200)
    async def announce(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """发布听证公告, with the rules by which participants are chosen."""
        return await change(edge, hearing_id, planning.announce_hearing)

    @post("/hearings/{hearing_id:uuid}/open", opt=allow(STAFF), status_code=200)
    async def open_(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """开始报名, now instead of later; it also begins by itself."""
        return await change(edge, hearing_id, planning.open_sign_up)

    @post("/hearings/{hearing_id:uuid}/applications", opt=allow(PUBLIC))
    async def apply(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[seating.HearingApplication]
    ) -> Response[bytes]:
        """报名 for a seat group, as participant or observer."""
        await edge.limiter.take("apply", edge.address, per_minute=60)

        async def run(desk: Desk) -> Receipt:
            return await seating.apply(desk, await desk.hearing(hearing_id), data)

        return await edge.create(at_desk(run))

    @post("/hearings/{hearing_id:uuid}/close", opt=allow(STAFF), status_code=200)
    async def close(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """截止报名并冻结各组名册."""
        return await change(edge, hearing_id, planning.close_sign_up)

    @post("/hearings/{hearing_id:uuid}/commit", opt=allow(STAFF), status_code=202)
    async def commit(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """计算并公布各组的承诺. Answered at once; the groups' draws say how far the computation is."""
        return await change(edge, hearing_id, seating.begin_commitments, 202)

    @post("/hearings/{hearing_id:uuid}/draw", opt=allow(TYPISTS), status_code=200)
    async def draw(edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[Numbers]) -> Response[bytes]:
        """录入公开数字, once for all groups. Two people type them, each alone; with the second one lots are drawn."""

        async def run(desk: Desk) -> Response[bytes]:
            hearing = await desk.hearing(hearing_id, lock=True)
            await seating.type_numbers(desk, hearing, data.entropy)
            return json_response(await whole(desk, hearing), version=hearing.version)

        return await edge.change(at_desk(run))

    @post("/hearings/{hearing_id:uuid}/replace", opt=allow(STAFF), status_code=200)
    async def fill(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """递补空缺, in every drawn group by its committed rule."""
        return await change(edge, hearing_id, seating.fill_vacancies)

    @post("/hearings/{hearing_id:uuid}/publish-list", opt=allow(STAFF), status_code=200)
    async def publish_list(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """公布参加人名单, masked."""
        return await change(edge, hearing_id, seating.publish_list)

    @post("/hearings/{hearing_id:uuid}/deliver", opt=allow(STAFF), status_code=200)
    async def deliver(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[materials.DeliveryDraft]
    ) -> Response[bytes]:
        """送达材料. `at_the_limit` says how many keep the floor of the clock but not what was planned for."""

        async def run(desk: Desk) -> Delivered:
            hearing = await desk.own_hearing(hearing_id)
            edge.if_match(hearing.version)
            hearing, stands = await materials.deliver(desk, hearing, data)
            awaiting = len(await desk.missing(hearing))
            limit, waived = stands.count("at_the_limit"), stands.count("waived")
            return Delivered(await desk.phase(hearing), len(stands), limit, waived, awaiting)

        return json_response(await edge.change(at_desk(run)))

    @get("/hearings/{hearing_id:uuid}/deliveries", opt=allow(STAFF))
    async def list_deliveries(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """送达记录, for the unit's own staff; reading it is recorded."""

        async def run(desk: Desk) -> Page:
            hearing = await desk.own_hearing(hearing_id)
            await desk.record("read-deliveries", hearing)
            return Page(await delivery_views(desk, hearing), None)

        return json_response(await edge.read(at_desk(run)))

    def with_application(
        edge: OnEdge, code: str, proof: Proof, use_case: Callable[[Desk, Hearing, Application], Awaitable[T]]
    ) -> Awaitable[T]:
        """One's own application, with the hearing that it is for, locked."""

        async def run(desk: Desk) -> T:
            application = await desk.recruiting.holder(code, proof)
            return await use_case(desk, await desk.hearing(application.occasion_id, lock=True), application)

        return edge.change(at_desk(run))

    @get("/applications/{code:str}/materials", opt=allow(PUBLIC))
    async def own_materials(edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """我的材料, with the proof in `X-Manage-Token` or `X-Phone`."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)

        async def run(desk: Desk, hearing: Hearing, application: Application) -> Page:
            return Page(await delivery_views(desk, hearing, application.pseudonym), None)

        return json_response(await with_application(edge, code, proof_of(request), run))

    @post("/applications/{code:str}/receipt", opt=allow(PUBLIC), status_code=200)
    async def acknowledge(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Acknowledgement]
    ) -> Response[bytes]:
        """签收材料: from this day the clock counts; too late it needs the participant's written waiver."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)

        async def run(desk: Desk, hearing: Hearing, application: Application) -> Page:
            hearing = await materials.acknowledge(desk, hearing, application, data.waiver)
            return Page(await delivery_views(desk, hearing, application.pseudonym), None)

        proof = proof_of(request, Proof(data.manage_token, data.phone))
        return json_response(await with_application(edge, code, proof, run))

    @post("/hearings/{hearing_id:uuid}/hold", opt=allow(STAFF), status_code=200)
    async def hold(edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[proceedings.Opening]) -> Response[bytes]:
        """听证会开始, with who is there."""
        return await change(edge, hearing_id, lambda desk, hearing: proceedings.hold(desk, hearing, data))

    @get("/hearings/{hearing_id:uuid}/floor", opt=allow(PUBLIC))
    async def read_floor(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """发言计时, for the clock in the hall."""

        async def run(desk: Desk) -> FloorView:
            return await floor_view(desk, await desk.hearing(hearing_id))

        return json_response(await edge.read(at_desk(run)))

    @post("/hearings/{hearing_id:uuid}/floor", opt=allow(STAFF), status_code=200)
    async def give_floor(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[proceedings.Floor]
    ) -> Response[bytes]:
        """请发言: the one before ends; nobody named: the floor is free."""

        async def run(desk: Desk) -> FloorView:
            hearing = await desk.own_hearing(hearing_id)
            await proceedings.give_floor(desk, hearing, data)
            return await floor_view(desk, hearing)

        return json_response(await edge.change(at_desk(run)))

    @post("/hearings/{hearing_id:uuid}/record", opt=allow(STAFF), status_code=200)
    async def write_record(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[proceedings.RecordDraft]
    ) -> Response[bytes]:
        """写听证笔录: each writing is a new version, and asks everybody anew."""

        async def run(desk: Desk) -> RecordView:
            hearing = await desk.own_hearing(hearing_id)
            await proceedings.write_record(desk, hearing, data)
            return await record_view(desk, hearing)

        return json_response(await edge.change(at_desk(run)))

    @get("/hearings/{hearing_id:uuid}/record", opt=allow(STAFF))
    async def read_record(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """听证笔录, for the unit's own staff."""

        async def run(desk: Desk) -> RecordView:
            return await record_view(desk, await desk.own_hearing(hearing_id))

        return json_response(await edge.read(at_desk(run)))

    @get("/applications/{code:str}/record", opt=allow(PUBLIC))
    async def read_back(edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """笔录宣读: the record, for a participant, with the proof in `X-Manage-Token` or `X-Phone`."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)

        async def run(desk: Desk, hearing: Hearing, application: Application) -> RecordView:
            if application.pseudonym not in {each.pseudonym for each in await desk.seated(hearing, "participant")}:
                raise NotYourRecord
            return await record_view(desk, hearing)

        return json_response(await with_application(edge, code, proof_of(request), run))

    @post("/hearings/{hearing_id:uuid}/confirm", opt=allow(PUBLIC), status_code=200)
    async def confirm(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[proceedings.SignOffDraft]
    ) -> Response[bytes]:
        """确认笔录, or object, or refuse. Participants by code and proof; staff enter what was signed on paper."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(data.code, data.pseudonym)

        async def run(desk: Desk) -> SignOffCounts | None:
            hearing = await proceedings.sign_off(desk, await desk.hearing(hearing_id, lock=True), data)
            return await _counts(desk, hearing)

        return json_response(await edge.change(at_desk(run)))

    @post("/hearings/{hearing_id:uuid}/report", opt=allow(STAFF), status_code=200)
    async def publish_report(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[proceedings.ReportDraft]
    ) -> Response[bytes]:
        """公布听证报告: exactly one disposition for each point."""
        return await change(edge, hearing_id, lambda desk, hearing: proceedings.publish_report(desk, hearing, data))

    @get("/hearings/{hearing_id:uuid}/report", opt=allow(PUBLIC))
    async def read_report(edge: OnEdge, hearing_id: FromPath[UUID]) -> Response[bytes]:
        """听证报告."""

        async def run(desk: Desk) -> ReportView:
            report = await _report(desk, await desk.hearing(hearing_id))
            if report is None:
                raise NotYetPublished
            return report

        return json_response(await edge.read(at_desk(run)))

    @get("/hearings/{hearing_id:uuid}/transcript.json", opt=allow(PUBLIC))
    async def transcript(
        edge: OnEdge,
        hearing_id: FromPath[UUID],
        group: Annotated[str | None, Q(name="group", max_length=50)] = None,
    ) -> Response[bytes]:
        """抽签记录: everything that `kaimen-verify` needs; of `group`, where several groups are drawn."""
        refuse_nul(group)

        async def run(desk: Desk) -> bytes:
            return await _transcript(desk, await desk.hearing(hearing_id), group)

        octets = await edge.read(at_desk(run))
        return json_bytes(octets, headers={"ETag": f'"{lots.digest("document", octets.decode())[:32]}"'})

    @post("/hearings/{hearing_id:uuid}/archive", opt=allow(STAFF), status_code=200)
    async def archive(edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[Filing]) -> Response[bytes]:
        """归档."""
        return await change(
            edge, hearing_id, lambda desk, hearing: proceedings.archive(desk, hearing, data.archive_ref)
        )

    @post("/hearings/{hearing_id:uuid}/postpone", opt=allow(STAFF), status_code=200)
    async def postpone(
        edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[planning.Postponement]
    ) -> Response[bytes]:
        """延期, to a day that is known or not yet; once it is, all clocks run anew."""
        return await change(edge, hearing_id, lambda desk, hearing: planning.postpone_hearing(desk, hearing, data))

    @post("/hearings/{hearing_id:uuid}/cancel", opt=allow(STAFF), status_code=200)
    async def cancel(edge: OnEdge, hearing_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
        """取消."""
        return await change(edge, hearing_id, lambda desk, hearing: planning.cancel_hearing(desk, hearing, data.reason))

    def recruiting_of(work: Work) -> Recruiting:
        return Desk(work, resources.vault, settings).recruiting

    return [
        plan, list_hearings, read, revise, announce, open_, apply, close, commit, draw, fill, publish_list, deliver,
        list_deliveries, own_materials, acknowledge, hold, read_floor, give_floor, write_record, read_record, read_back,
        confirm, publish_report, read_report, transcript, archive, postpone, cancel,
        *recruitment_handlers(resources, recruiting_of),
    ]  # fmt: skip
