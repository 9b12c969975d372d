"""Policy §6, transport: https alone, Strict-Transport-Security, Secure cookies (RFC 6797, RFC 9110 §15.4.9)."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Hsts, PolicyError, PrivacyPolicy, Signup, protect
from alpines_privacy.guard import Guard
from alpines_privacy.http import client as client_module
from alpines_privacy.http import setcookie
from alpines_privacy.http.heads import Field
from alpines_privacy.http.outcomes import Answer, Pass
from alpines_privacy.http.report import Notices
from alpines_privacy.testing import visitor
from alpines_privacy.testing.client import Visitor
from tests.support.exempting import exempting
from tests.support.secret_keys import KEY
from tests.support.sent import Sent, answered
from tests.support.wire import ASGIServer, WSGIServer, scope_of

REQUIRE = PrivacyPolicy(https="require")
YEAR = "max-age=31536000"


@pytest.fixture(autouse=True)
def each_notice_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_notices", Notices())


class Shop:
    """An app of both protocols that tells whether it was called, and whether it read the body."""

    def __init__(self, *fields: Field, kind: str = "text/html") -> None:
        self.called = self.read = False
        self.fields = [("content-type", kind), *fields]

    def wsgi(self, environ: Any, start_response: Any) -> list[bytes]:
        self.called = True
        self.read = bool(environ["wsgi.input"].read())
        start_response("200 OK", self.fields)
        return [b"<p>page"]

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        self.called = True
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        self.read = bool((await receive()).get("body"))
        raw = [(name.encode(), value.encode()) for name, value in self.fields]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": b"<p>page"})


protocols = pytest.mark.parametrize("protocol", ["wsgi", "asgi"])


def asks(shop: Shop, protocol: str, policy: PrivacyPolicy, **options: Any) -> Visitor:
    options = {"base_url": "http://shop.example", "address": "203.0.113.9", **options}
    return visitor(protect(getattr(shop, protocol), policy), **options)


# --- What comes over http


@protocols
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_over_http_is_redirected(protocol: str, method: str) -> None:
    shop = Shop()
    response = asks(shop, protocol, REQUIRE).request(method, "/a%20b/%2Fc?q=%C3%BC&q=2&&x")
    assert response.status_code == 308
    assert response.headers["location"] == "https://shop.example/a%20b/%2Fc?q=%C3%BC&q=2&&x"
    assert response.headers["cache-control"] == "no-store"
    assert not shop.called


@protocols
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_any_other_method_over_http_is_refused_and_its_body_not_read(
    protocol: str, method: str
) -> None:
    taken = []

    def body() -> Any:
        taken.append(1)
        yield b"password=secret"

    shop = Shop()
    response = asks(shop, protocol, REQUIRE).request(method, "/login", content=body())
    assert (response.status_code, shop.called, taken) == (403, False, [])


@protocols
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_comes_over_https_passes(protocol: str, method: str) -> None:
    shop = Shop()
    response = asks(shop, protocol, REQUIRE, base_url="https://shop.example").request(method, "/")
    assert (response.status_code, shop.called) == (200, True)


@pytest.mark.parametrize(("scheme", "status"), [("ws", 403), ("wss", 101)])
@pytest.mark.parametrize("extensions", [{}, {"websocket.http.response": {}}])
def test_a_websocket_without_encryption_is_refused(
    scheme: str, status: int, extensions: Any
) -> None:
    shop = Shop()
    base = "https://shop.example" if scheme == "wss" else "http://shop.example"
    browser = asks(shop, "asgi", REQUIRE, base_url=base, extensions=extensions)
    with browser.websocket("/live") as socket:
        assert socket.status_code == status
    browser.close()
    assert shop.called is (status == 101)


@pytest.mark.parametrize("path", ["/_privacy/preference", "/_privacy/age"])
@pytest.mark.parametrize(("method", "status"), [("GET", 308), ("POST", 403)])
def test_our_own_pages_keep_the_rule_too(path: str, method: str, status: int) -> None:
    policy = PrivacyPolicy(
        https="require", site_preference=True, signups=[Signup("/join", screen=True)]
    )
    guard = Guard(policy, app_keys=[KEY])
    request = Sent(("host", "shop.example"), path=path, method=method, peer="203.0.113.9")
    outcome = guard.visit(request).request()
    assert isinstance(outcome, Answer)
    assert outcome.status == status


@protocols
def test_nothing_is_changed_where_nothing_is_declared(protocol: str) -> None:
    shop = Shop()
    for base in ("http://shop.example", "https://shop.example"):
        response = asks(shop, protocol, PrivacyPolicy(), base_url=base).get("/")
        assert response.status_code == 200
        assert "strict-transport-security" not in response.headers
        assert "content-security-policy" not in response.headers
    assert not {type(p).__module__ for p, _ in Guard(PrivacyPolicy()).on_response} & {
        "alpines_privacy.transport"
    }


@protocols
def test_report_mode_redirects_nothing_and_says_so(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()
    policy = PrivacyPolicy(https="require", hsts=Hsts(), mode="report")
    response = asks(shop, protocol, policy).get("/")
    assert (response.status_code, shop.called) == (200, True)
    assert "would have been answered 308" in caplog.text
    safe = asks(shop, protocol, policy, base_url="https://shop.example")
    assert "strict-transport-security" not in safe.get("/").headers


# --- Where a redirect leads


def location(*fields: Field, **request: Any) -> str | int:
    """Return where a request is redirected, or the status of another answer."""
    guard = Guard(request.pop("policy", REQUIRE))
    sent = Sent(*fields, **{"peer": "203.0.113.9", **request})
    outcome = guard.visit(sent).request()
    if isinstance(outcome, Pass):
        return 200
    assert isinstance(outcome, Answer)
    return dict(outcome.fields).get("location", outcome.status)


HOSTS = {
    "shop.example": "https://shop.example/",
    "shop.example:80": "https://shop.example/",
    "shop.example:8080": "https://shop.example/",
    "SHOP.Example.": "https://shop.example/",
    "198.51.100.7:8000": "https://198.51.100.7/",
    "[2001:DB8::7]:80": "https://[2001:db8::7]/",
    "": 403,
    "good.example@evil.example": 403,
    "evil.example/path": 403,
    "evil.example?": 403,
    "evil.example#": 403,
    "evil.example\\": 403,
    "a b": 403,
    "a\r\nset-cookie: x=1": 403,
    "a\x00": 403,
    "é.example": 403,
    "h" * 400: 403,
    "[::1": "https://[::1]/",
    "-": 403,
    "..": 403,
}


@pytest.mark.parametrize(("host", "leads"), HOSTS.items())
def test_a_redirect_leads_to_the_host_that_was_asked(host: str, leads: str | int) -> None:
    assert location(("host", host)) == leads


def test_without_a_host_there_is_nowhere_to_lead() -> None:
    assert location() == 403


FORWARDED_HOSTS = [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")]


@pytest.mark.parametrize("field", FORWARDED_HOSTS)
def test_a_host_counts_only_from_a_trusted_proxy(field: Field) -> None:
    """No open redirect: a visitor, or a page that has its cache poisoned, names no other host."""
    host = ("host", "shop.example")
    assert location(host, field) == "https://shop.example/"
    trusted = PrivacyPolicy(https="require", trusted_proxies=["10.0.0.1"])
    assert location(host, field, policy=trusted) == "https://shop.example/"
    assert location(host, field, policy=trusted, peer="10.0.0.1") == "https://evil.example/"


TEXT = st.text(st.characters(codec="latin-1"), max_size=40)


@given(path=TEXT, query=TEXT, raw=TEXT, host=TEXT)
def test_whatever_is_asked_a_redirect_leads_to_that_host_and_holds_no_line_break(
    path: str, query: str, raw: str, host: str
) -> None:
    class Raw(Sent):
        @property
        def _target(self) -> str:
            return raw

    sent = Raw(("host", host or "shop.example"), path="/" + path, query=query, peer="203.0.113.9")
    outcome = Guard(REQUIRE).visit(sent).request()
    if isinstance(outcome, Pass):  # a loopback host has no such peer
        raise AssertionError(host)
    assert isinstance(outcome, Answer)
    if outcome.status == 403:
        return
    leads = dict(outcome.fields)["location"]
    assert leads.isascii()
    assert leads.isprintable()
    assert " " not in leads
    parts = urlsplit(leads)
    assert parts.scheme == "https"
    assert parts.netloc == client_module._split_authority(host or "shop.example")[0]


@given(segments=st.lists(st.binary(max_size=8), max_size=5))
def test_a_path_leads_to_the_same_octets_without_the_server_s_own_text(
    segments: list[bytes],
) -> None:
    path = "/" + "/".join(segment.decode("utf-8", "ignore") for segment in segments)
    leads = location(("host", "shop.example"), path=path)
    assert isinstance(leads, str)
    assert unquote_to_bytes(leads.removeprefix("https://shop.example")) == path.encode()


RAW_PATHS = [
    "/a%2Fb",
    "/%7euser/~user",
    "//evil.example/x",
    "/a;b=c/@:!$'()*,",
    "/%ff%zz",
    "/A%2fb%2F",
]


@pytest.mark.parametrize("raw", RAW_PATHS)
def test_a_path_is_kept_byte_for_byte_over_both_protocols(raw: str) -> None:
    shop, octets = Shop(), unquote_to_bytes(raw)
    scope = scope_of(octets.decode(errors="replace"), raw_path=raw.encode(), query_string=b"a=%20+")
    server = ASGIServer()
    server.run(protect(shop.asgi, REQUIRE), scope)
    assert dict(server.head["headers"])[b"location"] == f"https://shop.example{raw}?a=%20+".encode()
    for name in ("RAW_URI", "REQUEST_URI"):
        for target in (f"{raw}?a=%20+", f"http://other.example{raw}?a=%20+"):
            environ = environ_of(
                octets.decode("latin-1"), **{name: target, "QUERY_STRING": "a=%20+"}
            )
            answer = WSGIServer().run(protect(shop.wsgi, REQUIRE), environ)
            assert answer.head is not None
            assert dict(answer.head[1])["location"] == f"https://shop.example{raw}?a=%20+"


def environ_of(path: str, **more: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "",
        "SERVER_NAME": "x", "SERVER_PORT": "80", "HTTP_HOST": "shop.example", "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "203.0.113.9", "wsgi.input": None, **more,
    }  # fmt: skip


def test_a_target_that_is_not_the_path_does_not_count() -> None:
    """A middleware outside has changed the path: the target tells of another one."""
    answer = WSGIServer().run(
        protect(Shop().wsgi, REQUIRE), environ_of("/new", RAW_URI="/old?x=1", QUERY_STRING="x=1")
    )
    assert answer.head is not None
    assert dict(answer.head[1])["location"] == "https://shop.example/new?x=1"


MOUNTS: dict[str, tuple[dict[str, str], str]] = {
    "none": ({"path": "/a"}, "/a"),
    "mounted": ({"path": "/shop/a", "mount": "/shop"}, "/shop/a"),
    "mount only": ({"path": "/shop", "mount": "/shop"}, "/shop"),
    "a mount that the proxy took off": ({"path": "/a", "mount": "/shop"}, "/shop/a"),
    "alike": ({"path": "/shopping", "mount": "/shop"}, "/shop/shopping"),
    "encoded": ({"path": "/l'été/a", "mount": "/l'été"}, "/l'%C3%A9t%C3%A9/a"),
}


@pytest.mark.parametrize(("request_", "path"), MOUNTS.values(), ids=MOUNTS)
def test_a_redirect_keeps_the_mount_point(request_: dict[str, str], path: str) -> None:
    assert location(("host", "shop.example"), **request_) == f"https://shop.example{path}"


@pytest.mark.parametrize("mount", ["@evil.example", ".evil.example", ":80@evil.example", "evil"])
def test_no_mount_point_that_is_no_path_becomes_a_part_of_the_host(mount: str) -> None:
    """A prefix is a field of the request to some software: `X-Forwarded-Prefix`, `SCRIPT_NAME`."""
    answer = WSGIServer().run(
        protect(Shop().wsgi, REQUIRE), environ_of("/a", SCRIPT_NAME=mount, HTTP_HOST="shop.example")
    )
    assert answer.head is not None
    assert answer.head[0].startswith("403")
    assert "location" not in dict(answer.head[1])


# --- No circle


HOST: Field = ("host", "shop.example")
SIGNS: dict[str, Field] = {
    "X-Forwarded-Proto": ("x-forwarded-proto", "https"),
    "the nearest hop's": ("x-forwarded-proto", "http, https"),
    "Forwarded": ("forwarded", "for=198.51.100.9;proto=https"),
    "the browser's": ("sec-fetch-site", "none"),
    "the browser's mode": ("sec-fetch-mode", "navigate"),
}


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "10.0.0.1", ""])
@pytest.mark.parametrize("sign", SIGNS.values(), ids=SIGNS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_redirect_that_would_come_back_is_not_sent_and_nobody_gets_in_by_a_header(
    sign: Field, peer: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Endless redirects behind a TLS-ending balancer (complaints: https required)."""
    assert location(HOST, sign, peer=peer, method=method) == 403
    assert "trusted_proxies" in caplog.text
    assert "would lead in a circle" in caplog.text


