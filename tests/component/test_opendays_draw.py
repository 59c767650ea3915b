"""Seats by public draw (OD4), over HTTP: from the rules to the offer after a cancellation, and what must be refused."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from houses import House, event_draft, open_house, problem_of, until
from kaimen.kit import lots
from kaimen.kit.clock import SHANGHAI
from kaimen.kit.lots.verifier.kaimen_verify import verify
from kaimen.opendays.store.repository import queries

API = "/api/opendays/v1"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOURCES = [
    {"id": "ssq", "name": "双色球次期红球", "form": "sorted-ints"},
    {"id": "sse", "name": "上证指数收盘", "form": "decimal2", "fallback": ["dice"]},
    {"id": "dice", "name": "公证处三颗骰子", "form": "digits"},
]
NUMBERS = {"ssq": "3.9.14.21.27.33", "sse": "3456.78"}
_TIMES = ("starts_at", "ends_at")
_phones = itertools.count(13300000000)
Answer = Awaitable[httpx.Response]


@asynccontextmanager
async def open_town(folder: Path) -> AsyncIterator[House]:
    """A house of its own, for its clock runs through weeks; in the end counters, rows and ledger agree (OD7)."""
    async with open_house(folder, "--only", "accounts,opendays,portal", "--no-seed") as house:
        office = await house.token("office")
        for name in ("区教育局", "区民政局"):
            unit = {"short_name": name, "kind": "bureau", "district": "310118"}
            assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success

        async def has_units() -> bool:
            return len((await house.client.get(f"{API}/units")).json()["items"]) == 2

        await until(has_units)
        yield house
        database = await house.database("opendays")
        assert await database.fetch(queries.find_wrong_counts) == []
        await database.close()


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_town(tmp_path_factory.mktemp("town")) as house:
        yield house


class Fair:
    """区教育局 with an open day, and those who want to come. Its clock starts anew with each test."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.shift = timedelta()
        house.shift_clock(self.shift)

    @property
    def now(self) -> datetime:
        return (datetime.now(UTC) + self.shift).replace(microsecond=0)

    def wait_for(self, by: timedelta) -> None:
        self.shift += by
        self.house.shift_clock(self.shift)

    async def who(self, role: str, name: str = "经办", unit: str | None = None) -> dict[str, str]:
        """A token of now: older ones are past their time."""
        at_unit = unit or ("区教育局" if role.startswith("unit_") else None)
        return await self.house.token(role, at_unit, name)

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return await self.house.client.request(method, f"{API}{path}", json=body, headers=headers or {})

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        answer = await self.ask("GET", path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def session(self, day: float, capacity: int, **changes: Any) -> dict[str, Any]:
        """Drawn, with sign-up until the eighth day from now."""
        starts = self.now + day * DAY
        return {
            "starts_at": starts.isoformat(),
            "ends_at": (starts + 2 * HOUR).isoformat(),
            "capacity": capacity,
            "policy": "draw",
            "registration_closes_at": (self.now + 8 * DAY).isoformat(),
            **changes,
        }

    def morning(self, day: int) -> dict[str, str]:
        """Times that the desk's form can hold: it knows one date for beginning and end."""
        starts = (self.now + day * DAY).replace(hour=2, minute=0, second=0)
        return {"starts_at": starts.isoformat(), "ends_at": (starts + 2 * HOUR).isoformat()}

    async def step(self, event: dict[str, Any], name: str, body: Any = None) -> httpx.Response:
        head = await self.who("unit_lead", "负责人") if name == "approve" else await self.who("unit_editor")
        return await self.ask("POST", f"/events/{event['id']}/{name}", body, head)

    async def approved(self, *sessions: dict[str, Any], **changes: Any) -> dict[str, Any]:
        draft = event_draft(**{"entropy": SOURCES, "sessions": list(sessions), **changes})
        created = await self.ask("POST", "/events", draft, await self.who("unit_editor"))
        assert created.status_code == 201, created.text
        for name in ("submit", "approve"):
            answer = await self.step(created.json(), name)
            assert answer.status_code == 200, answer.text
        return answer.json()

    async def event(self, *sessions: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Published, with its sessions in order of time."""
        answer = await self.step(await self.approved(*sessions, **changes), "publish")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def try_to_enter(self, *wishes: dict[str, Any], **more: Any) -> httpx.Response:
        headers = more.pop("headers", None)
        body = {
            "name": "张三",
            "phone": more.pop("phone", None) or str(next(_phones)),
            "preferences": [wish["id"] for wish in wishes[1:]],
            **more,
        }
        return await self.ask("POST", f"/sessions/{wishes[0]['id']}/registrations", body, headers)

    async def enter(self, *wishes: dict[str, Any], party: int = 1, **more: Any) -> dict[str, Any]:
        phone = more.pop("phone", None) or str(next(_phones))
        answer = await self.try_to_enter(*wishes, phone=phone, party_size=party, **more)
        assert answer.status_code == 201, answer.text
        return {**answer.json(), "phone": phone, "wishes": [wish["id"] for wish in wishes], "party": party}

    async def look(self, receipt: dict[str, Any]) -> dict[str, Any]:
        return await self.get(f"/registrations/{receipt['code']}", {"X-Manage-Token": receipt["manage_token"]})

    async def cancel(self, receipt: dict[str, Any]) -> None:
        proof = {"manage_token": receipt["manage_token"]}
        answer = await self.ask("POST", f"/registrations/{receipt['code']}/cancel", proof)
        assert answer.status_code == 200, answer.text

    async def draw(self, event: dict[str, Any]) -> dict[str, Any]:
        return await self.get(f"/events/{event['id']}/draw")

    async def committed(self, event: dict[str, Any]) -> dict[str, Any]:
        """After sign-up has closed by the clock."""

        async def done() -> dict[str, Any]:
            shown = await self.draw(event)
            return shown if shown["state"] == "committed" else {}

        return await until(done)

    async def type(self, event: dict[str, Any], role: str, name: str, numbers: Any = None, unit: str = "") -> Any:
        headers = await self.who(role, name, unit or None)
        return await self.ask("POST", f"/events/{event['id']}/draw", {"entropy": numbers or NUMBERS}, headers)

    async def drawn(self, event: dict[str, Any]) -> dict[str, Any]:
        """The transcript, verified."""
        for role, name in (("unit_lead", "甲"), ("notary", "乙")):
            answer = await self.type(event, role, name)
            assert answer.status_code == 200, answer.text
        transcript = await self.get(f"/events/{event['id']}/draw/transcript.json")
        assert verify(transcript) == []
        return transcript

    async def contents(self) -> list[Any]:
        """What stands in every table that somebody's request may change."""
        database = await self.house.database("opendays")
        tables = ("events", "sessions", "registrations", "seat_ledger", "draws", "draw_numbers", "audit")
        found = [await database.fetch(f"select t::text from {table} t order by 1") for table in tables]
        facts = await database.fetch("select event_id from outbox order by 1")
        await database.close()
        return [*found, facts]

    async def fetch(self, question: str, *values: Any) -> list[Any]:
        database = await self.house.database("opendays")
        found = await database.fetch(question, *values)
        await database.close()
        return found


@pytest.fixture
async def fair(town: House) -> Fair:
    return Fair(town)


async def test_seats_are_drawn_by_wishes_for_whole_parties_and_an_earlier_winner_goes_last(fair: Fair) -> None:
    small = await fair.event(fair.session(18, 2))
    winner = await fair.enter(small["sessions"][0], party=2)
    fair.wait_for(4 * DAY)
    event = await fair.event(fair.session(20, 4, holds={"media": 1}), fair.session(21, 3), fair.session(22, 2))
    a, b, c = event["sessions"]
    fair.wait_for(5 * DAY)
    await fair.committed(small)
    await fair.drawn(small)
    assert (await fair.look(winner))["state"] == "confirmed"
    again = await fair.enter(a, b, c, phone=winner["phone"])
    assert (again["state"], again["position"], again["ticket"]) == ("entered", None, None)
    entries = [again, await fair.enter(a, b, party=3), await fair.enter(b, a, party=2), await fair.enter(c, b)]
    entries += [await fair.enter(a) for _ in range(4)] + [await fair.enter(c, a, party=2), await fair.enter(a, c, b)]
    gone = await fair.enter(a)
    await fair.cancel(gone)
    shown = await fair.look(entries[1])
    assert (shown["pseudonym"], shown["state"]) == (entries[1]["pseudonym"], "entered")
    assert [wish["id"] for wish in shown["wishes"]] == entries[1]["wishes"]
    before = await fair.draw(event)
    assert (before["state"], before["entries"], before["seed"], before["typed"]) == ("ruled", 10, "", 0)
    assert before["sessions"] == {a["id"]: 3, b["id"]: 3, c["id"]: 2}
    fair.wait_for(4 * DAY)
    committed = await fair.committed(event)
    assert (committed["entries"], len(committed["commitment"]), committed["drawn_at"]) == (10, 64, None)
    pool = dict(await fair.get(f"/events/{event['id']}/draw/pool.json"))
    assert pool[entries[1]["pseudonym"]] == {"party": 3, "wants": [a["id"], b["id"]], "won_before": 0}
    assert pool[again["pseudonym"]]["won_before"] == 1
    assert gone["pseudonym"] not in pool
    transcript = await fair.drawn(event)
    order, assigned = transcript["draw"]["order"], transcript["draw"]["assigned"]
    assert order[-1] == again["pseudonym"]
    waiting: dict[str, list[str]] = {a["id"]: [], b["id"]: [], c["id"]: []}
    for pseudonym in order:
        (who,) = [entry for entry in entries if entry["pseudonym"] == pseudonym]
        kept = await fair.look(who)
        if pseudonym in assigned:
            assert (kept["state"], kept["session"]["id"], bool(kept["ticket"])) == (
                "confirmed",
                assigned[pseudonym],
                True,
            )
        else:
            line = waiting[who["wishes"][0]]
            assert (kept["state"], kept["session"]["id"]) == ("waitlisted", who["wishes"][0])
            assert (kept["ahead"], kept["ticket"]) == (len(line), None)
            line.append(pseudonym)
        assert kept["drawn_at"]
    assert waiting[a["id"]]
    said = await fair.fetch(
        "select convert_from(body, 'UTF8')::json ->> 'state' as state, count(*) from outbox"
        " where subject = 'opendays.registration.changed.v1' and convert_from(body, 'UTF8')::json ->> 'event_id' = $1"
        " group by 1",
        event["id"],
    )
    assert dict(said) == {
        "entered": 11, "withdrawn": 1, "confirmed": len(assigned), "waitlisted": len(order) - len(assigned)
    }  # fmt: skip
    seats = (await fair.get(f"/events/{event['id']}"))["sessions"]
    parties = {entry["pseudonym"]: entry["party"] for entry in entries}
    for shown, public in zip(seats, (3, 3, 2), strict=True):
        given = sum(parties[name] for name, session in assigned.items() if session == shown["id"])
        assert (shown["seats_left"], shown["waiting"]) == (public - given, len(waiting[shown["id"]]))
    assert await fair.fetch(queries.find_wrong_counts) == []


async def test_seat_given_back_after_the_draw_is_offered_to_the_first_in_drawn_order(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1))
    (only,) = event["sessions"]
    entries = {entry["pseudonym"]: entry for entry in [await fair.enter(only) for _ in range(4)]}
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    order = (await fair.drawn(event))["draw"]["order"]
    await fair.cancel(entries[order[0]])
    states = [(await fair.look(entries[name]))["state"] for name in order]
    assert states == ["withdrawn", "offered", "waitlisted", "waitlisted"]
    proof = {"manage_token": entries[order[1]]["manage_token"]}
    accepted = await fair.ask("POST", f"/registrations/{entries[order[1]]['code']}/offer/accept", proof)
    assert accepted.json()["state"] == "confirmed"


async def test_who_withdraws_after_closing_stays_in_the_documents_and_their_seat_goes_on(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1))
    (only,) = event["sessions"]
    entries = {entry["pseudonym"]: entry for entry in [await fair.enter(only) for _ in range(3)]}
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    for name in sorted(entries)[:2]:
        await fair.cancel(entries[name])
    (stayed,) = sorted(entries)[2:]
    transcript = await fair.drawn(event)
    assert set(transcript["draw"]["order"]) == set(entries)
    state = (await fair.look(entries[stayed]))["state"]
    assert state == ("confirmed" if stayed in transcript["draw"]["assigned"] else "offered")
    assert await fair.fetch(queries.find_wrong_counts) == []


