"""The real Caddy with the real Caddyfile, before stand-in services that say who was asked and for what."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from houses import SPEAKING
from kaimen.host import fleet
from kaimen.host.embedded import free_port
from kaimen.host.supervisor import Log

TAG = 'W/"0123456789abcdef"'
SECRET = "Planted7K3M"
FEED = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" * 100


async def say_who_was_asked(name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = request.split(b"\r\n", 1)[0].decode().split(" ")
    headers = dict(line.split(": ", 1) for line in request.decode().lower().split("\r\n")[1:] if ": " in line)
    await reader.readexactly(int(headers.get("content-length", "0")))
    asked = {
        "service": name,
        "method": method,
        "target": target,
        "if_match": headers.get("if-match"),
        "forwarded_for": headers.get("x-forwarded-for"),
    }
    body = json.dumps({**asked, "filler": " " * 2000}).encode()
    status = "405 Method Not Allowed" if method == "PROPFIND" else "200 OK"
    lines = [
        "Content-Type: application/json",
        'ETag: "v1"',
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""])
    writer.write(head.encode() + (b"" if method == "HEAD" else body))
    await writer.drain()
    writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder = tmp_path_factory.mktemp("door")
    units = folder / "feeds" / "calendar" / "units"
    units.mkdir(parents=True)
    for name, content in ((".ics", FEED), (".ics.gz", gzip.compress(FEED, mtime=0))):
        (units / f"区教育局{name}").write_bytes(content)
        (units / f"区教育局{name}.etag").write_text(TAG)
    private = folder / "feeds" / "calendar" / "me"
    private.mkdir()
    (private / "secret.ics").write_bytes(FEED)
    upstreams: dict[str, int] = {}
    services: dict[str, asyncio.Server] = {}
    for name in (*SPEAKING, "portal"):
        upstreams[name] = free_port(set(upstreams.values()))
        services[name] = await asyncio.start_server(
            lambda r, w, name=name: say_who_was_asked(name, r, w), "127.0.0.1", upstreams[name], limit=2**25
        )
    port = free_port(set(upstreams.values()))
    log = Log(folder / "door.log")
    caddy = fleet.door(port, upstreams, folder / "feeds", folder, log)
    await caddy.start()
    yield f"http://127.0.0.1:{port}"
    await caddy.stop()
    for service in services.values():
        service.close()
    log.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def visitor(door: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=door, trust_env=False, timeout=10) as client:
        yield client


@asynccontextmanager
async def one_service_door(folder: Path, trusted: str) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor of a door of its own, which believes the proxies at `trusted` (CIDR, or Caddy's private_ranges)."""
    service = await asyncio.start_server(lambda r, w: say_who_was_asked("adoption", r, w), "127.0.0.1", 0)
    upstream = service.sockets[0].getsockname()[1]
    port, log = free_port({upstream}), Log(folder / "door.log")
    caddy = fleet.door(port, {"adoption": upstream}, folder / "feeds", folder, log)
    caddy.program = replace(caddy.program, env={**(caddy.program.env or {}), "KAIMEN_TRUSTED_PROXIES": trusted})
    await caddy.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        yield client
    await caddy.stop()
    service.close()
    log.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def private_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """As containers have it: the portal and the visitors may both have private addresses."""
    async with one_service_door(tmp_path_factory.mktemp("private"), "private_ranges") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/accounts/v1/health/ready", "accounts"),
        ("/api/opendays/v1/events?q=%E5%8C%BA", "opendays"),
        ("/api/decisions/v1/items?year=2026", "decisions"),
        ("/api/openmonth/v1/campaigns/2026/board", "openmonth"),
        ("/api/calendar/v1/entries", "calendar"),
        ("/calendar/district.ics", "calendar"),
        ("/calendar/units/%E5%8C%BA%E6%95%99%E8%82%B2%E5%B1%80.ics?alarm=1", "calendar"),
        ("/calendar/me/secret.ics", "calendar"),
        ("/problems/opendays.full", "portal"),
        ("/", "portal"),
        ("/%E5%BC%80%E6%94%BE%E6%97%A5", "portal"),
    ],
)
async def test_door_sends_each_path_unchanged_to_its_owner(visitor: httpx.AsyncClient, path: str, service: str) -> None:
    asked = (await visitor.get(path)).json()
    seen = httpx.URL(path).raw_path.decode()
    assert (asked["service"], asked["target"], asked["forwarded_for"]) == (service, seen, "127.0.0.1")


async def seen_as(visitor: httpx.AsyncClient, *chain: str, path: str = "/api/adoption/v1/opinions/x") -> str:
    """The address that the service gets; the visitor is a trusted proxy that sends `chain`, a header line for each."""
    headers = [("X-Forwarded-For", line) for line in chain]
    return (await visitor.get(path, headers=headers)).json()["forwarded_for"]


