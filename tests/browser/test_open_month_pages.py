"""Pages of the open month with the real entries of 2022 to 2025, held to what all pages are held to; its desk, which
takes photos and spreadsheets and says what is wrong with them."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from browser.test_pages import must_be_well_made, opened
from browser.views import LOOKS, Route, contexts, first_view
from component.test_openmonth import TOWN, UNIT, Month, entries, shanghai
from houses import House, event_draft, open_house, until
from unit.test_photos import picture

NAMES = (
    "month", "month-narrowed", "month-nothing", "month-2022", "planned", "board", "board-theme", "board-clashes",
    "board-empty", "report", "report-2023", "report-empty", "archive", "archive-2022", "unknown", "problem", "desk",
    "desk-office", "desk-month", "desk-month-office", "desk-month-unit", "desk-planned", "desk-frozen",
)  # fmt: skip
SERVICES = "accounts,opendays,openmonth,portal"
YEAR, PLANNED = 2025, 2026
BEFORE, DURING = datetime(2022, 7, 1, 2, tzinfo=UTC), "2025-08-20T12:00"
VENUE = "崧泽大道333号"
UNITS: tuple[dict[str, str], ...] = (
    {"short_name": UNIT, "kind": "bureau"},
    {"short_name": "区民政局", "kind": "bureau"},
    {"short_name": TOWN, "kind": "subdistrict", "code": "310118001"},
    {"short_name": "金泽镇", "kind": "town", "code": "310118104"},
    {"short_name": "青浦区人民政府办公室", "kind": "bureau"},
    {"short_name": "青浦区", "kind": "bureau"},
    {"short_name": "宝山区淞南镇", "kind": "bureau"},
    {"short_name": "松江区", "kind": "bureau"},
)


class Year(Month):
    """The office, two people of it, and a clock that goes from one open month to the next."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def act(self, path: str, body: Any = None, name: str = "甲") -> dict[str, Any]:
        headers = await self.house.token("office", name=name)
        answer = await self.house.client.post(f"/api/opendays/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def publish(self, event_id: str, **changes: Any) -> None:
        """What an entry lacks, then the steps to the public, by two people of the office."""
        lacking = {
            "accessibility": ["无障碍坡道"], "interactive_steps": ["qa"], "staff": [f"科室负责人{event_id[-4:]}"],
            "registration": {"mode": "phone", "contact": "021-59732890"}, **changes,
        }  # fmt: skip
        path = f"/events/{event_id}"
        answer = await self.house.client.patch(f"/api/opendays/v1{path}", json=lacking, headers=await self.office())
        assert answer.status_code == 200, answer.text
        await self.act(f"{path}/submit")
        await self.act(f"{path}/approve", name="乙")
        await self.act(f"{path}/publish")

    async def imported(self, year: int, *, by_office: bool) -> list[str]:
        """The real entries of a year, as drafts."""
        headers = await (self.office() if by_office else self.writer())
        answer = await self.house.client.post(
            f"/api/openmonth/v1/campaigns/{year}/imports",
            files={"file": ("entries.csv", entries(str(year)))},
            params={"unit": UNIT},
            headers=headers,
        )
        assert answer.status_code == 201, answer.text
        return [row["event_id"] for row in answer.json()["rows"]]

    async def held(self, year: int, count: int) -> None:
        async def told() -> bool:
            return (await self.get(f"/campaigns/{year}/report")).json()["figures"]["held"] >= count

        await until(told)

    async def frozen(self, year: int) -> None:
        async def told() -> bool:
            return (await self.get(f"/campaigns/{year}")).json()["state"] == "frozen"

        await until(told)


async def fill(house: House) -> dict[str, str]:
    """Four open months from their opening on, and one that is planned; the ids of events by what they are."""
    office = await house.token("office")
    for unit in UNITS:
        body = {**unit, "district": "310118"}
        assert (await house.client.put("/api/accounts/v1/units", json=body, headers=office)).is_success
    year = Year(house)
    for service in ("opendays", "openmonth"):
        await until(lambda service=service: _knows_units(house, service))
    themes = {2022: "一网统管", 2023: "民生保障", 2024: "公共安全"}
    for past, theme in themes.items():
        year.set_clock(shanghai(f"{past}-07-01T10:00"))
        await year.opened(past, theme={2024: "民心工程"}.get(past, ""))
        events = await year.imported(past, by_office=True)
        for event_id in events:
            await year.publish(event_id, theme=theme)
        await year.known(past, len(events))
        year.set_clock(shanghai(f"{past}-08-30T12:00"))
        await year.held(past, len(events))
        if past == 2023:
            photo = await year.file_sign(past, events[0], picture(), await year.office())
            assert photo.status_code == 201, photo.text
        year.set_clock(shanghai(f"{past}-09-01T00:00"))
        await year.frozen(past)
    return await _this_year(year)


async def _this_year(year: Year) -> dict[str, str]:
    year.set_clock(shanghai(f"{YEAR}-07-01T10:00"))
    await year.opened(YEAR, theme="优化营商环境", sign_url="https://www.shqp.gov.cn/sign.png")
    preview, forum, visit = await year.imported(YEAR, by_office=False)
    for event_id, theme in ((preview, ""), (forum, "营商环境"), (visit, "民生保障")):
        await year.publish(event_id, theme=theme)
    made = {
        "early": await _added(year, "走进社区事务受理中心", "08-18T14:00", unit=UNIT, place=VENUE, theme="一网通办"),
        "clashing": await _added(year, "看一看城运中心", "08-18T15:00", unit=TOWN, place=VENUE, theme="一网统管"),
        "cancelled": await _added(year, "水上救援演练", "08-28T09:30", unit="金泽镇", theme="公共安全"),
        "dense": await _added(year, "社区食堂开放", "08-28T09:00", unit=TOWN),
        "dense-too": await _added(year, "为老服务开放", "08-28T13:00", unit=TOWN),
        "town": await _added(year, "共享农机开放日", "08-20T09:00", unit="金泽镇", theme="营商环境"),
    }
    await year.act(f"/events/{made['cancelled']}/cancel", {"reason": "台风“竹节草”来临"})
    await year.known(YEAR, 9)
    year.set_clock(shanghai(DURING))
    await year.held(YEAR, 4)
    photo = await year.file_sign(YEAR, made["early"], picture(), await year.office())
    assert photo.status_code == 201, photo.text
    answer = await year.post("/campaigns", {"year": PLANNED, "theme": "还在筹备"})
    assert answer.status_code == 201, answer.text
    return {**made, "preview": preview, "forum": forum, "visit": visit}


async def _added(year: Year, title: str, at: str, **more: Any) -> str:
    starts = shanghai(f"{YEAR}-{at}")
    session = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat(), "capacity": 30}
    draft = event_draft(title=title, campaign=YEAR, sessions=[session], staff=[f"{title}负责人"], **more)
    made = await year.act("/events", draft)
    for step, name in (("submit", "甲"), ("approve", "乙"), ("publish", "甲")):
        await year.act(f"/events/{made['id']}/{step}", name=name)
    return made["id"]


