"""Who looks, and how they want to see it: language, large type, high contrast, and the staff session."""

import hashlib
import time
from collections import OrderedDict
from typing import Any

from litestar import Request

from kaimen.portal.answers import SignedIn
from kaimen.portal.services import ACCOUNTS, Caller, ServiceAway, ServiceRefused, Services

SESSION_COOKIE = "__Host-kaimen"
LANGUAGE_COOKIE = "kaimen-lang"
TEXT_COOKIE = "kaimen-text"
CONTRAST_COOKIE = "kaimen-contrast"
TOKEN_KEPT_SECONDS = 60


class Visitor:
    """One request's visitor. `signed_in` is None for the public."""

    def __init__(self, request: Request[Any, Any, Any], signed_in: SignedIn | None = None) -> None:
        self.request = request
        self.signed_in = signed_in
        self.session = request.cookies.get(SESSION_COOKIE, "")
        self.language = _language(request)
        self.is_large = request.cookies.get(TEXT_COOKIE) == "large"
        self.is_contrast = request.cookies.get(CONTRAST_COOKIE) == "high"

    @property
    def address(self) -> str:
        forwarded = self.request.headers.get("x-forwarded-for", "")
        return forwarded.split(",")[0].strip() or (self.request.client.host if self.request.client else "")

    @property
    def traceparent(self) -> str | None:
        """The trace of this request; pages that answer an unknown address have none."""
        return self.request.scope.get("state", {}).get("traceparent")

    @property
    def public(self) -> Caller:
        """Ask as anybody would."""
        return Caller(self.address, None, self.traceparent)

    @property
    def caller(self) -> Caller:
        """Ask with the rights of who is signed in."""
        return Caller(self.address, self.signed_in, self.traceparent)

    @property
    def place(self) -> str:
        """Path and query of this page, to come back to."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path


def _language(request: Request[Any, Any, Any]) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in ("zh", "en"):
        return chosen
    for wanted in request.headers.get("accept-language", "").lower().split(","):
        tongue = wanted.strip()[:2]
        if tongue in ("zh", "en"):
            return tongue
    return "zh"


class SignIns:
    """Exchanges session cookies for short-lived tokens, and keeps each for at most a minute."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: OrderedDict[bytes, tuple[SignedIn, float]] = OrderedDict()

    async def of(self, session: str, address: str) -> SignedIn | None:
        """Who the session belongs to; None when it has ended, or while accounts is away."""
        if not session:
            return None
        name = hashlib.sha256(session.encode()).digest()
        known = self._known.get(name)
        if known and known[1] > time.monotonic():
            return known[0]
        try:
            signed_in = await self._services.post(
                f"{ACCOUNTS}/sessions/token", SignedIn, Caller(address), {"session": session[:100]}
            )
        except (ServiceRefused, ServiceAway):
            self._known.pop(name, None)
            return None
        self._known[name] = (signed_in, time.monotonic() + TOKEN_KEPT_SECONDS)
        if len(self._known) > 4096:
            self._known.popitem(last=False)
        return signed_in

    async def end(self, session: str, address: str) -> None:
        self._known.pop(hashlib.sha256(session.encode()).digest(), None)
        await self._services.tell(f"{ACCOUNTS}/sessions/end", Caller(address), {"session": session[:100]})
