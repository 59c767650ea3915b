"""What people are told, held against every order of what can happen (NT1, NT3, NT4)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.contacts import Contact
from kaimen.kit.clock import SHANGHAI
from kaimen.notices.app.channels import signed
from kaimen.notices.app.letters import Item, known_of, write
from kaimen.notices.app.sending import Draft, decide
from kaimen.notices.app.settings import NoticesSettings
from kaimen.notices.app.words import EN, ZH
from kaimen.notices.domain import (
    Known,
    awake,
    is_urgent,
    morning_of,
    news,
    next_morning,
    next_try,
    reminders,
)
from kaimen.notices.store.repository import Due, version_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 8, 3, 2, tzinfo=UTC)
"""Ten in the morning in Shanghai."""
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def known(**changes: Any) -> Known:
    values: dict[str, Any] = {
        "state": "confirmed", "standing": "on", "starts_at": START + 10 * DAY, "ends_at": START + 10 * DAY + HOUR,
        "place": "甲",
    }  # fmt: skip
    return Known(**{**values, **changes})


@pytest.mark.parametrize(
    ("told", "now", "kind"),
    [
        (None, known(), "confirmed"),
        (None, known(state="withdrawn"), None),
        (None, known(state="checked_in"), None),
        (None, known(standing="cancelled"), "cancelled"),
        (known(), known(), None),
        (known(), known(state="checked_in"), None),
        (known(), known(place="乙"), "moved"),
        (known(), known(starts_at=START + 9 * DAY), "moved"),
        (known(), known(standing="postponed"), "postponed"),
        (known(standing="postponed"), known(standing="postponed"), None),
        (known(standing="postponed"), known(), "moved"),
        (known(), known(standing="cancelled", state="withdrawn"), "cancelled"),
        (known(standing="cancelled"), known(standing="cancelled"), None),
        (known(state="withdrawn"), known(standing="cancelled", state="withdrawn"), None),
        (known(), known(state="withdrawn"), "withdrawn"),
        (known(state="waitlisted"), known(state="offered", until=START + DAY), "offer"),
        (known(state="offered", until=START + DAY), known(state="offered", until=START + 2 * DAY), "offer"),
        (known(state="entered"), known(), "drawn"),
        (known(state="entered"), known(state="waitlisted"), "drawn_waiting"),
        (known(state="entered"), known(state="lapsed"), "not_drawn"),
        (known(state="invited"), known(state="lapsed"), "lapsed"),
        (known(state="invited"), known(state="pooled"), "back_in_pool"),
        (known(state="applied"), known(state="verified"), None),
        (known(state="pooled"), known(state="not_chosen"), "not_chosen"),
        (known(state="pooled"), known(state="excluded"), "not_eligible"),
        (known(), known(place="乙", ends_at=START - HOUR, starts_at=START - 2 * HOUR), None),
    ],
)
def test_news(told: Known | None, now: Known, kind: str | None) -> None:
    assert news(told, now, START) == kind


@given(instants)
def test_nobody_is_awake_at_night(at: datetime) -> None:
    woken = awake(at).astimezone(SHANGHAI)
    assert time(8) <= woken.time() < time(21)
    assert timedelta() <= woken - at <= timedelta(hours=11)
    assert next_morning(at).astimezone(SHANGHAI).time() == time(8)
    assert timedelta() < next_morning(at) - at <= DAY


@given(instants, instants, st.booleans())
def test_reminders_come_before_and_by_day(starts_at: datetime, at: datetime, in_campaign: bool) -> None:
    due = reminders(starts_at, at, in_campaign=in_campaign)
    for when in due.values():
        assert at < when < starts_at
        assert awake(when) == when
    if morning_of(starts_at) > at:
        assert due["morning"] == morning_of(starts_at)
    if starts_at - 4 * DAY > at:
        assert 33 * HOUR <= starts_at - due["early"] <= 72 * HOUR


def test_early_reminders_of_a_campaign_come_together() -> None:
    first, second = START + 10 * DAY, START + 10 * DAY + 6 * HOUR
    assert len({reminders(each, START, in_campaign=True)["early"] for each in (first, second)}) == 1
    assert len({reminders(each, START, in_campaign=False)["early"] for each in (first, second)}) == 2


@given(st.integers(1, 20))
def test_waits_grow_and_end(attempts: int) -> None:
    due = next_try(attempts, START)
    following = next_try(attempts + 1, START)
    if due is None:
        assert attempts > 7
        assert following is None
    elif following is not None:
        assert START < due < following


@pytest.mark.parametrize(
    ("kind", "now", "at", "urgent"),
    [
        ("confirmed", known(), START + 13 * HOUR, True),
        ("moved", known(), START + 13 * HOUR, False),
        ("moved", known(), START + 9 * DAY + 13 * HOUR, True),
        ("cancelled", known(standing="cancelled"), START + 9 * DAY + 13 * HOUR, True),
        ("offer", known(state="offered", until=START + 3 * DAY), START + 13 * HOUR, False),
        ("offer", known(state="offered", until=START + 20 * HOUR), START + 13 * HOUR, True),
    ],
)
def test_urgent_is_what_cannot_wait_for_the_morning(kind: Any, now: Known, at: datetime, urgent: bool) -> None:
    assert is_urgent(kind, known(), now, at) is urgent


def test_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries (standard-webhooks, test of the reference implementation)."""
    headers = signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# One person, one session, and everything that can happen to them


