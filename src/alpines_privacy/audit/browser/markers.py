"""Texts that an audit types into a page, and how they are found again in what the page sends.

A text is found as it is, percent-encoded, in Base64, in compressed bodies, as a hash (MD5, SHA-1,
SHA-256), and as single keys. That scripts send typed text in these forms before a form is sent was
measured by Senol, Acar, Humbert and Zuiderveen Borgesius, "Leaky Forms" (USENIX Security 2022), and a
marker in a page's text by Englehardt, Acar and Narayanan, "No boundaries" (PoPETs 2020): it shows a
session recorder.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

__all__ = ["KNOWN", "PAGE_TEXT", "Found", "Keys", "Markers", "keys_in", "moves_in", "spelled"]

KNOWN = "the visitor's own data"
PAGE_TEXT = "the page's text"
"""What a marker was put into, where that is no field."""

_LETTERS = "abcdefghijkmnopqrstuvwxyz"
_SHORTEST = 6  # characters of a marker: shorter ones are found by chance
_LENGTH = 12
_LONGEST_BODY = 1_048_576  # bytes that are searched; what is longer is searched up to there
_LONGEST_KEYS = 4096
_DEPTH = 3  # encodings inside each other

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HASH = re.compile(
    rb"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9A-Za-z])"
)
_HASH_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{22,43}")
_HASHES = ("md5", "sha1", "sha256")


class Found(NamedTuple):
    """A marker in a request: what it was typed into, and how it was encoded (`plain`, `base64`, `md5` …)."""

    what: str
    encoding: str


class Markers:
    """The markers of one visit: made, remembered by what they were typed into, and searched for."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """`known` are values of the visitor that the audit signs in with: they are searched for too."""
        self._needles: dict[bytes, str] = {}
        self._digests: dict[bytes, Found] = {}
        for value in known:
            if len(value) >= _SHORTEST:
                self._add(value, KNOWN, value)

    def text(self, what: str, longest: int, *, digits: bool = False) -> str:
        """Make a marker of at most `longest` characters for a field; empty where so few are no marker."""
        if longest < _SHORTEST:
            return ""
        made = _random("123456789" if digits else _LETTERS, min(_LENGTH, longest))
        self._add(made, what, made)
        return made

    def typed(self, marker: str, whole: str, what: str) -> None:
        """Remember the whole text that a marker is part of, such as an e-mail address."""
        if marker != whole:
            self._add(whole, what, marker)

    def _add(self, text: str, what: str, marker: str) -> None:
        self._needles[marker.lower().encode()] = what
        for value in {text, text.lower(), text.upper()}:
            data = value.encode()
            for name in _HASHES:
                digest = hashlib.new(name, data, usedforsecurity=False).digest()
                self._digests[digest] = Found(what, name)

    def __bool__(self) -> bool:
        return bool(self._needles)

    def spelled(self, keys: Keys) -> frozenset[Found]:
        """Return the markers that single keys spell, in the order in which they were sent."""
        return frozenset(
            Found(what, "single keys")
            for needle, what in self._needles.items()
            if any(spelled(needle.decode(), written) for written in keys)
        )

    def find(self, *parts: bytes) -> frozenset[Found]:
        """Return the markers in a request's parts: its URL, its fields, its body."""
        found: set[Found] = set()
        for part in parts:
            for view, encoding in _views(part[:_LONGEST_BODY]):
                found.update(self._in(view, encoding))
        return frozenset(found)

    def _in(self, view: bytes, encoding: str) -> Iterator[Found]:
        lower = view.lower()
        for needle, what in self._needles.items():
            if needle in lower:
                yield Found(what, encoding)
        for token in _HASH.findall(view):
            if hashed := self._digests.get(bytes.fromhex(token.decode())):
                yield hashed
        for token in _HASH_BASE64.findall(view):
            if hashed := self._digests.get(_from_base64(token)):
                yield hashed


def _random(alphabet: str, length: int) -> str:
    """Return random characters, none of them twice in a row: a key that is held down is no text."""
    made = secrets.choice(alphabet)
    while len(made) < length:
        made += secrets.choice(alphabet.replace(made[-1], ""))
    return made


