"""What a visitor submits in a request's body, kept for as long as the request lasts."""

from __future__ import annotations

__all__ = ["Submission"]

_MOST = 65536  # bytes: forms are smaller, and what lies beyond is a document


class Submission:
    """The beginning of a form or JSON body, taken as the app reads it and read when it is asked for."""

    __slots__ = ("_chunks", "content_type", "size")

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self.size = 0
        self._chunks: list[bytes] = []

    def take(self, data: bytes) -> None:
        """Take the next bytes the app has read; beyond 64 KB nothing is kept."""
        if (left := _MOST - self.size) > 0:
            kept = data if len(data) <= left else data[:left]
            self._chunks.append(kept)
            self.size += len(kept)

    @property
    def body(self) -> bytes:
        """The bytes taken so far."""
        return b"".join(self._chunks)
