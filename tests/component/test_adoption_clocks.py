"""From a decision in the catalogue to its report in time, late or never: decisions, adoption and calendar together."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

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
    bare = await cabinet.ask("POST", path, {**body, "legal_basis": " "}, await cabinet.house.token("office"))
    assert problem_of(bare) == (422, "/problems/adoption.legal-basis-needed")
    by_unit = await cabinet.ask("POST", path, body, await cabinet.lead())
    assert problem_of(by_unit) == (403, "/problems/kit.forbidden")
    moved = await cabinet.post(path, body, await cabinet.house.token("office"))
    assert moved["original_due_on"] == clock["due_on"]
    assert moved["due_on"] > clock["due_on"]
    assert "recomputed" in await cabinet.facts(clock)


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
