"""The apps and the layers around them: ours and its peers', each as its documentation recommends.

- `secure`: `Secure.with_default_headers()`, what its middleware takes when nothing is said.
- asgi-csrf: `asgi_csrf(app, signing_secret=…)`, a GET without its cookie.
- Starlette's BaseHTTPMiddleware: a `dispatch` that only calls the next.
- flask-talisman: `Talisman(app)`; the request is https, so nothing is redirected.
- django-csp: its middleware and the one-directive policy its documentation begins with.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import django
import flask
from asgi_csrf import asgi_csrf  # type: ignore[import-untyped]
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test.utils import override_settings
from django.urls import path
from flask_talisman import Talisman  # type: ignore[import-untyped]
from secure.middleware import SecureASGIMiddleware, SecureWSGIMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import Response
from starlette.routing import Route

from alpines_privacy import Cookie, PrivacyPolicy
from alpines_privacy.asgi import PrivacyMiddleware as ASGILayer
from alpines_privacy.wsgi import PrivacyMiddleware as WSGILayer
from benchmarks import traffic
from benchmarks.stopwatch import Bench, Head, Layer, asgi, wsgi

SECURE = f"secure {version('secure')}"
CSRF = f"asgi-csrf {version('asgi-csrf')}"
STARLETTE = f"Starlette {version('starlette')}"
TALISMAN = f"flask-talisman {version('flask-talisman')}"
CSP = f"django-csp {version('django-csp')}"

WITH_SESSION = PrivacyPolicy(
    cookies=[Cookie("sessionid", purpose="Keeps you signed in", necessary=True)]
)
EXEMPTING = PrivacyPolicy(exempt=["/api/*"])


def benches() -> Iterator[Bench]:
    """Make every comparison, in the order of the table."""
    yield asgi_json()
    yield asgi_cookies()
    yield asgi_page()
    yield starlette_json()
    yield wsgi_json()
    yield wsgi_cookies()
    yield wsgi_page()
    yield flask_json()
    yield django_json()


def asgi_json() -> Bench:
    app = _asgi_app(traffic.JSON, traffic.JSON_BODY)
    request = traffic.PLAIN
    return Bench(
        "ASGI, JSON response, no signal",
        asgi(app, request),
        [
            Layer("our layer, default policy", asgi(ASGILayer(app), request), untouched, 6),
            Layer("our layer, exempt path", asgi(ASGILayer(app, EXEMPTING), request), untouched),
            Layer(
                SECURE, asgi(SecureASGIMiddleware(app), request), adds("x-frame-options"), is_yardstick=True
            ),
            Layer(CSRF, asgi(asgi_csrf(app, signing_secret="x" * 32), request), untouched),
            Layer(
                f"{STARLETTE} BaseHTTPMiddleware",
                asgi(BaseHTTPMiddleware(app, dispatch=_call_next), request),
                untouched,
            ),
        ],
    )  # fmt: skip


def asgi_cookies() -> Bench:
    app = _asgi_app(traffic.JSON_WITH_COOKIES, traffic.JSON_BODY)
    request = traffic.WITH_SIGNAL
    return Bench(
        "ASGI, JSON response that sets three cookies, DNT: 1",
        asgi(app, request),
        [
            Layer("our layer, session declared", asgi(ASGILayer(app, WITH_SESSION), request), one_cookie, 12),
            Layer(SECURE, asgi(SecureASGIMiddleware(app), request), adds("x-frame-options"), is_yardstick=True),
        ],
    )  # fmt: skip


def asgi_page() -> Bench:
    app = _asgi_app(traffic.PAGE, traffic.PAGE_BODY)
    return Bench(
        "ASGI, page",
        asgi(app, traffic.PLAIN),
        [
            Layer("our layer, no signal", asgi(ASGILayer(app), traffic.PLAIN), adds("vary")),
            Layer("our layer, DNT: 1, a stale _ga", asgi(ASGILayer(app), traffic.WITH_SIGNAL), expires_ga),
            Layer(SECURE, asgi(SecureASGIMiddleware(app), traffic.PLAIN), adds("x-frame-options"), is_yardstick=True),
        ],
    )  # fmt: skip


def starlette_json() -> Bench:
    request = traffic.PLAIN
    return Bench(
        f"{STARLETTE} app, JSON response, no signal",
        asgi(_starlette(), request),
        [
            Layer("our layer, add_middleware", asgi(_starlette(ASGILayer), request), untouched),
            Layer(
                f"{SECURE}, add_middleware", asgi(_starlette(SecureASGIMiddleware), request),
                adds("x-frame-options"), is_yardstick=True,
            ),
            Layer(
                "BaseHTTPMiddleware, no-op",
                asgi(_starlette(BaseHTTPMiddleware, dispatch=_call_next), request), untouched,
            ),
        ],
    )  # fmt: skip


def wsgi_json() -> Bench:
    app = _wsgi_app(traffic.JSON, traffic.JSON_BODY)
    request = traffic.PLAIN
    return Bench(
        "WSGI, JSON response, no signal",
        wsgi(app, request),
        [
            Layer("our layer, default policy", wsgi(WSGILayer(app), request), untouched, 5),
            Layer("our layer, exempt path", wsgi(WSGILayer(app, EXEMPTING), request), untouched),
            Layer(SECURE, wsgi(SecureWSGIMiddleware(app), request), adds("x-frame-options"), is_yardstick=True),
        ],
    )  # fmt: skip


def wsgi_cookies() -> Bench:
    app = _wsgi_app(traffic.JSON_WITH_COOKIES, traffic.JSON_BODY)
    request = traffic.WITH_SIGNAL
    return Bench(
        "WSGI, JSON response that sets three cookies, DNT: 1",
        wsgi(app, request),
        [
            Layer("our layer, session declared", wsgi(WSGILayer(app, WITH_SESSION), request), one_cookie, 12),
            Layer(SECURE, wsgi(SecureWSGIMiddleware(app), request), adds("x-frame-options"), is_yardstick=True),
        ],
    )  # fmt: skip


def wsgi_page() -> Bench:
    app = _wsgi_app(traffic.PAGE, traffic.PAGE_BODY)
    return Bench(
        "WSGI, page",
        wsgi(app, traffic.PLAIN),
        [
            Layer("our layer, no signal", wsgi(WSGILayer(app), traffic.PLAIN), adds("vary")),
            Layer("our layer, DNT: 1, a stale _ga", wsgi(WSGILayer(app), traffic.WITH_SIGNAL), expires_ga),
            Layer(SECURE, wsgi(SecureWSGIMiddleware(app), traffic.PLAIN), adds("x-frame-options"), is_yardstick=True),
        ],
    )  # fmt: skip


def flask_json() -> Bench:
    request = traffic.PLAIN
    talisman, secured = _flask(), _flask()
    Talisman(talisman)
    return Bench(
        f"Flask {version('flask')} app, JSON response, no signal",
        wsgi(_flask(), request),
        [
            Layer("our layer", wsgi(WSGILayer(_flask()), request), untouched),
            Layer(SECURE, wsgi(SecureWSGIMiddleware(secured), request), adds("x-frame-options"), is_yardstick=True),
            Layer(f"{TALISMAN}, defaults", wsgi(talisman, request), adds("x-frame-options")),
        ],
    )  # fmt: skip


def django_json() -> Bench:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=(path("api/items", _django_view),),
        SECRET_KEY="x" * 50,
        CONTENT_SECURITY_POLICY={"DIRECTIVES": {"default-src": ["'self'"]}},
    )
    django.setup()
    request = traffic.PLAIN
    ours = _django("alpines_privacy.django.PrivacyMiddleware")
    return Bench(
        f"Django {version('django')} app, JSON response, no signal",
        wsgi(_django(), request),
        [
            Layer("our Django middleware", wsgi(ours, request), untouched),
            Layer(SECURE, wsgi(SecureWSGIMiddleware(_django()), request), adds("x-frame-options"), is_yardstick=True),
            Layer(
                f"{CSP}, default-src 'self'", wsgi(_django("csp.middleware.CSPMiddleware"), request),
                adds("content-security-policy"),
            ),
        ],
    )  # fmt: skip


def untouched(head: Head) -> bool:
    """Tell whether the response left as the apps here made it."""
    return {name.lower() for name, _ in head} <= {name for name, _ in traffic.JSON}


def adds(name: str) -> Any:
    """Return the proof of a layer that adds the field `name` (lower case)."""
    return lambda head: name in {field.lower() for field, _ in head}


def one_cookie(head: Head) -> bool:
    """Tell whether of three cookies the declared one left alone."""
    return [value[:10] for name, value in head if name == "set-cookie"] == ["sessionid="]


def expires_ga(head: Head) -> bool:
    """Tell whether the tracker's cookie is taken away."""
    return any(name == "set-cookie" and value.startswith("_ga=;") for name, value in head)


def _asgi_app(fields: tuple[traffic.Field, ...], body: bytes) -> Any:
    headers = traffic.raw(fields)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [*headers]})
        await send({"type": "http.response.body", "body": body})

    return app


def _wsgi_app(fields: tuple[traffic.Field, ...], body: bytes) -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        del environ
        start_response("200 OK", [*fields])
        return [body]

    return app


async def _call_next(request: Any, call_next: Any) -> Any:
    return await call_next(request)


def _starlette(layer: Any = None, **options: Any) -> Starlette:
    async def items(request: Any) -> Response:
        del request
        return Response(traffic.JSON_BODY, media_type="application/json")

    middleware = [Middleware(layer, **options)] if layer else []
    return Starlette(routes=[Route("/api/items", items)], middleware=middleware)


def _flask() -> flask.Flask:
    app = flask.Flask(__name__)

    @app.get("/api/items")
    def items() -> flask.Response:
        return flask.Response(traffic.JSON_BODY, mimetype="application/json")

    return app


def _django(*middleware: str) -> WSGIHandler:
    with override_settings(MIDDLEWARE=middleware):
        return WSGIHandler()


def _django_view(request: Any) -> HttpResponse:
    del request
    return HttpResponse(traffic.JSON_BODY, content_type="application/json")
