"""Messages to people and units: what is said, when, to whom, and what becomes of it when nobody takes it (NT1–NT4)."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image

from component.test_adoption import Bureau
from component.test_representatives import DAY, Hall
from houses import Desk, House, open_house, problem_of, until
from kaimen.contracts.adoption import DeadlineBreached, DeadlineMet, DeadlineWarned, PublicClock
from kaimen.kit import calls
from kaimen.kit.clock import SHANGHAI
from kaimen.kit.ical import read_events
from kaimen.notices.consumers import HEARD
from receivers import Gateway, Mailbox, once, text_of

API = "/api/notices/v1"
SERVICES = "accounts,opendays,representatives,hearings,adoption,calendar,notices"
SMS_SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
HOUR = timedelta(hours=1)


@dataclass
class Post:
    """A house whose messages arrive here, and whose clock stands at ten in the morning unless a test moves it."""

    house: House
    mail: Mailbox
    gateway: Gateway
    office: dict[str, str]
    desk: Desk

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float((self.house.folder / "clock").read_text()))

    async def at(self, moment: datetime) -> None:
        """Everybody signs in anew: nobody's token lasts for days."""
        self.house.shift_clock(moment - datetime.now(UTC))
        self.office = self.desk.approver = await self.house.token("office")
        self.desk.writer = await self.house.token("unit_editor", "区教育局", "王老师")

    async def knows_units(self) -> bool:
        for service in ("opendays", "notices"):
            database = await self.house.database(service)
            try:
                if await database.fetchval("select count(*) from units") < 2:
                    return False
            finally:
                await database.close()
        return True

    async def mails(self, address: str, count: int) -> list[EmailMessage]:
        """What came for somebody, once it is `count`."""

        async def there() -> list[EmailMessage]:
            found = self.mail.of(address)
            return found if len(found) >= count else []

        found = await until(there)
        assert len(found) == count, [each["Subject"] for each in found]
        return found

    async def log(self, **query: Any) -> list[dict[str, Any]]:
        office = await self.house.token("office")
        answer = await self.house.client.get(f"{API}/messages", params=query, headers=office)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def logged(self, recipient: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The line of the log about a sign-up that fits, once it is there."""

        async def there() -> dict[str, Any] | None:
            lines = [line for line in await self.log(limit=200) if line["recipient"] == recipient and fits(line)]
            return lines[0] if lines else None

        return await until(there)

    async def idle(self) -> None:
        """Until everything that happened has been heard, and nothing is due or on its way."""
        database = await self.house.database("notices")
        try:

            async def nothing_due() -> bool:
                # In this order: what is heard may become due.
                heard = await self._has_heard_all()
                waiting = await database.fetchval(
                    "select count(*) from messages where state = 'sending' or (state = 'queued' and due_at <= $1)",
                    self.now,
                )
                return heard and waiting == 0

            # Longer than a lease: somebody may have died holding one.
            await until(nothing_due, seconds=60)
        finally:
            await database.close()

    async def _has_heard_all(self) -> bool:
        sent = await self.house.database("opendays")
        heard = await self.house.database("notices")
        try:
            heard_subjects = list(HEARD["opendays"])
            ids = await sent.fetch("select event_id from outbox where subject = any($1::text[])", heard_subjects)
            known = await heard.fetchval(
                "select count(*) from inbox where consumer = 'notices-opendays' and event_id = any($1::uuid[])",
                [row["event_id"] for row in ids],
            )
            return known == len(ids)
        finally:
            await sent.close()
            await heard.close()


def morning(days: int = 0, hour: int = 10) -> datetime:
    """`hour` o'clock in Shanghai, in so many days."""
    return datetime.combine(datetime.now(SHANGHAI).date() + timedelta(days=days), time(hour), SHANGHAI)


@asynccontextmanager
async def open_post(folder: Path, services: str = SERVICES) -> AsyncIterator[Post]:
    """A house that can write to this machine, at ten in the morning."""
    mail, gateway = Mailbox.at_free_port(), Gateway()
    mail.open()
    settings = {
        "KAIMEN_NOTICES_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        "KAIMEN_NOTICES_SMS_URL": f"{gateway.url}/sms",
        "KAIMEN_NOTICES_SMS_SECRET": SMS_SECRET,
        "KAIMEN_NOTICES_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        "KAIMEN_NOTICES_SEND_SECONDS": "2",
    }
    shift = morning() - datetime.now(UTC)
    async with open_house(folder, "--only", services, "--no-seed", shift=shift, settings=settings) as house:
        office = await house.token("office")
        for unit in ("区教育局", "区财政局"):
            body = {"short_name": unit, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=body, headers=office)).is_success
        post = Post(house, mail, gateway, office, Desk(house, office, office))
        await post.at(morning())
        await until(post.knows_units)
        yield post
    gateway.close()
    mail.close()


