"""The Deployments of the development overlay, as pods on a bridge: `podman kube play` runs them before real servers.

What this podman does not know is put in its place, and named in `adapted`; everything else is what a cluster gets."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from houses import until
from image.test_image import IMAGE
from k8s.rendering import copy_tree, render
from kaimen.host import services
from kaimen.host.embedded import Embedded

pytestmark = [
    pytest.mark.skipif(not IMAGE, reason="no image was built: make image-test, as root"),
    pytest.mark.timeout(600),
]
PLAYED = ("accounts", "opendays", "calendar", "notices")
NETWORK = "kaimen-pods"
UNKNOWN = ("topologySpreadConstraints", "serviceAccountName", "automountServiceAccountToken", "enableServiceLinks")
CONFIGURATION = """[network]
network_backend = "netavark"
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
"""


class Podman:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "containers.conf"
        self._file.write_text(CONFIGURATION)

    def __call__(self, *arguments: str, check: bool = True) -> str:
        env = {**os.environ, "CONTAINERS_CONF": str(self._file)}
        done = subprocess.run(
            ["podman", "--log-level", "error", *arguments], env=env, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr[-3000:]
        return done.stdout + (done.stderr if arguments[0] == "logs" else "")


@asynccontextmanager
async def reachable(address: str, port: int, target: int) -> AsyncIterator[None]:
    """A server on loopback, also at the bridge's own address."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(carry(reader, forth), carry(back, writer))

    server = await asyncio.start_server(join, address, port)
    try:
        yield
    finally:
        server.close()


def adapted(
    deployment: dict[str, Any], bridge: str, secrets: Path, urls: dict[str, str], addresses: dict[str, str]
) -> Any:
    """The same pod for a podman without projected volumes, seccomp words and a cluster's names: the keys come from a
    folder, the addresses of the servers from `urls`, names of services from `addresses`."""
    name = deployment["metadata"]["labels"]["app.kubernetes.io/name"]
    pod = deployment["spec"]["template"]
    spec = pod["spec"]
    for key in (
        "topologySpreadConstraints",
        "serviceAccountName",
        "automountServiceAccountToken",
        "enableServiceLinks",
    ):
        spec.pop(key, None)
    spec["securityContext"].pop("seccompProfile")
    spec["securityContext"].pop("fsGroup")
    for volume in spec["volumes"]:
        if "projected" in volume:
            del volume["projected"]
            volume["hostPath"] = {"path": str(secrets / name), "type": "Directory"}
    spec["hostAliases"] = [{"ip": bridge, "hostnames": ["postgres", "nats", "valkey"]}]
    spec["hostAliases"] += [{"ip": ip, "hostnames": [host]} for host, ip in addresses.items()]
    for container in (*spec.get("initContainers", []), *spec["containers"]):
        container["image"] = IMAGE
        container["imagePullPolicy"] = "Never"
        # It would bind the ports of all pods on this one machine.
        for part in ("ports", "startupProbe", "livenessProbe", "readinessProbe", "lifecycle", "resources", "envFrom"):
            container.pop(part, None)
        told = [each for each in container.get("env", []) if "value" in each]
        prefix = f"KAIMEN_{name.upper()}_"
        told += [{"name": f"{prefix}{key}", "value": value} for key, value in urls.items()]
        container["env"] = told
    return deployment


@asynccontextmanager
async def open_bridge(folder: Path) -> AsyncIterator[tuple[Podman, str, Embedded]]:
    podman = Podman(folder)
    podman("network", "rm", "--force", NETWORK, check=False)
    podman("network", "create", NETWORK)
    # The bridge exists as long as somebody is on it.
    podman("run", "--detach", "--name", "kaimen-keeper", "--network", NETWORK, "--entrypoint", "sleep", IMAGE, "3600")
    bridge = podman("network", "inspect", "--format", "{{(index .Subnets 0).Gateway}}", NETWORK).strip()
    try:
        async with Embedded(folder) as servers, AsyncExitStack() as doors:
            for url, port in ((servers.postgres.admin_url, 5432), (servers.nats.url, 4222), (servers.valkey.url, 6379)):
                await doors.enter_async_context(reachable(bridge, port, urlsplit(url).port or 0))
            yield podman, bridge, servers
    finally:
        podman("pod", "rm", "--force", "--time", "20", "--all", check=False)
        podman("rm", "--force", "--time", "1", "kaimen-keeper", check=False)
        podman("network", "rm", "--force", NETWORK, check=False)


