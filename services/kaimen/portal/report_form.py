"""What staff type for a report on opinions, and where each of its faults is mended."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from litestar.datastructures import FormMultiDict

from kaimen.portal.adoption_answers import Consultation
from kaimen.portal.answers import FieldFault
from kaimen.portal.consultation_form import day_of
from kaimen.portal.outcome_answers import Fault, Participation, ReportDesk, Tally
from kaimen.portal.registering import number

ROWS_MOST = 50
SPARE_ROWS = 1
"""Empty rows for further participations and passages."""
COUNTS: tuple[str, ...] = Tally.__struct_fields__
_OF_ROW = ("kind", "title", "held_on", "people", "page", *COUNTS)


class ReportForm(msgspec.Struct):
    """The form as it was typed: `forms` are the rows of participations, `finals` the passages by key."""

    texts: dict[str, str]
    forms: list[dict[str, str]]
    finals: list[dict[str, str]]
    not_used: list[str]
    dropped: bool


def form_of(desk: ReportDesk, latest: Consultation | None) -> ReportForm:
    """The report as its form: drafted passages stand beside what became of them."""
    document = desk.document
    issued = {each.key: each for each in document.passages}
    drafted = {each.key: each for each in latest.passages} if latest else {}
    finals = [
        {
            "key": key,
            "heading": issued[key].heading if key in issued else (drafted[key].heading if key in drafted else ""),
            "draft": drafted[key].text if key in drafted else "",
            "text": issued[key].after or "" if key in issued else "",
            "note": issued[key].note if key in issued else "",
        }
        for key in dict.fromkeys((*drafted, *issued))
    ]
    typed = [_row_of(each) for each in document.participations if each.source == "typed"]
    texts = {"title": document.title, "basis": document.basis, "summary": document.summary}
    return ReportForm({**texts, "final_url": desk.final_url}, typed, finals, list(desk.not_used), document.dropped)


def _row_of(held: Participation) -> dict[str, str]:
    counts = {name: str(getattr(held.counted, name)) for name in COUNTS}
    return {
        "kind": held.kind,
        "title": held.title,
        "held_on": held.held_on.isoformat(),
        "people": str(held.people),
        "page": held.page,
        **counts,
    }


def read_form(form: FormMultiDict) -> ReportForm:
    def rows(prefix: str, names: Iterable[str]) -> list[dict[str, str]]:
        places = range(min(ROWS_MOST * 10, number(str(form.get(f"{prefix}_rows", "0"))) or 0))
        return [{name: str(form.get(f"{prefix}{place}_{name}", "")).strip() for name in names} for place in places]

    forms = [row for row in rows("p", _OF_ROW) if row["title"] or row["held_on"]]
    finals = [
        row for row in rows("f", ("key", "heading", "draft", "text", "note")) if row["draft"] or _says_something(row)
    ]
    texts = {name: str(form.get(name, "")) for name in ("title", "basis", "summary", "final_url")}
    not_used = [str(each) for each in form.getall("not_used", [])]
    return ReportForm(texts, forms, finals, not_used, "dropped" in form)


def with_draft(filled: ReportForm) -> ReportForm:
    """The same, where nothing is written yet with the words of the draft; what has a note was left empty on purpose."""
    finals = [{**row, "text": row["text"] or ("" if row["note"] else row["draft"])} for row in filled.finals]
    return msgspec.structs.replace(filled, finals=finals)


def body_of(filled: ReportForm) -> tuple[dict[str, Any], list[FieldFault]]:
    """What adoption takes, and what a person must put right first."""
    faults: list[FieldFault] = []
    held = []
    for place, row in enumerate(filled.forms):
        if day_of(row["held_on"]) is None:
            faults.append(FieldFault(f"p{place}_held_on", "请填写日期。", "Give the day."))
        counted = {name: number(row[name] or "0") for name in COUNTS}
        for name in (name for name, count in counted.items() if count is None):
            faults.append(FieldFault(f"p{place}_{name}", "应为不小于 0 的整数。", "This must be a whole number."))
        people = number(row["people"] or "0")
        if people is None:
            faults.append(FieldFault(f"p{place}_people", "应为不小于 0 的整数。", "This must be a whole number."))
        held.append({**{name: row[name] for name in ("kind", "title", "held_on", "page")}, "people": people,
                     "counted": counted})  # fmt: skip
    final = [
        {**{name: row[name] for name in ("heading", "text", "note")}, "key": row["key"] or str(place + 1)}
        for place, row in enumerate(filled.finals)
        if _says_something(row)
    ]
    body = {
        **filled.texts,
        "participations": held,
        "final": final,
        "not_used": filled.not_used,
        "dropped": filled.dropped,
    }
    return body, faults


def _says_something(row: Mapping[str, str]) -> bool:
    """A passage without words is deleted; it need only be named to be explained."""
    return bool(row["text"] or row["note"])


def placed(faults: Iterable[FieldFault], filled: ReportForm) -> list[FieldFault]:
    """Faults at the fields of the form: `participations[0].counted` stands at p0_received."""
    kept = [place for place, row in enumerate(filled.finals) if _says_something(row)]

    def field(name: str) -> str:
        head, _, rest = name.partition("[")
        at, _, tail = rest.partition("]")
        if head == "participations" and at.isdecimal():
            return f"p{at}_{'received' if tail.startswith('.counted') else tail.removeprefix('.') or 'title'}"
        if head == "final" and at.isdecimal() and int(at) < len(kept):
            return f"f{kept[int(at)]}_{tail.removeprefix('.') or 'text'}"
        return name

    return [FieldFault(field(each.field), each.detail, each.detail_en) for each in faults]


def mending_places(faults: Iterable[Fault], desk: ReportDesk) -> list[tuple[Fault, str]]:
    """Each fault with the address where it is mended."""
    first = desk.document.consultations[0].id if desk.document.consultations else None
    of_group: Mapping[str, Any] = {f"clusters[{each.no}].reason": each for each in desk.document.groups}

    def place(fault: Fault) -> str:
        group = of_group.get(fault.field)
        if group is not None:
            return f"/desk/consultations/{group.consultation_id}/matrix?no={group.no}#group-{group.no}"
        if fault.field in ("clusters", "tally") and first is not None:
            return f"/desk/consultations/{first}/{'opinions' if fault.field == 'clusters' else 'matrix'}"
        if fault.field == "consultations" and first is not None:
            return f"/desk/consultations/{first}"
        return f"#{fault.field}" if fault.field in ("not_used", "dropped") else "#title"

    return [(each, place(each)) for each in faults]
