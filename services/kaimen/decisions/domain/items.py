"""An item of the catalogue: what was said about it when it was listed, and from which state it may go where."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.contracts.decisions import Category, ItemState
from kaimen.decisions.domain.refusals import (
    AlreadyPublic,
    ItemClosed,
    NotListed,
    OnlyByIssue,
    OnlyByReport,
    WrongTransition,
)

_States = frozenset[ItemState]
BY_HAND: Mapping[ItemState, _States] = {
    "listed": frozenset({"drafting", "suspended", "removed"}),
    "drafting": frozenset({"consulting", "reviewing", "suspended", "removed"}),
    "consulting": frozenset({"reviewing", "returned", "suspended", "removed"}),
    "reviewing": frozenset({"ready", "returned", "suspended", "removed"}),
    "ready": frozenset({"deliberated", "returned", "suspended", "removed"}),
    "deliberated": frozenset({"returned", "suspended", "removed"}),
    "issued": frozenset({"archived"}),
    "adoption_published": frozenset({"archived"}),
    "archived": frozenset(),
    "returned": frozenset({"drafting", "suspended", "removed"}),
    "suspended": frozenset({"removed"}),
    "removed": frozenset(),
}
"""Where somebody may lead an item. What is suspended also goes back to where it was."""
NEEDS_REASON: _States = frozenset({"returned", "suspended", "removed", "archived"})
ISSUED: _States = frozenset({"issued", "adoption_published", "archived"})
FINISHED: _States = frozenset({"adoption_published", "archived", "removed"})


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalogue says of an item. `participation`: the public is asked in any way. `confidential_basis`: the
    law by which it is withheld, else empty. `continues`: last year's item. `exploratory_risk`: for a reform without a
    clear rule, the legal risk that is stated to the decision organ (713 Art. 25)."""

    title: str
    category: Category
    co_sponsors: tuple[str, ...]
    planned_period: str
    participation: bool
    hearing_planned: bool
    expert_required: bool
    risk_required: bool
    market_activity: bool
    enterprise_related: bool
    confidential_basis: str
    continues: UUID | None
    exploratory_risk: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """决策事项. `pending`: its terms by the next revision. `reason`: why it is in a side state. `suspended_in`: the
    state to which it returns. `listed_on`, `listed_in`: the day and the revision of the catalogue that published it,
    null before; `listing_reason`: that revision's reason. `archive_ref`: where its record is filed (713 Art. 33)."""

    id: UUID
    version: int
    catalogue_id: UUID
    unit: str
    year: int
    state: ItemState
    terms: Terms
    pending: Terms | None
    reason: str
    suspended_in: ItemState | None
    listed_on: date | None
    listed_in: int | None
    listing_reason: str
    archive_ref: str
    created_at: datetime
    state_since: datetime

    @property
    def is_withheld(self) -> bool:
        return bool(self.terms.confidential_basis)

    @property
    def is_public(self) -> bool:
        return self.listed_on is not None and not self.is_withheld

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def stage(self) -> ItemState:
        """How far the procedure is: a pause does not move it."""
        return self.suspended_in or self.state


def targets(item: Item) -> _States:
    """Where somebody may lead it now, if the conditions are met."""
    found = set(BY_HAND[item.state])
    if item.suspended_in is not None:
        found.add(item.suspended_in)
    if item.listed_on is None:
        found &= {"removed"}
    if item.state == "drafting":
        found.discard("reviewing" if item.terms.participation else "consulting")
    if item.state == "issued" and item.terms.participation:
        # The report on its opinions is owed first.
        found.discard("archived")
    return frozenset(found)


def must_lead(item: Item, to: ItemState) -> None:
    """Raises OnlyByIssue, OnlyByReport, NotListed or WrongTransition."""
    if to == "issued" and item.state == "deliberated":
        raise OnlyByIssue(field="to")
    if to == "adoption_published" and item.state == "issued":
        raise OnlyByReport(field="to")
    if to in targets(item):
        return
    if item.listed_on is None and to in BY_HAND[item.state]:
        raise NotListed
    raise WrongTransition(state=item.state, to=to, field="to")


def must_be_issuable(item: Item) -> None:
    """Whether a document can be recorded: the first one after deliberation, then corrections until it is archived.
    Raises WrongTransition."""
    if item.state not in ("deliberated", "issued", "adoption_published"):
        raise WrongTransition(state=item.state, to="issued")


def move(item: Item, to: ItemState, reason: str, at: datetime) -> Item:
    """The item in its new state. A reason that belonged to the former state goes with it."""
    return replace(
        item,
        state=to,
        reason=reason if to in ("returned", "suspended", "removed") else "",
        suspended_in=item.state if to == "suspended" else None,
        archive_ref=reason if to == "archived" else item.archive_ref,
        state_since=at,
    )


def change_terms(item: Item, terms: Terms) -> Item:
    """Before it is listed at once, afterwards with the next revision. Raises ItemClosed or AlreadyPublic."""
    if item.state == "removed" or item.state in ISSUED:
        raise ItemClosed(state=item.state)
    if item.listed_on is None:
        return replace(item, terms=terms)
    if item.is_public and terms.confidential_basis:
        raise AlreadyPublic(field="confidential_basis")
    return replace(item, pending=None if terms == item.terms else terms)


def is_waiting(item: Item) -> bool:
    """Whether a revision would publish something of it. What was not revised before the document is past."""
    if item.state == "removed" or item.state in ISSUED:
        return False
    return item.listed_on is None or item.pending is not None


def list_item(item: Item, revision: int, reason: str, on: date) -> Item:
    """As the revision publishes it."""
    listed = replace(item, terms=item.pending or item.terms, pending=None)
    if listed.listed_on is not None:
        return listed
    return replace(listed, listed_on=on, listed_in=revision, listing_reason=reason)
