"""Calendar feeds: render entries, join them to a feed, check a feed, read a foreign file.

Everything is pure. One entry always renders to the same octets, so a body's hash is a true ETag.
Rules are those of RFC 5545, RFC 7986 and of the calendar contract; `violations` checks all of them on
the octets themselves and shares no code with the rendering.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import icalendar
import msgspec

ZONE: Final = ZoneInfo("Asia/Shanghai")
PRODID: Final = "-//kaimen//open government calendar 1//ZH"
CANCELLED_PREFIX: Final = "【已取消】"
PALETTE: Final = {
    "steelblue": "#4682B4",
    "royalblue": "#4169E1",
    "firebrick": "#B22222",
    "seagreen": "#2E8B57",
    "darkgoldenrod": "#B8860B",
    "slategray": "#708090",
    "teal": "#008080",
    "indigo": "#4B0082",
}
"""The CSS3 colour names a feed may use (RFC 7986 §5.9), each with its value for Apple's programs."""

MAX_IMPORT_OCTETS: Final = 2 * 1024 * 1024
MAX_IMPORT_EVENTS: Final = 2_000

VTIMEZONE: Final = (
    b"BEGIN:VTIMEZONE\r\n"
    b"TZID:Asia/Shanghai\r\n"
    b"X-LIC-LOCATION:Asia/Shanghai\r\n"
    b"BEGIN:STANDARD\r\n"
    b"DTSTART:19910915T000000\r\n"
    b"TZOFFSETFROM:+0800\r\n"
    b"TZOFFSETTO:+0800\r\n"
    b"TZNAME:CST\r\n"
    b"END:STANDARD\r\n"
    b"END:VTIMEZONE\r\n"
)

Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
_UID_PART = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DOMAIN = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One calendar item, its change marks already decided by the service that owns it.

    Timed: `starts_at` and `ends_at`, aware. All-day: `starts_on` and `ends_on`, the end exclusive.
    Instants are rendered in Asia/Shanghai. `geo` is WGS-84, latitude first. `alarms` are lengths of time
    before the start and belong in private feeds only. `related_to` holds full UIDs.
    Raises ValueError for what no feed could carry.
    """

    uid_kind: str
    permanent_id: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    summary: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    description: str = ""
    location: str = ""
    geo: tuple[float, float] | None = None
    url: str | None = None
    categories: tuple[str, ...] = ()
    status: Status = "CONFIRMED"
    cancelled_reason: str | None = None
    transparent: bool = False
    organizer_name: str | None = None
    organizer_email: str | None = None
    contact: str | None = None
    related_to: tuple[str, ...] = ()
    live_url: str | None = None
    attachments: tuple[str, ...] = ()
    color: str | None = None
    alarms: tuple[timedelta, ...] = ()

    def __post_init__(self) -> None:
        _check_identity(self.uid_kind, self.permanent_id, self.sequence, self.created_at, self.changed_at)
        _check_span(self)
        if not clean_text(self.summary).strip():
            raise ValueError("an entry needs a summary")
        if self.geo and not (-90 <= self.geo[0] <= 90 and -180 <= self.geo[1] <= 180):
            raise ValueError("geo is (latitude, longitude) in degrees")
        if self.color is not None and self.color not in PALETTE:
            raise ValueError(f"colour {self.color!r} is not in the palette")
        if any(before < timedelta(0) for before in self.alarms):
            raise ValueError("an alarm is a length of time before the start")
        if self.organizer_name is not None and not self.organizer_email:
            raise ValueError("an organiser needs an address")


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """A duty with a due instant: rendered as a VTODO and as its mirror, an all-day VEVENT on the due day.

    The mirror is there because several subscribing programs ignore VTODO. `provisional` marks a clock that
    runs over a year whose holidays are not yet announced. `done_at` closes the duty.
    """

    uid_kind: str
    permanent_id: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    due_at: datetime
    summary: str
    description: str = ""
    url: str | None = None
    categories: tuple[str, ...] = ()
    provisional: bool = False
    done_at: datetime | None = None
    cancelled: bool = False

    def __post_init__(self) -> None:
        _check_identity(self.uid_kind, self.permanent_id, self.sequence, self.created_at, self.changed_at)
        if self.due_at.tzinfo is None or (self.done_at is not None and self.done_at.tzinfo is None):
            raise ValueError("instants must be aware")
        if not clean_text(self.summary).strip():
            raise ValueError("a deadline needs a summary")


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a feed. `url` is the page about it, `source_url` the address it is subscribed at."""

    name: str
    description: str
    url: str
    source_url: str
    color: str = "steelblue"

    def __post_init__(self) -> None:
        if self.color not in PALETTE:
            raise ValueError(f"colour {self.color!r} is not in the palette")


class ReadEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One VEVENT of a foreign file, in its order of appearance (`position` counts from 1).

    Timed: `starts_at` and, if the file says, `ends_at`, both UTC. All-day: `starts_on` and exclusive
    `ends_on`. `floating` tells that the file named no zone and Asia/Shanghai was taken. `recurring` tells
    that the event has a rule of repetition, of which only the first occurrence is given here.
    """

    position: int
    uid: str | None
    summary: str
    description: str = ""
    location: str = ""
    url: str | None = None
    categories: tuple[str, ...] = ()
    status: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    floating: bool = False
    recurring: bool = False


class BrokenCalendar(Exception):
    """A foreign calendar file that is not taken. `component` names the place, e.g. `VEVENT 3 DTSTART`."""

    def __init__(self, component: str, reason: str, zh: str, en: str) -> None:
        super().__init__(f"{component}: {en}")
        self.component = component
        self.reason = reason
        self.zh = zh
        self.en = en


# ---------------------------------------------------------------- rendering


def clean_text(text: str) -> str:
    """The text as a feed carries it: NFC, LF line ends, no control characters but TAB and LF.

    Unicode line separators become LF, because some parsers break lines at them.
    """
    text = re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", text)
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]", "", text)
    # icalendar turns backslash + N into a line break, others read backslash + n so: use the full-width one.
    return unicodedata.normalize("NFC", re.sub(r"\\(?=[Nn])", "＼", text))


def entry_uid(uid_kind: str, permanent_id: str, domain: str) -> str:
    """The UID under which an item is known for ever: `<kind>-<permanent id>@<domain>`."""
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{domain!r} is no domain for UIDs")
    return f"{uid_kind}-{permanent_id}@{domain}"


def render_entry(entry: Entry, domain: str) -> bytes:
    """The VEVENT of an entry: content lines ending in CRLF, folded between characters at 75 octets."""
    event = icalendar.Event()
    cancelled = entry.status == "CANCELLED"
    summary = clean_text(entry.summary).replace("\n", " ")
    if cancelled and not summary.startswith(CANCELLED_PREFIX):
        summary = CANCELLED_PREFIX + summary
    _add_marks(event, entry, entry_uid(entry.uid_kind, entry.permanent_id, domain))
    _add_span(event, entry)
    event.add("SUMMARY", summary)
    _add_text(event, "DESCRIPTION", entry.description)
    _add_text(event, "LOCATION", entry.location)
    if entry.geo is not None:
        event.add("GEO", entry.geo)
    _add_uri(event, "URL", entry.url)
    _add_categories(event, entry.categories)
    event.add("STATUS", entry.status)
    event.add("TRANSP", "TRANSPARENT" if cancelled or entry.transparent else "OPAQUE")
    event.add("CLASS", "PUBLIC")
    _add_organizer(event, entry)
    _add_text(event, "CONTACT", entry.contact)
    if entry.live_url is not None:
        event.add(
            "CONFERENCE",
            icalendar.vUri(_clean_uri(entry.live_url)),
            parameters={"VALUE": "URI", "FEATURE": "VIDEO", "LABEL": "直播"},
        )
    for attachment in entry.attachments:
        event.add("ATTACH", icalendar.vUri(_clean_uri(attachment)))
    for uid in entry.related_to:
        _add_text(event, "RELATED-TO", uid)
    if cancelled:
        _add_text(event, "COMMENT", entry.cancelled_reason)
    if entry.color is not None:
        event.add("COLOR", entry.color)
    for before in entry.alarms:
        event.add_component(_alarm(before, summary))
    return event.to_ical(sorted=False)


def render_deadline(deadline: Deadline, domain: str) -> bytes:
    """The VTODO of a deadline followed by its mirror VEVENT, whose UID has the suffix `-ev`."""
    todo = icalendar.Todo()
    uid = entry_uid(deadline.uid_kind, deadline.permanent_id, domain)
    summary = clean_text(deadline.summary).replace("\n", " ")
    _add_marks(todo, deadline, uid)
    todo.add("DUE", deadline.due_at.astimezone(ZONE))
    todo.add("SUMMARY", CANCELLED_PREFIX + summary if deadline.cancelled else summary)
    _add_text(todo, "DESCRIPTION", deadline.description)
    _add_uri(todo, "URL", deadline.url)
    _add_categories(todo, deadline.categories)
    if deadline.cancelled:
        todo.add("STATUS", "CANCELLED")
    elif deadline.done_at is not None:
        todo.add("STATUS", "COMPLETED")
        todo.add("COMPLETED", deadline.done_at.astimezone(UTC))
    else:
        todo.add("STATUS", "NEEDS-ACTION")
    todo.add("CLASS", "PUBLIC")
    return todo.to_ical(sorted=False) + render_entry(_mirror(deadline, uid), domain)


def join_feed(feed: Feed, items: Iterable[bytes]) -> bytes:
    """A whole VCALENDAR: the head, the constant VTIMEZONE (also when empty), the rendered items in order."""
    calendar = icalendar.Calendar()
    # On one line: the X- properties are written as they are, without escapes.
    name, description = (clean_text(text).replace("\n", " ") for text in (feed.name, feed.description))
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("NAME", name, parameters={"LANGUAGE": "zh-CN"})
    calendar.add("X-WR-CALNAME", name)
    calendar.add("DESCRIPTION", description, parameters={"LANGUAGE": "zh-CN"})
    calendar.add("X-WR-CALDESC", description)
    calendar.add("X-WR-TIMEZONE", "Asia/Shanghai")
    _add_uri(calendar, "URL", feed.url)
    calendar.add("SOURCE", icalendar.vUri(_clean_uri(feed.source_url)), parameters={"VALUE": "URI"})
    calendar.add("REFRESH-INTERVAL", icalendar.vDuration(timedelta(hours=1)), parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    calendar.add("COLOR", feed.color)
    calendar.add("X-APPLE-CALENDAR-COLOR", PALETTE[feed.color])
    head = calendar.to_ical(sorted=False).removesuffix(b"END:VCALENDAR\r\n")
    return b"".join([head, VTIMEZONE, *items, b"END:VCALENDAR\r\n"])


def publication(items: Iterable[bytes]) -> bytes:
    """A VCALENDAR to be sent to somebody (iTIP, RFC 5546 3.2.1: METHOD:PUBLISH), with the rendered items."""
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    head = calendar.to_ical(sorted=False).removesuffix(b"END:VCALENDAR\r\n")
    return b"".join([head, VTIMEZONE, *items, b"END:VCALENDAR\r\n"])


def etag(body: bytes) -> str:
    """The weak entity tag of a body's identity octets: `W/"<sha256 in hex>"`."""
    return f'W/"{hashlib.sha256(body).hexdigest()}"'


