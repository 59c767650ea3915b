"""Opinions: from a citizen with a receipt, from paper and forums by staff one by one or as a file; set aside, shown or
withheld, each with a reason."""

import asyncio
import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.adoption.app import consulting as announcing
from kaimen.adoption.app.desk import Desk
from kaimen.adoption.domain import consultations as consulting
from kaimen.adoption.domain.consultations import CHANNELS, Consultation
from kaimen.adoption.domain.opinions import (
    LONGEST,
    Opinion,
    SubmitterKind,
    must_be_publishable,
    must_be_shortened_only,
)
from kaimen.adoption.domain.refusals import (
    AlreadySetAside,
    BadImport,
    ChannelIsForStaff,
    DuplicateOfItself,
    ReceivedOutside,
    UnknownOpinion,
    WithdrawnByAuthor,
)
from kaimen.adoption.domain.reports import NAMES
from kaimen.adoption.store.repository import NewOpinion
from kaimen.contracts.adoption import Channel
from kaimen.contracts.contacts import MOST_ASKED, Author, Authors, AuthorsWanted, Language
from kaimen.kit.ids import normalise_code
from kaimen.kit.people import BadEmail, clean_email, hash_token, parse_phone
from kaimen.kit.refusals import FieldError, Refusal
from kaimen.kit.tables import Table, TableRefusal, read_table
from kaimen.kit.texts import clean_reason, clean_text

RECEIPT_LENGTH = 16
IMPORT_ROWS = 60_000
_FAULTS_SHOWN = 200
_DAY = re.compile(r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})(?!\d)")
_OWN_CHANNELS: frozenset[Channel] = frozenset({"website", "new_media"})

_COLUMNS: dict[str, tuple[str, ...]] = {
    "text": ("意见", "意见内容", "意见建议", "text", "opinion"),
    "channel": ("渠道", "来源", "来源渠道", "channel"),
    "received_on": ("日期", "收到日期", "收到时间", "received_on", "date"),
    "passage": ("条款", "条款编号", "passage"),
    "submitter_kind": ("身份", "提出人类别", "submitter_kind", "submitter"),
    "contact": ("联系方式", "手机号", "手机", "电话", "联系电话", "邮箱", "电子邮箱", "contact", "phone", "email"),
}
"""Headings of an import, in both languages; only the text is required."""
_CHANNEL_WORDS: dict[str, Channel] = {word: channel for channel in CHANNELS for word in (channel, NAMES[channel][0])}
_KIND_WORDS: dict[str, SubmitterKind] = {
    "individual": "individual", "个人": "individual", "organisation": "organisation", "组织": "organisation",
    "单位": "organisation", "enterprise": "enterprise", "企业": "enterprise", "expert": "expert", "专家": "expert",
    "deputy": "deputy", "代表委员": "deputy", "unknown": "unknown", "不详": "unknown", "": "unknown",
}  # fmt: skip


class OpinionDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """意见. `passage`: on which part of the draft; empty: on the whole. `contact` is optional and seen by the unit
    alone; what became of the opinion is told there, in `language`. Staff name the channel, and the day on which it was
    received."""

    text: Annotated[str, Meta(max_length=LONGEST)]
    passage: Annotated[str, Meta(max_length=30)] = ""
    channel: Channel = "website"
    submitter_kind: SubmitterKind = "individual"
    contact: Annotated[str, Meta(max_length=100)] = ""
    language: Language = "zh"
    received_on: date | None = None


class OpinionReceipt(msgspec.Struct, frozen=True):
    """回执: with it one finds one's opinion, its answer and what was changed for it. It is shown this once."""

    receipt: str
    no: int


class AsideDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """不单独处理: withdrawn by its author (on paper or by telephone), or the same author's duplicate of another one."""

    kind: Literal["withdrawn", "duplicate"]
    reason: Annotated[str, Meta(max_length=500)]
    duplicate_of: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None