@pytest.mark.parametrize("proxies", [[], ["127.0.0.1"], ["10.0.0.0/8"]])
@pytest.mark.parametrize("told", [[], *([sign] for sign in SIGNS.values())])
def test_no_visitor_is_redirected_for_ever(proxies: list[str], told: list[Field]) -> None:
    """Each redirect is followed, through a proxy that ends TLS and adds what it adds, or nothing."""
    policy = PrivacyPolicy(https="require", trusted_proxies=proxies)
    browser: list[Field] = [("sec-fetch-site", "none")]
    first = location(
        HOST, policy=policy, peer="127.0.0.1"
    )  # over http, before the proxy's redirect
    assert first == "https://shop.example/"
    second = location(HOST, *browser, *told, policy=policy, peer="127.0.0.1")
    assert second in {200, 403}


def test_the_circle_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard(REQUIRE)
    for _ in range(5):
        guard.visit(Sent(HOST, SIGNS["the browser's"], peer="203.0.113.9")).request()
    told = [r for r in caplog.records if "circle" in r.getMessage()]
    assert [r.levelno for r in told] == [logging.WARNING]


TRUSTED = PrivacyPolicy(https="require", trusted_proxies=["10.0.0.1", "unix"])


@pytest.mark.parametrize("peer", ["10.0.0.1", ""])
def test_a_trusted_proxy_tells_the_scheme(peer: str) -> None:
    for field in (("x-forwarded-proto", "https"), ("forwarded", "proto=https")):
        assert location(HOST, field, policy=TRUSTED, peer=peer) == 200
    for field in (("x-forwarded-proto", "http"), ("forwarded", "proto=http")):
        assert location(HOST, field, policy=TRUSTED, peer=peer) == "https://shop.example/"


