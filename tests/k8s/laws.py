"""What must be true of everything that runs in the cluster: each law takes an overlay and names its faults."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from inspect import signature
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import kubernetes_validate
import kubernetes_validate.utils
import msgspec

from kaimen.host import cli, services
from kaimen.host.contracts import resources_on_paper
from kaimen.kit.db import Database
from kaimen.kit.settings import read_settings

Object = dict[str, Any]
VERSIONS = ("1.34", "1.37")
CRDS = Path(__file__).parents[1] / "data" / "crds"
CONSUMERS = Path(__file__).parents[2] / "contracts" / "consumers.txt"
WORKLOADS = ("Deployment", "StatefulSet", "Job")
MADE_BY_OPERATORS = {"postgres-ca", "front-door-tls"}
"""Secrets of CloudNativePG and of whoever keeps the certificate."""

# It reads its schemas from disk for each object otherwise.
kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)


class Overlay(NamedTuple):
    """Rendered objects, and the calls that the house makes on one machine: caller → whom it calls."""

    objects: list[Object]
    calls: Mapping[str, frozenset[str]]
    is_production: bool

    def of(self, *kinds: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] in kinds]

    def find(self, kind: str, name: str) -> Object | None:
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def get(self, kind: str, name: str) -> Object:
        found = self.find(kind, name)
        assert found is not None, f"no {kind} {name}"
        return found


Law = Callable[[Overlay], Iterator[str]]


def said(each: Object) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


def stored() -> list[str]:
    return [name for name in services.NAMES if services.load(name).SERVICE.has_database]


def template(workload: Object) -> Object:
    return workload["spec"]["template"]


def containers(workload: Object) -> list[Object]:
    """Those that run, then those that only begin."""
    spec = template(workload)["spec"]
    return [*spec["containers"], *spec.get("initContainers", ())]


def labels_of(workload: Object) -> Object:
    return template(workload)["metadata"]["labels"]


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """A label selector as Kubernetes reads it; the empty one selects all. Raises KeyError for an unknown operator."""
    meets = {"In": lambda value, values: value in values, "NotIn": lambda value, values: value not in values}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        meets[one["operator"]](labels.get(one["key"]), one["values"]) for one in selector.get("matchExpressions", ())
    )


# Shapes


def shapes(overlay: Overlay) -> Iterator[str]:
    """Objects of Kubernetes by its own strict schemas, custom resources by theirs, closed."""
    for each in overlay.objects:
        if (schema := schema_of(each)) is not None:
            for error in jsonschema.Draft202012Validator(schema).iter_errors(each):
                yield f"{said(each)}: {error.json_path} {error.message}"
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(each, version, strict=True)
            except kubernetes_validate.ValidationError as wrong:
                yield f"{said(each)}: {'.'.join(map(str, wrong.path))} {wrong.message} ({version})"
            except kubernetes_validate.SchemaNotFoundError as unknown:
                yield f"{said(each)}: {unknown.message}"


def schema_of(each: Object) -> Object | None:
    group, _, version = each["apiVersion"].partition("/")
    return custom_schema(f"{group}__{each['kind'].lower()}_{version}.json")


@cache
def custom_schema(file: str) -> Object | None:
    path = CRDS / file
    if not path.exists():
        return None
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"] |= {key: True for key in ("apiVersion", "kind", "metadata")}
    return close(schema)


def close(schema: Any) -> Any:
    """No field that the schema does not name, wherever it names any."""
    if isinstance(schema, list):
        return [close(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    names_fields = isinstance(closed.get("properties"), dict) and closed.get("type") == "object"
    if names_fields and not closed.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed


def unique(overlay: Overlay) -> Iterator[str]:
    seen = set()
    for each in overlay.objects:
        key = (each["apiVersion"].split("/")[0], each["kind"], each["metadata"]["name"])
        if key in seen:
            yield f"{said(each)} stands there twice"
        seen.add(key)


# Pods


def hardened(overlay: Overlay) -> Iterator[str]:
    for workload in overlay.of(*WORKLOADS):
        spec = template(workload)["spec"]
        outer = spec.get("securityContext", {})
        demands = {
            "not root": outer.get("runAsNonRoot") is True and outer.get("runAsUser", 0) > 0,
            "seccomp": outer.get("seccompProfile") == {"type": "RuntimeDefault"},
            "no token": spec.get("automountServiceAccountToken") is False,
            "own account": spec.get("serviceAccountName", "default") != "default",
            "no host": not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"},
        }
        for demand in (demand for demand, met in demands.items() if not met):
            yield f"{said(workload)}: {demand}"
        for container in containers(workload):
            for demand in unmet_by(container):
                yield f"{said(workload)}/{container['name']}: {demand}"
        if any("hostPath" in volume for volume in spec.get("volumes", ())):
            yield f"{said(workload)}: host path"


def unmet_by(container: Object) -> Iterator[str]:
    inner = container.get("securityContext", {})
    capabilities = inner.get("capabilities", {})
    is_door = container["name"] == "caddy"
    demands = {
        "read-only root": inner.get("readOnlyRootFilesystem") is True,
        "no escalation": inner.get("allowPrivilegeEscalation") is False,
        "not privileged": not inner.get("privileged"),
        "no capabilities": capabilities.get("drop") == ["ALL"]
        and capabilities.get("add", []) == (["NET_BIND_SERVICE"] if is_door else []),
        "no other user": not inner.keys() & {"runAsUser", "runAsNonRoot", "seccompProfile"},
        "memory limit": "memory" in container.get("resources", {}).get("limits", {}),
        "requests": container.get("resources", {}).get("requests", {}).keys() >= {"cpu", "memory"},
        "own /tmp": any(mount["mountPath"] == "/tmp" for mount in container.get("volumeMounts", ())),
    }
    yield from (demand for demand, met in demands.items() if not met)


def probed(overlay: Overlay) -> Iterator[str]:
    """Three probes whose paths exist, and time to say goodbye."""
    for workload in overlay.of("Deployment", "StatefulSet"):
        spec = template(workload)["spec"]
        if spec.get("terminationGracePeriodSeconds", 30) < 40:
            yield f"{said(workload)}: less than 40 seconds of grace"
        for container in spec["containers"]:
            if "preStop" not in container.get("lifecycle", {}):
                yield f"{said(workload)}/{container['name']}: no preStop"
            ports = {port["name"] for port in container.get("ports", ())}
            for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
                yield from (
                    f"{said(workload)}/{container['name']}: {kind} {fault}"
                    for fault in faults_of_probe(container, container.get(kind), ports)
                )


def faults_of_probe(container: Object, probe: Object | None, ports: set[str]) -> Iterator[str]:
    if probe is None:
        yield "is missing"
        return
    asked = probe.get("httpGet") or probe.get("tcpSocket")
    if asked is not None and asked["port"] not in ports:
        yield f"asks port {asked['port']}, which is not there"
    if container["name"] == "kaimen":
        path = probe.get("httpGet", {}).get("path")
        if path not in paths_of(container["args"][1]):
            yield f"asks {path}, which is no path of the service"


@cache
def paths_of(name: str) -> frozenset[str]:
    app = services.load(name).create_app(resources_on_paper(name))
    return frozenset(route.path for route in app.routes)


def pinned(overlay: Overlay) -> Iterator[str]:
    for workload in overlay.of(*WORKLOADS):
        for container in containers(workload):
            yield from (f"{said(workload)}: {fault}" for fault in faults_of_image(container["image"]))
    for cluster in overlay.of("Cluster"):
        yield from (f"{said(cluster)}: {fault}" for fault in faults_of_image(cluster["spec"]["imageName"]))


def faults_of_image(image: str) -> Iterator[str]:
    _, _, tag = image.rpartition("/")[2].partition(":")
    if "@sha256:" not in image and not re.match(r"^v?\d+\.\d+", tag):
        yield f"image {image} has neither version nor digest"


def commanded(overlay: Overlay) -> Iterator[str]:
    """What our programs are told, the command line understands."""
    for workload, container in programs(overlay):
        try:
            asked = cli.parser().parse_args(container["args"])
        except SystemExit:
            yield f"{said(workload)}: kaimen {' '.join(container['args'])}"
            continue
        named = [asked.name] if hasattr(asked, "name") else asked.names
        if named != [labels_of(workload)["app.kubernetes.io/name"]]:
            yield f"{said(workload)} runs {named}"


def programs(overlay: Overlay) -> Iterator[tuple[Object, Object]]:
    for workload in overlay.of(*WORKLOADS):
        for container in containers(workload):
            if container["image"].rpartition("/")[2].startswith("kaimen"):
                yield workload, container


def complete(overlay: Overlay) -> Iterator[str]:
    """Every service has its programs; what migrates before the new code is there too."""
    for name in services.NAMES:
        roles = ("api", "work") if name in stored() else ("api",)
        for role in roles:
            workload = overlay.find("Deployment", f"{name}-{role}")
            if workload is None:
                yield f"no Deployment {name}-{role}"
            elif name in stored() and f"migrate {name} --phase pre" not in first_steps(workload):
                yield f"{said(workload)} does not migrate first"


def first_steps(workload: Object) -> list[str]:
    return [" ".join(one["args"]) for one in template(workload)["spec"].get("initContainers", ())]


# What points at what


def connected(overlay: Overlay) -> Iterator[str]:
    """Every selector selects something, every target is there."""
    workloads = overlay.of(*WORKLOADS)
    pods = [labels_of(workload) for workload in workloads] + [labels for _, labels, _ in operated_pods(overlay)]
    for each in overlay.of("Deployment", "StatefulSet"):
        if not selects(each["spec"]["selector"], labels_of(each)):
            yield f"{said(each)} does not select its own pods"
        for constraint in template(each)["spec"].get("topologySpreadConstraints", ()):
            if not selects(constraint["labelSelector"], labels_of(each)):
                yield f"{said(each)} spreads other pods"
    for each in overlay.of("Service"):
        selector = {"matchLabels": each["spec"]["selector"]}
        chosen = [workload for workload in workloads if selects(selector, labels_of(workload))]
        ports = {port["name"] for one in chosen for two in containers(one) for port in two.get("ports", ())}
        yield from (
            f"{said(each)} has no {port['targetPort']} behind it"
            for port in each["spec"]["ports"]
            if port["targetPort"] not in ports
        )
        if len(chosen) > 1:
            yield f"{said(each)} mixes {', '.join(map(said, chosen))}"
    selectors = [(each, each["spec"]["selector"]) for each in overlay.of("PodDisruptionBudget", "PodMonitor")]
    selectors += [(each, each["spec"]["podSelector"]) for each in overlay.of("NetworkPolicy")]
    for each, selector in selectors:
        if not any(selects(selector, labels) for labels in pods):
            yield f"{said(each)} selects nothing"
    for each in overlay.of("ServiceMonitor"):
        if not any(
            selects(each["spec"]["selector"], one["metadata"].get("labels", {})) for one in overlay.of("Service")
        ):
            yield f"{said(each)} selects nothing"
    for each in overlay.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = each["spec"]["scaleTargetRef"]
        if overlay.find(target.get("kind", "Deployment"), target["name"]) is None:
            yield f"{said(each)} scales nothing"
    yield from faults_of_routes(overlay)


def faults_of_routes(overlay: Overlay) -> Iterator[str]:
    for route in overlay.of("HTTPRoute"):
        for parent in route["spec"]["parentRefs"]:
            gateway = overlay.find("Gateway", parent["name"])
            listeners = gateway["spec"]["listeners"] if gateway else []
            heard = [one for one in listeners if one["name"] == parent["sectionName"]]
            if not heard or heard[0]["hostname"] not in route["spec"]["hostnames"]:
                yield f"{said(route)} is heard by nobody"
        for backend in (one for rule in route["spec"]["rules"] for one in rule.get("backendRefs", ())):
            service = overlay.find("Service", backend["name"])
            if service is None or backend["port"] not in [port["port"] for port in service["spec"]["ports"]]:
                yield f"{said(route)} leads to nothing"


def present(overlay: Overlay) -> Iterator[str]:
    """What pods mount, read and are is there."""
    secrets = {each["metadata"]["name"] for each in overlay.of("Secret", "ExternalSecret")} | MADE_BY_OPERATORS
    maps = {each["metadata"]["name"] for each in overlay.of("ConfigMap")}
    for each in overlay.of(*WORKLOADS):
        spec = template(each)["spec"]
        if overlay.find("ServiceAccount", spec["serviceAccountName"]) is None:
            yield f"{said(each)}: no ServiceAccount {spec['serviceAccountName']}"
        yield from (f"{said(each)}: no Secret {name}" for name in named(spec, SECRET_NAMES) if name not in secrets)
        yield from (f"{said(each)}: no ConfigMap {name}" for name in named(spec, MAP_NAMES) if name not in maps)
        volumes = {one["name"] for one in spec.get("volumes", ())}
        volumes |= {one["metadata"]["name"] for one in each["spec"].get("volumeClaimTemplates", ())}
        mounted = {mount["name"] for one in containers(each) for mount in one.get("volumeMounts", ())}
        yield from (f"{said(each)}: volume {name}" for name in mounted ^ volumes)


SECRET_NAMES = frozenset({"secretRef", "secretKeyRef", "secret"})
MAP_NAMES = frozenset({"configMapRef", "configMapKeyRef", "configMap"})


def named(node: Any, kinds: frozenset[str]) -> Iterator[str]:
    """Names of objects to which `node` refers and that must be there."""
    if isinstance(node, list):
        for one in node:
            yield from named(one, kinds)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in kinds and isinstance(value, dict) and not value.get("optional"):
                yield value.get("secretName") or value["name"]
            yield from named(value, kinds)


# Scaling and disruption


def scaled_once(overlay: Overlay) -> Iterator[str]:
    """In production each Deployment has one scaler, in development none; `replicas` never fights with it."""
    scalers = overlay.of("HorizontalPodAutoscaler", "ScaledObject")
    for each in overlay.of("Deployment"):
        name = each["metadata"]["name"]
        mine = [one for one in scalers if one["spec"]["scaleTargetRef"]["name"] == name]
        hears = bool(services.load(name.removesuffix("-work")).SERVICE.consumes) if name.endswith("-work") else False
        wanted = "ScaledObject" if hears else "HorizontalPodAutoscaler"
        is_scaled = overlay.is_production and (hears or not name.endswith("-work"))
        if [one["kind"] for one in mine] != ([wanted] if is_scaled else []):
            yield f"{said(each)} is scaled by {[said(one) for one in mine]}"
        if mine and "replicas" in each["spec"]:
            yield f"{said(each)} has replicas beside its scaler"
        if overlay.is_production and not mine and each["spec"].get("replicas", 1) < 2:
            yield f"{said(each)} runs once"


def budgeted(overlay: Overlay) -> Iterator[str]:
    budgets = overlay.of("PodDisruptionBudget")
    for each in overlay.of("Deployment", "StatefulSet"):
        mine = [one["spec"] for one in budgets if selects(one["spec"]["selector"], labels_of(each))]
        wanted = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
        if len(mine) != 1 or not wanted.items() <= mine[0].items():
            yield f"{said(each)} has no budget of one"


CONNECTIONS_OF_A_PROCESS = signature(Database.open).parameters["size"].default + 2
"""The pool, and what listens."""


def connectable(overlay: Overlay) -> Iterator[str]:
    """All pods at their most, one more of each during a rollout, find a free connection."""
    most = 0
    for name, role in product(stored(), ("api", "work")):
        sizes = [
            scaler["spec"].get("maxReplicas") or scaler["spec"]["maxReplicaCount"]
            for scaler in overlay.of("HorizontalPodAutoscaler", "ScaledObject")
            if scaler["spec"]["scaleTargetRef"]["name"] == f"{name}-{role}"
        ]
        most += (max(sizes, default=2) + 1) * CONNECTIONS_OF_A_PROCESS
    for cluster in overlay.of("Cluster"):
        if (limit := int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])) < most + 20:
            yield f"{said(cluster)}: {limit} connections for {most}"


# Who may talk to whom


class Pod(NamedTuple):
    """Some pod of a workload: its name, labels and open ports."""

    name: str
    labels: Mapping[str, str]
    ports: tuple[int, ...]


def operated_pods(overlay: Overlay) -> list[Pod]:
    """Pods that an operator makes."""
    return [
        Pod(each["metadata"]["name"], each["spec"]["inheritedMetadata"]["labels"], (5432, 8000))
        for each in overlay.of("Cluster")
    ]


def pods_of(overlay: Overlay) -> list[Pod]:
    made = [
        Pod(
            each["metadata"]["name"],
            labels_of(each),
            tuple(port["containerPort"] for one in containers(each) for port in one.get("ports", ())),
        )
        for each in overlay.of("Deployment", "StatefulSet")
    ]
    return made + operated_pods(overlay)


def permits(policies: Iterable[Object], direction: str, pod: Pod, other: Pod, port: int) -> bool:
    """What the policies that select `pod` allow it, as Kubernetes adds them up; peers of other namespaces aside."""
    mine = [
        each["spec"]
        for each in policies
        if direction.capitalize() in each["spec"]["policyTypes"] and selects(each["spec"]["podSelector"], pod.labels)
    ]
    peers = "to" if direction == "egress" else "from"
    return not mine or any(
        reaches(rule.get(peers), other) and opens(rule.get("ports"), port)
        for spec in mine
        for rule in spec.get(direction, ())
    )


def reaches(peers: list[Object] | None, other: Pod) -> bool:
    return not peers or any(
        "namespaceSelector" not in peer and selects(peer["podSelector"], other.labels)
        for peer in peers
        if "podSelector" in peer
    )


def opens(ports: list[Object] | None, port: int) -> bool:
    return not ports or any(one.get("protocol", "TCP") == "TCP" and one.get("port", port) == port for one in ports)


Way = tuple[str, str, int]


def ways(overlay: Overlay) -> set[Way]:
    """(from, to, port) of everything that is possible inside."""
    policies, pods = overlay.of("NetworkPolicy"), pods_of(overlay)
    return {
        (one.name, other.name, port)
        for one, other in product(pods, pods)
        for port in other.ports
        if permits(policies, "egress", one, other, port) and permits(policies, "ingress", other, one, port)
    }


def wanted_ways(overlay: Overlay) -> set[Way]:
    """What one machine's fleet says of calls, `consumers.txt` and manifests of servers."""
    wanted: set[Way] = set()
    for name in services.NAMES:
        roles = [f"{name}-api"] + ([f"{name}-work"] if name in stored() else [])
        for program in roles:
            wanted.add((program, "valkey", 6379))
            for called in overlay.calls[name]:
                wanted.add((program, *(("front-door", 8080) if called == "front-door" else (f"{called}-api", 8000))))
            if name in stored():
                wanted.add((program, "postgres", 5432))
        if name in stored():
            wanted.add((f"{name}-work", "nats", 4222))
        wanted.add(("front-door", f"{name}-api", 8000))
    if overlay.is_production:
        wanted |= {("nats", "nats", 6222), ("postgres", "postgres", 5432), ("postgres", "postgres", 8000)}
    return wanted


