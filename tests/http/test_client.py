"""Who asks, seen through trusted proxies: address, scheme, host, origin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.http.client import ProxyTrust
from alpines_privacy.http.heads import Field
from alpines_privacy.http.paths import PathSet
from alpines_privacy.policy.patterns import compile_patterns
from tests.support.sent import Sent

PROXY, INNER, VISITOR, LIAR = "10.0.0.1", "10.0.0.2", "192.0.2.7", "203.0.113.9"
TRUST = ProxyTrust(["10.0.0.0/8", "2001:db8::/32"])


def address(*fields: Field, peer: str = PROXY, trust: ProxyTrust = TRUST) -> str:
    return trust.client(Sent(*fields, peer=peer)).address


ADDRESSES: dict[str, tuple[list[Field], str]] = {
    "nothing said": ([], PROXY),
    "one hop": ([("x-forwarded-for", VISITOR)], VISITOR),
    "hearsay before it": ([("x-forwarded-for", f"{LIAR}, {VISITOR}")], VISITOR),
    "a chain of trusted hops": ([("x-forwarded-for", f"{LIAR}, {VISITOR}, {INNER}")], VISITOR),
    "the chain on two lines": (
        [("x-forwarded-for", LIAR), ("x-forwarded-for", f"{VISITOR},{INNER}")],
        VISITOR,
    ),
    "all hops trusted": ([("x-forwarded-for", f"10.1.1.1, {INNER}")], "10.1.1.1"),
    "with a port": ([("x-forwarded-for", f"{VISITOR}:4711")], VISITOR),
    "IPv6": ([("x-forwarded-for", "2001:dba::7")], "2001:dba::7"),
    "IPv6 with a port": ([("x-forwarded-for", "[2001:dba::7]:80")], "2001:dba::7"),
    "unknown": ([("x-forwarded-for", f"{LIAR}, unknown")], ""),
    "no address at all": ([("x-forwarded-for", "<script>")], ""),
    "empty": ([("x-forwarded-for", "")], PROXY),
    "Forwarded": ([("forwarded", f"for={VISITOR}")], VISITOR),
    "Forwarded, quoted": ([("forwarded", 'FOR = "[2001:dba::7]:47011"; by=_x')], "2001:dba::7"),
    "Forwarded, a chain": (
        [("forwarded", f"for={LIAR}, for={VISITOR};proto=http, for={INNER}")],
        VISITOR,
    ),
    "Forwarded, obfuscated": ([("forwarded", f"for={LIAR}, for=_hidden")], ""),
    "Forwarded, unknown": ([("forwarded", f"for={LIAR}, for=unknown")], ""),
    "Forwarded without for": ([("forwarded", "proto=https")], PROXY),
    "Forwarded wins": ([("forwarded", f"for={VISITOR}"), ("x-forwarded-for", LIAR)], VISITOR),
    "a comma in quotes": ([("forwarded", f'for={VISITOR};x="a, for={LIAR}"')], VISITOR),
    "an escaped quote": ([("forwarded", f'for={LIAR};x="\\", for=1", for={VISITOR}')], VISITOR),
    # A visitor's open quote must not swallow the proxy's own element.
    "an open quote": ([("forwarded", f'for="{LIAR}";x=", for={VISITOR}')], ""),
    "an open quote before quotes": ([("forwarded", f'for="{LIAR}";x=", for="{VISITOR}"')], ""),
    "an open quote with an escape": ([("forwarded", f'for="{LIAR}";x="\\, for={VISITOR}')], ""),
    "an open quote beside X-Forwarded-For": (
        [("forwarded", 'x="'), ("x-forwarded-for", LIAR)],
        "",
    ),
    "empty elements": ([("forwarded", f", ,for={VISITOR}, ,")], VISITOR),
}


@pytest.mark.parametrize(("fields", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_first_hop_that_is_not_trusted_is_the_visitor(
    fields: list[Field], expected: str
) -> None:
    assert address(*fields) == expected


@pytest.mark.parametrize(
    "fields",
    [[("x-forwarded-for", LIAR)], [("forwarded", f"for={LIAR}")], [("x-real-ip", LIAR)]],
    ids=str,
)
@pytest.mark.parametrize("trust", [ProxyTrust([]), TRUST], ids=["nobody", "another network"])
def test_a_strangers_word_does_not_count(fields: list[Field], trust: ProxyTrust) -> None:
    fields = [*fields, ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")]
    client = trust.client(Sent(*fields, ("host", "shop.example"), peer=VISITOR))
    assert client == (VISITOR, "http", "shop.example", "http://shop.example")


TRUSTED: dict[tuple[str, str], bool] = {
    ("10.0.0.0/8", "10.255.0.1"): True,
    ("10.0.0.0/8", "11.0.0.1"): False,
    ("10.0.0.1", "10.0.0.1"): True,
    ("10.0.0.1", "10.0.0.2"): False,
    ("10.0.0.0/8", "::ffff:10.0.0.1"): True,  # an IPv6 socket that took an IPv4 connection
    ("::1", "::1"): True,
    ("2001:db8::/32", "2001:db8::7"): True,
    ("0.0.0.0/0", "::1"): False,
    ("unix", ""): True,
    ("127.0.0.1", ""): False,
    ("unix", "127.0.0.1"): False,
    ("127.0.0.1", "testclient"): False,
}


@pytest.mark.parametrize(("trusted", "peer"), TRUSTED)
def test_proxies_are_trusted_by_address_network_or_socket(trusted: str, peer: str) -> None:
    found = address(("x-forwarded-for", VISITOR), peer=peer, trust=ProxyTrust([trusted]))
    assert found == (VISITOR if TRUSTED[trusted, peer] else peer)


def test_an_unknown_hop_is_no_unix_socket() -> None:
    trust = ProxyTrust(["unix"])
    fields = ("forwarded", f"for={LIAR}, for=unknown")
    assert address(fields, peer="", trust=trust) == ""


SCHEMES: dict[str, tuple[str, list[Field], str]] = {
    "plain": ("http", [], "http"),
    "TLS here": ("https", [], "https"),
    "websocket": ("ws", [], "http"),
    "websocket over TLS": ("wss", [], "https"),
    "the edge's word": ("http", [("x-forwarded-proto", "https")], "https"),
    "in capitals": ("http", [("x-forwarded-proto", "HTTPS")], "https"),
    "of a websocket": ("http", [("x-forwarded-proto", "wss")], "https"),
    "the edge's word, http": ("https", [("x-forwarded-proto", "http")], "http"),
    "no scheme we know": ("http", [("x-forwarded-proto", "gopher")], "http"),
    "hop by hop": (
        "http",
        [("x-forwarded-for", f"{LIAR}, {VISITOR}"), ("x-forwarded-proto", "https, http")],
        "http",
    ),
    "each hop's, the visitor's counts": (
        "http",
        [("x-forwarded-for", f"{VISITOR}, {INNER}"), ("x-forwarded-proto", "https, http")],
        "https",
    ),
    "once for the chain": (
        "http",
        [("x-forwarded-for", f"{VISITOR}, {INNER}"), ("x-forwarded-proto", "https")],
        "https",
    ),
    "Forwarded": ("http", [("forwarded", f"for={VISITOR};proto=https")], "https"),
    "Forwarded, hearsay": (
        "http",
        [("forwarded", f"for={LIAR};proto=https, for={VISITOR};proto=http")],
        "http",
    ),
}


@pytest.mark.parametrize(("here", "fields", "scheme"), SCHEMES.values(), ids=SCHEMES)
def test_the_scheme_is_the_visitors_own(here: str, fields: list[Field], scheme: str) -> None:
    client = TRUST.client(Sent(*fields, scheme=here, peer=PROXY))
    assert client.scheme == scheme
    assert client.https == (scheme == "https")


ORIGINS: dict[tuple[str, str], tuple[str, str]] = {
    ("http", "shop.example"): ("shop.example", "http://shop.example"),
    ("http", "Shop.Example."): ("shop.example", "http://shop.example"),
    ("http", "shop.example:80"): ("shop.example", "http://shop.example"),
    ("https", "shop.example:443"): ("shop.example", "https://shop.example"),
    ("https", "shop.example:80"): ("shop.example", "https://shop.example:80"),
    ("http", "localhost:8000"): ("localhost", "http://localhost:8000"),
    ("http", "[::1]:8000"): ("[::1]", "http://[::1]:8000"),
    ("http", "[::1]"): ("[::1]", "http://[::1]"),
    ("http", " shop.example "): ("shop.example", "http://shop.example"),
    ("http", ""): ("", "http://"),
}


@pytest.mark.parametrize(("scheme", "authority"), ORIGINS)
def test_an_origin_is_written_as_browsers_write_it(scheme: str, authority: str) -> None:
    client = TRUST.client(Sent(("host", authority), scheme=scheme, peer=VISITOR))
    assert (client.host, client.origin) == ORIGINS[scheme, authority]


def test_the_host_asked_for_is_the_edges_word() -> None:
    inner = ("host", "inner:8000")
    for told in (("x-forwarded-host", "shop.example"), ("forwarded", 'host="shop.example"')):
        assert TRUST.client(Sent(inner, told, peer=PROXY)).origin == "http://shop.example"
        assert TRUST.client(Sent(inner, told, peer=VISITOR)).origin == "http://inner:8000"


names = st.sampled_from(
    ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "host"]
)
pieces = st.sampled_from(
    ["for=", "proto=https", ";", ",", '"', "\\", VISITOR, INNER, "[::1]:80", "unknown", " ", "unix"]
)
texts = st.one_of(st.text(), st.lists(pieces).map("".join))
peers = st.one_of(st.sampled_from([PROXY, VISITOR, "", "::1"]), st.text())


@given(st.lists(st.tuples(names, texts)), peers)
def test_nothing_sent_makes_it_raise(fields: list[Field], peer: str) -> None:
    client = ProxyTrust(["10.0.0.0/8", "unix"]).client(Sent(*fields, peer=peer))
    assert client.scheme in {"http", "https"}


@given(st.lists(st.tuples(names, texts)))
def test_whatever_a_visitor_sends_the_proxys_own_word_about_them_counts(
    fields: list[Field],
) -> None:
    """A proxy appends to `Forwarded`; WSGI joins the lines."""
    sent = [value for name, value in fields if name == "forwarded"]
    joined = ", ".join([*sent, f"for={VISITOR}"])
    assert address(("forwarded", joined)) in {VISITOR, ""}


def test_a_long_field_is_read_in_one_pass() -> None:
    hostile = '"' + '\\"' * 200_000  # quadratic, were every quote tried as a beginning
    assert address(("forwarded", hostile)) == ""


PATHS: dict[tuple[str, str, str], bool] = {
    ("/healthz", "/healthz", ""): True,
    ("/healthz", "/healthz/", ""): False,
    ("/healthz", "/healthzz", ""): False,
    ("/healthz", "/shop/healthz", ""): False,
    ("/healthz", "/shop/healthz", "/shop"): True,
    ("/shop/healthz", "/shop/healthz", "/shop"): True,
    ("/healthz", "/shopping/healthz", "/shop"): False,  # a mount point ends where a segment does
    ("/", "/shop", "/shop"): True,
    ("/static/*", "/static/", ""): True,
    ("/static/*", "/static/a/b.css", ""): True,
    ("/static/*", "/static", ""): False,
    ("/*.css", "/a/b.css", ""): True,
    ("/*.css", "/a/b.css.php", ""): False,
    ("/a*b*c", "/a-b-c", ""): True,
    ("/a*b*c", "/abbc", ""): True,
    ("/a*b*c", "/acb", ""): False,
    ("/a*b", "/ab/b", ""): True,
    ("/x.y", "/xzy", ""): False,
    ("/line*", "/line\nbreak", ""): True,
    ("/caf\xe9", "/caf\xe9", ""): True,
}


@pytest.mark.parametrize(("pattern", "path", "mount"), PATHS)
def test_paths_are_matched_with_and_without_the_mount_point(
    pattern: str, path: str, mount: str
) -> None:
    assert PathSet([pattern]).holds(Sent(path=path, mount=mount)) == PATHS[pattern, path, mount]


def test_no_patterns_hold_nothing() -> None:
    assert not PathSet([]).any
    assert not PathSet([]).holds(Sent(path=""))


def test_a_pattern_of_many_stars_never_steps_back() -> None:
    hostile = "/a" * 20_000  # each star, were it to give back what it took, would multiply the ways
    assert not PathSet(["/" + "*a" * 12 + "*b"]).holds(Sent(path=hostile))


PATTERN_PARTS = st.lists(st.sampled_from(["a", "/", "*", "b"]), min_size=1, max_size=5).map("".join)


@given(st.lists(PATTERN_PARTS, max_size=4), st.text("ab/*\n", max_size=6))
def test_a_set_of_paths_is_its_patterns(patterns: list[str], path: str) -> None:
    found = PathSet(patterns).holds_path(path)
    assert found == (compile_patterns(patterns).fullmatch(path) is not None)


@pytest.mark.parametrize("host", ["x" * 321, "[fe80::1%25" + "x" * 400 + "]", "é" * 250_000])
def test_a_host_longer_than_a_browser_could_ask_for_is_none(host: str) -> None:
    client = TRUST.client(Sent(("host", host), peer=VISITOR))
    assert client.host == ""


def test_of_a_long_chain_the_nearest_hops_are_read() -> None:
    chain = "203.0.113.9, " * 20_000 + "198.51.100.7"
    assert address(("x-forwarded-for", chain)) == "198.51.100.7"
    assert address(("forwarded", "for=192.0.2.1," * 2000 + "for=198.51.100.7")) == ""