async def test_draw_is_made_even_when_everybody_fits(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 10))
    entries = [await fair.enter(event["sessions"][0]) for _ in range(3)]
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    assert len((await fair.drawn(event))["draw"]["order"]) == 3
    assert {(await fair.look(entry))["state"] for entry in entries} == {"confirmed"}


async def test_draw_without_entries_is_an_empty_order(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 10))
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    for name in ("甲", "乙"):
        assert (await fair.type(event, "office", name)).status_code == 200
    assert (await fair.draw(event))["state"] == "drawn"


async def test_moved_event_keeps_its_draw(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1))
    (only,) = event["sessions"]
    entry = await fair.enter(only)
    waiting = await fair.step(event, "postpone", {"reason": "台风"})
    assert waiting.json()["state"] == "postponed"
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    await fair.drawn(event)
    assert (await fair.look(entry))["state"] == "confirmed"
    later = {**fair.session(30, 1), "id": only["id"], "registration_closes_at": only["registration_closes_at"]}
    moved = await fair.step(event, "postpone", {"reason": "恢复", "sessions": [later]})
    assert moved.status_code == 200, moved.text
    assert (await fair.look(entry))["session"]["starts_at"][:10] == later["starts_at"][:10]


async def test_cancelled_session_leaves_its_entries_their_other_wishes(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1), fair.session(21, 5))
    a, b = event["sessions"]
    both, only_a = await fair.enter(a, b), await fair.enter(a)
    kept = {**fair.session(21, 5), **{name: b[name] for name in ("id", "starts_at", "ends_at")}}
    body = {"sessions": [{**kept, "registration_closes_at": b["registration_closes_at"]}], "reason": "场地检修"}
    changed = await fair.ask("PATCH", f"/events/{event['id']}", body, await fair.who("unit_editor"))
    assert changed.status_code == 200, changed.text
    assert (await fair.look(only_a))["state"] == "withdrawn"
    shown = await fair.look(both)
    assert (shown["state"], shown["session"]["id"]) == ("entered", b["id"])
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    assert dict(await fair.get(f"/events/{event['id']}/draw/pool.json"))[both["pseudonym"]]["wants"] == [b["id"]]
    await fair.drawn(event)
    assert (await fair.look(both))["state"] == "confirmed"


