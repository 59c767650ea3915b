"""What became of the public's opinions, for everybody: reports, and the clocks by which they are due."""

import asyncio
from typing import Annotated, Any
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
from kaimen.portal.outcome_answers import Clock, Clocks, PublishedReport, ReportLine, Reports, Version, Versions
from kaimen.portal.portal import Feed, Portal, see
from kaimen.portal.registering import faults_of
from kaimen.portal.services import ADOPTION, CALENDAR, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LIST_LIMIT = "20"
CLOCK_LIMIT = "50"


class HolidayYears(msgspec.Struct, frozen=True):
    """Whether the notice of `missing_year` should be here by now."""

    alert: bool
    missing_year: int | None


class ListedReport(msgspec.Struct, frozen=True):
    """A line of the list: the report, its bar, and the clock that it stopped, if one ran."""

    line: ReportLine
    bar: Bar | None
    clock: Clock | None


class VersionLine(msgspec.Struct, frozen=True):
    """A version, and why it was published: "" for the first."""

    version: Version
    reason: str


class ReportPage(msgspec.Struct, frozen=True):
    """Everything that the page of a report shows, ready to be written down; the desk's preview shows the same."""

    report: PublishedReport
    bar: Bar
    compared: list[Compared]
    clock: Clock | None
    consultations: dict[UUID, Consultation]

    @property
    def changed(self) -> list[Compared]:
        return [each for each in self.compared if each.is_changed]


async def report_clock(portal: Portal, visitor: Visitor, item: UUID | None) -> Clock | None:
    """The clock of the report on this decision."""
    if item is None:
        return None
    params = {"item": str(item), "kind": "report", "limit": "1"}
    found = await portal.services.get(f"{ADOPTION}/clocks", Clocks, visitor.public, params=params)
    return next(iter(found.items), None)


async def page_of(portal: Portal, visitor: Visitor, report: PublishedReport) -> ReportPage:
    async def consultation_of(id: UUID) -> Consultation:
        return await portal.services.get(f"{ADOPTION}/consultations/{id}", Consultation, visitor.caller)

    clock = await report_clock(portal, visitor, report.catalogue_item)
    compared = await asyncio.to_thread(compare_sides, report.passages)
    asked = await asyncio.gather(*(consultation_of(each.id) for each in report.consultations))
    by_id = {each.id: each for each in asked}
    return ReportPage(report, tally_bar(report.tally), compared, clock, by_id)


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

    async def version_lines(visitor: Visitor, path: str, current: PublishedReport) -> list[VersionLine]:
        versions = (await services.get(f"{path}/versions", Versions, visitor.public)).items

        async def reason_of(version: Version) -> str:
            if version.number in (1, current.number):
                return current.correction if version.number > 1 else ""
            params = {"version": str(version.number)}
            return (await services.get(path, PublishedReport, visitor.public, params=params)).correction

        reasons = await asyncio.gather(*(reason_of(each) for each in versions))
        return [VersionLine(each, reason) for each, reason in zip(versions, reasons, strict=True)]

    @get("/outcomes/{report_id:uuid}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any],
        report_id: FromPath[UUID],
        version: Annotated[int | None, Q(name="version", ge=1, le=10_000)] = None,
    ) -> Response[bytes]:
        """意见收集和采纳情况: you said, we did."""
        visitor = await portal.visitor(request)
        path = f"{ADOPTION}/reports/{report_id}"
        params = {"version": str(version)} if version else {}
        report = await services.get(path, PublishedReport, visitor.public, params=params)
        versions = await version_lines(visitor, path, report)
        return portal.page(
            visitor, "outcome.html", shown=await page_of(portal, visitor, report), versions=versions,
            is_latest=report.number == versions[-1].version.number, feeds=[adoption_feed(visitor)],
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
        return await board_page(visitor, wanted, [], 200)

    async def board_page(visitor: Visitor, wanted: Wanted, faults: list[FieldFault], status: int) -> Response[bytes]:
        params = {**wanted.params, "limit": CLOCK_LIMIT}
        units, found, years = await asyncio.gather(
            portal.units(visitor),
            services.get(f"{ADOPTION}/clocks", Clocks, visitor.public, params=params),
            services.get(f"{CALENDAR}/years", HolidayYears, visitor.public),
        )
        running = [clock for clock in found.items if clock.state == "running"]
        return portal.page(
            visitor, "clocks.html", status=status, wanted=wanted, units=units, next=found.next, faults=faults,
            clocks=[(clock, clock_bar(clock)) for clock in found.items], feeds=[adoption_feed(visitor)],
            missing_year=years.missing_year if years.alert else None, running=running,
        )  # fmt: skip

    @post("/clocks", opt=allow(PUBLIC))
    async def suspend(request: Request[Any, Any, Any]) -> Response[Any]:
        """中止时限, by the office."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        try:
            body = {name: str(form.get(name, "")) for name in ("from_on", "to_on", "legal_basis", "decided_by")}
            clock = UUID(str(form.get("clock", "")))
            await services.post(f"{ADOPTION}/clocks/{clock}/suspend", Clock, visitor.caller, body)
        except ValueError:
            fault = FieldFault("clock", "请选择一项时限。", "Choose a clock.")
            return await board_page(visitor, Wanted("", "", "", ""), [fault], 422)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await board_page(visitor, Wanted("", "", "", ""), faults, no.problem.status)
        return see("/clocks")

    return [list_reports, show, board, suspend]
