"""Representatives from the call to the verified result, in a real browser: people without scripts, the verifiers as
anybody would use them."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from browser.views import ARGUMENTS, CHROMIUM
from houses import House, open_house, until
from journeys.test_open_day import person, press, register_units

SHANGHAI = timedelta(hours=8)
QUOTAS = "性别：女 1-2，男 1-2\n年龄：60岁以下 1-2，60岁以上 1-2"
ENTROPY = "ssq 双色球次期红球 sorted-ints\nsse 上证指数收盘 decimal2"
NUMBERS = {"ssq": "3.9.14.21.27.33", "sse": "3456.78"}


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("town"), "--no-seed") as opened:
        await register_units(opened)
        yield opened


def local(shift: timedelta, days: float) -> datetime:
    """Nine o'clock in Shanghai in `days` days of the house."""
    return (datetime.now(UTC) + SHANGHAI + shift + timedelta(days=days)).replace(hour=9, minute=0)


async def announce(page: Page) -> str:
    """A meeting and a call with rules; returns the address of the recruitment on the desk."""
    await page.goto("/desk/meetings/new")
    await page.fill("#title", "学区调整专题会")
    await page.fill("#place", "区教育局 301 会议室")
    await page.fill("#day", f"{local(timedelta(), 16):%Y-%m-%d}")
    await page.fill("#items", "学区调整方案（草案）")
    await press(page, "main button:has-text('公布会议')")
    assert "会议已公布" in await page.inner_text("main")
    await press(page, "a:has-text('招募代表')")
    await page.fill("#seats", "3")
    await page.fill("#opens", f"{local(timedelta(), 0):%Y-%m-%dT00:00}")
    await page.fill("#closes", f"{local(timedelta(), 9):%Y-%m-%dT%H:%M}")
    await page.fill("#quotas", QUOTAS)
    await page.fill("#entropy", ENTROPY)
    await press(page, "main button:has-text('公布招募公告和规则')")
    assert "规则已公布" in (text := await page.inner_text("main")), text
    return page.url


async def apply(page: Page, recruitment: str, number: int) -> str:
    """Through the pages, on a phone; returns the address of the application."""
    await page.goto(f"/recruitments/{recruitment}/apply")
    await page.fill("#name", f"居民{number}")
    await page.fill("#phone", f"1350000{number:04d}")
    await page.select_option("#feature-0", "女" if number % 2 else "男")
    await page.select_option("#feature-1", "60岁以上" if number % 3 == 0 else "60岁以下")
    await page.fill("#household", f"公园路 {number} 号")
    await page.check("#meets_conditions")
    await press(page, "button:has-text('提交报名')")
    assert "已报名，待核验" in (text := await page.inner_text("main")), text
    return page.url


async def type_numbers(page: Page, desk: str, numbers: dict[str, str]) -> str:
    await page.goto(desk)
    for name, text in numbers.items():
        await page.fill(f"#number-{name}", text)
    await press(page, "main button:has-text('录入公开数字')")
    return await page.inner_text("main")


async def verdict_of_the_page(browser: Browser, house: House, transcript: Path, me: str) -> str:
    """The offline page, as it is downloaded, opened from disk."""
    saved = transcript.with_name("verify.html")
    saved.write_bytes((await house.client.get("/verify/page")).content)
    page = await browser.new_page()
    await page.goto(saved.as_uri())
    await page.fill("#me", me)
    await page.set_input_files("#transcript", str(transcript))
    await page.click("#check")
    await page.locator("#personal:not(:empty)").wait_for()
    text = await page.inner_text("body")
    await page.close()
    return text


def verdict_of_the_program(program: bytes, transcript: Path, me: str) -> tuple[int, str]:
    """The downloaded file, alone in a folder, with nothing but Python."""
    saved = transcript.with_name("kaimen_verify.py")
    saved.write_bytes(program)
    line = [sys.executable, "-I", "-S", str(saved), str(transcript), "--me", me]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60, cwd=transcript.parent)
    return done.returncode, done.stdout


