"""Opinions: what one is, when it is set aside, what of it the public may read."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.adoption.domain.refusals import NotItsWords, PersonalDataInText
from kaimen.contracts.adoption import Channel
from kaimen.kit.people import PERSONAL_DATA, personal_data
from kaimen.kit.refusals import FieldError

LONGEST = 5_000
"""Characters of one opinion."""

SubmitterKind = Literal["individual", "organisation", "enterprise", "expert", "deputy", "unknown"]
Aside = Literal["withdrawn", "duplicate"]
Visibility = Literal["pending", "shown", "withheld"]

_REMARK = re.compile(r"【[^【】]*】")
_BLACK = frozenset("*＊×█■□…某")
_NO_LETTER = re.compile(r"[\W_]+")


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """意见建议. `no` counts within its consultation. `aside`: withdrawn by its author, or a duplicate of
    `duplicate_of`. `visibility`: whether the public may read `public_text`, which staff decide one by one.
    `published_cluster`: its group in the published report, while a correction regroups. `version` counts what was
    decided of it, its group aside, which has a version of its own."""

    id: UUID
    consultation_id: UUID
    no: int
    version: int
    received_on: date
    received_at: datetime
    channel: Channel
    passage: str
    text: str
    submitter_kind: SubmitterKind
    cluster_id: UUID | None = None
    aside: Aside | None = None
    aside_reason: str = ""
    duplicate_of: int | None = None
    withdrawn_by_author: bool = False
    visibility: Visibility = "pending"
    visibility_reason: str = ""
    public_text: str = ""
    published_cluster: UUID | None = None


def is_shortened(opinion: Opinion) -> bool:
    """Whether the public reads less than was written."""
    return opinion.visibility == "shown" and opinion.public_text != opinion.text


def must_be_shortened_only(text: str, original: str) -> None:
    """The words of an author may be left out or blacked out, never put in their mouth: without marks and remarks in
    【】 they are those of the original, in its order. Raises NotItsWords."""
    left = iter(original)
    for each in _REMARK.sub("", text):
        if not each.isspace() and each not in _BLACK and each not in left:
            raise NotItsWords(field="text")


def fingerprint(text: str) -> bytes:
    """The same for texts that differ in blanks, punctuation, case or width only."""
    plain = _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).lower())
    return hashlib.sha256((plain or text).encode()).digest()


def must_be_publishable(texts: Iterable[tuple[str, str]]) -> None:
    """`texts`: (field, text) that the public would read. Raises PersonalDataInText, naming every field at fault."""
    errors, first = [], None
    for field, text in texts:
        found = personal_data(text)
        if found is not None:
            zh, en = PERSONAL_DATA[found]
            first = first or (zh, en)
            errors.append(FieldError(field, f"含有{zh}。", f"It contains a {en}."))
    if first is not None:
        raise PersonalDataInText(what=first[0], what_en=first[1], errors=errors)
