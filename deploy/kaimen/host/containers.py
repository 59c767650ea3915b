"""Containers on one machine: the secrets they read, and the Compose file, made from what the services declare."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kaimen.host import services

POSTGRES, NATS, VALKEY = "docker.io/library/postgres:18", "docker.io/library/nats:2.12", "docker.io/valkey/valkey:9.1"
CADDY, PROMETHEUS, GRAFANA = (
    "docker.io/library/caddy:2.11",
    "docker.io/prom/prometheus:v3.7.3",
    "docker.io/grafana/grafana:12.3.0",
)
PORT = 8000


def write_secrets(folder: Path) -> list[str]:
    """Passwords, keys and what is made of them, each in a file; what is there stays. Returns the names of new files.

    The folder is for its owner alone; the files in it are read by the containers' own users."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    new = []

    def keep(name: str, text: str) -> str:
        path = folder / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
            new.append(name)
        return path.read_text("utf-8")

    keep("postgres-password", secrets.token_hex(32))
    for name in (*(f"{service}-key" for service in services.NAMES), "calls"):
        keep(name, secrets.token_hex(32))
    passwords = {name: keep(f"{name}-database-password", secrets.token_hex(32)) for name in services.stored()}
    for name, password in passwords.items():
        keep(f"{name}-database-url", f"postgresql://{name}:{password}@postgres:5432/{name}?sslmode=disable")
    keep("postgres-init.sql", _init_sql(passwords))
    nats, valkey = keep("nats-password", secrets.token_hex(32)), keep("valkey-password", secrets.token_hex(32))
    keep("nats.conf", _NATS.format(password=nats))
    keep("nats-url", f"nats://kaimen:{nats}@nats:4222")
    keep("valkey.conf", _VALKEY.format(password=valkey))
    keep("redis-url", f"redis://:{valkey}@valkey:6379/0")
    return new


_NATS = """http: 8222
authorization {{ user: kaimen, password: "{password}" }}
jetstream {{
  store_dir: /data
  # An acknowledged message is on the disk; the default is two minutes later.
  sync_interval: always
}}
"""
_VALKEY = """requirepass {password}
dir /data
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
"""