def _check_identity(
    uid_kind: str, permanent_id: str, sequence: int, created_at: datetime, changed_at: datetime
) -> None:
    if not (_UID_PART.fullmatch(uid_kind) and _UID_PART.fullmatch(permanent_id)):
        raise ValueError("kind and id of a UID are lower-case letters, digits and single hyphens")
    if sequence < 0:
        raise ValueError("SEQUENCE counts from 0")
    if created_at.tzinfo is None or changed_at.tzinfo is None:
        raise ValueError("change marks must be aware")
    if changed_at < created_at:
        raise ValueError("an entry cannot change before it was created")


def _check_span(entry: Entry) -> None:
    if entry.starts_at is not None and entry.ends_at is not None:
        if entry.starts_on is not None or entry.ends_on is not None:
            raise ValueError("an entry is timed or all-day, not both")
        if entry.starts_at.tzinfo is None or entry.ends_at.tzinfo is None:
            raise ValueError("instants must be aware")
        if entry.ends_at.replace(microsecond=0) <= entry.starts_at.replace(microsecond=0):
            raise ValueError("an entry ends after it starts")
    elif entry.starts_on is not None and entry.ends_on is not None:
        if entry.starts_at is not None or entry.ends_at is not None:
            raise ValueError("an entry is timed or all-day, not both")
        if entry.ends_on <= entry.starts_on:
            raise ValueError("the end of an all-day entry is the day after its last")
    else:
        raise ValueError("an entry needs its start and its end")


