"""The visitor's cookie store against RFC 6265bis §5.7 and §5.8, and against Chromium itself."""

from __future__ import annotations

import string
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.testing.jar import CookieJar
from tests.support.chromium import chromium
from tests.support.origin import Request, origin

PAST = "Thu, 01 Jan 1970 00:00:00 GMT"


class Case(NamedTuple):
    """Where each cookie is set, and what each later request carries. `{site}` is the case's own domain."""

    sets: list[tuple[str, str]]
    sends: dict[str, str]


# Over plain http, from hosts that are not this machine's: what a browser does is in the table twice,
# as what we expect and as what Chromium is asked.
CASES = {
    "host-only": Case(
        [("{site}/", "a=1")],
        {"{site}/": "a=1", "{site}/deep/er": "a=1", "www.{site}/": ""},
    ),
    "domain": Case(
        [("www.{site}/", "a=1; Domain={site}")],
        {"{site}/": "a=1", "www.{site}/": "a=1", "x.www.{site}/": "a=1", "not{site}/": ""},
    ),
    "domain with a dot and capitals": Case(
        [("www.{site}/", "a=1; Domain=.{SITE}")], {"{site}/": "a=1", "www.{site}/": "a=1"}
    ),
    "empty domain": Case([("{site}/", "a=1; Domain=")], {"{site}/": "a=1", "www.{site}/": ""}),
    "domain of another": Case([("{site}/", "a=1; Domain=other.{site}")], {"other.{site}/": ""}),
    "domain below": Case(
        [("{site}/", "a=1; Domain=www.{site}")], {"www.{site}/": "", "{site}/": ""}
    ),
    "public suffix": Case([("{site}/", "a=1; Domain=example")], {"{site}/": ""}),
    "public suffix of two labels": Case(
        [("{site}.co.uk/", "a=1; Domain=co.uk")], {"{site}.co.uk/": "", "co.uk/": ""}
    ),
    "the last domain counts": Case(
        [("www.{site}/", "a=1; Domain={site}; Domain=www.{site}")],
        {"{site}/": "", "www.{site}/": "a=1"},
    ),
    "default path": Case(
        [("{site}/shop/cart/add", "a=1")],
        {"{site}/shop/cart": "a=1", "{site}/shop/cart/": "a=1", "{site}/shop": "", "{site}/": ""},
    ),
    "path": Case(
        [("{site}/", "a=1; Path=/shop")],
        {"{site}/shop": "a=1", "{site}/shop/x": "a=1", "{site}/shopping": "", "{site}/": ""},
    ),
    "path with a slash at its end": Case(
        [("{site}/", "a=1; Path=/shop/")], {"{site}/shop": "", "{site}/shop/x": "a=1"}
    ),
    "path that is none": Case(
        [("{site}/shop/cart", "a=1; Path=cart")], {"{site}/shop/x": "a=1", "{site}/": ""}
    ),
    "longer paths first, then older cookies": Case(
        [
            ("{site}/", "a=1; Path=/"),
            ("{site}/", "b=2; Path=/"),
            ("{site}/", "c=3; Path=/shop"),
            # Set again it keeps its place. (With another value too, by the RFC; Chromium moves it.)
            ("{site}/", "a=1; Path=/"),
        ],
        {"{site}/shop": "c=3; a=1; b=2", "{site}/": "a=1; b=2"},
    ),
    "deleted and set again": Case(
        [("{site}/", "a=1"), ("{site}/", "b=2"), ("{site}/", "a=; Max-Age=0"), ("{site}/", "a=3")],
        {"{site}/": "b=2; a=3"},
    ),
    "same name at two paths": Case(
        [("{site}/", "a=1; Path=/"), ("{site}/", "a=2; Path=/shop")],
        {"{site}/shop": "a=2; a=1", "{site}/": "a=1"},
    ),
    "secure over http": Case([("{site}/", "a=1; Secure")], {"{site}/": ""}),
    "samesite none without secure": Case([("{site}/", "a=1; SameSite=None")], {"{site}/": ""}),
    "partitioned without secure": Case([("{site}/", "a=1; Partitioned")], {"{site}/": ""}),
    "__Secure- over http": Case([("{site}/", "__Secure-a=1")], {"{site}/": ""}),
    "__host- in small letters": Case([("{site}/", "__host-a=1; Path=/")], {"{site}/": ""}),
    "a prefix in a nameless cookie": Case([("{site}/", "=__Host-a=1")], {"{site}/": ""}),
    "nameless": Case([("{site}/", "1")], {"{site}/": "1"}),
    "deleted": Case([("{site}/", "a=1"), ("{site}/", "a=; Max-Age=0")], {"{site}/": ""}),
    "deleted by a date": Case(
        [("{site}/", "a=1"), ("{site}/", f"a=1; Expires={PAST}")], {"{site}/": ""}
    ),
    "not deleted at another path": Case(
        [("{site}/", "a=1"), ("{site}/", "a=; Path=/shop; Max-Age=0")], {"{site}/shop": "a=1"}
    ),
    "not deleted with another domain": Case(
        [("{site}/", "a=1"), ("{site}/", "a=; Domain={site}; Max-Age=0")], {"{site}/": "a=1"}
    ),
    "max-age beats expires": Case(
        [("{site}/", f"a=1; Max-Age=60; Expires={PAST}")], {"{site}/": "a=1"}
    ),
    "unreadable": Case([("{site}/", "=")], {"{site}/": ""}),
}


