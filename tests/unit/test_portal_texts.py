"""What the portal makes of texts: passages of a draft, differences between two, bars."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar.datastructures import FormMultiDict

from kaimen.portal.adoption_answers import Passage
from kaimen.portal.answers import FieldFault
from kaimen.portal.bars import Shape, clock_bar, tally_bar
from kaimen.portal.consultation_form import join_passages, read_channels, split_passages
from kaimen.portal.differences import Piece, compare, compare_sides, marked
from kaimen.portal.outcome_answers import Clock, PublishedReport, Side, Tally
from kaimen.portal.outcomes import GROUPS, ReportPage
from kaimen.portal.rendering import catalogue, phrase
from kaimen.portal.report_form import body_of, placed, read_form, with_draft

ARTICLES = """总则在前。
第一条　学区按道路划分。
每年公布。

第二条 自发布之日起施行。"""


def test_draft_is_cut_at_its_articles() -> None:
    assert split_passages(ARTICLES) == [
        {"key": "1", "heading": "", "text": "总则在前。"},
        {"key": "2", "heading": "第一条", "text": "学区按道路划分。\n每年公布。"},
        {"key": "3", "heading": "第二条", "text": "自发布之日起施行。"},
    ]


def test_draft_without_articles_is_cut_at_blank_lines() -> None:
    cut = split_passages("一、背景。\n续。\n\n\n二、内容。\n")
    assert [each["text"] for each in cut] == ["一、背景。\n续。", "二、内容。"]
    assert split_passages(" \n ") == []


def test_article_that_is_only_mentioned_begins_nothing() -> None:
    assert len(split_passages("第一条　依照第三条办理。\n按本办法第二条执行。")) == 1


@pytest.mark.parametrize("text", [ARTICLES, "一段。\n\n另一段。"])
def test_draft_is_the_same_after_joining_and_cutting(text: str) -> None:
    once = split_passages(text)
    assert split_passages(join_passages(Passage(**each) for each in once)) == once


def test_channels_are_read_with_their_days_and_a_wrong_line_is_named() -> None:
    found, faults = read_channels("报刊 | 青浦报 | 第三版 | 2026-03-02 | 2026-03-09\n政府网站\n广场 | 栏")
    assert found == [
        {"channel": "newspaper", "name": "青浦报", "place": "第三版", "from_on": "2026-03-02", "to_on": "2026-03-09"},
        {"channel": "website", "name": "", "place": "", "from_on": None, "to_on": None},
    ]
    assert [(fault.field, "第 3 行" in fault.detail) for fault in faults] == [("channels", True)]


def text_of(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("学区按道路划分。每年公布。", "学区按小区划分。每年公布。"),
        ("", "新增一条。"),
        ("删去一条。", ""),
        ("同样的话。", "同样的话。"),
        ("甲" * 3000, "乙" * 3000),
        ("在2026年5月前公布", "在2027年5月前公布"),
    ],
)
def test_pieces_are_the_whole_of_both_texts(before: str, after: str) -> None:
    left, right = compare(before, after)
    assert (text_of(left), text_of(right)) == (before, after)
    assert text_of(tuple(p for p in left if p.same)) == text_of(tuple(p for p in right if p.same))


def test_difference_is_told_word_by_word() -> None:
    left, right = compare("学区按道路划分，每年公布。", "学区按小区划分，每年公布。")
    assert [piece.text for piece in left if not piece.same] == ["道路"]
    assert [piece.text for piece in right if not piece.same] == ["小区"]
    left, right = compare("在2026年前公布", "在2027年前公布")
    assert [piece.text for piece in right if not piece.same] == ["2027"]


def test_side_that_is_new_or_gone_is_changed() -> None:
    def side(before: str | None, after: str | None) -> Side:
        return Side(key="1", heading="", before=before, after=after, groups=(), note="")

    compared = compare_sides([side(None, "新"), side("旧", None), side("同", "同")])
    assert [each.is_changed for each in compared] == [True, True, False]


def test_shared_words_are_marked_wherever_they_stand() -> None:
    assert marked("按小区划分，小区要完整", ["小区", "按小区"]) == (
        Piece("按小区", False),
        Piece("划分，", True),
        Piece("小区", False),
        Piece("要完整", True),
    )
    assert marked("没有", []) == (Piece("没有", True),)


def test_tally_bar_fills_its_width_in_order() -> None:
    bar = tally_bar(Tally(received=4, adopted=1, not_adopted=2, withdrawn=1))
    assert bar.shapes == (Shape("adopted", 0, 25), Shape("not_adopted", 25, 50), Shape("withdrawn", 75, 25))
    assert tally_bar(Tally()).shapes == ()


def clock(**changes: object) -> Clock:
    given: dict[str, object] = {
        "kind": "report", "state": "running", "unit": "区教育局", "title": "方案", "document_no": "", "url": "",
        "started_on": date(2026, 7, 1), "working_days": 10, "due_on": date(2026, 7, 15), "provisional": False,
        "not_before": date(2026, 7, 15), "original_due_on": date(2026, 7, 15), "suspensions": (), "days_left": 4,
        "late_days": 0, "met_on": None, "breached_on": None, "counted": (), "version": 1,
    }  # fmt: skip
    return Clock(**{**given, "id": None, "catalogue_item": None, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "gone", "left", "late"),
    [
        ({}, 6, 4, 0),
        ({"days_left": 25}, 0, 10, 0),
        ({"days_left": -3, "late_days": 3, "state": "breached"}, 10, 0, 3),
        ({"days_left": None, "late_days": 40, "state": "met_late", "met_on": date(2026, 9, 9)}, 10, 0, 10),
        ({"days_left": None, "met_on": date(2026, 7, 3), "counted": (date(2026, 7, 2), date(2026, 7, 3))}, 2, 8, 0),
    ],
)
def test_clock_bar_has_a_box_for_each_day(changes: dict[str, object], gone: int, left: int, late: int) -> None:
    names = [shape.name for shape in clock_bar(clock(**changes)).shapes]
    assert names == ["gone"] * gone + ["left"] * left + ["late"] * late


def test_passage_that_is_left_empty_with_a_note_is_said_to_be_deleted() -> None:
    typed = {
        "f_rows": "3",
        "f0_key": "1",
        "f0_draft": "留下。",
        "f1_key": "2",
        "f1_draft": "删去。",
        "f1_note": "另行规定。",
    }
    filled = with_draft(read_form(FormMultiDict(typed)))
    body, faults = body_of(filled)
    assert faults == []
    assert [(each["key"], each["text"], each["note"]) for each in body["final"]] == [
        ("1", "留下。", ""),
        ("2", "", "另行规定。"),
    ]
    at_field = placed([FieldFault("final[1].text", "错", "wrong")], filled)
    assert [fault.field for fault in at_field] == ["f1_text"]


def report_of(groups: int) -> PublishedReport:
    consultation = str(UUID(int=1))
    line = {
        "id": consultation, "title": "征求意见", "opens_on": "2026-09-01", "closes_on": "2026-10-08",
        "shortened_reason": "", "extensions": (), "received": groups, "page": "/consultations/1",
    }  # fmt: skip
    said = [
        {
            "id": str(UUID(int=100 + no)), "no": no, "consultation_id": consultation, "summary": "说的", "passage": "",
            "size": 1, "concentrated": no == groups, "outcome": "adopted", "reason": "", "change": None, "channels": {},
        }
        for no in range(1, groups + 1)
    ]  # fmt: skip
    report = {
        "report_id": str(UUID(int=2)), "number": 1, "unit": "区教育局", "catalogue_item": None, "title": "报告",
        "dropped": False, "basis": "", "summary": "", "correction": "", "consultations": [line], "participations": (),
        "channels": (), "tally": {}, "rule": {"least": 3, "share": 0.05}, "groups": said, "passages": (),
        "final_url": "", "document_title": "", "document_no": "", "issued_on": None, "due_on": None,
        "published_at": None,
    }  # fmt: skip
    return msgspec.convert(report, PublishedReport)


@pytest.mark.parametrize(("groups", "pages"), [(0, 1), (1, 1), (GROUPS, 1), (GROUPS + 1, 2), (3 * GROUPS, 3)])
def test_each_group_of_a_report_is_on_the_page_to_which_its_link_leads(groups: int, pages: int) -> None:
    report, bar = report_of(groups), tally_bar(Tally())

    def page(number: int) -> ReportPage:
        return ReportPage(
            report=report, bar=bar, compared=[], clock=None, consultations={}, path="/outcomes/2", version=3,
            wanted=number,
        )  # fmt: skip

    assert page(1).pages == pages
    assert page(pages + 7).groups == page(pages).groups
    shown = {f"group-{each.no}": number for number in range(1, pages + 1) for each in page(number).groups}
    assert len(shown) == groups
    assert page(1).groups[:1] == report.ordered_groups[:1]
    for number in range(1, pages + 1):
        for anchor, link in page(number).links.items():
            there = "" if shown[anchor] == number else page(number).address(shown[anchor])
            assert link == f"{there}#{anchor}"
    assert page(1).address(1) == "/outcomes/2?version=3"
    assert page(1).address(2) == "/outcomes/2?version=3&groups=2"


@pytest.mark.parametrize(
    ("language", "message", "values", "said"),
    [
        ("en", "收到 %(n)s 条意见", {"n": 0}, "0 opinions received"),
        ("en", "收到 %(n)s 条意见", {"n": 1}, "1 opinion received"),
        ("en", "收到 %(n)s 条意见", {"n": 2}, "2 opinions received"),
        ("en", "收到 %(n)s 条意见", {"n": "1"}, "1 opinions received"),
        ("en", "收到 %(n)s 条", {"n": 1}, "1 received"),
        ("zh", "收到 %(n)s 条意见", {"n": 1}, "收到 1 条意见"),
    ],
)
def test_sentence_fits_its_number(language: str, message: str, values: dict[str, Any], said: str) -> None:
    assert phrase(catalogue(language), message, values) % values == said
