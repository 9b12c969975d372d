"""`protect()`: one line around any Python web app."""

from __future__ import annotations

import sys
from typing import Any, TypeVar, cast

from alpines_privacy.guard import PolicyLike
from alpines_privacy.interface import is_asgi

__all__ = ["protect"]

AppT = TypeVar("AppT")


def protect(app: AppT, policy: PolicyLike = None) -> AppT:
    """Keep `policy` around a WSGI or ASGI app.

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

        return cast("AppT", ASGIMiddleware(cast("Any", app), policy, app_keys=_keys_of(app)))
    from alpines_privacy.wsgi import PrivacyMiddleware as WSGIMiddleware  # noqa: PLC0415 - one of the two is needed

    return cast("AppT", WSGIMiddleware(cast("Any", app), policy, app_keys=_keys_of(app)))


def _keys_of(app: object) -> tuple[str, ...]:
    """Return the secret keys of a Django handler, and hide its signed-in users in logs."""
    handlers = sys.modules.get("django.core.handlers.base")
    if handlers is None or not isinstance(app, handlers.BaseHandler):
        return ()
    from alpines_privacy.django.logins import note_logins  # noqa: PLC0415 - needs Django, which is there
    from alpines_privacy.django.middleware import secret_keys  # noqa: PLC0415 - needs Django, which is there
    from alpines_privacy.django.users import note_users_of  # noqa: PLC0415 - as above

    note_users_of(app)
    note_logins()
    return secret_keys()


def _flask(app: Any, policy: PolicyLike) -> None:
    from alpines_privacy.flask import AlpinesPrivacy  # noqa: PLC0415 - needs Flask, which is there

    AlpinesPrivacy(app, policy)


def _quart(app: Any, policy: PolicyLike) -> None:
    from alpines_privacy.quart import protect_quart  # noqa: PLC0415 - needs Quart, which is there

    protect_quart(app, policy)


def _starlette(app: Any, policy: PolicyLike) -> None:
    from alpines_privacy.starlette import protect_starlette  # noqa: PLC0415 - needs Starlette, which is there

    protect_starlette(app, policy)


# FastAPI is a Starlette. A framework's app has imported the framework.
_FRAMEWORKS = (
    ("flask", "Flask", _flask),
    ("quart", "Quart", _quart),
    ("starlette.applications", "Starlette", _starlette),
)
