"""Starlette, and so FastAPI: protection outside ServerErrorMiddleware, and `privacy` in templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection

from alpines_privacy.asgi import PrivacyMiddleware
from alpines_privacy.guard import Guard, HostGuards, PolicyLike, guard_for
from alpines_privacy.http.privacy import KEY, Privacy, current
from alpines_privacy.startup import warn_of_undeclared_logins

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

__all__ = ["privacy_of", "protect_starlette", "template_context"]


def protect_starlette(app: Starlette, policy: PolicyLike = None) -> None:
    """Protect a Starlette or FastAPI app in place, its own error pages included.

    The framework builds its middleware at the first request; then the layer goes around all of it.
    Raises `PolicyError` for a policy that cannot be used.
    """
    names = _session_cookies(app)
    guard = guard_for(policy, names)
    build = app.build_middleware_stack

    def build_protected() -> ASGIApp:
        return _around(build(), app, policy, guard, names)

    app.build_middleware_stack = build_protected  # type: ignore[method-assign]  # only a method can be wrapped late
    if app.middleware_stack is not None:
        app.middleware_stack = _around(app.middleware_stack, app, policy, guard, names)


def privacy_of(connection: HTTPConnection) -> Privacy:
    """Return the visitor's privacy of a request or websocket; outside the layer, the opted-out one."""
    found = connection.scope.get(KEY)
    return found if isinstance(found, Privacy) else current()


def template_context(request: Request) -> dict[str, Any]:
    """Give templates `privacy`: `Jinja2Templates(..., context_processors=[template_context])`."""
    return {"privacy": privacy_of(request)}


def _session_cookies(app: Starlette) -> list[str]:
    """Return the cookie names of the app's session middlewares."""
    return [
        str(middleware.kwargs.get("session_cookie", "session"))
        for middleware in app.user_middleware
        if isinstance(middleware.cls, type) and issubclass(middleware.cls, SessionMiddleware)
    ]


def _around(
    stack: ASGIApp, app: Starlette, policy: PolicyLike, guard: Guard | HostGuards, known: list[str]
) -> ASGIApp:
    """Return the layer around a framework's middleware, with a new guard if it has new session cookies."""
    names = _session_cookies(app)
    if set(names) - {"session", *known}:
        guard = guard_for(policy, names)
    warn_of_undeclared_logins(guard, names)
    return PrivacyMiddleware(stack, guard)
