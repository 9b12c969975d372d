"""Where the bytes go: out, into the element that is held, or nowhere."""

from __future__ import annotations

from alpines_privacy.http.html.containers import Container, Place
from alpines_privacy.http.html.decisions import HELD, Decision, Hold, Remove

__all__ = ["Outlet"]


class Outlet:
    """Sends the buffer on in runs as long as can be: a page without edits is never copied.

    `mark` is the place in the buffer up to which everything has been sent. The bytes of a tag
    that a chunk cuts are collected apart until it is whole; one of more than 64 KB is not.
    """

    __slots__ = ("_base", "_buf", "_dropping", "_mark", "_out", "_size", "_tag", "container")

    def __init__(self) -> None:
        self._buf = b""
        self._base = 0  # the buffer's place in the stream
        self._mark = 0
        self._out: list[bytes] = []
        self._tag: list[bytes] | None = None
        self._size = 0  # of that tag
        self._dropping = False  # the end tag of text that was removed
        self.container: Container | None = None

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

    def finish(self, upto: int) -> bytes:
        """Leave the last buffer; return all that is left."""
        self.abandon(upto)
        return b"".join(self._out)

    # -- Runs and pieces

    def send(self, upto: int) -> None:
        """Send the buffer up to here."""
        if upto > self._mark:
            self._put(self._buf[self._mark : upto])
            self._mark = upto

    def replace(self, upto: int, piece: bytes) -> None:
        """Send a piece in place of the buffer up to here."""
        self._mark = upto
        self._put(piece)

    def _put(self, piece: bytes) -> None:
        container = self.container
        if container is not None:
            if not container.keep(piece):
                self._pass(container)
        elif not self._dropping:
            self._out.append(piece)

    def _pass(self, container: Container) -> None:
        self.container = None
        self._out += container.tag, *(container.held or ())

    def offset(self, at: int) -> int:
        """Return the place in the stream of a place in the buffer."""
        return self._base + at

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
        for part in parts or ():
            self._put(part)

    # -- Elements kept back

    def decided(self, decision: Decision, element: Container, *, empty: bool) -> bytes:
        """Return what goes in place of a start tag, and keep back what follows where that is asked."""
        if decision is None or isinstance(decision, bytes):
            return element.tag if decision is None else decision
        if isinstance(decision, Hold):
            if empty:
                return element.tag
            element.hold(decision.judge, decision.limit)
        elif empty or (decision is Remove.TAG and not element.is_text):
            return b""
        self.container = element
        return b""

    def placed(self, place: Place, start: int) -> bool:
        """End the container where a tag says so; return whether the tag goes with it."""
        container = self.container
        if container is None:
            return False
        if self._base + start - container.start > container.limit:
            place = Place.AFTER
        if place is Place.INSIDE:
            return False
        self.send(start)
        return self.close() and place is Place.LAST

    def text_ended(self, at: int) -> bool:
        """Raw text ends here; return whether its end tag is to be dropped, which `resume` ends."""
        if self.container is None or not self.container.is_text:
            return False
        self.send(at)
        self._dropping = self.close()
        return self._dropping

    def resume(self, at: int) -> None:
        """Let bytes through again after what was dropped."""
        if self._dropping:
            self.send(at)
            self._dropping = False

    def abandon(self, at: int) -> None:
        """Everything that is open ends here."""
        self.release_tag()
        self.send(at)
        self.resume(at)
        self.close()

    def close(self) -> bool:
        """End the container, if there is one; return whether it has been removed."""
        container, self.container = self.container, None
        if container is None:
            return False
        verdict = container.judged()
        if isinstance(verdict, Remove):
            return True
        self._out += verdict
        return False
