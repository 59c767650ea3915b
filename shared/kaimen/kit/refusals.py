"""Typed refusals: why a rule says no. They know no HTTP; `kit.problems` turns them into documents."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

ALL: dict[str, type["Refusal"]] = {}


class Kind(Enum):
    """What sort of no: it decides the HTTP status, in one place (`kit.problems`)."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    GONE = "gone"
    STALE = "stale"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    TOO_MANY = "too_many"
    WRONG_METHOD = "wrong_method"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


class Refusal(Exception):
    """A rule's no. `field` is a JSON path into the input, where one field is at fault; `errors` lists several."""

    type: ClassVar[str] = ""
    kind: ClassVar[Kind] = Kind.INVALID
    zh: ClassVar[str] = ""
    en: ClassVar[str] = ""
    words: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, field: str | None = None, errors: list["FieldError"] | None = None, **values: Any) -> None:
        self.field = field
        self.errors = errors or []
        self.values = values
        super().__init__(self.detail("en"))

    def detail(self, lang: str) -> str:
        return (self.zh if lang == "zh" else self.en).format(
            **{name: self._word(value, lang) for name, value in self.values.items()}
        )

    def _word(self, value: Any, lang: str) -> Any:
        if not isinstance(value, str) or value not in self.words:
            return value
        return self.words[value] if lang == "zh" else value.replace("_", " ")


class FieldError:
    """One fault at one place of the input."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        self.field, self.zh, self.en = field, zh, en


def refusal(reason: str, kind: Kind, zh: str, en: str, words: Mapping[str, str] | None = None) -> type[Refusal]:
    """Declare a refusal `<service>.<kebab-reason>` with its Chinese and English sentence (str.format templates).
    `words`: how the Chinese one says values that are identifiers, such as states.

    Raises ValueError when the reason is declared twice."""
    if reason in ALL:
        raise ValueError(f"refusal {reason} is declared twice")
    name = "".join(part.capitalize() for part in reason.split(".", 1)[1].split("-"))
    declared = type(name, (Refusal,), {"type": reason, "kind": kind, "zh": zh, "en": en, "words": words or {}})
    ALL[reason] = declared
    return declared
