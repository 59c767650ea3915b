"""What notices answers, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import datetime
from uuid import UUID

import msgspec


class NoticesOverview(msgspec.Struct, frozen=True, kw_only=True):
    """`messages`: how many are in which state."""

    has_mail: bool
    has_sms: bool
    messages: dict[str, int]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log. `recipient`: a sign-up of `service` by id, `unit:<short name>`, or
    `opinion:<consultation>:<number>`."""

    id: UUID
    service: str
    recipient: str
    subject: str
    unit: str
    kind: str
    state: str
    due_at: datetime
    attempts: int
    error: str
    channel: str
    masked: str
    changed_at: datetime

    @property
    def about(self) -> str:
        """Of which kind it is; until it is sent, often only what it is about is known."""
        return self.kind or self.subject

    @property
    def to_unit(self) -> str:
        """Which unit it is for; "" where it is for a person."""
        return self.recipient.removeprefix("unit:") if self.recipient.startswith("unit:") else ""

    @property
    def opinion_no(self) -> str:
        """Whose author it is for; "" where it is for somebody else."""
        return self.recipient.rpartition(":")[2] if self.recipient.startswith("opinion:") else ""

    @property
    def short_id(self) -> str:
        """Enough of a sign-up's id to tell it from others: its end, since ids begin with the time."""
        return self.recipient[-8:]

    @property
    def can_be_replayed(self) -> bool:
        return self.state in ("failed", "dead")

    @property
    def is_planned(self) -> bool:
        return self.state == "queued"


class Messages(msgspec.Struct, frozen=True):
    items: tuple[Message, ...]
    next: str | None


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Masked. `secret` is there only in the answer that made it."""

    unit: str
    version: int
    emails: tuple[str, ...]
    webhook: str
    changed_at: datetime
    secret: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.emails and not self.webhook
