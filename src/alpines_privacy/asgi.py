"""The ASGI adapter: moves messages between a server, a `Visit` and an app, and decides nothing.

Transparency is the contract. Messages of other types pass untouched, those of future extensions too;
the app's messages are never mutated; the app runs in the server's task, with the server's scope (one
key added while it runs) and the server's own `receive`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import aclosing, suppress
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar, cast

from alpines_privacy.guard import Visit
from alpines_privacy.http.cache import cached
from alpines_privacy.http.forwarding import NOTHING, Inside
from alpines_privacy.http.heads import (
    BODY_FIELDS,
    Asked,
    Field,
    Reader,
    RequestHead,
    ResponseHead,
    below_mount,
    field_name,
    media_type,
    read_loosely,
    size_of_fields,
)
from alpines_privacy.http.outcomes import Answer, Hold, More, NeedBody, Pass, Send, Watcher
from alpines_privacy.http.privacy import KEY, is_current
from alpines_privacy.http.promise import Message as Beside
from alpines_privacy.wrapper import Wrapper

__all__ = ["PrivacyMiddleware", "in_time"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Sender: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Sender], Awaitable[None]]
RawField: TypeAlias = "tuple[bytes, bytes]"

T = TypeVar("T")

_FILE_BLOCK = 65536
_PATIENCE = 5.0  # seconds for the app's answer to a preflight of ours
_MOST_PIECES = 1000  # of a body that is judged; a piece of one byte takes three hundred
_LASTING = (list, tuple)  # iterables that can be read again


class PrivacyMiddleware(Wrapper[ASGIApp]):
    """Keeps a policy around an ASGI app: `PrivacyMiddleware(app, policy)`; parameters as in `Wrapper`.

    Also for Starlette's and FastAPI's `app.add_middleware(PrivacyMiddleware, policy=policy)`. There
    it is inside the framework's ServerErrorMiddleware, so it does not see the page for an unhandled
    exception (the 500, the debug traceback); `protect(app)` goes outside and covers that page too.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Sender) -> None:
        if scope["type"] not in {"http", "websocket"} or (KEY in scope and _is_nested(scope)):
            await self.app(scope, receive, send)
            return
        if not isinstance(scope.get("headers", ()), _LASTING):
            # The specification says "iterable": one that can be read only once is copied for the app.
            scope["headers"] = [tuple(field) for field in scope["headers"]]
        visit = self.guard.visit(ASGIRequest(scope, self._inside))
        scope[KEY] = visit.privacy
        try:
            if visit.applies:
                await _Exchange(visit, scope, receive, send).run(self.app)
            else:
                await self.app(scope, receive, send)
        except BaseException as error:
            visit.raised(error)
            raise
        finally:
            visit.end()
            if scope.get(KEY) is visit.privacy:
                del scope[KEY]


_BODY_FIELDS = frozenset(name.encode() for name in BODY_FIELDS)