def filled(text: str, number: int) -> str:
    site = f"s{number}.example" if ".co.uk" not in text else f"s{number}"
    return text.replace("{site}", site).replace("{SITE}", site.upper())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_jar_keeps_and_sends_what_the_table_says(case: Case) -> None:
    jar = CookieJar("http://testserver")
    for url, line in case.sets:
        jar.receive(filled(line, 1), "http://" + filled(url, 1))
    sent = {url: jar.header("http://" + filled(url, 1)) for url in case.sends}
    assert sent == case.sends


def test_chromium_keeps_and_sends_what_the_table_says() -> None:
    answers: list[bytes] = []
    carried: dict[str, bytes] = {}

    def answer(request: Request) -> list[bytes]:
        if request.path == "/favicon.ico":
            return []
        carried[request.host + request.path] = b"; ".join(request.values("cookie"))
        return answers

    seen: dict[str, dict[str, str]] = {}
    with origin(answer) as port, chromium() as browser:
        page = browser.new_context().new_page()

        def go(url: str) -> str:
            host, slash, path = url.partition("/")
            page.goto(f"http://{host}:{port}{slash}{path}")
            return carried[url].decode("latin-1")

        for number, (name, case) in enumerate(CASES.items()):
            for url, line in case.sets:
                answers[:] = [b"Set-Cookie: " + filled(line, number).encode()]
                go(filled(url, number))
            answers.clear()
            seen[name] = {url: go(filled(url, number)) for url in case.sends}
    assert seen == {name: case.sends for name, case in CASES.items()}


SECURE = [  # over https: the line, and whether a browser heeds it
    ("a=1; Secure", True),
    ("__Secure-a=1; Secure", True),
    ("__Secure-a=1; Secure; Domain=shop.example", True),
    ("__Secure-a=1", False),
    ("__Host-a=1; Secure; Path=/", True),
    ("__Host-a=1; Secure", False),
    ("__Host-a=1; Path=/", False),
    ("__Host-a=1; Secure; Path=/x", False),
    ("__Host-a=1; Secure; Path=/; Domain=shop.example", False),
    ("a=1; Secure; Partitioned", True),
    ("a=1; Secure; SameSite=None", True),
]


@pytest.mark.parametrize(("line", "heeded"), SECURE)
def test_over_https_prefixes_hold_what_they_promise(line: str, heeded: bool) -> None:
    jar = CookieJar("https://shop.example")
    assert jar.receive(line, "https://shop.example/") is heeded
    assert bool(jar.header("https://shop.example/")) is heeded


def test_secure_cookies_do_not_travel_over_http() -> None:
    jar = CookieJar("https://shop.example")
    jar.receive("a=1; Secure", "https://shop.example/")
    assert jar.header("https://shop.example/") == "a=1"
    assert jar.header("http://shop.example/") == ""


@pytest.mark.parametrize("host", ["localhost", "shop.localhost", "127.0.0.1", "[::1]"])
def test_this_very_machine_counts_as_secure(host: str) -> None:
    jar = CookieJar(f"http://{host}:8000")
    assert jar.receive("a=1; Secure", f"http://{host}:8000/")
    assert jar.header(f"http://{host}:8000/") == "a=1"


