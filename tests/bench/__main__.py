"""`make bench`: what this machine does, beside what the same PostgreSQL and the same Caddy do alone.

It prints and asserts nothing about time. Numbers count only when nobody else uses the machine: the load average
is printed with them.
"""

import asyncio
import json
import os
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from bench import lots, openmonth, opinions, scaling
from bench.load import CONNECTIONS, SECONDS, get, load, registration
from houses import Desk, House, in_days, open_house
from kaimen.host.embedded import postgres_programs
from kaimen.kit.db import migrate
from kaimen.opendays.factory import SERVICE

PGBENCH_CONNECTIONS = 16
SEATS = 100_000
MANY = 50
SCRIPT = Path(__file__).with_name("register.sql")


async def open_sessions(desk: Desk, number: int) -> list[str]:
    sessions = []
    for place in range(number):
        starts = in_days(10) + timedelta(hours=2 * place)
        ends = starts + timedelta(hours=2)
        sessions.append({"starts_at": starts.isoformat(), "ends_at": ends.isoformat(), "capacity": SEATS})
    event = await desk.published(sessions=sessions)
    return [session["id"] for session in event["sessions"]]


async def scratch(house: House) -> str:
    """A database of the same server with the same schema and fifty sessions; its address."""
    await house.servers.postgres.create_database("bench")
    url = house.servers.postgres.url("bench")
    await migrate(url, SERVICE.migrations)
    database = await asyncpg.connect(url)
    at = datetime.now(UTC)
    event: dict[str, Any] = {
        "id": UUID(int=0), "version": 1, "state": "draft", "unit": "x", "organiser": "", "title": "x", "theme": "",
        "summary": "", "place": "", "accessibility": [], "interactive_steps": [], "staff": [], "audience": "",
        "capacity_text": "", "registration": "{}", "online": False, "tentative": False, "reason": "", "writers": [],
        "source": "", "sequence": 0, "created_at": at, "changed_at": at, "search_terms": [],
    }  # fmt: skip
    places = ", ".join(f"${number}" for number in range(1, len(event) + 1))
    await database.execute(f"insert into events ({', '.join(event)}) values ({places})", *event.values())
    await database.executemany(
        "insert into sessions (id, event_id, starts_at, ends_at, all_day, time_text, state, capacity, seat_unit, holds,"
        " held, party_limit, waitlist_limit, policy, sequence, created_at, changed_at) values"
        " ($1, $2, $3, $4, false, '', 'scheduled', 100000000, 'person', '{}', 0, 10, 200, 'first_come', 0, $3, $3)",
        [
            (UUID(int=number), UUID(int=0), in_days(10 + number), in_days(10 + number) + timedelta(hours=2))
            for number in range(1, MANY + 1)
        ],
    )
    await database.execute("analyze")
    await database.close()
    return url


async def pgbench(url: str, sessions: int) -> float:
    """Transactions a second."""
    parts = urlsplit(url)
    process = await asyncio.create_subprocess_exec(
        str(postgres_programs() / "pgbench"), "-n", "-M", "prepared", "-c", str(PGBENCH_CONNECTIONS), "-j", "2",
        "-T", str(int(SECONDS)), "-D", f"sessions={sessions}", "-f", str(SCRIPT),
        "-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), parts.path[1:],
        env={**os.environ, "PGPASSWORD": str(parts.password), "PGSSLMODE": "disable"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(said)
    return float(found[1])


def tell(what: str, ours: float, beside: str, theirs: float, more: str = "") -> None:
    busy = os.getloadavg()[0]
    print(
        f"{what:<34}{ours:>9,.0f}/s   {beside:<32}{theirs:>9,.0f}/s   {ours / theirs:>5.2f} x   load {busy:.1f} {more}"
    )


async def measure_registrations(house: House, port: int) -> None:
    desk = Desk(
        house,
        await house.token("unit_editor", "区教育局", "经办"),
        await house.token("unit_lead", "区教育局", "负责人"),
    )
    url = await scratch(house)
    numbers = 13000000000
    for sessions, title in ((1, "one hot session"), (MANY, f"{MANY} sessions")):
        requests = [registration(session_id) for session_id in await open_sessions(desk, sessions)]
        outcome = await load(port, requests, first_number=numbers)
        numbers += 100_000_000
        rows = "one row" if sessions == 1 else f"{sessions} rows"
        theirs = await pgbench(url, sessions)
        wrong = {status: times for status, times in outcome.statuses.items() if status != 201}
        more = f"p50 {outcome.p50:.0f} ms, p99 {outcome.p99:.0f} ms{f', not 201: {wrong}' if wrong else ''}"
        tell(f"registrations, {title}", outcome.rate(201), f"pgbench, {rows}", theirs, more)


async def measure_feeds(house: House) -> None:
    door = int(house.url.rsplit(":", 1)[1])
    feeds = house.folder / "feeds" / "calendar"
    name = "district.ics"
    content = (feeds / name).read_bytes()
    (feeds / "plain.ics").write_bytes(content)
    tags = {each: (await house.client.get(f"/calendar/{each}")).headers["etag"] for each in (name, "plain.ics")}
    ways: tuple[tuple[str, int, list[str], list[str]], ...] = (
        (f"feed of {len(content):,} bytes, 200", 200, [], []),
        ("feed, 304", 304, [f"If-None-Match: {tags[name]}"], [f"If-None-Match: {tags['plain.ics']}"]),
    )
    for title, status, ours, theirs in ways:
        feed = await load(door, [get(f"/calendar/{name}", *ours)], connections=32)
        plain = await load(door, [get("/calendar/plain.ics", *theirs)], connections=32)
        tell(title, feed.rate(status), "file of the same size, same door", plain.rate(status), f"p99 {feed.p99:.0f} ms")


async def main() -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start, {CONNECTIONS} connections")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_house(Path(folder), "--without", "portal") as house:
            ports = json.loads((house.folder / "state.json").read_text())["ports"]
            await measure_registrations(house, ports["opendays"])
            await measure_feeds(house)
    print()
    await asyncio.to_thread(lots.main)
    print()
    await opinions.measure()
    print()
    await openmonth.measure()
    print()
    await scaling.measure()


if __name__ == "__main__":
    asyncio.run(main())
