"""Working days by the State Council's holiday notices (make-up days count, statutory days off do not)."""

from datetime import date, timedelta

import chinese_calendar


def add_working_days(start: date, days: int) -> date | None:
    """The `days`-th working day after `start`, which is itself not counted (Civil Code Art. 201).

    None when the notice for a year that is needed has not been published yet: then no date can be promised.
    """
    day, counted = start, 0
    while counted < days:
        day += timedelta(days=1)
        try:
            counted += chinese_calendar.is_workday(day)
        except NotImplementedError:
            return None
    return day


def is_working_day(day: date) -> bool | None:
    """None for a year whose notice is missing."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None
