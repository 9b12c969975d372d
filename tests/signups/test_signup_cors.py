"""CORS: pages of another origin read the layer's answers exactly where they may read the app's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path
from fastapi import FastAPI
from flask import Flask, request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from alpines_privacy import PrivacyPolicy, Signup, asgi, protect
from alpines_privacy.testing import Visitor
from tests.frameworks.django_site import OURS
from tests.support.clock import stop_clock
from tests.support.secret_keys import KEY

SHOP, EVIL = "https://shop.example", "https://evil.example"
ADULT, CHILD = "1990-02-03", "2019-03-01"
POLICY = PrivacyPolicy(
    signups=[
        Signup("/register", birth_date="dob", max_body=64),
        Signup("/réjoindre", birth_date="dob"),
        Signup("/screened", screen=True),
    ]
)
Seen = list[tuple[str, str, dict[str, str], bytes]]


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    stop_clock(monkeypatch, date(2026, 11, 25))


def starlette_app(seen: Seen, *, wrapped: bool = False) -> Any:
    """Starlette's own CORS layer, and around it one that writes down what it lets in."""

    class Writes:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                headers = {n.decode(): v.decode() for n, v in scope["headers"]}
                seen.append((scope["method"], scope["query_string"].decode(), headers, b""))
            await self.app(scope, receive, send)

    async def passes(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    cors = Middleware(
        CORSMiddleware, allow_origins=[SHOP], allow_credentials=True, allow_methods=["POST"]
    )
    base = [Middleware(BaseHTTPMiddleware, dispatch=passes)] if wrapped else []
    routes = [Route("/{path:path}", lambda _: PlainTextResponse("created"), methods=["POST"])]
    return protect(Starlette(routes=routes, middleware=[Middleware(Writes), *base, cors]), POLICY)


def flask_app(seen: Seen) -> Any:
    """A CORS layer as Flask's extension: fields added to every response to an origin it knows."""
    app = Flask(__name__)

    @app.before_request
    def _write() -> None:
        seen.append(
            (
                request.method,
                request.query_string.decode(),
                dict(request.headers),
                request.get_data(),
            )
        )

    @app.post("/<path:path>")
    def created(path: str) -> str:
        return f"created {path}"

    @app.after_request
    def allow(response: Any) -> Any:
        if request.headers.get("Origin") == SHOP:
            response.headers["Access-Control-Allow-Origin"] = SHOP
            response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    return protect(app, POLICY)


SEEN_BY_DJANGO: Seen = []


def _allow(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        query = str(request.META.get("QUERY_STRING", ""))
        SEEN_BY_DJANGO.append((str(request.method), query, dict(request.headers), request.body))
        response = get_response(request)
        if request.headers.get("Origin") == SHOP:
            response["Access-Control-Allow-Origin"] = SHOP
            response["Access-Control-Allow-Credentials"] = "true"
        return response

    return middleware


urlpatterns = [re_path(r"^.*$", lambda _: HttpResponse("created"))]

APPS = ("Starlette", "Starlette, wrapped", "Flask", "Django", "Django, ASGI")


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Seen]]:
    seen: Seen = []
    if request.param.startswith("Starlette"):
        yield starlette_app(seen, wrapped="wrapped" in request.param), seen
    elif request.param == "Flask":
        yield flask_app(seen), seen
    else:
        SEEN_BY_DJANGO.clear()
        with override_settings(
            MIDDLEWARE=[OURS, f"{__name__}._allow"],
            ALPINES_PRIVACY=POLICY,
            ROOT_URLCONF=__name__,
            APPEND_SLASH=False,
        ):
            made = get_asgi_application() if "ASGI" in request.param else get_wsgi_application()
            yield made, SEEN_BY_DJANGO


# What is sent, and what the layer answers.
ANSWERS: dict[str, tuple[str, dict[str, Any], int]] = {
    "under age": ("/register?ref=secret", {"json": {"dob": CHILD}}, 403),
    "unreadable": ("/register", {"json": {"dob": "never"}}, 422),
    "unsupported": ("/register", {"content": b"<dob>", "headers": {"content-type": "text/xml"}}, 415),
    "too large": ("/register", {"json": {"dob": ADULT, "x": "x" * 99}}, 413),
    "a form": ("/register", {"data": {"dob": CHILD}}, 403),
    "another script": ("/r%C3%A9joindre", {"json": {"dob": CHILD}}, 403),
    "undeclared": ("/join", {"json": {"dob": CHILD, "password": "x"}}, 403),
    "without the screen": ("/screened", {"json": {}}, 403),
}  # fmt: skip


def sent(v: Visitor, path: str, origin: str, body: dict[str, Any]) -> Any:
    return v.post(
        path,
        **{**body, "headers": {**body.get("headers", {}), "origin": origin, "cookie": "a=secret"}},
    )


@pytest.mark.parametrize(("path", "body", "status"), ANSWERS.values(), ids=ANSWERS)
def test_a_page_the_app_allows_reads_why_its_signup_failed(
    app: tuple[Any, Seen], path: str, body: dict[str, Any], status: int
) -> None:
    made, seen = app
    response = sent(Visitor(made), path, SHOP, body)
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == SHOP
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["vary"] == "Origin"
    assert response.headers["content-length"] == str(len(response.content))
    # The app was asked by a preflight alone: nothing that was sent has reached it.
    ((method, query, headers, content),) = seen
    assert (method, query, content) == ("OPTIONS", "", b"")
    assert "secret" not in str(headers)
    assert {name.lower() for name in headers} <= {
        "host", "origin", "access-control-request-method", "content-length", "content-type",
    }  # fmt: skip


