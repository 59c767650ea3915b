"""Rows to recruitments and applications and back; nothing is decided here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.recruiting.refusals import AlreadyApplied
from kaimen.kit.recruiting.rules import Application, Quotas, Recruitment
from kaimen.kit.refusals import Refusal
from kaimen.kit.rows import as_json

queries = load_queries("kaimen.kit.recruiting")

CONSTRAINTS: dict[str, type[Refusal]] = {"applications_person_once": AlreadyApplied}


class Store:
    """Recruitments of one service, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def add_recruitment(self, recruitment: Recruitment) -> None:
        values = {name: getattr(recruitment, name) for name in Recruitment.__struct_fields__}
        values |= {"items": list(recruitment.items), "eligibility": list(recruitment.eligibility)}
        values |= {"quotas": as_json(recruitment.quotas), "certificate": as_json(recruitment.certificate)}
        await self._db.execute(queries.insert_recruitment, *values.values())

    async def save_recruitment(self, recruitment: Recruitment) -> None:
        r = recruitment
        await self._db.execute(
            queries.save_recruitment, r.id, r.state, r.opens_at, as_json(r.certificate), r.changed_at
        )

    async def recruitment(self, id: UUID, *, lock: bool = False) -> Recruitment | None:
        row = await self._db.fetchrow(queries.lock_recruitment if lock else queries.read_recruitment, id)
        return _recruitment(row) if row else None

    async def recruitments(self, occasions: Collection[UUID]) -> list[Recruitment]:
        return [_recruitment(row) for row in await self._db.fetch(queries.list_recruitments, list(occasions))]

    async def add_application(self, application: Application) -> None:
        values = {name: getattr(application, name) for name in Application.__struct_fields__}
        values["features"] = as_json(application.features)
        values["verified"] = None if application.verified is None else as_json(application.verified)
        await self._db.execute(queries.insert_application, *values.values())

    async def save_application(self, application: Application, at: datetime) -> Application:
        """With the instant of the change: `at`, or later than the change before."""
        changed_at = await self._db.fetchval(
            queries.save_application, application.id, application.state,
            None if application.verified is None else as_json(application.verified), application.exclusion,
            application.reason, application.confirm_by, at,
        )  # fmt: skip
        return replace(application, changed_at=changed_at)

    async def save_states(self, applications: Sequence[Application], at: datetime) -> list[Application]:
        """Each with the instant of its change: `at`, or later than the change before."""
        rows = await self._db.fetch(
            queries.save_application_states,
            [each.id for each in applications],
            [each.state for each in applications],
            [each.exclusion for each in applications],
            [each.confirm_by for each in applications],
            at,
        )
        changed_at = {row["id"]: row["changed_at"] for row in rows}
        return [replace(each, changed_at=changed_at[each.id]) for each in applications]

    async def application(self, *, code: str | None = None, id: UUID | None = None) -> Application | None:
        """Locked: whoever reads one is about to decide on it."""
        row = await (
            self._db.fetchrow(queries.read_application, code)
            if code is not None
            else self._db.fetchrow(queries.read_application_by_id, id)
        )
        return _application(row) if row else None

    async def applications_by_id(self, ids: Collection[UUID]) -> list[Application]:
        return [_application(row) for row in await self._db.fetch(queries.read_applications, list(ids))]

    async def applications(self, recruitment_id: UUID) -> list[Application]:
        """In order of arrival."""
        return [_application(row) for row in await self._db.fetch(queries.list_applications, recruitment_id)]

    async def applications_of_occasion(self, occasion_id: UUID) -> list[Application]:
        """By pseudonym."""
        return [_application(row) for row in await self._db.fetch(queries.list_applications_of_occasion, occasion_id)]

    async def took_part_since(self, person: bytes, since: datetime) -> bool:
        return bool(await self._db.fetchval(queries.took_part_since, person, since))

    async def forget_unselected(self, recruitment_id: UUID) -> None:
        await self._db.execute(queries.forget_unselected, recruitment_id)

    async def forget_selected(self, occasion_id: UUID) -> None:
        await self._db.execute(queries.forget_selected, occasion_id)


def _recruitment(row: Any) -> Recruitment:
    values = {name: row[name] for name in Recruitment.__struct_fields__}
    values |= {"items": tuple(row["items"]), "eligibility": tuple(row["eligibility"])}
    values["quotas"] = msgspec.json.decode(row["quotas"], type=Quotas)
    values["certificate"] = msgspec.json.decode(row["certificate"])
    return Recruitment(**values)


def _application(row: Any) -> Application:
    values = {name: row[name] for name in Application.__struct_fields__}
    values["features"] = msgspec.json.decode(row["features"])
    values["verified"] = None if row["verified"] is None else msgspec.json.decode(row["verified"])
    return Application(**values)
