"""The promise of encrypted transport: https alone, and browsers told so (policy §6; RFC 6797).

No redirect leads in a circle. A proxy that ends TLS and is not trusted hands on https as http, so
the address a redirect names comes back the same way. Whoever says that a request came over https is
therefore not redirected: a proxy nobody trusts, by `X-Forwarded-Proto` or `Forwarded`, and the
browser itself, which sends `Sec-Fetch-*` over https alone (Fetch Metadata §3). Nor does that word
open the app, since anybody could send it: the answer is 403, and the log says what to declare.
"""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import quote

from alpines_privacy.http.client import says_https
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import Field, RequestHead, ResponseHead, size_of_fields
from alpines_privacy.http.local import is_local, is_loopback_host
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.own_page import plain
from alpines_privacy.http.paths import PathSet
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import Hsts, PrivacyPolicy

__all__ = ["EncryptedOnly", "EncryptionFields", "transport_for"]

STRICT = "strict-transport-security"
_CSP = "content-security-policy"
_UPGRADE: Field = (_CSP, "upgrade-insecure-requests")
_UPGRADE_SIZE = size_of_fields([_UPGRADE])

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\]")
_PORT = re.compile(r":[0-9]*+\Z")
_REDIRECTED = frozenset({"GET", "HEAD"})
# Paths that an app may take for another one than their text.
_AMBIGUOUS = re.compile(r"//|/\.|[\\;\x00-\x20\ufffd]")
# What may stand in a Location as it came: printable ASCII. All else is escaped.
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
# What is no path's, and the controls, are escaped in one that the server has decoded.
_IN_PATHS = "/:@!$&'()*+,;=~"

_REFUSED = plain(403, "This site takes requests over https only.")
_UNTOLD = plain(
    403,
    "This site takes requests over https only, and was not told that this one came over https. "
    "Its log says how to tell it.",
)
_CIRCLE = (
    "A request came to the app over http, but %s says that the visitor used https: a redirect would "
    "lead in a circle, so such requests are answered 403. Let the proxy that ends TLS send "
    "X-Forwarded-Proto, and name it in trusted_proxies or let the server trust it (docs/transport.md)."
)


def transport_for(policy: PrivacyPolicy) -> list[Promise]:
    """Return the promises of a policy about transport: none if it declares nothing of it."""
    promises: list[Promise] = []
    if policy.https == "require":
        promises.append(EncryptedOnly(policy))
    if policy.hsts is not None or policy.upgrade_insecure_requests:
        promises.append(EncryptionFields(policy))
    return promises


class EncryptedOnly(Promise):
    """Redirects what asks for a page over http, and refuses all other requests over http, body unread."""

    part: ClassVar[str] = "transport"
    precedes_pages: ClassVar[bool] = True

    def __init__(self, policy: PrivacyPolicy) -> None:
        self._exempt = PathSet(policy.https_exempt)

    def request(self, context: RequestContext) -> Answer | None:
        """Let a request pass that came over https, for an exempt path, or from this machine."""
        if context.https or self._is_exempt(context.request) or is_local(context):
            return None
        request = context.request
        if sign := _sign_of_https(request):
            context.runtime.notices.once(_CIRCLE, sign)
            return _UNTOLD
        if request.kind != "http" or request.method not in _REDIRECTED:
            return _REFUSED
        return _redirect(context)

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Fail closed: a request that could not be judged does not reach the app."""
        del context
        return _REFUSED if head is None else None

    def _is_exempt(self, request: RequestHead) -> bool:
        if not self._exempt.any or _AMBIGUOUS.search(request.path):
            return False
        return self._exempt.holds(request)


class EncryptionFields(Promise):
    """Tells browsers to come back over https, and to load a page's parts over it."""

    part: ClassVar[str] = "transport"
    fields_read: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, policy: PrivacyPolicy) -> None:
        self._strict = None if policy.hsts is None else (STRICT, _value(policy.hsts))
        self._size = size_of_fields([self._strict]) if self._strict else 0
        self._upgrades = policy.upgrade_insecure_requests

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Add the fields to a response over https that lacks them, as far as there is room."""
        self.plain(context, head)
        is_page = head.is_html and 200 <= head.status != 304  # Not Modified
        if self._upgrades and is_page and context.https and not _upgrades(head):
            _add(head, _UPGRADE, _UPGRADE_SIZE)

    def plain(self, context: RequestContext, head: ResponseHead) -> None:
        """Add Strict-Transport-Security, over https alone (RFC 6797 §7.2) and never beside the app's own."""
        strict = self._strict
        if strict is None or STRICT in head.names or head.status < 200 or not context.https:
            return
        if not _is_this_machine(context):  # the field would hold for whatever else runs here
            _add(head, strict, self._size)


def _is_this_machine(context: RequestContext) -> bool:
    """Whether the visitor asked for a loopback host; a proxy may write one into Host."""
    asked = context.request.values("host")
    name = asked[0].lower() if asked else ""
    if name[:1] not in {"1", "["} and "localhost" not in name:  # nearly always
        return False
    name = _PORT.sub("", name)
    return is_loopback_host(name) and is_loopback_host(context.client.host)


def _value(hsts: Hsts) -> str:
    """Return the field's value (RFC 6797 §6.1)."""
    more = ("; includeSubDomains" * hsts.include_subdomains) + ("; preload" * hsts.preload)
    return f"max-age={hsts.max_age}{more}"


def _add(head: ResponseHead, field: Field, size: int) -> None:
    if size <= head.room:
        head.append(*field)


def _upgrades(head: ResponseHead) -> bool:
    return any(_UPGRADE[1] in value.lower() for value in head.values(_CSP))


def _sign_of_https(request: RequestHead) -> str:
    """Return who says that the visitor's own connection is encrypted; empty if nobody does."""
    if says_https(request):
        return "X-Forwarded-Proto or Forwarded, from a peer that nothing trusts,"
    if any(request.values(name) for name in ("sec-fetch-site", "sec-fetch-mode")):
        return "the visitor's browser (Sec-Fetch-Site)"
    return ""


def _redirect(context: RequestContext) -> Answer:
    """Return the redirect to the same address over https; a refusal where the host cannot be one.

    The port is https's own, since that of http takes no TLS. A permanent redirect may be kept by
    caches that know no scheme, which would then answer https with it.
    """
    host, path = context.client.host, _path(context)
    if (
        not _HOST.fullmatch(host) or path[:1] != "/"
    ):  # without a slash it would be a part of the host
        return _REFUSED
    query = context.request.query
    address = f"https://{host}{path}" + (f"?{_visible(query)}" if query else "")
    return Answer(308, [("location", address), ("cache-control", "no-store")])


def _path(context: RequestContext) -> str:
    """Return the path as the visitor sent it, with a prefix that a proxy took off and told the app."""
    request, mount = context.request, quote(context.mount, _IN_PATHS)
    path = _visible(request.sent_path or quote(request.path, _IN_PATHS))
    if not mount or path == mount or path.startswith(f"{mount}/"):
        return path
    return mount + (path if not request.mount else quote(request.local_path, _IN_PATHS))


def _visible(text: str) -> str:
    """Return text of one character a byte with all but printable ASCII escaped."""
    return quote(text, _VISIBLE, encoding="latin-1")
