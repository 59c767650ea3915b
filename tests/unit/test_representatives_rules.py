"""Meetings and counters of representatives, without a server."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from kaimen.representatives.domain.meetings import AgendaItem, Meeting, Progress, count_year, phase

AT = datetime(2026, 8, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MEETING = Meeting(
    id=UUID(int=1), version=1, unit="区教育局", level="unit", title="办公会", kind="office", standing="planned",
    starts_at=AT + 20 * DAY, ends_at=AT + 20 * DAY + 2 * HOUR, place="", agenda_fixed=False, reason="", sequence=0,
    created_at=AT, changed_at=AT, attended_at=None, items=(AgendaItem(id=UUID(int=2), title="议题"),),
)  # fmt: skip
HELD = replace(MEETING, attended_at=AT + 20 * DAY)


@pytest.mark.parametrize(
    ("meeting", "progress", "expected"),
    [
        (MEETING, Progress(), "planned"),
        (MEETING, Progress(("open",)), "recruiting"),
        (MEETING, Progress(("closed",)), "selecting"),
        (MEETING, Progress(("settled",), invited=3), "list_published"),
        (MEETING, Progress(("settled",), invited=3, confirmed=1), "notified"),
        (HELD, Progress(("settled",), invited=3), "attended"),
        (HELD, Progress(("settled",), invited=3, present=1), "counted"),
        (HELD, Progress(("settled",), invited=3, present=1, statements=2, replies=1), "statements_recorded"),
        (HELD, Progress(("settled",), invited=3, present=1, statements=2, replies=2), "counted"),
        (replace(MEETING, standing="cancelled"), Progress(("open",)), "cancelled"),
        (replace(MEETING, standing="no_public"), Progress(), "no_public"),
    ],
)
def test_phase_follows_from_what_has_happened(meeting: Meeting, progress: Progress, expected: str) -> None:
    assert phase(meeting, progress) == expected


def test_counter_forecasts_what_is_under_way() -> None:
    """Invited is not attended, attended is not answered: only the last counts (row 40)."""
    closed = replace(MEETING, items=(AgendaItem(id=UUID(int=2), title="议题", suitable_for_public=False),))
    meetings = [
        (HELD, Progress(("settled",), invited=3, present=2)),
        (HELD, Progress(("settled",), invited=3, present=2, statements=1)),
        (HELD, Progress(("settled",), invited=3)),
        (MEETING, Progress(("settled",), invited=3)),
        (closed, Progress()),
        (replace(MEETING, standing="cancelled"), Progress()),
    ]
    counter = count_year("区教育局", "unit", meetings, AT)
    assert (counter.counted, counter.open, counter.coming, counter.invited, counter.forecast) == (1, 1, 1, 4, 3)
