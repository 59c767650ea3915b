"""The annual catalogue: how far it is, what it needs before it is public, and how it differs from last year's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.decisions.domain.items import Item
from kaimen.decisions.domain.refusals import (
    BadDate,
    ChangesWaiting,
    ContinuedTwice,
    DateInFuture,
    DatesOutOfOrder,
    DroppedWithoutReason,
    NotChecked,
    NotConsented,
    NothingToPublish,
    NothingToRevise,
    NotOfLastYear,
    WrongCatalogueState,
)
from kaimen.kit.refusals import FieldError

CatalogueState = Literal["collecting", "legality_checked", "consented", "published", "revised", "closed"]
OPEN: frozenset[CatalogueState] = frozenset({"collecting", "legality_checked", "consented"})
PUBLIC: frozenset[CatalogueState] = frozenset({"published", "revised", "closed"})


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """目录 of one unit and year. `published_on`: of the first publication. `revision`: the latest published one; 0 is
    the first. `consented_on`, `consented_by` are of that revision. `empty_reason`: why there is no item this year."""

    id: UUID
    version: int
    unit: str
    year: int
    state: CatalogueState
    legality_checked_on: date | None
    consented_on: date | None
    consented_by: str
    published_on: date | None
    revision: int
    empty_reason: str
    created_at: datetime
    changed_at: datetime

    @property
    def is_public(self) -> bool:
        return self.published_on is not None

    @property
    def due_on(self) -> date:
        return due_on(self.year)


def due_on(year: int) -> date:
    """5月底前 (row 36)."""
    return date(year, 5, 31)


def late_days(published_on: date, year: int) -> int:
    """Calendar days after 31 May."""
    return max(0, (published_on - due_on(year)).days)


def is_overdue(published_on: date | None, year: int, today: date) -> bool:
    """Whether it should be public today and is not."""
    return published_on is None and today > due_on(year)


def must_be_past(today: date, **days: date | None) -> None:
    """Raises BadDate or DateInFuture, naming the field."""
    for field, day in days.items():
        if day is not None and not 2000 <= day.year < 2100:
            raise BadDate(field=field)
        if day is not None and day > today:
            raise DateInFuture(field=field)


def reopen(catalogue: Catalogue) -> Catalogue:
    """Before publication: what has changed must be checked and consented to anew. Raises WrongCatalogueState."""
    _must_be(catalogue, OPEN)
    return replace(catalogue, state="collecting", legality_checked_on=None, consented_on=None, consented_by="")


def check_legality(catalogue: Catalogue, checked_on: date, today: date) -> Catalogue:
    """Raises WrongCatalogueState, BadDate, DateInFuture."""
    _must_be(catalogue, {"collecting"})
    must_be_past(today, checked_on=checked_on)
    return replace(catalogue, state="legality_checked", legality_checked_on=checked_on)


def consent(catalogue: Catalogue, on: date, by: str, today: date) -> Catalogue:
    """Before publication: of the Party committee for the district government (713 Art. 3), of whoever consents for a
    department or town (Art. 42). Raises NotChecked, WrongCatalogueState, BadDate, DateInFuture, DatesOutOfOrder."""
    if catalogue.state == "collecting":
        raise NotChecked
    _must_be(catalogue, {"legality_checked"})
    must_be_past(today, consented_on=on)
    _must_follow(catalogue.legality_checked_on, on)
    return replace(catalogue, state="consented", consented_on=on, consented_by=by)


def publish(catalogue: Catalogue, items: int, today: date) -> Catalogue:
    """`items`: how many it lists. Raises NotChecked, NotConsented, WrongCatalogueState, NothingToPublish."""
    if catalogue.state == "collecting":
        raise NotChecked
    if catalogue.state == "legality_checked":
        raise NotConsented
    _must_be(catalogue, {"consented"})
    if items == 0 and not catalogue.empty_reason:
        raise NothingToPublish
    return replace(catalogue, state="published", published_on=today)


def revise(catalogue: Catalogue, changes: int, on: date, by: str, today: date) -> Catalogue:
    """`changes`: how many items come or change with it. Consent to them follows the first publication and the former
    consent. Raises WrongCatalogueState, NothingToRevise, BadDate, DateInFuture, DatesOutOfOrder."""
    _must_be(catalogue, {"published", "revised"})
    if changes == 0:
        raise NothingToRevise
    must_be_past(today, consented_on=on)
    for earlier in (catalogue.published_on, catalogue.consented_on):
        _must_follow(earlier, on)
    return replace(catalogue, state="revised", revision=catalogue.revision + 1, consented_on=on, consented_by=by)


def _must_follow(earlier: date | None, consented_on: date) -> None:
    if earlier is not None and consented_on < earlier:
        raise DatesOutOfOrder(day=consented_on, earliest=earlier, field="consented_on")


def close(catalogue: Catalogue, changes: int) -> Catalogue:
    """`changes`: how many items wait for a revision, which a closed catalogue never has. Raises WrongCatalogueState,
    ChangesWaiting."""
    _must_be(catalogue, {"published", "revised"})
    if changes:
        raise ChangesWaiting(count=changes)
    return replace(catalogue, state="closed")


def must_take_items(catalogue: Catalogue) -> None:
    """Raises WrongCatalogueState for a catalogue that is closed."""
    if catalogue.state == "closed":
        raise WrongCatalogueState(state=catalogue.state)


def _must_be(catalogue: Catalogue, states: Collection[CatalogueState]) -> None:
    if catalogue.state not in states:
        raise WrongCatalogueState(state=catalogue.state)


class Kept(msgspec.Struct, frozen=True):
    """延续: this year's item, and the one of last year that it continues."""

    item: Item
    former: Item


