"""The promise that the site takes no payment data: it is reported, or refused (policy §6).

A report is a WARNING, once for each route, with the name of the field and never a value. `"refuse"`
answers 422 before the app has seen any of the body. Requests to `payment_callbacks`, which a
gateway calls, are left alone.
"""

from __future__ import annotations

import re
from typing import ClassVar

from alpines_privacy.http.body import Fields
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import RequestHead, ResponseHead, media_type
from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.http.loose_body import find_fields
from alpines_privacy.http.outcomes import Answer, Examine, Watch, whole_body
from alpines_privacy.http.own_page import refusal
from alpines_privacy.http.paths import PathSet
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.route_shapes import FirstTimes, route_of, shape_of
from alpines_privacy.http.submission import content_length, fields_type, submitted
from alpines_privacy.payments.fields import Finding, PaymentFields, may_hold_payment_data
from alpines_privacy.payments.pages import CardForms
from alpines_privacy.policy import Logs, PrivacyPolicy

__all__ = ["Payments", "RefusedPayments", "payments_for"]

_LARGEST = 1_000_000  # bytes of a body that is examined; a larger one passes
_LONGEST_VALUE = 8192  # bytes of a value that is read: JSON within a field, a number in escapes
_SHORTEST_QUERY = 7  # characters: cvv=123
_MOST_DOCUMENTS = 16  # of JSON in one body's fields; each is read on its own
_JSON_TYPE = "application/json"
_FORM_TYPE = "application/x-www-form-urlencoded"  # as a query is read
_PLAIN_NAME = re.compile(r"[A-Za-z_.\[\]*-]{1,64}")
_DIGITS = re.compile(r"[0-9]+")
_JSON_BEGINS = frozenset("{[")

_TITLE = "We do not take card data here"
_DETAIL = (
    "Card numbers and security codes are not accepted by this site. Nothing was saved. "
    "Please enter them on the page of the payment service."
)
_SENT = (
    "%s: %s was %s%s. The policy says that the site itself takes no payment data (§6): let the gateway's "
    "page or fields take it. A gateway that calls this path is declared with payment_callbacks, "
    "a field that is none with safe_keys in [logs] (docs/payments.md)."
)
_FORM = (
    'The page at %s has a form with autocomplete="%s" that sends to the site itself. The policy says '
    "that the site takes no payment data (§6): let the gateway's page or fields take it (docs/payments.md)."
)
_OVER = "No further route with payment data is told of%s."


def payments_for(policy: PrivacyPolicy) -> list[Promise]:
    """Return the promise of a policy: none where `payments` is `"off"`."""
    if policy.payments == "off":
        return []
    return [RefusedPayments(policy) if policy.payments == "refuse" else Payments(policy)]


