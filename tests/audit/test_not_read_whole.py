"""A page that was not read whole is not said to be without what its rest may hold."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from alpines_privacy import PrivacyPolicy
from alpines_privacy.audit import Options, Report, run

HTML = "text/html; charset=utf-8"
TRACKER = "<script src='https://www.googletagmanager.com/gtag/js'></script>"
CARD = "<form action=/pay method=post><input name=card_number autocomplete=cc-number></form>"
LINK = "<a href='/privacy'>Privacy</a>"
END = f"{TRACKER}{CARD}{LINK}".encode()
CDN = "".join(f"<img src='https://images.example/{n}.png'>" for n in range(1200)).encode()
DECLARED = PrivacyPolicy.from_mapping(
    {"third_parties": [{"host": "images.example", "purpose": "Shows the pictures"}]}
)


def site(
    page: bytes, kind: str = HTML, *more: tuple[str, str], status: str = "200 OK"
) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        del environ
        start_response(status, [("Content-Type", kind), *more])
        return [page]

    return app


def audited(app: WSGIApplication) -> Report:
    return run(app, Options(pages=1, policy=DECLARED), name="site")


LOADS = ("12.trackers",)
ALL = ("10.link", "12.trackers", "6.payment-forms")
UNREAD = {
    "a long comment before": (site(b"<!--" + b"-" * 2_100_000 + b"-->" + END), ALL),
    "many elements before": (site(b"<i>" * 31_000 + END), ("6.payment-forms",)),
    "many forms before": (site(b"<form></form>" * 101 + END), ("6.payment-forms",)),
    "many links before": (site(b"<a href=/x>x</a>" * 2_001 + END), ("8.links", "10.link")),
    "many fields before": (
        site(b"<form action=/pay method=post>" + b"<input>" * 301 + CARD[35:].encode()),
        ("6.payment-forms",),
    ),
    "many pictures before": (site(CDN + END), LOADS),
    "UTF-16": (site("\ufeff".encode("utf-16-le") + END.decode().encode("utf-16-le")), ALL),
    "UTF-16 by its type": (site(END.decode().encode("utf-16-be"), "text/html; charset=utf-16be"), ALL),
    "a coding that nobody asked for": (site(b"\x8b" + END, HTML, ("Content-Encoding", "br")), ALL),
    "a coding that breaks off": (
        site(zlib.compress(b" " * 99 + END)[:20], HTML, ("Content-Encoding", "gzip")),
        ALL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREAD)
def test_what_the_rest_holds_cannot_be_told(name: str) -> None:
    app, requirements = UNREAD[name]
    report = audited(app)
    for key in requirements:
        verdict = report.of(key)
        assert (key, verdict.state) == (key, "unknown")
        assert "read" in verdict.note


def test_what_is_found_in_the_part_that_was_read_is_broken() -> None:
    report = audited(site(END + b"<!--" + b"-" * 2_100_000))
    assert (report.of("12.trackers").state, report.of("6.payment-forms").state) == (
        "broken",
        "broken",
    )


def test_a_page_that_is_read_whole_is_judged() -> None:
    report = audited(site(LINK.encode() + b"<i>" * 1000))
    assert all(
        report.of(key).state == "kept" for key in ("10.link", "12.trackers", "6.payment-forms")
    )


def test_a_file_that_is_no_page_may_be_long() -> None:
    assert (
        audited(site(b"\x89PNG" + bytes(2_100_000), "image/png")).of("12.trackers").state == "kept"
    )


POLICY = "We tell what we collect: names and mail addresses. Effective 1 March 2026."


@pytest.mark.parametrize(("before", "state"), [(1000, "broken"), (400_000, "unknown")])
def test_what_the_rest_of_a_long_policy_says_cannot_be_told(before: int, state: str) -> None:
    text = f"<h1>Privacy</h1><!--{'-' * before}--><p>{POLICY}{LINK}".encode()
    assert audited(site(text)).of("10.third-parties").state == state


def test_a_circle_of_redirects_shows_nothing_that_could_be_missed() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/circle":
            start_response("302 Found", [("Content-Type", HTML), ("Location", "/circle")])
            return [END]
        start_response("200 OK", [("Content-Type", HTML)])
        return [b"<a href=/circle>x</a>"]

    report = run(app, Options(policy=DECLARED))
    assert (report.pages, report.of("12.trackers").state) == (3, "kept")


@pytest.mark.parametrize("status", ["500 Oops", "503 Service Unavailable"])
def test_a_site_that_fails_keeps_nothing_by_it(status: str) -> None:
    report = audited(site(b"<title>Sorry</title>", status=status))
    assert report.ids("kept") == ()
    assert "503" in report.of("11.cookies-dnt").note or "500" in report.of("11.cookies-dnt").note
