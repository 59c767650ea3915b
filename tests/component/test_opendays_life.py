"""The life of an open day, and the scars of other systems: each was somebody's bug once."""

import io
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import nats
import pytest
import python_calamine

from houses import Desk, House, event_draft, in_days, open_house, problem_of, until
from kaimen.kit.clock import local_date
from kaimen.kit.workdays import Workdays
from kaimen.opendays.domain.seats import Movement, replay
from kaimen.opendays.store.repository import queries

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANYBODY = {"Accept-Language": "zh-CN"}
ENTRIES = Path(__file__).parents[1] / "data" / "open_month_entries.csv"
_numbers = itertools.count(13600000000)


@pytest.fixture(scope="module", autouse=True)
async def seats_agree(house: House) -> AsyncIterator[None]:
    """OD7: after all that happened here, counters, rows and ledger tell the same of every session."""
    yield
    database = await house.database("opendays")
    assert await database.fetch(queries.find_wrong_counts) == []
    for session in await database.fetch("select id, coalesce(capacity, 0) as capacity, held, taken from sessions"):
        lines = [Movement(**row) for row in await database.fetch(queries.read_ledger, session["id"])]
        assert replay(lines) == Movement(session["capacity"], session["held"], session["taken"])
    await database.close()


def session(starts: datetime, **more: Any) -> dict[str, Any]:
    return {"starts_at": starts.isoformat(), "ends_at": (starts + 2 * HOUR).isoformat(), "capacity": 1, **more}


