"""What every use case works with: the open transaction, the store, the vault and the recruiting."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.contracts import hearings as contract
from kaimen.hearings.app.calendar import entries_of, entry_of
from kaimen.hearings.domain import hearings as domain
from kaimen.hearings.domain import materials
from kaimen.hearings.domain.hearings import Hearing, Phase, SeatGroup, Seating
from kaimen.hearings.domain.materials import Delivery
from kaimen.hearings.domain.refusals import UnknownHearing
from kaimen.hearings.store.repository import Repository
from kaimen.kit.clock import day_start, local_date
from kaimen.kit.crypto import Vault
from kaimen.kit.draws.store import Draw
from kaimen.kit.recruiting.procedure import Recruiting, RecruitingSettings, Shown, draw_subject
from kaimen.kit.recruiting.rules import SEATED, Application, Occasion, Recruitment
from kaimen.kit.work import Work, version_at

DRAWING = ("computing", "committed", "drawn")
"""States of a draw from which there is no way back to sign-up."""


class HearingsSettings(RecruitingSettings, frozen=True, kw_only=True):
    """Settings of hearings: those of every service that recruits."""


class Participant(msgspec.Struct, frozen=True):
    """Who holds a participant's seat."""

    group: SeatGroup
    application: Application

    @property
    def pseudonym(self) -> str:
        return self.application.pseudonym


