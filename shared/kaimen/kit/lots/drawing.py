"""The steps of a draw with quotas: commitment, draw, transcript, replacement. Every function gives a document."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from kaimen.kit.lots.canonical import digest, merkle_root
from kaimen.kit.lots.certificate import MILLION, certify
from kaimen.kit.lots.contradictions import explain_quotas
from kaimen.kit.lots.entropy import below
from kaimen.kit.lots.exceptions import LossTooLarge, NobodyLeaves, NotVacant, PoolTooSmall, QuotasContradict
from kaimen.kit.lots.lottery import Progress, find_lottery
from kaimen.kit.lots.panels import Counts, Types, group, space_of
from kaimen.kit.lots.pool import Opening, must_fit, reveal
from kaimen.kit.lots.replacing import Seat, first_fit
from kaimen.kit.lots.rules import Rules, rules_document

Document = dict[str, Any]


class Chance(msgspec.Struct, frozen=True):
    """So many of m equally likely panels contain the person."""

    panels: int
    m: int


def silent(_step: str, _done: int, _of: int) -> None:
    """The progress callback of who does not watch."""


def commit(
    rules: Rules,
    pool: Sequence[Sequence[Any]],
    openings: Sequence[Opening] = (),
    progress: Progress = silent,
) -> Document:
    """The m panels and their certificate, fixed before the entropy exists. The same input gives the same document.

    `progress(step, done, of)` is called throughout. Raises BadRules, BadPool, RowsHidden, PoolTooSmall,
    QuotasContradict, LossTooLarge when m panels do not come close enough to the optimum, and SolverGaveUp.
    """
    document = rules_document(rules)
    people = reveal(pool, openings)
    must_fit(people, rules.quotas)
    if len(people) <= rules.k:
        raise PoolTooSmall(len(people), rules.k)
    types = group(people)
    space = space_of(types, rules.quotas, rules.k)
    lottery = find_lottery(space, rules.m, progress)
    if lottery is None:
        explanation = explain_quotas(people, rules.quotas, rules.k)
        assert explanation is not None, "the lottery and the explanation solve the same programme"
        raise QuotasContradict(explanation)
    pool_root = merkle_root(pool)
    pseudonyms = [person.pseudonym for person in people]
    panels = _deal(lottery.panels, types, pseudonyms, pool_root)
    certificate = certify(space, types, people, rules.quotas, rules.k, lottery)
    certificate["lowest_ppm"] = _lowest_ppm(panels, set(pseudonyms) - set(certificate["excluded"]))
    if certificate["lowest_ppm"] < certificate["optimum_ppm"] - rules.max_rounding_loss_ppm:
        raise LossTooLarge(certificate["lowest_ppm"], certificate["optimum_ppm"], rules.max_rounding_loss_ppm)
    rules_hash, panels_root = digest("rules", document), merkle_root(panels)
    return {
        "rules_hash": rules_hash,
        "pool_root": pool_root,
        "panels": panels,
        "panels_root": panels_root,
        "certificate": certificate,
        "commitment": digest("commit", rules_hash, pool_root, panels_root, certificate),
    }


def chance(commitment: Mapping[str, Any], pseudonym: str) -> Chance:
    """How many of the panels contain the person: the chance that is published before the draw."""
    panels = commitment["panels"]
    return Chance(sum(pseudonym in panel for panel in panels), len(panels))


def draw(pool: Sequence[Sequence[Any]], commitment: Mapping[str, Any], entropy: str) -> Document:
    """The panel that the public numbers choose, and everyone else in the reserve's order.

    `entropy` is the text of `entropy_text`.
    """
    seed = digest("seed", commitment["commitment"], entropy)
    number = below(len(commitment["panels"]), seed, "panel")
    selected = commitment["panels"][number]
    chosen = set(selected)
    others = [row[0] for row in pool if row[0] not in chosen]
    return {
        "entropy": entropy,
        "seed": seed,
        "panel_number": number,
        "selected": list(selected),
        "reserve": sorted(others, key=lambda pseudonym: digest("reserve", seed, pseudonym)),
    }


def transcript(
    rules: Rules,
    pool: Sequence[Sequence[Any]],
    commitment: Mapping[str, Any],
    drawn: Mapping[str, Any],
    replacements: Sequence[Mapping[str, Any]] = (),
) -> Document:
    """The one file that a verifier needs."""
    return {
        "version": 1,
        "rules": rules_document(rules),
        "pool": [list(row) for row in pool],
        "commitment": dict(commitment),
        "draw": dict(drawn),
        "replacements": [dict(step) for step in replacements],
    }


def seated(record: Mapping[str, Any]) -> list[str]:
    """Who holds a seat after all replacements of a transcript, sorted."""
    seats = set(record["draw"]["selected"])
    for step in record["replacements"]:
        seats = seats - set(step["vacant"]) | set(step["chosen"])
    return sorted(seats)


def replace(record: Mapping[str, Any], vacant: Sequence[str], openings: Sequence[Opening] = ()) -> Document:
    """The next replacement step of a transcript: all vacancies at once, the first set of reserves that fits best.

    Its hash covers the step before, or the seed: who left cannot be changed afterwards without changing all that
    follows.
    Raises NobodyLeaves, NotVacant for one who holds no seat (or is named twice), RowsHidden.
    """
    if not vacant:
        raise NobodyLeaves
    seats = seated(record)
    for place, pseudonym in enumerate(vacant):
        if pseudonym not in seats or pseudonym in vacant[:place]:
            raise NotVacant(pseudonym)
    features = {person.pseudonym: person.features for person in reveal(record["pool"], openings)}
    called = {pseudonym for step in record["replacements"] for pseudonym in step["chosen"]}
    available = [pseudonym for pseudonym in record["draw"]["reserve"] if pseudonym not in called]
    staying = [features[pseudonym] for pseudonym in seats if pseudonym not in set(vacant)]
    candidates = [Seat(pseudonym, features[pseudonym]) for pseudonym in available]
    chosen = first_fit(staying, candidates, len(vacant), record["rules"]["quotas"])
    before = record["replacements"][-1]["hash"] if record["replacements"] else record["draw"]["seed"]
    step = {"vacant": sorted(vacant), "chosen": chosen}
    return step | {"hash": digest("replacement", before, step["vacant"], chosen)}


def _deal(panels: Counts, types: Types, pseudonyms: Sequence[str], pool_root: str) -> list[list[str]]:
    """Seats of a type go round its members in the order of H("deal", pool_root, pseudonym), panel after panel; so
    equals differ by at most one panel. Panels come in the order of H("panel", pool_root, number)."""
    queues = [
        sorted((pseudonyms[member] for member in members), key=lambda name: digest("deal", pool_root, name))
        for members in types.members
    ]
    turns = [0] * len(queues)
    dealt = []
    for number in sorted(range(len(panels)), key=lambda number: digest("panel", pool_root, number)):
        panel = []
        for kind in np.nonzero(panels[number])[0]:
            queue, seats = queues[kind], int(panels[number, kind])
            panel += [queue[(turns[kind] + seat) % len(queue)] for seat in range(seats)]
            turns[kind] += seats
        dealt.append(sorted(panel))
    return dealt


def _lowest_ppm(panels: Sequence[Sequence[str]], people: set[str]) -> int:
    times = dict.fromkeys(people, 0)
    for panel in panels:
        for pseudonym in panel:
            times[pseudonym] += 1
    return min(times.values()) * MILLION // len(panels)
