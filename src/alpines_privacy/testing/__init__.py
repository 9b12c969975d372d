"""A visitor for your own tests: requests to a WSGI or ASGI app, with or without a privacy signal.

from alpines_privacy.testing import visitor

def test_opted_out_visitors_get_no_cookies():
    assert visitor(app, gpc=True).get("/").plants == []
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpines_privacy.lazy_names import lazy

if TYPE_CHECKING:
    from alpines_privacy.testing.client import AsyncVisitor, Visitor
    from alpines_privacy.testing.client import Visitor as visitor  # noqa: N813 - a function to its users
    from alpines_privacy.testing.jar import CookieJar
    from alpines_privacy.testing.response import FieldNames, Headers, Response
    from alpines_privacy.testing.websocket import AsyncWebSocket, WebSocket, WebSocketClosed

__all__ = [
    "AsyncVisitor",
    "AsyncWebSocket",
    "CookieJar",
    "FieldNames",
    "Headers",
    "Response",
    "Visitor",
    "WebSocket",
    "WebSocketClosed",
    "visitor",
]

_CLIENT, _RESPONSE, _WEBSOCKET = (
    f"{__name__}.{module}" for module in ("client", "response", "websocket")
)
# Imported on first use: the audit needs none of httpx2.
__getattr__ = lazy(
    __name__,
    {
        "AsyncVisitor": _CLIENT,
        "Visitor": _CLIENT,
        "visitor": _CLIENT,
        "CookieJar": f"{__name__}.jar",
        "FieldNames": _RESPONSE,
        "Headers": _RESPONSE,
        "Response": _RESPONSE,
        "AsyncWebSocket": _WEBSOCKET,
        "WebSocket": _WEBSOCKET,
        "WebSocketClosed": _WEBSOCKET,
    },
)
