"""The pool: who takes part, what is published of them, and what stays behind a salted hash."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kaimen.kit.lots.canonical import canonical, digest
from kaimen.kit.lots.exceptions import BadPool, RowsHidden
from kaimen.kit.lots.rules import Quotas


class Person(msgspec.Struct, frozen=True):
    """A random pseudonym, and one value for each feature that has quotas."""

    pseudonym: str
    features: dict[str, str]


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a hidden row says; for the person, the notary and two observers."""

    pseudonym: str
    features: dict[str, str]
    salt: str


class Concealed(msgspec.Struct, frozen=True):
    """`pool` is published; `openings` are not."""

    pool: list[list[Any]]
    openings: tuple[Opening, ...]


def must_fit(people: Sequence[Person], quotas: Quotas) -> None:
    """Every person has a pseudonym of their own and exactly the features and values that have quotas.

    Raises BadPool."""
    seen: set[str] = set()
    for person in people:
        if not person.pseudonym or any(character < " " for character in person.pseudonym):
            raise BadPool(person.pseudonym, "化名为空或含控制字符", "an empty pseudonym, or control characters")
        if person.pseudonym in seen:
            raise BadPool(person.pseudonym, "化名重复", "the pseudonym is used twice")
        seen.add(person.pseudonym)
        if person.features.keys() != quotas.keys():
            raise BadPool(person.pseudonym, "特征与配额不一致", "not the features that have quotas")
        for feature, value in person.features.items():
            if value not in quotas[feature]:
                raise BadPool(person.pseudonym, f"{feature}“{value}”没有配额", f"{feature} “{value}” has no quota")


def conceal(people: Sequence[Person], min_shared: int, salts: Mapping[str, str]) -> Concealed:
    """Publish the rows, sorted by pseudonym; combinations shared by fewer than `min_shared` people as H("row", …).

    `salts` gives at least each concealed person a secret random text (32 bytes as hex); KeyError if one is missing.
    """
    shared = Counter(combination(person.features) for person in people)
    pool: list[list[Any]] = []
    openings: list[Opening] = []
    for person in sorted(people, key=lambda person: person.pseudonym):
        if shared[combination(person.features)] >= min_shared:
            pool.append([person.pseudonym, dict(person.features)])
        else:
            opening = Opening(person.pseudonym, dict(person.features), salts[person.pseudonym])
            pool.append([person.pseudonym, _hidden(opening)])
            openings.append(opening)
    return Concealed(pool, tuple(openings))


def opens(row: Sequence[Any], opening: Opening) -> bool:
    """Whether the opening is of this hidden row."""
    return row[0] == opening.pseudonym and row[1] == _hidden(opening)


def reveal(pool: Sequence[Sequence[Any]], openings: Sequence[Opening] = ()) -> tuple[Person, ...]:
    """Everybody with their features, in the pool's order. Raises RowsHidden when an opening is missing or wrong."""
    by_pseudonym = {opening.pseudonym: opening for opening in openings}
    people: list[Person] = []
    closed: list[str] = []
    for row in pool:
        pseudonym, content = row
        if isinstance(content, Mapping):
            people.append(Person(pseudonym, dict(content)))
        elif pseudonym in by_pseudonym and opens(row, by_pseudonym[pseudonym]):
            people.append(Person(pseudonym, by_pseudonym[pseudonym].features))
        else:
            closed.append(pseudonym)
    if closed:
        raise RowsHidden(closed)
    return tuple(people)


def combination(features: Mapping[str, str]) -> bytes:
    """A key that is equal for equal features."""
    return canonical(dict(features))


def _hidden(opening: Opening) -> str:
    return digest("row", opening.pseudonym, opening.features, opening.salt)
