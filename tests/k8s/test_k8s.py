"""The manifests without a cluster: rendered by Kustomize, held against schemas and our laws, which find mistakes."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from nats.js.errors import NotFoundError

from houses import until
from k8s.laws import LAWS, Overlay, data_of, read_consumers, stored
from k8s.rendering import BIN, OVERLAYS, copy_tree, overlays
from kaimen.host import services
from kaimen.host.embedded import Embedded, free_port, postgres_programs
from kaimen.host.kubernetes import ROOT, documents, stream, subscriptions, write_development_secrets
from kaimen.kit.bus import Bus

JOBS = {"dev/after-rollout", "prod/after-rollout"}
OF_PODS = {"shapes", "unique", "hardened", "pinned", "commanded"}
"""Laws that hold for Jobs by themselves; the others need what the rest of the overlay says."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tree(tmp_path_factory.mktemp("k8s"))


@pytest.fixture(scope="module")
def rendered(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Overlay]:
    return overlays(tree, tmp_path_factory.mktemp("fleet"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlay_keeps_every_law(rendered: dict[str, Overlay], overlay: str) -> None:
    assert rendered[overlay].objects
    laws = [law for law in LAWS if overlay not in JOBS or law.__name__ in OF_PODS]
    assert {law.__name__: faults for law in laws if (faults := list(law(rendered[overlay])))} == {}


def test_jobs_after_the_rollout_find_what_they_need(rendered: dict[str, Overlay]) -> None:
    for name in ("dev", "prod"):
        both = rendered[name]._replace(objects=rendered[name].objects + rendered[f"{name}/after-rollout"].objects)
        assert [fault for law in LAWS for fault in law(both)] == []
        told = {tuple(first(job)["args"]) for job in both.of("Job")}
        assert told == {("migrate", service, "--phase", "post") for service in stored()}


def test_made_files_have_not_drifted_from_the_manifests() -> None:
    drifted = [file for file, content in documents().items() if (ROOT / file).read_text("utf-8") != content]
    assert drifted == [], "run: make k8s"


def test_no_folder_is_left_of_a_service_that_went() -> None:
    folders = {path.name for path in (ROOT / "base").iterdir() if path.is_dir()}
    assert folders == {*services.NAMES, "front-door", "servers", "after-rollout"}


# Planted mistakes: each must be found, by the law that is for it.


def change(kind: str, name: str, edit: Callable[[Any], object]) -> Callable[[Overlay], object]:
    return lambda overlay: edit(overlay.get(kind, name))


def without(kind: str, name: str) -> Callable[[Overlay], object]:
    return lambda overlay: overlay.objects.remove(overlay.get(kind, name))


def first(workload: Any) -> Any:
    return workload["spec"]["template"]["spec"]["containers"][0]


def pod_of(workload: Any) -> Any:
    return workload["spec"]["template"]["spec"]


def set_variable(name: str, value: str) -> Callable[[Any], object]:
    def edit(workload: Any) -> None:
        variables = [one for one in first(workload)["env"] if one["name"] != name]
        first(workload)["env"] = [*variables, {"name": name, "value": value}]

    return edit


def open_a_way(overlay: Overlay) -> None:
    """From hearings to what opendays offers: both sides say yes."""
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "opendays"}}}
    overlay.get("NetworkPolicy", "hearings")["spec"]["egress"].append({"to": [peer]})
    overlay.get("NetworkPolicy", "opendays-api")["spec"]["ingress"].append({"from": [{"podSelector": {}}]})


def edit_authorization(edit: Callable[[str], str]) -> Callable[[Overlay], None]:
    def planted(overlay: Overlay) -> None:
        for each in overlay.of("ConfigMap"):
            if "authorization.conf" in each["data"]:
                before = each["data"]["authorization.conf"]
                each["data"]["authorization.conf"] = edit(before)
                assert each["data"]["authorization.conf"] != before

    return planted


def scale_work_twice(overlay: Overlay) -> None:
    scaler = deepcopy(overlay.get("HorizontalPodAutoscaler", "opendays-api"))
    scaler["metadata"]["name"] = scaler["spec"]["scaleTargetRef"]["name"] = "opendays-work"
    overlay.objects.append(scaler)


