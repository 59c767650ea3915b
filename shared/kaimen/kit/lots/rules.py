"""The rules of a draw, as they are published before registration closes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from kaimen.kit.lots.exceptions import BadRules

Form = Literal["sorted-ints", "ints", "decimal2", "hex", "digits"]
Quotas = Mapping[str, Mapping[str, tuple[int, int]]]
"""Feature → value → (fewest, most) seats."""

SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""No "=" and no "/": they divide the entropy text."""
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})")
SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_PANELS = 1_000_000


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public number that does not exist yet, for example 双色球 issue N.

    `fallback` lists ids of other sources that stand in, in this order, when this one does not appear. A source that
    is named as a fallback is used only as one.
    """

    id: str
    name: str
    form: Form
    fallback: tuple[str, ...] = ()


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is decided before anybody knows the pool.

    `k` seats; `m` panels that the lottery holds; `closes_at` RFC 3339 text; `min_shared`: a combination of features
    that fewer people share is published concealed; `max_rounding_loss_ppm`: how far, in parts per million, the
    lowest chance may stay below the optimum. A second draw names the transcript it follows (`previous`) and why.
    """

    id: str
    title: str
    k: int
    m: int
    quotas: dict[str, dict[str, tuple[int, int]]]
    closes_at: str
    entropy: tuple[Source, ...]
    min_shared: int
    max_rounding_loss_ppm: int
    verifier_sha256: str
    reserve_rule: Literal["order"] = "order"
    replacement_at_hours: int = 48
    algorithm: Literal["kaimen-lots-1"] = "kaimen-lots-1"
    previous: str | None = None
    reason: str | None = None


def rules_document(rules: Rules) -> dict[str, Any]:
    """The published form, checked. Raises BadRules with the path of what is wrong."""
    document = msgspec.to_builtins(rules)
    document["quotas"] = {
        feature: {value: list(bounds) for value, bounds in values.items()} for feature, values in rules.quotas.items()
    }
    document["entropy"] = source_documents(rules.entropy)
    for optional in ("previous", "reason"):
        if document[optional] is None:
            del document[optional]
    must_be_complete(document, rules.entropy)
    _must_count(rules)
    _must_bound(rules)
    if (rules.previous is None) != (rules.reason is None):
        raise BadRules("/reason", "再次抽签须写明前一次记录与理由", "a second draw names both the first and a reason")
    if rules.previous is not None and not SHA256.fullmatch(rules.previous):
        raise BadRules("/previous", "不是 SHA-256", "no SHA-256")
    return document


def source_documents(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The published form of sources: `fallback` only where there is one."""
    return [
        {"id": source.id, "name": source.name, "form": source.form}
        | ({"fallback": list(source.fallback)} if source.fallback else {})
        for source in sources
    ]


def must_be_complete(document: Mapping[str, Any], sources: Sequence[Source]) -> None:
    """What any kind of rules must hold. Raises BadRules."""
    for field in ("id", "title", "reason"):
        if field in document and not _is_text(document[field]):
            raise BadRules(f"/{field}", "不得为空或含控制字符", "empty, or with control characters")
    if not INSTANT.fullmatch(document["closes_at"]):
        raise BadRules("/closes_at", "不是 RFC 3339 时间", "no RFC 3339 time")
    if not SHA256.fullmatch(document["verifier_sha256"]):
        raise BadRules("/verifier_sha256", "不是 SHA-256", "no SHA-256")
    _must_name_sources(sources)


def _is_text(text: str) -> bool:
    return bool(text) and not any(character < " " for character in text)


def _must_name_sources(sources: Sequence[Source]) -> None:
    ids = [source.id for source in sources]
    stand_ins = [other for source in sources for other in source.fallback]
    for number, source in enumerate(sources):
        at = f"/entropy/{number}"
        if not SOURCE_ID.fullmatch(source.id) or ids.count(source.id) > 1:
            raise BadRules(f"{at}/id", "编号不合规或重复", "not an id, or used twice")
        if not _is_text(source.name):
            raise BadRules(f"{at}/name", "不得为空或含控制字符", "empty, or with control characters")
        if len(set(source.fallback)) < len(source.fallback) or not set(source.fallback) <= set(ids) - {source.id}:
            raise BadRules(f"{at}/fallback", "候补源未列出或重复", "names an unknown source, itself, or one twice")
        if source.fallback and source.id in stand_ins:
            raise BadRules(f"{at}/fallback", "候补源不得再有候补", "a stand-in has no stand-in")
    if not set(ids) - set(stand_ins):
        raise BadRules("/entropy", "至少需要一个随机源", "at least one source is needed")


def _must_count(rules: Rules) -> None:
    bounds = {
        "k": (1, MOST_PANELS),
        "m": (1, MOST_PANELS),
        "min_shared": (1, MOST_PANELS),
        "max_rounding_loss_ppm": (0, 1_000_000),
        "replacement_at_hours": (0, 8760),
    }
    for field, (least, most) in bounds.items():
        if not least <= getattr(rules, field) <= most:
            raise BadRules(f"/{field}", f"应在 {least} 与 {most} 之间", f"not between {least} and {most}")


def _must_bound(rules: Rules) -> None:
    for feature, values in rules.quotas.items():
        if not _is_text(feature) or not values or not all(map(_is_text, values)):
            raise BadRules(
                "/quotas", "特征名不得为空或含控制字符", "a feature or value that is empty, or control characters"
            )
        for value, (least, most) in values.items():
            if not 0 <= least <= most <= rules.k:
                at = f"/quotas/{pointer(feature)}/{pointer(value)}"
                raise BadRules(at, "上下限不合理", "not 0 ≤ fewest ≤ most ≤ seats")


def pointer(key: str) -> str:
    """A key as a JSON Pointer token (RFC 6901 section 3)."""
    return key.replace("~", "~0").replace("/", "~1")
