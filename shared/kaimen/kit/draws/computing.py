"""Computing a commitment takes seconds to minutes of pure arithmetic: it runs in a process of its own.

The timer `compute-draw` remembers that it has to be done. Whoever takes it moves it on a little with every word of
progress; when this process dies, the timer comes due and another begins anew.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from kaimen.kit import lots
from kaimen.kit.db import Unavailable
from kaimen.kit.draws.procedure import COMPUTE, COMPUTE_AGAIN, Draws, pool_of, rules_of
from kaimen.kit.jobs import Job
from kaimen.kit.logs import log
from kaimen.kit.service import Resources
from kaimen.kit.work import SYSTEM, Work


class Order(msgspec.Struct, frozen=True):
    """What the computing process is told."""

    rules: lots.Rules
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
        commitment = lots.commit(
            order.rules, order.pool, order.openings, progress=lambda step, done, of: say(Word(step, done, of))
        )
        say(Word(commitment=commitment))
    except lots.LotsError as no:
        say(Word(refused=f"{no.zh} / {no.en}"))


def job(resources: Resources) -> tuple[str, Job]:
    """The timer kind, and what is done when it comes due."""
    running: dict[UUID, asyncio.Task[None]] = resources.keep("draws-computing", dict)

    async def run(work: Work, subject: str) -> None:
        draws = Draws(work, resources.vault)
        draw = await draws.store.locked(UUID(subject))
        if draw is None or draw.state != "computing" or draw.id in running:
            return
        await work.set_timer(COMPUTE, subject, work.at + COMPUTE_AGAIN)
        rules = rules_of(draw)
        assert isinstance(rules, lots.Rules), "an order is committed to at once"
        order = Order(rules, pool_of(draw), draws.openings(draw))

        async def begin() -> None:
            task = asyncio.create_task(_follow(resources, draw.id, order))
            running[draw.id] = task
            task.add_done_callback(lambda _: running.pop(draw.id, None))

        work.after_commit(begin)

    return COMPUTE, run


async def _follow(resources: Resources, id: UUID, order: Order) -> None:
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
            await _keep(resources, id, word)
        if not ended:
            log.error("computing ended without a word", subject=str(id), exit_code=await process.wait())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _keep(resources: Resources, id: UUID, word: Word) -> None:
    while True:
        try:
            async with resources.workshop.open(SYSTEM) as work:
                await _keep_once(work, resources, id, word)
            return
        except Unavailable:
            await asyncio.sleep(1)


async def _keep_once(work: Work, resources: Resources, id: UUID, word: Word) -> None:
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
        await draws.commit(draw, word.commitment)
