"""Events of a campaign as board, programme and report see them."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import msgspec

from kaimen.contracts.opendays import THEMES_ALSO, EventState, OpenEvent
from kaimen.kit.clock import local_date

LIVE: frozenset[EventState] = frozenset({"published", "held", "reported", "archived"})
"""States in which an event takes place or has taken place."""
HELD: frozenset[EventState] = frozenset({"held", "reported", "archived"})


class Slot(msgspec.Struct, frozen=True):
    """When people are there. Half-open [starts_at, ends_at); `all_day`: only the date is known."""

    starts_at: datetime
    ends_at: datetime
    all_day: bool = False

    @property
    def day(self) -> date:
        """In Shanghai."""
        return local_date(self.starts_at)


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What may clash. `ref` names it: an event by its id, a row that is imported by its number."""

    ref: UUID | int
    title: str
    unit: str
    theme: str = ""
    place: str = ""
    street_code: str | None = None
    staff: tuple[str, ...] = ()
    online: bool = False
    tentative: bool = False
    slots: tuple[Slot, ...] = ()


def theme_of(written: str) -> str:
    """The named theme, where row 42 spells it otherwise; any other text stays as it is."""
    return THEMES_ALSO.get(written, written)


def is_live(event: OpenEvent) -> bool:
    return event.state in LIVE


def is_held(event: OpenEvent) -> bool:
    return event.state in HELD


def slots_of(event: OpenEvent) -> tuple[Slot, ...]:
    """Of the sessions that take place."""
    return tuple(
        Slot(session.starts_at, session.ends_at, session.all_day)
        for session in event.sessions
        if session.state == "scheduled"
    )


def days_of(event: OpenEvent) -> list[date]:
    """The days on which it takes place, in order."""
    return sorted({slot.day for slot in slots_of(event)})


def occasions(events: Iterable[OpenEvent]) -> list[Occasion]:
    """Those that take place: postponed and cancelled ones are in nobody's way."""
    return [
        Occasion(
            ref=event.event_id,
            title=event.title,
            unit=event.unit,
            theme=theme_of(event.theme),
            place=event.place,
            street_code=event.street_code,
            staff=event.staff,
            online=event.online,
            tentative=event.tentative,
            slots=slots_of(event),
        )
        for event in events
        if is_live(event)
    ]
