"""How much of one text is judged: more than any log holds, but bounded in time.

A candidate is a place where personal data may stand: a key, a member of a list under a key, or a
possible telephone number. Judging one takes microseconds, and a stranger can write one every six
characters. What takes longer weighs more; documents, brackets and layers of decoded text weigh too.
The unit is three to four microseconds, so a text of 20 KB takes 20 ms at most. All text after the last
judged candidate counts as personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alpines_privacy.redaction.kinds.shape import Bounds, Weigh

__all__ = [
    "LEAST",
    "Candidates",
    "TooManyDocuments",
    "may_be_too_many",
    "most_documents",
    "too_many_documents",
]

LEAST = 1 << 12  # characters: a shorter text cannot hold too many
_ALWAYS = 1600  # candidates that any text may have
_FIRST, _EACH = 200, 6  # characters of a long text that allow one more candidate
_SHAPE_WEIGHS = 2  # candidates that take as long as one match of a shape
_ALWAYS_DOCUMENTS, _EACH_DOCUMENT = (
    500,
    30,
)  # characters of a long text that allow one more document


class TooManyDocuments(Exception):  # noqa: N818 - a limit of the text, not an error
    """Raised when a text has more documents than may be read; the first one too many begins at `place`.

    `bounds` has those of the documents before it, and `text` the text they are in, where both are known.
    """

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place
        self.text = ""
        self.bounds: list[Bounds] = []


def too_many_documents(most: int, starts: list[int]) -> TooManyDocuments:
    """Note where the first document that is not read begins; the text before it holds `most` documents at most."""
    while (fewer := _allowed_documents(starts[most])) < most:
        most = fewer
    return TooManyDocuments(starts[most])


def may_be_too_many(text: str) -> bool:
    """Tell whether a text has more brackets than documents that are read."""
    return len(text) >= LEAST and text.count("[") + text.count("{") > most_documents(len(text))


def most_documents(size: int) -> int:
    """Return how many documents of a text of some size are read."""
    return _allowed_documents(size) if size >= LEAST else size


def _allowed_documents(size: int) -> int:
    return _ALWAYS_DOCUMENTS + size // _EACH_DOCUMENT


class Candidates:
    """Counts the candidates of one text and its layers; `unread` is the place of the first that is not judged."""

    __slots__ = ("_left", "unread")

    def __init__(self, size: int) -> None:
        self._left = max(_ALWAYS, _FIRST + size // _EACH)
        self.unread: int | None = None

    def take(self, place: int, weight: int = 1) -> bool:
        """Tell whether the candidate at a place is judged; it takes as long as `weight` others."""
        if self._left >= weight:
            self._left -= weight
            return True
        self._left = 0
        self.stop(place)
        return False

    def spend(self, weight: int) -> None:
        """Count reading that takes as long as `weight` candidates."""
        self._left = max(0, self._left - weight)

    def stop(self, place: int) -> None:
        """Note that the text from a place on is not judged."""
        if self.unread is None or place < self.unread:
            self.unread = place

    def of(self, text: str, cores: Iterable[Bounds], weigh: Weigh | None) -> Iterator[Bounds]:
        """Give the cores that are judged, from cores in order; without `weigh` each weighs two."""
        for first, last in cores:
            if not self.take(first, weigh(text, first, last) if weigh else _SHAPE_WEIGHS):
                return
            yield first, last
