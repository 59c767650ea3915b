"""Photos as they may be kept: decoded for real, and written anew with nothing but their pixels."""

import asyncio
import hashlib
import io
import zlib
from collections.abc import Callable
from struct import error as StructError
from typing import TypeVar

import msgspec
from PIL import Image, ImageOps

from kaimen.kit.refusals import Kind, refusal

T = TypeVar("T")

NoPhoto = refusal("kit.no-photo", Kind.INVALID, "请附上照片。", "A photo is needed.")
PhotoTooLarge = refusal(
    "kit.photo-too-large", Kind.INVALID, "照片超过 {limit} MB。", "The photo is larger than {limit} MB."
)
WrongPhotoFormat = refusal(
    "kit.wrong-photo-format", Kind.INVALID, "照片应为 JPEG 或 PNG。", "The photo must be a JPEG or a PNG."
)
TooManyPixels = refusal(
    "kit.too-many-pixels", Kind.INVALID, "照片超过 {limit} 百万像素。", "The photo has more than {limit} megapixels."
)
BrokenPhoto = refusal("kit.broken-photo", Kind.INVALID, "照片已损坏，无法打开。", "The photo cannot be read.")

MOST_MEGABYTES = 5
MOST_MEGAPIXELS = 50
LONGEST_SIDE = 2000
_AT_A_TIME = 2
_QUALITY = 85
_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, zlib.error, StructError)

# Our own bound is lower, and is held against the header before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


class Photo(msgspec.Struct, frozen=True):
    """A JPEG without anything but its pixels. `sha256`: lower-case hex of its bytes."""

    image: bytes
    sha256: str
    width: int
    height: int


class Darkroom:
    """Where a service reads what was uploaded while others wait for nothing. A decoded photo may need 200 MB, so two
    are read at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_A_TIME)

    async def read(self, how: Callable[[bytes], T], data: bytes) -> T:
        async with self._places:
            return await asyncio.to_thread(how, data)


def is_photo(data: bytes) -> bool:
    """Whether it begins like one."""
    return _format_of(data) is not None


def cleaned(data: bytes) -> Photo:
    """The photo as JPEG, its longest side at most 2,000 px, upright, without EXIF, GPS, comments or profiles.

    Takes up to a second of one core. Raises NoPhoto, PhotoTooLarge, WrongPhotoFormat, TooManyPixels, BrokenPhoto."""
    if not data:
        raise NoPhoto(field="file")
    if len(data) > MOST_MEGABYTES * 1024 * 1024:
        raise PhotoTooLarge(field="file", limit=MOST_MEGABYTES)
    format = _format_of(data)
    if format is None:
        raise WrongPhotoFormat(field="file")
    try:
        pixels = _pixels(data, format)
    except _BROKEN:
        raise BrokenPhoto(field="file") from None
    written = io.BytesIO()
    pixels.save(written, "JPEG", quality=_QUALITY, optimize=True)
    body = written.getvalue()
    return Photo(body, hashlib.sha256(body).hexdigest(), *pixels.size)


def _format_of(data: bytes) -> str | None:
    return next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)


def _pixels(data: bytes, format: str) -> Image.Image:
    """Upright and small, on white where it was transparent, in a new image that knows nothing of the old one."""
    with Image.open(io.BytesIO(data), formats=[format]) as opened:
        width, height = opened.size
        if width * height > MOST_MEGAPIXELS * 1_000_000:
            raise TooManyPixels(field="file", limit=MOST_MEGAPIXELS)
        opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(opened)
        shown = upright.convert("RGBA") if upright.has_transparency_data else upright.convert("RGB")
        clean = Image.new("RGB", shown.size, "white")
        clean.paste(shown, mask=shown if shown.mode == "RGBA" else None)
        return clean
