"""Several hosts on one machine: three network namespaces with a NATS server each, two copies of every service, and one
of them killed at a time. Needs root and `ip`; everything is removed afterwards."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import nats
import psutil
import pytest

from copies import NAMES, Crowd, Town, door, must_be_whole, open_session, unit_desk
from houses import until
from kaimen.host import embedded
from kaimen.host.embedded import Embedded, Secrets, free_port, nats_program, valkey_program, write_private
from kaimen.host.supervisor import Log, Process, Program

ROUNDS = int(os.environ.get("KAIMEN_TRIALS", "1"))
HOSTS = ("a", "b", "c")
PLACES = {"accounts": ("a", "b"), "opendays": ("b", "c"), "calendar": ("c", "a")}
PORTS = {"accounts": 8001, "opendays": 8002, "calendar": 8003}
HEARD = "opendays.registration.changed.v1"
PREFIX = "kaimen-"
NAMES_OF_HOSTS = Path("/etc/netns")
"""Where `ip netns exec` finds a hosts file for a namespace."""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="hosts need root and iproute2's ip"),
    pytest.mark.timeout(300 + 120 * ROUNDS),
]


def ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


class Network:
    """A bridge with an address of ours, and on it one namespace for each host: 10.213.n.1 to .3."""

    def __init__(self) -> None:
        self.number = os.getpid() % 250
        self.bridge = f"{PREFIX}{self.number}"
        self.here = f"10.213.{self.number}.254"
        self.addresses = {host: f"10.213.{self.number}.{place}" for place, host in enumerate(HOSTS, 1)}

    def namespace(self, host: str) -> str:
        return f"{PREFIX}{os.getpid()}-{host}"

    def inside(self, host: str) -> list[str]:
        """Words that run a command on a host."""
        return ["ip", "netns", "exec", self.namespace(host)]

    def build(self) -> None:
        ip("link", "add", self.bridge, "type", "bridge")
        ip("addr", "add", f"{self.here}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")
        for host, address in self.addresses.items():
            name, cable = self.namespace(host), f"{self.bridge}{host}"
            ip("netns", "add", name)
            ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", cable, "master", self.bridge, "up")
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                ip("-n", name, "link", "set", device, "up")
            folder = NAMES_OF_HOSTS / name
            folder.mkdir(parents=True)
            folder.joinpath("hosts").write_text(self._names())

    def _names(self) -> str:
        """One name for all that give a service, as in a cluster."""
        places = {"nats": HOSTS, "accounts": PLACES["accounts"]}
        lines = [f"{self.addresses[host]} {name}" for name, hosts in places.items() for host in hosts]
        return "\n".join(["127.0.0.1 localhost", *lines, ""])


def take_down(pid: int) -> None:
    """Whatever the run with this process id built."""
    for line in ip("netns", "list").splitlines():
        name = line.split()[0]
        if name.startswith(f"{PREFIX}{pid}-"):
            ip("netns", "del", name)
            shutil.rmtree(NAMES_OF_HOSTS / name, ignore_errors=True)
    bridge = f"{PREFIX}{pid % 250}"
    if any(link["ifname"] == bridge for link in json.loads(ip("-json", "link", "show"))):
        ip("link", "del", bridge)
    if NAMES_OF_HOSTS.is_dir() and not any(NAMES_OF_HOSTS.iterdir()):
        NAMES_OF_HOSTS.rmdir()


def take_down_what_was_left() -> None:
    """By a run that was killed, and could not do it itself."""
    left = {line.split()[0] for line in ip("netns", "list").splitlines()}
    pids = {int(name.split("-")[1]) for name in left if name.startswith(PREFIX)}
    for pid in pids:
        if not psutil.pid_exists(pid):
            take_down(pid)


@contextmanager
def network() -> Iterator[Network]:
    take_down_what_was_left()
    net = Network()
    try:
        net.build()
        yield net
    finally:
        take_down(os.getpid())


def stream_server(net: Network, host: str, folder: Path, password: str, log: Log) -> Process:
    """One of three NATS servers that know each other, as in `k8s/overlays/prod/nats.conf`."""
    folder.mkdir(parents=True)
    routes = ", ".join(json.dumps(f"nats://{address}:6222") for address in net.addresses.values())
    settings = folder / "nats.conf"
    write_private(
        settings,
        f"""server_name: {host}
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
authorization {{ user: kaimen, password: "{password}" }}
jetstream {{
  store_dir: {json.dumps(str(folder / "data"))}
  sync_interval: always
}}
cluster {{ name: kaimen, listen: "0.0.0.0:6222", no_advertise: true, connect_retries: 120, routes: [{routes}] }}
""",
    )
    command = [*net.inside(host), str(nats_program()), "--config", str(settings)]
    health = f"http://{net.addresses[host]}:8222/healthz"

    async def is_ready() -> bool:
        try:
            async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
                return (await client.get(health)).status_code == 200
        except httpx.HTTPError:
            return False

    return Process(Program(f"nats@{host}", command), log, is_ready)


def wake_up_server(net: Network, folder: Path, password: str, log: Log) -> tuple[Process, str]:
    """Valkey on the bridge's own address, and its URL."""
    folder.mkdir(parents=True)
    settings = folder / "valkey.conf"
    write_private(
        settings,
        f"bind {net.here}\nport 6379\nrequirepass {password}\ndir {folder}\nappendonly yes\n"
        'maxmemory-policy noeviction\nsave ""\ndaemonize no\n',
    )
    return Process(Program("valkey", [str(valkey_program()), str(settings)]), log), f"redis://:{password}@{net.here}/0"


