"""Where a unit wants to hear of its duties: mail boxes, and an address of its own system (OA4). Sealed at rest."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Meta

from kaimen.kit.crypto import Vault
from kaimen.kit.people import clean_email, mask_email
from kaimen.kit.texts import clean_text
from kaimen.kit.units import Units, UnknownUnit
from kaimen.kit.work import Work
from kaimen.notices.app.settings import NoticesSettings
from kaimen.notices.domain import WebhookNotHttps
from kaimen.notices.store.repository import Repository

OFFICE = "office"
"""The district office, which hears of every breach."""
SECRET_PREFIX = "whsec_"


class AddressesGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """通知地址. `webhook`: an https address that takes signed POSTs; "" for none."""

    emails: Annotated[tuple[Annotated[str, Meta(max_length=254)], ...], Meta(max_length=20)] = ()
    webhook: Annotated[str, Meta(max_length=500)] = ""


class AddressesView(msgspec.Struct, frozen=True, kw_only=True):
    """通知地址, masked. `secret` signs what is sent to the webhook (Standard Webhooks); it is shown once, when made."""

    unit: str
    version: int
    emails: tuple[str, ...]
    webhook: str
    changed_at: datetime
    secret: str = ""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed."""

    emails: tuple[str, ...] = ()
    webhook: str = ""
    secret: str = ""


class Addresses:
    """The addresses of all units."""

    def __init__(self, vault: Vault, settings: NoticesSettings) -> None:
        self._vault = vault
        self._own_hosts = settings.own_hosts

    async def of(self, work: Work, unit: str) -> Kept:
        """Empty for a unit that gave none."""
        found = await Repository(work.connection).sealed_addresses(unit)
        return self._open(unit, found[1]) if found else Kept()

    async def channels(self, work: Work, unit: str) -> Sequence[str]:
        """By which a unit is told."""
        kept = await self.of(work, unit)
        return [name for name, given in (("email", kept.emails), ("webhook", kept.webhook)) if given]

    async def read(self, work: Work, unit: str) -> AddressesView:
        """For the unit itself and the office. Raises Forbidden, NotYourUnit, UnknownUnit."""
        await _must_own(work, unit)
        found = await Repository(work.connection).sealed_addresses(unit)
        if found is None:
            return AddressesView(unit=unit, version=0, emails=(), webhook="", changed_at=work.at)
        version, sealed, changed_at = found
        return _view(unit, version, self._open(unit, sealed), changed_at)

    async def change(self, work: Work, unit: str, given: AddressesGiven) -> AddressesView:
        """In place of what was given before. A new webhook gets a new secret. Raises BadEmail, WebhookNotHttps."""
        await _must_own(work, unit)
        before = await self.of(work, unit)
        webhook = _clean_webhook(given.webhook, self._own_hosts)
        is_same = webhook == before.webhook
        secret = before.secret if is_same else _new_secret(work) if webhook else ""
        emails = [clean_email(each, f"emails[{n}]") for n, each in enumerate(given.emails)]
        kept = Kept(emails=tuple(dict.fromkeys(each for each in emails if each)), webhook=webhook, secret=secret)
        sealed = self._vault.seal(kept, unit=unit, place=_place(unit))
        version = await Repository(work.connection).save_addresses(unit, sealed, work.at, work.actor.subject)
        await work.record("change-addresses", f"unit:{unit}")
        shown = _view(unit, version, kept, work.at)
        return shown if is_same else msgspec.structs.replace(shown, secret=secret)

    def _open(self, unit: str, sealed: bytes) -> Kept:
        return self._vault.open(sealed, Kept, unit=unit, place=_place(unit))


async def _must_own(work: Work, unit: str) -> None:
    work.actor.must_act_for(unit)
    if unit != OFFICE and unit not in await Units(work.connection).codes():
        raise UnknownUnit(unit=unit, field="unit")


def _view(unit: str, version: int, kept: Kept, changed_at: datetime) -> AddressesView:
    webhook = f"https://{urlsplit(kept.webhook).hostname}/…" if kept.webhook else ""
    emails = tuple(mask_email(each) for each in kept.emails)
    return AddressesView(unit=unit, version=version, emails=emails, webhook=webhook, changed_at=changed_at)


def _new_secret(work: Work) -> str:
    return SECRET_PREFIX + b64encode(work.new_token().encode()).decode()


def _clean_webhook(text: str, own_hosts: tuple[str, ...]) -> str:
    url = clean_text(text, "webhook", most=500)
    if not url:
        return ""
    try:
        parsed = httpx.URL(url)
        is_own = parsed.scheme == "http" and parsed.host in own_hosts
        possible = (parsed.scheme == "https" or is_own) and bool(parsed.host) and not parsed.userinfo
    except (httpx.InvalidURL, UnicodeError):
        possible = False
    if not possible:
        raise WebhookNotHttps(field="webhook")
    return url


def _place(unit: str) -> str:
    return f"addresses/{unit}/sealed"
