"""RFC 9457 problem documents: the one place that knows how a refusal looks over HTTP."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from kaimen.kit.logs import log
from kaimen.kit.refusals import FieldError, Kind, Refusal, refusal

STATUS: dict[Kind, int] = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.TOO_MANY: 429,
    Kind.WRONG_METHOD: 405,
    Kind.UNAVAILABLE: 503,
    Kind.BROKEN: 500,
}
MEDIA_TYPE = "application/problem+json"

Malformed = refusal(
    "kit.malformed",
    Kind.INVALID,
    "提交的内容不符合格式要求：{what}",
    "The input does not have the required form: {what}",
)
NoSuchPage = refusal("kit.no-such-page", Kind.MISSING, "没有这个地址。", "There is nothing at this address.")
WrongMethod = refusal(
    "kit.wrong-method", Kind.WRONG_METHOD, "该地址不支持这种请求方法。", "This address does not support that method."
)
TooLarge = refusal(
    "kit.too-large", Kind.TOO_LARGE, "提交的内容超过 {limit} 上限。", "The input is larger than {limit}."
)
Internal = refusal(
    "kit.internal", Kind.BROKEN, "系统内部错误，已记录。", "An internal error occurred and was recorded."
)


class Problem(msgspec.Struct, omit_defaults=True):
    """A problem document. `detail` is Chinese, `detail_en` English; `errors` names each faulty field."""

    type: str
    title: str
    status: int
    detail: str
    detail_en: str
    instance: str | None = None
    errors: list[dict[str, str]] = []


def problem_of(raised: Refusal, status: int | None = None) -> Problem:
    faults = list(raised.errors)
    if raised.field and not faults:
        faults = [FieldError(raised.field, raised.detail("zh"), raised.detail("en"))]
    return Problem(
        type=f"/problems/{raised.type}",
        title=raised.type.split(".", 1)[1].replace("-", " "),
        status=status or STATUS[raised.kind],
        detail=raised.detail("zh"),
        detail_en=raised.detail("en"),
        errors=[{"field": fault.field, "detail": fault.zh, "detail_en": fault.en} for fault in faults],
    )


def respond(raised: Refusal, status: int | None = None, headers: dict[str, str] | None = None) -> Response[bytes]:
    problem = problem_of(raised, status)
    return Response(
        msgspec.json.encode(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers or {}
    )


def _on_refusal(_: Request[Any, Any, Any], raised: Refusal) -> Response[bytes]:
    headers = {"Retry-After": "2"} if raised.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY) else {}
    if raised.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    return respond(raised, headers=headers)


def _on_validation(_: Request[Any, Any, Any], raised: ValidationException) -> Response[bytes]:
    errors = []
    for entry in raised.extra if isinstance(raised.extra, list) else []:
        if isinstance(entry, dict):
            name = str(entry.get("key", "")) or str(entry.get("source", ""))
            message = str(entry.get("message", raised.detail))
            errors.append(FieldError(name, f"此项不符合要求（{message}）", message))
    return respond(Malformed(what=raised.detail if not errors else errors[0].en, errors=errors))


def _on_http(_: Request[Any, Any, Any], raised: HTTPException) -> Response[bytes]:
    headers = dict(raised.headers or {})
    if raised.status_code == 413:
        return respond(TooLarge(limit="10 MB"))
    if isinstance(raised, NotFoundException):
        return respond(NoSuchPage())
    if isinstance(raised, MethodNotAllowedException):
        return respond(WrongMethod(), headers=headers)
    if raised.status_code >= 500:
        log.error("unhandled", exc_info=raised.__cause__ or raised)
        return respond(Internal())
    return respond(Malformed(what=raised.detail), status=raised.status_code, headers=headers)


def _on_decode(_: Request[Any, Any, Any], raised: msgspec.DecodeError) -> Response[bytes]:
    return respond(malformed(raised))


def _on_anything(_: Request[Any, Any, Any], raised: Exception) -> Response[bytes]:
    log.error("unhandled", exc_info=raised)
    return respond(Internal())


def malformed(raised: msgspec.DecodeError) -> Refusal:
    """The refusal for input that msgspec could not decode; the path becomes the field."""
    message = str(raised)
    what, _, place = message.partition(" - at `")
    field = place.rstrip("`").removeprefix("$").lstrip(".") or None
    return Malformed(what=what, field=field)


HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: _on_refusal,
    msgspec.DecodeError: _on_decode,
    ValidationException: _on_validation,
    HTTPException: _on_http,
    Exception: _on_anything,
}