@pytest.mark.parametrize("path", ["/", "/api/adoption/v1/opinions/x", "/calendar/district.ics"])
async def test_address_that_a_client_writes_before_an_appending_proxy_is_not_taken(
    visitor: httpx.AsyncClient, path: str
) -> None:
    seen = {await seen_as(visitor, f"7.7.8.{n}, 203.0.113.9", path=path) for n in range(40)}
    assert seen == {"203.0.113.9"}


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["7.7.8.1", "203.0.113.9"], "203.0.113.9"),
        (["7.7.8.1,203.0.113.9"], "203.0.113.9"),
        (["7.7.8.1, 203.0.113.9, 127.0.0.1"], "203.0.113.9"),
        (["7.7.8.1, 127.0.0.1, 203.0.113.9"], "203.0.113.9"),
        (["127.0.0.1, 203.0.113.9"], "203.0.113.9"),
        (["127.0.0.1"], "127.0.0.1"),
        (["nonsense"], "127.0.0.1"),
        ([""], "127.0.0.1"),
        ([], "127.0.0.1"),
    ],
)
async def test_service_is_told_one_address_the_nearest_that_is_not_trusted(
    visitor: httpx.AsyncClient, chain: list[str], address: str
) -> None:
    assert await seen_as(visitor, *chain) == address


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        (["192.168.1.5"], "192.168.1.5"),
        (["192.168.1.5:50123"], "192.168.1.5"),
        (["fd00::5"], "fd00::5"),
        (["192.168.1.66, 192.168.1.5"], "192.168.1.5"),
        (["192.168.1.66", "192.168.1.5"], "192.168.1.5"),
        (["203.0.113.9, 192.168.1.5"], "203.0.113.9"),
        (["7.7.8.1, 203.0.113.9, 192.168.1.5"], "203.0.113.9"),
        (["nonsense"], "127.0.0.1"),
        ([], "127.0.0.1"),
    ],
)
async def test_callers_in_a_trusted_network_are_told_apart(
    private_door: httpx.AsyncClient, chain: list[str], address: str
) -> None:
    assert await seen_as(private_door, *chain) == address


async def test_who_is_not_trusted_says_nothing_about_addresses(tmp_path: Path) -> None:
    async with one_service_door(tmp_path, "192.0.2.1/32") as stranger:
        assert await seen_as(stranger, "7.7.8.1, 203.0.113.9") == "127.0.0.1"
        assert await seen_as(stranger, "192.0.2.1") == "127.0.0.1"


@pytest.mark.parametrize("service", ["opendays", "representatives", "hearings"])
@pytest.mark.parametrize("name", ["internal/contacts", "%69nternal/contacts", "internal"])
async def test_door_lets_nobody_ask_what_services_ask_each_other(
    visitor: httpx.AsyncClient, service: str, name: str
) -> None:
    answer = await visitor.post(f"/api/{service}/v1/{name}", json={})
    assert (answer.status_code, answer.content) == (404, b"")


FEED_PATH = "/calendar/units/%E5%8C%BA%E6%95%99%E8%82%B2%E5%B1%80.ics"


