"""Time is an input. Rules take `at`; only the edges ask a Clock. Zone Asia/Shanghai, instants in UTC."""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """Stands still until told; for tests."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


class ShiftedClock:
    """The system's time plus the seconds written in a file, for demonstrations and journeys across days.

    All processes that share the file share the time. A missing file means no shift.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_for = -1
        self._shift = timedelta()

    def now(self) -> datetime:
        try:
            written = os.stat(self._path).st_mtime_ns
        except FileNotFoundError:
            return datetime.now(UTC)
        if written != self._read_for:
            self._shift = timedelta(seconds=float(self._path.read_text() or 0))
            self._read_for = written
        return datetime.now(UTC) + self._shift


def clock_for(shift_file: str) -> Clock:
    return ShiftedClock(Path(shift_file)) if shift_file else SystemClock()


def local_date(at: datetime) -> date:
    """The calendar day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """00:00 Asia/Shanghai of `day` as a UTC instant."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
