"""A hearing from its notice to its report, over HTTP: HR1 to HR5, and what a hearing must refuse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from component.test_representatives import DAY, NUMBERS, SOURCES, Hall, open_town
from houses import House, problem_of, until
from kaimen.kit.clock import local_date
from kaimen.kit.lots.verifier.kaimen_verify import verify

UNIT = "区教育局"
SIDES = [{"name": "居民", "why": "子女入学"}, {"name": "学校", "why": "承担招生"}]
DOCUMENTS = [{"title": "草案和说明", "url": "https://example.cn/draft"}]


class Chamber(Hall):
    """A unit that holds a hearing, and the people around it. Its clock starts anew with each."""

    api = "/api/hearings/v1"

    def draft(self, days: float = 40, **changes: Any) -> dict[str, Any]:
        starts = self.now + days * DAY
        return {
            "unit": UNIT,
            "title": "学区调整听证会",
            "matters": "是否按新的划分调整学区",
            "draft_url": "https://example.cn/draft",
            "explanation_url": "https://example.cn/why",
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=3)).isoformat(),
            "place": "区教育局 301 会议室",
            "presider": "主持人",
            "recorder": "记录员",
            "sides": SIDES,
            "groups": [self.residents(), self.schools(), self.observers()],
            "opens_at": (self.now + DAY).isoformat(),
            "closes_at": (self.now + 9 * DAY).isoformat(),
            "entropy": SOURCES,
            **changes,
        }

    def residents(self, **changes: Any) -> dict[str, Any]:
        return {
            "name": "居民组", "side": "居民", "seats": 3, "method": "draw", "panels": 100, "min_shared": 1,
            "max_rounding_loss_ppm": 50_000, "consumers": True, "eligibility": ["年满18周岁"], **changes,
        }  # fmt: skip

    def schools(self, **changes: Any) -> dict[str, Any]:
        return {"name": "学校组", "side": "学校", "seats": 1, "method": "invited", **changes}

    def observers(self, **changes: Any) -> dict[str, Any]:
        return {"name": "旁听组", "role": "observer", "seats": 2, "method": "first_come", **changes}

    async def planned(self, **changes: Any) -> dict[str, Any]:
        return await self.post("/hearings", self.draft(**changes))

    async def announced(self, **changes: Any) -> dict[str, Any]:
        return await self.step(await self.planned(**changes), "announce")

    async def step(self, hearing: dict[str, Any], name: str, body: Any = None, **person: Any) -> Any:
        return await self.post(f"/hearings/{hearing['id']}/{name}", body, **person)

    async def read(self, hearing: dict[str, Any]) -> dict[str, Any]:
        return await self.get(f"/hearings/{hearing['id']}", await self.staff())

    def group(self, hearing: dict[str, Any], name: str) -> dict[str, Any]:
        return next(each for each in hearing["groups"] if each["name"] == name)

    async def sign_up(self, hearing: dict[str, Any], group: str, number: int, **changes: Any) -> dict[str, Any]:
        body = {**self.applicant(number, features={}), "group": group, **changes}
        answer = await self.ask("POST", f"/hearings/{hearing['id']}/applications", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def invite_school(self, hearing: dict[str, Any]) -> dict[str, Any]:
        """Staff name the school's participant, who is then selected."""
        staff = await self.staff()
        recruitment = self.group(hearing, "学校组")["recruitment"]["id"]
        body = {**self.applicant(99, features={}), "channel": "phone"}
        receipt = await self.post(f"/recruitments/{recruitment}/applications", body, staff)
        await self.post(f"/applications/{receipt['code']}/verify", {}, staff)
        chosen = {"selected": [receipt["pseudonym"]], "reasons": {receipt["pseudonym"]: "学区内唯一公办小学"}}
        await self.post(f"/recruitments/{recruitment}/selection", chosen, staff)
        await self.accept([receipt])
        return receipt

    async def accept(self, receipts: list[dict[str, Any]]) -> None:
        """Whoever was invited says that they will come."""
        for receipt in receipts:
            await self.ask("POST", f"/invitations/{receipt['code']}/confirm", {"manage_token": receipt["manage_token"]})

    async def selected(self, people: int = 8, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A hearing whose seats are drawn and filled, and the receipts of all who applied."""
        hearing = await self.announced(**changes)
        school = await self.invite_school(hearing)
        await self.step(hearing, "open")
        staff = await self.staff()
        receipts = [school]
        for number in range(people):
            receipt = await self.sign_up(hearing, "居民组", number)
            await self.post(f"/applications/{receipt['code']}/verify", {}, staff)
            receipts.append(receipt)
        self.wait_for(10 * DAY)
        await self.step(hearing, "close")
        await self.committed_groups(hearing)
        for who in ("office", "notary"):
            await self.step(hearing, "draw", {"entropy": NUMBERS}, headers=await self.house.token(who, None, who))
        await self.accept(receipts)
        return await self.read(hearing), receipts

    async def committed_groups(self, hearing: dict[str, Any]) -> None:
        await self.step(hearing, "commit")

        async def done() -> bool:
            groups = (await self.read(hearing))["groups"]
            states = [draw["state"] for each in groups for draw in each["recruitment"]["draws"]]
            return bool(states) and all(state in ("committed", "void") for state in states)

        await until(done, seconds=60)

    async def delivered(self, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        hearing, receipts = await self.selected(**changes)
        await self.step(hearing, "publish-list")
        await self.step(hearing, "deliver", self.delivery())
        return await self.read(hearing), receipts

    def delivery(self, **changes: Any) -> dict[str, Any]:
        today = local_date(self.now).isoformat()
        return {"documents": DOCUMENTS, "way": "in_person", "delivered_on": today, "receipt": "本人签收", **changes}

    async def held(self, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """In session, with everybody there but the last participant of the list."""
        hearing, receipts = await self.delivered(**changes)
        self.wait_for(31 * DAY)
        here = [line["pseudonym"] for line in hearing["roster"]]
        return await self.step(hearing, "hold", {"present": here[:-1]}), receipts

    async def recorded(self, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        hearing, receipts = await self.held(**changes)
        await self.step(hearing, "record", self.record_of(hearing))
        return hearing, receipts

    def record_of(self, hearing: dict[str, Any], **changes: Any) -> dict[str, Any]:
        first, second, *_ = here(hearing)
        lines = [
            {"step": "presentation", "speaker": "sponsor", "text": "介绍草案"},
            {"step": "statements", "speaker": first, "text": "建议延后一年", "is_point": True},
            {"step": "statements", "speaker": second, "text": "建议公布依据", "is_point": True},
        ]
        return {"lines": lines, **changes}

    async def confirmed(self, **changes: Any) -> dict[str, Any]:
        hearing, _ = await self.recorded(**changes)
        for name in here(hearing):
            await self.step(hearing, "confirm", {"pseudonym": name, "answer": "confirmed", "version": 1})
        return await self.read(hearing)


def here(hearing: dict[str, Any]) -> list[str]:
    return [line["pseudonym"] for line in hearing["roster"] if line["state"] == "attended"]


REPORT = {
    "summary": "听证会于区教育局举行。",
    "points": [
        {"no": 2, "disposition": "not_adopted", "reason": "学位已不足"},
        {
            "no": 3,
            "disposition": "adopted",
            "passage": {"where": "第三条", "before": "按学区入学。", "after": "按学区入学，划分依据向社会公布。"},
        },
    ],
}


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_town(tmp_path_factory.mktemp("town"), "accounts,hearings") as house:
        await until_units_are_known(Chamber(house))
        yield house


async def until_units_are_known(chamber: Chamber) -> None:
    async def knows() -> bool:
        return (await chamber.ask("POST", "/hearings", chamber.draft(), await chamber.staff())).status_code == 201

    await until(knows)


@pytest.fixture
async def chamber(town: House) -> Chamber:
    return Chamber(town)


async def test_hearing_from_notice_to_report(chamber: Chamber) -> None:
    hearing = await chamber.planned()
    assert hearing["state"] == "planned"
    assert (await chamber.ask("GET", f"/hearings/{hearing['id']}")).status_code == 404
    hearing = await chamber.step(hearing, "announce")
    assert hearing["state"] == "announced"
    assert [clock["kind"] for clock in hearing["clocks"]] == ["notice", "list", "materials"]
    assert "第十六条" in hearing["clocks"][2]["source_zh"]
    rules = chamber.group(hearing, "居民组")["recruitment"]["draws"][0]
    assert (rules["state"], rules["seats"]) == ("ruled", 3)

    hearing, receipts = await chamber.selected()
    assert hearing["state"] == "selecting"
    assert hearing["roster"] is None
    transcript = await chamber.get(f"/hearings/{hearing['id']}/transcript.json")
    assert verify(transcript) == []
    published = await chamber.step(hearing, "publish-list")
    assert published["state"] == "list_published"
    assert [line["side"] for line in published["roster"]].count("居民") == 3
    assert all(line["name"].endswith("**") for line in published["roster"])
    assert published["awaiting_materials"] == 4

    told = await chamber.step(hearing, "deliver", chamber.delivery())
    assert told == {"state": "materials_delivered", "delivered": 4, "at_the_limit": 0, "waived": 0,
                    "awaiting_materials": 0}  # fmt: skip
    early = await chamber.ask("POST", f"/hearings/{hearing['id']}/hold", {"present": []}, await chamber.staff())
    assert problem_of(early) == (409, "/problems/hearings.not-held-yet")

    chamber.wait_for(31 * DAY)
    roster = [line["pseudonym"] for line in published["roster"]]
    hearing = await chamber.step(hearing, "hold", {"present": roster[:-1]})
    assert hearing["state"] == "held"
    floor = await chamber.step(hearing, "floor", {"speaker": roster[0], "step": "statements"})
    assert floor["turn"]["speaker"] == roster[0]
    chamber.wait_for(timedelta(seconds=90))
    floor = await chamber.step(hearing, "floor", {"speaker": "sponsor", "step": "questions"})
    spoken = next(each for each in floor["speakers"] if each["speaker"] == roster[0])
    assert 90 <= spoken["seconds"] <= 95
    assert spoken["seconds"] + spoken["remaining"] == 300
    assert sum(floor["by_side"].values()) == spoken["seconds"]
    await chamber.step(hearing, "floor", {})

    record = await chamber.step(hearing, "record", chamber.record_of(hearing))
    assert record["version"] == 1
    assert set(record["outstanding"]) == set(roster[:-1])
    mine = next(each for each in receipts if each["pseudonym"] == roster[0])
    proof = {"X-Manage-Token": mine["manage_token"]}
    assert (await chamber.get(f"/applications/{mine['code']}/record", proof))["lines"][1]["text"] == "建议延后一年"
    token = {"code": mine["code"], "manage_token": mine["manage_token"], "version": 1}
    path = f"/hearings/{hearing['id']}/confirm"
    answer = await chamber.ask("POST", path, {**token, "answer": "objected", "text": "我说的是两年"})
    assert answer.json()["objected"] == 1
    again = await chamber.step(hearing, "record", chamber.record_of(hearing, recording_ref="档案室 2026-12"))
    assert (again["version"], len(again["outstanding"])) == (2, 3)
    stale = await chamber.ask("POST", path, {**token, "answer": "confirmed"})
    assert problem_of(stale) == (412, "/problems/hearings.stale-record")
    for name in roster[:-1]:
        counts = await chamber.step(hearing, "confirm", {"pseudonym": name, "answer": "confirmed", "version": 2})
    assert (counts["confirmed"], counts["absent"], counts["outstanding"]) == (3, 1, 0)
    assert (await chamber.read(hearing))["state"] == "record_confirmed"

    reported = await chamber.step(hearing, "report", REPORT)
    assert reported["state"] == "reported"
    report = await chamber.get(f"/hearings/{hearing['id']}/report")
    assert [(point["no"], point["disposition"]) for point in report["points"]] == [(2, "not_adopted"), (3, "adopted")]
    assert report["points"][1]["passage"]["where"] == "第三条"
    assert (await chamber.step(hearing, "archive", {"archive_ref": "2026-听-1"}))["state"] == "archived"

    feed = await chamber.house.client.get("/api/hearings/v1/feed.ics")
    for line in ("听证公告：学区调整听证会", "听证报名截止：学区调整听证会", "听证报告：学区调整听证会"):
        assert f"SUMMARY:{line}".encode() in feed.content


async def test_materials_are_acknowledged_on_the_page(chamber: Chamber) -> None:
    """The day of the receipt counts; one day late needs the participant's own written waiver."""
    hearing, receipts = await chamber.selected()
    await chamber.step(hearing, "publish-list")
    told = await chamber.step(hearing, "deliver", chamber.delivery(way="page", delivered_on=None, receipt=""))
    assert told["awaiting_materials"] == 4
    chamber.wait_for(24 * DAY)
    seated = {line["pseudonym"] for line in (await chamber.read(hearing))["roster"]}
    first, *others = [each for each in receipts if each["pseudonym"] in seated]
    late = await chamber.ask("POST", f"/applications/{first['code']}/receipt", {"manage_token": first["manage_token"]})
    assert problem_of(late) == (409, "/problems/hearings.delivery-too-late")
    for each in (first, *others):
        body = {"manage_token": each["manage_token"], "waiver": "本人同意不足七日"}
        (shown,) = (await chamber.post(f"/applications/{each['code']}/receipt", body, {}))["items"]
        assert shown["stands"] == "waived"
    assert (await chamber.read(hearing))["state"] == "materials_delivered"


async def test_at_the_limit_is_warned_and_later_is_blocked(chamber: Chamber) -> None:
    hearing, _ = await chamber.selected()
    await chamber.step(hearing, "publish-list")
    chamber.wait_for(hours_until(chamber, hearing, 7))
    told = await chamber.step(hearing, "deliver", chamber.delivery())
    assert (told["at_the_limit"], told["awaiting_materials"]) == (4, 0)


def hours_until(chamber: Chamber, hearing: dict[str, Any], days: int) -> timedelta:
    """How long to wait until the day that lies `days` before the hearing, at the same time of day."""
    starts = local_date(datetime.fromisoformat(hearing["starts_at"]))
    return timedelta(days=(starts - local_date(chamber.now)).days - days)


async def test_too_few_applicants_are_all_in_and_the_rest_is_recommended(chamber: Chamber) -> None:
    hearing = await chamber.announced()
    await chamber.invite_school(hearing)
    await chamber.step(hearing, "open")
    receipt = await chamber.sign_up(hearing, "居民组", 1)
    staff = await chamber.staff()
    await chamber.post(f"/applications/{receipt['code']}/verify", {}, staff)
    chamber.wait_for(10 * DAY)
    closed = await chamber.step(hearing, "close")
    recruitment = chamber.group(closed, "居民组")["recruitment"]
    assert (recruitment["state"], recruitment["draws"][0]["state"]) == ("settled", "void")
    body = {**chamber.applicant(5, features={}), "channel": "counter", "recommended_by": "区家长协会"}
    added = await chamber.post(f"/recruitments/{recruitment['id']}/applications", body)
    assert added["state"] == "invited"
    roster = (await chamber.step(hearing, "publish-list"))["roster"]
    assert sorted(line["how"] for line in roster) == ["draw", "invited", "recommended"]


async def test_observers_come_in_order_of_arrival_and_move_up(chamber: Chamber) -> None:
    hearing = await chamber.announced()
    await chamber.step(hearing, "open")
    people = [await chamber.sign_up(hearing, "旁听组", number) for number in range(3)]
    assert [each["state"] for each in people] == ["confirmed", "confirmed", "reserve"]
    first = {"manage_token": people[0]["manage_token"]}
    await chamber.post(f"/invitations/{people[0]['code']}/decline", first, {})
    assert (await chamber.look(people[2]))["state"] == "confirmed"


async def test_postponed_hearing_runs_its_clocks_anew(chamber: Chamber) -> None:
    hearing, receipts = await chamber.delivered()
    assert hearing["state"] == "materials_delivered"
    waiting = await chamber.step(hearing, "postpone", {"reason": "场地维修"})
    assert (waiting["state"], waiting["reason"]) == ("postponed", "场地维修")
    starts = chamber.now + 50 * DAY
    moved = {
        "reason": "场地维修",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=3)).isoformat(),
    }
    again = await chamber.step(hearing, "postpone", moved)
    assert again["state"] == "list_published"
    assert {line["state"] for line in again["roster"]} == {"invited"}
    seated = {line["pseudonym"] for line in again["roster"]}
    mine = next(each for each in receipts if each["pseudonym"] in seated)
    await chamber.post(f"/invitations/{mine['code']}/confirm", {"manage_token": mine["manage_token"]}, {})
    assert (await chamber.look(mine))["state"] == "confirmed"
    gone = await chamber.step(hearing, "cancel", {"reason": "事项撤回"})
    assert gone["state"] == "cancelled"
    feed = (await chamber.house.client.get("/api/hearings/v1/feed.ics")).text
    assert "STATUS:CANCELLED" in feed


