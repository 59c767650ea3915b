"""Rows to draws and back; nothing is decided here."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries

queries = load_queries("kaimen.kit.draws")

Kind = Literal["panels", "order"]
State = Literal["ruled", "closed", "computing", "committed", "drawn", "void"]


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """One draw and its published documents, as canonical bytes. `openings` are sealed; `void`: nobody was drawn,
    because all were in, or because a later draw took its place."""

    id: UUID
    subject: str
    kind: Kind
    number: int
    state: State
    reason: str
    rules: bytes
    pool: bytes | None = None
    openings: bytes | None = None
    commitment: bytes | None = None
    drawn: bytes | None = None
    replacements: bytes | None = None
    progress: str = ""
    ruled_at: datetime
    closed_at: datetime | None = None
    committed_at: datetime | None = None
    drawn_at: datetime | None = None

    @property
    def commitment_hash(self) -> str:
        """Empty until it is published."""
        return str(msgspec.json.decode(self.commitment)["commitment"]) if self.commitment else ""

    @property
    def seed(self) -> str:
        """Empty until the draw is made."""
        return str(msgspec.json.decode(self.drawn)["seed"]) if self.drawn else ""


class Typed(msgspec.Struct, frozen=True):
    """What one person typed, as entropy text."""

    typed_by: str
    typed_at: datetime
    entropy: str


class Store:
    """Draws within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def add(self, draw: Draw) -> None:
        await self._db.execute(
            queries.insert_draw, draw.id, draw.subject, draw.kind, draw.number, draw.reason, draw.rules, draw.ruled_at
        )

    async def save(self, draw: Draw) -> None:
        await self._db.execute(
            queries.save_draw, draw.id, draw.state, draw.pool, draw.openings, draw.commitment, draw.drawn,
            draw.replacements, draw.progress, draw.closed_at, draw.committed_at, draw.drawn_at,
        )  # fmt: skip

    async def all_of(self, subject: str) -> list[Draw]:
        """The draws of a subject, the first one first."""
        return [Draw(**row) for row in await self._db.fetch(queries.read_draws, subject)]

    async def locked(self, id: UUID) -> Draw | None:
        row = await self._db.fetchrow(queries.read_draw, id)
        return Draw(**row) if row else None

    async def say_progress(self, id: UUID, words: str) -> None:
        await self._db.execute(queries.say_progress, id, words)

    async def type_numbers(self, id: UUID, who: str, at: datetime, entropy: str) -> None:
        await self._db.execute(queries.type_numbers, id, who, at, entropy)

    async def numbers(self, id: UUID) -> list[Typed]:
        return [Typed(**row) for row in await self._db.fetch(queries.read_numbers, id)]