@pytest_asyncio.fixture(scope="module")
async def post(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Post]:
    async with open_post(tmp_path_factory.mktemp("post")) as opened:
        yield opened


@pytest_asyncio.fixture
async def quiet_post(post: Post) -> AsyncIterator[Post]:
    """Ten o'clock, an open mail server, a gateway that takes everything."""
    await post.at(morning())
    yield post
    post.mail.busy = post.mail.breaks = False
    post.gateway.status = 200


@pytest_asyncio.fixture
async def unit(quiet_post: Post) -> Desk:
    return quiet_post.desk


async def published(unit: Desk, starts_at: datetime, **changes: Any) -> dict[str, Any]:
    session = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + 2 * HOUR).isoformat(), "capacity": 5}
    more = changes.pop("session", {})
    return await unit.published(sessions=[{**session, **more}], **changes)


async def visitor(unit: Desk, event: dict[str, Any], email: str = "", **more: Any) -> dict[str, Any]:
    """The receipt of somebody new."""
    phone = more.pop("phone", None) or f"139{uuid4().int % 10**8:08}"
    answer = await unit.register(event["sessions"][0]["id"], phone, email=email, **more)
    assert answer.status_code == 201, answer.text
    return {**answer.json(), "phone": phone}


def attachment(message: EmailMessage, media_type: str) -> EmailMessage:
    found = [each for each in message.iter_attachments() if each.get_content_type() == media_type]
    assert len(found) == 1
    return found[0]  # type: ignore[return-value]


async def test_confirmation_has_words_calendar_and_code(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(10), title="走进污水处理厂")
    receipt = await visitor(unit, event, "zhang@example.com")
    (message,) = await quiet_post.mails("zhang@example.com", 1)
    assert message["Subject"] == "报名成功：走进污水处理厂"
    assert message["Auto-Submitted"] == "auto-generated"
    words = text_of(message)
    for part in ("张三", receipt["code"], "公园路100号", "10:00–12:00", f"/r/{receipt['code']}", "021-59732890"):
        assert part in words
    calendar = attachment(message, "text/calendar")
    assert calendar.get_param("method") == "PUBLISH"
    content = calendar.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert b"METHOD:PUBLISH\r\n" in content
    assert f"UID:registration-{receipt['id']}@".encode() in content
    (entry,) = read_events(content)
    assert entry.summary == "已报名：走进污水处理厂"
    ticket = attachment(message, "image/png").get_payload(decode=True)
    assert isinstance(ticket, bytes)
    assert receipt["ticket"] in read_code(ticket)
    line = await quiet_post.logged(receipt["id"], lambda line: line["state"] == "sent")
    assert (line["kind"], line["channel"], line["masked"], line["unit"]) == (
        "confirmed",
        "email",
        "z***@example.com",
        "区教育局",
    )
    assert len(line["body_sha256"]) == 64


def read_code(png: bytes) -> str:
    """What a phone reads from a picture."""
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(png)))
    return found.text


async def test_english_and_short_message(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(11), title="走进图书馆")
    english = await visitor(unit, event, "ann@example.com", language="en")
    (message,) = await quiet_post.mails("ann@example.com", 1)
    assert message["Subject"] == "You have a place: 走进图书馆"
    assert f"Code: {english['code']}" in text_of(message)
    plain = await visitor(unit, event)
    await quiet_post.logged(plain["id"], lambda line: line["state"] == "sent")
    (call,) = quiet_post.gateway.to("+86" + plain["phone"])
    assert call.said["text"].startswith("【开门】报名成功：走进图书馆")
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    proof = hmac.digest(b64decode(SMS_SECRET.removeprefix("whsec_")), signed, "sha256")
    assert call.headers["webhook-signature"] == f"v1,{b64encode(proof).decode()}"