def _add_marks(component: icalendar.Component, item: Entry | Deadline, uid: str) -> None:
    changed_at = item.changed_at.astimezone(UTC)
    component.add("UID", uid)
    component.add("DTSTAMP", changed_at)
    component.add("CREATED", item.created_at.astimezone(UTC))
    component.add("LAST-MODIFIED", changed_at)
    component.add("SEQUENCE", item.sequence)


def _add_span(event: icalendar.Event, entry: Entry) -> None:
    if entry.starts_at is not None and entry.ends_at is not None:
        event.add("DTSTART", entry.starts_at.astimezone(ZONE))
        event.add("DTEND", entry.ends_at.astimezone(ZONE))
    elif entry.starts_on is not None and entry.ends_on is not None:
        event.add("DTSTART", entry.starts_on)
        event.add("DTEND", entry.ends_on)


def _add_text(component: icalendar.Component, name: str, text: str | None) -> None:
    if text and (cleaned := clean_text(text)):
        component.add(name, cleaned)


def _add_uri(component: icalendar.Component, name: str, uri: str | None) -> None:
    if uri:
        component.add(name, icalendar.vUri(_clean_uri(uri)))


def _add_categories(component: icalendar.Component, categories: tuple[str, ...]) -> None:
    cleaned = [clean_text(category).replace("\n", " ") for category in categories]
    if kept := [category for category in cleaned if category.strip()]:
        component.add("CATEGORIES", kept)


def _add_organizer(event: icalendar.Event, entry: Entry) -> None:
    if entry.organizer_email:
        address = icalendar.vCalAddress(f"mailto:{_clean_uri(entry.organizer_email)}")
        if entry.organizer_name:
            address.params["CN"] = re.sub(r'["^\n\t\\]', " ", clean_text(entry.organizer_name))
        event.add("ORGANIZER", address)


def _clean_uri(uri: str) -> str:
    if re.search(r"[\s\x00-\x1f\x7f<>\"]", uri):
        raise ValueError(f"{uri!r} is no URI")
    return clean_text(uri)


def _alarm(before: timedelta, summary: str) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", summary)
    alarm.add("TRIGGER", -before)
    return alarm


def _mirror(deadline: Deadline, uid: str) -> Entry:
    due_on = deadline.due_at.astimezone(ZONE).date()
    status: Status = "CONFIRMED"
    if deadline.cancelled:
        status = "CANCELLED"
    elif deadline.provisional:
        status = "TENTATIVE"
    return Entry(
        uid_kind=deadline.uid_kind,
        permanent_id=f"{deadline.permanent_id}-ev",
        sequence=deadline.sequence,
        created_at=deadline.created_at,
        changed_at=deadline.changed_at,
        starts_on=due_on,
        ends_on=due_on + timedelta(days=1),
        summary=deadline.summary,
        description=deadline.description,
        url=deadline.url,
        categories=deadline.categories,
        status=status,
        transparent=True,
        related_to=(uid,),
    )


# ---------------------------------------------------------------- checking


class _Line(msgspec.Struct, frozen=True):
    name: str
    parameters: dict[str, str]
    value: str


class _Component(msgspec.Struct):
    name: str
    lines: list[_Line]
    children: "list[_Component]"

    def all(self, name: str) -> list[_Line]:
        return [line for line in self.lines if line.name == name]

    def value(self, name: str) -> str | None:
        found = self.all(name)
        return found[0].value if found else None


