"""The clocks of issued documents: started by the document, met by the report, told of in time, moved by new notices."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.adoption.app.calendar import entries_of_clock
from kaimen.adoption.app.desk import Desk
from kaimen.adoption.domain import clocks as domain
from kaimen.adoption.domain.clocks import WORKING_DAYS, Clock, ClockKind, Resumption, Suspension
from kaimen.adoption.domain.opinions import must_be_publishable
from kaimen.adoption.domain.refusals import LegalBasisNeeded, ResumptionUnexplained, UnknownClock
from kaimen.contracts import adoption as contract
from kaimen.contracts.decisions import DocumentIssued, PublicItem
from kaimen.kit.clock import day_start, local_date
from kaimen.kit.refusals import Refusal
from kaimen.kit.texts import clean_text
from kaimen.kit.workdays.store import workdays


class SuspensionDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """中止时限: from the first to the last day, by which law, decided by whom."""

    from_on: date
    to_on: date
    legal_basis: Annotated[str, Meta(max_length=500)]
    decided_by: Annotated[str, Meta(max_length=200)]


class ResumptionDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """恢复计时: which suspension, by its first day; from which day on the days count again, why, decided by whom."""

    from_on: date
    resumed_on: date
    reason: Annotated[str, Meta(max_length=500)]
    decided_by: Annotated[str, Meta(max_length=200)]


async def start(desk: Desk, issued: DocumentIssued, said_on: date) -> None:
    """文件出台. Clocks run where the public was asked; a corrected date moves those that still ran on the day when it
    was said."""
    await desk.store.save_document(issued)
    known = await desk.store.clocks_of(issued.item.item_id)
    for clock in known:
        await _correct(desk, clock, issued, said_on)
    if not known:
        await _start_owed(desk, issued)


async def start_late(desk: Desk, item: UUID) -> None:
    """Somebody says only after the document that the public was asked: its clocks run from its day all the same."""
    issued = await desk.store.document(item)
    if issued is not None and not await desk.store.clocks_of(item):
        await _start_owed(desk, issued)


async def _start_owed(desk: Desk, issued: DocumentIssued) -> None:
    if not await _is_owed(desk, issued.item):
        return
    reported_on = await _reported_on(desk, issued.item.item_id)
    for kind in WORKING_DAYS:
        await _begin(desk, kind, issued, reported_on)


async def _reported_on(desk: Desk, item: UUID) -> date | None:
    """The day of the first report on the decision, if it is about all that the public was asked. Locks the report:
    whoever publishes it now finds the clocks."""
    consultations = await desk.store.consultations_of(item)
    report = await desk.store.report_of_item(item, lock=True)
    if report is None or any(each.digested_at is None for each in consultations):
        return None
    reported_at = await desk.store.reported_at(report.id)
    return None if reported_at is None else local_date(reported_at)


async def _begin(desk: Desk, kind: ClockKind, issued: DocumentIssued, reported_on: date | None) -> None:
    item, at = issued.item, desk.work.at
    clock = Clock(
        id=desk.work.new_id(),
        version=1,
        kind=kind,
        unit=item.unit,
        catalogue_item=item.item_id,
        title=issued.title,
        document_no=issued.document_no,
        url=issued.url,
        started_on=issued.issued_on,
        due_on=None,
        not_before=issued.issued_on,
        original_due_on=None,
        created_at=at,
        changed_at=at,
        issue_version=item.version,
    )
    clock = domain.computed(clock, await workdays(desk.work))
    await desk.store.add_clock(clock)
    _tell(desk, contract.DeadlineStarted(picture(clock, desk.today)), clock)
    if reported_on is not None:
        await _meet(desk, clock, reported_on)
    else:
        await look_at(desk, clock)


async def meet(desk: Desk, item: UUID) -> None:
    """The report is public: its clocks stop today."""
    for clock in await desk.store.clocks_of(item):
        if clock.met_on is None and clock.dropped_on is None:
            await _meet(desk, clock, desk.today)


async def _meet(desk: Desk, clock: Clock, on: date) -> None:
    if domain.is_late(clock, on):
        clock = await _breach(desk, clock)
    calendar = await workdays(desk.work)
    late_days = None if clock.due_on is None else max(0, calendar.count(clock.due_on, on) or 0)
    met = await _save(desk, replace(clock, met_on=on, sequence=clock.sequence + 1))
    await desk.work.drop_timer("look-at-clock", str(met.id))
    _tell(desk, contract.DeadlineMet(picture(met, desk.today), late_days), met)


async def look(desk: Desk, id: UUID) -> None:
    """The timer's part."""
    clock = await desk.store.clock(id)
    if clock is not None:
        await look_at(desk, clock)


