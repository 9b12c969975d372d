"""Everybody else's servers on one loopback port: every host, https and http, each arrival counted.

A browser whose resolver sends every name here is online as far as its pages can tell. A script
answers with one that reports back, as the vendor's own does; a pixel is a pixel; a frame is a page.
What arrives is written down with the visit it belongs to, which stands in the User-Agent: a
Referer may be withheld, and a beacon outlives its page.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import socketserver
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tests.browser.vendors import script_of

__all__ = ["Arrival", "Internet", "internet"]

_MOST_ARRIVALS = 50_000
_MOST_HEAD = 32_768
_MOST_BODY = 1_048_576
_VISIT = re.compile(r" visit/([\w.-]+)")
_WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_FRAME = "<!doctype html><title>{host}</title><img src='https://{host}/framed.gif' alt=''>"


class Arrival(NamedTuple):
    """One request that reached this server; `visit` is empty where the browser did not say."""

    visit: str
    host: str
    path: str
    method: str
    kind: str


class Internet:
    """What has arrived so far, and where."""

    def __init__(self) -> None:
        self.port = 0
        self._arrivals: defaultdict[str, list[Arrival]] = defaultdict(list)
        self._count = 0
        self._changed = threading.Condition()

    def arrivals(self, visit: str) -> Sequence[Arrival]:
        """Return the requests of one visit in the order they came: a list that grows as more come."""
        with self._changed:
            return self._arrivals[visit]

    def wait_for(self, visit: str, hosts: set[str], seconds: float) -> bool:
        """Wait until a visit has reached all `hosts`; tell whether it did in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: hosts <= {arrival.host for arrival in self._arrivals[visit]}, seconds
            )

    def arrived(self, arrival: Arrival) -> None:
        """Write down a request."""
        with self._changed:
            assert self._count < _MOST_ARRIVALS
            self._count += 1
            self._arrivals[arrival.visit].append(arrival)
            self._changed.notify_all()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256
    internet: Internet
    tls: ssl.SSLContext

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser closes connections as it likes."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    request: socket.socket

    def setup(self) -> None:
        if self.request.recv(1, socket.MSG_PEEK) == b"\x16":  # a TLS handshake, RFC 8446 §5.1
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        while self._answer_one():
            pass

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the wrapped socket: socketserver knows only the bare one

    def _answer_one(self) -> bool:
        """Answer a request; tell whether the connection can take another."""
        start = self.rfile.readline(_MOST_HEAD).decode("latin-1").split()
        if len(start) != 3:
            return False
        fields = self._fields()
        body_left = int(fields.get("content-length", "0"))
        self.rfile.read(min(body_left, _MOST_BODY))
        host = fields.get("host", "").lower().partition(":")[0].rstrip(".")
        visit = _VISIT.search(fields.get("user-agent", ""))
        kind = fields.get("sec-fetch-dest", "")
        method, path, _ = start
        self.server.internet.arrived(Arrival(visit[1] if visit else "", host, path, method, kind))
        if fields.get("upgrade", "").lower() == "websocket":
            self.wfile.write(_websocket(fields["sec-websocket-key"]))
            return False
        self.wfile.write(_response(host, path, kind, fields))
        return body_left <= _MOST_BODY

    def _fields(self) -> Mapping[str, str]:
        fields = {}
        while line := self.rfile.readline(_MOST_HEAD).decode("latin-1").strip():
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        return fields


def _websocket(key: str) -> bytes:
    """Accept a websocket and close it in the same breath."""
    accept = base64.b64encode(hashlib.sha1(f"{key}{_WEBSOCKET}".encode()).digest()).decode()  # noqa: S324 - RFC 6455 §4.2.2
    head = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + b"\x88\x02\x03\xe8"  # a close frame, code 1000


def _response(host: str, path: str, kind: str, fields: Mapping[str, str]) -> bytes:
    media_type, body = _content(host, path, kind)
    head = [
        "HTTP/1.1 200 OK",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body)}",
        f"Access-Control-Allow-Origin: {fields.get('origin', '*')}",
        "Access-Control-Allow-Credentials: true",
        f"Access-Control-Allow-Headers: {fields.get('access-control-request-headers', '*')}",
        "Cross-Origin-Resource-Policy: cross-origin",
        "Cache-Control: no-store",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def _content(host: str, path: str, kind: str) -> tuple[str, bytes]:
    """Return what a host would send for this kind of load."""
    name = path.partition("?")[0]
    made = _MADE.get(kind) or next((made for end, made in _ENDINGS if name.endswith(end)), _pixel)
    return made(host, name)


def _script(host: str, name: str) -> tuple[str, bytes]:
    return "text/javascript; charset=utf-8", script_of(host, name).encode()


def _frame(host: str, name: str) -> tuple[str, bytes]:
    return "text/html; charset=utf-8", _FRAME.format(host=host).encode()


def _style(host: str, name: str) -> tuple[str, bytes]:
    return "text/css", b":root { --from-elsewhere: 1 }"


def _pixel(host: str, name: str) -> tuple[str, bytes]:
    return "image/gif", _GIF


# By what the browser says it loads (Sec-Fetch-Dest); a plain http request is told by its path.
_MADE: Mapping[str, Callable[[str, str], tuple[str, bytes]]] = {
    **dict.fromkeys(("script", "worker"), _script),
    **dict.fromkeys(("document", "iframe", "frame", "object", "embed"), _frame),
    "style": _style,
    "image": _pixel,
}
_ENDINGS: tuple[tuple[str, Callable[[str, str], tuple[str, bytes]]], ...] = (
    (".js", _script),
    (".css", _style),
    (".json", lambda host, name: ("application/json", b"{}")),
    ("/events", lambda host, name: ("text/event-stream", b"retry: 600000\n\n")),
)


@contextmanager
def internet(tls: ssl.SSLContext) -> Iterator[Internet]:
    """Serve every host there is for as long as the block lasts."""
    counted = Internet()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.internet, server.tls = counted, tls
        counted.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield counted
        finally:
            server.shutdown()
            thread.join()
