"""A real Redis on a loopback port, without files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.support.processes import debian_program, free_port, program

__all__ = ["redis_on", "redis_server"]


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis until the block ends; yields its address."""
    port = free_port()
    with redis_on(port, folder):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def redis_on(port: int, folder: Path) -> Iterator[None]:
    """Run a Redis on a port until the block ends."""
    server = debian_program("redis-server", "redis-server")
    command = [
        server,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with program(command, port, folder):
        yield
