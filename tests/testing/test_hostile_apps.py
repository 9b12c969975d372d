"""Apps that never end, answer nonsense, or go on when the visitor has left: no test hangs, and the error says why."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.testing import AsyncVisitor, lifespan, messages, visitor, websocket
from tests.testing.test_testing import START, body

Start = Callable[..., Callable[[bytes], object]]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an app for no longer than a moment."""
    monkeypatch.setattr(lifespan, "PATIENCE", 0.3)
    monkeypatch.setattr(lifespan, "_MOMENT", 0.3)
    monkeypatch.setattr(websocket, "PATIENCE", 0.3)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a response of a thousand pieces, or of a megabyte, for one without end."""
    monkeypatch.setattr(messages, "_MOST_PIECES", 1000)
    monkeypatch.setattr(messages, "_MOST_BYTES", 1_000_000)


# -- Bodies without end


def wsgi_of(pieces: Callable[[], Iterable[bytes]]) -> Any:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return pieces()

    return app


def asgi_of(pieces: Callable[[], Iterable[bytes]]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        for piece in pieces():
            await send(body(piece, more=True))

    return app


def writing(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    write = start_response("200 OK", [])
    while True:
        write(b"x")


def asgi_repeating(message: dict[str, Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "trailers": True})
        while True:
            await send(message)

    return app


PIECES: dict[str, Callable[[], Iterator[bytes]]] = {
    "small": lambda: itertools.repeat(b"data: x\n\n"),
    "large": lambda: itertools.repeat(bytes(50_000)),
    "empty": lambda: itertools.repeat(b""),
}
ENDLESS: dict[str, Any] = {
    **{f"WSGI, {name}": wsgi_of(pieces) for name, pieces in PIECES.items()},
    **{f"ASGI, {name}": asgi_of(pieces) for name, pieces in PIECES.items()},
    "write()": writing,
    "early hints": asgi_repeating({"type": "http.response.early_hint", "links": [b"</a.css>"]}),
    "trailers": asgi_repeating({"type": "http.response.trailers", "more_trailers": True}),
    "messages of no kind": asgi_repeating({"type": "http.response.debug"}),
}


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("raises", [True, False])
def test_a_response_without_end_is_an_error_that_says_what_to_do(name: str, raises: bool) -> None:
    v = visitor(ENDLESS[name], raise_app_exceptions=raises)
    with pytest.raises(httpx2.ReadError, match=r"no end in sight.* left by hang_up_after="):
        v.get("/")
    v.close()


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("make", [wsgi_of, asgi_of])
def test_who_says_when_they_leave_gets_as_much_as_they_like(make: Callable[..., Any]) -> None:
    response = visitor(make(PIECES["large"])).get("/", hang_up_after=50)
    assert len(response.content) == 50 * 50_000


async def asgi_waiting(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    await asyncio.Event().wait()


async def asgi_stubborn(scope: Any, receive: Any, send: Any) -> None:
    """Send on and on, whatever is said about it."""
    await send(START)
    while True:
        with contextlib.suppress(Exception):
            await send(body(b"x", more=True))


def wsgi_dripping(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", [])
    while True:
        time.sleep(0.001)
        yield b"x"


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize("app", [asgi_waiting, wsgi_dripping])
def test_a_timeout_ends_a_response_that_does_not(app: Any, raises: bool) -> None:
    with pytest.raises(httpx2.ReadTimeout, match=r"has not ended in 0\.05 s"):
        visitor(app, raise_app_exceptions=raises).get("/", timeout=0.05)
    with pytest.raises(httpx2.ReadTimeout):
        visitor(app, timeout=0.05).get("/")


def test_a_timeout_ends_an_app_that_sends_on_when_the_visitor_has_left() -> None:
    with pytest.raises(httpx2.ReadTimeout):
        visitor(asgi_stubborn).get("/", hang_up_after=1, timeout=0.2)


@pytest.mark.parametrize("app", [asgi_waiting, wsgi_dripping])
def test_an_async_test_has_the_same_timeout(app: Any) -> None:
    async def test() -> None:
        with pytest.raises(httpx2.ReadTimeout):
            await AsyncVisitor(app).get("/", timeout=0.05)

    asyncio.run(test())


def test_an_apps_own_timeout_is_the_apps() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise TimeoutError("the database")

    with pytest.raises(TimeoutError, match="the database"):
        visitor(app).get("/", timeout=5)


def test_an_error_that_is_its_own_cause_reaches_the_test() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(body(b"a", more=True))
        error = KeyError("x")
        raise error from error

    with pytest.raises(KeyError):
        visitor(app).get("/", hang_up_after=1)


# -- Malformed heads and bodies


def wsgi_head(status: Any, fields: Any) -> Any:
    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        start_response(status, fields)
        return [b"ok"]

    return app


def asgi_head(status: Any, headers: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(body(b"ok"))

    return app


def asgi_body(data: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(body(data))

    return app


MALFORMED: dict[str, tuple[Any, str]] = {
    **{
        f"WSGI, status {status!r}": (wsgi_head(status, []), r"The app's status is .* WSGI takes a str")
        for status in ("abc", "", "20 OK", "2000 OK", "-20 OK", "٢٠٠ OK", 200, None, b"200 OK")
    },
    **{
        f"WSGI, field {field!r}": (wsgi_head("200 OK", [field]), r"The app's field .* is no pair of str")
        for field in (("a", 1), ("a", b"b"), ("a",), ("a", "b", "c"), ("a", "€"), "ab", None)
    },
    **{
        f"ASGI, status {status!r}": (asgi_head(status, []), r"The app's status is .* ASGI takes a whole number")
        for status in ("200", None, 200.0, b"200")
    },
    **{
        f"ASGI, field {field!r}": (asgi_head(200, [field]), r"is no pair of bytes|ASGI takes bytes")
        for field in (("a", "b"), (b"a", 5), (b"a",), (b"a", b"b", b"c"), b"ab", None)
    },
    **{
        f"ASGI, body {data!r}": (asgi_body(data), r"as its body; ASGI takes bytes")
        for data in ("text", 5, None, [1])
    },
    "ASGI, fields by name": (asgi_head(200, {b"a": b"b"}), "no pair of bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_what_no_server_can_send_is_an_error_that_says_what_is_wrong(name: str) -> None:
    app, message = MALFORMED[name]
    with pytest.raises((TypeError, ValueError), match=message):
        visitor(app).get("/")
    assert visitor(app, raise_app_exceptions=False).get("/").status_code in {200, 500}


@given(st.text(max_size=30) | st.text("/[]:@#?%.hpt", max_size=12))
def test_wherever_a_redirect_leads_the_response_is_had(location: str) -> None:
    octets = location.encode().decode("latin-1")

    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        start_response(
            "302 Found" if environ["PATH_INFO"] == "/from" else "200 OK", [("Location", octets)]
        )
        return [b""]

    assert visitor(app).get("/from").status_code == 302
    with contextlib.suppress(httpx2.TooManyRedirects):  # it leads to itself
        assert visitor(app, follow_redirects=True).get("/from").status_code in {200, 302}


# -- Cookies by the thousand


@pytest.mark.parametrize("base_url", ["http://shop.example", "https://shop.example"])
def test_of_cookies_by_the_thousand_a_visitor_keeps_as_many_as_a_browser(base_url: str) -> None:
    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        start_response("200 OK", [("Set-Cookie", f"c{n}=1") for n in range(5000)])
        return [environ.get("HTTP_COOKIE", "").encode()]

    v = visitor(app, base_url=base_url)
    assert len(v.get("/").plants) == 5000
    assert list(v.cookies) == [f"c{n}" for n in range(4820, 5000)]
    assert v.get("/").text.count("=") == 180


def test_expired_cookies_make_room_first_and_secure_ones_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    v = visitor(wsgi_head("200 OK", []), base_url="https://shop.example")
    url, now = "https://shop.example/", time.time()
    v.cookies.receive("old=1", url)
    v.cookies.receive("secure=1; Secure", url)
    v.cookies.receive("short=1; Max-Age=1", url)
    for number in range(177):
        v.cookies.receive(f"c{number}=1; Secure", url)
    monkeypatch.setattr(time, "time", lambda: now + 60)
    for name, gone in (("x", "short"), ("y", "old"), ("z", "x"), ("other.example", None)):
        v.cookies.receive(f"{name}=1", "https://other.example/" if gone is None else url)
        assert gone not in v.cookies
    assert {"secure", "c0", "z"} < set(v.cookies)


# -- Apps that raise in the body, and lifespans and websockets without end


def raising_on_close(environ: dict[str, Any], start_response: Start) -> Any:
    class Broken:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"

        def close(self) -> None:
            raise KeyError("close")

    start_response("200 OK", [])
    return Broken()


def raising_in_body(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b"a"
    raise KeyError("body")


@pytest.mark.parametrize("app", [raising_on_close, raising_in_body])
def test_what_the_body_raises_reaches_the_test(app: Any) -> None:
    with pytest.raises(KeyError):
        visitor(app).get("/")
    response = visitor(app, raise_app_exceptions=False).get("/")
    assert (response.status_code, response.content) == (200, b"a")


async def _forever() -> None:
    await asyncio.Event().wait()


def lifespan_of(*steps: str) -> Any:
    """Make an app that answers each step that is named, and then waits for ever."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for step in steps:
            await receive()
            await send({"type": f"lifespan.{step}"})
        await _forever()

    return app


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("app", "question"), [(lifespan_of(), "startup"), (lifespan_of("startup.complete"), "shutdown")]
)
def test_a_lifespan_that_never_answers_is_an_error(app: Any, question: str) -> None:
    told = rf"has not answered lifespan\.{question} in 0\.3 s"
    with pytest.raises(TimeoutError, match=told), visitor(app):
        assert question == "shutdown"

    async def test() -> None:
        async with AsyncVisitor(app):
            assert question == "shutdown"

    with pytest.raises(TimeoutError, match=told):
        asyncio.run(test())


