"""What any service says when something of its own belongs into calendars, and what the calendar service itself says
about holiday notices.

The change marks belong to the owner: `sequence` grows with time, place or status (RFC 5545 3.8.7.4), `changed_at`
with anything shown, and neither with anything else.
"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.registry import fact

EntryKind = Literal["openday", "meeting", "hearing", "consultation", "adoption", "deadline"]


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One calendar item, half-open [starts_at, ends_at); `all_day` items begin and end at 00:00 Asia/Shanghai.

    `entry_id` never changes: it becomes the UID. `page` is a path on the portal. `campaign` is the year of an open
    month that the item belongs to. `done_at`: when a duty was met, of kind "deadline"; it is due at 17:00 of its day.
    """

    entry_id: UUID
    uid_kind: str
    kind: EntryKind
    sequence: int
    created_at: datetime
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    summary: str
    status: Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
    unit: str
    description: str = ""
    location: str = ""
    page: str = ""
    categories: tuple[str, ...] = ()
    contact: str = ""
    cancelled_reason: str = ""
    transparent: bool = False
    theme: str = ""
    street_code: str | None = None
    campaign: int | None = None
    done_at: datetime | None = None


@fact("opendays.calendar.changed.v1")
class OpenDayEntriesChanged(msgspec.Struct, frozen=True):
    """活动日历更新: all entries of one event, as they are now."""

    event_id: UUID
    entries: tuple[CalendarEntry, ...]


class NoticeDay(msgspec.Struct, frozen=True):
    """One day that a holiday notice lists: off, or worked to make up for another. `label` names the holiday."""

    day: date
    is_off: bool
    label: str


@fact("calendar.year.loaded.v1")
class YearLoaded(msgspec.Struct, frozen=True, kw_only=True):
    """放假通知载入: one version of the State Council's holiday notice for `year`, whole.

    `papers` are addresses of the notice, `source` says where the data were taken from, `sha256` is of the file that was
    loaded, in hexadecimal. Days that are not listed follow the plain week."""

    year: int
    version: int
    papers: tuple[str, ...]
    source: str
    sha256: str
    days: tuple[NoticeDay, ...]
