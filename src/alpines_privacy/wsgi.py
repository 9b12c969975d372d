"""The WSGI adapter: moves a request and its response between a server, a `Visit` and an app.

Transparency is the contract. What nobody edits leaves as the app made it: the same iterable
object (so a server's `file_wrapper` and `len(iterable) == 1` go on working), the same headers,
the server's own `write`. `start_response` may come late, twice, or with `exc_info`; `close()`
is called on the app's iterable exactly once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext, suppress
from functools import cache
from http.client import responses
from itertools import chain, islice
from typing import Any, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from alpines_privacy.guard import Visit
from alpines_privacy.http.forwarding import NOTHING, Inside
from alpines_privacy.http.heads import (
    Asked,
    Field,
    Reader,
    RequestHead,
    ResponseHead,
    read_loosely,
)
from alpines_privacy.http.outcomes import (
    Answer,
    More,
    NeedBody,
    Pass,
    Replace,
    Send,
    Watcher,
)
from alpines_privacy.http.privacy import (
    ENVIRON_KEY,
    KEY,
    OUTSIDE,
    Privacy,
    context_of,
    current_privacy,
    is_current,
)
from alpines_privacy.wrapper import Wrapper

__all__ = [
    "EditedKeys",
    "PrivacyMiddleware",
    "Replay",
    "WSGIRequest",
    "Watched",
    "judge_body",
    "preflight_environ",
    "variable",
]

Write: TypeAlias = Callable[[bytes], object]
ExcInfo: TypeAlias = Any  # what sys.exc_info() returns

# Keys of an environ that a preflight has too, beside the server's own.
_KEPT = frozenset({
    "SCRIPT_NAME", "PATH_INFO", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR", KEY,
})  # fmt: skip

_ABSENT: Any = object()  # exc_info is passed on only if the app gave it
_BLOCK = 65536
_LONGEST_NUMBER = 18  # digits; a request of a quintillion bytes is none


class PrivacyMiddleware(Wrapper[WSGIApplication]):
    """Keeps a policy around a WSGI app: `PrivacyMiddleware(app, policy)`; parameters as in `Wrapper`."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _is_nested(environ):
            return self.app(environ, start_response)
        exchange = _Exchange(
            self.guard.visit(WSGIRequest(environ, self._inside)), environ, start_response
        )
        try:
            return exchange.run(self.app)
        except BaseException as error:
            exchange.fail(error)
            raise


_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class WSGIRequest(RequestHead):
    """A request's head over a WSGI environ (or Django's `META`, which is one)."""

    __slots__ = ("_environ", "_inside", "_path_info", "_script_name")

    def __init__(self, environ: WSGIEnvironment, inside: Inside = NOTHING) -> None:
        super().__init__()
        self._environ = environ
        self._inside = inside
        # Copied now: a router changes both in place.
        self._path_info: str = environ.get("PATH_INFO", "")
        self._script_name: str = environ.get("SCRIPT_NAME", "")

    @property
    def method(self) -> str:
        return str(self._environ.get("REQUEST_METHOD", "GET"))

    @property
    def scheme(self) -> str:
        return str(self._environ.get("wsgi.url_scheme", "http"))

    @property
    def path(self) -> str:
        path = _decoded(self._path_info)
        return self.mount + path if self._script_name else path

    @property
    def mount(self) -> str:
        return _decoded(self._script_name).rstrip("/")

    @property
    def query(self) -> str:
        return str(self._environ.get("QUERY_STRING", ""))

    @property
    def local_path(self) -> str:
        path = self._path_info or "/"
        return path if path.isascii() else _decoded(path)

    @property
    def _target(self) -> str:
        return str(self._environ.get("RAW_URI") or self._environ.get("REQUEST_URI") or "")

    @property
    def peer(self) -> str:
        return str(self._environ.get("REMOTE_ADDR") or "")

    @property
    def needs_no_length(self) -> bool:
        return bool(self._environ.get("wsgi.input_terminated"))

    @property
    def brings_input(self) -> bool:
        environ = self._environ
        return bool(
            environ.get("QUERY_STRING")
            or environ.get("CONTENT_TYPE")
            or environ.get("CONTENT_LENGTH")
            or "HTTP_TRANSFER_ENCODING" in environ
            or (self.needs_no_length and not self._has_no_body())
        )

    def _has_no_body(self) -> bool:
        """Whether a request without the fields of a body has none: in HTTP/1, by a method that rarely has one.

        Servers set `wsgi.input_terminated` whatever the protocol, and some take a transfer coding away.
        """
        protocol = str(self._environ.get("SERVER_PROTOCOL", ""))
        return protocol.startswith("HTTP/1") and self.method in _BODILESS

    @property
    def user(self) -> object | None:
        return self._environ.get("REMOTE_USER") or None  # RFC 3875 §4.1.11

    @property
    def readers(self) -> tuple[Reader, ...]:
        return self._inside.readers

    def asked(self) -> Asked:
        return super().asked()._replace(mount=self._mount_by_now())

    def _mount_by_now(self) -> str:
        """Return the current mount point: a router inside moves a part of the path, ProxyFix sets a prefix."""
        script, rest = self._environ.get("SCRIPT_NAME", ""), self._environ.get("PATH_INFO", "")
        if script == self._script_name or not self._path_info.endswith(rest):
            return self.mount
        taken = self._path_info[: len(self._path_info) - len(rest)]
        return _decoded(script.removesuffix(taken)).rstrip("/")

    def values(self, name: str) -> list[str]:
        value = self._environ.get(variable(name))
        return [] if value is None else [value]


