"""The steps from a call to the people who come, each in the transaction of whoever takes it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.contacts import Language
from kaimen.kit import lots
from kaimen.kit.clock import SHANGHAI, day_start, local_date
from kaimen.kit.crypto import Vault
from kaimen.kit.draws.procedure import (
    Draws,
    checked_rules,
    holders_of,
    must_be_possible,
    rules_of,
    transcript_hash,
    verifier_sha256,
)
from kaimen.kit.draws.refusals import SecondDrawNeedsReason, SignUpStillOpen
from kaimen.kit.draws.store import Draw
from kaimen.kit.ids import normalise_code
from kaimen.kit.people import BadPhone, Proof, ProofNeeded, clean_email, hash_token, mask_name, parse_phone
from kaimen.kit.recruiting import rules as rule
from kaimen.kit.recruiting.refusals import (
    CertificateNeeded,
    ChannelForStaff,
    NotEligible,
    NotOnList,
    PublicNumbersNeeded,
    QuotasNeedDraw,
    SelectionIncomplete,
    TookPartLately,
    UnknownApplication,
    UnknownRecruitment,
    WrongSelectionMethod,
)
from kaimen.kit.recruiting.rules import (
    SEATED,
    VACATED,
    Application,
    ApplicationState,
    Occasion,
    PersonKind,
    Quotas,
    Recruitment,
    Terms,
)
from kaimen.kit.recruiting.store import Store
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.texts import clean_reason, clean_text
from kaimen.kit.work import Work

HOUSEHOLD = "household"
Instant = Annotated[datetime, Meta(tz=True)]
Channel = Literal["web", "phone", "counter", "paper"]
Word = Annotated[str, Meta(min_length=1, max_length=50)]


class RecruitingSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of every service that recruits."""

    unselected_days: Annotated[
        int, Meta(description="days after the list when unselected applicants are forgotten", ge=1, le=3650)
    ] = 90
    selected_days: Annotated[
        int, Meta(description="days after the occasion when the contacts of those selected are deleted", ge=1, le=3650)
    ] = 365


class Shown(msgspec.Struct, frozen=True):
    """An occasion as calendars show it; cancelled also when nobody is wanted there any more. `postponed`: it has lost
    its date; `reason`: why it changed."""

    entry: CalendarEntry
    postponed: bool
    reason: str


class Host(Protocol):
    """What a service lends: its occasions, and how it tells others what happened."""

    work: Work
    vault: Vault
    person_purpose: str
    """For what phone numbers become pseudonyms; the same person has another one elsewhere."""

    @property
    def retention(self) -> RecruitingSettings: ...

    async def occasion(self, id: UUID) -> Occasion: ...

    async def shown(self, id: UUID) -> Shown: ...

    async def scope_of(self, recruitment: Recruitment) -> UUID:
        """Within what a person applies once: the recruitment, or the whole occasion."""
        ...

    async def announce_opened(self, recruitment: Recruitment, rules_sha256: str) -> None: ...

    def announce_settled(self, recruitment: Recruitment, applicants: int, selected: int, draw: Draw | None) -> None: ...

    def announce_application(self, application: Application) -> None: ...


class Personal(msgspec.Struct, frozen=True):
    """What is sealed, and deleted when its time is over."""

    name: str
    phone: str
    email: str = ""
    language: Language = "zh"


class NewApplication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """报名. Messages go to `email` where one is given, else to the phone, in `language`.

    `household`: the address, only its pseudonym is kept; `works_for_sponsor`: a conflict of interest;
    `recommended_by`: who names this person for a seat that stayed empty (staff enter it)."""

    name: Annotated[str, Meta(max_length=50)]
    phone: Annotated[str, Meta(max_length=32)]
    email: Annotated[str, Meta(max_length=254)] = ""
    language: Language = "zh"
    features: dict[Word, Word] = {}
    household: Annotated[str, Meta(max_length=200)] = ""
    meets_conditions: bool = False
    works_for_sponsor: bool = False
    publish_name: bool = False
    kind: PersonKind = "citizen"
    channel: Channel = "web"
    recommended_by: Annotated[str, Meta(max_length=200)] = ""


class Receipt(msgspec.Struct, frozen=True):
    """The answer to an application. `pseudonym` is the name under which it will stand in the pool."""

    code: str
    pseudonym: str
    manage_token: str
    state: ApplicationState


