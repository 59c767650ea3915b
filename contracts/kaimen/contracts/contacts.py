"""What a service tells `notices`, and nobody else, about a sign-up of its own. It is asked by id when something is
about to be sent, answered directly, never published, and never kept by who asked."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from kaimen.contracts.calendar import CalendarEntry

Language = Literal["zh", "en"]
MOST_ASKED = 200


class ContactsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sign-ups, by id."""

    ids: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST_ASKED)]


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a sign-up concerns, and how it stands now. `name`, `phone` and `email` are empty once they were forgotten.

    `state` is a word of the service that answers; `until`: when an offer or invitation ends; `entry`: the occasion as
    calendars show it; `postponed`: it has lost its date; `reason`: why it changed; `page`: where its holder manages
    the sign-up; `ticket`: what the code at the door holds, for those who have a seat.
    """

    id: UUID
    name: str
    phone: str
    email: str
    language: Language
    code: str
    state: str
    changed_at: datetime
    until: datetime | None
    postponed: bool
    reason: str
    entry: CalendarEntry
    page: str
    ticket: str = ""


class AuthorsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Authors of opinions in one consultation: those with these numbers or, without any, the next after `after`."""

    consultation_id: UUID
    numbers: Annotated[tuple[int, ...], Meta(max_length=MOST_ASKED)] = ()
    after: int = 0


class Author(msgspec.Struct, frozen=True):
    """Who left a way to be told; one of `email` and `phone` is given."""

    no: int
    email: str
    phone: str
    language: Language = "zh"


class Authors(msgspec.Struct, frozen=True):
    """By number. `next`: after which number the list goes on, null at its end."""

    items: tuple[Author, ...]
    next: int | None


class Contacts(msgspec.Struct, frozen=True):
    """Those of the wanted sign-ups that exist."""

    items: tuple[Contact, ...]
