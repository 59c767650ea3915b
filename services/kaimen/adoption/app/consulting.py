"""Planning a consultation, its notice, extending it, closing it."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.adoption.app.desk import Desk, picture
from kaimen.adoption.domain import consultations as domain
from kaimen.adoption.domain.consultations import Consultation, Passage, Way
from kaimen.adoption.domain.refusals import DecisionIsOver, NoticeBinds, ReportFixed, UnknownItem
from kaimen.contracts import adoption as contract
from kaimen.contracts.adoption import Channel, ChannelUse
from kaimen.contracts.decisions import OVER
from kaimen.kit import units
from kaimen.kit.clock import day_start
from kaimen.kit.texts import clean_reason, clean_text, clean_url

Words = Annotated[str, Meta(max_length=200)]
Address = Annotated[str, Meta(max_length=500)]
Long = Annotated[str, Meta(max_length=20_000)]


class PassageDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """条款. `key` names it, such as "3" or "3.2"; empty: its place in the list."""

    key: Annotated[str, Meta(max_length=30)] = ""
    heading: Words = ""
    text: Long


class WayDraft(Way, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """提出意见的途径, with its address."""

    address: Words = ""


class UseDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """公告渠道. Days left out: those of the consultation."""

    channel: Channel
    name: Words = ""
    place: Address = ""
    from_on: date | None = None
    to_on: date | None = None


class ConsultationDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """征求意见. From `opens_on` to `closes_on`, both included; less than 30 days need `shortened_reason`, which the
    notice prints (713 Art. 15). `unit` empty: one's own, or that of the decision."""

    unit: Words = ""
    catalogue_item: UUID | None = None
    title: Words
    summary: Annotated[str, Meta(max_length=2000)] = ""
    passages: Annotated[tuple[PassageDraft, ...], Meta(max_length=500)] = ()
    draft_url: Address = ""
    explanation: Long = ""
    explanation_url: Address = ""
    background_url: Address = ""
    ways: Annotated[tuple[WayDraft, ...], Meta(max_length=10)] = ()
    channels: Annotated[tuple[UseDraft, ...], Meta(max_length=30)] = ()
    opens_on: date
    closes_on: date
    shortened_reason: Annotated[str, Meta(max_length=500)] = ""


class ConsultationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only the fields that change. After the notice nothing of what it bound; more channels are always welcome."""

    catalogue_item: UUID | UnsetType | None = UNSET
    title: Words | UnsetType = UNSET
    summary: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    passages: Annotated[tuple[PassageDraft, ...], Meta(max_length=500)] | UnsetType = UNSET
    draft_url: Address | UnsetType = UNSET
    explanation: Long | UnsetType = UNSET
    explanation_url: Address | UnsetType = UNSET
    background_url: Address | UnsetType = UNSET
    ways: Annotated[tuple[WayDraft, ...], Meta(max_length=10)] | UnsetType = UNSET
    channels: Annotated[tuple[UseDraft, ...], Meta(max_length=30)] | UnsetType = UNSET
    opens_on: date | UnsetType = UNSET
    closes_on: date | UnsetType = UNSET
    shortened_reason: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET


AFTER_NOTICE = frozenset({"background_url", "channels", "summary"})
"""What may still change once the notice is out."""


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """延长: the new last day, and why."""

    closes_on: date
    reason: Annotated[str, Meta(max_length=500)]


async def plan(desk: Desk, draft: ConsultationDraft) -> Consultation:
    work = desk.work
    unit = draft.unit
    if draft.catalogue_item is not None:
        unit = await _unit_of(desk, draft.catalogue_item)
    unit, _ = await units.acting_for(work, unit)
    given = {name: getattr(draft, name) for name in ConsultationChange.__struct_fields__}
    consultation = Consultation(
        id=work.new_id(), version=1, unit=unit, created_at=work.at, changed_at=work.at, **_clean(given, draft)
    )
    domain.check_plan(consultation)
    await desk.store.add_consultation(consultation)
    await _record(desk, "plan", consultation)
    return consultation


async def change(desk: Desk, consultation: Consultation, change: ConsultationChange) -> Consultation:
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    if given.get("catalogue_item") is not None:
        desk.work.actor.must_act_for(await _unit_of(desk, given["catalogue_item"]))
    changed = replace(consultation, **_clean(given, consultation))
    if "channels" not in given:
        changed = domain.with_channels_moved(consultation, changed)
    if changed == consultation:
        return consultation
    if consultation.announced_at is not None:
        for name in given:
            if name not in AFTER_NOTICE and getattr(changed, name) != getattr(consultation, name):
                raise NoticeBinds(field=name)
        if not set(consultation.channels) <= set(changed.channels):
            raise NoticeBinds(field="channels")
        if consultation.channels != changed.channels:
            await desk.must_be_open_to_change(consultation)
    domain.check_plan(changed)
    changed = replace(changed, changed_at=desk.work.at)
    await _record(desk, "change", changed)
    # What has ended is not opened again by what is added to it.
    if changed.closed_at is not None:
        return await _tell_closed(desk, changed)
    saved = await desk.save(changed)
    if saved.announced_at is not None:
        await _tell_opened(desk, saved)
    return saved


async def announce(desk: Desk, consultation: Consultation) -> Consultation:
    """征求意见公告. Opinions are taken from its first day on; it closes by itself. Raises DecisionIsOver, ReportFixed
    and what `check_notice` raises."""
    domain.must_permit("announce", consultation, desk.work.at)
    domain.check_notice(consultation, desk.today)
    await _must_be_undecided(desk, consultation.catalogue_item)
    announced = replace(consultation, announced_at=desk.work.at, changed_at=desk.work.at)
    saved = await desk.save(await _join_report(desk, announced))
    await _watch(desk, saved)
    await _record(desk, "announce", saved)
    await _tell_opened(desk, saved)
    return saved


async def extend(desk: Desk, consultation: Consultation, given: Extension) -> Consultation:
    """Raises NeverShortened, WrongState."""
    domain.must_permit("extend", consultation, desk.work.at)
    reason = clean_reason(given.reason)
    saved = await desk.save(domain.extended(consultation, given.closes_on, reason, desk.work.at))
    await _watch(desk, saved)
    await _record(desk, "extend", saved, reason)
    desk.announce(contract.ConsultationExtended(picture(saved), consultation.closes_on, reason), saved)
    desk.announce_entries(saved)
    return saved


async def close(desk: Desk, consultation: Consultation) -> Consultation:
    """Say that it is over, once its last day is; it also happens by itself. Raises StillOpen, WrongState."""
    if consultation.closed_at is not None:
        return consultation
    domain.must_permit("close", consultation, desk.work.at)
    closed = replace(consultation, closed_at=desk.work.at, changed_at=desk.work.at)
    await desk.work.drop_timer("close-consultation", str(closed.id))
    await _record(desk, "close", closed)
    return await _tell_closed(desk, closed)


async def close_in_time(desk: Desk, id: UUID) -> None:
    """The timer's part: somebody may have extended it meanwhile."""
    consultation = await desk.store.consultation(id, lock=True)
    if consultation is None or consultation.closed_at is not None:
        return
    if domain.phase(consultation, desk.work.at) == "open":
        await _watch(desk, consultation)
    else:
        await close(desk, consultation)


async def tell_received(desk: Desk, consultation: Consultation) -> None:
    """The number that was told when it closed holds no longer: paper is entered afterwards."""
    if consultation.closed_at is not None:
        await _tell_closed(desk, consultation)


async def work_on(desk: Desk, id: UUID) -> None:
    """Whoever acts has worked on the answers, and does not approve them."""
    await desk.store.add_handler(id, desk.work.actor.subject)
    await tell_handled(desk, id)


async def tell_handled(desk: Desk, id: UUID) -> None:
    """After its end, whenever the last opinion gets its answer or one waits again: the page of the decision says so
    (713 Art. 18). While a report is corrected, what was published holds."""
    consultation = await desk.store.consultation(id)
    assert consultation is not None
    if consultation.closed_at is None or consultation.digested_at is not None:
        return
    if consultation.handled != await desk.store.is_handled(id):
        await _tell_closed(desk, consultation)