def _views(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Return what a part says: as it is, and decoded, at most three encodings deep."""
    waiting = [(data, "plain", 0)]
    seen = {data}
    while waiting:
        view, encoding, depth = waiting.pop()
        yield view, encoding
        if depth == _DEPTH:
            continue
        for decoded, name in _decoded(view):
            if decoded and decoded not in seen:
                seen.add(decoded)
                waiting.append((decoded, name if encoding == "plain" else encoding, depth + 1))


def _decoded(view: bytes) -> Iterator[tuple[bytes, str]]:
    if b"%" in view:
        yield unquote_to_bytes(view), "plain"
    if (inflated := _inflated(view)) is not None:
        yield inflated, "compressed"
    # All of a part's tokens together: what is decoded is never longer than what was sent.
    yield b"\n".join(map(_from_base64, _BASE64.findall(view))), "base64"


def _inflated(view: bytes) -> bytes | None:
    """Decompress gzip or zlib, as recorders send it whatever the fields say."""
    if view[:2] not in {b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"\x78\x5e"}:
        return None
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(view, _LONGEST_BODY)
    except zlib.error:
        return None


def _from_base64(token: bytes) -> bytes:
    plain = token.translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + b"==")
    except binascii.Error:
        return b""


# Keys: a script that listens to the keyboard sends each by itself, as its name, its code or its number.

_KEY = re.compile(
    rb"""(?:Key|Digit)([A-Z0-9])\b             # KeyboardEvent.code
        |["']([A-Za-z0-9])["'](?!\s*:)         # a JSON string of one character: KeyboardEvent.key
        |[=]([A-Za-z0-9])(?=[&;\s]|$)          # a form's or a query's value
        |^([A-Za-z0-9])$                       # a body, or a message, of one character
        |[:=,\[\s](\d{2,3})(?=[,}\]&;\s]|$)    # KeyboardEvent.keyCode
    """,
    re.VERBOSE,
)
_INT = re.compile(rb"(?<![\d.])\d{1,5}(?![\d])")


class Keys(NamedTuple):
    """The single keys of requests in their order, by how they are written: names, codes, numbers."""

    names: str = ""
    codes: str = ""
    numbers: str = ""

    def followed_by(self, later: Keys) -> Keys:
        """Return these keys and later ones, bounded."""
        joined = (one + other for one, other in zip(self, later, strict=True))
        return Keys(*(keys[-_LONGEST_KEYS:] for keys in joined))


def keys_in(*parts: bytes) -> Keys:
    """Return the single keys that a request's parts hold: `q` as `"q"` or `=q`, as `KeyQ`, as 81 or 113."""
    names, codes, numbers = [], [], []
    for part in parts:
        for match in _KEY.finditer(unquote_to_bytes(part[:_LONGEST_BODY])):
            code, quoted, value, alone, number = match.groups()
            if code:
                codes.append(code.decode().lower())
            elif number:
                numbers.append(_of_number(int(number)))
            else:
                names.append((quoted or value or alone).decode().lower())
    return Keys(*("".join(keys)[-_LONGEST_KEYS:] for keys in (names, codes, numbers)))


def _of_number(value: int) -> str:
    return chr(value).lower() if chr(value).isascii() and chr(value).isalnum() else ""


def spelled(word: str, keys: str) -> bool:
    """Tell whether keys spell a word: each of its characters once or more, at most two others between."""
    repeated = ".{0,2}?".join(f"{re.escape(character)}+" for character in word)
    return re.search(repeated, keys) is not None


def moves_in(path: Iterable[tuple[int, int]], *parts: bytes) -> int:
    """Return how many points of a mouse's path stand in a request's parts, both numbers together."""
    wanted = {(str(x).encode(), str(y).encode()) for x, y in path}
    found: set[tuple[bytes, bytes]] = set()
    for part in parts:
        numbers = _INT.findall(part[:_LONGEST_BODY])
        for apart in (1, 2):
            found.update(wanted.intersection(zip(numbers, numbers[apart:], strict=False)))
    return len(found)
