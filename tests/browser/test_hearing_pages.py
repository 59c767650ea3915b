"""Pages of hearings, held to what all pages are held to, in a house whose clock runs from notice to report."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext

from browser.test_pages import must_be_well_made, opened
from browser.views import LOOKS, Route, contexts
from component.test_hearings import REPORT, Chamber, until_units_are_known
from houses import House, open_house

NAMES = (
    "hearings", "announced", "apply", "apply-observer", "applied", "listed", "held", "clock", "reported", "cancelled",
    "postponed", "sheet-notice", "sheet-roster", "sheet-report", "invited", "papers", "read-back", "stage",
    "desk", "desk-new", "desk-planned", "desk-announced", "desk-listed", "desk-held", "desk-reported", "desk-record",
    "desk-notary", "desk-seats", "desk-edit",
)  # fmt: skip
SERVICES = "accounts,hearings,representatives,calendar,portal"


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("town"), "--only", SERVICES, "--no-seed") as house:
        office = await house.token("office")
        for name in ("区教育局", "区政府办公室"):
            unit = {"short_name": name, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        await until_units_are_known(Chamber(house))
        yield house


def _proof(receipt: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return ((f"__Host-kaimen-a-{receipt['code']}", receipt["manage_token"]),)


def _seated(hearing: dict[str, Any], receipts: list[dict[str, Any]], state: str) -> dict[str, Any]:
    names = [line["pseudonym"] for line in hearing["roster"] if line["state"] == state]
    return next(receipt for receipt in receipts if receipt["pseudonym"] in names)


@pytest.fixture(scope="module")
async def routes(town: House) -> dict[str, Route]:
    """Hearings at every stage, made through the API as people would; the last to be made is the youngest."""
    chamber = Chamber(town)
    done, _ = await chamber.recorded(title="已报告的听证会")
    for line in done["roster"]:
        if line["state"] == "attended":
            signed = {"pseudonym": line["pseudonym"], "answer": "confirmed", "version": 1}
            await chamber.step(done, "confirm", signed)
    await chamber.step(done, "report", REPORT)
    begun = chamber.shift
    held, present = await chamber.recorded(title="正在举行的听证会", days=40)
    await chamber.step(held, "floor", {"speaker": _seated(held, present, "attended")["pseudonym"], "step": "debate"})
    assert chamber.shift >= begun
    listed, people = await chamber.selected(title="名单已公布的听证会", days=40)
    listed = await chamber.step(listed, "publish-list")
    waiting = _seated(listed, people, "confirmed")
    papers = chamber.delivery(way="page", delivered_on=None, receipt="", participants=[waiting["pseudonym"]])
    await chamber.step(listed, "deliver", papers)
    cancelled = await chamber.announced(title="已取消的听证会")
    await chamber.step(cancelled, "cancel", {"reason": "事项撤回"})
    postponed = await chamber.announced(title="已延期的听证会")
    await chamber.step(postponed, "postpone", {"reason": "场地维修"})
    planned = await chamber.planned(title="筹备中的听证会")
    opened_now = await chamber.announced(title="报名中的听证会", profile="price")
    await chamber.step(opened_now, "open")
    opened_now = await chamber.read(opened_now)
    applied = await chamber.sign_up(opened_now, "居民组", 1)
    residents, observers, school = (
        chamber.group(opened_now, name)["recruitment"]["id"] for name in ("居民组", "旁听组", "学校组")
    )
    staff = await chamber.staff()
    body = {**chamber.applicant(7, features={}), "channel": "phone"}
    receipt = await chamber.post(f"/recruitments/{school}/applications", body, staff)
    await chamber.post(f"/applications/{receipt['code']}/verify", {}, staff)
    chosen = {"selected": [receipt["pseudonym"]], "reasons": {receipt["pseudonym"]: "唯一公办小学"}}
    await chamber.post(f"/recruitments/{school}/selection", chosen, staff)
    unit = "unit_editor"
    return {
        "hearings": Route("/hearings"),
        "announced": Route(f"/hearings/{opened_now['id']}"),
        "apply": Route(f"/recruitments/{residents}/apply"),
        "apply-observer": Route(f"/recruitments/{observers}/apply"),
        "applied": Route(f"/a/{applied['code']}", cookies=_proof(applied)),
        "listed": Route(f"/hearings/{listed['id']}"),
        "held": Route(f"/hearings/{held['id']}"),
        "clock": Route(f"/hearings/{held['id']}/clock"),
        "reported": Route(f"/hearings/{done['id']}"),
        "cancelled": Route(f"/hearings/{cancelled['id']}"),
        "postponed": Route(f"/hearings/{postponed['id']}"),
        "sheet-notice": Route(f"/hearings/{opened_now['id']}/notice"),
        "sheet-roster": Route(f"/hearings/{listed['id']}/roster"),
        "sheet-report": Route(f"/hearings/{done['id']}/report"),
        "invited": Route(f"/a/{receipt['code']}", cookies=_proof(receipt)),
        "papers": Route(f"/a/{waiting['code']}", cookies=_proof(waiting)),
        "read-back": Route(
            f"/a/{_seated(held, present, 'attended')['code']}", cookies=_proof(_seated(held, present, "attended"))
        ),
        "stage": Route(f"/draws/{chamber.group(listed, '居民组')['recruitment']['id']}"),
        "desk": Route("/desk/hearings", unit),
        "desk-new": Route("/desk/hearings/new", "office"),
        "desk-planned": Route(f"/desk/hearings/{planned['id']}", unit),
        "desk-edit": Route(f"/desk/hearings/{planned['id']}/edit", unit),
        "desk-announced": Route(f"/desk/hearings/{opened_now['id']}", unit),
        "desk-listed": Route(f"/desk/hearings/{listed['id']}", unit),
        "desk-held": Route(f"/desk/hearings/{held['id']}", unit),
        "desk-reported": Route(f"/desk/hearings/{done['id']}", unit),
        "desk-record": Route(f"/desk/hearings/{held['id']}/record", unit),
        "desk-notary": Route(f"/desk/hearings/{opened_now['id']}", "notary"),
        "desk-seats": Route(f"/desk/recruitments/{residents}", unit),
    }


@pytest.fixture(scope="module")
async def visitors(browser: Browser, town: House, routes: dict[str, Route]) -> AsyncIterator[dict[Any, Any]]:
    async with contexts(browser, town.url, routes.values(), "/desk/hearings") as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
async def test_hearing_page_is_accessible_and_keeps_its_shape(
    name: str, look: str, town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    route = routes[name]
    context = visitors[route.role, look]
    page, wrong = await opened(context, town, route)
    try:
        assert wrong == []
        await must_be_well_made(page, look)
    finally:
        await page.close()
        for cookie, _ in route.cookies:
            await context.clear_cookies(name=cookie)


async def test_every_hearing_route_is_listed(routes: dict[str, Route]) -> None:
    assert sorted(routes) == sorted(NAMES)


async def test_clock_of_the_hall_refreshes_only_for_who_asked(town: House, routes: dict[str, Route]) -> None:
    path = routes["clock"].path
    still, live = await town.client.get(path), await town.client.get(f"{path}?live=true")
    assert (still.headers.get("refresh"), live.headers.get("refresh")) == (None, "2")


async def test_clocks_show_their_legal_source_in_both_languages(town: House, routes: dict[str, Route]) -> None:
    path = routes["announced"].path
    zh = (await town.client.get(path)).text
    en = (await town.client.get(path, headers={"Accept-Language": "en"})).text
    assert "《价格法》第二十三条" in zh
    assert "Price Law Art. 23" in en


async def test_draft_of_a_hearing_is_for_its_unit_alone(town: House, routes: dict[str, Route]) -> None:
    hearing = routes["desk-planned"].path.removeprefix("/desk")
    assert (await town.client.get(hearing)).status_code == 404
