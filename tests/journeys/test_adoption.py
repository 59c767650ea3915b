"""A decision from the catalogue to the published answers, in a real browser without scripts: what citizens write is
counted, answered by people and approved by another, and each finds what became of their own words."""

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, async_playwright

from browser.views import ARGUMENTS, CHROMIUM
from houses import House, open_house, until
from journeys.test_hearing import fill, says
from journeys.test_open_day import UNIT, person, press
from kaimen.kit.clock import local_date
from kaimen.kit.ical import violations

SERVICES = "accounts,decisions,adoption,calendar,portal"
SUMMER = datetime(2026, 6, 29, 2, tzinfo=UTC)
"""10:00 in Shanghai, long before the first day of which no holiday notice speaks."""
MATTER = "学区调整方案"
DRAFT = """第一条　学区按主要道路划分，每年五月公布。
第二条　本办法自发布之日起施行。"""
FINAL = "学区按居住小区划分，每年五月公布。"
LETTERS = """意见,渠道,日期,条款
同一小区不要分成两个学区，应按小区划分。,书面征求意见,{day},1
请说明施行后怎样评估。,座谈会,{day},2
"""


class Days:
    """The clock of the house, which only goes on."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._shift = SUMMER - datetime.now(UTC)

    def wait(self, days: int) -> None:
        self._shift += timedelta(days=days)
        self._house.shift_clock(self._shift)

    @property
    def today(self) -> date:
        return local_date(datetime.now(UTC) + self._shift)

    def day(self, later: int = 0) -> str:
        return (self.today + timedelta(days=later)).isoformat()


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    shift = SUMMER - datetime.now(UTC)
    async with open_house(tmp_path_factory.mktemp("district"), "--only", SERVICES, "--no-seed", shift=shift) as opened:
        office = await opened.token("office")
        unit = {"short_name": UNIT, "full_name": None, "kind": "bureau", "district": "310118"}
        answer = await opened.client.put("/api/accounts/v1/units", json=unit, headers=office)
        assert answer.status_code == 200
        for service in ("decisions", "adoption"):
            await until(lambda service=service: _knows_the_unit(opened, service))
        yield opened


async def _knows_the_unit(house: House, service: str) -> bool:
    database = await house.database(service)
    try:
        return await database.fetchval("select count(*) from units") == 1
    finally:
        await database.close()


@asynccontextmanager
async def clerk(browser: Browser, house: House, role: str = "unit_editor") -> AsyncIterator[Page]:
    """Somebody at a desk, who has signed in at the hour that the house has now."""
    async with person(browser, house) as page:
        await page.set_viewport_size({"width": 1280, "height": 900})
        unit = "" if role == "office" else UNIT
        answer = await page.goto(f"/sign-in?as={role}&unit={quote(unit)}&name={role}&next=/desk/decisions")
        assert answer is not None
        assert answer.status == 200, (answer.url, await page.inner_text("body"))
        yield page


async def test_decision_from_catalogue_to_published_answers(town: House) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        await _live_through(town, browser)
        await browser.close()


async def _live_through(house: House, browser: Browser) -> None:
    days = Days(house)
    item = await _publish_catalogue(house, browser, days)
    desk = await _ask_the_public(house, browser, days, item)
    public = desk.removeprefix("/desk")
    receipt = await _citizens_write(house, browser, public)
    days.wait(31)
    async with person(browser, house) as late:
        await late.goto(public)
        await says(late, "现在不能再提交")
        assert await late.locator("textarea").count() == 0
    await until(lambda: _has_closed(house, public))
    await _group_and_answer(house, browser, days, desk)
    await _issue(house, browser, days, item)
    report = await _write_report(house, browser, desk)
    days.wait(1)
    await _approve_and_publish(house, browser, report)
    await _read_the_answers(house, browser, receipt, report, item)
    await _read_as_a_program(house, report, item)


async def _publish_catalogue(house: House, browser: Browser, days: Days) -> str:
    """Entered by the unit, checked and consented to by the office, published; returns the item's id."""
    async with clerk(browser, house) as editor:
        await press(editor, "main button:text-is('建立')")
        await says(editor, "目录已建立")
        catalogue = editor.url.split("?")[0]
        await press(editor, "a:text-is('录入事项')")
        await fill(editor, title=MATTER)
        await press(editor, "main button:text-is('录入')")
        await says(editor, "事项随目录公布后，程序才能开始")
        item = editor.url.split("?")[0]
    async with clerk(browser, house, "office") as office:
        await office.goto(catalogue)
        await press(office, "button:has-text('合法性审核通过')")
        await fill(office, consented_by="区委")
        await press(office, "button:text-is('记录同意')")
        await press(office, "button:text-is('公布目录')")
        await says(office, "目录已公布")
    async with clerk(browser, house) as editor:
        await editor.goto(item)
        await press(editor, "button:has-text('转为：起草')")
        await says(editor, "缺少决策草案")
    assert days.today.year == 2026
    return item.rsplit("/", 1)[1]


