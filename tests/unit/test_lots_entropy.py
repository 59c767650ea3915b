"""Public numbers: their exact text, and that what is drawn from them is uniform."""

import hashlib
import math
from typing import Any

import pytest

from kaimen.kit import lots
from kaimen.kit.lots.entropy import below, value_text
from unit.test_lots_cases import SOURCES, TRIALS, VERIFIER, make_transcript, opendlp100

# RFC 3797 section 6: the example of its own authors.
RFC_3797_KEY = "9319./2.5.8.10.12./9.18.26.34.41.45./"
RFC_3797_CHOSEN = [17, 7, 2, 16, 25, 23, 8, 24, 19, 13]


def rfc_3797(key: str, pool: int, seats: int) -> list[int]:
    left, chosen = list(range(1, pool + 1)), []
    for turn in range(seats):
        around = turn.to_bytes(2, "big")
        hashed = hashlib.md5(around + key.encode() + around, usedforsecurity=False).digest()
        chosen.append(left.pop(int.from_bytes(hashed, "big") % len(left)))
    return chosen


def test_entropy_formats_the_key_of_rfc_3797() -> None:
    numbers: list[list[int]] = [[9319], [2, 12, 8, 10, 5], [9, 18, 26, 34, 41, 45]]
    source = lots.Source("lottery", "lottery", "sorted-ints")
    key = "".join(f"{value_text(source, list(value))}./" for value in numbers)
    assert key == RFC_3797_KEY
    assert rfc_3797(key, 25, 10) == RFC_3797_CHOSEN


def test_entropy_names_each_source_in_the_order_of_the_rules() -> None:
    assert lots.entropy_text(SOURCES, {"szzs": "3456.70", "ssq": [5, 3, 9]}) == "ssq=3.5.9/szzs=3456.70/"


def test_entropy_falls_back_in_order_and_names_the_stand_in() -> None:
    assert lots.entropy_text(SOURCES, {"fc3d": [9, 0, 1], "dice": "007"}) == "fc3d=9.0.1/dice=007/"
    assert lots.entropy_text(SOURCES, {"ssq": "1.2", "fc3d": [9, 0, 1], "dice": "007"}) == "ssq=1.2/dice=007/"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("ssq", "3.2"),
        ("ssq", "2..3"),
        ("ssq", "02.3"),
        ("ssq", []),
        ("ssq", [-1]),
        ("ssq", "２"),
        ("ssq", "1.2\n"),
        ("ssq", "100000000000000000000.99999999999999999999"),
        ("szzs", "3456.7"),
        ("szzs", "-1.00"),
        ("szzs", "03.00"),
        ("szzs", "3456,78"),
        ("dice", "١٢٣"),
        ("dice", ""),
        ("unheard", "1"),
    ],
)
def test_entropy_of_the_wrong_form_is_refused(source: str, value: Any) -> None:
    with pytest.raises(lots.BadEntropy) as refused:
        lots.entropy_text(SOURCES, {"ssq": "1", "szzs": "1.00"} | {source: value})
    assert refused.value.source == source


def test_entropy_that_did_not_appear_is_refused() -> None:
    with pytest.raises(lots.BadEntropy) as refused:
        lots.entropy_text(SOURCES, {"ssq": "1"})
    assert refused.value.source == "szzs"


def test_below_rejects_words_beyond_the_largest_multiple() -> None:
    """With a limit just above half of the word's range, one word in two must be passed over."""
    limit = 2**63 + 1
    seeds = [lots.digest("seed", "rejection", number) for number in range(200)]
    firsts = [int(lots.digest("prf", seed, "panel", 0)[:16], 16) for seed in seeds]
    drawn = [below(limit, seed, "panel") for seed in seeds]
    assert all(number < limit for number in drawn)
    assert [n == f for n, f in zip(drawn, firsts, strict=True)] == [f < limit for f in firsts]
    assert drawn == [VERIFIER.below(limit, seed) for seed in seeds]


def excess(observed: list[int], expected: float) -> float:
    """How many standard deviations χ² lies above what chance gives (Wilson and Hilferty)."""
    freedom = len(observed) - 1
    chi = sum((count - expected) ** 2 for count in observed) / expected
    return ((chi / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))


def test_draws_choose_every_panel_and_every_person_as_often_as_stated() -> None:
    record, _ = make_transcript(opendlp100(), m=100)
    commitment, draws = record["commitment"], 20_000 * TRIALS
    times = [0] * 100
    for number in range(draws):
        times[below(100, lots.digest("seed", commitment["commitment"], f"day={number}/"), "panel")] += 1
    assert abs(excess(times, draws / 100)) < 4.5
    for pseudonym, _ in record["pool"]:
        stated = lots.chance(commitment, pseudonym)
        share = stated.panels / stated.m
        came = sum(count for count, panel in zip(times, commitment["panels"], strict=True) if pseudonym in panel)
        assert abs(came - draws * share) < 5 * math.sqrt(draws * share * (1 - share)), pseudonym


def test_draw_follows_its_seed() -> None:
    record, _ = make_transcript(opendlp100(), m=100)
    pool, commitment, entropy = record["pool"], record["commitment"], record["draw"]["entropy"]
    assert lots.draw(pool, commitment, entropy) == record["draw"]
    reserves = {tuple(lots.draw(pool, commitment, f"ssq={n}/szzs=1.00/")["reserve"]) for n in range(20)}
    assert len(reserves) == 20