async def test_deployments_serve_on_a_bridge(tmp_path: Path) -> None:
    rendered = render(copy_tree(tmp_path / "tree"), "dev")
    deployments = {each["metadata"]["name"]: each for each in rendered if each["kind"] == "Deployment"}
    keys = write_keys(tmp_path / "keys")
    async with open_bridge(tmp_path) as (podman, bridge, servers):
        addresses: dict[str, str] = {}
        for name in PLAYED:
            await servers.postgres.create_database(name)
            urls = {
                "DATABASE_URL": at_bridge(servers.postgres.url(name), "postgres:5432"),
                "NATS_URL": at_bridge(servers.nats.url, "nats:4222"),
                "REDIS_URL": at_bridge(servers.valkey.url, "valkey:6379"),
            }
            manifest = tmp_path / f"{name}.yaml"
            played = adapted(deployments[f"{name}-api"], bridge, keys, urls, addresses)
            first_steps = played["spec"]["template"]["spec"].pop("initContainers")
            manifest.write_text(yaml.safe_dump(played))
            await asyncio.to_thread(run_first_steps, podman, first_steps, bridge)
            await asyncio.to_thread(podman, "kube", "play", "--network", NETWORK, str(manifest))
            pod = pod_of(podman, name)
            infra = podman("pod", "inspect", "--format", "{{.InfraContainerID}}", pod).strip()
            found = podman("inspect", "--format", "{{json .NetworkSettings.Networks}}", infra)
            addresses[name] = yaml.safe_load(found)[NETWORK]["IPAddress"]
        for name, address in addresses.items():
            ready = f"http://{address}:8000{services.load(name).SERVICE.prefix}/health/ready"
            try:
                await until(lambda ready=ready: is_up(ready), seconds=90)
            except TimeoutError:
                pytest.fail(podman("logs", "--tail", "30", f"{pod_of(podman, name)}-kaimen"))
        identity = podman("exec", f"{pod_of(podman, 'opendays')}-kaimen", "id", "-u").strip()
        assert identity == "10001"


def run_first_steps(podman: Podman, containers: list[dict[str, Any]], bridge: str) -> None:
    """Podman 4.3 takes a pod down in which an init container has just ended: they run by themselves before it."""
    for each in containers:
        told = [part for one in each["env"] for part in ("--env", f"{one['name']}={one['value']}")]
        hosts = [part for host in ("postgres", "nats", "valkey") for part in ("--add-host", f"{host}:{bridge}")]
        podman(
            "run", "--rm", "--network", NETWORK, "--read-only", "--cap-drop", "all", *told, *hosts, IMAGE, *each["args"]
        )


def pod_of(podman: Podman, name: str) -> str:
    return podman("pod", "ps", "--format", "{{.Name}}", "--filter", f"name={name}-api").strip()


def write_keys(folder: Path) -> Path:
    for name in PLAYED:
        (folder / name).mkdir(parents=True)
        for file in ("key", "calls"):
            (folder / name / file).write_text("ab" * 32)
    return folder


def at_bridge(url: str, place: str) -> str:
    return url.replace(f"127.0.0.1:{urlsplit(url).port}", place)


async def is_up(url: str) -> bool:
    """The API alone answers to its database; stream and Redis belong to the work."""
    async with httpx.AsyncClient(trust_env=False) as client:
        with suppress(httpx.HTTPError):
            answer = await client.get(url)
            return answer.status_code == 200 and answer.json()["postgresql"] is True
    return False
