"""Reading the open-month sheets that units really send: untidy cells become proposals, or named errors.

A sheet has a row per open event (columns as in the municipal lists: 活动时间, 活动名称(主题), 活动形式,
活动地点, 拟参与人数, 报名方式). What a cell says is taken, kept verbatim where it matters, and never guessed:
what cannot be read is an error with row and column. Times are those of Asia/Shanghai.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec

ZONE: Final = ZoneInfo("Asia/Shanghai")
MAX_SESSIONS: Final = 62
MAX_SEATS: Final = 100_000

RegistrationMode = Literal["external", "phone", "invited", "here", "unknown"]
CapacityPer = Literal["session", "event"]
SeatUnit = Literal["person", "group"]
InteractiveStep = Literal["forum", "questionnaire", "qa"]


class ProposedSession(NamedTuple):
    """One date of an event. `time_text` keeps what stands instead of a clock time, e.g. 下午.

    `all_day`: the sheet names neither a clock time nor a part of the day, or says 全天.
    """

    on: date
    starts: time | None
    ends: time | None
    time_text: str | None
    all_day: bool


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """How many may come. "11人" is at least and at most 11; "30余人" has no most, "30人以内" no least."""

    text: str = ""
    at_least: int | None = None
    at_most: int | None = None
    per: CapacityPer = "event"
    seat_unit: SeatUnit = "person"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """How one signs up. `note` is verbatim; the window is half-open, in Asia/Shanghai, if the note has one."""

    mode: RegistrationMode = "unknown"
    note: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One open event as a unit proposes it; `row` is the row of the sheet or the position in the file."""

    row: int
    title: str
    unit_text: str
    year: int
    sessions: tuple[ProposedSession, ...]
    tentative: bool = False
    place: str | None = None
    place_tentative: bool = False
    formats: tuple[str, ...] = ()
    interactive_steps: tuple[InteractiveStep, ...] = ()
    online: bool = False
    theme_text: str = ""
    contact: str = ""
    capacity_text: str = ""
    capacity_min: int | None = None
    capacity_max: int | None = None
    capacity_per: CapacityPer = "event"
    seat_unit: SeatUnit = "person"
    registration: Registration = Registration()
    source_note: str = ""


class CellError(NamedTuple):
    """What is wrong with a cell: an error bars its row, a warning asks for a look."""

    row: int
    column: str
    reason: str
    zh: str
    en: str


