"""What runs in Kubernetes, made from the manifests: `python -m kaimen.host.kubernetes [--check | --secrets]`.

Written below `k8s/`: all that follows from what a service declares about itself. Who may call whom comes from its
settings (`<service>_url`), who may read whose stream from its subscriptions. Committed; a test fails when they drift
from the code. `--secrets` writes random secrets for the development overlay, once; those are not committed.
"""

import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kaimen.host import services
from kaimen.host.contracts import put, resources_on_paper
from kaimen.kit.bus import DUPLICATE_WINDOW, Subscription
from kaimen.kit.service import Service

Manifest = dict[str, Any]
"""One object of Kubernetes, as YAML holds it."""

ROOT = Path(__file__).resolve().parents[3] / "k8s"
DEVELOPMENT_SECRETS = Path("overlays/dev/secrets")
MADE = "# Made by `make k8s` from the manifests of the services. Do not edit.\n"

PORT, DOOR_PORT, POSTGRES_PORT, NATS_PORT, VALKEY_PORT = 8000, 8080, 5432, 4222, 6379
DOOR = "front-door"
USER = 10001
ELSEWHERE = frozenset({"database", "nats", "redis", "public", "smtp", "sms", "otlp"})
"""Settings `<word>_url` that name no service of this house."""
OUTSIDE: Mapping[str, tuple[int, ...]] = {
    "accounts": (443,),
    "decisions": (80, 443),
    "notices": (25, 80, 443, 465, 587),
}
"""Who calls the world, at which ports: the identity provider; published addresses; mail, SMS and subscribers."""
PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
PRIVATE_RANGES_6 = ("fc00::/7", "fe80::/10")

MOST_API_PODS, MOST_WORK_PODS = 4, 3
LAG_FOR_ONE_MORE = 200
"""Unread facts per pod from which another one is worth its start."""


def manifest(name: str) -> Service:
    return services.load(name).SERVICE


@cache
def subscriptions(name: str) -> tuple[Subscription, ...]:
    """What a service reads, by stream and durable name."""
    if not manifest(name).has_database:
        return ()
    return tuple(services.load(name).create_consumers(resources_on_paper(name)))


def asked_by(name: str) -> tuple[str, ...]:
    """Whom a service calls: services of the house, or the front door. Raises ValueError for a setting that leads to
    an address of which nobody said whose it is."""
    asked = []
    for field in msgspec.structs.fields(manifest(name).settings):
        word = field.name.removesuffix("_url")
        if word == field.name or word in ELSEWHERE:
            continue
        if word != "services" and word not in services.NAMES:
            raise ValueError(f"{name} has the setting {field.name}: whose address is that?")
        asked.append(DOOR if word == "services" else word)
    return tuple(asked)


def callers_of(name: str) -> tuple[str, ...]:
    return tuple(caller for caller in services.NAMES if name in asked_by(caller))


def publishers() -> tuple[str, ...]:
    return tuple(name for name in services.NAMES if manifest(name).publishes)


# Small parts


def labels(name: str, role: str | None = None) -> dict[str, str]:
    """By which pods are found; without a role, all pods of a service."""
    return {"app.kubernetes.io/name": name} | ({"app.kubernetes.io/component": role} if role else {})


def metadata(name: str, owner: str, role: str | None = None) -> Manifest:
    return {"name": name, "labels": labels(owner, role) | {"app.kubernetes.io/part-of": "kaimen"}}


def program_metadata(name: str, owner: str, role: str) -> Manifest:
    """The label `uses` tells overlays which programs need what their PostgreSQL needs."""
    made = metadata(name, owner, role)
    if manifest(owner).has_database:
        made["labels"]["uses"] = "postgres"
    return made


def variable(service: str, setting: str) -> str:
    return f"KAIMEN_{service.upper()}_{setting.upper()}"


def environment(name: str) -> list[Manifest]:
    """Settings that follow from the house; secrets come by `envFrom`, and those of the operator from ConfigMaps."""
    fixed = {"host": "0.0.0.0", "port": str(PORT), "workers": "1"}
    files = {"key_file": "/run/secrets/kaimen/key", "calls_key_file": "/run/secrets/kaimen/calls"}
    told = ["public_url", "uid_domain", "log_level"] + (["stream_replicas"] if manifest(name).has_database else [])
    plain = fixed | files | addresses(name)
    return [
        *({"name": variable(name, setting), "value": value} for setting, value in plain.items()),
        *(
            {"name": variable(name, key), "valueFrom": {"configMapKeyRef": {"name": "kaimen", "key": key}}}
            for key in told
        ),
    ]