async def test_session_cancelled_between_pool_and_draw_gives_no_seat(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 2), fair.session(21, 1))
    a, b = event["sessions"]
    both = await fair.enter(a, b)
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    kept = {name: b[name] for name in ("id", "starts_at", "ends_at", "capacity", "policy", "registration_closes_at")}
    body = {"sessions": [kept], "reason": "场地检修"}
    changed = await fair.ask("PATCH", f"/events/{event['id']}", body, await fair.who("unit_editor"))
    assert changed.status_code == 200, changed.text
    transcript = await fair.drawn(event)
    assert transcript["draw"]["assigned"] == {both["pseudonym"]: a["id"]}
    shown = await fair.look(both)
    assert (shown["state"], shown["session"]["id"]) == ("offered", b["id"])


async def test_drawn_into_a_session_while_elsewhere_at_that_time_one_waits_for_ones_first_wish(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1), fair.session(21, 9))
    a, b = event["sessions"]
    entries = [await fair.enter(a, b) for _ in range(2)]
    elsewhere = await fair.event(fair.session(25, 9, policy="first_come"), entropy=[])
    (other,) = elsewhere["sessions"]
    for entry in entries:
        assert (await fair.try_to_enter(other, phone=entry["phone"])).status_code == 201
    onto_b = {**other, "starts_at": b["starts_at"], "ends_at": b["ends_at"]}
    kept = {name: onto_b[name] for name in ("id", "starts_at", "ends_at", "capacity", "registration_closes_at")}
    moved = await fair.step(elsewhere, "postpone", {"reason": "场地", "sessions": [kept]})
    assert moved.status_code == 200, moved.text
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    transcript = await fair.drawn(event)
    assert sorted(transcript["draw"]["assigned"].values()) == sorted([a["id"], b["id"]])
    shown = [await fair.look(entry) for entry in entries]
    assert sorted((each["state"], each["session"]["id"]) for each in shown) == [
        ("confirmed", a["id"]), ("waitlisted", a["id"])
    ]  # fmt: skip


