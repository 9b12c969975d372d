"""Who is signed in: no record of their request says it, and nothing is looked up for that."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import flask
import flask_login
import pytest
from django.contrib.auth import get_user_model
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.utils.functional import SimpleLazyObject
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from alpines_privacy import Cookie, PrivacyPolicy, current, protect
from alpines_privacy.policy import LogKey, Logs
from alpines_privacy.redaction.logs.common_words import common_words
from alpines_privacy.testing import visitor
from tests.frameworks.django_site import OURS, SITE_MIDDLEWARE

FIRST, LAST, MAIL, LOGIN = "Zarqa", "Bibi-Noor", "zarqa@example.com", "zarqanoor"
HELD = {"first_name": FIRST, "last_name": LAST, "email": MAIL, "username": LOGIN}
log = logging.getLogger("tests.users")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    log.setLevel("INFO")
    yield stream
    log.removeHandler(handler)


def tell() -> None:
    log.info("profile of %s %s", FIRST, LAST)
    log.info("hello %s, alias %s", FIRST, LOGIN)
    log.info(f"mail to {MAIL}")  # noqa: G004 - as apps do


def assert_hidden(written: io.StringIO) -> None:
    said = written.getvalue()
    assert [value for value in (FIRST, LAST, MAIL, LOGIN) if value in said] == []
    assert said.startswith("profile of [NAME]")
    assert "alias [USERNAME]" in said


# --------------------------------------------------------------------------------------- Django


class _Loaded:
    """A user that was loaded: asking for more than it holds would be a query."""

    USERNAME_FIELD = "username"

    def __init__(self) -> None:
        vars(self).update(HELD)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def _view(request: HttpRequest) -> HttpResponse:
    vars(request)["_cached_user"] = _Loaded()
    tell()
    return HttpResponse("ok")


def _unasked(request: HttpRequest) -> HttpResponse:
    def ask() -> Any:
        raise AssertionError("nobody asked")

    request.user = SimpleLazyObject(ask)  # type: ignore[assignment]
    tell()
    return HttpResponse("ok")


def _nobody(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415 - a model, which needs settings

    vars(request)["_cached_user"] = AnonymousUser()
    tell()
    return HttpResponse("ok")


def _login(request: HttpRequest) -> HttpResponse:
    request.user = _Loaded()  # type: ignore[assignment]  # as `login()` does
    tell()
    return HttpResponse("ok")


urlpatterns = [
    path("login", _login),
    path("", _view),
    path("unasked", _unasked),
    path("nobody", _nobody),
]


@pytest.fixture(params=["middleware", "around the handler"])
def site(request: pytest.FixtureRequest) -> Iterator[Any]:
    is_inside = request.param == "middleware"
    middleware = [OURS, *SITE_MIDDLEWARE] if is_inside else SITE_MIDDLEWARE
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=middleware, ALPINES_PRIVACY={}):
        yield WSGIHandler() if is_inside else protect(WSGIHandler(), PrivacyPolicy())


def test_a_django_user_that_the_site_has_loaded_is_hidden(site: Any, written: io.StringIO) -> None:
    assert visitor(site).get("/").text == "ok"
    assert_hidden(written)


@pytest.mark.parametrize("where", ["/unasked", "/nobody"])
def test_nobody_is_looked_up(where: str, site: Any, written: io.StringIO) -> None:
    assert visitor(site).get(where).text == "ok"
    assert FIRST in written.getvalue()


def test_a_model_of_djangos_is_read_without_a_query() -> None:
    """A deferred column is no attribute yet; reading it would ask the database, which none is set up for."""
    user = get_user_model()(username=LOGIN, first_name=FIRST, last_name=LAST)
    del user.__dict__["email"]
    app = protect(_wsgi(lambda: current().hide_user(user)), PrivacyPolicy())
    assert visitor(app).get("/").text == "ok"


# ---------------------------------------------------------------------------------- Flask-Login


class _User(flask_login.UserMixin):  # type: ignore[misc]  # has no types
    def __init__(self) -> None:
        self.id = "7"
        self.name = f"{FIRST} {LAST}"
        self.email = MAIL
        self.username = LOGIN


def test_flask_logins_user_is_hidden_once_it_is_loaded(written: io.StringIO) -> None:
    app = flask.Flask("users")
    app.secret_key = "made up for a test"
    logins = flask_login.LoginManager(app)
    logins.user_loader(lambda _: _User())

    @app.get("/login")
    def login() -> str:
        flask_login.login_user(_User())
        return "ok"

    @app.get("/")
    def profile() -> str:
        assert flask_login.current_user.is_authenticated
        tell()
        return "ok"

    logins_of = [
        Cookie(name, purpose="Login", necessary=True) for name in ("session", "remember_token")
    ]
    client = visitor(protect(app, PrivacyPolicy(cookies=logins_of)))
    client.get("/login")
    client.get("/")
    assert_hidden(written)


# ------------------------------------------------------------------------------------ Starlette


class _Backend(AuthenticationBackend):
    async def authenticate(self, conn: HTTPConnection) -> Any:
        return AuthCredentials(), SimpleUser(LOGIN)


def test_starlettes_user_is_hidden(written: io.StringIO) -> None:
    async def profile(request: Request) -> PlainTextResponse:
        log.info("profile of %s", request.user.username)
        return PlainTextResponse("ok")

    app = Starlette(
        routes=[Route("/", profile)],
        middleware=[Middleware(AuthenticationMiddleware, backend=_Backend())],
    )
    assert visitor(protect(app, PrivacyPolicy())).get("/").text == "ok"
    assert written.getvalue() == "profile of [USERNAME]\n"


# ------------------------------------------------------------------------------------ any other


def _wsgi(view: Callable[[], None]) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        environ.update(getattr(app, "environ", {}))
        view()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    return app


class _Slotted:
    __slots__ = ("email", "first_name", "last_name", "missing", "username")

    def __init__(self) -> None:
        for name, value in HELD.items():
            setattr(self, name, value)


USERS = {
    "an object": SimpleNamespace(**HELD),
    "a mapping": HELD,
    "slots": _Slotted(),
    "a lazy object": SimpleLazyObject(lambda: None),
}
USERS["a lazy object"] = SimpleLazyObject(lambda: SimpleNamespace(**HELD))
bool(USERS["a lazy object"])  # asked by now


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_an_app_says_who_is_signed_in(user: object, written: io.StringIO) -> None:
    def view() -> None:
        current().hide_user(user)
        tell()

    visitor(protect(_wsgi(view), PrivacyPolicy())).get("/")
    assert_hidden(written)


def test_a_server_says_who_is_signed_in(written: io.StringIO) -> None:
    def view() -> None:
        log.info("profile of %s", LOGIN)

    app = _wsgi(view)
    app.environ = {"REMOTE_USER": LOGIN}
    visitor(protect(app, PrivacyPolicy())).get("/")
    assert written.getvalue() == "profile of [USERNAME]\n"


def test_a_user_name_alone(written: io.StringIO) -> None:
    def view() -> None:
        current().hide_user(LOGIN)
        log.info("profile of %s", LOGIN)

    visitor(protect(_wsgi(view), PrivacyPolicy())).get("/")
    assert written.getvalue() == "profile of [USERNAME]\n"


def test_what_the_policy_names_of_a_user_is_hidden_too(written: io.StringIO) -> None:
    def view() -> None:
        current().hide_user({"nickname": "Zakkiya", "team": "Falcons"})
        log.info("hello %s of the %s", "Zakkiya", "Falcons")

    policy = PrivacyPolicy(logs=Logs(keys=[LogKey("nickname", kind="NAME")]))
    visitor(protect(_wsgi(view), policy)).get("/")
    assert written.getvalue() == "hello [NAME] of the Falcons\n"


def test_who_is_hidden_is_hidden_in_this_request_only(written: io.StringIO) -> None:
    def view() -> None:
        log.info("hello %s", LOGIN)
        current().hide_user(LOGIN)

    app = protect(_wsgi(view), PrivacyPolicy())
    visitor(app).get("/")
    visitor(app).get("/")
    assert written.getvalue() == f"hello {LOGIN}\n" * 2


def test_of_a_user_object_that_cannot_be_read_nothing_leaves(written: io.StringIO) -> None:
    class Broken:
        @property
        def __dict__(self) -> Any:  # type: ignore[override]  # a property, to raise
            raise RuntimeError(MAIL)

    def view() -> None:
        current().hide_user(Broken())
        log.info("hello %s", FIRST)

    assert visitor(protect(_wsgi(view), PrivacyPolicy())).get("/").text == "ok"
    assert FIRST not in written.getvalue()
    assert MAIL not in written.getvalue()
    assert "withheld" in written.getvalue()


# ------------------------------------------------------------------------- hide, safe keys, words


def test_each_word_of_a_name_that_is_hidden_counts(written: io.StringIO) -> None:
    def view() -> None:
        current().hide("Zarqa Bibi", "NAME")
        log.info("hello Zarqa, of bibi; bazarqa stays, and Zarqa Bibi goes")

    visitor(protect(_wsgi(view), PrivacyPolicy())).get("/")
    expected = "hello [NAME], of [NAME]; bazarqa stays, and [NAME] goes\n"
    assert written.getvalue() == expected


def test_a_safe_key_is_safe_in_forms_too(written: io.StringIO) -> None:
    def view() -> None:
        log.info("widget %s is made", "Sprocket")

    policy = PrivacyPolicy(logs=Logs(safe_keys=["name"]))
    for chosen, expected in ((policy, "widget Sprocket"), (PrivacyPolicy(), "widget [NAME]")):
        visitor(protect(_wsgi(view), chosen)).get("/?name=Sprocket")
        assert written.getvalue().splitlines()[-1] == f"{expected} is made"


def test_a_word_that_the_apps_own_templates_say_is_no_visitors(written: io.StringIO) -> None:
    def view() -> None:
        log.info("dockerlike container %s started", 7)
        log.info("the dockerlike one is up")
        log.info("Dockerlike")

    app = protect(_wsgi(view), PrivacyPolicy())
    visitor(app).get("/?name=dockerlike")
    assert "dockerlike" not in written.getvalue()  # nobody's word yet
    visitor(app).get("/")
    assert "dockerlike" in common_words
    written.truncate(0)
    visitor(app).get("/?name=dockerlike")
    assert "the dockerlike one" in written.getvalue()
    written.truncate(0)
    visitor(app).get("/?name=Dockerlike")  # written as a name is
    assert "ockerlike" not in written.getvalue()


def test_a_template_that_shows_a_visitor_teaches_no_word(written: io.StringIO) -> None:
    def view() -> None:
        log.info(f"profile of zarqanoor, page %s", 7)  # noqa: F541, G004 - one with a value in it

    visitor(protect(_wsgi(view), PrivacyPolicy())).get("/?username=zarqanoor")
    assert "zarqanoor" not in common_words
    assert "zarqanoor" not in written.getvalue()


def test_who_signs_in_during_a_request_is_hidden_from_then_on(
    site: Any, written: io.StringIO
) -> None:
    assert visitor(site).get("/login").text == "ok"
    assert_hidden(written)


def test_who_signs_out_or_changes_stays_hidden(written: io.StringIO) -> None:
    def view() -> None:
        user = SimpleNamespace(username=LOGIN)
        current().hide_user(user)
        log.info("hello %s", LOGIN)
        user.first_name = FIRST
        current().hide_user({"last_name": LAST})
        log.info("hello %s and %s, %s", LOGIN, FIRST, LAST)

    visitor(protect(_wsgi(view), PrivacyPolicy())).get("/")
    assert written.getvalue() == "hello [USERNAME]\nhello [USERNAME] and [NAME], [NAME]\n"


def test_a_user_object_that_logs_is_asked_once(written: io.StringIO) -> None:
    class Logs(dict[str, str]):
        def keys(self) -> Any:
            log.info("asked for")
            return super().keys()

    def view() -> None:
        current().hide_user(Logs(HELD))
        log.info("hello %s", LOGIN)

    visitor(protect(_wsgi(view), PrivacyPolicy())).get("/")
    assert LOGIN not in written.getvalue()
    assert "hello [USERNAME]" in written.getvalue()


def test_a_lazy_user_is_not_asked_by_hiding_it(written: io.StringIO) -> None:
    def ask() -> Any:
        raise AssertionError("nobody asked")

    def view() -> None:
        current().hide_user(SimpleLazyObject(ask))
        log.info("hello")

    assert visitor(protect(_wsgi(view), PrivacyPolicy())).get("/").text == "ok"
    assert written.getvalue() == "hello\n"


@pytest.mark.parametrize("asked", ["/?q=zulfiqarx", "/?q=%7aulfiqarx", "/"])
def test_what_a_visitor_wrote_teaches_no_word(written: io.StringIO, asked: str) -> None:
    """Only a constant of the code that logs is a template of the app's; an f-string may hold anything."""
    wrote = "zulfiqarx"

    def view() -> None:
        log.info(f"comment {wrote} took %s", 3)  # noqa: G004 - what is tested

    def next_view() -> None:
        log.info("hi %s", wrote)

    visitor(protect(_wsgi(view), PrivacyPolicy())).get(asked)
    assert wrote not in common_words
    written.truncate(0)
    visitor(protect(_wsgi(next_view), PrivacyPolicy())).get(f"/?password={wrote}")
    assert wrote not in written.getvalue()
