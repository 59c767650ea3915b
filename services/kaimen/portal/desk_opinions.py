"""The units' desk for opinions: read, group, set aside, show or withhold, ask for a contact."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.refusals import Refusal
from kaimen.portal.adoption_answers import Attachment, Cluster, Opinion, Opinions
from kaimen.portal.adoption_words import ADOPTION_DONE
from kaimen.portal.answers import FieldFault
from kaimen.portal.desk import staff, uploaded
from kaimen.portal.desk_consultations import one_consultation
from kaimen.portal.filters import Filter
from kaimen.portal.form_fields import as_seen
from kaimen.portal.opinions import at_file, once_only
from kaimen.portal.outcome_answers import Matrix
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import fault_of, faults_of, number
from kaimen.portal.services import ADOPTION, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LIST_LIMIT = "50"
NEW = "new"
"""What a form says for "in a new group"."""
NOBODY = FieldFault("numbers", "请勾选意见。", "Choose opinions.")


class Sought(Filter, frozen=True):
    """Which opinions staff look at."""

    state: str = "waiting"
    channel: str = ""
    passage: str = ""
    q: str = ""
    group: str = ""
    cursor: str = ""

    @property
    def params(self) -> dict[str, str]:
        """The same for adoption; members of a group are shown whatever their state."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.group or self.state == "all":
            given["state"] = ""
        return {name: value for name, value in given.items() if value}


def numbers_of(form: FormMultiDict) -> list[int]:
    """The opinions that were ticked; one box may stand for several with the same words."""
    typed = " ".join(str(each) for each in form.getall("numbers", [])).replace(",", " ")
    return [no for no in (number(each, 1) for each in typed.split()) if no is not None]


async def matrix_of(portal: Portal, visitor: Visitor, consultation_id: UUID) -> Matrix:
    path = f"{ADOPTION}/consultations/{consultation_id}/matrix"
    return await portal.services.get(path, Matrix, visitor.caller)


