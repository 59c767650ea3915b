"""Pages of catalogues and decisions, held to what all pages are held to; and their forms, which name what is missing
and keep what was typed."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from browser.test_pages import must_be_well_made, opened
from browser.views import LOOKS, Route, contexts, first_view
from component.test_decisions import SEED_DATES, Bureau, until_units_are_known
from houses import House, open_house

NAMES = (
    "decisions", "found", "nothing-found", "early-year", "catalogue", "catalogue-first", "catalogue-revised",
    "issued", "listed", "then", "not-yet", "no-such-day", "desk", "desk-office", "desk-justice", "collecting",
    "collecting-justice", "checked", "consented", "published", "dropped", "item", "item-office", "item-file",
    "item-issued", "item-justice", "item-new", "item-continues", "item-edit", "item-closed",
)  # fmt: skip
SERVICES = "accounts,decisions,adoption,calendar,portal"
AUTUMN = datetime(2026, 9, 1, 2, tzinfo=UTC)
YEAR = 2026


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("district"), "--only", SERVICES, "--no-seed") as house:
        office = await house.token("office")
        for name in ("区教育局", "区民政局"):
            unit = {"short_name": name, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        await until_units_are_known(Bureau(house))
        yield house


@pytest.fixture(scope="module")
async def routes(town: House) -> dict[str, Route]:
    """Catalogues and items at every stage, made through the API as people would."""
    bureau = Bureau(town)
    bureau.wait_for(AUTUMN - datetime.now(UTC))
    former = await bureau.catalogue(YEAR - 1)
    kept = await bureau.item(former, title="学区调整方案")
    await bureau.item(former, title="旧设施改造")
    await bureau.published(former)

    catalogue = await bureau.catalogue(YEAR)
    flags = {"expert_required": True, "risk_required": True, "enterprise_related": True, "hearing_planned": True}
    listed = await bureau.item(catalogue, title="学区调整方案", continues=kept["id"], co_sponsors=["区民政局"], **flags)
    document = await bureau.item(catalogue, title="校园安全管理办法", participation=False, planned_period="2026年3季度")
    waiting = await bureau.item(catalogue, title="社区托育规划", category="plan", participation=False)
    await bureau.item(catalogue, title="不公开的事项", confidential_basis="保守国家秘密法")
    reason = {"item": await _item_of(bureau, former, "旧设施改造"), "reason": "并入区级项目"}
    await bureau.post(f"/catalogues/{catalogue['id']}/reasons", reason, await bureau.office())
    await bureau.published(catalogue)
    await bureau.item(catalogue, title="年中新增的事项")
    await bureau.revised(catalogue, "区委新部署")
    pending = await bureau.item(catalogue, title="待公布的事项")
    await bureau.go(listed, "drafting")
    for item in (document, waiting):
        await bureau.file(item, "draft", "legality_review", "deliberation")
        await bureau.go(item, "drafting", "reviewing", "ready", "deliberated")
    await bureau.file(document, "party_report")
    await bureau.issue(document, **{**SEED_DATES, "imprint_on": "2022-06-15"})
    await bureau.issue(document, **SEED_DATES, reason="文号有误", document_no="")
    await bureau.on(former, "close")
    withheld = {"state": "withheld", "reason": "涉及商业秘密"}
    await bureau.put(f"/items/{document['id']}/facets/background", withheld)
    collecting, checked, consented, dropped = [
        await bureau.catalogue(year, unit) for year, unit in ((YEAR + 5, "区教育局"), (YEAR, "区民政局"),
                                                              (YEAR + 6, "区教育局"), (YEAR + 1, "区教育局"))
    ]  # fmt: skip
    await bureau.item(checked, title="养老服务规划")
    await bureau.on(checked, "check", {"checked_on": bureau.today})
    await bureau.consented(consented)
    desk, unit = "/desk/decisions", "unit_editor"
    return {
        "decisions": Route("/decisions"),
        "found": Route(f"/decisions?year={YEAR}&q=学区"),
        "nothing-found": Route("/decisions?q=没有这个词"),
        "early-year": Route("/decisions?year=2022"),
        "catalogue": Route(f"/decisions/catalogues/{catalogue['id']}"),
        "catalogue-first": Route(f"/decisions/catalogues/{catalogue['id']}?revision=0"),
        "catalogue-revised": Route(f"/decisions/catalogues/{catalogue['id']}?revision=1"),
        "issued": Route(f"/decisions/{document['id']}"),
        "listed": Route(f"/decisions/{listed['id']}"),
        "then": Route(f"/decisions/{document['id']}?as_at={bureau.today}"),
        "not-yet": Route(f"/decisions/{document['id']}?as_at=2026-01-01", status=404),
        "no-such-day": Route(f"/decisions/{document['id']}?as_at=2026-02-30", status=422),
        "desk": Route(desk, unit),
        "desk-office": Route(desk, "office"),
        "desk-justice": Route(desk, "justice"),
        "collecting": Route(f"{desk}/catalogues/{collecting['id']}", unit),
        "collecting-justice": Route(f"{desk}/catalogues/{collecting['id']}", "justice"),
        "checked": Route(f"{desk}/catalogues/{checked['id']}", "office"),
        "consented": Route(f"{desk}/catalogues/{consented['id']}", "unit_lead"),
        "published": Route(f"{desk}/catalogues/{catalogue['id']}", "unit_lead"),
        "dropped": Route(f"{desk}/catalogues/{dropped['id']}", "unit_lead"),
        "item": Route(f"{desk}/items/{listed['id']}", unit),
        "item-office": Route(f"{desk}/items/{pending['id']}", "office"),
        "item-file": Route(f"{desk}/items/{waiting['id']}", unit),
        "item-issued": Route(f"{desk}/items/{document['id']}", unit),
        "item-justice": Route(f"{desk}/items/{listed['id']}", "justice"),
        "item-new": Route(f"{desk}/catalogues/{collecting['id']}/items/new", unit),
        "item-continues": Route(f"{desk}/catalogues/{dropped['id']}/items/new", unit),
        "item-edit": Route(f"{desk}/items/{listed['id']}/edit", unit),
        "item-closed": Route(f"{desk}/catalogues/{former['id']}/items/new", unit),
    }


async def _item_of(bureau: Bureau, catalogue: dict[str, Any], title: str) -> str:
    shown = await bureau.get(f"/catalogues/{catalogue['id']}")
    return next(item["id"] for item in shown["items"] if item["title"] == title)


@pytest.fixture(scope="module")
async def visitors(browser: Browser, town: House, routes: dict[str, Route]) -> AsyncIterator[dict[Any, Any]]:
    async with contexts(browser, town.url, routes.values(), "/desk/decisions") as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
async def test_decision_page_is_accessible_and_keeps_its_shape(
    name: str, look: str, town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    route = routes[name]
    page, wrong = await opened(visitors[route.role, look], town, route)
    try:
        assert wrong == []
        await must_be_well_made(page, look)
    finally:
        await page.close()


async def test_every_decision_route_is_listed(routes: dict[str, Route]) -> None:
    assert sorted(routes) == sorted(NAMES)


@pytest.mark.parametrize("name", ["decisions", "catalogue", "issued"])
async def test_first_view_weighs_at_most_40_kilobytes(
    name: str, town: House, routes: dict[str, Route], browser: Browser
) -> None:
    assert await first_view(browser, town.url + routes[name].path) <= 40 * 1024


async def test_page_in_english_has_no_untranslated_sentence(town: House, routes: dict[str, Route]) -> None:
    page = await town.client.get(routes["nothing-found"].path, headers={"Accept-Language": "en"})
    assert [line for line in page.text.splitlines() if "。" in line] == []


async def test_page_of_a_decision_says_what_is_there_and_which_day_counts(
    town: House, routes: dict[str, Route]
) -> None:
    page = (await town.client.get(routes["issued"].path)).text
    for said in ("以印发日期计", "计时用", "文号有误", "涉及商业秘密", "依法不公开", "决策文件出台"):
        assert said in page, said


@pytest.mark.parametrize("day", ["9999-12-31", "2026-09-02", "zz", "2026-02-30", "0001-01-01", "20260101"])
async def test_page_of_a_day_that_is_none_or_to_come_is_todays_and_says_so(
    day: str, town: House, routes: dict[str, Route]
) -> None:
    page = await town.client.get(f"{routes['issued'].path}?as_at={day}")
    assert page.status_code == 422
    assert 'id="as_at-fault"' in page.text
    assert "计时用" in page.text
    assert "结束时公众看到的页面" not in page.text


async def test_decision_on_which_no_report_is_owed_does_not_wait_for_one(town: House, routes: dict[str, Route]) -> None:
    for name in ("issued", "decisions", "catalogue", "catalogue-first"):
        page = (await town.client.get(routes[name].path)).text
        assert "采纳情况待公布" not in page, name
    assert "已出台" in (await town.client.get(routes["issued"].path)).text


async def test_corrected_day_of_issue_is_told_with_the_former_one(town: House, routes: dict[str, Route]) -> None:
    page = (await town.client.get(routes["issued"].path)).text
    (told,) = re.findall(r"<li>(出台日期由[^<]*)</li>", page)
    assert re.search(r"2022年6月15日.*更正为.*2022年6月16日.*原因：文号有误", told), told
    assert re.search(r'class="hint">\s*[，、；]', page) is None


async def test_desk_marks_what_is_withheld(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_lead", "standard"].new_page()
    await page.goto(town.url + routes["published"].path)
    rows = {
        title: await page.locator(f"tr:has-text('{title}')").inner_text() for title in ("不公开的事项", "待公布的事项")
    }
    assert ["依法不公开" in text for text in rows.values()] == [True, False]
    await page.close()


async def test_closed_catalogue_promises_no_further_revision(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_editor", "standard"].new_page()
    await page.goto(town.url + routes["item-closed"].path)
    said = await page.inner_text("main")
    assert ("年度已结束" in said, "随下一次调整公布" in said) == (True, False)
    assert await page.locator("#title").count() == 0
    await page.close()


async def test_page_as_it_was_says_so_and_what_was_not_public_is_not_there(
    town: House, routes: dict[str, Route]
) -> None:
    then, before = [await town.client.get(routes[name].path) for name in ("then", "not-yet")]
    assert "今天到目前为止看到的页面" in then.text
    assert "结束时公众看到的页面" not in then.text
    assert (before.status_code, "还没有公布" in before.text, "计时用" in before.text) == (404, True, False)


async def test_catalogue_shows_its_former_texts_and_what_is_withheld_as_a_number(
    town: House, routes: dict[str, Route]
) -> None:
    now, first = [(await town.client.get(routes[name].path)).text for name in ("catalogue", "catalogue-first")]
    assert ("年中新增的事项" in now, "年中新增的事项" in first) == (True, False)
    assert "区委新部署" in now
    assert "并入区级项目" in now
    assert "另有 1 项依法不公开" in now
    assert [word in now for word in ("不公开的事项", "待公布的事项")] == [False, False]


async def test_coverage_says_who_is_late_and_who_is_missing(town: House, routes: dict[str, Route]) -> None:
    page = (await town.client.get(routes["decisions"].path)).text
    assert "晚 93 天公布" in page
    assert "逾期 93 天未公布" in page


async def sees(page: Page, field: str) -> None:
    assert await page.locator(f".errors a[href='#{field}']").count() == 1, await page.inner_text("main")


async def test_paper_without_what_it_needs_comes_back_open(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_editor", "standard"].new_page()
    await page.goto(town.url + routes["item"].path)
    await page.click("#paper-risk_assessment summary")
    await page.fill("#p-risk_assessment-risk_points", "学位不足")
    await page.fill("#p-risk_assessment-plans", "分期实施")
    await page.fill("#p-risk_assessment-filed_on", "2030-01-01")
    await page.click("#paper-risk_assessment details button")
    await sees(page, "p-risk_assessment-filed_on")
    assert await page.input_value("#p-risk_assessment-risk_points") == "学位不足"
    assert await page.locator("#paper-risk_assessment details[open]").count() == 1
    await page.close()


async def test_facet_with_an_address_that_is_none_comes_back_open(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_editor", "standard"].new_page()
    await page.goto(town.url + routes["item"].path)
    await page.click("#facet-background summary")
    await page.select_option("#f-background-state", "published")
    await page.fill("#f-background-url", "javascript-address")
    await page.click("#facet-background details button")
    await sees(page, "f-background-url")
    assert await page.input_value("#f-background-url") == "javascript-address"
    await page.close()


async def test_unfinished_items_of_last_year_are_explained_before_the_catalogue_is_published(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    bureau = Bureau(town)
    bureau.wait_for(AUTUMN - datetime.now(UTC) + timedelta(minutes=1))
    path = routes["dropped"].path
    catalogue = {"id": path.rsplit("/", 1)[1]}
    await bureau.item(catalogue, title="明年的事项")
    await bureau.consented(catalogue)
    page = await visitors["unit_lead", "standard"].new_page()
    await page.goto(town.url + path)
    await page.click("button:has-text('公布目录')")
    silent = await page.locator(".errors a[href^='#why-']").count()
    assert silent >= 1, await page.inner_text("main")
    assert await page.locator("input[id^='why-']").count() >= silent
    await page.close()


async def test_item_of_another_unit_is_not_led_by_this_one(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_editor", "standard"].new_page()
    answer = await page.goto(town.url + routes["checked"].path)
    assert answer is not None
    assert answer.status == 404
    await page.close()
