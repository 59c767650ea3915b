"""The office opens a campaign, changes it, and publishes it; the clock freezes it."""

import hashlib
from datetime import date
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.contracts import openmonth as contract
from kaimen.kit.texts import clean_text, clean_url
from kaimen.openmonth.app.desk import Desk, picture
from kaimen.openmonth.app.views import board_of, programme_of
from kaimen.openmonth.domain.campaigns import NAME, Campaign, check_window, must_be_state

FREEZE = "freeze-campaign"
Year = Annotated[int, Meta(ge=2000, le=2099)]
Words = Annotated[str, Meta(max_length=200)]
Url = Annotated[str, Meta(max_length=500)]


class CampaignDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """政府开放月 of a year; without a window it is August. `sign_url`: where the sign can be fetched."""

    year: Year
    name: Words = NAME
    theme: Words = ""
    opens_on: date | None = None
    closes_on: date | None = None
    sign_url: Url = ""


class CampaignChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only what changes; the window only before publication."""

    name: Words | UnsetType = UNSET
    theme: Words | UnsetType = UNSET
    opens_on: date | UnsetType = UNSET
    closes_on: date | UnsetType = UNSET
    sign_url: Url | UnsetType = UNSET


async def begin(desk: Desk, draft: CampaignDraft) -> Campaign:
    """Raises CampaignExists (by the database), BadWindow, and refusals of texts."""
    campaign = _cleaned(
        Campaign(
            id=desk.work.new_id(),
            version=1,
            year=draft.year,
            name=draft.name,
            theme=draft.theme,
            opens_on=draft.opens_on or date(draft.year, 8, 1),
            closes_on=draft.closes_on or date(draft.year, 8, 31),
            sign_url=draft.sign_url,
            state="planned",
            created_at=desk.work.at,
            changed_at=desk.work.at,
        )
    )
    check_window(campaign)
    await desk.store.add_campaign(campaign)
    await desk.work.record("begin", f"campaign:{campaign.year}", after="planned")
    return campaign


async def change(desk: Desk, campaign: Campaign, given: CampaignChange) -> Campaign:
    """Raises WrongCampaignState once it is frozen, WindowFixed, BadWindow, and refusals of texts."""
    must_be_state(campaign, "planned", "published")
    named = {name: getattr(given, name) for name in given.__struct_fields__}
    changed = _cleaned(replace(campaign, **{name: value for name, value in named.items() if value is not UNSET}))
    check_window(changed, campaign)
    if changed == campaign:
        return campaign
    saved = await desk.save(changed)
    await desk.work.record("change", f"campaign:{saved.year}")
    if saved.is_public:
        desk.work.emit(contract.CampaignRevised(picture(saved)), aggregate_id=saved.id, version=saved.version)
    return saved


async def publish(desk: Desk, campaign: Campaign) -> Campaign:
    """From now on the public sees it. Raises WrongCampaignState."""
    must_be_state(campaign, "planned")
    saved = await desk.save(replace(campaign, state="published"))
    await desk.work.record("publish", f"campaign:{saved.year}", before="planned", after="published")
    await desk.work.set_timer(FREEZE, str(saved.year), saved.frozen_at)
    desk.work.emit(contract.CampaignOpened(picture(saved)), aggregate_id=saved.id, version=saved.version)
    return saved


async def freeze(desk: Desk, year: int) -> None:
    """The timer's part, whenever it comes: programme and board as they are, for ever."""
    campaign = await desk.store.campaign(year, lock=True)
    if campaign is None or campaign.state != "published":
        return
    if desk.work.at < campaign.frozen_at:
        await desk.work.set_timer(FREEZE, str(year), campaign.frozen_at)
        return
    saved = await desk.save(replace(campaign, state="frozen"))
    programme = await _keep(desk, year, "programme", await programme_of(desk, year))
    board = await _keep(desk, year, "board", await board_of(desk, year))
    await desk.work.record("freeze", f"campaign:{year}", before="published", after="frozen")
    frozen = contract.CampaignFrozen(saved.id, year, programme_sha256=programme, board_sha256=board)
    desk.work.emit(frozen, aggregate_id=saved.id, version=saved.version)


async def _keep(desk: Desk, year: int, document: str, content: object) -> str:
    body = msgspec.json.encode(content)
    sha256 = hashlib.sha256(body).hexdigest()
    await desk.store.add_archive(year, document, body, sha256, desk.work.at)
    return sha256


def _cleaned(campaign: Campaign) -> Campaign:
    return replace(
        campaign,
        name=clean_text(campaign.name, "name", least=1),
        theme=clean_text(campaign.theme, "theme"),
        sign_url=clean_url(campaign.sign_url, "sign_url"),
    )
