"""What an audit sends: to the one host, as the site has spelled it, and no secret over http."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from alpines_privacy.audit import AuditError, LoginForm, Options, run
from alpines_privacy.audit.fetching.exchange import Ask, Bounds
from alpines_privacy.audit.fetching.fetcher import Fetcher, Session
from alpines_privacy.audit.fetching.in_process import transport_to
from alpines_privacy.audit.fetching.network import OneHost
from alpines_privacy.audit.model import Signal
from tests.conftest import need
from tests.support.processes import wsgi_origin

PASSWORD = "mountain-lake"


class Noting:
    """A site that notes each request: its scheme, method, path, cookies and body."""

    def __init__(
        self, pages: dict[str, str], fields: dict[str, list[tuple[str, str]]] | None = None
    ) -> None:
        self.asked: list[tuple[str, str, str, str, bytes]] = []
        self._pages, self._fields = pages, fields or {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append(
            (
                environ["wsgi.url_scheme"], environ["REQUEST_METHOD"], path,
                environ.get("HTTP_COOKIE", ""), body,
            )
        )  # fmt: skip
        fields = self._fields.get(path, [])
        status = "302 Found" if any(name == "Location" for name, _ in fields) else "200 OK"
        if environ.get("HTTP_IF_NONE_MATCH") and environ["HTTP_IF_NONE_MATCH"] == dict(fields).get(
            "ETag"
        ):
            status = "304 Not Modified"
        start_response(status, [("Content-Type", "text/html"), *fields])
        return [self._pages.get(path, "x").encode()]

    def over(self, scheme: str) -> list[tuple[str, str, str, bytes]]:
        return [tuple(each[1:]) for each in self.asked if each[0] == scheme]  # type: ignore[misc]


def form(action: str) -> str:
    return (
        f"<form method=post action='{action}'><input name=user>"
        "<input type=password name=password></form>"
    )


# -- Secrets


@pytest.mark.parametrize("action", ["http://testserver/login", "http://TESTSERVER./login"])
def test_a_password_is_not_sent_over_http(action: str) -> None:
    app = Noting({"/login": form(action)})
    login = LoginForm("https://testserver/login", "ayesha", PASSWORD)
    with pytest.raises(AuditError, match="not sent: a form over http"):
        run(app, Options(login=login))
    assert not any(PASSWORD.encode() in body for *_, body in app.asked)


def test_a_redirect_leads_no_password_to_http() -> None:
    """307 keeps the method and the body (RFC 9110 §15.4.8)."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["wsgi.url_scheme"] == "http":
            over_http.append(environ["REQUEST_METHOD"])
        post = environ["REQUEST_METHOD"] == "POST"
        start_response(
            "307 Temporary Redirect" if post else "200 OK",
            [("Content-Type", "text/html"), ("Location", "http://testserver/login")],
        )
        return [form("/login").encode()]

    over_http: list[str] = []
    with pytest.raises(AuditError, match="not sent"):
        run(app, Options(login=LoginForm("https://testserver/login", "ayesha", PASSWORD)))
    assert "POST" not in over_http


def test_the_cookies_of_a_login_are_not_sent_over_http(tmp_path: Path) -> None:
    file = tmp_path / "cookies.txt"
    file.write_text("testserver\tFALSE\t/\tTRUE\t0\tmember\tayesha-and-a-secret\n")
    app = Noting({"/": "<a href='http://testserver/open'>x</a>"})
    run(app, Options(cookies=file, pages=3))
    assert any("member=" in cookies for _, _, cookies, _ in app.over("https"))
    assert app.over("http")
    assert not any("member=" in cookies for _, _, cookies, _ in app.over("http"))


FILES = [
    ("example.com\tFALSE\t/\tTRUE\t0\tmember\tx", False),
    ("example.com\tTRUE\t/\tTRUE\t0\tmember\tx", True),
    (".example.com\tFALSE\t/\tTRUE\t0\tmember\tx", True),
    ("shop.example.com\tFALSE\t/\tTRUE\t0\tmember\tx", True),
    ("#HttpOnly_Shop.Example.com\tFALSE\t/\tTRUE\t0\tmember\tx", True),
    ("hop.example.com\tTRUE\t/\tTRUE\t0\tmember\tx", False),
]


@pytest.mark.parametrize(("line", "is_sent"), FILES)
def test_a_cookie_of_another_host_stays_in_its_file(
    line: str, is_sent: bool, tmp_path: Path
) -> None:
    file = tmp_path / "cookies.txt"
    file.write_text(line + "\n")
    app = Noting({})
    if is_sent:
        run(app, Options(cookies=file, pages=1, host="shop.example.com"))
    else:
        with pytest.raises(AuditError, match="no cookie for"):
            run(app, Options(cookies=file, pages=1, host="shop.example.com"))


