"""The papers of a decision's file: what each kind must say when it is filed (713 Art. 15, 19 to 31)."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from kaimen.decisions.domain.catalogues import must_be_past
from kaimen.decisions.domain.refusals import DatesOutOfOrder, PaperFieldMissing, PaperFieldUnused, ReviewedByOthers
from kaimen.kit.refusals import FieldError, Refusal

PaperKind = Literal[
    "draft", "explanation", "background", "expert_review", "risk_assessment", "legality_review",
    "fair_competition_review", "enterprise_consultation", "deliberation", "party_report", "effect_evaluation",
]  # fmt: skip
RiskResult = Literal["controllable", "uncontrollable"]
Opinion = Literal["lawful", "changes", "unlawful"]
Meeting = Literal["executive", "plenary"]

FIELDS: Mapping[PaperKind, tuple[str, ...]] = {
    "draft": (),
    "explanation": (),
    "background": (),
    "expert_review": ("experts", "independent", "signed"),
    "risk_assessment": ("risk_points", "plans", "result"),
    "legality_review": ("received_on", "asked_for_by", "opinion_on", "opinion"),
    "fair_competition_review": (),
    "enterprise_consultation": ("held_on", "sectors", "enterprises"),
    "deliberation": ("meeting", "held_on", "head_spoke_last"),
    "party_report": ("reported_on",),
    "effect_evaluation": (),
}
"""What each kind must say, beside the day on which it was filed."""
ALSO: Mapping[PaperKind, tuple[str, ...]] = {"deliberation": ("dissent",)}
"""What it may say."""


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """材料. Only the fields of its kind are set (`FIELDS`, `ALSO`). `experts`, `enterprises`: how many took part.
    `independent`: none with a direct interest (Art. 20). `asked_for_by`: the day by which the reviewer was asked for
    the opinion. `dissent`: of the deliberation, never public."""

    kind: PaperKind
    filed_on: date
    url: str = ""
    note: str = ""
    experts: int | None = None
    independent: bool | None = None
    signed: bool | None = None
    risk_points: tuple[str, ...] | None = None
    plans: tuple[str, ...] | None = None
    result: RiskResult | None = None
    received_on: date | None = None
    asked_for_by: date | None = None
    opinion_on: date | None = None
    opinion: Opinion | None = None
    held_on: date | None = None
    sectors: tuple[str, ...] | None = None
    enterprises: int | None = None
    meeting: Meeting | None = None
    head_spoke_last: bool | None = None
    dissent: str | None = None
    reported_on: date | None = None


REVIEWERS: frozenset[str] = frozenset({"justice", "office"})
"""The roles whose legality review the reviewed unit does not replace."""


def must_be_replaceable(former: str | None, role: str) -> None:
    """Whether `role` may file a legality review over one that `former` filed; "": its filer's role is not known. Raises
    ReviewedByOthers."""
    if former in REVIEWERS and role not in REVIEWERS:
        raise ReviewedByOthers


_OF_ALL = {"kind", "filed_on", "url", "note"}


def check_paper(paper: Paper, today: date) -> None:
    """Raises PaperFieldMissing or PaperFieldUnused, naming all such fields, DateInFuture, BadDate, DatesOutOfOrder."""
    needed = FIELDS[paper.kind]
    _refuse(PaperFieldMissing, [name for name in needed if getattr(paper, name) in (None, ())])
    known = _OF_ALL.union(needed, ALSO.get(paper.kind, ()))
    _refuse(
        PaperFieldUnused,
        [name for name in Paper.__struct_fields__ if name not in known and getattr(paper, name) is not None],
    )
    must_be_past(
        today,
        filed_on=paper.filed_on,
        received_on=paper.received_on,
        opinion_on=paper.opinion_on,
        held_on=paper.held_on,
        reported_on=paper.reported_on,
    )
    if paper.received_on is not None:
        _must_follow(paper.received_on, asked_for_by=paper.asked_for_by, opinion_on=paper.opinion_on)


def _refuse(why: type[Refusal], fields: list[str]) -> None:
    if fields:
        raise why(errors=[FieldError(name, why.zh, why.en) for name in fields])


def _must_follow(earliest: date, **days: date | None) -> None:
    for field, day in days.items():
        if day is not None and day < earliest:
            raise DatesOutOfOrder(day=day, earliest=earliest, field=field)
