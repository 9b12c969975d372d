"""Requests through a guard over ASGI and WSGI: two drivers, and the promises and responses they are given."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.util import FileWrapper

import pytest

from alpines_privacy import PrivacyPolicy, asgi, current, wsgi
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field
from alpines_privacy.http.outcomes import MORE, Answer, Examine, Rewrite, Wait
from alpines_privacy.http.privacy import KEY
from alpines_privacy.http.promise import Promise
from tests.support.wire import ASGIServer, Message, WSGIServer, promise, scope_of

OURS = Answer(451, [("content-type", "text/plain"), ("x-ours", "1")], b"ours")
TYPE: list[Field] = [("content-type", "text/html")]


class Request(NamedTuple):
    method: str = "GET"
    path: str = "/"
    fields: tuple[Field, ...] = ()
    body: tuple[bytes, ...] = ()
    breaks_off: bool = False  # the visitor goes away before the body's declared end
    mount: str = ""


class Response(NamedTuple):
    """What the app answers, and in which of its protocol's ways it sends the chunks."""

    chunks: tuple[bytes, ...] = (b"the ", b"body")
    status: int = 200
    fields: tuple[Field, ...] = tuple(TYPE)
    shape: str = "stream"
    before: Callable[[], object] = lambda: None  # what the app does before it answers


class Outcome(NamedTuple):
    """What the app got, and what the visitor got; None where the other side was never reached."""

    got: bytes | None
    status: int | None
    fields: list[Field]
    body: bytes


class Traffic(NamedTuple):
    outcome: Outcome
    incoming: list[Any]  # the messages, or reads, in which the app got its request


def through_asgi(
    policy: Any, request: Request, response: Response, tmp_path: Path | None = None
) -> Traffic:
    got: list[Message] = []
    called: list[bool] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        called.append(True)
        while True:
            got.append(await receive())
            if not got[-1].get("more_body"):
                break
        response.before()
        fields = [(name.encode(), value.encode()) for name, value in response.fields]
        await send({"type": "http.response.start", "status": response.status, "headers": fields})
        for message in _asgi_body(response, tmp_path):
            await send(message)

    chunks = request.body or (b"",)
    messages: list[Message] = [
        {
            "type": "http.request",
            "body": chunk,
            "more_body": request.breaks_off or number < len(chunks),
        }
        for number, chunk in enumerate(chunks, start=1)
    ]
    scope = scope_of(
        request.mount + request.path,
        *((name.encode(), value.encode()) for name, value in request.fields),
        method=request.method,
        root_path=request.mount,
    )
    scope["headers"] = scope["headers"][1:] if "host" in dict(request.fields) else scope["headers"]
    server = ASGIServer(*messages)
    layered: Any = asgi.PrivacyMiddleware(app, policy)  # type: ignore[arg-type]  # plain dicts
    asyncio.run(layered(scope, server.receive, server.send))
    assert KEY not in scope
    assert not current()
    return Traffic(
        Outcome(
            b"".join(m.get("body", b"") for m in got) if called else None,
            server.head["status"] if server.sent else None,
            [(n.decode().lower(), v.decode()) for n, v in server.head["headers"]]
            if server.sent
            else [],
            server.body,
        ),
        got,
    )


