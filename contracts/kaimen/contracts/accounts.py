"""Facts of `accounts`: which units exist."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.registry import fact

UnitKind = Literal["subdistrict", "town", "district_office", "bureau", "vertical"]


@fact("accounts.unit.registered.v1")
class UnitRegistered(msgspec.Struct, frozen=True):
    """单位登记: a unit (街镇 or 委办局) is entered or renamed. `code` is the 9-digit town code of 街镇, else null."""

    unit_id: UUID
    version: int
    short_name: str
    full_name: str | None
    kind: UnitKind
    code: str | None
    district: str
    valid_from: date | None = None
    valid_to: date | None = None