class Visitors:
    """An open day with one session, and the people who want to come."""

    def __init__(self, desk: Desk, event: dict[str, Any]) -> None:
        self.desk = desk
        self.event_id = event["id"]
        self.session_id = event["sessions"][0]["id"]

    async def come(self, party: int = 1, **more: Any) -> dict[str, Any]:
        """One more registration: code, state, position, ticket, manage_token, phone."""
        phone = more.pop("phone", None) or str(next(_numbers))
        answer = await self.desk.register(self.session_id, phone, party_size=party, **more)
        assert answer.status_code == 201, answer.text
        return {**answer.json(), "phone": phone}

    async def act(self, who: dict[str, Any], what: str) -> Any:
        proof = {"manage_token": who["manage_token"]}
        return await self.desk.post(f"/registrations/{who['code']}/{what}", proof, ANYBODY)

    async def states(self, *people: dict[str, Any]) -> list[str]:
        return [(await self.look(who))["state"] for who in people]

    async def look(self, who: dict[str, Any]) -> dict[str, Any]:
        path = f"/api/opendays/v1/registrations/{who['code']}"
        return (await self.desk.house.client.get(path, headers={"X-Manage-Token": who["manage_token"]})).json()

    async def event(self) -> dict[str, Any]:
        return (await self.desk.house.client.get(f"/api/opendays/v1/events/{self.event_id}")).json()

    async def seats(self) -> tuple[int, int]:
        """Seats left and people waiting."""
        (shown,) = (await self.event())["sessions"]
        return shown["seats_left"], shown["waiting"]

    async def change(self, **changes: Any) -> dict[str, Any]:
        """The only session, changed."""
        (shown,) = (await self.event())["sessions"]
        kept = {name: shown[name] for name in ("id", "starts_at", "ends_at", "capacity", "holds", "party_limit")}
        path = f"/api/opendays/v1/events/{self.event_id}"
        answer = await self.desk.house.client.patch(
            path, json={"sessions": [{**kept, **changes}]}, headers=self.desk.writer
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


async def visitors(desk: Desk, starts: datetime | None = None, **of_session: Any) -> Visitors:
    return Visitors(desk, await desk.published(sessions=[session(starts or in_days(7), **of_session)]))


async def test_waiting_list_fires_when_a_seat_is_given_back(desk: Desk) -> None:
    day = await visitors(desk)
    first, second, third = [await day.come() for _ in range(3)]
    assert [who["position"] for who in (first, second, third)] == [None, 1, 2]
    assert (await day.act(first, "cancel")).status_code == 200
    assert await day.states(first, second, third) == ["withdrawn", "offered", "waitlisted"]
    assert await day.seats() == (0, 1)


async def test_cancelled_registration_revives_no_offer(desk: Desk) -> None:
    day = await visitors(desk)
    first, second, third = [await day.come() for _ in range(3)]
    await day.act(first, "cancel")
    assert (await day.act(second, "offer/decline")).status_code == 200
    assert await day.states(second, third) == ["withdrawn", "offered"]
    for what in ("offer/accept", "offer/decline"):
        assert problem_of(await day.act(second, what)) == (409, "/problems/opendays.no-offer")
    assert problem_of(await day.act(second, "cancel")) == (409, "/problems/opendays.not-cancellable")
    assert await day.states(second, third) == ["withdrawn", "offered"]


async def test_offer_is_taken_once(desk: Desk) -> None:
    day = await visitors(desk)
    first, second, third = [await day.come() for _ in range(3)]
    await day.act(first, "cancel")
    accepted = await day.act(second, "offer/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "confirmed")
    assert problem_of(await day.act(second, "offer/accept")) == (409, "/problems/opendays.no-offer")
    assert (await day.states(second, third), await day.seats()) == (["confirmed", "waitlisted"], (0, 1))


async def test_offer_lapses_after_a_day_and_goes_on(house: House, desk: Desk) -> None:
    day = await visitors(desk)
    first, second, third = [await day.come() for _ in range(3)]
    await day.act(first, "cancel")
    house.shift_clock(24 * HOUR + timedelta(minutes=1))

    async def moved_on() -> bool:
        return await day.states(second, third) == ["lapsed", "offered"]

    await until(moved_on)
    assert problem_of(await day.act(second, "offer/accept")) == (410, "/problems/opendays.offer-expired")


async def test_nothing_is_offered_once_the_session_has_started(house: House, desk: Desk) -> None:
    soon = datetime.now(UTC) + 3 * HOUR
    day = await visitors(desk, soon)
    first, second = [await day.come() for _ in range(2)]
    house.shift_clock(3 * HOUR + timedelta(minutes=5))
    assert (await day.act(first, "cancel")).status_code == 200
    assert await day.states(first, second) == ["withdrawn", "waitlisted"]


async def test_offer_never_outlasts_the_start(desk: Desk) -> None:
    soon = datetime.now(UTC) + 3 * HOUR
    day = await visitors(desk, soon)
    first, second = [await day.come() for _ in range(2)]
    await day.act(first, "cancel")
    assert datetime.fromisoformat((await day.look(second))["offer_expires_at"]) == soon


async def test_waiting_list_fires_when_the_session_grows(desk: Desk) -> None:
    day = await visitors(desk)
    people = [await day.come() for _ in range(4)]
    await day.change(capacity=3)
    assert await day.states(*people) == ["confirmed", "offered", "offered", "waitlisted"]
    assert await day.seats() == (0, 1)


async def test_waiting_list_fires_when_a_hold_is_released(desk: Desk) -> None:
    day = await visitors(desk, capacity=3, holds={"media": 2}, party_limit=1)
    people = [await day.come() for _ in range(3)]
    assert await day.states(*people) == ["confirmed", "waitlisted", "waitlisted"]
    await day.change(holds={"media": 1})
    assert await day.states(*people) == ["confirmed", "offered", "waitlisted"]


async def test_party_gets_all_its_seats_or_none(desk: Desk) -> None:
    day = await visitors(desk, capacity=4)
    single = [await day.come() for _ in range(4)]
    party, later = await day.come(3), await day.come()
    await day.act(single[0], "cancel")
    assert await day.states(party, later) == ["waitlisted", "offered"]
    for who in single[1:]:
        await day.act(who, "cancel")
    assert (await day.states(party, later), await day.seats()) == (["offered", "offered"], (0, 0))


async def test_party_is_passed_three_times_and_then_served(desk: Desk) -> None:
    day = await visitors(desk, capacity=3)
    single = [await day.come() for _ in range(3)]
    party = await day.come(3)
    later = [await day.come() for _ in range(4)]
    await day.act(single[0], "cancel")
    for who in later[:2]:
        await day.act(who, "offer/decline")
    assert await day.states(party, *later) == ["waitlisted", "withdrawn", "withdrawn", "offered", "waitlisted"]
    await day.act(later[2], "offer/decline")
    assert (await day.states(party, later[3]), await day.seats()) == (["waitlisted", "waitlisted"], (1, 2))
    newcomer = await day.come()
    assert newcomer["state"] == "waitlisted"
    for who in single[1:]:
        await day.act(who, "cancel")
    assert await day.states(party, later[3], newcomer) == ["offered", "waitlisted", "waitlisted"]


async def test_every_channel_stands_in_one_queue(desk: Desk) -> None:
    day = await visitors(desk)
    channels = ("web", "paper", "phone", "counter")
    people = [await day.come(channel=channel, headers=desk.writer) for channel in channels]
    assert [who["position"] for who in people] == [None, 1, 2, 3]
    path = f"/api/opendays/v1/sessions/{day.session_id}/roster"
    lines = (await desk.house.client.get(path, headers=desk.writer)).json()["items"]
    assert [(line["channel"], line["position"]) for line in lines] == [
        ("web", 1), ("paper", 2), ("phone", 3), ("counter", 4)
    ]  # fmt: skip


async def test_held_seats_are_given_by_staff_alone(desk: Desk) -> None:
    day = await visitors(desk, capacity=2, holds={"walk_in": 1})
    public, waiting = [await day.come() for _ in range(2)]
    walk_in = await day.come(hold="walk_in", channel="counter", headers=desk.writer)
    assert [who["state"] for who in (public, waiting, walk_in)] == ["confirmed", "waitlisted", "confirmed"]
    more = await desk.register(day.session_id, str(next(_numbers)), hold="walk_in", headers=desk.writer)
    assert problem_of(more) == (409, "/problems/opendays.no-such-hold")
    (shown,) = (await day.event())["sessions"]
    assert (shown["holds"]["walk_in"], shown["seats_left"]) == (0, 0)


async def test_people_are_let_in_by_ticket_and_by_code(desk: Desk) -> None:
    day = await visitors(desk, capacity=2)
    one, other = await day.come(), await day.come()
    path = f"/sessions/{day.session_id}/checkins"
    by_ticket = await desk.post(path, {"ticket": one["ticket"]})
    spoken = f"{other['code'][:5].lower()} {other['code'][5:]}"
    by_code = await desk.post(path, {"code": spoken})
    assert [answer.status_code for answer in (by_ticket, by_code)] == [201, 201]
    assert [answer.json()["code"] for answer in (by_ticket, by_code)] == [one["code"], other["code"]]
    assert await day.states(one, other) == ["checked_in", "checked_in"]


async def test_waiting_person_is_not_let_in(desk: Desk) -> None:
    day = await visitors(desk)
    await day.come()
    waiting = await day.come()
    answer = await desk.post(f"/sessions/{day.session_id}/checkins", {"code": waiting["code"]})
    assert (waiting["ticket"], problem_of(answer)) == (None, (409, "/problems/opendays.not-admitted"))


async def test_report_counts_those_who_were_there_and_nobody_who_waited(house: House, desk: Desk) -> None:
    day = await visitors(desk, datetime.now(UTC) + 3 * HOUR, capacity=4, holds={"walk_in": 1})
    came = await day.come(2)
    await day.come()
    for _ in range(3):
        assert (await day.come())["state"] == "waitlisted"
    gone = await day.come(hold="walk_in", headers=desk.writer)
    assert (await desk.post(f"/sessions/{day.session_id}/checkins", {"code": came["code"]})).status_code == 201
    await desk.post(f"/events/{day.event_id}/suggestions", {"kind": "question", "text": "何时开放？"})
    house.shift_clock(6 * HOUR)
    later = await house.token("unit_editor", "区教育局", "经办")
    answer = await desk.post(f"/events/{day.event_id}/report", {"summary": "顺利", "sign_shown": True}, later)
    assert answer.status_code == 201, answer.text
    counted = ("registered", "checked_in", "no_show", "walk_in", "participants", "suggestions", "replies")
    assert [answer.json()[name] for name in counted] == [3, 1, 2, 1, 2, 1, 0]
    assert (await day.event())["state"] == "reported"
    assert await day.states(came, gone) == ["checked_in", "no_show"]


async def test_moved_session_keeps_its_people_and_is_compared_at_its_new_time(desk: Desk) -> None:
    day, elsewhere = await visitors(desk, in_days(7)), await visitors(desk, in_days(8))
    who = await day.come()
    body = {"reason": "台风", "sessions": [{**session(in_days(8)), "id": day.session_id}]}
    moved = await desk.post(f"/events/{day.event_id}/postpone", body)
    assert moved.status_code == 200, moved.text
    (shown,) = moved.json()["sessions"]
    assert (moved.json()["state"], shown["id"], shown["sequence"]) == ("full", day.session_id, 1)
    assert await day.states(who) == ["confirmed"]
    at_the_new_time = await desk.register(elsewhere.session_id, who["phone"])
    assert problem_of(at_the_new_time) == (409, "/problems/opendays.overlapping-registration")
    at_the_old_time = await visitors(desk, in_days(7))
    assert (await at_the_old_time.come(phone=who["phone"]))["state"] == "confirmed"


async def test_postponed_event_waits_for_its_date_with_everybody_in_place(desk: Desk) -> None:
    day = await visitors(desk)
    who = await day.come()
    postponed = await desk.post(f"/events/{day.event_id}/postpone", {"reason": "疫情"})
    assert (postponed.status_code, postponed.json()["state"]) == (200, "postponed")
    answer = await desk.register(day.session_id, str(next(_numbers)))
    assert problem_of(answer) == (409, "/problems/opendays.registration-closed")
    body = {"reason": "恢复", "sessions": [{**session(in_days(9), capacity=2), "id": day.session_id}]}
    assert (await desk.post(f"/events/{day.event_id}/postpone", body)).json()["state"] == "signup_open"
    assert (await day.states(who), await day.seats()) == (["confirmed"], (1, 0))


async def test_cancelled_event_withdraws_everybody(house: House, desk: Desk) -> None:
    day = await visitors(desk, capacity=2)
    people = [await day.come() for _ in range(4)]
    await day.act(people[0], "cancel")
    assert (await desk.post(f"/events/{day.event_id}/cancel", {"reason": "台风"})).status_code == 200
    assert await day.states(*people) == ["withdrawn"] * 4
    database = await house.database("opendays")
    counters = await database.fetchrow("select taken, waiting from sessions where id = $1", UUID(day.session_id))
    await database.close()
    assert tuple(counters) == (0, 0)
    assert problem_of(await day.act(people[1], "offer/accept")) == (409, "/problems/opendays.no-offer")


async def test_person_is_named_nowhere_but_where_the_unit_looks(house: House, desk: Desk) -> None:
    name, phone, wish, said = "欧阳钟离", "13788887777", "需要轮椅位九号", "司徒南宫小学"
    questions = {"mode": "here", "contact": "021", "questions": [{"key": "school", "text": "学校"}]}
    day = Visitors(desk, await desk.published(registration=questions, sessions=[session(in_days(7))]))
    who = await day.come(name=name, phone=phone, needs=wish, answers={"school": said})
    await desk.post(f"/sessions/{day.session_id}/checkins", {"code": who["code"]})
    refused = await desk.register(day.session_id, phone, name=name)
    public = [
        refused.text,
        str(await day.look(who)),
        str(await day.event()),
        (await house.client.get("/api/opendays/v1/events?limit=200")).text,
        (await house.client.get("/api/opendays/v1/feed.ics")).text,
        await house.metrics("opendays"),
    ]
    database = await house.database("opendays")

    async def all_sent() -> bool:
        return not await database.fetchval("select count(*) from outbox where sent_at is null")

    await until(all_sent)
    tables = await database.fetch("select tablename from pg_tables where schemaname = 'public'")
    stored = [
        row[0]
        for table in tables
        for row in await database.fetch(f"select convert_to(t::text, 'UTF8') from {table['tablename']} t")
    ]
    outbox = [row[0] for row in await database.fetch("select body from outbox")]
    await database.close()
    logs = [path.read_bytes() for path in [*(house.folder / "log").iterdir(), house.folder / "out"]]
    everything = [*(text.encode() for text in public), *stored, *outbox, *logs, *await stream(house, "opendays")]
    roster = await house.client.get(f"/api/opendays/v1/sessions/{day.session_id}/roster", headers=desk.writer)
    assert [roster.text.count(planted) for planted in (name, phone, wish, said)] == [1, 1, 1, 1]
    found = {planted: sum(planted.encode() in text for text in everything) for planted in (name, phone, wish, said)}
    assert found == dict.fromkeys((name, phone, wish, said), 0)


async def stream(house: House, service: str) -> list[bytes]:
    """Headers and body of every message of a stream, from the first."""
    client = await nats.connect(house.servers.nats.url)
    jetstream = client.jetstream()
    last = (await jetstream.stream_info(service)).state.last_seq
    messages = [await jetstream.get_msg(service, seq) for seq in range(1, last + 1)]
    await client.close()
    assert messages
    return [f"{message.subject} {message.headers}".encode() + (message.data or b"") for message in messages]


async def test_roster_opens_as_a_spreadsheet(desk: Desk) -> None:
    day = await visitors(desk, capacity=3)
    await day.come(2, name="=HYPERLINK(1)", phone="13612340001", minors=1)
    await day.come(name="李四", phone="13612340002")
    path = f"/api/opendays/v1/sessions/{day.session_id}/roster.xlsx"
    answer = await desk.house.client.get(path, headers=desk.writer)
    assert answer.headers["cache-control"] == "no-store"
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [[row[0], row[2], row[3], row[4], row[5], row[6]] for row in rows] == [
        ["序号", "状态", "姓名", "电话", "人数", "其中未成年人"],
        [1, "已报名", "=HYPERLINK(1)", "+8613612340001", 2, 1],
        [2, "已报名", "李四", "+8613612340002", 1, 0],
    ]


async def test_real_entries_are_imported_once_and_whole(house: House, desk: Desk) -> None:
    path, file = "/api/opendays/v1/imports", {"file": ("entries.csv", ENTRIES.read_bytes())}
    headers = {**desk.writer, "Idempotency-Key": str(uuid4())}
    database = await house.database("opendays")
    count = "select count(*) from events where source like 'import row %' and unit = '区教育局'"
    before = await database.fetchval(count)
    tried = await house.client.post(f"{path}?dry_run=true", files=file, headers=desk.writer)
    assert (tried.status_code, await database.fetchval(count)) == (200, before)
    answers = [await house.client.post(path, files=file, headers=headers) for _ in range(2)]
    after = await database.fetchval(count)
    await database.close()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert (after - before, answers[1].content == answers[0].content) == (8, True)
    rows = answers[0].json()["rows"]
    assert [row["row"] for row in rows] == list(range(2, 10))
    assert [row["draft"]["title"] for row in rows] == [row["draft"]["title"] for row in tried.json()["rows"]]
    assert [len(row["draft"]["sessions"]) for row in rows] == [1, 1, 2, 1, 1, 1, 1, 1]
    assert [row["draft"]["tentative"] for row in rows] == [False, True, *[False] * 6]


async def test_copy_for_another_year_is_a_draft_on_the_same_weekday(desk: Desk) -> None:
    day = await visitors(desk)
    await day.come()
    starts = datetime.fromisoformat((await day.event())["sessions"][0]["starts_at"])
    answer = await desk.post(f"/events/{day.event_id}/copy", {"year": starts.year + 1})
    assert answer.status_code == 201, answer.text
    copied = answer.json()
    again = datetime.fromisoformat(copied["sessions"][0]["starts_at"])
    assert (copied["state"], copied["tentative"], copied["sessions"][0]["seats_left"]) == ("draft", True, 1)
    assert (again.weekday(), again.time(), again - starts) == (starts.weekday(), starts.time(), timedelta(weeks=52))


async def test_question_asked_on_site_gets_a_public_reply(desk: Desk) -> None:
    day = await visitors(desk)
    asked = (await desk.post(f"/events/{day.event_id}/suggestions", {"kind": "question", "text": "何时？"})).json()
    due_on = Workdays().plus(local_date(datetime.now(UTC)), 5)
    assert (asked["reply"], asked["due_on"]) == (None, due_on and due_on.isoformat())
    said = {"reply": "下月。", "outcome": "answered"}
    assert (await desk.post(f"/suggestions/{asked['id']}/reply", said)).status_code == 200
    path = f"/api/opendays/v1/events/{day.event_id}/suggestions"
    (shown,) = (await desk.house.client.get(path)).json()["items"]
    assert (shown["text"], shown["reply"], shown["outcome"]) == ("何时？", "下月。", "answered")


async def test_personal_data_is_forgotten_when_its_time_is_over(tmp_path: Path) -> None:
    """In a house of its own, since a month passes for everybody in it."""
    async with open_house(tmp_path, "--only", "accounts,opendays", "--no-seed") as house:
        office = await house.token("office", None, "办公室")
        unit = {"short_name": "区教育局", "kind": "bureau", "district": "310118"}
        assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        units = "/api/opendays/v1/units"

        async def has_units() -> bool:
            return (await house.client.get(units)).json()["items"] == ["区教育局"]

        await until(has_units)
        desk = Desk(house, office, await house.token("office", None, "另一人"))
        day = await visitors(desk, in_days(2), capacity=2)
        people = [await day.come() for _ in range(3)]
        await day.act(people[1], "cancel")
        database = await house.database("opendays")
        kept = (
            "select count(*) filter (where personal is not null), count(*) filter (where person is not null),"
            " count(*) filter (where person_range is not null), count(*) from registrations"
        )
        house.shift_clock(31 * DAY)

        async def is_held() -> bool:
            return (await day.event())["state"] == "held"

        await until(is_held)
        assert tuple(await database.fetchrow(kept)) == (3, 3, 3, 3)
        desk.writer = office = await house.token("office", None, "办公室")
        entered = await desk.post(f"/sessions/{day.session_id}/checkins", {"code": people[0]["code"]})
        assert entered.status_code == 201, entered.text
        said = {"manage_token": people[0]["manage_token"], "satisfaction": 4, "comment": "讲解清楚"}
        answered = await desk.post(f"/registrations/{people[0]['code']}/questionnaire", said, ANYBODY)
        assert answered.status_code == 204, answered.text
        assert (await desk.post(f"/events/{day.event_id}/report", {"summary": "如期举行"})).status_code == 201
        asked = f"/api/opendays/v1/events/{day.event_id}/questionnaire"
        result = (await house.client.get(asked, headers=office)).json()
        assert (result["answers"], result["average"]) == (1, "4.00")
        assert [comment["text"] for comment in result["comments"]] == ["讲解清楚"]
        assert problem_of(await house.client.get(asked)) == (401, "/problems/kit.unauthenticated")
        house.shift_clock(33 * DAY)

        async def is_forgotten() -> bool:
            return tuple(await database.fetchrow(kept)) == (0, 0, 0, 3)

        await until(is_forgotten)
        office = await house.token("office", None, "办公室")
        result = (await house.client.get(asked, headers=office)).json()
        assert (result["average"], result["comments"]) == ("4.00", [])
        house.shift_clock(62 * DAY)

        async def is_archived() -> bool:
            return (await day.event())["state"] == "archived"

        await until(is_archived)
        await database.close()
        assert [(await day.look(who))["name"] for who in people] == ["", "", ""]


async def test_draft_event_is_changed_without_losing_what_was_not_named(desk: Desk) -> None:
    created = (await desk.post("/events", event_draft(summary="旧"))).json()
    path = f"/api/opendays/v1/events/{created['id']}"
    tag = (await desk.house.client.get(path, headers=desk.writer)).headers["etag"]
    headers = {**desk.writer, "If-Match": tag}
    changed = await desk.house.client.patch(path, json={"summary": "新"}, headers=headers)
    assert (changed.status_code, changed.json()["summary"], changed.json()["title"]) == (200, "新", created["title"])
    stale = await desk.house.client.patch(path, json={"summary": "旧"}, headers=headers)
    assert problem_of(stale) == (412, "/problems/kit.stale-version")


async def test_draft_takes_no_registration_and_does_not_say_that_it_exists(house: House, desk: Desk) -> None:
    draft = (await desk.post("/events", event_draft())).json()
    answer = await desk.register(draft["sessions"][0]["id"], "13812340000")
    assert problem_of(answer) == (404, "/problems/opendays.unknown-session")