def at(*path: str | int, value: Any) -> Callable[[Any], object]:
    """Sets what lies at the end of the path."""

    def edit(node: Any) -> None:
        for part in path[:-1]:
            node = node[part]
        assert node.get(path[-1]) != value
        node[path[-1]] = value

    return edit


API, WORK = ("Deployment", "opendays-api"), ("Deployment", "opendays-work")
MISTAKES: dict[str, tuple[str, Callable[[Overlay], object], str]] = {
    "old API": ("shapes", change(*API, at("apiVersion", value="apps/v1beta1")), "Deployment opendays-api"),
    "unknown kind": ("shapes", change(*API, at("kind", value="Deploiment")), "Deploiment"),
    "unknown field": ("shapes", change(*API, lambda it: pod_of(it).update(restartpolicy="Always")), "restartpolicy"),
    "unknown field of a custom resource": (
        "shapes",
        change("Stream", "opendays", at("spec", "copies", value=3)),
        "copies",
    ),
    "wrong type": ("shapes", change(*API, at("spec", "replicas", value="two")), "two"),
    "wrong word": ("shapes", change("Stream", "opendays", at("spec", "storage", value="paper")), "paper"),
    "field out of place": ("shapes", change("Cluster", "postgres", at("spec", "synchronous", value={})), "synchronous"),
    "twice": ("unique", lambda it: it.objects.append(it.get(*API)), "twice"),
    "privileged": (
        "hardened",
        change(*API, lambda it: first(it)["securityContext"].update(privileged=True)),
        "privileged",
    ),
    "root": ("hardened", change(*API, lambda it: pod_of(it)["securityContext"].update(runAsUser=0)), "not root"),
    "root in one container": (
        "hardened",
        change(*API, lambda it: first(it)["securityContext"].update(runAsUser=0)),
        "user",
    ),
    "writable": (
        "hardened",
        change(*API, lambda it: first(it)["securityContext"].pop("readOnlyRootFilesystem")),
        "read-only",
    ),
    "capability": (
        "hardened",
        change(*API, lambda it: first(it)["securityContext"]["capabilities"].update(add=["SYS_ADMIN"])),
        "capabilities",
    ),
    "unhardened first step": (
        "hardened",
        change(*API, lambda it: pod_of(it)["initContainers"][0].pop("securityContext")),
        "migrate-pre",
    ),
    "token": ("hardened", change(*API, lambda it: pod_of(it).pop("automountServiceAccountToken")), "no token"),
    "no limit": ("hardened", change(*API, lambda it: first(it)["resources"].pop("limits")), "memory limit"),
    "no probe": ("probed", change(*WORK, lambda it: first(it).pop("startupProbe")), "startupProbe is missing"),
    "probe of no path": (
        "probed",
        change(*API, lambda it: first(it)["readinessProbe"]["httpGet"].update(path="/ready")),
        "/ready",
    ),
    "probe of another service": (
        "probed",
        change(*API, lambda it: first(it)["livenessProbe"]["httpGet"].update(path="/api/hearings/v1/health/live")),
        "no path of the service",
    ),
    "no farewell": ("probed", change(*API, lambda it: first(it).pop("lifecycle")), "preStop"),
    "no time": ("probed", change(*API, lambda it: pod_of(it).pop("terminationGracePeriodSeconds")), "grace"),
    "latest": ("pinned", change(*API, lambda it: first(it).update(image="kaimen:latest")), "kaimen:latest"),
    "no version": ("pinned", change(*API, lambda it: first(it).update(image="house:5000/kaimen")), "house:5000/kaimen"),
    "wrong command": ("commanded", change(*API, lambda it: first(it)["args"].append("--fast")), "--fast"),
    "another's program": (
        "commanded",
        change(*API, lambda it: first(it)["args"].__setitem__(1, "hearings")),
        "hearings",
    ),
    "no program": ("complete", without(*WORK), "opendays-work"),
    "no migration": ("complete", change(*API, lambda it: pod_of(it).pop("initContainers")), "migrate first"),
    "service of nothing": (
        "connected",
        change("Service", "opendays", at("spec", "selector", "app.kubernetes.io/name", value="openday")),
        "behind it",
    ),
    "selects others": (
        "connected",
        change(*API, at("spec", "selector", "matchLabels", "app.kubernetes.io/component", value="work")),
        "its own pods",
    ),
    "budget of nothing": (
        "connected",
        change(
            "PodDisruptionBudget",
            "opendays-api",
            at("spec", "selector", "matchLabels", "app.kubernetes.io/name", value="x"),
        ),
        "PodDisruptionBudget opendays-api selects nothing",
    ),
    "policy of nothing": (
        "connected",
        change(
            "NetworkPolicy", "opendays", at("spec", "podSelector", "matchLabels", "app.kubernetes.io/name", value="x")
        ),
        "NetworkPolicy opendays selects nothing",
    ),
    "scales nothing": (
        "connected",
        change("ScaledObject", "opendays-work", at("spec", "scaleTargetRef", "name", value="opendays")),
        "scales nothing",
    ),
    "route to nothing": (
        "connected",
        change("HTTPRoute", "front-door", lambda it: it["spec"]["rules"][0]["backendRefs"][0].update(port=80)),
        "leads to nothing",
    ),
    "no secret": ("present", without("ExternalSecret", "calls-key"), "no Secret calls-key"),
    "no account": ("present", without("ServiceAccount", "opendays"), "no ServiceAccount opendays"),
    "no volume": ("present", change(*API, lambda it: pod_of(it)["volumes"].pop()), "volume"),
    "HPA beside KEDA": ("scaled_once", scale_work_twice, "opendays-work"),
    "no scaler": ("scaled_once", without("HorizontalPodAutoscaler", "opendays-api"), "opendays-api"),
    "replicas beside a scaler": ("scaled_once", change(*API, at("spec", "replicas", value=2)), "replicas"),
    "no budget": ("budgeted", without("PodDisruptionBudget", "opendays-work"), "opendays-work"),
    "budget that blocks": (
        "budgeted",
        change("PodDisruptionBudget", "opendays-api", at("spec", "maxUnavailable", value=0)),
        "opendays-api",
    ),
    "too few connections": (
        "connectable",
        change("Cluster", "postgres", at("spec", "postgresql", "parameters", "max_connections", value="100")),
        "100 connections",
    ),
    "way to another service": ("only_wanted_ways", open_a_way, "may reach: hearings-api → opendays-api:8000"),
    "no default": ("denied_by_default", without("NetworkPolicy", "default-deny"), "denied by default"),
    "way that is missing": (
        "only_wanted_ways",
        without("NetworkPolicy", "opendays-api"),
        "must reach: openmonth-api → opendays-api:8000",
    ),
    "API on the bus": (
        "only_wanted_ways",
        lambda it: (
            it.get("NetworkPolicy", "opendays-work")["spec"].update(
                podSelector={"matchLabels": {"app.kubernetes.io/name": "opendays"}}
            ),
            it.get("NetworkPolicy", "nats")["spec"]["ingress"][0]["from"].append({"podSelector": {}}),
        ),
        "may reach: opendays-api → nats:4222",
    ),
    "way out": (
        "only_some_go_out",
        change(
            "NetworkPolicy",
            "notices-outside",
            at("spec", "podSelector", "matchLabels", "app.kubernetes.io/name", value="hearings"),
        ),
        "hearings",
    ),
    "way to private addresses": (
        "only_some_go_out",
        change(
            "NetworkPolicy", "notices-outside", lambda it: it["spec"]["egress"][0]["to"][0]["ipBlock"].pop("except")
        ),
        "private addresses",
    ),
    "wrong address": (
        "addressed",
        change(*API, set_variable("KAIMEN_OPENDAYS_ACCOUNTS_URL", "http://accounts:80")),
        "leads to accounts:80",
    ),
    "unknown setting": ("settled", change(*API, set_variable("KAIMEN_OPENDAYS_COLOUR", "red")), "COLOUR"),
    "another's setting": (
        "settled",
        change(*API, set_variable("KAIMEN_HEARINGS_PORT", "8000")),
        "no setting of opendays",
    ),
    "setting of the wrong type": (
        "settled",
        change(*API, set_variable("KAIMEN_OPENDAYS_PORT", "http")),
        "opendays-api",
    ),
    "setting left out": (
        "settled",
        change(
            *API, lambda it: first(it).update(env=[one for one in first(it)["env"] if "KEY_FILE" not in one["name"]])
        ),
        "KAIMEN_OPENDAYS_KEY_FILE is not set",
    ),
    "development sign-in": (
        "guarded",
        change("Deployment", "accounts-api", lambda it: first(it)["envFrom"].pop()),
        "whom they like",
    ),
    "unchecked database": (
        "guarded",
        change(
            "ExternalSecret",
            "opendays-env",
            at(
                "spec",
                "target",
                "template",
                "data",
                "KAIMEN_OPENDAYS_DATABASE_URL",
                value="postgresql://x@postgres-rw:5432/x",
            ),
        ),
        "opendays",
    ),
    "template of nothing": (
        "templated",
        change("ExternalSecret", "opendays-key", lambda it: it["spec"]["data"].clear()),
        "key",
    ),
    "ear at another's stream": (
        "facts_reach_readers",
        edit_authorization(lambda text: text.replace("NEXT.accounts.opendays-units", "NEXT.hearings.opendays-units")),
        "may read: opendays ← hearings",
    ),
    "mouth of another": (
        "facts_reach_readers",
        edit_authorization(lambda text: text.replace('"openmonth.>"', '">"')),
        "says: ('openmonth', '>')",
    ),
    "deaf reader": (
        "facts_reach_readers",
        edit_authorization(lambda text: text.replace(".hearings.notices-hearings", ".accounts.notices-hearings")),
        "must read: notices ← hearings",
    ),
    "no stream": ("streams_kept", without("Stream", "hearings"), "Stream hearings"),
    "one copy": ("streams_kept", change("Stream", "hearings", at("spec", "replicas", value=1)), "kept three times"),
    "unwatched lag": (
        "streams_kept",
        change("ScaledObject", "calendar-work", lambda it: it["spec"]["triggers"].pop()),
        "calendar",
    ),
    "asynchronous": (
        "databases_kept",
        change("Cluster", "postgres", at("spec", "postgresql", "synchronous", "dataDurability", value="preferred")),
        "synchronous",
    ),
    "no database": ("databases_kept", without("Database", "postgres-hearings"), "databases"),
    "no backup": ("databases_kept", without("ScheduledBackup", "nightly"), "nightly backup"),
    "metrics of nowhere": (
        "measured",
        change("ServiceMonitor", "opendays", lambda it: it["spec"]["endpoints"][0].update(path="/metrics")),
        "/metrics",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_planted_mistake_is_found(rendered: dict[str, Overlay], mistake: str) -> None:
    law_name, plant, words = MISTAKES[mistake]
    law = next(law for law in LAWS if law.__name__ == law_name)
    prod = rendered["prod"]
    planted = prod._replace(objects=deepcopy(prod.objects))
    plant(planted)
    faults = list(law(planted))
    assert any(words in fault for fault in faults), faults


def test_every_law_has_a_planted_mistake() -> None:
    assert {law for law, _, _ in MISTAKES.values()} == {law.__name__ for law in LAWS}


def test_kustomize_itself_refuses_a_file_that_is_not_there(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [absent.yaml]\n")
    done = subprocess.run([BIN / "kubectl", "kustomize", tmp_path], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0


# What the files say to the servers themselves


def test_stream_of_the_operator_is_the_one_that_a_service_would_make() -> None:
    class Recorder:
        made: StreamConfig

        async def stream_info(self, name: str) -> None:
            raise NotFoundError

        async def add_stream(self, config: StreamConfig) -> None:
            self.made = config

    bus = object.__new__(Bus)
    bus.stream = recorder = Recorder()  # type: ignore[assignment]
    asyncio.run(bus.ensure_stream("opendays", 3))
    made, told = recorder.made, stream("opendays")["spec"]
    assert (made.name, made.subjects, made.retention, made.storage) == tuple(
        told[key] for key in ("name", "subjects", "retention", "storage")
    )
    assert (made.num_replicas, f"{made.duplicate_window:.0f}s") == (told["replicas"], told["duplicateWindow"])
    assert made.deny_delete == told["denyDelete"]


def nats_files(overlay: Overlay, folder: Path) -> Path:
    """The configuration of NATS as it is mounted, with its folders below `folder`."""
    data = next(each["data"] for each in overlay.of("ConfigMap") if "nats.conf" in each["data"])
    (folder / "authorization.conf").write_text(data["authorization.conf"])
    text = data["nats.conf"].replace("/data", str(folder / "data")).replace("/var/run/nats", str(folder))
    (folder / "nats.conf").write_text(text)
    return folder / "nats.conf"


def nats_environment() -> dict[str, str]:
    passwords = {f"NATS_PASSWORD_{name.upper()}": "secret" for name in (*services.NAMES, "streams")}
    return {**os.environ, **passwords, "SERVER_NAME": "nats-0"}


@pytest.mark.parametrize("overlay", ["dev", "prod"])
def test_nats_understands_its_configuration(rendered: dict[str, Overlay], overlay: str, tmp_path: Path) -> None:
    command = [BIN / "nats-server", "-t", "--config", nats_files(rendered[overlay], tmp_path)]
    done = subprocess.run(command, env=nats_environment(), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "sync_interval: always" in (tmp_path / "nats.conf").read_text()


def test_caddy_understands_the_door(rendered: dict[str, Overlay], tmp_path: Path) -> None:
    door = rendered["prod"].get("Deployment", "front-door")
    mounted = next(volume["configMap"]["name"] for volume in pod_of(door)["volumes"] if "configMap" in volume)
    caddyfile = rendered["prod"].get("ConfigMap", mounted)["data"]["Caddyfile"]
    assert caddyfile == (ROOT.parent / "deploy" / "Caddyfile").read_text("utf-8")
    (tmp_path / "Caddyfile").write_text(caddyfile)
    told = {one["name"]: one["value"] for one in first(door)["env"]}
    command = [BIN / "caddy", "adapt", "--config", tmp_path / "Caddyfile", "--adapter", "caddyfile"]
    done = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    server = json.loads(done.stdout)["apps"]["http"]["servers"]["srv0"]
    assert "10.0.0.0/8" in server["trusted_proxies"]["ranges"]
    ports = [port["containerPort"] for port in first(door)["ports"]]
    assert [int(address.rpartition(":")[2]) for address in server["listen"]] == ports


@pytest.fixture
async def nats(rendered: dict[str, Overlay], tmp_path: Path) -> AsyncIterator[Callable[[str], str]]:
    """A server with the permissions of the overlay; from a user to its address."""
    port = free_port(set())
    config = nats_files(rendered["dev"], tmp_path)
    text = config.read_text().replace("port: 4222", f"listen: 127.0.0.1:{port}").replace("http: 8222\n", "")
    config.write_text(text)
    process = subprocess.Popen(
        [BIN / "nats-server", "--config", config], env=nats_environment(), stderr=subprocess.DEVNULL
    )
    try:
        yield lambda user: f"nats://{user}:secret@127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def test_services_say_and_read_what_they_declare_and_nothing_else(nats: Callable[[str], str]) -> None:
    speaker, reader, other = [await Bus.open(nats(name), name) for name in ("opendays", "openmonth", "hearings")]
    try:
        await speaker.ensure_stream("opendays", 1)
        await speaker.stream.publish("opendays.event.held.v1", b"{}")
        mine = next(one for one in subscriptions("openmonth") if one.service == "opendays")
        config = ConsumerConfig(
            durable_name=mine.durable, ack_policy=AckPolicy.EXPLICIT, filter_subjects=list(mine.subjects)
        )
        await reader.stream.add_consumer("opendays", config)
        pull = await reader.stream.pull_subscribe_bind(mine.durable, "opendays")
        [message] = await pull.fetch(1, timeout=5)
        await message.ack_sync(timeout=2)
        assert (await pull.consumer_info()).num_ack_pending == 0
        await reader.stream.delete_consumer("opendays", mine.durable)

        for forbidden in (
            other.stream.publish("opendays.event.held.v1", b"{}", timeout=0.5),
            other.client.jetstream(timeout=0.5).add_consumer("opendays", config_for("hearings-ear")),
            other.client.jetstream(timeout=0.5).delete_stream("opendays"),
        ):
            with pytest.raises((NatsError, TimeoutError)):
                await forbidden
        assert (await speaker.stream.stream_info("opendays")).state.messages == 1
    finally:
        for bus in (speaker, reader, other):
            await bus.close()


def config_for(durable: str) -> ConsumerConfig:
    return ConsumerConfig(durable_name=durable, ack_policy=AckPolicy.EXPLICIT)


async def test_nobody_listens_to_what_another_is_answered(nats: Callable[[str], str]) -> None:
    refused: list[str] = []
    speaker = await Bus.open(nats("opendays"), "opendays")
    spy = await Bus.open(nats("hearings"), "hearings")
    try:

        async def note(error: Exception) -> None:
            refused.append(str(error))

        async def all_refused() -> bool:
            return len(refused) == 4

        spy.client._error_cb = note
        for inbox in ("_INBOX.>", "_INBOX_opendays.>", "opendays.>", ">"):
            await spy.client.subscribe(inbox)
        await until(all_refused)
        await speaker.ensure_stream("opendays", 1)
        assert all("permissions violation" in words.lower() for words in refused)
    finally:
        await spy.close()
        await speaker.close()


async def test_development_database_has_a_closed_one_for_each_service(
    rendered: dict[str, Overlay], tmp_path: Path
) -> None:
    overlay = rendered["dev"]
    server = overlay.get("StatefulSet", "postgres")
    (tmp_path / "roles.sh").write_text(
        next(each["data"]["roles.sh"] for each in overlay.of("ConfigMap") if "roles.sh" in each["data"])
    )
    passwords = data_of(overlay, "Secret", first(server)["envFrom"][0]["secretRef"]["name"])
    async with Embedded(tmp_path / "var", nats=False, valkey=False) as servers:
        admin = urlsplit(servers.postgres.admin_url)
        there = {"PGHOST": str(admin.hostname), "PGPORT": str(admin.port), "PGPASSWORD": str(admin.password)}
        environment = {**os.environ, **passwords, **there, "POSTGRES_USER": "postgres"}
        environment["PATH"] = f"{postgres_programs()}:{environment['PATH']}"
        script = await asyncio.create_subprocess_exec("bash", str(tmp_path / "roles.sh"), env=environment)
        assert await script.wait() == 0
        for name in stored():
            told = urlsplit(data_of(overlay, "Secret", f"{name}-env")[f"KAIMEN_{name.upper()}_DATABASE_URL"])
            here = told._replace(netloc=told.netloc.replace("postgres-rw:5432", f"{admin.hostname}:{admin.port}"))
            connection = await asyncpg.connect(here.geturl())
            assert await connection.fetchval(
                "select pg_has_role(datdba, 'member') from pg_database where datname = $1", name
            )
            await connection.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(here._replace(path="/accounts").geturl())


def test_development_secrets_are_random_private_and_never_replaced(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert write_development_secrets(one)
    assert write_development_secrets(two)
    files = {path.relative_to(one): path.read_text() for path in one.rglob("*") if path.is_file()}
    same = {file.name for file, content in files.items() if (two / file).read_text() == content}
    assert same == {"kustomization.yaml"}
    assert not write_development_secrets(one)
    assert files == {path.relative_to(one): path.read_text() for path in one.rglob("*") if path.is_file()}
    assert (one / "overlays/dev/secrets").stat().st_mode & 0o77 == 0
    keys = [content for file, content in files.items() if file.suffix == ".key" or file.name == "calls"]
    assert all(len(bytes.fromhex(key)) == 32 for key in keys)


def test_consumers_are_read_at_all() -> None:
    assert ("notices", "opendays") in read_consumers()
    assert ("opendays", "openmonth") not in read_consumers()
