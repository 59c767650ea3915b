"""A deadline does not wait for its workers: a house that stood still for three days warns, and records the breach."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from component.test_adoption_clocks import DAY, SERVICES, SPRING, Cabinet
from component.test_representatives import open_town
from houses import House, open_house, until
from kaimen.kit.workdays import Workdays

CALENDAR = Workdays()


async def issued_in(folder: Path) -> tuple[dict[str, Any], dict[str, Any], Cabinet]:
    """A house that issued a decision and was closed the same day: the item, its clock, and the time."""
    async with open_town(folder, SERVICES) as house:
        cabinet = Cabinet(house)
        item, _ = await cabinet.issued()
        clocks = await cabinet.clocks(item)
        return item, clocks["report"], cabinet


def morning_of(day: date) -> datetime:
    return SPRING + timedelta(days=(day - SPRING.date()).days)


@pytest.mark.parametrize("opens_late_by", [0, 3])
async def test_closed_house_catches_up(tmp_path: Path, opens_late_by: int) -> None:
    """Closed from the day of issue until the last warning, or until three days after the deadline."""
    item, clock, _ = await issued_in(tmp_path)
    due = date.fromisoformat(clock["due_on"])
    wakes = due + opens_late_by * DAY
    shift = morning_of(wakes) - datetime.now(UTC)
    async with open_house(tmp_path, "--only", SERVICES, "--no-seed", shift=shift) as house:
        cabinet = Cabinet(house, morning_of(wakes))
        wanted = ["started", "warned", "breached"] if opens_late_by else ["started", "warned"]

        async def told() -> bool:
            return await cabinet.facts(clock) == wanted

        await until(told)
        now = (await cabinet.clocks(item))["report"]
        assert now["state"] == ("breached" if opens_late_by else "running")
        assert now["breached_on"] == (str(due + DAY) if opens_late_by else None)
        assert await days_left_told(house, clock) == CALENDAR.count(wakes, due)
        assert (await cabinet.get(f"/clocks?state=breached&unit={now['unit']}"))["items"] == [now] * bool(opens_late_by)


async def days_left_told(house: House, clock: dict[str, Any]) -> int:
    database = await house.database("adoption")
    try:
        query = """select convert_from(body, 'UTF8')::jsonb ->> 'days_left' from outbox
            where aggregate_id = $1 and subject = 'adoption.deadline.warned.v1'"""
        return int(await database.fetchval(query, clock["id"]))
    finally:
        await database.close()


async def test_killed_worker_tells_each_thing_once(tmp_path: Path) -> None:
    async with open_town(tmp_path, SERVICES) as house:
        cabinet = Cabinet(house)
        item, _ = await cabinet.issued()
        clock = (await cabinet.clocks(item))["report"]
        due = date.fromisoformat(clock["due_on"])
        for day in (due - 3 * DAY, due, due + DAY):
            cabinet.wait_for(morning_of(day) - morning_of(cabinet.today))
            await house.kill_service("adoption")

        async def breached() -> bool:
            return "breached" in await cabinet.facts(clock)

        await until(breached)
        facts = await cabinet.facts(clock)
        assert facts.count("breached") == 1
        assert facts.count("warned") <= 3
        assert facts[-1] == "breached"
