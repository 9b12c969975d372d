"""The namespace of the current markup: HTML, `svg` or `math` (WHATWG HTML §13.2.6).

A tree builder knows every open element. This filter reads few tags of HTML, but all inside `svg` and
`math`: it knows the open elements there, and the open `template`s. It does not know which elements of
HTML are open around a foreign root, and in an integration point it trusts the nesting as written. So an
end tag may have closed the root or not: then both stacks are kept. They mostly agree again at the next
tag of HTML. If they would read the bytes in two ways, the rewriter stops editing.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.html.attributes import is_self_closing, values
from alpines_privacy.http.html.enclosure import VOID
from alpines_privacy.http.html.references import value

__all__ = ["Namespace", "Namespaces"]

_MOST_STACKS = 8
_MOST_STATES = 256  # shared
_MOST_TAGS = 64  # of a state
_DEEPEST_SHARED = 12
_JUDGED_BY_ATTRIBUTES = frozenset({b"font", b"annotation-xml"})
_DEEPEST = 256  # open elements; each new one costs all that are open


class Namespace(Enum):
    """The namespace of an element."""

    HTML = "html"
    SVG = "svg"
    MATHML = "math"

    __hash__ = object.__hash__  # Enum's own is Python code, called for each element of a deep stack


class _Open(NamedTuple):
    """An open element. In a `point`, text and start tags are HTML's; a `barrier` ends the search for an element."""

    name: bytes
    namespace: Namespace
    is_point: bool = False
    is_barrier: bool = False


_Stack: TypeAlias = "tuple[_Open, ...]"

_HTML, _SVG, _MATHML = Namespace.HTML, Namespace.SVG, Namespace.MATHML
_ROOTS = {b"svg": _Open(b"svg", _SVG), b"math": _Open(b"math", _MATHML)}
_TEMPLATE = _Open(b"template", _HTML, is_barrier=True)
_UNKNOWN = _Open(b"", _HTML)  # elements of HTML in an integration point, or none

_POINTS_OF_SVG = frozenset({b"foreignobject", b"desc", b"title"})
_TEXT_POINTS = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
_STAYS_IN_TEXT_POINTS = frozenset({b"mglyph", b"malignmark"})
_HTML_ENCODINGS = frozenset({"text/html", "application/xhtml+xml"})
# Start tags that end foreign content; `font` does with one of three attributes.
_BREAKOUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li"
    b" listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul"
    b" var".split()
)
_FONT = frozenset({b"color", b"face", b"size"})
_HEADINGS = frozenset(b"h1 h2 h3 h4 h5 h6".split())
# Tags that may close elements of a table around a foreign root, from inside its integration points.
_OF_TABLES = frozenset(b"caption col colgroup table tbody td tfoot th thead tr".split())
# Start tags that open nothing in the body, and end tags that close nothing.
_OF_NO_ELEMENT = frozenset(b"html head body frameset frame".split())
_CLOSES_NOTHING = _OF_NO_ELEMENT | VOID | {b"svg", b"math"}


class _State:
    """A set of possible stacks, with the next state for each tag seen.

    All pages share states. Their number is bounded, and the number of tags of each.
    """

    __slots__ = (
        "_ends",
        "_starts",
        "has_cdata",
        "has_template",
        "is_foreign",
        "is_untracked",
        "stacks",
    )

    def __init__(self, stacks: tuple[_Stack, ...]) -> None:
        self.stacks = stacks
        self.is_untracked = len(stacks) > _MOST_STACKS or any(
            len(stack) > _DEEPEST for stack in stacks
        )
        self.is_foreign = any(map(_is_in_foreign, stacks))
        self.has_template = any(_TEMPLATE in stack for stack in stacks)
        answers = {_has_cdata(stack) for stack in stacks}
        self.has_cdata = answers.pop() if len(answers) == 1 else None
        self._starts: dict[tuple[bytes, bool], tuple[_State, Namespace | None]] = {}
        self._ends: dict[bytes, _State] = {}

    def after_start(self, name: bytes, raw: bytes) -> tuple[_State, Namespace | None]:
        """Return the state after a start tag, and its element's namespace."""
        key = name, is_self_closing(raw)
        found = self._starts.get(key)
        if found is None:
            found = self._started(name, raw)
            if len(self._starts) < _MOST_TAGS and name not in _JUDGED_BY_ATTRIBUTES:
                self._starts[key] = found
        return found

    def _started(self, name: bytes, raw: bytes) -> tuple[_State, Namespace | None]:
        found = [_started(stack, name, raw) for stack in self.stacks]
        namespaces = {namespace for _, namespace in found}
        after = _state_of(stack for stacks, _ in found for stack in stacks)
        return after, namespaces.pop() if len(namespaces) == 1 else None

    def after_end(self, name: bytes) -> _State:
        """Return the state after an end tag."""
        found = self._ends.get(name)
        if found is None:
            found = _state_of(after for stack in self.stacks for after in _ended(stack, name))
            if len(self._ends) < _MOST_TAGS:
                self._ends[name] = found
        return found


