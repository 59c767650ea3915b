"""How one service proves to another who it is: a short-lived token for one call, made with a key that all services of a
house derive from the same root. The front door lets none of these calls through."""

import hmac
from datetime import datetime, timedelta

from kaimen.kit.auth import BadToken
from kaimen.kit.crypto import Vault
from kaimen.kit.work import Actor

SCHEME = "Kaimen"
LIFETIME = timedelta(seconds=60)


def authorization(vault: Vault, caller: str, audience: str, path: str, at: datetime) -> str:
    """The `Authorization` header of one call of `caller` to `path` of the service `audience`, good for a minute."""
    expires = int((at + LIFETIME).timestamp())
    return f"{SCHEME} {caller}.{expires}.{_proof(vault, caller, audience, path, expires)}"


def caller_of(vault: Vault, token: str, audience: str, path: str, at: datetime) -> Actor:
    """Who calls. Raises BadToken for another path, another audience, one that is over, or a forgery."""
    caller, _, rest = token.partition(".")
    until, _, proof = rest.partition(".")
    if not until.isascii() or not until.isdigit() or len(until) > 12:
        raise BadToken
    expires, now = int(until), int(at.timestamp())
    if not now <= expires <= now + int(LIFETIME.total_seconds()) + 5:
        raise BadToken
    if not hmac.compare_digest(_proof(vault, caller, audience, path, expires).encode(), proof.encode()):
        raise BadToken
    return Actor(f"service:{caller}", "system")


def _proof(vault: Vault, caller: str, audience: str, path: str, expires: int) -> str:
    said = "\n".join((caller, audience, path, str(expires)))
    return hmac.digest(vault.shared_key("calls"), said.encode(), "sha256").hex()