class EditedKeys:
    """Keys of an environ (or Django's `META`) edited for the app, with their original values."""

    __slots__ = ("_environ", "_originals")

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ
        self._originals: dict[str, Any] = {}

    def make(self, values: dict[str, Any]) -> None:
        """Set keys to new values; None removes a key."""
        for key, value in values.items():
            self._originals.setdefault(key, self._environ.get(key))
            self._put(key, value)

    def undo(self) -> None:
        """Restore all keys."""
        if originals := self._originals:
            self._originals = {}
            for key, value in originals.items():
                self._put(key, value)

    def _put(self, key: str, value: Any) -> None:
        if value is None:
            self._environ.pop(key, None)
        else:
            self._environ[key] = value


class _Exchange:
    """One request: the app's `start_response`, and the response's body.

    Class attributes are defaults that few requests change.
    """

    _edits: EditedKeys | None = None  # of the environ, for the app
    _iterable: Iterable[bytes] = ()
    _chunks: Iterator[bytes] | None = (
        None  # of the response, if begun before the server asks for them
    )
    _started = False  # the app has called start_response
    _begun = False  # the server's has been called
    _held: tuple[str, list[Field], tuple[ExcInfo, ...]] | None = None
    _rewrites = False
    _is_unsized = False  # and no server may take a length from the iterable
    _answer: Answer | None = None  # replaces the app's response
    _write_on: Write | None = None  # the server's write

    def __init__(
        self, visit: Visit, environ: WSGIEnvironment, start_response: StartResponse
    ) -> None:
        self._visit = visit
        self._environ = environ
        self._start_response = start_response

    def run(self, app: WSGIApplication) -> Iterable[bytes]:
        """Let the visit decide over the request, run the app, and return the server's iterable."""
        visit, environ = self._visit, self._environ
        environ[ENVIRON_KEY] = visit.privacy
        if not visit.applies:
            self._started = True
            return self._body(app(environ, self._start_response))
        outcome: Pass | Answer | NeedBody = visit.request()
        if isinstance(outcome, NeedBody):
            outcome = self._judge(outcome.limit)
        if isinstance(outcome, Answer):
            fields = self._visit.preflight(outcome)
            if fields is not None:
                outcome = self._visit.granting(outcome, _asked(app, environ, fields))
            self._replace(outcome)
            self.end()
            return self._entity()
        if edits := outcome.head.edits:
            self._edit({variable(name): value for name, value in edits.items()})
        if outcome.watch is not None and (stream := environ.get("wsgi.input")) is not None:
            self._edit({"wsgi.input": Watched(stream, outcome.watch)})
        return self._body(app(environ, self.start))

    def start(self, status: str, headers: list[Field], exc_info: ExcInfo = _ABSENT) -> Write:
        """Take the app's `start_response`: once, or again with `exc_info` to start over."""
        given = () if exc_info is _ABSENT else (exc_info,)
        self._started = True
        self._held = self._answer = None
        self._rewrites = self._is_unsized = False
        if not isinstance(headers, list | tuple) and isinstance(headers, Iterable):
            headers = list(headers)  # an iterator can be read only once
        head = _head(status, headers)
        if head is None:  # no head at all: the server says what is wrong
            return self._begin(status, headers, given)
        outcome = self._visit.response(head)
        if isinstance(outcome, Send):
            return self._send(status, headers, outcome, given)
        if isinstance(outcome, Replace):
            self._replace(outcome.answer, given)
            return self._write
        self._held = (status, headers, given)
        # If an earlier head has left, the server raises, and it must do so now.
        if self._begun:
            self._release(b"", whole=False)
        return self._write

    def fail(self, error: BaseException) -> None:
        """End after an exception of the app's, which passes to the server."""
        self._visit.raised(error)
        self.end()

    def end(self) -> None:
        """Restore the environ, and end the visit."""
        environ = self._environ
        if self._edits is not None:
            self._edits.undo()
        if environ.get(KEY) is self._visit.privacy:
            del environ[KEY]
        self._visit.end()

    def close(self) -> None:
        """Close the app's iterable, then end the visit."""
        iterable, self._iterable = self._iterable, ()
        try:
            if (close := getattr(iterable, "close", None)) is not None:
                close()
        finally:
            self.end()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks to the server; the app may start over between them."""
        if self._chunks is not None:
            return self._chunks
        return self._stream() if self._visit.applies else iter(self._iterable)

    def _body(self, iterable: Iterable[bytes]) -> Iterable[bytes]:
        """Return the server's iterable: the app's own if nothing has to see its chunks or its end."""
        self._iterable = iterable
        if not self._started:
            return self
        in_memory = isinstance(iterable, list | tuple)
        if not (self._held or self._rewrites or self._answer):
            sized = in_memory or _is_for_the_server(iterable, self._environ)
            if self._is_unsized or not sized:
                return self
            self.end()
            return iterable
        if not in_memory:
            if self._held:
                self._begin_stream()
            return self
        try:
            return list(self._stream())
        finally:
            self.close()

    def _begin_stream(self) -> None:
        """Take the first chunk before the app's call returns, so that the head is sent by then.

        PEP 3333 allows the head until the server asks for that chunk, but Granian needs it when the
        call returns, and otherwise sends an empty one with status 200.
        """
        stream = self._stream()
        try:
            first = list(islice(stream, 1))
        except BaseException:
            self.close()
            raise
        self._chunks = chain(first, stream)

    def _stream(self) -> Iterator[bytes]:
        """Yield the response's chunks; note an exception of the app's between them."""
        try:
            yield from self._made()
        except Exception as error:
            self._visit.raised(error)
            raise

    def _made(self) -> Iterator[bytes]:
        """Yield the response's chunks, each when the app yields it."""
        whole = isinstance(self._iterable, list | tuple) and len(self._iterable) == 1
        for chunk in self._iterable if self._answer is None else ():
            if self._held:
                self._release(chunk, whole=whole)
            if self._answer is not None:
                break
            yield self._visit.chunk(chunk, whole) if self._rewrites else chunk
        if self._held:  # no chunk came
            self._release(b"", whole=True)
        if self._answer is not None:
            yield from self._entity()
        elif self._rewrites and not whole and (rest := self._visit.chunk(b"", True)):
            yield rest
        if self._is_unsized:  # without any chunk a server would send Content-Length: 0
            yield b""

    def _write(self, data: bytes) -> None:
        """Replace the server's `write`: its data come before the iterable's."""
        if self._held:
            self._release(data, whole=False)
        if self._answer is None and self._write_on is not None:
            self._write_on(self._visit.chunk(data, False) if self._rewrites else data)

    def _release(self, data: bytes, *, whole: bool) -> None:
        assert self._held is not None  # only a held head is released
        (status, headers, exc_info), self._held = self._held, None
        outcome = self._visit.settle(data, whole)
        if isinstance(outcome, Send):
            self._send(status, headers, outcome, exc_info)
        else:
            self._replace(outcome.answer, exc_info)

    def _send(
        self, status: str, headers: list[Field], outcome: Send, exc_info: tuple[ExcInfo, ...]
    ) -> Write:
        """Begin the app's response, with its own list of headers unless they were edited."""
        self._rewrites = outcome.rewrites
        self._is_unsized = outcome.head.is_unsized
        write = self._begin(
            status, outcome.head.fields if outcome.head.changed else headers, exc_info
        )
        return self._write if outcome.rewrites else write

    def _replace(self, answer: Answer, exc_info: tuple[ExcInfo, ...] = ()) -> None:
        """Begin a response of ours in place of the app's."""
        self._answer = answer
        status = f"{answer.status} {responses.get(answer.status, '-')}"
        # A copy: servers and middleware may change the list (PEP 3333).
        self._begin(status, list(answer.fields), exc_info)

    def _begin(self, status: str, headers: list[Field], exc_info: tuple[ExcInfo, ...]) -> Write:
        self._begun = True
        self._write_on = write = self._start_response(status, headers, *exc_info)
        return write

    def _entity(self) -> list[bytes]:
        assert self._answer is not None
        bodiless = self._environ.get("REQUEST_METHOD") == "HEAD" or not self._answer.body
        return [] if bodiless else [self._answer.body]

    def _edit(self, values: dict[str, Any]) -> None:
        self._edits = self._edits or EditedKeys(self._environ)
        self._edits.make(values)

    def _judge(self, limit: int) -> Pass | Answer:
        stream = self._environ["wsgi.input"]
        outcome, replay = judge_body(self._visit, stream, limit, _content_length(self._environ))
        self._edit({"wsgi.input": replay})
        return outcome


