"""An additional Content-Security-Policy: what a page may load, by the hosts that are declared (policy §9).

- `loads = "listed"`: none of ours; the page's filter and the shield stop what the rules list.
- `loads = "declared"`: every kind of load comes from the site and declared third parties.
- `loads = "report"`: the same policy only reports.

Policies intersect (CSP3 §8.1), so one more can only tighten the app's own, which is never edited.
It restrains hosts and not code: `'unsafe-inline' 'unsafe-eval' blob: data:` stay allowed, also
beside an app's `'strict-dynamic'`, which would otherwise let injected scripts load anything.

What a CSP does not govern: navigations, preconnect and dns-prefetch (`fields.py` and the page's
filter take care of those).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import quote

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.client import Client
from alpines_privacy.http.heads import Field
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["LoadPolicy", "Loads"]

Loads = Literal["listed", "declared", "report"]

_FIELD: dict[Loads, str] = {
    "declared": "content-security-policy",
    "report": "content-security-policy-report-only",
}
# 'unsafe-eval' lets WebAssembly run too (CSP3 §4.5).
_CODE = "'unsafe-inline' 'unsafe-eval' blob: data:"
# What may stand in a source: the URL parser lets `;`, `,` and `*` pass in a host, a policy would
# end there. Addresses in brackets are no source at all (CSP3 §2.3.1).
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_LONGEST_HOST = 253  # characters
# A development server's other ports, and the websockets its hot reload speaks over; `http:` and
# `ws:` stand for their encrypted forms too.
_DEVELOPMENT = "'self' http://localhost:* http://127.0.0.1:* ws://localhost:* ws://127.0.0.1:*"
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


class LoadPolicy:
    """The policy's `loads`, compiled: the one place that writes the header line about loads."""

    def __init__(self, policy: PrivacyPolicy, report_path: str) -> None:
        """`report_path` is where browsers tell what was stopped, below the app's mount point."""
        self._field = _FIELD.get(policy.loads)
        self._report_path = report_path
        self._declared = _without_covered(party.host for party in policy.third_parties)
        self._lines: Cache[tuple[str, str], str] = Cache("load policies", self._line)

    def field(self, client: Client, mount: str) -> Field | None:
        """Return the line for a page of `client`'s host in an app mounted at `mount`; None if there is none."""
        if self._field is None:
            return None
        return self._field, self._lines[client.host, mount]

    def _line(self, asked: tuple[str, str]) -> str:
        host, mount = asked
        site = registrable_domain(host)
        others = [h for h in self._declared if not (site and f".{h}".endswith(f".{site}"))]
        sources = " ".join([_site(host, site), *map(_sources, others), _CODE])
        report = quote(mount + self._report_path, safe="/", errors="replace")
        return f"default-src {sources}; report-uri {report}"


def _site(host: str, site: str | None) -> str:
    """Return the sources that are the site itself: its registrable domain with every subdomain."""
    if host in _LOCAL or host.endswith(".localhost"):
        return _DEVELOPMENT
    if site:
        return f"'self' {_sources(site)} {_sources(f'*.{site}')}"
    if len(host) <= _LONGEST_HOST and _HOST.fullmatch(host):
        return f"'self' {_sources(host)}"
    return "'self'"


def _sources(host: str) -> str:
    """Return the sources that are a host on every port.

    One without a scheme takes the page's, which covers no websocket; in Chromium no source covers
    both.
    """
    return f"{host}:* ws://{host}:*"


def _without_covered(declared: Iterable[str]) -> list[str]:
    """Return the hosts in order, those that a declared `*.` stands for left out."""
    hosts = sorted(set(declared))
    wide = [host for host in hosts if host.startswith("*.")]
    return [h for h in hosts if not any(h.endswith(w[1:]) for w in wide if w != h)]
