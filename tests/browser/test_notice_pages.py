"""Pages around messages: the field for an e-mail address, the desk's log, where units want to be told; in a house that
can write to this machine."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from browser.test_desk import open_page
from browser.test_pages import must_be_well_made, opened
from browser.views import LOOKS, Route, contexts, sign_in
from component.test_notices import SERVICES, Post, clock, morning, open_post, published, visitor
from component.test_representatives import Hall
from houses import until
from kaimen.contracts.adoption import DeadlineBreached, DeadlineWarned
from receivers import text_of

UNIT = "区教育局"
DESK, ADDRESSES = "/desk/notices", "/desk/notices/addresses"
ROUTES = {
    "log": Route(DESK, "unit_editor"),
    "log-lead": Route(DESK, "unit_lead"),
    "log-office": Route(DESK, "office"),
    "log-dead": Route(f"{DESK}?state=dead", "unit_lead"),
    "log-unit": Route(f"{DESK}?unit={UNIT}&kind=confirmed", "office"),
    "log-of-office": Route(f"{DESK}?unit=office", "office"),
    "log-nothing": Route(f"{DESK}?state=sending&kind=not_drawn", "unit_editor"),
    "addresses": Route(ADDRESSES, "unit_editor"),
    "addresses-lead": Route(ADDRESSES, "unit_lead"),
    "addresses-office": Route(ADDRESSES, "office"),
    "addresses-unit": Route(f"{ADDRESSES}?unit=区财政局", "office"),
    "problem": Route("/problems/notices.not-replayable"),
}


@dataclass
class Filled:
    """The post with something in every state; ids of sign-ups by what became of their message."""

    post: Post
    event: dict[str, Any]
    failed: str
    dead: str

    @property
    def url(self) -> str:
        return self.post.house.url

    def page(self, path: str) -> str:
        return f"{self.url}{path}"


async def fill(post: Post) -> Filled:
    """A good message of each channel, a refused and a given up one, and duties of a unit that left no address."""
    event = await published(post.desk, morning(10), title="走进污水处理厂", session={"capacity": 60})
    await visitor(post.desk, event, "zhang@example.com")
    await post.mails("zhang@example.com", 1)
    post.gateway.status = 400
    refused = await visitor(post.desk, event)
    await post.logged(refused["id"], lambda line: line["state"] == "failed")
    post.gateway.status = 200
    await visitor(post.desk, event)
    given_up = await given_up_by(post, event)
    for said in (DeadlineWarned(clock(), 3), DeadlineBreached(clock("breached"))):
        await post.house.say(said, said.clock.clock_id, datetime.now(UTC), version=2)

    async def office_is_told() -> bool:
        return bool(await post.log(kind="breached", unit="office"))

    await until(office_is_told)
    await post.idle()
    return Filled(post, event, refused["id"], given_up)


async def given_up_by(post: Post, event: dict[str, Any]) -> str:
    """A sign-up whose message no attempt could deliver; the clock then stands at ten in the morning again."""
    post.mail.busy = True
    receipt = await visitor(post.desk, event, "late@example.com")

    async def dead() -> bool:
        return receipt["id"] in [line["recipient"] for line in await post.log(state="dead", limit=200)]

    for hours in (0, 1, 2, 3, 6, 10, 15, 25):
        await post.at(morning() + timedelta(hours=hours, minutes=30))
        if await dead():
            break
        await post.idle()
    assert await dead()
    post.mail.busy = False
    await post.at(morning())
    return receipt["id"]


@pytest.fixture(scope="module")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Filled]:
    async with open_post(tmp_path_factory.mktemp("post"), f"{SERVICES},portal") as post:
        yield await fill(post)


@pytest.fixture(scope="module")
async def visitors(browser: Browser, filled: Filled) -> AsyncIterator[dict[Any, Any]]:
    async with contexts(browser, filled.url, ROUTES.values(), DESK) as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ROUTES)
async def test_notice_page_is_accessible_and_keeps_its_shape(
    name: str, look: str, filled: Filled, visitors: dict[Any, BrowserContext]
) -> None:
    route = ROUTES[name]
    page, wrong = await opened(visitors[route.role, look], filled.post.house, route)
    try:
        assert wrong == []
        for details in await page.locator("main details").all():
            await details.evaluate("node => { node.open = true; }")
        await must_be_well_made(page, look)
    finally:
        await page.close()


async def test_pages_in_english_have_no_untranslated_sentence(filled: Filled, browser: Browser) -> None:
    context = await browser.new_context(locale="en-GB")
    await sign_in(context, filled.url, "office", "")
    page = await context.new_page()
    for path in (DESK, ADDRESSES):
        await page.goto(filled.page(path))
        assert [line for line in (await page.content()).splitlines() if "。" in line] == []
    await context.close()


# Signing up


async def signed_up(browser: Browser, filled: Filled, email: str, locale: str, phone: str) -> Page:
    context = await browser.new_context(locale=locale, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(filled.page(f"/open-days/{filled.event['id']}"))
    for field, typed in (("name", "欧阳"), ("phone", phone), ("email", email)):
        await page.fill(f"#{field}", typed)
    await page.click(".register button")
    return page


@pytest.mark.parametrize(
    ("locale", "said"), [("zh-CN", "报名成功：走进污水处理厂"), ("en-GB", "You have a place: 走进污水处理厂")]
)
async def test_visitor_with_an_address_gets_mail_in_the_language_of_the_page(
    locale: str, said: str, filled: Filled, browser: Browser
) -> None:
    phone = {"zh-CN": "13900660001", "en-GB": "13900660002"}[locale]
    page = await signed_up(browser, filled, f" {locale}@example.com ", locale, phone)
    code = page.url.rsplit("/", 1)[-1]
    (message,) = await filled.post.mails(f"{locale}@example.com", 1)
    assert message["Subject"] == said
    assert code in text_of(message)
    assert "@example.com" not in page.url
    await page.context.close()


async def test_bad_address_is_told_at_its_field_and_can_be_left_out(
    filled: Filled, visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["", "standard"].new_page()
    await page.goto(filled.page(f"/open-days/{filled.event['id']}"))
    for field, typed in (("name", "欧阳"), ("phone", "13900660003"), ("email", "a@b")):
        await page.fill(f"#{field}", typed)
    await page.click(".register button")
    await sees(page, "email", "请填写有效的电子邮箱")
    assert await page.input_value("#email") == "a@b"
    assert await page.get_attribute("#email", "aria-invalid") == "true"
    assert await page.get_attribute("#email", "autocomplete") == "email"
    await must_be_well_made(page, "standard")
    await page.fill("#email", "")
    await page.click(".register button")
    # A page that is closed before it has loaded sometimes never says that it is closed.
    await page.wait_for_load_state()
    assert "/r/" in page.url
    await page.close()


async def test_applicant_for_a_meeting_gets_mail(filled: Filled, browser: Browser) -> None:
    shift = filled.post.house.shift
    hall = Hall(filled.post.house)
    # A clock that begins anew would put what follows behind what was sent before.
    hall.wait_for(shift)
    meeting = await hall.meeting()
    call = hall.call(method="panel", seats=1, quotas={}, entropy=[], criteria="代表不同居民区")
    recruitment = await hall.post(f"/meetings/{meeting['id']}/recruitments", call)
    context = await browser.new_context(locale="en-GB", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(filled.page(f"/recruitments/{recruitment['id']}/apply"))
    for field, typed in (("name", "欧阳"), ("phone", "13900660004"), ("email", "a@b")):
        await page.fill(f"#{field}", typed)
    await page.check("#meets_conditions")
    await page.click(".panel form button")
    await sees(page, "email", "Give a valid e-mail address")
    await page.fill("#email", "applicant@example.com")
    await page.click(".panel form button")
    assert "/a/" in page.url
    (message,) = await filled.post.mails("applicant@example.com", 1)
    assert message["Subject"] == "Sign-up received: 主任办公会 第9次"
    await context.close()


async def test_clerk_enters_somebody_with_an_address(filled: Filled, browser: Browser) -> None:
    page = await open_page(browser, filled.post.house, "unit_editor")
    event = filled.event
    await page.goto(filled.page(f"/desk/sessions/{event['sessions'][0]['id']}?event={event['id']}"))
    await page.click("summary:has-text('电话、窗口')")
    for field, typed in (("name", "老王"), ("phone", "13900660005"), ("email", "a@b")):
        await page.fill(f"#{field}", typed)
    await page.click("button:has-text('录入')")
    await sees(page, "email", "请填写有效的电子邮箱")
    await page.fill("#email", "entered@example.com")
    await page.click("button:has-text('录入')")
    assert "报名已录入" in await page.locator(".notice").inner_text()
    await filled.post.mails("entered@example.com", 1)
    await page.context.close()


async def sees(page: Page, field: str, said: str) -> None:
    """The fault stands at the top, linked to its field, and at the field."""
    assert said in await page.locator(f".errors a[href='#{field}']").first.inner_text()
    assert said in await page.locator(f"#{field}-fault").first.inner_text()


# The log


def line_of(page: Page, recipient: str, kind: str = "名额已确认") -> Any:
    return page.locator("tbody tr", has_text=f"…{recipient[-8:]}").filter(has_text=kind)


async def test_log_says_what_became_of_each_message_and_names_nobody(filled: Filled, browser: Browser) -> None:
    seen = await visitor(filled.post.desk, filled.event, "seen@example.com", name="欧阳")
    await filled.post.logged(seen["id"], lambda line: line["state"] == "sent")
    page = await open_page(browser, filled.post.house, "unit_editor")
    await page.goto(filled.page(f"{DESK}?state=failed"))
    line = await line_of(page, filled.failed).inner_text()
    for word in ("开放活动报名", "短信", "****", "发送失败", "对方的系统拒收", "已试 1 次"):
        assert word in line, word
    await page.goto(filled.page(f"{DESK}?state=sent&kind=confirmed"))
    assert "s***@example.com" in await line_of(page, seen["id"]).inner_text()
    said = await page.content()
    for word in ("邮件：已设置", "短信：已设置"):
        assert word in said, word
    for word in ("seen@example.com", "欧阳", seen["phone"], seen["code"]):
        assert word not in said, word
    assert await page.get_by_role("button", name="重发").count() == 0
    await page.context.close()


async def test_log_is_narrowed_and_turned_page_by_page(filled: Filled, browser: Browser) -> None:
    for _ in range(21):
        await visitor(filled.post.desk, filled.event)

    async def all_sent() -> bool:
        return len(await filled.post.log(state="sent", kind="confirmed", limit=200)) > 21

    await until(all_sent)
    page = await open_page(browser, filled.post.house, "unit_editor")
    await page.goto(filled.page(DESK))
    await page.select_option("#state", "sent")
    await page.select_option("#kind", "confirmed")
    await page.click(".filter button")
    assert await page.locator("tbody tr").count() == 20
    assert set(await page.locator("tbody .tag").all_inner_texts()) == {"✓ 已送出"}
    first = await page.locator("tbody code").all_inner_texts()
    await page.get_by_role("link", name="下一页").click()
    assert set(await page.locator("tbody .tag").all_inner_texts()) == {"✓ 已送出"}
    assert not set(first) & set(await page.locator("tbody code").all_inner_texts())
    await page.get_by_role("link", name="回到最前").click()
    assert await page.locator("tbody code").all_inner_texts() == first
    await page.context.close()


async def test_head_of_unit_sends_again_with_the_keyboard_and_it_arrives(filled: Filled, browser: Browser) -> None:
    page = await open_page(browser, filled.post.house, "unit_lead")
    await page.goto(filled.page(f"{DESK}?state=dead"))
    line = await line_of(page, filled.dead).inner_text()
    for word in ("已放弃发送", "邮件服务器要求稍后再试", "已试 8 次"):
        assert word in line, word
    button = line_of(page, filled.dead).get_by_role("button", name="重发")
    await page.get_by_role("group", name="发送记录").focus()
    await page.keyboard.press("Tab")
    assert await button.evaluate("node => node === document.activeElement")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**done=replayed**")
    assert "已排队重发" in await page.locator(".notice").inner_text()
    assert await page.input_value("#state") == "dead"
    (message,) = await filled.post.mails("late@example.com", 1)
    assert message["Subject"] == "报名成功：走进污水处理厂"
    sent = await filled.post.logged(filled.dead, lambda line: line["state"] == "sent")
    await page.goto(filled.page(f"{DESK}?state=failed"))
    form = line_of(page, filled.failed).locator("form")
    # Somebody else was quicker: what was sent is not sent again.
    await form.evaluate(f"form => {{ form.action = '{DESK}/{sent['id']}/replay'; }}")
    await form.locator("button").click()
    assert "只有发送失败或已放弃" in await page.locator(".errors").inner_text()
    assert await page.input_value("#state") == "failed"
    await page.context.close()


async def test_log_of_another_unit_is_closed(filled: Filled, browser: Browser) -> None:
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    await sign_in(context, filled.url, "unit_lead", "区财政局")
    page = await context.new_page()
    await page.goto(filled.page(f"{DESK}?unit={UNIT}"))
    assert await page.locator("tbody tr").count() == 0
    answer = await page.goto(filled.page(f"{ADDRESSES}?unit={UNIT}"))
    assert answer is not None
    assert "区财政局" in await page.locator("h1").inner_text()
    await context.close()


async def test_desk_is_closed_to_everybody_else(filled: Filled, browser: Browser) -> None:
    client = filled.post.house.client
    for path in (DESK, ADDRESSES):
        assert (await client.get(path)).status_code == 401
    form = {"emails": "me@example.com"}
    assert (await client.post(ADDRESSES, data=form, headers={"Origin": filled.url})).status_code == 401
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    answer = await page.goto(f"{filled.url}/sign-in?as=justice&unit=&name=x&next={DESK}")
    assert answer is not None
    assert answer.status == 403
    await context.close()


async def test_clerk_can_neither_send_again_nor_change_addresses(filled: Filled, browser: Browser) -> None:
    page = await open_page(browser, filled.post.house, "unit_editor")
    await page.goto(filled.page(ADDRESSES))
    assert await page.locator("#emails").count() == 0
    assert "由本单位负责人或区政府办公室更改" in await page.locator("main").inner_text()
    csrf = await page.locator("input[name=csrf]").first.input_value()
    failed = await filled.post.logged(filled.failed, lambda line: line["state"] == "failed")
    for path in (f"{DESK}/{failed['id']}/replay", ADDRESSES):
        answer = await page.request.post(
            filled.page(path), form={"csrf": csrf, "emails": "me@example.com"}, headers={"Origin": filled.url}
        )
        assert answer.status == 403, path
    await page.context.close()


async def test_service_that_is_away_is_said(filled: Filled, browser: Browser) -> None:
    page = await open_page(browser, filled.post.house, "unit_editor")
    stopped = filled.post.house.processes("serve", "notices")
    assert stopped
    for process in stopped:
        process.suspend()
    try:
        answer = await page.goto(filled.page(DESK))
        assert answer is not None
        assert answer.status == 503
        assert "暂时不可用" in await page.locator("h1").inner_text()
    finally:
        for process in stopped:
            process.resume()
    await page.context.close()


# Addresses


async def test_addresses_are_refused_at_their_fields(filled: Filled, visitors: dict[Any, BrowserContext]) -> None:
    page = await visitors["unit_lead", "standard"].new_page()
    await page.goto(filled.page(ADDRESSES))
    await page.fill("#emails", "good@example.com\n\nbad")
    await page.click("button:has-text('保存')")
    await sees(page, "emails", "第 3 行：请填写有效的电子邮箱")
    await page.fill("#emails", "good@example.com")
    await page.fill("#webhook", "http://example.com/x")
    await page.click("button:has-text('保存')")
    await sees(page, "webhook", "以 https:// 开头")
    assert await page.input_value("#emails") == "good@example.com"
    await must_be_well_made(page, "standard")
    await page.fill("#webhook", f"{filled.post.gateway.url}/first")
    await page.click("button:has-text('保存')")
    assert await page.locator(".confirm code").count() == 1
    await must_be_well_made(page, "standard")
    await page.close()


async def test_addresses_are_kept_masked_and_their_secret_signs_what_is_sent(filled: Filled, browser: Browser) -> None:
    post = filled.post
    page, stale = [await open_page(browser, post.house, "office", name) for name in ("甲", "乙")]
    address = filled.page(f"{ADDRESSES}?unit={UNIT}")
    await page.goto(address)
    await stale.goto(address)
    url = f"{post.gateway.url}/hook"
    await page.fill("#emails", "duty@example.com\r\nduty2@example.com\r\n")
    await page.fill("#webhook", url)
    await page.click("button:has-text('保存')")
    secret = await page.locator(".confirm code").inner_text()
    assert secret.startswith("whsec_")
    await page.goto(address)
    said = await page.content()
    assert "d***@example.com" in said
    for word in (secret, "duty@example.com", "/hook"):
        assert word not in said, word

    running = clock()
    await post.house.say(DeadlineWarned(running, 5), running.clock_id, datetime.now(UTC), version=2)

    async def hooked() -> list[Any]:
        return [call for call in post.gateway.calls if call.path == "/hook"]

    (call,) = await until(hooked)
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    proof = hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, "sha256")
    assert call.headers["webhook-signature"] == f"v1,{b64encode(proof).decode()}"
    await post.mails("duty2@example.com", 1)

    await stale.fill("#emails", "other@example.com")
    await stale.click("button:has-text('保存')")
    assert await stale.locator(".errors").count() == 1
    await page.fill("#webhook", url)
    await page.click("button:has-text('保存')")
    assert "通知地址已更改" in await page.locator(".notice").inner_text()
    assert await page.locator(".confirm").count() == 0
    assert await page.locator("main .summary dd").first.inner_text() == "没有"
    for each in (page, stale):
        await each.context.close()
