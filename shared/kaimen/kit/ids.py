"""Identifiers. Ids are UUIDv7 (they sort by time); public codes are separate and cannot be guessed."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford base 32: no I, L, O, U, so that a code read over the phone is unambiguous."""


def new_id() -> UUID:
    return uuid7()


def new_code(length: int = 10) -> str:
    """A public code of `length` characters, 5 random bits each."""
    bits = secrets.randbits(5 * length)
    return "".join(CODE_ALPHABET[bits >> 5 * place & 31] for place in range(length))


def new_token() -> str:
    """256 random bits for a bearer secret, URL-safe."""
    return secrets.token_urlsafe(32)


def normalise_code(typed: str) -> str:
    """What a person typed as the code that was meant: case, spaces, hyphens, and O/I/L read as 0/1/1."""
    return typed.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))
