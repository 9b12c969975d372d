"""Visits by WSGI's own ways: `wsgi.input`, `write`, an app that starts its response over."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alpines_privacy import wsgi
from alpines_privacy.guard import Guard
from alpines_privacy.http.outcomes import Replace, Rewrite, Wait
from tests.support.visits import (
    ANSWERED,
    OURS,
    TYPE,
    at_the_end,
    examine,
    guard,
    rewriting,
    run_wsgi,
    unreachable,
    upper,
    waiting,
)
from tests.support.wire import Message, WSGIServer, promise


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
    layered: Any = wsgi.PrivacyMiddleware(unreachable, guard(examine(at_the_end(None))))
    server.run(layered, environ)
    assert server.head is not None
    assert server.head[0] == "400 Bad Request"


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
    first, second = run_wsgi(answering, unreachable), run_wsgi(answering, unreachable)
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