async def test_move_says_old_and_new_and_cancellation_ends_it(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(12), title="走进消防站")
    await visitor(unit, event, "li@example.com")
    await quiet_post.mails("li@example.com", 1)
    later = morning(13, 14)
    session = {"id": event["sessions"][0]["id"], "capacity": 5, "starts_at": later.isoformat()}
    session["ends_at"] = (later + HOUR).isoformat()
    answer = await unit.post(f"/events/{event['id']}/postpone", {"reason": "设备检修", "sessions": [session]})
    assert answer.is_success, answer.text
    moved = (await quiet_post.mails("li@example.com", 2))[1]
    assert moved["Subject"] == "时间或地点有变：走进消防站"
    when = next(line for line in text_of(moved).splitlines() if line.startswith("时间："))
    assert "10:00–12:00 → " in when
    assert "14:00–15:00" in when
    assert "原因：设备检修" in text_of(moved)
    first, second = (read_ics(each) for each in quiet_post.mail.of("li@example.com"))
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert second["UID"] == first["UID"]
    assert (await unit.post(f"/events/{event['id']}/cancel", {"reason": "台风"})).is_success
    gone = (await quiet_post.mails("li@example.com", 3))[2]
    assert gone["Subject"] == "活动取消：走进消防站"
    assert "原因：台风" in text_of(gone)
    assert read_ics(gone)["STATUS"] == "CANCELLED"
    await quiet_post.at(later - HOUR)
    await quiet_post.idle()
    await quiet_post.mails("li@example.com", 3)


async def test_one_message_that_cannot_be_written_holds_up_no_other(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(12), title="走进苗圃", session={"capacity": 5})
    quiet_post.mail.busy = True
    visitors = [await visitor(unit, event, f"one{n}@example.com") for n in range(3)]
    for each in visitors:
        await quiet_post.logged(each["id"], lambda line: line["error"] == "greylisted")
    database = await quiet_post.house.database("notices")
    broken = """
        insert into messages (id, service, recipient, subject, version, unit, kind, said, state, due_at, created_at,
            changed_at)
        values (gen_random_uuid(), 'adoption', 'unit:区教育局', 'email:broken', '1', '区教育局', 'breached', '{}',
            'queued', $1, $1, $1)"""
    await database.execute(broken, quiet_post.now)
    await database.close()
    quiet_post.mail.busy = False
    await quiet_post.at(morning(0, 12))
    await quiet_post.idle()
    for n in range(3):
        assert len(quiet_post.mail.of(f"one{n}@example.com")) == 1
    (dead,) = await quiet_post.log(state="dead")
    assert (dead["recipient"], dead["error"]) == ("unit:区教育局", "defect")


async def test_who_may_have_heard_hears_that_it_is_no_longer_so(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(12), title="走进水厂", session={"capacity": 5})
    other = await published(unit, morning(12, 15), title="走进气象站", session={"capacity": 5})
    quiet_post.mail.breaks = True
    leaves = await visitor(unit, event, "unclear@example.com")
    await quiet_post.mails("unclear@example.com", 1)
    await quiet_post.logged(leaves["id"], lambda line: line["state"] == "queued" and line["error"] == "smtp")
    proof = {"manage_token": leaves["manage_token"]}
    assert (await unit.post(f"/registrations/{leaves['code']}/cancel", proof)).is_success
    quiet_post.mail.breaks = False
    await quiet_post.at(morning(0, 12))
    await quiet_post.idle()
    subjects = [str(each["Subject"]) for each in once(quiet_post.mail.of("unclear@example.com"))]
    assert subjects == ["报名成功：走进水厂", "已取消报名：走进水厂"]

    stays = await visitor(unit, other, "moved@example.com")
    await quiet_post.mails("moved@example.com", 1)
    quiet_post.mail.breaks = True
    for place in ("新址", other["place"]):
        path = f"/api/opendays/v1/events/{other['id']}"
        body = {"place": place, "reason": "换址"}
        assert (await unit.house.client.patch(path, json=body, headers=unit.writer)).is_success
        await quiet_post.logged(stays["id"], lambda line: line["error"] == "smtp" or line["kind"] == "moved")
    quiet_post.mail.breaks = False
    await quiet_post.at(morning(0, 15))
    await quiet_post.idle()
    where = [
        line for line in text_of(quiet_post.mail.of("moved@example.com")[-1]).splitlines() if line.startswith("地点")
    ]
    assert where == [f"地点：新址 → {other['place']}"]