async def test_who_cancels_while_the_draw_moves_them_gives_back_the_seat_that_they_got(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1), fair.session(21, 9))
    a, b = event["sessions"]
    entries = {entry["pseudonym"]: entry for entry in [await fair.enter(a, b) for _ in range(2)]}
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    assert (await fair.type(event, "office", "甲")).status_code == 200
    rules, pool, commitment = [
        await fair.get(f"/events/{event['id']}/draw/{name}.json") for name in ("rules", "pool", "commitment")
    ]
    rules = msgspec.convert(rules, lots.OrderRules)
    coming = lots.uniform_order(rules, pool, commitment, lots.entropy_text(rules.entropy, NUMBERS))["assigned"]
    (moved,) = [entries[name] for name, session in coming.items() if session == b["id"]]
    database = await fair.house.database("opendays")

    async def waiting(number: int) -> None:
        """Until so many wait for the lock that this test holds."""
        count = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

        async def all_of_them() -> bool:
            return await database.fetchval(count) == number

        await until(all_of_them)

    async with database.transaction():
        await database.execute("select id from sessions where id = $1 for update", UUID(a["id"]))
        draw = asyncio.create_task(fair.type(event, "office", "乙"))
        await waiting(1)
        cancelling = asyncio.create_task(fair.cancel(moved))
        await waiting(2)
    await database.close()
    assert (await draw).json()["state"] == "drawn"
    await cancelling
    shown = await fair.look(moved)
    assert (shown["state"], shown["session"]["id"]) == ("withdrawn", b["id"])
    assert await fair.fetch(queries.find_wrong_counts) == []


async def test_three_thousand_entries_are_drawn_in_one_transaction(fair: Fair) -> None:
    event = await fair.event(*(fair.session(20 + day, 300, party_limit=5) for day in range(3)))
    a, b, c = event["sessions"]
    first = await fair.enter(a, b, c)
    await fair.fetch(
        "insert into registrations (id, session_id, event_id, code, state, position, party_size, seats, channel,"
        "  person, person_range, during, manage_hash, created_at, changed_at, pseudonym, wishes)"
        " select gen_random_uuid(), session_id, event_id, 'BIG' || n, state, position + n, 1 + n % 4, 1 + n % 4,"
        "  channel, int8send(n), int8range(n, n, '[]'), during, manage_hash, created_at, changed_at, 'P' || n,"
        "  case n % 3 when 0 then wishes when 1 then wishes[1:1] else wishes[1:2] end"
        " from registrations, generate_series(1, 2999) as n where pseudonym = $1",
        first["pseudonym"],
    )
    await fair.fetch("update sessions set arrivals = 3000 where id = $1", UUID(a["id"]))
    fair.wait_for(9 * DAY)
    assert (await fair.committed(event))["entries"] == 3000
    transcript = await fair.drawn(event)
    seats = {name: row["party"] for name, row in transcript["pool"]}
    rows = await fair.fetch(
        "select * from registrations where event_id = $1 and drawn_at is not null", UUID(event["id"])
    )
    assert len(rows) == 3000
    confirmed = {row["pseudonym"]: str(row["session_id"]) for row in rows if row["state"] == "confirmed"}
    assert confirmed == transcript["draw"]["assigned"]
    assert sum(seats[name] for name in confirmed) == 900
    line = sorted((row["position"], row["pseudonym"]) for row in rows if row["state"] == "waitlisted")
    assert [name for _, name in line] == [name for name in transcript["draw"]["order"] if name not in confirmed]
    assert await fair.fetch(queries.find_wrong_counts) == []


async def test_winner_is_known_by_pseudonym_for_a_year_and_then_by_nothing(tmp_path: Path) -> None:
    async with open_town(tmp_path) as house:
        await see_a_winner_forgotten(Fair(house))


async def see_a_winner_forgotten(fair: Fair) -> None:
    event = await fair.event(fair.session(10, 1))
    (only,) = event["sessions"]
    for _ in range(2):
        await fair.enter(only)
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    await fair.drawn(event)
    kept = (
        "select state, personal is not null as named, person is not null as known from registrations"
        " where event_id = $1 order by state"
    )

    async def rows() -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await fair.fetch(kept, UUID(event["id"]))]

    assert await rows() == [("confirmed", True, True), ("waitlisted", True, True)]
    fair.wait_for(33 * DAY)

    async def only_the_winner() -> bool:
        return await rows() == [("confirmed", False, True), ("waitlisted", False, False)]

    await until(only_the_winner)
    fair.wait_for(340 * DAY)

    async def nobody() -> bool:
        return await rows() == [("confirmed", False, False), ("waitlisted", False, False)]

    await until(nobody)


async def test_documents_appear_one_by_one_and_never_change(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1))
    await fair.enter(event["sessions"][0])
    path = f"/events/{event['id']}/draw"

    async def documents() -> list[tuple[int, bytes, str]]:
        answers = [
            await fair.ask("GET", f"{path}/{name}.json") for name in ("rules", "pool", "commitment", "transcript")
        ]
        return [
            (answer.status_code, answer.content, answer.headers.get("etag", ""))
            for answer in answers
            if answer.is_success
        ]

    published = [await documents()]
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    published.append(await documents())
    await fair.drawn(event)
    published.append(await documents())
    assert [len(each) for each in published] == [1, 3, 4]
    assert published[1][:1] == published[0]
    assert published[2][:3] == published[1]
    assert all(tag for _, _, tag in published[2])