async def truth(net: Network, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Embedded, dict[str, str]]:
    """PostgreSQL, open to the hosts, and the address of each service's database."""
    patch.setitem(embedded.POSTGRES_SETTINGS, "listen_addresses", f"{embedded.ADDRESS},{net.here}")
    servers = Embedded(folder, nats=False, valkey=False)
    await servers.start()
    for name in NAMES:
        await servers.postgres.create_database(name)
    with (servers.postgres.folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {net.here}/24 scram-sha-256\n")
    admin = await asyncpg.connect(servers.postgres.admin_url)
    await admin.execute("select pg_reload_conf()")
    await admin.close()
    addresses = {name: servers.postgres.url(name).replace(f"@{embedded.ADDRESS}:", f"@{net.here}:") for name in NAMES}
    return servers, addresses


@dataclass
class Hosts:
    """The network with everything on it."""

    net: Network
    town: Town
    streams: Mapping[str, Process]

    async def leader(self, stream: str) -> str:
        """The host that leads a stream, once there is one."""

        async def found() -> str | None:
            try:
                client = await nats.connect(list(self.town.nats_urls), connect_timeout=1, max_reconnect_attempts=1)
            except (nats.errors.Error, OSError):
                return None
            try:
                cluster = (await client.jetstream(timeout=2).stream_info(stream)).cluster
            except (nats.errors.Error, TimeoutError):
                return None
            finally:
                await client.close()
            return cluster.leader if cluster else None

        return await until(found, seconds=30)


@asynccontextmanager
async def open_hosts(folder: Path) -> AsyncIterator[Hosts]:
    log, secrets = Log(folder / "log" / "kaimen.log"), Secrets(folder / "secrets")
    async with AsyncExitStack() as closing:
        closing.callback(log.close)
        net = closing.enter_context(network())
        patch = closing.enter_context(pytest.MonkeyPatch.context())
        servers, databases = await truth(net, folder, patch)
        closing.push_async_callback(servers.stop)
        password = secrets.get("nats")
        streams = {host: stream_server(net, host, folder / f"nats-{host}", password, log) for host in HOSTS}
        valkey, valkey_url = wake_up_server(net, folder / "valkey", secrets.get("valkey"), log)
        for server in (valkey, *streams.values()):
            closing.push_async_callback(server.stop)
        await asyncio.gather(*(server.start() for server in (valkey, *streams.values())))
        port = free_port(set())
        shared = {
            "NATS_URL": f"nats://kaimen:{password}@nats:4222",
            "REDIS_URL": valkey_url,
            "PUBLIC_URL": f"http://localhost:{port}",
            "ACCOUNTS_URL": f"http://accounts:{PORTS['accounts']}",
            "STREAM_REPLICAS": str(len(HOSTS)),
        }
        urls = [f"nats://kaimen:{password}@{address}:4222" for address in net.addresses.values()]
        town = Town(folder, log, databases, urls, shared)
        closing.push_async_callback(town.stop)
        await town.migrate(*NAMES)
        for name, hosts in PLACES.items():
            for host in hosts:
                url = f"http://{net.addresses[host]}:{PORTS[name]}"
                env = town.settings(name, net.addresses[host], PORTS[name], DATABASE_URL=databases[name])
                town.add_copy(f"{name}@{host}", name, env, url, before=net.inside(host))
        await asyncio.gather(*(copy.start() for copy in town.copies.values()))
        upstreams = {name: [f"{net.addresses[h]}:{PORTS[name]}" for h in hosts] for name, hosts in PLACES.items()}
        opened = door(port, upstreams, folder, log)
        closing.push_async_callback(opened.stop)
        await opened.start()
        town.client = httpx.AsyncClient(base_url=f"http://{embedded.ADDRESS}:{port}", timeout=30, trust_env=False)
        yield Hosts(net, town, streams)


@pytest.fixture(scope="module")
async def hosts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hosts]:
    async with open_hosts(tmp_path_factory.mktemp("hosts")) as opened:
        yield opened


