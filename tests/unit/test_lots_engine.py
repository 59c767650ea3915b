"""The engine: chances as even as the quotas allow, the certificate, contradictions, replacements."""

import itertools
import math
import random
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.lots import invented
from kaimen.kit import lots
from kaimen.kit.lots.replacing import Seat, first_fit
from unit.test_lots_cases import (
    SOURCES,
    TRIALS,
    VERIFIER,
    Pool,
    make_transcript,
    nature_pool,
    opendlp100,
    random_pool,
    rules_for,
    salts_of,
)

SEEDS = st.integers(0, 2**32)
PATIENT = settings(
    max_examples=40 * TRIALS, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def commit(pool: Pool, **more: Any) -> dict[str, Any]:
    people, quotas, k = pool
    return lots.commit(rules_for(quotas, k, **more), lots.conceal(people, 1, {}).pool)


def shortfall(panel: list[Any], quotas: dict[str, dict[str, tuple[int, int]]]) -> int:
    return sum(
        max(0, low - seats, seats - high)
        for feature, values in quotas.items()
        for value, (low, high) in values.items()
        for seats in [sum(person.features[feature] == value for person in panel)]
    )


@PATIENT
@given(SEEDS)
def test_commitment_keeps_every_quota_and_treats_equals_equally(seed: int) -> None:
    people, quotas, k = random_pool(seed)
    commitment = commit((people, quotas, k))
    by_name = {person.pseudonym: person for person in people}
    times = Counter(name for panel in commitment["panels"] for name in panel)
    assert times.total() == 100 * k
    assert all(panel == sorted(set(panel)) and len(panel) == k for panel in commitment["panels"])
    assert all(shortfall([by_name[name] for name in panel], quotas) == 0 for panel in commitment["panels"])
    equals: dict[bytes, set[int]] = {}
    for person in people:
        equals.setdefault(lots.canonical(person.features), set()).add(times[person.pseudonym])
    assert all(max(found) - min(found) <= 1 for found in equals.values())
    assert lots.chance(commitment, people[0].pseudonym) == lots.Chance(times[people[0].pseudonym], 100)


@PATIENT
@given(SEEDS)
def test_certificate_names_exactly_whom_no_panel_can_contain_and_bounds_the_rest(seed: int) -> None:
    people, quotas, k = random_pool(seed, most=12, slack=0)
    certificate = commit((people, quotas, k), m=1000)["certificate"]
    panels = [panel for panel in itertools.combinations(people, k) if shortfall(list(panel), quotas) == 0]
    reachable = {person.pseudonym for panel in panels for person in panel}
    assert certificate["excluded"] == sorted({person.pseudonym for person in people} - reachable)
    ordered = sorted(people, key=lambda person: person.pseudonym)
    for field in ("bound", "optimum"):
        weight = {p.pseudonym: w for p, w in zip(ordered, certificate[field]["weights"], strict=True)}
        heaviest = max(sum(weight[person.pseudonym] for person in panel) for panel in panels)
        assert heaviest * 1_000_000 <= certificate[f"{field}_ppm"] * sum(weight.values())
    # Rounding to 1000 panels may cost two of them: 0.2 points.
    assert certificate["optimum_ppm"] - 2_999 <= certificate["lowest_ppm"] <= certificate["optimum_ppm"]


def leximin_by_hand(panels: list[tuple[int, ...]], people: int) -> list[float]:
    """Chances from the lowest up, over all panels: the plain definition, by repeated linear programmes."""
    import highspy

    def best(fixed: dict[int, float], floor: float, alone: int | None) -> float:
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        value = solver.addVariable(lb=-1.0, ub=1.0)
        shares = [solver.addVariable(lb=0.0, ub=1.0) for _ in panels]
        solver.addConstr(sum(shares, 0.0 * value) == 1.0)
        for person in range(people):
            mine = sum((s for s, panel in zip(shares, panels, strict=True) if person in panel), 0.0 * value)
            if person in fixed:
                solver.addConstr(mine >= fixed[person] - 1e-8)
            elif alone is None or person == alone:
                solver.addConstr(mine >= value)
            else:
                solver.addConstr(mine >= floor - 1e-8)
        solver.maximize(value)
        return float(solver.getSolution().col_value[0])

    fixed: dict[int, float] = {}
    while len(fixed) < people:
        floor = best(fixed, 0.0, None)
        for person in range(people):
            if person not in fixed and best(fixed, floor, person) < floor + 1e-6:
                fixed[person] = floor
    return sorted(fixed.values())


@pytest.mark.parametrize("seed", range(8 * TRIALS))
def test_chances_are_those_of_leximin_over_all_panels(seed: int) -> None:
    people, quotas, k = random_pool(seed + 50, most=9, slack=0)
    commitment = commit((people, quotas, k), m=1000)
    names = [person.pseudonym for person in people]
    panels = [
        panel
        for panel in itertools.combinations(range(len(people)), k)
        if shortfall([people[place] for place in panel], quotas) == 0
    ]
    got = sorted(lots.chance(commitment, name).panels / 1000 for name in names)
    expected = leximin_by_hand(panels, len(people))
    assert all(abs(a - b) < 0.003 for a, b in zip(got, expected, strict=True)), (got, expected)


def groups_pool(rows: dict[str, int]) -> Pool:
    """People in some of the groups a, b, c (written as bits); a panel of two has at most one member of each group."""
    people = [
        lots.Person(f"{bits}-{number}", dict(zip("abc", bits, strict=True)))
        for bits, count in rows.items()
        for number in range(count)
    ]
    return people, {group: {"0": (1, 2), "1": (0, 1)} for group in "abc"}, 2


def test_optimum_is_below_the_bound_where_whole_seats_allow_less() -> None:
    """Of those in two groups only one fits into a panel, though halves of three would: 1/6 each instead of 1/4."""
    commitment = commit(groups_pool({"110": 2, "101": 2, "011": 2, "000": 2}), m=1000, max_rounding_loss_ppm=1000)
    certificate = commitment["certificate"]
    assert certificate["excluded"] == []
    assert certificate["lowest_ppm"] == 166_000
    assert 166_667 <= certificate["optimum_ppm"] <= 166_668
    assert certificate["bound_ppm"] == 250_000
    assert lots.chance(commitment, "000-0").panels in (500, 501)


def test_bound_does_not_rest_on_who_is_excluded() -> None:
    """Who is in all three groups has nobody to go with: none of "000" applied."""
    people, quotas, k = groups_pool({"111": 1, "100": 3, "010": 3})
    certificate = commit((people, quotas, k), m=1000)["certificate"]
    assert certificate["excluded"] == ["111-0"]
    assert certificate["optimum_ppm"] == certificate["bound_ppm"] == 333_334
    assert certificate["lowest_ppm"] == 333_000


def test_opendlp_reaches_the_known_lowest_chance() -> None:
    certificate = commit(opendlp100(), m=1000, max_rounding_loss_ppm=2000)["certificate"]
    assert certificate["lowest_ppm"] >= 296_000
    assert certificate["bound_ppm"] == 296_704


@pytest.mark.parametrize("times", [1, 10])
def test_instance_of_the_nature_paper_gives_everyone_a_tenth(times: int) -> None:
    commitment = commit(nature_pool(times), m=1000, max_rounding_loss_ppm=0)
    count = Counter(name for panel in commitment["panels"] for name in panel)
    assert set(count.values()) == {100}
    assert commitment["certificate"]["bound_ppm"] == 100_000


def test_narrow_quotas_where_whole_seats_allow_less_are_solved_exactly() -> None:
    """Six features, ten seats, a tenth of a seat of slack: the target of fractions is out of reach over many values."""
    certificate = commit(invented(40, 10, 7, slack=0.1), m=1000, max_rounding_loss_ppm=1000)["certificate"]
    assert certificate["lowest_ppm"] == 83_000
    assert 83_334 <= certificate["optimum_ppm"] <= 83_343
    assert certificate["bound_ppm"] == 90_910


def test_commitment_is_the_same_on_every_run_and_whatever_the_order_of_people() -> None:
    people, quotas, k = opendlp100()
    shuffled = random.Random(1).sample(people, len(people))
    assert commit((people, quotas, k)) == commit((shuffled, quotas, k))


def test_commitment_reports_its_progress() -> None:
    people, quotas, k = opendlp100()
    seen: list[tuple[str, int, int]] = []
    pool = lots.conceal(people, 1, {}).pool
    lots.commit(rules_for(quotas, k), pool, progress=lambda step, done, of: seen.append((step, done, of)))
    assert {step for step, _, _ in seen} >= {"cover", "panels"}
    assert all(0 <= done < of for _, done, of in seen)


def test_commitment_of_too_few_people_is_refused() -> None:
    people, quotas, _ = opendlp100()
    with pytest.raises(lots.PoolTooSmall) as refused:
        commit((people[:30], quotas, 30))
    assert (refused.value.people, refused.value.seats) == (30, 30)


def test_commitment_that_loses_too_much_by_rounding_is_refused() -> None:
    with pytest.raises(lots.LossTooLarge) as refused:
        commit(opendlp100(), m=10, max_rounding_loss_ppm=2000)
    assert refused.value.optimum_ppm == 296_704


@PATIENT
@given(SEEDS)
def test_contradicting_quotas_come_with_the_nearest_feasible_ones(seed: int) -> None:
    people, quotas, k = random_pool(seed, most=11, slack=0)
    chance = random.Random(seed)
    for values in quotas.values():
        for value, (low, high) in values.items():
            values[value] = (min(k, low + chance.choice([0, 0, 1])), min(k, max(low + 1, high)))
    least = min(shortfall(list(panel), quotas) for panel in itertools.combinations(people, k))
    explanation = lots.explain_quotas(people, quotas, k)
    if explanation is None:
        assert least == 0
        return
    assert explanation.widening == least
    assert lots.explain_quotas(people, explanation.nearest, k) is None
    assert all(change.before != change.after for change in explanation.changes)
    assert len(explanation.zh) == len(explanation.en) > len(explanation.changes)
    with pytest.raises(lots.QuotasContradict) as refused:
        commit((people, quotas, k))
    assert refused.value.explanation == explanation


def test_contradiction_is_explained_in_both_languages() -> None:
    people = [lots.Person(f"p{n}", {"性别": "女" if n < 2 else "男"}) for n in range(8)]
    explanation = lots.explain_quotas(people, {"性别": {"女": (3, 4), "男": (1, 4)}}, 5)
    assert explanation is not None
    assert explanation.zh == ("“性别：女”至少要 3 人，报名只有 2 人。", "最小调整：“性别：女”由 3–4 改为 2–4。")
    assert explanation.en == (
        "“性别: 女” needs 3, and 2 applied.",
        "Least change: “性别: 女” from 3–4 to 2–4.",
    )
    assert explanation.nearest == {"性别": {"女": (2, 4), "男": (1, 4)}}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": ""}, "/id"),
        ({"title": "a\nb"}, "/title"),
        ({"k": 0}, "/k"),
        ({"m": 0}, "/m"),
        ({"m": 1_000_001}, "/m"),
        ({"min_shared": 0}, "/min_shared"),
        ({"max_rounding_loss_ppm": -1}, "/max_rounding_loss_ppm"),
        ({"replacement_at_hours": 9000}, "/replacement_at_hours"),
        ({"closes_at": "2026-11-25"}, "/closes_at"),
        ({"verifier_sha256": "0"}, "/verifier_sha256"),
        ({"quotas": {"a/b": {"x": (2, 1)}}}, "/quotas/a~1b/x"),
        ({"quotas": {"a": {"x": (0, 4)}}}, "/quotas/a/x"),
        ({"quotas": {"a": {}}}, "/quotas"),
        ({"reason": "重抽"}, "/reason"),
        ({"previous": "0" * 63, "reason": "重抽"}, "/previous"),
        ({"entropy": ()}, "/entropy"),
        ({"entropy": (lots.Source("a=b", "x", "hex"),)}, "/entropy/0/id"),
        ({"entropy": (*SOURCES, SOURCES[1])}, "/entropy/1/id"),
        ({"entropy": (lots.Source("a", "", "hex"),)}, "/entropy/0/name"),
        ({"entropy": (lots.Source("a", "x", "hex", ("a",)),)}, "/entropy/0/fallback"),
        ({"entropy": (lots.Source("a", "x", "hex", ("b",)),)}, "/entropy/0/fallback"),
        (
            {
                "entropy": (
                    lots.Source("a", "x", "hex", ("b",)),
                    lots.Source("b", "x", "hex", ("c",)),
                    lots.Source("c", "x", "hex"),
                )
            },
            "/entropy/1/fallback",
        ),
    ],
)
def test_rules_that_no_draw_can_follow_are_refused(changes: dict[str, Any], path: str) -> None:
    rules = msgspec.structs.replace(rules_for({"a": {"x": (0, 3)}}, 3), **changes)
    with pytest.raises(lots.BadRules) as refused:
        lots.rules_document(rules)
    assert refused.value.path == path


