"""What is marked in a text that was found, and which part of it is shown."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kaimen.kit.search import Part, mark, search_words, snippet

TEXTS = st.text(max_size=200)


def hits(parts: tuple[Part, ...]) -> list[str]:
    return [part.text for part in parts if part.is_match]


def test_words_are_parted_by_spaces_of_any_width_and_folded() -> None:
    assert search_words(" 公园路　ＡＢ２ ab2 ") == ["公园路", "ab2"]


def test_every_occurrence_is_marked_also_in_another_width_or_case() -> None:
    assert hits(mark("ABC会议与ａｂｃ会议", ["abc"])) == ["ABC", "ａｂｃ"]
    assert hits(mark("听证听证听证", ["听证听"])) == ["听证听证听"]
    assert hits(mark("绿地", ["水"])) == []


def test_character_that_folds_to_several_is_marked_whole() -> None:
    assert hits(mark("第㈱条", ["(株)"])) == ["㈱"]
    assert hits(mark("第㈱条", ["株"])) == ["㈱"]


@given(TEXTS, st.lists(TEXTS.filter(bool), max_size=4))
def test_pieces_are_the_text_and_marked_ones_hold_a_word(text: str, given_words: list[str]) -> None:
    words = [word for each in given_words for word in search_words(each)]
    parts = mark(text, words)
    assert "".join(part.text for part in parts) == text
    assert all(first.is_match != second.is_match for first, second in pairwise(parts))
    assert all(any(word in "".join(search_words(hit)) for word in words) for hit in hits(parts) if hit.isalnum())


def test_snippet_begins_a_little_before_the_first_match() -> None:
    text = "前" * 200 + "听证会" + "后" * 200
    parts = snippet(text, ["听证会"])
    shown = "".join(part.text for part in parts)
    assert (shown[0], shown[-1], len(shown)) == ("…", "…", 82)
    assert hits(parts) == ["听证会"]
    assert shown.index("听证会") == 21


def test_snippet_of_a_short_text_is_all_of_it_on_one_line() -> None:
    assert snippet("一\n二  三", ["三"]) == (Part("一 二 "), Part("三", True))
    assert snippet("", ["三"]) == ()
    assert snippet("没有", ["三"]) == (Part("没有"),)
