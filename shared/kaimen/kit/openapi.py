"""The OpenAPI document made true, and a page to read it: plain HTML, nothing loaded from elsewhere."""

from collections.abc import Iterator
from html import escape
from typing import Any

import msgspec
from litestar import Litestar, Request, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

from kaimen.kit.auth import PUBLIC, allow

_STYLE = (
    "body{font:16px/1.6 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}code{background:#eef}"
    "td{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}"
)


class PlainPage(OpenAPIRenderPlugin):
    """Every operation with its parameters and answers, as headings and tables."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        info = openapi_schema["info"]
        parts = [f"<h1>{escape(info['title'])}</h1>", '<p><a href="openapi.json">openapi.json</a></p>']
        for path, operations in sorted(openapi_schema["paths"].items()):
            for method, operation in sorted(operations.items()):
                if isinstance(operation, dict) and "responses" in operation:
                    parts.append(_operation(path, method, operation))
        for name, schema in sorted(openapi_schema.get("components", {}).get("schemas", {}).items()):
            parts.append(_schema(name, schema))
        title = escape(info["title"])
        return (
            '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head>'
            f"<body><main>{''.join(parts)}</main></body></html>"
        ).encode()


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}</td><td>{escape(_type(p['schema']))}</td></tr>"
        for p in operation.get("parameters", [])
    )
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        rows += f"<tr><td>body</td><td>json</td><td>{escape(_type(body))}</td></tr>"
    said = escape(operation.get("description") or operation.get("summary", ""))
    return f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{said}</p><table>{rows}</table>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", []))
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in required else ''}</td><td>{escape(_type(of))}</td></tr>"
        for field, of in schema.get("properties", {}).items()
    )
    said = escape(schema.get("description", ""))
    return f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{said}</p><table>{rows}</table>'


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    if "oneOf" in schema or "anyOf" in schema:
        return " | ".join(_type(one) for one in schema.get("oneOf") or schema["anyOf"])
    if "enum" in schema:
        return " | ".join(repr(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type", "any"))


def openapi_config(title: str, prefix: str) -> OpenAPIConfig:
    """`openapi.json` and `page` below `<prefix>/schema`, open to everybody."""
    return OpenAPIConfig(
        title=title,
        version="1",
        openapi_router=Router(f"{prefix}/schema", route_handlers=[], opt=allow(PUBLIC), include_in_schema=False),
        render_plugins=[JsonRenderPlugin(path="/openapi.json"), PlainPage(path="/page")],
        use_handler_docstrings=True,
    )


def close_objects(app: Litestar) -> None:
    """Litestar's OpenAPI leaves out that unknown fields are refused; say so for every Struct that refuses them."""
    closed = {struct.__name__ for struct in _structs(msgspec.Struct) if struct.__struct_config__.forbid_unknown_fields}
    for name, schema in (app.openapi_schema.components.schemas or {}).items():
        if name.rsplit("_", 1)[-1] in closed:
            schema.additional_properties = False


def _structs(parent: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for child in parent.__subclasses__():
        yield child
        yield from _structs(child)
