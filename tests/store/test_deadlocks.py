"""Of two that wait for each other PostgreSQL ends one; that one begins again, and its caller hears nothing of it."""

import asyncio
from pathlib import Path

from kaimen.kit.clock import SystemClock
from kaimen.kit.work import SYSTEM, Work, Workshop
from scratch import scratch_database


async def test_whoever_gives_way_begins_again(tmp_path: Path) -> None:
    async with scratch_database(tmp_path) as database:
        await database.pool.execute("create table pairs as select id, 0 as n from generate_series(1, 2) id")
        workshop, both_hold_one = Workshop(database, SystemClock()), asyncio.Barrier(2)
        tries: list[int] = []

        async def both(first: int) -> str:
            async def use_case(work: Work) -> str:
                tries.append(first)
                await work.record("touch", f"pair:{first}")
                for id in (first, 3 - first):
                    await work.connection.execute("update pairs set n = n + 1 where id = $1", id)
                    if id == first and tries.count(first) == 1:
                        await both_hold_one.wait()
                return f"from {first}"

            return await workshop.run(SYSTEM, None, use_case)

        assert await asyncio.gather(both(1), both(2)) == ["from 1", "from 2"]
        # On a slow machine one may take its row again before the other wakes, and then that one gives way, too.
        assert sorted(tries) in ([1, 1, 2], [1, 2, 2], [1, 1, 2, 2])
        assert await database.pool.fetchval("select array_agg(n) from pairs") == [2, 2]
        assert await database.pool.fetchval("select count(*) from audit where action = 'touch'") == 2
