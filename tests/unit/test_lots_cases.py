"""Pools, rules and whole transcripts that the other tests of the draw use; and that they are what they say."""

import csv
import importlib.util
import os
import random
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from kaimen.kit import lots

LOTS = Path(lots.__file__).parent
DATA = Path(__file__).parent.parent / "data" / "lots"
TRIALS = int(os.environ.get("KAIMEN_TRIALS", "1"))
"""Multiplies every count: 50 gives 100,000 edits, 1,000,000 draws, 10,000 transcripts."""

SOURCES = (
    lots.Source("ssq", "双色球第 2026130 期红球", "sorted-ints", ("fc3d",)),
    lots.Source("szzs", "上证指数收盘", "decimal2", ("dice",)),
    lots.Source("dice", "三枚十面骰", "digits"),
    lots.Source("fc3d", "福彩3D", "ints"),
)
VALUES: dict[str, Any] = {"ssq": [9, 3, 33, 21, 18, 5], "szzs": "3456.78"}

Pool = tuple[list[lots.Person], dict[str, dict[str, tuple[int, int]]], int]


def load_verifier() -> ModuleType:
    """The stand-alone verifier, loaded as the file it is."""
    spec = importlib.util.spec_from_file_location("kaimen_verify", LOTS / "verifier" / "kaimen_verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = load_verifier()


def rules_for(quotas: dict[str, dict[str, tuple[int, int]]], k: int, **more: Any) -> lots.Rules:
    plain: dict[str, Any] = {
        "id": "hearing-2026-1",
        "title": "利益相关方代表抽签",
        "k": k,
        "m": 100,
        "quotas": quotas,
        "closes_at": "2026-11-25T17:00:00+08:00",
        "entropy": SOURCES,
        "min_shared": 1,
        "max_rounding_loss_ppm": 50_000,
        "verifier_sha256": "0" * 64,
    }
    return lots.Rules(**plain | more)


@cache
def opendlp100() -> Pool:
    """100 people, 30 seats."""
    quotas: dict[str, dict[str, tuple[int, int]]] = {}
    with (DATA / "opendlp100_categories.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            quotas.setdefault(row["category"], {})[row["name"]] = (int(row["min"]), int(row["max"]))
    with (DATA / "opendlp100_respondents.csv").open(encoding="utf-8") as file:
        people = [
            lots.Person(f"P{int(row['unique_id']):03}", {feature: row[feature] for feature in quotas})
            for row in csv.DictReader(file)
        ]
    return people, quotas, 30


def nature_pool(times: int) -> Pool:
    """The instance of Flanigan et al. (2021) in which greedy selection fails, `times` as large."""
    kinds = [("女", "甲", 99 * times), ("女", "乙", times), ("男", "乙", 100 * times)]
    people = [
        lots.Person(f"{gender}{view}{number:04}", {"性别": gender, "立场": view})
        for gender, view, count in kinds
        for number in range(count)
    ]
    bounds = (9 * times, 20 * times)
    return people, {"性别": {"女": bounds, "男": bounds}, "立场": {"甲": bounds, "乙": bounds}}, 20 * times


def random_pool(seed: int, *, most: int = 30, slack: int = 1) -> Pool:
    """A small pool with quotas around one of its panels, so that they can be met."""
    chance = random.Random(seed)
    sizes = [chance.choice([2, 2, 3, 4]) for _ in range(chance.choice([0, 1, 2, 3, 3]))]
    weights = [[chance.random() + 0.1 for _ in range(size)] for size in sizes]
    count = chance.randint(4, most)
    names = chance.sample([f"人{number:03}" for number in range(1000)], count)
    people = [
        lots.Person(
            name,
            {f"特征{f}": str(chance.choices(range(size), weights[f])[0]) for f, size in enumerate(sizes)},
        )
        for name in names
    ]
    k = chance.randint(1, min(8, count - 1))
    panel = chance.sample(people, k)
    quotas: dict[str, dict[str, tuple[int, int]]] = {}
    for f, size in enumerate(sizes):
        quotas[f"特征{f}"] = {}
        for value in map(str, range(size)):
            seats = sum(person.features[f"特征{f}"] == value for person in panel)
            low, high = seats - chance.randint(0, slack), seats + chance.randint(0, slack)
            quotas[f"特征{f}"][value] = (max(0, low), min(k, high))
    return people, quotas, k


def salts_of(people: list[lots.Person]) -> dict[str, str]:
    """Salts of tests: known, as real ones must not be."""
    return {person.pseudonym: lots.digest("salt", person.pseudonym) for person in people}


def make_transcript(pool: Pool, steps: int = 2, **more: Any) -> tuple[dict[str, Any], tuple[lots.Opening, ...]]:
    """A whole transcript with up to `steps` replacement steps, and the openings of its hidden rows."""
    people, quotas, k = pool
    rules = rules_for(quotas, k, **more)
    published = lots.conceal(people, rules.min_shared, salts_of(people))
    commitment = lots.commit(rules, published.pool, published.openings)
    drawn = lots.draw(published.pool, commitment, lots.entropy_text(rules.entropy, VALUES))
    record = lots.transcript(rules, published.pool, commitment, drawn)
    for step in range(steps):
        vacant = lots.seated(record)[step :: max(2, k // 2)][:3]
        if vacant:
            record["replacements"].append(lots.replace(record, vacant, published.openings))
    return record, published.openings


def order_rules(sessions: dict[str, int], **more: Any) -> lots.OrderRules:
    plain: dict[str, Any] = {
        "id": "open-day-7",
        "title": "走进水质监测站",
        "sessions": sessions,
        "closes_at": "2026-08-20T12:00:00+08:00",
        "entropy": SOURCES,
        "verifier_sha256": "0" * 64,
    }
    return lots.OrderRules(**plain | more)


def random_parties(seed: int, most: int = 25) -> tuple[lots.OrderRules, list[lots.Party]]:
    chance = random.Random(seed)
    sessions = {f"第{number}场": chance.randint(0, 12) for number in range(1, chance.randint(2, 4))}
    parties = [
        lots.Party(
            f"户{number:02}",
            chance.choice([1, 1, 2, 2, 3, 4]),
            tuple(chance.sample(sorted(sessions), chance.randint(1, len(sessions)))),
            chance.random() < 0.2,
        )
        for number in range(chance.randint(1, most))
    ]
    return order_rules(sessions), parties


def make_order(seed: int) -> dict[str, Any]:
    rules, parties = random_parties(seed)
    pool = lots.order_pool(rules, parties)
    commitment = lots.order_commit(rules, pool)
    entropy = lots.entropy_text(rules.entropy, VALUES)
    return lots.order_transcript(rules, pool, commitment, lots.uniform_order(rules, pool, commitment, entropy))


def test_random_pools_are_of_many_kinds() -> None:
    pools = [random_pool(seed) for seed in range(60)]
    assert {len(quotas) for _, quotas, _ in pools} == {0, 1, 2, 3}
    assert all(len(people) > k for people, _, k in pools)


def test_opendlp_has_a_hundred_people_and_thirty_seats() -> None:
    people, quotas, k = opendlp100()
    assert (len(people), sorted(quotas), k) == (100, ["education", "ethnicity", "gender", "province"], 30)
