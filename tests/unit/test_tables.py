import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from kaimen.kit.tables import Row, Table, TableRefusal, read_table, write_xlsx

DATA = Path(__file__).parent.parent / "data"
CREATED = datetime(2025, 8, 1, 1, 0, tzinfo=UTC)
SHEET = "xl/worksheets/sheet1.xml"


def refusal_of(data: bytes) -> TableRefusal:
    with pytest.raises(TableRefusal) as refused:
        read_table(data, "名单")
    return refused.value


def place_of(data: bytes) -> tuple[str, int | None, str | None]:
    refusal = refusal_of(data)
    return refusal.reason, refusal.row, refusal.column


def patched(old: bytes, new: bytes, part: str = SHEET) -> bytes:
    """A written file of which one part's octets are changed, as no spreadsheet program would write them."""
    source = write_xlsx("名单", ["名称", "人数"], [["参观", 20], ["座谈", 8]], CREATED)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as package, zipfile.ZipFile(buffer, "w") as changed:
        for name in package.namelist():
            octets = package.read(name)
            if name == part:
                assert old in octets
                octets = octets.replace(old, new, 1)
            changed.writestr(name, octets)
    return buffer.getvalue()


def test_csv_real_entries_keep_rows_and_cells() -> None:
    table = read_table((DATA / "open_month_entries.csv").read_bytes(), "open_month_entries.csv")
    assert table.columns == (
        "序号",
        "活动时间",
        "活动名称(主题)",
        "活动形式",
        "活动地点",
        "拟参与人数",
        "报名方式",
        "单位",
        "年份",
        "来源",
    )
    assert [row.number for row in table.rows] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert table.rows[5].cells == (
        "6",
        "8月3日下午",
        "走进进博文化展示中心",
        "参观",
        "国家会展中心（上海）办公楼1楼 进博文化展示中心",
        "",
        "",
        "青浦区人民政府",
        "2023",
        "绿色青浦 2023-08-05",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_encodings_and_delimiters_read_alike(encoding: str, delimiter: str) -> None:
    text = f'单位{delimiter}名额\r\n\r\n金泽镇{delimiter}"8-10人{delimiter}含\n候补"\r\n'
    assert read_table(text.encode(encoding), "x.txt") == Table(
        caption=(),
        header_row=1,
        columns=("单位", "名额"),
        rows=(Row(3, ("金泽镇", f"8-10人{delimiter}含\n候补")),),
    )


def test_xlsx_cells_become_text_deterministically() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("表")
        day = book.add_format({"num_format": 'm"月"d"日"'})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        clock = book.add_format({"num_format": "hh:mm"})
        sheet.write_string(0, 0, "2025年政府开放月活动安排表")
        sheet.write_row(2, 0, ["单位", "时间", "人数"])
        sheet.merge_range(3, 0, 5, 0, "金泽镇")
        sheet.write_datetime(3, 1, datetime(2025, 8, 26), day)
        sheet.write_number(3, 2, 20)
        sheet.write_datetime(4, 1, datetime(2025, 8, 26, 14, 30), instant)
        sheet.write_number(4, 2, 0.5)
        sheet.write_number(5, 1, (9 * 60 + 5) / 1440, clock)
        sheet.write_boolean(5, 2, True)
        sheet.write_string(8, 0, " =不是公式 ")
        book.add_worksheet("空")
    assert read_table(buffer.getvalue(), "x.csv") == Table(
        caption=("2025年政府开放月活动安排表",),
        header_row=3,
        columns=("单位", "时间", "人数"),
        rows=(
            Row(4, ("金泽镇", "2025-08-26", "20")),
            Row(5, ("金泽镇", "2025-08-26 14:30", "0.5")),
            Row(6, ("金泽镇", "09:05", "TRUE")),
            Row(9, ("=不是公式", "", "")),
        ),
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "-x|'/C calc'!A0", "+参观|A!1", "-A1"])
def test_csv_formula_is_refused_with_its_place(cell: str) -> None:
    assert place_of(f"单位,名额\n金泽镇,{cell}\n".encode()) == ("formula", 2, "B")


