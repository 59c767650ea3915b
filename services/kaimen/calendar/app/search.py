"""One search over everything public that has a page: what calendars show, and documents that have no day of their
own."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID

import msgspec

from kaimen.calendar.domain import Document, FoundKind, NothingToSearch
from kaimen.calendar.store.repository import Repository, Search, SearchPlace
from kaimen.contracts.adoption import ReportPublished, Tally
from kaimen.contracts.decisions import DocumentIssued, ItemChanged, PublicItem
from kaimen.contracts.openmonth import CampaignOpened, CampaignRevised, PublicCampaign
from kaimen.kit.search import Part, mark, search_terms, search_words, snippet
from kaimen.kit.work import Work

DocumentSaid = ItemChanged | DocumentIssued | ReportPublished | CampaignOpened | CampaignRevised


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One page that was found. Half-open [starts_at, ends_at): when it takes or took place; of a decision its year.

    `marked_title` and `snippet` are `title` and a part of what else is said, in pieces: those that match are marked."""

    id: UUID
    kind: FoundKind
    title: str
    marked_title: tuple[Part, ...]
    unit: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    status: Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
    snippet: tuple[Part, ...]
    page: str


async def find(
    work: Work, text: str, kind: FoundKind | None, unit: str | None, after: SearchPlace | None, limit: int
) -> tuple[list[Result], SearchPlace | None]:
    """Matches in the title first, then the nearest in time; and where the list goes on. Raises NothingToSearch."""
    terms, words = search_terms(text), search_words(text)
    if not terms:
        raise NothingToSearch(field="q")
    # All parts of one list are measured from the same instant: otherwise a page would repeat or skip something.
    at = after.at if after else work.at
    wanted = Search(terms=terms, words=words, kind=kind, unit=unit, at=at, after=after, limit=limit + 1)
    found = await Repository(work.connection).search(wanted)
    shown = found[:limit]
    results = [
        Result(
            id=each.id,
            kind=each.kind,
            title=each.title,
            marked_title=mark(each.title, words),
            unit=each.unit,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            all_day=each.all_day,
            status=each.status,
            snippet=snippet(each.body, words),
            page=each.page,
        )
        for each in shown
    ]
    if len(found) <= limit:
        return results, None
    last = shown[-1]
    return results, SearchPlace(at, last.is_body, last.away, last.id)


async def take_document(work: Work, said: DocumentSaid, version: int) -> Document:
    """Keep what a service said of something that has a page. An older version changes nothing."""
    document = _document_of(said)
    await Repository(work.connection).save_document(document, version)
    return document


def _document_of(said: DocumentSaid) -> Document:
    match said:
        case ItemChanged(item) | DocumentIssued(item=item):
            return _of_item(item)
        case ReportPublished():
            return _of_report(said)
        case CampaignOpened(campaign) | CampaignRevised(campaign):
            return _of_campaign(campaign)
        case _:
            assert_never(said)


def _of_item(item: PublicItem) -> Document:
    lines = [f"{item.year}年重大行政决策事项"]
    lines += [f"联合承办：{'、'.join(item.co_sponsors)}"] if item.co_sponsors else []
    lines += [f"计划时间：{item.planned_period}"] if item.planned_period else []
    lines += [f"说明：{item.reason}"] if item.reason else []
    return Document(
        document_id=item.item_id,
        kind="decision",
        unit=item.unit,
        title=item.title,
        text="\n".join(lines),
        page=item.page,
        first_on=date(item.year, 1, 1),
        last_on=date(item.year, 12, 31),
        is_withdrawn=item.state == "removed",
    )


def _of_report(said: ReportPublished) -> Document:
    lines = [_numbers(said.tally)]
    lines += ["决策事项不再推进"] if said.dropped else []
    lines += [f"更正说明：{said.reason}"] if said.reason else []
    return Document(
        document_id=said.report_id,
        kind="report",
        unit=said.unit,
        title=said.title,
        text="\n".join(lines),
        page=said.page,
        first_on=said.published_on,
        last_on=said.published_on,
    )


def _numbers(tally: Tally) -> str:
    return (
        f"收到意见 {tally.received} 条：采纳 {tally.adopted}，部分采纳 {tally.partly}，不采纳 {tally.not_adopted}，"
        f"已有规定 {tally.already_covered}，不属于本次范围 {tally.out_of_scope}"
    )


def _of_campaign(campaign: PublicCampaign) -> Document:
    return Document(
        document_id=campaign.campaign_id,
        kind="campaign",
        unit="",
        title=campaign.name,
        text=campaign.theme,
        page=f"/open-month/{campaign.year}",
        first_on=campaign.opens_on,
        last_on=campaign.closes_on,
    )


def read_place(cursor: str | None) -> SearchPlace | None:
    """Raises ValueError for what `write_place` did not write."""
    if cursor is None:
        return None
    at, is_body, away, id = cursor.split("~")
    instant = datetime.fromisoformat(at)
    if instant.tzinfo is None or is_body not in ("0", "1"):
        raise ValueError(cursor)
    return SearchPlace(instant.astimezone(UTC), is_body == "1", timedelta(microseconds=int(away)), UUID(id))


def write_place(place: SearchPlace) -> str:
    away = place.away // timedelta(microseconds=1)
    return f"{place.at.isoformat()}~{int(place.is_body)}~{away}~{place.id}"
