"""The facets of an item's page: said by hand or by what others publish, and asked again whether they still lead on."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from kaimen.decisions.app.desk import Desk
from kaimen.decisions.app.links import clean_link
from kaimen.decisions.domain.catalogues import must_be_past
from kaimen.decisions.domain.facets import Answer, Entry, Facet, FacetState, ask_again_after, judge, must_be_publishable
from kaimen.decisions.domain.items import Item
from kaimen.decisions.domain.refusals import FacetUrlMissing
from kaimen.kit.texts import clean_reason, clean_text

CHECK_LINK = "check-link"
"""The timer that asks an address again; its subject is `<item>/<facet>`."""


class FacetDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """要素. Published: with its address, on a day (today, where none is given). Not applicable or withheld: why."""

    state: FacetState
    url: Annotated[str, Meta(max_length=500)] = ""
    published_on: date | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""


def address_of(draft: FacetDraft) -> str:
    """The address that must be asked before it is published, or "". Raises BadLink or FacetUrlMissing."""
    url = clean_link(draft.url, "url")
    if draft.state != "published":
        return ""
    if not url:
        raise FacetUrlMissing(field="url")
    return url


async def set_facet(desk: Desk, item: Item, facet: Facet, draft: FacetDraft, link: Answer | None) -> Item:
    """`link`: what its address answered just now. Raises DateInFuture, ReasonRequired, PersonalDataInText."""
    url = address_of(draft)
    must_be_past(desk.today, published_on=draft.published_on)
    needs_reason = draft.state in ("not_applicable", "withheld")
    reason = clean_reason(draft.reason) if needs_reason else clean_text(draft.reason, "reason", most=500)
    must_be_publishable(reason, "reason")
    entry = Entry(
        facet=facet,
        state=draft.state,
        url=url,
        published_on=(draft.published_on or desk.today) if url else None,
        reason=reason,
    )
    await _keep(desk, item.id, judge(entry, link, desk.work.at) if link else entry)
    saved = await desk.touch(item)
    await desk.record(f"facet-{facet}", saved, entry.reason or None, after=entry.state)
    return saved


async def fill(desk: Desk, item_id: UUID, entry: Entry, link: Answer | None = None) -> None:
    """What somebody else's publication says. What was typed by hand stays as it is."""
    known = (await desk.store.facets([item_id])).get(item_id, {}).get(entry.facet)
    if known is not None and not known.by_event:
        return
    filled = replace(entry, by_event=True, link="unchecked")
    if known is not None and known.url == entry.url:
        filled = replace(known, published_on=known.published_on or entry.published_on)
    await _keep(desk, item_id, judge(filled, link, desk.work.at) if link else filled)


async def _keep(desk: Desk, item_id: UUID, entry: Entry) -> None:
    await desk.store.save_facet(item_id, entry)
    subject = f"{item_id}/{entry.facet}"
    if not entry.url:
        await desk.work.drop_timer(CHECK_LINK, subject)
        return
    wait = timedelta() if entry.link == "unchecked" else ask_again_after(entry)
    await desk.work.set_timer(CHECK_LINK, subject, desk.work.at + wait)


async def due_link(desk: Desk, subject: str) -> tuple[UUID, Entry] | None:
    """The entry whose address must be asked now; should the answer get lost, it is asked again in an hour."""
    name, _, facet = subject.partition("/")
    item_id = UUID(name)
    entries = (await desk.store.facets([item_id])).get(item_id, {})
    entry = next((each for each in entries.values() if each.facet == facet and each.url), None)
    if entry is None:
        return None
    await desk.work.set_timer(CHECK_LINK, subject, desk.work.at + timedelta(hours=1))
    return item_id, entry


async def keep_answer(desk: Desk, item_id: UUID, asked: Entry, answer: Answer) -> None:
    """What an address answered, unless the facet has another one by now. The public sees when that is news."""
    item = await desk.store.item(item_id, lock=True)
    entry = (await desk.store.facets([item_id])).get(item_id, {}).get(asked.facet)
    if entry is None or entry.url != asked.url:
        return
    judged = judge(entry, answer, desk.work.at)
    await _keep(desk, item_id, judged)
    if item is not None and judged.link != entry.link:
        await desk.touch(item)
