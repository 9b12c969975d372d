"""The layer sees scheme, host and visitor as the app does, whoever stands where and decides it.

A differential test: the app tells what its framework sees, the layer what it sees, for every
arrangement of proxies' middleware, before the app runs (the lock of a signup) and after.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

import httpx
import pytest
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from flask import Flask, request
from hypercorn.middleware import ProxyFixMiddleware
from hypothesis import given
from hypothesis import strategies as st
from quart import Quart
from quart import request as quart_request
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from alpines_privacy import Cookie, PrivacyPolicy, Signup, protect
from alpines_privacy.asgi import PrivacyMiddleware
from alpines_privacy.guard import guard_for
from alpines_privacy.http import client as client_module
from alpines_privacy.http.forwarding import Inside
from alpines_privacy.http.privacy import context_of, request_context
from alpines_privacy.http.report import Notices
from tests.frameworks.django_site import OURS
from tests.support.clock import stop_clock
from tests.support.secret_keys import KEY
from tests.support.sent import Sent

PROXY, VISITOR, LIAR = "10.0.0.1", "192.0.2.7", "203.0.113.9"
POLICY = PrivacyPolicy(
    cookies=[Cookie("session", purpose="Keeps you signed in", necessary=True)],
    signups=[Signup("/register", birth_date="dob")],
)
Fields = dict[str, str]
# What proxies of every kind send, and strangers make up.
FORWARDED: dict[str, Fields] = {
    "nothing": {},
    "TLS ended": {"X-Forwarded-Proto": "https", "X-Forwarded-For": VISITOR},
    "TLS ended, host": {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": VISITOR,
        "X-Forwarded-Host": "shop.example",
    },
    "a port": {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.example",
        "X-Forwarded-Port": "8443",
    },
    "plain": {"X-Forwarded-Proto": "http", "X-Forwarded-For": VISITOR},
    "two hops": {
        "X-Forwarded-Proto": "http, https",
        "X-Forwarded-For": f"{LIAR}, {VISITOR}",
        "X-Forwarded-Host": "evil.example, shop.example",
    },
    "RFC 7239": {"Forwarded": f"for={VISITOR};host=shop.example;proto=https"},
    "garbage": {"X-Forwarded-Proto": "?!", "X-Forwarded-For": "<"},
    "a scheme of no site": {"X-Forwarded-Proto": "javascript"},
    "capitals": {"X-Forwarded-Proto": "HTTPS", "X-Forwarded-For": VISITOR},
}


class Seen(NamedTuple):
    """What the app's framework sees of a request, and what the layer does."""

    framework: tuple[str, str, str]
    layer: tuple[str, str, str]


def told(scheme: str, host: str, address: str | None) -> str:
    """Return both views, as JSON."""
    context = request_context()
    assert context is not None
    client = context.client
    layer = (client.scheme, client.origin.partition("://")[2], client.address)
    return json.dumps([(scheme, host, address or ""), layer])


def flask_site() -> Flask:
    app = Flask(__name__)

    @app.route("/view")
    def view() -> Any:
        return told(request.scheme, request.host, request.remote_addr)

    @app.route("/page")
    def page() -> Any:
        return "<p>page<script>1</script>", 200, {"Set-Cookie": "session=1"}

    return app


def fastapi_site(app: FastAPI | None = None) -> FastAPI:
    app = app or FastAPI()

    @app.get("/view", response_class=HTMLResponse)
    def view(request: Request) -> str:
        address = request.client and request.client.host
        return told(request.scope["scheme"], request.headers["host"], address)

    @app.get("/page")
    def page() -> HTMLResponse:
        return HTMLResponse("<p>page<script>1</script>", headers={"Set-Cookie": "session=1"})

    return app


def quart_site() -> Quart:
    app = Quart(__name__)

    @app.route("/view")
    async def view() -> Any:
        address = quart_request.remote_addr
        return told(quart_request.scheme, quart_request.host, address)

    @app.route("/page")
    async def page() -> Any:
        return "<p>page<script>1</script>", 200, {"Set-Cookie": "session=1"}

    return app


ALL = {"x_for": 1, "x_proto": 1, "x_host": 1, "x_port": 1}