Case = Callable[[Chamber], Awaitable[Any]]


def plan(**changes: Any) -> Case:
    async def ask(chamber: Chamber) -> Any:
        draft = chamber.draft(**{name: value(chamber) if callable(value) else value for name, value in changes.items()})
        return await chamber.ask("POST", "/hearings", draft, await chamber.staff())

    return ask


def on(stage: str, path: str, body: Any = None, **person: Any) -> Case:
    """POST to a hearing that has come as far as `stage`. The body may be made from chamber, hearing and receipts."""

    async def ask(chamber: Chamber) -> Any:
        hearing, receipts = await STAGES[stage](chamber)
        made = body(chamber, hearing, receipts) if callable(body) else body
        headers = await chamber.house.token(*person["as_"]) if "as_" in person else await chamber.staff()
        return await chamber.ask(
            "POST", f"/hearings/{hearing['id']}/{path}", made, {} if "alone" in person else headers
        )

    return ask


async def _planned(chamber: Chamber) -> tuple[dict[str, Any], list[Any]]:
    return await chamber.planned(), []


async def _without_draft(chamber: Chamber) -> tuple[dict[str, Any], list[Any]]:
    return await chamber.planned(draft_url=""), []


async def _price_too_soon(chamber: Chamber) -> tuple[dict[str, Any], list[Any]]:
    return await chamber.planned(days=29, profile="price"), []


