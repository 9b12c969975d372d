"""An HTTP server that sends any bytes as a head: no library that would refuse to stands between."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

__all__ = ["Request", "origin"]


class Request(NamedTuple):
    """What a browser sent: the path, the lower-case host without its port, and the field lines."""

    path: str
    host: str
    lines: list[bytes]

    def values(self, name: str) -> list[bytes]:
        """Return the values of a field's lines."""
        prefix = name.lower().encode() + b":"
        return [
            line[len(prefix) :].strip() for line in self.lines if line.lower().startswith(prefix)
        ]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    answer: Callable[[Request], list[bytes]]


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        start, *lines = self._head()
        if not start:
            return
        path = start.split(b" ")[1].decode("latin-1")
        request = Request(path, "", lines)
        host = next(iter(request.values("host")), b"").decode("latin-1").lower().partition(":")[0]
        fields = self.server.answer(request._replace(host=host))
        head = [
            b"HTTP/1.1 200 OK",
            b"Content-Type: text/html",
            b"Content-Length: 2",
            b"Connection: close",
            *fields,
        ]
        self.wfile.write(b"\r\n".join([*head, b"", b"ok"]))

    def _head(self) -> list[bytes]:
        lines = [self.rfile.readline().rstrip(b"\r\n")]
        while lines[-1]:
            lines.append(self.rfile.readline().rstrip(b"\r\n"))
        return lines


@contextmanager
def origin(
    answer: Callable[[Request], list[bytes]], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Serve on a loopback port, the one yielded; `answer` gives the field lines of each response."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.answer = answer
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
