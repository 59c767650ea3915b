"""A real PostgreSQL with the schema of open days and nothing in it, for tests that need no house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kaimen.host.embedded import Embedded
from kaimen.kit.db import Database, migrate
from kaimen.opendays.factory import SERVICE


@asynccontextmanager
async def scratch_database(folder: Path, *, size: int = 4) -> AsyncIterator[Database]:
    async with Embedded(folder, nats=False, valkey=False) as servers:
        await servers.postgres.create_database("opendays")
        url = servers.postgres.url("opendays")
        await migrate(url, SERVICE.migrations)
        database = await Database.open(url, SERVICE.constraints, size=size)
        try:
            yield database
        finally:
            await database.close()
