"""System checks: configurations in which the policy is not kept, each with advice."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.utils.module_loading import import_string

from alpines_privacy.django.middleware import PrivacyMiddleware, configured_policy, secret_keys
from alpines_privacy.guard import guard_for
from alpines_privacy.policy import PolicyError, PrivacyPolicy, SecretKeys
from alpines_privacy.policy.secrets import MADE_BY, VARIABLE
from alpines_privacy.policy.warning import PrivacyWarning
from alpines_privacy.redaction.exporters import unhooked
from alpines_privacy.startup import declaration_hint, undeclared

__all__ = ["check_privacy"]

_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
_COOKIE = CookieStorage.cookie_name
_OURS = "alpines_privacy.django.PrivacyMiddleware"


def check_privacy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check the layer's place in MIDDLEWARE, its policy and its key (Django's system check signature)."""
    del app_configs, kwargs
    try:
        policy = configured_policy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PrivacyWarning)  # the checks say it with a hint
            guard_for(policy, app_keys=secret_keys())  # compiling finds further errors
    except PolicyError as error:
        return [
            Error(
                str(error), hint="Mend it in settings.ALPINES_PRIVACY.", id="alpines_privacy.E001"
            )
        ]
    found = [*_check_order(), *_check_exporters(policy)]
    if isinstance(policy, PrivacyPolicy):
        found += [*_check_logins(policy), *_check_key(policy)]
    return found


def _check_order() -> list[CheckMessage]:
    """Check that no middleware is before the layer: its cookies and error pages would pass unseen."""
    places = [index for index, path in enumerate(settings.MIDDLEWARE) if _is_ours(path)]
    if not places:
        return [
            Error(
                "alpines_privacy.django is installed, but its middleware is not, so the policy is not kept.",
                hint=f'Put "{_OURS}" first in MIDDLEWARE.',
                id="alpines_privacy.E002",
            )
        ]
    if places[0] > 0:
        return [
            Warning(
                f"{places[0]} middleware stand before the privacy layer, {settings.MIDDLEWARE[0]} first: the cookies "
                "they set leave whatever the visitor asked.",
                hint=f'Put "{_OURS}" first in MIDDLEWARE.',
                id="alpines_privacy.W001",
            )
        ]
    return []


def _check_exporters(policy: object) -> list[CheckMessage]:
    if isinstance(policy, PrivacyPolicy) and (policy.mode != "enforce" or policy.logs == "off"):
        return []
    return [
        Warning(
            sentence.partition(". ")[0] + ".",
            hint=sentence.partition(". ")[2],
            id="alpines_privacy.W006",
        )
        for sentence in unhooked()
    ]


def _is_ours(path: str) -> bool:
    try:
        middleware = import_string(path)
    except ImportError:
        return False  # Django itself reports it
    return isinstance(middleware, type) and issubclass(middleware, PrivacyMiddleware)


def _check_logins(policy: PrivacyPolicy) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if _SESSION in settings.MIDDLEWARE and undeclared(policy, [settings.SESSION_COOKIE_NAME]):
        found.append(
            Warning(
                f'The session cookie "{settings.SESSION_COOKIE_NAME}" is not declared necessary: visitors who send '
                "Do Not Track cannot stay signed in.",
                hint=f"Declare {declaration_hint(settings.SESSION_COOKIE_NAME)} in ALPINES_PRIVACY.",
                id="alpines_privacy.W002",
            )
        )
    if (
        _CSRF in settings.MIDDLEWARE
        and not settings.CSRF_USE_SESSIONS
        and undeclared(policy, [settings.CSRF_COOKIE_NAME])
    ):
        hint = declaration_hint(settings.CSRF_COOKIE_NAME, "Protects forms against forgery")
        found.append(
            Warning(
                f'The CSRF cookie "{settings.CSRF_COOKIE_NAME}" is not declared necessary: visitors who send Do Not '
                "Track cannot send any form.",
                hint=f"Declare {hint} in ALPINES_PRIVACY (readable_by_scripts=True if scripts read it), or set "
                "CSRF_USE_SESSIONS.",
                id="alpines_privacy.W003",
            )
        )
    if _MESSAGES in settings.MIDDLEWARE and _in_a_cookie() and undeclared(policy, [_COOKIE]):
        found.append(
            Warning(
                f'Messages are stored in the cookie "{_COOKIE}", which is not declared necessary: visitors who send '
                "Do Not Track do not see them.",
                hint=f"Declare {declaration_hint(_COOKIE, 'Shows what your last action did')} in ALPINES_PRIVACY, or "
                'set MESSAGE_STORAGE to "django.contrib.messages.storage.session.SessionStorage".',
                id="alpines_privacy.W005",
            )
        )
    return found


def _in_a_cookie() -> bool:
    """Whether messages are kept in a cookie, which is Django's default."""
    try:
        storage = import_string(settings.MESSAGE_STORAGE)
    except ImportError:
        return False  # Django itself reports it
    classes = getattr(storage, "storage_classes", (storage,))
    return any(issubclass(each, CookieStorage) for each in classes)


def _check_key(policy: PrivacyPolicy) -> list[CheckMessage]:
    """Check for a secret key: without one of ours or a strong one of Django's, each worker makes its own."""
    asks = policy.site_preference or any(signup.screen for signup in policy.signups)
    if not asks or os.environ.get(VARIABLE) or SecretKeys.derived(secret_keys()):
        return []
    return [
        Warning(
            f"{VARIABLE} is not set, and SECRET_KEY can be guessed, so no key is derived from it: what visitors "
            "chose is signed with a key that only processes of this machine share.",
            hint=f"Set {VARIABLE}, or a SECRET_KEY that is hard to guess, in the environment: {MADE_BY}",
            id="alpines_privacy.W004",
        )
    ]
