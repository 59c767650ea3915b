"""Who is calling: bearer tokens signed by `accounts`, and the permission that every handler must declare."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from typing import Any

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from kaimen.kit.clock import Clock
from kaimen.kit.db import Unavailable
from kaimen.kit.refusals import Kind, refusal
from kaimen.kit.work import ANONYMOUS, Actor, Forbidden, Role

ISSUER = "kaimen-accounts"
AUDIENCE = "kaimen"
ALGORITHM = "Ed25519"

Unauthenticated = refusal("kit.unauthenticated", Kind.UNAUTHENTICATED, "请先登录。", "Sign in first.")
BadToken = refusal(
    "kit.bad-token", Kind.UNAUTHENTICATED, "登录凭证无效或已过期。", "The token is invalid or has expired."
)

PUBLIC: frozenset[Role] = frozenset()
"""Anybody, signed in or not."""
STAFF: frozenset[Role] = frozenset({"unit_editor", "unit_lead", "office"})
APPROVERS: frozenset[Role] = frozenset({"unit_lead", "office"})
OFFICE: frozenset[Role] = frozenset({"office"})
SERVICES: frozenset[Role] = frozenset({"system"})
"""Other services of the house (`kit.calls`); nobody has this role from outside."""
SIGNED_IN: frozenset[Role] = frozenset({*STAFF, "citizen", "justice", "presider", "notary"})


def allow(roles: frozenset[Role]) -> dict[str, Any]:
    """The permission of a handler: `@get(..., opt=allow(STAFF))`. A handler without one is refused to everybody."""
    return {"allow": roles}


class Verifier:
    """Checks bearer tokens against the keys of accounts; keeps keys and recent answers for a minute."""

    def __init__(self, accounts_url: str, clock: Clock, keys: KeySet | None = None) -> None:
        self._url = f"{accounts_url}/api/accounts/v1/jwks.json"
        self._clock = clock
        self._keys = keys
        self._own_keys = keys is not None
        self._fetched = 0.0
        self._lock = asyncio.Lock()
        self._known: OrderedDict[bytes, tuple[Actor, float]] = OrderedDict()

    async def actor(self, authorization: str | None) -> Actor:
        """The actor of an `Authorization` header; anonymous without one. Raises BadToken."""
        if not authorization:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise BadToken
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock.now().timestamp()
        known = self._known.get(digest)
        if known and known[1] > now:
            return known[0]
        claims = await self._claims(token)
        expires = claims.get("exp")
        if (
            claims.get("iss") != ISSUER
            or claims.get("aud") != AUDIENCE
            or not isinstance(expires, int)
            or expires <= now
        ):
            raise BadToken
        try:
            actor = msgspec.convert(
                {
                    "subject": claims["sub"],
                    "role": claims["role"],
                    "unit": claims.get("unit"),
                    "name": claims.get("name", ""),
                },
                Actor,
            )
        except (KeyError, msgspec.ValidationError):
            raise BadToken from None
        if actor.role in ("system", "anonymous"):
            raise BadToken
        self._known[digest] = (actor, float(expires))
        if len(self._known) > 4096:
            self._known.popitem(last=False)
        return actor

    async def _claims(self, token: str) -> dict[str, Any]:
        for fresh in (False, True):
            keys = await self._key_set(fresh)
            try:
                decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
            except (JoseError, ValueError):
                continue
            if decoded.header.get("typ") == "at+jwt":
                return decoded.claims
        raise BadToken

    async def _key_set(self, fresh: bool) -> KeySet:
        async with self._lock:
            age = time.monotonic() - self._fetched
            if not self._own_keys and (self._keys is None or age > 300 or (fresh and age > 5)):
                try:
                    async with httpx.AsyncClient(timeout=2) as client:
                        answer = await client.get(self._url)
                        self._keys = KeySet.import_key_set(answer.raise_for_status().json())
                        self._fetched = time.monotonic()
                except (httpx.HTTPError, JoseError, ValueError):
                    if self._keys is None:
                        raise Unavailable from None
            assert self._keys is not None
            return self._keys


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a handler that declares no permission, and callers who lack it. Deny by default."""
    if connection.scope.get("method") == "OPTIONS":
        return
    roles: frozenset[Role] | None = handler.opt.get("allow")
    if roles is None:
        raise Forbidden
    if not roles:
        return
    actor: Actor = connection.scope["state"]["actor"]
    if actor.role == "anonymous":
        raise Unauthenticated
    if actor.role not in roles:
        raise Forbidden
