"""Hosts that may be told what a visitor sent: local ones, declared third parties, and those allowed."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress

from alpines_privacy.http.ip_addresses import read_ip
from alpines_privacy.http.url import host_in_ascii
from alpines_privacy.policy.disclosure import network_of

__all__ = ["Told", "as_host"]

# Names that only a local resolver answers (RFC 6761, 6762, 8375; ICANN's .internal).
_LOCAL = (".localhost", ".local", ".internal", ".lan", ".home.arpa")

_LONGEST_NUMBERS = 64  # characters


class Told:
    """The hosts that may be told, by name or address."""

    __slots__ = ("_below", "_hosts", "_networks")

    def __init__(self, hosts: Iterable[str]) -> None:
        """Take hosts as a policy writes them: names, `*.` and a name, addresses, networks."""
        hosts = tuple(hosts)
        self._networks = [network for host in hosts if (network := network_of(host)) is not None]
        self._hosts = frozenset(hosts)
        self._below = tuple(host[1:] for host in hosts if host.startswith("*."))

    def __contains__(self, host: str) -> bool:
        """Tell whether a host, in lower case, is local, declared or allowed."""
        if host in self._hosts or host.endswith((*self._below, *_LOCAL)):
            return True
        ip = read_ip(host)
        if ip is None:
            return "." not in host  # a name of this network: localhost, db, redis
        return not ip.is_global or any(ip in network for network in self._networks)


def as_host(given: object) -> str:
    """Return a host as a socket or an address is given it, in one form; empty for none.

    In lower case, without a last dot, a zone and brackets; an IPv4 address in whatever numbers it is
    written (`0x08.8.2056`, which look-ups take) with its four.
    """
    if isinstance(given, bytes | bytearray):
        given = given.decode("latin-1")
    if not isinstance(given, str):
        return ""
    host = given.lower().partition("%")[0].rstrip(".").strip("[]")
    if host[:1].isdecimal() and len(host) <= _LONGEST_NUMBERS:
        with suppress(OSError, ValueError):
            return socket.inet_ntoa(socket.inet_aton(host))
    return host if host.isascii() else host_in_ascii(host) or host
