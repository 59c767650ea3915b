"""The embedded servers, really started, really killed: what was acknowledged is still there."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import nats
import psutil
import pytest
import pytest_asyncio
import redis.asyncio

from kaimen.host.embedded import Embedded, Ports
from kaimen.host.supervisor import Log, Process, Program, StartFailed


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    async with Embedded(tmp_path_factory.mktemp("embedded")) as running:
        await running.postgres.create_database("accounts")
        await running.postgres.create_database("opendays")
        yield running


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_keeps_what_was_committed_before_a_kill(servers: Embedded) -> None:
    url, port = servers.postgres.url("opendays"), servers.postgres.port
    await ask(url, "CREATE TABLE IF NOT EXISTS kept (x int)")
    await ask(url, "INSERT INTO kept VALUES (1), (2)")
    servers.postgres.kill()
    await servers.postgres.start()
    assert (servers.postgres.port, await ask(url, "SELECT count(*) FROM kept")) == (port, 2)
    await ask(url, "DROP TABLE kept")


async def test_nats_keeps_what_was_acknowledged_before_a_kill(servers: Embedded) -> None:
    client = await nats.connect(servers.nats.url)
    stream = client.jetstream()
    await stream.add_stream(name="KEPT", subjects=["kept.>"])
    for number in range(50):
        await stream.publish("kept.fact", str(number).encode())
    await client.close()
    servers.nats.kill()
    await servers.nats.start()
    client = await nats.connect(servers.nats.url)
    seen = (await client.jetstream().stream_info("KEPT")).state.messages
    await client.jetstream().delete_stream("KEPT")
    await client.close()
    assert seen == 50


async def test_valkey_keeps_what_was_written_before_a_kill(servers: Embedded) -> None:
    async with redis.asyncio.Redis.from_url(servers.valkey.url) as client:
        await client.set("kept", "yes")
    servers.valkey.kill()
    await servers.valkey.start()
    async with redis.asyncio.Redis.from_url(servers.valkey.url) as client:
        assert await client.getdel("kept") == b"yes"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("max_connections", "200"),
        ("shared_buffers", "256MB"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", "127.0.0.1"),
    ],
)
async def test_postgres_setting_is_the_promised_one(servers: Embedded, setting: str, value: str) -> None:
    assert await ask(servers.postgres.admin_url, f"SHOW {setting}") == value


async def test_postgres_sorts_by_the_builtin_locale(servers: Embedded) -> None:
    query = "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = 'opendays'"
    assert await ask(servers.postgres.admin_url, query) == "b C.UTF-8"


@pytest.mark.parametrize("database", ["accounts", "postgres", "template1"])
async def test_postgres_role_may_not_enter_another_database(servers: Embedded, database: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(servers.postgres.url(database, "opendays"), "SELECT 1")


async def test_postgres_role_needs_its_own_password(servers: Embedded) -> None:
    stolen = servers.postgres.url("opendays").replace("//opendays:", "//accounts:")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(stolen, "SELECT 1")


async def test_postgres_database_made_twice_keeps_its_rows(servers: Embedded) -> None:
    url = servers.postgres.url("accounts")
    await ask(url, "CREATE TABLE twice AS SELECT 1 AS x")
    await servers.postgres.create_database("accounts")
    assert await ask(url, "SELECT x FROM twice") == 1
    await ask(url, "DROP TABLE twice")


async def test_postgres_database_with_an_odd_name_is_refused(servers: Embedded) -> None:
    with pytest.raises(ValueError, match="cannot name a database"):
        await servers.postgres.create_database('x"; DROP ROLE accounts; --')


async def test_nats_syncs_every_message(servers: Embedded) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        varz = (await client.get(f"{servers.nats.monitor_url}/varz")).json()
    assert varz["jetstream"]["config"].get("sync_always") is True


async def test_nats_refuses_a_stranger(servers: Embedded) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", servers.nats.port)
    await reader.readline()
    writer.write(b'CONNECT {"user":"kaimen","pass":"wrong","verbose":true}\r\n')
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert answer == b"-ERR 'Authorization Violation'\r\n"


async def test_valkey_has_a_password_and_evicts_nothing(servers: Embedded) -> None:
    async with redis.asyncio.Redis(host="127.0.0.1", port=servers.valkey.port) as stranger:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await stranger.get("x")
    async with redis.asyncio.Redis.from_url(servers.valkey.url) as client:
        policy = await client.config_get("maxmemory-policy", "appendonly")
    assert policy == {"maxmemory-policy": "noeviction", "appendonly": "yes"}


async def test_secrets_are_for_the_owner_alone(servers: Embedded) -> None:
    folder = servers.postgres.folder.parent / "secrets"
    modes = {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    assert modes == {0o700, 0o600}


async def test_postgres_starts_over_a_pid_file_whose_pid_is_another_program(tmp_path: Path) -> None:
    servers = Embedded(tmp_path, nats=False, valkey=False)
    async with servers:
        pass
    stale = tmp_path / "postgres" / "data" / "postmaster.pid"
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    stale.write_text(f"{other.pid}\n{stale.parent}\n1\n{servers.postgres.port}\n\n127.0.0.1\n\n")
    async with servers:
        answer = await ask(servers.postgres.admin_url, "SELECT 1")
    alive = other.returncode is None
    other.kill()
    await other.wait()
    assert (answer, alive) == (1, True)


async def test_postgres_that_outlived_its_supervisor_is_stopped_first(tmp_path: Path) -> None:
    orphan = Embedded(tmp_path, nats=False, valkey=False)
    await orphan.start()
    os.kill(orphan.postgres.pid, signal.SIGSTOP)
    heir = Embedded(tmp_path, nats=False, valkey=False)
    os.kill(orphan.postgres.pid, signal.SIGCONT)
    async with heir:
        alive = psutil.pid_exists(orphan.postgres.pid)
        answer = await ask(heir.postgres.admin_url, "SELECT 1")
    await orphan.stop()
    assert (alive, answer) == (False, 1)


async def test_postgres_deep_in_the_tree_has_its_socket_in_the_temporary_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("深" * 30)
    servers = Embedded(folder, nats=False, valkey=False)
    async with servers:
        sockets = Path(str(await ask(servers.postgres.admin_url, "SHOW unix_socket_directories")))
        assert (sockets / f".s.PGSQL.{servers.postgres.port}").is_socket()
    shutil.rmtree(sockets)


async def test_postgres_half_initialised_is_initialised_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    servers = Embedded(tmp_path, nats=False, valkey=False)
    async with servers:
        answer = await ask(servers.postgres.admin_url, "SELECT 1")
    assert (answer, unfinished.exists()) == (1, False)


async def test_postgres_with_lost_secrets_says_so(tmp_path: Path) -> None:
    async with Embedded(tmp_path, nats=False, valkey=False):
        pass
    shutil.rmtree(tmp_path / "secrets")
    with pytest.raises(StartFailed, match="the secrets do not belong to"):
        await Embedded(tmp_path, nats=False, valkey=False).start()


@pytest.mark.skipif(sys.platform != "linux", reason="user namespaces are Linux's")
async def test_servers_run_as_an_ordinary_user_too(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys\nfrom pathlib import Path\nfrom kaimen.host.embedded import Embedded\n"
        "async def main():\n    async with Embedded(Path(sys.argv[1])): print('up as', os.geteuid())\n"
        "asyncio.run(main())"
    )
    log = Log(tmp_path / "log")
    ordinary = Program(
        name="ordinary", command=[sys.executable, "-c", code, str(tmp_path / "data")], identity="namespace"
    )
    process = Process(ordinary, log)
    await process.start()
    code_of_exit = await process.wait()
    log.close()
    assert (code_of_exit, log.path.read_text().split()[3:]) == (0, ["up", "as", "1000"])


def test_port_is_kept_until_another_takes_it(tmp_path: Path) -> None:
    first = Ports(tmp_path / "state.json").of("nats")
    again = Ports(tmp_path / "state.json").of("nats")
    with socket.create_server(("127.0.0.1", first)):
        moved = Ports(tmp_path / "state.json").of("nats")
    assert (again == first, moved == first) == (True, False)


def test_ports_of_two_programs_differ(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "state.json")
    assert len({ports.of(name) for name in "abcdefgh"}) == 8


def test_port_of_the_door_is_given_to_nobody_else(tmp_path: Path) -> None:
    """The door binds last: until then its port looks free."""
    path = tmp_path / "state.json"
    kept = Ports(path).of("accounts")
    assert Ports(path, door=kept).of("accounts") != kept
