"""When somebody must be told, what, and whether it may disturb them now. Pure.

Nothing here knows the order of messages: what a person was last told is held against what is true now, so it does not
matter which facts came first, twice or together.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Literal

import msgspec

from kaimen.kit.clock import SHANGHAI, local_date
from kaimen.kit.refusals import Kind, refusal

UnknownMessage = refusal("notices.unknown-message", Kind.MISSING, "没有这条通知。", "There is no such message.")
NotReplayable = refusal(
    "notices.not-replayable",
    Kind.CONFLICT,
    "只有发送失败或已放弃的通知可以重发。",
    "Only a message that failed or was given up can be sent again.",
)
WebhookNotHttps = refusal(
    "notices.webhook-not-https",
    Kind.INVALID,
    "推送地址应以 https:// 开头。",
    "The address of a webhook begins with https://.",
)

Standing = Literal["on", "postponed", "cancelled"]
News = Literal[
    "received", "entered", "confirmed", "waiting", "offer", "drawn", "drawn_waiting", "not_drawn", "invitation",
    "reserve", "not_chosen", "not_eligible", "back_in_pool", "lapsed", "withdrawn", "moved", "postponed", "cancelled",
]  # fmt: skip
Mark = Literal["early", "morning"]
"""Which reminder: 48 hours before, or on the same morning."""

_STAGES = {
    "checked_in": "confirmed",
    "no_show": "confirmed",
    "attended": "confirmed",
    "absent": "confirmed",
    "verified": "applied",
    "pooled": "applied",
    "excluded": "rejected",
    "declined": "withdrawn",
}
"""States between which there is no news."""
_WERE_THERE = frozenset({"checked_in", "no_show", "attended", "absent"})
_ENDED = frozenset({"withdrawn", "lapsed", "rejected", "not_chosen"})
_NEWS: Mapping[str, News] = {
    "applied": "received",
    "entered": "entered",
    "confirmed": "confirmed",
    "waitlisted": "waiting",
    "offered": "offer",
    "invited": "invitation",
    "reserve": "reserve",
    "not_chosen": "not_chosen",
    "rejected": "not_eligible",
    "lapsed": "lapsed",
    "withdrawn": "withdrawn",
}
_DRAWN: Mapping[str, News] = {"confirmed": "drawn", "waitlisted": "drawn_waiting", "lapsed": "not_drawn"}
_ANSWERS: frozenset[News] = frozenset({"received", "entered", "confirmed", "waiting", "withdrawn"})
"""What somebody who has just done something waits for."""

_QUIET_FROM, _QUIET_TO = time(21), time(8)
_SOON = timedelta(hours=24)
_EARLY = timedelta(hours=48)
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 360))


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-up as somebody was told of it, or as it is. `until`: when an offer or invitation ends."""

    state: str
    standing: Standing
    starts_at: datetime
    ends_at: datetime
    place: str
    until: datetime | None = None

    @property
    def stage(self) -> str:
        return _STAGES.get(self.state, self.state)

    @property
    def is_coming(self) -> bool:
        """Whether its holder is expected."""
        return self.stage == "confirmed" and self.standing == "on"


def news(told: Known | None, now: Known, at: datetime) -> News | None:
    """What somebody who knows `told` must hear; None when they know all that matters, or it is over."""
    if now.ends_at <= at:
        return None
    if now.standing == "cancelled":
        knows = told is not None and (told.standing == "cancelled" or told.stage in _ENDED)
        return None if knows else "cancelled"
    if told is None or told.stage != now.stage or (now.until and now.until != told.until):
        return _state_news(told, now)
    if now.stage in _ENDED:
        return None
    if now.standing == "postponed":
        return "postponed" if told.standing == "on" else None
    moved = (told.standing, told.starts_at, told.ends_at, told.place) != ("on", now.starts_at, now.ends_at, now.place)
    return "moved" if moved else None