async def _tell_closed(desk: Desk, consultation: Consultation) -> Consultation:
    handled = consultation.digested_at is not None or await desk.store.is_handled(consultation.id)
    saved = await desk.save(replace(consultation, handled=handled))
    counted = await desk.store.received([saved.id]) | await desk.store.published_counts([saved.id])
    desk.announce(contract.ConsultationClosed(picture(saved), counted.get(saved.id, 0), handled), saved)
    desk.announce_entries(saved)
    return saved


async def _tell_opened(desk: Desk, consultation: Consultation) -> None:
    desk.announce(contract.ConsultationOpened(picture(consultation)), consultation)
    desk.announce_entries(consultation)


async def _watch(desk: Desk, consultation: Consultation) -> None:
    end = day_start(consultation.closes_on + timedelta(days=1))
    await desk.work.set_timer("close-consultation", str(consultation.id), end)


async def _join_report(desk: Desk, consultation: Consultation) -> Consultation:
    """A second consultation of one decision is answered in the report that was begun already. Raises ReportFixed."""
    if consultation.catalogue_item is None:
        return consultation
    report = await desk.store.report_of_item(consultation.catalogue_item, lock=True)
    if report is None:
        return consultation
    if report.state != "drafting":
        raise ReportFixed
    together = (*report.consultations, consultation.id)
    await desk.store.save_report(replace(report, version=report.version + 1, consultations=together))
    return replace(consultation, report_id=report.id)


async def _unit_of(desk: Desk, item: UUID) -> str:
    found = await desk.store.item(item)
    if found is None:
        raise UnknownItem(field="catalogue_item")
    return found.unit


async def _must_be_undecided(desk: Desk, item: UUID | None) -> None:
    """Raises DecisionIsOver (713 Art. 14 and 15: the public takes part in making it)."""
    found = await desk.store.item(item) if item else None
    if found is not None and found.state in OVER:
        raise DecisionIsOver(field="catalogue_item")


async def _record(desk: Desk, action: str, consultation: Consultation, reason: str | None = None) -> None:
    await desk.record(action, f"consultation:{consultation.id}", reason)


def _clean(given: dict[str, Any], whole: ConsultationDraft | Consultation) -> dict[str, Any]:
    """What was given, as the consultation keeps it. Raises what is wrong with a text or an address."""
    cleaned = dict(given)
    for name, least, most in (
        ("title", 1, 200), ("summary", 0, 2000), ("explanation", 0, 20_000), ("shortened_reason", 0, 500),
    ):  # fmt: skip
        if name in given:
            cleaned[name] = clean_text(given[name], name, least=least, most=most)
    for name in ("draft_url", "explanation_url", "background_url"):
        if name in given:
            cleaned[name] = clean_url(given[name], name)
    if "passages" in given:
        cleaned["passages"] = tuple(
            Passage(
                key=clean_text(each.key, f"passages[{n}].key", most=30) or str(n + 1),
                heading=clean_text(each.heading, f"passages[{n}].heading"),
                text=clean_text(each.text, f"passages[{n}].text", least=1, most=20_000),
            )
            for n, each in enumerate(given["passages"])
        )
    if "ways" in given:
        cleaned["ways"] = tuple(
            Way(kind=each.kind, address=clean_text(each.address, f"ways[{n}].address", least=int(each.kind != "page")))
            for n, each in enumerate(given["ways"])
        )
    if "channels" in given:
        first, last = given.get("opens_on", whole.opens_on), given.get("closes_on", whole.closes_on)
        cleaned["channels"] = tuple(
            ChannelUse(
                channel=each.channel,
                name=clean_text(each.name, f"channels[{n}].name"),
                place=clean_text(each.place, f"channels[{n}].place", most=500),
                from_on=each.from_on or first,
                to_on=each.to_on or last,
            )
            for n, each in enumerate(given["channels"])
        )
    return cleaned
