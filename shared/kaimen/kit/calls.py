"""How one service proves to another who it is: a short-lived token for one call, made with a key that all services of a
house have, beside the root key that each has alone. The front door lets none of these calls through."""

import hmac
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from kaimen.kit.auth import BadToken
from kaimen.kit.logs import log
from kaimen.kit.work import Actor

SCHEME = "Kaimen"
LIFETIME = timedelta(seconds=60)


def key_from(path: str) -> bytes:
    """32 bytes, from a file that has them in hexadecimal. Without it a service runs alone: it believes nobody, and
    nobody believes it."""
    try:
        return bytes.fromhex(Path(path).read_text().strip())
    except FileNotFoundError:
        log.warning("no key for calls", file=path)
        return secrets.token_bytes(32)


def authorization(key: bytes, caller: str, audience: str, path: str, at: datetime) -> str:
    """The `Authorization` header of one call of `caller` to `path` of the service `audience`, good for a minute."""
    expires = int((at + LIFETIME).timestamp())
    return f"{SCHEME} {caller}.{expires}.{_proof(key, caller, audience, path, expires)}"


def caller_of(key: bytes, token: str, audience: str, path: str, at: datetime) -> Actor:
    """Who calls. Raises BadToken for another path, another audience, one that is over, or a forgery."""
    caller, _, rest = token.partition(".")
    until, _, proof = rest.partition(".")
    if not until.isascii() or not until.isdigit() or len(until) > 12:
        raise BadToken
    expires, now = int(until), int(at.timestamp())
    if not now <= expires <= now + int(LIFETIME.total_seconds()) + 5:
        raise BadToken
    if not hmac.compare_digest(_proof(key, caller, audience, path, expires).encode(), proof.encode()):
        raise BadToken
    return Actor(f"service:{caller}", "system")


def _proof(key: bytes, caller: str, audience: str, path: str, expires: int) -> str:
    said = "\n".join((caller, audience, path, str(expires)))
    return hmac.digest(key, said.encode(), "sha256").hex()