@dataclass
class Queued:
    subject: str
    version: str
    due_at: datetime


@dataclass
class World:
    """A sign-up and what its holder hears: the rules with the smallest queue that could carry them."""

    at: datetime = START
    state: str = ""
    standing: str = "on"
    starts_at: datetime = START + 5 * DAY
    place: str = "甲"
    until: datetime | None = None
    is_deaf: bool = False
    is_killed: bool = False
    told: Known | None = None
    perhaps: tuple[Known, ...] = ()
    repeatable: set[tuple[str, Known]] = field(default_factory=set)
    queue: dict[str, Queued] = field(default_factory=dict)
    heard: list[tuple[datetime, str, Known]] = field(default_factory=list)
    reminded: list[tuple[str, str]] = field(default_factory=list)

    @property
    def now(self) -> Known:
        return known_of(self.contact)

    @property
    def contact(self) -> Contact:
        entry = CalendarEntry(
            entry_id=UUID(int=1), uid_kind="openday", kind="openday", sequence=0, created_at=START, changed_at=START,
            starts_at=self.starts_at, ends_at=self.starts_at + HOUR, all_day=False, summary="活动",
            status="CANCELLED" if self.standing == "cancelled" else "CONFIRMED", unit="区教育局", location=self.place,
        )  # fmt: skip
        return Contact(
            id=UUID(int=2), name="张三", phone="+8613900000000", email="", language="zh", code="ABCD", state=self.state,
            changed_at=START, until=self.until, postponed=self.standing == "postponed", reason="", entry=entry,
            page="/r/ABCD",
        )  # fmt: skip

    def happened(self) -> None:
        """The fact arrives: it is asked whether somebody must be told, and reminders are planned anew."""
        if not self.state or self.is_deaf:
            return
        self.queue["news"] = Queued("news", "", self.at)
        for mark in ("early", "morning"):
            self.queue.pop(mark, None)
        if self.state == "confirmed" and self.standing == "on":
            version = version_of(self.starts_at)
            for mark, due_at in reminders(self.starts_at, self.at, in_campaign=False).items():
                if (mark, version) not in self.reminded:
                    self.queue[mark] = Queued(mark, version, due_at)

    def work(self) -> None:
        """Everything that is due is decided on, the earliest first."""
        while due := sorted((each for each in self.queue.values() if each.due_at <= self.at), key=lambda q: q.due_at):
            mine = due[0]
            del self.queue[mine.subject]
            asked = Due(
                id=UUID(int=3), service="opendays", recipient="", subject=mine.subject, version=mine.version, unit="",
                kind="", due_at=mine.due_at, attempts=1, lease_until=self.at, told=self.told,
                perhaps=self.perhaps,
            )  # fmt: skip
            decided = decide(asked, self.contact, self.at)
            if isinstance(decided, Draft):
                self.heard.append((self.at, decided.kind, self.now))
                if mine.subject == "news" and self.is_killed:
                    self.perhaps = (*self.perhaps, self.now)
                    self.repeatable.add((decided.kind, self.now))
                    self.queue["news"] = Queued("news", "", self.at + HOUR)
                elif mine.subject == "news":
                    self.told, self.perhaps = self.now, ()
                else:
                    self.reminded.append((mine.subject, mine.version))
            elif decided.state == "queued":
                assert decided.due_at > self.at
                self.queue[mine.subject] = Queued(mine.subject, mine.version, decided.due_at)


steps = st.one_of(
    st.tuples(st.just("state"), st.sampled_from(["confirmed", "waitlisted", "offered", "withdrawn", "lapsed"])),
    st.tuples(st.just("move"), st.integers(1, 200)),
    st.tuples(st.just("place"), st.sampled_from(["甲", "乙"])),
    st.tuples(st.just("standing"), st.sampled_from(["on", "postponed", "cancelled"])),
    st.tuples(st.just("wait"), st.integers(1, 72)),
    st.tuples(st.just("sleep"), st.integers(1, 72)),
    st.tuples(st.just("deaf"), st.booleans()),
    st.tuples(st.just("killed"), st.booleans()),
)


