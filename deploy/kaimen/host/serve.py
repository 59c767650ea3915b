"""Run one service. This process only watches over its workers, so it imports nothing that they need."""

import asyncio
import os

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes

from kaimen.kit.settings import read_listening

ROLES = frozenset({"api", "work"})


def serve(name: str, roles: frozenset[str] = ROLES) -> None:
    """Run until told to stop. Without `api`, only the background work runs."""
    if "api" not in roles:
        from kaimen.host.application import work_only

        asyncio.run(work_only(name))
        return
    try:
        listening = read_listening(name, os.environ)
    except msgspec.ValidationError as wrong:
        raise SystemExit(f"kaimen: {wrong}") from None
    os.environ["KAIMEN_SERVE"], os.environ["KAIMEN_ROLES"] = name, ",".join(sorted(roles))
    Granian(
        "kaimen.host.application:create",
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        address=listening.host,
        port=listening.port,
        workers=listening.workers,
        workers_kill_timeout=20,
        backlog=4096,
        websockets=False,
        http=HTTPModes.http1,
        runtime_mode=RuntimeModes.st,
        log_access=False,
        log_level="warning",  # type: ignore[arg-type] - granian takes the name
    ).serve()
