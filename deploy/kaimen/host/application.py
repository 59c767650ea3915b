"""One service as a program: its resources, its HTTP application, its relay, listeners and clocked work."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from litestar import Litestar

from kaimen.host import services
from kaimen.kit import calls
from kaimen.kit.auth import Verifier
from kaimen.kit.bus import Bus, listen, relay
from kaimen.kit.clock import clock_for
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Database
from kaimen.kit.jobs import HOUSEKEEPING, Jobs
from kaimen.kit.limits import Limiter
from kaimen.kit.logs import configure_logs, log
from kaimen.kit.service import Resources
from kaimen.kit.settings import ServiceSettings, read_settings
from kaimen.kit.tasks import keep
from kaimen.kit.traces import Traces
from kaimen.kit.work import SYSTEM


@asynccontextmanager
async def open_resources(name: str, settings: ServiceSettings) -> AsyncIterator[Resources]:
    """Everything that a service runs with. Raises RuntimeError for a database that breaks its promises."""
    service = services.load(name).SERVICE
    clock = clock_for(settings.clock_file)
    database = await Database.open(settings.database_url, service.constraints) if service.has_database else None
    resources = Resources(
        service=service,
        settings=settings,
        clock=clock,
        vault=Vault.from_file(settings.key_file, name),
        verifier=Verifier(settings.accounts_url, clock),
        limiter=Limiter(settings.redis_url),
        calls_key=calls.key_from(settings.calls_key_file),
        database=database,
        traces=Traces.to(settings.otlp_url, name),
    )
    try:
        if database is not None:
            await database.check_promises()
        yield resources
    finally:
        await resources.limiter.close()
        if database is not None:
            await database.close()
        await resources.traces.close()


@asynccontextmanager
async def working(resources: Resources) -> AsyncIterator[None]:
    """The background work of a service. It waits for NATS and Redis, and never keeps the API from answering."""
    factory = services.load(resources.service.name)
    settings, workshop = resources.settings, resources.workshop
    handlers = {**HOUSEKEEPING, **factory.create_jobs(resources)}
    jobs = Jobs(workshop, handlers, settings.redis_url, resources.service.name)
    resources.jobs = jobs
    workshop.on_timer = jobs.wake_at
    resources.subscriptions = factory.create_consumers(resources)
    async with workshop.open(SYSTEM) as work:
        for kind in (*HOUSEKEEPING, *resources.service.nightly):
            await work.set_timer(kind, "nightly", work.at)
    tasks = [
        asyncio.create_task(keep("jobs", jobs.run(settings.sweep_seconds))),
        asyncio.create_task(keep("arq", jobs.run_arq())),
        asyncio.create_task(keep("bus", _on_the_bus(resources))),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(step() for step in resources.at_close), return_exceptions=True)
        await jobs.close()
        if resources.bus is not None:
            await resources.bus.close()


async def _on_the_bus(resources: Resources) -> None:
    settings, service = resources.settings, resources.service
    resources.bus = bus = await Bus.open(settings.nats_url, service.name)
    async with asyncio.TaskGroup() as group:
        if service.publishes:
            group.create_task(
                relay(bus, resources.workshop, settings.sweep_seconds, service.name, settings.stream_replicas)
            )
        for subscription in resources.subscriptions:
            group.create_task(listen(bus, resources.workshop, subscription))


def create() -> Litestar:
    """The ASGI application of the service named in `KAIMEN_SERVE`, with the roles in `KAIMEN_ROLES`."""
    name, roles = os.environ["KAIMEN_SERVE"], os.environ["KAIMEN_ROLES"].split(",")
    factory = services.load(name)
    settings = read_settings(factory.SERVICE.settings, name, os.environ)
    configure_logs(name, settings.log_level)
    return build(name, settings, "work" in roles)


def build(name: str, settings: ServiceSettings, with_work: bool) -> Litestar:
    """An application that opens its resources when it starts and closes them when it ends."""
    return _Deferred(name, settings, with_work)  # type: ignore[return-value] - an ASGI callable


class _Deferred:
    """Builds the application inside the server's own event loop, where pools belong."""

    def __init__(self, name: str, settings: ServiceSettings, with_work: bool) -> None:
        self._name, self._settings, self._with_work = name, settings, with_work
        self._app: Litestar | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            assert self._app is not None
            await self._app(scope, receive, send)
            return
        await receive()
        try:
            async with open_resources(self._name, self._settings) as resources:
                app = services.load(self._name).create_app(resources)
                self._app = app
                async with app.lifespan():
                    if self._with_work and resources.service.has_database:
                        async with working(resources):
                            await self._serve(receive, send)
                    else:
                        await self._serve(receive, send)
        except Exception as error:
            log.error("cannot start", exc_info=error)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})
        await receive()


async def work_only(name: str) -> None:
    """Background work without HTTP, until told to stop."""
    settings = read_settings(services.load(name).SERVICE.settings, name, os.environ)
    configure_logs(name, settings.log_level)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    with suppress(asyncio.CancelledError):
        async with open_resources(name, settings) as resources, working(resources):
            await stopping.wait()
