"""An app that keeps the bodies it has read."""

from __future__ import annotations

from typing import Any

__all__ = ["Shop"]


class Shop:
    """An app over WSGI and ASGI that reads bodies, and answers all requests alike."""

    def __init__(
        self, status: int = 200, page: bytes = b"{}", kind: str = "application/json"
    ) -> None:
        self.read: list[bytes] = []
        self.status, self.page, self.kind = status, page, kind

    def wsgi(self, environ: Any, start_response: Any) -> list[bytes]:
        self.read.append(environ["wsgi.input"].read())
        start_response(f"{self.status} Any", [("content-type", self.kind)])
        return [self.page]

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.read.append(body)
        fields = [(b"content-type", self.kind.encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": fields})
        await send({"type": "http.response.body", "body": self.page})
