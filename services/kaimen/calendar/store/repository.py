"""Rows to entries and back."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kaimen.calendar.domain import FeedKey, feeds_of
from kaimen.contracts.calendar import CalendarEntry
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.search import search_terms

queries = load_queries("kaimen.calendar.store")


class EntryFilter(msgspec.Struct, frozen=True):
    """Which entries to list; None means: any."""

    from_at: datetime
    to_at: datetime
    kind: str | None = None
    unit: str | None = None
    text: str | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50


class Repository:
    """The calendar within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def save_entry(self, source_id: UUID, version: int, entry: CalendarEntry, rendered: bytes) -> None:
        words = " ".join((entry.summary, entry.description, entry.location, entry.unit))
        await self._db.execute(
            queries.save_entry, entry.entry_id, source_id, version, entry.kind, entry.unit, entry.starts_at,
            entry.ends_at, entry.changed_at, sorted(key.path for key in feeds_of(entry)),
            msgspec.json.encode(entry).decode(), rendered, search_terms(words),
        )  # fmt: skip

    async def feeds_of_source(self, source_id: UUID) -> set[FeedKey]:
        return {FeedKey(row["feed"]) for row in await self._db.fetch(queries.feeds_of_source, source_id)}

    async def feeds(self) -> set[FeedKey]:
        return {FeedKey(row["feed"]) for row in await self._db.fetch(queries.list_feeds)}

    async def entries_of(self, key: FeedKey) -> list[tuple[CalendarEntry, bytes]]:
        """The entries of a feed, in order, each with its rendered bytes."""
        return [(_entry(row), row["rendered"]) for row in await self._db.fetch(queries.entries_of_feed, key.path)]

    async def list_entries(self, wanted: EntryFilter) -> list[CalendarEntry]:
        after_at, after_id = wanted.after or (None, None)
        terms = search_terms(wanted.text) if wanted.text else None
        rows = await self._db.fetch(
            queries.list_entries, wanted.from_at, wanted.to_at, wanted.kind, wanted.unit, terms, wanted.text,
            after_at, after_id, wanted.limit,
        )  # fmt: skip
        return [_entry(row) for row in rows]


def _entry(row: Any) -> CalendarEntry:
    return msgspec.json.decode(row["body"], type=CalendarEntry)
