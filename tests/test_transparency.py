"""Whatever a policy does not ask for is as if the layer were not there: one table for each protocol."""

from __future__ import annotations

import asyncio
import copy
import io
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import a2wsgi
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from alpines_privacy import PrivacyPolicy, asgi, current, wsgi
from alpines_privacy.guard import Guard
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.outcomes import Rewrite, Wait
from alpines_privacy.http.privacy import KEY, context_of
from tests.support.wire import (
    App,
    ASGIServer,
    Closing,
    Message,
    WSGIServer,
    drive,
    promise,
    scope_of,
)

# Fakes take plain dicts, and some say wrong things on purpose.
ASGILayer: Any = asgi.PrivacyMiddleware
WSGILayer: Any = wsgi.PrivacyMiddleware

JSON = [(b"content-type", b"application/json"), (b"content-length", b"2")]
PAGE = [(b"content-type", b"text/html"), (b"set-cookie", b"id=1"), (b"etag", b'"1"')]
DNT = (b"dnt", b"1")
GPC = (b"sec-gpc", b"1")

# Policies under which nothing may change, whatever the app sends.
UNTOUCHED = {
    "report": PrivacyPolicy(mode="report"),
    "off": PrivacyPolicy(mode="off"),
    "exempt": PrivacyPolicy(exempt=["/*"]),
}
SIGNALS = {"no signal": (), "DNT": (DNT,), "GPC": (GPC,), "both": (DNT, GPC)}