async def put_together(portal: Portal, visitor: Visitor, consultation_id: UUID, form: FormMultiDict) -> None:
    """In a new group with its sentence, or into one that there is. Raises ServiceRefused."""
    chosen = numbers_of(form)
    target = str(form.get("target", NEW))
    if target != NEW:
        await portal.services.patch(f"{ADOPTION}/clusters/{as_id(target)}", Cluster, visitor.caller, {"add": chosen})
        return
    body = {
        "summary": str(form.get("summary", "")),
        "passage": str(form.get("passage", "")),
        "opinions": chosen,
        "concentrated": "concentrated" in form,
    }
    path = f"{ADOPTION}/consultations/{consultation_id}/clusters"
    await portal.services.post(path, Cluster, visitor.caller, body)


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    async def list_page(
        visitor: Visitor,
        consultation_id: UUID,
        sought: Sought,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        path = f"{ADOPTION}/consultations/{consultation_id}/opinions"
        params = {**sought.params, "limit": LIST_LIMIT}
        consultation, matrix, found = await asyncio.gather(
            one_consultation(portal, visitor, consultation_id),
            matrix_of(portal, visitor, consultation_id),
            services.get(path, Opinions, visitor.caller, params=params),
        )
        one = next((each for each in matrix.groups if str(each.id) == sought.group), None)
        return portal.page(
            visitor, "desk_opinions.html", status=status, personal=True, consultation=consultation, matrix=matrix,
            found=found.items, next=found.next, sought=sought, one=one,
            groups={each.id: each for each in matrix.groups},
            given=dict(form or {}), chosen=numbers_of(form) if form else [], faults=faults or [],
            done=ADOPTION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/consultations/{consultation_id:uuid}/opinions", opt=allow(PUBLIC))
    async def show_list(
        request: Request[Any, Any, Any],
        consultation_id: FromPath[UUID],
        in_state: Annotated[str, Q(name="state")] = "waiting",
        channel: Annotated[str, Q(name="channel")] = "",
        passage: Annotated[str, Q(name="passage")] = "",
        q: Annotated[str, Q(name="q")] = "",
        group: Annotated[UUID | None, Q(name="group")] = None,
        cursor: Annotated[str, Q(name="cursor")] = "",
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """意见列表: those that wait for a group first."""
        visitor, _ = await staff(portal, request)
        sought = Sought(in_state, channel, passage[:30], q[:100], str(group or ""), cursor)
        return await list_page(visitor, consultation_id, sought, done=done)

    @post("/desk/consultations/{consultation_id:uuid}/opinions", opt=allow(PUBLIC))
    async def group_chosen(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """归组: the ticked opinions."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        sought = Sought(**{name: str(form.get(f"sought-{name}", "")) for name in Sought.__struct_fields__})
        if not numbers_of(form):
            return await list_page(visitor, consultation_id, sought, form=form, faults=[NOBODY], status=422)
        try:
            if form.get("do") == "remove":
                body = {"remove": numbers_of(form)}
                await services.patch(f"{ADOPTION}/clusters/{as_id(sought.group)}", Cluster, visitor.caller, body)
            else:
                await put_together(portal, visitor, consultation_id, form)
        except ServiceRefused as no:
            faults = at_boxes(faults_of(no.problem))
            return await list_page(visitor, consultation_id, sought, form=form, faults=faults, status=no.problem.status)
        done = "removed" if form.get("do") == "remove" else "grouped"
        return see(f"/desk/consultations/{consultation_id}/opinions?{sought.query(cursor='')}&done={done}")

    async def one_page(
        visitor: Visitor,
        consultation_id: UUID,
        no: int,
        *,
        contact: str | None = None,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        """One opinion without its contact: of the list, since reading a contact is recorded."""
        path = f"{ADOPTION}/consultations/{consultation_id}/opinions"
        params = {"cursor": str(max(0, no - 1)), "limit": "1"}
        consultation, matrix, found = await asyncio.gather(
            one_consultation(portal, visitor, consultation_id),
            matrix_of(portal, visitor, consultation_id),
            services.get(path, Opinions, visitor.caller, params=params),
        )
        opinion = next((each for each in found.items if each.no == no), None)
        if opinion is None:
            return portal.page(visitor, "failure.html", status=404, personal=True, code=404, said="")
        return portal.page(
            visitor, "desk_opinion.html", status=status, personal=True, consultation=consultation, matrix=matrix,
            opinion=opinion, contact=contact, group=matrix.group(opinion.group) if opinion.group else None,
            given=dict(form or {}), faults=faults or [], seal=portal.seals.new(), done=ADOPTION_DONE.get(done, ""),
        )  # fmt: skip

    @get("/desk/consultations/{consultation_id:uuid}/opinions/{no:int}", opt=allow(PUBLIC))
    async def show_one(
        request: Request[Any, Any, Any],
        consultation_id: FromPath[UUID],
        no: FromPath[int],
        done: Annotated[str, Q(name="done")] = "",
    ) -> Response[bytes]:
        """一条意见."""
        visitor, _ = await staff(portal, request)
        return await one_page(visitor, consultation_id, no, done=done)

    @post("/desk/consultations/{consultation_id:uuid}/opinions/{no:int}/{step:str}", opt=allow(PUBLIC))
    async def act(
        request: Request[Any, Any, Any], consultation_id: FromPath[UUID], no: FromPath[int], step: FromPath[str]
    ) -> Response[Any]:
        """不单独处理、取消、公开与否; and 查看联系方式, which is recorded, so it is asked for by a form."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        path = f"{ADOPTION}/consultations/{consultation_id}/opinions/{no}"
        try:
            if step == "contact":
                contact = (await services.get(path, Opinion, visitor.caller)).contact
                return await one_page(visitor, consultation_id, no, contact=contact or "")
            if step in ("set-aside", "take-back", "moderate"):
                body = _step_body(step, form)
                await services.post(f"{path}/{step}", Opinion, visitor.caller, body, headers=as_seen(form))
        except ServiceRefused as refusal:
            faults = [_of_step(step, each) for each in faults_of(refusal.problem)]
            return await one_page(visitor, consultation_id, no, form=form, faults=faults, status=refusal.problem.status)
        done = {"set-aside": "aside", "take-back": "taken-back", "moderate": "moderated"}.get(step, "")
        return see(f"/desk/consultations/{consultation_id}/opinions/{no}?done={done}")

    @post("/desk/consultations/{consultation_id:uuid}/opinions/{no:int}/attachments", opt=allow(PUBLIC))
    async def attach(
        request: Request[Any, Any, Any], consultation_id: FromPath[UUID], no: FromPath[int]
    ) -> Response[Any]:
        """归入附件: the letter itself, scanned."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        name, content = await uploaded(form)
        try:
            key = {"Idempotency-Key": once_only(portal.seals.key_of(form), name, content)}
            path = f"{ADOPTION}/consultations/{consultation_id}/opinions/{no}/attachments"
            await services.send_file(path, Attachment, visitor.caller, name, content, {}, headers=key)
        except ServiceRefused as refusal:
            faults = at_file(faults_of(refusal.problem))
            return await one_page(visitor, consultation_id, no, faults=faults, status=refusal.problem.status)
        except Refusal as refusal:
            return await one_page(visitor, consultation_id, no, faults=[fault_of(refusal)], status=409)
        return see(f"/desk/consultations/{consultation_id}/opinions/{no}?done=attached")

    @get("/desk/consultations/{consultation_id:uuid}/opinions/{no:int}/attachments/{number:int}", opt=allow(PUBLIC))
    async def attachment(
        request: Request[Any, Any, Any], consultation_id: FromPath[UUID], no: FromPath[int], number: FromPath[int]
    ) -> Response[bytes]:
        """附件."""
        visitor, _ = await staff(portal, request)
        path = f"{ADOPTION}/consultations/{consultation_id}/opinions/{no}/attachments/{number}"
        return await services.pass_file(path, visitor.caller)

    @post(
        "/desk/consultations/{consultation_id:uuid}/opinions/{no:int}/attachments/{number:int}/drop",
        opt=allow(PUBLIC),
    )
    async def drop(
        request: Request[Any, Any, Any], consultation_id: FromPath[UUID], no: FromPath[int], number: FromPath[int]
    ) -> Response[Any]:
        """删除附件."""
        visitor, _ = await staff(portal, request)
        await portal.read_form(visitor)
        path = f"{ADOPTION}/consultations/{consultation_id}/opinions/{no}/attachments/{number}"
        try:
            await services.delete(path, visitor.caller)
        except ServiceRefused as refusal:
            faults = at_file(faults_of(refusal.problem))
            return await one_page(visitor, consultation_id, no, faults=faults, status=refusal.problem.status)
        return see(f"/desk/consultations/{consultation_id}/opinions/{no}?done=detached")

    return [show_list, group_chosen, show_one, act, attach, attachment, drop]


def at_boxes(faults: list[FieldFault]) -> list[FieldFault]:
    """Faults at the fields of a grouping form: whichever way a list of opinions is wrong, the boxes are meant."""
    fields = {"opinions": "numbers", "add": "numbers", "remove": "numbers"}
    return [FieldFault(fields.get(each.field, each.field or "numbers"), each.detail, each.detail_en) for each in faults]


def as_id(text: str) -> str:
    """What may stand in an address as an id; what is none becomes one that nothing has."""
    try:
        return str(UUID(text))
    except ValueError:
        return str(UUID(int=0))


def _step_body(step: str, form: FormMultiDict) -> dict[str, Any] | None:
    if step == "set-aside":
        kind = str(form.get("kind", "withdrawn"))
        duplicate_of = number(str(form.get("duplicate_of", "")), 1)
        return {"kind": kind, "reason": str(form.get("aside_reason", "")), "duplicate_of": duplicate_of}
    if step == "moderate":
        return {
            "show": form.get("do") == "show",
            "reason": str(form.get("moderation_reason", "")),
            "text": str(form.get("public_text", "")),
        }
    return None


def _of_step(step: str, fault: FieldFault) -> FieldFault:
    fields = {
        "set-aside": {"reason": "aside_reason"},
        "moderate": {"reason": "moderation_reason", "text": "public_text"},
    }
    field = fields.get(step, {}).get(fault.field, fault.field)
    return FieldFault(field, fault.detail, fault.detail_en)