async def look_at(desk: Desk, clock: Clock) -> None:
    """Warn, or record the breach, whatever is owed today; then wait for the next day on which something is."""
    calendar = await workdays(desk.work)
    owed = domain.warning_due(clock, desk.today, calendar)
    if owed:
        clock = await _save(desk, replace(clock, warned=(*clock.warned, *owed)))
        left = domain.days_left(clock, desk.today, calendar)
        _tell(desk, contract.DeadlineWarned(picture(clock, desk.today), left), clock)
    if clock.is_open and domain.is_late(clock, desk.today):
        clock = await _breach(desk, clock)
    coming = domain.next_look(clock, desk.today, calendar)
    if coming is not None:
        await desk.work.set_timer("look-at-clock", str(clock.id), day_start(coming))


async def _noted(desk: Desk, clock: Clock, on: date) -> Clock:
    """With its breach, if it was late on that day and nobody has looked since: what comes later cannot undo it."""
    return await _breach(desk, clock) if clock.is_open and domain.is_late(clock, on) else clock


async def _breach(desk: Desk, clock: Clock) -> Clock:
    """It is late from the first day after the last one, whenever somebody notices."""
    if clock.breached_on is not None:
        return clock
    assert clock.due_on is not None
    breached = replace(clock, breached_on=domain.first_late_day(clock.due_on), sequence=clock.sequence + 1)
    breached = await _save(desk, breached)
    await desk.record("breach", f"clock:{clock.id}", clock.title)
    _tell(desk, contract.DeadlineBreached(picture(breached, desk.today)), breached)
    return breached


async def locked_clock(desk: Desk, id: UUID) -> Clock:
    """Raises UnknownClock."""
    clock = await desk.store.clock(id)
    if clock is None:
        raise UnknownClock
    return clock


async def suspend(desk: Desk, clock: Clock, draft: SuspensionDraft) -> Clock:
    """Raises MarkupInText, BadText, LegalBasisNeeded, PersonalDataInText, and what `domain.suspended` raises."""
    suspension = Suspension(
        from_on=draft.from_on,
        to_on=draft.to_on,
        legal_basis=clean_text(draft.legal_basis, "legal_basis", most=500),
        decided_by=clean_text(draft.decided_by, "decided_by"),
        at=desk.work.at,
    )
    _must_be_said(LegalBasisNeeded, legal_basis=suspension.legal_basis, decided_by=suspension.decided_by)
    moved = domain.suspended(clock, suspension, desk.today, await workdays(desk.work))
    await desk.record("suspend", f"clock:{clock.id}", suspension.legal_basis)
    return await _move(desk, clock, moved, f"中止：{suspension.legal_basis}")


async def resume(desk: Desk, clock: Clock, draft: ResumptionDraft) -> Clock:
    """Raises MarkupInText, BadText, ResumptionUnexplained, PersonalDataInText, and what `domain.resumed` raises."""
    resumption = Resumption(
        on=draft.resumed_on,
        reason=clean_text(draft.reason, "reason", most=500),
        decided_by=clean_text(draft.decided_by, "decided_by"),
        at=desk.work.at,
    )
    _must_be_said(ResumptionUnexplained, reason=resumption.reason, decided_by=resumption.decided_by)
    moved = domain.resumed(clock, draft.from_on, resumption, desk.today, await workdays(desk.work))
    await desk.record("resume", f"clock:{clock.id}", resumption.reason)
    return await _move(desk, clock, moved, f"恢复计时：{resumption.reason}")