async def _ask_the_public(house: House, browser: Browser, days: Days, item: str) -> str:
    """A draft with one fault, put right, previewed and announced; returns its address on the desk."""
    async with clerk(browser, house) as editor:
        await editor.goto(f"/desk/consultations/new?item={item}")
        await fill(
            editor,
            title=f"{MATTER}（草案）公开征求意见",
            draft=DRAFT,
            explanation="生源变化，需要调整。",
            opens_on=days.day(),
            closes_on=days.day(30),
            channels="政府网站 | 区政府网站\n广场 | 公告栏",
        )
        await press(editor, "button:has-text('预览怎样分条')")
        assert await editor.locator("#preview li strong").all_inner_texts() == ["第一条", "第二条"]
        await press(editor, "main .actions button[value=save]")
        assert await editor.locator(".errors a[href='#channels']").count() == 1, await editor.inner_text("main")
        assert await editor.input_value("#explanation") == "生源变化，需要调整。"
        await editor.fill("#channels", "政府网站 | 区政府网站")

        async def saved() -> bool:
            # The item reaches adoption as a fact; until then it is refused.
            await press(editor, "main .actions button[value=save]")
            return "草稿已保存" in await editor.inner_text("main")

        await until(saved)
        assert await editor.locator(".checklist .cross").count() == 0
        await press(editor, "button:has-text('发布征求意见公告')")
        await says(editor, "征求意见公告已发布")
        return "/desk" + editor.url.split("?")[0].split("/desk", 1)[1]


async def _citizens_write(house: House, browser: Browser, public: str) -> str:
    """From the list to the receipt, on a phone; another sends one to be withdrawn. Returns the first receipt."""
    async with person(browser, house) as citizen:
        await citizen.goto("/consultations")
        await press(citizen, f"a:has-text('{MATTER}')")
        assert citizen.url.endswith(public)
        await citizen.click("#box-1 summary")
        await citizen.fill("#text-1", "建议按小区划分，我们小区被道路分成两半。")
        await citizen.fill("#contact-1", "137 0000 0001")
        await press(citizen, "#box-1 button")
        await says(citizen, "意见已收到")
        receipt = "".join(await citizen.locator(".code-group").all_inner_texts())
        assert re.fullmatch(r"[0-9A-Z]{16}", receipt)
        assert receipt not in citizen.url
        address = citizen.url
        await citizen.reload()
        await says(citizen, "意见已收到")
    async with person(browser, house) as other:
        await other.goto(address)
        await says(other, "输入提交时得到的回执编号")
        await other.goto(public)
        await other.fill("#text-0", "支持。")
        await press(other, "#box-0 button")
        await press(other, "a:has-text('撤回这条意见')")
        await press(other, "button:has-text('确认撤回')")
        await says(other, "已撤回")
        await other.goto(public)
        await other.click("#box-1 summary")
        await other.fill("#text-1", "应按小区划分学区，不要把小区分成两半。")
        await press(other, "#box-1 button")
        await says(other, "意见已收到")
    return receipt


async def _has_closed(house: House, public: str) -> bool:
    answer = await house.client.get(f"/api/adoption/v1{public}")
    return answer.json()["closed_at"] is not None


