"""CloudEvents 1.0 in NATS binary mode: attributes in headers, the fact as msgspec JSON in the body.

Source: CloudEvents NATS Protocol Binding 1.0.2, section 3.1. `traceparent` is the W3C Trace Context header.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from kaimen.contracts.registry import BY_SUBJECT, subject_of


class Envelope(msgspec.Struct, frozen=True):
    """One published fact. `version` counts the aggregate's changes, so that a late event cannot go backwards."""

    id: UUID
    subject: str
    aggregate_id: str
    version: int
    time: datetime
    body: bytes
    traceparent: str | None = None

    def fact(self) -> msgspec.Struct:
        """The decoded body. Raises KeyError for an unknown subject, msgspec.ValidationError for a bad body."""
        return msgspec.json.decode(self.body, type=BY_SUBJECT[self.subject])

    def headers(self) -> dict[str, str]:
        """NATS headers; `Nats-Msg-Id` makes JetStream drop a second publication within its window."""
        headers = {
            "Nats-Msg-Id": str(self.id),
            "ce-specversion": "1.0",
            "ce-id": str(self.id),
            "ce-source": f"/api/{self.subject.split('.', 1)[0]}",
            "ce-type": self.subject,
            "ce-subject": self.aggregate_id,
            "ce-time": self.time.isoformat(),
            "ce-aggregateversion": str(self.version),
            "content-type": "application/json",
        }
        if self.traceparent:
            headers["traceparent"] = self.traceparent
        return headers


def envelope(
    fact: msgspec.Struct, *, id: UUID, aggregate_id: str, version: int, time: datetime, traceparent: str | None = None
) -> Envelope:
    return Envelope(
        id=id,
        subject=subject_of(type(fact)),
        aggregate_id=aggregate_id,
        version=version,
        time=time,
        body=msgspec.json.encode(fact),
        traceparent=traceparent,
    )


def from_headers(headers: dict[str, str], body: bytes) -> Envelope:
    """Raises KeyError or ValueError when a CloudEvents attribute is missing or malformed."""
    return Envelope(
        id=UUID(headers["ce-id"]),
        subject=headers["ce-type"],
        aggregate_id=headers["ce-subject"],
        version=int(headers["ce-aggregateversion"]),
        time=datetime.fromisoformat(headers["ce-time"]),
        body=body,
        traceparent=headers.get("traceparent"),
    )