class ImportReading(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of reading a sheet: a row is either a proposal or has errors, never both."""

    entries: tuple[Proposal, ...]
    errors: tuple[CellError, ...]
    warnings: tuple[CellError, ...]


class CalendarItem(Protocol):
    """What a calendar file's event must offer: timed in aware instants, or all-day with an exclusive end."""

    @property
    def position(self) -> int: ...
    @property
    def summary(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def status(self) -> str | None: ...
    @property
    def starts_at(self) -> datetime | None: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def starts_on(self) -> date | None: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def floating(self) -> bool: ...
    @property
    def recurring(self) -> bool: ...


class UnreadableCell(ValueError):
    """A cell's text that has no single clear meaning."""

    def __init__(self, reason: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = reason
        self.zh = zh
        self.en = en


HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "when": ("活动时间", "活动日期", "时间", "日期", "开放时间", "开放日期", "举办时间", "具体时间"),
    "title": ("活动名称(主题)", "活动名称", "活动主题", "名称", "主题", "活动内容"),
    "formats": ("活动形式", "形式", "开放形式", "活动方式"),
    "place": ("活动地点", "地点", "开放地点", "举办地点", "地址"),
    "capacity": ("拟参与人数", "参与人数", "拟邀人数", "活动人数", "人数", "名额", "规模"),
    "registration": ("报名方式", "报名", "报名途径", "参与方式"),
    "unit": ("单位", "主办单位", "责任单位", "组织单位", "承办单位", "开放单位"),
    "year": ("年份", "年度"),
    "theme": ("主题领域", "开放领域", "所属领域", "领域"),
    "contact": ("联系方式", "联系人", "联系电话", "联系人及电话"),
    "source": ("来源", "出处"),
    "number": ("序号", "编号"),
}
"""Field → names of its column, the preferred first. The first name is used in messages."""


def read_entries(
    columns: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    *,
    default_year: int,
    default_unit: str | None,
    header_row: int = 1,
) -> ImportReading:
    """Every filled row of an open-month sheet as a proposal or as errors. Never raises on any text.

    `rows` are (row number in the sheet, cells). The year and the unit of a row come from its own cells,
    else from the defaults. A missing column of date or title is an error of the header row.
    """
    places, warnings = _place_columns(columns, header_row)
    errors = [
        _cell_error(header_row, HEADERS[field][0], UnreadableCell("column-missing", "缺少此列", "is missing"))
        for field in ("when", "title")
        if field not in places
    ]
    entries: list[Proposal] = []
    if not errors:
        for number, cells in rows:
            row = _RowReader(number, {f: _cell(cells, i) for f, i in places.items()}, columns, places)
            if row.is_blank():
                continue
            proposal = row.read(default_year, default_unit)
            warnings += row.warnings
            errors += row.errors
            if proposal is not None:
                entries.append(proposal)
    return ImportReading(entries=tuple(entries), errors=tuple(errors), warnings=tuple(warnings))


def read_ics_entries(items: Iterable[CalendarItem], *, unit: str) -> ImportReading:
    """The events of a calendar file as proposals of one unit; cancelled and repeating events are errors."""
    entries: list[Proposal] = []
    errors: list[CellError] = []
    warnings: list[CellError] = []
    for item in items:
        try:
            entries.append(_proposal_of_item(item, unit))
        except UnreadableCell as unreadable:
            errors.append(_cell_error(item.position, "VEVENT", unreadable))
        if item.floating:
            floating = UnreadableCell(
                "zone-missing", "没有写时区，按北京时间读取", "names no zone; Asia/Shanghai was taken"
            )
            warnings.append(_cell_error(item.position, "DTSTART", floating))
    return ImportReading(entries=tuple(entries), errors=tuple(errors), warnings=tuple(warnings))


def read_when(text: str, year: int, *, year_is_given: bool = False) -> tuple[tuple[ProposedSession, ...], bool]:
    """The sessions that a cell like "8月26、27日" or "8月21日(暂定)" names, and whether they are tentative.

    `year` is used where the text has none; with `year_is_given` a different year in the text is refused.
    Raises UnreadableCell.
    """
    narrow = _narrow(text)
    plain = _TENTATIVE.sub("", narrow)
    sessions = _SessionReader(plain, year, year_is_given).sessions()
    if len(set(sessions)) != len(sessions):
        raise UnreadableCell("date-doubled", "同一场次写了两次", "names the same session twice")
    return sessions, plain != narrow


def read_capacity(text: str) -> tuple[Capacity, bool]:
    """The capacity that a cell like "8-10人", "20人/场" or "30余人" names, and whether it is only approximate.

    An approximate number (约30人) is kept as text and gives no bound. Raises UnreadableCell.
    """
    verbatim = text.strip()
    plain = re.sub(r"\s", "", _narrow(text))
    if plain in ("", "-", "--", "不限", "人数不限", "无", "/"):
        return Capacity(text=verbatim), False
    match = _CAPACITY.fullmatch(plain)
    if match is None:
        raise UnreadableCell("capacity-unreadable", "人数无法读取", "the number of people cannot be read")
    words = {match["before"], match["after"], match["end"]} - {None}
    approximate, open_top, capped = (bool(words & kind) for kind in (_ABOUT, _AT_LEAST, _AT_MOST))
    low, high = int(match["low"] or match["high"]), int(match["high"])
    if approximate + open_top + capped > 1 or (words and match["low"]):
        raise UnreadableCell("capacity-unreadable", "人数无法读取", "the number of people cannot be read")
    if not 1 <= low <= high <= MAX_SEATS:
        raise UnreadableCell("capacity-unreadable", "人数不合理", "the number of people makes no sense")
    capacity = Capacity(
        text=verbatim,
        at_least=None if approximate or capped else low,
        at_most=None if approximate or open_top else high,
        per="session" if match["each"] or match["per_session"] else "event",
        seat_unit="group" if match["unit"] in _GROUP_UNITS else "person",
    )
    return capacity, approximate


def read_window(text: str, year: int) -> tuple[datetime | None, datetime | None]:
    """The sign-up window that a note names, in Asia/Shanghai, half-open: (opens, closes), each or None.

    "7月30日19:00至8月8日19:00"; a window of days alone ends with its last day. (None, None) without a window.
    Raises UnreadableCell if the note has an impossible date or an end before its start.
    """
    plain = _narrow(text)
    window = _WINDOW.search(plain)
    if window is not None:
        opens = _stamp(window, "1", year, None)
        closes = _stamp(window, "2", opens.year, opens.month)
        if window["hour2"] is None:
            closes += timedelta(days=1)
        if closes <= opens:
            raise UnreadableCell("window-backwards", "报名截止早于开始", "sign-up closes before it opens")
        return opens, closes
    until = _UNTIL.search(plain)
    return None, _stamp(until, "2", year, None) if until is not None else None


def _stamp(match: re.Match[str], which: str, year: int, month: int | None) -> datetime:
    on = _date(match[f"year{which}"] or year, match[f"month{which}"] or month or 0, match[f"day{which}"])
    at = _clock(match[f"hour{which}"] or "0", match[f"minute{which}"])
    return datetime.combine(on, at, ZONE)


# ---------------------------------------------------------------- rows


class _RowReader:
    def __init__(self, number: int, texts: dict[str, str], columns: Sequence[str], places: dict[str, int]) -> None:
        self.number = number
        self.texts = texts
        self.columns = columns
        self.places = places
        self.errors: list[CellError] = []
        self.warnings: list[CellError] = []

    def is_blank(self) -> bool:
        return not any(text for field, text in self.texts.items() if field != "number")

    def read(self, default_year: int, default_unit: str | None) -> Proposal | None:
        title, unit = self._text("title"), self._text("unit") or (default_unit or "").strip()
        if not title:
            self._error("title", UnreadableCell("title-missing", "缺少活动名称", "the title is missing"))
        if not unit:
            self._error("unit", UnreadableCell("unit-missing", "缺少单位", "the unit is missing"))
        year, year_is_given = self._year(default_year)
        sessions, tentative = self._sessions(year, year_is_given)
        capacity = self._capacity(len(sessions))
        registration = self._registration(sessions[0].on.year if sessions else year)
        place, place_tentative = self._place()
        formats = tuple(part for part in re.split(r"[、,，/;；\s]+", self._text("formats")) if part)
        if self.errors:
            return None
        return Proposal(
            row=self.number,
            title=title,
            unit_text=unit,
            year=sessions[0].on.year,
            sessions=sessions,
            tentative=tentative,
            place=place,
            place_tentative=place_tentative,
            formats=formats,
            interactive_steps=_interactive_steps(formats),
            online=_is_online(title, *formats, place or ""),
            theme_text=self._text("theme"),
            contact=self._text("contact"),
            capacity_text=capacity.text,
            capacity_min=capacity.at_least,
            capacity_max=capacity.at_most,
            capacity_per=capacity.per,
            seat_unit=capacity.seat_unit,
            registration=registration,
            source_note=self._text("source"),
        )

    def _text(self, field: str) -> str:
        return self.texts.get(field, "")

    def _column(self, field: str) -> str:
        return self.columns[self.places[field]] if field in self.places else HEADERS[field][0]

    def _error(self, field: str, unreadable: UnreadableCell) -> None:
        self.errors.append(_cell_error(self.number, self._column(field), unreadable))

    def _warn(self, field: str, reason: str, zh: str, en: str) -> None:
        self.warnings.append(_cell_error(self.number, self._column(field), UnreadableCell(reason, zh, en)))

    def _year(self, default_year: int) -> tuple[int, bool]:
        text = _narrow(self._text("year"))
        if not text:
            return default_year, False
        match = re.fullmatch(r"(20\d\d)年?(?:度)?", text)
        if match is None:
            self._error("year", UnreadableCell("year-unreadable", "年份无法读取", "the year cannot be read"))
            return default_year, False
        return int(match[1]), True

    def _sessions(self, year: int, year_is_given: bool) -> tuple[tuple[ProposedSession, ...], bool]:
        if not self._text("when"):
            self._error("when", UnreadableCell("date-missing", "缺少活动时间", "the date is missing"))
            return (), False
        try:
            return read_when(self._text("when"), year, year_is_given=year_is_given)
        except UnreadableCell as unreadable:
            self._error("when", unreadable)
            return (), False

    def _capacity(self, session_count: int) -> Capacity:
        try:
            capacity, approximate = read_capacity(self._text("capacity"))
        except UnreadableCell as unreadable:
            self._error("capacity", unreadable)
            return Capacity()
        if approximate:
            self._warn(
                "capacity",
                "capacity-approximate",
                "人数只是约数，请补充上限",
                "the number is only approximate",
            )
        if session_count > 1 and capacity.per == "event" and (capacity.at_least or capacity.at_most):
            self._warn(
                "capacity",
                "capacity-per-unclear",
                "有多个场次，人数按全部场次合计读取",
                "there are several sessions; the number was taken for all together",
            )
        return capacity

    def _registration(self, year: int) -> Registration:
        note = self._text("registration")
        modes = _registration_modes(_narrow(note))
        if note and not modes:
            self._warn("registration", "registration-unclear", "报名方式未能识别", "the way to sign up is unclear")
        if len(modes) > 1:
            self._warn(
                "registration",
                "registration-several",
                "有多种报名方式，只登记第一种",
                "there are several ways to sign up; the first was taken",
            )
        try:
            opens_at, closes_at = read_window(note, year)
        except UnreadableCell as unreadable:
            self._error("registration", unreadable)
            return Registration()
        if opens_at is None and closes_at is None and re.search(r"\d月\d|\d[日号]", _narrow(note)):
            self._warn("registration", "window-unread", "报名起止时间未能读取", "the sign-up window was not read")
        return Registration(mode=modes[0] if modes else "unknown", note=note, opens_at=opens_at, closes_at=closes_at)

    def _place(self) -> tuple[str | None, bool]:
        text = self._text("place")
        place = _TENTATIVE_WIDE.sub("", text).strip()
        tentative = place != text
        if not place:
            self._warn("place", "place-missing", "缺少活动地点", "the place is missing")
        return place or None, tentative


def _place_columns(columns: Sequence[str], header_row: int) -> tuple[dict[str, int], list[CellError]]:
    names = [re.sub(r"\s", "", _narrow(column)).rstrip(":*") for column in columns]
    places: dict[str, int] = {}
    for field, synonyms in HEADERS.items():
        found = [names.index(synonym) for synonym in synonyms if synonym in names]
        if found:
            places[field] = found[0]
    unused = [i for i, name in enumerate(names) if name and i not in places.values()]
    unused_note = UnreadableCell("column-unused", "此列未导入", "is not imported")
    return places, [_cell_error(header_row, columns[i], unused_note) for i in unused]


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def _cell_error(row: int, column: str, unreadable: UnreadableCell) -> CellError:
    return CellError(
        row,
        column,
        unreadable.reason,
        f"第 {row} 行「{column}」：{unreadable.zh}。",
        f"Row {row}, column “{column}”: {unreadable.en}.",
    )


def _narrow(text: str) -> str:
    """Full-width digits, letters and punctuation as their ASCII forms; every dash and tilde as a hyphen."""
    return re.sub(r"[‐‑‒–—―─~〜～]+", "-", unicodedata.normalize("NFKC", text)).strip()


# ---------------------------------------------------------------- words

_TENTATIVE = re.compile(r"\s*\(\s*(?:时间)?(?:暂定|拟定|待定)\s*\)|(?:暂定|拟定|待定)[:,]?")
_TENTATIVE_WIDE = re.compile(r"[（(]\s*(?:地点)?(?:暂定|拟定|待定)\s*[）)]|(?:暂定|拟定|待定)[:：,，]?")
_ONLINE = re.compile(r"直播|线上|网络|网上|云参观|云开放|视频会议")
_STEPS: Final[tuple[tuple[InteractiveStep, str], ...]] = (
    ("forum", "座谈|恳谈|圆桌|研讨"),
    ("questionnaire", "问卷|调查"),
    ("qa", "答疑|咨询|问答|提问"),
)
_MODES: Final[tuple[tuple[RegistrationMode, str], ...]] = (
    ("here", "本平台|本系统|开门平台|“开门”"),
    ("external", "公众号|微信|网站|小程序|APP|App|链接|https?:|扫码|二维码|随申办|邮箱|邮件|问卷星"),
    ("phone", r"电话|致电|热线|12345|手机|\d{3,4}-?\d{7,8}|1\d{10}"),
    ("invited", "邀请|定向|组织参加|不对外|内部"),
)
_ABOUT: Final = frozenset({"约", "大约", "预计", "左右"})
_AT_LEAST: Final = frozenset({"至少", "不少于", "余", "多", "+", "以上"})
_AT_MOST: Final = frozenset({"不超过", "至多", "最多", "限", "以内", "以下", "之内", "内"})
_GROUP_UNITS: Final = frozenset({"组", "对", "家", "户", "家庭", "个家庭"})
_WHO: Final = "(?:企业|市民|居民|村民|群众|公众|学生|家长|商户|机构|单位|亲子)*(?:代表|家庭)?"
_CAPACITY = re.compile(
    rf"(?P<each>每场(?:次)?)?{_WHO}"
    r"(?P<before>约|大约|预计|不超过|至多|最多|限|至少|不少于)?"
    r"(?:(?P<low>\d{1,6})(?:人|名|家|组)?[-至到])?(?P<high>\d{1,6})"
    r"(?P<after>余|多|\+|左右)?"
    rf"(?P<unit>人次|人|名|位|组|对|家(?!庭)|户|个?家庭)?{_WHO}"
    r"(?P<end>以内|以下|之内|内|以上|左右)?"
    r"(?P<per_session>/场(?:次)?|/?每场|\(每场\))?"
)
_STAMP: Final = (
    r"(?:(?P<year{0}>20\d\d)年)?(?:(?P<month{0}>\d{{1,2}})月){1}(?P<day{0}>\d{{1,2}})[日号]"
    r"(?:\s*(?P<hour{0}>\d{{1,2}})[:点时](?P<minute{0}>\d{{2}})?分?)?"
)
_MORE_TIME: Final = r"(?!\s*\(?\s*(?:上午|下午|晚上|晚间|中午|早上|\d))"
_WINDOW = re.compile(_STAMP.format(1, "") + r"\s*(?:起)?\s*(?:-|至|到)\s*" + _STAMP.format(2, "?") + _MORE_TIME)
_UNTIL = re.compile(r"(?:截至|截止(?:至|到|时间(?:为|:)?)?)\s*" + _STAMP.format(2, "") + _MORE_TIME)


def _interactive_steps(formats: tuple[str, ...]) -> tuple[InteractiveStep, ...]:
    joined = "、".join(formats)
    return tuple(step for step, words in _STEPS if re.search(words, joined))


def _is_online(*texts: str) -> bool:
    return any(_ONLINE.search(text) for text in texts)


def _registration_modes(note: str) -> list[RegistrationMode]:
    return [mode for mode, words in _MODES if re.search(words, note)]


# ---------------------------------------------------------------- dates and times

_WEEKDAYS: Final = "一二三四五六日"
_MORNING: Final = frozenset({"上午", "早上", "早晨"})
_AFTERNOON: Final = frozenset({"下午", "晚上", "晚间", "傍晚"})
_LIST = re.compile(r"[\s、,;和及与]+")
_RANGE = re.compile(r"\s*(?:-|至|到)\s*")
_EACH_DAY = re.compile(r"\s*(?:每天|每日)\s*")
_PART = re.compile(r"(上午|早上|早晨|中午|下午|傍晚|晚上|晚间|全天)\s*")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2})(?::00)?(?!\d)|[点时](半|[0-5]?\d分?|整)?)(?:开始|起)?")
_WEEKDAY = re.compile(r"\s*\(?(?:周|星期|礼拜)([一二三四五六日天])\)?")
_DAY = re.compile(
    r"(?P<iso_year>20\d\d)[-/.](?P<iso_month>\d{1,2})[-/.](?P<iso_day>\d{1,2})(?!\d)"
    r"|(?:(?P<year>20\d\d)年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})(?:[日号]|(?![\d:点时月年]))"
    r"|(?P<short_month>\d{1,2})[./](?P<short_day>\d{1,2})(?![\d./:])"
    r"|(?P<bare_day>\d{1,2})(?:[日号]|(?=(?:\s*[、,和及与-]\s*\d{1,2})+\s*[日号]))"
)
_Hours = tuple[time | None, time | None, str | None, bool]


