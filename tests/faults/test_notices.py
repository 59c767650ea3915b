"""Whatever happens to people, to the clock and to the service: nobody is reminded of what is off, nobody misses a
change, and each person gets each message once (NT1, NT3). Notices are killed and Redis is emptied in between."""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis

from component.test_notices import HOUR, Post, open_post, published
from kaimen.kit.clock import SHANGHAI
from receivers import once, text_of

ROUNDS = int(os.environ.get("KAIMEN_TRIALS", "1"))
STEPS = 70
REMINDERS = ("提醒：", "今日提醒：")


@dataclass
class Happening:
    """An event and how it stood, from when on."""

    id: str
    session_id: str
    title: str
    history: list[tuple[datetime, datetime, str, bool]] = field(default_factory=list)

    @property
    def last(self) -> tuple[datetime, datetime, str, bool]:
        return self.history[-1]

    def stood(self, since: datetime, starts_at: datetime, place: str, *, on: bool) -> None:
        self.history.append((since, starts_at, place, on))

    def at(self, moment: datetime) -> list[tuple[datetime, str, bool]]:
        """How it may have looked to one who asked at `moment` or in the two seconds after."""
        before = [h for h in self.history if h[0] <= moment][-1:]
        during = [h for h in self.history if moment < h[0] <= moment + timedelta(seconds=5)]
        return [h[1:] for h in (*before, *during)]


@dataclass
class Guest:
    """Somebody who signed up once; nobody else has this address."""

    email: str
    code: str
    token: str
    event: Happening
    left_at: datetime | None = None


@dataclass
class Town:
    """Everything that may happen, chosen by a generator whose seed is printed."""

    post: Post
    chance: random.Random
    events: list[Happening] = field(default_factory=list)
    guests: list[Guest] = field(default_factory=list)
    interruptions: int = 0
    """Kills, and leaps of the clock, which end the lease of a message that is on its way."""

    async def step(self) -> None:
        names = ["arrive"] * 8 + ["leave"] * 3 + ["move"] * 3 + ["place"] * 2 + ["cancel"] + ["seats"] * 2
        names += ["wait"] * 5 + ["kill"] * 2 + ["flush"] * 2 + ["mail"] * 2
        await getattr(self, self.chance.choice(names))()

    def coming(self) -> list[Happening]:
        return [each for each in self.events if each.last[3] and each.last[1] > self.post.now + HOUR]

    async def begin(self) -> None:
        starts_at = (self.post.now + timedelta(hours=self.chance.randint(52, 120))).replace(minute=0, second=0)
        event = await published(
            self.post.desk, starts_at, title=f"走访{len(self.events)}", session={"capacity": 2, "waitlist_limit": 20}
        )
        happening = Happening(event["id"], event["sessions"][0]["id"], event["title"])
        happening.stood(self.post.now, starts_at, event["place"], on=True)
        self.events.append(happening)

    async def arrive(self) -> None:
        if len(self.coming()) < 3:
            await self.begin()
        event, number = self.chance.choice(self.coming()), len(self.guests)
        email = f"guest{number}@example.com"
        answer = await self.post.desk.register(event.session_id, f"138{number:08}", email=email)
        if answer.status_code == 201:
            receipt = answer.json()
            self.guests.append(Guest(email, receipt["code"], receipt["manage_token"], event))

    async def leave(self) -> None:
        staying = [each for each in self.guests if each.left_at is None and each.event.last[3]]
        if staying:
            guest = self.chance.choice(staying)
            answer = await self.post.desk.post(f"/registrations/{guest.code}/cancel", {"manage_token": guest.token})
            if answer.is_success:
                guest.left_at = self.post.now

    async def move(self) -> None:
        for event in self.chance.sample(self.coming(), min(1, len(self.coming()))):
            starts_at = event.last[1] + timedelta(hours=self.chance.choice([-5, 3, 24, 49]))
            session = {"id": event.session_id, "capacity": 2, "waitlist_limit": 20, "starts_at": starts_at.isoformat()}
            session["ends_at"] = (starts_at + HOUR).isoformat()
            body = {"reason": "改期", "sessions": [session]}
            answer = await self.post.desk.post(f"/events/{event.id}/postpone", body)
            if answer.is_success:
                event.stood(self.post.now, starts_at, event.last[2], on=True)

    async def place(self) -> None:
        for event in self.chance.sample(self.coming(), min(1, len(self.coming()))):
            where = f"新址{self.chance.randint(1, 5)}号"
            answer = await self._patch(event, {"place": where, "reason": "换址"})
            if answer:
                event.stood(self.post.now, event.last[1], where, on=True)

    async def cancel(self) -> None:
        for event in self.chance.sample(self.coming(), min(1, len(self.coming()))):
            if (await self.post.desk.post(f"/events/{event.id}/cancel", {"reason": "取消"})).is_success:
                event.stood(self.post.now, *event.last[1:3], on=False)

    async def seats(self) -> None:
        """More seats, or fewer for the public: the first who wait are asked."""
        for event in self.chance.sample(self.coming(), min(1, len(self.coming()))):
            path = f"/api/opendays/v1/events/{event.id}"
            (session,) = (await self.post.house.client.get(path, headers=self.post.office)).json()["sessions"]
            kept = ("id", "starts_at", "ends_at", "capacity", "holds", "party_limit", "waitlist_limit")
            draft = {name: session[name] for name in kept}
            draft["capacity"] += 1
            await self._patch(event, {"sessions": [draft]})

    async def _patch(self, event: Happening, body: dict[str, Any]) -> bool:
        answer = await self.post.house.client.patch(
            f"/api/opendays/v1/events/{event.id}", json=body, headers=self.post.desk.writer
        )
        return answer.is_success

    async def wait(self) -> None:
        self.interruptions += 1
        await self.post.at(self.post.now + timedelta(hours=self.chance.choice([1, 2, 6, 13])))

    async def kill(self) -> None:
        self.interruptions += 1
        await self.post.house.kill_service("notices")

    async def flush(self) -> None:
        client = redis.from_url(self.post.house.servers.valkey.url)
        await client.flushall()
        await client.aclose()

    async def mail(self) -> None:
        self.post.mail.busy = not self.post.mail.busy

    async def settle(self) -> None:
        """Everything that waits is sent, by day."""
        self.post.mail.busy = False
        for _ in range(3):
            day = self.post.now.astimezone(SHANGHAI)
            await self.post.at(day.replace(hour=9, minute=0) + timedelta(days=day.hour >= 9))
            await self.post.idle()