@pytest.mark.parametrize(
    "people",
    [
        [lots.Person("", {"a": "x"})],
        [lots.Person("p", {"a": "x"}), lots.Person("p", {"a": "x"})],
        [lots.Person("p", {})],
        [lots.Person("p", {"a": "x", "b": "x"})],
        [lots.Person("p", {"a": "y"})],
    ],
)
def test_pool_that_does_not_fit_its_rules_is_refused(people: list[lots.Person]) -> None:
    with pytest.raises(lots.BadPool):
        lots.commit(rules_for({"a": {"x": (0, 1)}}, 1), lots.conceal(people, 1, {}).pool)


def test_second_draw_names_the_first_and_why() -> None:
    document = lots.rules_document(rules_for({}, 1, previous="0" * 64, reason="设备故障，公证员建议重抽"))
    assert (document["previous"], document["reason"]) == ("0" * 64, "设备故障，公证员建议重抽")


def test_rare_combinations_are_concealed_and_open_only_to_their_opening() -> None:
    people, quotas, k = opendlp100()
    published = lots.conceal(people, 5, salts_of(people))
    rows = {row[0]: row for row in published.pool}
    shared = Counter(lots.canonical(person.features) for person in people)
    rare = {person.pseudonym for person in people if shared[lots.canonical(person.features)] < 5}
    assert {name for name, row in rows.items() if isinstance(row[1], str)} == rare
    assert {opening.pseudonym for opening in published.openings} == rare
    first, second = published.openings[:2]
    assert lots.opens(rows[first.pseudonym], first)
    assert not lots.opens(rows[second.pseudonym], first)
    assert not lots.opens(rows[first.pseudonym], msgspec.structs.replace(first, salt="x"))
    assert lots.reveal(published.pool, published.openings) == tuple(sorted(people, key=lambda p: p.pseudonym))
    with pytest.raises(lots.RowsHidden) as refused:
        lots.commit(rules_for(quotas, k, min_shared=5), published.pool, published.openings[1:])
    assert refused.value.pseudonyms == [first.pseudonym]


