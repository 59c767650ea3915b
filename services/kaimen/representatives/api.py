"""Representatives over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from kaimen.kit import lots
from kaimen.kit.auth import PUBLIC, SIGNED_IN, STAFF, allow
from kaimen.kit.clock import local_date
from kaimen.kit.draws.procedure import TYPISTS, chance_of, holders_of, published
from kaimen.kit.draws.refusals import NoSuchDraw, NotInDraw, NotYetPublished
from kaimen.kit.draws.store import Draw
from kaimen.kit.http import (
    OnEdge,
    Page,
    cursor_of,
    first_instant,
    json_bytes,
    json_response,
    limit_of,
    read_cursor,
)
from kaimen.kit.people import Proof
from kaimen.kit.problems import Malformed
from kaimen.kit.service import Resources
from kaimen.kit.work import Role, Work
from kaimen.representatives.app import attending, meetings, recruiting
from kaimen.representatives.app.desk import Desk, RepresentativesSettings, draw_subject
from kaimen.representatives.domain.meetings import (
    AgendaItem,
    Level,
    Meeting,
    MeetingKind,
    Phase,
    Progress,
    phase,
)
from kaimen.representatives.domain.recruiting import (
    SEATED,
    VACATED,
    Application,
    ApplicationState,
    Method,
    Quotas,
    Recruitment,
    RecruitmentState,
    RepresentativeKind,
)
from kaimen.representatives.store.repository import MeetingFilter, Statement

T = TypeVar("T")
Q = QueryParameter
MAY_OPEN: frozenset[Role] = frozenset({"office", "notary", "presider"})
"""Who may see what hidden rows say."""


class StatementView(msgspec.Struct, frozen=True):
    """发言, with the public reply: taken up or not, and why."""

    id: UUID
    item: UUID
    representative: str
    summary: str
    said_at: datetime
    due_on: date | None
    outcome: str | None
    reason: str | None
    replied_at: datetime | None


class DrawView(msgspec.Struct, frozen=True, kw_only=True):
    """How far a draw is. `pool`, `commitment`, `seed`, `panel_number` are empty until they exist; `progress` says how
    far the computation is, or why it failed; `typed`: how many people have typed the public numbers."""

    number: int
    state: str
    reason: str
    rules_sha256: str
    entropy: tuple[lots.Source, ...]
    seats: int
    panels: int
    ruled_at: datetime
    closed_at: datetime | None
    pool_size: int | None
    pool_root: str
    committed_at: datetime | None
    commitment: str
    lowest_ppm: int | None
    optimum_ppm: int | None
    drawn_at: datetime | None
    seed: str
    numbers: str
    panel_number: int | None
    replacements: int
    progress: str
    typed: int


class RecruitmentView(msgspec.Struct, frozen=True, kw_only=True):
    """招募. `counts`: applications by state; `excluded`: by reason."""

    id: UUID
    meeting_id: UUID
    items: tuple[UUID, ...]
    method: Method
    state: RecruitmentState
    taking_applications: bool
    seats: int
    quotas: Quotas
    opens_at: datetime
    closes_at: datetime
    eligibility: tuple[str, ...]
    criteria: str
    rotation_months: int
    one_per_household: bool
    contact: str
    certificate: dict[str, str]
    counts: dict[str, int]
    excluded: dict[str, int]
    draws: tuple[DrawView, ...]


class MeetingView(msgspec.Struct, frozen=True, kw_only=True):
    """决策会议, with everything that became public around it."""

    id: UUID
    version: int
    state: Phase
    unit: str
    level: Level
    title: str
    kind: MeetingKind
    starts_at: datetime
    ends_at: datetime
    place: str
    agenda_fixed: bool
    reason: str
    items: tuple[AgendaItem, ...]
    invited: int
    confirmed: int
    present: int
    statements_taken: int
    replies: int
    attended_at: datetime | None
    recruitments: tuple[RecruitmentView, ...] | None = None
    statements: tuple[StatementView, ...] | None = None


class ListLine(msgspec.Struct, frozen=True):
    """One representative, as published: the name is masked unless its owner consented."""

    pseudonym: str
    name: str
    kind: RepresentativeKind
    how: Method
    state: ApplicationState
    reason: str


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """报名, for its holder. `chance`: in `in_panels` of `panels` equally likely panels; `opening`: what a hidden row
    of the pool says."""

    code: str
    pseudonym: str
    state: ApplicationState
    exclusion: str
    reason: str
    confirm_by: datetime | None
    in_panels: int | None
    panels: int | None
    opening: lots.Opening | None
    recruitment_id: UUID
    meeting_id: UUID
    meeting_title: str
    meeting_starts_at: datetime
    meeting_place: str
    unit: str
    contact: str


class StaffApplication(msgspec.Struct, frozen=True, kw_only=True):
    """报名, for staff who verify."""

    code: str
    pseudonym: str
    state: ApplicationState
    kind: RepresentativeKind
    channel: str
    name: str
    phone: str
    features: dict[str, str]
    verified: dict[str, str] | None
    conflict: bool
    exclusion: str
    reason: str
    confirm_by: datetime | None
    created_at: datetime


class CounterView(msgspec.Struct, frozen=True):
    """Row 40 for one unit and year. `forecast` counts what is under way; `met` and `on_track` compare with `target`."""

    unit: str
    level: Level
    target: int
    counted: int
    open: int
    coming: int
    invited: int
    forecast: int
    met: bool
    on_track: bool


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[str, msgspec.Meta(max_length=500)]


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public numbers, by the id of their source."""

    entropy: dict[str, Annotated[str, msgspec.Meta(max_length=500)]]


