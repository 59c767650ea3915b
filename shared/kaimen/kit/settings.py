"""Settings: one frozen Struct per service, read once from `KAIMEN_<SERVICE>_*`; unknown names are refused. What must
not stand in the environment is read from the file that `KAIMEN_<SERVICE>_<NAME>_FILE` names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service can be told. Each field has a usable default."""

    database_url: Annotated[str, Meta(description="PostgreSQL address of this service's own database")] = (
        "postgresql://127.0.0.1:5432/kaimen"
    )
    nats_url: Annotated[str, Meta(description="NATS address with user and password")] = "nats://127.0.0.1:4222"
    redis_url: Annotated[str, Meta(description="Redis or Valkey address; may vanish at any moment")] = (
        "redis://127.0.0.1:6379"
    )
    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(description="port to listen on", ge=1, le=65535)] = 8000
    workers: Annotated[int, Meta(description="HTTP worker processes", ge=1, le=64)] = 1
    public_url: Annotated[str, Meta(description="address under which browsers reach the front door")] = (
        "http://localhost:8080"
    )
    accounts_url: Annotated[str, Meta(description="address of the accounts service, for its signing keys")] = (
        "http://127.0.0.1:8001"
    )
    key_file: Annotated[str, Meta(description="file with 32 random bytes in hex: the root of all encryption keys")] = (
        "var/secrets/key"
    )
    calls_key_file: Annotated[
        str, Meta(description="file with 32 random bytes in hex, the same for all services: by it they know each other")
    ] = "var/secrets/calls"
    clock_file: Annotated[str, Meta(description="file with seconds to add to the clock; demonstrations only")] = ""
    uid_domain: Annotated[str, Meta(description="domain of calendar UIDs; never change it once published")] = (
        "kaimen.example"
    )
    sweep_seconds: Annotated[float, Meta(description="how often due work and unsent events are looked for")] = 5.0
    stream_replicas: Annotated[int, Meta(description="copies of each stream: 1 embedded, 3 in a cluster")] = 1
    log_level: Annotated[str, Meta(description="DEBUG, INFO, WARNING or ERROR")] = "INFO"
    otlp_url: Annotated[str, Meta(description="OTLP/HTTP receiver of traces; empty: nothing is recorded")] = ""


S = TypeVar("S", bound=ServiceSettings)


def prefix_of(service: str) -> str:
    return f"KAIMEN_{service.upper()}_"


def read_settings(settings: type[S], service: str, environ: Mapping[str, str]) -> S:
    """Decode `KAIMEN_<SERVICE>_*`. Raises msgspec.ValidationError naming the variable that is unknown or wrong, and
    OSError for a file that cannot be read."""
    prefix = prefix_of(service)
    known = {field.name for field in msgspec.structs.fields(settings)}
    given = {}
    for variable, value in environ.items():
        name = variable.removeprefix(prefix).lower()
        if not variable.startswith(prefix):
            continue
        if name not in known and name.removesuffix("_file") in known:
            given[name.removesuffix("_file")] = Path(value).read_text("utf-8").strip()
        else:
            given[name] = value
    for name in sorted(given.keys() - known):
        raise msgspec.ValidationError(f"{prefix}{name.upper()} is no setting of {service}")
    return msgspec.convert(given, settings, strict=False)


def read_listening(service: str, environ: Mapping[str, str]) -> ServiceSettings:
    """Only what all services have, for whoever starts one without loading it. Raises msgspec.ValidationError."""
    known = {prefix_of(service) + field.name.upper() for field in msgspec.structs.fields(ServiceSettings)}
    return read_settings(ServiceSettings, service, {name: environ[name] for name in known & environ.keys()})


def describe(settings: type[ServiceSettings], service: str) -> list[tuple[str, object, str]]:
    """(variable, default, meaning) of every setting, in order."""
    schema = msgspec.json.schema(settings)["$defs"][settings.__name__]["properties"]
    return [
        (prefix_of(service) + field.name.upper(), field.default, schema[field.encode_name].get("description", ""))
        for field in msgspec.structs.fields(settings)
    ]
