"""One's own opinion, found with its receipt. Whoever has the receipt can read and withdraw it, so it stands in no
address: the browser keeps it for a while, under a name that tells nothing."""

import hashlib
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.ids import normalise_code
from kaimen.kit.refusals import Refusal
from kaimen.portal.adoption_answers import Attachment, Consultation, OwnOpinion
from kaimen.portal.answers import FieldFault
from kaimen.portal.desk import uploaded
from kaimen.portal.portal import Portal, see
from kaimen.portal.registering import fault_of, faults_of
from kaimen.portal.services import ADOPTION, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
RECEIPT_COOKIE = "__Host-kaimen-o-"
RECEIPT_SECONDS = 3600
"""How long this browser opens the opinion without its receipt: others may use the computer next."""
NO_RECEIPT = FieldFault("receipt", "请填写 16 位回执编号。", "Enter the receipt, 16 characters.")


def keep_receipt(receipt: str, *, is_new: bool = False) -> Response[Any]:
    """To the page of this opinion, with its receipt in a cookie."""
    handle = _handle(receipt)
    answer = see(f"/opinions/{handle}{'?sent=true' if is_new else ''}")
    answer.set_cookie(
        Cookie(
            RECEIPT_COOKIE + handle, value=receipt, path="/", max_age=RECEIPT_SECONDS, secure=True, httponly=True,
            samesite="lax",
        )
    )  # fmt: skip
    return answer


def at_file(faults: list[FieldFault]) -> list[FieldFault]:
    """Whatever is wrong with an attachment is wrong with the chosen file."""
    return [FieldFault("file", each.detail, each.detail_en) for each in faults]


def once_only(key: str, name: str, content: bytes) -> str:
    """The same file from the same page is one attachment, another file is another."""
    return hashlib.sha256(b"\x00".join((key.encode(), name.encode(), content))).hexdigest()


