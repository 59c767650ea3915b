"""Those who take messages: a mail server and an HTTP address, both on loopback, both real enough to refuse; and what
the address got when it was spans."""

import json
import socket
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Mailbox:
    """A mail server. It refuses recipients named in `unknown` for ever, and everybody while it is `busy`; one
    that `breaks` takes the message and hangs up without saying so."""

    port: int
    received: list[EmailMessage] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    busy: bool = False
    breaks: bool = False
    _controller: Controller | None = None

    @classmethod
    def at_free_port(cls) -> "Mailbox":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return cls(probe.getsockname()[1])

    def open(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 5.1.1 no such user"
        if self.busy:
            return "451 4.7.1 come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        if self.breaks:
            assert server.transport is not None
            server.transport.close()
        return "250 OK"

    def of(self, address: str) -> list[EmailMessage]:
        """What came for somebody, in order."""
        return [each for each in self.received if address in str(each["To"])]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return body.get_content()


def once(mails: list[EmailMessage]) -> list[EmailMessage]:
    """Without repetitions of the same message, as a mail program shows them."""
    shown: dict[str, EmailMessage] = {}
    for each in mails:
        first = shown.setdefault(str(each["Message-ID"]), each)
        assert text_of(first) == text_of(each), "what is new is taken for a repetition"
    return list(shown.values())


@dataclass
class Call:
    """A POST that came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class Gateway:
    """An HTTP address that remembers what it was sent, and answers with `status`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.status = 200
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                gateway.calls.append(Call(self.path, headers, body))
                self.send_response(gateway.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def to(self, phone: str) -> list[Call]:
        """Short messages to somebody, in order."""
        return [each for each in self.calls if each.said.get("to") == phone]


@dataclass(frozen=True)
class SeenSpan:
    """A span that came in; ids in hexadecimal, `parent` empty for a root, `links` the traces it stands beside."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    links: tuple[str, ...]


def spans_of(gateway: Gateway) -> list[SeenSpan]:
    """Every span that was sent to `gateway` by OTLP/HTTP, in order."""
    return [span for call in list(gateway.calls) for span in _spans_in(call)]


def _spans_in(call: Call) -> list[SeenSpan]:
    assert (call.path, call.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
    request = ExportTraceServiceRequest.FromString(call.body)
    return [
        SeenSpan(
            service=_said(of_one.resource.attributes)["service.name"],
            name=span.name,
            kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            attributes=_said(span.attributes),
            links=tuple(link.trace_id.hex() for link in span.links),
        )
        for of_one in request.resource_spans
        for scope in of_one.scope_spans
        for span in scope.spans
    ]


def _said(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