# --- Localhost and health checks


LOCAL: list[tuple[str, str, list[Field], int | str]] = [
    ("127.0.0.1", "localhost:8000", [], 200),
    ("127.0.0.1", "127.0.0.1:8000", [], 200),
    ("::1", "[::1]:8000", [], 200),
    ("::ffff:127.0.0.1", "shop.localhost", [], 200),
    ("", "localhost", [], 200),  # curl --unix-socket
    # A proxy on the same machine: each visitor's connection is a loopback one.
    ("127.0.0.1", "shop.example", [], "https://shop.example/"),
    # Each visitor can write any Host.
    ("203.0.113.9", "localhost", [], "https://localhost/"),
    ("10.0.0.9", "127.0.0.1", [], "https://127.0.0.1/"),
    # Both, through a proxy on the same machine.
    ("127.0.0.1", "localhost", [("x-forwarded-for", "203.0.113.9")], "https://localhost/"),
    ("127.0.0.1", "localhost", [("via", "1.1 proxy")], "https://localhost/"),
    ("127.0.0.1", "localhost", [("forwarded", "for=127.0.0.1")], "https://localhost/"),
    ("127.0.0.1", "127.evil.example", [], "https://127.evil.example/"),
    ("127.0.0.1", "localhost.evil.example", [], "https://localhost.evil.example/"),
]  # fmt: skip


