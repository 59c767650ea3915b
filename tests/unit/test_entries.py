from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaimen.kit.ical import read_events
from kaimen.kit.tables import read_table
from kaimen.opendays.domain.entries import (
    ZONE,
    Capacity,
    ImportReading,
    Proposal,
    ProposedSession,
    Registration,
    UnreadableCell,
    read_capacity,
    read_entries,
    read_ics_entries,
    read_when,
    read_window,
)

DATA = Path(__file__).parent.parent / "data"
COLUMNS = ("活动时间", "活动名称(主题)", "活动形式", "活动地点", "拟参与人数", "报名方式")
TEACHERS = "上海市教育委员会"
TEACHERS_SOURCE = "edu.sh.gov.cn 2025-07-21 政府开放月预告"


def whole_day(year: int, month: int, day: int) -> ProposedSession:
    return ProposedSession(date(year, month, day), None, None, None, True)


def hours(day: int, starts: time | None, ends: time | None) -> ProposedSession:
    return ProposedSession(date(2025, 8, day), starts, ends, None, False)


def read_row(*cells: str, columns: tuple[str, ...] = COLUMNS) -> ImportReading:
    return read_entries(columns, [(2, cells)], default_year=2025, default_unit="青浦区")


def test_entries_eight_real_rows_come_in_whole() -> None:
    table = read_table((DATA / "open_month_entries.csv").read_bytes(), "open_month_entries.csv")
    reading = read_entries(table.columns, table.rows, default_year=2026, default_unit=None)
    assert reading.errors == ()
    assert reading.warnings == ()
    assert reading.entries == (
        Proposal(
            row=2,
            title="考生代表参观2025年高招录取现场",
            unit_text=TEACHERS,
            year=2025,
            sessions=(whole_day(2025, 7, 22),),
            place="上海市教育考试院 杨浦区民星路465号1号楼",
            formats=("参观",),
            capacity_text="8-10人",
            capacity_min=8,
            capacity_max=10,
            registration=Registration(mode="external", note="已通过“上海市教育考试院”微信公众号报名"),
            source_note=TEACHERS_SOURCE,
        ),
        Proposal(
            row=3,
            title="听取相关企业对产学研联合创新计划的意见建议",
            unit_text=TEACHERS,
            year=2025,
            sessions=(whole_day(2025, 8, 21),),
            tentative=True,
            place="环上大科技园 宝山区上大路668号",
            place_tentative=True,
            formats=("座谈",),
            interactive_steps=("forum",),
            capacity_text="8-10家企业代表",
            capacity_min=8,
            capacity_max=10,
            seat_unit="group",
            source_note=TEACHERS_SOURCE,
        ),
        Proposal(
            row=4,
            title="申城小当家 财富智创+",
            unit_text=TEACHERS,
            year=2025,
            sessions=(whole_day(2025, 8, 26), whole_day(2025, 8, 27)),
            place="上海市经济管理学校 普陀区澳门路726号",
            formats=("体验",),
            capacity_text="20人/场",
            capacity_min=20,
            capacity_max=20,
            capacity_per="session",
            registration=Registration(
                mode="external",
                note="7月30日19:00至8月8日19:00，通过“上海教育技术装备”微信公众号报名",
                opens_at=datetime(2025, 7, 30, 19, tzinfo=ZONE),
                closes_at=datetime(2025, 8, 8, 19, tzinfo=ZONE),
            ),
            source_note=TEACHERS_SOURCE,
        ),
        Proposal(
            row=5,
            title="参观长三角一体化示范区展示馆并座谈",
            unit_text="青浦区人民政府办公室",
            year=2022,
            sessions=(whole_day(2022, 8, 10),),
            place="长三角生态绿色一体化发展示范区展示馆",
            formats=("参观", "座谈"),
            interactive_steps=("forum",),
            capacity_text="11人",
            capacity_min=11,
            capacity_max=11,
            source_note="shqp.gov.cn 政府开放日 2022-08-24",
        ),
        Proposal(
            row=6,
            title="金泽镇政府开放日",
            unit_text="金泽镇人民政府",
            year=2023,
            sessions=(whole_day(2023, 8, 18),),
            place="金泽镇",
            formats=("参观", "座谈"),
            interactive_steps=("forum",),
            capacity_text="30余人",
            capacity_min=30,
            source_note="shqp.gov.cn 政府开放日 2023-08-21",
        ),
        Proposal(
            row=7,
            title="走进进博文化展示中心",
            unit_text="青浦区人民政府",
            year=2023,
            sessions=(ProposedSession(date(2023, 8, 3), None, None, "下午", False),),
            place="国家会展中心（上海）办公楼1楼 进博文化展示中心",
            formats=("参观",),
            source_note="绿色青浦 2023-08-05",
        ),
        Proposal(
            row=8,
            title="淞南镇政府开放日",
            unit_text="宝山区淞南镇人民政府",
            year=2024,
            sessions=(whole_day(2024, 8, 23),),
            place="宝山区淞南镇",
            formats=("参观", "座谈", "问卷"),
            interactive_steps=("forum", "questionnaire"),
            source_note="淞南镇政府开放日报道 2024",
        ),
        Proposal(
            row=9,
            title="松江亲子政府开放活动（网络直播）",
            unit_text="松江区",
            year=2024,
            sessions=(whole_day(2024, 8, 17),),
            place="松江区",
            formats=("参观", "体验", "直播"),
            online=True,
            capacity_text="50组家庭",
            capacity_min=50,
            capacity_max=50,
            seat_unit="group",
            source_note="松江区政府开放月报道 2024",
        ),
    )


