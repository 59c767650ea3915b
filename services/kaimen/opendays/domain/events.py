"""Events and their sessions: states, guards, and what the public may see."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from kaimen.kit import lots
from kaimen.kit.draws import RULES_BEFORE_CLOSING_DAYS
from kaimen.kit.refusals import FieldError
from kaimen.kit.texts import ReasonRequired
from kaimen.opendays.domain.refusals import (
    BadCapacity,
    BadWindow,
    EndBeforeStart,
    HoldsExceedCapacity,
    NotPublishable,
    SessionInPast,
    SessionsOverlap,
    WriterApproves,
    WrongState,
)

Theme = Annotated[str, Meta(title="主题领域")]

Step = Literal["qa", "forum", "questionnaire"]
Lifecycle = Literal[
    "draft", "submitted", "approved", "published", "held", "reported", "archived", "postponed", "cancelled"
]
Phase = Literal[
    "draft", "submitted", "approved", "published", "signup_open", "full", "signup_closed",
    "held", "reported", "archived", "postponed", "cancelled",
]  # fmt: skip
Mode = Literal["here", "external", "phone", "invited", "unknown"]
HoldKind = Literal["guests", "media", "accessible", "walk_in"]
SeatUnit = Literal["person", "group"]
Policy = Literal["first_come", "draw"]
PUBLIC_STATES: tuple[Lifecycle, ...] = ("published", "held", "reported", "archived", "postponed", "cancelled")


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question asked at sign-up."""

    key: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    text: Annotated[str, Meta(min_length=1, max_length=200)]
    required: bool = False


class RegistrationTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people sign up: here, elsewhere (`url` or `note` says where), by phone, or by invitation only."""

    mode: Mode = "here"
    url: Annotated[str, Meta(max_length=500)] = ""
    note: Annotated[str, Meta(max_length=500)] = ""
    contact: Annotated[str, Meta(max_length=200)] = ""
    questions: tuple[Question, ...] = ()


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """场次. Half-open [starts_at, ends_at). Seats are persons, or groups where the unit counts 组 or 家.

    `taken` counts confirmed, offered and checked-in seats; `waiting` the registrations on the waiting list.
    """

    id: UUID
    event_id: UUID
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False
    time_text: str = ""
    state: Literal["scheduled", "postponed", "cancelled"] = "scheduled"
    capacity: int | None = None
    capacity_min: int | None = None
    seat_unit: SeatUnit = "person"
    holds: dict[HoldKind, int] = {}
    party_limit: int = 10
    waitlist_limit: int = 200
    policy: Policy = "first_come"
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    taken: int = 0
    waiting: int = 0
    sequence: int = 0
    created_at: datetime
    changed_at: datetime

    @property
    def held(self) -> int:
        return sum(self.holds.values())

    @property
    def public_seats(self) -> int:
        return (self.capacity or 0) - self.held

    @property
    def free(self) -> int:
        return self.public_seats - self.taken

    @property
    def closes_at(self) -> datetime:
        return self.registration_closes_at or self.starts_at

    @property
    def is_drawn(self) -> bool:
        return self.policy == "draw"

    def is_open(self, at: datetime) -> bool:
        """Whether registration is open at `at`, whatever the seats."""
        return self.state == "scheduled" and self.has_opened(at) and at < self.closes_at

    def has_opened(self, at: datetime) -> bool:
        return self.registration_opens_at is None or self.registration_opens_at <= at


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """政府开放活动, in full. `writers` are the subjects who created or changed it since the last approval.

    `entropy`: the public numbers that decide the draw of its drawn sessions; `pool_closed_at`: since when nobody can
    enter that draw any more.
    """

    id: UUID
    version: int
    state: Lifecycle
    unit: str
    organiser: str
    title: str
    theme: str
    summary: str
    place: str
    street_code: str | None
    accessibility: tuple[str, ...]
    interactive_steps: tuple[Step, ...]
    staff: tuple[str, ...]
    audience: str
    capacity_text: str
    registration: RegistrationTerms
    online: bool
    tentative: bool
    campaign: int | None
    reason: str
    writers: tuple[str, ...]
    approved_by: str | None
    source: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    published_at: datetime | None
    sessions: tuple[Session, ...]
    entropy: tuple[lots.Source, ...] = ()
    pool_closed_at: datetime | None = None

    @property
    def drawn_sessions(self) -> tuple[Session, ...]:
        """Those whose seats are drawn, without cancelled ones."""
        return tuple(session for session in self.sessions if session.is_drawn and session.state != "cancelled")


def phase(event: Event, at: datetime) -> Phase:
    """The state that people see: a published event is open, full or closed by its sessions and the clock."""
    if event.state != "published":
        return event.state
    live = [session for session in event.sessions if session.state == "scheduled"]
    if event.registration.mode != "here" or not live:
        return "published"
    if any(session.is_open(at) and session.free > 0 for session in live):
        return "signup_open"
    if any(session.is_open(at) for session in live):
        return "full"
    if any(not session.has_opened(at) for session in live):
        return "published"
    return "signup_closed"


def is_public(event: Event) -> bool:
    return event.state in PUBLIC_STATES and event.published_at is not None


_MOVES: dict[str, tuple[tuple[Lifecycle, ...], Lifecycle]] = {
    "submit": (("draft",), "submitted"),
    "return": (("submitted", "approved"), "draft"),
    "approve": (("submitted",), "approved"),
    "publish": (("approved",), "published"),
    "postpone": (("published", "postponed"), "postponed"),
    "reschedule": (("published", "postponed"), "published"),
    "cancel": (("draft", "submitted", "approved", "published", "postponed"), "cancelled"),
    "hold": (("published",), "held"),
    "report": (("held",), "reported"),
    "archive": (("reported",), "archived"),
}
NEEDS_REASON = frozenset({"return", "postpone", "reschedule", "cancel"})


def move(event: Event, step: str, *, reason: str = "") -> Lifecycle:
    """The state after `step`. Raises WrongState, or ReasonRequired for a step that turns people away."""
    allowed, target = _MOVES[step]
    if event.state not in allowed:
        raise WrongState(state=event.state)
    if step in NEEDS_REASON and not reason.strip():
        raise ReasonRequired(field="reason")
    return target


def must_be_changeable(event: Event) -> None:
    if event.state in ("held", "reported", "archived", "cancelled"):
        raise WrongState(state=event.state)


def must_not_be_writer(event: Event, subject: str) -> None:
    """Four eyes: raises WriterApproves when `subject` wrote any part since the last approval."""
    if subject in event.writers:
        raise WriterApproves


def publish_checklist(event: Event, at: datetime) -> list[FieldError]:
    """What is still missing before publication (row 43; an empty list means: publish)."""
    missing = []
    if not event.interactive_steps:
        missing.append(
            FieldError(
                "interactive_steps", "须有答疑、座谈或问卷之一", "question time, a forum or a questionnaire is needed"
            )
        )
    if not event.staff:
        missing.append(FieldError("staff", "须写明到场的领导或业务人员职务", "name by post who answers on site"))
    if not event.place:
        missing.append(FieldError("place", "须填写地点", "a place is needed"))
    if not event.registration.contact:
        missing.append(FieldError("registration.contact", "须填写联系方式", "a contact is needed"))
    if not event.accessibility:
        missing.append(FieldError("accessibility", "须说明无障碍条件", "state the accessibility of the place"))
    if event.registration.mode == "unknown":
        missing.append(FieldError("registration.mode", "须确定报名方式", "say how people register"))
    if not event.sessions:
        missing.append(FieldError("sessions", "须至少有一个场次", "at least one session is needed"))
    for number, session in enumerate(event.sessions):
        if session.starts_at <= at:
            missing.append(FieldError(f"sessions[{number}].starts_at", "场次时间已过", "the session is in the past"))
        if event.registration.mode == "here" and session.capacity is None:
            missing.append(
                FieldError(f"sessions[{number}].capacity", "在线报名须填写名额", "sign-up here needs a capacity")
            )
    return missing + _draw_checklist(event, at)


def _draw_checklist(event: Event, at: datetime) -> list[FieldError]:
    """What a draw needs beside the rest: rules that hold for all drawn sessions, public in time."""
    drawn = event.drawn_sessions
    if not drawn:
        return []
    missing = []
    if event.registration.mode not in ("here", "unknown"):
        missing.append(FieldError("registration.mode", "抽签须在本平台报名", "a draw needs sign-up here"))
    if not event.entropy:
        missing.append(FieldError("entropy", "抽签须写明用哪些公开数字", "say which public numbers decide the draw"))
    for number, session in enumerate(event.sessions):
        if session in drawn:
            missing += [
                FieldError(f"sessions[{number}].{field}", zh, en) for field, zh, en in _wrong(session, drawn, at)
            ]
    return missing


def _wrong(session: Session, drawn: Sequence[Session], at: datetime) -> list[tuple[str, str, str]]:
    """What does not fit a draw in one of its sessions: field, Chinese, English."""
    wrong = []
    closes_at = session.registration_closes_at
    if closes_at is None or closes_at != drawn[0].registration_closes_at:
        wrong.append(("registration_closes_at", "各抽签场次须有同一个报名截止时间", "all need the same closing time"))
    elif closes_at < at + timedelta(days=RULES_BEFORE_CLOSING_DAYS):
        zh = f"报名截止须在发布至少 {RULES_BEFORE_CLOSING_DAYS} 天之后"
        en = f"a draw must close at least {RULES_BEFORE_CLOSING_DAYS} days after publication"
        wrong.append(("registration_closes_at", zh, en))
    elif closes_at >= min(each.starts_at for each in drawn):
        wrong.append(("registration_closes_at", "报名截止须早于第一场开始", "it must close before the first starts"))
    if session.seat_unit != drawn[0].seat_unit:
        wrong.append(("seat_unit", "各抽签场次须用同一种名额单位", "all drawn sessions count seats the same way"))
    if session.capacity is not None and session.public_seats < 1:
        wrong.append(("holds", "抽签场次须有公开名额", "a draw needs seats that are not held back"))
    return wrong


def must_be_publishable(event: Event, at: datetime) -> None:
    if missing := publish_checklist(event, at):
        raise NotPublishable(errors=missing)


def check_session(session: Session, number: int, at: datetime, *, may_be_past: bool = False) -> None:
    """Raises the refusal for a session that cannot be: past, ending before it starts, overfull holds, bad window."""
    place = f"sessions[{number}]"
    if session.ends_at <= session.starts_at:
        raise EndBeforeStart(field=f"{place}.ends_at")
    if not may_be_past and session.starts_at <= at:
        raise SessionInPast(field=f"{place}.starts_at")
    if session.capacity is not None and not max(1, session.capacity_min or 1) <= session.capacity <= 100_000:
        raise BadCapacity(field=f"{place}.capacity")
    if any(seats < 0 for seats in session.holds.values()) or session.held > (session.capacity or 0):
        raise HoldsExceedCapacity(field=f"{place}.holds")
    opens, closes = session.registration_opens_at, session.registration_closes_at
    if closes is not None and (closes > session.ends_at or (opens is not None and closes <= opens)):
        raise BadWindow(field=f"{place}.registration_closes_at")
    if opens is not None and opens >= session.starts_at:
        raise BadWindow(field=f"{place}.registration_opens_at")


def check_sessions(sessions: Sequence[Session], at: datetime, *, may_be_past: bool = False) -> None:
    for number, session in enumerate(sessions):
        check_session(session, number, at, may_be_past=may_be_past)
    times = [(session.starts_at, session.ends_at) for session in sessions]
    if len(set(times)) < len(times):
        raise SessionsOverlap(field="sessions")
