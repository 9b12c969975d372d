"""Servers for tests: programs on loopback ports, waited for, and ended whatever happens."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.conftest import need

__all__ = [
    "debian_program",
    "free_port",
    "free_ports",
    "need_shared_locks",
    "program",
    "wsgi_origin",
]

_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"  # servers are not in everybody's PATH
_PATIENCE = 120.0  # seconds; only a machine that hangs needs them
# Below those that Linux and macOS give to whoever asks for any port, as each outgoing connection does.
_PORTS = range(20_000, 32_000)
_claims: list[socket.socket] = []  # open for as long as this process runs


def debian_program(name: str, package: str) -> str:
    """Return where a program of Debian's is; where it is absent a test skips, and fails in CI."""
    found = shutil.which(name, path=_PLACES)
    need(name, found is not None, f"apt-get install {package}")
    return str(found)


def need_shared_locks() -> None:
    """Skip a test where processes can share no lock: on Linux it lies in /dev/shm, read-only in some containers."""
    try:
        multiprocessing.Lock()
    except (ImportError, OSError):
        need("POSIX semaphores", False, "let /dev/shm be written to")


def free_port() -> int:
    """Return a loopback port that nobody listens on, and that no other process of tests is given."""
    return free_ports(1)[0]


def free_ports(count: int) -> range:
    """Return several such ports in a row; each is handed out once."""
    first = _PORTS.start + os.getpid() * 97 % len(_PORTS)  # processes begin apart
    for start in (*range(first, _PORTS.stop - count), *range(_PORTS.start, first)):
        wanted = range(start, start + count)
        if all(map(_is_claimed, wanted)):
            return wanted
    raise OSError("every port of the tests is taken")


def _is_claimed(port: int) -> bool:
    """Claim a port, by UDP's port of the same number, and see that a server can have it."""
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", port))
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


@contextlib.contextmanager
def program(
    command: Sequence[str],
    port: int,
    cwd: Path,
    *,
    patience: float = _PATIENCE,
    may_hang: bool = False,
    **options: Any,
) -> Iterator[None]:
    """Run a program until the block ends; the block begins once something listens on its port.

    One that has not ended `patience` seconds after it was told to is killed with all its processes,
    and unless it `may_hang` that is an error.
    """
    if "hypercorn" in command:
        need_shared_locks()
    log = cwd / f"{Path(command[0]).name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the tests' own commands
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, **options,
        )  # fmt: skip
        try:
            _wait_for(port, process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if not may_hang:
                    raise


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE).close()
        except ConnectionRefusedError:
            said = log.read_text("utf-8", "replace")
            assert process.poll() is None, f"it ended before it listened: {said}"
            assert time.monotonic() < deadline, f"it does not listen: {said}"
            time.sleep(0.01)
        else:
            return


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextlib.contextmanager
def wsgi_origin(app: Any) -> Iterator[int]:
    """Serve a WSGI app over HTTP/1.1, as many connections at once as there are, on the port it yields."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
