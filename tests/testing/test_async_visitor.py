"""The visitor of async tests, what httpx2 brings to both, and the old names."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from alpines_privacy import Cookie, PrivacyPolicy, protect
from alpines_privacy.testing import AsyncVisitor, WebSocketClosed, visitor
from tests.testing.test_testing import asgi_echo, both, redirecting, wsgi_echo

mood: ContextVar[str] = ContextVar("mood")


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]  # a coroutine


@both
def test_an_async_visitor_sends_what_the_other_sends(app: Any) -> None:
    options: dict[str, Any] = {
        "dnt": True,
        "gpc": True,
        "headers": {"X-A": "1"},
        "address": "203.0.113.7",
    }
    there = visitor(app, **options)
    there.cookies["a"] = "1"

    async def test() -> None:
        async with visitor(app, **options) as v:
            assert isinstance(v, AsyncVisitor)
            v.cookies["a"] = "1"
            for body in ({"data": {"a": "ü"}}, {"json": [1]}, {"content": b"raw"}, {}):
                path = "/a%20b?c=d"
                here = await v.post(path, **body)
                assert here.json() == there.post(path, **body).json()
                assert here.status_code == 200
                assert here.vary == set()

    run(test)


async def pieces() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"


@both
def test_a_body_of_an_async_iterator_is_read(app: Any) -> None:
    async def test() -> None:
        got = (await AsyncVisitor(app).post("/", content=pieces())).json()
        assert (got["body"], got["fields"]["transfer-encoding"]) == ("one two", "chunked")

    run(test)


def test_it_keeps_cookies_and_follows_redirects_on_the_site() -> None:
    async def test() -> None:
        async with AsyncVisitor(redirecting, follow_redirects=True) as v:
            response = await v.get("/302/303/x")
            assert (response.url.path, dict(v.cookies)) == ("/x", {"s302": "1", "s303": "1"})
            assert [before.status_code for before in response.history] == [302, 303]
            away = await v.get("/302/https://accounts.example/login")
            assert away.status_code == 302

    run(test)


def test_it_runs_on_the_tests_loop_without_its_context_variables() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((asyncio.get_running_loop(), mood.get("none")))
        mood.set("the app's")
        await PlainTextResponse("")(scope, receive, send)

    async def test() -> None:
        mood.set("the test's")
        await AsyncVisitor(app).get("/")
        await AsyncVisitor(app).get("/")
        assert seen == [(asyncio.get_running_loop(), "none")] * 2
        assert mood.get() == "the test's"

    run(test)


def test_it_runs_the_apps_lifespan() -> None:
    told: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
        told.append("start")
        yield {"pool": "open"}
        told.append("end")

    async def home(http: Request) -> PlainTextResponse:
        return PlainTextResponse(http.state.pool)

    app = Starlette(routes=[Route("/", home)], lifespan=lifespan)

    async def test() -> None:
        async with visitor(app) as v:
            assert (told, (await v.get("/")).text) == (["start"], "open")
        assert told == ["start", "end"]

    run(test)


def test_exceptions_reach_the_test_or_become_a_500() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("x")

    async def test() -> None:
        with pytest.raises(KeyError):
            await AsyncVisitor(app).get("/")
        assert (await AsyncVisitor(app, raise_app_exceptions=False).get("/")).status_code == 500

    run(test)


async def chatting(websocket: WebSocket) -> None:
    if "no" in websocket.query_params:
        await websocket.close()
        return
    await websocket.accept(headers=[(b"set-cookie", b"met=1; Path=/"), (b"set-cookie", b"_ga=1")])
    await websocket.send_text(f"echo {await websocket.receive_text()}")
    await websocket.close(4001)


async def endless(_: Request) -> StreamingResponse:
    async def events() -> AsyncIterator[bytes]:
        while True:
            yield b"data: x\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


POLICY = PrivacyPolicy(cookies=[Cookie("met", purpose="Knows that we met", necessary=True)])
CHAT = Starlette(routes=[WebSocketRoute("/chat", chatting), Route("/events", endless)])


def test_websockets_can_be_awaited_and_a_stream_left() -> None:
    async def test() -> None:
        v = AsyncVisitor(protect(CHAT, POLICY), dnt=True)
        async with await v.websocket("/chat") as ws:
            assert (ws.accepted, ws.plants, dict(v.cookies)) == (True, ["met"], {"met": "1"})
            await ws.send("hi")
            assert await ws.receive() == "echo hi"
            with pytest.raises(WebSocketClosed, match="4001"):
                await ws.receive()
        assert (await v.websocket("/chat?no=1")).status_code == 403
        with pytest.raises(TypeError, match="WSGI has no websockets"):
            await AsyncVisitor(wsgi_echo).websocket("/")
        assert (await v.get("/events", hang_up_after=2)).chunks == [b"data: x\n\n"] * 2

    run(test)


# What httpx2 brings


@both
def test_httpx2s_arguments_work(app: Any) -> None:
    v = visitor(app, base_url="https://shop.example")
    got = v.get("/a", params={"b": ["1", "ü"]}).json()
    assert (got["path"], got["query"]) == ("/a", "b=1&b=%C3%BC")
    got = v.post("/", files={"photo": ("a.txt", b"hi", "text/plain")}, data={"n": "1"}).json()
    assert got["fields"]["content-type"].startswith("multipart/form-data; boundary=")
    assert 'filename="a.txt"' in got["body"]
    assert (
        v.get("/", auth=("ayesha", "lake")).json()["fields"]["authorization"].startswith("Basic ")
    )
    v.headers["x-tenant"] = "alps"
    assert v.get("/").json()["fields"]["x-tenant"] == "alps"
    with v.stream("GET", "/") as response:
        assert b"".join(response.iter_bytes()).startswith(b"{")
    response = v.request("GET", "/missing")
    assert response.raise_for_status() is response
    assert response.is_success
    assert str(response.url) == "https://shop.example/missing"


def test_cookies_of_one_request_are_sent_beside_the_others_once() -> None:
    v = visitor(asgi_echo)
    v.cookies.update(a="1", b="2")
    with pytest.warns(DeprecationWarning, match="per-request cookies"):  # httpx2's own advice
        sent = v.get("/", cookies={"b": "3"}).json()["fields"]["cookie"]
    assert sent == "a=1; b=3"
    assert dict(v.cookies) == {"a": "1", "b": "2"}


def test_a_compressed_body_is_decoded_and_its_chunks_are_as_sent() -> None:
    import gzip  # noqa: PLC0415 - beside its use

    packed = gzip.compress(b"hello")

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Encoding", "gzip")])
        return [packed[:5], packed[5:]]

    response = visitor(app).get("/")
    assert (response.content, response.chunks) == (b"hello", [packed[:5], packed[5:]])


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="no option 'gcp'; it has dnt, gpc"):
        visitor(wsgi_echo, gcp=True)


def test_a_redirect_without_a_readable_address_is_the_response() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("302 Found", [("Location", "http://[x")])
        return []

    assert visitor(app, follow_redirects=True).get("/").status_code == 302


# The old names


def test_old_names_work_and_say_what_is_new() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse(1)(scope, receive, send)

    response = visitor(app).get("/")
    for old, value in {"status": 200, "reason": "OK"}.items():
        with pytest.warns(DeprecationWarning, match=f"{old} goes with the next release") as caught:
            assert getattr(response, old) == value
        assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"use headers\.get_list"):
        assert response.headers.getlist("content-type") == ["application/json"]


def test_without_httpx2_the_error_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['httpx2'] = None\n"
        "try:\n    from alpines_privacy.testing import visitor\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == (
        "alpines_privacy.testing needs httpx2: pip install 'alpines-privacy[testing]'"
    )
