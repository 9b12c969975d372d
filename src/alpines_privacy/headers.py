"""`Vary` and `Tk`: caches keep responses apart that may differ between visitors (policy §11).

A response can differ only if it has `Set-Cookie`, is a page, or the app read `privacy` for it. Such
responses get `Vary: DNT, Sec-GPC`, with a signal and without one; otherwise a shared cache would
replay one visitor's cookie to another. All others leave as the app made them.
"""

from __future__ import annotations

from typing import ClassVar

from alpines_privacy.http.cache_control import signal_fields
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import HTML_TYPES, RequestHead, ResponseHead
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.claims import NOTHING_KNOWN, Claims

__all__ = ["Headers"]


class Headers(Promise):
    """Sets `Vary` on responses that can differ, and `Tk` on pages for visitors who sent DNT.

    `Tk` says `N`, or `!` ("under construction": nothing is claimed) where the policy is known not to
    be kept (TPE §6.2.1, §6.2.2).
    """

    part: ClassVar[str] = "headers"
    fields_read: ClassVar[frozenset[str]] = frozenset({"set-cookie"})

    def __init__(self, policy: PrivacyPolicy, claims: Claims = NOTHING_KNOWN) -> None:
        self._tk = "N" if claims.signals_hold else "!"
        self._vary = signal_fields(policy)

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Mark a response that can differ; runs before any promise edits the head."""
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
            head.append("tk", self._tk)


def _is_shown(request: RequestHead, head: ResponseHead) -> bool:
    """Whether a browser gets the page itself, and the app has not set `Tk`."""
    bodiless = head.status == 304 or request.method == "HEAD"
    return not bodiless and "tk" not in head.names


def _revalidates_page(request: RequestHead, head: ResponseHead) -> bool:
    """Whether a 304 without a Content-Type answers a request for a page."""
    if head.media_type:
        return False
    return any(
        media_type in value for value in request.values("accept") for media_type in HTML_TYPES
    )
