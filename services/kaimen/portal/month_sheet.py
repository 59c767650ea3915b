"""The month on one sheet, for the wall: all that is in the calendars, day by day, in words."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.calendar_answers import CalendarEntries, CalendarEntry
from kaimen.portal.calendar_words import ENTRY_KINDS
from kaimen.portal.months import Month, last_day, month_of, read_month
from kaimen.portal.portal import Feed, Portal
from kaimen.portal.services import CALENDAR
from kaimen.portal.visitor import Visitor

Q = QueryParameter
MOST_PARTS = 10
"""Parts of 200 entries that one sheet takes; more would be read by nobody."""
_FEEDS = {
    "meeting": "/calendar/meetings.ics",
    "hearing": "/calendar/hearings.ics",
    "consultation": "/calendar/consultations.ics",
    "adoption": "/calendar/adoption.ics",
}


class Wanted(msgspec.Struct, frozen=True):
    """What a sheet shows; empty means everything."""

    kind: str = ""
    unit: str = ""

    @property
    def params(self) -> dict[str, str]:
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}

    @property
    def query(self) -> str:
        return f"?{urlencode(self.params)}" if self.params else ""

    @property
    def feed_path(self) -> str:
        """The smallest calendar that holds all that is shown; empty where there is none."""
        if self.kind == "deadline":
            return f"/calendar/deadlines/{self.unit}.ics" if self.unit else ""
        if self.unit:
            return f"/calendar/units/{self.unit}.ics"
        return _FEEDS.get(self.kind, "/calendar/district.ics")


class Sheet(msgspec.Struct, frozen=True):
    """`by_day`: what begins and ends on one day; `running`: what takes longer; `is_cut`: not all of it."""

    month: Month
    by_day: dict[date, list[CalendarEntry]]
    running: list[CalendarEntry]
    is_cut: bool


def sheet_of(first: date, entries: Iterable[CalendarEntry], *, is_cut: bool) -> Sheet:
    by_day: dict[date, list[CalendarEntry]] = {}
    running = []
    for entry in entries:
        if entry.first_on == entry.last_on:
            by_day.setdefault(entry.first_on, []).append(entry)
        else:
            running.append(entry)
    return Sheet(month_of(first, ()), by_day, running, is_cut)


def handlers(portal: Portal) -> list[Any]:
    async def entries_of(visitor: Visitor, first: date, wanted: Wanted) -> tuple[list[CalendarEntry], bool]:
        """Those of the month, and whether there are more."""
        params = {"from": first.isoformat(), "to": last_day(first).isoformat(), "limit": "200", **wanted.params}
        found: list[CalendarEntry] = []
        for _ in range(MOST_PARTS):
            part = await portal.services.get(f"{CALENDAR}/entries", CalendarEntries, visitor.public, params=params)
            found += part.items
            if part.next is None:
                return found, False
            params["cursor"] = part.next
        return found, True

    def feed_of(visitor: Visitor, wanted: Wanted) -> Feed | None:
        title = portal.renderer.text(visitor, "订阅日历")
        return portal.feed(wanted.feed_path, title) if wanted.feed_path else None

    @get("/months/{month:str}", opt=allow(PUBLIC))
    async def month_sheet(
        request: Request[Any, Any, Any],
        month: FromPath[str],
        kind: Annotated[str, Q(name="kind")] = "",
        unit: Annotated[str, Q(name="unit", max_length=50)] = "",
    ) -> Response[bytes]:
        """月历（可打印）."""
        visitor = await portal.visitor(request)
        first = read_month(month)
        if first is None:
            return portal.page(visitor, "failure.html", status=404, code=404, said="")
        units = await portal.units(visitor)
        wanted = Wanted(kind if kind in ENTRY_KINDS else "", unit)
        entries, is_cut = await entries_of(visitor, first, wanted)
        return portal.page(
            visitor, "month_sheet.html", sheet=sheet_of(first, entries, is_cut=is_cut), wanted=wanted, units=units,
            feed=feed_of(visitor, wanted),
        )  # fmt: skip

    return [month_sheet]
