"""Personal data among bytes that are no UTF-8: found all the same, and every other byte stays."""

from __future__ import annotations

import gzip
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.archives.blocks import Block, BlockCleaner
from alpines_privacy.redaction.archives.compression import Compression
from alpines_privacy.redaction.engine.gate import FoldGate
from alpines_privacy.redaction.logs import records
from alpines_privacy.redaction.logs.cleaning import Cleaner
from tests.support.gated_scanner import GatedScanner

REDACTOR = Redactor()
ARCHIVES = BlockCleaner()

# Bytes of a log, and what is left of them.
BYTES = {
    "Latin-1 at the end": (b"to caf\xe9@example.com now", b"to [EMAIL] now"),
    "Latin-1 at the beginning": (b"to \xe9lodie@example.com now", b"to [EMAIL] now"),
    "Latin-1 in the middle": (b"to jos\xe9.perez@example.com now", b"to [EMAIL] now"),
    "nothing else": (b"to \xe9\xe8@example.com now", b"to [EMAIL] now"),
    "one byte of a code page's marks": (b"to \x80@example.com now", b"to [EMAIL] now"),
    "in a domain": (b"to jane@caf\xe9.com now", b"to [EMAIL] now"),
    "in a domain's first label": (b"to jane@\xe9t\xe9.example.org now", b"to [EMAIL] now"),
    "in both": (b"to \xe9@\xe9\xe8.com now", b"to [EMAIL] now"),
    "in quotes": (b'to "caf\xe9 bar"@example.com now', b"to [EMAIL] now"),
    "half a character": (b"to caf\xc3@example.com now", b"to [EMAIL] now"),
    "a lone continuation": (b"to caf\xa9@example.com now", b"to [EMAIL] now"),
    "GB 2312": (b"to \xd5\xc5\xc8\xfd@example.com now", b"to [EMAIL] now"),
    "never in UTF-8": (b"to a\xff\xfeb@example.com now", b"to [EMAIL] now"),
    "UTF-8 and Latin-1": (b"to caf\xc3\xa9\xe9@example.com now", b"to [EMAIL] now"),
    "quotes of Latin-1 around it": (b"to \xabjane@example.com\xbb now", b"to \xab[EMAIL]\xbb now"),
    "quotes of Windows around it": (b"to \x93jane@example.com\x94 now", b"to \x93[EMAIL]\x94 now"),
    "letters of Latin-1 elsewhere": (b"d\xe9j\xe0 jane@example.com \xe0", b"d\xe9j\xe0 [EMAIL] \xe0"),
    "an address behind it": (b"\xe9 203.0.113.7 \xff", b"\xe9 203.0.113.0/24 \xff"),
    "an address that touches it": (b"\xe9203.0.113.7\xff", b"\xe9203.0.113.0/24\xff"),
    "one between two": (b"a@b.com\xe9c@d.com", b"[EMAIL]\xe9[EMAIL]"),
    "percent-encoded": (b"/u?m=caf%E9@example.com&x", b"/u?m=[EMAIL]&x"),
    "percent-encoded, and the at": (b"/u?m=caf%E9%40example.com&x", b"/u?m=[EMAIL]&x"),
    "percent-encoded, never in UTF-8": (b"/u?m=a%FF%FEb%40example.com&x", b"/u?m=[EMAIL]&x"),
    "raw, and the at percent-encoded": (b"/u?m=caf\xe9%40example.com&x", b"/u?m=[EMAIL]&x"),
    "as Python writes bytes": (b"from caf\\xe9@example.com", b"from [EMAIL]"),
    "as JSON writes what was kept": (b'{"m": "caf\\udce9@example.com"}', b'{"m": "[EMAIL]"}'),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "left"), BYTES.values(), ids=BYTES)
def test_an_address_with_a_byte_that_is_no_utf_8_is_found(raw: bytes, left: bytes) -> None:
    kept = raw.decode("utf-8", "surrogateescape")
    assert REDACTOR.redact(kept).encode("utf-8", "surrogateescape") == left
    assert REDACTOR.redact_mapping([raw]) == [left]
    cleaned = ARCHIVES.clean(Block(raw), Compression("gzip", 6))
    assert gzip.decompress(cleaned.data) == left
    assert not cleaned.withheld


@pytest.mark.parametrize("errors", ["replace", "surrogateescape"])
@pytest.mark.parametrize("coding", ["utf-8", "ascii"])
@pytest.mark.parametrize("raw", [b"caf\xe9@example.com", b"jane@caf\xe9.com", b"\xe9@\xe9\xe9.com"])
def test_it_is_found_however_the_bytes_were_read(raw: bytes, coding: str, errors: str) -> None:
    assert REDACTOR.redact(raw.decode(coding, errors)) == "[EMAIL]"


@pytest.mark.parametrize("raw", [b"caf\xe9@example.com", b"jane@caf\xe9.com"])
def test_both_gates_let_it_through(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    assert GatedScanner().spans(text) == GatedScanner(gate=FoldGate).spans(text) != []


def test_bytes_as_arguments_stay_as_they_are_around_it() -> None:
    record = logging.makeLogRecord({"msg": "%r", "args": (b"\xff caf\xe9@example.com \xfe",)})
    records.clean(record, Cleaner(REDACTOR), [])
    assert record.getMessage() == r"b'\xff [EMAIL] \xfe'"


@given(
    before=st.binary(max_size=20),
    after=st.binary(max_size=20),
    local=st.binary(min_size=1, max_size=8),
)
def test_no_byte_inside_hides_an_address_and_none_outside_changes(
    before: bytes, after: bytes, local: bytes
) -> None:
    """Bytes beyond ASCII anywhere in a local part; spaces keep what is around apart."""
    inside = bytes(byte | 0x80 for byte in local)
    around = before.translate(PLAIN), after.translate(PLAIN)
    raw = around[0] + b" x" + inside + b"y@example.com " + around[1]
    text = inside.decode("utf-8", "surrogateescape")
    if any(not 0xDC80 <= ord(character) <= 0xDCFF for character in text):
        return  # a character of Unicode, which may be no letter
    left = REDACTOR.redact(raw.decode("utf-8", "surrogateescape"))
    assert left.encode("utf-8", "surrogateescape") == around[0] + b" [EMAIL] " + around[1]


PLAIN = bytes(byte if byte > 0x7F else ord("z") for byte in range(256))
