"""Outcomes: what a visit returns to an adapter, and a promise to a visit.

A visit to an adapter:

    request  ->  Pass | Answer | NeedBody
    body     ->  More | Pass | Answer
    response ->  Send | Hold | Replace
    settle   ->  Send | Replace             (the first chunk of a held response)

A promise returns `Answer`, `Replace`, or a request with a callable in it (`Examine`, `Watch`, `Wait`,
`Rewrite`). State between calls lives in that callable, not in the promise, which all requests share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from alpines_privacy.http.heads import Field, RequestHead, ResponseHead

__all__ = [
    "HOLD",
    "MORE",
    "Answer",
    "Examine",
    "Filter",
    "Hold",
    "Judge",
    "More",
    "NeedBody",
    "Pass",
    "Replace",
    "Rewrite",
    "Send",
    "Settle",
    "Wait",
    "Watch",
    "Watcher",
    "whole_body",
]

Watcher: TypeAlias = "Callable[[bytes], None]"


class Pass:
    """The app gets the request, with the edits its `head` carries.

    `watch`, if not None, gets the body's bytes as the app reads them.
    """

    __slots__ = ("head", "watch")

    def __init__(self, head: RequestHead, watch: Watcher | None = None) -> None:
        self.head = head
        self.watch = watch


class Answer:
    """A whole response of ours, sent in place of the app's.

    If it `crosses`, pages of another origin may read it where they may read the app's responses.
    """

    __slots__ = ("body", "crosses", "fields", "status")

    def __init__(
        self, status: int, fields: list[Field], body: bytes = b"", *, crosses: bool = False
    ) -> None:
        self.status = status
        self.crosses = crosses
        # 204 has no content, and a length in 304 would be that of 200 (RFC 9110 §8.6).
        length = [] if status in {204, 304} else [("content-length", str(len(body)))]
        self.fields = [*fields, *length]
        self.body = body


class NeedBody:
    """The request's body is judged first; at most `limit` bytes of it are read."""

    __slots__ = ("limit",)

    def __init__(self, limit: int) -> None:
        self.limit = limit


class More:
    """The judge needs more of the body."""

    __slots__ = ()


MORE = More()


class Send:
    """The app's response goes out with this head; if it `rewrites`, its body goes through `chunk()`.

    If the head `is_unsized`, the server must not measure the app's body.
    """

    __slots__ = ("head", "rewrites")

    def __init__(self, head: ResponseHead, *, rewrites: bool = False) -> None:
        self.head = head
        self.rewrites = rewrites


class Hold:
    """The head waits for the first chunk of the body, never longer."""

    __slots__ = ()


HOLD = Hold()


class Replace:
    """The app's response is dropped, head and body, and the `answer` sent in its place."""

    __slots__ = ("answer",)

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class Judge(Protocol):
    """Reads a request's body as it arrives and decides whether the app may see it."""

    def __call__(self, data: bytes, *, more: bool) -> Answer | More | None:
        """Take the next bytes; answer, ask for more, or let the request pass (None)."""
        ...


def whole_body(decide: Callable[[bytes], Answer | None]) -> Judge:
    """Return a judge that collects the body and calls `decide` with all of it."""
    taken = bytearray()

    def judge(data: bytes, *, more: bool) -> Answer | More | None:
        if not more and not taken:  # it came in one piece
            return decide(data)
        taken.extend(data)
        return MORE if more else decide(bytes(taken))

    return judge


class Examine:
    """A promise wants the request's body judged, up to `limit` bytes of it.

    A longer body gets `beyond`, or what that returns; with None it passes unjudged. If it `blocks`,
    its judge may wait for a server: an adapter on an event loop runs this visit's next decisions in
    threads.
    """

    __slots__ = ("beyond", "blocks", "judge", "limit")

    def __init__(
        self,
        limit: int,
        judge: Judge,
        beyond: Answer | Callable[[], Answer] | None = None,
        *,
        blocks: bool = False,
    ) -> None:
        self.limit = limit
        self.judge = judge
        self.beyond = beyond
        self.blocks = blocks


class Watch:
    """A promise wants to see the request's body as the app reads it, without changes or delay."""

    __slots__ = ("watcher",)

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher


class Filter(Protocol):
    """Rewrites a response's body as it streams by."""

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        """Take the next bytes and return what can leave now; with `last`, all that is left."""
        ...


class Rewrite:
    """A promise wants the response's bytes to go through a filter of its own.

    `length` is how many bytes come out, where that is known.
    """

    __slots__ = ("filter", "length")

    def __init__(self, body_filter: Filter, *, length: int | None = None) -> None:
        self.filter = body_filter
        self.length = length


Settle: TypeAlias = "Callable[[bytes, bool], Replace | Rewrite | None]"


class Wait:
    """A promise wants to see the first chunk before the head leaves.

    `settle` gets that chunk and whether it is the whole body, and may still edit the head.
    """

    __slots__ = ("settle",)

    def __init__(self, settle: Settle) -> None:
        self.settle = settle
