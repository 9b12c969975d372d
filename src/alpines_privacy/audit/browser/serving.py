"""An app served on this machine for the time of an audit, as if it were at its public address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alpines_privacy.audit.browser.chromium import BrowserMissing
from alpines_privacy.interface import is_asgi

__all__ = ["served"]


@contextmanager
def served(app: Any, scheme: str = "http") -> Iterator[tuple[str, int]]:
    """Serve a WSGI or ASGI app until the block ends; yields the address.

    The app sees requests of `scheme`, as it would behind the proxy that ends TLS. Raises TypeError for what is no app.
    """
    with (_served_asgi if is_asgi(app) else _served_wsgi)(app, scheme) as port:
        yield "127.0.0.1", port


@contextmanager
def _served_wsgi(app: Any, scheme: str) -> Iterator[int]:
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415 - only here

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    def over(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        environ["wsgi.url_scheme"] = scheme
        return app(environ, start_response)

    server = make_server("127.0.0.1", 0, over, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]  # socketserver's; a stream has no end to wait for
    server.block_on_close = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _served_asgi(app: Any, scheme: str) -> Iterator[int]:
    try:
        import uvicorn  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise BrowserMissing(
            "uvicorn, which serves the app for the browser, is not installed; install it: "
            'pip install "alpines-privacy[audit-browser]"'
        ) from None

    async def over(scope: Any, receive: Any, send: Any) -> None:
        schemes = {"http": scheme, "websocket": "wss" if scheme == "https" else "ws"}
        if scope["type"] in schemes:
            scope = {**scope, "scheme": schemes[scope["type"]]}
        await app(scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    config = uvicorn.Config(
        over, log_config=None, access_log=False, lifespan="auto", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
