"""Open-day seats by a public order: everybody served in turn, earlier winners last."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaimen.kit import lots
from unit.test_lots_cases import TRIALS, VALUES, VERIFIER, make_order, order_rules

SEEDS = st.integers(0, 2**32)


@settings(max_examples=100 * TRIALS, deadline=None, derandomize=True)
@given(SEEDS)
def test_order_serves_each_party_its_first_wish_that_still_has_seats(seed: int) -> None:
    record = make_order(seed)
    wishes, drawn, sessions = dict(record["pool"]), record["draw"], record["rules"]["sessions"]
    assert sorted(drawn["order"]) == sorted(wishes)
    assert [wishes[name]["won_before"] for name in drawn["order"]] == sorted(w["won_before"] for w in wishes.values())
    taken = dict.fromkeys(sessions, 0)
    for name in drawn["order"]:
        wish, got = wishes[name], drawn["assigned"].get(name)
        better = wish["wants"][: wish["wants"].index(got)] if got else wish["wants"]
        assert all(taken[session] + wish["party"] > sessions[session] for session in better)
        waits = [session for session in sessions if name in drawn["waiting"][session]]
        assert sorted(waits) == ([] if got else sorted(wish["wants"]))
        if got:
            taken[got] += wish["party"]
    assert all(taken[session] <= seats for session, seats in sessions.items())
    places = {name: place for place, name in enumerate(drawn["order"])}
    for queue in drawn["waiting"].values():
        assert queue == sorted(queue, key=places.__getitem__)
    assert VERIFIER.verify(record) == []


def test_order_gives_each_party_each_place_equally_often() -> None:
    rules = order_rules({"上午": 1})
    pool = lots.order_pool(rules, [lots.Party(f"户{n}", 1, ("上午",)) for n in range(5)])
    commitment = lots.order_commit(rules, pool)
    first, draws = dict.fromkeys((row[0] for row in pool), 0), 2000 * TRIALS
    for number in range(draws):
        drawn = lots.uniform_order(rules, pool, commitment, f"day={number}/")
        first[drawn["order"][0]] += 1
    expected = draws / 5
    # χ² with four degrees of freedom exceeds 23.5 once in ten thousand times.
    assert sum((count - expected) ** 2 for count in first.values()) / expected < 23.5


@pytest.mark.parametrize(
    "parties",
    [
        [lots.Party("", 1, ("上午",))],
        [lots.Party("a", 1, ("上午",)), lots.Party("a", 1, ("上午",))],
        [lots.Party("a", 0, ("上午",))],
        [lots.Party("a", 1, ())],
        [lots.Party("a", 1, ("晚上",))],
        [lots.Party("a", 1, ("上午", "上午"))],
    ],
)
def test_order_refuses_parties_that_do_not_fit_the_rules(parties: list[lots.Party]) -> None:
    with pytest.raises(lots.BadPool):
        lots.order_pool(order_rules({"上午": 3}), parties)


@pytest.mark.parametrize("changes", [{"sessions": {}}, {"sessions": {"": 1}}, {"sessions": {"a": -1}}, {"entropy": ()}])
def test_order_refuses_rules_that_no_draw_can_follow(changes: dict[str, Any]) -> None:
    with pytest.raises(lots.BadRules):
        lots.order_rules_document(order_rules(**{"sessions": {"上午": 1}} | changes))


def test_order_follows_the_entropy() -> None:
    rules = order_rules({"上午": 5})
    pool = lots.order_pool(rules, [lots.Party(f"户{n}", 1, ("上午",)) for n in range(9)])
    commitment = lots.order_commit(rules, pool)
    drawn = lots.uniform_order(rules, pool, commitment, lots.entropy_text(rules.entropy, VALUES))
    assert drawn["seed"] == lots.digest("seed", commitment["commitment"], "ssq=3.5.9.18.21.33/szzs=3456.78/")
    assert drawn["order"] == sorted(drawn["order"], key=lambda name: lots.digest("order", drawn["seed"], name))
