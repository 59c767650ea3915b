"""Structs to rows and back, where columns are named like fields. What a column cannot hold rests in it as JSON."""

from collections.abc import Mapping, Set
from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def values_of(struct: msgspec.Struct, in_json: Set[str]) -> list[Any]:
    """The fields in their order; those named in `in_json` as JSON, but None as null."""
    values = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return [as_json(value) if name in in_json and value is not None else value for name, value in values.items()]


def struct_of(row: Mapping[str, Any], type: type[S], in_json: Set[str]) -> S:
    """The Struct of a row that has a column for each field, and perhaps others."""
    fields = {field.name: field.type for field in msgspec.structs.fields(type)}
    values = {name: row[name] for name in fields}
    for name in in_json & fields.keys():
        if values[name] is not None:
            values[name] = msgspec.json.decode(values[name], type=fields[name])
    return type(**values)
