"""Whole feeds as they leave the house, byte by byte, and what each calendar program stumbles over in any of them."""

import os
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from kaimen.adoption.app.calendar import entries_of_clock, entries_of_consultation
from kaimen.adoption.domain.consultations import Extension
from kaimen.calendar.app.feeds import head_of
from kaimen.calendar.domain import FeedKey, feeds_of, standing_feeds
from kaimen.contracts.calendar import CalendarEntry
from kaimen.contracts.opendays import THEMES
from kaimen.kit.clock import local_date
from kaimen.kit.feed import is_shown, order_of, render
from kaimen.kit.ical import CANCELLED_PREFIX, PALETTE, VTIMEZONE, join_feed, violations
from kaimen.opendays.app.calendar import entries_of as entries_of_event
from unit.test_adoption_rules import clock, consultation
from unit.test_events import EVENT, SESSION
from unit.test_ical import PARSERS, Parser, Seen, moment

PUBLIC_URL, DOMAIN = "https://open.qingpu.example", "open.qingpu.example"
GOLDEN = Path(__file__).parent.parent / "golden"
AT = datetime(2026, 7, 1, 1, tzinfo=UTC)
TODAY = date(2026, 8, 20)
EVERY = sorted(path.stem for path in GOLDEN.glob("*.ics"))
FEEDS = {
    "consultations": FeedKey("consultations"),
    "adoption": FeedKey("adoption"),
    "deadlines": FeedKey("deadlines/区教育局"),
    "open-month": FeedKey("open-month/2026"),
    "open-month-unit": FeedKey("open-month/2026/units/区教育局"),
    "open-month-theme": FeedKey("open-month/2026/themes/公共安全"),
}


def everything() -> Iterable[CalendarEntry]:
    """What the services say of consultations, clocks and open days, in every state that a feed shows differently."""
    notice = replace(
        consultation(date(2026, 7, 1), date(2026, 7, 30)), id=UUID(int=11), title="学区调整方案", created_at=AT,
        changed_at=AT, announced_at=AT, summary="划分原则、过渡安排；\n意见可在网上逐条提出，也可书面寄送, 须署名。",
    )  # fmt: skip
    longer = Extension(closed_before_on=date(2026, 8, 1), closes_on=date(2026, 8, 15), reason="暑期意见集中", at=AT)
    yield from entries_of_consultation(notice)
    yield from entries_of_consultation(
        replace(notice, id=UUID(int=12), title="校车管理办法", extensions=(longer,), closes_on=date(2026, 8, 15),
                closed_at=datetime(2026, 8, 15, 16, tzinfo=UTC), sequence=1)
    )  # fmt: skip
    issued = replace(clock(date(2026, 8, 3)), created_at=AT, changed_at=AT)
    states = [
        {},
        {"met_on": date(2026, 8, 12)},
        {"breached_on": date(2026, 8, 18)},
        {"breached_on": date(2026, 8, 18), "met_on": date(2026, 8, 19)},
        {"dropped_on": date(2026, 8, 5), "sequence": 1},
        {"due_on": None, "original_due_on": None, "not_before": date(2026, 12, 30)},
        {"kind": "disclosure", "met_on": date(2026, 8, 20)},
    ]
    for number, state in enumerate(states, 21):
        yield from entries_of_clock(replace(issued, id=UUID(int=number), title=f"办法之{number}", **state), TODAY)
    yield from month()


