"""What became of the public's opinions, for everybody: reports, and the clocks by which they are due."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.adoption_answers import Consultation
from kaimen.portal.answers import FieldFault
from kaimen.portal.bars import Bar, clock_bar, tally_bar
from kaimen.portal.consultations import Wanted
from kaimen.portal.differences import Compared, compare_sides
from kaimen.portal.outcome_answers import Clock, Clocks, Group, PublishedReport, ReportLine, Reports, Versions
from kaimen.portal.portal import Feed, Portal, see
from kaimen.portal.registering import faults_of
from kaimen.portal.services import ADOPTION, CALENDAR, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LIST_LIMIT = "20"
CLOCK_LIMIT = "50"
GROUPS = 100
"""Groups on one page of a report."""


class HolidayYears(msgspec.Struct, frozen=True):
    """Whether the notice of `missing_year` should be here by now."""

    alert: bool
    missing_year: int | None


class ListedReport(msgspec.Struct, frozen=True):
    """A line of the list: the report, its bar, and the clock that it stopped, if one ran."""

    line: ReportLine
    bar: Bar | None
    clock: Clock | None


class ReportPage(msgspec.Struct, frozen=True, dict=True, kw_only=True):
    """Everything that the page of a report at `path` shows, ready to be written down; the desk's preview shows the
    same. `version`: the one that was asked for; `wanted`: which of its pages of groups."""

    report: PublishedReport
    bar: Bar
    compared: list[Compared]
    clock: Clock | None
    consultations: dict[UUID, Consultation]
    path: str
    version: int | None
    wanted: int

    @property
    def changed(self) -> list[Compared]:
        return [each for each in self.compared if each.is_changed]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.report.groups) // GROUPS))

    @property
    def number(self) -> int:
        """The page that is shown."""
        return min(self.wanted, self.pages)

    @property
    def groups(self) -> list[Group]:
        return self.report.ordered_groups[(self.number - 1) * GROUPS : self.number * GROUPS]

    def address(self, number: int) -> str:
        """Of another page of groups."""
        given = {"version": self.version, "groups": number if number > 1 else None}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return f"{self.path}?{query}" if query else self.path

    @cached_property
    def links(self) -> dict[str, str]:
        """Where the group of each anchor is: on this page or on another."""
        anchors = self.report.anchors
        found = {}
        for place, group in enumerate(self.report.ordered_groups):
            number, anchor = place // GROUPS + 1, anchors[group.id]
            found[anchor] = f"{'' if number == self.number else self.address(number)}#{anchor}"
        return found


async def report_clock(portal: Portal, visitor: Visitor, item: UUID | None) -> Clock | None:
    """The clock of the report on this decision."""
    if item is None:
        return None
    params = {"item": str(item), "kind": "report", "limit": "1"}
    found = await portal.services.get(f"{ADOPTION}/clocks", Clocks, visitor.public, params=params)
    return next(iter(found.items), None)


async def page_of(
    portal: Portal,
    visitor: Visitor,
    report: PublishedReport,
    path: str,
    *,
    version: int | None = None,
    groups: int | None = None,
) -> ReportPage:
    async def consultation_of(id: UUID) -> Consultation:
        return await portal.services.get(f"{ADOPTION}/consultations/{id}", Consultation, visitor.caller)

    clock = await report_clock(portal, visitor, report.catalogue_item)
    compared = await asyncio.to_thread(compare_sides, report.passages)
    asked = await asyncio.gather(*(consultation_of(each.id) for each in report.consultations))
    by_id = {each.id: each for each in asked}
    return ReportPage(
        report=report, bar=tally_bar(report.tally), compared=compared, clock=clock, consultations=by_id, path=path,
        version=version, wanted=groups or 1,
    )  # fmt: skip


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def adoption_feed(visitor: Visitor) -> Feed:
        return portal.feed("/calendar/adoption.ics", portal.renderer.text(visitor, "意见采纳：截止与公布"))

    @get("/outcomes", opt=allow(PUBLIC))
    async def list_reports(
        request: Request[Any, Any, Any],
        q: Annotated[str, Q(name="q")] = "",
        unit: Annotated[str, Q(name="unit")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """采纳情况."""
        visitor = await portal.visitor(request)
        wanted = Wanted(q[:100], unit[:50], "", cursor)
        params = {**wanted.params, "limit": LIST_LIMIT}
        units, found = await asyncio.gather(
            portal.units(visitor), services.get(f"{ADOPTION}/reports", Reports, visitor.public, params=params)
        )
        clocks = await asyncio.gather(*(report_clock(portal, visitor, line.catalogue_item) for line in found.items))
        lines = [
            ListedReport(line, tally_bar(line.tally) if line.tally else None, clock)
            for line, clock in zip(found.items, clocks, strict=True)
        ]
        return portal.page(
            visitor, "outcomes.html", wanted=wanted, units=units, lines=lines, next=found.next,
            feeds=[adoption_feed(visitor)],
        )  # fmt: skip

    @get("/outcomes/{report_id:uuid}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any],
        report_id: FromPath[UUID],
        version: Annotated[int | None, Q(name="version", ge=1, le=10_000)] = None,
        groups: Annotated[int | None, Q(name="groups", ge=1, le=10_000)] = None,
    ) -> Response[bytes]:
        """意见收集和采纳情况: you said, we did."""
        visitor = await portal.visitor(request)
        path = f"{ADOPTION}/reports/{report_id}"
        params = {"version": str(version)} if version else {}
        report = await services.get(path, PublishedReport, visitor.public, params=params)
        versions = (await services.get(f"{path}/versions", Versions, visitor.public)).items
        shown = await page_of(portal, visitor, report, f"/outcomes/{report_id}", version=version, groups=groups)
        return portal.page(
            visitor, "outcome.html", shown=shown, versions=versions,
            is_latest=report.number == versions[-1].number, feeds=[adoption_feed(visitor)],
        )  # fmt: skip

    @get("/clocks", opt=allow(PUBLIC))
    async def board(
        request: Request[Any, Any, Any],
        unit: Annotated[str, Q(name="unit")] = "",
        in_state: Annotated[str, Q(name="state")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """时限公示: who owes which report until when, and who was late."""
        visitor = await portal.visitor(request)
        wanted = Wanted("", unit[:50], in_state, cursor)
        return await board_page(visitor, wanted)

    async def board_page(
        visitor: Visitor,
        wanted: Wanted,
        faults: Sequence[FieldFault] = (),
        status: int = 200,
        typed: Mapping[str, str] | None = None,
    ) -> Response[bytes]:
        """`typed`: what a refused form comes back with."""
        params = {**wanted.params, "limit": CLOCK_LIMIT}
        units, found, years = await asyncio.gather(
            portal.units(visitor),
            services.get(f"{ADOPTION}/clocks", Clocks, visitor.public, params=params),
            services.get(f"{CALENDAR}/years", HolidayYears, visitor.public),
        )
        running = [clock for clock in found.items if clock.state == "running"]
        resumable = [(clock, each) for clock in found.items for each in clock.resumable(portal.today)]
        return portal.page(
            visitor, "clocks.html", status=status, wanted=wanted, units=units, next=found.next, faults=faults,
            clocks=[(clock, clock_bar(clock)) for clock in found.items], feeds=[adoption_feed(visitor)],
            missing_year=years.missing_year if years.alert else None, running=running, resumable=resumable,
            typed=typed or dict.fromkeys(_TYPED, ""),
        )  # fmt: skip

    async def suspend(visitor: Visitor, typed: Mapping[str, str]) -> None:
        body = {name: typed[name] for name in ("from_on", "to_on", "legal_basis", "decided_by")}
        await services.post(f"{ADOPTION}/clocks/{UUID(typed['clock'])}/suspend", Clock, visitor.caller, body)

    async def resume(visitor: Visitor, typed: Mapping[str, str]) -> None:
        clock, _, from_on = typed["suspension"].partition("/")
        body = {"from_on": from_on, "decided_by": typed["resumed_by"]}
        body |= {name: typed[name] for name in ("resumed_on", "reason")}
        await services.post(f"{ADOPTION}/clocks/{UUID(clock)}/resume", Clock, visitor.caller, body)

    @post("/clocks", opt=allow(PUBLIC))
    async def change_clock(request: Request[Any, Any, Any]) -> Response[Any]:
        """中止时限 or 恢复计时, by the office."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        typed = {name: str(form.get(name, "")) for name in _TYPED}
        resumes = typed["do"] == "resume"
        try:
            await (resume if resumes else suspend)(visitor, typed)
        except ValueError:
            faults, status = [_NO_SUSPENSION if resumes else _NO_CLOCK], 422
        except ServiceRefused as no:
            faults, status = faults_of(no.problem), no.problem.status
            if resumes:
                faults = [msgspec.structs.replace(each, field=_PLACES.get(each.field, each.field)) for each in faults]
        else:
            return see("/clocks")
        return await board_page(visitor, Wanted(), faults, status, typed)

    return [list_reports, show, board, change_clock]


_TYPED = (
    "do", "clock", "from_on", "to_on", "legal_basis", "decided_by", "suspension", "resumed_on", "reason", "resumed_by",
)  # fmt: skip
"""Fields of both forms that change a clock; `do` says which one was sent."""
_PLACES = {"from_on": "suspension", "decided_by": "resumed_by"}
"""Where the form for resuming, which stands beside the other one, has a field of the service."""
_NO_CLOCK = FieldFault("clock", "请选择一项时限。", "Choose a clock.")
_NO_SUSPENSION = FieldFault("suspension", "请选择一项中止。", "Choose a suspension.")
