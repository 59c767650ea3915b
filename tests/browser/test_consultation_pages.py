"""Pages of consultations, outcomes and clocks, held to what all pages are held to, in a house that lives through the
second half of 2026; and their forms, which keep what was typed."""

import hashlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from browser.test_forms import form_of, send
from browser.test_pages import must_be_well_made, opened
from browser.views import LOOKS, Route, contexts, first_view
from component import test_decisions as decisions
from component.test_accounts import SESSION, sign_in
from component.test_adoption import PDF, UNIT, UNUSED, Bureau
from houses import House, open_house, until
from kaimen.portal.desk_groups import ROWS

NAMES = (
    "consultations", "found", "nothing-found", "open", "scheduled", "closed", "digested", "shortened", "lookup", "sent",
    "answered", "withdraw", "outcomes", "outcome", "outcome-first", "clocks", "clocks-none", "clocks-office", "desk",
    "desk-calendar", "desk-office",
    "desk-new", "desk-edit", "desk-edit-bound", "desk-draft", "desk-open", "desk-closed", "desk-opinions", "desk-all",
    "desk-group", "desk-one", "desk-aside", "desk-proposals", "desk-matrix", "desk-reports", "desk-report",
    "desk-report-lead", "desk-report-approved", "desk-report-published", "desk-preview",
)  # fmt: skip
SERVICES = "accounts,decisions,adoption,calendar,portal"
SUMMER = datetime(2026, 6, 29, 2, tzinfo=UTC)
PASSAGES = [
    {"key": "1", "heading": "第一条", "text": "学区按主要道路划分，每年五月公布。\n由区教育局拟订。"},
    {"key": "2", "heading": "第二条", "text": "适龄儿童凭户籍入学；人户分离的，统筹安排。"},
    {"key": "3", "text": "本办法自发布之日起施行。"},
]
FINAL = [
    {"key": "1", "heading": "第一条", "text": "学区按居住小区划分，每年五月公布。\n由区教育局拟订。"},
    {"key": "3", "text": "本办法自发布之日起施行。"},
    {"key": "4", "heading": "第四条", "text": "每年评估一次。", "note": "与评估制度衔接。"},
]
TEXTS = (
    "建议按小区划分学区，同一小区不要分成两半。",
    "应按小区划分，我们小区被道路分成两半了。",
    "同一小区不要分成两个学区，建议按小区划分。",
    "希望公布时间提前到四月。",
    "请保留现有校车线路。",
)
CONTACT = "13700009876"


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("forum"), "--only", SERVICES, "--no-seed") as house:
        office = await house.token("office")
        for name in ("区教育局", "区政府办公室"):
            unit = {"short_name": name, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        for service in ("decisions", "adoption"):
            await until(lambda service=service: _knows_units(house, service))
        yield house


async def _knows_units(house: House, service: str) -> bool:
    database = await house.database(service)
    try:
        return await database.fetchval("select count(*) from units") == 2
    finally:
        await database.close()


class District:
    """The unit that asks the public and the decisions that it asks about, under one clock."""

    def __init__(self, house: House) -> None:
        self.asking = Bureau(house)
        self.deciding = decisions.Bureau(house)
        self._move(SUMMER - datetime.now(UTC))

    def _move(self, shift: timedelta) -> None:
        self.asking.shift = self.deciding.shift = shift
        self.asking.house.shift_clock(shift)

    def wait(self, days: int) -> None:
        self._move(self.asking.shift + timedelta(days=days))

    async def consultation(self, item: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """An open one; a decision is known a moment after it was listed."""
        draft = self.asking.draft(passages=PASSAGES, catalogue_item=item["id"] if item else None, **changes)

        async def planned() -> dict[str, Any] | None:
            answer = await self.asking.ask("POST", "/consultations", draft, await self.asking.staff())
            return answer.json() if answer.status_code == 201 else None

        made = await until(planned)
        return await self.asking.post(f"/consultations/{made['id']}/open")

    async def ready(self, item: dict[str, Any]) -> None:
        """Everything before the document; its consultation is over."""

        async def ended() -> bool:
            steps = (await self.deciding.of(item))["steps"]
            return any(step["kind"] == "consultation" and step["state"] == "closed" for step in steps)

        await until(ended)
        await self.deciding.file(item, "legality_review", "deliberation", "party_report")
        await self.deciding.go(item, "drafting", "reviewing", "ready", "deliberated")

    async def issue(self, item: dict[str, Any]) -> dict[str, Any]:
        """Issued today; returns the clock of its report."""
        today = self.deciding.today
        await self.deciding.issue(item, signed_on=today, imprint_on=today, published_at=None)

        async def clock() -> Any:
            return (await self.asking.get(f"/clocks?item={item['id']}&kind=report"))["items"]

        return (await until(clock))[0]


@pytest.fixture(scope="module")
async def district(town: House) -> District:
    return District(town)


@pytest.fixture(scope="module")
async def routes(district: District) -> dict[str, Route]:
    """Consultations and reports at every stage, clocks in every state, made through the API as people would."""
    a, d = district.asking, district.deciding
    catalogue = await d.catalogue(2026)
    titles = ("学区调整方案", "养老设施布局规划", "公园改造方案", "公交线网规划")
    late, missing, running, provisional = [
        await d.item(catalogue, title=title, participation=False) for title in titles
    ]
    await d.published(catalogue)
    digested = await district.consultation(late, title="学区调整方案（草案）公开征求意见", summary="请您逐条提意见。")
    receipts = [await a.send(digested, text, passage="1", contact=CONTACT) for text in TEXTS]
    await a.post(f"/consultations/{digested['id']}/opinions/4/moderate", {"show": True})
    closed = await district.consultation(missing, title="养老设施布局规划（草案）公开征求意见")
    for n, text in enumerate((*TEXTS, TEXTS[0])):
        await a.send(closed, text, passage=str(n % 3 + 1))
    await district.consultation(running)
    await district.consultation(provisional)
    district.wait(31)
    for item in (late, missing, running, provisional):
        await district.ready(item)

    first = await a.group(digested, [1, 2, 3], summary="建议按居住小区划分学区", passage="1")
    second = await a.group(digested, [4], summary="公布时间提前", passage="1")
    change = {"passage": "1", "before": "按主要道路划分", "after": "按居住小区划分"}
    await a.reply(first, change=change)
    await a.reply(second, "not_adopted", "五月公布便于核对入学登记。")
    aside = {"kind": "withdrawn", "reason": "本人来电撤回"}
    await a.post(f"/consultations/{digested['id']}/opinions/5/set-aside", aside)
    await district.issue(late)
    await district.issue(missing)
    district.wait(20)
    forum = {
        "kind": "forum", "title": "夏阳街道座谈会", "held_on": a.today.isoformat(), "people": 26,
        "counted": {"received": 3, "adopted": 2, "partly": 1},
    }  # fmt: skip
    unused = [channel for channel in UNUSED if channel != "forum"]
    report = await a.published(
        digested, final=FINAL, participations=[forum], not_used=unused, summary="意见集中在划分的单位。"
    )
    published = report["line"]["report_id"]
    await a.post(f"/reports/{published}/correct", {"reason": "座谈会人数有误"})
    changed = {"participations": [{**forum, "people": 28}]}
    assert (await a.ask("PATCH", f"/reports/{published}", changed, await a.staff())).is_success
    await a.post(f"/reports/{published}/approve", headers=await a.lead())
    await a.post(f"/reports/{published}/publish")
    spare = await district.consultation(title="小型公园命名")
    district.wait(31)
    approved = await a.approved(await a.report(spare))

    district.wait((datetime(2026, 12, 14, tzinfo=UTC) - SUMMER).days - 82)
    clock = await district.issue(running)
    pause = {
        "from_on": a.today.isoformat(), "to_on": (a.today + timedelta(days=2)).isoformat(),
        "legal_basis": "《突发事件应对法》", "decided_by": "区政府",
    }  # fmt: skip
    await a.post(f"/clocks/{clock['id']}/suspend", pause, await a.house.token("office"))
    opened_now = await district.consultation(title="校外托管机构管理办法（草案）公开征求意见")
    sent = await a.send(opened_now, "再提一条。")
    assert (await a.attach(f"/opinions/{sent['receipt']}", PDF, "我的材料.pdf")).is_success
    await a.send(opened_now, TEXTS[0], passage="1", contact=CONTACT)
    short = {"closes_on": (a.today + timedelta(days=10)).isoformat(), "shortened_reason": "须在汛期前完成。"}
    shortened = await district.consultation(title="防汛应急方案", **short)
    longer = {"closes_on": (a.today + timedelta(days=15)).isoformat(), "reason": "应居民要求延长"}
    await a.post(f"/consultations/{shortened['id']}/extend", longer)
    later = {
        "opens_on": (a.today + timedelta(days=20)).isoformat(),
        "closes_on": (a.today + timedelta(days=60)).isoformat(),
    }
    scheduled = await district.consultation(title="下月的草案", **later)
    draft = await a.planned(title="还没有写完的草案", explanation="", channels=[])
    letter = await a.attach(f"/consultations/{closed['id']}/opinions/3", PDF, "来信.pdf", await a.staff())
    assert letter.is_success
    group = await a.group(closed, [1, 2], summary="希望按小区划分", passage="1")
    begun = await a.report(closed, participations=[forum], not_used=[])
    district.wait(7)
    assert (await district.issue(provisional))["provisional"]

    def own(receipt: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
        code = receipt["receipt"]
        handle = hashlib.sha256(f"receipt {code}".encode()).hexdigest()[:16]
        return handle, ((f"__Host-kaimen-o-{handle}", code),)

    (answered, answered_proof), (new, new_proof) = own(receipts[0]), own(sent)
    desk, unit, reports = "/desk/consultations", "unit_editor", "/desk/reports"
    return {
        "consultations": Route("/consultations"),
        "found": Route("/consultations?q=学区&state=digested"),
        "nothing-found": Route("/consultations?q=没有这个词"),
        "open": Route(f"/consultations/{opened_now['id']}"),
        "scheduled": Route(f"/consultations/{scheduled['id']}"),
        "closed": Route(f"/consultations/{closed['id']}"),
        "digested": Route(f"/consultations/{digested['id']}"),
        "shortened": Route(f"/consultations/{shortened['id']}"),
        "lookup": Route("/opinions"),
        "sent": Route(f"/opinions/{new}?sent=true", cookies=new_proof),
        "answered": Route(f"/opinions/{answered}", cookies=answered_proof),
        "withdraw": Route(f"/opinions/{new}/withdraw", cookies=new_proof),
        "outcomes": Route("/outcomes"),
        "outcome": Route(f"/outcomes/{published}"),
        "outcome-first": Route(f"/outcomes/{published}?version=1"),
        "clocks": Route("/clocks"),
        "clocks-none": Route("/clocks?state=dropped"),
        "clocks-office": Route("/clocks", "office"),
        "desk-calendar": Route("/desk/calendar", unit),
        "desk": Route(desk, unit),
        "desk-office": Route(desk, "office"),
        "desk-new": Route(f"{desk}/new", "office"),
        "desk-edit": Route(f"{desk}/{draft['id']}/edit", unit),
        "desk-edit-bound": Route(f"{desk}/{opened_now['id']}/edit", unit),
        "desk-draft": Route(f"{desk}/{draft['id']}", unit),
        "desk-open": Route(f"{desk}/{opened_now['id']}", unit),
        "desk-closed": Route(f"{desk}/{closed['id']}", unit),
        "desk-opinions": Route(f"{desk}/{closed['id']}/opinions", unit),
        "desk-all": Route(f"{desk}/{digested['id']}/opinions?state=all", unit),
        "desk-group": Route(f"{desk}/{closed['id']}/opinions?group={group['id']}", unit),
        "desk-one": Route(f"{desk}/{closed['id']}/opinions/3", unit),
        "desk-aside": Route(f"{desk}/{digested['id']}/opinions/5", unit),
        "desk-proposals": Route(f"{desk}/{closed['id']}/proposals", unit),
        "desk-matrix": Route(f"{desk}/{closed['id']}/matrix", unit),
        "desk-reports": Route(reports, unit),
        "desk-report": Route(f"{reports}/{begun['line']['report_id']}", unit),
        "desk-report-lead": Route(f"{reports}/{begun['line']['report_id']}", "unit_lead"),
        "desk-report-approved": Route(f"{reports}/{approved['line']['report_id']}", "unit_lead"),
        "desk-report-published": Route(f"{reports}/{published}", unit),
        "desk-preview": Route(f"{reports}/{begun['line']['report_id']}/preview", unit),
    }


@pytest.fixture(scope="module")
async def visitors(browser: Browser, town: House, routes: dict[str, Route]) -> AsyncIterator[dict[Any, Any]]:
    async with contexts(browser, town.url, routes.values(), "/desk/consultations") as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
async def test_consultation_page_is_accessible_and_keeps_its_shape(
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


async def test_every_consultation_route_is_listed(routes: dict[str, Route]) -> None:
    assert sorted(routes) == sorted(NAMES)


@pytest.mark.parametrize("name", ["consultations", "open", "lookup", "outcomes", "outcome", "clocks"])
async def test_first_view_weighs_at_most_40_kilobytes(
    name: str, town: House, routes: dict[str, Route], browser: Browser
) -> None:
    assert await first_view(browser, town.url + routes[name].path) <= 40 * 1024


@pytest.mark.parametrize("name", ["lookup", "nothing-found", "clocks-none"])
async def test_page_in_english_has_no_untranslated_sentence(name: str, town: House, routes: dict[str, Route]) -> None:
    page = await town.client.get(routes[name].path, headers={"Accept-Language": "en"})
    assert [line for line in page.text.splitlines() if "。" in line] == []


async def test_breach_stays_red_after_the_late_publication(town: House, routes: dict[str, Route]) -> None:
    for name in ("clocks", "outcomes", "outcome", "outcome-first"):
        page = (await town.client.get(routes[name].path)).text
        assert re.search(r'tag-red"><span aria-hidden="true">!</span> 逾期 4 个工作日', page), name


async def test_clock_board_says_what_is_provisional_and_suspended(town: House, routes: dict[str, Route]) -> None:
    page = (await town.client.get(routes["clocks"].path)).text
    for said in ("待国务院办公厅通知", "不早于", "《突发事件应对法》", "原期限", "未公布"):
        assert said in page, said


def _resumable(page: str) -> list[str]:
    """What the form for resuming offers."""
    found = re.search(r'<select id="suspension".*?</select>', page, re.DOTALL)
    return re.findall(r'<option value="([^"]+)"', found[0]) if found else []


async def test_office_resumes_a_suspension_and_everybody_reads_it(
    town: House, district: District, routes: dict[str, Route]
) -> None:
    asking, path = district.asking, routes["clocks"].path
    clocks = (await asking.get("/clocks?state=running&kind=report"))["items"]
    [clock] = [each for each in clocks if each["suspensions"]]
    headers = await asking.house.token("office")
    day = timedelta(days=1)
    law = {"legal_basis": "《传染病防治法》", "decided_by": "区政府"}

    async def suspend() -> None:
        body = {"from_on": str(asking.today), "to_on": str(asking.today + 4 * day), **law}
        await asking.post(f"/clocks/{clock['id']}/suspend", body, headers)

    await suspend()
    today = str(asking.today)
    chosen = f"{clock['id']}/{today}"

    cookies = {
        role: f"{SESSION}={await sign_in(town, **{'as': role, 'unit': '' if role == 'office' else UNIT})}"
        for role in ("office", "unit_lead")
    }

    async def read(role: str = "office", **more: str) -> str:
        return (await town.client.get(path, headers={"Cookie": cookies[role], **more})).text

    assert _resumable(await read()) == [chosen], "the other suspension is over"
    for page in (await read("unit_lead"), (await town.client.get(path)).text):
        assert 'name="suspension"' not in page
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', await read()))
    fields = {
        **hidden, "do": "resume", "suspension": chosen, "resumed_on": today, "reason": "疫情已经解除",
        "resumed_by": "区应急指挥部",
    }  # fmt: skip

    async def press(role: str = "office", **changes: str) -> httpx.Response:
        headers = {"Cookie": cookies[role], "Origin": town.url}
        return await town.client.post(path, data={**fields, **changes}, headers=headers)

    for field, wrong, kept in (
        ("suspension", "", 'value="疫情已经解除"'),
        ("suspension", f"{clock['id']}/2026-01-01", 'value="区应急指挥部"'),
        ("resumed_on", str(asking.today - day), 'value="疫情已经解除"'),
        ("resumed_on", "", f'<option value="{chosen}" selected>'),
        ("reason", " ", f'name="resumed_on" type="date" value="{today}"'),
        ("reason", "请电13812345678", 'value="请电13812345678"'),
        ("resumed_by", "", 'value="疫情已经解除"'),
    ):
        answer = await press(**{field: wrong})
        assert answer.status_code in (400, 422), (field, wrong)
        assert f'href="#{field}"' in _errors(answer), (field, wrong)
        assert f'id="{field}-fault"' in answer.text
        assert kept in answer.text, (field, wrong)
        assert re.findall(r"<details[^>]*open><summary>([^<]+)", answer.text) == ["提前恢复计时"]
    assert (await press(suspension=f"{asking.today}/{today}")).status_code == 422
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', await read("unit_lead")))
    assert (await press("unit_lead", **hidden)).status_code == 403
    answer = await press()
    assert (answer.status_code, answer.headers["location"]) == (303, "/clocks")
    assert _resumable(await read()) == []
    first, last = (_spelled(day) for day in (asking.today, asking.today + 4 * day))
    public = (await town.client.get(path)).text
    assert f"中止 {first} 至 {last}，未生效：疫情已经解除（区应急指挥部）" in public
    assert "中止依据：《传染病防治法》（区政府）" in public
    await suspend()
    await press(resumed_on=str(asking.today + day))
    public = (await town.client.get(path)).text
    assert (
        f"中止 {first} 至 {last}，自 {_spelled(asking.today + day)} 起恢复计时：疫情已经解除（区应急指挥部）" in public
    )
    english = (await town.client.get(path, headers={"Accept-Language": "en"})).text
    assert re.search(r"Suspended from .+ to .+, counted again from .+ on: 疫情已经解除", english)
    assert re.search(r"Suspended from .+ to .+, taken back before it took effect: 疫情已经解除", english)


def _spelled(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日 周{'一二三四五六日'[day.weekday()]}"


async def test_draft_is_for_its_unit_alone(town: House, routes: dict[str, Route]) -> None:
    public = routes["desk-draft"].path.removeprefix("/desk")
    assert (await town.client.get(public)).status_code == 404
    assert "还没有写完的草案" not in (await town.client.get("/consultations")).text


async def test_public_sees_only_what_was_shown_and_never_a_contact(town: House, routes: dict[str, Route]) -> None:
    pages = [(await town.client.get(routes[name].path)).text for name in ("digested", "outcome", "closed")]
    assert TEXTS[3] in pages[0]
    assert TEXTS[1] not in pages[0]
    assert [CONTACT in page for page in pages] == [False] * 3


async def test_groups_and_sides_of_a_report_have_addresses(town: House, routes: dict[str, Route]) -> None:
    page = (await town.client.get(routes["outcome"].path)).text
    for anchor in ('id="group-1"', 'id="group-2"', 'href="#group-1"', 'id="passage-1"', "<del>主要道路</del>"):
        assert anchor in page, anchor
    assert "座谈会人数有误" in page
    assert "单位说明：与评估制度衔接。" in page


async def received(town: House, path: str) -> int:
    return (await town.client.get(f"/api/adoption/v1{path}")).json()["received"]


async def test_opinion_sent_twice_is_one_and_another_passage_is_another(town: House, routes: dict[str, Route]) -> None:
    path = routes["open"].path
    before = await received(town, path)
    fields = {**await form_of(town, path), "text": "请写明面积标准。", "passage": "1"}
    first, again = await send(town, path, fields), await send(town, path, fields)
    other = await send(town, path, {**fields, "passage": "2"})
    assert [answer.status_code for answer in (first, again, other)] == [303] * 3
    assert first.headers["location"] == again.headers["location"] != other.headers["location"]
    assert await received(town, path) == before + 2


async def test_opinion_sent_again_with_a_contact_is_told_to_have_been_received(
    town: House, routes: dict[str, Route]
) -> None:
    path = routes["open"].path
    before = await received(town, path)
    fields = {**await form_of(town, path), "text": "请写明收费标准。", "passage": "1"}
    assert (await send(town, path, fields)).status_code == 303
    more = {**fields, "contact": "021-59732891", "submitter_kind": "enterprise"}
    answers = [await send(town, path, more)]
    # The page that came back is no way to a second one.
    shown = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answers[0].text))
    answers.append(await send(town, path, {**more, "form": shown["form"]}))
    for answer in answers:
        assert answer.status_code == 409
        told = re.findall(r'id="box-1".*?<div class="change" role="alert">(.*?)</div>', answer.text, re.DOTALL)
        assert len(told) == 1
        assert "这条意见先前已经收到" in told[0]
        assert 'href="/opinions"' in told[0]
        assert 'value="021-59732891"' in answer.text
        assert "Idempotency" not in answer.text
        assert "请更正以下内容" not in answer.text
    assert await received(town, path) == before + 1
    other = {**more, "text": "另请写明退费办法。"}
    assert (await send(town, path, other)).status_code == 303
    assert await received(town, path) == before + 2
    headers = {"Origin": town.url, "Accept-Language": "en"}
    english = await town.client.post(path, data=more, headers=headers)
    assert "This opinion was received before" in english.text


async def test_receipt_stands_in_no_address(town: House, routes: dict[str, Route]) -> None:
    path = routes["open"].path
    answer = await send(town, path, {**await form_of(town, path), "text": "希望增加监控。", "passage": ""})
    name, _, rest = answer.headers["set-cookie"].partition("=")
    receipt = rest.split(";")[0]
    assert re.fullmatch(r"[0-9A-Z]{16}", receipt)
    assert receipt not in answer.headers["location"]
    assert (
        name == "__Host-kaimen-o-" + re.fullmatch(r"/opinions/([0-9a-f]{16})\?sent=true", answer.headers["location"])[1]
    )
    flags = sorted(part.strip().lower().split("=")[0] for part in rest.split(";")[1:])
    assert flags == ["httponly", "max-age", "path", "samesite", "secure"]
    elsewhere = await town.client.get(answer.headers["location"])
    assert receipt not in elsewhere.text
    assert "输入提交时得到的回执编号" in elsewhere.text


async def test_files_are_added_read_and_deleted_on_the_page_of_the_receipt(
    town: House, routes: dict[str, Route]
) -> None:
    path = routes["open"].path
    answer = await send(town, path, {**await form_of(town, path), "text": "见附件。", "passage": ""})
    own = answer.headers["location"].partition("?")[0]
    cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0], "Origin": town.url}

    async def upload(data: bytes, name: str = "意见.pdf", headers: dict[str, str] = cookie) -> httpx.Response:
        page = await town.client.get(own, headers=headers)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return await town.client.post(f"{own}/attachments", data=fields, files={"file": (name, data)}, headers=headers)

    assert (await upload(PDF)).headers["location"] == f"{own}#files"
    refused = await upload(b"MZ" + bytes(100), "病毒.pdf")
    assert refused.status_code == 422
    assert re.search(r'href="#file">附件应为 PDF', refused.text)
    page = (await town.client.get(own, headers=cookie)).text
    assert f'href="{own}/attachments/1" download>意见.pdf' in page
    file = await town.client.get(f"{own}/attachments/1", headers=cookie)
    assert (file.content, file.headers["x-content-type-options"]) == (PDF, "nosniff")
    await upload("见第一条。".encode(), "补充.txt")
    text = await town.client.get(f"{own}/attachments/2", headers=cookie)
    assert (text.text, text.headers["content-type"]) == ("见第一条。", "text/plain; charset=utf-8")
    for stranger in (
        await town.client.get(f"{own}/attachments/1"),
        await upload(PDF, headers={"Origin": town.url}),
        await town.client.post(f"{own}/attachments/1/drop", headers={"Origin": town.url}),
    ):
        assert "输入提交时得到的回执编号" in stranger.text
        assert PDF not in stranger.content
    assert (await town.client.post(f"{own}/attachments/1/drop", headers=cookie)).status_code == 303
    assert "意见.pdf" not in (await town.client.get(own, headers=cookie)).text


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example"])
async def test_opinion_from_elsewhere_is_refused(origin: str | None, town: House, routes: dict[str, Route]) -> None:
    path = routes["open"].path
    before = await received(town, path)
    fields = {**await form_of(town, path), "text": "外站的意见", "passage": ""}
    assert (await send(town, path, fields, origin=origin)).status_code == 403
    assert await received(town, path) == before


@pytest.mark.parametrize(
    ("change", "status", "summary"),
    [
        ({"text": " "}, 422, 'href="#text-2"'),
        ({"text": "多" * 5001}, 422, 'href="#text-2"'),
        ({"text": "<b>粗</b>"}, 422, 'href="#text-2"'),
        ({"website": "https://spam.example"}, 409, "重新提交"),
        ({"form": "1.0.forged.mark"}, 409, "重新提交"),
    ],
)
async def test_refused_opinion_comes_back_with_what_was_typed(
    change: dict[str, str], status: int, summary: str, town: House, routes: dict[str, Route]
) -> None:
    path = routes["open"].path
    before = await received(town, path)
    given = {"text": "第二条应写明标准。", "passage": "2", "contact": "021-59732890", "submitter_kind": "enterprise"}
    answer = await send(town, path, {**await form_of(town, path), **given, **change})
    assert answer.status_code == status
    errors = _errors(answer)
    assert summary in errors
    assert 'value="021-59732890"' in answer.text
    assert '<option value="enterprise" selected>' in answer.text
    assert re.search(r'id="box-2".*?<details open>', answer.text, re.DOTALL)
    assert await received(town, path) == before


def _errors(answer: httpx.Response) -> str:
    found = re.search(r'<div class="errors".*?</div>', answer.text, re.DOTALL)
    assert found, answer.text
    return found[0]


async def test_closed_consultation_takes_no_opinion(town: House, routes: dict[str, Route]) -> None:
    path = routes["closed"].path
    assert "<textarea" not in (await town.client.get(path)).text
    fields = {**await form_of(town, routes["open"].path), "text": "来晚了", "passage": ""}
    answer = await send(town, path, fields)
    assert answer.status_code == 409
    assert "现在不在征求意见期内" in _errors(answer)


@pytest.mark.parametrize(("typed", "status"), [("", 422), ("不是编号", 422), ("0000000000000000", 404)])
async def test_unknown_receipt_is_asked_for_again(typed: str, status: int, town: House) -> None:
    answer = await send(town, "/opinions", {"receipt": typed})
    assert answer.status_code == status
    assert 'href="#receipt"' in _errors(answer)
    assert f'value="{typed}"' in answer.text


async def test_longer_period_that_is_none_comes_back_with_its_reason(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_editor", "standard"].new_page()
    await page.goto(town.url + routes["desk-open"].path)
    await page.click("#extend summary")
    await page.fill("#closes_on", "2026-12-20")
    await page.fill("#reason", "应居民要求")
    await page.click("#extend button")
    assert await page.locator(".errors a[href='#closes_on']").count() == 1, await page.inner_text("main")
    assert await page.input_value("#reason") == "应居民要求"
    await page.close()


async def test_report_with_a_count_that_does_not_add_up_comes_back_whole(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_editor", "standard"].new_page()
    await page.goto(town.url + routes["desk-report"].path)
    await page.fill("#p0_received", "9")
    await page.fill("#summary", "还没有写完的总体情况")
    await page.fill("#f0_text", "改过的第一条")
    await page.click("main .actions button[value=save]")
    assert await page.locator(".errors a[href='#p0_received']").count() == 1, await page.inner_text("main")
    kept = [await page.input_value(field) for field in ("#p0_received", "#summary", "#f0_text")]
    assert kept == ["9", "还没有写完的总体情况", "改过的第一条"]
    await page.close()


async def test_report_that_says_too_soon_that_its_decision_was_given_up_leads_to_the_box(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    page = await visitors["unit_editor", "standard"].new_page()
    await page.goto(town.url + routes["desk-report"].path)
    told = page.locator(".checklist a[href='#dropped']")
    for ticked, many in ((True, 1), (False, 0)):
        await page.set_checked("#dropped", ticked)
        await page.click("main .actions button[value=save]")
        await expect(told).to_have_count(many)
    await page.close()


async def test_matrix_of_many_groups_has_pages_and_leads_back_to_where_one_was(
    town: House, district: District, routes: dict[str, Route]
) -> None:
    """The last group that has no answer is answered among those without one: the page before it follows."""
    asking = district.asking
    consultation = await district.consultation(title="很多意见组")
    for n in range(ROWS + 1):
        await asking.send(consultation, f"第 {n} 条意见。")
    for n in range(ROWS + 1):
        await asking.group(consultation, [n + 1], summary=f"第 {n} 组说的")
    desk = f"/desk/consultations/{consultation['id']}/matrix"
    cookie = {"Cookie": f"{SESSION}={await sign_in(town, **{'as': 'unit_editor', 'unit': UNIT})}", "Origin": town.url}

    async def rows(query: str) -> list[str]:
        page = (await town.client.get(desk + query, headers=cookie)).text
        return re.findall(r'<tr id="group-(\d+)"', page)

    first, last = [str(n) for n in range(1, ROWS + 1)], str(ROWS + 1)
    assert "待归类 0" in (await town.client.get(desk, headers=cookie)).text, "grouped, though not answered"
    assert await rows("") == await rows("?no=3") == await rows("?no=0&state=nonsense") == first
    assert await rows(f"?no={last}") == await rows("?no=999999") == [last]
    assert await rows("?state=concentrated") == []
    page = (await town.client.get(f"{desk}?state=unanswered&no={last}", headers=cookie)).text
    action = re.search(rf'action="({desk}/[0-9a-f-]+)#group-{last}"', page)
    assert action
    fields = {
        **dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page)),
        "no": last,
        "do": "answer",
    }
    unsaid = await town.client.post(action[1], data={**fields, "outcome": "partly", "reason": ""}, headers=cookie)
    assert (unsaid.status_code, re.findall(r'<tr id="group-(\d+)"', unsaid.text)) == (422, [last])
    saved = await town.client.post(action[1], data={**fields, "outcome": "adopted", "reason": "合理"}, headers=cookie)
    query = saved.headers["location"].removeprefix(desk)
    assert query == f"?state=unanswered&no={last}&done=answered#group-{last}"
    assert await rows(query) == first


async def test_contact_is_shown_only_when_it_is_asked_for(
    town: House, routes: dict[str, Route], visitors: dict[Any, BrowserContext]
) -> None:
    path = routes["desk-open"].path + "/opinions"
    page = await visitors["unit_editor", "standard"].new_page()
    await page.goto(f"{town.url}{path}")
    assert CONTACT not in await page.content()
    await page.goto(f"{town.url}{path}/2")
    assert CONTACT not in await page.content()
    await page.click("button:has-text('查看联系方式')")
    assert CONTACT in await page.inner_text("main")
    await page.close()
