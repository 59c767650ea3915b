"""From the call to the list: rules, sign-up, verification, pool, commitment, draw, vacancies."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import representatives as contract
from kaimen.kit import lots
from kaimen.kit.clock import SHANGHAI, day_start, local_date
from kaimen.kit.draws.procedure import (
    checked_rules,
    holders_of,
    must_be_possible,
    rules_of,
    transcript_hash,
    verifier_sha256,
)
from kaimen.kit.draws.refusals import SecondDrawNeedsReason, SignUpStillOpen
from kaimen.kit.draws.store import Draw
from kaimen.kit.people import BadPhone, hash_token, parse_phone
from kaimen.kit.texts import clean_reason, clean_text
from kaimen.representatives.app.desk import Desk, Personal, draw_subject, place_of
from kaimen.representatives.domain import recruiting as domain
from kaimen.representatives.domain.meetings import REPLACED_BEFORE, Meeting, check_window, must_be_ahead
from kaimen.representatives.domain.recruiting import (
    VACATED,
    Application,
    Method,
    Quotas,
    Recruitment,
    RepresentativeKind,
)
from kaimen.representatives.domain.refusals import (
    CertificateNeeded,
    ChannelNotYours,
    NoEntropy,
    NotEligible,
    NotSuitable,
    QuotasNotForMethod,
    SelectionIncomplete,
    TakenPartLately,
    UnknownApplication,
    UnknownItem,
    WrongMethod,
)

PURPOSE, HOUSEHOLD = "representative", "household"
Instant = Annotated[datetime, Meta(tz=True)]
Channel = Literal["web", "phone", "counter", "paper"]
Word = Annotated[str, Meta(min_length=1, max_length=50)]


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """招募公告 with its rules; published as it is given, and never changed afterwards."""

    items: tuple[UUID, ...] = ()
    method: Method = "draw"
    seats: Annotated[int, Meta(ge=1, le=1000)]
    opens_at: Instant
    closes_at: Instant
    eligibility: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=20)] = ()
    criteria: Annotated[str, Meta(max_length=2000)] = ""
    quotas: Annotated[Quotas, Meta(max_length=10)] = {}
    entropy: Annotated[tuple[lots.Source, ...], Meta(max_length=10)] = ()
    panels: Annotated[int, Meta(ge=10, le=10_000)] = 1000
    min_shared: Annotated[int, Meta(ge=1, le=100)] = 5
    max_rounding_loss_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 5000
    rotation_months: Annotated[int, Meta(ge=0, le=120)] = 12
    one_per_household: bool = True
    confirm_days: Annotated[int, Meta(ge=1, le=30)] = 3
    contact: Annotated[str, Meta(max_length=200)] = ""


class NewApplication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """报名. `household`: the address, only its pseudonym is kept; `works_for_sponsor`: a conflict of interest."""

    name: Annotated[str, Meta(max_length=50)]
    phone: Annotated[str, Meta(max_length=32)]
    features: dict[Word, Word] = {}
    household: Annotated[str, Meta(max_length=200)] = ""
    meets_conditions: bool = False
    works_for_sponsor: bool = False
    publish_name: bool = False
    kind: RepresentativeKind = "citizen"
    channel: Channel = "web"


class Receipt(msgspec.Struct, frozen=True):
    """The answer to an application. `pseudonym` is the name under which it will stand in the pool."""

    code: str
    pseudonym: str
    manage_token: str
    state: domain.ApplicationState


class Verification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff found: features as verified (empty: as claimed), or not eligible, with the reason."""

    eligible: bool = True
    features: dict[Word, Word] = {}
    reason: Annotated[str, Meta(max_length=500)] = ""