def news_whichever(
    told: Known | None, perhaps: Iterable[Known], now: Known, at: datetime
) -> tuple[Known | None, News] | None:
    """`news` for somebody who was told `told`, and to whom each of `perhaps` was sent, too, without anybody knowing
    whether it arrived: the first that makes it necessary, and why."""
    for known in (told, *perhaps):
        kind = news(known, now, at)
        if kind is not None:
            return known, kind
    return None


def _state_news(told: Known | None, now: Known) -> News | None:
    if told is None:
        # Who left before hearing anything, or stands in the door, has nothing to hear.
        return None if now.stage == "withdrawn" or now.state in _WERE_THERE else _NEWS.get(now.stage)
    if told.stage == "entered" and now.stage in _DRAWN:
        return _DRAWN[now.stage]
    return "back_in_pool" if now.stage == "applied" else _NEWS.get(now.stage)


def is_urgent(kind: News, told: Known | None, now: Known, at: datetime) -> bool:
    """Whether it is worth disturbing somebody at night: an answer that they wait for, or something that happens before
    they would read it in the morning (NT4)."""
    if kind in _ANSWERS:
        return True
    if now.until is not None and kind in ("offer", "invitation"):
        return now.until < awake(at) + timedelta(hours=2)
    first = min(now.starts_at, told.starts_at) if told else now.starts_at
    return kind in ("moved", "postponed", "cancelled") and first - at < _SOON


def awake(at: datetime) -> datetime:
    """`at`, or 08:00 Asia/Shanghai where it lies between 21:00 and then."""
    clock = at.astimezone(SHANGHAI)
    if _QUIET_TO <= clock.time() < _QUIET_FROM:
        return at
    day = clock.date() + timedelta(days=clock.time() >= _QUIET_FROM)
    return datetime.combine(day, _QUIET_TO, SHANGHAI)


def next_morning(at: datetime) -> datetime:
    """The next 08:00 Asia/Shanghai after `at`."""
    clock = at.astimezone(SHANGHAI)
    return datetime.combine(clock.date() + timedelta(days=clock.time() >= _QUIET_TO), _QUIET_TO, SHANGHAI)


def reminders(starts_at: datetime, at: datetime, *, in_campaign: bool) -> dict[Mark, datetime]:
    """Which reminders are still to come, and when. In an open month the early ones of a day come together, at 08:00 two
    days before, so that somebody who visits several events gets one message (NT4)."""
    day = local_date(starts_at)
    early = starts_at - _EARLY
    if in_campaign:
        early = min(early, datetime.combine(day - timedelta(days=2), _QUIET_TO, SHANGHAI))
    due: dict[Mark, datetime] = {"early": awake(early), "morning": morning_of(starts_at)}
    return {mark: when for mark, when in due.items() if when > at}


def morning_of(starts_at: datetime) -> datetime:
    """08:00 of the same day; 20:00 of the day before for what begins before 09:00."""
    clock = starts_at.astimezone(SHANGHAI)
    if clock.time() >= time(9):
        return datetime.combine(clock.date(), _QUIET_TO, SHANGHAI)
    return datetime.combine(clock.date() - timedelta(days=1), time(20), SHANGHAI)


def still_reminds(mark: Mark, now: Known, at: datetime) -> bool:
    """Whether a reminder that was planned for this very beginning is true and of use (NT3)."""
    if not now.is_coming or at >= now.starts_at:
        return False
    return mark == "morning" or at < morning_of(now.starts_at)


def may_wait(starts_at: datetime, at: datetime) -> datetime | None:
    """Until when a reminder that comes late, at night, waits; None when it would then be of no use."""
    morning = awake(at)
    return morning if at < morning < starts_at - timedelta(minutes=30) else None


def next_try(attempts: int, at: datetime) -> datetime | None:
    """When to try again after so many failures; None: give up, a person must look."""
    return at + _WAITS[attempts - 1] if attempts <= len(_WAITS) else None
