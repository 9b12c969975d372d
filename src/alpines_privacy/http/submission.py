"""The submission: a request's form or JSON body, kept while the request lasts."""

from __future__ import annotations

__all__ = ["Submission"]

_MOST = 65536  # bytes: forms are smaller, longer bodies are documents


class Submission:
    """The beginning of a form or JSON body, copied as the app reads it."""

    __slots__ = ("_chunks", "content_type", "size")

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self.size = 0
        self._chunks: list[bytes] = []

    def take(self, data: bytes) -> None:
        """Keep the next bytes that the app has read, up to 64 KB in all."""
        if (left := _MOST - self.size) > 0:
            kept = data if len(data) <= left else data[:left]
            self._chunks.append(kept)
            self.size += len(kept)

    @property
    def body(self) -> bytes:
        """The bytes taken so far."""
        return b"".join(self._chunks)
