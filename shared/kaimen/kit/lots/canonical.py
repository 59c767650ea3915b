"""Canonical bytes, hashes and tree roots: everything in a draw that is signed, compared or committed to.

RFC 8785 (JSON Canonicalization Scheme) without floating-point numbers; RFC 6962 section 2.1 (Merkle trees).
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from kaimen.kit.lots.exceptions import NotCanonical

LIMIT = 2**53
"""Integers of this size and beyond are not exact in every JSON reader (RFC 8785 section 3.2.2.3)."""


def canonical(value: Any) -> bytes:
    """The one UTF-8 spelling of a document of objects, arrays, strings, integers below 2^53, true, false and null.

    Keys are ordered by UTF-16 code units; strings are not normalised. Raises NotCanonical for a float, a large
    integer, a lone surrogate, a key that is no string, or anything else.
    """
    return _spell(value).encode()


def digest(tag: str, *parts: Any) -> str:
    """H(tag, x1, …): lower-case hex SHA-256 over length (8 bytes, big-endian) and bytes of tag and each part.

    A string stands for its UTF-8 bytes, an integer for its decimal text, anything else for its canonical bytes.
    """
    hashed = hashlib.sha256()
    for part in (tag, *parts):
        octets = _octets(part)
        hashed.update(len(octets).to_bytes(8, "big") + octets)
    return hashed.hexdigest()


def merkle_root(elements: Sequence[Any]) -> str:
    """Root, as hex, of the RFC 6962 tree whose leaves are the canonical bytes of `elements` in their order."""
    return tree_root([canonical(element) for element in elements])


def tree_root(leaves: Sequence[bytes]) -> str:
    """RFC 6962 MTH as hex; the empty tree's is the SHA-256 of nothing."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        # An odd last node moves up unchanged: the same tree as RFC 6962's split at the largest power of two.
        pairs = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = pairs + level[2 * len(pairs) :]
    return level[0].hex()


def _octets(part: Any) -> bytes:
    if isinstance(part, str):
        return _encode(part)
    return canonical(part)


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as broken:
        raise NotCanonical("a lone surrogate") from broken


def _spell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        if abs(value) >= LIMIT:
            raise NotCanonical(f"the integer {value}")
        return str(value)
    if isinstance(value, str):
        _encode(value)
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_spell, value)) + "]"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonical("a key that is no string")
        for key in value:
            _encode(key)
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_spell(key)}:{_spell(value[key])}" for key in keys) + "}"
    raise NotCanonical(f"a {type(value).__name__}")
