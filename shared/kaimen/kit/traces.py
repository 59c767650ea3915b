"""Traces: what a process did, as OpenTelemetry spans, sent by OTLP over HTTP. With no receiver nothing is recorded, and
the trace context of whoever calls is passed on.

A span tells a route and never an address, a kind and never whom it is about: only attributes of an allow-list are kept,
and an exception is told by its class. Source: W3C Trace Context; OpenTelemetry's semantic conventions.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from kaimen.kit.logs import log

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span as Recorded
    from opentelemetry.trace import SpanContext

ALLOWED = frozenset(
    [
        "http.route",
        "http.request.method",
        "http.response.status_code",
        "messaging.system",
        "messaging.operation.type",
        "messaging.destination.name",
        "messaging.consumer.group.name",
        "messaging.batch.message_count",
        "kaimen.timer",
        "error.type",
    ]
)
KEPT = 2048
"""Spans that wait for the receiver; while it is away the oldest are forgotten."""
_SEND_SECONDS = 3.0
_LAST_SECONDS = 2.0
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")

Kind = Literal["SERVER", "CLIENT", "PRODUCER", "CONSUMER", "INTERNAL"]
Value = str | int


def traceparent_of(said: str | None) -> str | None:
    """`said`, if it is a trace context: what anybody may send must not carry something else into events."""
    return said if said and _TRACEPARENT.fullmatch(said) else None


def following(origins: Iterable[str | None]) -> tuple[str | None, list[str]]:
    """Parent and links of what follows from all of `origins`: one trace is continued, many are stood beside."""
    known = list(dict.fromkeys(origin for origin in origins if origin))
    return (known[0], []) if len(known) == 1 else (None, known)


class Span:
    """Something that is being done. `traceparent`: what follows from it carries this, None for nothing."""

    def __init__(self, traceparent: str | None, recorded: "Recorded | None" = None) -> None:
        self.traceparent = traceparent
        self._recorded = recorded

    def note(self, name: str, value: Value) -> None:
        """Say something more; what is not in `ALLOWED` is not kept."""
        if self._recorded is not None and name in ALLOWED:
            self._recorded.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """It did not work; `kind` is a class of errors, never a sentence about one."""
        if self._recorded is not None:
            from opentelemetry.trace import StatusCode

            self._recorded.set_attribute("error.type", kind)
            self._recorded.set_status(StatusCode.ERROR)


class Traces:
    """Where one process records its spans; without a provider, nowhere."""

    def __init__(self, provider: "TracerProvider | None" = None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("kaimen") if provider else None

    @classmethod
    def to(cls, url: str, service: str) -> "Traces":
        """Sent to the OTLP/HTTP receiver at `url`, such as `http://collector:4318`; empty: recorded nowhere."""
        return cls.through(_exporter(url), service) if url else cls()

    @classmethod
    def through(cls, exporter: "SpanExporter", service: str) -> "Traces":
        """Sent in the background: whoever records a span never waits for anybody."""
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

        resource = Resource({"service.name": service, "service.namespace": "kaimen"})
        provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=KEPT, schedule_delay_millis=1000))
        return cls(provider)

    @contextmanager
    def span(
        self,
        kind: Kind,
        name: str,
        parent: str | None,
        attributes: Mapping[str, Value] | None = None,
        links: Sequence[str | None] = (),
    ) -> Iterator[Span]:
        """Record what is done inside, as a child of `parent` and beside `links`, all of them trace contexts."""
        if self._tracer is None:
            yield Span(parent)
            return
        from opentelemetry import trace
        from opentelemetry.context import Context

        outer = _context_of(parent)
        recorded = self._tracer.start_span(
            name,
            context=trace.set_span_in_context(trace.NonRecordingSpan(outer), Context()) if outer else Context(),
            kind=trace.SpanKind[kind],
            attributes={key: value for key, value in (attributes or {}).items() if key in ALLOWED},
            links=[trace.Link(context) for link in links if (context := _context_of(link))],
        )
        inner = recorded.get_span_context()
        span = Span(f"00-{inner.trace_id:032x}-{inner.span_id:016x}-{inner.trace_flags:02x}", recorded)
        try:
            yield span
        except BaseException as error:
            span.fail(type(error).__name__)
            raise
        finally:
            recorded.end()

    async def close(self) -> None:
        """Send what is left, for a moment; whatever the receiver does, nobody waits longer."""
        if self._provider is None:
            return
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, _LAST_SECONDS)


OFF = Traces()
"""Nothing is recorded."""


def _context_of(traceparent: str | None) -> "SpanContext | None":
    from opentelemetry.trace import SpanContext, TraceFlags

    said = _TRACEPARENT.fullmatch(traceparent or "")
    if said is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in said.groups())
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))


def _exporter(url: str) -> "SpanExporter":
    from collections.abc import Sequence

    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExportResult

    class Exporter(OTLPSpanExporter):
        """Says once that the receiver is away, and not what it was sent."""

        is_away = False

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = super().export(spans)
            is_away = result is not SpanExportResult.SUCCESS
            if is_away != self.is_away:
                self.is_away = is_away
                log.warning("trace receiver away" if is_away else "trace receiver back")
            return result

    # Its own log repeats addresses and answers, a line for every attempt.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    session = requests.Session()
    session.trust_env = False
    return Exporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=_SEND_SECONDS, session=session)
