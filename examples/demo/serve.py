"""One child of the demo: `python -m examples.demo.serve SERVER MODULE FD`."""

import logging
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import uvicorn
import waitress


def _waitress(app: Any, listener: socket.socket) -> None:
    # The demo's visits come as through a proxy, from an address of documentation (RFC 5737).
    # Uvicorn believes a proxy on loopback by default.
    waitress.serve(
        app,
        sockets=[listener],
        trusted_proxy="127.0.0.1",
        trusted_proxy_headers="x-forwarded-for",
    )


def _uvicorn(app: Any, listener: socket.socket) -> None:
    # An event stream that a browser left open would keep the server from ending.
    config = uvicorn.Config(app, timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


SERVERS: dict[str, Callable[[Any, socket.socket], None]] = {
    "waitress": _waitress,
    "uvicorn": _uvicorn,
}


def main(server: str, module: str, listener: str) -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    SERVERS[server](import_module(module).app, socket.socket(fileno=int(listener)))


if __name__ == "__main__":
    main(*sys.argv[1:])