def read_ics(message: EmailMessage) -> dict[str, str]:
    content = attachment(message, "text/calendar").get_payload(decode=True)
    assert isinstance(content, bytes)
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    return dict(line.split(":", 1) for line in lines if line.split(":")[0] in ("UID", "SEQUENCE", "STATUS"))


async def test_reminders_come_twice_and_never_for_what_is_off(quiet_post: Post, unit: Desk) -> None:
    kept = await published(unit, morning(20), title="走进法院")
    off = await published(unit, morning(20, 15), title="走进检察院")
    stays, leaves, loses = (
        await visitor(unit, kept, "stays@example.com"),
        await visitor(unit, kept, "leaves@example.com"),
        await visitor(unit, off, "loses@example.com"),
    )
    for name in ("stays", "leaves", "loses"):
        await quiet_post.mails(f"{name}@example.com", 1)
    proof = {"manage_token": leaves["manage_token"]}
    assert (await unit.post(f"/registrations/{leaves['code']}/cancel", proof)).is_success
    await quiet_post.at(morning(18) + timedelta(minutes=5))
    early = (await quiet_post.mails("stays@example.com", 2))[1]
    assert early["Subject"] == "提醒：走进法院"
    # The other one's time comes in the afternoon; by then it is off, and nobody told this service in time.
    assert (await unit.post(f"/events/{off['id']}/cancel", {"reason": "停电"})).is_success
    await quiet_post.at(morning(20, 8) + timedelta(minutes=5))
    today = (await quiet_post.mails("stays@example.com", 3))[2]
    assert today["Subject"] == "今日提醒：走进法院"
    assert stays["code"] in text_of(today)
    await quiet_post.idle()
    # The clock leapt while letters were on their way: one may have been sent again.
    subjects = [str(each["Subject"]) for each in once(quiet_post.mail.of("leaves@example.com"))]
    assert subjects == ["报名成功：走进法院", "已取消报名：走进法院"]
    subjects = [str(each["Subject"]) for each in once(quiet_post.mail.of("loses@example.com"))]
    assert subjects == ["报名成功：走进检察院", "活动取消：走进检察院"]
    assert loses["state"] == "confirmed"


async def test_one_digest_for_the_events_of_a_campaign(quiet_post: Post, unit: Desk) -> None:
    first = await published(unit, morning(30, 9), title="开放月甲", campaign=morning(30).year)
    second = await published(unit, morning(30, 14), title="开放月乙", campaign=morning(30).year)
    phone = "13900770077"
    for event in (first, second):
        await visitor(unit, event, "fan@example.com", phone=phone)
    await quiet_post.mails("fan@example.com", 2)
    await quiet_post.at(morning(28, 8) + timedelta(minutes=1))
    digest = (await quiet_post.mails("fan@example.com", 3))[2]
    assert digest["Subject"] == "提醒：2 项活动"
    assert "《开放月甲》" in text_of(digest)
    assert "《开放月乙》" in text_of(digest)
    await quiet_post.idle()
    await quiet_post.mails("fan@example.com", 3)


async def test_nobody_is_woken_for_what_can_wait(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(16), title="走进气象站")
    await visitor(unit, event, "sleeper@example.com")
    await quiet_post.mails("sleeper@example.com", 1)
    await quiet_post.at(morning(1, 23))
    answer = await unit.house.client.patch(
        f"/api/opendays/v1/events/{event['id']}", json={"place": "新地点1号", "reason": "搬迁"}, headers=unit.writer
    )
    assert answer.is_success, answer.text
    await quiet_post.idle()
    await quiet_post.mails("sleeper@example.com", 1)
    await quiet_post.at(morning(2, 8))
    moved = (await quiet_post.mails("sleeper@example.com", 2))[1]
    assert "地点：青浦区公园路100号 → 新地点1号" in text_of(moved)
    await quiet_post.at(morning(15, 22))
    assert (await unit.post(f"/events/{event['id']}/cancel", {"reason": "雷暴"})).is_success
    subjects = [str(each["Subject"]) for each in await quiet_post.mails("sleeper@example.com", 3)]
    assert subjects[2] == "活动取消：走进气象站"


