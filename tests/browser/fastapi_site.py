"""The site in FastAPI, compressing its answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from fastapi import FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.middleware.gzip import GZipMiddleware

from tests.browser.pages import EMBEDS, fields, file, page

__all__ = ["make"]

_CHUNK = 97


def make(domain: str) -> FastAPI:
    """Return the app; nothing in it knows of protection."""
    app = FastAPI()
    app.state.asked = []
    app.add_middleware(GZipMiddleware, minimum_size=500)

    def shown(name: str) -> str:
        if name not in EMBEDS:
            raise HTTPException(404)
        return page(EMBEDS[name], domain)

    @app.get("/embed/{name}")
    def embed(name: str) -> Response:
        text = shown(name)
        return Response(text, media_type="text/html", headers=dict(fields(EMBEDS[name], text)))

    @app.get("/streamed/{name}")
    def streamed(name: str) -> Response:
        content = shown(name).encode()

        def chunks() -> Iterator[bytes]:
            for start in range(0, len(content), _CHUNK):
                yield content[start : start + _CHUNK]

        return StreamingResponse(chunks(), media_type="text/html")

    @app.get("/cached/{name}")
    def cached(name: str, request: Request, fresh: int = 0) -> Response:
        content = shown(name)
        etag = f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'
        asked = request.headers.get("if-none-match")
        app.state.asked.append(asked)
        fields = {"ETag": etag, "Cache-Control": f"max-age={fresh}"}
        if asked and etag in asked:
            return Response(status_code=304, headers=fields)
        return Response(content, media_type="text/html", headers=fields)

    @app.websocket("/ws")
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    def other(path: str) -> Response:
        found = file(f"/{path}")
        if found is None:
            raise HTTPException(404)
        return Response(found.content, media_type=found.media_type)

    return app
