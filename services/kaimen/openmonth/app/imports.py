"""Import of entries: opendays reads and keeps them; here they are held against the campaign and its board."""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import httpx
import msgspec

from kaimen.kit.clock import day_start
from kaimen.kit.refusals import FieldError
from kaimen.kit.units import Units
from kaimen.openmonth.app.desk import Desk, OpenMonthSettings
from kaimen.openmonth.domain.campaigns import must_be_state
from kaimen.openmonth.domain.clashes import clashes
from kaimen.openmonth.domain.occasions import Occasion, Slot, occasions, theme_of
from kaimen.openmonth.domain.refusals import OpenDaysAway, OtherYear


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file on its way to opendays, for whom, and by whom."""

    content: bytes
    filename: str
    year: int
    unit: str
    headers: dict[str, str]


class Answer(msgspec.Struct, frozen=True):
    """What opendays said, unchanged."""

    status: int
    media_type: str
    body: bytes

    @property
    def is_good(self) -> bool:
        return self.status in (200, 201)


class _DraftSession(msgspec.Struct, frozen=True):
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    date: dt.date | None = None


class _Draft(msgspec.Struct, frozen=True):
    title: str
    unit: str
    theme: str = ""
    place: str = ""
    staff: tuple[str, ...] = ()
    online: bool = False
    tentative: bool = False
    sessions: tuple[_DraftSession, ...] = ()


class _Row(msgspec.Struct, frozen=True):
    row: int
    draft: _Draft


class _Outcome(msgspec.Struct, frozen=True):
    rows: tuple[_Row, ...]


async def ask(upload: Upload, settings: OpenMonthSettings, *, dry_run: bool) -> Answer:
    """Outside of any transaction. Raises OpenDaysAway; then it is unknown whether a real import happened."""
    query = {"campaign": str(upload.year), "dry_run": str(dry_run).lower(), "unit": upload.unit}
    try:
        async with httpx.AsyncClient(timeout=settings.opendays_seconds, trust_env=False) as client:
            answer = await client.post(
                f"{settings.opendays_url}/api/opendays/v1/imports",
                params=query,
                files={"file": (upload.filename, upload.content)},
                headers=upload.headers,
            )
    except httpx.HTTPError:
        raise OpenDaysAway from None
    return Answer(answer.status_code, answer.headers.get("content-type", "application/problem+json"), answer.content)


async def must_take_imports(desk: Desk, year: int) -> None:
    """Raises UnknownCampaign, WrongCampaignState."""
    must_be_state(await desk.campaign(year), "planned", "published")


def must_be_of_year(answer: Answer, year: int) -> None:
    """Raises OtherYear, naming each row."""
    wrong = [row for row in _rows(answer) if any(slot.day.year != year for slot in _slots(row.draft))]
    if wrong:
        errors = [
            FieldError(f"row {row.row}", f"“{row.draft.title}”不在 {year} 年", f"{row.draft.title} is not in {year}")
            for row in wrong
        ]
        raise OtherYear(year=year, errors=errors)


async def with_clashes(desk: Desk, answer: Answer, year: int) -> dict[str, Any]:
    """What opendays said, and under `clashes` what the rows are in the way of, among themselves and on the board."""
    said = json.loads(answer.body)
    kept = {row["event_id"] for row in said["rows"] if row.get("event_id")}
    codes = await Units(desk.work.connection).codes()
    there = [each for each in occasions(await desk.store.events(year)) if str(each.ref) not in kept]
    found = clashes([*there, *_occasions(_rows(answer), codes)])
    return {**said, "clashes": msgspec.to_builtins([warning for warning in found if warning.names_a_row])}


def _rows(answer: Answer) -> tuple[_Row, ...]:
    return msgspec.json.decode(answer.body, type=_Outcome).rows


def _occasions(rows: Iterable[_Row], codes: dict[str, str | None]) -> list[Occasion]:
    return [
        Occasion(
            ref=row.row,
            title=row.draft.title,
            unit=row.draft.unit,
            theme=theme_of(row.draft.theme),
            place=row.draft.place,
            street_code=codes.get(row.draft.unit),
            staff=row.draft.staff,
            online=row.draft.online,
            tentative=row.draft.tentative,
            slots=_slots(row.draft),
        )
        for row in rows
    ]


def _slots(draft: _Draft) -> tuple[Slot, ...]:
    return tuple(slot for session in draft.sessions if (slot := _slot(session)) is not None)


def _slot(session: _DraftSession) -> Slot | None:
    if session.starts_at is not None and session.ends_at is not None:
        return Slot(session.starts_at, session.ends_at)
    if session.date is None:
        return None
    return Slot(day_start(session.date), day_start(session.date + dt.timedelta(days=1)), all_day=True)
