"""States, guards and phases of events, without a server."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from kaimen.kit import texts
from kaimen.kit.refusals import Refusal
from kaimen.kit.texts import clean_text
from kaimen.opendays.domain import refusals as no
from kaimen.opendays.domain.events import (
    Event,
    RegistrationTerms,
    Session,
    check_sessions,
    move,
    must_not_be_writer,
    phase,
    publish_checklist,
)

AT = datetime(2026, 8, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SESSION = Session(
    id=UUID(int=1),
    event_id=UUID(int=2),
    starts_at=AT + 9 * DAY,
    ends_at=AT + 9 * DAY + 2 * HOUR,
    capacity=10,
    created_at=AT,
    changed_at=AT,
)
EVENT = Event(
    id=UUID(int=2),
    version=1,
    state="published",
    unit="区教育局",
    organiser="",
    title="走进校园",
    theme="民生保障",
    summary="",
    place="公园路100号",
    street_code=None,
    accessibility=("无障碍坡道",),
    interactive_steps=("qa",),
    staff=("科室负责人",),
    audience="",
    capacity_text="",
    registration=RegistrationTerms(contact="021-59732890"),
    online=False,
    tentative=False,
    campaign=None,
    reason="",
    writers=("writer",),
    approved_by="lead",
    source="",
    sequence=0,
    created_at=AT,
    changed_at=AT,
    published_at=AT,
    sessions=(SESSION,),
)
STATES = ("draft", "submitted", "approved", "published", "held", "reported", "archived", "postponed", "cancelled")
MOVES = {
    ("draft", "submit"): "submitted",
    ("submitted", "return"): "draft",
    ("approved", "return"): "draft",
    ("submitted", "approve"): "approved",
    ("approved", "publish"): "published",
    ("published", "postpone"): "postponed",
    ("postponed", "postpone"): "postponed",
    ("published", "reschedule"): "published",
    ("postponed", "reschedule"): "published",
    ("draft", "cancel"): "cancelled",
    ("submitted", "cancel"): "cancelled",
    ("approved", "cancel"): "cancelled",
    ("published", "cancel"): "cancelled",
    ("postponed", "cancel"): "cancelled",
    ("published", "hold"): "held",
    ("held", "report"): "reported",
    ("reported", "archive"): "archived",
}
STEPS = sorted({step for _, step in MOVES})


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", STEPS)
def test_event_moves_only_along_its_states(state: Any, step: str) -> None:
    event = replace(EVENT, state=state)
    try:
        assert move(event, step, reason="台风") == MOVES.get((state, step))
    except no.WrongState:
        assert (state, step) not in MOVES


@pytest.mark.parametrize("step", STEPS)
def test_event_steps_that_turn_people_away_need_a_reason(step: str) -> None:
    state: Any = next(state for state, known in MOVES if known == step)
    try:
        move(replace(EVENT, state=state), step, reason=" ")
        asked = False
    except texts.ReasonRequired:
        asked = True
    assert asked == (step in {"return", "postpone", "reschedule", "cancel"})


def test_event_is_not_approved_by_its_writer() -> None:
    must_not_be_writer(EVENT, "lead")
    with pytest.raises(no.WriterApproves):
        must_not_be_writer(EVENT, "writer")


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, []),
        ({"interactive_steps": ()}, ["interactive_steps"]),
        ({"staff": ()}, ["staff"]),
        ({"place": ""}, ["place"]),
        ({"registration": RegistrationTerms()}, ["registration.contact"]),
        ({"registration": RegistrationTerms(mode="unknown", contact="x")}, ["registration.mode"]),
        ({"accessibility": ()}, ["accessibility"]),
        ({"sessions": ()}, ["sessions"]),
        ({"sessions": (replace(SESSION, starts_at=AT),)}, ["sessions[0].starts_at"]),
        ({"sessions": (SESSION, replace(SESSION, capacity=None))}, ["sessions[1].capacity"]),
        (
            {
                "registration": RegistrationTerms(mode="phone", contact="x"),
                "sessions": (replace(SESSION, capacity=None),),
            },
            [],
        ),
    ],
)
def test_publication_asks_for_what_is_missing_and_nothing_else(changes: dict, missing: list[str]) -> None:
    assert [error.field for error in publish_checklist(replace(EVENT, **changes), AT)] == missing


@pytest.mark.parametrize(
    ("session", "answer"),
    [
        ({}, "signup_open"),
        ({"taken": 10}, "full"),
        ({"taken": 9, "holds": {"media": 1}}, "full"),
        ({"registration_opens_at": AT}, "signup_open"),
        ({"registration_opens_at": AT + HOUR}, "published"),
        ({"registration_closes_at": AT}, "signup_closed"),
        ({"starts_at": AT}, "signup_closed"),
        ({"state": "cancelled"}, "published"),
        ({"capacity": None}, "full"),
    ],
)
def test_phase_of_a_published_event_follows_session_and_clock(session: dict, answer: str) -> None:
    assert phase(replace(EVENT, sessions=(replace(SESSION, **session),)), AT) == answer


@pytest.mark.parametrize("state", [state for state in STATES if state != "published"])
def test_phase_of_any_other_event_is_its_state(state: Any) -> None:
    assert phase(replace(EVENT, state=state), AT) == state


@pytest.mark.parametrize(
    ("session", "answer"),
    [
        ({}, None),
        ({"ends_at": SESSION.starts_at}, no.EndBeforeStart),
        ({"starts_at": AT}, no.SessionInPast),
        ({"capacity": 0}, no.BadCapacity),
        ({"capacity": 100_001}, no.BadCapacity),
        ({"capacity": 10, "capacity_min": 11}, no.BadCapacity),
        ({"holds": {"media": 10}}, None),
        ({"holds": {"media": 10, "guests": 1}}, no.HoldsExceedCapacity),
        ({"registration_closes_at": SESSION.ends_at}, None),
        ({"registration_closes_at": SESSION.ends_at + HOUR}, no.BadWindow),
        ({"registration_opens_at": AT, "registration_closes_at": AT}, no.BadWindow),
        ({"registration_opens_at": SESSION.starts_at}, no.BadWindow),
    ],
)
def test_session_that_cannot_be_is_refused(session: dict, answer: type[Refusal] | None) -> None:
    try:
        check_sessions([replace(SESSION, **session)], AT)
        found = None
    except Refusal as raised:
        found = type(raised)
    assert found == answer


def test_session_may_not_stand_twice() -> None:
    with pytest.raises(no.SessionsOverlap):
        check_sessions([SESSION, replace(SESSION, id=UUID(int=9))], AT)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (" 答疑 ", "答疑"),
        ("3 < 5, a&b", "3 < 5, a&b"),
        ("a\nb", "a b"),
        ("<b>x</b>", texts.MarkupInText),
        ("<img src=x>", texts.MarkupInText),
        ("< img", "< img"),
        ("&lt;script&gt;", texts.MarkupInText),
        ("&#60;", texts.MarkupInText),
        ("JavaScript:alert(1)", texts.MarkupInText),
        ("a\x00b", texts.BadText),
        ("a\x7fb", texts.BadText),
        (" ", texts.BadText),
        ("字" * 11, texts.BadText),
    ],
)
def test_text_is_plain_or_refused(text: str, answer: object) -> None:
    try:
        assert clean_text(text, "title", least=1, most=10) == answer
    except Refusal as raised:
        assert type(raised) is answer
