"""The one page on which a unit writes an event: from the form to what opendays takes, and back."""

import re
from datetime import date, datetime, time
from typing import Any

import msgspec
from litestar.datastructures import FormMultiDict

from kaimen.kit.clock import SHANGHAI
from kaimen.kit.workdays import Workdays
from kaimen.portal.answers import Event, FieldFault, Session
from kaimen.portal.form_fields import read_sources
from kaimen.portal.words import HOLDS, STEPS

TEXTS = ("title", "theme", "organiser", "summary", "place", "audience", "capacity_text")
LINES = ("accessibility", "staff")
_ROW_FIELD = re.compile(r"s(\d+)_(\w+)")
_SESSION_FIELD = re.compile(r"sessions\[(\d+)\]\.(\w+)")
Row = dict[str, str]


class EventForm(msgspec.Struct):
    """What stands in the fields. `rows` are the sessions; `version` guards against overwriting others."""

    texts: dict[str, str]
    steps: list[str]
    flags: dict[str, bool]
    rows: list[Row]
    unit: str = ""
    version: str = ""


def new_row() -> Row:
    return {"party_limit": "10", "waitlist_limit": "200", "policy": "first_come", "seat_unit": "person"}


def empty_form(unit: str) -> EventForm:
    return EventForm(texts={"mode": "here"}, steps=[], flags={}, rows=[new_row()], unit=unit)


def form_of(event: Event) -> EventForm:
    """The form filled with an event."""
    texts = {name: str(getattr(event, name)) for name in TEXTS}
    texts |= {name: "\n".join(getattr(event, name)) for name in LINES}
    terms = event.registration
    texts |= {"mode": terms.mode, "url": terms.url, "note": terms.note, "contact": terms.contact}
    texts["questions"] = "\n".join(f"{'*' if question.required else ''}{question.text}" for question in terms.questions)
    texts["campaign"] = str(event.campaign or "")
    texts["entropy"] = "\n".join(
        f"{source.id} {source.name} {source.form}" + (f" → {','.join(source.fallback)}" if source.fallback else "")
        for source in event.entropy
    )
    return EventForm(
        texts=texts,
        steps=list(event.interactive_steps),
        flags={"online": event.online, "tentative": event.tentative},
        rows=[_row_of(session) for session in event.sessions],
        unit=event.unit,
        version=str(event.version),
    )


def read_event_form(form: FormMultiDict) -> EventForm:
    """What was posted, with a row added or removed where that was the button."""
    rows: dict[int, Row] = {}
    for name, value in form.multi_items():
        if match := _ROW_FIELD.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = str(value).strip()
    kept = [rows[index] for index in sorted(rows)][:200]
    button = str(form.get("do", "save"))
    if button == "add_row":
        kept.append({**(kept[-1] if kept else new_row()), "id": ""})
    elif button.startswith("remove_") and button[7:].isdecimal() and int(button[7:]) < len(kept):
        del kept[int(button[7:])]
    names = (*TEXTS, *LINES, "mode", "url", "note", "contact", "questions", "campaign", "entropy")
    return EventForm(
        texts={name: str(form.get(name, "")).replace("\r\n", "\n").strip() for name in names},
        steps=[str(step) for step in form.getall("steps", []) if step in STEPS],
        flags={name: name in form for name in ("online", "tentative")},
        rows=kept,
        unit=str(form.get("unit", "")),
        version=str(form.get("version", "")),
    )


def draft_of(filled: EventForm) -> tuple[dict[str, Any], list[FieldFault]]:
    """The event as opendays takes it, and what is not readable as a date or a number."""
    texts, faults = filled.texts, list[FieldFault]()
    campaign = texts.get("campaign", "")
    if campaign and not campaign.isdecimal():
        faults.append(FieldFault("campaign", "开放月年份应为四位数字。", "The year of the open month has four digits."))
    sources, wrong = read_sources(texts.get("entropy", ""))
    faults += wrong
    questions = [line.strip() for line in texts.get("questions", "").split("\n") if line.strip()]
    draft: dict[str, Any] = {name: texts.get(name, "") for name in TEXTS}
    draft |= {name: [line.strip() for line in texts.get(name, "").split("\n") if line.strip()] for name in LINES}
    draft |= {
        "interactive_steps": filled.steps,
        "online": filled.flags.get("online", False),
        "tentative": filled.flags.get("tentative", False),
        "campaign": int(campaign) if campaign.isdecimal() else None,
        "entropy": sources,
        "registration": {
            **{name: texts.get(name, "") for name in ("mode", "url", "note", "contact")},
            "questions": [
                {"key": f"q{place}", "text": line.lstrip("*＊ "), "required": line[0] in "*＊"}
                for place, line in enumerate(questions, 1)
            ],
        },
        "sessions": [_session(row, place, faults) for place, row in enumerate(filled.rows)],
    }
    return draft, faults


