"""The proxy through which one visit's browser context reaches everything: the witness of the audit.

Whatever asks (pages, frames, workers, service workers, beacons of a page that closes, websockets, Chromium itself)
passes here, and nothing goes on to a host outside the scope: such a request is written down and answered with
nothing. TLS ends here, by the audit's own certificate; the site's certificate is verified on the other side.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Self

import h11
import httpx

from alpines_privacy.audit.browser.answers import Answer, answer_for, kind_of
from alpines_privacy.audit.browser.record import Exchange, Record
from alpines_privacy.audit.browser.scope import Scope
from alpines_privacy.audit.browser.sockets import accepted, head_of, pumped
from alpines_privacy.audit.browser.upstream import Upstream
from alpines_privacy.audit.browser.wire import Asked, Fields, Streams, next_request, opened, streams

__all__ = ["Gate"]

_LARGEST_HEAD = 1_048_576  # bytes; trackers write pages into addresses
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Fields of one connection (RFC 9110 §7.6.1), and the signals, which the gate sends for the browser.
_OF_A_CONNECTION = frozenset(
    {
        b"connection",
        b"proxy-connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_SIGNALS = frozenset({b"dnt", b"sec-gpc"})
# Fields that no page writes: the browser's own.
_NOT_SEARCHED = frozenset(
    {
        b"host",
        b"user-agent",
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"connection",
        b"content-length",
    }
)


class Gate:
    """A proxy for one visit. `signal` are the request fields that the visitor's browser sends with everything."""

    def __init__(
        self,
        scope: Scope,
        upstream: Upstream,
        tls: ssl.SSLContext,
        record: Record,
        signal: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._scope = scope
        self._upstream = upstream
        self._tls = tls
        self._record = record
        self._signal = [(name.encode(), value.encode()) for name, value in signal]
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The proxy's address for a browser."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._begin(self._accept())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._listener)
            self._begin(self._serve(client))

    async def _serve(self, client: socket.socket) -> None:
        """Serve one connection of the browser's, until it closes or says what is no HTTP."""
        with suppress(OSError, EOFError, h11.ProtocolError, ValueError):
            try:
                begun = await opened(client)
            except BaseException:
                client.close()
                raise
            if begun is None:
                client.close()
                return
            connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)
            async with streams(client, self._tls if begun.is_tls else None) as both:
                while asked := await next_request(connection, both[0], begun):
                    if not await self._answered(asked, connection, both):
                        return
                    connection.start_next_cycle()

    async def _answered(self, asked: Asked, connection: h11.Connection, both: Streams) -> bool:
        """Answer a request; tell whether the connection can take another."""
        exchange = self._exchange(asked)
        if _is_by_chromium(exchange, asked):
            await _send(Answer(204, "", b""), asked, exchange, connection, both[1])
            return True
        goes_on = self._record.begin(exchange, asked.target, _searched(asked.fields), asked.body)
        if exchange.kind == "websocket":
            if goes_on:
                await self._websocket(asked, exchange, both)
            return False
        with self._waited_for(exchange):
            if not goes_on or not exchange.is_own or self._is_held_back(asked):
                answer = answer_for(exchange.kind, asked.url) if goes_on else Answer(204, "", b"")
                await _send(answer, asked, exchange, connection, both[1])
            else:
                await self._pass_on(asked, exchange, connection, both[1])
        return connection.our_state is h11.DONE and connection.their_state is h11.DONE

    def _exchange(self, asked: Asked) -> Exchange:
        fields = asked.named
        return Exchange(
            server=asked.server,
            method=asked.method,
            url=asked.url,
            kind=kind_of(asked.method, asked.url, fields),
            is_own=self._scope.allows(asked.server),
            phase=self._record.phase,
            began=self._record.clock(),
            referrer=fields.get("referer", ""),
        )

    def _is_held_back(self, asked: Asked) -> bool:
        """Whether a request would change something: what the audit has typed is saved nowhere."""
        return self._record.phase != "loading" and asked.method not in _SAFE

    @contextmanager
    def _waited_for(self, exchange: Exchange) -> Iterator[None]:
        """Count a response that is waited for; a stream of events has no end to wait for."""
        by = 0 if exchange.kind == "eventsource" else 1
        self._record.waits(by)
        try:
            yield
        finally:
            self._record.waits(-by)
            exchange.seconds = self._record.clock() - exchange.began

    async def _pass_on(
        self,
        asked: Asked,
        exchange: Exchange,
        connection: h11.Connection,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Ask the site, and pass on what it answers as it comes."""
        fields = self._passed(asked.fields)
        try:
            response = await self._upstream.ask(
                asked.server, asked.method, asked.target, fields, asked.body
            )
        except httpx.HTTPError as error:
            self._record.note(f"{asked.server.host} does not answer: {type(error).__name__}")
            await _send(Answer(502, "", b""), asked, exchange, connection, writer)
            return
        _told(exchange, response)
        try:
            await self._pass_back(response, exchange, connection, writer)
        finally:
            await response.aclose()

    async def _pass_back(
        self,
        response: httpx.Response,
        exchange: Exchange,
        connection: h11.Connection,
        writer: asyncio.StreamWriter,
    ) -> None:
        fields = [each for each in response.headers.raw if each[0].lower() not in _OF_A_CONNECTION]
        if response.headers.get("transfer-encoding"):
            fields.append((b"Transfer-Encoding", b"chunked"))
        begun = h11.Response(status_code=response.status_code, headers=fields)
        writer.write(connection.send(begun) or b"")
        with suppress(httpx.HTTPError):  # it broke off: so does what the browser gets
            async for chunk in response.stream:  # type: ignore[union-attr]  # the transport's streams are all async
                exchange.size += len(chunk)
                self._record.taken(len(chunk))
                if self._record.is_full:
                    self._record.note("the page loads more than 100 MB: the rest is left out")
                    return
                writer.write(connection.send(h11.Data(data=chunk)) or b"")
                await writer.drain()
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()

    async def _websocket(self, asked: Asked, exchange: Exchange, both: Streams) -> None:
        exchange.status = 101
        if not exchange.is_own:
            await accepted(asked, both, lambda data: self._record.message(exchange, data))
            return
        reader, writer = await self._upstream.connect(asked.server)
        fields = [each for each in asked.fields if each[0].lower() not in _SIGNALS]
        writer.write(head_of(asked.method, asked.target, [*fields, *self._signal]))
        try:
            await pumped(both, (reader, writer))
        finally:
            writer.close()

    def _passed(self, fields: Fields) -> list[tuple[bytes, bytes]]:
        """Return the fields that the site gets: the browser's, and the signal's."""
        left = _OF_A_CONNECTION | _SIGNALS
        return [*(each for each in fields if each[0].lower() not in left), *self._signal]


def _is_by_chromium(exchange: Exchange, asked: Asked) -> bool:
    """Whether Chromium asks for itself, such as its autofill's server: no page began it (Fetch Metadata §2.3)."""
    return (
        not exchange.is_own
        and exchange.kind != "document"
        and asked.named.get("sec-fetch-site") == "none"
    )


def _searched(fields: Fields) -> bytes:
    """Return the fields in which scripts and browsers can say something, to be searched."""
    return b"\n".join(value for name, value in fields if name.lower() not in _NOT_SEARCHED)


def _told(exchange: Exchange, response: httpx.Response) -> None:
    exchange.status = response.status_code
    exchange.media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    exchange.set_cookies = tuple(response.headers.get_list("set-cookie"))


async def _send(
    answer: Answer,
    asked: Asked,
    exchange: Exchange,
    connection: h11.Connection,
    writer: asyncio.StreamWriter,
) -> None:
    """Send an answer of the gate's own, which scripts of any origin may read."""
    exchange.status, exchange.media_type = answer.status, answer.media_type.partition(";")[0]
    fields = [*_allowed(asked.named)]
    if answer.status != 204:
        fields.append(("Content-Length", str(len(answer.body))))
    if answer.media_type:
        fields.append(("Content-Type", answer.media_type))
    writer.write(connection.send(h11.Response(status_code=answer.status, headers=fields)) or b"")
    if asked.method != "HEAD":
        writer.write(connection.send(h11.Data(data=answer.body)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _allowed(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the fields by which a browser lets a page of any origin go on (Fetch §3.2)."""
    yield "Access-Control-Allow-Origin", fields.get("origin", "*")
    yield "Access-Control-Allow-Credentials", "true"
    yield "Access-Control-Allow-Headers", fields.get("access-control-request-headers", "*")
    yield "Access-Control-Allow-Methods", fields.get("access-control-request-method", "*")
    yield "Cross-Origin-Resource-Policy", "cross-origin"
    yield "Cache-Control", "no-store"
