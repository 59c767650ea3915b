"""How SQL counts the clocks is how the domain sees each of them."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from kaimen.adoption.domain.clocks import SOON, Clock, Standing, days_left, state_of
from kaimen.adoption.factory import SERVICE
from kaimen.adoption.store.repository import Repository
from kaimen.host.embedded import Embedded
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Database, migrate
from kaimen.kit.workdays import Workdays

TODAY = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 1, tzinfo=UTC)
WORKDAYS = Workdays([])


def working_day(dice: random.Random, first: int, last: int) -> date:
    while True:
        day = TODAY + timedelta(days=dice.randint(first, last))
        if WORKDAYS.is_working_day(day):
            return day


def some_clock(dice: random.Random) -> Clock:
    """Its last day lies within ten days of today; it was met, dropped or recorded as late before or after that."""
    kind: Any = dice.choice(("report", "disclosure"))
    last = working_day(dice, -10, 10)
    due_on = dice.choice((last, last, last, None))
    ended_on = TODAY - timedelta(days=dice.randint(0, 10))
    ending = dice.choice(("open", "open", "met", "dropped"))
    noted = due_on is not None and due_on < (ended_on if ending != "open" else TODAY) and dice.random() < 0.5
    return Clock(
        id=UUID(int=dice.getrandbits(128)),
        version=1,
        kind=kind,
        unit="区教育局",
        catalogue_item=UUID(int=dice.getrandbits(128)),
        title="",
        document_no="",
        url="",
        started_on=TODAY - timedelta(days=20),
        due_on=due_on,
        not_before=last,
        original_due_on=due_on,
        met_on=ended_on if ending == "met" else None,
        dropped_on=ended_on if ending == "dropped" else None,
        breached_on=due_on + timedelta(days=1) if noted and due_on else None,
        created_at=AT,
        changed_at=AT,
        issue_version=1,
    )


def standing_of(clock: Clock) -> Standing:
    state = state_of(clock, TODAY)
    if state in ("met", "met_late"):
        return state
    if clock.dropped_on is not None:
        return "dropped"
    if state == "breached":
        return "overdue"
    return "soon" if days_left(clock, TODAY, WORKDAYS) <= SOON else "later"


async def test_count_in_sql_is_the_count_of_the_domain(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    async with Embedded(tmp_path, nats=False, valkey=False) as servers:
        await servers.postgres.create_database("adoption")
        url = servers.postgres.url("adoption")
        await migrate(url, SERVICE.migrations)
        database = await Database.open(url, SERVICE.constraints, size=2)
        try:
            async with database.transaction() as connection:
                store = Repository(connection, Vault(bytes(32), "adoption"))
                clocks = [some_clock(dice) for _ in range(400)]
                for clock in clocks:
                    await store.add_clock(clock)
                soon = WORKDAYS.deadline(TODAY, SOON).not_before
                counted = await store.count_clocks(TODAY, soon)
        finally:
            await database.close()
    assert counted == Counter((clock.kind, standing_of(clock)) for clock in clocks)
    assert {standing for _, standing in counted} == {"overdue", "soon", "later", "met", "met_late", "dropped"}
