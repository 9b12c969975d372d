"""The visitor: what an app of either protocol gets from it, and what a test gets from the app."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from wsgiref.validate import validator

import httpx2
import pytest
from flask import Flask, request, session
from hypothesis import given
from hypothesis import strategies as st
from quart import Quart
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    StreamingResponse,
)
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket as ServerSide

from alpines_privacy import Cookie, PrivacyPolicy, protect
from alpines_privacy.testing import (
    FieldNames,
    Headers,
    Response,
    WebSocketClosed,
    visitor,
)

mood: ContextVar[str] = ContextVar("mood")


# Two apps that answer with what they got.


def wsgi_echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    import json  # noqa: PLC0415 - beside its use

    fields = {
        key[5:].lower().replace("_", "-"): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    fields |= {
        name: environ[key]
        for name, key in {
            "content-type": "CONTENT_TYPE",
            "content-length": "CONTENT_LENGTH",
        }.items()
        if key in environ
    }
    got = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"].encode("latin-1").decode(),
        "query": environ["QUERY_STRING"],
        "scheme": environ["wsgi.url_scheme"],
        "server": [environ["SERVER_NAME"], int(environ["SERVER_PORT"])],
        "client": environ["REMOTE_ADDR"],
        "fields": fields,
        "body": environ["wsgi.input"].read().decode(),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(got).encode()]


async def asgi_echo(scope: Any, receive: Any, send: Any) -> None:
    http = Request(scope, receive)
    got = {
        "method": http.method,
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "scheme": scope["scheme"],
        "server": list(scope["server"]),
        "client": scope["client"][0],
        "fields": {name: ",".join(http.headers.getlist(name)) for name in http.headers},
        "body": (await http.body()).decode(),
    }
    await JSONResponse(got)(scope, receive, send)


ECHOES = [visitor(wsgi_echo), visitor(asgi_echo)]
both = pytest.mark.parametrize("app", [wsgi_echo, asgi_echo], ids=["WSGI", "ASGI"])


SIGNALS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"dnt": True}, {"dnt": "1"}),
    ({"dnt": False}, {"dnt": "0"}),
    ({"dnt": "1xyz"}, {"dnt": "1xyz"}),
    ({"dnt": ""}, {"dnt": ""}),
    ({"dnt": None, "gpc": True}, {"sec-gpc": "1"}),
    ({"dnt": True, "gpc": True}, {"dnt": "1", "sec-gpc": "1"}),
    ({"gpc": False}, {}),
    ({"gpc": True, "headers": {"Sec-GPC": "0"}}, {"sec-gpc": "0"}),
    ({"headers": [("DNT", "0"), ("DNT", "1")]}, {"dnt": "0,1"}),
]


@both
@pytest.mark.parametrize(("options", "sent"), SIGNALS)
def test_the_app_sees_the_signals_asked_for(
    app: Any, options: dict[str, Any], sent: dict[str, str]
) -> None:
    fields = visitor(app, **options).get("/").json()["fields"]
    assert {name: fields[name] for name in ("dnt", "sec-gpc") if name in fields} == sent


@both
def test_a_visitor_can_change_their_mind(app: Any) -> None:
    v = visitor(app)
    assert "sec-gpc" not in v.get("/").json()["fields"]
    v.gpc = True
    assert v.get("/").json()["fields"]["sec-gpc"] == "1"


BODIES: list[tuple[dict[str, Any], str, dict[str, str]]] = [
    ({}, "", {"content-length": "0"}),
    (
        {"data": {"a": "1 2", "b": ["x", "ü"]}},
        "a=1+2&b=x&b=%C3%BC",
        {"content-type": "application/x-www-form-urlencoded", "content-length": "18"},
    ),
    (
        {"json": {"a": [1]}},
        '{"a":[1]}',
        {"content-type": "application/json", "content-length": "9"},
    ),
    ({"json": False}, "false", {"content-type": "application/json", "content-length": "5"}),
    ({"content": b"raw"}, "raw", {"content-length": "3"}),
    ({"content": [b"a", b"", b"bc"]}, "abc", {"transfer-encoding": "chunked"}),
    ({"content": iter([b"a", b"bc"])}, "abc", {"transfer-encoding": "chunked"}),
    (
        {"content": b"<a/>", "headers": {"Content-Type": "text/xml"}},
        "<a/>",
        {"content-type": "text/xml", "content-length": "4"},
    ),
]


@pytest.mark.parametrize("protocol", ["WSGI", "ASGI"])
@pytest.mark.parametrize(
    "number", range(len(BODIES)), ids=[", ".join(options) for options, _, _ in BODIES]
)
def test_the_app_reads_the_body_given(protocol: str, number: int) -> None:
    options, body, fields = BODIES[number]
    if isinstance(options.get("content"), Iterator):  # both protocols read it
        options = {"content": iter([b"a", b"bc"])}
    got = visitor(wsgi_echo if protocol == "WSGI" else asgi_echo).post("/", **options).json()
    described = {"content-type", "content-length", "transfer-encoding"} & set(got["fields"])
    assert (got["body"], {name: got["fields"][name] for name in described}) == (body, fields)


@given(st.lists(st.text(max_size=5).map(str.encode), max_size=5))
def test_a_body_in_pieces_is_the_same_body(pieces: list[bytes]) -> None:
    for v in ECHOES:
        assert v.post("/", content=pieces).json()["body"] == b"".join(pieces).decode()


@given(st.text(max_size=20), st.text(max_size=20))
def test_both_protocols_see_the_same_url(path: str, query: str) -> None:
    over_wsgi, over_asgi = (
        v.get(f"/x{quote(path, safe='')}?{quote(query)}").json() for v in ECHOES
    )
    assert over_wsgi["path"] == over_asgi["path"] == f"/x{path}"
    assert over_wsgi["query"] == over_asgi["query"]
    assert unquote(over_asgi["query"]) == query


@both
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_each_method_is_sent_by_its_name(app: Any, method: str) -> None:
    assert getattr(visitor(app), method)("/").json()["method"] == method.upper()


@both
def test_head_has_no_body(app: Any) -> None:
    response = visitor(app).head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "application/json"


URLS: list[tuple[str, str, dict[str, Any]]] = [
    ("http://testserver", "/a?b=c", {"path": "/a", "query": "b=c", "scheme": "http"}),
    ("http://testserver", "/a b/ü?ü= #frag", {"path": "/a b/ü", "query": "%C3%BC=%20"}),
    ("http://testserver", "/%2Fa%20b?x=%20&y=[1]", {"path": "//a b", "query": "x=%20&y=[1]"}),
    ("http://testserver", "", {"path": "/", "query": ""}),
    ("http://testserver", "/a/../b", {"path": "/b"}),
    ("https://shop.example", "/", {"scheme": "https", "server": ["shop.example", 443]}),
    ("http://shop.example:8080", "/", {"server": ["shop.example", 8080]}),
    (
        "http://testserver",
        "https://other.example/x",
        {"server": ["other.example", 443], "path": "/x"},
    ),
]


@both
@pytest.mark.parametrize(("base_url", "path", "expected"), URLS)
def test_the_app_sees_the_url_as_a_server_would_tell_it(
    app: Any, base_url: str, path: str, expected: dict[str, Any]
) -> None:
    got = visitor(app, base_url=base_url).get(path).json()
    assert {key: got[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("http://Shop.example", "shop.example"),
        ("http://shop.example:80", "shop.example"),
        ("https://shop.example:80", "shop.example:80"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
@both
def test_host_names_the_port_only_where_it_is_not_the_schemes_own(
    app: Any, base_url: str, host: str
) -> None:
    assert visitor(app, base_url=base_url).get("/").json()["fields"]["host"] == host


@pytest.mark.parametrize("base_url", ["testserver", "ftp://x", "/", "http://", "http:///x"])
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="no URL of a site"):
        visitor(wsgi_echo, base_url=base_url)


@both
def test_own_fields_take_the_place_of_the_visitors(app: Any) -> None:
    v = visitor(app, headers={"User-Agent": "a", "X-One": "1"}, address="203.0.113.7")
    v.cookies["a"] = "1"
    got = v.get("/").json()
    assert (got["client"], got["fields"]["user-agent"], got["fields"]["cookie"]) == (
        "203.0.113.7", "a", "a=1"
    )  # fmt: skip
    got = v.get("/", headers={"user-agent": "b", "Cookie": "c=2"}).json()
    assert (got["fields"]["user-agent"], got["fields"]["cookie"]) == ("b", "c=2")
    assert got["fields"]["x-one"] == "1"


def test_repeated_fields_are_joined_for_wsgi_as_servers_do() -> None:
    fields = [("Cookie", "a=1"), ("Cookie", "b=2"), ("X-A", "1"), ("X-A", "2")]
    got = visitor(wsgi_echo).get("/", headers=fields).json()["fields"]
    assert (got["cookie"], got["x-a"]) == ("a=1; b=2", "1,2")


def test_a_field_http_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        visitor(wsgi_echo, headers={"x": "€"})


@both
@pytest.mark.parametrize(("method", "sends"), [("get", False), ("head", False), ("post", True)])
def test_the_origin_is_sent_where_a_browser_sends_it(app: Any, method: str, sends: bool) -> None:
    seen: list[bool] = []

    def looking(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(environ.get("HTTP_ORIGIN") == "https://shop.example")
        start_response("204 No Content", [])
        return []

    getattr(visitor(looking, base_url="https://shop.example"), method)("/")
    assert seen == [sends]


@pytest.mark.parametrize("app", [object(), lambda: None, 3, lambda a, b, c, d: None])
def test_what_is_no_app_is_refused(app: Any) -> None:
    with pytest.raises(TypeError, match="neither an ASGI app"):
        visitor(app)


# Redirects


def redirecting(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer /301/there with a 301 to /there, and set a cookie on the way."""
    step, _, target = environ["PATH_INFO"].lstrip("/").partition("/")
    if not step.isdigit():
        return wsgi_echo(environ, start_response)
    target = target if target.startswith("http") else f"/{target}"
    start_response(f"{step} Moved", [("Location", target), ("Set-Cookie", f"s{step}=1; Path=/")])
    return [b"moved"]


