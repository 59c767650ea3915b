"""Public consultations for everybody: what is asked, the draft with a box under each passage, the receipt."""

import asyncio
import hashlib
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.refusals import Refusal
from kaimen.portal.adoption_answers import Consultation, Consultations, Opinions, Receipt
from kaimen.portal.answers import FieldFault
from kaimen.portal.opinions import keep_receipt
from kaimen.portal.portal import Feed, Portal
from kaimen.portal.registering import fault_of, faults_of
from kaimen.portal.services import ADOPTION, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
LIST_LIMIT = "20"
LONGEST = 5_000
"""Characters of one opinion."""
RECEIVED_BEFORE = "kit.idempotency-key-reused"
"""The same words came from the same page, with another contact, submitter or language."""


class Wanted(msgspec.Struct, frozen=True):
    """What a visitor filters lists by; empty means everything."""

    q: str = ""
    unit: str = ""
    state: str = ""
    cursor: str = ""

    def query(self, **changes: str) -> str:
        """The query string for the same list with `changes`."""
        chosen = {name: changes.get(name, getattr(self, name)) for name in self.__struct_fields__}
        return urlencode({name: value for name, value in chosen.items() if value})

    @property
    def params(self) -> dict[str, str]:
        """The same for a service."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in given.items() if value}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.unit or self.state or self.cursor)


def opinion_body(form: FormMultiDict) -> tuple[dict[str, Any], list[FieldFault]]:
    """What adoption takes from a citizen, and what they must put right first."""
    text = str(form.get("text", "")).strip()
    faults = []
    if not text:
        faults.append(FieldFault("text", "请写下您的意见。", "Write your opinion."))
    if len(text) > LONGEST:
        zh = f"意见最多 {LONGEST} 字，现在有 {len(text)} 字；较长的可以分几次提交。"
        en = f"An opinion has at most {LONGEST} characters, this has {len(text)}; send it in parts."
        faults.append(FieldFault("text", zh, en))
    body = {
        "text": text,
        "passage": str(form.get("passage", "")),
        "submitter_kind": str(form.get("submitter_kind", "individual")),
        "contact": str(form.get("contact", "")).strip(),
    }
    return body, faults


def once_only(key: str, body: dict[str, Any]) -> str:
    """One page has many boxes and one key: the same words on the same passage are one opinion, however often they are
    sent."""
    said = "\x00".join((key, body["passage"], body["text"]))
    return hashlib.sha256(said.encode()).hexdigest()


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def consultations_feed(visitor: Visitor) -> Feed:
        return portal.feed("/calendar/consultations.ics", portal.renderer.text(visitor, "公开征求意见"))

    async def found(visitor: Visitor, **params: str) -> Consultations:
        return await services.get(f"{ADOPTION}/consultations", Consultations, visitor.public, params=params)

    @get("/consultations", opt=allow(PUBLIC))
    async def list_consultations(
        request: Request[Any, Any, Any],
        q: Annotated[str, Q(name="q")] = "",
        unit: Annotated[str, Q(name="unit")] = "",
        in_state: Annotated[str, Q(name="state")] = "",
        cursor: Annotated[str, Q(name="cursor")] = "",
    ) -> Response[bytes]:
        """公开征求意见: those that are open first."""
        visitor = await portal.visitor(request)
        wanted = Wanted(q[:100], unit[:50], in_state, cursor)
        units, page = await asyncio.gather(portal.units(visitor), found(visitor, **wanted.params, limit=LIST_LIMIT))
        open_now: tuple[Consultation, ...] = ()
        if not wanted.is_narrowed:
            open_now = (await found(visitor, state="open", limit="200")).items
        shown = {each.id for each in open_now}
        return portal.page(
            visitor, "consultations.html", wanted=wanted, units=units, open_now=open_now, next=page.next,
            others=[each for each in page.items if each.id not in shown], today=portal.today,
            feeds=[consultations_feed(visitor)],
        )  # fmt: skip

    async def notice_page(
        visitor: Visitor,
        consultation_id: UUID,
        *,
        after: int = 0,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        seal: str = "",
        status: int = 200,
    ) -> Response[bytes]:
        """`seal`: that of a form which was received before; the page keeps it and says so."""
        path = f"{ADOPTION}/consultations/{consultation_id}"
        consultation = await services.get(path, Consultation, visitor.caller)
        shown = Opinions((), None)
        if consultation.announced_at is not None:
            params = {"limit": LIST_LIMIT, "cursor": str(max(0, after))}
            shown = await services.get(f"{path}/opinions", Opinions, visitor.public, params=params)
        place = _box(consultation, str(form.get("passage", "")) if form else "")
        placed = [FieldFault(f"{each.field}-{place}" if each.field else "", each.detail, each.detail_en)
                  for each in faults or []]  # fmt: skip
        return portal.page(
            visitor, "consultation.html", status=status, consultation=consultation, shown=shown, after=after,
            given=dict(form or {}), faults=placed, asked=place if form else None, today=portal.today,
            seal=seal or portal.seals.new(), received=bool(seal), contact_days=portal.settings.contact_days,
            longest=LONGEST, feeds=[consultations_feed(visitor)],
            personal=form is not None or consultation.announced_at is None,
        )  # fmt: skip

    @get("/consultations/{consultation_id:uuid}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any],
        consultation_id: FromPath[UUID],
        after: Annotated[int, Q(name="after", ge=0, le=10_000_000)] = 0,
    ) -> Response[bytes]:
        """一次征求意见: notice, draft with boxes, explanation, opinions that are shown."""
        return await notice_page(await portal.visitor(request), consultation_id, after=after)

    @post("/consultations/{consultation_id:uuid}", opt=allow(PUBLIC))
    async def submit(request: Request[Any, Any, Any], consultation_id: FromPath[UUID]) -> Response[Any]:
        """提交意见. The once-only key in the form makes a repetition harmless."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        await portal.limiter.take("portal-opinion", visitor.address, per_minute=30)
        body, faults = opinion_body(form)
        if faults:
            return await notice_page(visitor, consultation_id, form=form, faults=faults, status=422)
        try:
            key = {"Idempotency-Key": once_only(portal.seals.key_of(form), body)}
            path = f"{ADOPTION}/consultations/{consultation_id}/opinions"
            said = {**body, "language": visitor.language}
            receipt = await services.post(path, Receipt, visitor.public, said, headers=key)
        except ServiceRefused as no:
            if no.problem.reason == RECEIVED_BEFORE:
                # With a new seal, pressing once more would make it two opinions.
                return await notice_page(visitor, consultation_id, form=form, seal=str(form["form"]), status=409)
            faults = faults_of(no.problem)
            return await notice_page(visitor, consultation_id, form=form, faults=faults, status=no.problem.status)
        except Refusal as no:
            return await notice_page(visitor, consultation_id, form=form, faults=[fault_of(no)], status=409)
        return keep_receipt(receipt.receipt, is_new=True)

    return [list_consultations, show, submit]


def _box(consultation: Consultation, passage: str) -> int:
    """Which box of the page is meant: 0 for the whole draft, then by the order of the passages."""
    keys = [each.key for each in consultation.passages]
    return keys.index(passage) + 1 if passage in keys else 0