class Payments(Promise):
    """Reports payment data that the app has read, and pages that ask for it."""

    part: ClassVar[str] = "payments"
    fields_read: ClassVar[frozenset[str]] = frozenset()
    reads_input: ClassVar[bool] = True

    def __init__(self, policy: PrivacyPolicy) -> None:
        names = KeyNames(policy.logs if isinstance(policy.logs, Logs) else Logs())
        self._fields = PaymentFields(names)
        self._callbacks = PathSet(policy.payment_callbacks)
        self._logs_see = policy.logs != "off"  # the promise of logs keeps what the visitor sends
        self._routes = FirstTimes()
        self._pages = FirstTimes()

    def request(self, context: RequestContext) -> Answer | Examine | Watch | None:
        """Watch a form or JSON as the app reads it, unless the promise of logs does."""
        return None if self._logs_see and context.runtime.enforces else submitted(context)

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Watch a page for forms that send cards to the site; nearly none has any, so nothing is worked out yet."""
        if not head.is_html or self._pages.are_over:
            return
        # Not the context: it holds the watcher.
        request, runtime, routes = context.request, context.runtime, self._pages
        arrived = context.arrived

        def host() -> str:
            return runtime.proxies.client(request, arrived).host

        def tell(token: str) -> None:
            route = shape_of(request.path)
            if routes.take(route):
                runtime.notices.once(_FORM, route, token)

        context.page_watchers += (CardForms(host, tell),)

    def end(self, context: RequestContext) -> None:
        """Report what the app has read, unless it knows no such path."""
        submission, query = context.submission, context.request.raw_query
        if submission is None and len(query) < _SHORTEST_QUERY:
            return
        if context.is_missing or self._routes.are_over or self._is_left_alone(context):
            return
        if submission is not None and (body := submission.body):
            self._report(context, self.found(submission.content_type, body), "sent to the site")
        self._report(context, self.found_in_query(query), "sent to the site", " (query)")

    def found(self, content_type: str, body: bytes) -> Finding | None:
        """Return the payment data in a body, if it has any."""
        if not may_hold_payment_data(body):
            return None
        fields = find_fields(content_type, body, _LONGEST_VALUE)
        return self._fields.find(_with_members(fields))

    def found_in_query(self, query: bytes) -> Finding | None:
        """Return the payment data in a query, undecoded, if it has any."""
        return self.found(_FORM_TYPE, query) if len(query) >= _SHORTEST_QUERY else None

    def _is_left_alone(self, context: RequestContext) -> bool:
        return self.part in context.exempted or (
            self._callbacks.any and self._callbacks.holds(context.request)
        )

    def _report(
        self, context: RequestContext, finding: Finding | None, how: str, where: str = ""
    ) -> None:
        """Tell of a route once, without any value."""
        if finding is None:
            return
        route = route_of(context.request)
        if not self._routes.take(route):
            return
        name = _DIGITS.sub("*", finding.name)  # those of a list's places, or of a value
        shown = f' in the field "{name}"' if _PLAIN_NAME.fullmatch(name) else ""
        context.runtime.notices.once(_SENT, route + where, finding.what, how, shown)
        if self._routes.are_over:
            context.runtime.notices.once(_OVER, "")


class RefusedPayments(Payments):
    """Refuses payment data before the app sees any of it."""

    def request(self, context: RequestContext) -> Answer | Examine | Watch | None:
        """Examine a query, and a form or JSON; one that is too large to be kept is watched."""
        request = context.request
        if self._is_left_alone(context):
            return None
        if (finding := self.found_in_query(request.raw_query)) is not None:
            return self._refused(context, finding, " (query)")
        kind = fields_type(request) or _untyped(request)
        if kind is None or request.kind != "http":
            return None
        if content_length(request) > _LARGEST:
            return submitted(context)

        def decide(body: bytes) -> Answer | None:
            finding = self.found(kind, body)
            return finding and self._refused(context, finding)

        return Examine(_LARGEST, whole_body(decide))

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Fail closed: a form that could not be judged does not reach the app."""
        return _refusal(context.request) if head is None else None

    def _refused(self, context: RequestContext, finding: Finding, where: str = "") -> Answer:
        self._report(context, finding, "refused", where)
        return _refusal(context.request)


def _with_members(fields: Fields) -> Fields:
    """Yield fields, and after each the members of the JSON that its value is, as clients send beside files."""
    left = _MOST_DOCUMENTS
    for field in fields:
        yield field
        if left and field[1].lstrip()[:1] in _JSON_BEGINS:
            left -= 1
            yield from find_fields(_JSON_TYPE, field[1].encode(errors="replace"), _LONGEST_VALUE)


def _untyped(request: RequestHead) -> str | None:
    """Return the type of a body that says nothing of its format, and that apps read as a form or JSON; else None."""
    types = request.values("content-type")
    if not types:  # FastAPI reads JSON
        has_body = content_length(request) > 0 or request.values("transfer-encoding")
        return "" if has_body or request.needs_no_length else None
    return types[0] if media_type(types[0]) == "text/plain" else None  # what sendBeacon() sends


def _refusal(request: RequestHead) -> Answer:
    return refusal(request, 422, _TITLE, _DETAIL)
