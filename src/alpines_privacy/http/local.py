"""Requests that do not leave the machine: from a loopback address, for a host that is this machine."""

from __future__ import annotations

import re

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.forwarding import FIELDS
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.ip_addresses import read_ip

__all__ = ["is_local", "is_loopback_host"]

_LOOPBACK_ADDRESS = re.compile(r"127(?:\.[0-9]{1,3}){3}|\[::1\]")


def is_loopback_host(host: str) -> bool:
    """Whether a host (lower case, without port) always means the machine that asks (RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return host[:1] in {"1", "["} and _LOOPBACK_ADDRESS.fullmatch(host) is not None


def is_local(context: RequestContext) -> bool:
    """Whether a request comes from this machine and asks for it.

    Both count: behind a proxy on the same machine each visitor has a loopback address, and each
    can write any Host. A request that some proxy has forwarded comes from elsewhere, unless a
    trusted one says otherwise.
    """
    client, proxies = context.client, context.runtime.proxies
    if not is_loopback_host(client.host) or not _is_loopback_or_unknown(client.address):
        return False
    peer = (context.arrived or context.request.asked()).peer
    return (proxies.any and proxies.trusts(peer)) or not _is_forwarded(context.request)


def _is_loopback_or_unknown(address: str) -> bool:
    """Whether an address is a loopback one, or that of a socket's other end, which has none."""
    if not address:
        return True
    ip = read_ip(address)
    return ip is not None and ip.is_loopback


def _is_forwarded(request: RequestHead) -> bool:
    return any(request.values(name) for name in (*FIELDS, "via"))
