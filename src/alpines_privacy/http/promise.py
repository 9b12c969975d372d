"""`Promise`: the hooks by which a clause of the policy acts on a request and its response."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.outcomes import Answer, Examine, Replace, Rewrite, Wait, Watch

__all__ = ["Message", "Promise"]

# What carries fields beside the response's head: 103, trailers, HTTP/2 push.
Message: TypeAlias = Literal["early_hint", "trailers", "push"]


class Promise:
    """One clause, compiled once from a policy and shared by every request.

    The guard calls only the hooks a promise overrides. `part` is the name by which an app
    exempts a response from it (`privacy.exempt("cookies")`); `parts` are names of pieces
    that the promise itself leaves out.

    `pages` are the paths below the app's mount point that `page` answers. The guard has one table
    for all promises, so any other path costs one look-up. `below` are prefixes of further paths,
    asked after exact matches.

    A `request` hook that `precedes_pages` runs before those pages too.

    A promise that `reads_input` is about what visitors send: its `request` and `end` are called only
    for requests with a query or a body.

    `fields_read` are the fields (lower case) that it reads in plain responses: its `response` is
    called for a plain response only if that has one of them. None means every response. Plain is a
    response that is no page, 304 or 404, to a visitor without a signal, if the app has not read
    `privacy`. A plain response that no promise reads gets what the `plain` hooks add.
    """

    part: ClassVar[str] = ""
    precedes_pages: ClassVar[bool] = False
    parts: ClassVar[frozenset[str]] = frozenset()
    fields_read: ClassVar[frozenset[str] | None] = None
    reads_input: ClassVar[bool] = False
    pages: frozenset[str] = frozenset()
    below: tuple[str, ...] = ()

    def page(self, context: RequestContext) -> Answer | Examine | None:
        """Answer an HTTP request for one of `pages`, before all `request` hooks; None lets it pass."""

    def request(self, context: RequestContext) -> Answer | Examine | Watch | None:
        """Decide over a request's head: let it pass, answer it, examine its body first, or watch its body."""

    def response(
        self, context: RequestContext, head: ResponseHead
    ) -> Replace | Rewrite | Wait | None:
        """Edit a response's head, replace the response, rewrite its body, or wait for its first chunk."""

    def fill(self, context: RequestContext, head: ResponseHead) -> None:
        """Add optional fields as far as `head.room` allows, after all `response` hooks."""

    def plain(self, context: RequestContext, head: ResponseHead) -> None:
        """Add fields to a plain response for which no other hook is called."""

    def fields(self, context: RequestContext, message: Message, fields: list[Field]) -> list[Field]:
        """Return the fields of a message beside the response's head that may leave."""
        del context, message
        return fields

    def raised(self, context: RequestContext, error: BaseException) -> None:
        """Note an exception of the app's, which passes to the server unchanged."""

    def end(self, context: RequestContext) -> None:
        """Note that the response has left, or never will."""

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Decide after an exception in a hook: fail open (do nothing) or closed.

        `head` is None after an exception in `request` or in a judge.
        """
