"""Which addresses of the web are taken from what people type."""

import pytest

from kaimen.kit.refusals import Refusal
from kaimen.kit.texts import BadUrl, clean_url


@pytest.mark.parametrize(
    "typed",
    [
        "/meetings/1",
        "//example.cn",
        "/\t/example.com",
        "https://",
        "https:///example.cn",
        "https://a b.cn/",
        "https://example.cn/a b",
        "https://example.cn/a\tb",
        "https://exam\nple.cn/",
        "https://example.cn\\@evil.cn/",
        "https://name@example.cn/",
        "https://name:word@example.cn/",
        "https://example.cn:port/",
        "https://example.cn:99999/",
        "https://[::1/",
        "https://..",
        "ftp://example.cn",
        "example.cn",
        "http:/example.cn",
        "http://example.cn/" + "a" * 500,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        clean_url(typed, "url")
    assert refused.value.field == "url"
    if len(typed) <= 500:
        assert isinstance(refused.value, BadUrl)
        assert "https://" in refused.value.detail("zh")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://example.cn",
        "http://example.cn:8080/a?b=c#d",
        "https://[2001:db8::1]/a",
        "https://公开.example.cn/文件",
        "HTTPS://Example.cn/A",
        "https://example.cn/@name",
    ],
)
def test_address_is_kept_as_it_was_typed(typed: str) -> None:
    assert clean_url(f" {typed} ", "url") == typed