@pytest.mark.parametrize(("peer", "host", "fields", "leads"), LOCAL)
def test_only_this_machine_asking_for_itself_is_exempt(
    peer: str, host: str, fields: list[Field], leads: int | str
) -> None:
    assert location(("host", host), *fields, peer=peer) == leads


def test_behind_a_trusted_proxy_the_visitor_s_address_counts() -> None:
    policy = PrivacyPolicy(https="require", trusted_proxies=["127.0.0.1"])
    here: list[Field] = [("host", "localhost"), ("x-forwarded-for", "127.0.0.1")]
    there: list[Field] = [("host", "localhost"), ("x-forwarded-for", "203.0.113.9")]
    assert location(*here, policy=policy, peer="127.0.0.1") == 200
    assert location(*there, policy=policy, peer="127.0.0.1") == "https://localhost/"


CHECKED = PrivacyPolicy(https="require", https_exempt=["/healthz", "/ready/*"])


@protocols
@pytest.mark.parametrize("host", ["10.0.3.7:8000", "shop.example", "", "[fd00::7]"])
@pytest.mark.parametrize(
    ("path", "method"), [("/healthz", "GET"), ("/healthz", "HEAD"), ("/ready/db", "POST")]
)
def test_a_health_check_gets_the_app_s_own_answer_whatever_its_host(
    protocol: str, host: str, path: str, method: str
) -> None:
    """A checker asks by address, with a Host that is none of the site's (complaints)."""
    shop = Shop()
    checker = asks(shop, protocol, CHECKED, address="10.0.0.2")
    response = checker.request(method, path, headers={"Host": host})
    assert (response.status_code, shop.called) == (200, True)