def addresses(name: str) -> dict[str, str]:
    return {
        "services_url" if asked == DOOR else f"{asked}_url": f"http://{asked}:{DOOR_PORT if asked == DOOR else PORT}"
        for asked in asked_by(name)
    }


def given(name: str) -> list[Manifest]:
    """Where more settings come from: secret ones always, others if the operator has any."""
    return [
        {"secretRef": {"name": f"{name}-env"}},
        {"configMapRef": {"name": f"{name}-settings", "optional": True}},
    ]


HARDENED: Manifest = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
NOBODY_IN_PARTICULAR: Manifest = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
SCRATCH: Manifest = {"name": "tmp", "mountPath": "/tmp"}


def migration(name: str, phase: str) -> Manifest:
    return {
        "name": f"migrate-{phase}",
        "image": "kaimen",
        "args": ["migrate", name, "--phase", phase],
        "envFrom": given(name),
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": HARDENED,
        "volumeMounts": [SCRATCH],
    }


def probe(name: str, kind: str, every: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": f"{manifest(name).prefix}/health/{kind}", "port": "http"},
        "periodSeconds": every,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }


def program(name: str, role: str) -> Manifest:
    """The container of one role. Background work answers HTTP too, so that it can be probed and measured; it is behind
    no Service."""
    roles = "api" if role == "api" else "api,work"
    draws = role == "work" and (manifest(name).recruits or manifest(name).holds_draws)
    return {
        "name": "kaimen",
        "image": "kaimen",
        "args": ["serve", name, "--roles", roles],
        "env": environment(name),
        "envFrom": given(name),
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": probe(name, "live", 2, 60),
        "livenessProbe": probe(name, "live", 10, 3),
        "readinessProbe": probe(name, "ready", 5, 3),
        # Until the endpoints forget this pod, it still answers.
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "resources": {
            "requests": {"cpu": "100m", "memory": "192Mi"},
            "limits": {"memory": "2Gi" if draws else "512Mi"},
        },
        "securityContext": HARDENED,
        "volumeMounts": [SCRATCH, {"name": "keys", "mountPath": "/run/secrets/kaimen", "readOnly": True}],
    }


def keys_of(name: str) -> Manifest:
    sources = [
        {"secret": {"name": f"{name}-key", "items": [{"key": "key", "path": "key"}]}},
        {"secret": {"name": "calls-key", "items": [{"key": "calls", "path": "calls"}]}},
    ]
    return {"name": "keys", "projected": {"defaultMode": 0o440, "sources": sources}}


def spread(name: str, role: str) -> list[Manifest]:
    """Over zones and machines; each rollout is spread for itself."""
    return [
        {
            "topologyKey": key,
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway",
            "nodeTaintsPolicy": "Honor",
            "labelSelector": {"matchLabels": labels(name, role)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def pod(name: str) -> Manifest:
    """What all pods of a service have in common."""
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": NOBODY_IN_PARTICULAR,
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
    }


def deployment(name: str, role: str) -> Manifest:
    """Without `replicas`: a scaler decides, and a second apply must not take its pods away."""
    spec = pod(name)
    spec["terminationGracePeriodSeconds"] = 40
    spec["topologySpreadConstraints"] = spread(name, role)
    if manifest(name).has_database:
        spec["initContainers"] = [migration(name, "pre")]
    spec["containers"] = [program(name, role)]
    spec["volumes"].append(keys_of(name))
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": program_metadata(f"{name}-{role}", name, role),
        "spec": {
            "selector": {"matchLabels": labels(name, role)},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels(name, role) | {"app.kubernetes.io/part-of": "kaimen"}},
                "spec": spec,
            },
        },
    }


def disruption_budget(name: str, role: str) -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(f"{name}-{role}", name, role),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": labels(name, role)},
        },
    }


