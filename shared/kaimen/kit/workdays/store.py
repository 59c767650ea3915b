"""The holiday notices that a service has heard of, in a table of its own."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec

from kaimen.contracts.calendar import NoticeDay, YearLoaded
from kaimen.contracts.envelope import Envelope
from kaimen.kit.bus import Subscription
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.work import Work
from kaimen.kit.workdays.calendar import Notice, Workdays

queries = load_queries("kaimen.kit.workdays")

YEAR_LOADED = "calendar.year.loaded.v1"

Then = Callable[[Work, int], Awaitable[None]]
"""What follows, in the same transaction, when the notice of a year has become known or has changed."""


class KeptNotice(msgspec.Struct, frozen=True):
    """A notice, and when it was loaded."""

    notice: Notice
    loaded_at: datetime


class Notices:
    """The table of notices, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def lock(self) -> None:
        """Whoever gives the next version waits here for another who does."""
        await self._db.execute(queries.lock_notices)

    async def latest(self) -> list[KeptNotice]:
        """The latest version of each year that has one, by year."""
        return [_kept(row) for row in await self._db.fetch(queries.latest_notices)]

    async def save(self, notice: Notice, loaded_at: datetime) -> bool:
        """False for a version that is there already: it stays as it is."""
        return bool(
            await self._db.fetch(
                queries.add_notice, notice.year, notice.version, list(notice.papers), notice.source, notice.sha256,
                msgspec.json.encode(notice.days).decode(), loaded_at,
            )
        )  # fmt: skip


async def workdays(work: Work) -> Workdays:
    """Working days by all that this service has heard."""
    return Workdays(kept.notice for kept in await Notices(work.connection).latest())


def subscription(service: str, then: Then | None = None) -> Subscription:
    """Keeps the table of `service` as the calendar announces it, and calls `then` with the year of what was new."""

    async def save(work: Work, envelope: Envelope) -> None:
        loaded = envelope.fact()
        assert isinstance(loaded, YearLoaded)
        notice = Notice(**{name: getattr(loaded, name) for name in Notice.__struct_fields__})
        is_new = await Notices(work.connection).save(notice, envelope.time)
        if is_new and then is not None:
            await then(work, notice.year)

    return Subscription("calendar", f"{service}-years", (YEAR_LOADED,), save)


def _kept(row: Any) -> KeptNotice:
    notice = Notice(
        year=row["year"],
        version=row["version"],
        papers=tuple(row["papers"]),
        source=row["source"],
        sha256=row["sha256"],
        days=msgspec.json.decode(row["days"], type=tuple[NoticeDay, ...]),
    )
    return KeptNotice(notice, row["loaded_at"])
