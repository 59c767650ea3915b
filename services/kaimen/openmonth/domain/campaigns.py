"""Campaigns: one a year, its window, and when it is frozen."""

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.kit.clock import day_start
from kaimen.openmonth.domain.refusals import BadWindow, WindowFixed, WrongCampaignState

State = Literal["planned", "published", "frozen"]
NAME = "政府开放月"


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """政府开放月 of one year. Its window is from `opens_on` to `closes_on`, both included."""

    id: UUID
    version: int
    year: int
    name: str
    theme: str
    opens_on: date
    closes_on: date
    sign_url: str
    state: State
    created_at: datetime
    changed_at: datetime

    @property
    def is_public(self) -> bool:
        return self.state != "planned"

    @property
    def frozen_at(self) -> datetime:
        """1 September 00:00 Asia/Shanghai, or the day after a window that ends later."""
        return day_start(max(date(self.year, 9, 1), self.closes_on + timedelta(days=1)))


def must_be_state(campaign: Campaign, *states: State) -> None:
    """Raises WrongCampaignState."""
    if campaign.state not in states:
        raise WrongCampaignState(state=campaign.state)


def check_window(campaign: Campaign, before: Campaign | None = None) -> None:
    """Raises BadWindow, or WindowFixed when a published one would move."""
    if not date(campaign.year, 1, 1) <= campaign.opens_on <= campaign.closes_on <= date(campaign.year, 12, 31):
        raise BadWindow(field="closes_on")
    is_moved = before is not None and (before.opens_on, before.closes_on) != (campaign.opens_on, campaign.closes_on)
    if is_moved and campaign.is_public:
        raise WindowFixed(field="opens_on")