def api(name: str) -> list[Manifest]:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(name, name),
        "automountServiceAccountToken": False,
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name, name, "api"),
        "spec": {
            "selector": labels(name, "api"),
            "ports": [{"name": "http", "port": PORT, "targetPort": "http"}],
        },
    }
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(f"{name}-api", name, "api"),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{name}-api"},
            "minReplicas": 2,
            "maxReplicas": MOST_API_PODS,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                }
            ],
        },
    }
    return [account, deployment(name, "api"), service, disruption_budget(name, "api"), scaler]


def work(name: str) -> list[Manifest]:
    return [deployment(name, "work"), disruption_budget(name, "work")]


def after_rollout(name: str) -> Manifest:
    spec = pod(name)
    spec["restartPolicy"] = "OnFailure"
    spec["containers"] = [migration(name, "post")]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": program_metadata(f"{name}-migrate-post", name, "after-rollout"),
        "spec": {
            "backoffLimit": 6,
            "ttlSecondsAfterFinished": 86400,
            "template": {
                "metadata": {"labels": labels(name, "after-rollout") | {"app.kubernetes.io/part-of": "kaimen"}},
                "spec": spec,
            },
        },
    }


# Who may talk to whom


def policy(name: str, pods: Manifest, **directions: Sequence[Manifest]) -> Manifest:
    """Permissions of the pods that `pods` selects; `ingress` and `egress` are lists of rules."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "kaimen"}},
        "spec": {
            "podSelector": pods,
            "policyTypes": [direction.capitalize() for direction in directions],
            **{direction: list(rules) for direction, rules in directions.items()},
        },
    }


def these(name: str, role: str | None = None) -> Manifest:
    return {"matchLabels": labels(name, role)}


def any_of(names: Iterable[str], role: str | None = None) -> Manifest:
    chosen: Manifest = {"matchLabels": {"app.kubernetes.io/component": role}} if role else {}
    among = {"key": "app.kubernetes.io/name", "operator": "In", "values": list(names)}
    return {**chosen, "matchExpressions": [among]}


def server(name: str) -> Manifest:
    return {"matchLabels": {"server": name}}


def rule(direction: str, peers: Sequence[Manifest], *ports: int) -> Manifest:
    other = [peer if "ipBlock" in peer else {"podSelector": peer} for peer in peers]
    return {direction: other, "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def door_or_api(name: str) -> Manifest:
    return these(DOOR) if name == DOOR else these(name, "api")


def service_policies(name: str) -> list[Manifest]:
    database = [rule("to", [server("postgres")], POSTGRES_PORT)] if manifest(name).has_database else []
    calls = [rule("to", [door_or_api(a)], DOOR_PORT if a == DOOR else PORT) for a in asked_by(name)]
    visitors = [these(DOOR), *(these(caller) for caller in callers_of(name))]
    policies = [
        policy(name, these(name), egress=[*database, rule("to", [server("valkey")], VALKEY_PORT), *calls]),
        policy(f"{name}-api", these(name, "api"), ingress=[rule("from", visitors, PORT)]),
    ]
    if manifest(name).has_database:
        heard = [rule("to", [server("nats")], NATS_PORT)]
        policies.append(policy(f"{name}-work", these(name, "work"), egress=heard))
    if name in OUTSIDE:
        policies.append(policy(f"{name}-outside", these(name), egress=[rule("to", the_world(), *OUTSIDE[name])]))
    return policies


def the_world() -> list[Manifest]:
    """Everything but private addresses: nobody reaches the cluster's own by a published link."""
    return [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE_RANGES)}},
        {"ipBlock": {"cidr": "::/0", "except": list(PRIVATE_RANGES_6)}},
    ]


def server_policies() -> list[Manifest]:
    visitors = {
        "postgres": (any_of(services.stored()), POSTGRES_PORT),
        "nats": (any_of(services.stored(), "work"), NATS_PORT),
        "valkey": (any_of(services.NAMES), VALKEY_PORT),
    }
    return [policy(name, server(name), ingress=[rule("from", [who], port)]) for name, (who, port) in visitors.items()]


def door_policy() -> Manifest:
    callers = [these(caller) for caller in callers_of(DOOR)]
    inside = rule("to", [any_of(services.NAMES, "api")], PORT)
    return policy(DOOR, these(DOOR), ingress=[rule("from", callers, DOOR_PORT)], egress=[inside])


