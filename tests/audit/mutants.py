"""One mutant of the whole site for each requirement: exactly the defence for it is dropped."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from alpines_privacy import Evidence, Signup
from alpines_privacy.policy import Logs
from tests.audit.whole import AD, TODAY, TRACKER, Edit, Gate, Parts, json_page, with_policy

__all__ = ["MUTANTS"]

Fields = list[tuple[str, str]]

_STALE = Evidence(kind="audit", date=TODAY - dt.timedelta(days=30), max_age=10)

_TEXT = {
    "10.categories": "We collect your name and e-mail address.",
    "10.third-parties": "We share data with our payment provider.",
    "10.review": "You can change your information on your account's page.",
    "10.change-notice": "Changes of this policy are announced on this page.",
    "10.effective-date": "Effective 1 November 2026.",
    "10.signals": "We honour Do Not Track and Global Privacy Control.",
    "10.others-tracking": "No third party tracks you across other sites.",
    "14.breach-notice": "If there is a data breach, we tell you by e-mail within one business day.",
    "14.redress": "Whoever was wronged can go to the courts of Lahore.",
    "14.contact": "Write to privacy@ridge.example.",
    "5.purposes": "Keeps you signed in. Shows what you saw last. Remembers a refusal. Style sheets. "
    "Advertisements that pay. Counts who comes from there. Answers what you ask. Keeps an account. Signs people in.",
}


def _says_all_but(key: str) -> Parts:
    """Return the site with a policy's page of its own that lacks one text."""
    said = "".join(f"<p>{text}</p>" for item, text in _TEXT.items() if item != key)
    head = "<!doctype html><html lang=en><head><title>Privacy policy</title></head>"
    page = f"{head}<body><main><h1>Privacy policy</h1>{said}</main></body></html>"

    def edit(
        environ: WSGIEnvironment, status: int, fields: Fields, body: bytes
    ) -> tuple[int, Fields, bytes]:
        if environ["PATH_INFO"] != "/privacy":
            return status, fields, body
        return 200, [("Content-Type", "text/html; charset=utf-8")], page.encode()

    return Parts(edit=edit)


def _at(path: str, change: Callable[[int, Fields, bytes], tuple[int, Fields, bytes]]) -> Parts:
    """Return the site with responses at one path (empty for all) changed outside the layer."""

    def edit(
        environ: WSGIEnvironment, status: int, fields: Fields, body: bytes
    ) -> tuple[int, Fields, bytes]:
        if path and environ["PATH_INFO"] != path:
            return status, fields, body
        return change(status, fields, body)

    return Parts(edit=edit)


def _under(
    test: Callable[[str, str], bool],
    change: Callable[[int, Fields, bytes], tuple[int, Fields, bytes]],
) -> Edit:
    """Return a change of /news for visitors whose DNT and Sec-GPC pass a test."""

    def edit(
        environ: WSGIEnvironment, status: int, fields: Fields, body: bytes
    ) -> tuple[int, Fields, bytes]:
        signals = environ.get("HTTP_DNT", ""), environ.get("HTTP_SEC_GPC", "")
        if environ["PATH_INFO"] != "/news" or not test(*signals):
            return status, fields, body
        return change(status, fields, body)

    return edit


def _without_field(name: str) -> Callable[[int, Fields, bytes], tuple[int, Fields, bytes]]:
    return lambda status, fields, body: (status, [f for f in fields if f[0].lower() != name], body)


def _with_field(name: str, value: str) -> Callable[[int, Fields, bytes], tuple[int, Fields, bytes]]:
    return lambda status, fields, body: (status, [*fields, (name, value)], body)


def _replaced(old: bytes, new: bytes) -> Callable[[int, Fields, bytes], tuple[int, Fields, bytes]]:
    return lambda status, fields, body: (status, fields, body.replace(old, new))


def _in_field(
    name: str, old: str, new: str
) -> Callable[[int, Fields, bytes], tuple[int, Fields, bytes]]:
    def change(status: int, fields: Fields, body: bytes) -> tuple[int, Fields, bytes]:
        return (
            status,
            [(n, re.sub(old, new, v) if n.lower() == name else v) for n, v in fields],
            body,
        )

    return change


def _plants(environ_test: Callable[[str, str], bool]) -> Parts:
    return Parts(
        edit=_under(environ_test, _with_field("Set-Cookie", "seen=1; Max-Age=60; Path=/; Secure"))
    )


def _opted_out(dnt: str, gpc: str) -> bool:
    return dnt == "1" or gpc == "1"


def _redirect(to: Callable[[WSGIEnvironment], str]) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("302 Found", [("Location", to(environ))])
        return []

    return app


def _page(make: Callable[[WSGIEnvironment], tuple[int, Fields, str]]) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, fields, text = make(environ)
        start_response(f"{status} -", [("Content-Type", "text/html; charset=utf-8"), *fields])
        return [f"<!doctype html><html><head></head><body>{text}</body></html>".encode()]

    return app


