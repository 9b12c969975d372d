"""The site in Flask."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from tests.browser.pages import EMBEDS, fields, file, page

__all__ = ["make"]

_CHUNK = 97


def make(domain: str) -> Flask:
    """Return the app; nothing in it knows of protection."""
    app = Flask("tests.browser.flask_site", static_folder=None)
    app.config["ASKED"] = []

    def shown(name: str) -> str:
        return page(EMBEDS[name], domain) if name in EMBEDS else abort(404)

    @app.get("/embed/<name>")
    def embed(name: str) -> Response:
        text = shown(name)
        return Response(text, headers=dict(fields(EMBEDS[name], text)))

    @app.get("/streamed/<name>")
    def streamed(name: str) -> Response:
        content = shown(name).encode()

        def chunks() -> Iterator[bytes]:
            for start in range(0, len(content), _CHUNK):
                yield content[start : start + _CHUNK]

        return Response(chunks(), mimetype="text/html")

    @app.get("/cached/<name>")
    def cached(name: str) -> BaseResponse:
        app.config["ASKED"].append(request.headers.get("If-None-Match"))
        response = Response(shown(name))
        response.cache_control.max_age = request.args.get("fresh", 0, type=int)
        response.add_etag()
        return response.make_conditional(request)

    @app.route("/<path:path>", methods=["GET", "POST"])
    def other(path: str) -> Response:
        found = file(f"/{path}")
        return Response(found.content, mimetype=found.media_type) if found else abort(404)

    return app
