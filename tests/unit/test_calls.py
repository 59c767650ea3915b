"""What one service believes of another: one call, one path, one minute."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaimen.kit import calls
from kaimen.kit.auth import BadToken

AT = datetime(2026, 11, 25, tzinfo=UTC)
KEY = bytes(range(32))
PATH = "/api/opendays/v1/internal/contacts"


def token(at: datetime = AT, path: str = PATH, audience: str = "opendays", key: bytes = KEY) -> str:
    return calls.authorization(key, "notices", audience, path, at).removeprefix("Kaimen ")


def test_a_call_says_who_calls() -> None:
    actor = calls.caller_of(KEY, token(), "opendays", PATH, AT + timedelta(seconds=59))
    assert (actor.subject, actor.role) == ("service:notices", "system")


@pytest.mark.parametrize(
    "wrong",
    [
        token(path="/api/opendays/v1/internal/other"),
        token(audience="hearings"),
        token(key=bytes(32)),
        token(at=AT - timedelta(seconds=61)),
        token(at=AT + timedelta(hours=1)),
        token().replace("notices", "office"),
        "",
        "notices",
        "notices.9999999999999999.00",
        "notices.①.00",
        "notices.1795603530.é",
    ],
)
def test_anything_else_is_nobody(wrong: str) -> None:
    with pytest.raises(BadToken):
        calls.caller_of(KEY, wrong, "opendays", PATH, AT)


@given(st.integers(0, 200), st.characters())
def test_no_changed_character_is_believed(place: int, character: str) -> None:
    good = token()
    place %= len(good)
    changed = good[:place] + character + good[place + 1 :]
    if changed != good:
        with pytest.raises(BadToken):
            calls.caller_of(KEY, changed, "opendays", PATH, AT)
