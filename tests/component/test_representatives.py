"""From the call to the answered statement, over HTTP: RP1 to RP8, and what a draw must refuse."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
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


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house of its own: its clock runs through weeks."""
    async with open_house(tmp_path_factory.mktemp("town"), "--only", "accounts,representatives", "--no-seed") as house:
        office = await house.token("office")
        for name in ("区教育局", "区民政局"):
            unit = {"short_name": name, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        yield house


class Hall:
    """A unit with a decision meeting ahead, and the people around it. Its clock starts anew with each meeting."""

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
        return await self.house.client.request(method, f"{API}{path}", json=body, headers=headers or {})

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
        assert answer.status_code == 200 or problem_of(answer) == (409, "/problems/representatives.wrong-state")
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
    await until(lambda: known_units(town))
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
