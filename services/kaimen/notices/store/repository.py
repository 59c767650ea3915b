"""Rows to what was said and back; nothing is decided here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from kaimen.kit.db import Connection
from kaimen.kit.ids import new_id
from kaimen.kit.queries import load_queries
from kaimen.kit.rows import as_json, struct_of
from kaimen.notices.domain import Known

queries = load_queries("kaimen.notices.store")

UNIT, OPINION = "unit:", "opinion:"
"""How the name of a recipient begins that is no sign-up: a unit's, or that of an opinion's author by number."""

MessageState = Literal["queued", "sending", "sent", "suppressed", "failed", "dead"]


class Occasion(msgspec.Struct, frozen=True):
    """What people signed up for, half-open [starts_at, ends_at)."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    place: str
    takes_place: bool


class Coming(msgspec.Struct, frozen=True):
    """Somebody who has a place at what will take place."""

    id: UUID
    service: str
    unit: str
    starts_at: datetime
    campaign: int | None


class Reminder(msgspec.Struct, frozen=True):
    """A message that will be due."""

    coming: Coming
    mark: str
    due_at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose time has come, in the hands of one process until `lease_until`. `told`: what its recipient knows;
    `perhaps`: what was sent to them since without anybody knowing whether it arrived; `said`: what a message to a unit
    or an author holds; `traceparent`: of the fact behind it, None for what was planned for another day."""

    id: UUID
    service: str
    recipient: str
    subject: str
    version: str
    unit: str
    kind: str
    due_at: datetime
    attempts: int
    lease_until: datetime
    told: Known | None = None
    perhaps: tuple[Known, ...] = ()
    said: dict[str, Any] | None = None
    traceparent: str | None = None


class Settled(msgspec.Struct, frozen=True):
    """A message that was written down. `again`: its recipient must be looked at again, because of `traceparent`."""

    again: bool
    traceparent: str | None


class Circular(msgspec.Struct, frozen=True, kw_only=True):
    """The `number`th version of a report, whose authors are told up to the opinion `after`."""

    report_id: UUID
    consultation_id: UUID
    number: int
    after: int
    said: dict[str, Any]
    traceparent: str | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt. `error`: a word without data; `told`: what its recipient knows from now on;
    `has_not_arrived`: it was tried, and the other side did not take it."""

    state: MessageState
    due_at: datetime
    attempts: int
    kind: str = ""
    error: str = ""
    channel: str = ""
    masked: str = ""
    body_sha256: str = ""
    unit: str = ""
    told: Known | None = None
    has_not_arrived: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """发送记录: one line of the log, without the contact and without the text. `recipient`: a sign-up of `service` by
    id, `unit:<short name>`, or `opinion:<consultation>:<number>`; `body_sha256`: of the text that was sent."""

    id: UUID
    service: str
    recipient: str
    subject: str
    version: str
    unit: str
    kind: str
    state: MessageState
    due_at: datetime
    attempts: int
    error: str
    channel: str
    masked: str
    body_sha256: str
    created_at: datetime
    changed_at: datetime


class MessageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines of the log; None means: any."""

    unit: str | None
    state: str | None
    kind: str | None
    after: tuple[datetime, UUID] | None
    limit: int


class Repository:
    """Messages, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    # What is known of sign-ups

    async def save_occasions(
        self, service: str, unit: str, version: int, campaign: int | None, occasions: Sequence[Occasion]
    ) -> list[UUID]:
        """Those whose time, place or standing is another than was known before."""
        columns = [[getattr(each, name) for each in occasions] for name in Occasion.__struct_fields__]
        rows = await self._db.fetch(queries.save_occasions, service, unit, version, campaign, *columns)
        return [row["id"] for row in rows]

    async def save_recipient(
        self, id: UUID, service: str, occasion_id: UUID, group_id: UUID, version: int, state: str
    ) -> bool:
        """False for what was known already, or better."""
        values = (id, service, occasion_id, group_id, version, state)
        return bool(await self._db.fetch(queries.save_recipient, *values))

    async def recipients_of(self, occasions: Collection[UUID]) -> list[UUID]:
        return [row["id"] for row in await self._db.fetch(queries.recipients_of_occasions, list(occasions))]

    async def recipients_of_group(self, group: UUID, states: Collection[str]) -> list[UUID]:
        return [row["id"] for row in await self._db.fetch(queries.recipients_of_group, group, list(states))]

    async def coming(self, recipients: Collection[UUID], at: datetime) -> list[Coming]:
        return [Coming(**row) for row in await self._db.fetch(queries.coming_recipients, list(recipients), at)]

    async def save_told(self, recipient: UUID, told: Known) -> None:
        await self._db.execute(queries.save_told, recipient, as_json(told))

    async def may_know(self, due: Due, perhaps: tuple[Known, ...]) -> bool:
        """False when the lease was lost, and nothing is changed."""
        values = (UUID(due.recipient), as_json(perhaps), due.id, due.lease_until)
        return await self._db.fetchval(queries.may_know, *values) is not None

    async def save_perhaps(self, recipient: UUID, perhaps: tuple[Known, ...]) -> None:
        await self._db.execute(queries.save_perhaps, recipient, as_json(perhaps))

    # Messages

    async def ask_whether_told(self, recipients: Sequence[UUID], at: datetime, traceparent: str | None) -> None:
        ids = [new_id() for _ in recipients]
        await self._db.execute(queries.ask_whether_told, ids, list(recipients), at, traceparent)

    async def plan_reminders(self, recipients: Sequence[UUID], reminders: Sequence[Reminder], at: datetime) -> None:
        """In place of all that were planned for these recipients."""
        await self._db.execute(queries.drop_reminders, [str(each) for each in recipients])
        rows = [
            (new_id(), each.coming.service, str(each.coming.id), each.mark, version_of(each.coming.starts_at),
             each.coming.unit, each.due_at)
            for each in reminders
        ]  # fmt: skip
        if rows:
            await self._db.execute(queries.plan_reminders, *(list(column) for column in zip(*rows, strict=True)), at)

    async def add_replies(self, recipients: Sequence[UUID], version: str, due_at: datetime, at: datetime) -> None:
        ids = [new_id() for _ in recipients]
        await self._db.execute(queries.add_replies, ids, list(recipients), version, due_at, at)

    async def add_duty(
        self, unit: str, about: str, version: str, kind: str, said: Mapping[str, Any], due_at: datetime, at: datetime
    ) -> None:
        values = (new_id(), "adoption", f"{UNIT}{unit}", about, version, unit, kind, as_json(said), due_at, at)
        await self._db.execute(queries.add_duty, *values)

    async def take_due(self, at: datetime, most: int, lease_until: datetime) -> list[Due]:
        rows = await self._db.fetch(queries.take_due, at, most, lease_until)
        people = [UUID(row["recipient"]) for row in rows if not row["recipient"].startswith((UNIT, OPINION))]
        known = {row["recipient"]: row for row in await self._db.fetch(queries.told_of, people)}
        nothing = {"told": None, "perhaps": "[]"}
        in_json = frozenset({"told", "perhaps", "said"})
        return [struct_of({**nothing, **row, **known.get(row["recipient"], {})}, Due, in_json) for row in rows]

    async def next_due(self) -> datetime | None:
        return await self._db.fetchval(queries.next_due)

    async def finish(self, due: Due, outcome: Outcome, at: datetime) -> Settled | None:
        """None when the lease was lost, and nothing is changed."""
        o = outcome
        row = await self._db.fetchrow(
            queries.finish, due.id, due.lease_until, o.state, o.due_at, o.attempts, o.kind or due.kind, o.error,
            o.channel, o.masked, o.body_sha256, o.unit, at,
        )  # fmt: skip
        return Settled(**row) if row else None

    async def drop(self, due: Due) -> Settled | None:
        """A question whose answer is no leaves no line in the log. As `finish`."""
        row = await self._db.fetchrow(queries.drop_message, due.id, due.lease_until)
        return Settled(**row) if row else None

    async def messages(self, wanted: MessageFilter) -> list[Message]:
        """The latest change first."""
        after_at, after_id = wanted.after or (None, None)
        rows = await self._db.fetch(
            queries.list_messages, wanted.unit, wanted.state, wanted.kind, after_at, after_id, wanted.limit
        )
        return [Message(**row) for row in rows]

    async def counts(self, unit: str | None) -> dict[str, int]:
        return {row["state"]: row["messages"] for row in await self._db.fetch(queries.count_messages, unit)}

    async def oldest_due_seconds(self, at: datetime) -> float:
        """For how long the longest of those that should be sent has been due; 0 for none."""
        (row,) = await self._db.fetch(queries.oldest_due, at)
        return row["seconds"]

    async def message(self, id: UUID) -> Message | None:
        row = await self._db.fetchrow(queries.read_message, id)
        return Message(**row) if row else None

    async def queue_again(self, id: UUID, at: datetime) -> None:
        await self._db.execute(queries.queue_again, id, at)

    async def forget(self, before: datetime) -> None:
        """Lines of the log, and sign-ups whose occasion was over, by then."""
        await self._db.execute(queries.forget_messages, before)
        await self._db.execute(queries.forget_recipients, before)

    # Authors of opinions

    async def save_circular(self, circular: Circular) -> None:
        c = circular
        await self._db.execute(
            queries.save_circular, c.report_id, c.consultation_id, c.number, as_json(c.said), c.traceparent
        )

    async def circular(self, report_id: UUID, consultation_id: UUID) -> Circular | None:
        row = await self._db.fetchrow(queries.read_circular, report_id, consultation_id)
        return struct_of(row, Circular, frozenset({"said"})) if row else None

    async def turn_page(
        self, circular: Circular, numbers: Sequence[int], after: int, due_at: datetime, at: datetime
    ) -> None:
        """These authors will be told; the next page begins after `after`."""
        c = circular
        await self._db.execute(queries.turn_page, c.report_id, c.consultation_id, c.number, after)
        recipients = [f"{OPINION}{c.consultation_id}:{no}" for no in numbers]
        await self._db.execute(
            queries.add_answers, [new_id() for _ in numbers], recipients, f"{c.report_id}:{c.number}", c.said["unit"],
            as_json(c.said), due_at, at, c.traceparent,
        )  # fmt: skip

    # Duties of units

    async def save_clock(self, id: UUID, version: int, state: str, days_left: int | None) -> bool:
        """False for what was known already, or better."""
        return bool(await self._db.fetch(queries.save_clock, id, version, state, days_left))

    async def clock(self, id: UUID) -> tuple[str, int | None]:
        row = await self._db.fetchrow(queries.read_clock, id)
        return (row["state"], row["days_left"]) if row else ("dropped", None)

    async def sealed_addresses(self, unit: str) -> tuple[int, bytes, datetime] | None:
        """Version, sealed addresses, and when they were given."""
        row = await self._db.fetchrow(queries.read_addresses, unit)
        return (row["version"], row["sealed"], row["changed_at"]) if row else None

    async def save_addresses(self, unit: str, sealed: bytes, at: datetime, by: str) -> int:
        """The new version."""
        return int(await self._db.fetchval(queries.save_addresses, unit, sealed, at, by) or 0)


def version_of(at: datetime) -> str:
    """The beginning for which a reminder is planned, as a version."""
    return str(int(at.timestamp()))
