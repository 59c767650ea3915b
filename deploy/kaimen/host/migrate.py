"""Bring the databases of services to their newest shape."""

import os
from collections.abc import Iterable

from kaimen.host import services
from kaimen.kit.db import migrate as migrate_database
from kaimen.kit.logs import configure_logs
from kaimen.kit.settings import read_settings


async def migrate(names: Iterable[str], phase: str = "all") -> None:
    """Apply what is missing, service by service; `phase` pre or post limits it (deployability)."""
    for name in names:
        service = services.load(name).SERVICE
        configure_logs(name)
        if service.has_database:
            settings = read_settings(service.settings, name, os.environ)
            await migrate_database(settings.database_url, service.migrations, phase)
