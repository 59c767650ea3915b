"""Sending what is due.

The database says what is due; a process takes some of it for a while (the lease), asks whose it is and what is true
now, sends outside of any transaction, and writes down what became of it. Who dies in between loses the lease, and
another process sends again: a server may then get a message twice, under one Message-ID or webhook-id, but never not at
all. What may have been said is written down before it is sent, so that who believes it is told when it is no longer so.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

import httpx
import msgspec

from kaimen.contracts.contacts import MOST_ASKED, Authors, AuthorsWanted, Contact, Contacts, ContactsWanted
from kaimen.kit import calls
from kaimen.kit.db import Unavailable
from kaimen.kit.logs import log
from kaimen.kit.people import mask_email, mask_phone
from kaimen.kit.service import Resources
from kaimen.kit.traces import following
from kaimen.kit.work import SYSTEM, Work
from kaimen.notices.app.addresses import Addresses, Kept
from kaimen.notices.app.channels import Away, Channels, Letter, Refused, Unclear
from kaimen.notices.app.hearing import CIRCULATE, SEND, wake
from kaimen.notices.app.letters import Item, hash_of, known_of, write, write_answer, write_duty
from kaimen.notices.app.settings import NoticesSettings
from kaimen.notices.domain import Known, Mark, awake, is_urgent, may_wait, news_whichever, next_try, still_reminds
from kaimen.notices.store.repository import OPINION, UNIT, Circular, Due, Outcome, Repository, version_of

T = TypeVar("T")
MOST_AT_ONCE = 40
LANES = 8
ROUNDS = MOST_AT_ONCE // LANES + 1
ASK_AGAIN = timedelta(seconds=30)
SAY_NOTHING = "nothing_new"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is to be sent now. `before`: what its reader knows, or may know, that it puts right."""

    due: Due
    kind: str
    contact: Contact
    before: Known | None = None

    @property
    def item(self) -> Item:
        return Item(service=self.due.service, contact=self.contact, told=self.before)

    @property
    def together(self) -> tuple[str, ...]:
        """What has the same is one letter: reminders of one open month to one address."""
        campaign = self.contact.entry.campaign
        if self.kind not in ("early", "morning") or campaign is None:
            return (str(self.due.id),)
        contact = self.contact
        return (self.kind, str(campaign), contact.email or contact.phone, contact.name, contact.language)


class Sent(msgspec.Struct, frozen=True):
    """How a letter left."""

    channel: Literal["email", "sms", "webhook"]
    masked: str


class NotTold(Exception):
    """The service that knows does not answer."""


class NoChannel(Exception):
    """There is no way to whom it concerns."""


