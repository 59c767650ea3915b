"""What others say about an item, as steps on its page: consultations, hearings, meetings, reports, deadlines."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.kit.clock import day_start

StepKind = Literal[
    "consultation", "hearing", "hearing_roster", "hearing_held", "hearing_record", "hearing_report", "meeting",
    "meeting_attended", "statement", "report", "deadline", "document",
]  # fmt: skip
StepState = Literal[
    "opened", "closed", "announced", "postponed", "cancelled", "published", "held", "confirmed", "planned", "no_public",
    "attended", "adopted", "partly", "not_adopted", "answered", "corrected", "dropped", "running", "met", "breached",
    "met_late", "issued", "moved",
]  # fmt: skip
"""`moved`: its source speaks of another item now. Nobody is shown it, but a late message must not undo it."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline; of each source one of a kind. `version` is that of the source. `on`: its Shanghai day;
    `at`: the instant where there is one. `until_on`: the last day of what lasts. `page`: a path on the portal or an
    address. `detail`: figures and short words, by names that belong to the kind:

    consultation `shortened_reason`, `extended_reason`, `channels`, `received`, and `draft_url`, `explanation_url`,
    `background_url`; hearing `place`, `reason`; hearing_roster `participants`; hearing_held `participants`, `present`,
    `observers`; hearing_record `sha256`; hearing_report `points`; meeting `place`, `reason`; meeting_attended
    `invited`, `present`; report `number`, `received`, `adopted`, `partly`, `not_adopted`, `already_covered`,
    `out_of_scope`, `reason`; deadline `clock` (report, disclosure), `working_days`, `provisional` (1: a holiday notice
    is missing, and `on` is the earliest conceivable day); document `number`, `document_no`, `basis`."""

    kind: StepKind
    source_id: UUID
    version: int
    state: StepState
    title: str
    on: date
    at: datetime | None = None
    until_on: date | None = None
    page: str = ""
    detail: dict[str, str | int] = {}


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Those that are shown, as they happened."""
    shown = [step for step in steps if step.state != "moved"]
    return tuple(sorted(shown, key=lambda step: (step.at or day_start(step.on), step.kind, step.source_id)))


def of_kind(steps: Iterable[Step], kind: StepKind) -> list[Step]:
    return [step for step in steps if step.kind == kind and step.state != "moved"]