def month() -> Iterable[CalendarEntry]:
    """Of two units and two themes."""
    first = SESSION
    later = replace(first, id=UUID(int=31), starts_at=first.starts_at + timedelta(days=1), state="postponed",
                    ends_at=first.ends_at + timedelta(days=1), sequence=1)  # fmt: skip
    event = replace(EVENT, campaign=2026, sessions=(first, later), summary="看一看，问一问；\n请带证件, 提前十分钟。")
    others = [
        {"unit": "区应急局", "theme": "公共安全", "title": "消防站开放日👩‍🚒", "street_code": "310118001"},
        {"theme": "公共安全", "title": "校园安全课", "state": "cancelled", "reason": "台风红色预警"},
        {"title": "日期暂定的座谈", "tentative": True},
        {"title": "不在开放月的活动", "campaign": None},
    ]
    yield from entries_of_event(event)
    for number, change in enumerate(others, 32):
        session = replace(first, id=UUID(int=number), all_day="tentative" in change)
        if session.all_day:
            midnight = datetime(2026, 8, 30, 16, tzinfo=UTC)
            session = replace(session, starts_at=midnight, ends_at=midnight + timedelta(days=1), time_text="下午")
        yield from entries_of_event(replace(event, id=UUID(int=number), sessions=(session,), **change))


def entries_in(key: FeedKey) -> list[CalendarEntry]:
    return sorted((entry for entry in everything() if key in feeds_of(entry)), key=order_of)


def body_of(key: FeedKey) -> bytes:
    items = [render(entry, PUBLIC_URL, DOMAIN) for entry in entries_in(key)]
    return join_feed(head_of(key, {"310118001": "夏阳街道"}, PUBLIC_URL), items)


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.ics").read_bytes()


def lines_of(body: bytes) -> list[str]:
    """Content lines, unfolded."""
    return body.decode().replace("\r\n ", "").split("\r\n")


def items_of(body: bytes) -> list[list[str]]:
    """The content lines of each VEVENT and VTODO."""
    text = "\n".join(lines_of(body))
    return [found[1].split("\n") for found in re.finditer(r"(?s)(BEGIN:(VEVENT|VTODO)\n.*?\nEND:\2)", text)]


def value(item: list[str], name: str) -> str:
    """Of the one property called so; empty when there is none."""
    found = [line.split(":", 1)[1] for line in item if re.split("[;:]", line)[0] == name]
    assert len(found) <= 1, (name, item)
    return found[0] if found else ""


@pytest.mark.parametrize("name", FEEDS)
def test_feed_equals_its_golden_file(name: str) -> None:
    body = body_of(FEEDS[name])
    if os.environ.get("KAIMEN_WRITE_GOLDEN"):
        (GOLDEN / f"{name}.ics").write_bytes(body)
    assert body == golden(name)


def test_golden_files_are_those_that_a_test_makes() -> None:
    assert set(EVERY) == {*FEEDS, "empty", "public", "private"}


def test_parts_of_the_month_hold_what_the_month_holds_of_them() -> None:
    whole = entries_in(FEEDS["open-month"])
    assert [entry for entry in whole if entry.unit == "区教育局"] == entries_in(FEEDS["open-month-unit"])
    assert [entry for entry in whole if entry.theme == "公共安全"] == entries_in(FEEDS["open-month-theme"])
    assert {entry.unit for entry in whole} == {"区教育局", "区应急局"}
    assert not any("不在开放月" in entry.summary for entry in whole)


@pytest.mark.parametrize(("key", "is_kept"), [("open-month", True), ("open-month-unit", True), ("adoption", False)])
def test_what_a_month_held_stays_for_ever_in_its_parts_too(key: str, is_kept: bool) -> None:
    past = [entry for entry in entries_in(FEEDS[key]) if entry.status != "CANCELLED"]
    years_on = AT + timedelta(days=3_650)
    shown = [entry for entry in past if is_shown(entry, years_on, windowed=FEEDS[key].is_windowed)]
    assert shown == (past if is_kept else [])
    assert past


def test_month_can_be_subscribed_by_part_before_anything_happens() -> None:
    keys = {key.path for key in standing_feeds({"区教育局": None}, [2027])}
    assert {key for key in keys if key.startswith("open-month/")} == {
        "open-month/2027", "open-month/2027/units/区教育局", *(f"open-month/2027/themes/{theme}" for theme in THEMES),
    }  # fmt: skip


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("name", FEEDS)
def test_golden_file_is_read_alike_by_independent_parsers(name: str, parse: Parser) -> None:
    assert parse(golden(name)) == [as_seen(entry) for entry in entries_in(FEEDS[name])]


