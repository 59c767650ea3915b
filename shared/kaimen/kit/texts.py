"""What people type, checked before it is kept: no markup, no control characters, a length that fits."""

import re

from kaimen.kit.refusals import Kind, refusal

MarkupInText = refusal("kit.markup-in-text", Kind.INVALID, "文字中不能含有网页标记。", "Text must not contain markup.")
BadText = refusal(
    "kit.bad-text", Kind.INVALID, "此项应为 {least} 到 {most} 字。", "This must have {least} to {most} characters."
)
ReasonRequired = refusal("kit.reason-required", Kind.INVALID, "请说明原因。", "A reason is required.")

_MARKUP = re.compile(r"<\s*[a-zA-Z/!?]|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});|javascript:", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def clean_text(text: str, field: str, *, least: int = 0, most: int = 200) -> str:
    """The text without outer blanks. Raises MarkupInText or BadText."""
    text = text.strip()
    if _MARKUP.search(text):
        raise MarkupInText(field=field)
    if not least <= len(text) <= most or _CONTROL.search(text):
        raise BadText(field=field, least=least, most=most)
    return text


def clean_reason(text: str) -> str:
    """A reason that the public will read. Raises ReasonRequired, MarkupInText or BadText."""
    if not text.strip():
        raise ReasonRequired(field="reason")
    return clean_text(text, "reason", most=500)


def clean_url(text: str, field: str) -> str:
    """An address of the web, or nothing. Raises BadText."""
    url = clean_text(text, field, most=500)
    if url and not url.startswith(("https://", "http://")):
        raise BadText(field=field, least=0, most=500)
    return url
