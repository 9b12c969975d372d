"""`Judge`: whether the process may connect to a host, ask for an address, or send a visitor there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias
from urllib.parse import unquote_plus

from alpines_privacy.disclosure.hosts import Told, as_host
from alpines_privacy.http import url
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.events import announce_disclosure
from alpines_privacy.http.report import Notices
from alpines_privacy.http.site import is_same_site
from alpines_privacy.policy import Disclosure, PrivacyPolicy

__all__ = ["IsPersonal", "Judge", "Tracker"]

Tracker: TypeAlias = "Callable[[str, bool], str | None]"
"""Returns whose tracker a host is, by host and by whether the visitor opted out; None if it is none."""

IsPersonal: TypeAlias = "Callable[[RequestContext], Callable[[str], bool]]"
"""Returns, for a request, what tells whether a text holds personal data that its visitor has sent."""

_Kind: TypeAlias = Literal["connection", "url", "redirect"]

_LONGEST = 16_384  # characters of an address that are searched
_MOST_PAIRS = 200  # of a query that are looked at one by one
# By whether it was refused.
_DID = {False: "connected to", True: "was kept from connecting to"}
_TRACKER = {
    refused: f"The process {did} %s, a tracker (%s)%s. Nobody declared it (docs/disclosure.md)."
    for refused, did in _DID.items()
}
_UNDECLARED = {
    refused: f"The process {did} %s, which nobody declared%s. If it must be told: a [[third_parties]] entry, or "
    'disclosure.allow = ["%s"] (docs/disclosure.md).'
    for refused, did in _DID.items()
}
_PERSONAL = (
    "An address at %s, which nobody declared, holds personal data of the visitor%s. Send it in a body to a declared "
    "processor, or not at all (docs/disclosure.md)."
)
_REDIRECT = (
    "A redirect to %s, which nobody declared, holds personal data of the visitor in its query%s "
    "(docs/disclosure.md)."
)


class Judge:
    """The decisions of one policy, and their reports: each host once, never a path, never a value."""

    def __init__(
        self, policy: PrivacyPolicy, disclosure: Disclosure, tracker: Tracker, personal: IsPersonal
    ) -> None:
        self._policy = disclosure
        self._told = Told([*(party.host for party in policy.third_parties), *disclosure.allow])
        self._tracker = tracker
        self._personal = personal
        self._enforces = policy.mode == "enforce"
        self._notices = Notices()  # the guard's, from the first request on

    def refuses_connection(self, host: str, context: RequestContext | None) -> bool:
        """Judge a connection to a host, in lower case; tell of it; return whether it is refused."""
        if self._policy.connections == "off" or host in self._told or _is_exempt(context):
            return False
        refused = self._policy.connections == "refuse" and self._may_refuse(context)
        where = "" if context is None else ", in a request"
        if context is not None:
            self._notices = context.runtime.notices
        whose = self._tracker(host, context is not None and context.preference.opted_out)
        if whose is None:
            self._notices.once(_UNDECLARED[refused], host, where, host)
        else:
            self._notices.once(_TRACKER[refused], host, whose, where)
        self._announce(context, "connection", host, refused=refused)
        return refused

    def refuses_address(self, text: str, context: RequestContext) -> bool:
        """Judge an address that an HTTP client asks for; tell of it; return whether it is refused."""
        address = url.parse(text)
        host = "" if address is None else as_host(address.host)
        if address is None or host in self._told or _is_exempt(context):
            return False
        if self.refuses_connection(host, context):
            return True
        if self._policy.urls == "off" or not _in_any_form(self._personal(context), address.path):
            return False
        refused = self._policy.urls == "refuse" and self._may_refuse(context)
        context.runtime.notices.once(_PERSONAL, host, "; refused" if refused else "")
        self._announce(context, "url", host, refused=refused)
        return refused

    def without_personal(self, location: str, context: RequestContext) -> str:
        """Judge a redirect; tell of it; return the location to send, the same where nothing is stripped."""
        if self._policy.redirects == "off" or (host := self._other_site(location, context)) is None:
            return location
        whole, hash_mark, fragment = location.partition("#")
        before, _, query = whole.partition("?")
        is_personal = self._personal(context)
        if not _in_any_form(is_personal, query):
            return location
        strips = self._policy.redirects == "strip"
        context.runtime.notices.once(_REDIRECT, host, "; it was taken out" if strips else "")
        self._announce(context, "redirect", host, refused=strips)
        if not strips:
            return location
        kept = _without(is_personal, query)
        return before + (f"?{kept}" if kept else "") + hash_mark + fragment

    def _other_site(self, location: str, context: RequestContext) -> str | None:
        """Return the host of a redirect to another site that may not be told; None for other redirects."""
        client = context.client
        target = url.parse(location, url.parse(f"{client.origin}/"))
        host = "" if target is None else as_host(target.host)
        if not host or host in self._told or is_same_site(host, client.host):
            return None
        return host

    def _may_refuse(self, context: RequestContext | None) -> bool:
        return self._enforces if context is None else context.runtime.enforces

    def _announce(
        self, context: RequestContext | None, kind: _Kind, host: str, *, refused: bool
    ) -> None:
        """Send the event, once for each request and host."""
        told = (kind, host)
        if context is not None and told not in context.disclosed:
            context.disclosed |= {told}
            announce_disclosure(context, kind, host, refused=refused)


def _in_any_form(is_personal: Callable[[str], bool], text: str) -> bool:
    """Tell whether a text is personal as it is, or decoded once or twice."""
    text = text[:_LONGEST]
    once = unquote_plus(text)
    return any(map(is_personal, dict.fromkeys((text, once, unquote_plus(once)))))


def _without(is_personal: Callable[[str], bool], query: str) -> str:
    """Return a query without its personal pairs; empty for one of too many pairs, or if it stays personal."""
    pairs = query.split("&")
    if len(pairs) > _MOST_PAIRS or len(query) > _LONGEST:
        return ""
    kept = "&".join(pair for pair in pairs if not _in_any_form(is_personal, pair))
    return "" if _in_any_form(is_personal, kept) else kept


def _is_exempt(context: RequestContext | None) -> bool:
    return context is not None and "disclosure" in context.exempted
