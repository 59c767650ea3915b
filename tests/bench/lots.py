"""What the draw costs on this machine, and how it compares with greedy selection: `python -m bench.lots`.

Prints a table and asserts nothing. Pools are invented: features as a district would use, with a self-selected pool
that differs from the population that the quotas follow.
"""

import csv
import random
import time
from collections import Counter
from pathlib import Path

from kaimen.kit import lots

DATA = Path(__file__).parent.parent / "data" / "lots"
DISTRICT = {"性别": 2, "年龄": 5, "街镇": 11, "学历": 4, "户籍": 2, "职业": 5}
GREEDY_RUNS = 1000

Quotas = dict[str, dict[str, tuple[int, int]]]
Pool = tuple[list[lots.Person], Quotas, int]


def invented(people: int, seats: int, seed: int, slack: float = 0.3) -> Pool:
    """Quotas are the population's shares, widened by `slack` seats and rounded outwards; the pool is skewed."""
    chance = random.Random(seed)
    quotas: Quotas = {}
    weights: dict[str, list[float]] = {}
    for feature, values in DISTRICT.items():
        shares = [chance.gammavariate(6, 1) for _ in range(values)]
        wanted = [share / sum(shares) * seats for share in shares]
        quotas[feature] = {
            str(value): (max(0, int(seat - slack)), min(seats, int(seat + slack) + 1))
            for value, seat in enumerate(wanted)
        }
        weights[feature] = [share * chance.lognormvariate(0, 0.6) for share in shares]
    pool = [
        lots.Person(
            f"P{number:05}",
            {feature: str(chance.choices(range(len(shares)), shares)[0]) for feature, shares in weights.items()},
        )
        for number in range(people)
    ]
    return pool, quotas, seats


def opendlp100() -> Pool:
    quotas: Quotas = {}
    with (DATA / "opendlp100_categories.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            quotas.setdefault(row["category"], {})[row["name"]] = (int(row["min"]), int(row["max"]))
    with (DATA / "opendlp100_respondents.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [lots.Person(row["unique_id"], {feature: row[feature] for feature in quotas}) for row in rows], quotas, 30


def nature() -> Pool:
    kinds = [("女", "甲", 99), ("女", "乙", 1), ("男", "乙", 100)]
    people = [
        lots.Person(f"{gender}{view}{number}", {"性别": gender, "立场": view})
        for gender, view, count in kinds
        for number in range(count)
    ]
    return people, {"性别": {"女": (9, 20), "男": (9, 20)}, "立场": {"甲": (9, 20), "乙": (9, 20)}}, 20


def greedy_panel(people: list[lots.Person], quotas: Quotas, seats: int, chance: random.Random) -> list[str] | None:
    """The usual way: again and again somebody from the cell that most needs people; None when it ends in a corner."""
    left, panel = list(people), []
    counts: Counter[tuple[str, str]] = Counter()
    while len(panel) < seats:
        left = [p for p in left if all(counts[item] < quotas[item[0]][item[1]][1] for item in p.features.items())]
        present = Counter(item for person in left for item in person.features.items())
        needs = {
            (feature, value): (low - counts[feature, value]) / max(present[feature, value], 1e-9)
            for feature, values in quotas.items()
            for value, (low, _) in values.items()
        }
        if not left or max(needs.values()) > 1:
            return None
        cell = max(needs, key=needs.__getitem__)
        chosen = chance.choice([p for p in left if p.features[cell[0]] == cell[1]] if needs[cell] > 0 else left)
        left.remove(chosen)
        panel.append(chosen.pseudonym)
        counts.update(chosen.features.items())
    kept = all(counts[f, v] >= low for f, values in quotas.items() for v, (low, _) in values.items())
    return panel if kept else None


def greedy_lowest(pool: Pool, runs: int = GREEDY_RUNS, tries: int = 20_000) -> float | None:
    """The lowest chance by greedy selection, over `runs` panels; None if it finds too few."""
    people, quotas, seats = pool
    chance, found = random.Random(1), Counter[str]()
    done = 0
    for _ in range(tries):
        panel = greedy_panel(people, quotas, seats, chance)
        if panel is not None:
            found.update(panel)
            done += 1
        if done == runs:
            return min(found[person.pseudonym] for person in people) / runs
    return None


def measure(name: str, pool: Pool, *, with_greedy: bool) -> str:
    people, quotas, seats = pool
    rules = lots.Rules(
        id=name,
        title=name,
        k=seats,
        m=1000,
        quotas=quotas,
        closes_at="2026-11-25T17:00:00+08:00",
        entropy=(lots.Source("dice", "dice", "digits"),),
        min_shared=1,
        max_rounding_loss_ppm=1_000_000,
        verifier_sha256="0" * 64,
    )
    published = lots.conceal(people, 1, {})
    start = time.perf_counter()
    try:
        commitment = lots.commit(rules, published.pool)
    except lots.QuotasContradict as refused:
        spent, widening = time.perf_counter() - start, refused.explanation.widening
        return f"| {name} | {spent:.1f} | quotas contradict: widen by {widening} |"
    spent = time.perf_counter() - start
    record = lots.transcript(rules, published.pool, commitment, lots.draw(published.pool, commitment, "dice=123/"))
    leaving = record["draw"]["selected"][: max(1, seats * 15 // 100)]
    start = time.perf_counter()
    lots.replace(record, leaving)
    replacing = time.perf_counter() - start
    certificate = commitment["certificate"]
    greedy = greedy_lowest(pool) if with_greedy else None
    columns = [
        name,
        f"{spent:.1f}",
        *(f"{certificate[field] / 10_000:.2f}" for field in ("lowest_ppm", "optimum_ppm", "bound_ppm")),
        str(len(certificate["excluded"])),
        "–" if greedy is None else f"{greedy * 100:.2f}",
        f"{replacing * 1000:.0f}",
        f"{len(lots.canonical(record)) / 1000:.0f}",
    ]
    return "| " + " | ".join(columns) + " |"


def main() -> None:
    print("| pool → seats | commit s | lowest % | optimum % | bound % | excluded | greedy % | replace ms | kB |")
    print("|---|---|---|---|---|---|---|---|---|")
    pools = {
        "nature 200 → 20": nature(),
        "opendlp 100 → 30": opendlp100(),
        "150 → 22": invented(150, 22, 1),
        "120 → 15": invented(120, 15, 4),
        "120 → 15, narrow": invented(120, 15, 4, slack=0.1),
        "400 → 20": invented(400, 20, 1),
        "1500 → 30": invented(1500, 30, 1),
    }
    for name, pool in pools.items():
        print(measure(name, pool, with_greedy=len(pool[0]) <= 400), flush=True)


if __name__ == "__main__":
    main()
