"""Two at once, and messages in any order: nothing is published that nobody read, nothing is lost, nothing breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from component.test_adoption import UNIT, UNUSED, Bureau, open_bureau
from component.test_representatives import DAY
from houses import House, problem_of, until
from kaimen.adoption.domain.consultations import CHANNELS
from kaimen.contracts.decisions import DocumentIssued, ItemChanged, ItemState, PublicItem
from kaimen.contracts.hearings import HearingHeld, HearingReportPublished, PublicHearing, ReportedPoint
from kaimen.kit.ids import new_id

SPRING = datetime(2025, 3, 3, 1, tzinfo=UTC)
"""A day with known holiday notices before and after it."""


class Town(Bureau):
    """A unit that asks the public about decisions, of which only the facts are told. Its clock starts on one day."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.shift = SPRING - datetime.now(UTC)
        house.shift_clock(self.shift)

    async def decision(self, **changes: Any) -> PublicItem:
        """A decision in the catalogue that adoption has heard of."""
        item = PublicItem(
            item_id=new_id(), version=1, catalogue_id=new_id(), year=2025, unit=UNIT, co_sponsors=(),
            title="学区调整方案", category="public_policy", planned_period="", participation=True,
            hearing_planned=False, enterprise_related=False, state="listed", reason="", page="/decisions/1",
        )  # fmt: skip
        item = replace(item, **changes)
        await self.hear_of(item)
        return item

    async def hear_of(self, item: PublicItem) -> None:
        await self.house.say(ItemChanged(item), item.item_id, self.now, item.version)
        known = "select count(*) from items where id = $1 and version = $2"
        await self.until_found(known, item.item_id, item.version)

    async def tell_issue(self, item: PublicItem, on: date | None = None, version: int = 2) -> None:
        issued = DocumentIssued(
            item=replace(item, state="issued", version=version), title="办法", document_no="1号", url="",
            signed_on=on or self.today, imprint_on=None, published_on=None, issued_on=on or self.today,
            basis="signature",
        )  # fmt: skip
        await self.house.say(issued, item.item_id, self.now, version)

    async def issue(self, item: PublicItem, on: date | None = None, version: int = 2) -> dict[str, Any]:
        """The report's clock, once adoption has heard of the document."""
        await self.tell_issue(item, on, version)
        await self.until_found(
            "select count(*) from clocks where catalogue_item = $1 and issue_version = $2", item.item_id, version
        )
        return await self.clock(item)

    async def clock(self, item: PublicItem) -> dict[str, Any]:
        return (await self.get(f"/clocks?item={item.item_id}&kind=report"))["items"][0]

    async def asked(self, item: PublicItem, **changes: Any) -> dict[str, Any]:
        """A consultation of one day on a decision."""
        one_day = {"closes_on": str(self.today), "shortened_reason": "情况紧急"}
        return await self.opened(catalogue_item=str(item.item_id), **one_day, **changes)

    async def reported(self, item: PublicItem, **changes: Any) -> str:
        """The approved report on a decision."""
        body = {"item": str(item.item_id), "not_used": UNUSED, **changes}
        report = await self.approved(await self.post("/reports", body))
        return report["line"]["report_id"]

    async def until_found(self, question: str, *values: Any) -> None:
        database = await self.house.database("adoption")
        try:
            await until(lambda: database.fetchval(question, *values))
        finally:
            await database.close()

    @asynccontextmanager
    async def holding(self, statement: str, *values: Any) -> AsyncIterator[None]:
        """Somebody else's open transaction, which has locked what `statement` names, and commits in the end."""
        database = await self.house.database("adoption")
        try:
            async with database.transaction():
                await database.execute(statement, *values)
                yield
        finally:
            await database.close()

    async def begin(self, *asked: Any, waiting: int = 1, seconds: float = 10) -> list[asyncio.Task[httpx.Response]]:
        """Ask, one after the other; each but the first once the ones before it wait for a lock, or so long at most."""
        tasks = []
        database = await self.house.database("adoption")
        question = "select count(*) >= $1 from pg_stat_activity where datname = 'adoption' and wait_event_type = 'Lock'"
        try:
            for place, each in enumerate(asked):
                tasks.append(asyncio.ensure_future(each))
                with suppress(TimeoutError):
                    await until(lambda place=place: database.fetchval(question, waiting + place), seconds=seconds)
        finally:
            await database.close()
        return tasks


@pytest.fixture(scope="module")
async def house_of_town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_bureau(tmp_path_factory.mktemp("races")) as house:
        yield house


