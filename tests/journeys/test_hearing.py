"""A hearing from its notice to its report, in a real browser: nobody has scripts, everybody does their own part."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, async_playwright

from browser.views import ARGUMENTS, CHROMIUM
from component.test_hearings import Chamber
from component.test_representatives import DAY
from houses import House, open_house, until
from journeys.test_open_day import UNIT, person, press
from journeys.test_representatives import ENTROPY, NUMBERS, local, type_numbers

SERVICES = "accounts,hearings,representatives,calendar,portal"
TITLE = "学区调整听证会"
GROUPS = "居民组 | 居民 | 2 | 抽签\n学校组 | {school} | 1 | 邀请\n旁听组 | | 2 | 先到先得"
SCHOOL_PHONE = "13900001111"
Proof = tuple[str, str]
"""The code of an application and the phone number that was given with it."""


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("hall"), "--only", SERVICES, "--no-seed") as opened:
        office = await opened.token("office")
        for name in (UNIT, "区政府办公室"):
            unit = {"short_name": name, "full_name": None, "kind": "bureau", "district": "310118"}
            answer = await opened.client.put("/api/accounts/v1/units", json=unit, headers=office)
            assert answer.status_code == 200
        yield opened


@asynccontextmanager
async def insider(browser: Browser, house: House, role: str = "unit_editor") -> AsyncIterator[Page]:
    """Somebody at the desk for hearings, who has signed in at the hour that the house has now."""
    async with person(browser, house) as page:
        await page.set_viewport_size({"width": 1280, "height": 900})
        unit = "" if role in ("office", "notary") else UNIT
        answer = await page.goto(f"/sign-in?as={role}&unit={quote(unit)}&name={role}&next=/desk/hearings")
        assert answer is not None
        assert answer.status == 200, (answer.url, await page.inner_text("body"))
        yield page


async def fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        await page.fill(f"#{name}", text)


async def says(page: Page, words: str) -> None:
    assert words in (text := await page.inner_text("main")), text


async def announce(page: Page) -> str:
    """A draft with one fault, put right and announced; returns its address on the desk."""
    await page.goto("/desk/hearings/new")
    await fill(
        page,
        title=TITLE,
        matters="是否按新的划分调整学区",
        draft_url="https://example.cn/draft",
        explanation_url="https://example.cn/why",
        day=f"{local(timedelta(), 40):%Y-%m-%d}",
        place="区教育局 301 会议室",
        presider="王主持",
        recorder="李记录",
        sides="居民 | 子女入学\n学校 | 承担招生",
        groups=GROUPS.format(school="学校们"),
        opens=f"{local(timedelta(), 1):%Y-%m-%dT%H:%M}",
        closes=f"{local(timedelta(), 9):%Y-%m-%dT%H:%M}",
        entropy=ENTROPY,
        contact="021-59732890",
    )
    await press(page, "main button:has-text('保存草稿')")
    assert await page.locator(".errors a[href='#groups']").count() == 1, await page.inner_text("main")
    await page.fill("#groups", GROUPS.format(school="学校"))
    await press(page, "main button:has-text('保存草稿')")
    await says(page, "听证会草稿已保存")
    await press(page, "button:has-text('发布听证公告')")
    await says(page, "听证公告已发布")
    return page.url.split("?")[0]


async def name_the_school(page: Page, desk: str) -> dict[str, Proof]:
    """The school's head is entered, checked and chosen at the desk."""
    await page.goto(desk)
    await press(page, "a.row-link:has-text('学校组')")
    await page.click("summary:has-text('电话、窗口')")
    await fill(page, name="赵校长", phone=SCHOOL_PHONE)
    await page.check("[name=meets_conditions]")
    await press(page, "button:text-is('录入')")
    action = str(await page.get_attribute("form[action*='/verify/']", "action"))
    await press(page, "button[value=accept]")
    pseudonym = await page.locator("table.roster tbody td").first.inner_text()
    await page.fill("#selected", f"{pseudonym} | 学区内唯一公办小学")
    await press(page, "button:has-text('确定人选')")
    await says(page, "人选已产生")
    return {pseudonym: (action.rsplit("/", 1)[1], SCHOOL_PHONE)}


async def sign_up(page: Page) -> dict[str, Proof]:
    """From the list of hearings to the application, on a phone."""
    await page.goto("/hearings")
    await press(page, f"a:has-text('{TITLE}')")
    await press(page, "a.button:has-text('居民组'):has-text('去报名')")
    await fill(page, name="张三丰", phone=phone_of(0))
    await page.check("#meets_conditions")
    await press(page, "button:has-text('提交报名')")
    await says(page, "已报名，待核验")
    found = re.search(r"化名：(\w+)", await page.inner_text("main"))
    assert found is not None
    return {found[1]: (page.url.rsplit("/a/", 1)[1], phone_of(0))}