class Sender:
    """One process's hands."""

    def __init__(self, resources: Resources) -> None:
        settings = resources.settings
        assert isinstance(settings, NoticesSettings)
        self._resources = resources
        self._settings = settings
        self._channels = Channels(settings)
        self._addresses = Addresses(resources.vault, settings)
        self._lanes = asyncio.Semaphore(LANES)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run_due(self, work: Work) -> None:
        """Take what is due, to send it after this transaction, and set the clock for what comes next."""
        store = Repository(work.connection)
        lease = timedelta(seconds=ROUNDS * self._settings.send_seconds * 2)
        taken = await store.take_due(work.at, MOST_AT_ONCE, work.at + lease)
        coming = await store.next_due()
        if coming is not None:
            await work.set_timer(SEND, "all", coming)
        if taken:
            work.after_commit(lambda: self._start(self._send(taken)))

    async def _start(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let what has begun come to its end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, taken: list[Due]) -> None:
        at = self._resources.clock.now()
        duties = [due for due in taken if due.recipient.startswith(UNIT)]
        answers = [due for due in taken if due.recipient.startswith(OPINION)]
        people = [due for due in taken if due.said is None]
        try:
            async with asyncio.TaskGroup() as group:
                for due in duties:
                    group.create_task(self._alone([due], self._send_duty(due, at), at))
                for due in answers:
                    group.create_task(self._alone([due], self._send_answer(due, at), at))
                for letter in await self._drafts(people, at):
                    dues = [draft.due for draft in letter]
                    group.create_task(self._alone(dues, self._send_letter(letter, at), at))
        except* Unavailable:
            # The lease ends, and everything that was not written down is sent again.
            log.warning("outcomes lost", messages=len(taken))

    async def _alone(self, dues: list[Due], sending: Coroutine[Any, Any, None], at: datetime) -> None:
        """A defect that one message brings to light holds up no other: somebody must look at it."""
        try:
            await sending
        except Unavailable:
            raise
        except Exception as error:
            log.error("message not sent", messages=[str(due.id) for due in dues], exc_info=error)
            for due in dues:
                await self._settle(due, Outcome(state="dead", due_at=at, attempts=due.attempts, error="defect"))

    # To people

    async def _drafts(self, taken: list[Due], at: datetime) -> list[list[Draft]]:
        """What is left to send of it, by letter; the rest is settled here."""
        contacts = await self._contacts(taken)
        letters: dict[tuple[str, ...], list[Draft]] = defaultdict(list)
        for due in taken:
            if due.service not in contacts:
                await self._settle(due, _unasked(due, at))
                continue
            contact = contacts[due.service].get(due.recipient)
            decided = decide(due, contact, at)
            if isinstance(decided, Draft):
                letters[decided.together].append(decided)
            else:
                await self._settle(due, decided)
        return list(letters.values())

    async def _contacts(self, taken: Iterable[Due]) -> dict[str, dict[str, Contact]]:
        """By service and sign-up; services that do not answer are left out."""
        wanted: dict[str, list[Due]] = defaultdict(list)
        for due in taken:
            wanted[due.service].append(due)
        found = {}
        for service, dues in wanted.items():
            try:
                found[service] = await self._ask(service, dues)
            except NotTold:
                continue
        return found

    async def _ask(self, service: str, dues: list[Due]) -> dict[str, Contact]:
        assert len(dues) <= MOST_ASKED
        wanted = ContactsWanted(tuple(UUID(due.recipient) for due in dues))
        told = await self._call(service, "contacts", wanted, Contacts, [due.traceparent for due in dues])
        return {str(contact.id): contact for contact in told.items}

    async def _call(
        self, service: str, what: str, wanted: msgspec.Struct, type: type[T], origins: Sequence[str | None]
    ) -> T:
        """Ask because of what has these trace contexts. Raises NotTold."""
        path = f"/api/{service}/v1/internal/{what}"
        at = self._resources.clock.now()
        headers = {
            "Authorization": calls.authorization(self._resources.calls_key, "notices", service, path, at),
            "Content-Type": "application/json",
        }
        url = self._settings.url_of(service) + path
        parent, links = following(origins)
        try:
            with self._resources.traces.span("CLIENT", f"POST {path}", parent, {}, links) as span:
                if span.traceparent:
                    headers["traceparent"] = span.traceparent
                async with httpx.AsyncClient(trust_env=False, timeout=self._settings.send_seconds) as client:
                    answer = await client.post(url, content=msgspec.json.encode(wanted), headers=headers)
                return msgspec.json.decode(answer.raise_for_status().content, type=type)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            log.warning("not told", service=service, what=what, error=error.__class__.__name__)
            raise NotTold from error

    async def _send_letter(self, drafts: list[Draft], at: datetime) -> None:
        first, contact = drafts[0], drafts[0].contact
        by_mail = bool(contact.email) and self._channels.has_mail
        if by_mail or (contact.phone and self._channels.has_sms):
            items = [draft.item for draft in drafts]
            letter = write(str(first.due.id), first.kind, items, self._settings, with_attachments=by_mail)
            async with self._lanes:
                if not await self._begin(drafts):
                    return
                outcome = await self._attempt_person(letter, contact.email, contact.phone, first.due.attempts, at)
        else:
            outcome = _no_channel(first.due.attempts, at)
        for draft in drafts:
            told = known_of(draft.contact) if outcome.state in ("sent", "suppressed") else None
            done = msgspec.structs.replace(
                outcome,
                attempts=draft.due.attempts,
                kind=draft.kind,
                unit=draft.contact.entry.unit,
                told=told if draft.due.subject == "news" else None,
            )
            await self._settle(draft.due, done)

    async def _begin(self, drafts: list[Draft]) -> bool:
        """From here on their readers may know it. False: somebody else has taken them over."""
        if drafts[0].due.subject != "news":
            return True
        async with self._resources.workshop.open(SYSTEM) as work:
            (draft,) = drafts
            perhaps = dict.fromkeys((*draft.due.perhaps, known_of(draft.contact)))
            return await Repository(work.connection).may_know(draft.due, tuple(perhaps))

    async def _attempt_person(self, letter: Letter, email: str, phone: str, attempts: int, at: datetime) -> Outcome:
        first = Sent("email", mask_email(email)) if email else Sent("sms", mask_phone(phone))
        return await _attempt(letter, self._to_person(letter, email, phone, at), first, attempts, at)

    async def _to_person(self, letter: Letter, email: str, phone: str, at: datetime) -> Sent:
        """Mail where there is an address; else, or when the address does not exist, a short message."""
        has_sms = bool(phone) and self._channels.has_sms
        if email and self._channels.has_mail:
            try:
                await self._channels.mail(letter, (email,), at)
                return Sent("email", mask_email(email))
            except Refused:
                if not has_sms:
                    raise
        if not has_sms:
            raise NoChannel
        await self._channels.sms(letter, phone, at)
        return Sent("sms", mask_phone(phone))

    # To authors of opinions

    async def circulate(self, work: Work, subject: str) -> None:
        """One page of authors: asked for after this transaction, and again until they are written down."""
        report_id, _, consultation_id = subject.partition(":")
        circular = await Repository(work.connection).circular(UUID(report_id), UUID(consultation_id))
        if circular is None:
            return
        await work.set_timer(CIRCULATE, subject, work.at + ASK_AGAIN)
        work.after_commit(lambda: self._start(self._turn_page(circular, subject)))

    async def _turn_page(self, circular: Circular, subject: str) -> None:
        wanted = AuthorsWanted(circular.consultation_id, after=circular.after)
        try:
            authors = await self._call("adoption", "authors", wanted, Authors, [circular.traceparent])
        except NotTold:
            return
        async with self._resources.workshop.open(SYSTEM) as work:
            numbers = [author.no for author in authors.items]
            last = authors.next or max(numbers, default=circular.after)
            await Repository(work.connection).turn_page(circular, numbers, last, awake(work.at), work.at)
            if authors.next is None:
                await work.drop_timer(CIRCULATE, subject)
            else:
                await work.set_timer(CIRCULATE, subject, work.at)
            await wake(work)

    async def _send_answer(self, due: Due, at: datetime) -> None:
        assert due.said is not None
        consultation, _, no = due.recipient.removeprefix(OPINION).partition(":")
        wanted = AuthorsWanted(UUID(consultation), (int(no),))
        try:
            told = await self._call("adoption", "authors", wanted, Authors, [due.traceparent])
        except NotTold:
            await self._settle(due, _unasked(due, at))
            return
        if not told.items:
            await self._settle(due, _forgotten(due, at))
            return
        (author,) = told.items
        letter = write_answer(str(due.id), due.said, author.language, self._settings)
        async with self._lanes:
            outcome = await self._attempt_person(letter, author.email, author.phone, due.attempts, at)
        await self._settle(due, outcome)

    # To units

    async def _send_duty(self, due: Due, at: datetime) -> None:
        assert due.said is not None
        async with self._resources.workshop.open_for_reading() as work:
            kept = await self._addresses.of(work, due.recipient.removeprefix(UNIT))
            state, days_left = await Repository(work.connection).clock(UUID(due.said["clock_id"]))
        if due.kind != "breached" and (state != "running" or due.said["days_left"] != days_left):
            await self._settle(due, _nothing(due, at))
            return
        async with self._lanes:
            await self._settle(due, await self._attempt_duty(due, kept, at))

    async def _attempt_duty(self, due: Due, kept: Kept, at: datetime) -> Outcome:
        assert due.said is not None
        letter = write_duty(str(due.id), due.kind, due.said, self._settings)
        by_webhook = due.subject.startswith("webhook:")
        way = Sent("webhook", "webhook") if by_webhook else Sent("email", ", ".join(map(mask_email, kept.emails)))
        return await _attempt(letter, self._to_unit(letter, due, kept, way, at), way, due.attempts, at)

    async def _to_unit(self, letter: Letter, due: Due, kept: Kept, way: Sent, at: datetime) -> Sent:
        if way.channel == "webhook" and kept.webhook:
            said = {"type": f"deadline.{due.kind}", "timestamp": at.isoformat(), "data": due.said}
            await self._channels.webhook(kept.webhook, kept.secret, letter.id, said, at)
        elif way.channel == "email" and kept.emails and self._channels.has_mail:
            await self._channels.mail(letter, kept.emails, at)
        else:
            raise NoChannel
        return way

    # Afterwards

    async def _settle(self, due: Due, outcome: Outcome) -> None:
        async with self._resources.workshop.open(SYSTEM) as work:
            store = Repository(work.connection)
            is_idle = due.subject == "news" and outcome.error == SAY_NOTHING
            settled = await (store.drop(due) if is_idle else store.finish(due, outcome, work.at))
            if settled is None:
                return
            if outcome.told is not None:
                await store.save_told(UUID(due.recipient), outcome.told)
            elif due.subject == "news" and outcome.has_not_arrived:
                await store.save_perhaps(UUID(due.recipient), due.perhaps)
            if settled.again:
                await store.ask_whether_told([UUID(due.recipient)], work.at, settled.traceparent)
            if settled.again or outcome.state == "queued":
                await wake(work)


