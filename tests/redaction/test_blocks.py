"""Archives: whatever their compression, length and bytes, each line is cleaned as the redactor cleans it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.policy import Logs, PrivacyPolicy
from alpines_privacy.redaction import Redactor, Span
from alpines_privacy.redaction.archives import blocks as archive_module
from alpines_privacy.redaction.archives.blocks import BLOCK, Block, BlockCleaner, blocks
from alpines_privacy.redaction.archives.compression import (
    ArchiveError,
    Compression,
    embedded,
    packed,
    recognised,
    unpacked,
)
from alpines_privacy.redaction.engine import redactor as redactor_module

PLAIN = Compression("plain", 0)
REDACTOR = Redactor()
CLEANER = BlockCleaner()

SHAPES = {
    "nothing": b"",
    "one line": b"ayesha@shop.example signed in\n",
    "no last newline": b"from 203.0.113.7\nto ayesha@shop.example",
    "CRLF": b"ayesha@shop.example\r\n\r\n203.0.113.7\r\n",
    "blank lines": b"\n\n\nayesha@shop.example\n\n",
    "a carriage return and other line ends inside": b"a\rb\x0bc\x85 ayesha@shop.example\xe2\x80\xa8d\n",
    "not UTF-8": b"caf\xe9 \xff\xfe\x80 ayesha@shop.example \xc3\n\xa9",
    "NUL": b"\x00\x00ayesha@shop.example\x00\n",
    "a byte order mark": b"\xef\xbb\xbfayesha@shop.example\n",
    "JSON lines": b'{"user": {"email": "ayesha@shop.example"}, "n": 1}\n{"ip": "203.0.113.7"}\n',
    "clean": b"started in 12 ms\n" * 50,
}


def _gzip_members(text: bytes) -> bytes:
    return gzip.compress(text[:9]) + gzip.compress(b"") + gzip.compress(text[9:]) + bytes(512)


def _zstd_frames(text: bytes) -> bytes:
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"
    return skippable + zstandard.compress(text[:9]) + skippable + zstandard.compress(text[9:])


def _zstd_stream(text: bytes) -> bytes:
    stream = zstandard.ZstdCompressor(level=19).compressobj()
    return stream.compress(text) + stream.flush()


PACKED: dict[str, tuple[Callable[[bytes], bytes], Compression]] = {
    "plain": (lambda text: text, PLAIN),
    "gzip": (gzip.compress, Compression("gzip", 9)),
    "gzip -6": (lambda text: gzip.compress(text, 6), Compression("gzip", 6)),
    "gzip -1": (lambda text: gzip.compress(text, 1), Compression("gzip", 1)),
    "gzip in members, padded": (_gzip_members, Compression("gzip", 9)),
    "zstd": (zstandard.compress, Compression("zstd", 3)),
    "zstd -19": (_zstd_stream, Compression("zstd", 19)),
    "zstd in frames": (_zstd_frames, Compression("zstd", 3)),
    "bzip2": (bz2.compress, Compression("bzip2", 9)),
    "bzip2 -2": (lambda text: bz2.compress(text, 2), Compression("bzip2", 2)),
    "xz": (lzma.compress, Compression("xz", 6)),
}

REFUSED = {
    "a zip archive": b"PK\x03\x04....",
    "a 7z archive": b"7z\xbc\xaf\x27\x1c",
    "lz4": b"\x04\x22\x4d\x18",
    "UTF-16": "ayesha@shop.example".encode("utf-16"),
    "a tar archive": bytes(257) + b"ustar\x0000",
    "a tar archive, compressed": gzip.compress(bytes(257) + b"ustar\x0000"),
    "gzip, cut short": gzip.compress(b"ayesha@shop.example\n" * 9)[:-9],
    "gzip, damaged": gzip.compress(b"ayesha@shop.example\n" * 9)[:-6] + b"\x00\x00\x00\x00\x00\x00",
    "gzip, and something else": gzip.compress(b"ayesha@shop.example\n") + b"PLAIN",
    "zstd, cut short": zstandard.compress(b"ayesha@shop.example\n" * 9)[:-3],
    "zstd, damaged": zstandard.compress(b"ayesha@shop.example\n" * 9)[:9] + b"\xff" * 30,
    "bzip2, cut short": bz2.compress(b"ayesha@shop.example\n" * 9)[:-9],
    "bzip2, damaged": bz2.compress(b"ayesha@shop.example\n" * 9)[:12] + b"\x00" * 50,
    "xz, cut short": lzma.compress(b"ayesha@shop.example\n" * 9)[:-9],
    "xz, damaged": lzma.compress(b"ayesha@shop.example\n" * 9)[:30] + b"\x00" * 50,
}

KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,3F17F5316E2BAC89\n\n"
    + "MIIEpAIBAAKCAQEA2x9bYJrVwT0m5nN8k3s4b1u7Qe6Wf0Lr9pXo5cHd2gKjZa1V\n" * 3
    + "Zm9vYmFy=\n-----END RSA PRIVATE KEY-----"
)
KEYS: list[tuple[str, str]] = [
    (f"loaded {KEY}\nnext\n", "loaded [SECRET]\nnext\n"),
    (f"{KEY}\n{KEY}\n", "[SECRET]\n[SECRET]\n"),
    (KEY.replace("\n", "\r\n") + "\r\nnext\r\n", "[SECRET]\r\nnext\r\n"),
    (KEY.replace("\n", "\n    ") + "\n", "[SECRET]\n"),
    (KEY.replace("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK") + "\n", "[SECRET]\n"),
    (KEY.rpartition("\n")[0] + "\nthe rest of it is lost\n", "[SECRET]\nthe rest of it is lost\n"),
    (
        "-----BEGIN CERTIFICATE-----\nMIIEpAIB\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIEpAIB\n-----END CERTIFICATE-----\n",
    ),
]


def each_line(text: bytes) -> bytes:
    """Redact a text line by line, the plainest way."""
    return b"\n".join(
        b"[withheld: compressed data]"
        if embedded(line)
        else REDACTOR.redact(line.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
        for line in text.split(b"\n")
    )


def cleaned(pieces: Iterator[bytes] | list[bytes], at_least: int = 1) -> bytes:
    return b"".join(CLEANER.clean(block, PLAIN).data for block in blocks(pieces, CLEANER, at_least))


def text_of(archive: bytes) -> bytes:
    file = io.BufferedReader(io.BytesIO(archive))
    return b"".join(unpacked(file, lambda: len(archive))[1])  # type: ignore[arg-type]  # as raw as a file


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packing", PACKED)
def test_an_archive_is_read_and_packed_again_alike(packing: str, shape: str) -> None:
    text = SHAPES[shape] * (200 if packing == "zstd -19" else 1)
    pack, compression = PACKED[packing]
    archive = pack(text)
    if packing != "plain" and not (packing == "zstd -19" and len(text) < 1000):
        assert recognised(archive[:512]) == compression
    assert text_of(archive) == text
    again = b"".join(packed(compression, block.text) for block in blocks([text], CLEANER))
    assert text_of(again) == text
    assert not again or recognised(again[:512]).name == compression.name


@pytest.mark.parametrize("shape", SHAPES)
def test_a_line_is_cleaned_as_the_redactor_cleans_it(shape: str) -> None:
    text = SHAPES[shape]
    expected = each_line(text)
    assert (b"ayesha" in expected) is False
    assert cleaned([text]) == expected
    assert cleaned([bytes([byte]) for byte in text]) == expected


LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"\n",
                b"\r\n",
                b"ayesha@shop.example",
                b" 203.0.113.7 ",
                b"password=hunter2 ",
                b"\xff",
            ]
        ),
    ),
    max_size=20,
)


@settings(max_examples=60)
@given(LINES, st.integers(1, 60))
def test_cutting_a_file_anywhere_gives_the_same_bytes(pieces: list[bytes], at_least: int) -> None:
    """Blocks joined are the lines redacted one by one, wherever pieces and blocks end."""
    text = b"".join(pieces)
    assert cleaned(pieces, at_least) == each_line(text)
    assert b"".join(block.text for block in blocks(pieces, CLEANER, at_least)) == text


@pytest.mark.parametrize("text", [*SHAPES.values(), *(text.encode() for text, _ in KEYS)])
def test_cleaning_twice_changes_nothing(text: bytes) -> None:
    once = cleaned([text])
    assert cleaned([once]) == once


@pytest.mark.parametrize(("text", "expected"), KEYS)
def test_a_private_key_goes_as_a_whole(text: str, expected: str) -> None:
    assert cleaned([text.encode()], BLOCK).decode() == expected
    assert cleaned([bytes([byte]) for byte in text.encode()]).decode() == expected


def test_a_kept_kind_keeps_private_keys() -> None:
    cleaner = BlockCleaner(PrivacyPolicy(logs=Logs(secret="keep")))
    text = f"{KEY}\n".encode()
    assert cleaner.clean(Block(text), PLAIN).data == text


def test_the_first_blocks_are_small() -> None:
    """What is done is shown soon: the first block is a sixteenth of the others."""
    text = b"nothing, as ever\n" * (4 * BLOCK // 17)
    sizes = [len(block.text) for block in blocks([text[:BLOCK], text[BLOCK:]], CLEANER)]
    assert [round(size / BLOCK, 3) for size in sizes[:5]] == [0.062, 0.125, 0.25, 0.5, 1.0]
    assert sum(sizes) == len(text)


def test_places_are_told_by_line_column_and_kind() -> None:
    text = f"a\n{KEY}\nayesha@shop.example bilal@shop.example\n\n203.0.113.7".encode()
    found = [
        place[:3]
        for block in blocks([text[:90], text[90:]], CLEANER, 1)
        for place in BlockCleaner(check=True).clean(block, PLAIN).places
    ]
    after = 2 + KEY.count("\n") + 1
    assert found == [
        (2, 1, "SECRET"),
        (after, 1, "EMAIL"),
        (after, 21, "EMAIL"),
        (after + 2, 1, "IP"),
    ]


def test_a_line_that_fails_is_withheld_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object, text: str, *hits: object) -> None:
        raise LookupError(text)

    monkeypatch.setattr(Redactor, "found", fail)
    monkeypatch.setattr(redactor_module, "_find", fail)
    result = BlockCleaner().clean(Block(b"ayesha@shop.example", line=7), PLAIN)
    assert result.withheld == [(7, "redacting it failed (LookupError)")]
    assert result.data == b"[withheld: redaction failed (LookupError)]"


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_judged_is_refused(why: str) -> None:
    """Neither a form in which nothing would be found nor damage passes for a clean text."""
    with pytest.raises(ArchiveError, match=r"^is "):
        text_of(REFUSED[why])


class _LongLines:
    """Lines of some ten thousand characters are long, for as long as a test runs."""

    longest, ahead = 1 << 14, 1 << 10

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(archive_module, "_LONGEST", self.longest)
        patch.setattr(archive_module, "_AHEAD", self.ahead)


@pytest.fixture
def long_lines(monkeypatch: pytest.MonkeyPatch) -> _LongLines:
    return _LongLines(monkeypatch)


LONG = {
    "values one after the other": b"ayesha@shop.example " * 5000,
    "values and nothing between": b"ayesha@shop.example," * 5000,
    "words": b"nothing to see " * 5000 + b"ayesha@shop.example",
    "one word": b"x" * 70000 + b" ayesha@shop.example",
    "keys": b'{"password": "hunter2 and more", "n": 1}, ' * 2000,
    "two bytes a letter": "größe é ayesha@shop.example ".encode() * 3000,
    "not UTF-8": b"\xff\xfe ayesha@shop.example \xc3" * 3000,
}


@pytest.mark.parametrize("line", LONG)
def test_a_line_longer_than_memory_is_cut_between_values(line: str, long_lines: _LongLines) -> None:
    text = LONG[line] + b"\nnext\n"
    pieces = [text[start : start + 3000] for start in range(0, len(text), 3000)]
    parts = list(blocks(pieces, CLEANER, 1))
    assert max(len(part.text) for part in parts) < long_lines.longest + 8 * long_lines.ahead
    assert len(parts) > 2
    assert {part.line for part in parts} <= {1, 2}
    assert b"".join(CLEANER.clean(part, PLAIN).data for part in parts) == each_line(text)


class _Stretch(Redactor):
    """Finds everything from the first "<" on to be one value."""

    __slots__ = ()

    def findall(self, text: str) -> list[Span]:
        begin = text.find("<")
        return [] if begin < 0 else [Span(begin, len(text), "SECRET")]


def test_a_value_longer_than_memory_is_refused(
    long_lines: _LongLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "Redactor", _Stretch)
    parts = blocks([b"a\n", b"b, <" + b"s, " * 90000], BlockCleaner(), 1)
    assert next(parts).text == b"a\n"
    with pytest.raises(ArchiveError, match=r"^line 2: a value longer than 16,384 bytes"):
        list(parts)


KILLED = """
import os, signal
from alpines_privacy.cli import main
from alpines_privacy.redaction.archives.blocks import BlockCleaner

clean = BlockCleaner.clean
seen = []

def clean_or_die(self, block, compression):
    seen.append(block)
    if len(seen) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return clean(self, block, compression)

BlockCleaner.clean = clean_or_die
main(["redact", "--in-place", "--jobs", "1", "--backup", ".orig", "app.log"])
"""


def test_a_killed_run_leaves_the_original_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    text = b"ayesha@shop.example signed in\n" * (4 * BLOCK // 30)
    file.write_bytes(text)
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)  # noqa: S603 - our own
    assert done.returncode == -signal.SIGKILL
    assert file.read_bytes() == text
    if hasattr(os, "O_TMPFILE"):
        assert list(tmp_path.iterdir()) == [file]
