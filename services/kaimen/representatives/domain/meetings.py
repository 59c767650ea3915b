"""Decision meetings: what happens at them, how far they are, and how they count."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from kaimen.representatives.domain.refusals import EndBeforeStart, MeetingInPast, NoAgenda, WrongState

Level = Literal["district", "unit"]
"""Whose meeting: the district government's (three a year), or one unit's own (one a year); row 40."""
MeetingKind = Literal["executive", "plenary", "office", "other"]
Standing = Literal["planned", "no_public", "cancelled"]
Phase = Literal[
    "planned", "recruiting", "selecting", "list_published", "notified", "attended", "statements_recorded", "counted",
    "no_public", "cancelled",
]  # fmt: skip
TARGETS: dict[Level, int] = {"district": 3, "unit": 1}
"""Sessions a year with representatives (row 40)."""
REPLACED_BEFORE = timedelta(hours=48)
"""All vacancies are filled at once, so long before the meeting; sign-up must have closed by then."""


class LiveStream(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an item is streamed (row 41), where, and where it can be seen afterwards."""

    planned: bool = False
    url: Annotated[str, Meta(max_length=500)] = ""
    replay: Annotated[str, Meta(max_length=500)] = ""


class AgendaItem(msgspec.Struct, frozen=True, kw_only=True):
    """议题. `catalogue_item` links the decision; an unsuitable one says why."""

    id: UUID
    title: str
    catalogue_item: UUID | None = None
    suitable_for_public: bool = True
    unsuitable_reason: str = ""
    live_stream: LiveStream = LiveStream()


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """决策会议. Half-open [starts_at, ends_at). `attended_at`: when attendance was recorded."""

    id: UUID
    version: int
    unit: str
    level: Level
    title: str
    kind: MeetingKind
    standing: Standing
    starts_at: datetime
    ends_at: datetime
    place: str
    agenda_fixed: bool
    reason: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    attended_at: datetime | None
    items: tuple[AgendaItem, ...]


class Progress(msgspec.Struct, frozen=True):
    """What has happened around a meeting, in counts. `recruitments` holds the state of each."""

    recruitments: tuple[str, ...] = ()
    invited: int = 0
    confirmed: int = 0
    present: int = 0
    statements: int = 0
    replies: int = 0


def phase(meeting: Meeting, progress: Progress) -> Phase:
    """How far the meeting is (domain of row 40); derived, never stored."""
    if meeting.standing != "planned":
        return meeting.standing
    if meeting.attended_at is not None:
        if progress.present == 0:
            return "attended"
        return "counted" if progress.replies == progress.statements else "statements_recorded"
    if progress.confirmed:
        return "notified"
    if "settled" in progress.recruitments:
        return "list_published"
    if "closed" in progress.recruitments:
        return "selecting"
    return "recruiting" if "open" in progress.recruitments else "planned"


def counts(meeting: Meeting, progress: Progress) -> bool:
    """Whether it is one 次 of row 40: held, a representative present, every statement answered in public."""
    return phase(meeting, progress) == "counted"


class Counter(msgspec.Struct, frozen=True):
    """How a unit stands in a year. `coming`: meetings ahead with items for the public; `open`: held, replies due."""

    unit: str
    level: Level
    target: int
    counted: int
    open: int
    coming: int
    invited: int

    @property
    def forecast(self) -> int:
        """What the year will bring if everything that is under way is finished."""
        return self.counted + self.open + self.coming


def count_year(unit: str, level: Level, meetings: Iterable[tuple[Meeting, Progress]], at: datetime) -> Counter:
    """Count the meetings of one unit and level in one year, as of `at`."""
    counted = open_ = coming = invited = 0
    for meeting, progress in meetings:
        if meeting.standing != "planned":
            continue
        invited += progress.invited > 0
        if counts(meeting, progress):
            counted += 1
        elif meeting.attended_at is not None:
            open_ += progress.present > 0
        elif meeting.ends_at > at and any(item.suitable_for_public for item in meeting.items):
            coming += 1
    return Counter(unit, level, TARGETS[level], counted, open_, coming, invited)


def check_meeting(starts_at: datetime, ends_at: datetime, items: Sequence[AgendaItem], at: datetime) -> None:
    """Raises EndBeforeStart, MeetingInPast or NoAgenda."""
    if ends_at <= starts_at:
        raise EndBeforeStart(field="ends_at")
    if starts_at <= at:
        raise MeetingInPast(field="starts_at")
    if not items:
        raise NoAgenda(field="items")


def must_be_ahead(meeting: Meeting, at: datetime) -> None:
    """Raises WrongState for a meeting that is cancelled, without representatives, or over."""
    if not is_ahead(meeting, at):
        raise WrongState(state="attended" if meeting.standing == "planned" else meeting.standing)


def is_ahead(meeting: Meeting, at: datetime) -> bool:
    """Whether it will take place, with the public, and is not over."""
    return meeting.standing == "planned" and meeting.attended_at is None and at < meeting.ends_at