async def test_offer_of_a_free_seat_names_its_end(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(14), title="走进电视台", session={"capacity": 1})
    seated = await visitor(unit, event, "first@example.com")
    await visitor(unit, event, "second@example.com")
    waiting = await quiet_post.mails("second@example.com", 1)
    assert waiting[0]["Subject"] == "候补登记：走进电视台"
    proof = {"manage_token": seated["manage_token"]}
    assert (await unit.post(f"/registrations/{seated['code']}/cancel", proof)).is_success
    offer = (await quiet_post.mails("second@example.com", 2))[1]
    assert offer["Subject"] == "有空位，请确认：走进电视台"
    assert "前答复" in text_of(offer)


async def test_who_was_there_hears_of_replies_the_next_morning(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(0, 12), title="走进污水厂")
    came = await visitor(unit, event, "came@example.com")
    stayed_away = await visitor(unit, event, "stayed-away@example.com")
    for name in ("came", "stayed-away"):
        await quiet_post.mails(f"{name}@example.com", 1)
    await quiet_post.at(morning(0, 12) + timedelta(minutes=5))
    unit = quiet_post.desk
    session = event["sessions"][0]["id"]
    assert (await unit.post(f"/sessions/{session}/checkins", {"ticket": came["ticket"]})).status_code == 201
    for text in ("几点排放？", "能否增设参观日？"):
        asked = await unit.post(f"/events/{event['id']}/suggestions", {"kind": "question", "text": text})
        reply = {"reply": "已答复。", "outcome": "answered"}
        assert (await unit.post(f"/suggestions/{asked.json()['id']}/reply", reply)).status_code == 200
    await quiet_post.idle()
    await quiet_post.mails("came@example.com", 1)
    await quiet_post.at(morning(1, 8))
    told = (await quiet_post.mails("came@example.com", 2))[1]
    assert told["Subject"] == "建议已有答复：走进污水厂"
    await quiet_post.idle()
    await quiet_post.mails("stayed-away@example.com", 1)
    assert stayed_away["state"] == "confirmed"


async def test_postponed_without_a_date_then_moved(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(23), title="走进机场")
    await visitor(unit, event, "traveller@example.com")
    await quiet_post.mails("traveller@example.com", 1)
    assert (await unit.post(f"/events/{event['id']}/postpone", {"reason": "跑道检修"})).is_success
    postponed = (await quiet_post.mails("traveller@example.com", 2))[1]
    assert postponed["Subject"].startswith("活动延期：")
    assert "→ 待定" in text_of(postponed)
    later = morning(26)
    session = {"id": event["sessions"][0]["id"], "capacity": 5, "starts_at": later.isoformat()}
    session["ends_at"] = (later + HOUR).isoformat()
    answer = await unit.post(f"/events/{event['id']}/postpone", {"reason": "恢复", "sessions": [session]})
    assert answer.is_success, answer.text
    moved = (await quiet_post.mails("traveller@example.com", 3))[2]
    assert moved["Subject"] == "时间或地点有变：走进机场"


async def test_away_server_loses_nothing(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(17), title="走进银行")
    quiet_post.mail.close()
    try:
        receipt = await visitor(unit, event, "patient@example.com")
        line = await quiet_post.logged(receipt["id"], lambda line: line["error"] == "smtp")
        assert line["state"] == "queued"
        assert line["attempts"] == 1
    finally:
        quiet_post.mail.open()
    await quiet_post.at(morning() + timedelta(minutes=10))
    await quiet_post.mails("patient@example.com", 1)


