"""What a thousand registrations and a million polls of a feed cost, process by process; and what that comes to for a
district, a municipality and a country: `python -m bench.scaling`.

Prints tables and asserts nothing about time. The assumptions about people stand in `Assumed`, and in the output."""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import nats
import psutil

from bench.load import get, load, registration
from houses import SPEAKING, Desk, House, in_days, open_house, until

SESSIONS = 50
CALM, RUSH = 4, 512
"""Connections: a few callers at a time, and a crowd at the opening of a sign-up."""
SECONDS, IDLE_SECONDS = 5.0, 20.0
SWEEPS = {f"KAIMEN_{name.upper()}_SWEEP_SECONDS": "5" for name in SPEAKING}
"""As services have it by themselves; houses for tests sweep more often."""
PROGRAMS = ("door", "opendays", "calendar", "notices", "other services", "postgres", "nats", "valkey")
DISTRICTS = (1, 16, 3000)
CHANGED = "opendays.registration.changed.v1"


@dataclass(frozen=True)
class Assumed:
    """One district with a million people. `polls`: of one subscriber a day, at the hour that the feed itself names;
    `peak`: how much more the busiest hour of the year brings than an average one."""

    registrations_a_year: int = 200_000
    subscribers: int = 100_000
    private_subscribers: int = 20_000
    polls: int = 24
    peak: int = 100
    feeds: int = 150
    """Public addresses: district, themes, streets, units, months."""
    places_of_a_cdn: int = 20
    max_age: int = 300


@dataclass
class Cost:
    """CPU seconds of each program, and bytes, for `number` answers of the expected status."""

    number: int
    rate: float
    seconds: float
    """Until everybody had heard of all."""
    cpu: dict[str, float]
    wal: int = 0
    stream: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    answer_bytes: int = 0

    def per(self, many: int, value: float) -> float:
        return value / self.number * many


def program_of(process: psutil.Process) -> str | None:
    line = " ".join(process.cmdline())
    if " serve " in line:
        name = next((name for name in ("opendays", "calendar", "notices") if f"serve {name}" in line), None)
        return name or "other services"
    return next((known for word, known in SERVERS.items() if word in line), None)


SERVERS = {"caddy": "door", "postgres": "postgres", "nats-server": "nats", "valkey-server": "valkey"}


def programs(house: House) -> Iterator[tuple[str, psutil.Process]]:
    """Every process of the house that lives, with its program: a worker belongs to the program that started it."""

    def below(process: psutil.Process, program: str | None) -> Iterator[tuple[str, psutil.Process]]:
        with suppress(psutil.NoSuchProcess):
            program = program_of(process) or program
            if program is not None:
                yield program, process
            for child in process.children():
                yield from below(child, program)

    for child in psutil.Process(house.process.pid).children():
        yield from below(child, None)


def cpu_seconds(house: House) -> Counter[str]:
    """User and system time of every program of the house so far. What ended has left its time to its parent: PostgreSQL
    starts and ends helpers of its own."""
    spent: Counter[str] = Counter()
    for program, process in programs(house):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent[program] += times.user + times.system + times.children_user + times.children_system
    return spent


def memory_bytes(house: House) -> Counter[str]:
    """What each program keeps for itself; a page that several share counts by its share."""
    kept: Counter[str] = Counter()
    for program, process in programs(house):
        with suppress(psutil.NoSuchProcess):
            kept[program] += process.memory_full_info().pss
    return kept


