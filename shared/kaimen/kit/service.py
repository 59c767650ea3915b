"""What a service declares about itself, and what it is given to run with."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from kaimen.kit.auth import Verifier
from kaimen.kit.bus import Bus, Subscription
from kaimen.kit.clock import Clock
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Database
from kaimen.kit.jobs import Jobs
from kaimen.kit.limits import Limiter
from kaimen.kit.refusals import Refusal
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.traces import OFF, Traces
from kaimen.kit.work import Workshop

T = TypeVar("T")


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest: one declaration from which streams, permissions, AsyncAPI and `consumers.txt` are made.

    `publishes` and `consumes` list subjects; `constraints` maps database constraint names to refusals.
    """

    name: str
    title: str
    settings: type[ServiceSettings]
    publishes: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()
    constraints: Mapping[str, type[Refusal]] = {}
    has_database: bool = True
    holds_draws: bool = False
    """Whether it draws lots in public (`kit.draws`), and so has the tables for it."""
    recruits: bool = False
    """Whether it finds people for its occasions (`kit.recruiting`), which includes drawing them."""
    nightly: tuple[str, ...] = ()
    """Timer kinds that must always be set; each sets itself again."""

    @property
    def prefix(self) -> str:
        return f"/api/{self.name}/v1"

    @property
    def package(self) -> str:
        return f"kaimen.{self.name}"

    @property
    def migrations(self) -> list[str]:
        """Packages with `migrations/`, in order. Units and recruitments come after the service's own, because older
        services made these tables themselves."""
        if not self.has_database:
            return []
        draws = ["kaimen.kit.draws"] if self.holds_draws or self.recruits else []
        recruiting = ["kaimen.kit.recruiting"] if self.recruits else []
        units = ["kaimen.kit.units"] if "accounts.unit.registered.v1" in self.consumes else []
        is_told_years = "calendar.year.loaded.v1" in (*self.consumes, *self.publishes)
        workdays = ["kaimen.kit.workdays"] if is_told_years else []
        return ["kaimen.kit", *draws, f"{self.package}.store", *units, *workdays, *recruiting]


@dataclass
class Resources:
    """Everything a service runs with; opened and closed by the composition root."""

    service: Service
    settings: ServiceSettings
    clock: Clock
    vault: Vault
    verifier: Verifier
    limiter: Limiter
    calls_key: bytes
    database: Database | None = None
    bus: Bus | None = None
    jobs: Jobs | None = None
    subscriptions: Sequence[Subscription] = ()
    """What its background work reads, in a process that has some."""
    traces: Traces = OFF

    def __post_init__(self) -> None:
        self.at_close: list[Callable[[], Awaitable[None]]] = []
        """What is waited for when the background work ends, while everything is still open."""
        self._kept: dict[str, Any] = {}
        self._workshop = Workshop(self.database, self.clock, self.traces) if self.database else None

    @property
    def workshop(self) -> Workshop:
        """Raises RuntimeError for a service without a database."""
        if self._workshop is None:
            raise RuntimeError(f"{self.service.name} has no database")
        return self._workshop

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Something of which this process has one: made at the first call, the same ever after."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]
