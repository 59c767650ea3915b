"""The whole house on one machine: servers, services and one door, opened in order and closed in order."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx

from kaimen.host import services
from kaimen.host.embedded import ADDRESS, BinaryMissing, Embedded, Ports, Secrets, caddy_program, is_free
from kaimen.host.supervisor import AlreadyRunning, Lock, Log, Process, Program, StartFailed, Supervisor, tell

IN_WHEEL, IN_TREE = Path(__file__).with_name("Caddyfile"), Path(__file__).resolve().parents[2] / "Caddyfile"
CADDYFILE = IN_WHEEL if IN_WHEEL.exists() else IN_TREE
EXIT_STOPPED, EXIT_FAILED, EXIT_USAGE, EXIT_RUNNING = 0, 1, 2, 3
SHARED_SERVERS = ("DATABASE_URL", "NATS_URL", "REDIS_URL")

SIGN_INS = (
    ("市民 · citizen", {"as": "citizen"}),
    ("区教育局经办 · clerk of a unit", {"as": "unit_editor", "unit": "区教育局"}),
    ("区教育局负责人 · head of a unit", {"as": "unit_lead", "unit": "区教育局"}),
    ("区政府办公室 · the district office", {"as": "office"}),
)


class WrongChoice(Exception):
    """The options or the environment do not fit; the text is one line for the operator."""


@dataclass(frozen=True)
class Options:
    """What `kaimen up` was asked. `only` and `without` are service names; empty `only` means all."""

    data: Path
    port: int = 8080
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    external: bool = False
    clock_file: Path | None = None
    seed: bool = True


async def up(options: Options) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP, then stop everything in order; the exit code."""
    data = options.data.absolute()
    # Others may pass through, not look: a server that had to drop to `nobody` reaches its own folder inside.
    data.mkdir(parents=True, exist_ok=True, mode=0o711)
    try:
        lock = Lock(data / "lock")
    except AlreadyRunning as running:
        tell(f"已有一个开门在使用 {data}：{running} / Kaimen already runs on this folder: {running}")
        return EXIT_RUNNING
    stopping = stop_event()
    keeper = Supervisor(tell)
    log = Log(data / "log" / "kaimen.log")
    opening = asyncio.create_task(open_house(options, data, lock, log, keeper))
    asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({opening, asked}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            await asked
    except (StartFailed, BinaryMissing) as failed:
        tell(f"✗ {failed}\n  {log.path}")
        return EXIT_FAILED
    except WrongChoice as wrong:
        tell(f"✗ {wrong}")
        return EXIT_USAGE
    finally:
        opening.cancel()
        asked.cancel()
        await asyncio.gather(opening, asked, return_exceptions=True)
        await close_house(keeper)
        log.close()
        lock.release()
    return EXIT_STOPPED


def stop_event() -> asyncio.Event:
    """Set by the first signal that asks us to stop. A SIGHUP that `nohup` ignores stays ignored."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number is signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, event.set)
    return event


async def open_house(options: Options, data: Path, lock: Lock, log: Log, keeper: Supervisor) -> None:
    """Start all, in order. Raises StartFailed, BinaryMissing or WrongChoice; the keeper has what runs."""
    names = chosen(options)
    began = time.monotonic()
    port, reserved = door_port(options.port)
    keeper.on_stop(reserved.release)
    ports = Ports(data / "state.json", door=port)
    public_url = f"http://localhost:{port}"
    lock.say(f"{public_url} (pid {os.getpid()})")
    house = House(data, ports, names, port, public_url, options.clock_file)
    stored = [name for name in names if name in services.stored()]
    if not options.external:
        house.servers = Embedded(data, log=log, ports=ports)
        async with step("PostgreSQL, NATS, Valkey"):
            await keeper.start(*house.servers.servers, stop_in_turn=True)
            for name in stored:
                await house.servers.postgres.create_database(name)
    env = {name: house.settings(name) for name in names}
    refuse_missing(env, stored)
    everything = {key: value for settings in env.values() for key, value in settings.items()}
    if stored:
        async with step("数据库结构 · database schemas"):
            await run_to_end(host_command("migrate", *stored, env=everything), log)
    async with step(f"服务 · services: {', '.join(names)}"):
        await keeper.start(*(service(name, env[name], ports.of(name), log) for name in names))
    upstreams = {name: ports.of(name) for name in services.NAMES}
    async with step("大门 · the door"):
        await keeper.start(door(port, upstreams, data / "feeds", data / "caddy", log))
    (data / "address").write_text(public_url)
    if options.seed:
        await sow(port, everything, log)
    seconds = time.monotonic() - began
    tell(f"\n开门，{seconds:.1f} 秒 / open after {seconds:.1f} s")
    for line in welcome(public_url, names, log.path):
        tell(line)


async def close_house(keeper: Supervisor) -> None:
    has_started = keeper.started_anything
    if has_started:
        tell("· 正在依次停止 / stopping in order")
    await keeper.stop()
    if has_started:
        tell("✓ 已全部停止，数据保留 / all stopped, the data is kept")


def chosen(options: Options) -> tuple[str, ...]:
    """The services to run, in their fixed order. Raises WrongChoice for an unknown name or none at all."""
    unknown = [name for name in (*options.only, *options.without) if name not in services.NAMES]
    if unknown:
        raise WrongChoice(
            f"没有名为 {'、'.join(unknown)} 的服务 / "
            f"no such service: {', '.join(unknown)} ({', '.join(services.NAMES)})"
        )
    names = tuple(
        name for name in services.NAMES if name not in options.without and (not options.only or name in options.only)
    )
    if not names:
        raise WrongChoice("没有选中任何服务 / no service is left to run")
    return names


def door_port(wanted: int) -> tuple[int, Lock]:
    """`wanted`, or the next port that is free, which is then told; ours as long as the lock is held.

    Raises WrongChoice when there is none."""
    for port in range(wanted, min(wanted + 100, 65536)):
        reserved = reserve(port)
        if reserved is not None:
            if port != wanted:
                chinese = f"端口 {wanted} 已被占用，改用 {port}"
                tell(f"! {chinese} / port {wanted} is taken, using {port} (--port {port})")
            return port, reserved
    raise WrongChoice(f"端口 {wanted} 起均不可用 / no free port from {wanted} on: choose another --port")


def reserve(port: int) -> Lock | None:
    """The port, if nobody has it. Caddy binds with SO_REUSEPORT: without the lock two houses that start at the same
    moment would share one port, and each would get half of the other's visitors."""
    try:
        lock = Lock(Path(tempfile.gettempdir()) / f"kaimen-{os.getuid()}-{port}.lock")
    except AlreadyRunning:
        return None
    if is_free(port):
        return lock
    lock.release()
    return None


@dataclass
class House:
    """Where everything is: from here each service gets its settings, and nowhere else."""

    data: Path
    ports: Ports
    names: tuple[str, ...]
    door_port: int
    public_url: str
    clock_file: Path | None
    servers: Embedded | None = None

    def settings(self, name: str) -> dict[str, str]:
        """The environment variables `KAIMEN_<SERVICE>_*`; those of our own environment win."""
        prefix = f"KAIMEN_{name.upper()}_"
        ours = {key: value for key, value in os.environ.items() if key.startswith(prefix)}
        return {prefix + key: value for key, value in self._values(name).items()} | ours

    def _values(self, name: str) -> dict[str, str]:
        values = {
            "HOST": ADDRESS,
            "PORT": str(self.ports.of(name)),
            "WORKERS": "1",
            "PUBLIC_URL": self.public_url,
            "KEY_FILE": str(Secrets(self.data / "secrets").path(f"{name}.key")),
            "CALLS_KEY_FILE": str(Secrets(self.data / "secrets").path("calls")),
        }
        # Accounts, too, reads its keys where all others do.
        for setting, asked in {"accounts_url": "accounts", **services.asked_by(name)}.items():
            values[setting.upper()] = f"http://{ADDRESS}:{self.ports.of(asked)}"
        if self.servers is not None:
            values["REDIS_URL"] = self.servers.valkey.url
            if services.load(name).SERVICE.has_database:
                values["DATABASE_URL"] = self.servers.postgres.url(name)
                values["NATS_URL"] = self.servers.nats.url
        if self.clock_file is not None:
            values["CLOCK_FILE"] = str(self.clock_file.absolute())
        if name == "calendar":
            values["FEEDS_DIR"] = str(self.data / "feeds" / "calendar")
        if name == "portal":
            values["SERVICES_URL"] = f"http://{ADDRESS}:{self.door_port}"
        return values


def environment_of(name: str, data: Path) -> Mapping[str, str]:
    """Our own environment, under it the settings that `kaimen up` on `data`, if it runs there, gives to `name`."""
    told = data / "address"
    if not told.exists():
        return os.environ
    public_url, ports = told.read_text(), Ports(data / "state.json", in_use=True)
    servers = Embedded(data, ports=ports)
    house = House(data.absolute(), ports, (name,), urlsplit(public_url).port or 80, public_url, None, servers)
    return {**os.environ, **house.settings(name)}


def refuse_missing(env: Mapping[str, Mapping[str, str]], stored: Iterable[str]) -> None:
    """Raises WrongChoice naming every server's address that a service needs and nobody gave."""
    needed = [
        f"KAIMEN_{name.upper()}_{key}" for name in env for key in SHARED_SERVERS if name in stored or key == "REDIS_URL"
    ]
    absent = [key for key in needed if not any(key in settings for settings in env.values())]
    if absent:
        raise WrongChoice(f"使用外部服务器时请设置 / with --external, set: {', '.join(absent)}")


def service(name: str, settings: Mapping[str, str], port: int, log: Log) -> Process:
    ready = f"http://{ADDRESS}:{port}/api/{name}/v1/health/ready"
    return Process(host_command("serve", name, env=settings), log, lambda: answers(ready, 200))


def door(port: int, upstreams: Mapping[str, int], feeds: Path, folder: Path, log: Log) -> Process:
    """Caddy on 127.0.0.1:`port` before `feeds` and the services at `upstreams`; its own files in `folder`."""
    for each in (feeds, folder):
        each.mkdir(parents=True, exist_ok=True)
    env = clean_environment() | {
        "KAIMEN_DOOR": f"http://:{port}",
        "KAIMEN_BIND": ADDRESS,
        "KAIMEN_FEEDS_DIR": str(feeds),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    for name, upstream in upstreams.items():
        env[f"KAIMEN_UPSTREAM_{name.upper()}"] = f"{ADDRESS}:{upstream}"
    command = [str(caddy_program()), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    # No service is asked: the door is open even when nobody is in.
    return Process(
        Program(name="door", command=command, env=env),
        log,
        lambda: answers(f"http://{ADDRESS}:{port}/metrics", 404),
    )


async def answers(url: str, status: int) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            return (await client.get(url)).status_code == status
    except httpx.HTTPError:
        return False


def host_command(command: str, *arguments: str, env: Mapping[str, str]) -> Program:
    """One of our own subcommands as a process with nothing but its own settings."""
    name = arguments[0] if command == "serve" else command
    line = [sys.executable, "-m", "kaimen.host", command, *arguments]
    environment = clean_environment() | {"PYTHONUNBUFFERED": "1"} | dict(env)
    # Asked, not killed, when the supervisor dies: a server process takes its own workers along.
    return Program(name=name, command=line, env=environment, death_signal=signal.SIGTERM)


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("KAIMEN_")}


async def run_to_end(program: Program, log: Log) -> None:
    """Raises StartFailed with its last words when it does not exit with 0."""
    process = Process(program, log)
    await process.start()
    try:
        code = await process.wait()
    finally:
        await process.stop()
    if code != 0:
        raise StartFailed(process.last_words(f"ended (exit {code})"))


async def sow(port: int, settings: Mapping[str, str], log: Log) -> None:
    """The house opens without sample data too: a failure is told, not raised."""
    try:
        async with step("示例数据 · sample data"):
            await run_to_end(host_command("seed", "--url", f"http://{ADDRESS}:{port}", env=settings), log)
    except StartFailed as failed:
        reason = str(failed).splitlines()[-1]
        tell(f"! 示例数据未全部写入，见日志 / not all sample data was written, see the log: {reason}")


@contextlib.asynccontextmanager
async def step(title: str) -> AsyncIterator[None]:
    began = time.monotonic()
    tell(f"· {title} …")
    yield
    tell(f"✓ {title}  {time.monotonic() - began:.1f} s")


def welcome(public_url: str, names: Iterable[str], log: Path) -> list[str]:
    lines = [f"  {public_url}"]
    if {"portal", "accounts"} <= set(names):
        lines += ["", "  登录 · sign in as"]
        lines += [f"    {label}\n      {public_url}/sign-in?{urlencode(choice)}" for label, choice in SIGN_INS]
    return [*lines, "", f"  日志 · log  {log}", "  Ctrl-C 停止 · stops everything"]
