"""Facts that wait together are handled together; whatever goes wrong among them, each still has its effect once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import permutations, product
from uuid import UUID

import pytest
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from houses import until
from kaimen.contracts.accounts import UnitRegistered
from kaimen.contracts.envelope import Envelope, envelope
from kaimen.contracts.opendays import EventPublished, EventReported, EventRevised, ReportFigures
from kaimen.host.embedded import Embedded
from kaimen.kit.bus import Bus, Subscription, has_read_all, listen, rewind
from kaimen.kit.clock import SystemClock
from kaimen.kit.db import Database, migrate
from kaimen.kit.ids import new_id
from kaimen.kit.work import SYSTEM, Work, Workshop
from kaimen.openmonth.consumers import take_many
from kaimen.openmonth.factory import SERVICE
from unit.test_openmonth_rules import event as open_event

WAITING = 300
POISON = 150
AT = datetime(2026, 3, 1, tzinfo=UTC)
TABLE = "create table effects (place serial, number int not null, moved bigint not null default txid_current())"


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    async with Embedded(tmp_path_factory.mktemp("batches"), valkey=False) as opened:
        yield opened


class Reader:
    """One durable reader of a stream of its own, over a database of its own."""

    def __init__(self, name: str, bus: Bus, workshop: Workshop) -> None:
        self.name = name
        self.bus = bus
        self.workshop = workshop
        self.calls: Counter[int] = Counter()
        self.before: Callable[[Work, int], object] = lambda work, number: None

    async def handle(self, work: Work, fact: Envelope) -> None:
        number = int(fact.body)
        self.calls[number] += 1
        waiting = self.before(work, number)
        if asyncio.iscoroutine(waiting):
            await waiting
        await work.connection.execute("insert into effects (number) values ($1)", number)

    async def handle_many(self, work: Work, facts: Sequence[Envelope]) -> None:
        for fact in facts:
            await self.handle(work, fact)

    def subscription(self, *, many: bool = False) -> Subscription:
        subjects = (f"{self.name}.>",)
        return Subscription(self.name, f"{self.name}-reader", subjects, self.handle, self.handle_many if many else None)

    async def say(self, *numbers: int, trace: bool = False) -> None:
        """Facts with these numbers; the id is made of the number, so a number said twice is one fact said twice."""
        for number in numbers:
            said = Envelope(
                id=UUID(int=number),
                subject=f"{self.name}.number.said.v1",
                aggregate_id=str(number),
                version=1,
                time=AT,
                body=str(number).encode(),
                traceparent=f"00-{number:032x}-{number:016x}-01" if trace else None,
            )
            headers = {**said.headers(), "Nats-Msg-Id": str(new_id())}
            await self.bus.stream.publish(said.subject, said.body, headers=headers)

    @asynccontextmanager
    async def listening(self, subscription: Subscription) -> AsyncIterator[None]:
        task = asyncio.create_task(listen(self.bus, self.workshop, subscription))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def read_all(self, subscription: Subscription, seconds: float = 20) -> None:
        async with self.listening(subscription):
            await until(lambda: has_read_all(self.bus, subscription), seconds=seconds)

    async def effects(self) -> list[int]:
        """The numbers in the order in which they had their effects."""
        rows = await self.workshop.database.pool.fetch("select number from effects order by place")
        return [row["number"] for row in rows]

    async def transactions(self) -> int:
        return await self.workshop.database.pool.fetchval("select count(distinct moved) from effects")

    async def buried(self) -> list[tuple[str, str]]:
        rows = await self.workshop.database.pool.fetch("select event_id, error from dead_letters")
        return [(row["event_id"], row["error"]) for row in rows]


@pytest.fixture
async def reader(servers: Embedded, request: pytest.FixtureRequest) -> AsyncIterator[Reader]:
    name = f"r{new_id().hex[-8:]}"
    await servers.postgres.create_database(name)
    url = servers.postgres.url(name)
    await migrate(url, ["kaimen.kit"])
    database = await Database.open(url, {}, size=4)
    bus = await Bus.open(servers.nats.url, name)
    try:
        await database.pool.execute(TABLE)
        await bus.ensure_stream(name, 1)
        yield Reader(name, bus, Workshop(database, SystemClock()))
    finally:
        await bus.close()
        await database.close()


@pytest.mark.parametrize("many", [False, True])
async def test_waiting_facts_share_transactions_in_the_order_of_the_stream(reader: Reader, many: bool) -> None:
    await reader.say(*range(WAITING))
    await reader.read_all(reader.subscription(many=many))
    assert await reader.effects() == list(range(WAITING))
    assert await reader.transactions() < WAITING / 10


async def test_fact_that_stands_twice_in_a_batch_has_its_effect_once(reader: Reader) -> None:
    await reader.say(0, 1, 2, 1, 3, 0, 3, 4)
    await reader.read_all(reader.subscription())
    assert await reader.effects() == [0, 1, 2, 3, 4]
    await reader.say(4, 2, 5, 0, 6, 5)
    await reader.read_all(reader.subscription())
    assert await reader.effects() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("many", [False, True])
async def test_poison_in_a_batch_is_buried_alone_after_five_tries(reader: Reader, many: bool) -> None:
    def refuse(_: Work, number: int) -> None:
        if number == POISON:
            raise ZeroDivisionError

    reader.before = refuse
    await reader.say(*range(WAITING))
    await reader.read_all(reader.subscription(many=many), seconds=40)
    assert await reader.effects() == [number for number in range(WAITING) if number != POISON]
    assert await reader.buried() == [(str(UUID(int=POISON)), "ZeroDivisionError")]
    assert reader.calls[POISON] == 1 + 5  # once together with the others


async def test_message_without_headers_in_a_batch_is_buried_alone(reader: Reader) -> None:
    await reader.say(0, 1)
    await reader.bus.stream.publish(f"{reader.name}.number.said.v1", b"2")
    await reader.say(3, 4)
    await reader.read_all(reader.subscription(), seconds=40)
    assert await reader.effects() == [0, 1, 3, 4]
    assert await reader.buried() == [("stream-sequence-3", "KeyError")]


async def test_connection_lost_in_a_batch_takes_nothing_with_it(reader: Reader) -> None:
    async def lose(work: Work, number: int) -> None:
        if number == POISON and reader.calls[number] == 1:
            await work.connection.execute("select pg_terminate_backend(pg_backend_pid())")

    reader.before = lose
    await reader.say(*range(WAITING))
    await reader.read_all(reader.subscription())
    assert await reader.effects() == list(range(WAITING))
    assert await reader.buried() == []


async def test_reader_that_dies_in_a_batch_or_after_its_commit_repeats_nothing(reader: Reader) -> None:
    """Nothing is acknowledged in either case: the stream brings all of it again after 30 seconds."""
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    async def die(work: Work, number: int) -> None:
        if number == POISON:
            await hang()
        if number == WAITING + 1:
            work.after_commit(hang)

    reader.before = die
    subscription = reader.subscription()
    await reader.say(*range(WAITING))
    async with reader.listening(subscription):
        await reached.wait()
    assert await reader.effects() == [0]
    reached.clear()
    await reader.say(*range(WAITING, WAITING + 3))
    async with reader.listening(subscription):
        await reached.wait()
    assert await reader.effects() == [0, WAITING, WAITING + 1, WAITING + 2]
    reader.before = lambda work, number: None
    await reader.read_all(subscription, seconds=60)
    assert Counter(await reader.effects()) == Counter(range(WAITING + 3))
    assert await reader.buried() == []


async def test_fact_that_follows_from_one_of_a_batch_carries_its_trace(reader: Reader) -> None:
    def emit(work: Work, number: int) -> None:
        unit = UnitRegistered(UUID(int=number), 1, f"单位{number}", None, "bureau", None, "青浦区")
        work.emit(unit, aggregate_id=UUID(int=number), version=1)

    reader.before = emit
    await reader.say(*range(1, 5), trace=True)
    await reader.read_all(reader.subscription())
    rows = await reader.workshop.database.pool.fetch("select aggregate_id, traceparent from outbox order by seq")
    assert [(row["aggregate_id"], row["traceparent"]) for row in rows] == [
        (str(UUID(int=number)), f"00-{number:032x}-{number:016x}-01") for number in range(1, 5)
    ]


async def test_rebuild_brings_every_fact_again_to_a_reader_that_listens(reader: Reader) -> None:
    subscription = reader.subscription()
    await reader.say(*range(WAITING))
    async with reader.listening(subscription):
        await until(lambda: has_read_all(reader.bus, subscription))
        await rewind(reader.bus, reader.workshop, [subscription])

        async def twice() -> bool:
            return await reader.effects() == [*range(WAITING), *range(WAITING)]

        await until(twice)


async def test_reader_of_an_earlier_release_goes_on_where_it_was(reader: Reader) -> None:
    """Its durable allowed fewer messages on their way."""
    subscription = reader.subscription()
    before = ConsumerConfig(
        durable_name=subscription.durable, deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.EXPLICIT,
        ack_wait=30, max_ack_pending=200, filter_subjects=list(subscription.subjects),
    )  # fmt: skip
    await reader.bus.stream.add_consumer(reader.name, before)
    await reader.say(*range(WAITING))
    await reader.read_all(subscription)
    assert await reader.effects() == list(range(WAITING))
    info = await reader.bus.stream.consumer_info(reader.name, subscription.durable)
    assert (info.config.max_ack_pending, info.delivered.consumer_seq if info.delivered else 0) == (1000, WAITING)


async def test_open_month_takes_many_facts_as_it_takes_each_of_them(servers: Embedded) -> None:
    """In every order, and however they are parted: the last version, and the report's figures."""
    await servers.postgres.create_database("openmonth")
    url = servers.postgres.url("openmonth")
    await migrate(url, SERVICE.migrations)
    database = await Database.open(url, SERVICE.constraints, size=2)
    workshop = Workshop(database, SystemClock())
    figures = ReportFigures(12, 10, 2, 1, 4, 3, True)
    try:
        for number, (order, first) in enumerate(product(permutations(range(4)), range(5)), 1):
            pictures = [open_event(number, version=version, title=f"第{version}版") for version in range(1, 5)]
            facts = [EventPublished(pictures[0]), EventRevised(pictures[1]), EventReported(pictures[2], figures)]
            facts.append(EventRevised(pictures[3]))
            said = [as_said(facts[place]) for place in order]
            for part in (said[:first], said[first:]):
                async with workshop.open(SYSTEM) as work:
                    await take_many(work, part)
        rows = await database.pool.fetch(
            "select version, body ->> 'title' as title, figures is null as bare from events"
        )
        assert {tuple(row) for row in rows} == {(4, "第4版", False)}
        assert len(rows) == 24 * 5
    finally:
        await database.close()


def as_said(fact: EventPublished | EventRevised | EventReported) -> Envelope:
    event = fact.event
    return envelope(fact, id=new_id(), aggregate_id=str(event.event_id), version=event.version, time=AT)
