"""An event's calendar entries: one per session."""

from kaimen.contracts.calendar import CalendarEntry
from kaimen.kit.clock import SHANGHAI
from kaimen.opendays.domain.events import Event, Session, is_public

STEP_WORDS = {"qa": "答疑", "forum": "座谈", "questionnaire": "问卷"}


def entries_of(event: Event) -> tuple[CalendarEntry, ...]:
    """What calendars show of a public event; nothing for others."""
    if not is_public(event):
        return ()
    return tuple(entry_of(event, session) for session in event.sessions)


def entry_of(event: Event, session: Session) -> CalendarEntry:
    """One session, whoever may see it."""
    cancelled = event.state == "cancelled" or session.state == "cancelled"
    tentative = event.tentative or event.state == "postponed" or session.state == "postponed"
    postponed = not cancelled and session.state == "postponed"
    return CalendarEntry(
        entry_id=session.id,
        uid_kind="openday",
        kind="openday",
        sequence=session.sequence,
        created_at=session.created_at,
        changed_at=max(session.changed_at, event.changed_at),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        all_day=session.all_day,
        summary=("【延期】" if postponed else "") + event.title,
        status="CANCELLED" if cancelled else "TENTATIVE" if tentative else "CONFIRMED",
        unit=event.unit,
        description=_description(event, session),
        location=event.place,
        page=f"/open-days/{event.id}",
        categories=tuple(dict.fromkeys(word for word in ("政府开放活动", event.theme) if word)),
        contact=event.registration.contact,
        cancelled_reason=event.reason if cancelled else "",
        theme=event.theme,
        street_code=event.street_code,
        campaign=event.campaign,
    )


def _description(event: Event, session: Session) -> str:
    steps = "、".join(STEP_WORDS[step] for step in event.interactive_steps)
    closes = session.registration_closes_at
    lines = [
        event.summary,
        f"时间：{session.time_text}" if session.time_text else "",
        f"主办：{event.organiser or event.unit}",
        f"互动：{steps}" if steps else "",
        f"到场：{'、'.join(event.staff)}" if event.staff else "",
        f"人数：{event.capacity_text}" if event.capacity_text else "",
        f"无障碍：{'、'.join(event.accessibility)}" if event.accessibility else "",
        f"报名：{event.registration.note}" if event.registration.note else "",
        f"报名截止：{closes.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if closes else "",
        f"说明：{event.reason}" if event.reason and event.state in ("postponed", "published") else "",
    ]
    return "\n".join(line for line in lines if line)
