"""What staff type for decisions: the terms of an item, the papers of its file, facets, the document."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from litestar.datastructures import FormMultiDict

from kaimen.portal.answers import FieldFault
from kaimen.portal.decision_answers import Item, Paper, Terms
from kaimen.portal.decision_words import DELIBERATIONS, ITEM_FLAGS, LEGALITY_OPINIONS, RISK_RESULTS
from kaimen.portal.form_fields import lines, moment
from kaimen.portal.registering import number

Kind = Literal["day", "number", "tick", "lines", "choice", "text"]


class PaperField(msgspec.Struct, frozen=True):
    """One field that a kind of paper has beside its day, address and note."""

    name: str
    kind: Kind
    choices: dict[str, str] = {}


PAPER_FORMS: dict[str, tuple[PaperField, ...]] = {
    "draft": (),
    "explanation": (),
    "background": (),
    "expert_review": (PaperField("experts", "number"), PaperField("independent", "tick"), PaperField("signed", "tick")),
    "risk_assessment": (
        PaperField("risk_points", "lines"),
        PaperField("plans", "lines"),
        PaperField("result", "choice", RISK_RESULTS),
    ),
    "legality_review": (
        PaperField("received_on", "day"),
        PaperField("asked_for_by", "day"),
        PaperField("opinion_on", "day"),
        PaperField("opinion", "choice", LEGALITY_OPINIONS),
    ),
    "fair_competition_review": (),
    "enterprise_consultation": (
        PaperField("held_on", "day"),
        PaperField("sectors", "lines"),
        PaperField("enterprises", "number"),
    ),
    "deliberation": (
        PaperField("meeting", "choice", DELIBERATIONS),
        PaperField("held_on", "day"),
        PaperField("head_spoke_last", "tick"),
        PaperField("dissent", "text"),
    ),
    "party_report": (PaperField("reported_on", "day"),),
    "effect_evaluation": (),
}
ITEM_TEXTS = ("title", "category", "planned_period", "confidential_basis", "exploratory_risk")


def item_body(form: Mapping[str, str]) -> dict[str, Any]:
    """The terms of an item, as decisions takes them."""
    return {
        **{name: form.get(name, "") for name in ITEM_TEXTS},
        **{name: name in form for name in ITEM_FLAGS},
        "co_sponsors": lines(form.get("co_sponsors", "")),
        "continues": form.get("continues") or None,
    }


def item_as_typed(item: Item) -> dict[str, str]:
    """The item as the fields of its form: what waits for the next revision before what is public."""
    terms: Terms | Item = item.pending or item
    flags = {name: "on" for name in ITEM_FLAGS if getattr(terms, name)}
    return {
        **{name: getattr(terms, name) or "" for name in ITEM_TEXTS},
        **flags,
        "co_sponsors": "\n".join(terms.co_sponsors),
        "continues": str(terms.continues or ""),
    }


def paper_prefix(kind: str) -> str:
    return f"p-{kind}-"


def paper_body(kind: str, form: FormMultiDict) -> dict[str, Any]:
    """A paper, as decisions takes it; what was left empty is left out, so that it is named as missing."""
    prefix = paper_prefix(kind)

    def typed(name: str) -> str:
        return str(form.get(prefix + name, "")).strip()

    body: dict[str, Any] = {name: typed(name) for name in ("filed_on", "url", "note")}
    for field in PAPER_FORMS[kind]:
        value: Any = typed(field.name)
        if field.kind == "tick":
            value = bool(value)
        elif field.kind == "number":
            value = number(value, 1)
        elif field.kind == "lines":
            value = lines(value)
        body[field.name] = value if value != "" else None
    return body


def paper_as_typed(paper: Paper) -> dict[str, str]:
    """A filed paper as the fields of its form; the dissent is read apart."""
    typed = {"filed_on": paper.filed_on.isoformat(), "url": paper.url, "note": paper.note}
    for field in PAPER_FORMS[paper.kind]:
        value = getattr(paper, field.name)
        if field.kind == "lines":
            value = "\n".join(value or ())
        elif field.kind == "tick":
            value = "on" if value else ""
        typed[field.name] = "" if value is None else str(value)
    return {paper_prefix(paper.kind) + name: text for name, text in typed.items()}


def facet_body(facet: str, form: FormMultiDict) -> dict[str, Any]:
    typed = {name: str(form.get(f"f-{facet}-{name}", "")) for name in ("state", "url", "published_on", "reason")}
    return {**typed, "published_on": typed["published_on"] or None}


def issue_body(form: FormMultiDict) -> dict[str, Any]:
    """The document with its three dates, times in Shanghai."""
    texts = {name: str(form.get(f"i-{name}", "")) for name in ("document_no", "url", "title", "reason", "signed_on")}
    published = str(form.get("i-published_at", ""))
    return {**texts, "imprint_on": str(form.get("i-imprint_on", "")) or None, "published_at": moment(published)}


def prefixed(faults: Iterable[FieldFault], prefix: str) -> list[FieldFault]:
    """Faults at the fields of one of several forms of a page; one of a list stands at the list."""
    found = []
    for fault in faults:
        name = fault.field.split("[")[0]
        known = bool(name) and "." not in name
        found.append(FieldFault(prefix + name if known else "", fault.detail, fault.detail_en))
    return found
