"""Facts of `adoption`. Every fact carries the whole public picture of what it is about, so that a reader needs no
earlier message. Opinions leave this service as counts and published answers, never one by one."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.registry import fact

Channel = Literal[
    "website",
    "new_media",
    "press_conference",
    "reading_room",
    "newspaper",
    "radio",
    "television",
    "forum",
    "hearing",
    "field_visit",
    "poll",
    "questionnaire",
    "written",
]
"""The seven channels of row 38, then the other forms of taking part (row 39)."""

Outcome = Literal["adopted", "partly", "not_adopted", "already_covered", "out_of_scope"]


class ChannelUse(msgspec.Struct, frozen=True, kw_only=True):
    """渠道: where the draft can be read and answered, from the first to the last day."""

    channel: Channel
    name: str
    place: str
    from_on: date
    to_on: date


class PublicConsultation(msgspec.Struct, frozen=True, kw_only=True):
    """公开征求意见, as the public sees it; `closes_on` is its last day."""

    consultation_id: UUID
    version: int
    unit: str
    catalogue_item: UUID | None
    title: str
    opens_on: date
    closes_on: date
    shortened_reason: str
    channels: tuple[ChannelUse, ...]
    draft_url: str
    explanation_url: str
    background_url: str
    page: str


@fact("adoption.consultation.opened.v1")
class ConsultationOpened(msgspec.Struct, frozen=True):
    """征求意见公告: the notice is public; opinions are taken from `opens_on` on."""

    consultation: PublicConsultation


@fact("adoption.consultation.extended.v1")
class ConsultationExtended(msgspec.Struct, frozen=True):
    """延长征求意见: it ends later than it was announced."""

    consultation: PublicConsultation
    closed_before_on: date
    reason: str


@fact("adoption.consultation.closed.v1")
class ConsultationClosed(msgspec.Struct, frozen=True):
    """征求意见结束: its last day is over. Opinions on paper may still be entered until the report is approved.
    `handled`: each opinion is answered or set aside (713 Art. 18); null from a version that did not say."""

    consultation: PublicConsultation
    received: int
    handled: bool | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """意见数 by what became of them; `received` is their sum (CO1)."""

    received: int
    adopted: int
    partly: int
    not_adopted: int
    already_covered: int
    out_of_scope: int
    withdrawn: int
    duplicate: int


@fact("adoption.report.published.v1")
class ReportPublished(msgspec.Struct, frozen=True, kw_only=True):
    """意见收集和采纳情况公布 (row 39). `number` 1 is the first publication, later ones are corrections with a reason.
    `dropped`: the decision was given up, and this says what was received."""

    report_id: UUID
    number: int
    unit: str
    catalogue_item: UUID | None
    consultations: tuple[UUID, ...]
    title: str
    tally: Tally
    concentrated: int
    dropped: bool
    published_on: date
    reason: str
    sha256: str
    page: str


class PublicClock(msgspec.Struct, frozen=True, kw_only=True):
    """时限 of one issued document: `report` (10 working days, row 39) or `disclosure` (20, 信息公开条例 Art. 26).

    `due_on` is null while a holiday notice is missing; the earliest conceivable day is then `not_before`.
    `original_due_on` differs from it only by suspensions."""

    clock_id: UUID
    kind: Literal["report", "disclosure"]
    unit: str
    catalogue_item: UUID
    title: str
    started_on: date
    working_days: int
    due_on: date | None
    not_before: date
    original_due_on: date | None
    state: Literal["running", "met", "breached", "met_late", "dropped"]
    met_on: date | None
    breached_on: date | None
    page: str


@fact("adoption.deadline.started.v1")
class DeadlineStarted(msgspec.Struct, frozen=True):
    """时限开始: the document was issued; the day after it is the first that counts."""

    clock: PublicClock


@fact("adoption.deadline.recomputed.v1")
class DeadlineRecomputed(msgspec.Struct, frozen=True):
    """时限重算: a holiday notice, a suspension, its early end or a corrected date of issue moved the last day."""

    clock: PublicClock
    due_before_on: date | None
    reason: str


@fact("adoption.deadline.warned.v1")
class DeadlineWarned(msgspec.Struct, frozen=True):
    """时限提醒: `days_left` working days are left, this one not counted; 0: due today, negative: overdue."""

    clock: PublicClock
    days_left: int


@fact("adoption.deadline.breached.v1")
class DeadlineBreached(msgspec.Struct, frozen=True):
    """逾期: the last day is over and nothing was published. It stays on record for ever."""

    clock: PublicClock


@fact("adoption.deadline.met.v1")
class DeadlineMet(msgspec.Struct, frozen=True):
    """时限办结; `late_days`: working days after the due date, 0 when on time, null while they cannot be counted."""

    clock: PublicClock
    late_days: int | None


@fact("adoption.calendar.changed.v1")
class AdoptionEntriesChanged(msgspec.Struct, frozen=True):
    """征求意见和采纳日历更新: all entries of one consultation or clock, as they are now."""

    source_id: UUID
    entries: tuple[CalendarEntry, ...]
