"""Every input that must be refused: its exact status and problem type, and nothing is written."""

import asyncio
import base64
import io
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import xlsxwriter

from houses import Desk, House, event_draft, in_days, problem_of

API = "/api/opendays/v1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_numbers = itertools.count(15100000000)


def phone() -> str:
    """A number that nobody has used yet."""
    return str(next(_numbers))


def session(day: int, **more: Any) -> dict[str, Any]:
    starts = in_days(day)
    return {"starts_at": starts.isoformat(), "ends_at": (starts + 2 * HOUR).isoformat(), "capacity": 10, **more}


@dataclass
class Ground:
    """A published event with one session for each trouble, and people to cause it."""

    desk: Desk
    event: dict[str, Any]
    sessions: dict[str, str]
    taken: dict[str, str]
    """The registration that holds the only seat of `full`: code, ticket, manage_token, phone."""
    draft: dict[str, Any]
    own: dict[str, Any]
    """A draft written by the head of the unit."""
    office: dict[str, str]
    citizen: dict[str, str]
    stranger: dict[str, str]
    """Staff of another unit."""

    def register(self, place: str, **more: Any) -> Awaitable[httpx.Response]:
        return self.desk.register(self.sessions[place], more.pop("phone", None) or phone(), **more)

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        headers = {**(self.desk.writer if headers is None else headers), **more.pop("also", {})}
        return await self.desk.house.client.request(method, f"{API}{path}", headers=headers, **more)

    def create(self, headers: dict[str, str] | None = None, **changes: Any) -> Awaitable[httpx.Response]:
        return self.ask("POST", "/events", headers, json=event_draft(**changes))

    def change(self, headers: dict[str, str] | None = None, **changes: Any) -> Awaitable[httpx.Response]:
        return self.ask("PATCH", f"/events/{self.event['id']}", headers, json=changes)

    def resize(self, name: str, **changes: Any) -> Awaitable[httpx.Response]:
        """The event with one session changed."""
        kept = ("id", "starts_at", "ends_at", "capacity", "holds", "party_limit", "waitlist_limit")
        drafts = [{key: each[key] for key in kept} for each in self.event["sessions"]]
        for draft in drafts:
            if draft["id"] == self.sessions[name]:
                draft.update(changes)
        return self.change(sessions=drafts)

    def check_in(self, name: str, headers: dict[str, str] | None = None, **proof: str) -> Awaitable[httpx.Response]:
        return self.ask("POST", f"/sessions/{self.sessions[name]}/checkins", headers, json=proof)

    def upload(self, content: bytes, name: str = "entries.xlsx") -> Awaitable[httpx.Response]:
        return self.ask("POST", "/imports", files={"file": (name, content)})

    def raw(self, path: str, content: bytes, kind: str = "application/json", **more: Any) -> Awaitable[httpx.Response]:
        return self.ask("POST", path, content=content, also={"Content-Type": kind}, **more)


@pytest.fixture(scope="module")
async def ground(house: House, desk: Desk) -> Ground:
    now = datetime.now(UTC)
    kinds = {
        "open": session(10),
        "full": session(11, capacity=1, waitlist_limit=0),
        "closed": session(12, registration_closes_at=(now - HOUR).isoformat()),
        "coming": session(13, registration_opens_at=(now + DAY).isoformat()),
        "small": session(14, capacity=3, holds={"media": 1}),
        "limited": session(15, party_limit=2),
    }
    event = await desk.published(sessions=list(kinds.values()))
    sessions = dict(zip(kinds, (each["id"] for each in event["sessions"]), strict=True))
    other = await desk.published(sessions=[session(10)])
    sessions["meanwhile"] = other["sessions"][0]["id"]
    elsewhere = await desk.published(registration={"mode": "phone", "contact": "021-59732890"}, sessions=[session(16)])
    sessions["by phone"] = elsewhere["sessions"][0]["id"]
    asking = {"mode": "here", "contact": "021", "questions": [{"key": "school", "text": "学校", "required": True}]}
    sessions["asking"] = (await desk.published(registration=asking))["sessions"][0]["id"]
    number = phone()
    taken = {**(await desk.register(sessions["full"], number)).json(), "phone": number}
    lead = desk.approver
    drafts = [(await desk.post("/events", event_draft(), headers)).json() for headers in (desk.writer, lead)]
    return Ground(
        desk,
        event,
        sessions,
        taken,
        *drafts,
        await house.token("office", None, "办公室"),
        await house.token("citizen", None, "市民"),
        await house.token("unit_editor", "金泽镇", "外单位"),
    )


