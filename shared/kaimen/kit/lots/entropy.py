"""Public numbers as one exact text, and what is expanded from it. After RFC 3797 section 4, with SHA-256 for MD5."""

import re
from collections.abc import Iterator, Mapping, Sequence

from kaimen.kit.lots.canonical import digest
from kaimen.kit.lots.exceptions import BadEntropy
from kaimen.kit.lots.rules import Form, Source

_NUMBER = "(?:0|[1-9][0-9]*)"
FORMS: dict[Form, re.Pattern[str]] = {
    "sorted-ints": re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*"),
    "ints": re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*"),
    "decimal2": re.compile(rf"{_NUMBER}\.[0-9]{{2}}"),
    "hex": re.compile("[0-9a-f]+"),
    "digits": re.compile("[0-9]+"),
}
WORD = 2**64


def entropy_text(sources: Sequence[Source], values: Mapping[str, str | Sequence[int]]) -> str:
    """ "id=value/" for each source in order; a missing source is replaced by the first of its fallbacks with a value.

    Integers may come as a sequence: in order for `ints`, in any order for `sorted-ints`. A text must already be of
    its form. Raises BadEntropy for a value of the wrong form, of no source, or none where one is needed.
    """
    by_id = {source.id: source for source in sources}
    texts = {}
    for given, value in values.items():
        if given not in by_id:
            raise BadEntropy(given, "不是规则所列的随机源", "not a source of the rules")
        texts[given] = value_text(by_id[given], value)
    stand_ins = {other for source in sources for other in source.fallback}
    parts = []
    for source in sources:
        if source.id in stand_ins:
            continue
        used = next((name for name in (source.id, *source.fallback) if name in texts), None)
        if used is None:
            raise BadEntropy(source.id, "尚无结果，候补源也没有", "no value, and none of its stand-ins has one")
        parts.append(f"{used}={texts[used]}/")
    return "".join(parts)


def value_text(source: Source, value: str | Sequence[int]) -> str:
    """One value in its source's form. Raises BadEntropy."""
    if isinstance(value, str):
        text = value
    else:
        ordered = sorted(value) if source.form == "sorted-ints" else value
        text = ".".join(map(str, ordered))
    if not FORMS[source.form].fullmatch(text):
        raise BadEntropy(source.id, f"“{text}”不符合格式 {source.form}", f"“{text}” is not of the form {source.form}")
    # By length first: numbers of any size, without reading them.
    numbers = [(len(number), number) for number in text.split(".")]
    if source.form == "sorted-ints" and numbers != sorted(numbers):
        raise BadEntropy(source.id, f"“{text}”未按升序", f"“{text}” is not in ascending order")
    return text


def below(limit: int, seed: str, purpose: str) -> int:
    """An unbiased integer in [0, limit): the first accepted 64-bit word of H("prf", seed, purpose, 0), …, mod limit."""
    accepted = WORD - WORD % limit
    return next(word for word in _words(seed, purpose) if word < accepted) % limit


def _words(seed: str, purpose: str) -> Iterator[int]:
    block = 0
    while True:
        octets = bytes.fromhex(digest("prf", seed, purpose, block))
        for start in range(0, len(octets), 8):
            yield int.from_bytes(octets[start : start + 8], "big")
        block += 1
