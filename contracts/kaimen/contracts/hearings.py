"""Facts of `hearings`. Every fact about a hearing carries the whole public picture of it, so that a reader needs no
earlier message. People appear as opaque ids or pseudonyms; names never."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.registry import fact

Disposition = Literal["adopted", "partly", "not_adopted", "already_covered", "out_of_scope"]


class HearingSide(msgspec.Struct, frozen=True):
    """利益相关方, with its seats in all groups."""

    name: str
    seats: int


class PublicHearing(msgspec.Struct, frozen=True, kw_only=True):
    """听证会, as the public sees it. `catalogue_item` is the decision that it belongs to."""

    hearing_id: UUID
    version: int
    unit: str
    catalogue_item: UUID | None
    profile: Literal["major_decision", "price"]
    title: str
    matters: str
    standing: Literal["announced", "postponed", "cancelled"]
    starts_at: datetime
    ends_at: datetime
    place: str
    reason: str
    sides: tuple[HearingSide, ...]
    page: str


@fact("hearings.hearing.announced.v1")
class HearingAnnounced(msgspec.Struct, frozen=True):
    """听证公告: time, place, draft and explanation are public, and the rules by which participants are chosen."""

    hearing: PublicHearing


@fact("hearings.hearing.revised.v1")
class HearingRevised(msgspec.Struct, frozen=True):
    """听证会改期、延期或取消; `hearing.reason` says why."""

    hearing: PublicHearing


@fact("hearings.roster.published.v1")
class RosterPublished(msgspec.Struct, frozen=True):
    """听证参加人名单公布: how many of each side."""

    hearing: PublicHearing
    participants: tuple[HearingSide, ...]


@fact("hearings.hearing.held.v1")
class HearingHeld(msgspec.Struct, frozen=True):
    """听证会举行: how many participants were on the list, and how many came."""

    hearing: PublicHearing
    held_on: date
    participants: int
    present: int
    observers: int


@fact("hearings.record.confirmed.v1")
class RecordConfirmed(msgspec.Struct, frozen=True):
    """听证记录经确认: every participant confirmed, objected, refused or was absent; `sha256` is that of the record."""

    hearing: PublicHearing
    record_version: int
    sha256: str
    confirmed: int
    objected: int
    refused: int
    absent: int


class ReportedPoint(msgspec.Struct, frozen=True):
    """One point made at the hearing, and what became of it. `passage`: where the draft was changed for it."""

    no: int
    side: str
    text: str
    disposition: Disposition
    reason: str
    passage: str
    before: str
    after: str


@fact("hearings.report.published.v1")
class HearingReportPublished(msgspec.Struct, frozen=True):
    """听证报告公布: one disposition for each point (713 Art. 18, row 39)."""

    hearing: PublicHearing
    published_on: date
    points: tuple[ReportedPoint, ...]


@fact("hearings.recruitment.opened.v1")
class SeatsOpened(msgspec.Struct, frozen=True):
    """席位报名公布: the rules of one seat group are public; `rules_sha256` is empty where nothing is drawn."""

    recruitment_id: UUID
    hearing_id: UUID
    group: str
    method: str
    seats: int
    opens_at: datetime
    closes_at: datetime
    rules_sha256: str


@fact("hearings.recruitment.settled.v1")
class SeatsSettled(msgspec.Struct, frozen=True):
    """席位产生: by which method, from how many. `commitment` and `seed` are those of the draw, else empty."""

    recruitment_id: UUID
    hearing_id: UUID
    group: str
    method: str
    applicants: int
    selected: int
    draw_number: int
    commitment: str
    seed: str


@fact("hearings.application.changed.v1")
class HearingApplicationChanged(msgspec.Struct, frozen=True):
    """报名变动: an application reached `state`. Whom it concerns is asked from hearings by id, when needed."""

    application_id: UUID
    recruitment_id: UUID
    hearing_id: UUID
    state: str
    confirm_by: datetime | None = None


@fact("hearings.materials.delivered.v1")
class MaterialsDelivered(msgspec.Struct, frozen=True):
    """听证材料送达: every participant has them in time, or agreed in writing to less."""

    hearing: PublicHearing
    delivered_on: date
    participants: int
    waived: int


@fact("hearings.calendar.changed.v1")
class HearingEntriesChanged(msgspec.Struct, frozen=True):
    """听证日历更新: all entries of one hearing, as they are now."""

    source_id: UUID
    entries: tuple[CalendarEntry, ...]