_HEAD_ORDER: Final = (
    "VERSION",
    "PRODID",
    "CALSCALE",
    "NAME",
    "X-WR-CALNAME",
    "DESCRIPTION",
    "X-WR-CALDESC",
    "X-WR-TIMEZONE",
    "URL",
    "SOURCE",
    "REFRESH-INTERVAL",
    "X-PUBLISHED-TTL",
    "COLOR",
    "X-APPLE-CALENDAR-COLOR",
)
_EVENT_ONCE: Final = (
    "UID",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
    "DTSTART",
    "DTEND",
    "SUMMARY",
    "STATUS",
    "TRANSP",
    "CLASS",
)
_EVENT_AT_MOST_ONCE: Final = ("DESCRIPTION", "LOCATION", "GEO", "URL", "ORGANIZER", "COLOR", "CATEGORIES")
_TODO_ONCE: Final = (
    "UID",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
    "DUE",
    "SUMMARY",
    "STATUS",
    "CLASS",
)
_UID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+@[a-z0-9.-]+")
_CONTENT_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=(?:"([^"]*)"|([^";:,]*))')


def violations(body: bytes, *, private: bool = False) -> list[str]:
    """Every rule of the calendar contract that a feed body breaks, in words; empty means it may leave.

    `private` allows VALARM, as the feed of one person carries it.
    """
    found = _octet_violations(body)
    try:
        calendar = _read_components(body)
    except ValueError as broken:
        return [*found, str(broken)]
    found += _head_violations(calendar)
    if body.count(VTIMEZONE) != 1 or not calendar.children or calendar.children[0].name != "VTIMEZONE":
        found.append("VTIMEZONE: the constant one must come first, once")
    if sum(child.name == "VTIMEZONE" for child in calendar.children) > 1:
        found.append("VTIMEZONE: more than one")
    items = [child for child in calendar.children if child.name != "VTIMEZONE"]
    for uid, count in Counter(item.value("UID") for item in items).items():
        if count > 1:
            found.append(f"UID {uid}: used {count} times")
    uids = {item.value("UID") for item in items}
    for item in items:
        found += [f"{item.name} {item.value('UID')}: {text}" for text in _item_violations(item, uids, private)]
    return found


def _octet_violations(body: bytes) -> list[str]:
    found: list[str] = []
    # The n of an escaped line break must not be taken together with an accent that begins the next line.
    text = body.decode(errors="replace").replace("\r\n ", "").replace("\\n", "\n")
    if not unicodedata.is_normalized("NFC", text):
        found.append("octets: not in normal form NFC")
    if not body.endswith(b"END:VCALENDAR\r\n"):
        found.append("octets: the body does not end with END:VCALENDAR and CRLF")
    if re.search(rb"(?<!\r)\n|\r(?!\n)", body):
        found.append("octets: a line end that is not CRLF")
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", body):
        found.append("octets: a control character")
    for number, line in enumerate(body.split(b"\r\n"), 1):
        if len(line) > 75:
            found.append(f"line {number}: {len(line)} octets")
        try:
            line.decode()
        except UnicodeDecodeError:
            found.append(f"line {number}: a split character or no UTF-8")
    return found


def _read_components(body: bytes) -> _Component:
    text = body.decode(errors="replace").replace("\r\n ", "").replace("\r\n\t", "")
    root = _Component("", [], [])
    stack = [root]
    for raw in text.removesuffix("\r\n").split("\r\n"):
        match = _CONTENT_LINE.fullmatch(raw)
        if match is None:
            raise ValueError(f"content line: {raw[:40]!r} cannot be read")
        parameters = {name.upper(): quoted or bare for name, quoted, bare in _PARAMETER.findall(match[2])}
        line = _Line(match[1].upper(), parameters, match[3])
        if line.name == "BEGIN":
            child = _Component(line.value, [], [])
            stack[-1].children.append(child)
            stack.append(child)
        elif line.name == "END":
            if stack.pop().name != line.value or not stack:
                raise ValueError(f"END:{line.value} without its BEGIN")
        else:
            stack[-1].lines.append(line)
    if len(stack) != 1 or root.lines or [child.name for child in root.children] != ["VCALENDAR"]:
        raise ValueError("VCALENDAR: not exactly one, whole")
    return root.children[0]


