"""What Playwright and the gate give, turned into what is observed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from alpines_privacy.audit.browser.observed import Probe, Request, SeenCookie
from alpines_privacy.audit.browser.record import Exchange
from alpines_privacy.audit.browser.watch import Watch

__all__ = ["cookie_of", "request_of", "requests_of_probes"]

_CONNECTIONS = frozenset({"WebRTC", "WebTransport", "prefetch"})


def request_of(exchange: Exchange, watch: Watch, started: float) -> Request:
    """Return an exchange as a request, with what the browser knows of who asked."""
    kind, by = watch.asker(exchange.url)
    return Request(
        url=exchange.url,
        host=exchange.server.host,
        method=exchange.method,
        kind=exchange.kind if exchange.kind == "preflight" else kind or exchange.kind,
        is_own=exchange.is_own,
        phase=exchange.phase,
        began=exchange.began - started,
        seconds=exchange.seconds,
        status=exchange.status,
        media_type=exchange.media_type,
        size=exchange.size,
        by=by,
        in_service_worker=watch.is_by_service_worker(exchange.url),
        referrer=exchange.referrer,
        found=tuple(sorted(exchange.found)),
        tells_moves=exchange.tells_moves,
        set_cookies=exchange.set_cookies,
    )


def requests_of_probes(probes: Iterable[Probe], own: str) -> Iterator[Request]:
    """Return the connections that the browser was kept from opening, as requests; `own` is the site's host."""
    for probe in probes:
        host = _host(probe.detail) if probe.kind in _CONNECTIONS else ""
        if host:
            yield Request(
                url=probe.detail,
                host=host,
                method="",
                kind=probe.kind,
                is_own=host == own,
                phase="loading",
                began=0.0,
                seconds=0.0,
                by=probe.script,
            )


def _host(url: str) -> str:
    """Return the host of `https://host/` or of `stun:host:port` (RFC 7064)."""
    rest = url.partition(":")[2]
    try:
        return urlsplit(rest if rest.startswith("//") else f"//{rest}").hostname or ""
    except ValueError:
        return ""


def cookie_of(
    found: Mapping[str, Any], given: Collection[str], probes: Iterable[Probe], now: float
) -> SeenCookie | None:
    """Return a cookie of the browser's without its value; None for one that the audit itself gave."""
    name = found["name"]
    if name in given:
        return None
    script = next((each.script for each in probes if _sets(each, name)), None)
    lifetime = None if found["expires"] < 0 else found["expires"] - now
    return SeenCookie(
        name=name,
        domain=found["domain"],
        path=found["path"],
        lifetime=lifetime,
        is_secure=found["secure"],
        is_http_only=found["httpOnly"],
        same_site=found["sameSite"],
        by_script=script is not None,
        script=script or "",
    )


def _sets(probe: Probe, name: str) -> bool:
    return probe.kind == "cookie" and probe.detail.partition(";")[0] == name
