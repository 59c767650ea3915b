"""Calendar entries: consultations from their first to their last day, and what is due because of them."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from kaimen.adoption.domain.clocks import Clock, ClockKind, Suspension, state_of
from kaimen.adoption.domain.consultations import Consultation
from kaimen.contracts.calendar import CalendarEntry, EntryKind
from kaimen.kit.clock import day_start

_SAID: dict[ClockKind, str] = {
    "report": "公开意见收集和采纳情况（文件出台后 10 个工作日内）",
    "disclosure": "主动公开期限（20 个工作日，政府信息公开条例第二十六条）",
}


def entries_of_consultation(consultation: Consultation) -> tuple[CalendarEntry, ...]:
    """Its days, and its last day as a duty of the unit; nothing before the notice."""
    if consultation.announced_at is None:
        return ()
    lines = [consultation.summary] if consultation.summary else []
    lines += [f"延长至 {each.closes_on}：{each.reason}" for each in consultation.extensions]
    days = _entry(
        consultation.id,
        "consultation",
        "consultation",
        consultation,
        first=consultation.opens_on,
        last=consultation.closes_on,
        summary=f"征求意见：{consultation.title}",
        description="\n".join(lines),
    )
    closing = _entry(
        uuid5(consultation.id, "closes"),
        "consultation-closes",
        "deadline",
        consultation,
        first=consultation.closes_on,
        last=consultation.closes_on,
        summary=f"征求意见截止：{consultation.title}",
        done_at=consultation.closed_at,
    )
    return days, closing


def entries_of_clock(clock: Clock, today: date) -> tuple[CalendarEntry, ...]:
    """The duty, and for the report's clock what the public sees of it: 截止, then 已公开 or 逾期, under one UID."""
    state = state_of(clock, today)
    said = {"running": "截止", "breached": "逾期", "met": "已公开", "met_late": "逾期公开", "dropped": "不再计时"}[
        state
    ]
    if clock.due_on is None and state == "running":
        said = "待定（待国务院办公厅通知），不早于"
    done_at = day_start(clock.met_on) if clock.met_on else None
    due = _clock_entry(
        clock,
        uuid5(clock.id, "deadline"),
        f"{clock.kind}-due",
        "deadline",
        f"{_SAID[clock.kind]}：{clock.title}",
        done_at,
    )
    if clock.kind == "disclosure":
        return (due,)
    public = _clock_entry(clock, clock.id, "adoption", "adoption", f"采纳情况公开{said}：{clock.title}", None)
    return public, due


def _clock_entry(
    clock: Clock, id: UUID, uid_kind: str, kind: EntryKind, summary: str, done_at: datetime | None
) -> CalendarEntry:
    lines = [f"出台日期：{clock.started_on}"]
    if clock.due_on is None:
        lines.append("下一年度放假安排尚未公布，截止日期待定；最早可能为所示日期。")
    lines += [line for each in clock.suspensions for line in _lines_of(each)]
    return CalendarEntry(
        entry_id=id,
        uid_kind=uid_kind,
        kind=kind,
        sequence=clock.sequence,
        created_at=clock.created_at,
        changed_at=clock.changed_at,
        starts_at=day_start(clock.work_to),
        ends_at=day_start(clock.work_to + timedelta(days=1)),
        all_day=True,
        summary=summary,
        status="CANCELLED" if clock.dropped_on else "TENTATIVE" if clock.due_on is None else "CONFIRMED",
        unit=clock.unit,
        description="\n".join(lines),
        page=f"/decisions/{clock.catalogue_item}",
        categories=("意见采纳",),
        cancelled_reason="决策事项不再推进" if clock.dropped_on else "",
        transparent=True,
        done_at=done_at,
    )


def _lines_of(suspension: Suspension) -> list[str]:
    """As it was first said, and what became of it."""
    said, resumed = f"中止 {suspension.from_on} 至 {suspension.to_on}", suspension.resumed
    if resumed is None:
        return [f"{said}：{suspension.legal_basis}"]
    came = f"自 {resumed.on} 起恢复计时" if suspension.took_effect else "未生效"
    return [f"{said}，{came}：{resumed.reason}", f"中止依据：{suspension.legal_basis}"]


def _entry(
    id: UUID,
    uid_kind: str,
    kind: EntryKind,
    consultation: Consultation,
    *,
    first: date,
    last: date,
    summary: str,
    description: str = "",
    done_at: datetime | None = None,
) -> CalendarEntry:
    """An all-day entry that takes nobody's time."""
    return CalendarEntry(
        entry_id=id,
        uid_kind=uid_kind,
        kind=kind,
        sequence=consultation.sequence,
        created_at=consultation.created_at,
        changed_at=consultation.changed_at,
        starts_at=day_start(first),
        ends_at=day_start(last + timedelta(days=1)),
        all_day=True,
        summary=summary,
        status="CONFIRMED",
        unit=consultation.unit,
        description=description,
        page=f"/consultations/{consultation.id}",
        categories=("征求意见",),
        transparent=True,
        done_at=done_at,
    )
