"""Services outside `kaimen up`: several copies of each, wherever they stand, before one set of servers and behind one
door; and a crowd that registers and cancels while somebody breaks or replaces them."""

import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import nats
from nats.js.api import AckPolicy, ConsumerConfig

from houses import Desk, House, in_days, until
from kaimen.host import fleet
from kaimen.host.embedded import Secrets
from kaimen.host.supervisor import Log, Process, Program
from kaimen.opendays.store.repository import queries

NAMES = ("accounts", "opendays", "calendar")
"""Who is there: what the public and a unit need to publish, to register and to read the calendar."""
SEATS = 60
_numbers = itertools.count(13600000000)


@dataclass
class Town:
    """Servers that run, and where services find them. `client` talks to the door, `databases` has the address of each
    service's database, `nats_urls` those of the stream's servers from here."""

    folder: Path
    log: Log
    databases: Mapping[str, str]
    nats_urls: Sequence[str]
    shared: Mapping[str, str]
    """Settings that every service has, without their prefix."""
    copies: dict[str, Process] = field(default_factory=dict)
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False))

    token = House.token

    def settings(self, name: str, host: str, port: int, **more: str) -> dict[str, str]:
        secrets = Secrets(self.folder / "secrets")
        values = {
            "HOST": host,
            "PORT": str(port),
            "KEY_FILE": str(secrets.path(f"{name}.key")),
            "CALLS_KEY_FILE": str(secrets.path("calls")),
            "SWEEP_SECONDS": "0.3",
            **self.shared,
            **more,
        }
        return {f"KAIMEN_{name.upper()}_{key}": value for key, value in values.items()}

    def add_copy(
        self, title: str, name: str, env: Mapping[str, str], url: str, *, before: Sequence[str] = ()
    ) -> Process:
        """A copy of a service, not started; `before`: words that come before its command line."""
        program = fleet.host_command("serve", name, env=env)
        program = replace(program, name=title, command=[*before, *program.command])
        self.copies[title] = Process(program, self.log, lambda: is_whole(f"{url}/api/{name}/v1/health/ready"))
        return self.copies[title]

    async def migrate(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """`kaimen migrate` over all databases, as a process of its own. Raises StartFailed."""
        addresses = {f"KAIMEN_{name.upper()}_DATABASE_URL": url for name, url in self.databases.items()}
        command = [sys.executable, "-m", "kaimen.host", "migrate", *arguments]
        program = Program("migrate", command, fleet.clean_environment() | addresses | dict(env or {}))
        await fleet.run_to_end(program, self.log)

    async def database(self, name: str) -> asyncpg.Connection:
        return await asyncpg.connect(self.databases[name])

    async def ask(self, name: str, question: str, *values: Any) -> Any:
        """One value from the database of a service."""
        database = await self.database(name)
        try:
            return await database.fetchval(question, *values)
        finally:
            await database.close()

    async def stop(self) -> None:
        await self.client.aclose()
        await asyncio.gather(*(copy.stop() for copy in self.copies.values()))


async def is_whole(url: str) -> bool:
    """Whether a copy answers there and is connected to everything."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            answer = await client.get(url)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and all(part is not False for part in answer.json().values())


def door(port: int, upstreams: Mapping[str, Sequence[str]], folder: Path, log: Log) -> Process:
    """Caddy on 127.0.0.1 with the Caddyfile of the house, and several addresses for each service."""
    opened = fleet.door(port, {}, folder / "no-feeds", folder / "caddy", log)
    addresses = {f"KAIMEN_UPSTREAM_{name.upper()}": " ".join(several) for name, several in upstreams.items()}
    opened.program = replace(opened.program, env={**(opened.program.env or {}), **addresses})
    return opened


async def unit_desk(town: Town) -> Desk:
    """Two people of a unit that opendays has heard of."""
    office = await town.token("office")
    unit = {"short_name": "区教育局", "kind": "bureau", "district": "310118"}
    answer = await town.client.put("/api/accounts/v1/units", json=unit, headers=office)
    assert answer.is_success, answer.text
    await until(lambda: town.ask("opendays", "select exists (select from units)"), seconds=30)
    writer = await town.token("unit_editor", "区教育局", "经办")
    return Desk(town, writer, await town.token("unit_lead", "区教育局", "负责人"))  # type: ignore[arg-type]


async def open_session(desk: Desk) -> tuple[str, str]:
    """Ids of an event and of its session, whose waiting list takes everybody."""
    starts = in_days(10)
    ends = starts + timedelta(hours=2)
    session = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat(), "capacity": SEATS}
    event = await desk.published(sessions=[{**session, "waitlist_limit": 100_000}])
    return event["id"], event["sessions"][0]["id"]


class Crowd:
    """Callers who register, each with a key; every third of them cancels what it got. What is not answered, or with
    503, is repeated as it was."""

    def __init__(self, town: Town, session_id: str) -> None:
        self._client = town.client
        self._session_id = session_id
        self._enough = asyncio.Event()
        self._troubles: list[tuple[float, float]] = []
        self.acknowledged: dict[str, str] = {}
        """Code to state, as the last answer said it."""
        self.statuses: Counter[int | str] = Counter()
        self.requests = self.repeated = 0

    @asynccontextmanager
    async def at_work(self, callers: int = 8) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._call(place)) for place in range(callers)]
        try:
            yield
            await self.more()
        finally:
            self._enough.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 60)

    async def more(self, number: int = 25) -> None:
        """Wait until this many more registrations were acknowledged."""
        wanted = len(self.acknowledged) + number

        async def are_there() -> bool:
            return len(self.acknowledged) >= wanted

        await until(are_there, seconds=60)

    @property
    def trouble_seconds(self) -> float:
        """For how long at least one caller had to repeat itself."""
        total, last = 0.0, 0.0
        for began, ended in sorted(self._troubles):
            total += max(0.0, ended - max(began, last))
            last = max(last, ended)
        return total

    @property
    def longest(self) -> float:
        return max((ended - began for began, ended in self._troubles), default=0.0)

    async def _call(self, place: int) -> None:
        for turn in itertools.count(place):
            if self._enough.is_set():
                return
            answer = await self._register()
            if turn % 3 == 0:
                await self._cancel(answer)

    async def _register(self) -> dict[str, Any]:
        path = f"/api/opendays/v1/sessions/{self._session_id}/registrations"
        body = {"name": "张三", "phone": str(next(_numbers))}
        answer, _ = await self._persist("POST", path, json=body, headers={"Idempotency-Key": str(uuid4())})
        assert answer.status_code == 201, answer.text
        registered = answer.json()
        assert registered["code"] not in self.acknowledged
        self.acknowledged[registered["code"]] = registered["state"]
        return registered

    async def _cancel(self, registered: dict[str, Any]) -> None:
        """To cancel takes no key: who was not answered looks what became of it."""
        path = f"/api/opendays/v1/registrations/{registered['code']}"
        answer, repeats = await self._persist(
            "POST", f"{path}/cancel", json={"manage_token": registered["manage_token"]}
        )
        if answer.status_code == 409 and repeats:
            answer, _ = await self._persist("GET", path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "withdrawn"
        self.acknowledged[registered["code"]] = "withdrawn"

    async def _persist(self, method: str, path: str, **request: Any) -> tuple[httpx.Response, int]:
        """The first answer that is none of trouble, and how often the request was repeated."""
        began: float | None = None
        for repeats in itertools.count():
            self.requests += 1
            try:
                answer = await self._client.request(method, path, **request)
            except httpx.HTTPError as error:
                self.statuses[type(error).__name__] += 1
            else:
                self.statuses[answer.status_code] += 1
                if answer.status_code < 500:
                    if began is not None:
                        self._troubles.append((began, time.monotonic()))
                    return answer, repeats
            began = began or time.monotonic()
            self.repeated += 1
            await asyncio.sleep(0.05)
        raise AssertionError

    def must_have_been_answered_honestly(self) -> None:
        """Nothing but success, 503 from the door or a service, and 409 for what had been cancelled already."""
        assert set(self.statuses) <= {200, 201, 409, 503}, self.statuses

    def told(self) -> str:
        return (
            f"{self.requests} requests, {len(self.acknowledged)} registrations,"
            f" {sum(state == 'withdrawn' for state in self.acknowledged.values())} cancelled,"
            f" {self.repeated} repeated, {self.trouble_seconds:.1f} s of trouble, longest {self.longest:.1f} s,"
            f" answers {dict(self.statuses)}"
        )


async def said_ids(town: Town, service: str) -> list[str]:
    """The event id of every message in a stream, in order."""
    client = await nats.connect(list(town.nats_urls))
    try:
        stream = client.jetstream(timeout=10)
        total = (await stream.stream_info(service)).state.messages
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, headers_only=True)
        pull = await stream.pull_subscribe(f"{service}.>", stream=service, config=config)
        ids: list[str] = []
        while len(ids) < total:
            messages = await pull.fetch(min(500, total - len(ids)), timeout=10)
            ids += [(message.headers or {})["ce-id"] for message in messages]
        return ids
    finally:
        await client.close()


async def must_be_whole(town: Town, session_id: str, crowd: Crowd) -> None:
    """Every promise at once: acknowledged = stored, never oversold, seats = ledger, outbox = stream, and each fact had
    its effect at the calendar once."""
    id = UUID(session_id)
    database = await town.database("opendays")
    try:
        rows = await database.fetch("select code, state from registrations where session_id = $1", id)
        counters = await database.fetchrow("select taken, capacity from sessions where id = $1", id)
        assert await database.fetch(queries.find_wrong_counts) == []
        question = "select count(*) from outbox where sent_at is null"
        await until(lambda: has_none(database, question), seconds=30)
        sent = [str(row["event_id"]) for row in await database.fetch("select event_id from outbox")]
        private = await database.fetch(
            "select event_id from outbox where subject = 'opendays.registration.changed.v1' order by event_id"
        )
        registered = {row["id"]: row["state"] for row in await database.fetch("select id, state from registrations")}
        sessions = {
            row["id"]: row["sequence"]
            for row in await database.fetch(
                "select sessions.id, sessions.sequence from sessions join events on events.id = event_id"
                " where published_at is not null"
            )
        }
    finally:
        await database.close()
    stored = {row["code"]: row["state"] for row in rows}
    assert len(rows) == len(stored)
    assert stored.keys() == crowd.acknowledged.keys()
    withdrawn = {code for code, state in crowd.acknowledged.items() if state == "withdrawn"}
    assert {code for code, state in stored.items() if state == "withdrawn"} == withdrawn
    seated = sum(state in ("confirmed", "offered") for state in stored.values())
    assert (seated, counters["taken"], counters["capacity"]) == (
        min(SEATS, len(stored) - len(withdrawn)),
        seated,
        SEATS,
    )
    assert sorted(await said_ids(town, "opendays")) == sorted(sent)
    await must_have_had_their_effect(town, [row["event_id"] for row in private], registered, sessions)


async def has_none(database: asyncpg.Connection, question: str) -> bool:
    return not await database.fetchval(question)


async def must_have_had_their_effect(
    town: Town, private: list[UUID], registered: dict[UUID, str], sessions: dict[UUID, int]
) -> None:
    database = await town.database("calendar")
    try:
        heard = "select event_id from inbox where consumer = 'calendar-private' order by event_id"

        async def all_heard() -> bool:
            return len(await database.fetch(heard)) >= len(private)

        # What was under way when its reader died comes again after 30 seconds.
        await until(all_heard, seconds=60)
        assert [row["event_id"] for row in await database.fetch(heard)] == private
        kept = {row["id"]: row["state"] for row in await database.fetch("select id, state from registrations")}
        assert {id: (state, kept.get(id)) for id, state in registered.items() if kept.get(id) != state} == {}
        assert kept.keys() == registered.keys()

        async def entries() -> bool:
            rows = await database.fetch(
                "select entry_id, (body ->> 'sequence')::int as sequence from entries where kind = 'openday'"
            )
            return {row["entry_id"]: row["sequence"] for row in rows} == sessions

        await until(entries, seconds=60)
        assert await has_none(database, "select count(*) from dead_letters")
    finally:
        await database.close()
