"""Whatever is called in whatever order: nothing is held without rules, roster and deliveries (713 Art. 16)."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from component.test_hearings import Chamber, until_units_are_known
from component.test_representatives import DAY, SOURCES, open_town
from houses import House
from kaimen.kit.clock import local_date

API = "/api/hearings/v1"
SHOWN_HELD = {"held", "record_confirmed", "reported", "archived"}
COUNTS = {"in_time", "at_the_limit", "waived"}
_phones = itertools.count(13900000000)


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_town(tmp_path_factory.mktemp("orders"), "accounts,hearings") as house:
        await until_units_are_known(Chamber(house))
        yield house


class Orders(RuleBasedStateMachine):
    """A hearing with a drawn, an invited and an observers' group, and staff who press anything at any time."""

    house: ClassVar[House]
    client: ClassVar[httpx.Client]
    seen: ClassVar[set[str]] = set()
    """Phases that were reached: a test that never holds a hearing would prove nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = timedelta()
        self.receipts: list[dict[str, str]] = []

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        who = {"role": "office", "unit": None, "name": "甲"}
        token = self.client.post("/api/accounts/v1/dev/tokens", json=who).json()["access_token"]
        answer = self.client.request(method, f"{API}{path}", json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code != 401, answer.text
        assert answer.status_code < 500, answer.text
        return answer

    def post(self, name: str, body: Any = None) -> None:
        self.ask("POST", f"/hearings/{self.id}/{name}", body)

    def read(self) -> dict[str, Any]:
        return self.ask("GET", f"/hearings/{self.id}").json()

    @initialize(progress=st.integers(0, 5))
    def plan(self, progress: int) -> None:
        """A hearing that has already gone some way, so that every phase sees every call."""
        self.house.shift_clock(self.shift)
        starts = self.now + 30 * DAY
        common = {"eligibility": ["年满18周岁"]}
        draft = {
            "unit": "区教育局", "title": "听证会", "matters": "学区", "draft_url": "https://example.cn/d",
            "explanation_url": "https://example.cn/e", "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=2)).isoformat(), "place": "礼堂",
            "sides": [{"name": "居民"}, {"name": "学校"}],
            "groups": [
                {"name": "居民组", "side": "居民", "seats": 2, "method": "draw", "panels": 10, **common},
                {"name": "学校组", "side": "学校", "seats": 1, "method": "invited", **common},
                {"name": "旁听组", "role": "observer", "seats": 1, "method": "first_come"},
            ],
            "opens_at": (self.now + DAY).isoformat(), "closes_at": (self.now + 9 * DAY).isoformat(),
            "entropy": SOURCES,
        }  # fmt: skip
        answer = self.ask("POST", "/hearings", draft)
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        for _ in range(progress):
            self.go_on()

    @rule(name=st.sampled_from(["announce", "open", "close", "commit", "publish-list", "replace"]))
    def step(self, name: str) -> None:
        self.post(name)

    @rule(group=st.sampled_from(["居民组", "学校组", "旁听组"]), verified=st.booleans())
    def sign_up(self, group: str, verified: bool) -> None:
        body = {"group": group, "name": "某人", "phone": str(next(_phones)), "meets_conditions": True}
        answer = self.ask("POST", f"/hearings/{self.id}/applications", {**body, "channel": "phone"})
        if answer.status_code == 201:
            self.receipts.append(answer.json())
            if verified:
                self.ask("POST", f"/applications/{answer.json()['code']}/verify", {})

    @rule()
    def select(self) -> None:
        for group in self.read()["groups"]:
            if group["name"] == "学校组" and group["recruitment"]:
                path = f"/recruitments/{group['recruitment']['id']}"
                people = self.ask("GET", f"{path}/applications").json()["items"]
                names = [each["pseudonym"] for each in people if each["state"] == "verified"][:1]
                self.ask(
                    "POST", f"{path}/selection", {"selected": names or ["X"], "reasons": dict.fromkeys(names, "是")}
                )

    @rule(answer=st.sampled_from(["confirm", "decline"]), last=st.booleans())
    def answer_invitation(self, answer: str, last: bool) -> None:
        for receipt in self.receipts[-1:] if last else self.receipts:
            self.ask("POST", f"/invitations/{receipt['code']}/{answer}", {"manage_token": receipt["manage_token"]})

    @rule(everybody=st.booleans(), waiver=st.sampled_from(["", "书面同意"]), page=st.booleans())
    def deliver(self, everybody: bool, waiver: str, page: bool) -> None:
        chosen = [] if everybody else [receipt["pseudonym"] for receipt in self.receipts[:1]]
        way = {"way": "page"} if page else {
            "way": "post", "receipt": "EMS 1", "delivered_on": local_date(self.now).isoformat(),
        }  # fmt: skip
        body = {"participants": chosen, "documents": [{"title": "草案"}], "waiver": waiver, **way}
        self.post("deliver", body)

    @rule(days=st.sampled_from([2, 9, 20]))
    def wait(self, days: int) -> None:
        self.shift += days * DAY
        self.house.shift_clock(self.shift)

    @rule(known=st.booleans())
    def postpone(self, known: bool) -> None:
        starts = self.now + 20 * DAY
        times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat()}
        self.post("postpone", {"reason": "场地", **(times if known else {})})

    @rule(present=st.booleans(), in_time=st.booleans())
    def hold(self, present: bool, in_time: bool) -> None:
        """Early, or when its hour has come: then only the rules stand in the way."""
        hearing = self.read()
        if in_time:
            starts_at = datetime.fromisoformat(hearing["starts_at"])
            self.shift += max(starts_at - self.now, timedelta()) + timedelta(minutes=1)
            self.house.shift_clock(self.shift)
        self.post("hold", {"present": [line["pseudonym"] for line in hearing["roster"] or [] if present]})

    @rule()
    def go_on(self) -> None:
        """What a diligent office would do next; without it hardly any order of calls gets far."""
        state = self.read()["state"]
        if state == "planned":
            self.post("announce")
            for group in ("居民组", "学校组"):
                self.sign_up(group, verified=True)
            self.select()
        elif state in ("announced", "signup_open"):
            self.post("open")
            self.sign_up("居民组", verified=True)
            self.answer_invitation("confirm", last=False)
            self.wait(9)
        elif state in ("signup_closed", "selecting"):
            self.post("close")
            self.answer_invitation("confirm", last=False)
            self.post("publish-list")
        elif state == "list_published":
            self.deliver(everybody=True, waiver="书面同意", page=False)
        elif state == "materials_delivered":
            self.hold(present=True, in_time=True)

    @invariant()
    def nothing_is_held_without_rules_roster_and_deliveries(self) -> None:
        hearing = self.read()
        self.seen.add(hearing["state"])
        if hearing["state"] not in SHOWN_HELD:
            assert hearing["held_at"] is None
            return
        held_at = datetime.fromisoformat(hearing["held_at"])
        assert datetime.fromisoformat(hearing["list_published_at"]) <= held_at
        for group in hearing["groups"]:
            for draw in group["recruitment"]["draws"]:
                assert datetime.fromisoformat(draw["ruled_at"]) <= datetime.fromisoformat(
                    group["recruitment"]["opens_at"]
                )
        delivered = self.ask("GET", f"/hearings/{self.id}/deliveries").json()["items"]
        reached = {each["pseudonym"] for each in delivered if each["stands"] in COUNTS}
        assert {line["side"] for line in hearing["roster"]} == {"居民", "学校"}
        assert {line["pseudonym"] for line in hearing["roster"]} <= reached


async def test_no_order_of_calls_holds_a_hearing_without_rules_roster_and_deliveries(town: House) -> None:
    Orders.house = town
    with httpx.Client(base_url=town.url, timeout=30, trust_env=False) as Orders.client:
        await asyncio.to_thread(
            run_state_machine_as_test,
            Orders,
            settings=settings(
                max_examples=60,
                stateful_step_count=15,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert {"list_published", "materials_delivered", "held"} - Orders.seen == set()
