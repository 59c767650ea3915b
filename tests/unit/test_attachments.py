"""What may be handed in beside an opinion is told by its bytes, and named so that no disk and no header trips."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from xlsxwriter import Workbook

from kaimen.adoption.app import attachments
from kaimen.adoption.domain.attachments import MEDIA_TYPES, kind_of, name_of
from kaimen.adoption.domain.refusals import AttachmentTooLarge, BrokenAttachment, WrongAttachment
from kaimen.kit.refusals import Refusal

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def packed(*names: str, fill: bytes = b"x") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, fill)
    return written.getvalue()


def sheet() -> bytes:
    written = io.BytesIO()
    with Workbook(written) as book:
        book.add_worksheet().write(0, 0, "意见")
    return written.getvalue()


def picture() -> bytes:
    exif, written = Image.Exif(), io.BytesIO()
    exif[0x010F] = "planted-camera"
    Image.new("RGB", (40, 20), "red").save(written, "JPEG", exif=exif)
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, "pdf"),
        (sheet(), "xlsx"),
        (packed("word/document.xml", "[Content_Types].xml"), "docx"),
        ("附上我的材料。\n".encode(), "txt"),
        (b"\xef\xbb\xbf" + "第一条".encode(), "txt"),
        ("附上我的材料。".encode("gb18030"), "txt"),
    ],
)
def test_documents_are_known_by_their_bytes(data: bytes, kind: str) -> None:
    assert kind_of(data)[0] == kind


def test_text_is_kept_as_utf_8() -> None:
    assert kind_of("第一条".encode("gb18030"))[1].decode() == "第一条"


def test_picture_loses_what_it_knows_of_its_author() -> None:
    kept = attachments.read(picture(), "现场.png")
    assert (kept.name, kept.kind) == ("现场.jpg", "jpg")
    assert b"planted" not in kept.body


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"", AttachmentTooLarge),
        (PDF + bytes(5 * 1024 * 1024), AttachmentTooLarge),
        (b"MZ\x90\x00" + bytes(100), WrongAttachment),
        (b"\x7fELF" + bytes(100), WrongAttachment),
        (packed("readme.txt"), WrongAttachment),
        (packed("word/document.xml", "word/vbaProject.bin"), WrongAttachment),
        (packed("word/document.xml", *(f"word/media/{n}" for n in range(2_001))), WrongAttachment),
        (packed("word/document.xml", "word/media/bomb", fill=bytes(30 * 1024 * 1024)), WrongAttachment),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), WrongAttachment),
        (PDF[:30], BrokenAttachment),
        (sheet()[:-30], BrokenAttachment),
        (b"PK\x03\x04" + b"not an archive", BrokenAttachment),
    ],
)
def test_what_is_no_document_is_refused(data: bytes, refused: type[Refusal]) -> None:
    with pytest.raises(refused):
        attachments.read(data, "意见.pdf")


@given(st.binary(max_size=400), st.sampled_from((b"", b"%PDF-", b"PK\x03\x04", b"\xff\xd8\xff")))
def test_no_bytes_break_the_reading(tail: bytes, magic: bytes) -> None:
    try:
        kept = attachments.read(magic + tail, "x")
    except Refusal:
        return
    assert kept.kind in ("txt", "pdf")


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        ("意见书.PDF", "意见书.pdf"),
        ("意见.exe", "意见.pdf"),
        ("C:\\Users\\张三\\意见.pdf", "意见.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..", "attachment.pdf"),
        ("", "attachment.pdf"),
        ("a\u202efdp.exe", "a fdp.pdf"),
        ('a"b\r\nSet-Cookie: x.pdf', "a b Set-Cookie x.pdf"),
        ("长" * 300 + ".pdf", "长" * 60 + ".pdf"),
    ],
)
def test_name_fits_a_disk_and_a_header(given_: str, name: str) -> None:
    assert name_of(given_, "pdf") == name


@given(st.text(max_size=200), st.sampled_from(sorted(MEDIA_TYPES)))
def test_every_name_ends_as_what_it_is(filename: str, kind: str) -> None:
    name = name_of(filename, kind)  # type: ignore[arg-type]
    assert name.endswith(f".{kind}")
    assert name.isprintable()
    assert not set(name) & set('"*/:<>?\\|')
