"""A small site that keeps the whole policy, and of which a mutant drops one defence."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from msgspec import Struct
from msgspec.structs import replace

from alpines_privacy import (
    Collection,
    Cookie,
    Evidence,
    Hsts,
    Intrusion,
    LoginRoute,
    Operator,
    Passwords,
    PrivacyPolicy,
    ThirdParty,
)
from alpines_privacy.wsgi import PrivacyMiddleware

log = logging.getLogger("whole")
log.setLevel(logging.INFO)  # as a site in production has it

AD = "pagead2.googlesyndication.com"
TRACKER = "www.facebook.com"
TODAY = datetime.now(UTC).date()

POLICY = PrivacyPolicy(
    operator=Operator(
        name="Ridge",
        contact="privacy@ridge.example",
        account="/account",
        breach_notice=1,
        redress="Whoever was wronged can go to the courts of Lahore.",
    ),
    effective=date(2026, 11, 1),
    cookies=[
        Cookie("session", purpose="Keeps you signed in", necessary=True, lifetime="session"),
        Cookie("seen", purpose="Shows what you saw last", lifetime=86400),
        Cookie("refused", purpose="Remembers a refusal", necessary=True, lifetime="session"),
    ],
    third_parties=[
        ThirdParty("cdn.example.net", purpose="Style sheets"),
        ThirdParty(AD, purpose="Advertisements that pay"),
        ThirdParty(TRACKER, purpose="Counts who comes from there"),
    ],
    collections=[
        Collection(path="/contact", fields=["email"], purpose="Answers what you ask"),
        Collection(
            path="/signup",
            fields=["username", "password", "birth_date"],
            purpose="Keeps an account",
        ),
        Collection(path="/login", fields=["username", "password"], purpose="Signs people in"),
    ],
    detect_signups=False,
    https="require",
    hsts=Hsts(),
    passwords=Passwords(paths=["/signup"]),
    intrusion=Intrusion(logins=[LoginRoute(path="/login", account="username")]),
    evidence=[Evidence(kind="audit", date=TODAY, max_age=3660)],
)


class Gate(Struct, frozen=True, kw_only=True):
    """How the site judges who signs up; each switch is a defence."""

    minimum_days_short: int = 0  # so many days before the birthday count as the birthday
    takes_birthday: bool = True
    takes_leap_days: bool = True
    refuses_impossible: bool = True
    refuses_missing: bool = True
    remembers: bool = True

    def refuses(self, written: str) -> bool:
        """Tell whether a birth date, as it was sent, is refused."""
        if not written:
            return self.refuses_missing
        try:
            born = date.fromisoformat(written)
        except ValueError:
            return self.refuses_impossible
        is_leap = (born.month, born.day) == (2, 29)
        if is_leap and not self.takes_leap_days:
            return True
        day = (datetime.now(UTC) - timedelta(hours=12)).date() + timedelta(
            days=self.minimum_days_short
        )
        thirteen = date(born.year + 13, 3, 1) if is_leap else born.replace(year=born.year + 13)
        return thirteen > day if self.takes_birthday else thirteen >= day


Edit = Callable[
    [WSGIEnvironment, int, list[tuple[str, str]], bytes], tuple[int, list[tuple[str, str]], bytes]
]


class Parts(Struct, frozen=True, kw_only=True):
    """What a site consists of: its policy, gate, further markup by path, and what stands outside the layer."""

    policy: PrivacyPolicy = POLICY
    gate: Gate = Gate()
    markup: Mapping[str, str] = {}
    pages: Mapping[str, WSGIApplication] = {}
    signup_fields: str = '<label>Born <input type="date" name="birth_date"></label>'
    edit: Edit | None = None
    bypass: Callable[[WSGIEnvironment], bool] | None = None


def site(parts: Parts) -> WSGIApplication:
    """Return the site: the app, the layer around it, and what stands outside the layer."""
    app = _App(parts)
    return _Outside(app, PrivacyMiddleware(app, parts.policy), parts)


def with_policy(**changes: Any) -> Parts:
    """Return the whole site with another policy."""
    return Parts(policy=replace(POLICY, **changes))


class _App:
    """The app inside the layer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        log.info("%s from %s by %s", path, environ["REMOTE_ADDR"], environ["HTTP_USER_AGENT"])
        if own := self._parts.pages.get(path):
            return own(environ, start_response)
        handler = _POSTS.get(path) if method == "POST" else None
        status, fields, body = handler(self._parts, environ) if handler else self._page(path)
        start_response(f"{status} -", [("Content-Type", "text/html; charset=utf-8"), *fields])
        return [body.encode()]

    def _page(self, path: str) -> tuple[int, list[tuple[str, str]], str]:
        body = _PAGES.get(path)
        if body is None:
            return 404, [], _shell("Nothing here")
        fields = [("Set-Cookie", "seen=news; Max-Age=3600; Path=/"), ("ETag", '"1"')] * (
            path == "/news"
        )
        text = body.replace("FIELDS", self._parts.signup_fields) + self._parts.markup.get(path, "")
        return 200, fields, _shell(text)


