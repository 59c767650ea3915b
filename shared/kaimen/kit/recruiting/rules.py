"""Who may apply, who is in the pool, who is invited until when. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from kaimen.kit.recruiting.refusals import (
    BadSignUpWindow,
    FeatureMissing,
    FeatureOutsideRules,
    InvitationExpired,
    InvitationOnly,
    NoInvitation,
    NotWithdrawable,
    OccasionOver,
    SeatsTaken,
    SignUpClosed,
    SignUpNotOpen,
    WrongRecruitmentState,
)

Method = Literal["draw", "panel", "pool", "recommended", "invited", "external", "first_come"]
"""How people are chosen; each is called what it is. `external`: a notary's own machine draws."""
OPEN_METHODS: frozenset[Method] = frozenset({"draw", "panel", "external", "first_come"})
RecruitmentState = Literal["open", "closed", "settled", "cancelled"]
ApplicationState = Literal[
    "applied", "verified", "rejected", "withdrawn", "excluded", "pooled", "reserve", "invited", "confirmed", "declined",
    "lapsed", "attended", "absent",
]  # fmt: skip
VACATED: frozenset[ApplicationState] = frozenset({"declined", "lapsed", "withdrawn"})
SEATED: frozenset[ApplicationState] = frozenset({"invited", "confirmed", "attended", "absent"})
WITHDRAWABLE: frozenset[ApplicationState] = frozenset({"applied", "verified", "pooled", "reserve"})
PersonKind = Literal["citizen", "stakeholder", "expert", "media", "deputy", "lawyer"]
Exclusion = Literal["", "unverified", "ineligible", "conflict", "household"]
Quotas = dict[str, dict[str, tuple[int, int]]]
LAST_CALL = timedelta(hours=24)


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people are chosen; published as it is given, and never changed afterwards."""

    method: Method = "draw"
    seats: Annotated[int, Meta(ge=1, le=1000)]
    eligibility: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=20)] = ()
    criteria: Annotated[str, Meta(max_length=2000)] = ""
    quotas: Annotated[Quotas, Meta(max_length=10)] = {}
    panels: Annotated[int, Meta(ge=10, le=10_000)] = 1000
    min_shared: Annotated[int, Meta(ge=1, le=100)] = 5
    max_rounding_loss_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 5000
    rotation_months: Annotated[int, Meta(ge=0, le=120)] = 12
    one_per_household: bool = True
    confirm_days: Annotated[int, Meta(ge=1, le=30)] = 3
    contact: Annotated[str, Meta(max_length=200)] = ""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What people are recruited for. Half-open [starts_at, ends_at). `fill_at`: when all vacancies are filled at once,
    so sign-up must have closed by then; `ahead`: it will take place, with the public, and is not over; `list_public`:
    whether the list of those chosen may be read; `topics`: its items, by id."""

    id: UUID
    unit: str
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    page: str
    fill_at: datetime
    ahead: bool
    list_public: bool = True
    topics: Mapping[UUID, str] = {}

    def must_be_ahead(self) -> None:
        """Raises OccasionOver."""
        if not self.ahead:
            raise OccasionOver


class Recruitment(msgspec.Struct, frozen=True, kw_only=True):
    """招募. What binds a draw stands in its published rules; here is what sign-up needs.

    `name`: which seats, where an occasion has several kinds. `items`: for which items of it, where it has some."""

    id: UUID
    occasion_id: UUID
    name: str
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

    def takes_applications(self, at: datetime) -> bool:
        return self.state == "open" and self.method in OPEN_METHODS and self.opens_at <= at < self.closes_at


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """报名. `features` as claimed, `verified` as staff found them; `household` and `person` are pseudonyms; `person` is
    unique within `scope`, a recruitment or a whole occasion. `how`: the method that brought the person in."""

    id: UUID
    recruitment_id: UUID
    occasion_id: UUID
    scope: UUID
    code: str
    pseudonym: str
    state: ApplicationState
    kind: PersonKind
    how: Method
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


def check_window(occasion: Occasion, opens_at: datetime, closes_at: datetime) -> None:
    if not opens_at < closes_at <= occasion.fill_at:
        raise BadSignUpWindow(field="closes_at", until=f"{occasion.fill_at:%Y-%m-%d %H:%M}")


def must_take_applications(recruitment: Recruitment, at: datetime, *, by_staff: bool) -> None:
    """Raises why nobody can apply now. Staff enter those who are recommended or invited, until they are chosen."""
    if recruitment.method not in OPEN_METHODS and not by_staff:
        raise InvitationOnly
    if recruitment.state != "open" or (recruitment.method in OPEN_METHODS and at >= recruitment.closes_at):
        raise SignUpClosed
    if at < recruitment.opens_at and not by_staff:
        raise SignUpNotOpen


def must_have_vacancy(recruitment: Recruitment, applications: Iterable[Application]) -> None:
    """Whether somebody may be recommended for a seat for which nobody is left (too few applied)."""
    must_be(recruitment, "settled")
    states = [each.state for each in applications]
    if sum(state in SEATED for state in states) >= recruitment.seats or "reserve" in states:
        raise SeatsTaken


def check_features(quotas: Mapping[str, Mapping[str, tuple[int, int]]], features: Mapping[str, str]) -> None:
    """Exactly the features that the rules divide by, with values that they know. Raises FeatureMissing or
    FeatureOutsideRules."""
    for feature in quotas:
        if not features.get(feature):
            raise FeatureMissing(feature=feature, field=f"features.{feature}")
    for feature, value in features.items():
        if value not in quotas.get(feature, {}):
            raise FeatureOutsideRules(feature=feature, value=value, field=f"features.{feature}")


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
    """The first day of the last `months` months before `on`; who took part since then lets others come first."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, 28))


def confirm_by(recruitment: Recruitment, occasion: Occasion, at: datetime) -> datetime:
    """Until when an invitation made at `at` can be answered: some days, but before vacancies are filled; a late one
    gets a day, at the most until the occasion begins."""
    usual = min(at + timedelta(days=recruitment.confirm_days), occasion.fill_at)
    return usual if usual > at else min(at + LAST_CALL, occasion.starts_at)


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
        raise WrongRecruitmentState(state=recruitment.state)