class ASGIRequest(RequestHead):
    """A request's head over an ASGI scope."""

    __slots__ = ("_inside", "_repeated", "_scope", "_single", "mount", "path")

    def __init__(self, scope: Scope, inside: Inside = NOTHING) -> None:
        super().__init__(scope["type"])
        self._scope = scope
        self._inside = inside
        # Copied now: a router changes both in place.
        self.path: str = scope.get("path", "")
        self.mount: str = scope.get("root_path", "")
        headers: Sequence[RawField] = scope.get("headers", ())
        # Copied now: some servers change the list while the app runs.
        self._single = dict(headers)
        self._repeated: dict[bytes, list[bytes]] | None = None
        if not _is_lower_case(self._single) or len(self._single) < len(headers):
            self._single, self._repeated = {}, _by_name(headers)

    @property
    def method(self) -> str:
        method: str = self._scope.get("method", "GET")
        return method

    @property
    def scheme(self) -> str:
        scheme: str = self._scope.get("scheme", "http")
        return scheme

    @property
    def local_path(self) -> str:
        return below_mount(self.path, self.mount) if self.mount else self.path

    @property
    def query(self) -> str:
        query: bytes = self._scope.get("query_string", b"")
        return query.decode("latin-1")

    @property
    def _target(self) -> str:
        raw: bytes = self._scope.get("raw_path") or b""
        return raw.decode("latin-1")

    @property
    def peer(self) -> str:
        client = self._scope.get("client")
        return client[0] if client else ""

    @property
    def needs_no_length(self) -> bool:
        return not str(self._scope.get("http_version", "1.1")).startswith("1")

    @property
    def brings_input(self) -> bool:
        names = self._single if self._repeated is None else self._repeated
        return (
            bool(self._scope.get("query_string"))
            or not _BODY_FIELDS.isdisjoint(names)
            or self.needs_no_length
        )

    @property
    def user(self) -> object | None:
        return self._scope.get("user")  # of Starlette's AuthenticationMiddleware, and of Channels

    @property
    def readers(self) -> tuple[Reader, ...]:
        return self._inside.readers

    def asked(self) -> Asked:
        # Of the scope as it is now: a middleware may have put other headers into it.
        host = next((v for n, v in self._scope.get("headers", ()) if n.lower() == b"host"), b"")
        return Asked(self.peer, self.scheme, host.decode("latin-1"), self.mount)

    @property
    def framework(self) -> str:
        fastapi = sys.modules.get("fastapi")  # an app of FastAPI's has imported it
        is_fastapi = fastapi is not None and isinstance(self._scope.get("app"), fastapi.FastAPI)
        return "FastAPI" if is_fastapi else ""

    def values(self, name: str) -> list[str]:
        raw = name.encode()
        value = self._single.get(raw)
        if value is not None:
            return [value.decode("latin-1")]
        if not self._repeated:
            return []
        return [value.decode("latin-1") for value in self._repeated.get(raw, ())]


class ASGIResponse(ResponseHead):
    """A response's head over ASGI's pairs of bytes, decoded only if more than their names is needed.

    Raises AttributeError, TypeError or ValueError for pairs that are not bytes.
    """

    __slots__ = ("_fields", "_raw")

    def __init__(self, status: int, raw: list[RawField]) -> None:
        self.status = status
        self.changed = self.is_unsized = False
        self.names = last = {_field_name(name): value for name, value in raw}
        b"".join(last.values())  # of bytes, or it raises
        self.media_type = _media_type(last.get("content-type", b""))
        self._raw = raw
        self._fields: list[Field] | None = None

    @property
    def fields(self) -> list[Field]:
        """The app's fields, or the edited ones."""
        if self._fields is None:
            try:
                self._fields = _decoded(self._raw)
            except AttributeError:  # a memoryview has no `decode`
                self._fields = read_loosely(self._raw) or []
        return self._fields

    @fields.setter
    def fields(self, fields: list[Field]) -> None:
        self._fields = fields

    @property
    def raw(self) -> list[RawField]:
        """The fields as ASGI carries them."""
        return self._raw if self._fields is None else _raw(self._fields)

    def append(self, name: str, value: str) -> None:
        """Add one line at the end, without decoding the others."""
        if self._fields is not None:
            super().append(name, value)
            return
        if not self.changed:
            self._given, self.changed = self._raw, True
        self._raw = [*self._raw, *_raw([(name, value)])]
        self.names[name] = value

    def _size(self) -> int:
        return size_of_fields(self._raw if self._fields is None else self._fields)


