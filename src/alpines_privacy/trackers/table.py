"""Compiled rules: the file format, and the index that finds the few candidates for a request.

The file is a line that names the format, a line of JSON (`Header`), and a zlib stream of

    rules    the rules as written, one a line, each after the number of its list: first those on a
             host, gathered in slots by the CRC-32 of the host; then those found by a word of
             their pattern, gathered by word; then the few that have neither
    lengths  the bytes of each slot and of each word's rules, as 32-bit little-endian numbers
    words    those words, separated by spaces

To read a file is to decompress it and sum up the lengths. A rule is parsed when a request first asks
for its host or word, so a process pays only for the rules that its pages use.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TypeAlias

import msgspec
from msgspec import Struct

from alpines_privacy.http.cache import Cache
from alpines_privacy.trackers.pattern import Malformed
from alpines_privacy.trackers.rule import Rule, Skipped, read, weight_of
from alpines_privacy.trackers.source import LONGEST_FILE, MOST_RULES, ListInfo

__all__ = ["Header", "Table", "pack"]

_Index: TypeAlias = tuple[dict[str, list[str]], dict[str, list[str]], list[str]]

MAGIC = b"alpines-privacy rules 1\n"
_LIST_NUMBERS = "0123456789abcdefghijklmnopqrstuvwxyz"

# Words of so many addresses that they select nothing.
_COMMON = frozenset(
    {
        "https", "http", "www", "com", "net", "org", "co", "uk", "de", "js", "css", "html", "htm",
        "php", "gif", "png", "jpg", "jpeg", "svg", "webp", "json", "api", "v1", "v2", "1", "2", "3",
        "static", "assets", "images", "img", "script", "scripts", "min", "index", "id", "cdn",
        "content", "media", "src", "main", "app",
    }
)  # fmt: skip
_CROWD = 8  # a host with so many rules is indexed by their words


class Header(Struct, frozen=True, kw_only=True):
    """The JSON line of a compiled file."""

    lists: tuple[ListInfo, ...]
    slots: int
    sizes: tuple[int, int, int]
    modified: str = ""


class Table:
    """The rules of one compiled file, looked up by host and by word."""

    def __init__(self, data: bytes) -> None:
        """Read a compiled file's bytes; raises `ValueError` for any other bytes."""
        self.header, payload = _opened(data)
        self.digest = blake2b(data, digest_size=8).digest()  # the rules and their lists
        self.lists = self.header.lists
        rules, lengths, words = self.header.sizes
        self._rules = payload[:rules]
        starts = _starts(payload[rules : rules + lengths])
        self._mask = self.header.slots - 1
        names = payload[rules + lengths : rules + lengths + words].decode("ascii").split()
        if len(starts) != self.header.slots + len(names) + 1 or starts[-1] > rules:
            raise ValueError("its index does not fit its rules")
        slots = self.header.slots
        self._starts = starts[: self.header.slots + 1]
        # Word to a region of the rules, and to its parsed rules while they are in use.
        self.words: dict[str, range] = dict(
            zip(names, map(range, starts[slots:], starts[slots + 1 :]), strict=True)
        )
        self.with_word: Cache[str, tuple[Rule, ...]] = Cache(
            "rules with a word", self._with_word, weight_of
        )
        self._on_host: Cache[bytes, tuple[Rule, ...]] = Cache(
            "rules of a listed host", self._with_host, weight_of
        )
        self.loose = tuple(self._understood(starts[-1], rules))

    def on_host(self, host: bytes) -> tuple[Rule, ...]:
        """Return the rules on exactly this host; the caller asks for parent domains too."""
        slot = zlib.crc32(host) & self._mask
        start, end = self._starts[slot], self._starts[slot + 1]
        # Most slots with rules have another host's: a search costs less than parsing.
        if start == end or self._rules.find(host, start, end) < 0:
            return ()
        return self._on_host[host]

    def _with_host(self, host: bytes) -> tuple[Rule, ...]:
        slot, name = zlib.crc32(host) & self._mask, host.decode("ascii")
        region = self._understood(self._starts[slot], self._starts[slot + 1], name)
        return tuple(rule for rule in region if rule.host == name)

    def _with_word(self, word: str) -> tuple[Rule, ...]:
        region = self.words[word]
        return tuple(self._understood(region.start, region.stop))

    def __iter__(self) -> Iterator[Rule]:
        """Parse and yield every rule, in the order of the file."""
        return self._understood(0, len(self._rules))

    def lines(self) -> Iterator[tuple[ListInfo, str]]:
        """Return every rule as written, with its list, without parsing any."""
        for line in self._rules.decode("utf-8").split("\n"):
            if line:
                yield self.lists[_LIST_NUMBERS.index(line[0])], line[1:]

    def _understood(self, start: int, end: int, text: str = "") -> Iterator[Rule]:
        """Parse the rules of a region whose lines contain `text`."""
        for line in self._rules[start:end].decode("utf-8", "replace").split("\n"):
            number = _LIST_NUMBERS.find(line[:1]) if line else -1
            if text not in line or not 0 <= number < len(self.lists):
                continue
            try:
                rule = read(line[1:])
            except (Skipped, Malformed):
                continue  # the file is from elsewhere, or from a version that supports more
            rule.come_from(self.lists[number])
            yield rule


