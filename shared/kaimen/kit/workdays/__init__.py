"""工作日: working days by the State Council's holiday notices. The calendar service says which notices there are; each
service that must know keeps what it heard in a table of its own (`kaimen.kit.workdays.store`).

What stands here is pure: dates in, dates out.
"""

from kaimen.kit.workdays.calendar import (
    BASE_SOURCE,
    BASE_YEARS,
    MOST_DAYS,
    BadWorkingDays,
    BeyondCalendar,
    Deadline,
    Notice,
    NoticeDay,
    Workdays,
)
from kaimen.kit.workdays.notices import first_day_of, read_notice

__all__ = [
    "BASE_SOURCE",
    "BASE_YEARS",
    "MOST_DAYS",
    "BadWorkingDays",
    "BeyondCalendar",
    "Deadline",
    "Notice",
    "NoticeDay",
    "Workdays",
    "first_day_of",
    "read_notice",
]
