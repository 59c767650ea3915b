"""A thousand people and one seat; and the proof that this race would oversell without the guard."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from houses import Desk, House, in_days
from kaimen.kit.clock import SystemClock
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Database
from kaimen.kit.ids import new_id
from kaimen.kit.work import ANONYMOUS, SYSTEM, Workshop
from kaimen.opendays.app.desk import Desk as UseCases
from kaimen.opendays.app.desk import OpenDaysSettings
from kaimen.opendays.app.registrations import Arrival, Confirmation, NewRegistration, register
from kaimen.opendays.domain.events import Event, RegistrationTerms, Session
from kaimen.opendays.store.repository import Repository, queries
from scratch import scratch_database

CALLERS = 1000


async def test_one_seat_goes_to_one_of_a_thousand_callers(house: House, desk: Desk) -> None:
    starts = in_days(10)
    one_seat = {
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "capacity": 1,
        "waitlist_limit": 600,
    }
    event = await desk.published(sessions=[one_seat])
    path = f"/api/opendays/v1/sessions/{event['sessions'][0]['id']}/registrations"
    unlimited = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=house.url, timeout=120, limits=unlimited, trust_env=False) as client:

        async def call(number: int) -> str:
            answer = await client.post(path, json={"name": "张三", "phone": str(13100000000 + number)})
            body = answer.json()
            return body["state"] if answer.status_code == 201 else f"{answer.status_code} {body['type']}"

        outcomes = Counter(await asyncio.gather(*(call(number) for number in range(CALLERS))))
    assert outcomes == {"confirmed": 1, "waitlisted": 600, "409 /problems/opendays.session-full": 399}
    database = await house.database("opendays")
    session_id = UUID(event["sessions"][0]["id"])
    counters = await database.fetchrow("select taken, waiting, arrivals from sessions where id = $1", session_id)
    positions = await database.fetch("select position from registrations where session_id = $1 order by 1", session_id)
    wrong = await database.fetch(queries.find_wrong_counts)
    await database.close()
    assert (tuple(counters), wrong) == ((1, 600, 601), [])
    assert [row["position"] for row in positions] == list(range(1, 602))


@pytest.mark.parametrize("guarded", [True, False])
async def test_race_oversells_without_the_lock_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The CHECK constraint, which would stop it too, is dropped: here the row lock stands alone."""
    if not guarded:
        unlocked = queries.lock_sessions.removesuffix(" for no key update")
        assert unlocked != queries.lock_sessions
        monkeypatch.setitem(queries._blocks, "lock_sessions", unlocked)
    async with scratch_database(tmp_path, size=24) as database:
        await database.pool.execute("alter table sessions drop constraint sessions_not_oversold")
        session = await _one_seat(database)
        workshop = Workshop(database, SystemClock())
        vault = Vault(bytes(32), "opendays")

        async def call(number: int) -> int:
            person = NewRegistration(name="张三", phone=str(13100000000 + number))
            async with workshop.open(ANONYMOUS) as work:
                use_cases = UseCases(work, vault, OpenDaysSettings())
                (outcome,) = await register(use_cases, [Arrival(ANONYMOUS, session.id, person)])
            return isinstance(outcome, Confirmation) and outcome.state == "confirmed"

        confirmed = sum(await asyncio.gather(*(call(number) for number in range(24))))
        taken = await database.pool.fetchval("select taken from sessions where id = $1", session.id)
    assert taken == confirmed
    if guarded:
        assert confirmed == 1
    else:
        assert confirmed > 1


async def _one_seat(database: Database, days: int = 10) -> Session:
    at = datetime.now(UTC)
    event_id = new_id()
    starts = in_days(days)
    session = Session(
        id=new_id(),
        event_id=event_id,
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        capacity=1,
        created_at=at,
        changed_at=at,
    )
    event = Event(
        id=event_id,
        version=1,
        state="published",
        unit="区教育局",
        organiser="",
        title="参观",
        theme="",
        summary="",
        place="公园路",
        street_code=None,
        accessibility=(),
        interactive_steps=("qa",),
        staff=(),
        audience="",
        capacity_text="",
        registration=RegistrationTerms(),
        online=False,
        tentative=False,
        campaign=None,
        reason="",
        writers=("writer",),
        approved_by="approver",
        source="",
        sequence=0,
        created_at=at,
        changed_at=at,
        published_at=at,
        sessions=(session,),
    )
    async with Workshop(database, SystemClock()).open(SYSTEM) as work:
        await Repository(work.connection).add_event(event)
    return session
