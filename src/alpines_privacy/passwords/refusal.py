"""The promise of refusals, where the policy asks for them: a weak password is answered 422 before the app sees it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import ClassVar

from alpines_privacy.http import own_page
from alpines_privacy.http.body import read_fields
from alpines_privacy.http.content_type import Unreadable, content_type_of
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.field_errors import about_fields
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.methods import has_method
from alpines_privacy.http.outcomes import Answer, Examine, whole_body
from alpines_privacy.http.promise import Promise
from alpines_privacy.passwords.strength import MOST_INPUTS, Strength
from alpines_privacy.policy import Passwords

__all__ = ["WeakPasswords"]

_MOST_CHOSEN = 4  # passwords of one form that are judged: each takes milliseconds
_LARGEST = 65_536  # bytes of a form that is judged; a longer one passes
_CHANGING = frozenset({"POST", "PUT", "PATCH"})
_TOO_MANY = own_page.plain(422, "The form held too many passwords. Nothing was changed.")
_STYLE = own_page.STYLE + "\na { color: var(--accent); }\n.back { margin-top: 1.75rem; }\n"


class WeakPasswords(Promise):
    """Judges the declared fields of what is sent to where passwords are chosen."""

    part: ClassVar[str] = "passwords"

    def __init__(
        self, rule: Passwords, strength: Strength, is_chosen: Callable[[RequestHead], bool]
    ) -> None:
        self._rule = rule
        self._names = frozenset(rule.fields)
        self._strength = strength
        self._is_chosen = is_chosen

    def request(self, context: RequestContext) -> Examine | None:
        """Ask for the body where a password is chosen."""
        request = context.request
        if not self._is_chosen(request) or not has_method(request, _CHANGING):
            return None
        return Examine(_LARGEST, whole_body(partial(self._judged, context)))

    def failed(self, context: RequestContext, head: object) -> None:
        """Let the request pass (fail open): the app decides about its own passwords."""

    def _judged(self, context: RequestContext, body: bytes) -> Answer | None:
        """Refuse a form with a weak password; pass what cannot be read, or holds no declared field."""
        chosen: dict[str, list[str]] = {}  # names by passwords
        others: list[str] = []
        try:
            for name, value in read_fields(content_type_of(context.request), body):
                if name in self._names and value:
                    chosen.setdefault(value, []).append(name)
                elif name not in self._names and len(others) < MOST_INPUTS:
                    others.append(value)
                if len(chosen) > _MOST_CHOSEN:
                    return _TOO_MANY
        except Unreadable:
            return None
        own = [*others, *context.client.host.split(".")]
        weak = {
            name: advice.text
            for value, names in chosen.items()
            if not (advice := self._strength.advise(value, own)).enough
            for name in names
        }
        return self._refused(context.request, weak) if weak else None

    def _refused(self, request: RequestHead, weak: dict[str, str]) -> Answer:
        rule, text = self._rule, next(iter(weak.values()))
        if own_page.wants_problem(request):
            return own_page.crossing(about_fields(request, 422, text, list(weak)))
        said = "".join(f"<p>{escape(each)}</p>" for each in (text, rule.refused))
        title = escape(rule.refused_title)
        link = f'<p class="back"><a href="">{escape(rule.back)}</a></p>'
        html = own_page.shell(rule.refused_title, f"<h1>{title}</h1>{said}{link}", _STYLE)
        return own_page.crossing(own_page.page(422, html))
