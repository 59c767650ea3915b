"""Callers who share a transaction: each gets its own answer, in order of arrival."""

import asyncio
from collections.abc import Sequence

import pytest

from kaimen.kit.combine import Combiner


class Poison(Exception):
    """What a spoilt command raises."""


class Kitchen:
    """Answers a number with its square. A batch that holds "poison" fails whole; a negative number is refused alone."""

    def __init__(self) -> None:
        self.batches: list[list[object]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def run(self, key: str, commands: Sequence[object]) -> list[object]:
        await self.open.wait()
        self.batches.append(list(commands))
        if "poison" in commands:
            raise Poison
        return [ValueError(command) if command < 0 else (key, command**2) for command in commands]  # type: ignore[operator]


async def ask(combiner: Combiner, *commands: object) -> list[object]:
    return await asyncio.gather(*(combiner.submit("k", command) for command in commands), return_exceptions=True)


async def test_combiner_answers_each_in_order_of_arrival() -> None:
    kitchen = Kitchen()
    answers = await ask(Combiner(kitchen.run), *range(500))
    assert answers == [("k", n * n) for n in range(500)]
    assert [n for batch in kitchen.batches for n in batch] == list(range(500))
    assert max(len(batch) for batch in kitchen.batches) == 200


async def test_combiner_gathers_those_who_come_while_a_batch_runs() -> None:
    kitchen = Kitchen()
    kitchen.open.clear()
    combiner = Combiner(kitchen.run, limit=4)
    first = asyncio.create_task(ask(combiner, 1))
    await asyncio.sleep(0)
    rest = asyncio.create_task(ask(combiner, *range(2, 8)))
    await asyncio.sleep(0)
    kitchen.open.set()
    await asyncio.gather(first, rest)
    assert kitchen.batches == [[1], [2, 3, 4, 5], [6, 7]]


async def test_combiner_lets_a_poisoned_command_fail_alone() -> None:
    kitchen = Kitchen()
    answers = await ask(Combiner(kitchen.run), 1, "poison", 2)
    assert [type(answer) for answer in answers] == [tuple, Poison, tuple]
    assert (answers[0], answers[2]) == (("k", 1), ("k", 4))
    assert kitchen.batches == [[1, "poison", 2], [1], ["poison"], [2]]


async def test_combiner_gives_a_refusal_to_its_own_caller_only() -> None:
    answers = await ask(Combiner(Kitchen().run), 1, -1, 2)
    assert [type(answer) for answer in answers] == [tuple, ValueError, tuple]


async def test_combiner_outlives_a_caller_who_went_away() -> None:
    kitchen = Kitchen()
    kitchen.open.clear()
    combiner = Combiner(kitchen.run)
    gone = asyncio.create_task(combiner.submit("k", 1))
    stays = asyncio.create_task(combiner.submit("k", 2))
    await asyncio.sleep(0)
    gone.cancel()
    kitchen.open.set()
    assert await stays == ("k", 4)
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await combiner.submit("k", 3) == ("k", 9)


async def test_combiner_keeps_keys_apart() -> None:
    kitchen = Kitchen()
    combiner = Combiner(kitchen.run)
    answers = await asyncio.gather(*(combiner.submit(key, 2) for key in "abc"))
    assert answers == [("a", 4), ("b", 4), ("c", 4)]
    assert kitchen.batches == [[2], [2], [2]]
