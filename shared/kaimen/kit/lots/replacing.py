"""Who steps in: the set of reserves that leaves the least total shortfall, the first such set in reserve order.

Shortfall: over all quota cells, how many seats lie outside [fewest, most]. Sets of q places in the reserve are
compared like words in a dictionary. The search is short enough to be written again in each verifier.

Take one feature, with `left` reserves still to come. What is missing to its minima is `need`, and what fits below its
maxima is `room`. The least shortfall that it can end with is known, and a reserve in a certain cell raises it by the
cell's *cost*, 0 to 2. Costs never fall while a set grows: so a reserve that is too dear for the limit now stays so,
and the shortfall of a set is the least shortfall at its start plus the costs on its way.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Seat(msgspec.Struct, frozen=True):
    """A reserve and their features."""

    pseudonym: str
    features: Mapping[str, str]


def first_fit(
    staying: Sequence[Mapping[str, str]],
    reserve: Sequence[Seat],
    vacancies: int,
    quotas: Mapping[str, Mapping[str, Sequence[int]]],
) -> list[str]:
    """Pseudonyms in reserve order: as many as there are vacancies, or all if the reserve is smaller."""
    needed = min(vacancies, len(reserve))
    search = _Search(staying, reserve, quotas)
    spare = 0
    while (found := search.first(spare, needed)) is None:
        spare += 1
    return [reserve[place].pseudonym for place in found]


class _Search:
    def __init__(
        self, staying: Sequence[Mapping[str, str]], reserve: Sequence[Seat], quotas: Mapping[str, Mapping[str, Any]]
    ) -> None:
        features = sorted(quotas)
        names = [(feature, value) for feature in features for value in sorted(quotas[feature])]
        number = {name: place for place, name in enumerate(names)}
        self.bounds = [quotas[feature][value] for feature, value in names]
        self.groups = [[number[feature, value] for value in quotas[feature]] for feature in features]
        self.kinds = [tuple(number[feature, seat.features[feature]] for feature in features) for seat in reserve]
        counts = [0] * len(names)
        for person in staying:
            for feature in features:
                counts[number[feature, person[feature]]] += 1
        self.start = tuple(counts)

    def first(self, spare: int, needed: int) -> list[int] | None:
        """The first set of `needed` places whose costs sum to `spare` or less."""
        dead: dict[tuple[int, ...], int] = {}

        def walk(counts: tuple[int, ...], places: Sequence[int], left: int, spare: int) -> list[int] | None:
            if left == 0:
                return []
            # Whoever failed to complete these counts with more places to choose from fails with fewer.
            if len(places) < left or dead.get(counts, len(self.kinds)) <= places[0]:
                return None
            cost = self.costs(counts, left)
            priced = [(sum(cost[cell] for cell in self.kinds[place]), place) for place in places]
            fitting = [(price, place) for price, place in priced if price <= spare]
            if self.can_end(counts, fitting, left, spare):
                tried = set()
                for at, (price, place) in enumerate(fitting):
                    if self.kinds[place] in tried:
                        continue
                    tried.add(self.kinds[place])
                    grown = tuple(count + (cell in self.kinds[place]) for cell, count in enumerate(counts))
                    rest = walk(grown, [other for _, other in fitting[at + 1 :]], left - 1, spare - price)
                    if rest is not None:
                        return [place, *rest]
            dead[counts] = places[0]
            return None

        return walk(self.start, range(len(self.kinds)), needed, spare)

    def costs(self, counts: Sequence[int], left: int) -> list[int]:
        """By how much a reserve in each cell raises the least shortfall its feature can end with."""
        cost = [0] * len(counts)
        for cells in self.groups:
            need = sum(max(0, self.bounds[cell][0] - counts[cell]) for cell in cells)
            room = sum(max(0, self.bounds[cell][1] - counts[cell]) for cell in cells)
            for cell in cells:
                if counts[cell] >= self.bounds[cell][0]:
                    cost[cell] = int(left <= need)
                if counts[cell] >= self.bounds[cell][1]:
                    cost[cell] += 1 - int(left > room)
        return cost

    def can_end(self, counts: Sequence[int], fitting: Sequence[tuple[int, int]], left: int, spare: int) -> bool:
        """Whether the cheapest reserves, and those in cells that lack people, could suffice."""
        if len(fitting) < left or sum(sorted(price for price, _ in fitting)[:left]) > spare:
            return False
        there = [0] * len(counts)
        for _, place in fitting:
            for cell in self.kinds[place]:
                there[cell] += 1
        missing = 0
        for cells in self.groups:
            lacks = [max(0, self.bounds[cell][0] - counts[cell]) for cell in cells]
            met = sum(min(lack, there[cell]) for lack, cell in zip(lacks, cells, strict=True))
            missing += min(left, sum(lacks)) - min(left, met)
        return missing <= spare
