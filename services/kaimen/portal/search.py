"""One search over everything public."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.answers import FieldFault, Problem
from kaimen.portal.calendar_answers import FoundPages
from kaimen.portal.calendar_words import FOUND_KINDS
from kaimen.portal.filters import Filter
from kaimen.portal.portal import Portal
from kaimen.portal.services import CALENDAR, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
SHOWN = 20


class Wanted(Filter, frozen=True):
    """What a visitor searches; empty means everything."""

    q: str = ""
    kind: str = ""
    unit: str = ""
    cursor: str = ""


def handlers(portal: Portal) -> list[Any]:
    async def ask(visitor: Visitor, wanted: Wanted) -> FoundPages:
        params = {**wanted.params, "limit": str(SHOWN)}
        return await portal.services.get(f"{CALENDAR}/search", FoundPages, visitor.public, params=params)

    @get("/search", opt=allow(PUBLIC))
    async def search(
        request: Request[Any, Any, Any],
        q: Annotated[str, Q(name="q")] = "",
        kind: Annotated[str, Q(name="kind")] = "",
        unit: Annotated[str, Q(name="unit")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """全站查找."""
        visitor = await portal.visitor(request)
        wanted = Wanted(q.strip(), kind if kind in FOUND_KINDS else "", unit, cursor)
        units = await portal.units(visitor)
        found = FoundPages((), None)
        faults: tuple[FieldFault, ...] = ()
        if wanted.q:
            try:
                found = await ask(visitor, wanted)
            except ServiceRefused as no:
                if no.problem.status != 422:
                    raise
                faults = _faults_of(no.problem)
        return portal.page(
            visitor, "search.html", status=422 if faults else 200, wanted=wanted, units=units, found=found.items,
            next=found.next, faults=faults,
        )  # fmt: skip

    return [search]


def _faults_of(problem: Problem) -> tuple[FieldFault, ...]:
    """What is wrong with the words stands at their field; the rest comes from no field of the form."""
    faults = problem.errors or (FieldFault("q", problem.detail, problem.detail_en),)
    return tuple(fault if fault.field == "q" else msgspec.structs.replace(fault, field="") for fault in faults)
