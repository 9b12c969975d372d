"""How much of one text is judged: more than any log holds, and not more than can be read in time.

A candidate is a place where personal data may stand: a key, a member of a list under one, or a number
that may be one of a telephone. To judge one takes microseconds, however the text was written or
encoded, and a stranger can put one into every six characters. Some take longer and weigh more, as do
the documents that are read. The unit is some five microseconds, so that 20 KB take 20 ms at most.
What stands behind the last that is judged counts as personal data unread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alpines_privacy.redaction.kinds.shape import Bounds, Weigh

__all__ = ["LEAST", "Candidates", "Crowded", "crowded", "most_documents"]

LEAST = 1 << 12  # characters: a shorter text cannot hold too many
_ALWAYS = 1600  # candidates that any text may have
_FIRST, _EACH = 200, 7  # of a long one the first, and characters for each more
_SHAPE_WEIGHS = 2  # candidates that take as long as what has the shape of a kind
_ALWAYS_DOCUMENTS, _EACH_DOCUMENT = 500, 20  # the same of documents


class Crowded(Exception):  # noqa: N818 - it tells of the text, and is no error
    """Raised where more documents would be read than a text may have; they do from `place` on."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


def crowded(most: int, starts: list[int]) -> Crowded:
    """Tell that more documents begin than are read, and from where on; what is before may hold `most` or fewer."""
    while (fewer := _allowed_documents(starts[most])) < most:
        most = fewer
    return Crowded(starts[most])


def most_documents(size: int) -> int:
    """Return how many documents of a text of some size are read."""
    return _allowed_documents(size) if size >= LEAST else size


def _allowed_documents(size: int) -> int:
    return _ALWAYS_DOCUMENTS + size // _EACH_DOCUMENT


class Candidates:
    """The candidates of one text and its layers. `unread` is where the first stands that is not judged."""

    __slots__ = ("_left", "unread")

    def __init__(self, size: int) -> None:
        self._left = max(_ALWAYS, _FIRST + size // _EACH)
        self.unread: int | None = None

    def take(self, place: int, weight: int = 1) -> bool:
        """Tell whether one more is judged, which stands at a place and takes as long as `weight` others."""
        if self._left >= weight:
            self._left -= weight
            return True
        self._left = 0
        self.stop(place)
        return False

    def spend(self, weight: int) -> None:
        """Note that something was read which takes as long as `weight` candidates."""
        self._left = max(0, self._left - weight)

    def stop(self, place: int) -> None:
        """Note that what stands from a place on is not judged."""
        if self.unread is None or place < self.unread:
            self.unread = place

    def of(self, text: str, cores: Iterable[Bounds], weigh: Weigh | None) -> Iterator[Bounds]:
        """Give those of the cores, which are in order, that are judged; each weighs two if no more is told."""
        for first, last in cores:
            if not self.take(first, weigh(text, first, last) if weigh else _SHAPE_WEIGHS):
                return
            yield first, last
