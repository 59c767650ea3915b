"""What a person does when a reader went astray: rebuild its projections, or handle its dead letters again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kaimen.host import services
from kaimen.host.application import open_resources
from kaimen.host.fleet import environment_of
from kaimen.kit.bus import Bus, Replayed, Subscription, dead_letters, replay_dead_letters, rewind
from kaimen.kit.logs import configure_logs
from kaimen.kit.service import Resources
from kaimen.kit.settings import read_settings


async def rebuild(name: str, data: Path) -> None:
    """Forget what `name` has read. A running service starts again at the first message by itself.

    Versions in the projections make it safe to hear everything twice."""
    async with _reader(name, data) as (resources, subscriptions):
        bus = await Bus.open(resources.settings.nats_url, f"{name}-rebuild")
        try:
            await rewind(bus, resources.workshop, subscriptions)
        finally:
            await bus.close()


async def dead_letters_of(name: str, data: Path, *, replay: bool) -> list[Replayed]:
    """The messages that `name` could not handle; with `replay`, what became of each when it was handled again."""
    async with _reader(name, data) as (resources, subscriptions):
        handle = replay_dead_letters if replay else dead_letters
        return await handle(resources.workshop, subscriptions)


@asynccontextmanager
async def _reader(name: str, data: Path) -> AsyncIterator[tuple[Resources, list[Subscription]]]:
    factory = services.load(name)
    configure_logs(name)
    settings = read_settings(factory.SERVICE.settings, name, environment_of(name, data))
    async with open_resources(name, settings) as resources:
        yield resources, factory.create_consumers(resources)
