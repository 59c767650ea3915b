"""The HTTP edge: one Litestar application per service, with the promises of every endpoint in one place.

Promises: strict JSON, problem documents, a declared permission per handler, `Idempotency-Key` on creating POSTs,
strong reads (`HEAD`, `ETag`, `If-None-Match` → 304), guarded changes (`If-Match` → 412), health, metrics, OpenAPI.
"""

import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from kaimen.kit import calls
from kaimen.kit.auth import PUBLIC, allow, guard
from kaimen.kit.clock import day_start
from kaimen.kit.db import queries
from kaimen.kit.limits import Limiter
from kaimen.kit.metrics import DURATIONS, REQUESTS, Measure, dependencies, measured, method_of
from kaimen.kit.openapi import close_objects, openapi_config
from kaimen.kit.problems import HANDLERS, Malformed, malformed, respond
from kaimen.kit.refusals import Kind, Refusal, refusal
from kaimen.kit.service import Resources
from kaimen.kit.traces import OFF, traceparent_of
from kaimen.kit.work import Actor, Work

T = TypeVar("T")
BODY_LIMIT = 10 * 1024 * 1024
_WATCHERS = ("/health/live", "/health/ready", "/metrics")

ControlCharacter = refusal(
    "kit.control-character",
    Kind.INVALID,
    "内容中含有控制字符（如 NUL）。",
    "The input contains a control character such as NUL.",
)
KeyReused = refusal(
    "kit.idempotency-key-reused",
    Kind.INVALID,
    "该 Idempotency-Key 已用于另一份内容。",
    "This Idempotency-Key was used for another body.",
)
StaleVersion = refusal(
    "kit.stale-version",
    Kind.STALE,
    "该内容已被他人更改，请刷新后重试。",
    "This was changed by somebody else in the meantime; read it again.",
)
WrongMediaType = refusal(
    "kit.unsupported-media-type",
    Kind.UNSUPPORTED,
    "此处的内容应为 {wanted}。",
    "The content must be {wanted} here.",
)
PageTooLarge = refusal("kit.bad-limit", Kind.INVALID, "limit 应在 1 到 200 之间。", "limit must be between 1 and 200.")


class Page(msgspec.Struct, frozen=True):
    """A part of a list; `next` is the cursor of the following part, or null."""

    items: list[Any]
    next: str | None


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[str, msgspec.Meta(max_length=500)]


class Edge:
    """One request's way into the application: who calls, and the transaction that answers."""

    def __init__(self, request: Request[Any, Any, Any], resources: Resources) -> None:
        self._request = request
        self._resources = resources
        self.actor: Actor = request.scope["state"]["actor"]

    @property
    def address(self) -> str:
        """The caller's address, as the front door saw it."""
        forwarded = self._request.headers.get("x-forwarded-for", "")
        return forwarded.split(",")[0].strip() or (self._request.client.host if self._request.client else "")

    @property
    def traceparent(self) -> str | None:
        """What follows from this request carries it."""
        return self._request.scope["state"]["traceparent"]

    @property
    def limiter(self) -> Limiter:
        return self._resources.limiter

    async def read(self, use_case: Callable[[Work], Awaitable[T]]) -> T:
        return await self._resources.workshop.run(self.actor, self.traceparent, use_case)

    change = read

    async def create(
        self, use_case: Callable[[Work], Awaitable[Any]], status: int = 201, *, upload: bytes | None = None
    ) -> Response[bytes]:
        """Run `use_case` once per Idempotency-Key; the same key and body (or `upload`) give the same answer again."""
        key = self._request.headers.get("idempotency-key")
        if key is None:
            return json_response(await self.change(use_case), status)
        scope, digest = (
            self.idempotency_scope,
            hashlib.sha256(await self._request.body() if upload is None else upload).digest(),
        )

        async def once(work: Work) -> Response[bytes]:
            # Two requests with one key wait for each other here; the second then finds the first one's answer.
            await work.connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{scope} {key}")
            for row in await work.connection.fetch(queries.read_answers, scope, [key]):
                return json_bytes(unseal_answer(self._resources, row, digest), row["status"])
            body = msgspec.json.encode(await use_case(work))
            sealed = seal_answer(self._resources, key, body)
            await work.connection.execute(queries.add_answers, scope, [key], [digest], [status], [sealed], work.at)
            return json_bytes(body, status)

        return await self.change(once)

    @property
    def idempotency_key(self) -> str | None:
        return self._request.headers.get("idempotency-key")

    @property
    def idempotency_scope(self) -> str:
        """Whose keys are one's own, and where: all who are not signed in have the same subject."""
        who = self.actor.subject
        if self.actor.role == "anonymous":
            who = f"{who} {self._resources.vault.pseudonym('idempotency', self.address).hex()}"
        return f"{who} {self._request.url.path}"

    def if_match(self, version: int) -> None:
        """Raises StaleVersion when the request names another version (RFC 9110 13.1.1)."""
        wanted = self._request.headers.get("if-match")
        if wanted is None or wanted.strip() == "*":
            return
        tags = [tag.strip().removeprefix("W/").strip('"').split("-")[0] for tag in wanted.split(",")]
        if str(version) not in tags:
            raise StaleVersion


