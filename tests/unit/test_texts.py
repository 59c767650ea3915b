"""Which texts are kept, and in which form."""

import pytest

from kaimen.kit.texts import BadText, MarkupInText, ReasonRequired, clean_reason, clean_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u200b保留\u200b公交\ufeff", "保留公交"),
        ("\u202e反\u2066字\u2069", "反字"),
        ("\u200b 保留 \u2060", "保留"),
        ("👩\u200d⚕️ 和 👨🏽\u200d🌾", "👩\u200d⚕️ 和 👨🏽\u200d🌾"),
        ("张\u200d三", "张三"),
        ("\u200b", ""),
        ("\u3164\u2800\u00ad", ""),
        ("？", "？"),
        ("👍", "👍"),
    ],
)
def test_what_nobody_sees_is_not_kept(typed: str, kept: str) -> None:
    assert clean_text(typed, "title") == kept


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n\t", "\x85", "\u2028", "\u2029", "\n\n"])
def test_title_is_one_line_and_a_text_has_paragraphs(end: str) -> None:
    typed = f"走进{end}消防站  2 号"
    assert clean_text(typed, "title") == "走进 消防站  2 号"
    assert clean_text(typed, "summary", most=5000) == typed


@pytest.mark.parametrize("typed", ["\u200b", "\u2066\u2069", "\u3164", "\ufe0f", " \u00ad "])
def test_text_without_anything_to_see_is_empty(typed: str) -> None:
    with pytest.raises(BadText):
        clean_text(typed, "title", least=1)
    with pytest.raises(ReasonRequired):
        clean_reason(typed)


@pytest.mark.parametrize(
    "typed",
    ["班级人数应<n", "a<b", "a < b 且 c > d", "a<b，c>d", "1<2>0", "<3", "AT&T", "x<=y", "人数<n 的班级", "<<a"],
)
def test_ordinary_signs_are_no_markup(typed: str) -> None:
    assert clean_text(typed, "text") == typed


@pytest.mark.parametrize(
    "typed",
    [
        "<b>x",
        "<B >x",
        "<br/>",
        "</b",
        "</b>",
        "<!-- x",
        "<!DOCTYPE html",
        "<?xml",
        "<img src=x onerror=alert(1)>",
        "<img src=x onerror=alert(1) ",
        "<img/src=x",
        "<svg/onload=alert(1)",
        "<x-y onclick = 1",
        "<script",
        "<SCRIPT src",
        "<iframe src",
        "<my-tag>",
        "<a\nhref='/'>",
        "<scr\u200bipt",
        "&lt;b&gt;",
        "&#60;",
        "&#x3c;b>",
        "javascript:alert(1)",
        "java\u200bscript:alert(1)",
    ],
)
def test_markup_is_refused(typed: str) -> None:
    with pytest.raises(MarkupInText):
        clean_text(typed, "text")
