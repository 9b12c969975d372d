"""Which rules markup is read by: HTML's, or those of `svg` and `math` (WHATWG HTML §13.2.6.5).

A tree builder knows every open element; a filter that reads few tags does not. What is kept is
the stack of foreign roots and of the integration points in them, where HTML goes on. Two places
are read as well-formed pages mean them, not by the letter: the end tag of an integration point or
of a root ends it even if HTML elements in it are still open, and the end tag of an element that
only HTML has ends the foreign root, because it belongs to an element around it.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum

from alpines_privacy.http.html.attributes import attributes, is_self_closing

__all__ = ["CLOSERS", "FOREIGN", "Namespace", "Namespaces"]

_DEPTH = 512  # where browsers stop nesting too


class Namespace(Enum):
    """The namespace of an element."""

    HTML = "html"
    SVG = "svg"
    MATHML = "math"


_POINTS = {
    Namespace.SVG: frozenset({b"foreignobject", b"desc", b"title"}),
    Namespace.MATHML: frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext", b"annotation-xml"}),
}
# Start tags that end foreign content; `font` does with one of three attributes.
_BREAKOUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li"
    b" listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul"
    b" var".split()
)
# End tags of HTML elements: in foreign content, those of an ancestor.
_HTML_ENDS = (_BREAKOUT - {b"body", b"head"}) | frozenset(
    b"article aside button fieldset figure footer form header label main nav section select"
    b" td th tr tbody".split()
)
_FONT = frozenset({"color", "face", "size"})
_HTML_ENCODINGS = frozenset({b"text/html", b"application/xhtml+xml"})

# What may open another namespace, or the same once more, in foreign content.
_NESTING = frozenset({b"svg", b"math"}).union(*_POINTS.values())

FOREIGN = frozenset({b"svg", b"math", b"font"}).union(_BREAKOUT, *_POINTS.values())
"""Start tags that change the namespace in foreign content."""
CLOSERS = frozenset({b"svg", b"math"}).union(_HTML_ENDS, *_POINTS.values())
"""End tags that do."""


class Namespaces:
    """The stack of foreign roots and integration points around the place that is read."""

    __slots__ = ("_open", "_times", "current")

    def __init__(self) -> None:
        self.current = Namespace.HTML
        self._open: list[tuple[bytes, Namespace]] = []  # what was opened, and what is around it
        self._times: Counter[bytes] = Counter()  # how often each name is among them

    @property
    def depth(self) -> int:
        """How many foreign roots and integration points are open."""
        return len(self._open)

    def start(self, name: bytes, raw: bytes) -> Namespace:
        """Take a start tag that is in `FOREIGN`, or any; return its element's namespace."""
        if self.current is Namespace.HTML:
            return self._start_in_html(name, raw)
        if name in _BREAKOUT or (name == b"font" and _has_font_attribute(raw)):
            self._leave_foreign()
            return Namespace.HTML
        namespace = self.current
        if name in _NESTING and not is_self_closing(raw):
            if name == namespace.value.encode():
                self._push(name, namespace)
            elif name in _POINTS[namespace] and _is_point(name, raw):
                self._push(name, Namespace.HTML)
        return namespace

    def _start_in_html(self, name: bytes, raw: bytes) -> Namespace:
        if name not in {b"svg", b"math"}:
            return Namespace.HTML
        namespace = Namespace.SVG if name == b"svg" else Namespace.MATHML
        if not is_self_closing(raw):
            self._push(name, namespace)
        return namespace

    def end(self, name: bytes) -> None:
        """Take an end tag that is in `CLOSERS`, or any."""
        if self.current is not Namespace.HTML and name in _HTML_ENDS:
            self._leave_foreign()
            return
        if self._times[name]:
            while self._pop() != name:
                pass

    def _push(self, name: bytes, inside: Namespace) -> None:
        if len(self._open) < _DEPTH:
            self._open.append((name, self.current))
            self._times[name] += 1
            self.current = inside

    def _pop(self) -> bytes:
        name, self.current = self._open.pop()
        self._times[name] -= 1
        return name

    def _leave_foreign(self) -> None:
        while self.current is not Namespace.HTML:
            self._pop()


def _has_font_attribute(raw: bytes) -> bool:
    return any(attribute.name in _FONT for attribute in attributes(raw))


def _is_point(name: bytes, raw: bytes) -> bool:
    if name != b"annotation-xml":
        return True
    return any(
        attribute.name == "encoding"
        and raw[attribute.value_start : attribute.end].lower().strip(b"\"'") in _HTML_ENCODINGS
        for attribute in attributes(raw)
    )