class Meter:
    """What a house has used between two moments."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def read(self) -> tuple[Counter[str], int, int, dict[str, int]]:
        admin = await asyncpg.connect(self._house.servers.postgres.admin_url)
        wal = int(await admin.fetchval("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"))
        names = ("opendays", "calendar", "notices")
        rows = {name: int(await admin.fetchval("select pg_database_size($1)", name)) for name in names}
        await admin.close()
        client = await nats.connect(self._house.servers.nats.url)
        stream = (await client.jetstream().stream_info("opendays")).state.bytes
        await client.close()
        return cpu_seconds(self._house), wal, stream, rows

    async def cost(self, before: Any, number: int, rate: float, seconds: float = 0) -> Cost:
        cpu, wal, stream, rows = await self.read()
        spent = {name: cpu[name] - before[0][name] for name in PROGRAMS}
        grown = {name: rows[name] - before[3][name] for name in rows}
        return Cost(number, rate, seconds, spent, wal - before[1], stream - before[2], grown)


async def all_is_read(house: House) -> None:
    """Wait until every fact was sent and read, and no message to anybody is due."""

    async def ask(service: str, question: str) -> int:
        database = await house.database(service)
        try:
            return int(await database.fetchval(question))
        finally:
            await database.close()

    async def is_done() -> bool:
        said = await ask("opendays", f"select count(*) from outbox where subject = '{CHANGED}'")
        unsent = await ask("opendays", "select count(*) from outbox where sent_at is null")
        heard = await ask("calendar", "select count(*) from inbox where consumer = 'calendar-private'")
        waiting = await readers_behind(house)
        due = await ask("notices", "select count(*) from timers where due_at <= now()")
        return not unsent and not waiting and not due and heard >= said

    await until(is_done, seconds=600)


async def readers_behind(house: House) -> int:
    client = await nats.connect(house.servers.nats.url)
    try:
        readers = await client.jetstream().consumers_info("opendays")
        return sum((each.num_pending or 0) + (each.num_ack_pending or 0) for each in readers)
    finally:
        await client.close()


async def open_sessions(desk: Desk) -> list[str]:
    sessions = []
    for place in range(SESSIONS):
        starts = in_days(10) + timedelta(hours=2 * place)
        ends = starts + timedelta(hours=2)
        sessions.append({"starts_at": starts.isoformat(), "ends_at": ends.isoformat(), "capacity": 100_000})
    event = await desk.published(sessions=sessions)
    return [session["id"] for session in event["sessions"]]


async def registrations(house: House, door: int, connections: int, sessions: list[str], first: int) -> Cost:
    """Through the door, until everybody who listens has heard of all."""
    await all_is_read(house)
    meter = Meter(house)
    before = await meter.read()
    requests = [registration(session_id) for session_id in sessions]
    began = time.monotonic()
    outcome = await load(door, requests, connections=connections, first_number=first, seconds=SECONDS)
    assert set(outcome.statuses) == {201}, outcome.statuses
    await all_is_read(house)
    return await meter.cost(before, outcome.statuses[201], outcome.rate(201), time.monotonic() - began)


async def polls(house: House, door: int, path: str, status: int, *headers: str) -> Cost:
    meter = Meter(house)
    before = await meter.read()
    outcome = await load(door, [get(path, *headers)], connections=32, seconds=SECONDS)
    assert set(outcome.statuses) == {status}, outcome.statuses
    cost = await meter.cost(before, outcome.statuses[status], outcome.rate(status))
    cost.answer_bytes = await bytes_of(door, path, *headers)
    return cost


async def bytes_of(door: int, path: str, *headers: str) -> int:
    """Bytes of one answer on the wire, head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door)
    writer.write(get(path, *headers, "Connection: close").encode())
    octets = await reader.read(-1)
    writer.close()
    return len(octets)


async def own_calendar(house: House, desk: Desk, session_id: str) -> str:
    """The path of a citizen's private feed with one registration in it."""
    made = (await desk.register(session_id, "19900000000")).json()
    proof = {"manage_token": made["manage_token"]}
    granted = await desk.post(f"/registrations/{made['code']}/feed", proof, {"X-Way": "web"})
    path = "/calendar/" + granted.json()["url"].partition("/calendar/")[2]

    async def shows() -> bool:
        answer = await house.client.get(path)
        return answer.status_code == 200 and b"VEVENT" in answer.content

    await until(shows)
    return path


async def tag(house: House, path: str, *, packed: bool) -> str:
    headers = {"Accept-Encoding": "gzip" if packed else "identity"}
    return (await house.client.get(path, headers=headers)).headers["etag"]


async def show_idle(house: House) -> tuple[float, float]:
    """What a house costs in which nothing happens: cores, and bytes of memory."""
    before = cpu_seconds(house)
    await asyncio.sleep(IDLE_SECONDS)
    after, kept = cpu_seconds(house), memory_bytes(house)
    print("| idle | CPU, cores | memory, MB |\n|---|---|---|")
    for name in PROGRAMS:
        print(f"| {name} | {(after[name] - before[name]) / IDLE_SECONDS:.4f} | {kept[name] / 1e6:,.0f} |")
    whole = sum(after.values()) - sum(before.values())
    print(f"| all | {whole / IDLE_SECONDS:.4f} | {sum(kept.values()) / 1e6:,.0f} |\n")
    return whole / IDLE_SECONDS, sum(kept.values())


def show_registrations(costs: dict[str, Cost]) -> None:
    print("| per 1,000 registrations | " + " | ".join(costs) + " |")
    print("|---" * (len(costs) + 1) + "|")
    for name in PROGRAMS:
        cells = [f"{each.per(1000, each.cpu[name]):.2f}" for each in costs.values()]
        print(f"| CPU seconds, {name} | {' | '.join(cells)} |")
    lines: list[tuple[str, list[str]]] = [
        ("CPU seconds, all", [f"{each.per(1000, sum(each.cpu.values())):.2f}" for each in costs.values()]),
        ("WAL, MB", [f"{each.per(1000, each.wal) / 1e6:.2f}" for each in costs.values()]),
        ("stream, MB", [f"{each.per(1000, each.stream) / 1e6:.2f}" for each in costs.values()]),
        ("databases, MB", [f"{each.per(1000, sum(each.rows.values())) / 1e6:.2f}" for each in costs.values()]),
        ("registered, /s", [f"{each.rate:,.0f}" for each in costs.values()]),
        ("heard by everybody, /s", [f"{each.number / each.seconds:,.0f}" for each in costs.values()]),
    ]
    for title, cells in lines:
        print(f"| {title} | {' | '.join(cells)} |")


