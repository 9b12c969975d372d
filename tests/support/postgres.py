"""A real PostgreSQL server of the tests' own, on a loopback port, gone with its data afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pg8000

from tests.conftest import need
from tests.support.processes import free_port, program

__all__ = ["postgres"]

_USER = "postgres"  # Debian's; the server does not run as root


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a server until the block ends, and yield the URL of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-"))
    port = free_port()
    initdb, server = (_installed(name) for name in ("initdb", "postgres"))
    options: dict[str, Any] = {}
    if os.getuid() == 0:
        shutil.chown(folder, _USER, _USER)
        options = {"user": _USER, "group": _USER}
    data = folder / "data"
    try:
        subprocess.run(  # noqa: S603 - the tests' own command
            [initdb, "-D", str(data), "-U", "ledger", "--auth=trust", "--encoding=UTF8", "--locale=C"],
            check=True, capture_output=True, cwd=folder, **options,
        )  # fmt: skip
        command = [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", ""]
        with program(command, port, folder, **options):
            _wait_until_it_answers(port)
            try:
                yield f"postgresql://ledger@127.0.0.1:{port}/postgres"
            finally:  # at once, whoever is connected
                pid = int((data / "postmaster.pid").read_text().split()[0])
                os.kill(pid, signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(port: int) -> None:
    """Wait for the end of its start, in which it listens already and refuses."""
    deadline = time.monotonic() + 120
    while True:
        try:
            pg8000.Connection("ledger", host="127.0.0.1", port=port, database="postgres").close()
        except pg8000.DatabaseError:
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.01)
        else:
            return


def _installed(name: str) -> str:
    """Return where a program of PostgreSQL's is: Debian keeps each version's apart, out of everybody's PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(versions[-1]) if versions else shutil.which(name)
    need("PostgreSQL", found is not None, "apt-get install postgresql")
    return str(found)
