"""The proxy through which a browser's context reaches everything: the witness of the audit.

Whatever asks (pages, frames, workers, service workers, beacons of a page that closes, websockets, Chromium itself)
passes here, and nothing goes on to a host outside the scope: such a request is written down and answered with
nothing. TLS ends here, by the audit's own certificate; the site's certificate is verified on the other side.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any

import h11

from alpines_privacy.audit.browser.answers import kind_of
from alpines_privacy.audit.browser.passage import Passage
from alpines_privacy.audit.browser.record import LONGEST_URL, Exchange, Record
from alpines_privacy.audit.browser.scope import Scope
from alpines_privacy.audit.browser.upstream import Upstream
from alpines_privacy.audit.browser.wire import Asked, Opened, Streams, next_request, opened, streams

__all__ = ["Gate"]

_LARGEST_HEAD = 1_048_576  # bytes; trackers write pages into addresses


class Gate:
    """A proxy for one visit after another: each writes into a `record` of its own.

    `signal` are the request fields that the visitor's browser sends to the site.
    """

    def __init__(
        self,
        scope: Scope,
        upstream: Upstream,
        tls: ssl.SSLContext,
        signal: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.record = Record()
        self._scope = scope
        self._upstream = upstream
        self._tls = tls
        self._signal = [(name.encode(), value.encode()) for name, value in signal]
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The proxy's address for a browser."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    async def open(self) -> None:
        """Take connections from now on."""
        self._begin(self._accept())

    async def close(self) -> None:
        """End all connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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
        with suppress(OSError, EOFError, h11.ProtocolError, LookupError, ValueError):
            begun = await opened(client)
            if begun is not None:
                async with streams(client, self._tls if begun.is_tls else None) as both:
                    await self._converse(begun, both)

    async def _converse(self, begun: Opened, both: Streams) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)
        while asked := await next_request(connection, both[0], begun):
            record = self.record
            exchange = self._exchange(asked, record)
            passage = Passage(asked, exchange, record, connection, both, self._signal)
            if not await passage.go(self._upstream):
                return
            connection.start_next_cycle()

    def _exchange(self, asked: Asked, record: Record) -> Exchange:
        fields = asked.named
        return Exchange(
            server=asked.server,
            method=asked.method,
            url=asked.url[:LONGEST_URL],
            kind=kind_of(asked.method, asked.url, fields),
            is_own=self._scope.allows(asked.server),
            phase=record.phase,
            began=record.clock(),
            referrer=fields.get("referer", "")[:LONGEST_URL],
        )
