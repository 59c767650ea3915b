"""Whoever presses whatever in whatever order: what is published adds up, was read by somebody else, and stays."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from component.test_adoption import PASSAGES, UNIT, UNUSED, open_bureau, told_handled
from component.test_adoption_races import Town
from component.test_representatives import DAY
from houses import House, problem_of
from kaimen.adoption.domain.clocks import WARN_AT
from kaimen.kit.clock import local_date
from kaimen.kit.workdays import Workdays

T = TypeVar("T")
API = "/api/adoption/v1"
PEOPLE: dict[str, dict[str, Any]] = {
    "editor": {"role": "unit_editor", "unit": UNIT, "name": "甲"},
    "lead": {"role": "unit_lead", "unit": UNIT, "name": "乙"},
    "other": {"role": "unit_lead", "unit": UNIT, "name": "丙"},
    "office": {"role": "office", "unit": None, "name": "丁"},
}
CITIZEN, STRANGER = "citizen", "stranger"
FATES = ("adopted", "partly", "not_adopted", "already_covered", "out_of_scope", "withdrawn", "duplicate")
CONTACT = "wechat-kaimen"
"""With which every contact begins, and nothing else."""
HIDDEN = "不宜公开的话"
_numbers = itertools.count(1)

MODERATIONS: list[dict[str, Any]] = [
    {"show": True},
    {"show": True, "text": "公开的话【略】", "reason": "隐去姓名"},
    {"show": True, "text": "公开的话"},
    {"show": True, "text": "赞成公开", "reason": "改写"},
    {"show": False, "reason": "含有攻击性语言"},
]
staff = st.sampled_from(["editor", "lead", "lead", "other", "office", CITIZEN])
picks = st.integers(0, 11)
some = st.lists(picks, max_size=3)


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_bureau(tmp_path_factory.mktemp("orders")) as house:
        yield house


class Office:
    """The people of a unit and the citizens at the API. Each refusal must be a problem document, and nothing breaks."""

    house: ClassVar[House]
    client: ClassVar[httpx.Client]
    url: ClassVar[str] = API

    def __init__(self) -> None:
        super().__init__()
        self.shift = timedelta()
        self.tokens: dict[str, str] = {}

    @property
    def today(self) -> date:
        return local_date(datetime.now(UTC) + self.shift)

    def pass_time(self, by: timedelta) -> None:
        self.shift += by
        self.house.shift_clock(self.shift)
        self.tokens.clear()

    def headers(self, who: str) -> dict[str, str]:
        if who == CITIZEN:
            return {}
        if who not in self.tokens:
            body = PEOPLE.get(who) or {"role": "unit_editor", "unit": "区民政局", "name": "戊"}
            answer = self.client.post("/api/accounts/v1/dev/tokens", json=body)
            self.tokens[who] = answer.json()["access_token"]
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def ask(self, method: str, path: str, body: Any = None, who: str = CITIZEN, **more: Any) -> httpx.Response:
        answer = self.client.request(method, f"{self.url}{path}", json=body, headers=self.headers(who), **more)
        assert answer.status_code < 500, (method, path, body, answer.text)
        if answer.is_error:
            problem_of(answer)
        return answer

    def get(self, path: str, who: str = CITIZEN) -> Any:
        answer = self.ask("GET", path, who=who)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Orders(Office, RuleBasedStateMachine):
    """One consultation, its opinions and its report. `fates`: what became of each opinion: the id of its group, a way
    of being set aside, or None; `twins`: which one a duplicate repeats; `taken_back`: by their authors. `groups`: the
    outcome of each. `handlers`: who had a hand in the answers since the last publication."""

    seen: ClassVar[Counter[str]] = Counter()
    """What was reached: a test that never publishes anything would prove nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.receipts: dict[int, str] = {}
        self.fates: dict[int, str | None] = {}
        self.twins: dict[int, int] = {}
        self.taken_back: set[int] = set()
        self.groups: dict[str, str | None] = {}
        self.handlers: set[str] = set()
        self.hidden: set[int] = set()
        self.report = ""
        self.counted: Counter[str] = Counter()
        self.authors: set[str] = set()
        self.approver = ""
        self.approved: object = None
        self.published: list[tuple[bytes, Counter[str]]] = []
        self.published_fates: dict[int, str | None] = {}

    # What the model expects

    def tally(self) -> Counter[str]:
        """Of all opinions, as the model knows them."""
        counted = Counter(self.counted)
        for fate in self.fates.values():
            counted["received"] += 1
            counted[self.groups[fate] or "unanswered" if fate in self.groups else fate or "unanswered"] += 1
        return counted

    def contents(self) -> object:
        return dict(self.fates), dict(self.groups), Counter(self.counted)

    def number(self, pick: int) -> int:
        """A number of an opinion; rarely one that nobody has."""
        return list(self.fates)[pick % len(self.fates)] if self.fates else 999

    def group_id(self, pick: int) -> str:
        return list(self.groups)[pick % len(self.groups)] if self.groups else self.id

    # The buttons

    @initialize(
        days=st.integers(0, 2),
        later=st.integers(0, 1),
        goal=st.sampled_from(["draft", "open", "closed", *["drafting", "approved", "published", "twice"] * 2]),
        writer=st.sampled_from(["editor", "editor", "lead"]),
        reader=st.sampled_from(["lead", "other"]),
    )
    def plan(self, days: int, later: int, goal: str, writer: str, reader: str) -> None:
        """A consultation that has already gone some way, so that every phase sees every button."""
        self.house.shift_clock(self.shift)
        opens_on = self.today + later * DAY
        draft = {
            "title": "学区调整方案（草案）征求意见", "passages": PASSAGES, "explanation": "生源变化，需要调整。",
            "ways": [{"kind": "page"}], "channels": [{"channel": "website", "name": "区政府网站"}],
            "opens_on": str(opens_on), "closes_on": str(opens_on + days * DAY), "shortened_reason": "情况紧急",
        }  # fmt: skip
        answer = self.ask("POST", "/consultations", draft, "editor")
        assert answer.status_code == 201, answer.text
        self.id, self.closes_on = answer.json()["id"], answer.json()["closes_on"]
        for _ in range(18):
            if self.stage() == goal or len(self.published) == 2:
                break
            self.go_on(writer, reader)

    @property
    def base(self) -> str:
        return f"/consultations/{self.id}"

    @rule(who=staff)
    def open(self, who: str) -> None:
        self.ask("POST", f"{self.base}/open", who=who)

    @rule(who=staff)
    def close(self, who: str) -> None:
        self.ask("POST", f"{self.base}/close", who=who)

    @rule(who=staff, days=st.integers(-1, 3))
    def extend(self, who: str, days: int) -> None:
        body = {"closes_on": str(date.fromisoformat(self.closes_on) + days * DAY), "reason": "应公众要求"}
        self.ask("POST", f"{self.base}/extend", body, who)

    @rule(who=staff, channel=st.sampled_from(["website", "radio"]), summary=st.booleans())
    def revise(self, who: str, channel: str, summary: bool) -> None:
        known = self.get(self.base, "editor")
        uses = [use for use in known["channels"] if use["channel"] != channel]
        body = {"channels": [*uses, {"channel": channel, "name": "区政府网站", "from_on": known["opens_on"]}]}
        self.ask("PATCH", self.base, {"summary": f"第{next(_numbers)}次说明"} if summary else body, who)

    @rule(days=st.sampled_from([0.3, 1, 1, 2, 4]))
    def wait(self, days: float) -> None:
        self.pass_time(days * DAY)

    @rule(who=st.sampled_from([CITIZEN, CITIZEN, STRANGER, "editor", "lead"]), offset=st.integers(-3, 1))
    def submit(self, who: str, offset: int) -> None:
        no = next(_numbers)
        body = {"text": f"{HIDDEN}{no}", "contact": f"{CONTACT}{no}", "passage": "1" if no % 2 else ""}
        if who not in (CITIZEN, STRANGER):
            body |= {"channel": "written", "received_on": str(self.today + offset * DAY)}
        answer = self.ask("POST", f"{self.base}/opinions", body, who)
        if answer.status_code != 201:
            return
        if who not in (CITIZEN, STRANGER):
            self.handlers.add(who)
        if who in (CITIZEN, STRANGER):
            # The last second of a day may have passed since.
            assert str(self.today - timedelta(seconds=5)) <= self.closes_on, "taken after the last day"
        self.fates[answer.json()["no"]] = None
        self.receipts[answer.json()["no"]] = answer.json()["receipt"]

    @rule(who=staff, rows=st.integers(0, 3), dry=st.booleans(), good=st.booleans())
    def bring(self, who: str, rows: int, dry: bool, good: bool) -> None:
        """A file of opinions."""
        lines = [f"{HIDDEN}{next(_numbers)},座谈会,{CONTACT}{next(_numbers)}" for _ in range(rows)]
        data = "\n".join(["意见,渠道,联系方式", *lines, *([] if good else ["太远,微信群,"])])
        path = f"{API}{self.base}/opinions/import?dry_run={str(dry).lower()}"
        files = {"file": ("意见.csv", data.encode())}
        answer = self.client.post(path, files=files, headers=self.headers(who))
        assert answer.status_code < 500, answer.text
        if not answer.is_success:
            problem_of(answer)
        elif answer.json()["first"] is not None:
            assert not dry
            self.handlers.add(who)
            self.fates |= dict.fromkeys(range(answer.json()["first"], answer.json()["last"] + 1))

    @rule(pick=picks)
    def withdraw(self, pick: int) -> None:
        no = self.number(pick)
        answer = self.ask("POST", f"/opinions/{self.receipts.get(no, 'NOBODY')}/withdraw")
        if answer.is_success:
            assert self.fates[no] not in FATES
            self.leave(no, "withdrawn")
            self.taken_back.add(no)

    def leave(self, no: int, how: str) -> None:
        """What repeats it has nobody to speak for it any more."""
        self.fates[no] = how
        for twin, first in self.twins.items():
            if first == no and self.fates[twin] == "duplicate":
                self.fates[twin] = None

    @rule(who=staff, chosen=some, concentrated=st.booleans())
    def group(self, who: str, chosen: list[int], concentrated: bool) -> None:
        numbers = [self.number(pick) for pick in chosen]
        body = {"summary": "希望按小区划分", "opinions": numbers, "concentrated": concentrated}
        answer = self.ask("POST", f"{self.base}/clusters", body, who)
        if answer.is_success:
            assert {self.fates[no] for no in numbers} == {None}
            self.groups[answer.json()["id"]] = None
            self.handlers.add(who)
            self.fates |= dict.fromkeys(numbers, answer.json()["id"])

    @rule(who=staff, pick=picks, add=some, remove=some)
    def regroup(self, who: str, pick: int, add: list[int], remove: list[int]) -> None:
        id = self.group_id(pick)
        body = {"add": [self.number(each) for each in add], "remove": [self.number(each) for each in remove]}
        answer = self.ask("PATCH", f"/clusters/{id}", body, who)
        if answer.is_success:
            self.handlers.add(who)
            assert all(self.fates[no] == id for no in body["remove"])
            self.fates |= dict.fromkeys(body["remove"])
            assert all(self.fates[no] in (None, id) for no in body["add"])
            self.fates |= dict.fromkeys(body["add"], id)

    @rule(who=staff, pick=picks)
    def dissolve(self, who: str, pick: int) -> None:
        id = self.group_id(pick)
        if self.ask("DELETE", f"/clusters/{id}", who=who).is_success:
            del self.groups[id]
            self.handlers.add(who)
            self.fates |= {no: None for no, fate in self.fates.items() if fate == id}

    @rule(who=staff, pick=picks, outcome=st.sampled_from(FATES[:5]), reason=st.sampled_from(["", "意见合理。"]))
    def answer(self, who: str, pick: int, outcome: str, reason: str) -> None:
        id = self.group_id(pick)
        changes = pick % 2 and outcome in ("adopted", "partly")
        change = {"passage": "1", "before": "按道路", "after": "按小区"} if changes else None
        body = {"outcome": outcome, "reason": reason, "change": change}
        if self.ask("PUT", f"/clusters/{id}/answer", body, who).is_success:
            self.groups[id] = outcome
            self.handlers.add(who)

    @rule(who=staff, pick=picks, other=picks, kind=st.sampled_from(["withdrawn", "duplicate"]))
    def set_aside(self, who: str, pick: int, other: int, kind: str) -> None:
        no, first = self.number(pick), self.number(other)
        body = {"kind": kind, "reason": "同一人重复提交", "duplicate_of": first}
        if self.ask("POST", f"{self.base}/opinions/{no}/set-aside", body, who).is_success:
            assert self.fates[no] not in FATES
            assert kind == "withdrawn" or (first != no and self.fates[first] not in FATES)
            self.leave(no, kind)
            self.twins[no] = first
            self.handlers.add(who)

    @rule(who=staff, pick=picks)
    def take_back(self, who: str, pick: int) -> None:
        no = self.number(pick)
        if self.ask("POST", f"{self.base}/opinions/{no}/take-back", who=who).is_success and self.fates[no] in FATES:
            assert no not in self.taken_back
            self.fates[no] = None
            self.handlers.add(who)

    @rule(who=staff, pick=picks, how=st.sampled_from(MODERATIONS))
    def moderate(self, who: str, pick: int, how: dict[str, Any]) -> None:
        no = self.number(pick)
        if self.ask("POST", f"{self.base}/opinions/{no}/moderate", how, who).is_success:
            (self.hidden.discard if how == {"show": True} else self.hidden.add)(no)

    @rule(who=staff, said=st.booleans(), held=st.booleans())
    def begin(self, who: str, said: bool, held: bool) -> None:
        body = {"consultation": self.id, "not_used": UNUSED if said else [], **(self.forum() if held else {})}
        answer = self.ask("POST", "/reports", body, who)
        if answer.is_success:
            assert not self.report, "a second report"
            self.report, self.authors = answer.json()["line"]["report_id"], {who}
            self.counted = Counter(received=4, adopted=1, not_adopted=3) if held else Counter()

    def forum(self) -> dict[str, Any]:
        counted = {"received": 4, "adopted": 1, "not_adopted": 3}
        return {
            "participations": [{"kind": "forum", "title": "座谈会", "held_on": str(self.today), "counted": counted}]
        }

    @rule(who=staff, what=st.sampled_from(["summary", "unused", "forum", "none"]))
    def change(self, who: str, what: str) -> None:
        known = self.ask("GET", f"/reports/{self.report or self.id}/draft", who="office")
        used = {line["channel"] for line in known.json()["document"]["channels"] if line["used"]} if self.report else {}
        body = {
            "summary": {"summary": f"第{next(_numbers)}稿"},
            "unused": {"not_used": [channel for channel in ["website", *UNUSED] if channel not in used]},
            "forum": self.forum(),
            "none": {"participations": []},
        }[what]
        if self.on_report("PATCH", "", body, who):
            self.authors.add(who)
            if "participations" in body:
                self.counted = Counter(received=4, adopted=1, not_adopted=3) if body["participations"] else Counter()

    def on_report(self, method: str, step: str, body: Any = None, who: str = CITIZEN) -> bool:
        return self.ask(method, f"/reports/{self.report or self.id}{step}", body, who).is_success

    @rule(who=staff)
    def approve(self, who: str) -> None:
        if self.on_report("POST", "/approve", who=who):
            assert who not in self.authors | self.handlers, "approved by somebody who had a hand in it"
            self.approver, self.approved = who, self.contents()
            self.seen["approved"] += 1

    @rule(who=staff)
    def send_back(self, who: str) -> None:
        if self.on_report("POST", "/send-back", {"reason": "说明不清"}, who):
            self.approver = ""

    @rule(who=staff)
    def publish(self, who: str) -> None:
        if not self.on_report("POST", "/publish", who=who):
            return
        assert self.approver
        assert self.approver not in self.authors | self.handlers
        assert self.contents() == self.approved, "published something else than was approved"
        self.handlers = set()
        body = self.ask("GET", f"/reports/{self.report}")
        self.published.append((body.content, self.tally()))
        self.published_fates = dict(self.fates)
        self.seen[f"published {min(len(self.published), 2)}"] += 1
        self.seen["opinions"] += len(self.fates)

    @rule(who=staff)
    def correct(self, who: str) -> None:
        if self.on_report("POST", "/correct", {"reason": "漏写座谈会"}, who):
            self.authors, self.approver = {who}, ""

    @rule(writer=st.sampled_from(["editor", "lead", "other"]), reader=st.sampled_from(["lead", "other", "office"]))
    def go_on(self, writer: str, reader: str) -> None:
        """What a diligent unit would do next; without it hardly any order of calls gets far."""
        state = self.get(self.base, "editor")["state"]
        if state == "draft":
            self.open("editor")
        elif state == "scheduled":
            self.wait(1)
        elif state == "open":
            self.submit(CITIZEN, 0)
            self.bring("editor", 2, dry=False, good=True)
            self.wait(1)
        else:
            self.finish(writer, reader)

    def stage(self) -> str:
        """How far the consultation is, and then its report."""
        if not self.report:
            return self.get(self.base, "editor")["state"]
        return self.get(f"/reports/{self.report}/draft", "editor")["line"]["state"]

    def finish(self, writer: str, reader: str) -> None:
        """All opinions answered, the first one by itself, then the next step of the report."""
        waiting = [pick for pick, fate in enumerate(self.fates.values()) if fate is None]
        for chosen in (waiting[:1], waiting[1:]):
            self.group("editor", chosen, concentrated=False)
        for pick, outcome in enumerate(list(self.groups.values())):
            if outcome is None:
                self.answer(writer, pick, "not_adopted", "与上位法不符。")
        state = self.stage()
        if state == "closed":
            self.begin("editor", said=True, held=False)
            self.change("editor", "unused")
        elif state == "drafting":
            self.change("editor", "unused")
            self.approve(reader)
        elif state == "approved":
            self.publish("editor")
        else:
            self.correct("editor")

    # What must always hold

    def teardown(self) -> None:
        told = asyncio.run(told_handled(self.house, self.id))
        if told:
            waiting = self.tally()["unanswered"] - self.counted["unanswered"]
            assert told[-1] == (bool(self.published) or not waiting)
            self.seen[f"handled {told[-1]}"] += 1

    @invariant()
    def every_opinion_has_the_fate_that_was_given_to_it(self) -> None:
        listed = self.get(f"{self.base}/opinions?limit=200", "editor")["items"]
        assert {each["no"]: each["aside"] or each["group"] for each in listed} == self.fates
        assert not any(each["aside"] and each["group"] for each in listed)
        shown = self.get(self.base, "editor")
        assert shown["received"] == len(self.fates)
        assert shown["closes_on"] >= self.closes_on, "the last day moved back"
        self.closes_on = shown["closes_on"]

    @invariant()
    def every_published_version_adds_up_and_stays(self) -> None:
        if not self.report:
            return
        versions = self.ask("GET", f"/reports/{self.report}/versions")
        numbers = [each["number"] for each in versions.json()["items"]] if versions.is_success else []
        assert numbers == list(range(1, len(self.published) + 1))
        for number, (body, expected) in enumerate(self.published, 1):
            read = self.ask("GET", f"/reports/{self.report}?version={number}")
            assert read.content == body, "a published version changed"
            document = json.loads(body)
            tally = document["tally"]
            assert tally["received"] == sum(tally[fate] for fate in FATES)
            assert tally == {name: expected[name] for name in ("received", *FATES)}
            assert len({line["channel"] for line in document["channels"]}) == 13
            assert all(group["size"] and group["outcome"] for group in document["groups"])

    @invariant()
    def public_reads_no_contact_and_nothing_that_is_hidden(self) -> None:
        opinions = self.ask("GET", f"{self.base}/opinions?limit=200")
        read = [opinions.text, self.ask("GET", self.base).text]
        if self.report:
            read += [self.ask("GET", f"/reports/{self.report}?format={form}").text for form in ("json", "csv")]
        assert CONTACT not in "".join(read)
        if opinions.is_success:
            for each in opinions.json()["items"]:
                assert each["no"] not in self.hidden or HIDDEN not in each["text"]

    @invariant()
    def own_opinion_tells_no_answer_that_is_not_published(self) -> None:
        for no, receipt in list(self.receipts.items())[-1:]:
            mine = self.get(f"/opinions/{receipt}")
            assert CONTACT not in str(mine)
            groups = json.loads(self.published[-1][0])["groups"] if self.published else []
            answers = {group["id"]: (group["outcome"], group["reason"]) for group in groups}
            fate = None if no in self.taken_back else self.published_fates.get(no)
            assert (mine["outcome"], mine["reason"]) == answers.get(fate or "", (None, ""))


