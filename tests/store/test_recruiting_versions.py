"""A later change of a meeting, an application or a reply says a larger version, though the clock stands still or goes
back between the two: a reader takes the largest for the last."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

import pytest

from kaimen.contracts.accounts import UnitRegistered
from kaimen.hearings import factory as hearings
from kaimen.hearings.app import planning, seating
from kaimen.hearings.app.desk import Desk as HearingDesk
from kaimen.hearings.app.desk import HearingsSettings
from kaimen.hearings.domain.hearings import Hearing
from kaimen.kit.clock import ManualClock
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Database
from kaimen.kit.people import Proof
from kaimen.kit.recruiting.procedure import NewApplication, Receipt, Selection, Verification
from kaimen.kit.service import Service
from kaimen.kit.units import Units
from kaimen.kit.work import Actor, Workshop
from kaimen.representatives import factory as representatives
from kaimen.representatives.app import attending, meetings, recruiting
from kaimen.representatives.app.desk import Desk as MeetingDesk
from kaimen.representatives.app.desk import RepresentativesSettings
from scratch import scratch_database

D = TypeVar("D")
T = TypeVar("T")
UNIT = "区教育局"
OFFICE = Actor("office", "office")
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
STANDING_STILL, GOING_BACK = timedelta(0), timedelta(seconds=-1)


class Office(Generic[D]):
    """Takes each step in a transaction of its own, and moves the clock by `tick` in between."""

    def __init__(self, database: Database, desk: Callable[..., D], settings: Any, tick: timedelta) -> None:
        self.database = database
        self.clock = ManualClock(AT)
        self._tick = tick
        self._desk = desk
        self._settings = settings

    async def does(self, step: Callable[[D], Awaitable[T]]) -> T:
        async with Workshop(self.database, self.clock).open(OFFICE) as work:
            done = await step(self._desk(work, Vault(bytes(32), "test"), self._settings))
        self.clock.advance(self._tick)
        return done

    async def said(self, subject: str, field: str | None = None) -> dict[UUID, list[tuple[str, int]]]:
        """By aggregate: what each fact says in `field`, and its version, in the order of the stream."""
        rows = await self.database.pool.fetch(
            "select aggregate_id::uuid as id, version, convert_from(body, 'UTF8')::jsonb ->> $2 as said"
            " from outbox where subject = $1 order by seq",
            subject,
            field or "",
        )
        found: dict[UUID, list[tuple[str, int]]] = {}
        for row in rows:
            found.setdefault(row["id"], []).append((row["said"], row["version"]))
        return found


@asynccontextmanager
async def office_of(
    folder: Path, service: Service, desk: Callable[..., D], settings: Any, tick: timedelta
) -> AsyncIterator[Office[D]]:
    async with scratch_database(folder, service=service) as database:
        async with database.transaction() as connection:
            unit = UnitRegistered(UUID(int=1), 1, UNIT, None, "bureau", None, "青浦区")
            await Units(connection).save(unit)
        yield Office(database, desk, settings, tick)


def must_grow(changes: list[tuple[str, int]]) -> None:
    versions = [version for _, version in changes]
    assert versions == sorted(set(versions)), changes


def applicant(number: int) -> NewApplication:
    return NewApplication(name="张三", phone=str(13100000000 + number), meets_conditions=True)


@pytest.mark.parametrize("tick", [STANDING_STILL, GOING_BACK])
async def test_versions_of_a_meeting_and_its_people_grow(tmp_path: Path, tick: timedelta) -> None:
    async with office_of(tmp_path, representatives.SERVICE, MeetingDesk, RepresentativesSettings(), tick) as office:
        draft = meetings.MeetingDraft(
            unit=UNIT, title="主任办公会", starts_at=AT + 20 * DAY, ends_at=AT + 21 * DAY,
            items=(meetings.ItemDraft(title="学区"),),
        )  # fmt: skip
        meeting = await office.does(lambda desk: meetings.plan_meeting(desk, draft))

        async def change(desk: MeetingDesk) -> None:
            here = meetings.MeetingChange(place="301 会议室")
            await meetings.change_meeting(desk, await desk.own_meeting(meeting.id), here)

        await office.does(change)

        async def call(desk: MeetingDesk) -> UUID:
            wanted = recruiting.Call(
                method="panel", seats=2, criteria="熟悉教育", opens_at=AT - DAY, closes_at=AT + DAY, confirm_days=1
            )
            return (await recruiting.open_recruitment(desk, await desk.own_meeting(meeting.id), wanted)).id

        recruitment_id = await office.does(call)

        async def apply(desk: MeetingDesk, number: int) -> Receipt:
            return await desk.recruiting.apply(*await desk.recruiting.recruitment(recruitment_id), applicant(number))

        receipts = [await office.does(lambda desk, n=number: apply(desk, n)) for number in range(3)]
        first, second, third = receipts
        for receipt in receipts:
            await office.does(lambda desk, code=receipt.code: desk.recruiting.verify(code, Verification()))

        async def withdraw(desk: MeetingDesk) -> None:
            await desk.recruiting.withdraw(await desk.recruiting.holder(third.code, Proof(third.manage_token)))

        await office.does(withdraw)
        office.clock.advance(2 * DAY)

        async def select(desk: MeetingDesk) -> None:
            """In one transaction they are put into the pool and invited."""
            chosen = (first.pseudonym, second.pseudonym)
            given = Selection(selected=chosen, reasons=dict.fromkeys(chosen, "经验"))
            await desk.recruiting.select(*await desk.recruiting.own_recruitment(recruitment_id), given)

        await office.does(select)

        async def answer(desk: MeetingDesk, receipt: Receipt, *, comes: bool) -> None:
            application = await desk.recruiting.holder(receipt.code, Proof(receipt.manage_token))
            await (desk.recruiting.confirm if comes else desk.recruiting.decline)(application)

        await office.does(lambda desk: answer(desk, first, comes=True))
        await office.does(lambda desk: answer(desk, second, comes=False))
        office.clock.advance(20 * DAY)

        async def hold(desk: MeetingDesk) -> None:
            present = attending.AttendanceList(present=(first.pseudonym,))
            await attending.record_attendance(desk, await desk.own_meeting(meeting.id), present)

        await office.does(hold)

        async def listen(desk: MeetingDesk) -> UUID:
            held = await desk.own_meeting(meeting.id)
            given = attending.NewStatement(representative=first.pseudonym, item=held.items[0].id, summary="支持")
            return (await attending.take_statement(desk, held, given)).id

        statement_id = await office.does(listen)
        for outcome in ("partly", "adopted"):
            reply = attending.Reply(outcome=outcome, reason="可行")  # type: ignore[arg-type]
            await office.does(lambda desk, given=reply: attending.reply_to_statement(desk, statement_id, given))
        entries = await office.said("representatives.calendar.changed.v1")
        applications = await office.said("representatives.application.changed.v1", "state")
        replies = await office.said("representatives.statement.replied.v1", "outcome")
    assert len(entries[meeting.id]) == 3
    must_grow(entries[meeting.id])
    assert sorted([state for state, _ in changes] for changes in applications.values()) == [
        ["applied", "verified", "pooled", "invited", "confirmed", "attended"],
        ["applied", "verified", "pooled", "invited", "declined"],
        ["applied", "verified", "withdrawn"],
    ]
    for changes in applications.values():
        must_grow(changes)
    assert [outcome for outcome, _ in replies[statement_id]] == ["partly", "adopted"]
    must_grow(replies[statement_id])


@pytest.mark.parametrize("tick", [STANDING_STILL, GOING_BACK])
async def test_versions_of_a_hearings_people_grow(tmp_path: Path, tick: timedelta) -> None:
    async with office_of(tmp_path, hearings.SERVICE, HearingDesk, HearingsSettings(), tick) as office:
        draft = planning.HearingDraft(
            unit=UNIT, title="听证会", matters="学区", draft_url="https://example.cn/draft",
            explanation_url="https://example.cn/why", starts_at=AT + 40 * DAY,
            ends_at=AT + 41 * DAY, place="301", presider="甲", recorder="乙",
            sides=(planning.SideDraft(name="居民", why="子女入学"),),
            groups=(
                planning.GroupDraft(name="居民组", side="居民", seats=1, method="invited"),
                planning.GroupDraft(name="旁听组", role="observer", seats=1, method="first_come"),
            ),
            opens_at=AT - DAY, closes_at=AT + 9 * DAY,
        )  # fmt: skip

        async def announce(desk: HearingDesk) -> Hearing:
            hearing = await planning.plan_hearing(desk, draft)
            return await planning.announce_hearing(desk, hearing)

        hearing = await office.does(announce)

        async def apply(desk: HearingDesk, number: int) -> Receipt:
            wanted = seating.HearingApplication(
                name="张三", phone=str(13100000000 + number), meets_conditions=True, group="旁听组"
            )
            return await seating.apply(desk, await desk.hearing(hearing.id), wanted)

        first, second = [await office.does(lambda desk, n=number: apply(desk, n)) for number in range(2)]

        async def postpone(desk: HearingDesk) -> None:
            """Everybody with a seat is asked again."""
            given = planning.Postponement(reason="场地", starts_at=AT + 50 * DAY, ends_at=AT + 51 * DAY)
            await planning.postpone_hearing(desk, await desk.own_hearing(hearing.id), given)

        await office.does(postpone)

        async def decline(desk: HearingDesk) -> None:
            """The next one moves up."""
            await desk.recruiting.decline(await desk.recruiting.holder(first.code, Proof(first.manage_token)))

        await office.does(decline)

        async def cancel(desk: HearingDesk) -> None:
            await planning.cancel_hearing(desk, await desk.own_hearing(hearing.id), "撤回")

        await office.does(cancel)
        applications = await office.said("hearings.application.changed.v1", "state")
        entries = await office.said("hearings.calendar.changed.v1")
    assert second.state == "reserve"
    assert sorted([state for state, _ in changes] for changes in applications.values()) == [
        ["confirmed", "invited", "declined"],
        ["reserve", "confirmed", "withdrawn"],
    ]
    for changes in applications.values():
        must_grow(changes)
    must_grow(entries[hearing.id])
