"""What every use case works with: the open transaction and the store."""

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts.openmonth import PublicCampaign
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.units import Units
from kaimen.kit.work import Work
from kaimen.openmonth.domain.campaigns import Campaign
from kaimen.openmonth.domain.refusals import UnknownCampaign
from kaimen.openmonth.store.repository import Repository


class OpenMonthSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of openmonth, beside those that all services have."""

    opendays_url: Annotated[str, Meta(description="address of the opendays service, which keeps imported events")] = (
        "http://127.0.0.1:8002"
    )
    opendays_seconds: Annotated[float, Meta(description="how long opendays may take for an import", gt=0)] = 30.0


class Desk:
    """One use case's tools. `store` and everything emitted belong to the same transaction."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.store = Repository(work.connection)

    async def campaign(self, year: int, *, lock: bool = False) -> Campaign:
        """Raises UnknownCampaign, also for one that is only planned and that the actor may not see."""
        campaign = await self.store.campaign(year, lock=lock)
        if campaign is None or not (campaign.is_public or self.work.actor.is_staff):
            raise UnknownCampaign
        return campaign

    async def save(self, campaign: Campaign) -> Campaign:
        """The next version."""
        saved = replace(campaign, version=campaign.version + 1, changed_at=self.work.at)
        await self.store.save_campaign(saved)
        return saved

    async def unit_names(self) -> list[str]:
        """All units that there are, in order."""
        return sorted(await Units(self.work.connection).codes())


def picture(campaign: Campaign) -> PublicCampaign:
    """The campaign as the public sees it."""
    return PublicCampaign(
        campaign_id=campaign.id,
        version=campaign.version,
        year=campaign.year,
        name=campaign.name,
        theme=campaign.theme,
        opens_on=campaign.opens_on,
        closes_on=campaign.closes_on,
        sign_url=campaign.sign_url,
    )
