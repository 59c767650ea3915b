"""Facts of `opendays`. Every fact about an event carries the whole public picture of it (`OpenEvent`), so that a
reader needs no earlier message and a late one cannot go backwards (`version`)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.registry import fact

RegistrationMode = Literal["here", "external", "phone", "invited", "unknown"]
THEMES: tuple[str, ...] = ("一网通办", "一网统管", "营商环境", "民生保障", "公正监管", "公共安全")
"""The six themes of 二(五); row 42 writes 公共监管 and 公共卫生安全, so any other text is allowed too."""
THEMES_ALSO: dict[str, str] = {"公共监管": "公正监管", "公共卫生安全": "公共安全"}
EventState = Literal["published", "held", "reported", "archived", "postponed", "cancelled"]


class Marks(msgspec.Struct, frozen=True):
    """Change marks for calendars (RFC 5545 3.8.7): `sequence` grows with time, place or status; `changed_at` with
    anything public."""

    sequence: int
    created_at: datetime
    changed_at: datetime


class OpenSession(msgspec.Struct, frozen=True):
    """场次. Half-open [starts_at, ends_at). `all_day`: only the date is known; `time_text` says the rest (下午)."""

    session_id: UUID
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    time_text: str
    state: Literal["scheduled", "postponed", "cancelled"]
    capacity: int | None
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    policy: Literal["first_come", "draw"]
    marks: Marks


class OpenEvent(msgspec.Struct, frozen=True):
    """政府开放活动, as the public sees it."""

    event_id: UUID
    version: int
    state: EventState
    title: str
    unit: str
    theme: str
    summary: str
    place: str
    street_code: str | None
    accessibility: tuple[str, ...]
    interactive_steps: tuple[str, ...]
    staff: tuple[str, ...]
    audience: str
    capacity_text: str
    mode: RegistrationMode
    registration_note: str
    contact: str
    online: bool
    tentative: bool
    campaign: int | None
    reason: str
    marks: Marks
    sessions: tuple[OpenSession, ...]


@fact("opendays.event.published.v1")
class EventPublished(msgspec.Struct, frozen=True):
    """活动发布: the event is public from now on."""

    event: OpenEvent


@fact("opendays.event.revised.v1")
class EventRevised(msgspec.Struct, frozen=True):
    """活动更改: something public changed after publication; `moved` names the fields that sent people elsewhere."""

    event: OpenEvent
    moved: tuple[str, ...] = ()


@fact("opendays.event.postponed.v1")
class EventPostponed(msgspec.Struct, frozen=True):
    """活动延期, with or without a new date; `event.reason` says why."""

    event: OpenEvent


@fact("opendays.event.cancelled.v1")
class EventCancelled(msgspec.Struct, frozen=True):
    """活动取消; `event.reason` says why."""

    event: OpenEvent


@fact("opendays.event.held.v1")
class EventHeld(msgspec.Struct, frozen=True):
    """活动已举办: its last session has ended."""

    event: OpenEvent


class ReportFigures(msgspec.Struct, frozen=True):
    """Counts of people and answers; no names."""

    registered: int
    checked_in: int
    no_show: int
    walk_in: int
    suggestions: int
    replies: int
    sign_shown: bool


@fact("opendays.event.reported.v1")
class EventReported(msgspec.Struct, frozen=True):
    """活动报告发布 (row 43, 45)."""

    event: OpenEvent
    figures: ReportFigures


@fact("opendays.registration.changed.v1")
class RegistrationChanged(msgspec.Struct, frozen=True):
    """报名变动: a registration reached `state`. Whom it concerns is asked from opendays by id, when needed."""

    registration_id: UUID
    session_id: UUID
    event_id: UUID
    state: Literal["confirmed", "waitlisted", "entered", "offered", "checked_in", "no_show", "withdrawn", "lapsed"]
    seats: int
    offer_expires_at: datetime | None = None


@fact("opendays.suggestion.replied.v1")
class SuggestionReplied(msgspec.Struct, frozen=True):
    """建议答复: the unit answered a suggestion or question in public."""

    suggestion_id: UUID
    event_id: UUID
    outcome: Literal["adopted", "partly", "not_adopted", "answered"]


@fact("opendays.feed.changed.v1")
class FeedChanged(msgspec.Struct, frozen=True):
    """私人日历变动: whoever has the token with this hash reads these registrations; `revoked`: nobody does any more."""

    feed_id: UUID
    token_sha256: str
    registrations: tuple[UUID, ...]
    revoked: bool
