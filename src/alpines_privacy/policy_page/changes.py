"""Account holders are told of a new version of the policy, by an event that the app connects to (policy §10)."""

from __future__ import annotations

from datetime import UTC, datetime

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.events import announce_change
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import Operator, PrivacyPolicy

__all__ = ["ChangeEvents"]


class ChangeEvents(Promise):
    """Sends `policy_changed` for each announced change, once in a process, after its first response."""

    def __init__(self, policy: PrivacyPolicy, operator: Operator) -> None:
        self._page = operator.page
        self._waiting = sorted(policy.changes, key=lambda change: change.date)

    def end(self, context: RequestContext) -> None:
        """Send what waits; by the first response the app has connected its receivers."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        today = datetime.now(UTC).date()
        for change in waiting:
            if today < change.announced_until:
                announce_change(context, change.date, change.summary, self._page)
