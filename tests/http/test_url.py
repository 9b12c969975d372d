"""Addresses as browsers read them: the standard's own examples, and an independent parser."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alpines_privacy.http.url import Address, parse
from tests.conftest import need

BASE = "https://base.example:8443/dir/page?q=1#f"

# (what a page says, what is asked for), most of them from WHATWG's urltestdata.json
ABSOLUTE = [
    ("https://example.com", "https://example.com/"),
    ("HTTP://EXAMPLE.com/A", "http://example.com/A"),
    ("  \x00\x1fhttps://example.com/\x20", "https://example.com/"),
    ("ht\ntps://exa\tmple.com/a\rb", "https://example.com/ab"),
    ("https:\\\\example.com\\a\\b?c\\d", "https://example.com/a/b?c\\d"),
    ("https:////example.com///", "https://example.com///"),
    ("https:example.com/", "https://example.com/"),
    ("https://user:pass@example.com/", "https://example.com/"),
    ("https://trusted.org@evil.example/", "https://evil.example/"),
    ("https://a:b@c@evil.example:443/", "https://evil.example/"),
    ("http://example.com:80/", "http://example.com/"),
    ("http://example.com:00000080/", "http://example.com/"),
    ("http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]/"),
    ("http://example.com:/", "http://example.com/"),
    ("https://example.com:80/", "https://example.com:80/"),
    ("http://%65xample%2Ecom/", "http://example.com/"),
    ("http://ExAmPlE.CoM./x", "http://example.com/x"),
    ("http://\uff27\uff2f\uff0ecom/", "http://go.com/"),
    ("http://ex\u00adample.com/", "http://example.com/"),
    ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/"),
    ("http://stra\u00dfe.example/", "http://xn--strae-oqa.example/"),
    ("http://stra\u1e9ee.example/", "http://xn--strae-oqa.example/"),
    ("http://例え。テスト/", "http://xn--r8jz45g.xn--zckzah/"),
    ("http://%ef%bc%85%ef%bc%94%ef%bc%91.com/", None),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://0300.168.0xF0", "http://192.168.0.240/"),
    ("http://256", "http://0.0.1.0/"),
    ("http://4294967296", None),
    ("http://1.2.3.4.5/", None),
    ("http://foo.0x4/", None),
    ("http://[2001::1]", "http://[2001::1]/"),
    ("http://[::127.0.0.1]", "http://[::7f00:1]/"),
    ("http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/"),
    ("http://[www.google.com]/", None),
    ("http://[::1%eth0]/", None),
    ("https://example.com/a/./b/../c", "https://example.com/a/c"),
    ("https://example.com/a/%2e%2E/c/.", "https://example.com/c/"),
    ("https://example.com/..", "https://example.com/"),
    ("https://example.com/a b?c d#e f", "https://example.com/a%20b?c%20d"),
    ("https://example.com/\u00e9?\u00e9'", "https://example.com/%C3%A9?%C3%A9%27"),
    ('https://example.com/{a}"`<>|?{b}`"<>', "https://example.com/%7Ba%7D%22%60%3C%3E|?{b}`%22%3C%3E"),
    ("https://example.com/%zz%2f", "https://example.com/%zz%2f"),
    ("https://example.com/\ud800", "https://example.com/%EF%BF%BD"),
    ("wss://example.com/live", "wss://example.com/live"),
    ("//example.com/x", "https://example.com/x"),
    ("https://", None),
    ("https:///", None),
    ("https://a b/", None),
    ("https://a%00b/", None),
    ("https://example.com:65536/", None),
    ("https://example.com:8a/", None),
    ("/x", None),
    ("", None),
    ("data:text/html,x", None),
    ("blob:https://example.com/1", None),
    ("javascript:alert(1)", None),
    ("about:blank", None),
    ("mailto:a@example.com", None),
]  # fmt: skip

RELATIVE = [
    ("x", "https://base.example:8443/dir/x"),
    ("/x", "https://base.example:8443/x"),
    ("../../x", "https://base.example:8443/x"),
    ("?x", "https://base.example:8443/dir/page?x"),
    ("#x", "https://base.example:8443/dir/page?q=1"),
    ("", "https://base.example:8443/dir/page?q=1"),
    ("//other.example/x", "https://other.example/x"),
    ("\\\\other.example\\x", "https://other.example/x"),
    ("/\\other.example/x", "https://other.example/x"),
    ("/\t/other.example/x", "https://other.example/x"),
    ("https:x", "https://base.example:8443/dir/x"),
    ("https:/x", "https://base.example:8443/x"),
    ("http:x", "http://x/"),
    ("a:b", None),
    ("1:b", "https://base.example:8443/dir/1:b"),
]


@pytest.mark.parametrize(("text", "url"), ABSOLUTE)
def test_an_address_is_read_as_browsers_read_it(text: str, url: str | None) -> None:
    read = parse(text)
    assert (read and read.url) == url


@pytest.mark.parametrize(("text", "url"), RELATIVE)
def test_a_relative_address_is_read_against_the_base(text: str, url: str | None) -> None:
    read = parse(text, parse(BASE))
    assert (read and read.url) == url


def test_the_parts_of_an_address_say_where_they_are() -> None:
    read = parse("https://User@Sub.Example.COM.:8443/a?b#c")
    assert read == Address("https://sub.example.com:8443/a?b", "https", "sub.example.com", 23)
    assert read.path == "/a?b"


PIECES = st.sampled_from(
    [
        "http:", "https:", "HTTP:", "ws:", "//", "/", "\\", "?", "#", "@", ":", "a", "b.c",
        "example.com", ".", "..", "%2e", "%2E%2e", "%41", "%", "é", "Ü", "\uff45x", "ß", "ẞ", "。",
        "\t", "\n", " ", '"', "<", "`", "^", "{", "|", "}", "~", "'", "[::1]", "[1::2:0:0:3]",
        "[2001:DB8:0:0:1:0:0:1]", "[::ffff:1.2.3.4]", "0x7f", "1", "255", "256", "08", "443", "80",
        "8080", "xn--", "_", "-", "\x00", "\x1f", "\x7f", "data:", "x y", "%00", "%ef%bc%8e", "[",
        "😀", "\u00ad", "½", "℀", "İ",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join), st.sampled_from(["", "https://"]))
@settings(max_examples=1000, deadline=None)
@example("/.a/..b/%2ec", "https://h.example")
def test_whatever_another_parser_reads_this_one_reads_the_same(text: str, start: str) -> None:
    ada = _ada()
    for base in (BASE, "http://h:8080/x/"):
        theirs = _theirs(ada, start + text, base)
        ours = parse(start + text, parse(base))
        # It may read a host whose Punycode is broken, which browsers refuse.
        if theirs is not None:
            assert (ours and ours.url) == theirs


@given(st.text())
def test_no_text_breaks_the_parser_and_what_it_read_stays_as_it_is(text: str) -> None:
    read = parse(text, parse(BASE))
    if read is not None:
        assert parse(read.url) == read


def _ada() -> Any:
    try:
        import ada_url  # noqa: PLC0415 - absent on some machines
    except ImportError:
        need("ada-url", False, "pip install ada-url")
    return ada_url


def _theirs(ada: Any, text: str, base: str) -> str | None:
    try:
        url = ada.URL(text, base)
    except ValueError:
        return None
    host = url.hostname.removesuffix(".")
    if url.protocol not in ("http:", "https:", "ws:", "wss:") or not host:
        return None
    query = url.search or ("?" if "?" in url.href.partition("#")[0] else "")
    port = f":{url.port}" if url.port else ""
    return f"{url.protocol}//{host}{port}{url.pathname}{query}"


def test_an_address_is_read_as_far_as_its_window_and_no_further() -> None:
    path = "/" + "a/" * 20_000
    address = parse(f"https://user:{'p' * 9000}@Shop.example{path}")
    assert address is not None
    assert address.url == "https://shop.example" + path[:4096]
    plain = parse("https://shop.example" + path)
    assert plain == address
    assert parse(path, address) == address


@pytest.mark.parametrize("label", ["a.", "é.", "1.", "%41.", "\u3002", "xn--a."])
def test_a_host_longer_than_dns_has_names_loads_nothing(label: str) -> None:
    assert parse(f"//{label * 20_000}example/") is None
    assert parse("//" + "a." * 123 + "example/") is not None  # 253 characters
    assert parse("//" + "a." * 124 + "example/") is None
