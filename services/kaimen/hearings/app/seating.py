"""Who sits at the hearing: sign-up for a group, the draws of all groups together, and the public list."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import hearings as contract
from kaimen.hearings.app.desk import Desk, picture, sides_of
from kaimen.hearings.app.materials import follow_seats
from kaimen.hearings.domain import hearings as domain
from kaimen.hearings.domain.hearings import Hearing, SeatGroup
from kaimen.hearings.domain.refusals import GroupUnclear, RulesNotPublished
from kaimen.kit.draws.refusals import NoSuchDraw, NotCommitted, SignUpStillOpen
from kaimen.kit.draws.store import Draw
from kaimen.kit.recruiting.procedure import NewApplication, Receipt, draw_subject
from kaimen.kit.recruiting.rules import Recruitment


class HearingApplication(NewApplication, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """报名 for one seat group, named by `group` (its name or id); it may be left out where there is only one."""

    group: Annotated[str, Meta(max_length=50)] = ""


async def apply(desk: Desk, hearing: Hearing, given: HearingApplication) -> Receipt:
    """Take one application for a group. Raises UnknownGroup, GroupUnclear, RulesNotPublished, and why not."""
    group = _group_named(hearing, given.group)
    if group.recruitment_id is None:
        raise RulesNotPublished(group=group.name)
    return await desk.recruiting.apply(*await desk.recruiting.recruitment(group.recruitment_id), given)


def _group_named(hearing: Hearing, name: str) -> SeatGroup:
    if not name:
        open_ones = [group for group in hearing.groups if group.role == "participant"]
        if len(open_ones) != 1:
            raise GroupUnclear(field="group")
        return open_ones[0]
    return domain.group_of(hearing, name)


async def drawn_recruitments(desk: Desk, recruitments: Iterable[Recruitment]) -> list[tuple[Recruitment, Draw]]:
    """Those whose seats are drawn, each with its latest draw."""
    return [
        (recruitment, await desk.recruiting.draws.latest(draw_subject(recruitment.id)))
        for recruitment in recruitments
        if recruitment.method == "draw"
    ]


async def begin_commitments(desk: Desk, hearing: Hearing) -> None:
    """Have the panels of every drawn group computed. Raises NoSuchDraw, SignUpStillOpen, QuotasContradict."""
    await desk.may("commit", hearing)
    drawn = await drawn_recruitments(desk, await desk.locked_recruitments(hearing))
    if not drawn:
        raise NoSuchDraw
    if any(recruitment.state == "open" for recruitment, _ in drawn):
        raise SignUpStillOpen
    for recruitment, draw in drawn:
        if draw.state == "closed":
            await desk.recruiting.begin_commitment(recruitment)


async def type_numbers(desk: Desk, hearing: Hearing, values: dict[str, str]) -> None:
    """One of two people types the public numbers, once for all groups; the second one makes the draws."""
    await desk.may("draw", hearing)
    drawn = await drawn_recruitments(desk, await desk.locked_recruitments(hearing))
    if not drawn:
        raise NoSuchDraw
    waiting = [recruitment for recruitment, draw in drawn if draw.state == "committed"]
    if not waiting or any(draw.state in ("closed", "computing") for _, draw in drawn):
        raise NotCommitted
    occasion = desk.occasion_of(hearing)
    for recruitment in waiting:
        await desk.recruiting.type_numbers(recruitment, occasion, values)


async def fill_vacancies(desk: Desk, hearing: Hearing) -> Hearing:
    """Vacant seats of every drawn group, by the committed rule. Who comes in late needs materials too."""
    await desk.may("replace", hearing)
    occasion = desk.occasion_of(hearing)
    for recruitment, draw in await drawn_recruitments(desk, await desk.locked_recruitments(hearing)):
        if draw.state == "drawn" and await desk.recruiting.has_vacancies(recruitment):
            await desk.recruiting.fill_vacancies(recruitment, occasion)
    return await follow_seats(desk, hearing)


async def publish_list(desk: Desk, hearing: Hearing) -> Hearing:
    """参加人名单, masked. Raises RulesNotPublished, SelectionNotFinished, SideEmpty, TooFewConsumers, ListTooLate."""
    if hearing.announced_at is None:
        raise RulesNotPublished(group=hearing.groups[0].name)
    seatings = await desk.seatings(hearing)
    if hearing.list_published_at is None:
        domain.check_roster(hearing, seatings, desk.today)
    await desk.may("publish_list", hearing)
    saved = await desk.save(replace(hearing, list_published_at=desk.work.at))
    await desk.record("publish-list", saved)
    seated = {seating.name: seating.seated for seating in seatings}
    desk.announce(contract.RosterPublished(picture(saved), sides_of(saved, seated)), saved)
    desk.announce_entries(saved)
    return saved
