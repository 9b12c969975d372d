"""`assert_policy_kept` over the test clients of each framework."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import flask
import httpx
import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import re_path
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from werkzeug.test import Client as WerkzeugClient

import tests.frameworks.django_site  # noqa: F401 - it configures Django
from alpines_privacy import Cookie, PrivacyPolicy, ThirdParty, protect
from alpines_privacy.audit import assert_policy_kept, run
from alpines_privacy.audit.assertions import broken_by
from alpines_privacy.testing import visitor
from tests.support.audit_reports import KEPT_REPORT, REPORT

GOOGLE = '<script src="https://www.google-analytics.com/analytics.js"></script>'
AD = '<script src="https://pagead2.googlesyndication.com/x.js"></script>'
# What each path answers: its fields and its page.
PAGES: Mapping[str, tuple[list[tuple[str, str]], str]] = {
    "/": ([], "<title>Summit</title><p>Hello"),
    "/cookie": ([("Set-Cookie", "theme=dark; Path=/")], "<p>Hello"),
    "/vary": ([("Set-Cookie", "theme=dark"), ("Vary", "dnt, Accept"), ("Vary", "Sec-GPC")], "<p>Hello"),
    "/private": ([("Set-Cookie", "theme=dark"), ("Cache-Control", "private")], "<p>Hello"),
    "/gone": ([("Set-Cookie", "theme=; Max-Age=0")], "<p>Hello"),
    "/session": ([("Set-Cookie", "session=abc")], "<p>Hello"),
    "/tracker": ([], f"<p>Hello{GOOGLE}"),
    "/ad": ([], f"<p>Hello{AD}"),
    "/field": ([("Link", "<https://www.google-analytics.com/a.js>; rel=preload; as=script")], "<p>Hello"),
    "/referrer": ([("Referrer-Policy", "unsafe-url")], "<p>Hello"),
    "/cdn": ([], '<link rel="stylesheet" href="https://cdn.example.net/a.css">'),
}  # fmt: skip
TO = "/redirect"  # leads to /, and sets a cookie on the way


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    path = environ["PATH_INFO"]
    if path == TO:
        start_response("302 Found", [("Location", "/"), ("Set-Cookie", "theme=dark")])
        return [b""]
    fields, page = PAGES[path]
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), *fields])
    return [page.encode()]


async def _answer(request: Request) -> Response:
    if request.url.path == TO:
        answer: Response = RedirectResponse("/", 302)
        answer.set_cookie("theme", "dark")
        return answer
    fields, page = PAGES[request.url.path]
    answer = HTMLResponse(page)
    answer.raw_headers += [(name.lower().encode(), value.encode()) for name, value in fields]
    return answer


asgi_app = Starlette(routes=[Route("/{path:path}", _answer)])
flask_app = flask.Flask("summit")


@flask_app.route("/", defaults={"path": ""})
@flask_app.route("/<path:path>")
def _flask(path: str) -> flask.typing.ResponseReturnValue:
    if f"/{path}" == TO:
        answer = flask.make_response(flask.redirect("/"))
        answer.set_cookie("theme", "dark")
        return answer
    fields, page = PAGES[f"/{path}"]
    answer = flask.make_response(page)
    for name, value in fields:
        answer.headers.add(name, value)
    return answer


def _django(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    if request.path == TO:
        away = HttpResponseRedirect("/")
        away.set_cookie("theme", "dark")
        return away
    fields, page = PAGES[request.path]
    answer = (
        StreamingHttpResponse([page.encode()]) if "stream" in request.GET else HttpResponse(page)
    )
    for name, value in fields:
        if name == "Set-Cookie":
            answer.cookies.load(value)
        else:
            answer[name] = f"{answer[name]}, {value}" if name in answer else value
    return answer


urlpatterns = [re_path(r"^.*$", _django)]
DJANGO = override_settings(MIDDLEWARE=[], ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])

Get = Callable[..., Any]


@contextmanager
def django_client(kind: Any) -> Iterator[Any]:
    with DJANGO:
        yield kind()


@contextmanager
def client(name: str) -> Iterator[Get]:
    """Give a function that asks for a path with fields, and follows redirects if asked to."""
    if name == "flask":
        yield lambda path, fields, follow=False: flask_app.test_client().get(
            path, headers=fields, follow_redirects=follow
        )
    elif name == "werkzeug":
        yield lambda path, fields, follow=False: WerkzeugClient(wsgi_app).get(
            path, headers=fields, follow_redirects=follow
        )
    elif name == "django":
        with django_client(Client) as each:
            yield lambda path, fields, follow=False: each.get(path, headers=fields)
    elif name == "starlette":
        with TestClient(asgi_app) as test:
            yield lambda path, fields, follow=False: test.get(
                path, headers=fields, follow_redirects=follow
            )
    elif name == "httpx":
        transport = httpx.WSGITransport(wsgi_app)
        with httpx.Client(transport=transport, base_url="http://testserver") as http:
            yield lambda path, fields, follow=False: http.get(
                path, headers=fields, follow_redirects=follow
            )
    else:
        v = visitor(asgi_app)
        yield lambda path, fields, follow=False: v.get(
            path, headers=fields, follow_redirects=follow
        )


CLIENTS = ["flask", "werkzeug", "django", "starlette", "httpx", "visitor"]
DNT, GPC = {"DNT": "1"}, {"Sec-GPC": "1"}

# What breaks it: the path, the fields of the request, the requirements.
CASES: list[tuple[str, dict[str, str], set[str]]] = [
    ("/", {}, set()),
    ("/", DNT, set()),
    ("/cookie", {}, {"11.vary"}),
    ("/cookie", {"DNT": "0"}, {"11.vary"}),
    ("/cookie", {"Sec-GPC": "true"}, {"11.vary"}),
    ("/cookie", DNT, {"11.cookies-dnt", "11.vary"}),
    ("/cookie", {"DNT": "1xyz"}, {"11.cookies-dnt", "11.vary"}),
    ("/cookie", GPC, {"11.cookies-gpc", "11.vary"}),
    ("/cookie", {"DNT": "0", "Sec-GPC": "1"}, {"11.cookies-dnt0-gpc", "11.vary"}),
    ("/vary", {}, set()),
    ("/vary", DNT, {"11.cookies-dnt"}),
    ("/private", {}, set()),
    ("/gone", DNT, set()),
    ("/session", GPC, {"11.vary"}),
    ("/tracker", {}, {"12.trackers"}),
    ("/tracker", DNT, {"12.trackers"}),
    ("/ad", {}, set()),
    ("/ad", GPC, {"11.ads"}),
    ("/field", {}, {"12.fields"}),
    ("/referrer", {}, {"8.referrer"}),
]


@pytest.mark.parametrize("name", CLIENTS)
def test_each_clients_response_tells_the_same(name: str) -> None:
    with client(name) as get:
        for path, fields, broken in CASES:
            answer = get(path, fields)
            found = {each.requirement.id for each in broken_by(answer)}
            assert found == broken, (path, fields)
            if broken:
                with pytest.raises(AssertionError, match="the privacy policy is broken: "):
                    assert_policy_kept(answer)
            else:
                assert_policy_kept(answer)


@pytest.mark.parametrize("name", ["flask", "werkzeug", "starlette", "httpx", "visitor"])
def test_the_redirects_before_a_response_count(name: str) -> None:
    with client(name) as get:
        assert {each.requirement.id for each in broken_by(get(TO, DNT, follow=True))} == {
            "11.cookies-dnt", "11.vary",
        }  # fmt: skip


def test_what_is_declared_is_kept() -> None:
    policy = PrivacyPolicy(
        cookies=[Cookie("theme", purpose="Colours", necessary=True)],
        third_parties=[ThirdParty("cdn.example.net", purpose="Style sheets")],
    )
    with client("flask") as get:
        assert_policy_kept(get("/cookie", DNT), policy)
        assert_policy_kept(get("/cdn", {}), policy)
        found = {each.requirement.id for each in broken_by(get("/session", {}), policy)}
        assert found == {"7.cookies", "11.vary"}
        assert [v.requirement.id for v in broken_by(get("/cdn", {}), PrivacyPolicy())] == [
            "9.hosts"
        ]


def test_over_https_cookies_are_secure() -> None:
    answer = flask_app.test_client().get("/vary", base_url="https://testserver")
    assert [each.requirement.id for each in broken_by(answer)] == ["6.secure-cookies"]


@pytest.mark.parametrize("path", ["/cookie", "/tracker", "/ad", "/field"])
def test_a_protected_app_keeps_it(path: str) -> None:
    app = protect(wsgi_app, PrivacyPolicy())
    for fields in ({}, DNT, GPC):
        assert_policy_kept(WerkzeugClient(app).get(path, headers=fields))


def test_the_error_says_what_and_how_to_mend_it() -> None:
    with client("flask") as get, pytest.raises(AssertionError) as error:
        assert_policy_kept(get("/cookie", DNT))
    lines = str(error.value).splitlines()
    assert lines[:4] == [
        "the privacy policy is broken: 11.cookies-dnt, 11.vary",
        "§11 No cookie is set under DNT: 1 (11.cookies-dnt)",
        "  Set-Cookie: theme=… (Policy §11)",
        "    GET /cookie (DNT: 1)",
    ]
    assert "Flask's own `session`" in lines[4]
    assert "dark" not in str(error.value)


def test_a_streamed_response_of_django_is_read_and_given_back() -> None:
    with django_client(Client) as each:
        answer = each.get("/tracker?stream=1")
        assert {v.requirement.id for v in broken_by(answer)} == {"12.trackers"}
        assert GOOGLE in answer.getvalue().decode()


async def _asked() -> Any:
    return await AsyncClient().get("/cookie", headers=DNT)


def test_djangos_asynchronous_client_is_known_too() -> None:
    import asyncio  # noqa: PLC0415 - for this one

    with DJANGO:
        answer = asyncio.run(_asked())
    assert {v.requirement.id for v in broken_by(answer)} == {"11.cookies-dnt", "11.vary"}


def test_verdicts_and_reports_are_asserted_too() -> None:
    assert_policy_kept(KEPT_REPORT)
    assert_policy_kept(REPORT.of("1.forms"))
    assert_policy_kept(REPORT.of("12.requests"))  # unknown is not broken
    with pytest.raises(AssertionError, match=r"6\.hsts, 11\.cookies-dnt, 12\.trackers"):
        assert_policy_kept(REPORT)
    with pytest.raises(AssertionError, match=r"12\.trackers"):
        assert_policy_kept(REPORT.of("12.trackers"))
    assert_policy_kept(run(protect(wsgi_app)).of("11.cookies-dnt"))


@pytest.mark.parametrize("other", [None, "text", 200, object(), {"status": 200}, httpx.Headers()])
def test_what_is_no_response_is_a_type_error(other: object) -> None:
    with pytest.raises(TypeError, match="is no response that is known; expected one of Flask's"):
        assert_policy_kept(other)
