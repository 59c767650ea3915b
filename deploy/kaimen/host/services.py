"""The services of this house, by name; each is loaded only where it runs."""

from importlib import import_module
from types import ModuleType

import msgspec

NAMES: tuple[str, ...] = (
    "accounts",
    "opendays",
    "representatives",
    "hearings",
    "decisions",
    "adoption",
    "openmonth",
    "calendar",
    "notices",
    "portal",
)


def load(name: str) -> ModuleType:
    """The factory module of a service: `SERVICE`, `create_app`, `create_consumers`, `create_jobs`.

    Raises KeyError for a name that is none of ours."""
    if name not in NAMES:
        raise KeyError(name)
    return import_module(f"kaimen.{name}.factory")


def stored() -> tuple[str, ...]:
    """Those with a database."""
    return tuple(name for name in NAMES if load(name).SERVICE.has_database)


def asked_by(name: str) -> dict[str, str]:
    """Which services this one asks, by the setting `<service>_url` that says where they are."""
    known = {field.name for field in msgspec.structs.fields(load(name).SERVICE.settings)}
    return {f"{each}_url": each for each in NAMES if f"{each}_url" in known and each != name}
