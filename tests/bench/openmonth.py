"""What a month of 2,000 events costs: its board, its report, and the rebuild of both from the stream.

Prints a table and asserts nothing about time. `python -m bench.openmonth`."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
from msgspec.structs import replace

from component.test_holidays import kaimen
from houses import House, open_house, until
from kaimen.contracts.envelope import Envelope, envelope
from kaimen.contracts.opendays import THEMES, EventPublished, EventRevised, OpenEvent
from kaimen.kit.clock import day_start
from kaimen.kit.ids import new_id
from kaimen.openmonth.domain.board import board
from unit.test_openmonth_rules import event

EVENTS, YEAR, UNITS = 2_000, 2025, 60
VERSIONS = 10
"""How often each event is said: a stream keeps every change."""
FACTS = EVENTS * VERSIONS
API = f"/api/openmonth/v1/campaigns/{YEAR}"
AT = datetime(YEAR, 7, 1, tzinfo=UTC)


def month() -> list[OpenEvent]:
    """In sixty units, two hundred venues, eleven streets, on thirty days, four beginnings a day."""
    first = day_start(datetime(YEAR, 8, 1, tzinfo=UTC).date())
    return [
        event(
            n + 1,
            campaign=YEAR,
            unit=f"单位{n % UNITS}",
            theme=THEMES[n % 6],
            place=f"公园路{n % 200}号",
            street_code=f"3101180{n % 11:02}",
            staff=(f"科长{n % 300}", "业务骨干"),
            starts_at=first + timedelta(days=n % 30, hours=9 + 2 * (n % 4)),
        )
        for n in range(EVENTS)
    ]


async def say_all(house: House, events: list[OpenEvent]) -> None:
    client = await nats.connect(house.servers.nats.url)
    try:
        stream = client.jetstream()
        for version in range(1, VERSIONS + 1):
            said = [as_said(replace(each, version=version)) for each in events]
            confirmed = [await stream.publish_async(each.subject, each.body, headers=each.headers()) for each in said]
            await asyncio.gather(*confirmed)
    finally:
        await client.close()


def as_said(event: OpenEvent) -> Envelope:
    fact = EventPublished(event) if event.version == 1 else EventRevised(event)
    return envelope(fact, id=new_id(), aggregate_id=str(event.event_id), version=event.version, time=AT)


async def timed(what: Awaitable[Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return await what, time.perf_counter() - started


async def ask(house: House, question: str, *values: Any) -> Any:
    database = await house.database("openmonth")
    try:
        return await database.fetchval(question, *values)
    finally:
        await database.close()


async def count(house: House) -> int:
    """Events in their last version."""
    question = "select count(*) from events where event_id < $1 and version = $2"
    return await ask(house, question, UUID(int=EVENTS + 1), VERSIONS)


async def rebuild(house: House) -> tuple[float, float]:
    """Seconds from the command until all rows are back, and from the first row until then."""
    await ask(house, "delete from events")
    started = time.perf_counter()
    command = asyncio.create_task(kaimen(house, "rebuild", "openmonth"))
    await until(lambda: ask(house, "select exists (select from events)"), seconds=120)
    first = time.perf_counter()

    async def is_back() -> bool:
        return await count(house) == EVENTS

    await until(is_back, seconds=120)
    done = time.perf_counter()
    code, _, wrong = await command
    assert code == 0, wrong
    return done - started, done - first


async def touch(house: House) -> None:
    """What is written of one event is written anew, as for a change."""
    await ask(house, "update events set unit = unit where event_id = $1", UUID(int=1))


async def through_the_door(
    house: House, name: str, path: str, before_each: Callable[[House], Awaitable[None]] | None = None
) -> None:
    taken, size = [], 0
    for _ in range(7):
        if before_each:
            await before_each(house)
        answer, seconds = await timed(house.client.get(path))
        assert answer.status_code == 200, answer.text
        taken.append(seconds)
        size = len(answer.content)
    shown = f"{min(taken) * 1000:>8,.0f} ms  {sorted(taken)[3] * 1000:,.0f} ms in the middle, {size:,} bytes"
    print(f"{name:<20}{shown}, through the door")


async def measure() -> None:
    events = month()
    started = time.perf_counter()
    made = board(events, sorted({each.unit for each in events}))
    rules = time.perf_counter() - started
    print(f"board rules alone   {rules * 1000:>8,.0f} ms  {EVENTS:,} events, {len(made.warnings):,} warnings")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_house(Path(folder), "--no-seed") as house:
            office = await house.token("office")
            for path in ("", f"/{YEAR}/publish"):
                body = {"year": YEAR} if not path else None
                address = f"/api/openmonth/v1/campaigns{path}"
                assert (await house.client.post(address, json=body, headers=office)).is_success
            await say_all(house, events)

            async def is_there() -> bool:
                return await count(house) == EVENTS

            await until(is_there, seconds=120)
            for name in ("board", "report", "programme"):
                await through_the_door(house, name, f"{API}/{name}")
            await through_the_door(house, "board, its page", f"/open-month/{YEAR}/board")
            await through_the_door(house, "board, changed", f"{API}/board", before_each=touch)
            await through_the_door(house, "its page, changed", f"/open-month/{YEAR}/board", before_each=touch)
            whole, reading = await rebuild(house)
            print(f"rebuild             {whole:>8,.1f} s   {FACTS:,} facts, from the command on")
            print(f"reader              {FACTS / reading:>8,.0f} /s  facts, from the first row on")


if __name__ == "__main__":
    asyncio.run(measure())