def _must_be_said(missing: type[Refusal], **texts: str) -> None:
    """Raises `missing` at the first that is empty, or PersonalDataInText: the public reads them all."""
    for field, text in texts.items():
        if not text:
            raise missing(field=field)
    must_be_publishable(texts.items())


async def recompute(desk: Desk, year: int) -> None:
    """A holiday notice was loaded: every clock that still runs is computed anew, once; closed ones never."""
    calendar = await workdays(desk.work)
    for clock in await desk.store.unsettled_clocks():
        moved = domain.computed(clock, calendar)
        if moved == clock:
            continue
        await _move(desk, clock, moved, f"{year} 年放假安排")


async def drop(desk: Desk, item: PublicItem, said_on: date) -> None:
    """The decision was given up on this day: its clocks stop without end."""
    for each in await desk.store.clocks_of(item.item_id):
        clock = await _noted(desk, each, said_on)
        if clock.is_open:
            dropped = await _save(desk, replace(clock, dropped_on=said_on, sequence=clock.sequence + 1))
            await desk.work.drop_timer("look-at-clock", str(clock.id))
            _tell(desk, contract.DeadlineRecomputed(picture(dropped, desk.today), clock.due_on, item.reason), dropped)


async def _correct(desk: Desk, clock: Clock, issued: DocumentIssued, said_on: date) -> None:
    if clock.issue_version >= issued.item.version:
        return
    clock = await _noted(desk, clock, said_on)
    told = replace(
        clock,
        title=issued.title,
        document_no=issued.document_no,
        url=issued.url,
        issue_version=issued.item.version,
    )
    if clock.is_open:
        told = domain.computed(replace(told, started_on=issued.issued_on), await workdays(desk.work))
    if told.due_on != clock.due_on or told.not_before != clock.not_before:
        await _move(desk, clock, told, "更正出台日期")
    else:
        _tell_entries(desk, await _save(desk, told))


async def _move(desk: Desk, before: Clock, after: Clock, reason: str) -> Clock:
    told = domain.still_told(before, after)
    moved = await _save(desk, replace(after, warned=told, sequence=before.sequence + 1))
    _tell(desk, contract.DeadlineRecomputed(picture(moved, desk.today), before.due_on, reason), moved)
    if moved.met_on is not None and domain.is_late(moved, moved.met_on):
        return await _breach(desk, moved)
    await look_at(desk, moved)
    return moved


async def _is_owed(desk: Desk, item: PublicItem) -> bool:
    """A report is owed where the public was asked, in whichever way."""
    asked = item.participation or await desk.store.consultations_of(item.item_id)
    asked = asked or await desk.store.report_of_item(item.item_id)
    return bool(asked or await desk.store.heard(item.item_id))


async def _save(desk: Desk, clock: Clock) -> Clock:
    saved = replace(clock, version=clock.version + 1, changed_at=desk.work.at)
    await desk.store.save_clock(saved)
    return saved


def _tell(desk: Desk, fact: msgspec.Struct, clock: Clock) -> None:
    desk.work.emit(fact, aggregate_id=clock.id, version=clock.version)
    _tell_entries(desk, clock)


def _tell_entries(desk: Desk, clock: Clock) -> None:
    entries = entries_of_clock(clock, desk.today)
    desk.work.emit(contract.AdoptionEntriesChanged(clock.id, entries), aggregate_id=clock.id, version=clock.version)


def picture(clock: Clock, today: date) -> contract.PublicClock:
    """The clock as the public sees it."""
    return contract.PublicClock(
        clock_id=clock.id,
        kind=clock.kind,
        unit=clock.unit,
        catalogue_item=clock.catalogue_item,
        title=clock.title,
        started_on=clock.started_on,
        working_days=clock.working_days,
        due_on=clock.due_on,
        not_before=clock.not_before,
        original_due_on=clock.original_due_on,
        state=domain.state_of(clock, today),
        met_on=clock.met_on,
        breached_on=clock.breached_on,
        page=f"/decisions/{clock.catalogue_item}",
    )
