"""`protect()` tells WSGI from ASGI by shape, wraps what is no framework, and refuses what is no app."""

from __future__ import annotations

import asyncio
import copy
import functools
import pickle
import re
from typing import Any
from wsgiref.validate import validator

import fastapi
import flask
import pytest
import quart
import tornado.web
from starlette.applications import Starlette
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as BaseResponse

from alpines_privacy import PolicyError, PrivacyPolicy, asgi, protect, wsgi
from alpines_privacy.interface import is_asgi


async def asgi_function(scope: Any, receive: Any, send: Any) -> None: ...


def asgi_plain(scope: Any, receive: Any, send: Any) -> Any: ...


def wsgi_function(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b""]


def wsgi_with_options(environ: Any, start_response: Any, *, debug: bool = False) -> list[bytes]:
    return []


def wsgi_with_default(environ: Any, start_response: Any, debug: bool = False) -> list[bytes]:
    return []


async def asgi_configured(config: Any, scope: Any, receive: Any, send: Any) -> None: ...


def wsgi_configured(config: Any, environ: Any, start_response: Any) -> list[bytes]:
    return []


class ASGIObject:
    name = "an app of a class"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class WSGIObject:
    name = "an app of a class"

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b""]

    def method(self, environ: Any, start_response: Any) -> list[bytes]:
        return []

    async def coroutine(self, scope: Any, receive: Any, send: Any) -> None: ...


class WSGIClass:
    """A class that is the app: each request makes an instance, which is the iterable."""

    def __init__(self, environ: Any, start_response: Any) -> None: ...


class Opaque:
    """Something that is called with one thing more than its signature tells, as compiled code is."""

    def __call__(self, first: Any, *args: Any) -> Any: ...


class Anything:
    """A wrapper that takes whatever it is given."""

    def __init__(self, app: Any = None) -> None:
        self.app = app

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.app(*args, **kwargs)


def passing_on(app: Any) -> Any:
    @functools.wraps(app)
    def call(*args: Any, **kwargs: Any) -> Any:
        return app(*args, **kwargs)

    return call


SHAPES: list[tuple[Any, bool]] = [
    (asgi_function, True),
    (asgi_plain, True),
    (ASGIObject(), True),
    (ASGIObject().__call__, True),
    (WSGIObject().coroutine, True),
    (functools.partial(asgi_configured, {}), True),
    (functools.partial(functools.partial(asgi_configured), {}), True),
    (functools.partial(ASGIObject()), True),
    (Starlette(), True),
    (fastapi.FastAPI(), True),
    (quart.Quart("shop"), True),
    (wsgi_function, False),
    (wsgi_with_options, False),
    (wsgi_with_default, False),
    (WSGIObject(), False),
    (WSGIObject().method, False),
    (WSGIClass, False),
    (functools.partial(wsgi_configured, {}), False),
    (functools.partial(wsgi_with_options, debug=True), False),
    (flask.Flask("shop"), False),
    (wsgi.PrivacyMiddleware(WSGIObject().method), False),  # passes on what a method is like
    (lambda environ, start_response: [], False),
    # What takes anything speaks what it wraps, and WSGI where that is not known.
    (Request.application(lambda request: BaseResponse("")), False),
    (LintMiddleware(wsgi_function), False),
    (validator(wsgi_function), False),
    (Anything(), False),
    (Anything(WSGIObject()), False),
    (Anything(ASGIObject()), True),
    (passing_on(wsgi_function), False),
    (passing_on(asgi_function), True),
    (passing_on(asgi_plain), True),
]


@pytest.mark.parametrize(("app", "expected"), SHAPES)
def test_an_apps_kind_is_told_by_its_shape(app: Any, expected: bool) -> None:
    assert is_asgi(app) is expected


