"""Django's admin behind every example policy of the docs: each under a host of its own.

`policy-1.example` keeps the first policy that docs/policy.md shows; `advised-policy-1.example` keeps
it with the cookies of `policy-1.toml` in the current directory.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import django
import msgspec
from django.conf import settings
from django.contrib import admin
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.urls import path

from alpines_privacy import PrivacyPolicy
from tests.support.documented import DOCUMENTED

__all__ = ["application", "policy_of", "urlpatterns"]


@cache
def policy_of(host: str) -> PrivacyPolicy:
    """Return the policy of a host; raises KeyError for one that is nobody's."""
    name = host.removesuffix(".example")
    shown = DOCUMENTED[name.removeprefix("advised-")]
    if shown is DOCUMENTED.get(name):
        return shown
    added = PrivacyPolicy.load(Path(f"{name.removeprefix('advised-')}.toml"))
    return msgspec.structs.replace(shown, cookies=(*shown.cookies, *added.cookies))


settings.configure(
    ALLOWED_HOSTS=[".example"],
    ALPINES_PRIVACY=policy_of,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "admin.sqlite3"}},
    INSTALLED_APPS=[
        "alpines_privacy.django",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "alpines_privacy.django.PrivacyMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # quick
    ROOT_URLCONF=__name__,
    SECRET_KEY="one that nobody guesses: 5b1e7f0c9a64",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    USE_TZ=True,
)
django.setup()
call_command("migrate", verbosity=0)
urlpatterns = [path("admin/", admin.site.urls)]

# A model can be imported only once Django is set up.
from django.contrib.auth.models import User  # noqa: E402

if not User.objects.exists():
    User.objects.create_superuser("warden", "warden@example.org", "cairn-and-compass")

application = WSGIHandler()
