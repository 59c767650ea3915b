"""What is in each other's way: one venue, one named post at overlapping times; one street and theme on one day.

n log n: whoever begins while another is still there is named with the one that stays longest, so that everybody who is
in somebody's way is named at least once, and n meetings never make n² warnings."""

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.kit.clock import SHANGHAI
from kaimen.openmonth.domain.occasions import Occasion, Slot

Kind = Literal["venue", "staff", "density"]
Visit = tuple[Slot, Occasion]
_UNSURE = re.compile(r"[(（](?:暂定|待定)[)）]|\s+")


class Named(msgspec.Struct, frozen=True):
    """One side of a warning: an event, or a row of the file that is imported."""

    event_id: UUID | None
    row: int | None
    title: str
    unit: str


class Warning(msgspec.Struct, frozen=True, kw_only=True):
    """Why two events disturb each other. `tentative`: one of them may still change, or its time is not known."""

    kind: Kind
    day: date
    tentative: bool
    events: tuple[Named, Named]
    reason: str
    reason_en: str

    @property
    def names_a_row(self) -> bool:
        return any(named.row is not None for named in self.events)


def clashes(occasions: Iterable[Occasion]) -> list[Warning]:
    """All warnings, by day; each pair of events once for each kind and reason."""
    listed = sorted(occasions, key=lambda occasion: str(occasion.ref))
    found: dict[Hashable, Warning] = {}
    for warning in (*_venues(listed), *_posts(listed), *_density(listed)):
        refs = frozenset(named.event_id or named.row for named in warning.events)
        found.setdefault((warning.kind, refs, warning.reason if warning.kind == "staff" else ""), warning)
    return sorted(found.values(), key=lambda each: (each.day, each.kind, each.reason, each.events[0].title))


@lru_cache(maxsize=10_000)
def venue_key(place: str) -> str:
    """The place without what spelling changes: width, blanks, case, "(暂定)"."""
    return _UNSURE.sub("", unicodedata.normalize("NFKC", place)).casefold()


def _venues(listed: list[Occasion]) -> Iterator[Warning]:
    def keys(occasion: Occasion, _: Slot) -> list[str]:
        key = "" if occasion.online else venue_key(occasion.place)
        return [key] if key else []

    for group in _grouped(listed, keys).values():
        for first, second in _overlaps(group):
            place = second[1].place.strip()
            yield _warning("venue", first, second, f"同一场地“{place}”", f"the same venue ({place})")


def _posts(listed: list[Occasion]) -> Iterator[Warning]:
    def keys(occasion: Occasion, _: Slot) -> set[str]:
        return {key for post in occasion.staff if (key := venue_key(post))}

    for key, group in _grouped(listed, keys).items():
        for first, second in _overlaps(group):
            yield _warning("staff", first, second, f"同一职务“{key}”", f"the same post ({key})")


def _density(listed: list[Occasion]) -> Iterator[Warning]:
    def keys(occasion: Occasion, slot: Slot) -> list[Hashable]:
        if occasion.online or not occasion.street_code or not occasion.theme:
            return []
        return [(occasion.street_code, occasion.theme, slot.day)]

    for group in _grouped(listed, keys).values():
        once = list({occasion.ref: (slot, occasion) for slot, occasion in group}.values())
        for first, second in pairwise(once):
            zh = f"同一天在同一街镇有同一主题“{second[1].theme}”的活动"
            en = f"the same theme ({second[1].theme}) in the same street on one day"
            yield _warning("density", first, second, zh, en)


def _grouped(
    listed: list[Occasion], keys: Callable[[Occasion, Slot], Iterable[Hashable]]
) -> dict[Hashable, list[Visit]]:
    """Visits by each of their keys, in the order in which they begin, and where that is the same, as listed."""
    groups: dict[Hashable, list[Visit]] = {}
    for occasion in listed:
        for slot in occasion.slots:
            for key in keys(occasion, slot):
                groups.setdefault(key, []).append((slot, occasion))
    for group in groups.values():
        group.sort(key=lambda visit: visit[0].starts_at)
    return groups


def _overlaps(group: list[Visit]) -> Iterator[tuple[Visit, Visit]]:
    """Whoever begins while another event is still there, with the one that stays longest. An event with two sessions
    at a time is not in its own way, hence the two latest ends of different events."""
    longest: Visit | None = None
    runner_up: Visit | None = None
    for visit in group:
        for other in (longest, runner_up):
            if other is not None and other[1].ref != visit[1].ref and visit[0].starts_at < other[0].ends_at:
                yield other, visit
                break
        longest, runner_up = _latest(longest, runner_up, visit)


def _latest(longest: Visit | None, runner_up: Visit | None, visit: Visit) -> tuple[Visit, Visit | None]:
    if longest is None:
        return visit, None
    if visit[0].ends_at > longest[0].ends_at:
        return visit, runner_up if longest[1].ref == visit[1].ref else longest
    is_other = visit[1].ref != longest[1].ref
    if is_other and (runner_up is None or visit[0].ends_at > runner_up[0].ends_at):
        return longest, visit
    return longest, runner_up


def _warning(kind: Kind, first: Visit, second: Visit, zh: str, en: str) -> Warning:
    overlaps = kind != "density"
    day = second[0].day
    unsure = any(slot.all_day for slot, _ in (first, second)) and overlaps
    between = f"“{first[1].title}”（{first[1].unit}）与“{second[1].title}”（{second[1].unit}）"
    when = f"{day} {_times(first[0])} / {_times(second[0])}" if overlaps else str(day)
    between_en = f"{first[1].title} ({first[1].unit}) and {second[1].title} ({second[1].unit})"
    return Warning(
        kind=kind,
        day=day,
        tentative=first[1].tentative or second[1].tentative or unsure,
        events=(_named(first[1]), _named(second[1])),
        reason=f"{between}：{zh}{'，时间重叠' if overlaps else ''}（{when}）",
        reason_en=f"{between_en}: {en}{' at overlapping times' if overlaps else ''}, {when}",
    )


def _named(occasion: Occasion) -> Named:
    is_row = isinstance(occasion.ref, int)
    return Named(
        None if is_row else occasion.ref,  # type: ignore[arg-type] - a row's number or an event's id
        occasion.ref if is_row else None,  # type: ignore[arg-type]
        occasion.title,
        occasion.unit,
    )


def _times(slot: Slot) -> str:
    if slot.all_day:
        return "--:--"
    return f"{_clock(slot.starts_at)}–{_clock(slot.ends_at)}"


@lru_cache(maxsize=10_000)
def _clock(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat()[11:16]