def preflight_environ(environ: WSGIEnvironment, fields: Iterable[Field]) -> WSGIEnvironment:
    """Return the environ of a preflight for this path, with nothing else of the request."""
    asked = {
        key: value for key, value in environ.items() if key in _KEPT or key.startswith("wsgi.")
    }
    asked |= {"REQUEST_METHOD": "OPTIONS", "QUERY_STRING": "", "wsgi.input": io.BytesIO()}
    return asked | {variable(name): value for name, value in fields}


def _asked(
    app: WSGIApplication, environ: WSGIEnvironment, fields: Iterable[Field]
) -> ResponseHead | None:
    """Send the app a preflight; return the head of its response."""
    heads: list[ResponseHead | None] = []

    def start(status: str, headers: list[Field], _: ExcInfo = None) -> Write:
        heads.append(_head(status, list(headers)))
        return lambda _: None

    with suppress(Exception):  # of the app, for a request of ours
        iterable: Any = app(preflight_environ(environ, fields), start)
        with closing(iterable) if hasattr(iterable, "close") else nullcontext():
            if not heads:  # it may begin with its first chunk
                next(iter(iterable), None)
    return heads[-1] if heads else None


def judge_body(
    visit: Visit, stream: Any, limit: int, left: int | None
) -> tuple[Pass | Answer, Replay]:
    """Read a body until the visit decides; return the decision and a stream of the whole body.

    `left` is the body's length in bytes, None if only the stream's end tells.
    """
    taken = bytearray()
    while True:
        want = min(_BLOCK, limit + 1 - len(taken))
        try:
            data = stream.read(want if left is None else min(want, left)) if left != 0 else b""
        except OSError:
            return visit.cut_short(), Replay(bytes(taken), stream, left)
        taken += data
        if left and not data:
            return visit.cut_short(), Replay(bytes(taken), stream, left)
        left = None if left is None else left - len(data)
        outcome = visit.body(data, bool(data) and left != 0)
        if not isinstance(outcome, More):
            return outcome, Replay(bytes(taken), stream, left)


