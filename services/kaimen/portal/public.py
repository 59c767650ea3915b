"""Pages for everybody: what is open, when, where, and how to subscribe."""

import asyncio
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from kaimen.contracts.problems import PROBLEM_TYPES
from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.answers import Event, Events, Report, Suggestions, Unit
from kaimen.portal.filters import Filter
from kaimen.portal.months import NO_DAY, NO_MONTH, last_day, month_of, read_day, read_month
from kaimen.portal.open_month_answers import Campaigns
from kaimen.portal.portal import Feed, Portal, see
from kaimen.portal.rendering import STYLE, STYLE_PATH
from kaimen.portal.services import OPENDAYS, OPENMONTH, ServiceAway, ServiceRefused
from kaimen.portal.visitor import CONTRAST_COOKIE, LANGUAGE_COOKIE, SESSION_COOKIE, TEXT_COOKIE, Visitor
from kaimen.portal.words import N_, PROBLEMS

Q = QueryParameter
LIST_LIMIT = "20"
MATTERS: tuple[tuple[str, str], ...] = (
    ("/calendar/meetings.ics", N_("决策会议和代表报名")),
    ("/calendar/hearings.ics", N_("听证会")),
    ("/calendar/consultations.ics", N_("公开征求意见")),
    ("/calendar/adoption.ics", N_("意见采纳：截止与公布")),
)
"""Calendars of one kind of thing, whole district."""
YEAR_SECONDS = 365 * 86400


class Wanted(Filter, frozen=True):
    """What a visitor filters by; empty means everything."""

    unit: str = ""
    theme: str = ""
    month: str = ""
    day: str = ""
    cursor: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.unit or self.theme or self.month or self.day)


