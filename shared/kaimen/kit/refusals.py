"""Typed refusals: why a rule says no. They know no HTTP; `kit.problems` turns them into documents."""

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

    def __init__(self, *, field: str | None = None, errors: list["FieldError"] | None = None, **values: Any) -> None:
        self.field = field
        self.errors = errors or []
        self.values = values
        super().__init__(self.detail("en"))

    def detail(self, lang: str) -> str:
        return (self.zh if lang == "zh" else self.en).format(**self.values)


class FieldError:
    """One fault at one place of the input."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        self.field, self.zh, self.en = field, zh, en


def refusal(reason: str, kind: Kind, zh: str, en: str) -> type[Refusal]:
    """Declare a refusal `<service>.<kebab-reason>` with its Chinese and English sentence (str.format templates).

    Raises ValueError when the reason is declared twice."""
    if reason in ALL:
        raise ValueError(f"refusal {reason} is declared twice")
    name = "".join(part.capitalize() for part in reason.split(".", 1)[1].split("-"))
    declared = type(name, (Refusal,), {"type": reason, "kind": kind, "zh": zh, "en": en})
    ALL[reason] = declared
    return declared
