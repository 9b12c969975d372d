"""A request's head made of plain data, for tests of what lies below the adapters."""

from __future__ import annotations

from alpines_privacy.guard import Guard, Visit
from alpines_privacy.http.heads import Field, RequestHead, ResponseHead
from alpines_privacy.http.outcomes import Hold, Replace, Send

__all__ = ["PAGES_SAY", "Sent", "answered", "leaving"]

# What pages say beside `Vary` and `Tk`.
PAGES_SAY = {
    "permissions-policy",
    "referrer-policy",
    "x-dns-prefetch-control",
}


class Sent(RequestHead):
    """What a visitor sent; each field is a line of its own, as ASGI has them."""

    def __init__(
        self,
        *fields: Field,
        method: str = "GET",
        path: str = "/",
        query: str = "",
        mount: str = "",
        scheme: str = "http",
        peer: str = "127.0.0.1",
    ) -> None:
        super().__init__()
        self._fields = fields
        self._method, self._path, self._mount = method, path, mount
        self._scheme, self._peer, self._query = scheme, peer, query

    @property
    def method(self) -> str:
        return self._method

    @property
    def scheme(self) -> str:
        return self._scheme

    @property
    def path(self) -> str:
        return self._path

    @property
    def mount(self) -> str:
        return self._mount

    @property
    def query(self) -> str:
        return self._query

    @property
    def peer(self) -> str:
        return self._peer

    def values(self, name: str) -> list[str]:
        return [value for field, value in self._fields if field.lower() == name]


def leaving(visit: Visit, head: ResponseHead) -> Send | Replace:
    """Return what leaves for an app's head; if it is held, with a short page, all of it at once."""
    outcome = visit.response(head)
    return visit.settle(b"<p>page", last=True) if isinstance(outcome, Hold) else outcome


def answered(
    guard: Guard, request: Sent, fields: list[Field], status: int = 200, *, reads: bool = False
) -> ResponseHead:
    """Return the head that leaves for an app's; with `reads`, the app looked at the preference."""
    visit: Visit = guard.visit(request)
    try:
        if not visit.applies:
            return ResponseHead(status, fields)
        visit.request()
        if reads:
            _ = visit.privacy.opted_out
        outcome = leaving(visit, ResponseHead(status, fields))
        if isinstance(outcome, Replace):
            return ResponseHead(outcome.answer.status, outcome.answer.fields)
        return outcome.head
    finally:
        visit.end()
