"""Mail addresses: which are valid, and which are one and the same mailbox."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

__all__ = ["Address", "read_address", "read_domain", "without_addresses"]

# What stands around an address in lists that people made: spaces of all kinds, and marks without width.
_AROUND = " \t\r\n\f\v\u00a0\u200b\u200c\u200d\u2060\ufeff"
_LONGEST = 1000  # characters; RFC 5321 §4.5.3.1 allows 254, and a name may stand before them
# The local part that almost all addresses have (RFC 5322 §3.2.3, dot-atom); others are read by the library.
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# Domains that need no library: ASCII, of labels that are no A-labels, and not of special use (RFC 6761).
_HOST = re.compile(
    r"(?=.{4,253}\Z)(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!..--)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
_SPECIAL = re.compile(rf"(?:^|\.)(?:{'|'.join(map(re.escape, SPECIAL_USE_DOMAIN_NAMES))})\Z")
# An address in a text, its local part quoted or not, its `@` in the forms that bounces encode it in
# (VERP, xtext of RFC 3461 §4, URLs). It begins where a word does, so that long words cost little.
_AROUND_ONE = r"\s<>()\[\]:;,\"'"
_IN_TEXT = re.compile(
    rf'(?:"[^"\n]*"|(?<![^{_AROUND_ONE}])[^{_AROUND_ONE}@]*?)(?:@|[=+%]40)[^{_AROUND_ONE}]*(?:\[[^\[\]\s]{{0,60}}\])?'
)
_LONGEST_LOCAL, _LONGEST_ASCII = 64, 254  # RFC 5321 §4.5.3.1.1, and §4.5.3.1.3 less its brackets


class Address(NamedTuple):
    """An address to send to, and the mailbox that it names, in one spelling."""

    written: str  # the local part as it was given, the domain in A-labels (RFC 5890)
    mailbox: str  # the same for addresses that differ in letters' case or Unicode's forms
    domain: str


def read_address(text: str) -> Address | None:
    """Read an address, or `Name <address>`; None for what no mail can be sent to.

    Nothing is asked of the DNS. Mailboxes are compared without case: servers may tell `A@` from
    `a@` (RFC 5321 §2.4), and none that people have does. Dots and `+tags` are kept apart, since
    only some servers ignore them.
    """
    text = text.strip(_AROUND)
    local, _, domain = text.rpartition("@")
    if len(local) <= _LONGEST_LOCAL and _DOT_ATOM.fullmatch(local):
        host = _domain(domain.lower()) if len(domain) <= _LONGEST_ASCII else None
        if host is not None and len(local) + len(host) < _LONGEST_ASCII:
            return Address(f"{local}@{host}", f"{local.lower()}@{host}", host)
    return _by_library(text) if len(text) <= _LONGEST else None


def read_domain(text: str) -> str | None:
    """Read a domain, international or not, as addresses have it: in A-labels (RFC 5890); None if it is none."""
    domain = text.strip().lower()
    return _domain(domain) if len(domain) <= _LONGEST_ASCII else None


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> str | None:
    """Return the A-labels of a domain that mail can be sent to; None if it is none."""
    if _HOST.fullmatch(domain) and not _SPECIAL.search(domain):
        return domain
    read = _by_library(f"a@{domain}")
    return read.domain if read is not None and read.written == f"a@{read.domain}" else None


def without_addresses(text: str) -> str:
    """Return a text with `[address]` for each mail address in it."""
    return _IN_TEXT.sub("[address]", text)


def _by_library(text: str) -> Address | None:
    try:
        read = validate_email(
            text,
            check_deliverability=False,
            allow_quoted_local=True,
            allow_display_name=True,
            strict=True,
        )
    except EmailNotValidError:
        return None
    domain = read.ascii_domain
    lowered = read.local_part.lower()  # and not folded: `maß@` and `mass@` may be two people
    return Address(f"{read.local_part}@{domain}", f"{lowered}@{domain}", domain)
