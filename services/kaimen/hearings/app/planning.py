"""Planning a hearing, its notice, changing it, moving it to another day, cancelling it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.contracts import hearings as contract
from kaimen.hearings.app.desk import Desk, picture
from kaimen.hearings.domain import hearings as domain
from kaimen.hearings.domain.hearings import Hearing, SeatGroup, SeatRole, Side
from kaimen.hearings.domain.packs import PACKS, Profile, Step, Voice
from kaimen.hearings.domain.refusals import NoticeBinds
from kaimen.kit import lots, units
from kaimen.kit.recruiting.procedure import Instant
from kaimen.kit.recruiting.rules import OPEN_METHODS, Terms
from kaimen.kit.texts import clean_reason, clean_text, clean_url

Words = Annotated[str, Meta(max_length=200)]
Passage = Annotated[str, Meta(max_length=5000)]
Address = Annotated[str, Meta(max_length=500)]


class SideDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """利益相关方, and why it has an interest."""

    name: Words
    why: Words = ""


class GroupDraft(Terms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """席位组: for which side, as participants or observers, and how its people are chosen. `consumers`: they count for
    the share of consumers that a price hearing needs."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    side: Words = ""
    role: SeatRole = "participant"
    consumers: bool = False
    rotation_months: Annotated[int, Meta(ge=0, le=120)] = 0


class StepDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """环节 of the proceedings."""

    key: Annotated[str, Meta(min_length=1, max_length=30)]
    title_zh: Words
    title_en: Words = ""
    minutes: Annotated[int, Meta(ge=0, le=600)] = 0
    voice: Voice = "everyone"


class HearingDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """听证会. `sides` is the sponsor's stakeholder map; `steps` empty: the order that the rules name.
    `opens_at`, `closes_at` and `entropy` (public numbers) serve all groups alike."""

    unit: Words = ""
    catalogue_item: UUID | None = None
    profile: Profile = "major_decision"
    title: Words
    matters: Passage
    draft_url: Address = ""
    explanation_url: Address = ""
    starts_at: Instant
    ends_at: Instant
    place: Words = ""
    presider: Words = ""
    recorder: Words = ""
    speaking_minutes: Annotated[int, Meta(ge=1, le=120)] = 5
    sides: Annotated[tuple[SideDraft, ...], Meta(max_length=20)]
    groups: Annotated[tuple[GroupDraft, ...], Meta(max_length=20)]
    steps: Annotated[tuple[StepDraft, ...], Meta(max_length=20)] = ()
    opens_at: Instant | None = None
    closes_at: Instant | None = None
    entropy: Annotated[tuple[lots.Source, ...], Meta(max_length=10)] = ()
    accessibility: Words = ""


class HearingChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only the fields that change. After the notice nothing of what it bound: another day is a postponement."""

    catalogue_item: UUID | UnsetType | None = UNSET
    title: Words | UnsetType = UNSET
    matters: Passage | UnsetType = UNSET
    draft_url: Address | UnsetType = UNSET
    explanation_url: Address | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    place: Words | UnsetType = UNSET
    presider: Words | UnsetType = UNSET
    recorder: Words | UnsetType = UNSET
    speaking_minutes: Annotated[int, Meta(ge=1, le=120)] | UnsetType = UNSET
    sides: Annotated[tuple[SideDraft, ...], Meta(max_length=20)] | UnsetType = UNSET
    groups: Annotated[tuple[GroupDraft, ...], Meta(max_length=20)] | UnsetType = UNSET
    steps: Annotated[tuple[StepDraft, ...], Meta(max_length=20)] | UnsetType = UNSET
    opens_at: Instant | UnsetType | None = UNSET
    closes_at: Instant | UnsetType | None = UNSET
    entropy: Annotated[tuple[lots.Source, ...], Meta(max_length=10)] | UnsetType = UNSET
    accessibility: Words | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=500)] = ""


AFTER_NOTICE = frozenset({"catalogue_item", "place", "presider", "recorder", "speaking_minutes", "accessibility"})
"""What may still change once the notice is out."""


class Postponement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and the new time where it is known already; `place` empty: as before."""

    reason: Annotated[str, Meta(max_length=500)]
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    place: Words = ""


