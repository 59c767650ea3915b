"""Chinese search without an extension: single characters and pairs as terms, a GIN index, a recheck of the phrase."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import msgspec

_RUN = re.compile(r"[㐀-鿿豈-﫿]+|[a-z0-9]+")


def search_terms(text: str) -> list[str]:
    """Sorted distinct terms of `text`: Han characters and their pairs, Latin words whole; NFKC, lower case."""
    terms: set[str] = set()
    for run in _RUN.findall(_fold(text)):
        if run[0].isascii():
            terms.add(run)
        else:
            terms.update(run)
            terms.update(first + second for first, second in pairwise(run))
    return sorted(terms)


class Part(msgspec.Struct, frozen=True):
    """A piece of a shown text; `is_match` for what was searched."""

    text: str
    is_match: bool = False


def search_words(text: str) -> list[str]:
    """What must all occur in a hit: the parts of `text` between spaces, NFKC, lower case."""
    return list(dict.fromkeys(_fold(text).split()))


def mark(text: str, words: Iterable[str]) -> tuple[Part, ...]:
    """`text` in pieces, every occurrence of one of the `words` (from `search_words`) a match."""
    folded, places = _fold_with_places(text)
    is_hit = [False] * len(text)
    for word in words:
        at = folded.find(word)
        while at >= 0:
            for place in places[at : at + len(word)]:
                is_hit[place] = True
            at = folded.find(word, at + 1)
    runs = groupby(zip(text, is_hit, strict=True), key=lambda pair: pair[1])
    return tuple(Part("".join(char for char, _ in run), hit) for hit, run in runs)


def snippet(text: str, words: Sequence[str], length: int = 80) -> tuple[Part, ...]:
    """At most `length` characters of `text` from a little before the first match on, on one line, marked."""
    line = " ".join(text.split())
    folded, places = _fold_with_places(line)
    first = min((at for word in words if (at := folded.find(word)) >= 0), default=0)
    start = max(0, min(places[first] - length // 4, len(line) - length)) if line else 0
    cut = line[start : start + length]
    before, after = "…" if start else "", "…" if start + length < len(line) else ""
    return tuple(part for part in (Part(before), *mark(cut, words), Part(after)) if part.text)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _fold_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in `text` that it comes from."""
    folded = [_fold(char) for char in text]
    return "".join(folded), [place for place, chars in enumerate(folded) for _ in chars]
