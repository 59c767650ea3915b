"""Import of open-month entries (XLSX, CSV or ICS): every row is read, then all of them are kept, or none."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec

from kaimen.kit.clock import SHANGHAI, day_start, local_date
from kaimen.kit.ical import BrokenCalendar, read_events
from kaimen.kit.refusals import FieldError, Refusal
from kaimen.kit.tables import TableRefusal, read_table
from kaimen.kit.units import Units
from kaimen.opendays.app.desk import Desk
from kaimen.opendays.app.events import EventDraft, SessionDraft, create_event
from kaimen.opendays.domain.entries import (
    ImportReading,
    Proposal,
    ProposedSession,
    read_entries,
    read_ics_entries,
)
from kaimen.opendays.domain.events import RegistrationTerms
from kaimen.opendays.domain.refusals import BadImport

DEFAULT_VISIT = timedelta(hours=2)


class CellProblem(msgspec.Struct, frozen=True):
    """What is wrong, or worth a look, in one cell. `row` is the number that the spreadsheet shows."""

    row: int
    column: str
    reason: str
    detail: str
    detail_en: str


class ImportRow(msgspec.Struct, frozen=True):
    """One row as it was understood; `event_id` once it is kept."""

    row: int
    draft: EventDraft
    event_id: UUID | None = None


class ImportOutcome(msgspec.Struct, frozen=True):
    """What an import would do (`dry_run`) or did."""

    dry_run: bool
    rows: list[ImportRow]
    errors: list[CellProblem]
    warnings: list[CellProblem]


async def import_events(
    desk: Desk, data: bytes, filename: str, *, unit: str = "", campaign: int | None = None, dry_run: bool
) -> ImportOutcome:
    """Read the file and, unless `dry_run`, keep every row as a draft of the unit.

    Raises BadImport, naming each cell, when a file cannot be read or, on a real run, when any row has an error;
    then nothing is kept.
    """
    unit = unit or desk.work.actor.unit or ""
    desk.work.actor.must_act_for(unit)
    reading = _read(data, filename, unit, local_date(desk.work.at).year)
    names = await Units(desk.work.connection).short_names()
    rows: list[ImportRow] = []
    errors = [_cell(error) for error in reading.errors]
    for proposal in reading.entries:
        draft = _draft(proposal, unit, names, campaign, desk)
        try:
            async with desk.work.connection.transaction():
                event = await create_event(desk, draft, may_be_past=True, source=f"import row {proposal.row}")
                rows.append(ImportRow(proposal.row, draft, event.id))
                if dry_run:
                    raise _Undo
        except _Undo:
            rows[-1] = ImportRow(proposal.row, draft)
        except Refusal as no:
            errors.append(CellProblem(proposal.row, no.field or "", no.type, no.detail("zh"), no.detail("en")))
    warnings = [_cell(warning) for warning in reading.warnings]
    warnings += [
        CellProblem(proposal.row, "活动时间", "past", "日期已过，仅存为草稿", "the date is past: kept as a draft only")
        for proposal in reading.entries
        if any(session.on < local_date(desk.work.at) for session in proposal.sessions)
    ]
    if errors and not dry_run:
        raise BadImport(
            zh=f"共 {len(errors)} 处有误，未导入任何一行",
            en=f"{len(errors)} cells are wrong; no row was kept",
            errors=[FieldError(f"row {e.row} {e.column}", e.detail, e.detail_en) for e in errors],
        )
    return ImportOutcome(dry_run, rows, errors, sorted(warnings, key=lambda warning: warning.row))


class _Undo(Exception):
    """Rolls a dry run's row back."""


def _read(data: bytes, filename: str, unit: str, year: int) -> ImportReading:
    try:
        if data.lstrip(b"\xef\xbb\xbf \r\n").upper().startswith(b"BEGIN:VCALENDAR"):
            return read_ics_entries(read_events(data), unit=unit)
        table = read_table(data, filename)
    except TableRefusal as no:
        place = f"row {no.row} {no.column or ''}".strip() if no.row else "file"
        raise BadImport(zh=no.zh, en=no.en, errors=[FieldError(place, no.zh, no.en)]) from None
    except BrokenCalendar as no:
        raise BadImport(zh=no.zh, en=no.en, errors=[FieldError(no.component, no.zh, no.en)]) from None
    return read_entries(table.columns, table.rows, default_year=year, default_unit=unit, header_row=table.header_row)


def _cell(error: Any) -> CellProblem:
    return CellProblem(error.row, error.column, error.reason, error.zh, error.en)


def _draft(proposal: Proposal, unit: str, names: dict[str, str], campaign: int | None, desk: Desk) -> EventDraft:
    """A row's event for the unit that it names, if the actor may act for it, else for `unit` with the organiser as
    written."""
    named = names.get(proposal.unit_text) or names.get(proposal.unit_text.removesuffix("人民政府"))
    owner = named if named and desk.work.actor.sees_drafts_of(named) else unit
    place = proposal.place or ""
    return EventDraft(
        title=proposal.title,
        theme=proposal.theme_text,
        unit=owner,
        organiser=proposal.unit_text if proposal.unit_text != owner else "",
        summary="、".join(proposal.formats),
        place=place,
        interactive_steps=proposal.interactive_steps,
        capacity_text=proposal.capacity_text,
        registration=RegistrationTerms(
            mode=proposal.registration.mode, note=proposal.registration.note, contact=proposal.contact
        ),
        online=proposal.online,
        tentative=proposal.tentative or proposal.place_tentative,
        campaign=campaign,
        sessions=tuple(_session(session, proposal) for session in proposal.sessions),
    )


def _session(session: ProposedSession, proposal: Proposal) -> SessionDraft:
    terms = proposal.registration
    starts = ends = None
    if session.starts is not None:
        starts = _instant(session, session.starts)
        ends = _instant(session, session.ends) if session.ends else starts + DEFAULT_VISIT
    first = starts or day_start(session.on)
    shared = proposal.capacity_per == "session" or len(proposal.sessions) == 1
    return SessionDraft(
        starts_at=starts,
        ends_at=ends,
        date=None if starts else session.on,
        time_text=session.time_text or "",
        capacity=proposal.capacity_max if shared else None,
        capacity_min=proposal.capacity_min if shared and proposal.capacity_max else None,
        seat_unit=proposal.seat_unit,
        registration_opens_at=terms.opens_at if terms.opens_at and terms.opens_at < first else None,
        registration_closes_at=terms.closes_at if terms.closes_at and terms.closes_at <= first else None,
    )


def _instant(session: ProposedSession, at: time) -> datetime:
    return datetime.combine(session.on, at, SHANGHAI).astimezone(UTC)
