"""The machine that plays a visitor: green where the policy is kept, red for each defence that is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, ClassVar

import pytest
from flask import Flask, redirect, request, session
from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from alpines_privacy import Cookie, PrivacyPolicy, Signup, ThirdParty, protect
from alpines_privacy.cookies import Cookies
from alpines_privacy.headers import Headers
from alpines_privacy.policy.age import AgeRule
from alpines_privacy.signups import signups
from alpines_privacy.signups.tokens import Tokens
from alpines_privacy.testing.machine import Form, VisitorMachine
from alpines_privacy.trackers.responses import TrackersInResponses
from tests.support.secret_keys import KEY

POLICY = PrivacyPolicy(
    cookies=[
        Cookie("theme", purpose="Keeps the page dark", necessary=True),
        Cookie("session", purpose="Keeps you signed in", necessary=True),
    ],
    third_parties=[ThirdParty("www.googletagmanager.com", purpose="Counts visits")],
    signups=[
        Signup("/register", birth_date="dob"),
        Signup("/clubs/{club}/join", birth_date=("year", "month", "day")),
        Signup("/join", screen=True),
    ],
)
PAGE = """<!doctype html><title>Shop</title><a href="/about">About</a>
<script src="https://www.googletagmanager.com/gtm.js?id=GTM-A"></script>
<script src="https://static.hotjar.com/c/hotjar-1.js"></script>"""
FIELDS = {"name": "Ayesha Khan", "email": "ayesha@example.com"}


class Visited(VisitorMachine):
    """What both apps have."""

    policy = POLICY
    paths = ("/", "/about", "/missing", "/join")
    login = Form("/login", {"name": "ayesha", "password": "mountain-lake"})
    logout = "/logout"
    forms: ClassVar = {"/register": FIELDS, "/join": FIELDS}

    def __init__(self) -> None:
        self.born: list[date] = []
        super().__init__()

    def births(self) -> Iterable[date]:
        return self.born


def birth_in(fields: Any) -> date:
    if "dob" in fields:
        return date.fromisoformat(fields["dob"])
    if "year" in fields:
        return date(*(int(fields[name]) for name in ("year", "month", "day")))
    return date(1990, 5, 17)  # asked by the layer


class FlaskShop(Visited):
    def bare(self) -> Flask:
        app = Flask(__name__)
        app.secret_key = "made up for a test"

        @app.get("/")
        @app.get("/about")
        @app.get("/join")
        def page() -> Any:
            response = app.make_response(PAGE)
            response.set_cookie("_ga", "GA1.1.1", max_age=31_536_000)
            response.set_cookie("theme", "dark")
            response.set_etag("1")
            return response.make_conditional(request)

        @app.post("/login")
        def login() -> Any:
            if request.form["password"] != "mountain-lake":
                return PAGE, 401
            session["name"] = request.form["name"]
            return redirect("/", 303)

        @app.post("/logout")
        def logout() -> Any:
            session.clear()
            return redirect("/", 303)

        @app.post("/register")
        @app.post("/clubs/x/join")
        @app.post("/join")
        def register() -> Any:
            self.born.append(birth_in(request.form or request.get_json()))
            return redirect("/", 303)

        return app

    def app(self) -> Any:
        return protect(self.bare(), POLICY)


class StarletteShop(Visited):
    def bare(self) -> Starlette:
        async def page(_: Request) -> Response:
            response = HTMLResponse(PAGE)
            response.set_cookie("_ga", "GA1.1.1", max_age=31_536_000)
            response.set_cookie("theme", "dark")
            return response

        async def login(http: Request) -> Response:
            form = await http.form()
            if form["password"] != "mountain-lake":
                return PlainTextResponse("No", 401)
            http.session["name"] = form["name"]
            return RedirectResponse("/", 303)

        async def logout(http: Request) -> Response:
            http.session.clear()
            return RedirectResponse("/", 303)

        async def register(http: Request) -> Response:
            is_json = http.headers["content-type"] == "application/json"
            self.born.append(birth_in(await http.json() if is_json else await http.form()))
            return PlainTextResponse("Welcome", 201)

        signups = ("/register", "/clubs/{club}/join", "/join")
        return Starlette(
            routes=[
                *(Route(path, page) for path in ("/", "/about", "/join")),
                Route("/login", login, methods=["POST"]),
                Route("/logout", logout, methods=["POST"]),
                *(Route(path, register, methods=["POST"]) for path in signups),
            ],
            middleware=[Middleware(SessionMiddleware, secret_key="made up for a test")],
        )

    def app(self) -> Any:
        return protect(self.bare(), POLICY)


SHOPS = (FlaskShop, StarletteShop)
KEPT = settings(max_examples=25, stateful_step_count=25, derandomize=True, database=None)
BROKEN = settings(
    KEPT, max_examples=200, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False
)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)


@pytest.mark.parametrize("shop", SHOPS)
def test_a_protected_app_keeps_the_policy_whatever_a_visitor_does(
    shop: type[RuleBasedStateMachine],
) -> None:
    run_state_machine_as_test(shop, settings=KEPT)


def nothing(*_: object) -> None:
    """Do nothing, in place of a defence."""


def broken(*_: object) -> None:
    raise ZeroDivisionError


def lenient(rule: AgeRule, birth: Any) -> bool | None:
    return AgeRule.allows_age(rule, rule.today().year - birth.latest.year)


# A defence, what stands in its place, and what is said of it.
DROPPED: dict[str, tuple[type[Any], str, Callable[..., Any], str]] = {
    "cookies": (Cookies, "response", nothing, r"the cookie '\w+' is set under a signal"),
    "trackers": (TrackersInResponses, "response", nothing, "<script> loads"),
    "Vary": (Headers, "response", nothing, "Vary does not name DNT and Sec-GPC"),
    "signups": (signups.Signups, "request", nothing, "took a"),
    "the age": (AgeRule, "allows", lambda *_: True, "took a child's account|belong to children"),
    "the birthday": (AgeRule, "allows", lenient, "§13"),
    "the lock": (Tokens, "is_locked", lambda *_: False, "a browser that was refused before"),
    "the pass": (Tokens, "has_passed", lambda *_: True, "without asking the age"),
    "no exceptions": (Headers, "response", broken, "A defect in .*ZeroDivisionError"),
}  # fmt: skip


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("name", DROPPED)
def test_a_dropped_defence_turns_the_machine_red(
    monkeypatch: pytest.MonkeyPatch, name: str, shop: type[RuleBasedStateMachine]
) -> None:
    owner, method, instead, says = DROPPED[name]
    monkeypatch.setattr(owner, method, instead)
    with pytest.raises(AssertionError, match=says):
        run_state_machine_as_test(shop, settings=BROKEN)


@pytest.mark.parametrize("shop", SHOPS)
def test_a_bare_app_turns_it_red(shop: type[Visited]) -> None:
    class Bare(shop):  # type: ignore[valid-type, misc]  # each of the two
        def app(self) -> Any:
            return self.bare()

    with pytest.raises(AssertionError, match="§"):
        run_state_machine_as_test(Bare, settings=BROKEN)


def test_what_an_app_raises_turns_it_red() -> None:
    class Raising(VisitorMachine):
        def app(self) -> Any:
            def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
                raise LookupError("the app's own")

            return protect(app)

    with pytest.raises(LookupError, match="the app's own"):
        run_state_machine_as_test(Raising, settings=BROKEN)


def test_a_machine_without_an_app_says_so() -> None:
    with pytest.raises(NotImplementedError, match="VisitorMachine makes no app"):
        VisitorMachine()
