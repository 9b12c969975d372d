"""Content codings: what is encoded decodes to the same bytes, each flush at once."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.http.charset import is_ascii_compatible
from alpines_privacy.http.coding import DECODABLE, decoder, encoder, narrowed
from tests.conftest import need

CODINGS = ("gzip", "x-gzip", "deflate", "br", "zstd")

ACCEPTED = [
    ("gzip", None),
    ("gzip, deflate", None),
    ("gzip;q=1.0, identity; q=0.5", None),
    ("gzip, compress", "gzip"),
    ("gzip, *;q=0.1", "gzip"),
    ("compress", "identity"),
    ("*", "identity"),
    ("", None),
]

PAGES = [
    ("text/html", b"<p>", True),
    ("text/html; charset=utf-8", b"<p>", True),
    ("text/html; charset=Shift_JIS", b"<p>", True),
    ("text/html; charset=utf-16", b"<p>", False),
    ('text/html; charset="UTF-16LE"', b"<p>", False),
    ("text/html; charset=iso-2022-jp", b"<p>", False),
    ("text/html; charset=utf-16", b"\xef\xbb\xbf<p>", True),
    ("text/html; charset=utf-8", b"\xff\xfe<\x00", False),
    ("text/html", b"\xfe\xff\x00<", False),
    ("text/html", b'<meta charset="utf-16">', True),
    ("text/html", b"<head><meta charset=iso-2022-jp>", False),
]


def _need(coding: str) -> None:
    need(f"the coding {coding}", coding in DECODABLE, "pip install brotli zstandard")


@pytest.mark.parametrize(("accepted", "expected"), ACCEPTED)
def test_accept_encoding_is_narrowed_to_what_can_be_decoded(
    accepted: str, expected: str | None
) -> None:
    assert narrowed(accepted) == expected


@pytest.mark.parametrize(("content_type", "start", "expected"), PAGES)
def test_markup_is_read_only_where_it_is_ascii(
    content_type: str, start: bytes, expected: bool
) -> None:
    assert is_ascii_compatible(content_type, start) is expected


@pytest.mark.parametrize("coding", CODINGS)
@given(chunks=st.lists(st.binary(max_size=300), max_size=6), cut=st.integers(1, 40))
def test_every_flush_can_be_decoded_at_once(coding: str, chunks: list[bytes], cut: int) -> None:
    _need(coding)
    encode, decode = encoder(coding), decoder(coding)
    for chunk in chunks:
        coded = encode(chunk, last=False)
        pieces = [coded[i : i + cut] for i in range(0, len(coded), cut)]
        assert b"".join(part for piece in pieces for part in decode(piece)) == chunk
    assert b"".join(decode(encode(b"end", last=True))) == b"end"


def test_independent_decoders_read_what_we_encode() -> None:
    page = b"<p>hello</p>" * 100
    gzipped, deflated = encoder("gzip"), encoder("deflate")
    assert gzip.decompress(gzipped(page, last=False) + gzipped(b"", last=True)) == page
    assert zlib.decompress(deflated(page, last=True)) == page


def test_gzip_members_one_after_another() -> None:
    coded = gzip.compress(b"one") + gzip.compress(b"two")
    assert b"".join(decoder("gzip")(coded)) == b"onetwo"


def test_raw_deflate_is_recognised() -> None:
    raw = zlib.compressobj(wbits=-15)
    assert b"".join(decoder("deflate")(raw.compress(b"page") + raw.flush())) == b"page"


@pytest.mark.parametrize("name", ["gzip", "deflate"])
@pytest.mark.parametrize("apart", [False, True], ids=["in one chunk", "in a chunk of its own"])
def test_what_follows_the_end_is_overlooked(name: str, apart: bool) -> None:
    coded = gzip.compress(b"page") if name == "gzip" else zlib.compress(b"page")
    decode = decoder(name)
    chunks = [coded, bytes(8)] if apart else [coded + bytes(8)]
    assert b"".join(part for chunk in chunks for part in decode(chunk)) == b"page"


@pytest.mark.parametrize("wbits", [31, 15, -15], ids=["gzip", "zlib", "raw"])
def test_nothing_is_left_behind_at_the_edge_of_a_piece(wbits: int) -> None:
    """The last of what was coded may stand for up to 258 bytes that do not fit a piece any more."""
    for size in range(262144, 262144 + 300, 7):
        stream = zlib.compressobj(wbits=wbits)
        coded = stream.compress(bytes(size)) + stream.flush()
        decode = decoder("gzip" if wbits == 31 else "deflate")
        assert sum(map(len, decode(coded))) == size


def test_a_chunk_that_inflates_greatly_comes_in_pieces() -> None:
    pieces = list(decoder("gzip")(gzip.compress(bytes(10_000_000))))
    assert max(map(len, pieces)) <= 262144
    assert sum(map(len, pieces)) == 10_000_000


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_not_in_the_coding_is_a_value_error(coding: str) -> None:
    _need(coding)
    with pytest.raises(ValueError, match=r".+"):
        list(decoder(coding)(b"\x28plainly not compressed" * 10))
