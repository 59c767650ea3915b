"""An open day from the spreadsheet to the report, in a real browser and a subscribing calendar, in August 2025.

The house's clock stands a month before the real entries, so that they lie ahead as they did when they were published.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from browser.views import ARGUMENTS, CHROMIUM, sign_in
from component.test_calendar_feeds import event_of
from houses import House, open_house, until

ENTRIES = Path(__file__).resolve().parents[1] / "data" / "open_month_entries.csv"
MORNING = datetime(2025, 7, 31, 2, tzinfo=UTC)
"""10:00 in Shanghai, within the sign-up window that the sheet gives."""
TITLE = "申城小当家 财富智创+"
UNIT = "区教育局"


@pytest.fixture(scope="module")
async def august(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    shift = MORNING - datetime.now(UTC)
    async with open_house(tmp_path_factory.mktemp("august"), "--no-seed", shift=shift) as opened:
        await register_units(opened)
        yield opened


async def register_units(house: House) -> None:
    office = await house.token("office")
    for name in (UNIT, "区政府办公室"):
        unit = {"short_name": name, "full_name": None, "kind": "bureau", "district": "310118"}
        assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).status_code == 200

    async def known() -> bool:
        return UNIT in (await house.client.get("/api/opendays/v1/units")).json()["items"]

    await until(known)


@asynccontextmanager
async def person(browser: Browser, house: House, role: str = "", name: str = "") -> AsyncIterator[Page]:
    """Somebody with a browser of their own and JavaScript off: staff at a desk, citizens on a phone."""
    size = {"width": 1280, "height": 900} if role else {"width": 390, "height": 844}
    context: BrowserContext = await browser.new_context(
        base_url=house.url, java_script_enabled=False, viewport=size, locale="zh-CN"
    )
    context.set_default_timeout(15_000)
    if role:
        await sign_in(context, house.url, role, UNIT, name)
    yield await context.new_page()
    await context.close()


async def press(page: Page, selector: str) -> None:
    """Click what leads to another page, and wait until it is there."""
    async with page.expect_navigation():
        await page.click(selector)


async def import_and_submit(page: Page) -> str:
    """All eight real rows come in; one of them is completed and handed in. Returns its address."""
    await page.goto("/desk/import")
    await page.set_input_files("input[name=file]", str(ENTRIES))
    await press(page, "button[value=preview]")
    assert "8 行可导入，0 处错误" in await page.inner_text("main")
    await press(page, "button[value=import]")
    await page.goto("/desk")
    await press(page, f"a:has-text('{TITLE}')")
    address = page.url
    await press(page, f"a[href='{address.removeprefix(page.url.split('/desk')[0])}/edit']")
    await page.fill("[name=accessibility]", "无台阶入口")
    await page.check("[name=steps][value=qa]")
    await page.fill("[name=staff]", "职业教育科负责人")
    await page.select_option("[name=mode]", "here")
    await page.fill("[name=contact]", "021-59732890")
    await page.fill("[name=campaign]", "2025")
    for place, day in enumerate(("2025-08-26", "2025-08-27")):
        assert await page.input_value(f"[name=s{place}_date]") == day
        await page.fill(f"[name=s{place}_start]", "09:00")
        await page.fill(f"[name=s{place}_end]", "11:00")
        await page.fill(f"[name=s{place}_capacity]", "1")
        await page.fill(f"[name=s{place}_capacity_min]", "")
    await press(page, ".actions button[value=save]")
    assert "请更正" not in (text := await page.inner_text("main")), text
    await page.goto(address)
    await press(page, "button:has-text('提交审核')")
    return address


async def register(page: Page, event_path: str, session_id: str, phone: str, name: str) -> str:
    """Through the page of the event; returns the code in large type."""
    await page.goto(event_path)
    await page.check(f"[name=session][value='{session_id}']")
    await page.fill("[name=name]", name)
    await page.fill("[name=phone]", phone)
    await press(page, "button:has-text('提交报名')")
    return (await page.inner_text(".code")).replace(" ", "").replace("\n", "")


async def ticket_in_qr(page: Page) -> str:
    """What a camera reads off the screen."""
    picture = await page.locator(".ticket").screenshot()
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).resize((800, 800)))
    return read.text


class Subscriber:
    """A calendar program: polls with its last entity tag and remembers what it was told."""

    def __init__(self, client: httpx.AsyncClient, uid: str) -> None:
        self._client = client
        self._uid = uid
        self._tag = ""
        self.seen: dict[str, str] = {}

    async def poll(self) -> int:
        headers = {"If-None-Match": self._tag} if self._tag else {}
        answer = await self._client.get("/calendar/open-month/2025.ics", headers=headers)
        if answer.status_code == 200:
            self._tag = answer.headers["etag"]
            self.seen = event_of(answer.content.decode(), self._uid)
        return answer.status_code

    async def sees(self, **wanted: str) -> dict[str, str]:
        async def told() -> dict[str, str]:
            await self.poll()
            return self.seen if self.seen and wanted.items() <= self.seen.items() else {}

        return await until(told)


async def test_open_day_from_spreadsheet_to_report(august: House) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        await _live_through(august, browser)
        await browser.close()


async def _live_through(house: House, browser: Browser) -> None:
    async with person(browser, house, "unit_editor", "经办人") as editor:
        desk_page = await import_and_submit(editor)
        event_path = desk_page.replace("/desk/events/", "/open-days/").removeprefix(house.url)
        async with person(browser, house) as stranger:
            answer = await stranger.goto(event_path)
            assert answer is not None
            assert answer.status == 404
        async with person(browser, house, "unit_lead", "负责人") as lead:
            await lead.goto(desk_page)
            await press(lead, "button:has-text('审核通过')")
        await editor.goto(desk_page)
        await press(editor, "button:has-text('发布')")

    event_id = event_path.rsplit("/", 1)[1]
    event = (await house.client.get(f"/api/opendays/v1/events/{event_id}")).json()
    assert event["state"] == "signup_open"
    session_id = event["sessions"][0]["id"]
    subscriber = Subscriber(house.client, f"openday-{session_id}@")
    first = await subscriber.sees(STATUS="CONFIRMED", DTSTART="20250826T090000")
    assert await subscriber.poll() == 304

    async with person(browser, house) as early, person(browser, house) as late:
        await register(early, event_path, session_id, "13800138000", "张三")
        assert "报名成功" in await early.inner_text("main")
        waiting_code = await register(late, event_path, session_id, "13900139000", "李四")
        assert "候补" in await late.inner_text("main")
        await press(early, "a:has-text('取消报名')")
        await press(early, "button:has-text('确定取消')")
        await late.goto(f"/r/{waiting_code}")
        await press(late, "a:has-text('去确认')")
        await press(late, "button:has-text('接受名额')")
        await late.goto(f"/r/{waiting_code}")
        assert "报名成功" in await late.inner_text("main")
        await press(late, "button:has-text('放进我的手机日历')")
        own = (await late.inner_text("main code")).strip()
        assert "/calendar/me/" in own

        async def in_own_calendar() -> bool:
            return "SUMMARY:已报名：" in (await house.client.get(urlsplit(own).path)).text

        await until(in_own_calendar)
        await late.goto(f"/r/{waiting_code}")
        ticket_address = await ticket_in_qr(late)

    async with person(browser, house, "unit_editor", "经办人") as editor:
        await editor.goto(f"{desk_page}/edit")
        await editor.fill("[name=place]", "青浦区青少年活动中心")
        await editor.fill("[name=reason]", "原场地检修")
        await press(editor, ".actions button[value=save]")
        moved = await subscriber.sees(LOCATION="青浦区青少年活动中心")
        assert (moved["UID"], int(moved["SEQUENCE"])) == (first["UID"], int(first["SEQUENCE"]) + 1)
        assert moved["LAST-MODIFIED"] >= first["LAST-MODIFIED"]
        assert await subscriber.poll() == 304

    # The day itself.
    house.shift_clock(datetime(2025, 8, 26, 0, 50, tzinfo=UTC) - datetime.now(UTC))
    async with person(browser, house, "unit_editor", "经办人") as door:
        await door.goto(ticket_address)
        assert "李四" in (text := await door.inner_text("main")) or "李**" in text
        await press(door, "button:has-text('签到')")
        assert "欢迎" in await door.inner_text("main")
        await door.goto(ticket_address)
        assert "经办人" in await door.inner_text("main")

    house.shift_clock(datetime(2025, 8, 28, 2, tzinfo=UTC) - datetime.now(UTC))
    async with person(browser, house, "unit_editor", "经办人") as editor:

        async def is_held() -> bool:
            return (await house.client.get(f"/api/opendays/v1/events/{event_id}")).json()["state"] == "held"

        await until(is_held)
        await editor.goto(desk_page)
        await editor.fill("[name=report_summary]", "孩子们动手做了三道菜。")
        await editor.check("[name=sign_shown]")
        await press(editor, "button:has-text('公布报告')")
    async with person(browser, house) as reader:
        await reader.goto(event_path)
        assert "孩子们动手做了三道菜。" in await reader.inner_text("main")
    figures = (await house.client.get(f"/api/opendays/v1/events/{event_id}/report")).json()
    assert {name: figures[name] for name in ("registered", "checked_in", "no_show", "sign_shown")} == {
        "registered": 1,
        "checked_in": 1,
        "no_show": 0,
        "sign_shown": True,
    }
