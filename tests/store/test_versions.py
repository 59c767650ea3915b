"""A later change of a registration, a reply or a private feed says a larger version, whatever the clocks of several
hosts show, and however long it waited for its turn: a reader takes the largest for the last."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from faults.test_race import _one_seat
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Database
from kaimen.kit.people import Proof
from kaimen.kit.work import ANONYMOUS, SYSTEM, Workshop
from kaimen.opendays.app import after, events, registrations, subscriptions
from kaimen.opendays.app.desk import Desk, OpenDaysSettings
from kaimen.opendays.app.registrations import Arrival, Confirmation, NewRegistration
from scratch import scratch_database


class StandingClock:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


@asynccontextmanager
async def desk_at(database: Database, at: datetime) -> AsyncIterator[Desk]:
    """One transaction of a host whose clock shows `at`."""
    async with Workshop(database, StandingClock(at)).open(SYSTEM) as work:
        yield Desk(work, Vault(bytes(32), "opendays"), OpenDaysSettings())


async def said(database: Database, subject: str, field: str) -> list[tuple[str, int]]:
    """What the facts say in `field`, and their versions, in the order of the stream."""
    rows = await database.pool.fetch(
        "select version, convert_from(body, 'UTF8')::jsonb ->> $2 as said from outbox where subject = $1 order by seq",
        subject,
        field,
    )
    return [(row["said"], row["version"]) for row in rows]


async def test_versions_grow_with_the_order_of_changes_when_clocks_go_backwards(tmp_path: Path) -> None:
    async with scratch_database(tmp_path) as database:
        session = await _one_seat(database)
        at = datetime.now(UTC)
        arrivals = [
            Arrival(ANONYMOUS, session.id, NewRegistration(name="张三", phone=str(13100000000 + number)))
            for number in range(3)
        ]
        async with desk_at(database, at) as desk:
            made = [each for each in await registrations.register(desk, arrivals) if isinstance(each, Confirmation)]
        first, second, third = made
        async with desk_at(database, at - timedelta(seconds=1)) as desk:
            await registrations.cancel_registration(desk, first.code, Proof(first.manage_token))
        async with desk_at(database, at - timedelta(seconds=2)) as desk:
            await registrations.accept_offer(desk, second.code, Proof(second.manage_token))
        async with desk_at(database, at - timedelta(seconds=3)) as desk:
            event = await desk.event(session.event_id, for_change=True)
            await events.cancel_event(desk, event, "台风")
        rows = await database.pool.fetch(
            "select aggregate_id::uuid as id, version, convert_from(body, 'UTF8')::jsonb ->> 'state' as state"
            " from outbox where subject = 'opendays.registration.changed.v1' order by seq"
        )
    said = {each.id: [(row["state"], row["version"]) for row in rows if row["id"] == each.id] for each in made}
    assert [[state for state, _ in said[each.id]] for each in made] == [
        ["confirmed", "withdrawn"],
        ["waitlisted", "offered", "confirmed", "withdrawn"],
        ["waitlisted", "withdrawn"],
    ]
    for changes in said.values():
        versions = [version for _, version in changes]
        assert versions == sorted(set(versions)), changes
    assert third.state == "waitlisted"


@pytest.mark.parametrize("tick", [timedelta(0), timedelta(seconds=-1)])
async def test_second_reply_to_a_suggestion_has_a_larger_version(tmp_path: Path, tick: timedelta) -> None:
    async with scratch_database(tmp_path) as database:
        session = await _one_seat(database)
        at = datetime.now(UTC)
        async with desk_at(database, at) as desk:
            given = after.NewSuggestion(kind="suggestion", text="多开放几天")
            suggestion = await after.add_suggestion(desk, await desk.event(session.event_id), given)
        outcomes: list[Any] = ["partly", "adopted"]
        for number, outcome in enumerate(outcomes):
            async with desk_at(database, at + number * tick) as desk:
                await after.reply_to_suggestion(desk, suggestion["id"], after.Reply(reply="可行", outcome=outcome))
        replies = await said(database, "opendays.suggestion.replied.v1", "outcome")
    assert [outcome for outcome, _ in replies] == outcomes
    assert replies[0][1] < replies[1][1]


@pytest.mark.parametrize("tick", [timedelta(0), timedelta(seconds=-1)])
async def test_every_change_of_a_private_feed_has_a_larger_version(tmp_path: Path, tick: timedelta) -> None:
    async with scratch_database(tmp_path) as database:
        sessions = [await _one_seat(database, days) for days in (10, 20)]
        at = datetime.now(UTC)
        person = NewRegistration(name="张三", phone="13100000000")
        receipts = []
        for number, session in enumerate(sessions):
            async with desk_at(database, at + number * 2 * tick) as desk:
                receipts += await registrations.register(desk, [Arrival(ANONYMOUS, session.id, person)])
            if number == 0:
                proof = Proof(receipts[0].manage_token)
                async with desk_at(database, at + tick) as desk:
                    await subscriptions.grant(desk, receipts[0].code, proof, "https://example.cn")
        async with desk_at(database, at + 3 * tick) as desk:
            await subscriptions.revoke(desk, receipts[0].code, proof)
        changes = await said(database, "opendays.feed.changed.v1", "revoked")
    assert [revoked for revoked, _ in changes] == ["false", "false", "true"]
    versions = [version for _, version in changes]
    assert versions == sorted(set(versions)), changes