def _revalidates() -> Parts:
    def edit(
        environ: WSGIEnvironment, status: int, fields: Fields, body: bytes
    ) -> tuple[int, Fields, bytes]:
        if "HTTP_IF_NONE_MATCH" in environ and environ["PATH_INFO"] == "/news":
            return 304, [], b""
        return status, fields, body

    return Parts(edit=edit)


def _gated(**switches: bool | int) -> Parts:
    return Parts(gate=Gate(**switches))  # type: ignore[arg-type]  # a switch is a bool or a number of days


MUTANTS: Mapping[str, Parts] = {
    "1.forms": Parts(
        markup={"/contact": "<form method=post action=/contact><input name=phone></form>"}
    ),
    "2.forms": Parts(signup_fields='<input type="date" name="birth_date"><input name="cnic">'),
    "3.addresses": with_policy(logs=Logs(ip="keep")),
    "3.browsers": with_policy(logs=Logs(user_agent="keep")),
    "4.service": Parts(edit=_under(_opted_out, lambda _, fields, body: (451, fields, body))),
    "6.https": Parts(bypass=lambda environ: environ["wsgi.url_scheme"] == "http"),
    "6.hsts": _at("", _without_field("strict-transport-security")),
    "6.secure-cookies": _at("", _in_field("set-cookie", "; *[Ss]ecure", "")),
    "6.mixed-content": Parts(markup={"/contact": '<img src="http://testserver/a.png">'}),
    "6.form-targets": Parts(
        markup={"/contact": '<form method=post action="http://testserver/contact">'}
    ),
    "6.payment-forms": Parts(
        markup={
            "/account": '<form method=post action=/pay><input name=n autocomplete="cc-number"></form>'
        }
    ),
    "6.intruders": with_policy(intrusion=None),
    "6.passwords": with_policy(passwords=None),
    "6.evidence": with_policy(evidence=[_STALE]),
    "7.cookies": Parts(
        pages={"/account": _page(lambda _: (200, [("Set-Cookie", "more=1; Path=/")], "Yours"))}
    ),
    "7.lifetimes": _at("/news", _in_field("set-cookie", "Max-Age=[0-9]+", "Max-Age=864000")),
    "8.referrer": _at("/news", _in_field("referrer-policy", ".+", "unsafe-url")),
    "8.redirects": Parts(
        pages={"/out": _redirect(lambda e: f"https://partner.example/?from={e['REMOTE_ADDR']}")}
    ),
    "8.links": Parts(
        pages={
            "/account": _page(
                lambda e: (200, [], f'<a href="https://p.example/?v={e["REMOTE_ADDR"]}">x</a>')
            )
        }
    ),
    "9.hosts": Parts(
        markup={"/account": '<link rel=stylesheet href="https://fonts.example.org/a.css">'}
    ),
    "10.anonymous": Parts(pages={"/": _redirect(lambda _: "/login")}),
    "10.link": _at("/", _replaced(b">Privacy<", b">Terms<")),
    "10.page": _at("/privacy", lambda _, fields, body: (404, fields, body)),
    **{key: _says_all_but(key) for key in _TEXT},
    "11.cookies-dnt": _plants(lambda dnt, gpc: dnt == "1" and not gpc),
    "11.cookies-gpc": _plants(lambda dnt, gpc: gpc == "1" and not dnt),
    "11.cookies-dnt0-gpc": _plants(lambda dnt, gpc: gpc == "1" and dnt == "0"),
    "11.ads": Parts(
        edit=_under(
            _opted_out,
            _replaced(
                b"</h1>",
                f'</h1><script src="https://{AD}/pagead/js/adsbygoogle.js"></script>'.encode(),
            ),
        )
    ),
    "11.vary": _at("/news", _without_field("vary")),
    "11.shared-caches": _at("/news", _without_field("cache-control")),
    "11.revalidation": _revalidates(),
    "11.gpc-json": Parts(pages={"/.well-known/gpc.json": json_page({"gpc": False})}),
    "11.dnt-status": Parts(pages={"/.well-known/dnt/": json_page({"tracking": "T"})}),
    "12.trackers": Parts(
        edit=_under(
            _opted_out, _replaced(b"</h1>", f'</h1><img src="https://{TRACKER}/tr?id=1">'.encode())
        )
    ),
    "12.fields": _at(
        "/news", _with_field("Reporting-Endpoints", 'default="https://reports.example/r"')
    ),
    "13.asked": Parts(
        policy=with_policy(signups=[Signup("/signup", birth_date="birth_date")]).policy,
        signup_fields="",
    ),
    "13.neutral": Parts(markup={"/signup": "<p>You must be at least 13 years old.</p>"}),
    "13.under": _gated(minimum_days_short=5),
    "13.of-age": _gated(takes_birthday=False),
    "13.leap-day": _gated(takes_leap_days=False),
    "13.impossible": _gated(refuses_impossible=False),
    "13.missing": _gated(refuses_missing=False),
    "13.retry": _gated(remembers=False),
}
"""Parts of a site by the id of the one requirement that it breaks."""
