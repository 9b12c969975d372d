"""`Disclosure`: what the site's own process may send to other companies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Literal

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part

__all__ = ["Disclosure"]

_HOST = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}")


class Disclosure(Part, frozen=True, kw_only=True):
    """Limits on what the site's own process sends elsewhere, beside what pages load (policy §8).

    - `connections`: connections of the process to trackers and to hosts that nobody declared are
      reported, refused, or left alone (`"off"`).
    - `urls`: the same for a visitor's personal data in an address that is asked for at such a host.
    - `redirects`: personal data in the query of a redirect to another site is reported, stripped, or
      left alone.
    - `links`: with `"noreferrer"`, links to other sites get `rel="noopener noreferrer"`.
    - `allow`: hosts (`*.` covers subdomains), addresses and networks that may be told, beside the
      policy's `third_parties`: a mail relay, a payment gateway, the site's own other hosts.
    """

    connections: Literal["report", "refuse", "off"] = "report"
    urls: Literal["report", "refuse", "off"] = "report"
    redirects: Literal["report", "strip", "off"] = "report"
    links: Literal["noreferrer", "off"] = "off"
    allow: Sequence[str] = ()

    def check(self) -> None:
        """Check what the types cannot say."""
        for index, host in enumerate(self.allow):
            if not (_HOST.fullmatch(host) and len(host) <= 253) and network_of(host) is None:
                raise PolicyError(
                    f"{host[:60]!r} is no host; expected a lower-case name such as api.example.com or "
                    "*.example.com, an address, or a network",
                    key=f"allow[{index}]",
                )


def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network that a text names, an address as a network of one; None for another text."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