def search_everything(staying: list[Any], reserve: list[Seat], vacancies: int, quotas: Any) -> list[str]:
    """The definition: of all sets in dictionary order, the first with the least shortfall."""
    sets = itertools.combinations(reserve, min(vacancies, len(reserve)))
    best = min(sets, key=lambda chosen: shortfall([*staying, *chosen], quotas))
    return [seat.pseudonym for seat in best]


@settings(PATIENT, max_examples=200 * TRIALS)
@given(SEEDS)
def test_replacements_are_the_first_best_set_of_all(seed: int) -> None:
    chance = random.Random(seed)
    people, quotas, k = random_pool(seed, most=14, slack=chance.choice([0, 1]))
    vacancies = chance.randint(1, min(4, k))
    staying, others = people[: k - vacancies], people[k:]
    reserve = [Seat(person.pseudonym, person.features) for person in others]
    expected = search_everything(staying, reserve, vacancies, quotas)
    assert first_fit([person.features for person in staying], reserve, vacancies, quotas) == expected
    judge = VERIFIER.Draw(
        {
            "rules": {"quotas": quotas},
            "pool": [[person.pseudonym, person.features] for person in people],
            "commitment": {},
            "draw": {},
            "replacements": [],
        },
        [],
    )
    found = VERIFIER.first_fit(judge, [p.pseudonym for p in staying], [s.pseudonym for s in reserve], vacancies)
    assert found == expected


