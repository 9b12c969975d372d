"""Starlette and FastAPI: where the layer stands, what it sees there, and what their users are given."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import fastapi
import httpx
import pytest
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from alpines_privacy import Cookie, PrivacyPolicy, PrivacyWarning, current, protect
from alpines_privacy.asgi import PrivacyMiddleware
from alpines_privacy.fastapi import Privacy
from alpines_privacy.guard import Guard
from alpines_privacy.starlette import privacy_of, template_context
from tests.frameworks.exhibit import PAGE
from tests.support.processes import free_port, program

DNT = {"DNT": "1"}
GPC = {"Sec-GPC": "1"}
LOGIN = Cookie("session", purpose="Keeps you signed in", necessary=True)
SIGNED_IN = PrivacyPolicy(cookies=[LOGIN])
APPS = pytest.mark.parametrize("make", [Starlette, fastapi.FastAPI], ids=["Starlette", "FastAPI"])


def client(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


async def page(request: Request) -> Response:
    response = HTMLResponse(PAGE)
    response.set_cookie("_ga", "1")
    return response


async def boom(request: Request) -> Response:
    raise RuntimeError("boom")


def added(app: Starlette) -> Any:
    """Protect an app by the framework's own add_middleware, the last one added standing outermost."""
    app.add_middleware(PrivacyMiddleware, policy=SIGNED_IN)
    return app


def protected(app: Starlette) -> Any:
    return protect(app, SIGNED_IN)


WAYS = pytest.mark.parametrize("way", [protected, added], ids=["protect()", "add_middleware"])


# --- where it stands


@APPS
def test_the_object_stays_itself(make: Callable[..., Starlette]) -> None:
    app = make()
    assert protect(app) is app


@APPS
@WAYS
def test_routes_added_after_protection_are_protected(make: Any, way: Any) -> None:
    app = way(make())
    app.add_route("/", page)
    answer = client(app).get("/", headers=DNT)
    assert "set-cookie" not in answer.headers
    assert "set-cookie" in client(app).get("/").headers


@APPS
def test_an_app_that_has_served_already_is_protected_from_then_on(make: Any) -> None:
    app = make(routes=[Route("/", page)])
    assert "set-cookie" in client(app).get("/", headers=DNT).headers
    protect(app)
    assert "set-cookie" not in client(app).get("/", headers=DNT).headers


def test_middleware_added_after_protection_stands_inside_it() -> None:
    app = protect(Starlette(routes=[Route("/", page)]), SIGNED_IN)
    app.add_middleware(Planting)
    answer = client(app).get("/", headers=DNT)
    assert answer.headers.get_list("x-planted") == ["yes"]
    assert "set-cookie" not in answer.headers


class Planting(BaseHTTPMiddleware):
    """Sets a cookie the way most people's middleware does."""

    async def dispatch(self, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.set_cookie("_fbp", "1")
        response.headers["x-planted"] = "yes"
        return response


# What each way sees of the framework's own pages. ServerErrorMiddleware stands outside all of
# `add_middleware`, so its 500 is nothing that way could see.
ERROR_PAGES = [
    ("/nowhere", False, 404, {"protect()": True, "add_middleware": True}),
    ("/boom", False, 500, {"protect()": True, "add_middleware": False}),
    ("/boom", True, 500, {"protect()": True, "add_middleware": False}),
]


def planted_error(request: Request, error: Exception) -> Response:
    response = HTMLResponse("<title>Broken</title>", 500)
    response.set_cookie("_ga", "1")
    return response


def planted_missing(request: Request, error: Exception) -> Response:
    response = HTMLResponse("<title>Missing</title>", 404)
    response.set_cookie("_ga", "1")
    return response


@APPS
@WAYS
@pytest.mark.parametrize(("where", "debug", "status", "seen"), ERROR_PAGES)
def test_error_pages_are_seen_from_outside(
    make: Any, way: Any, *, where: str, debug: bool, status: int, seen: dict[str, bool]
) -> None:
    app = way(
        make(
            debug=debug,
            routes=[Route("/boom", boom)],
            exception_handlers={404: planted_missing, Exception: planted_error},
        )
    )
    answer = client(app).get(where, headers={**DNT, "Accept": "text/html"})
    covered = seen["protect()" if way is protected else "add_middleware"]
    assert answer.status_code == status
    assert ("Sec-GPC" in answer.headers.get("vary", "")) is covered
    planted = not debug or status == 404  # the debug page sets no cookie
    assert ("set-cookie" in answer.headers) is (planted and not covered)


def test_the_exception_still_reaches_the_server() -> None:
    app = protect(Starlette(routes=[Route("/boom", boom)]))
    with pytest.raises(RuntimeError, match="boom"):
        TestClient(app).get("/boom")


# --- sessions


def session_app(**options: Any) -> Starlette:
    async def home(request: Request) -> Response:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return JSONResponse(request.session["visits"])

    middleware = [Middleware(SessionMiddleware, secret_key="made up", **options)]
    return Starlette(routes=[Route("/", home)], middleware=middleware)


@pytest.mark.filterwarnings("ignore:The session cookie")
@pytest.mark.parametrize("name", ["session", "basket"])
def test_a_session_stays_under_gpc_whatever_its_name(name: str) -> None:
    visitor = client(protect(session_app(session_cookie=name)))
    assert [visitor.get("/", headers=GPC).json() for _ in range(2)] == [1, 2]
    assert [visitor.get("/", headers=DNT).json() for _ in range(2)] == [3, 3]  # not kept further


@pytest.mark.filterwarnings("ignore:The session cookie")
@pytest.mark.parametrize("name", ["session", "basket"])
def test_the_policy_is_compiled_once_whatever_the_sessions_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[object] = []

    class Counted(Guard):
        def __init__(self, *args: Any, **more: Any) -> None:
            compiled.append(args)
            super().__init__(*args, **more)

    monkeypatch.setattr("alpines_privacy.guard.hosts.Guard", Counted)
    assert client(protect(session_app(session_cookie=name))).get("/", headers=GPC).json() == 1
    assert len(compiled) == 1


def test_a_session_nobody_declared_is_told_of_when_the_app_starts() -> None:
    app = protect(session_app(session_cookie="basket"), SIGNED_IN)
    with pytest.warns(PrivacyWarning, match='"basket" is not declared'), TestClient(app):
        pass  # the client runs the app's start-up


def test_a_declared_session_works_under_dnt_and_no_warning_is_given() -> None:
    with client(protect(session_app(), SIGNED_IN)) as visitor:
        assert [visitor.get("/", headers=DNT).json() for _ in range(2)] == [1, 2]


# --- what users are given


async def in_async(privacy: Privacy) -> dict[str, Any]:
    return {"opted_out": privacy.opted_out, "same": current() is privacy}


def in_a_thread(privacy: Privacy) -> dict[str, Any]:
    return {"opted_out": privacy.opted_out, "same": current() is privacy}


def fastapi_app() -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    app.get("/async")(in_async)
    app.get("/thread")(in_a_thread)

    @app.get("/unread")
    def unread(privacy: Privacy) -> dict[str, bool]:
        return {"ok": True}

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, privacy: Privacy) -> None:
        await websocket.accept()
        await websocket.send_json(privacy.opted_out)
        await websocket.close()

    return app