NOT_EXEMPT = ["/", "/healthz/", "/healthzz", "/ready", "/ready/../login", "/ready/./x", "/ready//x", "/ready/;x",
              "/ready/\\..\\login", "/ready/\nx"]  # fmt: skip


@pytest.mark.parametrize("path", NOT_EXEMPT)
def test_a_path_that_may_lead_elsewhere_is_not_exempt(path: str) -> None:
    assert location(HOST, policy=CHECKED, path=path) != 200


# --- Strict-Transport-Security


VALUES = {
    Hsts(): YEAR,
    Hsts(max_age=300): "max-age=300",
    Hsts(max_age=0): "max-age=0",
    Hsts(include_subdomains=True): f"{YEAR}; includeSubDomains",
    Hsts(max_age=63072000, include_subdomains=True, preload=True): "max-age=63072000; includeSubDomains; preload",
}  # fmt: skip


@protocols
@pytest.mark.parametrize("kind", ["text/html", "application/json", "image/png"])
@pytest.mark.parametrize(("hsts", "value"), VALUES.items(), ids=VALUES.values())
def test_browsers_are_told_over_https_alone(
    protocol: str, hsts: Hsts, value: str, kind: str
) -> None:
    policy = PrivacyPolicy(hsts=hsts)
    safe = asks(Shop(kind=kind), protocol, policy, base_url="https://shop.example").get("/")
    assert safe.headers.get_list("strict-transport-security") == [value]
    assert (
        "strict-transport-security" not in asks(Shop(kind=kind), protocol, policy).get("/").headers
    )


@pytest.mark.parametrize("https", ["off", "secure-cookies", "require"])
def test_a_redirect_over_http_does_not_tell(https: Any) -> None:
    policy = PrivacyPolicy(https=https, hsts=Hsts())
    assert "strict-transport-security" not in asks(Shop(), "wsgi", policy).get("/").headers


@protocols
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_the_app_s_own_field_stands(protocol: str, kind: str) -> None:
    shop = Shop(("Strict-Transport-Security", "max-age=60"), kind=kind)
    policy = PrivacyPolicy(hsts=Hsts(), https="require")
    response = asks(shop, protocol, policy, base_url="https://shop.example").get("/")
    assert response.headers.get_list("strict-transport-security") == ["max-age=60"]


def test_a_site_on_this_machine_does_not_claim_localhost() -> None:
    for host in ("localhost", "127.0.0.1", "shop.localhost"):
        safe = asks(Shop(), "wsgi", PrivacyPolicy(hsts=Hsts()), base_url=f"https://{host}")
        assert "strict-transport-security" not in safe.get("/").headers


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
@pytest.mark.parametrize("status", [200, 204, 301, 304, 404, 500])
def test_each_status_tells(kind: str, status: int) -> None:
    guard = Guard(PrivacyPolicy(hsts=Hsts()))
    head = answered(guard, Sent(HOST, scheme="https"), [("content-type", kind)], status)
    assert head.values("strict-transport-security") == [YEAR]


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_a_full_head_is_left_as_it_is(kind: str) -> None:
    guard = Guard(PrivacyPolicy(hsts=Hsts(), upgrade_insecure_requests=True))
    full: list[Field] = [("content-type", kind), ("x-app", "x" * 3600)]
    head = answered(guard, Sent(HOST, scheme="https"), full)
    assert head.values("strict-transport-security") == head.values("content-security-policy") == []


@protocols
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_an_app_can_exempt_a_response(protocol: str, kind: str) -> None:
    app = exempting(Shop(kind=kind), protocol, "transport")
    policy = PrivacyPolicy(hsts=Hsts(), upgrade_insecure_requests=True)
    headers = visitor(protect(app, policy), base_url="https://shop.example").get("/").headers
    assert "strict-transport-security" not in headers
    assert "content-security-policy" not in headers