@pytest.mark.parametrize(
    ("text", "sessions"),
    [
        ("2025年8月26日", (whole_day(2025, 8, 26),)),
        ("2026年8月26日", (whole_day(2026, 8, 26),)),
        ("８月２６日至２８日", (whole_day(2025, 8, 26), whole_day(2025, 8, 27), whole_day(2025, 8, 28))),
        ("8月30日至9月1日", (whole_day(2025, 8, 30), whole_day(2025, 8, 31), whole_day(2025, 9, 1))),
        ("8月26日、9月2日", (whole_day(2025, 8, 26), whole_day(2025, 9, 2))),
        ("8月25、26、27日", (whole_day(2025, 8, 25), whole_day(2025, 8, 26), whole_day(2025, 8, 27))),
        ("8月26日全天", (whole_day(2025, 8, 26),)),
        ("2025/8/26", (whole_day(2025, 8, 26),)),
        ("8月26日上午9:00-11:00", (hours(26, time(9), time(11)),)),
        ("8月26日（周二）下午2点半—4点", (hours(26, time(14, 30), time(16)),)),
        ("8月26日9：00－11：00、14:00～16:00", (hours(26, time(9), time(11)), hours(26, time(14), time(16)))),
        ("8月26日、27日 9:00", (hours(26, time(9), None), hours(27, time(9), None))),
        (
            "8月26日上午9:00-11:00；8月27日下午2:00",
            (hours(26, time(9), time(11)), hours(27, time(14), None)),
        ),
        ("2025-08-26 14:00", (hours(26, time(14), None),)),
        ("8月26日上午10:00-14:00", (hours(26, time(10), time(14)),)),
    ],
)
def test_when_clear_text_is_read(text: str, sessions: tuple[ProposedSession, ...]) -> None:
    assert read_when(text, 2025) == (sessions, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("下周三", "date-unreadable"),
        ("8月中旬", "date-unreadable"),
        ("待定", "date-unreadable"),
        ("8月26日9:00至28日17:00", "date-unreadable"),
        ("8月26日每周三", "date-unreadable"),
        ("26日", "date-unreadable"),
        ("2月30日", "date-impossible"),
        ("8月26日25:00", "hour-impossible"),
        ("8月26日2:00", "hour-unclear"),
        ("8月26日晚上12:00", "hour-unclear"),
        ("8月26日上午14:00", "hour-unclear"),
        ("8月26日11:00-9:00", "end-before-start"),
        ("8月26日（周三）", "weekday-conflict"),
        ("12月30日至1月2日", "dates-backwards"),
        ("8月26日、8月26日", "date-doubled"),
        ("5月1日至8月31日", "too-many-sessions"),
    ],
)
def test_when_unclear_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableCell) as refused:
        read_when(text, 2025)
    assert refused.value.reason == reason


