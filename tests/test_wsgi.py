"""The WSGI layer beside PEP 3333: its validator inside and outside, empty answers, any buffer as a chunk."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from alpines_privacy import PrivacyPolicy, Signup, protect
from tests.support.wire import ASGIServer, scope_of

POLICY = PrivacyPolicy(signups=[Signup("/register", birth_date="dob")])
PAGE = b"<p>Tea</p>"
TRACKED = b'<p>Tea</p><img src="https://www.google-analytics.com/collect?a=1">'
TRACKER = b"google-analytics"


class Answered:
    """An iterable that is no list, as frameworks' responses are."""

    def __init__(self, *chunks: Any) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[Any]:
        return iter(self.chunks)


def site(environ: Any, start_response: Any) -> Iterable[Any]:
    """Answer by path, having read what was sent."""
    if length := int(environ.get("CONTENT_LENGTH") or 0):
        environ["wsgi.input"].read(length)
    html = ("Content-Type", "text/html")
    status, fields, chunks = {
        "/page": ("200 OK", [html, ("Content-Length", str(len(PAGE)))], [PAGE]),
        "/streamed": ("200 OK", [html], iter([PAGE, TRACKED])),
        "/moved": ("302 Found", [html, ("Location", "/page"), ("Content-Length", "0")], [b""]),
        "/nothing": ("302 Found", [html, ("Location", "/page"), ("Content-Length", "0")], []),
        "/cookie": ("200 OK", [html, ("Set-Cookie", "a=b")], [TRACKED]),
        "/register": ("200 OK", [html], [PAGE]),
    }.get(environ["PATH_INFO"], ("404 Not Found", [("Content-Type", "text/plain")], [b"?"]))
    start_response(status, fields)
    return chunks


def ask(
    app: Any, path: str, method: str = "GET", body: bytes = b"", **more: str
) -> tuple[str, dict[str, str], list[Any]]:
    """Return an answer's status, fields and chunks, as a server would take them."""
    environ: dict[str, Any] = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
    environ["REQUEST_METHOD"] = method
    if body:
        environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    environ |= more
    setup_testing_defaults(environ)
    heads: list[tuple[str, dict[str, str]]] = []

    def start_response(status: str, fields: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        heads.append((status, {name.lower(): value for name, value in fields}))
        return lambda data: None

    answer = app(environ, start_response)
    try:
        chunks = [*answer]
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return (*heads[-1], chunks)


AROUND = {
    "inside": lambda app: protect(validator(app), POLICY),
    "outside": lambda app: validator(protect(app, POLICY)),
    "both": lambda app: validator(protect(validator(app), POLICY)),
}
ASKED = {
    "page": ("/page", "GET", b"", "200 OK"),
    "page, HEAD": ("/page", "HEAD", b"", "200 OK"),
    "streamed": ("/streamed", "GET", b"", "200 OK"),
    "redirect": ("/moved", "GET", b"", "302 Found"),
    "redirect without a chunk": ("/nothing", "GET", b"", "302 Found"),
    "cookie": ("/cookie", "GET", b"", "200 OK"),
    "not found": ("/elsewhere", "GET", b"", "404 Not Found"),
    "form": ("/page", "POST", b"a=b", "200 OK"),
    "adult": ("/register", "POST", b"dob=1990-01-01", "200 OK"),
    "child": ("/register", "POST", b"dob=2024-01-01", "403 Forbidden"),
    "our own page": ("/.well-known/gpc.json", "GET", b"", "200 OK"),
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_the_validator_finds_nothing(around: str, asked: str) -> None:
    path, method, body, status = ASKED[asked]
    app = AROUND[around](site)
    for signal in ({}, {"HTTP_SEC_GPC": "1"}):
        assert ask(app, path, method, body, **signal)[0] == status


def test_the_environ_is_left_as_it_came_and_has_the_key_meanwhile() -> None:
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.extend([environ["alpines_privacy"].signal, "alpines_privacy" in environ])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    environ: dict[str, Any] = {"HTTP_SEC_GPC": "1"}
    setup_testing_defaults(environ)
    before = dict(environ)
    protect(app)(environ, lambda *_: lambda data: None)
    assert seen == ["Sec-GPC", True]
    assert environ == before


@pytest.mark.parametrize("chunks", [[b""], [b"", b""], []], ids=["one", "two", "none"])
def test_an_empty_answer_keeps_its_length(chunks: list[bytes]) -> None:
    """Without one a server sends it in chunks, or closes the connection behind it."""

    def app(environ: Any, start_response: Any) -> Any:
        html = ("Content-Type", "text/html; charset=utf-8")
        start_response("302 Found", [html, ("Location", "/"), ("Content-Length", "0")])
        return Answered(*chunks)

    _, fields, sent = ask(protect(app), "/")
    assert fields["content-length"] == "0"
    assert b"".join(sent) == b""


BUFFERS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "memoryview of another format": lambda data: memoryview(data).cast("b"),
}


@pytest.mark.parametrize("make", BUFFERS)
@pytest.mark.parametrize("cut", [None, 20], ids=["whole", "in two"])
def test_any_buffer_is_filtered(make: str, cut: int | None) -> None:
    pieces = [TRACKED] if cut is None else [TRACKED[:cut], TRACKED[cut:]]

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [BUFFERS[make](piece) for piece in pieces]

    sent = b"".join(ask(protect(app), "/")[2])
    assert TRACKER not in sent
    assert PAGE in sent


@pytest.mark.parametrize("make", BUFFERS)
@pytest.mark.parametrize("cut", [None, 20], ids=["whole", "in two"])
def test_any_buffer_is_filtered_over_asgi(make: str, cut: int | None) -> None:
    pieces = [TRACKED] if cut is None else [TRACKED[:cut], TRACKED[cut:]]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        head = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for piece in pieces:
            body = BUFFERS[make](piece)
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    sent = ASGIServer().run(protect(app), scope_of())
    body = b"".join(bytes(message.get("body", b"")) for message in sent)
    assert TRACKER not in body
    assert PAGE in body


@pytest.mark.parametrize("chunks", [["<p>text"], [PAGE, "<p>text"]], ids=["first", "later"])
def test_text_as_a_chunk_reaches_the_server_which_says_what_is_wrong(
    chunks: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/html")])
        return Answered(*chunks)

    with caplog.at_level(logging.WARNING, logger="alpines_privacy"):
        _, _, sent = ask(protect(app), "/")
    assert "<p>text" in sent
    assert "defect" not in caplog.text