@pytest.mark.parametrize(
    "app",
    [
        None,
        1,
        "module:app",
        [],
        {},
        object(),
        print,
        len,
        lambda: None,
        lambda a: a,
        Opaque(),
        tornado.web.Application(),
        PrivacyPolicy(),
        flask.Blueprint("b", "b"),
    ],
    ids=lambda app: type(app).__name__,
)
def test_what_is_no_app_is_refused_with_both_ways_out(app: Any) -> None:
    with pytest.raises(TypeError) as refused:
        protect(app)
    message = str(refused.value)
    assert type(app).__qualname__ in message
    assert "alpines_privacy.asgi.PrivacyMiddleware" in message
    assert "alpines_privacy.wsgi.PrivacyMiddleware" in message


class Launched:
    """An interface that starts a server of its own."""

    def __call__(self, *inputs: Any, batch_fn: bool = False) -> Any: ...

    def launch(self) -> None: ...


class Dashboard:
    """An object that keeps its app beside itself."""

    def __init__(self) -> None:
        self.server = flask.Flask("dashboard")


class Lab:
    """A program whose pages Tornado serves."""

    def __init__(self) -> None:
        self.web_app = tornado.web.Application()


@pytest.mark.parametrize(
    ("app", "says"),
    [
        (Dashboard(), "its `server` is one, pass that"),
        (Launched(), "is mounted on an app first"),
        (tornado.web.Application(), "Tornado, which speaks neither"),
        (Lab(), "Tornado, which speaks neither"),
        (lambda: None, "a function without parameters"),
        (lambda settings: None, "a function of settings"),
    ],
    ids=["an app beside it", "a server of its own", "Tornado", "on Tornado", "factory", "factory of one"],
)  # fmt: skip
def test_what_is_no_app_is_told_what_to_pass_instead(app: Any, says: str) -> None:
    with pytest.raises(TypeError, match=re.escape(says)):
        protect(app)


def test_an_opaque_app_is_wrapped_by_the_class_the_error_names() -> None:
    app = Opaque()
    assert wsgi.PrivacyMiddleware(app).app is app
    assert asgi.PrivacyMiddleware(app).app is app


@pytest.mark.parametrize("app", [WSGIObject(), ASGIObject()], ids=["WSGI", "ASGI"])
def test_a_wrapper_answers_for_the_apps_attributes(app: Any) -> None:
    wrapped = protect(app)
    assert wrapped is not app
    assert wrapped.name == "an app of a class"
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = wrapped.nothing_such


@pytest.mark.parametrize("app", [WSGIObject(), ASGIObject()], ids=["WSGI", "ASGI"])
def test_a_wrapper_keeps_the_kind_of_what_it_wraps(app: Any) -> None:
    assert is_asgi(protect(app)) is is_asgi(app)
    assert is_asgi(protect(protect(app))) is is_asgi(app)


@pytest.mark.parametrize("middleware", [wsgi.PrivacyMiddleware, asgi.PrivacyMiddleware])
def test_copying_asks_before_the_wrapper_is_made_and_gets_an_answer(middleware: Any) -> None:
    wrapped = middleware(WSGIObject())
    assert copy.copy(wrapped).app is wrapped.app
    with pytest.raises((pickle.PicklingError, TypeError, AttributeError)):
        pickle.dumps(wrapped)  # a compiled policy holds closures; what matters is: no recursion


@pytest.mark.parametrize("app", [wsgi_function, asgi_function], ids=["WSGI", "ASGI"])
@pytest.mark.parametrize("policy", ["alpines-privacy.toml", 1, PrivacyPolicy, {"cookie": []}])
def test_a_policy_that_cannot_be_used_is_refused_at_once(app: Any, policy: Any) -> None:
    with pytest.raises(PolicyError):
        protect(app, policy)


def test_partials_are_run_with_what_they_hold() -> None:
    seen: list[Any] = []

    async def app(config: str, scope: Any, receive: Any, send: Any) -> None:
        seen.append((config, scope["alpines_privacy"].signal))

    async def nothing(*_: Any) -> Any: ...

    wrapped = protect(functools.partial(app, "configured"))
    scope = {"type": "http", "path": "/", "headers": [(b"sec-gpc", b"1")]}
    asyncio.run(wrapped(scope, nothing, nothing))
    assert seen == [("configured", "Sec-GPC")]