class Moderation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """公开与否. `text`: what the public reads, where it differs from what was written, such as names left out."""

    show: bool
    reason: Annotated[str, Meta(max_length=500)] = ""
    text: Annotated[str, Meta(max_length=LONGEST)] = ""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import would do (`dry_run`) or did. `first`, `last`: the numbers that the opinions have now, null before.
    `by_channel` counts them; `ignored`: headings of columns that mean nothing here and are not imported; `errors` is
    empty unless nothing was imported."""

    dry_run: bool
    rows: int
    by_channel: dict[Channel, int]
    ignored: tuple[str, ...]
    first: int | None
    last: int | None
    errors: list["RowProblem"]


class RowProblem(msgspec.Struct, frozen=True):
    """What is wrong in one cell; `row` is the number that the spreadsheet shows."""

    row: int
    column: str
    detail: str
    detail_en: str


async def submit(desk: Desk, consultation: Consultation, draft: OpinionDraft) -> OpinionReceipt:
    """A citizen's own opinion, or one that staff enter for somebody. Raises NotOpen, ChannelIsForStaff and others."""
    by_staff = desk.work.actor.sees_drafts_of(consultation.unit)
    if by_staff:
        await _must_take_entries(desk, consultation)
    else:
        consulting.must_permit("take_opinion", consultation, desk.work.at)
        if draft.channel not in _OWN_CHANNELS or draft.received_on is not None:
            raise ChannelIsForStaff(field="channel")
    receipt = desk.work.new_code(RECEIPT_LENGTH)
    opinion = _new(desk.today, consultation, draft, receipt)
    no = await desk.store.add_opinions(consultation.id, [opinion], [desk.work.new_id()], desk.work.at)
    if by_staff:
        await _entered(desk, consultation)
    await _tell_received(desk, consultation)
    return OpinionReceipt(receipt, no)


async def import_file(desk: Desk, id: UUID, data: bytes, filename: str, *, dry_run: bool) -> Imported:
    """All rows, or none, into one's own consultation. Raises BadImport, naming each cell at fault, unless `dry_run`."""
    # A large file is read for seconds: nobody waits for that.
    consultation = await desk.own_consultation(id, lock=False)
    await _must_take_entries(desk, consultation, lock=False)
    opinions, ignored, errors = await asyncio.to_thread(_read, desk.today, consultation, data, filename)
    if errors and not dry_run:
        raise BadImport(
            count=len(errors),
            errors=[
                FieldError(f"rows[{each.row}].{each.column}", each.detail, each.detail_en)
                for each in errors[:_FAULTS_SHOWN]
            ],
        )
    first = None
    if opinions and not dry_run:
        consultation = await desk.own_consultation(id)
        await _must_take_entries(desk, consultation)
        ids = [desk.work.new_id() for _ in opinions]
        first = await desk.store.add_opinions(consultation.id, opinions, ids, desk.work.at)
        await _entered(desk, consultation)
        await _tell_received(desk, consultation)
        await desk.record("import-opinions", f"consultation:{consultation.id}", f"{len(opinions)} 条")
    by_channel: dict[Channel, int] = {}
    for each in opinions:
        by_channel[each.channel] = by_channel.get(each.channel, 0) + 1
    last = first + len(opinions) - 1 if first is not None else None
    return Imported(
        dry_run=dry_run, rows=len(opinions), by_channel=by_channel, ignored=ignored, first=first, last=last,
        errors=errors[:_FAULTS_SHOWN],
    )  # fmt: skip


async def of_receipt(desk: Desk, receipt: str, *, lock: bool = False) -> tuple[Opinion, Consultation]:
    """One's own opinion. Raises UnknownOpinion."""
    opinion = await desk.store.opinion_of_receipt(hash_token(normalise_code(receipt)))
    if opinion is None:
        raise UnknownOpinion
    consultation = await desk.store.consultation(opinion.consultation_id, lock=lock)
    assert consultation is not None
    # It may have been grouped or set aside until the lock was there.
    return await numbered(desk, consultation, opinion.no) if lock else opinion, consultation


async def read_authors(desk: Desk, wanted: AuthorsWanted) -> Authors:
    """For `notices`: who left something that is a mail address or a phone number."""
    found = await desk.store.contacts_after(wanted.consultation_id, wanted.numbers, wanted.after, MOST_ASKED)
    authors = [_author(no, *left) for no, left in found.items()]
    goes_on = not wanted.numbers and len(found) == MOST_ASKED
    return Authors(tuple(each for each in authors if each.email or each.phone), max(found) if goes_on else None)


def _author(no: int, contact: str, language: Language) -> Author:
    """People write what they like."""
    phone = parse_phone(contact) or ""
    try:
        return Author(no, "" if phone else clean_email(contact), phone, language)
    except BadEmail:
        return Author(no, "", "", language)


