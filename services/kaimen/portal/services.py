"""The services as the portal calls them: one kept-alive client, short patience, typed answers."""

from typing import Any, TypeVar

import httpx
import msgspec
from litestar import Response

from kaimen.portal.answers import Problem, SignedIn
from kaimen.portal.settings import PortalSettings

T = TypeVar("T")
OPENDAYS = "/api/opendays/v1"
ACCOUNTS = "/api/accounts/v1"
REPRESENTATIVES = "/api/representatives/v1"
HEARINGS = "/api/hearings/v1"
ADOPTION = "/api/adoption/v1"
CALENDAR = "/api/calendar/v1"
DECISIONS = "/api/decisions/v1"
OPENMONTH = "/api/openmonth/v1"
NOTICES = "/api/notices/v1"
_OF_FILES = ("content-disposition", "content-security-policy", "x-content-type-options", "cache-control")


class ServiceAway(Exception):
    """A service does not answer, or answers that it cannot now."""


class ServiceRefused(Exception):
    """A service said no; `problem` says why, in two languages."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class Caller:
    """On whose behalf a service is asked: the visitor's address, the token of who is signed in, and the trace of the
    request that needs the answer."""

    def __init__(self, address: str, signed_in: SignedIn | None = None, traceparent: str | None = None) -> None:
        self.address = address
        self.signed_in = signed_in
        self.traceparent = traceparent

    def headers(self) -> dict[str, str]:
        given = {"X-Forwarded-For": self.address} if self.address else {}
        if self.signed_in is not None:
            given["Authorization"] = f"Bearer {self.signed_in.access_token}"
        if self.traceparent is not None:
            given["traceparent"] = self.traceparent
        return given


class Services:
    """Asks the services. Every call raises ServiceRefused for a refusal and ServiceAway for silence."""

    def __init__(self, settings: PortalSettings) -> None:
        self._client = httpx.AsyncClient(
            base_url=settings.services_url,
            timeout=httpx.Timeout(settings.service_timeout_seconds, connect=1.0),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
            trust_env=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(
        self,
        path: str,
        answer: type[T],
        caller: Caller,
        *,
        params: dict[str, str] | None = None,
        manage_token: str = "",
        headers: dict[str, str] | None = None,
    ) -> T:
        shown = {"X-Manage-Token": manage_token} if manage_token else {}
        response = await self._ask("GET", path, caller, headers={**shown, **(headers or {})}, params=params)
        return msgspec.json.decode(response.content, type=answer)

    async def pass_file(self, path: str, caller: Caller) -> Response[bytes]:
        """A file as the service gave it: to be kept, never shown in our own origin."""
        given = await self._ask("GET", path, caller)
        headers = {name: given.headers[name] for name in _OF_FILES if name in given.headers}
        # Litestar names the charset of texts itself.
        media_type = given.headers["content-type"].partition(";")[0]
        return Response(given.content, media_type=media_type, headers=headers)

    async def post(
        self, path: str, answer: type[T], caller: Caller, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> T:
        response = await self._ask("POST", path, caller, headers=headers, json=body)
        return msgspec.json.decode(response.content, type=answer)

    async def tell(self, path: str, caller: Caller, body: Any) -> None:
        """POST where no answer is expected."""
        await self._ask("POST", path, caller, json=body)

    async def put(self, path: str, answer: type[T], caller: Caller, body: Any, *, version: str = "") -> T:
        """`version`: as for `patch`."""
        response = await self._ask("PUT", path, caller, headers=_guard(version), json=body)
        return msgspec.json.decode(response.content, type=answer)

    async def delete(self, path: str, caller: Caller, *, version: str = "") -> None:
        """`version`: as for `patch`."""
        await self._ask("DELETE", path, caller, headers=_guard(version))

    async def patch(self, path: str, answer: type[T], caller: Caller, body: Any, *, version: str = "") -> T:
        """`version`: which one the body changes; empty: whichever there is."""
        response = await self._ask("PATCH", path, caller, headers=_guard(version), json=body)
        return msgspec.json.decode(response.content, type=answer)

    async def send_file(
        self,
        path: str,
        answer: type[T],
        caller: Caller,
        name: str,
        content: bytes,
        params: dict[str, str],
        *,
        headers: dict[str, str] | None = None,
    ) -> T:
        files = {"file": (name, content)}
        response = await self._ask("POST", path, caller, headers=headers, params=params, files=files)
        return msgspec.json.decode(response.content, type=answer)

    async def _ask(
        self, method: str, path: str, caller: Caller, *, headers: dict[str, str] | None = None, **request: Any
    ) -> httpx.Response:
        try:
            response = await self._client.request(
                method, path, headers={**caller.headers(), **(headers or {})}, **request
            )
        except httpx.HTTPError as error:
            raise ServiceAway(f"{method} {path}") from error
        if response.is_success:
            return response
        problem = _problem_of(response)
        if response.status_code >= 500:
            raise ServiceAway(f"{method} {path}")
        raise ServiceRefused(problem)


def _guard(version: str) -> dict[str, str]:
    return {"If-Match": f'"{version}"'} if version else {}


def _problem_of(response: httpx.Response) -> Problem:
    try:
        return msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        return Problem(status=response.status_code)
