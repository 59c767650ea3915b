"""The open month for everybody: its programme, its board, its figures and its archive."""

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.months import read_day
from kaimen.portal.open_month_answers import Archive, Board, Campaign, Campaigns, Programme, Report
from kaimen.portal.open_month_tables import by_day, days_heat, days_of, days_plot, not_counted, themes_heat, with_bars
from kaimen.portal.open_month_words import CLASH_KINDS
from kaimen.portal.portal import Feed, Portal
from kaimen.portal.services import OPENMONTH, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LINES_A_PAGE = 200
CLASHES_A_PAGE = 50
MISSED_SHOWN = 100
NOT_ARCHIVED = "openmonth.not-archived"
AS_IT_IS = {"Accept-Encoding": "identity"}
"""A board of two thousand events is 4 MB: to pack it for a caller on the same machine takes longer than to send it."""


class Wanted(msgspec.Struct, frozen=True):
    """What a visitor filters the programme by; `page` counts from 1, 0 means everything on one page."""

    unit: str = ""
    theme: str = ""
    day: str = ""
    page: int = 1

    @property
    def params(self) -> dict[str, str]:
        """As openmonth takes them."""
        return {name: value for name in ("unit", "theme", "day") if (value := getattr(self, name))}

    def query(self, **more: str | int) -> str:
        return urlencode({**self.params, **more})