async def withdraw(desk: Desk, receipt: str) -> tuple[Opinion, Consultation]:
    """撤回. It stays counted, and is answered no more; contact and attachments go. Raises AlreadySetAside,
    ReportFixed."""
    opinion, consultation = await of_receipt(desk, receipt, lock=True)
    await desk.must_be_open_to_change(consultation)
    must_not_be_aside(opinion)
    withdrawn = replace(opinion, cluster_id=None, aside="withdrawn", aside_reason="本人撤回", withdrawn_by_author=True)
    await desk.store.set_aside(withdrawn)
    await desk.store.drop_attachments(opinion.id)
    await desk.store.forget_contact(opinion.id)
    await announcing.tell_handled(desk, consultation.id)
    await desk.record("withdraw-opinion", f"consultation:{consultation.id}", f"意见 {opinion.no}")
    return withdrawn, consultation


async def set_aside(desk: Desk, consultation: Consultation, opinion: Opinion, given: AsideDraft) -> Opinion:
    """Raises AlreadySetAside, DuplicateOfItself."""
    must_not_be_aside(opinion)
    reason = clean_reason(given.reason)
    duplicate_of = given.duplicate_of if given.kind == "duplicate" else None
    if given.kind == "duplicate":
        first = await desk.store.opinions_numbered(consultation.id, [duplicate_of or 0])
        if not first or first[0].no == opinion.no or first[0].aside is not None:
            raise DuplicateOfItself(field="duplicate_of")
    kept = replace(opinion, cluster_id=None, aside=given.kind, aside_reason=reason, duplicate_of=duplicate_of)
    await desk.store.set_aside(kept)
    await announcing.work_on(desk, consultation.id)
    await desk.record("set-aside", f"consultation:{consultation.id}", f"意见 {opinion.no}：{reason}")
    return _next(kept)


async def take_back(desk: Desk, consultation: Consultation, opinion: Opinion) -> Opinion:
    """What was set aside by mistake waits for its answer again. Raises WithdrawnByAuthor."""
    _must_not_be_taken_back(opinion)
    if opinion.aside is None:
        return opinion
    kept = replace(opinion, aside=None, aside_reason="", duplicate_of=None)
    await desk.store.set_aside(kept)
    await announcing.work_on(desk, consultation.id)
    await desk.record("take-back", f"consultation:{consultation.id}", f"意见 {opinion.no}")
    return _next(kept)


async def moderate(desk: Desk, consultation: Consultation, opinion: Opinion, given: Moderation) -> Opinion:
    """Show an opinion to the public, or withhold it and say why. Raises PersonalDataInText, ReasonRequired,
    NotItsWords, WithdrawnByAuthor."""
    if given.show:
        _must_not_be_taken_back(opinion)
        text = clean_text(given.text, "text", most=LONGEST) or opinion.text
        must_be_shortened_only(text, opinion.text)
        must_be_publishable([("text", text)])
        reason = clean_text(given.reason, "reason", most=500)
        if text != opinion.text:
            reason = clean_reason(given.reason)
        kept = replace(opinion, visibility="shown", visibility_reason=reason, public_text=text)
    else:
        reason = clean_reason(given.reason)
        kept = replace(opinion, visibility="withheld", visibility_reason=reason, public_text="")
    must_be_publishable([("reason", reason)])
    await desk.store.moderate(kept)
    await desk.record(f"moderate-{kept.visibility}", f"consultation:{consultation.id}", f"意见 {opinion.no}：{reason}")
    return _next(kept)


def _next(opinion: Opinion) -> Opinion:
    """As it was stored."""
    return replace(opinion, version=opinion.version + 1)


def number_of(no: int) -> int:
    """A number from an address. Raises UnknownOpinion for one that no opinion can have."""
    if not 1 <= no <= 10_000_000:
        raise UnknownOpinion
    return no


async def numbered(desk: Desk, consultation: Consultation, no: int) -> Opinion:
    """Raises UnknownOpinion."""
    found = await desk.store.opinions_numbered(consultation.id, [no])
    if not found:
        raise UnknownOpinion
    return found[0]


async def _must_take_entries(desk: Desk, consultation: Consultation, *, lock: bool = True) -> None:
    consulting.must_permit("enter_opinion", consultation, desk.work.at)
    await desk.must_be_open_to_change(consultation, lock=lock)


async def _entered(desk: Desk, consultation: Consultation) -> None:
    """Whoever says what came on paper does not confirm by themselves that it did: it is part of the report."""
    await desk.store.add_handler(consultation.id, desk.work.actor.subject)


async def _tell_received(desk: Desk, consultation: Consultation) -> None:
    # While a report is corrected, what it says holds.
    if consultation.digested_at is None:
        await announcing.tell_received(desk, consultation)


