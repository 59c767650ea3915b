"""Settings of notices, beside those that all services have."""

from typing import Annotated

from msgspec import Meta

from kaimen.kit.settings import ServiceSettings


class NoticesSettings(ServiceSettings, frozen=True, kw_only=True):
    """A channel without settings is not used: the log says so, and nothing is sent later."""

    opendays_url: Annotated[str, Meta(description="address of opendays, which knows its visitors")] = (
        "http://127.0.0.1:8002"
    )
    representatives_url: Annotated[str, Meta(description="address of representatives, which knows its applicants")] = (
        "http://127.0.0.1:8003"
    )
    hearings_url: Annotated[str, Meta(description="address of hearings, which knows its applicants")] = (
        "http://127.0.0.1:8004"
    )
    adoption_url: Annotated[str, Meta(description="address of adoption, which knows authors of opinions")] = (
        "http://127.0.0.1:8006"
    )
    smtp_url: Annotated[
        str, Meta(description="mail server: smtp://user:password@host:587, or smtps:// for TLS from the first byte")
    ] = ""
    smtp_from: Annotated[str, Meta(description="from whom mail comes; empty: noreply@ the domain of calendar UIDs")] = (
        ""
    )
    sms_url: Annotated[str, Meta(description="address of an SMS gateway that takes signed POSTs of {to, text}")] = ""
    sms_secret: Annotated[str, Meta(description="what signs them: whsec_ and base64")] = ""
    allowed_private_hosts: Annotated[
        str, Meta(description="hosts of webhooks that may lie in a private network, with commas between them")
    ] = ""
    send_seconds: Annotated[float, Meta(description="how long one server may take for one message", gt=0, le=60)] = 10.0
    keep_days: Annotated[int, Meta(description="days that the log is kept", ge=30, le=3650)] = 400

    @property
    def own_hosts(self) -> tuple[str, ...]:
        return tuple(host.strip() for host in self.allowed_private_hosts.split(",") if host.strip())

    def url_of(self, service: str) -> str:
        """Where the service that knows somebody is asked."""
        return {
            "opendays": self.opendays_url,
            "representatives": self.representatives_url,
            "hearings": self.hearings_url,
            "adoption": self.adoption_url,
        }[service]