class Desk:
    """One use case's tools. `store` and everything emitted belong to the same transaction."""

    person_purpose = "participant"

    def __init__(self, work: Work, vault: Vault, settings: HearingsSettings) -> None:
        self.work = work
        self.store = Repository(work.connection, vault)
        self.vault = vault
        self.retention = settings
        self.recruiting = Recruiting(self)

    async def hearing(self, id: UUID, *, lock: bool = False) -> Hearing:
        """Raises UnknownHearing, also for a draft that the actor may not see."""
        hearing = await self.store.hearing(id, lock=lock)
        if hearing is None or not (hearing.announced_at or self.work.actor.sees_drafts_of(hearing.unit)):
            raise UnknownHearing
        return hearing

    async def own_hearing(self, id: UUID) -> Hearing:
        """Locked, for staff who may act for its unit. Raises UnknownHearing, Forbidden, NotYourUnit."""
        hearing = await self.hearing(id, lock=True)
        self.work.actor.must_act_for(hearing.unit)
        return hearing

    async def may(self, action: domain.Action, hearing: Hearing) -> Phase:
        """The phase of the hearing, if it permits `action`. Raises WrongState."""
        phase = await self.phase(hearing)
        domain.must_permit(action, phase)
        return phase

    async def phase(self, hearing: Hearing) -> Phase:
        """Of lists, too, which need not count the seats of what is past that question."""
        is_seating = hearing.standing == "announced" and hearing.list_published_at is None
        return domain.phase(hearing, await self.seatings(hearing) if is_seating else (), self.work.at)

    async def seatings(self, hearing: Hearing) -> list[Seating]:
        """How far the recruitment of each group is."""
        found = []
        for recruitment in await self.recruiting.store.recruitments([hearing.id]):
            applications = await self.recruiting.store.applications(recruitment.id)
            draws = await self.recruiting.draws.store.all_of(draw_subject(recruitment.id))
            found.append(
                Seating(
                    name=recruitment.name,
                    state=recruitment.state,
                    opens_at=recruitment.opens_at,
                    closes_at=recruitment.closes_at,
                    seated=sum(each.state in SEATED for each in applications),
                    drawing=any(draw.state in DRAWING for draw in draws),
                )
            )
        return found

    async def locked_recruitments(self, hearing: Hearing) -> list[Recruitment]:
        """Of all groups; nobody else moves them meanwhile, not even their timers."""
        found = await self.recruiting.store.recruitments([hearing.id])
        return [(await self.recruiting.recruitment(each.id, lock=True))[0] for each in found]

    async def seated(self, hearing: Hearing, role: domain.SeatRole) -> list[Participant]:
        """Who holds a seat of that role, by pseudonym."""
        groups = {group.recruitment_id: group for group in hearing.groups if group.role == role}
        return [
            Participant(groups[each.recruitment_id], each)
            for each in await self.recruiting.store.applications_of_occasion(hearing.id)
            if each.state in SEATED and each.recruitment_id in groups
        ]

    async def missing(self, hearing: Hearing, deliveries: list[Delivery] | None = None) -> list[str]:
        """Pseudonyms of participants whom no delivery reached in time."""
        if deliveries is None:
            deliveries = await self.store.deliveries(hearing)
        participants = [each.pseudonym for each in await self.seated(hearing, "participant")]
        return materials.missing(participants, deliveries, hearing.starts_on, hearing.pack.clock("materials"))

    async def save(self, hearing: Hearing) -> Hearing:
        """The next version. `changed_at` is left to whoever changes what calendars show."""
        saved = replace(hearing, version=hearing.version + 1)
        await self.store.save_hearing(saved)
        return saved

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return local_date(self.work.at)

    async def record(self, action: str, hearing: Hearing, reason: str | None = None) -> None:
        await self.work.record(action, f"hearing:{hearing.id}", reason=reason)

    # What recruiting asks of its host

    async def occasion(self, id: UUID) -> Occasion:
        return self.occasion_of(await self.hearing(id))

    def occasion_of(self, hearing: Hearing) -> Occasion:
        """The hearing, as that for which people are recruited. Vacancies are filled while materials can still reach
        everybody in time."""
        fill_on = hearing.starts_on - timedelta(days=hearing.pack.clock("materials").plan_days)
        return Occasion(
            id=hearing.id,
            unit=hearing.unit,
            title=hearing.title,
            starts_at=hearing.starts_at,
            ends_at=hearing.ends_at,
            place=hearing.place,
            page=f"/hearings/{hearing.id}",
            fill_at=day_start(fill_on),
            ahead=hearing.standing == "announced" and hearing.held_at is None,
            list_public=hearing.list_published_at is not None,
            topics={hearing.id: hearing.matters},
        )

    async def shown(self, id: UUID) -> Shown:
        hearing = await self.hearing(id)
        return Shown(entry_of(hearing), hearing.standing == "postponed", hearing.reason)

    async def scope_of(self, recruitment: Recruitment) -> UUID:
        """One person, one seat at the table; to sit among the observers as well harms nobody."""
        hearing = await self.hearing(recruitment.occasion_id)
        roles = {group.recruitment_id: group.role for group in hearing.groups}
        return recruitment.id if roles.get(recruitment.id) == "observer" else hearing.id

    # What others are told

    def announce(self, fact: msgspec.Struct, hearing: Hearing) -> None:
        self.work.emit(fact, aggregate_id=hearing.id, version=hearing.version)

    def announce_entries(self, hearing: Hearing) -> None:
        """What calendars show of the hearing."""
        self.announce(contract.HearingEntriesChanged(hearing.id, entries_of(hearing)), hearing)

    async def announce_opened(self, recruitment: Recruitment, rules_sha256: str) -> None:
        self.work.emit(
            contract.SeatsOpened(
                recruitment.id, recruitment.occasion_id, recruitment.name, recruitment.method, recruitment.seats,
                recruitment.opens_at, recruitment.closes_at, rules_sha256,
            ),
            aggregate_id=recruitment.id,
            version=1,
        )  # fmt: skip

    def announce_settled(self, recruitment: Recruitment, applicants: int, selected: int, draw: Draw | None) -> None:
        number = draw.number if draw else 0
        self.work.emit(
            contract.SeatsSettled(
                recruitment.id, recruitment.occasion_id, recruitment.name, recruitment.method, applicants, selected,
                number, draw.commitment_hash if draw else "", draw.seed if draw else "",
            ),
            aggregate_id=recruitment.id,
            version=1 + max(number, 1),
        )  # fmt: skip

    def announce_application(self, application: Application) -> None:
        self.work.emit(
            contract.HearingApplicationChanged(
                application.id,
                application.recruitment_id,
                application.occasion_id,
                application.state,
                application.confirm_by,
            ),
            aggregate_id=application.id,
            version=version_at(application.changed_at),
        )


def sides_of(hearing: Hearing, people: Mapping[str, int]) -> tuple[contract.HearingSide, ...]:
    """How many of each side; `people`: how many by the name of their group."""
    return tuple(
        contract.HearingSide(
            side.name,
            sum(people.get(group.name, 0) for group in hearing.groups if group.side == side.name),
        )
        for side in hearing.sides
    )


def picture(hearing: Hearing) -> contract.PublicHearing:
    """The hearing as the public sees it."""
    assert hearing.standing != "planned"
    return contract.PublicHearing(
        hearing_id=hearing.id,
        version=hearing.version,
        unit=hearing.unit,
        catalogue_item=hearing.catalogue_item,
        profile=hearing.profile,
        title=hearing.title,
        matters=hearing.matters,
        standing=hearing.standing,
        starts_at=hearing.starts_at,
        ends_at=hearing.ends_at,
        place=hearing.place,
        reason=hearing.reason,
        sides=sides_of(hearing, {group.name: group.seats for group in hearing.groups}),
        page=f"/hearings/{hearing.id}",
    )
