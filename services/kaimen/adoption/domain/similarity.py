"""Proposals which opinions say the same. People decide; the same texts always give the same proposals, and nothing is
proposed without words that say why."""

from collections import Counter
from collections.abc import Sequence, Set

import msgspec
import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from kaimen.kit.search import search_terms

ALIKE = 42
"""Least similarity (0 to 100) of a proposal."""
_COMMON_SHARE, _COMMON_LEAST = 0.1, 5
_LEAST_SHARED = 2
_SHARED_SHOWN = 4


class Likeness(msgspec.Struct, frozen=True):
    """How alike a text is to the one it is held against, 0 to 100, and the words that both have."""

    no: int
    score: int
    shared: tuple[str, ...]


class Proposal(msgspec.Struct, frozen=True):
    """Texts that may say the same as text `no`, the most alike first."""

    no: int
    alike: tuple[Likeness, ...]


def propose(texts: Sequence[tuple[int, str]]) -> list[Proposal]:
    """Groups among (number, text), each text in one at most: the first one that has no group yet gathers what is
    alike to it. The largest first; texts that nothing is like are in none."""
    bodies = [text for _, text in texts]
    common = _common_terms(bodies)
    scores = _scores(bodies, bodies, common)
    free = np.ones(len(texts), dtype=bool)
    proposals = []
    for row, (no, text) in enumerate(texts):
        if not free[row]:
            continue
        free[row] = False
        alike = []
        for n in np.flatnonzero(free & (scores[row] >= ALIKE)).tolist():
            shared = shared_words(text, texts[n][1], common)
            if shared:
                free[n] = False
                alike.append(Likeness(texts[n][0], int(scores[row, n]), shared))
        if alike:
            proposals.append(Proposal(no, tuple(sorted(alike, key=_most_alike))))
    return sorted(proposals, key=lambda each: (-len(each.alike), each.no))


def resembling(wanted: Sequence[str], texts: Sequence[tuple[int, str]]) -> list[Likeness]:
    """Which of (number, text) are like any of `wanted`, the most alike first."""
    if not wanted or not texts:
        return []
    bodies = [text for _, text in texts]
    common = _common_terms([*wanted, *bodies])
    scores = _scores(wanted, bodies, common)
    found = []
    for column, (no, text) in enumerate(texts):
        row = int(scores[:, column].argmax())
        score, shared = int(scores[row, column]), shared_words(wanted[row], text, common)
        if score >= ALIKE and shared:
            found.append(Likeness(no, score, shared))
    return sorted(found, key=_most_alike)


def shared_words(first: str, second: str, common: Set[str] = frozenset()) -> tuple[str, ...]:
    """The longest runs of characters that both texts have, in the order of the first; none made of `common` terms."""
    runs = [
        first[code.src_start : code.src_end].strip()
        for code in Indel.opcodes(first, second)
        if code.tag == "equal" and code.src_end - code.src_start >= _LEAST_SHARED
    ]
    telling = {run for run in runs if len(run) >= _LEAST_SHARED and not _pairs(run) <= common}
    kept = set(sorted(telling, key=lambda run: (-len(run), run))[:_SHARED_SHOWN])
    return tuple(run for run in dict.fromkeys(runs) if run in kept)


def _most_alike(each: Likeness) -> tuple[int, int]:
    return -each.score, each.no


def _pairs(text: str) -> set[str]:
    """Pairs of characters, and whole Latin words."""
    return {term for term in search_terms(text) if len(term) > 1}


def _common_terms(texts: Sequence[str]) -> frozenset[str]:
    """What so many texts contain that it tells nothing: the subject's own name, "I think that"."""
    counted = Counter(term for text in texts for term in _pairs(text))
    most = max(_COMMON_LEAST, len(texts) * _COMMON_SHARE)
    return frozenset(term for term, number in counted.items() if number > most)


def _scores(rows: Sequence[str], columns: Sequence[str], common: Set[str]) -> np.ndarray:
    """Similarity of what is telling in each, 0 to 100. Sorted pairs, so that word order matters little."""
    left = [" ".join(sorted(_pairs(text) - common)) for text in rows]
    # One and the same list is compared with itself in half the time.
    right = left if columns is rows else [" ".join(sorted(_pairs(text) - common)) for text in columns]
    return process.cdist(left, right, scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=ALIKE)
