"""The portal, put together."""

from collections.abc import Mapping

from litestar import Litestar

from kaimen.kit.bus import Subscription
from kaimen.kit.http import create_service_app
from kaimen.kit.jobs import Job
from kaimen.kit.service import Resources, Service
from kaimen.portal import (
    applying,
    consultations,
    decisions,
    desk,
    desk_consultations,
    desk_decisions,
    desk_groups,
    desk_hearings,
    desk_items,
    desk_meetings,
    desk_notices,
    desk_open_month,
    desk_opinions,
    desk_recruiting,
    desk_reports,
    door,
    draws,
    hearings,
    meetings,
    month_sheet,
    open_month,
    opinions,
    outcomes,
    private_calendars,
    public,
    registering,
    search,
)
from kaimen.portal.failures import FailurePages
from kaimen.portal.portal import Portal
from kaimen.portal.settings import PortalSettings

SERVICE = Service(name="portal", title="门户", settings=PortalSettings, has_database=False)


def create_app(resources: Resources) -> Litestar:
    portal = Portal(resources)
    rooms = (
        public, registering, meetings, hearings, consultations, opinions, outcomes, decisions, draws, applying, desk,
        door, desk_meetings, desk_hearings, desk_recruiting, desk_consultations, desk_opinions, desk_groups,
        desk_reports, desk_decisions, desk_items, private_calendars, open_month, desk_open_month,
        search, month_sheet, desk_notices,
    )  # fmt: skip
    pages = [room.handlers(portal) for room in rooms]
    return create_service_app(
        resources,
        [],
        root_handlers=[handler for room in pages for handler in room],
        on_stop=[portal.services.close],
        plugins=[FailurePages(portal)],
    )


def create_consumers(_: Resources) -> list[Subscription]:
    return []


def create_jobs(_: Resources) -> Mapping[str, Job]:
    return {}
