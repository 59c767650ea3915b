"""Consultations: what the notice must contain, how long it runs, how far it is."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.adoption.domain.refusals import (
    BadPeriod,
    ChannelRepeated,
    DraftMissing,
    ExplanationMissing,
    NeverShortened,
    NoChannel,
    NotForNotices,
    NotOpen,
    NoWay,
    OpensInPast,
    PassageRepeated,
    PeriodTooShort,
    StillOpen,
    UnknownPassage,
    WrongState,
)
from kaimen.contracts.adoption import Channel, ChannelUse
from kaimen.kit.clock import local_date

LEAST_DAYS = 30
"""713 Art. 15."""
NOTICE_AROUND = timedelta(days=60)
"""How long before and after a consultation its channels may speak of it."""

CHANNELS: tuple[Channel, ...] = get_args(Channel)
PUBLIC_CHANNELS: tuple[Channel, ...] = CHANNELS[:7]
"""政府网站, 政务新媒体, 新闻发布会, 政府信息查阅场所, 报刊, 广播, 电视 (row 38)."""
FORMS: tuple[Channel, ...] = CHANNELS[7:]
"""座谈会, 听证会, 实地走访, 民意调查, 问卷调查, 书面征求意见 (row 39)."""

Phase = Literal["draft", "scheduled", "open", "closed", "digested"]
Action = Literal["announce", "extend", "close", "take_opinion", "enter_opinion", "work_on"]

PERMITTED: Mapping[Action, frozenset[Phase]] = {
    "announce": frozenset({"draft"}),
    "extend": frozenset({"scheduled", "open"}),
    "close": frozenset({"closed", "digested"}),
    "enter_opinion": frozenset({"open", "closed", "digested"}),
    "work_on": frozenset({"open", "closed", "digested"}),
}
"""In which phases staff may do what. A published report guards what it fixed by itself."""


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """条款: one passage of the draft, on which one can comment. `key` names it for good."""

    key: str
    heading: str = ""
    text: str


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """提出意见的途径. `page`: the consultation's own page, which needs no address."""

    kind: Literal["page", "email", "post", "phone", "counter"]
    address: str = ""


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """延长: until when it ran before, until when it runs now, and why."""

    closed_before_on: date
    closes_on: date
    reason: str
    at: datetime


class Consultation(msgspec.Struct, frozen=True, kw_only=True):
    """公开征求意见. Runs from 00:00 of `opens_on` to 24:00 of `closes_on`, Asia/Shanghai. `report_id`: the report that
    answers it, once somebody began one. `handled`: as was told last, once it has ended: no opinion waits."""

    id: UUID
    version: int
    unit: str
    catalogue_item: UUID | None
    title: str
    summary: str
    passages: tuple[Passage, ...]
    draft_url: str
    explanation: str
    explanation_url: str
    background_url: str
    ways: tuple[Way, ...]
    channels: tuple[ChannelUse, ...]
    opens_on: date
    closes_on: date
    shortened_reason: str
    extensions: tuple[Extension, ...] = ()
    report_id: UUID | None = None
    sequence: int = 0
    created_at: datetime
    changed_at: datetime
    announced_at: datetime | None = None
    closed_at: datetime | None = None
    digested_at: datetime | None = None
    handled: bool = False

    @property
    def days(self) -> int:
        """Calendar days after the first one, which is not counted (民法典 Art. 201)."""
        return (self.closes_on - self.opens_on).days


def phase(consultation: Consultation, at: datetime) -> Phase:
    """How far it is: it opens and closes by the calendar alone."""
    if consultation.announced_at is None:
        return "draft"
    if consultation.digested_at is not None:
        return "digested"
    today = local_date(at)
    if today < consultation.opens_on:
        return "scheduled"
    return "open" if today <= consultation.closes_on else "closed"