class _Exchange:
    """One request: the messages of both directions, and the handlers of the app's messages.

    A message goes to the handler of its type in the table of the current state; a type without a
    handler passes to the server unchanged.
    """

    _held: Message | None = None  # the head
    _beside: list[Message] | None = None  # the messages between a held head and its body

    def __init__(self, visit: Visit, scope: Scope, receive: Receive, send: Sender) -> None:
        self._visit = visit
        self._scope = scope
        self._receive = receive
        self._send = send
        self._handlers = _BEFORE_HEAD

    async def run(self, app: ASGIApp) -> None:
        """Let the visit decide over the request, then run the app."""
        scope = self._scope
        outcome: Pass | Answer | NeedBody | None = self._visit.request()
        if isinstance(outcome, NeedBody):
            outcome = await self._judge()
        if isinstance(outcome, Pass):
            edits, headers = outcome.head.edits, scope.get("headers")
            if edits:
                scope["headers"] = _edited(headers or (), edits)
            if outcome.watch is not None:
                self._receive = _watched(self._receive, outcome.watch)
            try:
                await self._run(app)
            finally:
                if edits:
                    scope["headers"] = headers
        elif outcome is not None and not await self._is_gone():
            fields = self._visit.preflight(outcome)
            if fields is not None:
                outcome = self._visit.granting(outcome, await _asked(app, scope, fields))
            await self._answer(outcome)

    async def _run(self, app: ASGIApp) -> None:
        """Run the app; send a head without a body too, as without the layer."""
        try:
            await app(self._scope, self._receive, self.send)
        except Exception:
            if self._held is not None:
                with suppress(Exception):  # the app's own goes on
                    await self._release(b"", last=False)
            raise
        if self._held is not None:
            await self._release(b"", last=False)

    async def _is_gone(self) -> bool:
        """Whether a websocket closed before the answer: its first message must be "connect"."""
        if self._scope["type"] != "websocket":
            return False
        message = await self._receive()
        return bool(message["type"] != "websocket.connect")

    async def _judge(self) -> Pass | Answer | None:
        """Read the body until the visit decides; the app gets the messages again.

        Very many messages are joined to fewer. None if the visitor disconnects first.
        """
        taken: list[Message] = []
        pieces = 0  # not joined yet
        while True:
            message = await self._receive()
            taken.append(message)
            pieces += 1
            if pieces > _MOST_PIECES:
                taken[-pieces:] = _joined(taken[-pieces:])
                pieces = 0
            outcome: More | Pass | Answer
            if message["type"] == "http.request":
                data, more = message.get("body", b""), message.get("more_body", False)
                outcome = await self._decided(self._visit.body, data, more)
            elif message["type"] == "http.disconnect":
                outcome = self._visit.cut_short()
                if isinstance(outcome, Answer):
                    return None
            else:  # of an extension: left to the app
                continue
            if isinstance(outcome, Answer):
                return outcome
            if isinstance(outcome, Pass):
                self._receive = _replay(taken, self._receive)
                return outcome

    async def _decided(self, decide: Callable[..., T], *args: Any) -> T:
        """Let the visit decide; in a thread if it may wait for a server."""
        if not self._visit.blocks:
            return decide(*args)
        import anyio.to_thread  # noqa: PLC0415 - only where a promise's storage is a server

        return await anyio.to_thread.run_sync(decide, *args)

    def send(self, message: Message) -> Awaitable[None]:
        """Take a message from the app; one without a handler goes to the server's own `send`."""
        handlers = self._handlers
        handler = handlers.get(message["type"]) or handlers.get(_ANY_OTHER)
        return self._send(message) if handler is None else handler(self, message)

    async def start(self, message: Message) -> None:
        status = message.get("status")
        message, head = _read_head(message, status if isinstance(status, int) else 200)
        if head is None:  # no head at all: the server says what is wrong
            await self._send(message)
            return
        outcome = (
            await self._decided(self._visit.response, head)
            if self._visit.blocks
            else self._visit.response(head)
        )
        if isinstance(outcome, Send):
            await self._begin(message, outcome)
        elif isinstance(outcome, Hold):
            self._held = message
            self._handlers = _HELD
        else:
            await self._replace(outcome.answer)

    async def accept(self, message: Message) -> None:
        message, head = _read_head(message, 101)
        if head is None:
            await self._send(message)
            return
        self._visit.response(head)
        await self._send(_with_fields(message, head))

    async def body(self, message: Message) -> None:
        last = not message.get("more_body", False)
        data = self._visit.chunk(message.get("body", b""), last)
        await self._send({**message, "body": data})

    async def held_body(self, message: Message) -> None:
        await self._release(message.get("body", b""), last=not message.get("more_body", False))
        await self.send(message)

    async def release_first(self, message: Message) -> None:
        """Send the held head before a message of an unknown type, which may be a body."""
        await self._release(b"", last=False)
        await self.send(message)

    async def file(self, message: Message) -> None:
        """Read a file that the server would have sent, because the policy applies to its bytes."""
        if not ("path" in message or "file" in message):  # the server says what is wrong
            await self._pass_on(message)
            return
        prefix = message["type"].rpartition(".")[0]
        async with aclosing(_blocks(message)) as blocks:
            async for block, last in blocks:
                if self._held is not None:
                    await self._release(block, last=last)
                if self._handlers is not _REWRITING:
                    break
                data = self._visit.chunk(block, last)
                await self._send({"type": f"{prefix}.body", "body": data, "more_body": not last})
        if self._handlers is not _REWRITING:
            await self.send(message)

    async def _pass_on(self, message: Message) -> None:
        """Send a held head, then the message unchanged."""
        if self._held is not None:
            await self._release(b"", last=False)
        await self._send(message)

    async def beside(self, message: Message) -> None:
        await self._send(_filtered(message, self._visit))

    async def held_beside(self, message: Message) -> None:
        """Hold a message after the held head."""
        self._beside = self._beside or []
        self._beside.append(message)

    async def nothing(self, message: Message) -> None:
        """Send an empty body for HEAD, because some servers measure a body themselves."""
        kind = f"{message['type'].rpartition('.')[0]}.body"
        more = message.get("more_body", False)
        await self._send({"type": kind, "body": b"", "more_body": more})

    async def drop(self, message: Message) -> None:
        """Drop a message of a response that was replaced."""

    async def _release(self, data: bytes, *, last: bool) -> None:
        message, self._held = self._held, None
        assert message is not None  # only a held head is released
        outcome = await self._decided(self._visit.settle, data, last)
        if isinstance(outcome, Send):
            await self._begin(message, outcome)
        else:
            await self._replace(outcome.answer)
        beside, self._beside = self._beside, None
        for each in beside or ():
            await self.send(each)

    def _begin(self, message: Message, outcome: Send) -> Awaitable[None]:
        if outcome.rewrites:
            self._handlers = _REWRITING
        else:
            self._handlers = _UNSIZED if outcome.head.is_unsized else _SENDING
        return self._send(_with_fields(message, outcome.head))

    async def _replace(self, answer: Answer) -> None:
        self._handlers = _REPLACED
        await self._answer(answer)

    async def _answer(self, answer: Answer) -> None:
        """Send a whole response of ours, in the form the scope's protocol has for it."""
        if self._scope["type"] == "websocket":
            if "websocket.http.response" not in (self._scope.get("extensions") or {}):
                await self._send({"type": "websocket.close", "code": 1008})
                return
            prefix = "websocket.http.response"
        else:
            prefix = "http.response"
        body = b"" if self._scope.get("method") == "HEAD" else answer.body
        await self._send(
            {"type": f"{prefix}.start", "status": answer.status, "headers": _raw(answer.fields)}
        )
        await self._send({"type": f"{prefix}.body", "body": body, "more_body": False})