def play(world: World, step: tuple[str, Any]) -> None:
    """`wait`: hours in which the worker works; `sleep`: hours in which it is dead; `deaf`: facts do not arrive;
    `killed`: it dies after each sending, before it has written that down."""
    what, value = step
    if what == "wait":
        for _ in range(value):
            world.at += HOUR
            world.work()
        return
    if what == "sleep":
        world.at += value * HOUR
        return
    if what == "killed":
        world.is_killed = value
        return
    if what == "deaf":
        world.is_deaf = value
        world.happened()
        return
    if world.standing == "cancelled":
        return
    if what == "state":
        world.state, world.until = value, world.at + DAY if value == "offered" else None
    elif what == "move":
        world.starts_at, world.standing = world.at + value * HOUR, "on"
    elif what == "place":
        world.place = value
    else:
        world.standing = value
        if value == "cancelled" and world.state:
            world.state = "withdrawn"
    world.happened()


@given(st.lists(steps, max_size=25))
@example([("killed", True), ("state", "confirmed"), ("state", "withdrawn")])
@example([("state", "confirmed"), ("killed", True), ("place", "乙"), ("place", "甲")])
@example([("state", "confirmed"), ("killed", True), ("place", "乙"), ("place", "甲"), ("wait", 2)])
@settings(max_examples=300)
def test_in_any_order_everybody_hears_what_is_true_and_once(happened: list[tuple[str, Any]]) -> None:
    world = World()
    for step in happened:
        play(world, step)
        before = len(world.heard)
        world.work()
        for at, kind, then in world.heard[before:]:
            assert at == world.at
            if kind in ("early", "morning"):
                assert then.is_coming, "reminded of what is off"
                assert at < then.starts_at
    play(world, ("killed", False))
    play(world, ("deaf", False))
    play(world, ("wait", 24))
    # Nobody misses a change: what is still to come is known as it is, also by who believes the last letter.
    letters = [then for _, kind, then in world.heard if kind not in ("early", "morning")]
    if world.state:
        assert news(world.told, world.now, world.at) is None
        assert news(letters[-1] if letters else None, world.now, world.at) is None
    # Each thing once.
    assert len(set(world.reminded)) == len(world.reminded)
    said = [(kind, then) for _, kind, then in world.heard if kind not in ("early", "morning")]
    assert all(first != second or first in world.repeatable for first, second in pairwise(said))
    # And after the end, silence.
    ended = next((n for n, (_, kind, _) in enumerate(world.heard) if kind == "cancelled"), None)
    after = [] if ended is None else world.heard[ended + 1 :]
    assert all(kind == "cancelled" and (kind, then) in world.repeatable for _, kind, then in after)


@given(st.lists(steps, max_size=15), st.integers(30, 300))
def test_who_has_a_place_is_reminded_the_same_morning(happened: list[tuple[str, Any]], hours: int) -> None:
    world = World()
    for step in happened:
        play(world, step)
    if world.standing == "cancelled":
        return
    play(world, ("deaf", False))
    play(world, ("state", "confirmed"))
    play(world, ("move", hours))
    play(world, ("wait", hours))
    assert ("morning", version_of(world.starts_at)) in world.reminded


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", sorted(ZH))
def test_every_kind_of_message_can_be_written(kind: str, language: Any) -> None:
    assert set(ZH) == set(EN)
    world = World(state="offered", until=START + DAY)
    contact = world.contact
    contact = Contact(**{name: getattr(contact, name) for name in contact.__struct_fields__} | {"language": language})
    letter = write("id", kind, [Item(service="opendays", contact=contact, told=known(place="旧"))], NoticesSettings())
    assert "活动" in letter.subject
    assert "{" not in letter.subject + letter.text + letter.short
    assert "ABCD" in letter.text
    assert len(letter.short) < 200


def test_title_with_a_line_break_is_still_a_subject() -> None:
    contact = World(state="confirmed").contact
    entry = msgspec.structs.replace(contact.entry, summary="走进\u2028消防站\n参观")
    item = Item(service="opendays", contact=msgspec.structs.replace(contact, entry=entry), told=None)
    letter = write("id", "confirmed", [item], NoticesSettings())
    assert letter.subject == "报名成功：走进 消防站 参观"


LOSSES = [("standing", "cancelled"), ("standing", "postponed"), ("state", "withdrawn"), ("move", 400)]


@given(st.lists(steps, max_size=8), st.integers(50, 120), st.integers(0, 120), st.sampled_from(LOSSES))
def test_a_fact_that_is_late_reminds_nobody_of_what_is_off(
    before: list[tuple[str, Any]], hours: int, waited: int, loss: tuple[str, Any]
) -> None:
    world = World()
    for step in before:
        play(world, step)
    if world.standing == "cancelled":
        return
    for step in (("deaf", False), ("state", "confirmed"), ("move", hours), ("wait", min(waited, hours - 1))):
        play(world, step)
    play(world, ("deaf", True))
    play(world, loss)
    heard = len(world.heard)
    play(world, ("wait", hours))
    reminded = [(at, then) for at, kind, then in world.heard[heard:] if kind in ("early", "morning")]
    assert [then for _, then in reminded if not then.is_coming] == []
    assert all(then.starts_at - at <= 3 * DAY for at, then in reminded)
