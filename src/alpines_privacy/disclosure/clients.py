"""Addresses that HTTP clients ask for, seen where each client hands one request to its connections.

Those are public methods, called for each redirect too: httpx's transports, urllib3's pools (and so
requests), aiohttp's connectors. A client that is not imported is not touched, one that is imported
later is found at the next request, and a wrapper that stands around ours stays in place.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from alpines_privacy.disclosure.under_way import judge_of_request
from alpines_privacy.http.report import Notices

__all__ = ["unwrap_clients", "wrap_clients"]

_SAID = "the privacy policy refuses this address"

AddressOf: TypeAlias = "Callable[..., str]"


class _Seam(NamedTuple):
    """A client's class and method, how its arguments name an address, and the client's own error."""

    kind: str
    method: str
    address_of: AddressOf
    error: Callable[[Any], Exception]


class _Wrapped(NamedTuple):
    kind: Any
    method: str
    original: Any
    wrapper: Any


def _of_httpx(_: object, request: Any) -> str:
    return str(request.url)


def _of_urllib3(pool: Any, method: str, url: str, *_: object, **__: object) -> str:
    del method
    if url.startswith("/"):
        return f"{pool.scheme}://{pool.host}:{pool.port or ''}{url}"
    return url  # whole, for a proxy


def _of_aiohttp(_: object, request: Any, *__: object, **___: object) -> str:
    return str(request.url)


_SEAMS: dict[str, tuple[_Seam, ...]] = {
    "httpx": (
        _Seam("HTTPTransport", "handle_request", _of_httpx, lambda m: m.ConnectError(_SAID)),
        _Seam(
            "AsyncHTTPTransport", "handle_async_request", _of_httpx, lambda m: m.ConnectError(_SAID)
        ),
    ),
    "urllib3": (
        _Seam(
            "HTTPConnectionPool",
            "urlopen",
            _of_urllib3,
            lambda m: m.exceptions.ProtocolError(_SAID),
        ),
    ),
    "aiohttp": (
        _Seam("BaseConnector", "connect", _of_aiohttp, lambda m: m.ClientConnectionError(_SAID)),
    ),
}
_wrapped: dict[str, list[_Wrapped]] = {}
_lock = threading.RLock()  # the last policy may be collected while clients are being wrapped
_notices = Notices()


def wrap_clients() -> None:
    """Wrap the clients that are imported and not wrapped yet."""
    with _lock:  # two first requests at once would wrap twice, and undo one
        for name, seams in _SEAMS.items():
            if name not in _wrapped and (module := sys.modules.get(name)) is not None:
                kinds = [getattr(module, seam.kind, None) for seam in seams]
                if None not in kinds:  # not in the middle of its import
                    _wrapped[name] = [
                        _wrap(module, kind, seam) for kind, seam in zip(kinds, seams, strict=True)
                    ]


def unwrap_clients() -> None:
    """Undo each wrapper; one that another stands around passes everything on instead."""
    with _lock:
        for name in list(_wrapped):
            for each in _wrapped.pop(name):
                if vars(each.kind).get(each.method) is each.wrapper:
                    setattr(each.kind, each.method, each.original)


def _wrap(module: Any, kind: Any, seam: _Seam) -> _Wrapped:
    original = getattr(kind, seam.method)

    def check(*args: Any, **kwargs: Any) -> None:
        if (judged := judge_of_request()) is None:
            return
        judge, context = judged
        try:
            refused = judge.refuses_address(seam.address_of(*args, **kwargs), context)
        except Exception:
            _notices.failure(f"the judging of an address of {module.__name__}")
            return
        if refused:
            raise seam.error(module)

    @functools.wraps(original)
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return await original(*args, **kwargs)

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return original(*args, **kwargs)

    wrapper = call_async if inspect.iscoroutinefunction(original) else call
    setattr(kind, seam.method, wrapper)
    return _Wrapped(kind, seam.method, original, wrapper)