async def contents(house: House) -> dict[str, Any]:
    """Rows of every table of open days; of those that people fill, also what stands in them."""
    database = await house.database("opendays")
    try:
        return await _contents(database)
    finally:
        await database.close()


async def _contents(database: asyncpg.Connection) -> dict[str, Any]:
    names = [
        row["tablename"] for row in await database.fetch("select tablename from pg_tables where schemaname='public'")
    ]
    found: dict[str, Any] = {name: await database.fetchval(f"select count(*) from {name}") for name in names}
    for name in ("events", "sessions", "registrations", "suggestions"):
        whole = f"select md5(string_agg(t::text, '|' order by id)) from {name} t"
        found[f"{name} in full"] = await database.fetchval(whole)
    return found


async def refused(house: House, answering: Awaitable[httpx.Response]) -> tuple[int, str]:
    """The refusal; also asserts that it left no trace."""
    before = await contents(house)
    problem = problem_of(await answering)
    assert await contents(house) == before
    return problem


def sheet(write: Callable[[Any], object]) -> bytes:
    """A workbook with the header of an open month and one row, changed by `write`."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["活动时间", "活动名称", "活动地点"])
        page.write_row(1, 0, ["8月26日", "参观", "公园路"])
        write(page)
    return buffer.getvalue()


def forged(ticket: str) -> str:
    return ("B" if ticket[0] == "A" else "A") + ticket[1:]


def unsigned(token: dict[str, str]) -> dict[str, str]:
    """The same claims under `alg: none`."""
    _, claims, _ = token["Authorization"].removeprefix("Bearer ").split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    return {"Authorization": f"Bearer {head}.{claims}."}


def promoted(token: dict[str, str]) -> dict[str, str]:
    """Other claims under the old signature."""
    head, claims, signature = token["Authorization"].removeprefix("Bearer ").split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    claims = base64.urlsafe_b64encode(json.dumps({**said, "role": "office"}).encode()).rstrip(b"=").decode()
    return {"Authorization": f"Bearer {head}.{claims}.{signature}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


LONG_AGO = (datetime.now(UTC) - DAY).isoformat()
NOBODY = uuid4()
PERSON = {"name": "张三", "phone": "13800001111"}
Ask = Callable[[Ground], Awaitable[httpx.Response]]

REFUSED: dict[str, tuple[Ask, int, str]] = {
    # Registering
    "full, and so is the waiting list": (lambda g: g.register("full"), 409, "opendays.session-full"),
    "window closed": (lambda g: g.register("closed"), 409, "opendays.registration-closed"),
    "window not open yet": (lambda g: g.register("coming"), 409, "opendays.registration-not-open"),
    "the same person again": (
        lambda g: g.register("full", phone=f"+86 {g.taken['phone']}"), 409, "opendays.already-registered"),
    "registered by phone only": (lambda g: g.register("by phone"), 409, "opendays.registered-elsewhere"),
    "party above the public seats": (lambda g: g.register("small", party_size=3), 422, "opendays.party-too-large"),
    "party above the limit": (lambda g: g.register("limited", party_size=3), 422, "opendays.party-too-large"),
    "party of none": (lambda g: g.register("open", party_size=0), 422, "kit.malformed"),
    "party beyond reason": (lambda g: g.register("open", party_size=1001), 422, "kit.malformed"),
    "required question not answered": (lambda g: g.register("asking"), 422, "opendays.bad-answers"),
    "question that was not asked": (lambda g: g.register("open", answers={"x": "y"}), 422, "opendays.bad-answers"),
    "phone that is none": (lambda g: g.register("open", phone="12345"), 422, "kit.bad-phone"),
    "phone in words": (lambda g: g.register("open", phone="一二三"), 422, "kit.bad-phone"),
    "empty name": (lambda g: g.register("open", name=" "), 422, "kit.bad-text"),
    "markup in a name": (lambda g: g.register("open", name="<b>张"), 422, "kit.markup-in-text"),
    "name too long": (lambda g: g.register("open", name="张" * 51), 422, "kit.malformed"),
    "paper channel by a citizen": (lambda g: g.register("open", channel="paper"), 403, "opendays.channel-for-staff"),
    "hold by a citizen": (lambda g: g.register("open", hold="media"), 403, "opendays.channel-for-staff"),
    "paper channel by another unit": (
        lambda g: g.register("open", channel="paper", headers=g.stranger), 403, "kit.not-your-unit"),
    "hold by another unit": (
        lambda g: g.register("open", hold="media", headers=g.stranger), 403, "kit.not-your-unit"),
    "after the window by another unit": (
        lambda g: g.register("closed", headers=g.stranger), 409, "opendays.registration-closed"),
    "hold that is not there": (
        lambda g: g.register("open", hold="media", headers=g.desk.writer), 409, "opendays.no-such-hold"),
    "unknown channel": (lambda g: g.register("open", channel="pigeon"), 422, "kit.malformed"),
    # Own registrations
    "cancel without proof": (
        lambda g: g.ask("POST", f"/registrations/{g.taken['code']}/cancel", {}), 403, "kit.proof-needed"),
    "cancel with a wrong token": (
        lambda g: g.ask("POST", f"/registrations/{g.taken['code']}/cancel", {}, json={"manage_token": "x" * 43}),
        403, "kit.proof-needed"),
    "cancel with another's phone": (
        lambda g: g.ask("POST", f"/registrations/{g.taken['code']}/cancel", {}, json={"phone": "13700000000"}),
        403, "kit.proof-needed"),
    "cancel by another unit": (
        lambda g: g.ask("POST", f"/registrations/{g.taken['code']}/cancel", g.stranger), 403, "kit.proof-needed"),
    "accept what was not offered": (
        lambda g: g.ask("POST", f"/registrations/{g.taken['code']}/offer/accept", {},
                        json={"manage_token": g.taken["manage_token"]}), 409, "opendays.no-offer"),
    "questionnaire before the visit": (
        lambda g: g.ask("POST", f"/registrations/{g.taken['code']}/questionnaire", {},
                        json={"manage_token": g.taken["manage_token"], "satisfaction": 5}),
        409, "opendays.not-admitted"),
    "unknown code": (lambda g: g.ask("GET", "/registrations/ZZZZZZZZZZ"), 404, "opendays.unknown-registration"),
    # The door
    "forged ticket": (lambda g: g.check_in("full", ticket=forged(g.taken["ticket"])), 422, "opendays.bad-ticket"),
    "no ticket at all": (lambda g: g.check_in("full", ticket="hello"), 422, "opendays.bad-ticket"),
    "ticket of another session": (
        lambda g: g.check_in("open", ticket=g.taken["ticket"]), 409, "opendays.ticket-of-other-session"),
    "code of another session": (
        lambda g: g.check_in("open", code=g.taken["code"]), 409, "opendays.ticket-of-other-session"),
    "ticket and code": (lambda g: g.check_in("full", ticket="x", code="y"), 422, "opendays.bad-ticket"),
    "neither ticket nor code": (lambda g: g.check_in("full"), 404, "opendays.unknown-registration"),
    "check-in by another unit": (
        lambda g: g.check_in("full", g.stranger, code=g.taken["code"]), 403, "kit.not-your-unit"),
    "check-in by a citizen": (lambda g: g.check_in("full", g.citizen, code=g.taken["code"]), 403, "kit.forbidden"),
    "roster for another unit": (
        lambda g: g.ask("GET", f"/sessions/{g.sessions['full']}/roster", g.stranger), 403, "kit.not-your-unit"),
    # Scheduling
    "unknown unit": (lambda g: g.create(g.office, unit="外星局"), 422, "kit.unknown-unit"),
    "another unit's event": (lambda g: g.create(g.stranger), 403, "kit.not-your-unit"),
    "citizen writes an event": (lambda g: g.create(g.citizen), 403, "kit.forbidden"),
    "past session": (lambda g: g.create(sessions=[session(-1)]), 422, "opendays.session-in-past"),
    "end before start": (
        lambda g: g.create(sessions=[session(5, ends_at=in_days(4).isoformat())]), 422, "opendays.end-before-start"),
    "session without a time": (lambda g: g.create(sessions=[{"capacity": 3}]), 422, "opendays.end-before-start"),
    "time without a zone": (
        lambda g: g.create(sessions=[session(5, starts_at="2030-01-01T09:00:00", ends_at="2030-01-01T10:00:00")]),
        422, "kit.malformed"),
    "window without a zone": (
        lambda g: g.create(sessions=[session(5, registration_opens_at="2020-01-01T09:00:00")]), 422, "kit.malformed"),
    "session on the last day of time": (
        lambda g: g.create(sessions=[{"date": "9999-12-31", "capacity": 1}]), 422, "opendays.bad-date"),
    "session beyond the last instant": (
        lambda g: g.create(sessions=[session(5, ends_at="9999-12-31T23:59:59-12:00")]), 422, "opendays.bad-date"),
    "window before all time": (
        lambda g: g.create(sessions=[session(5, registration_opens_at="0001-01-01T00:00:00+14:00")]),
        422, "opendays.bad-date"),
    "two sessions the same": (lambda g: g.create(sessions=[session(5), session(5)]), 422, "opendays.sessions-repeat"),
    "no seats": (lambda g: g.create(sessions=[session(5, capacity=0)]), 422, "opendays.bad-capacity"),
    "seats below zero": (lambda g: g.create(sessions=[session(5, capacity=-1)]), 422, "opendays.bad-capacity"),
    "seats beyond 32 bits": (lambda g: g.create(sessions=[session(5, capacity=2**31)]), 422, "opendays.bad-capacity"),
    "holds over capacity": (
        lambda g: g.create(sessions=[session(5, holds={"media": 11})]), 422, "opendays.holds-exceed-capacity"),
    "window that closes before it opens": (
        lambda g: g.create(sessions=[session(5, registration_opens_at=in_days(4).isoformat(),
                                             registration_closes_at=in_days(3).isoformat())]),
        422, "opendays.bad-registration-window"),
    "HTML in a title": (
        lambda g: g.create(title="<script>alert(1)</script>"), 422, "kit.markup-in-text"),
    "entity in a summary": (lambda g: g.create(summary="&#x3c;b>"), 422, "kit.markup-in-text"),
    "empty title": (lambda g: g.create(title=""), 422, "kit.bad-text"),
    "title too long": (lambda g: g.create(title="字" * 201), 422, "kit.bad-text"),
    "control character in a title": (lambda g: g.create(title="a\x07b"), 422, "kit.control-character"),
    "NUL in a body": (lambda g: g.create(title="a\x00b"), 422, "kit.control-character"),
    "script as address": (
        lambda g: g.create(registration={"mode": "external", "url": "ftp://x"}), 422, "kit.bad-url"),
    "capacity below what is taken": (
        lambda g: g.resize("full", capacity=1, holds={"media": 1}), 409, "opendays.capacity-below-taken"),
    "session of another event": (
        lambda g: g.change(sessions=[session(5, id=g.sessions["meanwhile"])]), 404, "opendays.unknown-session"),
    "change by another unit": (lambda g: g.change(g.stranger, place="别处"), 403, "kit.not-your-unit"),
    "change of a version gone by": (
        lambda g: g.ask("PATCH", f"/events/{g.event['id']}", json={"place": "别处"}, also={"If-Match": '"1-x"'}),
        412, "kit.stale-version"),
    "publish a draft": (
        lambda g: g.ask("POST", f"/events/{g.draft['id']}/publish"), 409, "opendays.wrong-state"),
    "approve a draft": (
        lambda g: g.ask("POST", f"/events/{g.draft['id']}/approve", g.desk.approver), 409, "opendays.wrong-state"),
    "editor approves": (lambda g: g.ask("POST", f"/events/{g.draft['id']}/approve"), 403, "kit.forbidden"),
    "cancel without a reason": (
        lambda g: g.ask("POST", f"/events/{g.event['id']}/cancel", json={"reason": " "}),
        422, "kit.reason-required"),
    "postpone without a reason": (
        lambda g: g.ask("POST", f"/events/{g.event['id']}/postpone", json={"reason": ""}),
        422, "kit.reason-required"),
    "report before the end": (
        lambda g: g.ask("POST", f"/events/{g.event['id']}/report", json={}), 409, "opendays.too-early-to-report"),
    "report that is not there": (
        lambda g: g.ask("GET", f"/events/{g.event['id']}/report"), 404, "opendays.unknown-report"),
    "draft of another unit": (
        lambda g: g.ask("GET", f"/events/{g.draft['id']}", g.stranger), 404, "opendays.unknown-event"),
    "draft for the public": (lambda g: g.ask("GET", f"/events/{g.draft['id']}", {}), 404, "opendays.unknown-event"),
    "unknown event": (lambda g: g.ask("GET", f"/events/{NOBODY}"), 404, "opendays.unknown-event"),
    "unknown session": (
        lambda g: g.ask("POST", f"/sessions/{NOBODY}/registrations", json=PERSON), 404, "opendays.unknown-session"),
    "unknown suggestion": (
        lambda g: g.ask("POST", f"/suggestions/{NOBODY}/reply", json={"reply": "好", "outcome": "adopted"}),
        404, "opendays.unknown-suggestion"),
    # Files
    "XLSX that is broken": (lambda g: g.upload(b"PK\x03\x04 nothing"), 422, "opendays.bad-import"),
    "XLSX with a formula": (
        lambda g: g.upload(sheet(lambda page: page.write_formula(1, 1, "=1+1"))), 422, "opendays.bad-import"),
    "CSV with a formula": (
        lambda g: g.upload("活动时间,活动名称\n8月1日,\"=HYPERLINK(\"\"x\"\")\"\n".encode(), "a.csv"),
        422, "opendays.bad-import"),
    "CSV with markup": (
        lambda g: g.upload("活动时间,活动名称\n8月1日,<b>参观</b>\n".encode(), "a.csv"), 422, "opendays.bad-import"),
    "CSV with one bad row": (
        lambda g: g.upload("活动时间,活动名称\n8月1日,参观\n2月31日,参观\n".encode(), "a.csv"),
        422, "opendays.bad-import"),
    "PDF": (lambda g: g.upload(b"%PDF-1.7"), 422, "opendays.bad-import"),
    "broken calendar": (lambda g: g.upload(b"BEGIN:VCALENDAR\r\n", "a.ics"), 422, "opendays.bad-import"),
    "empty file": (lambda g: g.upload(b""), 422, "opendays.bad-import"),
    "file of more than 10 MB": (lambda g: g.upload(b"x" * (10 * 2**20 + 1)), 422, "opendays.bad-import"),
    "no file": (lambda g: g.ask("POST", "/imports", data={"x": "y"}, files={"x": (None, "y")}), 422, "kit.malformed"),
    "import by a citizen": (
        lambda g: g.ask("POST", "/imports", g.citizen, files={"file": ("a.csv", b"x")}), 403, "kit.forbidden"),
    "import for another unit": (
        lambda g: g.ask("POST", "/imports?unit=金泽镇", files={"file": ("a.csv", b"x")}), 403, "kit.not-your-unit"),
    # Form
    "body of more than 10 MB": (
        lambda g: g.raw("/events", b'{"title":"' + b"x" * (10 * 2**20) + b'"}'), 413, "kit.too-large"),
    "no JSON": (lambda g: g.raw("/events", b"hello"), 422, "kit.malformed"),
    "half JSON": (lambda g: g.raw("/events", b'{"title":'), 422, "kit.malformed"),
    "empty body": (lambda g: g.raw("/events", b""), 422, "kit.malformed"),
    "body not UTF-8": (lambda g: g.raw("/events", b'{"title":"\xff"}'), 422, "kit.malformed"),
    "raw NUL in a body": (lambda g: g.raw("/events", b'{"title":"\x00"}'), 422, "kit.malformed"),
    "list for an object": (lambda g: g.raw("/events", b"[]"), 422, "kit.malformed"),
    "text for a number": (lambda g: g.create(sessions=[session(5, capacity="5")]), 422, "kit.malformed"),
    "fraction for a number": (lambda g: g.create(sessions=[session(5, capacity=5.5)]), 422, "kit.malformed"),
    "number for a date": (lambda g: g.create(sessions=[{"date": 0, "capacity": 5}]), 422, "kit.malformed"),
    "number for an instant": (lambda g: g.create(sessions=[session(5, starts_at=0)]), 422, "kit.malformed"),
    "number for text": (lambda g: g.create(title=5), 422, "kit.malformed"),
    "unknown field": (lambda g: g.create(colour="red"), 422, "kit.malformed"),
    "missing field": (lambda g: g.raw("/events", b"{}"), 422, "kit.malformed"),
    "body that is no JSON by its type": (
        lambda g: g.raw("/events", b'{"title": "x"}', "text/plain"), 415, "kit.unsupported-media-type"),
    "form for JSON": (
        lambda g: g.raw("/events", b"title=x", "application/x-www-form-urlencoded"),
        415, "kit.unsupported-media-type"),
    "JSON for a file": (lambda g: g.raw("/imports", b"{}"), 415, "kit.unsupported-media-type"),
    "malformed id": (lambda g: g.ask("GET", "/events/not-an-id"), 404, "kit.no-such-page"),
    "no such address": (lambda g: g.ask("GET", "/nothing"), 404, "kit.no-such-page"),
    "NUL in a path": (lambda g: g.ask("GET", "/registrations/%00"), 422, "kit.malformed"),
    "NUL in a query": (lambda g: g.ask("GET", "/events?q=%00"), 422, "kit.malformed"),
    "bad cursor": (lambda g: g.ask("GET", "/events?cursor=x"), 422, "kit.malformed"),
    "cursor without a zone": (
        lambda g: g.ask("GET", f"/events?cursor=2030-01-01T00:00:00~{NOBODY}"), 422, "kit.malformed"),
    "limit 0": (lambda g: g.ask("GET", "/events?limit=0"), 422, "kit.bad-limit"),
    "limit 201": (lambda g: g.ask("GET", "/events?limit=201"), 422, "kit.bad-limit"),
    "campaign that no column holds": (
        lambda g: g.ask("GET", "/events?campaign=99999999999"), 422, "kit.malformed"),
    "limit in words": (lambda g: g.ask("GET", "/events?limit=x"), 422, "kit.malformed"),
    "day that is not": (lambda g: g.ask("GET", "/events?from=2026-02-30"), 422, "kit.malformed"),
    "first day of time": (lambda g: g.ask("GET", "/events?from=0001-01-01"), 422, "kit.malformed"),
    "cursor at the edge of time": (
        lambda g: g.ask("GET", f"/events?cursor=0001-01-01T00:00:00%2B14:00~{NOBODY}"), 422, "kit.malformed"),
    "unknown state": (lambda g: g.ask("GET", "/events?state=open"), 422, "kit.malformed"),
    "wrong method": (lambda g: g.ask("DELETE", "/events"), 405, "kit.wrong-method"),
    # Who asks
    "no token": (lambda g: g.create({}), 401, "kit.unauthenticated"),
    "garbage token": (lambda g: g.create(bearer("garbage")), 401, "kit.bad-token"),
    "other scheme": (lambda g: g.create({"Authorization": "Basic eDp4"}), 401, "kit.bad-token"),
    "token with algorithm none": (lambda g: g.create(unsigned(g.office)), 401, "kit.bad-token"),
    "token with other claims": (lambda g: g.create(promoted(g.citizen)), 401, "kit.bad-token"),
    "bad token on a public page": (lambda g: g.ask("GET", "/events", bearer("garbage")), 401, "kit.bad-token"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_bad_input_is_refused_and_nothing_is_written(house: House, ground: Ground, name: str) -> None:
    ask, status, reason = REFUSED[name]
    assert await refused(house, ask(ground)) == (status, f"/problems/{reason}")


async def test_wrong_method_is_told_the_right_ones(ground: Ground) -> None:
    answer = await ground.ask("DELETE", "/events")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_registration_at_the_same_time_elsewhere_is_refused(house: House, ground: Ground) -> None:
    number = phone()
    assert (await ground.register("open", phone=number)).status_code == 201
    overlapping = (409, "/problems/opendays.overlapping-registration")
    assert await refused(house, ground.register("meanwhile", phone=number)) == overlapping


async def test_ticket_used_twice_is_refused_with_time_and_name(house: House, desk: Desk) -> None:
    event = await desk.published()
    session_id = event["sessions"][0]["id"]
    registered = (await desk.register(session_id, phone())).json()
    path = f"/sessions/{session_id}/checkins"
    welcome = await desk.post(path, {"ticket": registered["ticket"]})
    assert welcome.status_code == 201
    for proof in ({"ticket": registered["ticket"]}, {"code": registered["code"]}):
        assert await refused(house, desk.post(path, proof)) == (409, "/problems/opendays.already-checked-in")
    at = datetime.fromisoformat(welcome.json()["checked_in_at"]) + 8 * HOUR
    said = (await desk.post(path, {"ticket": registered["ticket"]})).json()["detail"]
    assert said == f"已于 {at:%Y-%m-%d %H:%M:%S} 由 经办 签到。"


async def test_offer_that_expired_is_refused(house: House, desk: Desk) -> None:
    event = await desk.published(sessions=[session(6, capacity=1)])
    session_id = event["sessions"][0]["id"]
    first = (await desk.register(session_id, phone())).json()
    second = (await desk.register(session_id, phone())).json()
    await desk.post(f"/registrations/{first['code']}/cancel", {"manage_token": first["manage_token"]}, {"x": "y"})
    accept = f"/registrations/{second['code']}/offer/accept"
    house.shift_clock(25 * HOUR)
    proof = {"manage_token": second["manage_token"]}
    answer = await desk.post(accept, proof, {"x": "y"})
    assert problem_of(answer) == (410, "/problems/opendays.offer-expired")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"interactive_steps": []}, "interactive_steps"),
        ({"staff": []}, "staff"),
        ({"place": ""}, "place"),
        ({"accessibility": []}, "accessibility"),
        ({"registration": {"mode": "here"}}, "registration.contact"),
        ({"registration": {"mode": "unknown", "contact": "021"}}, "registration.mode"),
        ({"sessions": [{**session(5), "capacity": None}]}, "sessions[0].capacity"),
    ],
)
async def test_publication_names_what_is_missing(house: House, desk: Desk, changes: dict, field: str) -> None:
    created = (await desk.post("/events", event_draft(**changes))).json()
    path = f"/events/{created['id']}"
    assert (await desk.post(f"{path}/submit")).status_code == 200
    assert (await desk.post(f"{path}/approve", headers=desk.approver)).status_code == 200
    before = await contents(house)
    answer = await desk.post(f"{path}/publish")
    assert problem_of(answer) == (409, "/problems/opendays.not-publishable")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await contents(house) == before


async def test_writer_does_not_approve(house: House, ground: Ground) -> None:
    path = f"/events/{ground.own['id']}"
    assert (await ground.desk.post(f"{path}/submit", headers=ground.desk.approver)).status_code == 200
    answering = ground.desk.post(f"{path}/approve", headers=ground.desk.approver)
    assert await refused(house, answering) == (403, "/problems/opendays.writer-approves")


async def test_expired_token_is_refused(house: House, ground: Ground) -> None:
    house.shift_clock(timedelta(days=-3))
    old = await house.token("office", None, "昨日")
    house.shift_clock(timedelta())
    assert await refused(house, ground.create(old)) == (401, "/problems/kit.bad-token")


@pytest.mark.parametrize("what", ["event", "registration"])
async def test_idempotency_key_gives_one_answer_for_one_body(house: House, ground: Ground, what: str) -> None:
    headers = {**ground.desk.writer, "Idempotency-Key": str(uuid4())}
    path = {"event": "/events", "registration": f"/sessions/{ground.sessions['open']}/registrations"}[what]
    body = {"event": event_draft(title="幂等"), "registration": {"name": "李四", "phone": phone()}}[what]
    twins = await asyncio.gather(*(ground.desk.post(path, body, headers) for _ in range(8)))
    first = twins[0]
    assert first.status_code == 201
    assert {(twin.status_code, twin.content) for twin in twins} == {(201, first.content)}
    before = await contents(house)
    again = await ground.desk.post(path, body, headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert await contents(house) == before
    other = {**body, "title": "另一份"} if what == "event" else {**body, "name": "王五"}
    reused = (422, "/problems/kit.idempotency-key-reused")
    assert await refused(house, ground.desk.post(path, other, headers)) == reused


async def test_idempotency_key_of_a_refused_request_may_be_used_again(ground: Ground) -> None:
    headers = {**ground.desk.writer, "Idempotency-Key": str(uuid4())}
    assert problem_of(await ground.desk.post("/events", event_draft(title=""), headers))[0] == 422
    assert (await ground.desk.post("/events", event_draft(), headers)).status_code == 201