def phone_of(number: int) -> str:
    return f"1360000{number:04d}"


@asynccontextmanager
async def applicant(browser: Browser, house: House, proof: Proof) -> AsyncIterator[Page]:
    """One who looks at their application from a new phone, with its code and their number."""
    async with person(browser, house) as page:
        await look_up(page, proof)
        yield page


async def look_up(page: Page, proof: Proof) -> None:
    code, phone = proof
    await page.goto(f"/a/{code}")
    await page.fill("#phone", phone)
    await press(page, "button:has-text('查询')")


async def send(page: Page, step: str, proof: Proof) -> None:
    """One of the forms of an application, from a browser that is not its own: it takes the phone number again, and
    shows what was done."""
    form = f"form[action$='/{step}']"
    await page.fill(f"{form} [name=phone]", proof[1])
    await press(page, f"{form} button >> nth=0")


async def deliver(page: Page, desk: str, way: str, receivers: set[str]) -> None:
    await page.goto(desk)
    await page.fill("#documents", "草案和说明 | https://example.cn/draft")
    await page.select_option("#way", way)
    await page.fill("#receipt", "" if way == "page" else "本人签收")
    for box in await page.locator("[name=participants]").all():
        await box.set_checked(await box.get_attribute("value") in receivers)
    await press(page, "button:has-text('记录送达')")
    await says(page, "送达已记录")


async def test_hearing_from_notice_to_report(town: House) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        await _live_through(town, browser)
        await browser.close()


async def _live_through(house: House, browser: Browser) -> None:
    chamber = Chamber(house)
    await until(lambda: _knows_units(chamber))
    async with insider(browser, house) as editor:
        desk = await announce(editor)
        school = await name_the_school(editor, desk)
        await editor.goto(desk)
        await press(editor, "button:has-text('现在开始报名')")
        await says(editor, "报名已开始")
    hearing = await chamber.read({"id": desk.rsplit("/", 1)[1]})
    public = f"/hearings/{hearing['id']}"
    (head_proof,) = school.values()
    async with applicant(browser, house, head_proof) as head:
        await send(head, "confirm", head_proof)
        await says(head, "不能来了，放弃")

    async with person(browser, house) as citizen:
        own = await sign_up(citizen)
        receipts = [await chamber.sign_up(hearing, "居民组", n, phone=phone_of(n)) for n in range(1, 7)]
        residents = own | {each["pseudonym"]: (each["code"], phone_of(n)) for n, each in enumerate(receipts, 1)}
        staff = await chamber.staff()
        for code, _ in residents.values():
            await chamber.post(f"/applications/{code}/verify", {}, staff)

        chamber.wait_for(10 * DAY)
        await _draw(house, browser, chamber, desk, hearing)
        await chamber.accept(receipts)
        await citizen.reload()
        await says(citizen, "您的机会")
        if await citizen.locator("button:has-text('确认出席')").count():
            await press(citizen, "button:has-text('确认出席')")
            await says(citizen, "不能来了，放弃")

    seated = await _list_and_deliver(house, browser, desk, public, residents | school)
    chamber.wait_for(31 * DAY)
    await _hold(house, browser, desk, public, seated)
    await _read_back(house, browser, desk, public, seated)
    await _report(house, browser, desk, public)

    async def told() -> bool:
        return f"SUMMARY:听证报告：{TITLE}" in (await house.client.get("/calendar/hearings.ics")).text

    await until(told)


async def _knows_units(chamber: Chamber) -> bool:
    draft = chamber.draft(title="尚未公告")
    return (await chamber.ask("POST", "/hearings", draft, await chamber.staff())).status_code == 201


async def _draw(house: House, browser: Browser, chamber: Chamber, desk: str, hearing: dict[str, Any]) -> None:
    """The pool is frozen, the commitment published, and two people type the public numbers."""
    async with insider(browser, house) as editor:
        await editor.goto(desk)
        if await editor.locator("button:has-text('截止并冻结名册')").count():
            await press(editor, "button:has-text('截止并冻结名册')")
        await press(editor, "button:has-text('计算并公布承诺')")

        async def committed() -> bool:
            await editor.goto(desk)
            return "等待公开数字" in await editor.inner_text("main")

        await until(committed, seconds=60)
    for role in ("office", "notary"):
        async with insider(browser, house, role) as typist:
            await type_numbers(typist, desk, NUMBERS)
    assert (await chamber.read(hearing))["state"] == "selecting"


