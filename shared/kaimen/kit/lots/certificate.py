"""Integers by which anybody can see that no lottery gives everyone more than the bound.

For weights w ≥ 0 per person, the least chance of anyone is at most Σ w·chance / Σ w, and Σ w over a panel is at most
the optimum of a linear programme whose dual is given: what a seat is worth, and a seat above a cell's minimum or below
its maximum. Weak duality needs no trust in whoever found the numbers.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaimen.kit.lots.lottery import Lottery
from kaimen.kit.lots.panels import SLACK, Floats, PanelSpace, Types, cell_names
from kaimen.kit.lots.pool import Person
from kaimen.kit.lots.relaxed import Dual, relaxed_dual
from kaimen.kit.lots.rules import Quotas

MILLION = 1_000_000
FINE = 10**12
"""Numerators over this are exact to a millionth of a part per million; sums stay below 2^53."""
PLAIN = 360
"""Most duals are multiples of a simple fraction of the smallest; then they are printed so."""
CLOSE = 1e-6


def certify(
    space: PanelSpace, types: Types, people: Sequence[Person], quotas: Quotas, seats: int, lottery: Lottery
) -> dict[str, Any]:
    """The certificate of a lottery, without `lowest_ppm`, which the dealt panels show.

    `space` holds all types. Weights stand in the order of the people, which is the pool's.
    """
    everybody = len(people)
    excluded = {
        people[member].pseudonym
        for number, can in enumerate(lottery.possible)
        if not can
        for member in types.members[number]
    }
    reachable = _only(types, lottery.possible)
    tight = _multipliers(lottery.relaxation.dual, reachable, everybody, quotas)
    # That nobody can choose the excluded is a claim of the integer programme, so it may lower only the optimum.
    bound = _multipliers(relaxed_dual(space, lottery.possible), types, everybody, quotas) if excluded else tight
    optimum = {"weights": list(tight["weights"])}
    optimum_ppm = bound_of(tight, people, quotas, seats, excluded)
    if lottery.weights is not None:
        numerators, _ = _numerators(lottery.weights, [])
        optimum = {"weights": _per_person(numerators, reachable, everybody)}
        optimum_ppm = min(optimum_ppm, _heaviest_ppm(space.only(lottery.possible), numerators))
    return {
        "optimum_ppm": optimum_ppm,
        "bound_ppm": bound_of(bound, people, quotas, seats),
        "excluded": sorted(excluded),
        "bound": bound,
        "optimum": optimum,
    }


def bound_of(
    bound: Mapping[str, Any],
    people: Sequence[Person],
    quotas: Quotas,
    seats: int,
    absent: Collection[str] = (),
) -> int:
    """The bound in ppm, rounded up, that these weights and multipliers prove for panels without `absent`: integer
    arithmetic alone."""
    most, least = bound["at_most"], bound["at_least"]
    load = bound["seats"] * seats
    for feature, values in quotas.items():
        for value, (low, high) in values.items():
            load += most[feature][value] * high - least[feature][value] * low
    for person, weight in zip(people, bound["weights"], strict=True):
        cost = bound["seats"] + sum(most[f][v] - least[f][v] for f, v in person.features.items())
        load += 0 if person.pseudonym in absent else max(0, weight - cost)
    return -(-load * MILLION // sum(bound["weights"]))


def _only(types: Types, kept: NDArray[np.bool_]) -> Types:
    members = tuple(members for members, keep in zip(types.members, kept, strict=True) if keep)
    return Types(members, tuple(features for features, keep in zip(types.features, kept, strict=True) if keep))


def _multipliers(dual: Dual, types: Types, people: int, quotas: Quotas) -> dict[str, Any]:
    weights, multipliers = _numerators(dual.weights, [dual.seat, *map(float, dual.cells)])
    most: dict[str, dict[str, int]] = {feature: {} for feature in quotas}
    least: dict[str, dict[str, int]] = {feature: {} for feature in quotas}
    for (feature, value), price in zip(cell_names(quotas), multipliers[1:], strict=True):
        most[feature][value], least[feature][value] = max(0, price), max(0, -price)
    return {
        "weights": _per_person(weights, types, people),
        "seats": multipliers[0],
        "at_most": most,
        "at_least": least,
    }


def _heaviest_ppm(space: PanelSpace, numerators: Sequence[int]) -> int:
    """The optimum that these weights prove, by the heaviest panel of all."""
    answer = space.best(np.array(numerators, dtype=np.float64))
    assert answer is not None, "the lottery holds panels"
    heaviest = answer.bound / sum(number * int(size) for number, size in zip(numerators, space.sizes, strict=True))
    # The solver proves its bound in floating point: one part per million is no claim.
    return int(np.ceil(heaviest * MILLION - CLOSE)) + 1


def _numerators(weights: Floats, prices: Sequence[float]) -> tuple[list[int], list[int]]:
    """Both as integers over one denominator that nobody needs to know; weights are never negative."""
    everything = np.concatenate([np.maximum(weights, 0.0), np.array(prices)])
    everything[np.abs(everything) < SLACK] = 0.0
    smallest = float(np.abs(everything[everything != 0]).min())
    for times in range(1, PLAIN + 1):
        scaled = everything / smallest * times
        if float(np.abs(scaled - np.rint(scaled)).max()) < CLOSE * times:
            break
    else:
        scaled = everything * FINE
    whole = [int(number) for number in np.rint(scaled)]
    return whole[: len(weights)], whole[len(weights) :]


def _per_person(numerators: Sequence[int], types: Types, people: int) -> list[int]:
    weights = [0] * people
    for numerator, members in zip(numerators, types.members, strict=True):
        for member in members:
            weights[member] = numerator
    return weights
