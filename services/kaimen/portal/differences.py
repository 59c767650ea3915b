"""Two texts side by side, word by word; and words that are marked in a text."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

import msgspec

from kaimen.portal.outcome_answers import Side

_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？\n]*|[。；！？\n]+")
_WORD = re.compile(r"[A-Za-z0-9]+(?:[.,%‰][0-9]+)*|\s+|.", re.DOTALL)
_MOST_WORDS = 1_500
"""Of a stretch that is compared word by word; longer ones are shown as exchanged whole."""
_LEAST_EQUAL = 2
"""Single equal characters between two changes only chop the text up."""


class Piece(msgspec.Struct, frozen=True):
    """A stretch of a text: `same` in both, or only in this one."""

    text: str
    same: bool


Pieces = tuple[Piece, ...]


class Compared(msgspec.Struct, frozen=True):
    """A passage of the draft beside that of the document."""

    side: Side
    before: Pieces
    after: Pieces

    @property
    def is_changed(self) -> bool:
        return not all(piece.same for piece in (*self.before, *self.after))


@lru_cache(maxsize=512)
def compare(before: str, after: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces. Sentences that did not change are found first; the rest is compared by words."""
    left: list[Piece] = []
    right: list[Piece] = []
    one, other = _SENTENCE.findall(before), _SENTENCE.findall(after)
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            text = "".join(one[a:b])
            left.append(Piece(text, True))
            right.append(Piece(text, True))
            continue
        some, more = _by_words("".join(one[a:b]), "".join(other[c:d]))
        left += some
        right += more
    return _joined(left), _joined(right)


def compare_sides(sides: Iterable[Side]) -> list[Compared]:
    """Every passage of a report, compared."""
    found = []
    for side in sides:
        before, after = compare(side.before or "", side.after or "")
        found.append(Compared(side, before, after))
    return found


def marked(text: str, words: Sequence[str]) -> Pieces:
    """The text with what stands in `words` as the pieces that are not `same`."""
    wanted = [re.escape(word) for word in sorted(words, key=len, reverse=True) if word]
    if not wanted:
        return (Piece(text, True),)
    parts = re.split(f"({'|'.join(wanted)})", text)
    return tuple(Piece(part, place % 2 == 0) for place, part in enumerate(parts) if part)


def _by_words(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    one, other = _WORD.findall(before), _WORD.findall(after)
    if not one or not other or max(len(one), len(other)) > _MOST_WORDS:
        return [Piece(before, False)], [Piece(after, False)]
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        same = tag == "equal" and (b - a >= _LEAST_EQUAL or a == 0 or b == len(one))
        left.append(Piece("".join(one[a:b]), same))
        right.append(Piece("".join(other[c:d]), same))
    return left, right


def _joined(pieces: Iterable[Piece]) -> Pieces:
    """Neighbours of one kind as one piece, empty ones left out."""
    found: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if found and found[-1].same == piece.same:
            found[-1] = Piece(found[-1].text + piece.text, piece.same)
        else:
            found.append(piece)
    return tuple(found)
