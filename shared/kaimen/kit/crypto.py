"""Personal data at rest: envelope encryption and purpose-bound pseudonyms.

Keys: root key (file) → HKDF-SHA256 (RFC 5869) per service and purpose. Cells: AES-256-GCM (NIST SP 800-38D) with
the place (table, row, column) as associated data, so that a sealed value cannot be moved to another row.
"""

import hmac
import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

T = TypeVar("T")

_SUITE_AES_256_GCM = b"\x01"
_NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed value does not open here: another key, another place, or changed bytes."""


class Vault:
    """Seals and opens one service's personal data. `root` is 32 bytes."""

    def __init__(self, root: bytes, service: str) -> None:
        if len(root) != 32:
            raise ValueError("the root key must have 32 bytes")
        self._root = root
        self._service = service
        self._ciphers: dict[str, AESGCM] = {}
        self._pseudonym_keys: dict[str, bytes] = {}
        self._signing_keys: dict[str, Ed25519PrivateKey] = {}

    @classmethod
    def from_file(cls, path: str, service: str) -> "Vault":
        return cls(bytes.fromhex(Path(path).read_text().strip()), service)

    def _key(self, purpose: str) -> bytes:
        info = f"kaimen/{self._service}/{purpose}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._root)

    def _cipher(self, unit: str) -> AESGCM:
        if unit not in self._ciphers:
            self._ciphers[unit] = AESGCM(self._key(f"seal/{unit}"))
        return self._ciphers[unit]

    def seal(self, value: Any, *, unit: str, place: str) -> bytes:
        """Encrypt a msgspec-encodable value for the `table/row/column` in `place` with the unit's key."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(unit).encrypt(nonce, msgspec.json.encode(value), place.encode())
        return _SUITE_AES_256_GCM + nonce + sealed

    def open(self, sealed: bytes, type: type[T], *, unit: str, place: str) -> T:
        """Raises SealBroken when the bytes were not sealed for this unit and place."""
        if sealed[:1] != _SUITE_AES_256_GCM:
            raise SealBroken
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return msgspec.json.decode(self._cipher(unit).decrypt(nonce, text, place.encode()), type=type)
        except InvalidTag:
            raise SealBroken from None

    def pseudonym(self, purpose: str, identity: str) -> bytes:
        """32 bytes that name a person within one purpose, and link to nothing outside it (HMAC-SHA256)."""
        if purpose not in self._pseudonym_keys:
            self._pseudonym_keys[purpose] = self._key(f"pseudonym/{purpose}")
        return hmac.digest(self._pseudonym_keys[purpose], identity.encode(), "sha256")

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """The Ed25519 key (RFC 8032) for one purpose, the same after every restart."""
        if purpose not in self._signing_keys:
            self._signing_keys[purpose] = Ed25519PrivateKey.from_private_bytes(self._key(f"sign/{purpose}"))
        return self._signing_keys[purpose]
