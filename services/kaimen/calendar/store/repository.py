"""Rows to entries and back."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from kaimen.calendar.domain import Document, FeedKey, FoundKind, feeds_of
from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.opendays import FeedChanged, RegistrationChanged
from kaimen.kit.clock import day_start
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


class PrivateFeed(msgspec.Struct, frozen=True):
    """A feed behind a token: `subject` names the staff member whose it is; a citizen's has none."""

    id: UUID
    unit: str | None
    subject: str | None
    registrations: list[UUID]
    created_at: datetime
    revoked_at: datetime | None


class Registered(msgspec.Struct, frozen=True):
    """A registration, with the entry of its session."""

    id: UUID
    state: str
    changed_at: datetime
    entry: CalendarEntry


class SearchPlace(msgspec.Struct, frozen=True):
    """Where a list of hits goes on: after this one, `away` in time from `at`; `is_body`: not found in its title."""

    at: datetime
    is_body: bool
    away: timedelta
    id: UUID


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched: all `terms` by index, all `words` again in the text. Nearness in time is measured from `at`."""

    terms: list[str]
    words: list[str]
    kind: FoundKind | None
    unit: str | None
    at: datetime
    after: SearchPlace | None
    limit: int


class Hit(msgspec.Struct, frozen=True):
    """A page that holds all words; `is_body`: not all of them in its title. `away`: from the instant of the search."""

    id: UUID
    kind: FoundKind
    unit: str
    title: str
    body: str
    page: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    status: Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
    is_body: bool
    away: timedelta


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

    async def save_citizens_feed(self, feed: FeedChanged, version: int, at: datetime) -> None:
        """An older version changes nothing; what was revoked stays so."""
        revoked_at = at if feed.revoked else None
        await self._db.execute(
            queries.save_citizens_feed, feed.feed_id, version, feed.token_sha256, list(feed.registrations), at,
            revoked_at,
        )  # fmt: skip

    async def save_registration(self, said: RegistrationChanged, version: int, at: datetime) -> None:
        """An older version changes nothing."""
        await self._db.execute(
            queries.save_registration, said.registration_id, version, said.session_id, said.state, at
        )

    async def add_staff_feed(self, id: UUID, token_sha256: str, subject: str, unit: str | None, at: datetime) -> None:
        await self._db.execute(queries.add_staff_feed, id, token_sha256, subject, unit, at)

    async def staff_feeds(self, subject: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._db.fetch(queries.list_staff_feeds, subject)]

    async def revoke_staff_feed(self, id: UUID, subject: str, at: datetime) -> bool:
        """False when there is none of this person's."""
        return await self._db.fetchval(queries.revoke_staff_feed, id, subject, at) is not None

    async def private_feed(self, token_sha256: str) -> PrivateFeed | None:
        row = await self._db.fetchrow(queries.read_private_feed, token_sha256)
        return PrivateFeed(**row) if row else None

    async def registered(self, registrations: list[UUID]) -> list[Registered]:
        """By the beginning of their sessions; those whose session is not known yet are left out."""
        return [
            Registered(row["id"], row["state"], row["changed_at"], _entry(row))
            for row in await self._db.fetch(queries.registered_entries, registrations)
        ]

    async def entries_of_unit(self, unit: str | None, since: datetime) -> list[tuple[CalendarEntry, bytes]]:
        """Entries with their rendered bytes; None: the duties of all units."""
        return [(_entry(row), row["rendered"]) for row in await self._db.fetch(queries.entries_of_unit, unit, since)]

    async def list_entries(self, wanted: EntryFilter) -> list[CalendarEntry]:
        after_at, after_id = wanted.after or (None, None)
        terms = search_terms(wanted.text) if wanted.text else None
        rows = await self._db.fetch(
            queries.list_entries, wanted.from_at, wanted.to_at, wanted.kind, wanted.unit, terms, wanted.text,
            after_at, after_id, wanted.limit,
        )  # fmt: skip
        return [_entry(row) for row in rows]

    async def save_document(self, document: Document, version: int) -> None:
        """An older version changes nothing."""
        words = " ".join((document.title, document.text, document.unit))
        await self._db.execute(
            queries.save_document, document.document_id, version, document.kind, document.unit, document.title,
            document.text, document.page, day_start(document.first_on), day_start(document.last_on + timedelta(days=1)),
            document.is_withdrawn, search_terms(words),
        )  # fmt: skip

    async def campaigns(self) -> list[int]:
        """The years of open months."""
        return [row["year"] for row in await self._db.fetch(queries.list_campaigns)]

    async def search(self, wanted: Search) -> list[Hit]:
        """Each page once, best first."""
        after = (wanted.after.is_body, wanted.after.away, wanted.after.id) if wanted.after else (None, None, None)
        rows = await self._db.fetch(
            queries.search, wanted.terms, wanted.words, wanted.kind, wanted.unit, wanted.at, *after, wanted.limit
        )
        return [Hit(**row) for row in rows]


def _entry(row: Any) -> CalendarEntry:
    return msgspec.json.decode(row["body"], type=CalendarEntry)
