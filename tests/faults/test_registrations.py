"""Registrations while everything is killed in turn: nothing acknowledged is lost, nothing happens twice."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import nats
import pytest
import redis.asyncio

from houses import Desk, House, in_days, open_house, until
from kaimen.opendays.store.repository import queries

SEATS = 60
CALLERS = 12
VICTIMS = {
    "opendays": ("serve", "opendays"),
    "NATS": ("nats-server",),
    "PostgreSQL": ("postgres", "-D"),
    "Valkey": ("valkey-server",),
}
_numbers = itertools.count(13500000000)


@pytest.fixture(scope="module")
async def shaken(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that is there to be broken."""
    async with open_house(tmp_path_factory.mktemp("shaken"), "--without", "portal") as house:
        yield house


@pytest.fixture
async def clerk(shaken: House) -> Desk:
    """At the time that the house has now: an earlier test may have let days pass."""
    writer = await shaken.token("unit_editor", "区教育局", "经办")
    return Desk(shaken, writer, await shaken.token("unit_lead", "区教育局", "负责人"))


async def open_session(clerk: Desk, capacity: int, days: int = 10) -> tuple[str, str]:
    """Ids of an event and of its session."""
    starts = in_days(days)
    event = await clerk.published(
        sessions=[
            {
                "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(hours=2)).isoformat(),
                "capacity": capacity,
                "waitlist_limit": 100_000,
            }
        ]
    )
    return event["id"], event["sessions"][0]["id"]


class Crowd:
    """People who register one after the other, and repeat the same request until they are answered."""

    def __init__(self, house: House, session_id: str) -> None:
        self._client = house.client
        self._path = f"/api/opendays/v1/sessions/{session_id}/registrations"
        self.acknowledged: list[dict[str, Any]] = []
        self.refused: list[tuple[int, str]] = []
        self.repeated = 0
        self._enough = asyncio.Event()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        callers = [asyncio.create_task(self._call()) for _ in range(CALLERS)]
        try:
            yield
            await asyncio.sleep(0.5)
        finally:
            self._enough.set()
            await asyncio.wait_for(asyncio.gather(*callers), 60)

    async def _call(self) -> None:
        while not self._enough.is_set():
            await self.register()

    async def register(self) -> None:
        body = {"name": "张三", "phone": str(next(_numbers))}
        headers = {"Idempotency-Key": str(uuid4())}
        while True:
            try:
                answer = await self._client.post(self._path, json=body, headers=headers)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 201:
                self.acknowledged.append(answer.json())
                return
            if answer is not None and answer.status_code < 500:
                self.refused.append((answer.status_code, answer.text))
                return
            self.repeated += 1
            await asyncio.sleep(0.05)


async def messages_of(house: House, service: str) -> list[str]:
    """The event id of every message in a stream, in order."""
    client = await nats.connect(house.servers.nats.url)
    jetstream = client.jetstream()
    last = (await jetstream.stream_info(service)).state.last_seq
    ids = [((await jetstream.get_msg(service, seq)).headers or {})["ce-id"] for seq in range(1, last + 1)]
    await client.close()
    return ids


async def drained(house: House, *, seconds: float = 20) -> list[str]:
    """Event ids of the outbox, once all of them were sent."""
    database = await house.database("opendays")

    async def is_empty() -> bool:
        return not await database.fetchval("select count(*) from outbox where sent_at is null")

    await until(is_empty, seconds=seconds)
    ids = [str(row["event_id"]) for row in await database.fetch("select event_id from outbox")]
    await database.close()
    return ids


async def public_sessions(house: House) -> dict[UUID, tuple[int, datetime]]:
    database = await house.database("opendays")
    rows = await database.fetch(
        "select sessions.id, sessions.sequence, starts_at from sessions join events on events.id = event_id"
        " where published_at is not null"
    )
    await database.close()
    return {row["id"]: (row["sequence"], row["starts_at"]) for row in rows}


async def calendar_entries(house: House) -> dict[UUID, tuple[int, datetime]]:
    database = await house.database("calendar")
    rows = await database.fetch(
        "select entry_id, (body ->> 'sequence')::int as sequence, starts_at from entries where kind = 'openday'"
    )
    await database.close()
    return {row["entry_id"]: (row["sequence"], row["starts_at"]) for row in rows}


