"""Asking addresses: what an answer means, and into which networks nobody may be sent. Against a real little server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from kaimen.decisions.app.desk import DecisionsSettings
from kaimen.decisions.app.links import ask, clean_link, meaning
from kaimen.decisions.domain.refusals import BadLink

ANSWERS = {
    "/there": "200 OK",
    "/gone": "410 Gone",
    "/missing": "404 Not Found",
    "/guarded": "403 Forbidden",
    "/signed-in-only": "401 Unauthorized",
    "/moved-to-sign-in": "302 Found\r\nLocation: /sign-in?next=/",
    # What would answer there is not asked for.
    "/sign-in?next=/": "200 OK",
    "/desk/consultations": "200 OK",
    "/%64esk": "200 OK",
    "/api/notices/v1/internal/contacts": "200 OK",
    "/broken": "500 Internal Server Error",
    "/moved": "302 Found\r\nLocation: /there",
    "/moved-away": "302 Found\r\nLocation: http://127.0.0.1:1/",
    "/moved-inside": "302 Found\r\nLocation: http://169.254.169.254/latest/meta-data",
    "/moved-nowhere": "302 Found",
    "/round": "302 Found\r\nLocation: /round",
    "/moved-to-no-port": "302 Found\r\nLocation: http://8.8.8.8:99999/",
    "/moved-to-no-name": "302 Found\r\nLocation: http://xn--/",
    "/file": "302 Found\r\nLocation: file:///etc/passwd",
}


@pytest_asyncio.fixture(loop_scope="session")
async def settings() -> AsyncIterator[DecisionsSettings]:
    """Of a site whose pages answer as `ANSWERS` says; `/silent` never answers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        if target == "/silent":
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {ANSWERS[target]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield DecisionsSettings(public_url=f"http://127.0.0.1:{port}", link_seconds=0.5)
    server.close()


@pytest.mark.parametrize(
    ("path", "means"),
    [
        ("/there", "ok"),
        ("/guarded", "dead"),
        ("/signed-in-only", "dead"),
        ("/moved-to-sign-in", "dead"),
        ("/desk/consultations", "dead"),
        ("/%64esk", "dead"),
        ("/api/notices/v1/internal/contacts", "dead"),
        ("/moved", "ok"),
        ("/moved-nowhere", "ok"),
        ("/gone", "dead"),
        ("/missing", "dead"),
        ("/broken", "unreachable"),
        ("/silent", "unreachable"),
        ("/round", "unreachable"),
        ("/file", "unreachable"),
        ("/moved-to-no-port", "unreachable"),
        ("/moved-to-no-name", "unreachable"),
        ("/moved-away", "private"),
        ("/moved-inside", "private"),
    ],
)
async def test_what_an_answer_means(settings: DecisionsSettings, path: str, means: str) -> None:
    assert await ask(path, settings) == means
    assert await ask(settings.public_url + path, settings) == means


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/there",
        "http://localhost:{port}/there",
        "http://[::ffff:127.0.0.1]:{port}/there",
        "http://2130706433:{port}/there",
        "http://0.0.0.0:{port}/there",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[fec0::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
    ],
)
async def test_no_neighbour_is_asked(settings: DecisionsSettings, url: str) -> None:
    port = settings.public_url.rsplit(":", 1)[1]
    elsewhere = DecisionsSettings(public_url="http://own.example", link_seconds=0.5)
    assert await ask(url.format(port=port), elsewhere) == "private"


async def test_address_that_only_begins_like_ours_is_not_ours(settings: DecisionsSettings) -> None:
    assert await ask(f"{settings.public_url}@127.0.0.1/", settings) == "private"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" https://example.cn/a ", "https://example.cn/a"),
        ("/meetings/1", "/meetings/1"),
        ("", ""),
        ("//example.cn/a", None),
        ("javascript://x", None),
        ("ftp://example.cn", None),
        ("https://", None),
        ("https://a:b@example.cn/", None),
        ("https://example.cn:port/", None),
        ("https://example.cn:99999/", None),
        ("https://xn--/", None),
        ("https://xn--a.xn--b/", None),
        ("example.cn", None),
        ("/\t/example.com", None),
        ("/\n/example.com", None),
        ("/\\evil.com", None),
        ("/a b", None),
        ("/%2F/a", "/%2F/a"),
        ("https://a b.cn/", None),
        ("https://example.cn\\@evil.cn/", None),
        ("https://example.cn/a b", None),
        ("https:///example.cn", None),
        ("https://公开.example.cn/文件?q=年度#一", "https://公开.example.cn/文件?q=年度#一"),
    ],
)
def test_which_addresses_are_taken(typed: str, kept: str | None) -> None:
    if kept is not None:
        assert clean_link(typed, "url") == kept
    elif typed.startswith("javascript"):
        with pytest.raises(Exception, match="markup"):
            clean_link(typed, "url")
    else:
        with pytest.raises(BadLink):
            clean_link(typed, "url")


async def test_sites_that_refuse_programs_may_still_show_people_the_page() -> None:
    """Only of our own pages do we know that nobody is let in."""
    assert [meaning(status, is_own=False) for status in (200, 401, 403, 404, 503)] == [
        "ok", "dead", "unreachable", "dead", "unreachable",
    ]  # fmt: skip
