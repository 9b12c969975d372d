"""Django with its own middleware, and Django's applications wrapped from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import AsyncClient, Client, override_settings

from alpines_privacy import protect
from tests.frameworks.django_site import OURS, SETTINGS, SITE_MIDDLEWARE
from tests.frameworks.exhibit import Exhibit, Reply
from tests.frameworks.exhibits_asgi import from_httpx
from tests.frameworks.exhibits_wsgi import from_werkzeug

__all__ = ["EXHIBITS", "site", "under"]


def under(**settings: Any) -> override_settings:
    """Lay the site's settings, and these, over whatever Django was configured with first."""
    return override_settings(**SETTINGS | settings)


def site(handler: type, policy: Any = None, *, middleware: bool = True, **settings: Any) -> Any:
    """Make a handler or a test client of Django's whose middleware is loaded under these settings."""
    stack = [OURS, *SITE_MIDDLEWARE] if middleware else SITE_MIDDLEWARE
    with under(MIDDLEWARE=stack, ALPINES_PRIVACY=policy, **settings):
        if handler in {Client, AsyncClient}:
            client = handler(raise_request_exception=False)
            client.handler.load_middleware(is_async=handler is AsyncClient)
            return client
        return handler()


def from_client(client: Client, path: str, headers: Mapping[str, str]) -> Reply:
    client.cookies.clear()
    with under():
        return _reply(client.get(path, headers=dict(headers)))


def from_async_client(client: AsyncClient, path: str, headers: Mapping[str, str]) -> Reply:
    client.cookies.clear()
    with under():
        return _reply(asyncio.run(client.get(path, headers=dict(headers))))


def _reply(response: Any) -> Reply:
    cookies = [("set-cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    return Reply.of(response.status_code, [*response.items(), *cookies], response.content)


def _wsgi(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    with under():
        return from_werkzeug(app, path, headers)


def _asgi(app: Any, path: str, headers: Mapping[str, str]) -> Reply:
    with under():
        return from_httpx(app, path, headers)


def _with_middleware(handler: type) -> Any:
    return lambda _, policy: site(handler, policy)


def _bare(handler: type) -> Any:
    return lambda: site(handler, middleware=False)


EXHIBITS = [
    Exhibit(
        "Django's middleware, by its client",
        _bare(Client),
        from_client,
        session="sessionid",
        protect=_with_middleware(Client),
    ),
    Exhibit(
        "Django's middleware, by its async client",
        _bare(AsyncClient),
        from_async_client,
        session="sessionid",
        protect=_with_middleware(AsyncClient),
    ),
    Exhibit(
        "Django's middleware over WSGI",
        _bare(WSGIHandler),
        _wsgi,
        session="sessionid",
        protect=_with_middleware(WSGIHandler),
    ),
    Exhibit(
        "Django's middleware over ASGI",
        _bare(ASGIHandler),
        _asgi,
        session="sessionid",
        protect=_with_middleware(ASGIHandler),
    ),
    Exhibit("Django wrapped over WSGI", _bare(WSGIHandler), _wsgi, session="sessionid"),
    Exhibit("Django wrapped over ASGI", _bare(ASGIHandler), _asgi, session="sessionid"),
    Exhibit(
        "Django's middleware inside protect(), over WSGI",
        _bare(WSGIHandler),
        _wsgi,
        session="sessionid",
        protect=lambda _, policy: protect(site(WSGIHandler, policy), policy),
    ),
    Exhibit(
        "Django's middleware inside protect(), over ASGI",
        _bare(ASGIHandler),
        _asgi,
        session="sessionid",
        protect=lambda _, policy: protect(site(ASGIHandler, policy), policy),
    ),
]
