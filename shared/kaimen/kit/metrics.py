"""What a process tells Prometheus: the requests it answered, and, at each scrape, what waits longer than it should.

Labels are routes, states, durable readers and units; never an address or a person. What NATS cannot tell now is absent.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import prometheus_client
from prometheus_client import Counter, Gauge, Histogram

from kaimen.kit.bus import Progress, progress_of
from kaimen.kit.db import queries
from kaimen.kit.refusals import Refusal
from kaimen.kit.service import Resources
from kaimen.kit.work import Work

Measure = Callable[[Work], Awaitable[None]]
"""Sets the gauges of one service, from its own rows, in a transaction that only looks."""

REQUESTS = Counter("kaimen_http_requests", "Requests answered", ["route", "method", "status"])
DURATIONS = Histogram(
    "kaimen_http_request_seconds",
    "From the arrival of a request to the end of its answer",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WAITING = {
    name: Gauge(f"kaimen_{name}", said)
    for name, said in (
        ("unsent", "Facts in the outbox that the stream has not confirmed"),
        ("oldest_unsent_seconds", "Age of the oldest of them"),
        ("dead_letters", "Messages that could not be handled and wait for a person"),
        ("late_timers", "Clocked work that is due for more than a minute"),
    )
}
REACHABLE = Gauge("kaimen_reachable", "1 while a server that this service needs answers", ["server"])
READER_WAITING = Gauge("kaimen_reader_waiting", "Messages that a durable reader has not handled yet", ["durable"])
READER_IDLE = Gauge("kaimen_reader_idle_seconds", "Since a durable reader handled its last message", ["durable"])

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_READERS_KEPT_SECONDS = 5.0


def method_of(method: str) -> str:
    """A label for `method`: anybody can make up further ones."""
    return method if method in METHODS else "_OTHER"


class Readers:
    """How far this service's durable readers are, asked of NATS at most every few seconds."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def measure(self) -> None:
        async with self._asking:
            if time.monotonic() - self._asked_at < _READERS_KEPT_SECONDS:
                return
            found = await self._ask()
            self._asked_at = time.monotonic()
        READER_WAITING.clear()
        READER_IDLE.clear()
        for progress in found:
            READER_WAITING.labels(progress.durable).set(progress.waiting)
            READER_IDLE.labels(progress.durable).set(progress.idle_seconds)

    async def _ask(self) -> Sequence[Progress]:
        bus = self._resources.bus
        if bus is None or not bus.is_connected:
            return []
        asked = (progress_of(bus, each) for each in self._resources.subscriptions)
        return [progress for progress in await asyncio.gather(*asked) if progress is not None]


async def measured(resources: Resources, measure: Measure | None) -> bytes:
    """Everything this process knows, in Prometheus' text format."""
    answering = await dependencies(resources)
    for server, answers in answering.items():
        REACHABLE.labels(server).set(answers)
    if answering.get("postgresql"):
        await _measure_rows(resources, measure)
    if resources.database is not None:
        await resources.keep("readers", lambda: Readers(resources)).measure()
    return prometheus_client.generate_latest()


async def _measure_rows(resources: Resources, measure: Measure | None) -> None:
    with suppress(Refusal):
        async with resources.workshop.open_for_reading() as work:
            row = await work.connection.fetchrow(queries.count_waiting, work.at)
            for name, gauge in WAITING.items():
                gauge.set(row[name] if row else 0)
            if measure is not None:
                await measure(work)


async def dependencies(resources: Resources) -> dict[str, bool]:
    """Which servers answer now, by name."""
    parts: dict[str, bool] = {}
    if resources.database is not None:
        try:
            async with resources.database.transaction() as connection:
                await connection.fetchval("select 1")
            parts["postgresql"] = True
        except Refusal:
            parts["postgresql"] = False
        parts["nats"] = resources.bus is not None and resources.bus.is_connected
    parts["redis"] = await resources.limiter.ping()
    return parts
