"""Facts of `representatives`. Every fact about a meeting carries the whole public picture of it, so that a reader
needs no earlier message. People appear as opaque ids; names never."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.registry import fact

StatementOutcome = Literal["adopted", "partly", "not_adopted", "answered"]


class MeetingItem(msgspec.Struct, frozen=True):
    """议题. `catalogue_item` is the decision that it belongs to."""

    item_id: UUID
    title: str
    catalogue_item: UUID | None
    suitable_for_public: bool
    live_url: str
    replay_url: str


class DecisionMeeting(msgspec.Struct, frozen=True):
    """决策会议, as the public sees it. `no_public`: held without representatives (secret or unsuitable)."""

    meeting_id: UUID
    version: int
    unit: str
    level: Literal["district", "unit"]
    title: str
    kind: Literal["executive", "plenary", "office", "other"]
    standing: Literal["planned", "no_public", "cancelled"]
    starts_at: datetime
    ends_at: datetime
    place: str
    reason: str
    items: tuple[MeetingItem, ...]


@fact("representatives.meeting.announced.v1")
class MeetingAnnounced(msgspec.Struct, frozen=True):
    """会议公布: a decision meeting is planned."""

    meeting: DecisionMeeting


@fact("representatives.meeting.revised.v1")
class MeetingRevised(msgspec.Struct, frozen=True):
    """会议更改, or cancelled, or held without representatives; `meeting.reason` says why."""

    meeting: DecisionMeeting


@fact("representatives.meeting.attended.v1")
class MeetingAttended(msgspec.Struct, frozen=True):
    """代表列席 (row 40): how many were invited, and how many came."""

    meeting: DecisionMeeting
    held_on: date
    invited: int
    present: int


@fact("representatives.recruitment.opened.v1")
class RecruitmentOpened(msgspec.Struct, frozen=True):
    """招募公布: the rules are public. `rules_sha256` is the hash of the rules of a draw, empty for other methods."""

    recruitment_id: UUID
    meeting_id: UUID
    method: str
    seats: int
    opens_at: datetime
    closes_at: datetime
    rules_sha256: str


@fact("representatives.recruitment.settled.v1")
class RecruitmentSettled(msgspec.Struct, frozen=True):
    """代表产生: by which method, from how many. `commitment` and `seed` are those of the draw, else empty."""

    recruitment_id: UUID
    meeting_id: UUID
    method: str
    applicants: int
    selected: int
    draw_number: int
    commitment: str
    seed: str


@fact("representatives.application.changed.v1")
class ApplicationChanged(msgspec.Struct, frozen=True):
    """报名变动: an application reached `state`. Whom it concerns is asked from representatives by id, when needed."""

    application_id: UUID
    recruitment_id: UUID
    meeting_id: UUID
    state: str
    confirm_by: datetime | None = None


@fact("representatives.statement.recorded.v1")
class StatementRecorded(msgspec.Struct, frozen=True):
    """代表发言: what was said on an item; a public reply is due (null: the working days are not known yet)."""

    statement_id: UUID
    meeting_id: UUID
    item_id: UUID
    unit: str
    due_on: date | None


@fact("representatives.statement.replied.v1")
class StatementReplied(msgspec.Struct, frozen=True):
    """发言答复: taken up or not, with the reason in public."""

    statement_id: UUID
    meeting_id: UUID
    item_id: UUID
    catalogue_item: UUID | None
    outcome: StatementOutcome
    replied_on: date


@fact("representatives.calendar.changed.v1")
class MeetingEntriesChanged(msgspec.Struct, frozen=True):
    """会议日历更新: all entries of one meeting, as they are now."""

    source_id: UUID
    entries: tuple[CalendarEntry, ...]
