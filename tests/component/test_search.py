"""One search: every kind of page, once each, best first; never what is no longer or not yet public."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from houses import Desk, House, event_draft, in_days, problem_of, until
from kaimen.contracts.adoption import AdoptionEntriesChanged, ReportPublished
from kaimen.contracts.calendar import CalendarEntry, EntryKind
from kaimen.contracts.decisions import DecisionEntriesChanged, ItemChanged
from kaimen.contracts.hearings import HearingEntriesChanged
from kaimen.contracts.openmonth import CampaignOpened, CampaignRevised
from kaimen.contracts.registry import subject_of
from kaimen.contracts.representatives import MeetingEntriesChanged

SEARCH = "/api/calendar/v1/search"
NOW = datetime.now(UTC)
SAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "samples"


def sample(fact: type[Any]) -> Any:
    """A real message of this kind."""
    return msgspec.json.decode((SAMPLES / subject_of(fact) / "0001.json").read_bytes(), type=fact)


def entry(kind: EntryKind, summary: str, page: str, days: int = 10, **more: Any) -> CalendarEntry:
    made = CalendarEntry(
        entry_id=uuid4(), uid_kind=kind, kind=kind, sequence=0, created_at=NOW, changed_at=NOW,
        starts_at=in_days(days), ends_at=in_days(days) + timedelta(hours=2), all_day=False, summary=summary,
        status="CONFIRMED", unit="区水务局", page=page,
    )  # fmt: skip
    return replace(made, **more)


def a_word() -> str:
    """One that no other test searches."""
    return f"w{uuid4().hex}"


async def found(house: House, q: str, many: int, **params: Any) -> list[dict[str, Any]]:
    """The results, once there are so many."""

    async def answer() -> list[dict[str, Any]] | None:
        said = await house.client.get(SEARCH, params={"q": q, **params})
        assert said.status_code == 200, said.text
        items = said.json()["items"]
        return [*items] if len(items) == many else None

    return [] if many == 0 and await answer() == [] else await until(answer)


async def test_every_kind_of_page_is_found_once(house: House, desk: Desk) -> None:
    word = a_word()
    starts = in_days(9)
    session = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(), "capacity": 5}
    two = [session, {**session, "starts_at": (starts + timedelta(days=1)).isoformat(),
                     "ends_at": (starts + timedelta(days=1, hours=1)).isoformat()}]  # fmt: skip
    event = await desk.published(title=f"河道{word}", sessions=two)
    meeting, hearing, consultation, item = (uuid4() for _ in range(4))
    entries = (entry("meeting", f"会议 {word}", f"/meetings/{meeting}"),
               entry("meeting", f"代表报名 {word}", f"/meetings/{meeting}", 3))  # fmt: skip
    await house.say(MeetingEntriesChanged(meeting, entries), meeting, NOW)
    entries = (entry("hearing", f"听证 {word}", f"/hearings/{hearing}"),
               entry("deadline", f"送达期限 {word}", f"/hearings/{hearing}/x"))  # fmt: skip
    await house.say(HearingEntriesChanged(hearing, entries), hearing, NOW)
    entries = (entry("consultation", f"征求意见 {word}", f"/consultations/{consultation}"),)
    await house.say(AdoptionEntriesChanged(consultation, entries), consultation, NOW)
    listed = sample(ItemChanged).item
    listed = replace(listed, item_id=item, title=f"规划 {word}", page=f"/decisions/{item}", state="issued")
    await house.say(ItemChanged(listed), item, NOW)
    issued = entry(
        "adoption", f"出台：规划 {word}", listed.page, uid_kind="document", description="青府发〔2026〕7号", unit=""
    )
    due = entry("adoption", f"采纳情况公开截止：{word}", listed.page)
    await house.say(DecisionEntriesChanged(item, (issued, due)), item, NOW)
    report = replace(sample(ReportPublished), report_id=uuid4(), title=f"采纳情况 {word}", page=f"/outcomes/{item}")
    await house.say(report, report.report_id, NOW)
    campaign = replace(sample(CampaignOpened).campaign, campaign_id=uuid4(), year=2044, name=f"开放月 {word}",
                       opens_on=date(2044, 8, 1), closes_on=date(2044, 8, 31))  # fmt: skip
    await house.say(CampaignOpened(campaign), campaign.campaign_id, NOW)

    pages = {
        ("openday", f"/open-days/{event['id']}"),
        ("meeting", f"/meetings/{meeting}"),
        ("hearing", f"/hearings/{hearing}"),
        ("consultation", f"/consultations/{consultation}"),
        ("decision", f"/decisions/{item}"),
        ("report", f"/outcomes/{item}"),
        ("campaign", "/open-month/2044"),
    }
    results = await found(house, word, 7)
    assert {(each["kind"], each["page"]) for each in results} == pages
    for kind, page in pages:
        assert [each["page"] for each in await found(house, word, 1, kind=kind)] == [page]
    assert {each["kind"] for each in await found(house, word, 3, unit="区水务局")} == {
        "meeting", "hearing", "consultation",
    }  # fmt: skip
    (decision,) = await found(house, f"{word} 7号", 1)
    assert decision["page"] == f"/decisions/{item}"


async def test_title_comes_before_body_then_the_nearest_in_time(house: House) -> None:
    word = a_word()
    source = uuid4()
    spots: list[tuple[str, float, str]] = [
        ("标题远", 40, word), ("标题近", -3, word), ("正文近", 1, ""), ("标题中", 9, word), ("正文远", -30, ""),
    ]  # fmt: skip
    entries = tuple(
        entry("hearing", f"{name}{title}", f"/hearings/{uuid4()}", days, description=f"内容{word}内容")
        for name, days, title in spots
    )
    await house.say(HearingEntriesChanged(source, entries), source, NOW)
    results = await found(house, word, 5)
    assert [each["title"][:3] for each in results] == ["标题近", "标题中", "标题远", "正文近", "正文远"]
    assert [part for part in results[0]["marked_title"] if part["is_match"]] == [{"text": word, "is_match": True}]
    assert [part["text"] for part in results[3]["snippet"]] == ["内容", word, "内容"]

    pages: list[str] = []
    cursor = None
    for _ in range(5):
        params = {"q": word, "limit": 1} | ({"cursor": cursor} if cursor else {})
        part = (await house.client.get(SEARCH, params=params)).json()
        pages += [each["title"][:3] for each in part["items"]]
        cursor = part["next"]
    assert pages == [each["title"][:3] for each in results]
    assert cursor is None


async def test_phrase_must_stand_as_it_was_written_in_any_width(house: House) -> None:
    word = a_word()
    source = uuid4()
    pages = [f"/hearings/{uuid4()}" for _ in range(3)]
    titles = [f"轨道交通规划 {word}", f"交通轨道规划 {word}", f"Ｍ１７号线 {word}"]
    entries = tuple(entry("hearing", title, page) for title, page in zip(titles, pages, strict=True))
    await house.say(HearingEntriesChanged(source, entries), source, NOW)
    await found(house, word, 3)
    assert [each["page"] for each in await found(house, f"轨道交通 {word}", 1)] == pages[:1]
    assert [each["page"] for each in await found(house, f"{word} m17", 1)] == pages[2:]
    assert await found(house, f"轨通 {word}", 0) == []
    assert await found(house, f"% {word}", 0) == []


async def test_drafts_are_not_found_and_what_was_withdrawn_stays_so(house: House, desk: Desk) -> None:
    word = a_word()
    draft = await desk.post("/events", event_draft(title=f"草稿{word}"))
    assert draft.status_code == 201
    event = await desk.published(title=f"公开{word}")
    item = replace(sample(ItemChanged).item, item_id=uuid4(), title=f"事项{word}", state="drafting")
    item = replace(item, page=f"/decisions/{item.item_id}")
    await house.say(ItemChanged(item), item.item_id, NOW, version=4)
    assert {each["kind"] for each in await found(house, word, 2)} == {"openday", "decision"}
    await house.say(ItemChanged(replace(item, state="removed")), item.item_id, NOW, version=6)
    await found(house, word, 1)
    await house.say(ItemChanged(item), item.item_id, NOW, version=5)  # late
    await house.say(ItemChanged(replace(item, item_id=UUID(int=7), title=f"后面 {word}", page="/decisions/7")),
                    UUID(int=7), NOW, version=int(NOW.timestamp()))  # fmt: skip
    assert {each["page"] for each in await found(house, word, 2)} == {f"/open-days/{event['id']}", "/decisions/7"}


async def test_campaign_that_changes_is_found_by_its_new_name_alone(house: House) -> None:
    old, new = a_word(), a_word()
    campaign = replace(sample(CampaignOpened).campaign, campaign_id=uuid4(), year=2045, name=old)
    await house.say(CampaignRevised(replace(campaign, name=new)), campaign.campaign_id, NOW, version=3)
    assert [each["page"] for each in await found(house, new, 1)] == ["/open-month/2045"]
    await house.say(CampaignOpened(campaign), campaign.campaign_id, NOW, version=2)
    marker = replace(campaign, campaign_id=uuid4(), year=2046, name=f"{old} 之后")
    await house.say(CampaignOpened(marker), marker.campaign_id, NOW)
    assert [each["page"] for each in await found(house, old, 1)] == ["/open-month/2046"]


@pytest.mark.parametrize(
    "query",
    [
        {}, {"q": ""}, {"q": "  "}, {"q": "！？…"}, {"q": "字" * 101}, {"q": "水\x00"}, {"q": "水", "unit": "\x00"},
        {"q": "水", "kind": "deadline"}, {"q": "水", "limit": 0}, {"q": "水", "limit": 201}, {"q": "水", "cursor": ""},
        {"q": "水", "cursor": "x"}, {"q": "水", "cursor": "\x00"}, {"q": "水", "cursor": "2026-01-01~0~1~" + "0" * 32},
        {"q": "水", "cursor": f"0001-01-01T00:00:00+23:00~0~1~{UUID(int=1)}"},
        {"q": "水", "cursor": f"2026-01-01T00:00:00+00:00~0~{'9' * 60}~{UUID(int=1)}"},
        {"q": "水", "cursor": f"2026-01-01T00:00:00+00:00~2~1~{UUID(int=1)}"},
    ],
)  # fmt: skip
async def test_bad_question_is_a_problem(house: House, query: dict[str, Any]) -> None:
    status, _ = problem_of(await house.client.get(SEARCH, params=query))
    assert status == 422
