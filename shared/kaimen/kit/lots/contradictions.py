"""Quotas that no panel can meet: which must give, and by how little."""

from collections.abc import Sequence

import highspy
import msgspec
import numpy as np

from kaimen.kit.lots.panels import add_column, cell_names, count_values, group, quiet_solver, space_of
from kaimen.kit.lots.pool import Person, must_fit
from kaimen.kit.lots.rules import Quotas


class Change(msgspec.Struct, frozen=True):
    """One quota that the nearest feasible quotas widen."""

    feature: str
    value: str
    before: tuple[int, int]
    after: tuple[int, int]


class Explanation(msgspec.Struct, frozen=True):
    """`nearest`: the feasible quotas with the least total widening (`widening`, in seats); `changes` in order of
    feature and value; `zh` and `en`: one sentence each for what contradicts and for every change."""

    nearest: dict[str, dict[str, tuple[int, int]]]
    changes: tuple[Change, ...]
    widening: int
    zh: tuple[str, ...]
    en: tuple[str, ...]


def explain_quotas(people: Sequence[Person], quotas: Quotas, seats: int) -> Explanation | None:
    """None if some panel of `seats` people meets all quotas; else what to widen.

    Raises BadPool if people and quotas do not name the same features. ValueError with fewer people than seats.
    """
    must_fit(people, quotas)
    if len(people) < seats:
        raise ValueError("fewer people than seats")
    if space_of(group(people), quotas, seats).best(np.zeros(len(group(people).members))) is not None:
        return None
    nearest = _nearest(people, quotas, seats)
    changes = tuple(
        Change(feature, value, (low, high), nearest[feature][value])
        for feature, value in cell_names(quotas)
        for low, high in [quotas[feature][value]]
        if (low, high) != nearest[feature][value]
    )
    widening = sum(abs(c.after[0] - c.before[0]) + abs(c.after[1] - c.before[1]) for c in changes)
    zh, en = _reasons(people, quotas, seats)
    return Explanation(nearest, changes, widening, (*zh, *map(_change_zh, changes)), (*en, *map(_change_en, changes)))


def _nearest(people: Sequence[Person], quotas: Quotas, seats: int) -> dict[str, dict[str, tuple[int, int]]]:
    """An integer programme: seats per type, and for each cell how far its fewest falls and its most rises."""
    types, names = group(people), cell_names(quotas)
    rows = {name: number + 1 for number, name in enumerate(names)}
    solver = quiet_solver()
    nothing = (np.array([], dtype=np.int32), np.array([]))
    solver.addRow(float(seats), float(seats), 0, *nothing)
    for low, high in (quotas[feature][value] for feature, value in names):
        solver.addRow(float(low), highspy.kHighsInf, 0, *nothing)
        solver.addRow(-highspy.kHighsInf, float(high), 0, *nothing)
    for name, row in rows.items():
        low, _ = quotas[name[0]][name[1]]
        add_column(solver, 1.0, float(low), [(2 * row - 1, 1.0)])
        add_column(solver, 1.0, float(seats), [(2 * row, -1.0)])
    for members, features in zip(types.members, types.features, strict=True):
        cells = [rows[item] for item in features.items()]
        entries = [(0, 1.0), *((place, 1.0) for row in cells for place in (2 * row - 1, 2 * row))]
        add_column(solver, 0.0, float(len(members)), entries)
    for column in range(solver.getNumCol()):
        solver.changeColIntegrality(column, highspy.HighsVarType.kInteger)
    solver.run()
    moves = np.rint(solver.getSolution().col_value[: 2 * len(names)]).astype(int)
    nearest: dict[str, dict[str, tuple[int, int]]] = {feature: {} for feature in quotas}
    for number, (feature, value) in enumerate(names):
        low, high = quotas[feature][value]
        nearest[feature][value] = (low - int(moves[2 * number]), high + int(moves[2 * number + 1]))
    return nearest


def _reasons(people: Sequence[Person], quotas: Quotas, seats: int) -> tuple[list[str], list[str]]:
    zh, en = [], []
    present = count_values(people)
    for feature in sorted(quotas):
        fewest = sum(low for low, _ in quotas[feature].values())
        most = sum(high for _, high in quotas[feature].values())
        if fewest > seats:
            zh.append(f"“{feature}”各项下限合计 {fewest}，超过名额 {seats}。")
            en.append(f"The minima of “{feature}” sum to {fewest}, more than {seats} seats.")
        if most < seats:
            zh.append(f"“{feature}”各项上限合计 {most}，少于名额 {seats}。")
            en.append(f"The maxima of “{feature}” sum to {most}, fewer than {seats} seats.")
        for value in sorted(quotas[feature]):
            low, available = quotas[feature][value][0], present[feature, value]
            if available < low:
                zh.append(f"“{feature}：{value}”至少要 {low} 人，报名只有 {available} 人。")
                en.append(f"“{feature}: {value}” needs {low}, and {available} applied.")
    if not zh:
        zh.append("各项配额单独可行，合在一起没有一个名单能同时满足。")
        en.append("Each quota can be met alone, but no panel meets all of them together.")
    return zh, en


def _change_zh(change: Change) -> str:
    (low, high), (lower, higher) = change.before, change.after
    return f"最小调整：“{change.feature}：{change.value}”由 {low}–{high} 改为 {lower}–{higher}。"


def _change_en(change: Change) -> str:
    (low, high), (lower, higher) = change.before, change.after
    return f"Least change: “{change.feature}: {change.value}” from {low}–{high} to {lower}–{higher}."
