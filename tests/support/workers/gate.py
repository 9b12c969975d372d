"""A login over WSGI that is always wrong, protected with a count of failures that its workers share."""

from __future__ import annotations

from typing import Any

from alpines_privacy import protect
from tests.support.workers import WORKER, number
from tests.support.workers.counted import POLICY

__all__ = ["app"]


def _wrong(environ: Any, start_response: Any) -> list[bytes]:
    environ["wsgi.input"].read()
    start_response("401 Unauthorized", [("Content-Type", "text/plain")])
    return [b"no"]


_protected = protect(_wrong, POLICY)


def app(environ: Any, start_response: Any) -> Any:
    """Serve the login; each answer, also the layer's own, names its worker."""

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, (WORKER, number())], *more)

    return _protected(environ, start)
