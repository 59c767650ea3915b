"""The fairest chances that fractions of seats would allow: an upper bound for what whole seats allow, type by type.

The lowest chance cannot exceed the optimum of this linear programme, and its dual says so in numbers that anybody can
add up. In all but narrow pools the bound is reached.
"""

import highspy
import msgspec
import numpy as np
from numpy.typing import NDArray

from kaimen.kit.lots.exceptions import SolverGaveUp
from kaimen.kit.lots.panels import Floats, PanelSpace, add_row

ROOM = 1e-6
"""Seats that later rounds may take from a type that is settled, so that rounding errors leave them feasible."""
NOTHING = 1e-7
"""A dual value below this is zero."""


class Dual(msgspec.Struct, frozen=True):
    """Why nobody's least chance can exceed the optimum: a weight per person of each type (T), and what a seat and a
    seat in each cell are worth."""

    weights: Floats
    seat: float
    cells: Floats


class Relaxation(msgspec.Struct, frozen=True):
    """`chances` (T) are leximin; `dual` belongs to the lowest of them."""

    chances: Floats
    dual: Dual


def relaxed_leximin(space: PanelSpace) -> Relaxation:
    """Leximin over all fractional panels: raise the lowest chance as far as possible, then the next, and so on.

    Whoever has a positive dual in a round cannot get more and is settled. Source: Flanigan et al., Nature 596 (2021),
    548, algorithm LEXIMIN, with the polytope itself in place of its vertices.

    Raises SolverGaveUp if not even the lowest chance is found.
    """
    solver, types = space.relaxation(), len(space.sizes)
    first_row = _raise_lowest(solver, space, np.ones(types, dtype=np.bool_))
    settled = np.zeros(types, dtype=np.bool_)
    _solve(solver)
    dual: Dual | None = None
    while True:
        solution = solver.getSolution()
        values, duals = np.array(solution.col_value), np.array(solution.row_dual)
        lowest, chances = values[types], values[:types] / space.sizes
        dual = dual or Dual(np.abs(duals[first_row:]), float(duals[0]), duals[1:first_row])
        tight = ~settled & (np.abs(duals[first_row:]) > NOTHING)
        if not tight.any():
            # Degenerate duals name nobody: those who have the lowest chance in this solution are settled with it.
            tight = ~settled & (chances <= lowest + NOTHING)
        for number in np.nonzero(tight)[0]:
            solver.changeCoeff(first_row + int(number), types, 0.0)
            floor = max(0.0, lowest * float(space.sizes[number]) - ROOM)
            solver.changeRowBounds(first_row + int(number), floor, highspy.kHighsInf)
        settled |= tight
        if settled.all():
            return Relaxation(chances, dual)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            # Rounding errors have used up the room: what is reached is feasible, and exact for the lower values.
            return Relaxation(chances, dual)


def relaxed_dual(space: PanelSpace, counted: NDArray[np.bool_]) -> Dual:
    """The dual when only the chances of `counted` types matter; the others may still be in panels, and weigh 0."""
    solver = space.relaxation()
    first_row = _raise_lowest(solver, space, counted)
    _solve(solver)
    duals = np.array(solver.getSolution().row_dual)
    weights = np.zeros(len(space.sizes))
    weights[counted] = np.abs(duals[first_row:])
    return Dual(weights, float(duals[0]), duals[1:first_row])


def _solve(solver: highspy.Highs) -> None:
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SolverGaveUp


def _raise_lowest(solver: highspy.Highs, space: PanelSpace, counted: NDArray[np.bool_]) -> int:
    """Add what is to be raised as the last column, and one row per counted type; the number of the first such row."""
    types, first_row = len(space.sizes), solver.getNumRow()
    solver.addCol(1.0, 0.0, highspy.kHighsInf, 0, np.array([], dtype=np.int32), np.array([]))
    for number in np.nonzero(counted)[0]:
        add_row(solver, 0.0, highspy.kHighsInf, [(int(number), 1.0), (types, -float(space.sizes[number]))])
    return first_row