class Replay:
    """`wsgi.input` from its beginning: the bytes read already, then the `left` bytes of the stream.

    `left` is None if the server ends the stream itself (`wsgi.input_terminated`); otherwise reading
    beyond it would wait forever.
    """

    def __init__(self, taken: bytes, stream: Any, left: int | None) -> None:
        self._taken = io.BytesIO(taken)
        self._stream = stream
        self._left = left

    def read(self, size: int | None = -1) -> bytes:
        """Read `size` bytes, or all."""
        data = self._taken.read(size)
        if size is None or size < 0:
            return data + self._rest(self._stream.read, None)
        return data + self._rest(self._stream.read, size - len(data)) if len(data) < size else data

    def readline(self, size: int | None = -1) -> bytes:
        """Read to the end of a line, at most `size` bytes."""
        line = self._taken.readline(size)
        if line.endswith(b"\n") or (size is not None and 0 <= size <= len(line)):
            return line
        return line + self._rest(
            self._stream.readline, None if size is None or size < 0 else size - len(line)
        )

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read the lines, until they hold `hint` bytes or more."""
        lines, total = [], 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def seekable(self) -> bool:
        """Return False, for Django 6: the bytes can be read only once."""
        return False

    def close(self) -> None:
        """Close the stream itself, as Django does once it has read it."""
        if (close := getattr(self._stream, "close", None)) is not None:
            close()

    def _rest(self, read: Callable[..., bytes], size: int | None) -> bytes:
        if self._left is None:
            return read() if size is None else read(size)
        size = self._left if size is None else min(size, self._left)
        data = read(size) if size else b""
        self._left -= len(data)
        return data


class Watched:
    """`wsgi.input` that shows a watcher the bytes the app reads; other attributes are the stream's."""

    def __init__(self, stream: Any, watch: Watcher) -> None:
        self._stream = stream
        self._watch = watch

    def __iter__(self) -> Iterator[bytes]:
        return map(self._seen, self._stream)

    def __getattr__(self, name: str) -> Any:
        """Return the stream's attribute; methods that read are watched."""
        own = getattr(self._stream, name)
        if name in _READS:
            return lambda *args: self._seen(own(*args))
        if name == "readlines":
            return lambda *args: [self._seen(line) for line in own(*args)]
        if name in _READS_INTO:
            return lambda buffer: self._seen_in(buffer, own(buffer))
        return own

    def _seen(self, data: bytes) -> bytes:
        if data:
            self._watch(data)
        return data

    def _seen_in(self, buffer: Any, size: int | None) -> int | None:
        if size:
            self._watch(bytes(memoryview(buffer)[:size]))
        return size