@pytest.mark.parametrize("cell", ["-", "---", "——", "+86 21 59720000", "-5", "+3.5%", "- 参观", "@青浦发布"])
def test_csv_signs_that_are_no_formula_stay(cell: str) -> None:
    assert read_table(f"单位,名额\n金泽镇,{cell}\n".encode(), "x").rows == (Row(2, ("金泽镇", cell)),)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", ("empty", None, None)),
        (b"\n , \n", ("empty", None, None)),
        (b"x" * (10 * 1024 * 1024 + 1), ("too-large", None, None)),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("unknown-format", None, None)),
        (b"%PDF-1.7", ("unknown-format", None, None)),
        (b"<html><table>", ("unknown-format", None, None)),
        ("单位,名额".encode("utf-16"), ("unknown-format", None, None)),
        (b"a,\xff\xff\xff", ("broken-file", None, None)),
        (b'a,b\n1,"open', ("broken-file", 2, None)),
        (b"a,b\n1,x\x00y\n", ("control-character", 2, "B")),
        (b"a,b\n" + b"1,2\n" * 5_000, ("too-many-rows", 5_001, None)),
        (b"a," * 256 + b"z", ("too-many-columns", 1, None)),
        (b"PK\x03\x04 not a package", ("broken-file", None, None)),
        (write_xlsx("名单", [], [], CREATED), ("empty", None, None)),
    ],
)
def test_file_that_cannot_be_taken_is_refused_with_reason_and_place(
    data: bytes, place: tuple[str, int | None, str | None]
) -> None:
    assert place_of(data) == place


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b'<c r="B2"><v>', b'<c r="B2"><f>1+1</f><v>', ("formula", 2, "B")),
        (b'<c r="B3"><v>', b'<c r="B3"><x:f t="shared"/><v>', ("formula", 3, "B")),
        (b'<c r="B3"><v>8', b'<c r="B3" t="e"><v>#REF!', ("formula", 3, "B")),
        (b'<c r="B3"><v>8</v>', b'<c r="B3" t="str"><v>_x0007_</v>', ("control-character", 3, "B")),
        (b'<c r="B3">', b'<c r="B1048576">', ("too-many-rows", 1_048_576, None)),
        (b'<c r="B3">', b'<c r="XFD3">', ("too-many-columns", 3, None)),
        (b'<c r="B3">', b"<c>", ("broken-file", None, None)),
        (b"<sheetData>", b'<!DOCTYPE x [<!ENTITY y "z">]><sheetData>', ("broken-file", None, None)),
        (b"</sheetData>", b"", ("broken-file", None, None)),
    ],
)
def test_xlsx_doctored_sheet_is_refused(old: bytes, new: bytes, place: tuple[str, int | None, str | None]) -> None:
    assert place_of(patched(old, new)) == place


def test_xlsx_that_unpacks_to_too_much_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "")
        package.writestr("xl/workbook.xml", b" " * (65 * 1024 * 1024))
    assert place_of(buffer.getvalue()) == ("zip-bomb", None, None)


def test_xlsx_one_huge_text_in_many_cells_is_refused() -> None:
    cells = b"".join(b'<c r="A%d" t="s"><v>0</v></c>' % row for row in range(4, 4004))
    data = patched(b"</sheetData>", cells + b"</sheetData>")
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(buffer, "w") as changed:
        for name in package.namelist():
            octets = package.read(name)
            if name == "xl/sharedStrings.xml":
                octets = octets.replace("名称".encode(), b"x" * 100_000)
            changed.writestr(name, octets)
    assert place_of(buffer.getvalue()) == ("zip-bomb", None, None)


def test_zip_without_a_workbook_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("readme.txt", "x")
    assert place_of(buffer.getvalue()) == ("unknown-format", None, None)


def test_xlsx_with_two_filled_sheets_is_refused() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name in ("甲", "乙"):
            book.add_worksheet(name).write_row(0, 0, ["单位", "名额"])
    assert place_of(buffer.getvalue()) == ("several-sheets", None, None)


def test_refusal_speaks_both_languages() -> None:
    refusal = refusal_of("单位,名额\n金泽镇,=1\n".encode())
    assert (refusal.zh, refusal.en) == (
        "第 2 行 B 列：像是公式，请改为文字。",
        "Row 2, column B: looks like a formula.",
    )


def test_written_sheet_reads_back_and_holds_no_formula() -> None:
    rows = [["=1+1", 3, date(2025, 8, 26)], ["https://a.example/", 0.5, CREATED], ["@x", 1, "+86 21 5972"]]
    data = write_xlsx("名单/2025", ["名称", "人数", "日期"], rows, CREATED)
    assert read_table(data, "x.xlsx") == Table(
        caption=(),
        header_row=1,
        columns=("名称", "人数", "日期"),
        rows=(
            Row(2, ("=1+1", "3", "2025-08-26")),
            Row(3, ("https://a.example/", "0.5", "2025-08-01 09:00")),
            Row(4, ("@x", "1", "+86 21 5972")),
        ),
    )
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert b"<f" not in package.read(SHEET).replace(b"<fo", b"")


def test_written_sheet_has_the_same_octets_twice() -> None:
    assert write_xlsx("名单", ["名称"], [["参观"]], CREATED) == write_xlsx("名单", ["名称"], [["参观"]], CREATED)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(str.strip)
CELLS = TEXT.filter(lambda text: bool(text) and "_x00" not in text and not set(text) & {"\ufffe", "\uffff"})


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_any_text_written_to_xlsx_reads_back(rows: list[tuple[str, str]]) -> None:
    table = read_table(write_xlsx("名单", ["甲", "乙"], rows, CREATED), "x.xlsx")
    assert table.rows == tuple(Row(number, cells) for number, cells in enumerate(rows, 2))


@settings(max_examples=300)
@given(start=st.sampled_from([b"", b"a,b\n", b"PK\x03\x04"]), data=st.binary(max_size=200))
def test_any_octets_are_read_or_refused(start: bytes, data: bytes) -> None:
    try:
        table = read_table(start + data, "x")
    except TableRefusal as refused:
        assert (refused.zh[-1], refused.en[-1]) == ("。", ".")
    else:
        assert {len(row.cells) for row in table.rows} <= {len(table.columns)}
