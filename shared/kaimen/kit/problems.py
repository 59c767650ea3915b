"""RFC 9457 problem documents: the one place that knows how a refusal looks over HTTP."""

import re
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

_Malformed = refusal(
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


_KINDS = {
    "str": "文字", "int": "整数", "float": "小数", "decimal": "小数", "bool": "布尔值（true 或 false）", "null": "空值",
    "array": "列表", "object": "对象", "date": "日期", "datetime": "时刻", "time": "时间", "uuid": "UUID",
}  # fmt: skip
_SENTENCES = [
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"Expected `([^`]+)`, got `([^`]+)`", "应为{0}，而不是{1}"),
        (r"Expected `(\w+)`", "应为{0}"),
        (r"Expected `(\w+)` of (?:length <=|at most length) (\d+).*", "{0}长度最多为 {1}"),
        (r"Expected `(\w+)` of (?:length >=|at least length) (\d+).*", "{0}长度至少为 {1}"),
        (r"Expected `(\w+)` of length (\d+) to (\d+).*", "{0}长度应为 {1} 到 {2}"),
        (r"Expected `(\w+)` of length (\d+).*", "{0}长度应为 {1}"),
        (r"Expected `(\w+)` ([<>]=?) (\S+)", "{0}应 {1} {2}"),
        (r"Expected `(\w+)` matching regex (.+)", "{0}应符合格式 {1}"),
        (r"Expected `(\w+)` with a timezone component", "{0}应带时区"),
        (r"Expected `(\w+)` with no timezone component", "{0}不应带时区"),
        (r"Object missing required field `(.+)`", "缺少必填字段 {0}"),
        (r"Object contains unknown field `(.+)`", "不认识字段 {0}"),
        (r"Missing required query parameter '(.+?)' for path .*", "缺少必填的查询参数 {0}"),
        (r"Missing required header parameter '(.+?)' for path .*", "缺少必填的请求头 {0}"),
        (r"Invalid (?:enum )?value (.+)", "不允许的取值 {0}"),
        (r"Invalid RFC3339 encoded date", "日期无效，应为 2026-01-31 的形式"),
        (r"Invalid RFC3339 encoded datetime", "时刻无效，应为 2026-01-31T09:00:00+08:00 的形式"),
        (r"Invalid RFC3339 encoded time", "时间无效，应为 09:00:00 的形式"),
        (r"Invalid UUID", "UUID 无效"),
        (r"Invalid decimal string", "小数无效"),
        (r"(?:Integer value|Number) out of range", "数字过大或过小"),
        (r"JSON is malformed: .*", "不是合法的 JSON"),
        (r"Input data was truncated", "内容不完整"),
        (r"Validation failed for .*", "参数无效"),
        (r"cursor", "翻页位置无效"),
        (r"date", "日期无效"),
        (r"instant with offset", "应为带时区的时刻"),
        (r"a file is needed", "需要上传文件"),
        (r"NUL", "含有 NUL 字符"),
        (r"not UTF-8", "不是 UTF-8 编码"),
    )
]


def _in_chinese(what: str) -> str:
    """What msgspec, Litestar or a service found wrong; what nobody translated stays as it is."""
    for pattern, sentence in _SENTENCES:
        found = pattern.fullmatch(what)
        if found:
            return sentence.format(*(_kinds(part) for part in found.groups()))
    return what


def _kinds(part: str) -> str:
    names = part.split(" | ")
    return "或".join(_KINDS[name] for name in names) if all(name in _KINDS for name in names) else part


class Malformed(_Malformed):
    """`what` is English; the Chinese sentence translates it."""

    def detail(self, lang: str) -> str:
        return self.zh.format(what=_in_chinese(self.values["what"])) if lang == "zh" else super().detail(lang)


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
            errors.append(FieldError(name, f"此项不符合要求（{_in_chinese(message)}）", message))
    return respond(Malformed(what=raised.detail if not errors else errors[0].en, errors=errors))


def _on_http(_: Request[Any, Any, Any], raised: HTTPException) -> Response[bytes]:
    headers = dict(raised.headers or {})
    if raised.status_code == 413:
        return respond(TooLarge(limit="10 MB"))
    if isinstance(raised, NotFoundException):
        return respond(NoSuchPage())
    if isinstance(raised, MethodNotAllowedException):
        allowed = set(headers.get("allow", "").split(", "))
        # The framework knows nothing of HEAD, which is answered wherever GET is.
        headers["allow"] = ", ".join(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))
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
