"""NATS JetStream: facts leave through the outbox relay and arrive, exactly once in effect, through the inbox."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from kaimen.contracts.envelope import Envelope, from_headers
from kaimen.kit.db import Unavailable, queries
from kaimen.kit.logs import log
from kaimen.kit.traces import Span, Traces
from kaimen.kit.work import SYSTEM, Work, Workshop

DUPLICATE_WINDOW = timedelta(minutes=15)
DELIVERIES_BEFORE_DEATH = 5
_RELAY_BATCH = 500
_FETCH_BATCH = 500
_MESSAGING = {"messaging.system": "nats"}

Handler = Callable[[Work, Envelope], Awaitable[None]]
HandlerOfMany = Callable[[Work, Sequence[Envelope]], Awaitable[None]]


class Subscription(msgspec.Struct, frozen=True):
    """A durable reader `durable` of a service's stream: these subjects, each handled by `handle`.

    `handle_many` takes facts that waited together, in the order of the stream, and has the same effect as `handle` one
    after the other: for readers whose rebuild would take too long otherwise."""

    service: str
    durable: str
    subjects: tuple[str, ...]
    handle: Handler
    handle_many: HandlerOfMany | None = None


def inbox_of(url: str) -> str:
    """Where answers arrive: below a name of the user's own, where a server with permissions lets nobody else listen."""
    user = urlsplit(url).username
    return f"_INBOX_{user}" if user else "_INBOX"