class Verification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff found: features as verified (empty: as claimed), or not eligible, with the reason."""

    eligible: bool = True
    features: dict[Word, Word] = {}
    reason: Annotated[str, Meta(max_length=500)] = ""


class Selection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """People chosen otherwise than by our draw. `selected` and `reserves` are pseudonyms, in order; `reasons` one for
    each who is selected (not for a notary's draw, which brings `certificate_no` and `file_sha256` instead)."""

    selected: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=1000)]
    reserves: Annotated[tuple[Word, ...], Meta(max_length=1000)] = ()
    reasons: dict[Word, Annotated[str, Meta(max_length=500)]] = {}
    certificate_no: Annotated[str, Meta(max_length=100)] = ""
    file_sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    notary: Annotated[str, Meta(max_length=100)] = ""


class SecondDraw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why once more, with which public numbers, and, if quotas proved impossible, with which quotas."""

    reason: Annotated[str, Meta(max_length=500)]
    entropy: Annotated[tuple[lots.Source, ...], Meta(min_length=1, max_length=10)]
    quotas: Quotas | None = None


class Recruiting:
    """The recruitments of one service, in one unit of work."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.work = host.work
        self.store = Store(host.work.connection)
        self.draws = Draws(host.work, host.vault)

    # Looking

    async def recruitment(self, id: UUID, *, lock: bool = False) -> tuple[Recruitment, Occasion]:
        """Raises UnknownRecruitment."""
        recruitment = await self.store.recruitment(id, lock=lock)
        if recruitment is None:
            raise UnknownRecruitment
        return recruitment, await self.host.occasion(recruitment.occasion_id)

    async def own_recruitment(self, id: UUID) -> tuple[Recruitment, Occasion]:
        """Locked, for staff who may act for its unit. Raises UnknownRecruitment, Forbidden, NotYourUnit."""
        recruitment, occasion = await self.recruitment(id, lock=True)
        self.work.actor.must_act_for(occasion.unit)
        return recruitment, occasion

    async def own_application(self, code: str) -> tuple[Application, Recruitment, Occasion]:
        """An application, for staff of its unit. Raises UnknownApplication, Forbidden, NotYourUnit."""
        application = await self.store.application(code=code)
        if application is None:
            raise UnknownApplication
        recruitment, occasion = await self.recruitment(application.recruitment_id)
        self.work.actor.must_act_for(occasion.unit)
        return application, recruitment, occasion

    async def holder(self, code: str, proof: Proof) -> Application:
        """One's own application. Raises UnknownApplication or ProofNeeded; staff of the unit need no proof."""
        application = await self.store.application(code=normalise_code(code))
        if application is None:
            raise UnknownApplication
        if not proof.fits(self.host.vault, self.host.person_purpose, application.person, application.manage_hash):
            occasion = await self.host.occasion(application.occasion_id)
            if not self.work.actor.sees_drafts_of(occasion.unit):
                raise ProofNeeded
        return application

    def personal(self, occasion: Occasion, application: Application) -> Personal | None:
        """The sealed data, or None after its retention has ended."""
        if application.personal is None:
            return None
        place = _place_of(application.id)
        return self.host.vault.open(application.personal, Personal, unit=occasion.unit, place=place)

    def public_name(self, occasion: Occasion, application: Application) -> str:
        """Masked, unless its owner consented to being named."""
        personal = self.personal(occasion, application)
        if personal is None:
            return ""
        return personal.name if application.publish_name else mask_name(personal.name)

    async def in_order(self, recruitment: Recruitment) -> list[Application]:
        """Whoever was chosen, then the reserves, as the public list shows them."""
        applications = {each.pseudonym: each for each in await self.store.applications(recruitment.id)}
        draws = await self.draws.store.all_of(draw_subject(recruitment.id))
        first = holders_of(draws[-1]) if draws else []
        reserve = msgspec.json.decode(draws[-1].drawn)["reserve"] if draws and draws[-1].drawn else []
        seated = [name for name, each in applications.items() if each.state in SEATED or each.state in VACATED]
        waiting = [name for name, each in applications.items() if each.state == "reserve"]
        order = dict.fromkeys([*first, *seated, *reserve, *waiting])
        return [each for name in order if (each := applications[name]).state not in ("withdrawn", "pooled")]

    # The call

    async def open(
        self,
        occasion: Occasion,
        terms: Terms,
        opens_at: datetime,
        closes_at: datetime,
        entropy: Sequence[lots.Source] = (),
        *,
        name: str = "",
        items: tuple[UUID, ...] = (),
    ) -> Recruitment:
        """Publish the call and, for a draw, its rules."""
        occasion.must_be_ahead()
        rule.check_window(occasion, opens_at, closes_at)
        recruitment = Recruitment(
            id=self.work.new_id(),
            occasion_id=occasion.id,
            name=name,
            items=items,
            method=terms.method,
            state="open",
            seats=terms.seats,
            quotas=terms.quotas,
            opens_at=opens_at,
            closes_at=closes_at,
            eligibility=tuple(
                clean_text(text, f"eligibility[{n}]", least=1) for n, text in enumerate(terms.eligibility)
            ),
            criteria=clean_text(terms.criteria, "criteria", least=terms.method == "panel", most=2000),
            rotation_months=terms.rotation_months,
            one_per_household=terms.one_per_household,
            confirm_days=terms.confirm_days,
            contact=clean_text(terms.contact, "contact"),
            certificate={},
            created_at=self.work.at,
            changed_at=self.work.at,
        )
        rules_sha256 = ""
        if terms.method == "draw":
            if not entropy:
                raise PublicNumbersNeeded(field="entropy")
            rules = checked_rules(_rules(recruitment, occasion, terms, tuple(entropy)))
            await self.draws.publish_rules(draw_subject(recruitment.id), "panels", rules, closes_at)
            rules_sha256 = lots.digest("rules", rules)
        elif terms.quotas or entropy:
            raise QuotasNeedDraw(field="quotas" if terms.quotas else "entropy")
        await self.store.add_recruitment(recruitment)
        await self.work.set_timer("close-sign-up", str(recruitment.id), closes_at)
        await self.work.record("open", f"recruitment:{recruitment.id}", after="open")
        await self.host.announce_opened(recruitment, rules_sha256)
        return recruitment

    async def open_early(self, recruitment: Recruitment) -> Recruitment:
        """Sign-up begins now instead of later; when it ends stays as the rules say."""
        if recruitment.opens_at <= self.work.at:
            return recruitment
        return await self._save(replace(recruitment, opens_at=self.work.at))

    # Sign-up

    async def apply(self, recruitment: Recruitment, occasion: Occasion, given: NewApplication) -> Receipt:
        """Take one application. Raises why not; then nothing is kept."""
        work = self.work
        own_staff = work.actor.sees_drafts_of(occasion.unit)
        if (given.channel != "web" or given.kind != "citizen" or given.recommended_by) and not own_staff:
            raise ChannelForStaff(field="channel")
        recommended_by = clean_text(given.recommended_by, "recommended_by")
        state = await self._arrival_state(recruitment, recommended_by, by_staff=own_staff)
        phone = parse_phone(given.phone)
        if phone is None:
            raise BadPhone(field="phone")
        if not given.meets_conditions:
            raise NotEligible(field="meets_conditions")
        rule.check_features(recruitment.quotas, given.features)
        person = self.host.vault.pseudonym(self.host.person_purpose, phone)
        await self._must_let_others_come_first(recruitment, person)
        household = "".join(clean_text(given.household, "household").split()).casefold()
        token, id = work.new_token(), work.new_id()
        name = clean_text(given.name, "name", least=1, most=50)
        personal = Personal(name, phone, clean_email(given.email), given.language)
        application = Application(
            id=id,
            recruitment_id=recruitment.id,
            occasion_id=occasion.id,
            scope=await self.host.scope_of(recruitment),
            code=work.new_code(),
            pseudonym=work.new_code(8),
            state=state if state != "invited" else "pooled",
            kind=given.kind,
            how="recommended" if recommended_by else recruitment.method,
            channel=given.channel,
            features=given.features,
            verified=given.features if recommended_by else None,
            conflict=given.works_for_sponsor,
            exclusion="",
            reason=recommended_by,
            publish_name=given.publish_name,
            person=person,
            household=self.host.vault.pseudonym(HOUSEHOLD, household) if household else None,
            personal=self.host.vault.seal(personal, unit=occasion.unit, place=_place_of(id)),
            manage_hash=hash_token(token),
            created_at=work.at,
            changed_at=work.at,
            entered_by=work.actor.subject if work.actor.is_staff else None,
        )
        await self.store.add_application(application)
        if state == "invited":
            await self._invite(recruitment, occasion, [application])
        else:
            self.host.announce_application(application)
        return Receipt(application.code, application.pseudonym, token, state)

    async def _arrival_state(
        self, recruitment: Recruitment, recommended_by: str, *, by_staff: bool
    ) -> ApplicationState:
        """What a new application becomes, with the seats locked where arrival decides."""
        if recommended_by:
            locked = await self.store.recruitment(recruitment.id, lock=True)
            rule.must_have_vacancy(locked or recruitment, await self.store.applications(recruitment.id))
            return "invited"
        rule.must_take_applications(recruitment, self.work.at, by_staff=by_staff)
        if recruitment.method != "first_come":
            return "applied"
        await self.store.recruitment(recruitment.id, lock=True)
        taken = sum(each.state in SEATED for each in await self.store.applications(recruitment.id))
        return "confirmed" if taken < recruitment.seats else "reserve"

    async def _must_let_others_come_first(self, recruitment: Recruitment, person: bytes) -> None:
        if recruitment.rotation_months:
            since = rule.rotation_since(local_date(self.work.at), recruitment.rotation_months)
            if await self.store.took_part_since(person, day_start(since)):
                raise TookPartLately(months=recruitment.rotation_months, field="phone")

    async def verify(self, code: str, given: Verification) -> Application:
        """A member of staff has seen papers, or has not: only verified features count in a draw."""
        application, recruitment, _ = await self.own_application(code)
        rule.must_be(recruitment, "open", "closed")
        if application.state not in ("applied", "verified", "rejected"):
            raise UnknownApplication
        if not given.eligible:
            changed = replace(application, state="rejected", verified=None, reason=clean_reason(given.reason))
        else:
            features = given.features or application.features
            rule.check_features(recruitment.quotas, features)
            changed = replace(application, state="verified", verified=features, reason="")
        changed = await self.store.save_application(changed, self.work.at)
        await self.work.record("verify", f"application:{application.id}", before=application.state, after=changed.state)
        self.host.announce_application(changed)
        return changed

    async def close(self, recruitment: Recruitment, occasion: Occasion) -> Recruitment:
        """Freeze who is in the pool, and say of everybody else why not. Raises SignUpStillOpen."""
        rule.must_be(recruitment, "open")
        at = self.work.at
        if at < recruitment.closes_at and recruitment.method in rule.OPEN_METHODS:
            raise SignUpStillOpen
        applications = await self.store.applications(recruitment.id)
        living = [each for each in applications if each.state in ("applied", "verified", "rejected")]
        sorted_out = rule.sort_out(living, one_per_household=recruitment.one_per_household)
        decided = [_placed(each, sorted_out[each.id]) for each in living]
        people = [each for each in decided if each.state == "pooled"]
        draw: Draw | None = None
        if recruitment.method == "draw":
            pool = [lots.Person(each.pseudonym, each.verified or {}) for each in people]
            draw = await self.draws.close(await self.draws.locked(draw_subject(recruitment.id)), pool)
        await self._save_states(decided)
        closed = await self._save(replace(recruitment, state="closed"))
        await self.work.drop_timer("close-sign-up", str(recruitment.id))
        await self.work.record("close", f"recruitment:{recruitment.id}", before="open", after="closed")
        if not people or (draw is not None and draw.state == "void"):
            return await self._settle(closed, occasion, draw, [each.pseudonym for each in people], reserves=())
        return closed

    async def close_when_due(self, recruitment_id: UUID) -> None:
        """The timer at the end of sign-up. Verification may take longer: the pool of a draw is frozen by hand, so that
        nobody is left out who was only not looked at yet; here sign-up merely ends, which the clock decides alone."""
        recruitment = await self.store.recruitment(recruitment_id, lock=True)
        if recruitment is None or recruitment.state != "open" or recruitment.method not in rule.OPEN_METHODS:
            return
        if not any(each.state == "applied" for each in await self.store.applications(recruitment_id)):
            await self.close(recruitment, await self.host.occasion(recruitment.occasion_id))

    # Choosing

    async def begin_commitment(self, recruitment: Recruitment) -> Draw:
        """Have the panels computed. Raises QuotasContradict, SignUpStillOpen, PoolTooSmall."""
        draw = await self._draw_of(recruitment)
        if draw.state == "closed":
            rules = rules_of(draw)
            assert isinstance(rules, lots.Rules)
            must_be_possible(rules, await self._people(recruitment))
        return await self.draws.begin_commitment(draw)

    async def _people(self, recruitment: Recruitment) -> list[lots.Person]:
        pooled = [each for each in await self.store.applications(recruitment.id) if each.state == "pooled"]
        return [lots.Person(each.pseudonym, each.verified or {}) for each in sorted(pooled, key=lambda a: a.pseudonym)]

    async def type_numbers(self, recruitment: Recruitment, occasion: Occasion, values: dict[str, str]) -> Draw:
        """One of two people types the public numbers; the second one makes the draw, and the list is public."""
        draw = await self._draw_of(recruitment)
        drawn = await self.draws.type_numbers(draw, occasion.unit, values)
        if drawn.state == "drawn":
            made: dict[str, Any] = msgspec.json.decode(drawn.drawn or b"")
            await self._settle(recruitment, occasion, drawn, made["selected"], made["reserve"])
        return drawn

    async def draw_again(self, recruitment: Recruitment, occasion: Occasion, given: SecondDraw) -> Draw:
        """A further draw from the same pool. The first stays visible; who was drawn in it goes back to the pool."""
        earlier = await self._draw_of(recruitment)
        if not given.reason.strip():
            raise SecondDrawNeedsReason(field="reason")
        occasion.must_be_ahead()
        rule.must_be(recruitment, "closed", "settled")
        rules = rules_of(earlier)
        assert isinstance(rules, lots.Rules)
        reason = clean_reason(given.reason)
        new = replace(
            rules,
            entropy=given.entropy,
            quotas=given.quotas if given.quotas is not None else rules.quotas,
            previous=transcript_hash(earlier),
            reason=reason,
        )
        draw = await self.draws.publish_second_rules(draw_subject(recruitment.id), checked_rules(new), reason)
        back = [
            replace(each, state="pooled", confirm_by=None)
            for each in await self.store.applications(recruitment.id)
            if each.state in ("invited", "confirmed", "reserve")
        ]
        for application in await self._save_states(back):
            await self.work.drop_timer("lapse-invitation", str(application.id))
        await self._save(replace(recruitment, state="closed"))
        return draw

    async def select(self, recruitment: Recruitment, occasion: Occasion, given: Selection) -> Recruitment:
        """People who were chosen otherwise, each method called what it is."""
        if recruitment.method in ("draw", "first_come"):
            raise WrongSelectionMethod(method=recruitment.method)
        if recruitment.state == "open":
            recruitment = await self.close(recruitment, occasion)
        rule.must_be(recruitment, "closed")
        pooled = {each.pseudonym for each in await self.store.applications(recruitment.id) if each.state == "pooled"}
        chosen = [*given.selected, *given.reserves]
        certificate = _certificate(given) if recruitment.method == "external" else {}
        reasons = {name: clean_text(why, f"reasons.{name}", most=500) for name, why in given.reasons.items()}
        unexplained = recruitment.method != "external" and not all(reasons.get(name) for name in given.selected)
        if (
            len(given.selected) > recruitment.seats
            or len(set(chosen)) < len(chosen)
            or not set(chosen) <= pooled
            or unexplained
        ):
            raise SelectionIncomplete(seats=recruitment.seats, field="selected")
        recruitment = replace(recruitment, certificate=certificate)
        return await self._settle(recruitment, occasion, None, given.selected, given.reserves, reasons)

    async def _settle(
        self,
        recruitment: Recruitment,
        occasion: Occasion,
        draw: Draw | None,
        selected: Sequence[str],
        reserves: Sequence[str],
        reasons: dict[str, str] | None = None,
    ) -> Recruitment:
        """The list is made; who is on it is invited."""
        at = self.work.at
        applications = await self.store.applications(recruitment.id)
        # Who took back their application after the pool was frozen stays in the documents, and is not invited.
        pooled = {each.pseudonym: each for each in applications if each.state == "pooled"}
        invited = [replace(pooled[name], reason=(reasons or {}).get(name, "")) for name in selected if name in pooled]
        for application in invited:
            if application.reason:
                await self.store.save_application(application, at)
        await self._invite(recruitment, occasion, invited)
        await self._save_states([replace(pooled[name], state="reserve") for name in reserves if name in pooled])
        settled = await self._save(replace(recruitment, state="settled"))
        await self.work.record("settle", f"recruitment:{recruitment.id}", before=recruitment.state, after="settled")
        if draw is not None and draw.state == "drawn" and occasion.fill_at > at:
            await self.work.set_timer("fill-vacancies", str(recruitment.id), occasion.fill_at)
        keep = self.host.retention
        await self.work.set_timer("forget-unselected", str(recruitment.id), at + timedelta(days=keep.unselected_days))
        await self.work.set_timer(
            "forget-selected", str(occasion.id), occasion.ends_at + timedelta(days=keep.selected_days)
        )
        self.host.announce_settled(settled, len(applications), len(selected), draw)
        return settled

    # Invitations

    async def _invite(self, recruitment: Recruitment, occasion: Occasion, applications: Sequence[Application]) -> None:
        until = rule.confirm_by(recruitment, occasion, self.work.at)
        invited = [replace(each, state="invited", confirm_by=until) for each in applications]
        for application in await self._save_states(invited):
            await self.work.set_timer("lapse-invitation", str(application.id), until)

    async def invite_again(self, occasion: Occasion) -> None:
        """The occasion has moved: everybody who holds a seat is asked anew."""
        seated = [
            each
            for each in await self.store.applications_of_occasion(occasion.id)
            if each.state in ("invited", "confirmed")
        ]
        for recruitment in await self.store.recruitments([occasion.id]):
            await self._invite(
                recruitment, occasion, [each for each in seated if each.recruitment_id == recruitment.id]
            )

    async def withdraw(self, application: Application) -> Application:
        """Before the list; afterwards an invitation is declined instead."""
        rule.must_be_withdrawable(application)
        recruitment, _ = await self.recruitment(application.recruitment_id)
        # Who stands in a frozen pool stays in it, as the published documents say; a seat drawn for them is passed on.
        return await self._become(application, "withdrawn" if recruitment.state == "open" else "declined")

    async def confirm(self, application: Application) -> Application:
        rule.must_be_invited(application, self.work.at)
        return application if application.state == "confirmed" else await self._become(application, "confirmed")

    async def decline(self, application: Application) -> Application:
        """The seat is vacant at once. Drawn seats are filled together, by the committed rule; where order of arrival
        decides, the next one moves up."""
        rule.must_be_invited(application, self.work.at)
        declined = await self._become(application, "declined")
        recruitment, _ = await self.recruitment(application.recruitment_id, lock=True)
        if recruitment.method == "first_come":
            waiting = [each for each in await self.store.applications(recruitment.id) if each.state == "reserve"]
            if waiting:
                await self._become(waiting[0], "confirmed")
        return declined

    async def lapse(self, application_id: UUID) -> None:
        """A timer says that an invitation may have lapsed; the row decides."""
        application = await self.store.application(id=application_id)
        if application is None or application.state != "invited" or application.confirm_by is None:
            return
        if application.confirm_by > self.work.at:
            await self.work.set_timer("lapse-invitation", str(application_id), application.confirm_by)
            return
        await self._become(application, "lapsed")

    async def _become(self, application: Application, state: ApplicationState) -> Application:
        changed = replace(application, state=state, confirm_by=None)
        changed = await self.store.save_application(changed, self.work.at)
        await self.work.drop_timer("lapse-invitation", str(application.id))
        await self.work.record(state, f"application:{application.id}", before=application.state, after=state)
        self.host.announce_application(changed)
        return changed

    # Replacements

    async def fill_vacancies(self, recruitment: Recruitment, occasion: Occasion) -> Draw:
        """All vacancies at once, by the rule that the commitment covers. Raises NobodyLeft when there are none."""
        draw = await self._draw_of(recruitment)
        rule.must_be(recruitment, "settled")
        occasion.must_be_ahead()
        by_pseudonym = {each.pseudonym: each for each in await self.store.applications(recruitment.id)}
        vacant = [name for name in holders_of(draw) if by_pseudonym[name].state in VACATED]
        while True:
            draw, chosen = await self.draws.replace(draw, vacant)
            await self._invite(
                recruitment, occasion, [each for name in chosen if (each := by_pseudonym[name]).state == "reserve"]
            )
            # The rule knows no refusals: a reserve who has declined meanwhile is chosen, and leaves a vacancy again.
            vacant = [name for name in chosen if by_pseudonym[name].state in VACATED]
            if not vacant:
                return draw

    async def fill_when_due(self, recruitment_id: UUID) -> None:
        """The timer at the occasion's `fill_at`."""
        recruitment = await self.store.recruitment(recruitment_id, lock=True)
        if recruitment is None or recruitment.state != "settled" or recruitment.method != "draw":
            return
        occasion = await self.host.occasion(recruitment.occasion_id)
        draw = await self._draw_of(recruitment)
        if draw.state != "drawn" or not occasion.ahead:
            return
        if occasion.fill_at > self.work.at:
            await self.work.set_timer("fill-vacancies", str(recruitment_id), occasion.fill_at)
            return
        if await self.has_vacancies(recruitment):
            await self.fill_vacancies(recruitment, occasion)

    async def has_vacancies(self, recruitment: Recruitment) -> bool:
        """Whether somebody who was drawn is not coming."""
        states = {each.pseudonym: each.state for each in await self.store.applications(recruitment.id)}
        return any(states[name] in VACATED for name in holders_of(await self._draw_of(recruitment)))

    # The end

    async def record_attendance(self, occasion_id: UUID, present: Collection[str], field: str = "present") -> int:
        """Who holds a seat was there or was not; how many seats there are. Raises NotOnList."""
        seated = {
            each.pseudonym: each
            for each in await self.store.applications_of_occasion(occasion_id)
            if each.state in SEATED
        }
        for number, name in enumerate(present):
            if name not in seated:
                raise NotOnList(pseudonym=name, field=f"{field}[{number}]")
        came = [
            replace(each, state="attended" if name in present else "absent", confirm_by=None)
            for name, each in seated.items()
        ]
        for application in await self._save_states(came):
            await self.work.drop_timer("lapse-invitation", str(application.id))
        return len(seated)

    async def cancel(self, occasion_id: UUID) -> None:
        """The occasion will not take place, or without the public: everybody is released."""
        for recruitment in await self.store.recruitments([occasion_id]):
            await self._save(replace(recruitment, state="cancelled"))
            gone = [
                replace(each, state="withdrawn", confirm_by=None)
                for each in await self.store.applications(recruitment.id)
                if each.state not in VACATED and each.state != "rejected"
            ]
            await self._save_states(gone)
            for kind in ("close-sign-up", "fill-vacancies"):
                await self.work.drop_timer(kind, str(recruitment.id))

    async def _save_states(self, applications: Sequence[Application]) -> list[Application]:
        """Keep what became of them, and tell others."""
        changed = await self.store.save_states(applications, self.work.at)
        for application in changed:
            self.host.announce_application(application)
        return changed

    async def _save(self, recruitment: Recruitment) -> Recruitment:
        saved = replace(recruitment, changed_at=self.work.at)
        await self.store.save_recruitment(saved)
        return saved

    async def _draw_of(self, recruitment: Recruitment) -> Draw:
        if recruitment.method != "draw":
            raise WrongSelectionMethod(method=recruitment.method)
        return await self.draws.locked(draw_subject(recruitment.id))


