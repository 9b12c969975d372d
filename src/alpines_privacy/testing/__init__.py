"""A visitor for your own tests: requests to a WSGI or ASGI app, with or without a privacy signal.

from alpines_privacy.testing import visitor

def test_opted_out_visitors_get_no_cookies():
    assert visitor(app, gpc=True).get("/").plants == []
"""

from alpines_privacy.testing.client import Visitor
from alpines_privacy.testing.jar import CookieJar
from alpines_privacy.testing.response import FieldNames, Headers, Response
from alpines_privacy.testing.websocket import WebSocket, WebSocketClosed

__all__ = [
    "CookieJar",
    "FieldNames",
    "Headers",
    "Response",
    "Visitor",
    "WebSocket",
    "WebSocketClosed",
    "visitor",
]

visitor = Visitor
