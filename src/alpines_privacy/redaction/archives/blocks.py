"""Archives cleaned in blocks of whole lines, in order: text of any length, on all cores.

Every line is cleaned alone, as if it were logged now. Only a private key in PEM spans lines, and a
block knows whether it begins inside one. Bytes that are not UTF-8 and line ends of either kind are
unchanged.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice, repeat
from typing import NamedTuple, TypeAlias

from alpines_privacy.policy import Logs, PrivacyPolicy, SecretKeys
from alpines_privacy.redaction.archives.compression import (
    ArchiveError,
    Compression,
    embedded,
    packed,
)
from alpines_privacy.redaction.engine.contexts import Contexts, context
from alpines_privacy.redaction.engine.redactor import Redactor
from alpines_privacy.redaction.engine.spans import Span

__all__ = ["BLOCK", "Block", "BlockCleaner", "Cleaned", "Place", "blocks"]

BLOCK = 1 << 20  # bytes of text cleaned at once, unless fewer are ready sooner
_FIRST = (
    1 << 16
)  # bytes of the first block; each is twice the one before, so the first results come soon
_LONGEST = 1 << 20  # bytes of a line; a longer one is cleaned in pieces
_AHEAD = 1 << 16  # characters looked at on both sides of where a line may be cut
_TRIES = 16  # most places looked at

_COMPRESSED = "it holds compressed data, in which nothing would be found; unpack that first"

Withheld: TypeAlias = "list[tuple[int, str]]"  # the number of a line, and why
_Position: TypeAlias = "tuple[int, int]"  # line and column

# A private key (RFC 7468; the fields are those of RFC 1421 and RFC 9580). A truncated key matches to
# its last line. A key written on one line is left to the redactor.
_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,8}-----[ \t]*"
_BODY = r"[ \t]*(?:[A-Za-z0-9+/=]*|(?:Proc-Type|DEK-Info|Version|Comment): [^\r\n]*)"
_END = r"[^\n]{0,80}-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,8}-----"
_KEY = re.compile(rf"{_BEGIN}(?=\r?\n)(?:\r?\n{_BODY}(?=\r?\n))*(?:\r?\n{_END})?")
_REST_OF_KEY = re.compile(rf"(?:{_BODY}\r?\n)*(?:{_END}[ \t]*\r?(?:\n|\Z))?")
_OPEN_KEY = re.compile(rf"(?:{_BEGIN}\r?\n)?(?:{_BODY}\r?\n)*\Z".encode())

# Where a line may be cut: behind a separator of values, and not between a key and its value.
_CUT = re.compile(r"(?<=[,;&}\]])|(?<=[^:=\s][ \t])")


class Block(NamedTuple):
    """Lines of an archive, the number of the first (from 1), and whether they begin inside a private key."""

    text: bytes
    line: int = 1
    in_key: bool = False
    column: int = 1  # in characters; above 1 only where a long line was cut


class Place(NamedTuple):
    """The start of a value (line and column from 1, in characters), its kind, and a digest of the text around it.

    It shows neither the value nor its length.
    """

    line: int
    column: int
    kind: str
    context: str = ""  # from `contexts.context`, where places were asked for


class Cleaned(NamedTuple):
    """A cleaned block, packed, and how many values of each kind it had.

    `places` has their places, if asked for. `withheld` has the lines that could not be cleaned, with the
    reason; a notice replaces each.
    """

    data: bytes
    size: int  # bytes of text, before
    kinds: Counter[str]
    places: list[Place]
    withheld: Withheld


class BlockCleaner:
    """Cleans blocks by a policy; with `check` it gives the places and no text."""

    __slots__ = ("_contexts", "_redactor", "_secrets")

    def __init__(self, policy: PrivacyPolicy | None = None, *, check: bool = False) -> None:
        logs = policy.logs if policy is not None and isinstance(policy.logs, Logs) else Logs()
        # A check writes no pseudonym, so any key suffices.
        keys = SecretKeys([secrets.token_hex(32)]) if check else None
        self._redactor = Redactor(policy, keys=keys)
        self._secrets = logs.secret != "keep"  # noqa: S105 - the name of a setting
        self._contexts = Contexts(logs, keys) if check else None

    def clean(self, block: Block, compression: Compression) -> Cleaned:
        """Clean a block and pack it with a compression."""
        places: list[Place] = []
        withheld: Withheld = []
        text = "".join(self._cleaned(block, places, withheld))
        kinds = Counter(place.kind for place in places)
        if self._contexts is not None:
            return Cleaned(b"", len(block.text), kinds, places, withheld)
        data = packed(compression, text.encode("utf-8", "surrogateescape"))
        return Cleaned(data, len(block.text), kinds, [], withheld)

    def cut(self, line: bytes) -> int:
        """Return where a long line can be cut, in bytes from its start; 0 if nowhere.

        A cut is safe if the text after it is judged alike without the text before it.
        """
        text = line.decode("utf-8", "surrogateescape")
        spans = self._redactor.findall(text)
        for place in islice(_places_to_cut(text), _TRIES):
            behind = [(s.start - place, s.end - place) for s in spans if s.end > place]
            alone = [(s.start, s.end) for s in self._redactor.findall(text[place:])]
            if behind == alone and (not behind or behind[0][0] >= 0):
                return len(text[:place].encode("utf-8", "surrogateescape"))
        return 0

    def _cleaned(self, block: Block, places: list[Place], withheld: Withheld) -> Iterator[str]:
        """Yield the text without private keys, and each line without other personal data."""
        text, position = block.text.decode("utf-8", "surrogateescape"), (block.line, block.column)
        end = 0
        for key in self._private_keys(text, in_key=block.in_key):
            start = key.start()
            yield self._lines(text[end:start], position, places, withheld)
            position = _moved(position, text, end, start)
            if key.re is _KEY:
                before = text[text.rfind("\n", 0, start) + 1 : start]
                digest = context("SECRET", before, "") if self._contexts else ""
                places.append(Place(*position, "SECRET", digest))
                yield "[SECRET]"
            position = _moved(position, text, start, key.end())
            end = key.end()
        yield self._lines(text[end:], position, places, withheld)

    def _private_keys(self, text: str, *, in_key: bool) -> Iterator[re.Match[str]]:
        if not self._secrets:
            return
        if in_key and (rest := _REST_OF_KEY.match(text)):
            yield rest
        if "PRIVATE KEY" in text:
            yield from _KEY.finditer(text)

    def _lines(
        self, text: str, position: _Position, places: list[Place], withheld: Withheld
    ) -> str:
        found = self._redactor.found
        number, column = position
        lines = text.split("\n")
        compressed = embedded(text.encode("utf-8", "surrogateescape"))
        for index, line in enumerate(lines, number):
            if compressed and embedded(line.encode("utf-8", "surrogateescape")):
                lines[index - number] = "[withheld: compressed data]"
                withheld.append((index, _COMPRESSED))
                continue
            try:
                redacted, spans = found(line)
            except Exception as error:
                # The notice, if it fails again.
                lines[index - number] = self._redactor.redact(line)
                withheld.append((index, f"redacting it failed ({type(error).__name__})"))
                continue
            if spans:
                lines[index - number] = redacted
                first = column if index == number else 1
                places += self._places(line, index, first, spans)
        return "\n".join(lines)

    def _places(self, line: str, number: int, first: int, spans: list[Span]) -> Iterator[Place]:
        """Give the places of the spans of a line whose first character has the given column."""
        around = self._contexts.of(line, spans) if self._contexts else repeat("")
        for span, digest in zip(spans, around, strict=False):
            yield Place(number, first + span.start, span.kind, digest)


def _moved(position: _Position, text: str, start: int, end: int) -> _Position:
    """Return the position of `text[end]`, given that of `text[start]`."""
    line, column = position
    count = text.count("\n", start, end)
    if not count:
        return line, column + end - start
    return line + count, end - text.rindex("\n", start, end)


def blocks(
    pieces: Iterable[bytes], cleaner: BlockCleaner, at_least: int = BLOCK
) -> Iterator[Block]:
    """Yield blocks of whole lines from text in pieces of any size.

    A block has about `at_least` bytes, the first ones fewer, and is given as soon as it is complete. If
    the first line is longer, the block has the whole lines that have come so far. `cleaner` cuts lines that
    are too long for memory. Raises `ArchiveError` for a line that cannot be cut.
    """
    held, line, in_key, column = b"", 1, False, 1
    enough = min(at_least, _FIRST)
    for piece in pieces:
        held += piece
        while len(held) >= enough and (end := _end_of(held, enough, line, cleaner)):
            block = Block(held[:end], line, in_key, column)
            yield block
            held = held[end:]
            line += block.text.count(b"\n")
            column = _column_behind(block)
            in_key = _ends_in_key(block)
            enough = min(at_least, enough * 2)
    if held:
        yield Block(held, line, in_key, column)


def _column_behind(block: Block) -> int:
    """Return the column of the next text: above 1 only where a long line was cut."""
    last = block.text[block.text.rfind(b"\n") + 1 :]
    before = block.column if len(last) == len(block.text) else 1
    return before + len(last.decode("utf-8", "surrogateescape"))


def _end_of(held: bytes, enough: int, line: int, cleaner: BlockCleaner) -> int:
    """Return where a block of about `enough` bytes ends; 0 while there are too few bytes."""
    end = (held.rfind(b"\n", 0, enough) + 1) or (held.rfind(b"\n") + 1)
    if end or len(held) < _LONGEST + 4 * _AHEAD:
        return end
    if cut := cleaner.cut(held):
        return cut
    raise ArchiveError(
        f"line {line}: a value longer than {_LONGEST:,} bytes cannot be judged as a whole"
    )


def _ends_in_key(block: Block) -> bool:
    begin = block.text.rfind(b"-----BEGIN ")
    if begin < 0 and not block.in_key:
        return False
    return _OPEN_KEY.match(block.text, max(begin, 0)) is not None


def _places_to_cut(text: str) -> Iterator[int]:
    """Yield places with enough text behind each: first those between values, from the last on, then any others."""
    last = len(text) - _AHEAD
    parting = [match.start() for match in _CUT.finditer(text, last - _AHEAD, last)]
    yield from reversed(parting[-_TRIES // 2 :])
    yield from range(last, last - _AHEAD, -_AHEAD * 2 // _TRIES)
