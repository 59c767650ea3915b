"""标识留证: a photo shows the sign at an event."""

from uuid import UUID

from kaimen.contracts import openmonth as contract
from kaimen.kit.photos import Photo
from kaimen.openmonth.app.desk import Desk
from kaimen.openmonth.domain.occasions import is_live, slots_of
from kaimen.openmonth.domain.refusals import NoSign, NotBegun, NotTakingPlace, UnknownEvent
from kaimen.openmonth.store.repository import Sign


async def file_sign(desk: Desk, year: int, event_id: UUID, photo: Photo) -> Sign:
    """Also after the archive is frozen: photos of the last days come later. An earlier photo is kept.

    Raises UnknownCampaign, UnknownEvent, Forbidden, NotYourUnit, NotTakingPlace, NotBegun."""
    await desk.campaign(year)
    event = await desk.store.event_for_change(year, event_id)
    if event is None:
        raise UnknownEvent
    desk.work.actor.must_act_for(event.unit)
    if not is_live(event):
        raise NotTakingPlace
    if not any(slot.starts_at <= desk.work.at for slot in slots_of(event)):
        raise NotBegun
    sign = await desk.store.add_sign(event_id, photo, desk.work.actor.subject, desk.work.at)
    await desk.work.record("file-sign", f"event:{event_id}", after=sign.sha256)
    shown = contract.SignShown(event_id, event.unit, year, sign.sha256)
    desk.work.emit(shown, aggregate_id=event_id, version=sign.number)
    return sign


async def read_sign(desk: Desk, year: int, event_id: UUID) -> tuple[bytes, str]:
    """The last photo and its hash. Raises UnknownCampaign, NoSign."""
    await desk.campaign(year)
    found = await desk.store.sign(year, event_id)
    if found is None:
        raise NoSign
    return found
