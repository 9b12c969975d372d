"""Old archives, cleaned: text of any length in blocks of whole lines, on all cores, in order.

Every line is cleaned by itself, as it would have been when it was logged; a private key in PEM is
the one thing that spans lines, and a block knows whether it begins inside one. Bytes that are not
UTF-8 survive as they are, and so do line ends of either kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeAlias

from alpines_privacy.policy import Logs, PrivacyPolicy
from alpines_privacy.redaction.compression import ArchiveError, Compression, embedded, packed
from alpines_privacy.redaction.redactor import Redactor

__all__ = ["BLOCK", "Block", "Cleaned", "Cleaner", "blocks"]

BLOCK = 1 << 20  # bytes of text cleaned at once, where it need not be sooner
_LONGEST = 1 << 20  # bytes of a line; a longer one is cleaned in pieces
_AHEAD = 1 << 16  # characters looked at on both sides of where a line may be cut
_TRIES = 16  # places looked at, at most

_COMPRESSED = "it holds compressed data, in which nothing would be found; unpack that first"

Places: TypeAlias = "list[tuple[int, str]]"

# A private key (RFC 7468; the fields are those of RFC 1421 and RFC 9580). One that is cut off goes
# as far as there is any of it. A key written on one line is the redactor's.
_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,8}-----[ \t]*"
_BODY = r"[ \t]*(?:[A-Za-z0-9+/=]*|(?:Proc-Type|DEK-Info|Version|Comment): [^\r\n]*)"
_END = r"[^\n]{0,80}-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,8}-----"
_KEY = re.compile(rf"{_BEGIN}(?=\r?\n)(?:\r?\n{_BODY}(?=\r?\n))*(?:\r?\n{_END})?")
_REST_OF_KEY = re.compile(rf"(?:{_BODY}\r?\n)*(?:{_END}[ \t]*\r?(?:\n|\Z))?")
_OPEN_KEY = re.compile(rf"(?:{_BEGIN}\r?\n)?(?:{_BODY}\r?\n)*\Z".encode())

# Where a line may be cut: behind what parts values, and not between a key and its value.
_CUT = re.compile(r"(?<=[,;&}\]])|(?<=[^:=\s][ \t])")


class Block(NamedTuple):
    """Lines of an archive, the number of the first from 1, and whether they begin inside a private key."""

    text: bytes
    line: int = 1
    in_key: bool = False


class Cleaned(NamedTuple):
    """A block without personal data, packed, and how many values of each kind it had.

    `places` tells their lines, if that was asked for; `withheld` the lines that something inside
    failed on, with what it was: a notice stands in their place.
    """

    data: bytes
    size: int  # bytes of text, before
    kinds: Counter[str]
    places: Places
    withheld: Places


class Cleaner:
    """Cleans blocks by a policy; with `check` it tells the places and writes nothing."""

    __slots__ = ("_check", "_redactor", "_secrets")

    def __init__(self, policy: PrivacyPolicy | None = None, *, check: bool = False) -> None:
        logs = policy.logs if policy is not None and isinstance(policy.logs, Logs) else Logs()
        self._redactor = Redactor(policy)
        self._secrets = logs.secret != "keep"  # noqa: S105 - a way to redact
        self._check = check

    def clean(self, block: Block, compression: Compression) -> Cleaned:
        """Clean a block and pack it as it was packed."""
        places: Places = []
        withheld: Places = []
        text = "".join(self._cleaned(block, places, withheld))
        kinds = Counter(kind for _, kind in places)
        if self._check:
            return Cleaned(b"", len(block.text), kinds, places, withheld)
        data = packed(compression, text.encode("utf-8", "surrogateescape"))
        return Cleaned(data, len(block.text), kinds, [], withheld)

    def cut(self, line: bytes) -> int:
        """Return where the beginning of a long line can be cut off, in bytes; 0 if nowhere.

        A cut is safe if what stands behind it is judged alike without what stands before.
        """
        text = line.decode("utf-8", "surrogateescape")
        spans = self._redactor.findall(text)
        for place in islice(_places_to_cut(text), _TRIES):
            behind = [(s.start - place, s.end - place) for s in spans if s.end > place]
            alone = [(s.start, s.end) for s in self._redactor.findall(text[place:])]
            if behind == alone and (not behind or behind[0][0] >= 0):
                return len(text[:place].encode("utf-8", "surrogateescape"))
        return 0

    def _cleaned(self, block: Block, places: Places, withheld: Places) -> Iterator[str]:
        """Yield the text without its private keys, line by line without the rest."""
        text, line = block.text.decode("utf-8", "surrogateescape"), block.line
        end = 0
        for key in self._private_keys(text, in_key=block.in_key):
            yield self._lines(text[end : key.start()], line, places, withheld)
            line += text.count("\n", end, key.start())
            if key.re is _KEY:
                places.append((line, "SECRET"))
                yield "[SECRET]"
            line += text.count("\n", *key.span())
            end = key.end()
        yield self._lines(text[end:], line, places, withheld)

    def _private_keys(self, text: str, *, in_key: bool) -> Iterator[re.Match[str]]:
        if not self._secrets:
            return
        if in_key and (rest := _REST_OF_KEY.match(text)):
            yield rest
        if "PRIVATE KEY" in text:
            yield from _KEY.finditer(text)

    def _lines(self, text: str, number: int, places: Places, withheld: Places) -> str:
        found = self._redactor.found
        lines = text.split("\n")
        compressed = embedded(text.encode("utf-8", "surrogateescape"))
        for index, line in enumerate(lines):
            if compressed and embedded(line.encode("utf-8", "surrogateescape")):
                lines[index] = "[withheld: compressed data]"
                withheld.append((number + index, _COMPRESSED))
                continue
            try:
                redacted, spans = found(line)
            except Exception as error:
                lines[index] = self._redactor.redact(line)  # the notice, if it fails again
                withheld.append((number + index, f"redacting it failed ({type(error).__name__})"))
                continue
            if spans:
                lines[index] = redacted
                places.extend([(number + index, span.kind) for span in spans])
        return "\n".join(lines)


def blocks(pieces: Iterable[bytes], cleaner: Cleaner, at_least: int = BLOCK) -> Iterator[Block]:
    """Yield text that comes in pieces of any size as blocks of whole lines.

    A block is given as soon as `at_least` bytes are there. `cleaner` says where a line that is
    longer than memory should hold may be cut. Raises `ArchiveError` for one that cannot be cut.
    """
    held, line, in_key = b"", 1, False
    for piece in pieces:
        held += piece
        if len(held) < at_least or not (end := _end_of(held, line, cleaner)):
            continue
        block = Block(held[:end], line, in_key)
        yield block
        held = held[end:]
        line += block.text.count(b"\n")
        in_key = _ends_in_key(block)
    if held:
        yield Block(held, line, in_key)


def _end_of(held: bytes, line: int, cleaner: Cleaner) -> int:
    end = held.rfind(b"\n") + 1
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
    """Yield places with enough text behind each: the last ones that part values, then just any."""
    last = len(text) - _AHEAD
    parting = [match.start() for match in _CUT.finditer(text, last - _AHEAD, last)]
    yield from reversed(parting[-_TRIES // 2 :])
    yield from range(last, last - _AHEAD, -_AHEAD * 2 // _TRIES)