def handlers(portal: Portal) -> list[Any]:
    feed = portal.feed

    def district_feed(visitor: Visitor) -> Feed:
        return feed("/calendar/district.ics", portal.renderer.text(visitor, "全区政府开放活动"))

    def unit_feed(visitor: Visitor, unit: str) -> Feed:
        title = portal.renderer.text(visitor, "%(unit)s的开放活动", unit=unit)
        return feed(f"/calendar/units/{unit}.ics", title)

    def theme_feed(visitor: Visitor, theme: str) -> Feed:
        title = portal.renderer.text(visitor, "“%(theme)s”主题的开放活动", theme=theme)
        return feed(f"/calendar/themes/{theme}.ics", title)

    def month_feed(visitor: Visitor, year: int, part: str = "", name: str = "") -> Feed:
        """The open month of a year, or what a unit or theme has in it."""
        title = portal.renderer.text(visitor, "%(year)s 年政府开放月", year=year)
        path = f"open-month/{year}/{part}" if part else f"open-month/{year}"
        return feed(f"/calendar/{path}.ics", f"{title} · {name}" if name else title)

    async def open_months(visitor: Visitor) -> list[int]:
        """The years of those that are published, the latest first; none while that service is away."""
        try:
            found = await portal.services.get(f"{OPENMONTH}/campaigns", Campaigns, visitor.public)
        except ServiceAway:
            return []
        return [campaign.year for campaign in found.items]

    async def events(visitor: Visitor, **params: str) -> Events:
        given = {name.rstrip("_"): value for name, value in params.items() if value}
        return await portal.services.get(f"{OPENDAYS}/events", Events, visitor.public, params=given)

    async def listing(visitor: Visitor, wanted: Wanted, *, title: str, page: str, feeds: list[Feed]) -> Response[bytes]:
        """A list of events with its month table and its calendars. A day or month that is none is named, and what is
        listed instead is what anybody sees without it."""
        faults = []
        if wanted.day and not read_day(wanted.day):
            faults.append(NO_DAY)
        if wanted.month and not read_month(wanted.month):
            faults.append(NO_MONTH if page == "/" else msgspec.structs.replace(NO_MONTH, field=""))
        if faults:
            wanted = msgspec.structs.replace(wanted, day="", month="")
        found, units, themes = await asyncio.gather(
            events(
                visitor,
                **_span(wanted, portal.today),
                unit=wanted.unit,
                theme=wanted.theme,
                cursor=wanted.cursor,
                limit=LIST_LIMIT,
            ),
            portal.units(visitor),
            portal.themes(visitor),
        )
        shown = [event for event in found.items if event.published_at is not None]
        first = read_month(wanted.month) or _first_day(wanted, shown, portal.today).replace(day=1)
        month = await events(
            visitor,
            from_=first.isoformat(),
            to=last_day(first).isoformat(),
            unit=wanted.unit,
            theme=wanted.theme,
            limit="200",
        )
        return portal.page(
            visitor, "list.html", status=422 if faults else 200, faults=faults, title=title, page=page, wanted=wanted,
            events=shown, next=found.next, month=month_of(first, month.items), units=units, themes=themes, feeds=feeds,
            months=_months_around(portal.today), day=read_day(wanted.day),
        )  # fmt: skip

    @get("/", opt=allow(PUBLIC))
    async def home(
        request: Request[Any, Any, Any],
        unit: Annotated[str, Q(name="unit")] = "",
        theme: Annotated[str, Q(name="theme")] = "",
        month: Annotated[str, Q(name="month")] = "",
        day: Annotated[str, Q(name="day")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """开放活动."""
        visitor = await portal.visitor(request)
        feeds = [district_feed(visitor)]
        if unit:
            feeds.insert(0, unit_feed(visitor, unit))
        if theme:
            feeds.insert(0, theme_feed(visitor, theme))
        wanted = Wanted(unit, theme, month, day, cursor)
        return await listing(visitor, wanted, title="", page="/", feeds=feeds)

    @get("/units", opt=allow(PUBLIC))
    async def list_units(request: Request[Any, Any, Any]) -> Response[bytes]:
        """单位."""
        visitor = await portal.visitor(request)
        units, themes = await asyncio.gather(portal.units(visitor), portal.themes(visitor))
        return portal.page(visitor, "units.html", units=units, themes=themes)

    @get("/units/{name:str}", opt=allow(PUBLIC))
    async def unit_page(
        request: Request[Any, Any, Any],
        name: FromPath[str],
        month: Annotated[str, Q(name="month")] = "",
        day: Annotated[str, Q(name="day")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """一个单位的开放活动."""
        visitor = await portal.visitor(request)
        unit = _named(await portal.units(visitor), name)
        if unit is None:
            return missing(visitor)
        feeds = [unit_feed(visitor, name)]
        if unit.code:
            feeds.append(street_feed(visitor, unit))
        wanted = Wanted(name, "", month, day, cursor)
        return await listing(visitor, wanted, title=unit.full_name or name, page=f"/units/{quote(name)}", feeds=feeds)

    def street_feed(visitor: Visitor, unit: Unit) -> Feed:
        title = portal.renderer.text(visitor, "在%(place)s辖区内的活动", place=unit.short_name)
        return feed(f"/calendar/streets/{unit.code}.ics", title)

    @get("/themes/{name:str}", opt=allow(PUBLIC))
    async def theme_page(
        request: Request[Any, Any, Any],
        name: FromPath[str],
        month: Annotated[str, Q(name="month")] = "",
        day: Annotated[str, Q(name="day")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """一个主题的开放活动."""
        visitor = await portal.visitor(request)
        wanted = Wanted("", name, month, day, cursor)
        feeds = [theme_feed(visitor, name)]
        return await listing(visitor, wanted, title=name, page=f"/themes/{quote(name)}", feeds=feeds)

    @get("/streets/{code:str}", opt=allow(PUBLIC))
    async def street_page(
        request: Request[Any, Any, Any],
        code: FromPath[str],
        month: Annotated[str, Q(name="month")] = "",
        day: Annotated[str, Q(name="day")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """一个街镇的开放活动."""
        visitor = await portal.visitor(request)
        unit = next((unit for unit in await portal.units(visitor) if unit.code == code), None)
        if unit is None:
            return missing(visitor)
        wanted = Wanted(unit.short_name, "", month, day, cursor)
        feeds = [street_feed(visitor, unit), unit_feed(visitor, unit.short_name)]
        return await listing(visitor, wanted, title=unit.short_name, page=f"/streets/{code}", feeds=feeds)

    @get("/subscribe", opt=allow(PUBLIC))
    async def subscribe(request: Request[Any, Any, Any]) -> Response[bytes]:
        """订阅日历."""
        visitor = await portal.visitor(request)
        units, themes, years = await asyncio.gather(portal.units(visitor), portal.themes(visitor), open_months(visitor))
        latest = years[0] if years else 0
        return portal.page(
            visitor, "subscribe.html", district=district_feed(visitor),
            months=[month_feed(visitor, year) for year in years],
            month_themes=[month_feed(visitor, latest, f"themes/{theme}", theme) for theme in themes if latest],
            month_units=[
                month_feed(visitor, latest, f"units/{unit.short_name}", unit.short_name) for unit in units if latest
            ],
            matters=[feed(path, portal.renderer.text(visitor, title)) for path, title in MATTERS],
            themes=[(theme, theme_feed(visitor, theme)) for theme in themes],
            units=[(unit.short_name, unit_feed(visitor, unit.short_name)) for unit in units],
        )  # fmt: skip

    @get("/problems/{name:str}", opt=allow(PUBLIC))
    async def problem(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        """一种错误的说明."""
        visitor = await portal.visitor(request)
        known = PROBLEM_TYPES.get(name)
        return portal.page(
            visitor, "problem.html", status=200 if known else 404, name=name, known=known, advice=PROBLEMS.get(name, "")
        )

    @get("/sign-in", opt=allow(PUBLIC))
    async def sign_in(request: Request[Any, Any, Any]) -> Redirect:
        """登录: to accounts, with the same parameters."""
        given = {name: request.query_params[name] for name in ("as", "unit", "name") if name in request.query_params}
        given["next"] = local_path(request.query_params.get("next", "/desk"))
        return Redirect(f"/api/accounts/v1/signin?{urlencode(given)}", status_code=302)

    @post("/sign-out", opt=allow(PUBLIC))
    async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
        """退出登录."""
        visitor = await portal.visitor(request)
        await portal.read_form(visitor)
        if visitor.session:
            await portal.sign_ins.end(visitor.session, visitor.address)
        answer = see("/")
        answer.set_cookie(
            Cookie(SESSION_COOKIE, value="", path="/", max_age=0, secure=True, httponly=True, samesite="lax")
        )
        return answer

    @get("/lang", opt=allow(PUBLIC), sync_to_thread=False)
    def language(to: Annotated[str, Q(name="to")] = "", back: Annotated[str, Q(name="back")] = "/") -> Redirect:
        """换语言: kept in this browser alone."""
        return _keep(LANGUAGE_COOKIE, to if to in ("zh", "en") else "zh", back)

    @get("/look", opt=allow(PUBLIC), sync_to_thread=False)
    def look(
        text: Annotated[str, Q(name="text")] = "",
        contrast: Annotated[str, Q(name="contrast")] = "",
        back: Annotated[str, Q(name="back")] = "/",
    ) -> Redirect:
        """大字版、高对比: kept in this browser alone."""
        if text in ("large", "standard"):
            return _keep(TEXT_COOKIE, text, back)
        return _keep(CONTRAST_COOKIE, "high" if contrast == "high" else "standard", back)

    @get("/robots.txt", opt=allow(PUBLIC), sync_to_thread=False, media_type="text/plain")
    def robots() -> str:
        """Search engines may read what is public, and the feeds; never what belongs to one person."""
        return "User-agent: *\nAllow: /calendar/\nDisallow: /calendar/me/\n" + "".join(
            f"Disallow: {path}\n"
            for path in ("/desk", "/r/", "/t/", "/my", "/opinions/", "/look", "/lang", "/sign-in", "/api/")
        )

    @get(STYLE_PATH, opt=allow(PUBLIC), sync_to_thread=False)
    def style() -> Response[bytes]:
        """The style sheet; its address changes with its content."""
        headers = {"Cache-Control": f"public, max-age={YEAR_SECONDS}, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(STYLE, media_type="text/css", headers=headers)

    @get("/favicon.ico", opt=allow(PUBLIC), sync_to_thread=False, status_code=204)
    def icon() -> None:
        """No icon: browsers that ask anyway get nothing."""

    def missing(visitor: Visitor) -> Response[bytes]:
        return portal.page(visitor, "failure.html", status=404, code=404, said="")

    return [
        home, list_units, unit_page, theme_page, street_page, subscribe, problem, sign_in, sign_out, language, look,
        robots, style, icon,
    ]  # fmt: skip


async def event_context(portal: Portal, visitor: Visitor, event_id: UUID) -> dict[str, Any]:
    """An event with its public report and suggestions. Raises ServiceRefused for an unknown one."""
    path = f"{OPENDAYS}/events/{event_id}"
    event, suggestions = await asyncio.gather(
        portal.services.get(path, Event, visitor.caller),
        portal.services.get(f"{path}/suggestions", Suggestions, visitor.caller),
    )
    report = await _report(portal, visitor, path) if event.state in ("reported", "archived") else None
    return {"event": event, "suggestions": suggestions.items, "report": report}


async def _report(portal: Portal, visitor: Visitor, path: str) -> Report | None:
    try:
        return await portal.services.get(f"{path}/report", Report, visitor.caller)
    except ServiceRefused as no:
        if no.problem.status == 404:
            return None
        raise


def local_path(path: str) -> str:
    """`path` when it stays on this site, else the front page."""
    is_local = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if is_local and path.isprintable() else "/"


def _keep(name: str, value: str, back: str) -> Redirect:
    cookie = Cookie(name, value=value, path="/", max_age=YEAR_SECONDS, secure=False, httponly=True, samesite="lax")
    return Redirect(local_path(back), status_code=302, cookies=[cookie])


def _named(units: tuple[Unit, ...], name: str) -> Unit | None:
    return next((unit for unit in units if unit.short_name == name), None)


def _span(wanted: Wanted, today: date) -> dict[str, str]:
    """The days that a list covers: one day, one month, or everything from today."""
    if day := read_day(wanted.day):
        return {"from_": day.isoformat(), "to": day.isoformat()}
    if first := read_month(wanted.month):
        return {"from_": first.isoformat(), "to": last_day(first).isoformat()}
    return {"from_": today.isoformat()}


def _first_day(wanted: Wanted, shown: list[Event], today: date) -> date:
    """The day whose month the table shows: the chosen one, that of the next event, or today."""
    coming = [session.date for event in shown for session in event.live_sessions if session.date >= today]
    return read_day(wanted.day) or min(coming, default=today)


def _months_around(today: date) -> list[date]:
    """Two months back to nine months on, for the filter."""
    start = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(start - 2, start + 10)]
