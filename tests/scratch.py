"""A real PostgreSQL with the schema of one service and nothing in it, for tests that need no house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kaimen.host.embedded import Embedded
from kaimen.kit.db import Database, migrate
from kaimen.kit.service import Service
from kaimen.opendays.factory import SERVICE as OPENDAYS


@asynccontextmanager
async def scratch_database(folder: Path, *, service: Service = OPENDAYS, size: int = 4) -> AsyncIterator[Database]:
    async with Embedded(folder, nats=False, valkey=False) as servers:
        await servers.postgres.create_database(service.name)
        url = servers.postgres.url(service.name)
        await migrate(url, service.migrations)
        database = await Database.open(url, service.constraints, size=size)
        try:
            yield database
        finally:
            await database.close()
