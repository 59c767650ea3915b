"""What staff type for a consultation: the draft as one text, ways and channels, and back again."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar.datastructures import FormMultiDict

from kaimen.portal.adoption_answers import Consultation, Passage
from kaimen.portal.adoption_words import NOTICE_CHANNELS, WAYS
from kaimen.portal.answers import FieldFault
from kaimen.portal.form_fields import lines
from kaimen.portal.words import N_

LEAST_DAYS = 30
"""713 Art. 15."""
TEXTS = ("title", "summary", "draft_url", "explanation", "explanation_url", "background_url", "shortened_reason")
AFTER_NOTICE = ("summary", "background_url", "channels")
"""What may still change once the notice is out."""
_ARTICLE = re.compile(r"(第[〇零一二三四五六七八九十百千\d]+条)[\s　:：]*")
_BAR = re.compile(r"\s*[|｜]\s*")
_PLACE = re.compile(r"(?P<name>\w+)\[(?P<at>\d+)\].*")


def split_passages(text: str) -> list[dict[str, str]]:
    """A passage for each 第…条 at the beginning of a line, or, where there is none, for each blank line in between.
    What stands before the first 第…条 is a passage of its own."""
    blocks: list[list[str]] = [[]]
    has_articles = any(_ARTICLE.match(line.strip()) for line in text.splitlines())
    for line in (each.strip() for each in text.splitlines()):
        begins = _ARTICLE.match(line) is not None if has_articles else not line
        if begins and blocks[-1]:
            blocks.append([])
        if line:
            blocks[-1].append(line)
    return [_passage(no, block) for no, block in enumerate((each for each in blocks if each), 1)]


def _passage(no: int, block: list[str]) -> dict[str, str]:
    found = _ARTICLE.match(block[0])
    heading = found[1] if found else ""
    first = block[0][found.end() :] if found else block[0]
    text = "\n".join(line for line in (first, *block[1:]) if line)
    return {"key": str(no), "heading": heading, "text": text}


def join_passages(passages: Iterable[Passage]) -> str:
    """The draft as `split_passages` reads it."""
    return "\n\n".join(f"{each.heading}　{each.text}" if each.heading else each.text for each in passages)


def read_channels(text: str) -> tuple[list[dict[str, Any]], list[FieldFault]]:
    """Lines like "报刊 | 青浦报 | 第三版 | 2026-03-02 | 2026-03-09"; only the first cell is needed."""
    names = {word: key for key, word in NOTICE_CHANNELS.items()} | {key: key for key in NOTICE_CHANNELS}
    found: list[dict[str, Any]] = []
    faults: list[FieldFault] = []
    for no, line in enumerate(lines(text), 1):
        channel, *rest = _BAR.split(line)
        cells = [*rest, "", "", "", ""]
        if channel not in names or len(rest) > 4 or not all(_is_day(cell) for cell in cells[2:4]):
            known = "、".join(NOTICE_CHANNELS.values())
            zh = f"公告渠道第 {no} 行应为“渠道 | 名称 | 地点或网址 | 开始 | 结束”，渠道为{known}之一。"
            en = (
                f"Line {no} of the channels must be “channel | name | place | from | to”, the channel one of "
                f"{', '.join(NOTICE_CHANNELS)}."
            )
            faults.append(FieldFault("channels", zh, en))
            continue
        use = {"channel": names[channel], "name": cells[0], "place": cells[1]}
        found.append({**use, "from_on": cells[2] or None, "to_on": cells[3] or None})
    return found, faults


def _is_day(text: str) -> bool:
    return not text or day_of(text) is not None


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def consultation_body(form: Mapping[str, str]) -> tuple[dict[str, Any], list[FieldFault]]:
    """What adoption takes for a draft, and what a person must put right first."""
    body: dict[str, Any] = {name: form.get(name, "") for name in TEXTS}
    body["passages"] = split_passages(form.get("draft", ""))
    body["channels"], faults = read_channels(form.get("channels", ""))
    body["ways"] = [
        {"kind": kind, "address": form.get(f"address-{kind}", "")} for kind in WAYS if form.get(f"way-{kind}")
    ]
    for name, zh, en in (
        ("opens_on", "请填写开始日期。", "Give the first day."),
        ("closes_on", "请填写截止日期。", "Give the last day."),
    ):
        body[name] = form.get(name, "")
        if day_of(body[name]) is None:
            faults.append(FieldFault(name, zh, en))
    return body, faults


def as_typed(consultation: Consultation) -> dict[str, str]:
    """The consultation as the fields of its form."""
    first, last = consultation.opens_on, consultation.closes_on

    def days(use: Any) -> list[str]:
        return [] if (use.from_on, use.to_on) == (first, last) else [str(use.from_on), str(use.to_on)]

    ways = {f"way-{each.kind}": "on" for each in consultation.ways}
    addresses = {f"address-{each.kind}": each.address for each in consultation.ways}
    return {
        **{name: getattr(consultation, name) for name in TEXTS},
        **ways,
        **addresses,
        "draft": join_passages(consultation.passages),
        "channels": "\n".join(
            " | ".join([NOTICE_CHANNELS.get(use.channel, use.channel), use.name, use.place, *days(use)])
            for use in consultation.channels
        ),
        "opens_on": first.isoformat(),
        "closes_on": last.isoformat(),
        "catalogue_item": str(consultation.catalogue_item or ""),
    }


def typed_of(form: FormMultiDict) -> dict[str, str]:
    return {name: str(text) for name, text in form.items()}


def placed(faults: Iterable[FieldFault], typed: Mapping[str, str]) -> list[FieldFault]:
    """Faults at the fields of the form; one of a list says which line or passage it means."""
    ways = [kind for kind in WAYS if typed.get(f"way-{kind}")]
    found = []
    for fault in faults:
        match = _PLACE.fullmatch(fault.field)
        name, at = (match["name"], int(match["at"])) if match else (fault.field, None)
        if name == "ways":
            field = f"address-{ways[at]}" if at is not None and at < len(ways) else "ways"
            found.append(FieldFault(field, fault.detail, fault.detail_en))
            continue
        where = "" if at is None else f"第 {at + 1} 条：" if name == "passages" else f"第 {at + 1} 行："
        place = "" if at is None else f"No. {at + 1}: "
        field = "draft" if name == "passages" else name
        found.append(FieldFault(field, where + fault.detail, place + fault.detail_en))
    return found


class Need(msgspec.Struct, frozen=True):
    """Something that the notice must contain, and whether it does."""

    word: str
    is_there: bool


def needs_of(consultation: Consultation, today: date) -> list[Need]:
    """What the notice needs before it goes out (713 Art. 15)."""
    it = consultation
    long_enough = it.closes_on >= it.opens_on + timedelta(days=LEAST_DAYS)
    return [
        Need(N_("决策草案（正文或网址）"), bool(it.passages or it.draft_url)),
        Need(N_("起草说明（正文或网址）"), bool(it.explanation or it.explanation_url)),
        Need(N_("提意见的途径"), bool(it.ways)),
        Need(N_("至少一个公告渠道"), bool(it.channels)),
        Need(N_("开始日期不早于今天"), it.opens_on >= today),
        Need(N_("期限不少于 30 日，或者写明理由"), long_enough or bool(it.shortened_reason)),
    ]
