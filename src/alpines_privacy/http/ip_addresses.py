"""IP addresses as servers, proxies and visitors write them, and the network that one customer has."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

__all__ = ["Network", "customer_network", "read_ip"]

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_PREFIXES = {4: 24, 6: 56}


def read_ip(text: str) -> Address | None:
    """Return an address; None for other text. `::ffff:192.0.2.1` is IPv4, as dual-stack sockets write it."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def customer_network(address: str) -> Network | None:
    """Return the /24 or the /56 of an address, which one customer of a provider gets; None for other text.

    An IPv4 address that a translator writes as IPv6 (RFC 6052 §2.1) counts as itself: all of them share one /56.
    """
    ip = read_ip(address)
    if ip is None:
        return None
    if ip in _TRANSLATED:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ipaddress.ip_network((ip, _PREFIXES[ip.version]), strict=False)