@pytest.mark.parametrize("text", ["8月21日(暂定)", "8月21日（暂定）", "暂定8月21日", "8月21日 (时间待定)"])
def test_when_tentative_mark_is_kept_as_a_fact(text: str) -> None:
    assert read_when(text, 2025) == ((whole_day(2025, 8, 21),), True)


def test_when_year_of_text_against_year_column_is_refused() -> None:
    with pytest.raises(UnreadableCell) as refused:
        read_when("2026年8月26日", 2025, year_is_given=True)
    assert refused.value.reason == "year-conflict"


@pytest.mark.parametrize(
    ("text", "low", "high", "per", "seat_unit"),
    [
        ("20", 20, 20, "event", "person"),
        ("８－１０人", 8, 10, "event", "person"),
        ("每场20人", 20, 20, "session", "person"),
        ("10-20人/场", 10, 20, "session", "person"),
        ("30人以内", None, 30, "event", "person"),
        ("不超过30名市民代表", None, 30, "event", "person"),
        ("30人以上", 30, None, "event", "person"),
        ("30多名", 30, None, "event", "person"),
        ("15个家庭", 15, 15, "event", "group"),
        ("不限", None, None, "event", "person"),
    ],
)
def test_capacity_clear_text_is_read(text: str, low: int | None, high: int | None, per: str, seat_unit: str) -> None:
    capacity, approximate = read_capacity(text)
    assert (capacity.text, capacity.at_least, capacity.at_most) == (text, low, high)
    assert (capacity.per, capacity.seat_unit, approximate) == (per, seat_unit, False)


def test_capacity_approximate_number_gives_no_bound() -> None:
    assert read_capacity("约30人") == (Capacity(text="约30人"), True)


@pytest.mark.parametrize("text", ["若干", "0人", "10人、20人", "20-10人", "约30人以内", "9999999人", "20人/天"])
def test_capacity_unclear_text_is_refused(text: str) -> None:
    with pytest.raises(UnreadableCell) as refused:
        read_capacity(text)
    assert refused.value.reason == "capacity-unreadable"


def test_window_of_days_ends_with_its_last_day() -> None:
    assert read_window("7月1日至10日网上报名", 2025) == (
        datetime(2025, 7, 1, tzinfo=ZONE),
        datetime(2025, 7, 11, tzinfo=ZONE),
    )


def test_window_with_end_alone_has_no_opening() -> None:
    assert read_window("截至8月8日17:00", 2025) == (None, datetime(2025, 8, 8, 17, tzinfo=ZONE))


def test_window_backwards_is_refused() -> None:
    with pytest.raises(UnreadableCell) as refused:
        read_window("8月8日至7月30日", 2025)
    assert refused.value.reason == "window-backwards"


@pytest.mark.parametrize(
    ("note", "mode", "warnings"),
    [
        ("致电021-59720000", "phone", ()),
        ("定向邀请", "invited", ()),
        ("在本平台报名", "here", ()),
        ("随申办小程序", "external", ()),
        ("详见后续通知", "unknown", ("registration-unclear",)),
        ("微信公众号或电话报名", "external", ("registration-several",)),
        ("微信公众号，8月8日前", "external", ("window-unread",)),
    ],
)
def test_registration_mode_is_read_or_warned_about(note: str, mode: str, warnings: tuple[str, ...]) -> None:
    reading = read_row("8月26日", "开放日", "参观", "展示馆", "20人", note)
    assert (reading.entries[0].registration.mode, reading.entries[0].registration.note) == (mode, note)
    assert tuple(warning.reason for warning in reading.warnings) == warnings


def test_errors_name_row_and_column_in_both_languages() -> None:
    reading = read_row("下周三", "", "参观", "展示馆", "若干", "")
    assert reading.entries == ()
    assert [(error.row, error.column, error.reason) for error in reading.errors] == [
        (2, "活动名称(主题)", "title-missing"),
        (2, "活动时间", "date-unreadable"),
        (2, "拟参与人数", "capacity-unreadable"),
    ]
    assert reading.errors[1].zh == "第 2 行「活动时间」：日期或时间无法读取。"
    assert reading.errors[1].en == "Row 2, column “活动时间”: the date or time cannot be read."


