"""Major decisions for everybody: the yearly catalogues, who has published one, and each decision from its draft to its
result on one page."""

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.clock import day_start
from kaimen.portal.answers import FieldFault
from kaimen.portal.bars import Bar, Shape, clock_bar
from kaimen.portal.decision_answers import (
    Catalogue,
    Completeness,
    Coverage,
    Difference,
    Item,
    Items,
    PageVersions,
    RevisionText,
)
from kaimen.portal.months import NO_DAY, read_day
from kaimen.portal.outcome_answers import Clocks
from kaimen.portal.portal import Feed, Portal
from kaimen.portal.services import ADOPTION, DECISIONS, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LIST_LIMIT = "20"
FIRST_YEAR = 2022
DAY_TO_COME = FieldFault(
    "as_at", "这一天还没有到，请选择今天或以前的日期。", "That day is still to come; choose today or an earlier one."
)
NOT_YET = "decisions.not-public-then"


class Wanted(msgspec.Struct, frozen=True):
    """Which decisions a visitor looks for."""

    year: int
    q: str = ""
    unit: str = ""
    state: str = ""
    cursor: str = ""

    @property
    def params(self) -> dict[str, str]:
        given = {name: str(getattr(self, name)) for name in self.__struct_fields__}
        return {name: value for name, value in given.items() if value}

    def query(self, **changes: str) -> str:
        return urlencode({name: value for name, value in {**self.params, **changes}.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.unit or self.state or self.cursor)


def meter(completeness: Completeness) -> Bar:
    """What is public of what should be."""
    width = 100.0 if completeness.share is None else round(100 * completeness.share, 1)
    shapes = [Shape("adopted", 0, width), Shape("left", width, 100 - width)]
    return Bar(tuple(each for each in shapes if each.width), 100)


def end_of(day: date) -> str:
    """The last instant of a day in Shanghai, as a service takes it."""
    return (day_start(day + timedelta(days=1)) - timedelta(microseconds=1)).isoformat()


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def district_feed(visitor: Visitor) -> Feed:
        return portal.feed("/calendar/adoption.ics", portal.renderer.text(visitor, "意见采纳：截止与公布"))

    @get("/decisions", opt=allow(PUBLIC))
    async def list_items(
        request: Request[Any, Any, Any],
        year: Annotated[int | None, Q(name="year", ge=2000, le=2099)] = None,
        q: Annotated[str, Q(name="q")] = "",
        unit: Annotated[str, Q(name="unit")] = "",
        in_state: Annotated[str, Q(name="state")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """重大行政决策: the year's items, and which units have published their catalogue."""
        visitor = await portal.visitor(request)
        wanted = Wanted(year or portal.today.year, q[:100], unit[:50], in_state, cursor)
        params = {**wanted.params, "limit": LIST_LIMIT}
        found, coverage = await asyncio.gather(
            services.get(f"{DECISIONS}/items", Items, visitor.public, params=params),
            services.get(
                f"{DECISIONS}/catalogues/coverage", Coverage, visitor.public, params={"year": str(wanted.year)}
            ),
        )
        return portal.page(
            visitor, "decisions.html", wanted=wanted, items=[(item, meter(item.completeness)) for item in found.items],
            next=found.next, coverage=coverage, years=range(portal.today.year, FIRST_YEAR - 1, -1),
            is_over=coverage.due_on < portal.today, feeds=[district_feed(visitor)],
        )  # fmt: skip

    @get("/decisions/catalogues/{catalogue_id:uuid}", opt=allow(PUBLIC))
    async def show_catalogue(
        request: Request[Any, Any, Any],
        catalogue_id: FromPath[UUID],
        revision: Annotated[int | None, Q(name="revision", ge=0, le=10_000)] = None,
    ) -> Response[bytes]:
        """一份目录: its items, its published texts, and how it differs from last year's."""
        visitor = await portal.visitor(request)
        path = f"{DECISIONS}/catalogues/{catalogue_id}"
        catalogue, difference = await asyncio.gather(
            services.get(path, Catalogue, visitor.public),
            services.get(f"{path}/difference", Difference, visitor.public),
        )
        text = None
        if revision is not None:
            text = await services.get(f"{path}/revisions/{revision}", RevisionText, visitor.public)
        return portal.page(visitor, "catalogue.html", catalogue=catalogue, difference=difference, text=text)

    @get("/decisions/{item_id:uuid}", opt=allow(PUBLIC))
    async def show_item(
        request: Request[Any, Any, Any],
        item_id: FromPath[UUID],
        as_at: Annotated[str, Q(name="as_at")] = "",
    ) -> Response[bytes]:
        """一项决策: every step, every facet, its clocks; with `as_at` what the public saw at the end of that day. For a
        day that is none or still to come: today's page, which says so."""
        visitor = await portal.visitor(request)
        path = f"{DECISIONS}/items/{item_id}"
        now = await services.get(path, Item, visitor.public)
        day, fault = read_day(as_at), None
        if as_at and day is None:
            fault = msgspec.structs.replace(NO_DAY, field="as_at")
        elif day is not None and day > portal.today:
            day, fault = None, DAY_TO_COME
        shown = await seen_on(visitor, path, day) if day else now
        versions, clocks = await asyncio.gather(
            services.get(f"{path}/versions", PageVersions, visitor.public),
            services.get(f"{ADOPTION}/clocks", Clocks, visitor.public, params={"item": str(item_id)}),
        )
        status = 422 if fault else 200 if shown else 404
        return portal.page(
            visitor, "decision.html", status=status, item=shown, now=now, day=day, faults=[fault] if fault else [],
            bar=meter(shown.completeness) if shown else None, versions=versions.items, today=portal.today,
            clocks=[(clock, clock_bar(clock)) for clock in clocks.items], feeds=[district_feed(visitor)],
        )  # fmt: skip

    async def seen_on(visitor: Visitor, path: str, day: date) -> Item | None:
        """None: it was not public then."""
        try:
            return await services.get(path, Item, visitor.public, params={"as_at": end_of(day)})
        except ServiceRefused as no:
            if no.problem.reason == NOT_YET:
                return None
            raise

    return [list_items, show_catalogue, show_item]
