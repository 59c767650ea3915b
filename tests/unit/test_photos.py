"""Which photos are kept, and what of them."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from kaimen.kit import photos
from kaimen.kit.photos import BrokenPhoto, NoPhoto, PhotoTooLarge, TooManyPixels, WrongPhotoFormat
from kaimen.kit.refusals import Refusal


def picture(format: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: Any) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, more.pop("color", "red")).save(written, format, **more)
    return written.getvalue()


def with_metadata() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "planted-camera"  # turned by 90°, by whom
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif, comment=b"planted-comment", xmp=b"<planted-xmp/>")


def test_kept_photo_is_upright_and_knows_nothing_but_its_pixels() -> None:
    given_ = with_metadata()
    assert b"planted" in given_
    photo = photos.cleaned(given_)
    with Image.open(io.BytesIO(photo.image)) as kept:
        assert (kept.format, kept.size, dict(kept.getexif())) == ("JPEG", (20, 40), {})
        assert not {"exif", "comment", "xmp", "icc_profile"} & kept.info.keys()
    assert b"planted" not in photo.image
    assert (photo.width, photo.height) == (20, 40)


def test_png_with_words_becomes_a_jpeg_without() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", "planted-name")
    photo = photos.cleaned(picture("PNG", mode="RGBA", color=(0, 0, 0, 0), pnginfo=words))
    with Image.open(io.BytesIO(photo.image)) as kept:
        assert (kept.format, kept.getpixel((5, 5))) == ("JPEG", (255, 255, 255))
    assert b"planted" not in photo.image


def test_large_photo_becomes_small() -> None:
    photo = photos.cleaned(picture(size=(4100, 2050)))
    assert (photo.width, photo.height) == (2000, 1000)


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"", NoPhoto),
        (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), PhotoTooLarge),
        (picture("GIF"), WrongPhotoFormat),
        (picture("BMP"), WrongPhotoFormat),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", WrongPhotoFormat),
        (picture(size=(200, 200))[:-200], BrokenPhoto),
        (picture("PNG", size=(200, 200))[:120], BrokenPhoto),
        (b"\xff\xd8\xff" + b"not a picture", BrokenPhoto),
        (b"\x89PNG\r\n\x1a\n" + picture(), BrokenPhoto),
        (picture("PNG", size=(20_000, 20_000), mode="1", color=0), TooManyPixels),
    ],
)
def test_what_is_no_photo_is_refused(data: bytes, refused: type[Refusal]) -> None:
    with pytest.raises(refused):
        photos.cleaned(data)


@given(st.binary(max_size=300), st.sampled_from((b"", *photos._MAGIC)))
def test_no_bytes_break_the_reading_of_photos(tail: bytes, magic: bytes) -> None:
    with pytest.raises((NoPhoto, WrongPhotoFormat, BrokenPhoto, TooManyPixels)):
        photos.cleaned(magic + tail)