def pack(lists: Sequence[tuple[ListInfo, Iterable[Rule]]], *, modified: str = "") -> bytes:
    """Compile several lists into the bytes of one file; the same lists give the same bytes."""
    numbered = [
        (number, rule)
        for number, (_, rules) in zip(_LIST_NUMBERS, lists, strict=False)
        for rule in rules
    ]
    by_host, by_word, loose = _indexed(numbered)
    slots = 1 << max(4, len(by_host).bit_length())
    in_slots: list[list[str]] = [[] for _ in range(slots)]
    for host in sorted(by_host):
        in_slots[zlib.crc32(host.encode("ascii")) & (slots - 1)] += by_host[host]
    words = sorted(by_word)
    regions = ["".join(lines).encode() for lines in (*in_slots, *(by_word[word] for word in words))]
    rules = b"".join(regions) + "".join(loose).encode()
    lengths = array("I", map(len, regions))
    if sys.byteorder == "big":
        lengths.byteswap()
    names = " ".join(words).encode()
    header = Header(
        lists=tuple(info for info, _ in lists),
        slots=slots,
        sizes=(len(rules), len(lengths.tobytes()), len(names)),
        modified=modified,
    )
    payload = zlib.compress(rules + lengths.tobytes() + names, 9)
    return MAGIC + msgspec.json.encode(header) + b"\n" + payload


def _indexed(rules: Sequence[tuple[str, Rule]]) -> _Index:
    """Group rules (as lines) by the host or word shared by the fewest rules."""
    on_host = Counter(rule.host for _, rule in rules)
    with_word = Counter(form for _, rule in rules for forms in rule.words for form in forms)

    def crowd(forms: tuple[str, ...]) -> tuple[bool, int, tuple[str, ...]]:
        return (
            any(form[1:] in _COMMON for form in forms),
            max(map(with_word.__getitem__, forms)),
            forms,
        )

    by_host: dict[str, list[str]] = {}
    by_word: dict[str, list[str]] = {}
    loose: list[str] = []
    for number, rule in rules:
        line = f"{number}{rule.text}\n"
        word = min(rule.words, key=crowd, default=None)
        # A slot is searched for the exact host, so a host in capitals or as IDN is no key.
        key = rule.host if rule.host and rule.host in rule.text else None
        if key and (on_host[key] <= _CROWD or word is None or crowd(word)[0]):
            by_host.setdefault(key, []).append(line)
        elif word is None:
            loose.append(line)
        else:
            for form in word:
                by_word.setdefault(form, []).append(line)
    return by_host, by_word, loose


def _opened(data: bytes) -> tuple[Header, bytes]:
    if not data.startswith(MAGIC):
        raise ValueError(f"does not begin with {MAGIC.decode().strip()!r}")
    line, mark, stream = data[len(MAGIC) :].partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=Header)
        unpacking = zlib.decompressobj()
        payload = unpacking.decompress(stream, LONGEST_FILE)
    except (msgspec.DecodeError, zlib.error, RecursionError) as error:
        raise ValueError(f"is damaged: {error}") from None
    if unpacking.unconsumed_tail:
        raise ValueError(f"it unpacks to more than {LONGEST_FILE:,} bytes")
    if payload.count(b"\n") > MOST_RULES:
        raise ValueError(f"it holds more than {MOST_RULES:,} rules")
    if not mark or not unpacking.eof or min(header.sizes) < 0 or sum(header.sizes) != len(payload):
        raise ValueError("is cut short")
    if header.slots < 1 or header.slots & (header.slots - 1) or header.sizes[1] % 4:
        raise ValueError("its index is none")
    return header, payload


def _starts(lengths: bytes) -> array[int]:
    numbers = array("I", lengths)
    if sys.byteorder == "big":
        numbers.byteswap()
    if sum(numbers) > LONGEST_FILE:
        raise ValueError("its index does not fit its rules")
    return array("I", accumulate(numbers, initial=0))
