"""`current()` in threads, tasks and nested requests: each sees its own visitor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import anyio.to_thread
import pytest

from alpines_privacy import asgi, current, wsgi
from tests.support.visits import LAST, START, TYPE, Driver, Request, Response, both, guard, run_wsgi
from tests.support.wire import ASGIServer, Message, WSGIServer, promise, scope_of


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
