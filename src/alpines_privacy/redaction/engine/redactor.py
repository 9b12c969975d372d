"""`Redactor`: personal data taken out of text and of nested data, each kind in the policy's way (policy §6).

One pass of all patterns together checks a text, and nearly always finds nothing. Otherwise the text is
searched by shape and by key, and so is its decoded text where anything looks encoded. The matches are
merged and replaced.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import starmap
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from alpines_privacy.policy import Logs, PrivacyPolicy, SecretKeys
from alpines_privacy.redaction.engine import decoded_text
from alpines_privacy.redaction.engine.candidates import (
    LEAST,
    Candidates,
    TooManyDocuments,
    may_be_too_many,
)
from alpines_privacy.redaction.engine.gate import STRAY, FoldGate, RE2Gate
from alpines_privacy.redaction.engine.keys import Keys
from alpines_privacy.redaction.engine.nested import Nested
from alpines_privacy.redaction.engine.quoted import (
    Documents,
    Quoted,
    may_part,
    read,
    read_known,
    read_outside,
)
from alpines_privacy.redaction.engine.replacements import Replacements
from alpines_privacy.redaction.engine.scanner import Scanner
from alpines_privacy.redaction.engine.snapshots import snapshot
from alpines_privacy.redaction.engine.spans import Span, SpanTuple
from alpines_privacy.redaction.engine.user_agents import UNREAD
from alpines_privacy.redaction.engine.windows import LONGEST, windows
from alpines_privacy.redaction.kinds.shape import Shape

__all__ = ["Redactor"]

T = TypeVar("T")

# Kinds for which a key is less certain than a shape: `user=a@b.example` is a mail address.
_VAGUE = frozenset({"NAME", "USERNAME", "ADDRESS"})

# The start of a value, the rank of its kind (lower is more certain), its end, and the kind.
_Found: TypeAlias = "tuple[int, int, int, str]"
_Spans: TypeAlias = "tuple[list[SpanTuple], Mapping[int, str]]"  # with the quotes that a mark needs
_NO_QUOTES: Mapping[int, str] = {}
_BY_KEY, _BY_SHAPE, _BY_VAGUE_KEY = range(3)
_UNREAD = -1  # before all others: text that is not judged counts as personal data
_PLACE = itemgetter(0, 1)
_DECODED = 128  # characters that take as long to decode and search as one candidate
_BREAKS = r"[\x0a-\x0d]"
_has_breaks = re.compile(_BREAKS).search
_MOST_AGENTS = 32  # different User-Agents of one text that are parsed


class _Search(NamedTuple):
    """The search for personal data by a policy's `logs`; all redactors of that policy share it."""

    replacements: Replacements
    keys: Keys
    scanner: Scanner
    match: Callable[[bytes], Sequence[int]]  # of a text encoded with `STRAY`
    look: Callable[[str], Sequence[int]]
    by_key: int  # `look` gives these two besides the indices of shapes, which are lower
    encoded: int
    breaks: int  # `match` gives this too where a text has line breaks


