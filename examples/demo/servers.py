"""The six servers: child processes on loopback, each with its own databases and log."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from examples import databases
from examples.demo.exhibits import Exhibit
from examples.demo.interruption import uninterrupted
from examples.demo.visits import NO_CERTIFICATES, PATIENCE

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"

# What visitors choose is signed: with a key of this run, unless the environment has one.
_KEY = {"ALPINES_PRIVACY_SECRET_KEY": secrets.token_urlsafe(32)}


class Failed(Exception):  # noqa: N818 - it is what a server did
    """A server did not start, or ended while it was needed; holds the end of its log."""


@dataclass
class Server:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Return where a browser finds it: under its own name, so that cookies do not mix."""
        return f"http://{self.name}.localhost:{self.port}/"

    def stand(self) -> None:
        """Raise `Failed` if it has ended."""
        if (status := self.process.poll()) is not None:
            end = "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])
            raise Failed(f"{self.name} ended with status {status}. Its log:\n\n{end}")


@dataclass
class Pair:
    exhibit: Exhibit
    bare: Server
    protected: Server


def listeners(base: int, count: int) -> list[socket.socket]:
    """Listen on `count` ports from `base` on, and on others in place of those that are taken.

    The children inherit these, so that two demos started at once never fight for a port.
    """
    return [_listener(base and base + offset) for offset in range(count)]


@contextmanager
def running(
    exhibits: Sequence[Exhibit], listeners: Sequence[socket.socket], folder: Path
) -> Iterator[list[Pair]]:
    """Start every exhibit bare and protected, wait until all answer, and stop them at the end."""
    started: list[Server] = []
    try:
        with uninterrupted():
            for (exhibit, variant), listener in zip(_variants(exhibits), listeners, strict=True):
                with listener:
                    started.append(_start(exhibit, variant, listener, folder))
        for server in started:
            _await(server)
        yield [Pair(*trio) for trio in zip(exhibits, started[::2], started[1::2], strict=True)]
    finally:
        with uninterrupted():
            _stop(started)


def stand(pairs: Sequence[Pair]) -> None:
    """Raise `Failed` if a server has ended."""
    for pair in pairs:
        pair.bare.stand()
        pair.protected.stand()


def _variants(exhibits: Sequence[Exhibit]) -> list[tuple[Exhibit, str]]:
    return [(exhibit, variant) for exhibit in exhibits for variant in ("bare", "protected")]


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=128)
    except OSError:
        if port:
            return _listener(0)
        raise


def _start(exhibit: Exhibit, variant: str, listener: socket.socket, folder: Path) -> Server:
    name = f"{variant}-{exhibit.name}"
    home = folder / name
    home.mkdir()
    module, inherited = f"examples.{exhibit.name}.{variant}", listener.fileno()
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module names
            [sys.executable, "-m", "examples.demo.serve", exhibit.server, module, str(inherited)],
            cwd=ROOT,
            env=_KEY | os.environ | {databases.VARIABLE: str(home)},
            pass_fds=[inherited],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal goes to us alone; we end the children
        )
    return Server(name, listener.getsockname()[1], process, home / "log")


def _await(server: Server) -> None:
    try:
        httpx.get(server.address, timeout=PATIENCE, trust_env=False, verify=NO_CERTIFICATES)
    except httpx.TransportError as error:
        # One that dies lets go of its connection a moment before it is gone.
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(timeout=1)
        server.stand()
        raise Failed(f"{server.name} gave no answer: {error!r}") from error


def _stop(servers: Sequence[Server]) -> None:
    for server in servers:
        server.process.terminate()
    for server in servers:
        try:
            server.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
