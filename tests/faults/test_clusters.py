"""A connection to a cluster of NATS servers that tell their clients of each other, as they do unless told not to."""

import asyncio
import gc
import json
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from houses import until
from kaimen.host.embedded import ADDRESS, free_port, nats_program, write_private
from kaimen.host.supervisor import Log, Process, Program
from kaimen.kit.bus import Bus


def server(name: str, folder: Path, ports: dict[str, int], routes: list[int], log: Log) -> Process:
    """Without JetStream: here only connections count."""
    settings = folder / f"{name}.conf"
    known = json.dumps([f"nats://{ADDRESS}:{port}" for port in routes])
    write_private(
        settings,
        f"""server_name: {name}
listen: "{ADDRESS}:{ports["client"]}"
http: "{ADDRESS}:{ports["monitor"]}"
authorization {{ user: kaimen, password: "secret" }}
cluster {{ name: kaimen, listen: "{ADDRESS}:{ports["route"]}", routes: {known} }}
""",
    )

    async def knows_the_other() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                shown = await client.get(f"http://{ADDRESS}:{ports['monitor']}/routez")
        except httpx.HTTPError:
            return False
        return shown.json()["num_routes"] > 0

    return Process(Program(name, [str(nats_program()), "--config", str(settings)]), log, knows_the_other)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_connection_goes_on_at_another_server_of_the_cluster(tmp_path: Path) -> None:
    taken: set[int] = set()
    places = []
    for _ in range(2):
        ports = {}
        for use in ("client", "monitor", "route"):
            ports[use] = free_port(taken)
            taken.add(ports[use])
        places.append(ports)
    async with AsyncExitStack() as closing:
        # The client leaves sockets of refused attempts behind; their warnings belong to this test.
        closing.callback(gc.collect)
        log = Log(tmp_path / "log")
        closing.callback(log.close)
        routes = [ports["route"] for ports in places]
        servers = [server(f"n{place}", tmp_path, ports, routes, log) for place, ports in enumerate(places)]
        for each in servers:
            closing.push_async_callback(each.stop)
        async with asyncio.TaskGroup() as group:
            for each in servers:
                group.create_task(each.start())
        bus = await Bus.open(f"nats://kaimen:secret@{ADDRESS}:{places[0]['client']}", "test")
        closing.push_async_callback(bus.close)
        await until(lambda: is_told_of_another(bus))
        servers[0].kill()
        await servers[0].wait()

        async def is_answered_again() -> bool:
            return bus.is_connected and bus.client.connected_url.port == places[1]["client"]

        await until(is_answered_again, seconds=8)


async def is_told_of_another(bus: Bus) -> bool:
    return bool(bus.client.discovered_servers)