async def test_what_is_given_up_can_be_sent_again(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(25), title="走进邮局")
    quiet_post.mail.busy = True
    receipt = await visitor(unit, event, "late@example.com")
    for hours in (0, 1, 2, 3, 6, 10, 15, 25):
        await quiet_post.at(morning() + timedelta(hours=hours, minutes=30))
        if [line for line in await quiet_post.log(state="dead") if line["recipient"] == receipt["id"]]:
            break
        await quiet_post.idle()
    dead = await quiet_post.logged(receipt["id"], lambda line: line["state"] == "dead")
    assert dead["error"] == "greylisted"
    quiet_post.mail.busy = False
    path = f"{API}/messages/{dead['id']}/replay"
    assert (await quiet_post.house.client.post(path, headers=quiet_post.office)).status_code == 200
    await quiet_post.mails("late@example.com", 1)
    await quiet_post.logged(receipt["id"], lambda line: line["state"] == "sent")
    again = await quiet_post.house.client.post(path, headers=quiet_post.office)
    assert problem_of(again) == (409, "/problems/notices.not-replayable")


async def test_bounced_address_falls_back_to_the_phone(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(18), title="走进车站")
    quiet_post.mail.unknown.add("nobody@example.com")
    receipt = await visitor(unit, event, "nobody@example.com")
    line = await quiet_post.logged(receipt["id"], lambda line: line["state"] == "sent")
    assert line["channel"] == "sms"
    quiet_post.gateway.status = 400
    other = await visitor(unit, event, "nobody@example.com")
    failed = await quiet_post.logged(other["id"], lambda line: line["state"] == "failed")
    assert failed["error"] == "refused"


async def test_applicants_hear_what_became_of_them(quiet_post: Post) -> None:
    hall = Hall(quiet_post.house)
    hall.shift = morning() - datetime.now(UTC)
    hall.wait_for(timedelta())
    meeting = await hall.meeting()
    call = hall.call(method="panel", seats=1, quotas={}, entropy=[], criteria="代表不同居民区")
    recruitment = await hall.post(f"/meetings/{meeting['id']}/recruitments", call)
    names = ("chosen", "reserve", "other")
    receipts = {}
    for number, name in enumerate(names):
        applicant = hall.applicant(number, features={}, email=f"{name}@example.com")
        receipts[name] = await hall.post(f"/recruitments/{recruitment['id']}/applications", applicant, {})
        (received,) = await quiet_post.mails(f"{name}@example.com", 1)
        assert received["Subject"] == "已收到报名：主任办公会 第9次"
        await hall.post(f"/applications/{receipts[name]['code']}/verify", {})
    hall.wait_for(9 * DAY)
    chosen, reserve = receipts["chosen"]["pseudonym"], receipts["reserve"]["pseudonym"]
    selection = {"selected": [chosen], "reserves": [reserve], "reasons": {chosen: "居住地"}}
    await hall.post(f"/recruitments/{recruitment['id']}/selection", selection)
    invited = (await quiet_post.mails("chosen@example.com", 2))[1]
    assert invited["Subject"] == "邀请，请确认：主任办公会 第9次"
    assert "前答复" in text_of(invited)
    assert f"/a/{receipts['chosen']['code']}" in text_of(invited)
    assert (await quiet_post.mails("reserve@example.com", 2))[1]["Subject"] == "替补人选：主任办公会 第9次"
    assert (await quiet_post.mails("other@example.com", 2))[1]["Subject"] == "未入选：主任办公会 第9次"
    await hall.post(f"/meetings/{meeting['id']}/cancel", {"reason": "议题撤回"})
    for name in ("chosen", "reserve"):
        gone = (await quiet_post.mails(f"{name}@example.com", 3))[2]
        assert gone["Subject"] == "活动取消：主任办公会 第9次"
        assert "原因：议题撤回" in text_of(gone)
    await quiet_post.idle()
    await quiet_post.mails("other@example.com", 2)


