"""The fairest chances that fractions of seats would allow: an upper bound for what whole seats allow, type by type.

The lowest chance cannot exceed the optimum of this linear programme, and its dual says so in numbers that anybody can
add up. In all but narrow pools the bound is reached.
"""

import highspy
import msgspec
import numpy as np

from kaimen.kit.lots.panels import SLACK, Floats, PanelSpace, add_row

NOTHING = 1e-7
"""A dual value below this is zero."""


class Relaxation(msgspec.Struct, frozen=True):
    """`chances` (T) are leximin; the rest is the dual of the first value: weight per person of each type (T), and what
    a seat and a seat in each cell are worth."""

    chances: Floats
    weights: Floats
    seat: float
    cells: Floats


def relaxed_leximin(space: PanelSpace) -> Relaxation:
    """Leximin over all fractional panels: raise the lowest chance as far as possible, then the next, and so on.

    Whoever has a positive dual in a round cannot get more and is settled. Source: Flanigan et al., Nature 596 (2021),
    548, algorithm LEXIMIN, with the polytope itself in place of its vertices.
    """
    solver, types = space.relaxation(), len(space.sizes)
    first_row = solver.getNumRow()
    solver.addCol(1.0, 0.0, highspy.kHighsInf, 0, np.array([], dtype=np.int32), np.array([]))
    for number, size in enumerate(space.sizes):
        add_row(solver, 0.0, highspy.kHighsInf, [(number, 1.0), (types, -float(size))])
    settled = np.zeros(types, dtype=np.bool_)
    first: Floats | None = None
    while True:
        solver.run()
        solution = solver.getSolution()
        values, duals = np.array(solution.col_value), np.array(solution.row_dual)
        lowest, chances = values[types], values[:types] / space.sizes
        first = duals if first is None else first
        tight = ~settled & (np.abs(duals[first_row:]) > NOTHING)
        if not tight.any():
            # Degenerate duals name nobody: those who have the lowest chance in this solution are settled with it.
            tight = ~settled & (chances <= lowest + NOTHING)
        for number in np.nonzero(tight)[0]:
            solver.changeCoeff(first_row + int(number), types, 0.0)
            floor = max(0.0, lowest * float(space.sizes[number]) - SLACK)
            solver.changeRowBounds(first_row + int(number), floor, highspy.kHighsInf)
        settled |= tight
        if settled.all():
            return Relaxation(chances, np.abs(first[first_row:]), float(first[0]), first[1:first_row])