async def _knows_units(house: House, service: str) -> bool:
    database = await house.database(service)
    try:
        return await database.fetchval("select count(*) from units") == len(UNITS)
    finally:
        await database.close()


def routes_of(made: dict[str, str]) -> dict[str, Route]:
    public, desk, unit = f"/open-month/{YEAR}", "/desk/open-month", "unit_editor"
    return {
        "month": Route(public),
        "month-narrowed": Route(f"{public}?unit={UNIT}&theme=营商环境"),
        "month-nothing": Route(f"{public}?day=2025-08-02"),
        "month-2022": Route("/open-month/2022"),
        "planned": Route(f"/open-month/{PLANNED}", "office"),
        "board": Route(f"{public}/board"),
        "board-theme": Route(f"{public}/board?theme=民生保障"),
        "board-clashes": Route(f"{public}/board?kind=venue&unit={TOWN}"),
        "board-empty": Route(f"/open-month/{PLANNED}/board", "office"),
        "report": Route(f"{public}/report"),
        "report-2023": Route("/open-month/2023/report"),
        "report-empty": Route(f"/open-month/{PLANNED}/report", "office"),
        "archive": Route(f"{public}/archive"),
        "archive-2022": Route("/open-month/2022/archive"),
        "unknown": Route("/open-month/2099", status=404),
        "problem": Route("/problems/openmonth.not-begun"),
        "desk": Route(desk, unit),
        "desk-office": Route(desk, "office"),
        "desk-month": Route(f"{desk}/{YEAR}", unit),
        "desk-month-office": Route(f"{desk}/{YEAR}", "office"),
        "desk-month-unit": Route(f"{desk}/{YEAR}?unit=金泽镇", "office"),
        "desk-planned": Route(f"{desk}/{PLANNED}", "office"),
        "desk-frozen": Route(f"{desk}/2022", "office"),
    }


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    shift = BEFORE - datetime.now(UTC)
    folder = tmp_path_factory.mktemp("month")
    async with open_house(folder, "--only", SERVICES, "--no-seed", shift=shift) as house:
        yield house