def _state_of(stacks: Iterable[_Stack]) -> _State:
    known = tuple(stacks)
    if len(known) > 1:
        known = tuple(dict.fromkeys(known))
    if sum(map(len, known)) > _DEEPEST_SHARED:
        return _State(known)
    state = _STATES.get(known)
    if state is None:
        state = _State(known)
        if len(_STATES) < _MOST_STATES:
            _STATES[known] = state
    return state


_STATES: dict[tuple[_Stack, ...], _State] = {}


class Namespaces:
    """The possible stacks at the current position; one, unless the markup is ambiguous."""

    __slots__ = ("_state", "has_template", "is_foreign", "is_untracked")

    def __init__(self) -> None:
        self._become(_NOTHING_OPEN)

    def has_cdata(self) -> bool | None:
        """Tell whether `<![CDATA[` opens a section here; None if that is not known."""
        return self._state.has_cdata

    def start(self, name: bytes, raw: bytes) -> Namespace | None:
        """Take a start tag; return its element's namespace, None if that is not known."""
        state, namespace = self._state.after_start(name, raw)
        if state is not self._state:
            self._become(state)
        return namespace

    def end(self, name: bytes) -> bool:
        """Take an end tag; tell whether it closes anything here."""
        state = self._state.after_end(name)
        if state is self._state:
            return False
        self._become(state)
        return True

    def copy(self) -> Namespaces:
        """Return an independent copy."""
        copied = Namespaces()
        copied._become(self._state)
        return copied

    def join(self, others: Namespaces) -> None:
        """Add the possible stacks of another position."""
        if others._state is not self._state:
            self._become(_state_of((*self._state.stacks, *others._state.stacks)))

    def _become(self, state: _State) -> None:
        self._state = state
        self.is_foreign = state.is_foreign  # whether an `svg` or `math` may be open
        self.has_template = state.has_template  # whether a `template` may be open
        self.is_untracked = state.is_untracked  # whether there are too many stacks to follow


def _has_cdata(stack: _Stack) -> bool | None:
    if not stack or stack[-1] is _TEMPLATE:
        return False
    return None if stack[-1] is _UNKNOWN else stack[-1].namespace is not _HTML


# -- Start tags


def _started(stack: _Stack, name: bytes, raw: bytes) -> tuple[list[_Stack], Namespace]:
    if not stack or _is_read_as_html(stack[-1], name):
        return _started_in_html(stack, name, raw)
    if name in _BREAKOUT or (name == b"font" and not _FONT.isdisjoint(values(raw, 5))):
        return _started_in_html(_broken_out(stack), name, raw)
    namespace = stack[-1].namespace
    if is_self_closing(raw):
        return [stack], namespace
    return [(*stack, _opened(name, namespace, raw))], namespace


def _is_read_as_html(top: _Open, name: bytes) -> bool:
    if top.namespace is _HTML:
        return True
    if top.is_point:
        return not (top.name in _TEXT_POINTS and name in _STAYS_IN_TEXT_POINTS)
    return name == b"svg" and top.namespace is _MATHML and top.name == b"annotation-xml"


def _broken_out(stack: _Stack) -> _Stack:
    """Return a stack without the foreign elements above its last HTML or integration point."""
    end = len(stack)
    while end and stack[end - 1].namespace is not _HTML and not stack[end - 1].is_point:
        end -= 1
    return stack[:end]


def _opened(name: bytes, namespace: Namespace, raw: bytes) -> _Open:
    if namespace is _SVG:
        is_point = name in _POINTS_OF_SVG
        return _Open(name, namespace, is_point, is_point)
    if name != b"annotation-xml":
        is_point = name in _TEXT_POINTS
        return _Open(name, namespace, is_point, is_point)
    encoding = value(values(raw, 1 + len(name)).get(b"encoding", b""))
    return _Open(name, namespace, encoding.lower() in _HTML_ENCODINGS, is_barrier=True)


def _started_in_html(stack: _Stack, name: bytes, raw: bytes) -> tuple[list[_Stack], Namespace]:
    if root := _ROOTS.get(name):
        return [stack if is_self_closing(raw) else (*stack, root)], root.namespace
    if name == b"template":
        return [(*stack, _TEMPLATE)], _HTML
    return _started_in_point(stack, name) if _is_in_foreign(stack) else [stack], _HTML


