"""What services measure is what is in their rows, and how far their readers are."""

from uuid import UUID

from nats.js.api import AckPolicy, ConsumerConfig

from houses import Desk, House, in_days, until
from kaimen.contracts.envelope import Envelope
from kaimen.kit.bus import Bus, Progress, Subscription, progress_of
from kaimen.kit.ids import new_id
from kaimen.kit.work import Work

UNIT = "区教育局"


async def value(house: House, service: str, series: str) -> float | None:
    """None when it is not told."""
    for line in (await house.metrics(service)).splitlines():
        name, _, number = line.rpartition(" ")
        if name == series:
            return float(number)
    return None


async def test_full_sessions_and_who_waits_are_told_by_unit(desk: Desk) -> None:
    async def told() -> tuple[float, float]:
        full = await value(desk.house, "opendays", f'kaimen_sessions_full{{unit="{UNIT}"}}')
        waiting = await value(desk.house, "opendays", f'kaimen_sessions_waiting{{unit="{UNIT}"}}')
        return full or 0.0, waiting or 0.0

    starts = in_days(11)
    session = {"starts_at": starts.isoformat(), "ends_at": starts.replace(hour=11).isoformat(), "capacity": 1}
    event = await desk.published(sessions=[session])
    full, waiting = await told()
    for number in range(3):
        answer = await desk.register(event["sessions"][0]["id"], f"1391000{number:04}")
        assert answer.status_code == 201, answer.text
    assert await told() == (full + 1, waiting + 2)
    answer = await desk.post(f"/events/{event['id']}/cancel", {"reason": "设备检修"}, desk.approver)
    assert answer.status_code == 200, answer.text
    assert await told() == (full, waiting)


async def test_messages_are_told_by_state(house: House) -> None:
    database = await house.database("notices")

    async def agrees() -> bool:
        rows = await database.fetch("select state, count(*) as number from messages group by state")
        kept = {row["state"]: row["number"] for row in rows}
        states = ("queued", "sending", "sent", "suppressed", "failed", "dead")
        told = {state: await value(house, "notices", f'kaimen_messages{{state="{state}"}}') for state in states}
        return told == {state: kept.get(state, 0) for state in states}

    given_up = new_id()
    columns = "id, service, recipient, subject, version, unit, state, due_at, created_at, changed_at"
    values = "$1, 'opendays', $2, 'state', '1', '区教育局', 'dead', now(), now(), now()"
    insert = f"insert into messages ({columns}) values ({values})"
    await database.execute(insert, given_up, str(given_up))
    try:
        await until(agrees)
        assert (await value(house, "notices", 'kaimen_messages{state="dead"}') or 0) >= 1
    finally:
        await database.execute("delete from messages where id = $1", given_up)
        await database.close()


async def test_every_standing_of_a_deadline_is_told(house: House) -> None:
    database = await house.database("adoption")
    clocks = await database.fetchval("select count(*) from clocks")
    await database.close()
    told = [
        await value(house, "adoption", f'kaimen_clocks{{kind="{kind}",standing="{standing}"}}')
        for kind in ("report", "disclosure")
        for standing in ("overdue", "soon", "later", "met", "met_late", "dropped")
    ]
    assert sum(number for number in told if number is not None) == clocks
    assert None not in told


async def test_requests_are_timed_by_route_and_method_alone(house: House) -> None:
    route = "/api/opendays/v1/registrations/{code}"
    series = f'kaimen_http_request_seconds_count{{method="GET",route="{route}"}}'
    before = await value(house, "opendays", series) or 0
    await house.client.get("/api/opendays/v1/registrations/13800005555")
    await house.client.request("13800005555", "/api/opendays/v1/registrations/13800005555")
    assert await value(house, "opendays", series) == before + 1
    told = await house.metrics("opendays")
    assert ("13800005555" in told, "health" in told, "v1/metrics" in told) == (False, False, False)


async def test_readers_of_a_service_are_told(house: House) -> None:
    async def caught_up() -> bool:
        return await value(house, "calendar", 'kaimen_reader_waiting{durable="calendar-opendays"}') == 0

    await until(caught_up, seconds=30)
    idle = await value(house, "calendar", 'kaimen_reader_idle_seconds{durable="calendar-opendays"}')
    assert idle is not None
    assert idle >= 0
    assert [
        await value(house, "calendar", f'kaimen_reachable{{server="{name}"}}') for name in ("nats", "postgresql")
    ] == [1, 1]


async def test_progress_of_a_reader_is_what_waits_and_since_when_it_did_nothing(house: House) -> None:
    async def handle(work: Work, fact: Envelope) -> None:
        raise NotImplementedError

    name = f"p{new_id().hex[-8:]}"
    subscription = Subscription(name, f"{name}-reader", (f"{name}.>",), handle)
    bus = await Bus.open(house.servers.nats.url, name)
    try:
        await bus.ensure_stream(name, 1)
        assert await progress_of(bus, subscription) is None
        config = ConsumerConfig(durable_name=subscription.durable, ack_policy=AckPolicy.EXPLICIT)
        await bus.stream.add_consumer(name, config)
        for number in range(3):
            await bus.stream.publish(f"{name}.said", b"", headers={"Nats-Msg-Id": str(UUID(int=number))})
        waiting = await progress_of(bus, subscription)
        assert waiting is not None

        async def a_second_later() -> Progress | None:
            progress = await progress_of(bus, subscription)
            return progress if progress and progress.idle_seconds > waiting.idle_seconds + 1 else None

        later = await until(a_second_later)
        pull = await bus.stream.pull_subscribe_bind(subscription.durable, name)
        (message,) = await pull.fetch(1)
        await message.ack_sync()
        after = await progress_of(bus, subscription)
        assert after is not None
        assert (waiting.waiting, later.waiting, after.waiting) == (3, 3, 2)
        assert after.idle_seconds < later.idle_seconds
    finally:
        await bus.stream.delete_stream(name)
        await bus.close()
    assert await progress_of(bus, subscription) is None