def _handle(receipt: str) -> str:
    return hashlib.sha256(f"receipt {receipt}".encode()).hexdigest()[:16]


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    def receipt_of(visitor: Visitor, handle: str) -> str:
        return visitor.request.cookies.get(RECEIPT_COOKIE + handle, "") if handle.isalnum() else ""

    async def own(visitor: Visitor, receipt: str) -> OwnOpinion:
        await portal.limiter.take("portal-lookup", visitor.address, per_minute=30)
        return await services.get(f"{ADOPTION}/opinions/{quote(receipt, safe='')}", OwnOpinion, visitor.public)

    def lookup_page(
        visitor: Visitor, *, typed: str = "", faults: list[FieldFault] | None = None, status: int = 200
    ) -> Response[bytes]:
        return portal.page(
            visitor, "opinions.html", status=status, personal=bool(typed), typed=typed, faults=faults or []
        )

    @get("/opinions", opt=allow(PUBLIC))
    async def ask(request: Request[Any, Any, Any]) -> Response[bytes]:
        """凭回执查询我的意见."""
        return lookup_page(await portal.visitor(request))

    @post("/opinions", opt=allow(PUBLIC))
    async def find(request: Request[Any, Any, Any]) -> Response[Any]:
        """By receipt."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        typed = str(form.get("receipt", "")).strip()[:60]
        receipt = normalise_code(typed)
        if not (receipt.isascii() and receipt.isalnum()):
            return lookup_page(visitor, typed=typed, faults=[NO_RECEIPT], status=422)
        try:
            await own(visitor, receipt)
        except ServiceRefused as no:
            if no.problem.status != 404:
                raise
            fault = FieldFault("receipt", no.problem.detail, no.problem.detail_en)
            return lookup_page(visitor, typed=typed, faults=[fault], status=404)
        return keep_receipt(receipt)

    async def own_page(
        visitor: Visitor,
        handle: str,
        template: str = "opinion.html",
        *,
        sent: bool = False,
        faults: list[FieldFault] | None = None,
        status: int = 200,
    ) -> Response[bytes]:
        receipt = receipt_of(visitor, handle)
        if not receipt:
            return lookup_page(visitor)
        opinion = await own(visitor, receipt)
        path = f"{ADOPTION}/consultations/{opinion.consultation_id}"
        consultation = await services.get(path, Consultation, visitor.public)
        return portal.page(
            visitor, template, personal=True, opinion=opinion, consultation=consultation, handle=handle,
            receipt=receipt, parts=[receipt[n : n + 4] for n in range(0, len(receipt), 4)], faults=faults or [],
            contact_days=portal.settings.contact_days, seal=portal.seals.new(), sent=sent, status=status,
        )  # fmt: skip

    @get("/opinions/{handle:str}", opt=allow(PUBLIC))
    async def show(
        request: Request[Any, Any, Any], handle: FromPath[str], sent: Annotated[bool, Q(name="sent")] = False
    ) -> Response[bytes]:
        """我的意见: its receipt, what became of it, and what was changed for it."""
        return await own_page(await portal.visitor(request), handle, sent=sent)

    @post("/opinions/{handle:str}/attachments", opt=allow(PUBLIC))
    async def attach(request: Request[Any, Any, Any], handle: FromPath[str]) -> Response[Any]:
        """附上文件."""
        visitor = await portal.visitor(request)
        form = await portal.read_form(visitor)
        receipt = receipt_of(visitor, handle)
        if not receipt:
            return lookup_page(visitor)
        await portal.limiter.take("portal-attachment", visitor.address, per_minute=10)
        name, content = await uploaded(form)
        try:
            key = {"Idempotency-Key": once_only(portal.seals.key_of(form), name, content)}
            path = f"{ADOPTION}/opinions/{quote(receipt, safe='')}/attachments"
            await services.send_file(path, Attachment, visitor.public, name, content, {}, headers=key)
        except ServiceRefused as no:
            faults = at_file(faults_of(no.problem))
            return await own_page(visitor, handle, faults=faults, status=no.problem.status)
        except Refusal as no:
            return await own_page(visitor, handle, faults=[fault_of(no)], status=409)
        return see(f"/opinions/{handle}#files")

    @get("/opinions/{handle:str}/attachments/{number:int}", opt=allow(PUBLIC))
    async def attachment(
        request: Request[Any, Any, Any], handle: FromPath[str], number: FromPath[int]
    ) -> Response[bytes]:
        """我附上的文件."""
        visitor = await portal.visitor(request)
        receipt = receipt_of(visitor, handle)
        if not receipt:
            return lookup_page(visitor)
        await portal.limiter.take("portal-lookup", visitor.address, per_minute=30)
        path = f"{ADOPTION}/opinions/{quote(receipt, safe='')}/attachments/{number}"
        return await services.pass_file(path, visitor.public)

    @post("/opinions/{handle:str}/attachments/{number:int}/drop", opt=allow(PUBLIC))
    async def drop(request: Request[Any, Any, Any], handle: FromPath[str], number: FromPath[int]) -> Response[Any]:
        """删除我附上的文件."""
        visitor = await portal.visitor(request)
        await portal.read_form(visitor)
        receipt = receipt_of(visitor, handle)
        if not receipt:
            return lookup_page(visitor)
        try:
            await services.delete(f"{ADOPTION}/opinions/{quote(receipt, safe='')}/attachments/{number}", visitor.public)
        except ServiceRefused as no:
            faults = at_file(faults_of(no.problem))
            return await own_page(visitor, handle, faults=faults, status=no.problem.status)
        return see(f"/opinions/{handle}#files")

    @get("/opinions/{handle:str}/withdraw", opt=allow(PUBLIC))
    async def ask_withdrawal(request: Request[Any, Any, Any], handle: FromPath[str]) -> Response[bytes]:
        """确认撤回."""
        return await own_page(await portal.visitor(request), handle, "opinion_withdraw.html")

    @post("/opinions/{handle:str}/withdraw", opt=allow(PUBLIC))
    async def withdraw(request: Request[Any, Any, Any], handle: FromPath[str]) -> Response[Any]:
        """撤回我的意见."""
        visitor = await portal.visitor(request)
        await portal.read_form(visitor)
        receipt = receipt_of(visitor, handle)
        if not receipt:
            return lookup_page(visitor)
        try:
            path = f"{ADOPTION}/opinions/{quote(receipt, safe='')}/withdraw"
            await services.post(path, OwnOpinion, visitor.public)
        except ServiceRefused as no:
            faults = faults_of(no.problem)
            return await own_page(visitor, handle, "opinion_withdraw.html", faults=faults, status=no.problem.status)
        return see(f"/opinions/{handle}")

    return [ask, find, show, attach, attachment, drop, ask_withdrawal, withdraw]
