"""Readers of forwarding fields inside the layer: ProxyFix, its like, and Django.

Operators configure their trust in such software: a number of hops, addresses, a setting. Its result is
the app's scheme, host and visitor, so it is the layer's too. The middleware itself is called: a copy,
around an app that only notes its environ or scope, gets the forwarding fields of the request and
nothing else.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from alpines_privacy.http.heads import Asked, Reader, RequestHead

__all__ = ["FIELDS", "NOTHING", "Inside", "read_as_django"]

FIELDS = (
    "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix",
)  # fmt: skip

# Middleware that reads those fields, by protocol. Only a module that is imported already can be
# in use.
_WSGI = (("werkzeug.middleware.proxy_fix", "ProxyFix"),)
_ASGI = (
    ("uvicorn.middleware.proxy_headers", "ProxyHeadersMiddleware"),
    ("hypercorn.middleware.proxy_fix", "ProxyFixMiddleware"),
)
_DJANGO = (("django.core.handlers.base", "BaseHandler"),)

# Attributes under which a middleware keeps the app it wraps, and a framework its own.
_WRAPPED = ("app", "wsgi_app", "asgi_app", "application")
_DEEPEST = 100  # apps around one another


class Inside:
    """The app inside the layer, searched for software that reads forwarding fields."""

    __slots__ = ("_app", "_readers")

    def __init__(self, app: object) -> None:
        self._app = app
        self._readers: tuple[Reader, ...] | None = None

    @property
    def readers(self) -> tuple[Reader, ...]:
        """The readers between layer and app, the outermost first; searched for once, on first use."""
        if self._readers is None:
            found = map(_reader, islice(_wrapped(self._app), _DEEPEST))
            self._readers = tuple(reader for reader in found if reader is not None)
        return self._readers


NOTHING = Inside(None)


def _wrapped(app: object) -> Iterator[object]:
    """Yield an app and the apps it wraps."""
    while app is not None:
        yield app
        app = next(filter(callable, (_attribute(app, name) for name in _WRAPPED)), None)


def _attribute(app: object, name: str) -> object:
    with suppress(Exception):  # what an app's __getattr__ raises is no concern of ours
        return getattr(app, name, None)
    return None


def _reader(app: object) -> Reader | None:
    """Return the reader of an app; None for one that does not read the fields or cannot be copied."""
    with suppress(Exception):  # an app may forbid to be copied
        if _is_one_of(app, _WSGI):
            return _read_by_wsgi(_noting(app, _note))
        if _is_one_of(app, _ASGI):
            return _read_by_asgi(_noting(app, _note_async))
        return read_as_django if _is_one_of(app, _DJANGO) else None
    return None


def _is_one_of(app: object, kinds: tuple[tuple[str, str], ...]) -> bool:
    classes = (getattr(sys.modules.get(module), name, None) for module, name in kinds)
    return isinstance(app, tuple(cls for cls in classes if isinstance(cls, type)))


def _noting(middleware: Any, note: Callable[..., Any]) -> Any:
    """Return a copy of a middleware around another app."""
    copied = copy.copy(middleware)
    copied.app = note
    return copied


def _note(environ: dict[str, Any], note: Callable[[Any], object]) -> object:
    """Pass the environ to `note`: an app that does nothing else."""
    return note(environ)


async def _note_async(scope: Any, _: object, note: Callable[[Any], Any]) -> None:
    """Pass the scope to `note`: an app that does nothing else."""
    await note(scope)


def _read_by_wsgi(middleware: Callable[..., object]) -> Reader:
    def read(head: RequestHead, asked: Asked) -> Asked:
        environ: dict[str, Any] = {
            "HTTP_" + name.replace("-", "_").upper(): ",".join(values)
            for name in FIELDS
            if (values := head.values(name))
        }
        if not environ:
            return asked
        environ |= {"REMOTE_ADDR": asked.peer, "wsgi.url_scheme": asked.scheme}
        environ |= {"HTTP_HOST": asked.authority, "SERVER_NAME": "", "SERVER_PORT": ""}
        environ["SCRIPT_NAME"] = asked.mount
        noted: list[dict[str, Any]] = []
        middleware(environ, noted.append)
        found = noted[0]
        keys = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME")
        return Asked(*(found[name] for name in keys))

    return read


def _read_by_asgi(middleware: Callable[..., Any]) -> Reader:
    def read(head: RequestHead, asked: Asked) -> Asked:
        fields = [
            (name.encode(), v.encode("latin-1")) for name in FIELDS for v in head.values(name)
        ]
        if not fields:
            return asked
        fields.append((b"host", asked.authority.encode("latin-1")))
        peer = (asked.peer, 0) if asked.peer else None
        scope = {"type": head.kind, "scheme": asked.scheme, "client": peer, "headers": fields}
        noted: list[dict[str, Any]] = []

        async def note(scope: dict[str, Any]) -> None:
            noted.append(scope)

        _run(middleware(scope, None, note))
        found = noted[0]
        host = next(value for name, value in found["headers"] if name == b"host")
        client = found["client"] or ("",)
        return Asked(client[0], found["scheme"], host.decode("latin-1"), asked.mount)

    return read


def _run(coroutine: Any) -> None:
    """Run a coroutine that never suspends."""
    with suppress(StopIteration):
        coroutine.send(None)
    coroutine.close()


def read_as_django(head: RequestHead, asked: Asked) -> Asked:
    """Read a request as Django does, by its settings.

    `SECURE_PROXY_SSL_HEADER` tells the scheme, `USE_X_FORWARDED_HOST` the host, if `ALLOWED_HOSTS`
    has it, `FORCE_SCRIPT_NAME` the mount point. Django's own code decides, so hosts it refuses do not count.
    """
    settings = sys.modules["django.conf"].settings
    if settings.FORCE_SCRIPT_NAME is not None:
        asked = asked._replace(mount=settings.FORCE_SCRIPT_NAME)
    header, host = settings.SECURE_PROXY_SSL_HEADER, settings.USE_X_FORWARDED_HOST
    if not (header or host):
        return asked
    names = ["X_FORWARDED_HOST", *([header[0].removeprefix("HTTP_")] if header else ())]
    meta = {"HTTP_HOST": asked.authority, "SERVER_NAME": "", "SERVER_PORT": "80"}
    for name in names:
        if values := head.values(name.replace("_", "-").lower()):
            meta["HTTP_" + name] = ",".join(values)
    request = sys.modules["django.http"].HttpRequest()
    request.META, request._get_scheme = meta, lambda: asked.scheme  # noqa: SLF001 - Django's place for a server's
    is_told = host and "HTTP_X_FORWARDED_HOST" in meta
    authority = _host_of(request) if is_told else asked.authority
    return asked._replace(scheme=request.scheme, authority=authority)


def _host_of(request: Any) -> str:
    """Return the host by Django's rules; that of the Host field if Django refuses the proxy's."""
    disallowed = sys.modules["django.core.exceptions"].DisallowedHost
    try:
        return str(request.get_host())
    except disallowed:
        return str(request.META["HTTP_HOST"])
