"""The services that recruit. Their recruitments and applications have the same addresses; whose one is, is found by
asking."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from kaimen.portal.recruiting_answers import Lines, ListLine, StaffApplication, StaffApplications
from kaimen.portal.services import HEARINGS, REPRESENTATIVES, Caller, ServiceRefused, Services

T = TypeVar("T")
RECRUITERS = (REPRESENTATIVES, HEARINGS)


async def find(
    services: Services,
    path: str,
    answer: type[T],
    caller: Caller,
    *,
    manage_token: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[str, T]:
    """The service that knows `path`, with its answer. Raises ServiceRefused when none does."""

    async def ask(service: str) -> tuple[str, T]:
        address = f"{service}/{path}"
        return service, await services.get(address, answer, caller, manage_token=manage_token, headers=headers)

    return await _first(ask)


async def send(services: Services, path: str, answer: type[T], caller: Caller, body: Any) -> T:
    """POST to the service that knows `path`. Raises ServiceRefused."""

    async def ask(service: str) -> T:
        return await services.post(f"{service}/{path}", answer, caller, body)

    return await _first(ask)


async def lines_of(services: Services, service: str, recruitment_id: UUID, caller: Caller) -> tuple[ListLine, ...]:
    """The public list; empty until it is published."""
    try:
        return (await services.get(f"{service}/recruitments/{recruitment_id}/list", Lines, caller)).items
    except ServiceRefused as no:
        if no.problem.status == 404:
            return ()
        raise


async def applications(
    services: Services, service: str, recruitment_id: UUID, caller: Caller
) -> tuple[StaffApplication, ...]:
    """Everybody who applied, for staff."""
    path = f"{service}/recruitments/{recruitment_id}/applications"
    return (await services.get(path, StaffApplications, caller)).items


async def _first(ask: Callable[[str], Awaitable[T]]) -> T:
    for service in RECRUITERS[:-1]:
        try:
            return await ask(service)
        except ServiceRefused as no:
            if no.problem.status != 404:
                raise
    return await ask(RECRUITERS[-1])