def nats_user(name: str, password: str, subjects: Sequence[str], inbox: str) -> str:
    allowed = "\n".join(f'        "{subject}"' for subject in subjects)
    return (
        f"  {{\n    user: {name}, password: ${password}\n    permissions: {{\n"
        f"      publish: [\n{allowed}\n      ]\n"
        f'      subscribe: "{inbox}.>"\n    }}\n  }}\n'
    )


def nats_subjects(name: str) -> list[str]:
    """What a service may say: its own facts, what makes its stream, and what reads the streams it reads."""
    own = [f"{name}.>", f"$JS.API.STREAM.INFO.{name}", f"$JS.API.STREAM.CREATE.{name}"]
    subjects = own if manifest(name).publishes else []
    for reader in subscriptions(name):
        place = f"{reader.service}.{reader.durable}"
        subjects += [f"$JS.API.CONSUMER.{action}.{place}" for action in ("CREATE", "DURABLE.CREATE", "INFO", "DELETE")]
        subjects += [f"$JS.API.CONSUMER.MSG.NEXT.{place}", f"$JS.ACK.{place}.>"]
    return subjects


def nats_authorization() -> str:
    """Users of NATS: a service says its own facts and reads what it subscribes to; `streams` keeps the streams."""
    users = [
        nats_user(name, f"NATS_PASSWORD_{name.upper()}", nats_subjects(name), inbox(name)) for name in services.stored()
    ]
    users.append(nats_user("streams", "NATS_PASSWORD_STREAMS", ["$JS.API.>"], "_INBOX"))
    return f"authorization: {{ users: [\n{''.join(users)}] }}\n"


def inbox(name: str) -> str:
    """Where a service's answers arrive; nobody else may listen there (`Bus.open`)."""
    return f"_INBOX_{name}"


# What operators are told in production


def stream(name: str) -> Manifest:
    """The same stream that `Bus.ensure_stream` makes."""
    return {
        "apiVersion": "jetstream.nats.io/v1beta2",
        "kind": "Stream",
        "metadata": {"name": name},
        "spec": {
            "name": name,
            "subjects": [f"{name}.>"],
            "retention": "limits",
            "storage": "file",
            "replicas": 3,
            "duplicateWindow": f"{DUPLICATE_WINDOW.total_seconds():.0f}s",
            "denyDelete": True,
            # A stream outlives its description.
            "preventDelete": True,
        },
    }


def scaled_work(name: str) -> Manifest:
    monitor = {"natsServerMonitoringEndpoint": "nats-headless.kaimen.svc.cluster.local:8222", "account": "$G"}
    lag = {"lagThreshold": str(LAG_FOR_ONE_MORE), "activationLagThreshold": "0"}
    triggers = [
        {"type": "nats-jetstream", "metadata": {**monitor, "stream": read.service, "consumer": read.durable, **lag}}
        for read in subscriptions(name)
    ]
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(f"{name}-work", name, "work"),
        "spec": {
            "scaleTargetRef": {"name": f"{name}-work"},
            "minReplicaCount": 2,
            "maxReplicaCount": MOST_WORK_PODS,
            "fallback": {"failureThreshold": 3, "replicas": 2},
            "triggers": triggers,
        },
    }


def database(name: str) -> Manifest:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Database",
        "metadata": {"name": f"postgres-{name}"},
        "spec": {
            "cluster": {"name": "postgres"},
            "name": name,
            "owner": name,
            "databaseReclaimPolicy": "retain",
        },
    }


def database_roles() -> Manifest:
    """A patch of the cluster: one role per service, which owns one database and sees no other."""
    roles = [
        {
            "name": name,
            "ensure": "present",
            "login": True,
            "passwordSecret": {"name": f"postgres-{name}"},
        }
        for name in services.stored()
    ]
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "postgres"},
        "spec": {"managed": {"roles": roles}},
    }


def external_secret(
    name: str, data: Mapping[str, str], properties: Sequence[tuple[str, str]], **template: Any
) -> Manifest:
    """The Secret `name`: `data` are templates over `properties`, which are pairs of remote key and property."""
    remote = [
        {"secretKey": property, "remoteRef": {"key": f"kaimen/{key}", "property": property}}
        for key, property in properties
    ]
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "kaimen"},
            "target": {"name": name, "template": {**template, "data": dict(data)}},
            "data": remote,
        },
    }


SECRET_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "accounts": ("oidc_client_secret",),
    "notices": ("smtp_url", "sms_url", "sms_secret"),
}
"""Settings beside the servers' addresses that are secret, or hold a password."""


