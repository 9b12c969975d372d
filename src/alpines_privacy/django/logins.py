"""Django's own word on logins: its signals tell the layer which failed and which succeeded.

They say it for every backend and every form, whatever status the view answers with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed

from alpines_privacy.http.privacy import current, request_context

__all__ = ["note_logins"]


def note_logins() -> None:
    """Listen to the signals; calling it again changes nothing."""
    user_login_failed.connect(_failed, dispatch_uid="alpines_privacy.login_failed")
    user_logged_in.connect(_succeeded, dispatch_uid="alpines_privacy.login_succeeded")


def _failed(credentials: Mapping[str, Any], **_: object) -> None:
    names = (str(value) for key, value in credentials.items() if "pass" not in key)
    current().login_failed(None if _is_named() else next(names, None))


def _succeeded(user: Any, **_: object) -> None:
    current().login_succeeded(None if _is_named() else user.get_username())


def _is_named() -> bool:
    """Tell whether the request's own fields name the account, by which it was looked up before the view."""
    context = request_context()
    return context is not None and context.login is not None and bool(context.login.accounts)