@pytest.fixture
def town(house_of_town: House) -> Town:
    return Town(house_of_town)


# Two requests at once


async def test_answer_that_is_being_written_counts_for_whoever_approves(town: Town) -> None:
    consultation = await town.answered()
    report = await town.report(consultation)
    lead = await town.lead()
    group = (await town.get(f"/consultations/{consultation['id']}/matrix", lead))["groups"][0]["id"]
    body = {"outcome": "partly", "reason": "部分可行。"}
    async with town.holding("select 1 from clusters where id = $1 for update", group):
        tasks = await town.begin(
            town.ask("PUT", f"/clusters/{group}/answer", body, lead),
            town.ask("POST", f"/reports/{report['line']['report_id']}/approve", headers=lead),
        )
    answered, approved = await asyncio.gather(*tasks)
    assert answered.status_code == 200
    assert problem_of(approved) == (403, "/problems/adoption.four-eyes")


async def test_opinion_that_is_being_entered_is_in_the_report_or_stops_it(town: Town) -> None:
    consultation = await town.answered()
    report = (await town.report(consultation))["line"]["report_id"]
    late = {"text": "纸质意见", "channel": "written", "received_on": consultation["closes_on"]}
    lead, staff = await town.lead(), await town.staff()

    async def approve_and_publish() -> httpx.Response:
        await town.ask("POST", f"/reports/{report}/approve", headers=lead)
        return await town.ask("POST", f"/reports/{report}/publish", headers=staff)

    async with town.holding("select 1 from consultations where id = $1 for update", UUID(consultation["id"])):
        tasks = await town.begin(
            town.ask("POST", f"/consultations/{consultation['id']}/opinions", late, staff), approve_and_publish()
        )
    entered, published = await asyncio.gather(*tasks)
    assert entered.status_code == 201
    received = (await town.get(f"/consultations/{consultation['id']}"))["received"]
    assert not published.is_success or published.json()["document"]["tally"]["received"] == received == 4


async def test_report_is_published_while_its_consultation_changes(town: Town) -> None:
    consultation = await town.answered()
    report = await town.approved(await town.report(consultation))
    change = "update consultations set version = version + 1 where id = $1"
    async with town.holding(change, UUID(consultation["id"])):
        (task,) = await town.begin(
            town.ask("POST", f"/reports/{report['line']['report_id']}/publish", headers=await town.staff())
        )
    assert (await task).status_code == 200


async def test_consultation_is_announced_while_its_report_changes(town: Town) -> None:
    item = await town.decision()
    await town.asked(item)
    report = (await town.post("/reports", {"item": str(item.item_id)}))["line"]["report_id"]
    second = await town.planned(catalogue_item=str(item.item_id))
    async with town.holding("update reports set version = version + 1 where id = $1", UUID(report)):
        (task,) = await town.begin(town.ask("POST", f"/consultations/{second['id']}/open", headers=await town.staff()))
    assert (await task).status_code == 200
    draft = await town.get(f"/reports/{report}/draft", await town.staff())
    assert second["id"] in {each["id"] for each in draft["document"]["consultations"]}


async def test_consultation_announced_while_the_report_is_begun_is_in_it(town: Town) -> None:
    item = await town.decision()
    first = await town.asked(item)
    one_day = {"closes_on": str(town.today), "shortened_reason": "情况紧急"}
    second = await town.planned(catalogue_item=str(item.item_id), **one_day)
    body = {"item": str(item.item_id), "not_used": UNUSED}
    async with town.holding("select 1 from consultations where id = $1 for update", UUID(first["id"])):
        (task,) = await town.begin(town.ask("POST", "/reports", body, await town.staff()))
        opened = await town.ask("POST", f"/consultations/{second['id']}/open", headers=await town.staff())
        assert opened.status_code == 200
    report = (await task).json()["line"]["report_id"]
    await town.send(second)
    town.wait_for(DAY)
    refused = await town.ask("POST", f"/reports/{report}/approve", headers=await town.lead())
    assert problem_of(refused) == (409, "/problems/adoption.unanswered")


