"""The visitor: httpx2's client in front of an app, with a browser's cookies and a privacy signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin

try:
    import httpx2
except ModuleNotFoundError as error:
    if error.name != "httpx2":
        raise
    raise ModuleNotFoundError(
        "alpines_privacy.testing needs httpx2: pip install 'alpines-privacy[testing]'",
        name="httpx2",
    ) from None

from alpines_privacy import __version__
from alpines_privacy.http.heads import Field
from alpines_privacy.interface import is_asgi
from alpines_privacy.testing.asgi import ASGITransport
from alpines_privacy.testing.jar import CookieJar
from alpines_privacy.testing.response import Response
from alpines_privacy.testing.websocket import AsyncWebSocket, WebSocket
from alpines_privacy.testing.wsgi import WSGITransport

__all__ = ["AsyncVisitor", "Visitor", "visitor"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WEBSOCKET_FIELDS: list[Field] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),  # RFC 6455's own sample
]
_OPTIONS: Mapping[str, Any] = {
    "dnt": None,
    "gpc": False,
    "base_url": "http://testserver",
    "headers": None,
    "address": "127.0.0.1",
    "follow_redirects": False,
    "raise_app_exceptions": True,
    "extensions": None,
    "timeout": None,
}

if TYPE_CHECKING:
    from httpx2._client import BaseClient as _Client
else:
    _Client = object


class _Browser(_Client):
    """What a browser adds to httpx2's client: signals, its own cookie rules, its fields, its redirects."""

    def __init__(self, app: Any, **options: Any) -> None:
        if unknown := options.keys() - _OPTIONS:
            raise TypeError(
                f"visitor() has no option {min(unknown)!r}; it has {', '.join(_OPTIONS)}"
            )
        self._app, self._options = app, {**_OPTIONS, **options}
        base_url, headers = self._options["base_url"], self._options["headers"]
        home = _target(httpx2.URL(""), base_url)
        self.dnt: bool | str | None = self._options["dnt"]
        self.gpc: bool = self._options["gpc"]
        self._jar = CookieJar(str(home))
        transport: Any = ASGITransport if is_asgi(app) else WSGITransport
        self._sends = transport(app, self._options)
        super().__init__(
            transport=self._sends,  # type: ignore[call-arg]  # the client beside this class has it
            base_url=home,
            follow_redirects=self._options["follow_redirects"],
            timeout=self._options["timeout"],
            trust_env=False,
        )
        # A visitor says nothing of encodings, nor of connections, unless asked to.
        self.headers = {"accept": "*/*", "user-agent": f"alpines-privacy-visitor/{__version__}"}
        del self.headers["accept-encoding"], self.headers["connection"]
        self.headers.update(httpx2.Headers(headers, encoding="latin-1"))

    @property  # type: ignore[misc]  # it has no setter
    def cookies(self) -> CookieJar:  # type: ignore[override]  # a browser's rules in place of httpx2's
        """The cookies that the visitor has."""
        return self._jar

    def build_request(self, method: str, url: httpx2.URL | str, **options: Any) -> httpx2.Request:
        """Build a request as a browser sends it; arguments as those of httpx2.

        Fields in `headers` take the place of the visitor's own, `cookie` included; `cookies` are
        sent beside those in the jar, this once.
        """
        target = _target(self.base_url, url)
        given = httpx2.Headers(options.pop("headers", None), encoding="latin-1")
        if cookies := options.pop("cookies", None):
            given.setdefault("cookie", self._jar.header(str(target), cookies))
        request = super().build_request(method, target, headers=given, **options)
        return self._with_fields(request, self._own_fields(request))

    def _build_redirect_request(
        self, request: httpx2.Request, response: httpx2.Response
    ) -> httpx2.Request:
        """Build the request to which a redirect leads: httpx2's, as a browser sends it."""
        following = super()._build_redirect_request(request, response)
        if following.method != request.method:  # it has no body any more
            for name in ("content-type", "origin"):
                following.headers.pop(name, None)
        return self._with_fields(following, [])

    def _own_fields(self, request: httpx2.Request) -> list[Field]:
        fields: list[Field] = []
        if request.method not in _SAFE or "upgrade" in request.headers:  # apps check forgery by it
            fields.append(("origin", str(self.base_url).removesuffix("/")))
        if self.dnt is not None:
            fields.append(("dnt", str(int(self.dnt)) if isinstance(self.dnt, bool) else self.dnt))
        return [*fields, ("sec-gpc", "1")] if self.gpc else fields

    def _with_fields(self, request: httpx2.Request, fields: list[Field]) -> httpx2.Request:
        """Add fields, and the cookies of the jar, where the request has none of the name."""
        request.headers.encoding = "latin-1"
        if cookies := self._jar.header(str(request.url)):
            fields.append(("cookie", cookies))
        for name, value in fields:
            request.headers.setdefault(name, value)
        return request

    def _handshake(self, path: str, subprotocols: Sequence[str], headers: Any) -> httpx2.Request:
        if not is_asgi(self._app):
            raise TypeError("This is a WSGI app, and WSGI has no websockets")
        fields = httpx2.Headers(_WEBSOCKET_FIELDS)
        fields.update(httpx2.Headers(headers, encoding="latin-1"))
        if subprotocols:
            fields["sec-websocket-protocol"] = ", ".join(subprotocols)
        return self.build_request("GET", path, headers=fields)


@lru_cache(maxsize=16)  # an address has at most 64 KB
def _target(base: httpx2.URL, url: httpx2.URL | str) -> httpx2.URL:
    """Return the address that a link on the site leads to; raises ValueError for one of no site."""
    target = httpx2.URL(urljoin(str(base), str(url)))
    if target.scheme not in {"http", "https"} or not target.host:
        raise ValueError(f"{url!r} is no URL of a site; expected one such as https://shop.example")
    return target


