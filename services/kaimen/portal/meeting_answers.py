"""What representatives answers, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from kaimen.portal.recruiting_answers import Recruitment


class LiveStream(msgspec.Struct, frozen=True):
    planned: bool = False
    url: str = ""
    replay: str = ""


class AgendaItem(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    catalogue_item: UUID | None = None
    suitable_for_public: bool = True
    unsuitable_reason: str = ""
    live_stream: LiveStream = LiveStream()


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    item: UUID
    representative: str
    summary: str
    said_at: datetime
    due_on: date | None
    outcome: str | None
    reason: str | None
    replied_at: datetime | None


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int
    state: str
    unit: str
    level: str
    title: str
    kind: str
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
    recruitments: tuple[Recruitment, ...] | None = None
    statements: tuple[Statement, ...] | None = None

    def item(self, id: UUID) -> AgendaItem | None:
        return next((item for item in self.items if item.id == id), None)


class Meetings(msgspec.Struct, frozen=True):
    items: tuple[Meeting, ...]
    next: str | None


class Counter(msgspec.Struct, frozen=True):
    unit: str
    level: str
    target: int
    counted: int
    open: int
    coming: int
    invited: int
    forecast: int
    met: bool
    on_track: bool


class Counters(msgspec.Struct, frozen=True):
    items: tuple[Counter, ...]