async def must_be_whole(house: House, session_id: str, crowd: Crowd) -> None:
    """Every promise at once: acknowledged = stored, seats = ledger, outbox = stream, calendar = events."""
    assert crowd.refused == []
    database = await house.database("opendays")
    stored = await database.fetch("select code, state from registrations where session_id = $1", UUID(session_id))
    counters = await database.fetchrow("select taken, waiting from sessions where id = $1", UUID(session_id))
    wrong = await database.fetch(queries.find_wrong_counts)
    await database.close()
    told = sorted((answer["code"], answer["state"]) for answer in crowd.acknowledged)
    assert sorted((row["code"], row["state"]) for row in stored) == told
    assert Counter(state for _, state in told) == {"confirmed": SEATS, "waitlisted": len(told) - SEATS}
    assert (tuple(counters), wrong) == ((SEATS, len(told) - SEATS), [])
    sent = await drained(house)
    assert sorted(await messages_of(house, "opendays")) == sorted(sent)
    expected = await public_sessions(house)

    async def has_caught_up() -> bool:
        return await calendar_entries(house) == expected

    await until(has_caught_up)


@pytest.mark.parametrize("victim", VICTIMS)
async def test_registrations_survive_a_kill(shaken: House, clerk: Desk, victim: str) -> None:
    event_id, session_id = await open_session(clerk, SEATS)
    crowd = Crowd(shaken, session_id)
    path = f"/api/opendays/v1/events/{event_id}"
    async with crowd.at_work():
        await asyncio.sleep(0.5)
        for number in range(2):
            await shaken.kill(*VICTIMS[victim])
            moved = await shaken.client.patch(path, json={"place": f"{number}号楼"}, headers=clerk.writer)
            assert moved.status_code == 200, moved.text
    print(f"{victim}: {len(crowd.acknowledged)} acknowledged, {crowd.repeated} repeated")
    assert len(crowd.acknowledged) > SEATS
    await must_be_whole(shaken, session_id, crowd)
    assert (await public_sessions(shaken))[UUID(session_id)][0] == 2


async def test_registrations_are_taken_while_nats_and_redis_are_away(shaken: House, clerk: Desk) -> None:
    _, session_id = await open_session(clerk, SEATS)
    crowd = Crowd(shaken, session_id)
    await drained(shaken)
    frozen = shaken.processes("nats-server") + shaken.processes("valkey-server")
    for process in frozen:
        process.suspend()
    try:
        await asyncio.gather(*(crowd.register() for _ in range(SEATS + 40)))
        database = await shaken.database("opendays")
        unsent = await database.fetchval("select count(*) from outbox where sent_at is null")
        await database.close()
    finally:
        for process in frozen:
            process.resume()
    back_at = datetime.now(UTC)
    await drained(shaken, seconds=10)
    print(f"delivered {(datetime.now(UTC) - back_at).total_seconds():.1f} s after the return")
    assert (unsent, crowd.repeated) == (SEATS + 40, 0)
    await shaken.ready()
    await must_be_whole(shaken, session_id, crowd)


async def test_offer_expires_although_redis_forgot_everything(shaken: House, clerk: Desk) -> None:
    _, session_id = await open_session(clerk, 1, days=60)
    crowd = Crowd(shaken, session_id)
    for _ in range(3):
        await crowd.register()
    first, second, third = crowd.acknowledged
    proof = {"manage_token": first["manage_token"]}
    answer = await clerk.post(f"/registrations/{first['code']}/cancel", proof, {"X-Way": "web"})
    assert answer.status_code == 200, answer.text
    async with redis.asyncio.Redis.from_url(shaken.servers.valkey.url) as client:
        await client.flushall()

    async def states() -> list[str]:
        paths = [f"/api/opendays/v1/registrations/{who['code']}" for who in (first, second, third)]
        return [(await shaken.client.get(path)).json()["state"] for path in paths]

    assert await states() == ["withdrawn", "offered", "waitlisted"]
    shaken.shift_clock(timedelta(hours=25))
    try:

        async def has_moved_on() -> bool:
            return await states() == ["withdrawn", "lapsed", "offered"]

        await until(has_moved_on)
    finally:
        shaken.shift_clock(timedelta())
