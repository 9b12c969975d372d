"""The promise that personal data is collected as declared: the rest is reported, or refused (policy §1-§5).

A report is a WARNING, once for each route, with the names and kinds of the fields and never a
value. With `strict` the answer is 422, before the app has seen any of the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from alpines_privacy.collected.fields import KindOfValue, PersonalFields
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import ResponseHead, media_type
from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.http.loose_body import find_fields
from alpines_privacy.http.outcomes import Answer, Examine, Watch, whole_body
from alpines_privacy.http.own_page import refusal
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.route_shapes import FirstTimes, route_of, shape_of
from alpines_privacy.http.seen import Seen
from alpines_privacy.http.submission import content_length, fields_type, submitted
from alpines_privacy.policy import Logs, PrivacyPolicy

__all__ = ["Collections", "KindOfValue", "StrictCollections", "collections_for"]

_LARGEST = 1_000_000  # bytes of a body that is examined; a larger one passes
_LONGEST_VALUE = 3072  # bytes of a value that is read, escapes and all
_FORM = "application/x-www-form-urlencoded"
_PLAIN_NAME = re.compile(r"[a-z_.*-]{1,40}")
_DIGITS = re.compile(r"[0-9]+")
_MOST_SHOWN = 8

_TITLE = "We do not take this data"
_DETAIL = "The form holds personal data that this site has not declared. Nothing was saved."
_SENT = (
    "%s: personal data that no [[collections]] declares was %s: %s. Declare the path with fields, "
    "purpose and retention, or stop asking for it; a field that holds none is named in safe_keys in "
    "[logs] (docs/collections.md)."
)
_OVER = "No further route with undeclared personal data is told of%s."


def collections_for(policy: PrivacyPolicy, kind_of_value: KindOfValue) -> list[Promise]:
    """Return the promise of a policy: none where nothing is declared, and nothing is to be written down."""
    if policy.strict:
        return [StrictCollections(policy, kind_of_value)]
    if policy.collections or Seen.asked().is_kept:
        return [Collections(policy, kind_of_value)]
    return []


class Collections(Promise):
    """Reports personal data that the app has read and that no collection declares."""

    part: ClassVar[str] = "collections"
    reads_input: ClassVar[bool] = True

    def __init__(self, policy: PrivacyPolicy, kind_of_value: KindOfValue) -> None:
        names = KeyNames(policy.logs if isinstance(policy.logs, Logs) else Logs())
        self._fields = PersonalFields(policy, names, kind_of_value)
        self._routes = FirstTimes()

    def request(self, context: RequestContext) -> Answer | Examine | Watch | None:
        """Watch a form or JSON as the app reads it."""
        return submitted(context)

    def end(self, context: RequestContext) -> None:
        """Report what the app has read, unless it knows no such path."""
        submission, query = context.submission, context.request.raw_query
        if (submission is None and b"=" not in query) or context.is_missing:
            return
        if self.part in context.exempted or self._routes.are_over:
            return
        found = self.undeclared(context, _FORM, query)
        if submission is not None:
            found |= self.undeclared(context, submission.content_type, submission.body)
        self.report(context, found, "sent to the site")

    def undeclared(self, context: RequestContext, kind: str, body: bytes) -> dict[str, str]:
        """Return the kinds of undeclared personal fields in a body of this type, by their names."""
        if not body:
            return {}
        is_form = not media_type(kind).endswith("json")
        declared = self._fields.declared(context.request)
        fields = find_fields(kind, body, _LONGEST_VALUE)
        return self._fields.undeclared(fields, declared, is_form=is_form)

    def report(self, context: RequestContext, found: Mapping[str, str], how: str) -> None:
        """Tell of a route once, without any value."""
        if not found or not self._routes.take(route := route_of(context.request)):
            return
        runtime, place = context.runtime, shape_of(context.request.path)
        runtime.notices.once(_SENT, route, how, _listed(found))
        for name, kind in found.items():
            runtime.seen.note("collection", place, field=name, kind=kind)
        if self._routes.are_over:
            runtime.notices.once(_OVER, "")


class StrictCollections(Collections):
    """Refuses undeclared personal data before the app sees any of it."""

    def request(self, context: RequestContext) -> Answer | Examine | Watch | None:
        """Examine a query, and a form or JSON; one that is too large to be kept is watched."""
        request = context.request
        if found := self.undeclared(context, _FORM, request.raw_query):
            return self._refused(context, found)
        kind = fields_type(request)
        if kind is None or request.kind != "http":
            return None
        if content_length(request) > _LARGEST:
            return submitted(context)

        def decide(body: bytes) -> Answer | None:
            found = self.undeclared(context, kind, body)
            return self._refused(context, found) if found else None

        return Examine(_LARGEST, whole_body(decide))

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Fail closed: a form that could not be judged does not reach the app."""
        return refusal(context.request, 422, _TITLE, _DETAIL) if head is None else None

    def _refused(self, context: RequestContext, found: Mapping[str, str]) -> Answer:
        self.report(context, found, "refused")
        return refusal(context.request, 422, _TITLE, _DETAIL)


def _listed(found: Mapping[str, str]) -> str:
    """Return names and kinds; of a name that may hold a value only the kind."""
    shown = [
        f"{name} ({kind})" if _PLAIN_NAME.fullmatch(name) else kind
        for name, kind in ((_DIGITS.sub("*", name), kind) for name, kind in found.items())
    ]
    return ", ".join(dict.fromkeys(shown[:_MOST_SHOWN]))
