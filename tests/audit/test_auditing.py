"""Audits of whole apps: in process and over the network, protected and not, of every kind of interface."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest
from fastapi import FastAPI
from flask import Flask
from litestar import Litestar
from starlette.applications import Starlette

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.asgi import PrivacyMiddleware as ASGIMiddleware
from alpines_privacy.audit import AuditError, Options, Report, run
from alpines_privacy.audit.apps import known
from alpines_privacy.audit.fetching.network import OneHost
from alpines_privacy.policy.warning import PrivacyWarning
from alpines_privacy.wsgi import PrivacyMiddleware
from tests.audit.whole import POLICY, Parts, site
from tests.support.processes import wsgi_origin

Fields = list[tuple[str, str]]
HTML: Fields = [("Content-Type", "text/html; charset=utf-8")]


@pytest.fixture(autouse=True)
def _no_warnings_of_keys() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrivacyWarning)
        yield


def pages(answer: Callable[[WSGIEnvironment], tuple[str, Fields, bytes]]) -> Any:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, fields, body = answer(environ)
        start_response(status, fields)
        return [body]

    return app


def audited(app: Any, **options: Any) -> Report:
    return run(app, Options(**options), name="app")


@contextmanager
def served(app: Any) -> Iterator[str]:
    with wsgi_origin(app) as port:
        yield f"http://127.0.0.1:{port}"


def test_a_url_is_told_what_the_app_is_told() -> None:
    """Over http on this machine all but encryption and logs is seen as in process."""
    app = site(Parts(policy=PrivacyPolicy(operator=POLICY.operator, effective=POLICY.effective)))
    inside = audited(app)
    with served(app) as origin:
        outside = run(origin, Options())
    differing = {
        one.requirement.id: (one.state, two.state)
        for one, two in zip(inside.verdicts, outside.verdicts, strict=True)
        if one.state != two.state
    }
    unseen = {
        "3.addresses", "3.browsers", "6.secure-cookies",
        "5.purposes", "7.cookies", "7.lifetimes", "9.hosts",
    }  # fmt: skip
    assert {key: two for key, (_, two) in differing.items()} == dict.fromkeys(unseen, "unknown")
    assert outside.pages == inside.pages
    assert outside.target == origin


# -- Interfaces


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    """An app with a lifespan, whose page /events never ends and whose page /broken raises."""
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["started"] = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert scope["state"]["started"]
    path = scope["path"]
    if path == "/broken":
        raise RuntimeError("secret")
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
    )
    body = b"<a href=/events>Events</a><a href=/broken>Broken</a>"
    await send({"type": "http.response.body", "body": body, "more_body": path == "/events"})
    while path == "/events":
        await send({"type": "http.response.body", "body": b"data: x\n\n" * 1000, "more_body": True})


def test_an_asgi_app_runs_with_its_lifespan_and_without_end() -> None:
    report = audited(asgi_app, page_bytes=100_000)
    assert report.pages == 4  # home, events, broken, missing
    assert "secret" not in report.to_json().decode()


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: ("404 Not Found", HTML, b"nothing"),
        lambda _: ("200 OK", [], b"\x00\xff\xfe binary"),
        lambda _: ("200 OK", [("Content-Type", "application/json")], b'{"a": 1}'),
        lambda _: ("204 No Content", [], b""),
        lambda _: ("302 Found", [("Location", "http://[broken")], b""),
        lambda _: ("302 Found", [("Location", "//")], b""),
        lambda _: ("200 OK", [("Content-Type", "text/html"), ("X", "caf\xe9")], b"<p>\xff"),
    ],
)
def test_any_answer_is_taken(answer: Any) -> None:
    report = audited(pages(answer))
    assert len(report.verdicts) == len({verdict.requirement.id for verdict in report.verdicts})
    assert report.of("4.service").state == "kept"


@pytest.mark.parametrize("answer", [lambda _: ("500 Oh", HTML, b""), lambda _: 1 / 0])
def test_of_an_app_that_fails_nothing_is_kept(answer: Any) -> None:
    report = audited(pages(answer))
    assert report.ids("kept") == ()
    assert "500" in report.of("4.service").note


def test_what_is_no_app_is_said() -> None:
    with pytest.raises(TypeError):
        audited(object())


# -- Signals


def honouring(*names: str) -> Any:
    """A site that sets no cookie for visitors whose request has one of these fields, and says so in Vary."""

    def answer(environ: WSGIEnvironment) -> tuple[str, Fields, bytes]:
        sent = any(environ.get(f"HTTP_{name}") == "1" for name in names)
        fields = [*HTML, ("Vary", "DNT, Sec-GPC"), ("Cache-Control", "private")]
        return "200 OK", fields + [("Set-Cookie", "id=12345678")] * (not sent), b"<p>hi"

    return pages(answer)


@pytest.mark.parametrize(
    ("names", "broken"),
    [
        (("DNT", "SEC_GPC"), set()),
        (("DNT",), {"11.cookies-gpc", "11.cookies-dnt0-gpc"}),
        (("SEC_GPC",), {"11.cookies-dnt"}),
        ((), {"11.cookies-dnt", "11.cookies-gpc", "11.cookies-dnt0-gpc"}),
    ],
)
def test_each_signal_counts_for_itself(names: tuple[str, ...], broken: set[str]) -> None:
    report = audited(honouring(*names))
    assert {key for key in report.ids("broken") if key.startswith("11.cookies")} == broken
    assert report.of("11.vary").state == "kept"


def test_what_differs_by_chance_does_not_count_as_a_difference_by_signal() -> None:
    turn = itertools.count()

    def answer(_: WSGIEnvironment) -> tuple[str, Fields, bytes]:
        host = f"img{next(turn)}.example.net"
        return "200 OK", HTML, f'<img src="https://{host}/a.png">'.encode()

    assert audited(pages(answer)).of("11.vary").state == "kept"


@pytest.mark.parametrize(
    ("cookie", "kept"),
    [
        ("id=; Max-Age=0", True),  # a deletion plants nothing
        ("id=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        ("id=1", False),
        ("=1", False),
        ("id=1; Max-Age=60; Partitioned; Secure", False),
        ("\x01", True),  # browsers ignore it
    ],
)
def test_a_cookie_counts_as_browsers_read_it(cookie: str, kept: bool) -> None:
    report = audited(pages(lambda _: ("200 OK", [*HTML, ("Set-Cookie", cookie)], b"<p>")))
    assert (report.of("11.cookies-dnt").state == "kept") is kept


# -- Without a policy


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ([("Reporting-Endpoints", 'd="https://reports.example/r"')], "unknown"),
        (
            [("Link", "<https://www.googletagmanager.com/gtag/js>; rel=preload; as=script")],
            "broken",
        ),
        ([("Observe-Browsing-Topics", "?1")], "broken"),
        ([("Accept-CH", "Sec-CH-UA-Model")], "broken"),
        ([("Link", "</own.css>; rel=preload; as=style")], "kept"),
    ],
)
def test_what_a_declaration_could_allow_is_unknown(fields: Fields, state: str) -> None:
    report = audited(pages(lambda _: ("200 OK", [*HTML, *fields], b"<p>")))
    assert report.of("12.fields").state == state


@pytest.mark.parametrize(
    ("page", "unknown"),
    [
        ("<link rel=stylesheet href=https://cdn.example.net/a.css>", {"9.hosts"}),
        ("<form method=post><input name=email></form>", {"1.forms"}),
        (
            "<form method=post><input name=email><input type=password name=password></form>",
            {"2.forms"},
        ),
        ("<p>plain", set()),
    ],
)
def test_without_a_policy_only_what_is_there_is_unknown(page: str, unknown: set[str]) -> None:
    report = audited(pages(lambda _: ("200 OK", HTML, page.encode())))
    told = {"1.forms", "2.forms", "7.cookies", "7.lifetimes", "9.hosts"}
    assert told & set(report.ids("unknown")) == unknown
    assert not told & set(report.ids("broken"))


# -- What is known of an app


async def bare_asgi(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError


@pytest.mark.parametrize(
    ("make", "framework"),
    [
        (lambda: protect(Flask("a"), POLICY), "Flask"),
        (lambda: protect(Starlette(), POLICY), "Starlette"),
        (lambda: protect(FastAPI(), POLICY), "FastAPI"),
        (lambda: protect(Litestar(), POLICY), "Litestar"),
        (lambda: PrivacyMiddleware(pages(lambda _: ("200 OK", [], b"")), POLICY), ""),
        (lambda: ASGIMiddleware(bare_asgi, POLICY), ""),
        (lambda: ASGIMiddleware(bare_asgi, lambda _: POLICY), ""),
        (lambda: protect(Flask("a"), lambda host: POLICY if host == "shop.example" else None), "Flask"),
    ],
)  # fmt: skip
def test_a_protected_app_is_known_with_its_policy(make: Callable[[], Any], framework: str) -> None:
    found = known(make(), "shop.example")
    assert (found.framework, found.protected, found.policy) == (framework, True, POLICY)


@pytest.mark.parametrize("app", [Flask("a"), FastAPI(), bare_asgi, pages(lambda _: ("", [], b""))])
def test_a_bare_app_is_not_protected(app: Any) -> None:
    found = known(app, "shop.example")
    assert (found.protected, found.policy) == (False, None)


def test_a_site_that_allows_no_crawler_is_not_visited() -> None:
    def answer(environ: WSGIEnvironment) -> tuple[str, Fields, bytes]:
        if environ["PATH_INFO"] == "/robots.txt":
            return "200 OK", [("Content-Type", "text/plain")], b"User-agent: *\nDisallow: /"
        raise AssertionError(environ["PATH_INFO"])

    with served(pages(answer)) as origin, pytest.raises(AuditError, match=r"robots\.txt"):
        run(origin)


def test_disallowed_pages_are_not_asked_for() -> None:
    asked: list[str] = []

    def answer(environ: WSGIEnvironment) -> tuple[str, Fields, bytes]:
        path = environ["PATH_INFO"]
        asked.append(path)
        if path == "/robots.txt":
            return "200 OK", [("Content-Type", "text/plain")], b"User-agent: *\nDisallow: /members*"
        return (
            "200 OK",
            HTML,
            b"<a href=/members/1>a</a><a href=/open>b</a><a href=/members>Privacy</a>",
        )

    with served(pages(answer)) as origin:
        run(origin, Options(active=True))
    assert "/open" in asked
    assert not [path for path in asked if path.startswith("/members")]


def test_progress_names_each_page() -> None:
    told: list[tuple[str, int, int]] = []
    run(asgi_app, Options(page_bytes=1000), progress=lambda *what: told.append(what))
    assert [what for what, _, _ in told[:2]] == ["/", "/events"]
    assert all(done <= of for _, done, of in told)


def test_a_url_with_a_path_is_where_the_audit_begins() -> None:
    asked: list[str] = []

    def answer(environ: WSGIEnvironment) -> tuple[str, Fields, bytes]:
        asked.append(environ["PATH_INFO"])
        return "200 OK", HTML, b"<a href=/shop/privacy>Privacy</a>"

    with served(pages(answer)) as origin:
        report = run(f"{origin}/shop/")
    assert report.of("10.link").state == "kept"
    assert "/" not in asked
    assert {"/shop/", "/shop/privacy"} <= set(asked)


def test_a_host_beyond_ascii_is_one_host() -> None:
    app = pages(lambda _: ("200 OK", HTML, "<a href='https://пример.example/x'>x</a>".encode()))
    assert run(app, Options(host="xn--e1afmkfd.example")).pages == 3  # home, x, missing
    transport = OneHost("https://xn--e1afmkfd.invalid")
    try:
        with pytest.raises(httpx.ConnectError):  # asked for, and not refused
            transport.handle_request(httpx.Request("GET", "https://xn--e1afmkfd.invalid/"))
    finally:
        transport.close()
