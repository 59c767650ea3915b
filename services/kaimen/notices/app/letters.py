"""From what is true of a sign-up to the words of a message, its calendar item and its code for the door."""

import io
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import segno
from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined

from kaimen.contracts.contacts import Contact, Language
from kaimen.kit.clock import SHANGHAI, local_date
from kaimen.kit.feed import held_by, render
from kaimen.kit.ical import publication
from kaimen.notices.app.channels import Attachment, Letter
from kaimen.notices.app.settings import NoticesSettings
from kaimen.notices.app.words import BY_LANGUAGE, DUTIES, MANY
from kaimen.notices.domain import Known

_TEMPLATES = Environment(
    loader=PackageLoader("kaimen.notices"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # Plain text: there is nothing to escape, and `&` must stay as it is.
    autoescape=False,
)
_UID_KINDS = {"opendays": "registration"}
_GREETINGS = {"zh": "{name}，您好！", "en": "Dear {name},"}
_WITH_CALENDAR = frozenset(
    {"confirmed", "drawn", "offer", "invitation", "moved", "postponed", "cancelled", "withdrawn", "lapsed"}
)
_WITH_CODE = frozenset({"confirmed", "drawn", "moved", "early", "morning"})


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-up in a letter. `told`: what its holder knew before."""

    service: str
    contact: Contact
    told: Known | None


def known_of(contact: Contact) -> Known:
    """How the sign-up stands."""
    entry = contact.entry
    return Known(
        state=contact.state,
        standing="cancelled" if entry.status == "CANCELLED" else "postponed" if contact.postponed else "on",
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        place=entry.location,
        until=contact.until,
    )


def write(id: str, kind: str, items: list[Item], settings: NoticesSettings, *, with_attachments: bool = True) -> Letter:
    """One letter to one person about one or, as a digest, several of their sign-ups. A short message carries no
    attachments, and to draw a code takes longer than all the rest. Its id depends on its words: a mail program shows a
    repetition once, and what became true between two tries is none."""
    first = items[0].contact
    language = first.language
    title = items[0].contact.entry.summary if len(items) == 1 else MANY[language].format(count=len(items))
    subject, lead = BY_LANGUAGE[language][kind]
    subject = _line(subject.format(title=title))
    entries = [_entry(item, kind, settings) for item in items]
    text = _TEMPLATES.get_template(f"{language}.txt").render(
        greeting=_GREETINGS[language].format(name=first.name), lead=lead, entries=entries
    )
    where = entries[0]
    details = (subject, where["when"], where["place"], where["link"])
    return Letter(
        id=f"{id}.{_hash(subject, text)[:16]}",
        subject=subject,
        text=text,
        short="【开门】" + "\n".join(part for part in details if part),
        attachments=tuple(
            attachment for item in items if with_attachments for attachment in _attachments(item, kind, settings)
        ),
    )


def write_duty(id: str, kind: str, said: dict[str, Any], settings: NoticesSettings) -> Letter:
    """To a unit, about what it owes."""
    subject, lead = DUTIES[kind]
    subject = _line(subject.format(title=said["title"]))
    page = settings.public_url + said["page"]
    text = _TEMPLATES.get_template("duty.txt").render({**said, "lead": lead, "page": page})
    return Letter(id=id, subject=subject, text=text, short=subject)


def write_answer(id: str, said: dict[str, Any], language: Language, settings: NoticesSettings) -> Letter:
    """To the author of an opinion, when the report on it is published."""
    subject, lead = BY_LANGUAGE[language]["answered"]
    subject = _line(subject.format(title=said["title"]))
    page, receipts = settings.public_url + said["page"], f"{settings.public_url}/opinions"
    template = _TEMPLATES.get_template(f"answered.{language}.txt")
    text = template.render({**said, "lead": lead, "page": page, "receipts": receipts})
    return Letter(id=id, subject=subject, text=text, short=f"【开门】{subject}\n{page}")


def _line(text: str) -> str:
    """A subject is one line (RFC 5322 section 2.2)."""
    return " ".join(text.split())


def hash_of(letter: Letter) -> str:
    """What is kept of a letter: the SHA-256 of its subject and text."""
    return _hash(letter.subject, letter.text)


def _hash(subject: str, text: str) -> str:
    return sha256(f"{subject}\n{text}".encode()).hexdigest()


def _entry(item: Item, kind: str, settings: NoticesSettings) -> dict[str, str]:
    """NT2: time and place are always there, and where they changed, as they were before."""
    contact, told = item.contact, item.told
    language, entry = contact.language, contact.entry
    when, when_before, place_before = _when(contact), "", ""
    if told is not None and kind in ("moved", "confirmed", "offer", "invitation"):
        before = _span(told.starts_at, told.ends_at, language, all_day=entry.all_day)
        when_before = before if before != _span(entry.starts_at, entry.ends_at, language, all_day=entry.all_day) else ""
        place_before = told.place if told.place != entry.location else ""
    if kind == "postponed":
        when_before, when = when, "待定" if language == "zh" else "not yet known"
    return {
        "title": entry.summary.removeprefix("【延期】"),
        "unit": entry.unit,
        "when": when,
        "when_before": when_before,
        "place": entry.location,
        "place_before": place_before,
        "until": _instant(contact.until, language) if contact.until and kind in ("offer", "invitation") else "",
        "reason": contact.reason if kind in ("moved", "postponed", "cancelled") else "",
        "code": contact.code,
        "link": settings.public_url + contact.page,
        "page": settings.public_url + entry.page,
        "contact": entry.contact,
    }


def _when(contact: Contact) -> str:
    entry = contact.entry
    return _span(entry.starts_at, entry.ends_at, contact.language, all_day=entry.all_day)


def _span(starts_at: datetime, ends_at: datetime, language: Language, *, all_day: bool) -> str:
    starts, ends = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    day = _day(starts, language)
    if all_day:
        return day
    last = f"{ends:%H:%M}" if local_date(starts) == local_date(ends) else f"{_day(ends, language)} {ends:%H:%M}"
    return f"{day} {starts:%H:%M}–{last}"


def _instant(at: datetime, language: Language) -> str:
    clock = at.astimezone(SHANGHAI)
    return f"{_day(clock, language)} {clock:%H:%M}"


def _day(at: datetime, language: Language) -> str:
    return format_date(at, "y年M月d日（EEE）" if language == "zh" else "EEE d MMM y", locale=language)


def _attachments(item: Item, kind: str, settings: NoticesSettings) -> list[Attachment]:
    found = []
    contact = item.contact
    if kind in _WITH_CALENDAR:
        uid_kind = _UID_KINDS.get(item.service, "application")
        own = held_by(contact.entry, contact.id, uid_kind, contact.state, contact.changed_at)
        body = publication([render(own, settings.public_url, settings.uid_domain)])
        found.append(Attachment("event.ics", "text/calendar; charset=utf-8; method=PUBLISH", body))
    if contact.ticket and kind in _WITH_CODE:
        picture = io.BytesIO()
        segno.make(f"{settings.public_url}/t/{contact.ticket}", error="m").save(picture, kind="png", scale=6, border=4)
        found.append(Attachment(f"ticket-{contact.code}.png", "image/png", picture.getvalue()))
    return found