def _init_sql(passwords: Mapping[str, str]) -> str:
    lines = ["-- Runs once, when the volume is new."]
    for name, password in passwords.items():
        lines.append(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}';")
        lines.append(f'CREATE DATABASE "{name}" OWNER "{name}";')
        lines.append(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC;')
    lines.append("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;")
    return "\n".join(lines) + "\n"


def compose() -> dict[str, Any]:
    """The Compose file, as data."""
    files = ["postgres-password", "postgres-init.sql", "nats.conf", "nats-url", "valkey.conf", "redis-url", "calls"]
    files += [f"{name}-key" for name in services.NAMES] + [f"{name}-database-url" for name in services.stored()]
    return {
        "name": "kaimen",
        "services": {
            **_servers(),
            "migrate": _migrate(),
            **{name: _service(name) for name in services.NAMES},
            "door": _door(),
            **_watching(),
        },
        "networks": {"front": {}, "back": {"internal": True}},
        "volumes": {name: {} for name in ("postgres", "nats", "valkey", "feeds", "prometheus", "grafana")},
        "secrets": {name: {"file": f"${{KAIMEN_SECRETS:-./secrets}}/{name}"} for name in files},
    }


_HARDENED: dict[str, Any] = {
    "read_only": True,
    "tmpfs": ["/tmp"],
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "restart": "unless-stopped",
}
_IMAGE = {
    "image": "${KAIMEN_IMAGE:-localhost/kaimen}:${KAIMEN_VERSION:-latest}",
    "build": {"context": "..", "dockerfile": "deploy/Containerfile"},
}


def _check(command: list[str]) -> dict[str, Any]:
    return {"test": command, "interval": "5s", "timeout": "5s", "retries": 20, "start_period": "10s"}


def _servers() -> dict[str, Any]:
    return {
        "postgres": {
            "image": POSTGRES,
            "environment": {
                "POSTGRES_PASSWORD_FILE": "/run/secrets/postgres-password",
                "POSTGRES_INITDB_ARGS": "--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8 -k",
            },
            "secrets": [
                "postgres-password",
                {"source": "postgres-init.sql", "target": "/docker-entrypoint-initdb.d/1.sql"},
            ],
            "volumes": ["postgres:/var/lib/postgresql"],
            "networks": ["back"],
            "shm_size": "256mb",
            "stop_grace_period": "60s",
            "restart": "unless-stopped",
            "healthcheck": _check(["CMD", "pg_isready", "-U", "postgres", "-h", "127.0.0.1"]),
        },
        "nats": {
            "image": NATS,
            "command": ["--config", "/run/secrets/nats.conf"],
            "secrets": ["nats.conf"],
            "volumes": ["nats:/data"],
            "networks": ["back"],
            "restart": "unless-stopped",
        },
        "valkey": {
            "image": VALKEY,
            "command": ["valkey-server", "/run/secrets/valkey.conf"],
            "secrets": ["valkey.conf"],
            "volumes": ["valkey:/data"],
            "networks": ["back"],
            "restart": "unless-stopped",
        },
    }


def _migrate() -> dict[str, Any]:
    """Before anything starts, once for all services."""
    return {
        **_IMAGE,
        **_HARDENED,
        "restart": "on-failure:5",
        "command": ["migrate"],
        "environment": {
            f"KAIMEN_{name.upper()}_DATABASE_URL_FILE": f"/run/secrets/{name}-database-url"
            for name in services.stored()
        },
        "secrets": [f"{name}-database-url" for name in services.stored()],
        "networks": ["back"],
        "depends_on": {"postgres": {"condition": "service_healthy"}},
    }


def _service(name: str) -> dict[str, Any]:
    prefix = services.load(name).SERVICE.prefix
    ready = f"http://127.0.0.1:{PORT}{prefix}/health/ready"
    look = f"import urllib.request as u; u.urlopen('{ready}', timeout=4)"
    files = [f"{name}-key", "calls", "redis-url"]
    if name in services.stored():
        files += [f"{name}-database-url", "nats-url"]
    made: dict[str, Any] = {
        **_IMAGE,
        **_HARDENED,
        "command": ["serve", name],
        "environment": _environment(name),
        "secrets": files,
        # Outside: an identity provider, holiday notices, mail; only what needs it.
        "networks": ["back", "front"] if name in ("accounts", "decisions", "notices") else ["back"],
        "stop_grace_period": "40s",
        "depends_on": {"migrate": {"condition": "service_completed_successfully"}},
        "healthcheck": _check(["CMD", "python3", "-c", look]),
    }
    if name == "calendar":
        made["volumes"] = ["feeds:/srv/feeds"]
    return made


def _environment(name: str) -> dict[str, str]:
    values = {
        "HOST": "0.0.0.0",
        "PORT": str(PORT),
        "WORKERS": f"${{KAIMEN_{name.upper()}_WORKERS:-1}}",
        "PUBLIC_URL": "${KAIMEN_PUBLIC_URL:-http://localhost:8080}",
        "UID_DOMAIN": "${KAIMEN_UID_DOMAIN:-kaimen.example}",
        "KEY_FILE": f"/run/secrets/{name}-key",
        "CALLS_KEY_FILE": "/run/secrets/calls",
        "REDIS_URL_FILE": "/run/secrets/redis-url",
        "ACCOUNTS_URL": f"http://accounts:{PORT}",
        "OTLP_URL": "${KAIMEN_OTLP_URL:-}",
    }
    if name in services.stored():
        values |= {"DATABASE_URL_FILE": f"/run/secrets/{name}-database-url", "NATS_URL_FILE": "/run/secrets/nats-url"}
    values |= {setting.upper(): f"http://{asked}:{PORT}" for setting, asked in services.asked_by(name).items()}
    more = {
        "calendar": {"FEEDS_DIR": "/srv/feeds"},
        "portal": {"SERVICES_URL": "http://door:8080"},
        "accounts": {
            key: f"${{KAIMEN_{key}:-{default}}}"
            for key, default in (("OIDC_ISSUER", ""), ("OIDC_CLIENT_ID", "kaimen"), ("OIDC_CLIENT_SECRET", ""))
        },
        "notices": {key: f"${{KAIMEN_{key}:-}}" for key in ("SMTP_URL", "SMTP_FROM", "SMS_URL", "SMS_SECRET")},
    }
    values |= more.get(name, {})
    return {f"KAIMEN_{name.upper()}_{key}": value for key, value in values.items()}


def _door() -> dict[str, Any]:
    return {
        "image": CADDY,
        **_HARDENED,
        "user": "10001:10001",
        "command": ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"],
        "environment": {
            "KAIMEN_DOOR": "${KAIMEN_DOOR:-http://:8080}",
            "KAIMEN_TRUSTED_PROXIES": "${KAIMEN_TRUSTED_PROXIES:-private_ranges}",
            "XDG_CONFIG_HOME": "/tmp",
            "XDG_DATA_HOME": "/tmp",
        },
        "volumes": ["./Caddyfile:/etc/caddy/Caddyfile:ro", "feeds:/srv/feeds:ro"],
        "ports": ["${KAIMEN_PORT:-8080}:8080"],
        "networks": ["front", "back"],
        "depends_on": {name: {"condition": "service_healthy"} for name in services.NAMES if name != "portal"},
    }


def _watching() -> dict[str, Any]:
    """With `--profile watch`: who is late, what is not delivered, what is full, what is slow."""
    return {
        "prometheus": {
            "image": PROMETHEUS,
            "profiles": ["watch"],
            "volumes": ["./prometheus:/etc/prometheus:ro", "prometheus:/prometheus"],
            "networks": ["back"],
            "restart": "unless-stopped",
        },
        "grafana": {
            "image": GRAFANA,
            "profiles": ["watch"],
            "environment": {"GF_AUTH_ANONYMOUS_ENABLED": "false", "GF_ANALYTICS_REPORTING_ENABLED": "false"},
            "volumes": ["./grafana:/etc/grafana/provisioning:ro", "grafana:/var/lib/grafana"],
            "ports": ["127.0.0.1:3000:3000"],
            "networks": ["back", "front"],
            "restart": "unless-stopped",
        },
    }


def compose_text() -> str:
    """The committed file, word for word."""
    # A tool for those who develop; no service needs it.
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    body = yaml.dump(compose(), Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)
    return f"# Made by `make containers` from what services declare. How to run it: docs/how-to/containers.md\n{body}"


if __name__ == "__main__":
    Path(__file__).parents[2].joinpath("compose.yaml").write_text(compose_text(), encoding="utf-8")
