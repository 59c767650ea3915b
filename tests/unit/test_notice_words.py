"""What notices says in codes is told in words by the portal, all of it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from kaimen.notices import domain
from kaimen.notices.app import channels, sending
from kaimen.notices.app.words import DUTIES, ZH
from kaimen.notices.store.repository import MessageState
from kaimen.portal.notice_answers import Message
from kaimen.portal.notice_words import MESSAGE_ERRORS, MESSAGE_KINDS, MESSAGE_STATES, MESSAGE_STATES_MEAN
from kaimen.portal.words import PROBLEMS

_SAID = re.compile(r"""(?:Refused|Away)\("(\w+)"\)|error="(\w+)"|SAY_NOTHING = "(\w+)\"""")


def test_every_kind_of_message_has_a_name() -> None:
    assert set(MESSAGE_KINDS) == set(ZH) | set(DUTIES)


def test_every_state_has_a_sign_a_word_and_an_explanation() -> None:
    assert set(MESSAGE_STATES) == set(MESSAGE_STATES_MEAN) == set(get_args(MessageState))


def test_every_reason_for_not_sending_is_told() -> None:
    sources = "".join(Path(str(room.__file__)).read_text("utf-8") for room in (sending, channels))
    said = {word for found in _SAID.findall(sources) for word in found if word}
    assert len(said) >= 13
    assert said == set(MESSAGE_ERRORS)


def test_every_refusal_of_notices_is_explained() -> None:
    refusals = {value.type for value in vars(domain).values() if isinstance(value, type) and hasattr(value, "type")}
    assert refusals
    assert refusals <= set(PROBLEMS)


SIGN_UP = UUID("01a21305-8bed-74d6-b5be-7bc112e135b4")


def message(**changes: Any) -> Message:
    at = datetime(2026, 8, 1, 2, tzinfo=UTC)
    given: dict[str, Any] = {
        "id": uuid4(), "service": "opendays", "recipient": str(SIGN_UP), "subject": "news", "unit": "区教育局",
        "kind": "", "state": "queued", "due_at": at, "attempts": 0, "error": "", "channel": "", "masked": "",
        "changed_at": at,
    }  # fmt: skip
    return Message(**{**given, **changes})


@pytest.mark.parametrize(
    ("recipient", "unit", "opinion", "short"),
    [
        (str(SIGN_UP), "", "", "12e135b4"),
        ("unit:区教育局", "区教育局", "", None),
        (f"opinion:{SIGN_UP}:17", "", "17", None),
    ],
)
def test_recipient_is_a_sign_up_a_unit_or_the_author_of_an_opinion(
    recipient: str, unit: str, opinion: str, short: str | None
) -> None:
    line = message(recipient=recipient)
    assert (line.to_unit, line.opinion_no) == (unit, opinion)
    assert short is None or line.short_id == short


def test_message_that_nobody_has_written_yet_is_named_by_what_it_is_about() -> None:
    assert message().about not in MESSAGE_KINDS
    assert message(subject="early").about in MESSAGE_KINDS
    assert message(kind="moved").about == "moved"