OnEdge = NamedDependency[Edge]
"""How a handler asks for its edge: `edge: OnEdge`."""


class Versioned(Protocol):
    """What is held against the version of a request."""

    @property
    def version(self) -> int: ...


D = TypeVar("D")
K = TypeVar("K")
V = TypeVar("V", bound=Versioned)
Answering = Awaitable[Response[bytes]]
ChangeOne = Callable[[OnEdge, K, Callable[[D, V], Awaitable[V]]], Answering]


def changing(
    at_desk: Callable[[Callable[[D], Answering]], Callable[[Work], Answering]],
    find: Callable[[D, K], Awaitable[V]],
    show: Callable[[D, V], Awaitable[Any]],
) -> ChangeOne[K, D, V]:
    """How one of a kind is changed: locked by `find`, held against the version of the request, then shown. `at_desk`
    gives a use case the service's desk."""

    def change(edge: OnEdge, key: K, use_case: Callable[[D, V], Awaitable[V]]) -> Answering:
        async def run(desk: D) -> Response[bytes]:
            found = await find(desk, key)
            edge.if_match(found.version)
            changed = await use_case(desk, found)
            return json_response(await show(desk, changed), version=changed.version)

        return edge.change(at_desk(run))

    return change


async def as_it_is(_: Any, found: V) -> V:
    """Shown whole."""
    return found


def seal_answer(resources: Resources, key: str, body: bytes) -> bytes:
    """Answers may hold codes and tokens: they rest encrypted."""
    return resources.vault.seal(body.decode(), unit="idempotency", place=f"idempotency_keys/{key}/answer")


def unseal_answer(resources: Resources, row: Any, digest: bytes) -> bytes:
    """The stored answer of an idempotent request. Raises KeyReused when the bodies differ."""
    if row["request_hash"] != digest:
        raise KeyReused
    place = f"idempotency_keys/{row['key']}/answer"
    return resources.vault.open(row["answer"], str, unit="idempotency", place=place).encode()


