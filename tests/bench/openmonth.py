"""What a month of 2,000 events costs: its board, its report, and the rebuild of both from the stream.

Prints a table and asserts nothing about time. `python -m bench.openmonth`."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import nats

from component.test_holidays import kaimen
from houses import House, open_house, until
from kaimen.contracts.envelope import envelope
from kaimen.contracts.opendays import THEMES, EventPublished, OpenEvent
from kaimen.kit.clock import day_start
from kaimen.kit.ids import new_id
from kaimen.openmonth.domain.board import board
from unit.test_openmonth_rules import event

EVENTS, YEAR, UNITS = 2_000, 2025, 60
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
        for each in events:
            said = envelope(EventPublished(each), id=new_id(), aggregate_id=str(each.event_id), version=1, time=AT)
            await stream.publish(said.subject, said.body, headers=said.headers())
    finally:
        await client.close()


async def timed(what: Awaitable[Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return await what, time.perf_counter() - started


async def count(house: House) -> int:
    database = await house.database("openmonth")
    try:
        return await database.fetchval("select count(*) from events where event_id < $1", UUID(int=EVENTS + 1))
    finally:
        await database.close()


async def rebuild(house: House) -> float:
    """Seconds from the command until all rows are back."""
    database = await house.database("openmonth")
    await database.execute("delete from events")
    await database.close()
    started = time.perf_counter()
    code, _, wrong = await kaimen(house, "rebuild", "openmonth")
    assert code == 0, wrong

    async def is_back() -> bool:
        return await count(house) == EVENTS

    await until(is_back, seconds=120)
    return time.perf_counter() - started


async def measure() -> None:
    events = month()
    started = time.perf_counter()
    made = board(events, sorted({each.unit for each in events}))
    rules = time.perf_counter() - started
    print(f"board rules alone   {rules * 1000:>8,.0f} ms  {EVENTS:,} events, {len(made.warnings):,} warnings")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_house(Path(folder), "--without", "portal", "--no-seed") as house:
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
                found = [await timed(house.client.get(f"{API}/{name}")) for _ in range(5)]
                answer, _ = found[0]
                best = min(seconds for _, seconds in found)
                print(f"{name:<20}{best * 1000:>8,.0f} ms  {len(answer.content):,} bytes, through the door")
            print(f"rebuild             {EVENTS / await rebuild(house):>8,.0f} /s  events, from the command on")


if __name__ == "__main__":
    asyncio.run(measure())