async def _asked(app: ASGIApp, scope: Scope, fields: Sequence[Field]) -> ResponseHead | None:
    """Send the app a preflight for this path, with nothing else of the request; return its head."""
    heads: list[ResponseHead | None] = []
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])
    asked = {**scope, "method": "OPTIONS", "query_string": b"", "headers": _raw(fields)}

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            heads.append(_read_head(message, 200)[1])

    await in_time(app(asked, receive, send))
    return heads[-1] if heads else None


async def in_time(asked: Awaitable[Any]) -> Any:
    """Return the app's answer to a request of ours; None if it raises or takes over five seconds.

    Then it is cancelled, and not awaited. Outside asyncio there is no time limit.
    """
    with suppress(Exception):  # the app's own
        if _has_asyncio():
            task = asyncio.ensure_future(asked)
            task.add_done_callback(_retrieve_exception)
            try:
                await asyncio.wait((task,), timeout=_PATIENCE)
                return task.result() if task.done() and not task.cancelled() else None
            finally:
                task.cancel()
        return await asked
    return None


def _has_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # a server on trio
        return False
    return True


def _retrieve_exception(task: asyncio.Future[Any]) -> None:
    """Retrieve the exception of a task that is not awaited, so that asyncio does not log it."""
    if not task.cancelled():
        task.exception()


