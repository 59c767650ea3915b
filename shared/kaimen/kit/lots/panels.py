"""The panels that meet the quotas, seen as seats per type: people with equal features are one type.

The integer programme and the linear relaxation over them are solved by HiGHS, on one thread and with a fixed seed, so
that the same pool gives the same panels.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import highspy
import msgspec
import numpy as np
from numpy.typing import NDArray

from kaimen.kit.lots.pool import Person, combination
from kaimen.kit.lots.rules import Quotas

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
SLACK = 1e-9
"""How far a sum of floats may miss what is equal on paper."""


class Answer(msgspec.Struct, frozen=True):
    """The best panel that was found, and a proven upper bound for all panels."""

    counts: Counts
    bound: float


class PanelSpace:
    """All panels of `seats` people from types of the given `sizes` (T) that meet every quota.

    `cells` (T × features) names the quota cells of a type; `low` and `high` (cells) are their fewest and most seats.
    """

    def __init__(self, sizes: Counts, cells: Counts, low: Counts, high: Counts, seats: int) -> None:
        self.sizes, self.cells, self.low, self.high, self.seats = sizes, cells, low, high, seats
        self.incidence = np.zeros((len(sizes), len(low)), dtype=np.int64)
        if cells.size:
            np.put_along_axis(self.incidence, cells, 1, axis=1)
        self._programme = self.relaxation()
        everything = np.arange(len(sizes), dtype=np.int32)
        integer = np.full(len(sizes), highspy.HighsVarType.kInteger.value, dtype=np.uint8)
        self._programme.changeColsIntegrality(len(sizes), everything, integer)

    def only(self, kept: NDArray[np.bool_]) -> "PanelSpace":
        """The panels without anybody of the other types."""
        return PanelSpace(self.sizes[kept], self.cells[kept], self.low, self.high, self.seats)

    def relaxation(self) -> highspy.Highs:
        """The linear programme of these panels with fractions of seats: row 0 counts seats, then one row per cell."""
        solver = quiet_solver()
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        solver.addRow(float(self.seats), float(self.seats), 0, *_sparse([], []))
        for low, high in zip(self.low, self.high, strict=True):
            solver.addRow(float(low), float(high), 0, *_sparse([], []))
        for size, cells in zip(self.sizes, self.cells, strict=True):
            rows = [0, *(int(cell) + 1 for cell in cells)]
            solver.addCol(0.0, 0.0, float(size), len(rows), *_sparse(rows, [1.0] * len(rows)))
        return solver

    def best(self, weights: Floats, *, enough: float | None = None) -> Answer | None:
        """A panel of the greatest total weight, or the first found that reaches `enough`; None if there is no panel."""
        solver = self._programme
        solver.setOptionValue("objective_target", highspy.kHighsInf if enough is None else enough)
        solver.changeColsCost(len(weights), np.arange(len(weights), dtype=np.int32), weights.astype(np.float64))
        solver.run()
        if solver.getModelStatus() not in (
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kObjectiveTarget,
        ):
            return None
        counts = np.rint(solver.getSolution().col_value).astype(np.int64)
        return Answer(counts, float(solver.getInfo().mip_dual_bound))

    def climb(self, counts: Counts, weights: Counts | Floats) -> Counts:
        """The panel after exchanging one person for another, best exchange first, while that adds weight."""
        counts = counts.copy()
        filled = counts @ self.incidence
        while True:
            leaving, entering = np.nonzero(counts)[0], np.nonzero(counts < self.sizes)[0]
            if not len(entering):
                return counts
            gains = np.where(
                self.exchangeable(filled, leaving[:, None], entering[None, :]),
                weights[entering][None, :] - weights[leaving][:, None],
                -1.0,
            )
            place = int(gains.argmax())
            if gains.flat[place] <= SLACK:
                return counts
            out, into = leaving[place // len(entering)], entering[place % len(entering)]
            counts[out] -= 1
            counts[into] += 1
            filled += self.incidence[into] - self.incidence[out]

    def exchangeable(self, filled: Counts, leaving: Counts, entering: Counts) -> NDArray[np.bool_]:
        """Where the quotas allow a `leaving` type to make room for an `entering` one, given the seats per cell."""
        may_leave, may_enter = filled > self.low, filled < self.high
        allowed = np.ones(np.broadcast_shapes(leaving.shape, entering.shape), dtype=np.bool_)
        for feature in range(self.cells.shape[1]):
            out, into = self.cells[leaving, feature], self.cells[entering, feature]
            allowed &= (out == into) | (may_leave[out] & may_enter[into])
        return allowed


class Types(msgspec.Struct, frozen=True):
    """People grouped by equal features: `members[t]` are indices into the people, in their order."""

    members: tuple[tuple[int, ...], ...]
    features: tuple[dict[str, str], ...]


def group(people: Sequence[Person]) -> Types:
    """Types in the order of their canonical features."""
    members: dict[bytes, list[int]] = {}
    for number, person in enumerate(people):
        members.setdefault(combination(person.features), []).append(number)
    keys = sorted(members)
    return Types(tuple(tuple(members[key]) for key in keys), tuple(people[members[key][0]].features for key in keys))


def cell_names(quotas: Quotas) -> list[tuple[str, str]]:
    """The quota cells in the order of their numbers."""
    return [(feature, value) for feature in sorted(quotas) for value in sorted(quotas[feature])]


def space_of(types: Types, quotas: Quotas, seats: int) -> PanelSpace:
    """The panels from these types; cells are numbered as by `cell_names`."""
    names = cell_names(quotas)
    number = {name: place for place, name in enumerate(names)}
    cells = np.array(
        [[number[feature, features[feature]] for feature in sorted(quotas)] for features in types.features],
        dtype=np.int64,
    ).reshape(len(types.features), len(quotas))
    bounds = np.array([quotas[feature][value] for feature, value in names], dtype=np.int64).reshape(len(names), 2)
    sizes = np.array([len(members) for members in types.members], dtype=np.int64)
    return PanelSpace(sizes, cells, bounds[:, 0], bounds[:, 1], seats)


def quiet_solver() -> highspy.Highs:
    """HiGHS that prints nothing, uses one thread and always the same seed."""
    solver = highspy.Highs()
    for option, value in {"output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": 0.0}.items():
        solver.setOptionValue(option, value)
    return solver


def add_column(solver: highspy.Highs, cost: float, high: float, entries: Iterable[tuple[int, float]]) -> None:
    """A column from 0 to `high` with these (row, coefficient) entries."""
    rows, values = zip(*entries, strict=True)
    solver.addCol(cost, 0.0, high, len(rows), *_sparse(rows, values))


def add_row(solver: highspy.Highs, low: float, high: float, entries: Iterable[tuple[int, float]]) -> None:
    """A row between `low` and `high` with these (column, coefficient) entries."""
    columns, values = zip(*entries, strict=True)
    solver.addRow(low, high, len(columns), *_sparse(columns, values))


def _sparse(places: Any, values: Any) -> tuple[NDArray[np.int32], Floats]:
    return np.array(places, dtype=np.int32), np.array(values, dtype=np.float64)


def count_values(people: Iterable[Person]) -> Counter[tuple[str, str]]:
    """How many people have each (feature, value)."""
    return Counter((feature, value) for person in people for feature, value in person.features.items())