async def test_registrations_survive_the_loss_of_any_host(hosts: Hosts) -> None:
    town = hosts.town
    desk = await unit_desk(town)
    event_id, session_id = await open_session(desk)
    crowd = Crowd(town, session_id)
    moves = 0
    async with crowd.at_work(callers=4):
        await crowd.more()
        for number in range(ROUNDS):
            leader = await hosts.leader("opendays")
            await lose(hosts, f"NATS on {leader}, which leads", hosts.streams[leader], crowd, leader)
            leads_now = await hosts.leader("opendays")
            follower = next(host for host in HOSTS if host not in (leader, leads_now))
            await lose(hosts, f"NATS on {follower}, which follows", hosts.streams[follower], crowd)
            for name, places in PLACES.items():
                title = f"{name}@{places[number % len(places)]}"
                await lose(hosts, title, town.copies[title], crowd)
                headers = await town.token("unit_editor", "区教育局", "经办")
                place = {"place": f"公园路{moves}号"}
                moved = await town.client.patch(f"/api/opendays/v1/events/{event_id}", json=place, headers=headers)
                assert moved.status_code == 200, moved.text
                moves += 1
    print(crowd.told())
    crowd.must_have_been_answered_honestly()
    await must_be_whole(town, session_id, crowd)
    await must_show_the_same(hosts, moves)


async def lose(hosts: Hosts, title: str, victim: Process, crowd: Crowd, leader: str = "") -> None:
    """Kill it; without it, the crowd gets through and the calendar hears; then bring it back."""
    repeated, trouble, since = crowd.repeated, crowd.trouble_seconds, time.monotonic()
    victim.kill()
    await victim.wait()

    async def is_led_by_another() -> bool:
        return await hosts.leader("opendays") != leader

    await until(is_led_by_another, seconds=30)
    await crowd.more()
    await must_hear_what_was_said_last(hosts.town)
    away = time.monotonic() - since
    await victim.start()
    await crowd.more()
    repeated, trouble = crowd.repeated - repeated, crowd.trouble_seconds - trouble
    print(f"{title}: the others carried on after {away:.1f} s; {repeated} repeated, {trouble:.2f} s of trouble")


async def must_hear_what_was_said_last(town: Town) -> None:
    last = await town.ask("opendays", "select event_id from outbox where subject = $1 order by seq desc limit 1", HEARD)
    question = "select exists (select from inbox where consumer = 'calendar-private' and event_id = $1)"
    await until(lambda: town.ask("calendar", question, last), seconds=40)


async def must_show_the_same(hosts: Hosts, moves: int) -> None:
    """Both copies of the calendar give the feed with the same tag."""
    async with httpx.AsyncClient(trust_env=False) as client:

        async def tags() -> set[tuple[str, bytes]]:
            urls = [f"http://{hosts.net.addresses[host]}:{PORTS['calendar']}" for host in PLACES["calendar"]]
            answers = [await client.get(f"{url}/calendar/district.ics") for url in urls]
            assert {answer.status_code for answer in answers} == {200}
            return {(answer.headers["etag"], answer.content) for answer in answers}

        async def agree() -> bool:
            shown = await tags()
            return len(shown) == 1 and f"SEQUENCE:{moves}\r\n".encode() in next(iter(shown))[1]

        await until(agree)
