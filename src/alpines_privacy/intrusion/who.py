"""Clients and accounts as keyed hashes.

A client is its network: an IPv4 /24 or an IPv6 /56. An account is its name, whatever its case, accents,
Unicode forms and blanks around it.
"""

from __future__ import annotations

import hmac
import ipaddress
import unicodedata
from collections.abc import Sequence
from hashlib import sha256

from alpines_privacy.http.ip_addresses import customer_network, read_ip

__all__ = ["Allowed", "Hashes", "is_private", "normalised", "spelled"]

_SALT = b"alpines-privacy.intrusion"
_LONGEST = 256  # characters of a name; longer ones count by their beginning
_UNCOUNTED = frozenset({"Cc", "Cf", "Mn", "Me"})  # controls, invisible characters, accents
# Local networks and this machine, also a provider's own behind its NAT (RFC 1918, 4193, 4291, 6598).
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "::1/128", "fc00::/7", "fe80::/10",
        ),
    )
)  # fmt: skip


class Hashes:
    """Hashes with the site's key (HMAC, RFC 2104): the same in all its workers, none can be guessed without it."""

    def __init__(self, key: str) -> None:
        self._key = hmac.new(key.encode(), _SALT, sha256).digest()

    def client(self, address: str) -> str:
        """Return the hash of an address's network; empty for what is no address."""
        network = customer_network(address)
        return "" if network is None else self._hashed("client", str(network))

    def account(self, name: str) -> str:
        """Return the hash of an account by its name; empty for a blank one."""
        name = normalised(name)
        return self._hashed("account", name) if name else ""

    def spelling(self, name: str) -> str:
        """Return the hash of a name as it is spelled, case aside: where accents tell accounts apart, it does too."""
        return self._hashed("spelling", spelled(name))

    def _hashed(self, kind: str, text: str) -> str:
        data = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, data, sha256).hexdigest()[:32]


def normalised(name: str) -> str:
    """Return a name as lax databases compare it: without case, accents, invisible characters and blanks around it.

    MySQL's collations by default take "mira", "M\u00edra" and "mi\u200bra" for one (UCA, primary strength), so
    else each spelling would have guesses of its own. What does not count goes first: no length of it
    hides the name behind it.
    """
    folded = unicodedata.normalize("NFKD", _counted(name)[:_LONGEST]).casefold()
    return _counted(unicodedata.normalize("NFKD", folded))[:_LONGEST]


def spelled(name: str) -> str:
    """Return a name in NFKC, with its case folded and without blanks around it (Unicode §3.13)."""
    folded = unicodedata.normalize("NFKC", name.strip()[:_LONGEST]).casefold()
    return unicodedata.normalize("NFKC", folded).strip()[:_LONGEST]


def _counted(name: str) -> str:
    return "".join([char for char in name if unicodedata.category(char) not in _UNCOUNTED]).strip()


def is_private(address: str) -> bool:
    """Tell whether an address is one of a local network, or of this machine."""
    ip = read_ip(address)
    return ip is not None and any(ip in network for network in _PRIVATE)


class Allowed:
    """The addresses that are never counted."""

    __slots__ = ("_networks",)

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __contains__(self, address: str) -> bool:
        if not self._networks or (ip := read_ip(address)) is None:
            return False
        return any(ip in network for network in self._networks)
