"""The phase that SQL filters by is the phase that people are shown."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

from kaimen.opendays.domain.events import Event, Phase, RegistrationTerms, Session, phase
from kaimen.opendays.store.repository import EventFilter, Repository
from scratch import scratch_database

AT = datetime(2026, 8, 3, 1, tzinfo=UTC)
STATES = ("draft", "submitted", "published", "published", "published", "held", "postponed", "cancelled")


def some_event(dice: random.Random) -> Event:
    event_id = UUID(int=dice.getrandbits(128))
    state: Any = dice.choice(STATES)
    mode: Any = dice.choice(("here", "here", "here", "phone"))
    return Event(
        id=event_id,
        version=1,
        state=state,
        unit="区教育局",
        organiser="",
        title="参观",
        theme="",
        summary="",
        place="",
        street_code=None,
        accessibility=(),
        interactive_steps=(),
        staff=(),
        audience="",
        capacity_text="",
        registration=RegistrationTerms(mode=mode),
        online=False,
        tentative=False,
        campaign=None,
        reason="",
        writers=("a",),
        approved_by="b",
        source="",
        sequence=0,
        created_at=AT,
        changed_at=AT,
        published_at=AT,
        sessions=tuple(some_session(event_id, dice) for _ in range(dice.randrange(4))),
    )


def some_session(event_id: UUID, dice: random.Random) -> Session:
    """Its times lie within three hours of AT, often exactly on it."""

    def hour(first: int, last: int) -> datetime:
        return AT + timedelta(hours=dice.randint(first, last))

    starts_at = hour(-2, 3)
    state: Any = dice.choice(("scheduled", "scheduled", "postponed", "cancelled"))
    return Session(
        id=UUID(int=dice.getrandbits(128)),
        event_id=event_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        state=state,
        capacity=dice.choice((None, 2, 2, 3)),
        registration_opens_at=dice.choice((None, hour(-3, 2))),
        registration_closes_at=dice.choice((None, hour(-3, 2))),
        created_at=AT,
        changed_at=AT,
    )


async def test_phase_in_sql_is_the_phase_of_the_domain(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    async with scratch_database(tmp_path) as database, database.transaction() as connection:
        store = Repository(connection)
        for _ in range(400):
            event = some_event(dice)
            await store.add_event(event)
            for session in event.sessions:
                if session.capacity:
                    await store.count_seats(session.id, taken=dice.choice((0, session.capacity)))
        everything = await store.list_events(EventFilter(limit=1000), AT, all_units=True, own_unit=None)
        assert len(everything) == 400
        seen = set()
        for at in (AT, AT - timedelta(hours=1), AT + timedelta(minutes=30)):
            for name in get_args(Phase):
                wanted = EventFilter(state=name, limit=1000)
                listed = {event.id for event, _ in await store.list_events(wanted, at, all_units=True, own_unit=None)}
                assert listed == {event.id for event, _ in everything if phase(event, at) == name}, (name, at)
                seen |= {name} if listed else set()
        assert seen == {*STATES, "signup_open", "full", "signup_closed"}