def as_seen(entry: CalendarEntry) -> Seen:
    """What a program that knows no VTODO should see of it."""
    mirror = "-ev" if entry.kind == "deadline" else ""
    starts, ends = entry.starts_at, entry.ends_at
    return Seen(
        f"{entry.uid_kind}-{entry.entry_id}{mirror}@{DOMAIN}",
        moment(local_date(starts) if entry.all_day else starts),
        moment(local_date(ends) if entry.all_day else ends),
        (CANCELLED_PREFIX if entry.status == "CANCELLED" else "") + entry.summary,
        entry.description,
        entry.status,
    )


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("name", ["empty", "public", "private"])
def test_other_golden_files_are_read_by_independent_parsers(name: str, parse: Parser) -> None:
    events = [item for item in items_of(golden(name)) if item[0] == "BEGIN:VEVENT"]
    assert [seen.uid for seen in parse(golden(name))] == [value(item, "UID") for item in events]


# What each program stumbles over


def evolution_needs_marks_that_move(body: bytes) -> None:
    """It shows the old time unless one of the three marks moved; ICSx5 looks at LAST-MODIFIED alone."""
    for item in items_of(body):
        assert value(item, "DTSTAMP") == value(item, "LAST-MODIFIED") >= value(item, "CREATED")
        assert value(item, "SEQUENCE").isdigit()


def vdirsyncer_takes_a_feed_with_a_uid_for_one_item(body: bytes) -> None:
    head = lines_of(body)[: lines_of(body).index("BEGIN:VTIMEZONE")]
    assert not [line for line in head if line.startswith(("UID", "LAST-MODIFIED"))]
    uids = [value(item, "UID") for item in items_of(body)]
    assert len(uids) == len(set(uids))
    assert all(re.fullmatch(r"[a-z0-9-]+@open\.qingpu\.example", uid) for uid in uids)


def outlook_needs_the_zone_before_its_use_and_no_method(body: bytes) -> None:
    """METHOD makes it an invitation. Strict parsers refuse a zone that stands after the items, or a historic one."""
    assert b"\r\nMETHOD" not in body
    assert body.count(b"BEGIN:VTIMEZONE") == body.count(VTIMEZONE) == 1
    first = re.search(rb"BEGIN:(VEVENT|VTODO)", body)
    assert first is None or body.index(VTIMEZONE) < first.start()
    for line in lines_of(body):
        if line.startswith(("DTSTART", "DTEND", "DUE")) and not line.startswith("DTSTART:19910915T000000"):
            assert re.fullmatch(r"(DTSTART|DTEND|DUE)(;TZID=Asia/Shanghai:\d{8}T\d{6}|;VALUE=DATE:\d{8})", line), line


def apple_needs_its_own_names_and_a_typed_interval(body: bytes) -> None:
    lines = lines_of(body)
    head = {line.split(":", 1)[0]: line.split(":", 1)[1] for line in lines[1 : lines.index("BEGIN:VTIMEZONE")]}
    assert head["REFRESH-INTERVAL;VALUE=DURATION"] == head["X-PUBLISHED-TTL"] == "PT1H"
    assert head["SOURCE;VALUE=URI"].endswith(".ics")
    assert head["NAME;LANGUAGE=zh-CN"] == head["X-WR-CALNAME"]
    assert head["DESCRIPTION;LANGUAGE=zh-CN"] == head["X-WR-CALDESC"]
    assert head["X-WR-TIMEZONE"] == "Asia/Shanghai"
    assert PALETTE[head["COLOR"]] == head["X-APPLE-CALENDAR-COLOR"]