def _asgi_body(response: Response, tmp_path: Path | None) -> Iterator[Message]:
    if response.shape in {"file", "part of a file"}:
        assert tmp_path is not None
        file = tmp_path / "page.html"
        file.write_bytes(b"".join(response.chunks))
        if response.shape == "file":
            yield {"type": "http.response.pathsend", "path": str(file)}
            return
        handle = os.open(file, os.O_RDONLY)
        size = len(b"".join(response.chunks))
        kind = "http.response.zerocopysend"
        os.lseek(handle, 7, os.SEEK_SET)
        yield {"type": kind, "file": handle, "offset": 0, "count": 1, "more_body": True}
        assert os.lseek(handle, 0, os.SEEK_CUR) == 7  # an offset that is given moves nothing
        os.lseek(handle, 1, os.SEEK_SET)
        yield {"type": kind, "file": handle, "count": size // 2, "more_body": True}
        yield {"type": kind, "file": handle}
        os.close(handle)
        return
    chunks = list(response.chunks)
    if response.shape == "list":
        chunks = [b"".join(chunks)]
    for number, chunk in enumerate(chunks, start=1):
        yield {
            "type": "http.response.body",
            "body": chunk,
            "more_body": response.shape != "list" or number < len(chunks),
        }
    if response.shape != "list":
        yield {"type": "http.response.body"}


class Pieces(io.RawIOBase):
    """`wsgi.input` as a socket gives it: what has come, never more than one piece at a time."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._pieces = list(pieces)

    def read(self, size: int = -1) -> bytes:
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        if 0 <= size < len(piece):
            self._pieces.insert(0, piece[size:])
            piece = piece[:size]
        return piece


def through_wsgi(
    policy: Any, request: Request, response: Response, tmp_path: Path | None = None
) -> Traffic:
    got: list[bytes] = []
    called: list[bool] = []
    closed: list[bool] = []

    def app(environ: Message, start: Any) -> Any:
        called.append(True)
        while piece := environ["wsgi.input"].read(4):
            got.append(piece)
        response.before()
        write = start(f"{response.status} Status", list(response.fields))
        chunks = list(response.chunks)
        if response.shape == "write":
            write(chunks.pop(0))
        if response.shape in {"file", "part of a file"}:
            return environ["wsgi.file_wrapper"](io.BytesIO(b"".join(chunks)), 3)
        return [b"".join(chunks)] if response.shape == "list" else _closing(chunks, closed)

    size = sum(map(len, request.body))
    environ: Message = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": request.mount,
        "PATH_INFO": request.path,
        "HTTP_HOST": "shop.example",
        "CONTENT_LENGTH": str(size + 5 * request.breaks_off) if request.body else "",
        "wsgi.input": Pieces(request.body),
        "wsgi.file_wrapper": FileWrapper,
        **{f"HTTP_{n.upper().replace('-', '_')}": v for n, v in request.fields},
    }
    as_it_came = dict(environ)
    server = WSGIServer()
    layered: Any = wsgi.PrivacyMiddleware(app, policy)
    server.run(layered, environ)
    assert environ == as_it_came
    assert not current()
    assert not closed or closed == [True]
    assert server.head is not None
    return Traffic(
        Outcome(
            b"".join(got) if called else None,
            int(server.head[0][:3]),
            [(name.lower(), value) for name, value in server.head[1]],
            server.body,
        ),
        got,
    )


def _closing(chunks: list[bytes], closed: list[bool]) -> Iterator[bytes]:
    try:
        yield from chunks
    finally:
        closed.append(True)


Driver = Callable[..., Traffic]
both = pytest.mark.parametrize("through", [through_asgi, through_wsgi], ids=["asgi", "wsgi"])


def guard(*promises: Promise, **policy: Any) -> Guard:
    return Guard(PrivacyPolicy(**policy), promises=promises)


def examine(judge: Callable[..., Any], limit: int = 100, beyond: Answer | None = None) -> Promise:
    return promise(request=lambda context: Examine(limit, judge, beyond))


def at_the_end(verdict: Answer | None) -> Callable[..., Any]:
    return lambda data, more: MORE if more else verdict


def waiting(settle: Callable[[Any, bytes, bool], Any]) -> Promise:
    """Wait for the first chunk; `settle` gets the head too."""
    return promise(response=lambda context, head: Wait(lambda data, last: settle(head, data, last)))


def upper(data: bytes, *, last: bool) -> bytes:
    return data.upper() + (b"." if last else b"")


rewriting = promise(response=lambda context, head: Rewrite(upper))
BARE = Outcome(b"", 200, TYPE, b"the body")
ANSWERED = Outcome(None, 451, OURS.fields, b"ours")
REPLACED = Outcome(b"", 451, OURS.fields, b"ours")
REWRITTEN = Outcome(b"", 200, TYPE, b"THE BODY.")
FORM = Request("POST", body=(b"one=1&", b"t", b"wo=2"))
LENGTH: tuple[Field, ...] = (*TYPE, ("Content-Length", "8"))


def unreachable(*given: Any) -> Any:
    raise AssertionError("the app was called")


def run_asgi(policy: Any, *messages: Message, kind: str = "http", **scope: Any) -> list[Message]:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    layered: Any = asgi.PrivacyMiddleware(app, policy)  # type: ignore[arg-type]
    return ASGIServer({"type": "websocket.connect"}).run(layered, scope_of(kind=kind, **scope))


START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]}
LAST: Message = {"type": "http.response.body", "body": b"b"}
BESIDE: dict[str, Message] = {
    "trailers": {"type": "http.response.trailers", "headers": [(b"x-a", b"1"), (b"x-b", b"2")]},
    "early_hint": {
        "type": "http.response.early_hint",
        "links": [b"</x-a>; rel=preload", b"</b>; rel=preload"],
    },
    "push": {
        "type": "http.response.push",
        "path": "/",
        "headers": [(b"x-a", b"1"), (b"x-b", b"2")],
    },
}
LEFT: dict[str, Message] = {
    "trailers": {"headers": [(b"x-b", b"2")]},
    "early_hint": {"links": [b"</b>; rel=preload"]},
    "push": {"headers": [(b"x-b", b"2")], "path": "/"},
}


def run_wsgi(policy: Any, app: Any) -> WSGIServer:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    layered: Any = wsgi.PrivacyMiddleware(app, policy)
    return WSGIServer().run(layered, environ)


SECRET = "a value the visitor sent"


def raise_secret(*args: object, **named: object) -> Any:
    raise ValueError(SECRET)