def test_columns_other_names_are_understood() -> None:
    columns = ("序号", "日期", "名称", "责任单位", "名额", "备注")
    reading = read_row("1", "8月26日", "开放日", "水务局", "20人", "雨天顺延", columns=columns)
    entry = reading.entries[0]
    assert (entry.title, entry.unit_text, entry.sessions) == ("开放日", "水务局", (whole_day(2025, 8, 26),))
    assert [(note.row, note.column, note.reason) for note in reading.warnings] == [
        (1, "备注", "column-unused"),
        (2, "活动地点", "place-missing"),
    ]


def test_columns_without_date_are_an_error_of_the_header() -> None:
    reading = read_entries(("名称",), [(5, ("开放日",))], default_year=2025, default_unit="青浦区", header_row=4)
    assert reading.entries == ()
    assert [(error.row, error.column, error.reason) for error in reading.errors] == [(4, "活动时间", "column-missing")]


def test_unit_without_cell_and_default_is_an_error() -> None:
    reading = read_entries(COLUMNS, [(2, ("8月26日", "开放日"))], default_year=2025, default_unit=None)
    assert [(error.row, error.column, error.reason) for error in reading.errors] == [(2, "单位", "unit-missing")]


def test_rows_with_a_number_alone_are_blank() -> None:
    reading = read_row("7", "", "", columns=("序号", "活动时间", "活动名称"))
    assert reading == ImportReading(entries=(), errors=(), warnings=())


def test_sessions_several_with_one_number_are_warned_about() -> None:
    reading = read_row("8月26、27日", "开放日", "座谈", "展示馆", "20人", "")
    assert [(note.row, note.column, note.reason) for note in reading.warnings] == [
        (2, "拟参与人数", "capacity-per-unclear")
    ]


def test_ics_events_become_proposals_or_errors() -> None:
    lines = [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "SUMMARY:政府开放日",
        "LOCATION:展示馆（暂定）",
        "CATEGORIES:参观,座谈",
        "STATUS:TENTATIVE",
        "DTSTART:20250826T010000Z",
        "DTEND:20250826T030000Z",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "SUMMARY:开放周",
        "DTSTART;VALUE=DATE:20250826",
        "DTEND;VALUE=DATE:20250828",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "SUMMARY:例会",
        "DTSTART:20250826T090000",
        "RRULE:FREQ=WEEKLY",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    reading = read_ics_entries(read_events("\r\n".join(lines).encode()), unit="青浦区")
    assert reading.entries == (
        Proposal(
            row=1,
            title="政府开放日",
            unit_text="青浦区",
            year=2025,
            sessions=(hours(26, time(9), time(11)),),
            tentative=True,
            place="展示馆",
            place_tentative=True,
            formats=("参观", "座谈"),
            interactive_steps=("forum",),
        ),
        Proposal(
            row=2,
            title="开放周",
            unit_text="青浦区",
            year=2025,
            sessions=(whole_day(2025, 8, 26), whole_day(2025, 8, 27)),
        ),
    )
    assert [(error.row, error.reason) for error in reading.errors] == [(3, "recurring")]
    assert [(note.row, note.reason) for note in reading.warnings] == [(3, "zone-missing")]
    assert reading.entries[0].sessions[0].starts == datetime(2025, 8, 26, 1, tzinfo=UTC).astimezone(ZONE).time()


WORDS = st.text() | st.text(alphabet="0123456789年月日号时点:：-至、，,上下午周三(暂定)人余家/场每约 ０１", max_size=24)


@given(cells=st.lists(WORDS, max_size=8))
def test_reading_any_text_yields_a_proposal_or_errors(cells: list[str]) -> None:
    reading = read_row(*cells)
    assert len(reading.entries) + len({error.row for error in reading.errors}) <= 1


@given(
    day=st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    form=st.sampled_from(
        ["{0.year}年{0.month}月{0.day}日", "{0.year}-{0.month:02}-{0.day:02}", "{0.month}月{0.day}日（暂定）"]
    ),
    starts=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    with_time=st.booleans(),
)
def test_when_a_formatted_date_reads_back(day: date, form: str, starts: time, with_time: bool) -> None:
    text = form.format(day) + (f" {starts:%H:%M}" if with_time else "")
    expected = ProposedSession(day, starts if with_time else None, None, None, not with_time)
    assert read_when(text, day.year) == ((expected,), "暂定" in form)
