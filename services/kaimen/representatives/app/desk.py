"""What every use case works with: the open transaction, the store, the vault and the recruiting."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import representatives as contract
from kaimen.kit.crypto import Vault
from kaimen.kit.draws.store import Draw
from kaimen.kit.recruiting.procedure import Recruiting, RecruitingSettings, Shown
from kaimen.kit.recruiting.rules import Application, Occasion, Recruitment
from kaimen.kit.work import Work, version_at
from kaimen.representatives.app.calendar import entries_of, entry_of
from kaimen.representatives.domain.meetings import REPLACED_BEFORE, Meeting, is_ahead
from kaimen.representatives.domain.refusals import UnknownMeeting
from kaimen.representatives.store.repository import Repository


class RepresentativesSettings(RecruitingSettings, frozen=True, kw_only=True):
    """Settings of representatives, beside those that all services have."""

    reply_working_days: Annotated[
        int, Meta(description="working days after the meeting for the public reply to a statement", ge=1, le=60)
    ] = 10


class Desk:
    """One use case's tools. `store` and everything emitted belong to the same transaction."""

    person_purpose = "representative"

    def __init__(self, work: Work, vault: Vault, settings: RepresentativesSettings) -> None:
        self.work = work
        self.store = Repository(work.connection)
        self.vault = vault
        self.settings = self.retention = settings
        self.recruiting = Recruiting(self)

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

    async def occasion(self, id: UUID) -> Occasion:
        return self.occasion_of(await self.meeting(id))

    def occasion_of(self, meeting: Meeting) -> Occasion:
        """The meeting, as that for which people are recruited."""
        return Occasion(
            id=meeting.id,
            unit=meeting.unit,
            title=meeting.title,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            place=meeting.place,
            page=f"/meetings/{meeting.id}",
            fill_at=meeting.starts_at - REPLACED_BEFORE,
            ahead=is_ahead(meeting, self.work.at),
            topics={item.id: item.title for item in meeting.items if item.suitable_for_public},
        )

    async def shown(self, id: UUID) -> Shown:
        """A meeting without representatives is none for those who applied."""
        meeting = await self.meeting(id)
        entry = entry_of(meeting)
        if meeting.standing == "no_public":
            entry = replace(entry, status="CANCELLED", cancelled_reason=meeting.reason)
        return Shown(entry, postponed=False, reason=meeting.reason)

    async def scope_of(self, recruitment: Recruitment) -> UUID:
        return recruitment.id

    async def announce(
        self, meeting: Meeting, fact: type[contract.MeetingAnnounced] | type[contract.MeetingRevised]
    ) -> None:
        self.work.emit(fact(picture(meeting)), aggregate_id=meeting.id, version=meeting.version)
        await self.announce_entries(meeting)

    async def announce_entries(self, meeting: Meeting) -> None:
        """What calendars show of the meeting and of its sign-ups. Those have no part in the version of the meeting."""
        told_at = await self.store.tell_entries(meeting.id, self.work.at)
        entries = entries_of(meeting, await self.recruiting.store.recruitments([meeting.id]))
        fact = contract.MeetingEntriesChanged(meeting.id, entries)
        self.work.emit(fact, aggregate_id=meeting.id, version=version_at(told_at))

    async def announce_opened(self, recruitment: Recruitment, rules_sha256: str) -> None:
        self.work.emit(
            contract.RecruitmentOpened(
                recruitment.id, recruitment.occasion_id, recruitment.method, recruitment.seats, recruitment.opens_at,
                recruitment.closes_at, rules_sha256,
            ),
            aggregate_id=recruitment.id,
            version=1,
        )  # fmt: skip
        await self.announce_entries(await self.meeting(recruitment.occasion_id))

    def announce_settled(self, recruitment: Recruitment, applicants: int, selected: int, draw: Draw | None) -> None:
        number = draw.number if draw else 0
        self.work.emit(
            contract.RecruitmentSettled(
                recruitment.id, recruitment.occasion_id, recruitment.method, applicants, selected, number,
                draw.commitment_hash if draw else "", draw.seed if draw else "",
            ),
            aggregate_id=recruitment.id,
            version=1 + max(number, 1),
        )  # fmt: skip

    def announce_application(self, application: Application) -> None:
        self.work.emit(
            contract.ApplicationChanged(
                application.id,
                application.recruitment_id,
                application.occasion_id,
                application.state,
                application.confirm_by,
            ),
            aggregate_id=application.id,
            version=version_at(application.changed_at),
        )


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
