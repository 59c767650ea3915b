"""From calendar entries to the bytes of a feed, the same in every service."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from litestar import Response
from msgspec.structs import replace

from kaimen.contracts.calendar import CalendarEntry
from kaimen.kit.clock import local_date
from kaimen.kit.ical import Deadline, Entry, Feed, etag, join_feed, render_deadline, render_entry
from kaimen.kit.settings import ServiceSettings

TOMBSTONE = timedelta(days=30)
"""How long a cancelled item stays, after its end or its cancellation, whichever is later (CF2)."""
PAST_DAYS, COMING_DAYS = 90, 400
DUE_AFTER = timedelta(hours=17)
"""From 00:00 of the day on which something is due."""
HEADERS = {
    "Content-Disposition": "inline",
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Vary": "Accept-Encoding",
}
MEDIA_TYPE = "text/calendar"
_ENDED = 3
_HELD: dict[str, tuple[str, Literal["CONFIRMED", "TENTATIVE", "CANCELLED"], int]] = {
    "waitlisted": ("候补", "TENTATIVE", 0),
    "entered": ("待抽签", "TENTATIVE", 0),
    "reserve": ("候补", "TENTATIVE", 0),
    "offered": ("候补待确认", "TENTATIVE", 1),
    "invited": ("受邀待确认", "TENTATIVE", 1),
    "confirmed": ("已报名", "CONFIRMED", 2),
    "attended": ("已出席", "CONFIRMED", 2),
    "checked_in": ("已签到", "CONFIRMED", 2),
    "withdrawn": ("已取消报名", "CANCELLED", _ENDED),
    "lapsed": ("未中签或已过期", "CANCELLED", _ENDED),
    "no_show": ("未到场", "CANCELLED", _ENDED),
    "absent": ("未到场", "CANCELLED", _ENDED),
    "declined": ("已婉拒", "CANCELLED", _ENDED),
}
"""How a sign-up's state reads in a calendar. States that change its status come later in its life, and count more."""


def render(entry: CalendarEntry, public_url: str, uid_domain: str, *, alarms: tuple[timedelta, ...] = ()) -> bytes:
    """The item's content lines. `alarms`, lengths of time before the start, belong in private feeds only."""
    if entry.kind == "deadline":
        return _render_duty(entry, public_url, uid_domain)
    timed = not entry.all_day
    item = Entry(
        uid_kind=entry.uid_kind,
        permanent_id=str(entry.entry_id),
        sequence=entry.sequence,
        created_at=_created(entry),
        changed_at=entry.changed_at,
        summary=entry.summary,
        starts_at=entry.starts_at if timed else None,
        ends_at=entry.ends_at if timed else None,
        starts_on=None if timed else local_date(entry.starts_at),
        ends_on=None if timed else local_date(entry.ends_at),
        description=entry.description,
        location=entry.location,
        url=public_url + entry.page if entry.page else None,
        categories=entry.categories,
        status=entry.status,
        cancelled_reason=entry.cancelled_reason or None,
        transparent=entry.transparent,
        organizer_name=entry.unit,
        organizer_email=f"noreply@{uid_domain}",
        contact=entry.contact or None,
        alarms=alarms,
    )
    return render_entry(item, uid_domain)


def held_by(entry: CalendarEntry, sign_up: UUID, uid_kind: str, state: str, changed_at: datetime) -> CalendarEntry:
    """The occasion as whoever signed up for it has it: what it loses, the sign-up loses too."""
    words, status, steps = _HELD.get(state, ("报名", "TENTATIVE", 0))
    if entry.status == "CANCELLED":
        words, status = "活动取消", "CANCELLED"
    elif entry.status == "TENTATIVE" and status == "CONFIRMED":
        status = "TENTATIVE"
    return replace(
        entry,
        entry_id=sign_up,
        uid_kind=uid_kind,
        sequence=entry.sequence + steps,
        changed_at=max(entry.changed_at, changed_at),
        summary=f"{words}：{entry.summary}",
        status=status,
        cancelled_reason=entry.cancelled_reason or (words if status == "CANCELLED" else ""),
    )


def _render_duty(entry: CalendarEntry, public_url: str, uid_domain: str) -> bytes:
    """A duty is a VTODO with a mirror, due when offices close on its day."""
    duty = Deadline(
        uid_kind=entry.uid_kind,
        permanent_id=str(entry.entry_id),
        sequence=entry.sequence,
        created_at=_created(entry),
        changed_at=entry.changed_at,
        due_at=entry.starts_at + DUE_AFTER,
        summary=entry.summary,
        description=entry.description,
        url=public_url + entry.page if entry.page else None,
        categories=entry.categories,
        provisional=entry.status == "TENTATIVE",
        done_at=entry.done_at,
        cancelled=entry.status == "CANCELLED",
    )
    return render_deadline(duty, uid_domain)


def _created(entry: CalendarEntry) -> datetime:
    """Never after its last change, whatever the clocks of the hosts showed that made and changed it."""
    return min(entry.created_at, entry.changed_at)


def is_shown(entry: CalendarEntry, at: datetime, *, windowed: bool = True) -> bool:
    """Whether a feed shows the entry on the day of `at`: −90 to +400 days, cancelled ones as tombstones."""
    today = local_date(at)
    if entry.status == "CANCELLED":
        return local_date(max(entry.ends_at, entry.changed_at) + TOMBSTONE) >= today
    if not windowed:
        return True
    first, last = local_date(entry.starts_at), local_date(entry.ends_at)
    return last >= today - timedelta(days=PAST_DAYS) and first <= today + timedelta(days=COMING_DAYS)


def order_of(entry: CalendarEntry) -> tuple[datetime, str]:
    return entry.starts_at, str(entry.entry_id)


def respond(head: Feed, entries: Iterable[CalendarEntry], at: datetime, settings: ServiceSettings) -> Response[bytes]:
    """The feed of what is shown at `at`, as an HTTP answer with its entity tag."""
    shown = sorted((entry for entry in entries if is_shown(entry, at)), key=order_of)
    body = join_feed(head, [render(entry, settings.public_url, settings.uid_domain) for entry in shown])
    headers = {**HEADERS, "ETag": etag(body)}
    if shown:
        last_change = max(entry.changed_at for entry in shown)
        headers["Last-Modified"] = last_change.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return Response(body, media_type=MEDIA_TYPE, headers=headers)
