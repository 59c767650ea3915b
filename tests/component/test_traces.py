"""A house whose spans go to a real receiver: one trace from a request to what it leads to, and nobody's data in it."""

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from houses import Desk, House, open_house, until
from kaimen.contracts.accounts import UnitRegistered
from kaimen.contracts.envelope import Envelope, envelope
from kaimen.host import services
from kaimen.kit.bus import Subscription, receive_many
from kaimen.kit.clock import SystemClock
from kaimen.kit.ids import new_id
from kaimen.kit.jobs import Jobs
from kaimen.kit.traces import Traces
from kaimen.kit.work import SYSTEM, Work, Workshop
from receivers import Gateway, SeenSpan, spans_of
from scratch import scratch_database

PUBLISH = "POST /api/opendays/v1/events/{event_id}/publish"
REGISTER = "POST /api/opendays/v1/sessions/{session_id}/registrations"
CONTACTS = "/api/opendays/v1/internal/contacts"
PLANTED_NAME, PLANTED_PHONE = "欧阳植入", "13800007777"


@pytest.fixture(scope="module")
async def receiver() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
async def traced(tmp_path_factory: pytest.TempPathFactory, receiver: Gateway) -> AsyncIterator[Desk]:
    settings = {f"KAIMEN_{name.upper()}_OTLP_URL": receiver.url for name in services.NAMES}
    async with open_house(tmp_path_factory.mktemp("traced"), "--no-seed", settings=settings) as house:
        yield await desk_of(house)


async def desk_of(house: House) -> Desk:
    unit = {"short_name": "区教育局", "kind": "bureau", "district": "310118"}
    office = await house.token("office")
    assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
    database = await house.database("opendays")
    await until(lambda: database.fetchval("select count(*) from units"))
    await database.close()
    writer = await house.token("unit_editor", "区教育局", "经办")
    return Desk(house, writer, await house.token("unit_lead", "区教育局", "负责人"))


async def whole_trace(receiver: Gateway, name: str, last: str, is_wanted: Callable[[str], bool]) -> list[SeenSpan]:
    """The spans of the wanted trace with a request `name`, once what `last` handles has come in too."""

    async def found() -> list[SeenSpan]:
        spans = spans_of(receiver)
        traces = {span.trace for span in spans if span.name == name and is_wanted(span.trace)}
        whole = [span for span in spans if span.trace in traces]
        handled = [span for span in whole if span.attributes.get("messaging.consumer.group.name") == last]
        return whole if handled else []

    return await until(found, seconds=30)


async def published(desk: Desk, receiver: Gateway, **changes: Any) -> tuple[dict[str, Any], list[SeenSpan]]:
    """An event and its trace, when the calendar has it: the next one is then read alone."""
    before = {span.trace for span in spans_of(receiver)}
    event = await desk.published(**changes)
    return event, await whole_trace(receiver, PUBLISH, "calendar-opendays", lambda trace: trace not in before)


async def test_published_event_is_one_trace_from_the_request_to_the_calendar(traced: Desk, receiver: Gateway) -> None:
    event, spans = await published(traced, receiver)
    (root,) = (span for span in spans if not span.parent)
    (sent,) = (span for span in spans if span.name == "send opendays.calendar.changed.v1")
    (handled,) = (span for span in spans if span.attributes.get("messaging.consumer.group.name") == "calendar-opendays")
    assert [(span.service, span.kind, span.name) for span in (root, sent, handled)] == [
        ("opendays", "SERVER", PUBLISH),
        ("opendays", "PRODUCER", "send opendays.calendar.changed.v1"),
        ("calendar", "CONSUMER", "process opendays.calendar.changed.v1"),
    ]
    assert (sent.parent, handled.parent) == (root.id, sent.id)
    assert root.attributes == {
        "http.route": "/api/opendays/v1/events/{event_id}/publish",
        "http.request.method": "POST",
        "http.response.status_code": 200,
    }
    assert [span for span in spans if event["id"] in str(span)] == []