class Redactor:
    """Redacts text and data by a policy's `logs`; safe to share between threads.

    No method but `found` raises, and none returns text that it could not judge: if something inside
    fails, the answer is the notice `[withheld: redaction failed (TypeName)]`. `keys` are the site's
    secret keys for pseudonyms. Where the policy needs them and none are given, they are read from
    the environment; a key that is too short raises `PolicyError`. Patterns are compiled when the
    first text comes.
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
            )  # errors in the keys are raised here, not during logging
        self._keys = keys
        self._ready: _Search | None = None

    def redact(self, text: str) -> str:
        """Return the text with every piece of personal data replaced; the same object where there is none."""
        try:
            search = self._ready or self._prepare()
            hits = search.match(text.encode("utf-8", STRAY))  # as `look` does, without the call
            if not hits:
                return text
            return _redacted_by(search, text, hits)
        except Exception as error:
            return _notice(error)

    def redact_line(self, text: str) -> str:
        """Return what `redact` does for a printable text; nothing for a text with line breaks or other controls.

        For nearly all lines one pass tells that there is neither data nor a control other than the tab.
        """
        try:
            search = self._ready or self._prepare()
            hits = search.match(text.encode("utf-8", STRAY))
            if not hits:
                return text
            if search.breaks in hits or not text.isprintable():
                return ""
            return _redacted_by(search, text, hits)
        except Exception as error:
            return _notice(error)

    def findall(self, text: str) -> list[Span]:
        """Return the spans of personal data in a text, by shape and key, encoded forms too: disjoint, in order.

        A text that cannot be judged is one span of the kind `SECRET`.
        """
        try:
            search = self._ready or self._prepare()
            return [*starmap(Span, _redacted(search, text)[1])]
        except Exception:
            return [Span(0, len(text), "SECRET")]

    def found(self, text: str) -> tuple[str, list[Span]]:
        """Return the text redacted and the spans of personal data in it, by one pass.

        This method raises any error from inside, for callers that can leave the original as it is.
        """
        search = self._ready or self._prepare()
        redacted, spans = _redacted(search, text)
        return redacted, [*starmap(Span, spans)]

    def redact_mapping(self, obj: T) -> T:
        """Return nested data with its values redacted by key and by text; the same object when clean.

        Dicts, lists, tuples, sets and bytes keep their types. Any other object stays if its `str()` is
        clean; otherwise the redacted text replaces it.
        """
        try:
            return cast("T", self.nested().member(obj))
        except Exception as error:
            return cast("T", _notice(error))

    def redact_value(self, key: str, value: object) -> object:
        """Return the value that stands under a key, redacted; the same object when clean."""
        try:
            return self.nested().item(key, value)
        except Exception as error:
            return _notice(error)

    def written(self, kind: str, value: str) -> str:
        """Return the replacement of a value that is personal data of a kind; the value itself where it is kept."""
        replacements = (self._ready or self._prepare()).replacements
        return value if kind in replacements.kept else replacements.replacement(kind, value)

    def is_personal_key(self, key: str) -> bool:
        """Tell whether a key makes the value under it personal data, whatever the value looks like."""
        return (self._ready or self._prepare()).keys.names.kind(key) is not None

    def is_like(self, other: Redactor) -> bool:
        """Tell whether another redactor redacts everything as this one does."""
        return self._logs == other._logs and self._keys == other._keys

    def stricter(self, other: Redactor) -> Redactor:
        """Return a redactor that hides everything either of two hides: one of the two where that is enough."""
        logs = self._logs.stricter(other._logs)
        if logs == self._logs:
            return self
        if logs == other._logs:
            return other
        return Redactor(PrivacyPolicy(logs=logs), keys=self._keys or other._keys)

    def is_safe(self, key: str) -> bool:
        """Tell whether the policy lists a key as safe."""
        return (self._ready or self._prepare()).keys.names.is_safe(key)

    def nested(self, leaf: Callable[[Any], Any] = snapshot) -> Nested:
        """Return a walk that redacts nested data, with what replaces each value before; its methods may raise."""
        search = self._ready or self._prepare()
        return Nested(self.redact, search.keys, search.replacements, leaf)

    def _prepare(self) -> _Search:
        self._ready = _compiled(self._logs)._replace(
            replacements=Replacements(self._logs, self._keys)
        )
        return self._ready


@lru_cache(16)
def _compiled(logs: Logs) -> _Search:
    replacements = Replacements(logs)
    keys, scanner = Keys(logs, replacements.marks), Scanner()
    by_key = len(scanner.shapes)
    match = _match(scanner, keys, by_key)
    breaks = by_key + 2
    return _Search(
        replacements, keys, scanner, match, _look(match, breaks), by_key, by_key + 1, breaks
    )


def _look(match: Callable[[bytes], Sequence[int]], breaks: int) -> Callable[[str], Sequence[int]]:
    def look(text: str) -> Sequence[int]:
        hits = match(text.encode("utf-8", STRAY))
        return _without(breaks, hits) if breaks in hits else hits

    return look


def _without(index: int, hits: Sequence[int]) -> Sequence[int]:
    return [hit for hit in hits if hit != index]


def _match(scanner: Scanner, keys: Keys, by_key: int) -> Callable[[bytes], Sequence[int]]:
    """Return the gate: one pass tells which shapes a text may hold, whether keys, and whether encoded text."""
    shapes = [
        *scanner.shapes,
        Shape("", keys.pattern, _no_bounds, ()),
        Shape("", decoded_text.MAY_BE_ENCODED, _no_bounds, ()),
        Shape("", _BREAKS, _no_bounds, ()),
    ]
    try:
        return RE2Gate(shapes).match
    except ImportError:
        by_shape = FoldGate(scanner.shapes)

    def match(data: bytes) -> Sequence[int]:
        text = data.decode()
        hits = [*by_shape(text)]
        if keys.may_match(text):
            hits.append(by_key)
        if decoded_text.may_be_encoded(text):
            hits.append(by_key + 1)
        if _has_breaks(text):
            hits.append(by_key + 2)
        return hits

    return match


def _no_bounds(_text: str, _start: int, _end: int) -> Iterable[tuple[int, int]]:
    return ()


def _redacted_by(search: _Search, text: str, hits: Sequence[int]) -> str:
    """Return a text redacted, given what may be in it."""
    if search.breaks in hits and not (hits := _without(search.breaks, hits)):
        return text
    if len(text) > LONGEST:
        return _redacted(search, text)[0]
    find = _find if len(text) < LEAST else _find_bounded
    spans, quotes = find(search, text, hits)
    if not spans:
        return text
    return _replaced(search, text, spans, quotes, plain=search.encoded not in hits)


def _redacted(search: _Search, text: str) -> tuple[str, list[SpanTuple]]:
    """Return a text of any length redacted, and the spans of personal data in it."""
    if len(text) > LONGEST:
        spans, quotes = _find_in_windows(search, text)
        plain = False
    else:
        hits = search.look(text)
        spans, quotes = _find_bounded(search, text, hits) if hits else ([], _NO_QUOTES)
        plain = search.encoded not in hits
    if not spans:
        return text, spans
    return _replaced(search, text, spans, quotes, plain=plain), spans


def _find_in_windows(search: _Search, text: str) -> _Spans:
    """Return all spans of a long text, window by window; documents are read from the whole text."""
    whole = read(text)
    found: list[SpanTuple] = []
    quotes: dict[int, str] = {}
    for start, first, last, end in windows(len(text)):
        piece = text[start:end]
        hits = search.look(piece)
        documents = Documents(piece, partial(whole.part, start, end) if whole else _no_documents)
        spans, marks = _find_bounded(search, piece, hits, documents) if hits else ([], _NO_QUOTES)
        quotes.update((place + start, quote) for place, quote in marks.items())
        for begin, done, kind in spans:
            stop = done + start
            # Text that the window left unread counts from `first` on.
            begins = max(begin + start, first) if stop == end else begin + start
            if first <= begins < last:
                long = _end_of_long(text, stop, whole) if stop == end else stop
                _add(found, (begins, long, kind))
    return found, quotes


def _no_documents() -> None:
    return None


def _end_of_long(text: str, place: int, whole: Quoted | None) -> int:
    """Return the end of a value that continues past its window: the end of its string, or of its line."""
    if whole and (index := whole.string_at(place - 1)) >= 0:
        return whole.ends[index]
    following = whole.next_document(place) if whole else None
    last = following.start if following else len(text)
    line = text.find("\n", place, last)
    return line if line >= 0 else last


def _add(found: list[SpanTuple], span: SpanTuple) -> None:
    """Append a span; join it to the last one where they overlap."""
    if found and span[0] < found[-1][1]:
        start, end, kind = found.pop()
        span = (start, max(end, span[1]), kind)
    found.append(span)


def _find_bounded(
    search: _Search, text: str, hits: Sequence[int], documents: Documents | None = None
) -> _Spans:
    """Return all spans of a text; the text after too many documents to read is one span."""
    try:
        return _find(search, text, hits, documents)
    except TooManyDocuments as error:
        place = error.place if documents is None else 0
        known = error.bounds if error.text is text else None
    head = text[:place]  # a place in a decoded layer or string is here at the same place or later
    reader = None if known is None else partial(read_known, head, known)
    try:
        hits = search.look(head)
        spans, quotes = _find(search, head, hits, None, reader) if hits else ([], _NO_QUOTES)
    except TooManyDocuments:
        return [(0, len(text), "SECRET")], _NO_QUOTES
    return [*spans, (place, len(text), "SECRET")], quotes


def _find(
    search: _Search,
    text: str,
    hits: Sequence[int],
    documents: Documents | None = None,
    reader: Callable[[], Quoted | None] | None = None,
) -> _Spans:
    """Return all spans of a text, by shape and key, in the text and its decoded text, except those inside marks.

    `reader` reads the text's documents in a way of its own, where none are given.
    """
    replacements, plain = search.replacements, search.encoded not in hits
    candidates = Candidates(len(text)) if len(text) >= LEAST else None
    if (
        plain
        and search.by_key not in hits
        and not replacements.shows
        and not replacements.kept
        and candidates is None
    ):
        spans = search.scanner.found(text, hits)
        for start, end, kind in spans:
            if kind != "IP" and may_part(text, start, end):
                found = [(start, _BY_SHAPE, end, kind) for start, end, kind in spans]
                return _merged(text, found, documents or Documents(text))
        return spans, _NO_QUOTES
    if documents is None:
        documents = Documents(text, reader, candidates=candidates)
        if search.by_key in hits and may_be_too_many(text):
            documents.quoted()  # before anything is judged in vain
    found = _ranked(search, text, hits, documents, candidates)
    if not plain:
        found, documents = _with_encoded(search, text, found, documents, candidates)
    if replacements.kept:
        found = [each for each in found if each[3] not in replacements.kept or each[1] == _UNREAD]
    if found and replacements.shows:
        marks = [match.span() for match in replacements.marks.finditer(text)]
        found = [each for each in found if not _is_within(each, marks)]
    return _merged(text, found, documents)


def _ranked(
    search: _Search,
    text: str,
    hits: Sequence[int],
    documents: Documents,
    candidates: Candidates | None,
) -> list[_Found]:
    """Return the values in a text as it is written, and the rest that is not judged."""
    by_shape = [hit for hit in hits if hit < search.by_key]
    found: list[_Found] = []
    if by_shape:
        spans = search.scanner.found(text, by_shape, candidates)
        found = [(start, _BY_SHAPE, end, kind) for start, end, kind in spans]
    if search.by_key in hits:
        for start, end, kind in search.keys.found(text, documents, candidates):
            found.append((start, _BY_VAGUE_KEY if kind in _VAGUE else _BY_KEY, end, kind))
    if candidates and candidates.unread is not None:
        found.append((candidates.unread, _UNREAD, len(text), "SECRET"))
        candidates.unread = None
    return found


def _with_encoded(
    search: _Search,
    text: str,
    found: list[_Found],
    documents: Documents,
    candidates: Candidates | None,
) -> tuple[list[_Found], Documents]:
    """Add the values found in the decoded text, and return them with the documents found there."""
    ends = {start: end for start, rank, end, _ in found if rank != _BY_SHAPE}
    found += [
        (start, _BY_SHAPE, end, kind) for start, end, kind in decoded_text.host_addresses(text)
    ]
    cuts: list[int] = []
    seen = documents
    for index, (layer, origin) in enumerate(decoded_text.layers(text, cuts)):
        if not index:
            found = [_whole(layer, each) for each in found]
        if candidates:
            candidates.spend(len(layer.text) // _DECODED)
        hits = search.look(layer.text)
        above = None if seen.are_none else partial(_shown, layer, seen)
        seen = Documents(layer.text, above, origin, candidates)
        for first, rank, last, kind in _ranked(search, layer.text, hits, seen, candidates):
            start, end = origin(first, last)
            if rank not in {
                _BY_SHAPE,
                _UNREAD,
            }:  # the end found in the plain text is more reliable for a key's value
                end = min(ends.get(start, end), end)
            found.append((start, rank, end, kind))
        if search.encoded not in hits:
            break
        if "\\" in layer.text or "\x1b" in layer.text:  # no other token can cross a quote
            quoted = seen.quoted()
            cuts[:] = quoted.bounds() if quoted else ()
    return found, seen


def _whole(layer: decoded_text.Layer, found: _Found) -> _Found:
    """Move a match in the text as written so that it splits no encoded form at either end."""
    first, rank, last, kind = found
    start, end = layer.whole(first, last)
    return (start, rank, end, kind)


def _shown(layer: decoded_text.Layer, above: Documents) -> Quoted | None:
    """Return the documents of a layer: those known from the layer above, and those found only in this one."""
    known = above.quoted()
    if known is None:
        return read(layer.text)
    by = layer.moves_by(known.documents[0].start) if known.documents else None
    seen = known.moved(layer.forward) if by is None else known.shifted(by)
    more = read_outside(seen.outside(layer.text))
    seen = seen.look_inside(layer.text)
    return seen.joined(more) if more else seen


def _is_within(found: _Found, marks: list[tuple[int, int]]) -> bool:
    index = bisect_right(marks, (found[0], sys.maxsize)) - 1
    return index >= 0 and found[2] <= marks[index][1]


def _merged(text: str, found: list[_Found], documents: Documents) -> _Spans:
    """Return disjoint spans; overlapping ones become one, of the most certain kind among them."""
    quotes, pieces = _NO_QUOTES, found
    if not documents.are_none and _may_part(text, found):
        quotes = {}
        pieces = [*_cut(text, found, documents, quotes)]
    if not pieces:
        return [], quotes
    pieces.sort(key=_PLACE)
    merged: list[SpanTuple] = []
    first, surest, last, kind = pieces[0]
    for start, rank, end, other in pieces:
        if start >= last:
            merged.append((first, last, kind))
            first, surest, last, kind = start, rank, end, other
            continue
        if rank < surest:
            surest, kind = rank, other
        last = max(last, end)
    merged.append((first, last, kind))
    return merged, quotes


def _may_part(text: str, found: list[_Found]) -> bool:
    for start, rank, end, kind in found:  # noqa: SIM110 - a generator costs as much as the check
        if kind != "IP" and rank != _UNREAD and may_part(text, start, end):
            return True
    return False


def _cut(
    text: str, found: list[_Found], documents: Documents, quotes: dict[int, str]
) -> Iterator[_Found]:
    """Give the matches cut so that the documents stay valid; note the quotes that marks need."""
    for each in found:
        start, rank, end, kind = each
        is_whole = kind == "IP" or rank == _UNREAD
        if not is_whole and may_part(text, start, end):
            for first, last, quote in documents.cut(text, start, end):
                if quote:
                    quotes[first] = quote
                yield first, rank, last, kind
        else:
            yield each


def _replaced(
    search: _Search, text: str, spans: list[SpanTuple], quotes: Mapping[int, str], *, plain: bool
) -> str:
    pieces: list[str] = []
    done = 0
    replacement, reading = search.replacements.replacement, search.replacements.reading
    agents: set[str] = set()
    for start, end, kind in spans:
        if kind in reading:
            value = text[start:end] if plain else decoded_text.decoded(text[start:end])
            is_unread = kind in search.replacements.parsing and _is_one_too_many(value, agents)
            mark = UNREAD if is_unread else replacement(kind, value)
        else:
            mark = f"[{kind}]"
        if quotes and (quote := quotes.get(start)):
            mark = f"{quote}{mark}{quote}"
        pieces += (text[done:start], mark)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _is_one_too_many(value: str, agents: set[str]) -> bool:
    """Tell whether a text has too many different User-Agents for this one to be parsed; no log line has a dozen."""
    agents.add(value)
    return len(agents) > _MOST_AGENTS


def _notice(error: Exception) -> str:
    """Return the notice that replaces a text that could not be redacted."""
    return f"[withheld: redaction failed ({type(error).__name__})]"
