"""The shop over WSGI: also what the layer answers in its place is numbered."""

from __future__ import annotations

import time
from typing import Any

from examples.shop.protected import app as shop

from tests.support.workers import WORKER, number

__all__ = ["app"]


def app(environ: Any, start_response: Any) -> Any:
    """Serve the shop, without haste: what comes meanwhile is for the other workers."""
    time.sleep(0.01)

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, (WORKER, number())], *more)

    return shop.wsgi_app(environ, start)