async def _attempt(
    letter: Letter, sending: Coroutine[Any, Any, Sent], tried: Sent, attempts: int, at: datetime
) -> Outcome:
    """What became of `sending`; `tried`: the way it was meant to go, for the log when the other side refuses it."""
    try:
        sent = await sending
    except NoChannel:
        return _no_channel(attempts, at)
    except Refused as no:
        done = Outcome(state="failed", due_at=at, attempts=attempts, error=str(no))
        return msgspec.structs.replace(done, channel=tried.channel, masked=tried.masked, has_not_arrived=True)
    except Unclear as no:
        return _later(str(no), attempts, at)
    except Away as no:
        return msgspec.structs.replace(_later(str(no), attempts, at), has_not_arrived=True)
    done = Outcome(state="sent", due_at=at, attempts=attempts, body_sha256=hash_of(letter))
    return msgspec.structs.replace(done, channel=sent.channel, masked=sent.masked)


def decide(due: Due, contact: Contact | None, at: datetime) -> Draft | Outcome:
    """NT3: whether a message is still true, and may disturb now. What nobody needs any more is suppressed."""
    if contact is None or not contact.name:
        return _forgotten(due, at)
    now = known_of(contact)
    if due.subject == "replies":
        return Draft(due=due, kind="replies", contact=contact)
    if due.subject != "news":
        return _decide_reminder(due, contact, now, at)
    found = news_whichever(due.told, due.perhaps, now, at)
    if found is None:
        return _nothing(due, at)
    before, kind = found
    morning = awake(at)
    if morning > at and not is_urgent(kind, before, now, at):
        return _at_night(due, kind, morning)
    return Draft(due=due, kind=kind, contact=contact, before=before)


