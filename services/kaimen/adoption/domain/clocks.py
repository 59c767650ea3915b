"""The clocks of an issued document: 10 working days for the report (row 39), 20 for disclosure (信息公开条例 Art. 26).

They run on the State Council's calendar. What is due is asked anew each time, so a worker that stood still for days
catches up; what was missed stays on record."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.adoption.domain.refusals import (
    AlreadyResumed,
    BadResumption,
    BadSuspension,
    ClockClosed,
    SuspendedTooLate,
    SuspensionOver,
    SuspensionOverlaps,
    UnknownSuspension,
)
from kaimen.kit.workdays import Deadline, Workdays

ClockKind = Literal["report", "disclosure"]
ClockState = Literal["running", "met", "breached", "met_late", "dropped"]
Standing = Literal["overdue", "soon", "later", "met", "met_late", "dropped"]
"""How it stands for those who must act: what is still owed by its last day."""

WORKING_DAYS: Mapping[ClockKind, int] = {"report": 10, "disclosure": 20}
SOON = 3
"""Working days that are left, today not counted, at most, when it is due soon."""
WARN_AT: tuple[int, ...] = (5, 3, 1)
"""Working days that are left, today not counted, when the unit is warned."""


class Resumption(msgspec.Struct, frozen=True, kw_only=True):
    """恢复计时: from `on` on the days of a suspension count again."""

    on: date
    reason: str
    decided_by: str
    at: datetime


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """中止: working days from `from_on` to `to_on` do not count. Nothing in the notice provides for it, so the law that
    does is named, and the original day stays visible. `to_on` stays as it was first said when it was `resumed`."""

    from_on: date
    to_on: date
    legal_basis: str
    decided_by: str
    at: datetime
    resumed: Resumption | None = None

    @property
    def took_effect(self) -> bool:
        return self.resumed is None or self.from_on < self.resumed.on

    @property
    def paused(self) -> range:
        """The days that really are suspended, as ordinals: a day after `to_on` may lie beyond the calendar. Empty for
        one that never took effect."""
        end = self.to_on.toordinal() + 1 if self.resumed is None else self.resumed.on.toordinal()
        return range(self.from_on.toordinal(), end)


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """时限. The day of issue `started_on` is not counted. `due_on` None: a holiday notice is missing, and nothing is
    due before `not_before`. `original_due_on`: without suspensions. `met_on`: the report was published. `breached_on`:
    the first day on which it was late; once set it stays. `warned`: which of `WARN_AT` were told. `issue_version`: of
    the item, when it was said to be issued on that day."""

    id: UUID
    version: int
    kind: ClockKind
    unit: str
    catalogue_item: UUID
    title: str
    document_no: str
    url: str
    started_on: date
    due_on: date | None
    not_before: date
    original_due_on: date | None
    suspensions: tuple[Suspension, ...] = ()
    met_on: date | None = None
    breached_on: date | None = None
    dropped_on: date | None = None
    warned: tuple[int, ...] = ()
    sequence: int = 0
    created_at: datetime
    changed_at: datetime
    issue_version: int

    @property
    def working_days(self) -> int:
        return WORKING_DAYS[self.kind]

    @property
    def work_to(self) -> date:
        """The day to work to: the due day, or the earliest one that is conceivable."""
        return self.due_on or self.not_before

    @property
    def is_open(self) -> bool:
        return self.met_on is None and self.breached_on is None and self.dropped_on is None


def state_of(clock: Clock, today: date) -> ClockState:
    """As it is on `today`, whether or not anybody has noted a breach yet."""
    late = clock.breached_on is not None or is_late(clock, clock.met_on or clock.dropped_on or today)
    if clock.met_on is not None:
        return "met_late" if late else "met"
    if clock.dropped_on is not None and not late:
        return "dropped"
    return "breached" if late else "running"


def is_late(clock: Clock, on: date) -> bool:
    """Whether `on` is after the due day; a due day that nobody can know yet cannot be missed."""
    return clock.due_on is not None and on > clock.due_on


def first_late_day(due_on: date) -> date:
    return due_on + timedelta(days=1)


def computed(clock: Clock, workdays: Workdays) -> Clock:
    """The clock with its days by these notices; everything else is as it was."""
    original = workdays.deadline(clock.started_on, clock.working_days)
    deadline = _suspended_deadline(clock, workdays)
    return replace(clock, due_on=deadline.due_on, not_before=deadline.not_before, original_due_on=original.due_on)


def counted(clock: Clock, workdays: Workdays) -> tuple[date, ...]:
    """The working days of the period, none of them suspended; when provisional only those known for sure."""
    paused = _paused_days(clock)
    return tuple(day for day in _suspended_deadline(clock, workdays).counted if day not in paused)


def _suspended_deadline(clock: Clock, workdays: Workdays) -> Deadline:
    """The end of the period and of as many more working days as suspensions take out of it."""
    paused = _paused_days(clock)
    deadline, more = workdays.deadline(clock.started_on, clock.working_days), 0
    while more != (outside := sum(day <= deadline.not_before and workdays.may_be_worked(day) for day in paused)):
        more = outside
        deadline = workdays.deadline(clock.started_on, clock.working_days + more)
    return deadline


def _paused_days(clock: Clock) -> set[date]:
    """Days of the period that a suspension takes out, worked or not."""
    begins = clock.started_on.toordinal() + 1
    return {
        date.fromordinal(ordinal)
        for each in clock.suspensions
        for ordinal in range(max(each.paused.start, begins), each.paused.stop)
    }


def suspended(clock: Clock, suspension: Suspension, today: date, workdays: Workdays) -> Clock:
    """Raises ClockClosed, also for a clock whose last day is over, BadSuspension, SuspendedTooLate,
    SuspensionOverlaps."""
    if not clock.is_open or is_late(clock, today):
        raise ClockClosed
    if suspension.from_on < clock.started_on:
        raise BadSuspension(field="from_on")
    if suspension.to_on < suspension.from_on or (suspension.to_on - suspension.from_on).days > 366:
        raise BadSuspension(field="to_on")
    if suspension.from_on > clock.work_to:
        raise SuspendedTooLate(work_to=clock.work_to, field="from_on")
    if any(_overlap(each.paused, suspension.paused) for each in clock.suspensions):
        raise SuspensionOverlaps(field="from_on")
    return computed(replace(clock, suspensions=(*clock.suspensions, suspension)), workdays)


def _overlap(first: range, second: range) -> bool:
    return max(first.start, second.start) < min(first.stop, second.stop)


def resumed(clock: Clock, from_on: date, resumption: Resumption, today: date, workdays: Workdays) -> Clock:
    """The suspension that begins on `from_on` ended by `resumption`. Days that have passed as suspended stay so, since
    people relied on them: the due day never comes to lie in the past.

    Raises ClockClosed, also for a clock whose last day is over, UnknownSuspension, AlreadyResumed, SuspensionOver,
    BadResumption."""
    if not clock.is_open or is_late(clock, today):
        raise ClockClosed
    named = [each for each in clock.suspensions if each.from_on == from_on]
    if not named:
        raise UnknownSuspension(from_on=from_on, field="from_on")
    # Days that were given back may have been suspended again from the same day on; at most one is not resumed.
    ended = next((each for each in named if each.resumed is None), None)
    if ended is None:
        raise AlreadyResumed(from_on=from_on, field="from_on")
    if ended.to_on < today:
        raise SuspensionOver(to_on=ended.to_on, field="from_on")
    earliest = max(today, from_on)
    if not earliest <= resumption.on <= ended.to_on:
        raise BadResumption(earliest=earliest, to_on=ended.to_on, field="resumed_on")
    suspensions = tuple(replace(each, resumed=resumption) if each is ended else each for each in clock.suspensions)
    return computed(replace(clock, suspensions=suspensions), workdays)


def days_left(clock: Clock, today: date, workdays: Workdays) -> int:
    """Working days after `today` up to the day to work to; negative: so many days late. In a year whose notice is
    missing every day counts as one, since it may become one."""
    counted = workdays.count(today, clock.work_to)
    return (clock.work_to - today).days if counted is None else counted


def warning_due(clock: Clock, today: date, workdays: Workdays) -> tuple[int, ...]:
    """Which warnings are owed today and were not told: all that were passed, so that each is told at most once."""
    if not clock.is_open:
        return ()
    left = days_left(clock, today, workdays)
    return tuple(mark for mark in WARN_AT if left <= mark and mark not in clock.warned)


def still_told(before: Clock, after: Clock) -> tuple[int, ...]:
    """Which warnings hold when the clock moves: those that were told for the same day. For another day they are told
    again, also for an earlier one, of which the unit knows nothing yet."""
    return before.warned if after.work_to == before.work_to else ()


def next_look(clock: Clock, today: date, workdays: Workdays) -> date | None:
    """The next day on which something is owed: a warning, or the record of a breach. None: nothing any more."""
    if not clock.is_open:
        return None
    breach = first_late_day(clock.due_on) if clock.due_on is not None else None
    marks = [mark for mark in WARN_AT if mark not in clock.warned]
    day = today + timedelta(days=1)
    while marks and day <= clock.work_to:
        if days_left(clock, day, workdays) <= marks[0]:
            return day
        day += timedelta(days=1)
    return breach
