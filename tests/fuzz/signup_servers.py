"""The fuzzed signups on real servers: started, spoken to in raw bytes or frames, and ended whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, StreamEnded, StreamReset
from h2.exceptions import H2Error

from tests.fuzz.signup_apps import ASGI_APPS, LOG, WSGI_APPS
from tests.support.processes import free_port, program

__all__ = ["SERVERS", "Frames", "Sent", "Server", "Sight", "serving"]

ROOT = Path(__file__).parent.parent.parent
_COMMANDS = {
    "waitress": "waitress --listen 127.0.0.1:{port} --threads 8 tests.fuzz.signup_wsgi:wsgi",
    "gunicorn": "gunicorn tests.fuzz.signup_wsgi:wsgi --bind 127.0.0.1:{port} --threads 8",
    "granian over WSGI": "granian tests.fuzz.signup_wsgi:wsgi --port {port} --interface wsgi --blocking-threads 8",
    "hypercorn over WSGI": "hypercorn tests.fuzz.signup_wsgi:wsgi --bind 127.0.0.1:{port}",
    "uvicorn": "uvicorn tests.fuzz.signup_asgi:asgi --port {port} --http h11 --log-level error",
    "hypercorn over ASGI": "hypercorn tests.fuzz.signup_asgi:asgi --bind 127.0.0.1:{port}",
    "granian over ASGI": "granian tests.fuzz.signup_asgi:asgi --port {port} --interface asgi",
}
SERVERS = tuple(_COMMANDS)
_QUIET = 0.25  # seconds after which a server that waits for more is left
_AT_ONCE = 6  # connections
_PATIENCE = 30.0  # seconds for the first byte of an answer to a whole request
# Seconds for a server to end. Hypercorn waits for ever for HTTP/2 streams whose client has left
# (`Upgrade: h2c` is drawn), from Python 3.12 on.
_GRACE = 5.0


class Frames(NamedTuple):
    """A request over HTTP/2: its field lines, its data frame by frame, and its trailers (RFC 9113 §8.1)."""

    fields: list[tuple[bytes, bytes]]
    data: list[bytes]
    trailers: list[tuple[bytes, bytes]]

    def written(self, connection: H2Connection) -> bytes:
        """Return the bytes of a connection that asks for nothing else."""
        connection.initiate_connection()
        connection.send_headers(1, self.fields, end_stream=not (self.data or self.trailers))
        for number, data in enumerate(self.data, 1):
            is_last = number == len(self.data) and not self.trailers
            connection.send_data(1, data, end_stream=is_last)
        if self.trailers:
            connection.send_headers(1, self.trailers, end_stream=True)
        return connection.data_to_send()


Sent: TypeAlias = bytes | Frames


class Sight(NamedTuple):
    """What a view was given: by which framework, how it read, under which policy, and what the layer judged.

    `judged` is the name of a `Finding`, or says that the layer did not look.
    """

    app: str
    way: str
    dates: list[str]
    has_password: bool
    layer: str
    judged: str


# Nothing of ours mends what is drawn.
_AS_IT_IS = H2Configuration(
    header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False,
    validate_inbound_headers=False, normalize_inbound_headers=False,
)  # fmt: skip


@dataclass
class Server:
    """A server, and the file in which its views write down the dates they are given."""

    name: str
    port: int
    log: Path

    @property
    def apps(self) -> tuple[str, ...]:
        """The frameworks it serves."""
        return WSGI_APPS if ":wsgi" in _COMMANDS[self.name] else ASGI_APPS

    @property
    def speaks_http2(self) -> bool:
        """Whether it takes HTTP/2 without TLS from whoever begins with it (RFC 9113 §3.3)."""
        return self.name.startswith(("hypercorn", "granian"))

    def send(self, request: Sent, *, is_whole: bool) -> bytes:
        """Send a request over a connection of its own; return the bytes that came back."""
        answer = b""
        visitor = H2Connection(_AS_IT_IS)
        is_framed = isinstance(request, Frames)
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port)) as sent,
        ):
            sent.settimeout(_PATIENCE if is_whole else _QUIET)
            sent.sendall(request.written(visitor) if isinstance(request, Frames) else request)
            while data := sent.recv(65536):
                answer += data
                if is_framed and _is_over(visitor, data):
                    break
        return answer

    def send_all(self, requests: Iterable[Sent]) -> list[bytes]:
        """Send many, some at once; return what came back for each."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return list(threads.map(lambda each: self.send(each, is_whole=False), requests))

    def seen(self, start: int) -> list[Sight]:
        """Return what views wrote down since the log had `start` bytes."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as file:
            file.seek(start)
            return [Sight(*json.loads(line)) for line in file if line.endswith(b"\n")]

    @property
    def defects(self) -> list[str]:
        """What the layer says of defects of its own."""
        said = "".join(
            log.read_text("utf-8", "replace") for log in self.log.parent.glob(f"*-{self.port}.log")
        )
        return [line for line in said.splitlines() if "A defect in" in line]

    @property
    def size(self) -> int:
        """How many bytes the log has."""
        return self.log.stat().st_size if self.log.exists() else 0


def _is_over(visitor: H2Connection, data: bytes) -> bool:
    """Tell whether what came ends the one exchange of a connection."""
    try:
        events = visitor.receive_data(data)
    except H2Error:
        return True
    return any(isinstance(e, StreamEnded | StreamReset | ConnectionTerminated) for e in events)


@contextlib.contextmanager
def serving(name: str, folder: Path) -> Iterator[Server]:
    """Serve the signups from a process of its own for as long as the block lasts."""
    port = free_port()
    log = folder / f"{name.replace(' ', '-')}.jsonl"
    words = _COMMANDS[name].format(port=port).split()
    source = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": source, LOG: str(log), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", *words]
    with program(command, port, folder, patience=_GRACE, may_hang=True, env=environment):
        yield Server(name, port, log)
        time.sleep(_QUIET)  # for views that are still at it
