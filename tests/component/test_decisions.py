"""A catalogue from its first item to the next year's, and an item to its archived document: DC1 to DC5, over HTTP."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import msgspec
import nats
import pytest

from component.test_hearings import Chamber
from component.test_representatives import DAY, open_town
from houses import House, problem_of, until
from kaimen.contracts.adoption import (
    ChannelUse,
    ConsultationClosed,
    ConsultationOpened,
    DeadlineStarted,
    PublicClock,
    PublicConsultation,
    ReportPublished,
    Tally,
)
from kaimen.contracts.decisions import CataloguePublished, DecisionEntriesChanged, DocumentIssued, ItemChanged
from kaimen.contracts.envelope import Envelope, from_headers
from kaimen.contracts.representatives import (
    DecisionMeeting,
    MeetingAnnounced,
    MeetingAttended,
    MeetingItem,
    StatementReplied,
)
from kaimen.kit.clock import local_date
from kaimen.kit.ids import new_id

UNIT, OTHER = "区教育局", "区民政局"
FILED = "2022-05-04"
PAPERS: dict[str, dict[str, Any]] = {
    "draft": {},
    "expert_review": {"experts": 3, "independent": True, "signed": True},
    "risk_assessment": {"risk_points": ["学位不足"], "plans": ["分期实施"], "result": "controllable"},
    "enterprise_consultation": {"held_on": FILED, "sectors": ["民办教育"], "enterprises": 4},
    # The seventh working day after 5 May 2022, a Thursday of which the Saturday is worked, is 13 May.
    "legality_review": {
        "received_on": "2022-05-05", "asked_for_by": "2022-05-13", "opinion_on": "2022-05-12", "opinion": "lawful",
    },
    "fair_competition_review": {},
    "deliberation": {
        "meeting": "executive", "held_on": "2022-06-01", "head_spoke_last": True, "dissent": "一名成员主张缓行",
    },
    "party_report": {"reported_on": "2022-06-10"},
    "effect_evaluation": {},
}  # fmt: skip
FOLLOWS = {"opinion_on", "held_on", "reported_on"}
SEED_DATES = {"signed_on": "2022-06-14", "imprint_on": "2022-06-16", "published_at": "2022-06-16T01:00:00+08:00"}
# Years of one unit with nothing in the year before, and others that have one after them. This one and the next are kept
# free; whoever needs one of those says which, of another unit.
THIS_YEAR = local_date(datetime.now(UTC)).year
_years = (year for year in range(2000, 2081, 2) if year not in (THIS_YEAR, THIS_YEAR + 1))
_pairs = iter(range(2082, 2100, 3))
_numbers = itertools.count(1)


class Bureau(Chamber):
    """A unit with its catalogues, and those who check and consent. Each catalogue has a year of its own."""

    api = "/api/decisions/v1"

    async def lead(self) -> dict[str, str]:
        return await self.house.token("unit_lead", UNIT, "负责人")

    async def office(self) -> dict[str, str]:
        return await self.house.token("office", None, "区府办")

    async def justice(self) -> dict[str, str]:
        return await self.house.token("justice", None, "司法局")

    @property
    def today(self) -> str:
        return local_date(self.now).isoformat()

    async def catalogue(self, year: int | None = None, unit: str = UNIT) -> dict[str, Any]:
        body = {"unit": unit, "year": next(_years) if year is None else year}
        return await self.post("/catalogues", body, await self.office())

    async def item(self, catalogue: dict[str, Any], **changes: Any) -> dict[str, Any]:
        body = {"catalogue": catalogue["id"], "title": f"学区调整方案{next(_numbers)}", "category": "public_policy"}
        return await self.post("/items", {**body, **changes}, await self.office())

    async def on(self, catalogue: dict[str, Any], name: str, body: Any = None) -> dict[str, Any]:
        """A step of the catalogue, by the office, which may do all of them."""
        return await self.post(f"/catalogues/{catalogue['id']}/{name}", body, await self.office())

    async def consented(self, catalogue: dict[str, Any]) -> dict[str, Any]:
        await self.on(catalogue, "check", {"checked_on": self.today})
        return await self.on(catalogue, "consent", {"consented_on": self.today, "consented_by": "局党组"})

    async def published(self, catalogue: dict[str, Any], **given: Any) -> dict[str, Any]:
        await self.consented(catalogue)
        return await self.on(catalogue, "publish", given or None)

    async def revised(self, catalogue: dict[str, Any], reason: str = "新增任务") -> dict[str, Any]:
        return await self.on(catalogue, "revise", self.revision(reason=reason))

    def revision(self, **changes: Any) -> dict[str, Any]:
        return {"reason": "新增任务", "consented_on": self.today, "consented_by": "局党组", **changes}

    async def listed(self, **changes: Any) -> dict[str, Any]:
        """An item in a published catalogue."""
        catalogue = await self.catalogue()
        item = await self.item(catalogue, **changes)
        await self.published(catalogue)
        return await self.of(item)

    async def of(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item as the office sees it now."""
        return await self.get(f"/items/{item['id']}", await self.office())

    async def seen(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item as the public sees it now."""
        return await self.get(f"/items/{item['id']}")

    async def go(self, item: dict[str, Any], *states: str, reason: str = "") -> dict[str, Any]:
        for state in states:
            body = {"to": state, "reason": reason}
            item = await self.post(f"/items/{item['id']}/transitions", body, await self.staff())
        return item

    async def put(self, path: str, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = await self.ask("PUT", path, body, headers or await self.staff())
        assert answer.is_success, answer.text
        return answer.json()

    async def file(self, item: dict[str, Any], *kinds: str) -> dict[str, Any]:
        """With its usual days, or the last one on which the public was asked, where that is later."""
        steps = (await self.of(item))["steps"]
        asked = max((step["until_on"] for step in steps if step["kind"] == "consultation"), default=FILED)
        for kind in kinds:
            says = {name: max(said, asked) if name in FOLLOWS else said for name, said in PAPERS[kind].items()}
            item = await self.put(f"/items/{item['id']}/papers/{kind}", {"filed_on": FILED, **says})
        return item

    async def deliberated(self, **changes: Any) -> dict[str, Any]:
        """An item that needs no participation, one step before its document."""
        item = await self.listed(participation=False, **changes)
        await self.file(item, "draft", "legality_review", "deliberation")
        return await self.go(item, "drafting", "reviewing", "ready", "deliberated")

    async def issued(self, **changes: Any) -> dict[str, Any]:
        item = await self.file(await self.deliberated(**changes), "party_report")
        return await self.issue(item)

    async def issue(self, item: dict[str, Any], **changes: Any) -> dict[str, Any]:
        body = {**SEED_DATES, "document_no": "青府办发〔2022〕9号", **changes}
        return await self.post(f"/items/{item['id']}/issue", body, await self.staff())

    # What other services would say

    def consultation(self, item: dict[str, Any], **changes: Any) -> PublicConsultation:
        on = date(2022, 3, 1)
        given = {
            "consultation_id": new_id(), "version": 1, "unit": UNIT, "catalogue_item": UUID(item["id"]),
            "title": "学区调整方案征求意见", "opens_on": on, "closes_on": on + timedelta(days=30),
            "shortened_reason": "",
            "channels": (
                ChannelUse(channel="website", name="区政府网站", place="https://example.cn", from_on=on, to_on=on),
            ),
            "draft_url": "/consultations/draft", "explanation_url": "/consultations/why", "background_url": "",
            "page": "/consultations/1",
        }  # fmt: skip
        return PublicConsultation(**{**given, **changes})

    def report(self, item: dict[str, Any], **changes: Any) -> ReportPublished:
        tally = Tally(
            received=3, adopted=1, partly=0, not_adopted=1, already_covered=1, out_of_scope=0, withdrawn=0, duplicate=0,
        )  # fmt: skip
        given = {
            "report_id": new_id(), "number": 1, "unit": UNIT, "catalogue_item": UUID(item["id"]), "consultations": (),
            "title": "意见采纳情况", "tally": tally, "concentrated": 0, "dropped": False,
            "published_on": date(2022, 6, 28), "reason": "", "sha256": "00", "page": "/reports/1",
        }  # fmt: skip
        return ReportPublished(**{**given, **changes})

    async def say(self, fact: msgspec.Struct, source: UUID, version: int = 1) -> None:
        """As its service would, which does not run here, into its stream."""
        await self.house.say(fact, source, self.now, version)

    async def until_step(self, item: dict[str, Any], kind: str, state: str) -> dict[str, Any]:
        """The item, once its page shows this step in this state."""

        async def shown() -> bool:
            return (kind, state) in {(step["kind"], step["state"]) for step in (await self.of(item))["steps"]}

        await until(shown)
        return await self.of(item)

    async def is_handled(self, item: dict[str, Any]) -> int | None:
        """What its page says of the opinions of its last consultation."""
        return (await self.of(item))["steps"][-1]["detail"].get("handled")

    async def consulted(self, item: dict[str, Any]) -> dict[str, Any]:
        """Opened and closed, as adoption says it."""
        opened = self.consultation(item)
        await self.say(ConsultationOpened(opened), opened.consultation_id)
        await self.until_step(item, "consultation", "opened")
        closed = msgspec.structs.replace(opened, version=2)
        await self.say(ConsultationClosed(closed, received=3), closed.consultation_id, version=2)
        return await self.until_step(item, "consultation", "closed")

    async def facts(self, *about: dict[str, Any]) -> list[Any]:
        """What decisions said about these catalogues and items, in order."""
        wanted = {each["id"] for each in about}
        return [said.fact() for said in await self._said() if said.aggregate_id in wanted]

    async def _said(self) -> list[Envelope]:
        database = await self.house.database("decisions")
        try:
            await until(lambda: database.fetchval("select not exists (select 1 from outbox where sent_at is null)"))
        finally:
            await database.close()
        client = await nats.connect(self.house.servers.nats.url)
        try:
            stream = client.jetstream()
            last = (await stream.stream_info("decisions")).state.last_seq
            messages = [await stream.get_msg("decisions", sequence) for sequence in range(1, last + 1)]
        finally:
            await client.close()
        return [from_headers(message.headers or {}, message.data or b"") for message in messages]


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_town(tmp_path_factory.mktemp("town"), "accounts,hearings,decisions") as house:
        await until_units_are_known(Bureau(house))
        yield house


async def until_units_are_known(bureau: Bureau) -> None:
    async def known() -> bool:
        coverage = await bureau.get("/catalogues/coverage?year=2026")
        return {each["unit"] for each in coverage["units"]} >= {UNIT, OTHER}

    await until(known)


@pytest.fixture
async def bureau(town: House) -> Bureau:
    return Bureau(town)


def missing(item: dict[str, Any], to: str) -> list[str]:
    """What is missing before the item can go there."""
    (found,) = [each["missing"] for each in item["next"] if each["to"] == to]
    return [gap["field"] for gap in found]


def facet(item: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in item["facets"] if each["facet"] == name)


async def test_catalogue_is_collected_checked_consented_and_published(bureau: Bureau) -> None:
    catalogue, head = await bureau.catalogue(2099, OTHER), await bureau.house.token("unit_lead", OTHER, "负责人")
    assert (catalogue["state"], catalogue["due_on"], catalogue["overdue"]) == ("collecting", "2099-05-31", False)
    first = await bureau.item(catalogue)
    path = f"/catalogues/{catalogue['id']}"
    assert problem_of(await bureau.ask("GET", path)) == (404, "/problems/decisions.unknown-catalogue")
    assert problem_of(await bureau.ask("GET", f"/items/{first['id']}")) == (404, "/problems/decisions.unknown-item")
    checked = await bureau.post(f"{path}/check", {"checked_on": bureau.today}, await bureau.justice())
    assert checked["state"] == "legality_checked"

    # Whatever changes afterwards must be checked again.
    second = await bureau.item(catalogue)
    assert (await bureau.get(path, head))["state"] == "collecting"
    assert (await bureau.consented(catalogue))["state"] == "consented"
    published = await bureau.post(f"{path}/publish", headers=head)
    assert (published["state"], published["published_on"], published["late_days"]) == ("published", bureau.today, 0)
    shown = await bureau.get(path)
    assert [item["id"] for item in shown["items"]] == [first["id"], second["id"]]
    assert shown["items"][0]["completeness"] == {
        "published": 0, "applicable": 0, "share": None, "optional_published": 0,
    }  # fmt: skip
    assert (await bureau.seen(first))["next"] is None

    due, fact, entries = await bureau.facts(catalogue)
    assert isinstance(due, DecisionEntriesChanged)
    assert isinstance(fact, CataloguePublished)
    assert isinstance(entries, DecisionEntriesChanged)
    assert [entry.summary[:7] for entry in (*due.entries, *entries.entries)] == ["目录公布截止：", "目录已公布：区"]
    assert (fact.revision, fact.late_days, fact.withheld) == (0, 0, 0)
    assert fact.items == (UUID(first["id"]), UUID(second["id"]))
    (told,) = await bureau.facts(first)
    assert isinstance(told, ItemChanged)
    assert (told.item.state, told.item.title) == ("listed", first["title"])


async def test_item_goes_from_the_catalogue_to_the_archive(bureau: Bureau) -> None:
    item = await bureau.listed(
        expert_required=True, risk_required=True, market_activity=True, enterprise_related=True, hearing_planned=True,
    )  # fmt: skip
    item = await bureau.go(item, "drafting")
    assert missing(item, "consulting") == ["papers.draft", "papers.explanation", "steps.consultation"]
    opened = bureau.consultation(item)
    await bureau.say(ConsultationOpened(opened), opened.consultation_id)
    item = await bureau.until_step(item, "consultation", "opened")
    assert missing(item, "consulting") == []
    assert [facet(item, name)["url"] for name in ("draft", "explanation", "background")] == [
        "/consultations/draft", "/consultations/why", "",
    ]  # fmt: skip
    item = await bureau.go(item, "consulting")
    assert missing(item, "reviewing") == [
        "steps.consultation", "papers.expert_review", "papers.risk_assessment", "papers.enterprise_consultation",
    ]  # fmt: skip
    source, ended = opened.consultation_id, msgspec.structs.replace(opened, version=2)
    await bureau.say(ConsultationClosed(ended, 3, handled=False), source, 2)
    await bureau.until_step(item, "consultation", "closed")
    item = await bureau.file(item, "expert_review", "risk_assessment", "enterprise_consultation")
    # What waits for an answer is shown, and holds nothing up: else no document, and so no deadline, would ever come.
    assert missing(item, "reviewing") == []
    assert await bureau.is_handled(item) == 0
    await bureau.say(ConsultationClosed(ended, 3, handled=True), source, 3)
    await until(lambda: bureau.is_handled(item))
    item = await bureau.go(item, "reviewing")
    assert missing(item, "ready") == ["papers.legality_review", "papers.fair_competition_review"]
    papers = f"/items/{item['id']}/papers"
    before_asking = paper("legality_review", received_on="2022-02-01", opinion_on="2022-02-28")
    assert missing(await bureau.put(f"{papers}/legality_review", before_asking), "ready") == [
        "papers.legality_review.opinion_on", "papers.fair_competition_review",
    ]  # fmt: skip
    await bureau.put(f"{papers}/legality_review", paper("legality_review"), await bureau.justice())
    item = await bureau.go(await bureau.file(item, "fair_competition_review"), "ready")
    assert missing(item, "deliberated") == ["papers.deliberation"]
    while_asking = await bureau.put(f"{papers}/deliberation", paper("deliberation", held_on="2022-03-30"))
    # Before the legality opinion, too.
    assert missing(while_asking, "deliberated") == ["papers.deliberation.held_on"] * 2
    item = await bureau.go(await bureau.file(item, "deliberation"), "deliberated")
    assert missing(item, "issued") == ["papers.party_report"]
    item = await bureau.issue(await bureau.file(item, "party_report"))
    assert (item["state"], item["issued"]["issued_on"], item["issued"]["basis"]) == ("issued", "2022-06-16", "imprint")
    assert [each["to"] for each in item["next"]] == []

    report = bureau.report(item)
    await bureau.say(report, report.report_id)
    item = await bureau.until_step(item, "report", "published")
    assert (item["state"], facet(item, "opinions")["url"]) == ("adoption_published", "/reports/1")
    archived = await bureau.go(item, "archived", reason="2022-决-1")
    assert (archived["state"], archived["archive_ref"]) == ("archived", "2022-决-1")
    assert [step["kind"] for step in archived["steps"]] == ["consultation", "document", "report"]

    said = await bureau.facts(item)
    states = [fact.item.state for fact in said if isinstance(fact, ItemChanged)]
    assert states == [
        "listed", "drafting", "consulting", "reviewing", "ready", "deliberated", "issued", "adoption_published",
        "archived",
    ]  # fmt: skip
    (document,) = [fact for fact in said if isinstance(fact, DocumentIssued)]
    assert (document.issued_on, document.published_on) == (date(2022, 6, 16), date(2022, 6, 16))


async def test_hearing_must_report_before_the_item_goes_on(bureau: Bureau) -> None:
    """What the hearing's own service says arrives as steps; only its report opens the way."""
    item = await bureau.consulted(await bureau.go(await bureau.listed(hearing_planned=True), "drafting"))
    chamber = Chamber(bureau.house)
    sides, groups = [{"name": "学校", "why": "承担招生"}], [chamber.schools()]
    hearing = await chamber.announced(
        days=12, sides=sides, groups=groups, entropy=[], opens_at=None, closes_at=None, catalogue_item=item["id"]
    )
    item = await bureau.go(await bureau.until_step(item, "hearing", "announced"), "consulting")
    assert missing(item, "reviewing") == ["steps.hearing"]
    receipt = await chamber.invite_school(hearing)
    await chamber.step(hearing, "publish-list")
    await chamber.step(hearing, "deliver", chamber.delivery())
    chamber.wait_for(timedelta(days=12, minutes=1))
    await chamber.step(hearing, "hold", {"present": [receipt["pseudonym"]]})
    line = {"step": "statements", "speaker": receipt["pseudonym"], "text": "建议分期", "is_point": True}
    await chamber.step(hearing, "record", {"lines": [line]})
    signed = {"pseudonym": receipt["pseudonym"], "answer": "confirmed", "version": 1}
    await chamber.step(hearing, "confirm", signed)
    item = await bureau.until_step(item, "hearing_record", "confirmed")
    assert missing(item, "reviewing") == ["steps.hearing"]
    await chamber.step(hearing, "report", {"points": [{"no": 1, "disposition": "already_covered"}]})
    item = await bureau.until_step(item, "hearing_report", "published")
    assert missing(item, "reviewing") == []
    assert [step["kind"] for step in item["steps"]] == [
        "consultation", "hearing_roster", "hearing", "hearing_held", "hearing_record", "hearing_report",
    ]  # fmt: skip


async def test_cancelled_hearing_holds_nothing_up(bureau: Bureau) -> None:
    item = await bureau.consulted(await bureau.go(await bureau.listed(), "drafting"))
    chamber = Chamber(bureau.house)
    hearing = await chamber.announced(catalogue_item=item["id"])
    item = await bureau.go(await bureau.until_step(item, "hearing", "announced"), "consulting")
    assert missing(item, "reviewing") == ["steps.hearing"]
    await chamber.step(hearing, "cancel", {"reason": "事项分歧已消除"})
    item = await bureau.until_step(item, "hearing", "cancelled")
    assert (missing(item, "reviewing"), item["steps"][-1]["detail"]["reason"]) == ([], "事项分歧已消除")


async def test_late_message_never_goes_backwards(bureau: Bureau) -> None:
    """A consultation that was entered for the wrong item leaves it, whatever arrives afterwards."""
    wrong, right = await bureau.listed(), await bureau.listed()
    first = bureau.consultation(wrong)
    source = first.consultation_id
    moved = msgspec.structs.replace(first, version=3, catalogue_item=UUID(right["id"]))
    await bureau.say(ConsultationOpened(first), source)
    await bureau.until_step(wrong, "consultation", "opened")
    await bureau.say(ConsultationClosed(moved, received=0), source, version=3)
    await bureau.until_step(right, "consultation", "closed")
    await bureau.say(ConsultationOpened(msgspec.structs.replace(first, version=2)), source, version=2)
    await bureau.say(ConsultationOpened(msgspec.structs.replace(moved, version=2)), source, version=2)
    last = bureau.consultation(right)
    await bureau.say(ConsultationOpened(last), last.consultation_id)
    item = await bureau.until_step(right, "consultation", "opened")
    assert [step["state"] for step in item["steps"]] == ["closed", "opened"]
    assert (await bureau.of(wrong))["steps"] == []


async def test_report_before_the_document_closes_the_item_when_it_is_issued(bureau: Bureau) -> None:
    item = await bureau.consulted(await bureau.go(await bureau.listed(), "drafting"))
    await bureau.file(item, "legality_review", "deliberation", "party_report")
    item = await bureau.go(item, "consulting", "reviewing", "ready", "deliberated")
    report = bureau.report(item)
    await bureau.say(report, report.report_id)
    assert (await bureau.until_step(item, "report", "published"))["state"] == "deliberated"
    assert (await bureau.issue(item))["state"] == "adoption_published"


async def test_dropped_report_closes_nothing(bureau: Bureau) -> None:
    item = await bureau.consulted(await bureau.go(await bureau.listed(), "drafting"))
    await bureau.file(item, "legality_review", "deliberation", "party_report")
    item = await bureau.issue(await bureau.go(item, "consulting", "reviewing", "ready", "deliberated"))
    report = bureau.report(item, dropped=True)
    await bureau.say(report, report.report_id)
    assert (await bureau.until_step(item, "report", "dropped"))["state"] == "issued"
    refused = await bureau.ask(
        "POST", f"/items/{item['id']}/transitions", {"to": "archived", "reason": "x"}, await bureau.staff()
    )
    assert problem_of(refused) == (409, "/problems/decisions.wrong-transition")


async def test_plan_without_the_public_is_not_archived_without_a_report_once_it_was_asked(bureau: Bureau) -> None:
    item = await bureau.issued()
    opened = bureau.consultation(item)
    await bureau.say(ConsultationOpened(opened), opened.consultation_id)
    item = await bureau.until_step(item, "consultation", "opened")
    body = {"to": "archived", "reason": "2022-决-1"}
    refused = await bureau.ask("POST", f"/items/{item['id']}/transitions", body, await bureau.staff())
    assert problem_of(refused) == (409, "/problems/decisions.conditions-missing")
    assert missing(item, "archived") == ["steps.report"]


async def test_terms_that_waited_when_the_document_came_never_change_it(bureau: Bureau) -> None:
    item = await bureau.file(await bureau.deliberated(), "party_report")
    change = await bureau.ask("PATCH", f"/items/{item['id']}", {"title": "另一个题目"}, await bureau.staff())
    assert change.status_code == 200
    await bureau.issue(item)
    catalogue = await bureau.get(f"/catalogues/{item['catalogue_id']}", await bureau.office())
    assert catalogue["open_changes"] == 0
    await bureau.item(catalogue)
    await bureau.revised(catalogue)
    assert (await bureau.seen(item))["title"] == item["title"]


async def test_deadline_is_shown_as_adoption_counts_it(bureau: Bureau) -> None:
    item = await bureau.issued()
    clock = PublicClock(
        clock_id=new_id(), kind="report", unit=UNIT, catalogue_item=UUID(item["id"]), title=item["title"],
        started_on=date(2022, 6, 16), working_days=10, due_on=date(2022, 6, 30), not_before=date(2022, 6, 30),
        original_due_on=date(2022, 6, 30), state="running", met_on=None, breached_on=None, page="/clocks/1",
    )  # fmt: skip
    await bureau.say(DeadlineStarted(clock), clock.clock_id)
    shown = await bureau.until_step(item, "deadline", "running")
    (step,) = [each for each in shown["steps"] if each["kind"] == "deadline"]
    assert (step["on"], step["detail"]) == ("2022-06-30", {"clock": "report", "working_days": 10, "provisional": 0})


async def test_meeting_shows_who_attended_what(bureau: Bureau) -> None:
    """One meeting carries several items; representatives hear only what suits the public."""
    heard, secret = await bureau.listed(), await bureau.listed()
    starts = datetime(2026, 9, 1, 1, tzinfo=UTC)
    agenda = tuple(
        MeetingItem(new_id(), item["title"], UUID(item["id"]), suits, "", "")
        for item, suits in ((heard, True), (secret, False))
    )
    meeting = DecisionMeeting(
        meeting_id=new_id(), version=1, unit=UNIT, level="unit", title="局长办公会", kind="office", standing="planned",
        starts_at=starts, ends_at=starts + timedelta(hours=2), place="301", reason="", items=agenda,
    )  # fmt: skip
    await bureau.say(MeetingAnnounced(meeting), meeting.meeting_id)
    for item in (heard, secret):
        shown = await bureau.until_step(item, "meeting", "planned")
        assert shown["steps"][0]["page"] == f"/meetings/{meeting.meeting_id}"
    await bureau.say(MeetingAttended(meeting, date(2026, 9, 1), invited=3, present=2), meeting.meeting_id, version=2)
    shown = await bureau.until_step(heard, "meeting_attended", "attended")
    assert facet(shown, "attendance")["url"] == f"/meetings/{meeting.meeting_id}"
    reply = StatementReplied(
        statement_id=new_id(), meeting_id=meeting.meeting_id, item_id=agenda[0].item_id,
        catalogue_item=UUID(heard["id"]), outcome="partly", replied_on=date(2026, 9, 10),
    )  # fmt: skip
    await bureau.say(reply, reply.statement_id)
    shown = await bureau.until_step(heard, "statement", "partly")
    assert [(step["kind"], step["detail"]) for step in shown["steps"]] == [
        ("meeting", {"place": "301", "reason": ""}), ("meeting_attended", {"invited": 3, "present": 2}),
        ("statement", {}),
    ]  # fmt: skip
    other = await bureau.of(secret)
    assert ([step["kind"] for step in other["steps"]], facet(other, "attendance")["state"]) == (["meeting"], "not_yet")


async def test_removed_before_publication_is_never_public(bureau: Bureau) -> None:
    catalogue = await bureau.catalogue()
    stays, goes = await bureau.item(catalogue), await bureau.item(catalogue)
    await bureau.consented(catalogue)
    await bureau.go(goes, "removed", reason="不属于重大行政决策")
    again = await bureau.get(f"/catalogues/{catalogue['id']}", await bureau.office())
    assert again["state"] == "collecting"
    await bureau.published(catalogue)
    assert [item["id"] for item in (await bureau.get(f"/catalogues/{catalogue['id']}"))["items"]] == [stays["id"]]
    gone = await bureau.ask("GET", f"/items/{goes['id']}")
    assert problem_of(gone) == (404, "/problems/decisions.unknown-item")
    assert await bureau.facts(goes) == []


async def test_suspended_item_returns_to_where_it_was(bureau: Bureau) -> None:
    item = await bureau.go(await bureau.listed(), "drafting")
    paused = await bureau.go(item, "suspended", reason="上位法修改")
    assert (paused["state"], paused["reason"]) == ("suspended", "上位法修改")
    assert sorted(each["to"] for each in paused["next"]) == ["drafting", "removed"]
    back = await bureau.go(paused, "drafting")
    assert (back["state"], back["reason"]) == ("drafting", "")
    removed = await bureau.go(back, "removed", reason="任务取消")
    assert (removed["state"], removed["next"]) == ("removed", [])
    told = (await bureau.facts(item))[-1]
    assert (told.item.state, told.item.reason) == ("removed", "任务取消")


async def test_returned_item_is_drafted_anew(bureau: Bureau) -> None:
    item = await bureau.deliberated()
    item = await bureau.go(await bureau.go(item, "returned", reason="会议未通过"), "drafting")
    item = await bureau.go(item, "reviewing", "ready", "deliberated")
    assert missing(item, "issued") == ["papers.party_report"]


async def test_document_is_issued_on_its_earliest_public_day(bureau: Bureau) -> None:
    item = await bureau.issued()
    shown = await bureau.seen(item)
    assert shown["issued"] == {
        "title": item["title"], "document_no": "青府办发〔2022〕9号", "url": "", "signed_on": "2022-06-14",
        "imprint_on": "2022-06-16", "published_at": "2022-06-15T17:00:00Z", "issued_on": "2022-06-16",
        "basis": "imprint", "corrections": 0, "reason": "", "moved": [],
    }  # fmt: skip
    refused = await bureau.ask("POST", f"/items/{item['id']}/issue", SEED_DATES, await bureau.staff())
    assert problem_of(refused) == (422, "/problems/kit.reason-required")
    mended = await bureau.issue(item, imprint_on=None, reason="印发日期录入错误")
    assert (mended["issued"]["basis"], mended["issued"]["corrections"]) == ("publication", 1)
    signed = await bureau.issue(item, imprint_on=None, published_at=None, reason="未上网")
    assert (signed["issued"]["issued_on"], signed["issued"]["basis"]) == ("2022-06-14", "signature")
    said = [fact for fact in await bureau.facts(item) if isinstance(fact, DocumentIssued)]
    assert [(fact.issued_on.day, fact.basis) for fact in said] == [
        (16, "imprint"), (16, "publication"), (14, "signature"),
    ]  # fmt: skip
    assert said[0].item.version < said[1].item.version < said[2].item.version


async def test_withheld_item_is_a_number_and_nothing_else(bureau: Bureau) -> None:
    catalogue = await bureau.catalogue()
    open_, secret = await bureau.item(catalogue), await bureau.item(catalogue, confidential_basis="《保守国家秘密法》")
    await bureau.published(catalogue)
    shown = await bureau.get(f"/catalogues/{catalogue['id']}")
    assert ([item["id"] for item in shown["items"]], shown["withheld"]) == ([open_["id"]], 1)
    now = quote(bureau.now.isoformat())
    for path in (f"/items/{secret['id']}", f"/items/{secret['id']}/versions", f"/items/{secret['id']}?as_at={now}"):
        for headers in ({}, await bureau.house.token("unit_editor", OTHER, "别处")):
            answer = await bureau.ask("GET", path, headers=headers)
            assert problem_of(answer) == (404, "/problems/decisions.unknown-item")
    listed = await bureau.get(f"/items?year={catalogue['year']}")
    assert [item["id"] for item in listed["items"]] == [open_["id"]]
    own = await bureau.get(f"/items?year={catalogue['year']}", await bureau.staff())
    assert {item["id"] for item in own["items"]} == {open_["id"], secret["id"]}
    text = await bureau.get(f"/catalogues/{catalogue['id']}/revisions/0")
    assert ([item["item_id"] for item in text["items"]], text["withheld"]) == ([open_["id"]], 1)
    await bureau.go(secret, "drafting")
    assert await bureau.facts(secret) == []


async def test_revision_keeps_the_former_text(bureau: Bureau) -> None:
    catalogue = await bureau.catalogue()
    first = await bureau.item(catalogue, title="原题")
    await bureau.published(catalogue)
    path = f"/catalogues/{catalogue['id']}"
    before = await bureau.ask("GET", f"{path}/revisions/0")
    staff = await bureau.staff()
    changed = await bureau.ask("PATCH", f"/items/{first['id']}", {"title": "新题"}, staff)
    assert (changed.json()["title"], changed.json()["pending"]["title"]) == ("原题", "新题")
    second = await bureau.item(catalogue)
    assert (await bureau.seen(first))["title"] == "原题"
    assert (await bureau.get(path, staff))["open_changes"] == 2
    revised = await bureau.revised(catalogue, "上级新增任务")
    assert (revised["state"], revised["revision"], revised["open_changes"]) == ("revised", 1, 0)
    assert (await bureau.seen(first))["title"] == "新题"
    shown = await bureau.seen(second)
    assert (shown["listed_in"], shown["listing_reason"]) == (1, "上级新增任务")

    after = await bureau.get(f"{path}/revisions/1")
    assert (await bureau.ask("GET", f"{path}/revisions/0")).content == before.content
    assert [item["title"] for item in before.json()["items"]] == ["原题"]
    assert [item["title"] for item in after["items"]] == ["新题", second["title"]]
    zero, one = (await bureau.get(path))["revisions"]
    assert (zero["sha256"], one["reason"]) == (sha256(before.content).hexdigest(), "上级新增任务")
    told = [fact.revision for fact in await bureau.facts(catalogue) if isinstance(fact, CataloguePublished)]
    assert told == [0, 1]
    assert [fact.item.title for fact in await bureau.facts(first)] == ["原题", "新题"]
    closed = await bureau.on(catalogue, "close")
    assert closed["state"] == "closed"


async def test_published_texts_are_never_rewritten(bureau: Bureau) -> None:
    item = await bureau.issued()
    database = await bureau.house.database("decisions")
    try:
        for table in ("catalogue_revisions", "item_versions", "issues"):
            for change in (f"delete from {table}", f"update {table} set sha256 = ''", f"truncate {table}"):
                change = change.replace("sha256 = ''", "number = 9") if table == "issues" else change
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await database.execute(change)
    finally:
        await database.close()
    assert (await bureau.seen(item))["issued"]["corrections"] == 0


async def test_issued_item_of_last_year_is_finished_when_no_report_is_owed(bureau: Bureau) -> None:
    year = next(_pairs)
    last = await bureau.catalogue(year)
    quiet, heard = [await bureau.item(last, participation=False) for _ in range(2)]
    await bureau.published(last)
    for item in (quiet, heard):
        await bureau.file(item, "draft", "legality_review", "deliberation", "party_report")
        await bureau.issue(await bureau.go(item, "drafting", "reviewing", "ready", "deliberated"))
    await bureau.consulted(heard)
    present = await bureau.catalogue(year + 1)
    await bureau.item(present)
    await bureau.consented(present)
    refused = await bureau.ask("POST", f"/catalogues/{present['id']}/publish", None, await bureau.office())
    assert problem_of(refused) == (409, "/problems/decisions.dropped-without-reason")
    assert [error["field"] for error in refused.json()["errors"]] == [f"reasons.{heard['id']}"]
    await bureau.on(present, "reasons", {"item": heard["id"], "reason": "采纳情况待公布"})
    await bureau.on(present, "publish")
    found = await bureau.get(f"/catalogues/{present['id']}/difference")
    assert [each["id"] for each in found["finished"]] == [quiet["id"]]
    assert [each["former"]["id"] for each in found["dropped"]] == [heard["id"]]


async def test_dropped_item_of_last_year_is_explained(bureau: Bureau) -> None:
    year = next(_pairs)
    last = await bureau.catalogue(year)
    goes_on, renamed, same, dropped, gone = [await bureau.item(last) for _ in range(5)]
    await bureau.published(last)
    await bureau.go(gone, "removed", reason="并入其他任务")
    present = await bureau.catalogue(year + 1)
    new = await bureau.item(present)
    renamed_now = await bureau.item(present, continues=renamed["id"])
    same_now = await bureau.item(present, title=f" {same['title']}")
    await bureau.consented(present)
    refused = await bureau.ask("POST", f"/catalogues/{present['id']}/publish", None, await bureau.office())
    assert problem_of(refused) == (409, "/problems/decisions.dropped-without-reason")
    assert {error["field"] for error in refused.json()["errors"]} == {
        f"reasons.{goes_on['id']}", f"reasons.{dropped['id']}",
    }  # fmt: skip
    for item in (goes_on, dropped):
        await bureau.on(present, "reasons", {"item": item["id"], "reason": "任务取消"})
    await bureau.on(present, "publish")
    found = await bureau.get(f"/catalogues/{present['id']}/difference")
    assert found["former_id"] == last["id"]
    assert [each["item"]["id"] for each in found["added"]] == [new["id"]]
    assert {(each["item"]["id"], each["former"]["id"]) for each in found["kept"]} == {
        (renamed_now["id"], renamed["id"]), (same_now["id"], same["id"]),
    }  # fmt: skip
    assert [(each["former"]["id"], each["reason"]) for each in found["dropped"]] == [
        (goes_on["id"], "任务取消"), (dropped["id"], "任务取消"),
    ]  # fmt: skip
    assert (await bureau.get(f"/catalogues/{last['id']}/difference"))["former_id"] is None


async def test_published_reason_is_not_rewritten(bureau: Bureau) -> None:
    year = next(_pairs)
    last = await bureau.catalogue(year)
    dropped = await bureau.item(last)
    await bureau.published(last)
    present = await bureau.catalogue(year + 1)
    await bureau.item(present)
    path = f"/catalogues/{present['id']}"
    for reason in ("写错了", "任务取消"):
        await bureau.on(present, "reasons", {"item": dropped["id"], "reason": reason})
    await bureau.published(present)
    body = {"item": dropped["id"], "reason": "另有原因"}
    refused = await bureau.ask("POST", f"{path}/reasons", body, await bureau.office())
    assert problem_of(refused) == (409, "/problems/decisions.reason-published")
    assert [each["reason"] for each in (await bureau.get(f"{path}/difference"))["dropped"]] == ["任务取消"]


async def test_item_whose_successors_go_is_dropped_for_a_reason(bureau: Bureau) -> None:
    """Removed for one, or turned to something else by a revision, which then needs one."""
    year = next(_pairs)
    last = await bureau.catalogue(year)
    first, second = await bureau.item(last), await bureau.item(last)
    await bureau.published(last)
    present = await bureau.catalogue(year + 1)
    goes, turns = [await bureau.item(present, continues=former["id"]) for former in (first, second)]
    await bureau.published(present)
    path = f"/catalogues/{present['id']}"
    await bureau.go(goes, "removed", reason="任务取消")
    changed = await bureau.ask("PATCH", f"/items/{turns['id']}", {"continues": None}, await bureau.staff())
    assert changed.is_success, changed.text
    refused = await bureau.ask("POST", f"{path}/revise", bureau.revision(), await bureau.office())
    assert problem_of(refused) == (409, "/problems/decisions.dropped-without-reason")
    assert [error["field"] for error in refused.json()["errors"]] == [f"reasons.{second['id']}"]
    own = await bureau.get(f"{path}/difference", await bureau.staff())
    assert [(each["former"]["id"], each["reason"]) for each in own["dropped"]] == [
        (first["id"], "任务取消"), (second["id"], ""),
    ]  # fmt: skip
    seen = await bureau.get(f"{path}/difference")
    assert [each["former"]["id"] for each in seen["kept"]] == [second["id"]]
    await bureau.on(present, "reasons", {"item": second["id"], "reason": "并入其他任务"})
    await bureau.revised(present)
    seen = await bureau.get(f"{path}/difference")
    assert [each["reason"] for each in seen["dropped"]] == ["任务取消", "并入其他任务"]


async def test_nobody_learns_that_an_item_continues_a_withheld_one(bureau: Bureau) -> None:
    year = next(_pairs)
    last = await bureau.catalogue(year)
    secret = await bureau.item(last, confidential_basis="《保守国家秘密法》")
    shown = await bureau.item(last)
    await bureau.published(last)
    present = await bureau.catalogue(year + 1)
    item = await bureau.item(present, continues=secret["id"])
    withheld = await bureau.item(present, continues=shown["id"], confidential_basis="《保守国家秘密法》")
    await bureau.published(present)
    path = f"/catalogues/{present['id']}"
    now = quote(bureau.now.isoformat())
    for page in (
        f"/items/{item['id']}", f"/items/{item['id']}?as_at={now}", f"/items?year={year + 1}", path,
        f"{path}/revisions/0", f"{path}/difference",
    ):  # fmt: skip
        seen = (await bureau.ask("GET", page)).text
        assert [id in seen for id in (secret["id"], withheld["id"], shown["id"])] == [False, False, False], page
    assert (await bureau.of(item))["continues"] == secret["id"]
    for page in (path, f"/items?year={year + 1}"):
        found = (await bureau.get(page, await bureau.staff()))["items"]
        assert {each["id"]: each["confidential_basis"] for each in found} == {
            item["id"]: "", withheld["id"]: "《保守国家秘密法》",
        }  # fmt: skip


async def test_dates_of_the_procedure_follow_each_other_and_can_be_put_right(bureau: Bureau) -> None:
    item = await bureau.file(await bureau.deliberated(), "party_report")
    path, staff = f"/items/{item['id']}", await bureau.staff()
    for kind, wrong in (
        ("party_report", {"reported_on": "2000-01-01"}),
        ("deliberation", {"held_on": "2001-01-01"}),
        ("legality_review", {"opinion_on": "2022-06-02"}),
    ):
        await bureau.put(f"{path}/papers/{kind}", paper(kind, **wrong))
        refused = await bureau.ask("POST", f"{path}/issue", SEED_DATES, staff)
        assert problem_of(refused) == (409, "/problems/decisions.conditions-missing"), kind
        assert [error["field"].split(".")[1] for error in refused.json()["errors"]] == [
            "deliberation" if kind == "legality_review" else kind
        ]
        await bureau.file(item, kind)
    refused = await bureau.ask("POST", f"{path}/issue", {**SEED_DATES, "signed_on": "2002-02-02"}, staff)
    (before, _) = refused.json()["errors"]
    assert (before["field"], before["detail"]) == (
        "signed_on", "文件日期（2002-02-02）不能早于集体讨论（2022-06-01）（条例第三十条）",
    )  # fmt: skip
    assert (await bureau.issue(item))["state"] == "issued"


async def test_corrected_day_of_issue_tells_the_former_one(bureau: Bureau) -> None:
    item = await bureau.issued()
    assert item["issued"]["moved"] == []
    await bureau.issue(item, imprint_on=None, published_at=None, reason="没有印发")
    mended = await bureau.issue(item, imprint_on=None, published_at=None, document_no="", reason="没有文号")
    assert mended["issued"]["moved"] == [{"from_on": "2022-06-16", "to_on": "2022-06-14", "reason": "没有印发"}]


async def test_refusal_names_states_in_words(bureau: Bureau) -> None:
    item = await bureau.listed()
    body = {"to": "ready"}
    refused = (await bureau.ask("POST", f"/items/{item['id']}/transitions", body, await bureau.staff())).json()
    assert refused["detail"] == "事项不能从“已列入目录”转为“待审议”。"
    assert "listed" in refused["detail_en"]
    await bureau.on({"id": item["catalogue_id"]}, "close")
    body = {"catalogue": item["catalogue_id"], "title": "新事项", "category": "plan"}
    refused = (await bureau.ask("POST", "/items", body, await bureau.office())).json()
    assert refused["detail"] == "目录当前处于“年度已结束”状态，不能进行此操作。"


async def test_page_is_read_as_it_was(bureau: Bureau) -> None:
    catalogue = await bureau.catalogue()
    item = await bureau.item(catalogue)
    unseen = bureau.now
    bureau.wait_for(DAY)
    await bureau.published(catalogue)
    listed = bureau.now
    bureau.wait_for(DAY)
    await bureau.go(item, "drafting")
    bureau.wait_for(DAY)
    await bureau.put(f"/items/{item['id']}/facets/draft", {"state": "not_applicable", "reason": "无文本"})

    async def as_at(at: Any) -> Any:
        return await bureau.ask("GET", f"/items/{item['id']}?as_at={at.isoformat()}")

    assert problem_of(await as_at(unseen)) == (404, "/problems/decisions.not-public-then")
    first, second = (await as_at(listed)).json(), (await as_at(bureau.now - DAY / 2)).json()
    assert [seen["state"] for seen in (first, second)] == ["listed", "drafting"]
    now = await bureau.seen(item)
    assert [facet(seen, "draft")["state"] for seen in (second, now)] == ["not_yet", "not_applicable"]
    assert (await as_at(bureau.now)).json() == now
    versions = (await bureau.get(f"/items/{item['id']}/versions"))["items"]
    assert [each["version"] for each in versions] == sorted({each["version"] for each in versions})
    assert versions[0]["sha256"] == sha256((await as_at(listed)).content).hexdigest()
    plus = await bureau.ask("GET", f"/items/{item['id']}?as_at={bureau.today}T23:59:59+08:00")
    assert plus.json()["state"] == "drafting"


async def test_facet_is_published_where_something_is(bureau: Bureau) -> None:
    item = await bureau.listed()
    path = f"/items/{item['id']}/facets/draft"
    published = await bureau.put(path, {"state": "published", "url": "/api/decisions/v1/feed.ics"})
    assert (facet(published, "draft")["link"], facet(published, "draft")["published_on"]) == ("ok", bureau.today)
    assert published["completeness"] == {"published": 1, "applicable": 1, "share": 1.0, "optional_published": 0}
    own = f"{bureau.house.url}/api/decisions/v1/catalogues"
    assert facet(await bureau.put(path, {"state": "published", "url": own}), "draft")["link"] == "ok"
    away = "https://kaimen-has-no-such-host.invalid/1"
    silent = await bureau.put(path, {"state": "published", "url": away, "published_on": "2026-01-02"})
    assert (facet(silent, "draft")["link"], facet(silent, "draft")["published_on"]) == ("unreachable", "2026-01-02")
    staff = await bureau.staff()
    for url, reason in (
        ("/api/decisions/v1/no-such-page", "dead-link"),
        (f"{bureau.house.url}/metrics", "dead-link"),
        ("http://127.0.0.1:1/", "link-not-public"),
        ("http://169.254.169.254/latest", "link-not-public"),
        ("http://[::1]/", "link-not-public"),
        ("http://2130706433/", "link-not-public"),
        ("//example.cn/draft", "bad-link"),
        ("/\t/example.com", "bad-link"),
        ("/\\example.com", "bad-link"),
        ("https://a b.cn/", "bad-link"),
        (f"{bureau.house.url}/desk/consultations", "dead-link"),
        ("/api/accounts/v1/signin", "dead-link"),
        ("ftp://example.cn/draft", "bad-link"),
        ("https://name@example.cn/", "bad-link"),
        ("https://example.cn:port/", "bad-link"),
    ):
        refused = await bureau.ask("PUT", path, {"state": "published", "url": url}, staff)
        assert problem_of(refused) == (422, f"/problems/decisions.{reason}"), url
    assert facet(await bureau.of(item), "draft") == facet(silent, "draft")


async def test_link_that_dies_no_longer_counts(bureau: Bureau) -> None:
    """What others publish is asked afterwards, in the background; silence is death only after three days."""
    item = await bureau.go(await bureau.listed(), "drafting")
    opened = bureau.consultation(
        item,
        draft_url="/api/decisions/v1/no-such-page",
        explanation_url="https://kaimen-has-no-such-host.invalid/1",
        background_url="/api/decisions/v1/catalogues",
    )
    await bureau.say(ConsultationOpened(opened), opened.consultation_id)
    await bureau.until_step(item, "consultation", "opened")

    async def links(*wanted: str) -> bool:
        seen = await bureau.seen(item)
        return [facet(seen, name)["link"] for name in ("draft", "explanation", "background")] == list(wanted)

    await until(lambda: links("dead", "unreachable", "ok"))
    shown = await bureau.go(item, "consulting")
    assert shown["completeness"] == {"published": 2, "applicable": 3, "share": 0.6667, "optional_published": 0}
    bureau.wait_for(3 * DAY + timedelta(minutes=1))
    await until(lambda: links("dead", "dead", "ok"))
    assert (await bureau.seen(item))["completeness"]["published"] == 1
    # What somebody types stays, whatever the notice says again.
    typed = {"state": "not_applicable", "reason": "说明已并入草案"}
    await bureau.put(f"/items/{item['id']}/facets/explanation", typed)
    await bureau.say(ConsultationClosed(msgspec.structs.replace(opened, version=2), 0), opened.consultation_id, 2)
    now = await bureau.until_step(item, "consultation", "closed")
    assert facet(now, "explanation")["reason"] == "说明已并入草案"


async def test_units_without_a_catalogue_are_named(bureau: Bureau) -> None:
    year = local_date(bureau.now).year
    catalogue = await bureau.catalogue(year, OTHER)
    before = await bureau.get(f"/catalogues/coverage?year={year}")
    lines = {each["unit"]: each for each in before["units"]}
    assert (lines[OTHER]["state"], lines[OTHER]["catalogue_id"], before["published"]) == ("missing", None, 0)
    late = (local_date(bureau.now) - date(year, 5, 31)).days
    assert lines[UNIT]["days_overdue"] == max(0, late)
    assert lines[UNIT]["overdue"] == (late > 0)
    empty = await bureau.published(catalogue, empty_reason="本年度无重大行政决策事项")
    assert (empty["items"], empty["empty_reason"]) == ([], "本年度无重大行政决策事项")
    after = await bureau.get(f"/catalogues/coverage?year={year}")
    line = next(each for each in after["units"] if each["unit"] == OTHER)
    assert (line["state"], line["late_days"], after["published"], after["missing"]) == (
        "published", max(0, late), 1, len(after["units"]) - 1,
    )  # fmt: skip


async def test_feed_shows_due_days_and_issues(bureau: Bureau) -> None:
    today = local_date(bureau.now)
    coming = today.year + (today > date(today.year, 5, 1))
    await bureau.catalogue(coming)
    item = await bureau.file(await bureau.deliberated(), "party_report")
    await bureau.issue(item, signed_on=bureau.today, imprint_on=None, published_at=None, title="学区调整方案")
    feed = (await bureau.house.client.get("/api/decisions/v1/feed.ics")).text.replace("\r\n ", "")
    assert f"SUMMARY:目录公布截止：{UNIT}{coming}年重大行政决策事项目录" in feed
    assert "SUMMARY:出台：学区调整方案" in feed


async def test_items_are_found_by_words_and_paged(bureau: Bureau) -> None:
    catalogue = await bureau.catalogue()
    items = [await bureau.item(catalogue, title=title) for title in ("垃圾分类规划", "垃圾清运", "分类管理")]
    await bureau.published(catalogue)

    async def found(query: str) -> list[str]:
        answer = await bureau.get(f"/items?year={catalogue['year']}&{query}")
        return [item["title"] for item in answer["items"]]

    assert await found("q=垃圾") == ["垃圾分类规划", "垃圾清运"]
    assert await found("q=类分") == []
    assert await found("category=plan") == []
    assert await found("state=listed&unit=" + UNIT) == ["垃圾分类规划", "垃圾清运", "分类管理"]
    first = await bureau.get(f"/items?year={catalogue['year']}&limit=2")
    rest = await bureau.ask("GET", f"/items?year={catalogue['year']}&limit=2&cursor={quote(first['next'])}")
    assert [item["id"] for item in (*first["items"], *rest.json()["items"])] == [item["id"] for item in items]
    assert rest.json()["next"] is None


async def test_dissent_is_read_by_its_own_staff_alone(bureau: Bureau) -> None:
    item = await bureau.deliberated()
    assert "缓行" not in (await bureau.ask("GET", f"/items/{item['id']}", headers=await bureau.office())).text
    (paper,) = [each for each in item["papers"] if each["has_dissent"]]
    assert (paper["paper"]["kind"], paper["paper"]["dissent"]) == ("deliberation", None)
    path = f"/items/{item['id']}/papers/deliberation"
    assert (await bureau.get(path, await bureau.staff()))["dissent"] == "一名成员主张缓行"
    other = await bureau.house.token("unit_editor", OTHER, "别处")
    assert problem_of(await bureau.ask("GET", path, headers=other)) == (404, "/problems/decisions.unknown-paper")
    assert (await bureau.ask("GET", path)).status_code == 401
    database = await bureau.house.database("decisions")
    try:
        dump = await database.fetchval("select string_agg(p::text, ' ') from papers p")
        read = await database.fetchval(
            "select count(*) from audit where action = 'read-paper' and object = $1", f"item:{item['id']}"
        )
    finally:
        await database.close()
    assert ("缓行" in dump, read) == (False, 1)


async def test_change_against_an_old_version_is_refused(bureau: Bureau) -> None:
    item = await bureau.listed()
    stale = {**await bureau.staff(), "If-Match": '"0"'}
    for method, path, body in (
        ("POST", f"/items/{item['id']}/transitions", {"to": "drafting"}),
        ("PATCH", f"/items/{item['id']}", {"title": "新题"}),
        ("PUT", f"/items/{item['id']}/papers/draft", {"filed_on": FILED}),
        ("POST", f"/catalogues/{item['catalogue_id']}/reasons", {"item": item["id"], "reason": "x"}),
    ):
        assert problem_of(await bureau.ask(method, path, body, stale)) == (412, "/problems/kit.stale-version")


async def test_paper_is_replaced_only_by_who_has_seen_it_and_may(bureau: Bureau) -> None:
    """Two who read the same file: the second one does not replace what he has not seen."""
    item = await bureau.listed()
    path, seen = f"/items/{item['id']}/papers", await bureau.seen(item)
    guarded = {"If-Match": f'"{item["version"]}"'}
    justice, staff = await bureau.justice(), await bureau.staff()
    filed = await bureau.put(f"{path}/legality_review", paper("legality_review"), {**staff, **guarded})
    assert filed["version"] == item["version"] + 1
    assert problem_of(
        await bureau.ask("PUT", f"{path}/legality_review", paper("legality_review"), {**justice, **guarded})
    ) == (412, "/problems/kit.stale-version")
    for kind in ("legality_review", "draft"):
        refused = await bureau.ask("PUT", f"{path}/{kind}", paper(kind), {**staff, **guarded})
        assert problem_of(refused) == (412, "/problems/kit.stale-version"), kind
    again = {"If-Match": f'"{filed["version"]}"'}
    assert (await bureau.put(f"{path}/draft", paper("draft"), {**staff, **again}))["version"] == filed["version"] + 1
    # Papers are not on the public page: nothing new is frozen.
    versions = (await bureau.get(f"/items/{item['id']}/versions"))["items"]
    assert [each["version"] for each in versions] == [seen["version"]]

    # What the reviewer said, the reviewed unit does not replace, nor what the office put in its place.
    fresh = paper("legality_review")
    for who, opinion in ((justice, "unlawful"), (await bureau.office(), "changes")):
        await bureau.put(f"{path}/legality_review", {**fresh, "opinion": opinion}, who)
        for own in (staff, await bureau.lead()):
            refused = await bureau.ask("PUT", f"{path}/legality_review", fresh, own)
            assert problem_of(refused) == (409, "/problems/decisions.reviewed-by-others")
        papers = (await bureau.of(item))["papers"]
        assert [each["paper"]["opinion"] for each in papers if each["paper"]["opinion"]] == [opinion]


Subject = tuple[dict[str, Any], dict[str, Any]]


async def _collecting(bureau: Bureau) -> Subject:
    catalogue = await bureau.catalogue()
    return catalogue, await bureau.item(catalogue)


async def _empty(bureau: Bureau) -> Subject:
    """A catalogue without items that is consented to; the item is another's."""
    return await bureau.consented(await bureau.catalogue()), await bureau.item(await bureau.catalogue())


async def _checked(bureau: Bureau) -> Subject:
    catalogue, item = await _collecting(bureau)
    return await bureau.on(catalogue, "check", {"checked_on": bureau.today}), item


async def _listed(bureau: Bureau) -> Subject:
    catalogue, item = await _collecting(bureau)
    return await bureau.published(catalogue), item


async def _waiting(bureau: Bureau) -> Subject:
    """A published catalogue of which a changed title waits for the next revision."""
    catalogue, item = await _listed(bureau)
    changed = await bureau.ask("PATCH", f"/items/{item['id']}", {"title": "新题"}, await bureau.staff())
    assert changed.is_success, changed.text
    return catalogue, item


async def _closed(bureau: Bureau) -> Subject:
    catalogue, item = await _listed(bureau)
    return await bureau.on(catalogue, "close"), item


async def _successor(bureau: Bureau) -> Subject:
    """This year's catalogue with an item that continues one of last year."""
    year = next(_pairs)
    last = await bureau.catalogue(year)
    former = await bureau.item(last)
    await bureau.published(last)
    present = await bureau.catalogue(year + 1)
    return present, await bureau.item(present, continues=former["id"])


async def _deliberated(bureau: Bureau) -> Subject:
    item = await bureau.file(await bureau.deliberated(), "party_report")
    return await bureau.get(f"/catalogues/{item['catalogue_id']}", await bureau.office()), item


async def _issued(bureau: Bureau) -> Subject:
    item = await bureau.issued()
    return await bureau.get(f"/catalogues/{item['catalogue_id']}", await bureau.office()), item


STAGES: dict[str, Callable[[Bureau], Awaitable[Subject]]] = {
    "collecting": _collecting, "empty": _empty, "checked": _checked, "listed": _listed, "waiting": _waiting,
    "closed": _closed, "successor": _successor, "deliberated": _deliberated, "issued": _issued,
}  # fmt: skip
_prepared: dict[str, Subject] = {}
Body = dict[str, Any] | Callable[[Bureau, dict[str, Any], dict[str, Any]], dict[str, Any] | None] | None


class Case(msgspec.Struct):
    """A request about what stands at a stage, by somebody, that is refused."""

    stage: str
    request: str
    body: Body
    status: int
    reason: str
    who: tuple[str, str | None, str] = ("office", None, "区府办")


def new_item(**changes: Any) -> Body:
    return lambda b, catalogue, item: {
        "catalogue": catalogue["id"], "title": "新事项", "category": "plan", **changes,
    }  # fmt: skip


def paper(kind: str, **changes: Any) -> dict[str, Any]:
    given = {"filed_on": FILED, **PAPERS[kind], **changes}
    return {name: value for name, value in given.items() if value is not None}


TOMORROW = "2098-01-01"
CONSENT = {"consented_on": FILED, "consented_by": "局党组"}
REVISION = {"reason": "新增", **CONSENT}
LEAD, EDITOR, STRANGER = ("unit_lead", UNIT, "负责人"), ("unit_editor", UNIT, "经办"), ("unit_editor", OTHER, "别处")
JUSTICE, CITIZEN = ("justice", None, "司法局"), ("citizen", None, "市民")
CASES = {
    "second catalogue of a year": Case(
        "collecting", "POST /catalogues", lambda b, c, i: {"unit": UNIT, "year": c["year"]}, 409,
        "decisions.catalogue-exists"),
    "catalogue of an unknown unit": Case(
        "collecting", "POST /catalogues", {"unit": "外星局", "year": 2050}, 422, "kit.unknown-unit"),
    "catalogue of another unit": Case(
        "collecting", "POST /catalogues", {"unit": UNIT, "year": 2050}, 403, "kit.not-your-unit", STRANGER),
    "catalogue by a citizen": Case(
        "collecting", "POST /catalogues", {"unit": UNIT, "year": 2050}, 403, "kit.forbidden", CITIZEN),
    "catalogue of the year 1999": Case(
        "collecting", "POST /catalogues", {"unit": UNIT, "year": 1999}, 422, "kit.malformed"),
    "check by the unit itself": Case(
        "collecting", "POST /catalogues/C/check", {"checked_on": FILED}, 403, "kit.forbidden", LEAD),
    "check in the future": Case(
        "collecting", "POST /catalogues/C/check", {"checked_on": TOMORROW}, 422, "decisions.date-in-future"),
    "check in the year 1": Case(
        "collecting", "POST /catalogues/C/check", {"checked_on": "0001-01-01"}, 422, "decisions.bad-date"),
    "checked twice": Case(
        "checked", "POST /catalogues/C/check", {"checked_on": FILED}, 409, "decisions.wrong-catalogue-state"),
    "consent before the check": Case(
        "collecting", "POST /catalogues/C/consent", CONSENT, 409, "decisions.not-checked"),
    "consent by the unit's head": Case("checked", "POST /catalogues/C/consent", CONSENT, 403, "kit.forbidden", LEAD),
    "consent of nobody": Case(
        "checked", "POST /catalogues/C/consent", {**CONSENT, "consented_by": " "}, 422, "kit.bad-text"),
    "consent in the future": Case(
        "checked", "POST /catalogues/C/consent", {**CONSENT, "consented_on": TOMORROW}, 422,
        "decisions.date-in-future"),
    "publication before the check": Case(
        "collecting", "POST /catalogues/C/publish", None, 409, "decisions.not-checked"),
    "publication before consent": Case("checked", "POST /catalogues/C/publish", None, 409, "decisions.not-consented"),
    "publication by an editor": Case("checked", "POST /catalogues/C/publish", None, 403, "kit.forbidden", EDITOR),
    "publication by another unit's head": Case(
        "listed", "POST /catalogues/C/publish", None, 403, "kit.not-your-unit", ("unit_lead", OTHER, "别处")),
    "publication of nothing": Case("empty", "POST /catalogues/C/publish", None, 409, "decisions.nothing-to-publish"),
    "published twice": Case("listed", "POST /catalogues/C/publish", None, 409, "decisions.wrong-catalogue-state"),
    "revision before publication": Case(
        "checked", "POST /catalogues/C/revise", REVISION, 409, "decisions.wrong-catalogue-state"),
    "revision of nothing": Case("listed", "POST /catalogues/C/revise", REVISION, 409, "decisions.nothing-to-revise"),
    "revision without a reason": Case(
        "listed", "POST /catalogues/C/revise", {**REVISION, "reason": " "}, 422, "kit.reason-required"),
    "closed before publication": Case(
        "checked", "POST /catalogues/C/close", None, 409, "decisions.wrong-catalogue-state"),
    "reason for an item that is not of last year": Case(
        "listed", "POST /catalogues/C/reasons", lambda b, c, i: {"item": i["id"], "reason": "x"}, 422,
        "decisions.not-of-last-year"),
    "closed while a change waits": Case(
        "waiting", "POST /catalogues/C/close", None, 409, "decisions.changes-waiting"),
    "consent of a day before the check": Case(
        "checked", "POST /catalogues/C/consent", CONSENT, 422, "decisions.dates-out-of-order"),
    "revision consented to before the catalogue was published": Case(
        "waiting", "POST /catalogues/C/revise", REVISION, 422, "decisions.dates-out-of-order"),
    "text that was never published": Case(
        "listed", "GET /catalogues/C/revisions/7", None, 404, "decisions.unknown-revision"),
    "text of a number beyond all numbers": Case(
        "listed", "GET /catalogues/C/revisions/99999999999999999999", None, 404, "decisions.unknown-revision"),
    "item in a closed catalogue": Case("closed", "POST /items", new_item(), 409, "decisions.wrong-catalogue-state"),
    "item in no catalogue": Case(
        "collecting", "POST /items", new_item(catalogue=str(UUID(int=7))), 404, "decisions.unknown-catalogue"),
    "item in another unit's catalogue": Case("listed", "POST /items", new_item(), 403, "kit.not-your-unit", STRANGER),
    "item without a title": Case("collecting", "POST /items", new_item(title="  "), 422, "kit.bad-text"),
    "item with markup": Case("collecting", "POST /items", new_item(title="<b>x"), 422, "kit.markup-in-text"),
    "item of no known category": Case("collecting", "POST /items", new_item(category="war"), 422, "kit.malformed"),
    "item that continues one of this year": Case(
        "collecting", "POST /items", lambda b, c, i: new_item(continues=i["id"])(b, c, i), 422,
        "decisions.not-of-last-year"),
    "item that continues what another continues": Case(
        "successor", "POST /items", lambda b, c, i: new_item(continues=i["continues"])(b, c, i), 409,
        "decisions.continued-twice"),
    "published item withheld": Case(
        "listed", "PATCH /items/I", {"confidential_basis": "《保守国家秘密法》"}, 409, "decisions.already-public"),
    "issued item changed": Case("issued", "PATCH /items/I", {"title": "新题"}, 409, "decisions.item-closed"),
    "item of a closed catalogue changed": Case(
        "closed", "PATCH /items/I", {"title": "新题"}, 409, "decisions.wrong-catalogue-state"),
    "procedure before publication": Case(
        "collecting", "POST /items/I/transitions", {"to": "drafting"}, 409, "decisions.not-listed"),
    "leap": Case("listed", "POST /items/I/transitions", {"to": "ready"}, 409, "decisions.wrong-transition"),
    "leap to the end": Case(
        "listed", "POST /items/I/transitions", {"to": "adoption_published"}, 409, "decisions.wrong-transition"),
    "removed without a reason": Case(
        "listed", "POST /items/I/transitions", {"to": "removed"}, 422, "kit.reason-required"),
    "issued by hand": Case(
        "deliberated", "POST /items/I/transitions", {"to": "issued"}, 409, "decisions.only-by-issue"),
    "report published by hand": Case(
        "issued", "POST /items/I/transitions", {"to": "adoption_published"}, 409, "decisions.only-by-report"),
    "archived nowhere": Case(
        "issued", "POST /items/I/transitions", {"to": "archived", "reason": ""}, 422, "kit.reason-required"),
    "led by another unit": Case(
        "listed", "POST /items/I/transitions", {"to": "drafting"}, 403, "kit.not-your-unit", STRANGER),
    "state that is none": Case("listed", "POST /items/I/transitions", {"to": "lost"}, 422, "kit.malformed"),
    "expert review without experts": Case(
        "listed", "PUT /items/I/papers/expert_review", paper("expert_review", experts=None), 422,
        "decisions.paper-field-missing"),
    "draft with an opinion": Case(
        "listed", "PUT /items/I/papers/draft", paper("draft", opinion="lawful"), 422, "decisions.paper-field-unused"),
    "risk assessment without plans": Case(
        "listed", "PUT /items/I/papers/risk_assessment", paper("risk_assessment", plans=[]), 422,
        "decisions.paper-field-missing"),
    "opinion before receipt": Case(
        "listed", "PUT /items/I/papers/legality_review", paper("legality_review", opinion_on="2022-05-01"), 422,
        "decisions.dates-out-of-order"),
    "paper of tomorrow": Case(
        "listed", "PUT /items/I/papers/draft", paper("draft", filed_on=TOMORROW), 422, "decisions.date-in-future"),
    "paper of no known kind": Case("listed", "PUT /items/I/papers/poem", paper("draft"), 422, "kit.malformed"),
    "paper by another unit": Case(
        "listed", "PUT /items/I/papers/draft", paper("draft"), 403, "kit.not-your-unit", STRANGER),
    "draft by the reviewer": Case(
        "listed", "PUT /items/I/papers/draft", paper("draft"), 403, "decisions.not-your-paper", JUSTICE),
    "legality reviewed after the document": Case(
        "issued", "PUT /items/I/papers/legality_review", paper("legality_review"), 409, "decisions.item-closed"),
    "paper that nobody filed": Case("listed", "GET /items/I/papers/draft", None, 404, "decisions.unknown-paper"),
    "document before deliberation": Case(
        "listed", "POST /items/I/issue", SEED_DATES, 409, "decisions.wrong-transition"),
    "document signed tomorrow": Case(
        "deliberated", "POST /items/I/issue", {"signed_on": TOMORROW}, 422, "decisions.date-in-future"),
    "document published tomorrow": Case(
        "deliberated", "POST /items/I/issue", {**SEED_DATES, "published_at": f"{TOMORROW}T00:00:00Z"}, 422,
        "decisions.date-in-future"),
    "document published in the year 1": Case(
        "deliberated", "POST /items/I/issue", {**SEED_DATES, "published_at": "0001-01-01T00:00:00+08:00"}, 422,
        "decisions.bad-date"),
    "document printed before it was signed": Case(
        "deliberated", "POST /items/I/issue", {**SEED_DATES, "imprint_on": "2022-06-13"}, 422,
        "decisions.dates-out-of-order"),
    "document published before it was signed": Case(
        "deliberated", "POST /items/I/issue", {**SEED_DATES, "published_at": "2022-06-13T15:59:00Z"}, 422,
        "decisions.dates-out-of-order"),
    "document before its report to the Party committee": Case(
        "deliberated", "POST /items/I/issue", {"signed_on": "2022-06-09"}, 409, "decisions.conditions-missing"),
    "document at a dead address": Case(
        "deliberated", "POST /items/I/issue", {**SEED_DATES, "url": "/api/decisions/v1/nothing"}, 422,
        "decisions.dead-link"),
    "facet without an address": Case(
        "listed", "PUT /items/I/facets/draft", {"state": "published"}, 422, "decisions.facet-url-missing"),
    "facet withheld without a reason": Case(
        "listed", "PUT /items/I/facets/draft", {"state": "withheld"}, 422, "kit.reason-required"),
    "facet withheld for a reason with a phone number": Case(
        "listed", "PUT /items/I/facets/draft", {"state": "withheld", "reason": "张三 139-1234-5678"}, 422,
        "decisions.personal-data-in-text"),
    "catalogue of nothing for a reason with a phone number": Case(
        "empty", "POST /catalogues/C/publish", {"empty_reason": "请电13912345678"}, 422,
        "decisions.personal-data-in-text"),
    "revision for a reason with a phone number": Case(
        "listed", "POST /catalogues/C/revise", {**REVISION, "reason": "请电13912345678"}, 422,
        "decisions.personal-data-in-text"),
    "reason with a phone number for an item that is dropped": Case(
        "listed", "POST /catalogues/C/reasons", lambda b, c, i: {"item": i["id"], "reason": "请电13912345678"}, 422,
        "decisions.personal-data-in-text"),
    "removed for a reason with a phone number": Case(
        "listed", "POST /items/I/transitions", {"to": "removed", "reason": "请电13912345678"}, 422,
        "decisions.personal-data-in-text"),
    "document corrected for a reason with a phone number": Case(
        "issued", "POST /items/I/issue", {**SEED_DATES, "reason": "请电13912345678"}, 422,
        "decisions.personal-data-in-text"),
    "facet not there yet for a reason with an identity number": Case(
        "listed", "PUT /items/I/facets/draft", {"state": "not_yet", "reason": "11010519491231002X"}, 422,
        "decisions.personal-data-in-text"),
    "facet of tomorrow": Case(
        "listed", "PUT /items/I/facets/draft",
        {"state": "published", "url": "/api/decisions/v1/feed.ics", "published_on": TOMORROW}, 422,
        "decisions.date-in-future"),
    "facet that is none": Case("listed", "PUT /items/I/facets/poem", {"state": "not_yet"}, 422, "kit.malformed"),
    "facet by another unit": Case(
        "listed", "PUT /items/I/facets/draft", {"state": "not_yet"}, 403, "kit.not-your-unit", STRANGER),
    "as at no instant": Case("listed", "GET /items/I?as_at=yesterday", None, 422, "kit.malformed"),
    "as at an instant of nowhere": Case("listed", "GET /items/I?as_at=2026-05-01T00:00:00", None, 422, "kit.malformed"),
    "as at the first instant of all": Case(
        "listed", "GET /items/I?as_at=0001-01-01T00:00:00%2B08:00", None, 422, "kit.malformed"),
    "as at before it was public": Case(
        "listed", "GET /items/I?as_at=2001-01-01T00:00:00Z", None, 404, "decisions.not-public-then"),
    "as at a day to come": Case(
        "listed", "GET /items/I?as_at=2099-12-31T00:00:00Z", None, 422, "decisions.date-in-future"),
    "as at the last instant of all": Case(
        "listed", "GET /items/I?as_at=9999-12-31T23:59:59Z", None, 422, "decisions.date-in-future"),
    "coverage of no year": Case("listed", "GET /catalogues/coverage", None, 422, "kit.malformed"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_bad_input_is_a_problem_and_changes_nothing(bureau: Bureau, name: str) -> None:
    case = CASES[name]
    if case.stage not in _prepared:
        _prepared[case.stage] = await STAGES[case.stage](bureau)
    catalogue, item = _prepared[case.stage]
    body = case.body(bureau, catalogue, item) if callable(case.body) else case.body
    method, path = case.request.split(" ")
    path = path.replace("/C", f"/{catalogue['id']}", 1).replace("/I", f"/{item['id']}", 1)
    before = await _everything(bureau)
    answer = await bureau.ask(method, path, body, await bureau.house.token(*case.who))
    assert problem_of(answer) == (case.status, f"/problems/{case.reason}"), answer.text
    assert await _everything(bureau) == before


# Links are asked in the background: what hangs on them may change at any moment.
WRITTEN = """
    select (select count(*) from audit), (select count(*) from facets), (select count(*) from dropped_reasons),
        (select count(*) from catalogue_revisions), (select count(*) from issues),
        (select md5(string_agg(c::text, '' order by id)) from catalogues c),
        (select md5(string_agg(p::text, '' order by item_id, kind)) from papers p),
        (select md5(string_agg(i::text, '' order by id)) from items i where id not in (select item_id from facets)),
        (select count(*) from item_versions where item_id not in (select item_id from facets))
"""


async def _everything(bureau: Bureau) -> list[Any]:
    """All that a request could have written."""
    database = await bureau.house.database("decisions")
    try:
        return list(await database.fetchrow(WRITTEN))
    finally:
        await database.close()


async def test_refused_transition_names_everything_that_is_missing(bureau: Bureau) -> None:
    item = await bureau.go(await bureau.listed(expert_required=True), "drafting")
    answer = await bureau.ask("POST", f"/items/{item['id']}/transitions", {"to": "consulting"}, await bureau.staff())
    assert problem_of(answer) == (409, "/problems/decisions.conditions-missing")
    errors = answer.json()["errors"]
    assert [error["field"] for error in errors] == missing(item, "consulting")
    assert all("条例" in error["detail"] and "713" in error["detail_en"] for error in errors)
    assert (await bureau.of(item))["state"] == "drafting"
