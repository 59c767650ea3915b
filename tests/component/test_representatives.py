"""From the call to the answered statement, over HTTP: RP1 to RP8, and what a draw must refuse."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from houses import House, open_house, problem_of, until
from kaimen.kit.lots.verifier.kaimen_verify import verify

API = "/api/representatives/v1"
DAY = timedelta(days=1)
QUOTAS = {"性别": {"女": [2, 2], "男": [2, 2]}, "年龄": {"60岁以下": [1, 3], "60岁以上": [1, 3]}}
SOURCES = [
    {"id": "ssq", "name": "双色球次期红球", "form": "sorted-ints"},
    {"id": "sse", "name": "上证指数收盘", "form": "decimal2"},
]
NUMBERS = {"ssq": "3.9.14.21.27.33", "sse": "3456.78"}
_phones = itertools.count(13700000000)


@asynccontextmanager
async def open_town(folder: Path, services: str = "accounts,representatives") -> AsyncIterator[House]:
    """Two units and their representatives. A house of its own, for its clock runs through weeks."""
    async with open_house(folder, "--only", services, "--no-seed") as house:
        office = await house.token("office")
        for name in ("区教育局", "区民政局"):
            unit = {"short_name": name, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        if "representatives" in services:
            await until(lambda: known_units(house))
        yield house


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_town(tmp_path_factory.mktemp("town")) as house:
        yield house


class Hall:
    """A unit with a decision meeting ahead, and the people around it. Its clock starts anew with each meeting."""

    api = API

    def __init__(self, house: House) -> None:
        self.house = house
        self.shift = timedelta()
        house.shift_clock(self.shift)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def wait_for(self, by: timedelta) -> None:
        self.shift += by
        self.house.shift_clock(self.shift)

    async def staff(self) -> dict[str, str]:
        return await self.house.token("unit_editor", "区教育局", "经办")

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.house.client.request(method, f"{self.api}{path}", json=body, headers=headers or {})

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        answer = await self.ask("POST", path, body, headers if headers is not None else await self.staff())
        assert answer.is_success, answer.text
        return answer.json()

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        answer = await self.ask("GET", path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def meeting(self, days: float = 20, **changes: Any) -> dict[str, Any]:
        starts = self.now + days * DAY
        draft = {
            "unit": "区教育局",
            "title": "主任办公会 第9次",
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=2)).isoformat(),
            "place": "区教育局 301 会议室",
            "items": [
                {"title": "学区调整方案"},
                {"title": "人事", "suitable_for_public": False, "unsuitable_reason": "涉密"},
            ],
            **changes,
        }
        until_known = await self.ask("POST", "/meetings", draft, await self.staff())
        assert until_known.status_code == 201, until_known.text
        return until_known.json()

    def call(self, **changes: Any) -> dict[str, Any]:
        return {
            "seats": 4,
            "opens_at": self.now.isoformat(),
            "closes_at": (self.now + 8 * DAY).isoformat(),
            "quotas": QUOTAS,
            "entropy": SOURCES,
            "panels": 100,
            "max_rounding_loss_ppm": 20_000,
            "min_shared": 2,
            "eligibility": ["年满18周岁，本区居民"],
            **changes,
        }

    async def recruitment(self, meeting: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return await self.post(f"/meetings/{meeting['id']}/recruitments", self.call(**changes))

    async def apply(self, recruitment: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
        answer = await self.ask(
            "POST", f"/recruitments/{recruitment['id']}/applications", self.applicant(number, **changes)
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def applicant(self, number: int, **changes: Any) -> dict[str, Any]:
        features = {"性别": "女" if number % 2 else "男", "年龄": "60岁以上" if number % 3 == 0 else "60岁以下"}
        usual = {"name": f"居民{number}", "phone": str(next(_phones)), "features": features, "meets_conditions": True}
        return {**usual, **changes}

    async def pool(self, recruitment: dict[str, Any], people: int = 18) -> list[dict[str, Any]]:
        """Applicants who were verified, after sign-up has closed."""
        staff = await self.staff()
        receipts = []
        for number in range(people):
            receipt = await self.apply(recruitment, number)
            await self.post(f"/applications/{receipt['code']}/verify", {}, staff)
            receipts.append(receipt)
        self.wait_for(9 * DAY)
        return receipts

    async def committed(self, recruitment: dict[str, Any]) -> dict[str, Any]:
        path = f"/recruitments/{recruitment['id']}"
        await self.closed(recruitment)
        answer = await self.ask("POST", f"{path}/commit", None, await self.staff())
        assert answer.status_code == 202, answer.text

        async def done() -> dict[str, Any]:
            shown = await self.get(path)
            assert shown["draws"][-1]["state"] != "closed", shown["draws"][-1]["progress"]
            return shown if shown["draws"][-1]["state"] == "committed" else {}

        return await until(done, seconds=60)

    async def closed(self, recruitment: dict[str, Any]) -> dict[str, Any]:
        """By the clock, or by hand: whichever comes first."""
        path = f"/recruitments/{recruitment['id']}"
        answer = await self.ask("POST", f"{path}/close", None, await self.staff())
        assert answer.status_code == 200 or problem_of(answer) == (409, "/problems/kit.wrong-recruitment-state")
        return await self.get(path)

    async def drawn(self, recruitment: dict[str, Any]) -> dict[str, Any]:
        path = f"/recruitments/{recruitment['id']}/draw"
        await self.post(path, {"entropy": NUMBERS}, await self.house.token("office", None, "甲"))
        return await self.post(path, {"entropy": NUMBERS}, await self.house.token("notary", None, "乙"))

    async def look(self, receipt: dict[str, Any]) -> dict[str, Any]:
        return await self.get(f"/applications/{receipt['code']}", {"X-Manage-Token": receipt["manage_token"]})


async def known_units(house: House) -> bool:
    return bool((await house.client.get(f"{API}/counters")).json()["items"][1:])


@pytest.fixture
async def hall(town: House) -> Hall:
    return Hall(town)


async def test_representatives_are_drawn_attend_speak_and_are_answered(hall: Hall) -> None:
    meeting = await hall.meeting()
    recruitment = await hall.recruitment(meeting)
    receipts = await hall.pool(recruitment)
    committed = await hall.committed(recruitment)
    (draw,) = committed["draws"]
    assert (draw["pool_size"], len(draw["commitment"]), draw["seed"]) == (18, 64, "")
    assert draw["lowest_ppm"] <= draw["optimum_ppm"] <= 222_223
    before = await hall.look(receipts[0])
    assert (before["state"], before["panels"]) == ("pooled", 100)
    assert 0 < before["in_panels"] <= 100
    drawn = await hall.drawn(recruitment)
    assert drawn["state"] == "settled"
    transcript = await hall.get(f"/recruitments/{recruitment['id']}/transcript.json")
    assert verify(transcript) == []
    listed = (await hall.get(f"/recruitments/{recruitment['id']}/list"))["items"]
    assert [line["state"] for line in listed] == ["invited"] * 4 + ["reserve"] * 14
    assert {line["name"] for line in listed} == {"居**"}
    assert sorted(line["pseudonym"] for line in listed[:4]) == transcript["draw"]["selected"]
    by_pseudonym = {receipt["pseudonym"]: receipt for receipt in receipts}
    invited = [by_pseudonym[line["pseudonym"]] for line in listed[:4]]
    for receipt in invited[:3]:
        proof = {"manage_token": receipt["manage_token"]}
        assert (await hall.post(f"/invitations/{receipt['code']}/confirm", proof, {}))["state"] == "confirmed"
    assert (await hall.get(f"/meetings/{meeting['id']}"))["state"] == "notified"
    declined = {"manage_token": invited[3]["manage_token"]}
    assert (await hall.post(f"/invitations/{invited[3]['code']}/decline", declined, {}))["state"] == "declined"
    hall.wait_for(timedelta(days=9, hours=1))

    async def filled() -> list[Any]:
        return (await hall.get(f"/recruitments/{recruitment['id']}/transcript.json"))["replacements"]

    (replacement,) = await until(filled)
    assert replacement["vacant"] == [invited[3]["pseudonym"]]
    after = await hall.get(f"/recruitments/{recruitment['id']}/transcript.json")
    assert verify(after) == []
    (stand_in,) = replacement["chosen"]
    hall.wait_for(2 * DAY)
    present = [receipt["pseudonym"] for receipt in invited[:3]]
    attended = await hall.post(f"/meetings/{meeting['id']}/attendance", {"present": present})
    assert (attended["state"], attended["present"], attended["invited"]) == ("counted", 3, 4)
    states = {
        line["pseudonym"]: line["state"]
        for line in (await hall.get(f"/recruitments/{recruitment['id']}/list"))["items"]
    }
    assert states[stand_in] in ("absent", "lapsed")
    said = {"representative": present[0], "item": meeting["items"][0]["id"], "summary": "建议公布学区划分依据"}
    statement = await hall.post(f"/meetings/{meeting['id']}/statements", said)
    assert (await hall.get(f"/meetings/{meeting['id']}"))["state"] == "statements_recorded"
    answer = {"outcome": "adopted", "reason": "已写入方案第三条"}
    assert (await hall.post(f"/statements/{statement['id']}/reply", answer))["outcome"] == "adopted"
    shown = await hall.get(f"/meetings/{meeting['id']}")
    assert (shown["state"], [s["reason"] for s in shown["statements"]]) == ("counted", ["已写入方案第三条"])
    counters = (await hall.get(f"/counters?year={datetime.fromisoformat(meeting['starts_at']).astimezone().year}"))[
        "items"
    ]
    own = next(counter for counter in counters if counter["unit"] == "区教育局")
    assert (own["target"], own["met"], own["counted"] >= 1) == (1, True, True)


def problem(answer: httpx.Response) -> tuple[int, str]:
    status, kind = problem_of(answer)
    return status, kind.removeprefix("/problems/")


@pytest.fixture(scope="module")
async def stages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Any]]:
    """In a town where nobody else moves the clock: recruitments that are open, closed, committed to, drawn, …"""
    async with open_town(tmp_path_factory.mktemp("stages")) as town:
        yield await _prepare(Hall(town))


async def _prepare(hall: Hall) -> dict[str, Any]:
    meetings = {name: await hall.meeting(40, title=name) for name in ("closed", "committed", "drawn", "external")}
    calls = {name: await hall.recruitment(each) for name, each in meetings.items() if name != "external"}
    external = await hall.recruitment(meetings["external"], method="external", quotas={}, entropy=[])
    people: dict[str, list[dict[str, Any]]] = {}
    for name, call in {**calls, "external": external}.items():
        hall.shift = timedelta()
        hall.house.shift_clock(hall.shift)
        features = {} if name == "external" else None
        people[name] = [
            await hall.apply(call, n, **({"features": features} if features is not None else {})) for n in range(8)
        ]
        for receipt in people[name]:
            await hall.post(f"/applications/{receipt['code']}/verify", {})
        hall.wait_for(9 * DAY)
    for name in ("committed", "drawn"):
        await hall.committed(calls[name])
    await hall.closed(calls["closed"])
    await hall.drawn(calls["drawn"])
    ahead = await hall.meeting(40, title="open")
    return {
        "hall": hall, **calls, "external": external, "people": people, "meeting": ahead,
        "open": await hall.recruitment(ahead), "coming": await hall.recruitment(
            ahead, opens_at=(hall.now + DAY).isoformat(), closes_at=(hall.now + 9 * DAY).isoformat()
        ),
        "invited_only": await hall.recruitment(ahead, method="invited", quotas={}, entropy=[]),
    }  # fmt: skip


Ask = Callable[[dict[str, Any]], Awaitable[httpx.Response]]


def call(**changes: Any) -> Ask:
    async def ask(s: dict[str, Any]) -> httpx.Response:
        hall: Hall = s["hall"]
        body = {key: value(hall) if callable(value) else value for key, value in changes.items()}
        return await hall.ask(
            "POST", f"/meetings/{s['meeting']['id']}/recruitments", hall.call(**body), await hall.staff()
        )

    return ask


def apply(where: str, **changes: Any) -> Ask:
    async def ask(s: dict[str, Any]) -> httpx.Response:
        hall: Hall = s["hall"]
        return await hall.ask("POST", f"/recruitments/{s[where]['id']}/applications", hall.applicant(1, **changes))

    return ask


def step(where: str, name: str, body: Any = None, role: str = "unit_editor", who: str = "经办") -> Ask:
    async def ask(s: dict[str, Any]) -> httpx.Response:
        hall: Hall = s["hall"]
        unit = "区教育局" if role.startswith("unit") else None
        headers = await hall.house.token(role, unit, who)
        return await hall.ask("POST", f"/recruitments/{s[where]['id']}/{name}", body, headers)

    return ask


def meeting(**changes: Any) -> Ask:
    async def ask(s: dict[str, Any]) -> httpx.Response:
        hall: Hall = s["hall"]
        starts = hall.now + 20 * DAY
        draft = {
            "title": "会", "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(),
            "items": [{"title": "议题"}],
        }  # fmt: skip
        body = {key: value(hall) if callable(value) else value for key, value in changes.items()}
        return await hall.ask("POST", "/meetings", {**draft, **body}, await hall.staff())

    return ask


def at_days(days: float) -> Callable[[Hall], str]:
    return lambda hall: (hall.now + days * DAY).isoformat()


CASES: dict[str, tuple[Ask, int, str]] = {
    "meeting in the past": (meeting(starts_at=at_days(-1)), 422, "representatives.meeting-in-past"),
    "meeting ends first": (meeting(ends_at=at_days(1)), 422, "representatives.end-before-start"),
    "meeting without agenda": (meeting(items=[]), 422, "representatives.no-agenda"),
    "meeting of an unknown unit": (meeting(unit="不存在"), 422, "kit.unknown-unit"),
    "meeting of another unit": (meeting(unit="区民政局"), 403, "kit.not-your-unit"),
    "meeting of the district by a unit": (meeting(level="district"), 403, "kit.forbidden"),
    "unsuitable item without a reason": (
        meeting(items=[{"title": "人事", "suitable_for_public": False}]), 422, "kit.reason-required"),
    "markup in an agenda": (meeting(items=[{"title": "<b>x"}]), 422, "kit.markup-in-text"),
    "year 9999": (meeting(starts_at="9999-12-31T00:00:00+08:00"), 422, "representatives.bad-date"),
    "rules six days before closing": (call(closes_at=at_days(6)), 422, "kit.rules-too-late"),
    "sign-up until the meeting": (call(closes_at=at_days(39.5)), 422, "kit.bad-sign-up-window"),
    "sign-up closes first": (call(opens_at=at_days(9)), 422, "kit.bad-sign-up-window"),
    "draw without public numbers": (call(entropy=[]), 422, "kit.public-numbers-needed"),
    "public numbers without a draw": (call(method="panel", criteria="x"), 422, "kit.quotas-need-draw"),
    "quota that its own maximum contradicts": (
        call(quotas={"性别": {"女": [3, 1]}}), 422, "kit.bad-draw-rules"),
    "public number of no known form": (
        call(entropy=[{"id": "a", "name": "b", "form": "tarot"}]), 422, "kit.malformed"),
    "two public numbers of one id": (
        call(entropy=[SOURCES[0], SOURCES[0]]), 422, "kit.bad-draw-rules"),
    "item of another meeting": (
        call(items=["01890000-0000-7000-8000-000000000000"]), 422, "representatives.unknown-agenda-item"),
    "selection by criteria that nobody knows": (
        call(method="panel", quotas={}, entropy=[]), 422, "kit.bad-text"),
    "apply after closing": (apply("closed"), 409, "kit.sign-up-closed"),
    "apply too early": (apply("coming"), 409, "kit.sign-up-not-open"),
    "apply where only invitations count": (apply("invited_only", features={}), 409, "kit.invitation-only"),
    "phone that is none": (apply("open", phone="12"), 422, "kit.bad-phone"),
    "conditions not met": (apply("open", meets_conditions=False), 422, "kit.not-eligible"),
    "feature left out": (apply("open", features={"性别": "女"}), 422, "kit.feature-missing"),
    "value outside the rules": (
        apply("open", features={"性别": "女", "年龄": "不限"}), 422, "kit.feature-outside-rules"),
    "feature that nobody asked for": (
        apply("open", features={"性别": "女", "年龄": "60岁以上", "身高": "高"}), 422,
        "kit.feature-outside-rules"),
    "markup in a name": (apply("open", name="<b>张"), 422, "kit.markup-in-text"),
    "NUL in an address": (apply("open", household="a\x00b"), 422, "kit.control-character"),
    "citizen on a channel of staff": (apply("open", channel="phone"), 403, "kit.channel-for-staff"),
    "close before its time": (step("open", "close"), 409, "kit.sign-up-still-open"),
    "close twice": (step("closed", "close"), 409, "kit.wrong-recruitment-state"),
    "commit before closing": (step("open", "commit"), 409, "kit.sign-up-still-open"),
    "commit twice": (step("committed", "commit"), 409, "kit.wrong-draw-state"),
    "numbers before the commitment": (
        step("closed", "draw", {"entropy": NUMBERS}, "office"), 409, "kit.not-committed"),
    "numbers by an editor": (step("committed", "draw", {"entropy": NUMBERS}), 403, "kit.forbidden"),
    "numbers by a citizen": (
        step("committed", "draw", {"entropy": NUMBERS}, "citizen"), 403, "kit.forbidden"),
    "number missing": (
        step("committed", "draw", {"entropy": {"ssq": "1.2"}}, "office"), 422, "kit.bad-public-numbers"),
    "number of the wrong form": (
        step("committed", "draw", {"entropy": {**NUMBERS, "sse": "3456"}}, "office"), 422, "kit.bad-public-numbers"),
    "numbers not in order": (
        step("committed", "draw", {"entropy": {**NUMBERS, "ssq": "9.3"}}, "office"), 422, "kit.bad-public-numbers"),
    "number of no source": (
        step("committed", "draw", {"entropy": {**NUMBERS, "x": "1"}}, "office"), 422, "kit.bad-public-numbers"),
    "second draw by typing again": (
        step("drawn", "draw", {"entropy": NUMBERS}, "office"), 409, "kit.second-draw-needs-reason"),
    "second draw without a reason": (
        step("drawn", "redraw", {"reason": " ", "entropy": SOURCES}), 409, "kit.second-draw-needs-reason"),
    "replace nobody": (step("drawn", "replace"), 409, "kit.nobody-to-replace"),
    "choose by hand where lots are drawn": (
        step("drawn", "selection", {"selected": ["x"]}), 409, "kit.wrong-selection-method"),
    "draw where a notary draws": (
        step("external", "draw", {"entropy": NUMBERS}, "office"), 409, "kit.wrong-selection-method"),
    "notary's result without a certificate": (
        step("external", "selection", {"selected": ["x"]}), 422, "kit.certificate-needed"),
    "notary's result with a stranger": (
        step("external", "selection",
             {"selected": ["STRANGER"], "certificate_no": "沪证 1", "file_sha256": "0" * 64}),
        422, "kit.selection-incomplete"),
    "another unit's recruitment": (step("open", "close", None, "unit_editor_other"), 403, "kit.not-your-unit"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_bad_input_is_refused_and_nothing_is_kept(name: str, stages: dict[str, Any]) -> None:
    ask, status, kind = CASES[name]
    town = stages["hall"].house
    if name == "another unit's recruitment":
        hall = stages["hall"]
        other = await town.token("unit_editor", "区民政局", "外单位")
        answer = await hall.ask("POST", f"/recruitments/{stages['open']['id']}/close", None, other)
        assert problem(answer) == (status, kind)
        return
    before = await contents(town)
    answer = await ask(stages)
    assert problem(answer) == (status, kind)
    assert await contents(town) == before


async def contents(house: House) -> dict[str, Any]:
    """Every row that the service keeps."""
    database = await house.database("representatives")
    tables = ("meetings", "recruitments", "applications", "statements", "draws", "draw_numbers", "outbox", "audit")
    found = {
        table: await database.fetchval(f"select md5(string_agg({table}::text, ',')) from {table}") for table in tables
    }
    await database.close()
    return found


async def test_two_people_must_type_the_same_numbers(stages: dict[str, Any]) -> None:
    hall: Hall = stages["hall"]
    path = f"/recruitments/{stages['committed']['id']}/draw"
    one, two = await hall.house.token("office", None, "甲"), await hall.house.token("office", None, "乙")
    for _ in range(2):
        alone = await hall.post(path, {"entropy": NUMBERS}, one)
        assert (alone["draws"][-1]["state"], alone["draws"][-1]["typed"]) == ("committed", 1)
    other = await hall.ask("POST", path, {"entropy": {**NUMBERS, "sse": "1.00"}}, two)
    assert problem(other) == (409, "kit.public-numbers-differ")
    assert other.json()["errors"][0]["field"] == "entropy.sse"


async def test_second_draw_keeps_the_first_one_visible(hall: Hall) -> None:
    recruitment = await hall.recruitment(await hall.meeting(40))
    await hall.pool(recruitment, 10)
    await hall.committed(recruitment)
    await hall.drawn(recruitment)
    path = f"/recruitments/{recruitment['id']}"
    first = await hall.get(f"{path}/transcript.json")
    again = {"reason": "公证员发现第一次录入的期号有误", "entropy": [{"id": "dice", "name": "骰子", "form": "digits"}]}
    shown = await hall.post(f"{path}/redraw", again)
    assert [draw["state"] for draw in shown["draws"]] == ["drawn", "closed"]
    await hall.committed(recruitment)
    for who in ("甲", "乙"):
        await hall.post(f"{path}/draw", {"entropy": {"dice": "047"}}, await hall.house.token("office", None, who))
    second = await hall.get(f"{path}/transcript.json")
    assert (verify(second), second["rules"]["reason"], second["pool"]) == ([], again["reason"], first["pool"])
    assert await hall.get(f"{path}/transcript.json?number=1") == first
    listed = (await hall.get(f"{path}/list"))["items"]
    assert sorted(line["pseudonym"] for line in listed if line["state"] == "invited") == second["draw"]["selected"]


async def test_quotas_that_contradict_are_explained_with_the_nearest(hall: Hall) -> None:
    recruitment = await hall.recruitment(await hall.meeting(40), quotas={"性别": {"女": [4, 4], "男": [0, 0]}})
    staff = await hall.staff()
    for _ in range(6):
        receipt = await hall.apply(recruitment, 0, features={"性别": "男"})
        await hall.post(f"/applications/{receipt['code']}/verify", {}, staff)
    hall.wait_for(9 * DAY)
    await hall.closed(recruitment)
    answer = await hall.ask("POST", f"/recruitments/{recruitment['id']}/commit", None, await hall.staff())
    assert problem(answer) == (409, "kit.quotas-contradict")
    assert "女" in answer.json()["detail"]
    wider = {"reason": "报名者均为男性", "entropy": SOURCES, "quotas": {"性别": {"女": [0, 4], "男": [0, 4]}}}
    await hall.post(f"/recruitments/{recruitment['id']}/redraw", wider)
    await hall.committed(recruitment)


async def test_no_more_applicants_than_seats_are_all_in_and_nothing_is_drawn(hall: Hall) -> None:
    recruitment = await hall.recruitment(await hall.meeting(40))
    await hall.pool(recruitment, 3)
    closed = await hall.closed(recruitment)
    assert (closed["state"], closed["draws"][0]["state"], closed["counts"]) == ("settled", "void", {"invited": 3})
    answer = await hall.ask("POST", f"/recruitments/{recruitment['id']}/commit", None, await hall.staff())
    assert problem(answer) == (409, "kit.pool-too-small")


async def test_rotation_household_and_conflict_keep_people_out(hall: Hall) -> None:
    """RP6."""
    held = await hall.meeting(13)
    first = await hall.recruitment(held)
    phone = str(next(_phones))
    receipt = await hall.apply(first, 1, phone=phone)
    await hall.post(f"/applications/{receipt['code']}/verify", {})
    hall.wait_for(9 * DAY)
    await hall.closed(first)
    hall.wait_for(5 * DAY)
    await hall.post(f"/meetings/{held['id']}/attendance", {"present": [receipt["pseudonym"]]})
    recruitment = await hall.recruitment(await hall.meeting(40))
    path = f"/recruitments/{recruitment['id']}/applications"
    again = await hall.ask("POST", path, hall.applicant(1, phone=phone))
    assert problem(again) == (409, "kit.took-part-lately")
    known = await hall.apply(recruitment, 1, household="公园路 1 号")
    same_house = await hall.apply(recruitment, 2, household="公园路1号")
    employee = await hall.apply(recruitment, 3, works_for_sponsor=True)
    unseen = await hall.apply(recruitment, 4)
    refused = await hall.apply(recruitment, 5)
    for one in (known, same_house, employee):
        await hall.post(f"/applications/{one['code']}/verify", {})
    await hall.post(f"/applications/{refused['code']}/verify", {"eligible": False, "reason": "不在本区居住"})
    hall.wait_for(9 * DAY)
    await hall.closed(recruitment)
    shown = {name: await hall.look(one) for name, one in (
        ("known", known), ("same_house", same_house), ("employee", employee), ("unseen", unseen), ("refused", refused)
    )}  # fmt: skip
    assert {name: (one["state"], one["exclusion"]) for name, one in shown.items()} == {
        "known": ("invited", ""),
        "same_house": ("excluded", "household"),
        "employee": ("excluded", "conflict"),
        "unseen": ("excluded", "unverified"),
        "refused": ("rejected", "ineligible"),
    }


async def test_notarys_result_is_imported_with_its_certificate(hall: Hall) -> None:
    recruitment = await hall.recruitment(await hall.meeting(40), method="external", quotas={}, entropy=[])
    staff, names = await hall.staff(), []
    for number in range(6):
        receipt = await hall.apply(recruitment, number, features={})
        await hall.post(f"/applications/{receipt['code']}/verify", {}, staff)
        names.append(receipt["pseudonym"])
    hall.wait_for(9 * DAY)
    path = f"/recruitments/{recruitment['id']}"
    result = {
        "selected": names[:4],
        "reserves": names[4:],
        "certificate_no": "沪青证字第 1 号",
        "file_sha256": "a" * 64,
        "notary": "青浦公证处",
    }
    shown = await hall.post(f"{path}/selection", result)
    assert (shown["state"], shown["certificate"]["certificate_no"]) == ("settled", "沪青证字第 1 号")
    listed = (await hall.get(f"{path}/list"))["items"]
    assert [(line["how"], line["state"]) for line in listed[:4]] == [("external", "invited")] * 4


async def test_nobody_reads_an_application_without_proof(stages: dict[str, Any]) -> None:
    hall: Hall = stages["hall"]
    receipt = stages["people"]["drawn"][0]
    path = f"/applications/{receipt['code']}"
    assert problem(await hall.ask("GET", path)) == (403, "kit.proof-needed")
    assert problem(await hall.ask("GET", "/applications/NOSUCHCODE")) == (404, "kit.unknown-application")
    assert problem(await hall.ask("GET", f"/recruitments/{stages['drawn']['id']}/applications")) == (
        401,
        "kit.unauthenticated",
    )
    citizen = await hall.house.token("citizen")
    openings = await hall.ask("GET", f"/recruitments/{stages['drawn']['id']}/openings.json", headers=citizen)
    assert problem(openings) == (403, "kit.forbidden")


async def test_contacts_are_forgotten_when_their_time_is_over(hall: Hall) -> None:
    recruitment = await hall.recruitment(await hall.meeting(13))
    await hall.pool(recruitment, 7)
    await hall.committed(recruitment)
    await hall.drawn(recruitment)
    database = await hall.house.database("representatives")
    kept = (
        "select count(*) filter (where personal is not null and state in ('invited', 'lapsed', 'absent')) as seated,"
        " count(*) filter (where personal is not null and state = 'reserve') as others"
        f" from applications where recruitment_id = '{recruitment['id']}'"
    )
    assert tuple(await database.fetchrow(kept)) == (4, 3)
    hall.wait_for(91 * DAY)

    async def others_forgotten() -> bool:
        return (await database.fetchrow(kept))["others"] == 0

    await until(others_forgotten)
    hall.wait_for(290 * DAY)

    async def all_forgotten() -> bool:
        return tuple(await database.fetchrow(kept)) == (0, 0)

    await until(all_forgotten)
    await database.close()
    transcript = await hall.get(f"/recruitments/{recruitment['id']}/transcript.json")
    assert verify(transcript) == []
