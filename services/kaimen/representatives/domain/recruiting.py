"""Recruiting representatives: who may apply, who is in the pool, who is invited until when."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.representatives.domain.meetings import REPLACED_BEFORE
from kaimen.representatives.domain.refusals import (
    FeatureMissing,
    FeatureOutside,
    InvitationExpired,
    InvitationOnly,
    NoInvitation,
    NotWithdrawable,
    SignUpClosed,
    SignUpNotOpen,
    WrongState,
)

Method = Literal["draw", "panel", "pool", "recommended", "invited", "external"]
"""How representatives are chosen; each is called what it is. `external`: a notary's own machine draws."""
OPEN_METHODS: frozenset[Method] = frozenset({"draw", "panel", "external"})
RecruitmentState = Literal["open", "closed", "settled", "cancelled"]
ApplicationState = Literal[
    "applied", "verified", "rejected", "withdrawn", "excluded", "pooled", "reserve", "invited", "confirmed", "declined",
    "lapsed", "attended", "absent",
]  # fmt: skip
VACATED: frozenset[ApplicationState] = frozenset({"declined", "lapsed", "withdrawn"})
SEATED: frozenset[ApplicationState] = frozenset({"invited", "confirmed", "attended", "absent"})
WITHDRAWABLE: frozenset[ApplicationState] = frozenset({"applied", "verified", "pooled", "reserve"})
RepresentativeKind = Literal["citizen", "stakeholder", "expert", "media", "deputy", "lawyer"]
Exclusion = Literal["", "unverified", "ineligible", "conflict", "household"]
Quotas = dict[str, dict[str, tuple[int, int]]]
LAST_CALL = timedelta(hours=24)


class Recruitment(msgspec.Struct, frozen=True, kw_only=True):
    """招募. What binds a draw stands in its published rules; here is what sign-up needs."""

    id: UUID
    meeting_id: UUID
    items: tuple[UUID, ...]
    method: Method
    state: RecruitmentState
    seats: int
    quotas: Quotas
    opens_at: datetime
    closes_at: datetime
    eligibility: tuple[str, ...]
    criteria: str
    rotation_months: int
    one_per_household: bool
    confirm_days: int
    contact: str
    certificate: dict[str, str]
    created_at: datetime
    changed_at: datetime


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """报名. `features` as claimed, `verified` as staff found them; `household` and `person` are pseudonyms."""

    id: UUID
    recruitment_id: UUID
    meeting_id: UUID
    code: str
    pseudonym: str
    state: ApplicationState
    kind: RepresentativeKind
    channel: str
    features: dict[str, str]
    verified: dict[str, str] | None
    conflict: bool
    exclusion: Exclusion
    reason: str
    publish_name: bool
    person: bytes | None
    household: bytes | None
    personal: bytes | None
    manage_hash: bytes
    created_at: datetime
    changed_at: datetime
    confirm_by: datetime | None = None
    entered_by: str | None = None


def must_take_applications(recruitment: Recruitment, at: datetime, *, by_staff: bool) -> None:
    """Raises why nobody can apply now. Staff enter those who are recommended or invited."""
    if recruitment.method not in OPEN_METHODS and not by_staff:
        raise InvitationOnly
    if recruitment.state != "open" or at >= recruitment.closes_at:
        raise SignUpClosed
    if at < recruitment.opens_at and not by_staff:
        raise SignUpNotOpen


def check_features(quotas: Mapping[str, Mapping[str, tuple[int, int]]], features: Mapping[str, str]) -> None:
    """Exactly the features that the rules divide by, with values that they know. Raises FeatureMissing or
    FeatureOutside."""
    for feature in quotas:
        if not features.get(feature):
            raise FeatureMissing(feature=feature, field=f"features.{feature}")
    for feature, value in features.items():
        if value not in quotas.get(feature, {}):
            raise FeatureOutside(feature=feature, value=value, field=f"features.{feature}")


def sort_out(applications: Iterable[Application], *, one_per_household: bool) -> dict[UUID, Exclusion]:
    """Why each living application is, or is not, in the pool. Of one household the first to apply is in."""
    found: dict[UUID, Exclusion] = {}
    households: set[bytes] = set()
    for application in sorted(applications, key=lambda each: (each.created_at, each.id)):
        exclusion = _exclusion_of(application)
        if not exclusion and one_per_household and application.household is not None:
            exclusion = "household" if application.household in households else ""
            households.add(application.household)
        found[application.id] = exclusion
    return found


def _exclusion_of(application: Application) -> Exclusion:
    if application.conflict:
        return "conflict"
    if application.state == "rejected":
        return "ineligible"
    return "" if application.state == "verified" and application.verified is not None else "unverified"


def rotation_since(on: date, months: int) -> date:
    """The first day of the last `months` months before `on`; who attended since then lets others come first."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, 28))


def confirm_by(recruitment: Recruitment, starts_at: datetime, at: datetime) -> datetime:
    """Until when an invitation made at `at` can be answered: some days, but before vacancies are filled; a late one
    gets a day, at the most until the meeting begins."""
    usual = min(at + timedelta(days=recruitment.confirm_days), starts_at - REPLACED_BEFORE)
    return usual if usual > at else min(at + LAST_CALL, starts_at)


def must_be_invited(application: Application, at: datetime) -> None:
    if application.state == "lapsed" or (
        application.state == "invited" and application.confirm_by is not None and application.confirm_by <= at
    ):
        raise InvitationExpired
    if application.state not in ("invited", "confirmed"):
        raise NoInvitation


def must_be_withdrawable(application: Application) -> None:
    if application.state not in WITHDRAWABLE:
        raise NotWithdrawable


def must_be(recruitment: Recruitment, *states: RecruitmentState) -> None:
    if recruitment.state not in states:
        raise WrongState(state=recruitment.state)
