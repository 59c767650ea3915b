"""What every use case works with: the open transaction, the store, and who is told what."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.contracts import decisions as contract
from kaimen.contracts.decisions import PublicItem
from kaimen.decisions.app.calendar import entries_of
from kaimen.decisions.app.views import ItemView, item_page, item_view
from kaimen.decisions.domain.catalogues import Catalogue
from kaimen.decisions.domain.guards import Evidence
from kaimen.decisions.domain.items import Item
from kaimen.decisions.domain.papers import Paper, PaperKind
from kaimen.decisions.domain.refusals import UnknownCatalogue, UnknownItem
from kaimen.decisions.domain.steps import in_order
from kaimen.decisions.store.repository import Repository
from kaimen.kit.clock import local_date
from kaimen.kit.crypto import Vault
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.work import Work


class DecisionsSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of decisions, beside those that all services have."""

    link_seconds: Annotated[float, Meta(description="how long a published address may take to answer", gt=0)] = 5.0


class Desk:
    """One use case's tools. `store` and everything emitted belong to the same transaction."""

    def __init__(self, work: Work, vault: Vault) -> None:
        self.work = work
        self.store = Repository(work.connection, vault)

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return local_date(self.work.at)

    def sees(self, unit: str) -> bool:
        """Whether the actor reads what this unit has not published: its own staff, the office, the reviewer."""
        return self.work.actor.sees_drafts_of(unit) or self.work.actor.role == "justice"

    async def catalogue(self, id: UUID, *, lock: bool = False) -> Catalogue:
        """Raises UnknownCatalogue, also for a draft that the actor may not see."""
        catalogue = await self.store.catalogue(id, lock=lock)
        if catalogue is None or not (catalogue.is_public or self.sees(catalogue.unit)):
            raise UnknownCatalogue
        return catalogue

    async def own_catalogue(self, id: UUID) -> Catalogue:
        """Locked, for staff who may act for its unit. Raises UnknownCatalogue, Forbidden, NotYourUnit."""
        catalogue = await self.catalogue(id, lock=True)
        self.work.actor.must_act_for(catalogue.unit)
        return catalogue

    async def item(self, id: UUID, *, lock: bool = False) -> Item:
        """Raises UnknownItem, also for one that is not public or withheld and that the actor may not see."""
        item = await self.store.item(id, lock=lock)
        if item is None or not (item.is_public or self.sees(item.unit)):
            raise UnknownItem
        return item

    async def own_item(self, id: UUID) -> Item:
        """Locked, for staff who may act for its unit. Raises UnknownItem, Forbidden, NotYourUnit."""
        item = await self.item(id, lock=True)
        self.work.actor.must_act_for(item.unit)
        return item

    async def own_item_in_catalogue(self, id: UUID) -> tuple[Catalogue, Item]:
        """The same with its catalogue, which is locked first: whoever publishes it takes them in this order, too."""
        catalogue = await self.own_catalogue((await self.item(id)).catalogue_id)
        return catalogue, await self.own_item(id)

    async def evidence(self, item: Item) -> Evidence:
        papers: dict[PaperKind, Paper] = {filed.paper.kind: filed.paper for filed in await self.store.papers(item.id)}
        return Evidence(papers, in_order(await self.store.steps(item.id)))

    async def save_catalogue(self, catalogue: Catalogue) -> Catalogue:
        """The next version. `changed_at` is left to whoever changes what calendars show."""
        saved = replace(catalogue, version=catalogue.version + 1)
        await self.store.save_catalogue(saved)
        return saved

    async def keep_item(self, item: Item, before: Item) -> Item:
        """The next version, of which the public sees nothing new."""
        saved = replace(item, version=before.version + 1)
        await self.store.save_item(saved)
        return saved

    async def save_item(self, item: Item, before: Item) -> Item:
        """The next version. What the public then sees of it is frozen; others are told when that is news to them."""
        saved = await self.keep_item(item, before)
        if saved.is_public:
            await self._show(saved, before)
        return saved

    async def touch(self, item: Item) -> Item:
        """What belongs to the item has changed, not the item itself."""
        return await self.save_item(item, item)

    async def _show(self, item: Item, before: Item) -> None:
        view = await self.public_view(item)
        await self.store.add_public_version(item, self.work.at, msgspec.json.encode(view))
        if not before.is_public or replace(picture(before), version=item.version) != picture(item):
            self.work.emit(contract.ItemChanged(picture(item)), aggregate_id=item.id, version=item.version)

    async def public_view(self, item: Item) -> ItemView:
        """Everything that the public sees on the item's page."""
        facets = await self.store.facets([item.id])
        issues = await self.store.issues([item.id])
        view = item_view(
            item,
            facets.get(item.id, {}).values(),
            issues.get(item.id, ()),
            steps=await self.store.steps(item.id),
        )
        return (await self._without_withheld([view]))[0]

    async def _without_withheld(self, views: list[ItemView]) -> list[ItemView]:
        """Items that continue what is not public do not say so: even its id is not public."""
        hidden = await self.store.not_public(each.continues for each in views if each.continues)
        return [replace(each, continues=None) if each.continues in hidden else each for each in views]

    async def public_views(self, items: Iterable[Item]) -> list[ItemView]:
        """For lists: without the timeline."""
        listed = list(items)
        ids = [item.id for item in listed]
        facets, issues = await self.store.facets(ids), await self.store.issues(ids)
        views = [item_view(item, facets.get(item.id, {}).values(), issues.get(item.id, ())) for item in listed]
        return await self._without_withheld(views)

    def announce_entries(self, catalogue: Catalogue) -> None:
        """What calendars show of the catalogue."""
        self.work.emit(
            contract.DecisionEntriesChanged(catalogue.id, entries_of(catalogue)),
            aggregate_id=catalogue.id,
            version=catalogue.version,
        )

    async def record(self, action: str, what: Catalogue | Item, reason: str | None = None, **states: str) -> None:
        """`states`: `before` and `after`, where it went from one to the other."""
        kind = "item" if isinstance(what, Item) else "catalogue"
        await self.work.record(action, f"{kind}:{what.id}", reason=reason, **states)


def picture(item: Item) -> PublicItem:
    """The item as the public sees it in the catalogue."""
    terms = item.terms
    return PublicItem(
        item_id=item.id,
        version=item.version,
        catalogue_id=item.catalogue_id,
        year=item.year,
        unit=item.unit,
        co_sponsors=terms.co_sponsors,
        title=terms.title,
        category=terms.category,
        planned_period=terms.planned_period,
        participation=terms.participation,
        hearing_planned=terms.hearing_planned,
        enterprise_related=terms.enterprise_related,
        state=item.state,
        reason=item.reason,
        page=item_page(item),
    )
