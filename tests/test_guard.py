"""What a promise asks of a visit happens, the same through both adapters: one table, two drivers."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.util import FileWrapper

import anyio.to_thread
import pytest

from alpines_privacy import PolicyError, PrivacyPolicy, asgi, current, wsgi
from alpines_privacy.guard import Guard, HostGuards, guard_for
from alpines_privacy.guard.guard import MODE_VARIABLE
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.outcomes import MORE, Answer, Examine, Pass, Replace, Rewrite, Wait
from alpines_privacy.http.privacy import KEY, request_context
from alpines_privacy.http.promise import Promise
from alpines_privacy.wsgi import WSGIRequest
from tests.support.sent import Sent
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


def marked(head: Any, data: bytes, last: object) -> None:
    head.append("x-first", data.decode())


BARE = Outcome(b"", 200, TYPE, b"the body")
ANSWERED = Outcome(None, 451, OURS.fields, b"ours")
REPLACED = Outcome(b"", 451, OURS.fields, b"ours")
REWRITTEN = Outcome(b"", 200, TYPE, b"THE BODY.")
FORM = Request("POST", body=(b"one=1&", b"t", b"wo=2"))
LENGTH: tuple[Field, ...] = (*TYPE, ("Content-Length", "8"))


class Scenario(NamedTuple):
    promises: list[Promise]
    outcome: Outcome
    request: Request = Request()
    response: Response = Response()


SCENARIOS = {
    "nothing asked": Scenario([promise()], BARE),
    "answered at once": Scenario([promise(request=lambda p: OURS)], ANSWERED),
    "answered at once, HEAD": Scenario(
        [promise(request=lambda p: OURS)], ANSWERED._replace(body=b""), Request("HEAD")
    ),
    "answered with a status nobody has named": Scenario(
        [promise(request=lambda p: Answer(299, []))],
        Outcome(None, 299, [("content-length", "0")], b""),
    ),
    "the first answer counts": Scenario(
        [promise(), promise(request=lambda p: OURS), promise(request=lambda p: Answer(500, []))],
        ANSWERED,
    ),
    "an answer goes before an examination": Scenario(
        [examine(at_the_end(None)), promise(request=lambda p: OURS)], ANSWERED, FORM
    ),
    "the body passes": Scenario(
        [examine(at_the_end(None))], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "the body passes early": Scenario(
        [examine(lambda data, more: None)], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "the body is answered": Scenario([examine(at_the_end(OURS))], ANSWERED, FORM),
    "the body is answered early": Scenario([examine(lambda data, more: OURS)], ANSWERED, FORM),
    "no body passes": Scenario([examine(at_the_end(None))], BARE),
    "no body is answered": Scenario([examine(at_the_end(OURS))], ANSWERED),
    "a body at its limit is judged": Scenario(
        [examine(at_the_end(OURS), limit=11)], ANSWERED, FORM
    ),
    "a body beyond its limit passes": Scenario(
        [examine(at_the_end(OURS), limit=10)], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "a body beyond its limit is answered": Scenario(
        [examine(at_the_end(None), limit=10, beyond=OURS)], ANSWERED, FORM
    ),
    "a body long beyond its limit passes whole": Scenario(
        [examine(at_the_end(OURS), limit=10)],
        BARE._replace(got=b"x" * 200_000),
        Request("POST", body=(b"x" * 100_000,) * 2),
    ),
    "each judge has its own limit": Scenario(
        [examine(at_the_end(OURS), limit=3), examine(at_the_end(OURS), limit=11)], ANSWERED, FORM
    ),
    "all judges must pass it": Scenario(
        [examine(at_the_end(None)), examine(at_the_end(OURS))], ANSWERED, FORM
    ),
    "a judge that never decides lets it pass": Scenario(
        [examine(lambda data, more: MORE)], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "settled with an edited head": Scenario(
        [waiting(marked)], BARE._replace(fields=[*TYPE, ("x-first", "the ")])
    ),
    "settled to rewrite": Scenario([waiting(lambda *_: Rewrite(upper))], REWRITTEN),
    "settled to replace": Scenario([waiting(lambda *_: Replace(OURS))], REPLACED),
    "settled to nothing": Scenario([waiting(lambda *_: None)], BARE),
    "settled on a body that is there at once": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        BARE._replace(fields=[*TYPE, ("x-all", "the body|True")]),
        response=Response(shape="list"),
    ),
    "settled on the first of several": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        BARE._replace(fields=[*TYPE, ("x-all", "the |False")]),
    ),
    "settled to rewrite what is there at once": Scenario(
        [waiting(lambda *_: Rewrite(upper))], REWRITTEN, response=Response(shape="list")
    ),
    "settled to replace what is there at once": Scenario(
        [waiting(lambda *_: Replace(OURS))], REPLACED, response=Response(shape="list")
    ),
    "settled on nothing: HEAD": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        Outcome(b"", 200, [*LENGTH[:1], ("content-length", "8"), ("x-all", "|True")], b""),
        Request("HEAD"),
        Response((), fields=LENGTH),
    ),
    "settled on nothing: 304": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        Outcome(b"", 304, [*TYPE, ("x-all", "|True")], b""),
        response=Response((), 304),
    ),
    "settled to replace: HEAD": Scenario(
        [waiting(lambda *_: Replace(OURS))],
        REPLACED._replace(body=b""),
        Request("HEAD"),
        Response(()),
    ),
    "two that wait, one that rewrites": Scenario(
        [waiting(marked), rewriting, waiting(marked)],
        REWRITTEN._replace(fields=[*TYPE, ("x-first", "the "), ("x-first", "the ")]),
    ),
    "replaced": Scenario([promise(response=lambda p, h: Replace(OURS))], REPLACED),
    "replaced, HEAD": Scenario(
        [promise(response=lambda p, h: Replace(OURS))], REPLACED._replace(body=b""), Request("HEAD")
    ),
    "rewritten": Scenario([rewriting], REWRITTEN),
    "rewritten twice, in order": Scenario(
        [rewriting, promise(response=lambda p, h: Rewrite(lambda data, last: data + b"!"))],
        REWRITTEN._replace(body=b"THE !BODY!.!"),
    ),
    "rewritten, without the length that is no longer true": Scenario(
        [rewriting], REWRITTEN, response=Response(fields=LENGTH)
    ),
    "a HEAD of what would be rewritten": Scenario(
        [rewriting], REWRITTEN._replace(body=b""), Request("HEAD"), Response((), fields=LENGTH)
    ),
    "204 is not rewritten": Scenario(
        [rewriting], Outcome(b"", 204, TYPE, b""), response=Response((), 204)
    ),
    "an empty body is rewritten": Scenario(
        [rewriting], REWRITTEN._replace(body=b"."), response=Response(())
    ),
    "a filter that holds bytes back": Scenario(
        [promise(response=lambda p, h: Rewrite(_hoarding()))],
        REWRITTEN._replace(body=b"the body!"),
    ),
}  # fmt: skip
SHAPES = ("stream", "list", "write", "file", "part of a file")


def _hoarding() -> Callable[..., bytes]:
    held: list[bytes] = []

    def filter_(data: bytes, *, last: bool) -> bytes:
        held.append(data)
        return b"".join(held) + b"!" if last else b""

    return filter_


@both
@pytest.mark.parametrize("name", SCENARIOS)
def test_an_outcome_happens(name: str, through: Driver) -> None:
    scenario = SCENARIOS[name]
    assert (
        through(guard(*scenario.promises), scenario.request, scenario.response).outcome
        == scenario.outcome
    )


@both
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("held", [False, True])
def test_every_shape_of_body_is_rewritten(
    shape: str, through: Driver, tmp_path: Path, *, held: bool
) -> None:
    one = waiting(lambda *_: Rewrite(upper)) if held else rewriting
    assert through(guard(one), Request(), Response(shape=shape), tmp_path).outcome == REWRITTEN


@both
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("outcome", [None, Replace(OURS)], ids=["passes", "replaced"])
def test_every_shape_of_body_can_be_held(
    shape: str, through: Driver, tmp_path: Path, outcome: Replace | None
) -> None:
    seen: list[bytes] = []

    def settle(head: Any, data: bytes, last: object) -> Replace | None:
        seen.append(data)
        return outcome

    got = through(guard(waiting(settle)), Request(), Response(shape=shape), tmp_path).outcome
    assert len(seen) == 1
    assert b"the body".startswith(seen[0][:3])
    if outcome is not None:
        assert got == REPLACED
    elif through is through_wsgi or "file" not in shape:
        assert got == BARE  # over ASGI the server itself sends the file


def test_a_file_that_passes_is_left_to_the_server(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(b"a page")
    message = {"type": "http.response.pathsend", "path": str(file)}
    server = ASGIServer()

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send(message)

    layered: Any = asgi.PrivacyMiddleware(app, guard(waiting(lambda *_: None)))  # type: ignore[arg-type]
    asyncio.run(layered(scope_of(), server.receive, server.send))
    assert server.sent[1] is message


def test_a_body_that_passes_comes_in_the_messages_it_came_in() -> None:
    plain = through_asgi(guard(), FORM, Response())
    judged = through_asgi(guard(examine(at_the_end(None))), FORM, Response())
    assert judged.incoming == plain.incoming


@both
@pytest.mark.parametrize("beyond", [None, OURS], ids=["passes beyond", "answers beyond"])
def test_half_a_body_never_reaches_the_app(through: Driver, beyond: Answer | None) -> None:
    request = FORM._replace(breaks_off=True)
    for promise_ in (examine(at_the_end(None), beyond=beyond), examine(at_the_end(OURS))):
        outcome = through(guard(promise_), request, Response()).outcome
        assert outcome.got is None
        # Over ASGI the server has said that nobody is there to be answered.
        assert outcome.status == (None if through is through_asgi else 400)


@both
def test_half_a_body_reaches_the_app_where_the_policy_only_reports(through: Driver) -> None:
    request = FORM._replace(breaks_off=True)
    outcome = through(guard(examine(at_the_end(OURS)), mode="report"), request, Response()).outcome
    assert outcome.got == b"one=1&two=2"


class Broken:
    """A `wsgi.input` whose connection fails, as uWSGI's and gunicorn's raise it."""

    def read(self, size: int = -1) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize(
    ("length", "terminated"), [("5", False), ("", True), ("²", True), ("9" * 5000, True)]
)
def test_a_connection_that_fails_is_half_a_body(length: str, *, terminated: bool) -> None:
    environ: Message = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_LENGTH": length,
        "wsgi.input": Broken(),
        "wsgi.input_terminated": terminated,
    }
    server = WSGIServer()
    layered: Any = wsgi.PrivacyMiddleware(_unreachable, guard(examine(at_the_end(None))))
    server.run(layered, environ)
    assert server.head is not None
    assert server.head[0] == "400 Bad Request"


def _unreachable(*given: Any) -> Any:
    raise AssertionError("the app was called")


@pytest.mark.parametrize(
    "read", ["read", "readline", "readlines", "iter", "read(3)", "readline(3)"]
)
@pytest.mark.parametrize("terminated", [False, True])
@pytest.mark.parametrize("judged", [0, 3, 7, 100])
def test_wsgi_input_reads_the_same_after_a_judgement(
    read: str, judged: int, *, terminated: bool
) -> None:
    body = b"first\nsecond\n\nlast"
    ways: dict[str, Callable[[Any], Any]] = {
        "read": lambda stream: stream.read(),
        "readline": lambda stream: [stream.readline() for _ in range(6)],
        "readlines": lambda stream: (stream.readlines(7), stream.readlines()),
        "iter": list,
        "read(3)": lambda stream: [stream.read(3) for _ in range(9)],
        "readline(3)": lambda stream: [stream.readline(3) for _ in range(12)],
    }
    got: list[Any] = []

    def app(environ: Message, start: Any) -> Any:
        got.append(ways[read](environ["wsgi.input"]))
        start("200 OK", [])
        return []

    environ: Message = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_LENGTH": "" if terminated else str(len(body)),
        "wsgi.input": io.BytesIO(body + b"" if terminated else body + b"the next request"),
        "wsgi.input_terminated": terminated,
    }
    layered: Any = wsgi.PrivacyMiddleware(app, guard(examine(at_the_end(None), limit=judged)))
    WSGIServer().run(layered, environ)
    assert got == [ways[read](io.BytesIO(body))]


def test_messages_of_extensions_wait_with_the_body_they_came_in() -> None:
    extension = {"type": "http.x"}
    messages: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        extension,
        {"type": "http.request", "body": b"b", "more_body": False},
    ]
    got: list[Message] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        got.extend([await receive() for _ in range(4)])

    judged: list[bytes] = []

    def judge(data: bytes, *, more: bool) -> Any:
        judged.append(data)
        return MORE if more else None

    layered: Any = asgi.PrivacyMiddleware(app, guard(examine(judge)))  # type: ignore[arg-type]
    ASGIServer(*messages).run(layered, scope_of(method="POST"))
    assert judged == [b"a", b"b"]
    assert got == [*messages, {"type": "http.disconnect"}]
    assert all(one is other for one, other in zip(got, messages, strict=False))


# ------------------------------------------------------------------------------- ASGI's own ways


def run_asgi(policy: Any, *messages: Message, kind: str = "http", **scope: Any) -> list[Message]:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    layered: Any = asgi.PrivacyMiddleware(app, policy)  # type: ignore[arg-type]
    return ASGIServer({"type": "websocket.connect"}).run(layered, scope_of(kind=kind, **scope))


DENIALS: Message = {"websocket.http.response": {}}


def test_a_websocket_is_answered_by_a_denial_response_where_the_server_has_it() -> None:
    answering = guard(promise(request=lambda context: OURS))
    sent = run_asgi(answering, kind="websocket", extensions=DENIALS)
    assert [m["type"] for m in sent] == [
        "websocket.http.response.start", "websocket.http.response.body",
    ]  # fmt: skip
    assert (sent[0]["status"], sent[1]["body"]) == (451, b"ours")


@pytest.mark.parametrize("extensions", [None, {}])
def test_a_websocket_is_closed_where_the_server_cannot_deny_it(
    extensions: dict[str, Any] | None,
) -> None:
    answering = guard(promise(request=lambda context: OURS))
    sent = run_asgi(answering, kind="websocket", extensions=extensions)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_websocket_is_answered_after_its_connect_and_not_when_it_is_gone() -> None:
    layered: Any = asgi.PrivacyMiddleware(
        _unreachable,
        guard(promise(request=lambda context: OURS)),
    )
    server = ASGIServer({"type": "websocket.connect"}, {"type": "websocket.disconnect"})
    assert len(server.run(layered, scope_of(kind="websocket"))) == 1
    assert len(server.incoming) == 1
    gone = ASGIServer({"type": "websocket.disconnect"})
    assert gone.run(layered, scope_of(kind="websocket")) == []


def test_a_websockets_body_is_never_examined() -> None:
    accept = {"type": "websocket.accept"}
    assert run_asgi(guard(examine(at_the_end(OURS))), accept, kind="websocket") == [accept]


def test_a_websockets_accept_and_denial_carry_edited_heads() -> None:
    editing = guard(promise(response=lambda context, head: head.append("x-a", "1")))
    (accept,) = run_asgi(editing, {"type": "websocket.accept"}, kind="websocket")
    assert accept == {"type": "websocket.accept", "headers": [(b"x-a", b"1")]}
    denial = {"type": "websocket.http.response.start", "status": 403, "headers": []}
    (start,) = run_asgi(editing, denial, kind="websocket")
    assert start["headers"] == [(b"x-a", b"1")]


def test_a_denial_response_is_held_and_rewritten() -> None:
    sent = run_asgi(
        guard(waiting(lambda *_: Rewrite(upper))),
        {"type": "websocket.http.response.start", "status": 403, "headers": []},
        {"type": "websocket.http.response.body", "body": b"no", "more_body": False},
        kind="websocket",
    )
    assert [m["type"].rpartition(".")[2] for m in sent] == ["start", "body"]
    assert sent[1]["body"] == b"NO."


START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]}
LAST: Message = {"type": "http.response.body", "body": b"b"}


@pytest.mark.parametrize(
    "message",
    [{"type": "http.response.x"}, {"type": "http.response.trailers", "headers": []}],
    ids=["unknown", "trailers"],
)
def test_a_held_head_goes_before_what_may_be_a_body_of_another_kind(message: Message) -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send(START)
        await send(message)

    server = ASGIServer(strict=False)
    layered: Any = asgi.PrivacyMiddleware(app, guard(waiting(lambda *_: None)))  # type: ignore[arg-type]
    server.run(layered, scope_of())
    assert [m["type"] for m in server.sent] == ["http.response.start", message["type"]]


def test_nothing_of_a_replaced_response_leaves() -> None:
    replacing = guard(promise(response=lambda context, head: Replace(OURS)))
    sent = run_asgi(
        replacing,
        START,
        LAST,
        {"type": "http.response.trailers", "headers": []},
        {"type": "http.response.x"},
        {"type": "http.response.pathsend", "path": "/"},
    )
    assert [m["type"] for m in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b"ours"


def test_a_held_head_leaves_when_the_app_ends_without_a_body() -> None:
    seen: list[Any] = []
    held = guard(waiting(lambda head, data, last: seen.append((data, last))))
    assert run_asgi(held, START) == [START]
    assert seen == [(b"", False)]


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


@pytest.mark.parametrize("kind", BESIDE)
def test_fields_beside_the_head_are_filtered(kind: str) -> None:
    asked: list[str] = []

    def fields(context: Any, message: str, given: list[Field]) -> list[Field]:
        asked.append(message)
        return [f for f in given if "x-a" not in "".join(f)]

    before = {k: v[:] for k, v in BESIDE[kind].items()}
    messages: list[Message] = [START, LAST, BESIDE[kind]]
    *_, sent = run_asgi(guard(promise(fields=fields)), *messages)
    assert sent == {"type": BESIDE[kind]["type"], **LEFT[kind]}
    assert asked == [kind]
    assert BESIDE[kind] == before


@pytest.mark.parametrize("kind", BESIDE)
@pytest.mark.parametrize("how", ["report", "exempt path", "exempt by the app"])
def test_fields_beside_the_head_pass_where_nothing_is_enforced(kind: str, how: str) -> None:
    dropping = promise(fields=lambda context, message, given: [])
    policies = {
        "report": PrivacyPolicy(mode="report"),
        "exempt path": PrivacyPolicy(exempt=["/"]),
        "exempt by the app": PrivacyPolicy(),
    }

    async def app(scope: Message, receive: Any, send: Any) -> None:
        if how == "exempt by the app":
            current().exempt("fake")
        for message in (START, LAST, BESIDE[kind]):
            await send(message)

    layered: Any = asgi.PrivacyMiddleware(app, Guard(policies[how], promises=[dropping]))  # type: ignore[arg-type]
    assert ASGIServer().run(layered, scope_of())[-1] is BESIDE[kind]


# ------------------------------------------------------------------------------- WSGI's own ways


def run_wsgi(policy: Any, app: Any) -> WSGIServer:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    layered: Any = wsgi.PrivacyMiddleware(app, policy)
    return WSGIServer().run(layered, environ)


def on_pages(outcome: Any) -> Guard:
    return guard(promise(response=lambda context, head: outcome if head.status == 500 else None))


HOLDS = Wait(lambda data, last: None)
RESTARTS = {
    "held": (HOLDS, b"error page"),
    "held, then rewritten": (Wait(lambda data, last: Rewrite(upper)), b"ERROR PAGE."),
    "rewritten": (Rewrite(upper), b"ERROR PAGE."),
    "replaced": (Replace(OURS), b"ours"),
}


def _start_over(start: Any) -> None:
    try:
        raise ValueError("its own")
    except ValueError:
        start("500 Broken", list(TYPE), sys.exc_info())


@pytest.mark.parametrize("case", RESTARTS)
@pytest.mark.parametrize("lazily", [False, True])
def test_an_app_that_starts_over_gets_its_second_head_judged(case: str, *, lazily: bool) -> None:
    outcome, expected = RESTARTS[case]

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", list(TYPE))
        if not lazily:
            _start_over(start)
            return [b"error page"]
        return late(start)

    def late(start: Any) -> Iterator[bytes]:
        _start_over(start)
        yield b"error page"

    assert run_wsgi(on_pages(outcome), app).body == expected


@pytest.mark.parametrize("case", RESTARTS)
def test_an_app_that_starts_over_too_late_hears_it_from_start_response(case: str) -> None:
    heard: list[str] = []

    def app(environ: Message, start: Any) -> Iterator[bytes]:
        start("200 OK", list(TYPE))
        yield b"some"
        try:
            _start_over(start)
        except ValueError as error:
            heard.append(str(error))
            raise
        yield b"never"

    with pytest.raises(ValueError, match="its own"):
        run_wsgi(on_pages(RESTARTS[case][0]), app)
    assert heard == ["its own"]


def test_an_error_page_stands_in_for_a_response_that_was_to_be_replaced() -> None:
    replacing = guard(
        promise(response=lambda context, head: Replace(OURS) if head.status == 200 else None)
    )

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", list(TYPE))
        _start_over(start)
        return [b"error page"]

    server = run_wsgi(replacing, app)
    assert server.head == ("500 Broken", TYPE)
    assert server.body == b"error page"


def test_what_a_server_does_to_an_answers_headers_stays_with_that_response() -> None:
    """PEP 3333 lets it change the list in any way; an outer middleware appends its cookie there."""
    answering = guard(promise(request=lambda context: OURS))
    first, second = run_wsgi(answering, _unreachable), run_wsgi(answering, _unreachable)
    assert first.head is not None
    first.head[1].append(("Set-Cookie", "id=1"))
    assert second.head is not None
    assert second.head[1] == OURS.fields == ANSWERED.fields
    assert ("Set-Cookie", "id=1") not in OURS.fields


def test_what_is_written_goes_before_the_iterable_while_the_head_is_held() -> None:
    order: list[bytes] = []

    def settle(head: Any, data: bytes, last: object) -> Rewrite:
        order.append(data)
        return Rewrite(upper)

    def app(environ: Message, start: Any) -> Any:
        write = start("200 OK", list(TYPE))
        write(b"a")
        yield b"b"
        write(b"c")
        yield b"d"

    server = run_wsgi(guard(waiting(settle)), app)
    assert order == [b"a"]
    assert server.body == b"ABCD."


@pytest.mark.parametrize("lazily", [False, True])
def test_a_list_subclass_of_the_apps_is_closed_once(*, lazily: bool) -> None:
    class Chunks(list[bytes]):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    chunks = Chunks([b"a"])

    def app(environ: Message, start: Any) -> Any:
        start("200 OK", list(TYPE))
        return chunks

    assert run_wsgi(guard(rewriting) if lazily else None, app).body == (b"A." if lazily else b"a")
    assert chunks.closed == 1


# -------------------------------------------------------------------------------------- streaming


@both
def test_a_rewritten_chunk_leaves_before_the_next_is_made(through: Driver) -> None:
    made: list[bytes] = []
    left: list[bytes] = []

    def noted(data: bytes, *, last: bool) -> bytes:
        left.append(data)
        return data

    def chunks() -> Iterator[bytes]:
        for chunk in (b"a", b"b", b"c"):
            assert left == made  # all that was made has left
            made.append(chunk)
            yield chunk

    if through is through_wsgi:
        run_wsgi(
            guard(promise(response=lambda p, h: Rewrite(noted))),
            lambda environ, start: (start("200 OK", list(TYPE)), chunks())[1],
        )
    else:

        async def app(scope: Message, receive: Any, send: Any) -> None:
            await send(START)
            for chunk in chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})

        layered: Any = asgi.PrivacyMiddleware(
            app,  # type: ignore[arg-type]
            guard(promise(response=lambda p, h: Rewrite(noted))),
        )
        ASGIServer().run(layered, scope_of())
    assert made == [b"a", b"b", b"c"]
    assert left == [b"a", b"b", b"c", b""]


# ------------------------------------------------------------------------------------------- end


ENDINGS = {
    "a response": (promise(), Request()),
    "an answer": (promise(request=lambda p: OURS), Request()),
    "a body answered": (examine(at_the_end(OURS)), FORM),
    "half a body": (examine(at_the_end(None)), FORM._replace(breaks_off=True)),
    "a response replaced": (promise(response=lambda p, h: Replace(OURS)), Request()),
    "a response rewritten": (rewriting, Request()),
}


@both
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("shape", ["stream", "list", "write"])
def test_a_visit_ends_once_and_inside_itself(ending: str, shape: str, through: Driver) -> None:
    ends: list[bool] = []
    ending_promise = promise(
        "ending", end=lambda context: ends.append(request_context() is context)
    )
    one, request = ENDINGS[ending]
    through(guard(one, ending_promise), request, Response(shape=shape))
    assert ends == [True]


@both
def test_a_visit_ends_once_when_the_app_fails(through: Driver) -> None:
    ends: list[bool] = []

    def fail() -> None:
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        through(
            guard(promise(end=lambda context: ends.append(True))), Request(), Response(before=fail)
        )
    assert ends == [True]
    assert not current()


# -------------------------------------------------------------------------------- our own defects

SECRET = "a value the visitor sent"


def _raise(*args: object, **named: object) -> Any:
    raise ValueError(SECRET)


def failing_settle(context: object, head: object) -> Wait:
    return Wait(_raise)


DEFECTS: dict[str, dict[str, Any]] = {
    "request": {"request": _raise},
    "judge": {"request": lambda context: Examine(10, _raise)},
    "response": {"response": _raise},
    "settle": {"response": failing_settle},
    "filter": {"response": lambda context, head: Rewrite(_raise)},
    "end": {"end": _raise},
    "failed": {"request": _raise, "failed": _raise},
}


@both
@pytest.mark.parametrize("hook", DEFECTS)
@pytest.mark.parametrize("shape", ["stream", "list", "write"])
def test_a_promise_that_raises_costs_nobody_their_request(
    hook: str, shape: str, through: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    defective = guard(promise(**DEFECTS[hook]))
    response = Response(shape=shape)
    for _ in range(2):
        assert through(defective, FORM, response).outcome == BARE._replace(got=b"one=1&two=2")
    failures = [r for r in caplog.records if r.name == "alpines_privacy"]
    assert len(failures) == (2 if hook == "failed" else 1)  # the hook, and `failed` itself
    for record in failures:
        assert record.levelno == logging.ERROR
        assert "ValueError" in record.getMessage()
        assert SECRET not in caplog.text
        assert record.exc_info is None


FAILS_CLOSED = {
    "request": (promise(request=_raise, failed=lambda p, h: OURS if h is None else None), ANSWERED),
    "judge": (
        promise(
            request=lambda p: Examine(10, _raise), failed=lambda p, h: OURS if h is None else None
        ),
        ANSWERED,
    ),
    "response": (
        promise(response=_raise, failed=lambda p, head: head.replace([])),
        Outcome(b"one=1&two=2", 200, [], b"the body"),
    ),
    "settle": (
        promise(response=failing_settle, failed=lambda p, head: head.replace([])),
        Outcome(b"one=1&two=2", 200, [], b"the body"),
    ),
}


@both
@pytest.mark.parametrize("hook", FAILS_CLOSED)
def test_a_promise_fails_the_way_it_says(hook: str, through: Driver) -> None:
    defective, outcome = FAILS_CLOSED[hook]
    assert through(guard(defective), FORM, Response()).outcome == outcome


@pytest.mark.parametrize("kind", BESIDE)
def test_fields_beside_the_head_fail_the_way_the_head_does(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    closed = promise(fields=_raise, failed=lambda context, head: head.replace(head.fields[1:]))
    *_, sent = run_asgi(guard(closed), START, LAST, BESIDE[kind])
    assert sent == {"type": BESIDE[kind]["type"], **LEFT[kind]}
    *_, untouched = run_asgi(guard(promise(fields=_raise)), START, LAST, BESIDE[kind])
    assert untouched is BESIDE[kind]
    assert SECRET not in caplog.text


@both
def test_a_filter_that_failed_is_not_asked_again_and_the_others_go_on(through: Driver) -> None:
    def breaks_at_the_second(data: bytes, *, last: bool) -> bytes:
        calls.append(data)
        if len(calls) == 2:
            raise ValueError(SECRET)
        return data[::-1]

    calls: list[bytes] = []
    broken = promise(response=lambda p, h: Rewrite(breaks_at_the_second))
    response = Response((b"ab", b"cd", b"ef"))
    assert through(guard(broken, rewriting), Request(), response).outcome.body == b"BACDEF."
    assert calls == [b"ab", b"cd"]


# ------------------------------------------------------------------------------ modes, exemptions


def everything(part: str = "fake") -> list[Promise]:
    """Promises that would change all there is."""
    return [
        promise(part, request=lambda p: OURS, response=lambda p, h: h.append("x-changed", "1")),
        promise(part, request=lambda p: Examine(100, at_the_end(OURS))),
        promise(part, response=lambda p, h: Wait(lambda data, last: Replace(OURS))),
        promise(part, response=lambda p, h: Rewrite(upper)),
        promise(part, response=lambda p, h: Replace(OURS)),
    ]


@both
@pytest.mark.parametrize("mode", ["report", "off"])
@pytest.mark.parametrize("by", ["policy", "environment"])
def test_where_nothing_is_enforced_nothing_changes(
    mode: str, by: str, through: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "environment":
        monkeypatch.setenv(MODE_VARIABLE, f" {mode.upper()} ")
    policy = {"mode": mode} if by == "policy" else {}
    assert through(guard(*everything(), **policy), FORM, Response()).outcome == BARE._replace(
        got=b"one=1&two=2"
    )


def test_the_environment_can_enforce_what_the_policy_switches_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MODE_VARIABLE, "enforce")
    assert through_asgi(guard(*everything(), mode="off"), FORM, Response()).outcome == ANSWERED


def test_a_mode_nobody_knows_in_the_environment_is_an_error_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MODE_VARIABLE, "enforced")
    with pytest.raises(PolicyError, match=f'{MODE_VARIABLE}.*"enforced".*enforce, report, off'):
        guard()


@both
def test_what_would_have_been_answered_is_reported_once(
    through: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    reporting = guard(promise(request=lambda p: OURS), mode="report")
    for _ in range(2):
        through(reporting, Request(), Response())
    (record,) = [r for r in caplog.records if r.name == "alpines_privacy"]
    assert record.getMessage().startswith("Only reported")
    assert "451" in record.getMessage()


@pytest.mark.parametrize("mode", ["off", "enforce"])
def test_a_signal_is_not_read_where_the_layer_is_off(mode: Any) -> None:
    seen: list[bool] = []
    request = Request(fields=(("dnt", "1"),))
    through_wsgi(
        PrivacyPolicy(mode=mode),
        request,
        Response(before=lambda: seen.append(current().opted_out)),
    )
    assert seen == [mode == "enforce"]


PATHS = [
    ("/healthz", "", True),
    ("/healthz", "/shop", True),
    ("/healthz/", "", False),
    ("/static/a/b.css", "", True),
    ("/static/a/b.css", "/shop", True),
    ("/static/", "/shop", True),
    ("/static", "", False),
    ("/statics/a", "/shop", False),
    ("/", "/static/", True),
    ("/other", "", False),
]


@both
@pytest.mark.parametrize(("path", "mount", "passes"), PATHS)
def test_exempt_paths_pass_untouched_with_and_without_the_mount(
    path: str, mount: str, through: Driver, *, passes: bool
) -> None:
    called: list[str] = []
    noting = promise(
        request=lambda p: called.append("request"),
        response=lambda p, h: called.append("response"),
        end=lambda p: called.append("end"),
    )
    exempting = guard(noting, exempt=["/healthz", "/static/*"])
    mount = mount.rstrip("/")
    assert through(exempting, Request(path=path, mount=mount), Response()).outcome == BARE
    assert called == ([] if passes else ["request", "response", "end"])


@both
def test_an_app_exempts_one_response_from_one_part(through: Driver) -> None:
    one = promise("one", response=lambda p, h: h.append("x-one", "1"))
    two = promise("two", response=lambda p, h: h.append("x-two", "1"))
    parts = guard(one, two)
    exempting = Response(before=lambda: current().exempt("one"))
    assert through(parts, Request(), exempting).outcome.fields == [*TYPE, ("x-two", "1")]
    assert through(parts, Request(), Response()).outcome.fields == [
        *TYPE, ("x-one", "1"), ("x-two", "1"),
    ]  # fmt: skip


@both
def test_a_part_that_has_no_name_cannot_be_exempted(through: Driver) -> None:
    always = promise("", response=lambda p, h: h.append("x-always", "1"))
    exempting = Response(before=lambda: current().exempt("", "no such part"))
    assert through(guard(always), Request(), exempting).outcome.fields == [*TYPE, ("x-always", "1")]


def test_an_app_can_exempt_while_its_head_is_held() -> None:
    def app(environ: Message, start: Any) -> Iterator[bytes]:
        start("200 OK", list(TYPE))
        current().exempt("fake")
        yield b"a"

    assert run_wsgi(guard(waiting(lambda *_: Replace(OURS))), app).body == b"a"


# ------------------------------------------------------------------------------------------ hosts


def header_of(host: str) -> Guard:
    return guard(promise(response=lambda p, h: h.append("x-host", host)))


REPORTS = PrivacyPolicy(mode="report")
WITH_COOKIE = Response(fields=(*TYPE, ("set-cookie", "id=1")))


@both
@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("shop.example", "shop.example"),
        ("Shop.Example:8000", "shop.example"),
        (" shop.example ", "shop.example"),
        ("[2001:DB8::1]:80", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("shop.example:", "shop.example:"),
        (":80", ":80"),
        ("", ""),
    ],
)
def test_a_policy_callable_gets_the_bare_host(host: str, asked: str, through: Driver) -> None:
    hosts: list[str] = []

    def policy_of(name: str) -> PrivacyPolicy:
        hosts.append(name)
        return REPORTS

    through(policy_of, Request(fields=(("host", host),)), Response())
    assert hosts == [asked]


def test_a_policy_that_cannot_be_used_is_told_as_the_operators(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guards = guard_for(lambda host: PrivacyPolicy.from_mapping({"mode": "enforced"}))
    for _ in range(2):
        guards.visit(Sent()).end()
    [told] = [record.getMessage() for record in caplog.records]
    assert told.startswith("A policy of the policy callable cannot be used")
    assert 'did you mean "enforce"?' in told


def _fails(host: str) -> Any:
    raise KeyError(SECRET)


@both
@pytest.mark.parametrize(
    ("policy_of", "cookie_leaves"),
    [
        (lambda host: None, False),
        (lambda host: PrivacyPolicy(), False),
        (lambda host: REPORTS, True),
        (lambda host: {"a": "mapping"}, False),
        (lambda host: "reports", False),
        (_fails, False),
    ],
    ids=["None", "literal", "report", "a mapping", "a string", "raises"],
)
def test_each_host_gets_its_policy_and_the_literal_one_in_doubt(
    policy_of: Any, through: Driver, caplog: pytest.LogCaptureFixture, *, cookie_leaves: bool
) -> None:
    request = Request(fields=(("dnt", "1"),))
    guards = guard_for(policy_of)
    for _ in range(2):
        outcome = through(guards, request, WITH_COOKIE).outcome
        assert (("set-cookie", "id=1") in outcome.fields) is cookie_leaves
        assert outcome.body == b"the body"
    assert SECRET not in caplog.text
    defects = [r for r in caplog.records if "defect" in r.getMessage().lower()]
    assert len(defects) == (1 if policy_of is _fails else len(defects))
    assert len(defects) <= 1


def test_a_hosts_policy_is_compiled_once_and_the_compiled_ones_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alpines_privacy.guard.hosts._MOST_GUARDS", 2)
    monkeypatch.setattr("alpines_privacy.guard.hosts._GUARDS_A_SECOND", 1e6)
    compiled: list[str] = []

    def count(self: HostGuards, policy: PrivacyPolicy) -> Guard:
        compiled.append(policy.endpoint)
        return Guard(policy, promises=[])

    monkeypatch.setattr(HostGuards, "_compiled", count)
    guards = HostGuards(lambda host: PrivacyPolicy(endpoint=f"/{host}/"))
    for host in ["a", "b", "a", "c", "a", "b"]:
        through_wsgi(guards, Request(fields=(("host", host),)), Response())
    assert compiled == ["/a/", "/b/", "/c/", "/b/"]  # the one asked for least lately had to go


def test_hosts_that_visitors_invent_are_compiled_a_few_a_second_and_stand_under_the_literal_policy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("alpines_privacy.guard.hosts.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("alpines_privacy.guard.hosts._MOST_GUARDS", 3)
    monkeypatch.setattr("alpines_privacy.guard.hosts._GUARDS_A_SECOND", 2)
    compiled: list[str] = []

    def count(self: HostGuards, policy: PrivacyPolicy) -> Guard:
        compiled.append(policy.endpoint)
        return Guard(policy, promises=[])

    monkeypatch.setattr(HostGuards, "_compiled", count)
    guards = HostGuards(lambda host: PrivacyPolicy(endpoint=f"/{host}/"))

    def ask(*hosts: str) -> list[bool]:
        visits = [guards.visit(WSGIRequest({"HTTP_HOST": host})) for host in hosts]
        return [visit._guard is guards._literal for visit in visits]

    assert ask("shop", "1", "2", "3", "shop", "4") == [False, False, False, True, False, True]
    assert compiled == ["/shop/", "/1/", "/2/"]
    clock[0] += 1
    assert ask("5", "6", "7", "shop") == [False, False, True, False]
    assert compiled[3:] == ["/5/", "/6/"]
    assert sum("new policies a second" in r.getMessage() for r in caplog.records) == 1


def test_a_host_longer_than_any_is_nobodys() -> None:
    asked: list[str] = []

    def policy_of(host: str) -> None:
        asked.append(host)

    guards = HostGuards(policy_of)
    for host in ("a" * 254, "a" * 250_000 + ":80", "[" + ":" * 300 + "]"):
        through_wsgi(guards, Request(fields=(("host", host),)), Response())
    assert asked == []


@pytest.mark.parametrize("policy", [1, "enforce", PrivacyPolicy, ["a"]])
def test_what_is_no_policy_is_an_error_at_start(policy: Any) -> None:
    with pytest.raises(PolicyError, match=r"expected a PrivacyPolicy.*PrivacyPolicy\.load"):
        guard_for(policy)


def test_a_compiled_policy_is_taken_as_it_is() -> None:
    one, several = guard(), HostGuards(lambda host: None)
    assert guard_for(one) is one
    assert guard_for(several) is several
    made = guard_for({"mode": "report"})
    assert isinstance(made, Guard)
    assert made.mode == "report"


# ---------------------------------------------------------------------------------------- context


def test_outside_a_request_nothing_is_allowed() -> None:
    assert not current()
    assert current().opted_out
    assert current().signal == "default"
    assert not current().allows("advertising")
    current().exempt("cookies")
    current().hide("a value", "NAME")


@both
@pytest.mark.parametrize("fields", [(), (("dnt", "1"),)], ids=["no signal", "DNT"])
def test_inside_a_request_current_is_the_visitors(fields: Any, through: Driver) -> None:
    seen: list[Any] = []
    response = Response(before=lambda: seen.append((bool(current()), current().opted_out)))
    through(None, Request(fields=fields), response)
    assert seen == [(True, bool(fields))]


def test_threads_and_tasks_of_a_request_are_inside_it_and_survivors_are_not() -> None:
    seen: dict[str, bool] = {}
    survivor: list[asyncio.Task[None]] = []

    def note(name: str) -> None:
        seen[name] = bool(current()) and current().opted_out

    async def survive() -> None:
        note("task, before")
        await over.wait()
        seen["task, after"] = bool(current())

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await anyio.to_thread.run_sync(note, "anyio thread")
        await asyncio.to_thread(note, "asyncio thread")
        survivor.append(asyncio.create_task(survive()))
        await asyncio.sleep(0)
        await send(START)
        await send(LAST)

    async def serve() -> None:
        server = ASGIServer()
        layered: Any = asgi.PrivacyMiddleware(app)  # type: ignore[arg-type]
        await layered(scope_of("/", (b"dnt", b"1")), server.receive, server.send)
        seen["after"] = bool(current())
        over.set()
        await survivor[0]

    over = asyncio.Event()
    asyncio.run(serve())
    assert seen == {
        "anyio thread": True,
        "asyncio thread": True,
        "task, before": True,
        "after": False,
        "task, after": False,
    }


def test_requests_side_by_side_see_their_own_visitor() -> None:
    seen: dict[str, list[bool]] = {"/a": [], "/b": []}

    async def app(scope: Message, receive: Any, send: Any) -> None:
        for _ in range(3):
            seen[scope["path"]].append(current().opted_out)
            await asyncio.sleep(0)
        await send(START)
        await send(LAST)

    async def serve() -> None:
        server = ASGIServer(strict=False)
        layered: Any = asgi.PrivacyMiddleware(app)  # type: ignore[arg-type]
        await asyncio.gather(
            layered(scope_of("/a", (b"dnt", b"1")), server.receive, server.send),
            layered(scope_of("/b"), server.receive, server.send),
        )

    asyncio.run(serve())
    assert seen == {"/a": [True] * 3, "/b": [False] * 3}


def test_a_request_made_inside_another_gives_the_outer_one_back() -> None:
    """An app that calls another protected app in its own process."""
    seen: list[bool] = []

    async def inner(scope: Message, receive: Any, send: Any) -> None:
        seen.append(current().opted_out)

    async def outer(scope: Message, receive: Any, send: Any) -> None:
        seen.append(current().opted_out)
        layered: Any = asgi.PrivacyMiddleware(inner)  # type: ignore[arg-type]
        await layered(scope_of("/inner", (b"dnt", b"1")), receive, send)
        seen.append(current().opted_out)

    layered: Any = asgi.PrivacyMiddleware(outer)  # type: ignore[arg-type]
    ASGIServer().run(layered, scope_of("/"))
    assert seen == [False, True, False]


def test_an_iterable_nobody_closed_does_not_switch_the_layer_off_for_its_thread() -> None:
    """Asgiref's bridge never calls close()."""
    counted: list[str] = []
    counting = guard(promise(response=lambda p, h: counted.append("seen")))

    def app(environ: Message, start: Any) -> Iterator[bytes]:
        start("200 OK", list(TYPE))
        yield b"a"

    layered: Any = wsgi.PrivacyMiddleware(app, counting)
    for _ in range(2):
        list(layered({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, WSGIServer().start_response))
    assert counted == ["seen", "seen"]
    run_wsgi(None, app)  # leaves this thread's context as the next test expects it
    asgi_outside()


def asgi_outside() -> None:
    from alpines_privacy.http.privacy import OUTSIDE, current_privacy  # noqa: PLC0415 - only to tidy up

    current_privacy.set(OUTSIDE)


def _visit_of(response: Callable[..., Any], fields: list[Field]) -> tuple[Any, ResponseHead]:
    visit = Guard(PrivacyPolicy(), promises=[promise(response=response)]).visit(WSGIRequest({}))
    head = ResponseHead(200, fields)
    visit.response(head)
    return visit, head


@pytest.mark.parametrize(
    ("length", "last", "whole"),
    [("4", False, True), ("5", False, False), (None, False, False), (None, True, True)],
)
def test_a_first_chunk_as_long_as_content_length_is_the_whole_body(
    length: str | None, last: bool, whole: bool
) -> None:
    seen: list[bool] = []
    fields = TYPE if length is None else [*TYPE, ("Content-Length", length)]
    visit, _ = _visit_of(lambda context, head: Wait(lambda _, last: seen.append(last)), fields)
    visit.settle(b"page", last)
    visit.end()
    assert seen == [whole]


@pytest.mark.parametrize(
    ("lengths", "expected"), [((9,), ["9"]), ((None,), []), ((9, None), []), ((9, 9), [])]
)
def test_a_rewritten_body_says_its_length_only_where_it_is_known(
    lengths: tuple[int | None, ...], expected: list[str]
) -> None:
    promises = [
        promise(response=lambda context, head, n=n: Rewrite(lambda data, *, last: data, length=n))
        for n in lengths
    ]
    visit = Guard(PrivacyPolicy(), promises=promises).visit(WSGIRequest({}))
    head = ResponseHead(200, [*TYPE, ("content-length", "4")])
    visit.response(head)
    visit.end()
    assert head.values("content-length") == expected


# Pages of a promise's own, and responses that concern none.


class Paged(Promise):
    """Answers two pages, and writes down which paths it was asked about."""

    pages = frozenset({"/own/a", "/own/b"})

    def __init__(self, outcome: Answer | Examine | Exception | None = OURS) -> None:
        self.asked: list[str] = []
        self._outcome = outcome

    def page(self, context: Any) -> Answer | Examine | None:
        self.asked.append(context.request.path)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


through_both = pytest.mark.parametrize("through", [through_asgi, through_wsgi])


@through_both
@pytest.mark.parametrize("mount", ["", "/shop"])
@pytest.mark.parametrize(
    ("path", "is_own"),
    [("/own/a", True), ("/own/b", True), ("/own/", False), ("/own/ab", False), ("/x/own/a", False)],
)
def test_a_promise_answers_its_pages_below_the_mount_and_no_other_path(
    through: Any, mount: str, path: str, is_own: bool
) -> None:
    paged = Paged()
    guard = Guard(PrivacyPolicy(), promises=[promise(), paged])
    outcome = through(guard, Request(path=path, mount=mount), Response()).outcome
    assert outcome.status == (451 if is_own else 200)
    assert paged.asked == ([mount + path] if is_own else [])


@through_both
@pytest.mark.parametrize("outcome", [None, ValueError("x")], ids=["passes", "fails"])
def test_a_page_that_answers_nothing_is_the_apps(through: Any, outcome: Any) -> None:
    guard = Guard(PrivacyPolicy(), promises=[Paged(outcome)])
    assert through(guard, Request(path="/own/a"), Response()).outcome.body == b"the body"


@through_both
def test_a_page_may_ask_for_the_body(through: Any) -> None:
    taken = Examine(9, lambda data, more: MORE if more else OURS)
    guard = Guard(PrivacyPolicy(), promises=[Paged(taken)])
    outcome = through(guard, Request("POST", "/own/b", LENGTH, (b"ab",)), Response()).outcome
    assert (outcome.status, outcome.got) == (451, None)


def test_a_websocket_is_no_page() -> None:
    paged = Paged()
    guard = Guard(PrivacyPolicy(), promises=[paged])
    visit = guard.visit(asgi.ASGIRequest(scope_of("/own/a", kind="websocket")))
    assert isinstance(visit.request(), Pass)
    assert paged.asked == []


class Heeding(Promise):
    """Wants to see plain responses with `x-a` only."""

    fields_read = frozenset({"x-a"})

    def response(self, context: Any, head: ResponseHead) -> None:
        head.append("x-seen", "1")


JSON: Field = ("content-type", "application/json")
OFFERED: dict[str, tuple[Request, Response, bool]] = {
    "plain": (Request(), Response(fields=(JSON,)), False),
    "no type": (Request(), Response(fields=()), False),
    "another field": (Request(), Response(fields=(JSON, ("x-b", "1"))), False),
    "its field": (Request(), Response(fields=(JSON, ("X-A", "1"))), True),
    "a page": (Request(), Response(), True),
    "an XHTML page": (
        Request(), Response(fields=(("Content-Type", "application/xhtml+xml; x"),)), True
    ),
    "not modified": (Request(), Response((), 304, ()), True),
    "not found": (Request(), Response(status=404, fields=(JSON,)), True),
    "a signal": (Request(fields=(("dnt", "1"),)), Response(fields=(JSON,)), True),
    "an app that asked": (
        Request(), Response(fields=(JSON,), before=lambda: current().opted_out), True
    ),
}  # fmt: skip


@through_both
@pytest.mark.parametrize(("request_", "response", "is_offered"), OFFERED.values(), ids=OFFERED)
def test_a_plain_response_is_offered_for_the_fields_a_promise_heeds(
    through: Any, request_: Request, response: Response, is_offered: bool
) -> None:
    guard = Guard(PrivacyPolicy(), promises=[Heeding()])
    assert (("x-seen", "1") in through(guard, request_, response).outcome.fields) is is_offered


def test_one_promise_that_wants_every_response_gets_them() -> None:
    seen: list[int] = []
    watching = promise(response=lambda context, head: seen.append(head.status))
    guard = Guard(PrivacyPolicy(), promises=[Heeding(), watching])
    through_asgi(guard, Request(), Response(fields=(JSON,)))
    assert seen == [200]