class _SessionReader:
    """Reads groups of days, each followed by the hours they share, until the text is used up."""

    def __init__(self, text: str, year: int, year_is_given: bool) -> None:
        self.text = text
        self.at = 0
        self.year = year
        self.year_is_given = year_is_given
        self.month: int | None = None

    def sessions(self) -> tuple[ProposedSession, ...]:
        sessions: list[ProposedSession] = []
        self._take(_LIST)
        while self.at < len(self.text) or not sessions:
            days = self._days()
            hours = self._all_hours()
            sessions += [ProposedSession(day, *hour) for day in days for hour in hours]
            if len(sessions) > MAX_SESSIONS:
                raise UnreadableCell("too-many-sessions", "场次过多", "names too many sessions")
            if self.at < len(self.text) and not self._take(_LIST):
                raise _date_unreadable()
        return tuple(sessions)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def _days(self) -> list[date]:
        first = self._day()
        if first is None:
            raise _date_unreadable()
        days = [first]
        while True:
            start = self.at
            is_range = self._take(_RANGE) is not None
            if not is_range and not self._take(_LIST):
                return days
            day = self._day()
            if day is None:
                self.at = start
                return days
            days += _days_after(days[-1], day) if is_range else [day]

    def _day(self) -> date | None:
        match = self._take(_DAY)
        if match is None:
            return None
        year = match["iso_year"] or match["year"]
        if year is not None and self.year_is_given and int(year) != self.year:
            raise UnreadableCell("year-conflict", "日期与年份不一致", "the date is not in the year given")
        month = match["iso_month"] or match["month"] or match["short_month"] or self.month
        if month is None:
            raise _date_unreadable()
        day = match["iso_day"] or match["day"] or match["short_day"] or match["bare_day"]
        on = _date(year or self.year, month, day)
        self.year, self.month = on.year, on.month
        weekday = self._take(_WEEKDAY)
        if weekday is not None and _WEEKDAYS.index(weekday[1].replace("天", "日")) != on.weekday():
            raise UnreadableCell("weekday-conflict", "日期与星期不一致", "date and weekday do not agree")
        return on

    def _all_hours(self) -> list[_Hours]:
        self._take(_EACH_DAY)
        found: list[_Hours] = []
        while True:
            start = self.at
            self._take(_LIST)
            hours = self._hours()
            if hours is None:
                self.at = start
                return found or [(None, None, None, True)]
            found.append(hours)

    def _hours(self) -> _Hours | None:
        part = self._part()
        clock = self._take(_CLOCK)
        if clock is None:
            if part is None:
                return None
            return (None, None, None, True) if part == "全天" else (None, None, part, False)
        starts = _hour_of_day(clock, part, inherited=False)
        if not self._take(_RANGE):
            return starts, None, None, False
        end_part = self._part()
        end_clock = self._take(_CLOCK)
        if end_clock is None:
            raise _date_unreadable()
        ends = _hour_of_day(end_clock, end_part or part, inherited=end_part is None)
        if ends <= starts:
            raise UnreadableCell("end-before-start", "结束时间不晚于开始时间", "the end is not after the start")
        return starts, ends, None, False

    def _part(self) -> str | None:
        match = self._take(_PART)
        return match[1] if match is not None else None