@pytest.mark.parametrize("origin", [EVIL, "null", "", "https://shop.example.evil.example"])
def test_a_page_the_app_does_not_allow_reads_nothing(app: tuple[Any, Seen], origin: str) -> None:
    response = sent(Visitor(app[0]), "/register", origin, {"json": {"dob": CHILD}})
    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_the_sites_own_pages_need_no_leave(app: tuple[Any, Seen]) -> None:
    made, seen = app
    assert (
        sent(Visitor(made), "/register", "http://testserver", {"json": {"dob": CHILD}}).status_code
        == 403
    )
    assert Visitor(made).post("/register", json={"dob": CHILD}).status_code == 403
    assert seen == []


def test_what_passes_is_the_apps_own_answer(app: tuple[Any, Seen]) -> None:
    made, seen = app
    response = sent(Visitor(made), "/register", SHOP, {"json": {"dob": ADULT}})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, SHOP)
    assert [method for method, *_ in seen] == ["POST"]


def test_any_origin_is_allowed_as_the_app_allows_it() -> None:
    made = Starlette()
    made.add_middleware(CORSMiddleware, allow_origins=["*"])
    response = sent(Visitor(protect(made, POLICY)), "/register", EVIL, {"json": {"dob": CHILD}})
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers


def breaks(environ: Any, start_response: Any) -> Any:
    raise RuntimeError("the app's own")


async def breaks_later(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(0)
    raise RuntimeError("the app's own")


def says_nothing(environ: Any, start_response: Any) -> list[bytes]:
    return []


async def says_nothing_later(scope: Any, receive: Any, send: Any) -> None:
    await receive()


def begins_late(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("204 No Content", [("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"])])
    yield b""


SILENT = (breaks, breaks_later, says_nothing, says_nothing_later)


@pytest.mark.parametrize("made", [*SILENT, begins_late])
def test_an_app_that_does_not_answer_a_preflight_allows_nobody(made: Any) -> None:
    response = sent(Visitor(protect(made, POLICY)), "/register", SHOP, {"json": {"dob": CHILD}})
    assert response.status_code == 403
    expected = None if made in SILENT else SHOP
    assert response.headers.get("access-control-allow-origin") == expected


async def never(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.Event().wait()


async def never_though_cancelled(scope: Any, receive: Any, send: Any) -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.2)
            return


async def cancels_itself(scope: Any, receive: Any, send: Any) -> None:
    raise asyncio.CancelledError


async def never_ends(scope: Any, receive: Any, send: Any) -> None:
    fields = [(b"access-control-allow-origin", SHOP.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await asyncio.Event().wait()


@pytest.mark.parametrize("made", [never, never_though_cancelled, cancels_itself, never_ends])
def test_an_app_that_never_answers_a_preflight_holds_no_refusal(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "_PATIENCE", 0.05)
    response = sent(Visitor(protect(made, POLICY)), "/register", SHOP, {"json": {"dob": CHILD}})
    assert response.status_code == 403
    expected = SHOP if made is never_ends else None
    assert response.headers.get("access-control-allow-origin") == expected


def _waits(get_response: Any) -> Any:
    @markcoroutinefunction
    async def middleware(request: HttpRequest) -> HttpResponse:
        await asyncio.Event().wait()
        raise AssertionError

    return middleware


_waits.async_capable = True  # type: ignore[attr-defined]  # as Django asks


def test_a_django_site_that_never_answers_a_preflight_holds_no_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asgi, "_PATIENCE", 0.05)
    middleware = [OURS, f"{__name__}._waits"]
    with override_settings(MIDDLEWARE=middleware, ALPINES_PRIVACY=POLICY, ROOT_URLCONF=__name__):
        response = sent(
            Visitor(get_asgi_application()), "/register", SHOP, {"json": {"dob": CHILD}}
        )
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("field", ["X-Forwarded-Proto", "CloudFront-Forwarded-Proto"])
@pytest.mark.parametrize("make", [get_wsgi_application, get_asgi_application])
def test_django_learns_the_scheme_of_a_preflight_too(make: Any, field: str) -> None:
    """Else it would answer it with a redirect to https, and no page could read why it was refused."""
    key = "HTTP_" + field.upper().replace("-", "_")
    with override_settings(
        MIDDLEWARE=[
            OURS,
            "django.middleware.security.SecurityMiddleware",
            f"{__name__}._allow",
        ],
        ALPINES_PRIVACY=POLICY,
        ROOT_URLCONF=__name__,
        SECURE_PROXY_SSL_HEADER=(key, "https"),
        SECURE_SSL_REDIRECT=True,
    ):
        body = {"json": {"dob": CHILD}, "headers": {field: "https"}}
        response = sent(Visitor(make()), "/register", SHOP, body)
    assert response.status_code == 403
    assert response.headers["access-control-allow-origin"] == SHOP


def test_an_app_that_echoes_another_origin_is_not_copied() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Access-Control-Allow-Origin", SHOP)])
        return []

    response = sent(Visitor(protect(app, POLICY)), "/register", EVIL, {"json": {"dob": CHILD}})
    assert "access-control-allow-origin" not in response.headers


def test_a_fastapi_client_of_another_origin_reads_the_answer() -> None:
    made = FastAPI()
    made.add_middleware(CORSMiddleware, allow_origins=[SHOP])
    response = sent(Visitor(protect(made, POLICY)), "/register", SHOP, {"json": {"dob": "x"}})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (422, SHOP)
