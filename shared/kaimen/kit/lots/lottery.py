"""From types and quotas to m panels whose chances are as even as the quotas allow.

1. Everybody whom some panel can contain is found; the others are named.
2. `relaxed` gives the fairest chances that fractions of seats allow: the target.
3. Panels are made one after the other, each for those who are furthest behind their target (multiplicative weights
   with a polynomial potential). People exchanged one by one make most panels; the integer programme the rest.
4. Exchanges between the m panels give what is still owed. If more than one panel in m stays owed, column generation
   finds the exact lottery, over several rounds if whole seats do not allow the target, and an integer programme
   rounds it to m panels (Flanigan, Kehne, Procaccia, NeurIPS 2021).
"""

from collections.abc import Callable

import highspy
import msgspec
import numpy as np
from numpy.typing import NDArray

from kaimen.kit.lots.exceptions import SolverGaveUp
from kaimen.kit.lots.panels import SLACK, Counts, Floats, PanelSpace, add_column, quiet_solver
from kaimen.kit.lots.relaxed import NOTHING, Relaxation, relaxed_leximin

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much is done, and of how much."""

TOLERANCE = 1e-5
"""Chances are exact to 10 ppm before they are rounded to m panels."""
ROOM = TOLERANCE / 10
"""What later rounds may take from a value that is settled, so that rounding errors leave them feasible."""
FINE = 2**40
"""The heaviest type weighs so much."""
TRIES = 4
PROGRAMMES = 50
ROUNDING_NODES = 100
"""A count and not a time, so that the outcome does not depend on the machine."""


class Lottery(msgspec.Struct, frozen=True):
    """`panels` (m × T) seats per type, all equally likely; `possible` (T): whether any panel can contain the type.

    The rest concerns possible types only. `relaxation`: what fractions of seats would allow; `weights`: if whole seats
    allow less, the weights (per person) that prove it, else None.
    """

    panels: Counts
    possible: NDArray[np.bool_]
    relaxation: Relaxation
    weights: Floats | None


class _Pool:
    """The distinct panels found so far."""

    def __init__(self, width: int, seats: int) -> None:
        self._rows = np.zeros((64, width), dtype=np.int64)
        self._seats = np.zeros((64, seats), dtype=np.int64)
        self._places: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    @property
    def rows(self) -> Counts:
        return self._rows[: len(self._places)]

    def add(self, counts: Counts) -> tuple[int, bool]:
        """Its place, and whether it is new."""
        key = counts.tobytes()
        if key in self._places:
            return self._places[key], False
        if len(self._places) == len(self._rows):
            self._rows = np.vstack([self._rows, np.zeros_like(self._rows)])
            self._seats = np.vstack([self._seats, np.zeros_like(self._seats)])
        place = self._places[key] = len(self._places)
        self._rows[place] = counts
        self._seats[place] = np.repeat(np.arange(len(counts)), counts)
        return place, True

    def heaviest(self, weights: Counts | Floats, most: int) -> Counts:
        """Up to `most` places, the panel of the greatest total weight first."""
        return np.argsort(-weights[self._seats[: len(self)]].sum(axis=1), kind="stable")[:most]


def find_lottery(space: PanelSpace, m: int, progress: Progress) -> Lottery | None:
    """The lottery, or None if no panel meets the quotas. Raises SolverGaveUp."""
    some = space.best(np.zeros(len(space.sizes)))
    if some is None:
        return None
    pool, possible = _cover(space, some.counts, progress)
    reachable = space.only(possible)
    found = _Pool(int(possible.sum()), space.seats)
    for counts in pool:
        found.add(counts[possible])
    relaxation = relaxed_leximin(reachable)
    panels = _follow(reachable, found, relaxation.chances, m, progress)
    if panels is not None:
        panels = _exchange(reachable, panels, relaxation.chances)
    weights = None
    if panels is None or _owed(reachable, panels, relaxation.chances) > 1:
        exact = _Exact(reachable, found, progress)
        chances = exact.solve(relaxation.chances)
        weights = exact.weights
        rounded = _exchange(reachable, _round(exact, chances, m), chances)
        panels = rounded if panels is None else max(panels, rounded, key=lambda each: _evenness(reachable, each))
    everybody = np.zeros((m, len(space.sizes)), dtype=np.int64)
    everybody[:, possible] = panels
    return Lottery(everybody, possible, relaxation, weights)


def _cover(space: PanelSpace, some: Counts, progress: Progress) -> tuple[list[Counts], NDArray[np.bool_]]:
    """Panels that together contain everybody whom a panel can contain."""
    panels, covered = [some], some > 0
    possible = np.ones(len(space.sizes), dtype=np.bool_)
    for number in range(len(space.sizes)):
        progress("cover", number, len(space.sizes))
        if covered[number]:
            continue
        wish = np.zeros(len(space.sizes))
        wish[number] = 1.0
        panel = space.climb(panels[-1], wish)
        if not panel[number]:
            answer = space.best(wish, enough=1.0)
            if answer is None or not answer.counts[number]:
                possible[number] = False
                continue
            panel = answer.counts
        panels.append(panel)
        covered |= panel > 0
    return panels, possible


def _follow(space: PanelSpace, found: _Pool, chances: Floats, m: int, progress: Progress) -> Counts | None:
    """m panels (m × T), each made for those who are furthest behind `chances`.

    A panel that serves the weights at least as well as the target does keeps the sum of deviations bounded, so the
    average of the panels approaches the target (Blackwell 1956). If none exists, whole seats do not allow the target:
    None, as when exchanges fail so often that column generation will be faster.
    """
    target = chances * space.sizes
    behind, used, programmes = np.zeros(len(target)), [], 0
    for number in range(m):
        progress("panels", number, m)
        behind += target
        relative = behind / space.sizes
        weights = relative * relative * relative / space.sizes
        weights /= max(float(np.abs(weights).max()), SLACK)
        # As integers, so that sums do not depend on the order in which a processor adds.
        whole = np.rint(weights * FINE).astype(np.int64)
        enough = float(whole @ target) - SLACK * FINE
        counts = _serve(space, found, whole, enough)
        if counts is None:
            answer = space.best(whole / FINE, enough=enough / FINE + NOTHING)
            programmes += 1
            if answer is None or answer.bound < enough / FINE - NOTHING or programmes > PROGRAMMES:
                return None
            counts = answer.counts
        place, _ = found.add(counts)
        behind -= counts
        used.append(place)
    return found.rows[used].copy()


def _serve(space: PanelSpace, found: _Pool, weights: Counts, enough: float) -> Counts | None:
    """A panel with at least `enough` weight, if exchanges from known panels lead to one."""
    for place in found.heaviest(weights, TRIES):
        climbed = space.climb(found.rows[place], weights)
        if int(climbed @ weights) >= enough:
            return climbed
    return None


def _exchange(space: PanelSpace, panels: Counts, chances: Floats) -> Counts:
    """Give seats from types that have more panels than the target promises each person to types that have fewer.

    Every exchange lowers the seats owed by one and creates no new debt.
    """
    panels = panels.copy()
    filled, spare = panels @ space.incidence, panels.sum(axis=0) - _promised(len(panels), chances) * space.sizes
    moved = True
    while moved:
        moved = False
        for into in np.argsort(spare, kind="stable"):
            while spare[into] < 0 and _give_seat(space, panels, filled, spare, int(into)):
                moved = True
    return panels


def _give_seat(space: PanelSpace, panels: Counts, filled: Counts, spare: Counts, into: int) -> bool:
    """In some panel, one of this type for one of the type with the most to spare a person; all three arrays change."""
    rows, leaving = np.nonzero((panels > 0) & (spare > 0) & (panels[:, [into]] < space.sizes[into]))
    allowed = _exchangeable_in(space, filled[rows], leaving, into)
    if not allowed.any():
        return False
    rows, leaving = rows[allowed], leaving[allowed]
    place = int(np.argmax(spare[leaving] / space.sizes[leaving]))
    row, out = rows[place], leaving[place]
    panels[row, out] -= 1
    panels[row, into] += 1
    filled[row] += space.incidence[into] - space.incidence[out]
    spare[out] -= 1
    spare[into] += 1
    return True


def _exchangeable_in(space: PanelSpace, filled: Counts, leaving: Counts, into: int) -> NDArray[np.bool_]:
    """For each candidate: whether its panel, with these seats per cell, allows the exchange."""
    allowed, each = np.ones(len(leaving), dtype=np.bool_), np.arange(len(leaving))
    for feature in range(space.cells.shape[1]):
        out, cell = space.cells[leaving, feature], space.cells[into, feature]
        free = (filled[each, out] > space.low[out]) & (filled[:, cell] < space.high[cell])
        allowed &= (out == cell) | free
    return allowed


def _promised(m: int, chances: Floats) -> Counts:
    """Whole panels in m for each person of a type; a hundredth of a panel is forgiven to the solver."""
    return np.floor(m * chances + 0.01).astype(np.int64)


def _owed(space: PanelSpace, panels: Counts, chances: Floats) -> int:
    """How many panels in m the worst-served person lacks."""
    promised = _promised(len(panels), chances)
    return int((promised - panels.sum(axis=0) // space.sizes).max())


def _evenness(space: PanelSpace, panels: Counts) -> list[int]:
    """Panels per person from the lowest up: of two lotteries the greater is the fairer (leximin)."""
    return sorted(np.repeat(panels.sum(axis=0) // space.sizes, space.sizes).tolist())


class _Exact:
    """The best lottery over all panels, by column generation.

    Variables: column 0 is the value to be raised, then one share per panel found. Rows: one per type, and the sum of
    the shares.
    """

    def __init__(self, space: PanelSpace, found: _Pool, progress: Progress) -> None:
        self.space, self.found, self.progress = space, found, progress
        self.weights: Floats | None = None
        self._types = len(space.sizes)
        self._solver = quiet_solver()
        self._solver.addVar(-highspy.kHighsInf, highspy.kHighsInf)
        self._solver.changeColCost(0, -1.0)
        for _ in range(self._types):
            self._solver.addRow(0.0, highspy.kHighsInf, 1, np.array([0], dtype=np.int32), np.array([-1.0]))
        self._solver.addRow(1.0, 1.0, 0, np.array([], dtype=np.int32), np.array([]))
        self._entered = 0
        self._enter()
        self.shares: Floats = np.zeros(0)
        """The lottery that was solved last: one share for each panel that had been found by then."""

    def solve(self, target: Floats) -> Floats:
        """Chances per type: the target if whole seats allow it, else leximin. Sets `weights` in the second case."""
        for number in range(self._types):
            self._solver.changeRowBounds(number, float(target[number]), highspy.kHighsInf)
        value, _ = self._raise(target, np.ones(self._types), give_up_below=-TOLERANCE)
        if value < -TOLERANCE:
            self._leximin()
        return self.shares @ self.found.rows[: len(self.shares)] / self.space.sizes

    def _leximin(self) -> None:
        open_types, floors = np.ones(self._types), np.zeros(self._types)
        for number in range(self._types):
            self._solver.changeRowBounds(number, 0.0, highspy.kHighsInf)
        while open_types.any():
            self.progress("rounds", int(self._types - open_types.sum()), self._types)
            try:
                value, duals = self._raise(floors, open_types, give_up_below=None)
            except SolverGaveUp:
                if self.weights is None:
                    raise
                # Rounding errors have used up the room: what is reached is a lottery, exact for the lower values.
                return
            self.weights = duals / self.space.sizes if self.weights is None else self.weights
            tight = (open_types > 0) & (duals > NOTHING)
            for number in np.nonzero(tight)[0]:
                floors[number] = max(0.0, value - ROOM)
                self._solver.changeCoeff(int(number), 0, 0.0)
                self._solver.changeRowBounds(int(number), floors[number], highspy.kHighsInf)
            open_types[tight] = 0.0
            if value >= 1 - TOLERANCE:
                # Those who are left are in every panel: nothing more can be raised.
                return

    def _raise(self, floors: Floats, open_types: Floats, give_up_below: float | None) -> tuple[float, Floats]:
        """The greatest value that can be added to all open types, and the duals per type, which sum to 1 over these.

        Stops early once a bound proves that the value stays below `give_up_below`.
        """
        bound = np.inf
        while True:
            self._solver.run()
            if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                raise SolverGaveUp
            solution = self._solver.getSolution()
            self.shares = np.array(solution.col_value[1:])
            value = float(solution.col_value[0])
            duals, price = np.maximum(solution.row_dual[:-1], 0.0), -float(solution.row_dual[-1])
            if give_up_below is not None and value >= give_up_below:
                return value, duals
            weights = duals / self.space.sizes
            if self._generate(weights, price):
                continue
            answer = self.space.best(weights)
            if answer is None:
                return value, duals
            bound = min(bound, answer.bound - float(duals @ floors))
            _, new = self.found.add(answer.counts)
            if not new or bound - value <= TOLERANCE or (give_up_below is not None and bound < give_up_below):
                return value, duals
            self._enter()

    def _generate(self, weights: Floats, price: float) -> bool:
        """Panels by exchange that are worth more than the price; whether there were any."""
        for place in self.found.heaviest(weights, 5 * TRIES):
            climbed = self.space.climb(self.found.rows[place], weights)
            if float(climbed @ weights) > price + NOTHING:
                self.found.add(climbed)
        return self._enter()

    def _enter(self) -> bool:
        """Give the solver what is new among the panels found; whether there was anything."""
        fresh = self.found.rows[self._entered :]
        for counts in fresh:
            types = np.nonzero(counts)[0]
            entries = [(int(number), counts[number] / self.space.sizes[number]) for number in types]
            add_column(self._solver, 0.0, highspy.kHighsInf, [*entries, (self._types, 1.0)])
        self._entered = len(self.found)
        return len(fresh) > 0


def _round(exact: _Exact, chances: Floats, m: int) -> Counts:
    """m panels (m × T) from the shares: the whole part of m·share each, and the rest so that the greatest number of
    panels that anybody lacks is least."""
    support = np.nonzero(exact.shares > SLACK)[0]
    columns = exact.found.rows[support]
    times = np.floor(m * exact.shares[support] + SLACK).astype(np.int64)
    sizes = exact.space.sizes
    owed = _promised(m, chances) * sizes - times @ columns
    left = int(m - times.sum())
    solver = quiet_solver()
    solver.setOptionValue("mip_max_nodes", ROUNDING_NODES)
    solver.setOptionValue("mip_abs_gap", 0.99)
    solver.addVar(0.0, float(m))
    solver.changeColCost(0, 1.0)
    for number, size in enumerate(sizes):
        entry = (np.array([0], dtype=np.int32), np.array([float(size)]))
        solver.addRow(float(owed[number]), highspy.kHighsInf, 1, *entry)
    solver.addRow(float(left), float(left), 0, np.array([], dtype=np.int32), np.array([]))
    for counts in columns:
        entries = [(int(number), float(counts[number])) for number in np.nonzero(counts)[0]]
        add_column(solver, 0.0, float(left), [*entries, (len(sizes), 1.0)])
    for number in range(len(columns) + 1):
        solver.changeColIntegrality(number, highspy.HighsVarType.kInteger)
    solver.run()
    more = np.rint(solver.getSolution().col_value[1:]).astype(np.int64)
    if more.sum() != left:
        # No whole solution within the allowed nodes: the largest remainders.
        remainders = m * exact.shares[support] - times
        more = np.zeros(len(columns), dtype=np.int64)
        np.add.at(more, np.resize(np.argsort(-remainders, kind="stable"), left), 1)
    return np.repeat(columns, times + more, axis=0)
