"""The fuzzed signups on real servers: started, spoken to in raw bytes, and ended whatever happens."""

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

from tests.fuzz.signup_apps import ASGI_APPS, LOG, WSGI_APPS
from tests.processes import free_port, program

__all__ = ["SERVERS", "Server", "serving"]

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

    def send(self, request: bytes, *, is_whole: bool) -> bytes:
        """Send bytes over a connection of their own; return what came back."""
        answer = b""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port)) as sent,
        ):
            sent.settimeout(_PATIENCE if is_whole else _QUIET)
            sent.sendall(request)
            while data := sent.recv(65536):
                answer += data
        return answer

    def send_all(self, requests: Iterable[bytes]) -> list[bytes]:
        """Send many, some at once; return what came back for each."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return list(threads.map(lambda each: self.send(each, is_whole=False), requests))

    def seen(self, start: int) -> list[tuple[str, str, list[str]]]:
        """Return what views wrote down since the log had `start` bytes: framework, way and dates."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as file:
            file.seek(start)
            return [tuple(json.loads(line)) for line in file if line.endswith(b"\n")]

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