def _shell(text: str) -> str:
    head = "<!doctype html><html lang=en><head><title>Ridge</title></head>"
    return f"{head}<body>{text}<p><a href=/privacy>Privacy</a></p></body></html>"


_PAGES = {
    "/": "<h1>Ridge</h1><a href=/news>News</a> <a href=/signup>Sign up</a> <a href=/login>Log in</a> "
    "<a href=/contact>Contact</a> <a href=/out>Partners</a>"
    '<link rel=stylesheet href="https://cdn.example.net/a.css">',
    "/news": f'<h1>News</h1><script src="https://{AD}/pagead/js/adsbygoogle.js"></script>'
    f'<img src="https://{TRACKER}/tr?id=1">',
    "/contact": "<form method=post action=/contact><input type=email name=email><textarea name=text></textarea></form>",
    "/login": "<form method=post action=/login><input name=username autocomplete=username>"
    "<input type=password name=password autocomplete=current-password><button>Log in</button></form>",
    "/signup": "<script src=/site.js></script><form method=post action=/signup>"
    "<input name=username autocomplete=username>FIELDS"
    "<input type=password name=password autocomplete=new-password><button>Sign up</button></form>",
    "/account": "<h1>Your account</h1>",
}  # fmt: skip


def _sent(environ: WSGIEnvironment) -> dict[str, str]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _sign_up(parts: Parts, environ: WSGIEnvironment) -> tuple[int, list[tuple[str, str]], str]:
    is_locked = parts.gate.remembers and "refused=1" in environ.get("HTTP_COOKIE", "")
    if is_locked or parts.gate.refuses(_sent(environ).get("birth_date", "")):
        return 403, [("Set-Cookie", "refused=1; Path=/")], _shell("We cannot create an account")
    return 200, [("Set-Cookie", "session=1; Path=/")], _shell("Welcome")


def _log_in(parts: Parts, environ: WSGIEnvironment) -> tuple[int, list[tuple[str, str]], str]:
    del parts
    _sent(environ)
    return 401, [], _shell("Wrong")


def _contact(parts: Parts, environ: WSGIEnvironment) -> tuple[int, list[tuple[str, str]], str]:
    del parts
    _sent(environ)
    return 200, [], _shell("Thank you")


_POSTS = {"/signup": _sign_up, "/login": _log_in, "/contact": _contact}


class _Outside:
    """What stands outside the layer, where a mutant undoes what the layer has done."""

    def __init__(self, inner: WSGIApplication, app: PrivacyMiddleware, parts: Parts) -> None:
        self._inner = inner
        self.app = app
        self._parts = parts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        bypass, edit = self._parts.bypass, self._parts.edit
        app = self._inner if bypass and bypass(environ) else self.app
        if edit is None:
            return app(environ, start_response)
        return _edited(app, edit, environ, start_response)


def _edited(
    app: WSGIApplication, edit: Edit, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterator[bytes]:
    heads: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, fields: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        heads.append((status, fields))
        return lambda _: None

    iterable = app(environ, start)
    body = b"".join(iterable)
    status, fields = heads[-1]
    code, fields, body = edit(environ, int(status.partition(" ")[0]), list(fields), body)
    fields = [(n, v) for n, v in fields if n.lower() != "content-length"]
    start_response(f"{code} -", fields)
    yield body


def json_page(document: object, status: str = "200 OK") -> WSGIApplication:
    """Return an app that serves JSON."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(document).encode()]

    return app