def fixed(app: Any, where: str, **hops: int) -> Any:
    """Put ProxyFix outside the layer, inside it, or around a wrapped app that the layer goes around."""
    match where:
        case "outside":
            protect(app, POLICY)
            app.wsgi_app = ProxyFix(app.wsgi_app, **hops)
        case "inside":
            app.wsgi_app = ProxyFix(app.wsgi_app, **hops)
            protect(app, POLICY)
        case "between":
            app.wsgi_app = ProxyFix(app.wsgi_app, **hops)
            return protect(Wrapper(app), POLICY)
        case "around":
            return protect(Wrapper(ProxyFix(app, **hops)), POLICY)
    return app


class Wrapper:
    """A middleware that knows nothing of proxies."""

    def __init__(self, app: Any) -> None:
        self.application = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.application(environ, start_response)


class ReverseProxied:
    """A middleware of somebody's own: it changes the environ in place, by a field of its own."""

    def __init__(self, app: Any) -> None:
        self._inner = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        environ["wsgi.url_scheme"] = environ.get("HTTP_X_FORWARDED_PROTO", "http").strip().lower()
        environ["HTTP_HOST"] = environ.get("HTTP_X_FORWARDED_HOST", environ["HTTP_HOST"])
        return self._inner(environ, start_response)


def own_middleware() -> Any:
    app: Any = flask_site()
    app.wsgi_app = ReverseProxied(app.wsgi_app)
    return protect(app, POLICY)


WSGI: dict[str, Callable[[], Any]] = {
    "Flask": lambda: protect(flask_site(), POLICY),
    **{
        f"Flask, ProxyFix {where}, {name}": lambda where=where, hops=hops: fixed(  # type: ignore[misc]
            flask_site(), where, **hops
        )
        for where in ("outside", "inside", "between", "around")
        for name, hops in {"as it comes": {}, "all": ALL, "two hops": {"x_proto": 2, "x_for": 2}}.items()
    },
}  # fmt: skip


def with_added(middleware: Any, **options: Any) -> Any:
    app = fastapi_site()
    app.add_middleware(middleware, **options)
    return protect(app, POLICY)


def added_outside() -> Any:
    app = fastapi_site()
    app.add_middleware(PrivacyMiddleware, policy=POLICY)
    return ProxyHeadersMiddleware(app, trusted_hosts=PROXY)  # type: ignore[arg-type]  # as uvicorn does itself


def quart_fixed(mode: Any) -> Any:
    app: Any = quart_site()
    app.asgi_app = ProxyFixMiddleware(app.asgi_app, mode=mode)
    return protect(app, POLICY)


ASGI: dict[str, Callable[[], Any]] = {
    "FastAPI": lambda: protect(fastapi_site(), POLICY),
    "FastAPI, uvicorn's outside": lambda: ProxyHeadersMiddleware(
        protect(fastapi_site(), POLICY),  # type: ignore[arg-type]  # as uvicorn does itself
        trusted_hosts=PROXY,
    ),
    "FastAPI, uvicorn's outside, the layer added": added_outside,
    "FastAPI, uvicorn's inside": lambda: with_added(ProxyHeadersMiddleware, trusted_hosts=PROXY),
    "FastAPI, uvicorn's inside, another proxy": lambda: with_added(
        ProxyHeadersMiddleware, trusted_hosts="10.9.9.9"
    ),
    "FastAPI, uvicorn's inside, everybody": lambda: with_added(
        ProxyHeadersMiddleware, trusted_hosts="*"
    ),
    "hypercorn's inside": lambda: protect(ProxyFixMiddleware(fastapi_asgi), POLICY),
    "hypercorn's outside": lambda: ProxyFixMiddleware(protect(fastapi_site(), POLICY)),  # type: ignore[arg-type]  # as above
    "Quart, hypercorn's inside": lambda: quart_fixed("legacy"),
    "Quart, hypercorn's inside, RFC 7239": lambda: quart_fixed("modern"),
}  # fmt: skip


async def fastapi_asgi(scope: Any, receive: Any, send: Any) -> None:
    """FastAPI made anew for each request: hypercorn copies all that is in a scope."""
    await fastapi_site()(scope, receive, send)


def django_view(request: HttpRequest) -> HttpResponse:
    try:
        host = request.get_host()
    except Exception:  # what ALLOWED_HOSTS refuses: the Host field is left
        host = request.META["HTTP_HOST"]
    return HttpResponse(told(request.scheme or "", host, request.META.get("REMOTE_ADDR")))


