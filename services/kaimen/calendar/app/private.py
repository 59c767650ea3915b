"""Private feeds (CF7): of a citizen, all that one person is registered for; of a staff member, what the unit does and
owes. Whoever knows the address reads it, so addresses are long, kept as hashes, and can be revoked."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from kaimen.calendar.domain import FeedRevoked, NoSuchFeed
from kaimen.calendar.store.repository import PrivateFeed, Registered, Repository
from kaimen.contracts.calendar import CalendarEntry
from kaimen.kit.clock import day_start, local_date
from kaimen.kit.feed import PAST_DAYS, TOMBSTONE, held_by, is_shown, render
from kaimen.kit.ical import Feed, join_feed
from kaimen.kit.people import hash_token
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.work import Work

ALARMS = (timedelta(days=1), timedelta(hours=2))


class StaffFeed(msgspec.Struct, frozen=True):
    """工作日历 of the signed-in person; `unit` null: of all units' duties. Its address is shown once, when made."""

    id: UUID
    unit: str | None
    created_at: datetime
    url: str = ""


async def grant(work: Work, public_url: str) -> StaffFeed:
    """A new address for the actor; earlier ones stay until they are revoked."""
    token = work.new_token()
    unit = None if work.actor.role == "office" else work.actor.unit
    feed = StaffFeed(work.new_id(), unit, work.at, f"{public_url}/calendar/me/{token}.ics")
    await Repository(work.connection).add_staff_feed(
        feed.id, hash_token(token).hex(), work.actor.subject, unit, work.at
    )
    return feed


async def list_own(work: Work) -> list[StaffFeed]:
    return [StaffFeed(**row) for row in await Repository(work.connection).staff_feeds(work.actor.subject)]


async def revoke(work: Work, id: UUID) -> None:
    """Raises NoSuchFeed, also for somebody else's."""
    if not await Repository(work.connection).revoke_staff_feed(id, work.actor.subject, work.at):
        raise NoSuchFeed


async def body(work: Work, settings: ServiceSettings, token: str) -> bytes:
    """The feed's bytes. A revoked one says so for 30 days: programs that find a feed gone keep what they have. Raises
    NoSuchFeed, FeedRevoked."""
    store = Repository(work.connection)
    feed = await store.private_feed(hash_token(token).hex())
    if feed is None:
        raise NoSuchFeed
    head = Feed(
        name="我的开门日历" if feed.subject is None else f"{feed.unit or '全区'} · 工作日历",
        description="本人报名的活动" if feed.subject is None else "本单位的活动、会议和各项期限",
        url=f"{settings.public_url}/subscribe",
        # Its own address is a secret, and would stand in every copy of the feed.
        source_url=f"{settings.public_url}/calendar/me",
    )
    if feed.revoked_at is not None:
        if work.at > feed.revoked_at + TOMBSTONE:
            raise FeedRevoked
        return join_feed(head, [render(_farewell(feed, feed.revoked_at), settings.public_url, settings.uid_domain)])
    if feed.subject is not None:
        since = day_start(local_date(work.at) - timedelta(days=PAST_DAYS))
        found = await store.entries_of_unit(feed.unit, since)
        return join_feed(head, [item for entry, item in found if is_shown(entry, work.at)])
    own = [_own(each) for each in await store.registered(feed.registrations)]
    shown = [entry for entry in own if is_shown(entry, work.at)]
    return join_feed(head, [_render(entry, settings) for entry in shown])


def _render(entry: CalendarEntry, settings: ServiceSettings) -> bytes:
    alarms = ALARMS if entry.status != "CANCELLED" and not entry.all_day else ()
    return render(entry, settings.public_url, settings.uid_domain, alarms=alarms)


def _own(registered: Registered) -> CalendarEntry:
    return held_by(registered.entry, registered.id, "registration", registered.state, registered.changed_at)


def _farewell(feed: PrivateFeed, revoked_at: datetime) -> CalendarEntry:
    day = local_date(revoked_at)
    return CalendarEntry(
        entry_id=feed.id,
        uid_kind="feed-revoked",
        kind="openday",
        sequence=0,
        created_at=revoked_at,
        changed_at=revoked_at,
        starts_at=day_start(day),
        ends_at=day_start(day + timedelta(days=1)),
        all_day=True,
        summary="订阅已停用",
        status="CONFIRMED",
        unit=feed.unit or "",
        description="这个日历地址已经停用，请在日历软件中删除它；如需继续，请重新获取地址。",
        page="/subscribe",
        transparent=True,
    )
