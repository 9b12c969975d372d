"""The requests and responses that are measured: as Chrome sends them, as apps answer them."""

from __future__ import annotations

import io
import json
from typing import Any

Field = tuple[str, str]

# Chrome 141 on a page of https://shop.example, behind a proxy that ended the TLS.
_CHROME: tuple[Field, ...] = (
    ("host", "shop.example"),
    ("connection", "keep-alive"),
    ("sec-ch-ua-platform", '"Linux"'),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    ),
    ("sec-ch-ua", '"Google Chrome";v="141", "Not?A_Brand";v="8", "Chromium";v="141"'),
    ("sec-ch-ua-mobile", "?0"),
    ("accept", "*/*"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", "https://shop.example/catalogue"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-GB,en;q=0.9"),
)
PLAIN = _CHROME
COOKIES = "sessionid=bq8wz1x7k5v0n3m2; _ga=GA1.1.1234567890.1760000000; theme=dark"
WITH_SIGNAL: tuple[Field, ...] = (*_CHROME, ("dnt", "1"), ("cookie", COOKIES))

JSON_BODY = json.dumps({"items": [{"id": n, "name": f"Item {n}"} for n in range(12)]}).encode()
JSON: tuple[Field, ...] = (
    ("content-type", "application/json"),
    ("content-length", str(len(JSON_BODY))),
    ("cache-control", "no-cache"),
    ("x-request-id", "01JABCDEFGHJKMNPQRSTVWXYZ0"),
)
JSON_WITH_COOKIES: tuple[Field, ...] = (
    *JSON,
    (
        "set-cookie",
        "sessionid=bq8wz1x7k5v0n3m2; expires=Mon, 07 Dec 2026 12:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/",
    ),
    (
        "set-cookie",
        "_ga=GA1.1.1234567890.1760000000; Max-Age=63072000; Domain=shop.example; Path=/",
    ),
    ("set-cookie", "theme=dark; Expires=Tue, 23 Nov 2027 12:00:00 GMT; Path=/"),
)

PAGE_BODY = b"<!doctype html><title>Shop</title><p>" + b"Twelve things to buy. " * 200
PAGE: tuple[Field, ...] = (
    ("content-type", "text/html; charset=utf-8"),
    ("content-length", str(len(PAGE_BODY))),
    ("cache-control", "no-cache"),
    ("x-request-id", "01JABCDEFGHJKMNPQRSTVWXYZ0"),
)


def raw(fields: tuple[Field, ...]) -> list[tuple[bytes, bytes]]:
    """Return fields as ASGI carries them."""
    return [(name.encode(), value.encode()) for name, value in fields]


def scope(request: tuple[Field, ...], path: str) -> dict[str, Any]:
    """Return the scope uvicorn makes of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": raw(request),
        "client": ("192.0.2.7", 51234),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def environ(request: tuple[Field, ...], path: str) -> dict[str, Any]:
    """Return the environ gunicorn makes of a request."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_PORT": "51234",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request},
    }
