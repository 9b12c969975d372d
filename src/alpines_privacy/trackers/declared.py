"""The hosts that a policy declares as third parties."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["DeclaredHosts"]


class DeclaredHosts:
    """Hosts as a policy writes them: `cdn.example.com` is one host, `*.example.com` every subdomain."""

    __slots__ = ("_below", "_hosts")

    def __init__(self, hosts: Iterable[str]) -> None:
        hosts = tuple(hosts)
        self._hosts = frozenset(host for host in hosts if not host.startswith("*."))
        self._below = tuple(host[1:] for host in hosts if host.startswith("*."))

    def __contains__(self, host: object) -> bool:
        """Tell whether a host, in lower case, is declared."""
        return isinstance(host, str) and (host in self._hosts or host.endswith(self._below))
