"""One small protected app over ASGI and over WSGI, for real servers to serve.

`/stream` sends its first chunk and then waits until somebody asks for `/release`: a visitor who
has the first chunk in hand before asking proves that nothing held it back.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from alpines_privacy import Cookie, PrivacyPolicy, current, protect

__all__ = ["asgi", "wsgi"]

POLICY = PrivacyPolicy(cookies=[Cookie("cart", purpose="Holds your basket", necessary=True)])
HTML = ("content-type", "text/html; charset=utf-8")
COOKIES = [("set-cookie", "cart=1; Path=/"), ("set-cookie", "_ga=1; Path=/")]
ETAG = ("etag", '"1"')

released = threading.Event()
released_async = asyncio.Event()


def page(path: str, given: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    """Answer what needs no body of the request and no stream."""
    signal = str(current().signal).encode()
    match path:
        case "/page":
            length = ("content-length", str(len(signal)))
            return 200, [HTML, length, *COOKIES], b"" if given["method"] == "HEAD" else signal
        case "/plain":
            plain = b"" if given["method"] == "HEAD" else b"plain"
            return 200, [("content-type", "text/plain"), ("content-length", "5")], plain
        case "/validated" if given["if-none-match"] == ETAG[1]:
            return 304, [ETAG, *COOKIES], b""
        case "/validated":
            return 200, [HTML, ETAG, ("content-length", "2")], b"ok"
        case _:
            return 404, [HTML, ("content-length", "0"), *COOKIES], b""


def _wsgi(environ: Any, start_response: Any) -> Any:
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", HTML[1])])
        return stream()
    if path == "/upload":
        status, fields, body = 200, [("content-type", "text/plain")], environ["wsgi.input"].read()
        body = str(sum(body)).encode()
        fields.append(("content-length", str(len(body))))
    else:
        if path == "/release":
            released.set()
        if_none_match = environ.get("HTTP_IF_NONE_MATCH", "")
        given = {"method": environ["REQUEST_METHOD"], "if-none-match": if_none_match}
        status, fields, body = page(path, given)
    start_response(f"{status} Whatever", [(name.title(), value) for name, value in fields])
    return [body]


def stream() -> Any:
    yield b"first "
    released.wait()
    released.clear()
    yield str(current().signal).encode()


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    path = scope["path"]
    if path == "/stream":
        await _stream(send)
        return
    if path == "/release":
        released_async.set()
    if path == "/hints" and "http.response.early_hint" in scope.get("extensions", {}):
        await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    headers = dict(scope["headers"])
    given = {
        "method": scope["method"],
        "if-none-match": headers.get(b"if-none-match", b"").decode(),
    }
    status, fields, body = page(path, given)
    if path == "/upload":
        body = str(await _sum(receive)).encode()
        status, fields = 200, [("content-length", str(len(body)))]
    raw = [(name.encode(), value.encode()) for name, value in fields]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _stream(send: Any) -> None:
    head = [(HTML[0].encode(), HTML[1].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": b"first ", "more_body": True})
    await released_async.wait()
    released_async.clear()
    await send({"type": "http.response.body", "body": str(current().signal).encode()})


async def _sum(receive: Any) -> int:
    total, more = 0, True
    while more:
        message = await receive()
        total += sum(message.get("body", b""))
        more = message.get("more_body", False)
    return total


asgi = protect(_asgi, POLICY)
wsgi = protect(_wsgi, POLICY)