async def plan_hearing(desk: Desk, draft: HearingDraft) -> Hearing:
    work = desk.work
    unit, _ = await units.acting_for(work, draft.unit)
    given = {name: getattr(draft, name) for name in HearingChange.__struct_fields__ if name != "reason"}
    hearing = Hearing(
        id=work.new_id(),
        version=1,
        unit=unit,
        profile=draft.profile,
        standing="planned",
        reason="",
        sequence=0,
        created_at=work.at,
        changed_at=work.at,
        **_clean(desk, draft.profile, given),
    )
    domain.check_plan(hearing, work.at)
    await desk.store.add_hearing(hearing)
    await desk.record("plan", hearing)
    return hearing


async def change_hearing(desk: Desk, hearing: Hearing, change: HearingChange) -> Hearing:
    """A draft changes as a whole; after the notice only what `AFTER_NOTICE` names, and the public reads why."""
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    reason = clean_text(given.pop("reason"), "reason", most=500)
    changed = replace(hearing, **_clean(desk, hearing.profile, given))
    if changed == hearing:
        return hearing
    if hearing.standing == "planned":
        domain.check_plan(changed, desk.work.at)
    else:
        domain.must_be_ahead(hearing, desk.work.at)
        for name in given:
            if name not in AFTER_NOTICE and getattr(changed, name) != getattr(hearing, name):
                raise NoticeBinds(field=name)
    moved = changed.place != hearing.place
    changed = replace(changed, reason=reason, sequence=hearing.sequence + moved, changed_at=desk.work.at)
    saved = await desk.save(changed)
    await desk.record("change", hearing, reason or None)
    if saved.announced_at is not None:
        await _tell(desk, saved)
    return saved


async def announce_hearing(desk: Desk, hearing: Hearing) -> Hearing:
    """听证公告. With it the rules of every seat group are public, before anybody can sign up."""
    await desk.may("announce", hearing)
    at = desk.work.at
    domain.check_announcement(hearing, desk.today)
    domain.check_window(hearing)
    announced = replace(hearing, standing="announced", announced_at=at, changed_at=at)
    occasion = desk.occasion_of(announced)
    opens_at, closes_at = hearing.opens_at or at, hearing.closes_at or occasion.fill_at
    groups = []
    for group in hearing.groups:
        recruitment = await desk.recruiting.open(
            occasion,
            group.terms,
            max(opens_at, at),
            closes_at,
            hearing.entropy if group.method == "draw" else (),
            name=group.name,
        )
        groups.append(replace(group, recruitment_id=recruitment.id))
    saved = await desk.save(replace(announced, groups=tuple(groups)))
    await desk.record("announce", saved)
    desk.announce(contract.HearingAnnounced(picture(saved)), saved)
    desk.announce_entries(saved)
    return saved


async def open_sign_up(desk: Desk, hearing: Hearing) -> Hearing:
    """Sign-up begins now, if it has not begun by itself; its end stays as announced."""
    await desk.may("open", hearing)
    for recruitment in await desk.locked_recruitments(hearing):
        await desk.recruiting.open_early(recruitment)
    await desk.record("open", hearing)
    return hearing


async def close_sign_up(desk: Desk, hearing: Hearing) -> Hearing:
    """Every pool is frozen; whoever is not in it reads why. Raises SignUpStillOpen."""
    await desk.may("close", hearing)
    occasion = desk.occasion_of(hearing)
    for recruitment in await desk.locked_recruitments(hearing):
        if recruitment.state == "open" and recruitment.method in OPEN_METHODS:
            await desk.recruiting.close(recruitment, occasion)
    await desk.record("close", hearing)
    return hearing


