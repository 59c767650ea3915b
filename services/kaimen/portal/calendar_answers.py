"""What the calendar answers, as far as the pages show it."""

from datetime import date, datetime, timedelta

import msgspec

from kaimen.kit.clock import local_date


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Half-open [starts_at, ends_at)."""

    starts_at: datetime
    ends_at: datetime
    all_day: bool

    @property
    def first_on(self) -> date:
        return local_date(self.starts_at)

    @property
    def last_on(self) -> date:
        return max(self.first_on, local_date(self.ends_at - timedelta(microseconds=1)))


class Part(msgspec.Struct, frozen=True):
    text: str
    is_match: bool


class Found(Span, frozen=True, kw_only=True):
    """One page that was found."""

    kind: str
    marked_title: tuple[Part, ...]
    unit: str
    status: str
    snippet: tuple[Part, ...]
    page: str


class FoundPages(msgspec.Struct, frozen=True):
    items: tuple[Found, ...]
    next: str | None


class CalendarEntry(Span, frozen=True, kw_only=True):
    """`done_at`: when a duty was met."""

    kind: str
    summary: str
    status: str
    unit: str
    page: str = ""
    location: str = ""
    done_at: datetime | None = None


class CalendarEntries(msgspec.Struct, frozen=True):
    items: tuple[CalendarEntry, ...]
    next: str | None
