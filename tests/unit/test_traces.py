"""Spans say what was done and never whom it was about, whatever is put into them."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from kaimen.kit.metrics import method_of
from kaimen.kit.traces import KEPT, OFF, Traces, traceparent_of

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"


class Recorder:
    """Traces that stay here."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self.traces = Traces.through(self._kept, "opendays")

    async def spans(self) -> dict[str, ReadableSpan]:
        """All, by name; nothing is recorded any more."""
        await self.traces.close()
        return {span.name: span for span in self._kept.get_finished_spans()}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (TRACEPARENT, True),
        (f"cc-{TRACE}-{CALLER}-00", True),
        (f"ff-{TRACE}-{CALLER}-01", False),
        (f"00-{'0' * 32}-{CALLER}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (TRACEPARENT.upper(), False),
        (f"{TRACEPARENT}-13800001111", False),
        (f"{TRACEPARENT}\n", False),
        ("张三 13800001111", False),
        ("", False),
        (None, False),
    ],
)
def test_only_a_trace_context_is_passed_on(said: str | None, kept: bool) -> None:
    assert traceparent_of(said) == (said if kept else None)


def test_without_a_receiver_the_callers_context_is_passed_on_as_it_is() -> None:
    with OFF.span("SERVER", "GET /", TRACEPARENT) as span:
        span.note("http.response.status_code", 500)
        span.fail("500")
    assert span.traceparent == TRACEPARENT
    with Traces.to("", "opendays").span("SERVER", "GET /", None) as span:
        assert span.traceparent is None


async def test_span_continues_the_trace_of_who_called_and_what_follows_continues_the_span() -> None:
    recorder = Recorder()
    with recorder.traces.span("SERVER", "first", TRACEPARENT) as first:
        pass
    with recorder.traces.span("PRODUCER", "second", first.traceparent):
        pass
    with recorder.traces.span("INTERNAL", "root", None, links=[TRACEPARENT, None, "nonsense"]):
        pass
    spans = await recorder.spans()
    ids = {name: f"{span.context.trace_id:032x}" for name, span in spans.items() if span.context}
    parents = {name: f"{span.parent.span_id:016x}" if span.parent else None for name, span in spans.items()}
    assert first.traceparent is not None
    assert (ids["first"], ids["second"], ids["root"] == TRACE) == (TRACE, TRACE, False)
    assert parents == {"first": CALLER, "second": first.traceparent.split("-")[2], "root": None}
    assert [f"{link.context.trace_id:032x}" for link in spans["root"].links] == [TRACE]


async def test_what_is_not_on_the_list_and_the_words_of_an_exception_are_kept_nowhere() -> None:
    recorder = Recorder()
    said = {"http.route": "/events/{id}", "url.full": "/events/1?phone=13800001111"}

    def work() -> None:
        with recorder.traces.span("SERVER", "GET /events/{id}", None, said) as span:
            span.note("enduser.id", "张三")
            raise ValueError("张三 13800001111")

    with pytest.raises(ValueError):
        work()
    (span,) = (await recorder.spans()).values()
    assert span.attributes == {"http.route": "/events/{id}", "error.type": "ValueError"}
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())


async def test_caller_who_wants_no_record_gets_none_and_says_so_to_others() -> None:
    recorder = Recorder()
    with recorder.traces.span("SERVER", "GET /", f"00-{TRACE}-{CALLER}-00") as span:
        pass
    assert await recorder.spans() == {}
    assert span.traceparent is not None
    assert span.traceparent.split("-")[1::2] == [TRACE, "00"]


@pytest.fixture
def silent() -> Iterator[str]:
    """Somebody who takes calls and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def test_receiver_that_never_answers_keeps_nobody_waiting(silent: str) -> None:
    traces = Traces.to(silent, "opendays")
    began = time.monotonic()
    for _ in range(3 * KEPT):
        with traces.span("SERVER", "GET /", None):
            pass
    async with asyncio.timeout(10):
        await traces.close()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("method", "label"), [("GET", "GET"), ("PATCH", "PATCH"), ("PROPFIND", "_OTHER"), ("13800001111", "_OTHER")]
)
def test_made_up_method_makes_no_label(method: str, label: str) -> None:
    assert method_of(method) == label
