"""Visits by ASGI's own ways: websockets, trailers, hints, files, messages of extensions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from alpines_privacy import PrivacyPolicy, asgi, current
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field
from alpines_privacy.http.outcomes import MORE, Replace, Rewrite
from tests.support.visits import (
    BESIDE,
    FORM,
    LAST,
    LEFT,
    OURS,
    START,
    Response,
    at_the_end,
    examine,
    guard,
    run_asgi,
    through_asgi,
    unreachable,
    upper,
    waiting,
)
from tests.support.wire import ASGIServer, Message, promise, scope_of


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
        unreachable,
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