def meeting_view(meeting: Meeting, progress: Progress, **more: Any) -> MeetingView:
    shared = {name: getattr(meeting, name) for name in MeetingView.__struct_fields__ if hasattr(meeting, name)}
    counts = {"invited": progress.invited, "confirmed": progress.confirmed, "present": progress.present}
    taken = {"statements_taken": progress.statements, "replies": progress.replies}
    return MeetingView(**{**shared, **counts, **taken, "state": phase(meeting, progress)}, **more)


def statement_view(statement: Statement) -> StatementView:
    return StatementView(
        statement.id, statement.item_id, statement.pseudonym, statement.summary, statement.said_at, statement.due_on,
        statement.outcome, statement.reply, statement.replied_at,
    )  # fmt: skip


def draw_view(draw: Draw, typed: int) -> DrawView:
    rules = msgspec.json.decode(draw.rules)
    commitment = msgspec.json.decode(draw.commitment) if draw.commitment else {}
    made = msgspec.json.decode(draw.drawn) if draw.drawn else {}
    certificate = commitment.get("certificate", {})
    return DrawView(
        number=draw.number,
        state=draw.state,
        reason=draw.reason,
        rules_sha256=lots.digest("rules", rules),
        entropy=msgspec.convert(rules["entropy"], tuple[lots.Source, ...]),
        seats=rules["k"],
        panels=rules["m"],
        ruled_at=draw.ruled_at,
        closed_at=draw.closed_at,
        pool_size=len(msgspec.json.decode(draw.pool)) if draw.pool is not None else None,
        pool_root=lots.merkle_root(msgspec.json.decode(draw.pool)) if draw.pool is not None else "",
        committed_at=draw.committed_at,
        commitment=commitment.get("commitment", ""),
        lowest_ppm=certificate.get("lowest_ppm"),
        optimum_ppm=certificate.get("optimum_ppm"),
        drawn_at=draw.drawn_at,
        seed=made.get("seed", ""),
        numbers=made.get("entropy", ""),
        panel_number=made.get("panel_number"),
        replacements=len(msgspec.json.decode(draw.replacements)) if draw.replacements else 0,
        progress=draw.progress,
        typed=typed,
    )


