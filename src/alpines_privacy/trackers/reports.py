"""The endpoint for reports of what pages tried to load: it counts hosts by directive.

Browsers post here the loads that the Content-Security-Policy of `csp.py` stopped, or would have stopped
(CSP3 §5, Reporting API). A report says much about a visit. Only the requested host and the violated
directive are kept, in this process's memory, for `alpines-privacy trackers suggest`. A request for the
counts is signed with the site's key.

Anybody can post here. A page of another site can make its visitors' browsers post, but the browser
names the document of a report, and only documents of this site count. Reports written by hand cannot
be refused, so their effect is bounded: 500 hosts are counted, and the rarest is dropped first; the log
names 50; only a person adds a host to the policy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

from itsdangerous import BadSignature, TimestampSigner

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import RequestHead, media_type
from alpines_privacy.http.outcomes import Answer, Examine, whole_body
from alpines_privacy.http.own_page import is_from_here
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.report import logger
from alpines_privacy.http.route_shapes import shape_of
from alpines_privacy.http.seen import Seen
from alpines_privacy.http.site import is_same_site, registrable_domain
from alpines_privacy.http.url import parse
from alpines_privacy.policy import PrivacyPolicy, SecretKeys
from alpines_privacy.trackers.declared import DeclaredHosts
from alpines_privacy.trackers.removal_log import looks_made_up
from alpines_privacy.trackers.request import LoadKind
from alpines_privacy.trackers.rules import Match, Rules

__all__ = ["DIRECTIVES", "Counts", "LoadReports", "listed", "token_for"]

# The directives of CSP3 §6.1, which tell the kind of a load.
DIRECTIVES = frozenset(
    {
        "child-src",
        "connect-src",
        "default-src",
        "fenced-frame-src",
        "font-src",
        "frame-src",
        "img-src",
        "manifest-src",
        "media-src",
        "object-src",
        "prefetch-src",
        "script-src",
        "script-src-attr",
        "script-src-elem",
        "style-src",
        "style-src-attr",
        "style-src-elem",
        "worker-src",
    }
)

_TYPES = frozenset({"application/csp-report", "application/reports+json"})
_LARGEST = 65536  # bytes: each report repeats the policy and the page's address
_MOST_REPORTS = 100
_MOST_HOSTS = 500
_MOST_LOGGED = 50  # hosts, in the log
_LONGEST_ADDRESS = 2048  # characters that are read
_LONGEST_HOST = 100

_WORD = b"loads"
_SALT = "alpines-privacy.loads"
_FRESH = 300  # seconds

_PRIVATE = [("cache-control", "no-store")]
_TAKEN = Answer(204, _PRIVATE)
_UNKNOWN = Answer(404, [*_PRIVATE, ("content-type", "text/plain; charset=utf-8")], b"Not found.\n")

_KINDS: tuple[LoadKind, ...] = (
    "script",
    "image",
    "xmlhttprequest",
    "subdocument",
    "stylesheet",
    "font",
    "other",
)
_UNDECLARED = (
    "A page loads from %s, which the policy does not declare (%s on %s)%s. To declare it: "
    'ThirdParty("%s", purpose="..."), or in a policy file [[third_parties]] with host = "%s" and its purpose.%s'
)
_STOPPED = {"declared": "; it was stopped", "report": '; loads = "declared" would stop it'}


class Counts:
    """Counts of loads by host and directive; the rarest host is dropped for a new one."""

    def __init__(self, most: int = _MOST_HOSTS) -> None:
        self._most = most
        self._lock = Lock()
        self._hosts: dict[str, dict[str, int]] = {}

    def add(self, host: str, directive: str) -> None:
        """Count one load; `directive` is one of `DIRECTIVES`."""
        with self._lock:
            if host not in self._hosts and len(self._hosts) >= self._most:
                del self._hosts[min(self._hosts, key=self._total)]
            counts = self._hosts.setdefault(host, {})
            counts[directive] = counts.get(directive, 0) + 1

    def by_host(self) -> dict[str, dict[str, int]]:
        """Return the counts, the most requested host first."""
        with self._lock:
            hosts = sorted(self._hosts, key=lambda host: (-self._total(host), host))
            return {host: dict(sorted(self._hosts[host].items())) for host in hosts}

    def _total(self, host: str) -> int:
        return sum(self._hosts[host].values())


class LoadReports(Promise):
    """Takes reports at `<endpoint>loads`, and sends the counts to holders of the site's key."""

    def __init__(self, policy: PrivacyPolicy, keys: SecretKeys | None, rules: Rules) -> None:
        """`keys` are those the operator has set (`SecretKeys.given()`); without any the counts are not sent.

        There is no endpoint if pages do not report (`loads = "listed"`).
        """
        self._stopped = _STOPPED.get(policy.loads)
        self.pages = frozenset({policy.endpoint + "loads"}) if self._stopped else frozenset()
        # itsdangerous wants the newest last.
        self._signer = TimestampSigner(list(reversed(keys)), salt=_SALT) if keys else None
        self._rules = rules
        self._declared = DeclaredHosts(party.host for party in policy.third_parties)
        self._logged: set[str] = set()
        self.counts = Counts()

    def use(self, rules: Rules) -> None:
        """Recognize trackers by these rules from now on."""
        self._rules = rules

    def page(self, context: RequestContext) -> Answer | Examine:
        """Take a report, or return the counts."""
        request = context.request
        if request.method == "POST":
            return self._take(request, context)
        if request.method != "GET" or not self._proves(request):
            return _UNKNOWN
        counts = json.dumps({"loads": self.counts.by_host()}).encode()
        return Answer(200, [*_PRIVATE, ("content-type", "application/json")], counts)

    def _take(self, request: RequestHead, context: RequestContext) -> Answer | Examine:
        """Ask for the body of a report.

        The report names its page. `Sec-Fetch-Site` and `Origin` are not used: a page of this site in a
        sandboxed frame has no origin, and its reports look like another site's.
        """
        if media_type("".join(request.values("content-type")[-1:])) not in _TYPES:
            return Answer(415, [*_PRIVATE, ("accept-post", ", ".join(sorted(_TYPES)))])
        seen = context.runtime.seen
        own, is_ours = context.client.host, is_from_here(request, context.client)

        def count(body: bytes) -> Answer:
            for report in _read(body):
                self._count(report, own, seen, is_ours=is_ours)
            return _TAKEN

        return Examine(_LARGEST, whole_body(count), beyond=Answer(413, _PRIVATE))

    def _count(self, report: _Report, own: str, seen: Seen, *, is_ours: bool) -> None:
        host = _host(report.blocked)
        if not host or report.directive not in DIRECTIVES or is_same_site(host, own):
            return
        if host in self._declared:  # the head had no room for this host; the log has said so
            return
        page = _page(report.document, own, is_ours=is_ours)
        if page is not None:
            self.counts.add(host, report.directive)
            self._log(host, report.directive, page, own)
            seen.note("host", host)

    def _log(self, host: str, directive: str, page: str, own: str) -> None:
        """Log a host once, with the way to declare it."""
        if host in self._logged or len(self._logged) >= _MOST_LOGGED:
            return
        self._logged.add(host)
        match = listed(self._rules, host, own)
        warning = f" It is a tracker ({match.list}: {match.rule})." if match else ""
        logger.warning(_UNDECLARED, host, directive, page, self._stopped, host, host, warning)
        if len(self._logged) == _MOST_LOGGED:
            logger.warning(
                "The log names no further host; `alpines-privacy trackers suggest` lists all."
            )

    def _proves(self, request: RequestHead) -> bool:
        """Tell whether a request has a fresh token signed with one of the site's keys."""
        tokens = request.values("authorization")
        if self._signer is None or len(tokens) != 1:
            return False
        kind, _, token = tokens[0].partition(" ")
        if kind.lower() != "bearer":
            return False
        try:
            return bool(self._signer.unsign(token.strip(), max_age=_FRESH) == _WORD)
        except BadSignature:
            return False