def json_bytes(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(body, status_code=status, media_type="application/json", headers=headers or {})


def json_response(value: Any, status: int = 200, *, version: int | None = None) -> Response[bytes]:
    """JSON with an ETag: `version` first, so that If-Match needs no body, then a hash of the bytes."""
    body = msgspec.json.encode(value)
    digest = hashlib.sha256(body).hexdigest()[:16]
    tag = f'"{version}-{digest}"' if version is not None else f'"{digest}"'
    return json_bytes(body, status, {"ETag": tag})


def tag_of(octets: bytes) -> str:
    """The entity tag of a body that is kept as bytes."""
    return f'"{hashlib.sha256(octets).hexdigest()[:32]}"'


def limit_of(limit: int) -> int:
    if not 1 <= limit <= 200:
        raise PageTooLarge(field="limit")
    return limit


def cursor_of(at: datetime, id: UUID) -> str:
    """Where the next part of a list that is ordered by instant and id begins."""
    return f"{at.isoformat()}~{id}"


def read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Raises Malformed for what `cursor_of` did not write."""
    if cursor is None:
        return None
    first, _, name = cursor.partition("~")
    try:
        at, id = datetime.fromisoformat(first), UUID(name)
        if at.tzinfo is None:
            raise ValueError(first)
        return at.astimezone(UTC), id
    except (ValueError, OverflowError):
        raise Malformed(what="cursor", field="cursor") from None


def read_day_cursor(cursor: str | None) -> tuple[date, UUID] | None:
    """Where a list that is ordered by day and id goes on: `<day>~<id>`. Raises Malformed."""
    if cursor is None:
        return None
    day, _, name = cursor.partition("~")
    try:
        return date.fromisoformat(day), UUID(name)
    except ValueError:
        raise Malformed(what="cursor", field="cursor") from None


def first_instant(day: date, field: str) -> datetime:
    """00:00 Asia/Shanghai of a day that somebody asked for. Raises Malformed for one at the end of all calendars."""
    try:
        return day_start(day)
    except OverflowError:
        raise Malformed(what="date", field=field) from None


def file_in(data: dict[str, Any]) -> UploadFile | None:
    """The first file of a form."""
    return next((part for part in data.values() if isinstance(part, UploadFile)), None)


def file_response(body: bytes, media_type: str, name: str) -> Response[bytes]:
    """To be kept, never to be shown or run in the page's own origin. `name` may be in any script (RFC 8187)."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(body, media_type=media_type, headers=headers)


def refuse_nul(*texts: str | None) -> None:
    """PostgreSQL keeps no NUL in a text, also not in one that it only compares. Raises Malformed."""
    if any(text and "\x00" in text for text in texts):
        raise Malformed(what="NUL")


async def _read_strictly(request: Request[Any, Any, Any]) -> None:
    """Litestar turns "5" into 5 and 0 into 1970; a body must already have the types that it claims."""
    data_field = request.route_handler.parsed_data_field
    if data_field is None or not data_field.annotation:
        return
    given = request.content_type[0]
    wanted = getattr(data_field.kwarg_definition, "media_type", RequestEncodingType.JSON)
    if given and given != wanted:
        raise WrongMediaType(wanted=RequestEncodingType(wanted).value)
    if wanted != RequestEncodingType.JSON:
        return
    body = await request.body()
    if not given and not body:
        return
    if b"\\u00" in body and _has_control_character(body):
        raise ControlCharacter
    try:
        msgspec.json.decode(body, type=data_field.annotation)
    except msgspec.DecodeError as error:
        raise malformed(error) from None
    except UnicodeDecodeError:
        raise Malformed(what="not UTF-8") from None


def _has_control_character(body: bytes) -> bool:
    lowered = body.lower()
    return any(f"\\u00{code:02x}".encode() in lowered for code in range(32) if code not in (9, 10, 13))


class Outside:
    """ASGI middleware: finds the actor, answers conditional GETs, counts, times and traces requests."""

    def __init__(self, app: ASGIApp, resources: Resources) -> None:
        self.app = app
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self._watched(scope) as note_status:

            async def tell(message: Message) -> None:
                if message["type"] == "http.response.start":
                    note_status(message["status"])
                await send(message)

            await self._answer(scope, receive, tell)

    @contextmanager
    def _watched(self, scope: HTTPScope) -> Iterator[Callable[[int], None]]:
        """Time and trace one request; who answers it says with which status, and it is counted."""
        began = time.perf_counter()
        route, method = scope.get("path_template") or "unknown", method_of(scope["method"])
        # Whoever only looks after the service leaves no trace, and is not among those who are answered.
        is_watcher = route.endswith(_WATCHERS)
        traces = OFF if is_watcher else self._resources.traces
        parent = traceparent_of(dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1"))
        said = {"http.route": route, "http.request.method": method}
        with traces.span("SERVER", f"{method} {route}", parent, said) as span:
            scope.setdefault("state", {})["traceparent"] = span.traceparent

            def note_status(status: int) -> None:
                if not is_watcher:
                    REQUESTS.labels(route, method, str(status)).inc()
                span.note("http.response.status_code", status)
                if status >= 500:
                    span.fail(str(status))

            yield note_status
        if not is_watcher:
            DURATIONS.labels(route, method).observe(time.perf_counter() - began)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            scope["state"]["actor"] = await self._caller(headers.get(b"authorization", b"").decode("latin-1"), scope)
        except Refusal as no:
            scope["state"]["actor"] = None
            await respond(no).to_asgi_response(app=None, request=Request(scope))(scope, receive, send)
            return
        wanted = headers.get(b"if-none-match", b"").decode("latin-1")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if wanted and message["status"] == 200 and scope["method"] in ("GET", "HEAD"):
                    tag = next((v.decode() for k, v in message["headers"] if k.lower() == b"etag"), "")
                    if tag and tag_matches(wanted, tag):
                        scope["state"]["not_modified"] = True
                        kept = [
                            (k, v)
                            for k, v in message["headers"]
                            if k.lower() not in (b"content-length", b"content-type", b"content-encoding")
                        ]
                        message = {"type": "http.response.start", "status": 304, "headers": kept}
                await send(message)
            elif scope["state"].get("not_modified"):
                if not message.get("more_body"):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await send(message)

        await self.app(scope, receive, answer)

    async def _caller(self, authorization: str, scope: Scope) -> Actor:
        """Raises BadToken."""
        scheme, _, token = authorization.partition(" ")
        resources = self._resources
        if scheme == calls.SCHEME:
            return calls.caller_of(
                resources.calls_key, token, resources.service.name, scope["path"], resources.clock.now()
            )
        return await resources.verifier.actor(authorization or None)


async def _swallow(receive: Receive) -> None:
    """Take the rest of a body that is refused: a sender who is cut off never reads why."""
    taken = 0
    while taken < 2 * BODY_LIMIT:
        message = await receive()
        taken += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def tag_matches(if_none_match: str, tag: str) -> bool:
    """Weak comparison of a list of entity tags (RFC 9110 8.8.3.2, 13.1.2); `*` matches all."""
    if if_none_match.strip() == "*":
        return True
    opaque = tag.removeprefix("W/")
    return any(candidate.strip().removeprefix("W/") == opaque for candidate in if_none_match.split(","))


def create_service_app(
    resources: Resources,
    handlers: Sequence[Any],
    *,
    root_handlers: Sequence[Any] = (),
    on_start: Sequence[Callable[[], Awaitable[None]]] = (),
    on_stop: Sequence[Callable[[], Awaitable[None]]] = (),
    plugins: Sequence[Any] = (),
    measure: Measure | None = None,
    **litestar_options: Any,
) -> Litestar:
    """The application of one service: `handlers` below its prefix, `root_handlers` at fixed addresses. `measure` sets
    its own gauges whenever somebody reads the metrics."""
    service = resources.service

    @get("/health/live", opt=allow(PUBLIC), sync_to_thread=False, include_in_schema=False)
    def live() -> dict[str, str]:
        return {"status": "live"}

    @get("/health/ready", opt=allow(PUBLIC), include_in_schema=False)
    async def ready() -> Response[dict[str, Any]]:
        parts = await dependencies(resources)
        # The database decides: with NATS or Redis away the service still takes and keeps what people send.
        able = parts.get("postgresql", True)
        return Response({"status": "ready" if able else "not ready", **parts}, status_code=200 if able else 503)

    @get("/metrics", opt=allow(PUBLIC), include_in_schema=False)
    async def metrics() -> Response[bytes]:
        return Response(await measured(resources, measure), media_type="text/plain; version=0.0.4")

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        for step in on_start:
            await step()
        yield
        for step in on_stop:
            await step()

    async def provide_edge(request: Request[Any, Any, Any]) -> Edge:
        return Edge(request, resources)

    app = Litestar(
        route_handlers=[
            Router(service.prefix, route_handlers=[live, ready, metrics, *handlers], before_request=_read_strictly),
            *root_handlers,
        ],
        guards=[guard],
        dependencies={"edge": Provide(provide_edge)},
        exception_handlers=dict(HANDLERS),
        middleware=[DefineMiddleware(Outside, resources=resources)],
        request_max_body_size=BODY_LIMIT,
        lifespan=[lifespan],
        openapi_config=openapi_config(f"开门 · {service.title} ({service.name})", service.prefix),
        plugins=list(plugins),
        logging_config=None,
        **litestar_options,
    )
    close_objects(app)
    app.asgi_handler = _read_to_the_end(_answer_head(app.asgi_handler))
    return app


def _read_to_the_end(app: ASGIApp) -> ASGIApp:
    """Nobody is answered in the middle of a sentence: the server closes such a connection, and the door, which is still
    sending, takes the service for away."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await app(scope, receive, send)
            return
        is_sending = True

        async def listen() -> Any:
            nonlocal is_sending
            message = await receive()
            # After the end of the body there is nothing to take but silence.
            is_sending = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def speak(message: Message) -> None:
            if message["type"] == "http.response.start" and is_sending:
                await _swallow(listen)
            await send(message)

        await app(scope, listen, speak)

    return answer


def _answer_head(app: ASGIApp) -> ASGIApp:
    """HEAD is GET without the body, at every address (RFC 9110 9.3.2)."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        scope["method"] = "GET"
        await app(scope, receive, send_head)

    return answer
