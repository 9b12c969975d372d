"""Flask: `AlpinesPrivacy(app, policy)`, or `init_app` in a factory, and `privacy` in templates."""

from __future__ import annotations

from flask import Flask, g, has_app_context
from werkzeug.local import LocalProxy

from alpines_privacy.guard import PolicyLike
from alpines_privacy.http.privacy import KEY, current
from alpines_privacy.redaction.logs.users import ask_also
from alpines_privacy.startup import secret_keys, warn_of_undeclared_logins
from alpines_privacy.wsgi import PrivacyMiddleware

__all__ = ["AlpinesPrivacy"]

# The settings with the names of the session cookies of Flask and Flask-Login.
_NAMES = ("SESSION_COOKIE_NAME", "REMEMBER_COOKIE_NAME")


class AlpinesPrivacy:
    """Keeps a policy around a Flask app, outside its error handling.

    `AlpinesPrivacy(app, policy)`, or `AlpinesPrivacy(policy=policy)` and later `init_app(app)`.
    Templates see the visitor as `privacy`: `{% if privacy.allows("analytics") %}`. Raises
    `PolicyError` for a policy that cannot be used.
    """

    def __init__(self, app: Flask | None = None, policy: PolicyLike = None) -> None:
        self._policy = policy
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, policy: PolicyLike = None) -> None:
        """Protect `app`; a `policy` given here replaces the constructor's."""
        logins = {name for key in _NAMES if (name := app.config.get(key))}
        middleware = PrivacyMiddleware(
            app.wsgi_app,
            self._policy if policy is None else policy,
            logins=logins,
            app_keys=secret_keys(app),
        )
        app.wsgi_app = middleware  # type: ignore[method-assign]  # Flask's documented place for middleware
        app.extensions[KEY] = self
        ask_also(_signed_in)
        app.jinja_env.globals["privacy"] = LocalProxy(current)
        if app.secret_key:
            names = [app.config["SESSION_COOKIE_NAME"]]
            if hasattr(app, "login_manager"):  # Flask-Login's
                names.append(app.config.get("REMEMBER_COOKIE_NAME", "remember_token"))
            warn_of_undeclared_logins(middleware.guard, names)


def _signed_in() -> object | None:
    """Return the user that Flask-Login has loaded for this request, from `g`."""
    return g.get("_login_user") if has_app_context() else None
