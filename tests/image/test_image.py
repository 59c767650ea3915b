"""The image, as containers run it: every service with a read-only root, no capabilities and a user of its own, before
the real servers and behind the real door. `make image-test` builds it and calls this."""

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from houses import event_draft, until
from kaimen.host import services
from kaimen.host.containers import compose, write_secrets
from kaimen.host.embedded import ADDRESS, Embedded, Ports
from kaimen.host.fleet import door
from kaimen.host.supervisor import Log

IMAGE = os.environ.get("KAIMEN_IMAGE", "")
pytestmark = [
    pytest.mark.skipif(not IMAGE, reason="no image was built: make image-test, as root"),
    pytest.mark.timeout(600),
]
PODMAN = ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--log-level", "error"]
HARDENED = [
    "--network", "host", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges",
    "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096",
]  # fmt: skip


def podman(*arguments: str) -> str:
    done = subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + (done.stderr if arguments[0] == "logs" else "")


class Yard:
    """The servers, and containers in front of them."""

    def __init__(self, folder: Path, servers: Embedded, ports: Ports) -> None:
        self.servers = servers
        self.ports = ports
        self.secrets = folder / "run-secrets"
        self.feeds = folder / "feeds"
        self.feeds.mkdir()
        os.chown(self.feeds, 10001, 10001)
        write_secrets(self.secrets)

    def environment(self, name: str, door_port: int) -> dict[str, str]:
        values = {
            "HOST": ADDRESS,
            "PORT": str(self.ports.of(name)),
            "PUBLIC_URL": f"http://localhost:{door_port}",
            "ACCOUNTS_URL": f"http://{ADDRESS}:{self.ports.of('accounts')}",
            "KEY_FILE": f"/run/secrets/{name}-key",
            "CALLS_KEY_FILE": "/run/secrets/calls",
            "REDIS_URL": self.servers.valkey.url,
        }
        if name in services.stored():
            values |= {"DATABASE_URL": self.servers.postgres.url(name), "NATS_URL": self.servers.nats.url}
        values |= {
            setting.upper(): f"http://{ADDRESS}:{self.ports.of(to)}" for setting, to in services.asked_by(name).items()
        }
        values |= {
            "calendar": {"FEEDS_DIR": "/srv/feeds"},
            "portal": {"SERVICES_URL": f"http://{ADDRESS}:{door_port}"},
        }.get(name, {})
        return {f"KAIMEN_{name.upper()}_{key}": value for key, value in values.items()}

    def run(self, name: str, command: list[str], environment: dict[str, str], *options: str) -> str:
        told = [part for key, value in environment.items() for part in ("--env", f"{key}={value}")]
        mounts = [f"{self.secrets / file}:/run/secrets/{file}:ro" for file in compose()["services"][name]["secrets"]]
        mounts.append(f"{self.feeds}:/srv/feeds")
        volumes = [part for mount in mounts for part in ("--volume", mount)]
        return podman("run", "--name", f"kaimen-{name}", *options, *HARDENED, *volumes, *told, IMAGE, *command)

    def remove_all(self) -> None:
        subprocess.run([*PODMAN, "rm", "--force", "--time", "20", "--all"], capture_output=True, check=False)


@asynccontextmanager
async def open_yard(folder: Path) -> AsyncIterator[Yard]:
    async with Embedded(folder) as servers:
        yard = Yard(folder, servers, Ports(folder / "state.json", in_use=True))
        for name in services.stored():
            await servers.postgres.create_database(name)
        try:
            yield yard
        finally:
            yard.remove_all()


@pytest.fixture(scope="module")
async def yard(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Yard]:
    async with open_yard(tmp_path_factory.mktemp("yard")) as opened:
        yield opened


async def is_ready(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(url)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and all(part is not False for part in answer.json().values())


async def test_every_service_runs_and_people_reach_them(yard: Yard, tmp_path: Path) -> None:
    door_port = yard.ports.of("door-of-containers")
    everything = {
        key: value
        for name in services.stored()
        for key, value in yard.environment(name, door_port).items()
        if "DATABASE" in key
    }
    yard.run("migrate", ["migrate"], everything, "--rm")
    for name in services.NAMES:
        yard.run(name, ["serve", name], yard.environment(name, door_port), "--detach")
    upstreams = {name: yard.ports.of(name) for name in services.NAMES}
    log = Log(tmp_path / "door.log")
    opened = door(door_port, upstreams, yard.feeds, tmp_path / "caddy", log)
    await opened.start()
    try:
        for name in services.NAMES:
            prefix = services.load(name).SERVICE.prefix
            ready = f"http://{ADDRESS}:{yard.ports.of(name)}{prefix}/health/ready"
            try:
                await until(lambda ready=ready: is_ready(ready), seconds=120)
            except TimeoutError:
                pytest.fail(podman("logs", "--tail", "30", f"kaimen-{name}"))
        async with httpx.AsyncClient(base_url=f"http://{ADDRESS}:{door_port}", trust_env=False) as client:
            await _publish_and_read(client)
    finally:
        await opened.stop()
        log.close()
    for name in services.NAMES:
        assert podman("exec", f"kaimen-{name}", "id", "-u").strip() == "10001"
        assert "10001" not in podman("exec", f"kaimen-{name}", "sh", "-c", "touch /opt/kaimen/x 2>/dev/null; echo $?")
    podman("stop", "--time", "30", "kaimen-opendays")
    assert podman("inspect", "--format", "{{.State.ExitCode}}", "kaimen-opendays").strip() == "0"


async def _publish_and_read(client: httpx.AsyncClient) -> None:
    """A unit publishes, and the public finds it on the page and in the feed."""

    async def token(role: str, unit: str | None = None) -> dict[str, str]:
        answer = await client.post("/api/accounts/v1/dev/tokens", json={"role": role, "unit": unit, "name": role})
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    office = await token("office")
    unit = {"short_name": "区教育局", "kind": "bureau", "district": "310118"}
    assert (await client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
    writer = await token("unit_editor", "区教育局")

    async def created() -> dict[str, Any] | None:
        answer = await client.post("/api/opendays/v1/events", json=event_draft(title="容器里的开放日"), headers=writer)
        return answer.json() if answer.status_code == 201 else None

    event = await until(created)
    for step, headers in (("submit", writer), ("approve", office), ("publish", writer)):
        answer = await client.post(f"/api/opendays/v1/events/{event['id']}/{step}", headers=headers)
        assert answer.status_code == 200, answer.text

    async def in_feed() -> bool:
        return "容器里的开放日" in (await client.get("/calendar/district.ics")).text.replace("\r\n ", "")

    await until(in_feed, seconds=60)
    page = await client.get("/")
    assert page.status_code == 200
    assert "容器里的开放日" in page.text
