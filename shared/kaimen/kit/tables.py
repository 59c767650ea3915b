"""Spreadsheets in and out: an uploaded XLSX or CSV becomes rows of plain text, or is refused with its place.

What a file is, is told by its octets, never by its name. No formula is ever read or written.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import python_calamine
import xlsxwriter

ZONE: Final = ZoneInfo("Asia/Shanghai")
MAX_OCTETS: Final = 10 * 1024 * 1024
MAX_UNPACKED_OCTETS: Final = 64 * 1024 * 1024
MAX_TEXT_OCTETS: Final = 256 * 1024 * 1024
MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 256

Reason = Literal[
    "too-large",
    "broken-file",
    "unknown-format",
    "formula",
    "control-character",
    "too-many-rows",
    "too-many-columns",
    "several-sheets",
    "zip-bomb",
    "empty",
]


class Row(NamedTuple):
    """One row under the header. `number` is the row's number in the spreadsheet, counted from 1."""

    number: int
    cells: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A read sheet. Every row has as many cells as there are columns; wholly empty rows are left out.

    The header is the first row with at least two filled cells (or the first filled row of a one-column
    sheet); `caption` holds what stands above it. Dates read `2025-08-26`, instants `2025-08-26 14:00`,
    times `14:00`, whole numbers without a decimal point.
    """

    caption: tuple[str, ...]
    header_row: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class TableRefusal(Exception):
    """A file that is not taken. `row` counts from 1, `column` is the spreadsheet's letter; None: whole file."""

    def __init__(self, reason: Reason, row: int | None, column: str | None, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason: Reason = reason
        self.row = row
        self.column = column
        self.zh = zh
        self.en = en


def read_table(data: bytes, filename: str, *, max_rows: int = MAX_ROWS) -> Table:
    """The one sheet of an XLSX file, or a CSV file in UTF-8 or GB18030. `filename` is only for messages.

    Raises TableRefusal.
    """
    if len(data) > MAX_OCTETS:
        raise _refusal("too-large", f"{filename} 超过 10 MB", f"{filename} is larger than 10 MB")
    if not data.strip():
        raise _refusal("empty", f"{filename} 是空文件", f"{filename} is empty")
    if data.startswith(b"PK\x03\x04"):
        lines = _read_xlsx(data, filename, max_rows)
    elif data.startswith(_FOREIGN_MAGIC):
        raise _refusal("unknown-format", f"{filename} 不是 XLSX 或 CSV 文件", f"{filename} is neither XLSX nor CSV")
    else:
        lines = _read_csv(data, filename, max_rows)
    return _as_table(lines, filename)


def write_xlsx(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | int | float | date | None]],
    created_at: datetime,
) -> bytes:
    """One sheet with a frozen header row. Text stays text, whatever it begins with; dates stay dates.

    Aware instants are written as wall clock time of Asia/Shanghai, since a cell has no zone.

    The same arguments give the same octets: the file's creation time is `created_at`.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": created_at.replace(tzinfo=None)})
        sheet = book.add_worksheet(_sheet_name(title))
        header = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for column, name in enumerate(columns):
            sheet.write_string(0, column, name, header)
        sheet.freeze_panes(1, 0)
        for number, cells in enumerate(rows, 1):
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, _wall_clock(cell), instant)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, column, datetime.combine(cell, time()), day)
                elif isinstance(cell, int | float):
                    sheet.write_number(number, column, cell)
                elif cell:
                    sheet.write_string(number, column, _XML_FORBIDDEN.sub("", cell))
    return buffer.getvalue()


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with a mark, so that spreadsheet programs read it; None is empty, and what a program would take for a
    formula begins with an apostrophe."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(columns)
    table.writerows([_harmless("" if cell is None else str(cell)) for cell in cells] for cells in rows)
    return written.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


_FOREIGN_MAGIC = (
    b"\xd0\xcf\x11\xe0",  # the older XLS
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"<",
    b"{\\rtf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"SQLite",
    b"\x7fELF",
    b"BEGIN:VCALENDAR",
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|_x00(?:0[0-8bcBCefEF]|1[0-9a-fA-F])_")
_XML_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHARED_TEXT_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?si>")
_FORMULA = re.compile(rb"""<(?:[A-Za-z_][\w.-]*:)?f[\s/>]|<(?:[A-Za-z_][\w.-]*:)?c\s[^>]*\bt=["']e["']""")
_FILLED_CELL = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?c(?:\s[^>]*)?(?<!/)>")
_VALUE_CELL = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?c(\s[^>]*)?(?<!/)>\s*<(?:[A-Za-z_][\w.-]*:)?v>([^<]*)<")
_CELL_TYPE = re.compile(rb"""\bt=["'](\w+)["']""")
_REFERENCE = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")
_NUMBER = re.compile(r"[+-]\s?(?:\d[\d,]*)?\.?\d+%?")
_PHONE = re.compile(r"\+\d[\d -]{5,}")


def _refusal(reason: Reason, zh: str, en: str, row: int | None = None, column: str | None = None) -> TableRefusal:
    return TableRefusal(reason, row, column, f"{zh}。", f"{en}.")


def _refusal_at(reason: Reason, row: int, column: str, zh: str, en: str) -> TableRefusal:
    return _refusal(reason, f"第 {row} 行 {column} 列：{zh}", f"Row {row}, column {column}: {en}", row, column)


def _read_xlsx(data: bytes, filename: str, max_rows: int) -> list[list[str]]:
    broken = _refusal("broken-file", f"{filename} 已损坏，无法打开", f"{filename} is damaged and cannot be opened")
    try:
        _inspect_package(data, filename, max_rows)
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return _only_sheet(book, filename, max_rows)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, python_calamine.CalamineError) as error:
        raise broken from error
    except (
        EOFError,
        KeyError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise broken from error


def _inspect_package(data: bytes, filename: str, max_rows: int) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = package.namelist()
        if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
            raise _refusal("unknown-format", f"{filename} 不是 XLSX 文件", f"{filename} is no XLSX file")
        if sum(part.file_size for part in package.infolist()) > MAX_UNPACKED_OCTETS or len(names) > 1_000:
            raise _refusal("zip-bomb", f"{filename} 解压后过大", f"{filename} unpacks to too much")
        sheets: list[bytes] = []
        lengths: list[int] = []
        for name in names:
            if not name.lower().endswith((".xml", ".rels")):
                continue
            part = package.read(name)
            if b"\x00" in part or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
                raise zipfile.BadZipFile("a part is not plain UTF-8 XML")
            if b"sheetData" in part:
                sheets.append(part)
            elif b"sst" in part:
                lengths = [len(text) for text in _SHARED_TEXT_END.split(part)]
    for part in sheets:
        _inspect_sheet(part, lengths, filename, max_rows)


def _inspect_sheet(part: bytes, lengths: Sequence[int], filename: str, max_rows: int) -> None:
    formula = _FORMULA.search(part)
    if formula is not None:
        references = _REFERENCE.findall(part, 0, part.find(b">", formula.start()) + 1)
        letters, row = references[-1] if references else (b"A", b"1")
        raise _refusal_at(
            "formula",
            int(row),
            letters.decode(),
            "含有公式，请粘贴为数值",
            "contains a formula; paste values",
        )
    cells = 0
    for cell in _FILLED_CELL.finditer(part):
        cells += 1
        reference = _REFERENCE.search(cell[0])
        # A cell without its address is put by counting, which no bound here would see.
        if reference is None:
            raise zipfile.BadZipFile("a cell has no address")
        _check_extent(int(reference[2]), _column_number(reference[1].decode()), filename, max_rows)
    if _unpacked_text(part, cells, lengths) > MAX_TEXT_OCTETS:
        raise _refusal("zip-bomb", f"{filename} 解压后过大", f"{filename} unpacks to too much")


def _unpacked_text(part: bytes, cells: int, lengths: Sequence[int]) -> int:
    """At most how many octets of text the cells will hold: one shared text may stand in every cell. A cell of which
    this is not plain counts as the longest one."""
    octets = plain = 0
    for attributes, value in _VALUE_CELL.findall(part):
        kind = _CELL_TYPE.search(attributes)
        if kind is None:
            plain += 1
        elif kind[1] == b"s" and value.isdigit() and int(value) < len(lengths):
            plain += 1
            octets += lengths[int(value)]
    return octets + (cells - plain) * max(lengths, default=1)


def _check_extent(row: int, columns: int, filename: str, max_rows: int) -> None:
    if row > max_rows:
        words = f"{filename} 超过 {max_rows} 行", f"{filename} has more than {max_rows:,} rows"
        raise _refusal("too-many-rows", *words, row)
    if columns > MAX_COLUMNS:
        raise _refusal("too-many-columns", f"{filename} 超过 256 列", f"{filename} has more than 256 columns", row)


def _only_sheet(book: python_calamine.CalamineWorkbook, filename: str, max_rows: int) -> list[list[str]]:
    filled: list[list[list[str]]] = []
    for sheet in book.sheets_metadata:
        if sheet.visible is not python_calamine.SheetVisibleEnum.Visible:
            continue
        if sheet.typ is not python_calamine.SheetTypeEnum.WorkSheet:
            continue
        lines = _sheet_lines(book.get_sheet_by_name(sheet.name), filename, max_rows)
        if any(cell for line in lines for cell in line):
            filled.append(lines)
    if len(filled) > 1:
        raise _refusal(
            "several-sheets",
            f"{filename} 有多张工作表含内容，请只保留一张",
            f"{filename} has several filled sheets; keep one",
        )
    return filled[0] if filled else []


def _sheet_lines(sheet: python_calamine.CalamineSheet, filename: str, max_rows: int) -> list[list[str]]:
    if sheet.end is not None:
        _check_extent(sheet.end[0] + 1, sheet.end[1] + 1, filename, max_rows)
    lines = [[_cell_text(cell) for cell in line] for line in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if left == right and top < len(lines) and left < len(lines[top]):
            for line in lines[top + 1 : bottom + 1]:
                line[left] = lines[top][left]
    for number, line in enumerate(lines, 1):
        for column, cell in enumerate(line):
            _check_characters(cell, number, column)
    return lines


def _cell_text(cell: float | str | bool | time | date | datetime | timedelta) -> str:
    match cell:
        case str():
            return cell.strip()
        case bool():
            return "TRUE" if cell else "FALSE"
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            if cell.time() == time():
                return cell.date().isoformat()
            return cell.isoformat(" ", "seconds" if cell.second else "minutes")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("seconds" if cell.second else "minutes")
        case timedelta():
            minutes = round(cell.total_seconds() / 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _read_csv(data: bytes, filename: str, max_rows: int) -> list[list[str]]:
    text = _decode(data, filename)
    lines: list[list[str]] = []
    try:
        for number, record in enumerate(csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True), 1):
            _check_extent(number, len(record), filename, max_rows)
            line = [cell.strip() for cell in record]
            for column, cell in enumerate(line):
                _check_characters(cell, number, column)
                if _is_formula(cell):
                    raise _refusal_at(
                        "formula", number, _letters(column), "像是公式，请改为文字", "looks like a formula"
                    )
            lines.append(line)
    except csv.Error as error:
        raise _refusal(
            "broken-file",
            f"{filename} 引号或换行有误",
            f"{filename} has broken quotes or line ends",
            len(lines) + 1,
        ) from error
    return lines


def _decode(data: bytes, filename: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refusal("broken-file", f"{filename} 的编码不是 UTF-8 或 GB18030", f"{filename} is neither UTF-8 nor GB18030")


def _delimiter(text: str) -> str:
    first_lines = text[:2_000]
    return max(",\t;", key=first_lines.count)


def _is_formula(cell: str) -> bool:
    """Whether a spreadsheet program would compute this CSV cell instead of showing it."""
    if not cell or cell[0] not in "=+-@":
        return False
    if cell[0] == "=" or any(mark in cell for mark in "|!="):
        return True
    if not cell.strip("-") or _NUMBER.fullmatch(cell) or _PHONE.fullmatch(cell):
        return False
    return cell[1:].lstrip()[:1].isascii()


def _check_characters(cell: str, number: int, column: int) -> None:
    if _CONTROL.search(cell):
        raise _refusal_at("control-character", number, _letters(column), "含有控制字符", "contains a control character")


def _as_table(lines: list[list[str]], filename: str) -> Table:
    filled = [number for number, line in enumerate(lines) if any(line)]
    if not filled:
        raise _refusal("empty", f"{filename} 没有内容", f"{filename} has no content")
    header = next((number for number in filled if sum(map(bool, lines[number])) >= 2), filled[0])
    width = max(column + 1 for number in filled for column, cell in enumerate(lines[number]) if cell)
    return Table(
        caption=tuple(cell for line in lines[:header] for cell in line if cell),
        header_row=header + 1,
        columns=_padded(lines[header], width),
        rows=tuple(Row(number + 1, _padded(lines[number], width)) for number in filled if number > header),
    )


def _padded(line: list[str], width: int) -> tuple[str, ...]:
    return tuple((line + [""] * width)[:width])


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _wall_clock(instant: datetime) -> datetime:
    return instant.astimezone(ZONE).replace(tzinfo=None) if instant.tzinfo is not None else instant


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\\x00-\x1f']", " ", title).strip()[:31] or "Sheet1"
