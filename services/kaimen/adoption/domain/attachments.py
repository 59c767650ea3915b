"""附件: files beside an opinion, for its unit alone. What they are is read from their bytes, never from their names."""

import io
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from kaimen.adoption.domain.refusals import BrokenAttachment, WrongAttachment

Kind = Literal["pdf", "docx", "xlsx", "txt", "jpg"]
MOST = 3
"""Attachments of one opinion."""
MOST_MEGABYTES = 5

MEDIA_TYPES: Mapping[Kind, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain",
    "jpg": "image/jpeg",
}
_OFFICE: Mapping[str, Kind] = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_MOST_MEMBERS, _MOST_UNPACKED = 2_000, 50 * 1024 * 1024
_LONGEST_NAME = 60
_NOT_IN_NAMES = frozenset('"*/:<>?\\|')


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """附件. `number`: 1 for the first of its opinion. `size`: octets."""

    number: int
    name: str
    kind: Kind
    size: int
    sha256: str
    added_at: datetime


def kind_of(data: bytes) -> tuple[Kind, bytes]:
    """What a document is, and its bytes as they are kept: text as UTF-8. Raises WrongAttachment for anything else than
    PDF, DOCX, XLSX and text, also for documents with macros, and BrokenAttachment."""
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-2048:]:
            raise BrokenAttachment(field="file")
        return "pdf", data
    if data.startswith(b"PK\x03\x04"):
        return _office_kind(data), data
    return "txt", _text(data).encode()


def _office_kind(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            members = opened.infolist()
            if len(members) > _MOST_MEMBERS or sum(each.file_size for each in members) > _MOST_UNPACKED:
                raise WrongAttachment(field="file")
            names = {each.filename for each in members}
            if any(PurePosixPath(name).name.lower().startswith("vbaproject") for name in names):
                raise WrongAttachment(field="file")
            kind: Kind | None = next((kind for name, kind in _OFFICE.items() if name in names), None)
            if kind is None:
                raise WrongAttachment(field="file")
            if opened.testzip() is not None:
                raise BrokenAttachment(field="file")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise BrokenAttachment(field="file") from None
    return kind


def _text(data: bytes) -> str:
    """Chinese programs write UTF-8 or GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(unicodedata.category(each) == "Cc" and each not in "\t\n\r\x0c" for each in text):
            return text
    raise WrongAttachment(field="file")


def name_of(filename: str, kind: Kind) -> str:
    """A name that fits every disk and every header, and ends as what it is: a PDF called 意见.exe is 意见.pdf."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(
        " " if each in _NOT_IN_NAMES or unicodedata.category(each)[0] == "C" else each
        for each in unicodedata.normalize("NFC", last)
    )
    stem = PurePosixPath(" ".join(plain.split()).strip(" .")).stem[:_LONGEST_NAME].strip(" .")
    return f"{stem or 'attachment'}.{kind}"
