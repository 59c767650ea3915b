"""Rows to domain objects and back; nothing is decided here."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.refusals import Refusal
from kaimen.representatives.domain.meetings import AgendaItem, Meeting, Progress
from kaimen.representatives.domain.recruiting import Application, Quotas, Recruitment
from kaimen.representatives.domain.refusals import AlreadyApplied, EndBeforeStart

queries = load_queries("kaimen.representatives.store")

CONSTRAINTS: dict[str, type[Refusal]] = {
    "meetings_ends_after_start": EndBeforeStart,
    "applications_person_once": AlreadyApplied,
}


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a representative said, and what became of it."""

    id: UUID
    meeting_id: UUID
    item_id: UUID
    pseudonym: str
    summary: str
    said_at: datetime
    due_on: date | None
    outcome: str | None
    reply: str | None
    replied_at: datetime | None


class MeetingFilter(msgspec.Struct, frozen=True):
    """Which meetings to list; None means: any."""

    from_at: datetime | None = None
    to_at: datetime | None = None
    unit: str | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50


class Repository:
    """Representatives within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def save_unit(
        self, short_name: str, full_name: str | None, kind: str, code: str | None, version: int
    ) -> None:
        await self._db.execute(queries.upsert_unit, short_name, full_name, kind, code, version)

    async def units(self) -> dict[str, str | None]:
        """Short name → town code (null for 委办局)."""
        return {row["short_name"]: row["code"] for row in await self._db.fetch(queries.list_units)}

    async def add_meeting(self, meeting: Meeting) -> None:
        await self._db.execute(queries.insert_meeting, *_meeting_values(meeting))

    async def save_meeting(self, meeting: Meeting) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        if await self._db.fetchval(queries.update_meeting, *_meeting_values(meeting)) is None:
            raise LookupError(meeting.id)

    async def meeting(self, id: UUID, *, lock: bool = False) -> Meeting | None:
        row = await self._db.fetchrow(queries.lock_meeting if lock else queries.read_meeting, id)
        return _meeting(row) if row else None

    async def meetings(self, wanted: MeetingFilter) -> list[Meeting]:
        after_at, after_id = wanted.after or (None, None)
        rows = await self._db.fetch(
            queries.list_meetings, wanted.from_at, wanted.to_at, wanted.unit, after_at, after_id, wanted.limit
        )
        return [_meeting(row) for row in rows]

    async def progress(self, meetings: Collection[UUID]) -> dict[UUID, Progress]:
        rows = await self._db.fetch(queries.read_progress, list(meetings))
        names = [name for name in Progress.__struct_fields__ if name != "recruitments"]
        return {
            row["meeting_id"]: Progress(tuple(row["recruitments"]), **{name: row[name] for name in names})
            for row in rows
        }

    async def add_recruitment(self, recruitment: Recruitment) -> None:
        r = recruitment
        await self._db.execute(
            queries.insert_recruitment, r.id, r.meeting_id, list(r.items), r.method, r.state, r.seats, _json(r.quotas),
            r.opens_at, r.closes_at, list(r.eligibility), r.criteria, r.rotation_months, r.one_per_household,
            r.confirm_days, r.contact, _json(r.certificate), r.created_at, r.changed_at,
        )  # fmt: skip

    async def save_recruitment(self, recruitment: Recruitment) -> None:
        await self._db.execute(
            queries.save_recruitment,
            recruitment.id,
            recruitment.state,
            _json(recruitment.certificate),
            recruitment.changed_at,
        )

    async def recruitment(self, id: UUID, *, lock: bool = False) -> Recruitment | None:
        row = await self._db.fetchrow(queries.lock_recruitment if lock else queries.read_recruitment, id)
        return _recruitment(row) if row else None

    async def recruitments(self, meetings: Collection[UUID]) -> list[Recruitment]:
        return [_recruitment(row) for row in await self._db.fetch(queries.list_recruitments, list(meetings))]

    async def add_application(self, application: Application) -> None:
        values = {name: getattr(application, name) for name in _APPLICATION}
        values["features"] = _json(application.features)
        values["verified"] = None if application.verified is None else _json(application.verified)
        await self._db.execute(queries.insert_application, *values.values())

    async def save_application(self, application: Application) -> None:
        await self._db.execute(
            queries.save_application, application.id, application.state,
            None if application.verified is None else _json(application.verified), application.exclusion,
            application.reason, application.changed_at, application.confirm_by,
        )  # fmt: skip

    async def save_states(self, applications: Sequence[Application], at: datetime) -> None:
        await self._db.execute(
            queries.save_application_states,
            [each.id for each in applications],
            [each.state for each in applications],
            [each.exclusion for each in applications],
            [each.confirm_by for each in applications],
            at,
        )

    async def application(self, *, code: str | None = None, id: UUID | None = None) -> Application | None:
        """Locked: whoever reads one is about to decide on it."""
        row = await (
            self._db.fetchrow(queries.read_application, code)
            if code is not None
            else self._db.fetchrow(queries.read_application_by_id, id)
        )
        return _application(row) if row else None

    async def applications(self, recruitment_id: UUID) -> list[Application]:
        return [_application(row) for row in await self._db.fetch(queries.list_applications, recruitment_id)]

    async def applications_of_meeting(self, meeting_id: UUID) -> list[Application]:
        return [_application(row) for row in await self._db.fetch(queries.list_applications_of_meeting, meeting_id)]

    async def took_part_since(self, person: bytes, since: datetime) -> bool:
        return bool(await self._db.fetchval(queries.took_part_since, person, since))

    async def forget_unselected(self, recruitment_id: UUID) -> None:
        await self._db.execute(queries.forget_unselected, recruitment_id)

    async def forget_representatives(self, meeting_id: UUID) -> None:
        await self._db.execute(queries.forget_representatives, meeting_id)

    async def add_statement(
        self, id: UUID, application: Application, item_id: UUID, summary: str, at: datetime, due_on: date | None
    ) -> None:
        await self._db.execute(
            queries.insert_statement, id, application.meeting_id, application.id, item_id, summary, at, due_on
        )

    async def statement(self, id: UUID) -> Statement | None:
        row = await self._db.fetchrow(queries.read_statement, id)
        return Statement(**row) if row else None

    async def statements(self, meeting_id: UUID) -> list[Statement]:
        return [Statement(**row) for row in await self._db.fetch(queries.list_statements, meeting_id)]

    async def reply(self, id: UUID, outcome: str, reply: str, at: datetime, by: str) -> None:
        await self._db.execute(queries.reply_to_statement, id, outcome, reply, at, by)


_APPLICATION = (
    "id", "recruitment_id", "meeting_id", "code", "pseudonym", "state", "kind", "channel", "features", "verified",
    "conflict", "exclusion", "reason", "publish_name", "person", "household", "personal", "manage_hash", "created_at",
    "changed_at", "confirm_by", "entered_by",
)  # fmt: skip


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _meeting_values(m: Meeting) -> tuple[Any, ...]:
    return (
        m.id, m.version, m.unit, m.level, m.title, m.kind, m.standing, m.starts_at, m.ends_at, m.place, m.agenda_fixed,
        m.reason, m.sequence, m.created_at, m.changed_at, m.attended_at, _json(m.items),
    )  # fmt: skip


def _meeting(row: Any) -> Meeting:
    values = {name: row[name] for name in Meeting.__struct_fields__ if name != "items"}
    return Meeting(**values, items=msgspec.json.decode(row["items"], type=tuple[AgendaItem, ...]))


def _recruitment(row: Any) -> Recruitment:
    values = {name: row[name] for name in Recruitment.__struct_fields__ if name not in ("quotas", "certificate")}
    values |= {"items": tuple(row["items"]), "eligibility": tuple(row["eligibility"])}
    quotas = msgspec.json.decode(row["quotas"], type=Quotas)
    return Recruitment(**values, quotas=quotas, certificate=msgspec.json.decode(row["certificate"]))


def _application(row: Any) -> Application:
    values = {name: row[name] for name in Application.__struct_fields__ if name not in ("features", "verified")}
    verified = row["verified"]
    return Application(
        **values,
        features=msgspec.json.decode(row["features"]),
        verified=None if verified is None else msgspec.json.decode(verified),
    )
