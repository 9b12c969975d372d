"""`protect()`: one line around any Python web app."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, TypeVar, cast

from alpines_privacy.guard import PolicyLike

__all__ = ["protect"]

AppT = TypeVar("AppT")


def protect(app: AppT, policy: PolicyLike = None) -> AppT:
    """Keep `policy` around a WSGI or ASGI app, told apart by its shape.

    `policy` is a PrivacyPolicy, a mapping of one, a callable from host to PrivacyPolicy, or None
    for the written policy, literally. A Flask, Quart, Starlette or FastAPI object is returned
    itself, protected outside its own error handling; anything else comes back in a wrapper that
    passes attributes through. Raises `PolicyError` for a policy that cannot be used, TypeError
    for an object that is no app.
    """
    for module, name, wrap in _FRAMEWORKS:
        framework = sys.modules.get(module)
        if framework is not None and isinstance(app, getattr(framework, name)):
            wrap(app, policy)
            return app
    if is_asgi(app):
        from alpines_privacy.asgi import PrivacyMiddleware as ASGIMiddleware  # noqa: PLC0415 - one of the two is needed

        return cast("AppT", ASGIMiddleware(cast("Any", app), policy))
    from alpines_privacy.wsgi import PrivacyMiddleware as WSGIMiddleware  # noqa: PLC0415 - one of the two is needed

    return cast("AppT", WSGIMiddleware(cast("Any", app), policy))


def is_asgi(app: object) -> bool:
    """Tell an ASGI app (async, or three positionals) from a WSGI app (two); TypeError for neither."""
    bare = app
    while isinstance(bare, functools.partial):
        bare = bare.func
    call = (
        bare
        if inspect.isroutine(bare) or isinstance(bare, type)
        else getattr(bare, "__call__", None)  # noqa: B004 - its kind matters, not whether there is one
    )
    if inspect.iscoroutinefunction(call):
        return True
    # Not of a wrapper as such: one that passes attributes on looks like the function it wraps.
    count = _required_positionals(app if isinstance(app, functools.partial) else call)
    if count in {2, 3}:
        return count == 3  # scope, receive, send
    raise TypeError(
        f"{type(app).__module__}.{type(app).__qualname__} object is neither an ASGI app (scope, receive, send) nor a "
        "WSGI app (environ, start_response). If it is one all the same, wrap it with "
        "alpines_privacy.asgi.PrivacyMiddleware or alpines_privacy.wsgi.PrivacyMiddleware"
    )


def _required_positionals(app: object) -> int | None:
    try:
        parameters = inspect.signature(cast("Any", app)).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return sum(p.kind in positional and p.default is p.empty for p in parameters)


def _flask(app: Any, policy: PolicyLike) -> None:
    from alpines_privacy.flask import AlpinesPrivacy  # noqa: PLC0415 - needs Flask, which is there

    AlpinesPrivacy(app, policy)


def _quart(app: Any, policy: PolicyLike) -> None:
    from alpines_privacy.quart import protect_quart  # noqa: PLC0415 - needs Quart, which is there

    protect_quart(app, policy)


def _starlette(app: Any, policy: PolicyLike) -> None:
    from alpines_privacy.starlette import protect_starlette  # noqa: PLC0415 - needs Starlette, which is there

    protect_starlette(app, policy)


# FastAPI is a Starlette. Only a framework that is imported already can have made the app.
_FRAMEWORKS = (
    ("flask", "Flask", _flask),
    ("quart", "Quart", _quart),
    ("starlette.applications", "Starlette", _starlette),
)