@WAYS
@pytest.mark.parametrize("where", ["/async", "/thread"])
def test_the_dependency_is_the_visitors_privacy(way: Any, where: str) -> None:
    visitor = client(way(fastapi_app()))
    plain, opted_out = visitor.get(where), visitor.get(where, headers=GPC)
    assert plain.json() == {"opted_out": False, "same": True}
    assert opted_out.json() == {"opted_out": True, "same": True}
    assert plain.headers["vary"] == opted_out.headers["vary"] == "DNT, Sec-GPC"
    assert "vary" not in visitor.get("/unread").headers  # injected, but never asked


def test_the_dependency_works_in_a_websocket() -> None:
    with client(protect(fastapi_app())).websocket_connect("/socket", headers=dict(DNT)) as socket:
        assert socket.receive_json() is True


def test_without_the_layer_the_dependency_is_an_opted_out_visitor() -> None:
    answer = client(fastapi_app()).get("/async")
    assert answer.json() == {"opted_out": True, "same": True}


def test_the_dependency_is_no_parameter_of_the_api() -> None:
    operation = fastapi_app().openapi()["paths"]["/async"]["get"]
    assert "parameters" not in operation


def test_templates_see_the_visitor() -> None:
    shop = "{{ 'ads' if privacy.allows('advertising') else 'no ads' }}"
    templates = Jinja2Templates(
        env=Environment(loader=DictLoader({"shop.html": shop}), autoescape=True),
        context_processors=[template_context],
    )

    async def home(request: Request) -> Response:
        return templates.TemplateResponse(request, "shop.html")

    visitor = client(protect(Starlette(routes=[Route("/", home)])))
    assert visitor.get("/").text == "ads"
    assert visitor.get("/", headers=DNT).text == "no ads"


# --- websockets


async def accepting(websocket: WebSocket) -> None:
    await websocket.accept(headers=[(b"set-cookie", b"_ga=1"), (b"set-cookie", b"session=1")])
    await websocket.send_json({"signal": privacy_of(websocket).signal})
    await websocket.close()


async def denying(websocket: WebSocket) -> None:
    response = PlainTextResponse("not for you", 403)
    response.set_cookie("_ga", "1")
    response.set_cookie("session", "1")
    await websocket.send_denial_response(response)


SOCKETS: list[BaseRoute] = [
    WebSocketRoute("/accepting", accepting),
    WebSocketRoute("/denying", denying),
]


@WAYS
@pytest.mark.parametrize(
    ("headers", "names"), [({}, ["_ga", "session"]), (DNT, ["session"]), (GPC, ["session"])]
)
def test_the_head_that_accepts_a_websocket_is_filtered(
    way: Any, headers: dict[str, str], names: list[str]
) -> None:
    visitor = client(way(Starlette(routes=SOCKETS)))
    with visitor.websocket_connect("/accepting", headers=dict(headers)) as socket:
        accepted: Any = socket.extra_headers
        sent = [value for name, value in accepted if name == b"set-cookie"]
        assert socket.receive_json() == {"signal": next(iter(headers), None)}
    assert [value.partition(b"=")[0].decode() for value in sent] == names