# PEP 3333 asks for the first two; servers' streams have the others, and Werkzeug uses them.
_READS = frozenset({"read", "readline", "read1"})
_READS_INTO = frozenset({"readinto", "readinto1"})


def _is_nested(environ: WSGIEnvironment) -> bool:
    """Whether an outer layer is already at work on this request, directly or through an ASGI bridge.

    A bridge makes a new environ but keeps the context. An outer WSGI layer is found only by the key,
    because in the context one whose iterable was never closed would reach the thread's next request.
    """
    outer = environ.get(KEY)
    if isinstance(outer, Privacy):
        return is_current(outer)
    if (outer := current_privacy.get()) is OUTSIDE:  # nearly always
        return False
    context = context_of(outer)
    return not (context is None or context.ended or isinstance(context.request, WSGIRequest))


def _is_for_the_server(iterable: Iterable[bytes], environ: WSGIEnvironment) -> bool:
    """Whether the server may treat this iterable specially: it has a length, or is a wrapped file."""
    wrapper = environ.get("wsgi.file_wrapper")
    return (
        hasattr(iterable, "__len__")
        or hasattr(iterable, "read")
        or hasattr(iterable, "filelike")  # PEP 3333's own wrapper, and those made after it
        or (isinstance(wrapper, type) and isinstance(iterable, wrapper))
    )


@cache  # the names our own code asks for
def variable(name: str) -> str:
    """Return the CGI variable of a field: `accept-encoding` -> `HTTP_ACCEPT_ENCODING`."""
    variable = name.upper().replace("-", "_")
    return variable if name in {"content-type", "content-length"} else f"HTTP_{variable}"


def _decoded(text: str) -> str:
    """Decode a WSGI string's bytes as UTF-8, which browsers send."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")


def _head(status: str, headers: Any) -> ResponseHead | None:
    """Read a head; None for one that no server could send."""
    code = str(status)[:3]
    number = int(code) if code.isdecimal() else 200
    try:
        return ResponseHead(number, headers)
    except (AttributeError, TypeError, ValueError):
        fields = read_loosely(headers)
        return None if fields is None else ResponseHead(number, fields)


def _content_length(environ: WSGIEnvironment) -> int | None:
    """Return the body's length; None if only the stream's end tells."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and len(length) <= _LONGEST_NUMBER:
        return int(length)
    return None if environ.get("wsgi.input_terminated") else 0