def show_polls(costs: dict[str, Cost]) -> None:
    print("\n| per million polls | CPU s, door | CPU s, calendar | CPU s, PostgreSQL | GB sent | reached, /s |")
    print("|---|---|---|---|---|---|")
    for name, each in costs.items():
        cpu = [f"{each.per(1_000_000, each.cpu[program]):,.0f}" for program in ("door", "calendar", "postgres")]
        sent = each.answer_bytes * 1_000_000 / 1e9
        print(f"| {name} | {' | '.join(cpu)} | {sent:.2f} | {each.rate:,.0f} |")


def show_districts(idle: tuple[float, float], registering: Cost, public: Cost, private: Cost, assumed: Assumed) -> None:
    """Cores are CPU seconds a second; `public` and `private` cost a poll that finds nothing new."""
    year, day = 365 * 86_400, 86_400
    second = registering.per(1, sum(registering.cpu.values()))
    rows: list[tuple[str, float, str]] = [
        ("cores with nothing to do, one house each", idle[0], ",.2f"),
        ("… memory, GB", idle[1] / 1e9, ",.0f"),
        ("registrations a year", assumed.registrations_a_year, ",.0f"),
        ("… a second, in the busiest hour", assumed.registrations_a_year / year * assumed.peak, ",.2f"),
        ("… cores for them then", assumed.registrations_a_year / year * assumed.peak * second, ",.3f"),
        ("… WAL a year, GB", registering.per(assumed.registrations_a_year, registering.wal) / 1e9, ",.1f"),
        ("… stream a year, GB", registering.per(assumed.registrations_a_year, registering.stream) / 1e9, ",.2f"),
        (
            "… databases a year, GB",
            registering.per(assumed.registrations_a_year, sum(registering.rows.values())) / 1e9,
            ",.1f",
        ),
        ("public polls a second", assumed.subscribers * assumed.polls / day, ",.0f"),
        ("… cores at the door", public.per(1, public.cpu["door"]) * assumed.subscribers * assumed.polls / day, ",.3f"),
        (
            "… a second, behind a CDN, at most",
            assumed.feeds * assumed.places_of_a_cdn / assumed.max_age,
            ",.0f",
        ),
        ("private polls a second", assumed.private_subscribers * assumed.polls / day, ",.1f"),
        (
            "… cores for them",
            private.per(1, sum(private.cpu.values())) * assumed.private_subscribers * assumed.polls / day,
            ",.3f",
        ),
    ]
    print(
        "\n| "
        + " | ".join(["", *(f"{number:,} {'district' if number == 1 else 'districts'}" for number in DISTRICTS)])
        + " |"
    )
    print("|---" * (len(DISTRICTS) + 1) + "|")
    for title, value, form in rows:
        print(f"| {title} | {' | '.join(format(value * number, form) for number in DISTRICTS)} |")


async def measure() -> None:
    busy = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {busy:.1f} before the start{'' if busy < 1.5 else ': not quiet'}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_house(Path(folder), "--without", "portal", settings=SWEEPS) as house:
            door = int(house.url.rsplit(":", 1)[1])
            unit = "区教育局"
            desk = Desk(house, await house.token("unit_editor", unit, "经办"), await house.token("unit_lead", unit))
            sessions = await open_sessions(desk)
            await all_is_read(house)
            idle = await show_idle(house)
            costs = {
                f"{connections} callers": await registrations(house, door, connections, sessions, first)
                for connections, first in ((CALM, 13000000000), (RUSH, 13100000000))
            }
            show_registrations(costs)
            mine = await own_calendar(house, desk, sessions[0])
            feed, packed = "/calendar/district.ics", "Accept-Encoding: gzip"
            size = len((await house.client.get(feed)).content)
            known = await tag(house, feed, packed=True)
            polled = {
                f"public feed of {size / 1000:.0f} kB, 200": await polls(house, door, feed, 200, packed),
                "public feed, 304": await polls(house, door, feed, 304, packed, f"If-None-Match: {known}"),
                "private feed, 200": await polls(house, door, mine, 200, packed),
                "private feed, 304": await polls(
                    house, door, mine, 304, packed, f"If-None-Match: {await tag(house, mine, packed=True)}"
                ),
            }
            show_polls(polled)
    calm, assumed = costs[f"{CALM} callers"], Assumed()
    show_districts(idle, calm, polled["public feed, 304"], polled["private feed, 304"], assumed)
    print(f"\nassumed for a district: {assumed}")
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    asyncio.run(measure())
