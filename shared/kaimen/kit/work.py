"""A unit of work: one request, message or job is one transaction, and what leaves it commits with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from kaimen.contracts.envelope import Envelope, envelope
from kaimen.kit.clock import Clock
from kaimen.kit.db import Connection, Database, Unavailable, queries
from kaimen.kit.ids import new_code, new_id, new_token
from kaimen.kit.refusals import Kind, refusal
from kaimen.kit.traces import OFF, Traces

T = TypeVar("T")
_TRIES = 3
_PAUSE_SECONDS = 0.05

Role = Literal["anonymous", "citizen", "unit_editor", "unit_lead", "office", "justice", "presider", "notary", "system"]

APPROVING: tuple[Role, ...] = ("unit_lead", "office")

Forbidden = refusal("kit.forbidden", Kind.FORBIDDEN, "您的身份无权进行此操作。", "Your role does not allow this.")
NotYourUnit = refusal("kit.not-your-unit", Kind.FORBIDDEN, "该事项属于其他单位。", "This belongs to another unit.")


class Actor(msgspec.Struct, frozen=True):
    """Who acts: a pseudonymous subject with one role, in one unit (short name) or none."""

    subject: str
    role: Role
    unit: str | None = None
    name: str = ""

    @property
    def is_staff(self) -> bool:
        return self.role in ("unit_editor", "unit_lead", "office", "justice", "system")

    def sees_drafts_of(self, unit: str) -> bool:
        return self.role in ("office", "system") or (self.is_staff and self.unit == unit)

    @property
    def drafts_shown(self) -> str | None:
        """Whose drafts a list shows beside what is public: one unit's, None for all, "" for nobody's."""
        if self.role in ("office", "system"):
            return None
        return (self.unit or "") if self.is_staff else ""

    def must_act_for(self, unit: str) -> None:
        """Raises Forbidden for one who is no staff, NotYourUnit for staff of another unit. The office acts for all."""
        if not self.is_staff:
            raise Forbidden
        if not self.sees_drafts_of(unit):
            raise NotYourUnit


SYSTEM = Actor("system", "system")
ANONYMOUS = Actor("anonymous", "anonymous")


def version_at(changed_at: datetime) -> int:
    """The version that a change says for an aggregate without a counter: its instant, in microseconds.

    Readers take the largest for the last, so the row of the aggregate must hold `changed_at`, and SQL must make it
    later than the one before: the clock may stand still, be another host's, or have been read before a lock was."""
    return int(changed_at.timestamp() * 1_000_000)


class Work:
    """The open transaction, its instant and its actor. Facts, timers and audit lines are kept until it closes."""

    def __init__(self, connection: Connection, at: datetime, actor: Actor, traceparent: str | None = None) -> None:
        self.connection = connection
        self.at = at
        self.actor = actor
        self.traceparent = traceparent
        self._facts: list[Envelope] = []
        self.timers_set: list[tuple[str, str, datetime]] = []
        self.afterwards: list[Callable[[], Awaitable[None]]] = []

    new_id = staticmethod(new_id)
    new_code = staticmethod(new_code)
    new_token = staticmethod(new_token)

    def emit(self, fact: msgspec.Struct, *, aggregate_id: UUID, version: int) -> None:
        """Publish `fact` if and only if this transaction commits."""
        self._facts.append(
            envelope(
                fact,
                id=new_id(),
                aggregate_id=str(aggregate_id),
                version=version,
                time=self.at,
                traceparent=self.traceparent,
            )
        )

    async def set_timer(self, kind: str, subject: str, due_at: datetime) -> None:
        """Have the job `kind` run for `subject` at `due_at`; a later call for the same pair moves it."""
        await self.connection.execute(queries.set_timer, kind, subject, due_at)
        self.timers_set.append((kind, subject, due_at))

    async def set_timers(self, kind: str, subjects: list[str], due_at: datetime) -> None:
        await self.connection.execute(queries.set_timers, kind, subjects, due_at)

    async def drop_timer(self, kind: str, subject: str) -> None:
        await self.connection.execute(queries.drop_timer, kind, subject)

    async def record(
        self,
        action: str,
        object: str,
        *,
        before: str | None = None,
        after: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Write who did what to the audit table, in this transaction."""
        await self.connection.execute(
            queries.add_audit,
            self.at, self.actor.subject, self.actor.role, self.actor.unit, action, object, before, after, reason,
        )  # fmt: skip

    def after_commit(self, step: Callable[[], Awaitable[None]]) -> None:
        """Run `step` once this transaction has committed: for what can be made again at any time, such as a cache."""
        self.afterwards.append(step)

    async def flush(self) -> bool:
        """Put the collected facts into the outbox. True when there were any."""
        if not self._facts:
            return False
        facts = self._facts
        columns: list[list[Any]] = [
            [fact.id for fact in facts],
            [fact.subject for fact in facts],
            [fact.aggregate_id for fact in facts],
            [fact.version for fact in facts],
            [fact.time for fact in facts],
            [fact.traceparent for fact in facts],
            [fact.body for fact in facts],
        ]
        await self.connection.execute(queries.add_outbox, *columns)
        return True


class Workshop:
    """Opens units of work for one service, and tells the relay and the timers when one has left something behind."""

    def __init__(self, database: Database, clock: Clock, traces: Traces = OFF) -> None:
        self.database = database
        self.clock = clock
        self.traces = traces
        self.facts_waiting = asyncio.Event()
        self.on_timer: Callable[[str, str, datetime], Awaitable[None]] | None = None

    @asynccontextmanager
    async def open(self, actor: Actor, traceparent: str | None = None) -> AsyncIterator[Work]:
        """One transaction. Its facts reach the outbox in it; waking others happens after COMMIT."""
        async with self.database.transaction() as connection:
            work = Work(connection, self.clock.now(), actor, traceparent)
            yield work
            has_facts = await work.flush()
        if has_facts:
            self.facts_waiting.set()
        if self.on_timer:
            for timer in work.timers_set:
                await self.on_timer(*timer)
        for step in work.afterwards:
            await step()

    async def run(self, actor: Actor, traceparent: str | None, use_case: Callable[[Work], Awaitable[T]]) -> T:
        """The same for a `use_case` that may begin again: nothing has happened of one that PostgreSQL ends because it
        and another wait for each other."""
        left = _TRIES
        while True:
            left, gave_way = left - 1, False
            try:
                async with self.open(actor, traceparent) as work:
                    try:
                        return await use_case(work)
                    except asyncpg.DeadlockDetectedError:
                        gave_way = True
                        raise
            except Unavailable:
                if not (gave_way and left):
                    raise
            # Whoever begins again at once may take the row before the other wakes, and both wait anew.
            await asyncio.sleep(_PAUSE_SECONDS)

    @asynccontextmanager
    async def open_for_reading(self) -> AsyncIterator[Work]:
        """A transaction of the service itself that looks and changes nothing."""
        async with self.open(SYSTEM) as work:
            yield work
