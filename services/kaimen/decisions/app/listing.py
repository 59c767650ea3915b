"""Items of a catalogue: entered, and changed until they are published; afterwards with the next revision."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.contracts.decisions import Category
from kaimen.decisions.app.cataloguing import last_year, reopen_catalogue
from kaimen.decisions.app.desk import Desk
from kaimen.decisions.domain.catalogues import Catalogue, check_successor
from kaimen.decisions.domain.items import Item, Terms, change_terms
from kaimen.kit.texts import clean_text

Words = Annotated[str, Meta(max_length=200)]
Passage = Annotated[str, Meta(max_length=2000)]
Sponsors = Annotated[tuple[Words, ...], Meta(max_length=20)]


class ItemDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """决策事项. `participation`: the public is asked. `confidential_basis`: the law by which it is withheld.
    `exploratory_risk`: the legal risk of a reform without a clear rule (713 Art. 25). `continues`: last year's item."""

    catalogue: UUID
    title: Words
    category: Category
    co_sponsors: Sponsors = ()
    planned_period: Words = ""
    participation: bool = True
    hearing_planned: bool = False
    expert_required: bool = False
    risk_required: bool = False
    market_activity: bool = False
    enterprise_related: bool = False
    confidential_basis: Words = ""
    continues: UUID | None = None
    exploratory_risk: Passage = ""


class ItemChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only the fields that change. Of a published item they are `pending` until the catalogue is revised."""

    title: Words | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    co_sponsors: Sponsors | UnsetType = UNSET
    planned_period: Words | UnsetType = UNSET
    participation: bool | UnsetType = UNSET
    hearing_planned: bool | UnsetType = UNSET
    expert_required: bool | UnsetType = UNSET
    risk_required: bool | UnsetType = UNSET
    market_activity: bool | UnsetType = UNSET
    enterprise_related: bool | UnsetType = UNSET
    confidential_basis: Words | UnsetType = UNSET
    continues: UUID | UnsetType | None = UNSET
    exploratory_risk: Passage | UnsetType = UNSET


async def add_item(desk: Desk, catalogue: Catalogue, draft: ItemDraft) -> Item:
    """Enter it in a catalogue; in one that is public it waits for the next revision. Raises WrongCatalogueState,
    NotOfLastYear, ContinuedTwice."""
    work = desk.work
    terms = Terms(**_clean({name: getattr(draft, name) for name in Terms.__struct_fields__}))
    await _check_successor(desk, catalogue, terms)
    await reopen_catalogue(desk, catalogue)
    item = Item(
        id=work.new_id(),
        version=1,
        catalogue_id=catalogue.id,
        unit=catalogue.unit,
        year=catalogue.year,
        state="listed",
        terms=terms,
        pending=None,
        reason="",
        suspended_in=None,
        listed_on=None,
        listed_in=None,
        listing_reason="",
        archive_ref="",
        created_at=work.at,
        state_since=work.at,
    )
    await desk.store.add_item(item)
    await desk.record("enter", item)
    return item


async def change_item(desk: Desk, catalogue: Catalogue, item: Item, change: ItemChange) -> Item:
    """Raises ItemClosed, AlreadyPublic, WrongCatalogueState, NotOfLastYear, ContinuedTwice."""
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    changed = change_terms(item, replace(item.pending or item.terms, **_clean(given)))
    if changed == item:
        return item
    await _check_successor(desk, catalogue, changed.pending or changed.terms, item)
    await reopen_catalogue(desk, catalogue)
    saved = await desk.keep_item(changed, item)
    await desk.record("change", saved)
    return saved


async def _check_successor(desk: Desk, catalogue: Catalogue, terms: Terms, item: Item | None = None) -> None:
    if terms.continues is not None:
        _, former = await last_year(desk, catalogue)
        others = [each for each in await desk.store.items_of(catalogue.id) if item is None or each.id != item.id]
        check_successor(terms.continues, former, others)


def _clean(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, as the item keeps it. Raises what is wrong with a text."""
    cleaned = dict(given)
    for name, least, most in (
        ("title", 1, 200), ("planned_period", 0, 200), ("confidential_basis", 0, 200), ("exploratory_risk", 0, 2000),
    ):  # fmt: skip
        if name in given:
            cleaned[name] = clean_text(given[name], name, least=least, most=most)
    if "co_sponsors" in given:
        names = enumerate(given["co_sponsors"])
        cleaned["co_sponsors"] = tuple(clean_text(name, f"co_sponsors[{n}]", least=1) for n, name in names)
    return cleaned
