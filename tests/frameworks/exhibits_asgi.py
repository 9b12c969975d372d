"""ASGI frameworks, each in its own words."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Mapping
from typing import Any

import falcon.asgi
import falcon.testing
import fastapi
import httpx
import litestar
import litestar.testing
import quart
from a2wsgi import WSGIMiddleware
from litestar.datastructures import Cookie
from litestar.middleware.session.server_side import ServerSideSessionConfig
from starlette.applications import Starlette
from starlette.exceptions import StarletteDeprecationWarning
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from tests.frameworks.exhibit import COOKIES, GONE, PAGE, Exhibit, Reply
from tests.frameworks.exhibits_wsgi import flask_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore", StarletteDeprecationWarning)  # in favour of a2wsgi
    from starlette.middleware.wsgi import WSGIMiddleware as StarlettesWSGIMiddleware

__all__ = ["EXHIBITS", "fastapi_app", "from_starlette", "plain_app", "starlette_app"]


def starlette_app() -> Starlette:
    async def broken(request: Request, error: Exception) -> Response:
        return _with_cookies(HTMLResponse(PAGE, 500))

    async def missing(request: Request, error: Exception) -> Response:
        return _with_cookies(HTMLResponse(PAGE, 404))

    return Starlette(
        routes=[
            Route("/", _home),
            Route("/about", _about),
            Route("/away", _away),
            Route("/data", _data),
            Route("/boom", _boom),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key="made up for a test")],
        exception_handlers={404: missing, Exception: broken},
    )


def fastapi_app() -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="made up for a test")
    for path, endpoint in (
        ("/", _home),
        ("/about", _about),
        ("/away", _away),
        ("/data", _data),
        ("/boom", _boom),
    ):
        app.add_route(path, endpoint)

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Response:
        return _with_cookies(HTMLResponse(PAGE, 404))

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return _with_cookies(HTMLResponse(PAGE, 500))

    return app


def _with_cookies(response: Response) -> Response:
    for name, value in COOKIES.items():
        response.set_cookie(name, value)
    return response


async def _home(request: Request) -> Response:
    request.session["visits"] = 1
    response = _with_cookies(HTMLResponse(PAGE))
    response.delete_cookie(GONE)
    return response


async def _about(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def _away(request: Request) -> Response:
    return _with_cookies(RedirectResponse("/about", 302))


async def _data(request: Request) -> Response:
    return JSONResponse({"ok": True})


async def _boom(request: Request) -> Response:
    raise RuntimeError("boom")


def from_starlette(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    response = client.get(path, headers=dict(headers))
    return Reply.of(response.status_code, response.headers.multi_items(), response.content)


def quart_app() -> quart.Quart:
    app = quart.Quart("shop")
    app.secret_key = "made up for a test"

    async def with_cookies(body: Any, status: int = 200) -> Any:
        response = await quart.make_response(body)
        response.status_code = status
        for name, value in COOKIES.items():
            response.set_cookie(name, value)
        return response

    @app.get("/")
    async def home() -> Any:
        quart.session["visits"] = 1
        response = await with_cookies(PAGE)
        response.delete_cookie(GONE)
        return response

    @app.get("/about")
    async def about() -> str:
        return PAGE

    @app.get("/away")
    async def away() -> Any:
        return await with_cookies(quart.redirect("/about"), 302)

    @app.get("/data")
    async def data() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/boom")
    async def boom() -> str:
        raise RuntimeError("boom")

    @app.errorhandler(404)
    async def missing(error: Exception) -> Any:
        return await with_cookies(PAGE, 404)

    @app.errorhandler(500)
    async def broken(error: Exception) -> Any:
        return await with_cookies(PAGE, 500)

    return app


def from_quart(app: quart.Quart, path: str, headers: Mapping[str, str]) -> Reply:
    async def ask() -> Reply:
        response = await app.test_client(use_cookies=False).get(path, headers=dict(headers))
        body = await response.get_data(as_text=False)
        return Reply.of(response.status_code, response.headers.items(), body)

    return asyncio.run(ask())


def litestar_app() -> litestar.Litestar:
    cookies = [Cookie(name, value=value) for name, value in COOKIES.items()]

    @litestar.get("/", media_type="text/html")
    async def home(request: litestar.Request[Any, Any, Any]) -> litestar.Response[str]:
        request.set_session({"visits": 1})
        response = litestar.Response(PAGE, cookies=cookies)
        response.delete_cookie(GONE)
        return response

    @litestar.get("/about", media_type="text/html")
    async def about() -> str:
        return PAGE

    @litestar.get("/away", status_code=302)
    async def away() -> litestar.response.Redirect:
        return litestar.response.Redirect("/about", status_code=302, cookies=cookies)

    @litestar.get("/data")
    async def data() -> dict[str, bool]:
        return {"ok": True}

    @litestar.get("/boom")
    async def boom() -> None:
        raise RuntimeError("boom")

    def missing(_: Any, __: Exception) -> litestar.Response[str]:
        return litestar.Response(PAGE, status_code=404, media_type="text/html", cookies=cookies)

    def broken(_: Any, __: Exception) -> litestar.Response[str]:
        return litestar.Response(PAGE, status_code=500, media_type="text/html", cookies=cookies)

    return litestar.Litestar(
        [home, about, away, data, boom],
        exception_handlers={404: missing, 500: broken},
        middleware=[ServerSideSessionConfig(exclude="/data").middleware],
    )


def from_litestar(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    with litestar.testing.TestClient(app, raise_server_exceptions=False) as client:
        response = client.get(path, headers=dict(headers), follow_redirects=False)
    return Reply.of(response.status_code, response.headers.multi_items(), response.content)


class FalconHome:
    async def on_get(self, request: Any, response: falcon.asgi.Response) -> None:
        _falcon_cookies(response)
        response.unset_cookie(GONE)


class FalconAbout:
    async def on_get(self, request: Any, response: falcon.asgi.Response) -> None:
        response.content_type = falcon.MEDIA_HTML
        response.text = PAGE


class FalconAway:
    async def on_get(self, request: Any, response: falcon.asgi.Response) -> None:
        _falcon_cookies(response)
        response.status = falcon.HTTP_302
        response.location = "/about"


class FalconData:
    async def on_get(self, request: Any, response: falcon.asgi.Response) -> None:
        response.media = {"ok": True}


class FalconBoom:
    async def on_get(self, request: Any, response: falcon.asgi.Response) -> None:
        raise RuntimeError("boom")


def _falcon_cookies(response: falcon.asgi.Response) -> None:
    response.content_type = falcon.MEDIA_HTML
    response.text = PAGE
    for name, value in COOKIES.items():
        response.set_cookie(name, value)


def falcon_app() -> falcon.asgi.App[Any, Any]:
    app = falcon.asgi.App()
    for path, resource in (
        ("/", FalconHome()),
        ("/about", FalconAbout()),
        ("/away", FalconAway()),
        ("/data", FalconData()),
        ("/boom", FalconBoom()),
    ):
        app.add_route(path, resource)

    async def missing(request: Any, response: Any, error: Any, params: Any) -> None:
        _falcon_cookies(response)
        response.status = falcon.HTTP_404

    async def broken(request: Any, response: Any, error: Any, params: Any) -> None:
        _falcon_cookies(response)
        response.status = falcon.HTTP_500

    app.add_error_handler(falcon.HTTPNotFound, missing)
    app.add_error_handler(RuntimeError, broken)
    return app


def from_falcon(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    """Falcon's client keeps one line of each field, so the head is caught on its way."""
    caught: list[Any] = []

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                caught.append(message["headers"])
            await send(message)

        await app(scope, receive, sending)

    result = falcon.testing.TestClient(listening).simulate_get(path, headers=dict(headers))
    fields = [(name.decode(), value.decode()) for name, value in caught[-1]]
    return Reply.of(result.status_code, fields, result.content)


