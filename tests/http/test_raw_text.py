"""The texts that parsers may find in bytes: none is lost that some decoding gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.http.raw_text import hides_text, raw_texts

# Bytes, and a text that some parser finds in them.
FOUND: dict[str, tuple[bytes, bytes]] = {
    "as it is": (b"a Name=1", b"a Name=1"),
    "percent": (b"N%61me%3D", b"Name="),
    "percent three times": (b"N%252561me", b"Name"),
    "code points": (b"N\\u0061me", b"Name"),
    "long code points": (b"N\\U00000061me", b"Name"),
    "code points in percent": (b"N%5Cu0061me", b"Name"),
    "bytes": (b"N\\x61me", b"Name"),
    "references": (b"N&#97;m&#x65;", b"Name"),
    "references with zeros": (b"N&#00097;m&#x00065;", b"Name"),
    "UTF-16": ("Name".encode("utf-16"), b"Name"),
    "UTF-32 in percent": (b"N%00%00%00a%00%00%00me", b"Name"),
    "a byte that is dropped": (b"Na\xffme", b"Name"),
    "an escaped byte that is dropped": (b"Na%FFme", b"Name"),
    "a stroke": (b"N\\ame", b"Name"),
    "bytes around": (b"\xa4Name\xaa2", b" Name 2"),
    "escaped bytes around": (b"%A4Name%AA2", b" Name 2"),
    "lines": (b"a\r\nName\x0b", b"a  Name "),
    "escaped lines": (b"a\\nName%0A", b"a Name "),
}


@pytest.mark.parametrize("found", FOUND)
def test_a_text_is_found_however_it_is_written(found: str) -> None:
    raw, text = FOUND[found]
    assert any(text in each for each in raw_texts(raw)), list(raw_texts(raw))


@given(st.text("%\\\\&#x0uUn;64f", max_size=300), st.integers(0, 1200))
def test_an_escape_is_decoded_wherever_it_stands(before: str, padding: int) -> None:
    """The windows in which escapes are decoded cut none of them."""
    raw = b"x" * padding + before.encode() + b" N%61m\\u0065 &#97;!"
    assert any(b" Name a!" in text for text in raw_texts(raw))


@given(st.binary(max_size=200))
def test_any_bytes_have_few_texts_and_no_longer_ones(raw: bytes) -> None:
    texts = list(raw_texts(raw))
    assert 1 <= len(texts) <= 8
    assert all(len(text) <= len(raw) and text.isascii() for text in texts)


@pytest.mark.parametrize(
    ("content_type", "raw", "hidden"),
    [
        ("text/plain; charset=utf-8", b"", False),
        ("text/plain; charset=utf-7", b"", True),
        ("text/plain; boundary*0=a", b"", True),
        ("text/plain; a==?b?q?c?=", b"", True),
        ("*/*", b"", False),
        ("", b"filename*=utf-8''a", False),
        ("", b"filename*=utf-7''a", True),
        ("", b'name*0="a"', True),
        ("", b'filename*0="a"', False),
        ("", b'name="=?utf-8?b?ZG9i?="', True),
        ("", b'filename="=?utf-8?b?ZG9i?="', False),
        ("", b"<?xml version='1.0' encoding='UTF-16'?>", False),
        ("", b"<?xml version='1.0' encoding='ebcdic-cp-us'?>", True),
        ("", b"Content-Encoding: gzip\r\nContent-Transfer-Encoding: binary", False),
        ("", b"the charset of a text", False),
    ],
)
def test_what_hides_a_text_is_told(content_type: str, raw: bytes, hidden: bool) -> None:
    assert hides_text(content_type, raw) == hidden