def must_not_be_aside(opinion: Opinion) -> None:
    """Raises AlreadySetAside."""
    if opinion.aside is not None:
        raise AlreadySetAside(no=opinion.no)


def _must_not_be_taken_back(opinion: Opinion) -> None:
    if opinion.withdrawn_by_author:
        raise WithdrawnByAuthor


def _new(today: date, consultation: Consultation, draft: OpinionDraft, receipt: str = "") -> NewOpinion:
    """Raises what is wrong with a text, UnknownPassage, ReceivedOutside."""
    consulting.must_have_passage(consultation, draft.passage, "passage")
    received_on = draft.received_on or min(today, consultation.closes_on)
    if not consultation.opens_on <= received_on <= min(consultation.closes_on, today):
        raise ReceivedOutside(opens_on=consultation.opens_on, closes_on=consultation.closes_on, field="received_on")
    return NewOpinion(
        received_on=received_on,
        channel=draft.channel,
        passage=draft.passage,
        text=clean_text(draft.text, "text", least=1, most=LONGEST),
        submitter_kind=draft.submitter_kind,
        contact=clean_text(draft.contact, "contact", most=100),
        language=draft.language,
        receipt_hash=hash_token(receipt) if receipt else None,
    )


def _read(
    today: date, consultation: Consultation, data: bytes, filename: str
) -> tuple[list[NewOpinion], tuple[str, ...], list[RowProblem]]:
    """Opinions, headings that mean nothing, and what is wrong."""
    try:
        table = read_table(data, filename, max_rows=IMPORT_ROWS)
    except TableRefusal as no:
        return [], (), [RowProblem(no.row or 0, no.column or "", no.zh, no.en)]
    places = _places(table.columns)
    ignored = tuple(each for n, each in enumerate(table.columns) if each.strip() and n not in places.values())
    if "text" not in places:
        missing = RowProblem(table.header_row, "意见", "缺少“意见”一列。", "The column 意见 (text) is missing.")
        return [], ignored, [missing]
    if not table.rows:
        return [], ignored, [RowProblem(table.header_row, "意见", "表中没有意见。", "There are no opinions in it.")]
    opinions, errors = _read_rows(today, consultation, table, places)
    return opinions, ignored, errors


def _places(columns: Sequence[str]) -> dict[str, int]:
    """Field → the column that holds it."""
    found: dict[str, int] = {}
    for place, heading in enumerate(columns):
        for field, words in _COLUMNS.items():
            if heading.strip().lower() in words:
                found.setdefault(field, place)
    return found


def _read_rows(
    today: date, consultation: Consultation, table: Table, places: dict[str, int]
) -> tuple[list[NewOpinion], list[RowProblem]]:
    opinions: list[NewOpinion] = []
    errors: list[RowProblem] = []
    for row in table.rows:
        cells = {field: row.cells[place] for field, place in places.items()}
        try:
            opinions.append(_new(today, consultation, _draft(cells)))
        except Refusal as no:
            errors.append(RowProblem(row.number, no.field or "text", no.detail("zh"), no.detail("en")))
        except _BadCell as bad:
            words = f"“{bad.value}”无法识别。", f"{bad.value!r} is not understood."
            errors.append(RowProblem(row.number, bad.field, *words))
    return opinions, errors


class _BadCell(Exception):
    def __init__(self, field: str, value: str) -> None:
        self.field, self.value = field, value[:50]


def _draft(cells: dict[str, str]) -> OpinionDraft:
    """One row. Raises _BadCell for a word that is none of a column's."""
    channel = cells.get("channel", "")
    if channel and channel not in _CHANNEL_WORDS:
        raise _BadCell("channel", channel)
    kind = cells.get("submitter_kind", "")
    if kind not in _KIND_WORDS:
        raise _BadCell("submitter_kind", kind)
    day = cells.get("received_on", "").strip()
    try:
        received_on = _day_of(day) if day else None
    except ValueError:
        raise _BadCell("received_on", day) from None
    return OpinionDraft(
        text=cells["text"],
        passage=cells.get("passage", ""),
        channel=_CHANNEL_WORDS.get(channel, "written"),
        submitter_kind=_KIND_WORDS[kind],
        contact=cells.get("contact", ""),
        received_on=received_on,
    )


def _day_of(text: str) -> date:
    """2026-11-02, 2026/11/2, 2026.11.2 or 2026年11月2日, whatever hour follows. Raises ValueError."""
    found = _DAY.match(text)
    if found is None:
        raise ValueError(text)
    return date(int(found["year"]), int(found["month"]), int(found["day"]))
