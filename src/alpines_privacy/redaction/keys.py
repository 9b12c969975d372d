"""Personal data known by its key: `password=…`, `"token": …`, `Cookie: …`, `<email>…</email>`.

One search finds the separators that stand after something which ends like a key of the table;
what is before such a separator is read backwards, what is after it by the grammar of the kind.
Text is judged as it is written: by quotes where it has them, else by what such a value can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from alpines_privacy.http.cache import Cache, cached
from alpines_privacy.policy import Logs
from alpines_privacy.redaction.names import KeyNames, ends
from alpines_privacy.redaction.people import NAMED, names_of_people
from alpines_privacy.redaction.spans import Span
from alpines_privacy.redaction.values import is_code, is_said, is_value, may_be_code

__all__ = ["Keys"]

Bounds: TypeAlias = "tuple[int, int]"

# What nearly all keys of JSON look like: `"email": "…"`, without an escape; and one over an object.
_PAIR = re.compile(r'"([\w\-.]{1,64})":[ ]?"([^"\\\n]*+)"')
_OBJECTS = ("{", " {")
_LINE_READ = 200  # characters before a key that tell whether its line is source
_WINDOW = 96  # characters before a separator in which its key is looked for
# A key backwards from its separator: blank, quotes and brackets, the key, two words before it.
_KEY = re.compile(r"""[ \t]?([\\"'\]]*)([\w\-.]{1,64})((?: [A-Za-z]{1,16}){0,2})""")
_OPTION = re.compile(r"--([A-Za-z][\w\-]{1,40})[ \t]{1,4}(?!-)")
_LAST_WORD = re.compile(r"([A-Z]?[a-z]+|[A-Z]+)[0-9]*\Z")

_BLANK = re.compile(r"[=>]{0,2}[ \t]{0,8}")
_BEGIN_BARE = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") - {
    *"bruBRU"  # which may stand before a quote
}
_OPENING = re.compile(r"""[bruBRU]{0,2}(\\{0,64})(["'])""")
_CLOSING = {  # up to the next quote that no backslash precedes, or the end of the line
    '"': re.compile(r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+', re.DOTALL),
    "'": re.compile(r"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+", re.DOTALL),
}
_ESCAPED_QUOTE = re.compile(r"""(\\*)(["'\n])""")
_MEMBER = re.compile(r"[ \t\n]{0,8}(?:,[ \t\n]{0,32})?[\[(]{0,4}")
_ATOM = re.compile(r"(?:-?[0-9][0-9.eE+-]{0,40}|[a-zA-Z]{4,5})(?=[ ]{0,4}[,\])])")
# Kinds whose keys name many other things; in prose they have a blank after their colon.
_VAGUE = frozenset({"NAME", "USERNAME", "ADDRESS"})
_AUTHENTICATION = frozenset({"PASSWORD", "SECRET"})
_PLAIN = re.compile(r"[\w!@#*+\-]+")
_ENCLOSED = 10_000  # members of a list that stands under a key

# A bare value may hold separators and quotes (passwords do), but not the next pair or an end.
_NEXT = r"""[\s,;&)\]}<>"'\\]|\Z|amp;|[\w.\-\[\]]{1,40}["']?[ ]?[=:]"""
_BARE = re.compile(rf"""(?:[^\s,;&"'<>)\]}}\\]++|[,;&"')\]}}<>\\](?!{_NEXT}))++""")
_WORD = r"[^\s,;&\"'<>()\[\]{}|=:\\]"
_CAPITAL = r"[A-Z\u00c0-\U0010ffff]"
_TOKEN = re.compile(r"[^\s,;&\"'<>)\]}|\\]{1,4096}")
_LINE = re.compile(r"""(?:[^\n\r"']|["'](?![ ]{0,2}(?:[}\])\\]|,[ ]{0,2}["'\]})]|\Z|[\r\n])))+""")
_NUMBER = re.compile(r"(?:\+|%2[Bb]|\()?[0-9](?:[0-9]|(?:[()./\-+ ]|%20|\) ){1,2}(?=[0-9(])){0,30}")

_BY_KIND: dict[str, re.Pattern[str]] = {
    "NAME": re.compile(rf"{_WORD}{{1,64}}(?:[ +]{_CAPITAL}{_WORD}{{0,40}}(?![\w=:])){{0,4}}"),
    "ADDRESS": re.compile(rf"{_WORD}{{1,64}}(?:(?:,[ +]?|[ +]){_WORD}{{1,40}}(?![\w=:])){{0,15}}"),
    "BIRTH_DATE": re.compile(
        r"[0-9]{1,4}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[ -][A-Z][a-z]{2,8}[ ,-]{1,2}[0-9]{2,4})"
        r"|[A-Z][a-z]{2,8}\.? [0-9]{1,2},? [0-9]{4}|(?:datetime\.)?date(?:time)?\([0-9, ]{4,40}\)"
        r"|[0-9/%A-F]{4,16}"
    ),
    "COORDINATES": re.compile(
        r"[(\[]?[-+]?[0-9]{1,3}\.[0-9]{1,16}(?:[,; ]{1,2}[-+]?[0-9]{1,3}\.[0-9]{1,16}[)\]]?)?"
    ),
    "USER_AGENT": re.compile(
        r"[^\s\"'&]{1,128}(?:[ ](?:\([^()\n\"]{0,256}\)|[^\s\"'=&]{1,64}/[^\s\"'=&]{1,64}|like|Gecko\)?|on"
        r"|[\w ]{1,20}, (?:desktop|handheld|tablet|bot|other device))){0,24}"
    ),
    **dict.fromkeys(("PHONE", "CNIC", "NTN", "SSN", "CARD"), _NUMBER),
    **dict.fromkeys(("SECRET", "PASSWORD"), _BARE),
}
# In prose, after a colon, a name or an address goes on to the next stop.
_SPOKEN = {
    "NAME": re.compile(rf"{_WORD}{{1,64}}(?:[ ]{_WORD}{{1,40}}(?![\w=:])){{0,5}}"),
}

_HEADERS = frozenset({"authorization", "cookie"})
_SCHEME = re.compile(
    r"(?:Basic|Bearer|Token|Negotiate|ApiKey|Api-Key|JWT|DPoP|PrivateToken)[ ]{1,2}(?=\S)",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"[^\s=;,\"']{1,128}=[^;\s\"']*+(?:;[ ]?[^\s=;,\"']{1,128}=[^;\s\"']*+)*+")
_COOKIE = re.compile(r"[^\s=;,\"']{1,128}=[^;\n\r\"']*+")
_ELEMENT = re.compile(r"[^<\n]{1,4096}")


class _Key(NamedTuple):
    """A key of the text: where it begins and ends, what it is, and how it is written."""

    start: int
    separator: str
    kind: str
    word: str
    quotes: str


class Keys:
    """Finds the values that stand under the keys of one policy."""

    __slots__ = ("_ends_like_key", "_is_mark", "_read", "_search", "names", "pattern")

    def __init__(self, logs: Logs, marks: re.Pattern[str]) -> None:
        self.names = KeyNames(logs)
        self._is_mark = marks.match
        known = ends(logs)
        letters = _branches(_tree(known))
        self._search = re.compile(rf"[=:>,][ \t]?[\]\"'\\]*+[0-9]*+{letters}").finditer
        self._ends_like_key = re.compile(f"[^a-z]*+{letters}").match
        self.pattern = _gate(known)
        self._read = Cache("readings of keys", self._meaning).__getitem__

    def may_match(self, text: str) -> bool:
        """Tell whether a text may hold such a key."""
        return (
            bool(self._separators(_lowered(text[::-1])))
            or "--" in text
            or _is_named(text) is not None
        )

    def spans(self, text: str) -> list[Span]:
        """Return the values in a text, in order and disjoint."""
        found: list[Span] = []
        done = 0
        backwards = text[::-1]
        lowered = _lowered(backwards)
        for place in self._separators(lowered):
            if place >= done:
                for span in self._under(text, backwards, place):
                    found.append(span)
                    done = span.end
        if "--" in text:
            found = sorted([*found, *self._options(text)])
        if '"eman"' in lowered or "'eman'" in lowered:
            found = sorted([*found, *self._names(text)])
        return found

    def _under(self, text: str, backwards: str, place: int) -> Iterable[Span]:
        """Give the values under the key before the separator at `place`, if it is one."""
        if text.startswith('":', place - 1):
            if text.startswith(_OBJECTS, place + 1):  # what is inside has its own keys
                return ()
            if pair := _pair_at(text, place):
                kind, word = self._read(pair[1])
                if kind is None or not self._is_held(kind, word, pair[2]):
                    return ()
                return (Span(pair.start(2), pair.end(2), kind),)
        key = self._key_before(text, backwards, place)
        if key is None:
            return ()
        return [Span(start, end, key.kind) for start, end in self._values(text, place + 1, key)]

    def _separators(self, lowered: str) -> list[int]:
        """Return where, from the left, separators stand that may have such a key before them.

        The text is given backwards, in small letters.
        """
        last = len(lowered) - 1
        places = [last - match.start() for match in self._search(lowered)]
        places.reverse()
        return places

    def is_personal(self, kind: str, key: str, value: str) -> bool:
        """Tell whether a whole value that stands under a key is personal data not yet redacted."""
        return self._is_held(kind, _last_word(key), value)

    def _key_before(self, text: str, backwards: str, place: int) -> _Key | None:
        turned = len(text) - place
        match = _KEY.match(backwards, turned, turned + _WINDOW)
        if match is None:
            return None
        separator, end = text[place], match.end(2)
        quotes = match[1]
        kind, word = self._read(match[2][::-1])
        if end != match.end() and separator == ":" and not quotes:
            kind = self.names.kind(match[0][::-1].strip())
        if kind is None:
            return None
        start = place - end + turned
        key = _Key(start, separator, kind, word, quotes)
        if self._is_in_mark(text, place, key) or not _is_separated(text, place, key):
            return None
        return key

    def _meaning(self, name: str) -> tuple[str | None, str]:
        """Return the kind of a key and its last word."""
        return self.names.kind(name), _last_word(name)

    def _is_in_mark(self, text: str, place: int, key: _Key) -> bool:
        """Whether a key is the kind in a mark: `[EMAIL] = …`, `EMAIL:d3a91c…`; `user[EMAIL]=` is not."""
        start = key.start
        if start and text[start - 1] == "[":
            return (
                not text[start - 2 : start - 1].isalnum()
                and self._is_mark(text, start - 1) is not None
            )
        if key.separator == "=" or '"' in key.quotes or "'" in key.quotes:  # no mark has one
            return False
        mark = self._is_mark(text, start)
        return mark is not None and mark.end() > place

    def _values(self, text: str, place: int, key: _Key) -> Iterable[Bounds]:
        """Give the bounds of each value under a key whose separator ends at `place`."""
        if text[place : place + 1] in _BEGIN_BARE and key.separator != ",":
            return self._bare(text, place, place, key)
        blank = _BLANK.match(text, place)
        start = blank.end() if blank else place
        if opening := _OPENING.match(text, start):
            return self._quoted(text, opening, key)
        first = text[start : start + 1]
        if key.separator == "," or (first == "{" and key.quotes):  # what is inside has its own keys
            return ()
        if first in {"[", "("} and not self._is_mark(text, start):
            return self._listed(text, start, place, key)
        return self._bare(text, start, place, key)

    def _listed(self, text: str, start: int, place: int, key: _Key) -> Iterable[Bounds]:
        """Give what a bracket opens: members, a pair of coordinates, or a value that begins with one."""
        pair = key.kind == "COORDINATES" and _BY_KIND["COORDINATES"].match(text, start)
        if not pair:
            between = _MEMBER.match(text, start + 1)
            member = between.end() if between else start + 1
            if _OPENING.match(text, member) or _ATOM.match(text, member):
                return self._members(text, start + 1, key)
        if text[start] == "[" and (key.quotes or key.kind != "PASSWORD"):  # no list of JSON
            start += 1
            if not text[start : start + 1].isalnum():
                return ()
        return self._bare(text, start, place, key)

    def _quoted(self, text: str, opening: re.Match[str], key: _Key) -> Iterator[Bounds]:
        start, end = opening.end(), _closing(text, opening)
        if key.separator == "," and text[
            end + len(opening[1]) + 1 : end + len(opening[1]) + 2
        ] not in {")", "]"}:
            return
        value = text[start:end]
        if key.separator == "," and self.names.kind(value) is not None:  # a list of keys
            return
        if self._is_held(key.kind, key.word, value):
            yield start, end

    def _members(self, text: str, start: int, key: _Key) -> Iterator[Bounds]:
        """Give the texts and numbers of a list (`'password': ['x', 'y']`)."""
        for _ in range(_ENCLOSED):
            between = _MEMBER.match(text, start)
            start = between.end() if between else start
            if opening := _OPENING.match(text, start):
                yield from self._quoted(text, opening, key._replace(separator=":"))
                start = _closing(text, opening) + len(opening[1]) + 1
            elif atom := _ATOM.match(text, start):
                if self._is_held(key.kind, key.word, atom[0]):
                    yield atom.span()
                start = atom.end()
            else:
                return

    def _bare(self, text: str, start: int, place: int, key: _Key) -> Iterable[Bounds]:
        """Give a value without quotes, as far as the grammar of its kind goes."""
        spoken = start > place and key.separator == ":"
        if key.word in _HEADERS and key.kind == "SECRET" and key.separator != ">":
            return self._header(text, start, key, spoken=spoken)
        match = _grammar(key, spoken=spoken).match(text, start)
        if match is None or self._is_marked_at(text, start):
            return ()
        value = match[0]
        if not is_value(key.kind, key.word, value) or self._is_name_of_field(key, value):
            return ()
        if self._is_marked(value) or _is_other(text, match, key, place):
            return ()
        return ((start, match.end()),)

    def _header(self, text: str, start: int, key: _Key, *, spoken: bool) -> Iterator[Bounds]:
        """Give credentials of a header line: the token after a scheme, all cookies, a cookie that is set."""
        if scheme := _SCHEME.match(text, start):
            start = scheme.end()
            match = _TOKEN.match(text, start)
        elif key.word == "cookie":
            before = text[max(0, key.start - 1) : key.start + 4].lower()
            match = (_COOKIE if "set" in before else _COOKIES).match(text, start)
        else:
            match = (_LINE if spoken else _BARE).match(text, start)
        if (
            match is None
            or self._is_marked_at(text, start)
            or not self._is_held(key.kind, key.word, match[0])
        ):
            return
        if (
            scheme is None
            and spoken
            and " " not in match[0].strip()
            and is_said("PASSWORD", key.word, match[0])
        ):
            return
        yield start, match.end()

    def _options(self, text: str) -> Iterator[Span]:
        """Give the values of a command line's options: `--password x`."""
        for match in _OPTION.finditer(text):
            kind = self.names.kind(match[1])
            value = _TOKEN.match(text, match.end())
            if kind and value and not self._is_marked_at(text, match.end()):
                bare = value[0].strip("\"'")
                if (
                    kind not in _VAGUE
                    and is_value(kind, _last_word(match[1]), bare)
                    and not is_said(kind, "key", bare)
                ):
                    yield Span(*value.span(), kind)

    def _names(self, text: str) -> Iterator[Span]:
        for start, end in names_of_people(text):
            if self.is_personal("NAME", "name", text[start:end]):
                yield Span(start, end, "NAME")

    def _is_held(self, kind: str, word: str, value: str) -> bool:
        return (
            is_value(kind, word, value)
            and not self._is_marked(value)
            and not self.names.is_key(value, kind)
        )

    def _is_name_of_field(self, key: _Key, value: str) -> bool:
        """Tell whether a bare value is a key again, as in source and templates: `email=${EMAIL}`.

        Of passwords and secrets only what has signs of either: `secret123` is a password.
        """
        if key.kind in _AUTHENTICATION and _PLAIN.fullmatch(value):
            return self.names.is_key(value, key.kind)
        if self._ends_like_key(value[::-1].lower()) is None:  # so it is not remembered as a key
            return False
        return self.names.kind(value) is not None

    def _is_marked(self, value: str) -> bool:
        match = self._is_mark(value)
        return match is not None and match.end() == len(value)

    def _is_marked_at(self, text: str, start: int) -> bool:
        """Whether a mark stands there, and nothing that belongs to it after it."""
        match = self._is_mark(text, start)
        return match is not None and not text[match.end() : match.end() + 1].isalnum()


def _pair_at(text: str, place: int) -> re.Match[str] | None:
    """Return the pair of JSON whose colon stands at `place`, if it is written as nearly all are."""
    first = text.rfind('"', max(0, place - 66), place - 1)
    pair = _PAIR.match(text, first) if first != -1 else None
    return pair if pair and pair.end(1) == place - 1 else None


def _tree(ends: Iterable[str]) -> dict[str, Any]:
    """Return the letters of the ends, read backwards: at most separators the first already decides."""
    tree: dict[str, Any] = {}
    for end in ends:
        branch = tree
        for letter in reversed(end):
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return tree


def _gate(ends: Iterable[str]) -> str:
    """Return a pattern, for `re` and RE2, of which each text with such a key holds a match."""
    names = "|".join("[_. -]?".join(end) for end in sorted(ends))
    return rf"(?i:{names})[0-9]*[\]\"'\\]*[ \t]?[=:>,]|--[A-Za-z]|{NAMED}"


_is_named = re.compile(NAMED).search


def _lowered(text: str) -> str:
    lowered = text.lower()
    return (
        lowered if len(lowered) == len(text) else text.replace("İ", "I").lower()
    )  # it becomes two


def _branches(tree: dict[str, Any]) -> str:
    """Write a tree as alternatives; whatever ends there is enough, longer ends need not be told apart."""
    if "" in tree:
        return ""
    ways = [
        letter + ("[_. -]?" + rest if (rest := _branches(tree[letter])) else "")
        for letter in sorted(tree)
    ]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _grammar(key: _Key, *, spoken: bool) -> re.Pattern[str]:
    if key.separator == ">":
        return _ELEMENT
    if spoken and not key.quotes and key.kind in _SPOKEN:
        return _SPOKEN[key.kind]
    return _BY_KIND.get(key.kind, _TOKEN)


def _is_other(text: str, match: re.Match[str], key: _Key, place: int) -> bool:
    """Tell whether a bare value is a remark about it, an expression of source, or after a vague `zip:`."""
    value, after = match[0], text[match.end() : match.end() + 1]
    if key.separator == ">":
        return False
    if key.quotes:
        return is_code("", value, after)
    if key.separator == ":" and (
        is_said(key.kind, key.word, value) or (key.kind in _VAGUE and match.start() == place)
    ):
        return True
    return may_be_code(value, after) and is_code(_line_before(text, key.start), value, after)


def _line_before(text: str, place: int) -> str:
    """Return what stands before a place on its line, the last of it where that is long."""
    first = max(0, place - _LINE_READ)
    return text[max(first, text.rfind("\n", first, place) + 1) : place]


@cached("last words of keys")
def _last_word(key: str) -> str:
    match = _LAST_WORD.search(key)
    return match[1].lower() if match else ""


def _is_separated(text: str, place: int, key: _Key) -> bool:
    """Tell whether a separator separates: no scope (`a::b`), no scheme, no closing tag."""
    match key.separator:
        case ":":
            return not text.startswith((":", "//"), place + 1)
        case ">":
            return text[max(0, key.start - 1) : key.start] in {"<", ":"} and not key.quotes
        case ",":
            before = text[max(0, key.start - 1) : key.start]
            opened = text[max(0, key.start - 3) : key.start].rstrip("b\"'")[-1:]
            return bool(key.quotes) and (opened in {"(", "["} or before == "-")
        case _:
            return True


def _closing(text: str, opening: re.Match[str]) -> int:
    r"""Return where a quoted value ends; one whose quote is cut off goes on to the end of the line.

    Inside an escaped string (`{\"a\": \"b\"}`) the closing quote has as many backslashes, after
    pairs of those that stand for backslashes of the value.
    """
    escapes = len(opening[1])
    if not escapes:
        match = _CLOSING[opening[2]].match(text, opening.end())
        return match.end() if match else len(text)
    for quote in _ESCAPED_QUOTE.finditer(text, opening.end()):
        before = len(quote[1])
        if quote[2] == "\n" or (quote[2] == opening[2] and before % (2 * escapes + 2) <= escapes):
            return quote.start(2) - min(before, escapes)
    return len(text)
