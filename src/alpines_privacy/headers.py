"""Which responses may differ between visitors, said so that caches keep them apart (policy §11).

A response could differ only if it carries `Set-Cookie`, is a page, or the app read `privacy`
while making it. Those say `Vary: DNT, Sec-GPC`, with a signal and without one, or a shared
cache replays one visitor's cookie to another. Everything else leaves as the app made it.
"""

from __future__ import annotations

from typing import ClassVar

from alpines_privacy.http.cache_control import signal_fields
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import HTML_TYPES, RequestHead, ResponseHead
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["Headers"]


class Headers(Promise):
    """Sets `Vary` where a response could differ, and `Tk: N` on pages for those who sent DNT."""

    part: ClassVar[str] = "headers"
    fields_read: ClassVar[frozenset[str]] = frozenset({"set-cookie"})

    def __init__(self, policy: PrivacyPolicy) -> None:
        self._vary = signal_fields(policy)

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Mark a response that could differ; runs before any promise edits the head."""
        page = head.is_html
        if not (
            page
            or context.read
            or "set-cookie" in head.names
            or (head.status == 304 and _revalidates_page(context.request, head))
        ):
            return
        if head.status >= 200:  # an interim response or an upgrade is not cached
            head.merge("vary", self._vary)
        if page and context.preference.dnt == "1" and _is_shown(context.request, head):
            head.append("tk", "N")


def _is_shown(request: RequestHead, head: ResponseHead) -> bool:
    """Whether a browser gets the page itself, and the app has not said `Tk` for it."""
    bodiless = head.status == 304 or request.method == "HEAD"
    return not bodiless and "tk" not in head.names


def _revalidates_page(request: RequestHead, head: ResponseHead) -> bool:
    """Whether a 304 that does not say what it stands for was asked for as a page."""
    if head.media_type:
        return False
    return any(
        media_type in value for value in request.values("accept") for media_type in HTML_TYPES
    )
