"""The annual catalogue: begun, checked, consented to, published, revised, compared with last year's."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import decisions as contract
from kaimen.decisions.app.desk import Desk
from kaimen.decisions.app.views import CoverageView, coverage_view, revision_document
from kaimen.decisions.domain import catalogues as domain
from kaimen.decisions.domain.catalogues import Catalogue, Difference
from kaimen.decisions.domain.facets import must_be_publishable
from kaimen.decisions.domain.guards import is_settled
from kaimen.decisions.domain.items import Item, is_waiting, list_item, targets
from kaimen.decisions.domain.refusals import NotOfLastYear, ReasonPublished
from kaimen.decisions.store.repository import CatalogueFilter
from kaimen.kit import units
from kaimen.kit.texts import clean_reason, clean_text
from kaimen.kit.units import Units

Words = Annotated[str, Meta(max_length=200)]
Reason = Annotated[str, Meta(max_length=500)]
Year = Annotated[int, Meta(ge=2000, le=2099)]


class CatalogueDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """目录 of a unit (one's own, where none is named) and a year."""

    unit: Words = ""
    year: Year


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """合法性审核: on which day."""

    checked_on: date


class Consent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """同意: on which day, and whose: the Party committee for the district, otherwise who decides for the unit."""

    consented_on: date
    consented_by: Words


class Publication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """公布. `empty_reason`: why there is no item this year."""

    empty_reason: Reason = ""


class CatalogueRevision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """调整: why, and who consented to it on which day."""

    reason: Reason
    consented_on: date
    consented_by: Words


class DroppedReason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an item of last year is not continued."""

    item: UUID
    reason: Reason


async def begin_catalogue(desk: Desk, draft: CatalogueDraft) -> Catalogue:
    """Raises CatalogueExists; Forbidden, NotYourUnit, UnknownUnit."""
    work = desk.work
    unit, _ = await units.acting_for(work, draft.unit)
    catalogue = Catalogue(
        id=work.new_id(),
        version=1,
        unit=unit,
        year=draft.year,
        state="collecting",
        legality_checked_on=None,
        consented_on=None,
        consented_by="",
        published_on=None,
        revision=0,
        empty_reason="",
        created_at=work.at,
        changed_at=work.at,
    )
    await desk.store.add_catalogue(catalogue)
    await desk.record("begin", catalogue)
    desk.announce_entries(catalogue)
    return catalogue


async def check_catalogue(desk: Desk, catalogue: Catalogue, given: Check) -> Catalogue:
    return await _save(desk, catalogue, domain.check_legality(catalogue, given.checked_on, desk.today), "check")


async def consent_to_catalogue(desk: Desk, catalogue: Catalogue, given: Consent) -> Catalogue:
    by = clean_text(given.consented_by, "consented_by", least=1)
    return await _save(desk, catalogue, domain.consent(catalogue, given.consented_on, by, desk.today), "consent")


async def reopen_catalogue(desk: Desk, catalogue: Catalogue) -> None:
    """Something in it changes: before publication check and consent fall, and are given anew for what it then says."""
    domain.must_take_items(catalogue)
    if catalogue.state in ("legality_checked", "consented"):
        await _save(desk, catalogue, domain.reopen(catalogue), "reopen")


async def publish_catalogue(desk: Desk, catalogue: Catalogue, given: Publication) -> Catalogue:
    """公布 (713 Art. 3, row 36). Raises NotChecked, NotConsented, NothingToPublish, DroppedWithoutReason,
    PersonalDataInText."""
    empty_reason = clean_text(given.empty_reason, "empty_reason", most=500)
    must_be_publishable(empty_reason, "empty_reason")
    items = await desk.store.items_of(catalogue.id, lock=True)
    waiting = [item for item in items if is_waiting(item)]
    published = domain.publish(replace(catalogue, empty_reason=empty_reason), len(waiting), desk.today)
    _, difference = await compare_with_last_year(desk, catalogue)
    domain.must_explain_dropped(difference)
    return await _make_public(desk, catalogue, published, items, "")


async def revise_catalogue(desk: Desk, catalogue: Catalogue, given: CatalogueRevision) -> Catalogue:
    """调整: new items and changed terms become public together, and the former text stays readable. Raises
    WrongCatalogueState, NothingToRevise, BadDate, DateInFuture, DatesOutOfOrder, DroppedWithoutReason,
    PersonalDataInText."""
    reason = clean_reason(given.reason)
    must_be_publishable(reason, "reason")
    by = clean_text(given.consented_by, "consented_by", least=1)
    items = await desk.store.items_of(catalogue.id, lock=True)
    waiting = sum(is_waiting(item) for item in items)
    revised = domain.revise(catalogue, waiting, given.consented_on, by, desk.today)
    _, difference = await compare_with_last_year(desk, catalogue)
    domain.must_explain_dropped(difference)
    return await _make_public(desk, catalogue, revised, items, reason)


async def _make_public(
    desk: Desk, before: Catalogue, catalogue: Catalogue, items: list[Item], reason: str
) -> Catalogue:
    """Freeze the text, and show every item that comes or changes with it."""
    saved = await desk.save_catalogue(replace(catalogue, changed_at=desk.work.at))
    shown = [await _list(desk, item, saved.revision, reason) for item in items]
    hidden = await desk.store.not_public(item.terms.continues for item in shown if item.terms.continues)
    document = revision_document(saved, shown, reason, desk.today, hidden)
    await desk.store.add_revision(saved, reason, desk.work.at, msgspec.json.encode(document))
    action = "revise" if saved.revision else "publish"
    await desk.record(action, saved, reason or None, before=before.state, after=saved.state)
    assert saved.consented_on is not None
    assert saved.published_on is not None
    fact = contract.CataloguePublished(
        catalogue_id=saved.id,
        version=saved.version,
        unit=saved.unit,
        year=saved.year,
        revision=saved.revision,
        consented_on=saved.consented_on,
        published_on=desk.today,
        late_days=domain.late_days(saved.published_on, saved.year),
        items=tuple(item.item_id for item in document.items),
        withheld=document.withheld,
    )
    desk.work.emit(fact, aggregate_id=saved.id, version=saved.version)
    desk.announce_entries(saved)
    return saved


async def _list(desk: Desk, item: Item, revision: int, reason: str) -> Item:
    if not is_waiting(item):
        return item
    return await desk.save_item(list_item(item, revision, reason, desk.today), item)


async def close_catalogue(desk: Desk, catalogue: Catalogue) -> Catalogue:
    """The year is over: no item is added any more, those that are listed go on. Raises WrongCatalogueState,
    ChangesWaiting."""
    waiting = sum(is_waiting(item) for item in await desk.store.items_of(catalogue.id, lock=True))
    return await _save(desk, catalogue, domain.close(catalogue, waiting), "close")


async def explain_dropped(desk: Desk, catalogue: Catalogue, given: DroppedReason) -> Catalogue:
    """Why an item of last year is not continued (DC4). Raises NotOfLastYear, ReasonPublished,
    PersonalDataInText."""
    reason = clean_reason(given.reason)
    must_be_publishable(reason, "reason")
    domain.must_take_items(catalogue)
    former, items = await last_year(desk, catalogue)
    if former is None or given.item not in {item.id for item in items}:
        raise NotOfLastYear(field="item")
    _, shown = await compare_with_last_year(desk, catalogue, public=True)
    if catalogue.is_public and any(each.reason for each in shown.dropped if each.former.id == given.item):
        raise ReasonPublished(field="reason")
    await desk.store.save_dropped_reason(catalogue.id, given.item, reason)
    await desk.record("explain", catalogue, reason)
    return await desk.save_catalogue(catalogue)


async def last_year(desk: Desk, catalogue: Catalogue) -> tuple[Catalogue | None, list[Item]]:
    """The unit's published catalogue of the year before, with what it listed."""
    former = await desk.store.catalogue_of(catalogue.unit, catalogue.year - 1)
    if former is None or not former.is_public:
        return None, []
    return former, [item for item in await desk.store.items_of(former.id) if item.listed_on is not None]


async def compare_with_last_year(
    desk: Desk, catalogue: Catalogue, *, public: bool = False
) -> tuple[Catalogue | None, Difference]:
    """`public`: only what the public may see of both; else as it will be when everything that waits is public."""
    former, last = await last_year(desk, catalogue)
    if former is None:
        return None, Difference((), (), (), ())
    present, reasons = await desk.store.items_of(catalogue.id), await desk.store.dropped_reasons(catalogue.id)
    issued = [item for item in last if item.state == "issued" and "archived" in targets(item)]
    settled = {item.id for item in issued if is_settled(item, await desk.evidence(item))}
    if public:
        listed = [item for item in present if item.listed_on is not None]
        return former, domain.for_public(domain.compare(last, listed, reasons, settled))
    coming = [replace(item, terms=item.pending) if item.pending and is_waiting(item) else item for item in present]
    return former, domain.compare(last, coming, reasons, settled)


async def coverage(desk: Desk, year: int) -> CoverageView:
    """Which of the units that are known have published (DC5)."""
    known = await Units(desk.work.connection).codes()
    found = await desk.store.catalogues(CatalogueFilter(year=year, limit=10_000))
    return coverage_view(known, {catalogue.unit: catalogue for catalogue in found}, year, desk.today)


async def _save(desk: Desk, before: Catalogue, after: Catalogue, action: str) -> Catalogue:
    saved = await desk.save_catalogue(after)
    await desk.record(action, saved, before=before.state, after=saved.state)
    return saved