class Selection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """代表 chosen otherwise than by our draw. `selected` and `reserves` are pseudonyms, in order; `reasons` one for
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


async def open_recruitment(desk: Desk, meeting: Meeting, call: Call) -> Recruitment:
    """Publish the call and, for a draw, its rules."""
    work = desk.work
    must_be_ahead(meeting, work.at)
    check_window(meeting, call.opens_at, call.closes_at)
    recruitment = Recruitment(
        id=work.new_id(),
        meeting_id=meeting.id,
        items=_items(meeting, call.items),
        method=call.method,
        state="open",
        seats=call.seats,
        quotas=call.quotas,
        opens_at=call.opens_at,
        closes_at=call.closes_at,
        eligibility=tuple(clean_text(text, f"eligibility[{n}]", least=1) for n, text in enumerate(call.eligibility)),
        criteria=clean_text(call.criteria, "criteria", least=call.method == "panel", most=2000),
        rotation_months=call.rotation_months,
        one_per_household=call.one_per_household,
        confirm_days=call.confirm_days,
        contact=clean_text(call.contact, "contact"),
        certificate={},
        created_at=work.at,
        changed_at=work.at,
    )
    rules_sha256 = ""
    if call.method == "draw":
        if not call.entropy:
            raise NoEntropy(field="entropy")
        rules = checked_rules(_rules(recruitment, meeting, call))
        await desk.draws.publish_rules(draw_subject(recruitment.id), "panels", rules, call.closes_at)
        rules_sha256 = lots.digest("rules", rules)
    elif call.quotas or call.entropy:
        raise QuotasNotForMethod(field="quotas" if call.quotas else "entropy")
    await desk.store.add_recruitment(recruitment)
    await work.set_timer("close-sign-up", str(recruitment.id), call.closes_at)
    await work.record("open", f"recruitment:{recruitment.id}", after="open")
    work.emit(
        contract.RecruitmentOpened(
            recruitment.id, meeting.id, call.method, call.seats, call.opens_at, call.closes_at, rules_sha256
        ),
        aggregate_id=recruitment.id,
        version=1,
    )
    await desk.announce_entries(meeting)
    return recruitment


def _items(meeting: Meeting, chosen: Sequence[UUID]) -> tuple[UUID, ...]:
    """The agenda items that these representatives attend: all suitable ones, unless some are named."""
    by_id = {item.id: item for item in meeting.items}
    for number, name in enumerate(chosen):
        if name not in by_id:
            raise UnknownItem(field=f"items[{number}]")
        if not by_id[name].suitable_for_public:
            raise NotSuitable(field=f"items[{number}]")
    found = tuple(chosen) or tuple(item.id for item in meeting.items if item.suitable_for_public)
    if not found:
        raise NotSuitable(field="items")
    return found


def _rules(recruitment: Recruitment, meeting: Meeting, call: Call) -> lots.Rules:
    return lots.Rules(
        id=str(recruitment.id),
        title=meeting.title,
        k=call.seats,
        m=call.panels,
        quotas=call.quotas,
        closes_at=call.closes_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        entropy=call.entropy,
        min_shared=call.min_shared,
        max_rounding_loss_ppm=call.max_rounding_loss_ppm,
        verifier_sha256=verifier_sha256(),
    )


async def apply(desk: Desk, recruitment: Recruitment, meeting: Meeting, given: NewApplication) -> Receipt:
    """Take one application. Raises why not; then nothing is kept."""
    work = desk.work
    own_staff = work.actor.sees_drafts_of(meeting.unit)
    if (given.channel != "web" or given.kind != "citizen") and not own_staff:
        raise ChannelNotYours(field="channel")
    domain.must_take_applications(recruitment, work.at, by_staff=own_staff)
    phone = parse_phone(given.phone)
    if phone is None:
        raise BadPhone(field="phone")
    if not given.meets_conditions:
        raise NotEligible(field="meets_conditions")
    domain.check_features(recruitment.quotas, given.features)
    person = desk.vault.pseudonym(PURPOSE, phone)
    if recruitment.rotation_months:
        since = domain.rotation_since(local_date(work.at), recruitment.rotation_months)
        if await desk.store.took_part_since(person, day_start(since)):
            raise TakenPartLately(months=recruitment.rotation_months, field="phone")
    household = "".join(clean_text(given.household, "household").split()).casefold()
    token, id = work.new_token(), work.new_id()
    personal = Personal(clean_text(given.name, "name", least=1, most=50), phone)
    application = Application(
        id=id,
        recruitment_id=recruitment.id,
        meeting_id=meeting.id,
        code=work.new_code(),
        pseudonym=work.new_code(8),
        state="applied",
        kind=given.kind,
        channel=given.channel,
        features=given.features,
        verified=None,
        conflict=given.works_for_sponsor,
        exclusion="",
        reason="",
        publish_name=given.publish_name,
        person=person,
        household=desk.vault.pseudonym(HOUSEHOLD, household) if household else None,
        personal=desk.vault.seal(personal, unit=meeting.unit, place=place_of(id)),
        manage_hash=hash_token(token),
        created_at=work.at,
        changed_at=work.at,
        entered_by=work.actor.subject if work.actor.is_staff else None,
    )
    await desk.store.add_application(application)
    desk.announce_application(application)
    return Receipt(application.code, application.pseudonym, token, application.state)


async def verify(desk: Desk, code: str, given: Verification) -> Application:
    """A member of staff has seen papers, or has not: only verified features count in a draw."""
    application, recruitment, _ = await own_application(desk, code)
    domain.must_be(recruitment, "open", "closed")
    if application.state not in ("applied", "verified", "rejected"):
        raise UnknownApplication
    if not given.eligible:
        changed = replace(application, state="rejected", verified=None, reason=clean_reason(given.reason))
    else:
        features = given.features or application.features
        domain.check_features(recruitment.quotas, features)
        changed = replace(application, state="verified", verified=features, reason="")
    changed = replace(changed, changed_at=desk.work.at)
    await desk.store.save_application(changed)
    await desk.work.record("verify", f"application:{application.id}", before=application.state, after=changed.state)
    desk.announce_application(changed)
    return changed


async def own_application(desk: Desk, code: str) -> tuple[Application, Recruitment, Meeting]:
    """An application, for staff of its unit. Raises UnknownApplication, Forbidden, NotYourUnit."""
    application = await desk.store.application(code=code)
    if application is None:
        raise UnknownApplication
    recruitment, meeting = await desk.recruitment(application.recruitment_id)
    desk.work.actor.must_act_for(meeting.unit)
    return application, recruitment, meeting


async def close_recruitment(desk: Desk, recruitment: Recruitment, meeting: Meeting) -> Recruitment:
    """Freeze who is in the pool, and say of everybody else why not. Raises SignUpStillOpen."""
    domain.must_be(recruitment, "open")
    at = desk.work.at
    if at < recruitment.closes_at and recruitment.method in domain.OPEN_METHODS:
        raise SignUpStillOpen
    applications = await desk.store.applications(recruitment.id)
    living = [each for each in applications if each.state in ("applied", "verified", "rejected")]
    sorted_out = domain.sort_out(living, one_per_household=recruitment.one_per_household)
    decided = [_placed(each, sorted_out[each.id], at) for each in living]
    draw: Draw | None = None
    people = [lots.Person(each.pseudonym, each.verified or {}) for each in decided if each.state == "pooled"]
    if recruitment.method == "draw":
        draw = await desk.draws.close(await desk.draws.locked(draw_subject(recruitment.id)), people)
    await desk.store.save_states(decided, at)
    for application in decided:
        desk.announce_application(application)
    closed = replace(recruitment, state="closed", changed_at=at)
    await desk.store.save_recruitment(closed)
    await desk.work.drop_timer("close-sign-up", str(recruitment.id))
    await desk.work.record("close", f"recruitment:{recruitment.id}", before="open", after="closed")
    if draw is not None and draw.state == "void" and people:
        return await _settle(desk, closed, meeting, draw, [person.pseudonym for person in people], reserves=())
    return closed


def _placed(application: Application, exclusion: domain.Exclusion, at: datetime) -> Application:
    state: domain.ApplicationState = "excluded" if exclusion else "pooled"
    if application.state == "rejected":
        state = "rejected"
    return replace(application, state=state, exclusion=exclusion, changed_at=at)


async def close_when_due(desk: Desk, recruitment_id: UUID) -> None:
    """The timer at the end of sign-up. Verification may take longer: the pool of a draw is frozen by hand, so that
    nobody is left out who was only not looked at yet; here sign-up merely ends, which the clock decides by itself."""
    recruitment = await desk.store.recruitment(recruitment_id, lock=True)
    if recruitment is None or recruitment.state != "open":
        return
    if not any(each.state == "applied" for each in await desk.store.applications(recruitment_id)):
        await close_recruitment(desk, recruitment, await desk.meeting(recruitment.meeting_id))


async def begin_commitment(desk: Desk, recruitment: Recruitment) -> Draw:
    """Have the panels computed. Raises QuotasContradict, SignUpStillOpen, PoolTooSmall."""
    _must_draw(recruitment)
    draw = await desk.draws.locked(draw_subject(recruitment.id))
    if draw.state == "closed":
        rules = rules_of(draw)
        assert isinstance(rules, lots.Rules)
        must_be_possible(rules, await _people(desk, recruitment))
    return await desk.draws.begin_commitment(draw)


async def _people(desk: Desk, recruitment: Recruitment) -> list[lots.Person]:
    pooled = [each for each in await desk.store.applications(recruitment.id) if each.state == "pooled"]
    return [lots.Person(each.pseudonym, each.verified or {}) for each in sorted(pooled, key=lambda a: a.pseudonym)]


async def type_numbers(desk: Desk, recruitment: Recruitment, meeting: Meeting, values: dict[str, str]) -> Draw:
    """One of two people types the public numbers; the second one makes the draw, and the list is public."""
    _must_draw(recruitment)
    draw = await desk.draws.locked(draw_subject(recruitment.id))
    drawn = await desk.draws.type_numbers(draw, meeting.unit, values)
    if drawn.state == "drawn":
        made: dict[str, Any] = msgspec.json.decode(drawn.drawn or b"")
        await _settle(desk, recruitment, meeting, drawn, made["selected"], made["reserve"])
    return drawn


async def draw_again(desk: Desk, recruitment: Recruitment, meeting: Meeting, given: SecondDraw) -> Draw:
    """A further draw from the same pool. The first stays visible; who was drawn in it goes back to the pool."""
    _must_draw(recruitment)
    if not given.reason.strip():
        raise SecondDrawNeedsReason(field="reason")
    must_be_ahead(meeting, desk.work.at)
    domain.must_be(recruitment, "closed", "settled")
    earlier = await desk.draws.locked(draw_subject(recruitment.id))
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
    draw = await desk.draws.publish_second_rules(draw_subject(recruitment.id), checked_rules(new), reason)
    at = desk.work.at
    back = [
        replace(each, state="pooled", confirm_by=None, changed_at=at)
        for each in await desk.store.applications(recruitment.id)
        if each.state in ("invited", "confirmed", "reserve")
    ]
    await desk.store.save_states(back, at)
    for application in back:
        await desk.work.drop_timer("lapse-invitation", str(application.id))
        desk.announce_application(application)
    await desk.store.save_recruitment(replace(recruitment, state="closed", changed_at=at))
    return draw


async def select(desk: Desk, recruitment: Recruitment, meeting: Meeting, given: Selection) -> Recruitment:
    """Representatives who were chosen otherwise, each method called what it is."""
    if recruitment.method == "draw":
        raise WrongMethod(method="draw")
    if recruitment.state == "open":
        recruitment = await close_recruitment(desk, recruitment, meeting)
    domain.must_be(recruitment, "closed")
    pooled = {each.pseudonym for each in await desk.store.applications(recruitment.id) if each.state == "pooled"}
    chosen = [*given.selected, *given.reserves]
    certificate: dict[str, str] = {}
    if recruitment.method == "external":
        if not given.certificate_no.strip() or not given.file_sha256:
            raise CertificateNeeded(field="file_sha256" if given.certificate_no.strip() else "certificate_no")
        certificate = {
            "certificate_no": clean_text(given.certificate_no, "certificate_no", least=1, most=100),
            "file_sha256": given.file_sha256,
            "notary": clean_text(given.notary, "notary", most=100),
        }
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
    return await _settle(desk, recruitment, meeting, None, given.selected, given.reserves, reasons)


async def _settle(
    desk: Desk,
    recruitment: Recruitment,
    meeting: Meeting,
    draw: Draw | None,
    selected: Sequence[str],
    reserves: Sequence[str],
    reasons: dict[str, str] | None = None,
) -> Recruitment:
    """The list is public; who is on it is invited."""
    at = desk.work.at
    applications = await desk.store.applications(recruitment.id)
    # Who took back their application after the pool was frozen stays in the documents, and is not invited.
    pooled = {each.pseudonym: each for each in applications if each.state == "pooled"}
    invited = [replace(pooled[name], reason=(reasons or {}).get(name, "")) for name in selected if name in pooled]
    for application in invited:
        if application.reason:
            await desk.store.save_application(application)
    await _invite(desk, recruitment, meeting, invited)
    waiting = [replace(pooled[name], state="reserve", changed_at=at) for name in reserves if name in pooled]
    await desk.store.save_states(waiting, at)
    for application in waiting:
        desk.announce_application(application)
    settled = replace(recruitment, state="settled", changed_at=at)
    await desk.store.save_recruitment(settled)
    await desk.work.record("settle", f"recruitment:{recruitment.id}", before=recruitment.state, after="settled")
    fill_at = meeting.starts_at - REPLACED_BEFORE
    if draw is not None and draw.state == "drawn" and fill_at > at:
        await desk.work.set_timer("fill-vacancies", str(recruitment.id), fill_at)
    await desk.work.set_timer("forget-unselected", str(recruitment.id), at + _days(desk.settings.unselected_days))
    await desk.work.set_timer(
        "forget-representatives", str(meeting.id), meeting.ends_at + _days(desk.settings.representatives_days)
    )
    commitment = msgspec.json.decode(draw.commitment)["commitment"] if draw and draw.commitment else ""
    seed = msgspec.json.decode(draw.drawn)["seed"] if draw and draw.drawn else ""
    number = draw.number if draw else 0
    desk.work.emit(
        contract.RecruitmentSettled(
            recruitment.id, meeting.id, recruitment.method, len(applications), len(selected), number, commitment, seed
        ),
        aggregate_id=recruitment.id,
        version=1 + max(number, 1),
    )
    return settled


async def _invite(desk: Desk, recruitment: Recruitment, meeting: Meeting, applications: Sequence[Application]) -> None:
    at = desk.work.at
    until = domain.confirm_by(recruitment, meeting.starts_at, at)
    invited = [replace(each, state="invited", confirm_by=until, changed_at=at) for each in applications]
    await desk.store.save_states(invited, at)
    for application in invited:
        await desk.work.set_timer("lapse-invitation", str(application.id), until)
        desk.announce_application(application)


async def fill_vacancies(desk: Desk, recruitment: Recruitment, meeting: Meeting) -> Draw:
    """All vacancies at once, by the rule that the commitment covers. Raises NobodyLeft when there are none."""
    _must_draw(recruitment)
    domain.must_be(recruitment, "settled")
    must_be_ahead(meeting, desk.work.at)
    draw = await desk.draws.locked(draw_subject(recruitment.id))
    by_pseudonym = {each.pseudonym: each for each in await desk.store.applications(recruitment.id)}
    vacant = [name for name in holders_of(draw) if by_pseudonym[name].state in VACATED]
    while True:
        draw, chosen = await desk.draws.replace(draw, vacant)
        await _invite(
            desk, recruitment, meeting, [r for name in chosen if (r := by_pseudonym[name]).state == "reserve"]
        )
        # The rule knows no refusals: a reserve who has declined meanwhile is chosen, and leaves a vacancy again.
        vacant = [name for name in chosen if by_pseudonym[name].state in VACATED]
        if not vacant:
            return draw


async def fill_when_due(desk: Desk, recruitment_id: UUID) -> None:
    """The timer 48 hours before the meeting."""
    recruitment = await desk.store.recruitment(recruitment_id, lock=True)
    if recruitment is None or recruitment.state != "settled" or recruitment.method != "draw":
        return
    meeting = await desk.meeting(recruitment.meeting_id)
    draw = await desk.draws.locked(draw_subject(recruitment_id))
    if draw.state != "drawn" or meeting.standing != "planned":
        return
    fill_at = meeting.starts_at - REPLACED_BEFORE
    if fill_at > desk.work.at:
        await desk.work.set_timer("fill-vacancies", str(recruitment_id), fill_at)
        return
    states = {each.pseudonym: each.state for each in await desk.store.applications(recruitment_id)}
    if any(states[name] in VACATED for name in holders_of(draw)):
        await fill_vacancies(desk, recruitment, meeting)


def _must_draw(recruitment: Recruitment) -> None:
    if recruitment.method != "draw":
        raise WrongMethod(method=recruitment.method)


def _days(days: int) -> timedelta:
    return timedelta(days=days)
