"""Rows to domain objects and back; nothing is decided here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from kaimen.contracts.decisions import Category, ItemState
from kaimen.decisions.domain.catalogues import Catalogue
from kaimen.decisions.domain.facets import Entry, Facet
from kaimen.decisions.domain.issue import Issue
from kaimen.decisions.domain.items import Item
from kaimen.decisions.domain.papers import Paper, PaperKind
from kaimen.decisions.domain.refusals import CatalogueExists
from kaimen.decisions.domain.steps import Step
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.refusals import Refusal
from kaimen.kit.rows import as_json, struct_of, values_of
from kaimen.kit.search import search_terms

queries = load_queries("kaimen.decisions.store")
_JSON = frozenset({"terms", "pending"})

CONSTRAINTS: dict[str, type[Refusal]] = {"catalogues_one_per_unit_and_year": CatalogueExists}


class Revision(msgspec.Struct, frozen=True):
    """A published text of a catalogue. `sha256`: lower-case hex of its bytes."""

    number: int
    reason: str
    consented_on: date
    consented_by: str
    published_at: datetime
    sha256: str


class PublicVersion(msgspec.Struct, frozen=True):
    """When the public began to see this version of an item. `sha256`: of its bytes."""

    version: int
    at: datetime
    sha256: str


class FiledPaper(msgspec.Struct, frozen=True):
    """A paper without its dissent, and whether there is one."""

    paper: Paper
    has_dissent: bool


class CatalogueFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which catalogues to list; None means: any. `drafts_of`: also unpublished ones of this unit ("": of none)."""

    unit: str | None = None
    year: int | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50
    drafts_of: str | None = ""


class ItemFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which items to list; None means: any. `drafts_of`: also what this unit has not published or withholds."""

    unit: str | None = None
    year: int | None = None
    state: ItemState | None = None
    category: Category | None = None
    text: str | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50
    drafts_of: str | None = ""


class Repository:
    """Catalogues and items within one transaction. Dissent is sealed with `vault`."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._db = connection
        self._vault = vault

    # Catalogues

    async def add_catalogue(self, catalogue: Catalogue) -> None:
        await self._db.execute(queries.insert_catalogue, *msgspec.structs.astuple(catalogue))

    async def save_catalogue(self, catalogue: Catalogue) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        if await self._db.fetchval(queries.update_catalogue, *msgspec.structs.astuple(catalogue)) is None:
            raise LookupError(catalogue.id)

    async def catalogue(self, id: UUID, *, lock: bool = False) -> Catalogue | None:
        row = await self._db.fetchrow(queries.lock_catalogue if lock else queries.read_catalogue, id)
        return Catalogue(**row) if row else None

    async def catalogue_of(self, unit: str, year: int) -> Catalogue | None:
        row = await self._db.fetchrow(queries.read_catalogue_of, unit, year)
        return Catalogue(**row) if row else None

    async def catalogues(self, wanted: CatalogueFilter) -> list[Catalogue]:
        after_at, after_id = wanted.after or (None, None)
        rows = await self._db.fetch(
            queries.list_catalogues, wanted.unit, wanted.year, after_at, after_id, wanted.limit, wanted.drafts_of
        )
        return [Catalogue(**row) for row in rows]

    async def add_revision(self, catalogue: Catalogue, reason: str, at: datetime, document: bytes) -> None:
        await self._db.execute(
            queries.insert_revision, catalogue.id, catalogue.revision, reason, catalogue.consented_on,
            catalogue.consented_by, at, document, _digest(document),
        )  # fmt: skip

    async def revisions(self, catalogue_id: UUID) -> list[Revision]:
        return [Revision(**row) for row in await self._db.fetch(queries.list_revisions, catalogue_id)]

    async def revision(self, catalogue_id: UUID, number: int) -> tuple[bytes, str] | None:
        """The bytes that were published, and their hash."""
        row = await self._db.fetchrow(queries.read_revision, catalogue_id, number)
        return (row["document"], row["sha256"]) if row else None

    async def save_dropped_reason(self, catalogue_id: UUID, item_id: UUID, reason: str) -> None:
        await self._db.execute(queries.upsert_dropped_reason, catalogue_id, item_id, reason)

    async def dropped_reasons(self, catalogue_id: UUID) -> dict[UUID, str]:
        rows = await self._db.fetch(queries.list_dropped_reasons, catalogue_id)
        return {row["item_id"]: row["reason"] for row in rows}

    # Items

    async def add_item(self, item: Item) -> None:
        await self._db.execute(queries.insert_item, *_item_values(item))

    async def save_item(self, item: Item) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        if await self._db.fetchval(queries.update_item, *_item_values(item)) is None:
            raise LookupError(item.id)

    async def item(self, id: UUID, *, lock: bool = False) -> Item | None:
        row = await self._db.fetchrow(queries.lock_item if lock else queries.read_item, id)
        return struct_of(row, Item, _JSON) if row else None

    async def items_of(self, catalogue_id: UUID, *, lock: bool = False) -> list[Item]:
        query = queries.lock_items_of_catalogue if lock else queries.items_of_catalogue
        return [struct_of(row, Item, _JSON) for row in await self._db.fetch(query, catalogue_id)]

    async def items(self, wanted: ItemFilter) -> list[Item]:
        after_at, after_id = wanted.after or (None, None)
        terms = search_terms(wanted.text) if wanted.text else None
        rows = await self._db.fetch(
            queries.list_items, wanted.unit, wanted.year, wanted.state, wanted.category, terms, wanted.text, after_at,
            after_id, wanted.limit, wanted.drafts_of,
        )  # fmt: skip
        return [struct_of(row, Item, _JSON) for row in rows]

    async def not_public(self, ids: Iterable[UUID]) -> set[UUID]:
        """Those that the public may not see."""
        return {row["id"] for row in await self._db.fetch(queries.not_public, list(ids))}

    async def issued_items(self, limit: int) -> list[Item]:
        """Public items with a document."""
        return [struct_of(row, Item, _JSON) for row in await self._db.fetch(queries.issued_items, limit)]

    async def add_public_version(self, item: Item, at: datetime, document: bytes) -> None:
        await self._db.execute(queries.insert_item_version, item.id, item.version, at, document, _digest(document))

    async def public_versions(self, item_id: UUID) -> list[PublicVersion]:
        return [PublicVersion(**row) for row in await self._db.fetch(queries.list_item_versions, item_id)]

    async def as_at(self, item_id: UUID, at: datetime) -> tuple[bytes, str] | None:
        """The bytes that the public saw at that instant, and their hash."""
        row = await self._db.fetchrow(queries.read_item_as_at, item_id, at)
        return (row["document"], row["sha256"]) if row else None

    # Papers

    async def save_paper(self, item: Item, paper: Paper, filed_by: str, role: str, at: datetime) -> None:
        """`role`: in which `filed_by` filed it."""
        kept = msgspec.structs.replace(paper, dissent=None)
        sealed = self._vault.seal(paper.dissent, unit=item.unit, place=_place(item)) if paper.dissent else None
        await self._db.execute(queries.upsert_paper, item.id, paper.kind, as_json(kept), sealed, filed_by, at, role)

    async def filed_role(self, item_id: UUID, kind: PaperKind) -> str | None:
        """In which role it was filed; None: it is not there."""
        return await self._db.fetchval(queries.read_filed_role, item_id, kind)

    async def papers(self, item_id: UUID) -> list[FiledPaper]:
        """In the order in which they were filed."""
        rows = await self._db.fetch(queries.list_papers, item_id)
        return [FiledPaper(msgspec.json.decode(row["body"], type=Paper), row["has_dissent"]) for row in rows]

    async def paper(self, item: Item, kind: PaperKind) -> Paper | None:
        """With its dissent."""
        row = await self._db.fetchrow(queries.read_paper, item.id, kind)
        if row is None:
            return None
        paper = msgspec.json.decode(row["body"], type=Paper)
        if row["sealed"] is None:
            return paper
        dissent = self._vault.open(row["sealed"], str, unit=item.unit, place=_place(item))
        return msgspec.structs.replace(paper, dissent=dissent)

    # Facets

    async def save_facet(self, item_id: UUID, entry: Entry) -> None:
        await self._db.execute(queries.upsert_facet, item_id, *msgspec.structs.astuple(entry))

    async def facets(self, item_ids: Iterable[UUID]) -> dict[UUID, dict[Facet, Entry]]:
        """By item; only those of which something is known."""
        found: dict[UUID, dict[Facet, Entry]] = {}
        for row in await self._db.fetch(queries.list_facets, list(item_ids)):
            values = dict(row)
            of_item = found.setdefault(values.pop("item_id"), {})
            of_item[row["facet"]] = Entry(**values)
        return found

    # Steps

    async def take_steps(self, source_id: UUID, version: int, told: Mapping[UUID, Sequence[Step]]) -> set[UUID]:
        """Keep what a source says, by item, and that it speaks of no others; returns the items that changed."""
        await self._db.execute(queries.lock_source, str(source_id))
        changed = {row["item_id"] for row in await self._db.fetch(queries.leave_items, source_id, version, list(told))}
        for item_id, steps in told.items():
            for step in steps:
                saved = await self._db.fetchval(
                    queries.save_step, item_id, step.kind, step.source_id, step.version, step.state, step.title,
                    step.on, step.at, step.until_on, step.page, as_json(step.detail),
                )  # fmt: skip
                if saved is not None:
                    changed.add(saved)
        return changed

    async def steps(self, item_id: UUID) -> list[Step]:
        return [_step(row) for row in await self._db.fetch(queries.list_steps, item_id)]

    # Documents

    async def add_issue(self, issue: Issue) -> None:
        await self._db.execute(queries.insert_issue, *msgspec.structs.astuple(issue))

    async def issues(self, item_ids: Iterable[UUID]) -> dict[UUID, list[Issue]]:
        """By item, the latest last."""
        found: dict[UUID, list[Issue]] = {}
        for row in await self._db.fetch(queries.list_issues, list(item_ids)):
            found.setdefault(row["item_id"], []).append(Issue(**row))
        return found


def _place(item: Item) -> str:
    return f"papers/{item.id}/dissent"


def _digest(document: bytes) -> str:
    return sha256(document).hexdigest()


def _item_values(item: Item) -> list[Any]:
    words = " ".join((item.terms.title, item.unit, *item.terms.co_sponsors))
    return [*values_of(item, _JSON), item.terms.category, item.is_withheld, search_terms(words)]


def _step(row: Any) -> Step:
    values = dict(row)
    values["on"] = values.pop("day")
    values["detail"] = msgspec.json.decode(row["detail"], type=dict[str, str | int])
    return Step(**values)