def _hour_of_day(clock: re.Match[str], part: str | None, *, inherited: bool) -> time:
    """The clock time meant; a part of the day taken over from the start yields to an hour after noon."""
    plain = _clock(clock[1], {"半": "30", "整": "0"}.get(clock[3] or "", (clock[3] or "").rstrip("分")) or clock[2])
    hour = plain.hour
    if hour > 12 and (part is None or inherited or part in _AFTERNOON):
        return plain
    if part is None and (hour == 0 or hour > 6 or clock[1].startswith("0")):
        return plain
    if part in _MORNING and 0 < hour <= 12:
        return plain
    if part in _AFTERNOON and 0 < hour < 12:
        return plain.replace(hour=hour + 12)
    if (part == "下午" and hour == 12) or (part == "中午" and hour in (11, 12, 13)):
        return plain
    if part == "中午" and hour in (1, 2):
        return plain.replace(hour=hour + 12)
    raise UnreadableCell("hour-unclear", "几点不明确，请用 24 小时制", "the hour is unclear; use the 24-hour clock")


def _clock(hour: str, minute: str | None) -> time:
    try:
        return time(int(hour), int(minute or 0))
    except ValueError as error:
        raise UnreadableCell("hour-impossible", "没有这个时间", "there is no such time") from error


def _date(year: str | int, month: str | int, day: str | int) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise UnreadableCell("date-impossible", "没有这一天", "there is no such day") from error


