"""The units' desk without JavaScript: what a clerk, a head of unit and the person at the door do."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from browser.views import set_cookies, sign_in
from houses import Desk, House, in_days
from kaimen.kit.clock import SHANGHAI

ENTRIES = Path(__file__).parents[1] / "data" / "open_month_entries.csv"


async def open_page(browser: Browser, house: House, role: str, name: str = "") -> Page:
    """A page without JavaScript, signed in as `role` of 区教育局; "" for the public."""
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    if role:
        await sign_in(context, house.url, role, "" if role == "office" else "区教育局", name or role)
    return await context.new_page()


@pytest.fixture
async def clerk(browser: Browser, house: House) -> AsyncIterator[Page]:
    page = await open_page(browser, house, "unit_editor", "王编")
    yield page
    await page.context.close()


@pytest.fixture
async def head(browser: Browser, house: House) -> AsyncIterator[Page]:
    page = await open_page(browser, house, "unit_lead", "李领")
    yield page
    await page.context.close()


async def event_of(house: House, desk: Desk, page: Page) -> dict[str, Any]:
    event_id = page.url.split("/events/")[1].split("?")[0].split("/")[0]
    answer = await house.client.get(f"/api/opendays/v1/events/{event_id}", headers=desk.writer)
    return answer.json()


async def test_event_is_written_on_one_page_approved_by_another_and_published(
    house: House, desk: Desk, clerk: Page, head: Page
) -> None:
    first = in_days(20).astimezone(SHANGHAI).date()
    await clerk.goto(f"{house.url}/desk/events/new")
    await clerk.fill("#title", "走进智慧教室")
    for field, value in (("date", first.isoformat()), ("start", "09:00"), ("end", "11:00"), ("capacity", "20")):
        await clerk.fill(f"#s0_{field}", value)
    await clerk.click("button[value=add_row]")
    await clerk.fill("#s1_date", (first + timedelta(days=1)).isoformat())
    await clerk.click("main p.actions button[value=save]")
    missing = await clerk.locator(".checklist strong").all_inner_texts()
    assert missing == ["互动环节", "到场人员（职务）", "地点", "联系方式", "无障碍条件"]
    await clerk.click("main a:has-text('修改')")
    await clerk.check("input[name=steps][value=qa]")
    for field, value in (("staff", "科室负责人"), ("place", "公园路100号"), ("contact", "021-59732890")):
        await clerk.fill(f"#{field}", value)
    await clerk.fill("#accessibility", "无台阶入口\n手语翻译")
    await clerk.click("main p.actions button[value=save]")
    assert await clerk.locator(".checklist").count() == 0
    await clerk.click("button:has-text('提交审核')")
    address = clerk.url.split("?")[0]
    await head.goto(address)
    await head.click("button:has-text('审核通过')")
    await clerk.goto(address)
    await clerk.click("button:text-is('发布')")
    event = await event_of(house, desk, clerk)
    assert (event["state"], event["accessibility"]) == ("signup_open", ["无台阶入口", "手语翻译"])
    assert [session["capacity"] for session in event["sessions"]] == [20, 20]
    assert [session["starts_at"][11:16] for session in event["sessions"]] == ["01:00", "01:00"]


async def test_moved_event_keeps_its_sessions_and_says_why(house: House, desk: Desk, clerk: Page) -> None:
    event = await desk.published(title="要改期的活动")
    later = in_days(30).astimezone(SHANGHAI).date().isoformat()
    await clerk.goto(f"{house.url}/desk/events/{event['id']}")
    await clerk.click("summary:has-text('填写新时间')")
    await clerk.fill("#reason-postpone", "场馆检修")
    await clerk.fill("#s0_date", later)
    await clerk.click("button:has-text('确定延期')")
    moved = await event_of(house, desk, clerk)
    assert (moved["state"], moved["reason"]) == ("signup_open", "场馆检修")
    assert [(s["id"], s["date"], s["capacity"]) for s in moved["sessions"]] == [
        (event["sessions"][0]["id"], later, event["sessions"][0]["capacity"])
    ]


async def test_cancelled_event_shows_the_public_why(house: House, desk: Desk, clerk: Page) -> None:
    event = await desk.published(title="要取消的活动")
    await clerk.goto(f"{house.url}/desk/events/{event['id']}")
    await clerk.click("summary:has-text('取消并通知报名者')")
    await clerk.fill("#reason-cancel", "台风")
    await clerk.click("button:has-text('取消活动')")
    public = await house.client.get(f"/open-days/{event['id']}")
    assert ("活动已取消" in public.text, "原因：台风" in public.text) == (True, True)


async def test_copy_flags_days_that_are_no_working_days(house: House, desk: Desk, clerk: Page) -> None:
    event = await desk.published(title="去年的活动")
    await clerk.goto(f"{house.url}/desk/events/{event['id']}")
    await clerk.fill("#year", "2027")
    await clerk.click("button:text-is('复制')")
    copied = await event_of(house, desk, clerk)
    assert (copied["state"], copied["sessions"][0]["date"][:4]) == ("draft", "2027")
    assert await clerk.locator(".change li").count() == 1


async def test_question_from_the_visit_is_answered_in_public(house: House, desk: Desk, clerk: Page) -> None:
    event = await desk.published(title="有人提问的活动")
    await clerk.goto(f"{house.url}/desk/events/{event['id']}")
    await clerk.click("summary:has-text('记录一条提问或建议')")
    await clerk.fill("#text", "电梯什么时候修好？")
    await clerk.click("button:text-is('记录')")
    await clerk.fill("textarea[name=reply]", "本月底前修好。")
    await clerk.click("button:has-text('公开答复')")
    answer = await house.client.get(f"/api/opendays/v1/events/{event['id']}/suggestions")
    said = [(item["kind"], item["text"], item["reply"], item["outcome"]) for item in answer.json()["items"]]
    assert said == [("question", "电梯什么时候修好？", "本月底前修好。", "answered")]


async def test_import_previews_every_row_and_then_keeps_all(house: House, desk: Desk, clerk: Page) -> None:
    async def drafts() -> int:
        params = {"unit": "区教育局", "state": "draft", "limit": "200"}
        answer = await house.client.get("/api/opendays/v1/events", params=params, headers=desk.writer)
        return len(answer.json()["items"])

    before = await drafts()
    await clerk.goto(f"{house.url}/desk/import")
    await clerk.set_input_files("#file", ENTRIES)
    await clerk.click("button[value=preview]")
    rows = await clerk.locator("table.rows tbody tr").count()
    assert (rows, await drafts()) == (8, before)
    await clerk.click("button[value=import]")
    assert await clerk.inner_text(".notice") == "✓ 已全部导入为草稿。"
    assert await drafts() == before + 8


async def test_door_gives_three_answers(house: House, desk: Desk, clerk: Page) -> None:
    event = await desk.published(title="签到的活动")
    session_id = event["sessions"][0]["id"]
    guest = (await desk.register(session_id, "13711110001", party_size=2)).json()
    path = f"{house.url}/desk/sessions/{session_id}?event={event['id']}"
    answers = []
    for typed in (f"{house.url}/t/{guest['ticket']}", guest["code"].lower(), "ZZZZZZZZZZ"):
        await clerk.goto(path)
        await clerk.fill("#code", typed)
        await clerk.click("form[action*=check-in] button")
        answers.append((await clerk.inner_text(".confirm h2"))[2:])
    assert answers == ["欢迎，签到成功", "已经签到过", "无效"]


async def test_ticket_link_checks_in_with_one_button(house: House, desk: Desk, clerk: Page) -> None:
    event = await desk.published(title="扫码的活动")
    guest = (await desk.register(event["sessions"][0]["id"], "13711110002", needs="轮椅位")).json()
    await clerk.goto(f"{house.url}/t/{guest['ticket']}")
    await clerk.click("main button")
    assert await clerk.inner_text(".confirm .big") == "张三，1 人"
    assert await clerk.inner_text(".confirm strong") == "需要的安排：轮椅位"


async def test_person_without_a_smartphone_is_entered_into_the_same_queue(
    house: House, desk: Desk, clerk: Page
) -> None:
    event = await desk.published(title="电话报名也行的活动")
    session_id = event["sessions"][0]["id"]
    await clerk.goto(f"{house.url}/desk/sessions/{session_id}?event={event['id']}")
    await clerk.click("summary:has-text('电话、窗口、纸质或现场报名')")
    await clerk.fill("#name", "王奶奶")
    await clerk.fill("#phone", "021-59732890")
    await clerk.click("button:text-is('录入')")
    roster = await house.client.get(f"/api/opendays/v1/sessions/{session_id}/roster", headers=desk.writer)
    lines = [(line["name"], line["channel"], line["state"]) for line in roster.json()["items"]]
    assert lines == [("王奶奶", "phone", "confirmed")]


async def test_offer_is_accepted_by_link_and_seat_is_confirmed(house: House, desk: Desk, browser: Browser) -> None:
    starts = in_days(12)
    session = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(), "capacity": 1}
    event = await desk.published(title="只有一个名额", sessions=[session])
    session_id = event["sessions"][0]["id"]
    first = (await desk.register(session_id, "13711110003")).json()
    second = (await desk.register(session_id, "13711110004")).json()
    await desk.post(f"/registrations/{first['code']}/cancel", {"manage_token": first["manage_token"]})
    page = await open_page(browser, house, "")
    await set_cookies(page.context, house.url, {f"__Host-kaimen-r-{second['code']}": second["manage_token"]})
    await page.goto(f"{house.url}/r/{second['code']}/offer")
    await page.click("button:has-text('接受名额')")
    assert (await page.inner_text("h1"))[2:] == "报名成功"
    assert await page.locator(".ticket svg").count() == 1
    await page.context.close()


async def test_staff_form_without_the_session_token_is_refused(house: House, desk: Desk, clerk: Page) -> None:
    event = await desk.published(title="别处来的表单")
    answer = await clerk.context.request.post(
        f"{house.url}/desk/events/{event['id']}/step/cancel", form={"reason": "x"}, headers={"Origin": house.url}
    )
    state = (await house.client.get(f"/api/opendays/v1/events/{event['id']}")).json()["state"]
    assert (answer.status, state) == (403, "signup_open")


async def test_sign_out_ends_the_session(house: House, clerk: Page) -> None:
    await clerk.goto(f"{house.url}/desk")
    await clerk.click("button:has-text('退出')")
    answer = await clerk.goto(f"{house.url}/desk")
    assert answer is not None
    assert answer.status == 401


async def test_citizen_is_kept_out_of_the_desk(house: House, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{house.url}/sign-in?as=citizen&next=/")
    answer = await page.goto(f"{house.url}/desk")
    assert answer is not None
    assert answer.status == 403
    await context.close()
