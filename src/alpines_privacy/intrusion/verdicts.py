"""Whether a login failed, by its response: status, redirect, or the login page once more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

from alpines_privacy.http.coding import beginning
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import ResponseHead, below_mount
from alpines_privacy.http.paths import PathSet
from alpines_privacy.policy import LoginRoute
from alpines_privacy.policy.signup_paths import expression_of, plain

__all__ = ["Verdict", "Verdicts", "asks_for_password"]

Verdict: TypeAlias = Literal["succeeded", "failed", "unknown", "page"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSWORD = re.compile(rb"""\btype\s*+=\s*+["']?+password\b""", re.IGNORECASE)


class Verdicts:
    """Reads the responses of one login route."""

    def __init__(self, route: LoginRoute, routes: Sequence[LoginRoute]) -> None:
        """`routes` are all login routes: a redirect to any of them is a failure."""
        self._failures = frozenset(route.failure_statuses)
        self._page_again = route.page_again
        self._logins = re.compile("|".join(expression_of(each.path) for each in routes))
        self._redirects = PathSet(route.failure_redirects)

    def of(self, context: RequestContext, head: ResponseHead) -> Verdict:
        """Return the verdict by a head; "page" if the page's content tells."""
        if head.status in self._failures:
            return "failed"
        if head.status in _REDIRECTS:
            return "failed" if self._leads_back(context, head) else "succeeded"
        if not 200 <= head.status <= 299:
            return "unknown"
        if not head.is_html:
            return "succeeded"
        return "page" if self._page_again else "unknown"

    def _leads_back(self, context: RequestContext, head: ResponseHead) -> bool:
        """Tell whether a redirect leads to a login page of this site, or to another sign of failure."""
        request = context.request
        try:
            target = urlsplit(urljoin(request.path, (head.values("location") or [""])[-1].strip()))
            host = target.hostname
        except ValueError:
            return False
        if host and host != context.client.host:
            return False
        paths = {target.path, below_mount(target.path, context.mount or request.mount)}
        return any(
            self._logins.fullmatch(plain(path)) or self._redirects.holds_path(path)
            for path in paths
        )


def asks_for_password(coding: str, first: bytes) -> bool:
    """Tell whether the first chunk of a page, in its Content-Encoding, has a password field."""
    shown = beginning(coding, first)
    return shown is not None and _PASSWORD.search(shown) is not None