def denied_by_default(overlay: Overlay) -> Iterator[str]:
    """A pod of which no policy knows anything reaches nobody and is reached by nobody."""
    nothing = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    if nothing not in [each["spec"] for each in overlay.of("NetworkPolicy")]:
        yield "nothing is denied by default"


def only_wanted_ways(overlay: Overlay) -> Iterator[str]:
    """No way that is not declared, and every way that is."""
    possible, wanted = ways(overlay), wanted_ways(overlay)
    yield from (f"may reach: {one} → {other}:{port}" for one, other, port in sorted(possible - wanted))
    yield from (f"must reach: {one} → {other}:{port}" for one, other, port in sorted(wanted - possible))


def only_some_go_out(overlay: Overlay) -> Iterator[str]:
    """Only who calls the world may, and nobody reaches private addresses that way."""
    root = Path(services.__file__).parents[3] / "services" / "kaimen"
    callers = {
        path.relative_to(root).parts[0]
        for path in root.rglob("*.py")
        if "kaimen.kit.outside" in path.read_text("utf-8")
    }
    able = set()
    for each in overlay.of("NetworkPolicy"):
        blocks = [
            peer["ipBlock"]
            for rule in each["spec"].get("egress", ())
            for peer in rule.get("to", ())
            if "ipBlock" in peer
        ]
        owner = each["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        if not blocks or each["spec"]["podSelector"] == {"matchLabels": {"server": "postgres"}}:
            continue
        able.add(owner)
        if any(block["cidr"] == "0.0.0.0/0" and "10.0.0.0/8" not in block.get("except", ()) for block in blocks):
            yield f"{said(each)} leads to private addresses"
    if able != callers | {"accounts"}:
        yield f"the world is open to {able ^ (callers | {'accounts'})}"


def addressed(overlay: Overlay) -> Iterator[str]:
    """Every address inside, in whatever setting, is that of a Service with that port."""
    known = {
        (each["metadata"]["name"], port["port"]) for each in overlay.of("Service") for port in each["spec"]["ports"]
    }
    if overlay.is_production:
        known.add(("postgres-rw", 5432))
    for workload, container in programs(overlay):
        for name, value in environment(overlay, container).items():
            match = re.search(r"//(?:[^@/]*@)?([a-z-]+):(\d+)(/|$)", value)
            if match and not name.endswith("_PUBLIC_URL") and (match[1], int(match[2])) not in known:
                yield f"{said(workload)}: {name} leads to {match[1]}:{match[2]}"


# Settings


def environment(overlay: Overlay, container: Object) -> dict[str, str]:
    """As the container sees it. Raises KeyError for a key that is not there."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        for kind, reference in source.items():
            found |= data_of(overlay, "ConfigMap" if kind == "configMapRef" else "Secret", reference["name"])
    for one in container.get("env", ()):
        reference = one.get("valueFrom", {}).get("configMapKeyRef")
        found[one["name"]] = (
            data_of(overlay, "ConfigMap", reference["name"])[reference["key"]] if reference else one["value"]
        )
    return found


def data_of(overlay: Overlay, kind: str, name: str) -> dict[str, str]:
    """What a ConfigMap holds, or a Secret, or will hold once its operator has made it."""
    each = overlay.find(kind, name) or (overlay.find("ExternalSecret", name) if kind == "Secret" else None)
    if each is None:
        return {}
    if each["kind"] == "ExternalSecret":
        return each["spec"]["target"]["template"]["data"]
    return {key: decoded(value) if kind == "Secret" else value for key, value in each.get("data", {}).items()}


def decoded(value: str) -> str:
    return b64decode(value).decode()


NEEDED = ("redis_url", "accounts_url", "key_file", "calls_key_file", "public_url", "host")
STORED = ("database_url", "nats_url", "stream_replicas")


def settled(overlay: Overlay) -> Iterator[str]:
    """Each program's settings are known and of the right type, and what differs by place is not left to a default."""
    for workload, container in programs(overlay):
        name = labels_of(workload)["app.kubernetes.io/name"]
        prefix = f"KAIMEN_{name.upper()}_"
        try:
            given = environment(overlay, container)
            read_settings(services.load(name).SERVICE.settings, name, given)
        except (KeyError, msgspec.ValidationError, OSError) as wrong:
            yield f"{said(workload)}/{container['name']}: {wrong}"
            continue
        yield from (f"{said(workload)}: {key} is no setting of {name}" for key in given if not key.startswith(prefix))
        needed = [*NEEDED, *(STORED if name in stored() else ())] if container["name"] == "kaimen" else ["database_url"]
        yield from (
            f"{said(workload)}: {prefix}{key.upper()} is not set"
            for key in needed
            if not given.get(prefix + key.upper())
        )


def guarded(overlay: Overlay) -> Iterator[str]:
    """Nobody signs in as whom they like in production, and databases prove who they are."""
    if not overlay.is_production:
        return
    given = environment(overlay, overlay.get("Deployment", "accounts-api")["spec"]["template"]["spec"]["containers"][0])
    if not given.get("KAIMEN_ACCOUNTS_OIDC_ISSUER"):
        yield "without an issuer everybody signs in as whom they like"
    for name in stored():
        if (
            "sslmode=verify-full"
            not in data_of(overlay, "Secret", f"{name}-env")[f"KAIMEN_{name.upper()}_DATABASE_URL"]
        ):
            yield f"{name} does not check its database's certificate"


def templated(overlay: Overlay) -> Iterator[str]:
    """Each template takes what is fetched, all of it and nothing else."""
    for each in overlay.of("ExternalSecret"):
        fetched = {one["secretKey"] for one in each["spec"]["data"]}
        used = set(re.findall(r"\.([a-z_]+)", " ".join(re.findall(r"\{\{.*?\}\}", str(each["spec"]["target"])))))
        if fetched != used:
            yield f"{said(each)}: {sorted(fetched ^ used)}"


# Facts


def read_consumers() -> set[tuple[str, str]]:
    """(reader, publisher), as the committed contract says."""
    pairs = set()
    for line in CONSUMERS.read_text("utf-8").splitlines():
        subject, _, readers = line.partition(":")
        pairs |= {(reader, subject.split(".")[0]) for reader in readers.split()}
    return pairs


def facts_reach_readers(overlay: Overlay) -> Iterator[str]:
    """NATS lets a service say its own facts and read the streams that `consumers.txt` names, and no others."""
    config = next(
        each["data"]["authorization.conf"]
        for each in overlay.of("ConfigMap")
        if each["metadata"]["name"].startswith("nats-config")
    )
    reads, says = set(), set()
    for user, block in re.findall(r"user: (\w+),.*?publish: \[(.*?)\]", config, re.DOTALL):
        for subject in re.findall(r'"(.*?)"', block):
            if user == "streams":
                continue
            if match := re.match(r"\$JS\.(?:ACK|API\.CONSUMER\.[A-Z.]+?)\.([a-z]+)\.[\w-]+(\.>)?$", subject):
                reads.add((user, match[1]))
            elif not subject.startswith("$JS.API.STREAM."):
                says.add((user, subject))
    wanted = {(name, f"{name}.>") for name in services.NAMES if services.load(name).SERVICE.publishes}
    yield from (f"may read: {reader} ← {stream}" for reader, stream in sorted(reads - read_consumers()))
    yield from (f"must read: {reader} ← {stream}" for reader, stream in sorted(read_consumers() - reads))
    yield from (f"says: {pair}" for pair in sorted(says ^ wanted))


def streams_kept(overlay: Overlay) -> Iterator[str]:
    """Every publisher's stream has three copies, and scaling looks at the readers of `consumers.txt`."""
    if not overlay.is_production:
        return
    published = {line.split(".")[0] for line in CONSUMERS.read_text("utf-8").splitlines()}
    specs = {each["spec"]["name"]: each["spec"] for each in overlay.of("Stream")}
    yield from (f"Stream {name}" for name in sorted(published ^ specs.keys()))
    for name, spec in specs.items():
        if spec["replicas"] != 3 or spec["storage"] != "file" or spec["subjects"] != [f"{name}.>"]:
            yield f"Stream {name} is not kept three times"
    watched = {
        (each["metadata"]["name"].removesuffix("-work"), trigger["metadata"]["stream"])
        for each in overlay.of("ScaledObject")
        for trigger in each["spec"]["triggers"]
    }
    yield from (f"lag of {reader} in {stream}" for reader, stream in sorted(watched ^ read_consumers()))
    if overlay.get("StatefulSet", "nats")["spec"]["replicas"] != 3:
        yield "NATS does not run three times"


def databases_kept(overlay: Overlay) -> Iterator[str]:
    """A role and a database for each service; what is acknowledged lies twice, in different zones, and is saved."""
    if not overlay.is_production:
        return
    spec = overlay.get("Cluster", "postgres")["spec"]
    roles = {role["name"] for role in spec["managed"]["roles"]}
    owned = {each["spec"]["name"]: each["spec"]["owner"] for each in overlay.of("Database")}
    if roles != set(stored()) or owned != {name: name for name in stored()}:
        yield f"roles {roles ^ set(stored())}, databases {owned}"
    demands = {
        "three instances": spec["instances"] == 3,
        "synchronous": spec["postgresql"].get("synchronous")
        == {"method": "any", "number": 1, "dataDurability": "required"},
        "zones": spec["affinity"]["podAntiAffinityType"] == "required"
        and spec["affinity"]["topologyKey"] == "topology.kubernetes.io/zone",
        "locale": (spec["bootstrap"]["initdb"]["localeProvider"], spec["bootstrap"]["initdb"]["builtinLocale"])
        == ("builtin", "C.UTF-8"),
        "checksums": spec["bootstrap"]["initdb"]["dataChecksums"] is True,
        "write-ahead log is saved": any(plugin.get("isWALArchiver") for plugin in spec.get("plugins", ())),
        "nightly backup": any(each["spec"]["method"] == "plugin" for each in overlay.of("ScheduledBackup")),
    }
    yield from (f"PostgreSQL: {demand}" for demand, met in demands.items() if not met)
    wrong = [role["passwordSecret"]["name"] for role in spec["managed"]["roles"]]
    yield from (f"no ExternalSecret {name}" for name in wrong if overlay.find("ExternalSecret", name) is None)


def measured(overlay: Overlay) -> Iterator[str]:
    """Every process is asked for its metrics, at a path that exists."""
    if not overlay.is_production:
        return
    for name in services.NAMES:
        ends = overlay.get("ServiceMonitor", name)["spec"]["endpoints"]
        if name in stored():
            ends = ends + overlay.get("PodMonitor", name)["spec"]["podMetricsEndpoints"]
        yield from (f"{name}: no path {end['path']}" for end in ends if end["path"] not in paths_of(name))


LAWS: tuple[Law, ...] = (
    shapes,
    unique,
    hardened,
    probed,
    pinned,
    commanded,
    complete,
    connected,
    present,
    scaled_once,
    budgeted,
    connectable,
    denied_by_default,
    only_wanted_ways,
    only_some_go_out,
    addressed,
    settled,
    guarded,
    templated,
    facts_reach_readers,
    streams_kept,
    databases_kept,
    measured,
)
