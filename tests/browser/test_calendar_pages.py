"""The search, the month on a sheet, and the open month's feeds by part, as people see them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, BrowserContext

from browser.test_pages import must_be_well_made, opened
from browser.views import LOOKS, Route, set_cookies
from component.test_search import entry, sample
from houses import Desk, House, in_days, until
from kaimen.contracts.adoption import AdoptionEntriesChanged
from kaimen.contracts.decisions import ItemChanged
from kaimen.contracts.hearings import HearingEntriesChanged
from kaimen.kit.clock import SHANGHAI, day_start, local_date

UNIT = "区教育局"
NOW = datetime.now(UTC)
MONTH = f"{local_date(in_days(10)):%Y-%m}"
WORD = "雨水花园"
ROUTES = {
    "search-blank": Route("/search"),
    "search": Route(f"/search?q={quote(WORD)}"),
    "search-narrowed": Route(f"/search?q={quote(WORD)}&kind=hearing&unit={quote(UNIT)}"),
    "search-none": Route(f"/search?q={quote('查无此事的词')}"),
    "search-bad": Route(f"/search?q={quote('！！')}", status=422),
    "month": Route(f"/months/{MONTH}"),
    "month-unit": Route(f"/months/{MONTH}?kind=deadline&unit={quote(UNIT)}"),
    "month-empty": Route("/months/2031-01"),
    "month-missing": Route("/months/2031-13", status=404),
    "subscribe": Route("/subscribe"),
}


async def fill(house: House, desk: Desk) -> None:
    """Something of every kind in one month, all about one thing."""
    office = await house.token("office")
    year = NOW.astimezone(SHANGHAI).year
    made = await house.client.post("/api/openmonth/v1/campaigns", json={"year": year}, headers=office)
    assert made.status_code in (201, 409), made.text
    published = await house.client.post(f"/api/openmonth/v1/campaigns/{year}/publish", headers=office)
    assert published.status_code in (200, 409), published.text
    await desk.published(title=f"走进{WORD}", campaign=year)
    await desk.published(title="窗口")
    cancelled = await desk.published(title=f"{WORD}夜游", summary=f"看看{WORD}怎样把雨水留住。")
    assert (await desk.post(f"/events/{cancelled['id']}/cancel", {"reason": "台风"})).status_code == 200
    hearing = uuid4()
    page = f"/hearings/{hearing}"
    said = f"关于{WORD}建设标准的听证，" * 12
    entries = (
        entry("hearing", f"{WORD}建设标准听证会", page, 10, unit=UNIT, description=said, location="公园路100号"),
        entry("deadline", f"听证材料送达期限：{WORD}建设标准", page, 10, unit=UNIT, all_day=True,
              starts_at=day_start(local_date(in_days(10))),
              ends_at=day_start(local_date(in_days(10)) + timedelta(days=1))),
    )  # fmt: skip
    await house.say(HearingEntriesChanged(hearing, entries), hearing, NOW)
    consultation = uuid4()
    days = entry("consultation", f"征求意见：{WORD}建设标准", f"/consultations/{consultation}", unit=UNIT, all_day=True,
                 starts_at=day_start(local_date(in_days(-5))), ends_at=day_start(local_date(in_days(26))))  # fmt: skip
    await house.say(AdoptionEntriesChanged(consultation, (days,)), consultation, NOW)
    item = replace(sample(ItemChanged).item, item_id=uuid4(), title=f"{WORD}建设三年计划", unit=UNIT)
    await house.say(ItemChanged(replace(item, page=f"/decisions/{item.item_id}")), item.item_id, NOW)

    async def is_there() -> bool:
        found = await house.client.get("/api/calendar/v1/search", params={"q": WORD})
        feed = await house.client.get(f"/calendar/open-month/{year}/units/{UNIT}.ics")
        kinds = {each["kind"] for each in found.json()["items"]}
        return {"openday", "hearing", "consultation", "decision"} <= kinds and WORD in feed.text.replace("\r\n ", "")

    await until(is_there)


@pytest.fixture(scope="module")
async def filled(house: House, desk: Desk) -> None:
    await fill(house, desk)


@pytest.fixture(scope="module")
async def looks(browser: Browser, house: House) -> AsyncIterator[dict[str, BrowserContext]]:
    found: dict[str, BrowserContext] = {}
    for look, cookies in LOOKS.items():
        found[look] = await browser.new_context(locale="zh-CN")
        await set_cookies(found[look], house.url, cookies)
    yield found
    for context in found.values():
        await context.close()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ROUTES)
async def test_page_is_accessible_and_keeps_its_shape(
    name: str, look: str, house: House, filled: None, looks: dict[str, BrowserContext]
) -> None:
    page, wrong = await opened(looks[look], house, ROUTES[name])
    try:
        assert wrong == []
        for details in await page.locator("details.month-parts").all():
            await details.evaluate("node => { node.open = true; }")
        await must_be_well_made(page, look)
    finally:
        await page.close()


async def test_search_from_the_header_of_any_page_without_a_script(
    house: House, filled: None, browser: Browser
) -> None:
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{house.url}/meetings")
    await page.fill("#find", f" {WORD} ")
    await page.click(".find button")
    titles = await page.locator(".event-title").all_inner_texts()
    assert {f"走进{WORD}", f"{WORD}夜游", f"{WORD}建设标准听证会", f"{WORD}建设三年计划"} <= set(titles)
    assert set(await page.locator(".event-title mark").all_inner_texts()) == {WORD}
    await page.select_option("#kind", "hearing")
    await page.click(".filter button")
    assert await page.locator(".event-title").all_inner_texts() == [f"{WORD}建设标准听证会"]
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(f"{house.url}/")
    await page.click(".find-link a")
    assert page.url == f"{house.url}/search"
    await context.close()


async def test_more_results_are_a_link_away(house: House, desk: Desk, browser: Browser) -> None:
    word = f"w{uuid4().hex}"
    source = uuid4()
    entries = tuple(entry("hearing", f"{word} {n}", f"/hearings/{uuid4()}", n) for n in range(1, 24))
    await house.say(HearingEntriesChanged(source, entries), source, NOW)

    async def are_there() -> bool:
        found = await house.client.get("/api/calendar/v1/search", params={"q": word, "limit": 200})
        return len(found.json()["items"]) == 23

    await until(are_there)
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{house.url}/search?q={word}")
    first = await page.locator(".event-title").all_inner_texts()
    await page.get_by_role("link", name="更多结果").click()
    second = await page.locator(".event-title").all_inner_texts()
    assert first + second == [f"{word} {n}" for n in range(1, 24)]
    await context.close()


async def test_month_is_printed_as_one_wide_table_with_the_address_of_its_feed(
    house: House, filled: None, browser: Browser
) -> None:
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{house.url}/?month={MONTH}&unit={quote(UNIT)}")
    await page.get_by_role("link", name="月历（可打印）").click()
    assert page.url == f"{house.url}/months/{MONTH}?unit={quote(UNIT)}"
    await page.emulate_media(media="print")
    words = await page.inner_text("body")
    assert f"走进{WORD}" in words
    assert f"征求意见：{WORD}建设标准" in words
    assert f"/calendar/units/{quote(UNIT)}.ics" in words
    for gone in (".top", ".nav", ".foot", ".filter", ".month-turn"):
        assert not await page.locator(gone).first.is_visible(), gone
    assert await page.evaluate("getComputedStyle(document.querySelector('.month-words td')).display") == "table-cell"
    printed = await page.pdf(prefer_css_page_size=True)
    assert box_of(printed) == (842, 595)
    await context.close()


def box_of(pdf: bytes) -> tuple[int, int]:
    """Width and height of its pages, in points; all pages must have the same."""
    boxes = {found for part in pdf.split(b"/MediaBox [")[1:] for found in [part.split(b"]")[0]]}
    (box,) = boxes
    _, _, width, height = (round(float(number)) for number in box.split())
    return width, height


async def test_open_month_can_be_subscribed_by_theme_and_unit(house: House, filled: None, browser: Browser) -> None:
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{house.url}/subscribe")
    year = NOW.astimezone(SHANGHAI).year
    links: list[Any] = await page.locator("details.month-parts a").evaluate_all("all => all.map(a => a.href)")
    mine = f"/calendar/open-month/{year}/units/{quote(UNIT)}.ics"
    assert {href for href in links if href.endswith(mine)} == {
        house.url + mine,
        house.url.replace("http://", "webcal://") + mine,
    }
    downloads = [href for href in links if href.startswith("http")]
    assert len(downloads) >= 6 + 1
    for href in downloads:
        answer = await house.client.get(href)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8"), href
    await context.close()
