"""A hearing's calendar entries: its notice, the end of sign-up, the hearing itself, its report, and what its unit owes
before it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import uuid5

from msgspec.structs import replace

from kaimen.contracts.calendar import CalendarEntry
from kaimen.hearings.domain.hearings import Hearing
from kaimen.hearings.domain.packs import Clock, ClockKind
from kaimen.kit.clock import SHANGHAI, day_start, local_date

_DUTIES: Mapping[ClockKind, tuple[str, str]] = {
    "notice": ("听证公告期限", "announced_at"),
    "list": ("听证参加人名单公布期限", "list_published_at"),
    "materials": ("听证材料送达期限", "delivered_at"),
}
"""What a clock is called, and the milestone that meets it."""


def entries_of(hearing: Hearing) -> tuple[CalendarEntry, ...]:
    """What calendars show; nothing before the notice. Days of what has happened never move again."""
    if hearing.announced_at is None:
        return ()
    entries = [_notice(hearing, local_date(hearing.announced_at)), entry_of(hearing)]
    if hearing.closes_at is not None:
        entries.append(_sign_up(hearing, local_date(hearing.closes_at - timedelta(microseconds=1))))
    if hearing.reported_at is not None:
        entries.append(_report(hearing, local_date(hearing.reported_at)))
    entries.extend(_duty(hearing, clock) for clock in hearing.pack.clocks if clock.kind in _DUTIES)
    return tuple(entries)


def _duty(hearing: Hearing, clock: Clock) -> CalendarEntry:
    """The last day that keeps the floor; it moves with the hearing."""
    words, milestone = _DUTIES[clock.kind]
    done_at: datetime | None = getattr(hearing, milestone)
    changed_at = max(hearing.changed_at, done_at or hearing.changed_at)
    on = clock.latest_on(hearing.starts_on)
    entry = _day(hearing, f"{clock.kind}-due", on, changed_at, f"{words}：{hearing.title}", clock.source_zh)
    cancelled = hearing.standing == "cancelled"
    return replace(
        entry,
        kind="deadline",
        sequence=hearing.sequence,
        status="CANCELLED" if cancelled else "CONFIRMED",
        cancelled_reason=hearing.reason if cancelled else "",
        done_at=done_at,
    )


def entry_of(hearing: Hearing) -> CalendarEntry:
    """The hearing itself."""
    cancelled = hearing.standing == "cancelled"
    lines = [hearing.matters, "利益相关方：" + "、".join(side.name for side in hearing.sides)]
    if hearing.reason:
        lines.append(f"变更原因：{hearing.reason}")
    return CalendarEntry(
        entry_id=hearing.id,
        uid_kind="hearing",
        kind="hearing",
        sequence=hearing.sequence,
        created_at=hearing.created_at,
        changed_at=hearing.changed_at,
        starts_at=hearing.starts_at,
        ends_at=hearing.ends_at,
        all_day=False,
        summary=hearing.title,
        status="CANCELLED" if cancelled else "TENTATIVE" if hearing.standing == "postponed" else "CONFIRMED",
        unit=hearing.unit,
        description="\n".join(lines),
        location=hearing.place,
        page=f"/hearings/{hearing.id}",
        categories=("听证会",),
        cancelled_reason=hearing.reason if cancelled else "",
    )


def _notice(hearing: Hearing, on: date) -> CalendarEntry:
    assert hearing.announced_at is not None
    said = "草案、说明和参加人的产生办法已公布。"
    return _day(hearing, "notice", on, hearing.announced_at, f"听证公告：{hearing.title}", said)


def _sign_up(hearing: Hearing, on: date) -> CalendarEntry:
    """The one entry that falls with the hearing when it is cancelled."""
    assert hearing.announced_at is not None
    assert hearing.closes_at is not None
    cancelled = hearing.standing == "cancelled"
    closes = hearing.closes_at.astimezone(SHANGHAI)
    said = f"{closes:%Y-%m-%d %H:%M} 截止。"
    changed_at = hearing.changed_at if cancelled else hearing.announced_at
    entry = _day(hearing, "sign-up", on, changed_at, f"听证报名截止：{hearing.title}", said)
    return replace(entry, status="CANCELLED", sequence=1, cancelled_reason=hearing.reason) if cancelled else entry


def _report(hearing: Hearing, on: date) -> CalendarEntry:
    assert hearing.reported_at is not None
    said = "每条意见的处理结果和理由已公布。"
    return _day(hearing, "report", on, hearing.reported_at, f"听证报告：{hearing.title}", said)


def _day(hearing: Hearing, what: str, on: date, changed_at: datetime, summary: str, description: str) -> CalendarEntry:
    """An all-day entry that takes nobody's time."""
    return CalendarEntry(
        entry_id=uuid5(hearing.id, what),
        uid_kind=f"hearing-{what}",
        kind="hearing",
        sequence=0,
        created_at=hearing.created_at,
        changed_at=changed_at,
        starts_at=day_start(on),
        ends_at=day_start(on + timedelta(days=1)),
        all_day=True,
        summary=summary,
        status="CONFIRMED",
        unit=hearing.unit,
        description=description,
        page=f"/hearings/{hearing.id}",
        categories=("听证会",),
        transparent=True,
    )
