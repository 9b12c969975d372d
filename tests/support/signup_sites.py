"""The same little app behind each adapter: it writes down what reaches it, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path

from alpines_privacy import PrivacyPolicy, asgi, wsgi
from alpines_privacy.testing import Visitor
from tests.frameworks.django_site import OURS

__all__ = ["PROTOCOLS", "Site", "site_of"]

PROTOCOLS = ("ASGI", "WSGI", "Django")
PAGE = b"<!doctype html><title>Welcome</title><p>Here you are."
_BLOCK = 65536


class Site:
    """An app, and what it has seen: of each request its method and its body, or how long that was."""

    def __init__(self, *, keeps: bool) -> None:
        self.app: Any = None
        self.seen: list[tuple[str, bytes]] = []
        self.sizes: list[int] = []
        self._keeps = keeps

    def visitor(self, **options: Any) -> Visitor:
        return Visitor(self.app, **options)

    def begin(self, method: str) -> None:
        self.seen.append((method, b""))
        self.sizes.append(0)

    def take(self, data: bytes) -> None:
        self.sizes[-1] += len(data)
        if self._keeps:
            method, before = self.seen[-1]
            self.seen[-1] = (method, before + data)


@contextmanager
def site_of(protocol: str, policy: PrivacyPolicy, *, keeps: bool = True) -> Iterator[Site]:
    """Put the app behind an adapter for as long as the block lasts."""
    site = Site(keeps=keeps)
    if protocol == "ASGI":
        site.app = asgi.PrivacyMiddleware(_asgi_app(site), policy)
        yield site
    elif protocol == "WSGI":
        site.app = wsgi.PrivacyMiddleware(_wsgi_app(site), policy)
        yield site
    else:
        with override_settings(
            MIDDLEWARE=[OURS],
            ALPINES_PRIVACY=policy,
            ROOT_URLCONF=__name__,
            SITE=site,
            APPEND_SLASH=False,
        ):
            site.app = get_wsgi_application()
            yield site


def _asgi_app(site: Site) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        site.begin(scope["method"])
        more = True
        while more:
            message = await receive()
            assert message["type"] == "http.request", "the visitor went away"
            site.take(message.get("body", b""))
            more = message.get("more_body", False)
        fields = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": PAGE})

    return app


def _wsgi_app(site: Site) -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        site.begin(environ["REQUEST_METHOD"])
        left = int(environ.get("CONTENT_LENGTH") or 0)
        while left and (data := environ["wsgi.input"].read(min(_BLOCK, left))):
            site.take(data)
            left -= len(data)
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [PAGE]

    return app


def _view(request: HttpRequest) -> HttpResponse:
    from django.conf import settings  # noqa: PLC0415 - the test's own

    site: Site = settings.SITE
    site.begin(str(request.method))
    while data := request.read(_BLOCK):
        site.take(data)
    return HttpResponse(PAGE)


urlpatterns = [re_path(r"^.*$", _view)]
