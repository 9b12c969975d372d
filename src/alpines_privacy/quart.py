"""Quart: what `protect()` does with a Quart app. It is a Flask that speaks ASGI."""

from __future__ import annotations

from typing import Any

from werkzeug.local import LocalProxy

from alpines_privacy.asgi import PrivacyMiddleware
from alpines_privacy.guard import PolicyLike
from alpines_privacy.http.privacy import KEY, current
from alpines_privacy.startup import secret_keys, warn_of_undeclared_logins

__all__ = ["protect_quart"]


def protect_quart(app: Any, policy: PolicyLike = None) -> None:
    """Protect a Quart app in place, outside its error handling; templates see `privacy`.

    Raises `PolicyError` for a policy that cannot be used.
    """
    name = app.config["SESSION_COOKIE_NAME"]
    middleware = PrivacyMiddleware(app.asgi_app, policy, logins=[name], app_keys=secret_keys(app))
    app.asgi_app = middleware
    app.extensions[KEY] = middleware
    app.jinja_env.globals["privacy"] = LocalProxy(current)
    if app.secret_key:
        warn_of_undeclared_logins(middleware.guard, [name])
