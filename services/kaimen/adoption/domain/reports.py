"""The report on opinions received and adopted: what it must contain before it is approved and published."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.adoption.domain.clusters import NOTHING, Change, add, check_answer, sum_of
from kaimen.adoption.domain.consultations import CHANNELS, FORMS
from kaimen.adoption.domain.refusals import (
    BadDayOfParticipation,
    ChannelUnaccounted,
    ChannelWasUsed,
    NotAForm,
    NothingToDelete,
    TotalsDiffer,
    Unanswered,
)
from kaimen.contracts.adoption import Channel, ChannelUse, Outcome, Tally
from kaimen.kit.refusals import Refusal

State = Literal["drafting", "approved", "published"]

NAMES: Mapping[Channel, tuple[str, str]] = {
    "website": ("政府网站", "government website"),
    "new_media": ("政务新媒体", "government new media"),
    "press_conference": ("新闻发布会", "press conference"),
    "reading_room": ("政府信息查阅场所", "public reading room"),
    "newspaper": ("报刊", "newspaper"),
    "radio": ("广播", "radio"),
    "television": ("电视", "television"),
    "forum": ("座谈会", "forum"),
    "hearing": ("听证会", "hearing"),
    "field_visit": ("实地走访", "field visit"),
    "poll": ("民意调查", "opinion poll"),
    "questionnaire": ("问卷调查", "questionnaire"),
    "written": ("书面征求意见", "written consultation"),
}


_CALL = re.compile(r"(?:向社会)?(?:公开)?(?:征求|征集)(?:公众|社会)?意见(?:建议)?(?:的?(?:公告|通告|通知|启事))?$")
_SUBJECT_SHOWN = 180


class Participation(msgspec.Struct, frozen=True, kw_only=True):
    """公众参与的一次活动 beside the consultation: a forum, hearing, visit, poll, questionnaire or letter round.
    `counted`: opinions that were answered there and are in no list of this service. `source`: who says so."""

    kind: Channel
    title: str
    held_on: date
    people: int
    counted: Tally = NOTHING
    page: str = ""
    source: Literal["typed", "hearings"] = "typed"


class FinalPassage(msgspec.Struct, frozen=True, kw_only=True):
    """条款 of the document as issued; without text, one of the draft that it does not have. `note`: why it differs,
    where no opinion is the cause."""

    key: str
    heading: str = ""
    text: str
    note: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """意见收集和采纳情况. `number`: of the last publication, 0 before. `authors`: subjects of all who wrote in it.
    `participations` are the typed ones; those that other services told of are added when it is read. `not_used`:
    channels of which somebody says so. `correction`: why the next publication differs."""

    id: UUID
    version: int
    unit: str
    catalogue_item: UUID | None
    consultations: tuple[UUID, ...]
    title: str
    state: State
    number: int
    basis: str
    summary: str
    participations: tuple[Participation, ...]
    not_used: tuple[Channel, ...]
    final: tuple[FinalPassage, ...]
    final_url: str
    dropped: bool
    correction: str
    authors: tuple[str, ...]
    approved_by: str
    approved_at: datetime | None
    published_at: datetime | None
    created_at: datetime
    changed_at: datetime


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """意见组, as the report shows it; `channels` counts its opinions. `version`: of the group, for `If-Match`."""

    id: UUID
    version: int = 0
    no: int
    consultation_id: UUID
    summary: str
    passage: str
    size: int
    concentrated: bool
    outcome: Outcome | None
    reason: str
    change: Change | None
    channels: dict[Channel, int]


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """渠道一行: every channel is there, used or not (CO5). `people`: of its forums, hearings and so on."""

    channel: Channel
    name: str
    used: bool
    uses: tuple[ChannelUse, ...]
    people: int
    tally: Tally


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a report rests on: what was heard, typed and answered. `by_channel`: opinions in the lists of
    this service."""

    report: Report
    uses: tuple[ChannelUse, ...]
    participations: tuple[Participation, ...]
    groups: tuple[Group, ...]
    by_channel: dict[Channel, Tally]
    unanswered: int

    @property
    def total(self) -> Tally:
        counted = NOTHING
        for each in (*self.by_channel.values(), *(held.counted for held in self.participations)):
            counted = add(counted, each)
        return counted


