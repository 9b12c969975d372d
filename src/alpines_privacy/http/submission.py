"""The submission: a request's form or JSON body, kept while the request lasts."""

from __future__ import annotations

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import RequestHead, media_type
from alpines_privacy.http.outcomes import Watch

__all__ = ["Submission", "content_length", "fields_type", "submitted"]

_MOST = 65536  # bytes: forms are smaller, longer bodies are documents
_LONGEST_NUMBER = 18  # digits
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


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


def submitted(context: RequestContext) -> Watch | None:
    """Keep the request's form or JSON from now on; None for another body, or one that is kept already."""
    if context.submission is not None or (kind := fields_type(context.request)) is None:
        return None
    context.submission = Submission(kind)
    return Watch(context.submission.take)


def fields_type(request: RequestHead) -> str | None:
    """Return the Content-Type of a request with a form or JSON; None for all others."""
    types = request.values("content-type")
    if not types:
        return None
    kind = media_type(types[0])
    return types[0] if kind in _FORMS or kind.endswith(("/json", "+json")) else None


def content_length(head: RequestHead) -> int:
    """Return the body's length in bytes by its head, 0 where none is given."""
    lengths = [v for v in head.values("content-length") if v.isascii() and v.isdecimal()]
    return max((int(length[:_LONGEST_NUMBER]) for length in lengths), default=0)
