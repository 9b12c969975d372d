"""Inline scripts that would load a listed address: each such address is made inert where it stands.

A vendor's snippet is rarely alone in its script: functions the page calls later, settings and the
page's own code stand beside it, and where one ends cannot be told without reading JavaScript as a
browser does. So nothing is cut out. The addresses change, into ones no browser can ask for, and
the do-nothing stand-ins of `stand_ins.py` go in front: most snippets find them and end at once,
and callbacks the page waits for are called. The rest of the script stays byte for byte, on its
lines.

A script is a loader if an address that is listed begins one of its literals (or an attribute of
markup in one), and if its code, outside literals and comments, can load. Data that mentions an
address, or text that does, is left alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import NamedTuple, TypeAlias

from alpines_privacy.trackers.request import Kind
from alpines_privacy.trackers.rules import Match
from alpines_privacy.trackers.stand_ins import names_for, stand_ins

__all__ = ["LONGEST", "Ask", "Judge", "Loader", "can_load", "judge"]

# What the tokenizer holds. Of 815 real scripts with a listed address 55 were longer than 8 kB and
# one in ten than 4.4 kB; since nothing is dropped, none of them needs to be spared.
LONGEST = 65536

Ask: TypeAlias = "Callable[[str, Kind], Match | None]"
"""What stops a load of an address, absolute or with two slashes before its host."""


class Loader(NamedTuple):
    """A script that would load what is listed.

    `match` is the first match and `matches` all of them, one for each host; `names` are the
    globals that stand-ins were put in front for; `content` takes the script's place.
    """

    match: Match
    matches: tuple[Match, ...]
    names: tuple[str, ...]
    content: bytes


def judge(script: bytes, ask: Ask) -> Loader | None:
    """Return what takes the place of an inline script's content, or None to keep it as it is.

    `script` is classic or module code, in an encoding that is ASCII where it matters.
    """
    if len(script) > LONGEST or not can_load(script):
        return None
    addresses = _Text(script).addresses()
    found = _listed(addresses, script, ask) if addresses else []
    if not found:
        return None
    code, comments = _read(script)
    found = [(address, match) for address, match in found if not _within(address.start, comments)]
    if not found or not (_any(_LOADS_SURELY, code) or _LOADS(code)):
        return None
    matches = tuple({match.host: match for _, match in found}.values())
    # A pixel's answer defines nothing.
    runs = found if _any(_RUNS_WHAT_IT_LOADS, code) else []
    names = tuple(dict.fromkeys(chain.from_iterable(map(_names, runs))))
    edited = _edited(script, [address for address, _ in found], throws=_any(_THROWS, code))
    return Loader(matches[0], matches, names, _with_stand_ins(edited, names))


class Judge:
    """`judge` for one page's host and visitors of one kind, which remembers: sites repeat their scripts."""

    __slots__ = ("_ask", "_remembered")

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._remembered: dict[bytes, Loader | None] = {}

    def __call__(self, script: bytes) -> Loader | None:
        """Return what takes the place of a script's content, or None to keep it as it is."""
        if len(script) > _LONGEST_REMEMBERED:
            return judge(script, self._ask)
        try:
            return self._remembered[script]
        except KeyError:
            loader = judge(script, self._ask)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[script] = loader
        return loader


# A longer script is made for one page or visitor; so many take a megabyte, four at the most.
_LONGEST_REMEMBERED = 8192
_MOST_REMEMBERED = 256


# -- Whether a script can load at all: a cheap look at its bytes, a close one at its code