async def postpone_hearing(desk: Desk, hearing: Hearing, given: Postponement) -> Hearing:
    """To another day, or until one is found. All clocks run anew, and everybody with a seat is asked again."""
    at = desk.work.at
    reason = clean_reason(given.reason)
    if hearing.standing != "postponed":
        await desk.may("postpone", hearing)
        hearing = replace(
            hearing,
            standing="postponed",
            reason=reason,
            delivered_at=None,
            sequence=hearing.sequence + 1,
            changed_at=at,
        )
    if given.starts_at is not None or given.ends_at is not None:
        hearing = domain.resume(
            hearing,
            starts_at=given.starts_at or hearing.starts_at,
            ends_at=given.ends_at or hearing.ends_at,
            place=clean_text(given.place, "place") or hearing.place,
            reason=reason,
            at=at,
        )
        await desk.recruiting.invite_again(desk.occasion_of(hearing))
    saved = await desk.save(hearing)
    await desk.record("postpone", saved, reason)
    await _tell(desk, saved)
    return saved


async def cancel_hearing(desk: Desk, hearing: Hearing, reason: str) -> Hearing:
    await desk.may("cancel", hearing)
    reason = clean_reason(reason)
    await desk.recruiting.cancel(hearing.id)
    sequence = hearing.sequence + 1
    cancelled = replace(hearing, standing="cancelled", reason=reason, sequence=sequence, changed_at=desk.work.at)
    saved = await desk.save(cancelled)
    await desk.record("cancel", saved, reason)
    await _tell(desk, saved)
    return saved


async def _tell(desk: Desk, hearing: Hearing) -> None:
    desk.announce(contract.HearingRevised(picture(hearing)), hearing)
    desk.announce_entries(hearing)


def _clean(desk: Desk, profile: Profile, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, as the hearing keeps it. Raises what is wrong with a text or an address."""
    cleaned = dict(given)
    for name, least, most in (
        ("title", 1, 200), ("matters", 1, 5000), ("place", 0, 200), ("presider", 0, 200), ("recorder", 0, 200),
        ("accessibility", 0, 200),
    ):  # fmt: skip
        if name in given:
            cleaned[name] = clean_text(given[name], name, least=least, most=most)
    for name in ("draft_url", "explanation_url"):
        if name in given:
            cleaned[name] = clean_url(given[name], name)
    if "sides" in given:
        cleaned["sides"] = tuple(_side(side, f"sides[{n}]") for n, side in enumerate(given["sides"]))
    if "groups" in given:
        cleaned["groups"] = tuple(_group(desk, group, f"groups[{n}]") for n, group in enumerate(given["groups"]))
    if "steps" in given:
        own = tuple(_step(step, f"steps[{n}]") for n, step in enumerate(given["steps"]))
        cleaned["steps"] = own or PACKS[profile].order
    if "entropy" in given:
        cleaned["entropy"] = tuple(
            replace(source, name=clean_text(source.name, f"entropy[{n}].name", least=1))
            for n, source in enumerate(given["entropy"])
        )
    return cleaned


def _side(draft: SideDraft, place: str) -> Side:
    return Side(name=clean_text(draft.name, f"{place}.name", least=1), why=clean_text(draft.why, f"{place}.why"))


def _group(desk: Desk, draft: GroupDraft, place: str) -> SeatGroup:
    terms = Terms(**{name: getattr(draft, name) for name in Terms.__struct_fields__})
    return SeatGroup(
        id=desk.work.new_id(),
        name=clean_text(draft.name, f"{place}.name", least=1, most=50),
        side=clean_text(draft.side, f"{place}.side"),
        role=draft.role,
        terms=terms,
        consumers=draft.consumers,
    )


def _step(draft: StepDraft, place: str) -> Step:
    return Step(
        key=clean_text(draft.key, f"{place}.key", least=1, most=30),
        title_zh=clean_text(draft.title_zh, f"{place}.title_zh", least=1),
        title_en=clean_text(draft.title_en, f"{place}.title_en"),
        minutes=draft.minutes,
        voice=draft.voice,
    )