@pytest.fixture(scope="module")
async def made(town: House) -> dict[str, str]:
    return await fill(town)


@pytest.fixture(scope="module")
async def routes(made: dict[str, str]) -> dict[str, Route]:
    return routes_of(made)


@pytest.fixture(scope="module")
async def visitors(browser: Browser, town: House, routes: dict[str, Route]) -> AsyncIterator[dict[Any, Any]]:
    async with contexts(browser, town.url, routes.values(), "/desk/open-month") as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
async def test_open_month_page_is_accessible_and_keeps_its_shape(
    name: str, look: str, town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    route = routes[name]
    page, wrong = await opened(visitors[route.role, look], town, route)
    try:
        assert wrong == []
        await must_be_well_made(page, look)
    finally:
        await page.close()


async def test_every_open_month_route_is_listed(routes: dict[str, Route]) -> None:
    assert sorted(routes) == sorted(NAMES)


@pytest.mark.parametrize("name", ["month", "board", "report"])
async def test_first_view_weighs_at_most_40_kilobytes(
    name: str, town: House, routes: dict[str, Route], browser: Browser
) -> None:
    assert await first_view(browser, town.url + routes[name].path) <= 40 * 1024


@pytest.mark.parametrize("name", ["month", "month-nothing", "board", "report", "archive", "archive-2022", "problem"])
async def test_page_in_english_has_no_untranslated_sentence(name: str, town: House, routes: dict[str, Route]) -> None:
    page = await town.client.get(routes[name].path, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert [line for line in page.text.splitlines() if "。" in line] == []


async def text(town: House, route: Route) -> str:
    answer = await town.client.get(route.path)
    assert answer.status_code == route.status
    return answer.text


# Everybody


async def test_latest_month_is_the_latest_that_is_published(town: House, routes: dict[str, Route]) -> None:
    answer = await town.client.get("/open-month")
    years = [each["year"] for each in (await town.client.get("/api/openmonth/v1/campaigns")).json()["items"]]
    assert YEAR in years
    assert PLANNED not in years
    assert (answer.status_code, answer.headers["location"]) == (302, f"/open-month/{max(years)}")
    for part in ("", "/board", "/report", "/archive"):
        assert (await town.client.get(f"/open-month/{PLANNED}{part}")).status_code == 404


async def test_programme_says_what_is_unsure_and_why_something_was_called_off(
    town: House, routes: dict[str, Route], made: dict[str, str]
) -> None:
    said = await text(town, routes["month"])
    for word in ("暂定", "环上大科技园", "已取消", "台风“竹节草”来临", "14:00–16:00", "20人/场", "优化营商环境"):
        assert word in said, word
    assert f'href="/open-days/{made["forum"]}"' in said


async def test_programme_is_offered_as_files_and_as_calendars(town: House, routes: dict[str, Route]) -> None:
    said = await text(town, routes["month"])
    for format in ("csv", "xlsx", "json"):
        address = f"/api/openmonth/v1/campaigns/{YEAR}/programme?format={format}"
        assert f'href="{address}"' in said
        assert (await town.client.get(address)).status_code == 200
    host = town.url.removeprefix("http://")
    assert f"webcal://{host}/calendar/open-month/{YEAR}.ics" in said
    assert f"{town.url}/calendar/open-month/{YEAR}.ics" in said
    narrowed = await text(town, routes["month-narrowed"])
    for part in ("units/%E5%8C%BA%E6%95%99%E8%82%B2%E5%B1%80", "themes/%E8%90%A5%E5%95%86%E7%8E%AF%E5%A2%83"):
        assert f"webcal://{host}/calendar/open-month/{YEAR}/{part}.ics" in narrowed


async def test_programme_is_narrowed_without_javascript(
    town: House, routes: dict[str, Route], browser: Browser
) -> None:
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(town.url + routes["month"].path)
    assert await page.locator(".programme li").count() == 10
    await page.select_option("#unit", "金泽镇")
    await page.click("form.filter button")
    assert await page.locator(".programme a").all_inner_texts() == ["共享农机开放日", "水上救援演练"]
    await page.select_option("#day", "2025-08-20")
    await page.click("form.filter button")
    assert await page.locator(".programme a").all_inner_texts() == ["共享农机开放日"]
    await context.close()


async def test_printed_programme_is_the_list_alone_with_name_and_day(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["", "standard"].new_page()
    await page.goto(town.url + routes["month"].path)
    assert not await page.get_by_text("打印日期").is_visible()
    await page.emulate_media(media="print")
    assert await page.get_by_text("打印日期 2025年8月20日").is_visible()
    assert await page.locator("h1").inner_text() == "2025 年政府开放月"
    for hidden in ("nav.nav", "form.filter", ".side", ".figures", ".subject", "footer"):
        assert not await page.locator(hidden).first.is_visible(), hidden
    assert await page.locator(".programme li:visible").count() == 10
    await page.close()


async def test_board_names_what_is_missing_and_what_is_in_the_way(
    town: House, routes: dict[str, Route], made: dict[str, str]
) -> None:
    said = await text(town, routes["board"])
    for word in ("公正监管", "没有活动", "区民政局", "同一场地“崧泽大道333号”，时间重叠", "同一天在同一街镇有同一主题"):
        assert word in said, word
    for event in ("early", "clashing", "dense", "dense-too"):
        assert f'href="/open-days/{made[event]}"' in said
    only = await text(town, routes["board-clashes"])
    assert ("同一场地" in only, "同一天在同一街镇" in only) == (True, False)


async def test_board_counts_each_event_once_in_its_row(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["", "standard"].new_page()
    await page.goto(town.url + routes["board"].path)
    table = page.locator("table.heat").first
    row = table.locator("tbody tr", has_text=TOWN).locator("td")
    assert [cell.split()[-2:] for cell in await row.all_inner_texts()][3] == ["2", "项"]
    assert (await row.all_inner_texts())[-1] == "3"
    days = page.locator("table.heat-days tbody tr", has_text=UNIT).locator("td").last
    assert await days.inner_text() == "4"  # the visit is on two days
    await page.close()


async def test_wide_table_is_scrolled_with_the_keyboard_and_keeps_its_units_in_sight(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["", "standard"].new_page()
    await page.set_viewport_size({"width": 390, "height": 900})
    await page.goto(town.url + routes["board"].path)
    box = page.locator(".table-box", has=page.locator("table.heat-days"))
    await page.focus("#days button")
    await page.keyboard.press("Tab")
    assert await box.evaluate("node => node === document.activeElement")
    before = (await page.locator("table.heat-days tbody th").first.bounding_box() or {})["x"]
    await page.keyboard.press("ArrowRight")
    await until(lambda: box.evaluate("node => node.scrollLeft > 0"))
    assert (await page.locator("table.heat-days tbody th").first.bounding_box() or {})["x"] == before
    await page.close()


async def test_report_says_who_has_opened_who_has_not_and_why(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    said = await text(town, routes["report"])
    for word in ("已做到：1 个单位", "还没有：7 个单位", "不在活动期间：1 项", "没有标识留证：2 项", "尚未举办"):
        assert word in said, word
    page = await visitors["", "standard"].new_page()
    await page.goto(town.url + routes["report"].path)
    assert await page.locator("svg.plot rect.bar-adopted").count() == 7
    rows = page.locator("section[aria-labelledby=days-title] tbody tr")
    assert await rows.count() == 7
    await page.locator("summary", has_text="每天的数字").click()
    assert (await rows.first.inner_text()).split()[:3] == ["2025-07-22", "1", "1"]
    await page.close()
    past = await text(town, routes["report-2023"])
    assert "已做到：1 个单位" in past


async def test_archive_has_the_fingerprints_of_its_files_or_says_when(town: House, routes: dict[str, Route]) -> None:
    said = await text(town, routes["archive-2022"])
    for document in ("programme", "board"):
        address = f"/api/openmonth/v1/campaigns/2022/archive/{document}"
        assert f'href="{address}"' in said
        assert hashlib.sha256((await town.client.get(address)).content).hexdigest() in said
    assert "2025年9月1日 周一零时自动归档" in await text(town, routes["archive"])


# The desk


async def at_desk(visitors: dict[Any, BrowserContext], town: House, route: Route) -> Page:
    page = await visitors[route.role, "standard"].new_page()
    await page.goto(town.url + route.path)
    return page


async def sees(page: Page, field: str, said: str) -> None:
    """The fault stands at the top, linked to its field, and at the field."""
    assert said in await page.locator(f".errors a[href='#{field}']").first.inner_text()
    assert said in await page.locator(f"[id='{field}-fault']").first.inner_text()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), "照片超过 5 MB"),
        (b"\xff\xd8\xff" + bytes(11 * 1024 * 1024), "上限"),
        (picture("GIF"), "照片应为 JPEG 或 PNG"),
        (b"no photo at all", "照片应为 JPEG 或 PNG"),
        (picture(size=(200, 200))[:-200], "照片已损坏"),
        (None, "请附上照片"),
    ],
    ids=["too-large", "far-too-large", "gif", "text", "broken", "none"],
)
async def test_photo_that_is_none_is_refused_at_its_field(
    data: bytes | None, said: str, town: House, routes: dict[str, Route], made: dict[str, str],
    visitors: dict[Any, BrowserContext],
) -> None:  # fmt: skip
    page = await at_desk(visitors, town, routes["desk-month-unit"])
    field = f"photo-{made['town']}"
    form = page.locator("form", has=page.locator(f"[id='{field}']"))
    if data is None:
        await form.evaluate("form => form.noValidate = true")
    else:
        file = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": data}
        await page.set_input_files(f"[id='{field}']", files=[file])  # type: ignore[list-item]
    await form.locator("button").click()
    await sees(page, field, said)
    assert await page.input_value("#unit") == "金泽镇"
    await must_be_well_made(page, "standard")
    await page.close()


async def test_photo_of_the_sign_is_filed_and_can_be_seen(
    town: House, routes: dict[str, Route], made: dict[str, str], visitors: dict[Any, BrowserContext]
) -> None:
    page = await at_desk(visitors, town, routes["desk-month"])
    field = f"[id='photo-{made['preview']}']"
    photo = {"name": "现场.png", "mimeType": "image/png", "buffer": picture("PNG")}
    await page.set_input_files(field, files=[photo])  # type: ignore[list-item]
    await page.locator("form", has=page.locator(field)).locator("button").click()
    assert "标识照片已留存" in await page.locator(".notice").inner_text()
    line = page.locator(".sign-list > li", has_text="考生代表参观2025年高招录取现场")
    assert "已有照片" in await line.inner_text()
    address = await line.get_by_role("link", name="查看照片").get_attribute("href")
    shown = await town.client.get(address or "")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    await page.close()


async def choose(page: Page, table: bytes) -> None:
    file = {"name": "entries.csv", "mimeType": "text/csv", "buffer": table}
    await page.set_input_files("#file", files=[file])  # type: ignore[list-item]
    await page.click("#import button[value=preview]")


async def test_import_shows_what_is_in_the_way_before_anything_is_kept(
    town: House, routes: dict[str, Route], made: dict[str, str], visitors: dict[Any, BrowserContext]
) -> None:
    page = await at_desk(visitors, town, routes["desk-month"])
    table = "活动时间,活动名称(主题),活动形式,活动地点\n8月28日9:30-10:30,新来的活动,参观,青浦区公园路100号\n"
    await choose(page, table.encode())
    preview = await page.locator("#import").inner_text()
    for word in ("预览：1 行可导入，0 处错误", "场地冲突", "社区食堂开放", "新来的活动"):
        assert word in preview, word
    assert await page.locator(f"#import a[href='/open-days/{made['dense']}']").count() == 1
    await must_be_well_made(page, "standard")
    path = f"/api/opendays/v1/events?campaign={YEAR}&q=新来的活动"
    headers = await town.token("unit_editor", UNIT, "经办")
    assert (await town.client.get(path, headers=headers)).json()["items"] == []
    await page.click("#import button[value=import]")
    assert "已全部导入为草稿" in await page.locator(".notice").inner_text()
    kept = (await town.client.get(path, headers=headers)).json()["items"]
    assert [(event["title"], event["unit"], event["state"]) for event in kept] == [("新来的活动", UNIT, "draft")]
    await page.close()


async def test_import_of_other_years_is_refused_row_by_row(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await at_desk(visitors, town, routes["desk-month"])
    await choose(page, entries())
    told = await page.locator(".errors li").all_inner_texts()
    await must_be_well_made(page, "standard")
    assert len(told) == 5
    assert all("不在 2025 年" in each for each in told)
    await page.close()


async def test_desk_offers_a_unit_its_own_events_and_nothing_of_the_office(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await at_desk(visitors, town, routes["desk-month"])
    units = await page.locator(".sign-list .hint").all_inner_texts()
    assert {unit.split(" · ")[0] for unit in units if " · " in unit} == {UNIT}
    await page.goto(town.url + routes["desk-planned"].path)
    assert await page.get_by_role("button", name="公布开放月").count() == 0
    assert await page.locator("#change").count() == 0
    await page.goto(town.url + routes["desk"].path)
    assert await page.get_by_role("heading", name="建立开放月").count() == 0
    await page.close()


async def test_desk_is_closed_to_everybody_else(town: House, routes: dict[str, Route]) -> None:
    for path in ("/desk/open-month", f"/desk/open-month/{YEAR}"):
        assert (await town.client.get(path)).status_code == 401
    form = {"year": "2031"}
    answer = await town.client.post("/desk/open-month", data=form, headers={"Origin": town.url})
    assert answer.status_code == 401
    assert (await town.client.get("/api/openmonth/v1/campaigns/2031")).status_code == 404


async def test_office_opens_changes_and_publishes_a_month(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await at_desk(visitors, town, routes["desk-office"])
    await page.fill("#year", str(YEAR))
    await page.click("button:has-text('建立')")
    await sees(page, "year", "已经建立")
    await page.fill("#year", "2030")
    await page.fill("#theme", "绿色生活")
    await page.fill("#opens_on", "2030-08-05")
    await page.fill("#closes_on", "2030-08-01")
    await page.click("button:has-text('建立')")
    await sees(page, "closes_on", "开始不晚于结束")
    assert await page.input_value("#theme") == "绿色生活"
    await page.fill("#closes_on", "2030-09-10")
    await page.click("button:has-text('建立')")
    assert page.url.startswith(f"{town.url}/desk/open-month/2030")
    await page.fill("#closes_on", "2031-01-01")
    await page.click("#change button")
    await sees(page, "closes_on", "当年之内")
    await page.fill("#closes_on", "2030-09-20")
    await page.click("#change button")
    assert "已更改" in await page.locator(".notice").inner_text()
    assert (await town.client.get("/open-month/2030")).status_code == 404
    await page.click("button:has-text('公布开放月')")
    assert "市民现在可以看到" in await page.locator(".notice").inner_text()
    assert await page.locator("#opens_on").count() == 0
    assert "2030年9月21日 周六零时自动归档" in (await town.client.get("/open-month/2030/archive")).text
    await page.close()


async def test_change_of_what_somebody_else_changed_is_refused(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await at_desk(visitors, town, routes["desk-planned"])
    office = await town.token("office")
    path = f"/api/openmonth/v1/campaigns/{PLANNED}"
    assert (await town.client.patch(path, json={"theme": "别人改的"}, headers=office)).is_success
    await page.fill("#theme", "我改的")
    await page.click("#change button")
    assert await page.locator(".errors").count() == 1
    assert (await town.client.get(path, headers=office)).json()["theme"] == "别人改的"
    await page.close()
