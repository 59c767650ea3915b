"""What the services answer, as far as the pages show it. Fields that a newer service adds are ignored."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from kaimen.portal.recruiting_answers import Source

Day = date


class Question(msgspec.Struct, frozen=True):
    key: str
    text: str
    required: bool = False


class Terms(msgspec.Struct, frozen=True):
    """How people register; `mode` is here, external, phone, invited or unknown."""

    mode: str = "here"
    url: str = ""
    note: str = ""
    contact: str = ""
    questions: tuple[Question, ...] = ()


class Session(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    starts_at: datetime
    ends_at: datetime
    date: date
    all_day: bool
    time_text: str
    state: str
    capacity: int | None
    capacity_min: int | None
    seat_unit: str
    holds: dict[str, int]
    party_limit: int
    waitlist_limit: int
    policy: str
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    registration_open: bool
    seats_left: int | None
    waiting: int


class Missing(msgspec.Struct, frozen=True):
    """What publication still needs."""

    field: str
    detail: str
    detail_en: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event; `missing` is there only for its own staff before publication."""

    id: UUID
    version: int
    state: str
    title: str
    theme: str
    unit: str
    organiser: str
    summary: str
    place: str
    street_code: str | None
    accessibility: tuple[str, ...]
    interactive_steps: tuple[str, ...]
    staff: tuple[str, ...]
    audience: str
    capacity_text: str
    registration: Terms
    online: bool
    tentative: bool
    campaign: int | None
    reason: str
    changed_at: datetime
    published_at: datetime | None
    sessions: tuple[Session, ...]
    missing: tuple[Missing, ...] | None = None
    entropy: tuple[Source, ...] = ()

    @property
    def is_drawn(self) -> bool:
        """Whether seats of any of its sessions are drawn."""
        return any(session.policy == "draw" for session in self.sessions)

    @property
    def live_sessions(self) -> tuple[Session, ...]:
        return tuple(session for session in self.sessions if session.state == "scheduled")

    @property
    def first_session(self) -> Session | None:
        """The first that takes place; of a cancelled event the first that was planned."""
        return next(iter(self.live_sessions or self.sessions), None)

    @property
    def seats_left(self) -> int | None:
        """Seats over all sessions that take registrations now; None where none does, or where they are drawn."""
        served = [session for session in self.sessions if session.policy != "draw"]
        open_now = [session.seats_left for session in served if session.registration_open]
        known = [seats for seats in open_now if seats is not None]
        return sum(known) if known else None

    def session(self, session_id: UUID) -> Session | None:
        return next((session for session in self.sessions if session.id == session_id), None)


class Events(msgspec.Struct, frozen=True):
    items: tuple[Event, ...]
    next: str | None


class Confirmation(msgspec.Struct, frozen=True):
    code: str
    state: str
    manage_token: str


class SeatDraw(msgspec.Struct, frozen=True, kw_only=True):
    """The draw of an event's seats; what does not exist yet is empty. `typed`: people who have typed the numbers."""

    state: str
    rules_sha256: str
    entropy: tuple[Source, ...]
    closes_at: datetime
    entries: int
    pool_root: str
    commitment: str
    typed: int
    drawn_at: datetime | None
    numbers: str
    seed: str

    @property
    def sources(self) -> tuple[Source, ...]:
        """The public numbers, without those that only stand in for others."""
        stand_ins = {name for source in self.entropy for name in source.fallback}
        return tuple(source for source in self.entropy if source.id not in stand_ins)


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """`ticket` only for the holder and for staff; `name` is masked. `pseudonym`, `wishes` and `drawn_at` only where
    seats are drawn."""

    code: str
    state: str
    name: str
    party_size: int
    ahead: int | None
    offer_expires_at: datetime | None
    checked_in_at: datetime | None
    checked_in_by: str | None
    ticket: str | None
    event_id: UUID
    event_title: str
    event_state: str
    unit: str
    place: str
    contact: str
    session: Session
    pseudonym: str | None = None
    wishes: tuple[Session, ...] = ()
    drawn_at: datetime | None = None

    @property
    def can_cancel(self) -> bool:
        return self.state in ("confirmed", "waitlisted", "entered", "offered")


class RosterLine(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    code: str
    state: str
    name: str
    phone: str
    party_size: int
    minors: int
    needs: str
    channel: str
    answers: dict[str, str]
    checked_in_at: datetime | None


class Roster(msgspec.Struct, frozen=True):
    items: tuple[RosterLine, ...]


class CheckIn(msgspec.Struct, frozen=True):
    code: str
    name: str
    party_size: int
    checked_in_at: datetime
    needs: str


class Suggestion(msgspec.Struct, frozen=True):
    """`kind` is question or suggestion; `due_on` only for questions."""

    id: UUID
    event_id: UUID
    kind: str
    text: str
    received_at: datetime
    due_on: date | None
    reply: str | None
    outcome: str | None
    replied_at: datetime | None


class Suggestions(msgspec.Struct, frozen=True):
    items: tuple[Suggestion, ...]


class Comment(msgspec.Struct, frozen=True):
    satisfaction: int
    text: str
    answered_at: datetime


class QuestionnaireResult(msgspec.Struct, frozen=True):
    answers: int
    average: str | None
    comments: tuple[Comment, ...]


class Report(msgspec.Struct, frozen=True):
    event_id: UUID
    held_on: date
    summary: str
    participants: int
    registered: int
    checked_in: int
    no_show: int
    walk_in: int
    suggestions: int
    replies: int
    satisfaction: str | None
    sign_shown: bool
    published_at: datetime


class Themes(msgspec.Struct, frozen=True):
    items: tuple[str, ...]


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    short_name: str
    full_name: str | None
    kind: str
    code: str | None


class Units(msgspec.Struct, frozen=True):
    items: tuple[Unit, ...]


class SignedIn(msgspec.Struct, frozen=True):
    """A short-lived token, and for whom."""

    access_token: str
    expires_at: datetime
    role: str
    unit: str | None
    name: str

    @property
    def is_staff(self) -> bool:
        return self.role in ("unit_editor", "unit_lead", "office")

    @property
    def approves(self) -> bool:
        return self.role in ("unit_lead", "office")


class DraftSession(msgspec.Struct, frozen=True, kw_only=True):
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    date: Day | None = None
    time_text: str = ""
    capacity: int | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    unit: str = ""
    place: str = ""
    tentative: bool = False
    capacity_text: str = ""
    sessions: tuple[DraftSession, ...] = ()


class ImportRow(msgspec.Struct, frozen=True):
    row: int
    draft: Draft
    event_id: UUID | None = None


class CellProblem(msgspec.Struct, frozen=True):
    row: int
    column: str
    reason: str
    detail: str
    detail_en: str


class ImportOutcome(msgspec.Struct, frozen=True):
    dry_run: bool
    rows: tuple[ImportRow, ...]
    errors: tuple[CellProblem, ...]
    warnings: tuple[CellProblem, ...]


class FieldFault(msgspec.Struct, frozen=True):
    field: str
    detail: str
    detail_en: str


class Problem(msgspec.Struct, frozen=True):
    """A problem document (RFC 9457)."""

    type: str = ""
    status: int = 500
    detail: str = ""
    detail_en: str = ""
    errors: tuple[FieldFault, ...] = ()

    @property
    def reason(self) -> str:
        return self.type.removeprefix("/problems/")