async def _group_and_answer(house: House, browser: Browser, days: Days, desk: str) -> None:
    """Letters come in as a file; a proposal becomes a group, one stays alone; answers without a reason are refused."""
    async with clerk(browser, house) as editor:
        await editor.goto(desk)
        await editor.click("summary:has-text('其他平台收到的意见')")
        for text, said in ((LETTERS.replace("座谈会", "茶馆"), "“茶馆”无法识别"), (LETTERS, "2 条可导入，0 处错误")):
            sheet = {"name": "来信.csv", "mimeType": "text/csv", "buffer": text.format(day=days.day(-5)).encode()}
            await editor.set_input_files("#file", sheet)
            await press(editor, "button[value=preview]")
            await says(editor, said)
        await press(editor, "button[value=import]")
        await says(editor, "意见已全部导入")

        await editor.goto(f"{desk}/proposals")
        assert await editor.locator("mark").count() > 0
        assert await editor.locator("[name=numbers]:checked").count() == 3
        await editor.fill("#summary-1", "建议按居住小区划分学区")
        await editor.select_option("#passage-1", "1")
        await press(editor, "main form button:has-text('归为一组')")
        await says(editor, "没有相似的意见")

        await editor.goto(f"{desk}/opinions")
        assert await editor.locator("[name=numbers]").count() == 1
        await press(editor, "main button:text-is('归组')")
        assert await editor.locator(".errors a[href='#numbers']").count() == 1
        await editor.check("[name=numbers]")
        await fill(editor, summary="希望说明施行后的评估")
        await press(editor, "main button:text-is('归组')")
        await says(editor, "意见已归组")

        await editor.goto(f"{desk}/matrix")
        await says(editor, "已答复 0 / 4 条")
        await editor.select_option("#outcome-1", "adopted")
        await fill(editor, **{"after-1": "按居住小区划分"})
        await press(editor, "#form-1 button")
        assert await editor.locator(".errors a[href='#reason-1']").count() == 1, await editor.inner_text("main")
        assert await editor.input_value("#after-1") == "按居住小区划分"
        await fill(editor, **{"reason-1": "意见合理。", "before-1": "按主要道路划分"})
        await press(editor, "#form-1 button")
        await editor.select_option("#outcome-2", "already_covered")
        await press(editor, "#form-2 button")
        await says(editor, "已答复 4 / 4 条，待办 0 条")


async def _issue(house: House, browser: Browser, days: Days, item: str) -> None:
    """The file is completed step by step, what is missing named before each; the clocks run from the day of issue."""
    async with clerk(browser, house) as editor:
        address = f"/desk/decisions/items/{item}"

        async def closed() -> bool:
            await editor.goto(address)
            return "已截止" in await editor.inner_text("main")

        await until(closed)
        for state in ("征求意见", "审查"):
            await press(editor, f"button:has-text('转为：{state}')")
        await says(editor, "缺少合法性审查意见")
        day = days.day
        await _file(editor, "legality_review", received_on=day(-20), asked_for_by=day(-5), opinion_on=day(-6))
        await press(editor, "button:has-text('转为：待审议')")
        await _file(editor, "deliberation", held_on=day(-1))
        await says(editor, "行政首长应当最后发表意见")
        await editor.click("#paper-deliberation summary")
        await editor.check("#p-deliberation-head_spoke_last")
        await press(editor, "#paper-deliberation details button")
        await press(editor, "button:has-text('转为：已审议')")
        await _file(editor, "party_report", reported_on=day(-1))
        await fill(editor, **{"i-signed_on": day(1), "i-imprint_on": day(), "i-document_no": "青教〔2026〕12号"})
        await press(editor, "#issue button")
        assert await editor.locator(".errors a[href='#i-signed_on']").count() == 1, await editor.inner_text("main")
        await fill(editor, **{"i-signed_on": day(-1)})
        await press(editor, "#issue button")
        await says(editor, "时限开始计算")
        await says(editor, "以印发日期计")
    async with person(browser, house) as reader:

        async def runs() -> bool:
            await reader.goto("/clocks?state=running")
            return "还剩 10 个工作日" in await reader.inner_text("main")

        await until(runs)


async def _file(page: Page, kind: str, **days: str) -> None:
    await page.click(f"#paper-{kind} summary")
    await fill(page, **{f"p-{kind}-{name}": day for name, day in days.items()})
    await press(page, f"#paper-{kind} details button")
    await says(page, "材料已归入")


