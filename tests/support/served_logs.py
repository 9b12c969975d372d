"""An app that logs all it gets, over ASGI, over WSGI and on werkzeug, for real servers to serve."""

from __future__ import annotations

import logging
import sys
from typing import Any

from alpines_privacy import protect

__all__ = ["asgi", "wsgi"]

# A handler for what servers leave to the root logger, to the same place.
logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
LOG = logging.getLogger("shop")


def _answer(path: str, head: Any, body: bytes) -> bytes:
    LOG.info("%s asked for %s", head, path)
    LOG.info("and said %s", body)
    if path.startswith("/broken"):
        raise LookupError(f"no account for {path} {body!r}")
    return b"ok"


def _wsgi(environ: Any, start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    head = {key: value for key, value in environ.items() if key.isupper()}
    answer = _answer(environ["PATH_INFO"], head, body)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [answer]


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    head = (scope["headers"], scope["query_string"], scope["client"])
    answer = _answer(scope["path"], head, body)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


asgi = protect(_asgi)
wsgi = protect(_wsgi)

if __name__ == "__main__":
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", int(sys.argv[1]), wsgi, threaded=True)