async def recruitment_view(desk: Desk, recruitment: Recruitment, at: datetime) -> RecruitmentView:
    applications = await desk.store.applications(recruitment.id)
    counts: dict[str, int] = {}
    excluded: dict[str, int] = {}
    for application in applications:
        counts[application.state] = counts.get(application.state, 0) + 1
        if application.exclusion:
            excluded[application.exclusion] = excluded.get(application.exclusion, 0) + 1
    draws = await desk.draws.store.all_of(draw_subject(recruitment.id))
    shared = {
        name: getattr(recruitment, name) for name in RecruitmentView.__struct_fields__ if hasattr(recruitment, name)
    }
    return RecruitmentView(
        **shared,
        taking_applications=recruitment.state == "open" and recruitment.opens_at <= at < recruitment.closes_at,
        counts=counts,
        excluded=excluded,
        draws=tuple([draw_view(draw, len(await desk.draws.typed(draw))) for draw in draws]),
    )


async def application_view(desk: Desk, application: Application) -> ApplicationView:
    recruitment, meeting = await desk.recruitment(application.recruitment_id)
    chance: tuple[int, int] | tuple[None, None] = (None, None)
    opening = None
    try:
        draw = await desk.draws.latest(draw_subject(recruitment.id))
        opening = next((o for o in desk.draws.openings(draw) if o.pseudonym == application.pseudonym), None)
        chance = chance_of(draw, application.pseudonym)
    except (NoSuchDraw, NotYetPublished, NotInDraw):
        pass
    return ApplicationView(
        code=application.code,
        pseudonym=application.pseudonym,
        state=application.state,
        exclusion=application.exclusion,
        reason=application.reason,
        confirm_by=application.confirm_by,
        in_panels=chance[0],
        panels=chance[1],
        opening=opening,
        recruitment_id=recruitment.id,
        meeting_id=meeting.id,
        meeting_title=meeting.title,
        meeting_starts_at=meeting.starts_at,
        meeting_place=meeting.place,
        unit=meeting.unit,
        contact=recruitment.contact,
    )


def staff_view(desk: Desk, meeting: Meeting, application: Application) -> StaffApplication:
    personal = desk.personal(meeting, application)
    shared = {
        name: getattr(application, name) for name in StaffApplication.__struct_fields__ if hasattr(application, name)
    }
    return StaffApplication(**shared, name=personal.name if personal else "", phone=personal.phone if personal else "")


