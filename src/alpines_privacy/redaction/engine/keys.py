"""Personal data known by its key: `password=…`, `"token": …`, `Cookie: …`, `<email>…</email>`.

One search finds the separators that follow the end of a key in the table. The key before a separator
is read backwards; the value after it is read by the grammar of the kind. Quotes bound a value where
the text has them; elsewhere the grammar does.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.key_names import LONGEST, KeyNames, ends
from alpines_privacy.policy import Logs
from alpines_privacy.redaction.engine.candidates import Candidates
from alpines_privacy.redaction.engine.decoded_text import STRING_ESCAPE, Layer
from alpines_privacy.redaction.engine.lines import NO_LINE, Line
from alpines_privacy.redaction.engine.people import NAMED, names_of_people
from alpines_privacy.redaction.engine.quoted import Document, Documents, Quoted, closing
from alpines_privacy.redaction.engine.spans import SpanTuple
from alpines_privacy.redaction.engine.values import (
    is_code,
    is_declared,
    is_documented,
    is_enclosed,
    is_expression,
    is_operand,
    is_path,
    is_prose,
    is_reason,
    is_said,
    is_sentence_of_program,
    is_type,
    is_value,
)

__all__ = ["Keys"]

Bounds: TypeAlias = "tuple[int, int]"

# The form of nearly all keys in documents: `"email": "…"`, `'email': '…'`, `"email": null`, also inside
# a string of another document (`\"email\": \"…\"`); and a key of an object.
_PAIR = {
    quote: re.compile(
        rf"""{written}([\w\-.]{{1,64}}){written}:[ ]?(?:{written}({content}*+){written}"""
        rf"""|(?:null|true|false|None|True|False)(?=[}}\]]|,[ ]?{written}))"""
    )
    for quote, written, content in (
        ('"', '"', r'[^"\\\n]'),
        ("'", "'", r"""[^"'\\\n]"""),
        ('\\"', r"\\\"", r"""(?:[^"'\\\n]|\\[^"'\\\n])"""),
        ("\\'", r"\\'", r"""(?:[^"'\\\n]|\\[^"'\\\n])"""),
    )
}
_BEGIN_PAIR = frozenset("\"'\\ntfNTF ")  # what may follow the colon of such a pair
_OBJECTS = ("{", " {")
_FRAME_READ = 200  # characters before a key in which the line of a traceback's file begins
_REST_READ = 48  # characters after a bare value that tell whether it goes on in prose or code
_WINDOW = 96  # characters before a separator in which its key is looked for
# A key, read backwards from its separator: blank, the index of a form's list (`password[]`, `password[0]`),
# quotes and brackets, the key, two words before it.
_KEY = re.compile(
    r"""[ \t]?(\][0-9]{0,4}\[)?([\\"'\]]*)([\w\-.]{1,64})((?: [A-Za-z]{1,16}){0,2})"""
)
# What gives a name to a `value` behind it, read backwards: `name="pin" value=`, `"key": "pin", "value":`.
_NAMES_VALUE = re.compile(
    r"""["'\\]{0,4}(?:\s{0,16},|\s{1,16})"""
    r"""(?:["'][^"'<>\n]{0,32}["'][ ]?[=:]["']?[\w-]{1,16}["']?(?:\s{0,16},|\s{1,16})){0,2}"""
    r"""["'\\]{0,4}([\w\-.]{1,64})["'\\]{0,4}[ ]?[=:][ ]?["'\\]{0,4}(?i:eman|yek|dleif)(?![\w\-.])"""
).match
# As above, in an error of pydantic: the field has a line of its own.
_NAMES_INPUT = re.compile(r"[ ],[\w.]{1,64}=epyt\[[^\n]{0,400}\n([\w\-.]{1,64})(?![^\n])").match
_NAMING = {"value": _NAMES_VALUE, "Value": _NAMES_VALUE, "input_value": _NAMES_INPUT}
_SEPARATES_VALUE = frozenset("=:")
_OPTION = re.compile(r"--([A-Za-z][\w\-]{1,40})[ \t]{1,4}(?!-)")
_IN_BRACKETS = re.compile(r"\[[\w .|-]{1,40}(?:\]|\Z)")  # a place for a value: `--secret [key]`
_LAST_WORD = re.compile(r"[0-9]*+([a-z]++[A-Z]?+|[A-Z]++)")  # backwards

