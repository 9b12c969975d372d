"""A fast mail server of its own process: `python -m tests.breach.delivery.sink PORT FILE`.

Each message that it takes is a line of FILE, `recipient Message-ID`, written before the answer: what
it knows outlives whoever sent it. A MAIL inside of another message gets 503, and is a line too.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys

__all__ = ["Sink", "main"]

_OFFERS = b"250-sink\r\n250-SIZE\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)


class Sink(asyncio.Protocol):
    """One client."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._buffer = b""
        self._recipient: bytes | None = None
        self._has_sender = self._is_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._is_content else b"\r\n"
            head, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            self._transport.write(self._take(head) if self._is_content else self._answer(head))

    def _take(self, content: bytes) -> bytes:
        found = _ID.search(content)
        line = b"%b %b\n" % (self._recipient or b"-", found[1] if found else b"-")
        os.write(self._file, line)
        self._is_content = self._has_sender = False
        self._recipient = None
        return b"250 2.0.0 Ok: queued\r\n"

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return _OFFERS
        if verb == b"MAIL":
            if self._has_sender:
                os.write(self._file, b"503 nested\n")
                return b"503 Sender already specified\r\n"
            self._has_sender = True
        elif verb == b"RCPT":
            self._recipient = line[line.index(b"<") + 1 : line.index(b">")]
        elif verb == b"DATA":
            self._is_content = True
            return b"354 go on\r\n"
        elif verb == b"RSET":
            self._has_sender, self._recipient = False, None
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"


async def _serve(port: int, path: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(file), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2]))


if __name__ == "__main__":
    main()
