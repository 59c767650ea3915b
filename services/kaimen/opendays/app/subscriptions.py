"""A citizen's own calendar: a private feed of all that one person, known by a pseudonym, is registered for (CF7)."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from kaimen.contracts.opendays import FeedChanged
from kaimen.kit.ids import normalise_code
from kaimen.kit.people import Proof, ProofNeeded, hash_token
from kaimen.kit.work import version_at
from kaimen.opendays.app.desk import PURPOSE, Desk
from kaimen.opendays.domain.refusals import UnknownRegistration
from kaimen.opendays.store.repository import PrivateFeed


class Subscription(msgspec.Struct, frozen=True):
    """我的日历: its address, shown this once. Whoever has it can read the feed."""

    url: str


async def grant(desk: Desk, code: str, proof: Proof, public_url: str) -> Subscription:
    """A new address; earlier ones stay until they are revoked. Raises UnknownRegistration, ProofNeeded."""
    person = await _holder(desk, code, proof)
    await desk.store.lock_persons([person])
    token = desk.work.new_token()
    feed = PrivateFeed(desk.work.new_id(), person, hash_token(token).hex())
    await desk.store.add_private_feed(feed, desk.work.at)
    await _tell(desk, feed, revoked=False)
    return Subscription(f"{public_url}/calendar/me/{token}.ics")


async def revoke(desk: Desk, code: str, proof: Proof) -> None:
    """Every address that was given to this person ends. Raises UnknownRegistration, ProofNeeded."""
    person = await _holder(desk, code, proof)
    await desk.store.lock_persons([person])
    for feed in await desk.store.private_feeds([person]):
        await desk.store.revoke_private_feed(feed.id, desk.work.at)
        await _tell(desk, feed, revoked=True)


async def follow(desk: Desk, persons: Iterable[bytes | None]) -> None:
    """Somebody registered for more: their feeds have it, too."""
    known = {person for person in persons if person is not None}
    await desk.store.lock_persons(known)
    for feed in await desk.store.private_feeds(known):
        await _tell(desk, feed, revoked=False)


async def _holder(desk: Desk, code: str, proof: Proof) -> bytes:
    """A phone number is known to others, too: only the manage token opens a calendar."""
    registration = await desk.store.registration(code=normalise_code(code))
    if registration is None:
        raise UnknownRegistration
    if registration.person is None or not Proof(proof.manage_token).fits(
        desk.vault, PURPOSE, registration.person, registration.manage_hash
    ):
        raise ProofNeeded
    return registration.person


async def _tell(desk: Desk, feed: PrivateFeed, *, revoked: bool) -> None:
    """Whoever calls has locked the person: each time everything is told, so nobody else may add to it meanwhile."""
    registrations: tuple[UUID, ...] = tuple(await desk.store.registrations_of(feed.person))
    told_at = await desk.store.tell_private_feed(feed.id, desk.work.at)
    fact = FeedChanged(feed.id, feed.token_sha256, registrations, revoked)
    desk.work.emit(fact, aggregate_id=feed.id, version=version_at(told_at))
