r"""Text as it reads once it is decoded, and where each character of that stands in the original.

Personal data survives a search when an `@` is written `%40`, `\u0040`, `&#64;` or full-width, when a
colour code or an invisible character stands inside, or when it was encoded twice. So what looks
encoded is decoded into a shadow, layer by layer; the shadow is searched like any text, and what is
found there is mapped back to the whole encoded form.

Compatibility forms are folded character by character, not by NFKC: that makes `½` three characters
and card numbers of fractions.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from html.entities import html5
from itertools import pairwise
from typing import TypeAlias

from alpines_privacy.redaction.spans import Span

__all__ = [
    "MAY_HIDE",
    "STRING_ESCAPE",
    "Layer",
    "Origin",
    "decoded",
    "host_addresses",
    "layers",
    "may_hide",
]

_MOST_LAYERS = 3
_BASIC_PLANE = 0x10000  # code points whose folds are remembered

# Invisible characters: controls, format characters, variation selectors, fillers, tags.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
# Named references that pages write in addresses, decoded without their semicolon too.
_NAMED = {
    "commat": "@", "period": ".", "lowbar": "_", "hyphen": "-", "dash": "-", "plus": "+", "colon": ":",
    "quot": '"', "apos": "'", "amp": "&", "equals": "=", "lt": "<", "gt": ">", "nbsp": " ", "sol": "/",
    "shy": "", "zwj": "", "zwnj": "", "ZeroWidthSpace": "", "NoBreak": "", "num": "#", "lpar": "(",
    "rpar": ")", "lbrace": "{", "rbrace": "}", "semi": ";", "comma": ",",
}  # fmt: skip
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "\f", "a": "", "v": "\v", "0": ""}

# It begins with a class of characters, which `re` looks for fast.
_TOKEN = re.compile(
    rf"""[%=\\&\x1b^+{_INVISIBLE}](?:
     (?<=%)(?P<percent>[0-7][0-9A-Fa-f]|u[0-9A-Fa-f]{{4}}|[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){{1,3}})
    |(?<==)(?P<printable>40(?=[A-Za-z])|2[BDE]|3D|5F|[C-F][0-9A-F](?:=[89AB][0-9A-F]){{1,3}}|\r?\n)
    |(?<=\\)(?P<escape>u[0-9A-Fa-f]{{4}}|u\{{[0-9A-Fa-f]{{1,6}}\}}|U[0-9A-Fa-f]{{8}}|x[0-9A-Fa-f]{{2}}
        |[0-3][0-7]{{2}}|\r?\n|["'/nrtbfav0@.]|\\(?:\\\\)*+)
    |(?<=&)(?P<reference>(?:\#[0-9]{{1,7}}|\#[xX][0-9A-Fa-f]{{1,6}}|(?:{"|".join(_NAMED)})(?![A-Za-z0-9]*;)
        |[A-Za-z][A-Za-z0-9]{{1,31}}(?=;));?)
    |(?P<colour>(?:(?<=\x1b)|(?<=\^)\[)(?:\[[0-9;:?]{{0,32}}[ -/]{{0,4}}[@-~]
        |\][^\x07\x1b\n]{{0,256}}(?:\x07|\x1b\\)|[@-Z=>])|(?<=\x1b)(?![\x1b{_INVISIBLE}]))
    |(?<=[0-9]\+)(?P<plus>(?=[0-9]))
    |(?<=[{_INVISIBLE}])(?P<invisible>[{_INVISIBLE}]*)
    )""",
    re.VERBOSE,
)
# What a string's own escapes are.
STRING_ESCAPE = re.compile(
    r"\\(?P<escape>u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[^\x00-\x1f])"
)
# A first look, in what `re` and RE2 read alike. What it lets through in vain costs time, what it
# stops is not decoded.
_ENCODED = (
    r"%(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})|\\[uUx0-3\n\r\"'\\/nrtbfav@.]|\^\["
    r"|&(?:#|[A-Za-z][A-Za-z0-9]{1,31};|commat|period|lowbar|shy|hyphen|dash|zw)"
    r"|=(?:40[A-Za-z]|2[BDE]|3D|5F|[C-F][0-9A-F]=|\r?\n)"
)
_JOINED = r"[0-9]{3}\+[0-9]{3}"
_HYPHENS = r"-[0-9]{1,3}-[0-9]{1,3}-[0-9]"
MAY_HIDE = f"{_ENCODED}|{_JOINED}|{_HYPHENS}|[^\\x09-\\x0d\\x20-\\x7e]"
_is_encoded = re.compile(_ENCODED).search
_is_joined = re.compile(_JOINED).search
_has_hyphens = re.compile(_HYPHENS).search
_may_hide = re.compile(MAY_HIDE).search

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


Origin: TypeAlias = "Callable[[int, int], tuple[int, int]]"


class Layer:
    """A decoded text; `origin(start, end)` gives the bounds in what it was decoded from."""

    __slots__ = ("_at", "_ends", "_starts", "_stops", "text")

    def __init__(
        self, text: str, cuts: Sequence[int] = (), *, tokens: re.Pattern[str] = _TOKEN
    ) -> None:
        """Decode what is encoded in `text`, once; nothing that goes on past one of the `cuts`."""
        folded = text if text.isascii() else text.translate(_FOLD)
        # Where each decoded piece begins and ends in this text, and where it did in the other.
        at: list[int] = []
        stops: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        self._at, self._stops, self._starts, self._ends = at, stops, starts, ends
        pieces: list[str] = []
        length = done = 0
        for match in _matches(tokens, folded, cuts) if cuts else tokens.finditer(folded):
            token, (start, end) = match[0], match.span()
            plain = _OFTEN.get(token)
            if plain is None:
                plain = _DECODERS[match.lastgroup or ""](token)
            if start > done:
                pieces.append(folded[done:start])
                length += start - done
            pieces.append(plain)
            at.append(length)
            length += len(plain)
            stops.append(length)
            starts.append(start)
            ends.append(end)
            done = end
        self.text = "".join((*pieces, folded[done:])) if at else folded

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds in the original of `text[start:end]`, encoded forms whole."""
        if not self._at or end <= self._at[0]:
            return start, end
        if start >= self._stops[-1]:
            shift = self._ends[-1] - self._stops[-1]
            return start + shift, end + shift
        return self._place(start)[0], self._place(end - 1)[1]

    def forward(self, place: int) -> int:
        """Return where a place of the original is here; one inside an encoded form is behind it."""
        index = bisect_left(self._starts, place) - 1
        if index < 0:
            return place
        return self._stops[index] + max(0, place - self._ends[index])

    def whole(self, start: int, end: int) -> tuple[int, int]:
        """Return bounds of the original that part no encoded form: it begins behind one, ends with one.

        What begins inside one and would end there begins where it does.
        """
        if not self._starts or start >= self._ends[-1] or end <= self._starts[0]:
            return start, end
        first, last = self._behind(start), self._behind(end)
        return (first, last) if first < last else (start, last)

    def _behind(self, place: int) -> int:
        index = bisect_left(self._starts, place) - 1
        return max(place, self._ends[index]) if index >= 0 else place

    def _place(self, place: int) -> tuple[int, int]:
        index = bisect_right(self._at, place) - 1
        if index < 0:
            return place, place + 1
        if place < self._stops[index]:
            return self._starts[index], self._ends[index]
        first = self._ends[index] + place - self._stops[index]
        return first, first + 1


def _matches(tokens: re.Pattern[str], text: str, cuts: Iterable[int]) -> Iterator[re.Match[str]]:
    for start, end in pairwise((0, *cuts, len(text))):
        yield from tokens.finditer(text, start, end)


def may_hide(text: str) -> bool:
    """Tell whether something in a text looks encoded."""
    if not (text.isprintable() and text.isascii()):
        return _may_hide(text) is not None
    return bool(  # the same, each part only where its sign is
        (
            ("%" in text or "\\" in text or "=" in text or "&" in text or "^" in text)
            and _is_encoded(text)
        )
        or ("+" in text and _is_joined(text))
        or (text.count("-") > 2 and _has_hyphens(text))
    )


def layers(text: str, cuts: Sequence[int] = ()) -> Iterator[tuple[Layer, Origin]]:
    """Give each layer of a text, and the map from it to the text, as long as decoding changes anything.

    Nothing is decoded across one of the `cuts`, which are asked for anew before each layer. Whoever
    knows that nothing is encoded in a layer (`may_hide`) need not ask for the next.
    """
    origin: Origin | None = None
    for _ in range(_MOST_LAYERS):
        layer = Layer(text, cuts)
        if layer.text == text:
            return
        origin = _through(layer.origin, origin)
        yield layer, origin
        text = layer.text


def decoded(text: str) -> str:
    """Return a value as it reads when all its layers are decoded."""
    if may_hide(text):
        for layer, _ in layers(text):
            text = layer.text
            if not may_hide(text):
                break
    return text


def host_addresses(text: str) -> Iterator[Span]:
    """Give addresses in names of hosts: `ip-203-0-113-7`, `203-0-113-7.example.net`."""
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
    """What `str.translate` makes of a character: itself, or the one it is a form of."""

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
    if token.endswith("\n"):  # a line broken for the mail's sake (RFC 2045 §6.7)
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
        # Controls too, which HTML does not allow: a colour code can be written so.
        return _character(name[2:] if name[1] in "xX" else f"{int(name[1:]):x}")
    return _NAMED[name] if name in _NAMED else html5.get(f"{name};", token)


_DECODERS: dict[str, Callable[[str], str]] = {
    "percent": _percent,
    "printable": _printable,
    "escape": _escape,
    "reference": _reference,
    "colour": lambda _: "",
    "plus": lambda _: " ",
    "invisible": lambda _: "",
}


# What is decoded most often, ready-made.
_OFTEN = {
    **{token: _escape(token) for letter in "\\\"'/nrtbfav0@." if (token := f"\\{letter}")},
    **{f"%{code:02X}": chr(code) for code in range(0x80)},
    **{f"%{code:02x}": chr(code) for code in range(0x80)},
    **{f"\\x{code:02x}": chr(code) for code in range(0x100)},
}


def _through(first: Origin, second: Origin | None) -> Origin:
    """Return one map that goes through two."""
    if second is None:
        return first
    return lambda start, end: second(*first(start, end))