def is_reminder(message: EmailMessage) -> bool:
    return str(message["Subject"]).startswith(REMINDERS)


def check_reminders(guest: Guest, mails: list[EmailMessage]) -> None:
    reminded = [each for each in mails if is_reminder(each)]
    for each in reminded:
        sent_at = parsedate_to_datetime(str(each["Date"]))
        assert guest.left_at is None or sent_at <= guest.left_at + timedelta(seconds=1), "reminded after leaving"
        said = text_of(each)
        seen = [f"{starts.astimezone(SHANGHAI):%H:%M}–" in said and on for starts, _, on in guest.event.at(sent_at)]
        assert any(seen), f"reminded of what is off: {each['Subject']} at {sent_at}, {guest.event.history}"
    counted = Counter((str(each["Subject"]), when_of(each)) for each in once(reminded))
    assert all(count == 1 for count in counted.values()), counted


def when_of(message: EmailMessage) -> str:
    (line,) = [line for line in text_of(message).splitlines() if line.startswith("时间：")]
    return line.split("→")[-1].removeprefix("时间：").strip()


def where_of(message: EmailMessage) -> str:
    (line,) = [line for line in text_of(message).splitlines() if line.startswith("地点：")]
    return line.split("→")[-1].removeprefix("地点：").strip()


async def check_last_word(town: Town, guest: Guest, mails: list[EmailMessage]) -> None:
    """The last news says how it is."""
    answer = await town.post.house.client.get(
        f"/api/opendays/v1/registrations/{guest.code}", headers={"X-Manage-Token": guest.token}
    )
    assert answer.status_code == 200, answer.text
    state = answer.json()["state"]
    news = [each for each in mails if not is_reminder(each)]
    _, starts_at, place, on = guest.event.last
    if starts_at + HOUR < town.post.now and not news:
        return
    if state == "withdrawn" and not news:
        assert guest.left_at is not None
        return
    last = str(news[-1]["Subject"])
    if not on and guest.left_at is None and state != "lapsed":
        assert last.startswith("活动取消："), (last, state)
        return
    if state == "lapsed":
        assert last.startswith(("期限已过：", "活动取消：", "有空位")), last
        return
    if state == "withdrawn":
        assert last.startswith(("已取消报名：", "活动取消：")), last
        return
    if starts_at > town.post.now:
        assert f"{starts_at.astimezone(SHANGHAI):%H:%M}–" in when_of(news[-1]), (state, last)
        assert where_of(news[-1]) == place


@pytest.mark.parametrize("trial", range(ROUNDS))
async def test_any_life_any_fault(tmp_path: Path, trial: int) -> None:
    seed = int(os.environ.get("KAIMEN_SEED", random.randrange(10**6)))
    print("KAIMEN_SEED", seed)
    async with open_post(tmp_path) as post:
        town = Town(post, random.Random(seed))
        for _ in range(STEPS):
            await town.step()
        await town.settle()
        assert len(town.guests) > 8
        for guest in town.guests:
            mails = post.mail.of(guest.email)
            check_reminders(guest, mails)
            await check_last_word(town, guest, once(mails))
            said = [(str(each["Subject"]), text_of(each)) for each in once(mails)]
            assert all(first != second for first, second in pairwise(said))
            assert len(mails) - len(once(mails)) <= town.interruptions
        log = await post.log(state="dead")
        assert log == []
