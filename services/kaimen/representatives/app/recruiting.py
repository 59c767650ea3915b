"""The call for representatives of a meeting; what follows is the same for everybody who recruits (`kit.recruiting`)."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from kaimen.kit import lots
from kaimen.kit.recruiting.procedure import Instant
from kaimen.kit.recruiting.rules import Recruitment, Terms
from kaimen.representatives.app.desk import Desk
from kaimen.representatives.domain.meetings import Meeting, must_be_ahead
from kaimen.representatives.domain.refusals import NotSuitable, UnknownItem


class Call(Terms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """招募公告 with its rules; published as it is given, and never changed afterwards."""

    items: tuple[UUID, ...] = ()
    opens_at: Instant
    closes_at: Instant
    entropy: Annotated[tuple[lots.Source, ...], Meta(max_length=10)] = ()


async def open_recruitment(desk: Desk, meeting: Meeting, call: Call) -> Recruitment:
    """Publish the call and, for a draw, its rules."""
    must_be_ahead(meeting, desk.work.at)
    items = _items(meeting, call.items)
    return await desk.recruiting.open(
        desk.occasion_of(meeting), call, call.opens_at, call.closes_at, call.entropy, items=items
    )


def _items(meeting: Meeting, chosen: Sequence[UUID]) -> tuple[UUID, ...]:
    """The agenda items that these representatives attend: all suitable ones, unless some are named."""
    by_id = {item.id: item for item in meeting.items}
    for number, name in enumerate(chosen):
        if name not in by_id:
            raise UnknownItem(field=f"items[{number}]")
        if not by_id[name].suitable_for_public:
            raise NotSuitable(field=f"items[{number}]")
    found = tuple(chosen) or tuple(item.id for item in meeting.items if item.suitable_for_public)
    if not found:
        raise NotSuitable(field="items")
    return found