_BLANKS = frozenset("=> \t+")
_BLANK = re.compile(r"[=>]{0,2}[ \t]{0,8}+(?:\+(?=[\"']))?")  # a form writes a blank as `+`
_BREAKS = frozenset("\r\n")
_LINES = re.compile(r"\s{1,64}+(?=[\"'])")
_BEGIN_BARE = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") - {
    *"bruBRU"  # which may stand before a quote
}
_BEGIN_QUOTED = frozenset("bruBRU\"'")
_OPENING = re.compile(r"""[bruBRU]{0,2}(["'])""")
_IS_DOUBLED = re.compile(r"\"[\w\"]|'[\w']").match
_MEMBER = re.compile(r"[ \t\n]{0,8}(?:,[ \t\n]{0,32})?[\[(]{0,4}")
_ATOM = re.compile(r"(?:-?[0-9][0-9.eE+-]{0,40}|[a-zA-Z]{4,5})(?=[ ]{0,4}[,\])])")
_FIRST_MEMBER = re.compile(f"{_MEMBER.pattern}(?:{_OPENING.pattern}|{_ATOM.pattern})")
_BRACKETED = re.compile(r"<([\w.+\-@/=]{1,128})>(?![\w=])")
_PLACEHOLDER = re.compile(
    r"name|user|login|your|value|string|secret|token|session|some|hidden|redacted|filtered|removed|unset|optional|required"
    r"|(?:^|[_-])(?:id|key|my)(?:$|[_-])|(?-i:^[A-Z_]+$)|^(?:str|int|none|null|nil|empty|unknown|anonymous|root|object|lambda|function)$",
    re.IGNORECASE,
)
# Kinds whose keys name many other things; in prose they have a blank after their colon.
_VAGUE = frozenset({"NAME", "USERNAME", "ADDRESS"})
_AUTHENTICATION = frozenset({"PASSWORD", "SECRET"})
_EXPRESSIONS = ("function", "await ", "new ", "lambda", "async ")
_COMPARED = ('=="', '== "', "=='", "== '")
_PLACE_CLOSES = re.compile(r"[\w -]{0,48}>(?!\w)")
_CLOSES_FORMAT = re.compile(r"\)[sdr](?![0-9A-Za-z])")
_LITERALS = frozenset({"f", "F", "fr", "rf", "Rf", "fR"})  # prefixes of Python's f-strings
_MEMBERS = frozenset({"NAME", "SECRET", "ADDRESS"})
_WORDS = frozenset({"NAME", "ADDRESS"})
_PLAIN = re.compile(r"[\w!@#*+\-]+")
_MOST_JUDGED = 256  # characters of a bare value that tell what it is
_MOST_VERDICTS = (
    256  # verdicts cached for one text: where more keys stand close together, their values repeat
)
_KEY_WEIGHS = 2  # candidates that take as long as a key and its value
_LINE_WEIGHS = 2  # candidates that take as long as what a key's line says of a bare value
_ENCLOSED = 10_000  # members of a list under a key that are read

# A bare value may hold separators and quotes, as passwords do, but not the next pair or an end.
_NEXT = r"""[\s,;&)\]}<>"'\\]|\Z|amp;|[\w.\-\[\]]{1,40}+["']?+[ ]?+[=:]"""
_BARE = re.compile(rf"""(?:[^\s,;&"'<>)\]}}\\]++|[,;&"')\]}}<>\\](?!{_NEXT}))++""")
_WORD = r"[^\s,;&\"'<>()\[\]{}|=:\\]"
_CAPITAL = r"[A-Z\u00c0-\U0010ffff]"
_TOKEN = re.compile(r"[^\s,;&\"'<>)\]}|\\]++")
_ADDRESS = re.compile(rf"(?=[\[\]0-9A-Fa-f.:\-]){_TOKEN.pattern}")  # an IP address
_LINE = re.compile(r"""(?:[^\n\r"']|["'](?![ ]{0,2}(?:[}\])\\]|,[ ]{0,2}["'\]})]|\Z|[\r\n])))+""")
# An object that is written as made of one text: `UUID('…')`, `Decimal('…')`, `np.str_('…')`.
_MADE = re.compile(
    r"(?:[A-Za-z_]\w{0,40}+\.){0,4}+(?:[A-Z]\w{0,40}+|bytearray|[a-z]{1,16}_)\((?=[bruBRU]{0,2}[\"'])"
)
_NUMBER = re.compile(r"(?:\+|%2[Bb]|\()?[0-9](?:[0-9]|(?:[()./\-+ ]|%20|\) ){1,2}(?=[0-9(])){0,30}")