def test_replacements_take_everybody_when_the_reserve_is_too_small() -> None:
    people, quotas, k = [lots.Person(f"p{n}", {}) for n in range(5)], {}, 3
    record, _ = make_transcript((people, quotas, k), steps=0)
    step = lots.replace(record, record["draw"]["selected"])
    vacant, chosen = record["draw"]["selected"], record["draw"]["reserve"]
    sealed = lots.digest("replacement", record["draw"]["seed"], vacant, chosen)
    assert step == {"vacant": vacant, "chosen": chosen, "hash": sealed}
    record["replacements"].append(step)
    assert lots.seated(record) == sorted(record["draw"]["reserve"])
    last = lots.replace(record, lots.seated(record)[:1])
    assert last["chosen"] == []


def test_replacements_build_on_earlier_ones() -> None:
    record, _ = make_transcript(opendlp100(), steps=3)
    called = [name for step in record["replacements"] for name in step["chosen"]]
    assert len(called) == len(set(called)) == 6
    assert VERIFIER.verify(record) == []


@pytest.mark.parametrize("vacant", [["nobody"], ["reserve"], ["selected", "selected"]])
def test_replacement_of_one_who_holds_no_seat_is_refused(vacant: list[str]) -> None:
    record, _ = make_transcript(opendlp100(), steps=0)
    names = {"nobody": "nobody", "reserve": record["draw"]["reserve"][0], "selected": record["draw"]["selected"][0]}
    with pytest.raises(lots.NotVacant):
        lots.replace(record, [names[name] for name in vacant])


