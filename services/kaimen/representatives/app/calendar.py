"""A meeting's calendar entries: the meeting itself, and the time in which one can apply."""

from collections.abc import Sequence
from datetime import timedelta

from kaimen.contracts.calendar import CalendarEntry
from kaimen.kit.clock import SHANGHAI, day_start, local_date
from kaimen.kit.recruiting.rules import OPEN_METHODS, Recruitment
from kaimen.representatives.domain.meetings import Meeting


def entries_of(meeting: Meeting, recruitments: Sequence[Recruitment]) -> tuple[CalendarEntry, ...]:
    """What calendars show. A meeting is tentative until its agenda is fixed."""
    open_ones = [each for each in recruitments if each.method in OPEN_METHODS]
    return (entry_of(meeting), *(_sign_up(meeting, each) for each in open_ones))


def entry_of(meeting: Meeting) -> CalendarEntry:
    """The meeting itself."""
    cancelled = meeting.standing == "cancelled"
    lines = [f"议题：{item.title}" for item in meeting.items if item.suitable_for_public]
    lines += [f"直播：{item.live_stream.url}" for item in meeting.items if item.live_stream.url]
    lines += [f"回看：{item.live_stream.replay}" for item in meeting.items if item.live_stream.replay]
    if meeting.standing == "no_public":
        lines = [f"本次会议不邀请公众代表：{meeting.reason}"]
    return CalendarEntry(
        entry_id=meeting.id,
        uid_kind="meeting",
        kind="meeting",
        sequence=meeting.sequence,
        created_at=meeting.created_at,
        changed_at=meeting.changed_at,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        all_day=False,
        summary=meeting.title,
        status="CANCELLED" if cancelled else "CONFIRMED" if meeting.agenda_fixed else "TENTATIVE",
        unit=meeting.unit,
        description="\n".join(lines),
        location=meeting.place,
        page=f"/meetings/{meeting.id}",
        categories=("决策会议", "公众代表列席"),
        cancelled_reason=meeting.reason if cancelled else "",
    )


def _sign_up(meeting: Meeting, recruitment: Recruitment) -> CalendarEntry:
    """All-day, from the first to the last day of sign-up; it takes nobody's time."""
    cancelled = recruitment.state == "cancelled" or meeting.standing != "planned"
    closes = recruitment.closes_at.astimezone(SHANGHAI)
    last = local_date(recruitment.closes_at - timedelta(microseconds=1))
    return CalendarEntry(
        entry_id=recruitment.id,
        uid_kind="sign-up",
        kind="meeting",
        sequence=1 if cancelled else 0,
        created_at=recruitment.created_at,
        changed_at=max(recruitment.changed_at, meeting.changed_at) if cancelled else recruitment.changed_at,
        starts_at=day_start(local_date(recruitment.opens_at)),
        ends_at=day_start(last + timedelta(days=1)),
        all_day=True,
        summary=f"代表报名：{meeting.title}",
        status="CANCELLED" if cancelled else "CONFIRMED",
        unit=meeting.unit,
        description=f"名额 {recruitment.seats} 人，{closes:%Y-%m-%d %H:%M} 截止。",
        page=f"/meetings/{meeting.id}",
        categories=("公众代表列席", "报名"),
        cancelled_reason=meeting.reason if cancelled else "",
        transparent=True,
    )