class Ground:
    """An event in sign-up, one whose pool is closed, one that is drawn, and what is wrong with requests to them."""

    def __init__(self, fair: Fair, open_event: Any, committed: Any, drawn: Any, served: Any, entry: Any) -> None:
        self.fair = fair
        self.open, self.committed, self.drawn, self.served, self.entry = open_event, committed, drawn, served, entry

    def enter(self, *places: int, event: Any = None, **more: Any) -> Answer:
        sessions = (event or self.open)["sessions"]
        return self.fair.try_to_enter(*(sessions[place] for place in places), **more)

    async def change(self, event: Any = None, place: int = 0, body: Any = None, **of_session: Any) -> httpx.Response:
        event = event or self.open
        names = (
            "id", "starts_at", "ends_at", "capacity", "holds", "policy", "seat_unit", "registration_closes_at",
            "party_limit",
        )  # fmt: skip
        drafts = [{name: session[name] for name in names} for session in event["sessions"]]
        drafts[place] |= of_session
        given = {"sessions": drafts} if body is None else body
        return await self.fair.ask("PATCH", f"/events/{event['id']}", given, await self.fair.who("unit_editor"))

    async def publish(self, *sessions: Any, **changes: Any) -> httpx.Response:
        return await self.fair.step(await self.fair.approved(*sessions, **changes), "publish")


