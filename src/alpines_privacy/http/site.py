"""Registrable domains, which browsers call sites, by the Public Suffix List."""

from __future__ import annotations

import re
from functools import cache

from publicsuffixlist import PublicSuffixList

from alpines_privacy.http.cache import cached
from alpines_privacy.http.url import parse

__all__ = ["cookie_domains", "is_same_site", "leads_to_site", "registrable_domain"]

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+:")
_ALL_DIGITS = re.compile(r"[0-9]+|0x[0-9a-f]*")


@cache
def _suffixes() -> PublicSuffixList:
    """Read the list once, when the first guard that needs it is made (about 12 ms).

    In Unicode, as it is written: with all rules in Punycode too it would take 40.
    """
    return PublicSuffixList(accept_encoded_idn=False)


def load() -> None:
    """Read the list now, at start-up, so that no request pays for it."""
    _suffixes()


@cached("registrable domains")
def registrable_domain(host: str) -> str | None:
    """Return the registrable domain of a lower-case host: `shop.example.co.uk` -> `example.co.uk`.

    None for an address, a single label (`localhost`), a public suffix itself, or no host at all.
    """
    # A host whose last label is a number is an address to a browser (WHATWG URL, "ends in a number").
    if (
        len(host) > 253
        or not _NAME.fullmatch(host)
        or _ALL_DIGITS.fullmatch(host.rpartition(".")[2])
    ):
        return None
    labels = host.split(".")
    site = _suffixes().privatesuffix(".".join(map(_in_unicode, labels)))
    return site and ".".join(labels[-1 - site.count(".") :])


def is_same_site(host: str, other: str) -> bool:
    """Tell whether two lower-case hosts are one, or have one registrable domain (HTML §7.1.1)."""
    return host == other or (
        (site := registrable_domain(host)) is not None and site == registrable_domain(other)
    )


def leads_to_site(reference: str, host: str) -> bool:
    """Tell whether a reference in a page of `host` leads to its site: a relative one, or one of a host of it."""
    reference = reference.strip()
    if reference.replace("\\", "/").startswith("//"):
        reference = f"https:{reference}"
    if not _SCHEME.match(reference):
        return True
    address = parse(reference)
    return address is not None and is_same_site(address.host, host)


def _in_unicode(label: str) -> str:
    """Return a label as the list writes it: `xn--p1ai` -> `рф`; one that is not Punycode unchanged."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode().decode("punycode")
    except UnicodeError:
        return label


def cookie_domains(host: str) -> tuple[str, ...]:
    """Return every Domain a page on `host` can set cookies for, the longest first."""
    site = registrable_domain(host)
    if site is None:
        return ()
    domains = [host]
    while domains[-1] != site:
        domains.append(domains[-1].partition(".")[2])
    return tuple(domains)
