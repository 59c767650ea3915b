"""A year's holiday notice from its absence to its amendment, in a house that waits for it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from component.test_hearings import Chamber
from component.test_representatives import Hall
from houses import Desk, House, event_draft, open_house, problem_of, until
from kaimen.kit.clock import local_date
from kaimen.kit.workdays import BASE_SOURCE, BASE_YEARS, Workdays, read_notice

API = "/api/calendar/v1"
DAY = timedelta(days=1)
NEW = BASE_YEARS.stop
"""The first year of which the base knows nothing."""
GAUGE = "kaimen_holiday_year_missing"


def instant(month: int, day: int) -> datetime:
    """Noon in Shanghai, in the year before the new one."""
    return datetime(NEW - 1, month, day, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
async def own_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    shift = instant(10, 20) - datetime.now(UTC)
    async with open_house(
        tmp_path_factory.mktemp("holidays"), "--without", "portal", "--no-seed", shift=shift
    ) as house:
        unit = {"short_name": "区教育局", "kind": "bureau", "district": "310118"}
        office = await house.token("office")
        assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        for service in ("opendays", "representatives", "hearings"):
            await until(lambda service=service: count(house, service, "select count(*) from units"))
        yield house


async def count(house: House, service: str, query: str, *values: Any) -> Any:
    database = await house.database(service)
    try:
        return await database.fetchval(query, *values)
    finally:
        await database.close()


async def kaimen(house: House, *arguments: str) -> tuple[int, list[str], list[str]]:
    """Exit code, lines of the answer and of what is wrong, as an operator sees them beside the house."""
    line = [sys.executable, "-m", "kaimen.host", *arguments, "--data", str(house.folder)]
    done = await asyncio.to_thread(subprocess.run, line, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


def notice_file(year: int, *, eve_off: bool = False) -> dict[str, Any]:
    """A notice as it might be; with `eve_off`, New Year lasts up to the first weekday after it, without make-up."""
    new_year = [date(year, 1, 1)]
    while eve_off and (new_year[-1].weekday() >= 5 or len(new_year) == 1):
        new_year.append(new_year[-1] + DAY)
    holidays = {
        "元旦": [date(year, 1, 1)],
        "春节": [date(year, 2, 5) + n * DAY for n in range(8)],
        "清明节": [date(year, 4, 4) + n * DAY for n in range(3)],
        "劳动节": [date(year, 5, 1) + n * DAY for n in range(5)],
        "端午节": [date(year, 6, 9)],
        "中秋节": [date(year, 9, 15)],
        "国庆节": [date(year, 10, 1) + n * DAY for n in range(7)],
    }
    off = {day for days in holidays.values() for day in days}
    make_up = sum(day.weekday() < 5 for day in off) - 13
    sundays = [day for n in range(60, 150) if (day := date(year, 1, 1) + n * DAY).weekday() == 6 and day not in off]
    holidays["元旦"] = new_year
    days = [{"name": name, "date": str(day), "isOffDay": True} for name, found in holidays.items() for day in found]
    days += [{"name": "劳动节", "date": str(day), "isOffDay": False} for day in sundays[:make_up]]
    return {"year": year, "papers": [f"https://www.gov.cn/{year}.htm"], "days": days}


def written(folder: Path, name: str, file: dict[str, Any]) -> str:
    path = folder / name
    path.write_text(json.dumps(file), "utf-8")
    return str(path)


def known_by(path: str) -> Workdays:
    return Workdays([read_notice(Path(path).read_bytes(), amendment=True)])


async def years(house: House) -> dict[str, Any]:
    answer = await house.client.get(f"{API}/years")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def year_item(house: House, year: int) -> dict[str, Any]:
    return next(item for item in (await years(house))["items"] if item["year"] == year)


async def gauge(house: House) -> float:
    lines = (await house.metrics("calendar")).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{GAUGE} "))


async def deadline(house: House, **asked: Any) -> httpx.Response:
    return await house.client.get(f"{API}/deadline", params=asked)


class _Later:
    """People whose clock starts at a given instant; it never stands anywhere else on the way."""

    def __init__(self, house: House, at: datetime) -> None:
        self.house = house
        self.shift = at - datetime.now(UTC)
        house.shift_clock(self.shift)


class LaterHall(_Later, Hall):
    async def statement(self) -> dict[str, Any]:
        """What an expert said in a meeting three days from now, which is then past."""
        meeting = await self.meeting(3)
        closes_at = (self.now + timedelta(hours=12)).isoformat()
        call = await self.recruitment(meeting, method="invited", quotas={}, entropy=[], closes_at=closes_at)
        expert = self.applicant(1, kind="expert", features={}, publish_name=True)
        receipt = await self.post(f"/recruitments/{call['id']}/applications", expert)
        await self.post(f"/applications/{receipt['code']}/verify", {})
        chosen = {"selected": [receipt["pseudonym"]], "reasons": {receipt["pseudonym"]: "学区规划专家"}}
        await self.post(f"/recruitments/{call['id']}/selection", chosen)
        self.wait_for(timedelta(days=3, hours=1))
        await self.post(f"/meetings/{meeting['id']}/attendance", {"present": [receipt["pseudonym"]]})
        said = {"representative": receipt["pseudonym"], "item": meeting["items"][0]["id"], "summary": "分期实施"}
        statement = await self.post(f"/meetings/{meeting['id']}/statements", said)
        return {
            **statement,
            "meeting": meeting["id"],
            "held_on": local_date(datetime.fromisoformat(meeting["starts_at"])),
        }

    async def due_on(self, statement: dict[str, Any]) -> str | None:
        shown = await self.get(f"/meetings/{statement['meeting']}")
        return next(said["due_on"] for said in shown["statements"] if said["id"] == statement["id"])


class LaterChamber(_Later, Chamber):
    async def plans(self, hearing: dict[str, Any]) -> list[str | None]:
        return [clock["plan_on"] for clock in (await self.read(hearing))["clocks"]]


class Visit:
    """An event on which questions were asked, some of them answered at once."""

    def __init__(self, house: House, event_id: str, staff: dict[str, str]) -> None:
        self.house, self.event_id, self.staff = house, event_id, staff

    @classmethod
    async def of(cls, house: House, now: datetime) -> "Visit":
        writer = await house.token("unit_editor", "区教育局", "经办")
        desk = Desk(house, writer, await house.token("unit_lead", "区教育局", "负责人"))
        starts = now + 10 * DAY
        session = {**event_draft()["sessions"][0], "starts_at": starts.isoformat()}
        session["ends_at"] = (starts + timedelta(hours=2)).isoformat()
        event = await desk.published(sessions=[session])
        return cls(house, event["id"], writer)

    async def ask(self, kind: str = "question") -> dict[str, Any]:
        path = f"/api/opendays/v1/events/{self.event_id}/suggestions"
        answer = await self.house.client.post(path, json={"kind": kind, "text": "何时？"}, headers=self.staff)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def reply(self, asked: dict[str, Any]) -> None:
        path = f"/api/opendays/v1/suggestions/{asked['id']}/reply"
        said = {"reply": "下月。", "outcome": "answered"}
        assert (await self.house.client.post(path, json=said, headers=self.staff)).status_code == 200

    async def due_on(self, asked: dict[str, Any]) -> str | None:
        shown = await self.house.client.get(f"/api/opendays/v1/events/{self.event_id}/suggestions")
        return next(item["due_on"] for item in shown.json()["items"] if item["id"] == asked["id"])


async def test_notice_that_comes_late_gives_every_open_period_its_date(own_house: House, tmp_path: Path) -> None:
    house = own_house
    # October: nobody misses it yet.
    before = await years(house)
    assert (before["alert"], before["missing_year"]) == (False, None)
    assert [item["year"] for item in before["items"]] == [*BASE_YEARS, NEW]
    assert before["items"][-2] == {
        "year": NEW - 1, "version": 0, "status": "official", "source": BASE_SOURCE, "papers": [], "sha256": None,
        "loaded_at": None,
    }  # fmt: skip
    assert (before["items"][-1]["status"], await gauge(house)) == ("missing", 0)
    # November: the clerk of this house should ask for it.
    house.shift_clock(instant(11, 1) - datetime.now(UTC))
    await until(lambda: gauge(house))
    alarmed = await years(house)
    assert (alarmed["alert"], alarmed["missing_year"]) == (True, NEW)
    assert "holiday notice missing" in house_log(house)

    # December: periods begin of which nobody can say when they end.
    chamber = LaterChamber(house, instant(12, 20))
    hearing = await chamber.planned()
    assert None in await chamber.plans(hearing)
    hall = LaterHall(house, instant(12, 20))
    statement = await hall.statement()
    hall.wait_for(instant(12, 29) - hall.now)
    visit = await Visit.of(house, hall.now)
    asked, answered, suggested = await visit.ask(), await visit.ask(), await visit.ask("suggestion")
    await visit.reply(answered)
    asked_on = local_date(hall.now)
    assert (statement["due_on"], asked["due_on"], answered["due_on"]) == (None, None, None)
    code, lines, _ = await kaimen(house, "workdays", str(asked_on), "5")
    assert (code, [line for line in lines if "provisional" in line and f"not before {NEW}-01-" in line]) == (
        3,
        lines[:1],
    )

    # The notice is out.
    path = written(tmp_path, "new.json", notice_file(NEW))
    code, lines, wrong = await kaimen(house, "holidays", "load", path, "--source", "https://example.cn/new.json")
    assert (code, lines[-1]) == (0, "已载入 / loaded"), wrong
    known = known_by(path)
    loaded = await year_item(house, NEW)
    assert (loaded["version"], loaded["status"], loaded["source"]) == (1, "official", "https://example.cn/new.json")
    assert f"{NEW} version 1 sha256 {loaded['sha256']} days {len(notice_file(NEW)['days'])}" in lines
    assert (loaded["papers"], (await years(house))["alert"]) == ([f"https://www.gov.cn/{NEW}.htm"], False)

    async def no_alarm() -> bool:
        return await gauge(house) == 0

    await until(no_alarm)
    await until(lambda: visit.due_on(asked))
    await until(lambda: hall.due_on(statement))
    assert await visit.due_on(asked) == str(known.plus(asked_on, 5))
    assert await hall.due_on(statement) == str(known.plus(statement["held_on"], 10))
    assert (await visit.due_on(answered), await visit.due_on(suggested)) == (None, None)

    async def planned() -> bool:
        return None not in await chamber.plans(hearing)

    await until(planned)
    assert (await visit.ask())["due_on"] == str(known.plus(asked_on, 5))
    code, lines, _ = await kaimen(house, "workdays", str(asked_on), "5")
    assert (code, lines[0]) == (0, str(known.plus(asked_on, 5)))

    # The same again changes nothing.
    facts = "select count(*) from outbox where subject = 'calendar.year.loaded.v1'"
    code, lines, _ = await kaimen(house, "holidays", "load", path)
    assert (code, lines[-1]) == (0, "此前已载入，未作更改 / loaded before, nothing changed")
    assert (await year_item(house, NEW), await count(house, "calendar", facts)) == (loaded, 1)

    # It is amended: what is open moves, what was answered does not.
    path = written(tmp_path, "amended.json", notice_file(NEW, eve_off=True))
    code, _, wrong = await kaimen(house, "holidays", "load", path)
    assert (code, len(wrong), wrong[0].split()[0]) == (2, 1, "days:")
    code, lines, wrong = await kaimen(house, "holidays", "load", path, "--amendment")
    assert (code, lines[-1]) == (0, "已载入 / loaded"), wrong
    assert (await year_item(house, NEW))["version"] == 2
    moved = str(known_by(path).plus(asked_on, 5))
    assert moved > str(known.plus(asked_on, 5))

    async def has_moved() -> bool:
        return await visit.due_on(asked) == moved

    await until(has_moved)
    assert await visit.due_on(answered) is None
    versions = "select array_agg(version order by version) from holiday_notices where year = $1"
    for service in ("calendar", "opendays", "representatives", "hearings"):
        await until(lambda service=service: two_versions(house, service, versions))
    renewed = "select array_agg(to_state order by seq) from audit where action = 'renew-due-date' and object = $1"
    assert await count(house, "opendays", renewed, f"suggestion:{asked['id']}") == [str(known.plus(asked_on, 5)), moved]


async def two_versions(house: House, service: str, query: str) -> bool:
    return await count(house, service, query, NEW) == [1, 2]


def house_log(house: House) -> str:
    return "".join(path.read_text("utf-8", errors="replace") for path in house.folder.rglob("*.log"))


async def test_bad_file_is_named_and_changes_nothing(own_house: House, tmp_path: Path) -> None:
    before = await count(own_house, "calendar", "select count(*) from holiday_notices")
    year = NEW + 1
    shorter = notice_file(year)
    shorter["days"] = [day for day in shorter["days"] if day["name"] != "端午节" and day["date"] != f"{year}-10-03"]
    for name, file, how, faults in (
        ("empty.json", {"year": year, "papers": [], "days": []}, (), 1),
        ("no-notice.json", {"year": year}, (), 1),
        ("shorter.json", shorter, ("--amendment",), 3),
        ("amendment-of-nothing.json", notice_file(year), ("--amendment",), 1),
    ):
        code, lines, wrong = await kaimen(own_house, "holidays", "load", written(tmp_path, name, file), *how)
        assert (code, lines, len(wrong)) == (2, [], faults), (name, wrong)
        assert all(" / " in line for line in wrong)
    code, _, wrong = await kaimen(own_house, "holidays", "load", str(tmp_path / "nowhere.json"))
    assert (code, len(wrong)) == (2, 1)
    assert await count(own_house, "calendar", "select count(*) from holiday_notices") == before


async def test_file_for_no_house_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "new.json", notice_file(NEW))
    (tmp_path / "empty").mkdir()
    line = [sys.executable, "-m", "kaimen.host", "holidays", "load", path, "--data", str(tmp_path / "empty")]
    done = await asyncio.to_thread(subprocess.run, line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr


async def test_period_is_computed_for_everybody(own_house: House) -> None:
    answer = await deadline(own_house, start="2022-09-28", working_days=10)
    assert answer.json() == {
        "start": "2022-09-28",
        "working_days": 10,
        "due_on": "2022-10-17",
        "counted_days": [
            "2022-09-29", "2022-09-30", "2022-10-08", "2022-10-09", "2022-10-10", "2022-10-11", "2022-10-12",
            "2022-10-13", "2022-10-14", "2022-10-17",
        ],
        "provisional": False,
        "not_before": "2022-10-17",
    }  # fmt: skip
    unknown = (await deadline(own_house, start=f"{NEW + 1}-12-30", working_days=3)).json()
    assert (unknown["due_on"], unknown["provisional"], unknown["counted_days"]) == (None, True, [])
    assert unknown["not_before"] == f"{NEW + 2}-01-03"


@pytest.mark.parametrize(
    "asked",
    [
        {"start": "2022-09-28", "working_days": 0},
        {"start": "2022-09-28", "working_days": -1},
        {"start": "2022-09-28", "working_days": 401},
        {"start": "2022-09-28", "working_days": "ten"},
        {"start": "2022-09-28", "working_days": "1.5"},
        {"start": "2022-09-28", "working_days": 10**30},
        {"start": "2022-02-30", "working_days": 10},
        {"start": "yesterday", "working_days": 10},
        {"start": "", "working_days": 10},
        {"start": "2022-09-28"},
        {"working_days": 10},
        {},
    ],
)
async def test_bad_question_is_a_problem(own_house: House, asked: dict[str, Any]) -> None:
    assert problem_of(await deadline(own_house, **asked)) == (422, "/problems/kit.malformed")


async def test_period_at_the_end_of_all_calendars_is_a_problem(own_house: House) -> None:
    answer = await deadline(own_house, start="9999-12-31", working_days=400)
    assert problem_of(answer) == (422, "/problems/kit.beyond-calendar")
