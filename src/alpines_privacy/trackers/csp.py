"""An additional Content-Security-Policy, made of the declared hosts (policy §9).

- `loads = "listed"`: no header; the page's filter and the shield stop what the rules list.
- `loads = "declared"`: every kind of load comes from the site and declared third parties.
- `loads = "report"`: the same policy, which reports and stops nothing.

Policies intersect (CSP3 §8.1), so another one can only tighten the app's own, which is never edited.
It restricts hosts, not code: `'unsafe-inline' 'unsafe-eval' blob: data:` stay allowed. That holds
beside an app's `'strict-dynamic'` too, which alone would let injected scripts load from any host.

A head's room limits the line. No source covers a host's pages and its WebSockets in Chromium
(measured: `host:*` covers the pages, `ws://host:*` the WebSockets), so a host is named twice. If that
is too long, it is named once. Hosts that still do not fit are left out, and browsers block them.

A CSP does not govern navigations, preconnect and dns-prefetch; `fields.py` and the page's filter do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import quote

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.client import Client
from alpines_privacy.http.heads import Field
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["Line", "LoadPolicy", "Loads"]

Loads = Literal["listed", "declared", "report"]

_FIELD: dict[Loads, str] = {
    "declared": "content-security-policy",
    "report": "content-security-policy-report-only",
}
# 'unsafe-eval' lets WebAssembly run too (CSP3 §4.5).
_CODE = "'unsafe-inline' 'unsafe-eval' blob: data:"
# Hosts that can be a source. The URL parser allows `;`, `,` and `*` in a host; a policy would end
# there. An address in brackets is no source (CSP3 §2.3.1).
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_LONGEST_HOST = 253  # characters
# Bytes: the longest line, the room it leaves in a head for other fields (a cookie's deletion), and the
# step between two lengths, so that few lines are made.
_MOST, _LEFT_TO_OTHERS, _STEP = 1100, 200, 50

_NARROWED = (
    "The heads of %s have no room to name the declared third parties twice: they load on HTTP's own ports, and "
    'without WebSockets. Declare a pattern such as "*.example.com" for a service of many hosts.'
)
_LEFT_OUT = (
    "The heads of %s have no room for all declared third parties: their Content-Security-Policy does not allow %s and "
    'what is declared after it. Declare a pattern such as "*.example.com" for a service of many hosts, and first '
    "what matters most."
)
# Other ports of a development server, and the WebSockets of its hot reload; `http:` and `ws:` cover
# their encrypted forms too.
_DEVELOPMENT = "'self' http://localhost:* http://127.0.0.1:* ws://localhost:* ws://127.0.0.1:*"
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


# The host, the mount, and the longest line in steps.
_Asked: TypeAlias = "tuple[str, str, int]"


class Line(NamedTuple):
    """The field for a page, and the log message about it with its arguments, or nothing."""

    field: Field
    notice: tuple[str, ...] = ()


class LoadPolicy:
    """The policy's `loads`, compiled to the header line."""

    def __init__(self, policy: PrivacyPolicy, report_path: str) -> None:
        """Compile; browsers report stopped loads to `report_path`, below the app's mount point."""
        self._field = _FIELD.get(policy.loads)
        self._only_reports = policy.loads == "report"
        self._report_path = report_path
        self._declared = _without_covered(party.host for party in policy.third_parties)
        self._lines: Cache[_Asked, tuple[str, tuple[str, ...]]] = Cache("load policies", self._line)

    def line(self, client: Client, mount: str, room: int = _MOST + _LEFT_TO_OTHERS) -> Line | None:
        """Return the line for a page of `client`'s host in an app mounted at `mount`, or None.

        `room` is the free room of the page's head, in bytes. A line that only reports is left out if
        it does not fit. One that restricts is never left out: it allows at least the page's own host.
        """
        if self._field is None:
            return None
        most = min(_MOST, max(0, room - _LEFT_TO_OTHERS))
        value, notice = self._lines[client.host, mount, most // _STEP]
        if self._only_reports and len(value) > most:
            return None
        return Line((self._field, value), notice)

    def _line(self, asked: _Asked) -> tuple[str, tuple[str, ...]]:
        host, mount, steps = asked
        room = steps * _STEP - len(self._field or "") - 4  # ": " and CRLF
        site = registrable_domain(host)
        others = [h for h in self._declared if not (site and f".{h}".endswith(f".{site}"))]
        report = quote(mount + self._report_path, safe="/", errors="replace")
        own, end = _first_that_fits(_site(host, site), f"; report-uri {report}", room)
        whole = _written([own, *map(_sources, others)], end)
        if len(whole) <= room:
            return whole, ()
        named = _as_many_as_fit(others, room - len(_written([own], end)))
        notice = (
            (_LEFT_OUT, "pages", others[len(named)])
            if len(named) < len(others)
            else (_NARROWED, "pages")
        )
        return _written([own, *named], end), notice if others else ()


def _written(sources: list[str], end: str) -> str:
    return f"default-src {' '.join(sources)} {_CODE}{end}"


def _first_that_fits(site: str, end: str, room: int) -> tuple[str, str]:
    """Return the first variant of the sources of the site, with the end of the line, that fits."""
    if len(_written([site], end)) <= room:
        return site, end
    return ("'self'", end) if len(_written(["'self'"], end)) <= room else ("'self'", "")


def _as_many_as_fit(hosts: list[str], room: int) -> list[str]:
    ends = accumulate(len(host) + 1 for host in hosts)
    return [host for host, end in zip(hosts, ends, strict=True) if end <= room]


def _site(host: str, site: str | None) -> str:
    """Return the site's own sources: its registrable domain with every subdomain."""
    if host in _LOCAL or host.endswith(".localhost"):
        return _DEVELOPMENT
    if site:
        return f"'self' {_sources(site)} {_sources(f'*.{site}')}"
    if len(host) <= _LONGEST_HOST and _HOST.fullmatch(host):
        return f"'self' {_sources(host)}"
    return "'self'"


def _sources(host: str) -> str:
    """Return the sources for a host on every port.

    A source without a scheme takes the page's, which covers no WebSocket; in Chromium none covers
    both.
    """
    return f"{host}:* ws://{host}:*"


def _without_covered(declared: Iterable[str]) -> list[str]:
    """Return the hosts in order, without those that a declared `*.` covers."""
    hosts = list(dict.fromkeys(declared))
    wide = [host for host in hosts if host.startswith("*.")]
    return [h for h in hosts if not any(h.endswith(w[1:]) for w in wide if w != h)]
