"""Chinese search without an extension: single characters and pairs as terms, a GIN index, a recheck of the phrase."""

import re
import unicodedata
from itertools import pairwise

_RUN = re.compile(r"[㐀-鿿豈-﫿]+|[a-z0-9]+")


def search_terms(text: str) -> list[str]:
    """Sorted distinct terms of `text`: Han characters and their pairs, Latin words whole; NFKC, lower case."""
    terms: set[str] = set()
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0].isascii():
            terms.add(run)
        else:
            terms.update(run)
            terms.update(first + second for first, second in pairwise(run))
    return sorted(terms)
