"""Facts of `openmonth`: campaigns, evidence of the sign, and the frozen archive. What belongs to a campaign is said by
`opendays` (`OpenEvent.campaign`)."""

from datetime import date
from uuid import UUID

import msgspec

from kaimen.contracts.registry import fact


class PublicCampaign(msgspec.Struct, frozen=True):
    """政府开放月, as the public sees it. From `opens_on` to `closes_on`, both included (Asia/Shanghai)."""

    campaign_id: UUID
    version: int
    year: int
    name: str
    theme: str
    opens_on: date
    closes_on: date
    sign_url: str


@fact("openmonth.campaign.opened.v1")
class CampaignOpened(msgspec.Struct, frozen=True):
    """开放月公布."""

    campaign: PublicCampaign


@fact("openmonth.campaign.revised.v1")
class CampaignRevised(msgspec.Struct, frozen=True):
    """开放月更改: name, theme or the address of the sign changed after publication."""

    campaign: PublicCampaign


@fact("openmonth.sign.shown.v1")
class SignShown(msgspec.Struct, frozen=True):
    """标识留证: a photo shows the sign at this event. `sha256`: lower-case hex of the photo's bytes."""

    event_id: UUID
    unit: str
    year: int
    sha256: str


@fact("openmonth.campaign.frozen.v1")
class CampaignFrozen(msgspec.Struct, frozen=True):
    """开放月归档: programme and board are kept as bytes from now on. `sha256`: of each of them, lower-case hex."""

    campaign_id: UUID
    year: int
    programme_sha256: str
    board_sha256: str
