"""What staff type into forms: times of Shanghai, and texts with one thing a line."""

import re
from datetime import datetime

from litestar.datastructures import FormMultiDict

from kaimen.kit.clock import SHANGHAI
from kaimen.portal.answers import FieldFault

FORMS: tuple[str, ...] = ("sorted-ints", "ints", "decimal2", "hex", "digits")
_SOURCE = re.compile(r"(?P<id>\S+)\s+(?P<name>.+?)\s+(?P<form>\S+)(?:\s+[→>]\s*(?P<fallback>\S+))?")
_FEATURE = re.compile(r"(?P<feature>[^:：]+)[:：](?P<values>.+)")
_VALUE = re.compile(r"\s*(?P<value>\S.*?)\s+(?P<least>\d{1,4})(?:\s*[-–~至]\s*(?P<most>\d{1,4}))?\s*")

Quotas = dict[str, dict[str, list[int]]]


def as_seen(form: FormMultiDict) -> dict[str, str]:
    """The header that holds a change against the version of what the form was shown with (RFC 9110 13.1.1)."""
    return {"If-Match": f'"{form.get("version", "")}"'}


def instant(day: str, clock: str) -> str | None:
    """A day and a time of day in Shanghai as an instant, or None when they are none."""
    try:
        return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SHANGHAI).isoformat()
    except ValueError:
        return None


def moment(typed: str) -> str | None:
    """What a datetime-local field says, as an instant in Shanghai."""
    day, _, clock = typed.partition("T")
    return instant(day, clock)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_sources(text: str) -> tuple[list[dict[str, object]], list[FieldFault]]:
    """Lines like "ssq 双色球第2026140期红球 sorted-ints", with a stand-in after an arrow."""
    found: list[dict[str, object]] = []
    faults: list[FieldFault] = []
    for number, line in enumerate(lines(text), 1):
        match = _SOURCE.fullmatch(line)
        if match is None or match["form"] not in FORMS:
            faults.append(
                FieldFault(
                    "entropy",
                    f"公开数字第 {number} 行应为“编号 名称 形式”，形式为 {'、'.join(FORMS)} 之一。",
                    f"Line {number} of the public numbers must be “id name form”, the form one of {', '.join(FORMS)}.",
                )
            )
            continue
        source: dict[str, object] = {"id": match["id"], "name": match["name"], "form": match["form"]}
        if match["fallback"]:
            source["fallback"] = match["fallback"].split(",")
        found.append(source)
    return found, faults


def read_quotas(text: str) -> tuple[Quotas, list[FieldFault]]:
    """Lines like "性别：女 2-3，男 2-3"; one number means exactly so many."""
    quotas: Quotas = {}
    faults: list[FieldFault] = []
    for number, line in enumerate(lines(text), 1):
        match = _FEATURE.fullmatch(line)
        cells = [_VALUE.fullmatch(cell) for cell in re.split(r"[，,；;]", match["values"])] if match else [None]
        if match is None or not all(cells):
            faults.append(
                FieldFault(
                    "quotas",
                    f"配额第 {number} 行应为“特征：值 最少-最多，值 最少-最多”。",
                    f"Line {number} of the quotas must be “feature: value least-most, value least-most”.",
                )
            )
            continue
        quotas[match["feature"].strip()] = {
            cell["value"]: [int(cell["least"]), int(cell["most"] or cell["least"])] for cell in cells if cell
        }
    return quotas, faults
