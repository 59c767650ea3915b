"""Two transactions of one person at once: the private feed, which tells everything or nothing, misses neither."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from faults.test_race import _one_seat
from houses import until
from kaimen.contracts.opendays import FeedChanged
from kaimen.kit.clock import SystemClock
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Database
from kaimen.kit.people import Proof
from kaimen.kit.work import ANONYMOUS, Workshop
from kaimen.opendays.app import registrations, subscriptions
from kaimen.opendays.app.desk import Desk, OpenDaysSettings
from kaimen.opendays.app.registrations import Arrival, Confirmation, NewRegistration
from scratch import scratch_database

Step = Callable[[], Awaitable[None]]


class Citizen:
    """Somebody who is registered for one session, and does more: each step a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.receipts: list[Confirmation] = []
        self._days = 10
        self._workshop = Workshop(database, SystemClock())

    @asynccontextmanager
    async def _desk(self) -> AsyncIterator[Desk]:
        async with self._workshop.open(ANONYMOUS) as work:
            yield Desk(work, Vault(bytes(32), "opendays"), OpenDaysSettings())

    async def session(self) -> UUID:
        """Never at the same time as another."""
        self._days += 1
        return (await _one_seat(self.database, self._days)).id

    async def register(self, session_id: UUID) -> None:
        person = NewRegistration(name="张三", phone="13100000000")
        async with self._desk() as desk:
            (made,) = await registrations.register(desk, [Arrival(ANONYMOUS, session_id, person)])
        assert isinstance(made, Confirmation)
        self.receipts.append(made)

    async def subscribe(self) -> None:
        first = self.receipts[0]
        async with self._desk() as desk:
            await subscriptions.grant(desk, first.code, Proof(first.manage_token), "https://example.cn")

    async def revoke(self) -> None:
        first = self.receipts[0]
        async with self._desk() as desk:
            await subscriptions.revoke(desk, first.code, Proof(first.manage_token))

    async def at_once(self, *steps: Step) -> None:
        """Each step has done all but leave its facts when the next one begins, or waits for the one before it."""
        waiting = "select count(*) = $1 from pg_stat_activity where wait_event_type = 'Lock'"
        async with asyncio.TaskGroup() as tasks, self.database.transaction() as other:
            await other.execute("lock table outbox in share mode")
            for place, step in enumerate(steps, start=1):
                tasks.create_task(step())
                await until(lambda place=place: self.database.pool.fetchval(waiting, place))

    async def told(self) -> FeedChanged:
        """What readers, who keep the largest version, know in the end."""
        body = await self.database.pool.fetchval(
            "select body from outbox where subject = 'opendays.feed.changed.v1' order by version desc, seq limit 1"
        )
        return msgspec.json.decode(body, type=FeedChanged)


@pytest.fixture
async def citizen(tmp_path: Path) -> AsyncIterator[Citizen]:
    async with scratch_database(tmp_path, size=6) as database:
        citizen = Citizen(database)
        await citizen.register(await citizen.session())
        yield citizen


async def test_feed_has_both_of_two_registrations_at_once(citizen: Citizen) -> None:
    await citizen.subscribe()
    first, second = await citizen.session(), await citizen.session()
    await citizen.at_once(lambda: citizen.register(first), lambda: citizen.register(second))
    assert set((await citizen.told()).registrations) == {receipt.id for receipt in citizen.receipts}
    assert len(citizen.receipts) == 3


@pytest.mark.parametrize("subscribes_first", [True, False])
async def test_new_feed_has_the_registration_that_is_being_made(citizen: Citizen, subscribes_first: bool) -> None:
    session = await citizen.session()
    steps = [citizen.subscribe, lambda: citizen.register(session)]
    await citizen.at_once(*(steps if subscribes_first else reversed(steps)))
    assert set((await citizen.told()).registrations) == {receipt.id for receipt in citizen.receipts}
    assert len(citizen.receipts) == 2


@pytest.mark.parametrize("revokes_first", [True, False])
async def test_revoked_feed_stays_so_beside_a_registration(citizen: Citizen, revokes_first: bool) -> None:
    await citizen.subscribe()
    session = await citizen.session()
    steps = [citizen.revoke, lambda: citizen.register(session)]
    await citizen.at_once(*(steps if revokes_first else reversed(steps)))
    assert (await citizen.told()).revoked
