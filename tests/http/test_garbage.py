"""A request leaves no circle of objects behind: those would keep its bodies until Python collects them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from werkzeug.test import EnvironBuilder

from alpines_privacy import protect
from tests.frameworks.django_site import OURS
from tests.support.wire import scope_of

SIGNAL = ("DNT", "1")


def _wsgi_app(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("content-type", "text/html"), ("set-cookie", "theme=dark")])
    return [b"<p>"]


async def _asgi_app(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/html"), (b"set-cookie", b"theme=dark")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"<p>"})


def _django_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>")


class _Urls:
    urlpatterns = (path("", _django_view),)


def _by_wsgi(app: Any) -> Callable[[], None]:
    def call() -> None:
        environ = EnvironBuilder("/", headers=[SIGNAL]).get_environ()
        answer = app(environ, lambda *_: None)
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()

    return call


def _by_asgi(app: Any) -> Callable[[], None]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        pass

    def call() -> None:
        with pytest.raises(StopIteration):  # it ran to its end, without a loop
            app(scope_of("/", (b"dnt", b"1")), receive, send).send(None)

    return call


def _by_django() -> Callable[[], None]:
    with override_settings(MIDDLEWARE=[OURS], ROOT_URLCONF=_Urls):
        handler = WSGIHandler()

    def call() -> None:
        with override_settings(ROOT_URLCONF=_Urls):
            _by_wsgi(handler)()

    return call


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: _by_wsgi(protect(_wsgi_app)), id="WSGI"),
        pytest.param(lambda: _by_asgi(protect(_asgi_app)), id="ASGI"),
        pytest.param(_by_django, id="Django"),
    ],
)
def test_a_request_through_the_layer_leaves_nothing_for_the_garbage_collector(
    call: Callable[[], Callable[[], None]],
) -> None:
    request = call()
    for _ in range(3):  # what is made once
        request()
    gc.collect()
    gc.disable()
    try:
        request()
        left = gc.collect()
    finally:
        gc.enable()
    assert left == 0
