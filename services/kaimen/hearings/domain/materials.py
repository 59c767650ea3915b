"""Materials: what reached each participant, how, and whether in time (713 Art. 16(3); domain §3.4)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.hearings.domain.packs import Clock
from kaimen.hearings.domain.refusals import (
    DeliveryInFuture,
    DeliveryTooLate,
    DeliveryUndated,
    DocumentsMissing,
    NoReceipt,
)
from kaimen.kit.clock import local_date

Way = Literal["in_person", "post", "page"]
Timeliness = Literal["awaited", "in_time", "at_the_limit", "waived", "too_late"]
"""`awaited`: shown on the page, not yet acknowledged. `at_the_limit`: keeps the floor, but not the plan."""
COUNTS: frozenset[Timeliness] = frozenset({"in_time", "at_the_limit", "waived"})


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """材料. `sha256`: lower-case hex of the file behind `url`."""

    title: str
    url: str
    sha256: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """送达. By hand or post it has `delivered_on` and a `receipt` (who signed, or the tracking number); on the page it
    counts from the day on which the participant acknowledged it. `waiver`: where the written waiver of the time is."""

    id: UUID
    pseudonym: str
    documents: tuple[Document, ...]
    way: Way
    delivered_on: date | None
    receipt: str
    waiver: str
    recorded_at: datetime
    acknowledged_at: datetime | None = None


def counts_on(delivery: Delivery) -> date | None:
    """The day in Shanghai on which the materials arrived; None while nobody knows."""
    if delivery.way != "page":
        return delivery.delivered_on
    return None if delivery.acknowledged_at is None else local_date(delivery.acknowledged_at)


def timeliness(delivery: Delivery, starts_on: date, clock: Clock) -> Timeliness:
    """How a delivery stands for a hearing on `starts_on`. A waiver helps until the hearing's own day, not after it."""
    arrived_on = counts_on(delivery)
    if arrived_on is None:
        return "awaited"
    days = (starts_on - arrived_on).days
    if days >= clock.plan_days:
        return "in_time"
    if days >= clock.days:
        return "at_the_limit"
    return "waived" if delivery.waiver and days >= 0 else "too_late"


def check_delivery(delivery: Delivery, starts_on: date, clock: Clock, today: date) -> Timeliness:
    """Whether staff may record it, and how it stands. Raises DocumentsMissing, DeliveryUndated, NoReceipt,
    DeliveryInFuture or DeliveryTooLate."""
    if not delivery.documents:
        raise DocumentsMissing(field="documents")
    if delivery.way != "page":
        _check_handover(delivery)
    arrived_on = counts_on(delivery)
    if arrived_on is not None and arrived_on > today:
        raise DeliveryInFuture(field="delivered_on")
    found = timeliness(delivery, starts_on, clock)
    if found == "too_late":
        raise DeliveryTooLate(days=clock.days, field="waiver")
    return found


def _check_handover(delivery: Delivery) -> None:
    if delivery.delivered_on is None:
        raise DeliveryUndated(field="delivered_on")
    if not delivery.receipt:
        raise NoReceipt(field="receipt")


def missing(participants: Collection[str], deliveries: Iterable[Delivery], starts_on: date, clock: Clock) -> list[str]:
    """The pseudonyms, in the order given, to whom no delivery counts for a hearing on `starts_on`."""
    reached = {each.pseudonym for each in deliveries if timeliness(each, starts_on, clock) in COUNTS}
    return [pseudonym for pseudonym in participants if pseudonym not in reached]
