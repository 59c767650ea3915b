"""出台: on which day a document was issued, when it bears up to three dates (domain §3.2)."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from kaimen.contracts.decisions import IssueBasis
from kaimen.decisions.domain.catalogues import must_be_past
from kaimen.decisions.domain.refusals import BadDate, DateInFuture, DatesOutOfOrder
from kaimen.kit.clock import local_date


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """决策文件, as it was recorded; `number` 1 is the first record, later ones are corrections with a `reason`.
    `signed_on` 成文, `imprint_on` 印发, `published_at` 上网发布."""

    item_id: UUID
    number: int
    title: str
    document_no: str
    url: str
    signed_on: date
    imprint_on: date | None
    published_at: datetime | None
    issued_on: date
    basis: IssueBasis
    reason: str
    recorded_at: datetime

    @property
    def published_on(self) -> date | None:
        return None if self.published_at is None else local_date(self.published_at)


def day_of_issue(signed_on: date, imprint_on: date | None, published_on: date | None) -> tuple[date, IssueBasis]:
    """The earlier of imprint and publication, imprint on a tie; without either the signature. A unit cannot choose a
    later one. `published_on` is the Shanghai day."""
    if imprint_on is not None and (published_on is None or imprint_on <= published_on):
        return imprint_on, "imprint"
    if published_on is not None:
        return published_on, "publication"
    return signed_on, "signature"


def check_dates(signed_on: date, imprint_on: date | None, published_at: datetime | None, at: datetime) -> None:
    """Nothing in the future, nothing before the signature. Raises BadDate, DateInFuture, DatesOutOfOrder."""
    must_be_past(local_date(at), signed_on=signed_on, imprint_on=imprint_on)
    published_on = None
    if published_at is not None:
        if not 2000 <= published_at.year < 2100:
            raise BadDate(field="published_at")
        if published_at > at:
            raise DateInFuture(field="published_at")
        published_on = local_date(published_at)
    for field, day in (("imprint_on", imprint_on), ("published_at", published_on)):
        if day is not None and day < signed_on:
            raise DatesOutOfOrder(day=day, earliest=signed_on, field=field)
