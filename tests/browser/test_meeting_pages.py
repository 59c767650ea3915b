"""Pages of decision meetings, held to what all pages are held to, in a house whose clock runs through a recruitment."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext

from browser.test_pages import must_be_well_made, opened
from browser.views import LOOKS, Route, contexts
from component.test_representatives import DAY, Hall, known_units
from houses import House, open_house, until

NAMES = (
    "meetings", "meeting-open", "apply", "apply-again", "applied", "application-elsewhere", "stage-ruled",
    "meeting-drawn", "stage-drawn", "invited", "stage-committed", "meeting-held", "meeting-cancelled", "verify",
    "desk-meetings", "desk-meetings-office", "desk-new", "desk-meeting", "desk-call", "desk-open", "desk-committed",
    "desk-committed-notary", "desk-drawn", "desk-held", "desk-panel",
)  # fmt: skip


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    services = "accounts,representatives,calendar,portal"
    async with open_house(tmp_path_factory.mktemp("town"), "--only", services, "--no-seed") as house:
        office = await house.token("office")
        for name in ("区教育局", "区政府办公室"):
            unit = {"short_name": name, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        await until(lambda: known_units(house))
        yield house


def _proof(receipt: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return ((f"__Host-kaimen-a-{receipt['code']}", receipt["manage_token"]),)


@pytest.fixture(scope="module")
async def meeting_routes(town: House) -> dict[str, Route]:
    """Meetings at every stage, made through the API as people would."""
    hall = Hall(town)
    held, drawn, committed = [await hall.meeting(days, title=f"第{days}次办公会") for days in (13, 30, 40)]
    calls = [await hall.recruitment(each, contact="021-59732890") for each in (held, drawn, committed)]
    receipts = [await hall.pool(call, 8) if call is calls[0] else [] for call in calls]
    for number, call in enumerate(calls[1:], 1):
        hall.shift = timedelta()
        town.shift_clock(hall.shift)
        receipts[number] = await hall.pool(call, 8)
    for call in calls:
        await hall.committed(call)
    for call in calls[:2]:
        await hall.drawn(call)
    listed = (await hall.get(f"/recruitments/{calls[0]['id']}/list"))["items"]
    by_pseudonym = {receipt["pseudonym"]: receipt for receipt in receipts[0]}
    seated = [by_pseudonym[line["pseudonym"]] for line in listed[:4]]
    for receipt in seated:
        await hall.post(f"/invitations/{receipt['code']}/confirm", {"manage_token": receipt["manage_token"]}, {})
    hall.wait_for(4 * DAY + timedelta(hours=1))
    present = [receipt["pseudonym"] for receipt in seated[:3]]
    await hall.post(f"/meetings/{held['id']}/attendance", {"present": present})
    item = held["items"][0]["id"]
    for number, summary in enumerate(("建议公布学区划分依据", "建议增加校车")):
        said = {"representative": present[number], "item": item, "summary": summary}
        statement = await hall.post(f"/meetings/{held['id']}/statements", said)
    await hall.post(f"/statements/{statement['id']}/reply", {"outcome": "adopted", "reason": "已写入方案第三条"})
    cancelled = await hall.meeting(50, title="已取消的办公会")
    await hall.post(f"/meetings/{cancelled['id']}/cancel", {"reason": "议题撤回"})
    coming = await hall.meeting(60, title="下次办公会")
    now_open = await hall.recruitment(coming)
    applied = await hall.apply(now_open, 1)
    panel = await hall.meeting(70, title="遴选代表的办公会")
    chosen = await hall.recruitment(panel, method="panel", quotas={}, entropy=[], criteria="熟悉学区情况")
    await hall.apply(chosen, 2, features={})
    drawn_list = (await hall.get(f"/recruitments/{calls[1]['id']}/list"))["items"]
    invited = next(r for r in receipts[1] if r["pseudonym"] == drawn_list[0]["pseudonym"])
    desk, office = "unit_editor", "office"
    return {
        "meetings": Route("/meetings"),
        "meeting-open": Route(f"/meetings/{coming['id']}"),
        "apply": Route(f"/recruitments/{now_open['id']}/apply"),
        "apply-again": Route(f"/recruitments/{calls[0]['id']}/apply"),
        "applied": Route(f"/a/{applied['code']}", cookies=_proof(applied)),
        "application-elsewhere": Route(f"/a/{applied['code']}"),
        "stage-ruled": Route(f"/draws/{now_open['id']}"),
        "meeting-drawn": Route(f"/meetings/{drawn['id']}"),
        "stage-drawn": Route(f"/draws/{calls[1]['id']}"),
        "invited": Route(f"/a/{invited['code']}", cookies=_proof(invited)),
        "stage-committed": Route(f"/draws/{calls[2]['id']}"),
        "meeting-held": Route(f"/meetings/{held['id']}"),
        "meeting-cancelled": Route(f"/meetings/{cancelled['id']}"),
        "verify": Route("/verify"),
        "desk-meetings": Route("/desk/meetings", desk),
        "desk-meetings-office": Route("/desk/meetings", office),
        "desk-new": Route("/desk/meetings/new", office),
        "desk-meeting": Route(f"/desk/meetings/{coming['id']}", desk),
        "desk-call": Route(f"/desk/meetings/{coming['id']}/call", desk),
        "desk-open": Route(f"/desk/recruitments/{now_open['id']}", desk),
        "desk-committed": Route(f"/desk/recruitments/{calls[2]['id']}", "unit_lead"),
        "desk-committed-notary": Route(f"/desk/recruitments/{calls[2]['id']}", "notary"),
        "desk-drawn": Route(f"/desk/recruitments/{calls[1]['id']}", desk),
        "desk-held": Route(f"/desk/meetings/{held['id']}", desk),
        "desk-panel": Route(f"/desk/recruitments/{chosen['id']}", desk),
    }


@pytest.fixture(scope="module")
async def visitors(browser: Browser, town: House, meeting_routes: dict[str, Route]) -> AsyncIterator[dict[Any, Any]]:
    # Open days are not in this town, so that the events' desk is closed.
    async with contexts(browser, town.url, meeting_routes.values(), "/desk/meetings") as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
async def test_meeting_page_is_accessible_and_keeps_its_shape(
    name: str, look: str, town: House, meeting_routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    route = meeting_routes[name]
    context = visitors[route.role, look]
    page, wrong = await opened(context, town, route)
    try:
        assert wrong == []
        await must_be_well_made(page, look)
    finally:
        await page.close()
        for cookie, _ in route.cookies:
            await context.clear_cookies(name=cookie)


async def test_every_meeting_route_is_listed(meeting_routes: dict[str, Route]) -> None:
    assert sorted(meeting_routes) == sorted(NAMES)


async def test_screen_of_the_hall_refreshes_only_for_who_asked(town: House, meeting_routes: dict[str, Route]) -> None:
    path = meeting_routes["stage-committed"].path
    still, live = await town.client.get(path), await town.client.get(f"{path}?live=true")
    assert (still.headers.get("refresh"), live.headers.get("refresh")) == (None, "5")


async def test_verifier_page_may_load_nothing_and_runs(
    browser: Browser, town: House, meeting_routes: dict[str, Route]
) -> None:
    """The very page that is served, with a transcript dropped into it, and one that was edited."""
    recruitment = meeting_routes["stage-drawn"].path.rsplit("/", 1)[1]
    transcript = await town.client.get(f"/api/representatives/v1/recruitments/{recruitment}/transcript.json")
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    edited = transcript.content.replace(b'"panel_number":', b'"panel_number":1')
    verdicts = []
    for content in (transcript.content, edited):
        await page.goto(f"{town.url}/verify/page")
        file = {"name": "transcript.json", "mimeType": "application/json", "buffer": content}
        await page.set_input_files("#transcript", file)
        await page.click("#check")
        await page.locator("#verdict:not(:empty)").wait_for()
        verdicts.append(await page.inner_text("#verdict"))
        faults = await page.locator("#report").inner_text()
    await context.close()
    assert asked == [f"{town.url}/verify/page"] * 2
    assert verdicts[0] != verdicts[1]
    assert "panel_number" in faults
