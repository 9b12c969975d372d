"""The submission: a request's form or JSON body, kept while the request lasts."""

from __future__ import annotations

from alpines_privacy.http.heads import RequestHead, media_type

__all__ = ["Submission", "submission_of"]

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

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


def submission_of(request: RequestHead) -> Submission | None:
    """Return the submission of a request, empty still; None if its body is no form and no JSON."""
    types = request.values("content-type")
    kind = media_type(types[0]) if types else ""
    has_fields = kind in _FORMS or kind.endswith(("/json", "+json"))
    return Submission(types[0]) if has_fields else None
