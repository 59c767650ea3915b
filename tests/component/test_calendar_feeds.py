"""The feeds as a subscribing program meets them: marks, tombstones, 304, and the same bytes from two makers."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

import httpx
import pytest

from houses import Desk, House, event_draft, in_days, problem_of, until
from kaimen.calendar.app.feeds import CalendarSettings
from kaimen.calendar.domain import FeedKey
from kaimen.calendar.factory import create_app, shelf_of
from kaimen.host.application import open_resources
from kaimen.kit.ical import violations

DISTRICT = "/calendar/district.ics"


def event_of(body: str, uid: str) -> dict[str, str]:
    """The properties of one VEVENT, unfolded."""
    text = body.replace("\r\n ", "")
    for block in re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT", text, re.DOTALL):
        properties = dict(line.split(":", 1) for line in block.strip().split("\r\n"))
        properties = {name.split(";")[0]: value for name, value in properties.items()}
        if properties["UID"].startswith(uid):
            return properties
    return {}


async def feed_once(house: House, path: str, uid: str, **wanted: str) -> dict[str, str]:
    """The entry once it has reached the feed with the wanted properties."""

    async def shown() -> dict[str, str]:
        entry = event_of((await house.client.get(path)).content.decode(), uid)
        return entry if entry and all(entry.get(name) == value for name, value in wanted.items()) else {}

    return await until(shown)


async def test_feed_follows_an_event_with_uid_kept_and_sequence_grown(house: House, desk: Desk) -> None:
    event = await desk.published(title="日历跟随")
    session = event["sessions"][0]
    uid = f"openday-{session['id']}@"
    first = await feed_once(house, DISTRICT, uid)
    assert (first["SEQUENCE"], first["STATUS"], first["SUMMARY"]) == ("0", "CONFIRMED", "日历跟随")
    assert first["DTSTAMP"] == first["LAST-MODIFIED"]
    house.shift_clock(timedelta(seconds=2))  # marks count whole seconds (RFC 5545 3.3.5)
    answer = await house.client.patch(
        f"/api/opendays/v1/events/{event['id']}", json={"summary": "新说明"}, headers=desk.writer
    )
    assert answer.status_code == 200, answer.text

    async def described() -> dict[str, str]:
        entry = event_of((await house.client.get(DISTRICT)).content.decode(), uid)
        return entry if "新说明" in entry.get("DESCRIPTION", "") else {}

    second = await until(described)
    assert second["SEQUENCE"] == "0"
    assert second["LAST-MODIFIED"] > first["LAST-MODIFIED"]
    starts = in_days(20)
    moved = {**event_draft()["sessions"][0], "id": session["id"]}
    moved |= {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}
    answer = await desk.post(f"/events/{event['id']}/postpone", {"reason": "场地检修", "sessions": [moved]})
    assert answer.status_code == 200, answer.text
    third = await feed_once(house, DISTRICT, uid, SEQUENCE="1")
    assert third["DTSTART"] != first["DTSTART"]
    assert (await desk.post(f"/events/{event['id']}/cancel", {"reason": "台风"})).status_code == 200
    last = await feed_once(house, DISTRICT, uid, STATUS="CANCELLED")
    assert last["SUMMARY"] == "【已取消】日历跟随"
    assert (last["TRANSP"], last["COMMENT"]) == ("TRANSPARENT", "台风")
    assert int(last["SEQUENCE"]) > 1


async def test_unchanged_feed_answers_304_and_a_changed_one_200(house: House, desk: Desk) -> None:
    path = f"/calendar/units/{quote('区教育局')}.ics"
    event = await desk.published(title="三百零四")
    await feed_once(house, path, f"openday-{event['sessions'][0]['id']}@")
    fresh = await house.client.get(path)
    tag = fresh.headers["etag"]
    again = await house.client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    for tags in (f'"other", {tag}', "*", tag.removeprefix("W/")):
        assert (await house.client.get(path, headers={"If-None-Match": tags})).status_code == 304
    assert (await house.client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await desk.post(f"/events/{event['id']}/cancel", {"reason": "台风"})).status_code == 200

    async def changed() -> bool:
        return (await house.client.get(path, headers={"If-None-Match": tag})).status_code == 200

    await until(changed)


@pytest.mark.parametrize(
    "path",
    [DISTRICT, "/calendar/units/区教育局.ics", "/calendar/themes/民生保障.ics", "/calendar/streets/310118104.ics"],
)
async def test_every_feed_keeps_the_rules(house: House, path: str) -> None:
    answer = await house.client.get(quote(path))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert violations(answer.content) == []


async def test_front_door_and_service_serve_the_same_bytes(house: House, desk: Desk) -> None:
    event = await desk.published(title="同一字节")
    await feed_once(house, DISTRICT, f"openday-{event['sessions'][0]['id']}@")
    port = house.ports()["calendar"]
    async with httpx.AsyncClient(trust_env=False) as client:
        direct = await client.get(f"http://127.0.0.1:{port}{DISTRICT}")
    door = await house.client.get(DISTRICT)
    assert (door.content, door.headers["etag"]) == (direct.content, direct.headers["etag"])


async def test_drafts_and_private_things_never_reach_a_feed(house: House, desk: Desk) -> None:
    draft = await desk.post("/events", event_draft(title="还没审核的草稿"))
    assert draft.status_code == 201
    published = await desk.published(title="已发布的活动")
    await desk.register(published["sessions"][0]["id"], "13800008888", name="王小明")
    await feed_once(house, DISTRICT, f"openday-{published['sessions'][0]['id']}@")
    text = (await house.client.get(DISTRICT)).content.decode().replace("\r\n ", "")
    assert [word for word in ("还没审核的草稿", "王小明", "13800008888", "ATTENDEE", "VALARM") if word in text] == []


async def test_tentative_all_day_entry_is_marked_so(house: House, desk: Desk) -> None:
    day = in_days(15).date().isoformat()
    session = {"date": day, "time_text": "下午", "capacity": 10, "capacity_min": 8}
    event = await desk.published(title="暂定的活动", tentative=True, sessions=[session])
    entry = await feed_once(house, DISTRICT, f"openday-{event['sessions'][0]['id']}@")
    assert (entry["STATUS"], entry["DTSTART"]) == ("TENTATIVE", day.replace("-", ""))


async def test_search_finds_by_part_of_a_word_and_by_unit(house: House, desk: Desk) -> None:
    event = await desk.published(title="参观水质自动监测站")
    entry_id = event["sessions"][0]["id"]

    async def found(**query: Any) -> list[str]:
        answer = await house.client.get("/api/calendar/v1/entries", params=query)
        assert answer.status_code == 200, answer.text
        return [item["entry_id"] for item in answer.json()["items"]]

    async def arrived() -> bool:
        return entry_id in await found(q="自动监测")

    await until(arrived)
    assert entry_id in await found(q="监测站", unit="区教育局")
    assert entry_id not in await found(q="自动监测", unit="区财政局")
    assert await found(q="监自测动") == []


async def test_unknown_feed_is_a_problem(house: House) -> None:
    answer = await house.client.get("/calendar/units/没有的单位.ics")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/calendar.no-such-feed")


async def test_window_moves_with_the_day(house: House, desk: Desk) -> None:
    """A session 90 days back is still shown, one beyond is not; the month's own feed keeps everything."""
    event = await desk.published(title="窗口", campaign=2026)
    uid = f"openday-{event['sessions'][0]['id']}@"
    await feed_once(house, DISTRICT, uid)
    house.shift_clock(timedelta(days=10 + 95))

    async def gone() -> bool:
        return not event_of((await house.client.get(DISTRICT)).content.decode(), uid)

    await until(gone)
    assert event_of((await house.client.get("/calendar/open-month/2026.ics")).content.decode(), uid)


