"""The visitor's address, and the scheme and host they asked for.

If the policy names `trusted_proxies`, a forwarding header counts only when the hop that sent it is
trusted. Otherwise the app's own software decides (its server, ProxyFix, Django's settings:
`forwarding`), so that app and layer see the same. Addresses are read from the right: each was
written by the hop after it, so the first untrusted one is the visitor's, and all to its left is
unverified (RFC 7239 §5.2, §8.1).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from alpines_privacy.http.cache import Cache, cached
from alpines_privacy.http.heads import Asked, RequestHead, split_list
from alpines_privacy.http.ip_addresses import read_ip
from alpines_privacy.http.report import Notices

__all__ = ["Client", "ProxyTrust", "as_read_inside", "says_https"]

_FORWARDED_LIST = re.compile(r"""(?:"(?:[^"\\]++|\\.)*+"|[^"]++)*+""", re.DOTALL)
# The members of such a list, in which every quote is closed, and the pairs of a member.
_FORWARDED_ELEMENT = re.compile(r"""(?:"(?:[^"\\]++|\\.)*+"|[^",]++)++""", re.DOTALL)
_FORWARDED_PART = re.compile(r"""(?:"(?:[^"\\]++|\\.)*+"|[^";]++)++""", re.DOTALL)
_FORWARDED_PAIR = re.compile(r"""\s*+([A-Za-z]++)\s*+=\s*+("(?:[^"\\]++|\\.)*+"|[^\s;,"]*+)\s*+""")
_LONGEST_CHAIN = 8192  # characters of a line of hops; proxies refuse heads that are longer
_LONGEST = 320  # characters of an authority: a domain name has 253, a port five
# The scheme of a site's origin; a websocket has that of its page.
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}

_UNTRUSTED = (
    "A request came over http and says https in X-Forwarded-Proto or Forwarded, from a peer that nothing trusts: "
    "cookies leave without Secure. If a proxy of yours sends it, set %s in the policy, or let the framework "
    "or the server trust it (docs/deploy.md)."
)
_notices = Notices()  # one for all policies: a process has one network


class Client(NamedTuple):
    """The visitor's `address` (empty where unknown), and the `scheme` and `host` they used.

    `scheme` is http or https (also for websockets), `host` lower case and without its port.
    `origin` is the site's as in a browser: `https://shop.example:8443`. A host too long for
    DNS is empty.
    """

    address: str
    scheme: str
    host: str
    origin: str

    @property
    def https(self) -> bool:
        """Whether the visitor's own connection is encrypted."""
        return self.scheme == "https"


class ProxyTrust:
    """The peers whose forwarding fields count: addresses, networks, and "unix" for sockets."""

    def __init__(self, trusted: Sequence[str]) -> None:
        networks = [ipaddress.ip_network(proxy) for proxy in trusted if proxy != "unix"]
        unix = "unix" in trusted
        self.any = bool(trusted)

        @cached("trusted peers")
        def trusts(address: str) -> bool:
            if not address:
                return unix
            ip = read_ip(address)
            return ip is not None and any(ip in network for network in networks)

        self.trusts = trusts

    def client(self, head: RequestHead, asked: Asked | None = None) -> Client:
        """Return the client of a request; `asked` is what the server said, if the app may have changed it."""
        came = asked or head.asked()
        is_trusted = self.any and self.trusts(came.peer)
        read = self._forwarded if is_trusted else as_read_inside
        # If the policy names proxies, fields of other peers do not count.
        asked = came if self.any and not is_trusted else read(head, came)
        client = Client(asked.peer, *_SITES[asked.scheme, asked.authority])
        if not (client.https or is_trusted) and says_https(head):
            _notices.once(_UNTRUSTED, _setting_for(came.peer))
        return client

    def _forwarded(self, head: RequestHead, asked: Asked) -> Asked:
        """Walk the hops from the nearest; each trusted one tells the address of the one before it."""
        peer, scheme, authority, mount = asked
        for hop in _hops(head):
            if hop.scheme in _SCHEMES:
                scheme = hop.scheme
            if hop.host:
                authority = hop.host
            if hop.address is None:
                break
            peer = hop.address
            if not peer or not self.trusts(peer):
                break
        return Asked(peer, scheme, authority, mount)