class Dropped(msgspec.Struct, frozen=True):
    """未延续: an unfinished item of last year without a successor; `reason` "": nobody has said why."""

    former: Item
    reason: str


class Difference(msgspec.Struct, frozen=True):
    """年度对比 (DC4). `finished`: items of last year that needed no successor."""

    added: tuple[Item, ...]
    kept: tuple[Kept, ...]
    dropped: tuple[Dropped, ...]
    finished: tuple[Item, ...]


def compare(
    former: Iterable[Item], present: Iterable[Item], reasons: Mapping[UUID, str], settled: Collection[UUID] = ()
) -> Difference:
    """An item continues the one that it names, else the one with the same title, unless another one does. `reasons`:
    by last year's item; without one, that for which its successor was removed counts. `settled`: what is finished
    though its state does not say so. What was removed this year, or removed last year, is in no list."""
    last = {item.id: item for item in former if item.state != "removed"}
    by_title = {_title(item): item.id for item in last.values()}
    listed = list(present)
    live = [item for item in listed if item.state != "removed"]
    successors: dict[UUID, UUID] = {}
    for item in live:
        if (named_one := item.terms.continues) is not None and named_one in last:
            successors.setdefault(named_one, item.id)
    named = set(successors.values())
    for item in live:
        if item.id not in named and _title(item) in by_title:
            successors.setdefault(by_title[_title(item)], item.id)
    former_of = {item_id: last[id] for id, item_id in successors.items()}
    said = dict(reasons)
    for item in listed:
        # What was never public was removed for reasons that nobody has read.
        if item.state == "removed" and item.is_public:
            left = item.terms.continues if item.terms.continues in last else by_title.get(_title(item))
            if left is not None:
                said.setdefault(left, item.reason)
    left_over = [item for item in last.values() if item.id not in successors]
    done = {item.id for item in left_over if item.is_finished} | set(settled)
    return Difference(
        added=tuple(item for item in live if item.id not in former_of),
        kept=tuple(Kept(item, former_of[item.id]) for item in live if item.id in former_of),
        dropped=tuple(Dropped(item, said.get(item.id, "")) for item in left_over if item.id not in done),
        finished=tuple(item for item in left_over if item.id in done),
    )


def for_public(difference: Difference) -> Difference:
    """Without what is withheld: whoever continues such an item is new to the public, and one that such an item
    continues is in no list."""
    added = (*difference.added, *(each.item for each in difference.kept if not each.former.is_public))
    return Difference(
        added=tuple(item for item in added if item.is_public),
        kept=tuple(each for each in difference.kept if each.item.is_public and each.former.is_public),
        dropped=tuple(each for each in difference.dropped if each.former.is_public),
        finished=tuple(item for item in difference.finished if item.is_public),
    )


def _title(item: Item) -> str:
    return "".join(item.terms.title.split()).casefold()


def must_explain_dropped(difference: Difference) -> None:
    """Raises DroppedWithoutReason, naming each item of last year that has neither a successor nor a reason."""
    silent = [each.former for each in difference.dropped if not each.reason]
    if silent:
        errors = [
            FieldError(
                f"reasons.{item.id}",
                f"“{item.terms.title}”未延续，请说明原因。",
                f"{item.terms.title} is not continued; say why.",
            )
            for item in silent
        ]
        raise DroppedWithoutReason(count=len(silent), errors=errors)


def check_successor(continues: UUID | None, former: Sequence[Item], others: Iterable[Item]) -> None:
    """Whether an item may continue that one; `others`: the other items of this year. Raises NotOfLastYear or
    ContinuedTwice."""
    if continues is None:
        return
    if continues not in {item.id for item in former}:
        raise NotOfLastYear(field="continues")
    if continues in {item.terms.continues for item in others if item.state != "removed"}:
        raise ContinuedTwice(field="continues")
