"""The one list of every fact that may be published, by subject."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

Fact = TypeVar("Fact", bound=type[msgspec.Struct])

BY_SUBJECT: dict[str, type[msgspec.Struct]] = {}
_SUBJECT_OF: dict[type[msgspec.Struct], str] = {}


def fact(subject: str) -> Callable[[Fact], Fact]:
    """Register a Struct as the body of `subject`. Raises ValueError when the subject is taken or malformed."""
    service, _, rest = subject.partition(".")
    if subject in BY_SUBJECT or not service or len(rest.split(".")) != 3 or not rest.split(".")[2].startswith("v"):
        raise ValueError(f"subject {subject!r} is taken or not <service>.<aggregate>.<fact>.v<n>")

    def register(body: Fact) -> Fact:
        BY_SUBJECT[subject] = body
        _SUBJECT_OF[body] = subject
        return body

    return register


def subject_of(body: type[msgspec.Struct]) -> str:
    """The subject under which a fact is published. Raises KeyError for a Struct that is no fact."""
    return _SUBJECT_OF[body]