class Visitor(_Browser, httpx2.Client):
    """Visits a WSGI or ASGI app, protected or not, without a server: `visitor(app, gpc=True).get("/")`.

    It is an httpx2 `Client`: its methods, their arguments and its responses are httpx2's.

    - `dnt`: True sends `DNT: 1`, False `DNT: 0`, a str is sent as it is; None sends none.
    - `gpc`: sends `Sec-GPC: 1`. Both can be changed between requests: `v.gpc = True`.
    - `base_url`: the site's origin. Over plain http a browser takes no Secure cookie (except
      from localhost), and neither does the visitor: give `https://testserver` for those.
    - `headers`: fields of every request, a mapping or pairs. `address`: the visitor's own.
    - `follow_redirects`: follow them on the site's own host.
    - `raise_app_exceptions`: let the app's exceptions reach the test; else they become a 500.
    - `extensions`: ASGI extensions in the scope, such as `{"http.response.pathsend": {}}`.
    - `timeout`: seconds in which a response ends, as `timeout=` of a request; without, it is waited for.
      Of a WSGI app the time is looked at between two chunks.

    `with visitor(app) as v:` also runs an ASGI app's lifespan; `async with` gives an `AsyncVisitor`.
    An ASGI app runs on an event loop in a thread of its own, a WSGI app in the thread of the test;
    in both, no context variable of the test's is set, and none of the app's is set after. Raises
    TypeError for an object that is no app, ValueError for a `base_url` that is no origin.
    """

    def __enter__(self) -> Self:
        self._sends.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> AsyncVisitor:
        self._together = AsyncVisitor(self._app, **self._options)
        return await self._together.__aenter__()

    async def __aexit__(self, *_: object) -> None:
        await self._together.aclose()

    def close(self) -> None:
        """End the app's lifespan, if it began, and its event loop; raises what its shutdown raises.

        The visitor can visit again.
        """
        self._sends.close()

    def get(self, url: Any, *, hang_up_after: int | None = None, **options: Any) -> Response:
        """Send a GET request; options as in httpx2.

        With `hang_up_after=2` the visitor leaves after two chunks of the body: for streams without
        end (`extensions={"hang_up_after": 2}` for other methods). Raises what the app raises;
        RuntimeError for an app that ends without a response.
        """
        options["extensions"] = {
            "hang_up_after": hang_up_after,
            **(options.get("extensions") or {}),
        }
        return super().get(url, **options)  # type: ignore[return-value]  # the transport makes it

    if TYPE_CHECKING:

        def request(self, method: str, url: Any, **options: Any) -> Response: ...
        def options(self, url: Any, **options: Any) -> Response: ...
        def head(self, url: Any, **options: Any) -> Response: ...
        def post(self, url: Any, **options: Any) -> Response: ...
        def put(self, url: Any, **options: Any) -> Response: ...
        def patch(self, url: Any, **options: Any) -> Response: ...
        def delete(self, url: Any, **options: Any) -> Response: ...
        def send(self, request: httpx2.Request, **options: Any) -> Response: ...

    def websocket(  # type: ignore[override]  # ours has the app's end too
        self, path: str, *, subprotocols: Sequence[str] = (), headers: Any = None
    ) -> WebSocket:
        """Ask for a websocket; the answer tells whether it is `accepted`, with headers and cookies.

        Raises TypeError for a WSGI app (WSGI has none), and what the app raises before it answers.
        """
        request = self._handshake(path, subprotocols, headers)
        answer: WebSocket = self._sends.connect(request, list(subprotocols))
        self._jar.extract_cookies(answer.response)
        return answer


class AsyncVisitor(_Browser, httpx2.AsyncClient):
    """The visitor of async tests, an httpx2 `AsyncClient`: `async with visitor(app, gpc=True) as v`.

    Options as those of `Visitor`. An ASGI app runs on the test's own loop, a WSGI app in a thread.
    """

    async def __aenter__(self) -> Self:
        await self._sends.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the app's lifespan, if it began; raises what its shutdown raises."""
        await self._sends.aclose()

    async def get(self, url: Any, *, hang_up_after: int | None = None, **options: Any) -> Response:
        """Send a GET request; `hang_up_after` as in `Visitor.get`."""
        options["extensions"] = {
            "hang_up_after": hang_up_after,
            **(options.get("extensions") or {}),
        }
        return await super().get(url, **options)  # type: ignore[return-value]  # the transport makes it

    if TYPE_CHECKING:

        async def request(self, method: str, url: Any, **options: Any) -> Response: ...
        async def options(self, url: Any, **options: Any) -> Response: ...
        async def head(self, url: Any, **options: Any) -> Response: ...
        async def post(self, url: Any, **options: Any) -> Response: ...
        async def put(self, url: Any, **options: Any) -> Response: ...
        async def patch(self, url: Any, **options: Any) -> Response: ...
        async def delete(self, url: Any, **options: Any) -> Response: ...
        async def send(self, request: httpx2.Request, **options: Any) -> Response: ...

    async def websocket(  # type: ignore[override]  # as above
        self, path: str, *, subprotocols: Sequence[str] = (), headers: Any = None
    ) -> AsyncWebSocket:
        """Ask for a websocket, as `Visitor.websocket` does; its methods are to be awaited."""
        request = self._handshake(path, subprotocols, headers)
        answer: AsyncWebSocket = await self._sends.aconnect(request, list(subprotocols))
        self._jar.extract_cookies(answer.response)
        return answer


visitor = Visitor
