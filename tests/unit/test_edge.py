"""The edge of every service, without a server: HEAD, media types, and whose a repeated request is."""

from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, JSONBody, MultipartBody

from kaimen.host.contracts import resources_on_paper
from kaimen.kit.auth import OFFICE, PUBLIC, allow
from kaimen.kit.http import Edge, create_service_app, json_response
from kaimen.kit.metrics import REQUESTS
from kaimen.kit.work import ANONYMOUS, Actor
from kaimen.portal.factory import create_app as create_portal

RESOURCES = resources_on_paper("opendays")
URL = "/api/opendays/v1"


class Thing(msgspec.Struct):
    a: int


@get("/things/{name:str}", opt=allow(PUBLIC), sync_to_thread=False)
def read_thing(name: FromPath[str]) -> Response[bytes]:
    return json_response({"name": name}, version=1)


@get("/secret", opt=allow(OFFICE), sync_to_thread=False)
def read_secret() -> Response[bytes]:
    return json_response({})


@post("/things", opt=allow(PUBLIC), sync_to_thread=False)
def add_thing(data: JSONBody[Thing]) -> None: ...


@post("/files", opt=allow(PUBLIC), sync_to_thread=False)
def add_file(data: MultipartBody[dict[str, UploadFile]]) -> None: ...


def client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door")


def service() -> httpx.AsyncClient:
    return client(create_service_app(RESOURCES, [read_thing, read_secret, add_thing, add_file]))


@pytest.mark.parametrize(
    ("path", "status"),
    [("/things/x", 200), ("/secret", 401), ("/things", 405), ("/nothing", 404), ("/things/x?a=1", 200)],
)
async def test_head_is_answered_like_get_without_the_body(path: str, status: int) -> None:
    async with service() as asked:
        got, head = await asked.get(f"{URL}{path}"), await asked.head(f"{URL}{path}")
    assert (got.status_code, head.status_code) == (status, status)
    assert (dict(head.headers), head.content) == (dict(got.headers), b"")
    assert int(head.headers["content-length"]) == len(got.content) > 0


async def test_head_knows_what_was_not_modified() -> None:
    async with service() as asked:
        tag = (await asked.head(f"{URL}/things/x")).headers["etag"]
        again = await asked.head(f"{URL}/things/x", headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["etag"], again.content) == (304, tag, b"")


async def test_head_is_counted_at_the_route() -> None:
    def counted() -> float:
        return sum(
            sample.value
            for metric in REQUESTS.collect()
            for sample in metric.samples
            if sample.name.endswith("_total") and f"{URL}/things/{{name}}" in sample.labels.values()
        )

    before = counted()
    async with service() as asked:
        await asked.head(f"{URL}/things/x")
    assert counted() == before + 1


async def test_pages_answer_head_and_name_their_charset_once() -> None:
    async with client(create_portal(resources_on_paper("portal"))) as asked:
        got, head = await asked.get("/no-such-page"), await asked.head("/no-such-page")
        style_path = next(word for word in got.text.split('"') if word.endswith("site.css"))
        style, style_head = await asked.get(style_path), await asked.head(style_path)
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert (head.status_code, head.content, head.headers["content-length"]) == (404, b"", str(len(got.content)))
    assert (style_head.status_code, style_head.content) == (200, b"")
    assert style_head.headers["content-length"] == str(len(style.content))


@pytest.mark.parametrize(("path", "wanted"), [("/things", "application/json"), ("/files", "multipart/form-data")])
async def test_wrong_media_type_is_told_the_right_one(path: str, wanted: str) -> None:
    async with service() as asked:
        answer = await asked.post(f"{URL}{path}", content=b"x", headers={"Content-Type": "text/plain"})
    problem = answer.json()
    assert answer.status_code == 415
    assert (problem["detail"], problem["detail_en"]) == (
        f"此处的内容应为 {wanted}。",
        f"The content must be {wanted} here.",
    )


def _scope_of(address: str, actor: Actor = ANONYMOUS) -> str:
    headers: Sequence[tuple[bytes, bytes]] = [(b"x-forwarded-for", address.encode())]
    asked: dict[str, Any] = {
        "type": "http", "method": "POST", "path": f"{URL}/things", "query_string": b"", "headers": headers,
        "server": ("door", 80), "scheme": "http", "root_path": "", "state": {"actor": actor, "traceparent": None},
    }  # fmt: skip
    return Edge(Request(asked), RESOURCES).idempotency_scope  # type: ignore[arg-type]


def test_two_anonymous_callers_do_not_share_their_keys() -> None:
    assert _scope_of("198.51.100.1") != _scope_of("198.51.100.2")
    assert _scope_of("198.51.100.1") == _scope_of("198.51.100.1")
    assert "198.51.100.1" not in _scope_of("198.51.100.1")


def test_one_who_is_signed_in_keeps_the_keys_at_every_address() -> None:
    somebody = Actor("somebody", "citizen")
    assert _scope_of("198.51.100.1", somebody) == _scope_of("198.51.100.2", somebody)
