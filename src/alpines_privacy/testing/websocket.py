"""A visitor's websocket: whether the app accepts it, its fields, and its messages."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import httpx2

from alpines_privacy.asgi import ASGIApp, Message, Scope
from alpines_privacy.testing.loop import PATIENCE, PrivateLoop
from alpines_privacy.testing.messages import HungUp, fields_of, octets, stems_from_hanging_up
from alpines_privacy.testing.response import Response

__all__ = ["AsyncWebSocket", "Session", "WebSocket", "WebSocketClosed"]

_MOST_UNREAD = 100_000  # messages
_ENDED = "ended"  # no message of the app's: it has returned or raised


class WebSocketClosed(Exception):  # noqa: N818 - closing is no error of anyone's
    """The app has closed the websocket; holds its `code` and `reason` (RFC 6455 §7.4)."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code} {reason}".rstrip())


class _Handshake:
    """The outcome of a handshake, and the messages after it if the app `accepted`.

    It has what a `Response` has: status, headers and cookies are those of the answer: 101 when
    accepted; otherwise the app's own denial response, or the 403 that servers send for an app that
    just closes.
    """

    def __init__(self, session: Session, answer: Message) -> None:
        self.response = Response(
            session.request, answer["status"], fields_of(answer), answer.get("chunks", ())
        )
        self.response.read()
        self.accepted = self.response.status_code == 101
        self.subprotocol: str | None = answer.get("subprotocol")
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self.response, name)


class WebSocket(_Handshake):
    """A handshake's outcome, and the messages after it. As a context manager it closes at the end."""

    def __init__(self, session: Session, answer: Message, loop: PrivateLoop) -> None:
        super().__init__(session, answer)
        self._loop = loop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: str | bytes) -> None:
        """Send a text or binary message."""
        self._loop.run(self._session.send(_received(data)))

    def receive(self) -> str | bytes:
        """Wait for the app's next message; raises `WebSocketClosed`, or the app's own exception."""
        return self._loop.run(self._session.receive())

    def close(self, code: int = 1000) -> None:
        """Close from the visitor's side and wait for the app to end; raises its exception, if any."""
        self._loop.run(self._session.close(code))


class AsyncWebSocket(_Handshake):
    """The same for async tests: its methods are to be awaited."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def send(self, data: str | bytes) -> None:
        """Send a text or binary message."""
        await self._session.send(_received(data))

    async def receive(self) -> str | bytes:
        """Wait for the app's next message; raises `WebSocketClosed`, or the app's own exception."""
        return await self._session.receive()

    async def aclose(self, code: int = 1000) -> None:
        """Close from the visitor's side and wait for the app to end; raises its exception, if any."""
        await self._session.close(code)


def _received(data: str | bytes) -> Message:
    kind = "text" if isinstance(data, str) else "bytes"
    return {"type": "websocket.receive", kind: data}


class Session:
    """A websocket inside the loop: the app's task, and the messages of both directions."""

    def __init__(self, request: httpx2.Request, *, raises: bool) -> None:
        self.request = request
        self._raises = raises
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None  # raised once, where the test next looks
        self._gone = False

    async def open(self, app: ASGIApp, scope: Scope) -> Message:
        """Start the app and return its answer to the handshake, with a `status`."""
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._run(app, scope))
        answer = await self._next()
        if answer["type"] == "websocket.accept":
            return {**answer, "status": 101}
        if answer["type"] == "websocket.http.response.start":
            answer = {**answer, "chunks": await self._denial()}
        else:
            answer = {"status": answer.get("status", 403)}
        await self.close(1006)  # for the app there never was a connection
        return answer

    async def send(self, message: Message) -> None:
        """Send a message to the app."""
        self._to_app.put_nowait(message)

    async def receive(self) -> str | bytes:
        """Return the app's next message."""
        message = await self._next()
        if message["type"] == "websocket.close":
            raise WebSocketClosed(message.get("code", 1000), message.get("reason") or "")
        text: str | None = message.get("text")
        return octets(message.get("bytes"), "a message") if text is None else text

    async def close(self, code: int) -> None:
        """Tell the app that the visitor has left, and wait until it ends."""
        assert self._task is not None  # only an open session is closed
        self._gone = True
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        await asyncio.wait({self._task}, timeout=PATIENCE)
        if not self._task.done():
            self._task.cancel()
            raise TimeoutError(
                f"The app has not ended {PATIENCE:g} s after the visitor left its websocket"
            )
        self._raise()

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._to_app.get, self._send)
        except BaseException as error:
            if not (self._gone and stems_from_hanging_up(error)):
                self._error = error
        finally:
            self._from_app.put_nowait({"type": _ENDED})

    async def _send(self, message: Message) -> None:
        await asyncio.sleep(0)  # an app that sends on and on does not stop the loop
        if self._gone:
            raise HungUp("The visitor has closed the websocket")
        if self._from_app.qsize() >= _MOST_UNREAD:
            raise RuntimeError(f"The app has sent {_MOST_UNREAD:,} messages that nobody received")
        self._from_app.put_nowait(message)
        if message["type"] == "websocket.close":
            code = message.get("code", 1000)
            self._to_app.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})

    async def _next(self) -> Message:
        """Return the app's next message; its end stays in the queue, so asking again gives it again."""
        try:
            message = await asyncio.wait_for(self._from_app.get(), PATIENCE)
        except TimeoutError:
            raise TimeoutError(
                f"The app has sent nothing on its websocket for {PATIENCE:g} s"
            ) from None
        if message["type"] == _ENDED:
            failed = self._error is not None
            self._from_app.put_nowait(message)
            self._raise()
            return {"type": "websocket.close", "code": 1011 if failed else 1000, "status": 500}
        return message

    async def _denial(self) -> list[bytes]:
        chunks: list[bytes] = []
        while True:
            body = await self._next()
            chunks.append(octets(body.get("body", b""), "its body"))
            if not body.get("more_body", False):
                return chunks

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None and self._raises:
            raise error
