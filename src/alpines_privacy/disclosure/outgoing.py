"""The promise about disclosure: judges what the process sends elsewhere while a request lasts (policy §8)."""

from __future__ import annotations

import sys
from typing import ClassVar

from alpines_privacy.disclosure.clients import unwrap_clients, wrap_clients
from alpines_privacy.disclosure.connections import unwatch, watch
from alpines_privacy.disclosure.judge import IsPersonal, Judge, Tracker
from alpines_privacy.disclosure.under_way import begin
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import ResponseHead, field_name
from alpines_privacy.http.outcomes import Watch
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.submission import submitted
from alpines_privacy.policy import Disclosure, PrivacyPolicy

__all__ = ["Outgoing"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Outgoing(Promise):
    """Reports or refuses connections and addresses; reports or strips personal data in redirects."""

    part: ClassVar[str] = "disclosure"
    fields_read = frozenset({"location"})

    def __init__(
        self, policy: PrivacyPolicy, disclosure: Disclosure, tracker: Tracker, personal: IsPersonal
    ) -> None:
        """`tracker` tells whose tracker a host is, `personal` whether a text holds the visitor's data."""
        self._judge = Judge(policy, disclosure, tracker, personal)
        self._logs_see = policy.logs != "off"  # the promise of logs keeps what the visitor sends
        self._modules = 0
        if policy.mode != "off":
            begin(self._judge, _end)
            if disclosure.connections != "off":
                watch()

    def request(self, context: RequestContext) -> Watch | None:
        """Judge what this request's code sends; see what the visitor sends, as the app reads it."""
        if len(sys.modules) != self._modules:  # some client may have been imported
            self._modules = len(sys.modules)
            wrap_clients()
        context.outgoing = self._judge
        if self._logs_see and context.runtime.enforces:
            return None
        return submitted(context)

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Judge a redirect to another site."""
        if head.status not in _REDIRECTS or "location" not in head.names:
            return
        location = head.values("location")[-1]
        left = self._judge.without_personal(location, context)
        if left != location:
            others = [field for field in head.fields if field_name(field[0]) != "location"]
            head.replace([*others, ("location", left)])

    def end(self, context: RequestContext) -> None:
        """Forget what the visitor sent."""
        context.submission = None


def _end() -> None:
    """Leave the process as it was, but for the audit hook, which nothing can remove."""
    unwatch()
    unwrap_clients()
