"""Catalogues and items over HTTP. What is shown of them: `app.views`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Response, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec.structs import replace

from kaimen.contracts.decisions import Category, ItemState
from kaimen.decisions.app import cataloguing, facets, listing, procedure
from kaimen.decisions.app.desk import DecisionsSettings, Desk
from kaimen.decisions.app.links import clean_link, must_lead_somewhere
from kaimen.decisions.app.views import (
    CatalogueView,
    CoverageView,
    DifferenceView,
    ItemView,
    catalogue_view,
    difference_view,
    for_staff,
    revision_view,
)
from kaimen.decisions.domain.catalogues import Catalogue
from kaimen.decisions.domain.facets import Facet
from kaimen.decisions.domain.items import Item, is_waiting
from kaimen.decisions.domain.papers import Paper, PaperKind
from kaimen.decisions.domain.refusals import DateInFuture, NotPublicThen, UnknownPaper, UnknownRevision
from kaimen.decisions.store.repository import CatalogueFilter, ItemFilter
from kaimen.kit.auth import APPROVERS, OFFICE, PUBLIC, STAFF, allow
from kaimen.kit.clock import day_start
from kaimen.kit.http import (
    OnEdge,
    Page,
    changing,
    cursor_of,
    json_bytes,
    json_response,
    limit_of,
    read_cursor,
    refuse_nul,
)
from kaimen.kit.problems import Malformed
from kaimen.kit.service import Resources
from kaimen.kit.work import Actor, Role, Work

T = TypeVar("T")
Q = QueryParameter
CHECKERS: frozenset[Role] = frozenset({"office", "justice"})
FILERS: frozenset[Role] = STAFF | CHECKERS
YEAR = Q(name="year", ge=2000, le=2099)


async def whole_catalogue(desk: Desk, catalogue: Catalogue) -> CatalogueView:
    """The catalogue with its items, as far as the actor may see them."""
    sees = desk.sees(catalogue.unit)
    items = await desk.store.items_of(catalogue.id)
    shown = [item for item in items if item.is_public or sees]
    views = await desk.public_views(shown)
    revisions = await desk.store.revisions(catalogue.id)
    return catalogue_view(
        catalogue,
        desk.today,
        items=tuple(marked(item, view) if sees else view for item, view in zip(shown, views, strict=True)),
        withheld=sum(item.is_withheld for item in items if item.listed_on is not None),
        revisions=tuple(revision_view(each) for each in revisions),
        open_changes=sum(is_waiting(item) for item in items) if sees else None,
    )


def marked(item: Item, view: ItemView) -> ItemView:
    """In lists, for those who see what is withheld: which items are."""
    return replace(view, confidential_basis=item.terms.confidential_basis)


async def whole_item(desk: Desk, item: Item) -> ItemView:
    """The item's page, and for its own staff what is not on it."""
    view = await desk.public_view(item)
    if not desk.sees(item.unit):
        return view
    return for_staff(view, item, await desk.store.papers(item.id), await procedure.following(desk, item))


def drafts_of(actor: Actor) -> str | None:
    """Like everybody's, but the legality reviewer reads what all units prepare."""
    return None if actor.role == "justice" else actor.drafts_shown


def read_instant(text: str, field: str) -> datetime:
    """An instant with its offset, also where a "+" has come as a blank. Raises Malformed."""
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        if at.tzinfo is None:
            raise ValueError(text)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(what="instant with offset", field=field) from None