def _days_after(first: date, last: date) -> list[date]:
    count = (last - first).days
    if count < 1:
        raise UnreadableCell("dates-backwards", "起止日期颠倒", "the last day is not after the first")
    if count >= MAX_SESSIONS:
        raise UnreadableCell("too-many-sessions", "场次过多", "names too many sessions")
    return [first + timedelta(days=ahead) for ahead in range(1, count + 1)]


def _date_unreadable() -> UnreadableCell:
    return UnreadableCell("date-unreadable", "日期或时间无法读取", "the date or time cannot be read")


# ---------------------------------------------------------------- calendar files


def _proposal_of_item(item: CalendarItem, unit: str) -> Proposal:
    if not item.summary:
        raise UnreadableCell("title-missing", "缺少活动名称", "the title is missing")
    if item.status == "CANCELLED":
        raise UnreadableCell("cancelled", "活动已取消", "the event is cancelled")
    if item.recurring:
        raise UnreadableCell("recurring", "不支持重复活动", "repeating events are not read")
    sessions = _sessions_of_item(item)
    place = _TENTATIVE_WIDE.sub("", item.location).strip()
    title = _TENTATIVE_WIDE.sub("", item.summary).strip() or item.summary
    return Proposal(
        row=item.position,
        title=title,
        unit_text=unit,
        year=sessions[0].on.year,
        sessions=sessions,
        tentative=item.status == "TENTATIVE" or title != item.summary,
        place=place or None,
        place_tentative=place != item.location.strip(),
        formats=item.categories,
        interactive_steps=_interactive_steps(item.categories),
        online=_is_online(title, *item.categories, place),
        source_note=item.url or "",
    )


def _sessions_of_item(item: CalendarItem) -> tuple[ProposedSession, ...]:
    if item.starts_on is not None:
        after = item.ends_on or item.starts_on + timedelta(days=1)
        days = [item.starts_on]
        if after > item.starts_on + timedelta(days=1):
            days += _days_after(item.starts_on, after - timedelta(days=1))
        return tuple(ProposedSession(day, None, None, None, True) for day in days)
    if item.starts_at is None:
        raise UnreadableCell("date-missing", "缺少活动时间", "the date is missing")
    starts = item.starts_at.astimezone(ZONE)
    ends = item.ends_at.astimezone(ZONE) if item.ends_at is not None else None
    if ends is not None and ends.date() != starts.date():
        raise UnreadableCell("over-midnight", "活动跨越午夜，请分场填写", "the event runs over midnight")
    return (ProposedSession(starts.date(), starts.time(), ends.time() if ends else None, None, False),)