async def test_two_begin_the_report_of_one_decision(town: Town) -> None:
    staff = await town.staff()
    for _ in range(5):
        item = await town.decision()
        asked = [await town.asked(item), await town.asked(item)]
        answers = await asyncio.gather(
            *(town.ask("POST", "/reports", {"consultation": each["id"]}, staff) for each in reversed(asked))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_opinion_is_withdrawn_while_it_is_set_aside(town: Town) -> None:
    consultation = await town.opened()
    receipts = [(await town.send(consultation, f"意见 {n}"))["receipt"] for n in range(2)]
    path = f"/consultations/{consultation['id']}/opinions/2/set-aside"
    body = {"kind": "duplicate", "reason": "同一人重复提交", "duplicate_of": 1}
    town.over()
    staff = await town.staff()
    async with town.holding("select 1 from consultations where id = $1 for update", UUID(consultation["id"])):
        tasks = await town.begin(
            town.ask("POST", path, body, staff), town.ask("POST", f"/opinions/{receipts[1]}/withdraw")
        )
    aside, withdrawn = await asyncio.gather(*tasks)
    assert aside.status_code == 200
    assert problem_of(withdrawn) == (409, "/problems/adoption.already-set-aside")


async def test_opinion_is_withdrawn_while_it_is_grouped(town: Town) -> None:
    consultation = await town.opened()
    receipt = (await town.send(consultation))["receipt"]
    body = {"summary": "按小区", "opinions": [1]}
    path = f"/consultations/{consultation['id']}"
    staff = await town.staff()
    async with town.holding("select 1 from consultations where id = $1 for update", UUID(consultation["id"])):
        tasks = await town.begin(
            town.ask("POST", f"{path}/clusters", body, staff), town.ask("POST", f"/opinions/{receipt}/withdraw")
        )
    grouped, withdrawn = await asyncio.gather(*tasks)
    assert (grouped.status_code, withdrawn.status_code) == (201, 200)
    (opinion,) = (await town.get(f"{path}/opinions", staff))["items"]
    assert (opinion["aside"], opinion["group"]) == ("withdrawn", None)


async def test_two_imports_at_once_number_every_opinion_once(town: Town) -> None:
    consultation = await town.opened()
    files = ["意见\n" + "\n".join(f"{name} 意见 {n}" for n in range(50)) for name in "甲乙丙"]
    done = await asyncio.gather(*(town.upload(consultation, each.encode()) for each in files))
    assert sorted((each.json()["first"], each.json()["last"]) for each in done) == [(1, 50), (51, 100), (101, 150)]


async def test_two_publish_at_once(town: Town) -> None:
    report = (await town.approved(await town.report(await town.answered())))["line"]["report_id"]
    staff = await town.staff()
    answers = await asyncio.gather(*(town.ask("POST", f"/reports/{report}/publish", headers=staff) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len((await town.get(f"/reports/{report}/versions"))["items"]) == 1


async def test_who_only_reads_waits_for_nobody(town: Town) -> None:
    consultation = await town.opened()
    receipt = (await town.send(consultation))["receipt"]
    report = (await town.report(consultation))["line"]["report_id"]
    staff, path = await town.staff(), f"/consultations/{consultation['id']}"
    reads = [f"/opinions/{receipt}", f"{path}/matrix", f"{path}/proposals", f"{path}/opinions/1"]
    async with (
        town.holding("select 1 from consultations where id = $1 for update", UUID(consultation["id"])),
        town.holding("select 1 from reports where id = $1 for update", UUID(report)),
        asyncio.timeout(4),
    ):
        for each in (*reads, f"/reports/{report}/draft"):
            assert (await town.ask("GET", each, headers=staff)).status_code == 200, each
        tried = await town.upload(consultation, "意见\n一条".encode(), dry_run=True, headers=staff)
        assert tried.status_code == 200


# Messages and timers in any order


async def test_report_is_published_while_its_document_is_issued(town: Town) -> None:
    item = await town.decision()
    report = await town.reported(item, not_used=["website", *UNUSED])
    # Whoever has said everything still has to put it into the outbox.
    async with town.holding("lock table outbox in exclusive mode"):
        await town.tell_issue(item)
        waiting = "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock' and query ilike $1"
        await town.until_found(waiting, "insert into outbox%")
        (task,) = await town.begin(
            town.ask("POST", f"/reports/{report}/publish", headers=await town.staff()), waiting=3
        )
    assert (await task).status_code == 200
    await town.until_found("select count(*) from clocks where catalogue_item = $1", item.item_id)
    assert (await town.clock(item))["state"] == "met"


async def test_consultation_closes_although_its_report_was_faster_than_the_timer(town: Town) -> None:
    consultation = await town.opened()
    hold = "select 1 from timers where kind = 'close-consultation' and subject = $1 for update"
    async with town.holding(hold, consultation["id"]):
        town.over()
        await town.published(consultation)
    closed = "select count(*) from consultations where id = $1 and closed_at is not null"
    await town.until_found(closed, UUID(consultation["id"]))
    said = "select count(*) from outbox where aggregate_id = $1 and subject = 'adoption.consultation.closed.v1'"
    await town.until_found(said, consultation["id"])


async def test_what_is_added_after_the_end_opens_nothing_again(town: Town) -> None:
    consultation = await town.opened()
    town.over()
    closed = "select count(*) from consultations where id = $1 and closed_at is not null"
    await town.until_found(closed, UUID(consultation["id"]))
    body = {"background_url": "https://example.cn/background"}
    answer = await town.ask("PATCH", f"/consultations/{consultation['id']}", body, await town.staff())
    assert answer.status_code == 200
    database = await town.house.database("adoption")
    said = await database.fetch("select subject from outbox where aggregate_id = $1 order by seq", consultation["id"])
    await database.close()
    last = [row["subject"] for row in said if "calendar" not in row["subject"]][-1]
    assert last == "adoption.consultation.closed.v1"


async def test_late_clock_that_nobody_looked_at_keeps_its_breach(town: Town) -> None:
    moved, dropped = await town.decision(), await town.decision()
    clocks = [(await town.issue(item))["id"] for item in (moved, dropped)]
    hold = "select 1 from timers where kind = 'look-at-clock' and subject = any($1) for update"
    async with town.holding(hold, clocks):
        town.wait_for(30 * DAY)
        await town.tell_issue(moved, town.today, version=3)
        await town.house.say(
            ItemChanged(replace(dropped, version=4, state="removed", reason="不再推进")), dropped.item_id, town.now, 4
        )
        await town.begin(asyncio.sleep(0), seconds=1)
    heard = "select count(*) from items where id = $1 and version = 4"
    await town.until_found(heard, dropped.item_id)
    for item in (moved, dropped):
        clock = await town.clock(item)
        assert (clock["state"], clock["breached_on"] is not None) == ("breached", True)


@pytest.mark.parametrize("state", ["issued", "adoption_published", "archived", "removed"])
async def test_nobody_is_asked_about_what_is_decided(town: Town, state: ItemState) -> None:
    item = await town.decision(state=state, reason="不再推进" if state == "removed" else "")
    planned = await town.planned(catalogue_item=str(item.item_id))
    answer = await town.ask("POST", f"/consultations/{planned['id']}/open", None, await town.staff())
    assert problem_of(answer) == (409, "/problems/adoption.decision-is-over")


async def test_dropped_decision_is_never_late_afterwards(town: Town) -> None:
    item = await town.decision()
    await town.issue(item)
    await town.hear_of(replace(item, version=3, state="removed", reason="不再推进"))
    town.wait_for(60 * DAY)
    clock = await town.clock(item)
    assert (clock["state"], clock["breached_on"]) == ("dropped", None)


async def test_report_says_that_a_decision_was_dropped_where_it_was_and_only_there(town: Town) -> None:
    item, unused = await town.decision(), ["website", *UNUSED]
    begun = await town.post("/reports", {"item": str(item.item_id), "not_used": unused, "dropped": True})
    path = f"/reports/{begun['line']['report_id']}"
    refused = await town.ask("POST", f"{path}/approve", headers=await town.lead())
    assert problem_of(refused) == (409, "/problems/adoption.decision-goes-on")
    assert (await town.ask("PATCH", path, {"dropped": False}, await town.staff())).is_success
    await town.approved(begun)
    await town.hear_of(replace(item, version=2, state="removed", reason="不再推进"))
    refused = await town.ask("POST", f"{path}/publish", headers=await town.staff())
    assert problem_of(refused) == (409, "/problems/adoption.decision-was-removed")
    await town.post(f"{path}/send-back", {"reason": "不再推进"}, await town.lead())
    assert (await town.ask("PATCH", path, {"dropped": True}, await town.staff())).is_success
    await town.approved(begun)
    assert (await town.post(f"{path}/publish"))["document"]["dropped"]
    # Should its document come all the same, nobody has answered for it.
    assert (await town.issue(item, version=3))["state"] == "running"


async def test_report_from_before_the_consultation_meets_no_clock(town: Town) -> None:
    item = await town.decision()
    report = await town.reported(item, not_used=["website", *UNUSED])
    await town.post(f"/reports/{report}/publish")
    await town.post(f"/reports/{report}/correct", {"reason": "另行征求意见"})
    await town.asked(item)
    town.wait_for(DAY)
    assert (await town.issue(item))["state"] == "running"
    body = {"not_used": UNUSED}
    assert (await town.ask("PATCH", f"/reports/{report}", body, await town.staff())).status_code == 200
    await town.post(f"/reports/{report}/approve", headers=await town.lead())
    await town.post(f"/reports/{report}/publish")
    assert (await town.clock(item))["state"] == "met"


async def test_document_that_is_told_late_is_met_by_the_first_publication(town: Town) -> None:
    item = await town.decision()
    issued_on = town.today
    report = await town.reported(item, not_used=["website", *UNUSED])
    await town.post(f"/reports/{report}/publish")
    town.wait_for(40 * DAY)
    await town.post(f"/reports/{report}/correct", {"reason": "错字"})
    await town.post(f"/reports/{report}/approve", headers=await town.lead())
    await town.post(f"/reports/{report}/publish")
    clock = await town.issue(item, issued_on)
    assert (clock["state"], clock["met_on"], clock["breached_on"]) == ("met", str(issued_on), None)


async def test_final_text_is_published_although_nobody_saw_a_draft(town: Town) -> None:
    final = [{"key": "1", "heading": "第一条", "text": "定稿。"}]
    report = await town.reported(await town.decision(), final=final, not_used=list(CHANNELS))
    published = await town.post(f"/reports/{report}/publish")
    (side,) = published["document"]["passages"]
    assert (side["key"], side["before"], side["after"]) == ("1", None, "定稿。")


def hearing_of(town: Town, item: PublicItem) -> PublicHearing:
    return PublicHearing(
        hearing_id=new_id(), version=5, unit=UNIT, catalogue_item=item.item_id, profile="major_decision",
        title="听证会", matters="学区", standing="announced", starts_at=town.now, ends_at=town.now + timedelta(hours=2),
        place="礼堂", reason="", sides=(), page="/hearings/1",
    )  # fmt: skip


POINT = ReportedPoint(no=1, side="居民", text="太远", disposition="adopted", reason="", passage="", before="", after="")


async def test_hearing_that_is_told_after_its_report_keeps_both(town: Town) -> None:
    hearing = hearing_of(town, await town.decision())
    reported = HearingReportPublished(hearing, town.today, (POINT,))
    await town.house.say(reported, hearing.hearing_id, town.now, 5)
    known = "select count(*) from heard_participations where source_id = $1 and version = 5"
    await town.until_found(known, hearing.hearing_id)
    held = HearingHeld(replace(hearing, version=4), town.today, participants=9, present=8, observers=2)
    await town.house.say(held, hearing.hearing_id, town.now, 4)
    await town.until_found(f"{known} and people = 8", hearing.hearing_id)
    database = await town.house.database("adoption")
    counted = await database.fetchval(
        "select counted ->> 'adopted' from heard_participations where source_id = $1", hearing.hearing_id
    )
    await database.close()
    assert counted == "1"


async def test_what_a_hearing_says_after_the_approval_is_read_before_it_is_published(town: Town) -> None:
    item = await town.decision()
    hearing = hearing_of(town, item)
    held = HearingHeld(hearing, town.today, participants=9, present=8, observers=2)
    await town.house.say(held, hearing.hearing_id, town.now, 5)
    await town.until_found("select count(*) from heard_participations where source_id = $1", hearing.hearing_id)
    unused = [channel for channel in CHANNELS if channel != "hearing"]
    report = await town.reported(item, not_used=unused)
    read = await town.get(f"/reports/{report}/draft", await town.lead())
    reported = HearingReportPublished(replace(hearing, version=6), town.today, (POINT,))
    await town.house.say(reported, hearing.hearing_id, town.now, 6)
    await town.until_found(
        "select count(*) from heard_participations where source_id = $1 and version = 6", hearing.hearing_id
    )
    refused = await town.ask("POST", f"/reports/{report}/publish", headers=await town.staff())
    assert problem_of(refused) == (409, "/problems/adoption.not-approved")
    as_read = {**await town.lead(), "If-Match": f'"{read["line"]["version"]}"'}
    unread = await town.ask("POST", f"/reports/{report}/approve", headers=as_read)
    assert problem_of(unread)[0] == 412
    await town.post(f"/reports/{report}/approve", headers=await town.lead())
    assert (await town.post(f"/reports/{report}/publish"))["document"]["tally"]["adopted"] == 1
