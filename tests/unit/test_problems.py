"""Malformed input is explained in both languages."""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from litestar import Request
from litestar.exceptions import ValidationException

from kaimen.adoption.app.views import _fault
from kaimen.adoption.domain.refusals import PersonalDataInText
from kaimen.kit.problems import HANDLERS, Malformed, malformed, problem_of


class Colour(Enum):
    RED = "red"


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    a: int


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        (str, b"5", "应为文字，而不是整数"),
        (int, b'"5"', "应为整数，而不是文字"),
        (int, b"5.5", "应为整数，而不是小数"),
        (int | None, b"[]", "应为整数或空值，而不是列表"),
        (bool, b"{}", "应为布尔值（true 或 false），而不是对象"),
        (Annotated[str, msgspec.Meta(max_length=2)], b'"abc"', "文字长度最多为 2"),
        (Annotated[list[int], msgspec.Meta(min_length=1)], b"[]", "列表长度至少为 1"),
        (Annotated[int, msgspec.Meta(ge=1)], b"0", "整数应 >= 1"),
        (Annotated[int, msgspec.Meta(le=9)], b"10", "整数应 <= 9"),
        (Annotated[str, msgspec.Meta(pattern="^a$")], b'"b"', "文字应符合格式 '^a$'"),
        (Strict, b"{}", "缺少必填字段 a"),
        (Strict, b'{"a":1,"b":2}', "不认识字段 b"),
        (Colour, b'"blue"', "不允许的取值 'blue'"),
        (Literal["x"], b'"y"', "不允许的取值 'y'"),
        (date, b'"2026-02-30"', "日期无效，应为 2026-01-31 的形式"),
        (datetime, b'"x"', "时刻无效，应为 2026-01-31T09:00:00+08:00 的形式"),
        (Annotated[datetime, msgspec.Meta(tz=True)], b'"2026-01-31T09:00:00"', "时刻应带时区"),
        (UUID, b'"x"', "UUID 无效"),
        (Decimal, b'"x"', "小数无效"),
        (int, b"hello", "不是合法的 JSON"),
        (int, b"", "内容不完整"),
    ],
)
def test_what_msgspec_says_is_said_in_chinese(wanted: Any, given: bytes, said: str) -> None:
    with pytest.raises(msgspec.DecodeError) as no:
        msgspec.json.decode(given, type=wanted)
    problem = problem_of(malformed(no.value))
    assert problem.detail == f"提交的内容不符合格式要求：{said}"
    assert problem.detail_en == f"The input does not have the required form: {str(no.value).partition(' - at ')[0]}"


def test_field_of_a_nested_fault_keeps_its_name_and_says_why_in_both_languages() -> None:
    with pytest.raises(msgspec.DecodeError) as no:
        msgspec.json.decode(b'[{"a":"x"}]', type=list[Strict])
    (fault,) = problem_of(malformed(no.value)).errors
    assert fault["field"] == "[0].a"
    assert fault["detail"].endswith("应为整数，而不是文字")
    assert fault["detail_en"].endswith("Expected `int`, got `str`")


def _answer(raised: ValidationException) -> dict[str, Any]:
    asked = Request({"type": "http"})  # type: ignore[arg-type]
    return msgspec.json.decode(HANDLERS[ValidationException](asked, raised).content)


def test_faults_of_the_query_are_said_in_chinese() -> None:
    missing = _answer(ValidationException("Missing required query parameter 'year' for path /api/x/v1/y?z=1"))
    assert missing["detail"] == "提交的内容不符合格式要求：缺少必填的查询参数 year"
    wrong = _answer(ValidationException("Validation failed", extra=[{"key": "day", "message": "Invalid UUID"}]))
    assert wrong["errors"] == [
        {"field": "day", "detail": "此项不符合要求（UUID 无效）", "detail_en": "Invalid UUID"},
    ]
    assert not re.search("Invalid", wrong["detail"])


@pytest.mark.parametrize("what", ["cursor", "date", "NUL", "not UTF-8", "a file is needed", "instant with offset"])
def test_words_of_the_services_are_said_in_chinese(what: str) -> None:
    problem = problem_of(Malformed(what=what))
    assert what in problem.detail_en
    assert what not in problem.detail.replace("NUL 字符", "")


def test_what_nobody_translated_is_quoted() -> None:
    problem = problem_of(Malformed(what="Something {odd}"))
    assert problem.detail == "提交的内容不符合格式要求：Something {odd}"


def test_fault_of_a_draft_has_the_type_that_its_refusal_will_have() -> None:
    no = PersonalDataInText(what="手机号", what_en="mobile phone number", field="summary")
    assert _fault(no).type == problem_of(no).type == "/problems/adoption.personal-data-in-text"
