"""Photos as they may be kept: decoded for real, and written anew with nothing but their pixels."""

import hashlib
import io
import zlib
from struct import error as StructError

from PIL import Image, ImageOps

from kaimen.openmonth.domain.refusals import BrokenPhoto, NoPhoto, PhotoTooLarge, TooManyPixels, WrongPhotoFormat
from kaimen.openmonth.store.repository import Photo

MOST_MEGABYTES = 5
MOST_MEGAPIXELS = 50
LONGEST_SIDE = 2000
_QUALITY = 85
_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, zlib.error, StructError)

# Our own bound is lower, and is held against the header before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


def cleaned(data: bytes) -> Photo:
    """The photo as JPEG, its longest side at most 2,000 px, upright, without EXIF, GPS, comments or profiles.

    Takes up to a second of one core. Raises NoPhoto, PhotoTooLarge, WrongPhotoFormat, TooManyPixels, BrokenPhoto."""
    if not data:
        raise NoPhoto(field="file")
    if len(data) > MOST_MEGABYTES * 1024 * 1024:
        raise PhotoTooLarge(field="file", limit=MOST_MEGABYTES)
    format = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)
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
