"""Combining: callers who want the same row share one transaction, in order of arrival.

One hot row is bound by one row lock over one WAL flush; a batch pays for both once. A caller is answered only
after its batch has committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
C = TypeVar("C")
R = TypeVar("R")


class Combiner(Generic[K, C, R]):
    """`run(key, commands)` gets up to `limit` waiting commands and returns, in order, a result or an exception each.

    When a whole batch fails, each command is tried alone, so that one cannot spoil the others; a `hopeless` failure,
    which would meet each of them again, is told to all. At most one batch a
    key is under way in this process; other processes queue on the row lock.
    """

    def __init__(
        self,
        run: Callable[[K, Sequence[C]], Awaitable[Sequence[R | Exception]]],
        *,
        limit: int = 200,
        hopeless: tuple[type[Exception], ...] = (),
    ) -> None:
        self._run = run
        self._limit = limit
        self._hopeless = hopeless
        self._waiting: dict[K, list[tuple[C, asyncio.Future[R]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, key: K, command: C) -> R:
        """The command's own result; raises its own exception."""
        outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        if key in self._waiting:
            self._waiting[key].append((command, outcome))
        else:
            self._waiting[key] = [(command, outcome)]
            task = asyncio.create_task(self._drain(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await outcome

    async def _drain(self, key: K) -> None:
        try:
            while self._waiting[key]:
                batch = self._waiting[key][: self._limit]
                del self._waiting[key][: self._limit]
                await self._run_batch(key, batch)
        finally:
            for _, outcome in self._waiting.pop(key):
                outcome.cancel()

    async def _run_batch(self, key: K, batch: list[tuple[C, asyncio.Future[R]]]) -> None:
        try:
            results: Sequence[R | Exception] = await self._run(key, [command for command, _ in batch])
        except Exception as error:
            if isinstance(error, self._hopeless):
                results = [error] * len(batch)
            elif len(batch) > 1:
                for single in batch:
                    await self._run_batch(key, [single])
                return
            else:
                results = [error]
        for (_, outcome), result in zip(batch, results, strict=True):
            if outcome.done():
                continue
            if isinstance(result, Exception):
                outcome.set_exception(result)
            else:
                outcome.set_result(result)