def handlers(resources: Resources) -> list[Any]:
    """The endpoints of this service."""
    settings = resources.settings
    assert isinstance(settings, DecisionsSettings)

    def at_desk(use_case: Callable[[Desk], Awaitable[T]]) -> Callable[[Work], Awaitable[T]]:
        async def run(work: Work) -> T:
            return await use_case(Desk(work, resources.vault))

        return run

    def any_catalogue(desk: Desk, id: UUID) -> Awaitable[Catalogue]:
        return desk.catalogue(id, lock=True)

    change_catalogue = changing(at_desk, Desk.own_catalogue, whole_catalogue)
    check_catalogue = changing(at_desk, any_catalogue, whole_catalogue)
    change_item = changing(at_desk, Desk.own_item, whole_item)

    # Catalogues

    @post("/catalogues", opt=allow(STAFF))
    async def begin(edge: OnEdge, data: JSONBody[cataloguing.CatalogueDraft]) -> Response[bytes]:
        """建立目录: one for each unit and year, for its unit alone until it is published."""

        async def run(desk: Desk) -> CatalogueView:
            return await whole_catalogue(desk, await cataloguing.begin_catalogue(desk, data))

        return await edge.create(at_desk(run))

    @get("/catalogues", opt=allow(PUBLIC))
    async def list_catalogues(
        edge: OnEdge,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        year: Annotated[int | None, YEAR] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """目录列表, in the order in which they were begun. Staff see their unit's drafts too."""
        refuse_nul(unit, cursor)
        wanted = CatalogueFilter(
            unit=unit,
            year=year,
            after=read_cursor(cursor),
            limit=limit_of(limit) + 1,
            drafts_of=drafts_of(edge.actor),
        )

        async def run(desk: Desk) -> Page:
            found = await desk.store.catalogues(wanted)
            last = found[limit - 1] if len(found) > limit else None
            items = [catalogue_view(each, desk.today) for each in found[:limit]]
            return Page(items, cursor_of(last.created_at, last.id) if last else None)

        return json_response(await edge.read(at_desk(run)))

    @get("/catalogues/coverage", opt=allow(PUBLIC))
    async def coverage(edge: OnEdge, year: Annotated[int, YEAR]) -> Response[bytes]:
        """目录公布情况 of all units (row 36): who has published, when, how late, and who has not."""

        async def run(desk: Desk) -> CoverageView:
            return await cataloguing.coverage(desk, year)

        return json_response(await edge.read(at_desk(run)))

    @get("/catalogues/{catalogue_id:uuid}", opt=allow(PUBLIC))
    async def read_catalogue(edge: OnEdge, catalogue_id: FromPath[UUID]) -> Response[bytes]:
        """目录 with its items and its published texts."""

        async def run(desk: Desk) -> Response[bytes]:
            catalogue = await desk.catalogue(catalogue_id)
            return json_response(await whole_catalogue(desk, catalogue), version=catalogue.version)

        return await edge.read(at_desk(run))

    @post("/catalogues/{catalogue_id:uuid}/check", opt=allow(CHECKERS), status_code=200)
    async def check(edge: OnEdge, catalogue_id: FromPath[UUID], data: JSONBody[cataloguing.Check]) -> Response[bytes]:
        """合法性审核, by 区司法局 or the office."""
        return await check_catalogue(edge, catalogue_id, lambda desk, it: cataloguing.check_catalogue(desk, it, data))

    @post("/catalogues/{catalogue_id:uuid}/consent", opt=allow(OFFICE), status_code=200)
    async def consent(
        edge: OnEdge, catalogue_id: FromPath[UUID], data: JSONBody[cataloguing.Consent]
    ) -> Response[bytes]:
        """同意公布 (713 Art. 3): who consented, and when."""
        return await change_catalogue(
            edge, catalogue_id, lambda desk, it: cataloguing.consent_to_catalogue(desk, it, data)
        )

    @post("/catalogues/{catalogue_id:uuid}/publish", opt=allow(APPROVERS), status_code=200)
    async def publish(
        edge: OnEdge, catalogue_id: FromPath[UUID], data: JSONBody[cataloguing.Publication | None] = None
    ) -> Response[bytes]:
        """公布目录. An empty one says why; unfinished items of last year are continued or explained."""
        given = data or cataloguing.Publication()
        return await change_catalogue(
            edge, catalogue_id, lambda desk, it: cataloguing.publish_catalogue(desk, it, given)
        )

    @post("/catalogues/{catalogue_id:uuid}/revise", opt=allow(APPROVERS), status_code=200)
    async def revise(
        edge: OnEdge, catalogue_id: FromPath[UUID], data: JSONBody[cataloguing.CatalogueRevision]
    ) -> Response[bytes]:
        """调整目录: what waits becomes public with its reason; the former text stays readable."""
        return await change_catalogue(edge, catalogue_id, lambda desk, it: cataloguing.revise_catalogue(desk, it, data))

    @post("/catalogues/{catalogue_id:uuid}/close", opt=allow(APPROVERS), status_code=200)
    async def close(edge: OnEdge, catalogue_id: FromPath[UUID]) -> Response[bytes]:
        """年度结束: it takes no more items."""
        return await change_catalogue(edge, catalogue_id, cataloguing.close_catalogue)

    @post("/catalogues/{catalogue_id:uuid}/reasons", opt=allow(STAFF), status_code=200)
    async def explain(
        edge: OnEdge, catalogue_id: FromPath[UUID], data: JSONBody[cataloguing.DroppedReason]
    ) -> Response[bytes]:
        """说明未延续的原因 of an item of last year."""
        return await change_catalogue(edge, catalogue_id, lambda desk, it: cataloguing.explain_dropped(desk, it, data))

    @get("/catalogues/{catalogue_id:uuid}/difference", opt=allow(PUBLIC))
    async def difference(edge: OnEdge, catalogue_id: FromPath[UUID]) -> Response[bytes]:
        """年度对比: what came, what stays, what was dropped and why (DC4)."""

        async def run(desk: Desk) -> DifferenceView:
            catalogue = await desk.catalogue(catalogue_id)
            former, found = await cataloguing.compare_with_last_year(
                desk, catalogue, public=not desk.sees(catalogue.unit)
            )
            return difference_view(catalogue.id, former.id if former else None, found)

        return json_response(await edge.read(at_desk(run)))

    @get("/catalogues/{catalogue_id:uuid}/revisions/{number:int}", opt=allow(PUBLIC))
    async def read_revision(edge: OnEdge, catalogue_id: FromPath[UUID], number: FromPath[int]) -> Response[bytes]:
        """历次公布的目录文本, byte for byte (`app.views.RevisionDocument`); 0 is the first."""

        async def run(desk: Desk) -> Response[bytes]:
            catalogue = await desk.catalogue(catalogue_id)
            found = await desk.store.revision(catalogue.id, number) if 0 <= number <= catalogue.revision else None
            if found is None:
                raise UnknownRevision(number=number)
            document, sha256 = found
            return json_bytes(document, headers={"ETag": f'"{sha256[:32]}"'})

        return await edge.read(at_desk(run))

    # Items

    @post("/items", opt=allow(STAFF))
    async def add_item(edge: OnEdge, data: JSONBody[listing.ItemDraft]) -> Response[bytes]:
        """提出决策事项. In a published catalogue it waits for the next revision."""

        async def run(desk: Desk) -> ItemView:
            catalogue = await desk.own_catalogue(data.catalogue)
            return await whole_item(desk, await listing.add_item(desk, catalogue, data))

        return await edge.create(at_desk(run))

    @get("/items", opt=allow(PUBLIC))
    async def list_items(
        edge: OnEdge,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        year: Annotated[int | None, YEAR] = None,
        state_: Annotated[ItemState | None, Q(name="state")] = None,
        category: Annotated[Category | None, Q(name="category")] = None,
        q: Annotated[str | None, Q(name="q", max_length=100)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """决策事项列表, in the order in which they were entered; `q` looks into titles and units."""
        refuse_nul(unit, q, cursor)
        wanted = ItemFilter(
            unit=unit,
            year=year,
            state=state_,
            category=category,
            text=(q or "").strip() or None,
            after=read_cursor(cursor),
            limit=limit_of(limit) + 1,
            drafts_of=drafts_of(edge.actor),
        )

        async def run(desk: Desk) -> Page:
            found = await desk.store.items(wanted)
            last = found[limit - 1] if len(found) > limit else None
            views = zip(found, await desk.public_views(found[:limit]), strict=False)
            items = [marked(item, view) if desk.sees(item.unit) else view for item, view in views]
            return Page(items, cursor_of(last.created_at, last.id) if last else None)

        return json_response(await edge.read(at_desk(run)))

    @get("/items/{item_id:uuid}", opt=allow(PUBLIC))
    async def read_item(
        edge: OnEdge,
        item_id: FromPath[UUID],
        as_at: Annotated[str | None, Q(name="as_at", max_length=40)] = None,
    ) -> Response[bytes]:
        """决策事项的页面; with `as_at` what the public saw at that instant (DC3); of today so far, of no later day."""
        at = None if as_at is None else read_instant(as_at, "as_at")

        async def run(desk: Desk) -> Response[bytes]:
            item = await desk.item(item_id)
            if at is None:
                return json_response(await whole_item(desk, item), version=item.version)
            # By the day, like all days that are typed: whoever asks for the end of today is shown today so far.
            if at >= day_start(desk.today + timedelta(days=1)):
                raise DateInFuture(field="as_at")
            found = await desk.store.as_at(item.id, at)
            if found is None:
                raise NotPublicThen
            document, sha256 = found
            return json_bytes(document, headers={"ETag": f'"{sha256[:32]}"'})

        return await edge.read(at_desk(run))

    @get("/items/{item_id:uuid}/versions", opt=allow(PUBLIC))
    async def list_versions(edge: OnEdge, item_id: FromPath[UUID]) -> Response[bytes]:
        """页面的历次变化: since when the public saw which version; each is read with `as_at`."""

        async def run(desk: Desk) -> Page:
            return Page(list(await desk.store.public_versions((await desk.item(item_id)).id)), None)

        return json_response(await edge.read(at_desk(run)))

    @patch("/items/{item_id:uuid}", opt=allow(STAFF))
    async def revise_item(edge: OnEdge, item_id: FromPath[UUID], data: JSONBody[listing.ItemChange]) -> Response[bytes]:
        """修改事项: at once until it is published, afterwards `pending` until the catalogue is revised."""

        async def run(desk: Desk) -> Response[bytes]:
            catalogue, item = await desk.own_item_in_catalogue(item_id)
            edge.if_match(item.version)
            item = await listing.change_item(desk, catalogue, item, data)
            return json_response(await whole_item(desk, item), version=item.version)

        return await edge.change(at_desk(run))

    @post("/items/{item_id:uuid}/transitions", opt=allow(STAFF), status_code=200)
    async def lead(edge: OnEdge, item_id: FromPath[UUID], data: JSONBody[procedure.Transition]) -> Response[bytes]:
        """状态变更. Refused with every condition that is not met."""

        async def run(desk: Desk) -> Response[bytes]:
            catalogue, item = await desk.own_item_in_catalogue(item_id)
            edge.if_match(item.version)
            item = await procedure.lead_item(desk, None if item.listed_on else catalogue, item, data)
            return json_response(await whole_item(desk, item), version=item.version)

        return await edge.change(at_desk(run))

    @put("/items/{item_id:uuid}/papers/{kind:str}", opt=allow(FILERS))
    async def file_paper(
        edge: OnEdge, item_id: FromPath[UUID], kind: FromPath[PaperKind], data: JSONBody[procedure.PaperDraft]
    ) -> Response[bytes]:
        """归入材料, for the unit's staff; legality reviews also by 区司法局. The unit replaces only its own."""

        async def run(desk: Desk) -> Response[bytes]:
            item = await desk.item(item_id, lock=True)
            edge.if_match(item.version)
            item = await procedure.file_paper(desk, item, kind, data)
            return json_response(await whole_item(desk, item), version=item.version)

        return await edge.change(at_desk(run))

    @get("/items/{item_id:uuid}/papers/{kind:str}", opt=allow(FILERS))
    async def read_paper(edge: OnEdge, item_id: FromPath[UUID], kind: FromPath[PaperKind]) -> Response[bytes]:
        """材料 with its dissent, for those who see the item's file; reading it is recorded."""

        async def run(desk: Desk) -> Paper:
            item = await desk.item(item_id)
            paper = await desk.store.paper(item, kind) if desk.sees(item.unit) else None
            if paper is None:
                raise UnknownPaper
            await desk.record("read-paper", item, kind)
            return paper

        return json_response(await edge.read(at_desk(run)))

    @post("/items/{item_id:uuid}/issue", opt=allow(STAFF), status_code=200)
    async def issue(edge: OnEdge, item_id: FromPath[UUID], data: JSONBody[procedure.IssueDraft]) -> Response[bytes]:
        """文件出台: signed, printed, published, and which of these is the day of issue. Again, to put it right."""
        url = clean_link(data.url, "url")
        link = await must_lead_somewhere(url, settings, "url") if url else None
        return await change_item(edge, item_id, lambda desk, it: procedure.issue_document(desk, it, data, link))

    @put("/items/{item_id:uuid}/facets/{facet:str}", opt=allow(STAFF))
    async def set_facet(
        edge: OnEdge, item_id: FromPath[UUID], facet: FromPath[Facet], data: JSONBody[facets.FacetDraft]
    ) -> Response[bytes]:
        """页面要素 (row 37). The address of what is published must answer."""
        url = facets.address_of(data)
        link = await must_lead_somewhere(url, settings, "url") if url else None
        return await change_item(edge, item_id, lambda desk, it: facets.set_facet(desk, it, facet, data, link))

    return [
        begin, list_catalogues, coverage, read_catalogue, check, consent, publish, revise, close, explain, difference,
        read_revision, add_item, list_items, read_item, list_versions, revise_item, lead, file_paper, read_paper,
        issue, set_facet,
    ]  # fmt: skip