async def test_authors_of_opinions_hear_of_the_answer(quiet_post: Post) -> None:
    bureau = Bureau(quiet_post.house)
    bureau.shift = morning() - datetime.now(UTC)
    bureau.wait_for(timedelta())
    consultation = await bureau.opened(title="公园管理办法（草案）征求意见")
    for contact in ("author@example.com", "13911112222", "公园路1号", "gone@example.com", ""):
        receipt = await bureau.send(consultation, f"应当免费开放。{contact[:1]}", passage="1", contact=contact)
    await bureau.send(consultation, "It should be free.", contact="reader@example.com", language="en")
    withdrawn = await bureau.send(consultation, "我撤回。", passage="1", contact="back@example.com")
    await bureau.post(f"/opinions/{withdrawn['receipt']}/withdraw", headers={})
    bureau.over()
    group = await bureau.group(consultation, [1, 2, 3, 4, 5, 6], passage="1")
    await bureau.reply(group, change={"passage": "1", "before": "甲", "after": "乙"})
    quiet_post.mail.unknown.add("gone@example.com")
    published = await bureau.published(consultation)
    (foreign,) = await quiet_post.mails("reader@example.com", 1)
    assert foreign["Subject"].startswith("Your opinion has its answer: ")
    assert "Report on opinions" in text_of(foreign)
    (told,) = await quiet_post.mails("author@example.com", 1)
    assert told["Subject"].startswith("意见已有处理结果：")
    assert published["line"]["page"] in text_of(told)
    recipient = f"opinion:{consultation['id']}:2"
    assert (await quiet_post.logged(recipient, lambda line: line["state"] == "sent"))["channel"] == "sms"
    bounced = await quiet_post.logged(f"opinion:{consultation['id']}:4", lambda line: line["state"] == "failed")
    assert (bounced["error"], bounced["masked"]) == ("bounced", "g***@example.com")
    await quiet_post.idle()
    assert quiet_post.mail.of("back@example.com") == []
    recipients = {line["recipient"] for line in await quiet_post.log(kind="answered")}
    assert recipients == {f"opinion:{consultation['id']}:{no}" for no in (1, 2, 4, 6)}
    assert receipt["receipt"] not in text_of(told)


def clock(state: str = "running", **changes: Any) -> PublicClock:
    values: dict[str, Any] = {
        "clock_id": uuid4(), "kind": "report", "unit": "区教育局", "catalogue_item": uuid4(), "title": "教育规划",
        "started_on": date(2026, 11, 2), "working_days": 10, "due_on": date(2026, 11, 16),
        "not_before": date(2026, 11, 16), "original_due_on": date(2026, 11, 16), "state": state, "met_on": None,
        "breached_on": None, "page": "/clocks",
    }  # fmt: skip
    return PublicClock(**{**values, **changes})


async def test_units_are_told_of_their_duties(quiet_post: Post, unit: Desk) -> None:
    lead = await quiet_post.house.token("unit_lead", "区教育局")
    url = f"{quiet_post.gateway.url}/hook"
    path = f"{API}/addresses/区教育局"
    given = {"emails": ["duty@example.com"], "webhook": url}
    answer = await quiet_post.house.client.put(path, json=given, headers=lead)
    assert answer.status_code == 200, answer.text
    secret = answer.json()["secret"]
    shown = (await quiet_post.house.client.get(path, headers=lead)).json()
    assert (shown["emails"], shown["secret"]) == (["d***@example.com"], "")
    running = clock()
    await quiet_post.house.say(DeadlineWarned(running, 3), running.clock_id, datetime.now(UTC), version=2)
    (warned,) = await quiet_post.mails("duty@example.com", 1)
    assert warned["Subject"] == "期限提醒：教育规划"
    assert "剩余：3 个工作日" in text_of(warned)

    async def hooked() -> list[Any]:
        return [call for call in quiet_post.gateway.calls if call.path == "/hook"]

    (call,) = await until(hooked)
    assert call.said["type"] == "deadline.warned"
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    proof = hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, "sha256")
    assert call.headers["webhook-signature"] == f"v1,{b64encode(proof).decode()}"

    # What was met before anybody was told needs no warning.
    other = clock()
    await quiet_post.at(morning(0, 23))
    await quiet_post.house.say(DeadlineWarned(other, 1), other.clock_id, datetime.now(UTC), version=2)
    met = clock("met", clock_id=other.clock_id)
    await quiet_post.house.say(DeadlineMet(met, 0), other.clock_id, datetime.now(UTC), version=3)
    gone = clock("breached")
    await quiet_post.house.say(DeadlineBreached(gone), gone.clock_id, datetime.now(UTC), version=4)

    async def known() -> bool:
        return len(await quiet_post.log(kind="breached")) >= 3

    await until(known)
    await quiet_post.at(morning(1, 8))
    mails = await quiet_post.mails("duty@example.com", 2)
    assert mails[1]["Subject"] == "已逾期：教育规划"
    breaches = {line["recipient"]: line["error"] for line in await quiet_post.log(kind="breached")}
    assert breaches["unit:office"] == "no_channel"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"emails": ["not an address"]}, 422, "kit.bad-email"),
        ({"webhook": "http://example.com/x"}, 422, "notices.webhook-not-https"),
        ({"webhook": "ftp://example.com"}, 422, "notices.webhook-not-https"),
        ({"webhook": "https://user:pw@example.com"}, 422, "notices.webhook-not-https"),
        ({"webhook": 5}, 422, None),
        ({"unknown": 1}, 422, None),
    ],
)
async def test_bad_addresses(quiet_post: Post, body: dict[str, Any], status: int, reason: str | None) -> None:
    answer = await quiet_post.house.client.put(f"{API}/addresses/区教育局", json=body, headers=quiet_post.office)
    found = problem_of(answer)
    assert found[0] == status
    assert reason is None or found[1].endswith(reason)