class Clocks(RuleBasedStateMachine):
    """The two clocks of one document: its date is put right, they are suspended and resumed, met and dropped, and time
    passes."""

    town: ClassVar[Town]
    loop: ClassVar[asyncio.AbstractEventLoop]
    seen: ClassVar[Counter[str]] = Counter()

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(60)

    @initialize(days=st.sampled_from([0, 2, 5, 9, 15, 35]), looked=st.booleans())
    def issue(self, days: int, looked: bool) -> None:
        type(self).town = Town(self.town.house)
        self.item = self.run(self.town.decision())
        self.version = 2
        self.run(self.town.issue(self.item))
        self.removed = False
        self.late: dict[str, Any] = {}
        self.suspensions: dict[str, list[dict[str, Any]]] = {}
        self.wait(days, looked)

    @rule(offset=st.integers(-4, 0))
    def correct(self, offset: int) -> None:
        self.version += 1
        self.removed = False
        self.run(self.town.issue(self.item, self.town.today + offset * DAY, self.version))

    @rule(first=st.integers(-3, 6), days=st.integers(-1, 12), kind=st.sampled_from(["report", "disclosure"]))
    def suspend(self, first: int, days: int, kind: str) -> None:
        from_on = self.town.today + first * DAY
        body = {
            "from_on": str(from_on), "to_on": str(from_on + days * DAY), "legal_basis": "突发事件应对法",
            "decided_by": "区政府",
        }  # fmt: skip
        self.run(self._suspend(self.read()[kind]["id"], body))

    async def _suspend(self, clock: str, body: dict[str, str]) -> None:
        office = await self.town.house.token("office")
        answer = await self.town.ask("POST", f"/clocks/{clock}/suspend", body, office)
        if not answer.is_success:
            assert problem_of(answer)[0] in (409, 422)

    @rule(
        last=st.booleans(),
        days_off=st.sampled_from([0, 0, 0, 1]),
        offset=st.sampled_from([0, 1, 3, 0, 6, -1, 9]),
        kind=st.sampled_from(["report", "disclosure"]),
    )
    def resume(self, last: bool, days_off: int, offset: int, kind: str) -> None:
        """One suspension that may still go on is there, if the clock runs at all."""
        if all(each["resumed"] for each in self.read()[kind]["suspensions"]):
            self.suspend(0, 7, kind)
        clock, today = self.read()[kind], self.town.today
        known = clock["suspensions"] or [{"from_on": str(today), "to_on": str(today)}]
        chosen = known[-1 if last else 0]
        from_on = date.fromisoformat(chosen["from_on"])
        on = max(today, from_on) + offset * DAY
        body = {
            "from_on": str(from_on + days_off * DAY), "resumed_on": str(on), "reason": "提前结束",
            "decided_by": "区政府",
        }  # fmt: skip
        answer = self.run(self._resume(clock["id"], body))
        if not answer.is_success:
            assert problem_of(answer)[0] in (409, 422)
            return
        self.seen["resumed"] += 1
        moved = answer.json()
        self.seen["moved by resumption"] += moved["due_on"] < clock["due_on"]
        assert clock["state"] == moved["state"] == "running"
        assert str(today) <= moved["due_on"] <= clock["due_on"]
        assert max(str(today), body["from_on"]) <= str(on), "days that have passed stay as they were"

    async def _resume(self, clock: str, body: dict[str, str]) -> httpx.Response:
        return await self.town.ask("POST", f"/clocks/{clock}/resume", body, await self.town.house.token("office"))

    @rule(days=st.sampled_from([1, 2, 5, 9]), looked=st.booleans())
    def wait(self, days: int, looked: bool) -> None:
        self.town.wait_for(days * DAY)
        if looked:
            nothing_due = "select not exists (select 1 from timers where kind = 'look-at-clock' and due_at <= $1)"
            self.run(self.town.until_found(nothing_due, self.town.now))

    @rule(really=st.integers(0, 3))
    def drop(self, really: int) -> None:
        if really == 0:
            self.version += 1
            self.removed = True
            removed = replace(self.item, state="removed", reason="不再推进", version=self.version)
            self.run(self.town.hear_of(removed))

    @rule(really=st.integers(0, 1), dropped=st.integers(0, 3))
    def report(self, really: int, dropped: int) -> None:
        if really:
            self.run(self._report(dropped == 0))

    async def _report(self, dropped: bool) -> None:
        body = {"item": str(self.item.item_id), "not_used": ["website", *UNUSED], "dropped": dropped}
        begun = await self.town.ask("POST", "/reports", body, await self.town.staff())
        if not begun.is_success:
            return
        path = f"/reports/{begun.json()['line']['report_id']}"
        if dropped != self.removed:
            refused = await self.town.ask("POST", f"{path}/approve", headers=await self.town.lead())
            reason = "decision-goes-on" if dropped else "decision-was-removed"
            assert problem_of(refused) == (409, f"/problems/adoption.{reason}")
            right = await self.town.ask("PATCH", path, {"dropped": self.removed}, await self.town.staff())
            assert right.is_success
        await self.town.approved(begun.json())
        await self.town.post(f"{path}/publish")

    def read(self) -> dict[str, dict[str, Any]]:
        found = self.run(self.town.get(f"/clocks?item={self.item.item_id}"))["items"]
        return {clock["kind"]: clock for clock in found}

    @invariant()
    def what_was_missed_stays_and_states_fit_the_days(self) -> None:
        today = str(self.town.today)
        for kind, clock in self.read().items():
            state, due_on, met_on = clock["state"], clock["due_on"], clock["met_on"]
            self.seen[state] += 1
            if kind in self.late:
                assert state in ("breached", "met_late")
                assert clock["breached_on"] or due_on == self.late[kind]
            if state in ("breached", "met_late"):
                assert clock["breached_on"] in (None, str(date.fromisoformat(due_on) + DAY))
                assert (met_on or today) > due_on
                self.late[kind] = due_on
            assert state != "running" or (today <= due_on and met_on is None)
            assert state != "met" or met_on <= due_on
            days = Workdays()
            assert clock["original_due_on"] == str(
                days.plus(date.fromisoformat(clock["started_on"]), len(clock["counted"]))
            )
            assert due_on >= clock["original_due_on"]
            assert paused_days(clock) or due_on == clock["original_due_on"]
            assert not paused_days(clock) & set(clock["counted"])

    @invariant()
    def what_was_suspended_stays_on_record(self) -> None:
        for kind, clock in self.read().items():
            before, now = self.suspensions.get(kind, []), clock["suspensions"]
            for old, new in zip(before, now, strict=False):
                assert new == old or (old["resumed"] is None and {**new, "resumed": None} == old)
            assert len(now) >= len(before)
            assert len(paused_days(clock)) == sum(len(paused_days({"suspensions": [each]})) for each in now)
            self.suspensions[kind] = now

    @invariant()
    def each_is_told_once(self) -> None:
        # A worker may look at any moment.
        before = self.read()
        facts_of_all = {kind: self.run(facts_of(self.town.house, clock["id"])) for kind, clock in before.items()}
        after = self.read()
        for kind, facts in facts_of_all.items():
            told = Counter(facts)
            assert (facts[0], told["started"]) == ("started", 1)
            assert bool(before[kind]["met_on"]) <= told["met"] <= bool(after[kind]["met_on"])
            assert bool(before[kind]["breached_on"]) <= told["breached"] <= bool(after[kind]["breached_on"])
            for _, run in itertools.groupby(facts, lambda fact: fact == "recomputed"):
                assert list(run).count("warned") <= len(WARN_AT)