def _head_violations(calendar: _Component) -> list[str]:
    found: list[str] = []
    names = tuple(line.name for line in calendar.lines)
    if names != _HEAD_ORDER:
        wrong = sorted(set(names) ^ set(_HEAD_ORDER)) or list(names)
        found.append(f"VCALENDAR: properties missing, foreign, doubled or out of order: {', '.join(wrong)}")
    for name, parameter, wanted in (
        ("NAME", "LANGUAGE", "zh-CN"),
        ("SOURCE", "VALUE", "URI"),
        ("REFRESH-INTERVAL", "VALUE", "DURATION"),
    ):
        if any(line.parameters.get(parameter) != wanted for line in calendar.all(name)):
            found.append(f"{name}: without {parameter}={wanted}")
    for one, other in (
        ("NAME", "X-WR-CALNAME"),
        ("DESCRIPTION", "X-WR-CALDESC"),
        ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"),
    ):
        if calendar.value(one) != calendar.value(other):
            found.append(f"{one}: differs from {other}")
    for name, wanted in (
        ("VERSION", "2.0"),
        ("PRODID", PRODID),
        ("CALSCALE", "GREGORIAN"),
        ("X-WR-TIMEZONE", "Asia/Shanghai"),
    ):
        if calendar.value(name) != wanted:
            found.append(f"{name}: not {wanted}")
    color = calendar.value("COLOR")
    if color not in PALETTE:
        found.append(f"COLOR: {color} is no colour name of the palette")
    elif calendar.value("X-APPLE-CALENDAR-COLOR") != PALETTE[color]:
        found.append("X-APPLE-CALENDAR-COLOR: differs from COLOR")
    return found


def _item_violations(item: _Component, uids: set[str | None], private: bool) -> list[str]:
    if item.name == "VEVENT":
        found = _event_violations(item)
    elif item.name == "VTODO":
        found = _todo_violations(item, uids)
    else:
        return ["this component does not belong in a feed"]
    found += _mark_violations(item) + _property_violations(item)
    for child in item.children:
        if child.name != "VALARM" or not private:
            found.append(f"{child.name}: not allowed here")
    return found


def _mark_violations(item: _Component) -> list[str]:
    found: list[str] = []
    if not _UID.fullmatch(item.value("UID") or ""):
        found.append("UID: not <kind>-<id>@<domain>")
    for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
        if _instant(item.value(name) or "", "%Y%m%dT%H%M%SZ") is None:
            found.append(f"{name}: no UTC instant")
    if item.value("DTSTAMP") != item.value("LAST-MODIFIED"):
        found.append("DTSTAMP: differs from LAST-MODIFIED")
    if (item.value("CREATED") or "") > (item.value("LAST-MODIFIED") or ""):
        found.append("CREATED: after LAST-MODIFIED")
    if not (item.value("SEQUENCE") or "").isdigit():
        found.append("SEQUENCE: no number")
    if item.value("CLASS") != "PUBLIC":
        found.append("CLASS: not PUBLIC")
    return found


def _event_violations(event: _Component) -> list[str]:
    found = [f"{name}: not exactly once" for name in _EVENT_ONCE if len(event.all(name)) != 1]
    found += [f"{name}: more than once" for name in _EVENT_AT_MOST_ONCE if len(event.all(name)) > 1]
    if event.value("STATUS") not in ("CONFIRMED", "TENTATIVE", "CANCELLED"):
        found.append("STATUS: unknown")
    if event.value("TRANSP") not in ("OPAQUE", "TRANSPARENT"):
        found.append("TRANSP: unknown")
    marked = (event.value("SUMMARY") or "").startswith(CANCELLED_PREFIX)
    if (event.value("STATUS") == "CANCELLED") != marked:
        found.append(f"SUMMARY: {CANCELLED_PREFIX} and STATUS:CANCELLED go together")
    if event.value("STATUS") == "CANCELLED" and event.value("TRANSP") != "TRANSPARENT":
        found.append("TRANSP: a cancelled entry is TRANSPARENT")
    starts, ends = event.all("DTSTART"), event.all("DTEND")
    if len(starts) == len(ends) == 1:
        found += _span_violations(starts[0], ends[0])
    return found


def _todo_violations(todo: _Component, uids: set[str | None]) -> list[str]:
    found = [f"{name}: not exactly once" for name in _TODO_ONCE if len(todo.all(name)) != 1]
    if todo.value("STATUS") not in ("NEEDS-ACTION", "COMPLETED", "CANCELLED"):
        found.append("STATUS: unknown")
    if (todo.value("STATUS") == "COMPLETED") != bool(todo.all("COMPLETED")):
        found.append("COMPLETED: goes with STATUS:COMPLETED")
    if any(_local_instant(line) is None for line in todo.all("DUE")):
        found.append("DUE: not local time with TZID=Asia/Shanghai")
    if (todo.value("UID") or "").replace("@", "-ev@") not in uids:
        found.append("UID: without its mirror VEVENT")
    return found


