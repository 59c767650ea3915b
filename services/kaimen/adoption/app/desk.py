"""What every use case works with: the open transaction, the store and the settings."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.adoption.app.calendar import entries_of_consultation
from kaimen.adoption.domain import consultations as domain
from kaimen.adoption.domain.clusters import ConcentrationRule
from kaimen.adoption.domain.consultations import Consultation
from kaimen.adoption.domain.refusals import ReportFixed, UnknownConsultation
from kaimen.adoption.store.repository import Repository
from kaimen.contracts import adoption as contract
from kaimen.kit.clock import local_date
from kaimen.kit.crypto import Vault
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.work import Work


class AdoptionSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of adoption, beside those that all services have."""

    concentrated_least: Annotated[
        int, Meta(description="opinions that make a group concentrated, at least", ge=2, le=1000)
    ] = 3
    concentrated_share: Annotated[
        float, Meta(description="share of all opinions that makes a group concentrated, 0 to 1", ge=0, le=1)
    ] = 0.05
    contact_days: Annotated[
        int,
        Meta(description="days after the report when contacts and attachments are deleted", ge=1, le=3650),
    ] = 180
    attachments_mb: Annotated[
        int, Meta(description="megabytes of attachments that one consultation takes; 0: none", ge=0, le=1_000_000)
    ] = 2_000


class Desk:
    """One use case's tools. `store` and everything emitted belong to the same transaction."""

    def __init__(self, work: Work, vault: Vault, settings: AdoptionSettings) -> None:
        self.work = work
        self.store = Repository(work.connection, vault)
        self.settings = settings
        self.rule = ConcentrationRule(settings.concentrated_least, settings.concentrated_share)

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return local_date(self.work.at)

    async def consultation(self, id: UUID, *, lock: bool = False) -> Consultation:
        """Raises UnknownConsultation, also for a draft that the actor may not see."""
        found = await self.store.consultation(id, lock=lock)
        if found is None or not (found.announced_at or self.work.actor.sees_drafts_of(found.unit)):
            raise UnknownConsultation
        return found

    async def own_consultation(self, id: UUID, *, lock: bool = True) -> Consultation:
        """For staff who may act for its unit; locked for whoever changes something. Raises UnknownConsultation,
        Forbidden, NotYourUnit."""
        found = await self.consultation(id, lock=lock)
        self.work.actor.must_act_for(found.unit)
        return found

    async def workable(self, id: UUID, *, lock: bool = True) -> Consultation:
        """One's own, with opinions that may still be grouped and answered. Raises WrongState, ReportFixed."""
        found = await self.own_consultation(id, lock=lock)
        domain.must_permit("work_on", found, self.work.at)
        await self.must_be_open_to_change(found, lock=lock)
        return found

    async def must_be_open_to_change(self, consultation: Consultation, *, lock: bool = True) -> None:
        """Raises ReportFixed once the report on it is approved. Locks the report, after the consultation: whoever
        approves waits for what is being written, and then reads it."""
        if consultation.report_id is None:
            return
        report = await self.store.report(consultation.report_id, lock=lock)
        if report is not None and report.state != "drafting":
            raise ReportFixed

    async def save(self, consultation: Consultation) -> Consultation:
        """The next version."""
        saved = replace(consultation, version=consultation.version + 1)
        await self.store.save_consultation(saved)
        return saved

    async def record(self, action: str, object: str, reason: str | None = None) -> None:
        await self.work.record(action, object, reason=reason)

    def announce(self, fact: msgspec.Struct, consultation: Consultation) -> None:
        self.work.emit(fact, aggregate_id=consultation.id, version=consultation.version)

    def announce_entries(self, consultation: Consultation) -> None:
        entries = entries_of_consultation(consultation)
        self.announce(contract.AdoptionEntriesChanged(consultation.id, entries), consultation)


def page_of(consultation: Consultation) -> str:
    return f"/consultations/{consultation.id}"


def picture(consultation: Consultation) -> contract.PublicConsultation:
    """The consultation as the public sees it."""
    return contract.PublicConsultation(
        consultation_id=consultation.id,
        version=consultation.version,
        unit=consultation.unit,
        catalogue_item=consultation.catalogue_item,
        title=consultation.title,
        opens_on=consultation.opens_on,
        closes_on=consultation.closes_on,
        shortened_reason=consultation.shortened_reason,
        channels=consultation.channels,
        draft_url=consultation.draft_url or f"{page_of(consultation)}#draft",
        explanation_url=consultation.explanation_url or f"{page_of(consultation)}#explanation",
        background_url=consultation.background_url,
        page=page_of(consultation),
    )