# What loads as which kind of request, in the order in which a listed address is asked for.
_NEEDLES: tuple[tuple[Kind, tuple[bytes, ...]], ...] = (
    ("script", (b"createElement", b"import", b"cript", b"rite", b"HTML", b"src", b"oad")),
    ("image", (b"Image", b"img", b"IMG", b"ixel")),
    ("subdocument", (b"iframe", b"IFRAME")),
    ("xmlhttprequest", (b"fetch", b"XMLHttp", b"ajax", b".post(", b".get(", b"EventSource")),
    ("ping", (b"sendBeacon",)),
    ("websocket", (b"WebSocket",)),
)
_LOADS_SURELY = (
    b"createElement",
    b"sendBeacon",
    b"XMLHttpRequest",
    b"insertBefore",
    b"appendChild",
    b".write(",
)
_LOADS = re.compile(
    rb"\bImage\b|\bimport(?:Scripts)?\b|\bfetch\b|ActiveXObject|\.writeln\b|\.(?:ap|pre)pend\b"
    rb"""|\.(?:before|after)\b|WebSocket|EventSource|\.src\s*+=(?!=)|\bsrc\s*+:|["']src["']"""
    rb"""|setAttribute|\.(?:ajax|post)\b|(?:inner|outer)HTML|insertAdjacentHTML"""
    # The site's own: loadScript(…), injectPixel(…), writeTag(…), require([…]).
    rb"|(?:[lL]oad|[sS]cript|[iI]nject|[iI]nclude|[rR]equire|[pP]ixel|[bB]eacon|[wW]rite)\w*+\s*+\("
).search
_RUNS_WHAT_IT_LOADS = (
    b"createElement",
    b"rite",
    b"cript",
    b"import",
    b"HTML",
    b"ajax",
    b"oad",
    b"append",
)
# Where an address that cannot be parsed is an exception, and not an element's error event.
_THROWS = (
    b"fetch", b"Beacon", b"XMLHttp", b"XObject", b"WebSocket", b"EventSource", b"URL(", b"import",
    b".ajax", b".post(", b".get(", b"Worker",
)  # fmt: skip


def _any(needles: Iterable[bytes], code: bytes) -> bool:
    return any(needle in code for needle in needles)


def can_load(script: bytes) -> bool:
    """Tell quickly whether code may load anything at all; going to an address is no load."""
    # Substrings one after the other: faster than any pattern, and most loaders meet the first.
    return (
        b"createElement" in script
        or b"Image" in script
        or b"import" in script
        or b"fetch" in script
        or b"sendBeacon" in script
        or b"XMLHttp" in script
        or b"src" in script
        or b"Socket" in script
        or b"EventSource" in script
        or b"HTML" in script
        or b"cript" in script
        or b"oad" in script
        or b"write" in script
        or b"equire" in script
        or b"ixel" in script
        or b"ajax" in script
        or b".post" in script
    )


# Comments, literals and regular expressions, each to its end, the line's or the script's: an
# alternative that has begun never fails, which keeps this linear. The last kind is told from a
# division by what stands before it.
_TOKEN = re.compile(
    rb"""//[^\n\r]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?+|<!--[^\n\r]*+"""
    rb'|"(?:[^"\\\n]|\\.)*+["\\]?+'
    rb"""|'(?:[^'\\\n]|\\.)*+['\\]?+"""
    rb"""|`(?:[^`\\]|\\.)*+[`\\]?+"""
    rb"""|/(?:(?<=[(,=:\[!&|?{};]/)|(?<=[(,=:\[!&|?{};\n][ \n\t]/))"""
    rb"""(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*+[\]\\]?+)++[/\\]?+""",
    re.DOTALL,
)
_SHORT = 24  # a literal that may be a property's name: `document["createElement"]`


