"""CF7: a private feed of a citizen and of a staff member: unguessable, revocable, absent from logs."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from component.test_calendar_feeds import event_of
from houses import Desk, House, in_days, problem_of, until
from kaimen.kit.ical import violations

API = "/api/opendays/v1"


async def granted(house: House, receipt: dict[str, Any]) -> str:
    """The path of a new private feed of whoever holds the receipt."""
    proof = {"manage_token": receipt["manage_token"]}
    answer = await house.client.post(f"{API}/registrations/{receipt['code']}/feed", json=proof)
    assert answer.status_code == 201, answer.text
    return urlsplit(answer.json()["url"]).path


async def shown(house: House, path: str, uid: str, **wanted: str) -> dict[str, str]:
    """The entry once it has reached the feed with the wanted properties."""

    async def read() -> dict[str, str]:
        answer = await house.client.get(path)
        entry = event_of(answer.text, uid) if answer.status_code == 200 else {}
        return entry if all(entry.get(name) == value for name, value in wanted.items()) else {}

    return await until(read)


async def registered(desk: Desk, phone: str, days: int, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An event, and the receipt of somebody who registered for it."""
    starts = in_days(days)
    session = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat(), "capacity": 1}
    event = await desk.published(title=f"私人日历{days}", sessions=[{**session, **changes}])
    answer = await desk.register(event["sessions"][0]["id"], phone)
    assert answer.status_code == 201, answer.text
    return event, answer.json()


async def test_citizens_feed_follows_registrations_and_events(house: House, desk: Desk) -> None:
    event, receipt = await registered(desk, "13792220001", 40)
    path = await granted(house, receipt)
    uid = f"registration-{receipt['id']}@"
    first = await shown(house, path, uid, STATUS="CONFIRMED")
    assert first["SUMMARY"] == "已报名：私人日历40"
    answer = await house.client.get(path)
    assert violations(answer.content, private=True) == []
    assert answer.text.count("BEGIN:VALARM") == 2
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "张三" not in answer.text
    again = await house.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304

    other, second = await registered(desk, "13792220001", 41)
    await shown(house, path, f"registration-{second['id']}@", STATUS="CONFIRMED")
    assert (await desk.post(f"/events/{other['id']}/cancel", {"reason": "台风"})).status_code == 200
    # The event and its registrations say so in facts of their own; whichever comes first, this is where they end.
    await shown(house, path, f"registration-{second['id']}@", SUMMARY="【已取消】活动取消：私人日历41")

    starts = in_days(50)
    moved = {"id": event["sessions"][0]["id"], "capacity": 1, "starts_at": starts.isoformat()}
    moved["ends_at"] = (starts + timedelta(hours=2)).isoformat()
    assert (await desk.post(f"/events/{event['id']}/postpone", {"reason": "检修", "sessions": [moved]})).is_success

    async def later() -> bool:
        entry = event_of((await house.client.get(path)).text, uid)
        return entry["DTSTART"] != first["DTSTART"] and int(entry["SEQUENCE"]) > int(first["SEQUENCE"])

    await until(later)


async def test_waiting_is_tentative_until_a_seat_is_free(house: House, desk: Desk) -> None:
    event, first = await registered(desk, "13792220002", 42)
    answer = await desk.register(event["sessions"][0]["id"], "13792220003")
    assert answer.json()["state"] == "waitlisted"
    path = await granted(house, answer.json())
    uid = f"registration-{answer.json()['id']}@"
    waiting = await shown(house, path, uid, STATUS="TENTATIVE")
    proof = {"manage_token": first["manage_token"]}
    assert (await house.client.post(f"{API}/registrations/{first['code']}/cancel", json=proof)).is_success
    offered = await shown(house, path, uid, SUMMARY="候补待确认：私人日历42")
    assert int(offered["SEQUENCE"]) > int(waiting["SEQUENCE"])


async def test_revoked_feed_says_so_then_is_gone(house: House, desk: Desk) -> None:
    _, receipt = await registered(desk, "13792220004", 43)
    path = await granted(house, receipt)
    await shown(house, path, f"registration-{receipt['id']}@")
    proof = {"manage_token": receipt["manage_token"]}
    answer = await house.client.post(f"{API}/registrations/{receipt['code']}/feed/revoke", json=proof)
    assert answer.status_code == 204, answer.text

    async def ended() -> bool:
        return "订阅已停用" in (await house.client.get(path)).text

    await until(ended)
    notice = await house.client.get(path)
    assert notice.text.count("BEGIN:VEVENT") == 1
    assert violations(notice.content, private=True) == []
    database = await house.database("calendar")
    past = datetime.now(UTC) - timedelta(days=31)
    await database.execute("update private_feeds set revoked_at = $1 where revoked_at is not null", past)
    await database.close()
    assert problem_of(await house.client.get(path)) == (410, "/problems/calendar.feed-revoked")


async def test_staff_feed_holds_the_units_duties_and_is_its_owners(house: House) -> None:
    lead = await house.token("unit_lead", "区教育局", "负责人")
    made = await house.client.post("/api/calendar/v1/feeds", headers=lead)
    assert made.status_code == 201, made.text
    path = urlsplit(made.json()["url"]).path
    answer = await house.client.get(path)
    assert answer.status_code == 200
    assert violations(answer.content, private=True) == []
    listed = (await house.client.get("/api/calendar/v1/feeds", headers=lead)).json()["items"]
    assert [(each["id"], each["url"]) for each in listed] == [(made.json()["id"], "")]
    other = await house.token("unit_lead", "区民政局", "别人")
    address = f"/api/calendar/v1/feeds/{made.json()['id']}"
    assert problem_of(await house.client.delete(address, headers=other)) == (404, "/problems/calendar.no-such-feed")
    assert (await house.client.delete(address, headers=lead)).status_code == 204
    assert "订阅已停用" in (await house.client.get(path)).text


@pytest.mark.parametrize("name", ["x.ics", "a" * 43 + ".ics", "x", "%00.ics"])
async def test_unknown_address_opens_nothing(house: House, name: str) -> None:
    assert problem_of(await house.client.get(f"/calendar/me/{name}"))[0] == 404


async def test_phone_number_alone_opens_no_calendar(house: House, desk: Desk) -> None:
    _, receipt = await registered(desk, "13792220005", 44)
    answer: httpx.Response = await house.client.post(
        f"{API}/registrations/{receipt['code']}/feed", json={"phone": "13792220005"}
    )
    assert problem_of(answer) == (403, "/problems/kit.proof-needed")


async def test_address_is_in_no_log_and_no_stream(house: House, desk: Desk) -> None:
    _, receipt = await registered(desk, "13792220006", 45)
    path = await granted(house, receipt)
    await shown(house, path, f"registration-{receipt['id']}@")
    token = path.removeprefix("/calendar/me/").removesuffix(".ics")
    logs = [file for file in (house.folder / "log").rglob("*") if file.is_file()]
    assert logs
    assert not any(token in file.read_text("utf-8", "replace") for file in logs)
    for service in ("opendays", "calendar"):
        database = await house.database(service)
        rows = await database.fetch("select body from outbox")
        await database.close()
        assert not any(token.encode() in row["body"] for row in rows)