@pytest.fixture(scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """In a house of its own, where nothing else happens meanwhile."""
    async with open_town(tmp_path_factory.mktemp("ground")) as house:
        yield await made_ground(Fair(house))


async def made_ground(fair: Fair) -> Ground:
    committed, drawn = await fair.event(fair.session(20, 2)), await fair.event(fair.session(20.5, 2))
    fair.wait_for(9 * DAY)
    for event in (committed, drawn):
        await fair.committed(event)
    await fair.drawn(drawn)
    assert (await fair.type(committed, "office", "甲")).status_code == 200
    served = await fair.event(fair.session(30, 5, policy="first_come"), entropy=[])
    open_event = await fair.event(
        fair.session(20, 4, holds={"media": 2}), fair.session(21, 9), fair.session(21.02, 9),
        fair.session(22, 9, policy="first_come"),
    )  # fmt: skip
    return Ground(fair, open_event, committed, drawn, served, await fair.enter(*open_event["sessions"][:2]))


REFUSED: dict[str, tuple[Callable[[Ground], Answer], int, str]] = {
    # Entering
    "wish of another event": (
        lambda g: g.fair.try_to_enter(g.open["sessions"][0], g.served["sessions"][0]),
        422, "opendays.wish-of-other-event"),
    "wish for nothing that there is": (
        lambda g: g.enter(0, preferences=[str(uuid4())]), 422, "opendays.wish-of-other-event"),
    "wish for a session that is not drawn": (lambda g: g.enter(0, 3), 422, "opendays.wish-not-drawn"),
    "wishes where nothing is drawn": (lambda g: g.enter(3, 0), 422, "opendays.wish-not-drawn"),
    "same wish twice": (lambda g: g.enter(0, 1, 1), 422, "opendays.wish-repeated"),
    "first wish once more": (lambda g: g.enter(0, 0), 422, "opendays.wish-repeated"),
    "too many wishes": (lambda g: g.enter(0, preferences=[str(uuid4())] * 21), 422, "kit.malformed"),
    "party too large for the second wish": (lambda g: g.enter(1, 0, party_size=3), 422, "opendays.party-too-large"),
    "party too large for the seats that are not held": (
        lambda g: g.enter(0, party_size=3), 422, "opendays.party-too-large"),
    "second entry of a person for the same session": (
        lambda g: g.enter(0, phone=g.entry["phone"]), 409, "opendays.already-entered"),
    "second entry of a person for another session": (
        lambda g: g.enter(2, phone=g.entry["phone"]), 409, "opendays.already-entered"),
    "entering after the pool has closed": (
        lambda g: g.enter(0, event=g.committed), 409, "opendays.registration-closed"),
    # Rules that are public
    "more seats": (lambda g: g.change(capacity=40), 409, "opendays.draw-fixed"),
    "seats out of a hold": (lambda g: g.change(holds={"media": 1}), 409, "opendays.draw-fixed"),
    "seats counted in another way": (lambda g: g.change(seat_unit="group"), 409, "opendays.draw-fixed"),
    "first come, first served after all": (lambda g: g.change(policy="first_come"), 409, "opendays.draw-fixed"),
    "a draw after all": (lambda g: g.change(place=3, policy="draw"), 409, "opendays.draw-fixed"),
    "another closing time": (
        lambda g: g.change(registration_closes_at=(g.fair.now + 10 * DAY).isoformat()), 409, "opendays.draw-fixed"),
    "a start before sign-up closes": (
        lambda g: g.change(starts_at=(g.fair.now + DAY).isoformat()), 409, "opendays.draw-fixed"),
    "a further drawn session": (
        lambda g: g.change(body={"sessions": [
            *({"id": s["id"], "starts_at": s["starts_at"], "ends_at": s["ends_at"], "capacity": s["capacity"],
               "holds": s["holds"], "policy": s["policy"], "registration_closes_at": s["registration_closes_at"]}
              for s in g.open["sessions"]), g.fair.session(40, 5)]}), 409, "opendays.draw-fixed"),
    "other numbers": (lambda g: g.change(body={"entropy": SOURCES[:1]}), 409, "opendays.draw-fixed"),
    "sign-up elsewhere": (
        lambda g: g.change(body={"registration": {"mode": "phone", "contact": "021"}}), 409, "opendays.draw-fixed"),
    "more seats after the draw": (lambda g: g.change(g.drawn, capacity=40), 409, "opendays.draw-fixed"),
    # Sources
    "source with a slash": (
        lambda g: g.change(body={"entropy": [{"id": "a/b", "name": "x", "form": "digits"}]}), 422,
        "kit.bad-draw-rules"),
    "stand-in that does not exist": (
        lambda g: g.change(body={"entropy": [{"id": "a", "name": "x", "form": "digits", "fallback": ["b"]}]}), 422,
        "kit.bad-draw-rules"),
    "source of no known form": (
        lambda g: g.change(body={"entropy": [{"id": "a", "name": "x", "form": "letters"}]}), 422, "kit.malformed"),
    "source with markup": (
        lambda g: g.change(body={"entropy": [{"id": "a", "name": "<b>", "form": "digits"}]}), 422,
        "kit.markup-in-text"),
    # The numbers
    "numbers before the pool is closed": (
        lambda g: g.fair.type(g.open, "office", "乙"), 409, "kit.not-committed"),
    "numbers that another typed otherwise": (
        lambda g: g.fair.type(g.committed, "notary", "乙", {**NUMBERS, "sse": "3456.79"}), 409,
        "kit.public-numbers-differ"),
    "numbers of the wrong form": (
        lambda g: g.fair.type(g.committed, "notary", "乙", {**NUMBERS, "sse": "3456.7"}), 422,
        "kit.bad-public-numbers"),
    "number of no source": (
        lambda g: g.fair.type(g.committed, "notary", "乙", {**NUMBERS, "kl8": "1"}), 422, "kit.bad-public-numbers"),
    "number missing": (
        lambda g: g.fair.type(g.committed, "notary", "乙", {"ssq": "1.2.3"}), 422, "kit.bad-public-numbers"),
    "a second draw": (lambda g: g.fair.type(g.drawn, "office", "丙"), 409, "kit.second-draw-needs-reason"),
    "numbers from a clerk": (lambda g: g.fair.type(g.committed, "unit_editor", "乙"), 403, "kit.forbidden"),
    "numbers from a citizen": (lambda g: g.fair.type(g.committed, "citizen", "乙"), 403, "kit.forbidden"),
    "numbers from the head of another unit": (
        lambda g: g.fair.type(g.committed, "unit_lead", "乙", unit="区民政局"), 403, "kit.forbidden"),
    "numbers where nothing is drawn": (lambda g: g.fair.type(g.served, "office", "乙"), 404, "kit.no-such-draw"),
    "draw of an event that there is not": (
        lambda g: g.fair.ask("GET", f"/events/{uuid4()}/draw"), 404, "opendays.unknown-event"),
    "draw where nothing is drawn": (
        lambda g: g.fair.ask("GET", f"/events/{g.served['id']}/draw"), 404, "kit.no-such-draw"),
    "pool before it is closed": (
        lambda g: g.fair.ask("GET", f"/events/{g.open['id']}/draw/pool.json"), 404, "kit.not-yet-published"),
    "commitment before the pool is closed": (
        lambda g: g.fair.ask("GET", f"/events/{g.open['id']}/draw/commitment.json"), 404, "kit.not-yet-published"),
    "transcript before the draw": (
        lambda g: g.fair.ask("GET", f"/events/{g.committed['id']}/draw/transcript.json"), 404,
        "kit.not-yet-published"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_and_nothing_written(ground: Ground, name: str) -> None:
    ask, status, reason = REFUSED[name]
    before = await ground.fair.contents()
    assert problem_of(await ask(ground)) == (status, f"/problems/{reason}")
    assert await ground.fair.contents() == before


async def test_what_publication_of_a_draw_still_needs_is_on_the_checklist(ground: Ground) -> None:
    fair = ground.fair
    early = (fair.now + 6 * DAY).isoformat()

    async def missing(*sessions: Any, **changes: Any) -> list[str]:
        answer = await ground.publish(*sessions, **changes)
        assert problem_of(answer) == (409, "/problems/opendays.not-publishable")
        return [error["field"] for error in answer.json()["errors"]]

    closes = "registration_closes_at"
    one, other = fair.session(20, 5), fair.session(21, 5)
    assert await missing(one, entropy=[]) == ["entropy"]
    assert await missing(one, registration={"mode": "phone", "contact": "021"}) == ["registration.mode"]
    assert await missing({**one, closes: None}) == [f"sessions[0].{closes}"]
    assert await missing(one, {**other, closes: early}) == [f"sessions[1].{closes}"]
    assert await missing({**one, closes: early}) == [f"sessions[0].{closes}"]
    assert await missing(fair.session(7.99, 5)) == [f"sessions[0].{closes}"]
    assert await missing(one, {**other, "seat_unit": "group"}) == ["sessions[1].seat_unit"]
    assert await missing({**one, "holds": {"guests": 5}}) == ["sessions[0].holds"]
    assert await missing({**one, "capacity": None}) == ["sessions[0].capacity"]


async def test_one_person_who_types_twice_counts_once(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1))
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    for numbers in ({**NUMBERS, "sse": "1.00"}, NUMBERS):
        answer = await fair.type(event, "office", "甲", numbers)
        assert (answer.status_code, answer.json()["state"], answer.json()["typed"]) == (200, "committed", 1)
    second = await fair.type(event, "presider", "乙")
    assert (second.json()["state"], second.json()["typed"], second.json()["numbers"]) == (
        "drawn", 2, "ssq=3.9.14.21.27.33/sse=3456.78/"
    )  # fmt: skip


async def test_place_elsewhere_at_the_time_of_any_wish_is_refused_both_ways(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 5), fair.session(21, 5))
    a, b = event["sessions"]
    other = await fair.event(fair.session(21.01, 5, policy="first_come"), entropy=[])
    entry = await fair.enter(a, b)
    overlapping = (409, "/problems/opendays.overlapping-registration")
    assert problem_of(await fair.try_to_enter(other["sessions"][0], phone=entry["phone"])) == overlapping
    visitor = await fair.enter(other["sessions"][0])
    assert problem_of(await fair.try_to_enter(a, b, phone=visitor["phone"])) == overlapping
    assert (await fair.try_to_enter(a, phone=visitor["phone"])).status_code == 201


async def test_held_seats_of_a_drawn_session_are_given_by_staff_and_are_in_no_draw(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 2, holds={"media": 1}))
    (only,) = event["sessions"]
    guest = await fair.enter(only, hold="media", channel="phone", headers=await fair.who("unit_editor"))
    assert (guest["state"], guest["pseudonym"]) == ("confirmed", None)
    too_many = await fair.try_to_enter(only, party_size=2)
    assert problem_of(too_many) == (422, "/problems/opendays.party-too-large")
    entries = [await fair.enter(only) for _ in range(2)]
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    assert len((await fair.drawn(event))["draw"]["order"]) == 2
    assert sorted([(await fair.look(entry))["state"] for entry in entries]) == ["confirmed", "waitlisted"]
    late = await fair.try_to_enter(only, channel="phone", headers=await fair.who("unit_editor"))
    assert problem_of(late) == (409, "/problems/opendays.registration-closed")