def _span_violations(start: _Line, end: _Line) -> list[str]:
    if start.parameters.get("VALUE") == "DATE":
        first, after = _instant(start.value, "%Y%m%d"), _instant(end.value, "%Y%m%d")
        if first is None or after is None or end.parameters != {"VALUE": "DATE"}:
            return ["DTSTART, DTEND: not both whole days"]
        return [] if after > first else ["DTEND: not the day after the last"]
    starts, ends = _local_instant(start), _local_instant(end)
    if starts is None or ends is None:
        return ["DTSTART, DTEND: floating, or not both local time with TZID=Asia/Shanghai"]
    return [] if ends > starts else ["DTEND: not after DTSTART"]


def _property_violations(item: _Component) -> list[str]:
    found = [
        f"{name}: not allowed here"
        for name in ("ATTENDEE", "METHOD", "DURATION", "RRULE", "RDATE", "EXDATE")
        if item.all(name)
    ]
    for line in item.all("GEO"):
        match = re.fullmatch(r"(-?\d+(?:\.\d+)?);(-?\d+(?:\.\d+)?)", line.value)
        if match is None or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
            found.append("GEO: not latitude;longitude")
    if any(line.parameters.get("VALUE") == "URI" for line in item.all("RELATED-TO")):
        found.append("RELATED-TO: not in UID form")
    if any("LINKREL" not in line.parameters for line in item.all("LINK")):
        found.append("LINK: without LINKREL")
    for line in item.all("CONFERENCE"):
        if line.parameters.get("VALUE") != "URI" or "," in line.parameters.get("FEATURE", ","):
            found.append("CONFERENCE: without VALUE=URI or exactly one FEATURE")
    if any(not line.value.lower().startswith("mailto:") for line in item.all("ORGANIZER")):
        found.append("ORGANIZER: no mailto address")
    if any(line.value not in PALETTE for line in item.all("COLOR")):
        found.append("COLOR: no colour name of the palette")
    return found


def _local_instant(line: _Line) -> datetime | None:
    if line.parameters != {"TZID": "Asia/Shanghai"}:
        return None
    return _instant(line.value, "%Y%m%dT%H%M%S")


def _instant(value: str, form: str) -> datetime | None:
    try:
        instant = datetime.strptime(value, form)  # noqa: DTZ007 - the zone stands elsewhere in the line
    except ValueError:
        return None
    return instant if instant.strftime(form) == value else None


# ---------------------------------------------------------------- reading foreign files


def read_events(data: bytes) -> list[ReadEvent]:
    """The events of an ICS file that somebody else wrote, in order.

    Bounded to 2 MiB and 2,000 events. Raises BrokenCalendar, which names the component at fault, for a file
    that is too large, truncated, not UTF-8, or has an event without readable start, with an unknown zone or
    with an end before its start. Nothing is skipped.
    """
    text = _import_text(data)
    try:
        calendar = icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise _broken("VCALENDAR", "unreadable", "文件内容无法读取", "the file cannot be read") from error
    if not isinstance(calendar, icalendar.Calendar):
        raise _broken("VCALENDAR", "unreadable", "不是日历文件", "this is no calendar")
    events = [component for component in calendar.subcomponents if component.name == "VEVENT"]
    return [_read_event(event, position) for position, event in enumerate(events, 1)]


