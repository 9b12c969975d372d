"""A little Django site: settings, views, and how to run it under other settings.

Django has one configuration a process. Whoever imports this module first makes it; each test
lays its own settings over it with `override_settings`.
"""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from tests.frameworks.exhibit import COOKIES, GONE, PAGE

__all__ = ["OURS", "SETTINGS", "SITE_MIDDLEWARE"]

OURS = "alpines_privacy.django.PrivacyMiddleware"
SITE_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
_CONTEXT = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "alpines_privacy.django.context_processors.privacy",
]
SETTINGS: dict[str, Any] = {
    "ALLOWED_HOSTS": ["*"],
    "INSTALLED_APPS": [
        "alpines_privacy.django",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
    ],
    "MIDDLEWARE": [OURS, *SITE_MIDDLEWARE],
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],  # quick
    "ROOT_URLCONF": __name__,
    "SECRET_KEY": "made up for a test",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": _CONTEXT},
        }
    ],
    "USE_TZ": True,
}

if not settings.configured:
    settings.configure(
        **SETTINGS,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    )
    django.setup()


def home(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = 1
    response = _with_cookies(HttpResponse(PAGE))
    response.delete_cookie(GONE)
    return response


def _with_cookies(response: HttpResponse) -> HttpResponse:
    for name, value in COOKIES.items():
        response.set_cookie(name, value)
    return response


def boom(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("boom")


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _with_cookies(HttpResponse(PAGE, status=404))


def handler500(request: HttpRequest) -> HttpResponseBase:
    return _with_cookies(HttpResponse(PAGE, status=500))


urlpatterns = [
    path("", home),
    path("about", lambda _: HttpResponse(PAGE)),
    path("away", lambda _: _with_cookies(HttpResponseRedirect("/about"))),
    path("data", lambda _: JsonResponse({"ok": True})),
    path("boom", boom),
    path("admin/", admin.site.urls),
]
