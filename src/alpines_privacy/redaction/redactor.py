"""`Redactor`: personal data taken out of text and of nested data, each kind in the policy's way (policy §6).

A text is looked at once by all patterns together. Nearly always that is all. Else it is searched by
shape and by key, and so is its shadow where something in it looks encoded; what was found is
merged and replaced.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar, cast

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
_JSON_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")


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
            plain = search.hidden not in hits
            return _replaced(search.ways, text, spans, plain=plain) if spans else text
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
        return _replaced(search.ways, text, spans, plain=search.hidden not in hits), spans

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
    plain = search.hidden not in hits
    if plain and search.by_key not in hits:
        spans = search.scanner.spans_of(text, hits)
        if not search.ways.shows and not search.ways.kept:
            return spans
        found = [(1, span) for span in spans]
    else:
        found = _ranked(search, text, hits)
    if not plain:
        found = _with_hidden(search, text, found)
    kept = search.ways.kept
    found = [each for each in found if each[1].kind not in kept]
    if found and search.ways.shows:
        marks = [match.span() for match in search.ways.marks.finditer(text)]
        found = [each for each in found if not _is_within(each[1], marks)]
    return _merged(found) if len(found) > 1 else [span for _, span in found]


def _ranked(search: _Search, text: str, hits: Sequence[int]) -> list[tuple[int, Span]]:
    """Return the spans of a plain text, each with how sure its kind is: the less, the surer."""
    by_shape = [hit for hit in hits if hit < search.by_key]
    found = [(1, span) for span in search.scanner.spans_of(text, by_shape)]
    if search.by_key in hits:
        found += [(2 if span.kind in _VAGUE else 0, span) for span in search.keys.spans(text)]
    return found


def _with_hidden(
    search: _Search, text: str, found: list[tuple[int, Span]]
) -> list[tuple[int, Span]]:
    """Add what the shadow of a text shows; what was found in plain begins at no half of an encoded form."""
    found += ((1, span) for span in shadow.host_addresses(text))
    for offset, piece in shadow.pieces(text):
        for index, (layer, origin) in enumerate(shadow.layers(piece)):
            if not index:
                found = [(rank, _beyond(layer, offset, span)) for rank, span in found]
            hidden = _ranked(search, layer.text, search.look(layer.text))
            hidden += ((1, span) for span in shadow.international_mail(layer.text))
            for rank, span in hidden:
                start, end = origin(span.start, span.end)
                found.append((rank, Span(start + offset, end + offset, span.kind)))
        for span in shadow.international_mail(piece):
            found.append((1, Span(span.start + offset, span.end + offset, span.kind)))
    return found


def _beyond(layer: shadow.Layer, offset: int, span: Span) -> Span:
    start = layer.beyond(span.start - offset) + offset
    return span if start == span.start or start >= span.end else span._replace(start=start)


def _is_within(span: Span, marks: list[tuple[int, int]]) -> bool:
    index = bisect_right(marks, (span.start, sys.maxsize)) - 1
    return index >= 0 and span.end <= marks[index][1]


def _merged(found: list[tuple[int, Span]]) -> list[Span]:
    """Return disjoint spans: those that overlap as one, of the surest kind among them."""
    merged: list[tuple[int, Span]] = []
    for rank, span in sorted(found, key=lambda each: (each[1].start, each[0])):
        last_rank, last = merged[-1] if merged else (0, Span(0, 0, ""))
        if span.start >= last.end:
            merged.append((rank, span))
            continue
        kind = span.kind if rank < last_rank else last.kind
        merged[-1] = (min(rank, last_rank), Span(last.start, max(last.end, span.end), kind))
    return [span for _, span in merged]


def _replaced(ways: Ways, text: str, spans: list[Span], *, plain: bool) -> str:
    pieces: list[str] = []
    done = 0
    for start, end, kind in spans:
        value = text[start:end]
        mark = ways.replacement(kind, value if plain else shadow.decoded(value))
        if (
            kind != "IP"
            and value[0] in "-0123456789"
            and _JSON_NUMBER.fullmatch(value)
            and (quote := _JSON_PLACE.search(text[max(0, start - 72) : start]))
        ):
            mark = f"{quote[1]}{mark}{quote[1]}"
        pieces += (text[done:start], mark)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _notice(error: Exception) -> str:
    """Return what stands in the place of a text that could not be redacted."""
    return f"[withheld: redaction failed ({type(error).__name__})]"
