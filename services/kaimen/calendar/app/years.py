"""放假通知: which years' notices are known, loading another one, and noticing that one is missing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec
import prometheus_client
from msgspec.structs import asdict, replace

from kaimen.calendar.domain import NothingToAmend, awaited_years
from kaimen.contracts.calendar import YearLoaded
from kaimen.kit.clock import local_date
from kaimen.kit.logs import log
from kaimen.kit.work import Work
from kaimen.kit.workdays import BASE_SOURCE, BASE_YEARS, Notice
from kaimen.kit.workdays.store import KeptNotice, Notices

MISSING = prometheus_client.Gauge(
    "kaimen_holiday_year_missing", "1 while the holiday notice of a year that is needed now has not been loaded"
)
_YEARS = UUID("a2e73cd8-3844-5d97-a40a-64e414635c1a")
"""Under this name the years have their ids, the same in every house."""


class KnownYear(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one year's notice. A year from the base has version 0; `sha256` and `loaded_at` are null for it.

    `missing`: nothing is known, and no working day of that year can be promised."""

    year: int
    version: int
    status: Literal["official", "missing"]
    source: str
    papers: tuple[str, ...]
    sha256: str | None
    loaded_at: datetime | None


class KnownYears(msgspec.Struct, frozen=True):
    """All known years and those that are awaited. `alert`: the notice of `missing_year` should be here by now."""

    items: list[KnownYear]
    alert: bool
    missing_year: int | None


async def load_year(work: Work, given: Notice, *, amendment: bool = False) -> tuple[Notice, bool]:
    """Keep a notice as it was read, and tell everybody; returns it with its version, and whether it is new.

    The bytes of the year's latest version change nothing. Other bytes are the next version. Raises NothingToAmend for
    an amendment of a year of which nothing is known."""
    notices = Notices(work.connection)
    await notices.lock()
    known = {kept.notice.year: kept.notice for kept in await notices.latest()}.get(given.year)
    if known is not None and known.sha256 == given.sha256:
        return known, False
    if amendment and known is None and given.year not in BASE_YEARS:
        raise NothingToAmend(year=given.year)
    before = known.version if known else 0
    notice = replace(given, version=before + 1)
    await notices.save(notice, work.at)
    work.emit(YearLoaded(**asdict(notice)), aggregate_id=uuid5(_YEARS, str(notice.year)), version=notice.version)
    change = {"before": f"version {before}", "after": f"version {notice.version}"}
    await work.record("load-year", f"year:{notice.year}", **change)
    return notice, True


async def known_years(work: Work) -> KnownYears:
    kept = await Notices(work.connection).latest()
    today = local_date(work.at)
    known = {year: _of_base(year) for year in BASE_YEARS} | {each.notice.year: _loaded(each) for each in kept}
    late = _late(known, work.at)
    awaited = {year: _missing(year) for year in (today.year, today.year + 1) if year not in known}
    return KnownYears(
        items=sorted([*known.values(), *awaited.values()], key=lambda item: item.year),
        alert=late is not None,
        missing_year=late,
    )


async def watch_years(work: Work, *, warn: bool) -> None:
    """Say in the metrics, and in the log when asked to, whether a notice is missing that should be here by now."""
    late = _late([*BASE_YEARS, *(each.notice.year for each in await Notices(work.connection).latest())], work.at)
    MISSING.set(late is not None)
    if warn and late is not None:
        log.warning("holiday notice missing", subject=str(late))


def _late(known: Iterable[int], at: datetime) -> int | None:
    known = set(known)
    return next((year for year in awaited_years(local_date(at)) if year not in known), None)


def _of_base(year: int) -> KnownYear:
    return KnownYear(
        year=year, version=0, status="official", source=BASE_SOURCE, papers=(), sha256=None, loaded_at=None
    )


def _loaded(kept: KeptNotice) -> KnownYear:
    notice = kept.notice
    return KnownYear(
        year=notice.year,
        version=notice.version,
        status="official",
        source=notice.source,
        papers=notice.papers,
        sha256=notice.sha256,
        loaded_at=kept.loaded_at,
    )


def _missing(year: int) -> KnownYear:
    return KnownYear(year=year, version=0, status="missing", source="", papers=(), sha256=None, loaded_at=None)
