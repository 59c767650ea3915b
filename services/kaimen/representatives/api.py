"""Representatives over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from kaimen.kit.auth import PUBLIC, STAFF, allow
from kaimen.kit.clock import local_date
from kaimen.kit.http import (
    OnEdge,
    Page,
    Reason,
    cursor_of,
    first_instant,
    json_response,
    limit_of,
    read_cursor,
    refuse_nul,
)
from kaimen.kit.recruiting.api import RecruitmentView, recruitment_view, recruitment_views
from kaimen.kit.recruiting.api import handlers as recruitment_handlers
from kaimen.kit.recruiting.procedure import Recruiting
from kaimen.kit.service import Resources
from kaimen.kit.work import Work
from kaimen.representatives.app import attending, meetings, recruiting
from kaimen.representatives.app.desk import Desk, RepresentativesSettings
from kaimen.representatives.domain.meetings import (
    AgendaItem,
    Level,
    Meeting,
    MeetingKind,
    Phase,
    Progress,
    phase,
)
from kaimen.representatives.store.repository import MeetingFilter, Statement

T = TypeVar("T")
Q = QueryParameter


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
        recruitments = await recruitment_views(desk.recruiting, desk.occasion_of(meeting))
        statements = tuple(statement_view(each) for each in await desk.store.statements(meeting.id))
        return meeting_view(meeting, progress, recruitments=recruitments, statements=statements)

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
        refuse_nul(unit, cursor)
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
            return await recruitment_view(desk.recruiting, recruitment, desk.occasion_of(meeting))

        return await edge.create(at_desk(run))

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

    def recruiting_of(work: Work) -> Recruiting:
        return Desk(work, resources.vault, settings).recruiting

    return [
        plan_meeting, list_meetings, read_meeting, change_meeting, cancel_meeting, no_public, open_recruitment,
        *recruitment_handlers(resources, recruiting_of), attendance, take_statement, reply, counters,
    ]  # fmt: skip
