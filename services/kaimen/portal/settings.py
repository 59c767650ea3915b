"""Settings of the portal."""

from typing import Annotated

from msgspec import Meta

from kaimen.kit.settings import ServiceSettings


class PortalSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of the portal, beside those that all services have."""

    services_url: Annotated[str, Meta(description="address under which the portal reaches the services")] = (
        "http://127.0.0.1:8080"
    )
    site_name: Annotated[str, Meta(description="name of the site, in Chinese")] = "青浦区政府开放活动"
    site_name_en: Annotated[str, Meta(description="name of the site, in English")] = "Qingpu District Open Government"
    retention_days: Annotated[
        int, Meta(description="days after an event that the privacy notice promises; the same as in opendays", ge=1)
    ] = 30
    contact_days: Annotated[
        int, Meta(description="days after the report that submitters are promised; the same as in adoption", ge=1)
    ] = 180
    form_seconds: Annotated[
        float, Meta(description="a public form sent sooner than this was not filled in by a person", ge=0)
    ] = 1.0
    form_max_hours: Annotated[int, Meta(description="hours until a public form must be opened anew", ge=1)] = 12
    frame_ancestors: Annotated[str, Meta(description="sites that may embed the pages (CSP frame-ancestors)")] = "'none'"
    service_timeout_seconds: Annotated[float, Meta(description="how long a service may take to answer", gt=0)] = 8.0
