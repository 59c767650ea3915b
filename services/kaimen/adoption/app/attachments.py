"""Files beside opinions: from their authors with the receipt, or entered by staff; read by the unit alone."""

import hashlib

import msgspec

from kaimen.adoption.app import opinions
from kaimen.adoption.app.desk import Desk
from kaimen.adoption.domain import attachments as domain
from kaimen.adoption.domain import consultations as consulting
from kaimen.adoption.domain.attachments import MOST, MOST_MEGABYTES, Attachment, Kind
from kaimen.adoption.domain.consultations import Consultation
from kaimen.adoption.domain.opinions import Opinion
from kaimen.adoption.domain.refusals import (
    AttachmentTooLarge,
    NoRoomForAttachments,
    TooManyAttachments,
    UnknownAttachment,
)
from kaimen.kit import photos


class Upload(msgspec.Struct, frozen=True):
    """A file that may be kept, with nothing in it that it need not have."""

    name: str
    kind: Kind
    body: bytes
    sha256: str


def number_of(number: int) -> int:
    """A number from an address. Raises UnknownAttachment for one that no attachment can have."""
    if not 1 <= number <= 10_000_000:
        raise UnknownAttachment
    return number


def read(data: bytes, filename: str) -> Upload:
    """Takes up to a second. Raises AttachmentTooLarge, WrongAttachment, BrokenAttachment and what a photo may be."""
    if not 0 < len(data) <= MOST_MEGABYTES * 1024 * 1024:
        raise AttachmentTooLarge(field="file", limit=MOST_MEGABYTES)
    if photos.is_photo(data):
        kind, body = "jpg", photos.cleaned(data).image
    else:
        kind, body = domain.kind_of(data)
    return Upload(domain.name_of(filename, kind), kind, body, hashlib.sha256(body).hexdigest())


async def add_own(desk: Desk, receipt: str, upload: Upload) -> Attachment:
    """While the consultation is open. Raises UnknownOpinion, NotOpen, AlreadySetAside, TooManyAttachments and
    NoRoomForAttachments."""
    opinion, consultation = await opinions.of_receipt(desk, receipt, lock=True)
    consulting.must_permit("take_opinion", consultation, desk.work.at)
    return await _add(desk, consultation, opinion, upload)


async def add(desk: Desk, consultation: Consultation, no: int, upload: Upload) -> Attachment:
    """What came on paper, scanned, as long as opinions may be entered."""
    consulting.must_permit("enter_opinion", consultation, desk.work.at)
    return await _add(desk, consultation, await opinions.numbered(desk, consultation, no), upload)


async def drop_own(desk: Desk, receipt: str, number: int) -> None:
    """Raises UnknownOpinion, NotOpen, UnknownAttachment."""
    opinion, consultation = await opinions.of_receipt(desk, receipt, lock=True)
    consulting.must_permit("take_opinion", consultation, desk.work.at)
    await _drop(desk, opinion, number)


async def drop(desk: Desk, consultation: Consultation, no: int, number: int) -> None:
    """Such as a scan of somebody else's letter. Raises UnknownOpinion, UnknownAttachment."""
    await _drop(desk, await opinions.numbered(desk, consultation, no), number)


async def body_of(desk: Desk, opinion: Opinion, number: int) -> tuple[Attachment, bytes]:
    """Raises UnknownAttachment."""
    found = await desk.store.attachment(opinion.id, number)
    if found is None:
        raise UnknownAttachment
    return found


async def read_by_staff(desk: Desk, consultation: Consultation, no: int, number: int) -> tuple[Attachment, bytes]:
    """Who reads one is on record: it may tell who wrote it."""
    opinion = await opinions.numbered(desk, consultation, no)
    found = await body_of(desk, opinion, number)
    await desk.record("read-attachment", f"consultation:{consultation.id}", f"意见 {no} 附件 {number}")
    return found


async def _add(desk: Desk, consultation: Consultation, opinion: Opinion, upload: Upload) -> Attachment:
    opinions.must_not_be_aside(opinion)
    others = (await desk.store.attachments([opinion.id])).get(opinion.id, ())
    if len(others) >= MOST:
        raise TooManyAttachments(most=MOST)
    room = desk.settings.attachments_mb * 1024 * 1024
    if await desk.store.attachments_size(consultation.id) + len(upload.body) > room:
        raise NoRoomForAttachments
    attachment = Attachment(
        number=max((each.number for each in others), default=0) + 1,
        name=upload.name,
        kind=upload.kind,
        size=len(upload.body),
        sha256=upload.sha256,
        added_at=desk.work.at,
    )
    await desk.store.add_attachment(opinion, attachment, upload.body)
    await desk.record("attach", f"consultation:{consultation.id}", f"意见 {opinion.no} 附件 {attachment.number}")
    return attachment


async def _drop(desk: Desk, opinion: Opinion, number: int) -> None:
    if not await desk.store.drop_attachment(opinion.id, number):
        raise UnknownAttachment
    about = f"意见 {opinion.no} 附件 {number}"
    await desk.record("drop-attachment", f"consultation:{opinion.consultation_id}", about)