def test_an_error_quotes_nothing_that_was_sent() -> None:
    """h11 names an illegal field's value."""
    with wsgi_origin(Noting({})) as port:
        home = f"http://127.0.0.1:{port}"
        fetcher = Fetcher(OneHost(home), home, Bounds(1000, 5))
        for value in (f"{PASSWORD}\x00", f"{PASSWORD}\u0100"):
            got = fetcher.ask(Ask("GET", f"{home}/", (("Cookie", value),)))
            assert got.status == 0
            assert PASSWORD not in got.error
        fetcher.close()


# -- Addresses


ELSEWHERE = ["wss://testserver/login", "ws://testserver/login", "https://other.example/login"]


@pytest.mark.parametrize("action", ELSEWHERE)
def test_a_form_that_leads_elsewhere_is_not_sent(action: str) -> None:
    signup = form(action).replace("</form>", "<input name=birth_date></form>")
    app = Noting({"/": signup, "/login": form(action)})
    assert run(app, Options(active=True, pages=3)).pages
    assert not [method for _, method, _, _, _ in app.asked if method == "POST"]


@pytest.mark.parametrize("url", [*ELSEWHERE, "https://testserver:8443/", "https://[::1/", "", "x"])
def test_the_fetcher_refuses_it_itself(url: str) -> None:
    app = Noting({})
    fetcher = Fetcher(transport_to(app), "https://testserver", Bounds(1000, 5))
    got = fetcher.ask(Ask("GET", url), Session("https://testserver", Signal.NONE))
    assert (got.status, got.error) == (0, "not sent: another host than testserver")
    assert app.asked == []


SPELLINGS = ["LOCALHOST", "localhost.", "127.1", "0x7f.1", "ayesha:secret@localhost"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_host_may_be_spelled_in_any_way(host: str) -> None:
    with wsgi_origin(Noting({"/": "<a href=/second>x</a>"})) as port:
        report = run(f"http://{host}:{port}/?token=zq81", Options(pages=3))
    assert report.pages == 3
    assert "secret" not in report.target
    assert "zq81" not in report.target


@contextmanager
def ipv6(app: Noting) -> Iterator[str]:
    class Server(WSGIServer):
        address_family = socket.AF_INET6

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    try:
        server = make_server("::1", 0, app, Server, Quiet)
    except OSError:
        need("IPv6", False, "a loopback address ::1")
        raise
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://[::1]:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_address_of_ipv6_is_a_host() -> None:
    with ipv6(Noting({"/": "<a href=/second>x</a>"})) as url:
        report = run(url, Options(pages=3))
    assert report.pages == 3
    assert report.of("6.https").state == "unknown"  # this machine


@pytest.mark.parametrize("host", ["a b", "[::1", "shop.example:x"])
def test_what_is_no_host_of_an_app_is_said(host: str) -> None:
    with pytest.raises(AuditError, match="is no host"):
        run(Noting({}), Options(pages=1, host=host))


# -- Octets


def test_cookies_and_validators_go_back_as_they_came() -> None:
    """Octets beyond ASCII are sent back by browsers; a site cannot hide behind them."""
    app = Noting(
        {"/home": "home"},
        {
            "/": [("Location", "/home"), ("Set-Cookie", "name=na\xefve; Path=/")],
            "/home": [("ETag", '"caf\xe9"')],
        },
    )
    assert run(app, Options(pages=2)).pages == 2
    assert any(
        cookies == "name=na\xefve" for _, _, path, cookies, _ in app.asked if path == "/home"
    )


# -- Bounds


def test_a_visitor_keeps_as_many_cookies_as_a_browser() -> None:
    session = Session("https://testserver", Signal.NONE)
    for number in range(1000):
        session.jar.receive(f"n{number}=1", "https://testserver/")
    assert len(session.jar) == 180
    assert "n999" in session.jar


def test_no_page_of_a_redirect_is_kept() -> None:
    app = Noting({"/": "<p>x", "/far": "y" * 5000}, {"/far": [("Location", "/")]})
    fetcher = Fetcher(transport_to(app), "https://testserver", Bounds(10_000, 5))
    followed = fetcher.get("https://testserver/far", Session("https://testserver", Signal.NONE))
    assert [len(each.body) for each in followed.exchanges] == [0, 4]