def token_for(keys: SecretKeys) -> str:
    """Return a token, valid for five minutes in an app with one of these keys."""
    return TimestampSigner(keys[0], salt=_SALT).sign(_WORD).decode()


def listed(rules: Rules, host: str, page_host: str) -> Match | None:
    """Return a rule that lists a whole host for pages of `page_host`, or None."""
    return next(iter(rules.matches[f"https://{host}/", page_host, _KINDS]), None)


class _Report(NamedTuple):
    """A report: the requested address, the violated directive, and the page."""

    blocked: str
    directive: str
    document: str


def _read(body: bytes) -> Iterator[_Report]:
    """Read the reports in a body: a `csp-report` (CSP2) or those of the Reporting API."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    reports: Sequence[Any] = document if isinstance(document, list) else [document]
    for report in reports[:_MOST_REPORTS]:
        content = report.get("csp-report", report.get("body")) if isinstance(report, dict) else None
        if isinstance(content, dict):
            blocked = _text(content, "blocked-uri", "blockedURL")
            # Firefox before 121 and Safari before 15.4 send the last name only (CSP2).
            directive = _text(
                content, "effective-directive", "effectiveDirective", "violated-directive"
            )
            page = _text(content, "document-uri", "documentURL")
            yield _Report(blocked, directive.partition(" ")[0].lower(), page)


def _text(content: Mapping[str, Any], *names: str) -> str:
    """Return the value of the first name that has one, empty if it is no text."""
    found = next((content[name] for name in names if content.get(name) is not None), None)
    return found[:_LONGEST_ADDRESS] if isinstance(found, str) else ""


def _host(blocked: str) -> str | None:
    """Return the requested host; None if no policy would declare it.

    That is so for addresses, names of this machine, and names that look made for one visitor.
    """
    address = parse(blocked) if "//" in blocked else None
    if address is None or len(address.host) > _LONGEST_HOST:
        return None
    site = registrable_domain(address.host)
    if site is None or looks_made_up(address.host, site):
        return None
    return address.host


def _page(document: str, own: str, *, is_ours: bool) -> str | None:
    """Return the shape of the reporting page's path; None for a page of another site.

    A page in `srcdoc` has the address `about`. For it the browser's own fields tell whether the report
    comes from this site (`is_ours`).
    """
    if document.partition(":")[0].lower() == "about":
        return "a frame's page" if is_ours else None
    address = parse(document) if "//" in document else None
    if address is None or not is_same_site(address.host, own):
        return None
    return shape_of(address.path.partition("?")[0])
