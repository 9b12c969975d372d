"""Flask: the extension, its template global, and what must not change about a Flask app."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import flask
import httpx
import pytest
from werkzeug.test import EnvironBuilder

from alpines_privacy import Cookie, PolicyError, PrivacyPolicy, PrivacyWarning, current, protect
from alpines_privacy.flask import AlpinesPrivacy
from tests.frameworks.exhibit import PAGE
from tests.support.processes import free_port, program

LOGIN = Cookie("session", purpose="Keeps you signed in", necessary=True)
SIGNED_IN = PrivacyPolicy(cookies=[LOGIN])
DNT = {"DNT": "1"}
TEMPLATE = (
    '{% if privacy.allows("advertising") %}ads{% else %}no ads{% endif %}: {{ privacy.signal }}'
)


def bare_app(**config: Any) -> flask.Flask:
    app = flask.Flask("shop")
    app.config.from_mapping(config)
    return app


def with_pages(app: flask.Flask) -> flask.Flask:
    @app.get("/")
    def home() -> str:
        return flask.render_template_string(TEMPLATE)

    @app.get("/sign-in")
    def sign_in() -> flask.Response:
        flask.session["user"] = "made up"
        flask.flash("Welcome back")
        response = flask.make_response(PAGE)
        response.set_cookie("_ga", "1")
        return response

    @app.get("/account")
    def account() -> dict[str, Any]:
        return {"user": flask.session.get("user"), "messages": flask.get_flashed_messages()}

    return app


def text(app: flask.Flask, path: str = "/", **headers: str) -> str:
    with app.test_client().get(path, headers=headers) as response:
        return response.get_data(as_text=True)


def test_templates_see_the_visitor() -> None:
    app = protect(with_pages(bare_app()))
    assert text(app) == "ads: None"
    assert text(app, DNT="1") == "no ads: DNT"


def test_templates_see_an_opted_out_visitor_outside_a_request() -> None:
    app = protect(bare_app())
    with app.app_context():
        assert flask.render_template_string(TEMPLATE) == "no ads: default"


def test_a_global_in_a_macro_asks_for_the_request_under_way() -> None:
    app = protect(bare_app())
    app.jinja_env.from_string("")  # the environment is made once, its global looks each time

    @app.get("/")
    def home() -> str:
        macro = "{% macro m() %}{{ privacy.opted_out }}{% endmacro %}{{ m() }}"
        return flask.render_template_string(macro)

    assert (text(app), text(app, DNT="1"), text(app)) == ("False", "True", "False")


@pytest.mark.parametrize("place", ["constructor", "init_app", "both"])
def test_an_extension_is_made_before_its_app_or_with_it(place: str) -> None:
    app = with_pages(bare_app(SECRET_KEY="made up"))
    match place:
        case "constructor":
            extension = AlpinesPrivacy(policy=SIGNED_IN)
            extension.init_app(app)
        case "init_app":
            extension = AlpinesPrivacy()
            extension.init_app(app, SIGNED_IN)
        case _:
            extension = AlpinesPrivacy(policy={"mode": "off"})
            extension.init_app(app, SIGNED_IN)
    assert app.extensions["alpines_privacy"] is extension
    with app.test_client().get("/sign-in", headers=DNT) as response:
        cookies = response.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["session"]


def test_one_extension_protects_several_apps() -> None:
    extension = AlpinesPrivacy(policy=SIGNED_IN)
    apps = [with_pages(bare_app(SECRET_KEY=key)) for key in ("one", "two")]
    for app in apps:
        extension.init_app(app)
        with app.test_client().get("/sign-in", headers=DNT) as response:
            assert len(response.headers.getlist("Set-Cookie")) == 1


def test_a_policy_may_be_a_mapping_and_a_wrong_one_is_refused_at_once() -> None:
    AlpinesPrivacy(bare_app(), {"keep_logins": "always"})
    with pytest.raises(PolicyError, match="keep_logins"):
        AlpinesPrivacy(bare_app(), {"keep_logns": "always"})


@pytest.mark.parametrize(
    ("config", "policy", "warned"),
    [
        ({"SECRET_KEY": "k"}, None, '"session"'),
        ({"SECRET_KEY": "k", "SESSION_COOKIE_NAME": "basket"}, None, '"basket"'),
        ({"SECRET_KEY": "k", "SESSION_COOKIE_NAME": "basket"}, SIGNED_IN, '"basket"'),
        ({"SECRET_KEY": "k"}, SIGNED_IN, ""),
        ({}, None, ""),  # without a key there is no session
        ({"SECRET_KEY": "k"}, PrivacyPolicy(keep_logins="always"), ""),
        ({"SECRET_KEY": "k"}, PrivacyPolicy(mode="report"), ""),
    ],
)
def test_a_session_nobody_declared_is_told_of_at_start_up(
    config: dict[str, str], policy: PrivacyPolicy | None, warned: str
) -> None:
    if not warned:
        protect(bare_app(**config), policy)  # warnings are errors
        return
    with pytest.warns(PrivacyWarning, match=f"{warned} is not declared necessary.*Cookie"):
        protect(bare_app(**config), policy)


def test_login_cookies_are_told_of_at_once_and_at_the_apps_own_line() -> None:
    app = bare_app(SECRET_KEY="k")
    app.login_manager = object()  # type: ignore[attr-defined]  # as Flask-Login notes itself
    with pytest.warns(PrivacyWarning) as warned:
        protect(app)
    (only,) = warned
    assert only.filename == __file__
    assert 'The login cookies "session" and "remember_token" are not declared' in str(only.message)
    assert 'Cookie("remember_token", purpose=' in str(only.message)


@pytest.mark.filterwarnings("ignore:The session cookie")
def test_the_session_under_its_configured_name_stays_under_gpc() -> None:
    app = with_pages(bare_app(SECRET_KEY="made up", SESSION_COOKIE_NAME="basket"))
    with protect(app).test_client().get("/sign-in", headers={"Sec-GPC": "1"}) as response:
        cookies = response.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["basket"]


def test_session_and_flash_work_under_dnt_once_the_session_is_declared() -> None:
    client = protect(with_pages(bare_app(SECRET_KEY="made up")), SIGNED_IN).test_client()
    client.get("/sign-in", headers=DNT).close()
    with client.get("/account", headers=DNT) as response:
        assert response.json == {"user": "made up", "messages": ["Welcome back"]}


def test_the_frameworks_own_error_pages_are_covered() -> None:
    app = protect(bare_app())

    @app.get("/boom")
    def boom() -> str:
        raise RuntimeError("boom")

    for path, status in (("/nowhere", 404), ("/boom", 500)):
        with app.test_client().get(path) as response:
            assert response.status_code == status
            assert response.headers["Vary"] == "DNT, Sec-GPC"


def test_the_apps_exception_passes_where_flask_lets_it_pass() -> None:
    app = protect(bare_app(TESTING=True))

    @app.get("/boom")
    def boom() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/boom")
    assert not current()


def test_a_stream_is_sent_chunk_by_chunk_inside_the_visit() -> None:
    app = protect(bare_app())
    made: list[str] = []

    @app.get("/stream")
    def stream() -> flask.Response:
        def chunks() -> Iterator[str]:
            for number in ("one", "two"):
                made.append(number)
                yield f"{number} {current().signal} {flask.request.path};"

        return flask.Response(flask.stream_with_context(chunks()), mimetype="text/html")

    response = app.test_client().get("/stream", headers=DNT)
    received = response.iter_encoded()
    assert made == ["one"]  # the client asks for the first chunk, to have the head
    assert next(received) == b"one DNT /stream;"
    assert made == ["one"]
    assert list(received) == [b"two DNT /stream;"]
    response.close()
    assert not current()


def test_a_file_goes_to_the_server_in_the_servers_own_wrapper() -> None:
    app = protect(bare_app())

    @app.get("/file")
    def file() -> flask.Response:
        return flask.send_file(io.BytesIO(b"col,umn"), mimetype="text/csv")

    environ = EnvironBuilder("/file").get_environ() | {"wsgi.file_wrapper": FileWrapper}
    start_response: Any = lambda *_: None  # noqa: E731 - the server's, which does not matter here
    body = app.wsgi_app(environ, start_response)
    assert isinstance(body, FileWrapper)
    body.close()
    assert "alpines_privacy" not in environ


def test_the_object_stays_a_flask_app() -> None:
    app = bare_app()
    assert protect(app) is app
    assert isinstance(app, flask.Flask)


def test_protecting_twice_acts_once() -> None:
    app = protect(protect(with_pages(bare_app()), SIGNED_IN), SIGNED_IN)
    with app.test_client().get("/") as response:
        assert response.headers.getlist("Vary") == ["DNT, Sec-GPC"]


MODULE = """
from flask import Flask
from alpines_privacy import protect

app = Flask(__name__)

@app.get("/")
def home():
    return "<title>Home</title>"

app = protect(app)
"""


@pytest.mark.parametrize("name", ["app", "application", "shop"])
def test_the_flask_command_finds_and_runs_the_app(tmp_path: Path, name: str) -> None:
    module = MODULE if name == "app" else f"{MODULE}\n{name} = app\ndel app\n"
    (tmp_path / "shop.py").write_text(module, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", "shop", "run", "--port", str(port)]
    with program(command, port, tmp_path):
        answer = httpx.get(f"http://127.0.0.1:{port}/", headers=DNT)
    assert (answer.text, answer.headers["tk"]) == ("<title>Home</title>", "N")