async def test_feed_on_disk_is_served_with_its_own_tag(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(FEED_PATH, headers={"Accept-Encoding": "identity"})
    names = (
        "etag",
        "content-type",
        "content-length",
        "content-disposition",
        "cache-control",
        "access-control-allow-origin",
    )
    assert (answer.status_code, answer.content, [answer.headers[name] for name in names]) == (
        200,
        FEED,
        [TAG, "text/calendar; charset=utf-8", str(len(FEED)), "inline", "public, max-age=300", "*"],
    )


async def test_feed_on_disk_comes_compressed_when_asked(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(FEED_PATH, headers={"Accept-Encoding": "gzip"})
    kept = [answer.headers[name] for name in ("etag", "content-encoding", "vary", "content-type")]
    assert (answer.content, kept) == (FEED, [TAG, "gzip", "Accept-Encoding", "text/calendar; charset=utf-8"])


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("tags", [TAG, f'"x", {TAG}', "*"])
async def test_feed_on_disk_that_is_known_is_not_sent_again(
    visitor: httpx.AsyncClient, tags: str, encoding: str
) -> None:
    answer = await visitor.get(FEED_PATH, headers={"If-None-Match": tags, "Accept-Encoding": encoding})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)


async def test_feed_on_disk_answers_head_without_a_body(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.head(FEED_PATH, headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (
        200,
        b"",
        str(len(FEED)),
    )


async def test_feed_asked_with_another_method_is_left_to_the_calendar(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.request("PROPFIND", FEED_PATH)
    assert (answer.status_code, answer.json()["service"]) == (405, "calendar")


@pytest.mark.parametrize("name", [*SPEAKING, "portal"])
async def test_metrics_are_not_shown_at_the_door(visitor: httpx.AsyncClient, name: str) -> None:
    paths = ("/metrics", *(f"/api/{name}/v1/{last}" for last in ("metrics", "metrics/", "%6detrics", "/metrics")))
    answers = [await visitor.get(path) for path in paths]
    assert [(answer.status_code, answer.content) for answer in answers] == [(404, b"")] * len(paths)


async def test_if_match_reaches_the_service_without_the_encoding(visitor: httpx.AsyncClient) -> None:
    first = await visitor.get("/api/opendays/v1/events/1", headers={"Accept-Encoding": "gzip"})
    second = await visitor.patch("/api/opendays/v1/events/1", headers={"If-Match": first.headers["etag"]})
    assert (first.headers["content-encoding"], second.json()["if_match"]) == ("gzip", '"v1"')


@pytest.mark.parametrize(("size", "status"), [(12_000_000, 200), (12_000_001, 413)])
async def test_request_over_twelve_megabytes_is_refused(visitor: httpx.AsyncClient, size: int, status: int) -> None:
    answer = await visitor.post("/api/opendays/v1/imports", content=b"x" * size)
    assert answer.status_code == status


def secret_addresses(secret: str) -> list[str]:
    """Every address that holds what its holder alone should know; of the services, all that hold any text at all."""
    pages = [
        *("/r/{}", "/r/{}/cancel", "/r/{}/offer", "/r/{}/offer/accept", "/r/{}/questionnaire", "/r/{}/thanks"),
        *("/r/{}/calendar", "/r/{}/calendar/revoke", "/a/{}", "/a/{}/confirm", "/t/{}", "/calendar/me/{}.ics"),
        *("/opinions/{}", "/opinions/{}/attachments", "/opinions/{}/attachments/1/drop", "/opinions/{}/withdraw"),
        "/desk/recruitments/0195f0a0-0000-7000-8000-000000000000/verify/{}",
    ]
    written = [
        *("//r/{}", "/r//{}", "/%72/{}", "/R/{}", "/calendar%2Fme%2F{}", "/{}", "/r/{}?next=/", "/?receipt={}"),
        *("/api/adoption/v1//opinions/{}", "/api/opendays/v1/{}", "/api/{}", "/api/opendays/v1/%2e%2e/r/{}"),
        "/sign-in?next=%2Fr%2F{}",
    ]
    contracts = sorted(Path(__file__).parents[2].glob("contracts/openapi/*.json"))
    paths = [path for file in contracts for path in json.loads(file.read_text())["paths"]]
    answered = [re.sub(r"\{\w+\}", "{0}", path) for path in paths if "{" in path and "/internal/" not in path]
    assert {"/api/adoption/v1/opinions/{0}", "/api/opendays/v1/registrations/{0}"} <= set(answered)
    return [path.format(secret) for path in (*pages, *written, *answered)]


async def die_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The door logs whole requests of which the answer breaks off, and not those that nobody began to answer."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nLocation: /r/{SECRET}\r\n\r\n{SECRET}".encode())
    await writer.drain()
    writer.close()


async def test_no_address_that_is_a_secret_is_in_the_log(tmp_path: Path) -> None:
    service = await asyncio.start_server(die_in_the_middle, "127.0.0.1", 0)
    port, upstream = free_port(set()), service.sockets[0].getsockname()[1]
    log = Log(tmp_path / "door.log")
    caddy = fleet.door(port, dict.fromkeys((*SPEAKING, "portal"), upstream), tmp_path / "feeds", tmp_path, log)
    await caddy.start()
    addresses = secret_addresses(SECRET)
    seen = {"Referer": f"http://localhost/r/{SECRET}", "Cookie": f"receipt={SECRET}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        for path in addresses:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(path, headers=seen)
    await caddy.stop()
    log.close()
    service.close()
    lines = [line for line in log.path.read_text().splitlines() if '"request"' in line]
    assert len(lines) == len(addresses)
    assert [line for line in lines if SECRET in line] == []
    assert any('"uri":"/api/opendays/v1/registrations"' in line for line in lines)


async def test_service_away_is_told_in_two_languages_and_its_log_names_nobody(tmp_path: Path) -> None:
    port, nobody = free_port(set()), free_port(set())
    log = Log(tmp_path / "door.log")
    caddy = fleet.door(port, {"accounts": nobody, "calendar": nobody}, tmp_path / "feeds", tmp_path, log)
    await caddy.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        answer = await client.get("/api/accounts/v1/people?phone=13800001111", headers={"X-Name": "planted-name"})
        await client.get("/calendar/me/planted-token.ics")
    await caddy.stop()
    log.close()
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"], problem["type"], problem["detail_en"]) == (
        503,
        "application/problem+json",
        "/problems/door.service-away",
        "This service is recovering, please try again shortly.",
    )
    logged = log.path.read_text()
    assert [logged.count(words) for words in ("13800001111", "planted")] == [0, 0]
