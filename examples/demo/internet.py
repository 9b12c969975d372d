"""Everybody else's servers on one loopback port: each answers for the company, and is counted.

A browser whose resolver sends every name here believes itself online. Without a certificate
(`openssl` makes it) the companies' names are still counted as TLS handshakes name them, and
nothing of theirs is answered.
"""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from examples.demo.vendors import vendor_of

__all__ = ["Asked", "Internet", "internet", "note_host", "tls_context"]

_MOST_BODY = 65_536
_MOST_ASKED = 10_000
_HANDSHAKE = b"\x16"  # the first byte of a TLS connection, RFC 8446 §5.1
_PATIENCE = 30.0  # seconds until a silent connection is given up

# The host that this thread's handshake names (RFC 6066 §3): all that is known of one that fails.
_named = threading.local()

_PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>{host}</title>
<style>body {{ margin: 0; height: 100vh; display: grid; place-items: center; background: #fdf0c4;
  font: 1rem system-ui, sans-serif }}</style>
<p>{said}</p></html>"""


@dataclass(frozen=True)
class Asked:
    """One request that reached a stand-in; of a handshake that failed only the host is known."""

    host: str
    path: str = ""
    body: str = ""
    page: str = ""  # the host of the page that asked, where the browser says it
    by_page: bool = False  # a page asked for it, not the browser for itself (Fetch Metadata §2.3)

    @property
    def counts(self) -> bool:
        """Whether a page asked; of a failed handshake, whether the host is one that pages name."""
        return self.by_page or vendor_of(self.host) is not None


@dataclass
class Internet:
    """What has been asked for so far, and at which port."""

    port: int
    asked: list[Asked] = field(default_factory=list)

    def note(self, asked: Asked) -> None:
        """Write down a request."""
        if len(self.asked) < _MOST_ASKED:
            self.asked.append(asked)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    internet: Internet
    tls: ssl.SSLContext

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: browsers close connections as they like."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE

    def setup(self) -> None:
        self.request.settimeout(_PATIENCE)
        if self.request.recv(1, socket.MSG_PEEK) == _HANDSHAKE:
            self._shake_hands()
        super().setup()

    def _shake_hands(self) -> None:
        _named.host = ""
        try:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        except ssl.SSLError:
            self.server.internet.note(Asked(_named.host))
            raise

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the wrapped socket: the server knows only the bare one

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        size = min(int(self.headers.get("Content-Length") or 0), _MOST_BODY)
        body = self.rfile.read(size).decode("utf-8", "replace")
        page = urlsplit(self.headers.get("Referer", "")).netloc
        by_page = self.headers.get("Sec-Fetch-Site", "none") != "none"
        self.server.internet.note(Asked(host, self.path, body, page, by_page))
        self._answer(*_content(host, self.path, sent=bool(body) and self.command == "POST"))

    do_POST = do_GET  # noqa: N815 - the library calls it so

    def _answer(self, media_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin") or "*")
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: what is asked is noted."""


def _content(host: str, path: str, *, sent: bool) -> tuple[str, str]:
    """Return the media type and text that stand in for what a host would answer."""
    vendor = vendor_of(host)
    if vendor and vendor.kind == "ad" and path.endswith("/ad.html"):
        return "text/html", _PAGE.format(host=host, said=f"An advertisement by {vendor.name}")
    if sent or (vendor and vendor.kind == "newsletter"):
        return "text/html", _PAGE.format(host=host, said="Thank you, you are on the list.")
    return "text/javascript", f"{{\n{vendor.script}\n}}\n" if vendor else ""


@contextmanager
def internet(tls: ssl.SSLContext, listener: socket.socket) -> Iterator[Internet]:
    """Answer for every host there is, on a socket that listens, until the block ends."""
    with _Server(listener.getsockname(), _Handler, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = listener
        server.internet, server.tls = Internet(listener.getsockname()[1]), tls
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.internet
        finally:
            server.shutdown()
            thread.join()


def tls_context(folder: Path) -> ssl.SSLContext:
    """Return a server's context, with a certificate for nobody in particular where one can be made."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = note_host
    if openssl := shutil.which("openssl"):
        cert, key = folder / "cert.pem", folder / "key.pem"
        kind = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        files = ["-subj", "/CN=demo.example", "-keyout", str(key), "-out", str(cert)]
        with suppress(OSError, subprocess.SubprocessError, ssl.SSLError):
            subprocess.run([openssl, *kind, *files], check=True, capture_output=True, timeout=60)  # noqa: S603 - our own words
            context.load_cert_chain(cert, key)
    return context


def note_host(_socket: object, host: str | None, _context: ssl.SSLContext) -> None:
    """Remember the host that a handshake names."""
    _named.host = host or ""
