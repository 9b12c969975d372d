"""WSGI frameworks, each in its own words."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import bottle
import falcon
import falcon.testing
import flask
import werkzeug.test
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.wsgi import WSGIContainer

from tests.frameworks.exhibit import COOKIES, GONE, PAGE, Exhibit, Reply

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # at `cgi` in WebOb, and at `pkg_resources` in Pyramid
    import webob
    from pyramid.config import Configurator
    from pyramid.httpexceptions import HTTPFound
    from pyramid.session import SignedCookieSessionFactory

__all__ = ["EXHIBITS", "flask_app", "from_werkzeug", "plain_app"]


def flask_app() -> flask.Flask:
    app = flask.Flask("shop")
    app.secret_key = "made up for a test"

    def with_cookies(body: Any, status: int = 200) -> flask.Response:
        response = flask.make_response(body)
        response.status_code = status if status != HTTPStatus.OK else response.status_code
        for name, value in COOKIES.items():
            response.set_cookie(name, value)
        return response

    @app.get("/")
    def home() -> flask.Response:
        flask.session["visits"] = 1
        response = with_cookies(PAGE)
        response.delete_cookie(GONE)
        return response

    @app.get("/about")
    def about() -> str:
        return PAGE

    @app.get("/away")
    def away() -> flask.Response:
        return with_cookies(flask.redirect("/about"))

    @app.get("/data")
    def data() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/boom")
    def boom() -> str:
        raise RuntimeError("boom")

    app.register_error_handler(404, lambda _: with_cookies(PAGE, 404))
    app.register_error_handler(500, lambda _: with_cookies(PAGE, 500))
    return app


def from_flask(app: flask.Flask, path: str, headers: Mapping[str, str]) -> Reply:
    with app.test_client(use_cookies=False).get(path, headers=dict(headers)) as response:
        return Reply.of(response.status_code, response.headers, response.data)


class FalconHome:
    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        falcon_cookies(response)
        response.unset_cookie(GONE)


class FalconAbout:
    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        response.content_type = falcon.MEDIA_HTML
        response.text = PAGE


class FalconAway:
    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        falcon_cookies(response)
        response.status = falcon.HTTP_302
        response.location = "/about"


class FalconData:
    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        response.media = {"ok": True}


class FalconBoom:
    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        raise RuntimeError("boom")


def falcon_cookies(response: falcon.Response) -> None:
    response.content_type = falcon.MEDIA_HTML
    response.text = PAGE
    for name, value in COOKIES.items():
        response.set_cookie(name, value)


def falcon_app() -> falcon.App[Any, Any]:
    app = falcon.App()
    for path, resource in (
        ("/", FalconHome()),
        ("/about", FalconAbout()),
        ("/away", FalconAway()),
        ("/data", FalconData()),
        ("/boom", FalconBoom()),
    ):
        app.add_route(path, resource)

    def missing(request: Any, response: Any, error: Any, params: Any) -> None:
        falcon_cookies(response)
        response.status = falcon.HTTP_404

    def broken(request: Any, response: Any, error: Any, params: Any) -> None:
        falcon_cookies(response)
        response.status = falcon.HTTP_500

    app.add_error_handler(falcon.HTTPNotFound, missing)
    app.add_error_handler(RuntimeError, broken)
    return app


def from_falcon(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    """Falcon's client keeps one line of each field, so the head is caught on its way."""
    caught: list[list[tuple[str, str]]] = []

    def listening(environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, fields: list[tuple[str, str]], *exc_info: Any) -> Any:
            caught.append(fields)
            return start_response(status, fields, *exc_info)

        body: Iterable[bytes] = app(environ, start)
        return body

    result = falcon.testing.TestClient(listening).simulate_get(path, headers=dict(headers))
    return Reply.of(result.status_code, caught[-1], result.content)


def bottle_app() -> bottle.Bottle:
    app = bottle.Bottle()

    def with_cookies(*_: object) -> str:
        for name, value in COOKIES.items():
            bottle.response.set_cookie(name, value)
        return PAGE

    def home() -> str:
        bottle.response.delete_cookie(GONE)
        return with_cookies()

    def away() -> None:
        with_cookies()
        bottle.redirect("/about", 302)

    def boom() -> None:
        raise RuntimeError("boom")

    app.get("/", callback=home)
    app.get("/about", callback=lambda: PAGE)
    app.get("/away", callback=away)
    app.get("/data", callback=lambda: {"ok": True})
    app.get("/boom", callback=boom)
    app.error(404)(with_cookies)
    app.error(500)(with_cookies)
    return app


