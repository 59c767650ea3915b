"""Which feeds there are, which entries belong to them, and which holiday notices should be here."""

import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import quote

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

FeedRevoked = refusal(
    "calendar.feed-revoked", Kind.GONE, "这个日历地址已经停用。", "This calendar address was revoked."
)

_MONTH = re.compile(r"open-month/(20\d\d)")


class FeedKey(msgspec.Struct, frozen=True, order=True):
    """The address of a feed below `/calendar/`, without `.ics`: `district`, `units/区教育局`, `streets/310118104`."""

    path: str

    @property
    def address(self) -> str:
        return f"/calendar/{quote(self.path)}.ics"

    @property
    def is_windowed(self) -> bool:
        """The open month keeps its whole year for ever; all others show −90 to +400 days."""
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
    if entry.theme and "/" not in entry.theme and len(entry.theme.encode()) <= LONGEST_NAME:
        keys.add(FeedKey(f"themes/{entry.theme}"))
    if entry.street_code:
        keys.add(FeedKey(f"streets/{entry.street_code}"))
    if entry.campaign:
        keys.add(FeedKey(f"open-month/{entry.campaign}"))
    return keys


def standing_feeds(units: Mapping[str, str | None]) -> set[FeedKey]:
    """Feeds that exist although they may be empty: one can subscribe before anything happens."""
    keys = {DISTRICT, *_OF_KIND.values()} | {FeedKey(f"themes/{theme}") for theme in THEMES}
    for name, code in units.items():
        keys |= {FeedKey(f"units/{name}"), FeedKey(f"deadlines/{name}")}
        if code:
            keys.add(FeedKey(f"streets/{code}"))
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
            return f"{name}年政府开放月", f"{name}年政府开放月的全部活动"
        case _:
            return "青浦区 · 开门", "全区政府开放活动和公众参与日程"
