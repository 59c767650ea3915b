"""An open month from its opening to its archive, with real entries; and every input that it refuses."""

import csv
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from PIL import Image

from component.test_holidays import kaimen
from houses import House, open_house, problem_of, until
from kaimen.contracts.opendays import EventHeld, EventPublished, EventReported, EventRevised, ReportFigures
from kaimen.kit.tables import read_table
from unit.test_openmonth_rules import event as open_event
from unit.test_photos import picture, with_metadata

API = "/api/openmonth/v1"
ENTRIES = Path(__file__).resolve().parents[1] / "data" / "open_month_entries.csv"
UNIT, TOWN = "区教育局", "夏阳街道"
START = datetime(2025, 7, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
async def own_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    shift = START - datetime.now(UTC)
    folder = tmp_path_factory.mktemp("openmonth")
    async with open_house(folder, "--without", "portal", "--no-seed", shift=shift) as house:
        office = await house.token("office")
        for unit in (
            {"short_name": UNIT, "kind": "bureau", "district": "310118"},
            {"short_name": TOWN, "kind": "subdistrict", "district": "310118", "code": "310118001"},
        ):
            answer = await house.client.put("/api/accounts/v1/units", json=unit, headers=office)
            assert answer.is_success, answer.text
        for service in ("opendays", "openmonth"):
            await until(lambda service=service: Month(house).count_units(service))
        yield house


class Month:
    """People at the API of the open month, and a clock that can be set."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.set_clock(START)

    def set_clock(self, at: datetime) -> None:
        self.house.shift_clock(at - datetime.now(UTC))

    async def count_units(self, service: str) -> bool:
        database = await self.house.database(service)
        try:
            return await database.fetchval("select count(*) from units") == 2
        finally:
            await database.close()

    async def rows(self) -> list[tuple[Any, ...]]:
        """The read model as it rests."""
        database = await self.house.database("openmonth")
        try:
            return [tuple(row) for row in await database.fetch("select * from events order by event_id")]
        finally:
            await database.close()

    async def writer(self, unit: str = UNIT) -> dict[str, str]:
        return await self.house.token("unit_editor", unit, "经办")

    async def office(self) -> dict[str, str]:
        return await self.house.token("office")

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.house.client.get(f"{API}{path}", headers=headers)

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.house.client.post(f"{API}{path}", json=body, headers=headers or await self.office())

    async def patch(self, year: int, **changes: Any) -> httpx.Response:
        return await self.house.client.patch(f"{API}/campaigns/{year}", json=changes, headers=await self.office())

    async def opened(self, year: int, **more: Any) -> dict[str, Any]:
        answer = await self.post("/campaigns", {"year": year, **more})
        assert answer.status_code == 201, answer.text
        answer = await self.post(f"/campaigns/{year}/publish")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def upload(self, year: int, data: bytes, **query: Any) -> httpx.Response:
        path = f"{API}/campaigns/{year}/imports"
        files = {"file": ("entries.csv", data)}
        return await self.house.client.post(path, files=files, params=query, headers=await self.writer())

    async def file_sign(
        self, year: int, event_id: str, photo: bytes, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        path = f"{API}/campaigns/{year}/events/{event_id}/sign"
        files = {"file": ("photo.jpg", photo)}
        return await self.house.client.post(path, files=files, headers=headers or await self.writer())

    async def say(self, fact: EventPublished | EventRevised | EventHeld | EventReported) -> None:
        await self.house.say(fact, fact.event.event_id, START, fact.event.version)

    async def known(self, year: int, count: int) -> dict[str, Any]:
        """The report, once it is about so many events."""

        async def told() -> dict[str, Any] | None:
            report = (await self.get(f"/campaigns/{year}/report")).json()
            return report if report["figures"]["events"] == count else None

        return await until(told)

    async def publish_draft(self, event_id: str, **changes: Any) -> None:
        """What the entry lacks, then the steps to the public."""
        lacking = {
            "accessibility": ["无障碍坡道"], "interactive_steps": ["qa"], "staff": ["业务科室负责人"],
            "registration": {"mode": "phone", "contact": "021-59732890"}, **changes,
        }  # fmt: skip
        path, writer = f"/api/opendays/v1/events/{event_id}", await self.writer()
        answer = await self.house.client.patch(path, json=lacking, headers=writer)
        assert answer.status_code == 200, answer.text
        lead = await self.house.token("unit_lead", UNIT, "负责人")
        for step, headers in (("submit", writer), ("approve", lead), ("publish", writer)):
            answer = await self.house.client.post(f"{path}/{step}", headers=headers)
            assert answer.status_code == 200, answer.text


@pytest.fixture
async def month(own_house: House) -> Month:
    return Month(own_house)


def entries(year: str | None = None, **changes: str) -> bytes:
    """The real entries, of one year or all."""
    with ENTRIES.open(encoding="utf-8-sig") as file:
        lines = [line for line in csv.DictReader(file) if year in (None, line["年份"])]
    written = io.StringIO()
    table = csv.DictWriter(written, list(lines[0]))
    table.writeheader()
    table.writerows([line | changes for line in lines])
    return written.getvalue().encode()


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


async def test_a_month_from_its_opening_to_its_archive(month: Month) -> None:
    await _open(month)
    preview, forum, visit = await _import(month)
    await _see_the_board(month, preview, forum, visit)
    await _hold(month, preview, forum, visit)
    await _freeze(month)
    await _rebuild(month)


async def _open(month: Month) -> None:
    answer = await month.post("/campaigns", {"year": 2025})
    assert answer.status_code == 201, answer.text
    named = ("state", "name", "opens_on", "closes_on", "version")
    assert [answer.json()[name] for name in named] == ["planned", "政府开放月", "2025-08-01", "2025-08-31", 1]
    assert problem_of(await month.post("/campaigns", {"year": 2025})) == (409, "/problems/openmonth.campaign-exists")
    assert problem_of(await month.get("/campaigns/2025")) == (404, "/problems/openmonth.unknown-campaign")
    assert (await month.patch(2025, opens_on="2025-07-31")).json()["opens_on"] == "2025-07-31"
    assert (await month.patch(2025, opens_on="2025-08-01")).status_code == 200
    assert (await month.post("/campaigns/2025/publish")).json()["state"] == "published"
    assert problem_of(await month.patch(2025, closes_on="2025-09-10")) == (409, "/problems/openmonth.window-fixed")
    assert (await month.patch(2025, theme="优化营商环境")).status_code == 200
    assert (await month.get("/campaigns/2025")).json()["theme"] == "优化营商环境"
    assert 2025 in [campaign["year"] for campaign in (await month.get("/campaigns")).json()["items"]]


async def _import(month: Month) -> list[str]:
    """The ids of the entries of 2025; the whole file with its other years is refused, and leaves nothing."""
    refused = await month.upload(2025, entries())
    assert problem_of(refused) == (422, "/problems/openmonth.other-year")
    assert [error["field"] for error in refused.json()["errors"]] == [f"row {row}" for row in (5, 6, 7, 8, 9)]
    tried = await month.upload(2025, entries("2025"), dry_run=True)
    assert tried.status_code == 200, tried.text
    assert [row["event_id"] for row in tried.json()["rows"]] == [None, None, None]
    drafts = await month.house.client.get("/api/opendays/v1/events?campaign=2025", headers=await month.writer())
    assert drafts.json()["items"] == []
    kept = await month.upload(2025, entries("2025"), dry_run=False)
    assert kept.status_code == 201, kept.text
    assert kept.json()["clashes"] == []
    return [row["event_id"] for row in kept.json()["rows"]]


async def _see_the_board(month: Month, preview: str, forum: str, visit: str) -> None:
    await month.publish_draft(preview)
    await month.publish_draft(forum, theme="营商环境")
    await month.publish_draft(visit, theme="公共监管")
    await month.known(2025, 3)
    board = (await month.get("/campaigns/2025/board")).json()
    cells = {(cell["theme"], cell["day"]): cell["events"] for cell in board["cells"]}
    assert cells == {
        ("", "2025-07-22"): [preview],
        ("营商环境", "2025-08-21"): [forum],
        ("公正监管", "2025-08-26"): [visit],
        ("公正监管", "2025-08-27"): [visit],
    }
    assert board["gaps"] == ["一网通办", "一网统管", "民生保障", "公共安全"]
    assert board["without"] == [TOWN]
    assert board["warnings"] == []
    programme = (await month.get("/campaigns/2025/programme?theme=公正监管")).json()["items"]
    assert [(line["day"], line["theme"]) for line in programme] == [
        ("2025-08-26", "公共监管"),
        ("2025-08-27", "公共监管"),
    ]
    day = (await month.get(f"/campaigns/2025/programme?day=2025-08-21&unit={UNIT}")).json()["items"]
    assert [(line["event_id"], line["tentative"]) for line in day] == [(forum, True)]
    for format in ("csv", "xlsx"):
        file = await month.get(f"/campaigns/2025/programme?format={format}")
        table = read_table(file.content, f"programme.{format}")
        assert [row.cells[0] for row in table.rows] == ["2025-07-22", "2025-08-21", "2025-08-26", "2025-08-27"]


async def _hold(month: Month, preview: str, forum: str, visit: str) -> None:
    """All three; the sign is shown at the preview, which is outside of the window, and by the report of the visit."""
    month.set_clock(shanghai("2025-08-30T12:00"))

    async def held() -> bool:
        return (await month.get("/campaigns/2025/report")).json()["figures"]["held"] == 3

    await until(held)
    filed = await month.file_sign(2025, preview, with_metadata())
    assert filed.status_code == 201, filed.text
    shown = await month.get(f"/campaigns/2025/events/{preview}/sign.jpg")
    assert (shown.headers["content-type"], hashlib.sha256(shown.content).hexdigest()) == (
        "image/jpeg",
        filed.json()["sha256"],
    )
    with Image.open(io.BytesIO(shown.content)) as photo:
        assert (photo.size, dict(photo.getexif())) == ((20, 40), {})
    assert b"planted" not in shown.content
    path = f"/api/opendays/v1/events/{visit}/report"
    body = {"summary": "顺利", "sign_shown": True}
    answer = await month.house.client.post(path, json=body, headers=await month.writer())
    assert answer.status_code == 201, answer.text

    async def counted() -> dict[str, Any] | None:
        report = (await month.get("/campaigns/2025/report")).json()
        return report if report["figures"]["counted"] == 1 else None

    report = await until(counted)
    why_not = {row["event_id"]: row["why_not"] for row in report["rows"]}
    assert why_not == {preview: "outside_window", forum: "no_sign", visit: ""}
    assert (report["met"], report["not_met"]) == ([UNIT], [TOWN])
    assert {line["name"]: line["figures"]["held"] for line in report["days"]} == {
        "2025-07-22": 1, "2025-08-21": 1, "2025-08-26": 1, "2025-08-27": 1,
    }  # fmt: skip
    signs = (await month.get("/campaigns/2025/signs", await month.writer())).json()["items"]
    assert [line["event_id"] for line in signs if line["is_missing"]] == [forum]
    # A better photo takes the place of the first, which is kept.
    again = await month.file_sign(2025, preview, picture("PNG", color="blue"))
    assert (again.json()["number"], again.json()["sha256"] == filed.json()["sha256"]) == (2, False)
    shown = await month.get(f"/campaigns/2025/events/{preview}/sign.jpg")
    assert hashlib.sha256(shown.content).hexdigest() == again.json()["sha256"]


async def _freeze(month: Month) -> None:
    assert problem_of(await month.get("/campaigns/2025/archive")) == (404, "/problems/openmonth.not-archived")
    programme = (await month.get("/campaigns/2025/programme")).json()["items"]
    month.set_clock(shanghai("2025-09-01T00:00"))

    async def frozen() -> bool:
        return (await month.get("/campaigns/2025")).json()["state"] == "frozen"

    await until(frozen)
    listed = (await month.get("/campaigns/2025/archive")).json()["items"]
    assert [each["document"] for each in listed] == ["board", "programme"]
    for each in listed:
        body = (await month.get(f"/campaigns/2025/archive/{each['document']}")).content
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (each["sha256"], each["octets"])
    assert (await month.get("/campaigns/2025/archive/programme")).json() == programme
    assert problem_of(await month.get("/campaigns/2025/archive/x")) == (404, "/problems/openmonth.unknown-document")
    closed = (409, "/problems/openmonth.wrong-campaign-state")
    assert problem_of(await month.patch(2025, theme="别的")) == closed
    assert problem_of(await month.upload(2025, entries("2025"))) == closed
    database = await month.house.database("openmonth")
    try:
        for attempt in ("update archives set sha256 = ''", "delete from archives", "delete from signs"):
            with pytest.raises(asyncpg.PostgresError):
                await database.execute(attempt)
    finally:
        await database.close()


async def _rebuild(month: Month) -> None:
    """From the stream alone: the same rows, the same answers."""
    paths = [f"/campaigns/2025/{name}" for name in ("board", "programme", "report")]
    rows, answers = await month.rows(), [(await month.get(path)).content for path in paths]
    database = await month.house.database("openmonth")
    try:
        await database.execute("delete from events")
    finally:
        await database.close()
    assert (await kaimen(month.house, "rebuild", "openmonth"))[0] == 0

    async def is_back() -> bool:
        return await month.rows() == rows

    await until(is_back)
    assert [(await month.get(path)).content for path in paths] == answers


async def test_archive_is_frozen_by_a_worker_that_comes_late(month: Month) -> None:
    await month.opened(2019)

    async def frozen() -> bool:
        return (await month.get("/campaigns/2019")).json()["state"] == "frozen"

    await until(frozen)
    assert (await month.get("/campaigns/2019/archive/programme")).json() == []


async def test_late_message_does_not_go_backwards_and_membership_is_a_field(month: Month) -> None:
    await month.opened(2040)
    await month.opened(2041)
    first = open_event(uuid4().int, campaign=2040, title="原来")
    other = open_event(uuid4().int, campaign=2040)
    moved = replace(first, version=3, campaign=2041, title="后来")
    await month.say(EventPublished(first))
    await month.say(EventPublished(other))
    await month.known(2040, 2)
    await month.say(EventRevised(moved))
    await month.known(2041, 1)
    await month.say(EventRevised(replace(first, version=2)))
    await month.say(EventRevised(replace(other, version=2, campaign=None)))
    await month.known(2040, 0)
    assert [row["title"] for row in (await month.known(2041, 1))["rows"]] == ["后来"]


async def test_figures_of_a_report_are_kept_and_added_up(month: Month) -> None:
    await month.opened(2042)
    event = open_event(uuid4().int, campaign=2042, state="held", starts_at=shanghai("2042-08-20T10:00"))
    figures = ReportFigures(12, 10, 2, 1, 4, 3, True)
    await month.say(EventReported(replace(event, version=2, state="reported"), figures))
    await month.say(EventHeld(event))  # late
    report = await month.known(2042, 1)
    (line,) = [line for line in report["units"] if line["events"]]
    counts = ("registered", "checked_in", "suggestions", "replies", "counted", "held")
    assert [line["figures"][name] for name in counts] == [12, 10, 4, 3, 1, 1]
    assert line["met"]


async def test_import_tells_what_its_rows_are_in_the_way_of(month: Month) -> None:
    await month.opened(2043)
    there = open_event(
        uuid4().int, campaign=2043, place="崧泽大道333号", starts_at=shanghai("2043-08-18T14:00"), title="已有的活动"
    )
    await month.say(EventPublished(there))
    await month.known(2043, 1)
    table = "活动时间,活动名称(主题),活动形式,活动地点,年份\n8月18日15:00-16:00,新的活动,参观,崧泽大道333号,2043\n"
    for dry_run in (True, False):
        answer = await month.upload(2043, table.encode(), dry_run=dry_run)
        assert answer.status_code == (200 if dry_run else 201), answer.text
        (clash,) = answer.json()["clashes"]
        assert (clash["kind"], clash["day"], "已有的活动" in clash["reason"], "新的活动" in clash["reason_en"]) == (
            "venue", "2043-08-18", True, True,
        )  # fmt: skip
        assert {(named["event_id"], named["row"]) for named in clash["events"]} == {
            (str(there.event_id), None),
            (None, 2),
        }


async def test_what_opendays_refuses_is_passed_on_unchanged(month: Month) -> None:
    await month.opened(2044)
    for data in (b"\x00\x01", b"", b"PK\x03\x04broken"):
        answer = await month.upload(2044, data)
        files = {"file": ("entries.csv", data)}
        direct = await month.house.client.post(
            "/api/opendays/v1/imports", files=files, params={"dry_run": True}, headers=await month.writer()
        )
        assert problem_of(answer)[0] == direct.status_code == 422
        assert answer.content == direct.content


async def test_import_without_a_file_or_a_campaign_is_refused(month: Month) -> None:
    assert problem_of(await month.upload(2098, b"x")) == (404, "/problems/openmonth.unknown-campaign")
    await month.opened(2045)
    path = f"{API}/campaigns/2045/imports"
    answer = await month.house.client.post(path, files={"x": (None, "y")}, headers=await month.writer())
    assert problem_of(answer) == (422, "/problems/kit.malformed")
    answer = await month.house.client.post(path, files={"file": ("a.csv", b"x")})
    assert problem_of(answer)[0] == 401


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "kit.malformed"),
        ({"year": 1999}, "kit.malformed"),
        ({"year": "2050"}, "kit.malformed"),
        ({"year": 2050, "nobody": 1}, "kit.malformed"),
        ({"year": 2050, "name": " "}, "kit.bad-text"),
        ({"year": 2050, "theme": "<b>x</b>"}, "kit.markup-in-text"),
        ({"year": 2050, "sign_url": "ftp://example.org"}, "kit.bad-url"),
        ({"year": 2050, "opens_on": "2050-09-01"}, "openmonth.bad-window"),
        ({"year": 2050, "closes_on": "2051-01-01"}, "openmonth.bad-window"),
        ({"year": 2050, "opens_on": "2050-02-30"}, "kit.malformed"),
    ],
)
async def test_bad_campaign_is_refused_and_not_kept(month: Month, body: Any, problem: str) -> None:
    assert problem_of(await month.post("/campaigns", body)) == (422, f"/problems/{problem}")
    assert (await month.get("/campaigns/2050", await month.office())).status_code == 404


async def test_only_the_office_opens_changes_and_publishes(month: Month) -> None:
    writer = await month.writer()
    assert problem_of(await month.post("/campaigns", {"year": 2051}, writer)) == (403, "/problems/kit.forbidden")
    assert (await month.post("/campaigns", {"year": 2051})).status_code == 201
    assert problem_of(await month.post("/campaigns/2051/publish", headers=writer))[0] == 403
    stale = await month.office() | {"If-Match": '"7"'}
    answer = await month.house.client.patch(f"{API}/campaigns/2051", json={"theme": "x"}, headers=stale)
    assert problem_of(answer) == (412, "/problems/kit.stale-version")
    assert (await month.post("/campaigns/2051/publish")).status_code == 200
    again = problem_of(await month.post("/campaigns/2051/publish"))
    assert again == (409, "/problems/openmonth.wrong-campaign-state")
    for path in ("/campaigns/0", "/campaigns/99999999999", "/campaigns/2099/board", "/campaigns/2099/programme"):
        assert problem_of(await month.get(path)) == (404, "/problems/openmonth.unknown-campaign")
    assert problem_of(await month.get("/campaigns/2051/programme?day=x"))[0] == 422
    assert problem_of(await month.get("/campaigns/2051/programme?format=pdf"))[0] == 422
    assert problem_of(await month.get("/campaigns/2051/signs"))[0] == 401


async def test_photos_that_are_none_and_people_who_may_not_are_refused(month: Month) -> None:
    await month.opened(2046)
    begun = open_event(uuid4().int, campaign=2046, starts_at=START - timedelta(hours=1))
    later = open_event(uuid4().int, campaign=2046, starts_at=START + timedelta(days=9))
    called_off = open_event(uuid4().int, campaign=2046, starts_at=START - timedelta(hours=1), state="cancelled")
    for each in (begun, later, called_off):
        await month.say(EventPublished(each))
    await month.known(2046, 3)
    event_id = str(begun.event_id)
    for data, reason in (
        (b"", "no-photo"),
        (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), "photo-too-large"),
        (picture("GIF"), "wrong-photo-format"),
        (picture(size=(200, 200))[:-200], "broken-photo"),
        (picture("PNG", size=(20_000, 20_000), mode="1", color=0), "too-many-pixels"),
    ):
        assert problem_of(await month.file_sign(2046, event_id, data)) == (422, f"/problems/kit.{reason}")
    path = f"{API}/campaigns/2046/events/{event_id}/sign"
    answer = await month.house.client.post(path, files={"x": (None, "y")}, headers=await month.writer())
    assert problem_of(answer) == (422, "/problems/kit.no-photo")
    good = picture()
    refused = [
        (await month.file_sign(2046, event_id, good, await month.writer(TOWN)), 403, "kit.not-your-unit"),
        (await month.file_sign(2046, str(later.event_id), good), 409, "openmonth.not-begun"),
        (await month.file_sign(2046, str(called_off.event_id), good), 409, "openmonth.not-taking-place"),
        (await month.file_sign(2046, str(UUID(int=7)), good), 404, "openmonth.unknown-event"),
        (await month.get(f"/campaigns/2046/events/{event_id}/sign.jpg"), 404, "openmonth.no-sign"),
    ]
    for answer, status, reason in refused:
        assert problem_of(answer) == (status, f"/problems/{reason}")
    key = await month.office() | {"Idempotency-Key": str(uuid4())}
    first, second = [await month.file_sign(2046, event_id, good, key) for _ in range(2)]
    assert first.status_code == second.status_code == 201
    assert (first.content, first.json()["number"]) == (second.content, 1)
