"""Evidence names addresses without what may be a visitor's, whatever a site or a script calls one."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy
from alpines_privacy.audit import Options, run
from alpines_privacy.audit.visits import names_in, path_shown, shown_url

TOKENS = [
    "dGhpc2lzYXRva2VuMTIz",
    "9f86d081884c7d659a2feaa0c55ad015",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "kX9mQ2vB7tR4",
    "getting-started-kX9mQ2vB7tR4",
    "tR4_kX9m-Q2vB7_pL0z",
    "order-3F2504E0-4F89-11D3-9A0C-0305E82C3301",
    "ayesha@example.org",
    "ayesha%40example.org",
    "4711081512",
]
NAMES = [
    "privacy", "getting-started-with-python3", "wp-content", "internationalization", "v2", "2024", "index.html",
    "HelloWorldExample", "datenschutzerklaerung", "wszystkie-produkty", "iphone-15-pro-max", "x86_64-linux-gnu",
    "no-such-page-as-an-audit-asks-for", "jquery.min.js",
]  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
def test_no_token_in_a_path_is_shown(token: str) -> None:
    for shown in (
        path_shown(f"/reset/{token}/x?{token}"),
        shown_url(f"https://h.example/{token}?{token}=1"),
    ):
        assert token not in shown
        assert "…" in shown


def test_of_a_token_nothing_is_shown() -> None:
    path = "/order-3f2504e0-4f89-11d3-9a0c-0305e82c3301/getting-started-kX9mQ2vB7tR4"
    assert path_shown(path) == "/order-…/…"


@pytest.mark.parametrize("name", NAMES)
def test_names_in_a_path_are_shown(name: str) -> None:
    assert path_shown(f"/a/{name}") == f"/a/{name}"


def test_of_a_query_names_are_shown_and_nothing_without_a_value() -> None:
    assert path_shown("/x?page=2&ayesha&b.c=&q%20r=1") == "/x?page=…&…&b.c=…&…"
    assert list(names_in("")) == []


NAMED_AFTER_SOMEBODY = [
    ("ayesha@example.org", "ayesha"),
    ("seen_4711081512", "4711081512"),
    ("cart_kX9mQ2vB7tR4", "kX9mQ2vB7tR4"),
]


@pytest.mark.parametrize(("name", "who"), NAMED_AFTER_SOMEBODY)
def test_a_cookie_or_a_field_may_be_named_after_somebody(name: str, who: str) -> None:
    """A site may call a cookie by what it knows of its visitor: in no report is that shown."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        fields = [("Content-Type", "text/html"), ("Set-Cookie", f"{name}=1; Max-Age=999999")]
        if environ.get("HTTP_SEC_GPC"):
            del fields[1]
        start_response("200 OK", fields)
        return [
            f"<a href='https://x.example/?{name}={name}'>x</a><form method=post><input name='{name}[phone]'>"
            f"<input name='{name}[card_number]'><input name='{name}[birth_date]' max=2010-01-01>"
            f"<input type=password name='{name}'></form>".encode()
        ]

    for policy in (None, PrivacyPolicy()):
        report = run(app, Options(pages=1, policy=policy), name="site")
        assert {"7.cookies", "11.vary", "6.secure-cookies"} & {*report.ids("broken")}
        assert who.encode() not in report.to_json()


@given(st.text(max_size=300))
@example("http://[x/")
@example("http://a\u2100b/")
@example("http://[::1")
def test_any_text_can_be_shown(text: str) -> None:
    """A script names itself by `sourceURL` as it likes."""
    assert isinstance(shown_url(text), str)
    assert isinstance(path_shown(text), str)
