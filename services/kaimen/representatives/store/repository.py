"""Rows to domain objects and back; nothing is decided here."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.recruiting import store as recruiting
from kaimen.kit.recruiting.rules import Application
from kaimen.kit.refusals import Refusal
from kaimen.kit.rows import as_json, struct_of
from kaimen.representatives.domain.meetings import Meeting, Progress
from kaimen.representatives.domain.refusals import EndBeforeStart

queries = load_queries("kaimen.representatives.store")

CONSTRAINTS: dict[str, type[Refusal]] = {
    "meetings_ends_after_start": EndBeforeStart,
    **recruiting.CONSTRAINTS,
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


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that waits for its public reply."""

    id: UUID
    held_at: datetime
    due_on: date | None


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

    async def add_meeting(self, meeting: Meeting) -> None:
        await self._db.execute(queries.insert_meeting, *_meeting_values(meeting))

    async def save_meeting(self, meeting: Meeting) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        if await self._db.fetchval(queries.update_meeting, *_meeting_values(meeting)) is None:
            raise LookupError(meeting.id)

    async def tell_entries(self, id: UUID, at: datetime) -> datetime:
        """When calendars are told of the meeting: `at`, or later than the time before."""
        (row,) = await self._db.fetch(queries.tell_entries, id, at)
        return row["told_at"]

    async def meeting(self, id: UUID, *, lock: bool = False) -> Meeting | None:
        row = await self._db.fetchrow(queries.lock_meeting if lock else queries.read_meeting, id)
        return struct_of(row, Meeting, frozenset({"items"})) if row else None

    async def meetings(self, wanted: MeetingFilter) -> list[Meeting]:
        after_at, after_id = wanted.after or (None, None)
        rows = await self._db.fetch(
            queries.list_meetings, wanted.from_at, wanted.to_at, wanted.unit, after_at, after_id, wanted.limit
        )
        return [struct_of(row, Meeting, frozenset({"items"})) for row in rows]

    async def progress(self, meetings: Collection[UUID]) -> dict[UUID, Progress]:
        rows = await self._db.fetch(queries.read_progress, list(meetings))
        names = [name for name in Progress.__struct_fields__ if name != "recruitments"]
        return {
            row["meeting_id"]: Progress(tuple(row["recruitments"]), **{name: row[name] for name in names})
            for row in rows
        }

    async def add_statement(
        self, id: UUID, application: Application, item_id: UUID, summary: str, at: datetime, due_on: date | None
    ) -> None:
        await self._db.execute(
            queries.insert_statement, id, application.occasion_id, application.id, item_id, summary, at, due_on
        )

    async def statement(self, id: UUID) -> Statement | None:
        row = await self._db.fetchrow(queries.read_statement, id)
        return Statement(**row) if row else None

    async def statements(self, meeting_id: UUID) -> list[Statement]:
        return [Statement(**row) for row in await self._db.fetch(queries.list_statements, meeting_id)]

    async def unanswered(self, due_from: date) -> list[Unanswered]:
        """What waits for a reply: due from that day on, or on a day not known yet."""
        return [Unanswered(**row) for row in await self._db.fetch(queries.list_unanswered, due_from)]

    async def move_due_date(self, id: UUID, due_on: date | None) -> None:
        await self._db.execute(queries.move_due_date, id, due_on)

    async def reply(self, id: UUID, outcome: str, reply: str, at: datetime, by: str) -> datetime:
        """When: `at`, or later than the reply before."""
        (row,) = await self._db.fetch(queries.reply_to_statement, id, outcome, reply, at, by)
        return row["replied_at"]


def _meeting_values(m: Meeting) -> tuple[Any, ...]:
    return (
        m.id, m.version, m.unit, m.level, m.title, m.kind, m.standing, m.starts_at, m.ends_at, m.place, m.agenda_fixed,
        m.reason, m.sequence, m.created_at, m.changed_at, m.attended_at, as_json(m.items),
    )  # fmt: skip