def must_permit(action: Action, consultation: Consultation, at: datetime) -> None:
    """Raises WrongState, NotOpen or StillOpen."""
    state = phase(consultation, at)
    opens_on, closes_on = consultation.opens_on, consultation.closes_on
    if action == "take_opinion":
        if state != "open":
            raise NotOpen(opens_on=opens_on, closes_on=closes_on)
        return
    if action == "close" and state == "open":
        raise StillOpen(closes_on=closes_on)
    if state not in PERMITTED[action]:
        raise WrongState(state=state)


def check_plan(consultation: Consultation) -> None:
    """What must hold of a draft already. Raises BadPeriod, PassageRepeated, ChannelRepeated, NotForNotices."""
    first, last = consultation.opens_on, consultation.closes_on
    if not 2000 <= first.year <= last.year <= 2100 or last < first:
        raise BadPeriod(field="closes_on")
    check_keys([each.key for each in consultation.passages], "passages")
    names = set()
    for n, use in enumerate(consultation.channels):
        if use.channel not in PUBLIC_CHANNELS:
            raise NotForNotices(field=f"channels[{n}].channel")
        if use.to_on < use.from_on or use.to_on < first - NOTICE_AROUND or use.from_on > last:
            raise BadPeriod(field=f"channels[{n}].to_on")
        if use.from_on < first - NOTICE_AROUND or use.to_on > last + NOTICE_AROUND:
            raise BadPeriod(field=f"channels[{n}].from_on")
        if (use.channel, use.name) in names:
            raise ChannelRepeated(name=use.name or use.channel, field=f"channels[{n}].name")
        names.add((use.channel, use.name))


def check_keys(keys: Sequence[str], field: str) -> None:
    """Raises PassageRepeated."""
    for n, key in enumerate(keys):
        if key in keys[:n]:
            raise PassageRepeated(key=key, field=f"{field}[{n}].key")


def check_notice(consultation: Consultation, today: date) -> None:
    """Whether the notice may go out (713 Art. 15). Raises what is missing."""
    if not consultation.passages and not consultation.draft_url:
        raise DraftMissing(field="passages")
    if not consultation.explanation and not consultation.explanation_url:
        raise ExplanationMissing(field="explanation")
    if not consultation.ways:
        raise NoWay(field="ways")
    if not consultation.channels:
        raise NoChannel(field="channels")
    if consultation.opens_on < today:
        raise OpensInPast(field="opens_on")
    if consultation.days < LEAST_DAYS and not consultation.shortened_reason:
        raise PeriodTooShort(earliest=consultation.opens_on + timedelta(days=LEAST_DAYS), field="closes_on")


def with_channels_moved(before: Consultation, after: Consultation) -> Consultation:
    """What was announced for the whole period goes on for the whole of the new one."""
    first, last = (before.opens_on, after.opens_on), (before.closes_on, after.closes_on)
    uses = tuple(
        replace(
            use,
            from_on=first[1] if use.from_on == first[0] else use.from_on,
            to_on=last[1] if use.to_on == last[0] else use.to_on,
        )
        for use in after.channels
    )
    return replace(after, channels=uses)


def extended(consultation: Consultation, closes_on: date, reason: str, at: datetime) -> Consultation:
    """The consultation, now until `closes_on`. Raises NeverShortened, BadPeriod."""
    if closes_on <= consultation.closes_on:
        raise NeverShortened(closes_on=consultation.closes_on, field="closes_on")
    if closes_on.year > 2100:
        raise BadPeriod(field="closes_on")
    step = Extension(closed_before_on=consultation.closes_on, closes_on=closes_on, reason=reason, at=at)
    longer = with_channels_moved(consultation, replace(consultation, closes_on=closes_on))
    return replace(
        longer,
        extensions=(*consultation.extensions, step),
        sequence=consultation.sequence + 1,
        changed_at=at,
    )


def must_have_passage(consultation: Consultation, key: str, field: str) -> None:
    """Raises UnknownPassage; no passage named means the draft as a whole."""
    if key and key not in {passage.key for passage in consultation.passages}:
        raise UnknownPassage(key=key, field=field)