def _started_in_point(stack: _Stack, name: bytes) -> list[_Stack]:
    """Open an element of HTML in an integration point."""
    if name in _OF_TABLES:
        return _started_in_table(stack, name)
    if name == b"frameset":  # it may take the place of the body
        return [stack, ()]
    if name == b"form":  # one in another opens nothing
        return [_uncertain(stack)]
    return [stack if name in VOID or name in _OF_NO_ELEMENT else (*stack, _Open(name, _HTML))]


def _started_in_table(stack: _Stack, name: bytes) -> list[_Stack]:
    """Take a tag of tables; without a table in the integration point, it may belong to one around it."""
    if any(element.name == b"table" for element in _region(stack)):
        return [stack if name == b"col" else (*stack, _Open(name, _HTML))]
    return [_uncertain(stack), *_outsides(stack)]


def _is_in_foreign(stack: _Stack) -> bool:
    return any(element.namespace is not _HTML for element in stack)


# -- End tags


def _ended(stack: _Stack, name: bytes) -> list[_Stack]:
    if name == b"template" and _TEMPLATE in stack:
        return [stack[: _last_template(stack)]]
    if name == b"template" or not _is_in_foreign(stack):
        return [stack]
    if stack[-1].namespace is _HTML:
        return _ended_in_html(stack, name)
    if name not in {b"p", b"br"}:
        return _ended_in_foreign(stack, name)
    stack = _broken_out(stack)
    return _ended_in_html(stack, name) if _region(stack) else [stack]


def _last_template(stack: _Stack) -> int:
    return max(place for place, element in enumerate(stack) if element is _TEMPLATE)


def _ended_in_foreign(stack: _Stack, name: bytes) -> list[_Stack]:
    """Close the nearest foreign element of that name, else what the end tag closes in HTML."""
    place, is_barred = len(stack), False
    for element in reversed(stack):
        if element.namespace is _HTML:
            break
        place -= 1
        if element.name == name:
            return [stack[:place]]
        is_barred = is_barred or element.is_barrier
    if name in _CLOSES_NOTHING:
        return [stack]
    if is_barred:
        return [stack, *_outsides(stack)] if name in _OF_TABLES else [stack]
    return _ended_around(stack, stack[:place], name)


def _ended_around(stack: _Stack, around: _Stack, name: bytes) -> list[_Stack]:
    """Close an element of HTML in which a foreign root is open; `around` is the stack below the root."""
    if not _is_in_foreign(around):
        if name == b"form" and not around:  # only the form leaves the stack
            return [stack]
        return [stack, around]
    region = _region(around)
    if region and region[-1].name == name and name != b"form":
        return [around[:-1]]
    if not region:
        return [stack, *_outsides(stack)] if name in _OF_TABLES else [stack]
    return [stack, _uncertain(around), *(_outsides(stack) if name in _OF_TABLES else ())]


def _ended_in_html(stack: _Stack, name: bytes) -> list[_Stack]:
    """Close an element of HTML in an integration point; one that is not closed keeps the point open."""
    region = _region(stack)
    if stack[-1].name == name:
        return [stack[:-1]]
    if any(element.name == name for element in region) or name in _HEADINGS:
        return [_uncertain(stack)]
    if name in _OF_TABLES:
        return [_uncertain(stack), *_outsides(stack)]
    below = stack[: len(stack) - len(region)]
    if not below or below[-1].namespace is _HTML:  # a template
        return [stack]
    closed = _ended_in_foreign(below, name)
    return [stack] if closed == [below] else [_uncertain(stack), *closed]


# -- Unknown elements


def _region(stack: _Stack) -> _Stack:
    """Return the elements of HTML above the last integration point, template or root."""
    place = len(stack)
    while place and stack[place - 1].namespace is _HTML and stack[place - 1] is not _TEMPLATE:
        place -= 1
    return stack[place:]


def _uncertain(stack: _Stack) -> _Stack:
    """Return a stack with any elements of HTML, or none, above its last integration point."""
    return (*stack[: len(stack) - len(_region(stack))], _UNKNOWN)


def _outsides(stack: _Stack) -> list[_Stack]:
    """Return the possible stacks after an element of HTML around a foreign root is closed."""
    outsides: list[_Stack] = []
    for place in range(len(stack) - 1, -1, -1):
        if stack[place] is _TEMPLATE:
            break
        is_root = place == 0 or stack[place - 1].namespace is _HTML or stack[place - 1].is_point
        if stack[place].namespace is not _HTML and is_root:
            around = stack[:place]
            outsides.append(_uncertain(around) if _is_in_foreign(around) else around)
    return outsides


_NOTHING_OPEN = _state_of(((),))
