"""The servers behind `serve`: uvicorn for ASGI, waitress for WSGI, both on a socket of ours."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any, Self

import click

from alpines_privacy import asgi, wsgi
from alpines_privacy.cli.errors import Refusal
from alpines_privacy.http.privacy import KEY
from alpines_privacy.interface import is_asgi, refusal
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.protection import protect

__all__ = ["Listener", "serve_protected", "with_policy"]

OWN = "its own policy"


class Listener:
    """The server's listening socket, bound before the server starts.

    Raises `Refusal` for an address that cannot be bound.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        try:
            family, _, _, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            self.socket = socket.create_server(address[:2], family=family)
        except OSError as error:
            reason = (
                error.strerror
                if isinstance(error, socket.gaierror)
                else os.strerror(error.errno or 0)
            )
            raise Refusal(f"cannot listen on {_authority(host, port)}: {reason}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def url(self) -> str:
        """The address for a browser, with the port that was chosen for port 0."""
        return f"http://{_authority(self._host, self.socket.getsockname()[1])}/"


def serve_protected(
    app: Any, policy: PrivacyPolicy | None, listener: Listener, *, name: str
) -> None:
    """Serve `app`, protected by `policy`, until a signal ends it; `name` is shown to the user.

    An app that keeps a policy of its own is served as it is, unless another one is given: of two
    layers the outer one acts. Raises `Refusal` for an object that is no app, or if the server is not installed.
    """
    try:
        serves_asgi = is_asgi(app)
    except TypeError:
        raise Refusal(refusal(app, name)) from None
    app, kept = with_policy(app, policy)
    proxies = None if kept == OWN else list(policy.trusted_proxies if policy else ())
    notice = f"Serving {name} on {listener.url} with {kept} kept (Ctrl-C ends it)"
    run = _run_uvicorn if serves_asgi else _run_waitress
    run(app, proxies, listener, notice)


def with_policy(app: Any, policy: PrivacyPolicy | None) -> tuple[Any, str]:
    """Return the protected app, and its policy: the given one, else the app's own, else the literal."""
    if policy is not None:
        return protect(app, policy), "the given policy"
    if _is_protected(app):
        return app, OWN
    return protect(app), "the literal policy"


# The servers get the proxies that the policy trusts: a list, or None where the app's own policy says.


def _run_uvicorn(app: Any, proxies: list[str] | None, listener: Listener, notice: str) -> None:
    uvicorn = _server("uvicorn", "an ASGI app")

    class Server(uvicorn.Server):  # type: ignore[name-defined,misc]  # imported late
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            click.echo(notice, err=True)

    with suppress(KeyboardInterrupt):  # it ends gracefully first, then passes the signal on
        # Without trusted proxies uvicorn trusts this machine, as its users expect.
        Server(uvicorn.Config(app, forwarded_allow_ips=proxies or None)).run([listener.socket])


def _run_waitress(app: Any, proxies: list[str] | None, listener: Listener, notice: str) -> None:
    waitress = _server("waitress", "a WSGI app")
    server = waitress.create_server(
        app,
        sockets=[listener.socket],
        # Behind trusted proxies the policy reads the visitor's address, not waitress.
        clear_untrusted_proxy_headers=proxies == [],
    )
    ended: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        ended.append(number)
        raise SystemExit  # waitress finishes the current requests

    before = signal.signal(signal.SIGTERM, end)
    click.echo(notice, err=True)
    server.run()
    server.close()
    signal.signal(signal.SIGTERM, before)
    for number in ended:  # whoever sent it learns that it worked, as from uvicorn
        signal.raise_signal(number)


def _server(name: str, for_what: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise Refusal(
            f'{name}, which serves {for_what}, is not installed: pip install "alpines-privacy[serve]"'
        ) from None


def _is_protected(app: Any) -> bool:
    """Whether the app keeps a policy already, by `protect()` or by its framework's integration."""
    if isinstance(app, asgi.PrivacyMiddleware | wsgi.PrivacyMiddleware):
        return True
    if KEY in getattr(app, "extensions", ()):  # Flask, Quart
        return True
    if "starlette.applications" in sys.modules and hasattr(app, "build_middleware_stack"):
        added = [middleware.cls for middleware in app.user_middleware]
        by_protect = app.build_middleware_stack.__module__ == "alpines_privacy.starlette"
        return by_protect or asgi.PrivacyMiddleware in added
    handlers = sys.modules.get("django.core.handlers.base")
    if handlers is not None and isinstance(app, handlers.BaseHandler):
        settings = sys.modules["django.conf"].settings
        return any(path.startswith("alpines_privacy.django.") for path in settings.MIDDLEWARE)
    return False


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