async def plain_app(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI specification and nothing else."""
    if scope["type"] != "http":
        return
    cookies = [(b"set-cookie", f"{name}={value}".encode()) for name, value in COOKIES.items()]
    html = (b"content-type", b"text/html")
    status, fields, body = 200, [html], PAGE.encode()
    match scope["path"]:
        case "/":
            fields = [html, *cookies, (b"set-cookie", f"{GONE}=; Max-Age=0".encode())]
        case "/about":
            pass
        case "/away":
            status, fields, body = 302, [(b"location", b"/about"), *cookies], b""
        case "/data":
            fields, body = [(b"content-type", b"application/json")], json.dumps({"ok": 1}).encode()
        case "/boom":
            status, fields = 500, [html, *cookies]
        case _:
            status, fields = 404, [html, *cookies]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def from_httpx(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    async def ask() -> Reply:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            response = await client.get(path, headers=dict(headers))
        return Reply.of(response.status_code, response.headers.multi_items(), response.content)

    return asyncio.run(ask())


def flask_mounted(bridge: Any) -> Starlette:
    return Starlette(routes=[Mount("/", bridge(flask_app()))])


EXHIBITS = [
    Exhibit("Starlette", starlette_app, from_starlette, session="session", stays_itself=True),
    Exhibit("FastAPI", fastapi_app, from_starlette, session="session", stays_itself=True),
    Exhibit("Quart", quart_app, from_quart, session="session", stays_itself=True),
    Exhibit("Litestar", litestar_app, from_litestar, session="session"),
    Exhibit("Falcon (ASGI)", falcon_app, from_falcon),
    Exhibit("plain ASGI", lambda: plain_app, from_httpx),
    Exhibit(
        "Flask in Starlette by a2wsgi",
        lambda: flask_mounted(WSGIMiddleware),
        from_starlette,
        session="session",
        stays_itself=True,
    ),
    Exhibit(
        "Flask in Starlette by its own WSGIMiddleware",
        lambda: flask_mounted(StarlettesWSGIMiddleware),
        from_starlette,
        session="session",
        stays_itself=True,
    ),
]