_Handlers: TypeAlias = "dict[str, Callable[[_Exchange, Message], Awaitable[None]]]"

_ANY_OTHER = ""  # in a table: the handler of all other types; without it they pass

_BESIDE: _Handlers = {
    "http.response.early_hint": _Exchange.beside,
    "http.response.push": _Exchange.beside,
    "http.response.trailers": _Exchange.beside,
}
_SENDING: _Handlers = {
    **_BESIDE,
    "http.response.start": _Exchange.start,
    "websocket.http.response.start": _Exchange.start,
}
_BEFORE_HEAD: _Handlers = {**_SENDING, "websocket.accept": _Exchange.accept}
_FILES: _Handlers = {
    "http.response.pathsend": _Exchange.file,
    "http.response.zerocopysend": _Exchange.file,
}
_HELD: _Handlers = {
    **dict.fromkeys(_BESIDE, _Exchange.held_beside),
    **_FILES,
    # A second head is the app's error: the first leaves, and the server reports the error.
    "http.response.start": _Exchange.release_first,
    "websocket.http.response.start": _Exchange.release_first,
    "http.response.body": _Exchange.held_body,
    "websocket.http.response.body": _Exchange.held_body,
    "http.response.trailers": _Exchange.release_first,
    _ANY_OTHER: _Exchange.release_first,
}
_REWRITING: _Handlers = {
    **_SENDING,
    **_FILES,
    "http.response.body": _Exchange.body,
    "websocket.http.response.body": _Exchange.body,
}
_UNSIZED: _Handlers = {
    **_SENDING,
    "http.response.body": _Exchange.nothing,
    "http.response.pathsend": _Exchange.nothing,
    "http.response.zerocopysend": _Exchange.nothing,
}
_REPLACED: _Handlers = {_ANY_OTHER: _Exchange.drop}


def _is_nested(scope: Scope) -> bool:
    """Whether an outer layer is already at work on this request."""
    return is_current(scope.get(KEY))


def _is_lower_case(names: Iterable[bytes]) -> bool:
    """Whether all names are bytes in lower case, as the specification demands."""
    try:
        return b"".join(names).islower()
    except TypeError:
        return False


def _by_name(headers: Iterable[RawField]) -> dict[bytes, list[bytes]]:
    """Return the lines of each field by its name in lower case."""
    lines: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lines.setdefault(name.lower(), []).append(value)
    return lines


def _read_head(message: Message, status: int) -> tuple[Message, ResponseHead | None]:
    """Return the message and its head; None for a head that no server could send."""
    headers = message.get("headers")
    if type(headers) is list:
        try:
            return message, ASGIResponse(status, headers)
        except (AttributeError, TypeError, ValueError):
            pass
    message, fields = _read_fields(message)
    return message, None if fields is None else ResponseHead(status, fields)


def _read_fields(message: Message) -> tuple[Message, list[Field] | None]:
    """Return the message and its fields as text; None for fields that no server could send.

    The specification allows any iterable, or no `headers`. An iterable that can be read only once
    becomes a list in a copy of the message.
    """
    message, headers = _kept(message, "headers")
    try:
        return message, _decoded(headers)
    except (AttributeError, TypeError, ValueError):
        return message, read_loosely(headers)


def _decoded(raw: Iterable[RawField]) -> list[Field]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]


@cached("raw field names")
def _field_name(name: bytes) -> str:
    return field_name(name.decode("latin-1"))


@cached("raw media types")
def _media_type(content_type: bytes) -> str:
    return media_type(content_type.decode("latin-1"))