def paused_days(clock: dict[str, Any]) -> set[str]:
    """The days that really are suspended, by what the public is told."""
    days = set()
    for each in clock["suspensions"]:
        day, last = date.fromisoformat(each["from_on"]), date.fromisoformat(each["to_on"])
        end = date.fromisoformat(each["resumed"]["on"]) if each["resumed"] else last + DAY
        while day < end:
            days.add(str(day))
            day += DAY
    return days


async def facts_of(house: House, clock: str) -> list[str]:
    """What was said of a clock, in order, without its calendar entries."""
    database = await house.database("adoption")
    try:
        rows = await database.fetch("select subject from outbox where aggregate_id = $1 order by seq", clock)
    finally:
        await database.close()
    return [row["subject"].split(".")[2] for row in rows if "calendar" not in row["subject"]]


def run_for_a_while(
    machine: type[RuleBasedStateMachine], examples: int, steps: int, *, derandomize: bool = True
) -> None:
    found = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=found)


async def test_no_order_of_calls_publishes_what_does_not_add_up_or_was_read_by_nobody_else(town: House) -> None:
    Orders.house = town
    with httpx.Client(base_url=town.url, timeout=30, trust_env=False) as Orders.client:
        await asyncio.to_thread(run_for_a_while, Orders, 50, 25)
    wanted = {"approved", "published 1", "published 2", "opinions", "handled True", "handled False"}
    assert wanted - Orders.seen.keys() == set()


async def test_no_order_of_calls_makes_a_breach_disappear(town: House) -> None:
    Clocks.town, Clocks.loop = Town(town), asyncio.get_running_loop()
    wanted = {"running", "breached", "met", "met_late", "dropped", "resumed", "moved by resumption"}
    # What is reached depends on the hour at which it runs, too.
    for round in range(6):
        await asyncio.to_thread(run_for_a_while, Clocks, 20, 10, derandomize=round == 0)
        if all(Clocks.seen[each] for each in wanted):
            break
    assert [each for each in wanted if not Clocks.seen[each]] == []