_BY_KIND: dict[str, re.Pattern[str]] = {
    "NAME": re.compile(rf"{_WORD}{{1,64}}(?:[ +]{_CAPITAL}{_WORD}{{0,40}}(?![\w=:])){{0,4}}"),
    "ADDRESS": re.compile(rf"{_WORD}{{1,64}}(?:(?:,[ +]?|[ +]){_WORD}{{1,40}}(?![\w=:])){{0,15}}"),
    "BIRTH_DATE": re.compile(
        r"[0-9]{1,4}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[ -][A-Z][a-z]{2,8}[ ,-]{1,2}[0-9]{2,4})"
        r"|[A-Z][a-z]{2,8}\.? [0-9]{1,2},? [0-9]{4}"
        r"|(?:new )?(?:[A-Za-z_]\w{0,40}+\.){0,4}+[A-Za-z_]\w{0,40}+"  # `datetime.date(1990, 1, 2)`
        r"\((?:year=)?[0-9]{1,4}(?:, ?(?:[a-z]{3,11}=)?[0-9]{1,6}){2,6}\)?"
        r"|[0-9/%A-F]{4,16}|[0-9]{1,2}(?![\w.:/-])"
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
    "IP": _ADDRESS,
}
# In prose a name after a colon continues to the next punctuation mark.
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
_ELEMENT = re.compile(r"[^<\n]++")
# Grammars for which every suffix of a match also matches, up to the same end.
_LONG_RUN = 32  # characters, above which a run is cached
_RUNS = frozenset(map(id, (_BARE, _TOKEN, _ADDRESS, _LINE, _ELEMENT, _COOKIES, _COOKIE)))
# One value of a document without quotes.
_PLACE = re.compile(
    r"[^\s,\[\](){}\"']*+(?:\((?:[0-9, ]{0,40}\)|(?:[0-9]{1,6}, ?){2,6}[0-9]{1,6}))?+"
)


class _Key:
    """A key of the text: its start, the separator and quotes after it, its kind and last word.

    `names_value` tells whether it names a `value` behind it, as in `name="pin" value="4829"`.
    """

    __slots__ = ("kind", "names_value", "quotes", "separator", "start", "word")

    def __init__(self, start: int, separator: str, kind: str, word: str, quotes: str) -> None:
        self.names_value = False
        self.start = start
        self.separator = separator
        self.kind = kind
        self.word = word
        self.quotes = quotes


class _Reading:
    """A text that is searched for keys, with its reverse, its documents and the ends of its bare values.

    The end of a bare value does not depend on where reading begins inside it. So of many values in the
    same characters (`pin=pin=pin=…`) only the first is read to its end.
    """

    __slots__ = ("_runs", "backwards", "candidates", "line", "quoted", "text", "verdicts")

    def __init__(self, text: str, backwards: str, candidates: Candidates | None) -> None:
        self.text = text
        self.backwards = backwards
        self.candidates = candidates
        self.line = Line(text)
        self.quoted: Quoted | None = None
        self.verdicts: dict[tuple[str, ...], bool] = {}  # whether a value counts
        self._runs: dict[int, Bounds] = {}  # by `id(grammar)`, since hashing a grammar is slow

    def closing(self, start: int, quote: str) -> int:
        """Return the end of a value that a quote before `start` opens."""
        quoted = self.quoted
        if quoted is None:
            return closing(self.text, start, quote)
        index = bisect_left(quoted.starts, start)
        if quoted.starts[index : index + 1] == [start]:
            return quoted.ends[index]
        end = closing(self.text, start, quote)
        document = quoted.document_around(end)
        if document is None or document.start < start:
            return end
        return document.end if self.text.startswith(quote, document.end) else document.start

    def end_of_list(self, start: int) -> int:
        """Return the limit of a list whose members begin at a place: its document's end, or the next one's start."""
        quoted = self.quoted
        if quoted is None:
            return len(self.text)
        if document := quoted.document_at(start):
            return document.end
        following = quoted.next_document(start)
        return following.start if following else len(self.text)

    def end(self, grammar: re.Pattern[str], start: int) -> int:
        """Return the end of a value without quotes that begins at `start`; `start` itself if there is none."""
        if self._runs and (run := self._runs.get(id(grammar))) and run[0] <= start < run[1]:
            return run[1]
        if self.quoted is None:
            match = grammar.match(self.text, start)
        else:
            match = _match_in(self.text, start, grammar, self.quoted)
        if match is None:
            return start
        end = match.end()
        if end - start > _LONG_RUN and id(grammar) in _RUNS:
            self._runs[id(grammar)] = (start, end)
        return end


def _match_in(
    text: str, start: int, grammar: re.Pattern[str], quoted: Quoted
) -> re.Match[str] | None:
    """Match a bare value: in a document up to the end of that member, elsewhere without splitting a document."""
    if document := quoted.document_at(start):
        return grammar.match(text, start, _limit_in(text, start, quoted, document))
    match = grammar.match(text, start)
    if match and (parted := quoted.document_around(match.end())):
        return grammar.match(text, start, parted.start)
    return match


def _limit_in(text: str, start: int, quoted: Quoted, document: Document) -> int:
    if text[start] in "[(":  # a pair of coordinates
        index = quoted.next_string(start)
        return quoted.starts[index] if index < len(quoted.starts) else document.end
    place = _PLACE.match(text, start)
    return place.end() if place else start


class Keys:
    """Finds the values that stand under the keys of one policy."""

    __slots__ = ("_ends_like_key", "_is_mark", "_read", "_search", "names", "pattern")

    def __init__(self, logs: Logs, marks: re.Pattern[str]) -> None:
        self.names = KeyNames(logs)
        self._is_mark = marks.match
        known = ends(logs)
        letters = _branches(_tree(known))
        self._search = re.compile(
            rf"[=:>,][ \t]?(?:\][0-9]{{0,4}}\[)?[\]\"'\\]*+[0-9]*+{letters}"
        ).finditer
        self._ends_like_key = re.compile(f"[^a-z]*+{letters}").match
        self.pattern = _gate(known)
        self._read = Cache("readings of keys", self._meaning).__getitem__

    def may_match(self, text: str) -> bool:
        """Tell whether a text may hold a key of personal data."""
        return (
            bool(self._separators(_lowered(text[::-1])))
            or "--" in text
            or _is_named(text) is not None
        )

    def found(
        self,
        text: str,
        documents: Documents | None = None,
        candidates: Candidates | None = None,
    ) -> list[SpanTuple]:
        """Return the values in a text, in order and disjoint; `candidates` bounds how much of a long text is judged."""
        backwards = text[::-1]
        lowered = _lowered(backwards)
        places = self._separators(lowered)
        reading = _Reading(text, backwards, candidates)
        found: list[SpanTuple] = []
        if places or "--" in text:
            documents = documents or Documents(text, candidates=candidates)
            found = self._values_of(reading, places, documents)
            if "--" in text:
                found = sorted([*found, *self._options(reading, documents)])
        if '"eman"' in lowered or "'eman'" in lowered:
            found = sorted([*found, *self._names(reading)])
        return found

    def _values_of(
        self, reading: _Reading, places: Iterable[int], documents: Documents
    ) -> list[SpanTuple]:
        """Return the values under keys; a string of a document is read as a text of its own."""
        found: list[SpanTuple] = []
        text, candidates, done = reading.text, reading.candidates, 0
        for place in places:
            if place < done:
                continue
            if text[place] == ":" and text[place - 1] in _PAIR:
                if text[place + 1 : place + 2] in _BEGIN_PAIR and (pair := _pair_at(text, place)):
                    done = self._pair(reading, pair, found)
                    continue
                if text.startswith(_OBJECTS, place + 1):  # what is inside has its own keys
                    continue
            if candidates and not candidates.take(place):
                break
            quoted = reading.quoted = documents.quoted()
            if quoted is not None and (index := quoted.string_at(place)) >= 0:
                found += self._inside(text, quoted, index, candidates)
                done = quoted.ends[index]
            else:
                done = self._under_key(reading, place, found) or done
        return found

    def _under_key(self, reading: _Reading, place: int, found: list[SpanTuple]) -> int:
        """Add the values under the key before a separator; return the end of the last."""
        end = 0
        if reading.text[place] == ">" and (
            tag := _END_TAG.match(reading.backwards, len(reading.text) - place)
        ):
            return self._content(reading, place, tag, found)
        key = self._key_before(reading.text, reading.backwards, place)
        if key and (not reading.candidates or reading.candidates.take(place, _KEY_WEIGHS)):
            for start, end in self._values(reading, place + 1, key):
                if key.names_value and _is_caption(key.kind, reading.text[start:end]):
                    continue
                found.append((start, end, key.kind))
        return end

    def _content(
        self, reading: _Reading, place: int, tag: re.Match[str], found: list[SpanTuple]
    ) -> int:
        """Add the content of an element that ends at a place, if it is CDATA or the start tag has attributes."""
        kind, word = self._read(tag[1][::-1])
        if kind is None or (reading.candidates and not reading.candidates.take(place, _KEY_WEIGHS)):
            return 0
        bounds = _content_before(reading.text, place - len(tag[0]), tag[0][-3::-1])
        if bounds is None or not self._is_held(kind, word, reading.text[slice(*bounds)]):
            return 0
        while found and found[-1][0] >= bounds[0]:  # inside the content
            found.pop()
        if found and found[-1][1] > bounds[0]:
            return 0
        found.append((*bounds, kind))
        return place

    def _pair(self, reading: _Reading, pair: re.Match[str], found: list[SpanTuple]) -> int:
        """Add the value of a pair, if it is personal data; return where reading goes on."""
        question = name, value = pair.groups()
        kind, word = self._read(name)
        names_value = kind is None and name in _NAMING
        if names_value:
            kind, word = self._naming(reading.backwards, len(reading.text) - pair.start(1), name)
        if kind is None or not value or (names_value and _is_caption(kind, value)):
            return 0
        counts = None if names_value else reading.verdicts.get(question)
        if counts is None:
            counts = self._is_held(kind, word, value)
            if not names_value and len(reading.verdicts) < _MOST_VERDICTS:
                reading.verdicts[question] = counts
        if not counts:
            return 0
        start, end = pair.span(2)
        found.append((start, end, kind))
        return end

    def _inside(
        self, text: str, quoted: Quoted, index: int, candidates: Candidates | None
    ) -> list[SpanTuple]:
        """Return the values inside a string, read without its escapes."""
        first, last = quoted.starts[index], quoted.ends[index]
        if candidates is None:
            return [*self._inside_string(text[first:last], first, quoted.inside.get(index), None)]
        unread, candidates.unread = candidates.unread, None
        found = [
            *self._inside_string(text[first:last], first, quoted.inside.get(index), candidates)
        ]
        inside, candidates.unread = candidates.unread, unread
        if inside is not None:
            candidates.stop(first)
        return found

    def _inside_string(
        self, string: str, first: int, inner: Quoted | None, candidates: Candidates | None
    ) -> Iterator[SpanTuple]:
        if inner is not None or "\\" not in string:
            inside = Documents(string, lambda: inner.shifted(-first)) if inner else None
            for start, end, kind in self.found(string, inside, candidates):
                yield first + start, first + end, kind
            return
        layer = Layer(string, tokens=STRING_ESCAPE)
        for begin, done, kind in self.found(layer.text, None, candidates):
            start, end = layer.origin(begin, done)
            yield first + start, first + end, kind

    def _separators(self, lowered: str) -> list[int]:
        """Return the places, counted from the left, of separators that may follow a key of personal data.

        The text comes reversed, in small letters.
        """
        last = len(lowered) - 1
        places = [last - match.start() for match in self._search(lowered)]
        places.reverse()
        return places

    def is_personal(self, kind: str, key: str, value: str) -> bool:
        """Tell whether a whole value under a key is personal data that is not redacted yet."""
        return self._is_held(kind, _last_word(key), value)

    def _key_before(self, text: str, backwards: str, place: int) -> _Key | None:
        turned = len(text) - place
        match = _KEY.match(backwards, turned, turned + _WINDOW)
        if match is None:
            return None
        separator, end = text[place], match.end(3)
        index, quotes, name = match[1], match[2], match[3][::-1]
        if index and (separator != "=" or text[place - 1] != "]"):
            return None  # `token[0] = x` is source, `token[]=x` a form
        kind, word = self._read(name)
        if end != match.end() and separator == ":" and not quotes and not index:
            kind = self.names.kind(match[0][::-1].strip())
        if index:
            quotes = "]" if quotes or index == "][" else "[]"
        key = _Key(place - end + turned, separator, kind or "", word, quotes)
        if kind is None:
            return self._key_of_value(key, name, backwards, end)
        if separator == "=" and "]" not in quotes:
            return key
        if self._is_in_mark(text, place, key) or not _is_separated(text, place, key):
            return None
        return key

    def _key_of_value(self, key: _Key, name: str, backwards: str, end: int) -> _Key | None:
        """Return a key `value` as the key that is named before it; `end` is the place before `value`, backwards."""
        kind, word = self._naming(backwards, end, name)
        if kind is None or key.separator not in _SEPARATES_VALUE:
            return None
        key.kind, key.word, key.names_value = kind, word, name != "input_value"
        return key

    def _naming(self, backwards: str, end: int, name: str) -> tuple[str | None, str]:
        """Return the kind and last word of the key before `value`: `name="pin" value=…`."""
        naming = _NAMING.get(name)
        named = naming(backwards, end) if naming else None
        return self._read(named[1][::-1]) if named else (None, "")

    def _meaning(self, name: str) -> tuple[str | None, str]:
        """Return the kind of a key and its last word."""
        return self.names.read(name), _last_word(name)

    def _is_in_mark(self, text: str, place: int, key: _Key) -> bool:
        """Whether a key is the kind in a mark: `[EMAIL] = …`, `EMAIL:d3a91c…`; `user[EMAIL]=` is not."""
        start = key.start
        if start and text[start - 1] == "[":
            return (
                "]" in key.quotes
                and not text[start - 2 : start - 1].isalnum()
                and self._is_mark(text, start - 1) is not None
            )
        if not text[start:place].isupper() or key.separator == "=" or key.quotes:
            return False  # before a colon, a mark has the name of a kind
        mark = self._is_mark(text, start)
        return mark is not None and mark.end() > place

    def _values(self, reading: _Reading, place: int, key: _Key) -> Iterable[Bounds]:
        """Give the bounds of each value under a key whose separator ends at `place`."""
        text, start = reading.text, place
        first = text[place : place + 1]
        if first in _BLANKS and (blank := _BLANK.match(text, place)):
            start = blank.end()
            first = text[start : start + 1]
        if first in _BREAKS and key.separator == ":" and key.quotes:  # JSON on several lines
            line = _LINES.match(text, start)
            if line is None:
                return ()
            start, first = line.end(), text[line.end()]
        if first.isalpha() and key.kind not in _WORDS and (made := _MADE.match(text, start)):
            return self._made(reading, made.end(), key)
        if key.separator == ">" or (first in _BEGIN_BARE and key.separator != ","):
            return self._bare(reading, start, place, key)
        if first in _BEGIN_QUOTED and (opening := _OPENING.match(text, start)):
            return self._quoted(reading, opening, key)
        if key.separator == "," or (first == "{" and key.quotes):  # what is inside has its own keys
            return ()
        return self._enclosed(reading, start, place, key)

    def _enclosed(self, reading: _Reading, start: int, place: int, key: _Key) -> Iterable[Bounds]:
        """Give a value that may begin with a bracket."""
        text = reading.text
        first = text[start : start + 1]
        if first == "<" and key.separator == "=":
            return self._bracketed(text, start, key)
        if first == "(" or (first == "[" and not self._is_mark(text, start)):
            return self._listed(reading, start, place, key)
        return self._bare(reading, start, place, key)

    def _bracketed(self, text: str, start: int, key: _Key) -> Iterable[Bounds]:
        """Give a value in angle brackets, as mail servers write it: `user=<bob>`; `user=<name>` is a placeholder."""
        match = _BRACKETED.match(text, start)
        if match is None or _PLACEHOLDER.search(match[1]) or self.names.kind(match[1]):
            return ()
        before = text[max(0, key.start - 1) : key.start]
        if before in {"-", "[", "<"} or not self._is_held(key.kind, key.word, match[1]):
            return ()
        return (match.span(1),)

    def _listed(self, reading: _Reading, start: int, place: int, key: _Key) -> Iterable[Bounds]:
        """Give what a bracket opens: list members, a pair of coordinates, or a value that begins with a bracket."""
        text = reading.text
        pair = key.kind == "COORDINATES" and _BY_KIND["COORDINATES"].match(text, start)
        if not pair and _FIRST_MEMBER.match(text, start + 1):
            return self._members(reading, start + 1, key)
        if text[start] == "[" and (key.quotes or key.kind != "PASSWORD"):  # no list of JSON
            start += 1
            if not text[start : start + 1].isalnum():
                return ()
        return self._bare(reading, start, place, key)

    def _quoted(self, reading: _Reading, opening: re.Match[str], key: _Key) -> Iterator[Bounds]:
        text, start = reading.text, opening.end()
        end = reading.closing(start, opening[1])
        if end == start and _IS_DOUBLED(
            text, end
        ):  # `""hunter2""` of CSV, `"""hunter2"""` of Python
            start = end + 1 + text.startswith(opening[1], end + 1)
            end = reading.closing(start, opening[1])
        if key.separator == "," and text[end + 1 : end + 2] not in {")", "]"}:
            return
        value = text[start:end]
        if key.separator == "," and self.names.kind(value) is not None:  # a list of keys
            return
        if (
            key.kind == "SECRET"
            and not any(map(str.isdigit, value))
            and text.endswith(_COMPARED, max(0, start - 5), start)
        ):
            return  # a token of a programming language: `if token == "else"`
        if self._is_held(key.kind, key.word, value):
            yield start, end

    def _members(self, reading: _Reading, start: int, key: _Key) -> Iterator[Bounds]:
        """Give the texts and numbers of a list (`'password': ['x', 'y']`)."""
        text, candidates, last = reading.text, reading.candidates, reading.end_of_list(start)
        for _ in range(_ENCLOSED):
            between = _MEMBER.match(text, start)
            start = between.end() if between else start
            if start >= last or (candidates and not candidates.take(start)):
                return
            if opening := _OPENING.match(text, start):
                yield from self._quoted(
                    reading, opening, _Key(key.start, ":", key.kind, key.word, key.quotes)
                )
                start = reading.closing(opening.end(), opening[1]) + 1
            elif atom := _ATOM.match(text, start):
                if self._is_held(key.kind, key.word, atom[0]):
                    yield atom.span()
                start = atom.end()
            else:
                return

    def _bare(self, reading: _Reading, start: int, place: int, key: _Key) -> Iterable[Bounds]:
        """Give a value without quotes, up to where the grammar of its kind ends."""
        spoken = start > place and key.separator == ":"
        if start == place and key.separator == ":" and key.kind in _VAGUE and not key.quotes:
            return ()
        if key.word in _HEADERS and key.kind == "SECRET" and key.separator != ">":
            return self._header(reading, start, key, spoken=spoken)
        is_special = spoken or key.separator == ">"
        grammar = _grammar(key) if is_special else _BY_KIND.get(key.kind, _TOKEN)
        text, end = reading.text, reading.end(grammar, start)
        if end == start or (key.separator == ">" and not _is_closed(text, end, place, key)):
            return ()
        value = text[start : end if end - start < _MOST_JUDGED else start + _MOST_JUDGED]
        question = (key.kind, key.word, value, "")  # bare
        counts = reading.verdicts.get(question)
        if counts is None:
            counts = is_value(key.kind, key.word, value) and not self._is_name_of_field(key, value)
            if len(reading.verdicts) < _MOST_VERDICTS:
                reading.verdicts[question] = counts
        if not counts or self._is_marked_at(text, start, end):
            return ()
        if _is_other(reading, end, value, key, place):
            return ()
        if key.kind == "BIRTH_DATE" and "(" in value and value[-1] != ")":  # more arguments follow
            start += value.index("(") + 1
        return ((start, end),)

    def _made(self, reading: _Reading, start: int, key: _Key) -> Iterator[Bounds]:
        """Give the only text of an object, if it has a digit: a word there names a field or a variable in source."""
        text, opening = reading.text, _OPENING.match(reading.text, start)
        for first, last in self._quoted(reading, opening, key) if opening else ():
            value = text[first:last]
            if (
                text.startswith(")", last + 1)
                and any(map(str.isdigit, value))
                and not value.isupper()
            ):
                yield first, last

    def _header(
        self, reading: _Reading, start: int, key: _Key, *, spoken: bool
    ) -> Iterable[Bounds]:
        """Give the credentials of a header line: the token after a scheme, all cookies, or the cookie that is set."""
        text, scheme = reading.text, _SCHEME.match(reading.text, start)
        start = scheme.end() if scheme else start
        if self._is_marked_at(text, start):
            return ()
        end = reading.end(_TOKEN if scheme else _credentials(text, key, spoken=spoken), start)
        value = text[start : end if end - start < _MOST_JUDGED else start + _MOST_JUDGED]
        if not self._is_held(key.kind, key.word, value):
            return ()
        if _is_assigned(key, value.rstrip(";")) or value.startswith(_EXPRESSIONS):
            return ()
        is_word = scheme is None and spoken and " " not in value.strip()
        if is_word and is_said("PASSWORD", key.word, value):
            return ()
        return ((start, end),)

    def _options(self, reading: _Reading, documents: Documents) -> Iterator[SpanTuple]:
        """Give the values of a command line's options: `--password x`."""
        text, candidates = reading.text, reading.candidates
        for match in _OPTION.finditer(text):
            if candidates and not candidates.take(match.start(), _KEY_WEIGHS):
                return
            kind = self.names.kind(match[1])
            if kind and (opening := _OPENING.match(text, match.end())):
                bounds = _quoted_argument(text, opening, documents)
                if bounds and self._is_held(kind, _last_word(match[1]), text[slice(*bounds)]):
                    yield *bounds, kind
                continue
            value = _TOKEN.match(text, match.end())
            if kind and value and not self._is_marked_at(text, match.end()):
                bare = value[0].strip("\"'`")
                if (
                    kind not in _VAGUE
                    and not _IN_BRACKETS.match(value[0])
                    and is_value(kind, _last_word(match[1]), bare)
                    and not is_said(kind, "key", bare)
                ):
                    yield *value.span(), kind

    def _names(self, reading: _Reading) -> Iterator[SpanTuple]:
        candidates = reading.candidates
        for start, end in names_of_people(reading.text):
            if candidates and not candidates.take(start, _KEY_WEIGHS):
                return
            if self.is_personal("NAME", "name", reading.text[start:end]):
                yield start, end, "NAME"

    def _is_held(self, kind: str, word: str, value: str) -> bool:
        return (
            is_value(kind, word, value)
            and not self._is_marked(value)
            and not self.names.is_key(value, kind)
        )

    def _is_name_of_field(self, key: _Key, value: str) -> bool:
        """Tell whether a bare value is a key too, as in source and templates: `email=${EMAIL}`.

        Under keys of passwords and secrets it must look like source or a template: `secret123` is a password.
        """
        if len(value) > LONGEST:
            return False
        if (
            ")" in value and "(" not in value.partition(")")[0]
        ):  # `filter(session_key=session_key).count()`
            value = value.partition(")")[0] or value
        if key.kind in _AUTHENTICATION and _PLAIN.fullmatch(value):
            return self.names.is_key(value, key.kind)
        if self._ends_like_key(value[::-1].lower()) is None:  # so it is not cached as a key
            return False
        return self.names.kind(value) is not None

    def _is_marked(self, value: str) -> bool:
        match = self._is_mark(value)
        return match is not None and match.end() == len(value)

    def _is_marked_at(self, text: str, start: int, end: int = -1) -> bool:
        """Whether a mark stands there and nothing continues it, or a mark reaches to `end`."""
        match = self._is_mark(text, start)
        if match is None:
            return False
        last = match.end()
        return last == end or not text[last : last + 1].isalnum()


_ARGUMENT_ENDS = re.compile(r"""[\s,;)\]}|&<\\"'`]|\Z""").match


def _quoted_argument(text: str, opening: re.Match[str], documents: Documents) -> Bounds | None:
    """Return the bounds of an argument in quotes that ends in the string it begins in, and parts no document."""
    quoted, start, last = documents.quoted(), opening.end(), len(text)
    if quoted and quoted.document_at(opening.start(1)):
        index = quoted.string_at(opening.start(1))
        last = quoted.ends[index] if index >= 0 else start
    end = text.find(opening[1], start, min(last, start + _MOST_JUDGED))
    following = quoted.next_document(start) if quoted else None
    if end < 0 or (following and following.start < end) or not _ARGUMENT_ENDS(text, end + 1):
        return None
    return start, end


def _is_caption(kind: str, value: str) -> bool:
    """Tell whether a value may be the caption or translation of a field: `{"key": "password", "value": "Passwort"}`."""
    return kind not in _WORDS and value.replace(" ", "").isalpha()


def _pair_at(text: str, place: int) -> re.Match[str] | None:
    """Return the pair whose colon stands at `place`, if it has the usual form.

    In a document it is always a pair: a word between two quotes is a string.
    """
    quote = text[place - 1] if text[place - 2] != "\\" else text[place - 2 : place]
    first = text.rfind(quote, max(0, place - 66), place - 1)
    pair = _PAIR[quote].match(text, first) if first != -1 else None
    return pair if pair and pair.end(1) == place - len(quote) else None


def _tree(ends: Iterable[str]) -> dict[str, Any]:
    """Return a tree of the letters of the ends, read backwards: at most separators the first letter decides."""
    tree: dict[str, Any] = {}
    for end in ends:
        branch = tree
        for letter in reversed(end):
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return tree


def _gate(ends: Iterable[str]) -> str:
    """Return a pattern, for `re` and RE2, that matches in every text with such a key."""
    names = "|".join("[_. -]?".join(end) for end in sorted(ends))
    return rf"(?i:{names})[0-9]*[\]\"'\\]*(?:\[[0-9]{{0,4}}\])?[ \t]?[=:>,]|--[A-Za-z]|{NAMED}"


_is_named = re.compile(NAMED).search


def _lowered(text: str) -> str:
    lowered = text.lower()
    return (
        lowered if len(lowered) == len(text) else text.replace("İ", "I").lower()
    )  # its lower case has two characters


def _branches(tree: dict[str, Any]) -> str:
    """Write a tree as alternatives; the shortest end suffices, and longer ones with the same letters are left out."""
    if "" in tree:
        return ""
    branches = [
        letter + ("[_. -]?" + rest if (rest := _branches(tree[letter])) else "")
        for letter in sorted(tree)
    ]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def _grammar(key: _Key) -> re.Pattern[str]:
    """Return the grammar of a value without quotes: of an element's content, of prose, or of the kind."""
    if key.separator == ">":
        return _ELEMENT
    if not key.quotes and key.kind in _SPOKEN:
        return _SPOKEN[key.kind]
    return _BY_KIND.get(key.kind, _TOKEN)


_END_TAG = re.compile(r"([\w\-.]{1,64})(?::[\w\-.]{1,32})?/<")  # backwards, from its `>`
_PLAIN_CONTENT = re.compile(r"""[^<\n"'\[\]{}]++""").fullmatch  # no document, and no mark
_SECTION, _SECTION_CLOSES = "<![CDATA[", "]]>"
_CONTENT_READ = 512  # characters of a content, and of a start tag


def _content_before(text: str, last: int, name: str) -> Bounds | None:
    """Return the bounds of the content before an end tag at `last`; None if its start tag is plain, or elsewhere."""
    end, least = last, max(0, last - _CONTENT_READ)
    is_section = text.endswith(_SECTION_CLOSES, least, last)
    if is_section:
        end -= len(_SECTION_CLOSES)
        opens = text.rfind(_SECTION, least, end)
        start = opens + len(_SECTION)
    else:
        opens = start = text.rfind(">", least, end) + 1
    first = text.rfind("<", max(0, opens - _CONTENT_READ), opens) if opens > 0 else -1
    if first < 0 or start >= end or text[opens - 1] != ">" or not text.startswith(name, first + 1):
        return None
    has_attributes = text[first + 1 + len(name)].isspace()
    is_plain = text[first + 1 + len(name)] == ">"
    if not (has_attributes or (is_section and is_plain)) or not _PLAIN_CONTENT(text, start, end):
        return None
    return start, end


_CLOSING = re.compile(r"[^<]{0,512}</([\w.:\-]{1,96})")


def _is_closed(text: str, end: int, place: int, key: _Key) -> bool:
    """Tell whether the tag before a value opens an element: its end tag follows, or the text is cut off in it.

    `/user/<username>/posts` and `usage: login <user> <password>` hold placeholders.
    """
    if closing := _CLOSING.match(text, end):
        return closing[1].endswith(text[key.start : place - 1])
    return (
        end == len(text) and text[place : place + 1].isalnum() and " " not in text[place:end][:64]
    )


def _credentials(text: str, key: _Key, *, spoken: bool) -> re.Pattern[str]:
    """Return the grammar of a header's value without a scheme."""
    if key.word == "cookie":
        before = text[max(0, key.start - 1) : key.start + 4].lower()
        return _COOKIE if "set" in before else _COOKIES
    return _LINE if spoken else _BARE


def _is_other(reading: _Reading, end: int, value: str, key: _Key, place: int) -> bool:
    """Tell whether a bare value is in fact a remark, a placeholder, or an expression of source."""
    text = reading.text
    if key.kind == "BIRTH_DATE" and "(" in value:  # numbers, so nothing that a program computes
        return False
    if _is_place(reading, end, value, key):
        return True
    is_name = value[0].isalpha() or value[0] in "_$"
    if key.separator == ">" or not (
        key.separator == ":" or is_name
    ):  # code does not begin like this
        return False
    rest = text[end : end + _REST_READ]
    if key.quotes:
        return is_name and _is_code_of_pair(key, value, rest)
    if reading.candidates:
        reading.candidates.spend(_LINE_WEIGHS)
    line = reading.line.before(key.start)
    if key.separator == ":" and _is_remark(
        line.text, text[key.start : place - 1], key, value, rest
    ):
        return True
    return is_name and (
        (text.startswith("=", place) and is_path(value))
        or (value in _LITERALS and rest[:1] in {'"', "'"})
        or (text.startswith(" = ", place - 2) and is_prose(key.kind, value, rest))
        or _is_in_source(text, line, key, value, rest)
    )


def _is_in_source(text: str, line: Line, key: _Key, value: str, rest: str) -> bool:
    """Tell whether a bare value is an expression, a type or a name in a line of source."""
    return (
        is_expression(value, rest)
        or is_declared(line.text, text[key.start : key.start + 1], value, rest)
        or is_operand(key.kind, value, rest, of_quoted=False)
        or is_code(line, value, rest)
        or (key.separator == ":" and is_type(key.kind, value, rest))
        or (line.text.startswith(" ") and _is_in_frame(text, key.start))
    )


def _is_code_of_pair(key: _Key, value: str, rest: str) -> bool:
    """Tell whether the value under a key in quotes is an expression: `{'username': prefix or local}`."""
    return (
        is_operand(key.kind, value, rest, of_quoted=key.quotes != "]")
        or is_expression(value, rest)
        or is_prose(key.kind, value, rest)
        or _is_member(key, value, rest)
        or is_code(NO_LINE, value, rest)
        or _is_assigned(key, value)
    )


def _is_place(reading: _Reading, end: int, value: str, key: _Key) -> bool:
    """Tell whether a value is a placeholder (`password: <yours>`, `%(secret:name)s`) or in parentheses of source."""
    text, first = reading.text, value[0]
    if first == "<":
        is_closed = key.separator == ":" and _PLACE_CLOSES.match(text, end) is not None
        return is_closed and value[1:].replace("_", "").isalpha()
    if first in "(!":
        return is_enclosed(reading.line.before(key.start), value, text[end : end + _REST_READ])
    opens = key.start > 1 and text.startswith("%(", key.start - 2)
    return opens and _CLOSES_FORMAT.search(value) is not None


def _is_remark(line: str, name: str, key: _Key, value: str, rest: str) -> bool:
    """Tell whether the text after a colon in prose is a remark about the thing named, or a program's message."""
    return (
        is_said(key.kind, key.word, value)
        or is_sentence_of_program(name, value, rest)
        or (line != "" and (is_documented(line) or is_reason(key.kind, line, value)))
    )


def _is_assigned(key: _Key, value: str) -> bool:
    """Tell whether a name is assigned to a member, `headers['X-Token'] = auth`; `user[password]=x` is a form field."""
    is_member = key.separator == "=" and "]" in key.quotes and key.quotes != "]"
    return is_member and is_path(value.partition("(")[0])


def _is_member(key: _Key, value: str, rest: str) -> bool:
    """Tell whether the value under a key in quotes is a variable's member: `{"displayName": task.pretty_id,`."""
    is_pair = key.separator == ":" and key.kind in _MEMBERS
    if not is_pair or rest[:1] not in {",", "}", "\n"} or not is_path(value):
        return False
    return "." in value.strip(".") or (key.kind == "SECRET" and value.islower())


_FRAME = re.compile(r"""[ |>]*File \"[^\"\n]{1,256}", line [0-9]+""")


def _is_in_frame(text: str, place: int) -> bool:
    """Tell whether a place is in a line of source that a traceback quotes below the file's name."""
    first = text.rfind("\n", max(0, place - _FRAME_READ), place)
    if first < 0:
        return False
    before = text.rfind("\n", max(0, first - _FRAME_READ), first)
    return _FRAME.match(text, before + 1, first) is not None


def _last_word(key: str) -> str:
    match = _LAST_WORD.match(key[-LONGEST:][::-1])
    return match[1][::-1].lower() if match else ""


def _is_separated(text: str, place: int, key: _Key) -> bool:
    """Tell whether a separator stands between key and value, and is not a scope (`a::b`), a scheme or a closing tag."""
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