REDIRECTS = [  # method, path, method and body at the end
    ("GET", "/302/x", "GET", "a=1"),
    ("POST", "/301/x", "GET", ""),
    ("POST", "/302/x", "GET", ""),
    ("POST", "/303/x", "GET", ""),
    ("PUT", "/302/x", "GET", ""),
    ("PUT", "/303/x", "GET", ""),
    ("POST", "/307/x", "POST", "a=1"),
    ("POST", "/308/x", "POST", "a=1"),
    ("POST", "/307/303/x", "GET", ""),
]


@pytest.mark.parametrize(("method", "path", "final", "body"), REDIRECTS)
def test_redirects_change_method_and_body_as_in_a_browser(
    method: str, path: str, final: str, body: str
) -> None:
    v = visitor(redirecting, follow_redirects=True)
    response = v.request(method, path, data={"a": "1"})
    got = response.json()
    assert (got["method"], got["body"], got["path"]) == (final, body, "/x")
    assert ("content-type" in got["fields"], "origin" in got["fields"]) == (
        body != "",
        final != "GET",
    )
    steps = [step for step in path.split("/") if step.isdigit()]
    assert [before.status_code for before in response.history] == [int(step) for step in steps]
    assert got["fields"]["cookie"] == "; ".join(f"s{step}=1" for step in steps)


