"""Other people's readers of request bodies: what an app of theirs would find under a name."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import flask
from django.core.handlers.wsgi import WSGIRequest
from starlette.requests import Request as StarletteRequest
from werkzeug.wrappers import Request as WerkzeugRequest

import tests.frameworks.django_site  # noqa: F401 - Django has one configuration a process, and this is it
from tests.support.wire import drive, scope_of

__all__ = ["FORM_PARSERS", "JSON_PARSERS"]

Found = list[str]


class _Memory(io.BytesIO):
    """Stands in for their temporary files: over a broken form parsers leave those open."""

    _rolled = False  # as SpooledTemporaryFile says that it is still in memory

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()


_no_files = patch.multiple("starlette.formparsers", SpooledTemporaryFile=_Memory)
_no_files_either = patch.multiple("werkzeug.formparser", SpooledTemporaryFile=_Memory)

_json_app = flask.Flask(__name__)


def _environ(content_type: str, body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }


def _werkzeug(content_type: str, body: bytes, name: str) -> Found:
    with _no_files_either:
        return WerkzeugRequest(_environ(content_type, body)).form.getlist(name)


def _django(content_type: str, body: bytes, name: str) -> Found:
    return list(WSGIRequest(_environ(content_type, body)).POST.getlist(name))


def _starlette(content_type: str, body: bytes, name: str) -> Found:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def read() -> Found:
        scope = scope_of("/", (b"content-type", content_type.encode("latin-1")), method="POST")
        form = await StarletteRequest(scope, receive).form()
        found = [value for value in form.getlist(name) if isinstance(value, str)]
        await form.close()
        return found

    with _no_files:
        return drive(read())


def _flask_json(content_type: str, body: bytes, name: str) -> Found:
    with _json_app.request_context(_environ(content_type, body)):
        return _at(flask.request.get_json(), name)


def _loads(content_type: str, body: bytes, name: str) -> Found:
    """As FastAPI and plain views of Starlette and Django read it."""
    del content_type
    return _at(json.loads(body), name)


def _at(value: Any, path: str) -> Found:
    for step in path.split("."):
        if not isinstance(value, dict) or step not in value:
            return []
        value = value[step]
    return [value] if isinstance(value, str) else []


Parser = Callable[[str, bytes, str], Found]
FORM_PARSERS: dict[str, Parser] = {
    "werkzeug": _werkzeug, "Django": _django, "Starlette": _starlette,
}  # fmt: skip
JSON_PARSERS: dict[str, Parser] = {"Flask": _flask_json, "json.loads": _loads}
