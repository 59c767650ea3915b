"""Windows, pools, invitations and vacancies of recruitments, without a server."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kaimen.kit.recruiting import refusals as no
from kaimen.kit.recruiting.rules import (
    Application,
    Occasion,
    Recruitment,
    check_features,
    confirm_by,
    must_have_vacancy,
    must_take_applications,
    rotation_since,
    sort_out,
)
from kaimen.kit.refusals import Refusal

AT = datetime(2026, 8, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OCCASION = Occasion(
    id=UUID(int=1), unit="区教育局", title="办公会", starts_at=AT + 20 * DAY, ends_at=AT + 20 * DAY + 2 * HOUR,
    place="", page="/meetings/1", fill_at=AT + 18 * DAY, ahead=True,
)  # fmt: skip
RECRUITMENT = Recruitment(
    id=UUID(int=3), occasion_id=OCCASION.id, name="", items=(UUID(int=2),), method="draw", state="open", seats=3,
    quotas={"性别": {"女": (1, 2), "男": (1, 2)}}, opens_at=AT, closes_at=AT + 8 * DAY, eligibility=(), criteria="",
    rotation_months=12, one_per_household=True, confirm_days=3, contact="", certificate={}, created_at=AT,
    changed_at=AT,
)  # fmt: skip


def application(number: int, **changes: Any) -> Application:
    usual: dict[str, Any] = {
        "id": UUID(int=100 + number), "recruitment_id": RECRUITMENT.id, "occasion_id": OCCASION.id,
        "scope": RECRUITMENT.id, "code": f"C{number}",
        "pseudonym": f"P{number}", "state": "verified", "kind": "citizen", "how": "draw", "channel": "web",
        "features": {}, "verified": {}, "conflict": False, "exclusion": "", "reason": "", "publish_name": False,
        "person": b"",
        "household": None, "personal": None, "manage_hash": b"", "created_at": AT + number * HOUR, "changed_at": AT,
    }  # fmt: skip
    return Application(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "at", "by_staff", "expected"),
    [
        ({}, AT, False, None),
        ({}, AT - HOUR, False, no.SignUpNotOpen),
        ({}, AT - HOUR, True, None),
        ({}, AT + 8 * DAY, False, no.SignUpClosed),
        ({}, AT + 8 * DAY, True, no.SignUpClosed),
        ({"state": "closed"}, AT, False, no.SignUpClosed),
        ({"method": "invited"}, AT, False, no.InvitationOnly),
        ({"method": "invited"}, AT, True, None),
        ({"method": "invited"}, AT + 9 * DAY, True, None),
        ({"method": "invited", "state": "closed"}, AT, True, no.SignUpClosed),
    ],
)
def test_window_is_half_open_and_invitations_are_no_sign_up(
    changes: dict[str, Any], at: datetime, by_staff: bool, expected: type[Refusal] | None
) -> None:
    recruitment = replace(RECRUITMENT, **changes)
    if expected is None:
        must_take_applications(recruitment, at, by_staff=by_staff)
    else:
        with pytest.raises(expected):
            must_take_applications(recruitment, at, by_staff=by_staff)


@pytest.mark.parametrize(
    ("features", "expected"),
    [({"性别": "女"}, None), ({}, no.FeatureMissing), ({"性别": "未知"}, no.FeatureOutsideRules),
     ({"性别": "女", "年龄": "老"}, no.FeatureOutsideRules)],
)  # fmt: skip
def test_features_are_those_of_the_rules(features: dict[str, str], expected: type[Refusal] | None) -> None:
    if expected is None:
        check_features(RECRUITMENT.quotas, features)
    else:
        with pytest.raises(expected):
            check_features(RECRUITMENT.quotas, features)


def test_pool_takes_the_first_of_a_household_whatever_the_order_of_rows() -> None:
    home = b"h"
    people = [
        application(3, household=home),
        application(1, household=home, conflict=True),
        application(2, household=home),
        application(4, household=None),
        application(5, state="applied", verified=None),
        application(6, state="rejected", verified=None),
    ]
    expected = ["household", "conflict", "", "", "unverified", "ineligible"]
    found = sort_out(people, one_per_household=True)
    assert [found[each.id] for each in people] == expected
    assert sort_out(reversed(people), one_per_household=True) == found
    assert sort_out(people, one_per_household=False)[people[0].id] == ""


@given(st.dates(date(2001, 1, 1), date(2099, 12, 31)), st.integers(0, 120))
def test_rotation_goes_back_whole_months(on: date, months: int) -> None:
    since = rotation_since(on, months)
    assert (on.year * 12 + on.month) - (since.year * 12 + since.month) == months
    assert since <= on


@given(st.integers(1, 60 * 24 * 20), st.integers(1, 30))
def test_invitation_ends_after_it_begins_and_never_after_the_meeting(minutes: int, days: int) -> None:
    at = OCCASION.starts_at - timedelta(minutes=minutes)
    until = confirm_by(replace(RECRUITMENT, confirm_days=days), OCCASION, at)
    assert at < until <= OCCASION.starts_at
    assert until <= at + max(timedelta(days=days), DAY)


@pytest.mark.parametrize(
    ("state", "people", "vacant"),
    [
        ("settled", ["confirmed", "declined"], True),
        ("settled", [], True),
        ("settled", ["confirmed", "reserve"], False),
        ("settled", ["confirmed", "invited", "confirmed"], False),
        ("closed", ["pooled"], False),
    ],
)
def test_somebody_is_recommended_only_for_a_seat_for_which_nobody_is_left(
    state: Any, people: list[Any], vacant: bool
) -> None:
    recruitment = replace(RECRUITMENT, state=state)
    applications = [application(number, state=each) for number, each in enumerate(people)]
    if vacant:
        must_have_vacancy(recruitment, applications)
    else:
        with pytest.raises(Refusal):
            must_have_vacancy(recruitment, applications)