async def _announced(chamber: Chamber) -> tuple[dict[str, Any], list[Any]]:
    return await chamber.announced(), []


async def _listed(chamber: Chamber) -> tuple[dict[str, Any], list[Any]]:
    hearing, receipts = await chamber.selected()
    return await chamber.step(hearing, "publish-list"), receipts


async def _confirmed(chamber: Chamber) -> tuple[dict[str, Any], list[Any]]:
    return await chamber.confirmed(), []


STAGES: dict[str, Callable[[Chamber], Awaitable[tuple[dict[str, Any], list[Any]]]]] = {
    "planned": _planned,
    "without draft": _without_draft,
    "price too soon": _price_too_soon,
    "announced": _announced,
    "selected": Chamber.selected,
    "listed": _listed,
    "delivered": Chamber.delivered,
    "held": Chamber.held,
    "recorded": Chamber.recorded,
    "confirmed": _confirmed,
}
LATE = {"delivered_on": "2026-01-01"}
CASES: dict[str, tuple[Case, int, str]] = {
    "side without a seat": (plan(groups=lambda c: [c.residents()]), 422, "hearings.side-without-seat"),
    "group of an unknown side": (
        plan(groups=lambda c: [c.residents(), c.schools(side="企业")]), 422, "hearings.unknown-side"),
    "no sides": (plan(sides=[]), 422, "hearings.no-sides"),
    "two groups of one name": (
        plan(groups=lambda c: [c.residents(), c.schools(name="居民组")]), 422, "hearings.group-repeated"),
    "price hearing without two fifths consumers": (
        plan(profile="price", groups=lambda c: [c.residents(consumers=False), c.schools()]), 409,
        "hearings.too-few-consumers"),
    "ends before it starts": (plan(ends_at="2026-01-01T00:00:00Z"), 422, "hearings.end-before-start"),
    "in the past": (
        plan(starts_at="2026-01-01T00:00:00Z", ends_at="2026-01-01T01:00:00Z"), 422, "hearings.hearing-in-past"),
    "in the year 9999": (plan(ends_at="9999-12-31T23:59:59+00:00"), 422, "hearings.bad-date"),
    "sign-up in the year 1": (plan(opens_at="0001-01-01T00:00:00+08:00"), 422, "hearings.bad-date"),
    "markup": (plan(matters="<script>"), 422, "kit.markup-in-text"),
    "order of proceedings without the record": (
        plan(steps=[{"key": "opening", "title_zh": "开始"}]), 422, "hearings.steps-out-of-order"),
    "unknown unit": (plan(unit="外星局"), 422, "kit.unknown-unit"),
    "notice without a public draft": (on("without draft", "announce"), 409, "hearings.draft-not-public"),
    "price notice 29 days before": (on("price too soon", "announce"), 409, "hearings.notice-too-late"),
    "sign-up before the notice": (on("planned", "open"), 409, "hearings.wrong-state"),
    "roster before rules": (on("planned", "publish-list"), 409, "hearings.rules-not-published"),
    "announced twice": (on("announced", "announce"), 409, "hearings.wrong-state"),
    "roster before the draw": (on("announced", "publish-list"), 409, "hearings.selection-not-finished"),
    "close before the end of sign-up": (on("announced", "close"), 409, "kit.sign-up-still-open"),
    "commit before the end of sign-up": (on("announced", "commit"), 409, "hearings.wrong-state"),
    "application for an unknown group": (
        on("announced", "applications", lambda c, *_: {**c.applicant(1, features={}), "group": "企业组"}), 422,
        "hearings.unknown-group"),
    "application too early": (
        on("announced", "applications", lambda c, *_: {**c.applicant(1, features={}), "group": "居民组"}, alone=True),
        409, "kit.sign-up-not-open"),
    "deliver before the roster": (on("selected", "deliver", lambda c, *_: c.delivery()), 409, "hearings.wrong-state"),
    "deliver to somebody who is no participant": (
        on("listed", "deliver", lambda c, *_: c.delivery(participants=["AAAAAAAA"])), 422,
        "hearings.not-a-participant"),
    "deliver nothing": (
        on("listed", "deliver", lambda c, *_: c.delivery(documents=[])), 422, "hearings.documents-missing"),
    "deliver without a receipt": (
        on("listed", "deliver", lambda c, *_: c.delivery(receipt="")), 422, "hearings.no-receipt"),
    "deliver tomorrow": (
        on("listed", "deliver", lambda c, *_: c.delivery(delivered_on=local_date(c.now + 2 * DAY).isoformat())), 422,
        "hearings.delivery-in-future"),
    "hold without materials": (
        on("listed", "hold", {"present": []}), 409, "hearings.materials-missing"),
    "hold without a roster": (on("selected", "hold", {"present": []}), 409, "hearings.list-not-published"),
    "hold before its time": (on("delivered", "hold", {"present": []}), 409, "hearings.not-held-yet"),
    "hold by another unit": (
        on("delivered", "hold", {"present": []}, as_=("unit_editor", "区民政局", "他")), 403, "kit.not-your-unit"),
    "a stranger at the table": (
        on("held", "hold", {"present": ["AAAAAAAA"]}), 422, "hearings.not-a-participant"),
    "a stranger speaks": (
        on("held", "floor", {"speaker": "AAAAAAAA", "step": "debate"}), 422, "hearings.unknown-speaker"),
    "a step that is none": (on("held", "floor", {"speaker": "sponsor", "step": "lunch"}), 422, "hearings.unknown-step"),
    "nobody speaks": (on("held", "floor", {}), 409, "hearings.nobody-speaking"),
    "an empty record": (on("held", "record", {"lines": []}), 422, "hearings.record-empty"),
    "confirmation without a record": (
        on("held", "confirm", lambda _, h, __: {"pseudonym": here(h)[0], "answer": "confirmed", "version": 1}), 409,
        "hearings.no-record"),
    "confirmation by another person": (
        on("recorded", "confirm", lambda _, h, r: {
            "pseudonym": here(h)[0], "answer": "confirmed", "version": 1,
            **proof(next(each for each in r if each["pseudonym"] != here(h)[0])),
        }, alone=True), 403, "hearings.not-your-record"),
    "confirmation by nobody": (
        on("recorded", "confirm", lambda _, h, __: {"pseudonym": here(h)[0], "answer": "confirmed", "version": 1},
           alone=True), 403, "hearings.not-your-record"),
    "confirmation of another version": (
        on("recorded", "confirm", lambda _, h, __: {"pseudonym": here(h)[0], "answer": "confirmed", "version": 7}), 412,
        "hearings.stale-record"),
    "objection without a word": (
        on("recorded", "confirm", lambda _, h, __: {"pseudonym": here(h)[0], "answer": "objected", "version": 1}), 422,
        "hearings.objection-empty"),
    "refusal without a reason": (
        on("recorded", "confirm", lambda _, h, __: {"pseudonym": here(h)[0], "answer": "refused", "version": 1}), 422,
        "hearings.reason-missing"),
    "attendance after the record": (on("recorded", "hold", {"present": []}), 409, "hearings.record-begun"),
    "report before the record is confirmed": (on("recorded", "report", REPORT), 409, "hearings.wrong-state"),
    "report with an unanswered point": (
        on("confirmed", "report", {"points": REPORT["points"][:1]}), 422, "hearings.unanswered-point"),
    "report of a point that is none": (
        on("confirmed", "report", {"points": [*REPORT["points"], {"no": 1, "disposition": "already_covered"}]}), 422,
        "hearings.unknown-point"),
    "report without a reason": (
        on("confirmed", "report", {"points": [{"no": 2, "disposition": "not_adopted"}, REPORT["points"][1]]}), 422,
        "hearings.reason-for-disposition"),
    "report without the passage": (
        on("confirmed", "report", {"points": [REPORT["points"][0], {"no": 3, "disposition": "adopted"}]}), 422,
        "hearings.passage-needed"),
    "postponed without a reason": (on("announced", "postpone", {"reason": " "}), 422, "kit.reason-required"),
    "cancelled after it was held": (on("held", "cancel", {"reason": "x"}), 409, "hearings.wrong-state"),
}  # fmt: skip


