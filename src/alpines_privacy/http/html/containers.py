"""The element that is being removed or held: where it began, and which tag ends it."""

from __future__ import annotations

from enum import Enum, auto

from alpines_privacy.http.html.attributes import is_self_closing
from alpines_privacy.http.html.decisions import HELD, Element, Judge, Remove
from alpines_privacy.http.html.namespaces import Namespace
from alpines_privacy.http.html.selection import RAW_TEXT

__all__ = ["Container", "Place", "is_empty"]

_VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param"
    b" source track wbr".split()
)
# A start tag of the same name ends these (WHATWG HTML §13.1.2.4).
_ENDED_BY_THE_NEXT = frozenset(b"p li dt dd option optgroup tr td th tbody".split())


def is_empty(name: bytes, raw: bytes, namespace: Namespace) -> bool:
    """Tell whether an element has no content and no end tag."""
    return name in _VOID if namespace is Namespace.HTML else is_self_closing(raw)


class Place(Enum):
    """Where a tag stands towards a container."""

    INSIDE = auto()
    LAST = auto()  # its own end tag
    AFTER = auto()  # a tag of what follows, or of an element around it


class Container:
    """An element kept back: to be removed, or `held` until it can be judged.

    `start` is the place in the stream where its content begins, `depth` that of the namespaces
    there. One that `is_text` ends where the tokenizer says so, the others by their tags, which
    are counted here.
    """

    __slots__ = ("_depth", "_judge", "_open", "_size", "held", "is_text", "limit", "start", "tag")

    def __init__(
        self, name: bytes, tag: bytes, namespace: Namespace, *, depth: int, start: int
    ) -> None:
        self.tag = tag
        self.start = start
        self.is_text = namespace is Namespace.HTML and name in RAW_TEXT
        self.limit = HELD
        self._depth = depth
        self.held: list[bytes] | None = None
        self._judge: Judge | None = None
        self._size = 0
        self._open = [name]

    def hold(self, judge: Judge, limit: int) -> None:
        """Keep the content for `judge`, up to `limit` bytes."""
        self._judge = judge
        self.limit = min(limit, HELD)
        self.held = []

    def keep(self, piece: bytes) -> bool:
        """Take content; return whether there is room for it. What is removed needs none."""
        if self.held is not None:
            self.held.append(piece)
            self._size += len(piece)
        return self._size <= self.limit

    def judged(self) -> Element | Remove:
        """Return what becomes of the element, now that its content is here."""
        if self._judge is None or self.held is None:
            return Remove.ELEMENT
        content = b"".join(self.held)
        verdict = self._judge(content)
        return Element(self.tag, content) if verdict is None else verdict

    def place_of_start(self, name: bytes, *, depth: int, empty: bool) -> Place:
        """Take a start tag; `empty` if no end tag can follow it.

        One that breaks out of `svg` or `math` ends what was opened there.
        """
        if depth < self._depth or (name in _ENDED_BY_THE_NEXT and self._open == [name]):
            return Place.AFTER
        if not empty:
            self._open.append(name)
        return Place.INSIDE

    def place_of_end(self, name: bytes) -> Place:
        """Take an end tag. One that nothing opened here belongs to an element around."""
        while self._open and self._open[-1] != name:
            self._open.pop()
        if not self._open:
            return Place.AFTER
        self._open.pop()
        return Place.INSIDE if self._open else Place.LAST
