"""What the calendar hears, and its own midnight."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from kaimen.calendar.app.feeds import CalendarSettings, Shelf, take_entries
from kaimen.calendar.app.search import DocumentSaid, take_document
from kaimen.calendar.app.years import watch_years
from kaimen.calendar.domain import FeedKey, month_feeds
from kaimen.calendar.store.repository import Repository
from kaimen.contracts.accounts import UnitRegistered
from kaimen.contracts.adoption import AdoptionEntriesChanged
from kaimen.contracts.calendar import OpenDayEntriesChanged
from kaimen.contracts.decisions import DecisionEntriesChanged
from kaimen.contracts.envelope import Envelope
from kaimen.contracts.hearings import HearingEntriesChanged
from kaimen.contracts.opendays import THEMES, FeedChanged, RegistrationChanged
from kaimen.contracts.openmonth import CampaignOpened
from kaimen.contracts.representatives import MeetingEntriesChanged
from kaimen.kit.bus import Subscription
from kaimen.kit.clock import day_start, local_date
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources
from kaimen.kit.units import UNIT_REGISTERED, Units
from kaimen.kit.work import Work

SOURCES = ("opendays", "representatives", "hearings", "decisions", "adoption")
"""Services that have something for calendars."""
EntriesChanged = (
    OpenDayEntriesChanged
    | MeetingEntriesChanged
    | HearingEntriesChanged
    | DecisionEntriesChanged
    | AdoptionEntriesChanged
)
FEEDS_CHANGED = "calendar_feeds_changed"
EVERYTHING = "*"
LONGEST_WORD = 8000
"""Bytes that PostgreSQL does not tell any more."""
PAGES: Mapping[str, tuple[str, ...]] = {
    "decisions": ("decisions.item.changed.v1", "decisions.document.issued.v1"),
    "adoption": ("adoption.report.published.v1",),
    "openmonth": ("openmonth.campaign.opened.v1", "openmonth.campaign.revised.v1"),
}
"""What is found by search although it is nothing for calendars, by who says it."""


async def follow_changes(resources: Resources, shelf: Shelf) -> None:
    """For ever: remake what any process of this service says has changed. Each measures for its own metrics."""

    async def heard(word: str | None) -> None:
        keys = (
            None
            if word in (None, EVERYTHING)
            else {FeedKey(path) for path in msgspec.json.decode(word, type=list[str])}
        )
        async with resources.workshop.open_for_reading() as work:
            await shelf.refresh(work, keys)
            await watch_years(work, warn=False)

    await resources.workshop.database.hear(FEEDS_CHANGED, heard)


async def measure_again(resources: Resources) -> None:
    """Have every process of this service measure for its metrics; no feed changes."""
    await resources.workshop.database.tell(FEEDS_CHANGED, msgspec.json.encode([]).decode())


def subscriptions(resources: Resources) -> list[Subscription]:
    settings = resources.settings
    assert isinstance(settings, CalendarSettings)

    async def take(work: Work, envelope: Envelope) -> None:
        await take_many(work, [envelope])

    async def take_many(work: Work, envelopes: Sequence[Envelope]) -> None:
        """However many there are, each feed is made once."""
        touched: set[FeedKey] = set()
        for envelope in envelopes:
            changed = envelope.fact()
            assert isinstance(changed, EntriesChanged)
            source_id = changed.event_id if isinstance(changed, OpenDayEntriesChanged) else changed.source_id
            touched |= await take_entries(work, settings, source_id, envelope.version, changed.entries)
        work.after_commit(lambda: refresh(touched))

    async def take_page(work: Work, envelope: Envelope) -> None:
        said = envelope.fact()
        assert isinstance(said, DocumentSaid)
        await take_document(work, said, envelope.version)
        if isinstance(said, CampaignOpened):
            units = await Units(work.connection).codes()
            keys = month_feeds(said.campaign.year, units, THEMES)
            work.after_commit(lambda: refresh(keys))

    async def take_private(work: Work, envelope: Envelope) -> None:
        said = envelope.fact()
        assert isinstance(said, FeedChanged | RegistrationChanged)
        store = Repository(work.connection)
        if isinstance(said, FeedChanged):
            await store.save_citizens_feed(said, envelope.version, envelope.time)
        else:
            await store.save_registration(said, envelope.version, envelope.time)

    async def save_unit(work: Work, envelope: Envelope) -> None:
        unit = envelope.fact()
        assert isinstance(unit, UnitRegistered)
        await Units(work.connection).save(unit)
        keys = {FeedKey(f"{kind}/{unit.short_name}") for kind in ("units", "deadlines")}
        keys |= {FeedKey(f"streets/{unit.code}")} if unit.code else set()
        for year in await Repository(work.connection).campaigns():
            keys |= month_feeds(year, [unit.short_name], ())
        work.after_commit(lambda: refresh(keys))

    async def refresh(keys: set[FeedKey]) -> None:
        """Every process keeps a shelf of its own, this one too."""
        word = msgspec.json.encode(sorted(key.path for key in keys))
        short = word.decode() if len(word) < LONGEST_WORD else EVERYTHING
        await resources.workshop.database.tell(FEEDS_CHANGED, short)

    return [
        *(
            Subscription(name, f"calendar-{name}", (f"{name}.calendar.changed.v1",), take, take_many)
            for name in SOURCES
        ),
        *(Subscription(name, f"calendar-pages-{name}", subjects, take_page) for name, subjects in PAGES.items()),
        Subscription(
            "opendays",
            "calendar-private",
            ("opendays.registration.changed.v1", "opendays.feed.changed.v1"),
            take_private,
        ),
        Subscription("accounts", "calendar-units", (UNIT_REGISTERED,), save_unit),
    ]


def jobs(resources: Resources) -> Mapping[str, Job]:
    async def turn_day(work: Work, subject: str) -> None:
        """Windows move with the day, never with the second; and a holiday notice may have become late."""
        await watch_years(work, warn=True)
        work.after_commit(lambda: resources.workshop.database.tell(FEEDS_CHANGED, EVERYTHING))
        await work.set_timer("turn-day", subject, day_start(local_date(work.at) + timedelta(days=1)))

    return {"turn-day": turn_day}
