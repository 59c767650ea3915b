"""What in a text is told as somebody's number, however it is written, and what is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaimen.kit.people import personal_data

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BETWEEN = st.text("  \t-–.·,，/_()（）\u200b\u2060\ufeff", max_size=3)
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def _with_check_digit(digits: str) -> str:
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]


_ID_NUMBERS = st.builds(
    lambda region, born, order: _with_check_digit(f"{region}{born:%Y%m%d}{order:03}"),
    st.integers(110000, 659999),
    st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)),
    st.integers(0, 999),
)


@pytest.mark.parametrize(
    "text",
    [
        "电话138.1234.5678。",
        "(138)12345678",
        "138,1234,5678",
        "138·1234·5678",
        "138/1234/5678",
        "138_1234_5678",
        "138   1234   5678",
        "138 - 1234 - 5678",
        "１３８．１２３４．５６７８",
        "138\u200b1234\u200b5678",
        "1\u200b3\u200b8\u200b1\u200b2\u200b3\u200b4\u200b5\u200b6\u200b7\u200b8",
        "1\ufe0f\u20e338\ufe0f\u20e312345678",
        "1.3.8.1.2.3.4.5.6.7.8",
        "+86 (138) 1234-5678",
        "0086-138-1234-5678",
        "008613812345678",
        "2026-11-29 13812345678",
        "138\n1234\n5678",
    ],
)
def test_mobile_number_is_told(text: str) -> None:
    assert personal_data(text) == "mobile_number"


@pytest.mark.parametrize(
    "text",
    [
        "310118.19900307.1238",
        "310118/19900307/1238",
        "310118（19900307）1238",
        "310118   19900307   1238",
        "310118,19900307,1238",
        "310118\u200b199003071238",
        "３１０１１８・１９９００３０７・１２３８",
        "2026-11-29 310118199003071238",
    ],
)
def test_identity_number_is_told(text: str) -> None:
    assert personal_data(text) == "id_number"


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"), _BETWEEN, _BETWEEN, st.booleans())
def test_mobile_number_is_told_whatever_stands_between(number: str, first: str, second: str, wide: bool) -> None:
    written = f"{number[:3]}{first}{number[3:7]}{second}{number[7:]}"
    assert personal_data(f"请打{written.translate(_WIDE) if wide else written}。") == "mobile_number"


@given(_ID_NUMBERS, st.lists(_BETWEEN, min_size=18, max_size=18), st.booleans())
def test_identity_number_is_told_whatever_stands_between(number: str, between: list[str], wide: bool) -> None:
    written = "".join(f"{gap}{digit}" for gap, digit in zip(between, number, strict=True))
    assert personal_data(f"证号{written.translate(_WIDE) if wide else written}。") == "id_number"


@pytest.mark.parametrize(
    "text",
    [
        "2026.11.29",
        "2026-11-29 13:00",
        "2026/11/29 至 2026/12/31",
        "1,380,000",
        "13,800,000,000 元",
        "150,000,000.00",
        "青府办发〔2022〕28号",
        "13, 15, 18, 12, 34",
        "13, 15, 18, 12, 34, 5",
        "1, 3, 5, 7, 9, 2, 4, 6, 8, 1, 3",
        "13.5 15.8 16.2 14.15",
        "13, 15, 18, 12, 34, 56, 78, 90, 12",
        "第3.1.2条、第15条",
    ],
)
def test_ordinary_numbers_are_nobodys(text: str) -> None:
    assert personal_data(text) is None


@given(st.dates(), st.sampled_from(".-/年"), st.integers(0, 10**10 - 1))
def test_dates_and_amounts_are_nobodys(day: date, mark: str, amount: int) -> None:
    assert personal_data(f"{f'{day:%Y-%m-%d}'.replace('-', mark)}，共{amount:,}元") is None
