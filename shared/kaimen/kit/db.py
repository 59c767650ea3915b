"""PostgreSQL: pools that answer or fail fast, migrations, constraint names turned into refusals."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files

import asyncpg

from kaimen.kit.logs import log
from kaimen.kit.queries import load_queries
from kaimen.kit.refusals import Kind, Refusal, refusal

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
queries = load_queries("kaimen.kit")

Unavailable = refusal(
    "kit.unavailable",
    Kind.UNAVAILABLE,
    "系统暂时不可用，请稍后用同一请求重试。",
    "The service is unavailable for the moment; repeat the same request later.",
)

_MIGRATION_LOCK = 0x6B61696D656E
_PROMISES = {"data_checksums": "on", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


class Database:
    """A pool of connections to one service's own database.

    `constraints` maps the name of a CHECK, UNIQUE or EXCLUDE constraint to the refusal that it means.
    """

    def __init__(self, pool: asyncpg.Pool, constraints: Mapping[str, type[Refusal]], url: str = "") -> None:
        self.pool = pool
        self._url = url
        self._constraints = constraints

    @classmethod
    async def open(cls, url: str, constraints: Mapping[str, type[Refusal]], *, size: int = 12) -> "Database":
        # Everything happens in transactions, and nothing is set for longer: there is nothing to reset in between.
        pool = await asyncpg.create_pool(
            url, min_size=2, max_size=size, timeout=2, command_timeout=5, reset=_leave_as_it_is
        )
        return cls(pool, constraints, url)

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except TimeoutError:
            self.pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction: commit at the end, roll back on any exception.

        Raises the refusal that a violated constraint means, and Unavailable when the server does not answer: then
        the outcome is unknown, and repeating with the same Idempotency-Key is safe.
        """
        try:
            async with self.pool.acquire(timeout=3) as connection, connection.transaction():
                yield connection
        except asyncpg.IntegrityConstraintViolationError as violation:
            meant = self._constraints.get(getattr(violation, "constraint_name", None) or "")
            if meant is None:
                raise
            raise meant() from violation
        except (
            OSError,
            TimeoutError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            asyncpg.TransactionRollbackError,
        ) as broken:
            raise Unavailable from broken

    async def tell(self, channel: str, word: str) -> None:
        """Tell every process that hears `channel`, in a transaction of its own: NOTIFY makes commits wait in line."""
        async with self.transaction() as connection:
            await connection.execute(queries.tell, channel, word)

    async def hear(self, channel: str, heard: Callable[[str | None], Awaitable[None]]) -> None:
        """For ever: call `heard` with each word told on `channel`, and with None when words may have been missed."""
        while True:
            try:
                await self._hear_until_lost(channel, heard)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, Refusal) as error:
                log.warning("hearing again", error=type(error).__name__)
            await asyncio.sleep(0.5)

    async def _hear_until_lost(self, channel: str, heard: Callable[[str | None], Awaitable[None]]) -> None:
        words: asyncio.Queue[str | None] = asyncio.Queue()
        connection = await asyncpg.connect(self._url, timeout=2)
        try:
            connection.add_termination_listener(lambda _: words.put_nowait(None))
            await connection.add_listener(channel, lambda *told: words.put_nowait(str(told[-1])))
            await heard(None)
            while (word := await words.get()) is not None:
                await heard(word)
        finally:
            connection.terminate()

    async def check_promises(self) -> None:
        """Raises RuntimeError for a server that would lose or silently damage what it acknowledged."""
        settings = {row["name"]: row["setting"] for row in await self.pool.fetch(queries.server_promises)}
        broken = {name: settings.get(name) for name, wanted in _PROMISES.items() if settings.get(name) != wanted}
        if broken:
            raise RuntimeError(f"PostgreSQL must run with {_PROMISES}; it has {broken}")


async def _leave_as_it_is(_: Connection) -> None:
    """Instead of the round trip that asyncpg makes whenever a connection goes back to the pool."""


async def migrate(url: str, packages: list[str], phase: str = "all") -> list[str]:
    """Apply the `migrations/NNNN_{pre,post}_name.sql` of each package, one transaction a file, in order.

    Several processes may call it at once: one applies, the others wait and find nothing to do. Returns the names
    applied. Raises RuntimeError when a file that was applied has changed since.
    """
    connection = await asyncpg.connect(url, timeout=10)
    applied = []
    try:
        await connection.execute("select pg_advisory_lock($1)", _MIGRATION_LOCK)
        await connection.execute(
            "create table if not exists schema_migrations"
            " (name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
        )
        known = {row["name"]: row["sha256"] for row in await connection.fetch("select * from schema_migrations")}
        for name, text in _migration_files(packages):
            digest = hashlib.sha256(text.encode()).hexdigest()
            if name in known:
                if known[name] != digest:
                    raise RuntimeError(f"migration {name} was changed after it had been applied")
                continue
            if phase != "all" and f"_{phase}_" not in name:
                continue
            async with connection.transaction():
                await connection.execute("set local lock_timeout = '5s'")
                await connection.execute(text)
                await connection.execute("insert into schema_migrations (name, sha256) values ($1, $2)", name, digest)
            log.info("migrated", migration=name)
            applied.append(name)
    finally:
        await connection.close()
    return applied


def _migration_files(packages: list[str]) -> list[tuple[str, str]]:
    found = []
    for package in packages:
        folder = files(package).joinpath("migrations")
        for entry in sorted(folder.iterdir(), key=lambda item: item.name):
            if entry.name.endswith(".sql"):
                found.append((f"{package}/{entry.name}", entry.read_text("utf-8")))
    return found
