"""What is heard of sign-ups, occasions and deadlines. Whether somebody must be told is found out when it is sent."""

from collections.abc import Sequence
from uuid import UUID

from kaimen.contracts import adoption, hearings, opendays, representatives
from kaimen.contracts.envelope import Envelope
from kaimen.kit.work import Work
from kaimen.notices.app.addresses import OFFICE, Addresses
from kaimen.notices.domain import awake, next_morning, reminders
from kaimen.notices.store.repository import Circular, Occasion, Reminder, Repository

SEND = "send"
"""The timer of all that is due."""
CIRCULATE = "circulate"
"""The timer of a report whose authors are being told."""
EventSaid = opendays.EventPublished | opendays.EventRevised | opendays.EventPostponed | opendays.EventCancelled
DutySaid = (
    adoption.DeadlineStarted
    | adoption.DeadlineRecomputed
    | adoption.DeadlineWarned
    | adoption.DeadlineBreached
    | adoption.DeadlineMet
)
SignUpSaid = opendays.RegistrationChanged | representatives.ApplicationChanged | hearings.HearingApplicationChanged


class Listener:
    """Takes one fact, in its transaction."""

    def __init__(self, work: Work, addresses: Addresses) -> None:
        self.work = work
        self.store = Repository(work.connection)
        self.addresses = addresses

    async def take(self, envelope: Envelope) -> None:
        """Any fact that this service subscribes to."""
        said = envelope.fact()
        match said:
            case (
                opendays.RegistrationChanged()
                | representatives.ApplicationChanged()
                | hearings.HearingApplicationChanged()
            ):
                await self._sign_up(said, envelope.version)
            case representatives.MeetingAnnounced() | representatives.MeetingRevised():
                meeting = said.meeting
                await self._occasion("representatives", meeting, meeting.meeting_id, meeting.standing == "planned")
            case hearings.HearingAnnounced() | hearings.HearingRevised():
                hearing = said.hearing
                await self._occasion("hearings", hearing, hearing.hearing_id, hearing.standing == "announced")
            case representatives.RecruitmentSettled() | hearings.SeatsSettled():
                await self._ask(await self.store.recipients_of_group(said.recruitment_id, ("pooled", "verified")))
            case adoption.ReportPublished():
                await self._report(said)
            case opendays.SuggestionReplied():
                await self._reply(said)
            case _ if isinstance(said, EventSaid):
                await self._event(said.event)
            case _ if isinstance(said, DutySaid):
                await self._duty(said, envelope.version)
            case _:
                raise TypeError(envelope.subject)

    async def _sign_up(self, said: SignUpSaid, version: int) -> None:
        match said:
            case opendays.RegistrationChanged():
                place = (said.registration_id, "opendays", said.session_id, said.event_id)
            case representatives.ApplicationChanged():
                place = (said.application_id, "representatives", said.meeting_id, said.recruitment_id)
            case hearings.HearingApplicationChanged():
                place = (said.application_id, "hearings", said.hearing_id, said.recruitment_id)
        if await self.store.save_recipient(*place, version, said.state):
            await self._ask([place[0]])
            await self._plan([place[0]])

    async def _occasion(
        self,
        service: str,
        said: representatives.DecisionMeeting | hearings.PublicHearing,
        id: UUID,
        takes_place: bool,
    ) -> None:
        occasion = Occasion(id, said.starts_at, said.ends_at, said.place, takes_place)
        await self._occasions(service, said.unit, said.version, None, [occasion])

    async def _event(self, event: opendays.OpenEvent) -> None:
        off = event.state in ("postponed", "cancelled")
        sessions = [
            Occasion(each.session_id, each.starts_at, each.ends_at, event.place, each.state == "scheduled" and not off)
            for each in event.sessions
        ]
        await self._occasions("opendays", event.unit, event.version, event.campaign, sessions)

    async def _occasions(
        self, service: str, unit: str, version: int, campaign: int | None, occasions: Sequence[Occasion]
    ) -> None:
        changed = await self.store.save_occasions(service, unit, version, campaign, occasions)
        if not changed:
            return
        recipients = await self.store.recipients_of(changed)
        await self._ask(recipients)
        await self._plan(recipients)

    async def _ask(self, recipients: Sequence[UUID]) -> None:
        if recipients:
            await self.store.ask_whether_told(recipients, self.work.at, self.work.traceparent)
            await wake(self.work)

    async def _plan(self, recipients: Sequence[UUID]) -> None:
        """After `_ask`, which has what is due looked at; whoever looks finds these, too."""
        if not recipients:
            return
        planned = [
            Reminder(coming, mark, due_at)
            for coming in await self.store.coming(recipients, self.work.at)
            for mark, due_at in reminders(
                coming.starts_at, self.work.at, in_campaign=coming.campaign is not None
            ).items()
        ]
        await self.store.plan_reminders(recipients, planned, self.work.at)

    async def _reply(self, said: opendays.SuggestionReplied) -> None:
        """Nobody knows who asked: everybody who was there hears of it, once a day, however many replies there are."""
        visitors = await self.store.recipients_of_group(said.event_id, ("checked_in",))
        due_at = next_morning(self.work.at)
        day = f"{due_at:%Y-%m-%d}"
        if visitors:
            await self.store.add_replies(visitors, day, due_at, self.work.at)
            await wake(self.work)

    async def _report(self, said: adoption.ReportPublished) -> None:
        """Authors are in no fact: they are asked for, page by page."""
        text = {"title": said.title, "unit": said.unit, "page": said.page, "reason": said.reason}
        for consultation in said.consultations:
            circular = Circular(
                report_id=said.report_id, consultation_id=consultation, number=said.number, after=0, said=text,
                traceparent=self.work.traceparent,
            )  # fmt: skip
            await self.store.save_circular(circular)
            await self.work.set_timer(CIRCULATE, f"{said.report_id}:{consultation}", self.work.at)

    async def _duty(self, said: DutySaid, version: int) -> None:
        clock = said.clock
        days_left = said.days_left if isinstance(said, adoption.DeadlineWarned) else None
        if not await self.store.save_clock(clock.clock_id, version, clock.state, days_left):
            return
        kind = _DUTIES.get(type(said))
        if kind is None:
            return
        text = {
            "clock_id": str(clock.clock_id), "clock": clock.kind, "title": clock.title, "unit": clock.unit,
            "due_on": str(clock.due_on or ""), "not_before": str(clock.not_before), "days_left": days_left,
            "page": clock.page,
        }  # fmt: skip
        for unit in (clock.unit, OFFICE) if kind == "breached" else (clock.unit,):
            for channel in await self.addresses.channels(self.work, unit) or ("email",):
                about = f"{channel}:{clock.clock_id}"
                due_at = awake(self.work.at)
                await self.store.add_duty(unit, about, f"{kind}:{version}", kind, text, due_at, self.work.at)
        await wake(self.work)


_DUTIES = {
    adoption.DeadlineStarted: "started",
    adoption.DeadlineRecomputed: "recomputed",
    adoption.DeadlineWarned: "warned",
    adoption.DeadlineBreached: "breached",
}


async def wake(work: Work) -> None:
    """Have what is due looked at; whoever does finds out when to look next."""
    await work.set_timer(SEND, "all", work.at)