class Bus:
    """A connection that keeps reconnecting; streams and consumers are created when missing."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.stream: JetStreamContext = client.jetstream(timeout=5)

    @classmethod
    async def open(cls, url: str, name: str) -> "Bus":
        """Connects, however long the server is away; afterwards reconnects for ever."""

        known = urlsplit(url)

        async def on_error(error: Exception) -> None:
            log.warning("bus error", error=type(error).__name__)

        while True:
            client = Client()
            try:
                await client.connect(
                    url,
                    name=name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    error_cb=on_error,
                    connect_timeout=2,
                    inbox_prefix=inbox_of(url),
                    # Also for servers that a cluster tells of; in the address they are for this one alone.
                    user=known.username,
                    password=known.password,
                )
                return cls(client)
            except (NatsError, OSError, TimeoutError) as error:
                log.warning("bus away", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def close(self) -> None:
        with suppress(NatsError, TimeoutError):
            await asyncio.wait_for(self.client.close(), 5)

    @property
    def is_connected(self) -> bool:
        return self.client.is_connected

    async def ensure_stream(self, service: str, replicas: int) -> None:
        """The stream of one publishing service: file storage, all its facts, kept for ever."""
        wanted = StreamConfig(
            name=service,
            subjects=[f"{service}.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            num_replicas=replicas,
            duplicate_window=DUPLICATE_WINDOW.total_seconds(),
            deny_delete=True,
        )
        try:
            await self.stream.stream_info(service)
        except NotFoundError:
            await self.stream.add_stream(wanted)


async def relay(bus: Bus, workshop: Workshop, sweep_seconds: float, service: str, replicas: int) -> None:
    """Carry unsent facts to the stream, in order, for ever. A row is marked only after the stream confirmed it.

    Several relays may run: SKIP LOCKED keeps them apart, `Nats-Msg-Id` makes a repetition harmless.
    """
    has_stream = False
    while True:
        try:
            if not has_stream:
                await bus.ensure_stream(service, replicas)
                has_stream = True
            if await relay_once(bus, workshop) == 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(workshop.facts_waiting.wait(), min(sweep_seconds, 0.5))
                workshop.facts_waiting.clear()
        except (NatsError, TimeoutError, OSError, Unavailable) as error:
            log.warning("relay waits", error=type(error).__name__)
            has_stream = False
            await asyncio.sleep(0.5)


async def relay_once(bus: Bus, workshop: Workshop) -> int:
    """Send one batch; returns how many facts it held."""
    async with workshop.database.transaction() as connection:
        rows = await connection.fetch(queries.take_unsent, _RELAY_BATCH)
        with ExitStack() as spans:
            confirmations = []
            for row in rows:
                fact = envelope_from_row(row)
                span = spans.enter_context(_sending(workshop.traces, fact))
                headers = replace(fact, traceparent=span.traceparent).headers()
                confirmations.append(await bus.stream.publish_async(fact.subject, fact.body, headers=headers))
            await asyncio.wait_for(asyncio.gather(*confirmations), 10)
        if rows:
            await connection.execute(queries.mark_sent, [row["seq"] for row in rows], workshop.clock.now())
        return len(rows)


def _sending(traces: Traces, fact: Envelope) -> AbstractContextManager[Span]:
    what = {**_MESSAGING, "messaging.operation.type": "send", "messaging.destination.name": fact.subject}
    return traces.span("PRODUCER", f"send {fact.subject}", fact.traceparent, what)


def _handling(traces: Traces, subscription: Subscription, facts: Sequence[Envelope]) -> AbstractContextManager[Span]:
    """The span of one fact continues its trace; that of many is beside the traces of all."""
    what = {
        **_MESSAGING,
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": subscription.durable,
        "messaging.batch.message_count": len(facts),
    }
    if len(facts) == 1:
        (fact,) = facts
        what["messaging.destination.name"] = fact.subject
        return traces.span("CONSUMER", f"process {fact.subject}", fact.traceparent, what)
    links = [fact.traceparent for fact in facts]
    return traces.span("CONSUMER", f"process {subscription.durable}", None, what, links)


def envelope_from_row(row) -> Envelope:
    return Envelope(
        id=row["event_id"],
        subject=row["subject"],
        aggregate_id=row["aggregate_id"],
        version=row["version"],
        time=row["occurred_at"],
        body=row["body"],
        traceparent=row["traceparent"],
    )


async def listen(bus: Bus, workshop: Workshop, subscription: Subscription) -> None:
    """Read a stream for ever, resubscribing when the server or the consumer went away."""
    while True:
        try:
            await _read_stream(bus, workshop, subscription)
        except (NatsError, TimeoutError, OSError, Unavailable) as error:
            log.warning("listener waits", stream=subscription.service, error=type(error).__name__)
            await asyncio.sleep(0.5)


async def _read_stream(bus: Bus, workshop: Workshop, subscription: Subscription) -> None:
    config = ConsumerConfig(
        durable_name=subscription.durable,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=30,
        max_ack_pending=_FETCH_BATCH * 2,
        filter_subjects=list(subscription.subjects),
    )
    await bus.stream.add_consumer(subscription.service, config)
    pull = await bus.stream.pull_subscribe_bind(subscription.durable, subscription.service)
    waiting = 0
    try:
        while True:
            # A fetch of many that finds nothing stalls the next one, so many are asked for only when they are there.
            try:
                messages = await pull.fetch(batch=max(1, min(waiting, _FETCH_BATCH)), timeout=5)
            except TimeoutError:
                waiting = 0
                await pull.consumer_info()
                continue
            await _handle_all(workshop, subscription, messages)
            waiting = messages[-1].metadata.num_pending
    finally:
        with suppress(NatsError):
            await pull.unsubscribe()


async def has_read_all(bus: Bus, subscription: Subscription) -> bool:
    """Whether everything that is in the stream has been handled by this reader. False when nobody can say."""
    try:
        info = await bus.stream.consumer_info(subscription.service, subscription.durable)
    except (NatsError, TimeoutError, OSError):
        return False
    return not info.num_pending and not info.num_ack_pending


class Progress(msgspec.Struct, frozen=True):
    """How far a durable reader is. `idle_seconds`: since it handled its last message, or began to exist."""

    durable: str
    waiting: int
    idle_seconds: float


async def progress_of(bus: Bus, subscription: Subscription) -> Progress | None:
    """None when nobody can say."""
    try:
        info = await bus.stream.consumer_info(subscription.service, subscription.durable, timeout=2)
    except (NatsError, TimeoutError, OSError):
        return None
    handled_at = (info.ack_floor.last_active if info.ack_floor else None) or info.created
    # By the clock of the machine, as the server that wrote it: a demonstration's clock may stand elsewhere.
    idle = (datetime.now(UTC) - handled_at.astimezone(UTC)).total_seconds()
    return Progress(subscription.durable, (info.num_pending or 0) + (info.num_ack_pending or 0), max(0.0, idle))


async def _handle_all(workshop: Workshop, subscription: Subscription, messages: Sequence[Msg]) -> None:
    if len(messages) == 1 or not await _handle_together(workshop, subscription, messages):
        for message in messages:
            await _handle(workshop, subscription, message)


async def _handle_together(workshop: Workshop, subscription: Subscription, messages: Sequence[Msg]) -> bool:
    """All in one transaction, or nothing of any: then False, and each is for itself, so that one that cannot be handled
    is buried alone."""
    try:
        in_order = sorted(messages, key=lambda message: message.metadata.sequence.stream)
        facts = [from_headers(message.headers or {}, message.data) for message in in_order]
        await receive_many(workshop, subscription, facts)
    except Exception as error:
        log.info("one by one", stream=subscription.service, error=type(error).__name__)
        for message in messages:
            await message.in_progress()
        return False
    for message in messages:
        await message.ack()
    return True


async def _handle(workshop: Workshop, subscription: Subscription, message: Msg) -> None:
    try:
        fact = from_headers(message.headers or {}, message.data)
        await receive(workshop, subscription, fact)
    except (Unavailable, NatsError):
        await message.nak(delay=1)
        raise
    except Exception as error:
        if message.metadata.num_delivered < DELIVERIES_BEFORE_DEATH:
            log.warning(
                "delivery failed", subject=message.subject, attempts=message.metadata.num_delivered, exc_info=error
            )
            await message.nak(delay=message.metadata.num_delivered)
            return
        await _bury(workshop, subscription, message, error)
    await message.ack()


async def receive(workshop: Workshop, subscription: Subscription, fact: Envelope) -> bool:
    """Handle one fact: inbox row and effect in one transaction. False when it had been handled before."""
    with _handling(workshop.traces, subscription, [fact]) as span:
        async with workshop.open(SYSTEM, span.traceparent) as work:
            if not await _is_new(work, subscription, fact):
                return False
            await subscription.handle(work, fact)
            return True


async def receive_many(workshop: Workshop, subscription: Subscription, facts: Sequence[Envelope]) -> int:
    """Handle facts in this order: all inbox rows and effects in one transaction. Returns how many were new."""
    async with workshop.open(SYSTEM) as work:
        unhandled = await _new_ones(work, subscription, facts)
        if subscription.handle_many and unhandled:
            with _handling(workshop.traces, subscription, unhandled) as span:
                work.traceparent = span.traceparent
                await subscription.handle_many(work, unhandled)
            return len(unhandled)
        for fact in unhandled:
            with _handling(workshop.traces, subscription, [fact]) as span:
                work.traceparent = span.traceparent
                await subscription.handle(work, fact)
        return len(unhandled)


async def _new_ones(work: Work, subscription: Subscription, facts: Sequence[Envelope]) -> list[Envelope]:
    """Those that have not been handled, each once."""
    by_id = {fact.id: fact for fact in facts}
    rows = await work.connection.fetch(queries.add_inbox_rows, subscription.durable, list(by_id), work.at)
    new = {row["event_id"] for row in rows}
    return [fact for id, fact in by_id.items() if id in new]


async def _is_new(work: Work, subscription: Subscription, fact: Envelope) -> bool:
    return bool(await work.connection.fetch(queries.add_inbox, subscription.durable, fact.id, work.at))


async def _bury(workshop: Workshop, subscription: Subscription, message: Msg, error: Exception) -> None:
    log.error("dead letter", subject=message.subject, exc_info=error)
    headers = dict(message.headers or {})
    async with workshop.database.transaction() as connection:
        await connection.execute(
            queries.add_dead_letter,
            subscription.durable,
            headers.get("ce-id", f"stream-sequence-{message.metadata.sequence.stream}"),
            message.subject,
            msgspec.json.encode(headers).decode(),
            message.data,
            type(error).__name__,
            workshop.clock.now(),
        )


class Replayed(msgspec.Struct, frozen=True):
    """What became of one dead letter: `error` is empty when its effect has happened now."""

    consumer: str
    event_id: str
    subject: str
    error: str


async def dead_letters(workshop: Workshop, subscriptions: Sequence[Subscription]) -> list[Replayed]:
    """Those that wait for a person, oldest first, each with the error that buried it."""
    rows = await _list_dead(workshop, subscriptions)
    return [Replayed(row["consumer"], row["event_id"], row["subject"], row["error"]) for row in rows]


async def replay_dead_letters(workshop: Workshop, subscriptions: Sequence[Subscription]) -> list[Replayed]:
    """Handle every dead letter again, oldest first, one transaction each; what fails again stays."""
    by_durable = {subscription.durable: subscription for subscription in subscriptions}
    outcomes = []
    for row in await _list_dead(workshop, subscriptions):
        error = ""
        try:
            fact = from_headers(msgspec.json.decode(row["headers"], type=dict[str, str]), row["body"])
            subscription = by_durable[row["consumer"]]
            with _handling(workshop.traces, subscription, [fact]) as span:
                async with workshop.open(SYSTEM, span.traceparent) as work:
                    if await _is_new(work, subscription, fact):
                        await subscription.handle(work, fact)
                    await work.connection.execute(queries.mark_replayed, row["consumer"], row["event_id"], work.at)
        except Unavailable:
            raise
        except Exception as failed:
            log.error("dead letter fails again", subject=row["subject"], exc_info=failed)
            error = type(failed).__name__
        outcomes.append(Replayed(row["consumer"], row["event_id"], row["subject"], error))
    return outcomes


async def _list_dead(workshop: Workshop, subscriptions: Sequence[Subscription]) -> list[Any]:
    async with workshop.database.transaction() as connection:
        return await connection.fetch(queries.list_dead_letters, [each.durable for each in subscriptions])


async def rewind(bus: Bus, workshop: Workshop, subscriptions: Sequence[Subscription]) -> None:
    """Forget what was read, so that the next `listen` starts at the first message (projections rebuild)."""
    for subscription in subscriptions:
        # A reader that is quick to start again waits for these rows, instead of taking its first messages for handled.
        async with workshop.database.transaction() as connection:
            await connection.execute(queries.forget_inbox_of, subscription.durable)
            with suppress(NotFoundError):
                await bus.stream.delete_consumer(subscription.service, subscription.durable)