OVERLAYS = [  # a secure cookie, and an insecure page's of the same name: does the browser take it?
    ("a=1; Secure", "a=2", False),
    ("a=1; Secure; Domain=shop.example", "a=2", False),
    ("a=1; Secure", "a=2; Domain=shop.example", False),
    ("a=1; Secure; Path=/", "a=2; Path=/x", False),
    ("a=1; Secure; Path=/x", "a=2; Path=/", True),
    ("a=1; Secure; Path=/", "a=; Max-Age=0", False),
    ("a=1; Secure", "b=2", True),
    ("a=1", "a=2", True),
]


@pytest.mark.parametrize(("first", "second", "taken"), OVERLAYS)
def test_an_insecure_page_cannot_stand_in_for_a_secure_cookie(
    first: str,
    second: str,
    taken: bool,
) -> None:
    jar = CookieJar("https://www.shop.example")
    assert jar.receive(first, "https://www.shop.example/")
    assert jar.receive(second, "http://www.shop.example/") is taken


def test_a_partition_is_a_store_of_its_own() -> None:
    jar, url = CookieJar("https://shop.example"), "https://shop.example/"
    jar.receive("a=1; Secure; Partitioned", url)
    jar.receive("a=; Secure; Max-Age=0", url)
    assert dict(jar) == {"a": "1"}
    jar.receive("a=; Secure; Partitioned; Max-Age=0", url)
    assert dict(jar) == {}


def test_a_cookie_is_gone_when_its_lifetime_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    jar = CookieJar("http://testserver")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    jar.receive("a=1; Max-Age=60", "http://testserver/")
    jar.receive("b=1", "http://testserver/")
    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert sorted(jar) == ["a", "b"]
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert sorted(jar) == ["b"]
    assert len(jar) == 1
    assert "a" not in jar


def test_cookies_set_by_hand_are_the_sites_own_from_an_earlier_visit() -> None:
    jar = CookieJar("http://www.shop.example")
    jar["_ga"] = "GA1"
    assert jar.header("http://www.shop.example/deep/er") == "_ga=GA1"
    assert jar.header("http://shop.example/") == ""
    del jar["_ga"]
    assert dict(jar) == {}
    with pytest.raises(KeyError):
        del jar["_ga"]
    with pytest.raises(KeyError):
        jar["_ga"]


def test_of_several_cookies_of_a_name_the_value_is_the_one_sent_to_the_home_page() -> None:
    jar = CookieJar("http://testserver")
    jar.receive("a=deep; Path=/deep", "http://testserver/")
    assert jar["a"] == "deep"
    jar.receive("a=home; Path=/", "http://testserver/")
    assert (jar["a"], len(jar), list(jar)) == ("home", 1, ["a"])
    del jar["a"]
    assert len(jar) == 0


labels = st.text(string.ascii_lowercase, min_size=1, max_size=3)
hosts = st.lists(labels, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "example"]))
paths = st.lists(labels, max_size=3).map(lambda parts: "/" + "/".join(parts))
attributes = st.lists(
    st.one_of(
        hosts.map(lambda host: f"Domain={host}"),
        paths.map(lambda path: f"Path={path}"),
        st.sampled_from(["Secure", "HttpOnly", "SameSite=Lax", "Partitioned", "Max-Age=60"]),
    ),
    max_size=4,
).map("; ".join)
urls = st.builds(lambda s, h, p: f"{s}://{h}{p}", st.sampled_from(["http", "https"]), hosts, paths)


@given(attributes, urls)
def test_what_was_planted_is_deleted_by_the_same_line_with_an_expiry(text: str, url: str) -> None:
    jar = CookieJar("http://testserver")
    heeded = jar.receive(f"a=1; {text}", url)
    assert bool(jar) is heeded
    assert jar.receive(f"a=; {text}; Max-Age=0", url) is heeded
    assert not jar


@given(attributes, urls, urls)
def test_no_cookie_goes_beyond_its_registrable_domain(text: str, url: str, other: str) -> None:
    jar = CookieJar("http://testserver")
    jar.receive(f"a=1; {text}", url)
    sites = {urlsplit(place).netloc.split(".")[-2] for place in (url, other)}
    if len(sites) == 2:
        assert jar.header(other) == ""


@given(st.text(max_size=60), urls)
def test_any_line_at_all_is_taken_or_left_without_an_exception(line: str, url: str) -> None:
    jar = CookieJar(url)
    assert jar.receive(line, url) in {True, False}
    jar.header(url)
