"""Notices over HTTP, for staff: the log, what failed and can be sent again, and where units want to be told."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from kaimen.kit.auth import APPROVERS, STAFF, allow
from kaimen.kit.http import OnEdge, Page, cursor_of, json_response, limit_of, read_cursor, refuse_nul
from kaimen.kit.service import Resources
from kaimen.kit.work import Forbidden, NotYourUnit, Work
from kaimen.notices.app.addresses import Addresses, AddressesGiven, AddressesView
from kaimen.notices.app.hearing import wake
from kaimen.notices.app.settings import NoticesSettings
from kaimen.notices.domain import NotReplayable, UnknownMessage
from kaimen.notices.store.repository import Message, MessageFilter, MessageState, Repository

Q = QueryParameter


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """通知渠道和数量: which channels are set up, and how many messages are in which state."""

    has_mail: bool
    has_sms: bool
    messages: dict[str, int]


def handlers(resources: Resources) -> list[Any]:
    """The endpoints of this service."""
    settings = resources.settings
    assert isinstance(settings, NoticesSettings)
    addresses = Addresses(resources.vault, settings)

    @get("/messages", opt=allow(STAFF))
    async def list_messages(
        edge: OnEdge,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        in_state: Annotated[MessageState | None, Q(name="state")] = None,
        kind: Annotated[str | None, Q(name="kind", max_length=50)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """发送记录, the latest change first: one's own unit's, for the office all. No contact, no text."""
        refuse_nul(unit, kind, cursor)
        wanted = MessageFilter(
            unit=_own(edge, unit), state=in_state, kind=kind, after=read_cursor(cursor), limit=limit_of(limit) + 1
        )

        async def run(work: Work) -> Page:
            found = await Repository(work.connection).messages(wanted)
            last = found[limit - 1] if len(found) > limit else None
            return Page(found[:limit], cursor_of(last.changed_at, last.id) if last else None)

        return json_response(await edge.read(run))

    @get("/overview", opt=allow(STAFF))
    async def overview(
        edge: OnEdge, unit: Annotated[str | None, Q(name="unit", max_length=50)] = None
    ) -> Response[bytes]:
        """概况: channels and counts of one's own unit, for the office of all."""
        refuse_nul(unit)

        async def run(work: Work) -> Overview:
            counts = await Repository(work.connection).counts(_own(edge, unit))
            return Overview(has_mail=bool(settings.smtp_url), has_sms=bool(settings.sms_url), messages=counts)

        return json_response(await edge.read(run))

    @post("/messages/{message_id:uuid}/replay", opt=allow(APPROVERS), status_code=200)
    async def replay(edge: OnEdge, message_id: FromPath[UUID]) -> Response[bytes]:
        """重发: what failed or was given up, as it is true now."""

        async def run(work: Work) -> Message | None:
            store = Repository(work.connection)
            message = await store.message(message_id)
            if message is None or not work.actor.sees_drafts_of(message.unit):
                raise UnknownMessage
            if message.state not in ("failed", "dead"):
                raise NotReplayable
            await store.queue_again(message_id, work.at)
            await work.record("replay", f"message:{message_id}", before=message.state, after="queued")
            await wake(work)
            return await store.message(message_id)

        return json_response(await edge.change(run))

    @get("/addresses/{unit:str}", opt=allow(STAFF))
    async def read_addresses(edge: OnEdge, unit: FromPath[str]) -> Response[bytes]:
        """通知地址 of a unit, or of the `office`, masked."""
        refuse_nul(unit)

        async def run(work: Work) -> Response[bytes]:
            shown = await addresses.read(work, unit)
            return json_response(shown, version=shown.version)

        return await edge.read(run)

    @put("/addresses/{unit:str}", opt=allow(APPROVERS))
    async def change_addresses(edge: OnEdge, unit: FromPath[str], data: JSONBody[AddressesGiven]) -> Response[bytes]:
        """更改通知地址. The answer alone holds the secret of a new webhook."""
        refuse_nul(unit)

        async def run(work: Work) -> AddressesView:
            edge.if_match((await addresses.read(work, unit)).version)
            return await addresses.change(work, unit, data)

        return json_response(await edge.change(run))

    return [list_messages, overview, replay, read_addresses, change_addresses]


def _own(edge: OnEdge, unit: str | None) -> str | None:
    """Of which unit the caller reads; None for all. Raises Forbidden, NotYourUnit."""
    if edge.actor.role == "office":
        return unit
    if edge.actor.unit is None:
        raise Forbidden
    if unit not in (None, edge.actor.unit):
        raise NotYourUnit
    return edge.actor.unit
