"""Open-day seats: no quotas, parties as units, ranked wishes. A public order, and everyone served in it.

Serial dictatorship from a uniform order: nobody gains by a false ranking.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from kaimen.kit.lots.canonical import digest, merkle_root
from kaimen.kit.lots.exceptions import BadPool, BadRules
from kaimen.kit.lots.rules import MOST_PANELS, Source, must_be_complete, source_documents


class OrderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is decided before anybody knows who wants a seat; `sessions` gives the seats of each."""

    id: str
    title: str
    sessions: dict[str, int]
    closes_at: str
    entropy: tuple[Source, ...]
    verifier_sha256: str
    algorithm: Literal["kaimen-order-1"] = "kaimen-order-1"


class Party(msgspec.Struct, frozen=True):
    """People who come together or not at all. `wants`: sessions, the dearest first; `won_before`: they already got
    a seat earlier, and so go last."""

    pseudonym: str
    party: int
    wants: tuple[str, ...]
    won_before: bool = False


def order_rules_document(rules: OrderRules) -> dict[str, Any]:
    """The published form, checked. Raises BadRules."""
    document = msgspec.to_builtins(rules)
    document["entropy"] = source_documents(rules.entropy)
    must_be_complete(document, rules.entropy)
    if not rules.sessions:
        raise BadRules("/sessions", "至少一个场次", "at least one session is needed")
    for session, seats in rules.sessions.items():
        if not session or any(character < " " for character in session) or not 0 <= seats <= MOST_PANELS:
            raise BadRules("/sessions", "场次名或名额不合规", "a session's name, or its seats")
    return document


def order_pool(rules: OrderRules, parties: Sequence[Party]) -> list[list[Any]]:
    """The published rows, sorted by pseudonym. Raises BadPool."""
    names = [party.pseudonym for party in parties]
    for party in parties:
        if not party.pseudonym or any(character < " " for character in party.pseudonym):
            raise BadPool(party.pseudonym, "化名为空或含控制字符", "an empty pseudonym, or control characters")
        if names.count(party.pseudonym) > 1:
            raise BadPool(party.pseudonym, "化名重复", "the pseudonym is used twice")
        if not 1 <= party.party <= MOST_PANELS:
            raise BadPool(party.pseudonym, "人数不合规", "not a party's size")
        if not party.wants or len(set(party.wants)) < len(party.wants) or not set(party.wants) <= set(rules.sessions):
            raise BadPool(party.pseudonym, "志愿场次不存在或重复", "wishes that are no sessions, or named twice")
    return [
        [
            party.pseudonym,
            {"party": party.party, "wants": list(party.wants), "won_before": int(party.won_before)},
        ]
        for party in sorted(parties, key=lambda party: party.pseudonym)
    ]


def order_commit(rules: OrderRules, pool: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Rules and pool, fixed before the entropy exists."""
    rules_hash, pool_root = digest("rules", order_rules_document(rules)), merkle_root(pool)
    return {
        "rules_hash": rules_hash,
        "pool_root": pool_root,
        "commitment": digest("commit", rules_hash, pool_root),
    }


def uniform_order(
    rules: OrderRules, pool: Sequence[Sequence[Any]], commitment: Mapping[str, Any], entropy: str
) -> dict[str, Any]:
    """The order, who got which session, and per session who waits for it: those who wanted it and got nothing.

    Parties come by H("order", seed, pseudonym), earlier winners after all others; each gets the first of its wishes
    that still has seats for all of it.
    """
    seed = digest("seed", commitment["commitment"], entropy)
    wishes = {pseudonym: wish for pseudonym, wish in pool}
    order = sorted(wishes, key=lambda name: (wishes[name]["won_before"], digest("order", seed, name)))
    free, assigned = dict(rules.sessions), {}
    waiting: dict[str, list[str]] = {session: [] for session in rules.sessions}
    for pseudonym in order:
        wish = wishes[pseudonym]
        session = next((session for session in wish["wants"] if free[session] >= wish["party"]), None)
        if session is not None:
            free[session] -= wish["party"]
            assigned[pseudonym] = session
            continue
        for wanted in wish["wants"]:
            waiting[wanted].append(pseudonym)
    return {"entropy": entropy, "seed": seed, "order": order, "assigned": assigned, "waiting": waiting}


def order_transcript(
    rules: OrderRules, pool: Sequence[Sequence[Any]], commitment: Mapping[str, Any], drawn: Mapping[str, Any]
) -> dict[str, Any]:
    """The one file that a verifier needs."""
    return {
        "version": 1,
        "kind": "order",
        "rules": order_rules_document(rules),
        "pool": [list(row) for row in pool],
        "commitment": dict(commitment),
        "draw": dict(drawn),
    }