# --- upgrade-insecure-requests


UPGRADES = PrivacyPolicy(upgrade_insecure_requests=True)


@protocols
def test_pages_load_their_parts_over_https(protocol: str) -> None:
    own = "default-src 'self'"
    page = asks(Shop((_CSP, own)), protocol, UPGRADES, base_url="https://shop.example").get("/")
    assert page.headers.get_list(_CSP) == [own, "upgrade-insecure-requests"]
    over_http = asks(Shop((_CSP, own)), protocol, UPGRADES).get("/")
    assert over_http.headers.get_list(_CSP) == [own]
    data = asks(Shop(kind="application/json"), protocol, UPGRADES, base_url="https://shop.example")
    assert _CSP not in data.get("/").headers


def test_an_app_that_asks_for_it_is_left_alone() -> None:
    own = "default-src 'self'; Upgrade-Insecure-Requests"
    page = asks(Shop((_CSP, own)), "wsgi", UPGRADES, base_url="https://shop.example").get("/")
    assert page.headers.get_list(_CSP) == [own]


_CSP = "content-security-policy"


def test_with_declared_loads_both_policies_leave() -> None:
    guard = Guard(PrivacyPolicy(upgrade_insecure_requests=True, hsts=Hsts(), loads="declared"))
    head = answered(guard, Sent(HOST, scheme="https"), [("content-type", "text/html")])
    assert len(head.values(_CSP)) == 2
    assert head.values("strict-transport-security") == [YEAR]


# --- Cookies


COOKIES = ["sid=1; Path=/", "sid=1; secure", "__Secure-x=1", "gone=; Max-Age=0"]


@protocols
@pytest.mark.parametrize("cookie", COOKIES)
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_secure_cookies_without_a_redirect(protocol: str, cookie: str, kind: str) -> None:
    """A firewall redirects already and the second balancer drops the header (complaints)."""
    policy = PrivacyPolicy(https="secure-cookies", hsts=Hsts())
    for base in ("http://shop.example", "https://shop.example"):
        shop = Shop(("Set-Cookie", cookie), kind=kind)
        response = asks(shop, protocol, policy, base_url=base).get("/")
        assert response.status_code == 200
        (line,) = response.headers.get_list("set-cookie")
        assert line.lower().count("secure") - cookie.lower().count("__secure") == 1


@protocols
def test_on_this_machine_cookies_stay_as_they_are(protocol: str) -> None:
    policy = PrivacyPolicy(https="secure-cookies")
    here = asks(
        Shop(("Set-Cookie", "sid=1")), protocol, policy,
        base_url="http://localhost:8000", address="127.0.0.1",
    )  # fmt: skip
    assert here.get("/").headers["set-cookie"] == "sid=1"


@given(st.lists(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30)))
def test_no_cookie_that_a_browser_reads_leaves_over_https_without_secure(lines: list[str]) -> None:
    guard = Guard(PrivacyPolicy(https="require"))
    fields = [("content-type", "application/json"), *(("set-cookie", line) for line in lines)]
    head = answered(guard, Sent(HOST, scheme="https"), fields)
    read = [setcookie.parse(line) for line in head.values("set-cookie")]
    assert all("secure" in cookie.attributes for cookie in read if cookie is not None)


# --- The policy


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"https": "on"}, "https", "off"),
    ({"https": True}, "https", "off"),
    ({"https_exempt": ["healthz"]}, "https_exempt[0]", "starts with /"),
    ({"hsts": {"max_age": -1}}, "hsts.max_age", "from 0 to 315360000"),
    ({"hsts": {"maxage": 1}}, "hsts.maxage", "max_age"),
    ({"hsts": {"preload": True}}, "hsts.preload", "include_subdomains = true"),
    ({"hsts": {"preload": True, "include_subdomains": True, "max_age": 300}}, "hsts.preload", "31536000"),
    ({"hsts": "yes"}, "hsts", ""),
    ({"upgrade_insecure_requests": "yes"}, "upgrade_insecure_requests", ""),
]  # fmt: skip


@pytest.mark.parametrize(("table", "key", "says"), WRONG)
def test_a_wrong_table_is_one_error_that_names_its_key(
    table: dict[str, Any], key: str, says: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping(table)
    assert caught.value.key == key
    assert says in str(caught.value)


def test_a_defect_of_ours_does_not_open_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alpines_privacy.transport.is_local", None)
    assert location(HOST) == 403