async def _list_and_deliver(
    house: House, browser: Browser, desk: str, public: str, people: dict[str, Proof]
) -> dict[str, Proof]:
    """The list, and everybody's materials, which the first resident receives on the page. Returns who has a seat."""
    async with insider(browser, house) as editor, person(browser, house) as reader:
        await editor.goto(desk)
        await press(editor, "button:has-text('公布参加人名单')")
        await says(editor, "参加人名单已公布")
        await reader.goto(public)
        roster = await reader.locator("table.roster tbody tr").all_inner_texts()
        assert len(roster) == 3
        assert all("**" in line for line in roster), roster
        assert "赵校长" not in await reader.inner_text("main")

        listed = set(await reader.locator("table.roster code").all_inner_texts())
        seated = {pseudonym: proof for pseudonym, proof in people.items() if pseudonym in listed}
        assert seated.keys() == listed
        mine, *others = seated
        await deliver(editor, desk, "page", {mine})
        await deliver(editor, desk, "in_person", set(others))
        await says(editor, "还有 1 人未按期收到")
        async with applicant(browser, house, seated[mine]) as one:
            await says(one, "待签收")
            await send(one, "receipt", seated[mine])
            await says(one, "按期")
        await editor.goto(desk)
        await says(editor, "材料均已送达")
    return seated


async def _hold(house: House, browser: Browser, desk: str, public: str, seated: dict[str, Proof]) -> None:
    """All are there; one has the floor, the clock in the hall runs, and the record is written."""
    mine, other, _ = seated
    async with insider(browser, house) as editor, person(browser, house) as hall:
        await editor.goto(desk)
        for name in seated:
            await editor.check(f"[name=present][value='{name}']")
        await press(editor, "button:has-text('登记，听证会开始')")
        await says(editor, "到场情况已登记")
        await press(editor, f"#floor button[value='{mine}']")
        await says(editor, "正在发言")
        await hall.goto(f"{public}/clock")
        await says(hall, "剩余时间")
        assert re.fullmatch(r"[45]:\d\d", await hall.inner_text(".countdown"))
        assert mine in await hall.inner_text("#stage-title")
        await press(editor, "button:has-text('发言结束')")
        said = [
            "主持人宣布开始 | 主持人 | 宣布开始",
            f"* 听证参加人陈述意见 | {mine} | 建议公布依据",
            f"* 听证参加人陈述意见 | {other} | 建议延后一年",
        ]
        await editor.fill("#lines", "\n".join(said))
        await press(editor, "button:has-text('保存笔录')")
        await says(editor, "笔录已保存为新的一版")


async def _read_back(house: House, browser: Browser, desk: str, public: str, seated: dict[str, Proof]) -> None:
    """One objects on the page; the others have signed on paper."""
    mine, *others = seated
    async with applicant(browser, house, seated[mine]) as one:
        await says(one, "建议公布依据")
        await one.check("[name=answer][value=objected]")
        await one.fill("#text", "我说的是划分依据和学位数")
        await send(one, "sign", seated[mine])
        await says(one, "有异议 我说的是划分依据和学位数")
    async with insider(browser, house) as editor:
        await editor.goto(desk)
        await says(editor, "我说的是划分依据和学位数")
        for name in others:
            await editor.click("summary:has-text('纸质笔录上的意见')")
            await editor.select_option("#pseudonym", name)
            await editor.select_option("#answer", "confirmed")
            await press(editor, "form[action$='/sign'] button")
            await says(editor, "书面确认已录入")
        await says(editor, "笔录已确认")
    async with person(browser, house) as reader:
        await reader.goto(public)
        figures = await reader.locator("section[aria-labelledby=record-title] dd").all_inner_texts()
        assert figures == ["2", "1", "0", "0"]


async def _report(house: House, browser: Browser, desk: str, public: str) -> None:
    """Every opinion needs its answer before the report comes out."""
    async with insider(browser, house) as editor:
        await editor.goto(desk)
        await fill(editor, summary="听证会于区教育局举行。")
        await editor.select_option("#disposition-2", "adopted")
        await fill(editor, **{"where-2": "第三条", "before-2": "按学区入学。", "after-2": "按公布的学区入学。"})
        await press(editor, "button:has-text('公布听证报告')")
        assert await editor.locator(".errors a[href='#points']").count() == 1, await editor.inner_text("main")
        assert await editor.input_value("#after-2") == "按公布的学区入学。"
        await editor.select_option("#disposition-3", "not_adopted")
        await fill(editor, **{"reason-3": "学位已不足"})
        await press(editor, "button:has-text('公布听证报告')")
        await says(editor, "听证报告已公布")
    async with person(browser, house) as reader:
        await reader.goto(public)
        adopted, refused = await reader.locator(".pair").all_inner_texts()
        assert "采纳" in adopted
        assert "不采纳" not in adopted
        assert "草案修改处：第三条" in adopted
        assert await reader.locator(".pair ins").all_inner_texts() == ["按公布的学区入学。"]
        assert "不采纳" in refused
        assert "学位已不足" in refused
