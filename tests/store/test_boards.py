"""The board that is sent is the board of the rows as they are, though most of the time nobody computes it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from kaimen.contracts.accounts import UnitRegistered
from kaimen.contracts.opendays import OpenEvent
from kaimen.kit.clock import SystemClock
from kaimen.kit.units import Units
from kaimen.kit.work import SYSTEM, Workshop
from kaimen.openmonth.app import boards as module
from kaimen.openmonth.app.boards import ALL, Boards
from kaimen.openmonth.app.desk import Desk
from kaimen.openmonth.app.views import board_of
from kaimen.openmonth.domain.board import part_of
from kaimen.openmonth.factory import SERVICE
from kaimen.openmonth.store.repository import Repository
from scratch import scratch_database
from unit.test_openmonth_rules import event

YEAR = 2025


async def save(desk: Desk, *events: OpenEvent) -> None:
    await desk.store.save_events(events, {})


async def whole(desk: Desk) -> bytes:
    return msgspec.json.encode(part_of(await board_of(desk, YEAR), ALL))


async def test_sent_board_is_never_older_than_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = 0
    rules = module.board

    def counted(*given: object) -> object:
        nonlocal computed
        computed += 1
        return rules(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "board", counted)

    async def add_unit(desk: Desk) -> None:
        unit = UnitRegistered(UUID(int=9), 1, "区财政局", None, "bureau", None, "青浦区")
        await Units(desk.work.connection).save(unit)

    async def write_the_same_version_anew(desk: Desk) -> None:
        await save(desk, event(1, campaign=YEAR, version=2, theme="乡村振兴"))

    async def replace_one_by_another_of_its_version(desk: Desk) -> None:
        await save(desk, event(2, campaign=None, version=2), event(4, campaign=YEAR, version=1))

    async def forget_all(desk: Desk) -> None:
        await desk.work.connection.execute("delete from events")

    changes: list[Callable[[Desk], Awaitable[None]]] = [
        lambda desk: save(desk, event(1, campaign=YEAR), event(2, campaign=YEAR)),
        lambda desk: save(desk, event(1, campaign=YEAR, version=2, theme="一网通办")),
        write_the_same_version_anew,
        add_unit,
        replace_one_by_another_of_its_version,
        lambda desk: save(desk, event(4, campaign=YEAR, version=2, state="cancelled")),
        forget_all,
    ]
    async with scratch_database(tmp_path, service=SERVICE) as database:
        workshop, boards = Workshop(database, SystemClock()), Boards()
        seen = set()
        for number, change in enumerate(changes, start=1):
            async with workshop.open(SYSTEM) as work:
                await change(Desk(work))
            for _ in range(2):
                async with workshop.open(SYSTEM) as work:
                    sent = await boards.read(Desk(work), YEAR, ALL)
                    assert sent == await whole(Desk(work))
            assert computed == number
            seen.add(sent)
    assert len(seen) == len(changes)


async def test_change_while_the_board_is_made_is_in_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after PostgreSQL was asked how the rows are, and after they were read."""
    async with scratch_database(tmp_path, service=SERVICE) as database:
        workshop, boards = Workshop(database, SystemClock()), Boards()
        async with workshop.open(SYSTEM) as work:
            await save(Desk(work), event(1, campaign=YEAR))
        read = Repository.events

        async def and_then_changed(store: Repository, year: int) -> list[OpenEvent]:
            found = await read(store, year)
            async with workshop.open(SYSTEM) as work:
                await save(Desk(work), event(2, campaign=YEAR))
            return found

        with monkeypatch.context() as patched:
            patched.setattr(Repository, "events", and_then_changed)
            async with workshop.open(SYSTEM) as work:
                first = await boards.read(Desk(work), YEAR, ALL)
        async with workshop.open(SYSTEM) as work:
            second = await boards.read(Desk(work), YEAR, ALL)
            as_it_is = await whole(Desk(work))
    assert first != as_it_is
    assert second == as_it_is
