"""Keeps pages from leaving the machine: they name real companies' hosts.

A browser that resolves every name to the demo (its flags are printed by `make demo`) asks for the
pages under names that end in `.example`, which no resolver knows (RFC 2606), and loads what they
embed from the demo's stand-ins. Any other browser gets a Content-Security-Policy with each page,
and loads nothing from elsewhere.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

__all__ = ["POLICY", "OfflineAsgi", "OfflineWsgi"]

POLICY = (
    "default-src 'self' 'unsafe-inline' data:; form-action 'self'; "
    "connect-src 'self' ws://localhost:* ws://*.localhost:* ws://127.0.0.1:*"
)

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


def _is_resolved_to_the_demo(host: str) -> bool:
    return host.partition(":")[0].endswith(".example")


class OfflineWsgi:
    """A WSGI app whose pages load nothing from elsewhere, unless the demo stands in for it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if _is_resolved_to_the_demo(environ.get("HTTP_HOST", "")):
            return self._app(environ, start_response)  # type: ignore[no-any-return]

        def start(status: str, fields: list[tuple[str, str]], *more: Any) -> Any:
            if any(name.lower() == "content-type" and "html" in value for name, value in fields):
                fields = [*fields, ("Content-Security-Policy", POLICY)]
            return start_response(status, fields, *more)

        return self._app(environ, start)  # type: ignore[no-any-return]


class OfflineAsgi:
    """The same of an ASGI app, as middleware."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        hosts = [value.decode() for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] != "http" or any(map(_is_resolved_to_the_demo, hosts)):
            await self._app(scope, receive, send)
            return

        async def start(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message["headers"]):
                field = (b"content-security-policy", POLICY.encode())
                message["headers"] = [*message["headers"], field]
            await send(message)

        await self._app(scope, receive, start)


def _is_page(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-type" and b"html" in value for name, value in fields)