def secret_settings(name: str) -> Manifest:
    data = {variable(name, "redis_url"): "redis://:{{ .valkey_password }}@valkey:6379/0"}
    properties = [("common", "valkey_password")]
    if manifest(name).has_database:
        data[variable(name, "database_url")] = (
            f"postgresql://{name}:{{{{ .database_password }}}}@postgres-rw:5432/{name}"
            "?sslmode=verify-full&sslrootcert=/run/secrets/postgres/ca.crt"
        )
        data[variable(name, "nats_url")] = f"nats://{name}:{{{{ .nats_password }}}}@nats:4222"
        properties += [(name, "database_password"), (name, "nats_password")]
    for setting in SECRET_SETTINGS.get(name, ()):
        data[variable(name, setting)] = f"{{{{ .{setting} }}}}"
        properties.append((name, setting))
    return external_secret(f"{name}-env", data, properties)


def service_secrets(name: str) -> list[Manifest]:
    made = [secret_settings(name), external_secret(f"{name}-key", {"key": "{{ .key }}"}, [(name, "key")])]
    if manifest(name).has_database:
        login = {"username": name, "password": "{{ .database_password }}"}
        reload = {"labels": {"cnpg.io/reload": "true"}}
        made.append(
            external_secret(
                f"postgres-{name}",
                login,
                [(name, "database_password")],
                type="kubernetes.io/basic-auth",
                metadata=reload,
            )
        )
    return made


def shared_secrets() -> list[Manifest]:
    passwords = {f"NATS_PASSWORD_{name.upper()}": f"{{{{ .nats_{name} }}}}" for name in (*services.stored(), "streams")}
    nats = external_secret("nats-passwords", passwords, [])
    nats["spec"]["data"] = [
        {"secretKey": f"nats_{name}", "remoteRef": {"key": f"kaimen/{name}", "property": "nats_password"}}
        for name in (*services.stored(), "streams")
    ]
    return [
        external_secret("calls-key", {"calls": "{{ .calls_key }}"}, [("common", "calls_key")]),
        external_secret(
            "valkey-password", {"VALKEY_PASSWORD": "{{ .valkey_password }}"}, [("common", "valkey_password")]
        ),
        external_secret(
            "backup-credentials",
            {"ACCESS_KEY_ID": "{{ .access_key_id }}", "ACCESS_SECRET_KEY": "{{ .access_secret_key }}"},
            [("backup", "access_key_id"), ("backup", "access_secret_key")],
        ),
        nats,
    ]


def monitors(name: str) -> list[Manifest]:
    """Requests are counted by each process: those behind the Service, and those that work."""
    # The labels by which deploy/prometheus tells targets apart, too: alerts and board are the same.
    relabeled = [
        {"targetLabel": "job", "replacement": "kaimen"},
        {"targetLabel": "service", "replacement": name},
    ]
    path = f"{manifest(name).prefix}/metrics"
    scraped = [{"port": "http", "path": path, "interval": "30s", "relabelings": relabeled}]
    of = {"apiVersion": "monitoring.coreos.com/v1", "metadata": metadata(name, name)}
    behind = {"selector": {"matchLabels": labels(name, "api")}, "endpoints": scraped}
    made = [{**of, "kind": "ServiceMonitor", "spec": behind}]
    if manifest(name).has_database:
        working = {"selector": {"matchLabels": labels(name, "work")}, "podMetricsEndpoints": scraped}
        made.append({**of, "kind": "PodMonitor", "spec": working})
    return made


def alerts() -> Manifest:
    """The rules of deploy/prometheus, for the operator."""
    rules = yaml.safe_load((ROOT.parent / "deploy/prometheus/alerts.yml").read_text("utf-8"))
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "kaimen"},
        "spec": rules,
    }


# Files


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def text(*manifests: Manifest) -> str:
    dumped = yaml.dump_all(manifests, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return MADE + dumped


def kustomization(resources: Iterable[str], **more: Any) -> str:
    return text(
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(resources), **more}
    )