async def test_page_and_what_it_asks_are_one_trace_that_continues_the_visitors(traced: Desk, receiver: Gateway) -> None:
    trace, caller = f"{new_id().int:032x}", "00f067aa0ba902b7"
    page = await traced.house.client.get("/", headers={"traceparent": f"00-{trace}-{caller}-01"})
    assert page.status_code == 200

    async def asked() -> list[SeenSpan]:
        spans = [span for span in spans_of(receiver) if span.trace == trace]
        return spans if {span.service for span in spans} >= {"portal", "opendays"} else []

    spans = await until(asked, seconds=30)
    (root,) = (span for span in spans if span.service == "portal")
    assert root.parent == caller
    assert {span.parent for span in spans if span.service == "opendays"} == {root.id}


async def test_sign_ups_that_share_a_transaction_keep_their_own_traces(traced: Desk, receiver: Gateway) -> None:
    event, _ = await published(traced, receiver)
    (session,) = event["sessions"]
    traces = [f"{new_id().int:032x}" for _ in range(3)]
    for number, trace in enumerate(traces):
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        answer = await traced.register(session["id"], f"1380000{number:04}", headers=headers)
        assert answer.status_code == 201, answer.text
    for trace in traces:
        spans = await whole_trace(receiver, REGISTER, "calendar-private", trace.__eq__)
        assert [span.name for span in spans if span.kind == "PRODUCER"].count(
            "send opendays.registration.changed.v1"
        ) == 1


async def test_what_a_letter_asks_of_another_service_continues_the_trace_of_its_fact(
    traced: Desk, receiver: Gateway
) -> None:
    event, _ = await published(traced, receiver)
    trace = f"{new_id().int:032x}"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    assert (await traced.register(event["sessions"][0]["id"], "13800008888", headers=headers)).status_code == 201

    async def asked() -> list[SeenSpan]:
        """From the registration to the answer; each service tells of its part in its own time."""
        spans = {span.id: span for span in spans_of(receiver) if span.trace == trace}
        line = [span for span in spans.values() if span.name == f"POST {CONTACTS}" and span.kind == "SERVER"]
        while line and line[0].parent in spans:
            line.insert(0, spans[line[0].parent])
        return line if line and line[0].name == REGISTER else []

    line = await until(asked, seconds=30)
    assert [(span.service, span.kind, span.name) for span in line] == [
        ("opendays", "SERVER", REGISTER),
        ("opendays", "PRODUCER", "send opendays.registration.changed.v1"),
        ("notices", "CONSUMER", "process opendays.registration.changed.v1"),
        ("notices", "CLIENT", f"POST {CONTACTS}"),
        ("opendays", "SERVER", f"POST {CONTACTS}"),
    ]


async def test_nobodys_name_number_or_search_is_in_any_span(traced: Desk, receiver: Gateway) -> None:
    event, _ = await published(traced, receiver, title=f"参观{PLANTED_NAME}故居")
    (session,) = event["sessions"]
    client, said = traced.house.client, {"traceparent": f"{PLANTED_NAME} {PLANTED_PHONE}".encode()}
    answer = await traced.register(session["id"], PLANTED_PHONE, name=PLANTED_NAME)
    assert answer.status_code == 201, answer.text
    code = answer.json()["code"]
    for path in (
        f"/api/opendays/v1/registrations/{code}",
        f"/api/opendays/v1/events?q={PLANTED_NAME}",
        f"/?q={PLANTED_PHONE}",
        f"/{PLANTED_NAME}/{PLANTED_PHONE}",
        f"/api/opendays/v1/registrations/{PLANTED_PHONE}",
    ):
        await client.get(path, headers=said)
        await client.request(PLANTED_PHONE, path, headers=said)
    await published(traced, receiver)

    async def looked_up() -> bool:
        return any(span.name.startswith("GET /api/opendays/v1/registrations/") for span in spans_of(receiver))

    await until(looked_up, seconds=30)
    sent = b"".join(call.body for call in receiver.calls)
    planted = (PLANTED_NAME, PLANTED_PHONE, code, session["id"], event["id"], "127.0.0.1", "localhost")
    assert [words for words in planted if words.encode() in sent] == []
    assert {key for span in spans_of(receiver) for key in span.attributes} <= {
        "http.route", "http.request.method", "http.response.status_code", "messaging.system", "kaimen.timer",
        "messaging.operation.type", "messaging.destination.name", "messaging.consumer.group.name",
        "messaging.batch.message_count", "error.type",
    }  # fmt: skip