def handlers(resources: Resources) -> list[Any]:
    """The endpoints of this service."""
    settings = resources.settings
    assert isinstance(settings, RepresentativesSettings)

    def at_desk(use_case: Callable[[Desk], Awaitable[T]]) -> Callable[[Work], Awaitable[T]]:
        async def run(work: Work) -> T:
            return await use_case(Desk(work, resources.vault, settings))

        return run

    async def whole(desk: Desk, meeting: Meeting) -> MeetingView:
        progress = (await desk.store.progress([meeting.id]))[meeting.id]
        recruitments = [
            await recruitment_view(desk, each, desk.work.at) for each in await desk.store.recruitments([meeting.id])
        ]
        statements = tuple(statement_view(each) for each in await desk.store.statements(meeting.id))
        return meeting_view(meeting, progress, recruitments=tuple(recruitments), statements=statements)

    def with_meeting(
        edge: OnEdge, id: UUID, use_case: Callable[[Desk, Meeting], Awaitable[Any]]
    ) -> Awaitable[Response[bytes]]:
        """Lock one's own meeting, hold the request against its version, change it, show it."""

        async def run(desk: Desk) -> Response[bytes]:
            meeting = await desk.own_meeting(id)
            edge.if_match(meeting.version)
            await use_case(desk, meeting)
            meeting = await desk.meeting(id)
            return json_response(await whole(desk, meeting), version=meeting.version)

        return edge.change(at_desk(run))

    def with_recruitment(
        edge: OnEdge, id: UUID, use_case: Callable[[Desk, Recruitment, Meeting], Awaitable[Any]], status: int = 200
    ) -> Awaitable[Response[bytes]]:
        """Lock one's own recruitment, change it, show it."""

        async def run(desk: Desk) -> Response[bytes]:
            recruitment, meeting = await desk.own_recruitment(id)
            await use_case(desk, recruitment, meeting)
            recruitment, _ = await desk.recruitment(id)
            return json_response(await recruitment_view(desk, recruitment, desk.work.at), status)

        return edge.change(at_desk(run))

    @post("/meetings", opt=allow(STAFF))
    async def plan_meeting(edge: OnEdge, data: JSONBody[meetings.MeetingDraft]) -> Response[bytes]:
        """公布决策会议, with its agenda."""

        async def run(desk: Desk) -> MeetingView:
            return await whole(desk, await meetings.plan_meeting(desk, data))

        return await edge.create(at_desk(run))

    @get("/meetings", opt=allow(PUBLIC))
    async def list_meetings(
        edge: OnEdge,
        from_: Annotated[date | None, Q(name="from")] = None,
        to: Annotated[date | None, Q(name="to")] = None,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """决策会议列表, by beginning. Days are Shanghai days, `to` included."""
        _refuse_nul(unit, cursor)
        wanted = MeetingFilter(
            first_instant(from_, "from") if from_ else None,
            first_instant(to, "to") + timedelta(days=1) if to else None,
            unit,
            read_cursor(cursor),
            limit_of(limit) + 1,
        )

        async def run(desk: Desk) -> Page:
            found = await desk.store.meetings(wanted)
            progress = await desk.store.progress([meeting.id for meeting in found])
            last = found[limit - 1] if len(found) > limit else None
            items = [meeting_view(meeting, progress[meeting.id]) for meeting in found[:limit]]
            return Page(items, cursor_of(last.starts_at, last.id) if last else None)

        return json_response(await edge.read(at_desk(run)))

    @get("/meetings/{meeting_id:uuid}", opt=allow(PUBLIC))
    async def read_meeting(edge: OnEdge, meeting_id: FromPath[UUID]) -> Response[bytes]:
        """决策会议: agenda, recruitments, representatives' statements and replies."""

        async def run(desk: Desk) -> Response[bytes]:
            meeting = await desk.meeting(meeting_id)
            return json_response(await whole(desk, meeting), version=meeting.version)

        return await edge.read(at_desk(run))

    @patch("/meetings/{meeting_id:uuid}", opt=allow(STAFF))
    async def change_meeting(
        edge: OnEdge, meeting_id: FromPath[UUID], data: JSONBody[meetings.MeetingChange]
    ) -> Response[bytes]:
        """修改会议: time, place, agenda, live stream and replay."""
        return await with_meeting(edge, meeting_id, lambda desk, meeting: meetings.change_meeting(desk, meeting, data))

    @post("/meetings/{meeting_id:uuid}/cancel", opt=allow(STAFF), status_code=200)
    async def cancel_meeting(edge: OnEdge, meeting_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
        """取消会议."""
        return await with_meeting(
            edge, meeting_id, lambda desk, meeting: meetings.cancel_meeting(desk, meeting, data.reason)
        )

    @post("/meetings/{meeting_id:uuid}/no-public", opt=allow(STAFF), status_code=200)
    async def no_public(edge: OnEdge, meeting_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
        """不邀请公众代表, with the reason."""
        return await with_meeting(
            edge, meeting_id, lambda desk, meeting: meetings.hold_without_public(desk, meeting, data.reason)
        )

    @post("/meetings/{meeting_id:uuid}/recruitments", opt=allow(STAFF))
    async def open_recruitment(
        edge: OnEdge, meeting_id: FromPath[UUID], data: JSONBody[recruiting.Call]
    ) -> Response[bytes]:
        """公布招募公告和规则, at least 7 days before sign-up closes."""

        async def run(desk: Desk) -> RecruitmentView:
            meeting = await desk.own_meeting(meeting_id)
            recruitment = await recruiting.open_recruitment(desk, meeting, data)
            return await recruitment_view(desk, recruitment, desk.work.at)

        return await edge.create(at_desk(run))

    @get("/recruitments/{recruitment_id:uuid}", opt=allow(PUBLIC))
    async def read_recruitment(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """招募: rules, window, how far the draw is."""

        async def run(desk: Desk) -> RecruitmentView:
            recruitment, _ = await desk.recruitment(recruitment_id)
            return await recruitment_view(desk, recruitment, desk.work.at)

        return json_response(await edge.read(at_desk(run)))

    @post("/recruitments/{recruitment_id:uuid}/applications", opt=allow(PUBLIC))
    async def apply(
        edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[recruiting.NewApplication]
    ) -> Response[bytes]:
        """报名. The pseudonym is the name under which one stands in the published pool."""
        await edge.limiter.take("apply", edge.address, per_minute=60)

        async def run(desk: Desk) -> recruiting.Receipt:
            recruitment, meeting = await desk.recruitment(recruitment_id)
            return await recruiting.apply(desk, recruitment, meeting, data)

        return await edge.create(at_desk(run))

    @get("/recruitments/{recruitment_id:uuid}/applications", opt=allow(STAFF))
    async def list_applications(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """报名名单, for the unit's own staff; reading it is recorded."""

        async def run(desk: Desk) -> Page:
            recruitment, meeting = await desk.own_recruitment(recruitment_id)
            await desk.work.record("read-applications", f"recruitment:{recruitment.id}")
            found = await desk.store.applications(recruitment_id)
            return Page([staff_view(desk, meeting, each) for each in found], None)

        return json_response(await edge.read(at_desk(run)))

    @post("/applications/{code:str}/verify", opt=allow(STAFF), status_code=200)
    async def verify(edge: OnEdge, code: FromPath[str], data: JSONBody[recruiting.Verification]) -> Response[bytes]:
        """核验: only verified features count in a draw."""
        _refuse_nul(code)

        async def run(desk: Desk) -> StaffApplication:
            application = await recruiting.verify(desk, code, data)
            return staff_view(desk, await desk.meeting(application.meeting_id), application)

        return json_response(await edge.change(at_desk(run)))

    @post("/recruitments/{recruitment_id:uuid}/close", opt=allow(STAFF), status_code=200)
    async def close(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """截止并冻结名册."""
        return await with_recruitment(edge, recruitment_id, recruiting.close_recruitment)

    @post("/recruitments/{recruitment_id:uuid}/commit", opt=allow(STAFF), status_code=202)
    async def commit(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """计算并公布承诺. Answered at once; `progress` of the draw says how far the computation is."""
        return await with_recruitment(
            edge, recruitment_id, lambda desk, recruitment, _: recruiting.begin_commitment(desk, recruitment), 202
        )

    @post("/recruitments/{recruitment_id:uuid}/draw", opt=allow(TYPISTS), status_code=200)
    async def draw(edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[Numbers]) -> Response[bytes]:
        """录入公开数字. Two people type them, each alone; with the second one the draw is made."""

        async def run(desk: Desk) -> Response[bytes]:
            recruitment, meeting = await desk.recruitment(recruitment_id, lock=True)
            await recruiting.type_numbers(desk, recruitment, meeting, data.entropy)
            recruitment, _ = await desk.recruitment(recruitment_id)
            return json_response(await recruitment_view(desk, recruitment, desk.work.at))

        return await edge.change(at_desk(run))

    @post("/recruitments/{recruitment_id:uuid}/redraw", opt=allow(STAFF), status_code=200)
    async def redraw(
        edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[recruiting.SecondDraw]
    ) -> Response[bytes]:
        """再次抽签, with a written reason; the first draw stays visible."""
        return await with_recruitment(
            edge, recruitment_id,
            lambda desk, recruitment, meeting: recruiting.draw_again(desk, recruitment, meeting, data),
        )  # fmt: skip

    @post("/recruitments/{recruitment_id:uuid}/replace", opt=allow(STAFF), status_code=200)
    async def fill(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """递补全部空缺, by the committed rule."""
        return await with_recruitment(edge, recruitment_id, recruiting.fill_vacancies)

    @post("/recruitments/{recruitment_id:uuid}/selection", opt=allow(STAFF), status_code=200)
    async def select(
        edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[recruiting.Selection]
    ) -> Response[bytes]:
        """遴选、推荐、邀请或公证抽签的结果."""
        return await with_recruitment(
            edge, recruitment_id,
            lambda desk, recruitment, meeting: recruiting.select(desk, recruitment, meeting, data),
        )  # fmt: skip

    def document(edge: OnEdge, recruitment_id: UUID, name: str, number: int | None) -> Awaitable[Response[bytes]]:
        async def run(desk: Desk) -> Response[bytes]:
            await desk.recruitment(recruitment_id)
            draws = await desk.draws.store.all_of(draw_subject(recruitment_id))
            chosen = [each for each in draws if number in (None, each.number)]
            if not chosen:
                raise NoSuchDraw
            octets = published(chosen[-1], name)
            return json_bytes(octets, headers={"ETag": f'"{lots.digest("document", octets.decode())[:32]}"'})

        return edge.read(at_desk(run))

    @get("/recruitments/{recruitment_id:uuid}/rules.json", opt=allow(PUBLIC))
    async def rules(
        edge: OnEdge, recruitment_id: FromPath[UUID], number: Annotated[int | None, Q(name="number")] = None
    ) -> Response[bytes]:
        """规则, as canonical JSON; of the latest draw, or of draw `number`."""
        return await document(edge, recruitment_id, "rules", number)

    @get("/recruitments/{recruitment_id:uuid}/pool.json", opt=allow(PUBLIC))
    async def pool(
        edge: OnEdge, recruitment_id: FromPath[UUID], number: Annotated[int | None, Q(name="number")] = None
    ) -> Response[bytes]:
        """名册: pseudonyms and features; rare combinations concealed."""
        return await document(edge, recruitment_id, "pool", number)

    @get("/recruitments/{recruitment_id:uuid}/commitment.json", opt=allow(PUBLIC))
    async def commitment(
        edge: OnEdge, recruitment_id: FromPath[UUID], number: Annotated[int | None, Q(name="number")] = None
    ) -> Response[bytes]:
        """承诺: all panels, published before the public numbers exist."""
        return await document(edge, recruitment_id, "commitment", number)

    @get("/recruitments/{recruitment_id:uuid}/transcript.json", opt=allow(PUBLIC))
    async def transcript(
        edge: OnEdge, recruitment_id: FromPath[UUID], number: Annotated[int | None, Q(name="number")] = None
    ) -> Response[bytes]:
        """抽签记录: everything that `kaimen-verify` needs."""
        return await document(edge, recruitment_id, "transcript", number)

    @get("/recruitments/{recruitment_id:uuid}/openings.json", opt=allow(SIGNED_IN))
    async def openings(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """隐藏行的内容, for the office, the presider and the notary; reading it is recorded."""

        async def run(desk: Desk) -> list[lots.Opening]:
            await desk.recruitment(recruitment_id)
            if edge.actor.role not in MAY_OPEN:
                edge.actor.must_act_for("")
            await desk.work.record("read-openings", draw_subject(recruitment_id))
            return list(desk.draws.openings(await desk.draws.latest(draw_subject(recruitment_id))))

        return json_response(await edge.read(at_desk(run)))

    @get("/recruitments/{recruitment_id:uuid}/list", opt=allow(PUBLIC))
    async def read_list(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """代表名单: who was selected, how, and whether they come; then the reserves in order."""

        async def run(desk: Desk) -> Page:
            recruitment, meeting = await desk.recruitment(recruitment_id)
            if recruitment.state != "settled":
                raise NotYetPublished
            return Page(await list_lines(desk, recruitment, meeting), None)

        return json_response(await edge.read(at_desk(run)))

    async def list_lines(desk: Desk, recruitment: Recruitment, meeting: Meeting) -> list[ListLine]:
        applications = {each.pseudonym: each for each in await desk.store.applications(recruitment.id)}
        draws = await desk.draws.store.all_of(draw_subject(recruitment.id))
        first = holders_of(draws[-1]) if draws else []
        reserve = msgspec.json.decode(draws[-1].drawn)["reserve"] if draws and draws[-1].drawn else []
        seated = [name for name, each in applications.items() if each.state in SEATED or each.state in VACATED]
        order = [*dict.fromkeys([*first, *seated, *reserve])]
        shown = [applications[name] for name in order if applications[name].state not in ("withdrawn", "pooled")]
        return [
            ListLine(
                each.pseudonym, desk.public_name(meeting, each), each.kind, recruitment.method, each.state, each.reason
            )
            for each in shown
        ]

    @get("/applications/{code:str}", opt=allow(PUBLIC))
    async def read_application(edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """查询报名, by code with the manage token in `X-Manage-Token` or the phone number in `X-Phone`."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        _refuse_nul(code)
        proof = Proof(request.headers.get("x-manage-token", ""), request.headers.get("x-phone", ""))

        async def run(desk: Desk) -> ApplicationView:
            return await application_view(desk, await attending.holder(desk, code, proof))

        return json_response(await edge.read(at_desk(run)))

    async def with_proof(
        edge: OnEdge,
        code: str,
        proof: Proof | None,
        use_case: Callable[[Desk, Application], Awaitable[Application]],
        request: Request[Any, Any, Any],
    ) -> Response[bytes]:
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        _refuse_nul(code)
        given = proof or Proof()
        shown = Proof(given.manage_token or request.headers.get("x-manage-token", ""), given.phone)

        async def run(desk: Desk) -> Response[bytes]:
            changed = await use_case(desk, await attending.holder(desk, code, shown))
            return json_response(await application_view(desk, changed))

        return await edge.change(at_desk(run))

    @post("/applications/{code:str}/withdraw", opt=allow(PUBLIC), status_code=200)
    async def withdraw(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """撤回报名."""
        return await with_proof(edge, code, data, attending.withdraw, request)

    @post("/invitations/{code:str}/confirm", opt=allow(PUBLIC), status_code=200)
    async def confirm(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """确认列席."""
        return await with_proof(edge, code, data, attending.confirm_invitation, request)

    @post("/invitations/{code:str}/decline", opt=allow(PUBLIC), status_code=200)
    async def decline(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """放弃列席."""
        return await with_proof(edge, code, data, attending.decline_invitation, request)

    @post("/meetings/{meeting_id:uuid}/attendance", opt=allow(STAFF), status_code=200)
    async def attendance(
        edge: OnEdge, meeting_id: FromPath[UUID], data: JSONBody[attending.AttendanceList]
    ) -> Response[bytes]:
        """登记列席."""
        return await with_meeting(
            edge, meeting_id, lambda desk, meeting: attending.record_attendance(desk, meeting, data)
        )

    @post("/meetings/{meeting_id:uuid}/statements", opt=allow(STAFF))
    async def take_statement(
        edge: OnEdge, meeting_id: FromPath[UUID], data: JSONBody[attending.NewStatement]
    ) -> Response[bytes]:
        """记录发言."""

        async def run(desk: Desk) -> StatementView:
            return statement_view(await attending.take_statement(desk, await desk.own_meeting(meeting_id), data))

        return await edge.create(at_desk(run))

    @post("/statements/{statement_id:uuid}/reply", opt=allow(STAFF), status_code=200)
    async def reply(edge: OnEdge, statement_id: FromPath[UUID], data: JSONBody[attending.Reply]) -> Response[bytes]:
        """公开答复: taken up or not, and why."""

        async def run(desk: Desk) -> StatementView:
            return statement_view(await attending.reply_to_statement(desk, statement_id, data))

        return json_response(await edge.change(at_desk(run)))

    @get("/counters", opt=allow(PUBLIC))
    async def counters(
        edge: OnEdge, year: Annotated[int | None, Q(name="year", ge=2000, le=2100)] = None
    ) -> Response[bytes]:
        """列席次数: the district government at least three times a year, each unit at least once (row 40)."""

        async def run(desk: Desk) -> Page:
            found = await meetings.read_counters(desk, year or local_date(desk.work.at).year)
            items = [
                CounterView(
                    c.unit, c.level, c.target, c.counted, c.open, c.coming, c.invited, c.forecast,
                    c.counted >= c.target, c.forecast >= c.target,
                )
                for c in found
            ]  # fmt: skip
            return Page(items, None)

        return json_response(await edge.read(at_desk(run)))

    return [
        plan_meeting, list_meetings, read_meeting, change_meeting, cancel_meeting, no_public, open_recruitment,
        read_recruitment, apply, list_applications, verify, close, commit, draw, redraw, fill, select, rules, pool,
        commitment, transcript, openings, read_list, read_application, withdraw, confirm, decline, attendance,
        take_statement, reply, counters,
    ]  # fmt: skip


def _refuse_nul(*texts: str | None) -> None:
    if any(text and "\x00" in text for text in texts):
        raise Malformed(what="NUL")
