"""An app that leaves its requests out of a promise."""

from __future__ import annotations

from typing import Any, Protocol

from alpines_privacy.http.privacy import current

__all__ = ["exempting"]


class _Both(Protocol):
    """An app over WSGI and over ASGI."""

    def wsgi(self, environ: Any, start_response: Any, /) -> Any: ...

    async def asgi(self, scope: Any, receive: Any, send: Any, /) -> None: ...


def exempting(app: _Both, protocol: str, part: str) -> Any:
    """Return the app over `protocol` ("wsgi" or "asgi"), with `part` exempted before each request."""

    def wsgi(environ: Any, start_response: Any) -> Any:
        current().exempt(part)
        return app.wsgi(environ, start_response)

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        current().exempt(part)
        await app.asgi(scope, receive, send)

    return wsgi if protocol == "wsgi" else asgi