@WAYS
@pytest.mark.parametrize(
    ("headers", "names"), [({}, ["_ga", "session"]), (DNT, ["session"]), (GPC, ["session"])]
)
def test_the_response_that_denies_a_websocket_is_filtered(
    way: Any, headers: dict[str, str], names: list[str]
) -> None:
    visitor = client(way(Starlette(routes=SOCKETS)))
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        visitor.websocket_connect("/denying", headers=dict(headers)),
    ):
        pass
    sent = denied.value.headers.get_list("set-cookie")
    assert (denied.value.status_code, denied.value.text) == (403, "not for you")
    assert [value.partition("=")[0] for value in sent] == names


# --- beside other middleware and apps


def test_a_mounted_app_of_its_own_is_covered_and_its_own_layer_passes_through() -> None:
    inner = protect(Starlette(routes=[Route("/", page)]), PrivacyPolicy(mode="off"))
    outer = protect(Starlette(routes=[Mount("/shop", inner)]), SIGNED_IN)
    answer = client(outer).get("/shop/", headers=DNT)
    assert "set-cookie" not in answer.headers
    assert answer.headers.get_list("vary") == ["DNT, Sec-GPC"]
    assert "set-cookie" in client(inner).get("/", headers=DNT).headers  # mode "off" on its own


@WAYS
def test_the_visitor_is_known_below_basehttpmiddleware(way: Any) -> None:
    async def look(request: Request) -> Response:
        return PlainTextResponse(f"{privacy_of(request).signal} {current().signal}")

    app = Starlette(routes=[Route("/", look)], middleware=[Middleware(Planting)])
    assert client(way(app)).get("/", headers=DNT).text == "DNT DNT"


@WAYS
def test_a_compressed_page_leaves_as_it_was_compressed(way: Any) -> None:
    async def long(request: Request) -> Response:
        return HTMLResponse(PAGE * 100)

    app = Starlette(routes=[Route("/", long)], middleware=[Middleware(GZipMiddleware)])
    with client(way(app)).stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as answer:
        body = b"".join(answer.iter_raw())
    assert gzip.decompress(body).decode() == PAGE * 100
    assert answer.headers["vary"] == "Accept-Encoding, DNT, Sec-GPC"


def test_background_tasks_run_and_are_outside_nothing_they_need() -> None:
    seen: list[str | None] = []

    async def home(request: Request) -> Response:
        task = BackgroundTask(lambda: seen.append(current().signal))
        return PlainTextResponse("done", background=task)

    client(protect(Starlette(routes=[Route("/", home)]))).get("/", headers=DNT)
    assert seen == ["DNT"]


def test_files_are_answered_with_range_and_validators(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))

    async def file(request: Request) -> Response:
        return FileResponse(tmp_path / "a.bin")

    routes = [Route("/", file)]
    for headers in ({}, {"Range": "bytes=10-19"}, {"Range": "bytes=900-"}):
        bare, after = (
            client(app).get("/", headers=headers | DNT)
            for app in (Starlette(routes=routes), protect(Starlette(routes=routes)))
        )
        assert (after.status_code, after.content) == (bare.status_code, bare.content)
        assert after.headers == bare.headers


def test_a_stream_is_sent_as_it_is_made() -> None:
    sent: list[bytes] = []
    before_each: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for number in (b"one", b"two", b"three"):
            before_each.append(len(sent))
            yield number

    async def stream(request: Request) -> Response:
        return StreamingResponse(chunks(), media_type="text/html")

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.append(message["body"])

    async def receive() -> Any:
        return await asyncio.Future[Any]()  # a visitor who waits

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"dnt", b"1")]}
    asyncio.run(protect(Starlette(routes=[Route("/", stream)]))(scope, receive, send))
    assert before_each == [0, 1, 2]  # each chunk had left before the next was made
    assert sent[:3] == [b"one", b"two", b"three"]


MODULE = """
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from alpines_privacy import protect

app = FastAPI()
protect(app)

@app.get("/", response_class=HTMLResponse)
def home():
    return "<title>Home</title>"
"""


def test_a_server_finds_the_app_by_its_name_and_runs_it(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(MODULE, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "shop:app", "--port", str(port)]
    with program(command, port, tmp_path):
        answer = httpx.get(f"http://127.0.0.1:{port}/", headers=DNT)
    assert (answer.text, answer.headers["tk"]) == ("<title>Home</title>", "N")


def test_what_fastapi_run_looks_for_is_there() -> None:
    """It takes the first name of a module whose value is a FastAPI."""
    module: dict[str, Any] = {}
    exec(MODULE, module)  # noqa: S102 - the module above
    assert [name for name, value in module.items() if isinstance(value, fastapi.FastAPI)] == ["app"]