async def test_second_process_follows_and_has_the_same_bytes(house: House, desk: Desk) -> None:
    servers = house.servers
    settings = CalendarSettings(
        database_url=servers.postgres.url("calendar"),
        redis_url=servers.valkey.url,
        public_url=house.url,
        key_file=str(house.folder / "secrets" / "calendar.key"),
        calls_key_file=str(house.folder / "secrets" / "calls"),
        clock_file=str(house.folder / "clock"),
    )
    async with open_resources("calendar", settings) as resources, create_app(resources).lifespan():
        event = await desk.published(title="第二个进程")
        await feed_once(house, DISTRICT, f"openday-{event['sessions'][0]['id']}@")
        at_the_door = (await house.client.get(DISTRICT)).content

        async def followed() -> bool:
            body = shelf_of(resources).body(FeedKey("district"))
            return body is not None and body.octets == at_the_door

        await until(followed)


async def test_meetings_have_a_feed_with_their_sign_up_and_leave_tombstones(house: House) -> None:
    office = await house.token("office")
    starts = in_days(20)
    draft = {
        "unit": "区教育局",
        "title": "日历里的办公会",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "items": [{"title": "学区方案"}],
    }
    api = "/api/representatives/v1"
    made = await house.client.post(f"{api}/meetings", json=draft, headers=office)
    assert made.status_code == 201, made.text
    uid = f"meeting-{made.json()['id']}@"
    first = await feed_once(house, "/calendar/meetings.ics", uid)
    assert (first["STATUS"], first["SEQUENCE"], first["SUMMARY"]) == ("TENTATIVE", "0", "日历里的办公会")
    call = {
        "method": "panel",
        "criteria": "熟悉情况",
        "seats": 3,
        "opens_at": in_days(1).isoformat(),
        "closes_at": in_days(10).isoformat(),
    }
    opened = await house.client.post(f"{api}/meetings/{made.json()['id']}/recruitments", json=call, headers=office)
    assert opened.status_code == 201, opened.text
    sign_up = await feed_once(house, "/calendar/meetings.ics", f"sign-up-{opened.json()['id']}@")
    assert (sign_up["TRANSP"], sign_up["STATUS"]) == ("TRANSPARENT", "CONFIRMED")
    fixed = await house.client.patch(f"{api}/meetings/{made.json()['id']}", json={"agenda_fixed": True}, headers=office)
    assert fixed.status_code == 200, fixed.text
    second = await feed_once(house, "/calendar/meetings.ics", uid, STATUS="CONFIRMED")
    assert second["SEQUENCE"] == "1"
    path = f"{api}/meetings/{made.json()['id']}/cancel"
    assert (await house.client.post(path, json={"reason": "议题撤回"}, headers=office)).status_code == 200
    last = await feed_once(house, "/calendar/meetings.ics", uid, STATUS="CANCELLED")
    assert (last["SUMMARY"], last["COMMENT"]) == ("【已取消】日历里的办公会", "议题撤回")
    gone = await feed_once(house, "/calendar/district.ics", f"sign-up-{opened.json()['id']}@", STATUS="CANCELLED")
    assert int(gone["SEQUENCE"]) > int(sign_up["SEQUENCE"])
    assert violations((await house.client.get("/calendar/meetings.ics")).content) == []
    own = await house.client.get(f"{api}/feed.ics")
    assert violations(own.content) == []


