"""A consultation from its notice to the published answers, over HTTP: CO1 to CO7, and what it must refuse."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from component.test_representatives import DAY, Hall, open_town
from houses import House, problem_of, until
from kaimen.adoption.domain.consultations import CHANNELS
from kaimen.kit.clock import local_date

UNIT = "区教育局"
PASSAGES = [
    {"key": "1", "heading": "第一条", "text": "学区按道路划分。"},
    {"key": "2", "heading": "第二条", "text": "自发布之日起施行。"},
]
UNUSED = [channel for channel in CHANNELS if channel != "website"]
PDF = b"%PDF-1.4\ntrailer\n<<>>\n%%EOF\n"
ID_NUMBER = "31011819000101006X"


class Bureau(Hall):
    """A unit that asks the public, and the people around it. Its clock starts anew with each consultation."""

    api = "/api/adoption/v1"

    @property
    def today(self) -> date:
        return local_date(self.now)

    def draft(self, **changes: Any) -> dict[str, Any]:
        return {
            "title": "学区调整方案（草案）征求意见",
            "passages": PASSAGES,
            "explanation": "生源变化，需要调整。",
            "ways": [{"kind": "page"}, {"kind": "post", "address": "公园路100号"}],
            "channels": [{"channel": "website", "name": "区政府网站"}],
            "opens_on": self.today.isoformat(),
            "closes_on": (self.today + timedelta(days=30)).isoformat(),
            **changes,
        }

    async def lead(self, name: str = "负责人") -> dict[str, str]:
        return await self.house.token("unit_lead", UNIT, name)

    async def planned(self, **changes: Any) -> dict[str, Any]:
        return await self.post("/consultations", self.draft(**changes))

    async def opened(self, **changes: Any) -> dict[str, Any]:
        planned = await self.planned(**changes)
        return await self.post(f"/consultations/{planned['id']}/open")

    async def send(self, consultation: dict[str, Any], text: str = "应按小区划分。", **more: Any) -> dict[str, Any]:
        answer = await self.ask("POST", f"/consultations/{consultation['id']}/opinions", {"text": text, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def over(self) -> None:
        """The last day is over."""
        self.wait_for(31 * DAY)

    async def group(self, consultation: dict[str, Any], numbers: list[int], **more: Any) -> dict[str, Any]:
        body = {"summary": "希望按小区划分", "opinions": numbers, **more}
        return await self.post(f"/consultations/{consultation['id']}/clusters", body)

    async def reply(
        self, group: dict[str, Any], outcome: str = "adopted", reason: str = "意见合理。", **more: Any
    ) -> Any:
        body = {"outcome": outcome, "reason": reason, **more}
        answer = await self.ask("PUT", f"/clusters/{group['id']}/answer", body, await self.staff())
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def upload(self, consultation: dict[str, Any], data: bytes, *, dry_run: bool = False, **person: Any) -> Any:
        path = f"{self.api}/consultations/{consultation['id']}/opinions/import?dry_run={str(dry_run).lower()}"
        return await self.house.client.post(
            path, files={"file": ("意见.csv", data)}, headers=person.get("headers") or await self.staff()
        )

    async def attach(
        self, path: str, data: bytes, name: str = "意见.pdf", headers: dict[str, str] | None = None
    ) -> Any:
        files = {"file": (name, data)}
        return await self.house.client.post(f"{self.api}{path}/attachments", files=files, headers=headers or {})

    async def report(self, consultation: dict[str, Any], **changes: Any) -> dict[str, Any]:
        body = {"consultation": consultation["id"], "basis": "沪府令", "not_used": UNUSED, **changes}
        return await self.post("/reports", body)

    async def approved(self, report: dict[str, Any]) -> dict[str, Any]:
        return await self.post(f"/reports/{report['line']['report_id']}/approve", headers=await self.lead())

    async def published(self, consultation: dict[str, Any], **changes: Any) -> dict[str, Any]:
        report = await self.approved(await self.report(consultation, **changes))
        return await self.post(f"/reports/{report['line']['report_id']}/publish")

    async def answered(self, texts: int = 3, **changes: Any) -> dict[str, Any]:
        """A closed consultation, every opinion of it in one answered group."""
        consultation = await self.opened(**changes)
        for n in range(texts):
            await self.send(consultation, f"应按小区划分，不应按道路划分（{n}）。", passage="1")
        self.over()
        if texts:
            change = {"passage": "1", "before": "按道路划分", "after": "按小区划分"}
            await self.reply(await self.group(consultation, list(range(1, texts + 1)), passage="1"), change=change)
        return consultation


@asynccontextmanager
async def open_bureau(folder: Path) -> AsyncIterator[House]:
    async with open_town(folder, "accounts,adoption,calendar") as house:
        await until(lambda: _knows_units(house))
        yield house


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_bureau(tmp_path_factory.mktemp("town")) as house:
        yield house


async def _knows_units(house: House) -> bool:
    database = await house.database("adoption")
    try:
        return await database.fetchval("select count(*) from units") == 2
    finally:
        await database.close()


@pytest.fixture
def bureau(town: House) -> Bureau:
    return Bureau(town)


async def test_opinion_is_followed_from_receipt_to_changed_clause(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipt = await bureau.send(consultation, "应按小区划分。", passage="1", contact="13800001234")
    for n in range(2):
        await bureau.send(consultation, f"按小区划分更合理（{n}）。", passage="1")
    bureau.over()
    mine = await bureau.get(f"/opinions/{receipt['receipt'].lower()}")
    assert (mine["state"], mine["outcome"], mine["text"]) == ("received", None, "应按小区划分。")

    group = await bureau.group(consultation, [1, 2, 3], passage="1")
    change = {"passage": "1", "before": "按道路划分", "after": "按小区划分"}
    await bureau.reply(group, change=change)
    assert (await bureau.get(f"/opinions/{receipt['receipt']}"))["outcome"] is None, "told before the report is public"
    final = [{"key": "1", "text": "学区按小区划分。"}, {"key": "2", "text": "自发布之日起施行。"}]
    published = await bureau.published(consultation, final=final)

    mine = await bureau.get(f"/opinions/{receipt['receipt']}")
    assert (mine["state"], mine["outcome"], mine["change"]) == ("answered", "adopted", change)
    body = await bureau.get(f"/reports/{published['line']['report_id']}")
    assert body["tally"]["received"] == body["tally"]["adopted"] == 3
    assert body["groups"][0]["concentrated"]
    first = body["passages"][0]
    assert (first["before"], first["after"], first["groups"]) == ("学区按道路划分。", "学区按小区划分。", [1])
    assert "13800001234" not in str(body)
    assert (await bureau.get(f"/consultations/{consultation['id']}"))["state"] == "digested"


async def test_deleted_passage_says_why(bureau: Bureau) -> None:
    consultation = await bureau.answered()
    final = [{"key": "1", "text": "学区按小区划分。"}, {"key": "2", "note": "施行日期另行公布。"}]
    published = await bureau.published(consultation, final=final)
    _, second = published["document"]["passages"]
    assert (second["after"], second["note"]) == (None, "施行日期另行公布。")
    assert second["before"]


async def test_only_passages_of_the_draft_can_be_deleted(bureau: Bureau) -> None:
    body = {"consultation": (await bureau.answered())["id"], "final": [{"key": "9", "note": "不再需要。"}]}
    answer = await bureau.ask("POST", "/reports", body, await bureau.staff())
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["type"] == "/problems/adoption.nothing-to-delete"
    assert problem["errors"][0]["field"] == "final[0].text"


async def test_report_is_found_by_what_is_published_of_it(bureau: Bureau) -> None:
    report = await bureau.published(await bureau.answered(), title="原来公布的标题")
    path = f"/reports/{report['line']['report_id']}"
    await bureau.post(f"{path}/correct", {"reason": "改标题"})
    answer = await bureau.ask("PATCH", path, {"title": "还没有审核的标题"}, await bureau.staff())
    assert answer.status_code == 200, answer.text

    async def found(query: str, headers: dict[str, str] | None = None) -> list[str]:
        items = (await bureau.get(f"/reports?{query}", headers))["items"]
        return [each["title"] for each in items if each["report_id"] == report["line"]["report_id"]]

    assert await found("q=原来公布的标题") == await found("state=published") == ["原来公布的标题"]
    assert await found("q=还没有审核的标题") == await found("state=drafting") == []
    assert await found("q=还没有审核的标题&state=drafting", await bureau.staff()) == ["还没有审核的标题"]


async def test_what_is_entered_late_is_counted_where_it_was_told_and_as_published(bureau: Bureau) -> None:
    consultation = await bureau.answered(texts=1)
    database = await bureau.house.database("adoption")

    async def told() -> int | None:
        newest = """select body from outbox where aggregate_id = $1 and subject = 'adoption.consultation.closed.v1'
            order by seq desc limit 1"""
        body = await database.fetchval(newest, consultation["id"])
        return msgspec.json.decode(body)["received"] if body else None

    async def public() -> int:
        return (await bureau.get(f"/consultations/{consultation['id']}"))["received"]

    await until(told)
    paper = {"text": "按居住小区。", "channel": "written", "received_on": consultation["opens_on"]}
    path = f"/consultations/{consultation['id']}/opinions"
    await bureau.post(path, paper)
    assert (await told(), await public()) == (2, 2)
    await bureau.reply(await bureau.group(consultation, [2]))
    unused = [each for each in UNUSED if each != "written"]
    report = f"/reports/{(await bureau.published(consultation, not_used=unused))['line']['report_id']}"
    await bureau.post(f"{report}/correct", {"reason": "漏收一封信"})
    await bureau.post(path, {**paper, "text": "按道路更好。"})
    background = {"background_url": "https://example.cn/background"}
    said = await bureau.ask("PATCH", f"/consultations/{consultation['id']}", background, await bureau.staff())
    assert said.is_success, said.text
    assert (await told(), await public()) == (2, 2)
    await bureau.reply(await bureau.group(consultation, [3]))
    await bureau.post(f"{report}/approve", headers=await bureau.lead())
    await bureau.post(f"{report}/publish")
    assert (await told(), await public()) == (3, 3)
    await database.close()


async def test_author_reads_what_is_published_while_a_correction_regroups(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipts = [(await bureau.send(consultation, f"意见{n}，应按小区划分。"))["receipt"] for n in range(5)]
    bureau.over()
    first = await bureau.group(consultation, [1, 2, 3])
    second = await bureau.group(consultation, [4, 5], summary="另一件事")
    await bureau.reply(first)
    await bureau.reply(second, outcome="not_adopted", reason="与上位法不符。")
    report = await bureau.published(consultation)
    before = [await bureau.get(f"/opinions/{receipt}") for receipt in receipts]
    assert [each["outcome"] for each in before] == ["adopted"] * 3 + ["not_adopted"] * 2
    assert [each["group_size"] for each in before] == [3, 3, 3, 2, 2]
    path = f"/reports/{report['line']['report_id']}"
    await bureau.post(f"{path}/correct", {"reason": "归错了组"})
    for group, body in ((second, {"remove": [4]}), (first, {"add": [4], "summary": "还没有审核的概括"})):
        answer = await bureau.ask("PATCH", f"/clusters/{group['id']}", body, await bureau.staff())
        assert answer.status_code == 200, answer.text
    aside = {"kind": "withdrawn", "reason": "来电"}
    await bureau.post(f"/consultations/{consultation['id']}/opinions/3/set-aside", aside)
    assert [await bureau.get(f"/opinions/{receipt}") for receipt in receipts] == before
    await bureau.post(f"{path}/approve", headers=await bureau.lead())
    await bureau.post(f"{path}/publish")
    after = [await bureau.get(f"/opinions/{receipt}") for receipt in receipts]
    assert [each["group_size"] for each in after] == [3, 3, 0, 3, 1]
    assert after[2]["state"] == "withdrawn"
    assert (after[3]["outcome"], after[3]["group_summary"]) == ("adopted", "还没有审核的概括")


async def contact_of(bureau: Bureau, consultation: dict[str, Any], no: int) -> str | None:
    found = await bureau.get(f"/consultations/{consultation['id']}/opinions/{no}", await bureau.staff())
    return found["contact"]


async def test_correction_keeps_no_contact_longer_than_promised(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    await bureau.send(consultation, "应按小区划分。", contact="13900000001")
    gone = await bureau.send(consultation, "算了。", contact="13900000002")
    await bureau.post(f"/opinions/{gone['receipt']}/withdraw", headers={})
    assert not await contact_of(bureau, consultation, 2), "withdrawn, and still known by phone"
    bureau.over()
    await bureau.reply(await bureau.group(consultation, [1]))
    path = f"/reports/{(await bureau.published(consultation))['line']['report_id']}"
    bureau.wait_for(timedelta(days=170))
    assert await contact_of(bureau, consultation, 1) == "13900000001"
    await bureau.post(f"{path}/correct", {"reason": "错字"})
    await bureau.post(f"{path}/approve", headers=await bureau.lead())
    await bureau.post(f"{path}/publish")
    bureau.wait_for(timedelta(days=11))

    async def forgotten() -> bool:
        return not await contact_of(bureau, consultation, 1)

    await until(forgotten)


async def test_who_may_not_import_is_told_so_however_long_the_file_is(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    rows = ("意见\n" + "应按小区划分。\n" * 60_000).encode()
    nobody = {"headers": {"Authorization": ""}}
    answers = [await bureau.upload(consultation, rows, **nobody) for _ in range(60)]
    assert {answer.status_code for answer in answers} <= {401, 403}


async def test_report_names_every_channel_used_or_not(bureau: Bureau) -> None:
    consultation = await bureau.answered()
    forum = {
        "kind": "forum", "title": "居民座谈会", "held_on": bureau.today.isoformat(), "people": 12,
        "counted": {"received": 5, "adopted": 2, "not_adopted": 3},
    }  # fmt: skip
    unused = [channel for channel in UNUSED if channel != "forum"]
    published = await bureau.published(consultation, participations=[forum], not_used=unused)
    body = published["document"]
    lines = {line["channel"]: line for line in body["channels"]}
    assert len(lines) == 13
    assert (lines["forum"]["used"], lines["forum"]["people"], lines["forum"]["tally"]["received"]) == (True, 12, 5)
    assert [line["channel"] for line in body["channels"] if not line["used"]] == unused
    tally = body["tally"]
    assert tally["received"] == 8 == sum(number for name, number in tally.items() if name != "received")


async def test_nothing_received_is_still_a_report(bureau: Bureau) -> None:
    published = await bureau.published(await bureau.answered(texts=0))
    assert published["document"]["tally"]["received"] == 0
    assert published["line"]["state"] == "published"


async def test_correction_is_a_new_version_beside_the_old_one(bureau: Bureau) -> None:
    report = await bureau.published(await bureau.answered())
    id = report["line"]["report_id"]
    first = await bureau.get(f"/reports/{id}")
    await bureau.post(f"/reports/{id}/correct", {"reason": "漏写座谈会"})
    answer = await bureau.ask("PATCH", f"/reports/{id}", {"summary": "更正后的说明"}, await bureau.staff())
    assert answer.status_code == 200, answer.text
    assert await bureau.get(f"/reports/{id}") == first, "shown while the next version is being written"
    await bureau.post(f"/reports/{id}/approve", headers=await bureau.lead())
    await bureau.post(f"/reports/{id}/publish")
    second = await bureau.get(f"/reports/{id}")
    assert (second["number"], second["correction"], second["summary"]) == (2, "漏写座谈会", "更正后的说明")
    assert await bureau.get(f"/reports/{id}?version=1") == first
    versions = (await bureau.get(f"/reports/{id}/versions"))["items"]
    assert second["previous_sha256"] == versions[0]["sha256"]
    database = await bureau.house.database("adoption")
    with pytest.raises(Exception, match="append-only"):
        await database.execute("update report_versions set sha256 = ''")
    await database.close()


async def test_report_reads_as_csv_without_formulas(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    bureau.over()
    await bureau.reply(await bureau.group(consultation, [1], summary="=1+1 按小区划分"))
    report = await bureau.published(consultation)
    path = f"{bureau.api}/reports/{report['line']['report_id']}?format=csv"
    answer = await bureau.house.client.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    row = next(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (row["group"], row["opinions"], row["outcome"]) == ("1", "1", "adopted")
    assert row["summary"] == "'=1+1 按小区划分"
    again = await bureau.house.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_import_takes_all_rows_or_names_the_bad_ones(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    good = f"意见,渠道,条款,日期\n保留现有公交线路。,座谈会,1,{bureau.today}\n增加站点。,报刊,,{bureau.today}\n"
    bad = (
        good
        + f"<b>粗体</b>,座谈会,1,{bureau.today}\n太远。,微信群,1,{bureau.today}\n没有这条。,座谈会,9,{bureau.today}\n"
    )
    refused = await bureau.upload(consultation, bad.encode())
    assert problem_of(refused) == (422, "/problems/adoption.bad-import")
    assert [each["field"] for each in refused.json()["errors"]] == [
        "rows[4].text",
        "rows[5].channel",
        "rows[6].passage",
    ]
    tried = (await bureau.upload(consultation, bad.encode(), dry_run=True)).json()
    assert (tried["rows"], len(tried["errors"]), tried["first"]) == (2, 3, None)
    assert (await bureau.get(f"/consultations/{consultation['id']}"))["received"] == 0

    done = await bureau.upload(consultation, good.encode("gb18030"))
    assert done.json()["by_channel"] == {"forum": 1, "newspaper": 1}
    assert (done.json()["first"], done.json()["last"]) == (1, 2)


async def test_proposals_show_text_and_reason_and_decide_nothing(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    for text in ("保留 17 路公交线路，方便老人就医。", "希望保留17路公交线路！", "增加图书馆座位。", "增加图书馆座位"):
        await bureau.send(consultation, text)
    bureau.over()
    path = f"/consultations/{consultation['id']}/proposals"
    found = await bureau.get(path, await bureau.staff())
    groups = {tuple(sorted(each["no"] for each in group["opinions"])): group for group in found["groups"]}
    assert set(groups) == {(1, 2), (3, 4)}
    assert any("公交线路" in word for word in groups[1, 2]["opinions"][1]["shared"])
    matrix = await bureau.get(f"/consultations/{consultation['id']}/matrix", await bureau.staff())
    assert (matrix["waiting"], matrix["groups"]) == (4, [])

    group = await bureau.group(consultation, [1], summary="保留公交线路")
    near = await bureau.get(f"{path}?group={group['id']}", await bureau.staff())
    assert [each["no"] for each in near["groups"][0]["opinions"]] == [2]


async def test_withdrawn_and_duplicate_opinions_stay_counted(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipts = [await bureau.send(consultation, f"意见 {n}") for n in range(3)]
    assert (await bureau.post(f"/opinions/{receipts[0]['receipt']}/withdraw", headers={}))["state"] == "withdrawn"
    bureau.over()
    base = f"/consultations/{consultation['id']}/opinions"
    same = {"kind": "duplicate", "reason": "同一人重复提交", "duplicate_of": 2}
    await bureau.post(f"{base}/3/set-aside", same)
    await bureau.reply(await bureau.group(consultation, [2]), "not_adopted", "与上位法不符。")
    tally = (await bureau.published(consultation))["document"]["tally"]
    assert (tally["received"], tally["withdrawn"], tally["duplicate"], tally["not_adopted"]) == (3, 1, 1, 1)


async def test_public_reads_only_what_was_shown(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    await bureau.send(consultation, f"我是{ID_NUMBER}，请保留。")
    await bureau.send(consultation, "请保留线路。")
    base = f"/consultations/{consultation['id']}/opinions"
    assert (await bureau.get(base))["items"] == []
    refused = await bureau.ask("POST", f"{base}/1/moderate", {"show": True}, await bureau.staff())
    assert problem_of(refused) == (422, "/problems/adoption.personal-data-in-text")
    await bureau.post(f"{base}/1/moderate", {"show": True, "text": "请保留。", "reason": "隐去身份证号"})
    await bureau.post(f"{base}/2/moderate", {"show": False, "reason": "含有攻击性语言"})
    shown = (await bureau.get(base))["items"]
    assert [(each["no"], each["text"]) for each in shown] == [(1, "请保留。")]
    assert set(shown[0]) == {"no", "received_on", "channel", "passage", "text", "shortened", "note"}
    assert (shown[0]["shortened"], shown[0]["note"]) == (True, "隐去身份证号")


async def test_consultation_closes_by_itself_and_is_extended_only(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    path = f"/consultations/{consultation['id']}"
    later = (bureau.today + timedelta(days=40)).isoformat()
    extended = await bureau.post(f"{path}/extend", {"closes_on": later, "reason": "应公众要求"})
    assert [each["closed_before_on"] for each in extended["extensions"]] == [consultation["closes_on"]]
    bureau.over()
    assert (await bureau.get(path))["state"] == "open"
    bureau.wait_for(11 * DAY)
    assert (await bureau.get(path))["state"] == "closed"
    await until(lambda: _closed(bureau, path))
    late = await bureau.ask("POST", f"{path}/opinions", {"text": "晚了"})
    assert problem_of(late) == (409, "/problems/adoption.not-open")


async def _closed(bureau: Bureau, path: str) -> bool:
    return (await bureau.get(path))["closed_at"] is not None


async def test_contacts_are_sealed_recorded_when_read_and_forgotten(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    await bureau.send(consultation, contact="13800001234")
    path = f"/consultations/{consultation['id']}/opinions/1"
    database = await bureau.house.database("adoption")
    sealed = await database.fetchval("select contact from opinions where consultation_id = $1", consultation["id"])
    assert b"1380" not in sealed
    assert (await bureau.get(path, await bureau.staff()))["contact"] == "13800001234"
    reads = "select count(*) from audit where action = 'read-contact' and object = $1"
    assert await database.fetchval(reads, f"consultation:{consultation['id']}") == 1
    bureau.over()
    await bureau.reply(await bureau.group(consultation, [1]))
    await bureau.published(consultation)
    bureau.wait_for(181 * DAY)

    async def forgotten() -> bool:
        return (await bureau.get(path, await bureau.staff()))["contact"] == ""

    await until(forgotten)
    await database.close()


async def test_search_of_the_public_does_not_find_what_was_left_out(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipt = await bureau.send(consultation, "我叫赵钱孙，请保留线路。")
    base = f"/consultations/{consultation['id']}/opinions"
    await bureau.post(f"{base}/1/moderate", {"show": True, "text": "请保留线路。", "reason": "隐去姓名"})
    assert (await bureau.get(f"{base}?q=赵钱孙"))["items"] == []
    assert len((await bureau.get(f"{base}?q=线路"))["items"]) == 1
    assert len((await bureau.get(f"{base}?q=赵钱孙", await bureau.staff()))["items"]) == 1
    await bureau.post(f"/opinions/{receipt['receipt']}/withdraw", headers={})
    assert (await bureau.get(base))["items"] == [], "shown after its author took it back"


async def test_nobody_puts_words_into_the_mouth_of_an_author(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipt = (await bureau.send(consultation, "我叫赵钱孙，请延长时间。"))["receipt"]
    path = f"/consultations/{consultation['id']}/opinions/1/moderate"
    for text in ("非常赞成，请尽快", "请延长时间。我叫赵钱孙，", "我叫赵钱孙，请延长时间！！"):
        body = {"show": True, "text": text, "reason": "删去姓名"}
        refused = await bureau.ask("POST", path, body, await bureau.staff())
        assert problem_of(refused) == (422, "/problems/adoption.not-its-words")
    for text in ("请延长时间。", "我叫某某，请延长时间。", "我叫***，请延长时间。", "【姓名略】请延长时间。"):
        await bureau.post(path, {"show": True, "text": text, "reason": "删去姓名"})
    own = await bureau.get(f"/opinions/{receipt}")
    assert (own["text"], own["public_text"]) == ("我叫赵钱孙，请延长时间。", "【姓名略】请延长时间。")


async def test_what_its_author_withdrew_stays_withdrawn(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipts = [(await bureau.send(consultation, f"我会撤回（{n}）。"))["receipt"] for n in range(2)]
    base = f"/consultations/{consultation['id']}/opinions"
    await bureau.post(f"{base}/1/moderate", {"show": True})
    await bureau.post(f"{base}/2/set-aside", {"kind": "duplicate", "reason": "同一人", "duplicate_of": 1})
    await bureau.post(f"/opinions/{receipts[0]}/withdraw", headers={})
    for step, body in (("take-back", None), ("moderate", {"show": True})):
        refused = await bureau.ask("POST", f"{base}/1/{step}", body, await bureau.staff())
        assert problem_of(refused) == (409, "/problems/adoption.withdrawn-by-author")
    assert (await bureau.get(base))["items"] == []
    assert (await bureau.get(f"/opinions/{receipts[0]}"))["state"] == "withdrawn"
    repeated = await bureau.get(f"/opinions/{receipts[1]}")
    assert repeated["state"] == "received", "its author hears nothing of it where the first one is gone"


async def test_what_is_decided_of_an_opinion_is_held_against_what_was_seen(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    await bureau.send(consultation, "夏阳街道张三：应按小区划分。")
    bureau.over()
    path, staff = f"/consultations/{consultation['id']}/opinions/1", await bureau.staff()
    seen = (await bureau.ask("GET", path, headers=staff)).headers["etag"]
    withheld = await bureau.ask("POST", f"{path}/moderate", {"show": False, "reason": "含有姓名"}, staff)
    aside = {"kind": "withdrawn", "reason": "来电撤回"}
    for step, body in (("moderate", {"show": True}), ("set-aside", aside), ("take-back", None)):
        refused = await bureau.ask("POST", f"{path}/{step}", body, {**staff, "If-Match": seen})
        assert problem_of(refused) == (412, "/problems/kit.stale-version")
    assert (await bureau.get(path, staff))["visibility"] == "withheld"
    now = {**staff, "If-Match": withheld.headers["etag"]}
    assert (await bureau.ask("POST", f"{path}/set-aside", aside, now)).json()["version"] == 3


@pytest.mark.parametrize(
    "hand",
    ["enters", "imports", "groups", "rewords", "answers", "answers-before-another", "sets-aside", "takes-back"],
)
async def test_whoever_had_a_hand_in_the_answers_does_not_approve(bureau: Bureau, hand: str) -> None:
    consultation = await bureau.opened()
    for n in range(3):
        await bureau.send(consultation, f"应按小区划分（{n}）。")
    bureau.over()
    lead, path = await bureau.lead(), f"/consultations/{consultation['id']}"
    if hand == "enters":
        await bureau.post(f"{path}/opinions", {"text": "书面意见", "channel": "written"}, lead)
    if hand == "imports":
        assert (await bureau.upload(consultation, "意见\n书面意见".encode(), headers=lead)).is_success
    entered = [4] if hand in ("enters", "imports") else []
    body = {"summary": "希望按小区划分", "opinions": [1, 2, *entered]}
    group = await bureau.post(f"{path}/clusters", body, lead if hand == "groups" else None)
    aside = {"kind": "withdrawn", "reason": "来电撤回"}
    await bureau.post(f"{path}/opinions/3/set-aside", aside, lead if hand == "sets-aside" else None)
    if hand == "rewords":
        assert (await bureau.ask("PATCH", f"/clusters/{group['id']}", {"summary": "按小区"}, lead)).is_success
    if hand in ("answers", "answers-before-another"):
        given = {"outcome": "adopted", "reason": "意见合理。"}
        assert (await bureau.ask("PUT", f"/clusters/{group['id']}/answer", given, lead)).is_success
    if hand == "takes-back":
        await bureau.post(f"{path}/opinions/3/take-back", headers=lead)
        await bureau.post(f"{path}/opinions/3/set-aside", aside)
    if hand != "answers":
        await bureau.reply(group)
    unused = [channel for channel in UNUSED if not (entered and channel == "written")]
    report = f"/reports/{(await bureau.report(consultation, not_used=unused))['line']['report_id']}"
    refused = await bureau.ask("POST", f"{report}/approve", headers=lead)
    assert problem_of(refused) == (403, "/problems/adoption.four-eyes")
    await bureau.post(f"{report}/approve", headers=await bureau.lead("另一位负责人"))


async def test_decision_is_told_whenever_the_last_opinion_is_handled_or_one_waits_again(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipts = [(await bureau.send(consultation, f"应按小区划分（{n}）。"))["receipt"] for n in range(3)]
    path = f"/consultations/{consultation['id']}"
    group = await bureau.group(consultation, [1, 2])
    bureau.over()
    await bureau.post(f"{path}/close")
    await bureau.reply(group)
    await bureau.post(f"{path}/opinions/3/set-aside", {"kind": "duplicate", "reason": "同一人", "duplicate_of": 2})
    await bureau.reply(group, "partly")
    await bureau.post(f"/opinions/{receipts[1]}/withdraw", headers={})
    await bureau.post(f"/opinions/{receipts[2]}/withdraw", headers={})
    assert (await bureau.ask("DELETE", f"/clusters/{group['id']}", headers=await bureau.staff())).is_success
    await bureau.reply(await bureau.group(consultation, [1]))
    await bureau.published(consultation)
    assert await told_handled(bureau.house, consultation["id"]) == [False, True, False, True, False, True]


async def told_handled(house: House, consultation: str) -> list[bool]:
    """What was said each time since its end: whether no opinion waited."""
    query = """select (convert_from(body, 'UTF8')::jsonb ->> 'handled')::boolean as handled from outbox
        where aggregate_id = $1 and subject = 'adoption.consultation.closed.v1' order by seq"""
    database = await house.database("adoption")
    try:
        return [row["handled"] for row in await database.fetch(query, consultation)]
    finally:
        await database.close()


async def test_channels_announced_for_the_whole_period_follow_it(bureau: Bureau) -> None:
    planned = await bureau.planned()
    longer = {"closes_on": (bureau.today + timedelta(days=40)).isoformat()}
    changed = await bureau.ask("PATCH", f"/consultations/{planned['id']}", longer, await bureau.staff())
    assert changed.json()["channels"][0]["to_on"] == longer["closes_on"]
    await bureau.post(f"/consultations/{planned['id']}/open")
    longest = {"closes_on": (bureau.today + timedelta(days=50)).isoformat(), "reason": "应居民要求"}
    extended = await bureau.post(f"/consultations/{planned['id']}/extend", longest)
    assert extended["channels"][0]["to_on"] == longest["closes_on"]


async def test_import_reads_dates_as_people_write_them_and_says_what_it_leaves_out(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    day = bureau.today
    written = (
        day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}", f"{day.isoformat()} 09:30:00",
    )  # fmt: skip
    sheet = "\n".join(
        ["意见,收到日期,手机号,窗口号", *(f"第{n}条,{each},13800001234,5" for n, each in enumerate(written))]
    )
    seen = (await bureau.upload(consultation, sheet.encode(), dry_run=True)).json()
    assert (seen["errors"], seen["ignored"], seen["rows"]) == ([], ["窗口号"], len(written))
    assert (await bureau.upload(consultation, sheet.encode())).status_code == 200
    path = f"/consultations/{consultation['id']}/opinions/1"
    assert (await bureau.get(path, await bureau.staff()))["contact"] == "13800001234"
    empty = await bureau.upload(consultation, "意见,渠道\n".encode())
    assert problem_of(empty) == (422, "/problems/adoption.bad-import")


async def test_taking_back_what_was_not_set_aside_changes_nothing(bureau: Bureau) -> None:
    consultation = await bureau.answered(texts=1)
    path = f"/consultations/{consultation['id']}/opinions/1"
    group = (await bureau.get(path, await bureau.staff()))["group"]
    assert (await bureau.post(f"{path}/take-back"))["group"] == group
    assert (await bureau.get(path, await bureau.staff()))["group"] == group


async def test_group_that_nobody_is_in_any_more_is_not_published(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipt = await bureau.send(consultation)
    bureau.over()
    await bureau.group(consultation, [1])
    await bureau.post(f"/opinions/{receipt['receipt']}/withdraw", headers={})
    document = (await bureau.published(consultation))["document"]
    assert (document["groups"], document["tally"]["withdrawn"]) == ([], 1)


async def test_public_reads_nothing_of_a_correction_before_it_is_published(bureau: Bureau) -> None:
    consultation = await bureau.opened(title=f"学区调整方案第{bureau.now.timestamp()}号")
    receipt = (await bureau.send(consultation))["receipt"]
    bureau.over()
    group = await bureau.group(consultation, [1])
    await bureau.reply(group)
    id = (await bureau.published(consultation))["line"]["report_id"]
    lines = (await bureau.get("/reports"))["items"]
    await bureau.post(f"/reports/{id}/correct", {"reason": "漏写"})
    draft = {"title": "另一个题目", "summary": f"{ID_NUMBER} 提出", "dropped": True}
    answer = await bureau.ask("PATCH", f"/reports/{id}", draft, await bureau.staff())
    assert answer.status_code == 200, answer.text
    await bureau.reply(group, "not_adopted", "改为不采纳。")

    by_staff = (await bureau.get("/reports", await bureau.staff()))["items"]
    assert by_staff[0]["title"] == "另一个题目"
    shown = (await bureau.get("/reports"))["items"]
    assert [{**line, "version": 0} for line in shown] == [{**line, "version": 0} for line in lines]
    assert (await bureau.get(f"/reports?q={ID_NUMBER}"))["items"] == []
    mine = await bureau.get(f"/opinions/{receipt}")
    assert (mine["state"], mine["outcome"], mine["reason"]) == ("answered", "adopted", "意见合理。")


async def test_report_on_a_long_title_gets_one_that_fits(bureau: Bureau) -> None:
    report = await bureau.report(await bureau.answered(texts=0, title="学" * 200))
    assert report["line"]["title"] == f"{'学' * 180}意见收集和采纳情况"


async def test_proposals_compare_only_as_much_as_takes_seconds(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    rows = [f"{n}{'学区按小区划分更合理' * 499}" for n in range(30)]
    assert (await bureau.upload(consultation, "\n".join(["意见", *rows]).encode())).is_success
    found = await bureau.get(f"/consultations/{consultation['id']}/proposals", await bureau.staff())
    assert (found["looked_at"], found["next"]) == (12, 12)
    path = f"/consultations/{consultation['id']}/proposals?cursor=24"
    assert (await bureau.get(path, await bureau.staff()))["next"] is None


async def test_attachment_is_read_by_its_author_and_its_unit_alone(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    receipt = (await bureau.send(consultation))["receipt"]
    own, staffed = f"/opinions/{receipt}", f"/consultations/{consultation['id']}/opinions/1"
    kept = await bureau.attach(own, PDF, "张三的意见.PDF")
    assert (kept.status_code, kept.json()["name"], kept.json()["kind"]) == (201, "张三的意见.pdf", "pdf")
    for path, headers in ((own, {}), (staffed, await bureau.staff())):
        assert [each["name"] for each in (await bureau.get(path, headers))["attachments"]] == ["张三的意见.pdf"]
        file = await bureau.ask("GET", f"{path}/attachments/1", headers=headers)
        assert file.content == PDF
        assert file.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote('张三的意见.pdf')}"
        assert "sandbox" in file.headers["content-security-policy"]
        assert file.headers["cache-control"] == "no-store"
    other = await bureau.house.token("unit_lead", "区民政局")
    assert problem_of(await bureau.ask("GET", f"{staffed}/attachments/1", headers=other))[0] == 403
    assert problem_of(await bureau.ask("GET", f"{staffed}/attachments/1"))[0] == 401
    public = await bureau.ask("GET", f"/consultations/{consultation['id']}/opinions")
    assert "attachments" not in public.text
    database = await bureau.house.database("adoption")
    row = await database.fetchrow("select name, body from attachments where consultation_id = $1", consultation["id"])
    assert "张三".encode() not in row["name"]
    assert PDF[:20] not in row["body"]
    reads = "select count(*) from audit where action = 'read-attachment' and object = $1"
    assert await database.fetchval(reads, f"consultation:{consultation['id']}") == 1
    await database.close()


async def test_attachments_have_an_end(bureau: Bureau) -> None:
    """Three of each opinion; until the last day from its author, until the approval from staff; then they go."""
    consultation = await bureau.opened()
    receipt = (await bureau.send(consultation))["receipt"]
    own, staffed = f"/opinions/{receipt}", f"/consultations/{consultation['id']}/opinions/1"
    for n in range(3):
        assert (await bureau.attach(own, f"第 {n} 份".encode())).status_code == 201
    assert problem_of(await bureau.attach(own, PDF)) == (409, "/problems/adoption.too-many-attachments")
    assert (await bureau.ask("DELETE", f"{own}/attachments/2")).status_code == 204
    gone = await bureau.ask("DELETE", f"{own}/attachments/2")
    assert problem_of(gone) == (404, "/problems/adoption.unknown-attachment")
    bureau.over()
    assert problem_of(await bureau.attach(own, PDF)) == (409, "/problems/adoption.not-open")
    late = await bureau.ask("DELETE", f"{own}/attachments/1")
    assert problem_of(late) == (409, "/problems/adoption.not-open")
    assert (await bureau.attach(staffed, PDF, headers=await bureau.staff())).status_code == 201
    await bureau.reply(await bureau.group(consultation, [1]))
    await bureau.published(consultation)
    fixed = await bureau.attach(staffed, PDF, headers=await bureau.staff())
    assert problem_of(fixed) == (409, "/problems/adoption.report-fixed")
    bureau.wait_for(181 * DAY)

    async def forgotten() -> bool:
        return (await bureau.get(own))["attachments"] == []

    await until(forgotten)


async def test_who_withdraws_an_opinion_takes_its_attachments_along(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    own = f"/opinions/{(await bureau.send(consultation))['receipt']}"
    assert (await bureau.attach(own, PDF)).status_code == 201
    await bureau.post(f"{own}/withdraw", headers={})
    assert (await bureau.get(own))["attachments"] == []
    assert problem_of(await bureau.attach(own, PDF)) == (409, "/problems/adoption.already-set-aside")


async def test_attachment_sent_twice_with_one_key_is_one(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    own = f"/opinions/{(await bureau.send(consultation))['receipt']}"
    key = {"Idempotency-Key": "attach-once-only"}
    first, again = [await bureau.attach(own, PDF, headers=key) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, again.json())
    assert problem_of(await bureau.attach(own, PDF + b"\n", headers=key))[0] == 422
    assert len((await bureau.get(own))["attachments"]) == 1


async def test_six_files_at_once_are_three(bureau: Bureau) -> None:
    own = f"/opinions/{(await bureau.send(await bureau.opened()))['receipt']}"
    answers = await asyncio.gather(*(bureau.attach(own, f"第 {n} 份".encode()) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 3
    assert [each["number"] for each in (await bureau.get(own))["attachments"]] == [1, 2, 3]


async def test_consultation_takes_only_so_many_megabytes(bureau: Bureau) -> None:
    consultation = await bureau.opened()
    full = f"/opinions/{(await bureau.send(consultation))['receipt']}"
    assert (await bureau.attach(full, PDF)).status_code == 201
    database = await bureau.house.database("adoption")
    grown = "update attachments set size = 2000 * 1024 * 1024 where consultation_id = $1"
    await database.execute(grown, consultation["id"])
    await database.close()
    assert problem_of(await bureau.attach(full, PDF)) == (409, "/problems/adoption.no-room-for-attachments")
    elsewhere = f"/opinions/{(await bureau.send(await bureau.opened()))['receipt']}"
    assert (await bureau.attach(elsewhere, PDF)).status_code == 201


Attempt = Callable[[Bureau], Awaitable[Any]]
REFUSED: dict[str, tuple[Attempt, int, str]] = {}


def refuses(status: int, reason: str) -> Callable[[Attempt], Attempt]:
    def keep(attempt: Attempt) -> Attempt:
        REFUSED[attempt.__name__.strip("_").replace("_", "-")] = (attempt, status, reason)
        return attempt

    return keep


@refuses(409, "adoption.period-too-short")
async def _short_without_explanation(bureau: Bureau) -> Any:
    planned = await bureau.planned(closes_on=(bureau.today + timedelta(days=29)).isoformat())
    return await bureau.ask("POST", f"/consultations/{planned['id']}/open", headers=await bureau.staff())


@refuses(409, "adoption.draft-missing")
async def _no_draft(bureau: Bureau) -> Any:
    planned = await bureau.planned(passages=[])
    return await bureau.ask("POST", f"/consultations/{planned['id']}/open", headers=await bureau.staff())


@refuses(409, "adoption.explanation-missing")
async def _no_explanation(bureau: Bureau) -> Any:
    planned = await bureau.planned(explanation="")
    return await bureau.ask("POST", f"/consultations/{planned['id']}/open", headers=await bureau.staff())


@refuses(409, "adoption.no-way")
async def _no_way_to_comment(bureau: Bureau) -> Any:
    planned = await bureau.planned(ways=[])
    return await bureau.ask("POST", f"/consultations/{planned['id']}/open", headers=await bureau.staff())


@refuses(409, "adoption.no-channel")
async def _no_channel(bureau: Bureau) -> Any:
    planned = await bureau.planned(channels=[])
    return await bureau.ask("POST", f"/consultations/{planned['id']}/open", headers=await bureau.staff())


@refuses(409, "adoption.opens-in-past")
async def _opens_yesterday(bureau: Bureau) -> Any:
    planned = await bureau.planned(opens_on=(bureau.today - timedelta(days=1)).isoformat())
    return await bureau.ask("POST", f"/consultations/{planned['id']}/open", headers=await bureau.staff())


@refuses(422, "adoption.bad-period")
async def _ends_before_it_begins(bureau: Bureau) -> Any:
    body = bureau.draft(closes_on=(bureau.today - timedelta(days=1)).isoformat())
    return await bureau.ask("POST", "/consultations", body, await bureau.staff())


@refuses(422, "adoption.passage-repeated")
async def _passage_twice(bureau: Bureau) -> Any:
    return await bureau.ask("POST", "/consultations", bureau.draft(passages=PASSAGES * 2), await bureau.staff())


@refuses(422, "adoption.not-for-notices")
async def _forum_as_a_channel(bureau: Bureau) -> Any:
    body = bureau.draft(channels=[{"channel": "forum"}])
    return await bureau.ask("POST", "/consultations", body, await bureau.staff())


@refuses(422, "adoption.unknown-item")
async def _decision_that_is_not_there(bureau: Bureau) -> Any:
    body = bureau.draft(catalogue_item="0192d3a4-0000-7000-8000-000000000000")
    return await bureau.ask("POST", "/consultations", body, await bureau.staff())


@refuses(409, "adoption.never-shortened")
async def _shortened(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    body = {"closes_on": (bureau.today + timedelta(days=30)).isoformat(), "reason": "够了"}
    return await bureau.ask("POST", f"/consultations/{opened['id']}/extend", body, await bureau.staff())


@refuses(409, "adoption.notice-binds")
async def _draft_changed_after_the_notice(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    body = {"passages": PASSAGES[:1]}
    return await bureau.ask("PATCH", f"/consultations/{opened['id']}", body, await bureau.staff())


@refuses(409, "adoption.still-open")
async def _closed_early(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    return await bureau.ask("POST", f"/consultations/{opened['id']}/close", headers=await bureau.staff())


@refuses(422, "kit.malformed")
async def _two_megabytes(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    return await bureau.ask("POST", f"/consultations/{opened['id']}/opinions", {"text": "意" * 700_000})


@refuses(422, "kit.markup-in-text")
async def _html(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    return await bureau.ask("POST", f"/consultations/{opened['id']}/opinions", {"text": "<script>x</script>"})


@refuses(422, "kit.bad-text")
async def _empty(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    return await bureau.ask("POST", f"/consultations/{opened['id']}/opinions", {"text": "  "})


@refuses(422, "adoption.unknown-passage")
async def _passage_that_is_not_there(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    return await bureau.ask("POST", f"/consultations/{opened['id']}/opinions", {"text": "好", "passage": "9"})


@refuses(403, "adoption.channel-is-for-staff")
async def _citizen_says_it_came_by_radio(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    return await bureau.ask("POST", f"/consultations/{opened['id']}/opinions", {"text": "好", "channel": "radio"})


@refuses(422, "adoption.received-outside")
async def _received_before_it_began(bureau: Bureau) -> Any:
    opened = await bureau.opened()
    body = {"text": "好", "channel": "written", "received_on": "2020-01-01"}
    return await bureau.ask("POST", f"/consultations/{opened['id']}/opinions", body, await bureau.staff())


@refuses(404, "adoption.unknown-opinion")
async def _receipt_of_nobody(bureau: Bureau) -> Any:
    return await bureau.ask("GET", "/opinions/AAAA-BBBB-CCCC-DDDD")


@refuses(409, "adoption.in-another-group")
async def _opinion_in_two_groups(bureau: Bureau) -> Any:
    consultation = await bureau.answered(texts=1)
    body = {"summary": "另一组", "opinions": [1]}
    return await bureau.ask("POST", f"/consultations/{consultation['id']}/clusters", body, await bureau.staff())


@refuses(422, "adoption.group-empty")
async def _group_of_nobody(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    body = {"summary": "空", "opinions": []}
    return await bureau.ask("POST", f"/consultations/{consultation['id']}/clusters", body, await bureau.staff())


@refuses(422, "adoption.personal-data-in-text")
async def _identity_number_in_a_sentence(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    body = {"summary": f"{ID_NUMBER} 的意见", "opinions": [1]}
    return await bureau.ask("POST", f"/consultations/{consultation['id']}/clusters", body, await bureau.staff())


@refuses(422, "adoption.personal-data-in-text")
async def _phone_number_in_the_reason_of_a_redaction(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation, "请联系张三。")
    body = {"show": True, "text": "请联系。", "reason": "删去张三的手机号 13912345678"}
    path = f"/consultations/{consultation['id']}/opinions/1/moderate"
    return await bureau.ask("POST", path, body, await bureau.staff())


@refuses(422, "adoption.reason-for-outcome")
async def _not_adopted_without_reason(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    group = await bureau.group(consultation, [1])
    body = {"outcome": "not_adopted"}
    return await bureau.ask("PUT", f"/clusters/{group['id']}/answer", body, await bureau.staff())


@refuses(422, "adoption.reason-for-outcome")
async def _concentrated_adopted_without_reason(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    group = await bureau.group(consultation, [1], concentrated=True)
    return await bureau.ask("PUT", f"/clusters/{group['id']}/answer", {"outcome": "adopted"}, await bureau.staff())


@refuses(422, "adoption.duplicate-of-itself")
async def _duplicate_of_itself(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    path = f"/consultations/{consultation['id']}/opinions/1/set-aside"
    body = {"kind": "duplicate", "reason": "重复", "duplicate_of": 1}
    return await bureau.ask("POST", path, body, await bureau.staff())


@refuses(422, "kit.malformed")
async def _duplicate_of_a_number_that_no_opinion_can_have(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    path = f"/consultations/{consultation['id']}/opinions/1/set-aside"
    body = {"kind": "duplicate", "reason": "重复", "duplicate_of": 2**40}
    return await bureau.ask("POST", path, body, await bureau.staff())


@refuses(404, "adoption.unknown-cluster")
async def _like_the_members_of_a_group_elsewhere(bureau: Bureau) -> Any:
    elsewhere = await bureau.opened()
    await bureau.send(elsewhere)
    group = await bureau.group(elsewhere, [1])
    consultation = await bureau.opened()
    path = f"/consultations/{consultation['id']}/proposals?group={group['id']}"
    return await bureau.ask("GET", path, headers=await bureau.staff())


@refuses(422, "adoption.nothing-named")
async def _consultation_and_another_decision(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    body = {"consultation": consultation["id"], "item": "0192d3a4-0000-7000-8000-000000000000"}
    return await bureau.ask("POST", "/reports", body, await bureau.staff())


@refuses(409, "adoption.unanswered")
async def _one_opinion_without_answer(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    late = {"text": "纸质意见", "channel": "website", "received_on": consultation["closes_on"]}
    await bureau.post(f"/consultations/{consultation['id']}/opinions", late)
    report = await bureau.report(consultation)
    path = f"/reports/{report['line']['report_id']}/approve"
    return await bureau.ask("POST", path, headers=await bureau.lead())


@refuses(422, "adoption.totals-differ")
async def _totals_that_do_not_add_up(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    forum = {
        "kind": "forum",
        "title": "座谈会",
        "held_on": bureau.today.isoformat(),
        "counted": {"received": 5, "adopted": 4},
    }
    body = {"consultation": consultation["id"], "participations": [forum]}
    return await bureau.ask("POST", "/reports", body, await bureau.staff())


@refuses(409, "adoption.channel-unaccounted")
async def _channel_of_which_nothing_is_said(bureau: Bureau) -> Any:
    report = await bureau.report(await bureau.answered(), not_used=UNUSED[1:])
    path = f"/reports/{report['line']['report_id']}/approve"
    return await bureau.ask("POST", path, headers=await bureau.lead())


@refuses(409, "adoption.channel-was-used")
async def _used_channel_said_to_be_unused(bureau: Bureau) -> Any:
    report = await bureau.report(await bureau.answered(), not_used=list(CHANNELS))
    path = f"/reports/{report['line']['report_id']}/approve"
    return await bureau.ask("POST", path, headers=await bureau.lead())


@refuses(409, "adoption.still-open")
async def _report_before_it_closed(bureau: Bureau) -> Any:
    report = await bureau.report(await bureau.opened())
    path = f"/reports/{report['line']['report_id']}/approve"
    return await bureau.ask("POST", path, headers=await bureau.lead())


@refuses(403, "adoption.four-eyes")
async def _author_approves(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    lead = await bureau.lead()
    body = {"consultation": consultation["id"], "not_used": UNUSED}
    report = await bureau.post("/reports", body, lead)
    return await bureau.ask("POST", f"/reports/{report['line']['report_id']}/approve", headers=lead)


@refuses(403, "adoption.four-eyes")
async def _who_answered_approves(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    report = await bureau.report(consultation)
    lead = await bureau.lead()
    matrix = await bureau.get(f"/consultations/{consultation['id']}/matrix", lead)
    body = {"outcome": "adopted", "reason": "合理。"}
    await bureau.ask("PUT", f"/clusters/{matrix['groups'][0]['id']}/answer", body, lead)
    path = f"/reports/{report['line']['report_id']}"
    assert not (await bureau.get(f"{path}/draft", lead))["approvable"]
    return await bureau.ask("POST", f"{path}/approve", headers=lead)


@refuses(409, "adoption.not-approved")
async def _published_unapproved(bureau: Bureau) -> Any:
    report = await bureau.report(await bureau.answered())
    path = f"/reports/{report['line']['report_id']}/publish"
    return await bureau.ask("POST", path, headers=await bureau.staff())


@refuses(409, "adoption.report-fixed")
async def _answer_changed_after_approval(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    await bureau.approved(await bureau.report(consultation))
    matrix = await bureau.get(f"/consultations/{consultation['id']}/matrix", await bureau.staff())
    body = {"outcome": "not_adopted", "reason": "改主意了。"}
    return await bureau.ask("PUT", f"/clusters/{matrix['groups'][0]['id']}/answer", body, await bureau.staff())


@refuses(409, "adoption.report-fixed")
async def _channel_added_after_approval(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    await bureau.approved(await bureau.report(consultation))
    more = [*consultation["channels"], {"channel": "website", "name": "没有人审核过的名称"}]
    return await bureau.ask("PATCH", f"/consultations/{consultation['id']}", {"channels": more}, await bureau.staff())


@refuses(409, "adoption.report-exists")
async def _second_report(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    await bureau.report(consultation)
    return await bureau.ask("POST", "/reports", {"consultation": consultation["id"]}, await bureau.staff())


@refuses(422, "adoption.personal-data-in-text")
async def _identity_number_in_the_report(bureau: Bureau) -> Any:
    report = await bureau.report(await bureau.answered(), summary=f"{ID_NUMBER} 提出")
    path = f"/reports/{report['line']['report_id']}/approve"
    return await bureau.ask("POST", path, headers=await bureau.lead())


@refuses(422, "adoption.personal-data-in-text")
async def _identity_number_in_a_heading(bureau: Bureau) -> Any:
    final = [{"key": "1", "heading": f"{ID_NUMBER} 的条款", "text": "学区按小区划分。"}]
    report = await bureau.report(await bureau.answered(), final=final)
    path = f"/reports/{report['line']['report_id']}/approve"
    return await bureau.ask("POST", path, headers=await bureau.lead())


@refuses(404, "adoption.unknown-report")
async def _draft_of_a_report_by_anybody(bureau: Bureau) -> Any:
    report = await bureau.report(await bureau.answered())
    return await bureau.ask("GET", f"/reports/{report['line']['report_id']}")


@refuses(403, "kit.not-your-unit")
async def _another_unit_groups(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    other = await bureau.house.token("unit_editor", "区民政局")
    body = {"summary": "别人的", "opinions": [1]}
    return await bureau.ask("POST", f"/consultations/{consultation['id']}/clusters", body, other)


@refuses(422, "adoption.wrong-attachment")
async def _program_as_attachment(bureau: Bureau) -> Any:
    receipt = (await bureau.send(await bureau.opened()))["receipt"]
    return await bureau.attach(f"/opinions/{receipt}", b"MZ" + bytes(200), "意见.pdf")


@refuses(422, "adoption.attachment-too-large")
async def _attachment_of_six_megabytes(bureau: Bureau) -> Any:
    receipt = (await bureau.send(await bureau.opened()))["receipt"]
    return await bureau.attach(f"/opinions/{receipt}", PDF + bytes(6 * 1024 * 1024))


@refuses(404, "adoption.unknown-opinion")
async def _attachment_to_another_receipt(bureau: Bureau) -> Any:
    return await bureau.attach("/opinions/AAAA2222BBBB3333", PDF)


@refuses(404, "adoption.unknown-attachment")
async def _attachment_with_a_huge_number(bureau: Bureau) -> Any:
    receipt = (await bureau.send(await bureau.opened()))["receipt"]
    return await bureau.ask("GET", f"/opinions/{receipt}/attachments/{10**30}")


@refuses(422, "kit.malformed")
async def _attachment_without_a_file(bureau: Bureau) -> Any:
    receipt = (await bureau.send(await bureau.opened()))["receipt"]
    path = f"{bureau.api}/opinions/{receipt}/attachments"
    return await bureau.house.client.post(path, files={"file": (None, "words")})


@refuses(422, "adoption.bad-day-of-participation")
async def _forum_of_tomorrow(bureau: Bureau) -> Any:
    consultation = await bureau.answered()
    forum = {"kind": "forum", "title": "座谈会", "held_on": (bureau.today + timedelta(days=1)).isoformat()}
    body = {"consultation": consultation["id"], "participations": [forum]}
    return await bureau.ask("POST", "/reports", body, await bureau.staff())


@refuses(422, "adoption.bad-day-of-participation")
async def _forum_of_the_year_one(bureau: Bureau) -> Any:
    forum = {"kind": "forum", "title": "座谈会", "held_on": "0001-01-01"}
    body = {"consultation": (await bureau.answered())["id"], "participations": [forum]}
    return await bureau.ask("POST", "/reports", body, await bureau.staff())


async def _answer_to_one(bureau: Bureau, answer: dict[str, Any]) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    group = await bureau.group(consultation, [1])
    return await bureau.ask("PUT", f"/clusters/{group['id']}/answer", answer, await bureau.staff())


@refuses(422, "adoption.change-though-refused")
async def _refused_and_changed(bureau: Bureau) -> Any:
    change = {"passage": "1", "before": "甲", "after": "乙"}
    return await _answer_to_one(bureau, {"outcome": "not_adopted", "reason": "不合适。", "change": change})


@refuses(422, "adoption.change-without-effect")
async def _changed_into_the_same(bureau: Bureau) -> Any:
    change = {"passage": "1", "before": "甲", "after": "甲"}
    return await _answer_to_one(bureau, {"outcome": "adopted", "change": change})


@refuses(422, "adoption.bad-period")
async def _channel_of_another_century(bureau: Bureau) -> Any:
    uses = [{"channel": "website", "from_on": "1999-01-01", "to_on": "1999-01-02"}]
    return await bureau.ask("POST", "/consultations", bureau.draft(channels=uses), await bureau.staff())


@refuses(412, "kit.stale-version")
async def _group_dissolved_in_an_old_version(bureau: Bureau) -> Any:
    consultation = await bureau.opened()
    await bureau.send(consultation)
    group = await bureau.group(consultation, [1])
    old = {**await bureau.staff(), "If-Match": '"99"'}
    return await bureau.ask("DELETE", f"/clusters/{group['id']}", headers=old)


@pytest.mark.parametrize("case", REFUSED)
async def test_refuses(bureau: Bureau, case: str) -> None:
    attempt, status, reason = REFUSED[case]
    assert problem_of(await attempt(bureau)) == (status, f"/problems/{reason}")
