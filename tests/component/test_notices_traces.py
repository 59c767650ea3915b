"""What notices ask of other services, and on whose account: the header of the call, and the spans that are kept."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from houses import until
from kaimen.contracts.adoption import ReportPublished, Tally
from kaimen.contracts.envelope import Envelope, envelope
from kaimen.contracts.opendays import RegistrationChanged
from kaimen.kit.auth import Verifier
from kaimen.kit.bus import receive
from kaimen.kit.clock import SystemClock
from kaimen.kit.crypto import Vault
from kaimen.kit.ids import new_id
from kaimen.kit.jobs import Jobs
from kaimen.kit.limits import Limiter
from kaimen.kit.service import Resources
from kaimen.kit.traces import Traces
from kaimen.notices import consumers
from kaimen.notices.app.settings import NoticesSettings
from kaimen.notices.factory import SERVICE
from receivers import Call, Gateway, SeenSpan, spans_of
from scratch import scratch_database

NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
def asked() -> Iterator[Gateway]:
    """In place of the services that know people. It answers nothing that helps: whoever asks has asked."""
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture
def collector() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


class Office:
    """Notices, without a stream: each fact is handed over, and what is due is looked at when a test says so."""

    def __init__(self, resources: Resources, asked: Gateway) -> None:
        self._resources = resources
        self._asked = asked
        self._jobs = Jobs(resources.workshop, consumers.jobs(resources), NOBODY, "notices")

    async def hears(self, fact: Envelope) -> None:
        (reader,) = (each for each in consumers.subscriptions(self._resources) if fact.subject in each.subjects)
        assert await receive(self._resources.workshop, reader, fact)

    async def asks(self) -> Call:
        """The one call that follows from what was heard."""
        await self._jobs.run_due()

        async def called() -> list[Call]:
            return self._asked.calls

        (call,) = await until(called)
        return call


@asynccontextmanager
async def office(folder: Path, asked: Gateway, traces: Traces) -> AsyncIterator[Office]:
    settings = NoticesSettings(opendays_url=asked.url, adoption_url=asked.url)
    clock = SystemClock()
    async with scratch_database(folder, service=SERVICE) as database:
        limiter = Limiter(NOBODY)
        resources = Resources(
            service=SERVICE,
            settings=settings,
            clock=clock,
            vault=Vault(bytes(32), "notices"),
            verifier=Verifier("http://127.0.0.1:1", clock),
            limiter=limiter,
            calls_key=bytes(32),
            database=database,
            traces=traces,
        )
        yield Office(resources, asked)
        for close in resources.at_close:
            await close()
        await limiter.close()
        await traces.close()


def said(fact: msgspec.Struct, number: int) -> Envelope:
    """With the trace of this number."""
    trace = f"00-{number:032x}-{number:016x}-01"
    at = SystemClock().now()
    return envelope(fact, id=new_id(), aggregate_id=str(new_id()), version=1, time=at, traceparent=trace)


def sign_up(number: int) -> Envelope:
    return said(RegistrationChanged(new_id(), new_id(), new_id(), "confirmed", 1, None), number)


def client_of(collector: Gateway) -> SeenSpan:
    (span,) = (span for span in spans_of(collector) if span.kind == "CLIENT")
    return span


async def test_context_is_passed_on_where_nothing_is_recorded(tmp_path: Path, asked: Gateway) -> None:
    fact = sign_up(7)
    async with office(tmp_path, asked, Traces()) as notices:
        await notices.hears(fact)
        call = await notices.asks()
    assert call.headers["traceparent"] == fact.traceparent


async def test_question_about_many_stands_beside_the_traces_of_all(
    tmp_path: Path, asked: Gateway, collector: Gateway
) -> None:
    async with office(tmp_path, asked, Traces.to(collector.url, "notices")) as notices:
        for number in (1, 2):
            await notices.hears(sign_up(number))
        call = await notices.asks()
    span = client_of(collector)
    assert span.parent == ""
    assert sorted(span.links) == [f"{number:032x}" for number in (1, 2)]
    assert call.headers["traceparent"].split("-")[1:3] == [span.trace, span.id]


async def test_question_for_authors_continues_the_trace_of_their_report(
    tmp_path: Path, asked: Gateway, collector: Gateway
) -> None:
    tally = Tally(**dict.fromkeys(Tally.__struct_fields__, 0))
    report = ReportPublished(
        report_id=new_id(), number=1, unit="区教育局", catalogue_item=None, consultations=(UUID(int=1),), title="报告",
        tally=tally, concentrated=0, dropped=False, published_on=date(2026, 3, 2), reason="", sha256="",
        page="/reports/1",
    )  # fmt: skip
    async with office(tmp_path, asked, Traces.to(collector.url, "notices")) as notices:
        await notices.hears(said(report, 9))
        call = await notices.asks()
    span = client_of(collector)
    assert (call.path, span.name) == ("/api/adoption/v1/internal/authors", "POST /api/adoption/v1/internal/authors")
    assert call.headers["traceparent"].split("-")[1:3] == [span.trace, span.id]
    assert span.trace == f"{9:032x}"