def _import_text(data: bytes) -> str:
    if len(data) > MAX_IMPORT_OCTETS:
        raise _broken("VCALENDAR", "too-large", "文件超过 2 MB", "the file is larger than 2 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _broken("VCALENDAR", "not-utf8", "文件不是 UTF-8 编码", "the file is not UTF-8") from error
    if "\x00" in text:
        raise _broken("VCALENDAR", "unreadable", "文件含空字符", "the file contains NUL")
    marks = re.findall(r"^(BEGIN|END):([A-Z0-9-]+)[ \t]*\r?$", text, re.MULTILINE | re.IGNORECASE)
    open_components: list[str] = []
    for mark, name in marks:
        if mark.upper() == "BEGIN":
            open_components.append(name.upper())
        elif not open_components or open_components.pop() != name.upper():
            raise _broken(name.upper(), "unbalanced", "组件没有开头", "the component ends without beginning")
    if open_components:
        raise _broken(open_components[-1], "truncated", "组件没有结束", "the component does not end")
    if not marks or marks[0][1].upper() != "VCALENDAR":
        raise _broken("VCALENDAR", "unreadable", "不是日历文件", "this is no calendar")
    if sum(mark.upper() == "BEGIN" and name.upper() == "VCALENDAR" for mark, name in marks) > 1:
        raise _broken("VCALENDAR", "several-calendars", "含多个日历", "there are several calendars")
    if sum(mark.upper() == "BEGIN" and name.upper() == "VEVENT" for mark, name in marks) > MAX_IMPORT_EVENTS:
        raise _broken("VCALENDAR", "too-many-events", "活动超过 2000 项", "there are more than 2,000 events")
    return text


def _read_event(event: icalendar.Component, position: int) -> ReadEvent:
    place = f"VEVENT {position}"
    if event.errors:
        name = event.errors[0][0] or "?"
        raise _broken(f"{place} {name}", "unreadable", "该属性无法读取", "this property cannot be read")
    start, floating = _read_time(event, "DTSTART", place)
    end, _ = _read_time(event, "DTEND", place)
    if start is None:
        raise _broken(f"{place} DTSTART", "missing", "缺少开始时间", "the start is missing")
    end = _end_of(event, start, end, place)
    common = _read_texts(event, place)
    timed = isinstance(start, datetime)
    return ReadEvent(
        position=position,
        uid=common["UID"] or None,
        summary=common["SUMMARY"],
        description=common["DESCRIPTION"],
        location=common["LOCATION"],
        url=common["URL"] or None,
        categories=tuple(str(name) for name in getattr(event, "categories", [])),
        status=common["STATUS"].upper() or None,
        starts_at=start if isinstance(start, datetime) else None,
        ends_at=end if isinstance(end, datetime) else None,
        starts_on=None if timed else start,
        ends_on=None if timed else end,
        floating=floating,
        recurring="RRULE" in event or "RDATE" in event,
    )


def _read_texts(event: icalendar.Component, place: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name in ("UID", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "STATUS"):
        value = event.get(name, "")
        if isinstance(value, list):
            raise _broken(f"{place} {name}", "doubled", "该属性重复", "this property is doubled")
        texts[name] = clean_text(str(value)).strip()
    return texts


def _read_time(event: icalendar.Component, name: str, place: str) -> tuple[date | None, bool]:
    value = event.get(name)
    if value is None:
        return None, False
    read = getattr(value, "dt", None)
    if not isinstance(read, date):
        raise _broken(f"{place} {name}", "unreadable", "时间无法读取", "the time cannot be read")
    if not isinstance(read, datetime):
        return read, False
    if read.tzinfo is None and "TZID" in value.params:
        raise _broken(f"{place} {name}", "unknown-zone", "时区不认识", "the time zone is unknown")
    aware = read if read.tzinfo is not None else read.replace(tzinfo=ZONE)
    try:
        return aware.astimezone(UTC), read.tzinfo is None
    except (OverflowError, ValueError) as error:
        raise _broken(f"{place} {name}", "unreadable", "时间无法读取", "the time cannot be read") from error


def _end_of(event: icalendar.Component, start: date, end: date | None, place: str) -> date | None:
    if end is None and (duration := getattr(event.get("DURATION"), "td", None)) is not None:
        try:
            end = start + duration
        except OverflowError as error:
            raise _broken(f"{place} DURATION", "unreadable", "时长过长", "the duration is too long") from error
    if end is None:
        return None if isinstance(start, datetime) else start + timedelta(days=1)
    if isinstance(start, datetime) != isinstance(end, datetime) or end < start:
        raise _broken(f"{place} DTEND", "end-before-start", "结束早于开始", "the end is before the start")
    if end == start:
        return None if isinstance(start, datetime) else start + timedelta(days=1)
    return end


def _broken(component: str, reason: str, zh: str, en: str) -> BrokenCalendar:
    return BrokenCalendar(component, reason, f"{component}：{zh}。", f"{component}: {en}.")