def test_head_stays_head_after_a_303() -> None:
    response = visitor(redirecting, follow_redirects=True).head("/303/x")
    assert (response.status_code, response.request.method) == (200, "HEAD")


def test_redirects_are_followed_only_when_asked() -> None:
    assert visitor(redirecting).get("/302/x").status_code == 302
    assert visitor(redirecting).get("/302/x", follow_redirects=True).status_code == 200
    assert (
        visitor(redirecting, follow_redirects=True)
        .get("/302/x", follow_redirects=False)
        .status_code
        == 302
    )


@pytest.mark.parametrize("target", ["https://accounts.example/login", "mailto:x", ""])
def test_a_redirect_away_from_the_site_is_the_response(target: str) -> None:
    def leaving(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("302 Found", [("Location", target)] if target else [])
        return []

    assert visitor(leaving, follow_redirects=True).get("/").status_code == 302


def test_redirects_without_end_are_an_error() -> None:
    def circling(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("302 Found", [("Location", "/")])
        return []

    with pytest.raises(httpx2.TooManyRedirects, match="maximum allowed redirects") as caught:
        visitor(circling, follow_redirects=True).get("/")
    assert str(caught.value.request.url) == "http://testserver/"


def test_a_body_that_is_used_up_cannot_be_redirected() -> None:
    def reading(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        return redirecting(environ, start_response)

    with pytest.raises(httpx2.StreamConsumed):
        visitor(reading, follow_redirects=True).post("/307/x", content=(b"a" for _ in range(1)))


# What a response tells


def response_with(*fields: tuple[str, str], content: bytes = b"", method: str = "GET") -> Response:
    response = Response(httpx2.Request(method, "http://testserver/"), 200, fields, [content])
    response.read()
    return response


def test_cookies_planted_and_deleted_are_told_apart() -> None:
    response = response_with(
        ("Set-Cookie", "a=1"),
        ("set-cookie", "b=; Max-Age=0"),
        ("Set-Cookie", "c=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Set-Cookie", "d=1; Max-Age=60; Path=/x; Secure"),
        ("Set-Cookie", "="),
        ("Set-Cookie", "a=2; Path=/y"),
    )
    assert (response.plants, response.deletes) == (["a", "d", "a"], ["b", "c"])
    assert response.set_cookies[3].attributes == {"max-age": "60", "path": "/x", "secure": ""}
    assert len(response.headers.get_list("set-cookie")) == 6


def test_vary_is_a_set_of_names_in_any_case_from_all_its_lines() -> None:
    vary = response_with(("Vary", "Cookie, dnt"), ("vary", "Sec-GPC,, DNT")).vary
    assert vary == {"cookie", "DNT", "sec-gpc"}
    assert {"DNT", "SEC-GPC"} <= vary
    assert "dnT" in vary
    assert "Accept" not in vary
    assert vary != {"cookie", "DNT"}
    assert vary != {"cookie", "DNT", "accept"}
    assert response_with().vary == set()
    assert vary & {"COOKIE"} == {"cookie"}


def test_field_names_equal_nothing_but_sets() -> None:
    assert FieldNames(["a"]) != ["a"]


def test_headers_ignore_case_and_join_lines() -> None:
    headers = Headers([("X-A", "1"), ("x-a", "2"), ("B", "")])
    assert (headers["x-A"], headers["b"], headers.get("c")) == ("1, 2", "", None)
    assert (list(headers), len(headers), "X-a" in headers) == (["x-a", "b"], 3, True)
    assert headers.raw == [(b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"")]
    with pytest.raises(KeyError):
        headers["c"]


@pytest.mark.parametrize(
    ("content_type", "content", "text"),
    [
        ("text/html; charset=utf-8", "é".encode(), "é"),
        ('text/html; Charset="latin-1"', "é".encode("latin-1"), "é"),
        ("text/html", "é".encode(), "é"),
        ("text/html; charset=none-such", "é".encode(), "é"),
        ("text/html; charset=utf-8", b"\xff", "\ufffd"),
    ],
)
def test_text_is_decoded_by_its_charset(content_type: str, content: bytes, text: str) -> None:
    assert response_with(("content-type", content_type), content=content).text == text


@both
def test_the_visitor_keeps_cookies_between_requests(app: Any) -> None:
    v = visitor(redirecting)
    v.get("/302/x")
    assert dict(v.cookies) == {"s302": "1"}
    assert v.get("/x").json()["fields"]["cookie"] == "s302=1"


# WSGI, to the letter


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_environ_and_the_calls_are_valid_wsgi(method: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.errors"].flush()
        body = environ["wsgi.input"].read(10)
        start_response("200 OK", [("Content-Type", "text/plain")])(b"written ")
        return [body, b"."]

    checked = validator(app)  # takes any arguments, so nobody could tell that it is WSGI

    def plain(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        chunks: Iterable[bytes] = checked(environ, start_response)
        return chunks

    v = visitor(plain, gpc=True)
    response = v.request(method, "/a%20b?c", content=b"got")
    assert response.content == (b"" if method == "HEAD" else b"written got.")


class Body:
    """An iterable that is no iterator, and counts its closings."""

    def __init__(self, *chunks: bytes, error: Exception | None = None) -> None:
        self.chunks = chunks
        self.error = error
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed += 1


def answering(body: Iterable[bytes], status: str = "200 OK") -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/plain")])
        return body

    return app


def test_the_iterable_is_closed_once() -> None:
    body = Body(b"a", b"", b"b")
    response = visitor(answering(body, "418 I'm a teapot")).get("/")
    assert (response.chunks, response.status_code, response.reason_phrase) == (
        [b"a", b"b"],
        418,
        "I'm a teapot",
    )
    assert body.closed == 1


def test_the_iterable_is_closed_when_it_fails_and_when_the_visitor_hangs_up() -> None:
    failing, endless = Body(b"a", error=KeyError("x")), Body(*[b"a"] * 100)
    with pytest.raises(KeyError):
        visitor(answering(failing)).get("/")
    assert visitor(answering(endless)).get("/", hang_up_after=2).chunks == [b"a", b"a"]
    assert (failing.closed, endless.closed) == (1, 1)


def test_an_app_may_start_late_and_start_over_until_a_byte_has_left() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Set-Cookie", "a=1")])
        yield b""
        try:
            raise KeyError("x")
        except KeyError as error:
            start_response("500 Oh", [], (KeyError, error, error.__traceback__))
        yield b"sorry"

    response = visitor(app).get("/")
    assert (response.status_code, response.plants, response.content) == (500, [], b"sorry")


def test_an_error_after_the_first_byte_is_raised() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        try:
            raise KeyError("x")
        except KeyError as error:
            start_response("500 Oh", [], (KeyError, error, error.__traceback__))

    with pytest.raises(KeyError):
        visitor(app).get("/")


def _twice(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def _body_first(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    yield b"a"
    start_response("200 OK", [])


def _silent(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return []


WRONG_WSGI: list[tuple[Any, type[Exception], str]] = [
    (_twice, AssertionError, "start_response twice"),
    (_body_first, AssertionError, "before it called start_response"),
    (_silent, RuntimeError, "without calling start_response"),
    (answering(["text"]), TypeError, "a str; WSGI takes bytes"),  # type: ignore[list-item]  # the app's mistake
]


@pytest.mark.parametrize(("app", "error", "message"), WRONG_WSGI)
def test_wrong_wsgi_apps_hear_what_is_wrong(app: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        visitor(app).get("/")
    assert visitor(app, raise_app_exceptions=False).get("/").status_code == 500


def test_a_request_body_is_read_piece_by_piece() -> None:
    asked: list[str] = []

    def pieces() -> Iterator[bytes]:
        for name in ("one\n", "two\n", "three"):
            asked.append(name)
            yield name.encode()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read1(3), *(f" {name}".encode() for name in asked)]

    assert visitor(app).post("/", content=pieces()).content == b"one one\n"


def test_wsgi_apps_run_in_the_tests_own_thread() -> None:
    threads: list[int] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        threads.append(threading.get_ident())
        start_response("200 OK", [])
        return []

    visitor(app).get("/")
    assert threads == [threading.get_ident()]


# ASGI, to the letter


def sending(*messages: dict[str, Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


START = {"type": "http.response.start", "status": 200}


def body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


WRONG_ASGI: list[tuple[Any, str]] = [
    (sending(), "ended without a response"),
    (sending(START), "before its response was complete"),
    (sending(START, body(b"a", more=True)), "before its response was complete"),
    (sending(body(b"a")), "before http.response.start"),
    (sending(START, START), "second http.response.start"),
    (sending(START, body(b"a"), body(b"b")), "after the end"),
    (sending({**START, "trailers": True}, body(b"a")), "before its response was complete"),
]


@pytest.mark.parametrize(("app", "message"), WRONG_ASGI)
def test_wrong_asgi_apps_hear_what_is_wrong(app: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        visitor(app).get("/")
    assert visitor(app, raise_app_exceptions=False).get("/").status_code in {200, 500}


def test_the_response_is_kept_as_the_app_cut_it() -> None:
    app = sending(START, body(b"a", more=True), body(b"", more=True), body(b"b"))
    response = visitor(app).get("/")
    assert (response.chunks, response.content) == ([b"a", b"b"], b"ab")
    assert [message["type"] for message in response.messages] == [
        "http.response.start",
        *["http.response.body"] * 3,
    ]


def test_extensions_are_offered_and_understood(tmp_path: Path) -> None:
    offered: list[Any] = []
    file = tmp_path / "page.html"
    file.write_bytes(b"0123456789")
    descriptor = os.open(file, os.O_RDONLY)
    messages = [
        {"type": "http.response.debug", "info": {}},
        {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]},
        {**START, "trailers": True, "headers": [(b"Trailer", b"x")]},
        {
            "type": "http.response.zerocopysend",
            "file": descriptor,
            "offset": 2,
            "count": 3,
            "more_body": True,
        },
        {"type": "http.response.zerocopysend", "file": descriptor, "offset": 8, "more_body": True},
        {"type": "http.response.pathsend", "path": str(file)},
        {"type": "http.response.trailers", "headers": [(b"x", b"1")], "more_trailers": True},
        {"type": "http.response.trailers", "headers": [(b"y", b"2")]},
    ]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        offered.append(scope["extensions"])
        for message in messages:
            await send(message)

    with contextlib.closing(os.fdopen(descriptor)):
        response = visitor(app, extensions={"http.response.pathsend": {}}).get("/")
    assert offered == [{"http.response.pathsend": {}}]
    assert response.content == b"234" + b"89" + b"0123456789"
    assert response.early_hints == [["</a.css>; rel=preload"]]
    assert dict(response.trailers) == {"x": "1", "y": "2"}
    assert response.messages == messages


def test_a_file_response_takes_the_path_extension(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    app = Starlette(routes=[Route("/", lambda _: FileResponse(tmp_path / "a.txt"))])
    response = visitor(app, extensions={"http.response.pathsend": {}}).get("/")
    assert (response.text, response.messages[-1]["type"]) == ("hello", "http.response.pathsend")


def test_the_request_body_arrives_in_its_pieces_then_the_disconnect_after_the_response() -> None:
    got: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.extend([await receive() for _ in range(3)])
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        assert not waiting.done()
        await send(START)
        await send(body(b""))
        got.append(await waiting)

    visitor(app).post("/", content=[b"a", b"b"])
    assert got == [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]


def test_bytes_arrive_in_one_message() -> None:
    got: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append(await receive())
        await sending(START, body(b""))(scope, receive, send)

    visitor(app).post("/", content=b"abc")
    assert got == [{"type": "http.request", "body": b"abc", "more_body": False}]


async def endless(_: Any) -> StreamingResponse:
    async def events() -> AsyncIterator[bytes]:
        while True:
            yield b"data: x\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


@pytest.mark.parametrize("protect_it", [False, True])
def test_a_stream_without_end_can_be_visited(protect_it: bool) -> None:
    app = Starlette(routes=[Route("/", endless)])
    response = visitor(protect(app) if protect_it else app).get("/", hang_up_after=3)
    assert response.chunks == [b"data: x\n\n"] * 3


def test_an_error_of_its_own_after_the_visitor_left_still_reaches_the_test() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(body(b"a", more=True))
        raise KeyError("x")

    with pytest.raises(KeyError):
        visitor(app).get("/", hang_up_after=1)


def test_background_tasks_are_awaited() -> None:
    done: list[str] = []

    async def later() -> None:
        await asyncio.sleep(0)
        done.append("done")

    app = Starlette(
        routes=[Route("/", lambda _: PlainTextResponse("", background=BackgroundTask(later)))]
    )
    visitor(app).get("/")
    assert done == ["done"]


async def asgi_failing(scope: Any, receive: Any, send: Any) -> None:
    raise KeyError("x")


def wsgi_failing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise KeyError("x")


@pytest.mark.parametrize("app", [wsgi_failing, asgi_failing], ids=["WSGI", "ASGI"])
def test_exceptions_reach_the_test_or_become_a_500(app: Any) -> None:
    with pytest.raises(KeyError) as caught:
        visitor(app).get("/")
    assert caught.traceback[-1].name in {"wsgi_failing", "asgi_failing"}
    response = visitor(app, raise_app_exceptions=False).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_the_frameworks_own_error_page_is_seen() -> None:
    def fail(_: Any) -> Any:
        raise KeyError("x")

    app = protect(Starlette(routes=[Route("/", fail)]))
    with pytest.raises(KeyError):
        visitor(app).get("/")
    assert visitor(app, raise_app_exceptions=False).get("/").text == "Internal Server Error"


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_even_exits_reach_the_test_and_the_visitor_lives_on(error: type[BaseException]) -> None:
    raised: list[BaseException] = [error()]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if raised:
            raise raised.pop()
        await sending(START, body(b"ok"))(scope, receive, send)

    v = visitor(app)
    with pytest.raises(error):
        v.get("/")
    assert v.get("/").content == b"ok"


# Context, threads and loops


@pytest.mark.parametrize("protocol", ["WSGI", "ASGI"])
def test_context_variables_do_not_leak_either_way(protocol: str) -> None:
    seen: list[str] = []

    def look() -> None:
        seen.append(mood.get("none"))
        mood.set("the app's")

    def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        look()
        start_response("200 OK", [])
        return []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        look()
        await sending(START, body(b""))(scope, receive, send)

    token = mood.set("the test's")
    try:
        v = visitor(wsgi if protocol == "WSGI" else asgi)
        v.get("/")
        v.get("/")
        assert (seen, mood.get()) == (["none", "none"], "the test's")
    finally:
        mood.reset(token)


@both
def test_it_works_inside_a_running_loop(app: Any) -> None:
    async def test() -> Any:
        return visitor(app, gpc=True).get("/").json()["fields"]["sec-gpc"]

    assert asyncio.run(test()) == "1"


def test_an_async_flask_view_can_be_tested_inside_a_running_loop() -> None:
    app = Flask(__name__)

    @app.get("/")
    def home() -> str:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return "no loop here"

    async def test() -> str:
        return visitor(app).get("/").text

    assert asyncio.run(test()) == "no loop here"


def test_what_an_app_binds_to_its_loop_stays_usable() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        loops.append(asyncio.get_running_loop())
        await sending(START, body(b""))(scope, receive, send)

    v = visitor(app)
    v.get("/")
    v.get("/")
    assert loops[0] is loops[1]


def running_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "alpines_privacy.testing"]


@pytest.mark.parametrize("end", ["close", "collect"])
def test_no_thread_and_no_task_outlives_the_visitor(end: str) -> None:
    gc.collect()
    before = len(running_threads())
    cancelled: list[str] = []

    async def lingering() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append("cancelled")
            raise

    tasks = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(lingering()))
        await asyncio.sleep(0)
        await sending(START, body(b""))(scope, receive, send)

    v = visitor(app)
    v.get("/")
    assert len(running_threads()) == before + 1
    if end == "close":
        v.close()
    del v
    gc.collect()
    assert len(running_threads()) == before
    assert cancelled == ["cancelled"]


def test_a_closed_visitor_can_visit_again() -> None:
    v = visitor(asgi_echo)
    v.get("/")
    v.close()
    v.close()
    assert v.get("/").status_code == 200


# Lifespan


def test_lifespan_runs_around_the_block_and_its_state_reaches_requests() -> None:
    told: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
        told.append("start")
        yield {"pool": "open"}
        told.append("end")

    async def home(http: Request) -> PlainTextResponse:
        pool = http.state.pool
        http.state.pool = "changed"
        return PlainTextResponse(pool)

    app = protect(Starlette(routes=[Route("/", home)], lifespan=lifespan))
    with visitor(app) as v:
        assert told == ["start"]
        assert [v.get("/").text, v.get("/").text] == ["open", "open"]
    assert told == ["start", "end"]


@pytest.mark.parametrize("step", ["startup", "shutdown"])
def test_a_lifespan_that_fails_reaches_the_test(step: str) -> None:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if step == "startup":
            raise KeyError(step)
        yield
        raise KeyError(step)

    before = len(running_threads())
    with pytest.raises(KeyError, match=step), visitor(Starlette(lifespan=lifespan)):
        assert step == "shutdown"
    assert len(running_threads()) == before


def test_a_failure_told_by_message_alone_reaches_the_test() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match=r"lifespan\.startup\.failed: no database"), visitor(app):
        pass


async def _raises_for_unknown(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    assert "state" not in scope
    await sending(START, body(b"ok"))(scope, receive, send)


async def _returns_for_unknown(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await _raises_for_unknown(scope, receive, send)


@pytest.mark.parametrize("app", [_raises_for_unknown, _returns_for_unknown])
def test_an_app_without_lifespan_goes_without(app: Any) -> None:
    with visitor(app) as v:
        assert v.get("/").content == b"ok"


def test_a_wsgi_visitor_is_a_context_manager_too() -> None:
    with visitor(wsgi_echo) as v:
        assert v.get("/").status_code == 200


# Websockets


async def chatting(websocket: ServerSide) -> None:
    mode = websocket.query_params.get("mode")
    if mode == "close":
        await websocket.close()
        return
    if mode == "deny":
        response = PlainTextResponse("not you", status_code=451, headers={"x-why": "law"})
        response.set_cookie("denied", "1")
        await websocket.send_denial_response(response)
        return
    if mode == "raise":
        raise KeyError(mode)
    await websocket.accept(
        subprotocol=next(iter(websocket.scope["subprotocols"]), None),
        headers=[(b"set-cookie", b"met=1; Path=/")],
    )
    await websocket.send_text(websocket.headers.get("dnt", "none"))
    while (text := await websocket.receive_text()) != "bye":
        if text == "raise":
            raise KeyError(text)
        await websocket.send_text(f"echo {text}")
    await websocket.send_bytes(b"\x00bye")
    await websocket.close(4001, "done")


chat = Starlette(routes=[WebSocketRoute("/ws", chatting)])


def test_a_websocket_is_accepted_and_spoken_on() -> None:
    v = visitor(chat, dnt=True)
    with v.websocket("/ws", subprotocols=["chat.v1", "chat.v0"]) as ws:
        assert (ws.accepted, ws.status_code, ws.subprotocol, ws.plants) == (
            True,
            101,
            "chat.v1",
            ["met"],
        )
        assert ws.receive() == "1"
        ws.send("hi")
        assert ws.receive() == "echo hi"
        ws.send("bye")
        assert ws.receive() == b"\x00bye"
        with pytest.raises(WebSocketClosed) as closed:
            ws.receive()
        assert (closed.value.code, closed.value.reason) == (4001, "done")
        for _ in range(2):  # whoever asks again hears it again
            with pytest.raises(WebSocketClosed):
                ws.receive()
    assert dict(v.cookies) == {"met": "1"}


DENIALS: list[tuple[str, int, list[str], str]] = [
    ("close", 403, [], ""),
    ("deny", 451, ["denied"], "not you"),
]


@pytest.mark.parametrize(("mode", "status", "plants", "text"), DENIALS)
def test_a_denied_websocket_tells_status_cookies_and_body(
    mode: str, status: int, plants: list[str], text: str
) -> None:
    v = visitor(chat)
    ws = v.websocket(f"/ws?mode={mode}")
    assert (ws.accepted, ws.status_code, ws.plants, ws.text) == (False, status, plants, text)
    assert sorted(v.cookies) == plants


@pytest.mark.parametrize("signal", [{"dnt": True}, {"gpc": True}])
def test_a_protected_websocket_plants_nothing_under_a_signal(signal: dict[str, Any]) -> None:
    app = protect(Starlette(routes=[WebSocketRoute("/ws", chatting)]))
    with visitor(app, **signal).websocket("/ws") as ws:
        assert (ws.accepted, ws.plants) == (True, [])
    assert visitor(app, **signal).websocket("/ws?mode=deny").plants == []
    with visitor(app).websocket("/ws") as ws:
        assert ws.plants == ["met"]


def test_exceptions_of_a_websocket_app_reach_the_test_once() -> None:
    v = visitor(chat)
    with pytest.raises(KeyError, match="raise"):
        v.websocket("/ws?mode=raise")
    with v.websocket("/ws") as ws:
        ws.receive()
        ws.send("raise")
        with pytest.raises(KeyError, match="raise"):
            ws.receive()
    ws = v.websocket("/ws")
    ws.send("raise")
    with pytest.raises(KeyError, match="raise"):
        ws.close()


def test_exceptions_of_a_websocket_app_can_stay_inside() -> None:
    v = visitor(chat, raise_app_exceptions=False)
    assert v.websocket("/ws?mode=raise").status_code == 500
    with v.websocket("/ws") as ws:
        ws.receive()
        ws.send("raise")
        with pytest.raises(WebSocketClosed, match="1011"):
            ws.receive()


def test_a_websocket_app_that_never_answers_is_a_500() -> None:
    assert visitor(sending()).websocket("/").status_code == 500


def test_a_websocket_app_that_sends_on_learns_that_the_visitor_left() -> None:
    ended: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "text": "tick"})
                await asyncio.sleep(0)
        finally:
            ended.append(True)

    with visitor(app).websocket("/") as ws:
        assert ws.receive() == "tick"
    assert ended == [True]


def test_a_websocket_over_https_is_wss_and_carries_origin_and_cookies() -> None:
    scopes: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await send({"type": "websocket.close"})

    v = visitor(app, base_url="https://shop.example", gpc=True)
    v.cookies["a"] = "1"
    v.websocket("/ws?x=1", headers={"x-a": "b"})
    fields = dict(scopes[0]["headers"])
    assert (scopes[0]["scheme"], scopes[0]["path"], scopes[0]["query_string"]) == (
        "wss", "/ws", b"x=1"
    )  # fmt: skip
    assert {
        name: fields[name] for name in (b"origin", b"cookie", b"sec-gpc", b"x-a", b"upgrade")
    } == {
        b"origin": b"https://shop.example",
        b"cookie": b"a=1",
        b"sec-gpc": b"1",
        b"x-a": b"b",
        b"upgrade": b"websocket",
    }
    assert "method" not in scopes[0]


def test_wsgi_has_no_websockets() -> None:
    with pytest.raises(TypeError, match="WSGI has no websockets"):
        visitor(wsgi_echo).websocket("/")


# With frameworks, as users will


def flask_shop() -> Any:
    app = Flask(__name__)
    app.secret_key = "made up for a test"

    @app.route("/", methods=["GET", "POST"])
    def home() -> Any:
        if request.method == "POST":
            session["name"] = request.form["name"]
        response = app.make_response(f"<p>{session.get('name', 'nobody')}</p>")
        response.set_cookie("_ga", "GA1")
        return response

    return app


def quart_shop() -> Any:
    app = Quart(__name__)
    app.secret_key = "made up for a test"

    @app.route("/", methods=["GET", "POST"])
    async def home() -> Any:
        from quart import request, session  # noqa: PLC0415 - not Flask's

        if request.method == "POST":
            session["name"] = (await request.form)["name"]
        response = await app.make_response(f"<p>{session.get('name', 'nobody')}</p>")
        response.set_cookie("_ga", "GA1")
        return response

    return app


POLICY = PrivacyPolicy(cookies=[Cookie("session", purpose="Keeps you signed in", necessary=True)])


@pytest.mark.parametrize("make", [flask_shop, quart_shop])
def test_a_login_is_kept_and_tracking_is_not(make: Callable[[], Any]) -> None:
    with visitor(protect(make(), POLICY), dnt=True) as v:
        response = v.post("/", data={"name": "Ayesha"})
        assert (response.plants, list(v.cookies)) == (["session"], ["session"])
        assert v.get("/").text == "<p>Ayesha</p>"
        assert v.get("/").vary >= {"DNT", "Sec-GPC"}
    with visitor(make()) as v:
        assert v.post("/", data={"name": "Ayesha"}).plants == ["_ga", "session"]


def test_a_stale_cookie_is_taken_away_on_a_page() -> None:
    app = protect(Starlette(routes=[Route("/", lambda _: HTMLResponse("<p>"))]))
    v = visitor(app, gpc=True)
    v.cookies["_ga"] = "GA1"
    assert "_ga" in v.get("/").deletes
    assert "_ga" not in v.cookies