async def test_representatives_from_call_to_verified_result(town: House, tmp_path: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        await _live_through(town, browser, tmp_path)
        await browser.close()


async def _live_through(house: House, browser: Browser, folder: Path) -> None:
    async with person(browser, house, "unit_editor", "经办人") as editor:
        desk = (await announce(editor)).split("?")[0]
    recruitment = desk.rsplit("/", 1)[1]
    async with person(browser, house) as citizen:
        applications = [await apply(citizen, recruitment, number) for number in range(9)]
        async with person(browser, house, "unit_editor", "经办人") as editor:
            await editor.goto(desk)
            while await editor.locator("button[value=accept]").count():
                await press(editor, "button[value=accept] >> nth=0")

        passed = timedelta(days=10)
        house.shift_clock(passed)
        async with person(browser, house, "unit_editor", "经办人") as editor:
            await editor.goto(desk)
            if await editor.locator("button:has-text('截止并冻结名册')").count():
                await press(editor, "button:has-text('截止并冻结名册')")
            await press(editor, "button:has-text('计算并公布承诺')")

            async def committed() -> bool:
                await editor.goto(desk)
                return "须两人一致" in await editor.inner_text("main")

            await until(committed, seconds=60)
        await citizen.goto(applications[0])
        assert "您的机会" in await citizen.inner_text("main")

        async with person(browser, house, "unit_lead", "负责人") as lead:
            assert "已有 1 人录入" in await type_numbers(lead, desk, NUMBERS)
        async with person(browser, house, "notary", "公证员") as notary:
            assert "不一致" in await type_numbers(notary, desk, {**NUMBERS, "sse": "3456.79"})
            assert "代表名单已公布" in await type_numbers(notary, desk, NUMBERS)

        selected = []
        for address in applications:
            await citizen.goto(address)
            if "受邀，待确认" in await citizen.inner_text("main"):
                selected.append(address)
        assert len(selected) == 3
        for address in selected[:2]:
            await citizen.goto(address)
            await press(citizen, "button:has-text('确认列席')")
            assert "已确认参加" in await citizen.inner_text("main")
        me = (await citizen.inner_text("main")).split("化名：")[1].split()[0]

        await citizen.goto(f"/draws/{recruitment}")
        assert me in await citizen.inner_text(".balls")
        link = await citizen.get_attribute("a[download]", "href")
        transcript = folder / "transcript.json"
        transcript.write_bytes((await house.client.get(str(link))).content)

    page = await verdict_of_the_page(browser, house, transcript, me)
    code, said = verdict_of_the_program((await house.client.get("/verify/kaimen_verify.py")).content, transcript, me)
    assert ("记录有效" in page, code) == (True, 0), (page, said)
    transcript.write_bytes(transcript.read_bytes().replace(b"3456.78", b"3456.79"))
    code, said = verdict_of_the_program((await house.client.get("/verify/kaimen_verify.py")).content, transcript, me)
    assert code == 1, said

    house.shift_clock(timedelta(days=17))
    async with person(browser, house, "unit_editor", "经办人") as editor:
        await editor.goto(desk)
        await press(editor, ".back")
        await editor.check(f"[name=present][value='{me}']")
        await press(editor, "button:has-text('登记')")
        await editor.fill("#summary", "建议公布学区划分依据")
        await press(editor, "form[action$='/statements'] button")
        await editor.fill("[name=answer]", "已写入方案第三条")
        await press(editor, "button:has-text('公开答复')")
        meeting = editor.url.split("?")[0].replace("/desk/", "/")
    async with person(browser, house) as reader:
        await reader.goto(meeting)
        text = await reader.inner_text("main")
        assert "建议公布学区划分依据" in text
        assert "已写入方案第三条" in text
        assert "发言均已答复" in text
