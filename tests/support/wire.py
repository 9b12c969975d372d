"""The servers' ends of both protocols, strict and without sockets, and small apps and promises."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from alpines_privacy.http.promise import Promise

Message = dict[str, Any]
App = Callable[..., Any]
T = TypeVar("T")


def promise(part: str = "fake", **hooks: Callable[..., Any]) -> Promise:
    """Make a promise of the given hooks, each called without `self`."""
    body: dict[str, Any] = {name: staticmethod(hook) for name, hook in hooks.items()}
    made = type("Fake", (Promise,), {"part": part, **body})()
    assert isinstance(made, Promise)
    return made


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never has to wait: a layer that made it wait would be found out here."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        value: T = ended.value
        return value
    coroutine.close()
    raise AssertionError("the layer suspended where the app did not")


def scope_of(
    path: str = "/",
    *headers: tuple[bytes, bytes],
    method: str = "GET",
    kind: str = "http",
    **more: Any,
) -> Message:
    """Return a scope as uvicorn makes one."""
    scope: Message = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"shop.example"), *headers],
        "client": ("192.0.2.7", 4711),
        "server": ("shop.example", 80),
    }
    if kind == "http":
        scope["method"] = method
    return {**scope, **more}


class ASGIServer:
    """Gives an app messages and takes its own; a strict one refuses an order no client could read."""

    def __init__(self, *incoming: Message, strict: bool = True) -> None:
        self.incoming = deque(incoming)
        self.sent: list[Message] = []
        self._strict = strict
        self._started = self._ended = False

    async def receive(self) -> Message:
        return self.incoming.popleft() if self.incoming else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self._strict:
            self._check(message)
        self.sent.append(message)

    def run(self, app: App, scope: Message) -> list[Message]:
        drive(app(scope, self.receive, self.send))
        return self.sent

    def _check(self, message: Message) -> None:
        step = message["type"].rpartition(".")[2]
        if step == "start":
            assert not self._started, "a second head"
            self._started = True
        elif step in {"body", "pathsend", "zerocopysend"}:
            assert self._started, f"{step} before its head"
            assert not self._ended, f"{step} after the end"
            self._ended = not message.get("more_body", False)
        elif step == "trailers":
            assert self._ended, "trailers before the end of the body"

    @property
    def head(self) -> Message:
        return next(m for m in self.sent if m["type"].endswith("response.start"))

    @property
    def body(self) -> bytes:
        return b"".join(
            m.get("body", b"") for m in self.sent if m["type"].endswith("response.body")
        )


class WSGIServer:
    """A server after PEP 3333's own example, that writes down what an app does to it."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.log: list[str] = []
        self.head: tuple[str, list[tuple[str, str]]] | None = None
        self.iterable: Any = None
        self._head_left = False

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = ()
    ) -> Callable[[bytes], None]:
        given = "" if exc_info == () else f" {exc_info and exc_info[1]!r}"
        self.log.append(f"start {status!r} {headers!r}{given}")
        if exc_info:
            if self._head_left:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self.head is not None:
            raise AssertionError("a second head without exc_info")
        self.head = (status, headers)
        return self.write

    def write(self, data: bytes) -> None:
        if self.head is None:
            raise AssertionError("a chunk before its head")
        self._head_left = self._head_left or bool(data)
        self.chunks.append(data)
        self.log.append(f"chunk {data!r}")

    def run(self, app: App, environ: Message) -> WSGIServer:
        self.iterable = app(environ, self.start_response)
        try:
            for chunk in self.iterable:
                self.write(chunk)
        finally:
            if hasattr(self.iterable, "close"):
                self.iterable.close()
        return self

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


class Closing:
    """An app's iterable with a `close`, and an iterator that is another object without one."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.closed = 0

    def __iter__(self) -> Any:
        return iter(self._chunks)

    def close(self) -> None:
        self.closed += 1
