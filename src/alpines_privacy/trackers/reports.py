"""The site's own endpoint for what pages tried to load: hosts counted by directive, nothing else.

Browsers post here what the Content-Security-Policy of `csp.py` stopped, or would have stopped
(CSP3 §5, Reporting API). A report tells much about a visit; only the host that was asked for and
the directive it broke are kept, in this process's memory, for `alpines-privacy trackers suggest`.
Who asks for them proves with a signature that they hold the site's key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any

from itsdangerous import BadSignature, TimestampSigner

from alpines_privacy.http.context import Privacy
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.outcomes import MORE, Answer, Examine, More
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.http.url import parse
from alpines_privacy.policy import PrivacyPolicy, SecretKeys

__all__ = ["DIRECTIVES", "Counts", "LoadReports", "token_for"]

# The directives of CSP3 §6.1, which say what kind of load it was.
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
_LONGEST_HOST = 100
# A name made for one visitor: part of it is as long as a key, or mostly digits.
_MADE_UP = re.compile(r"[^.]{25}|[^.]*(?:[0-9][^.]*){8}|(?=[^.]*[0-9])[0-9a-f]{12}")

_WORD = b"loads"
_SALT = "alpines-privacy.loads"
_FRESH = 300  # seconds

_PRIVATE = [("cache-control", "no-store")]
_TAKEN = Answer(204, _PRIVATE)
_UNKNOWN = Answer(404, [*_PRIVATE, ("content-type", "text/plain; charset=utf-8")], b"Not found.\n")


class Counts:
    """How often each host was asked for, by directive; the rarest makes room for a new one."""

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

    def told(self) -> dict[str, dict[str, int]]:
        """Return the counts, the host that was asked for most first."""
        with self._lock:
            hosts = sorted(self._hosts, key=lambda host: (-self._total(host), host))
            return {host: dict(sorted(self._hosts[host].items())) for host in hosts}

    def _total(self, host: str) -> int:
        return sum(self._hosts[host].values())


class LoadReports(Promise):
    """Takes reports at `<endpoint>loads`, and tells the counts to who holds the site's key."""

    def __init__(self, policy: PrivacyPolicy, keys: SecretKeys | None) -> None:
        """`keys` are those the operator has set (`SecretKeys.given()`); without any nobody is told."""
        self.pages = frozenset({policy.endpoint + "loads"})
        # itsdangerous wants the newest last.
        self._signer = TimestampSigner(list(reversed(keys)), salt=_SALT) if keys else None
        self.counts = Counts()

    def page(self, privacy: Privacy) -> Answer | Examine:
        """Take a report, or tell the counts."""
        request = privacy.request
        assert request is not None  # it was asked for a page
        if request.method == "POST":
            return self._take(request, privacy.client.host)
        if request.method != "GET" or not self._proves(request):
            return _UNKNOWN
        told = json.dumps({"loads": self.counts.told()}).encode()
        return Answer(200, [*_PRIVATE, ("content-type", "application/json")], told)

    def _take(self, request: RequestHead, host: str) -> Answer | Examine:
        """Ask for the body of a report, unless another site's page sent it."""
        if "cross-site" in request.values("sec-fetch-site"):
            return Answer(403, _PRIVATE)
        media_type = "".join(request.values("content-type")[-1:]).partition(";")[0].strip().lower()
        if media_type not in _TYPES:
            return Answer(415, [*_PRIVATE, ("accept-post", ", ".join(sorted(_TYPES)))])
        return Examine(_LARGEST, self._judge(host), beyond=Answer(413, _PRIVATE))

    def _judge(self, host: str) -> Callable[..., Answer | More]:
        body = bytearray()

        def judge(data: bytes, *, more: bool) -> Answer | More:
            body.extend(data)
            if more:
                return MORE
            self._count(bytes(body), host)
            return _TAKEN

        return judge

    def _count(self, body: bytes, own: str) -> None:
        site = registrable_domain(own)
        for blocked, directive in _violations(body):
            host = _host(blocked)
            if host and directive in DIRECTIVES and registrable_domain(host) != site:
                self.counts.add(host, directive)

    def _proves(self, request: RequestHead) -> bool:
        """Whether a request carries a fresh token signed with one of the site's keys."""
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
    """Return a token that `LoadReports` of an app with one of these keys takes for five minutes."""
    return TimestampSigner(keys[0], salt=_SALT).sign(_WORD).decode()


def _violations(body: bytes) -> Iterator[tuple[str, str]]:
    """Read what was asked for, and the directive against it, of every report in a body."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    reports: Sequence[Any] = document if isinstance(document, list) else [document]
    for report in reports[:_MOST_REPORTS]:
        if not isinstance(report, dict):
            continue
        told = report.get("csp-report", report.get("body"))
        if not isinstance(told, dict):
            continue
        blocked = told.get("blocked-uri", told.get("blockedURL"))
        directive = told.get("effective-directive", told.get("effectiveDirective"))
        if directive is None:  # Firefox before 121, Safari before 15.4 (CSP2)
            directive = told.get("violated-directive")
        if isinstance(blocked, str) and isinstance(directive, str):
            yield blocked, directive.partition(" ")[0].lower()


def _host(blocked: str) -> str | None:
    """Return the host that was asked for; None for one that no policy would declare.

    Those are addresses, names of this machine, and names that look made for one visitor.
    """
    address = parse(blocked) if "//" in blocked else None
    if address is None or len(address.host) > _LONGEST_HOST:
        return None
    site = registrable_domain(address.host)
    if site is None or any(map(_MADE_UP.match, address.host.removesuffix(site).split("."))):
        return None
    return address.host
