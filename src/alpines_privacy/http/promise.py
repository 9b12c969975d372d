"""The shape of a promise: what a clause of the policy may do with a request and its response."""

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
    exempts a response from it (`privacy.exempt("cookies")`); `parts` are names of such pieces of
    it as it leaves out itself.

    `pages` are the paths below the app's mount point that it answers itself. Those of all promises
    are one table in the guard, so another path costs one look-up, however many there are. `below` are
    the beginnings of paths of which `page` is asked too, where no promise has the very path.

    `fields_read` names the fields (lower case) for which it wants to see a plain response: none of a
    page, no 304 or 404, to a visitor without a signal, from an app that did not read `privacy`.
    None is for any response.
    """

    part: ClassVar[str] = ""
    parts: ClassVar[frozenset[str]] = frozenset()
    fields_read: ClassVar[frozenset[str] | None] = None
    pages: frozenset[str] = frozenset()
    below: tuple[str, ...] = ()

    def page(self, context: RequestContext) -> Answer | Examine | None:
        """Answer an HTTP request for one of `pages`, before any promise is asked; None lets it pass."""

    def request(self, context: RequestContext) -> Answer | Examine | Watch | None:
        """Look at a request's head: let it pass, answer it, or ask for its body, before the app or as it reads."""

    def response(
        self, context: RequestContext, head: ResponseHead
    ) -> Replace | Rewrite | Wait | None:
        """Look at a response's head and edit it, or ask for more than that."""

    def fill(self, context: RequestContext, head: ResponseHead) -> None:
        """Add what can wait for another response, as far as `head.room` allows; every promise has had its say."""

    def fields(self, context: RequestContext, message: Message, fields: list[Field]) -> list[Field]:
        """Return the fields of a message beside the response's head that may leave."""
        del context, message
        return fields

    def raised(self, context: RequestContext, error: BaseException) -> None:
        """Note an exception of the app's on its way to the server, which gets the very same."""

    def end(self, context: RequestContext) -> None:
        """Note that the response has left, or never will."""

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Decide for a hook that raised: which way this clause fails.

        `head` is None when it was `request` or a judge. Doing nothing fails open.
        """
