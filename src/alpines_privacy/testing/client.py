"""The visitor: a small synchronous client with a browser's cookies and a privacy signal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from alpines_privacy import __version__
from alpines_privacy.http.heads import Field
from alpines_privacy.interface import is_asgi
from alpines_privacy.testing.asgi import ASGITransport
from alpines_privacy.testing.jar import CookieJar
from alpines_privacy.testing.request import URL, Body, FieldsLike, Request, encode_body, listed
from alpines_privacy.testing.response import Response
from alpines_privacy.testing.websocket import WebSocket
from alpines_privacy.testing.wsgi import WSGITransport

__all__ = ["Visitor"]

_MOST_REDIRECTS = 20  # as many as browsers follow
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OF_BODIES = frozenset({"content-length", "content-type", "transfer-encoding"})
_LENGTHS = frozenset({"content-length", "transfer-encoding"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WEBSOCKET_FIELDS: list[Field] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),  # RFC 6455's own sample
]


class Visitor:
    """Visits a WSGI or ASGI app, protected or not, without a server: `visitor(app, gpc=True).get("/")`.

    - `dnt`: True sends `DNT: 1`, False `DNT: 0`, a str is sent as it is; None sends none.
    - `gpc`: sends `Sec-GPC: 1`. Both can be changed between requests: `v.gpc = True`.
    - `base_url`: the site's origin. Over plain http a browser takes no Secure cookie (except
      from localhost), and neither does the visitor: give `https://testserver` for those.
    - `headers`: fields of every request, a mapping or pairs. `address`: the visitor's own.
    - `follow_redirects`: follow them on the site's own host.
    - `raise_app_exceptions`: let the app's exceptions reach the test; else they become a 500.
    - `extensions`: ASGI extensions in the scope, such as `{"http.response.pathsend": {}}`.

    `with visitor(app) as v:` also runs an ASGI app's lifespan. An ASGI app runs on an event loop in
    a thread of its own, a WSGI app in the thread of the test; in both, no context variable of the
    test's is set, and none of the app's is set after. Raises TypeError for an object that is no
    app, ValueError for a `base_url` that is no origin.
    """

    def __init__(  # noqa: PLR0913 - all by name, and each has a default
        self,
        app: Any,
        *,
        dnt: bool | str | None = None,
        gpc: bool = False,
        base_url: str = "http://testserver",
        headers: FieldsLike | None = None,
        address: str = "127.0.0.1",
        follow_redirects: bool = False,
        raise_app_exceptions: bool = True,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        self.dnt = dnt
        self.gpc = gpc
        self.home = URL(base_url)
        self.cookies = CookieJar(self.home)
        self.follow_redirects = follow_redirects
        self._headers = listed(headers)
        self._transport: ASGITransport | WSGITransport = (
            ASGITransport(app, address, extensions or {}, raises=raise_app_exceptions)
            if is_asgi(app)
            else WSGITransport(app, address, raises=raise_app_exceptions)
        )

    def __enter__(self) -> Self:
        if isinstance(self._transport, ASGITransport):
            self._transport.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the app's lifespan, if it began, and its event loop; raises what its shutdown raises."""
        if isinstance(self._transport, ASGITransport):
            self._transport.close()

    def request(  # noqa: PLR0913 - as above
        self,
        method: str,
        path: str,
        *,
        headers: FieldsLike | None = None,
        data: Mapping[str, Any] | None = None,
        json: Any = None,
        content: Body | None = None,
        follow_redirects: bool | None = None,
        hang_up_after: int | None = None,
    ) -> Response:
        """Send a request; return the complete response after the app has ended.

        `path` may hold a query, or be a whole URL: any host's requests go to the app. The body is
        a form (`data`; a list gives a field several values), a `json` value, or `content`: bytes,
        or an iterable of bytes that the app reads piece by piece. A field in `headers` takes the
        place of the visitor's own, `cookie` included. With `hang_up_after=2` the visitor leaves
        after two chunks of the body: for streams without end.

        Raises what the app raises; RuntimeError for an app that ends without a response, or for
        more than 20 redirects; TypeError for two bodies at once.
        """
        body, fields = encode_body(data, json, content)
        given = listed(headers)
        if any(name == "content-length" for name, _ in given):  # then it is no chunked body
            fields = [field for field in fields if field[0] not in _LENGTHS]
        fields += given
        request = self._request(method.upper(), self._url(path), body, fields)
        response = self._exchange(request, hang_up_after)
        if not (self.follow_redirects if follow_redirects is None else follow_redirects):
            return response
        history: list[Response] = []
        while (url := self._led_to(response)) is not None:
            history.append(response)
            if len(history) > _MOST_REDIRECTS:
                raise RuntimeError(f"More than {_MOST_REDIRECTS} redirects, the last to {url}")
            method, body, fields = _redirected(response, body, fields)
            response = self._exchange(self._request(method, url, body, fields), hang_up_after)
        response.history = history
        return response

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET request; options as in `request`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> Response:
        """Send a HEAD request; options as in `request`."""
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        """Send a POST request; options as in `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        """Send a PUT request; options as in `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Response:
        """Send a PATCH request; options as in `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Response:
        """Send a DELETE request; options as in `request`."""
        return self.request("DELETE", path, **options)

    def options(self, path: str, **options: Any) -> Response:
        """Send an OPTIONS request; options as in `request`."""
        return self.request("OPTIONS", path, **options)

    def websocket(
        self, path: str, *, subprotocols: Sequence[str] = (), headers: FieldsLike | None = None
    ) -> WebSocket:
        """Ask for a websocket; the answer tells whether it is `accepted`, with headers and cookies.

        Raises TypeError for a WSGI app (WSGI has none), and what the app raises before it answers.
        """
        if isinstance(self._transport, WSGITransport):
            raise TypeError("This is a WSGI app, and WSGI has no websockets")
        fields = [*_WEBSOCKET_FIELDS, *listed(headers)]
        if subprotocols:
            fields.append(("sec-websocket-protocol", ", ".join(subprotocols)))
        request = self._request("GET", self._url(path), b"", fields)
        answer = self._transport.connect(request, list(subprotocols))
        self._keep_cookies(answer)
        return answer

    def _url(self, path: str) -> URL:
        return URL(urljoin(str(self.home), path))

    def _request(self, method: str, url: URL, body: Body, fields: list[Field]) -> Request:
        own: list[Field] = [
            ("host", url.authority),
            ("accept", "*/*"),
            ("user-agent", f"alpines-privacy-visitor/{__version__}"),
        ]
        if method not in _SAFE or ("upgrade", "websocket") in fields:  # apps check forgery by it
            own.append(("origin", self.home.origin))
        if cookies := self.cookies.header(url):
            own.append(("cookie", cookies))
        own = _overridden([*own, *self._signals()], self._headers)
        return Request(method, url, _overridden(own, fields), body)

    def _signals(self) -> list[Field]:
        signals: list[Field] = []
        if self.dnt is not None:
            signals.append(("dnt", str(int(self.dnt)) if isinstance(self.dnt, bool) else self.dnt))
        if self.gpc:
            signals.append(("sec-gpc", "1"))
        return signals

    def _exchange(self, request: Request, hang_up_after: int | None) -> Response:
        response = self._transport.exchange(request, hang_up_after)
        self._keep_cookies(response)
        return response

    def _led_to(self, response: Response) -> URL | None:
        """Return where a redirect on the site's own host leads; None for any other response."""
        location = response.headers.get("location")
        if location is None or response.status not in _REDIRECTS:
            return None
        target = urlsplit(urljoin(response.url, location))
        here = target.scheme in {"http", "https"} and target.hostname == self.home.host
        return URL(target.geturl()) if here else None

    def _keep_cookies(self, response: Response) -> None:
        for line in response.headers.getlist("set-cookie"):
            self.cookies.receive(line, response.request.url)


def _redirected(
    response: Response, body: Body, fields: list[Field]
) -> tuple[str, Body, list[Field]]:
    """Return the request after a redirect (RFC 9110 §15.4): 307 and 308 keep method and body."""
    method = response.request.method
    turns_to_get = method != "HEAD" if response.status == 303 else method == "POST"
    if response.status in {307, 308} or not turns_to_get:
        if isinstance(body, Iterator):
            raise RuntimeError(
                f"{response.status} asks for the body again, and an iterator has none"
            )
        return method, body, fields
    kept = [field for field in fields if field[0] not in _OF_BODIES]
    return "GET", b"", kept


def _overridden(fields: list[Field], by: list[Field]) -> list[Field]:
    """Return both lists of fields; those in `by` replace fields of the same name."""
    names = {name for name, _ in by}
    return [*(field for field in fields if field[0] not in names), *by]