def start(status: Any = 200, headers: Any = JSON, **more: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def body(data: bytes = b"{}", **more: Any) -> Message:
    return {"type": "http.response.body", "body": data, **more}


class Row(NamedTuple):
    sends: list[Message]
    method: str = "GET"
    kind: str = "http"
    wellformed: bool = True


# What an app sends of which a policy asks nothing.
ASGI_ROWS = {
    "json": Row([start(), body()]),
    "no headers at all": Row([{"type": "http.response.start", "status": 200}, body()]),
    "headers in a tuple": Row([start(headers=tuple(JSON)), body()]),
    "fields that are lists": Row([start(headers=[list(field) for field in JSON]), body()]),
    "names in upper case": Row([start(headers=[(b"Content-Type", b"text/plain")]), body()]),
    "values of any byte": Row([start(headers=[(b"x-any", bytes(range(256)))]), body()]),
    "a body without body": Row([start(), {"type": "http.response.body"}]),
    "a stream": Row([start(), *(body(b"%d" % i, more_body=True) for i in range(9)), body(b"")]),
    "an event stream": Row(
        [start(headers=[(b"content-type", b"text/event-stream")]), body(more_body=True), body()]
    ),
    "204": Row([start(204, []), body(b"")]),
    "206": Row([start(206, [*JSON, (b"content-range", b"bytes 0-1/9")]), body()]),
    "304": Row([start(304, [(b"etag", b'"1"'), (b"content-type", b"image/png")]), body(b"")]),
    "416": Row([start(416, [(b"content-range", b"bytes */9")]), body(b"")]),
    "redirect": Row([start(302, [(b"location", b"/next")]), body(b"")]),
    "HEAD": Row([start(), body(b"")], method="HEAD"),
    "trailers": Row(
        [
            start(trailers=True),
            body(),
            {
                "type": "http.response.trailers",
                "headers": [(b"digest", b"1")],
                "more_trailers": False,
            },
        ]
    ),
    "trailers in a tuple": Row(
        [
            start(trailers=True),
            body(),
            {"type": "http.response.trailers", "headers": ((b"digest", b"1"),)},
        ]
    ),
    "pathsend": Row([start(), {"type": "http.response.pathsend", "path": "/nowhere/at/all"}]),
    "zerocopysend": Row(
        [
            start(),
            {"type": "http.response.zerocopysend", "file": 99, "offset": 0, "more_body": True},
            body(),
        ]
    ),
    "push": Row(
        [
            {"type": "http.response.push", "path": "/a.css", "headers": [(b"accept", b"*/*")]},
            start(),
            body(),
        ]
    ),
    "early hints": Row(
        [{"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}, start(), body()]
    ),
    "early hints in a tuple": Row(
        [{"type": "http.response.early_hint", "links": (b"</a.css>",)}, start(), body()]
    ),
    "debug": Row([{"type": "http.response.debug", "info": {"a": object()}}, start(), body()]),
    "messages nobody knows yet": Row(
        [{"type": "http.response.x", "headers": 1}, start(), {"type": "y"}, body(), {"type": "z"}]
    ),
    "keys nobody knows yet": Row([start(reason=b"Fine"), body(flush=True)]),
    "websocket": Row(
        [
            {"type": "websocket.accept", "subprotocol": "a", "headers": [(b"x-a", b"1")]},
            {"type": "websocket.send", "text": "hello"},
            {"type": "websocket.close", "code": 1000},
        ],
        kind="websocket",
    ),
    "websocket without headers": Row([{"type": "websocket.accept"}], kind="websocket"),
    "websocket refused": Row([{"type": "websocket.close", "code": 1008}], kind="websocket"),
    "websocket denied with a response": Row(
        [
            {"type": "websocket.http.response.start", "status": 403, "headers": JSON},
            {"type": "websocket.http.response.body", "body": b"{}"},
        ],
        kind="websocket",
    ),
    "lifespan": Row([{"type": "lifespan.startup.complete"}], kind="lifespan"),
    "a scope nobody knows yet": Row([start(headers=PAGE), body()], kind="webtransport"),
    "headers of None": Row([start(headers=None), body()], wellformed=False),
    "headers that are numbers": Row([start(headers=[(1, 2)]), body()], wellformed=False),
    "headers that are no pairs": Row(
        [start(headers=[(b"a", b"b", b"c")]), body()], wellformed=False
    ),
    "no status": Row([{"type": "http.response.start"}, body()], wellformed=False),
    "status as text": Row([start("200"), body()], wellformed=False),
    "a websocket's headers of None": Row(
        [{"type": "websocket.accept", "headers": None}], kind="websocket", wellformed=False
    ),
    "links of None": Row([{"type": "http.response.early_hint", "links": None}], wellformed=False),
    "a body before its head": Row([body(), start()], wellformed=False),
    "two heads": Row([start(), start(), body()], wellformed=False),
    "a body of None": Row(
        [start(), {"type": "http.response.body", "body": None}], wellformed=False
    ),
}
# What an app sends that a policy would change.
ASGI_TOUCHED = {
    "a page with a cookie": Row([start(headers=PAGE), body()]),
    "a page again": Row([start(304, [(b"etag", b'"1"'), (b"set-cookie", b"id=1")]), body(b"")]),
    "a socket with a cookie": Row(
        [{"type": "websocket.accept", "headers": [(b"set-cookie", b"id=1")]}], kind="websocket"
    ),
    "a cookie in trailers": Row(
        [start(), body(), {"type": "http.response.trailers", "headers": [(b"set-cookie", b"id=1")]}]
    ),
}


def sending(messages: list[Message]) -> App:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def assert_as_bare(row: Row, policy: PrivacyPolicy | None, headers: Iterable[Any]) -> None:
    before = copy.copy(row.sends), copy.deepcopy([_plain(m) for m in row.sends])
    scope = scope_of("/", *headers, method=row.method, kind=row.kind)
    as_it_came = dict(scope)
    sent = ASGIServer(strict=row.wellformed).run(ASGILayer(sending(row.sends), policy), scope)
    assert [id(m) for m in sent] == [id(m) for m in before[0]]
    assert [_plain(m) for m in row.sends] == before[1]  # and none was changed in its place
    assert scope == as_it_came
    assert all(scope[key] is value for key, value in as_it_came.items())


def _plain(message: Message) -> Message:
    return {key: value for key, value in message.items() if key != "info"}


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", ASGI_ROWS)
def test_asgi_messages_pass_as_the_very_objects(name: str, signal: str) -> None:
    assert_as_bare(ASGI_ROWS[name], None, SIGNALS[signal])


@pytest.mark.parametrize("policy", UNTOUCHED)
@pytest.mark.parametrize("name", [*ASGI_ROWS, *ASGI_TOUCHED])
def test_asgi_messages_pass_where_the_policy_is_not_enforced(name: str, policy: str) -> None:
    assert_as_bare((ASGI_ROWS | ASGI_TOUCHED)[name], UNTOUCHED[policy], (DNT, GPC))


@pytest.mark.parametrize("name", ASGI_TOUCHED)
def test_a_changed_asgi_message_is_a_copy(name: str) -> None:
    row = ASGI_TOUCHED[name]
    before = copy.deepcopy(row.sends)
    sent = ASGIServer().run(ASGILayer(sending(row.sends)), scope_of("/", DNT, kind=row.kind))
    assert row.sends == before
    assert b"set-cookie" not in [
        name.lower() for message in sent for name, _ in message.get("headers", ())
    ]


ONE_SHOT = {
    "generator": lambda fields: (field for field in fields),
    "iterator": iter,
    "map": lambda fields: map(tuple, fields),
    "dict items": lambda fields: dict(fields).items(),
}


@pytest.mark.parametrize("shape", ONE_SHOT)
@pytest.mark.parametrize(
    ("message", "key", "fields"),
    [
        (start(), "headers", JSON),
        ({"type": "websocket.accept"}, "headers", [(b"x-a", b"1")]),
        ({"type": "http.response.trailers"}, "headers", [(b"digest", b"1")]),
        ({"type": "http.response.push", "path": "/"}, "headers", [(b"accept", b"*/*")]),
    ],
    ids=["start", "accept", "trailers", "push"],
)
def test_headers_that_can_be_read_once_reach_the_server_whole(
    shape: str, message: Message, key: str, fields: list[Any]
) -> None:
    read_once = {**message, key: ONE_SHOT[shape](fields)}
    kind = message["type"].partition(".")[0]
    server = ASGIServer(strict=False)
    (sent,) = server.run(ASGILayer(sending([read_once])), scope_of(kind=kind))
    assert list(sent.pop(key)) == fields
    assert sent == {k: v for k, v in message.items() if k != key}


def test_links_that_can_be_read_once_reach_the_server_whole() -> None:
    hint = {"type": "http.response.early_hint", "links": iter([b"</a.css>", b"</b.css>"])}
    (sent,) = ASGIServer(strict=False).run(ASGILayer(sending([hint])), scope_of())
    assert list(sent["links"]) == [b"</a.css>", b"</b.css>"]


@pytest.mark.parametrize("shape", ONE_SHOT)
def test_headers_that_can_be_read_once_are_filtered_too(shape: str) -> None:
    fields = ONE_SHOT[shape]([(b"Set-Cookie", b"id=1"), (b"x-a", b"1")])
    sent = ASGIServer().run(ASGILayer(sending([start(headers=fields), body()])), scope_of("/", DNT))
    assert (b"x-a", b"1") in sent[0]["headers"]
    assert b"id=1" not in dict(sent[0]["headers"]).values()


@pytest.mark.parametrize(
    "field",
    [
        ("Set-Cookie", "id=1"),
        (bytearray(b"set-cookie"), b"id=1"),
        (b"set-cookie", memoryview(b"id=1")),
    ],
    ids=["text", "bytearray", "memoryview"],
)
@pytest.mark.parametrize("status", [200, "200"])
def test_a_cookie_of_the_wrong_types_does_not_slip_through(field: Any, status: Any) -> None:
    """Hypercorn, for one, takes what int() and bytes() take."""
    app = sending([start(status, [field, (b"x-a", b"1")]), body()])
    sent = ASGIServer().run(ASGILayer(app), scope_of("/", DNT))
    assert b"set-cookie" not in [bytes(name) for name, _ in sent[0]["headers"]]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_app_gets_the_servers_own_scope_and_receive(kind: str) -> None:
    seen: list[Any] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.extend((scope, receive, dict(scope)))
        scope["app"] = "its own key"

    server = ASGIServer()
    scope = scope_of(kind=kind)
    as_it_came = dict(scope)
    receive = server.receive
    drive(ASGILayer(app)(scope, receive, server.send))
    assert seen[0] is scope
    assert seen[1] is receive
    assert seen[2].keys() - as_it_came.keys() == {KEY}
    assert scope == {**as_it_came, "app": "its own key"}


def test_a_key_the_app_put_over_ours_is_its_own() -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        scope[KEY] = "mine"

    scope = scope_of()
    ASGIServer().run(ASGILayer(app), scope)
    assert scope[KEY] == "mine"


@pytest.mark.parametrize("layer", [ASGILayer, WSGILayer])
def test_a_wrapped_apps_attributes_are_at_hand(layer: Any) -> None:
    def app() -> None: ...

    app.config = {"a": 1}  # type: ignore[attr-defined]
    layered = copy.copy(layer(app))
    assert layered.config == {"a": 1}
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = layered.no_such_name
    with pytest.raises(AttributeError, match="app"):
        _ = layer.__new__(layer).app  # as copying and unpickling ask


class Trouble(BaseException):
    """What no app's `except Exception` catches."""


@pytest.mark.parametrize("error", [ValueError("its own"), Trouble(), asyncio.CancelledError()])
@pytest.mark.parametrize("sent_before", [0, 1, 2])
def test_an_asgi_apps_error_passes_as_the_very_object(
    error: BaseException, sent_before: int
) -> None:
    messages = [start(), body(more_body=True)][:sent_before]

    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        raise error

    server, scope = ASGIServer(), scope_of()
    with pytest.raises(type(error)) as raised:
        server.run(ASGILayer(app), scope)
    assert raised.value is error
    assert server.sent == messages
    assert KEY not in scope
    assert not current()


UNWATCHED = [b"text/plain", b"application/octet-stream", b"image/png", b"application/grpc", b"x"]
FORMS = [
    b"application/x-www-form-urlencoded",
    b"application/json",
    b"multipart/form-data; boundary=b",
]


@pytest.mark.parametrize("content_type", UNWATCHED)
def test_bodies_that_are_no_forms_are_the_servers_own(content_type: bytes) -> None:
    seen: list[Any] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.append(receive)

    def wsgi_app(environ: Message, start: Any) -> Any:
        seen.append(environ["wsgi.input"])
        start("200 OK", TEXT)
        return []

    server = ASGIServer()
    receive, stream = server.receive, io.BytesIO(b"a=b")
    field = (b"content-type", content_type)
    drive(ASGILayer(app)(scope_of("/", field, method="POST"), receive, server.send))
    environ = environ_of(CONTENT_TYPE=content_type.decode(), **{"wsgi.input": stream})
    WSGIServer().run(WSGILayer(wsgi_app), environ)
    assert seen[0] is receive
    assert seen[1] is stream


@pytest.mark.parametrize("content_type", FORMS)
def test_a_forms_messages_reach_the_app_as_the_very_objects(content_type: bytes) -> None:
    sent: list[Message] = [
        {"type": "http.request", "body": b"a=", "more_body": True, "x": object()},
        {"type": "http.request", "body": bytearray(b"b"), "more_body": True},
        {"type": "x.of.an.extension"},
        {"type": "http.request"},
        {"type": "http.disconnect"},
    ]
    got: list[Message] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        got.extend([await receive() for _ in sent])

    scope = scope_of("/", (b"content-type", content_type), method="POST")
    ASGIServer(*sent).run(ASGILayer(app), scope)
    assert [id(message) for message in got] == [id(message) for message in sent]


READINGS: dict[str, Callable[[Any], Any]] = {
    "all": lambda stream: stream.read(),
    "some": lambda stream: [stream.read(3), stream.read(0), stream.read(-1)],
    "lines": lambda stream: [stream.readline(), stream.readline(2), stream.readlines()],
    "hinted": lambda stream: [stream.readlines(1), stream.readlines(-1)],
    "iterated": list,
    "next": lambda stream: next(iter(stream)),
    "into a buffer": lambda stream: (stream.readinto(buffer := bytearray(5)), buffer),
    "what there is": lambda stream: [
        stream.read1(3),
        stream.readinto1(bytearray(3)),
        stream.read1(),
    ],
    "what else it has": lambda stream: [stream.readable(), stream.tell(), stream.getvalue()],
    "what it has not": lambda stream: hasattr(stream, "fileno_of_mine"),
}


@pytest.mark.parametrize("reading", READINGS)
def test_a_forms_stream_reads_as_the_servers_and_is_given_back(reading: str) -> None:
    body = b"a=b\nc=d\ne=f&g=h"
    read: list[Any] = []

    def app(environ: Message, start: Any) -> Any:
        read.append(READINGS[reading](environ["wsgi.input"]))
        context = context_of(environ[KEY])
        assert context is not None
        assert context.submission is not None
        assert context.submission.body == body[: stream.tell()]  # all that was read was seen
        start("200 OK", TEXT)
        return []

    stream = io.BytesIO(body)
    environ = environ_of(CONTENT_TYPE=FORMS[0].decode(), **{"wsgi.input": stream})
    WSGIServer().run(WSGILayer(app), environ)
    assert read == [READINGS[reading](io.BytesIO(body))]
    assert environ["wsgi.input"] is stream


def test_a_page_begun_before_the_apps_error_begins_for_the_server_too() -> None:
    """Its head waits for the first chunk, which never comes: the server is to know what was said."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "headers": [(b"content-type", b"text/html")]})
        raise ValueError("after start")

    server = ASGIServer()
    with pytest.raises(ValueError, match="after start"):
        server.run(asgi.PrivacyMiddleware(app), scope_of())  # type: ignore[arg-type]
    assert [message["type"] for message in server.sent] == ["http.response.start"]


def test_a_servers_error_reaches_the_app() -> None:
    caught: list[OSError] = []

    async def refuse(message: Message) -> None:
        raise OSError("gone")

    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in (start(), body()):
            try:
                await send(message)
            except OSError as error:
                caught.append(error)

    drive(ASGILayer(app)(scope_of(), ASGIServer().receive, refuse))
    assert [str(error) for error in caught] == ["gone", "gone"]


def test_a_disconnect_reaches_the_app() -> None:
    got: list[Message] = []
    request = {"type": "http.request", "body": b"a", "more_body": True}
    gone = {"type": "http.disconnect"}

    async def app(scope: Message, receive: Any, send: Any) -> None:
        got.extend([await receive(), await receive()])

    ASGIServer(request, gone).run(ASGILayer(app), scope_of(method="POST"))
    assert got[0] is request
    assert got[1] is gone


def test_lifespan_runs_both_ways() -> None:
    got: list[str] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        assert KEY not in scope
        for _ in range(2):
            got.append((await receive())["type"])
            await send({"type": got[-1] + ".complete"})

    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = ASGIServer(*incoming).run(ASGILayer(app), {"type": "lifespan", "state": {}})
    assert [m["type"] for m in sent] == [f"{type_}.complete" for type_ in got]


mark: ContextVar[str] = ContextVar("mark", default="")


def test_the_app_runs_in_the_servers_task_and_context() -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        assert asyncio.current_task() is tasks[0]
        mark.set("by the app")
        await send(start())

    async def serve() -> None:
        tasks.append(asyncio.current_task())
        server = ASGIServer()
        await ASGILayer(app)(scope_of(), server.receive, server.send)
        assert mark.get() == "by the app"

    tasks: list[Any] = []
    asyncio.run(serve())


@pytest.mark.parametrize("content_type", [b"application/json", b"text/html", b"text/event-stream"])
def test_each_chunk_is_with_the_server_before_the_app_goes_on(content_type: bytes) -> None:
    chunks = [b"a", b"b", b"", b"c"]

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send(start(headers=[(b"content-type", content_type)]))
        assert len(server.sent) == (content_type != b"text/html")  # a page's head waits for it
        for number, chunk in enumerate(chunks, start=1):
            await send(body(chunk, more_body=True))
            assert [m["body"] for m in server.sent[1:]] == chunks[:number]

    server = ASGIServer()
    server.run(ASGILayer(app), scope_of("/", DNT))
    assert len(server.sent) == 1 + len(chunks)


def test_a_background_task_runs_after_the_response_and_inside_the_visit() -> None:
    from starlette.background import BackgroundTask  # noqa: PLC0415 - only here

    seen: list[Any] = []

    def background() -> None:
        seen.append((len(server.sent), current().opted_out))

    async def answer(request: Any) -> PlainTextResponse:
        return PlainTextResponse("done", background=BackgroundTask(background))

    async def serve() -> None:
        app = ASGILayer(Starlette(routes=[Route("/", answer)]))
        await app(scope_of("/", DNT), server.receive, server.send)

    server = ASGIServer()
    asyncio.run(serve())
    assert seen == [(2, True)]


# ---------------------------------------------------------------------------------------- WSGI

TEXT = [("Content-Type", "text/plain")]
WSGI_PAGE = [("Content-Type", "text/html"), ("Set-Cookie", "id=1")]


class Sized:
    """A sequence of chunks that is no list, as some frameworks have."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"sized"])


def environ_of(*signals: tuple[bytes, bytes], **more: Any) -> Message:
    environ: Message = {}
    setup_testing_defaults(environ)
    environ.update({f"HTTP_{k.decode().upper().replace('-', '_')}": v.decode() for k, v in signals})
    return {**environ, "HTTP_HOST": "shop.example", **more}


def _plain_list(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    return [b"a"]


def _pieces(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    return [b"a", b"", b"b"]


def _tuple(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    return (b"a",)


def _empty(environ: Message, start: Any, log: list[Any]) -> Any:
    start("204 No Content", [])
    return []


def _bytes(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    return Sized()


def _wrapped_file(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"file"), 2)


def _readable(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    return io.BytesIO(b"a\nb\n")  # what uWSGI's own file_wrapper gives back: the file itself


def _closing(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    iterable = Closing([b"a", b"b"])
    log.append(iterable)
    return iterable


def _generator(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    return (chunk for chunk in [b"a", b"b"])


def _lazy(environ: Message, start: Any, log: list[Any]) -> Any:
    log.append("first step")
    start("200 OK", TEXT)
    yield b"a"
    yield b"b"
    log.append("last step")


def _lazy_and_empty(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    yield from ()


def _lazy_and_failing(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    try:
        yield b"a"
        raise ValueError("midway")
    finally:
        log.append("cleaned up")


def _never_starts(environ: Message, start: Any, log: list[Any]) -> Any:
    return [b"a"]


def _writes(environ: Message, start: Any, log: list[Any]) -> Any:
    write = start("200 OK", TEXT)
    write(b"first")
    write(b"second")
    return [b"third"]


def _writes_lazily(environ: Message, start: Any, log: list[Any]) -> Any:
    write = start("200 OK", TEXT)
    write(b"first")
    yield b"second"
    write(b"third")
    yield b"fourth"


def _starts_over(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    try:
        raise ValueError("its own")
    except ValueError:
        start("500 Broken", [("X-Error", "1")], sys.exc_info())
    return [b"broken"]


def _starts_over_by_name(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT, exc_info=None)
    return [b"a"]


def _starts_over_too_late(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    yield b"a"
    try:
        raise ValueError("its own")
    except ValueError:
        log.append("starts over")
        start("500 Broken", [("X-Error", "1")], sys.exc_info())
    log.append("never here")
    yield b"broken"


def _starts_over_in_time(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    yield b""  # sends no head yet
    try:
        raise ValueError("its own")
    except ValueError:
        start("500 Broken", TEXT, sys.exc_info())
    yield b"broken"


def _starts_twice(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    start("200 OK", TEXT)
    return []


def _fails_before(environ: Message, start: Any, log: list[Any]) -> Any:
    raise ValueError("before")


def _fails_after_start(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", TEXT)
    raise ValueError("after start")


def _without_status(environ: Message, start: Any, log: list[Any]) -> Any:
    start(None, TEXT)
    return [b"a"]


def _without_headers(environ: Message, start: Any, log: list[Any]) -> Any:
    start("200 OK", None)
    return [b"a"]


WSGI_ROWS: dict[str, Callable[[Message, Any, list[Any]], Any]] = {
    "a list of one": _plain_list,
    "a list of several": _pieces,
    "a tuple": _tuple,
    "an empty list": _empty,
    "a sized iterable": _bytes,
    "a file in the server's wrapper": _wrapped_file,
    "a file": _readable,
    "an iterable to be closed": _closing,
    "a generator": _generator,
    "a lazy app": _lazy,
    "a lazy app without a body": _lazy_and_empty,
    "a lazy app that fails midway": _lazy_and_failing,
    "no start_response at all": _never_starts,
    "write() before the iterable": _writes,
    "write() between chunks": _writes_lazily,
    "starting over": _starts_over,
    "exc_info given by name": _starts_over_by_name,
    "starting over too late": _starts_over_too_late,
    "starting over before the first byte": _starts_over_in_time,
    "starting twice": _starts_twice,
    "an error before the start": _fails_before,
    "an error after the start": _fails_after_start,
    "no status": _without_status,
    "no headers": _without_headers,
}
# The server sees the app's own object, and what it can tell by it.
SAME_OBJECT = [
    "a list of one", "a list of several", "a tuple", "an empty list", "a sized iterable",
    "a file in the server's wrapper", "a file", "write() before the iterable", "starting over",
]  # fmt: skip


class Seen(NamedTuple):
    """All a server and an app can tell of each other."""

    log: list[str]
    error: str
    closed: list[int]
    app: list[str]


def observe(row: str, layer: Callable[[App], App], environ: Message) -> Seen:
    log: list[Any] = []
    server = WSGIServer()
    error = ""
    environ.setdefault("wsgi.file_wrapper", FileWrapper)
    try:
        server.run(layer(lambda env, start: WSGI_ROWS[row](env, start, log)), environ)
    except (ValueError, AssertionError, TypeError) as raised:
        error = repr(raised)
    return Seen(
        server.log,
        error,
        [entry.closed for entry in log if isinstance(entry, Closing)],
        [entry for entry in log if isinstance(entry, str)],
    )


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("row", WSGI_ROWS)
def test_a_wsgi_app_is_seen_as_bare(row: str, signal: str) -> None:
    environ = environ_of(*SIGNALS[signal])
    as_it_came = dict(environ)
    bare = observe(row, lambda app: app, environ_of())
    assert observe(row, WSGILayer, environ) == bare
    assert {k: v for k, v in environ.items() if k != "wsgi.file_wrapper"} == as_it_came
    assert not current()


@pytest.mark.parametrize("policy", UNTOUCHED)
@pytest.mark.parametrize("row", WSGI_ROWS)
def test_a_wsgi_app_is_seen_as_bare_where_the_policy_is_not_enforced(row: str, policy: str) -> None:
    bare = observe(row, lambda app: app, environ_of())
    layered = observe(row, lambda app: WSGILayer(app, UNTOUCHED[policy]), environ_of(DNT, GPC))
    assert layered == bare


@pytest.mark.parametrize("policy", [None, *UNTOUCHED.values()], ids=["enforce", *UNTOUCHED])
@pytest.mark.parametrize("row", SAME_OBJECT)
def test_the_server_gets_the_apps_own_iterable(row: str, policy: PrivacyPolicy | None) -> None:
    made: list[Any] = []

    def app(environ: Message, start: Any) -> Any:
        made.append(WSGI_ROWS[row](environ, start, []))
        return made[0]

    environ = environ_of(**{"wsgi.file_wrapper": FileWrapper})
    assert WSGILayer(app, policy)(environ, WSGIServer().start_response) is made[0]
    assert KEY not in environ


def _checked_inside(app: App) -> App:
    """Check what the layer does to an app; the key of ours is an object, as no CGI variable may be."""
    checked: Any = validator(app)
    return lambda environ, start: checked({k: v for k, v in environ.items() if k != KEY}, start)


class Offloaded:
    """What mod_wsgi's wrapper, a plain function there, gives back."""

    def __init__(self, filelike: Any) -> None:
        self.filelike = filelike

    def __iter__(self) -> Iterator[bytes]:
        return iter([self.filelike.read()])


def test_a_file_wrapper_that_is_no_class_is_known_by_its_make() -> None:
    made: list[Any] = []

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", TEXT)
        made.append(environ["wsgi.file_wrapper"](io.BytesIO(b"file")))
        return made[0]

    environ = environ_of(**{"wsgi.file_wrapper": lambda file, size=8192: Offloaded(file)})
    assert WSGILayer(app)(environ, WSGIServer().start_response) is made[0]


def test_the_server_gets_the_apps_own_list_of_headers() -> None:
    headers = list(TEXT)

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", headers)
        return []

    server = WSGIServer().run(WSGILayer(app), environ_of(DNT))
    assert server.head is not None
    assert server.head[1] is headers


@pytest.mark.parametrize("signals", SIGNALS.values(), ids=SIGNALS)
def test_an_apps_list_of_headers_is_never_changed(signals: Any) -> None:
    headers = list(WSGI_PAGE)

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", headers)
        return []

    server = WSGIServer().run(WSGILayer(app), environ_of(*signals))
    assert headers == WSGI_PAGE
    assert server.head is not None
    assert server.head[1] != WSGI_PAGE


def test_start_response_without_a_third_parameter_is_never_given_one() -> None:
    heads: list[Any] = []

    def start_response(status: str, headers: list[Any]) -> Callable[[bytes], None]:
        heads.append((status, headers))
        return heads.append

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", TEXT)
        return []

    WSGILayer(app)(environ_of(), start_response)
    assert heads == [("200 OK", TEXT)]


@pytest.mark.parametrize(
    "make", [iter, tuple, lambda f: (x for x in f)], ids=["iter", "tuple", "gen"]
)
def test_wsgi_headers_that_can_be_read_once_reach_the_server_whole(make: Any) -> None:
    def app(environ: Message, start: Any) -> Any:
        start("200 OK", make(TEXT))
        return []

    server = WSGIServer().run(WSGILayer(app), environ_of())
    assert server.head is not None
    assert list(server.head[1]) == TEXT


@pytest.mark.parametrize(
    "field", [(b"Set-Cookie", b"id=1"), (b"set-cookie", "id=1"), ("Set-Cookie", b"id=1")]
)
@pytest.mark.parametrize("status", ["200 OK", b"200 OK", "²00", None])
def test_a_wsgi_cookie_of_the_wrong_types_does_not_slip_through(field: Any, status: Any) -> None:
    """mod_wsgi and uWSGI take bytes."""

    def app(environ: Message, start: Any) -> Any:
        start(status, [field, ("X-A", "1")])
        return []

    server = WSGIServer().run(WSGILayer(app), environ_of(DNT))
    assert server.head is not None
    assert [name for name, _ in server.head[1]] == ["X-A", "vary"]


@pytest.mark.parametrize("stop_after", [0, 1, 2])
def test_close_is_called_once_however_early_the_server_stops(stop_after: int) -> None:
    iterable = Closing([b"a", b"b"])

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", TEXT)
        return iterable

    environ = environ_of()
    returned: Any = WSGILayer(app)(environ, WSGIServer().start_response)
    chunks = iter(returned)
    for _ in range(stop_after):
        next(chunks)
    assert iterable.closed == 0
    returned.close()
    returned.close()  # some servers do
    assert iterable.closed == 1
    assert KEY not in environ


def test_a_close_that_fails_still_ends_the_visit() -> None:
    class Failing(Closing):
        def close(self) -> None:
            assert current()  # what an app does at its close is still inside
            raise ValueError("in close")

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", TEXT)
        return Failing([b"a"])

    environ = environ_of()
    with pytest.raises(ValueError, match="in close"):
        WSGIServer().run(WSGILayer(app), environ)
    assert KEY not in environ
    assert not current()


@pytest.mark.parametrize("content_type", ["application/json", "text/html", "text/event-stream"])
def test_each_wsgi_chunk_leaves_before_the_next_is_made(content_type: str) -> None:
    made: list[bytes] = []

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", [("Content-Type", content_type)])
        for chunk in [b"a", b"b", b"c"]:
            made.append(chunk)
            yield chunk

    server = WSGIServer()
    layered = WSGILayer(app)(environ_of(DNT), server.start_response)
    assert made == []  # a lazy app stays lazy
    for number, _ in enumerate(layered, start=1):
        assert len(made) == number


@pytest.mark.parametrize("chunks", [[], [b""], [b"moved"], [b"mo", b"ved"]])
def test_a_server_that_looks_for_the_head_as_soon_as_the_app_has_returned_finds_it(
    chunks: list[bytes],
) -> None:
    """Granian does, and PEP 3333 would have it wait."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("303 See Other", [("Content-Type", "text/html"), ("Location", "/orders")])
        return Closing(chunks)

    server = WSGIServer()
    response = WSGILayer(app)(environ_of(), server.start_response)
    assert server.head is not None
    assert server.head[0] == "303 See Other"
    assert ("Location", "/orders") in server.head[1]
    assert b"".join(response) == b"".join(chunks)
    response.close()


def test_an_app_that_fails_at_its_first_chunk_is_closed_and_fails_as_bare() -> None:
    trouble = Trouble()

    def fails() -> Iterator[bytes]:
        raise trouble
        yield b""

    iterable = Closing(fails())

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/html")])
        return iterable

    with pytest.raises(Trouble) as raised:
        WSGIServer().run(WSGILayer(app), environ_of())
    assert raised.value is trouble
    assert iterable.closed == 1


def test_the_wsgi_app_gets_the_servers_environ_with_one_key_more() -> None:
    seen: list[Any] = []
    environ = environ_of()
    as_it_came = dict(environ)

    def app(given: Message, start: Any) -> Any:
        seen.append((given is environ, given.keys() - as_it_came.keys()))
        start("200 OK", TEXT)
        yield b"a"
        seen.append((given is environ, given.keys() - as_it_came.keys()))

    WSGIServer().run(WSGILayer(app), environ)
    assert seen == [(True, {KEY}), (True, {KEY})]
    assert environ == as_it_came


@pytest.mark.parametrize("signals", SIGNALS.values(), ids=SIGNALS)
@pytest.mark.parametrize("lazily", [False, True], ids=["list", "generator"])
@pytest.mark.parametrize("headers", [TEXT, WSGI_PAGE], ids=["text", "page"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_wsgirefs_validator_finds_nothing_around_or_inside(
    signals: Any, headers: Any, method: str, *, lazily: bool
) -> None:
    chunks = [] if method == "HEAD" else [b"a", b"b"]

    def app(environ: Message, start: Any) -> Any:
        write = start("200 OK", list(headers))
        if chunks:
            write(b"written")
        environ["wsgi.input"].read(1)
        return (c for c in chunks) if lazily else list(chunks)

    rewriting = Guard(
        PrivacyPolicy(),
        promises=[
            promise(
                response=lambda context, head: Wait(
                    lambda data, last: Rewrite(lambda data, last: data.upper())
                )
            )
        ],
    )
    for policy in (None, rewriting):
        layered: Any = validator(WSGILayer(_checked_inside(app), policy))
        server = WSGIServer().run(
            layered,
            environ_of(*signals, REQUEST_METHOD=method, QUERY_STRING="", CONTENT_LENGTH="0"),
        )
        expected = b"".join([b"written", *chunks] if chunks else [])
        assert server.body == (expected.upper() if policy else expected)


# ------------------------------------------------------------------------------------- layers


def counting() -> tuple[Guard, list[str]]:
    seen: list[str] = []
    return Guard(
        PrivacyPolicy(), promises=[promise(response=lambda context, head: seen.append("seen"))]
    ), seen


def test_of_nested_asgi_layers_the_outer_acts() -> None:
    (outer, acted), (inner, idle) = counting(), counting()
    app = ASGILayer(ASGILayer(sending([start(), body()]), inner), outer)
    ASGIServer().run(app, scope_of())
    assert (acted, idle) == (["seen"], [])


@pytest.mark.parametrize("row", ["a list of one", "a lazy app", "an iterable to be closed"])
def test_of_nested_wsgi_layers_the_outer_acts(row: str) -> None:
    (outer, acted), (inner, idle) = counting(), counting()
    app = WSGILayer(WSGILayer(lambda e, s: WSGI_ROWS[row](e, s, []), inner), outer)
    environ = environ_of()
    WSGIServer().run(app, environ)
    assert (acted, idle) == (["seen"], [])
    assert KEY not in environ


def _starlettes_bridge(app: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from starlette.middleware.wsgi import WSGIMiddleware  # noqa: PLC0415 - warns at import
    return WSGIMiddleware(app)


BRIDGES: dict[str, Callable[[Any], Callable[..., Awaitable[None]]]] = {
    "a2wsgi": a2wsgi.WSGIMiddleware,
    "starlette": _starlettes_bridge,
}


@pytest.mark.parametrize("bridge", BRIDGES)
@pytest.mark.parametrize("outer_is_there", [True, False])
def test_a_wsgi_layer_mounted_in_a_protected_starlette_app_leaves_it_to_the_outer(
    bridge: str, *, outer_is_there: bool
) -> None:
    (outer, acted), (inner, inner_acted) = counting(), counting()
    seen: list[tuple[bool, int]] = []

    def wsgi_app(environ: Message, start: Any) -> Any:
        seen.append((current().opted_out, threading.get_ident()))
        start("200 OK", [("Content-Type", "text/plain")])
        yield b"from wsgi"

    async def serve() -> None:
        mounted = BRIDGES[bridge](WSGILayer(wsgi_app, inner))
        app: Any = Starlette(routes=[Mount("/shop", mounted)])
        app = ASGILayer(app, outer) if outer_is_there else app
        await app(scope_of("/shop/cart", DNT), server.receive, server.send)

    server = ASGIServer({"type": "http.request", "body": b"", "more_body": False})
    asyncio.run(serve())
    assert server.body == b"from wsgi"
    assert [opted_out for opted_out, _ in seen] == [True]
    assert seen[0][1] != threading.get_ident()
    assert (acted, inner_acted) == ((["seen"], []) if outer_is_there else ([], ["seen"]))


@pytest.mark.parametrize("first", ["a list", "a generator"])
def test_apps_tried_in_turn_with_one_environ_are_each_protected(first: str) -> None:
    """Paste's Cascade: the next app is tried where one answers 404."""
    (one, one_acted), (other, other_acted) = counting(), counting()

    def missing(environ: Message, start: Any) -> Any:
        start("404 Not Found", TEXT)
        return [b"no"] if first == "a list" else (c for c in [b"no"])

    def cascade(environ: Message, start: Any) -> Any:
        refused: Any = WSGILayer(missing, one)(environ, lambda *head: lambda data: None)
        if hasattr(refused, "close"):
            refused.close()
        return WSGILayer(lambda e, s: _plain_list(e, s, []), other)(environ, start)

    server = WSGIServer().run(cascade, environ_of())
    assert server.body == b"a"
    assert (one_acted, other_acted) == (["seen"], ["seen"])


# -------------------------------------------------------------------------------- promised edits


def edit(context: RequestContext) -> None:
    context.request.edit("accept-encoding", "gzip")
    context.request.edit("range", None)
    context.request.edit("x-new", "1")


EDITED = promise(request=edit)


@pytest.mark.parametrize("fails", [False, True])
def test_an_asgi_scope_edited_for_the_app_is_restored(*, fails: bool) -> None:
    seen: list[Any] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        if fails:
            raise ValueError

    headers = [(b"Accept-Encoding", b"br"), (b"range", b"bytes=0-"), (b"x-a", b"1")]
    scope = scope_of("/", *headers)
    original = scope["headers"]
    try:
        ASGIServer().run(ASGILayer(app, Guard(PrivacyPolicy(), promises=[EDITED])), scope)
    except ValueError:
        assert fails
    assert seen == [
        (b"host", b"shop.example"), (b"x-a", b"1"), (b"accept-encoding", b"gzip"), (b"x-new", b"1"),
    ]  # fmt: skip
    assert scope["headers"] is original


@pytest.mark.parametrize("ends", ["with a list", "with a generator", "with an error"])
def test_a_wsgi_environ_edited_for_the_app_is_restored(ends: str) -> None:
    seen: list[Any] = []

    def app(environ: Message, start: Any) -> Any:
        seen.extend(environ.get(f"HTTP_{key}") for key in ("ACCEPT_ENCODING", "RANGE", "X_NEW"))
        start("200 OK", TEXT)
        if ends == "with an error":
            raise ValueError
        return [b"a"] if ends == "with a list" else iter([b"a"])

    environ = environ_of((b"accept-encoding", b"br"), (b"range", b"bytes=0-"))
    as_it_came = dict(environ)
    try:
        WSGIServer().run(WSGILayer(app, Guard(PrivacyPolicy(), promises=[EDITED])), environ)
    except ValueError:
        assert ends == "with an error"
    assert seen == ["gzip", None, "1"]
    assert environ == as_it_came


def test_nothing_is_edited_for_the_app_where_the_policy_only_reports() -> None:
    seen: list[Any] = []

    def app(environ: Message, start: Any) -> Any:
        seen.append(environ["HTTP_ACCEPT_ENCODING"])
        start("200 OK", TEXT)
        return []

    guard = Guard(PrivacyPolicy(mode="report"), promises=[EDITED])
    WSGIServer().run(WSGILayer(app, guard), environ_of((b"accept-encoding", b"br")))
    assert seen == ["br"]
