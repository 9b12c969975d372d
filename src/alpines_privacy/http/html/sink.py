"""The sink of a rewriter: sends bytes out, filters text, collects a tag until it is whole."""

from __future__ import annotations

from alpines_privacy.http.html.decisions import HELD
from alpines_privacy.http.outcomes import Filter

__all__ = ["Sink"]


class Sink:
    """Sends the buffer on in the longest possible runs, so a page without edits is never copied.

    Bytes before `_sent` in the buffer have been sent. A tag cut by the end of a chunk is collected
    until it is whole, unless it is longer than `HELD`.
    """

    __slots__ = ("_base", "_buf", "_content", "_out", "_sent", "_size", "_tag")

    def __init__(self) -> None:
        self._buf = b""
        self._base = 0  # the buffer's place in the stream
        self._sent = 0
        self._out: list[bytes] = []
        self._tag: list[bytes] | None = None
        self._size = 0  # of the collected tag, in bytes
        self._content: Filter | None = None

    # -- One buffer after the other

    def begin(self, buf: bytes) -> None:
        """Take the next buffer."""
        self._buf = buf
        self._sent = 0
        self._out = []

    def end(self, upto: int) -> bytes:
        """Finish the buffer at `upto`; return the bytes to send."""
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
        if upto > self._sent:
            piece = self._buf[self._sent : upto]
            self._out.append(self._content(piece, last=False) if self._content else piece)
            self._sent = upto

    def replace(self, upto: int, piece: bytes) -> None:
        """Send a piece in place of the buffer up to here."""
        self._sent = upto
        self._out.append(piece)

    def add(self, piece: bytes) -> None:
        """Send a piece that stands for none of the buffer's bytes."""
        self._out.append(piece)

    # -- Text that is filtered

    def filter(self, content: Filter) -> None:
        """Send the text that follows through a filter, until `end_content`."""
        self._content = content

    def filtered(self, text: bytes) -> bytes:
        """Return a whole text after the filter."""
        return self._content(text, last=True) if self._content else text

    def pass_on(self, upto: int) -> None:
        """Send the buffer up to here without the filter."""
        content, self._content = self._content, None
        self.send(upto)
        self._content = content

    def drop_content(self) -> None:
        """Remove the filter, which holds no bytes."""
        self._content = None

    def end_content(self, at: int) -> None:
        """End the filtered text, if there is one, and send its rest."""
        if self._content is not None:
            self.send(at)
            self._out.append(self._content(b"", last=True))
            self._content = None

    # -- A tag across chunks

    def collect(self) -> None:
        """Collect the bytes that follow as one tag."""
        self._tag = []
        self._size = 0

    def collected(self, upto: int) -> None:
        """Collect the tag's bytes up to here, if it is collected."""
        if self._tag is None:
            return
        self._tag.append(self._buf[self._sent : upto])
        self._size += upto - self._sent
        self._sent = upto
        if self._size > HELD:
            self.release_tag()

    def whole_tag(self) -> bytes | None:
        """Return the tag that was collected, None if it was too long."""
        parts, self._tag = self._tag, None
        return None if parts is None else b"".join(parts)

    def release_tag(self) -> None:
        """Send the collected bytes: the tag is too long or never ends."""
        parts, self._tag = self._tag, None
        self._out += parts or ()