def title_on(subject: str) -> str:
    """What a report is called when nobody names it: after its decision or consultation, which no longer asks."""
    return f"{_CALL.sub('', subject)[:_SUBJECT_SHOWN]}意见收集和采纳情况"


def check_participations(participations: Iterable[Participation], today: date, field: str = "participations") -> None:
    """What somebody typed. Raises NotAForm, BadDayOfParticipation, TotalsDiffer."""
    for n, each in enumerate(participations):
        if each.held_on.year < 2000 or each.held_on > today:
            raise BadDayOfParticipation(field=f"{field}[{n}].held_on")
        if each.kind not in FORMS:
            raise NotAForm(field=f"{field}[{n}].kind")
        if sum_of(each.counted) != each.counted.received:
            raise TotalsDiffer(received=each.counted.received, sum=sum_of(each.counted), field=f"{field}[{n}].counted")


def check_final(final: Iterable[FinalPassage], drafted: Container[str]) -> None:
    """Raises NothingToDelete."""
    for n, each in enumerate(final):
        if not each.text and each.key not in drafted:
            raise NothingToDelete(field=f"final[{n}].text")


def channel_lines(contents: Contents) -> tuple[ChannelLine, ...]:
    """One line for each channel there is."""
    return tuple(_line(channel, contents) for channel in CHANNELS)


def _line(channel: Channel, contents: Contents) -> ChannelLine:
    uses = tuple(use for use in contents.uses if use.channel == channel)
    held = [each for each in contents.participations if each.kind == channel]
    counted = contents.by_channel.get(channel, NOTHING)
    for each in held:
        counted = add(counted, each.counted)
    used = bool(uses or held or counted.received)
    people = sum(each.people for each in held)
    return ChannelLine(channel=channel, name=NAMES[channel][0], used=used, uses=uses, people=people, tally=counted)


def faults(contents: Contents) -> list[Refusal]:
    """Why the report cannot be approved or published yet; empty when it can (CO1, CO2, CO5)."""
    found: list[Refusal] = []
    if contents.unanswered:
        found.append(Unanswered(count=contents.unanswered, field="clusters"))
    total = contents.total
    if sum_of(total) + contents.unanswered != total.received:
        found.append(TotalsDiffer(received=total.received, sum=sum_of(total), field="tally"))
    for group in contents.groups:
        if group.outcome is None:
            continue
        try:
            check_answer(
                group.outcome, group.reason, concentrated=group.concentrated, field=f"clusters[{group.no}].reason"
            )
        except Refusal as no:
            found.append(no)
    found.extend(_channel_faults(contents))
    return found


def _channel_faults(contents: Contents) -> list[Refusal]:
    lines = channel_lines(contents)
    found: list[Refusal] = []
    silent: list[Channel] = [
        line.channel for line in lines if not line.used and line.channel not in contents.report.not_used
    ]
    if silent:
        names = "、".join(NAMES[channel][0] for channel in silent)
        names_en = ", ".join(NAMES[channel][1] for channel in silent)
        found.append(ChannelUnaccounted(names=names, names_en=names_en, field="not_used"))
    for line in lines:
        if line.used and line.channel in contents.report.not_used:
            zh, en = NAMES[line.channel]
            found.append(ChannelWasUsed(name=zh, name_en=en, field="not_used"))
    return found


def texts_of(report: Report, groups: Sequence[Group]) -> list[tuple[str, str]]:
    """(field, text) of everything that its publication shows."""
    found = [("title", report.title), ("basis", report.basis), ("summary", report.summary)]
    found += [("correction", report.correction)]
    for n, held in enumerate(report.participations):
        found.append((f"participations[{n}].title", held.title))
    for n, passage in enumerate(report.final):
        place = f"final[{n}]"
        found += [
            (f"{place}.heading", passage.heading),
            (f"{place}.text", passage.text),
            (f"{place}.note", passage.note),
        ]
    for group in groups:
        place = f"clusters[{group.no}]"
        found += [(f"{place}.summary", group.summary), (f"{place}.reason", group.reason)]
        if group.change is not None:
            found += [(f"{place}.change", f"{group.change.before} {group.change.after}")]
    return found
