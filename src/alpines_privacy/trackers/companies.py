"""The companies and categories of hosts, from npm's third-party-web (MIT).

Each line is a service: name, company (empty if it has the same name) and category, separated by tabs,
then its hosts. A host covers its subdomains.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Companies", "Service"]


class Service(NamedTuple):
    """The service that a host belongs to. `category` is third-party-web's, or `error-monitoring`."""

    name: str
    company: str
    category: str


class Companies:
    """The services by host."""

    __slots__ = ("_by_host",)

    def __init__(self, text: str = "") -> None:
        self._by_host: dict[str, Service] = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, company, category, hosts = line.split("\t")
                service = Service(name, company or name, category)
                self._by_host.update(dict.fromkeys(hosts.split(), service))

    def of(self, host: str) -> Service | None:
        """Return the service of a host, by its own name or a parent domain's."""
        while host:
            if service := self._by_host.get(host):
                return service
            host = host.partition(".")[2]
        return None

    @property
    def categories(self) -> frozenset[str]:
        """All categories."""
        return frozenset(service.category for service in self._by_host.values())

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts in third-party-web's order: the most used services first."""
        return tuple(self._by_host)

    def __len__(self) -> int:
        return len(set(self._by_host.values()))

    @staticmethod
    def line(service: Service, hosts: Iterable[str]) -> str:
        """Return a service's line, as `__init__` reads it."""
        company = "" if service.company == service.name else service.company
        return "\t".join((service.name, company, service.category, " ".join(hosts)))
