"""The registrable domain, against the Public Suffix List's own vectors."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.http.site import cookie_domains, registrable_domain

_VECTOR = re.compile(r"^checkPublicSuffix\('([^']+)', (?:'([^']+)'|null)\);", re.MULTILINE)


def browsers_form(host: str) -> str:
    """Return a host as a browser's Host field has it: lower case, IDNA-encoded."""
    return host.lower() if host.isascii() else host.lower().encode("idna").decode()


VECTORS = [
    (browsers_form(host), browsers_form(domain) if domain else None)
    for host, domain in _VECTOR.findall(
        files("publicsuffixlist").joinpath("test_psl.txt").read_text("utf-8")
    )
]


def test_the_vectors_were_found() -> None:
    assert len(VECTORS) > 70
    assert any(domain for _, domain in VECTORS)


@pytest.mark.parametrize(("host", "domain"), VECTORS)
def test_the_lists_own_vectors_hold(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain


HOSTS: dict[str, str | None] = {
    "": None,
    "localhost": None,
    "192.0.2.7": None,
    "1.2.3.0x4": None,  # the last label makes it an address to a browser (WHATWG URL)
    "shop.example.0": None,
    "[2001:db8::1]": None,
    "shop..example": None,
    ".shop.example": None,
    "shop.example.": None,
    "-shop.example": None,
    "shop-.example": None,
    "my_shop.example": "my_shop.example",
    "a_b.shop.example": "shop.example",
    "shop.example;x": None,
    "shop example.com": None,
    "shop.example\n": None,
    "a.b.github.io": "b.github.io",
    "github.io": None,
    "shop.example": "shop.example",
    "x" * 63 + ".example": "x" * 63 + ".example",
    "x" * 64 + ".example": None,
    ("x" * 50 + ".") * 5 + "example": None,
}


@pytest.mark.parametrize(("host", "domain"), HOSTS.items(), ids=[repr(h[:30]) for h in HOSTS])
def test_a_host_that_is_none_has_no_registrable_domain(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("host", "domains"),
    [
        ("www.shop.example.co.uk", ("www.shop.example.co.uk", "shop.example.co.uk", "example.co.uk")),
        ("example.com", ("example.com",)),
        ("co.uk", ()),
        ("localhost", ()),
        ("192.0.2.7", ()),
    ],
)  # fmt: skip
def test_cookies_can_be_set_for_each_domain_up_to_the_registrable_one(
    host: str, domains: tuple[str, ...]
) -> None:
    assert cookie_domains(host) == domains


labels = st.sampled_from(["www", "a", "co", "uk", "com", "github", "io", "xn--p1ai", "jp", "kobe"])


@given(st.text() | st.lists(labels, min_size=1, max_size=6).map(".".join))
def test_a_registrable_domain_is_the_hosts_own_end(host: str) -> None:
    domain = registrable_domain(host)
    if domain is not None:
        assert host == domain or host.endswith("." + domain)
        assert registrable_domain(domain) == domain
        assert cookie_domains(host)[-1] == domain
