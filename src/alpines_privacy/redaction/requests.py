"""The promise of logs: for each request it keeps the values that no log may show."""

from __future__ import annotations

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.outcomes import Watch
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.submission import submitted
from alpines_privacy.redaction.exporters import unhooked
from alpines_privacy.redaction.logs.installed import outside
from alpines_privacy.redaction.logs.submitted import current_requests, failed

__all__ = ["VisitorsInLogs"]


class VisitorsInLogs(Promise):
    """Notes the current request, and copies forms and JSON as the app reads them; a log record reads the copy."""

    def __init__(self) -> None:
        self._has_looked = False

    def request(self, context: RequestContext) -> Watch | None:
        """Note the request; watch its body if it is a form or JSON."""
        current_requests.add(context)
        if (
            not self._has_looked
        ):  # exporters that an app sets up after `protect()` are there by the first request
            self._has_looked = True
            self._warn(context)
        return submitted(context) if context.brings_input else None

    def _warn(self, context: RequestContext) -> None:
        for sentence in unhooked():
            context.runtime.notices.once("%s", sentence)

    def raised(self, context: RequestContext, error: BaseException) -> None:
        """Keep hiding the visitor's values: the server logs the exception after the request."""
        del error
        failed.add(context, outside().redactor)

    def end(self, context: RequestContext) -> None:
        """Forget the visitor."""
        current_requests.discard(context)
        context.submission = context.known_values = None