async def test_others_see_and_change_nothing(quiet_post: Post) -> None:
    client = quiet_post.house.client
    other = await quiet_post.house.token("unit_lead", "区财政局")
    assert (await client.get(f"{API}/messages")).status_code == 401
    assert (await client.get(f"{API}/messages", params={"unit": "区教育局"}, headers=other)).status_code == 403
    assert (await client.get(f"{API}/addresses/区教育局", headers=other)).status_code == 403
    assert (await client.put(f"{API}/addresses/office", json={}, headers=other)).status_code == 403
    assert (await client.get(f"{API}/addresses/没有这个单位", headers=quiet_post.office)).status_code == 422
    missing = await client.post(f"{API}/messages/{uuid4()}/replay", headers=other)
    assert missing.status_code == 404


async def test_contacts_are_told_to_notices_alone(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(21), title="走进水厂")
    receipt = await visitor(unit, event, "me@example.com")
    path = "/api/opendays/v1/internal/contacts"
    key = calls.key_from(str(quiet_post.house.folder / "secrets" / "calls"))
    now = morning()

    async def ask(authorization: str, base: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            headers = {"Authorization": authorization}
            return await client.post(path, json={"ids": [receipt["id"]]}, headers=headers)

    direct = f"http://127.0.0.1:{quiet_post.house.ports()['opendays']}"
    good = calls.authorization(key, "notices", "opendays", path, now)
    told = await ask(good, direct)
    assert told.status_code == 200, told.text
    (contact,) = told.json()["items"]
    assert (contact["name"], contact["email"]) == ("张三", "me@example.com")
    assert (await ask(good, quiet_post.house.url)).status_code == 404
    wrong = [
        calls.authorization(key, "notices", "hearings", path, now),
        calls.authorization(key, "notices", "opendays", path + "/x", now),
        calls.authorization(key, "notices", "opendays", path, now - 2 * HOUR),
        calls.authorization(bytes(32), "notices", "opendays", path, now),
    ]
    for each in wrong:
        assert (await ask(each, direct)).status_code == 401
    assert (await ask(quiet_post.office["Authorization"], direct)).status_code == 403


async def test_nothing_personal_is_kept_or_logged(quiet_post: Post, unit: Desk) -> None:
    event = await published(unit, morning(22), title="走进档案馆")
    receipt = await visitor(unit, event, "secret-address@example.com", name="欧阳保密")
    await quiet_post.mails("secret-address@example.com", 1)
    await quiet_post.logged(receipt["id"], lambda line: line["state"] == "sent")
    database = await quiet_post.house.database("notices")
    try:
        for table in ("messages", "recipients", "occasions", "inbox", "outbox", "dead_letters"):
            rows = await database.fetch(f"select t::text as row from {table} t")
            kept = "\n".join(row["row"] for row in rows)
            for word in ("secret-address", "欧阳保密", receipt["phone"], receipt["code"], receipt["manage_token"]):
                assert word not in kept, table
    finally:
        await database.close()
    logs = "".join(path.read_text("utf-8", "replace") for path in quiet_post.house.folder.rglob("*.log"))
    assert "secret-address" not in logs
