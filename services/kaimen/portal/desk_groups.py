"""The units' desk for groups of opinions: proposals beside which people decide, and the matrix of all answers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.adoption_answers import Candidate, Cluster, Proposals
from kaimen.portal.adoption_words import ADOPTION_DONE
from kaimen.portal.answers import FieldFault
from kaimen.portal.desk import staff
from kaimen.portal.desk_consultations import one_consultation
from kaimen.portal.desk_opinions import NOBODY, as_id, at_boxes, matrix_of, numbers_of, put_together
from kaimen.portal.differences import Pieces, marked
from kaimen.portal.filters import Filter
from kaimen.portal.outcome_answers import Group
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import faults_of, number
from kaimen.portal.services import ADOPTION, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
ROWS = 25
"""Groups on one page of the matrix: each has its form."""
NO_OUTCOME = FieldFault("outcome", "请选择处理结果。", "Choose an outcome.")


class Rows(Filter, frozen=True):
    """Which groups the matrix shows: all or those in one `state`, on the page where number `no` is or would be."""

    state: str = ""
    no: str = ""

    def of(self, groups: Sequence[Group]) -> "Shown":
        kept = [each for each in groups if _IN_STATE[self.state](each)]
        place = sum(each.no < (number(self.no) or 0) for each in kept)
        first = min(place, max(0, len(kept) - 1)) // ROWS * ROWS
        before = str(kept[first - ROWS].no) if first else ""
        after = str(kept[first + ROWS].no) if first + ROWS < len(kept) else ""
        return Shown(kept[first : first + ROWS], len(kept), before, after)


class Shown(msgspec.Struct, frozen=True):
    """One page of `total` groups; `before`, `after`: a number on the page before and after it, empty without one."""

    rows: list[Group]
    total: int
    before: str
    after: str


_IN_STATE: Mapping[str, Callable[[Group], bool]] = {
    "": lambda group: True,
    "unanswered": lambda group: group.outcome is None,
    "concentrated": lambda group: group.concentrated,
}


class Marked(msgspec.Struct, frozen=True):
    """A proposed opinion, with what it shares with the first of its group marked."""

    candidate: Candidate
    pieces: Pieces


def marked_group(candidates: tuple[Candidate, ...]) -> list[Marked]:
    """The first one is what the others are held against, so that every shared word is marked in it."""
    shared = tuple(word for each in candidates for word in each.shared)
    return [Marked(each, marked(each.text, each.shared if place else shared)) for place, each in enumerate(candidates)]


def answer_body(form: FormMultiDict) -> dict[str, Any]:
    """The answer to a group; a change is one as soon as its words are there."""
    before, after = str(form.get("before", "")).strip(), str(form.get("after", "")).strip()
    change = {"passage": str(form.get("changed", "")), "before": before, "after": after} if before or after else None
    return {"outcome": str(form.get("outcome", "")), "reason": str(form.get("reason", "")), "change": change}


def wording_body(form: FormMultiDict) -> dict[str, Any]:
    """`concentrated` only where somebody decided otherwise than was shown: a rule may have shown it."""
    body: dict[str, Any] = {"summary": str(form.get("summary", "")), "passage": str(form.get("passage", ""))}
    if ("concentrated" in form) != ("was_concentrated" in form):
        body["concentrated"] = "concentrated" in form
    return body


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def proposal_page(
        visitor: Visitor,
        consultation_id: UUID,
        *,
        group: UUID | None = None,
        cursor: str = "",
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        path = f"{ADOPTION}/consultations/{consultation_id}/proposals"
        params = {name: str(value) for name, value in (("group", group), ("cursor", cursor)) if value}
        consultation, matrix, found = await asyncio.gather(
            one_consultation(portal, visitor, consultation_id),
            matrix_of(portal, visitor, consultation_id),
            services.get(path, Proposals, visitor.caller, params=params),
        )
        tried = str(form.get("proposal", "")) if form else ""
        placed = [FieldFault(f"{each.field}-{tried}", each.detail, each.detail_en) for each in faults or []]
        return portal.page(
            visitor, "desk_proposals.html", status=status, personal=True, consultation=consultation, matrix=matrix,
            found=found, proposals=[marked_group(each.opinions) for each in found.groups],
            group=matrix.group(group) if group else None, given=dict(form or {}), tried=tried,
            chosen=numbers_of(form) if form else [], faults=placed, cursor=cursor, done=ADOPTION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/consultations/{consultation_id:uuid}/proposals", opt=allow(PUBLIC))
    async def show_proposals(
        request: Request[Any, Any, Any],
        consultation_id: FromPath[UUID],
        group: Annotated[UUID | None, Q(name="group")] = None,
        cursor: Annotated[str, Q(name="cursor")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """归并建议: people decide."""
        visitor, _ = await staff(portal, request)
        return await proposal_page(visitor, consultation_id, group=group, cursor=cursor, done=done)

    @post("/desk/consultations/{consultation_id:uuid}/proposals", opt=allow(PUBLIC))
    async def take_proposal(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """归组: those of a proposal that are still ticked."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        sought = str(form.get("sought-group", ""))
        group, cursor = UUID(as_id(sought)) if sought else None, str(form.get("sought-cursor", ""))
        if not numbers_of(form):
            return await proposal_page(
                visitor, consultation_id, group=group, cursor=cursor, form=form, faults=[NOBODY], status=422
            )
        try:
            await put_together(portal, visitor, consultation_id, form)
        except ServiceRefused as no:
            faults = at_boxes(faults_of(no.problem))
            return await proposal_page(
                visitor, consultation_id, group=group, cursor=cursor, form=form, faults=faults,
                status=no.problem.status,
            )  # fmt: skip
        query = urlencode({**({"group": str(group)} if group else {}), "done": "grouped"})
        return see(f"/desk/consultations/{consultation_id}/proposals?{query}")

    async def matrix_page(
        visitor: Visitor,
        consultation_id: UUID,
        wanted: Rows,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        consultation, matrix = await asyncio.gather(
            one_consultation(portal, visitor, consultation_id), matrix_of(portal, visitor, consultation_id)
        )
        tried = str(form.get("no", "")) if form else ""
        placed = [_at_row(each, tried) for each in faults or []]
        return portal.page(
            visitor, "desk_matrix.html", status=status, personal=True, consultation=consultation, matrix=matrix,
            wanted=wanted, shown=wanted.of(matrix.groups), given=dict(form or {}), tried=tried, faults=placed,
            done=ADOPTION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/consultations/{consultation_id:uuid}/matrix", opt=allow(PUBLIC))
    async def show_matrix(
        request: Request[Any, Any, Any],
        consultation_id: FromPath[UUID],
        in_state: Annotated[str, Q(name="state")] = "",
        no: Annotated[str, Q(name="no")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """采纳矩阵."""
        visitor, _ = await staff(portal, request)
        return await matrix_page(visitor, consultation_id, _rows(in_state, no), done=done)

    @post("/desk/consultations/{consultation_id:uuid}/matrix/{group_id:uuid}", opt=allow(PUBLIC))
    async def answer_group(
        request: Request[Any, Any, Any], consultation_id: FromPath[UUID], group_id: FromPath[UUID]
    ) -> Response[Any]:
        """答复、改写、解散一组."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        do, no = str(form.get("do", "answer")), str(form.get("no", ""))
        wanted = _rows(str(form.get("sought-state", "")), no)
        if do == "answer" and not form.get("outcome"):
            return await matrix_page(visitor, consultation_id, wanted, form=form, faults=[NO_OUTCOME], status=422)
        path, version = f"{ADOPTION}/clusters/{group_id}", str(form.get("version", ""))
        try:
            if do == "answer":
                await services.put(f"{path}/answer", Cluster, visitor.caller, answer_body(form), version=version)
            elif do == "reword":
                await services.patch(path, Cluster, visitor.caller, wording_body(form), version=version)
            elif do == "dissolve":
                await services.delete(path, visitor.caller, version=version)
        except ServiceRefused as refusal:
            faults, status = faults_of(refusal.problem), refusal.problem.status
            return await matrix_page(visitor, consultation_id, wanted, form=form, faults=faults, status=status)
        done = {"answer": "answered", "dissolve": "dissolved"}.get(do, "saved")
        anchor = f"#group-{no}" if do != "dissolve" else ""
        return see(f"/desk/consultations/{consultation_id}/matrix?{wanted.query()}&done={done}{anchor}")

    return [show_proposals, take_proposal, show_matrix, answer_group]


def _rows(state: str, no: str) -> Rows:
    return Rows(state if state in _IN_STATE else "", no)


def _at_row(fault: FieldFault, no: str) -> FieldFault:
    """A fault at the field of a group's row: `change.before` is the field before-3."""
    field = fault.field.removeprefix("change.")
    field = "changed" if fault.field == "change.passage" else "before" if field == "change" else field
    return FieldFault(f"{field or 'outcome'}-{no}", fault.detail, fault.detail_en)
