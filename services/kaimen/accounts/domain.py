"""Units, grants, sessions: the rules."""

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from kaimen.kit.refusals import Kind, refusal

UnknownUnit = refusal(
    "accounts.unknown-unit", Kind.INVALID, "没有名为“{unit}”的单位。", "There is no unit called {unit}."
)
UnitNeeded = refusal(
    "accounts.unit-needed", Kind.INVALID, "该角色须属于一个单位。", "This role belongs to a unit; name it."
)
NoGrant = refusal(
    "accounts.no-grant",
    Kind.FORBIDDEN,
    "您的账号尚未获得本系统的角色，请联系区政府办公室。",
    "Your account has no role here yet; ask the district office.",
)
SignInFailed = refusal(
    "accounts.sign-in-failed", Kind.INVALID, "登录没有完成，请重新登录。", "The sign-in did not complete; start again."
)
SessionEnded = refusal("accounts.session-ended", Kind.UNAUTHENTICATED, "登录已过期，请重新登录。", "Sign in again.")
IssuerAway = refusal(
    "accounts.issuer-away", Kind.UNAVAILABLE, "身份认证服务暂时不可用。", "The identity provider cannot be reached."
)

UnitKind = Literal["subdistrict", "town", "district_office", "bureau", "vertical"]
GrantedRole = Literal["citizen", "unit_editor", "unit_lead", "office", "justice", "presider", "notary"]
UNIT_ROLES: frozenset[GrantedRole] = frozenset({"unit_editor", "unit_lead"})
OFFICE_UNIT = "区政府办公室"
USUAL_NAMES: dict[GrantedRole, str] = {
    "citizen": "市民",
    "unit_editor": "经办人",
    "unit_lead": "负责人",
    "office": "办公室",
    "justice": "司法局",
    "presider": "主持人",
    "notary": "公证员",
}
"""Whom the development issuer calls somebody who gave no name."""

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
SIGN_IN_TAKES = timedelta(minutes=10)


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of the registry. Names change: `valid_from` and `valid_to` bound them."""

    id: UUID
    version: int
    short_name: str
    full_name: str | None
    kind: UnitKind
    code: str | None
    district: str
    valid_from: date | None = None
    valid_to: date | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in. Its secret is known to the browser alone; here rests the hash."""

    subject: str
    name: str
    role: GrantedRole
    unit: str | None
    created_at: datetime
    seen_at: datetime


def is_alive(session: Session, at: datetime) -> bool:
    """30 minutes idle, 8 hours at the longest."""
    return at < session.seen_at + IDLE and at < session.created_at + LONGEST


def unit_of(role: GrantedRole, unit: str | None) -> str | None:
    """The unit that a role acts for. Raises UnitNeeded."""
    if role in UNIT_ROLES and not unit:
        raise UnitNeeded(field="unit")
    if role == "office":
        return unit or OFFICE_UNIT
    return unit
