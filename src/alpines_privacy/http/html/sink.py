"""Where the bytes go: out, through the filter of a text, or apart until a tag is whole."""

from __future__ import annotations

from alpines_privacy.http.html.decisions import HELD
from alpines_privacy.http.outcomes import Filter

__all__ = ["Outlet"]


class Outlet:
    """Sends the buffer on in runs as long as can be: a page without edits is never copied.

    What is before `_mark` in the buffer has been sent. The bytes of a tag that a chunk cuts are
    collected apart until it is whole; one longer than `HELD` is not.
    """

    __slots__ = ("_base", "_buf", "_content", "_mark", "_out", "_size", "_tag")

    def __init__(self) -> None:
        self._buf = b""
        self._base = 0  # the buffer's place in the stream
        self._mark = 0
        self._out: list[bytes] = []
        self._tag: list[bytes] | None = None
        self._size = 0  # of that tag
        self._content: Filter | None = None

    # -- One buffer after the other

    def begin(self, buf: bytes) -> None:
        """Take the next buffer."""
        self._buf = buf
        self._mark = 0
        self._out = []

    def end(self, upto: int) -> bytes:
        """Leave the buffer at `upto`; return all that can go."""
        self.send(upto)
        self._base += upto
        self._buf = b""
        return b"".join(self._out)

    def offset(self, at: int) -> int:
        """Return the place in the stream of a place in the buffer."""
        return self._base + at

    # -- Runs and pieces

    def send(self, upto: int) -> None:
        """Send the buffer up to here."""
        if upto > self._mark:
            piece = self._buf[self._mark : upto]
            self._out.append(self._content(piece, last=False) if self._content else piece)
            self._mark = upto

    def replace(self, upto: int, piece: bytes) -> None:
        """Send a piece in place of the buffer up to here."""
        self._mark = upto
        self._out.append(piece)

    # -- Text that is filtered

    def filter(self, content: Filter) -> None:
        """Send what follows through a filter, until its end."""
        self._content = content

    def filtered(self, text: bytes) -> bytes:
        """Return a whole text as the filter makes it."""
        return self._content(text, last=True) if self._content else text

    def pass_on(self, upto: int) -> None:
        """Send the buffer up to here past the filter."""
        content, self._content = self._content, None
        self.send(upto)
        self._content = content

    def drop_content(self) -> None:
        """Let what follows pass by the filter, which holds nothing."""
        self._content = None

    def end_content(self, at: int) -> None:
        """End the text that is filtered, if one is."""
        if self._content is not None:
            self.send(at)
            self._out.append(self._content(b"", last=True))
            self._content = None

    # -- A tag that chunks cut

    def collect(self) -> None:
        """Keep the buffer from here on apart: it is a tag."""
        self._tag = []
        self._size = 0

    def collected(self, upto: int) -> None:
        """Keep the tag's bytes up to here, if they are kept."""
        if self._tag is None:
            return
        self._tag.append(self._buf[self._mark : upto])
        self._size += upto - self._mark
        self._mark = upto
        if self._size > HELD:
            self.release_tag()

    def whole_tag(self) -> bytes | None:
        """Return the tag that was collected, None if it was too long."""
        parts, self._tag = self._tag, None
        return None if parts is None else b"".join(parts)

    def release_tag(self) -> None:
        """Send what was collected: it is too long, or will not be a whole tag."""
        parts, self._tag = self._tag, None
        self._out += parts or ()
