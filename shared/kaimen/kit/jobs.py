"""Clocked work. The table `timers` is the truth; arq only wakes it early, and may forget everything at any moment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from arq import ArqRedis, create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func
from redis.exceptions import RedisError

from kaimen.kit.db import Unavailable, queries
from kaimen.kit.logs import log
from kaimen.kit.work import SYSTEM, Work, Workshop

Job = Callable[[Work, str], Awaitable[None]]
"""Does what is due for one subject, inside the transaction that also removes the timer; may set the next one."""

_RETRY_AFTER = timedelta(seconds=30)
_ANSWERS_KEPT = timedelta(days=2)
"""How long a repeated Idempotency-Key finds its first answer, which may hold codes and tokens."""


async def _forget_answers(work: Work, subject: str) -> None:
    await work.connection.execute(queries.forget_answers, work.at - _ANSWERS_KEPT)
    await work.set_timer("forget-answers", subject, work.at + timedelta(hours=6))


HOUSEKEEPING: Mapping[str, Job] = {"forget-answers": _forget_answers}
"""What every service with a database does for itself."""


class Jobs:
    """Runs a service's due timers: woken by arq, and by a sweep that needs no Redis."""

    def __init__(self, workshop: Workshop, handlers: Mapping[str, Job], redis_url: str, queue: str) -> None:
        self._workshop = workshop
        self._handlers = dict(handlers)
        self._redis = RedisSettings.from_dsn(redis_url)
        self._redis.conn_retries = 0
        self._queue = f"kaimen:{queue}"
        self._pool: ArqRedis | None = None
        self._woken = asyncio.Event()

    async def run(self, sweep_seconds: float) -> None:
        """For ever: run what is due, then wait for arq's call or the next sweep."""
        while True:
            try:
                await self.run_due()
            except Unavailable:
                log.warning("jobs wait")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), sweep_seconds)
            self._woken.clear()

    async def run_due(self) -> int:
        """Run every timer that is due now, one transaction each; returns how many succeeded."""
        done = 0
        while True:
            ran = await self._run_one()
            if ran is None:
                return done
            done += ran

    async def _run_one(self) -> bool | None:
        kinds = list(self._handlers)
        due: tuple[str, str] | None = None
        try:
            async with self._workshop.open(SYSTEM) as work:
                row = await work.connection.fetchrow(queries.take_due_timer, work.at, kinds)
                if row is None:
                    return None
                due = (row["kind"], row["subject"])
                await work.drop_timer(*due)
                with self._workshop.traces.span("INTERNAL", due[0], None, {"kaimen.timer": due[0]}) as span:
                    work.traceparent = span.traceparent
                    await self._handlers[due[0]](work, due[1])
            return True
        except Unavailable:
            raise
        except Exception as error:
            if due is None:
                raise
            log.error("job failed", kind=due[0], exc_info=error)
            async with self._workshop.open(SYSTEM) as work:
                await work.connection.execute(queries.delay_timer, *due, work.at + _RETRY_AFTER)
            return False

    async def wake_at(self, kind: str, subject: str, due_at: datetime) -> None:
        """Ask arq to wake somebody at `due_at`. Never raises: without Redis the sweep finds the timer."""
        try:
            async with asyncio.timeout(0.5):
                if self._pool is None:
                    self._pool = await create_pool(self._redis, **_serializers(), default_queue_name=self._queue)
                await self._pool.enqueue_job(
                    "wake",
                    _job_id=f"{kind}:{subject}:{due_at.timestamp():.0f}",
                    _defer_until=due_at,
                )
        except (RedisError, OSError, TimeoutError):
            self._pool = None

    async def run_arq(self) -> None:
        """Keep an arq worker alive; it ends whenever Redis restarts."""

        async def wake(ctx: dict[Any, Any]) -> None:
            self._woken.set()

        while True:
            worker = Worker(
                functions=[func(wake, name="wake", keep_result=0)],
                redis_settings=self._redis,
                queue_name=self._queue,
                handle_signals=False,
                health_check_interval=30,
                **_serializers(),
            )
            try:
                await worker.async_run()
            except (RedisError, OSError, TimeoutError):
                log.info("redis away")
            finally:
                with suppress(Exception):
                    await worker.close()
            await asyncio.sleep(2)

    async def close(self) -> None:
        if self._pool is not None:
            with suppress(RedisError, OSError):
                await self._pool.aclose()


def _serializers() -> dict[str, Any]:
    """arq pickles by default; nothing that is read from Redis may run code."""
    return {"job_serializer": msgspec.msgpack.encode, "job_deserializer": msgspec.msgpack.decode}