async def test_hearing_has_its_notice_sign_up_day_and_report_in_the_calendar(house: House) -> None:
    """HR: one feed of hearings; a changed room counts up, a notice stays as it was."""
    office = await house.token("office")
    api = "/api/hearings/v1"
    draft = {
        "unit": "区教育局", "title": "日历里的听证会", "matters": "学区", "draft_url": "https://example.cn/d",
        "explanation_url": "https://example.cn/e", "starts_at": in_days(30).isoformat(),
        "ends_at": (in_days(30) + timedelta(hours=2)).isoformat(), "place": "礼堂", "sides": [{"name": "居民"}],
        "groups": [{"name": "居民组", "side": "居民", "seats": 3, "method": "panel", "criteria": "熟悉情况"}],
        "opens_at": in_days(1).isoformat(), "closes_at": in_days(10).isoformat(),
    }  # fmt: skip
    made = await house.client.post(f"{api}/hearings", json=draft, headers=office)
    assert made.status_code == 201, made.text
    path = f"{api}/hearings/{made.json()['id']}"
    assert "日历里的听证会" not in (await house.client.get(f"{api}/feed.ics")).text
    assert (await house.client.post(f"{path}/announce", headers=office)).status_code == 200
    uid = f"hearing-{made.json()['id']}@"
    first = await feed_once(house, "/calendar/hearings.ics", uid)
    assert (first["STATUS"], first["SEQUENCE"], first["SUMMARY"]) == ("CONFIRMED", "0", "日历里的听证会")
    for what, summary in (("notice", "听证公告：日历里的听证会"), ("sign-up", "听证报名截止：日历里的听证会")):
        day = await feed_once(
            house, "/calendar/hearings.ics", f"hearing-{what}-{uuid5(UUID(made.json()['id']), what)}@"
        )
        assert (day["SUMMARY"], day["TRANSP"], day["SEQUENCE"]) == (summary, "TRANSPARENT", "0")
    moved = await house.client.patch(path, json={"place": "区政府", "reason": "人数多"}, headers=office)
    assert moved.status_code == 200, moved.text
    second = await feed_once(house, "/calendar/hearings.ics", uid, LOCATION="区政府")
    assert second["SEQUENCE"] == "1"
    assert (await house.client.post(f"{path}/cancel", json={"reason": "撤回"}, headers=office)).status_code == 200
    last = await feed_once(house, "/calendar/district.ics", uid, STATUS="CANCELLED")
    assert (last["SUMMARY"], last["COMMENT"]) == ("【已取消】日历里的听证会", "撤回")
    duties = f"/calendar/deadlines/{quote('区教育局')}.ics"
    due = await feed_once(
        house,
        duties,
        f"hearing-materials-due-{uuid5(UUID(made.json()['id']), 'materials-due')}-ev@",
        STATUS="CANCELLED",
    )
    assert due["SUMMARY"] == "【已取消】听证材料送达期限：日历里的听证会"
    assert violations((await house.client.get(duties)).content) == []
    assert violations((await house.client.get("/calendar/hearings.ics")).content) == []
    assert violations((await house.client.get(f"{api}/feed.ics")).content) == []


async def test_name_that_fits_no_file_keeps_no_other_feed_from_being_remade(house: House, desk: Desk) -> None:
    event = await desk.published(title="主题很长", theme="民" * 150)
    entry = await feed_once(house, DISTRICT, f"openday-{event['sessions'][0]['id']}@")
    assert entry["SUMMARY"] == "主题很长"


@pytest.mark.parametrize("name", ["../../../tmp/feed", "a/b", "x\n", "x\u2028y", "a b", ".", "%2e%2e", "a?b", ""])
async def test_unit_whose_name_would_break_an_address_is_refused(house: House, name: str) -> None:
    office = await house.token("office")
    unit = {"short_name": name, "kind": "bureau", "district": "310118"}
    answer = await house.client.put("/api/accounts/v1/units", json=unit, headers=office)
    assert problem_of(answer) == (422, "/problems/kit.malformed")