async def _write_report(house: House, browser: Browser, desk: str) -> str:
    """Begun, completed fault by fault; its writer cannot approve it. Returns its address on the desk."""
    async with clerk(browser, house) as editor:
        await editor.goto(desk)
        await press(editor, "button:has-text('起草采纳情况报告')")
        await says(editor, "报告已起草")
        report = editor.url.split("?")[0]
        await press(editor, "button[value=fill]")
        assert await editor.input_value("#f1_text") == "本办法自发布之日起施行。"
        await fill(editor, basis="《重大行政决策程序暂行条例》", f0_text=FINAL)
        await press(editor, "main .actions button[value=save]")
        await editor.click(".checklist a[href='#not_used']")
        for box in await editor.locator("[name=not_used]").all():
            used = await box.get_attribute("value") in ("website", "forum", "written")
            await box.set_checked(not used)
        await press(editor, "main .actions button[value=save]")
        await says(editor, "内容齐全，可以审核")
        assert await editor.locator("button:text-is('审核通过')").is_disabled()
        await press(editor, "a:text-is('预览')")
        await says(editor, "预览：还没有公布")
    return "/desk" + report.split("/desk", 1)[1]


async def _approve_and_publish(house: House, browser: Browser, report: str) -> None:
    async with clerk(browser, house, "unit_lead") as lead:
        await lead.goto(report)
        await press(lead, "button:text-is('审核通过')")
        await says(lead, "报告已审核")
        await press(lead, "button:text-is('公布')")
        await says(lead, "采纳情况已公布")


async def _read_the_answers(house: House, browser: Browser, receipt: str, report: str, item: str) -> None:
    """With the receipt the author finds their outcome and passage; everybody reads the whole."""
    async with person(browser, house) as citizen:
        await citizen.goto("/opinions")
        await citizen.fill("#receipt", "0000 0000 0000 0000")
        await press(citizen, "main button:text-is('查询')")
        assert await citizen.locator(".errors a[href='#receipt']").count() == 1
        await citizen.fill("#receipt", f"{receipt[:8].lower()} {receipt[8:]}")
        await press(citizen, "main button:text-is('查询')")
        await says(citizen, "与另外 2 条意见归为一组")
        answer = await citizen.inner_text(".pair-we")
        assert "采纳" in answer
        assert "意见合理。" in answer
        assert await citizen.locator(".pair-we del").all_inner_texts() == ["按主要道路划分"]
        assert await citizen.locator(".pair-we ins").all_inner_texts() == ["按居住小区划分"]
        await press(citizen, "a:has-text('看采纳情况')")
        assert citizen.url.endswith(report.removeprefix("/desk").replace("reports", "outcomes"))
        identity = " ".join((await citizen.inner_text(".identity")).split())
        assert identity == (
            "收到 5 = 采纳 3 + 部分采纳 0 + 不采纳 0 + 已有规定 1 + 不属征求意见范围 0 + 撤回 1 + 重复 0"
        )
        assert await citizen.locator("#passage-1 del").all_inner_texts() == ["主要道路"]
        assert await citizen.locator("#passage-1 ins").all_inner_texts() == ["居住小区"]
        assert await citizen.locator("#passage-1 a[href='#group-1']").count() == 1
        await says(citizen, "按期公布")
        await says(citizen, "未采用")
        await citizen.goto("/clocks?state=running")
        await says(citizen, "没有这样的时限")

        async def told() -> bool:
            await citizen.goto(f"/decisions/{item}")
            return "已出台，采纳情况已公布" in await citizen.inner_text("main")

        await until(told)
        await says(citizen, "决策文件出台")
        await citizen.goto(f"/decisions/{item}?as_at=2026-06-01")
        await says(citizen, "这件事还没有公布")
        await citizen.goto(f"/decisions/{item}?as_at={SUMMER + timedelta(days=7):%Y-%m-%d}")
        await says(citizen, "结束时公众看到的页面")


async def _read_as_a_program(house: House, report: str, item: str) -> None:
    path = f"/api/adoption/v1/reports/{report.rsplit('/', 1)[1]}"
    body = (await house.client.get(path)).json()
    assert (body["catalogue_item"], body["tally"]["received"], body["number"]) == (item, 5, 1)
    assert [group["outcome"] for group in body["groups"]] == ["adopted", "already_covered"]
    table = await house.client.get(path, params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [(row["summary"], row["opinions"]) for row in rows] == [
        ("建议按居住小区划分学区", "3"),
        ("希望说明施行后的评估", "1"),
    ]
    assert violations((await house.client.get("/api/adoption/v1/feed.ics")).content) == []
