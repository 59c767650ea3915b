"""Real input: 197 opinions from the import to the published answers, and the notice of 2022 as the decision document
with its two dates."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from component.test_adoption import UNUSED
from component.test_adoption_clocks import SERVICES, Cabinet
from component.test_representatives import open_town
from kaimen.kit.ical import read_events

DATA = Path(__file__).parent.parent / "data"
SPRING = datetime(2022, 5, 9, 1, tzinfo=UTC)
SIGNED, IMPRINT = date(2022, 6, 14), date(2022, 6, 16)
TOPICS: dict[str, tuple[str, str]] = {
    "保險|保险": ("乘客应有保险保障", "adopted"),
    "稅|税": ("平台应依法纳税", "adopted"),
    "職業駕|职业驾|駕照|執照|登記": ("司机应有资格和登记", "partly"),
    "安全|性侵|犯罪": ("担心乘车安全", "partly"),
    "價|费|費|錢": ("收费应透明合理", "already_covered"),
    "法規|法律|違法|合法|納管|管制": ("应明确适用的法规", "not_adopted"),
    "計程車|小黃": ("与出租车公平竞争", "not_adopted"),
    "": ("其他意见", "out_of_scope"),
}
"""How the people in this test group what they read: the first topic whose words occur, and what they decide on it."""


def opinions() -> list[dict[str, str]]:
    with (DATA / "opinions" / "vtaiwan_uberx_comments.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def as_upload(rows: list[dict[str, str]], day: date) -> bytes:
    """As a unit would hand it in: opinions of a website, in its own columns."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["意见内容", "渠道", "收到日期", "身份"])
    table.writerows([row["comment-body"], "政府网站", day, "个人"] for row in rows)
    return written.getvalue().encode("gb18030")


def notice() -> list[dict[str, str]]:
    """The notice's own sections, as passages of the draft."""
    text = (DATA / "seed_2022.txt").read_text("utf-8")
    body = text[text.index("一、深化优化政务公开基础工作") : text.index("附件")]
    parts = re.split(r"(?m)^(?=（[一二三四五六七八九十]+）)", body)[1:]
    return [{"key": str(n), "heading": part[:3], "text": " ".join(part.split())} for n, part in enumerate(parts, 1)]


@pytest.fixture(scope="module")
async def cabinet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("town")
    async with open_town(folder, SERVICES) as house:
        yield Cabinet(house, SPRING)


async def group_all(cabinet: Cabinet, consultation: dict[str, Any]) -> None:
    """What proposals put together first, the rest by topic."""
    path = f"/consultations/{consultation['id']}"
    staff = await cabinet.staff()
    proposed = await cabinet.get(f"{path}/proposals", staff)
    assert proposed["groups"], "nobody repeats anybody?"
    assert all(each["shared"] for group in proposed["groups"] for each in group["opinions"][1:])
    numbered: dict[str, list[int]] = {}
    cursor = 0
    while True:
        page = await cabinet.get(f"{path}/opinions?state=waiting&limit=200&cursor={cursor}", staff)
        for each in page["items"]:
            topic = next(words for words in TOPICS if re.search(words, each["text"]))
            numbered.setdefault(topic, []).append(each["no"])
        if page["next"] is None:
            break
        cursor = page["next"]
    for words, numbers in numbered.items():
        summary, outcome = TOPICS[words]
        group = await cabinet.group(consultation, numbers, summary=summary, passage="1")
        change = {"passage": "1", "before": "频次不低于每月一次", "after": "频次不低于每两周一次"}
        await cabinet.reply(
            group, outcome, f"{summary}：已研究。", **({"change": change} if outcome == "adopted" else {})
        )


async def test_197_opinions_are_answered_and_the_notice_is_the_document(cabinet: Cabinet) -> None:
    rows = opinions()
    assert len(rows) == 197
    item = await cabinet.listed(title="2022年青浦区政务公开工作要点")
    passages = notice()
    assert len(passages) > 10
    consultation = await cabinet.opened(
        catalogue_item=item["id"], title="2022年青浦区政务公开工作要点（征求意见稿）", passages=passages
    )
    imported = await cabinet.upload(consultation, as_upload(rows, cabinet.today))
    assert imported.json()["rows"] == 197, imported.text

    cabinet.wait_for(timedelta(days=38))
    assert cabinet.today == IMPRINT
    await group_all(cabinet, consultation)
    await cabinet.lead_to_issue(item, on=SIGNED)
    issued = await cabinet.issue(
        item, SIGNED, imprint_on=str(IMPRINT), document_no="青府办发〔2022〕28号",
        title="上海市青浦区人民政府办公室关于印发《2022年青浦区政务公开工作要点》的通知",
    )  # fmt: skip
    assert (issued["issued"]["issued_on"], issued["issued"]["basis"]) == (str(IMPRINT), "imprint")

    final = [{**passages[0], "text": passages[0]["text"].replace("每月一次", "每两周一次")}, *passages[1:]]
    published = await cabinet.published(consultation, not_used=UNUSED, final=final, basis="青府办发〔2022〕28号")
    clock = (await cabinet.clocks(item))["report"]
    assert (clock["started_on"], clock["due_on"], clock["state"]) == ("2022-06-16", "2022-06-30", "met")

    report = await cabinet.get(f"/reports/{published['line']['report_id']}")
    assert report["tally"]["received"] == 197 == sum(group["size"] for group in report["groups"])
    assert {group["summary"] for group in report["groups"] if group["concentrated"]}
    assert all(group["concentrated"] == (group["size"] >= 10) for group in report["groups"])
    changed = [side for side in report["passages"] if side["before"] != side["after"]]
    assert [side["key"] for side in changed] == ["1"]
    assert changed[0]["groups"], "which opinions changed it?"
    table = await cabinet.house.client.get(f"{cabinet.api}/reports/{report['report_id']}?format=csv")
    lines = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert sum(int(line["opinions"]) for line in lines) == 197
    bodies = json.dumps(report, ensure_ascii=False)
    assert not any(row["comment-body"] in bodies for row in rows), "raw opinions are never published"
    feed = await cabinet.feed("adoption")
    assert any("2022年青浦区政务公开工作要点" in event.summary for event in read_events(feed.encode()))
