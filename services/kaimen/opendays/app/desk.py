"""What every use case works with: the open transaction, the store, the vault and the ticket press."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from kaimen.contracts import opendays as contract
from kaimen.contracts.calendar import OpenDayEntriesChanged
from kaimen.kit.crypto import Vault
from kaimen.kit.draws.procedure import Draws
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.work import Work
from kaimen.opendays.app.calendar import entries_of
from kaimen.opendays.app.tickets import TicketPress
from kaimen.opendays.domain.events import Event, is_public
from kaimen.opendays.domain.refusals import UnknownEvent
from kaimen.opendays.store.repository import Repository

PURPOSE = "registration"


class OpenDaysSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of opendays, beside those that all services have."""

    unit_leads_approve: Annotated[
        bool, Meta(description="whether a unit's own lead may approve its events, beside the district office")
    ] = True
    retention_days: Annotated[
        int, Meta(description="days after the event when names and phone numbers are deleted", ge=1, le=3650)
    ] = 30
    answer_working_days: Annotated[
        int, Meta(description="working days for the answer to a question asked on site (row 33)", ge=1, le=60)
    ] = 5


class Desk:
    """One use case's tools. `store` and everything emitted belong to the same transaction."""

    def __init__(self, work: Work, vault: Vault, settings: OpenDaysSettings) -> None:
        self.work = work
        self.store = Repository(work.connection)
        self.draws = Draws(work, vault)
        self.vault = vault
        self.settings = settings
        self.tickets = TicketPress(vault)

    @property
    def retention(self) -> timedelta:
        return timedelta(days=self.settings.retention_days)

    async def event(self, event_id: UUID, *, for_change: bool = False) -> Event:
        """Raises UnknownEvent, also for a draft that the actor may not see."""
        event = await self.store.event(event_id, for_change=for_change)
        if event is None or not (is_public(event) or self.work.actor.sees_drafts_of(event.unit)):
            raise UnknownEvent
        return event

    def announce(self, event: Event, fact: type, **more: object) -> None:
        """Publish a fact with the event's public picture, if the public may see the event at all."""
        if is_public(event):
            self.work.emit(fact(event=picture(event), **more), aggregate_id=event.id, version=event.version)
            entries = OpenDayEntriesChanged(event.id, entries_of(event))
            self.work.emit(entries, aggregate_id=event.id, version=event.version)


def picture(event: Event) -> contract.OpenEvent:
    """The event as the public sees it."""
    return contract.OpenEvent(
        event_id=event.id,
        version=event.version,
        state=event.state,  # type: ignore[arg-type] - a public event is in one of the public states
        title=event.title,
        unit=event.unit,
        theme=event.theme,
        summary=event.summary,
        place=event.place,
        street_code=event.street_code,
        accessibility=event.accessibility,
        interactive_steps=event.interactive_steps,
        staff=event.staff,
        audience=event.audience,
        capacity_text=event.capacity_text,
        mode=event.registration.mode,
        registration_note=event.registration.note or event.registration.url,
        contact=event.registration.contact,
        online=event.online,
        tentative=event.tentative,
        campaign=event.campaign,
        reason=event.reason,
        marks=contract.Marks(event.sequence, event.created_at, event.changed_at),
        sessions=tuple(
            contract.OpenSession(
                session_id=session.id,
                starts_at=session.starts_at,
                ends_at=session.ends_at,
                all_day=session.all_day,
                time_text=session.time_text,
                state=session.state,
                capacity=session.capacity,
                registration_opens_at=session.registration_opens_at,
                registration_closes_at=session.registration_closes_at,
                policy=session.policy,
                marks=contract.Marks(session.sequence, session.created_at, session.changed_at),
            )
            for session in event.sessions
        ),
    )
