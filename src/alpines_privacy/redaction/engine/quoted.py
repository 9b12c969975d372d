r"""Quoted text: where the documents of a text stand, and the strings inside them.

A document is an object or a list as JSON (RFC 8259), Python, Ruby or PHP write it, anywhere in a
text: after `INFO `, two on a line, in a string of another document. Outside documents an opening
quote looks like a closing one or an apostrophe, so no strings are read there.

Reading is linear. A failed attempt to read a document has shown which of its brackets close, so none
of them is tried again. Two attempts that read past one place are never in the same state there
(outside a string, or inside one of either quote), so at most three attempts do.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from alpines_privacy.redaction.engine.candidates import (
    Candidates,
    most_documents,
    too_many_documents,
)
from alpines_privacy.redaction.engine.decoded_text import Origin

__all__ = [
    "Document",
    "Documents",
    "Quoted",
    "closing",
    "may_part",
    "parts",
    "read",
    "read_known",
    "read_outside",
]

Bounds: TypeAlias = "tuple[int, int]"
Move: TypeAlias = Callable[[int], int]

_BLANK = r"[ \t\r\n]*+"
_DOUBLE = r'"[^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+"'
_SINGLE = r"'[^'\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^'\\\x00-\x1f]*+)*+'"
_STRING = rf"(?:[bruBRU]{{1,2}}(?=[\"']))?+(?:{_DOUBLE}|{_SINGLE})"
_NUMBER = r"-?[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
_NAME = r"[A-Za-z_][\w.]*+"
_VALUE = rf"(?:{_STRING}|{_NUMBER}|{_NAME})"
_SEPARATOR = rf"{_BLANK}(?:=>?|:){_BLANK}"
# Members up to the next bracket: those that a comma ends, then the text before the bracket.
_MEMBERS = re.compile(
    rf"(?:{_BLANK}{_VALUE}(?:{_SEPARATOR}{_VALUE})?+{_BLANK},)*+{_BLANK}(?:{_VALUE}{_SEPARATOR})?+"
    rf"(?:(?:{_NAME}(?=\())?+([\[{{(])|(?:{_VALUE}{_BLANK})?+([\]}})]))"
).match
_BEHIND = re.compile(rf"{_BLANK}(?:,|([\]}})]))").match  # a container inside another
_CLOSES = {"[": "]", "{": "}", "(": ")"}
# What opens a document with something in it.
_OPENINGS = re.compile(
    rf"[\[{{]{_BLANK}(?:[\"'\[{{(]|[bruBRU]{{1,2}}[\"']|{_NUMBER}{_BLANK}[,\]:}}]|{_NAME}{_BLANK}[,:=(])"
)
_OPENING, _IS_OPENING = _OPENINGS.search, _OPENINGS.match
_DOCUMENT_WEIGHS = 3  # candidates that take as long as reading a document
_BRACKETS = 2  # brackets that take as long to try as one candidate
_FEW = 8  # brackets that are looked at one by one
_INDEX = re.compile(rf"(?<=[\w\])])\[{_VALUE}\]").match  # `form["a"]`, `rows[5]`
# A plain word: not a constant, a key or a call.
_PLAIN_WORD = re.compile(
    r"(?<![\w.])(?!(?:null|true|false|None|True|False|nil|NULL|TRUE|FALSE|NaN|nan|Infinity|inf)(?![\w.])"
    r"|[\w.]++[ \t]*+[:=(])[A-Za-z_]"
).search
_STRINGS = re.compile(rf"{_DOUBLE}|{_SINGLE}").finditer
_AT_FIRST = frozenset('" \t')
_ONE_STRING = re.compile(rf"[ \t]*+{_DOUBLE}\s*").fullmatch
_NUMBERS = re.compile(_NUMBER).finditer
_IN_NUMBER = frozenset("0123456789.eE+-")
_IS_KEY = re.compile(rf"\\*+[\"']{_BLANK}[:=]").match

_PARTED = re.compile(r"[\"'{}\[\]]").search
_BEGINS_BETWEEN = frozenset("-0123456789(")
_IS_BETWEEN = re.compile(rf"(?:[\]}}(),: \t\r\n]++|{_NUMBER})++").fullmatch

_REST = {  # up to the next quote that no backslash precedes, or the end of the line
    '"': re.compile(r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+', re.DOTALL).match,
    "'": re.compile(r"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+", re.DOTALL).match,
}
# Strings (one that is cut off goes to the end of its line) and what encloses objects and lists.
_PART = re.compile(
    r"""
    "(?:[^"\\\n]|\\.)*+(?:"|\\?(?=\n|\Z))
    |'(?:[^'\\\n]|\\.)*+(?:'|\\?(?=\n|\Z))
    |[{}\[\]]
    """,
    re.VERBOSE,
)


class Document(NamedTuple):
    """The bounds of a document, the quote it uses (empty where unknown), and the place of one such quote.

    A place below 0 is outside the part of the text that is read.
    """

    start: int
    end: int
    quote: str
    place: int


# A part of a value; for a number in a document also that document, since its mark needs quotes.
Part: TypeAlias = "tuple[int, int, Document | None]"


class Quoted:
    """The documents of a text, and the contents of their strings: all disjoint and in order.

    `inside` has the documents inside a string, by the place where the string begins.
    """

    __slots__ = ("_beginnings", "_without", "documents", "ends", "inside", "starts")

    def __init__(self, documents: list[Document], starts: list[int], ends: list[int]) -> None:
        self.documents = documents
        self._beginnings = [document.start for document in documents]
        self.starts = starts
        self.ends = ends
        self.inside: dict[int, Quoted] = {}
        self._without: set[int] = set()  # starts of strings that were read and hold no document

    def string_at(self, place: int) -> int:
        """Return the index of the string whose content holds a place, -1 where none does."""
        index = bisect_right(self.starts, place) - 1
        return index if index >= 0 and place < self.ends[index] else -1

    def document_at(self, place: int) -> Document | None:
        """Return the document that holds a place."""
        index = bisect_right(self._beginnings, place) - 1
        return self.documents[index] if index >= 0 and place < self.documents[index].end else None

    def document_around(self, place: int) -> Document | None:
        """Return the document that a cut at a place would split."""
        document = self.document_at(place)
        return document if document and document.start < place else None

    def next_document(self, place: int) -> Document | None:
        """Return the first document that begins at a place or behind it."""
        index = bisect_left(self._beginnings, place)
        return self.documents[index] if index < len(self.documents) else None

    def next_string(self, place: int) -> int:
        """Return the index of the first string whose content ends behind a place."""
        return bisect_right(self.ends, place)

    def moved(self, move: Move) -> Quoted:
        """Return the same documents at their places in another reading of the text; `move` maps each place."""
        documents = [
            Document(first, last, quote, move(place))
            for start, end, quote, place in self.documents
            if (first := move(start)) < (last := move(end))
        ]
        moved = Quoted(documents, [*map(move, self.starts)], [*map(move, self.ends)])
        moved.inside = {move(start): inner.moved(move) for start, inner in self.inside.items()}
        return moved

    def part(self, start: int, end: int) -> Quoted:
        """Return the documents and strings of a part of the text."""
        first = bisect_right(self._beginnings, start) - 1
        last = bisect_left(self._beginnings, end)
        documents = [
            Document(
                max(each.start, start),
                min(each.end, end),
                each.quote,
                each.place if each.place < end else -1,
            )
            for each in self.documents[max(first, 0) : last]
            if each.end > start
        ]
        strings = slice(bisect_right(self.ends, start), bisect_left(self.starts, end))
        starts = [max(place, start) for place in self.starts[strings]]
        ends = [min(place, end) for place in self.ends[strings]]
        return Quoted(documents, starts, ends).shifted(-start)

    def shifted(self, by: int) -> Quoted:
        """Return the same documents with all places shifted, for a part of the text or a text around it."""
        return self.moved(by.__add__)

    def joined(self, other: Quoted) -> Quoted:
        """Return the documents of both; none is inside one of the other."""
        joined = Quoted(
            sorted([*self.documents, *other.documents]),
            sorted([*self.starts, *other.starts]),
            sorted([*self.ends, *other.ends]),
        )
        joined.inside = {**self.inside, **other.inside}
        return joined

    def bounds(self) -> Iterator[int]:
        """Give the starts and ends of strings' contents, nested ones too, in order."""
        for start, end in zip(self.starts, self.ends, strict=True):
            yield start
            if inner := self.inside.get(start):
                yield from inner.bounds()
            yield end

    def outside(self, text: str) -> str:
        """Return the text with its documents blanked out."""
        pieces, done = list[str](), 0
        for document in self.documents:
            pieces += (text[done : document.start], " " * (document.end - document.start))
            done = document.end
        return "".join((*pieces, text[done:]))

    def look_inside(self, text: str) -> Quoted:
        """Read the strings in which no document is known yet, and return these documents with those found."""
        for start, end in zip(self.starts, self.ends, strict=True):
            known = self.inside.get(start)
            found = known.look_inside(text) if known else _read_inside(text[start:end])
            if found:
                self.inside[start] = found if known else found.shifted(start)
        return self

    def cut(self, text: str, start: int, end: int) -> Iterator[Part]:
        """Give the parts of a value whose replacement leaves the documents valid.

        A value that begins before a document continues in its strings and behind it. It covers a whole
        document that has no strings, or words beside them. A value that begins in a string ends with it;
        later strings are parts if the value covers them and they are no keys. A number is taken whole.
        """
        first = start
        while first < end:
            document = self.document_at(start) or self.next_document(start)
            if document is None or document.start >= end:
                yield first, end, None
                return
            start = min(end, document.end)
            if first < document.start:
                if document.end <= end and not self._is_kept(text, document):
                    continue
                yield first, document.start, None
            yield from self._cut_in(text, max(first, document.start), start, document)
            first = start

    def _is_kept(self, text: str, document: Document) -> bool:
        """Tell whether a document has strings and no plain words between them, like JSON."""
        start, index = document.start, self.next_string(document.start)
        while index < len(self.starts) and (first := self.starts[index]) < document.end:
            if _PLAIN_WORD(text, start, first - 1):
                return False
            start = self.ends[index] + 1
            index += 1
        return start > document.start and not _PLAIN_WORD(text, start, document.end)

    def _cut_in(self, text: str, start: int, end: int, document: Document) -> Iterator[Part]:
        index = self.next_string(start)
        if index < len(self.starts) and self.starts[index] <= start:
            yield from self._cut_string(text, start, min(end, self.ends[index]), index)
            start = self.ends[index]
            index += 1
        while index < len(self.starts) and self.starts[index] < end:
            first, last = self.starts[index], self.ends[index]
            yield from _numbers(text, start, first - 1, document)
            if last <= end and first < last and _IS_KEY(text, last) is None:
                yield first, last, None
            start = last
            index += 1
        yield from _numbers(text, start, end, document)

    def _cut_string(self, text: str, start: int, end: int, index: int) -> Iterator[Part]:
        first, last = self.starts[index], self.ends[index]
        inner = None if (start, end) == (first, last) else self._inside(text, first, last)
        if inner:
            yield from inner.cut(text, start, end)
        else:
            yield start, end, None

    def _inside(self, text: str, first: int, last: int) -> Quoted | None:
        """Return the documents inside a string; each string is read once."""
        if first not in self.inside and first not in self._without:
            if found := _read_inside(text[first:last]):
                self.inside[first] = found.shifted(first)
            else:
                self._without.add(first)
        return self.inside.get(first)


class Documents:
    """The documents of a text, read on first use: by `read`, if nothing else is given.

    The text may be the decoded form of another; `origin` maps back to that. Each document
    that is read and each bracket that is tried counts as some of the text's `candidates`.
    """

    __slots__ = ("_are_read", "_candidates", "_origin", "_quoted", "_reader", "_text", "are_none")

    def __init__(
        self,
        text: str,
        reader: Callable[[], Quoted | None] | None = None,
        origin: Origin | None = None,
        candidates: Candidates | None = None,
    ) -> None:
        self._text = text
        self._candidates = candidates
        self._reader = reader
        self._origin = origin
        self._quoted: Quoted | None = None
        # Where nothing opens a document, there are none, and nothing is read.
        self._are_read = self.are_none = reader is None and not (
            "{" in text or "[" in text or text[:1] in _AT_FIRST
        )

    def quoted(self) -> Quoted | None:
        """Return the documents; None where there are none. Raises `TooManyDocuments` where there are too many."""
        if not self._are_read:
            self._quoted = self._reader() if self._reader else read(self._text)
            self._are_read = True
            self.are_none = self._quoted is None
            if self._candidates:
                self._candidates.spend(self._weight())
        return self._quoted

    def _weight(self) -> int:
        """Return how many candidates take as long as reading the documents, those that never close too."""
        found = len(self._quoted.documents) if self._quoted else 0
        tried = self._text.count("[") + self._text.count("{")
        return _DOCUMENT_WEIGHS * found + tried // _BRACKETS

    def cut(self, written: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Give the parts of a value in the text as `written`, each with the quote its mark needs."""
        quoted, origin = self.quoted(), self._origin
        if quoted is None:
            yield start, end, ""
        elif origin is None:
            for first, last, document in quoted.cut(self._text, start, end):
                yield first, last, document.quote if document else ""
        else:
            begin, done = origin.forward(start), origin.forward(end)
            for first, last, document in quoted.cut(self._text, begin, done):
                quote = self._quote(written, document, origin) if document else ""
                yield (
                    start if first == begin else origin.first(first),
                    end if last == done else origin.last(last),
                    quote,
                )

    def _quote(self, written: str, document: Document, origin: Origin) -> str:
        """Return a document's quote as written; none where only the document's encoded brackets are known."""
        quote, place = document.quote, document.place
        if not quote or place < 0:
            return quote
        shown = written[origin.first(place) : origin.last(place + 1)]
        return shown if self._text[place] == quote else quote if shown == "[" else ""


def read(text: str) -> Quoted | None:
    """Return the documents of a text, or its one string if it is a string; None where there are neither."""
    if text[:1] in _AT_FIRST and _ONE_STRING(text):
        return _read(text, [(0, len(text))])
    return read_outside(text)


def read_known(text: str, bounds: list[Bounds]) -> Quoted | None:
    """Return the documents of a text whose bounds are known; None where there are none."""
    return _read(text, bounds) if bounds else None


def read_outside(text: str, *, in_string: bool = False) -> Quoted | None:
    """Return the documents of a part of a text, or of a string's content; None where there are none."""
    first = _first_opening(text)
    if first < 0 or (text.find("]", first) < 0 and text.find("}", first) < 0):
        return None
    most = most_documents(len(text))
    bounds = _documents(text, first, most)
    if len(bounds) > most:
        limit = too_many_documents(most, [start for start, _ in bounds])
        limit.text, limit.bounds = text, [each for each in bounds if each[1] <= limit.place]
        raise limit
    return _read(text, bounds, in_string=in_string) if bounds else None


def _read_inside(text: str) -> Quoted | None:
    """Read the content of a string, where a list of numbers cannot tell how quotes are escaped."""
    if text[:1] in _AT_FIRST and _ONE_STRING(text):
        return _read(text, [(0, len(text))], in_string=True)
    return read_outside(text, in_string=True)


def may_part(text: str, start: int, end: int) -> bool:
    """Tell whether a value, which splits no escape, may reach beyond a single string.

    Such a value has a quote or a bracket, or is a number.
    """
    return _PARTED(text, start, end) is not None or (
        text[start] in _BEGINS_BETWEEN and _IS_BETWEEN(text, start, end) is not None
    )


def _read(text: str, bounds: Iterable[Bounds], *, in_string: bool = False) -> Quoted:
    documents: list[Document] = []
    starts: list[int] = []
    ends: list[int] = []
    for first, last in bounds:
        strings = [match.span() for match in _STRINGS(text, first, last)]
        if not strings and _PLAIN_WORD(
            text, first, last
        ):  # `[abc, def]`, which is not how lists are written
            continue
        for start, end in strings:
            starts.append(start + 1)
            ends.append(end - 1)
        place = strings[0][0] if strings else first
        quote = text[place] if strings else _quote_of_list(text, first)
        is_unknown = in_string and place == first
        documents.append(Document(first, last, "" if is_unknown else quote, place))
    return Quoted(documents, starts, ends)


def closing(text: str, start: int, quote: str) -> int:
    """Return the end of a value that a quote before `start` opens; the end of its line if it is cut off."""
    match = _REST[quote](text, start)
    return match.end() if match else len(text)


def parts(text: str, start: int) -> Iterator[Bounds]:
    """Give the bounds of strings and brackets, from a place outside a string on."""
    return (match.span() for match in _PART.finditer(text, start))


def _first_opening(text: str) -> int:
    """Return the first bracket that may open a document, or -1; faster than a search where brackets are few."""
    square, curly = _first_of("[", text), _first_of("{", text)
    return curly if square < 0 or 0 <= curly < square else square


def _first_of(bracket: str, text: str) -> int:
    place, left = text.find(bracket), _FEW
    while place >= 0 and not _IS_OPENING(text, place):
        left -= 1
        if not left:
            opening = _OPENING(text, place)
            return opening.start() if opening else -1
        place = text.find(bracket, place + 1)
    return place


def _documents(text: str, place: int, most: int) -> list[Bounds]:
    """Return the bounds of the outermost documents from a place on; of two that overlap the first.

    The search stops at `most` + 1 documents.
    """
    found: list[Bounds] = []
    tried: set[int] = set()
    while len(found) <= most and (opening := _OPENING(text, place)):
        start = opening.start()
        place = start + 1
        if start in tried:
            continue
        is_inside = found and found[-1][1] > start  # inside the last document, or an earlier one
        index = bisect_right(found, (start, len(text))) if is_inside else 0
        if index and found[index - 1][1] > start:
            place = found[index - 1][1]
        elif not _INDEX(text, start) and (members := _MEMBERS(text, place)):
            bracket = members[2]
            if bracket == _CLOSES[text[start]]:  # nothing inside it opens another document
                place = members.end()
                _keep(found, (start, place))
            elif not bracket:  # a wrong one closes nothing
                closed = _closed(text, start, members, tried)
                for bounds in closed:
                    _keep(found, bounds)
                if closed and closed[0][0] == start:
                    place = closed[0][1]
    return found


def _keep(found: list[Bounds], bounds: Bounds) -> None:
    if not found or found[-1][1] <= bounds[0]:
        found.append(bounds)
        return
    index = bisect_right(found, bounds)
    if index and found[index - 1][1] > bounds[0]:
        return
    last = index
    while last < len(found) and found[last][0] < bounds[1]:
        last += 1
    found[index:last] = [bounds]


def _closed(text: str, start: int, members: re.Match[str] | None, tried: set[int]) -> list[Bounds]:
    """Read a document that begins at `start`, `members` first; return it, or those inside that close if it is none."""
    open_at = [start]
    closed: list[Bounds] = []
    while members:
        place = members.end()
        if members[1]:
            tried.add(place - 1)
            open_at.append(place - 1)
        bracket = members[2]
        while bracket:
            if _CLOSES[text[open_at[-1]]] != bracket:
                return closed
            _close(text, closed, (open_at.pop(), place))
            behind = _BEHIND(text, place) if open_at else None
            if behind is None:
                return closed
            place, bracket = behind.end(), behind[1]
        members = _MEMBERS(text, place)
    return closed


def _close(text: str, closed: list[Bounds], bounds: Bounds) -> None:
    """Note a container that closed, instead of those inside it; a tuple alone is no document."""
    if text[bounds[0]] == "(":
        return
    while closed and closed[-1][0] > bounds[0]:
        closed.pop()
    closed.append(bounds)


def _numbers(text: str, start: int, end: int, document: Document) -> Iterator[Part]:
    """Give whole each number that a part between strings touches."""
    if start >= end:
        return
    while start > document.start and text[start] in _IN_NUMBER and text[start - 1] in _IN_NUMBER:
        start -= 1
    for match in _NUMBERS(text, start, document.end):
        if match.start() >= end:
            return
        yield *match.span(), document


def _quote_of_list(text: str, start: int) -> str:
    """Return the quote for marks in a list of numbers; none where the list may itself be in a string."""
    return '"' if text[start] == "[" and text[start - 1 : start] not in {'"', "'"} else ""
