"""One request at the gate: passed on to the site and back, or answered with nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import h11
import httpx

from alpines_privacy.audit.browser.answers import Answer, answer_for
from alpines_privacy.audit.browser.record import Exchange, Record
from alpines_privacy.audit.browser.sockets import accepted, head_of, pumped
from alpines_privacy.audit.browser.upstream import Upstream
from alpines_privacy.audit.browser.wire import Asked, Fields, Streams

__all__ = ["Passage", "without_value"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Fields of one connection (RFC 9110 §7.6.1), and the signals, which the gate sends for the browser.
_OF_A_CONNECTION = frozenset(
    {
        b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding",
        b"upgrade",
    }
)  # fmt: skip
_SIGNALS = frozenset({b"dnt", b"sec-gpc"})
# Fields that no page writes: the browser's own.
_NOT_SEARCHED = frozenset(
    {
        b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language", b"connection",
        b"content-length",
    }
)  # fmt: skip
_MOST_COOKIES = 100  # of one response that are written down
_NOTHING = Answer(204, "", b"")


class Passage:
    """What becomes of a request. `signal` are the fields by which the visitor's browser says a signal."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a request is, and where it came from
        self,
        asked: Asked,
        exchange: Exchange,
        record: Record,
        connection: h11.Connection,
        both: Streams,
        signal: Fields,
    ) -> None:
        self._asked = asked
        self._exchange = exchange
        self._record = record
        self._connection = connection
        self._both = both
        self._writer = both[1]
        self._signal = signal

    async def go(self, upstream: Upstream) -> bool:
        """Answer the request; tell whether the connection can take another."""
        asked, exchange = self._asked, self._exchange
        if self._is_by_chromium():
            await self._answer(_NOTHING)
            return self._can_go_on
        is_within = self._record.begin(exchange, asked.target, _searched(asked.fields), asked.body)
        with self._waited_for():
            if not is_within:
                await self._answer(_NOTHING)
            elif exchange.kind == "websocket":
                await self._websocket(upstream)
            elif exchange.is_own and not self._is_held_back():
                await self._pass_on(upstream)
            else:
                await self._answer(answer_for(exchange.kind, asked.url))
        return exchange.kind != "websocket" and self._can_go_on

    @property
    def _can_go_on(self) -> bool:
        ours, theirs = self._connection.our_state, self._connection.their_state
        return ours is h11.DONE and theirs is h11.DONE

    def _is_by_chromium(self) -> bool:
        """Whether Chromium asks for itself, such as its autofill's server: no page began it (Fetch Metadata §2.3)."""
        exchange = self._exchange
        nobody = self._asked.named.get("sec-fetch-site") == "none"
        return nobody and not exchange.is_own and exchange.kind != "document"

    def _is_held_back(self) -> bool:
        """Whether a request would change something: what the audit has typed is saved nowhere."""
        return self._exchange.phase != "loading" and self._asked.method not in _SAFE

    def _is_loading(self) -> bool:
        """Whether nothing is typed yet that a message could hold."""
        return self._record.phase == "loading"

    @contextmanager
    def _waited_for(self) -> Iterator[None]:
        """Count a response that is waited for; a stream of events or messages has no end to wait for."""
        by = 0 if self._exchange.kind in {"eventsource", "websocket"} else 1
        self._record.waits(by)
        try:
            yield
        finally:
            self._record.waits(-by)
            self._exchange.seconds = self._record.clock() - self._exchange.began

    async def _pass_on(self, upstream: Upstream) -> None:
        """Ask the site, and pass on what it answers as it comes."""
        asked = self._asked
        left = _OF_A_CONNECTION | _SIGNALS
        fields = [*(each for each in asked.fields if each[0].lower() not in left), *self._signal]
        try:
            response = await upstream.ask(
                asked.server, asked.method, asked.target, fields, asked.body
            )
        except httpx.HTTPError as error:
            self._record.note(f"{asked.server.host} does not answer: {type(error).__name__}")
            await self._answer(Answer(502, "", b""))
            return
        try:
            self._note(response)
            await self._pass_back(response)
        finally:
            await response.aclose()

    def _note(self, response: httpx.Response) -> None:
        fields = response.headers
        self._exchange.status = response.status_code
        self._exchange.media_type = fields.get("content-type", "").partition(";")[0].strip().lower()
        self._exchange.set_cookies = tuple(
            map(without_value, fields.get_list("set-cookie")[:_MOST_COOKIES])
        )

    async def _pass_back(self, response: httpx.Response) -> None:
        fields = [each for each in response.headers.raw if each[0].lower() not in _OF_A_CONNECTION]
        if "transfer-encoding" in response.headers:
            fields.append((b"Transfer-Encoding", b"chunked"))
        await self._send(h11.Response(status_code=response.status_code, headers=fields))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        with suppress(httpx.HTTPError):  # it broke off: so does what the browser gets
            async for chunk in response.stream:
                self._exchange.size += len(chunk)
                if not self._record.takes(len(chunk)):
                    return
                await self._send(h11.Data(data=chunk))
            await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        self._writer.write(self._connection.send(event) or b"")
        await self._writer.drain()

    async def _websocket(self, upstream: Upstream) -> None:
        asked, exchange = self._asked, self._exchange
        exchange.status = 101
        if not exchange.is_own:
            await accepted(asked, self._both, lambda data: self._record.message(exchange, data))
            return
        reader, writer = await upstream.connect(asked.server)
        fields = [each for each in asked.fields if each[0].lower() not in _SIGNALS]
        writer.write(head_of(asked.method, asked.target, [*fields, *self._signal]))
        try:
            await pumped(self._both, (reader, writer), self._is_loading)
        finally:
            writer.close()

    async def _answer(self, answer: Answer) -> None:
        """Send an answer of the gate's own, which scripts of any origin may read."""
        self._exchange.status = answer.status
        self._exchange.media_type = answer.media_type.partition(";")[0]
        fields = list(_allowed(self._asked.named))
        if answer.status != 204:
            fields.append(("Content-Length", str(len(answer.body))))
        if answer.media_type:
            fields.append(("Content-Type", answer.media_type))
        await self._send(h11.Response(status_code=answer.status, headers=fields))
        if self._asked.method != "HEAD":
            await self._send(h11.Data(data=answer.body))
        await self._send(h11.EndOfMessage())


def without_value(line: str) -> str:
    """Return a Set-Cookie field without the cookie's value."""
    pair, mark, attributes = line.partition(";")
    name, equals, _ = pair.partition("=")
    return f"{name}={mark}{attributes}" if equals else f"={mark}{attributes}"


def _searched(fields: Fields) -> bytes:
    """Return the fields in which scripts and browsers can say something, to be searched."""
    return b"\n".join(value for name, value in fields if name.lower() not in _NOT_SEARCHED)


def _allowed(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the fields by which a browser lets a page of any origin go on (Fetch §3.2)."""
    yield "Access-Control-Allow-Origin", fields.get("origin", "*")
    yield "Access-Control-Allow-Credentials", "true"
    yield "Access-Control-Allow-Headers", fields.get("access-control-request-headers", "*")
    yield "Access-Control-Allow-Methods", fields.get("access-control-request-method", "*")
    yield "Cross-Origin-Resource-Policy", "cross-origin"
    yield "Cache-Control", "no-store"
