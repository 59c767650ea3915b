"""单位: which units exist. Accounts says it; each service that must know keeps what it heard in a table of its own."""

from kaimen.contracts.accounts import UnitRegistered
from kaimen.contracts.envelope import Envelope
from kaimen.kit.bus import Subscription
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.refusals import Kind, refusal
from kaimen.kit.work import Work

queries = load_queries("kaimen.kit.units")

UNIT_REGISTERED = "accounts.unit.registered.v1"

UnknownUnit = refusal("kit.unknown-unit", Kind.INVALID, "没有名为“{unit}”的单位。", "There is no unit called {unit}.")


class Units:
    """The units that a service has heard of, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def codes(self) -> dict[str, str | None]:
        """Short name → town code (null for 委办局)."""
        return {row["short_name"]: row["code"] for row in await self._db.fetch(queries.list_units)}

    async def short_names(self) -> dict[str, str]:
        """Every short and full name → short name."""
        names: dict[str, str] = {}
        for row in await self._db.fetch(queries.list_units):
            names[row["short_name"]] = row["short_name"]
            if row["full_name"]:
                names[row["full_name"]] = row["short_name"]
        return names

    async def save(self, unit: UnitRegistered) -> None:
        """A late message must not go backwards: an older version changes nothing."""
        await self._db.execute(queries.save_unit, unit.short_name, unit.full_name, unit.kind, unit.code, unit.version)


async def acting_for(work: Work, unit: str) -> tuple[str, str | None]:
    """`unit` or, without one, the actor's own, with its town code. Raises Forbidden, NotYourUnit, UnknownUnit."""
    own = work.actor.unit or ""
    unit = unit or own
    codes = await Units(work.connection).codes()
    work.actor.must_act_for(unit if unit in codes else own)
    if unit not in codes:
        raise UnknownUnit(unit=unit, field="unit")
    return unit, codes[unit]


def subscription(service: str) -> Subscription:
    """Keeps the table of `service` as accounts announces it."""

    async def save(work: Work, envelope: Envelope) -> None:
        unit = envelope.fact()
        assert isinstance(unit, UnitRegistered)
        await Units(work.connection).save(unit)

    return Subscription("accounts", f"{service}-units", (UNIT_REGISTERED,), save)
