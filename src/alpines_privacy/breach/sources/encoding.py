"""The encoding of a file, and the digest of its bytes, in one pass over them."""

from __future__ import annotations

import codecs
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from charset_normalizer import CharsetMatch, from_bytes

from alpines_privacy.breach.errors import BreachError

__all__ = ["Bytes", "known_encoding", "read_once"]

_BLOCK = 1 << 20
_ENOUGH = 1 << 18  # bytes of lines outside ASCII; more change no guess
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DEFAULT = "cp1252"  # as browsers assume (WHATWG Encoding §4.2)
_FOREIGN = re.compile(rb"[\x80-\xff]")
_AROUND = 500  # bytes of a line on each side of the first that is not ASCII


class Bytes(NamedTuple):
    """The result of one pass over a file: its length, its SHA-256, and its encoding as Python names it."""

    length: int
    digest: str
    encoding: str


def known_encoding(name: str) -> str:
    """Return Python's name of an encoding; raises `BreachError` if there is none of this name."""
    try:
        b"a,\xff".decode(name, "ignore")  # what makes no text of bytes (hex, idna) raises
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise BreachError(
            f"{name[:40]!r} is no encoding that is known; expected one such as utf-8 or windows-1252"
        ) from None


def read_once(path: Path) -> Bytes:
    """Read a file once. It is UTF-8 if all its bytes are; else its lines outside ASCII are guessed from."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, length, begin = True, 0, b""
    foreign = bytearray()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            begin = begin or block[:4096]
            length += len(block)
            digest.update(block)
            if len(foreign) < _ENOUGH and not block.isascii():
                for line in block.split(b"\n"):
                    if found := _FOREIGN.search(line):
                        at = found.start()
                        foreign += line[max(at - _AROUND, 0) : at + _AROUND] + b"\n"
                    if len(foreign) >= _ENOUGH:
                        break
            is_utf8 = is_utf8 and _decodes(decoder, block)
    is_utf8 = is_utf8 and _decodes(decoder, b"", final=True)
    encoding = (
        _marked(begin)
        or _unmarked(begin)
        or ("utf-8" if is_utf8 else _guessed(begin, bytes(foreign)))
    )
    return Bytes(length, digest.hexdigest(), encoding)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _marked(begin: bytes) -> str | None:
    return next((name for mark, name in _MARKS if begin.startswith(mark)), None)


def _unmarked(begin: bytes) -> str | None:
    """Tell UTF-16 without its mark: of its letters and digits every other byte is zero, on one side alone."""
    half = len(begin) // 2
    zeros = {"utf-16-be": begin[0::2].count(0), "utf-16-le": begin[1::2].count(0)}
    name = max(zeros, key=zeros.__getitem__)
    return name if zeros[name] * 3 > half and min(zeros.values()) * 100 <= half else None


def _guessed(begin: bytes, foreign: bytes) -> str:
    """Guess; UTF-8 with a few lines of something else stays UTF-8, and those lines are rejected."""
    lines = foreign.split(b"\n")
    good = sum(_is_utf8(line) for line in lines)
    if good > len(lines) / 2:
        return "utf-8"
    matches = from_bytes(foreign or begin)
    best = matches.best()
    if best is None:
        return _DEFAULT
    # Several fit a text of few foreign letters equally well: then it is the one that most files have.
    equal = {each.encoding for each in matches if _fit(each) == _fit(best)}
    return _DEFAULT if _DEFAULT in equal else best.encoding


def _fit(match: CharsetMatch) -> tuple[float, float]:
    return match.chaos, match.coherence


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not line.isascii()
