"""An additional Content-Security-Policy: what a page may load, whatever its scripts try (policy §9).

Policies intersect (CSP3 §8.1), so one more can only tighten the app's own, which is never edited.
It restrains hosts and not inline code: `'unsafe-inline' 'unsafe-eval' blob: data:` stay allowed,
also beside an app's `'strict-dynamic'`, which would otherwise let injected scripts load anything.

- `loads = "page"`: scripts, frames, objects and workers come from the site's registrable domain,
  declared third parties, hosts this very page names that are no trackers, and their companions.
  A report-only policy tells what `declared` would stop.
- `loads = "declared"`: every kind of load comes from the site and declared third parties.
- `loads = "report"`: both only report.

What a CSP does not govern: navigations, preconnect and dns-prefetch (`fields.py` and the page's
filter remove those), and in "page" mode images, fetches and prefetches.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Literal, TypeAlias
from urllib.parse import quote

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.client import Client
from alpines_privacy.http.heads import Field
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["COMPANIONS", "LoadPolicy"]

Loads = Literal["page", "declared", "report"]

# Hosts that a named host's own code cannot do without: font files, maps, captchas, payment frames.
COMPANIONS: dict[str, tuple[str, ...]] = {
    "fonts.googleapis.com": ("fonts.gstatic.com",),
    "maps.googleapis.com": (
        "maps.gstatic.com",
        "fonts.googleapis.com",
        "fonts.gstatic.com",
        "khms0.googleapis.com",
        "khms1.googleapis.com",
        "mapsresources-pa.googleapis.com",
    ),
    "maps.google.com": ("www.google.com", "maps.googleapis.com", "maps.gstatic.com"),
    "www.google.com": ("www.gstatic.com", "www.recaptcha.net"),
    "www.recaptcha.net": ("www.gstatic.com", "www.google.com"),
    "www.gstatic.com": ("www.google.com",),
    "kit.fontawesome.com": ("ka-f.fontawesome.com", "ka-p.fontawesome.com"),
    "js.hcaptcha.com": ("*.hcaptcha.com",),
    "hcaptcha.com": ("*.hcaptcha.com",),
    "js.stripe.com": ("*.stripe.com", "*.stripe.network"),
    "checkout.stripe.com": ("*.stripe.com", "*.stripe.network"),
    "www.paypal.com": ("*.paypal.com", "www.paypalobjects.com"),
    "www.paypalobjects.com": ("www.paypal.com",),
    "js.braintreegateway.com": ("assets.braintreegateway.com", "*.paypal.com"),
    "checkoutshopper-live.adyen.com": ("*.adyen.com",),
    "x.klarnacdn.net": ("*.klarna.com", "*.klarnacdn.net", "*.klarnaevt.com"),
    "js.squareup.com": ("*.squareup.com", "*.squarecdn.com"),
    "web.squarecdn.com": ("*.squareup.com", "*.squarecdn.com"),
    "checkout.razorpay.com": ("*.razorpay.com",),
    "pay.google.com": ("www.gstatic.com",),
    "www.youtube.com": ("www.youtube-nocookie.com", "s.ytimg.com"),
    "www.youtube-nocookie.com": ("www.youtube.com", "s.ytimg.com"),
    "player.vimeo.com": ("f.vimeocdn.com", "i.vimeocdn.com"),
    "api.mapbox.com": ("*.tiles.mapbox.com",),
}

_LONGEST = 3072  # characters; proxies refuse heads of more than 4 to 8 KB
_CODE = "'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob: data:"
# What may stand in a source: the URL parser lets `;`, `,` and `*` pass in a host, a policy would
# end there. Addresses in brackets are no source at all (CSP3 §2.3.1).
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?(?::[0-9]+)?")
# A development server's other ports, and the websockets its hot reload speaks over; `http:` and
# `ws:` stand for their encrypted forms too.
_DEVELOPMENT = (
    "'self' http://localhost:* http://127.0.0.1:*",
    "ws://localhost:* ws://127.0.0.1:*",
)
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Workers fall back to script-src.
_RUNNING = ("script-src", "frame-src", "object-src")
_ANY = ("default-src",)  # stands for every kind of load that no other directive names
# Where nobody asked for reports they are a sample: each stopped load of each page is a request.
_FIRST_PAGES, _ONE_IN = 100, 100

# A page's host, the app's mount point, the hosts the page names, whether all of it is known.
_Page: TypeAlias = "tuple[str, str, frozenset[str], bool]"
_Lines: TypeAlias = "tuple[tuple[Field, ...], tuple[Field, ...]]"

_ENFORCED, _REPORTED = "content-security-policy", "content-security-policy-report-only"


class LoadPolicy:
    """The policy's `loads`, compiled: turns the hosts a page names into header lines."""

    def __init__(self, policy: PrivacyPolicy, report_path: str) -> None:
        """`report_path` is where browsers tell what was stopped, below the app's mount point."""
        self._loads: Loads = policy.loads
        self._report_path = report_path
        # A host without a port stands for the scheme's own; a declared one is meant on every port.
        declared = [party.host for party in policy.third_parties]
        companions = _with_companions(declared).difference(declared)
        self._declared = companions | {f"{host}:*" for host in declared}
        self._sockets = {f"ws://{host}:*" for host in declared}
        self._lines: Cache[_Page, _Lines] = Cache("load policies", self._worked_out)
        self._pages = itertools.count()

    def fields(
        self, client: Client, mount: str, named: Iterable[str], *, whole: bool
    ) -> list[Field]:
        """Return the lines for a page of `client`'s host that names the hosts `named`, ports included.

        Of a page that still streams (`whole` is false) later markup is not known when its head
        leaves, so in "page" mode its policy only reports. What only reports goes, unless
        `loads = "report"` asks for it, with the first hundred pages and then one in a hundred.
        """
        always, sampled = self._lines[client.host, mount, frozenset(named), whole]
        if sampled and (self._loads == "report" or self._is_sampled()):
            return [*always, *sampled]
        return list(always)

    def _worked_out(self, asked: _Page) -> _Lines:
        """Return the lines of every page like this one, and those that go with a sample of them."""
        host, mount, named, whole = asked
        report = f"; report-uri {quote(mount + self._report_path, safe='/', errors='replace')}"
        site, sockets = _site_sources(host)
        any_load = self._declared | self._sockets
        declared = self._policy(_ANY, f"{site} {sockets}".strip(), any_load) + report
        if self._loads == "declared":
            return ((_ENFORCED, declared),), ()
        page = self._policy(_RUNNING, site, self._declared | _with_companions(named)) + report
        short = [line for line in (page, declared) if len(line) <= _LONGEST]
        enforced = short[: short[:1] == [page] and self._loads == "page" and whole]
        reported = short[len(enforced) :]
        return (
            tuple((_ENFORCED, line) for line in enforced),
            tuple((_REPORTED, line) for line in reported),
        )

    def _is_sampled(self) -> bool:
        page = next(self._pages)
        return page < _FIRST_PAGES or page % _ONE_IN == 0

    @staticmethod
    def _policy(directives: Iterable[str], site: str, hosts: Iterable[str]) -> str:
        named = "".join(f" {host}" for host in sorted(hosts))
        return "; ".join(f"{directive} {site}{named} {_CODE}" for directive in directives)


def _with_companions(hosts: Iterable[str]) -> frozenset[str]:
    hosts = set(filter(_HOST.fullmatch, hosts))
    return frozenset(hosts.union(*(COMPANIONS.get(host, ()) for host in hosts)))


def _site_sources(host: str) -> tuple[str, str]:
    """Return the sources that are the site itself, and those of its websockets.

    The site is its registrable domain with every subdomain. A source without a scheme takes the
    page's, which does not cover websockets.
    """
    if host in _LOCAL or host.endswith(".localhost"):
        return _DEVELOPMENT
    site = registrable_domain(host)
    if site:
        return f"'self' {site}:* *.{site}:*", f"ws://{site}:* ws://*.{site}:*"
    return (f"'self' {host}:*", f"ws://{host}:*") if _HOST.fullmatch(host) else ("'self'", "")