def _kept(message: Message, key: str) -> tuple[Message, Iterable[Any]]:
    """Return the message and its iterable under `key`, which can be read again."""
    held = message.get(key, ())
    if isinstance(held, _LASTING) or not isinstance(held, Iterable):
        return message, held
    held = list(held)
    return {**message, key: held}, held


def _raw(fields: Iterable[Field]) -> list[RawField]:
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in fields
    ]


def _with_fields(message: Message, head: ResponseHead) -> Message:
    """Return the same message for an unedited head, else a copy with the edited fields."""
    if not head.changed:
        return message
    return {**message, "headers": head.raw if isinstance(head, ASGIResponse) else _raw(head.fields)}


def _filtered(message: Message, visit: Visit) -> Message:
    """Return a hint, trailers or push with the fields that may leave; the same message if all may.

    An early hint's `links` are values of Link fields.
    """
    kind = cast("Beside", message["type"].rpartition(".")[2])
    message, fields = _read_fields(message)
    if fields and (left := visit.fields(kind, fields)) is not fields:
        message = {**message, "headers": _raw(left)}
    if isinstance(message.get("links"), Iterable):
        message, links = _kept(message, "links")
        fields = read_loosely(("link", link) for link in links)
        if fields and (left := visit.fields(kind, fields)) is not fields:
            message = {**message, "links": [value for _, value in _raw(left)]}
    return message


def _edited(headers: Iterable[RawField], edits: dict[str, str | None]) -> list[RawField]:
    """Return the request's fields with the edits for the app."""
    replaced = {name.encode(): value for name, value in edits.items()}
    kept = [field for field in headers if field[0].lower() not in replaced]
    return kept + [
        (name, value.encode("latin-1")) for name, value in replaced.items() if value is not None
    ]


def _watched(receive: Receive, watch: Watcher) -> Receive:
    """Return a `receive` that shows `watch` the bytes of each message to the app."""

    async def watched() -> Message:
        message = await receive()
        if body := message.get("body"):
            watch(body)
        return message

    return watched


def _joined(messages: list[Message]) -> list[Message]:
    """Return the messages with each run of body messages joined."""
    joined: list[Message] = []
    for kind, run in groupby(messages, itemgetter("type")):
        pieces = list(run)
        if kind == "http.request":
            body = b"".join(piece.get("body", b"") for piece in pieces)
            pieces = [{**pieces[-1], "body": body}]
        joined += pieces
    return joined


def _replay(taken: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that repeats the messages read already, then calls the server's own."""
    left = iter(taken)

    async def replay() -> Message:
        for message in left:
            return message
        return await receive()

    return replay


async def _blocks(message: Message) -> AsyncGenerator[tuple[bytes, bool], None]:
    """Read the file of a pathsend or zerocopysend message: blocks, and whether each is the body's last."""
    import anyio.to_thread  # noqa: PLC0415 - only for pages sent as files, and only Starlette brings it

    if "path" in message:
        file: int = await anyio.to_thread.run_sync(os.open, message["path"], os.O_RDONLY)
        offset: int = 0
        left: int | None = None
        more = False
    else:
        file = message["file"] if isinstance(message["file"], int) else message["file"].fileno()
        given = message.get("offset")
        offset = os.lseek(file, 0, os.SEEK_CUR) if given is None else given
        left, more = message.get("count"), message.get("more_body", False)
    try:
        block = await anyio.to_thread.run_sync(_read, file, offset, left)
        while True:
            offset += len(block)
            left = None if left is None else left - len(block)
            following = await anyio.to_thread.run_sync(_read, file, offset, left) if block else b""
            yield block, not (following or more)
            if not following:
                break
            block = following
        if message.get("offset") is None and "file" in message:
            os.lseek(file, offset, os.SEEK_SET)  # where the server would have left it
    finally:
        if "path" in message:
            os.close(file)


def _read(file: int, offset: int, left: int | None) -> bytes:
    return os.pread(file, _FILE_BLOCK if left is None else min(_FILE_BLOCK, left), offset)
