"""What people type, checked before it is kept: no markup, no control characters, a length that fits."""

import re
import unicodedata
from urllib.parse import urlsplit

from kaimen.kit.refusals import Kind, refusal

MarkupInText = refusal("kit.markup-in-text", Kind.INVALID, "文字中不能含有网页标记。", "Text must not contain markup.")
BadText = refusal(
    "kit.bad-text", Kind.INVALID, "此项应为 {least} 到 {most} 字。", "This must have {least} to {most} characters."
)
BadUrl = refusal(
    "kit.bad-url",
    Kind.INVALID,
    "请填写以 https:// 或 http:// 开头的完整网址，不含空格、用户名和密码。",
    "Give a whole web address that begins with https:// or http://, without blanks, user name or password.",
)
ReasonRequired = refusal("kit.reason-required", Kind.INVALID, "请说明原因。", "A reason is required.")

LINE = 200
"""Characters, at most, of what is a title, a name or a place, and no paragraph."""
_BREAK = re.compile(r"[^\S\r\n\x85\u2028\u2029]*[\r\n\x85\u2028\u2029]\s*")
_MARKUP = re.compile(
    r"<[/!?]"
    r"|<[a-z][\w:-]*(?:[\s/][^<>]*)?>"
    # Browsers also act on a tag that never ends.
    r"|<[a-z][\w:-]*[\s/](?:[^<>]*[\s/])?[a-z-]+\s*="
    r"|<(?:script|style|iframe|frame|img|svg|math|object|embed|link|meta|base|form|input|video|audio|template)\b"
    r"|&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});"
    r"|javascript:",
    re.IGNORECASE | re.ASCII,
)
_EMOJI = "\\u2600-\\u2bff\\U0001f000-\\U0001faff"
# They hide words or turn them round. Between emoji a joiner makes one picture of two.
_INVISIBLE = re.compile(
    r"[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
    rf"|(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])"
)
# Letters and signs, for Unicode, that show nothing.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAKS_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f\\]")
"""Browsers drop these from an address or take them for a slash, and end at another host than the one that is read."""
_HOST = re.compile(r"[\w.-]*\w[\w.-]*|\[[0-9a-f:.]+\]", re.IGNORECASE)


def clean_text(text: str, field: str, *, least: int = 0, most: int = LINE) -> str:
    """The text without outer blanks and invisible characters; what may not be longer than `LINE` is one line. Raises
    MarkupInText or BadText."""
    text = _INVISIBLE.sub("", text).strip()
    if most <= LINE:
        text = _BREAK.sub(" ", text)
    if not _is_visible(text):
        text = ""
    if _MARKUP.search(text):
        raise MarkupInText(field=field)
    if not least <= len(text) <= most or _CONTROL.search(text):
        raise BadText(field=field, least=least, most=most)
    return text


def _is_visible(text: str) -> bool:
    return any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANK for each in text)


def clean_reason(text: str) -> str:
    """A reason that the public will read. Raises ReasonRequired, MarkupInText or BadText."""
    if not _is_visible(text):
        raise ReasonRequired(field="reason")
    return clean_text(text, "reason", most=500)


def clean_url(text: str, field: str) -> str:
    """An address of the web, or nothing. Raises MarkupInText, BadText or BadUrl."""
    url = clean_text(text, field, most=500)
    if url and not is_web_address(url):
        raise BadUrl(field=field)
    return url


def is_web_address(url: str) -> bool:
    """Whether it is `http(s)://host…`, without a user's name, and every program reads the same host."""
    try:
        parts = urlsplit(url)
        # A port that is none is noticed only when somebody asks for it.
        host = parts.netloc if parts.port is None else parts.netloc.rpartition(":")[0]
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(host)) and not _BREAKS_ADDRESS.search(url)


def is_own_page(url: str) -> bool:
    """Whether it is `/…` and cannot lead to another site."""
    return url.startswith("/") and not url.startswith("//") and not _BREAKS_ADDRESS.search(url)