def _decide_reminder(due: Due, contact: Contact, now: Known, at: datetime) -> Draft | Outcome:
    mark: Mark = "early" if due.subject == "early" else "morning"
    if version_of(now.starts_at) != due.version or not still_reminds(mark, now, at):
        return _nothing(due, at)
    morning = may_wait(now.starts_at, at)
    if morning is not None:
        return _at_night(due, mark, morning)
    return Draft(due=due, kind=mark, contact=contact)


def _no_channel(attempts: int, at: datetime) -> Outcome:
    return Outcome(state="suppressed", due_at=at, attempts=attempts, error="no_channel")


def _at_night(due: Due, kind: str, morning: datetime) -> Outcome:
    return Outcome(state="queued", due_at=morning, attempts=due.attempts - 1, kind=kind, error="quiet_hours")


def _forgotten(due: Due, at: datetime) -> Outcome:
    return Outcome(state="suppressed", due_at=at, attempts=due.attempts, error="forgotten")


def _nothing(due: Due, at: datetime) -> Outcome:
    return Outcome(state="suppressed", due_at=at, attempts=due.attempts, error=SAY_NOTHING)


def _unasked(due: Due, at: datetime) -> Outcome:
    return Outcome(state="queued", due_at=at + ASK_AGAIN, attempts=due.attempts - 1, error="unasked")


def _later(error: str, attempts: int, at: datetime) -> Outcome:
    due_at = next_try(attempts, at)
    if due_at is None:
        return Outcome(state="dead", due_at=at, attempts=attempts, error=error)
    return Outcome(state="queued", due_at=due_at, attempts=attempts, error=error)
