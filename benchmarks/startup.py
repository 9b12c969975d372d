"""What starting costs: the import, and the first `protect()`, in an interpreter of its own.

As an installed package starts: its bytecode is there. A run that does not count writes it, to a
folder of ours, whatever the environment says of bytecode.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# What any app in these frameworks has imported already.
_BEFORE = """
import starlette.applications, starlette.responses, werkzeug, time
async def asgi_app(scope, receive, send): ...
def wsgi_app(environ, start_response): ...
start = time.perf_counter()
"""
_AFTER = "\nprint(time.perf_counter() - start)"


@dataclass
class Start:
    """A way to start, its budget in milliseconds, and how long it took each time."""

    name: str
    code: str
    budget: float | None = None
    took: list[float] = field(default_factory=list)

    def run(self, environment: dict[str, str]) -> float:
        """Start once; return the milliseconds it took."""
        command = [sys.executable, "-c", _BEFORE + self.code + _AFTER]
        done = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)  # noqa: S603 - our own code
        return float(done.stdout) * 1000


def measured(times: int) -> list[Start]:
    """Start each way `times` times, in turns."""
    ways = _starts()
    with _bytecode() as environment:
        for way in ways:
            way.run(environment)
        for _ in range(times):
            for way in ways:
                way.took.append(way.run(environment))
    return ways


@contextmanager
def _bytecode() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        yield environment


def _starts() -> list[Start]:
    """Return what is measured, in the order of the table."""
    return [
        Start("import alpines_privacy", "import alpines_privacy", 80),
        Start("+ protect(ASGI app)", "import alpines_privacy as a; a.protect(asgi_app)", 80),
        Start("+ protect(WSGI app)", "import alpines_privacy as a; a.protect(wsgi_app)", 80),
        Start("secure's ASGI middleware", "import secure.middleware as s; s.SecureASGIMiddleware(asgi_app)"),
        Start("asgi_csrf", "import asgi_csrf as a; a.asgi_csrf(asgi_app, signing_secret='x' * 32)"),
    ]  # fmt: skip