def documents() -> dict[str, str]:
    """File name below `k8s/` → text."""
    made: dict[str, str] = {}
    for name in services.NAMES:
        made |= {f"base/{name}/{file}": content for file, content in service_files(name).items()}
    made |= {
        "base/kustomization.yaml": kustomization(["network.yaml", DOOR, "servers", *services.NAMES]),
        "base/servers/network.yaml": text(*server_policies(), door_policy()),
        "base/servers/authorization.conf": MADE + nats_authorization(),
        "base/after-rollout/jobs.yaml": text(*(after_rollout(name) for name in services.stored())),
        "base/after-rollout/kustomization.yaml": kustomization(["jobs.yaml"]),
    }
    return made | {f"overlays/prod/{file}": content for file, content in production_files().items()}


def service_files(name: str) -> dict[str, str]:
    files = {"api.yaml": text(*api(name)), "network.yaml": text(*service_policies(name))}
    if manifest(name).has_database:
        files["work.yaml"] = text(*work(name))
    return {**files, "kustomization.yaml": kustomization(sorted(files))}


def production_files() -> dict[str, str]:
    readers = [name for name in services.NAMES if subscriptions(name)]
    return {
        "streams.yaml": text(*(stream(name) for name in publishers())),
        "scaling.yaml": text(*(scaled_work(name) for name in readers)),
        "databases.yaml": text(*(database(name) for name in services.stored())),
        "database-roles.yaml": text(database_roles()),
        "secrets.yaml": text(*shared_secrets(), *(one for name in services.NAMES for one in service_secrets(name))),
        "monitors.yaml": text(*(one for name in services.NAMES for one in monitors(name))),
        "alerts.yaml": text(alerts()),
    }


# Secrets of the development overlay


def development_secrets() -> dict[str, str]:
    """File name → content, random, for one cluster that nobody depends on."""
    passwords = {name: secrets.token_hex(24) for name in services.stored()}
    valkey = secrets.token_hex(24)
    files = {
        "calls": secrets.token_hex(32),
        "valkey-password.env": f"VALKEY_PASSWORD={valkey}\n",
        "nats-passwords.env": lines("NATS_PASSWORD_", passwords | {"streams": secrets.token_hex(24)}),
        "postgres-passwords.env": f"POSTGRES_PASSWORD={secrets.token_hex(24)}\n" + lines("PASSWORD_", passwords),
    }
    for name in services.NAMES:
        files[f"{name}.key"] = secrets.token_hex(32)
        urls = {"redis_url": f"redis://:{valkey}@valkey:{VALKEY_PORT}/0"}
        if name in passwords:
            urls["database_url"] = (
                f"postgresql://{name}:{passwords[name]}@postgres-rw:{POSTGRES_PORT}/{name}?sslmode=disable"
            )
            urls["nats_url"] = f"nats://{name}:{passwords[name]}@nats:{NATS_PORT}"
        files[f"{name}.env"] = lines(f"KAIMEN_{name.upper()}_", urls)
    return {**files, "kustomization.yaml": development_secrets_kustomization()}


def lines(prefix: str, values: Mapping[str, str]) -> str:
    return "".join(f"{prefix}{key.upper()}={value}\n" for key, value in values.items())


def development_secrets_kustomization() -> str:
    shared = [
        {"name": name, "envs": [f"{name}.env"]} for name in ("valkey-password", "nats-passwords", "postgres-passwords")
    ]
    per_service = [
        secret
        for name in services.NAMES
        for secret in (
            {"name": f"{name}-env", "envs": [f"{name}.env"]},
            {"name": f"{name}-key", "files": [f"key={name}.key"]},
        )
    ]
    made = [{"name": "calls-key", "files": ["calls"]}, *shared, *per_service]
    options = {"disableNameSuffixHash": True}
    return kustomization([], secretGenerator=made, generatorOptions=options)


def write_development_secrets(root: Path) -> bool:
    """Below `root`, which is like `k8s/`. False when there are some: a database keeps the password it was made with."""
    folder = root / DEVELOPMENT_SECRETS
    if folder.exists():
        return False
    folder.mkdir(mode=0o700, parents=True)
    for file, content in development_secrets().items():
        (folder / file).write_text(content, "utf-8")
    return True


def main() -> int:
    if "--secrets" in sys.argv:
        print(ROOT / DEVELOPMENT_SECRETS, "✓" if write_development_secrets(ROOT) else "已存在 / exists, kept")
        return 0
    return put(ROOT, documents())


if __name__ == "__main__":
    sys.exit(main())
