"""Which feeds there are, which entries belong to them, and which holiday notices should be here."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal
from urllib.parse import quote
from uuid import UUID

import msgspec

from kaimen.contracts.calendar import CalendarEntry, EntryKind
from kaimen.contracts.opendays import THEMES
from kaimen.kit.refusals import Kind, refusal

NoSuchFeed = refusal("calendar.no-such-feed", Kind.MISSING, "没有这个日历。", "There is no such feed.")
NothingToAmend = refusal(
    "calendar.nothing-to-amend",
    Kind.CONFLICT,
    "{year}年还没有放假通知可供修改；请先载入原通知。",
    "There is no notice for {year} to amend; load the original one first.",
)

NothingToSearch = refusal(
    "calendar.nothing-to-search",
    Kind.INVALID,
    "请输入要查找的汉字、字母或数字。",
    "Give letters, digits or Chinese characters to search for.",
)

FeedRevoked = refusal(
    "calendar.feed-revoked", Kind.GONE, "这个日历地址已经停用。", "This calendar address was revoked."
)

FoundKind = Literal["openday", "meeting", "hearing", "consultation", "decision", "report", "campaign"]
"""Everything public that has a page of its own."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Something public that has a page and no calendar entry. Its time is from `first_on` to `last_on`, both included.
    `is_withdrawn`: it is found no more."""

    document_id: UUID
    kind: FoundKind
    unit: str
    title: str
    text: str
    page: str
    first_on: date
    last_on: date
    is_withdrawn: bool = False


class FeedKey(msgspec.Struct, frozen=True, order=True):
    """The address of a feed below `/calendar/`, without `.ics`: `district`, `units/区教育局`, `streets/310118104`."""

    path: str

    @property
    def address(self) -> str:
        return f"/calendar/{quote(self.path)}.ics"

    @property
    def is_windowed(self) -> bool:
        """The open month keeps its whole year for ever, also by unit and theme; all others show −90 to +400 days."""
        return not self.path.startswith("open-month/")


DISTRICT = FeedKey("district")
MEETINGS = FeedKey("meetings")
HEARINGS = FeedKey("hearings")
CONSULTATIONS = FeedKey("consultations")
ADOPTION = FeedKey("adoption")
_OF_KIND: Mapping[EntryKind, FeedKey] = {
    "meeting": MEETINGS,
    "hearing": HEARINGS,
    "consultation": CONSULTATIONS,
    "adoption": ADOPTION,
}
LONGEST_NAME = 200
"""Bytes of a name that is also a file's, with its endings (255 on every file system)."""


def awaited_years(today: date) -> list[int]:
    """The years whose holiday notice must be here: this one, and from 1 November on (Asia/Shanghai) the next one. The
    State Council announced those of 2022 to 2026 between 25 October and 8 December of the year before."""
    return [today.year, today.year + 1] if today >= date(today.year, 11, 1) else [today.year]


def feeds_of(entry: CalendarEntry) -> set[FeedKey]:
    """The feeds that an entry belongs to. A unit's duties are in a feed of their own: to the public's calendars they
    would be noise."""
    if entry.kind == "deadline":
        return {FeedKey(f"deadlines/{entry.unit}")}
    keys = {DISTRICT, FeedKey(f"units/{entry.unit}")}
    if entry.kind in _OF_KIND:
        keys.add(_OF_KIND[entry.kind])
    theme = entry.theme if "/" not in entry.theme and len(entry.theme.encode()) <= LONGEST_NAME else ""
    if theme:
        keys.add(FeedKey(f"themes/{theme}"))
    if entry.street_code:
        keys.add(FeedKey(f"streets/{entry.street_code}"))
    if entry.campaign:
        keys |= month_feeds(entry.campaign, [entry.unit], [theme] if theme else [])
    return keys


def month_feeds(year: int, units: Iterable[str], themes: Iterable[str]) -> set[FeedKey]:
    """The feed of an open month, and its parts by unit and theme (OM5)."""
    month = f"open-month/{year}"
    parts = [*(f"units/{unit}" for unit in units), *(f"themes/{theme}" for theme in themes)]
    return {FeedKey(month), *(FeedKey(f"{month}/{part}") for part in parts)}


def standing_feeds(units: Mapping[str, str | None], months: Iterable[int]) -> set[FeedKey]:
    """Feeds that exist although they may be empty: one can subscribe before anything happens. `months`: the years of
    open months."""
    keys = {DISTRICT, *_OF_KIND.values()} | {FeedKey(f"themes/{theme}") for theme in THEMES}
    for name, code in units.items():
        keys |= {FeedKey(f"units/{name}"), FeedKey(f"deadlines/{name}")}
        if code:
            keys.add(FeedKey(f"streets/{code}"))
    for year in months:
        keys |= month_feeds(year, units, THEMES)
    return keys


def title_of(key: FeedKey, street_names: Mapping[str, str]) -> tuple[str, str]:
    """Name and description of a feed."""
    kind, _, name = key.path.partition("/")
    match kind:
        case "units":
            return f"{name} · 开门", f"{name}的政府开放活动和公众参与日程"
        case "themes":
            return f"{name} · 政府开放活动", f"主题领域“{name}”的政府开放活动"
        case "streets":
            street = street_names.get(name, name)
            return f"{street} · 开门", f"{street}的政府开放活动和公众参与日程"
        case "meetings":
            return "决策会议 · 公众代表列席", "邀请公众代表列席的决策会议、报名时间和直播"
        case "hearings":
            return "听证会", "听证公告、报名截止、听证会和听证报告"
        case "consultations":
            return "征求意见", "重大行政决策草案公开征求意见的起止日期"
        case "adoption":
            return "意见采纳情况", "意见收集和采纳情况的公开期限、公开结果和逾期情况"
        case "deadlines":
            return f"{name} · 期限", f"{name}的公开期限：目录、征求意见、意见采纳情况"
        case "open-month":
            year, _, part = name.partition("/")
            whose = part.partition("/")[2]
            if not whose:
                return f"{year}年政府开放月", f"{year}年政府开放月的全部活动"
            owner = f"{whose}的" if part.startswith("units/") else f"主题领域“{whose}”的"
            return f"{whose} · {year}年政府开放月", f"{year}年政府开放月中{owner}活动"
        case _:
            return "青浦区 · 开门", "全区政府开放活动和公众参与日程"
