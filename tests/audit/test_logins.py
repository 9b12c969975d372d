"""An audit of what only somebody sees who is logged in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from alpines_privacy.audit import AuditError, LoginForm, Options, run

LOGIN = "https://testserver/login"
FORM = (
    b"<form method=post action=/login><input type=hidden name=token value=t1>"
    b"<input name=user><input type=password name=password></form>"
)


class Members:
    """A site with pages for members, who log in at /login with a token of the page."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bool]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, cookies = environ["PATH_INFO"], environ.get("HTTP_COOKIE", "")
        is_member = "member=ayesha" in cookies
        self.seen.append((path, is_member))
        if environ["REQUEST_METHOD"] == "POST":
            size = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(size)
            if body == b"token=t1&user=ayesha&password=mountain-lake" and "visit=1" in cookies:
                start_response(
                    "303 See Other", [("Location", "/"), ("Set-Cookie", "member=ayesha")]
                )
                return [b""]
        start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "visit=1")])
        if path == "/login":
            return [FORM]
        return [b"<a href=/members>Members</a>" if is_member else b"<a href=/login>Log in</a>"]


def test_a_form_logs_in_for_all_visits() -> None:
    site = Members()
    run(site, Options(login=LoginForm(LOGIN, "ayesha", "mountain-lake"), pages=5))
    assert [is_member for path, is_member in site.seen if path == "/members"] == [True] * 4


@pytest.mark.parametrize(
    "login",
    [
        LoginForm(LOGIN, "ayesha", "wrong"),
        LoginForm("https://testserver/", "ayesha", "mountain-lake"),
        LoginForm("https://other.example/login", "ayesha", "mountain-lake"),
    ],
)
def test_a_login_that_fails_is_said(login: LoginForm) -> None:
    with pytest.raises(AuditError, match=r"login|password|not on"):
        run(Members(), Options(login=login))


def test_a_file_of_cookies_logs_in(tmp_path: Path) -> None:
    file = tmp_path / "cookies.txt"
    file.write_text(
        "# Netscape HTTP Cookie File\n"
        "other.example\tFALSE\t/\tFALSE\t0\tmember\tnobody\n"
        "#HttpOnly_testserver\tFALSE\t/\tFALSE\t0\tmember\tayesha\n"
    )
    site = Members()
    run(site, Options(cookies=file, pages=5))
    assert ("/members", True) in site.seen


@pytest.mark.parametrize("text", ["", "nonsense\n", "other.example\tFALSE\t/\tFALSE\t0\ta\tb\n"])
def test_a_file_without_cookies_is_said(text: str, tmp_path: Path) -> None:
    file = tmp_path / "cookies.txt"
    file.write_text(text)
    with pytest.raises(AuditError, match="no cookie for testserver"):
        run(Members(), Options(cookies=file))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be read"):
        run(Members(), Options(cookies=tmp_path / "none.txt"))


def test_no_password_is_in_the_text_of_the_options() -> None:
    """Tracebacks and assertions show arguments so."""
    options = Options(login=LoginForm("https://h.example/login?t=zq81", "ayesha", "mountain-lake"))
    for text in (repr(options), str(options.login), f"{options.login!r}"):
        assert not any(word in text for word in ("ayesha", "mountain", "zq81"))