class WantedClashes(msgspec.Struct, frozen=True):
    """Which part of the board a visitor looks at."""

    theme: str = ""
    kind: str = ""
    unit: str = ""
    page: int = 1

    def query(self, **changes: str | int) -> str:
        chosen = {name: changes.get(name, getattr(self, name)) for name in self.__struct_fields__}
        return urlencode({name: value for name, value in chosen.items() if value and value != 1})

    @property
    def params(self) -> dict[str, str]:
        """As openmonth takes them."""
        named = {"kind": self.kind, "unit": self.unit}
        paged = {"limit": str(CLASHES_A_PAGE), "offset": str((self.page - 1) * CLASHES_A_PAGE)}
        return paged | {name: value for name, value in named.items() if value}


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def path_of(year: int) -> str:
        return f"{OPENMONTH}/campaigns/{year}"

    async def campaign_of(visitor: Visitor, year: int) -> Campaign:
        """As who is signed in may see it: staff also one that is only planned."""
        return await services.get(path_of(year), Campaign, visitor.caller)

    def month_feed(visitor: Visitor, year: int, part: str = "", whose: str = "") -> Feed:
        """The calendar of the month; with `part` (units or themes) that of one unit or theme in it."""
        title = portal.renderer.text(visitor, "%(year)s 年政府开放月", year=year)
        path = f"/calendar/open-month/{year}"
        if not part:
            return portal.feed(f"{path}.ics", title)
        return portal.feed(f"{path}/{part}/{whose}.ics", f"{title} · {whose}")

    def chosen_feeds(visitor: Visitor, year: int, wanted: Wanted) -> list[Feed]:
        """Those of the unit and the theme that a visitor looks at, then that of the month."""
        found = [month_feed(visitor, year)]
        if wanted.theme:
            found.insert(0, month_feed(visitor, year, "themes", wanted.theme))
        if wanted.unit:
            found.insert(0, month_feed(visitor, year, "units", wanted.unit))
        return found

    @get("/open-month", opt=allow(PUBLIC))
    async def latest(request: Request[Any, Any, Any]) -> Response[bytes] | Redirect:
        """政府开放月: the latest that is published."""
        visitor = await portal.visitor(request)
        found = await services.get(f"{OPENMONTH}/campaigns", Campaigns, visitor.public)
        if not found.items:
            return portal.page(visitor, "open_month_none.html")
        return Redirect(f"/open-month/{found.items[0].year}", status_code=302)

    @get("/open-month/{year:int}", opt=allow(PUBLIC))
    async def programme(
        request: Request[Any, Any, Any],
        year: FromPath[int],
        unit: Annotated[str, Q(name="unit")] = "",
        theme: Annotated[str, Q(name="theme")] = "",
        day: Annotated[str, Q(name="day")] = "",
        page: Annotated[int, Q(name="page", ge=0, le=10_000)] = 1,
    ) -> Response[bytes]:
        """活动安排, by day."""
        visitor = await portal.visitor(request)
        wanted = Wanted(unit[:50], theme[:200], day if read_day(day) else "", page)
        campaign, campaigns, all_lines, themes = await asyncio.gather(
            campaign_of(visitor, year),
            services.get(f"{OPENMONTH}/campaigns", Campaigns, visitor.public),
            services.get(f"{path_of(year)}/programme", Programme, visitor.caller),
            portal.themes(visitor),
        )
        lines = all_lines.items
        if wanted.params:
            path = f"{path_of(year)}/programme"
            lines = (await services.get(path, Programme, visitor.caller, params=wanted.params)).items
        first = (page - 1) * LINES_A_PAGE
        shown = lines[first : first + LINES_A_PAGE] if page else lines
        return portal.page(
            visitor, "open_month.html", campaign=campaign, campaigns=campaigns.items, wanted=wanted, themes=themes,
            groups=by_day(shown), found=len(lines), pages=-(-len(lines) // LINES_A_PAGE), today=portal.today,
            days=days_of(all_lines.items), units=sorted({line.unit for line in all_lines.items}),
            sessions=len(all_lines.items), events=len({line.event_id for line in all_lines.items}),
            feeds=chosen_feeds(visitor, year, wanted),
            theme_feeds=[month_feed(visitor, year, "themes", each) for each in themes],
        )  # fmt: skip

    @get("/open-month/{year:int}/board", opt=allow(PUBLIC))
    async def board(
        request: Request[Any, Any, Any],
        year: FromPath[int],
        theme: Annotated[str, Q(name="theme")] = "",
        kind: Annotated[str, Q(name="kind")] = "",
        unit: Annotated[str, Q(name="unit")] = "",
        page: Annotated[int, Q(name="page", ge=1, le=10_000)] = 1,
    ) -> Response[bytes]:
        """活动看板: unit × theme × day, what is missing, what is in each other's way."""
        visitor = await portal.visitor(request)
        wanted = WantedClashes(theme[:200], kind if kind in CLASH_KINDS else "", unit[:50], page)
        campaign, found = await asyncio.gather(
            campaign_of(visitor, year),
            services.get(f"{path_of(year)}/board", Board, visitor.caller, params=wanted.params),
        )
        return portal.page(
            visitor, "open_month_board.html", campaign=campaign, board=found, wanted=wanted,
            by_theme=themes_heat(found), by_days=days_heat(found, campaign, wanted.theme),
            pages=-(-found.fitting // CLASHES_A_PAGE),
        )  # fmt: skip

    @get("/open-month/{year:int}/report", opt=allow(PUBLIC))
    async def report(request: Request[Any, Any, Any], year: FromPath[int]) -> Response[bytes]:
        """开放月情况: figures per unit, theme and day, and who has met row 45."""
        visitor = await portal.visitor(request)
        campaign, found = await asyncio.gather(
            campaign_of(visitor, year), services.get(f"{path_of(year)}/report", Report, visitor.caller)
        )
        missed = [row for row in found.rows if row.why_not not in ("", "not_held")]
        return portal.page(
            visitor, "open_month_report.html", campaign=campaign, report=found, units=with_bars(found.units),
            themes=with_bars(found.themes), plot=days_plot(found, campaign), reasons=not_counted(found),
            missed=missed[:MISSED_SHOWN], missed_more=max(0, len(missed) - MISSED_SHOWN),
        )  # fmt: skip

    @get("/open-month/{year:int}/archive", opt=allow(PUBLIC))
    async def archive(request: Request[Any, Any, Any], year: FromPath[int]) -> Response[bytes]:
        """开放月档案: what is kept, and before that when it will be."""
        visitor = await portal.visitor(request)
        campaign = await campaign_of(visitor, year)
        return portal.page(visitor, "open_month_archive.html", campaign=campaign, kept=await kept_of(visitor, year))

    async def kept_of(visitor: Visitor, year: int) -> Archive | None:
        try:
            return await services.get(f"{path_of(year)}/archive", Archive, visitor.caller)
        except ServiceRefused as no:
            if no.problem.reason == NOT_ARCHIVED:
                return None
            raise

    return [latest, programme, board, report, archive]