def google_needs_an_event_beside_each_todo(body: bytes) -> None:
    """So do iOS and Nextcloud, which show no VTODO at all."""
    items = items_of(body)
    events = {value(item, "UID"): item for item in items if item[0] == "BEGIN:VEVENT"}
    for todo in (item for item in items if item[0] == "BEGIN:VTODO"):
        mirror = events[value(todo, "UID").replace("@", "-ev@")]
        assert value(todo, "DUE")[:8] == value(mirror, "DTSTART")


def thunderbird_must_see_a_cancellation_in_three_ways(body: bytes) -> None:
    """Programs differ in which of them they show."""
    for item in items_of(body):
        signs = [value(item, "STATUS") == "CANCELLED", value(item, "SUMMARY").startswith(CANCELLED_PREFIX)]
        if item[0] == "BEGIN:VEVENT":
            signs.append(value(item, "STATUS") == "CANCELLED" and value(item, "TRANSP") == "TRANSPARENT")
        assert len(set(signs)) == 1, item


def lines_are_folded_between_characters(body: bytes) -> None:
    """KCalendarCore and old Androids cut what is longer; a character cut in two is none."""
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", body)
    for line in body.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


def nothing_is_nested_but_alarms(body: bytes) -> None:
    """The UIDs of RFC 9073's components are taken for items."""
    begun = set(re.findall(r"(?m)^BEGIN:(\S+)$", "\n".join(lines_of(body))))
    assert begun <= {"VCALENDAR", "VTIMEZONE", "STANDARD", "VEVENT", "VTODO", "VALARM"}
    assert all(line.count("FEATURE=") == 1 for line in lines_of(body) if line.startswith("CONFERENCE"))


QUIRKS: list[Callable[[bytes], None]] = [
    evolution_needs_marks_that_move,
    vdirsyncer_takes_a_feed_with_a_uid_for_one_item,
    outlook_needs_the_zone_before_its_use_and_no_method,
    apple_needs_its_own_names_and_a_typed_interval,
    google_needs_an_event_beside_each_todo,
    thunderbird_must_see_a_cancellation_in_three_ways,
    lines_are_folded_between_characters,
    nothing_is_nested_but_alarms,
]


@pytest.mark.parametrize("quirk", QUIRKS)
@pytest.mark.parametrize("name", EVERY)
def test_golden_file_suits_the_program(name: str, quirk: Callable[[bytes], None]) -> None:
    quirk(golden(name))


@pytest.mark.parametrize("name", EVERY)
def test_golden_file_breaks_no_rule_and_names_nobody(name: str) -> None:
    body = golden(name)
    assert violations(body, private=name == "private") == []
    assert (b"BEGIN:VALARM" in body) == (name == "private")
    assert b"\r\nATTENDEE" not in body
    assert not re.search(r"(?m)^(DURATION|RRULE|EXDATE)", "\n".join(lines_of(body)))


@pytest.mark.parametrize("name", FEEDS)
def test_only_duties_are_todos(name: str) -> None:
    items = items_of(golden(name))
    todos = [item for item in items if item[0] == "BEGIN:VTODO"]
    assert len(items) > 0
    assert len(todos) == (len(items) / 2 if name == "deadlines" else 0)
    assert all(value(todo, "DUE").endswith("T170000") for todo in todos)
    assert {value(todo, "STATUS") for todo in todos} in (set(), {"NEEDS-ACTION", "COMPLETED", "CANCELLED"})


@pytest.mark.parametrize("kind", ["consultation", "deadline"])
def test_entry_of_hosts_whose_clocks_differ_is_shown(kind: str) -> None:
    """One made it; another, whose clock is a second behind, changed it at once."""
    known = next(each for each in everything() if each.kind == kind)
    changed_at = known.created_at - timedelta(seconds=1)
    head = head_of(FEEDS["consultations"], {}, PUBLIC_URL)
    body = join_feed(head, [render(replace(known, changed_at=changed_at), PUBLIC_URL, DOMAIN)])
    assert violations(body) == []
    assert f"LAST-MODIFIED:{changed_at:%Y%m%dT%H%M%SZ}".encode() in body
