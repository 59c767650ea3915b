"""The services of this house, by name; each is loaded only where it runs."""

from importlib import import_module
from types import ModuleType

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
