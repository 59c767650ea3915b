"""Tickets: 26 bytes and an Ed25519 signature (RFC 8032), readable off-line, without personal data.

Layout: version 1 · registration id 16 · last bytes of the session id 4 · party size 1 · issue day 4 (since 1970). In
base 32 (RFC 4648, no padding), because it travels in the path of a link that a phone opens: base 45 has
blanks, slashes and percent signs.
"""

import base64
import binascii
import struct
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature

from kaimen.kit.crypto import Vault
from kaimen.opendays.domain.refusals import BadTicket

_LAYOUT = struct.Struct(">B16s4sBI")
_VERSION = 1


class Ticket(msgspec.Struct, frozen=True):
    """What a valid ticket says."""

    registration_id: UUID
    session_tail: bytes
    party_size: int
    issued_day: int

    def is_for(self, session_id: UUID) -> bool:
        return self.session_tail == session_id.bytes[-4:]


class TicketPress:
    """Signs and reads tickets with the service's own key."""

    def __init__(self, vault: Vault) -> None:
        self._key = vault.signing_key("ticket")
        self._public = self._key.public_key()

    def issue(self, registration_id: UUID, session_id: UUID, party_size: int, at: datetime) -> str:
        day = int(at.astimezone(UTC).timestamp()) // 86400
        said = _LAYOUT.pack(_VERSION, registration_id.bytes, session_id.bytes[-4:], min(party_size, 255), day)
        return base64.b32encode(said + self._key.sign(said)).decode().rstrip("=")

    def read(self, text: str) -> Ticket:
        """Raises BadTicket for anything that this press did not sign."""
        text = text.strip().upper()
        try:
            raw = base64.b32decode(text + "=" * (-len(text) % 8))
            said, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
            self._public.verify(signature, said)
            version, registration, session_tail, party, day = _LAYOUT.unpack(said)
        except (binascii.Error, ValueError, InvalidSignature, struct.error):
            raise BadTicket from None
        if version != _VERSION:
            raise BadTicket
        return Ticket(UUID(bytes=registration), session_tail, party, day)