def _read(script: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """Return a script without its comments and longer literals, and where the comments are."""
    comments: list[tuple[int, int]] = []

    def mask(token: re.Match[bytes]) -> bytes:
        if token[0].startswith((b"//", b"/*", b"<!--")):
            comments.append(token.span())
        elif token.end() - token.start() <= _SHORT:
            return token[0]
        return b" "

    return _TOKEN.sub(mask, script), comments


def _within(place: int, spans: list[tuple[int, int]]) -> bool:
    index = bisect_right(spans, (place, LONGEST + 1)) - 1
    return index >= 0 and place < spans[index][1]


# -- The addresses in a script

# The patterns begin with a character that is rare in code and tell the rest from there.
_HOST = rb"(?:[a-zA-Z0-9_-]++\.)++[a-zA-Z][a-zA-Z0-9-]++(?![a-zA-Z0-9_.-])"
# Up to the end of the literal or of the attribute in it, also of an escaped one: unescape('%3Cscript src=%22…').
_TAIL = rb"""(?:[^\s"'`<>\\${}%)]|%(?!2[27]|3[cCeE]))*+"""
_WHOLE = re.compile(rb"//%b(?::[0-9]++)?+%b" % (_HOST, _TAIL)).finditer
_BARE = re.compile(rb"""["'`](\.?%b(?=["'`/?:])%b)""" % (_HOST, _TAIL)).finditer
# What a literal or an attribute begins with, up to the slashes: `'https:`, `"`, `'://…`, `src=`, `url(`.
_OPENING = re.compile(rb"""(?:["'`=(]|%2[27])((?:https?|wss?)?:|)\Z""", re.IGNORECASE).search
_LONGEST_OPENING = 12
_NOT_A_HOST = re.compile(
    rb"\.(?:js|css|html?|php|png|jpe?g|gif|svg|webp|ico|json|xml|txt|min|aspx?|jsp|cgi|length|prototype)\Z",
    re.IGNORECASE,
).search
# A literal in several parts, and characters written as escapes: `'a' + 'b'`, `\/`, `\x2f`, `\u002f`.
_DISGUISE = re.compile(
    rb"""\+\s*+["'`](?=[\w-]*+(?:[."'`]|://))|\\(?<!<\\)\\{0,6}+/|\\x(?P<x>[2-7][0-9a-fA-F])|\\u00(?P<u>[2-7][0-9a-fA-F])"""
).finditer
_INDENT = 80  # how far a plus may stand behind its literal
_PLAIN = frozenset(b"/:.-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
# The literal that goes on behind an expression: 'https://host/' + id + '.js', `https://host/${id}.js`.
_GOES_ON = re.compile(
    rb"""(?:["'`]\s*+\+[\w\s.$\[\]()|]{1,80}+\+\s*+["'`]|\$\{[\w\s.$\[\]()|]{1,80}+\})(%b)"""
    % _TAIL
).match
_LABEL = re.compile(rb"""//([a-zA-Z0-9-]{1,63})\.?["'`]""").findall


class _Address(NamedTuple):
    """One address as a script has it, from `start` to `end` in the script's own bytes.

    `written` are the addresses it may be part of. `slashes` is what stands before its
    host, nothing before a bare one; `dotted` if it is the end of a host; `before` the code in front of its literal.
    """

    start: int
    end: int
    written: tuple[str, ...]
    slashes: bytes
    dotted: bool
    before: bytes


class _Text:
    """A script with its literals' parts joined and its escapes read, and the way back to its bytes."""

    def __init__(self, script: bytes) -> None:
        parts: list[bytes] = []
        done = length = 0
        self._places, self._shifts = [0], [0]
        for disguise in _DISGUISE(script):
            start = disguise.start()
            if disguise[0].startswith(b"+"):
                start = _end_of_literal(script, max(done, start - _INDENT), start)
                if start < 0:
                    continue
            plain = _read_escape(disguise)
            parts += script[done:start], plain
            length += start - done + len(plain)
            done = disguise.end()
            self._places.append(length)
            self._shifts.append(done - length)
        self._flat = b"".join((*parts, script[done:])) if parts else script

    def _original(self, place: int) -> int:
        return place + self._shifts[bisect_right(self._places, place) - 1]

    def addresses(self) -> list[_Address]:
        """Find whatever may be an address, whole or from its host on, in the order of the script."""
        return sorted(chain(self._whole(), self._bare()))

    def _whole(self) -> Iterator[_Address]:
        for found in _WHOLE(self._flat):
            start = found.start()
            if opening := _OPENING(self._flat, max(0, start - _LONGEST_OPENING), start):
                url = (opening[1].removeprefix(b":") + found[0]).decode("latin-1")
                yield self._made(opening.start(1), found.end(), opening[1] + b"//", [url])

    def _bare(self) -> Iterator[_Address]:
        for found in _BARE(self._flat):
            if not _NOT_A_HOST(found[1].partition(b"/")[0]):
                text = found[1].removeprefix(b".").decode("latin-1")
                urls = [f"https://{text}", *(f"https://{label}.{text}" for label in self._labels)]
                yield self._made(*found.span(1), b"", urls)

    @cached_property
    def _labels(self) -> list[str]:
        """What may stand before the rest of a host: `"https://ssl"`, `"http://www."`."""
        return list(dict.fromkeys(label.decode() for label in _LABEL(self._flat)))[:_MOST_LABELS]

    def _made(self, start: int, end: int, slashes: bytes, urls: list[str]) -> _Address:
        if more := _GOES_ON(self._flat, end):
            has_path = "/" in urls[0].partition("//")[2]
            urls.append(f"{urls[0]}{'' if has_path else '/'}x{more[1].decode('latin-1')}")
        return _Address(
            self._original(start),
            self._original(end - 1) + 1,
            tuple(urls),
            slashes,
            self._flat[start : start + 1] == b".",
            self._flat[max(0, start - _BEFORE) : start - 1],
        )


_MOST_LABELS = 4


def _end_of_literal(script: bytes, start: int, end: int) -> int:
    """Return where the quote stands that ends a literal, if only space is between it and `end`."""
    before = script[start:end].rstrip()
    return start + len(before) - 1 if before.endswith((b'"', b"'", b"`")) else -1


def _read_escape(disguise: re.Match[bytes]) -> bytes:
    if code := disguise["x"] or disguise["u"]:
        return bytes.fromhex(code.decode()) if int(code, 16) in _PLAIN else disguise[0]
    return b"/" if disguise[0].endswith(b"/") else b""


# Going to an address is the visitor's move, not a load.
_LEAVES = re.compile(
    rb"(?:\blocation(?:\.href)?\s*+=|\blocation\.(?:assign|replace)\s*+\(|\bwindow\.open\s*+\()\s*+\Z"
).search


def _listed(addresses: Iterable[_Address], script: bytes, ask: Ask) -> list[tuple[_Address, Match]]:
    """Return the addresses that are listed, each with its match."""
    kinds = [kind for kind, needles in _NEEDLES if _any(needles, script)]
    return [
        (address, match)
        for address in addresses
        if (match := _match(address.written, kinds, ask)) is not None
        and not _LEAVES(address.before[-_SHORT:])
    ]


def _match(urls: Iterable[str], kinds: Iterable[Kind], ask: Ask) -> Match | None:
    """Return the match of the first kind of load, of the first way to write it, that is listed."""
    for url in urls:
        for kind in kinds:
            if match := ask(url, kind):
                return match
    return None


# -- What takes their place

_BEFORE = 400
# No browser can parse it: an element that is given it has an error event and sends nothing.
_NOWHERE = b"^/"
# A port no browser connects to (Fetch §2.9): for calls to which the other would be an exception.
_CLOSED = b"localhost:1/"
# What answers at once: for promises nobody catches.
_EMPTY = b"data:text/javascript,"

_AT_ONCE = re.compile(rb"(?:\bfetch\s*+\(\s*+|\bimport\s*+\(\s*+)\Z").search
_IMPORT = re.compile(rb"\bimport\b([\w$*{},\s]*?)(?:\bfrom\b|(?<=import))\s*+\Z").search
_IMPORTED = re.compile(rb"([\w$]+)(?:\s+as\s+[\w$]+)?")


def _edited(script: bytes, addresses: Iterable[_Address], *, throws: bool) -> bytes:
    parts: list[bytes] = []
    done = 0
    for address in addresses:
        if address.start >= done:  # one may stand in the query of another
            parts += script[done : address.start], _inert(address, throws=throws)
            done = address.end
    return b"".join((*parts, script[done:]))


def _inert(address: _Address, *, throws: bool) -> bytes:
    """Return what an address becomes: as long as its literal goes on, it stays what it is."""
    before = address.before
    if b"import" in before and (imported := _IMPORT(before)):
        return _EMPTY + _module(imported[1])
    if address.slashes and before.rstrip().endswith(b"(") and _AT_ONCE(before):
        return _EMPTY + b"export default function(){return {}}//"
    return address.slashes + (b"." * address.dotted + _CLOSED if throws else _NOWHERE)


def _module(imports: bytes) -> bytes:
    """Return a module that has what is imported from it, since one name it lacks stops the importer."""
    _, brace, named = imports.partition(b"{")
    names = {name.decode() for name in _IMPORTED.findall(named)} - {"default"} if brace else set()
    functions = ("export function " + name + "(){return {}};" for name in sorted(names))
    return ("".join(functions) + "export default function(){return {}}").encode()


def _names(found: tuple[_Address, Match]) -> tuple[str, ...]:
    address, match = found
    path = address.written[0].partition("//")[2].partition("/")[2]
    return names_for(match.host, f"/{path}")


# Code may begin with what must stay first: XHTML's CDATA mark, and a directive.
_COMMENT = rb"(?://[^\n\r]*+|/\*(?:[^*]|\*(?!/))*+\*/)"
_FIRST = re.compile(
    rb"""\s*+(?:<!\[CDATA\[\s*+)?+((?:%b\s*+)*+(?:"use strict"|'use strict')(?:\s*+;)?+)?+"""
    % _COMMENT
).match


def _with_stand_ins(script: bytes, names: tuple[str, ...]) -> bytes:
    first = _FIRST(script)
    at = first.end() if first else 0
    code = stand_ins(names)
    if code and first and first[1] and not first[1].endswith(b";"):
        code = b";" + code
    return script[:at] + code + script[at:]
