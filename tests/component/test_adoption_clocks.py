"""From a decision in the catalogue to its report in time, late or never: decisions, adoption and calendar together."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from component.test_adoption import UNIT, Bureau
from component.test_holidays import kaimen, notice_file, written
from component.test_representatives import open_town
from houses import House, problem_of, until
from kaimen.kit.ical import violations
from kaimen.kit.workdays import Workdays

SPRING = datetime(2025, 3, 3, 1, tzinfo=UTC)
"""A day with known holiday notices before and after it."""
DAY = timedelta(days=1)
SERVICES = "accounts,decisions,adoption,calendar"


class Cabinet(Bureau):
    """A unit that leads a decision from the catalogue to its document. Its clock starts on the same day each time."""

    def __init__(self, house: House, starts_at: datetime = SPRING) -> None:
        self.house = house
        self.shift = starts_at - datetime.now(UTC)
        house.shift_clock(self.shift)

    async def decide(self, method: str, path: str, body: Any = None, role: str = "unit_lead") -> Any:
        headers = await self.house.token(role, None if role == "office" else UNIT, "经办")
        answer = await self.house.client.request(method, f"/api/decisions/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def listed(self, **changes: Any) -> dict[str, Any]:
        """An item in this year's published catalogue, known to adoption."""
        year = self.today.year
        found = (await self.decide("GET", f"/catalogues?unit={UNIT}&year={year}"))["items"]
        catalogue = found[0] if found else await self.decide("POST", "/catalogues", {"unit": UNIT, "year": year})
        path = f"/catalogues/{catalogue['id']}"
        draft = {
            "catalogue": catalogue["id"],
            "title": "学区调整方案",
            "category": "public_policy",
            "participation": True,
        }
        item = await self.decide("POST", "/items", {**draft, **changes})
        consent = {"consented_on": str(self.today), "consented_by": "区委"}
        if catalogue["published_on"] is None:
            await self.decide("POST", f"{path}/check", {"checked_on": str(self.today)}, "office")
            await self.decide("POST", f"{path}/consent", consent, "office")
            await self.decide("POST", f"{path}/publish")
        else:
            await self.decide("POST", f"{path}/revise", {**consent, "reason": "新增事项"})
        await until(lambda: self.knows(item["id"]))
        return item

    async def knows(self, item: str) -> bool:
        database = await self.house.database("adoption")
        try:
            return await database.fetchval("select count(*) from items where id = $1", item) == 1
        finally:
            await database.close()

    async def consulted(self, item: dict[str, Any]) -> dict[str, Any]:
        """A consultation of one day on the item, over, without opinions."""
        return await self.answered(
            texts=0, catalogue_item=item["id"], closes_on=str(self.today), shortened_reason="情况紧急"
        )

    def over(self) -> None:
        self.wait_for(DAY)

    async def lead_to_issue(
        self,
        item: dict[str, Any],
        states: tuple[str, ...] = ("drafting", "consulting", "reviewing"),
        on: date | None = None,
    ) -> None:
        """Through every state up to the document, with its papers of one day."""
        path, day = f"/items/{item['id']}", on or self.today

        async def move(to: str) -> None:
            async def moved() -> bool:
                headers = await self.house.token("unit_lead", UNIT)
                body = {"to": to, "reason": ""}
                answer = await self.house.client.post(
                    f"/api/decisions/v1{path}/transitions", json=body, headers=headers
                )
                return answer.is_success

            # What the step needs may still be on its way from adoption.
            await until(moved)

        async def file(kind: str, **says: Any) -> None:
            await self.decide("PUT", f"{path}/papers/{kind}", {"filed_on": str(self.today), **says})

        for state in states:
            await move(state)
        asked = {"received_on": str(day - 30 * DAY), "asked_for_by": str(day), "opinion_on": str(day)}
        await file("legality_review", opinion="lawful", **asked)
        await move("ready")
        await file("deliberation", meeting="executive", held_on=str(day), head_spoke_last=True)
        await move("deliberated")
        await file("party_report", reported_on=str(day))

    async def issue(self, item: dict[str, Any], on: date | None = None, **changes: Any) -> dict[str, Any]:
        day = str(on or self.today)
        body = {
            "title": "青浦区学区调整办法", "document_no": "青府办发〔2025〕8号", "url": "", "signed_on": day,
            "imprint_on": day, "published_at": None, **changes,
        }  # fmt: skip
        return await self.decide("POST", f"/items/{item['id']}/issue", body)

    async def issued(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """A decision whose document is out, and the consultation on it."""
        item = await self.listed()
        consultation = await self.consulted(item)
        await self.lead_to_issue(item)
        await self.issue(item)
        await until(lambda: self.clocks(item))
        return item, consultation

    async def clocks(self, item: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found = (await self.get(f"/clocks?item={item['id']}"))["items"]
        return {clock["kind"]: clock for clock in found}

    async def facts(self, clock: dict[str, Any]) -> list[str]:
        """What was said of the clock, in order, without its calendar entries."""
        database = await self.house.database("adoption")
        try:
            rows = await database.fetch("select subject from outbox where aggregate_id = $1 order by seq", clock["id"])
        finally:
            await database.close()
        return [row["subject"].split(".")[2] for row in rows if "calendar" not in row["subject"]]

    async def feed(self, name: str) -> str:
        answer = await self.house.client.get(f"/calendar/{name}.ics")
        assert answer.status_code == 200, answer.text
        assert violations(answer.content) == []
        return answer.text.replace("\r\n ", "")


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_town(tmp_path_factory.mktemp("town"), SERVICES) as house:
        yield house


@pytest.fixture
def cabinet(town: House) -> Cabinet:
    return Cabinet(town)


async def test_report_in_time_stops_both_clocks(cabinet: Cabinet) -> None:
    item, consultation = await cabinet.issued()
    clock = (await cabinet.clocks(item))["report"]
    assert clock["due_on"] == str(Workdays().plus(cabinet.today, 10))
    assert len(clock["counted"]) == 10
    due = await cabinet.feed("adoption")
    assert "采纳情况公开截止：青浦区学区调整办法" in due
    cabinet.wait_for(9 * DAY)
    await cabinet.published(consultation)
    clocks = await cabinet.clocks(item)
    assert [clock["state"] for clock in clocks.values()] == ["met", "met"]
    assert "met" in await cabinet.facts(clocks["report"])

    async def shown() -> bool:
        return "采纳情况公开已公开：青浦区学区调整办法" in await cabinet.feed("adoption")

    await until(shown)
    duties = await cabinet.feed(f"deadlines/{UNIT}")
    assert "STATUS:COMPLETED" in duties

    async def finished() -> bool:
        return (await cabinet.decide("GET", f"/items/{item['id']}"))["state"] == "adoption_published"

    await until(finished)


async def test_breach_is_public_and_stays_after_late_publication(cabinet: Cabinet) -> None:
    item, consultation = await cabinet.issued()
    due = date.fromisoformat((await cabinet.clocks(item))["report"]["due_on"])
    while cabinet.today <= due:
        cabinet.wait_for(DAY)
    told = (await cabinet.clocks(item))["report"]
    assert told["state"] == "breached", "shown at once, whether or not a worker has noted it"

    async def noted() -> Any:
        return (await cabinet.clocks(item))["report"]["breached_on"]

    assert await until(noted) == str(due + DAY)
    facts = await cabinet.facts(told)
    assert facts[-1] == "breached"
    assert facts.count("warned") in (1, 2, 3)
    await cabinet.published(consultation)
    clock = (await cabinet.clocks(item))["report"]
    assert (clock["state"], clock["breached_on"], clock["late_days"]) == ("met_late", str(due + DAY), 1)
    database = await cabinet.house.database("adoption")
    with pytest.raises(Exception, match="stays on record"):
        await database.execute("update clocks set breached_on = null where id = $1", clock["id"])
    await database.close()


async def test_suspension_keeps_the_original_day_visible(cabinet: Cabinet) -> None:
    item, _ = await cabinet.issued()
    clock = (await cabinet.clocks(item))["report"]
    first = cabinet.today + DAY
    body = {
        "from_on": str(first), "to_on": str(first + 4 * DAY), "legal_basis": "突发事件应对法", "decided_by": "区政府",
    }  # fmt: skip
    path = f"/clocks/{clock['id']}/suspend"
    bare = await cabinet.ask("POST", path, {**body, "legal_basis": " \u200b"}, await cabinet.house.token("office"))
    assert problem_of(bare) == (422, "/problems/adoption.legal-basis-needed")
    by_unit = await cabinet.ask("POST", path, body, await cabinet.lead())
    assert problem_of(by_unit) == (403, "/problems/kit.forbidden")
    moved = await cabinet.post(path, body, await cabinet.house.token("office"))
    assert moved["original_due_on"] == clock["due_on"]
    assert moved["due_on"] > clock["due_on"]
    assert "recomputed" in await cabinet.facts(clock)


class Office(Cabinet):
    """The office, which suspends and resumes the clocks of decisions."""

    async def suspended(self, clock: dict[str, Any], first: date, last: date) -> dict[str, Any]:
        body = {"from_on": str(first), "to_on": str(last), "legal_basis": "突发事件应对法", "decided_by": "区政府"}
        return await self.post(f"/clocks/{clock['id']}/suspend", body, await self.house.token("office"))

    async def resume(self, clock: dict[str, Any], from_on: date, on: date, /, **also: Any) -> httpx.Response:
        headers = {**await self.house.token("office"), **also.pop("headers", {})}
        body = {"from_on": str(from_on), "resumed_on": str(on), "reason": "应急响应结束", "decided_by": "区政府"}
        return await self.ask("POST", f"/clocks/{clock['id']}/resume", {**body, **also}, headers)

    async def warnings(self, clock: dict[str, Any]) -> list[tuple[str, int]]:
        """For which day, and how many working days were left."""
        query = """select body -> 'clock' ->> 'due_on' as due_on, (body ->> 'days_left')::int as days_left
            from (select convert_from(body, 'UTF8')::jsonb as body, seq from outbox
                where aggregate_id = $1 and subject = 'adoption.deadline.warned.v1') told order by seq"""
        return [(row["due_on"], row["days_left"]) for row in await self.rows(query, clock["id"])]

    async def rows(self, query: str, *values: Any) -> list[Any]:
        database = await self.house.database("adoption")
        try:
            return await database.fetch(query, *values)
        finally:
            await database.close()

    async def wait_until(self, day: date) -> None:
        """On that day, after whatever was owed has been looked at."""
        self.wait_for((day - self.today).days * DAY)
        looked = "select not exists (select 1 from timers where kind = 'look-at-clock' and due_at <= $1)"
        await until(lambda: self._is(looked, self.now))

    async def _is(self, query: str, *values: Any) -> bool:
        return (await self.rows(query, *values))[0][0]


@pytest.fixture
def office(town: House) -> Office:
    return Office(town)


async def test_resumed_clock_runs_again_and_its_suspension_stays_on_record(office: Office) -> None:
    item, _ = await office.issued()
    clock = (await office.clocks(item))["report"]
    first, last = office.today + DAY, office.today + 11 * DAY
    paused = await office.suspended(clock, first, last)
    office.wait_for(3 * DAY)
    on = office.today
    as_read = {"If-Match": f'"{paused["version"]}"'}
    answer = await office.resume(clock, first, on, headers=as_read)
    assert answer.status_code == 200, answer.text
    moved = answer.json()
    assert problem_of(await office.resume(clock, first, on, headers=as_read))[0] == 412
    assert clock["due_on"] < moved["due_on"] < paused["due_on"]
    assert moved["due_on"] == str(Workdays().plus(date.fromisoformat(clock["due_on"]), 2)), "two working days passed"
    assert moved["original_due_on"] == clock["due_on"]
    [said] = moved["suspensions"]
    assert said["resumed"].pop("at")
    assert said["resumed"] == {"on": str(on), "reason": "应急响应结束", "decided_by": "区政府"}
    assert {**said, "resumed": None} == paused["suspensions"][0]
    query = "select action, reason from audit where object = $1 order by seq"
    audit = [tuple(row) for row in await office.rows(query, f"clock:{clock['id']}")]
    assert audit == [("suspend", "突发事件应对法"), ("resume", "应急响应结束")]
    query = """select convert_from(body, 'UTF8')::jsonb ->> 'reason' from outbox
        where aggregate_id = $1 and subject = 'adoption.deadline.recomputed.v1' order by seq"""
    reasons = [row[0] for row in await office.rows(query, clock["id"])]
    assert reasons == ["中止：突发事件应对法", "恢复计时：应急响应结束"]

    async def shown() -> bool:
        return f"中止 {first} 至 {last}，自 {on} 起恢复计时：应急响应结束\\n中止依据：突发事件应对法" in (
            await office.feed("adoption")
        )

    await until(shown)


async def test_suspension_that_is_taken_back_before_it_begins_never_took_effect(office: Office) -> None:
    item, _ = await office.issued()
    clock = (await office.clocks(item))["report"]
    first, last = office.today + DAY, office.today + 11 * DAY
    await office.suspended(clock, first, last)
    moved = (await office.resume(clock, first, first)).json()
    assert (moved["due_on"], moved["counted"]) == (clock["due_on"], clock["counted"])
    again = await office.suspended(clock, first, last)
    assert [each["resumed"] is None for each in again["suspensions"]] == [False, True]
    moved = (await office.resume(clock, first, last)).json()
    assert [each["resumed"]["on"] for each in moved["suspensions"]] == [str(first), str(last)]

    async def shown() -> bool:
        return f"中止 {first} 至 {last}，未生效：应急响应结束" in await office.feed("adoption")

    await until(shown)


async def test_resumption_that_may_not_be_is_refused_and_nothing_is_written(office: Office) -> None:
    item, consultation = await office.issued()
    clock = (await office.clocks(item))["report"]
    first, last = office.today + DAY, office.today + 4 * DAY
    paused = await office.suspended(clock, first, last)
    no = "/problems/adoption."
    bad: list[tuple[int, str, str, dict[str, Any]]] = [
        (422, f"{no}unknown-suspension", "from_on", {"from_on": str(last)}),
        (422, f"{no}bad-resumption", "resumed_on", {"resumed_on": str(first - DAY)}),
        (422, f"{no}bad-resumption", "resumed_on", {"resumed_on": str(last + DAY)}),
        (422, f"{no}resumption-unexplained", "reason", {"reason": " \u200b"}),
        (422, f"{no}resumption-unexplained", "decided_by", {"decided_by": ""}),
        (422, f"{no}personal-data-in-text", "reason", {"reason": "请电13812345678"}),
        (422, f"{no}personal-data-in-text", "decided_by", {"decided_by": "王某31011819000101006X"}),
        (422, "/problems/kit.markup-in-text", "reason", {"reason": "<b>粗</b>"}),
    ]
    for status, type, field, change in bad:
        answer = await office.resume(clock, first, first, **change)
        assert (*problem_of(answer), answer.json()["errors"][0]["field"]) == (status, type, field)
    assert problem_of(await office.resume(clock, first, first, resumed_on="morgen"))[0] in (400, 422)
    stale = await office.resume(clock, first, first, headers={"If-Match": '"1"'})
    assert problem_of(stale) == (412, "/problems/kit.stale-version")
    by_unit = await office.resume(clock, first, first, headers=await office.lead())
    assert problem_of(by_unit) == (403, "/problems/kit.forbidden")
    nowhere = await office.resume({"id": item["id"]}, first, first)
    assert problem_of(nowhere) == (404, f"{no}unknown-clock")
    assert (await office.clocks(item))["report"]["version"] == paused["version"]
    assert (await office.resume(clock, first, last)).status_code == 200
    twice = await office.resume(clock, first, last)
    assert problem_of(twice) == (409, f"{no}already-resumed")
    office.wait_for(5 * DAY)
    other = (await office.clocks(item))["disclosure"]
    await office.suspended(other, first, last)
    over = await office.resume(other, first, last)
    assert problem_of(over) == (409, f"{no}suspension-over")
    await office.published(consultation)
    closed = await office.resume(clock, first, last)
    assert problem_of(closed) == (409, f"{no}clock-closed")


async def test_unit_that_was_warned_of_a_later_day_is_warned_of_the_new_one_once(office: Office) -> None:
    item, _ = await office.issued()
    clock = (await office.clocks(item))["report"]
    assert (office.today, clock["due_on"]) == (date(2025, 3, 4), "2025-03-18")
    first, last = date(2025, 3, 14), date(2025, 3, 27)
    paused = await office.suspended(clock, first, last)
    assert paused["due_on"] == "2025-04-01"
    await office.wait_until(date(2025, 3, 25))
    assert await office.warnings(clock) == [("2025-04-01", 5)]
    moved = (await office.resume(clock, first, last)).json()
    assert (moved["due_on"], moved["days_left"]) == ("2025-03-31", 4)
    told = [("2025-04-01", 5), ("2025-03-31", 4)]
    assert await office.warnings(clock) == told
    for day in (date(2025, 3, 26), date(2025, 3, 28), date(2025, 4, 1)):
        await office.wait_until(day)
    assert await office.warnings(clock) == [*told, ("2025-03-31", 3), ("2025-03-31", 1)]
    assert (await office.facts(clock))[-2:] == ["warned", "breached"]


async def test_weekend_that_is_given_back_moves_nothing_and_warns_nobody_twice(office: Office) -> None:
    item, _ = await office.issued()
    clock = (await office.clocks(item))["report"]
    friday, sunday = date(2025, 3, 14), date(2025, 3, 16)
    await office.suspended(clock, friday, sunday)
    await office.wait_until(friday + DAY)
    assert await office.warnings(clock) == [("2025-03-19", 3)], "nobody had looked when five days were left"
    moved = (await office.resume(clock, friday, office.today)).json()
    assert moved["due_on"] == "2025-03-19"
    assert len(await office.warnings(clock)) == 1


async def test_suspension_from_before_there_were_resumptions_is_read_and_can_be_resumed(office: Office) -> None:
    item, _ = await office.issued()
    clock = (await office.clocks(item))["report"]
    first, last = office.today + DAY, office.today + 4 * DAY
    await office.suspended(clock, first, last)
    old = """update clocks set suspensions =
        (select jsonb_agg(each - 'resumed') from jsonb_array_elements(suspensions) each)
        where id = $1 returning suspensions::text"""
    assert "resumed" not in (await office.rows(old, clock["id"]))[0][0]
    assert (await office.clocks(item))["report"]["suspensions"][0]["resumed"] is None
    assert (await office.resume(clock, first, first)).json()["due_on"] == clock["due_on"]


async def test_wrong_day_of_issue_is_put_right_while_the_clock_runs(cabinet: Cabinet) -> None:
    item, _ = await cabinet.issued()
    cabinet.wait_for(2 * DAY)
    earlier = cabinet.today - 2 * DAY
    later = {"imprint_on": str(cabinet.today), "reason": "印发日期有误"}
    await cabinet.issue(item, earlier, **later)

    async def moved() -> bool:
        return (await cabinet.clocks(item))["report"]["started_on"] == str(cabinet.today)

    await until(moved)
    assert (await cabinet.clocks(item))["report"]["due_on"] == str(Workdays().plus(cabinet.today, 10))


async def test_public_that_was_asked_in_another_way_is_owed_a_report_too(cabinet: Cabinet) -> None:
    item = await cabinet.listed(participation=False)
    await cabinet.decide("PUT", f"/items/{item['id']}/papers/draft", {"filed_on": str(cabinet.today)})
    await cabinet.lead_to_issue(item, ("drafting", "reviewing"))
    await cabinet.issue(item)

    async def issued() -> bool:
        database = await cabinet.house.database("adoption")
        try:
            return await database.fetchval("select count(*) from documents where item_id = $1", item["id"]) == 1
        finally:
            await database.close()

    await until(issued)
    assert await cabinet.clocks(item) == {}
    cabinet.wait_for(2 * DAY)
    await cabinet.post("/reports", {"item": item["id"]})
    clock = (await cabinet.clocks(item))["report"]
    assert clock["started_on"] == str(cabinet.today - 2 * DAY)


async def test_document_of_the_future_is_refused(cabinet: Cabinet) -> None:
    item = await cabinet.listed()
    await cabinet.consulted(item)
    await cabinet.lead_to_issue(item)
    headers = await cabinet.lead()
    body = {"signed_on": str(cabinet.today + DAY), "title": "办法", "document_no": "1"}
    answer = await cabinet.house.client.post(f"/api/decisions/v1/items/{item['id']}/issue", json=body, headers=headers)
    assert problem_of(answer)[0] == 422
    assert await cabinet.clocks(item) == {}


async def test_missing_year_is_said_and_computed_once_when_its_notice_is_loaded(tmp_path: Path) -> None:
    # A house of its own: what is loaded stays loaded.
    async with open_town(tmp_path, SERVICES) as house:
        cabinet = Cabinet(house, datetime(2026, 12, 17, 1, tzinfo=UTC))
        item, _ = await cabinet.issued()
        assert cabinet.today == date(2026, 12, 18)
        clock = (await cabinet.clocks(item))["report"]
        assert (clock["due_on"], clock["provisional"], clock["not_before"]) == (None, True, "2027-01-02")
        assert "STATUS:TENTATIVE" in await cabinet.feed("adoption")
        code, _, _ = await kaimen(house, "holidays", "load", written(tmp_path, "2027.json", notice_file(2027)))
        assert code == 0

        async def known() -> Any:
            return (await cabinet.clocks(item))["report"]["due_on"]

        # 2027-01-01 is Friday and off; the weekend follows: the tenth working day is the Monday.
        assert await until(known) == "2027-01-04"
        assert (await cabinet.facts(clock)).count("recomputed") == 1
