"""Boards as they are sent: computed anew when their rows are others, else the same again."""

from typing import Any

import msgspec

from kaimen.openmonth.app.desk import Desk
from kaimen.openmonth.domain.board import Board, Wanted, board, part_of

ALL = Wanted()


class _Kept(msgspec.Struct, frozen=True):
    """`made_from`: what PostgreSQL said of the rows before they were read; `body`: the board with all its warnings."""

    made_from: tuple[Any, ...]
    board: Board
    body: bytes


class Boards:
    """The last board of each year that this process was asked for. A board of 2,000 events takes 0.1 s;
    to ask PostgreSQL whether it is still that one takes a few thousandths, and is done each time."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}

    async def read(self, desk: Desk, year: int, wanted: Wanted) -> bytes:
        """A `BoardPart`."""
        kept = await self._current(desk, year)
        return kept.body if wanted == ALL else msgspec.json.encode(part_of(kept.board, wanted))

    async def _current(self, desk: Desk, year: int) -> _Kept:
        """Never older than the rows: what is read after `made_from` may only be newer."""
        units = await desk.unit_names()
        made_from = (await desk.store.state_of_events(year), *units)
        if (kept := self._still(year, made_from)) is not None:
            return kept
        events = await desk.store.events(year)
        # Others who waited for these rows, too, have not computed it twice.
        if (kept := self._still(year, made_from)) is not None:
            return kept
        whole = board(events, units)
        made = self._kept[year] = _Kept(made_from, whole, msgspec.json.encode(part_of(whole, ALL)))
        return made

    def _still(self, year: int, made_from: tuple[Any, ...]) -> _Kept | None:
        kept = self._kept.get(year)
        return kept if kept is not None and kept.made_from == made_from else None
