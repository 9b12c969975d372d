r"""Decoded text, and where each of its characters stands in the original.

A search of the text as written misses personal data when an `@` is written `%40`, `\u0040`, `&#64;` or
full-width, when a colour code or an invisible character stands inside, or when it is encoded twice.
So text that looks encoded is decoded layer by layer. Each decoded text is searched like any text, and
each match is mapped back to the whole encoded form.

Compatibility forms are folded character by character. NFKC is not used: it turns `½` into three
characters, and fractions into card numbers.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from html.entities import html5
from itertools import accumulate, pairwise
from typing import NamedTuple

from alpines_privacy.redaction.engine.spans import Span

__all__ = [
    "MAY_BE_ENCODED",
    "STRING_ESCAPE",
    "Layer",
    "Origin",
    "decoded",
    "host_addresses",
    "layers",
    "may_be_encoded",
]

_MOST_LAYERS = 3
_BASIC_PLANE = 0x10000  # code points whose folds are remembered

# Invisible characters: controls, format characters, variation selectors, fillers, tags.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
# Named references that pages write in addresses; they are decoded without a semicolon too.
_NAMED = {
    "commat": "@", "period": ".", "lowbar": "_", "hyphen": "-", "dash": "-", "plus": "+", "colon": ":",
    "quot": '"', "apos": "'", "amp": "&", "equals": "=", "lt": "<", "gt": ">", "nbsp": " ", "sol": "/",
    "shy": "", "zwj": "", "zwnj": "", "ZeroWidthSpace": "", "NoBreak": "", "num": "#", "lpar": "(",
    "rpar": ")", "lbrace": "{", "rbrace": "}", "semi": ";", "comma": ",",
}  # fmt: skip
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "\f", "a": "", "v": "\v", "0": ""}

# What follows the ESC of a sequence (ECMA-48): colours and cursors, titles and links, the short ones.
_COLOUR = r"\[[0-9;:?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)|[@-Z=>]"
# The pattern begins with a class of characters, which `re` finds fast; a token's first character tells its kind.
# Its one group is the whole token, so `split` gives plain pieces and tokens in turn.
_TOKEN = re.compile(
    rf"""([%=\\&\x1b^+{_INVISIBLE}](?:
     (?<![%=\\&\x1b^+])[{_INVISIBLE}]*
    |(?<=[\x1b^])(?:(?<=\x1b)(?:{_COLOUR}|(?![\x1b{_INVISIBLE}]))|(?<=\^)\[(?:{_COLOUR}))
    |(?<![\x1b^])(?:
         (?<=\\)(?:["'/nrtbfav@.]|u[0-9A-Fa-f]{{4}}|u\{{[0-9A-Fa-f]{{1,6}}\}}|U[0-9A-Fa-f]{{8}}|x[0-9A-Fa-f]{{2}}
            |[0-3][0-7]{{2}}|0|\r?\n|\\(?:\\\\)*+)
        |(?<=%)(?:[0-7][0-9A-Fa-f]|u[0-9A-Fa-f]{{4}}|[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){{1,3}})
        |(?<==)(?:40(?=[A-Za-z])|2[BDE]|3D|5F|[C-F][0-9A-F](?:=[89AB][0-9A-F]){{1,3}}|\r?\n)
        |(?<=&)(?:\#[0-9]{{1,7}}|\#[xX][0-9A-Fa-f]{{1,6}}|(?:{"|".join(_NAMED)})(?![A-Za-z0-9]*;)
            |[A-Za-z][A-Za-z0-9]{{1,31}}(?=;));?
        |(?<=[0-9]\+)(?=[0-9]))
    ))""",
    re.VERBOSE,
)
_SIGNS = frozenset("%=\\&^+")  # what a token of printable ASCII begins with
# The escapes of a string itself.
STRING_ESCAPE = re.compile(r"(\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[^\x00-\x1f]))")
# A first check, in syntax that `re` and RE2 read alike. Too many matches cost time; text without a
# match is not decoded.
_ENCODED = (
    r"%(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})|\\[uUx0-3\n\r\"'\\/nrtbfav@.]|\^\["
    r"|&(?:#|[A-Za-z][A-Za-z0-9]{1,31};|commat|period|lowbar|shy|hyphen|dash|zw)"
    r"|=(?:40[A-Za-z]|2[BDE]|3D|5F|[C-F][0-9A-F]=|\r?\n)"
)
_JOINED = r"[0-9]{3}\+[0-9]{3}"
_HYPHENS = r"-[0-9]{1,3}-[0-9]{1,3}-[0-9]"
MAY_BE_ENCODED = f"{_ENCODED}|{_JOINED}|{_HYPHENS}|[^\\x09-\\x0d\\x20-\\x7e]"
_is_encoded = re.compile(_ENCODED).search
_is_joined = re.compile(_JOINED).search
_has_hyphens = re.compile(_HYPHENS).search
_may_be_encoded = re.compile(MAY_BE_ENCODED).search

# `ip-203-0-113-7`, and as the first label of a longer name; a version has no part of three digits.
_HOST_ADDRESS = re.compile(
    r"([0-9]{1,3})-([0-9]{1,3})-([0-9]{1,3})-([0-9]{1,3})(?![0-9-])(\.[A-Za-z0-9-]{1,63}(?:\.[A-Za-z]{2})?)?"
)
_BEFORE_ADDRESS = re.compile(r"((?:[-_.][A-Za-z0-9]{0,15}[A-Za-z]){0,3})(?![\w.-])")
_HOSTS = frozenset(
    {
        "ip", "ec2", "host", "client", "dsl", "adsl", "vdsl", "pool", "static", "dyn",
        "dynamic", "dhcp", "cpe", "ppp", "user", "node", "customer", "vps", "server",
    }
)  # fmt: skip

_FORMS = frozenset({"<wide>", "<narrow>", "<font>", "<small>", "<circle>"})
_DASHES = frozenset((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D))
_STOPS = frozenset((0x2024, 0x3002, 0xFF0E, 0xFF61))  # IDNA reads the last three as a dot too


class _Places(NamedTuple):
    """Where each decoded token begins and ends, in a layer and in the text it is decoded from."""

    at: list[int]
    stops: list[int]
    starts: list[int]
    ends: list[int]


_BLOCK = 1024  # pieces of a layer whose places are computed together


class _Blocks:
    """The places of a layer's tokens, computed for the blocks that are asked for: few of many tokens are."""

    __slots__ = ("_at", "_before", "_known", "_pieces", "_starts")

    def __init__(self, decoded: list[str], written: list[str]) -> None:
        self._pieces = decoded, written
        self._known: dict[int, _Places] = {}
        here, there = _lengths_before(decoded), _lengths_before(written)
        self._before = here, there
        firsts = range(0, len(decoded) - 1, _BLOCK)  # each block begins with plain text
        self._at = [here[block] + len(decoded[at]) for block, at in enumerate(firsts)]
        self._starts = [there[block] + len(written[at]) for block, at in enumerate(firsts)]

    def at(self, place: int) -> _Places:
        """Return the block of the last token that begins at or before a place of the layer."""
        return self._block(bisect_right(self._at, place) - 1)

    def before(self, place: int) -> _Places:
        """Return the block of the last token that begins before a place of the text it is decoded from."""
        return self._block(bisect_left(self._starts, place) - 1)

    def _block(self, index: int) -> _Places:
        places = self._known.get(index)
        if places is None:
            here, there = (
                [
                    *accumulate(
                        map(len, pieces[index * _BLOCK : (index + 1) * _BLOCK]),
                        initial=before[index],
                    )
                ]
                for pieces, before in zip(self._pieces, self._before, strict=True)
            )
            places = _Places(here[1:-1:2], here[2::2], there[1:-1:2], there[2::2])
            self._known[index] = places
        return places


def _lengths_before(pieces: list[str]) -> list[int]:
    """Return how many characters stand before each block of pieces."""
    blocks = (pieces[first : first + _BLOCK] for first in range(0, len(pieces), _BLOCK))
    return [0, *accumulate(len("".join(block)) for block in blocks)]


class Layer:
    """A decoded text; `origin(start, end)` gives the bounds in what it was decoded from.

    The places of the pieces are computed on first use, since most texts hold nothing to look up.
    """

    __slots__ = ("_blocks", "_decoded", "_head", "_shift", "_tail", "_written", "text")

    def __init__(
        self, text: str, cuts: Sequence[int] = (), *, tokens: re.Pattern[str] = _TOKEN
    ) -> None:
        """Decode the tokens in `text` once, except those that cross one of the `cuts`."""
        folded = text if text.isascii() else text.translate(_FOLD)
        written = _split(tokens, folded, cuts) if cuts else tokens.split(folded)
        self._blocks: _Blocks | None = None
        # Pieces of plain text and the tokens between them, as written and decoded.
        self._written = self._decoded = written
        self.text = folded
        if len(written) > 1:
            self._decoded = written[:]
            self._decoded[1::2] = map(_Plain().__getitem__, written[1::2])
            self.text = "".join(self._decoded)
        # Places before the first token are unchanged; places after the last are shifted by this many characters.
        self._head = len(written[0])
        self._tail = len(self.text) - len(written[-1])
        self._shift = len(folded) - len(self.text)

    def _located(self) -> _Blocks:
        if self._blocks is None:
            self._blocks = _Blocks(self._decoded, self._written)
        return self._blocks

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of `text[start:end]` in the original, with encoded forms whole."""
        if end <= self._head:
            return start, end
        if start >= self._tail:
            return start + self._shift, end + self._shift
        return self.first(start), self.last(end)

    def first(self, place: int) -> int:
        """Return the place in the original of text that begins at `place`, with an encoded form whole."""
        if place < self._head:
            return place
        if place >= self._tail:
            return place + self._shift
        at, stops, starts, ends = (self._blocks or self._located()).at(place)
        index = bisect_right(at, place) - 1
        shift = place - stops[index]
        return starts[index] if shift < 0 else ends[index] + shift

    def last(self, place: int) -> int:
        """Return the end in the original of text that ends at `place`, with an encoded form whole."""
        if place <= self._head:
            return place
        if place > self._tail or (place == self._tail and self._decoded[-2]):
            return place + self._shift
        at, stops, _, ends = (self._blocks or self._located()).at(place - 1)
        index = bisect_left(at, place) - 1
        shift = place - stops[index]
        return ends[index] if shift < 0 else ends[index] + shift

    def forward(self, place: int) -> int:
        """Return the place in this layer of a place in the original; one inside an encoded form moves behind it."""
        if place <= self._head:
            return place
        if place >= self._tail + self._shift:
            return place - self._shift
        _, stops, starts, ends = (self._blocks or self._located()).before(place)
        index = bisect_left(starts, place) - 1
        shift = place - ends[index]
        return stops[index] if shift < 0 else stops[index] + shift

    def moves_by(self, place: int) -> int | None:
        """Return the shift of all text from a place of the original on; None where the shifts differ."""
        return -self._shift if place >= self._tail + self._shift else None

    def whole(self, start: int, end: int) -> tuple[int, int]:
        """Return bounds of the original that split no encoded form: start behind one, end with one.

        Bounds that lie inside one encoded form start where that form starts.
        """
        if end <= self._head or start >= self._tail + self._shift:
            return start, end
        first, last = self._behind(start), self._behind(end)
        return (first, last) if first < last else (start, last)

    def _behind(self, place: int) -> int:
        if place <= self._head or place >= self._tail + self._shift:
            return place
        _, _, starts, ends = (self._blocks or self._located()).before(place)
        return max(place, ends[bisect_left(starts, place) - 1])


def _split(tokens: re.Pattern[str], text: str, cuts: Iterable[int]) -> list[str]:
    """Return what `tokens.split` does, leaving tokens that cross a cut undivided."""
    bounds = [0]
    for start, end in pairwise((0, *cuts, len(text))):
        # Once the text that holds both is decoded, a string may begin inside the last token of the string before.
        for match in tokens.finditer(text, max(start, bounds[-1]), end):
            bounds += match.span()
    bounds.append(len(text))
    return [text[start:end] for start, end in pairwise(bounds)]


class Origin:
    """The map from the last of some layers back to the text that the first was decoded from."""

    __slots__ = ("_layers",)

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = [*layers][::-1]

    def forward(self, place: int) -> int:
        """Return where a place of the text is in the layer."""
        for layer in reversed(self._layers):
            place = layer.forward(place)
        return place

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds in the text of a span of the layer, with encoded forms whole."""
        for layer in self._layers:
            start, end = layer.origin(start, end)
        return start, end

    def first(self, place: int) -> int:
        """Return the place in the text of what begins at a place of the layer."""
        for layer in self._layers:
            place = layer.first(place)
        return place

    def last(self, place: int) -> int:
        """Return the end in the text of what ends at a place of the layer."""
        for layer in self._layers:
            place = layer.last(place)
        return place


def may_be_encoded(text: str) -> bool:
    """Tell whether something in a text looks encoded."""
    if not (text.isprintable() and text.isascii()):
        return _may_be_encoded(text) is not None
    return bool(  # the same pattern, but each part is tried only if its sign occurs
        (
            ("%" in text or "\\" in text or "=" in text or "&" in text or "^" in text)
            and _is_encoded(text)
        )
        or ("+" in text and _is_joined(text))
        or (text.count("-") > 2 and _has_hyphens(text))
    )


def layers(text: str, cuts: Sequence[int] = ()) -> Iterator[tuple[Layer, Origin]]:
    """Give each layer of a text with the map back to the text, until decoding changes nothing.

    No token is decoded across one of the `cuts`, which are read again before each layer. A caller
    that knows a layer has nothing encoded (`may_be_encoded`) need not ask for the next.
    """
    passed: list[Layer] = []
    for _ in range(_MOST_LAYERS):
        layer = Layer(text, cuts)
        if layer.text == text:
            return
        passed.append(layer)
        yield layer, Origin(passed)
        text = layer.text


def decoded(text: str) -> str:
    """Return a value with all its layers decoded."""
    if not (text.isascii() and text.isprintable() and _SIGNS.isdisjoint(text)) and may_be_encoded(
        text
    ):
        for layer, _ in layers(text):
            text = layer.text
            if not may_be_encoded(text):
                break
    return text


def host_addresses(text: str) -> Iterator[Span]:
    """Give the addresses inside host names: `ip-203-0-113-7`, `203-0-113-7.example.net`."""
    if _has_hyphens(text) is None:
        return
    for match in _HOST_ADDRESS.finditer(text):
        *parts, domain = match.groups()
        before = _BEFORE_ADDRESS.match(text[max(0, match.start() - 52) : match.start()][::-1])
        if before is None or max(numbers := [int(part) for part in parts]) > 255:
            continue
        named = not _HOSTS.isdisjoint(re.split("[-_.]", before[1][::-1].lower()))
        if named or (domain and max(numbers) > 99):
            yield Span(match.start(), match.end(4), "IP")


class _Fold(dict[int, int]):
    """The table for `str.translate`: maps a character to itself, or to the one it is a compatibility form of."""

    def __missing__(self, point: int) -> int:
        folded = _folded(point)
        if point < _BASIC_PLANE:
            self[point] = folded
        return folded


def _folded(point: int) -> int:
    if point in _DASHES:
        return ord("-")
    if point in _STOPS:
        return ord(".")
    character = chr(point)
    if (digit := unicodedata.decimal(character, -1)) >= 0:
        return ord("0") + digit
    if unicodedata.category(character) == "Zs":
        return ord(" ")
    form, *rest = unicodedata.decomposition(character).split() or ("",)
    if form in _FORMS and len(rest) == 1:
        return int(rest[0], 16)
    return point


_FOLD = _Fold({point: point for point in range(128)})


def _character(digits: str) -> str:
    point = int(digits, 16)
    return chr(point) if point < 0x110000 else "\ufffd"


def _percent(token: str) -> str:
    if token[1] == "u":
        return _character(token[2:])
    return bytes.fromhex(token.replace("%", "")).decode("utf-8", "replace")


def _printable(token: str) -> str:
    if token.endswith("\n"):  # a soft line break of quoted printable (RFC 2045 §6.7)
        return ""
    return bytes.fromhex(token.replace("=", "")).decode("utf-8", "replace")


def _escape(token: str) -> str:
    letter = token[1]
    if letter == "\\":  # one for each two of them
        return token[: len(token) // 2]
    if letter in "uUx" and len(token) > 2:
        return _character(token[2:].strip("{}"))
    if len(token) == 4 and letter.isdigit():
        return chr(int(token[1:], 8))
    if token.endswith("\n"):
        return ""
    return _ESCAPES.get(letter, letter)


def _reference(token: str) -> str:
    name = token[1:].rstrip(";")
    if name.startswith("#"):
        # Controls too, though HTML forbids them: a colour code can be written as a reference.
        return _character(name[2:] if name[1] in "xX" else f"{int(name[1:]):x}")
    return _NAMED[name] if name in _NAMED else html5.get(f"{name};", token)


_DECODERS: dict[str, Callable[[str], str]] = {
    "%": _percent,
    "=": _printable,
    "\\": _escape,
    "&": _reference,
    "+": lambda _: " ",
}  # all others are colours and invisible characters


# The most frequent tokens, decoded in advance.
_OFTEN = {
    **{token: _escape(token) for letter in "\\\"'/nrtbfav0@." if (token := f"\\{letter}")},
    **{f"%{code:02X}": chr(code) for code in range(0x80)},
    **{f"%{code:02x}": chr(code) for code in range(0x80)},
    **{f"\\x{code:02x}": chr(code) for code in range(0x100)},
}


class _Plain(dict[str, str]):
    """The decoded form of each token of one text, computed once."""

    def __missing__(self, token: str) -> str:
        plain = _OFTEN.get(token)
        if plain is None:
            decode = _DECODERS.get(token[0])
            plain = decode(token) if decode else ""
        self[token] = plain
        return plain
