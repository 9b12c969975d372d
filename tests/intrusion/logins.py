"""The same login in Flask, Django (sync and async), FastAPI and as bare apps, each as its developers write it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.test import override_settings
from django.urls import path
from fastapi import FastAPI, HTTPException
from flask import Flask, redirect, request
from pydantic import BaseModel

from alpines_privacy import PrivacyPolicy, protect
from tests.frameworks.django_site import OURS

__all__ = ["ANSWERS", "FORM", "KINDS", "RIGHT", "USERS", "Site", "login_site"]

RIGHT = "four-words-in-a-row"
USERS = frozenset({"mira", "omar"})
FORM = '<form method="post"><input name="username"><input type="password" name="password"></form>'


def is_right(name: str, password: str) -> bool:
    """Tell whether a name, in whatever case, has this password."""
    return name.strip().lower() in USERS and password == RIGHT


def flask_site() -> Any:
    app = Flask("logins")

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        form = request.form
        if request.method == "POST" and is_right(form["username"], form["password"]):
            return redirect("/home")
        return FORM

    return app


def redirecting_site() -> Any:
    app = Flask("logins")

    @app.post("/login")
    def login() -> Any:
        form = request.form
        ok = is_right(form["username"], form["password"])
        return redirect("/home" if ok else "/login?error=1")

    return app


class Credentials(BaseModel):
    """What the API is sent."""

    username: str
    password: str


def fastapi_site() -> Any:
    app = FastAPI()

    @app.post("/login")
    async def login(credentials: Credentials) -> dict[str, bool]:
        if not is_right(credentials.username, credentials.password):
            raise HTTPException(401)
        return {"ok": True}

    return app


class User:
    """A user of Django's signals, without a database."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_username(self) -> str:
        return self.name

    def save(self, **_: object) -> None:
        """Note no date of the last login."""


class Backend:
    """Django's way to tell who somebody is."""

    def authenticate(self, _: object, username: str = "", password: str = "") -> User | None:
        return User(username) if is_right(username, password) else None


def _django_login(given: HttpRequest) -> HttpResponseBase:
    name, password = given.POST.get("username", ""), given.POST.get("password", "")
    user: Any = authenticate(given, username=name, password=password)
    if user is None:
        return HttpResponse("<p>That was wrong.</p>")  # nothing but the signal tells
    user_logged_in.send(User, request=given, user=user)
    return HttpResponseRedirect("/home")


async def _django_login_async(given: HttpRequest) -> HttpResponseBase:
    return await asyncio.to_thread(_django_login, given)


urlpatterns = [path("login", _django_login), path("alogin", _django_login_async)]


class Kind(NamedTuple):
    """How a site is made, whether it takes JSON, and where it is signed in."""

    make: Callable[[], Any]
    is_json: bool = False
    path: str = "/login"
    is_django: bool = False


KINDS = {
    "flask": Kind(flask_site),
    "flask, redirecting": Kind(redirecting_site),
    "fastapi": Kind(fastapi_site, is_json=True),
    "django": Kind(WSGIHandler, is_django=True),
    "django, async": Kind(ASGIHandler, path="/alogin", is_django=True),
}
ANSWERS = frozenset({200, 302, 401, 403})  # of the sites themselves


class Site(NamedTuple):
    """A protected site, and how one signs in there."""

    app: Any
    kind: Kind

    def body(self, name: str, password: str) -> dict[str, Any]:
        form = {"username": name, "password": password}
        return {"json": form} if self.kind.is_json else {"data": form}


@contextmanager
def login_site(kind: str, policy: PrivacyPolicy) -> Iterator[Site]:
    """Make a site of a kind and protect it."""
    made = KINDS[kind]
    if not made.is_django:
        yield Site(protect(made.make(), policy), made)
        return
    with override_settings(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[OURS],
        ALPINES_PRIVACY=policy,
        AUTHENTICATION_BACKENDS=[f"{__name__}.Backend"],
    ):
        yield Site(made.make(), made)
