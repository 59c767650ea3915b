"""Keeping the gathered feeds: one rendered body each, remade when an event changes it, never on a request."""

import gzip
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from kaimen.calendar.domain import FeedKey, standing_feeds, title_of
from kaimen.calendar.store.repository import Repository
from kaimen.contracts.calendar import CalendarEntry
from kaimen.kit.feed import is_shown, render
from kaimen.kit.ical import Feed, etag, join_feed
from kaimen.kit.logs import log
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.units import Units
from kaimen.kit.work import Work


class CalendarSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of calendar, beside those that all services have."""

    feeds_dir: Annotated[
        str, Meta(description="folder where public feeds rest for the front door; empty: only this service serves them")
    ] = ""


class Body(msgspec.Struct, frozen=True):
    """A feed as it is served: `tag` is the strong hash of `octets`, marked weak because of compression."""

    octets: bytes
    packed: bytes
    tag: str
    changed_at: datetime | None


class Shelf:
    """The rendered feeds of this process, and the folder from which the front door serves them itself."""

    def __init__(self, settings: CalendarSettings) -> None:
        self._settings = settings
        self._folder = Path(settings.feeds_dir) if settings.feeds_dir else None
        self._bodies: dict[FeedKey, Body] = {}

    def body(self, key: FeedKey) -> Body | None:
        return self._bodies.get(key)

    async def refresh(self, work: Work, keys: Iterable[FeedKey] | None = None) -> None:
        """Remake the feeds in `keys`, or all of them."""
        store = Repository(work.connection)
        units = await Units(work.connection).codes()
        streets = {code: name for name, code in units.items() if code}
        wanted = set(keys) if keys is not None else await _all_feeds(store, units)
        for key in sorted(wanted):
            try:
                await self._remake(key, store, work.at, streets)
            except (ValueError, AssertionError, OSError) as error:
                # One feed that cannot be made must not keep the others from being remade.
                log.error("feed not made", path=key.path, exc_info=error)

    async def _remake(self, key: FeedKey, store: Repository, at: datetime, streets: Mapping[str, str]) -> None:
        entries = await store.entries_of(key)
        shown = [(e, item) for e, item in entries if is_shown(e, at, windowed=key.is_windowed)]
        octets = join_feed(head_of(key, streets, self._settings.public_url), [item for _, item in shown])
        self._place(key, octets, max((e.changed_at for e, _ in shown), default=None))

    def _place(self, key: FeedKey, octets: bytes, changed_at: datetime | None) -> None:
        tag = etag(octets)
        known = self._bodies.get(key)
        if known is not None and known.tag == tag:
            return
        body = Body(octets, gzip.compress(octets, mtime=0), tag, changed_at)
        self._bodies[key] = body
        if self._folder is not None:
            path = self._folder / f"{key.path}.ics"
            if not path.resolve().is_relative_to(self._folder.resolve()):
                raise ValueError(f"{key.path!r} leads out of the folder of feeds")
            write_feed(path, body)


def head_of(key: FeedKey, street_names: Mapping[str, str], public_url: str) -> Feed:
    name, description = title_of(key, street_names)
    return Feed(name=name, description=description, url=f"{public_url}/subscribe", source_url=public_url + key.address)


async def _all_feeds(store: Repository, units: Mapping[str, str | None]) -> set[FeedKey]:
    return await store.feeds() | standing_feeds(units, await store.campaigns())


def write_feed(path: Path, body: Body) -> None:
    """Replace the files of one feed, each at once. The tag comes last: a reader between two files downloads once more,
    and never keeps old bytes under a new tag."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for file, octets in (
        (path, body.octets),
        (path.with_name(path.name + ".gz"), body.packed),
        (path.with_name(path.name + ".gz.etag"), body.tag.encode()),
        (path.with_name(path.name + ".etag"), body.tag.encode()),
    ):
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_bytes(octets)
        if body.changed_at is not None:
            os.utime(draft, (body.changed_at.timestamp(), body.changed_at.timestamp()))
        os.replace(draft, file)


async def take_entries(
    work: Work, settings: CalendarSettings, source_id: UUID, version: int, entries: Iterable[CalendarEntry]
) -> set[FeedKey]:
    """Keep what a service said about its own entries; returns the feeds that this touches, old and new."""
    store = Repository(work.connection)
    touched = await store.feeds_of_source(source_id)
    for entry in entries:
        await store.save_entry(source_id, version, entry, render(entry, settings.public_url, settings.uid_domain))
    return touched | await store.feeds_of_source(source_id)
