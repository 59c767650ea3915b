"""How a message leaves: by mail, by an SMS gateway, or to a unit's own system.

Calls are signed as Standard Webhooks says (standardwebhooks.com): `webhook-id` is the message, the same at every
repetition, so a receiver that keeps it does everything once; `webhook-timestamp`, seconds since 1970; and
`webhook-signature`, `v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`.
"""

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx
import msgspec

from kaimen.kit.outside import pin
from kaimen.notices.app.addresses import SECRET_PREFIX
from kaimen.notices.app.settings import NoticesSettings


class Refused(Exception):
    """The other side will never take this: an address that does not exist, a message that it does not want."""


class Away(Exception):
    """Not now: the other side cannot be reached, or says so."""


class Unclear(Away):
    """The connection broke after it began: the message may have arrived."""


class Attachment(msgspec.Struct, frozen=True):
    name: str
    media_type: str
    content: bytes


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message with words. `id` names it for ever, so that mail programs show a repetition once."""

    id: str
    subject: str
    text: str
    short: str
    attachments: tuple[Attachment, ...] = ()


class Channels:
    """Every way out of this house that has been set up."""

    def __init__(self, settings: NoticesSettings) -> None:
        self._settings = settings
        self._sender = settings.smtp_from or f"noreply@{settings.uid_domain}"

    @property
    def has_mail(self) -> bool:
        return bool(self._settings.smtp_url)

    @property
    def has_sms(self) -> bool:
        return bool(self._settings.sms_url)

    async def mail(self, letter: Letter, to: tuple[str, ...], at: datetime) -> None:
        """Raises Refused for a 5xx reply of the server, Unclear for a connection that broke, Away for the rest."""
        server = urlsplit(self._settings.smtp_url)
        seconds = self._settings.send_seconds
        try:
            async with asyncio.timeout(seconds):
                await aiosmtplib.send(
                    self._message(letter, to, at),
                    hostname=server.hostname,
                    port=server.port,
                    username=unquote(server.username) if server.username else None,
                    password=unquote(server.password) if server.password else None,
                    use_tls=server.scheme == "smtps",
                    timeout=seconds,
                )
        except aiosmtplib.SMTPAuthenticationError as error:
            # Our own password is wrong: no fault of the letter.
            raise Away("login") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(each.code >= 500 for each in error.recipients):
                raise Refused("bounced") from error
            raise Away("greylisted") from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code >= 500:
                raise Refused("bounced") from error
            raise Away("smtp") from error
        except aiosmtplib.SMTPConnectError as error:
            raise Away("smtp") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Unclear("smtp") from error

    def _message(self, letter: Letter, to: tuple[str, ...], at: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"] = formataddr(("开门", self._sender))
        message["To"] = ", ".join(to)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{letter.id}@{self._settings.uid_domain}>"
        # RFC 3834: nobody's holiday answer comes back.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="base64")
        for each in letter.attachments:
            kind, _, rest = each.media_type.partition("/")
            subtype, _, parameters = rest.partition(";")
            given = dict(one.strip().split("=", 1) for one in parameters.split(";") if "=" in one)
            message.add_attachment(each.content, kind, subtype, filename=each.name, params=given)
        return message

    async def sms(self, letter: Letter, to: str, at: datetime) -> None:
        """Raises Refused for a 4xx answer of the gateway but 408 and 429, Unclear for none, Away for the rest."""
        body = msgspec.json.encode({"to": to, "text": letter.short})
        await self._post(self._settings.sms_url, self._settings.sms_secret, letter.id, body, at, is_ours=True)

    async def webhook(self, url: str, secret: str, id: str, said: Mapping[str, Any], at: datetime) -> None:
        """Raises Refused, also for an address in a private network, Unclear or Away."""
        is_ours = (urlsplit(url).hostname or "") in self._settings.own_hosts
        await self._post(url, secret, id, msgspec.json.encode(said), at, is_ours=is_ours)

    async def _post(self, url: str, secret: str, id: str, body: bytes, at: datetime, *, is_ours: bool) -> None:
        seconds = self._settings.send_seconds
        headers = {"Content-Type": "application/json", "User-Agent": "kaimen-notices/1", **signed(secret, id, body, at)}
        try:
            async with asyncio.timeout(seconds), httpx.AsyncClient(trust_env=False, timeout=seconds) as client:
                request = client.build_request("POST", url, content=body, headers=headers)
                if not is_ours and not await pin(request):
                    raise Refused("not_public")
                answer = await client.send(request, stream=True)
                await answer.aclose()
        except (httpx.ConnectError, httpx.InvalidURL, UnicodeError) as error:
            raise Away("no_answer") from error
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            raise Unclear("no_answer") from error
        if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
            raise Away("busy")
        # A redirect is no answer: it could lead anywhere.
        if not answer.is_success:
            raise Refused("refused")


def signed(secret: str, id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks."""
    timestamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    mark = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(mark).decode()}",
    }
