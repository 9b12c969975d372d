"""A visitor's own choice on this site, for people whose browser sends no signal.

One cookie, the same for everybody who chose the same, without an identifier: its value is the
choice and a signature. All valid values are made at start-up, so reading it is one look-up.
It is set only in answer to the visitor's own act (a form of this origin), never under a signal.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import parse_qs

from itsdangerous import Signer

from alpines_privacy.http.cache_control import signal_fields
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import Field, RequestHead
from alpines_privacy.http.outcomes import Answer, Examine, whole_body
from alpines_privacy.http.own_cookie import cookie_line, cookie_values
from alpines_privacy.http.own_page import is_from_here, not_allowed, page, plain
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import PrivacyPolicy, SecretKeys
from alpines_privacy.policy.own import CHOICE
from alpines_privacy.preference.page import render

__all__ = ["ChoicePage", "StoredChoice"]

COOKIE = CHOICE.name
_SALT = "alpines-privacy.choice"
_LARGEST_FORM = 1024

# The values of the form and of the cookie, and whether each is an opt-out.
CHOICES = {"opt-out": True, "allow": False}


class StoredChoice:
    """The signed cookie values of a choice, under each of the site's keys."""

    def __init__(self, keys: SecretKeys) -> None:
        signers = [Signer(key, salt=_SALT) for key in keys]
        self.signed = {choice: signers[0].sign(choice).decode() for choice in CHOICES}
        self._known = {
            signer.sign(choice).decode(): opted_out
            for signer in signers
            for choice, opted_out in CHOICES.items()
        }

    def read(self, head: RequestHead) -> bool | None:
        """Return True for a stored opt-out, False for a stored opt-in, None for neither.

        Of two cookies that contradict each other (http and https, old and new) an opt-out counts.
        """
        found = {self._known.get(value) for value in cookie_values(head, COOKIE)} - {None}
        return max(found, default=None)  # type: ignore[type-var]  # None is subtracted


class ChoicePage(Promise):
    """Serves the page at `<endpoint>preference` and takes its form."""

    def __init__(self, policy: PrivacyPolicy, choices: StoredChoice) -> None:
        self._path = policy.endpoint + "preference"
        self.pages = frozenset({self._path})
        self._choices = choices
        self._vary: Field = ("vary", ", ".join(signal_fields(policy)))

    def page(self, context: RequestContext) -> Answer | Examine:
        """Show the page; of a POST, check the origin, then the form."""
        request = context.request
        match request.method:
            case "GET" | "HEAD":
                html = render(context.preference, allowed=self._choices.read(request) is False)
                return page(200, html, self._vary)
            case "POST" if is_from_here(request, context.client):
                too_large = _refusal(413, "The form was too large.")
                judge = whole_body(partial(self._store, context))
                return Examine(_LARGEST_FORM, judge, beyond=too_large)
            case "POST":
                return _refusal(403, "The form came from another site.")
            case _:
                return not_allowed("GET", "HEAD", "POST")

    def _store(self, context: RequestContext, form: bytes) -> Answer:
        """Redirect back to the page; store the choice unless the browser sends a signal."""
        chosen = parse_qs(form.decode("utf-8", "replace")).get("choice", [])
        if len(chosen) != 1 or chosen[0] not in CHOICES:
            return _refusal(422, "The form held no choice.")
        # Relative to the page itself, so it works below any mount point.
        fields: list[Field] = [
            ("location", self._path.rpartition("/")[2]),
            ("cache-control", "no-store"),
        ]
        if context.preference.signal in {None, "site preference", "default"}:
            value = self._choices.signed[chosen[0]]
            fields.append(("set-cookie", cookie_line(CHOICE, value, https=context.client.https)))
        return Answer(303, fields)


def _refusal(status: int, problem: str) -> Answer:
    return plain(status, f"{problem} Nothing was changed.")