@pytest.mark.usefixtures("impatient")
def test_an_app_that_stays_after_its_end_is_not_waited_for() -> None:
    with visitor(lifespan_of("startup.complete", "shutdown.complete")) as v:
        assert v.base_url.host == "testserver"
    with (
        pytest.raises(RuntimeError, match=r"lifespan\.startup\.failed"),
        visitor(lifespan_of("startup.failed")),
    ):
        pass


async def _exit() -> None:
    raise SystemExit


async def exiting_at_start(scope: Any, receive: Any, send: Any) -> None:
    await _exit()


async def exiting_in_a_task(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await asyncio.gather(_exit())


async def exiting_on_a_websocket(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _exit()


@pytest.mark.parametrize("app", [exiting_at_start, exiting_in_a_task, exiting_on_a_websocket])
def test_exits_reach_the_test_from_wherever_they_come(app: Any) -> None:
    with pytest.raises(SystemExit), visitor(app) as v:
        (v.websocket if app is exiting_on_a_websocket else v.get)("/")


async def _stopping() -> None:
    asyncio.get_running_loop().stop()


async def _cancelling() -> None:
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


@pytest.mark.parametrize("harm", [_stopping, _cancelling])
def test_an_app_that_stops_its_loop_does_not_stop_the_visitor(harm: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await harm()
        await asyncio.sleep(0)
        await send(START)
        await send(body(b"ok"))

    v = visitor(app)
    assert [v.get("/").content, v.get("/").content] == [b"ok", b"ok"]
    v.close()
    assert v.get("/").content == b"ok"


def test_an_exit_of_a_task_that_nobody_awaits_ends_nothing() -> None:
    tasks: list[asyncio.Task[None]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(_exit()))
        await asyncio.sleep(0.01)
        await send(START)
        await send(body(b"ok"))

    v = visitor(app)
    assert [v.get("/").content, v.get("/").content] == [b"ok", b"ok"]
    assert [type(task.exception()) for task in tasks] == [SystemExit] * 2


@pytest.mark.usefixtures("impatient")
def test_a_websocket_that_never_answers_is_an_error() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/silent":
            await _forever()
        await send({"type": "websocket.accept"})
        await _forever()

    v = visitor(app)
    with pytest.raises(TimeoutError, match=r"sent nothing on its websocket for 0\.3 s"):
        v.websocket("/silent")
    ws = v.websocket("/")
    with pytest.raises(TimeoutError, match="sent nothing"):
        ws.receive()
    with pytest.raises(TimeoutError, match=r"has not ended 0\.3 s after the visitor left"):
        ws.close()
    v.close()


def test_a_websocket_that_sends_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "_MOST_UNREAD", 100)

    ended = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        with contextlib.ExitStack() as stack:
            stack.callback(ended.set)
            while True:
                await send({"type": "websocket.send", "text": "tick"})

    ws = visitor(app).websocket("/")
    assert ended.wait(30)
    assert ws.receive() == "tick"
    with pytest.raises(RuntimeError, match="100 messages that nobody received"):
        ws.close()