def test_replacement_of_nobody_is_refused() -> None:
    record, _ = make_transcript(opendlp100(), steps=0)
    with pytest.raises(lots.NobodyLeaves):
        lots.replace(record, [])


def test_replacement_with_hidden_rows_needs_their_openings() -> None:
    record, openings = make_transcript(opendlp100(), steps=0, min_shared=5)
    vacant = record["draw"]["selected"][:2]
    with pytest.raises(lots.RowsHidden):
        lots.replace(record, vacant)
    assert len(lots.replace(record, vacant, openings)["chosen"]) == 2


def test_replacements_of_a_large_reserve_need_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """30 seats, 5 vacancies, 470 reserves: the sets number 185,000,000,000."""
    from kaimen.kit.lots import replacing

    chance, steps = random.Random(7), Counter[str]()
    sizes = [2, 5, 11, 4, 3]
    people = [
        lots.Person(f"p{n:03}", {f"f{f}": str(chance.randrange(size)) for f, size in enumerate(sizes)})
        for n in range(500)
    ]
    panel = people[:30]
    quotas = {
        f"f{f}": {
            str(value): (seats, seats)
            for value in range(size)
            for seats in [sum(person.features[f"f{f}"] == str(value) for person in panel)]
        }
        for f, size in enumerate(sizes)
    }
    whole = replacing._Search.costs

    def counted(self: Any, counts: Any, left: int) -> list[int]:
        steps["costs"] += 1
        return whole(self, counts, left)

    monkeypatch.setattr(replacing._Search, "costs", counted)
    reserve = [Seat(person.pseudonym, person.features) for person in people[30:]]
    chosen = first_fit([person.features for person in panel[5:]], reserve, 5, quotas)
    by_name = {person.pseudonym: person for person in people}
    assert shortfall([*panel[5:], *(by_name[name] for name in chosen)], quotas) <= 2
    assert steps["costs"] < math.comb(30, 4)