def draw_subject(recruitment_id: UUID) -> str:
    return f"recruitment:{recruitment_id}"


def _place_of(id: UUID) -> str:
    return f"applications/{id}/personal"


def _rules(recruitment: Recruitment, occasion: Occasion, terms: Terms, entropy: tuple[lots.Source, ...]) -> lots.Rules:
    return lots.Rules(
        id=str(recruitment.id),
        title=f"{occasion.title} · {recruitment.name}" if recruitment.name else occasion.title,
        k=terms.seats,
        m=terms.panels,
        quotas=terms.quotas,
        closes_at=recruitment.closes_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        entropy=entropy,
        min_shared=terms.min_shared,
        max_rounding_loss_ppm=terms.max_rounding_loss_ppm,
        verifier_sha256=verifier_sha256(),
    )


def _placed(application: Application, exclusion: rule.Exclusion) -> Application:
    state: ApplicationState = "excluded" if exclusion else "pooled"
    if application.state == "rejected":
        state = "rejected"
    return replace(application, state=state, exclusion=exclusion)


def _certificate(given: Selection) -> dict[str, str]:
    """What a notary's own draw brings along. Raises CertificateNeeded."""
    if not given.certificate_no.strip() or not given.file_sha256:
        raise CertificateNeeded(field="file_sha256" if given.certificate_no.strip() else "certificate_no")
    return {
        "certificate_no": clean_text(given.certificate_no, "certificate_no", least=1, most=100),
        "file_sha256": given.file_sha256,
        "notary": clean_text(given.notary, "notary", most=100),
    }