async def test_cancelled_event_is_not_drawn(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1))
    entry = await fair.enter(event["sessions"][0])
    assert (await fair.step(event, "cancel", {"reason": "台风"})).status_code == 200
    assert (await fair.look(entry))["state"] == "withdrawn"
    fair.wait_for(9 * DAY)
    answer = await fair.type(event, "office", "甲")
    assert problem_of(answer) == (409, "/problems/opendays.wrong-state")


async def test_copy_of_a_drawn_event_has_no_numbers(fair: Fair) -> None:
    event = await fair.event(fair.session(20, 1))
    year = datetime.fromisoformat(event["sessions"][0]["starts_at"]).year + 1
    copied = (await fair.step(event, "copy", {"year": year})).json()
    assert (copied["entropy"], copied["sessions"][0]["policy"]) == ([], "draw")


class Pages:
    """The pages, without any script; a browser of one's own that keeps cookies."""

    def __init__(self, fair: Fair) -> None:
        self.fair = fair
        self.cookies: dict[str, str] = {}

    async def ask(self, method: str, path: str, form: Any = None) -> httpx.Response:
        """The answer, redirects followed by hand: this client would not send a secure cookie to a test's address."""
        for _ in range(9):
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": cookies, "Accept-Language": "zh-CN"}
            if method == "POST":
                headers["Origin"] = self.fair.house.url
            answer = await self.fair.house.client.request(method, path, data=form, headers=headers)
            for line in answer.headers.get_list("set-cookie"):
                name, _, value = line.partition(";")[0].partition("=")
                self.cookies[name] = value
            if not answer.has_redirect_location:
                return answer
            method, path, form = "GET", answer.headers["location"], None
        raise AssertionError(path)

    async def sign_in(self, role: str, unit: str, name: str) -> None:
        answer = await self.ask("GET", f"/sign-in?as={role}&unit={quote(unit)}&name={quote(name)}&next=/desk")
        assert answer.status_code == 200, answer.text

    async def fill(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """What a person sends who opens the page and fills in `fields`."""
        page = await self.ask("GET", path.partition("#")[0])
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return await self.ask("POST", path.partition("#")[2] or path, {**hidden, **fields})


async def test_pages_take_wishes_and_tell_the_result(fair: Fair) -> None:
    event = await fair.event(*(fair.session(20 + day, 1, party_limit=1) for day in range(3)))
    a, b, c = event["sessions"]
    address = f"/open-days/{event['id']}"
    shown = (await Pages(fair).ask("GET", address)).text
    assert "先后不影响结果" in shown
    assert re.findall(r'<select id="(wish_\d)"', shown) == ["wish_2", "wish_3"]
    visitor = Pages(fair)
    form = {"session": a["id"], "wish_3": c["id"], "name": "李四", "phone": str(next(_phones)), "party_size": "1"}
    twice = await visitor.fill(address, {**form, "wish_2": c["id"]})
    assert twice.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', twice.text) == ["wish_3"]
    entered = await visitor.fill(address, form)
    assert entered.status_code == 200, entered.text
    (code,) = [name.removeprefix("__Host-kaimen-r-") for name in visitor.cookies if "kaimen-r-" in name]
    kept = await fair.get(f"/registrations/{code}")
    assert [wish["id"] for wish in kept["wishes"]] == [a["id"], c["id"]]
    assert (kept["pseudonym"] in entered.text, "待抽签" in entered.text) == (True, True)
    rivals = [await fair.enter(a, b, c) for _ in range(5)]
    clerk = Pages(fair)
    await clerk.sign_in("unit_editor", "区教育局", "经办")
    assert "6 组报名" in (await clerk.ask("GET", f"/desk/events/{event['id']}")).text
    fair.wait_for(9 * DAY)
    await fair.committed(event)
    assert "公开数字产生后抽签" in (await visitor.ask("GET", address)).text
    desk = f"/desk/events/{event['id']}#/desk/events/{event['id']}/draw"
    numbers = {f"number-{name}": text for name, text in NUMBERS.items()} | {"number-dice": ""}
    one, other = Pages(fair), Pages(fair)
    for pages, name in ((one, "甲"), (other, "乙")):
        await pages.sign_in("unit_lead", "区教育局", name)
    wrong = await one.fill(desk, {**numbers, "number-sse": "3456"})
    assert wrong.status_code == 422
    assert re.findall(r'<li><a href="#([\w-]+)">', wrong.text) == ["number-sse"]
    assert "须由另一人再录入一次" in (await one.fill(desk, numbers)).text
    assert "已抽签，名额和候补见下表" in (await other.fill(desk, numbers)).text
    public = (await visitor.ask("GET", address)).text
    assert f"/api/opendays/v1/events/{event['id']}/draw/transcript.json" in public
    assert 'href="/verify"' in public
    kept = await fair.get(f"/registrations/{code}")
    page = (await visitor.ask("GET", f"/r/{code}")).text
    if kept["state"] == "confirmed":
        assert "<strong>中签</strong>" in page
    else:
        assert f"未中签，候补第 {kept['ahead'] + 1} 位" in page
    waiting = [look for rival in rivals if (look := await fair.look(rival))["state"] == "waitlisted"]
    last = (await visitor.ask("GET", f"/r/{waiting[-1]['code']}")).text
    assert f"未中签，候补第 {waiting[-1]['ahead'] + 1} 位" in last


class Fields(HTMLParser):
    """What the longest form of a page would send, left as it is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._text = self._select = ""
        self.feed(page)
        self.sent = max(self.forms, key=len)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and name:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.forms[-1][name] = given.get("value", "on")
        elif tag == "textarea":
            self._text = name
            self.forms[-1][name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.forms[-1]):
            self.forms[-1][self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select"):
            self._text = self._select = ""

    def handle_data(self, text: str) -> None:
        if self._text:
            self.forms[-1][self._text] += text


async def test_desk_changes_texts_of_an_event_whose_rules_are_public_and_nothing_else(fair: Fair) -> None:
    event = await fair.event(
        fair.session(20, 5, holds={"media": 1}, seat_unit="group", **fair.morning(20)),
        fair.session(21, 5, seat_unit="group", **fair.morning(21)),
    )
    clerk = Pages(fair)
    await clerk.sign_in("unit_editor", "区教育局", "经办")
    path = f"/desk/events/{event['id']}/edit"
    sent = Fields((await clerk.ask("GET", path)).text).sent
    saved = await clerk.ask("POST", path, {**sent, "summary": "请带水杯。", "do": "save"})
    assert saved.status_code == 200, re.findall("<li>.*</li>", saved.text)
    kept = await fair.get(f"/events/{event['id']}")
    assert (kept["summary"], kept["entropy"]) == ("请带水杯。", event["entropy"])
    assert [s["registration_closes_at"] for s in kept["sessions"]] == [
        s["registration_closes_at"] for s in event["sessions"]
    ]
    refused = await clerk.ask(
        "POST", path, {**sent, "version": str(kept["version"]), "s1_capacity": "50", "do": "save"}
    )
    assert (refused.status_code, re.findall(r'<li><a href="#(\w+)">', refused.text)) == (409, ["s1_capacity"])


async def test_desk_writes_the_sources_of_a_draw_one_a_line_and_keeps_them(fair: Fair) -> None:
    event = await fair.approved(fair.session(20, 5, **fair.morning(20)))
    clerk = Pages(fair)
    await clerk.sign_in("unit_editor", "区教育局", "经办")
    path = f"/desk/events/{event['id']}/edit"
    page = (await clerk.ask("GET", path)).text
    (written,) = re.findall(r'<textarea id="entropy"[^>]*>([^<]*)<', page)
    assert unescape(written).splitlines() == [
        "ssq 双色球次期红球 sorted-ints", "sse 上证指数收盘 decimal2 → dice", "dice 公证处三颗骰子 digits"
    ]  # fmt: skip
    start, end = (datetime.fromisoformat(event["sessions"][0][name]).astimezone(SHANGHAI) for name in _TIMES)
    row = {"s0_id": event["sessions"][0]["id"], "s0_date": f"{start:%Y-%m-%d}", "s0_start": f"{start:%H:%M}"}
    row |= {"s0_end": f"{end:%H:%M}", "s0_capacity": "5", "s0_policy": "draw", "title": event["title"], "mode": "here"}
    bad = await clerk.fill(path, {**row, "entropy": "ssq 双色球"})
    assert bad.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', bad.text) == ["entropy"]
    odd = await clerk.fill(path, {**row, "entropy": "a/b 双色球 digits"})
    assert (odd.status_code, re.findall(r'<li><a href="#(\w+)">', odd.text)) == (422, ["entropy"])
    saved = await clerk.fill(path, {**row, "entropy": "kl8 快乐8某期 ints"})
    assert saved.status_code == 200, saved.text
    kept = await fair.get(f"/events/{event['id']}", await fair.who("unit_editor"))
    assert kept["entropy"] == [{"id": "kl8", "name": "快乐8某期", "form": "ints", "fallback": []}]