def flagged_days(rows: list[Row]) -> list[tuple[date, bool | None]]:
    """Days in the rows that are no working day (False), or whose year has no holiday notice yet (None).

    The portal has no table of notices, and a hint is not worth a call for each day: it knows the base alone."""
    known = Workdays()
    days = sorted({day for row in rows if (day := _read(date.fromisoformat, row.get("date", "")))})
    return [(day, working) for day in days if (working := known.is_working_day(day)) is not True]


def field_id(path: str) -> str:
    """The id of the field that a service names by its JSON path: sessions[0].capacity is s0_capacity."""
    if match := _SESSION_FIELD.fullmatch(path):
        renamed = {"starts_at": "start", "ends_at": "end", "registration_opens_at": "opens"}
        renamed["registration_closes_at"] = "closes"
        return f"s{match[1]}_{renamed.get(match[2], match[2])}"
    return re.split(r"[.\[]", path.removeprefix("registration."))[0]


def moved_sessions(event: Event, rows: list[Row]) -> tuple[list[dict[str, Any]], list[FieldFault]]:
    """The event's sessions at the days and hours of `rows`, everything else as it was; windows move along."""
    faults: list[FieldFault] = []
    moved = []
    for place, (session, row) in enumerate(zip(event.live_sessions or event.sessions, rows, strict=False)):
        moved.append(_session({**_row_of(session), **row, "id": str(session.id)}, place, faults))
    return moved, faults


def _row_of(session: Session) -> Row:
    def local(at: datetime | None) -> str:
        """Seconds only where there are any: a closing time that is left alone must come back as it was."""
        return (
            at.astimezone(SHANGHAI).replace(tzinfo=None).isoformat(timespec="seconds").removesuffix(":00") if at else ""
        )

    starts, ends = local(session.starts_at), local(session.ends_at)
    row = {
        "id": str(session.id),
        "date": session.date.isoformat(),
        "start": "" if session.all_day else starts[11:],
        "end": "" if session.all_day else ends[11:],
        "time_text": session.time_text,
        "capacity": str(session.capacity or ""),
        "capacity_min": str(session.capacity_min or ""),
        "seat_unit": session.seat_unit,
        "party_limit": str(session.party_limit),
        "waitlist_limit": str(session.waitlist_limit),
        "policy": session.policy,
        "opens": local(session.registration_opens_at),
        "closes": local(session.registration_closes_at),
    }
    return row | {f"hold_{kind}": str(seats) for kind, seats in session.holds.items() if seats}


def _session(row: Row, place: int, faults: list[FieldFault]) -> dict[str, Any]:
    def fault(field: str, zh: str, en: str) -> None:
        faults.append(FieldFault(f"s{place}_{field}", f"场次{place + 1}：{zh}", f"Session {place + 1}: {en}"))

    def count(field: str, otherwise: int | None) -> int | None:
        typed = row.get(field, "")
        if typed and not typed.isdecimal():
            fault(field, "应为整数。", "must be a whole number.")
        return int(typed) if typed.isdecimal() else otherwise

    def instant(text: str) -> str | None:
        at = _read(datetime.fromisoformat, text)
        return at.replace(tzinfo=SHANGHAI).isoformat() if at else None

    day = _read(date.fromisoformat, row.get("date", ""))
    start, end = (_read(time.fromisoformat, row.get(name, "")) for name in ("start", "end"))
    if day is None:
        fault("date", "请填写日期。", "give a date.")
    if (start is None) != (end is None):
        fault("end", "请同时填写开始和结束时间，或都不填。", "give both the start and the end, or neither.")
    is_timed = day is not None and start is not None and end is not None
    return {
        "id": row.get("id") or None,
        "starts_at": datetime.combine(day, start, SHANGHAI).isoformat() if is_timed and day and start else None,
        "ends_at": datetime.combine(day, end, SHANGHAI).isoformat() if is_timed and day and end else None,
        "date": None if is_timed or day is None else day.isoformat(),
        "time_text": row.get("time_text", ""),
        "capacity": count("capacity", None),
        "capacity_min": count("capacity_min", None),
        "seat_unit": row.get("seat_unit") or "person",
        "holds": {kind: seats for kind in HOLDS if (seats := count(f"hold_{kind}", 0))},
        "party_limit": count("party_limit", 10),
        "waitlist_limit": count("waitlist_limit", 200),
        "policy": row.get("policy") or "first_come",
        "registration_opens_at": instant(row.get("opens", "")),
        "registration_closes_at": instant(row.get("closes", "")),
    }


def _read(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None
