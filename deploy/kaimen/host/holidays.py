"""Holiday notices at the command line: loading one into a house, and counting by those that a house knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from kaimen.calendar.app.years import load_year
from kaimen.calendar.consumers import measure_again
from kaimen.calendar.factory import SERVICE
from kaimen.host.application import open_resources
from kaimen.host.fleet import environment_of
from kaimen.kit.db import Unavailable
from kaimen.kit.logs import configure_logs
from kaimen.kit.service import Resources
from kaimen.kit.settings import read_settings
from kaimen.kit.work import SYSTEM
from kaimen.kit.workdays import Notice, Workdays, read_notice
from kaimen.kit.workdays.store import workdays

_SILENCE = (OSError, TimeoutError, Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError)


class NoHouse(Exception):
    """The database of the calendar service does not answer."""


async def load(file: bytes, data: Path, *, source: str, amendment: bool) -> tuple[Notice, bool]:
    """Keep the notice in `file` in the house on `data`; its relay tells all services. Whether it was new, too.

    Raises NoHouse, and the refusals of `read_notice` and `load_year`."""
    given = read_notice(file, source=source, amendment=amendment)
    async with _calendar(data) as resources:
        async with resources.workshop.open(SYSTEM) as work:
            notice, is_new = await load_year(work, given, amendment=amendment)
        await measure_again(resources)
    return notice, is_new


async def known_workdays(data: Path) -> Workdays:
    """By the notices of the house on `data`. Raises NoHouse."""
    async with _calendar(data) as resources, resources.workshop.open_for_reading() as work:
        return await workdays(work)


@asynccontextmanager
async def _calendar(data: Path) -> AsyncIterator[Resources]:
    configure_logs("calendar")
    settings = read_settings(SERVICE.settings, "calendar", environment_of("calendar", data))
    try:
        async with open_resources("calendar", settings) as resources:
            yield resources
    except _SILENCE as silence:
        raise NoHouse from silence
