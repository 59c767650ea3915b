"""Computing a commitment takes seconds to minutes of pure arithmetic: it runs in a process of its own.

The timer `compute-draw` remembers that it has to be done. Whoever takes it moves it on a little with every word of
progress; when this process dies, the timer comes due and another begins anew.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from kaimen.kit import lots
from kaimen.kit.db import Unavailable
from kaimen.kit.draws.procedure import COMPUTE, COMPUTE_AGAIN, Draws, pool_of, rules_of
from kaimen.kit.draws.store import Draw
from kaimen.kit.jobs import Job
from kaimen.kit.logs import log
from kaimen.kit.service import Resources
from kaimen.kit.work import SYSTEM, Work

OnCommitted = Callable[[Work, Draw], Awaitable[None]]
"""What a service does, in the same transaction, when one of its draws is committed to."""


class Order(msgspec.Struct, frozen=True):
    """What the computing process is told."""

    kind: str
    rules: lots.Rules | None
    order_rules: lots.OrderRules | None
    pool: list[Any]
    openings: tuple[lots.Opening, ...]


class Word(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that it says: progress, or how it ended."""

    step: str = ""
    done: int = 0
    of: int = 0
    commitment: dict[str, Any] | None = None
    refused: str = ""


def compute(order: Order, say: Callable[[Word], None]) -> None:
    """What the process does."""
    try:
        if order.rules is not None:
            commitment = lots.commit(
                order.rules, order.pool, order.openings, progress=lambda step, done, of: say(Word(step, done, of))
            )
        else:
            assert order.order_rules is not None
            commitment = lots.order_commit(order.order_rules, order.pool)
        say(Word(commitment=commitment))
    except lots.LotsError as no:
        say(Word(refused=f"{no.zh} / {no.en}"))


def job(resources: Resources, on_committed: OnCommitted) -> tuple[str, Job]:
    """The timer kind, and what is done when it comes due."""
    running: dict[UUID, asyncio.Task[None]] = resources.keep("draws-computing", dict)

    async def run(work: Work, subject: str) -> None:
        draws = Draws(work, resources.vault)
        draw = await draws.store.locked(UUID(subject))
        if draw is None or draw.state != "computing" or draw.id in running:
            return
        await work.set_timer(COMPUTE, subject, work.at + COMPUTE_AGAIN)
        rules = rules_of(draw)
        order = Order(
            draw.kind,
            rules if isinstance(rules, lots.Rules) else None,
            rules if isinstance(rules, lots.OrderRules) else None,
            pool_of(draw),
            draws.openings(draw),
        )

        async def begin() -> None:
            task = asyncio.create_task(_follow(resources, draw.id, order, on_committed))
            running[draw.id] = task
            task.add_done_callback(lambda _: running.pop(draw.id, None))

        work.after_commit(begin)

    return COMPUTE, run


async def _follow(resources: Resources, id: UUID, order: Order, on_committed: OnCommitted) -> None:
    """Run the process to its end and keep what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kaimen.kit.draws", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        limit=256 * 1024 * 1024,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(order))
        process.stdin.close()
        ended = False
        while line := await process.stdout.readline():
            word = msgspec.json.decode(line, type=Word)
            ended = ended or not word.step
            await _keep(resources, id, word, on_committed)
        if not ended:
            log.error("computing ended without a word", subject=str(id), exit_code=await process.wait())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _keep(resources: Resources, id: UUID, word: Word, on_committed: OnCommitted) -> None:
    while True:
        try:
            async with resources.workshop.open(SYSTEM) as work:
                await _keep_once(work, resources, id, word, on_committed)
            return
        except Unavailable:
            await asyncio.sleep(1)


async def _keep_once(work: Work, resources: Resources, id: UUID, word: Word, on_committed: OnCommitted) -> None:
    draws = Draws(work, resources.vault)
    if word.step:
        await draws.store.say_progress(id, f"{word.step} {word.done}/{word.of}")
        await work.set_timer(COMPUTE, str(id), work.at + COMPUTE_AGAIN)
        return
    draw = await draws.store.locked(id)
    await work.drop_timer(COMPUTE, str(id))
    if draw is None or draw.state != "computing":
        return
    if word.commitment is None:
        await draws.give_up(draw, word.refused)
    else:
        await on_committed(work, await draws.commit(draw, word.commitment))
