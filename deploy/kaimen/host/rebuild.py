"""Rebuild a service's projections from the first message of every stream that it reads."""

import os

from kaimen.host import services
from kaimen.host.application import open_resources
from kaimen.kit.bus import Bus, rewind
from kaimen.kit.logs import configure_logs
from kaimen.kit.settings import read_settings


async def rebuild(name: str) -> None:
    """Forget what `name` has read. A running service starts again at the first message by itself.

    Versions in the projections make it safe to hear everything twice."""
    factory = services.load(name)
    configure_logs(name)
    settings = read_settings(factory.SERVICE.settings, name, os.environ)
    async with open_resources(name, settings) as resources:
        bus = await Bus.open(settings.nats_url, f"{name}-rebuild")
        try:
            await rewind(bus, resources.workshop, factory.create_consumers(resources))
        finally:
            await bus.close()
