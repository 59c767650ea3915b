"""What every use case works with: the open transaction, the store, the vault and the public draws."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from kaimen.contracts import representatives as contract
from kaimen.kit.crypto import Vault
from kaimen.kit.draws.procedure import Draws
from kaimen.kit.people import mask_name
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.work import Work
from kaimen.representatives.app.calendar import entries_of
from kaimen.representatives.domain.meetings import Meeting
from kaimen.representatives.domain.recruiting import Application, Recruitment
from kaimen.representatives.domain.refusals import UnknownMeeting, UnknownRecruitment
from kaimen.representatives.store.repository import Repository


class RepresentativesSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of representatives, beside those that all services have."""

    reply_working_days: Annotated[
        int, Meta(description="working days after the meeting for the public reply to a statement", ge=1, le=60)
    ] = 10
    unselected_days: Annotated[
        int, Meta(description="days after the list when unselected applicants are forgotten", ge=1, le=3650)
    ] = 90
    representatives_days: Annotated[
        int, Meta(description="days after the meeting when representatives' contacts are deleted", ge=1, le=3650)
    ] = 365


class Personal(msgspec.Struct, frozen=True):
    """What is sealed, and deleted when its time is over."""

    name: str
    phone: str


class Desk:
    """One use case's tools. `store` and everything emitted belong to the same transaction."""

    def __init__(self, work: Work, vault: Vault, settings: RepresentativesSettings) -> None:
        self.work = work
        self.store = Repository(work.connection)
        self.vault = vault
        self.settings = settings
        self.draws = Draws(work, vault)

    async def meeting(self, id: UUID, *, lock: bool = False) -> Meeting:
        """Raises UnknownMeeting."""
        meeting = await self.store.meeting(id, lock=lock)
        if meeting is None:
            raise UnknownMeeting
        return meeting

    async def own_meeting(self, id: UUID) -> Meeting:
        """Locked, for staff who may act for its unit. Raises UnknownMeeting, Forbidden, NotYourUnit."""
        meeting = await self.meeting(id, lock=True)
        self.work.actor.must_act_for(meeting.unit)
        return meeting

    async def recruitment(self, id: UUID, *, lock: bool = False) -> tuple[Recruitment, Meeting]:
        """Raises UnknownRecruitment."""
        recruitment = await self.store.recruitment(id, lock=lock)
        if recruitment is None:
            raise UnknownRecruitment
        return recruitment, await self.meeting(recruitment.meeting_id)

    async def own_recruitment(self, id: UUID) -> tuple[Recruitment, Meeting]:
        """Locked, for staff who may act for its unit. Raises UnknownRecruitment, Forbidden, NotYourUnit."""
        recruitment, meeting = await self.recruitment(id, lock=True)
        self.work.actor.must_act_for(meeting.unit)
        return recruitment, meeting

    async def announce(
        self, meeting: Meeting, fact: type[contract.MeetingAnnounced] | type[contract.MeetingRevised]
    ) -> None:
        self.work.emit(fact(picture(meeting)), aggregate_id=meeting.id, version=meeting.version)
        await self.announce_entries(meeting)

    async def announce_entries(self, meeting: Meeting) -> None:
        """What calendars show of the meeting and of its sign-ups."""
        entries = entries_of(meeting, await self.store.recruitments([meeting.id]))
        version = int(self.work.at.timestamp() * 1_000_000)
        self.work.emit(contract.MeetingEntriesChanged(meeting.id, entries), aggregate_id=meeting.id, version=version)

    def announce_application(self, application: Application) -> None:
        self.work.emit(
            contract.ApplicationChanged(
                application.id,
                application.recruitment_id,
                application.meeting_id,
                application.state,
                application.confirm_by,
            ),
            aggregate_id=application.id,
            version=int(application.changed_at.timestamp() * 1_000_000),
        )

    def personal(self, meeting: Meeting, application: Application) -> Personal | None:
        """The sealed data, or None after its retention has ended."""
        if application.personal is None:
            return None
        return self.vault.open(application.personal, Personal, unit=meeting.unit, place=place_of(application.id))

    def public_name(self, meeting: Meeting, application: Application) -> str:
        """Masked, unless its owner consented to being named."""
        personal = self.personal(meeting, application)
        if personal is None:
            return ""
        return personal.name if application.publish_name else mask_name(personal.name)


def place_of(id: UUID) -> str:
    return f"applications/{id}/personal"


def draw_subject(recruitment_id: UUID) -> str:
    return f"recruitment:{recruitment_id}"


def picture(meeting: Meeting) -> contract.DecisionMeeting:
    """The meeting as the public sees it."""
    return contract.DecisionMeeting(
        meeting_id=meeting.id,
        version=meeting.version,
        unit=meeting.unit,
        level=meeting.level,
        title=meeting.title,
        kind=meeting.kind,
        standing=meeting.standing,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        place=meeting.place,
        reason=meeting.reason,
        items=tuple(
            contract.MeetingItem(
                item.id,
                item.title,
                item.catalogue_item,
                item.suitable_for_public,
                item.live_stream.url,
                item.live_stream.replay,
            )
            for item in meeting.items
        ),
    )