def from_werkzeug(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    client = werkzeug.test.Client(app, use_cookies=False)
    with client.get(path, headers=dict(headers)) as response:
        return Reply.of(response.status_code, response.headers, response.data)


def pyramid_app() -> Any:
    def with_cookies(body: str, status: int = 200) -> Any:
        response = webob.Response(body, status=status)
        return adorned(response)

    def adorned(response: Any) -> Any:
        for name, value in COOKIES.items():
            response.headerlist.append(("Set-Cookie", f"{name}={value}; Path=/"))
        return response

    def home(request: Any) -> Any:
        request.session["visits"] = 1
        response = with_cookies(PAGE)
        response.delete_cookie(GONE)
        return response

    def boom(_: Any) -> None:
        raise RuntimeError("boom")

    views: dict[str, Any] = {
        "/": home,
        "/about": lambda _: webob.Response(PAGE),
        "/away": lambda _: adorned(HTTPFound("/about")),
        "/data": lambda _: webob.Response(json={"ok": True}),
        "/boom": boom,
    }
    config = Configurator(session_factory=SignedCookieSessionFactory("made up for a test"))
    for path, view in views.items():
        config.add_route(path, path)
        config.add_view(view, route_name=path)
    config.add_notfound_view(lambda _: with_cookies(PAGE, 404))
    config.add_exception_view(lambda _: with_cookies(PAGE, 500), context=RuntimeError)
    return config.make_wsgi_app()


def from_webob(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    """By WebOb, which Pyramid stands on and Bottle, without a test client of its own, works with."""
    request = webob.Request.blank(path, headers=dict(headers))
    response = request.get_response(app, catch_exc_info=True)
    return Reply.of(response.status_int, response.headerlist, response.body)


def plain_app(environ: Any, start_response: Any) -> list[bytes]:
    """PEP 3333 and nothing else."""
    cookies = [("Set-Cookie", f"{name}={value}; Path=/") for name, value in COOKIES.items()]
    html = ("Content-Type", "text/html; charset=utf-8")
    page = PAGE.encode()
    match environ["PATH_INFO"]:
        case "/":
            gone = ("Set-Cookie", f"{GONE}=; Max-Age=0; Path=/")
            status, fields, body = "200 OK", [html, *cookies, gone], page
        case "/about":
            status, fields, body = "200 OK", [html], page
        case "/away":
            status, fields, body = "302 Found", [("Location", "/about"), *cookies], b""
        case "/data":
            status, fields = "200 OK", [("Content-Type", "application/json")]
            body = json.dumps({"ok": True}).encode()
        case "/boom":
            status, fields, body = "500 Internal Server Error", [html, *cookies], page
        case _:
            status, fields, body = "404 Not Found", [html, *cookies], page
    start_response(status, [*fields, ("Content-Length", str(len(body)))])
    return [body]


def from_tornado(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    """Over Tornado's own server, client and WSGI container."""

    async def ask() -> Reply:
        server = HTTPServer(WSGIContainer(app))
        socket, port = bind_unused_port(address="127.0.0.1")
        server.add_sockets([socket])
        client = AsyncHTTPClient(force_instance=True)
        try:
            response = await client.fetch(
                f"http://127.0.0.1:{port}{path}",
                headers=dict(headers),
                follow_redirects=False,
                raise_error=False,
            )
        finally:
            client.close()
            server.stop()
            await server.close_all_connections()
        return Reply.of(response.code, response.headers.get_all(), response.body)

    return asyncio.run(ask())


EXHIBITS = [
    Exhibit("Flask", flask_app, from_flask, session="session", stays_itself=True),
    Exhibit("Falcon (WSGI)", falcon_app, from_falcon),
    Exhibit("Bottle", bottle_app, from_webob),
    Exhibit("Pyramid", pyramid_app, from_webob, session="session"),
    Exhibit("plain WSGI", lambda: plain_app, from_werkzeug),
    Exhibit("Tornado's WSGI container", lambda: plain_app, from_tornado),
]