def as_read_inside(head: RequestHead, asked: Asked) -> Asked:
    """Return a request's peer, scheme and host as the software inside the layer reads them.

    Software that raises is skipped: it will raise the same for the request itself.
    """
    for read in head.readers:
        with suppress(Exception):
            asked = read(head, asked)
    return asked


def says_https(head: RequestHead) -> bool:
    """Whether the nearest hop, trusted or not, says that the visitor's connection is encrypted."""
    if not (head.values("x-forwarded-proto") or head.values("forwarded")):
        return False
    hop = next(_hops(head), None)
    return hop is not None and _SCHEMES.get(hop.scheme) == "https"


def _setting_for(peer: str) -> str:
    """Return the setting that would trust a peer; only a loopback address is shown."""
    if not peer:
        return 'trusted_proxies = ["unix"]'
    if peer.startswith("127.") or peer == "::1":
        return f'trusted_proxies = ["{peer}"]'
    return "trusted_proxies = [...] to its address or network"


class _Hop(NamedTuple):
    address: str | None
    scheme: str
    host: str


def _hops(head: RequestHead) -> Iterator[_Hop]:
    """Yield the fields of each hop, the nearest first; `Forwarded` goes before `X-Forwarded-*`.

    Lazily: all beyond the first untrusted hop is the visitor's own text.
    """
    if forwarded := head.values("forwarded"):
        # A visitor's open quote would hide what the proxy wrote after it: then no hop counts.
        if sum(map(len, forwarded)) > _LONGEST_CHAIN or not all(
            map(_FORWARDED_LIST.fullmatch, forwarded)
        ):
            return iter([_Hop("", "", "")])
        elements = [e for value in forwarded for e in _FORWARDED_ELEMENT.findall(value)]
        return (_forwarded_hop(element) for element in reversed(elements) if element.strip())
    addresses, schemes, hosts = (
        [member for value in head.values(name) for member in split_list(_nearest(value))]
        for name in ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")
    )
    count = max(len(addresses), 1 if schemes or hosts else 0)
    # A list as long as the chain has a value for each hop; a shorter one was written at the edge.
    return (
        _Hop(
            _address(addresses[i]) if i < len(addresses) else None,
            (schemes[i] if len(schemes) == count else (schemes[-1] if schemes else "")).lower(),
            hosts[i] if len(hosts) == count else (hosts[-1] if hosts else ""),
        )
        for i in reversed(range(count))
    )


def _nearest(value: str) -> str:
    """Return a list; of one that is too long, the whole members at its end (the nearest hops)."""
    if len(value) <= _LONGEST_CHAIN:
        return value
    return value[-_LONGEST_CHAIN:].partition(",")[2]


def _forwarded_hop(element: str) -> _Hop:
    pairs = {}
    for part in _FORWARDED_PART.findall(element):
        if match := _FORWARDED_PAIR.fullmatch(part):
            value = match[2]
            if value.startswith('"'):
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            pairs[match[1].lower()] = value
    address = _address(pairs["for"]) if "for" in pairs else None
    return _Hop(address, pairs.get("proto", "").lower(), pairs.get("host", ""))


def _address(text: str) -> str:
    """Strip the port and brackets a proxy may have written; empty for `unknown` and the like."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return "" if read_ip(text) is None else text


def _site(asked: tuple[str, str]) -> tuple[str, str, str]:
    """Return the scheme, host and origin of a scheme and an authority."""
    scheme, authority = asked
    scheme = _SCHEMES.get(scheme.lower(), "http")  # a middleware may take over any text
    host, port = _split_authority(authority) if len(authority) <= _LONGEST else ("", "")
    default = {"http": "80", "https": "443"}.get(scheme)
    origin = f"{scheme}://{host}" + (f":{port}" if port and port != default else "")
    return scheme, host, origin


def _split_authority(authority: str) -> tuple[str, str]:
    """Split `host:port` into the lower-case host (IPv6 keeps its brackets) and the port."""
    authority = authority.strip().lower()
    if authority.startswith("["):
        host, _, port = authority.partition("]")
        return host + "]", port.removeprefix(":")
    host, _, port = authority.partition(":")
    return host.rstrip("."), port


_SITES = Cache("sites", _site)  # nearly all requests ask for the same few
