"""A reader that lost its data, and one that could not handle a message: both are put right by one command."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import nats
import pytest

from houses import Desk, House, open_house, until

FEED = "/calendar/district.ics"


@pytest.fixture(scope="module")
async def own_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("readers"), "--without", "portal") as opened:
        yield opened


def kaimen(house: House, *arguments: str) -> tuple[int, list[str]]:
    """Exit code and lines of a subcommand, run beside the house as an operator would."""
    line = [sys.executable, "-m", "kaimen.host", *arguments, "--data", str(house.folder)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout.splitlines()


async def feed(house: House) -> bytes:
    answer = await house.client.get(FEED)
    return answer.content if answer.status_code == 200 else b""


async def test_calendar_that_lost_its_rows_is_rebuilt_to_the_same_bytes(own_house: House) -> None:
    desk = Desk(
        own_house,
        await own_house.token("unit_editor", "区教育局", "经办"),
        await own_house.token("unit_lead", "区教育局", "负责人"),
    )
    event = await desk.published(title="重建后还在")
    assert (await desk.post(f"/events/{event['id']}/cancel", {"reason": "台风"})).status_code == 200

    async def complete() -> bytes:
        body = await feed(own_house)
        return body if "【已取消】重建后还在".encode() in body.replace(b"\r\n ", b"") else b""

    before = await until(complete)
    database = await own_house.database("calendar")
    await database.execute("truncate entries")
    await database.close()
    await own_house.kill("serve", "calendar")
    assert await feed(own_house) != before
    assert kaimen(own_house, "rebuild", "calendar") == (0, [])

    async def same() -> bool:
        return await feed(own_house) == before

    await until(same)


async def test_message_that_nobody_can_read_waits_and_is_replayed(own_house: House) -> None:
    """A constraint that a wrong migration left behind stands for whatever makes a handler fail."""
    database = await own_house.database("calendar")
    await database.execute("alter table entries add constraint never check (false) not valid")
    desk = Desk(
        own_house,
        await own_house.token("unit_editor", "区教育局", "经办"),
        await own_house.token("unit_lead", "区教育局", "负责人"),
    )
    await desk.published(title="死信重放")
    client = await nats.connect(own_house.servers.nats.url)
    headers = {"ce-id": str(uuid4()), "ce-time": datetime.now(UTC).isoformat(), "Nats-Msg-Id": str(uuid4())}
    await client.jetstream().publish("opendays.calendar.changed.v1", b"no json", headers=headers)
    await client.close()

    async def buried() -> bool:
        return await database.fetchval("select count(*) from dead_letters where replayed_at is null") == 2

    await until(buried, seconds=60)
    assert "kaimen_dead_letters 2.0" in (await own_house.metrics("calendar")).splitlines()
    code, lines = kaimen(own_house, "dead-letters", "calendar")
    assert (code, sorted(line.split()[-1] for line in lines)) == (1, ["CheckViolationError", "KeyError"])
    await database.execute("alter table entries drop constraint never")
    code, lines = kaimen(own_house, "dead-letters", "calendar", "--replay")
    assert (code, sorted(line.split()[-1] for line in lines)) == (1, ["KeyError", "✓"])

    async def shown() -> bool:
        return "死信重放".encode() in await feed(own_house)

    await database.close()
    assert await until(shown)
