"""Bars as shapes for SVG: what became of opinions, and the working days of a clock."""

from collections.abc import Iterable

import msgspec

from kaimen.portal.outcome_answers import Clock, Tally

WIDTH = 100
STEP, BOX = 12, 10
LATE_SHOWN = 10
"""Late days that are drawn; the words beside the bar say how many there are."""


class Shape(msgspec.Struct, frozen=True):
    """One rectangle: what it stands for, where it begins, how wide it is."""

    name: str
    x: float
    width: float


class Bar(msgspec.Struct, frozen=True):
    shapes: tuple[Shape, ...]
    width: float


def tally_bar(tally: Tally) -> Bar:
    """Each outcome in proportion; empty when nothing was received."""
    found: list[Shape] = []
    x = 0.0
    for name, count in tally.parts:
        if count and tally.received:
            width = round(WIDTH * count / tally.received, 2)
            found.append(Shape(name, round(x, 2), width))
            x += width
    return Bar(tuple(found), WIDTH)


def clock_bar(clock: Clock) -> Bar:
    """A box for each working day: gone, left, or late."""
    late = min(clock.late, LATE_SHOWN)
    gone = _gone(clock)
    names = ["gone"] * gone + ["left"] * (clock.working_days - gone) + ["late"] * late
    return Bar(tuple(_boxes(names)), len(names) * STEP)


def _gone(clock: Clock) -> int:
    if clock.late:
        return clock.working_days
    if clock.met_on is not None:
        return sum(day <= clock.met_on for day in clock.counted[: clock.working_days])
    left = clock.working_days if clock.days_left is None else clock.days_left
    return min(clock.working_days, max(0, clock.working_days - left))


def _boxes(names: Iterable[str]) -> Iterable[Shape]:
    return (Shape(name, place * STEP, BOX) for place, name in enumerate(names))
