"""Materials to every participant, in time, with a receipt (713 Art. 16(3))."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import hearings as contract
from kaimen.hearings.app.desk import Desk, picture
from kaimen.hearings.domain import materials as domain
from kaimen.hearings.domain.hearings import Hearing
from kaimen.hearings.domain.materials import Delivery, Document, Timeliness, Way
from kaimen.hearings.domain.refusals import AlreadyReceived, ListNotPublished, NotAParticipant, NothingDelivered
from kaimen.kit.recruiting.rules import Application
from kaimen.kit.texts import clean_text, clean_url

Name = Annotated[str, Meta(min_length=1, max_length=50)]


class DocumentDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """材料: its title, where it can be read, and the hash of the file."""

    title: Annotated[str, Meta(max_length=200)]
    url: Annotated[str, Meta(max_length=500)] = ""
    sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""


class DeliveryDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """送达 of the same documents to `participants` (pseudonyms; empty: everybody whom nothing has reached yet).

    By hand and by post with `delivered_on` and a `receipt` (who signed, or the tracking number). By `page` the
    participant acknowledges it, and that day counts. `waiver`: where the written waiver is, for a late one."""

    participants: Annotated[tuple[Name, ...], Meta(max_length=1000)] = ()
    documents: Annotated[tuple[DocumentDraft, ...], Meta(max_length=20)]
    way: Way = "in_person"
    delivered_on: date | None = None
    receipt: Annotated[str, Meta(max_length=200)] = ""
    waiver: Annotated[str, Meta(max_length=200)] = ""


async def deliver(desk: Desk, hearing: Hearing, given: DeliveryDraft) -> tuple[Hearing, list[Timeliness]]:
    """Record a delivery to each; how each stands. Raises NotAParticipant, DeliveryTooLate and the like."""
    await desk.may("deliver", hearing)
    if hearing.list_published_at is None:
        raise ListNotPublished
    participants = [each.pseudonym for each in await desk.seated(hearing, "participant")]
    for number, name in enumerate(given.participants):
        if name not in participants:
            raise NotAParticipant(pseudonym=name, field=f"participants[{number}]")
    receivers = given.participants or await desk.missing(hearing)
    if not receivers:
        raise AlreadyReceived
    documents = tuple(_document(each, f"documents[{n}]") for n, each in enumerate(given.documents))
    receipt, waiver = clean_text(given.receipt, "receipt"), clean_text(given.waiver, "waiver")
    deliveries = [
        Delivery(
            id=desk.work.new_id(),
            pseudonym=name,
            documents=documents,
            way=given.way,
            delivered_on=given.delivered_on if given.way != "page" else None,
            receipt=receipt,
            waiver=waiver,
            recorded_at=desk.work.at,
        )
        for name in dict.fromkeys(receivers)
    ]
    clock = hearing.pack.clock("materials")
    stands: list[Timeliness] = [
        domain.check_delivery(each, hearing.starts_on, clock, desk.today) for each in deliveries
    ]
    await desk.store.add_deliveries(hearing, deliveries)
    await desk.record("deliver", hearing)
    return await follow_seats(desk, hearing), stands


async def acknowledge(desk: Desk, hearing: Hearing, application: Application, waiver: str) -> Hearing:
    """The participant says on the page that the materials have arrived; from this day the clock counts. Late ones
    count only with a waiver. Raises NothingDelivered, AlreadyReceived or DeliveryTooLate."""
    await desk.may("deliver", hearing)
    own = [each for each in await desk.store.deliveries(hearing) if each.pseudonym == application.pseudonym]
    awaited = [each for each in own if each.way == "page" and each.acknowledged_at is None]
    if not awaited:
        raise AlreadyReceived if own else NothingDelivered
    said = clean_text(waiver, "waiver")
    clock = hearing.pack.clock("materials")
    for delivery in awaited:
        received = replace(delivery, acknowledged_at=desk.work.at, waiver=said or delivery.waiver)
        domain.check_delivery(received, hearing.starts_on, clock, desk.today)
        await desk.store.acknowledge(hearing, received)
    await desk.work.record("acknowledge", f"application:{application.id}")
    return await follow_seats(desk, hearing)


async def follow_seats(desk: Desk, hearing: Hearing) -> Hearing:
    """Whether everybody who has a seat now has the materials too; the hearing follows."""
    if hearing.list_published_at is None:
        return hearing
    deliveries = await desk.store.deliveries(hearing)
    complete = not await desk.missing(hearing, deliveries)
    if complete == (hearing.delivered_at is not None):
        return hearing
    saved = await desk.save(replace(hearing, delivered_at=desk.work.at if complete else None))
    if complete:
        participants = {each.pseudonym for each in await desk.seated(saved, "participant")}
        waived = _waived(saved, deliveries, participants)
        fact = contract.MaterialsDelivered(picture(saved), desk.today, len(participants), waived)
        desk.announce(fact, saved)
    desk.announce_entries(saved)
    return saved


def _waived(hearing: Hearing, deliveries: Sequence[Delivery], participants: set[str]) -> int:
    """How many agreed to less time: whom none but a late delivery reached."""
    clock = hearing.pack.clock("materials")
    in_time = {
        each.pseudonym
        for each in deliveries
        if domain.timeliness(each, hearing.starts_on, clock) in ("in_time", "at_the_limit")
    }
    return len(participants - in_time)


def _document(draft: DocumentDraft, place: str) -> Document:
    return Document(
        title=clean_text(draft.title, f"{place}.title", least=1),
        url=clean_url(draft.url, f"{place}.url"),
        sha256=draft.sha256,
    )
