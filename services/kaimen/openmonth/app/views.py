"""What readers get of a campaign: board, programme, report, and which events still lack the sign."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import msgspec

from kaimen.contracts.opendays import EventState, OpenEvent, OpenSession, RegistrationMode
from kaimen.kit.clock import SHANGHAI, local_date
from kaimen.openmonth.app.desk import Desk
from kaimen.openmonth.domain.board import Board, board
from kaimen.openmonth.domain.campaigns import Campaign
from kaimen.openmonth.domain.counting import Report, report
from kaimen.openmonth.domain.occasions import days_of, is_held, theme_of
from kaimen.openmonth.store.repository import Sign

COLUMNS = (
    "日期", "时间", "单位", "主题领域", "活动名称", "地点", "面向人群", "人数", "报名方式", "联系方式", "线上", "暂定",
    "状态", "说明",
)  # fmt: skip
_STATES: dict[str, str] = {
    "published": "已发布", "held": "已举办", "reported": "已报告", "archived": "已归档", "postponed": "已延期",
    "cancelled": "已取消",
}  # fmt: skip
_MODES: dict[str, str] = {
    "here": "本平台", "external": "其他网站", "phone": "电话", "invited": "定向邀请", "unknown": "待定",
}  # fmt: skip


class ProgrammeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One session of the programme; of an event that has none yet, the event alone. `all_day`: only the date is known,
    `time_text` says the rest. `page`: where the public reads more and signs up."""

    event_id: UUID
    session_id: UUID | None
    title: str
    unit: str
    theme: str
    day: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    all_day: bool
    time_text: str
    place: str
    audience: str
    capacity_text: str
    mode: RegistrationMode
    contact: str
    online: bool
    tentative: bool
    state: EventState
    reason: str
    page: str


class SignLine(msgspec.Struct, frozen=True, kw_only=True):
    """An event and the evidence that it showed the sign. `reported`: its report says so. `is_missing`: it was held,
    and there is neither."""

    event_id: UUID
    title: str
    unit: str
    days: tuple[date, ...]
    state: EventState
    online: bool
    photo: Sign | None
    reported: bool
    is_missing: bool


async def board_of(desk: Desk, year: int) -> Board:
    return board(await desk.store.events(year), await desk.unit_names())


async def report_of(desk: Desk, campaign: Campaign) -> Report:
    return report(campaign, await desk.store.facts(campaign.year), await desk.unit_names())


async def programme_of(
    desk: Desk, year: int, *, unit: str | None = None, theme: str | None = None, day: date | None = None
) -> list[ProgrammeLine]:
    """By time; None means: any."""
    lines = [line for event in await desk.store.events(year) for line in _lines(event)]
    wanted = [
        line
        for line in lines
        if (unit is None or line.unit == unit)
        and (theme is None or theme_of(line.theme) == theme_of(theme))
        and (day is None or line.day == day)
    ]
    return sorted(wanted, key=_when)


async def signs_of(desk: Desk, year: int) -> list[SignLine]:
    """Held events first that lack evidence; cancelled and postponed ones are left out."""
    photos = await desk.store.signs(year)
    lines = [
        SignLine(
            event_id=fact.event.event_id,
            title=fact.event.title,
            unit=fact.event.unit,
            days=tuple(days_of(fact.event)),
            state=fact.event.state,
            online=fact.event.online,
            photo=photos.get(fact.event.event_id),
            reported=fact.figures is not None and fact.figures.sign_shown,
            is_missing=is_held(fact.event) and not fact.sign_shown,
        )
        for fact in await desk.store.facts(year)
        if fact.event.state not in ("postponed", "cancelled")
    ]
    return sorted(lines, key=lambda line: (not line.is_missing, line.unit, line.days, str(line.event_id)))


def programme_rows(lines: Iterable[ProgrammeLine]) -> list[tuple[str | date | None, ...]]:
    """Cells for `COLUMNS`."""
    return [
        (
            line.day, _time(line), line.unit, line.theme, line.title, line.place, line.audience, line.capacity_text,
            _MODES[line.mode], line.contact, "是" if line.online else "", "是" if line.tentative else "",
            _STATES[line.state], line.reason,
        )
        for line in lines
    ]  # fmt: skip


def _lines(event: OpenEvent) -> list[ProgrammeLine]:
    sessions = [session for session in event.sessions if session.state != "cancelled" or event.state == "cancelled"]
    return [_line(event, session) for session in sessions or [None]]


def _line(event: OpenEvent, session: OpenSession | None) -> ProgrammeLine:
    return ProgrammeLine(
        event_id=event.event_id,
        session_id=session.session_id if session else None,
        title=event.title,
        unit=event.unit,
        theme=event.theme,
        day=local_date(session.starts_at) if session else None,
        starts_at=session.starts_at if session else None,
        ends_at=session.ends_at if session else None,
        all_day=session.all_day if session else True,
        time_text=session.time_text if session else "",
        place=event.place,
        audience=event.audience,
        capacity_text=event.capacity_text,
        mode=event.mode,
        contact=event.contact,
        online=event.online,
        tentative=event.tentative,
        state=event.state,
        reason=event.reason,
        page=f"/open-days/{event.event_id}",
    )


def _when(line: ProgrammeLine) -> tuple[bool, str, str, str]:
    """Those without a time last."""
    at = line.starts_at.isoformat() if line.starts_at else ""
    return line.starts_at is None, at, line.unit, str(line.session_id or line.event_id)


def _time(line: ProgrammeLine) -> str:
    if line.all_day or line.starts_at is None or line.ends_at is None:
        return line.time_text
    starts, ends = line.starts_at.astimezone(SHANGHAI), line.ends_at.astimezone(SHANGHAI)
    return f"{starts:%H:%M}–{ends:%H:%M}"
