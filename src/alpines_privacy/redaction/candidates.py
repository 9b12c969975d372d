"""How much of one text is judged: more than any log holds, and not more than can be read in time.

A candidate is a place where personal data may stand: a key, or a number that may be one of a
telephone. To judge one takes microseconds, however the text was written or encoded, and a
stranger can put one into every six characters. What stands behind the last that is judged counts
as personal data unread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alpines_privacy.redaction.kinds.shape import Bounds

__all__ = ["LEAST", "Candidates", "Crowded", "crowded", "most_documents"]

LEAST = 1 << 13  # characters: a shorter text cannot hold too many
_ALWAYS = 800  # candidates that any text may have
_EACH = 9  # characters for each more
_ALWAYS_DOCUMENTS, _EACH_DOCUMENT = 500, 6  # the same of documents


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
        self._left = _ALWAYS + size // _EACH
        self.unread: int | None = None

    def take(self, place: int) -> bool:
        """Tell whether one more is judged, which stands at a place."""
        if self._left:
            self._left -= 1
            return True
        self.stop(place)
        return False

    def stop(self, place: int) -> None:
        """Note that what stands from a place on is not judged."""
        if self.unread is None or place < self.unread:
            self.unread = place

    def of(self, cores: Iterable[Bounds]) -> Iterator[Bounds]:
        """Give those of the cores, which are in order, that are judged."""
        for core in cores:
            if not self.take(core[0]):
                return
            yield core
