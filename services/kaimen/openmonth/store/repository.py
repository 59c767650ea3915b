"""Rows to campaigns, events and photos, and back; nothing is decided here."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kaimen.contracts.opendays import OpenEvent, ReportFigures
from kaimen.kit.db import Connection
from kaimen.kit.photos import Photo
from kaimen.kit.queries import load_queries
from kaimen.kit.refusals import Refusal
from kaimen.kit.rows import as_json
from kaimen.openmonth.domain.campaigns import Campaign
from kaimen.openmonth.domain.counting import Fact
from kaimen.openmonth.domain.refusals import BadWindow, CampaignExists

queries = load_queries("kaimen.openmonth.store")

CONSTRAINTS: dict[str, type[Refusal]] = {
    "campaigns_one_per_year": CampaignExists,
    "campaigns_window_within_year": BadWindow,
}


class Sign(msgspec.Struct, frozen=True):
    """A photo on file, without its bytes. `number`: 1 for the first of an event."""

    event_id: UUID
    number: int
    sha256: str
    width: int
    height: int
    filed_by: str
    filed_at: datetime


class ArchivedDocument(msgspec.Struct, frozen=True):
    """A frozen document. `sha256`: lower-case hex of its bytes."""

    document: str
    sha256: str
    octets: int
    frozen_at: datetime


class Repository:
    """The open month within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    # Campaigns

    async def add_campaign(self, campaign: Campaign) -> None:
        await self._db.execute(queries.insert_campaign, *msgspec.structs.astuple(campaign))

    async def save_campaign(self, campaign: Campaign) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        if await self._db.fetchval(queries.update_campaign, *msgspec.structs.astuple(campaign)) is None:
            raise LookupError(campaign.year)

    async def campaign(self, year: int, *, lock: bool = False) -> Campaign | None:
        row = await self._db.fetchrow(queries.lock_campaign if lock else queries.read_campaign, year)
        return Campaign(**row) if row else None

    async def campaigns(self, *, planned_too: bool) -> list[Campaign]:
        """The latest year first."""
        return [Campaign(**row) for row in await self._db.fetch(queries.list_campaigns, planned_too)]

    # Events

    async def save_events(self, events: Iterable[OpenEvent], figures: Mapping[UUID, ReportFigures]) -> None:
        """Each event once, with its figures where they are known. An older version changes nothing."""
        ordered = sorted(events, key=lambda event: event.event_id)
        told = [figures.get(event.event_id) for event in ordered]
        await self._db.execute(
            queries.save_events,
            [event.event_id for event in ordered],
            [event.version for event in ordered],
            [event.campaign for event in ordered],
            [event.unit for event in ordered],
            [as_json(event) for event in ordered],
            [None if each is None else as_json(each) for each in told],
        )

    async def events(self, year: int) -> list[OpenEvent]:
        """All of the campaign, also postponed and cancelled ones."""
        return [_event(row) for row in await self._db.fetch(queries.events_of_year, year)]

    async def state_of_events(self, year: int) -> str:
        """The same as long as `events` gives the same."""
        return str(await self._db.fetchval(queries.state_of_events, year))

    async def facts(self, year: int) -> list[Fact]:
        return [
            Fact(_event(row), _figures(row["figures"]), row["has_photo"])
            for row in await self._db.fetch(queries.facts_of_year, year)
        ]

    async def event_for_change(self, year: int, event_id: UUID) -> OpenEvent | None:
        """Locked: two photos of one event are filed one after the other."""
        row = await self._db.fetchrow(queries.lock_event_of_year, year, event_id)
        return _event(row) if row else None

    # Signs

    async def add_sign(self, event_id: UUID, photo: Photo, filed_by: str, at: datetime) -> Sign:
        number = await self._db.fetchval(
            queries.insert_sign, event_id, photo.sha256, photo.width, photo.height, photo.image, filed_by, at
        )
        assert number is not None
        return Sign(event_id, number, photo.sha256, photo.width, photo.height, filed_by, at)

    async def sign(self, year: int, event_id: UUID) -> tuple[bytes, str] | None:
        """The bytes of the last photo, and their hash."""
        row = await self._db.fetchrow(queries.read_sign, year, event_id)
        return (row["image"], row["sha256"]) if row else None

    async def signs(self, year: int) -> dict[UUID, Sign]:
        """The last photo of each event that has one."""
        return {row["event_id"]: Sign(**row) for row in await self._db.fetch(queries.signs_of_year, year)}

    # Archives

    async def add_archive(self, year: int, document: str, body: bytes, sha256: str, at: datetime) -> None:
        await self._db.execute(queries.insert_archive, year, document, body, sha256, at)

    async def archives(self, year: int) -> list[ArchivedDocument]:
        return [ArchivedDocument(**row) for row in await self._db.fetch(queries.list_archives, year)]

    async def archive(self, year: int, document: str) -> tuple[bytes, str] | None:
        """The bytes that were frozen, and their hash."""
        row = await self._db.fetchrow(queries.read_archive, year, document)
        return (row["body"], row["sha256"]) if row else None


def _event(row: Any) -> OpenEvent:
    return msgspec.json.decode(row["body"], type=OpenEvent)


def _figures(body: str | None) -> ReportFigures | None:
    return None if body is None else msgspec.json.decode(body, type=ReportFigures)
