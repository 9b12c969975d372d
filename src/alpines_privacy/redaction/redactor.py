"""`Redactor`: personal data taken out of text and of nested data, each kind in the policy's way (policy §6).

A text is looked at once by all patterns together. Nearly always that is all. Else it is searched by
shape and by key, and so is its shadow where something in it looks encoded; what was found is
merged and replaced.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from alpines_privacy.policy import Logs, PrivacyPolicy, SecretKeys
from alpines_privacy.redaction import shadow
from alpines_privacy.redaction.gate import FoldGate, RE2Gate
from alpines_privacy.redaction.keys import Keys
from alpines_privacy.redaction.kinds.shape import Shape
from alpines_privacy.redaction.nested import Nested
from alpines_privacy.redaction.scanner import Scanner
from alpines_privacy.redaction.spans import Span
from alpines_privacy.redaction.ways import Ways

__all__ = ["Redactor"]

T = TypeVar("T")

# Kinds that a key tells less surely than a shape does: `user=a@b.example` is a mail address.
_VAGUE = frozenset({"NAME", "USERNAME", "ADDRESS"})

# A raw number of a JSON document, which a mark may only replace in the quotes used before it.
_JSON_PLACE = re.compile(
    r"""(\\*["'])(?:[^"'\\A-Za-z]|null|true|false|None|True|False){0,64}[\[,:][ \t]*\Z"""
)
# The rest of a string up to its closing quote.
_QUOTED = {
    quote: re.compile(rf"(?:[^{quote}\\]++|\\.)*+(?={quote})", re.DOTALL).match for quote in "\"'"
}
_NO_JSON = object()
_BEGIN_NUMBER = frozenset("-0123456789")
_JSON_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")


# Where a value begins, how sure its kind is (the less, the surer), where it ends, and the kind.
_Found: TypeAlias = "tuple[int, int, int, str]"
_BY_KEY, _BY_SHAPE, _BY_VAGUE_KEY = range(3)
_PLACE = itemgetter(0, 1)


class _Search(NamedTuple):
    """What finds personal data by a policy's `logs`; the same for all redactors of that policy."""

    ways: Ways
    keys: Keys
    scanner: Scanner
    look: Callable[[str], Sequence[int]]
    by_key: int  # what `look` gives besides the indices of shapes, which are less than these two
    hidden: int


class Redactor:
    """Redacts text and data by a policy's `logs`; safe to share between threads.

    No method but `found` raises, and none gives back what it could not judge: if something inside
    fails, the answer is the notice `[withheld: redaction failed (TypeName)]`. `keys` are the site's
    secret keys for pseudonyms; where the policy asks for any and none are given they are read from
    the environment, which raises `PolicyError` for one that is too short. What a redactor needs is
    compiled when the first text comes.
    """

    __slots__ = ("_keys", "_logs", "_ready")

    def __init__(
        self, policy: PrivacyPolicy | None = None, *, keys: SecretKeys | None = None
    ) -> None:
        logs = policy.logs if policy is not None else "on"
        self._logs = logs if isinstance(logs, Logs) else Logs()
        if keys is None and "pseudonym" in msgspec.structs.astuple(self._logs):
            keys = (
                SecretKeys.from_environment()
            )  # what is wrong with them is said here, not in a log
        self._keys = keys
        self._ready: _Search | None = None

    def redact(self, text: str) -> str:
        """Return the text with every piece of personal data replaced; itself where there is none."""
        try:
            search = self._ready or self._prepare()
            hits = search.look(text)
            if not hits:
                return text
            spans = _find(search, text, hits)
            return self._written(search, text, spans, hits) if spans else text
        except Exception as error:
            return _notice(error)

    def findall(self, text: str) -> list[Span]:
        """Return where personal data stands in a text, keys and encoded forms included: disjoint, in order.

        Of a text that cannot be judged the whole is one span of the kind `SECRET`.
        """
        try:
            search = self._ready or self._prepare()
            return _find(search, text, search.look(text))
        except Exception:
            return [Span(0, len(text), "SECRET")]

    def found(self, text: str) -> tuple[str, list[Span]]:
        """Return the text redacted and where personal data stood in it, by one pass.

        This one raises what goes wrong inside, for those who can leave the original as it is.
        """
        search = self._ready or self._prepare()
        hits = search.look(text)
        spans = _find(search, text, hits) if hits else []
        if not spans:
            return text, spans
        return self._written(search, text, spans, hits), spans

    def redact_mapping(self, obj: T) -> T:
        """Return nested data with its values redacted by key and by text; the same object when clean.

        Dicts, lists, tuples, sets and bytes keep their types. Other objects stay while the text
        that `str()` makes of them is clean, and are replaced by the redacted text otherwise.
        """
        try:
            return cast("T", self._nested().cleaned(obj))
        except Exception as error:
            return cast("T", _notice(error))

    def redact_value(self, key: str, value: object) -> object:
        """Return the value that stands under a key, redacted; the same object when clean."""
        try:
            return self._nested().value(key, value)
        except Exception as error:
            return _notice(error)

    def _written(self, search: _Search, text: str, spans: list[Span], hits: Sequence[int]) -> str:
        """Return the text without its spans; a JSON document stays one.

        Where quotes and backslashes stand in values, a span may go on past the end of its string.
        Then the document is read, and written anew without what its keys and texts tell.
        """
        redacted = _replaced(search.ways, text, spans, plain=search.hidden not in hits)
        if (
            text[0] in "{["
            and _read(redacted) is _NO_JSON
            and (data := _read(text)) is not _NO_JSON
        ):
            return json.dumps(self._nested().cleaned(data))
        return redacted

    def _nested(self) -> Nested:
        search = self._ready or self._prepare()
        return Nested(self.redact, search.keys, search.ways)

    def _prepare(self) -> _Search:
        self._ready = _compiled(self._logs)._replace(ways=Ways(self._logs, self._keys))
        return self._ready


@lru_cache(16)
def _compiled(logs: Logs) -> _Search:
    ways = Ways(logs)
    keys, scanner = Keys(logs, ways.marks), Scanner()
    by_key = len(scanner.shapes)
    return _Search(ways, keys, scanner, _look(scanner, keys, by_key), by_key, by_key + 1)


def _look(scanner: Scanner, keys: Keys, by_key: int) -> Callable[[str], Sequence[int]]:
    """Return what tells in one pass which shapes a text may hold, whether keys, and whether anything encoded."""
    shapes = [
        *scanner.shapes,
        Shape("", keys.pattern, _no_bounds, ()),
        Shape("", shadow.MAY_HIDE, _no_bounds, ()),
    ]
    try:
        return RE2Gate(shapes)
    except ImportError:
        by_shape = FoldGate(scanner.shapes)

    def look(text: str) -> Sequence[int]:
        hits = [*by_shape(text)]
        if keys.may_match(text):
            hits.append(by_key)
        if shadow.may_hide(text):
            hits.append(by_key + 1)
        return hits

    return look


def _no_bounds(_text: str, _start: int, _end: int) -> Iterable[tuple[int, int]]:
    return ()


def _find(search: _Search, text: str, hits: Sequence[int]) -> list[Span]:
    """Return all spans of a text: by shape and key, in the text and in its shadow, without those in marks."""
    ways, plain = search.ways, search.hidden not in hits
    if plain and search.by_key not in hits and not ways.shows and not ways.kept:
        return search.scanner.spans_of(text, hits)
    found = _ranked(search, text, hits)
    if not plain:
        found = _with_hidden(search, text, found)
    if ways.kept:
        found = [each for each in found if each[3] not in ways.kept]
    if found and ways.shows:
        marks = [match.span() for match in ways.marks.finditer(text)]
        found = [each for each in found if not _is_within(each, marks)]
    return _merged(found)


def _ranked(search: _Search, text: str, hits: Sequence[int]) -> list[_Found]:
    """Return what a plain text holds, as it reads."""
    by_shape = [hit for hit in hits if hit < search.by_key]
    found: list[_Found] = []
    if by_shape:
        spans = search.scanner.spans_of(text, by_shape)
        found = [(start, _BY_SHAPE, end, kind) for start, end, kind in spans]
    if search.by_key in hits:
        for start, end, kind in search.keys.spans(text):
            found.append((start, _BY_VAGUE_KEY if kind in _VAGUE else _BY_KEY, end, kind))
    return found


def _with_hidden(search: _Search, text: str, found: list[_Found]) -> list[_Found]:
    """Add what the shadow of a text shows; what was found in plain begins at no half of an encoded form."""
    ends = {start: end for start, rank, end, _ in found if rank != _BY_SHAPE}
    found += [(start, _BY_SHAPE, end, kind) for start, end, kind in shadow.host_addresses(text)]
    for offset, piece in shadow.pieces(text):
        for index, (layer, origin) in enumerate(shadow.layers(piece)):
            if not index:
                found = [_beyond(layer, offset, each) for each in found]
            hits = search.look(layer.text)
            hidden = _ranked(search, layer.text, hits)
            for first, rank, last, kind in hidden:
                start, end = origin(first, last)
                start, end = start + offset, end + offset
                if rank != _BY_SHAPE:  # a key in plain knows best where its value ends
                    end = min(ends.get(start, end), _within_quotes(text, start, end))
                found.append((start, rank, end, kind))
            if search.hidden not in hits:
                break
    return found


def _within_quotes(text: str, start: int, end: int) -> int:
    r"""Return where a value ends at the latest that a key told in a layer, by the quote it stands behind in plain.

    Decoded, two backslashes before the last quote (`"a\\", "b"`) read as an escaped one.
    """
    quote = text[start - 1 : start]
    if quote not in _QUOTED or text[start - 2 : start - 1] == "\\":
        return end
    match = _QUOTED[quote](text, start, end)
    return match.end() if match and match.end() > start else end


def _beyond(layer: shadow.Layer, offset: int, found: _Found) -> _Found:
    first, rank, end, kind = found
    start = layer.beyond(first - offset) + offset
    return found if start == first or start >= end else (start, rank, end, kind)


def _is_within(found: _Found, marks: list[tuple[int, int]]) -> bool:
    index = bisect_right(marks, (found[0], sys.maxsize)) - 1
    return index >= 0 and found[2] <= marks[index][1]


def _merged(found: list[_Found]) -> list[Span]:
    """Return disjoint spans: those that overlap as one, of the surest kind among them."""
    if not found:
        return []
    found.sort(key=_PLACE)
    merged: list[Span] = []
    first, surest, last, kind = found[0]
    for start, rank, end, other in found:
        if start >= last:
            merged.append(Span(first, last, kind))
            first, surest, last, kind = start, rank, end, other
            continue
        if rank < surest:
            surest, kind = rank, other
        last = max(last, end)
    merged.append(Span(first, last, kind))
    return merged


def _replaced(ways: Ways, text: str, spans: list[Span], *, plain: bool) -> str:
    pieces: list[str] = []
    done = 0
    for start, end, kind in spans:
        value = text[start:end]
        mark = ways.replacement(kind, value if plain else shadow.decoded(value))
        if value[0] in _BEGIN_NUMBER and kind != "IP" and _JSON_NUMBER.fullmatch(value):
            quote = _quote_of_document(text, start)
            mark = f"{quote}{mark}{quote}"
        pieces += (text[done:start], mark)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _read(text: str) -> object:
    """Read a JSON document; `_NO_JSON` for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON


def _quote_of_document(text: str, start: int) -> str:
    """Return the quote that a number's place in a document of JSON asks for; nothing elsewhere."""
    before = text[max(0, start - 72) : start]
    if before.rstrip(" \t")[-1:] not in {"[", ",", ":"}:
        return ""
    match = _JSON_PLACE.search(before)
    return match[1] if match else ""


def _notice(error: Exception) -> str:
    """Return what stands in the place of a text that could not be redacted."""
    return f"[withheld: redaction failed ({type(error).__name__})]"