async def test_who_only_looks_after_a_service_leaves_no_trace(traced: Desk, receiver: Gateway) -> None:
    await traced.house.metrics("opendays")
    await traced.house.ready()
    await published(traced, receiver)
    assert [span.name for span in spans_of(receiver) if "/health/" in span.name or span.name.endswith("metrics")] == []


async def test_house_works_as_before_while_the_receiver_is_away(tmp_path: Path) -> None:
    nobody = Gateway()
    nobody.close()
    settings = {f"KAIMEN_{name.upper()}_OTLP_URL": nobody.url for name in services.NAMES}
    few = ("--only", "accounts,opendays,calendar")
    async with open_house(tmp_path, "--no-seed", *few, settings=settings) as house:
        desk = await desk_of(house)
        event = await desk.published(title="没有人听的一天")
        assert (await desk.register(event["sessions"][0]["id"], "13800001111")).status_code == 201

        async def shown() -> bool:
            return "没有人听的一天" in (await house.client.get("/calendar/district.ics")).text

        await until(shown)
    assert nobody.calls == []


async def test_facts_handled_together_are_one_span_beside_their_traces(tmp_path: Path) -> None:
    receiver = Gateway()
    async with scratch_database(tmp_path) as database:
        workshop = Workshop(database, SystemClock(), Traces.to(receiver.url, "opendays"))
        handled: list[str | None] = []

        async def handle(work: Work, fact: Envelope) -> None:
            handled.append(work.traceparent)

        async def handle_many(work: Work, facts: Sequence[Envelope]) -> None:
            handled.append(work.traceparent)

        together = Subscription("accounts", "together", (), handle, handle_many)
        each = Subscription("accounts", "each", (), handle)
        facts = [unit_fact(number) for number in (1, 2, 3)]
        assert [await receive_many(workshop, reader, facts) for reader in (together, each)] == [3, 3]
        await workshop.traces.close()
    receiver.close()
    spans = {span.id: span for span in spans_of(receiver)}
    first, *others = [spans[(said or "").split("-")[2]] for said in handled]
    traces = [f"{number:032x}" for number in (1, 2, 3)]
    assert (first.name, first.parent, list(first.links)) == ("process together", "", traces)
    assert first.attributes["messaging.batch.message_count"] == 3
    assert [(span.trace, span.parent) for span in others] == [(f"{n:032x}", f"{n:016x}") for n in (1, 2, 3)]
    assert len(spans) == 4


def unit_fact(number: int) -> Envelope:
    unit = UnitRegistered(UUID(int=number), 1, f"单位{number}", None, "bureau", None, "青浦区")
    at = SystemClock().now()
    trace = f"00-{number:032x}-{number:016x}-01"
    return envelope(unit, id=new_id(), aggregate_id=str(unit.unit_id), version=1, time=at, traceparent=trace)


async def test_clocked_work_is_a_span_and_what_it_says_continues_it(tmp_path: Path) -> None:
    receiver = Gateway()
    async with scratch_database(tmp_path) as database:
        workshop = Workshop(database, SystemClock(), Traces.to(receiver.url, "opendays"))

        async def speak(work: Work, subject: str) -> None:
            unit = UnitRegistered(UUID(int=1), 1, subject, None, "bureau", None, "青浦区")
            work.emit(unit, aggregate_id=unit.unit_id, version=1)

        async def fall(work: Work, subject: str) -> None:
            raise LookupError(subject)

        jobs = Jobs(workshop, {"speak": speak, "fall": fall}, "redis://127.0.0.1:1", "opendays")
        async with workshop.open(SYSTEM) as work:
            for kind in ("speak", "fall"):
                await work.set_timer(kind, PLANTED_NAME, work.at)
        assert await jobs.run_due() == 1
        carried = await database.pool.fetchval("select traceparent from outbox")
        await workshop.traces.close()
    receiver.close()
    spans = {span.name: span for span in spans_of(receiver)}
    assert {name: span.attributes for name, span in spans.items()} == {
        "speak": {"kaimen.timer": "speak"},
        "fall": {"kaimen.timer": "fall", "error.type": "LookupError"},
    }
    assert carried.split("-")[1:3] == [spans["speak"].trace, spans["speak"].id]
    assert PLANTED_NAME.encode() not in b"".join(call.body for call in receiver.calls)
