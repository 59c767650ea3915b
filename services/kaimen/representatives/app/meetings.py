"""Planning meetings, changing them, holding them without the public, cancelling them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.contracts import representatives as contract
from kaimen.kit import units
from kaimen.kit.clock import day_start
from kaimen.kit.texts import clean_reason, clean_text, clean_url
from kaimen.kit.work import Forbidden
from kaimen.representatives.app.desk import Desk
from kaimen.representatives.domain.meetings import (
    AgendaItem,
    Counter,
    Level,
    LiveStream,
    Meeting,
    MeetingKind,
    Standing,
    check_meeting,
    count_year,
    must_be_ahead,
)
from kaimen.representatives.domain.refusals import BadDate
from kaimen.representatives.store.repository import MeetingFilter

Instant = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=200)]
YEARS = range(2000, 2101)
MOVING = ("starts_at", "ends_at", "place", "agenda_fixed")
"""Changes of these make SEQUENCE grow (RFC 5546 2.1.4)."""


class ItemDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """议题 as it is written. One that is not suitable for the public says why."""

    id: UUID | None = None
    title: Words
    catalogue_item: UUID | None = None
    suitable_for_public: bool = True
    unsuitable_reason: Words = ""
    live_stream: LiveStream = LiveStream()


class MeetingDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """决策会议. `level` district: the district government's own, kept by the office."""

    unit: Words = ""
    level: Level = "unit"
    title: Words
    kind: MeetingKind = "office"
    starts_at: Instant
    ends_at: Instant
    place: Words = ""
    agenda_fixed: bool = False
    items: Annotated[tuple[ItemDraft, ...], Meta(max_length=50)]


class MeetingChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only the fields that change; `items` replaces the whole agenda, items are recognised by `id`."""

    title: Words | UnsetType = UNSET
    kind: MeetingKind | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    place: Words | UnsetType = UNSET
    agenda_fixed: bool | UnsetType = UNSET
    items: Annotated[tuple[ItemDraft, ...], Meta(max_length=50)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=500)] = ""


async def plan_meeting(desk: Desk, draft: MeetingDraft) -> Meeting:
    work = desk.work
    unit, _ = await units.acting_for(work, draft.unit)
    if draft.level == "district" and work.actor.role != "office":
        raise Forbidden
    items = tuple(_item(desk, item, number) for number, item in enumerate(draft.items))
    _must_be_in_reach(draft.starts_at, draft.ends_at)
    check_meeting(draft.starts_at, draft.ends_at, items, work.at)
    meeting = Meeting(
        id=work.new_id(),
        version=1,
        unit=unit,
        level=draft.level,
        title=clean_text(draft.title, "title", least=1),
        kind=draft.kind,
        standing="planned",
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        place=clean_text(draft.place, "place"),
        agenda_fixed=draft.agenda_fixed,
        reason="",
        sequence=0,
        created_at=work.at,
        changed_at=work.at,
        attended_at=None,
        items=items,
    )
    await desk.store.add_meeting(meeting)
    await work.record("plan", f"meeting:{meeting.id}", after="planned")
    await desk.announce(meeting, contract.MeetingAnnounced)
    return meeting


async def change_meeting(desk: Desk, meeting: Meeting, change: MeetingChange) -> Meeting:
    """Before the meeting everything; afterwards only what may be added, such as a replay."""
    work = desk.work
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    reason = clean_text(given.pop("reason"), "reason", most=500)
    if "items" in given:
        known = {item.id: item for item in meeting.items}
        given["items"] = tuple(
            _item(desk, item, number, known.get(item.id) if item.id else None)
            for number, item in enumerate(given["items"])
        )
    for name in ("title", "place"):
        if name in given:
            given[name] = clean_text(given[name], name, least=1 if name == "title" else 0)
    changed = replace(meeting, **given)
    if changed == meeting:
        return meeting
    moved = any(getattr(changed, name) != getattr(meeting, name) for name in MOVING)
    if moved:
        must_be_ahead(meeting, work.at)
        _must_be_in_reach(changed.starts_at, changed.ends_at)
        check_meeting(changed.starts_at, changed.ends_at, changed.items, work.at)
    changed = replace(changed, sequence=meeting.sequence + moved, reason=reason, changed_at=work.at)
    saved = await _save(desk, changed)
    await work.record("change", f"meeting:{meeting.id}", reason=reason or None)
    await desk.announce(saved, contract.MeetingRevised)
    return saved


async def hold_without_public(desk: Desk, meeting: Meeting, reason: str) -> Meeting:
    """Secret or unsuitable: the reason is public, and nobody is invited."""
    return await _end(desk, meeting, "no_public", reason)


async def cancel_meeting(desk: Desk, meeting: Meeting, reason: str) -> Meeting:
    return await _end(desk, meeting, "cancelled", reason)


async def _end(desk: Desk, meeting: Meeting, standing: Standing, reason: str) -> Meeting:
    must_be_ahead(meeting, desk.work.at)
    reason = clean_reason(reason)
    await desk.recruiting.cancel(meeting.id)
    ended = replace(meeting, standing=standing, reason=reason, sequence=meeting.sequence + 1, changed_at=desk.work.at)
    saved = await _save(desk, ended)
    await desk.work.record(standing, f"meeting:{meeting.id}", before=meeting.standing, after=standing, reason=reason)
    await desk.announce(saved, contract.MeetingRevised)
    return saved


async def save_attended(desk: Desk, meeting: Meeting) -> Meeting:
    """Attendance is recorded: from now on statements can be taken down."""
    return await _save(desk, replace(meeting, attended_at=desk.work.at, changed_at=desk.work.at))


async def read_counters(desk: Desk, year: int) -> list[Counter]:
    """How every unit, and the district government itself, stands in a year (RP8). Units without any meeting count."""
    every_unit = await units.Units(desk.work.connection).codes()
    wanted = MeetingFilter(_new_year(year), _new_year(year + 1), limit=100_000)
    meetings = await desk.store.meetings(wanted)
    progress = await desk.store.progress([meeting.id for meeting in meetings])
    pairs = [(meeting, progress[meeting.id]) for meeting in meetings]
    district = count_year("区政府", "district", (p for p in pairs if p[0].level == "district"), desk.work.at)
    own = [
        count_year(unit, "unit", (p for p in pairs if p[0].level == "unit" and p[0].unit == unit), desk.work.at)
        for unit in every_unit
    ]
    return [district, *own]


def _new_year(year: int) -> datetime:
    return day_start(date(year, 1, 1))


async def _save(desk: Desk, meeting: Meeting) -> Meeting:
    meeting = replace(meeting, version=meeting.version + 1)
    await desk.store.save_meeting(meeting)
    return meeting


def _item(desk: Desk, draft: ItemDraft, number: int, known: AgendaItem | None = None) -> AgendaItem:
    place = f"items[{number}]"
    why = clean_text(draft.unsuitable_reason, f"{place}.unsuitable_reason")
    live = draft.live_stream
    return AgendaItem(
        id=known.id if known else desk.work.new_id(),
        title=clean_text(draft.title, f"{place}.title", least=1),
        catalogue_item=draft.catalogue_item,
        suitable_for_public=draft.suitable_for_public,
        unsuitable_reason="" if draft.suitable_for_public else clean_reason(why),
        live_stream=LiveStream(
            live.planned,
            clean_url(live.url, f"{place}.live_stream.url"),
            clean_url(live.replay, f"{place}.live_stream.replay"),
        ),
    )


def _must_be_in_reach(*instants: datetime) -> None:
    if any(at.year not in YEARS for at in instants):
        raise BadDate(field="starts_at")