def django_page(_: HttpRequest) -> HttpResponse:
    response = HttpResponse("<p>page<script>1</script>")
    response.set_cookie("session", "1")
    return response


urlpatterns = [path("view", django_view), path("page", django_page)]

DJANGO: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "scheme": {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")},
    "another field": {"SECURE_PROXY_SSL_HEADER": ("HTTP_FORWARDED", "on")},
    "host": {"USE_X_FORWARDED_HOST": True},
    "port": {"USE_X_FORWARDED_PORT": True},
    "all": {
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "USE_X_FORWARDED_HOST": True,
        "USE_X_FORWARDED_PORT": True,
    },
    "hosts": {"USE_X_FORWARDED_HOST": True, "ALLOWED_HOSTS": ["inner", "other.example"]},
}


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    stop_clock(monkeypatch, date(2026, 11, 25))
    monkeypatch.setattr(client_module, "_notices", Notices())


def ask_wsgi(app: Any, where: str, fields: Fields, **more: Any) -> httpx.Response:
    transport = httpx.WSGITransport(app, remote_addr=PROXY)
    with httpx.Client(transport=transport, base_url="http://inner") as client:
        return client.request(more.pop("method", "GET"), where, headers=raw(fields), **more)


def ask_asgi(app: Any, where: str, fields: Fields, **more: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(PROXY, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://inner") as client:
            return await client.request(
                more.pop("method", "GET"), where, headers=raw(fields), **more
            )

    return asyncio.run(ask())


def raw(fields: Fields) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]


def views(answer: httpx.Response) -> Seen:
    framework, layer = json.loads(answer.text)
    return Seen(tuple(framework), tuple(layer))


def as_browsers_name(seen: tuple[str, str, str]) -> tuple[str, str, str]:
    """Write a framework's view as a browser would name the site: known schemes, no port that goes without."""
    scheme, host, address = seen
    scheme = "https" if scheme.lower() == "https" else "http"
    host = host.lower().removesuffix({"https": ":443", "http": ":80"}[scheme])
    return scheme, host, address


def check(ask: Callable[..., httpx.Response], app: Any, fields: Fields) -> None:
    """Let app and layer tell what they see, and the layer set cookies before and after the app runs."""
    answer = ask(app, "/view", fields)
    seen = views(answer)
    assert seen.layer == as_browsers_name(seen.framework)
    https = seen.layer[0] == "https"
    page = ask(app, "/page", fields)
    assert ("Secure" in page.headers["set-cookie"]) is https
    refused = ask(app, "/register", fields, method="POST", data={"dob": "2019-03-01"})
    assert refused.status_code == 403
    assert ("Secure" in refused.headers["set-cookie"]) is https


@pytest.mark.parametrize("fields", FORWARDED.values(), ids=FORWARDED)
@pytest.mark.parametrize("site", WSGI.values(), ids=WSGI)
def test_a_wsgi_app_and_the_layer_see_the_same(site: Callable[[], Any], fields: Fields) -> None:
    check(ask_wsgi, site(), fields)


@pytest.mark.parametrize("fields", FORWARDED.values(), ids=FORWARDED)
@pytest.mark.parametrize("site", ASGI.values(), ids=ASGI)
def test_an_asgi_app_and_the_layer_see_the_same(site: Callable[[], Any], fields: Fields) -> None:
    check(ask_asgi, site(), fields)


DJANGO_SITES: dict[str, tuple[Any, Callable[..., httpx.Response], list[str]]] = {
    "WSGI": (get_wsgi_application, ask_wsgi, [OURS]),
    "ASGI": (get_asgi_application, ask_asgi, [OURS]),
    "protect over WSGI": (lambda: protect(get_wsgi_application(), POLICY), ask_wsgi, []),
    "protect over ASGI": (lambda: protect(get_asgi_application(), POLICY), ask_asgi, []),
    "protect around a wrapper": (
        lambda: protect(Wrapper(get_wsgi_application()), POLICY),
        ask_wsgi,
        [],
    ),
}


@pytest.mark.parametrize("fields", FORWARDED.values(), ids=FORWARDED)
@pytest.mark.parametrize("told_by", DJANGO.values(), ids=DJANGO)
@pytest.mark.parametrize("site", DJANGO_SITES.values(), ids=DJANGO_SITES)
def test_django_and_the_layer_see_the_same(
    site: Any, told_by: dict[str, Any], fields: Fields
) -> None:
    make, ask, middleware = site
    settings = {"MIDDLEWARE": middleware, "ROOT_URLCONF": __name__, "ALPINES_PRIVACY": POLICY}
    with override_settings(**settings, **told_by):
        check(ask, make(), fields)


# --- The path before the app's own


PREFIXES = {
    "/shop": "/shop",
    "/shop/": "/shop",
    "": "",
    "//evil.example": "",
    "/\\evil.example": "",
    "evil.example": "",
    "/a?b": "",
    "/a b": "",
}


@pytest.mark.parametrize(("prefix", "mount"), PREFIXES.items())
@pytest.mark.parametrize("where", ["outside", "inside", "between", "around"])
def test_pages_name_our_own_below_the_prefix_that_proxyfix_sets(
    where: str, prefix: str, mount: str
) -> None:
    app = fixed(flask_site(), where, x_prefix=1)
    page = ask_wsgi(app, "/page", {"X-Forwarded-Prefix": prefix})
    assert f'src="{mount}/_privacy/shield.' in page.text


def test_a_prefix_that_nobody_heeds_does_not_count() -> None:
    page = ask_wsgi(fixed(flask_site(), "inside"), "/page", {"X-Forwarded-Prefix": "/shop"})
    assert 'src="/_privacy/shield.' in page.text


def test_what_a_router_inside_takes_of_the_path_is_no_prefix() -> None:
    def other(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [])
        return []

    routed = DispatcherMiddleware(other, {"/shop": flask_site().wsgi_app})
    for app, prefix in ((routed, ""), (ProxyFix(routed, x_prefix=1), "/all")):
        page = ask_wsgi(protect(Wrapper(app), POLICY), "/shop/page", {"X-Forwarded-Prefix": "/all"})
        assert f'src="{prefix}/_privacy/shield.' in page.text


@pytest.mark.parametrize("site", DJANGO_SITES.values(), ids=DJANGO_SITES)
def test_pages_name_our_own_below_djangos_script_name(site: Any) -> None:
    make, ask, middleware = site
    settings = {"MIDDLEWARE": middleware, "ROOT_URLCONF": __name__, "ALPINES_PRIVACY": POLICY}
    with override_settings(**settings, FORCE_SCRIPT_NAME="/shop"):
        assert 'src="/shop/_privacy/shield.' in ask(make(), "/page", {}).text


# --- Middleware that nobody knows


@pytest.mark.parametrize("fields", FORWARDED.values(), ids=FORWARDED)
def test_what_a_middleware_of_ones_own_changes_counts_once_it_has(fields: Fields) -> None:
    """Only what the layer says before the app runs is said as the server sees it."""
    app = own_middleware()
    page = ask_wsgi(app, "/page", fields)
    https = fields.get("X-Forwarded-Proto", "").lower() == "https"
    assert ("Secure" in page.headers["set-cookie"]) is https
    assert ask_wsgi(app, "/view", fields).status_code == 200


def test_what_a_middleware_of_ones_own_writes_into_the_scope_counts_too() -> None:
    class InPlace:
        def __init__(self, app: Any) -> None:
            self._inner = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            scope["scheme"] = "https"
            others = [field for field in scope["headers"] if field[0] != b"host"]
            scope["headers"] = [*others, (b"host", b"shop.example")]
            scope["client"] = (VISITOR, 0)
            await self._inner(scope, receive, send)

    app = with_added(InPlace)
    assert views(ask_asgi(app, "/view", {})).layer == ("https", "shop.example", VISITOR)
    assert "Secure" in ask_asgi(app, "/page", {}).headers["set-cookie"]


def test_a_change_counts_though_somebody_asked_before_it() -> None:
    """A log line before the middleware asks for the visitor's address; the page leaves as the app sees it."""
    app: Any = flask_site()
    app.wsgi_app = ReverseProxied(app.wsgi_app)
    inner = app.wsgi_app

    def asks_first(environ: Any, start_response: Any) -> Any:
        context = context_of(environ["alpines_privacy"])
        assert context is not None
        assert context.client.origin == "http://inner"
        return inner(environ, start_response)

    app.wsgi_app = asks_first
    page = ask_wsgi(protect(app, POLICY), "/page", {"X-Forwarded-Proto": "https"})
    assert "Secure" in page.headers["set-cookie"]


# --- The policy's own proxies decide where there are any


@pytest.mark.parametrize("where", ["inside", "between", "around"])
@pytest.mark.parametrize("trusted", [[PROXY], ["10.9.9.9"], [LIAR], ["unix"]])
def test_trusted_proxies_decide_over_a_middleware_inside(where: str, trusted: list[str]) -> None:
    """A peer that is not among them is not believed, though ProxyFix makes whoever it says the peer."""
    app: Any = flask_site()
    app.wsgi_app = ProxyFix(app.wsgi_app, **ALL)
    policy = PrivacyPolicy(**{**_as_arguments(POLICY), "trusted_proxies": trusted})
    app = protect(Wrapper(app), policy) if where != "inside" else protect(app, policy)
    said = {
        "X-Forwarded-For": f"{VISITOR}, {LIAR}",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    seen = views(ask_wsgi(app, "/view", said))
    believed = trusted == [PROXY]
    expected = ("https", "evil.example", LIAR) if believed else ("http", "inner", PROXY)
    assert seen.layer == expected
    page = ask_wsgi(app, "/page", said)
    assert ("Secure" in page.headers["set-cookie"]) is believed


def _as_arguments(policy: PrivacyPolicy) -> dict[str, Any]:
    return {"cookies": policy.cookies, "signups": policy.signups}


@given(st.sampled_from(sorted(FORWARDED)), st.sampled_from(["x_for", "x_proto", "x_host", ""]))
def test_what_nobody_trusts_is_never_believed(name: str, hop: str) -> None:
    """Of the fields a ProxyFix was not told to trust, nothing reaches the layer's judgement."""
    hops = {"x_for": 0, "x_proto": 0, "x_host": 0, **({hop: 1} if hop else {})}
    app = fixed(flask_site(), "inside", **hops)
    scheme, host, address = views(ask_wsgi(app, "/view", FORWARDED[name])).layer
    assert scheme == "http" or hop == "x_proto"
    assert host == "inner" or hop == "x_host"
    assert address == PROXY or hop == "x_for"


def test_hosts_are_told_apart_as_the_app_sees_them() -> None:
    """A callable policy gets the host that ProxyFix or Django decide, and no other."""
    asked: list[str] = []

    def policy_of(host: str) -> PrivacyPolicy:
        asked.append(host)
        return POLICY

    said = {"X-Forwarded-Host": "shop.example:8443"}
    for hops in ({"x_host": 1}, {}):
        app: Any = flask_site()
        app.wsgi_app = ProxyFix(app.wsgi_app, **hops)
        ask_wsgi(protect(app, policy_of), "/page", said)
    with override_settings(
        MIDDLEWARE=[OURS],
        ROOT_URLCONF=__name__,
        ALPINES_PRIVACY=policy_of,
        USE_X_FORWARDED_HOST=True,
    ):
        ask_wsgi(get_wsgi_application(), "/page", said)
    assert asked == ["shop.example", "inner", "shop.example"]


def test_a_middleware_that_fails_leaves_what_the_server_said() -> None:
    class Broken(ProxyFix):
        def _get_real_value(self, trusted: int, value: str | None) -> str | None:
            raise ValueError("no")

    head = Asked(Broken(flask_site()))
    assert guard_for(POLICY).visit(head).context.client.host == "inner"


class Asked(Sent):
    """A request that meets software inside the layer."""

    def __init__(self, app: Any, *more: tuple[str, str]) -> None:
        super().__init__(("host", "inner"), ("x-forwarded-host", "evil.example"), *more)
        self._inside = Inside(app)

    @property
    def readers(self) -> Any:
        return self._inside.readers


def test_a_middleware_that_cannot_be_copied_is_not_asked() -> None:
    class Single(ProxyFix):
        def __copy__(self) -> Single:
            raise TypeError("there is one")

    assert Asked(Wrapper(Single(ProxyFix(flask_site(), x_host=1)))).readers
    (reader,) = Asked(Wrapper(Single(ProxyFix(flask_site(), x_host=1)))).readers
    head = Asked(None)
    assert reader(head, head.asked()).authority == "evil.example"


def test_an_app_is_asked_without_its_cookies_and_its_body() -> None:
    """Of a request it sees the forwarding fields, the host, the peer and the scheme."""
    seen: list[dict[str, Any]] = []

    class Watching(ProxyFix):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            seen.append(dict(environ))
            return super().__call__(environ, start_response)

    app = Asked(Watching(flask_site()), ("cookie", "session=secret"), ("x-forwarded-for", VISITOR))
    _ = guard_for(POLICY).visit(app).context.client
    assert set(seen[0]) == {
        "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_HOST", "REMOTE_ADDR", "SCRIPT_NAME", "SERVER_NAME",
        "SERVER_PORT", "wsgi.url_scheme",
    }  # fmt: skip


def test_what_wraps_itself_is_looked_through_once() -> None:
    class Circle:
        @property
        def app(self) -> Circle:
            return self

        def __call__(self) -> None:
            """Be an app."""

    assert Asked(Circle()).readers == ()


# --- One request has one `Privacy`, in all copies of its scope


def test_a_copied_scope_holds_the_same_privacy() -> None:
    privacy = guard_for(POLICY).visit(Sent()).privacy
    assert copy.deepcopy({"privacy": privacy})["privacy"] is privacy
    assert copy.copy(privacy) is privacy


# --- What nobody heeds is told


@pytest.fixture
def told_once(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    with caplog.at_level(logging.WARNING, "alpines_privacy"):
        yield lambda: [line for line in caplog.messages if "X-Forwarded-Proto" in line]


@pytest.mark.parametrize(
    ("peer", "setting"),
    [
        ("127.0.0.1", 'trusted_proxies = ["127.0.0.1"]'),
        ("::1", 'trusted_proxies = ["::1"]'),
        ("", 'trusted_proxies = ["unix"]'),
        (LIAR, "trusted_proxies = [...] to its address or network"),
    ],
)
@pytest.mark.parametrize(
    "said", [("x-forwarded-proto", "https"), ("forwarded", f"for={VISITOR};proto=https")], ids=str
)
@pytest.mark.parametrize("trusted", [[], ["10.9.9.9"]], ids=str)
def test_an_unheeded_https_is_told_once_with_what_to_set(
    peer: str,
    setting: str,
    said: tuple[str, str],
    trusted: list[str],
    told_once: Callable[[], list[str]],
) -> None:
    for _ in range(3):  # a process has one network, however many policies
        guard = guard_for(PrivacyPolicy(trusted_proxies=trusted))
        visit = guard.visit(Sent(("host", "shop.example"), said, peer=peer))
        assert not visit.context.https or said[0] == "forwarded"
        assert not visit.context.client.https
        visit.end()
    (line,) = told_once()
    assert setting in line
    assert LIAR not in line and VISITOR not in line and "shop.example" not in line  # noqa: PT018 - one thought


@pytest.mark.parametrize(
    "head",
    [
        Sent(("host", "a.example")),
        Sent(("host", "a.example"), ("x-forwarded-proto", "http")),
        Sent(("host", "a.example"), ("x-forwarded-proto", "https"), scheme="https"),
        Sent(("host", "a.example"), ("x-forwarded-proto", "https"), peer=PROXY),
        Sent(("host", "a.example"), ("x-forwarded-proto", "http, http, https,"), peer=PROXY),
        Sent(("host", "a.example"), ("forwarded", 'proto="https')),
    ],
)
def test_what_is_heeded_or_says_nothing_is_not_told(
    head: Sent, told_once: Callable[[], list[str]]
) -> None:
    visit = guard_for(PrivacyPolicy(trusted_proxies=[PROXY])).visit(head)
    _ = visit.context.client
    visit.end()
    assert told_once() == []


@pytest.mark.parametrize("heeding", [True, False])
def test_a_cookie_behind_an_unheeded_proxy_is_told_of(
    heeding: bool, told_once: Callable[[], list[str]]
) -> None:
    app = fixed(flask_site(), "inside", x_proto=int(heeding))
    ask_wsgi(app, "/page", FORWARDED["TLS ended"])
    assert len(told_once()) == (not heeding)