def proof(receipt: dict[str, Any]) -> dict[str, Any]:
    return {"code": receipt["code"], "manage_token": receipt["manage_token"]}


@pytest.mark.parametrize("name", CASES)
async def test_bad_input_is_a_problem_and_changes_nothing(chamber: Chamber, name: str) -> None:
    case, status, reason = CASES[name]
    answer = await case(chamber)
    assert problem_of(answer) == (status, f"/problems/{reason}"), answer.text
    assert answer.json()["detail"]
    assert answer.json()["detail_en"]


async def test_late_delivery_is_blocked_without_a_waiver(chamber: Chamber) -> None:
    hearing, _ = await chamber.selected()
    await chamber.step(hearing, "publish-list")
    chamber.wait_for(hours_until(chamber, hearing, 6))
    path = f"/hearings/{hearing['id']}/deliver"
    answer = await chamber.ask("POST", path, chamber.delivery(), await chamber.staff())
    assert problem_of(answer) == (409, "/problems/hearings.delivery-too-late")
    told = await chamber.step(hearing, "deliver", chamber.delivery(waiver="书面同意，附件 3"))
    assert (told["waived"], told["state"]) == (4, "materials_delivered")


async def test_change_by_hand_does_not_wait_for_a_timer_that_is_being_taken(chamber: Chamber) -> None:
    """A job holds its timer and waits for the row; whoever holds the row must not wait for the timer."""
    hearing = await chamber.announced(groups=[chamber.residents(), chamber.schools(seats=2)])
    school = chamber.group(hearing, "学校组")["recruitment"]["id"]
    database = await chamber.house.database("hearings")
    try:
        async with database.transaction():
            taken = await database.fetch(
                "select 1 from timers where kind = 'close-sign-up' and subject = $1 for update", school
            )
            assert taken
            async with asyncio.timeout(5):
                await chamber.post(f"/recruitments/{school}/close")
    finally:
        await database.close()


async def test_notice_binds(chamber: Chamber) -> None:
    """After the notice another time is a postponement; the room may change, with a reason that the public reads."""
    hearing = await chamber.announced()
    path = f"/hearings/{hearing['id']}"
    staff = await chamber.staff()
    refused = await chamber.ask("PATCH", path, {"matters": "别的事"}, staff)
    assert problem_of(refused) == (409, "/problems/hearings.notice-binds")
    changed = await chamber.ask("PATCH", path, {"place": "区政府礼堂", "reason": "报名人数多"}, staff)
    assert (changed.json()["place"], changed.json()["reason"]) == ("区政府礼堂", "报名人数多")
    stale = await chamber.ask("PATCH", path, {"place": "x"}, {**staff, "If-Match": '"1"'})
    assert stale.status_code == 412


async def test_two_drawn_groups_take_one_set_of_numbers(chamber: Chamber) -> None:
    """Each group has a transcript of its own, and a person one seat at the table."""
    sides = [{"name": "居民"}, {"name": "学校"}]
    groups = [chamber.residents(), chamber.residents(name="学校组", side="学校", seats=1)]
    hearing = await chamber.announced(sides=sides, groups=groups)
    await chamber.step(hearing, "open")
    staff = await chamber.staff()
    for group, people in (("居民组", 5), ("学校组", 3)):
        for number in range(people):
            receipt = await chamber.sign_up(hearing, group, number)
            await chamber.post(f"/applications/{receipt['code']}/verify", {}, staff)
    twice = {**chamber.applicant(1, features={}), "group": "学校组"}
    await chamber.post(f"/hearings/{hearing['id']}/applications", twice, {})
    again = await chamber.ask("POST", f"/hearings/{hearing['id']}/applications", {**twice, "group": "居民组"})
    assert problem_of(again) == (409, "/problems/kit.already-applied")
    chamber.wait_for(10 * DAY)
    await chamber.step(hearing, "close")
    await chamber.committed_groups(hearing)
    for who in ("office", "notary"):
        await chamber.step(hearing, "draw", {"entropy": NUMBERS}, headers=await chamber.house.token(who, None, who))
    unclear = await chamber.ask("GET", f"/hearings/{hearing['id']}/transcript.json")
    assert problem_of(unclear) == (422, "/problems/hearings.group-unclear")
    for group in ("居民组", "学校组"):
        transcript = await chamber.get(f"/hearings/{hearing['id']}/transcript.json?group={group}")
        assert transcript["rules"]["title"] == f"学区调整听证会 · {group}"
        assert verify(transcript) == []


async def test_tables_of_recruiting_are_the_same_in_both_services(chamber: Chamber, tmp_path: Any) -> None:
    """Representatives made them first and had them altered; hearings got them new."""
    async with open_town(tmp_path, "accounts,representatives") as other:
        shapes = []
        for house, service in ((chamber.house, "hearings"), (other, "representatives")):
            database = await house.database(service)
            rows = await database.fetch(
                "select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns"
                " where table_name in ('recruitments', 'applications', 'units') order by 1, 2"
            )
            indexes = await database.fetch(
                "select indexdef from pg_indexes where tablename in ('recruitments', 'applications') order by 1"
            )
            shapes.append(([tuple(row) for row in rows], [row["indexdef"] for row in indexes]))
            await database.close()
        assert shapes[0] == shapes[1]
